//! JSON lines: canonical events, one a line, as the contracts describe them.
//!
//! Only `kind`, `occurred_at` and what the kind needs are mandatory. Secrets and personal data arrive in plain in
//! `documents.release_secret`, `transport.truck_plate`, `transport.driver_badge`, `transport.trailer_plate`,
//! `actor.user`, `actor.client` and `parties[].contact`, and leave as pseudonyms; so does `source.sender` where it is a
//! network or mail address. Of `source` that name alone is the sender's to say.
//!
//! A passage of the gate needs a container, unless `transport.without_container` says that the truck had none.

use std::net::{IpAddr, SocketAddr};

use quaywatch_domain::event::{Source, note};
use quaywatch_domain::pseudonym::Kind;
use quaywatch_domain::{DeadLetterCode, EventKind, PortEvent, PseudonymKey, Sha256};
use serde::Deserialize as _;

use crate::charset::{narrow, utf_8};
use crate::draft::{Draft, Fields};
use crate::finish::{finish, flag};
use crate::local_time;
use crate::mapping::{self, mend};
use crate::{Context, MAX_ITEMS, Parsed, Reject};

/// Says of a passage of the gate that the truck had no container; it is no field of the event, where that shows anyway.
const WITHOUT_CONTAINER: &str = "without_container";

/// Name of the format in events.
const FORMAT: &str = "JSONL";

/// Reads each line; a bad one is a reject and the others stand.
pub(crate) fn parse(bytes: &[u8], context: &Context<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut events = Vec::new();
    let text = narrow(bytes);
    let body = text.as_ref();
    let source = source(context, FORMAT);
    // One event may also stand on several lines.
    match serde_json::from_slice(body) {
        Ok(Draft::Fields(object)) => {
            let again = || fields(serde_json::from_slice(body));
            match event(object, &again, &|| Sha256::of(body), context, &source, "/") {
                Ok(event) => events.push(event),
                Err((code, sentence)) => parsed.rejects.push(reject(code, sentence, 1, body)),
            }
        }
        _ => lines(body, context, &source, &mut events, &mut parsed.rejects),
    }
    parsed.push_events(events);
    parsed
}

fn lines(
    body: &[u8],
    context: &Context<'_>,
    source: &Source,
    events: &mut Vec<PortEvent>,
    rejects: &mut Vec<Reject>,
) {
    for (number, line) in body.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).enumerate() {
        if line.is_empty() {
            continue;
        }
        if number >= MAX_ITEMS {
            let sentence = format!("the message has more than {MAX_ITEMS} lines; send it in smaller parts");
            rejects.push(reject(DeadLetterCode::TooManyItems, sentence, number + 1, line));
            break;
        }
        let path = format!("line {}", number + 1);
        let (text, assumed) = utf_8(line);
        let read = match serde_json::from_str(&text) {
            Ok(Draft::Fields(object)) => {
                let again = || fields(serde_json::from_str(&text));
                event(object, &again, &|| Sha256::of(line), context, source, &path).map(|mut event| {
                    if assumed {
                        flag(&mut event, note::CHARSET_ASSUMED);
                    }
                    event
                })
            }
            Ok(_) => Err((DeadLetterCode::MalformedMessage, "the line is JSON but not an object".to_owned())),
            Err(error) => Err((DeadLetterCode::MalformedMessage, syntax(&error))),
        };
        match read {
            Ok(event) => events.push(event),
            Err((code, sentence)) => rejects.push(reject(code, sentence, number + 1, line)),
        }
    }
}

/// The fields that a text was read to before.
fn fields<'a>(read: Result<Draft<'a>, serde_json::Error>) -> Fields<'a> {
    match read {
        Ok(Draft::Fields(fields)) => fields,
        _ => Fields::default(),
    }
}

/// What is wrong with the syntax, without any of the text.
fn syntax(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "the line ends in the middle of a JSON value",
        _ => "the line is not JSON",
    };
    format!("{what} (column {}); send one JSON object a line", error.column())
}

fn reject(code: DeadLetterCode, sentence: String, line: usize, bytes: &[u8]) -> Reject {
    Reject { code, sentence, position: Some(format!("line {line}")), bytes: bytes.to_vec() }
}

type Refused = (DeadLetterCode, String);

/// Where events of a message come from whose format has this name.
pub(crate) fn source(context: &Context<'_>, format: &str) -> Source {
    let mut source = context.source.clone();
    source.format = format.into();
    source
}

/// An event from the fields of a line, identified by its digest unless it says how; `source` is that of its message.
/// `again` gives the same fields, for when they have to be mended.
pub(crate) fn event<'a>(
    mut object: Fields<'a>,
    again: &dyn Fn() -> Fields<'a>,
    digest: &dyn Fn() -> Sha256,
    context: &Context<'_>,
    source: &Source,
    path: &str,
) -> Result<PortEvent, Refused> {
    let (mut notes, said) = prepare(&mut object, context)?;
    fill_in(&mut object, digest);
    let mut event = match PortEvent::deserialize(Draft::Fields(object)) {
        Ok(event) => event,
        Err(_) => {
            let mut object = again();
            prepare(&mut object, context)?;
            notes.extend(mend(&mut object));
            fill_in(&mut object, digest);
            PortEvent::deserialize(Draft::Fields(object)).map_err(|error| {
                (DeadLetterCode::BadField, format!("a field cannot be read: {}", masked(&error)))
            })?
        }
    };
    if event.equipment.as_deref().is_some_and(|e| e.number.is_empty()) {
        event.equipment = None;
    }
    if let Some(sentence) = lacks_container(&event, said.without_container) {
        return Err((DeadLetterCode::NoSubject, sentence.to_owned()));
    }
    for party in event.parties.iter_mut().filter(|party| party.id.is_some() && party.id_scheme.is_none()) {
        party.id_scheme = Some("LOCAL".into());
    }
    event.event_id = [context.feed, "/", &event.event_id].concat().into();
    event.source = source.at(path);
    if event.source.sender.as_deref() != said.sender.as_deref() {
        event.source.sender = said.sender.map(Into::into);
    }
    for note in notes {
        flag(&mut event, note);
    }
    let offline = context.received_at.is_none().then_some(event.received_at);
    let mut event = finish(event, context);
    if let Some(received_at) = offline {
        event.received_at = received_at;
    }
    Ok(event)
}

/// What a line says beside the fields of its event.
#[derive(Default)]
struct Said {
    /// Who sent the message to the system that passes it on.
    sender: Option<String>,
    /// Whether the truck had no container.
    without_container: bool,
}

/// Sees to it that what every event needs is there, reads times, hides secrets and takes away what is for us to say; what
/// was odd, and what else is said.
fn prepare(object: &mut Fields<'_>, context: &Context<'_>) -> Result<(Vec<&'static str>, Said), Refused> {
    let missing = |field: &str| {
        let code = if field == "occurred_at" { DeadLetterCode::NoTime } else { DeadLetterCode::MissingField };
        (code, format!("the event has no {field}; every event needs kind and occurred_at"))
    };
    if object.get("kind").and_then(Draft::text).is_none_or(str::is_empty) {
        return Err(missing("kind"));
    }
    let zone = Some(context.settings.time_zone.as_deref().unwrap_or("UTC"));
    let mut notes = Vec::new();
    for field in ["occurred_at", "created_at", "received_at"] {
        let Some(value) = object.get(field).filter(|v| !matches!(v, Draft::Null | Draft::Time(_))) else {
            continue;
        };
        let read = value.text().and_then(|text| local_time::iso(text, zone));
        let Some((moment, noted)) = read else {
            if field != "occurred_at" {
                object.remove(field);
                notes.push(note::VALUE_UNREADABLE);
                continue;
            }
            let sentence = format!("{field} is not an RFC 3339 time; write it like 2026-03-01T14:05:00Z");
            return Err((DeadLetterCode::NoTime, sentence));
        };
        notes.extend(noted);
        object.insert(field, Draft::Time(moment));
    }
    if !object.has("occurred_at") {
        return Err(missing("occurred_at"));
    }
    register_times(object, zone);
    hide(object, context.key);
    let mut said = Said::default();
    if let Some(Draft::Fields(mut source)) = object.insert("source", Draft::Fields(Fields::default())) {
        said.sender = source.remove("sender").as_ref().and_then(text_of).map(|text| text.trim().to_owned());
    }
    if let Some(transport) = object.section("transport")
        && let Some(value) = transport.remove(WITHOUT_CONTAINER).filter(|value| !value.is_null())
    {
        let read = match value {
            Draft::Flag(flag) => Some(flag),
            other => text_of(&other).and_then(|text| mapping::flag(&text)),
        };
        said.without_container = read.unwrap_or_default();
        notes.extend(read.is_none().then_some(note::VALUE_UNREADABLE));
        if transport.is_empty() {
            object.remove("transport");
        }
    }
    object.remove("notes");
    Ok((notes, said))
}

/// Reads what a register says of parties; what is no time stays for [`mend`].
fn register_times(object: &mut Fields<'_>, zone: Option<&str>) {
    for party in object.list("parties").into_iter().flatten() {
        let Draft::Fields(party) = party else { continue };
        for field in ["registered_at", "officers_changed_at"] {
            let Some(value) = party.get_mut(field) else { continue };
            if let Some((moment, _)) = value.text().and_then(|text| local_time::iso(text, zone)) {
                *value = Draft::Time(moment);
            }
        }
    }
}

/// Fields that every event has and senders may leave out.
fn fill_in(object: &mut Fields<'_>, digest: &dyn Fn() -> Sha256) {
    for field in ["event_id", "revision", "classifier", "received_at"] {
        if object.get(field).is_some_and(|value| !value.is_null()) {
            continue;
        }
        let created_at = object.get("created_at").filter(|value| !value.is_null());
        let value = match field {
            "event_id" => digest().to_string().into(),
            "revision" => Draft::Number(match created_at {
                Some(Draft::Time(created_at)) => created_at.as_millis().into(),
                _ => 0.into(),
            }),
            "classifier" => "ACTUAL".into(),
            _ => created_at.or_else(|| object.get("occurred_at")).cloned().unwrap_or(Draft::Null),
        };
        object.insert(field, value);
    }
}

/// What is wrong with an event that names no container though it tells of one.
fn lacks_container(event: &PortEvent, without_container: bool) -> Option<&'static str> {
    if !needs_container(event) || event.container().is_some() {
        return None;
    }
    let passes = matches!(event.kind, EventKind::GateIn | EventKind::GateOut);
    match (passes, event.is_truck_alone(), without_container) {
        (true, true, true) => None,
        (true, false, true) => Some(
            "it tells of a truck without container, and names neither its plate nor its driver: nobody knows which",
        ),
        (true, true, false) => Some(
            "there is no container number, so nobody knows what it is about; where trucks pass the gate without \
             container, say so in transport.without_container",
        ),
        _ => Some("there is no container number, so nobody knows what it is about"),
    }
}

/// Whether it says nothing without a container; a retraction needs no more than its id.
const fn needs_container(event: &PortEvent) -> bool {
    let moved = matches!(
        event.kind,
        EventKind::GateIn
            | EventKind::GateOut
            | EventKind::Loaded
            | EventKind::Discharged
            | EventKind::YardMove
            | EventKind::PositionReported
            | EventKind::Weighed
            | EventKind::PickedUp
            | EventKind::DroppedOff
    );
    moved && !event.retracted
}

/// The words of serde without the value that they quote: what came and what was expected.
fn masked(error: &serde::de::value::Error) -> String {
    let text = error.to_string();
    let mut plain = String::new();
    for (at, part) in text.split(['`', '"']).enumerate() {
        // What stands between quotes is the sender's, or the name of a field of ours.
        let ours = at % 2 == 0 || mapping_knows(part);
        plain.push_str(if ours { part } else { "…" });
    }
    plain.chars().take(160).collect()
}

fn mapping_knows(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') && mapping::is_part_of_a_field(word)
}

/// Puts pseudonyms in the place of everything that must not be kept in plain.
fn hide(object: &mut Fields<'_>, key: &PseudonymKey) {
    let plain = |section: &mut Fields<'_>, from: &str, to: &'static str, kind: Kind| {
        if let Some(text) = section.remove(from).as_ref().and_then(text_of) {
            section.insert_new(to, pseudonym(key, kind, &text).into());
        }
    };
    if let Some(documents) = object.section("documents") {
        plain(documents, "release_secret", "release", Kind::Release);
    }
    if let Some(transport) = object.section("transport") {
        for (from, to, kind) in [
            ("truck_plate", "truck", Kind::Plate),
            ("driver_badge", "driver", Kind::Badge),
            ("trailer_plate", "trailer", Kind::Plate),
        ] {
            // A sender that writes a plate where a pseudonym belongs must not get it through.
            plain(transport, to, to, kind);
            if transport.has(from) {
                transport.remove(to);
            }
            plain(transport, from, to, kind);
        }
    }
    if let Some(actor) = object.section("actor") {
        plain(actor, "user", "user", Kind::User);
        plain(actor, "client", "client", Kind::Client);
    }
    if let Some(source) = object.section("source")
        && let Some(sender) = source.get_mut("sender")
        && let Some((kind, text)) = text_of(sender).and_then(|text| Some((address(text.trim())?, text)))
    {
        *sender = pseudonym(key, kind, &text).into();
    }
    for party in object.list("parties").into_iter().flatten() {
        if let Draft::Fields(party) = party {
            plain(party, "contact", "contact", Kind::Contact);
        }
    }
}

/// What a sender is known by when it is an address on the network or of mail, which may be somebody's own.
fn address(sender: &str) -> Option<Kind> {
    let on_network = sender.parse::<IpAddr>().is_ok() || sender.parse::<SocketAddr>().is_ok();
    let of_mail = || sender.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.'));
    if on_network { Some(Kind::Client) } else { of_mail().then_some(Kind::Contact) }
}

fn text_of(value: &Draft<'_>) -> Option<String> {
    match value {
        Draft::Number(number) => Some(number.to_string()),
        _ => value.text().filter(|text| !text.trim().is_empty()).map(str::to_owned),
    }
}

/// The pseudonym of a text; one that is a pseudonym already stays.
fn pseudonym(key: &PseudonymKey, kind: Kind, text: &str) -> String {
    let is_pseudonym = text.split_once(':').is_some_and(|(tag, digits)| {
        matches!(tag, "rel" | "plt" | "bdg" | "usr" | "cli" | "ctc")
            && digits.len() == 32
            && digits.bytes().all(|b| b.is_ascii_hexdigit())
    });
    if is_pseudonym { text.to_owned() } else { key.pseudonym(kind, text).into() }
}
