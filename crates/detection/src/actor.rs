//! The timeline of a user, device or driver, by pseudonym: what a person did lately and what was usual before. Kept
//! only while the module about people's actions is switched on, and told only to its audience.

use std::collections::BTreeMap;

use quaywatch_domain::event::{PartyRole, PortEvent};
use quaywatch_domain::{EventKind, Fact, Id, Text, Timestamp};

use crate::people::is_look_up;
use crate::rules::{driver_badge, look_ups, release_right, unordered_move};
use crate::settings::DAY_MS;
use crate::timeline;
use crate::view::evidence_of;
use crate::{Changes, Engine, Outcome, Sighting, TimelineState, loops};

/// Latest sightings kept.
const MAX_RECENT: usize = 160;

/// Earliest sightings kept of each relation.
const MAX_PER_RELATION: usize = 12;

/// Class of the passages of a truck without container.
pub(crate) const ALONE: &str = "ALONE";

/// Most values of one class of relations; an actor with more is a machine and has no habits.
const MAX_VALUES: usize = 32;

pub(crate) fn apply(engine: &Engine, state: &mut TimelineState, fact: &Fact, now: Timestamp) -> Changes {
    if !engine.rules.people.enabled {
        return Changes::none(Outcome::OutOfScope);
    }
    let Some(sighting) = sighting(engine, fact) else { return Changes::none(Outcome::OutOfScope) };
    state.expires_at = Some(now.plus_millis(engine.rules.people.actor_days * DAY_MS));
    let outcome = timeline::put(&mut state.sightings, sighting);
    if outcome != Outcome::New {
        return Changes::none(outcome);
    }
    prune(state);
    let mut changes = Changes::none(Outcome::New);
    evaluate(engine, state, now, &mut changes);
    changes
}

pub(crate) fn evaluate(engine: &Engine, state: &mut TimelineState, now: Timestamp, changes: &mut Changes) {
    let Some(origin) = state.subject.clone() else { return };
    let rules = &engine.rules;
    let mut wanted = Vec::new();
    state.deadline_at = None;
    if rules.people.enabled {
        let standing: Vec<&Sighting> = state.sightings.iter().filter(|s| !s.retracted).collect();
        look_ups::tell(rules, &origin, &standing, &mut wanted);
        release_right::tell_pins(rules, &origin, &standing, &mut wanted);
        unordered_move::tell_rate(rules, &engine.baselines, &origin, &standing, &mut wanted);
        state.deadline_at = driver_badge::tell(engine, &origin, &standing, now, &mut wanted);
    }
    for (fact, _) in &mut wanted {
        fact.handling = fact.handling.strictest(&rules.people.handling);
        if let Some(indicator) = fact.indicator.as_deref_mut() {
            indicator.handling = indicator.handling.strictest(&rules.people.handling);
            indicator.discreet = true;
        }
    }
    loops::tell(state, wanted, &mut changes.facts, &mut changes.shadowed);
}

/// The sighting that a fact is: a look-up, a PIN attempt, a gate passage, a pass, an announcement of the driver or a move of a
/// yard machine; a retraction of anything.
fn sighting(engine: &Engine, fact: &Fact) -> Option<Sighting> {
    let event = fact.event.as_deref();
    let user =
        |e: &PortEvent| e.actor.as_deref().is_some_and(|a| a.user.as_deref() == Some(&fact.subject.id));
    let driver =
        |e: &PortEvent| e.transport.as_deref().is_some_and(|t| t.driver.as_deref() == Some(&fact.subject.id));
    let passes = |e: &PortEvent| {
        e.kind == EventKind::PassIssued
            || (matches!(e.kind, EventKind::GateIn | EventKind::GateOut) && e.is_actual())
    };
    let client =
        |e: &PortEvent| e.actor.as_deref().is_some_and(|a| a.client.as_deref() == Some(&fact.subject.id));
    let tells = |e: &&PortEvent| {
        (is_look_up(&e.kind) && user(e))
            || (passes(e) && driver(e))
            || (e.kind == EventKind::PinAttempted && (user(e) || client(e)))
            || (e.kind == EventKind::YardMove && e.is_actual() && driver(e))
            || (e.kind == EventKind::PickupAnnounced && driver(e))
    };
    let seen = event.filter(|_| !fact.retracted).filter(tells);
    if seen.is_none() && !fact.retracted {
        return None;
    }
    Some(Sighting {
        fact_id: fact.fact_id.clone(),
        revision: fact.revision,
        retracted: fact.retracted,
        occurred_at: fact.occurred_at,
        received_at: fact.received_at,
        kind: event.map_or(EventKind::Other, |e| e.kind.clone()),
        container: seen.filter(|e| !e.has_doubtful_number()).and_then(PortEvent::container).map(Text::from),
        issuer: None,
        partners: Vec::new(),
        place: None,
        relations: seen.map(|e| relations(engine, e)).unwrap_or_default(),
        handling: fact.handling.clone(),
        evidence: seen.map(|e| evidence_of(fact, e)),
    })
}

fn relations(engine: &Engine, event: &PortEvent) -> Vec<Id> {
    let mut relations = Vec::new();
    let mut add = |class: &str, value: Option<&str>| {
        relations.extend(value.filter(|v| !v.is_empty()).map(|value| [class, "=", value].concat().into()));
    };
    add("TERMINAL", event.terminal());
    if event.kind == EventKind::PinAttempted {
        add("PIN", event.pin.as_ref().map(|pin| pin.outcome.as_str()));
    } else if event.kind == EventKind::YardMove {
        let order = event.documents.as_deref().and_then(|d| d.order.as_deref());
        add("ORDER", Some(if order.is_some() { "YES" } else { "NO" }));
    } else if is_look_up(&event.kind) {
        let actor = event.actor.as_deref();
        add("CLIENT", actor.and_then(|a| a.client.as_deref()));
        add("ROLE", actor.and_then(|a| a.role.as_deref()));
        let hour = engine.rules.calendar.hour(event.terminal(), event.occurred_at);
        add("HOUR", hour.map(|hour| format!("{hour:02}")).as_deref());
        if event.kind == EventKind::RecordExported {
            add("EXPORT", actor.and_then(|a| a.action.as_deref()));
        }
    } else {
        let haulier = event.party(PartyRole::Haulier).and_then(quaywatch_domain::event::Party::key);
        add("HAULIER", haulier.as_deref());
        add(ALONE, Some("YES").filter(|_| event.is_truck_alone()));
    }
    relations
}

/// The value of a class that a sighting has.
pub(crate) fn value<'a>(sighting: &'a Sighting, class: &str) -> Option<&'a str> {
    sighting.relations.iter().find_map(|r| r.strip_prefix(class)?.strip_prefix('='))
}

/// Keeps the latest sightings and the earliest of each relation; what is kept of a set does not depend on arrival.
fn prune(state: &mut TimelineState) {
    let recent_from = state.sightings.len().saturating_sub(MAX_RECENT);
    if recent_from == 0 {
        return;
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut values: BTreeMap<&str, usize> = BTreeMap::new();
    let mut keep = Vec::with_capacity(state.sightings.len());
    for (n, s) in state.sightings.iter().enumerate() {
        let mut kept = n >= recent_from;
        for relation in &s.relations {
            let class = relation.split_once('=').map_or("", |(class, _)| class);
            let count = seen.entry(relation).or_default();
            if *count == 0 {
                *values.entry(class).or_default() += 1;
            }
            *count += 1;
            kept |= *count <= MAX_PER_RELATION && values.get(class).is_some_and(|n| *n <= MAX_VALUES);
        }
        keep.push(kept);
    }
    let mut keep = keep.into_iter();
    let mut floor = state.floor;
    state.sightings.retain(|s| {
        let kept = keep.next().unwrap_or(true);
        if !kept {
            floor = floor.max(Some(timeline::known_at(s)));
        }
        kept
    });
    state.floor = floor;
}
