//! Ranges, and settings that belong together.

use std::ops::RangeInclusive;

use quaywatch_screening::names::Bands;

use super::model::{Gateway, ListSource, Settings};
use crate::Error;

/// Largest message, in bytes: what fits into a record of `port.raw` with its envelope.
pub const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

const _: () = assert!(MAX_BODY_BYTES + 64 * 1024 <= quaywatch_kafka::MAX_RAW_RECORD_BYTES);

pub(super) fn check(settings: &Settings) -> Result<(), Error> {
    kafka(&settings.kafka)?;
    gateway(&settings.gateway)?;
    within("schema_registry.timeout_ms", settings.schema_registry.timeout_ms, 100..=60_000)?;
    let url = &settings.schema_registry.url;
    if !(url.is_empty() || url.starts_with("http://") || url.starts_with("https://")) {
        return invalid("schema_registry.url", format!("is '{url}'; it must begin with http:// or https://"));
    }
    within("files.poll_interval_ms", settings.files.poll_interval_ms, 100..=3_600_000)?;
    within("watchlist.poll_interval_ms", settings.watchlist.poll_interval_ms, 100..=3_600_000)?;
    sources(&settings.watchlist.sources)?;
    screening(&settings.screening)?;
    crate::telemetry::filter(&settings.logging.level)?;
    let secrets = &settings.secrets;
    if secrets.pseudonym_key.expose().is_some() && secrets.pseudonym_key_file.get().is_some() {
        return invalid("secrets.pseudonym_key", "is set and pseudonym_key_file too; set one of them".into());
    }
    Ok(())
}

fn kafka(kafka: &quaywatch_kafka::Settings) -> Result<(), Error> {
    for broker in kafka.brokers.split(',').map(str::trim) {
        let port = broker.rsplit_once(':').and_then(|(host, port)| (!host.is_empty()).then_some(port));
        if port.and_then(|p| p.parse::<u16>().ok()).is_none() {
            return invalid("kafka.brokers", format!("has '{broker}'; write host:port, several with commas"));
        }
    }
    kafka.validate().map_err(|e| Error::Settings(e.to_string()))
}

fn gateway(gateway: &Gateway) -> Result<(), Error> {
    within("gateway.max_body_bytes", gateway.max_body_bytes, 1_024..=MAX_BODY_BYTES)?;
    within("gateway.body_timeout_ms", gateway.body_timeout_ms, 100..=600_000)?;
    within("gateway.ack_timeout_ms", gateway.ack_timeout_ms, 100..=600_000)?;
    within("gateway.max_in_flight", gateway.max_in_flight, 1..=100_000)?;
    within("gateway.max_connections", gateway.max_connections, 1..=100_000)?;
    within("gateway.retry_after_s", gateway.retry_after_s, 1..=3_600)?;
    within("gateway.dedupe_window_s", gateway.dedupe_window_s, 0..=86_400)?;
    if gateway.tls_certificate_file.get().is_some() != gateway.tls_key_file.get().is_some() {
        return invalid(
            "gateway.tls_key_file",
            "and tls_certificate_file belong together; set both or none".into(),
        );
    }
    if gateway.tls_client_ca_file.get().is_some() && gateway.tls_certificate_file.get().is_none() {
        return invalid(
            "gateway.tls_client_ca_file",
            "needs tls_certificate_file; set it, or neither".into(),
        );
    }
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
        within("watchlist.sources.interval_s", source.interval_s, 10..=30 * 24 * 3_600)?;
        within("watchlist.sources.timeout_s", source.timeout_s, 1..=3_600)?;
        within("watchlist.sources.max_bytes", source.max_bytes, 1_024..=4 * 1024 * 1024 * 1024)?;
        within("watchlist.sources.max_age_s", source.max_age_s, 60..=366 * 24 * 3_600)?;
        let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        if let Some(url) = source.urls.iter().chain(&source.sha256_url).find(|url| !is_web(url)) {
            return invalid(
                "watchlist.sources.urls",
                format!("has '{url}' for '{}'; begin it with https://", source.list),
            );
        }
    }
    Ok(())
}

fn screening(bands: &Bands) -> Result<(), Error> {
    for (key, score) in [
        ("screening.person", bands.person),
        ("screening.company", bands.company),
        ("screening.vessel", bands.vessel),
        ("screening.strong", bands.strong),
    ] {
        within(key, score, 0.0..=1.0)?;
    }
    for list in &bands.lists {
        if list.list.is_empty() {
            return invalid(
                "screening.lists",
                "has an entry without 'list'; name a list or an agency".into(),
            );
        }
        for score in [list.person, list.company, list.vessel, list.strong] {
            within("screening.lists", score, 0.0..=1.0)?;
        }
    }
    Ok(())
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

const fn invalid(key: &'static str, why: String) -> Result<(), Error> {
    Err(Error::InvalidSetting { key, why })
}
