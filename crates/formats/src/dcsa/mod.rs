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
//! | what do the codes of 3.0 mean? | `codes.rs` |
//! | what is a sender of `POST /events` told? | `feedback.rs` |

mod codes;
mod feedback;
mod parts;
mod v2;
mod v3;

use quaywatch_domain::DeadLetterCode;
use serde_json::Value;

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
    ]
    .iter()
    .any(|key| head.contains(key))
        || (head.contains("\"eventType\"") && head.contains("\"eventDateTime\""))
}

/// Reads an event, an array of them, or `{"events": [...]}`.
pub(crate) fn parse(bytes: &[u8], context: &Context<'_>) -> Parsed {
    let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let items = match serde_json::from_slice(body) {
        Ok(Value::Array(items)) => items,
        Ok(Value::Object(mut object)) => match object.remove("events") {
            Some(Value::Array(items)) => items,
            _ => vec![Value::Object(object)],
        },
        Ok(_) => {
            let sentence = "the message is JSON but neither an event nor an array of events";
            return Parsed::rejected(DeadLetterCode::MalformedMessage, sentence, bytes);
        }
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            let sentence = format!("the message is not JSON ({place}); it may have been cut off on the way");
            return Parsed::rejected(DeadLetterCode::MalformedMessage, sentence, bytes);
        }
    };
    if items.len() > MAX_ITEMS {
        let sentence = format!("the message has {} events and the limit is {MAX_ITEMS}", items.len());
        return Parsed::rejected(DeadLetterCode::TooManyItems, sentence, bytes);
    }
    let mut parsed = Parsed::default();
    let mut events = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let path = format!("/{at}");
        let read = match edition(item) {
            Edition::Two => v2::read(item, context, &path).map(|read| events.extend(read)),
            Edition::Three(dialect) => {
                v3::read(item, dialect, context, &path).map(|document| parsed.documents.push(document))
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
            parsed.rejects.push(Reject { code, sentence, position: Some(path), bytes });
        }
    }
    parsed.push_events(events);
    parsed
}

enum Edition {
    Two,
    Three(v3::Dialect),
    Draft,
}

fn edition(item: &Value) -> Edition {
    let has = |field| item.get(field).is_some();
    if has("metadata") && has("payload") {
        return Edition::Draft;
    }
    if !["eventClassification", "eventRouting", "eventUpdatedDateTime", "isRetracted"].into_iter().any(has) {
        return Edition::Two;
    }
    let words = item.get("eventClassification").is_some_and(|c| c.get("eventType").is_some())
        || item.get("eventRouting").is_some_and(|r| r.get("originatingParties").is_some());
    Edition::Three(if words { v3::Dialect::Words } else { v3::Dialect::Codes })
}
