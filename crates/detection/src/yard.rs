//! The timeline of a block of a terminal's yard: doors that opened and closed there, so that neighbours can be told of
//! one another.

use quaywatch_domain::{EventKind, Fact, Timestamp};

use crate::rules::door_opened;
use crate::timeline;
use crate::view::evidence_of;
use crate::{Changes, Engine, Outcome, Sighting, TimelineState, loops};

pub(crate) fn apply(engine: &Engine, state: &mut TimelineState, fact: &Fact, now: Timestamp) -> Changes {
    let Some(sighting) = sighting(fact) else { return Changes::none(Outcome::OutOfScope) };
    let outcome = timeline::take_latest(state, sighting, engine.rules.history.container_days, now);
    let mut changes = Changes::none(outcome);
    if outcome == Outcome::New {
        evaluate(engine, state, &mut changes);
    }
    changes
}

pub(crate) fn evaluate(engine: &Engine, state: &mut TimelineState, changes: &mut Changes) {
    let Some(origin) = state.subject.clone() else { return };
    let wanted = door_opened::tell(&engine.rules, &origin, &state.sightings);
    loops::tell(state, wanted, &mut changes.facts, &mut changes.shadowed);
}

/// The sighting that a door's fact is; a retraction may be of anything.
fn sighting(fact: &Fact) -> Option<Sighting> {
    let event = fact.event.as_deref();
    if !fact.retracted && !event.is_some_and(door_opened::is_of_yard) {
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
        container: seen.and_then(|e| e.container()).map(str::to_owned),
        issuer: None,
        partners: Vec::new(),
        place: seen.and_then(|e| e.place.clone()),
        relations: Vec::new(),
        handling: fact.handling.clone(),
        evidence: seen.map(|e| evidence_of(fact, e)),
    })
}
