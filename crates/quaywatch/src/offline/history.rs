//! What was told of alerts over their revisions: what stands now, what ever did, and since when.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use quaywatch_domain::{Alert, Severity, Subject, Timestamp};
use uuid::Uuid;

/// One alert over its revisions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    /// Its highest severity.
    pub(crate) severity: Severity,
    /// When it was first published, and last.
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    /// Since when each code has stood that stands.
    since: BTreeMap<String, Timestamp>,
    /// Every code that ever stood.
    pub(crate) codes: BTreeSet<String>,
    /// Whether it never was more than a watch.
    pub(crate) is_watch: bool,
}

/// What codes begin with that follow from a find in another container.
pub(crate) const WATCH: &str = "CONTAGION-";

/// Whether an alert rests on a find in another container: whatever else stands in it makes no alert alone.
pub(crate) fn is_watch(alert: &Alert) -> bool {
    let (watch, own): (Vec<_>, Vec<_>) = alert.indicators.iter().partition(|i| i.code.starts_with(WATCH));
    !watch.is_empty() && own.iter().all(|i| i.severity == Severity::Low)
}

/// All alerts of a run, by their subjects.
#[derive(Debug, Clone, Default)]
pub(crate) struct History(HashMap<Subject, BTreeMap<Uuid, Told>>);

impl History {
    /// Takes a revision that was published at this time, in the order of the revisions.
    pub(crate) fn take(&mut self, alert: &Alert, at: Timestamp) {
        let about = self.0.entry(alert.subject.clone()).or_default();
        let told = about.entry(alert.alert_id).or_insert_with(|| Told {
            severity: alert.severity,
            first: at,
            last: at,
            since: BTreeMap::new(),
            codes: BTreeSet::new(),
            is_watch: true,
        });
        told.is_watch &= alert.indicators.is_empty() || is_watch(alert);
        told.last = at;
        told.severity = told.severity.max(alert.severity);
        told.since.retain(|code, _| alert.indicators.iter().any(|i| i.code == *code));
        for indicator in &alert.indicators {
            told.since.entry(indicator.code.clone()).or_insert(at);
            told.codes.insert(indicator.code.clone());
        }
    }

    /// What was told of an alert.
    pub(crate) fn of(&self, alert: &Alert) -> Option<&Told> {
        self.0.get(&alert.subject)?.get(&alert.alert_id)
    }

    /// Since when a code has stood on a subject, if it does.
    pub(crate) fn since(&self, subject: &Subject, code: &str) -> Option<Timestamp> {
        self.0.get(subject)?.values().filter_map(|told| told.since.get(code).copied()).min()
    }
}
