//! The pure half of the runtime: a stage, its states and what one transaction has done with them.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::outputs::{Output, Outputs, Times};
use crate::record::Record;
use crate::settings::{MAX_DEAD_LETTER_VALUE_BYTES, MAX_RECORD_BYTES};
use crate::stage::{DeadLetter, DeadLetterEncoder, Outcome, Stage, State as _, Sweep, TableChange};
use crate::states::STATE_UNREADABLE;
use crate::states::{Change, Partition, States, Step};

/// The topic of dead letters.
pub const DEAD_LETTERS: &str = "port.deadletters";

/// Codes of the dead letters that the runtime itself writes.
pub const RUNTIME_CODES: [&str; 4] = [STAGE_PANIC, OUTPUT_TOO_LARGE, STATE_UNWRITABLE, STATE_UNREADABLE];
const STAGE_PANIC: &str = "STAGE_PANIC";
const OUTPUT_TOO_LARGE: &str = "OUTPUT_TOO_LARGE";
pub(crate) const STATE_UNWRITABLE: &str = "STATE_UNWRITABLE";
/// Room for the headers that the runtime adds and the framing of Kafka.
const OVERHEAD_BYTES: usize = 4_096;
/// Offset in the dead letter of a state, which stands at none.
const NO_OFFSET: i64 = -1;

fn too_large(bytes: usize) -> String {
    format!("an output of {bytes} bytes is above the limit of {MAX_RECORD_BYTES}")
}

/// The step touched what an earlier one of the transaction had changed: only all can be undone.
#[derive(Debug)]
pub(crate) struct Entangled;

/// What a transaction has done so far; counted when it commits.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) records: u64,
    pub(crate) outcomes: [u64; 6],
    pub(crate) dead_letters: u64,
    pub(crate) outputs: HashMap<Arc<str>, u64>,
    pub(crate) timestamps_ms: Vec<i64>,
    pub(crate) faults: u64,
    pub(crate) cut_letters: u64,
}

pub(crate) struct Engine<S: Stage> {
    stage: S,
    name: String,
    input: String,
    letters: Arc<dyn DeadLetterEncoder>,
    partitions: HashMap<i32, Partition<S::State>>,
    step: Step,
    out: Outputs,
    /// Traces of the outputs at hand.
    trace: String,
    tally: Tally,
    /// Records of the input known to be unhandleable, by partition and offset: a repeated transaction passes over
    /// them.
    verdicts: HashMap<(i32, i64), Outcome>,
    sweep: VecDeque<(i32, Arc<[u8]>)>,
    swept: Vec<(i32, Arc<[u8]>)>,
    /// The last record of the input: partition and offset.
    last: Option<(i32, i64)>,
}

impl<S: Stage> Engine<S> {
    pub(crate) fn new(stage: S, name: &str, input: &str, letters: Arc<dyn DeadLetterEncoder>) -> Self {
        Self {
            stage,
            name: name.to_owned(),
            input: input.to_owned(),
            letters,
            partitions: HashMap::new(),
            step: Step::default(),
            out: Outputs::default(),
            trace: String::new(),
            tally: Tally::default(),
            verdicts: HashMap::new(),
            sweep: VecDeque::new(),
            swept: Vec::new(),
            last: None,
        }
    }

    /// Takes a restored partition over; its states are compared to the tables.
    pub(crate) fn own(&mut self, partition: i32, states: Partition<S::State>, sweep: bool) {
        if sweep {
            self.sweep.extend(states.store.keys().map(|key| (partition, Arc::clone(key))));
        }
        self.partitions.insert(partition, states);
    }

    pub(crate) fn disown(&mut self, partition: i32) {
        self.partitions.remove(&partition);
        self.sweep.retain(|(number, _)| *number != partition);
    }

    pub(crate) fn disown_all(&mut self) {
        self.partitions.clear();
        self.sweep.clear();
    }

    pub(crate) fn partitions(&self) -> impl Iterator<Item = (i32, &Partition<S::State>)> {
        self.partitions.iter().map(|(number, partition)| (*number, partition))
    }

    /// Handles one record; [`Engine::outputs`] has what it sends.
    pub(crate) fn handle(&mut self, record: &Record<'_>, times: Times) -> Result<Outcome, Entangled> {
        self.step.start();
        self.out.reset(times);
        let at = (record.topic == self.input).then_some((record.partition, record.offset));
        self.last = at;
        let outcome = match at.and_then(|at| self.verdicts.get(&at)) {
            Some(verdict) => verdict.clone(),
            None => self.call(record),
        };
        self.trace = trace_parent(record);
        let outcome = self.settle(record, outcome, times)?;
        self.tally.records += 1;
        self.tally.timestamps_ms.push(record.timestamp_ms);
        if let Some(count) = self.tally.outcomes.get_mut(outcome.index()) {
            *count += 1;
        }
        self.count_outputs();
        Ok(outcome)
    }

    fn call(&mut self, record: &Record<'_>) -> Outcome {
        let partition =
            if record.topic == self.input { self.partitions.get_mut(&record.partition) } else { None };
        let mut states = States::new(partition, &mut self.step);
        let (stage, out) = (&mut self.stage, &mut self.out);
        let outcome = catch_unwind(AssertUnwindSafe(|| stage.handle(record, &mut states, out)))
            .unwrap_or_else(|_| Outcome::dead_letter(STAGE_PANIC, "the stage panicked over this record"));
        if let Some((code, sentence)) = self.step.fault.take() {
            return Outcome::dead_letter(code, sentence);
        }
        match self.out.records.iter().map(Output::bytes).max() {
            Some(bytes) if bytes + OVERHEAD_BYTES > MAX_RECORD_BYTES => {
                Outcome::dead_letter(OUTPUT_TOO_LARGE, too_large(bytes))
            }
            _ => outcome,
        }
    }

    /// Undoes a record that cannot be handled, and writes the dead letters.
    fn settle(&mut self, record: &Record<'_>, outcome: Outcome, times: Times) -> Result<Outcome, Entangled> {
        if let Outcome::DeadLettered { code, sentence, position } = &outcome {
            let undone = match self.partitions.get_mut(&record.partition) {
                Some(partition) if record.topic == self.input => partition.undo(&self.step),
                _ => true,
            };
            if !undone {
                self.verdicts.insert((record.partition, record.offset), outcome);
                return Err(Entangled);
            }
            self.out.reset(times);
            self.out.dead_letter(code.clone(), sentence.clone(), position.clone(), None);
        }
        for letter in std::mem::take(&mut self.out.letters) {
            let cut = record.value.and_then(|value| value.get(..MAX_DEAD_LETTER_VALUE_BYTES));
            self.tally.cut_letters += u64::from(cut.is_some());
            let value = self.letters.encode(&DeadLetter {
                record: &Record { value: cut.or(record.value), ..*record },
                part: letter.part.as_deref(),
                code: &letter.code,
                sentence: &letter.sentence,
                position: letter.position.as_deref(),
                stage: &self.name,
                now_ms: times.now_ms,
            });
            self.tally.dead_letters += 1;
            self.out.send(
                DEAD_LETTERS,
                format!("{}/{}/{}", record.topic, record.partition, record.offset),
                value,
            );
        }
        Ok(outcome)
    }

    fn count_outputs(&mut self) {
        for output in &self.out.records {
            *self.tally.outputs.entry(Arc::clone(&output.topic)).or_default() += 1;
        }
    }

    /// What the last call sends, with the trace it belongs to.
    pub(crate) fn outputs(&self) -> (&[Output], &str) {
        (&self.out.records, &self.trace)
    }

    pub(crate) fn next_due_ms(&self) -> Option<i64> {
        self.partitions.values().filter_map(|partition| partition.store.next_due_ms()).min()
    }

    /// For how long no state will be due or to be compared to the tables; none: nothing is planned. `times` says how far
    /// a partition has been read, as far as that is known.
    pub(crate) fn idle_ms(&self, times: impl Fn(i32) -> Option<Times>) -> Option<i64> {
        if self.sweep.front().is_some_and(|(number, _)| times(*number).is_some()) {
            return Some(0);
        }
        let due_in = self.partitions.iter().filter_map(|(number, partition)| {
            Some(partition.store.next_due_ms()?.saturating_sub(times(*number)?.read_to_ms))
        });
        due_in.min()
    }

    /// The next state that is due and not yet part of this transaction, called. `Ok(false)`: there is none.
    pub(crate) fn due(&mut self, times: impl Fn(i32) -> Option<Times>) -> Result<bool, Entangled> {
        let next = self.partitions.iter().find_map(|(number, partition)| {
            let times = times(*number)?;
            let mut due = partition.store.due(times.read_to_ms);
            let (due_ms, key) =
                due.find(|(at, key)| !partition.has_fired(*at, key) && !partition.is_changed(key))?;
            Some((*number, *due_ms, Arc::clone(key), times))
        });
        let Some((number, due_ms, key, times)) = next else { return Ok(false) };
        if let Some(partition) = self.partitions.get_mut(&number) {
            partition.fired(due_ms, Arc::clone(&key));
        }
        let called = self.call_key(number, &key, times, Call::Due);
        if called.is_err()
            && let Some(partition) = self.partitions.get_mut(&number)
        {
            // It would fail again: it waits until its state changes.
            partition.store.disarm(due_ms, &key);
        }
        called.map(|()| true)
    }

    /// The next state to be compared to the tables, called. `Ok(false)`: there is none.
    pub(crate) fn sweep(&mut self, times: impl Fn(i32) -> Option<Times>) -> Result<bool, Entangled> {
        while let Some((number, key)) = self.sweep.pop_front() {
            let known = self.partitions.get(&number).is_some_and(|p| p.store.get(&key).is_some());
            if known {
                let Some(times) = times(number) else {
                    self.sweep.push_front((number, key));
                    return Ok(false);
                };
                self.call_key(number, &key, times, Call::Sweep)?;
                self.swept.push((number, key));
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn call_key(&mut self, number: i32, key: &[u8], times: Times, call: Call) -> Result<(), Entangled> {
        self.step.start();
        self.out.reset(times);
        self.trace = trace_of(&(&self.name, number, key, times.now_ms));
        let now_ms = times.read_to_ms;
        let mut states = States::new(self.partitions.get_mut(&number), &mut self.step);
        let (stage, out) = (&mut self.stage, &mut self.out);
        let done = catch_unwind(AssertUnwindSafe(|| match call {
            Call::Due => stage.due(key, now_ms, &mut states, out),
            Call::Sweep => stage.sweep(key, now_ms, &mut states, out),
        }));
        let Some(partition) = self.partitions.get_mut(&number) else { return Ok(()) };
        let largest = self.out.records.iter().map(Output::bytes).max().unwrap_or_default();
        let trouble = if done.is_err() {
            Some((STAGE_PANIC.into(), "the stage panicked over this state".to_owned()))
        } else if let Some(fault) = self.step.fault.take() {
            Some(fault)
        } else if let Some(letter) = self.out.letters.pop() {
            Some((letter.code, letter.sentence))
        } else if largest + OVERHEAD_BYTES > MAX_RECORD_BYTES {
            Some((OUTPUT_TOO_LARGE.into(), too_large(largest)))
        } else {
            let written = partition.writable(&self.step);
            written.err().map(|error| (STATE_UNWRITABLE.into(), error.to_string()))
        };
        if let Some((code, sentence)) = trouble {
            tracing::error!(stage = self.name, partition = number, ?call, %code, "a state could not be handled");
            self.tally.faults += 1;
            self.out.reset(times);
            if !partition.undo(&self.step) {
                return Err(Entangled);
            }
            self.bury_look(number, key, times, &code, &sentence);
        }
        self.count_outputs();
        Ok(())
    }

    /// Writes the dead letter of a look at a state: what the look would have sent is in no record, but follows from the
    /// state's bytes.
    fn bury_look(&mut self, number: i32, key: &[u8], times: Times, code: &str, sentence: &str) {
        let topic = format!("{}.state", self.name);
        let state = self.partitions.get(&number).and_then(|partition| partition.store.get(key));
        let cut = state.and_then(|state| state.get(..MAX_DEAD_LETTER_VALUE_BYTES));
        let mut record = Record::new(&topic, number, NO_OFFSET, key, &[]);
        record.value = cut.or(state);
        self.tally.cut_letters += u64::from(cut.is_some());
        let value = self.letters.encode(&DeadLetter {
            record: &record,
            part: None,
            code,
            sentence,
            position: None,
            stage: &self.name,
            now_ms: times.now_ms,
        });
        self.tally.dead_letters += 1;
        self.out.send(DEAD_LETTERS, format!("{topic}/{number}/{NO_OFFSET}"), value);
    }

    /// Hands changes of a table to the stage. Only between transactions.
    pub(crate) fn table(&mut self, table: &str, changes: &[TableChange], complete: bool) {
        let stage = &mut self.stage;
        let sweep = catch_unwind(AssertUnwindSafe(|| stage.table(table, changes, complete)));
        if sweep.is_err() {
            tracing::error!(stage = self.name, table, "the stage panicked over changes of a table");
            self.tally.faults += 1;
        }
        if !matches!(sweep, Ok(Sweep::No)) {
            self.sweep_all();
        }
    }

    /// Lets the stage take over what changed outside of Kafka. Only between transactions.
    pub(crate) fn refresh(&mut self) {
        let stage = &mut self.stage;
        match catch_unwind(AssertUnwindSafe(|| stage.refresh())) {
            Ok(Sweep::No) => {}
            Ok(Sweep::All) => self.sweep_all(),
            Err(_) => {
                tracing::error!(stage = self.name, "the stage panicked over a change outside of Kafka");
                self.tally.faults += 1;
            }
        }
    }

    fn sweep_all(&mut self) {
        self.sweep.clear();
        for (number, partition) in &self.partitions {
            self.sweep.extend(partition.store.keys().map(|key| (*number, Arc::clone(key))));
        }
    }

    /// The last versions of what changed, by partition.
    pub(crate) fn changes(&self) -> Result<Vec<(i32, Vec<Change>)>, crate::StateError> {
        self.partitions.iter().map(|(number, states)| Ok((*number, states.changes()?))).collect()
    }

    /// The last record of the transaction cannot be handled after all.
    pub(crate) fn condemn_last(&mut self, sentence: String) {
        if let Some(at) = self.last.take() {
            self.verdicts.insert(at, Outcome::dead_letter(STATE_UNWRITABLE, sentence));
        }
    }

    pub(crate) fn committed(&mut self, changes: Vec<(i32, Vec<Change>)>) -> Tally {
        let mut changes: HashMap<i32, Vec<Change>> = changes.into_iter().collect();
        for (number, partition) in &mut self.partitions {
            partition.committed(changes.remove(number).unwrap_or_default());
        }
        self.verdicts.clear();
        self.swept.clear();
        std::mem::take(&mut self.tally)
    }

    pub(crate) fn aborted(&mut self) {
        for partition in self.partitions.values_mut() {
            partition.aborted();
        }
        for key in self.swept.drain(..).rev() {
            self.sweep.push_front(key);
        }
        let faults = self.tally.faults;
        self.tally = Tally { faults, ..Tally::default() };
    }

    /// The committed state of a key, decoded.
    pub(crate) fn state(&self, partition: i32, key: &[u8]) -> Option<S::State> {
        S::State::decode(self.partitions.get(&partition)?.store.get(key)?).ok()
    }
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Due,
    Sweep,
}

/// The trace that the record came with, else one that follows from its coordinates: a replay has the same.
fn trace_parent(record: &Record<'_>) -> String {
    match record.headers.get("traceparent").map(std::str::from_utf8) {
        Some(Ok(parent)) if parent.len() <= 128 => parent.to_owned(),
        _ => trace_of(&(record.topic, record.partition, record.offset, record.timestamp_ms)),
    }
}

/// A W3C trace parent that follows from `origin`.
fn trace_of(origin: &impl std::hash::Hash) -> String {
    let word = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, origin).hash(&mut hasher);
        hasher.finish() | 1
    };
    format!("00-{:016x}{:016x}-{:016x}-01", word(0), word(1), word(2))
}

#[cfg(test)]
mod tests {
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

        fn handle(
            &mut self,
            record: &Record<'_>,
            states: &mut States<'_, Bytes>,
            _: &mut Outputs,
        ) -> Outcome {
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
        assert_eq!(
            (changes, tally.records, tally.outcomes, tally.dead_letters),
            (1, 2, [1, 0, 0, 0, 0, 1], 1)
        );
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
}
