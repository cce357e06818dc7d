//! Reading topics whole, without a group, up to an end that is known beforehand.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::config;
use crate::context::Plain;
use crate::error::Error;
use crate::settings::Settings;

/// One request for metadata or the end of a partition.
pub(crate) const REQUEST: Duration = Duration::from_secs(5);

/// Partitions read from where they begin. The end is the end of the log, open transactions included; it is
/// reached when the *position* is: the last offsets may hold no record.
pub(crate) struct Log {
    consumer: BaseConsumer<Plain>,
    open: HashMap<(String, i32), i64>,
}

impl Log {
    /// Reads `partitions` of full topic names from `start`, or from their beginning.
    pub(crate) fn open(
        settings: &Settings,
        name: &str,
        group: &str,
        partitions: &[(String, i32, Option<i64>)],
    ) -> Result<Self, Error> {
        let consumer = new_consumer(&config::reader(settings, name, group), name)?;
        let ends = new_consumer(&config::watermarks(settings, name), name)?;
        let mut open = HashMap::new();
        let mut list = TopicPartitionList::new();
        for (topic, partition, start) in partitions {
            let (low, high) = ends
                .fetch_watermarks(topic, *partition, REQUEST)
                .map_err(Error::client(format!("end of {topic}/{partition}")))?;
            if start.unwrap_or(low) < high {
                open.insert((topic.clone(), *partition), high);
            }
            let offset = start.map_or(Offset::Beginning, Offset::Offset);
            list.add_partition_offset(topic, *partition, offset)
                .map_err(Error::client(format!("assignment of {topic}/{partition}")))?;
        }
        consumer.assign(&list).map_err(Error::client(format!("assignment of {name}")))?;
        Ok(Self { consumer, open })
    }

    /// The next record, if one comes in time. Transient errors are waited out.
    pub(crate) fn poll(&self, timeout: Duration) -> Result<Option<BorrowedMessage<'_>>, Error> {
        match self.consumer.poll(timeout) {
            None => Ok(None),
            Some(Ok(message)) => Ok(Some(message)),
            Some(Err(error)) if is_transient(&error) => {
                tracing::debug!(%error, "reader");
                Ok(None)
            }
            Some(Err(source)) => Err(Error::Client { what: "reading".to_owned(), source }),
        }
    }

    /// Whether every partition has been read to the end that it had at the beginning.
    pub(crate) fn caught_up(&mut self) -> Result<bool, Error> {
        if self.open.is_empty() {
            return Ok(true);
        }
        let positions = self.consumer.position().map_err(Error::client("position"))?;
        for element in positions.elements() {
            let key = (element.topic().to_owned(), element.partition());
            if let (Offset::Offset(at), Some(end)) = (element.offset(), self.open.get(&key))
                && at >= *end
            {
                self.open.remove(&key);
            }
        }
        Ok(self.open.is_empty())
    }
}

/// Errors that pass by themselves when brokers come back.
pub(crate) fn is_transient(error: &KafkaError) -> bool {
    match error {
        KafkaError::MessageConsumption(code) | KafkaError::Global(code) => !matches!(
            code,
            RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::Fatal
        ),
        KafkaError::PartitionEOF(_) => true,
        _ => false,
    }
}

pub(crate) fn new_consumer(config: &rdkafka::ClientConfig, name: &str) -> Result<BaseConsumer<Plain>, Error> {
    BaseConsumer::from_config_and_context(config, Plain).map_err(Error::client(format!("consumer {name}")))
}

/// The number of partitions of a topic; `None` when it does not exist.
pub(crate) fn partition_count(client: &BaseConsumer<Plain>, topic: &str) -> Result<Option<usize>, Error> {
    let metadata =
        client.fetch_metadata(Some(topic), REQUEST).map_err(Error::client(format!("metadata of {topic}")))?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    Ok(found.map(|topic| topic.partitions().len()).filter(|partitions| *partitions > 0))
}

/// Every partition of some topics, from the beginning.
pub(crate) fn whole_topics(
    settings: &Settings,
    topics: &[&str],
) -> Result<Vec<(String, i32, Option<i64>)>, Error> {
    let client = new_consumer(&config::admin(settings), "metadata")?;
    let mut partitions = Vec::new();
    for topic in topics {
        let topic = settings.topic(topic);
        let Some(count) = partition_count(&client, &topic)? else {
            return Err(Error::MissingTopic { topic });
        };
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        partitions.extend((0..count).map(|partition| (topic.clone(), partition, None)));
    }
    Ok(partitions)
}
