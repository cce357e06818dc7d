//! What is usual at a port, as it travels.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What is usual, for every detector; value of `port.baselines`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedBaselines {
    /// Version of the content.
    pub version: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// The JSON document that `quaywatch baseline build` writes.
    pub content: String,
}
