//! The timeline of a seal: where the number was seen, and what that tells the containers.

use quaywatch_domain::event::{Classifier, Place, PortEvent};
use quaywatch_domain::{EventKind, Fact, Text, Timestamp};

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
    let wanted = duplicate_seal::tell(&engine.rules, &origin, &state.sightings);
    if engine.rules.rule.duplicate_seal.a.shadow {
        let now: Vec<String> = wanted.iter().map(|f| format!("{} MO-04a", f.subject)).collect();
        let new = now.iter().filter(|s| !state.shadowed.contains(s)).count();
        changes.shadowed = vec!["MO-04a".to_owned(); new];
        state.shadowed = now;
        loops::emit(state, Vec::new(), &mut changes.facts);
    } else {
        state.shadowed.clear();
        loops::emit(state, wanted, &mut changes.facts);
    }
}

/// The sighting that a fact of a seal is; `None` for what is neither an event nor a retraction.
fn sighting(fact: &Fact) -> Option<Sighting> {
    let event = fact.event.as_deref();
    if event.is_none() && !fact.retracted {
        return None;
    }
    let seen = event.filter(|e| !fact.retracted && counts(e) && !e.has_doubtful_number());
    let number = &fact.subject.id;
    let issuer =
        seen.and_then(|e| e.seals.iter().find(|s| s.normalised.as_deref() == Some(number)).map(|s| s.source));
    Some(Sighting {
        fact_id: fact.fact_id.clone(),
        revision: fact.revision,
        retracted: fact.retracted,
        occurred_at: fact.occurred_at,
        received_at: fact.received_at,
        kind: event.map_or(EventKind::Other, |e| e.kind.clone()),
        container: seen.and_then(|e| e.container()).map(Text::from),
        issuer,
        partners: Vec::new(),
        place: seen.and_then(|e| e.place.as_deref()).map(|p| {
            let (un_locode, terminal) = (p.un_locode.clone(), p.terminal.clone());
            Box::new(Place { un_locode, terminal, ..Place::default() })
        }),
        relations: Vec::new(),
        handling: fact.handling.clone(),
        evidence: seen.map(|e| evidence_of(fact, e)),
    })
}

/// Whether the event says that the seal is on the box: physical happenings only when they happened.
fn counts(event: &PortEvent) -> bool {
    event.is_actual()
        || (event.classifier != Classifier::Requested
            && matches!(event.kind, EventKind::ManifestLine | EventKind::BookingConfirmed))
}
