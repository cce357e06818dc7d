//! The ledger of a consignee: which parties it has let handle its containers. Kept only from events that name the party
//! as consignee; bounded, earliest sightings first, because only these decide whether a relation is new.

use std::collections::BTreeSet;

use quaywatch_domain::event::PartyRole;
use quaywatch_domain::{EventKind, Fact, Timestamp};

use crate::rules::release_right;
use crate::settings::DAY_MS;
use crate::timeline;
use crate::view::evidence_of;
use crate::{Changes, Engine, Outcome, Sighting, TimelineState, loops};

/// Most partners of one consignee; a party with more is a trade platform and has no habits to break.
const MAX_PARTNERS: usize = 48;

/// Earliest sightings kept of each partner: enough that corrections of the first ones leave a first one. Beyond it what
/// was let go cannot come back when all that was kept is taken back.
pub(crate) const MAX_SIGHTINGS_PER_PARTNER: usize = 24;

/// Containers of the consignee kept as its history.
const MAX_HISTORY_CONTAINERS: usize = 8;

/// Tombstones kept, latest first.
const MAX_TOMBSTONES: usize = 32;

pub(crate) fn apply(engine: &Engine, state: &mut TimelineState, fact: &Fact, now: Timestamp) -> Changes {
    let Some(sighting) = sighting(fact, state) else { return Changes::none(Outcome::OutOfScope) };
    state.expires_at = Some(now.plus_millis(engine.rules.history.party_days * DAY_MS));
    if state.saturated {
        return Changes::none(Outcome::New);
    }
    let outcome = timeline::put(&mut state.sightings, sighting);
    if outcome != Outcome::New {
        return Changes::none(outcome);
    }
    prune(state);
    let mut changes = Changes::none(Outcome::New);
    evaluate(engine, state, &mut changes);
    changes
}

pub(crate) fn evaluate(engine: &Engine, state: &mut TimelineState, changes: &mut Changes) {
    let Some(origin) = state.subject.clone() else { return };
    let wanted = if state.saturated {
        Vec::new()
    } else {
        release_right::tell_new_relations(&engine.rules, &origin, &state.sightings)
    };
    loops::emit(state, wanted, &mut changes.facts);
}

/// The sighting that a fact is, when it names the subject as consignee beside others; a retraction of one that is kept.
fn sighting(fact: &Fact, state: &TimelineState) -> Option<Sighting> {
    let event = fact.event.as_deref();
    let is_consignee = event.is_some_and(|e| {
        e.container().is_some()
            && e.parties
                .iter()
                .any(|p| p.role == PartyRole::Consignee && p.key().as_deref() == Some(&fact.subject.id))
    });
    let is_known = state.sightings.iter().any(|s| s.fact_id == fact.fact_id);
    if !is_consignee && !is_known && !fact.retracted {
        return None;
    }
    let seen = event.filter(|_| is_consignee && !fact.retracted);
    let mut partners: Vec<String> = seen
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
        conveyance: None,
        handling: fact.handling.clone(),
        evidence: seen.map(|e| evidence_of(fact, e)),
    })
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
        state.sightings.clear();
        return;
    }
    let mut keep = keep.into_iter();
    state.sightings.retain(|_| keep.next().unwrap_or(true));
}
