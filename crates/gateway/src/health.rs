//! Whether the broker answers, so that `/readyz` and a metric say so before a sender finds out.

use std::time::Duration;

use quaywatch_kafka::Readiness;
use quaywatch_service::Shutdown;

use crate::{Intake, Metrics};

/// Name of the condition in `/readyz`.
pub const BROKER: &str = "gateway/broker";
/// How often the broker is asked while it does not answer.
const PROBE_AWAY: Duration = Duration::from_secs(2);
/// How often it is asked while it does.
const PROBE_THERE: Duration = Duration::from_secs(15);

/// Asks until the service stops.
pub(crate) async fn watch(
    intake: Intake,
    metrics: Metrics,
    readiness: Option<Readiness>,
    shutdown: Shutdown,
) {
    if let Some(readiness) = &readiness {
        readiness.set(BROKER, false);
    }
    loop {
        let there = tokio::select! {
            there = intake.probe() => there,
            () = shutdown.requested() => return,
        };
        metrics.broker_up.set(i64::from(there));
        if let Some(readiness) = &readiness {
            readiness.set(BROKER, there);
        }
        if !shutdown.sleep(if there { PROBE_THERE } else { PROBE_AWAY }).await {
            return;
        }
    }
}
