//! Where messages go: the one step that the gateway does not do itself.

use std::future::Future;
use std::pin::Pin;

/// A record on its way to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutRecord {
    /// Topic, without prefix.
    pub topic: &'static str,
    /// Key.
    pub key: String,
    /// Value.
    pub value: Vec<u8>,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
}

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
    /// The broker did not acknowledge; the same again may succeed.
    #[error("the broker did not acknowledge it: {0}; try again later")]
    Unavailable(String),
    /// The broker does not take records of this size.
    #[error("the broker refuses its size: {0}; send less at once")]
    TooLarge(String),
    /// The record cannot be written.
    #[error("it cannot be encoded: {0}; this is a bug, please report it")]
    Unencodable(String),
}

/// What a send comes to.
pub type Sending = Pin<Box<dyn Future<Output = Result<Place, NotStored>> + Send>>;

/// Stores records durably.
pub trait Sink: Send + Sync + 'static {
    /// Stores a record; the answer comes when all replicas have it. Records queue in the order of the calls, not of the
    /// answers.
    fn send(&self, record: OutRecord) -> Sending;

    /// Whether the broker was reachable of late.
    fn is_reachable(&self) -> bool;
}
