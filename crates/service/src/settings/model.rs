//! The settings, section by section. Units are in the names; every default is visible in `deploy/quaywatch.toml`.

use std::net::SocketAddr;
use std::path::PathBuf;

use quaywatch_domain::Sha256;
pub use quaywatch_domain::watchlist::ListFormat;
use quaywatch_screening::names::Bands;
use serde::{Deserialize, Serialize};

use super::secret::{OptionalPath, Secret};

/// Address on loopback, where a service is not reachable from outside unless its settings say so.
const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), port)
}

/// All settings of all services; each takes what it needs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How to reach the brokers, and how stages run.
    pub kafka: quaywatch_kafka::Settings,
    /// Where schemas are registered.
    pub schema_registry: SchemaRegistry,
    /// The operators' port.
    pub admin: AdminPort,
    /// Keys.
    pub secrets: Secrets,
    /// Files of their own.
    pub files: Files,
    /// Logs.
    pub logging: Logging,
    /// HTTP in.
    pub gateway: Gateway,
    /// Lists.
    pub watchlist: Watchlist,
    /// From which score on names are told.
    pub screening: Bands,
}

/// Where schemas are registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SchemaRegistry {
    /// Base URL of a registry with Confluent's API; empty: the schemas built into the binary alone.
    pub url: String,
    /// User, when the registry asks for one.
    pub username: String,
    /// Password.
    pub password: Secret,
    /// How long one request may take.
    pub timeout_ms: u64,
    /// Whether a producer registers its schema when the subject lacks it; else that is an error.
    pub auto_register: bool,
}

impl Default for SchemaRegistry {
    fn default() -> Self {
        Self {
            url: String::new(),
            username: String::new(),
            password: Secret::default(),
            timeout_ms: 5_000,
            auto_register: true,
        }
    }
}

/// The operators' port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdminPort {
    /// Address of `/metrics`, `/livez`, `/readyz` and `/state`; port 0 takes a free one.
    pub listen: SocketAddr,
}

impl Default for AdminPort {
    fn default() -> Self {
        Self { listen: loopback(9600) }
    }
}

/// Keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    /// Key of the pseudonyms; rather give the file.
    pub pseudonym_key: Secret,
    /// File that holds the key.
    pub pseudonym_key_file: OptionalPath,
    /// Keys of blinded lists.
    pub blinding: Vec<BlindingPeriod>,
}

/// The key that an agency and the port share for a period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BlindingPeriod {
    /// Name of the period, as blinded lists write it.
    pub period: String,
    /// File that holds the key.
    pub key_file: PathBuf,
}

/// Files of their own, read again on SIGHUP or when they change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Files {
    /// Feeds.
    pub feeds: PathBuf,
    /// Agencies and their clearance.
    pub agencies: PathBuf,
    /// The party registry; empty: none.
    pub parties: OptionalPath,
    /// Rules; empty: the built-in ones.
    pub rules: OptionalPath,
    /// Decided false positives; empty: none.
    pub exceptions: OptionalPath,
    /// How often to look for changes.
    pub poll_interval_ms: u64,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            feeds: "feeds.toml".into(),
            agencies: "agencies.toml".into(),
            parties: OptionalPath::default(),
            rules: OptionalPath::default(),
            exceptions: OptionalPath::default(),
            poll_interval_ms: 3_000,
        }
    }
}

/// Logs, on stderr.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logging {
    /// For people or for machines.
    pub format: LogFormat,
    /// Level, perhaps by module: `info,quaywatch_kafka=debug`.
    pub level: String,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Logging {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".into() }
    }
}

/// HTTP in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gateway {
    /// Address.
    pub listen: SocketAddr,
    /// Largest message.
    pub max_body_bytes: usize,
    /// How long a sender may take to send its message.
    pub body_timeout_ms: u64,
    /// How long a message may wait for the broker's acknowledgement before the sender is told to come back.
    pub ack_timeout_ms: u64,
    /// Messages that may be on their way to the broker at a time.
    pub max_in_flight: usize,
    /// Connections that may be open at a time.
    pub max_connections: usize,
    /// What `Retry-After` says.
    pub retry_after_s: u64,
    /// How long a signed notification that comes again is known, so that a replay is not stored again; 0: not at all.
    pub dedupe_window_s: u64,
    /// Certificate chain (PEM); with it the gateway speaks TLS alone. Read again when it changes.
    pub tls_certificate_file: OptionalPath,
    /// Its key (PEM).
    pub tls_key_file: OptionalPath,
    /// Authorities (PEM) of clients' certificates, for feeds that must show one.
    pub tls_client_ca_file: OptionalPath,
    /// Messages that a feed may send in a second, unless `feeds.toml` says otherwise; 0: no limit.
    pub max_messages_per_second: u32,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            listen: loopback(8080),
            max_body_bytes: 1_000_000,
            body_timeout_ms: 10_000,
            ack_timeout_ms: 10_000,
            max_in_flight: 256,
            max_connections: 1_024,
            retry_after_s: 5,
            dedupe_window_s: 600,
            tls_certificate_file: OptionalPath::default(),
            tls_key_file: OptionalPath::default(),
            tls_client_ca_file: OptionalPath::default(),
            max_messages_per_second: 1_000,
        }
    }
}

/// Lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Watchlist {
    /// How often to look for changed list files.
    pub poll_interval_ms: u64,
    /// List files that are imported when they change.
    pub sources: Vec<ListSource>,
}

impl Default for Watchlist {
    fn default() -> Self {
        Self { poll_interval_ms: 5_000, sources: Vec::new() }
    }
}

/// A list file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListSource {
    /// Id of the list.
    pub list: String,
    /// File, or folder whose newest file counts; with `urls` the folder that they are fetched into.
    pub path: PathBuf,
    /// Addresses of the files of the list, the main one first; empty: somebody else puts them there.
    pub urls: Vec<String>,
    /// How often to fetch them.
    pub interval_s: u64,
    /// How long one file may take.
    pub timeout_s: u64,
    /// Largest file that is fetched.
    pub max_bytes: u64,
    /// Value of the header `Authorization`, when the server asks for one.
    pub authorization: Secret,
    /// Address of the SHA-256 digest of the main file.
    pub sha256_url: Option<String>,
    /// SHA-256 digest that the list must have; for lists that never change.
    pub sha256: Option<Sha256>,
    /// From which age on the list counts as stale: since the last fetch, or since its file was written.
    pub max_age_s: u64,
    /// How it is written.
    pub format: ListFormat,
    /// Agency that owns entries which name none.
    pub owner: String,
    /// By how much a list may shrink or grow at once, in percent of its entries, before a person must confirm.
    pub max_change_percent: u32,
}

impl Default for ListSource {
    fn default() -> Self {
        Self {
            list: String::new(),
            path: PathBuf::new(),
            urls: Vec::new(),
            interval_s: 3_600,
            timeout_s: 300,
            max_bytes: 1024 * 1024 * 1024,
            authorization: Secret::default(),
            sha256_url: None,
            sha256: None,
            max_age_s: 3 * 24 * 3_600,
            format: ListFormat::Auto,
            owner: String::new(),
            max_change_percent: 20,
        }
    }
}
