//! The screener's step, without Kafka: a changed list finds the containers that are already in the port.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{Arc, Mutex};

use quaywatch_codec::Codec;
use quaywatch_domain::blinding::BlindingKey;
use quaywatch_domain::event::{Equipment, Party, PartyRole, SourceMessage};
use quaywatch_domain::watchlist::{EntryAction, EntryKind, Name, NameQuality, Value};
use quaywatch_domain::{EventKind, Fact, Hit, PortEvent, Severity, Timestamp, WatchlistEntry};
use quaywatch_kafka::{Harness, NewRecord, Outcome, Record, TableChange};
use quaywatch_screener::{EVENTS, Screener, WATCHLIST};
use quaywatch_screening::{Exceptions, blind, digest_of};

const NOW: i64 = 1_772_500_000_000;

fn event(number: &str) -> PortEvent {
    let at = Timestamp::from_millis(NOW - 3_600_000);
    PortEvent {
        revision: 1,
        equipment: Some(Box::new(Equipment { number: number.into(), ..Equipment::default() })),
        source: SourceMessage { feed: "gate".into(), ..SourceMessage::default() }.into(),
        ..PortEvent::new(format!("gate/{number}"), EventKind::GateIn, at)
    }
}

fn entry(number: &str) -> WatchlistEntry {
    WatchlistEntry {
        values: vec![Value { scheme: "CONTAINER".into(), value: number.into() }],
        action: EntryAction::Stop,
        severity: Severity::High,
        owner: Some("police-koper".into()),
        ..WatchlistEntry::new("stop", "1", "1", EntryKind::Container)
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
    assert!(raised[0].in_hindsight, "the newer list alone makes it");

    let unchanged = harness.table(WATCHLIST, &[change(&codec, Some(&listed), 1)], NOW);
    assert!(unchanged.is_empty());
    let gone = facts(&codec, &harness.table(WATCHLIST, &[change(&codec, None, 2)], NOW + 1_000));
    assert_eq!(gone.len(), 1);
    assert!(
        gone[0].retracted && gone[0].fact_id == raised[0].fact_id && gone[0].revision > raised[0].revision
    );
}

#[test]
fn an_entry_that_nobody_renews_takes_its_hit_back_on_its_review_date() {
    let codec = Codec::embedded();
    let mut harness = Harness::new(Screener::new(codec.clone()), EVENTS);
    let review = Timestamp::from_millis(NOW + 60_000);
    let valid_to = Some(Timestamp::from_millis(NOW + 90_000));
    let listed = WatchlistEntry { review_on: Some(review), valid_to, ..entry("CSQU3054383") };
    harness.table(WATCHLIST, &[change(&codec, Some(&listed), 0)], NOW);
    let told = facts(&codec, &arrive(&mut harness, &codec, &event("CSQU3054383")));
    assert!(told.iter().any(|fact| fact.hit.is_some() && !fact.in_hindsight), "listed before it came");
    assert!(harness.due(review.as_millis() - 1).is_empty());
    let gone = facts(&codec, &harness.due(review.as_millis()));
    assert!(gone.len() == 1 && gone[0].retracted);
    // A person renews it.
    let renewed = WatchlistEntry { review_on: None, ..listed };
    let again = harness.table(WATCHLIST, &[change(&codec, Some(&renewed), 1)], review.as_millis() + 1);
    assert_eq!(hits(&codec, &again).len(), 1);
}

fn hits(codec: &Codec, sent: &[NewRecord]) -> Vec<Hit> {
    let standing = facts(codec, sent).into_iter().filter(|fact| !fact.retracted);
    standing.filter_map(|fact| fact.hit.map(|hit| *hit)).collect()
}

fn arrive(harness: &mut Harness<Screener>, codec: &Codec, event: &PortEvent) -> Vec<NewRecord> {
    let value = codec.encode(EVENTS, event).unwrap();
    let key = event.container().unwrap().as_bytes();
    harness.handle(&Record::new(EVENTS, 0, event.revision, key, &value), NOW).1
}

fn of_party(number: &str, name: &str) -> PortEvent {
    let party = Party { name: Some(name.into()), ..Party::new(PartyRole::Consignee) };
    PortEvent { parties: vec![party].into(), ..event(number) }
}

#[test]
fn blinded_containers_and_names_are_met_under_every_key_that_is_valid() {
    let codec = Codec::embedded();
    let key = |period: &str, byte: u8| BlindingKey::new(period, [byte; 32]).unwrap();
    let keys = vec![key("2026-Q1", 1), key("2026-Q2", 2)];
    let mut harness = Harness::new(Screener::new(codec.clone()).blinding(keys.clone()), EVENTS);
    let plain = WatchlistEntry {
        kind: EntryKind::Company,
        names: vec![Name { name: "Pier Line, d.o.o.".into(), script: None, quality: NameQuality::Primary }],
        ..entry("CSQU3054383")
    };
    let blinded = |key: &BlindingKey| blind(&plain, key).unwrap();
    let text = format!("{:?}", blinded(&keys[1]));
    assert!(!text.contains("CSQU3054383") && !text.to_lowercase().contains("pier"), "{text}");

    harness.table(WATCHLIST, &[change(&codec, Some(&blinded(&keys[1])), 0)], NOW);
    let by_number = hits(&codec, &arrive(&mut harness, &codec, &event("CSQU3054383")));
    assert_eq!((by_number.len(), by_number[0].scheme.as_str()), (1, "HMAC"));
    assert!(!by_number[0].value.contains("CSQU3054383"));
    let by_name = hits(&codec, &arrive(&mut harness, &codec, &of_party("APZU4812090", "PIER LINE D.O.O.")));
    assert_eq!(by_name.len(), 1);
    assert!(hits(&codec, &arrive(&mut harness, &codec, &event("TEMU0000008"))).is_empty());

    // The next edition is under the other key; one whose key is not known here meets nothing.
    let next = harness.table(WATCHLIST, &[change(&codec, Some(&blinded(&keys[0])), 1)], NOW + 1);
    assert_eq!(hits(&codec, &next).len(), 2, "told anew, as what they rest on has changed");
    let unknown = harness.table(WATCHLIST, &[change(&codec, Some(&blinded(&key("2025-Q4", 3))), 2)], NOW + 2);
    let taken_back = facts(&codec, &unknown);
    assert!(taken_back.len() == 2 && taken_back.iter().all(|fact| fact.retracted));
}

#[test]
fn a_decided_false_positive_is_not_told_until_its_day_or_until_the_entry_changes() {
    let codec = Codec::embedded();
    let latest = Arc::new(Mutex::new(Arc::new(Exceptions::default())));
    let reader = Arc::clone(&latest);
    let stage =
        Screener::new(codec.clone()).exceptions(Arc::new(move || Arc::clone(&reader.lock().unwrap())));
    let mut harness = Harness::new(stage, EVENTS);
    let listed = entry("CSQU3054383");
    harness.table(WATCHLIST, &[change(&codec, Some(&listed), 0)], NOW);
    assert_eq!(hits(&codec, &arrive(&mut harness, &codec, &event("CSQU3054383"))).len(), 1);
    assert!(harness.refresh(NOW + 1).is_empty());

    let until = Timestamp::from_millis(NOW + 60_000);
    let decide = |entry: &WatchlistEntry| {
        let digest = digest_of(entry);
        let text = format!(
            "entry,party,digest,by,at,reason,until\nstop/1,CONTAINER:CSQU3054383,{digest},A. Novak,2026-03-01,a twin,{until}\n"
        );
        *latest.lock().unwrap() = Arc::new(Exceptions::parse(&text).unwrap());
    };
    decide(&listed);
    let gone = facts(&codec, &harness.refresh(NOW + 2));
    assert!(gone.len() == 1 && gone[0].retracted, "the file is read live");
    assert_eq!(latest.lock().unwrap().take_counts().applied, 1);

    let changed = WatchlistEntry { severity: Severity::Critical, ..listed };
    let told = harness.table(WATCHLIST, &[change(&codec, Some(&changed), 1)], NOW + 3);
    assert_eq!(hits(&codec, &told).len(), 1, "the decision was about another entry");
    assert_eq!(latest.lock().unwrap().take_counts().dead, 1);

    decide(&changed);
    assert!(facts(&codec, &harness.refresh(NOW + 4))[0].retracted);
    assert_eq!(harness.next_due_ms(), Some(until.as_millis()));
    assert_eq!(hits(&codec, &harness.due(until.as_millis())).len(), 1, "its time is over");
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

#[test]
fn every_event_is_screened_against_the_version_in_force_while_the_list_is_replaced() {
    const ENTRIES: usize = 40;
    const VERSIONS: usize = 4;
    const EVENTS_A_VERSION: usize = 10;
    let codec = Codec::embedded();
    let mut harness = Harness::new(Screener::new(codec.clone()), EVENTS);
    // Coined words, each unlike all others.
    let word = |at: usize| {
        const PARTS: [&str; 10] = ["bra", "cel", "dov", "fin", "gul", "hep", "jor", "kas", "lim", "nut"];
        format!("{}{}{}", PARTS[at / 100 % 10], PARTS[at / 10 % 10], PARTS[at % 10])
    };
    let name = |at: usize| format!("{} Harbour {} Ltd", word(at), word(at * 7 + 300));
    let edition = |version: usize| -> Vec<TableChange> {
        let changes = (0..ENTRIES).map(|at| {
            let names = vec![Name { name: name(at), script: None, quality: NameQuality::Primary }];
            let entry = WatchlistEntry {
                names,
                ..WatchlistEntry::new("stop", version.to_string(), at.to_string(), EntryKind::Company)
            };
            let value = Some(codec.encode(WATCHLIST, &entry).unwrap());
            let offset = i64::try_from(version * ENTRIES + at).unwrap();
            TableChange { key: entry.key().into_bytes(), value, partition: 0, offset }
        });
        changes.collect()
    };
    harness.table(WATCHLIST, &edition(0), NOW);
    for version in 0..VERSIONS {
        // An edition comes in parts: of each entry the version counts that was read last.
        let changes = edition(version + 1);
        let mut asked = 0;
        for (replaced, part) in [0, ENTRIES / 2].into_iter().zip(changes.chunks(ENTRIES / 2)) {
            for _ in 0..EVENTS_A_VERSION / 2 {
                let at = (version * 37 + asked * 11) % ENTRIES;
                let number = format!("QWTU{:07}", version * EVENTS_A_VERSION + asked);
                let told = hits(&codec, &arrive(&mut harness, &codec, &of_party(&number, &name(at))));
                for hit in &told {
                    let newer = usize::from(hit.entry_id.parse::<usize>().unwrap() < replaced);
                    assert_eq!(hit.list_version, (version + newer).to_string(), "of entry {}", hit.entry_id);
                }
                assert!(told.iter().any(|hit| hit.entry_id == at.to_string()), "{} in {version}", name(at));
                asked += 1;
            }
            harness.table(WATCHLIST, part, NOW);
        }
    }
}
