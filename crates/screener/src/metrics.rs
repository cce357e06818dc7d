//! What the screener counts beside its outcomes.

use prometheus::{IntCounterVec, Opts, Registry};
use quaywatch_screening::Counts;

/// The screener's metrics. Nothing of an entry or a party is a label.
#[derive(Debug, Clone)]
pub struct Metrics {
    exceptions: IntCounterVec,
}

impl Metrics {
    /// Registers the metrics.
    ///
    /// # Errors
    /// When the registry already has them.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let exceptions = IntCounterVec::new(
            Opts::new(
                "quaywatch_screener_exceptions_total",
                "Comparisons of a container in which a decided false positive was met: applied, or dead because the entry changed.",
            ),
            &["outcome"],
        )?;
        registry.register(Box::new(exceptions.clone()))?;
        for outcome in ["applied", "dead"] {
            exceptions.with_label_values(&[outcome]).inc_by(0);
        }
        Ok(Self { exceptions })
    }

    pub(crate) fn count(&self, counts: Counts) {
        self.exceptions.with_label_values(&["applied"]).inc_by(counts.applied);
        self.exceptions.with_label_values(&["dead"]).inc_by(counts.dead);
    }
}
