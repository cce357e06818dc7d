//! The detector's step, without Kafka: facts become alerts, absences fire at their time, rubbish is dead-lettered.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use prometheus::Registry;
use quaywatch_codec::{Codec, RegistrySettings};
use quaywatch_detection::{Engine, Rules};
use quaywatch_detector::{ALERTS, BASELINES, Counters, Detector, FACTS, OUTAGES};
use quaywatch_domain::event::{Equipment, Place, SourceMessage, Stored};
use quaywatch_domain::{
    Alert, AlertState, EventKind, Fact, Handling, PortEvent, PublishedBaselines, Subject, Timestamp,
};
use quaywatch_kafka::{Harness, NewRecord, Outcome, Record, TableChange};

const NOW: i64 = 1_772_500_000_000;
const MINUTE: i64 = 60_000;

fn fact(kind: EventKind, minutes_ago: i64, revision: i64, retracted: bool) -> Fact {
    let at = Timestamp::from_millis(NOW - minutes_ago * MINUTE);
    let subject = Subject::container("CSQU3054383");
    let event = PortEvent {
        revision,
        retracted,
        place: Some(Box::new(Place { terminal: Some("LUKKP".into()), ..Place::default() })),
        equipment: Some(Box::new(Equipment {
            number: "CSQU3054383".into(),
            check_digit_ok: Some(true),
            ..Equipment::default()
        })),
        source: SourceMessage {
            feed: "pcs".into(),
            stored: Arc::new(Stored { topic: "port.raw".into(), ..Stored::default() }),
            ..SourceMessage::default()
        }
        .into(),
        ..PortEvent::new(format!("pcs/{kind}"), kind, at)
    };
    Fact {
        fact_id: event.event_id.clone(),
        revision,
        retracted,
        subject,
        occurred_at: at,
        created_at: None,
        received_at: at,
        handling: Handling::port_traffic(),
        event: Some(Arc::new(event).into()),
        hit: None,
        indicator: None,
        feedback: None,
        pointer: None,
        in_hindsight: false,
    }
}

struct World {
    engine: Arc<Mutex<Arc<Engine>>>,
    now: i64,
    codec: Codec,
    harness: Harness<Detector>,
}

impl World {
    fn new() -> Self {
        Self::writing(Codec::embedded())
    }

    /// A world whose detector writes with `writer`.
    fn writing(writer: Codec) -> Self {
        let codec = Codec::embedded();
        let registry = Registry::new();
        let counters = Counters::register(&registry).unwrap();
        let engine = Arc::new(Mutex::new(Arc::new(Engine::new(Rules::default(), "test"))));
        let in_force = Arc::clone(&engine);
        let engines = Arc::new(move || Arc::clone(&in_force.lock().unwrap()));
        Self {
            engine,
            now: NOW,
            harness: Harness::new(Detector::new(writer, engines, counters), FACTS),
            codec,
        }
    }

    fn send(&mut self, fact: &Fact) -> (Outcome, Vec<Alert>) {
        let value = self.codec.encode(FACTS, fact).unwrap();
        let (outcome, sent) =
            self.harness.handle(&Record::new(FACTS, 0, 0, b"container/CSQU3054383", &value), self.now);
        (outcome, self.alerts(&sent))
    }

    /// Lets a container that customs hold leave, and time pass; returns what is raised.
    fn gate_out_without_release(&mut self) -> Vec<Alert> {
        for (kind, ago) in
            [(EventKind::Discharged, 300), (EventKind::CustomsHeld, 200), (EventKind::GateOut, 5)]
        {
            assert_eq!(self.send(&fact(kind, ago, 1, false)).0, Outcome::Produced);
        }
        self.now = self.harness.next_due_ms().unwrap();
        let sent = self.harness.due(self.now);
        self.alerts(&sent)
    }

    fn table(&mut self, table: &str, key: &str, value: Option<Vec<u8>>) -> Vec<Alert> {
        let change = TableChange { key: key.into(), value, partition: 0, offset: 0 };
        let sent = self.harness.table(table, &[change], self.now);
        self.alerts(&sent)
    }

    fn alerts(&self, sent: &[NewRecord]) -> Vec<Alert> {
        let alerts = sent.iter().filter(|r| r.topic == ALERTS);
        alerts.map(|r| self.codec.decode(r.value.as_deref().unwrap()).unwrap()).collect()
    }
}

#[test]
fn a_gate_out_under_hold_is_raised_at_its_deadline_and_taken_back_by_a_late_release() {
    let mut world = World::new();
    assert_eq!(world.send(&fact(EventKind::Discharged, 300, 1, false)).0, Outcome::Produced);
    assert_eq!(world.send(&fact(EventKind::CustomsHeld, 200, 1, false)).0, Outcome::Produced);
    let gate_out = fact(EventKind::GateOut, 5, 1, false);
    let (outcome, alerts) = world.send(&gate_out);
    assert_eq!((outcome, alerts.len()), (Outcome::Produced, 0));
    assert_eq!(world.send(&gate_out).0, Outcome::Duplicate);

    let due = world.harness.next_due_ms().unwrap();
    assert_eq!(due, NOW + 10 * MINUTE);
    world.now = due;
    let sent = world.harness.due(due);
    let raised = world.alerts(&sent);
    assert_eq!(raised.len(), 1);
    assert_eq!((raised[0].state, raised[0].indicators[0].code.as_str()), (AlertState::Raised, "MO-25a"));

    let (_, alerts) = world.send(&fact(EventKind::CustomsReleased, 60, 1, false));
    assert_eq!((alerts[0].state, alerts[0].revision), (AlertState::Retracted, 2));
    let (_, alerts) = world.send(&fact(EventKind::CustomsReleased, 60, 2, true));
    assert_eq!((alerts[0].state, alerts[0].revision), (AlertState::Raised, 3));
}

#[test]
fn new_rules_look_at_every_live_timeline_and_publish_only_the_difference() {
    let mut world = World::new();
    assert_eq!(world.send(&fact(EventKind::Discharged, 300, 1, false)).0, Outcome::Produced);
    assert_eq!(world.send(&fact(EventKind::CustomsHeld, 200, 1, false)).0, Outcome::Produced);
    let gate_out = fact(EventKind::GateOut, 5, 1, false);
    world.send(&gate_out);
    assert!(world.harness.refresh(NOW).is_empty(), "nothing changed");

    let put = |world: &World, rules: &str| {
        *world.engine.lock().unwrap() = Arc::new(Engine::new(Rules::parse(rules).unwrap(), "test"));
    };
    put(&world, "[gate_out_under_hold]\ngrace_minutes = 1\n");
    let sent = world.harness.refresh(NOW);
    let raised = world.alerts(&sent);
    assert_eq!(raised.len(), 1);
    assert_eq!(raised[0].state, AlertState::Raised);
    // When it would have been raised, had the rule been there.
    assert_eq!(raised[0].detected_at, Timestamp::from_millis(NOW - 4 * MINUTE));
    assert_eq!(raised[0].produced_at, Timestamp::from_millis(NOW));
    assert!(world.harness.refresh(NOW).is_empty());

    put(&world, "");
    let sent = world.harness.refresh(NOW);
    assert_eq!(world.alerts(&sent)[0].state, AlertState::Retracted);
}

#[test]
fn an_announced_outage_takes_back_what_rests_on_a_silence() {
    let mut world = World::new();
    let raised = world.gate_out_without_release();
    assert_eq!(raised[0].state, AlertState::Raised);
    let mut outage = PortEvent {
        revision: 1,
        ..PortEvent::new(
            "pcs/outage",
            EventKind::SystemOutageStarted,
            Timestamp::from_millis(NOW - 30 * MINUTE),
        )
    };
    let value = world.codec.encode(OUTAGES, &outage).unwrap();
    let back = world.table(OUTAGES, "pcs/outage", Some(value.clone()));
    assert_eq!((back.len(), back[0].state), (1, AlertState::Retracted));
    assert!(world.table(OUTAGES, "pcs/outage", Some(value)).is_empty(), "told twice");
    assert!(world.table(OUTAGES, "pcs/noise", Some(b"noise".to_vec())).is_empty());
    (outage.revision, outage.retracted) = (2, true);
    let value = world.codec.encode(OUTAGES, &outage).unwrap();
    let again = world.table(OUTAGES, "pcs/outage", Some(value));
    assert_eq!((again.len(), again[0].state), (1, AlertState::Raised));
    assert!(world.table(OUTAGES, "pcs/outage", None).is_empty(), "its time is over");
}

#[test]
fn published_baselines_weigh_what_rests_on_a_silence() {
    let mut world = World::new();
    assert_eq!(world.gate_out_without_release()[0].score, 75.0);
    let publish = |world: &mut World, version: &str, content: &str| {
        let published = PublishedBaselines {
            version: version.to_owned(),
            published_at: Timestamp::from_millis(NOW),
            content: content.to_owned(),
        };
        let value = world.codec.encode(BASELINES, &published).unwrap();
        world.table(BASELINES, "baselines", Some(value))
    };
    let feeds = r#"{"version":"1","feeds":{"customs":{"events":1000,"errors":0,"corrections":0,"told":700,"happened":1000,
        "kinds":{"customs_released":{"count":500,"q50_minutes":1.0,"q95_minutes":5.0}}}}}"#;
    let lighter = publish(&mut world, "1", feeds);
    assert_eq!((lighter.len(), lighter[0].state, lighter[0].score), (1, AlertState::Updated, 52.5));
    assert!(publish(&mut world, "1", feeds).is_empty(), "published twice");
    assert!(publish(&mut world, "2", "{").is_empty(), "the former ones stay in force");
    let removed = world.table(BASELINES, "baselines", None);
    assert_eq!((removed.len(), removed[0].score), (1, 75.0));
}

/// A schema registry that takes no schema of ours.
fn unwilling_registry() -> Codec {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                if request.read_line(&mut line).unwrap() <= 2 {
                    break;
                }
                let head = line.to_lowercase();
                length = head.strip_prefix("content-length:").map_or(length, |n| n.trim().parse().unwrap());
            }
            request.read_exact(&mut vec![0; length]).unwrap();
            let answer = "HTTP/1.1 409 Conflict\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    Codec::with_registry(&RegistrySettings::new(url)).unwrap()
}

#[test]
fn an_alert_of_a_deadline_that_cannot_be_written_is_dead_lettered() {
    let mut world = World::writing(unwilling_registry());
    for (kind, ago) in [(EventKind::Discharged, 300), (EventKind::CustomsHeld, 200), (EventKind::GateOut, 5)]
    {
        assert_eq!(world.send(&fact(kind, ago, 1, false)).0, Outcome::Produced);
    }
    let before = world.harness.state(0, b"container/CSQU3054383").unwrap().0;
    let due = world.harness.next_due_ms().unwrap();
    let sent = world.harness.due(due);
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0].topic, "port.deadletters");
    let letter = String::from_utf8(sent[0].value.clone().unwrap()).unwrap();
    assert!(letter.contains("port.alerts"), "{letter}");
    let after = world.harness.state(0, b"container/CSQU3054383").unwrap().0;
    assert_eq!(after, before, "what was not sent is not taken for published");
}

#[test]
fn a_value_that_is_no_fact_is_dead_lettered() {
    let mut world = World::new();
    for value in [b"".as_slice(), b"noise", b"\xC3\x01aaaaaaaabbbb"] {
        let (outcome, sent) = world.harness.handle(&Record::new(FACTS, 0, 0, b"k", value), NOW);
        assert!(matches!(outcome, Outcome::DeadLettered { .. }), "{outcome:?}");
        assert_eq!(sent.len(), 1);
    }
}
