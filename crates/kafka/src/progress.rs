//! How far a stage is with its inputs, as the brokers have it: true also while no instance runs.

use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::{Offset, TopicPartitionList};

use crate::config;
use crate::error::Error;
use crate::log::{new_consumer, whole_topics};
use crate::settings::Settings;

const REQUEST: Duration = Duration::from_secs(15);

/// One partition of an input, and how far its stage is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Topic, without prefix.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// The next offset that the stage will handle; `None` before its first commit.
    pub committed: Option<i64>,
    /// The end that readers of committed records see.
    pub stable_end: i64,
    /// The end, open transactions included.
    pub end: i64,
}

impl Progress {
    /// Whether a transaction is open in the partition.
    #[must_use]
    pub const fn has_open_transaction(&self) -> bool {
        self.stable_end < self.end
    }
}

/// How far a stage is with these topics. Blocks. Control records take offsets too: a stage that has handled everything
/// may stand before the end, but never before a record.
///
/// # Errors
/// [`Error::MissingTopic`], and [`Error::Client`] if the brokers cannot be reached.
pub fn progress(settings: &Settings, stage: &str, topics: &[&str]) -> Result<Vec<Progress>, Error> {
    const NAME: &str = "progress";
    let partitions = whole_topics(settings, topics)?;
    let committed_reader = new_consumer(&config::reader(settings, NAME, &settings.group(stage)), NAME)?;
    let any_reader = new_consumer(&config::watermarks(settings, NAME), NAME)?;
    let mut list = TopicPartitionList::new();
    for (topic, partition, _) in &partitions {
        list.add_partition(topic, *partition);
    }
    let offsets = committed_reader
        .committed_offsets(list, REQUEST)
        .map_err(Error::client(format!("offsets of {}", settings.group(stage))))?;
    let mut found = Vec::with_capacity(partitions.len());
    for (topic, partition, _) in partitions {
        let of = |what: &str| format!("the {what} of {topic}/{partition}");
        let committed = match offsets.find_partition(&topic, partition).map(|o| o.offset()) {
            Some(Offset::Offset(at)) => Some(at),
            _ => None,
        };
        let (_, stable_end) = committed_reader
            .fetch_watermarks(&topic, partition, REQUEST)
            .map_err(Error::client(of("stable end")))?;
        let (_, end) =
            any_reader.fetch_watermarks(&topic, partition, REQUEST).map_err(Error::client(of("end")))?;
        let topic = settings.logical(&topic).to_owned();
        found.push(Progress { topic, partition, committed, stable_end, end });
    }
    Ok(found)
}
