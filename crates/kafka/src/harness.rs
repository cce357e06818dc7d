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
