//! DCSA Track & Trace 2.2 as a JSON array, and canonical events as JSON lines.

use quaywatch_domain::Timestamp;
use serde_json::{Value, json};

/// An array of DCSA events, each with the time at which its sender created it.
pub(crate) fn dcsa(events: &[(Timestamp, &Value)]) -> Vec<u8> {
    let events: Vec<Value> = events
        .iter()
        .map(|(told, event)| {
            let mut event = (*event).clone();
            event["eventCreatedDateTime"] = json!(told);
            event
        })
        .collect();
    serde_json::to_vec_pretty(&events).unwrap_or_default()
}

/// One event a line.
pub(crate) fn lines(events: &[(Timestamp, &Value)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (told, event) in events {
        let mut event = (*event).clone();
        event["created_at"] = json!(told);
        bytes.extend(event.to_string().into_bytes());
        bytes.push(b'\n');
    }
    bytes
}
