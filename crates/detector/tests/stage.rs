//! The detector's step, without Kafka: facts become alerts, absences fire at their time, rubbish is dead-lettered.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{Arc, Mutex};

use prometheus::{IntCounterVec, Opts};
use quaywatch_codec::Codec;
use quaywatch_detection::{Engine, Rules};
use quaywatch_detector::{ALERTS, Detector, FACTS};
use quaywatch_domain::event::{Equipment, Place, Source};
use quaywatch_domain::{Alert, AlertState, EventKind, Fact, Handling, PortEvent, Subject, Timestamp};
use quaywatch_kafka::{Harness, NewRecord, Outcome, Record};

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
        source: Box::new(Source { feed: "pcs".into(), topic: "port.raw".into(), ..Source::default() }),
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
        event: Some(Arc::new(event)),
        hit: None,
        indicator: None,
        feedback: None,
        pointer: None,
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
        let codec = Codec::embedded();
        let shadowed = IntCounterVec::new(Opts::new("shadowed", "shadowed"), &["code"]).unwrap();
        let engine = Arc::new(Mutex::new(Arc::new(Engine::new(Rules::default(), "test"))));
        let in_force = Arc::clone(&engine);
        let engines = Arc::new(move || Arc::clone(&in_force.lock().unwrap()));
        Self {
            engine,
            now: NOW,
            harness: Harness::new(Detector::new(codec.clone(), engines, shadowed), FACTS),
            codec,
        }
    }

    fn send(&mut self, fact: &Fact) -> (Outcome, Vec<Alert>) {
        let value = self.codec.encode(FACTS, fact).unwrap();
        let (outcome, sent) =
            self.harness.handle(&Record::new(FACTS, 0, 0, b"container/CSQU3054383", &value), self.now);
        (outcome, self.alerts(&sent))
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
fn a_value_that_is_no_fact_is_dead_lettered() {
    let mut world = World::new();
    for value in [b"".as_slice(), b"noise", b"\xC3\x01aaaaaaaabbbb"] {
        let (outcome, sent) = world.harness.handle(&Record::new(FACTS, 0, 0, b"k", value), NOW);
        assert!(matches!(outcome, Outcome::DeadLettered { .. }), "{outcome:?}");
        assert_eq!(sent.len(), 1);
    }
}
