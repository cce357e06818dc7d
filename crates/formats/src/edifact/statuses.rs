//! IFTSTA and CUSRES: what somebody says of a consignment. Senders use one document number for all reports on a
//! consignment, so a report is no version of another: its events stand alone, told apart by subject, status and time.

use quaywatch_domain::event::{Classifier, Equipment, note};
use quaywatch_domain::identifiers::ContainerNumber;
use quaywatch_domain::{DeadLetterCode, EventKind};

use super::codes;
use super::layout::{Found, Group};
use super::lines::{begin, equipment_of, heard};
use super::message::{Message, Reader};
use super::said::Said;
use super::tokens::Segment;
use crate::document::{Document, Function};
use crate::finish::{equipment, finish, flag};
use crate::local_time::Noted;
use crate::{FeedSettings, Parsed};

/// Times of a status (DTM 2005), the one that says most first.
const STATUS_TIMES: [&str; 9] = ["334", "7", "203", "178", "186", "136", "132", "133", "137"];
/// Qualifiers of estimates.
const ESTIMATES: [&str; 2] = ["132", "133"];
/// Times of a customs answer.
const ANSWER_TIMES: [&str; 5] = ["148", "58", "7", "9", "137"];

/// One thing that is said of some containers or, when none is named, of the documents.
struct Statement {
    kind: EventKind,
    /// What tells it apart: the code as sent.
    code: String,
    known: bool,
    said: Said,
    containers: Vec<Equipment>,
    at: usize,
}

/// IFTSTA: a statement for each STS, about the containers below it, else those of its consignment.
pub(super) fn reports(reader: &Reader<'_>, message: &Message<'_>, document: &Document, parsed: &mut Parsed) {
    let mut consignment = Said::default();
    let groups = &message.groups;
    for (at, found) in groups.iter().enumerate() {
        match found.group {
            Group::Consignment => consignment = heard(reader, message, found),
            Group::Status => {
                let Some(sts) = reader.all.get(found.segments.start) else { continue };
                let (kind, code, known) = status_kind(reader.context.settings, &sts);
                let inside: Vec<&Found> =
                    groups.iter().skip(at + 1).take_while(|g| g.depth > found.depth).collect();
                let mut said = heard(reader, message, found);
                let containers = listed(reader, message, &inside, &mut said);
                for leg in inside.iter().filter(|g| g.group == Group::Leg) {
                    let mut leg = heard(reader, message, leg);
                    leg.times.clear();
                    said = said.over(&leg);
                }
                if said.containers.is_empty() {
                    said.containers.clone_from(&consignment.containers);
                }
                let said = said.over(&consignment);
                let statement = Statement { kind, code, known, said, containers, at: found.segments.start };
                statement.push(reader, message, document, &STATUS_TIMES, found, parsed);
            }
            _ => {}
        }
    }
}

/// CUSRES: one statement, by its processing indicator (GIS 7365), about the containers that it lists.
pub(super) fn answers(reader: &Reader<'_>, message: &Message<'_>, document: &Document, parsed: &mut Parsed) {
    let mut said = Said::default();
    let inside: Vec<&Found> = message.groups.iter().collect();
    let containers = listed(reader, message, &inside, &mut said);
    said.indicators.extend_from_slice(&message.header.indicators);
    let own = &reader.context.settings.status_codes;
    let decided = said.indicators.iter().map(|code| {
        let word = own.get(code).map(|word| EventKind::from_word(word));
        (word.or_else(|| codes::customs_decision(code)), code)
    });
    // A decision says more than an acknowledgement beside it.
    let best = decided.max_by_key(|(kind, _)| match kind {
        Some(EventKind::Other) => 1,
        Some(_) => 2,
        None => 0,
    });
    let (kind, code) = best.map_or((None, String::new()), |(kind, code)| (kind, code.clone()));
    said.customs.decision = Some(code.clone()).filter(|code| !code.is_empty());
    let known = kind.is_some();
    let whole = Found { group: Group::Header, depth: 0, segments: reader.body.clone() };
    let kind = kind.unwrap_or(EventKind::Other);
    let statement = Statement { kind, code, known, said, containers, at: reader.body.start };
    statement.push(reader, message, document, &ANSWER_TIMES, &whole, parsed);
}

/// The containers (EQD) among some groups; what they say of seals, weights and decisions goes into `said`.
fn listed(reader: &Reader<'_>, message: &Message<'_>, groups: &[&Found], said: &mut Said) -> Vec<Equipment> {
    let mut containers = Vec::new();
    for found in groups.iter().filter(|g| g.group == Group::Equipment) {
        containers.extend(reader.all.get(found.segments.start).as_ref().and_then(equipment_of).map(|e| *e));
        let own = heard(reader, message, found);
        said.seals.extend(own.seals);
        said.weights.extend(own.weights);
        said.indicators.extend(own.indicators);
    }
    // Seals and weights of one container are not those of another.
    if containers.len() > 1 {
        said.seals.clear();
        said.weights.clear();
    }
    containers
}

/// STS: category (9015) and code (4405), in D.95B and D.00B places alike; by the sender's own table.
fn status_kind(settings: &FeedSettings, sts: &Segment<'_>) -> (EventKind, String, bool) {
    let (category, code, text) = (sts.get(1, 0), sts.get(2, 0), sts.get(2, 3));
    let key = [category, code].join(":");
    let own = [key.as_str(), code, text].into_iter().find_map(|key| settings.status_codes.get(key));
    let kind = own.map_or(EventKind::Other, |word| EventKind::from_word(word));
    (kind, key, own.is_some())
}

impl Statement {
    fn push(
        self,
        reader: &Reader<'_>,
        message: &Message<'_>,
        document: &Document,
        times: &[&str],
        found: &Found,
        parsed: &mut Parsed,
    ) {
        let mut said = self.said.over(&message.header);
        if said.containers.is_empty() {
            said.containers.clone_from(&message.header.containers);
        }
        let Some((qualifier, (occurred_at, notes))) = time(&said, message, times, reader) else {
            let sentence = "neither the status nor the message has a time that can be read".to_owned();
            return reader.reject(parsed, found.segments.clone(), DeadLetterCode::NoTime, sentence);
        };
        let mut containers = self.containers;
        if containers.is_empty() {
            let numbers = said.containers.iter().filter_map(|c| ContainerNumber::parse(c));
            containers = numbers.filter_map(|n| equipment(n.as_str()).map(|e| *e)).collect();
        }
        let d = &said.documents;
        let documents = [&d.customs_declaration, &d.bill_of_lading, &d.booking, &d.order];
        let subject = documents.into_iter().find_map(Option::as_deref).unwrap_or_default().to_owned();
        if containers.is_empty() && subject.is_empty() {
            let sentence =
                "the status names neither a container nor a bill, booking or declaration".to_owned();
            return reader.reject(parsed, found.segments.clone(), DeadLetterCode::NoSubject, sentence);
        }
        let mut event = begin(reader, message, document, self.kind, occurred_at, self.at);
        event.retracted = matches!(document.function, Function::Cancel | Function::Delete);
        if ESTIMATES.contains(&qualifier) {
            event.classifier = Classifier::Estimated;
        }
        if !self.known {
            flag(&mut event, note::UNKNOWN_CODE);
        }
        notes.iter().for_each(|n| flag(&mut event, n));
        said.put(&mut event);
        let id = |number: &str| {
            let millis = occurred_at.as_millis();
            let feed = reader.context.feed;
            format!("{feed}/{}/{subject}/{number}/{}/{millis}", message.kind, self.code)
        };
        let mut events = Vec::new();
        if containers.is_empty() {
            event.event_id = id("");
            events.push(finish(event, reader.context));
        } else {
            for container in containers {
                let mut own = event.clone();
                own.event_id = id(&container.number);
                own.equipment = Some(Box::new(container));
                events.push(finish(own, reader.context));
            }
        }
        parsed.push_events(events);
    }
}

/// The time of a statement with its qualifier; that of the message when it has none of its own.
fn time<'t>(
    said: &Said,
    message: &Message<'_>,
    times: &[&'t str],
    reader: &Reader<'_>,
) -> Option<(&'t str, Noted)> {
    if let Some((qualifier, noted)) = said.first_time(times).or_else(|| message.header.first_time(times)) {
        let mut noted = noted.clone();
        if qualifier == "137" {
            noted.1.push(note::EVENT_TIME_ASSUMED);
        }
        return Some((qualifier, noted));
    }
    let (moment, notes) = reader.envelope.prepared.as_ref()?;
    let mut notes = notes.clone();
    notes.push(note::EVENT_TIME_ASSUMED);
    Some(("137", (*moment, notes)))
}
