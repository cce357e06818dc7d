//! What a stage wants to send.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Collects what a stage sends while it handles one record. Nothing leaves before the record's outcome is
/// known, and nobody sees it before the transaction commits.
#[derive(Default)]
pub struct Outputs {
    now_ms: i64,
    read_to_ms: i64,
    pub(crate) records: Vec<Output>,
    pub(crate) letters: Vec<Letter>,
    topics: Vec<Arc<str>>,
}

/// When a stage is called, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// What the clock says.
    pub(crate) now_ms: i64,
    /// Up to when the input has been read.
    pub(crate) read_to_ms: i64,
}

impl Times {
    /// An input that was read to its end.
    pub(crate) const fn at_end(now_ms: i64) -> Self {
        Self { now_ms, read_to_ms: now_ms }
    }
}

/// One record to be sent; the topic has no prefix yet.
pub(crate) struct Output {
    pub(crate) topic: Arc<str>,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(Cow<'static, str>, Vec<u8>)>,
}

impl Output {
    pub(crate) fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len) + headers
    }
}

pub(crate) struct Letter {
    pub(crate) code: Cow<'static, str>,
    pub(crate) sentence: String,
    pub(crate) position: Option<String>,
    pub(crate) part: Option<Vec<u8>>,
}

impl fmt::Debug for Outputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} outputs, {} dead letters", self.records.len(), self.letters.len())
    }
}

impl Outputs {
    /// The time of this call in milliseconds since the epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// The time up to which the input has been read: [`Self::now_ms`], or earlier while the input lags, in milliseconds
    /// since the epoch. What is said to have happened by then, and was not told, is absent; later it may be on its way.
    #[must_use]
    pub fn read_to_ms(&self) -> i64 {
        self.read_to_ms
    }

    /// Sends a record. `topic` has no prefix: the runtime puts the deployment's prefix in front.
    pub fn send(&mut self, topic: &str, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.push(topic, key.into(), Some(value.into()), Vec::new());
    }

    /// Sends a record with headers of its own beside those that the runtime adds.
    pub fn send_with(
        &mut self,
        topic: &str,
        key: impl Into<Vec<u8>>,
        value: impl Into<Vec<u8>>,
        headers: Vec<(Cow<'static, str>, Vec<u8>)>,
    ) {
        self.push(topic, key.into(), Some(value.into()), headers);
    }

    /// Removes a key from a compacted topic.
    pub fn tombstone(&mut self, topic: &str, key: impl Into<Vec<u8>>) {
        self.push(topic, key.into(), None, Vec::new());
    }

    /// Sends the current record to the dead letters although it was handled in part: a file of which some
    /// lines are bad. `part` is the rejected part and `position` its place. The record's outcome stays what `handle`
    /// returns. From [`crate::Stage::due`] or [`crate::Stage::sweep`] it says that the state cannot be handled: what the
    /// call did is undone, and the state's bytes go to the dead letters.
    pub fn dead_letter(
        &mut self,
        code: impl Into<Cow<'static, str>>,
        sentence: impl Into<String>,
        position: Option<String>,
        part: Option<Vec<u8>>,
    ) {
        self.letters.push(Letter { code: code.into(), sentence: sentence.into(), position, part });
    }

    /// How many records would be sent.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether nothing would be sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(crate) fn reset(&mut self, times: Times) {
        self.now_ms = times.now_ms;
        self.read_to_ms = times.read_to_ms;
        self.records.clear();
        self.letters.clear();
    }

    fn push(
        &mut self,
        topic: &str,
        key: Vec<u8>,
        value: Option<Vec<u8>>,
        headers: Vec<(Cow<'static, str>, Vec<u8>)>,
    ) {
        let topic = match self.topics.iter().find(|known| &***known == topic) {
            Some(known) => Arc::clone(known),
            None => {
                let new: Arc<str> = topic.into();
                self.topics.push(Arc::clone(&new));
                new
            }
        };
        self.records.push(Output { topic, key: Some(key), value, headers });
    }
}
