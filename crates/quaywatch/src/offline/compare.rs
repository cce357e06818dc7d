//! The same traffic under several rule files, side by side, for a person.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::score::{RuleScore, Score, StoryScore, reached_by};
use super::table::{STORY_CHARACTERS, rate, ratio, summary, time};

/// Most subjects that are listed because the rule files disagree about them; the report has all.
const MAX_DIFFERENT: usize = 40;

/// By rule, by story, what is missed, and about whom the rule files disagree.
pub(crate) fn of(runs: &[(String, Score)]) -> String {
    let mut text = String::new();
    for (letter, (name, score)) in ('A'..).zip(runs) {
        let _ = write!(text, "  {letter} {name}\n  {}", summary(score));
    }
    by_rule(&mut text, runs);
    by_story(&mut text, runs);
    for (letter, (_, score)) in ('A'..).zip(runs) {
        for (subject, code) in &score.missed {
            let _ = writeln!(text, "  missed by {letter}: {code} on {subject}");
        }
    }
    differences(&mut text, runs);
    text
}

/// The head of a table with groups of one column a run.
fn head(text: &mut String, first: &str, groups: &[&str], runs: usize) {
    let titles: Vec<String> =
        groups.iter().map(|title| format!("{title:^width$}", width = runs * 8)).collect();
    let letters: String = ('A'..).take(runs).map(|c| format!("{c:>7} ")).collect();
    let all = vec![letters; groups.len()];
    let _ = writeln!(text, "\n  {first:<16} |{}\n  {:<16} |{}", titles.join("|"), "", all.join("|"));
}

fn cells(runs: &[(String, Score)], cell: &dyn Fn(&Score) -> String) -> String {
    runs.iter().map(|(_, score)| format!("{:>7} ", cell(score))).collect()
}

fn by_rule(text: &mut String, runs: &[(String, Score)]) {
    let groups = ["recall", "precision", "alerts", "per 10k", "taken back", "lead median", "lead p90"];
    head(text, "rule", &groups, runs.len());
    let codes: BTreeSet<&String> = runs.iter().flat_map(|(_, score)| score.rules.keys()).collect();
    for code in codes {
        let none = RuleScore::default();
        let cells = |cell: &dyn Fn(&Score, &RuleScore) -> String| {
            cells(runs, &|score| cell(score, score.rules.get(code).unwrap_or(&none)))
        };
        let shadow = |rule: &RuleScore| if rule.shadow { "*" } else { "" };
        let _ = writeln!(
            text,
            "  {code:<16} |{}|{}|{}|{}|{}|{}|{}",
            cells(&|_, rule| ratio(rule.recall())),
            cells(&|score, rule| ratio(score.precision_of(rule))),
            cells(&|_, rule| format!("{}{}", rule.raised, shadow(rule))),
            cells(&|score, rule| rate(score.per_10_000(rule.raised))),
            cells(&|_, rule| rule.withdrawn.to_string()),
            cells(&|_, rule| time(reached_by(&rule.leads, 0.5))),
            cells(&|_, rule| time(reached_by(&rule.leads, 0.9))),
        );
    }
    text.push_str("  * shadow: counted, reaches nobody\n");
}

fn by_story(text: &mut String, runs: &[(String, Score)]) {
    let names: BTreeSet<&String> = runs.iter().flat_map(|(_, score)| score.stories.keys()).collect();
    if names.is_empty() {
        return;
    }
    head(text, "told", &["recall", "lead median"], runs.len());
    for name in names {
        let none = StoryScore::default();
        let told = runs.iter().filter_map(|(_, score)| Some(score.stories.get(name)?.told)).max();
        let cells = |cell: &dyn Fn(&StoryScore) -> String| {
            cells(runs, &|score| cell(score.stories.get(name).unwrap_or(&none)))
        };
        let _ = writeln!(
            text,
            "  {:<16} |{}|{}| {}",
            told.unwrap_or_default(),
            cells(&|story| ratio(story.recall())),
            cells(&|story| time(reached_by(&story.leads, 0.5))),
            name.chars().take(STORY_CHARACTERS).collect::<String>(),
        );
    }
}

/// The subjects about which the runs do not say the same, with what each says.
fn differences(text: &mut String, runs: &[(String, Score)]) {
    let mut said: BTreeMap<&str, Vec<BTreeSet<&str>>> = BTreeMap::new();
    for (at, (_, score)) in runs.iter().enumerate() {
        for one in score.standing.iter().filter(|one| !one.shadow) {
            let by_run = said.entry(&one.subject).or_insert_with(|| vec![BTreeSet::new(); runs.len()]);
            by_run
                .get_mut(at)
                .into_iter()
                .for_each(|known| known.extend(one.codes.iter().map(String::as_str)));
        }
    }
    said.retain(|_, by_run| by_run.windows(2).any(|pair| matches!(pair, [one, other] if one != other)));
    let _ = writeln!(text, "\n  {} containers on which alerts differ", said.len());
    for (subject, by_run) in said.iter().take(MAX_DIFFERENT) {
        let says = ('A'..).zip(by_run).map(|(letter, codes)| {
            let codes: Vec<&str> = codes.iter().copied().collect();
            format!("{letter} {}", if codes.is_empty() { "nothing".to_owned() } else { codes.join("+") })
        });
        let _ = writeln!(text, "  {subject}: {}", says.collect::<Vec<_>>().join(", "));
    }
    if let Some(more) = said.len().checked_sub(MAX_DIFFERENT).filter(|more| *more > 0) {
        let _ = writeln!(text, "  and {more} more (--report has what stands under each rule file)");
    }
}
