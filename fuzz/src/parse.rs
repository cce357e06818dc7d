//! Coverage-guided fuzzing of the parsers: `make fuzz`. `QUAYWATCH_FUZZ` names the format of the feed: `edifact`, `dcsa`,
//! `jsonl`, `csv`, `json`, or `auto`, where the content tells.
//!
//! What must hold for any bytes: no panic; every message ends as events, documents or rejects; no more output than the
//! limits allow; what was given to hide does not come out.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use quaywatch_domain::event::Source;
use quaywatch_domain::{PseudonymKey, Timestamp};
use quaywatch_formats::{Context, FeedSettings, Feeds, MAX_ITEMS, MAX_REJECTS, Parties, parse};

/// Settings that reach every part of the parsers.
fn settings() -> &'static FeedSettings {
    static SETTINGS: OnceLock<FeedSettings> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let format = std::env::var("QUAYWATCH_FUZZ").unwrap_or_else(|_| "auto".to_owned());
        let profile = match format.as_str() {
            "csv" => "profile = \"gate-log\"",
            "json" => "profile = \"release-rights\"",
            _ => "",
        };
        let text = format!(
            "[feeds.fuzz]\nformat = \"{format}\"\ntime_zone = \"Europe/Ljubljana\"\nterminal = \"LUKKP\"\nport = \"SIKOP\"\n{profile}\n"
        );
        let feeds = Feeds::parse(&text).expect("the settings of the fuzzer are right");
        feeds.get("fuzz").cloned().unwrap_or_default()
    })
}

fuzz_target!(|bytes: &[u8]| {
    let key = PseudonymKey::new(*b"a key of the fuzzer").expect("long enough");
    let parties = Parties::default();
    let context = Context {
        feed: "fuzz",
        settings: settings(),
        key: &key,
        parties: &parties,
        received_at: Some(Timestamp::from_millis(1_772_500_000_000)),
        content_type: None,
        source: Source::default(),
    };
    let parsed = parse(bytes, &context);
    let events: usize = parsed.documents.iter().map(|d| d.events.len()).sum();
    assert!(parsed.rejects.len() <= MAX_REJECTS + 1, "too many rejects");
    // Two containers a line at most leave a line of a message that is full.
    assert!(events <= 200 * MAX_ITEMS, "too many events");
    let empty = parsed.documents.is_empty() && parsed.rejects.is_empty();
    assert!(!empty || bytes.len() < 1_000_000, "a large message disappeared");
    for event in parsed.documents.iter().flat_map(|d| &d.events) {
        assert!(!event.event_id.is_empty() && &*event.source.feed == "fuzz", "an event without identity");
    }
});
