//! Metrics of the runtime: `quaywatch_*`, with stage, topic, partition and outcome as the only labels.

use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

use crate::error::Error;
use crate::stage::Outcome;

/// Limits whose reaching is counted.
pub(crate) const LIMITS: [&str; 5] =
    ["batch_records", "batch_bytes", "commit_interval", "send_queue", "dead_letter_bytes"];

/// The metric families, registered once per registry and shared by all stages of a process.
#[derive(Clone, Debug)]
pub struct Metrics {
    records_in: IntCounterVec,
    outcomes: IntCounterVec,
    pub(crate) outputs: IntCounterVec,
    dead_letters: IntCounterVec,
    transactions: IntCounterVec,
    commit_seconds: HistogramVec,
    record_age_seconds: HistogramVec,
    rebuilds: IntCounterVec,
    restore_seconds: GaugeVec,
    state_keys: IntGaugeVec,
    state_bytes: IntGaugeVec,
    pub(crate) lag: IntGaugeVec,
    table_entries: IntCounterVec,
    limits: IntCounterVec,
    lost: IntCounterVec,
    faults: IntCounterVec,
}

impl Metrics {
    /// Registers the families.
    ///
    /// # Errors
    /// When the registry has metrics of these names already.
    pub fn register(registry: &Registry) -> Result<Self, Error> {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let family = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(family.clone()))?;
            Ok::<_, Error>(family)
        };
        let gauge = |name: &str, help: &str, labels: &[&str]| {
            let family = IntGaugeVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(family.clone()))?;
            Ok::<_, Error>(family)
        };
        let histogram = |name: &str, help: &str, buckets: Vec<f64>| {
            let family = HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets), &["stage"])?;
            registry.register(Box::new(family.clone()))?;
            Ok::<_, Error>(family)
        };
        let restore_seconds = GaugeVec::new(
            Opts::new("quaywatch_restore_seconds", "Duration of the last restore of states"),
            &["stage"],
        )?;
        registry.register(Box::new(restore_seconds.clone()))?;
        Ok(Self {
            records_in: counter("quaywatch_records_in_total", "Records read and committed", &["stage"])?,
            outcomes: counter(
                "quaywatch_outcomes_total",
                "Outcomes of records; their sum is quaywatch_records_in_total",
                &["stage", "outcome"],
            )?,
            outputs: counter("quaywatch_outputs_total", "Records sent and committed", &["stage", "topic"])?,
            dead_letters: counter(
                "quaywatch_dead_letters_total",
                "Dead letters committed, of whole records and of parts",
                &["stage"],
            )?,
            transactions: counter(
                "quaywatch_transactions_total",
                "Transactions by how they ended",
                &["stage", "outcome"],
            )?,
            commit_seconds: histogram(
                "quaywatch_commit_seconds",
                "Duration of a commit, from the last record to its visibility",
                vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0],
            )?,
            record_age_seconds: histogram(
                "quaywatch_record_age_seconds",
                "Age of a record's timestamp when its outcome is committed",
                vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0, 3600.0],
            )?,
            rebuilds: counter("quaywatch_rebuilds_total", "Slots rebuilt after a fatal error", &["stage"])?,
            restore_seconds,
            state_keys: gauge("quaywatch_state_keys", "States held", &["stage", "partition"])?,
            state_bytes: gauge("quaywatch_state_bytes", "Bytes of states held", &["stage", "partition"])?,
            lag: gauge(
                "quaywatch_lag_offsets",
                "Offsets between this stage and the end of its input",
                &["stage", "topic", "partition"],
            )?,
            table_entries: counter(
                "quaywatch_table_changes_total",
                "Changes of tables read",
                &["stage", "topic"],
            )?,
            limits: counter("quaywatch_limit_reached_total", "Limits reached", &["stage", "limit"])?,
            lost: counter(
                "quaywatch_records_lost_total",
                "Offsets that retention removed before they were read",
                &["stage"],
            )?,
            faults: counter(
                "quaywatch_state_faults_total",
                "States that could not be read or written outside a record",
                &["stage"],
            )?,
        })
    }

    /// The metrics of one stage, all at zero.
    pub(crate) fn stage(&self, stage: &str) -> StageMetrics {
        let of = |family: &IntCounterVec| family.with_label_values(&[stage]);
        StageMetrics {
            stage: stage.to_owned(),
            records_in: of(&self.records_in),
            outcomes: Outcome::LABELS.map(|label| self.outcomes.with_label_values(&[stage, label])),
            dead_letters: of(&self.dead_letters),
            committed: self.transactions.with_label_values(&[stage, "committed"]),
            aborted: self.transactions.with_label_values(&[stage, "aborted"]),
            commit_seconds: self.commit_seconds.with_label_values(&[stage]),
            record_age_seconds: self.record_age_seconds.with_label_values(&[stage]),
            rebuilds: of(&self.rebuilds),
            restore_seconds: self.restore_seconds.with_label_values(&[stage]),
            limits: LIMITS.map(|limit| self.limits.with_label_values(&[stage, limit])),
            lost: of(&self.lost),
            faults: of(&self.faults),
            families: self.clone(),
        }
    }
}

#[derive(Clone)]
pub(crate) struct StageMetrics {
    stage: String,
    pub(crate) records_in: IntCounter,
    pub(crate) outcomes: [IntCounter; 6],
    pub(crate) dead_letters: IntCounter,
    pub(crate) committed: IntCounter,
    pub(crate) aborted: IntCounter,
    pub(crate) commit_seconds: Histogram,
    pub(crate) record_age_seconds: Histogram,
    pub(crate) rebuilds: IntCounter,
    pub(crate) restore_seconds: Gauge,
    limits: [IntCounter; 5],
    pub(crate) lost: IntCounter,
    pub(crate) faults: IntCounter,
    families: Metrics,
}

impl StageMetrics {
    pub(crate) fn output(&self, topic: &str) -> IntCounter {
        self.families.outputs.with_label_values(&[self.stage.as_str(), topic])
    }

    pub(crate) fn table(&self, topic: &str) -> IntCounter {
        self.families.table_entries.with_label_values(&[self.stage.as_str(), topic])
    }

    pub(crate) fn lag(&self, topic: &str, partition: i32) -> IntGauge {
        self.families.lag.with_label_values(&[self.stage.as_str(), topic, &partition.to_string()])
    }

    pub(crate) fn forget_lag(&self, topic: &str, partition: i32) {
        let _ = self.families.lag.remove_label_values(&[self.stage.as_str(), topic, &partition.to_string()]);
    }

    pub(crate) fn state(&self, partition: i32, keys: usize, bytes: usize) {
        let labels = [self.stage.as_str(), &partition.to_string()];
        self.families.state_keys.with_label_values(&labels).set(i64::try_from(keys).unwrap_or(i64::MAX));
        self.families.state_bytes.with_label_values(&labels).set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(crate) fn forget_state(&self, partition: i32) {
        let labels = [self.stage.as_str(), &partition.to_string()];
        let _ = self.families.state_keys.remove_label_values(&labels);
        let _ = self.families.state_bytes.remove_label_values(&labels);
    }

    pub(crate) fn limit(&self, name: &str) {
        if let Some(counter) =
            LIMITS.iter().position(|limit| *limit == name).and_then(|at| self.limits.get(at))
        {
            counter.inc();
        }
    }
}
