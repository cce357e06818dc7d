//! Duplicate seal (`MO-04a`): one number on two containers.
//!
//! **Pattern.** The "twin-seal trick": the broken seal is replaced by one that bears the right number.
//! Source: <https://containerhandbuch.de/chb_e/scha/scha_13_11_03.html>.
//!
//! **Inputs.** Sightings of one seal number within 180 days, on the timeline of the seal; told to each container.
//!
//! **False positives.** Numbers that repeat by chance (fewer than five digits do not count) and placeholders (have no
//! timeline); numbers of different issuers (compared only within one issuer; MEDIUM when one is unknown); a typing error
//! in the container number (wrong check digit: not counted) or in the seal (a correction takes the sighting away);
//! marks and defaults that a system writes on many containers (more than `max_boxes`: silent); plans that never
//! happened.

use quaywatch_domain::event::SealSource;
use quaywatch_domain::identifiers::seal::is_distinct;
use quaywatch_domain::{Action, Fact, Severity, Subject, Timestamp};
use serde::Deserialize;

use crate::loops::{Told, indicator_fact};
use crate::settings::DAY_MS;
use crate::visits::{is_arrival, is_departure};
use crate::{Rules, Sighting};

/// Table `[duplicate_seal]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) max_boxes: usize,
    pub(crate) a: A,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct A {
    pub(crate) severity: Severity,
    pub(crate) severity_issuer_unknown: Severity,
    pub(crate) action: Action,
    pub(crate) shadow: bool,
}

const CODE: &str = "MO-04a";

/// What is known of the number on one container.
struct OnBox<'a> {
    container: &'a str,
    sightings: Vec<&'a Sighting>,
}

impl<'a> OnBox<'a> {
    /// Issuers named, the unknown one left out.
    fn issuers(&self) -> impl Iterator<Item = SealSource> {
        self.sightings.iter().filter_map(|s| s.issuer).filter(|i| *i != SealSource::Unknown)
    }

    /// The first sighting of the latest stay: stays the same while the container is handled further.
    fn own(&self) -> Option<&'a Sighting> {
        let mut first = None;
        let mut departed = true;
        for s in &self.sightings {
            if first.is_none() || (departed && is_arrival(&s.kind)) {
                first = Some(*s);
                departed = false;
            }
            departed |= is_departure(&s.kind);
        }
        first
    }

    /// The earliest sighting at most `window_ms` away from `at`.
    fn near(&self, at: Timestamp, window_ms: i64) -> Option<&'a Sighting> {
        self.sightings.iter().copied().find(|s| s.occurred_at.millis_since(at).abs() <= window_ms)
    }
}

/// How two boxes with one number relate: the same known issuer, an unknown one, or different ones (no twin).
fn relation(a: &OnBox<'_>, b: &OnBox<'_>) -> Option<bool> {
    if a.issuers().next().is_none() || b.issuers().next().is_none() {
        return Some(false);
    }
    a.issuers().any(|i| b.issuers().any(|j| i == j)).then_some(true)
}

/// Indicator facts for the containers on which the number was seen.
pub(crate) fn tell(rules: &Rules, origin: &Subject, sightings: &[Sighting]) -> Vec<Fact> {
    if !is_distinct(&origin.id) {
        return Vec::new();
    }
    let boxes = boxes(sightings);
    if boxes.len() < 2 || boxes.len() > rules.rule.duplicate_seal.max_boxes {
        return Vec::new();
    }
    boxes.iter().filter_map(|one| tell_one(rules, origin, one, &boxes)).collect()
}

fn boxes(sightings: &[Sighting]) -> Vec<OnBox<'_>> {
    let mut boxes: Vec<OnBox<'_>> = Vec::new();
    for s in sightings.iter().filter(|s| !s.retracted) {
        let Some(container) = s.container.as_deref() else { continue };
        match boxes.iter_mut().find(|b| b.container == container) {
            Some(known) => known.sightings.push(s),
            None => boxes.push(OnBox { container, sightings: vec![s] }),
        }
    }
    boxes
}

fn tell_one(rules: &Rules, origin: &Subject, one: &OnBox<'_>, boxes: &[OnBox<'_>]) -> Option<Fact> {
    let settings = &rules.rule.duplicate_seal.a;
    let window_ms = rules.history.seal_days * DAY_MS;
    let own = one.own()?;
    let mut sightings = vec![own];
    let mut others: Vec<&str> = Vec::new();
    let mut same_issuer = false;
    for other in boxes.iter().filter(|b| b.container != one.container) {
        let Some(same) = relation(one, other) else { continue };
        let Some(seen) = other.near(own.occurred_at, window_ms) else { continue };
        same_issuer |= same;
        others.push(other.container);
        sightings.push(seen);
    }
    if others.is_empty() {
        return None;
    }
    others.sort_unstable();
    let told = Told {
        origin,
        code: CODE,
        severity: if same_issuer { settings.severity } else { settings.severity_issuer_unknown },
        action: settings.action,
        sentence: format!("Seal {} is also on {}.", origin.id, others.join(", ")),
        sightings,
    };
    Some(indicator_fact(one.container, told.indicator(rules)?, own.occurred_at))
}
