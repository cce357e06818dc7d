//! The screener: `port.events` and `port.watchlist` to `port.facts`.
//!
//! Routes each event as facts to the subjects it concerns and adds watchlist hits. Keeps, for each container, which
//! identifiers and names its events mention, so that a changed list finds the containers already in the port.

mod stage;
mod state;

use quaywatch_kafka::{Error, Topology};
use quaywatch_screening::names::Bands;
use quaywatch_service::stage::Environment;

pub use stage::{EVENTS, FACTS, Screener, WATCHLIST};
pub use state::ContainerState;

/// Runs the service until it is asked to stop. Names are told from the scores of `bands` on.
///
/// # Errors
/// When it cannot start, or does not stop in time.
pub async fn run(environment: &Environment, bands: &Bands) -> Result<(), Error> {
    let topology = Topology::new("screener", EVENTS, environment.dead_letters())
        .stateful()
        .table(WATCHLIST)
        .version(env!("CARGO_PKG_VERSION"));
    let codec = environment.codec.clone();
    let bands = bands.clone();
    let stage = move || Screener::new(codec.clone()).with_bands(bands.clone());
    quaywatch_kafka::run(&topology, &environment.kafka, stage, environment.host()).await
}
