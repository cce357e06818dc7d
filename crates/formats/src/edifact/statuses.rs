//! IFTSTA and CUSRES: what somebody says of a consignment. Senders use one document number for all reports on a
//! consignment, so a report is no version of another: its events stand alone, told apart by subject, status and time.

use quaywatch_domain::event::{Classifier, Documents, Equipment, note};
use quaywatch_domain::identifiers::{ContainerNumber, normalise_reference};
use quaywatch_domain::{DeadLetterCode, EventKind, Text};

use super::codes;
use super::layout::{Found, Group};
use super::lines::{begin, beside, equipment_of, heard};
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
    /// Each with what is said of it alone.
    containers: Vec<(Equipment, Said)>,
    at: usize,
}

/// IFTSTA: a statement for each STS, about the containers below it, else those of its consignment.
pub(super) fn reports(reader: &Reader<'_>, message: &Message<'_>, document: &Document, parsed: &mut Parsed) {
    let mut consignment = Said::default();
    let groups = &message.groups;
    if !groups.iter().any(|g| g.group == Group::Status) {
        let sentence = "the message reports no status (STS)".to_owned();
        return reader.reject(parsed, reader.body.clone(), DeadLetterCode::NoSubject, sentence);
    }
    for (at, found) in groups.iter().enumerate() {
        match found.group {
            Group::Consignment => consignment = heard(reader, message, found),
            Group::Status => {
                let Some(sts) = reader.all.get(found.segments.start) else { continue };
                let (kind, code, known) = status_kind(reader.context.settings, &sts);
                let inside: Vec<&Found> =
                    groups.iter().skip(at + 1).take_while(|g| g.depth > found.depth).collect();
                let mut said = heard(reader, message, found);
                let containers = inside.iter().filter_map(|g| container(reader, message, g)).collect();
                for leg in inside.iter().filter(|g| g.group == Group::Leg) {
                    let mut leg = heard(reader, message, leg);
                    leg.times.clear();
                    said.fill(&leg);
                }
                if said.containers.is_empty() {
                    said.containers.clone_from(&consignment.containers);
                }
                said.fill(&consignment);
                let statement = Statement { kind, code, known, said, containers, at: found.segments.start };
                statement.push(reader, message, document, &STATUS_TIMES, found, parsed);
            }
            _ => {}
        }
    }
}

/// Something that a customs answer decides on: the declaration as a whole, one document of it, or one container.
struct Matter<'a> {
    said: Said,
    containers: Vec<(Equipment, Said)>,
    found: &'a Found,
}

/// CUSRES: a statement for each matter that has a processing indicator (GIS 7365) of its own, the first for the whole.
pub(super) fn answers(reader: &Reader<'_>, message: &Message<'_>, document: &Document, parsed: &mut Parsed) {
    let whole = Found { group: Group::Header, depth: 0, segments: reader.body.clone() };
    let mut matters = vec![Matter { said: message.header.clone(), containers: Vec::new(), found: &whole }];
    for found in &message.groups {
        match (found.group, matters.last_mut()) {
            (Group::Consignment, _) => {
                let said = heard(reader, message, found);
                matters.push(Matter { said, containers: Vec::new(), found });
            }
            (Group::Equipment, Some(matter)) => match container(reader, message, found) {
                Some(own) if own.1.indicators.is_empty() => matter.containers.push(own),
                Some((equipment, own)) => {
                    let mut said = own.clone();
                    said.fill(&matter.said);
                    said.seals.clear();
                    said.weights.clear();
                    let at = matters.len() - 1;
                    matters.insert(at, Matter { said, containers: vec![(equipment, own)], found });
                }
                None => {}
            },
            _ => {}
        }
    }
    decide(reader, message, document, matters, parsed);
}

/// Makes statements of the matters.
fn decide(
    reader: &Reader<'_>,
    message: &Message<'_>,
    document: &Document,
    matters: Vec<Matter<'_>>,
    parsed: &mut Parsed,
) {
    let several = matters.len() > 1;
    let others_decide = matters.iter().any(|m| m.found.depth > 0 && !m.said.indicators.is_empty());
    for mut matter in matters {
        let is_whole = matter.found.depth == 0;
        let silent = matter.said.indicators.is_empty();
        // The whole speaks for itself when it decides apart from its parts, or has no parts.
        if is_whole && several && matter.containers.is_empty() && (silent || !others_decide) {
            continue;
        }
        if silent {
            matter.said.indicators.clone_from(&message.header.indicators);
        }
        let (kind, code) = decision(reader.context.settings, &matter.said.indicators);
        matter.said.customs.decision = Some(Text::from(code.as_str())).filter(|code| !code.is_empty());
        let Matter { said, containers, found } = matter;
        let at = if is_whole { reader.body.start } else { found.segments.start };
        let known = kind.is_some();
        let kind = kind.unwrap_or(EventKind::Other);
        let statement = Statement { kind, code, known, said, containers, at };
        statement.push(reader, message, document, &ANSWER_TIMES, found, parsed);
    }
}

/// What indicators decide, and the one that does: a decision says more than an acknowledgement beside it.
fn decision(settings: &FeedSettings, indicators: &[String]) -> (Option<EventKind>, String) {
    let decided = indicators.iter().map(|code| {
        let word = settings.status_codes.get(code).map(|word| EventKind::from_word(word));
        (word.or_else(|| codes::customs_decision(code)), code)
    });
    let best = decided.max_by_key(|(kind, _)| match kind {
        Some(EventKind::Other) => 1,
        Some(_) => 2,
        None => 0,
    });
    best.map_or((None, String::new()), |(kind, code)| (kind, code.clone()))
}

/// The container that a group is about, with what the group says of it.
fn container(reader: &Reader<'_>, message: &Message<'_>, found: &Found) -> Option<(Equipment, Said)> {
    let eqd = reader.all.get(found.segments.start).filter(|_| found.group == Group::Equipment)?;
    let equipment = equipment_of(&eqd)?;
    Some((*equipment, heard(reader, message, found)))
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
        let mut said = self.said;
        said.fill(&message.header);
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
            let named = numbers.filter_map(|n| equipment(n.as_str()).map(|e| (*e, Said::default())));
            containers = named.collect();
        }
        let subject = subject(&said.documents);
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
        let id = |number: &str| {
            let millis = occurred_at.as_millis();
            let feed = reader.context.feed;
            format!("{feed}/{}/{subject}/{number}/{}/{millis}", message.kind, self.code)
        };
        let mut events = Vec::new();
        let only = containers.len() == 1;
        for (equipment, mut own) in containers {
            let mut event = event.clone();
            event.event_id = id(&equipment.number).into();
            event.equipment = Some(Box::new(equipment));
            // Seals and weights beside several containers are of nobody knows which.
            if only {
                beside(&mut own, &said);
            } else {
                own.fill(&said);
            }
            own.put(&mut event);
            events.push(finish(event, reader.context));
        }
        if events.is_empty() {
            event.event_id = id("").into();
            said.put(&mut event);
            events.push(finish(event, reader.context));
        }
        parsed.push_events(events);
    }
}

/// What a statement is about beside containers; one declaration may cover several bills.
fn subject(d: &Documents) -> String {
    let [declaration, bill, booking, order] =
        [&d.customs_declaration, &d.bill_of_lading, &d.booking, &d.order]
            .map(|number| number.as_deref().map(normalise_reference));
    match (declaration, bill) {
        (Some(declaration), Some(bill)) => format!("{declaration}/{bill}"),
        (one, other) => one.or(other).or(booking).or(order).unwrap_or_default().into_owned(),
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
        let mut noted = *noted;
        if qualifier == "137" {
            noted.1.push(note::EVENT_TIME_ASSUMED);
        }
        return Some((qualifier, noted));
    }
    let (moment, notes) = reader.envelope.prepared.as_ref()?;
    let mut notes = *notes;
    notes.push(note::EVENT_TIME_ASSUMED);
    Some(("137", (*moment, notes)))
}
