//! The control sample: uneventful visits, drawn at random, so that it can be estimated what the rules miss.
//!
//! A visit is drawn by a keyed hash of container and number, once it has departed and nothing, not even in shadow, was
//! found in it. It is marked as a shadow indicator `CONTROL`: counted, kept in the detector's state, shown by the backtest
//! to the analyst, and never published, so that nobody at the port can tell which containers are looked at.

use quaywatch_domain::Sha256;
use serde::Deserialize;

use crate::Rules;
use crate::view::View;
use crate::visits::is_departure;

/// Code of the mark.
pub(crate) const CODE: &str = "CONTROL";

/// Table `[control]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Visits drawn of 10,000.
    per_10000: u64,
    /// Whoever knows it can tell which visits are drawn.
    key: String,
}

/// Indices of the visits in the sample; `eventful` tells which have indicators.
pub(crate) fn sample(view: &View<'_>, rules: &Rules, eventful: impl Fn(usize) -> bool) -> Vec<usize> {
    if rules.control.per_10000 == 0 {
        return Vec::new();
    }
    let departed = |visit: &usize| {
        let stay = view.visits.get(*visit).map(|range| view.stay(range)).unwrap_or_default();
        stay.iter().any(|s| s.is_actual() && is_departure(s.kind()))
    };
    let visits = 0..view.visits.len();
    visits.filter(departed).filter(|v| !eventful(*v) && is_drawn(view, rules, *v)).collect()
}

fn is_drawn(view: &View<'_>, rules: &Rules, visit: usize) -> bool {
    let settings = &rules.control;
    let digest = Sha256::of(format!("{}/{}/{}", settings.key, view.subject, view.number(visit)).as_bytes());
    let number = digest.0.iter().take(8).fold(0_u64, |n, byte| (n << 8) | u64::from(*byte));
    number % 10_000 < settings.per_10000
}
