use super::*;
use crate::stage::State;
use crate::{Outputs, StateError, States};

struct Bytes(Vec<u8>);

impl State for Bytes {
    fn encode(&self, into: &mut Vec<u8>) -> Result<(), StateError> {
        into.extend(&self.0);
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        if bytes == b"old" { Err("written by nobody".into()) } else { Ok(Self(bytes.to_vec())) }
    }

    fn due_ms(&self) -> Option<i64> {
        self.0.starts_with(b"due").then_some(5)
    }
}

/// Keeps the value under the key; `bad` is bad.
struct Keep;

impl Stage for Keep {
    type State = Bytes;

    fn handle(&mut self, record: &Record<'_>, states: &mut States<'_, Bytes>, _: &mut Outputs) -> Outcome {
        let (key, value) = (record.key.unwrap_or_default(), record.value.unwrap_or_default());
        let same = states.get(key).is_some_and(|state| state.0 == value);
        states.put(key, Bytes(value.to_vec()));
        match value {
            b"bad" => Outcome::dead_letter("BAD", "bad"),
            _ if same => Outcome::Duplicate,
            _ => Outcome::Produced,
        }
    }

    fn table(&mut self, _: &str, _: &[TableChange], _: bool) -> Sweep {
        Sweep::All
    }

    fn sweep(&mut self, key: &[u8], _: i64, _: &mut States<'_, Bytes>, out: &mut Outputs) {
        out.send("swept", key, "");
    }
}

fn engine() -> Engine<Keep> {
    let mut engine = Engine::new(Keep, "keep", "in", Arc::new(|_: &DeadLetter<'_>| Vec::new()));
    engine.own(0, Partition::default(), false);
    engine
}

fn handle(engine: &mut Engine<Keep>, offset: i64, key: &str, value: &str) -> Result<Outcome, Entangled> {
    engine.handle(&Record::new("in", 0, offset, key.as_bytes(), value.as_bytes()), Times::at_end(1))
}

fn at_end(now_ms: i64) -> impl Fn(i32) -> Option<Times> {
    move |_| Some(Times::at_end(now_ms))
}

fn commit(engine: &mut Engine<Keep>) -> (usize, Tally) {
    let changes = engine.changes().unwrap();
    let count = changes.iter().map(|(_, changes)| changes.len()).sum();
    (count, engine.committed(changes))
}

#[test]
fn a_bad_record_is_undone_alone_when_nobody_else_touched_its_state() {
    let mut engine = engine();
    handle(&mut engine, 0, "a", "1").unwrap();
    commit(&mut engine);
    handle(&mut engine, 1, "b", "2").unwrap();
    handle(&mut engine, 2, "a", "bad").unwrap();
    assert_eq!(commit(&mut engine).0, 1);
    assert_eq!(engine.state(0, b"a").unwrap().0, b"1");
}

#[test]
fn a_bad_record_that_cannot_be_undone_alone_is_passed_over_when_the_transaction_is_repeated() {
    let mut engine = engine();
    handle(&mut engine, 0, "a", "1").unwrap();
    assert!(handle(&mut engine, 1, "a", "bad").is_err());
    engine.aborted();
    handle(&mut engine, 0, "a", "1").unwrap();
    assert_eq!(handle(&mut engine, 1, "a", "bad").unwrap().label(), "dead_lettered");
    let (changes, tally) = commit(&mut engine);
    assert_eq!((changes, tally.records, tally.outcomes, tally.dead_letters), (1, 2, [1, 0, 0, 0, 0, 1], 1));
    assert_eq!(engine.state(0, b"a").unwrap().0, b"1");
}

#[test]
fn a_partition_that_is_gone_holds_up_no_sweep_of_others() {
    let mut engine = engine();
    engine.own(1, Partition::default(), false);
    for partition in [0, 1] {
        engine.handle(&Record::new("in", partition, 0, b"a", b"1"), Times::at_end(1)).unwrap();
    }
    commit(&mut engine);
    engine.table("list", &[], true);
    engine.disown(0);
    assert!(engine.sweep.iter().all(|(partition, _)| *partition == 1));
    let of_the_other = |partition| (partition == 1).then(|| Times::at_end(1));
    assert_eq!(engine.idle_ms(of_the_other), Some(0));
    assert!(engine.sweep(of_the_other).unwrap());
}

#[test]
fn while_the_input_lags_states_are_due_by_what_was_read() {
    let mut engine = engine();
    handle(&mut engine, 0, "a", "due").unwrap();
    commit(&mut engine);
    let read_to = |read_to_ms| move |_| Some(Times { now_ms: 9, read_to_ms });
    assert!(!engine.due(|_| None).unwrap() && engine.idle_ms(|_| None).is_none());
    assert!(!engine.due(read_to(4)).unwrap());
    assert_eq!(engine.idle_ms(read_to(4)), Some(1));
    assert!(engine.due(read_to(5)).unwrap());
    assert_eq!((engine.out.now_ms(), engine.out.read_to_ms()), (9, 5));
}

#[test]
fn a_look_that_cannot_be_handled_is_undone_and_dead_lettered() {
    struct Refuse;
    impl Stage for Refuse {
        type State = Bytes;

        fn handle(
            &mut self,
            record: &Record<'_>,
            states: &mut States<'_, Bytes>,
            _: &mut Outputs,
        ) -> Outcome {
            states.put(record.key.unwrap_or_default(), Bytes(record.value.unwrap_or_default().to_vec()));
            Outcome::Produced
        }

        fn due(&mut self, key: &[u8], _: i64, states: &mut States<'_, Bytes>, out: &mut Outputs) {
            states.put(key, Bytes(b"told".to_vec()));
            out.send("told", key, "");
            match key {
                b"panics" => std::panic::resume_unwind(Box::new(())),
                _ => out.dead_letter("REFUSED", "it cannot be written", None, None),
            }
        }
    }
    let shown = |letter: &DeadLetter<'_>| {
        let value = String::from_utf8_lossy(letter.record.value.unwrap()).into_owned();
        format!("{} {:?} {value}", letter.code, letter.record).into_bytes()
    };
    for (key, code) in [("refuses", "REFUSED"), ("panics", "STAGE_PANIC")] {
        let mut engine = Engine::new(Refuse, "keep", "in", Arc::new(shown));
        engine.own(0, Partition::default(), false);
        engine.handle(&Record::new("in", 0, 0, key.as_bytes(), b"due"), Times::at_end(1)).unwrap();
        let changes = engine.changes().unwrap();
        engine.committed(changes);
        assert!(engine.due(at_end(5)).unwrap());
        let (sent, _) = engine.outputs();
        assert_eq!((sent.len(), &*sent[0].topic), (1, DEAD_LETTERS));
        let letter = sent[0].value.as_deref().map(String::from_utf8_lossy).unwrap();
        assert_eq!(letter, format!("{code} keep.state/0/-1 (3 B) due"));
        let changes = engine.changes().unwrap();
        let tally = engine.committed(changes);
        assert_eq!((tally.faults, tally.dead_letters), (1, 1));
        assert_eq!(engine.state(0, key.as_bytes()).unwrap().0, b"due", "as before");
        assert!(!engine.due(at_end(9)).unwrap(), "not before it changes");
    }
}

#[test]
fn a_state_that_ends_as_it_was_is_not_written() {
    let mut engine = engine();
    handle(&mut engine, 0, "a", "1").unwrap();
    commit(&mut engine);
    handle(&mut engine, 1, "a", "2").unwrap();
    handle(&mut engine, 2, "a", "1").unwrap();
    assert_eq!(commit(&mut engine).0, 0);
}

#[test]
fn an_aborted_transaction_leaves_nothing_and_its_sweep_comes_again() {
    let mut engine = engine();
    handle(&mut engine, 0, "a", "1").unwrap();
    commit(&mut engine);
    engine.table("t", &[], true);
    assert!(engine.sweep(at_end(1)).unwrap());
    handle(&mut engine, 1, "a", "2").unwrap();
    engine.aborted();
    assert_eq!(engine.state(0, b"a").unwrap().0, b"1");
    assert!(engine.idle_ms(at_end(1)) == Some(0) && engine.sweep(at_end(1)).unwrap());
    assert_eq!(engine.outputs().0.len(), 1);
    assert_eq!(commit(&mut engine).1.records, 0);
    assert!(!engine.sweep(at_end(1)).unwrap());
}

#[test]
fn an_unreadable_state_makes_dead_letters_and_stays_as_it_is() {
    let mut engine = engine();
    let mut partition = Partition::default();
    partition.store.apply(b"a", Some(b"old".as_slice().into()), None);
    engine.own(0, partition, false);
    for offset in 0..2 {
        let outcome = handle(&mut engine, offset, "a", "1").unwrap();
        let expected = Outcome::dead_letter(STATE_UNREADABLE, "written by nobody");
        assert_eq!(outcome, expected);
    }
    assert_eq!(commit(&mut engine).0, 0);
    assert!(engine.partitions().any(|(_, p)| p.store.get(b"a") == Some(b"old".as_slice())));
}

#[test]
fn a_deadline_that_changes_nothing_fires_once_for_this_version_of_the_state() {
    let mut engine = engine();
    handle(&mut engine, 0, "a", "due").unwrap();
    commit(&mut engine);
    assert!(engine.due(at_end(5)).unwrap());
    assert!(!engine.due(at_end(5)).unwrap());
    engine.aborted();
    assert!(engine.due(at_end(5)).unwrap(), "an aborted one comes again");
    commit(&mut engine);
    assert!(!engine.due(at_end(9)).unwrap());
    handle(&mut engine, 1, "a", "due again").unwrap();
    assert!(!engine.due(at_end(9)).unwrap(), "not while the transaction is open");
    commit(&mut engine);
    assert!(engine.due(at_end(9)).unwrap());
}

#[test]
fn the_trace_of_a_record_is_passed_on_or_follows_from_its_coordinates() {
    let headers = [("traceparent".to_owned(), b"00-1-2-01".to_vec())];
    let mut record = Record::new("in", 0, 7, b"", b"");
    let made = trace_parent(&record);
    assert_eq!((made.len(), made.as_str()), (55, trace_parent(&record).as_str()));
    record.headers = crate::Headers::of(&headers);
    assert_eq!(trace_parent(&record), "00-1-2-01");
}
