//! What rules about people's actions share: their label, which look-ups count, whether somebody has business with a container,
//! and that nothing of people is kept while the module is off: no look-up, no user, device or driver, nothing that their
//! timelines told.
//!
//! Sentences name no user, badge or plate, not even as a pseudonym; the evidence leads there for those who may follow it.

use std::sync::Arc;

use quaywatch_domain::event::Actor;
use quaywatch_domain::identifiers::normalise_reference;
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{EventKind, Fact, PortEvent, Severity, Text};

use crate::settings::SubRule;
use crate::view::{Findings, Seen};
use crate::{Engine, Rules, TimelineState, party};

/// Shortest name that may be found in another.
const MIN_NAME_CHARACTERS: usize = 3;

impl Findings<'_> {
    /// Adds an indicator about somebody's actions: nothing when the module is off, else for its audience alone.
    #[cold]
    pub(crate) fn add_restricted(
        &mut self,
        code: &str,
        sub: &SubRule,
        severity: Severity,
        sentence: String,
        evidence: Vec<Seen<'_>>,
    ) {
        let people = &self.rules.people;
        if !people.enabled {
            return;
        }
        let before = self.found.len();
        self.add_as(code, sub, severity, sentence, evidence, None);
        for found in self.found.iter_mut().skip(before) {
            found.indicator.handling = found.indicator.handling.strictest(&people.handling);
            found.indicator.discreet = true;
        }
    }
}

/// Beginning of the ids of what timelines of people tell.
const TOLD_BY_PEOPLE: &str = "ind/actor/";

/// Takes out of a fact on the timeline of a container what may not be kept; whether the rest may be.
pub(crate) fn may_keep(rules: &Rules, fact: &mut Fact) -> bool {
    if rules.people.enabled {
        return true;
    }
    if is_of_people(fact) {
        return false;
    }
    unname(fact);
    true
}

/// Takes out of a timeline what was kept of people while the module was on.
pub(crate) fn forget(state: &mut TimelineState) {
    state.facts.retain(|fact| !is_of_people(fact));
    state.facts.iter_mut().for_each(unname);
    for sighting in &mut state.sightings {
        sighting.relations.retain(|relation| !relation.starts_with(party::USER));
    }
    if state.subject.as_ref().is_some_and(|s| s.kind == SubjectKind::Actor) {
        *state = TimelineState::default();
    }
}

fn is_of_people(fact: &Fact) -> bool {
    fact.event.as_deref().is_some_and(|e| is_look_up(&e.kind)) || fact.fact_id.starts_with(TOLD_BY_PEOPLE)
}

impl Engine {
    /// Takes out of an event what may not be kept of people, before it becomes facts: each timeline would do so, and copy
    /// it.
    pub fn forget_people(&self, event: &mut Arc<PortEvent>) {
        if !self.rules.people.enabled && names_somebody(event) {
            without_names(Arc::make_mut(event));
        }
    }
}

/// Takes out of a fact what may not be kept of people; what they did stays, and for whom.
fn unname(fact: &mut Fact) {
    if fact.event.as_deref().is_some_and(names_somebody) {
        fact.event = fact.event.take().map(|event| event.changed(without_names));
    }
}

fn names_somebody(event: &PortEvent) -> bool {
    event.actor.as_deref().is_some_and(|a| a.user.is_some() || a.client.is_some())
        || event.transport.as_deref().is_some_and(|t| t.driver.is_some())
}

/// Takes users, devices and drivers out of an event.
fn without_names(event: &mut PortEvent) {
    if let Some(actor) = event.actor.as_deref_mut() {
        (actor.user, actor.client) = (None, None);
    }
    if let Some(transport) = event.transport.as_deref_mut() {
        transport.driver = None;
    }
}

/// Whether the event is a look-up of the container in a computer system.
pub(crate) const fn is_look_up(kind: &EventKind) -> bool {
    matches!(kind, EventKind::RecordViewed | EventKind::RecordListed | EventKind::RecordExported)
}

pub(crate) fn role(actor: &Actor) -> &str {
    actor.role.as_deref().unwrap_or_default()
}

/// Whether look-ups in this role are its daily work: customs, and the roles of the settings, such as help desks and
/// track-and-trace programs.
pub(crate) fn is_exempt(rules: &Rules, role: &str) -> bool {
    let exempt = &rules.rule.look_ups.exempt_roles;
    rules.customs.is_customs(role) || exempt.iter().any(|known| known.eq_ignore_ascii_case(role))
}

/// Who looked the container up, when the look-up counts: in a role that is not exempt, and for no trouble ticket.
pub(crate) fn looked_by<'a>(s: &Seen<'a>, rules: &Rules) -> Option<&'a Actor> {
    let actor = s.event.actor.as_deref().filter(|_| is_look_up(s.kind()))?;
    let has_ticket = s.event.documents.as_deref().is_some_and(|d| d.order.is_some());
    (!has_ticket && !is_exempt(rules, role(actor))).then_some(actor)
}

/// Whether this is a look-up that counts, by an organisation that has no business with the container by what `known` tells
/// of it.
pub(crate) fn is_by_stranger(known: &[Seen<'_>], s: &Seen<'_>, rules: &Rules) -> bool {
    looked_by(s, rules).is_some_and(|actor| has_business(known, actor) == Some(false))
}

/// Whether the user's organisation has business with the container: it is a party of the stay, its carrier or its
/// terminal. `None` when the organisation is not known.
pub(crate) fn has_business(stay: &[Seen<'_>], actor: &Actor) -> Option<bool> {
    let wanted = normalise_reference(actor.organisation.as_deref()?);
    if wanted.is_empty() {
        return None;
    }
    let is = |text: &str| {
        let text = normalise_reference(text);
        text == wanted
            || (wanted.len() >= MIN_NAME_CHARACTERS && text.len() >= MIN_NAME_CHARACTERS && {
                let (short, long) =
                    if text.len() < wanted.len() { (&text, &wanted) } else { (&wanted, &text) };
                long.starts_with(&**short)
            })
    };
    Some(stay.iter().any(|s| {
        let event = s.event;
        let carrier = event.transport.as_deref().and_then(|t| t.carrier.as_deref());
        let parties = event.parties.iter().flat_map(|p| [&p.id, &p.name, &p.canonical]).flatten();
        parties.map(Text::as_str).chain(carrier).chain(event.terminal()).any(is)
    }))
}
