//! What holds for every input: nothing panics, nothing is made up, no secret gets out, and the versions of a document may
//! come in any order.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quaywatch_domain::event::Source;
use quaywatch_domain::{Id, PortEvent, PseudonymKey, Timestamp};
use quaywatch_formats::document::{DocumentState, apply};
use quaywatch_formats::{Context, FeedSettings, Parsed, Parties, parse};

fn read(bytes: &[u8]) -> Parsed {
    let settings = FeedSettings { time_zone: Some("Europe/Ljubljana".into()), ..FeedSettings::default() };
    let key = PseudonymKey::new(*b"a key of sixteen").unwrap();
    let context = Context {
        feed: "gate",
        settings: &settings,
        key: &key,
        parties: &Parties::default(),
        received_at: Some(Timestamp::from_millis(1_772_500_000_000)),
        content_type: None,
        source: Source::default(),
    };
    parse(bytes, &context)
}

fn events(parsed: &Parsed) -> Vec<&PortEvent> {
    parsed.documents.iter().flat_map(|d| &d.events).collect()
}

/// One CODECO with containers, a secret, a plate and a driver.
fn message(n: usize, function: u8, minute: u32, containers: &[usize]) -> String {
    let mut text = format!(
        "UNH+{n}+CODECO:D:95B:UN'BGM+36+DOC{n}+{function}'DTM+137:2026030210{minute:02}:203'RFF+TF:geheim4711'\
         TDT+1++3+31+H77:172:87:SPEDIT+++KPZZ999:146::JANEZ NOVAK'"
    );
    let mut segments = 6;
    for c in containers {
        text += &format!("EQD+CN+ABCU{c:07}+45G1:102:5++3+5'DTM+7:202603020955:203'SEL+ML{c:06}+CA+1'");
        segments += 3;
    }
    text + &format!("CNT+16:{}'UNT+{}+{n}'", containers.len(), segments + 1)
}

fn interchange(messages: &[String]) -> String {
    let body: String = messages.concat();
    format!("UNA:+.? 'UNB+UNOC:3+LUKKP+QW+260302:1000+77'{body}UNZ+{}+77'", messages.len())
}

/// What an event says, without where it stands in its message.
fn said(event: &PortEvent) -> String {
    let mut event = event.clone();
    event.source = Source::default();
    serde_json::to_string(&event).unwrap()
}

#[test]
fn the_sample_interchange_reads_whole() {
    let text = interchange(&[message(1, 9, 5, &[1, 2]), message(2, 9, 6, &[3])]);
    let parsed = read(text.as_bytes());
    assert!(parsed.rejects.is_empty(), "{:?}", parsed.rejects);
    let events = events(&parsed);
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|e| e.seals.len() == 1 && e.notes.iter().all(|n| n != "COUNT_MISMATCH")));
    assert_eq!(events[0].occurred_at.to_string(), "2026-03-02T08:55:00Z");
}

#[test]
fn secrets_and_people_leave_as_pseudonyms_alone() {
    let edifact = interchange(&[message(1, 9, 5, &[1])]);
    let lines = r#"{"kind":"gate_out","occurred_at":"2026-03-02T10:00:00Z","equipment":{"number":"CSQU3054383"},"documents":{"release_secret":"geheim4711"},"transport":{"truck_plate":"KPZZ999","driver_badge":"JANEZ NOVAK"},"actor":{"user":"JANEZ NOVAK","client":"KPZZ999"}}
{"kind":"gate_out","occurred_at":"never","documents":{"release_secret":"geheim4711"}}
{"kind":"gate_out","occurred_at":"2026-03-02T10:00:00Z","transport":{"truck":"KPZZ999","mode":"geheim"}}
{"kind":"gate_out","occurred_at":"2026-03-02T10:00:00Z","parties":[{"role":"HAULIER","contact":"JANEZ NOVAK"}]}"#;
    for text in [edifact.as_str(), lines] {
        let parsed = read(text.as_bytes());
        let mut out = serde_json::to_string(&events(&parsed)).unwrap();
        out.extend(parsed.rejects.iter().map(|r| r.sentence.clone()));
        for secret in ["geheim4711", "KPZZ999", "JANEZ"] {
            assert!(!out.contains(secret), "{secret} in {out}");
        }
        assert!(out.contains("plt:") && (out.contains("rel:") || out.contains("bdg:")), "{out}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_end_as_events_or_rejects(
        start in prop::sample::select(vec!["", "UNA:+.? '", "UNB+UNOA:1+A+B+260302:1000+1'UNH+1+CODECO:D:95B'", "[", "{", "[{\"eventType\":\"EQUIPMENT\","]),
        noise in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut bytes = start.as_bytes().to_vec();
        bytes.extend(noise);
        let parsed = read(&bytes);
        prop_assert!(!parsed.rejects.is_empty() || !parsed.documents.is_empty() || bytes.iter().all(u8::is_ascii_whitespace));
    }

    #[test]
    fn edifact_like_noise_is_read_without_panic(text in "(UNH|EQD|DTM|SEL|MEA|TDT|LOC|RFF|NAD|BGM|UNT|CNT)([+:?'][A-Z0-9:+.,?' \u{e4}]{0,12}){0,40}") {
        let _ = read(format!("UNB+UNOC:3+A+B+260302:1000+1'UNH+1+COARRI:D:00B:UN'{text}'UNT+3+1'UNZ+1+1'").as_bytes());
    }

    #[test]
    fn an_interchange_cut_at_any_byte_yields_no_event_that_the_whole_does_not(cut in 0usize..700) {
        let text = interchange(&[message(1, 9, 5, &[1, 2]), message(2, 9, 6, &[3])]);
        let whole: BTreeSet<String> = events(&read(text.as_bytes())).into_iter().map(said).collect();
        let part = text.as_bytes().get(..cut.min(text.len())).unwrap();
        for event in events(&read(part)) {
            prop_assert!(whole.contains(&said(event)), "{}", said(event));
        }
    }

    #[test]
    fn the_versions_of_a_document_leave_the_same_lines_in_any_order(
        versions in prop::collection::vec(
            (prop::sample::select(vec![1u8, 2, 3, 4, 5, 9]), 0u32..6, prop::collection::vec(1usize..5, 0..4)), 1..6),
        order in prop::collection::vec(any::<u32>(), 6),
    ) {
        let documents: Vec<_> = versions.iter().flat_map(|(function, minute, containers)| {
            let mut containers = containers.clone();
            containers.sort_unstable();
            containers.dedup();
            read(interchange(&[message(1, *function, *minute, &containers)]).as_bytes()).documents
        }).collect();
        let mut keyed: Vec<_> = order.iter().cycle().zip(&documents).collect();
        keyed.sort_by_key(|(key, _)| **key);
        let shuffled: Vec<_> = keyed.into_iter().map(|(_, d)| d.clone()).collect();
        prop_assert_eq!(standing(documents), standing(shuffled));
    }
}

/// The lines that a reader believes in the end: of each event the highest revision.
fn standing(documents: Vec<quaywatch_formats::Document>) -> BTreeSet<Id> {
    let mut state: Option<DocumentState> = None;
    let mut last: BTreeMap<Id, PortEvent> = BTreeMap::new();
    for document in documents {
        let applied = apply(state.as_ref(), document);
        for event in applied.emit {
            let known = last.get(&event.event_id);
            assert!(known.is_none_or(|k| k.revision < event.revision), "a revision comes twice");
            last.insert(event.event_id.clone(), event);
        }
        state = Some(applied.state);
    }
    last.into_values().filter(|e| !e.retracted).map(|e| e.event_id).collect()
}
