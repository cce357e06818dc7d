//! The screener: `port.events` and `port.watchlist` to `port.facts`.
//!
//! Routes each event as facts to the subjects it concerns and adds watchlist hits. Keeps, for each container, which
//! identifiers its events mention, so that a changed list finds the containers already in the port.

mod stage;
mod state;

use quaywatch_kafka::{Error, Topology};
use quaywatch_service::stage::Environment;

pub use stage::{EVENTS, FACTS, Screener, WATCHLIST};
pub use state::ContainerState;

/// Runs the service until it is asked to stop.
///
/// # Errors
/// When it cannot start, or does not stop in time.
pub async fn run(environment: &Environment) -> Result<(), Error> {
    let topology = Topology::new("screener", EVENTS, environment.dead_letters())
        .stateful()
        .table(WATCHLIST)
        .version(env!("CARGO_PKG_VERSION"));
    let codec = environment.codec.clone();
    let stage = move || Screener::new(codec.clone());
    quaywatch_kafka::run(&topology, &environment.kafka, stage, environment.host()).await
}
