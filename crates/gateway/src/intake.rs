//! From bytes to a stored message, whichever way they came.

use std::sync::Arc;

use quaywatch_domain::{RawMessage, Sha256, Timestamp};
use quaywatch_kafka::NewRecord;
use quaywatch_service::Clock;

use crate::sink::{NotStored, Place, Probing, Sink};

/// Topic of raw messages.
pub const RAW: &str = "port.raw";

/// Writes a raw message as the value of a record.
pub type Encode = Arc<dyn Fn(&RawMessage) -> Result<Vec<u8>, NotStored> + Send + Sync>;

/// A message that the broker has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Digest of its bytes.
    pub sha256: Sha256,
    /// Where it is on `port.raw`.
    pub place: Place,
}

/// Bytes with what the door knows of them.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Feed.
    pub feed: String,
    /// Media type as declared.
    pub content_type: Option<String>,
    /// Sender as authenticated.
    pub sender: Option<String>,
    /// File name or path.
    pub path: Option<String>,
    /// What checking the signature gave.
    pub signature: Option<String>,
    /// W3C trace context of the sender, when valid.
    pub traceparent: Option<String>,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Turns bytes into raw messages and hands them to the sink. Clones share it.
#[derive(Clone)]
pub struct Intake {
    sink: Arc<dyn Sink>,
    encode: Encode,
    clock: Clock,
}

impl Intake {
    /// Stores through `sink`, with receipt times from `clock`.
    #[must_use]
    pub fn new(sink: Arc<dyn Sink>, encode: Encode, clock: Clock) -> Self {
        Self { sink, encode, clock }
    }

    /// Queues a message; the future ends when the broker has it. Messages of a feed keep the order of these calls.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn begin(
        &self,
        incoming: Incoming,
    ) -> Result<impl Future<Output = Result<Stored, NotStored>> + Send + use<>, NotStored> {
        let sha256 = Sha256::of(&incoming.body);
        let received_at = self.clock.now();
        let traceparent = incoming.traceparent.unwrap_or_else(|| new_trace(sha256, received_at));
        let message = RawMessage {
            feed: incoming.feed,
            content_type: incoming.content_type,
            received_at,
            sha256,
            body: incoming.body,
            sender: incoming.sender,
            path: incoming.path,
            signature: incoming.signature,
        };
        let value = (self.encode)(&message)?;
        let record = NewRecord::new(RAW, message.feed, value)
            .header("traceparent", traceparent)
            .header("quaywatch-stage", "gateway")
            .header("quaywatch-version", env!("CARGO_PKG_VERSION"));
        let sending = self.sink.send(record);
        Ok(async move { Ok(Stored { sha256, place: sending.await? }) })
    }

    pub(crate) fn probe(&self) -> Probing {
        self.sink.probe()
    }
}

/// A W3C `traceparent` that follows from the message and its receipt: a repeated message has a trace of its own.
fn new_trace(sha256: Sha256, at: Timestamp) -> String {
    let hex = Sha256::of(format!("{sha256}@{}", at.as_millis()).as_bytes()).to_string();
    let (trace, rest) = hex.split_at(32);
    format!("00-{trace}-{}-00", rest.get(..16).unwrap_or_default())
}

/// Whether a text is a W3C `traceparent` of version 00.
pub(crate) fn is_traceparent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    match parts.as_slice() {
        ["00", trace, parent, flags] => {
            let zeros = |s: &str| s.bytes().all(|b| b == b'0');
            hex(trace, 32) && hex(parent, 16) && hex(flags, 2) && !zeros(trace) && !zeros(parent)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_that_is_made_up_is_valid_and_others_are_checked() {
        let made = new_trace(Sha256::of(b"x"), Timestamp::from_millis(1));
        assert!(is_traceparent(&made), "{made}");
        assert!(is_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        for bad in ["", "00-0-0-0", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "CSQU3054383"]
        {
            assert!(!is_traceparent(bad), "{bad}");
        }
    }
}
