//! DCSA Track & Trace: JSON events of the editions that carriers send.
//!
//! Three incompatible forms call themselves 3.0, so the edition of each event is told by its field names and never by a
//! header: 2.2 (`eventType`, flat), 3.0 of January 2026 (`eventClassification.eventTypeCode`, short codes), 3.0 of May 2026
//! (`eventClassification.eventType`, full words). The draft of 2023 (`metadata`, `payload`) is refused with a sentence.
//!
//! | question | file |
//! | --- | --- |
//! | how is a 2.2 event read? | `v2.rs` |
//! | how is a 3.0 event read, overridden, retracted? | `v3.rs` |
//! | what do the codes mean? | `codes.rs` |
//! | what is left of a message that is broken? | `elements.rs` |
//! | what is a sender of `POST /events` told? | `feedback.rs` |

mod codes;
mod elements;
mod feedback;
mod parts;
mod v2;
mod v3;

use quaywatch_domain::event::note;
use quaywatch_domain::{DeadLetterCode, PortEvent};
use serde::de::{Deserializer as _, IgnoredAny, SeqAccess, Visitor};
use serde_json_borrow::Value;

use parts::Fields as _;

use crate::charset::utf_8;
use crate::finish::flag;
use crate::{Context, MAX_ITEMS, Parsed, Reject};

pub use feedback::{FeedbackElement, Severity, feedback};

/// Whether JSON looks like DCSA events rather than canonical ones.
pub(crate) fn is_likely(text: &[u8]) -> bool {
    let head = String::from_utf8_lossy(text.get(..text.len().min(4096)).unwrap_or_default());
    [
        "\"eventTypeCode\"",
        "EventTypeCode\"",
        "\"eventClassification\"",
        "\"eventRouting\"",
        "\"eventClassifierCode\"",
        "\"eventUpdatedDateTime\"",
        "\"isRetracted\"",
    ]
    .iter()
    .any(|key| head.contains(key))
        || (head.contains("\"eventType\"") && head.contains("\"eventDateTime\""))
}

/// Reads an event, an array of them, or `{"events": [...]}`.
pub(crate) fn parse(bytes: &[u8], context: &Context<'_>) -> Parsed {
    let (text, assumed) = utf_8(bytes);
    let read = if text.trim_start().starts_with('[') {
        read_array(&text, bytes, context)
    } else {
        serde_json::from_str(&text).map(|document| read(&document, bytes, context))
    };
    let mut parsed = read.unwrap_or_else(|error| read_broken(text.as_bytes(), &error, bytes, context));
    if assumed {
        let events = parsed.documents.iter_mut().flat_map(|d| &mut d.events);
        events.for_each(|event| flag(event, note::CHARSET_ASSUMED));
    }
    parsed
}

/// Reads an array event by event, so that no more than one of them is in memory as JSON.
fn read_array(text: &str, bytes: &[u8], context: &Context<'_>) -> Result<Parsed, serde_json::Error> {
    let mut reader = Reader { context, parsed: Parsed::default(), events: Vec::new() };
    let mut json = serde_json::Deserializer::from_str(text);
    let items = json.deserialize_seq(Elements(&mut reader))?;
    json.end()?;
    Ok(if items > MAX_ITEMS { too_many(items, bytes) } else { reader.done() })
}

/// Hands the elements of an array to a reader; their number.
struct Elements<'r, 'c>(&'r mut Reader<'c>);

impl<'de> Visitor<'de> for Elements<'_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<usize, A::Error> {
        let mut items = 0;
        while items < MAX_ITEMS
            && let Some(item) = elements.next_element::<Value<'de>>()?
        {
            self.0.item(items, &item);
            items += 1;
        }
        while items >= MAX_ITEMS && elements.next_element::<IgnoredAny>()?.is_some() {
            items += 1;
        }
        Ok(items)
    }
}

fn read(document: &Value<'_>, bytes: &[u8], context: &Context<'_>) -> Parsed {
    let items = match document {
        Value::Array(items) => items,
        Value::Object(_) => match document.field("events").and_then(Value::as_array) {
            Some(items) => items,
            None => std::slice::from_ref(document),
        },
        _ => {
            let sentence = "the message is JSON but neither an event nor an array of events";
            return Parsed::rejected(DeadLetterCode::MalformedMessage, sentence, bytes);
        }
    };
    if items.len() > MAX_ITEMS {
        return too_many(items.len(), bytes);
    }
    let mut reader = Reader { context, parsed: Parsed::default(), events: Vec::new() };
    for (at, item) in items.iter().enumerate() {
        reader.item(at, item);
    }
    reader.done()
}

/// Reads what can be read of a message that is not JSON as a whole, and says what cannot.
fn read_broken(text: &[u8], error: &serde_json::Error, bytes: &[u8], context: &Context<'_>) -> Parsed {
    let items = elements::split(text);
    if items.len() > MAX_ITEMS {
        return too_many(items.len(), bytes);
    }
    let whole = Parsed::rejected(DeadLetterCode::MalformedMessage, syntax("message", error), bytes);
    let mut reader = Reader { context, parsed: Parsed::default(), events: Vec::new() };
    let mut broken = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        match serde_json::from_slice(item) {
            Ok(value) => reader.item(at, &value),
            Err(error) => broken.push((at, item, error)),
        }
    }
    if reader.events.is_empty() && reader.parsed.documents.is_empty() {
        return whole;
    }
    if broken.is_empty() {
        reader.parsed.rejects.extend(whole.rejects);
    }
    for (at, item, error) in broken {
        let sentence = syntax("event", &error);
        reader.parsed.rejects.push(Reject {
            code: DeadLetterCode::MalformedMessage,
            sentence,
            position: Some(format!("/{at}")),
            bytes: item.to_vec(),
        });
    }
    reader.done()
}

/// What is wrong with the syntax, without any of the text.
fn syntax(what: &str, error: &serde_json::Error) -> String {
    let why = match error.classify() {
        serde_json::error::Category::Eof => "it ends in the middle: it was cut off on the way",
        _ => "check what the sender writes",
    };
    format!("the {what} is not JSON (line {}, column {}); {why}", error.line(), error.column())
}

fn too_many(items: usize, bytes: &[u8]) -> Parsed {
    let sentence = format!("the message has {items} events and the limit is {MAX_ITEMS}");
    Parsed::rejected(DeadLetterCode::TooManyItems, sentence, bytes)
}

struct Reader<'a> {
    context: &'a Context<'a>,
    parsed: Parsed,
    events: Vec<PortEvent>,
}

impl Reader<'_> {
    fn item(&mut self, at: usize, item: &Value) {
        let (path, context) = (format!("/{at}"), self.context);
        let read = match edition(item) {
            Edition::Two => v2::read(item, context, &path).map(|read| self.events.extend(read)),
            Edition::Three(dialect) => {
                v3::read(item, dialect, context, &path).map(|document| self.parsed.documents.push(document))
            }
            Edition::Draft => Err((
                DeadLetterCode::UnsupportedMessage,
                "the event has the form of the Track & Trace 3.0 draft of 2023 (metadata, payload), which is not read; \
                 send 2.2 or 3.0"
                    .to_owned(),
            )),
        };
        if let Err((code, sentence)) = read {
            let bytes = serde_json::to_vec(item).unwrap_or_default();
            self.parsed.rejects.push(Reject { code, sentence, position: Some(path), bytes });
        }
    }

    fn done(mut self) -> Parsed {
        self.parsed.push_events(self.events);
        self.parsed
    }
}

enum Edition {
    Two,
    Three(v3::Dialect),
    Draft,
}

fn edition(item: &Value) -> Edition {
    let has = |field| item.field(field).is_some();
    if has("metadata") && has("payload") {
        return Edition::Draft;
    }
    if !["eventClassification", "eventRouting", "eventUpdatedDateTime", "isRetracted"].into_iter().any(has) {
        return Edition::Two;
    }
    let words = item.field("eventClassification").is_some_and(|c| c.field("eventType").is_some())
        || item.field("eventRouting").is_some_and(|r| r.field("originatingParties").is_some());
    Edition::Three(if words { v3::Dialect::Words } else { v3::Dialect::Codes })
}
