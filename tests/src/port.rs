//! A running port: the topics of one prefix, and the four stages as processes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use quaywatch_codec::Codec;
use quaywatch_domain::{Sha256, Timestamp};
use quaywatch_kafka::{AckedProducer, NewRecord, Settings, Topics, TransactionalBatch};
use tempfile::TempDir;

use crate::broker::repository;
use crate::services::{self, Service};
use crate::traffic::Message;

/// The agencies of `deploy/agencies.toml`.
pub const AGENCIES: [&str; 3] = ["customs-koper", "police-koper", "terminal-koper"];
/// The stages, along the stream.
pub const STAGES: [&str; 4] = ["normalizer", "screener", "detector", "dispatcher"];

/// Topics, files and processes under one prefix. Processes are killed when this is dropped.
pub struct Port {
    /// How to reach it.
    pub kafka: Settings,
    /// Writes and reads records.
    pub codec: Codec,
    /// Settings of its processes beside the usual ones.
    pub overrides: Vec<(String, String)>,
    dir: TempDir,
    runtime: tokio::runtime::Runtime,
    running: BTreeMap<(String, String), Service>,
}

impl Port {
    /// Makes topics and files; nothing runs yet.
    ///
    /// # Errors
    /// When the broker refuses.
    pub fn new(brokers: &str, prefix: &str) -> Result<Self> {
        let kafka = Settings { prefix: format!("{prefix}."), ..Settings::for_brokers(brokers) };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        runtime.block_on(quaywatch_kafka::admin::ensure(&kafka, &Topics::built_in(&AGENCIES)))?;
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("feeds.toml"), FEEDS)?;
        std::fs::copy(repository().join("deploy/agencies.toml"), dir.path().join("agencies.toml"))?;
        std::fs::write(dir.path().join("key"), "a key for tests, of no use elsewhere")?;
        let codec = Codec::embedded();
        Ok(Self { kafka, codec, overrides: Vec::new(), dir, runtime, running: BTreeMap::new() })
    }

    /// Folder of its files and logs.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Settings for commands of the binary and, with an instance, for services.
    #[must_use]
    pub fn settings(&self, instance: &str) -> Vec<(String, String)> {
        let file = |name: &str| self.dir.path().join(name).display().to_string();
        let mut settings: Vec<(String, String)> = [
            ("kafka.brokers", self.kafka.brokers.clone()),
            ("kafka.prefix", self.kafka.prefix.clone()),
            ("kafka.instance", instance.to_owned()),
            // The shortest that is still longer than the pauses of a busy machine.
            ("kafka.session_timeout_ms", "6000".to_owned()),
            ("files.feeds", file("feeds.toml")),
            ("files.agencies", file("agencies.toml")),
            ("secrets.pseudonym_key_file", file("key")),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .to_vec();
        settings.extend(self.overrides.iter().cloned());
        settings
    }

    /// Starts an instance of a stage, and does not wait for it.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn start(&mut self, stage: &str, instance: &str) -> Result<()> {
        let service = Service::start(stage, &self.settings(instance), &self.log(stage, instance))?;
        self.running.insert((stage.to_owned(), instance.to_owned()), service);
        Ok(())
    }

    /// Starts an instance of every stage and waits until all are ready.
    ///
    /// # Errors
    /// When one is not ready in time.
    pub fn start_all(&mut self, instance: &str) -> Result<()> {
        for stage in STAGES {
            self.start(stage, instance)?;
        }
        self.wait_ready()
    }

    /// Waits until everything that runs is ready.
    ///
    /// # Errors
    /// When something is not ready in time; the end of its log is in the message.
    pub fn wait_ready(&mut self) -> Result<()> {
        for ((stage, instance), service) in &mut self.running {
            let log = self.dir.path().join(log_name(stage, instance));
            service.wait_ready().with_context(|| format!("its log ends with:\n{}", tail(&log)))?;
        }
        Ok(())
    }

    /// A running instance.
    ///
    /// # Errors
    /// When it does not run.
    pub fn service(&mut self, stage: &str, instance: &str) -> Result<&mut Service> {
        let key = (stage.to_owned(), instance.to_owned());
        self.running.get_mut(&key).with_context(|| format!("{stage} {instance} does not run"))
    }

    /// SIGKILL.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self, stage: &str, instance: &str) -> Result<()> {
        self.service(stage, instance)?.kill()?;
        self.running.remove(&(stage.to_owned(), instance.to_owned()));
        Ok(())
    }

    /// The sum of a metric over everything that runs.
    ///
    /// # Errors
    /// When a service does not answer.
    pub fn metric(&self, start: &str) -> Result<f64> {
        self.running.values().map(|service| service.metric(start)).sum()
    }

    /// What runs: stage and instance.
    #[must_use]
    pub fn running(&self) -> Vec<(String, String)> {
        self.running.keys().cloned().collect()
    }

    /// Puts messages into `port.raw` one after the other, each acknowledged before the next; `between` is called before
    /// each with its place.
    ///
    /// # Errors
    /// When one is not stored.
    pub fn put(
        &mut self,
        messages: &[Message],
        mut between: impl FnMut(&mut Self, usize) -> Result<()>,
    ) -> Result<()> {
        let producer = AckedProducer::connect(&self.kafka, "traffic")?;
        for (place, message) in messages.iter().enumerate() {
            between(self, place)?;
            let value = self.codec.encode("port.raw", &message.raw())?;
            self.send_with(&producer, NewRecord::new("port.raw", message.feed.as_str(), value))?;
        }
        Ok(())
    }

    /// Puts many messages into `port.raw`, in transactions of a few hundred.
    ///
    /// # Errors
    /// When they are not stored.
    pub fn put_together(&self, messages: &[Message]) -> Result<()> {
        let mut batch = TransactionalBatch::connect(&self.kafka, "load")?;
        for some in messages.chunks(200) {
            let record = |m: &Message| {
                Ok(NewRecord::new("port.raw", m.feed.as_str(), self.codec.encode("port.raw", &m.raw())?))
            };
            batch.publish(&some.iter().map(record).collect::<Result<Vec<_>>>()?)?;
        }
        Ok(())
    }

    /// Puts one record anywhere.
    ///
    /// # Errors
    /// When it is not stored.
    pub fn send(&self, record: NewRecord) -> Result<(i32, i64)> {
        self.send_with(&AckedProducer::connect(&self.kafka, "records")?, record)
    }

    /// Puts records anywhere, in one transaction.
    ///
    /// # Errors
    /// When they are not stored.
    pub fn send_together(&self, records: &[NewRecord]) -> Result<()> {
        Ok(TransactionalBatch::connect(&self.kafka, "test")?.publish(records)?)
    }

    fn send_with(&self, producer: &AckedProducer, record: NewRecord) -> Result<(i32, i64)> {
        // An idempotent producer waits out a broker that is away; its queue is never full here.
        Ok(self.runtime.block_on(producer.send(record))?)
    }

    /// Runs a command of the binary against this port.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Result<(i32, String, String)> {
        services::run(arguments, &self.settings("tool"))
    }

    /// The log of an instance.
    #[must_use]
    pub fn log(&self, stage: &str, instance: &str) -> PathBuf {
        self.dir.path().join(log_name(stage, instance))
    }

    /// The last lines of the log of everything that runs.
    #[must_use]
    pub fn ends_of_logs(&self) -> String {
        let end = |stage: &str, instance: &str| {
            format!("{stage} {instance}:\n{}", tail(&self.log(stage, instance)))
        };
        self.running.keys().map(|(stage, instance)| end(stage, instance)).collect::<Vec<_>>().join("\n")
    }
}

fn log_name(stage: &str, instance: &str) -> String {
    format!("{stage}-{instance}.log")
}

/// Feeds of one terminal and of its neighbour.
const FEEDS: &str = r#"
[feeds.gate]
terminal = "LUKKP"
port = "SIKOP"
[feeds.neighbour]
terminal = "TRSTE"
port = "ITTRS"
"#;

/// Stores a message as the gateway would.
impl Message {
    /// The record of `port.raw`.
    #[must_use]
    pub fn raw(&self) -> quaywatch_domain::RawMessage {
        quaywatch_domain::RawMessage {
            feed: self.feed.clone(),
            content_type: None,
            received_at: Timestamp::from_millis(self.received_ms),
            sha256: Sha256::of(&self.body),
            body: self.body.clone(),
            sender: None,
            path: None,
            signature: None,
        }
    }
}

/// The last lines of a log.
#[must_use]
pub fn tail(log: &Path) -> String {
    let text =
        std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(15)..).unwrap_or_default().join("\n")
}

/// Longest wait for the pipeline to work through what a test gave it.
pub const SETTLE_LIMIT: Duration = Duration::from_secs(150);
