//! Where an event comes from: the raw message, what it says of itself, and the place in it.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use crate::{Sha256, Text};

/// Where a raw message is stored: one for all that it tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Stored {
    /// Topic of the raw message, or the file name offline.
    pub topic: Arc<str>,
    /// Partition of the raw message.
    pub partition: i32,
    /// Offset of the raw message.
    pub offset: i64,
    /// Digest of the original bytes.
    pub sha256: Sha256,
}

/// The message that an event comes from: one for all that it tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceMessage {
    /// Feed id.
    pub feed: Arc<str>,
    /// Message format: `DCSA-TNT-2.2`, `EDIFACT-CODECO-D95B`, `JSONL`, ...
    pub format: Arc<str>,
    /// Sender as the message says.
    pub sender: Option<Arc<str>>,
    /// The message's own id.
    pub message_id: Option<Arc<str>>,
    /// The raw message.
    pub stored: Arc<Stored>,
}

/// Where an event comes from, down to the bytes. Events of one message share what it says of itself; who changes that has
/// it alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "FlatSource", into = "FlatSource")]
pub struct Source {
    message: Arc<SourceMessage>,
    /// Path into the message: a JSON Pointer, a line, or message and segment numbers.
    pub path: Text,
}

impl Source {
    /// A place in a message.
    #[must_use]
    pub fn new(message: SourceMessage, path: impl Into<Text>) -> Self {
        Self { message: Arc::new(message), path: path.into() }
    }

    /// Another place in the same message.
    #[must_use]
    pub fn at(&self, path: impl Into<Text>) -> Self {
        Self { message: Arc::clone(&self.message), path: path.into() }
    }
}

impl Default for Source {
    /// None that is known.
    fn default() -> Self {
        static NONE: LazyLock<Arc<SourceMessage>> = LazyLock::new(Arc::default);
        Self { message: Arc::clone(&NONE), path: Text::default() }
    }
}

impl From<SourceMessage> for Source {
    fn from(message: SourceMessage) -> Self {
        Self::new(message, "")
    }
}

impl Deref for Source {
    type Target = SourceMessage;

    fn deref(&self) -> &SourceMessage {
        &self.message
    }
}

impl DerefMut for Source {
    fn deref_mut(&mut self) -> &mut SourceMessage {
        Arc::make_mut(&mut self.message)
    }
}

/// A source on the wire.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename = "Source", default)]
struct FlatSource {
    feed: Arc<str>,
    format: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<Arc<str>>,
    topic: Arc<str>,
    partition: i32,
    offset: i64,
    sha256: Sha256,
    path: Text,
}

impl From<FlatSource> for Source {
    fn from(flat: FlatSource) -> Self {
        let FlatSource { feed, format, sender, message_id, topic, partition, offset, sha256, path } = flat;
        let stored = Arc::new(Stored { topic, partition, offset, sha256 });
        Self::new(SourceMessage { feed, format, sender, message_id, stored }, path)
    }
}

impl From<Source> for FlatSource {
    fn from(source: Source) -> Self {
        let Source { message, path } = source;
        let SourceMessage { feed, format, sender, message_id, stored } = Arc::unwrap_or_clone(message);
        let Stored { topic, partition, offset, sha256 } = Arc::unwrap_or_clone(stored);
        Self { feed, format, sender, message_id, topic, partition, offset, sha256, path }
    }
}
