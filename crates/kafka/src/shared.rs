//! What the threads of a running stage share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::assignment::Place;
use crate::host::Host;
use crate::metrics::StageMetrics;
use crate::settings::Settings;
use crate::topology::Topology;

const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
const BACKOFF_LOOK: Duration = Duration::from_millis(20);

pub(crate) struct Shared {
    pub(crate) topology: Topology,
    pub(crate) settings: Settings,
    pub(crate) host: Host,
    pub(crate) metrics: StageMetrics,
    /// Full names: the stateful input, then the others.
    pub(crate) inputs: Vec<String>,
    /// A thread failed for good: all stop.
    pub(crate) failed: AtomicBool,
}

impl Shared {
    pub(crate) fn stopping(&self) -> bool {
        self.failed.load(Ordering::Relaxed) || self.host.stopping()
    }

    pub(crate) fn slot_part(&self, slot: usize) -> String {
        format!("{}/slot-{slot}", self.topology.stage)
    }

    pub(crate) fn table_part(&self, table: &str) -> String {
        format!("{}/{table}", self.topology.stage)
    }

    pub(crate) fn place(&self, topic: &str, partition: i32) -> Option<Place> {
        let input = self.inputs.iter().position(|input| input == topic)?;
        Some((input, partition))
    }

    pub(crate) fn is_stateful(&self, input: usize) -> bool {
        self.topology.stateful && input == 0
    }
}

/// Growing pauses between attempts that must go on for ever.
pub(crate) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(BACKOFF_MIN)
    }
}

impl Backoff {
    /// Waits, unless the stage is to stop, and makes the next wait longer.
    pub(crate) fn wait(&mut self, shared: &Shared) {
        let until = Instant::now() + self.0;
        while Instant::now() < until && !shared.stopping() {
            std::thread::sleep(BACKOFF_LOOK.min(self.0));
        }
        self.0 = (self.0 * 2).min(BACKOFF_MAX);
    }

    pub(crate) fn reset(&mut self) {
        self.0 = BACKOFF_MIN;
    }
}
