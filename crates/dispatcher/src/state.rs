use quaywatch_codec::state;
use quaywatch_kafka::{State, StateError};
use quaywatch_sharing::DisclosureState;

/// What each agency was told of one alert, as the runtime keeps it.
#[derive(Debug, Clone, Default)]
pub struct Disclosures(pub(crate) DisclosureState);

impl State for Disclosures {
    fn encode(&self, into: &mut Vec<u8>) -> Result<(), StateError> {
        Ok(state::encode(&self.0, into)?)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        Ok(Self(state::decode(bytes)?))
    }

    fn due_ms(&self) -> Option<i64> {
        self.0.views.iter().map(|view| view.retention_until.as_millis()).min()
    }
}
