//! What can go wrong between this process and Kafka.

use rdkafka::error::KafkaError;

/// The error of a state that could not be written or read; any error converts into it.
pub type StateError = Box<dyn std::error::Error + Send + Sync>;

/// Errors of this crate. None of them carries a record's key, value or headers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is wrong; nothing was started.
    #[error("setting kafka.{name} is wrong: {problem}")]
    Setting {
        /// The setting's name below `kafka`.
        name: &'static str,
        /// What is wrong with it, and what it should be.
        problem: String,
    },
    /// A Kafka client could not be made or an operation failed for good.
    #[error("kafka: {what} failed: {source}")]
    Client {
        /// The operation and what it was done to.
        what: String,
        /// The answer of librdkafka.
        #[source]
        source: KafkaError,
    },
    /// An operation did not finish in time.
    #[error("kafka: {what} did not finish within {budget_ms} ms; check that the brokers are reachable")]
    Timeout {
        /// The operation.
        what: String,
        /// Its limit in milliseconds.
        budget_ms: u64,
    },
    /// A topic that must exist does not.
    #[error("topic {topic} does not exist; run `quaywatch topics ensure`")]
    MissingTopic {
        /// Its full name.
        topic: String,
    },
    /// The state topic cannot hold the state of the input's partitions.
    #[error(
        "topic {changelog} has {changelog_partitions} partitions but {input} has {input_partitions}; \
         states live in the partition of their input: recreate {changelog} with {input_partitions} partitions"
    )]
    PartitionMismatch {
        /// Full name of the state topic.
        changelog: String,
        /// Its partitions.
        changelog_partitions: usize,
        /// Full name of the input topic.
        input: String,
        /// Its partitions.
        input_partitions: usize,
    },
    /// A record is larger than the producer may send.
    #[error("a record for {topic} has {bytes} bytes, the limit is {limit_bytes}")]
    RecordTooLarge {
        /// The topic.
        topic: String,
        /// Key, value and headers together.
        bytes: usize,
        /// The limit.
        limit_bytes: usize,
    },
    /// `topics.toml` cannot be read.
    #[error("topics.toml is wrong: {0}")]
    Topology(String),
    /// A metric could not be registered.
    #[error("metrics cannot be registered: {0}")]
    Metrics(#[from] prometheus::Error),
    /// A stage did not stop inside its drain budget.
    #[error("stage {stage} did not stop within its drain budget of {budget_ms} ms")]
    DrainExceeded {
        /// The stage.
        stage: String,
        /// The budget in milliseconds.
        budget_ms: u64,
    },
    /// A thread of the runtime could not start or died.
    #[error("thread {thread} of the runtime failed: {reason}")]
    Thread {
        /// The thread's name.
        thread: String,
        /// Why.
        reason: String,
    },
    /// Records vanished before they were read: retention was faster than the reader.
    #[error("{topic}/{partition}: offsets {from} to {to} are gone before they were read")]
    Lost {
        /// Full name of the topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The first offset that is gone.
        from: i64,
        /// The first offset that is there.
        to: i64,
    },
}

impl Error {
    pub(crate) fn client(what: impl Into<String>) -> impl FnOnce(KafkaError) -> Self {
        let what = what.into();
        move |source| Self::Client { what, source }
    }
}
