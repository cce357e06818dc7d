//! The control sample: visits drawn at random when the container arrives, so that it can be estimated what the rules miss.
//!
//! A visit is drawn by a keyed hash of container and number, whatever is known of it, so that nobody without the key can
//! tell which are. As long as no alert stands it is uneventful and marked: counted as a shadow indicator `CONTROL`, kept
//! in the detector's state, shown by the backtest to the analyst. Where a customs agency is named, it alone is told at
//! the arrival, while the container can still be opened: an alert of no suspicion, which is over when the container has
//! left, and which the first alert of a rule takes the place of.
//!
//! What agencies find when they look, or that they find nothing, is counted by the reason for which they looked: how often
//! something is found in the sample is what the precision of the alerts has to be compared with.

use std::hash::Hasher as _;

use quaywatch_domain::indicator::CONTROL;
use quaywatch_domain::{Action, Alert, Feedback, Handling, Indicator, Severity, Sha256, Timestamp, Verdict};
use serde::{Deserialize, Deserializer};
use siphasher::sip::SipHasher24;

use crate::settings::label;
use crate::view::{Seen, View, evidence_of};
use crate::visits::{is_arrival, is_departure};
use crate::{Engine, Rules, alerts, contagion};

/// Shortest key with which somebody is told.
pub(crate) const MIN_KEY_CHARACTERS: usize = 16;

/// Table `[control]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Visits drawn of 10,000.
    pub(crate) per_10000: u64,
    key: Key,
    /// Agency that is told; none when empty.
    pub(crate) agency: String,
    #[serde(deserialize_with = "label")]
    handling: Handling,
}

/// Whoever knows it can tell which visits are drawn.
#[derive(Clone, PartialEq)]
struct Key {
    halves: (u64, u64),
    characters: usize,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digest = Sha256::of(text.as_bytes());
        let half = |from: usize| {
            let bytes = digest.0.iter().skip(from).take(8);
            bytes.fold(0_u64, |n, byte| (n << 8) | u64::from(*byte))
        };
        Ok(Self { halves: (half(0), half(8)), characters: text.chars().count() })
    }
}

impl Settings {
    /// Whether the key is one that somebody chose, so that the draw may be told.
    pub(crate) const fn has_own_key(&self) -> bool {
        self.key.characters >= MIN_KEY_CHARACTERS
    }

    fn draws(&self, subject: &str, visit: i32) -> bool {
        let mut hasher = SipHasher24::new_with_keys(self.key.halves.0, self.key.halves.1);
        hasher.write(subject.as_bytes());
        hasher.write(&visit.to_be_bytes());
        hasher.finish() % 10_000 < self.per_10000
    }
}

/// Why an agency looked into a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sample {
    /// A rule had raised an alert.
    Alert,
    /// It was drawn for control, and no alert stood.
    Control,
}

impl Sample {
    /// Its name in metrics and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Control => "control",
        }
    }
}

/// What came of an agency's look into a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspected {
    /// Why it looked.
    pub sample: Sample,
    /// Whether it found something.
    pub found: bool,
}

/// What the sample comes to on one timeline.
#[derive(Default)]
pub(crate) struct Drawn {
    /// Indices of the uneventful visits in it.
    pub(crate) uneventful: Vec<usize>,
    /// Numbers of the visits that agencies looked into, with what it came to.
    pub(crate) inspected: Vec<(i32, Inspected)>,
}

/// Draws the visits that have begun. `standing` are the alerts of the rules; those of the sample are added.
pub(crate) fn draw(engine: &Engine, view: &View<'_>, standing: &mut Vec<Alert>, now: Timestamp) -> Drawn {
    let settings = &engine.rules.control;
    let mut drawn = Drawn::default();
    if settings.per_10000 == 0 && view.feedback.is_empty() {
        return drawn;
    }
    let mut told = Vec::new();
    for (visit, stay) in view.stays().enumerate() {
        let number = view.number(visit);
        let is_drawn = settings.draws(&view.subject.id, number);
        let arrived = stay.iter().find(|s| is_drawn && s.is_actual() && is_arrival(s.kind()));
        let alert = standing.iter().find(|a| a.visit.number == number);
        if let Some((outcome, at)) = outcome(view, visit) {
            // What came to light afterwards is not why they looked.
            let by_alert = alert.is_some_and(|a| a.detected_at <= at);
            let sample = if by_alert { Some(Sample::Alert) } else { arrived.map(|_| Sample::Control) };
            drawn.inspected.extend(sample.map(|sample| (number, Inspected { sample, found: outcome })));
        }
        if let Some(arrived) = arrived.filter(|_| alert.is_none()) {
            drawn.uneventful.push(visit);
            if !settings.agency.is_empty() {
                let indicator = indicator(&engine.rules, stay, arrived);
                told.extend(alerts::of_control(engine, view, visit, indicator, now));
            }
        }
    }
    if !told.is_empty() {
        standing.extend(told);
        standing.sort_by_key(|a| a.visit.number);
    }
    drawn
}

/// Whether agencies found something when they looked into a visit, and when they first said so; `None` while none has.
fn outcome(view: &View<'_>, visit: usize) -> Option<(bool, Timestamp)> {
    let of = |verdicts: &[Verdict]| {
        let about = |f: &&&Feedback| verdicts.contains(&f.verdict) && view.visit_of(f) == Some(visit);
        view.feedback.iter().filter(about).map(|f| f.at).min()
    };
    let nothing = || of(&[Verdict::FalsePositive, Verdict::Closed]);
    let found = || contagion::finds(view).filter(|(v, _)| *v == visit).map(|(_, f)| f.at).min();
    if view.feedback.is_empty() {
        return None;
    }
    found().map(|at| (true, at)).or_else(|| nothing().map(|at| (false, at)))
}

fn indicator(rules: &Rules, stay: &[Seen<'_>], arrived: &Seen<'_>) -> Indicator {
    let settings = &rules.control;
    let left = stay.iter().find(|s| s.is_actual() && is_departure(s.kind()) && s.at() >= arrived.at());
    let end = if left.is_some() { " It has left." } else { "" };
    let mut carried = vec![*evidence_of(arrived.fact, arrived.event)];
    carried.extend(left.map(|s| *evidence_of(s.fact, s.event)));
    Indicator {
        rule: CONTROL.to_owned(),
        code: CONTROL.to_owned(),
        version: 1,
        severity: Severity::Low,
        weight: 0.0,
        sentence: format!("Drawn at random for control; there is no suspicion.{end}"),
        action: Action::Inspect,
        evidence: carried.iter().map(|e| e.fact_id.clone()).collect(),
        first_held_at: arrived.at(),
        ended_at: left.map(Seen::at),
        expected: None,
        handling: settings.handling.strictest(&arrived.fact.handling),
        discreet: true,
        owner: Some(settings.agency.clone()),
        legal_basis: None,
        list: None,
        origin: None,
        carried: Vec::new(),
    }
}
