//! Settings of every client, and the limits that are not settings.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::positions::Positions;

/// The largest record that enters `port.raw`: a message body of 2 MiB and what surrounds it.
pub const MAX_RAW_RECORD_BYTES: usize = 2_359_296;
/// The largest record anywhere, 4 MiB: a dead letter that carries a raw record and tells about it.
pub const MAX_RECORD_BYTES: usize = 4_194_304;
/// The largest state with its key, 4 MB.
pub const MAX_STATE_BYTES: usize = 4_000_000;
/// The most of a record's value that a dead letter carries, 3 MiB; the rest is cut off.
pub const MAX_DEAD_LETTER_VALUE_BYTES: usize = 3_145_728;

/// How to reach Kafka and how the stages run. Field names are the settings' names below `kafka`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `host:port` of some brokers, separated by commas.
    pub brokers: String,
    /// Put in front of every topic, group and transactional id: several deployments on one cluster.
    pub prefix: String,
    /// The application in group and transactional ids.
    pub application: String,
    /// This process among those of its stage, e.g. the ordinal of its pod. Unique among live processes and
    /// the same after a restart, so that a restart ends the transaction its predecessor left open.
    pub instance: String,
    /// Threads of a stage in this process, each with a consumer, a producer and the states of its partitions.
    pub slots: usize,
    /// Replicas of topics that `topics ensure` creates; at most the number of brokers.
    pub replication: u16,
    /// A member that is silent for so long loses its partitions.
    pub session_timeout_ms: u32,
    /// A transaction of a dead process blocks its readers for at most so long.
    pub transaction_timeout_ms: u32,
    /// Under backlog a transaction commits after so long; otherwise as soon as the input is drained.
    pub commit_interval_ms: u32,
    /// A transaction commits after so many records.
    pub batch_records: usize,
    /// A transaction commits after so many bytes of input and output.
    pub batch_bytes: usize,
    /// How long a stage may take to stop.
    pub drain_ms: u32,
    /// Memory of fetched and not yet handled records, per slot, in KiB.
    pub fetch_queue_kib: u32,
    /// Memory of records on their way out, per producer, in KiB.
    pub send_queue_kib: u32,
    /// How long a record waits for others in its batch.
    pub linger_ms: u32,
    /// Compression of what is sent.
    pub compression: Compression,
    /// Transport security and authentication.
    pub security: Security,
    /// Set by the embedded broker, which does not keep them: offsets are kept in this process.
    #[serde(skip)]
    pub positions: Option<Arc<Positions>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            brokers: "127.0.0.1:9092".to_owned(),
            prefix: String::new(),
            application: "quaywatch".to_owned(),
            instance: "0".to_owned(),
            slots: 1,
            replication: 1,
            session_timeout_ms: 10_000,
            transaction_timeout_ms: 10_000,
            commit_interval_ms: 100,
            batch_records: 2_000,
            batch_bytes: 16 * 1024 * 1024,
            drain_ms: 10_000,
            fetch_queue_kib: 16 * 1024,
            send_queue_kib: 64 * 1024,
            linger_ms: 1,
            compression: Compression::Lz4,
            security: Security::default(),
            positions: None,
        }
    }
}

/// Compression codecs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// None.
    None,
    /// LZ4: cheap.
    #[default]
    Lz4,
    /// Zstandard: smaller.
    Zstd,
    /// Gzip: for old readers.
    Gzip,
}

impl Compression {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }
}

/// How the connection is secured.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Security {
    /// The protocol of the listener.
    pub protocol: Protocol,
    /// The SASL mechanism, with one of the SASL protocols.
    pub mechanism: Mechanism,
    /// The SASL user.
    pub username: Option<String>,
    /// The SASL password.
    pub password: Option<Secret>,
    /// Certificates of the authorities that sign the brokers' certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// This client's certificate, PEM.
    pub certificate_file: Option<PathBuf>,
    /// Its private key, PEM.
    pub key_file: Option<PathBuf>,
    /// The password of the private key.
    pub key_password: Option<Secret>,
}

/// Listener protocols.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Neither encrypted nor authenticated: loopback only.
    #[default]
    Plaintext,
    /// TLS, the client optionally authenticated by its certificate.
    Ssl,
    /// SASL without encryption.
    SaslPlaintext,
    /// SASL over TLS.
    SaslSsl,
}

impl Protocol {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }

    pub(crate) fn sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }
}

/// SASL mechanisms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum Mechanism {
    /// RFC 4616.
    #[serde(rename = "PLAIN")]
    Plain,
    /// RFC 7677.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// RFC 5802 with SHA-512.
    #[default]
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

impl Mechanism {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// A text that is shown and serialised as `***`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Keeps a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl Settings {
    /// Settings for some brokers, everything else by default.
    #[must_use]
    pub fn for_brokers(brokers: impl Into<String>) -> Self {
        Self { brokers: brokers.into(), ..Self::default() }
    }

    /// Whether [`crate::Embedded`] is behind them.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.positions.is_some()
    }

    /// The full name of a topic.
    #[must_use]
    pub fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The name of a topic without the prefix.
    #[must_use]
    pub fn logical<'a>(&self, topic: &'a str) -> &'a str {
        topic.strip_prefix(self.prefix.as_str()).unwrap_or(topic)
    }

    /// The consumer group of a stage.
    #[must_use]
    pub fn group(&self, stage: &str) -> String {
        format!("{}{}-{stage}", self.prefix, self.application)
    }

    /// The transactional id of a slot of a stage.
    #[must_use]
    pub fn transactional_id(&self, stage: &str, slot: usize) -> String {
        format!("{}{}-{stage}-{}-{slot}", self.prefix, self.application, self.instance)
    }

    /// Checks what serde cannot.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        let wrong = |name, problem: &str| Err(Error::Setting { name, problem: problem.to_owned() });
        let plain = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        };
        if self.brokers.trim().is_empty() {
            return wrong("brokers", "empty; give host:port of a broker");
        }
        for (name, text) in
            [("prefix", &self.prefix), ("application", &self.application), ("instance", &self.instance)]
        {
            if !plain(text) {
                return wrong(name, "only letters, digits, '.', '_' and '-' are possible");
            }
        }
        if self.instance.is_empty() {
            return wrong("instance", "empty; give each process of a stage its own stable name");
        }
        if self.slots == 0 || self.slots > 64 {
            return wrong("slots", "must be 1 to 64");
        }
        if self.batch_records == 0 || self.batch_bytes == 0 {
            return wrong("batch_records", "batches must hold at least one record");
        }
        if self.transaction_timeout_ms < 4 * self.commit_interval_ms.max(250) {
            return wrong(
                "transaction_timeout_ms",
                "must be at least 1000 and four times commit_interval_ms",
            );
        }
        if self.security.protocol.sasl()
            && (self.security.username.is_none() || self.security.password.is_none())
        {
            return wrong("security", "SASL needs username and password");
        }
        Ok(())
    }
}
