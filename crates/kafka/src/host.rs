//! What a stage needs from the process it runs in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::metrics::Metrics;

/// Milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The wall clock.
#[must_use]
pub fn wall_clock() -> Clock {
    Arc::new(|| {
        #[expect(clippy::disallowed_methods, reason = "the one place where the runtime takes the time")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
    })
}

/// The surroundings of a running stage.
#[derive(Clone)]
pub struct Host {
    /// Becomes true when the stage is to stop; a closed channel means the same.
    pub shutdown: watch::Receiver<bool>,
    /// Where it counts.
    pub metrics: Metrics,
    /// Where it says whether it is ready.
    pub readiness: Readiness,
    /// The stage's time.
    pub clock: Clock,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("readiness", &self.readiness).finish_non_exhaustive()
    }
}

impl Host {
    /// A host with the wall clock and a readiness of its own.
    #[must_use]
    pub fn new(shutdown: watch::Receiver<bool>, metrics: Metrics) -> Self {
        Self { shutdown, metrics, readiness: Readiness::default(), clock: wall_clock() }
    }

    pub(crate) fn stopping(&self) -> bool {
        *self.shutdown.borrow() || self.shutdown.has_changed().is_err()
    }
}

/// Whether every part of the process can do its work: slots have restored their states, tables are loaded.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<BTreeMap<String, bool>>>);

impl Readiness {
    /// Whether there are parts and all are ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !parts.is_empty() && parts.values().all(|ready| *ready)
    }

    /// Every part, e.g. `screener/slot-0`, and whether it is ready.
    #[must_use]
    pub fn parts(&self) -> Vec<(String, bool)> {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        parts.iter().map(|(name, ready)| (name.clone(), *ready)).collect()
    }

    /// Says whether a part is ready; a new part makes itself known so.
    pub fn set(&self, part: &str, ready: bool) {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match parts.get_mut(part) {
            Some(state) => *state = ready,
            None => {
                parts.insert(part.to_owned(), ready);
            }
        }
    }

    /// Forgets a part that ended.
    pub fn remove(&self, part: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(part);
    }
}
