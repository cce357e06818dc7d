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
mod tests;
