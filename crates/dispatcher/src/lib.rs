//! The dispatcher: `port.alerts` to `agency.ID.alerts`, and the agencies' feedback back to `port.facts`.

mod stage;
mod state;

use std::sync::Arc;

use quaywatch_kafka::{Error, Topology};
use quaywatch_service::stage::Environment;

pub use stage::{ALERTS, Clearances, Dispatcher, FACTS, alerts_topic, feedback_topic};
pub use state::Disclosures;

/// Runs the service until it is asked to stop. The feedback topics are those of the agencies at the start.
///
/// # Errors
/// When it cannot start, or does not stop in time.
pub async fn run(agencies: Clearances, environment: &Environment) -> Result<(), Error> {
    let topology = Topology::new("dispatcher", ALERTS, environment.dead_letters())
        .stateful()
        .also(agencies().ids().map(feedback_topic))
        .version(env!("CARGO_PKG_VERSION"));
    let codec = environment.codec.clone();
    let stage = move || Dispatcher::new(codec.clone(), Arc::clone(&agencies));
    quaywatch_kafka::run(&topology, &environment.kafka, stage, environment.host()).await
}
