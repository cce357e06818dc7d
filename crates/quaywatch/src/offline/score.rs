//! Alerts against the truth.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use quaywatch_domain::alert::AlertState;
use quaywatch_domain::{Alert, Subject, Timestamp};
use quaywatch_simulator::Truth;

/// How the alerts compare to the truth.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Score {
    /// By code: found, missed, raised without cause, times to alert in minutes.
    pub(crate) codes: BTreeMap<String, Code>,
    /// Stories of which not every code was raised: subject and code.
    pub(crate) missed: Vec<(String, String)>,
    /// Alerts about containers of the truth.
    pub(crate) true_alerts: usize,
    /// Alerts about other containers.
    pub(crate) false_alerts: usize,
    /// Stories.
    pub(crate) stories: usize,
}

/// One code.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Code {
    pub(crate) found: usize,
    pub(crate) missed: usize,
    pub(crate) extra: usize,
    minutes: Vec<f64>,
}

impl Score {
    /// Compares the alerts that stand in the end. `first_raised` tells when a code first appeared on a subject.
    pub(crate) fn of<'a>(
        alerts: impl IntoIterator<Item = &'a Alert>,
        first_raised: &HashMap<(Subject, String), Timestamp>,
        truth: &[Truth],
    ) -> Self {
        let mut standing: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for alert in alerts.into_iter().filter(|a| a.state != AlertState::Retracted) {
            let codes = standing.entry(alert.subject.to_string()).or_default();
            codes.extend(alert.indicators.iter().map(|i| i.code.as_str()));
        }
        let mut score = Self { stories: truth.len(), ..Self::default() };
        let mut expected: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for story in truth {
            for code in &story.codes {
                expected.entry(&story.subject).or_default().insert(code);
                score.expect(story, code, &standing, first_raised);
            }
        }
        for (subject, codes) in &standing {
            let known = expected.get(subject.as_str());
            match known {
                Some(_) => score.true_alerts += 1,
                None => score.false_alerts += 1,
            }
            for code in codes.iter().filter(|code| known.is_none_or(|k| !k.contains(*code))) {
                score.codes.entry((*code).to_owned()).or_default().extra += 1;
            }
        }
        score
    }

    fn expect(
        &mut self,
        story: &Truth,
        code: &str,
        standing: &BTreeMap<String, BTreeSet<&str>>,
        first_raised: &HashMap<(Subject, String), Timestamp>,
    ) {
        let entry = self.codes.entry(code.to_owned()).or_default();
        if standing.get(&story.subject).is_some_and(|codes| codes.contains(code)) {
            entry.found += 1;
            let raised = Subject::parse(&story.subject).and_then(|s| first_raised.get(&(s, code.to_owned())));
            #[expect(clippy::cast_precision_loss, reason = "minutes for a person")]
            entry.minutes.extend(raised.map(|at| at.millis_since(story.from) as f64 / 60_000.0));
        } else {
            entry.missed += 1;
            self.missed.push((story.subject.clone(), code.to_owned()));
        }
    }

    /// Share of alerts that are about a story.
    pub(crate) fn precision(&self) -> f64 {
        ratio(self.true_alerts, self.true_alerts + self.false_alerts)
    }

    /// Share of expected codes that were raised.
    pub(crate) fn recall(&self) -> f64 {
        let found: usize = self.codes.values().map(|c| c.found).sum();
        let missed: usize = self.codes.values().map(|c| c.missed).sum();
        ratio(found, found + missed)
    }

    /// A table for a person.
    pub(crate) fn table(&self) -> String {
        let mut text = String::from("  code            found  missed  extra  minutes to alert (median)\n");
        for (code, c) in &self.codes {
            let mut minutes = c.minutes.clone();
            minutes.sort_by(f64::total_cmp);
            let median = minutes.get(minutes.len() / 2).map_or_else(String::new, |m| format!("{m:.0}"));
            let _ =
                writeln!(text, "  {code:<15} {:>5}  {:>6}  {:>5}  {median:>8}", c.found, c.missed, c.extra);
        }
        let _ = writeln!(
            text,
            "  precision {:.3} ({} alerts on stories, {} others), recall {:.3}",
            self.precision(),
            self.true_alerts,
            self.false_alerts,
            self.recall()
        );
        text
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of alerts are small")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}
