//! What a service author writes: a [`Stage`], its [`State`] and the [`Outcome`] of each record.

use std::borrow::Cow;

use crate::error::StateError;
use crate::outputs::Outputs;
use crate::record::Record;
use crate::states::States;

/// A pure step from records to records. It sees neither Kafka nor the clock ([`Outputs::now_ms`] is its
/// time); the runtime commits what it says together with the input's offset, exactly once.
///
/// A stage may be called again for a record whose transaction was aborted: keep nothing between calls but
/// what is in [`States`] and what [`Stage::table`] delivered.
pub trait Stage {
    /// What is kept per key; [`NoState`] for a stage without.
    type State: State;

    /// Handles one record and says what became of it. Outputs and state changes of a record that ends in
    /// [`Outcome::DeadLettered`], or in a panic, are discarded.
    fn handle(
        &mut self,
        record: &Record<'_>,
        states: &mut States<'_, Self::State>,
        out: &mut Outputs,
    ) -> Outcome;

    /// The state of `key` said through [`State::due_ms`] that it wants to be looked at by now: by the time up to which the
    /// input has been read ([`Outputs::read_to_ms`]). It fires once for each version of the state. A call that panics,
    /// sends or keeps what cannot be written, or says so by [`Outputs::dead_letter`], is undone and its state goes to the
    /// dead letters.
    fn due(&mut self, key: &[u8], now_ms: i64, states: &mut States<'_, Self::State>, out: &mut Outputs) {
        let _ = (key, now_ms, states, out);
    }

    /// Changes of a table, in order within a key. `complete` is false while the table is first loaded; no
    /// record is handled before every table is complete. [`Sweep::All`] compares every state to the table.
    fn table(&mut self, table: &str, changes: &[TableChange], complete: bool) -> Sweep {
        let _ = (table, changes, complete);
        Sweep::No
    }

    /// Called between transactions: takes over what changed outside of Kafka, such as a file that was read again.
    fn refresh(&mut self) -> Sweep {
        Sweep::No
    }

    /// A table changed, or the state of `key` has just been taken over: brings the state in line with it.
    fn sweep(&mut self, key: &[u8], now_ms: i64, states: &mut States<'_, Self::State>, out: &mut Outputs) {
        let _ = (key, now_ms, states, out);
    }
}

/// What a stage keeps per key: in memory as its encoded bytes, in the changelog for the next owner.
pub trait State: Sized {
    /// Writes the state.
    ///
    /// # Errors
    /// When it cannot be written; the record that made it is dead-lettered.
    fn encode(&self, into: &mut Vec<u8>) -> Result<(), StateError>;

    /// Reads what [`State::encode`] wrote, also by an older version.
    ///
    /// # Errors
    /// When the bytes are not such a state; the record that needs it is dead-lettered.
    fn decode(bytes: &[u8]) -> Result<Self, StateError>;

    /// When [`Stage::due`] is to be called, in milliseconds since the epoch. Must follow from the state alone.
    fn due_ms(&self) -> Option<i64>;
}

/// For a stage without state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoState;

impl State for NoState {
    fn encode(&self, _: &mut Vec<u8>) -> Result<(), StateError> {
        Ok(())
    }

    fn decode(_: &[u8]) -> Result<Self, StateError> {
        Ok(Self)
    }

    fn due_ms(&self) -> Option<i64> {
        None
    }
}

/// What became of a record: a closed set. Counted when the transaction has committed, so that
/// records in = sum of outcomes at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It changed something: outputs, state or both.
    Produced,
    /// It was known already.
    Duplicate,
    /// A newer version of it was known already.
    Superseded,
    /// It is none of this stage's business.
    OutOfScope,
    /// It is older than the stage looks back.
    TooLate,
    /// It cannot be handled and went to `port.deadletters`.
    DeadLettered {
        /// A stable code, e.g. `EDIFACT_SYNTAX`.
        code: Cow<'static, str>,
        /// One sentence for an operator, without secrets or personal data.
        sentence: String,
        /// Where in the record: a line, a segment.
        position: Option<String>,
    },
}

impl Outcome {
    /// Every label of [`Outcome::label`].
    pub const LABELS: [&'static str; 6] =
        ["produced", "duplicate", "superseded", "out_of_scope", "too_late", "dead_lettered"];

    /// A dead letter.
    #[must_use]
    pub fn dead_letter(code: impl Into<Cow<'static, str>>, sentence: impl Into<String>) -> Self {
        Self::DeadLettered { code: code.into(), sentence: sentence.into(), position: None }
    }

    /// The same dead letter with the place that it speaks of.
    #[must_use]
    pub fn at(mut self, place: Option<String>) -> Self {
        if let Self::DeadLettered { position, .. } = &mut self {
            *position = place;
        }
        self
    }

    /// The outcome as a metric label.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Produced => "produced",
            Self::Duplicate => "duplicate",
            Self::Superseded => "superseded",
            Self::OutOfScope => "out_of_scope",
            Self::TooLate => "too_late",
            Self::DeadLettered { .. } => "dead_lettered",
        }
    }

    pub(crate) fn index(&self) -> usize {
        match self {
            Self::Produced => 0,
            Self::Duplicate => 1,
            Self::Superseded => 2,
            Self::OutOfScope => 3,
            Self::TooLate => 4,
            Self::DeadLettered { .. } => 5,
        }
    }
}

/// Whether a table change asks for a look at the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// No state is affected.
    No,
    /// [`Stage::sweep`] is to be called for every state key that this instance owns.
    All,
}

/// One change of a table.
#[derive(Clone, PartialEq, Eq)]
pub struct TableChange {
    /// The key.
    pub key: Vec<u8>,
    /// The new value; `None` is a removal.
    pub value: Option<Vec<u8>>,
    /// The partition of the table's topic.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
}

impl std::fmt::Debug for TableChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{} ({} B)", self.partition, self.offset, self.value.as_ref().map_or(0, Vec::len))
    }
}

/// A record, or a part of one, that could not be handled.
#[derive(Clone, Copy, Debug)]
pub struct DeadLetter<'a> {
    /// The record as it was read.
    pub record: &'a Record<'a>,
    /// The rejected part, when only a part of the record is affected.
    pub part: Option<&'a [u8]>,
    /// A stable code.
    pub code: &'a str,
    /// One sentence for an operator.
    pub sentence: &'a str,
    /// Where in the record: a line, a segment.
    pub position: Option<&'a str>,
    /// The stage that gave up on it.
    pub stage: &'a str,
    /// When, in milliseconds since the epoch.
    pub now_ms: i64,
}

/// Turns a [`DeadLetter`] into the value of a record of `port.deadletters`. Closures implement it.
pub trait DeadLetterEncoder: Send + Sync {
    /// The value's bytes.
    fn encode(&self, letter: &DeadLetter<'_>) -> Vec<u8>;
}

impl<F: Fn(&DeadLetter<'_>) -> Vec<u8> + Send + Sync> DeadLetterEncoder for F {
    fn encode(&self, letter: &DeadLetter<'_>) -> Vec<u8> {
        self(letter)
    }
}
