//! Scores as tables for a person.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::score::{Score, reached_by, share};

/// Widest text of a story.
const STORY_CHARACTERS: usize = 72;

/// By rule, by story when there are any, and in all.
pub(crate) fn of(score: &Score) -> String {
    let mut text = String::from(
        "  rule             stories  found recall  alerts  false precision  taken back  per 10k  lead median     p90  \
         to alert\n",
    );
    for (code, rule) in &score.rules {
        let _ = writeln!(
            text,
            "  {code:<16} {:>7} {:>6} {:>6} {:>7} {:>6} {:>9} {:>11} {:>8} {:>12} {:>7} {:>9}{}",
            rule.expected,
            rule.found,
            ratio(rule.recall()),
            rule.raised,
            rule.raised - rule.on_stories,
            ratio(rule.precision()),
            rule.withdrawn,
            rate(score.per_10_000(rule.raised)),
            time(reached_by(&rule.leads, 0.5)),
            time(reached_by(&rule.leads, 0.9)),
            time(reached_by(&rule.delays, 0.5)),
            if rule.shadow { "  shadow" } else { "" },
        );
    }
    if !score.stories.is_empty() {
        text.push_str("\n  told alerted recall precision  per 10k  lead median     p90  story\n");
        for (name, story) in &score.stories {
            let recall = f64_of(story.found) / f64_of(story.expected.max(1));
            let (raised, on_stories) = score.raised_with(&story.codes);
            let name: String = name.chars().take(STORY_CHARACTERS).collect();
            let _ = writeln!(
                text,
                "  {:>4} {:>7} {:>6} {:>9} {:>8} {:>12} {:>7}  {name}",
                story.told,
                story.alerted,
                ratio(Some(recall)),
                ratio(share(on_stories, raised)),
                rate(score.per_10_000(raised)),
                time(reached_by(&story.leads, 0.5)),
                time(reached_by(&story.leads, 0.9)),
            );
        }
    }
    text.push('\n');
    text.push_str(&summary(score));
    if !score.control.is_empty() {
        let _ = writeln!(
            text,
            "  control sample: {} containers without alert, {} of them with a story, {} (--report lists them)",
            score.control.len(),
            score.control_stories,
            ratio(share(score.control_stories, score.control.len()))
        );
    }
    for (sample, inspections) in &score.inspections {
        let _ = writeln!(
            text,
            "  looked into by {sample}: {} with a find, {} without; hit rate {}",
            inspections.found,
            inspections.nothing,
            ratio(inspections.hit_rate())
        );
    }
    if !score.stories.is_empty() {
        text.push_str(
            "  precision and per 10k of a story: of all alerts with the codes that it must raise\n",
        );
    }
    text.push_str("  taken back: alerts with it that were not on stories, raised and taken back later\n");
    text.push_str(
        "  lead: hours:minutes from the alert to the gate-out, negative when late; nine in ten reach p90\n",
    );
    text
}

fn summary(score: &Score) -> String {
    let alerts = score.true_alerts + score.false_alerts;
    let mut text = String::new();
    if score.stories.is_empty() {
        let _ = write!(text, "  {alerts} alerts");
    } else {
        let _ = write!(
            text,
            "  precision {:.3} ({} alerts on stories, {} others), recall {:.3}",
            score.precision(),
            score.true_alerts,
            score.false_alerts,
            score.recall()
        );
    }
    if let (Some(all), Some(grave)) = (score.per_10_000(alerts), score.per_10_000(score.false_grave)) {
        let _ = write!(text, "; {} visits, {all:.1} alerts per 10,000", score.visits);
        if !score.stories.is_empty() {
            let _ = write!(text, ", {grave:.1} of them false and HIGH or above");
        }
    }
    let withdrawn = score.true_withdrawn + score.false_withdrawn;
    if withdrawn > 0 {
        let _ = write!(text, "\n  {withdrawn} more were raised and taken back");
        if !score.stories.is_empty() {
            let _ = write!(
                text,
                ", {} of them not on stories ({} HIGH or above); precision of all that was raised {:.3}",
                score.false_withdrawn,
                score.false_withdrawn_grave,
                score.precision_as_raised()
            );
        }
    }
    if score.watches > 0 {
        let _ = write!(text, "; {} watches on what travelled with a find", score.watches);
    }
    text.push('\n');
    text
}

/// The same traffic under several rule files, side by side.
pub(crate) fn compare(runs: &[(String, Score)]) -> String {
    let mut text = String::new();
    for (letter, (name, score)) in ('A'..).zip(runs) {
        let _ = write!(text, "  {letter} {name}\n  {}", summary(score));
    }
    let group = |title: &str| format!("{title:^width$}", width = runs.len() * 8);
    let _ = writeln!(
        text,
        "\n  {:<16} |{}|{}|{}|{}|{}|{}|{}",
        "rule",
        group("recall"),
        group("precision"),
        group("alerts"),
        group("per 10k"),
        group("taken back"),
        group("lead median"),
        group("lead p90")
    );
    let letters: String = ('A'..).take(runs.len()).map(|c| format!("{c:>7} ")).collect();
    let all = [letters.as_str(); 7].join("|");
    let _ = writeln!(text, "  {:<16} |{all}", "");
    let codes: BTreeSet<&String> = runs.iter().flat_map(|(_, score)| score.rules.keys()).collect();
    for code in codes {
        let cells = |cell: &dyn Fn(&Score) -> String| -> String {
            runs.iter().map(|(_, score)| format!("{:>7} ", cell(score))).collect()
        };
        let rule = |score: &Score| score.rules.get(code).cloned().unwrap_or_default();
        let shadow = |score: &Score| if rule(score).shadow { "*" } else { "" };
        let _ = writeln!(
            text,
            "  {code:<16} |{}|{}|{}|{}|{}|{}|{}",
            cells(&|s| ratio(rule(s).recall())),
            cells(&|s| ratio(rule(s).precision())),
            cells(&|s| format!("{}{}", rule(s).raised, shadow(s))),
            cells(&|s| rate(s.per_10_000(rule(s).raised))),
            cells(&|s| rule(s).withdrawn.to_string()),
            cells(&|s| time(reached_by(&rule(s).leads, 0.5))),
            cells(&|s| time(reached_by(&rule(s).leads, 0.9))),
        );
    }
    text.push_str("  * shadow: counted, reaches nobody\n");
    text
}

fn ratio(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"))
}

fn rate(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.1}"))
}

/// Minutes as hours and minutes.
fn time(minutes: Option<f64>) -> String {
    let Some(minutes) = minutes else { return "-".to_owned() };
    let sign = if minutes.round() < 0.0 { "-" } else { "" };
    let whole = minutes.abs().round();
    format!("{sign}{:.0}:{:02.0}", (whole / 60.0).floor(), whole % 60.0)
}

#[expect(clippy::cast_precision_loss, reason = "counts of stories are small")]
const fn f64_of(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_written_as_hours_and_minutes() {
        assert_eq!(time(Some(205.4)), "3:25");
        assert_eq!(time(Some(-15.0)), "-0:15");
        assert_eq!(time(Some(-0.2)), "0:00");
        assert_eq!(time(None), "-");
    }
}
