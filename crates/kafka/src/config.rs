//! Client configurations: every option that a guarantee rests on is spelled out here, and nowhere else.

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};

use crate::settings::{MAX_RECORD_BYTES, Settings};

/// What the largest record takes on the wire, with the framing of its batch.
const MAX_MESSAGE_BYTES: usize = MAX_RECORD_BYTES + 65_536;
/// Waiting for more bytes in a fetch; a fetch answers as soon as there is one.
const FETCH_WAIT_MS: u32 = 500;
/// The mock broker waits out every empty fetch.
const EMBEDDED_FETCH_WAIT_MS: u32 = 10;

fn client(settings: &Settings, name: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.brokers)
        .set("client.id", name)
        .set("reconnect.backoff.ms", "50")
        .set("reconnect.backoff.max.ms", "2000")
        .set("socket.keepalive.enable", "true")
        .set("socket.nagle.disable", "true")
        .set("statistics.interval.ms", "0")
        .set_log_level(RDKafkaLogLevel::Warning);
    let security = &settings.security;
    config.set("security.protocol", security.protocol.name());
    if security.protocol.sasl() {
        config.set("sasl.mechanism", security.mechanism.name());
        let password = security.password.as_ref().map(crate::settings::Secret::reveal);
        set(&mut config, "sasl.username", security.username.as_deref());
        set(&mut config, "sasl.password", password);
    }
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.to_string_lossy().into_owned());
    set(&mut config, "ssl.ca.location", path(&security.ca_file).as_deref());
    set(&mut config, "ssl.certificate.location", path(&security.certificate_file).as_deref());
    set(&mut config, "ssl.key.location", path(&security.key_file).as_deref());
    let key_password = security.key_password.as_ref().map(crate::settings::Secret::reveal);
    set(&mut config, "ssl.key.password", key_password);
    config
}

fn set(config: &mut ClientConfig, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        config.set(name, value);
    }
}

fn reading(settings: &Settings, name: &str, group: &str) -> ClientConfig {
    let wait = if settings.is_embedded() { EMBEDDED_FETCH_WAIT_MS } else { FETCH_WAIT_MS };
    let mut config = client(settings, name);
    config
        .set("group.id", group)
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("allow.auto.create.topics", "false")
        .set("check.crcs", "true")
        .set("fetch.min.bytes", "1")
        .set("fetch.wait.max.ms", wait.to_string())
        .set("fetch.error.backoff.ms", "50")
        .set("fetch.queue.backoff.ms", "50")
        .set("fetch.message.max.bytes", MAX_MESSAGE_BYTES.to_string())
        .set("queued.min.messages", "100000")
        .set("queued.max.messages.kbytes", settings.fetch_queue_kib.to_string());
    config
}

/// The consumer of a slot: a member of the stage's group.
pub(crate) fn member(settings: &Settings, stage: &str, slot: usize) -> ClientConfig {
    let name = settings.transactional_id(stage, slot);
    let mut config = reading(settings, &name, &settings.group(stage));
    config
        .set("group.protocol", "classic")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("auto.offset.reset", "earliest")
        .set("enable.partition.eof", "true")
        .set("session.timeout.ms", settings.session_timeout_ms.to_string())
        .set("heartbeat.interval.ms", (settings.session_timeout_ms / 5).clamp(100, 3_000).to_string())
        .set("max.poll.interval.ms", settings.session_timeout_ms.max(300_000).to_string());
    config
}

/// A consumer that reads whole topics and is in no group. It never commits; the group's name only serves
/// brokers that authorise by it.
pub(crate) fn reader(settings: &Settings, name: &str, group: &str) -> ClientConfig {
    let mut config = reading(settings, name, group);
    config.set("auto.offset.reset", "earliest");
    config
}

/// A client that asks for the ends of partitions, open transactions included.
pub(crate) fn watermarks(settings: &Settings, name: &str) -> ClientConfig {
    let mut config = client(settings, name);
    config.set("isolation.level", "read_uncommitted").set("allow.auto.create.topics", "false");
    config
}

/// A client for administration and metadata.
pub(crate) fn admin(settings: &Settings) -> ClientConfig {
    let mut config = client(settings, &format!("{}-admin", settings.application));
    config.set("allow.auto.create.topics", "false");
    config
}

fn writing(settings: &Settings, name: &str) -> ClientConfig {
    let mut config = client(settings, name);
    config
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("max.in.flight.requests.per.connection", "5")
        .set("partitioner", "murmur2_random")
        .set("compression.type", settings.compression.name())
        .set("linger.ms", settings.linger_ms.to_string())
        .set("message.max.bytes", MAX_MESSAGE_BYTES.to_string())
        .set("retry.backoff.ms", "10")
        .set("retry.backoff.max.ms", "500")
        .set("queue.buffering.max.messages", "200000")
        .set("queue.buffering.max.kbytes", settings.send_queue_kib.to_string());
    config
}

/// A transactional producer.
pub(crate) fn transactional(settings: &Settings, transactional_id: &str) -> ClientConfig {
    let mut config = writing(settings, transactional_id);
    let timeout = settings.transaction_timeout_ms;
    config
        .set("transactional.id", transactional_id)
        .set("transaction.timeout.ms", timeout.to_string())
        .set("message.timeout.ms", (timeout - timeout / 10).to_string());
    config
}

/// A producer whose records are durable when it says so.
pub(crate) fn acked(settings: &Settings, name: &str) -> ClientConfig {
    let mut config = writing(settings, name);
    config.set("message.timeout.ms", "30000");
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Mechanism, Protocol, Secret, Security};

    fn has(config: &ClientConfig, pairs: &[(&str, &str)]) {
        for (name, value) in pairs {
            assert_eq!(config.get(name), Some(*value), "{name}");
        }
    }

    #[test]
    fn a_member_reads_only_committed_records_and_never_commits_by_itself() {
        let config = member(&Settings::default(), "detector", 2);
        has(
            &config,
            &[
                ("isolation.level", "read_committed"),
                ("enable.auto.commit", "false"),
                ("enable.auto.offset.store", "false"),
                ("partition.assignment.strategy", "cooperative-sticky"),
                ("group.protocol", "classic"),
                ("group.id", "quaywatch-detector"),
                ("auto.offset.reset", "earliest"),
                ("allow.auto.create.topics", "false"),
            ],
        );
    }

    #[test]
    fn a_transactional_producer_is_named_by_its_slot_and_times_out_before_its_transaction() {
        let settings = Settings { instance: "7".into(), prefix: "x.".into(), ..Settings::default() };
        let id = settings.transactional_id("detector", 2);
        assert_eq!(id, "x.quaywatch-detector-7-2");
        let config = transactional(&settings, &id);
        has(
            &config,
            &[
                ("transactional.id", "x.quaywatch-detector-7-2"),
                ("enable.idempotence", "true"),
                ("acks", "all"),
                ("partitioner", "murmur2_random"),
                ("transaction.timeout.ms", "10000"),
                ("message.timeout.ms", "9000"),
            ],
        );
    }

    #[test]
    fn the_ends_of_partitions_count_open_transactions() {
        has(&watermarks(&Settings::default(), "x"), &[("isolation.level", "read_uncommitted")]);
    }

    #[test]
    fn every_client_can_carry_the_largest_record() {
        let settings = Settings::default();
        let limit = MAX_MESSAGE_BYTES.to_string();
        has(&acked(&settings, "x"), &[("message.max.bytes", &limit)]);
        has(&member(&settings, "x", 0), &[("fetch.message.max.bytes", &limit)]);
    }

    #[test]
    fn security_settings_reach_every_client_and_secrets_are_never_shown() {
        let security = Security {
            protocol: Protocol::SaslSsl,
            mechanism: Mechanism::ScramSha512,
            username: Some("detector".into()),
            password: Some(Secret::new("correct horse")),
            ca_file: Some("/etc/ca.pem".into()),
            ..Security::default()
        };
        let settings = Settings { security, ..Settings::default() };
        settings.validate().unwrap();
        for config in [
            member(&settings, "x", 0),
            transactional(&settings, "x"),
            reader(&settings, "x", "g"),
            watermarks(&settings, "x"),
            admin(&settings),
            acked(&settings, "x"),
        ] {
            has(
                &config,
                &[
                    ("security.protocol", "sasl_ssl"),
                    ("sasl.mechanism", "SCRAM-SHA-512"),
                    ("sasl.username", "detector"),
                    ("sasl.password", "correct horse"),
                    ("ssl.ca.location", "/etc/ca.pem"),
                ],
            );
        }
        assert!(!format!("{settings:?}").contains("correct horse"));
        let shown = toml::Value::try_from(&settings).unwrap();
        assert_eq!(shown["security"]["password"].as_str(), Some("***"));
    }

    #[test]
    fn settings_read_from_toml_and_unknown_ones_are_refused() {
        let settings: Settings =
            toml::from_str("brokers = 'a:1'\nslots = 3\n[security]\nprotocol = 'sasl_ssl'\n").unwrap();
        assert_eq!(settings.slots, 3);
        assert!(settings.validate().unwrap_err().to_string().contains("SASL needs username"));
        assert!(toml::from_str::<Settings>("broker = 'a:1'").is_err());
        assert!(Settings { slots: 0, ..Settings::default() }.validate().is_err());
        assert!(Settings { prefix: "a b".into(), ..Settings::default() }.validate().is_err());
    }
}
