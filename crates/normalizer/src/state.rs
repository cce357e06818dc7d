use quaywatch_domain::Timestamp;
use quaywatch_formats::document::DocumentState;
use quaywatch_kafka::{State, StateError};

/// How long after its last version a document may still be replaced or cancelled, ms: 90 days, as `port.events`.
const KEEP_MS: i64 = 90 * 24 * 3_600_000;

/// What the last version of one document stated.
#[derive(Debug, Clone)]
pub struct DocumentRecord {
    pub(crate) state: DocumentState,
}
