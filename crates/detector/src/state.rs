use quaywatch_codec::state;
use quaywatch_detection::TimelineState;
use quaywatch_kafka::{State, StateError};

/// A timeline as the runtime keeps it.
#[derive(Debug, Clone, Default)]
pub struct Timeline(pub TimelineState);

impl State for Timeline {
    fn encode(&self, into: &mut Vec<u8>) -> Result<(), StateError> {
        Ok(state::encode(&self.0, into)?)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        Ok(Self(state::decode(bytes)?))
    }

    fn due_ms(&self) -> Option<i64> {
        self.0.due_at().map(|at| at.as_millis())
    }
}
