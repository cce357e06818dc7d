# A row of the table of missing feeds, from reports of `quaywatch backtest --report` with all feeds and without one of them.
def sums: [.[] | to_entries[0].value.rules | to_entries[]] | group_by(.key)
    | map({key: .[0].key, value: {found: (map(.value.found) | add), expected: (map(.value.expected) | add)}}) | from_entries;
def recall: (map(.found) | add) as $found | (map(.expected) | add) as $told
    | if $told == 0 then "–" else $found / $told * 1000 | round / 1000 end;
($all[0] | sums) as $with | ($less[0] | sums) as $without
| [$with | to_entries[] | select(.value.expected > 0) | .key as $code | .value.found as $before
    | ($without[$code].found // 0) as $after | select($after < $before) | "`\($code)` \($after)/\($before)"] as $lost
| "| \($feed) | \($without | recall) | \(if $lost == [] then "–" else $lost | join(", ") end) |"
