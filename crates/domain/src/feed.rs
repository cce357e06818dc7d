//! Whether a feed is taken in.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::codes::codes;

codes! {
    /// Whether a feed is taken in.
    FeedState {
        /// Messages are read.
        Running = "RUNNING",
        /// Messages are set aside unread, and doors refuse new ones.
        Paused = "PAUSED",
    }
}

/// The state of a feed; value of `port.feeds`, the latest of a feed counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedStatus {
    /// Feed id.
    pub feed: String,
    /// Whether it is taken in.
    pub state: FeedState,
    /// Since when.
    pub since: Timestamp,
    /// Why, for a person.
    pub reason: String,
    /// Who said so: `normalizer`, or `operator`.
    pub by: String,
}
