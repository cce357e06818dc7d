//! The timeline of a block of a terminal's yard: doors that opened and closed there, so that neighbours can be told of
//! one another. That of a depot as a whole: intruders, and the empty reefers that came in, so that these can be told of
//! them.

use quaywatch_domain::event::PortEvent;
use quaywatch_domain::{EventKind, Fact, Text, Timestamp};

use crate::rules::{door_opened, empty_depot};
use crate::settings::DAY_MS;
use crate::timeline;
use crate::view::evidence_of;
use crate::{Changes, Engine, Mention, Outcome, Sighting, TimelineState, loops};

/// Most empty reefers of one depot that are remembered, latest first.
const MAX_EMPTIES: usize = 1_024;

pub(crate) fn apply(engine: &Engine, state: &mut TimelineState, fact: &Fact, now: Timestamp) -> Changes {
    let came_in = mention(fact).map(|came_in| take(engine, state, came_in, now));
    let Some(sighting) = sighting(fact) else {
        let mut changes = Changes::none(came_in.unwrap_or(Outcome::OutOfScope));
        if changes.outcome == Outcome::New {
            evaluate(engine, state, &mut changes);
        }
        return changes;
    };
    let outcome = timeline::take_latest(state, sighting, engine.rules.history.container_days, now);
    let mut changes = Changes::none(outcome);
    if outcome == Outcome::New {
        evaluate(engine, state, &mut changes);
    }
    changes
}

pub(crate) fn evaluate(engine: &Engine, state: &mut TimelineState, changes: &mut Changes) {
    let Some(origin) = state.subject.clone() else { return };
    let mut wanted = door_opened::tell(&engine.rules, &origin, &state.sightings);
    wanted.extend(empty_depot::tell(&engine.rules, &origin, state));
    loops::tell(state, wanted, &mut changes.facts, &mut changes.shadowed);
}

/// Takes in that an empty reefer came in.
fn take(engine: &Engine, state: &mut TimelineState, came_in: Mention, now: Timestamp) -> Outcome {
    let days = engine.rules.history.container_days;
    let outcome = timeline::put(&mut state.mentions, came_in);
    if outcome == Outcome::New {
        timeline::keep_latest(&mut state.mentions, days, MAX_EMPTIES);
        state.expires_at = state.expires_at.max(Some(now.plus_millis(days * DAY_MS)));
    }
    outcome
}

/// The mention of an empty reefer that came in; a retraction may be of anything.
fn mention(fact: &Fact) -> Option<Mention> {
    let event = fact.event.as_deref();
    let seen = event.filter(|e| !fact.retracted && e.kind == EventKind::GateIn && e.depot().is_some());
    if !fact.retracted && seen.is_none() {
        return None;
    }
    Some(Mention {
        fact_id: fact.fact_id.clone(),
        revision: fact.revision,
        retracted: fact.retracted,
        occurred_at: fact.occurred_at,
        received_at: fact.received_at,
        kind: EventKind::GateIn,
        container: seen.filter(|e| !e.has_doubtful_number()).and_then(PortEvent::container).map(Text::from),
        port: None,
        handling: None,
        evidence: None,
    })
}

/// Whether it belongs to the sightings of a yard.
fn is_seen(event: &PortEvent) -> bool {
    door_opened::is_of_yard(event)
        || (event.kind == EventKind::IntrusionReported && event.is_actual() && event.depot().is_some())
}

/// The sighting that a door's or a guard's fact is; a retraction may be of anything.
fn sighting(fact: &Fact) -> Option<Sighting> {
    let event = fact.event.as_deref();
    if !fact.retracted && !event.is_some_and(is_seen) {
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
        place: seen.and_then(|e| e.place.clone()),
        relations: Vec::new(),
        handling: fact.handling.clone(),
        evidence: seen.map(|e| evidence_of(fact, e)),
    })
}
