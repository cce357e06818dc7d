//! DCSA Track & Trace 2.2 as a JSON array, and canonical events as JSON lines.

use quaywatch_domain::Timestamp;
use serde_json::{Value, json};

/// An array of DCSA events, each with the time at which its sender created it.
pub(crate) fn dcsa(events: &[(Timestamp, &Value)]) -> Vec<u8> {
    let events: Vec<Value> = events
        .iter()
        .map(|(told, event)| {
            let mut event = (*event).clone();
            extend(&mut event, json!({"eventCreatedDateTime": told}));
            event
        })
        .collect();
    serde_json::to_vec_pretty(&events).unwrap_or_default()
}

/// Events of DCSA Track & Trace 3.0, each with the time of its update, as an array.
pub(crate) fn dcsa_3(events: &[(Timestamp, &Value)]) -> Vec<u8> {
    stamped(events, "eventUpdatedDateTime")
}

/// Notifications of a release platform, each with the time at which it was sent, as an array.
pub(crate) fn notifications(events: &[(Timestamp, &Value)]) -> Vec<u8> {
    stamped(events, "sentAt")
}

fn stamped(events: &[(Timestamp, &Value)], field: &str) -> Vec<u8> {
    let events: Vec<Value> = events
        .iter()
        .map(|(told, event)| {
            let mut event = (*event).clone();
            extend(&mut event, json!({(field): told}));
            event
        })
        .collect();
    serde_json::to_vec(&events).unwrap_or_default()
}

/// One event a line.
pub(crate) fn lines(events: &[(Timestamp, &Value)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (told, event) in events {
        let mut event = (*event).clone();
        // A forger's clock may say otherwise.
        if event.get("created_at").is_none() {
            extend(&mut event, json!({"created_at": told}));
        }
        bytes.extend(event.to_string().into_bytes());
        bytes.push(b'\n');
    }
    bytes
}

/// Puts the fields of one object into another, in place of those of the same name.
pub(crate) fn extend(value: &mut Value, parts: Value) {
    if let (Value::Object(value), Value::Object(parts)) = (value, parts) {
        value.extend(parts);
    }
}
