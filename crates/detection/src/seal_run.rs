//! The timeline of a run of ten consecutive seal numbers: which shippers' seals it holds.

use quaywatch_domain::event::{Party, PartyRole, SealSource};
use quaywatch_domain::identifiers::seal::run_of;
use quaywatch_domain::{EventKind, Fact, Id, Text, Timestamp};

use crate::rules::duplicate_seal;
use crate::timeline;
use crate::view::evidence_of;
use crate::{Changes, Engine, Outcome, Sighting, TimelineState, loops};

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
    let wanted = duplicate_seal::tell_of_run(&engine.rules, &origin, &state.sightings);
    loops::tell(state, wanted, &mut changes.facts, &mut changes.shadowed);
}

/// The sighting of a shipper's own seal of the run, with the shipper.
fn sighting(fact: &Fact) -> Option<Sighting> {
    let event = fact.event.as_deref();
    if event.is_none() && !fact.retracted {
        return None;
    }
    let own = |number: &str| run_of(number).as_deref() == Some(&*fact.subject.id);
    let seen = event.filter(|e| {
        let seals = e.seals.iter().filter(|s| s.source == SealSource::Shipper);
        let mut numbers = seals.filter_map(|s| s.normalised.as_deref());
        !fact.retracted && !e.has_doubtful_number() && numbers.any(own)
    });
    let shippers = seen.map(|e| e.parties.iter().filter(|p| p.role == PartyRole::Shipper));
    Some(Sighting {
        fact_id: fact.fact_id.clone(),
        revision: fact.revision,
        retracted: fact.retracted,
        occurred_at: fact.occurred_at,
        received_at: fact.received_at,
        kind: event.map_or(EventKind::Other, |e| e.kind.clone()),
        container: seen.and_then(|e| e.container()).map(Text::from),
        issuer: seen.map(|_| SealSource::Shipper),
        partners: shippers.into_iter().flatten().filter_map(Party::key).map(Id::from).collect(),
        place: None,
        relations: Vec::new(),
        handling: fact.handling.clone(),
        evidence: seen.map(|e| evidence_of(fact, e)),
    })
}
