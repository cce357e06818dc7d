//! Bridges: records of a foreign topic on the same cluster become messages, each once, for offset and message move in one
//! Kafka transaction.

use std::time::Duration;

use prometheus::{IntGaugeVec, Opts};
use quaywatch_codec::Codec;
use quaywatch_domain::{DeadLetterCode, RawMessage, Sha256, Timestamp};
use quaywatch_formats::Feeds;
use quaywatch_kafka::{Host, NoState, Outcome, Outputs, Readiness, Record, Stage, States, Topology};
use quaywatch_service::stage::{Environment, patiently};
use serde::Deserialize;

use crate::{Doors, Error, RAW};

/// Bytes before a value in Confluent framing.
const CONFLUENT_HEAD: usize = 5;

/// How long to wait before a bridge that failed is tried again.
const BACK_OFF: Duration = Duration::from_secs(15);

/// How the values of a foreign topic are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// The value is the message.
    Raw,
    /// Confluent framing around Avro of the sender's own schema, which comes from the schema registry: the message is its
    /// JSON, for the feed's mapping to read.
    ConfluentAvro,
    /// Confluent framing around JSON.
    ConfluentJson,
}

/// The table `[feeds.ID.bridge]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bridge {
    /// The foreign topic; `kafka.prefix` is put in front of it as of every topic.
    pub topic: String,
    /// How its values are written.
    #[serde(default = "raw")]
    pub encoding: Encoding,
    /// Media type of the messages.
    pub content_type: Option<String>,
}

const fn raw() -> Encoding {
    Encoding::Raw
}

/// The bridges of all feeds that have one.
///
/// # Errors
/// With a sentence that names feed and key.
pub fn bridges(feeds: &Feeds) -> Result<Vec<(String, Bridge)>, String> {
    let tables = feeds.ids().filter_map(|id| Some((id, feeds.get(id)?.bridge.clone()?)));
    let mut bridges: Vec<(String, Bridge)> = Vec::new();
    for (id, table) in tables {
        let bridge: Bridge = table.try_into().map_err(|e| format!("feed '{id}', bridge: {e}"))?;
        if let Some((other, _)) = bridges.iter().find(|(_, b)| b.topic == bridge.topic) {
            return Err(format!("feed '{id}', bridge: feed '{other}' reads '{}' already", bridge.topic));
        }
        bridges.push((id.to_owned(), bridge));
    }
    Ok(bridges)
}

/// Runs the bridges until the service stops; one that fails, for its topic is not there yet, is tried again. A bridge that
/// `feeds.toml` gains later runs after a restart.
///
/// # Errors
/// When the registry has their figure already.
pub fn run_bridges(doors: &Doors, environment: &Environment) -> Result<(), Error> {
    let help = "1 while the bridge of a feed runs, 0 while it waits to be tried again.";
    let running = IntGaugeVec::new(Opts::new("quaywatch_gateway_bridge_running", help), &["feed"])?;
    environment.registry.register(Box::new(running.clone()))?;
    for (feed, bridge) in doors.bridges().iter().cloned() {
        let (running, environment) = (running.with_label_values(&[&feed]), environment.clone());
        tokio::spawn(async move {
            loop {
                running.set(1);
                let Err(error) = run_bridge(feed.clone(), bridge.clone(), &environment).await else { return };
                running.set(0);
                tracing::error!(feed, topic = bridge.topic, %error, "the bridge stopped; it is tried again");
                if !environment.shutdown.sleep(BACK_OFF).await {
                    return;
                }
            }
        });
    }
    Ok(())
}

async fn run_bridge(
    feed: String,
    bridge: Bridge,
    environment: &Environment,
) -> Result<(), quaywatch_kafka::Error> {
    let topology = Topology::new(&format!("bridge-{feed}"), &bridge.topic, environment.dead_letters())
        .version(env!("CARGO_PKG_VERSION"));
    let codec = environment.codec.clone();
    let stage = move || Bridging { feed: feed.clone(), bridge: bridge.clone(), codec: codec.clone() };
    // A foreign topic that is away does not close the other doors.
    let host = Host { readiness: Readiness::default(), ..environment.host() };
    quaywatch_kafka::run(&topology, &environment.kafka, stage, host).await
}

/// The pure step from a foreign record to a message.
pub struct Bridging {
    /// Feed of the messages.
    pub feed: String,
    /// How the topic is read.
    pub bridge: Bridge,
    /// Reads foreign values and writes messages.
    pub codec: Codec,
}

impl Bridging {
    fn body(&self, value: &[u8]) -> Result<Vec<u8>, Outcome> {
        match self.bridge.encoding {
            Encoding::Raw => Ok(value.to_vec()),
            Encoding::ConfluentAvro => patiently(|| self.codec.foreign_json(value)),
            Encoding::ConfluentJson => match value.split_at_checked(CONFLUENT_HEAD) {
                Some(([0, ..], json)) => Ok(json.to_vec()),
                _ => {
                    let sentence = "the value is not in Confluent framing; set `encoding` of the bridge";
                    Err(Outcome::dead_letter(DeadLetterCode::UnknownFraming.as_str(), sentence))
                }
            },
        }
    }
}

impl Stage for Bridging {
    type State = NoState;

    fn handle(
        &mut self,
        record: &Record<'_>,
        _states: &mut States<'_, NoState>,
        out: &mut Outputs,
    ) -> Outcome {
        let Some(value) = record.value else {
            return Outcome::dead_letter(DeadLetterCode::EmptyValue.as_str(), "the record has no value");
        };
        let body = match self.body(value) {
            Ok(body) => body,
            Err(outcome) => return outcome,
        };
        let json = self.bridge.encoding != Encoding::Raw;
        let message = RawMessage {
            feed: self.feed.clone(),
            content_type: self
                .bridge
                .content_type
                .clone()
                .or_else(|| json.then(|| "application/json".to_owned())),
            // When the foreign system's broker had it: the same after a crash.
            received_at: Timestamp::from_millis(record.timestamp_ms),
            sha256: Sha256::of(&body),
            body,
            sender: Some(self.feed.clone()),
            path: Some(format!("{}/{}/{}", record.topic, record.partition, record.offset)),
            signature: None,
        };
        match patiently(|| self.codec.encode(RAW, &message)) {
            Ok(value) => {
                out.send(RAW, self.feed.as_str(), value);
                Outcome::Produced
            }
            Err(outcome) => outcome,
        }
    }
}
