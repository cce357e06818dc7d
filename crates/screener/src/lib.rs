//! The screener: `port.events` and `port.watchlist` to `port.facts`.
//!
//! Routes each event as facts to the subjects it concerns and adds watchlist hits. Keeps, for each container, which
//! identifiers and names its events mention, so that a changed list finds the containers already in the port.

mod metrics;
mod stage;
mod state;

use quaywatch_domain::blinding::BlindingKey;
use quaywatch_kafka::{Error, Topology};
use quaywatch_screening::names::Bands;
use quaywatch_service::stage::Environment;

pub use metrics::Metrics;
pub use stage::{Decisions, EVENTS, FACTS, Screener, WATCHLIST};
pub use state::ContainerState;

/// What the service works with beside Kafka.
#[derive(Clone, Default)]
pub struct Setup {
    /// From which scores on names are told.
    pub bands: Bands,
    /// Keys of blinded lists, several periods at once.
    pub blinding: Vec<BlindingKey>,
    /// What people decided not to be hits.
    pub exceptions: Option<Decisions>,
    /// Where it counts.
    pub metrics: Option<Metrics>,
}

impl Setup {
    fn stage(&self, environment: &Environment) -> Screener {
        let stage = Screener::new(environment.codec.clone())
            .with_bands(self.bands.clone())
            .blinding(self.blinding.clone());
        let stage = self.metrics.iter().cloned().fold(stage, Screener::metrics);
        self.exceptions.iter().cloned().fold(stage, Screener::exceptions)
    }
}

/// Runs the service until it is asked to stop.
///
/// # Errors
/// When it cannot start, or does not stop in time.
pub async fn run(setup: Setup, environment: &Environment) -> Result<(), Error> {
    let topology = Topology::new("screener", EVENTS, environment.dead_letters())
        .stateful()
        .table(WATCHLIST)
        .version(env!("CARGO_PKG_VERSION"));
    let own = environment.clone();
    let stage = move || setup.stage(&own);
    quaywatch_kafka::run(&topology, &environment.kafka, stage, environment.host()).await
}
