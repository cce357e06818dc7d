//! Identity hijack of a known importer (`MO-18a`, `b`).
//!
//! **Pattern.** The name is that of a genuine importer, who knows nothing of it; the telephone, the forwarder and the
//! place of delivery are the gang's. Source:
//! <https://giftware.net.au/container-loads-of-drugs-smuggled-under-the-nose-of-customs-police/>.
//!
//! **Inputs.** The ledger of the consignee (`a`): forwarders, contacts, places of delivery and hauliers that it had in two
//! years; places of delivery, pre-notifications and gate-outs of the container (`b`).
//!
//! **False positives.** One new partner (two kinds of relation must be new at once; a place and the haulier that serves
//! it count as one). A new contract (what was new once is known afterwards; containers of the first day count alike). A
//! consignee with a short history, or one with so many partners that it has no habits. `b`: a correction (the old
//! version is gone); two systems that code places differently (only one feed is compared); a change long before the
//! pick-up, or one that is undone.

use std::collections::BTreeMap;

use quaywatch_domain::event::{Glance, PortEvent};
use quaywatch_domain::{EventKind, Fact, Id};
use serde::Deserialize;

use crate::Sighting;
use crate::aging::is_mark;
use crate::ledger::{Ledger, beginnings, value_of};
use crate::loops::{Told, indicator_fact};
use crate::quiet::Trigger;
use crate::settings::{HOUR_MS, Rules, SubRule};
use crate::view::{Findings, Seen, View};

/// Table `[identity_hijack]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    min_other_containers: usize,
    min_new_relations: usize,
    batch_hours: i64,
    delivery_hours: i64,
    a: SubRule,
    b: SubRule,
}

/// Classes of relations that a hijacker changes, and how a person calls them.
const CLASSES: [(&str, &str); 4] =
    [("FORWARDER", "forwarder"), ("CONTACT", "contact"), ("DELIVERY", DELIVERY), ("HAULIER", HAULIER)];
const DELIVERY: &str = "place of delivery";
const HAULIER: &str = "haulier";

/// Tells containers that several relations of their consignee are new at once (`a`).
pub(crate) fn tell(rules: &Rules, ledger: &Ledger<'_>, wanted: &mut Vec<(Fact, bool)>) {
    let settings = &rules.rule.identity_hijack;
    let mut new: BTreeMap<&str, Vec<(&str, &Sighting)>> = BTreeMap::new();
    // The first value of a class is not new to anybody.
    for (class, name) in CLASSES.iter().filter(|(class, _)| ledger.has_several(class)) {
        let values = ledger.class(class);
        let begun = beginnings(values.values().flatten().copied());
        for with in values.values() {
            let Some(first) = with.first() else { continue };
            let ends = first.occurred_at.plus_millis(settings.batch_hours * HOUR_MS);
            let known = begun.values().filter(|at| **at < first.occurred_at).count();
            for s in with.iter().filter(|s| s.occurred_at <= ends) {
                let Some(container) = s.container.as_deref() else { continue };
                let is_known = begun.get(container).is_some_and(|at| *at < first.occurred_at);
                let others = known - usize::from(is_known);
                let told = new.entry(container).or_default();
                if others >= settings.min_other_containers && !told.iter().any(|(known, _)| known == name) {
                    told.push((*name, *s));
                }
            }
        }
    }
    for (container, new) in &new {
        // A new place that its own haulier serves is one change, not two.
        let both_on_the_road =
            [DELIVERY, HAULIER].iter().all(|road| new.iter().any(|(name, _)| name == road));
        if new.len() - usize::from(both_on_the_road) < settings.min_new_relations.max(1) {
            continue;
        }
        let names: Vec<&str> = new.iter().map(|(name, _)| *name).collect();
        let told = Told {
            origin: ledger.origin,
            code: "MO-18a",
            severity: settings.a.severity,
            action: settings.a.action,
            sentence: format!("A known importer has a new {} at once.", names.join(" and ")),
            sightings: new.iter().map(|(_, s)| *s).collect(),
        };
        let at = new.iter().map(|(_, s)| s.occurred_at).max().unwrap_or_default();
        wanted.extend(told.indicator(rules).map(|i| (indicator_fact(container, i, at), settings.a.shadow)));
    }
}

/// Whether a new sighting, the last one, may be told: it is among the first with one of its relations, and not with the
/// only one of a class.
pub(crate) fn may_tell(rules: &Rules, earlier: &[Sighting], new: &Sighting) -> bool {
    let batch_ms = rules.rule.identity_hijack.batch_hours * HOUR_MS;
    let standing = || earlier.iter().filter(|s| !s.retracted && !is_mark(s));
    let is_early = |relation: &Id| {
        let first = standing().find(|s| s.relations.contains(relation));
        first.is_none_or(|first| new.occurred_at <= first.occurred_at.plus_millis(batch_ms))
    };
    let has_others = |class: &str, relation: &Id| {
        let of_all = standing().chain([new]).flat_map(|s| &s.relations);
        of_all.filter(|r| value_of(r, class).is_some()).any(|r| r != relation)
    };
    new.relations.iter().any(|relation| {
        let class = CLASSES.iter().find(|(class, _)| value_of(relation, class).is_some());
        class.is_some_and(|(class, _)| is_early(relation) && has_others(class, relation))
    })
}

fn delivery(event: &PortEvent) -> Option<&str> {
    event.route.as_deref()?.place_of_delivery.as_deref().filter(|place| !place.is_empty())
}

pub(crate) const TRIGGER: Trigger =
    Trigger::kinds(&[EventKind::PickupAnnounced, EventKind::GateOut]).or(Glance::has_route);

/// MO-18b.
pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.identity_hijack;
    for stay in view.stays() {
        let pick_up = |s: &&Seen<'_>| {
            *s.kind() == EventKind::PickupAnnounced || (s.is_actual() && *s.kind() == EventKind::GateOut)
        };
        let Some(pick_up) = stay.iter().find(pick_up) else { continue };
        let mut placed: Vec<&Seen<'_>> = stay.iter().filter(|s| delivery(s.event).is_some()).collect();
        placed.sort_by_key(|s| (s.said_at(), &s.fact.fact_id));
        let change = placed.iter().enumerate().find_map(|(n, new)| {
            let mut same_feed =
                placed.iter().take(n).filter(|s| s.event.source.feed == new.event.source.feed);
            let old = same_feed.next_back()?;
            let first = placed.iter().find(|s| s.event.source.feed == new.event.source.feed)?;
            let last = placed.iter().rfind(|s| s.event.source.feed == new.event.source.feed)?;
            let left_ms = pick_up.at().millis_since(new.said_at());
            let is_late = (0..=settings.delivery_hours * HOUR_MS).contains(&left_ms);
            let is_undone = delivery(first.event) == delivery(last.event);
            (delivery(old.event) != delivery(new.event) && is_late && !is_undone).then_some((**old, **new))
        });
        if let Some((old, new)) = change {
            let sentence =
                format!("Place of delivery changed within {} h before pick-up.", settings.delivery_hours);
            findings.add("MO-18b", &settings.b, sentence, vec![old, new, *pick_up]);
        }
    }
}
