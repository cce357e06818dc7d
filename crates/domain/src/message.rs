//! Messages as they came, and those that could not be used.

use serde::{Deserialize, Serialize};

use crate::codes::codes;
use crate::{Sha256, Timestamp};

/// A message as it came in; value of `port.raw`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawMessage {
    /// Feed id.
    pub feed: String,
    /// Media type as declared by the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// When we stored it.
    pub received_at: Timestamp,
    /// Digest of `body`.
    pub sha256: Sha256,
    /// The original bytes.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
    /// Sender as authenticated by the door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Path or file name at the door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What checking the signature gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

codes! {
    /// Why a record could not be used.
    DeadLetterCode {
        /// The value is not in a known Avro framing.
        UnknownFraming = "UNKNOWN_FRAMING",
        /// The schema of the value is not known.
        UnknownSchema = "UNKNOWN_SCHEMA",
        /// The value does not follow its schema.
        UndecodableValue = "UNDECODABLE_VALUE",
        /// No value where one is needed.
        EmptyValue = "EMPTY_VALUE",
        /// No format fits the content.
        UnknownFormat = "UNKNOWN_FORMAT",
        /// The message breaks its format.
        MalformedMessage = "MALFORMED_MESSAGE",
        /// The message is larger than its limit.
        MessageTooLarge = "MESSAGE_TOO_LARGE",
        /// The message holds more items than its limit.
        TooManyItems = "TOO_MANY_ITEMS",
        /// Neither container nor other subject can be known.
        NoSubject = "NO_SUBJECT",
        /// The time of the event cannot be known.
        NoTime = "NO_TIME",
        /// A mandatory field is missing.
        MissingField = "MISSING_FIELD",
        /// A field has a value that cannot be read.
        BadField = "BAD_FIELD",
        /// The type of message is not one that we read.
        UnsupportedMessage = "UNSUPPORTED_MESSAGE",
        /// An agency other than the topic's owner is named.
        ForeignAgency = "FOREIGN_AGENCY",
        /// The feed is paused: the record was not looked at.
        FeedPaused = "FEED_PAUSED",
        /// The stage itself failed on the record.
        StagePanic = "STAGE_PANIC",
        /// What the record becomes is larger than a topic takes.
        OutputTooLarge = "OUTPUT_TOO_LARGE",
        /// The state that the record belongs to cannot be read.
        StateUnreadable = "STATE_UNREADABLE",
        /// The state that the record leads to cannot be written.
        StateUnwritable = "STATE_UNWRITABLE",
    }
}

/// A header of a Kafka record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Name.
    pub name: String,
    /// Value.
    #[serde(with = "serde_bytes")]
    pub value: Vec<u8>,
}

/// A record that could not be used, whole; value of `port.deadletters`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Why, as a code of [`DeadLetterCode`].
    pub code: String,
    /// Why, for a person: what is wrong, where, and what to do.
    pub sentence: String,
    /// Position in the message: line, JSON Pointer, or segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// Stage that gave up.
    pub stage: String,
    /// Topic of the record.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// When the stage gave up.
    pub at: Timestamp,
    /// Feed, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<String>,
    /// Schema id or fingerprint of the value, when it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_id: Option<String>,
    /// The record's key.
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub key: Option<Vec<u8>>,
    /// The record's headers.
    #[serde(default)]
    pub headers: Vec<Header>,
    /// The record's value.
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub value: Option<Vec<u8>>,
}
