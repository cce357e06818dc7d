//! A stage without Kafka, for the tests of its author.

use std::collections::BTreeSet;

use crate::engine::Engine;
use crate::outputs::Output;
use crate::record::{NewRecord, Record};
use crate::stage::{DeadLetter, Outcome, Stage, TableChange};
use crate::states::Partition;
use crate::store::NEVER;

/// Runs a stage as the runtime would, every call a transaction that commits.
///
/// Dead letters arrive as records of `port.deadletters` whose value is `CODE: sentence`.
pub struct Harness<S: Stage> {
    engine: Engine<S>,
    owned: BTreeSet<i32>,
    input: String,
}

impl<S: Stage> std::fmt::Debug for Harness<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Harness").field("input", &self.input).finish_non_exhaustive()
    }
}

impl<S: Stage> Harness<S> {
    /// A stage whose states belong to the records of `input`.
    #[must_use]
    pub fn new(stage: S, input: &str) -> Self {
        let letters = |letter: &DeadLetter<'_>| format!("{}: {}", letter.code, letter.sentence).into_bytes();
        let engine = Engine::new(stage, "harness", input, std::sync::Arc::new(letters));
        Self { engine, owned: BTreeSet::new(), input: input.to_owned() }
    }

    /// Handles a record; returns its outcome and what was sent.
    pub fn handle(&mut self, record: &Record<'_>, now_ms: i64) -> (Outcome, Vec<NewRecord>) {
        if record.topic == self.input && self.owned.insert(record.partition) {
            self.engine.own(record.partition, Partition::default(), false);
        }
        let Ok(mut outcome) = self.engine.handle(record, now_ms) else {
            // A transaction of one step cannot be entangled.
            return (Outcome::dead_letter("HARNESS", "entangled"), Vec::new());
        };
        let sent = match self.engine.changes() {
            Ok(_) => self.sent(),
            Err(error) => {
                self.engine.condemn_last(error.to_string());
                self.engine.aborted();
                match self.engine.handle(record, now_ms) {
                    Ok(again) => outcome = again,
                    Err(_) => return (outcome, Vec::new()),
                }
                self.sent()
            }
        };
        self.commit();
        (outcome, sent)
    }

    /// Calls [`Stage::due`] for every state that is due; returns what was sent.
    pub fn due(&mut self, now_ms: i64) -> Vec<NewRecord> {
        let mut sent = Vec::new();
        while matches!(self.engine.due(now_ms), Ok(true)) {
            sent.extend(self.sent());
        }
        self.commit();
        sent
    }

    /// When the next state is due, in milliseconds since the epoch.
    #[must_use]
    pub fn next_due_ms(&self) -> Option<i64> {
        self.engine.next_due_ms().filter(|due| *due != NEVER)
    }

    /// Changes a table and calls [`Stage::sweep`] if the stage asks for it; returns what was sent.
    pub fn table(&mut self, table: &str, changes: &[TableChange], now_ms: i64) -> Vec<NewRecord> {
        self.engine.table(table, changes, true);
        self.swept(now_ms)
    }

    /// Calls [`Stage::refresh`], and [`Stage::sweep`] if the stage asks for it; returns what was sent.
    pub fn refresh(&mut self, now_ms: i64) -> Vec<NewRecord> {
        self.engine.refresh();
        self.swept(now_ms)
    }

    fn swept(&mut self, now_ms: i64) -> Vec<NewRecord> {
        let mut sent = Vec::new();
        while matches!(self.engine.sweep(now_ms), Ok(true)) {
            sent.extend(self.sent());
        }
        self.commit();
        sent
    }

    /// The committed state of a key, read back from its bytes.
    #[must_use]
    pub fn state(&self, partition: i32, key: &[u8]) -> Option<S::State> {
        self.engine.state(partition, key)
    }

    fn sent(&self) -> Vec<NewRecord> {
        let (records, _) = self.engine.outputs();
        records.iter().map(new_record).collect()
    }

    fn commit(&mut self) {
        if let Ok(changes) = self.engine.changes() {
            self.engine.committed(changes);
        }
    }
}

fn new_record(output: &Output) -> NewRecord {
    NewRecord {
        topic: output.topic.to_string(),
        key: output.key.clone(),
        value: output.value.clone(),
        headers: output
            .headers
            .iter()
            .map(|(name, value)| (name.clone().into_owned(), value.clone()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outputs, State, StateError, States, Sweep};

    /// Adds numbers by key; `-` in front of a number makes it bad after the fact.
    struct Adder;

    struct Sum(i64);

    impl State for Sum {
        fn encode(&self, into: &mut Vec<u8>) -> Result<(), StateError> {
            if self.0 > 1_000 {
                return Err("above 1000".into());
            }
            into.extend(self.0.to_be_bytes());
            Ok(())
        }

        fn decode(bytes: &[u8]) -> Result<Self, StateError> {
            Ok(Self(i64::from_be_bytes(bytes.try_into()?)))
        }

        fn due_ms(&self) -> Option<i64> {
            (self.0 > 100).then_some(self.0)
        }
    }

    impl Stage for Adder {
        type State = Sum;

        fn handle(
            &mut self,
            record: &Record<'_>,
            states: &mut States<'_, Sum>,
            out: &mut Outputs,
        ) -> Outcome {
            let key = record.key.unwrap_or_default();
            let text = std::str::from_utf8(record.value.unwrap_or_default()).unwrap_or_default();
            let number: i64 = text.parse().unwrap();
            let Some(sum) = states.get_or_insert_with(key, || Sum(0)) else { return Outcome::OutOfScope };
            sum.0 += number;
            out.send("sums", key, sum.0.to_string());
            if number < 0 {
                Outcome::dead_letter("NEGATIVE", "a number below zero")
            } else {
                Outcome::Produced
            }
        }

        fn due(&mut self, key: &[u8], now_ms: i64, states: &mut States<'_, Sum>, out: &mut Outputs) {
            states.remove(key);
            out.send("due", key, now_ms.to_string());
        }

        fn table(&mut self, _: &str, _: &[TableChange], _: bool) -> Sweep {
            Sweep::All
        }

        fn sweep(&mut self, key: &[u8], _: i64, states: &mut States<'_, Sum>, out: &mut Outputs) {
            if let Some(sum) = states.get(key) {
                let text = sum.0.to_string();
                out.send("swept", key, text);
            }
        }
    }

    fn add(harness: &mut Harness<Adder>, offset: i64, key: &str, number: &str) -> (Outcome, Vec<NewRecord>) {
        harness.handle(&Record::new("in", 0, offset, key.as_bytes(), number.as_bytes()), 10)
    }

    #[test]
    fn a_dead_letter_or_a_panic_leaves_no_output_and_no_state() {
        let mut harness = Harness::new(Adder, "in");
        add(&mut harness, 0, "a", "5");
        for (offset, number, letter) in [
            (1, "-1", "NEGATIVE: a number below zero"),
            (2, "x", "STAGE_PANIC: the stage panicked over this record"),
            (3, "1000", "STATE_UNWRITABLE: above 1000"),
        ] {
            let (outcome, sent) = add(&mut harness, offset, "a", number);
            assert_eq!(outcome.label(), "dead_lettered");
            let expected = NewRecord::new("port.deadletters", format!("in/0/{offset}"), letter);
            assert_eq!(sent, [expected]);
            assert_eq!(harness.state(0, b"a").unwrap().0, 5);
        }
        let (_, sent) = add(&mut harness, 4, "a", "2");
        assert_eq!(sent, [NewRecord::new("sums", "a", "7")]);
    }

    #[test]
    fn a_state_is_due_at_its_time_and_not_before() {
        let mut harness = Harness::new(Adder, "in");
        add(&mut harness, 0, "a", "150");
        assert_eq!(harness.next_due_ms(), Some(150));
        assert!(harness.due(149).is_empty());
        assert_eq!(harness.due(150), [NewRecord::new("due", "a", "150")]);
        assert!(harness.state(0, b"a").is_none() && harness.next_due_ms().is_none());
    }

    #[test]
    fn a_changed_table_sweeps_the_states() {
        let mut harness = Harness::new(Adder, "in");
        add(&mut harness, 0, "a", "1");
        add(&mut harness, 1, "b", "2");
        let mut swept = harness.table("list", &[], 20);
        swept.sort_by(|a, b| a.key.cmp(&b.key));
        assert_eq!(swept, [NewRecord::new("swept", "a", "1"), NewRecord::new("swept", "b", "2")]);
    }

    #[test]
    fn an_input_without_state_cannot_be_given_one() {
        let mut harness = Harness::new(Adder, "in");
        let (outcome, sent) = harness.handle(&Record::new("other", 0, 0, b"a", b"1"), 10);
        assert_eq!(outcome.label(), "dead_lettered");
        assert!(sent.iter().all(|record| record.topic == "port.deadletters"));
    }
}
