//! The timeline of a sender of EDIFACT messages that open the way out (release orders, announcements of trucks): the control
//! references of its interchanges, so that a gap among them shows.

use quaywatch_domain::event::PortEvent;
use quaywatch_domain::{EventKind, Fact, Id, Text, Timestamp};

use crate::rules::message_spoofing;
use crate::timeline;
use crate::view::evidence_of;
use crate::{Changes, Engine, Outcome, Sighting, TimelineState, loops};

/// Most messages kept, latest first.
const MAX_MESSAGES: usize = 128;

pub(crate) fn apply(engine: &Engine, state: &mut TimelineState, fact: &Fact, now: Timestamp) -> Changes {
    let Some(sighting) = sighting(fact) else { return Changes::none(Outcome::OutOfScope) };
    let days = engine.rules.rule.message_spoofing.reuse_days;
    let outcome = timeline::take_latest_of(state, sighting, days, MAX_MESSAGES, now);
    let mut changes = Changes::none(outcome);
    if outcome == Outcome::New {
        evaluate(engine, state, now, &mut changes);
    }
    changes
}

pub(crate) fn evaluate(engine: &Engine, state: &mut TimelineState, now: Timestamp, changes: &mut Changes) {
    let Some(origin) = state.subject.clone() else { return };
    let (wanted, deadline) = message_spoofing::tell_gaps(&engine.rules, &origin, &state.sightings, now);
    state.deadline_at = deadline;
    loops::tell(state, wanted, &mut changes.facts, &mut changes.shadowed);
}

/// What one message says of one container, under its control reference. What is taken back or corrected was sent all the
/// same: each message counts by itself, and at the time at which it came in.
fn sighting(fact: &Fact) -> Option<Sighting> {
    let event = fact.event.as_deref()?;
    let reference = reference(event)?;
    let container = event.container().filter(|_| !fact.retracted && !event.has_doubtful_number());
    Some(Sighting {
        fact_id: Id::from(format!("{reference}/{}", fact.fact_id)),
        revision: 0,
        retracted: false,
        occurred_at: fact.received_at,
        received_at: fact.received_at,
        kind: EventKind::Other,
        container: container.map(Text::from),
        issuer: None,
        partners: Vec::new(),
        place: None,
        relations: vec![reference.into()],
        handling: fact.handling.clone(),
        evidence: Some(evidence_of(fact, event)),
    })
}

/// The control reference of the interchange: that of the message without its place in it.
fn reference(event: &PortEvent) -> Option<&str> {
    let message = event.source.message_id.as_deref()?;
    Some(message.rsplit_once('/').map_or(message, |(reference, _)| reference))
}
