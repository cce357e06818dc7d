//! The messages of the day, read as the pipeline reads them.

#![expect(clippy::expect_used, reason = "a failed step fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quaywatch_domain::event::{Party, PartyRole, SourceMessage, Stored};
use quaywatch_domain::{EventKind, Id, PortEvent, PseudonymKey, Sha256, Text, Timestamp};
use quaywatch_formats::document::{self, DocumentState};
use quaywatch_formats::{Context, Feeds, Parsed, Parties, parse};
use quaywatch_simulator::{Day, Message, Options, simulate};

fn day(seed: u64) -> Day {
    // 2026-03-02T00:00:00Z
    simulate(&Options { containers: 400, ..Options::day(seed, Timestamp::from_millis(1_772_409_600_000)) })
}

fn read(message: &Message, feeds: &Feeds, parties: &Parties) -> Parsed {
    let context = Context {
        feed: &message.feed,
        settings: feeds.get(&message.feed).expect("every feed has settings"),
        parties,
        key: &PseudonymKey::new(*b"a key of the test only").expect("long enough"),
        received_at: Some(message.at),
        content_type: Some(message.content_type),
        source: SourceMessage {
            feed: message.feed.as_str().into(),
            stored: Arc::new(Stored {
                topic: "port.raw".into(),
                sha256: Sha256::of(&message.bytes),
                ..Stored::default()
            }),
            ..SourceMessage::default()
        }
        .into(),
    };
    parse(&message.bytes, &context)
}

/// The events that stand at the end of the day, by id.
fn final_events(day: &Day) -> Vec<PortEvent> {
    let feeds = Feeds::parse(&day.feeds_toml).expect("feeds.toml is in order");
    let parties = Parties::parse(&day.parties_csv).expect("parties.csv is in order");
    let mut documents: BTreeMap<(String, String), DocumentState> = BTreeMap::new();
    let mut events: BTreeMap<Id, PortEvent> = BTreeMap::new();
    for message in &day.messages {
        for document in read(message, &feeds, &parties).documents {
            let emitted = match document.id.clone() {
                None => document.events,
                Some(id) => {
                    let key = (message.feed.clone(), id);
                    let applied = document::apply(documents.get(&key), document);
                    documents.insert(key, applied.state);
                    applied.emit
                }
            };
            for event in emitted {
                let known = events.get(&event.event_id).map_or(i64::MIN, |e| e.revision);
                if event.revision >= known {
                    events.insert(event.event_id.clone(), event);
                }
            }
        }
    }
    let mut events: Vec<PortEvent> = events.into_values().filter(|e| !e.retracted && e.is_actual()).collect();
    events.sort_by(|a, b| (a.occurred_at, &a.event_id).cmp(&(b.occurred_at, &b.event_id)));
    events
}

fn subjects(day: &Day, code: &str) -> BTreeSet<String> {
    let with_code = day.truth.iter().filter(|truth| truth.codes.iter().any(|c| c == code));
    with_code.filter_map(|truth| truth.subject.strip_prefix("container/")).map(str::to_owned).collect()
}

#[test]
fn every_message_is_read_whole_and_every_piece_of_garbage_is_not() {
    for seed in 1..=3 {
        let day = day(seed);
        let feeds = Feeds::parse(&day.feeds_toml).unwrap();
        for message in &day.messages {
            assert_eq!(feeds.claim(&message.file_name), message.feed);
            let parsed = read(message, &feeds, &Parties::default());
            let text = String::from_utf8_lossy(&message.bytes);
            if message.garbage {
                assert!(!parsed.rejects.is_empty(), "{} was read: {text}", message.file_name);
            } else {
                assert_eq!(parsed.rejects, [], "{}: {text}", message.file_name);
                assert!(
                    parsed.documents.iter().any(|d| !d.events.is_empty()),
                    "{}: {text}",
                    message.file_name
                );
            }
        }
    }
}

#[test]
fn messages_use_no_code_and_no_form_that_a_reader_would_have_to_guess() {
    let expected = ["CHECK_DIGIT_WRONG", "COUNT_MISMATCH", "LOCAL_TIME_ASSUMED", "SEAL_PLACEHOLDER"];
    let day = day(4);
    let feeds = Feeds::parse(&day.feeds_toml).unwrap();
    for message in day.messages.iter().filter(|m| !m.garbage) {
        for event in read(message, &feeds, &Parties::default()).documents.iter().flat_map(|d| &d.events) {
            for note in &event.notes {
                assert!(expected.contains(&&**note), "{note} in {}", message.file_name);
            }
            // Of the carriers' shipment events only those of bookings have a kind of their own.
            let shipment = event.container().is_none() && message.feed.starts_with("carrier-");
            assert!(event.kind != EventKind::Other || shipment, "{}", message.file_name);
            assert!(
                !matches!(&event.kind, EventKind::Unknown(word) if word.as_str() != "dropoff_announced"),
                "{:?} in {}",
                event.kind,
                message.file_name
            );
        }
    }
}

#[test]
fn typing_errors_are_all_corrected_by_the_end() {
    for seed in 1..=3 {
        let events = final_events(&day(seed));
        // What a camera misread stays so, beside the number that it should have read.
        let typed = |e: &&PortEvent| e.equipment.as_deref().is_some_and(|q| q.read_by_camera != Some(true));
        let wrong: Vec<_> = events
            .iter()
            .filter(typed)
            .filter(|e| e.notes.iter().any(|n| n == "CHECK_DIGIT_WRONG"))
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

#[test]
fn only_the_twins_share_a_seal() {
    for seed in 1..=3 {
        let day = day(seed);
        let mut boxes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for event in final_events(&day) {
            for seal in event.seals.iter().filter_map(|seal| seal.normalised.as_deref()) {
                boxes.entry(seal.to_owned()).or_default().extend(event.container().map(str::to_owned));
            }
        }
        let shared: BTreeSet<String> = boxes.into_values().filter(|b| b.len() > 1).flatten().collect();
        assert_eq!(shared, subjects(&day, "MO-04a"));
    }
}

#[test]
fn only_in_the_stories_somebody_without_the_release_collects() {
    for seed in 1..=3 {
        let day = day(seed);
        let mut holders: BTreeMap<Text, Party> = BTreeMap::new();
        let mut strangers = BTreeSet::new();
        let mut compared = 0;
        for event in final_events(&day) {
            let Some(release) = event.documents.as_deref().and_then(|d| d.release.clone()) else { continue };
            match event.kind {
                EventKind::ReleaseAccepted => {
                    holders.insert(release, event.party(PartyRole::ReleaseTo).unwrap().clone());
                }
                EventKind::GateOut => {
                    let holder = holders.get(&release).expect("collected after the release was accepted");
                    let haulier = event.party(PartyRole::Haulier).expect("the gate names the haulier");
                    let id = |party: &Party| party.canonical.clone().or_else(|| party.key());
                    if let (Some(holder), Some(haulier)) = (id(holder), id(haulier)) {
                        compared += 1;
                        if holder != haulier {
                            strangers.extend(event.container().map(str::to_owned));
                        }
                    }
                    assert!(event.transport.as_deref().is_some_and(|t| t.truck.is_some()));
                }
                _ => {}
            }
        }
        assert!(compared > 100, "{compared} gate-outs could be compared");
        assert_eq!(strangers, subjects(&day, "MO-01a"));
    }
}

#[test]
fn no_secret_or_plate_survives_the_reading() {
    let day = day(2);
    let events = final_events(&day);
    assert!(events.iter().any(|e| e.transport.as_deref().is_some_and(|t| t.truck.is_some())));
    let text = serde_json::to_string(&events).unwrap();
    let words: BTreeSet<&str> = text.split('"').collect();
    let mut plain = 0;
    for message in day.messages.iter().filter(|m| m.feed == "release-platform" && !m.garbage) {
        for line in String::from_utf8_lossy(&message.bytes).lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            for pointer in ["/documents/release_secret", "/transport/truck_plate", "/transport/driver_badge"]
            {
                if let Some(secret) = line.pointer(pointer).and_then(|v| v.as_str()) {
                    plain += 1;
                    assert!(!words.contains(secret), "{pointer} of {}", message.file_name);
                }
            }
        }
    }
    assert!(plain > 1_000);
}
