//! What the gateway counts.

use prometheus::{Histogram, HistogramOpts, IntCounterVec, IntGauge, Opts, Registry};

/// Feed label of requests that were not let in: what a stranger writes never becomes a label.
pub(crate) const UNKNOWN_FEED: &str = "unknown";

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted,
    /// Known from shortly before, and not stored again.
    Replayed,
    Unauthorized,
    Empty,
    TooLarge,
    UnsupportedType,
    RateLimited,
    Busy,
    BodyTimeout,
    BodyBroken,
    Malformed,
    Paused,
    Unavailable,
    Failed,
}

impl Outcome {
    const ALL: [Self; 14] = [
        Self::Accepted,
        Self::Replayed,
        Self::Unauthorized,
        Self::Empty,
        Self::TooLarge,
        Self::UnsupportedType,
        Self::RateLimited,
        Self::Busy,
        Self::BodyTimeout,
        Self::BodyBroken,
        Self::Malformed,
        Self::Paused,
        Self::Unavailable,
        Self::Failed,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Replayed => "replayed",
            Self::Unauthorized => "unauthorized",
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::UnsupportedType => "unsupported_type",
            Self::RateLimited => "rate_limited",
            Self::Busy => "busy",
            Self::BodyTimeout => "body_timeout",
            Self::BodyBroken => "body_broken",
            Self::Malformed => "malformed",
            Self::Paused => "paused",
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
        }
    }
}

/// The gateway's metrics.
#[derive(Debug, Clone)]
pub struct Metrics {
    requests: IntCounterVec,
    bytes: IntCounterVec,
    pub(crate) ack_seconds: Histogram,
    pub(crate) in_flight: IntGauge,
    pub(crate) connections: IntGauge,
    pub(crate) broker_up: IntGauge,
}

impl Metrics {
    /// Registers the metrics.
    ///
    /// # Errors
    /// When the registry already has them.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            requests: IntCounterVec::new(
                Opts::new("quaywatch_gateway_requests_total", "Requests by feed and outcome."),
                &["feed", "outcome"],
            )?,
            bytes: IntCounterVec::new(
                Opts::new("quaywatch_gateway_stored_bytes_total", "Bytes of messages stored, by feed."),
                &["feed"],
            )?,
            ack_seconds: Histogram::with_opts(
                HistogramOpts::new("quaywatch_gateway_ack_seconds", "Wait for the broker's acknowledgement.")
                    .buckets(vec![
                        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
                    ]),
            )?,
            in_flight: IntGauge::new("quaywatch_gateway_in_flight", "Messages on their way to the broker.")?,
            connections: IntGauge::new("quaywatch_gateway_connections", "Open connections.")?,
            broker_up: IntGauge::new("quaywatch_gateway_broker_up", "1 when the broker answers.")?,
        };
        registry.register(Box::new(metrics.requests.clone()))?;
        registry.register(Box::new(metrics.bytes.clone()))?;
        registry.register(Box::new(metrics.ack_seconds.clone()))?;
        registry.register(Box::new(metrics.in_flight.clone()))?;
        registry.register(Box::new(metrics.connections.clone()))?;
        registry.register(Box::new(metrics.broker_up.clone()))?;
        metrics.show([UNKNOWN_FEED].into_iter());
        Ok(metrics)
    }

    /// Shows every outcome of these feeds, at 0 if need be, so that no panel is empty.
    pub(crate) fn show<'a>(&self, feeds: impl Iterator<Item = &'a str>) {
        for feed in feeds {
            for outcome in Outcome::ALL {
                self.requests.with_label_values(&[feed, outcome.as_str()]).inc_by(0);
            }
            self.bytes.with_label_values(&[feed]).inc_by(0);
        }
    }

    pub(crate) fn count(&self, feed: &str, outcome: Outcome) {
        self.requests.with_label_values(&[feed, outcome.as_str()]).inc();
    }

    pub(crate) fn count_bytes(&self, feed: &str, bytes: usize) {
        self.bytes.with_label_values(&[feed]).inc_by(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
}
