//! The ledger of a party: which parties it has let handle its containers, kept from events that name it as consignee;
//! bounded, earliest sightings first, because only these decide whether a relation is new. And which exports it took out
//! by gate as haulier; bounded, latest first.

use std::collections::BTreeSet;

use quaywatch_domain::event::{PartyRole, PortEvent};
use quaywatch_domain::{EventKind, Fact, Timestamp};

use crate::rules::{release_right, trojan_box};
use crate::settings::DAY_MS;
use crate::timeline;
use crate::view::{evidence_of, has_doubtful_number};
use crate::{Changes, Engine, Outcome, Sighting, TimelineState, loops};

/// Most partners of one consignee; a party with more is a trade platform and has no habits to break.
const MAX_PARTNERS: usize = 48;

/// Earliest sightings kept of each partner: enough that corrections of the first ones leave a first one. Beyond it what
/// was let go cannot come back when all that was kept is taken back.
pub(crate) const MAX_SIGHTINGS_PER_PARTNER: usize = 24;

/// Containers of the consignee kept as its history.
const MAX_HISTORY_CONTAINERS: usize = 8;

/// Exports taken out by the party as haulier, kept latest first.
const MAX_HAULED: usize = 64;

/// Relation of a party to an export that it took out by gate.
const HAULED: &str = "HAULIER=EXPORT_OUT";

pub(crate) fn has_hauled(sighting: &Sighting) -> bool {
    sighting.relations.iter().any(|r| r == HAULED)
}

/// Tombstones kept, latest first.
const MAX_TOMBSTONES: usize = 32;

pub(crate) fn apply(engine: &Engine, state: &mut TimelineState, fact: &Fact, now: Timestamp) -> Changes {
    let Some(sighting) = sighting(fact, state) else { return Changes::none(Outcome::OutOfScope) };
    state.expires_at = Some(now.plus_millis(engine.rules.history.party_days * DAY_MS));
    if state.saturated
        && !has_hauled(&sighting)
        && !state.sightings.iter().any(|s| s.fact_id == sighting.fact_id)
    {
        return Changes::none(Outcome::New);
    }
    let outcome = timeline::put(&mut state.sightings, sighting);
    if outcome != Outcome::New {
        return Changes::none(outcome);
    }
    prune_hauled(state);
    prune(state);
    let mut changes = Changes::none(Outcome::New);
    evaluate(engine, state, &mut changes);
    changes
}

pub(crate) fn evaluate(engine: &Engine, state: &mut TimelineState, changes: &mut Changes) {
    let Some(origin) = state.subject.clone() else { return };
    let mut wanted = if state.saturated {
        Vec::new()
    } else {
        release_right::tell_new_relations(&engine.rules, &origin, &state.sightings)
    };
    wanted.extend(trojan_box::tell_repeated(&engine.rules, &origin, &state.sightings));
    loops::emit(state, wanted, &mut changes.facts);
}

/// The sighting that a fact is, when it names the subject as consignee beside others or as haulier of an export that
/// leaves; a retraction of one that is kept.
fn sighting(fact: &Fact, state: &TimelineState) -> Option<Sighting> {
    let event = fact.event.as_deref();
    let has_role = |e: &PortEvent, role: PartyRole| {
        e.container().is_some()
            && e.parties.iter().any(|p| p.role == role && p.key().as_deref() == Some(&fact.subject.id))
    };
    let is_consignee = event.is_some_and(|e| has_role(e, PartyRole::Consignee));
    let is_haulier = event.is_some_and(|e| {
        has_role(e, PartyRole::Haulier) && trojan_box::is_export_taken_out(e) && !has_doubtful_number(e)
    });
    let is_known = state.sightings.iter().any(|s| s.fact_id == fact.fact_id);
    if !is_consignee && !is_haulier && !is_known && !fact.retracted {
        return None;
    }
    let seen = event.filter(|_| (is_consignee || is_haulier) && !fact.retracted);
    let mut partners: Vec<String> = seen
        .filter(|_| is_consignee)
        .map(|e| {
            e.parties
                .iter()
                .filter(|p| matches!(p.role, PartyRole::ReleaseTo | PartyRole::Haulier))
                .filter_map(quaywatch_domain::event::Party::key)
                .filter(|key| *key != fact.subject.id)
                .collect()
        })
        .unwrap_or_default();
    partners.sort_unstable();
    partners.dedup();
    let relations = if seen.is_some() && is_haulier { vec![HAULED.to_owned()] } else { Vec::new() };
    Some(Sighting {
        fact_id: fact.fact_id.clone(),
        revision: fact.revision,
        retracted: fact.retracted,
        occurred_at: fact.occurred_at,
        received_at: fact.received_at,
        kind: event.map_or(EventKind::Other, |e| e.kind.clone()),
        container: seen.and_then(|e| e.container()).map(str::to_owned),
        issuer: None,
        partners,
        place: None,
        relations,
        handling: fact.handling.clone(),
        evidence: seen.map(|e| evidence_of(fact, e)),
    })
}

/// Keeps the latest exports that the party took out by gate.
fn prune_hauled(state: &mut TimelineState) {
    let hauled = |s: &Sighting| has_hauled(s) && s.partners.is_empty();
    let mut excess = state.sightings.iter().filter(|s| hauled(s)).count().saturating_sub(MAX_HAULED);
    state.sightings.retain(|s| {
        let goes = hauled(s) && excess > 0;
        excess -= usize::from(goes);
        !goes
    });
}

/// Keeps the earliest sightings of each partner and of the first containers; what is kept of a set of sightings does not
/// depend on their arrival.
fn prune(state: &mut TimelineState) {
    let mut partners: Vec<(&str, usize)> = Vec::new();
    let mut containers: BTreeSet<&str> = BTreeSet::new();
    let mut tombstones = state.sightings.iter().filter(|s| s.container.is_none()).count();
    let mut keep = Vec::with_capacity(state.sightings.len());
    for s in &state.sightings {
        let Some(container) = s.container.as_deref() else {
            keep.push(tombstones <= MAX_TOMBSTONES);
            tombstones = tombstones.saturating_sub(1);
            continue;
        };
        if has_hauled(s) && s.partners.is_empty() {
            keep.push(true);
            continue;
        }
        let mut kept = containers.len() < MAX_HISTORY_CONTAINERS && containers.insert(container);
        for partner in &s.partners {
            match partners.iter_mut().find(|(known, _)| known == partner) {
                Some((_, count)) => {
                    kept |= *count < MAX_SIGHTINGS_PER_PARTNER;
                    *count += 1;
                }
                None => {
                    partners.push((partner, 1));
                    kept = true;
                }
            }
        }
        keep.push(kept);
    }
    if partners.len() > MAX_PARTNERS {
        state.saturated = true;
        state.sightings.retain(has_hauled);
        return;
    }
    let mut keep = keep.into_iter();
    state.sightings.retain(|_| keep.next().unwrap_or(true));
}
