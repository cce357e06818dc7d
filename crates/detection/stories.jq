# The table of stories, from many reports of `quaywatch backtest --report`: those of which something was missed, and the rest in one row.
[.[] | to_entries[0].value.stories | to_entries[]] | group_by(.key)
| map({name: .[0].value.story, codes: (.[0].value.codes | join(", ")), told: (map(.value.told) | add),
       found: (map(.value.found) | add), expected: (map(.value.expected) | add)}) as $all
| ($all | map(select(.found < .expected)) | sort_by(.found / .expected, .codes)) as $missed
| ($all | map(select(.found == .expected))) as $whole
| "| story | codes | told | recall |", "| --- | --- | ---: | ---: |",
  ($missed[] | "| \(.name) | `\(.codes)` | \(.told) | \(.found / .expected * 1000 | round / 1000) |"),
  "| the other \($whole | length) stories | | \($whole | map(.told) | add) | 1 |"
