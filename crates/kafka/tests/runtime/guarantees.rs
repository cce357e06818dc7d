//! What must hold when nothing is broken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use quaywatch_kafka::{DeadLetter, Error, Settings, wall_clock};

use crate::cluster::{Seen, committed, create_topic, produce, produce_at, shared};
use crate::counter::{Process, one_input, topology, until};

/// Numbered records over some keys; `value` by number.
pub(crate) fn input(
    count: usize,
    keys: usize,
    value: impl Fn(usize) -> &'static str,
) -> Vec<(String, &'static str)> {
    (0..count).map(|n| (format!("k{}", n % keys), value(n))).collect()
}

pub(crate) fn send(settings: &Settings, records: &[(String, &'static str)]) {
    let records: Vec<_> = records.iter().map(|(key, value)| (None, key.as_str(), Some(*value))).collect();
    produce(settings, "port.in", &records);
}

/// The counts of each key in `port.out`, and that no input is there twice.
pub(crate) fn counts(settings: &Settings) -> BTreeMap<String, Vec<u64>> {
    let mut counts: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut origins = BTreeSet::new();
    for seen in committed(settings, "port.out") {
        let text = seen.text();
        let words: Vec<&str> = text.split(' ').collect();
        if let [key, count, origin, _] = words[..]
            && let Ok(count) = count.parse()
        {
            assert!(origins.insert(origin.to_owned()), "{origin} was handled twice");
            counts.entry(key.to_owned()).or_default().push(count);
        }
    }
    for (key, counts) in &counts {
        let expected: Vec<u64> = (1..=counts.len() as u64).collect();
        assert_eq!(counts, &expected, "the counts of {key} must have no gap and no repetition");
    }
    counts
}

pub(crate) fn total(settings: &Settings) -> usize {
    counts(settings).values().map(Vec::len).sum()
}

fn header(seen: &Seen, name: &str) -> String {
    let value = &seen.headers.iter().find(|(found, _)| found == name).unwrap().1;
    String::from_utf8(value.clone()).unwrap()
}

#[test]
fn every_record_is_counted_once_and_its_output_state_and_offset_commit_together() {
    let settings = shared().deployment(4);
    send(&settings, &input(3_000, 50, |_| ""));
    let process = Process::ready(&settings);
    until("all is read", || process.metric("quaywatch_records_in_total", "") == 3_000);
    process.assert_identity();
    assert_eq!(process.metric("quaywatch_outputs_total", "port.out"), 3_000);
    process.stop().unwrap();
    assert_eq!(total(&settings), 3_000);
    assert!(counts(&settings).values().all(|counts| counts.len() == 60));
    let states = committed(&settings, "counter.state");
    let inputs: BTreeMap<String, i32> =
        committed(&settings, "port.in").into_iter().map(|seen| (seen.key, seen.partition)).collect();
    assert!(states.iter().all(|state| inputs[&state.key] == state.partition));
    assert!(states.len() < 3_000, "only the last version of a transaction is written");
}

#[test]
fn outputs_carry_the_stage_its_version_and_a_trace() {
    let settings = shared().deployment(1);
    send(&settings, &input(1, 1, |_| ""));
    let process = Process::start_with(&settings, topology().version("9.8.7"));
    until("it is read", || process.metric("quaywatch_records_in_total", "") == 1);
    process.stop().unwrap();
    let seen = committed(&settings, "port.out");
    assert_eq!(header(&seen[0], "quaywatch-stage"), "counter");
    assert_eq!(header(&seen[0], "quaywatch-version"), "9.8.7");
    assert_eq!(header(&seen[0], "traceparent").len(), 55);
}

#[test]
fn bad_records_become_dead_letters_and_leave_no_trace_in_states_or_outputs() {
    let settings = shared().deployment(1);
    // Each bad one follows good ones of the same key in the same transaction.
    let bad = |n: usize| match n {
        30 => "bad",
        60 => "panic",
        80 => "unwritable",
        90 => "part",
        _ => "",
    };
    send(&settings, &input(100, 5, bad));
    let process = Process::ready(&settings);
    until("all is read", || process.metric("quaywatch_records_in_total", "") == 100);
    process.assert_identity();
    assert_eq!(process.metric("quaywatch_outcomes_total", "dead_lettered"), 3);
    assert_eq!(process.metric("quaywatch_dead_letters_total", ""), 4);
    assert!(process.metric("quaywatch_transactions_total", "aborted") >= 3);
    process.stop().unwrap();
    assert_eq!(total(&settings), 97);
    let letters: Vec<(String, String)> = committed(&settings, "port.deadletters")
        .iter()
        .map(|letter| (letter.key.clone(), letter.text()))
        .collect();
    let expected = [
        ("port.in/0/30", "counter BAD asked for - []"),
        ("port.in/0/60", "counter STAGE_PANIC the stage panicked over this record - []"),
        ("port.in/0/80", "counter STATE_UNWRITABLE this number cannot be written - []"),
        ("port.in/0/90", "counter PART one line of it line 1 [line]"),
    ];
    assert_eq!(letters, expected.map(|(key, text)| (key.to_owned(), text.to_owned())));
}

#[test]
fn a_new_owner_goes_on_with_the_states_of_its_predecessor() {
    let settings = shared().deployment(3);
    send(&settings, &input(90, 9, |_| ""));
    let process = Process::ready(&settings);
    until("all is read", || process.metric("quaywatch_records_in_total", "") == 90);
    process.stop().unwrap();
    send(&settings, &input(90, 9, |_| ""));
    let other = Process::ready(&Settings { instance: "other".into(), ..settings.clone() });
    until("all is read", || other.metric("quaywatch_records_in_total", "") == 90);
    until("the gauge is set", || other.metric("quaywatch_state_keys", "") == 9);
    other.stop().unwrap();
    assert!(counts(&settings).values().all(|counts| counts.len() == 20));
}

#[test]
fn a_deadline_fires_once_also_for_a_new_owner() {
    let settings = shared().deployment(1);
    send(&settings, &[("a".into(), "due 5000"), ("b".into(), "due 9000")]);
    let process = Process::ready(&settings);
    until("all is read", || process.metric("quaywatch_records_in_total", "") == 2);
    process.now_ms.store(6_000, Ordering::Relaxed);
    until("a has fired", || process.metric("quaywatch_outputs_total", "port.out") == 3);
    process.stop().unwrap();
    let other = Process::start(&settings);
    other.now_ms.store(9_000, Ordering::Relaxed);
    until("b has fired", || other.metric("quaywatch_outputs_total", "port.out") == 1);
    other.stop().unwrap();
    let mut fired: Vec<String> = committed(&settings, "port.out")
        .iter()
        .map(Seen::text)
        .filter(|text| text.starts_with("due"))
        .collect();
    fired.sort();
    assert_eq!(fired, ["due a 6000", "due b 9000"]);
}

#[test]
fn after_a_standstill_nothing_is_due_before_what_came_meanwhile_has_been_read() {
    let settings = shared().deployment(1);
    // Of today: the broker drops what it takes for old.
    let begun = wall_clock()() - 60_000;
    let due = |after: i64| format!("due {}", begun + after);
    let first = due(5_000);
    produce_at(&settings, "port.in", &[(None, "a", Some(&first)), (None, "b", Some(&first))], Some(begun));
    let process = Process::start_with(&settings, one_input());
    until("both are read", || process.metric("quaywatch_records_in_total", "") == 2);
    process.stop().unwrap();
    // While nobody runs, what `a` waits for comes in time.
    produce_at(&settings, "port.in", &[(None, "a", Some(&due(20_000)))], Some(begun + 4_000));
    let process = Process::start_with(&settings, one_input());
    process.now_ms.store(begun + 9_000, Ordering::Relaxed);
    let fired = || -> Vec<String> {
        let texts = committed(&settings, "port.out").into_iter().map(|seen| seen.text());
        texts.filter(|text| text.starts_with("due")).collect()
    };
    until("one is due", || !fired().is_empty());
    assert_eq!(fired(), [format!("due b {}", begun + 9_000)]);
    process.now_ms.store(begun + 20_000, Ordering::Relaxed);
    until("the other is due", || fired().len() > 1);
    assert_eq!(fired().last(), Some(&format!("due a {}", begun + 20_000)));
    process.stop().unwrap();
}

#[test]
fn a_table_is_complete_before_the_first_record_and_its_changes_sweep_the_states() {
    let settings = shared().deployment(2);
    let entries: Vec<String> = (0..2_500).map(|n| format!("e{n}")).collect();
    let rows: Vec<_> = entries.iter().map(|key| (None, key.as_str(), Some("x"))).collect();
    produce(&settings, "port.table", &rows);
    send(&settings, &input(20, 4, |_| ""));
    let process = Process::start_with(&settings, topology().table("port.table"));
    until("all is read", || process.metric("quaywatch_records_in_total", "") == 20);
    process.wait_ready();
    assert!(committed(&settings, "port.out").iter().all(|seen| seen.text().ends_with("table=2500")));
    produce(&settings, "port.table", &[(None, "e7", None)]);
    until("the states are swept", || process.metric("quaywatch_outputs_total", "port.out") == 24);
    process.stop().unwrap();
    // A new owner compares what it takes over.
    let other = Process::start_with(&settings, topology().table("port.table"));
    until("the states are swept again", || other.metric("quaywatch_outputs_total", "port.out") == 4);
    other.stop().unwrap();
    let swept = |count: &str| {
        committed(&settings, "port.out").iter().filter(|seen| seen.text().ends_with(count)).count()
    };
    assert_eq!(swept("table=2501"), 8);
}

#[test]
fn an_input_without_state_is_read_beside_the_one_with_state() {
    let settings = shared().deployment(2);
    send(&settings, &input(10, 2, |_| ""));
    produce(&settings, "port.side", &[(None, "s", Some("")), (None, "s", Some(""))]);
    let process = Process::ready(&settings);
    until("all is read", || process.metric("quaywatch_records_in_total", "") == 12);
    process.assert_identity();
    process.stop().unwrap();
    let side = committed(&settings, "port.out").iter().filter(|s| s.text().starts_with("side s 0/")).count();
    assert_eq!((side, total(&settings)), (2, 10));
}

#[test]
fn a_slot_that_gets_no_partition_is_ready_all_the_same() {
    let settings = Settings { slots: 2, ..shared().deployment(1) };
    let process = Process::ready(&settings);
    let parts = process.readiness.parts();
    assert_eq!(parts, [("counter/slot-0".to_owned(), true), ("counter/slot-1".to_owned(), true)]);
    send(&settings, &input(10, 2, |_| ""));
    until("all is read", || process.metric("quaywatch_records_in_total", "") == 10);
    process.stop().unwrap();
}

#[test]
fn the_lag_and_the_size_of_the_states_are_measured() {
    let settings = shared().deployment(1);
    send(&settings, &input(10, 2, |_| ""));
    let process = Process::ready(&settings);
    until("all is read", || process.metric("quaywatch_records_in_total", "") == 10);
    // Two keys of two bytes, with states of sixteen.
    until("the gauges are set", || process.metric("quaywatch_state_bytes", "") == 36);
    until("nothing is left to read", || {
        let families = process.registry.gather();
        families.iter().any(|family| {
            family.name() == "quaywatch_lag_offsets" && family.get_metric()[0].get_gauge().get_value() < 0.5
        })
    });
    process.stop().unwrap();
}

#[test]
fn a_state_topic_that_does_not_fit_its_input_and_a_missing_topic_are_refused() {
    let settings = shared().deployment(2);
    create_topic(&settings, "odd.in", 3);
    let odd = quaywatch_kafka::Topology::new("counter", "odd.in", |_: &DeadLetter<'_>| Vec::new()).stateful();
    let refused = Process::start_with(&settings, odd).result();
    assert!(
        matches!(refused, Err(Error::PartitionMismatch { changelog_partitions: 2, input_partitions: 3, .. })),
        "{refused:?}"
    );
    let missing = quaywatch_kafka::Topology::new("counter", "no.such", |_: &DeadLetter<'_>| Vec::new());
    assert!(matches!(Process::start_with(&settings, missing).result(), Err(Error::MissingTopic { .. })));
}
