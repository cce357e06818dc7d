//! Ranges, and settings that belong together.

use std::ops::RangeInclusive;

use super::model::{Gateway, Kafka, ListSource, SecurityProtocol, Settings, Stage, Topics};
use crate::Error;

/// Largest message that any topic takes, in bytes; the record around it adds a little.
pub const MAX_BODY_BYTES: usize = 8_000_000;

pub(super) fn check(settings: &Settings) -> Result<(), Error> {
    kafka(&settings.kafka)?;
    topics(&settings.topics)?;
    gateway(&settings.gateway)?;
    within("schema_registry.timeout_ms", settings.schema_registry.timeout_ms, 100..=60_000)?;
    let url = &settings.schema_registry.url;
    if !(url.is_empty() || url.starts_with("http://") || url.starts_with("https://")) {
        return invalid("schema_registry.url", format!("is '{url}'; it must begin with http:// or https://"));
    }
    within("files.poll_interval_ms", settings.files.poll_interval_ms, 100..=3_600_000)?;
    within("shutdown.drain_ms", settings.shutdown.drain_ms, 100..=600_000)?;
    within("watchlist.poll_interval_ms", settings.watchlist.poll_interval_ms, 100..=3_600_000)?;
    sources(&settings.watchlist.sources)?;
    crate::telemetry::filter(&settings.logging.level)?;
    let secrets = &settings.secrets;
    if secrets.pseudonym_key.expose().is_some() && secrets.pseudonym_key_file.get().is_some() {
        return invalid("secrets.pseudonym_key", "is set and pseudonym_key_file too; set one of them".into());
    }
    stage(&settings.normalizer, &NORMALIZER)?;
    stage(&settings.screener, &SCREENER)?;
    stage(&settings.detector, &DETECTOR)?;
    stage(&settings.dispatcher, &DISPATCHER)
}

fn kafka(kafka: &Kafka) -> Result<(), Error> {
    let brokers = kafka.brokers.split(',').map(str::trim);
    for broker in brokers {
        let port = broker.rsplit_once(':').and_then(|(host, port)| (!host.is_empty()).then_some(port));
        if port.and_then(|p| p.parse::<u16>().ok()).is_none() {
            return invalid("kafka.brokers", format!("has '{broker}'; write host:port, several with commas"));
        }
    }
    name("kafka.id_prefix", &kafka.id_prefix, false)?;
    within("kafka.delivery_timeout_ms", kafka.delivery_timeout_ms, 1_000..=600_000)?;
    within("kafka.request_timeout_ms", kafka.request_timeout_ms, 500..=300_000)?;
    if kafka.certificate_file.get().is_some() != kafka.key_file.get().is_some() {
        return invalid(
            "kafka.certificate_file",
            "and kafka.key_file belong together; set both or none".into(),
        );
    }
    let sasl = matches!(kafka.security_protocol, SecurityProtocol::SaslPlaintext | SecurityProtocol::SaslSsl);
    if sasl && (kafka.sasl_username.is_empty() || kafka.sasl_password.expose().is_none()) {
        return invalid(
            "kafka.security_protocol",
            "needs kafka.sasl_username and kafka.sasl_password".into(),
        );
    }
    let mechanism = kafka.sasl_mechanism.as_str();
    if !["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"].contains(&mechanism) {
        let why = format!("is '{mechanism}'; use SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN");
        return invalid("kafka.sasl_mechanism", why);
    }
    Ok(())
}

fn topics(topics: &Topics) -> Result<(), Error> {
    name("topics.prefix", &topics.prefix, true)?;
    within("topics.replication_factor", topics.replication_factor, 1..=15)?;
    within("topics.min_insync_replicas", topics.min_insync_replicas, 1..=topics.replication_factor)
}

fn gateway(gateway: &Gateway) -> Result<(), Error> {
    within("gateway.max_body_bytes", gateway.max_body_bytes, 1_024..=MAX_BODY_BYTES)?;
    within("gateway.body_timeout_ms", gateway.body_timeout_ms, 100..=600_000)?;
    within("gateway.ack_timeout_ms", gateway.ack_timeout_ms, 100..=600_000)?;
    within("gateway.max_in_flight", gateway.max_in_flight, 1..=100_000)?;
    within("gateway.max_connections", gateway.max_connections, 1..=100_000)?;
    within("gateway.retry_after_s", gateway.retry_after_s, 1..=3_600)?;
    within("gateway.max_messages_per_second", gateway.max_messages_per_second, 0..=1_000_000)
}

fn sources(sources: &[ListSource]) -> Result<(), Error> {
    for (i, source) in sources.iter().enumerate() {
        let id_ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if source.list.is_empty() || !source.list.chars().all(id_ok) {
            let why = format!("has the list id '{}'; use letters, digits, '-', '_' and '.'", source.list);
            return invalid("watchlist.sources", why);
        }
        if sources.iter().take(i).any(|other| other.list == source.list) {
            return invalid("watchlist.sources", format!("has '{}' twice; one source a list", source.list));
        }
        if source.path.as_os_str().is_empty() {
            return invalid("watchlist.sources", format!("has no path for '{}'; name a file", source.list));
        }
        within("watchlist.sources.max_change_percent", source.max_change_percent, 0..=1_000)?;
    }
    Ok(())
}

/// Dotted keys of one stage, in the order of [`stage`]'s checks.
struct StageKeys([&'static str; 7]);

macro_rules! stage_keys {
    ($name:ident, $section:literal) => {
        const $name: StageKeys = StageKeys([
            concat!($section, ".instance_id"),
            concat!($section, ".slots"),
            concat!($section, ".commit_interval_ms"),
            concat!($section, ".batch_records"),
            concat!($section, ".batch_bytes"),
            concat!($section, ".transaction_timeout_ms"),
            concat!($section, ".session_timeout_ms"),
        ]);
    };
}

stage_keys!(NORMALIZER, "normalizer");
stage_keys!(SCREENER, "screener");
stage_keys!(DETECTOR, "detector");
stage_keys!(DISPATCHER, "dispatcher");

fn stage(stage: &Stage, keys: &StageKeys) -> Result<(), Error> {
    let [instance, slots, commit, records, bytes, transaction, session] = keys.0;
    name(instance, &stage.instance_id, false)?;
    within(slots, stage.slots, 1..=64)?;
    within(transaction, stage.transaction_timeout_ms, 1_000..=900_000)?;
    // A transaction that the broker aborts before it is committed would never get through.
    within(commit, stage.commit_interval_ms, 1..=stage.transaction_timeout_ms / 2)?;
    within(records, stage.batch_records, 1..=1_000_000)?;
    within(bytes, stage.batch_bytes, 1_024..=1_000_000_000)?;
    within(session, stage.session_timeout_ms, 6_000..=1_800_000)
}

fn within<N: Copy + PartialOrd + std::fmt::Display>(
    key: &'static str,
    value: N,
    range: RangeInclusive<N>,
) -> Result<(), Error> {
    if range.contains(&value) {
        return Ok(());
    }
    invalid(key, format!("is {value}; it must be from {} to {}", range.start(), range.end()))
}

/// Names that Kafka takes for topics, groups and transactional ids.
fn name(key: &'static str, text: &str, may_be_empty: bool) -> Result<(), Error> {
    const MAX_CHARS: usize = 64;
    let fits = text.len() <= MAX_CHARS
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && (may_be_empty || !text.is_empty());
    if fits {
        return Ok(());
    }
    invalid(key, format!("is '{text}'; use up to {MAX_CHARS} letters, digits, '-', '_' and '.'"))
}

const fn invalid(key: &'static str, why: String) -> Result<(), Error> {
    Err(Error::InvalidSetting { key, why })
}
