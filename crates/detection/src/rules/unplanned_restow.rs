//! Unplanned restow (`MO-22a`, `b`).
//!
//! **Pattern.** On the way a container is shifted to a place on board where its doors can be reached, so that it can be
//! loaded or emptied at sea or in the next port. Codes: UN/EDIFACT 8249, 5 and 14 shifted; our own rule.
//!
//! **Inputs.** Restow reports with cell and port; load, discharge and work orders; how many containers were shifted in
//! the same call.
//!
//! **False positives.** Hatch work and stability (many containers are shifted in one call: silent; reports of the others
//! may come a little later, so nothing is said at once). A restow that was ordered. A shift to a place that cannot be
//! reached, or neither in nor from a watched port (`a`). One restow that two systems report (`b` counts ports).

use quaywatch_domain::{EventKind, Fact, Subject};
use serde::Deserialize;

use crate::loops::{Told, indicator_fact};
use crate::quiet::Trigger;
use crate::settings::{HOUR_MS, MINUTE_MS, Rules, SubRule};
use crate::view::{Absence, Findings, Seen, View};
use crate::{Mention, Sighting};

/// Table `[unplanned_restow]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    order_hours: i64,
    settle_minutes: i64,
    max_restows: usize,
    reachable_tiers: Vec<u8>,
    a: SubRule,
    b: SubRule,
}

/// Code of the auxiliary indicator "one of many restows in this call", read here alone and never shown.
pub(crate) const MANY: &str = "MO-22-many";

/// Tells containers that their restow was one of many.
pub(crate) fn tell(rules: &Rules, origin: &Subject, restows: &[&Mention], wanted: &mut Vec<(Fact, bool)>) {
    let settings = &rules.rule.unplanned_restow;
    let mut boxes: Vec<&str> = restows.iter().filter_map(|m| m.container.as_deref()).collect();
    boxes.sort_unstable();
    boxes.dedup();
    if boxes.len() <= settings.max_restows {
        return;
    }
    for container in boxes {
        let own: Vec<Sighting> = restows
            .iter()
            .filter(|m| m.container.as_deref() == Some(container))
            .map(|m| m.sighting())
            .collect();
        let told = Told {
            origin,
            code: MANY,
            severity: settings.a.severity,
            action: settings.a.action,
            sentence: "One of many restows in this call.".to_owned(),
            sightings: own.iter().collect(),
        };
        let at = own.first().map(|s| s.occurred_at).unwrap_or_default();
        wanted.extend(told.indicator(rules).map(|i| (indicator_fact(container, i, at), false)));
    }
}

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[EventKind::Restowed]);

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.unplanned_restow;
    let restows = view.events.iter().filter(|s| s.is_actual() && *s.kind() == EventKind::Restowed);
    let unplanned: Vec<&Seen<'_>> =
        restows.filter(|s| !is_ordered(view, s, settings) && !is_one_of_many(view, s)).collect();
    let by = |s: &Seen<'_>| s.fact.received_at.plus_millis(settings.settle_minutes * MINUTE_MS);
    let mut settled: Vec<&Seen<'_>> = Vec::new();
    for s in unplanned {
        if findings.passed(by(s)) {
            settled.push(s);
        }
    }
    let port = |s: &Seen<'_>| s.event.place.as_deref().and_then(|p| p.un_locode.clone());
    let first = settled.iter().find(|s| port(s).is_some());
    let second = first.and_then(|f| settled.iter().find(|s| port(s).is_some_and(|p| Some(p) != port(f))));
    if let Some((first, second)) = first.zip(second) {
        let sentence = "Shifted on board in two ports, and nobody ordered it.";
        let by = by(first).max(by(second));
        let absence =
            Absence { event: EventKind::WorkOrdered, within: (second.at(), second.at()), by, at: second };
        let (sub, evidence) = (&settings.b, vec![**first, **second]);
        findings.add_absent("MO-22b", sub, sub.severity, sentence.to_owned(), evidence, absence);
        return;
    }
    let watched = settled.iter().find(|s| {
        let loaded_at = s.event.route.as_deref().and_then(|r| r.port_of_loading.clone());
        let is_watched = [port(s), loaded_at].into_iter().flatten().any(|p| rules.risk.is_watched(&p));
        is_watched && is_reachable(s, &settings.reachable_tiers)
    });
    if let Some(s) = watched {
        let sentence = "Shifted on board to where its doors can be reached, in or from a watched port and without an order.";
        let absence = Absence { event: EventKind::WorkOrdered, within: (s.at(), s.at()), by: by(s), at: s };
        let sub = &settings.a;
        findings.add_absent("MO-22a", sub, sub.severity, sentence.to_owned(), vec![**s], absence);
    }
}

/// The cell is BBBRRTT or BBRRTT (ISO 9711); its last two digits are the tier.
fn is_reachable(s: &Seen<'_>, tiers: &[u8]) -> bool {
    let cell = s.event.transport.as_deref().and_then(|t| t.stow_cell.as_deref()).unwrap_or_default();
    let tier = cell.get(cell.len().saturating_sub(2)..).and_then(|t| t.parse::<u8>().ok());
    cell.len() >= 6 && tier.is_some_and(|tier| tiers.contains(&tier))
}

fn is_ordered(view: &View<'_>, restow: &Seen<'_>, settings: &Settings) -> bool {
    view.events.iter().any(|s| {
        let is_order =
            matches!(s.kind(), EventKind::LoadOrdered | EventKind::DischargeOrdered | EventKind::WorkOrdered);
        is_order && (0..=settings.order_hours * HOUR_MS).contains(&restow.at().millis_since(s.said_at()))
    })
}

fn is_one_of_many(view: &View<'_>, restow: &Seen<'_>) -> bool {
    view.indicators.iter().any(|(_, i)| i.code == MANY && i.evidence.contains(&restow.fact.fact_id))
}
