//! The detector: `port.facts` to `port.alerts`, and indicator facts of other subjects back to `port.facts`; knows from
//! `port.baselines` what is usual and from `port.outages` when systems were out.

mod stage;
mod state;

use std::sync::Arc;

use quaywatch_kafka::{Error, Topology};
use quaywatch_service::stage::Environment;

pub use stage::{ALERTS, BASELINES, Counters, Detector, Engines, FACTS, OUTAGES};
pub use state::Timeline;

/// Topic of the timelines, by subject; compacted.
pub const STATE: &str = "detector.state";

/// Runs the service until it is asked to stop.
///
/// # Errors
/// When it cannot start, or does not stop in time.
pub async fn run(engine: Engines, environment: &Environment) -> Result<(), Error> {
    let counters = Counters::register(&environment.registry)?;
    let topology = Topology::new("detector", FACTS, environment.dead_letters())
        .stateful()
        .table(BASELINES)
        .table(OUTAGES)
        .version(env!("CARGO_PKG_VERSION"));
    let codec = environment.codec.clone();
    let stage = move || Detector::new(codec.clone(), Arc::clone(&engine), counters.clone());
    quaywatch_kafka::run(&topology, &environment.kafka, stage, environment.host()).await
}
