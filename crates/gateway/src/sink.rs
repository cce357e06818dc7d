//! Where messages go: the one step that the gateway does not do itself.

use std::future::Future;
use std::pin::Pin;

use quaywatch_kafka::NewRecord;

/// Where the broker put a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
}

/// Why a message was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStored {
    /// The broker or the schema registry did not answer; the same again may succeed.
    #[error("it was not acknowledged: {0}; try again later")]
    Unavailable(String),
    /// The broker does not take records of this size.
    #[error("it is too large to be stored: {0}; send less at once")]
    TooLarge(String),
    /// The record cannot be written.
    #[error("it cannot be encoded: {0}; this is a bug, please report it")]
    Unencodable(String),
}

/// What a send comes to.
pub type Sending = Pin<Box<dyn Future<Output = Result<Place, NotStored>> + Send>>;

/// Whether the broker answers.
pub type Probing = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Stores records durably.
pub trait Sink: Send + Sync + 'static {
    /// Stores a record; the answer comes when all replicas have it. Records queue in the order of the calls, not of the
    /// answers.
    fn send(&self, record: NewRecord) -> Sending;

    /// Whether the broker answers, asked without storing anything.
    fn probe(&self) -> Probing;
}
