//! The screener's step, without Kafka: a changed list finds the containers that are already in the port.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use quaywatch_codec::Codec;
use quaywatch_domain::event::{Equipment, Source};
use quaywatch_domain::watchlist::{EntryAction, EntryKind, Value};
use quaywatch_domain::{EventKind, Fact, Handling, PortEvent, Severity, Timestamp, WatchlistEntry};
use quaywatch_kafka::{Harness, NewRecord, Outcome, Record, TableChange};
use quaywatch_screener::{EVENTS, Screener, WATCHLIST};

const NOW: i64 = 1_772_500_000_000;

fn event(number: &str) -> PortEvent {
    let at = Timestamp::from_millis(NOW - 3_600_000);
    PortEvent {
        revision: 1,
        equipment: Some(Box::new(Equipment { number: number.into(), ..Equipment::default() })),
        source: Box::new(Source { feed: "gate".into(), ..Source::default() }),
        ..PortEvent::new(format!("gate/{number}"), EventKind::GateIn, at)
    }
}

fn entry(number: &str) -> WatchlistEntry {
    WatchlistEntry {
        entry_id: "1".into(),
        list_id: "stop".into(),
        list_version: "1".into(),
        kind: EntryKind::Container,
        values: vec![Value { scheme: "CONTAINER".into(), value: number.into() }],
        names: Vec::new(),
        countries: Vec::new(),
        birth_dates: Vec::new(),
        action: EntryAction::Stop,
        severity: Severity::High,
        handling: Handling::port_traffic(),
        owner: Some("police-koper".into()),
        legal_basis: None,
        reason: None,
        source_ref: None,
        valid_from: None,
        valid_to: None,
        review_on: None,
        linked_to: Vec::new(),
        provenance: None,
    }
}

fn facts(codec: &Codec, sent: &[NewRecord]) -> Vec<Fact> {
    sent.iter().map(|r| codec.decode(r.value.as_deref().unwrap()).unwrap()).collect()
}

fn change(codec: &Codec, entry: Option<&WatchlistEntry>, offset: i64) -> TableChange {
    let value = entry.map(|e| codec.encode(WATCHLIST, e).unwrap());
    TableChange { key: b"stop/1".to_vec(), value, partition: 0, offset }
}

#[test]
fn a_new_entry_hits_a_container_in_the_port_and_its_removal_takes_the_hit_back() {
    let codec = Codec::embedded();
    let mut harness = Harness::new(Screener::new(codec.clone()), EVENTS);
    for number in ["CSQU3054383", "APZU4812090"] {
        let value = codec.encode(EVENTS, &event(number)).unwrap();
        let (outcome, sent) = harness.handle(&Record::new(EVENTS, 0, 0, number.as_bytes(), &value), NOW);
        assert_eq!((outcome, facts(&codec, &sent).len()), (Outcome::Produced, 1));
        let (again, sent) = harness.handle(&Record::new(EVENTS, 0, 1, number.as_bytes(), &value), NOW);
        assert_eq!((again, sent.len()), (Outcome::Duplicate, 0));
    }
    let listed = entry("CSQU3054383");
    let raised = facts(&codec, &harness.table(WATCHLIST, &[change(&codec, Some(&listed), 0)], NOW));
    assert_eq!(raised.len(), 1);
    assert_eq!(raised[0].subject.to_string(), "container/CSQU3054383");
    assert!(raised[0].hit.is_some() && !raised[0].retracted);

    let unchanged = harness.table(WATCHLIST, &[change(&codec, Some(&listed), 1)], NOW);
    assert!(unchanged.is_empty());
    let gone = facts(&codec, &harness.table(WATCHLIST, &[change(&codec, None, 2)], NOW + 1_000));
    assert_eq!(gone.len(), 1);
    assert!(
        gone[0].retracted && gone[0].fact_id == raised[0].fact_id && gone[0].revision > raised[0].revision
    );
}

#[test]
fn an_entry_that_expires_takes_its_hit_back_at_its_time() {
    let codec = Codec::embedded();
    let mut harness = Harness::new(Screener::new(codec.clone()), EVENTS);
    let until = Timestamp::from_millis(NOW + 60_000);
    let listed = WatchlistEntry { valid_to: Some(until), ..entry("CSQU3054383") };
    harness.table(WATCHLIST, &[change(&codec, Some(&listed), 0)], NOW);
    let value = codec.encode(EVENTS, &event("CSQU3054383")).unwrap();
    let (_, sent) = harness.handle(&Record::new(EVENTS, 0, 0, b"CSQU3054383", &value), NOW);
    assert_eq!(facts(&codec, &sent).iter().filter(|f| f.hit.is_some()).count(), 1);
    assert_eq!(harness.next_due_ms(), Some(until.as_millis()));
    let gone = facts(&codec, &harness.due(until.as_millis()));
    assert!(gone.len() == 1 && gone[0].retracted);
}
