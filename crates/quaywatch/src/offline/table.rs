//! Scores as tables for a person.

use std::fmt::Write as _;

use super::score::{Score, reached_by, share};

/// Widest text of a story.
pub(super) const STORY_CHARACTERS: usize = 72;

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
            judged(score, rule.expected),
            judged(score, rule.found),
            ratio(rule.recall()),
            rule.raised,
            judged(score, rule.raised - rule.on_stories),
            ratio(score.precision_of(rule)),
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
            let (raised, on_stories) = score.raised_with(&story.codes);
            let name: String = name.chars().take(STORY_CHARACTERS).collect();
            let _ = writeln!(
                text,
                "  {:>4} {:>7} {:>6} {:>9} {:>8} {:>12} {:>7}  {name}",
                story.told,
                story.alerted,
                ratio(story.recall()),
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
            judged(score, score.control_stories),
            ratio(share(score.control_stories, score.control.len()).filter(|_| score.judged))
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
    text.push_str(if score.judged {
        "  taken back: alerts with it that were not on stories, raised and taken back later\n"
    } else {
        "  taken back: alerts with it that were raised and taken back later; true and false only with --truth\n"
    });
    text.push_str(
        "  lead: hours:minutes from the alert to the gate-out, negative when late; nine in ten reach p90\n",
    );
    text
}

pub(super) fn summary(score: &Score) -> String {
    let alerts = score.true_alerts + score.false_alerts;
    let mut text = String::new();
    if score.judged {
        let _ = write!(
            text,
            "  precision {:.3} ({} alerts on stories, {} others), recall {:.3}",
            score.precision(),
            score.true_alerts,
            score.false_alerts,
            score.recall()
        );
    } else {
        let _ = write!(text, "  {alerts} alerts");
    }
    if let (Some(all), Some(grave)) = (score.per_10_000(alerts), score.per_10_000(score.false_grave)) {
        let _ = write!(text, "; {} visits, {all:.1} alerts per 10,000", score.visits);
        if score.judged {
            let _ = write!(text, ", {grave:.1} of them false and HIGH or above");
        }
    }
    let withdrawn = score.true_withdrawn + score.false_withdrawn;
    if withdrawn > 0 {
        let _ = write!(text, "\n  {withdrawn} more were raised and taken back");
        if score.judged {
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

/// A count that only a truth gives.
fn judged(score: &Score, count: usize) -> String {
    if score.judged { count.to_string() } else { "-".to_owned() }
}

pub(super) fn ratio(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"))
}

pub(super) fn rate(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.1}"))
}

/// Minutes as hours and minutes.
pub(super) fn time(minutes: Option<f64>) -> String {
    let Some(minutes) = minutes else { return "-".to_owned() };
    let sign = if minutes.round() < 0.0 { "-" } else { "" };
    let whole = minutes.abs().round();
    format!("{sign}{:.0}:{:02.0}", (whole / 60.0).floor(), whole % 60.0)
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
