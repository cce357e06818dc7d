//! What holds for every input of DCSA, CSV, JSON and JSON lines: nothing panics, no time is endless, a cut makes no event
//! that was not there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::OnceLock;

use proptest::prelude::*;
use quaywatch_domain::event::Source;
use quaywatch_domain::{PortEvent, PseudonymKey};
use quaywatch_formats::{Context, Feeds, Parsed, Parties, Survey, parse};

const FEEDS: &str = r##"
[feeds.auto]
[feeds.dcsa]
format = "dcsa"
[feeds.jsonl]
format = "jsonl"
[feeds.gate-log]
format = "csv"
profile = "gate-log"
time_zone = "Europe/Ljubljana"
[feeds.access-log]
format = "csv"
profile = "access-log"
[feeds.headless]
format = "csv"
[feeds.headless.mapping]
header = false
decimal = ","
[feeds.headless.mapping.fields]
kind = { value = "weighed" }
occurred_at = { from = "#1", format = ["%d.%m.%Y %H:%M", "epoch_ms"] }
"equipment.number" = "#2"
"weights.0.kg" = { from = "#3", unit = "t" }
[feeds.release-rights]
profile = "release-rights"
format = "json"
[feeds.nested]
format = "json"
[feeds.nested.mapping]
items = "/a/*/b"
[feeds.nested.mapping.fields]
kind = "/kind"
occurred_at = "^/at"
"equipment.number" = "$/box"
"##;

fn feeds() -> &'static Feeds {
    static READ: OnceLock<Feeds> = OnceLock::new();
    READ.get_or_init(|| Feeds::parse(FEEDS).unwrap())
}

fn with<T>(feed: &str, then: impl FnOnce(&Context<'_>) -> T) -> T {
    let feeds = feeds();
    then(&Context {
        feed,
        settings: feeds.get(feed).unwrap(),
        key: &PseudonymKey::new(*b"a key of sixteen").unwrap(),
        parties: &Parties::default(),
        received_at: None,
        content_type: None,
        source: Source::default(),
    })
}

fn read(feed: &str, bytes: &[u8]) -> Parsed {
    with(feed, |context| {
        let _unread = Survey::of(bytes, context);
        parse(bytes, context)
    })
}

fn events(parsed: &Parsed) -> Vec<&PortEvent> {
    parsed.documents.iter().flat_map(|d| &d.events).collect()
}

/// Texts that look like what the parsers look for.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\\",
        "\n",
        "\r\n",
        ";",
        "\t",
        "|",
        "null",
        "NaN",
        "1e999",
        "-0",
        "true",
        "\"events\":",
        "\"eventType\":\"EQUIPMENT\"",
        "\"eventDateTime\":\"2026-03-02T08:00:00Z\"",
        "\"equipmentReference\":\"CSQU3054383\"",
        "\"eventClassification\":{\"eventType\":\"IOT\"}",
        "\"eventID\":\"x\"",
        "\"isRetracted\":true",
        "\"kind\":\"gate_in\"",
        "\"occurred_at\":\"2026-03-02T24:00\"",
        "\"equipment\":{\"number\":\"CSQU3054383\"}",
        "\"seals\":[{\"number\":7}]",
        "\"a\":[{\"b\":[{}]}]",
        "\"pin\":1",
        "Container;Direction;Timestamp;Weight",
        "CSQU3054383;OUT;2026-03-29 02:30;24.880",
        "02.03.2026 24:00",
        "\u{feff}",
        "ü",
    ]);
    let text = prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat().into_bytes());
    prop_oneof![text, prop::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #[test]
    fn no_input_brings_a_reader_down(bytes in pieces()) {
        for feed in feeds().ids() {
            for event in events(&read(feed, &bytes)) {
                prop_assert!(event.event_id.starts_with(feed));
                prop_assert!(event.weights.iter().all(|weight| weight.kg.is_finite()));
            }
        }
    }
}

#[test]
fn a_message_cut_anywhere_tells_nothing_that_the_whole_does_not() {
    for (feed, whole) in [
        ("auto", include_str!("samples/dcsa-2.2-equipment/rich.json")),
        ("auto", include_str!("samples/dcsa-3.0-short/override.json")),
        ("auto", include_str!("samples/dcsa-3.0-words/override.json")),
        ("auto", include_str!("samples/jsonl/rich.ndjson")),
        ("release-rights", include_str!("samples/release-rights/lines.json")),
    ] {
        // Without the blanks, which tell nothing.
        let value = serde_json::from_str::<serde_json::Value>(whole);
        let whole = value.map_or_else(|_| whole.to_owned(), |value| value.to_string());
        let said = read(feed, whole.as_bytes());
        let said: Vec<String> = events(&said).iter().map(|event| said_by(event)).collect();
        for end in 0..whole.len() {
            let cut = read(feed, whole.as_bytes().get(..end).unwrap());
            for event in events(&cut) {
                assert!(said.contains(&said_by(event)), "cut at {end}: {event:?}");
            }
        }
    }
}

fn said_by(event: &PortEvent) -> String {
    let mut event = event.clone();
    event.source = Source::default();
    serde_json::to_string(&event).unwrap()
}
