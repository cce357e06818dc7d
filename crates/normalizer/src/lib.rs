//! The normalizer: `port.raw` to `port.events`.
//!
//! Picks the format from content and the feed's settings, parses, and keeps per (feed, document) which events the
//! last version of the document stated, so that a replaced document overrides and a cancelled one retracts. A feed that
//! sends nothing but rubbish is paused; what comes of it is set aside until the operator lets it run again.

mod health;
mod stage;
mod state;

use quaywatch_kafka::{Error, Topology};
use quaywatch_service::stage::Environment;

pub use health::Figures;
pub use stage::{EVENTS, FEEDS, Normalizer, OUTAGES, RAW, Setup};
pub use state::DocumentRecord;

/// Runs the service until it is asked to stop.
///
/// # Errors
/// When it cannot start, or does not stop in time.
pub async fn run(setup: Setup, environment: &Environment) -> Result<(), Error> {
    let topology = Topology::new("normalizer", RAW, environment.dead_letters())
        .stateful()
        .table(FEEDS)
        .version(env!("CARGO_PKG_VERSION"));
    quaywatch_kafka::run(
        &topology,
        &environment.kafka,
        move || Normalizer::new(setup.clone()),
        environment.host(),
    )
    .await
}
