//! Feed trust: how much the silence of a feed says.
//!
//! From recorded traffic the baselines know of each feed how complete it is, how late it tells what, and how often it is
//! wrong. An indicator that rests on an absence ([`Indicator::absent_since`]) weighs as much as the best feed that should
//! have told; where that feed is known to lag, or was announced to be out, the sentence says so, and an absence in which
//! nobody trusts raises no alert alone. A feed that nobody has measured is believed.

use std::collections::BTreeMap;

use quaywatch_domain::{EventKind, Severity, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Rules;
use crate::outages::spans;
use crate::settings::HOUR_MS;
use crate::view::{Findings, Found, View};

/// Table `[trust]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// A feed that told of fewer such events is not known for them.
    min_count: u32,
    /// Later than this for one event in twenty: the status may lag.
    lag_minutes: i64,
    /// Below this trust the sentence says so.
    doubt_below_percent: f64,
    /// Below this trust the absence counts one grade less.
    downgrade_below_percent: f64,
    /// What an absence during an announced outage still weighs.
    outage_weight_percent: f64,
    /// An outage whose end nobody told has lasted this long.
    outage_max_hours: i64,
    /// One that took this share of the time in which something was awaited explains that it was never told.
    outage_share_percent: f64,
    /// What could not be told during a shorter one is told this soon after it.
    outage_catch_up_hours: i64,
}

/// What is known of one feed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedFigures {
    /// Events of it.
    pub events: u32,
    /// Those with a wrong check digit, a wrong count or an unknown code.
    pub errors: u32,
    /// Those that were taken back or overridden.
    pub corrections: u32,
    /// Happenings at its terminals that it told of.
    pub told: u32,
    /// Happenings at its terminals in all: those that any feed told of, and those that must have been.
    pub happened: u32,
    /// Lateness by kind of event.
    pub kinds: BTreeMap<String, Lateness>,
}

/// How late a feed tells of one kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lateness {
    /// Events.
    pub count: u32,
    /// Minutes from the happening to the receipt that half of them take at most.
    pub q50_minutes: f64,
    /// Minutes that 95 in 100 take at most.
    pub q95_minutes: f64,
}

impl FeedFigures {
    /// Share of happenings that it tells of.
    #[must_use]
    pub fn completeness(&self) -> f64 {
        if self.happened == 0 { 1.0 } else { f64::from(self.told) / f64::from(self.happened) }
    }

    /// Completeness without what is wrong, between 0 and 1.
    #[must_use]
    pub fn trust(&self) -> f64 {
        let wrong = if self.events == 0 { 0.0 } else { f64::from(self.errors) / f64::from(self.events) };
        (self.completeness() * (1.0 - wrong)).clamp(0.0, 1.0)
    }
}

/// Scales what rests on absences.
pub(crate) fn weigh(view: &View<'_>, findings: &mut Findings<'_>) {
    let (rules, feeds) = (findings.rules, &findings.baselines.feeds);
    let settings = &rules.trust;
    let mut all = std::mem::take(&mut findings.found);
    for found in all.iter_mut().filter(|f| f.indicator.absent_since().is_some()) {
        let Some(expected) = &found.indicator.expected else { continue };
        let (kind, by) = (expected.event.clone(), expected.by);
        let is_excused = match excuse(view, found, by, rules) {
            Excuse::None => false,
            Excuse::Until(caught_up) => !findings.passed(caught_up),
            Excuse::ForGood => true,
        };
        if is_excused {
            found.indicator.weight *= settings.outage_weight_percent / 100.0;
            found.indicator.severity = found.indicator.severity.min(Severity::Low);
            found.indicator.sentence.push_str(" A system was out at that time.");
            continue;
        }
        let Some((trust, late_minutes)) = best(feeds, &kind, settings.min_count) else { continue };
        found.indicator.weight *= trust;
        if trust * 100.0 < settings.downgrade_below_percent {
            found.indicator.severity = lower(found.indicator.severity);
        }
        if trust * 100.0 < settings.doubt_below_percent || late_minutes > settings.lag_minutes as f64 {
            found.indicator.sentence.push_str(" Status lag likely.");
        }
        found.indicator.weight = (found.indicator.weight * 10.0).round() / 10.0;
    }
    findings.found = all;
}

/// Trust and lateness of the best feed that tells of this kind of event.
fn best(feeds: &BTreeMap<String, FeedFigures>, kind: &EventKind, min_count: u32) -> Option<(f64, f64)> {
    feeds
        .values()
        .filter_map(|feed| {
            let lateness = feed.kinds.get(kind.as_str()).filter(|l| l.count >= min_count)?;
            Some((feed.trust(), lateness.q95_minutes))
        })
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)))
}

/// How an outage explains a silence.
enum Excuse {
    None,
    /// Word of it may be on its way until then.
    Until(Timestamp),
    /// It may have been done by hand, and nobody told.
    ForGood,
}

/// What the outages between the evidence and the deadline explain: much of that time, or a little of it.
fn excuse(view: &View<'_>, found: &Found, by: Timestamp, rules: &Rules) -> Excuse {
    let from = found.indicator.evidence.iter().filter_map(|id| view.find(id)).map(|s| s.at()).max();
    let from = from.unwrap_or(by).min(by);
    let outages = spans(&view.outages, rules.trust.outage_max_hours);
    let within = || outages.iter().filter(|(start, end)| *start <= by && *end >= from);
    let Some(last) = within().map(|(_, end)| *end).max() else { return Excuse::None };
    let out_ms: i64 = within().map(|(start, end)| by.min(*end).millis_since(from.max(*start))).sum();
    let awaited_ms = by.millis_since(from);
    if out_ms as f64 * 100.0 >= awaited_ms as f64 * rules.trust.outage_share_percent {
        return Excuse::ForGood;
    }
    Excuse::Until(last.plus_millis(rules.trust.outage_catch_up_hours * HOUR_MS))
}

const fn lower(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium | Severity::Low => Severity::Low,
    }
}
