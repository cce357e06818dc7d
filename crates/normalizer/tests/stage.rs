//! The normalizer's step, without Kafka: every message has one outcome, and nothing of it disappears.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use quaywatch_codec::Codec;
use quaywatch_domain::{PortEvent, PseudonymKey, RawMessage, Sha256, Timestamp};
use quaywatch_formats::Feeds;
use quaywatch_kafka::{Harness, NewRecord, Outcome, Record};
use quaywatch_normalizer::{Normalizer, OUTAGES, RAW, Setup};

struct World {
    harness: Harness<Normalizer>,
    codec: Codec,
    offset: i64,
}

impl World {
    fn new() -> Self {
        let codec = Codec::embedded();
        let feeds = Arc::new(Feeds::parse("[feeds.gate]\nterminal = \"LUKKP\"\nport = \"SIKOP\"\n").unwrap());
        let setup = Setup {
            codec: codec.clone(),
            feeds: Arc::new(move || Arc::clone(&feeds)),
            parties: Arc::new(Arc::default),
            key: PseudonymKey::new(*b"a key of sixteen").unwrap(),
            figures: None,
        };
        Self { harness: Harness::new(Normalizer::new(setup), RAW), codec, offset: 0 }
    }

    fn send(&mut self, body: &[u8]) -> (Outcome, Vec<NewRecord>) {
        let raw = RawMessage {
            feed: "gate".into(),
            content_type: None,
            received_at: Timestamp::from_millis(1_772_500_000_000 + self.offset),
            sha256: Sha256::of(body),
            body: body.to_vec(),
            sender: None,
            path: None,
            signature: None,
        };
        let value = self.codec.encode(RAW, &raw).unwrap();
        self.offset += 1;
        self.harness.handle(&Record::new(RAW, 0, self.offset, b"gate", &value), 1_772_500_000_000)
    }

    fn events(&self, sent: &[NewRecord]) -> Vec<PortEvent> {
        let events = sent.iter().filter(|r| r.topic == "port.events");
        events.map(|r| self.codec.decode(r.value.as_deref().unwrap()).unwrap()).collect()
    }
}

fn gate_out(function: &str, time: &str) -> String {
    format!(
        "UNB+UNOC:3+LUKKP+QW+260302:{time}+7'UNH+1+CODECO:D:95B:UN'BGM+36+DOC1+{function}'\
         DTM+137:20260302{time}:203'RFF+TF:4711'EQD+CN+CSQU3054383+45G1:102:5++3+5'DTM+7:202603021000:203'\
         CNT+16:1'UNT+7+1'UNZ+1+7'"
    )
}

#[test]
fn a_document_is_published_known_again_overridden_and_cancelled() {
    let mut world = World::new();
    let (outcome, sent) = world.send(gate_out("9", "1005").as_bytes());
    assert_eq!(outcome, Outcome::Produced);
    let first = world.events(&sent);
    assert_eq!(first.len(), 1);
    assert_eq!(sent[0].key.as_deref(), Some(b"CSQU3054383".as_slice()));
    assert!(!format!("{:?}", sent[0].value).contains("4711"));

    assert_eq!(world.send(gate_out("9", "1005").as_bytes()).0, Outcome::Duplicate);
    let (outcome, sent) = world.send(gate_out("1", "1110").as_bytes());
    assert_eq!(outcome, Outcome::Produced);
    let back = world.events(&sent);
    assert!(
        back[0].retracted && back[0].event_id == first[0].event_id && back[0].revision > first[0].revision
    );
    assert_eq!(world.send(gate_out("5", "1100").as_bytes()).0, Outcome::Superseded);
}

#[test]
fn the_outage_of_a_system_is_told_to_everyone_and_that_of_one_container_is_not() {
    let mut world = World::new();
    let (outcome, sent) = world.send(
        br#"{"event_id":"o1","kind":"system_outage_started","occurred_at":"2026-03-02T08:00:00Z"}
{"event_id":"o2","kind":"system_outage_started","occurred_at":"2026-03-02T08:00:00Z","equipment":{"number":"CSQU3054383"}}"#,
    );
    assert_eq!(outcome, Outcome::Produced);
    assert_eq!(world.events(&sent).len(), 2);
    let told: Vec<_> = sent.iter().filter(|r| r.topic == OUTAGES).collect();
    assert_eq!(told.len(), 1);
    let outage: PortEvent = world.codec.decode(told[0].value.as_deref().unwrap()).unwrap();
    assert_eq!(told[0].key.as_deref(), Some(outage.event_id.as_bytes()));
    assert!(outage.is_system_outage() && outage.event_id.ends_with("o1"));
}

#[test]
fn a_cancelled_line_without_container_still_says_whom_it_concerned() {
    let mut world = World::new();
    let manifest = |function: &str, time: &str| {
        format!(
            "UNB+UNOA:2+MSK+SICUSTOMS+260302:{time}+5'UNH+1+CUSCAR:D:95B:UN'BGM+85+MAN-9+{function}'\
             DTM+137:20260302{time}:203'CNI+1+BL1'NAD+CN+SI12345678901:ZZZ:ZZZ'UNT+6+1'UNZ+1+5'"
        )
    };
    let (_, sent) = world.send(manifest("9", "1000").as_bytes());
    let said = world.events(&sent);
    let (_, sent_back) = world.send(manifest("1", "1100").as_bytes());
    let back = world.events(&sent_back);
    assert_eq!((said.len(), back.len()), (1, 1));
    assert!(back[0].retracted && back[0].revision > said[0].revision, "{back:?}");
    assert_eq!((&back[0].documents, &back[0].parties), (&said[0].documents, &said[0].parties));
    assert_eq!(sent[0].key, sent_back[0].key);
}

#[test]
fn an_event_that_moves_to_another_container_is_taken_back_from_the_former() {
    let mut world = World::new();
    let event = |number: &str, minute: u32| {
        format!(
            r#"{{"events":[{{"eventID":"e1","eventDateTime":"2026-03-02T10:00:00Z","eventUpdatedDateTime":"2026-03-02T10:{minute:02}:00Z",
            "eventClassification":{{"eventType":"EQUIPMENT","eventClassifier":"ACTUAL","equipmentEventType":"GATED_OUT"}},
            "equipmentDetails":{{"equipmentReference":"{number}"}}}}]}}"#
        )
    };
    let (_, sent) = world.send(event("CSQU3054383", 5).as_bytes());
    let wrong = world.events(&sent);
    let (_, sent) = world.send(event("MSKU8845205", 9).as_bytes());
    let right = world.events(&sent);
    let told: Vec<_> = right.iter().map(|e| (e.container().unwrap(), e.retracted)).collect();
    assert_eq!(told, [("CSQU3054383", true), ("MSKU8845205", false)]);
    assert!(right.iter().all(|e| e.event_id == wrong[0].event_id));
    assert!(wrong[0].revision < right[0].revision && right[0].revision < right[1].revision);
    // The former version, late, changes nothing.
    let (_, late) = world.send(event("CSQU3054383", 5).as_bytes());
    assert!(world.events(&late).is_empty());
}

#[test]
fn what_cannot_be_read_is_dead_lettered_and_the_rest_of_the_message_stands() {
    let mut world = World::new();
    let good =
        r#"{"kind":"gate_in","occurred_at":"2026-03-02T08:00:00Z","equipment":{"number":"CSQU3054383"}}"#;
    let (outcome, sent) = world.send(format!("{good}\n{{\"kind\":\n{good}x\n").as_bytes());
    assert_eq!(outcome, Outcome::Produced);
    assert_eq!(world.events(&sent).len(), 1);
    assert_eq!(sent.iter().filter(|r| r.topic == "port.deadletters").count(), 2);

    for garbage in
        [b"<html>502</html>".as_slice(), b"\xFF\xFE\x00", b"", b"UNB+UNOA:1+A+B+260302:1000+1'UNH+1"]
    {
        let (outcome, sent) = world.send(garbage);
        assert!(matches!(outcome, Outcome::DeadLettered { .. }), "{outcome:?}");
        assert!(world.events(&sent).is_empty());
    }
}

#[test]
fn a_value_that_is_no_raw_message_is_dead_lettered() {
    let mut world = World::new();
    for value in [b"noise".as_slice(), b"\xC3\x01\x00\x00", b"\xC3\x01aaaaaaaabbbb", b""] {
        let (outcome, _) = world.harness.handle(&Record::new(RAW, 0, 1, b"gate", value), 0);
        assert!(matches!(outcome, Outcome::DeadLettered { .. }), "{outcome:?}");
    }
}
