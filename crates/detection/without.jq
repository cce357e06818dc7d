# A row of the table of missing feeds, from two reports of `quaywatch backtest --report`.
def score: to_entries[0].value;
def recall: (.rules | map(.found) | add) as $found | (.rules | map(.expected) | add) as $told
    | $found / $told * 1000 | round / 1000;
($all[0] | score) as $with | ($less[0] | score) as $without
| [$with.rules | to_entries[] | .key as $code | .value.found as $before | ($without.rules[$code].found // 0) as $after
    | select($after < $before) | "`\($code)` \($after)/\($before)"] as $lost
| "| `\($feed)` | \($without | recall) | \(if $lost == [] then "–" else $lost | join(", ") end) |"
