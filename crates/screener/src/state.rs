use quaywatch_codec::state;
use quaywatch_kafka::{State, StateError};
use quaywatch_screening::SubjectState;

/// How long after its last event a container is remembered, ms: 45 days, as its timeline.
const KEEP_MS: i64 = 45 * 24 * 3_600_000;

/// What the screener remembers of one container, as the runtime keeps it.
#[derive(Debug, Clone, Default)]
pub struct ContainerState(pub(crate) SubjectState);

impl ContainerState {
    /// When nothing of it is needed any more.
    pub(crate) fn over_at_ms(&self) -> Option<i64> {
        self.0.events().iter().map(|seen| seen.received_at.as_millis().saturating_add(KEEP_MS)).max()
    }
}

impl State for ContainerState {
    fn encode(&self, into: &mut Vec<u8>) -> Result<(), StateError> {
        Ok(state::encode(&self.0, into)?)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        Ok(Self(state::decode(bytes)?))
    }

    fn due_ms(&self) -> Option<i64> {
        let entry = self.0.due_at().map(|at| at.as_millis());
        entry.into_iter().chain(self.over_at_ms()).min()
    }
}
