//! The timeline of a bill of lading: how and when its containers came, so that those that travel apart can be told.

use quaywatch_domain::event::{EquipmentStatus, PortEvent};
use quaywatch_domain::{EventKind, Fact, Id, Text, Timestamp};

use crate::rules::route;
use crate::timeline;
use crate::view::evidence_of;
use crate::{Changes, Engine, Outcome, Sighting, TimelineState, loops};

/// Relation of a container to what it came with.
pub(crate) const CONVEYANCE: &str = "CONVEYANCE=";

pub(crate) fn apply(engine: &Engine, state: &mut TimelineState, fact: &Fact, now: Timestamp) -> Changes {
    let Some(sighting) = sighting(fact) else { return Changes::none(Outcome::OutOfScope) };
    let outcome = timeline::take_latest(state, sighting, engine.rules.history.seal_days, now);
    let mut changes = Changes::none(outcome);
    if outcome == Outcome::New {
        evaluate(engine, state, &mut changes);
    }
    changes
}

pub(crate) fn evaluate(engine: &Engine, state: &mut TimelineState, changes: &mut Changes) {
    let Some(origin) = state.subject.clone() else { return };
    let wanted = route::tell(&engine.rules, &origin, &state.sightings);
    loops::tell(state, wanted, &mut changes.facts, &mut changes.shadowed);
}

/// The sighting that the discharge of a container is; a retraction may be of anything.
fn sighting(fact: &Fact) -> Option<Sighting> {
    let event = fact.event.as_deref();
    if !fact.retracted && !event.is_some_and(is_discharge) {
        return None;
    }
    let seen = event.filter(|e| !fact.retracted && !e.has_doubtful_number());
    Some(Sighting {
        fact_id: fact.fact_id.clone(),
        revision: fact.revision,
        retracted: fact.retracted,
        occurred_at: fact.occurred_at,
        received_at: fact.received_at,
        kind: event.map_or(EventKind::Other, |e| e.kind.clone()),
        container: seen.and_then(|e| e.container()).map(Text::from),
        issuer: None,
        partners: Vec::new(),
        place: None,
        relations: seen.and_then(conveyance).into_iter().collect(),
        handling: fact.handling.clone(),
        evidence: seen.map(|e| evidence_of(fact, e)),
    })
}

/// Whether a container arrives by this where its cargo is bound.
fn is_discharge(event: &PortEvent) -> bool {
    let status = event.equipment.as_deref().and_then(|e| e.status);
    event.kind == EventKind::Discharged
        && event.is_actual()
        && status.is_none_or(|status| status == EquipmentStatus::Import)
}

/// The vessel call, or vessel and voyage.
fn conveyance(event: &PortEvent) -> Option<Id> {
    let transport = event.transport.as_deref()?;
    let what = match (&transport.call_id, &transport.vessel_imo, &transport.voyage) {
        (Some(one), _, _) | (None, Some(one), None) | (None, None, Some(one)) => [CONVEYANCE, one].concat(),
        (None, Some(imo), Some(voyage)) => [CONVEYANCE, imo, " ", voyage].concat(),
        (None, None, None) => return None,
    };
    Some(what.into())
}
