//! A broker inside this process, for the demo and for tests of flow: no Java, no disk.
//!
//! It is librdkafka's mock cluster, and guarantees next to nothing:
//! - transactions succeed but are none: records are visible before the commit and after an abort;
//! - offsets sent to a transaction are dropped: stages keep theirs in this process instead, see
//!   [`Settings::is_embedded`];
//! - a fenced producer may go on writing;
//! - no compaction, no retention: beyond 5 MiB or 100 000 batches of a partition the oldest batches vanish;
//! - no topic settings, no access rules, no TLS; everything is gone when the process ends.
//!
//! Whatever is said about exactly once is proved on Apache Kafka instead.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, Producer as _};

use crate::admin::Topics;
use crate::error::Error;
use crate::positions::Positions;
use crate::settings::Settings;

/// The mock's own default of 3 s would be the longest part of a start.
const GROUP_INITIAL_REBALANCE_DELAY: Duration = Duration::from_millis(100);

/// A running embedded broker; it ends when this is dropped, so drop all clients first.
pub struct Embedded {
    // The client that owns the mock cluster.
    owner: BaseProducer,
    brokers: String,
    positions: Arc<Positions>,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").field("brokers", &self.brokers).finish_non_exhaustive()
    }
}

impl Embedded {
    /// Starts a broker on a free port of loopback, with these topics.
    ///
    /// # Errors
    /// [`Error::Client`] if it cannot listen or a topic cannot be made.
    pub fn start(topics: &Topics) -> Result<Self, Error> {
        let owner: BaseProducer = ClientConfig::new()
            .set("client.id", "quaywatch-embedded-broker")
            .set("test.mock.num.brokers", "1")
            // Says on each start that this is a mock; the documentation of this module says more.
            .set_log_level(rdkafka::config::RDKafkaLogLevel::Error)
            .create()
            .map_err(Error::client("starting the embedded broker"))?;
        let brokers = {
            let mock = owner.client().mock_cluster().ok_or(Error::Client {
                what: "starting the embedded broker".to_owned(),
                source: rdkafka::error::KafkaError::Canceled,
            })?;
            for spec in topics {
                mock.create_topic(&spec.name, spec.partitions, 1)
                    .map_err(Error::client(format!("creating topic {} on the embedded broker", spec.name)))?;
            }
            mock.bootstrap_servers()
        };
        shorten_rebalance_delay(&owner);
        Ok(Self { owner, brokers, positions: Arc::default() })
    }

    /// Settings of the clients of this process.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            positions: Some(Arc::clone(&self.positions)),
            ..Settings::for_brokers(self.brokers.clone())
        }
    }

    /// Cuts the broker off the network, or lets it back, for tests of clients without broker.
    ///
    /// # Errors
    /// [`Error::Client`] if the mock refuses.
    pub fn set_reachable(&self, reachable: bool) -> Result<(), Error> {
        let Some(mock) = self.owner.client().mock_cluster() else { return Ok(()) };
        let result = if reachable { mock.broker_up(1) } else { mock.broker_down(1) };
        result.map_err(Error::client("cutting off the embedded broker"))
    }
}

#[expect(unsafe_code, reason = "rdkafka has no safe setter for the delay")]
fn shorten_rebalance_delay(owner: &BaseProducer) {
    let delay_ms = i32::try_from(GROUP_INITIAL_REBALANCE_DELAY.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the handle is valid as long as `owner`, and so is the mock cluster that it owns; the setter takes the
    // mock's own lock.
    unsafe {
        let mock = rdkafka::bindings::rd_kafka_handle_mock_cluster(owner.client().native_ptr());
        if !mock.is_null() {
            rdkafka::bindings::rd_kafka_mock_group_initial_rebalance_delay_ms(mock, delay_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use rdkafka::consumer::{BaseConsumer, Consumer as _};

    use super::*;
    use crate::config;

    #[test]
    fn it_has_the_topics_with_their_partitions() {
        let specs = Topics::built_in(&["police"]);
        let embedded = Embedded::start(&specs).unwrap();
        let settings = embedded.settings();
        assert!(settings.is_embedded());
        let consumer: BaseConsumer = config::reader(&settings, "test", "g").create().unwrap();
        for spec in &specs {
            let metadata = consumer.fetch_metadata(Some(&spec.name), Duration::from_secs(10)).unwrap();
            assert_eq!(metadata.topics()[0].partitions().len(), spec.partitions as usize, "{}", spec.name);
        }
    }

    #[test]
    fn a_group_gets_its_partitions_within_two_seconds() {
        let specs = Topics::built_in(&[]);
        let embedded = Embedded::start(&specs).unwrap();
        let consumer: BaseConsumer = config::member(&embedded.settings(), "g", 0).create().unwrap();
        consumer.subscribe(&["port.raw"]).unwrap();
        let start = Instant::now();
        while consumer.assignment().unwrap().count() == 0 {
            assert!(start.elapsed() < Duration::from_secs(2), "no partitions after 2 s");
            let _ = consumer.poll(Duration::from_millis(20));
        }
    }
}
