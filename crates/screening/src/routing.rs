//! Whom an event concerns: the subjects to whose timelines it belongs.

use std::sync::Arc;

use quaywatch_domain::event::{Party, PartyRole, SealSource, SharedEvent};
use quaywatch_domain::identifiers::normalise_reference;
use quaywatch_domain::identifiers::seal::run_of;
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{EventKind, Fact, Handling, PortEvent, Subject};

/// Most subjects that one event concerns.
pub const MAX_SUBJECTS_PER_EVENT: usize = 64;

/// The subjects that the event concerns, container first, then by kind and id, each once: container, seals with a
/// comparable number, runs of shippers' seals, parties with a key of whose dealings it tells, what they share, users and
/// drivers, bills of lading, vessel calls of which it tells, the yard where doors open, empty reefers come in or intruders
/// are seen, of empties the port where they were loaded, and the sender of what opens the way out.
#[must_use]
pub fn subjects_of(event: &PortEvent) -> Vec<Subject> {
    let mut subjects = Vec::with_capacity(8);
    let mut add = |kind, id: Option<&str>| {
        if let Some(id) = id.filter(|id| !id.is_empty()) {
            subjects.push(Subject::new(kind, id));
        }
    };
    add(SubjectKind::Container, event.container());
    for seal in &event.seals {
        add(SubjectKind::Seal, seal.normalised.as_deref());
        // A run tells something of shippers that use their own seals.
        if seal.source == SealSource::Shipper && event.party(PartyRole::Shipper).is_some() {
            add(SubjectKind::SealRun, seal.normalised.as_deref().and_then(run_of).as_deref());
        }
    }
    // What is taken back may have said more.
    for party in event.parties.iter().filter(|party| event.retracted || event.tells_of(party)) {
        add(SubjectKind::Party, party.key().as_deref());
    }
    // What consignees share is followed for those of which the register tells since when they exist or who took them over.
    let is_dated = |c: &Party| c.registered_at.is_some() || c.officers_changed_at.is_some();
    if event.party(PartyRole::Consignee).is_some_and(is_dated) {
        let named = event.parties.iter();
        let named = named.filter(|p| matches!(p.role, PartyRole::Consignee | PartyRole::Notify));
        for shared in named.flat_map(Party::shared_keys) {
            add(SubjectKind::Party, Some(&shared));
        }
    }
    add(SubjectKind::Actor, event.actor.as_deref().and_then(|a| a.user.as_deref()));
    if event.kind == EventKind::PinAttempted {
        add(SubjectKind::Actor, event.actor.as_deref().and_then(|a| a.client.as_deref()));
    }
    if let Some(transport) = event.transport.as_deref() {
        add(SubjectKind::Actor, transport.driver.as_deref());
        if event.retracted || event.tells_of_call() {
            for call in event.calls() {
                add(SubjectKind::Call, Some(&call));
            }
        }
    }
    if let Some(documents) = event.documents.as_deref() {
        add(SubjectKind::Bill, documents.bill_of_lading.as_deref().map(normalise_reference).as_deref());
        add(SubjectKind::Bill, documents.transport_document.as_deref().map(normalise_reference).as_deref());
    }
    if matches!(event.kind, EventKind::DoorOpened | EventKind::DoorClosed) {
        add(SubjectKind::Yard, yard_of(event).as_deref());
    }
    add(SubjectKind::Yard, event.depot());
    add(SubjectKind::Sender, event.opening_sender().as_deref());
    if event.is_empty() {
        add(SubjectKind::Origin, event.came_from());
    }
    subjects.sort_unstable();
    subjects.dedup();
    subjects.truncate(MAX_SUBJECTS_PER_EVENT);
    subjects
}

/// The block of the terminal's yard that the event names, or the terminal.
fn yard_of(event: &PortEvent) -> Option<String> {
    let place = event.place.as_deref()?;
    let terminal = place.terminal.as_deref()?;
    let block = place.yard.as_ref().and_then(|yard| yard.block.as_deref()).map(normalise_reference);
    Some(match block.filter(|block| !block.is_empty()) {
        Some(block) => format!("{terminal}:{block}"),
        None => terminal.to_owned(),
    })
}

/// The facts of an event that names no container; there is nothing to remember, so hits are not looked for.
#[must_use]
pub fn facts_without_container(event: &PortEvent) -> Vec<Fact> {
    facts_of_shared(&Arc::new(event.clone()))
}

/// The event as a fact of each subject that it concerns.
pub(crate) fn facts_of_shared(event: &Arc<PortEvent>) -> Vec<Fact> {
    event_facts(event, subjects_of(event)).collect()
}

/// The event as a fact of each of `subjects`.
pub(crate) fn event_facts(event: &Arc<PortEvent>, subjects: Vec<Subject>) -> impl Iterator<Item = Fact> {
    let event = SharedEvent::from(Arc::clone(event));
    subjects.into_iter().map(move |subject| Fact {
        event: Some(event.clone()),
        ..bare_fact(&event, subject, event.retracted)
    })
}

/// Says to `subject` that the event, in its new version, is no longer about it.
pub(crate) fn left_behind_fact(event: &PortEvent, subject: Subject) -> Fact {
    bare_fact(event, subject, true)
}

fn bare_fact(event: &PortEvent, subject: Subject, retracted: bool) -> Fact {
    Fact {
        fact_id: event.event_id.clone(),
        revision: event.revision,
        retracted,
        subject,
        occurred_at: event.occurred_at,
        created_at: event.created_at,
        received_at: event.received_at,
        handling: Handling::port_traffic(),
        event: None,
        hit: None,
        indicator: None,
        feedback: None,
        pointer: None,
        in_hindsight: false,
    }
}
