# The confusion table of the rules, in Markdown, from reports of `quaywatch backtest --report` (jq -rs -f this file).
def median: sort | if length == 0 then null else .[(length / 2) | floor] end;
def share($part; $whole): if $whole == 0 then "–" else ($part / $whole * 1000 | round / 1000 | tostring) end;
def clock: if . == null then "–" else
    (if . < 0 then "-" else "" end) as $sign | (fabs | round) as $m
    | "\($sign)\($m / 60 | floor):\($m % 60 | tostring | if length < 2 then "0" + . else . end)" end;
def rate($count; $visits): if $visits == 0 then "–" else ($count * 10000 / $visits * 10 | round / 10 | tostring) end;
def sum_of(f): map(f) | add // 0;

[.[] | to_entries[] | .value] as $runs
| ($runs | sum_of(.visits)) as $visits
| ($runs | sum_of(.true_alerts)) as $true
| ($runs | sum_of(.false_alerts)) as $false
| ($runs | sum_of(.false_withdrawn)) as $withdrawn
| ($runs | sum_of(.true_withdrawn)) as $true_withdrawn
| ($runs | sum_of(.watches)) as $watches
| "\($runs | length) runs, \($visits) container visits. Standing in the end: \($true) alerts on stories, \($false) others: precision \(share($true; $true + $false)), "
  + "\(rate($runs | sum_of(.false_grave); $visits)) false alerts at HIGH and above per 10,000 visits. "
  + "Raised and taken back: \($true_withdrawn) on stories, \($withdrawn) others, so that the precision of all that was raised is "
  + "\(share($true + $true_withdrawn; $true + $true_withdrawn + $false + $withdrawn)), with "
  + "\(rate($runs | sum_of(.false_grave) + sum_of(.false_withdrawn_grave); $visits)) false ones at HIGH and above per 10,000 visits. "
  + "Watches on what travelled with a find: \($watches), \(rate($watches; $visits)) per 10,000 visits, "
  + "\(rate($runs | sum_of(.watches_grave); $visits)) of them HIGH. Recall over all codes: "
  + "\(share($runs | sum_of(.rules | map(.found) | add); $runs | sum_of(.rules | map(.expected) | add))).",
"",
"| rule | told | found | missed | recall | alerts | on stories | false | precision | taken back | median lead |",
"| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
([$runs[].rules | to_entries[]] | group_by(.key)[]
  | .[0].key as $code | map(.value)
  | { expected: sum_of(.expected), found: sum_of(.found), raised: sum_of(.raised), on: sum_of(.on_stories), back: sum_of(.withdrawn),
      shadow: any(.shadow), leads: [.[].leads[]] }
  | "| `\($code)`\(if .shadow then " (shadow)" else "" end) | \(.expected) | \(.found) | \(.expected - .found) | \(share(.found; .expected)) "
    + "| \(.raised) | \(.on) | \(.raised - .on) | \(share(.on; .raised)) | \(.back) | \(.leads | median | clock) |")
