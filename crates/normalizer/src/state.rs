use quaywatch_codec::state;
use quaywatch_formats::document::DocumentState;
use quaywatch_kafka::{State, StateError};

/// How long after its last version a document may still be replaced or cancelled, ms: 90 days, as `port.events`.
const KEEP_MS: i64 = 90 * 24 * 3_600_000;

/// What the versions of one document stated, as the runtime keeps it.
#[derive(Debug, Clone)]
pub struct DocumentRecord(pub(crate) DocumentState);

impl State for DocumentRecord {
    fn encode(&self, into: &mut Vec<u8>) -> Result<(), StateError> {
        Ok(state::encode(&self.0, into)?)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        Ok(Self(state::decode(bytes)?))
    }

    fn due_ms(&self) -> Option<i64> {
        Some(self.0.touched_at.as_millis().saturating_add(KEEP_MS))
    }
}
