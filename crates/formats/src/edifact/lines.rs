//! Messages with a line for each container: CODECO, COARRI, COPRAR, COREOR, COPINO, COPARN, COSTCO, COSTOR, BAPLIE, VERMAS.

use quaywatch_domain::event::{Equipment, EquipmentStatus, Laden, PortEvent, note};
use quaywatch_domain::identifiers::normalise_reference;
use quaywatch_domain::{DeadLetterCode, EventKind, Text, Timestamp};

use super::codes;
use super::layout::{Found, Group};
use super::message::{Message, Reader, Refused, number_repeated};
use super::said::Said;
use super::tokens::Segment;
use crate::Parsed;
use crate::document::{Document, Function};
use crate::finish::{equipment, finish, flag};
use crate::local_time::Noted;

/// Times in the order in which they tell when something happened to a container.
const EVENT_TIMES: [&str; 9] = ["7", "203", "WAT", "798", "178", "136", "186", "133", "132"];
/// Those that are expectations.
const EXPECTED: [&str; 2] = ["132", "133"];

/// Reads the lines into the document.
pub(super) fn read(reader: &Reader<'_>, message: &Message<'_>, mut document: Document, parsed: &mut Parsed) {
    let goods = goods(reader, message);
    let count = message.groups.iter().filter(|g| g.group == Group::Equipment).count();
    let only = count == 1;
    document.events.reserve_exact(count);
    let mut cell = None;
    let mut lines = 0;
    for (at, found) in message.groups.iter().enumerate() {
        match found.group {
            Group::Cell => cell = Some(heard(reader, message, found)),
            Group::Equipment => {
                lines += 1;
                let line = Line { reader, message, document: &document, cell: cell.as_ref(), at, found };
                match line.read(&goods, only) {
                    Ok(Some(event)) => document.events.push(event),
                    Ok(None) => {}
                    Err((code, sentence)) => reader.reject(parsed, found.segments.clone(), code, sentence),
                }
            }
            _ => {}
        }
    }
    if lines == 0 && cell.is_none() {
        let only = match names_no_container(message.kind) {
            true => order(reader, message, &document, Said::default(), reader.body.start),
            false => {
                Err((DeadLetterCode::NoSubject, "no line of the message (EQD) names a container".to_owned()))
            }
        };
        match only {
            Ok(event) => document.events.push(event),
            // A cancellation may name nothing but its document.
            Err(_) if document.function == Function::Cancel => {}
            Err((code, sentence)) => reader.reject(parsed, reader.body.clone(), code, sentence),
        }
    }
    number_repeated(&mut document.events);
    if !document.events.is_empty() || document.function == Function::Cancel {
        parsed.documents.push(document);
    }
}

/// Whether orders of this type may leave open which container it will be.
fn names_no_container(message: &str) -> bool {
    matches!(message, "COPARN" | "COREOR" | "COPINO" | "COPRAR" | "COSTOR")
}

/// What a group itself says.
pub(super) fn heard(reader: &Reader<'_>, message: &Message<'_>, found: &Found) -> Said {
    let mut said = Said::default();
    for segment in reader.all.range(found.segments.clone()) {
        said.hear(&segment, message.frame);
    }
    said
}

/// The goods of the message, each with what is said of its consignment.
fn goods(reader: &Reader<'_>, message: &Message<'_>) -> Vec<Said> {
    let (mut consignment, mut goods) = (Said::default(), Vec::new());
    for found in &message.groups {
        match found.group {
            Group::Consignment => consignment = heard(reader, message, found),
            Group::Goods => {
                let mut own = heard(reader, message, found);
                own.fill(&consignment);
                goods.push(own);
            }
            _ => {}
        }
    }
    goods
}

struct Line<'a> {
    reader: &'a Reader<'a>,
    message: &'a Message<'a>,
    document: &'a Document,
    cell: Option<&'a Said>,
    /// Which of the message's groups it is.
    at: usize,
    found: &'a Found,
}

impl Line<'_> {
    /// Reads one line; `None` when it is about a trailer, a chassis or another thing that is not a container.
    fn read(&self, goods: &[Said], only: bool) -> Result<Option<PortEvent>, Refused> {
        let (reader, message) = (self.reader, self.message);
        let Some(eqd) = reader.all.get(self.found.segments.start) else { return Ok(None) };
        if !matches!(eqd.get(1, 0), "CN" | "SW" | "") {
            return Ok(None);
        }
        let mut said = heard(reader, message, self.found);
        let leg = self.legs(&mut said);
        if let Some(cell) = self.cell {
            beside(&mut said, cell);
        }
        let Some(found) = equipment_of(&eqd) else {
            if names_no_container(message.kind) {
                return order(reader, message, self.document, said, self.found.segments.start).map(Some);
            }
            let sentence = "the line (EQD) has no container number, so nobody knows what it is about";
            return Err((DeadLetterCode::NoSubject, sentence.to_owned()));
        };
        let settings = reader.context.settings;
        let export = found.status.map(|s| s == EquipmentStatus::Export);
        let kind = codes::kind_of_status(settings, message.kind, eqd.get(5, 0))
            .unwrap_or_else(|| message.event_kind(&said, export, settings.port.as_deref()));
        let time = event_time(&kind, &said, leg.as_ref(), &message.header, reader.envelope.prepared.as_ref());
        let (occurred_at, notes) = time.ok_or_else(no_time)?;
        let mut event = begin(reader, message, self.document, kind, occurred_at, self.found.segments.start);
        event.event_id = id(reader, self.document, &found.number, &event.kind).into();
        let placed = |g: &&Said| g.holds(&found.number) || (only && g.containers.is_empty());
        for goods in goods.iter().filter(placed) {
            event.cargo.extend(goods.clone().goods());
            said.fill(goods);
        }
        event.equipment = Some(found);
        let is_fill_known = codes::laden(eqd.get(6, 0)) != Some(Laden::Unknown);
        if !codes::is_status(settings, eqd.get(5, 0)) || !is_fill_known {
            flag(&mut event, note::UNKNOWN_CODE);
        }
        said.fill(&message.header);
        said.put(&mut event);
        notes.iter().for_each(|n| flag(&mut event, n));
        Ok(Some(finish(event, reader.context)))
    }

    /// Takes in the legs inside of the line; their times are those of the leg, and returned apart.
    fn legs(&self, said: &mut Said) -> Option<Said> {
        let inside = self.message.groups.iter().skip(self.at + 1).take_while(|g| g.depth > self.found.depth);
        let mut legs = None;
        for found in inside.filter(|g| g.group == Group::Leg) {
            let mut leg = heard(self.reader, self.message, found);
            let times = std::mem::take(&mut leg.times);
            legs.get_or_insert_with(Said::default).times.extend(times);
            beside(said, &leg);
        }
        legs
    }
}

/// Adds what a group says that belongs to the same line.
pub(super) fn beside(said: &mut Said, other: &Said) {
    said.seals.extend_from_slice(&other.seals);
    said.weights.extend_from_slice(&other.weights);
    if said.reefer.setpoint_c.is_none() {
        said.reefer.clone_from(&other.reefer);
    }
    said.goods_of(other);
    said.fill(other);
}

pub(super) fn equipment_of(eqd: &Segment<'_>) -> Option<Box<Equipment>> {
    let mut found = equipment(eqd.get(2, 0))?;
    found.iso_type = eqd.some(3, 0).map(Text::from);
    found.status = codes::status(eqd.get(5, 0));
    found.laden = codes::laden(eqd.get(6, 0));
    found.out_of_service = codes::is_out_of_service(eqd.get(5, 0)).then_some(true);
    Some(found)
}

/// An event of the document, with everything that does not depend on its line.
pub(super) fn begin(
    reader: &Reader<'_>,
    message: &Message<'_>,
    document: &Document,
    kind: EventKind,
    occurred_at: Timestamp,
    at: usize,
) -> PortEvent {
    let mut event = PortEvent::new(String::new(), kind, occurred_at);
    event.revision = document.revision;
    event.created_at = reader.said_at(&message.header);
    event.source = document.source.at(reader.path(at));
    reader.notes.iter().for_each(|n| flag(&mut event, n));
    event
}

/// Identity of an event of a document: the document, what it is about, what happened.
pub(super) fn id(reader: &Reader<'_>, document: &Document, subject: &str, kind: &EventKind) -> String {
    [reader.context.feed, document.id.as_deref().unwrap_or_default(), subject, kind.as_str()].join("/")
}

/// An order that leaves open which container it will be; refused when it names no booking, bill, order or release either.
fn order(
    reader: &Reader<'_>,
    message: &Message<'_>,
    document: &Document,
    mut said: Said,
    at: usize,
) -> Result<PortEvent, Refused> {
    let kind = message.event_kind(&said, None, reader.context.settings.port.as_deref());
    let prepared = reader.envelope.prepared.as_ref();
    let time = event_time(&kind, &said, None, &message.header, prepared);
    let (occurred_at, notes) = time.ok_or_else(no_time)?;
    said.fill(&message.header);
    let d = &said.documents;
    let subject = [&d.booking, &d.bill_of_lading, &d.order, &d.release, &d.transport_document]
        .into_iter()
        .find_map(Option::as_deref);
    let subject = subject.ok_or_else(|| {
        let sentence = "the order names neither a container nor a booking, bill, order or release";
        (DeadLetterCode::NoSubject, sentence.to_owned())
    })?;
    // However it is spelt; a release is a pseudonym and stays as it is.
    let subject = match d.release.as_deref() {
        Some(release) if release == subject => release.to_owned(),
        _ => normalise_reference(subject).into_owned(),
    };
    let mut event = begin(reader, message, document, kind, occurred_at, at);
    event.event_id = id(reader, document, &subject, &event.kind).into();
    said.put(&mut event);
    notes.iter().for_each(|n| flag(&mut event, n));
    Ok(finish(event, reader.context))
}

fn no_time() -> Refused {
    (DeadLetterCode::NoTime, "neither the line nor the message has a time that can be read".to_owned())
}

/// Whether the event is that somebody said so: then it happened when the document was made.
fn is_said(kind: &EventKind) -> bool {
    match kind {
        EventKind::LoadOrdered
        | EventKind::DischargeOrdered
        | EventKind::ReleaseOrder
        | EventKind::PickupAnnounced
        | EventKind::WorkOrdered
        | EventKind::BookingConfirmed
        | EventKind::BookingCancelled
        | EventKind::BookingRolled
        | EventKind::PickupAccepted
        | EventKind::PickupCancelled
        | EventKind::ReleaseIssued
        | EventKind::ReleaseTransferred
        | EventKind::ReleaseAccepted
        | EventKind::ReleaseDeclined
        | EventKind::ReleaseRevoked
        | EventKind::ReleaseBlocked
        | EventKind::StowPosition => true,
        EventKind::Unknown(word) => word.as_str() == codes::DROPOFF_ANNOUNCED,
        _ => false,
    }
}

/// The time of an event: of the document for orders; else of the line, of the header, and as a last resort of the message.
fn event_time(
    kind: &EventKind,
    line: &Said,
    leg: Option<&Said>,
    header: &Said,
    prepared: Option<&Noted>,
) -> Option<Noted> {
    if is_said(kind)
        && let Some(noted) = header.time("137").or(prepared)
    {
        return Some(*noted);
    }
    let own = line
        .first_time(&EVENT_TIMES)
        .or_else(|| leg?.first_time(&["7", "203"]))
        .or_else(|| header.first_time(&["7", "203"]));
    if let Some((qualifier, (moment, notes))) = own {
        let mut notes = *notes;
        if EXPECTED.contains(&qualifier) {
            notes.push(note::EVENT_TIME_ASSUMED);
        }
        return Some((*moment, notes));
    }
    // What is reported has happened by then, whatever the ship is expected to do.
    let said = header.time("137").or(prepared);
    let by_then = |noted: &&Noted| said.is_none_or(|(said, _)| noted.0 <= *said);
    let mut voyage = ["178", "136", "133", "132"].into_iter().filter_map(|qualifier| header.time(qualifier));
    let last = voyage.find(by_then).or(said);
    last.map(|(moment, notes)| {
        let mut notes = *notes;
        notes.push(note::EVENT_TIME_ASSUMED);
        (*moment, notes)
    })
}
