//! The routes, and what every message goes through, whichever of them it came by.
//!
//! Checks come cheapest first, and nothing of the body is read before the sender is known. A feed that does not exist
//! and a wrong token give the same answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use quaywatch_domain::Sha256;
use quaywatch_service::WatchedFile;
use quaywatch_service::settings;
use tokio::sync::Semaphore;

use crate::answer::{Refusal, json};
use crate::body;
use crate::dcsa;
use crate::door::{Caller, Door, Doors};
use crate::intake::{Incoming, Intake, Stored, is_traceparent};
use crate::metrics::{Metrics, Outcome, UNKNOWN_FEED};
use crate::rate::Rates;
use crate::signature::Replays;
use crate::sink::NotStored;

/// Longest feed id that is looked up, in bytes.
const MAX_FEED_BYTES: usize = 128;
/// The description of the doors, for integrators and their tools.
const OPENAPI: &str = include_str!("../openapi.json");

/// Whether a feed is paused.
pub type Paused = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// What the routes share.
pub(crate) struct Front {
    pub(crate) limits: settings::Gateway,
    pub(crate) doors: WatchedFile<Doors>,
    pub(crate) intake: Intake,
    pub(crate) metrics: Metrics,
    pub(crate) rates: Rates,
    pub(crate) replays: Replays,
    pub(crate) in_flight: Arc<Semaphore>,
    pub(crate) paused: Paused,
}

/// Digest of the certificate that the other end of a connection showed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Peer(pub(crate) Option<Sha256>);

/// The routes.
pub(crate) fn router(front: Arc<Front>) -> Router {
    Router::new()
        .route("/feeds/{feed}/messages", post(receive))
        .route("/feeds/{feed}/dcsa/v2/notifications", post(dcsa::notify).head(dcsa::probe))
        .route("/feeds/{feed}/dcsa/v3/events", post(dcsa::events))
        .route("/openapi.json", get(openapi))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(front)
}

async fn openapi() -> Response {
    let mut response = Response::new(Body::from(OPENAPI));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn unknown_path() -> Response {
    let why = "there is no such path; GET /openapi.json describes those that there are";
    json(StatusCode::NOT_FOUND, &serde_json::json!({ "error": "not_found", "why": why }))
}

async fn wrong_method() -> Response {
    let why = "this path does not know the method; GET /openapi.json describes what it knows";
    json(StatusCode::METHOD_NOT_ALLOWED, &serde_json::json!({ "error": "method_not_allowed", "why": why }))
}

/// `POST /feeds/{feed}/messages`: a message of any format, as it is.
async fn receive(
    State(front): State<Arc<Front>>,
    Extension(peer): Extension<Peer>,
    Path(feed): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let doors = front.doors.current();
    let Some(door) = front.open(&doors, &feed, &parts.headers, peer) else {
        return front.refuse(UNKNOWN_FEED, &unauthorized());
    };
    let stored = async {
        front.pace(&feed, door)?;
        let taken = front.take(&feed, door, &parts, body).await?;
        let message = taken.message()?;
        front.store(&feed, &parts, taken.content_type, message, None).await
    };
    match stored.await {
        Ok(stored) => {
            front.metrics.count(&feed, Outcome::Accepted);
            let Stored { sha256, place } = stored;
            let body =
                serde_json::json!({ "sha256": sha256, "partition": place.partition, "offset": place.offset });
            json(StatusCode::ACCEPTED, &body)
        }
        Err(refusal) => front.refuse(&feed, &refusal),
    }
}

/// The same for a feed that does not exist and for a wrong token.
pub(crate) fn unauthorized() -> Refusal {
    let why = "no feed of this name lets this caller in; check path, Authorization and certificate";
    Refusal::new(Outcome::Unauthorized, why)
}

/// A body that was read, on its way to the broker; holds its place among those in flight.
pub(crate) struct Taken {
    /// The bytes as sent.
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: Option<String>,
    coding: body::Coding,
    limit: usize,
    _in_flight: InFlight,
}

impl Taken {
    /// The message in the body.
    pub(crate) fn message(&self) -> Result<Vec<u8>, Refusal> {
        body::message(self.body.clone(), self.coding, self.limit)
    }
}

impl Front {
    /// The door, when token and certificate open it.
    pub(crate) fn open<'d>(
        &self,
        doors: &'d Doors,
        feed: &str,
        headers: &HeaderMap,
        peer: Peer,
    ) -> Option<&'d Door> {
        let short = feed.len() <= MAX_FEED_BYTES;
        let caller = Caller { token: bearer(headers).unwrap_or_default(), certificate: peer.0 };
        doors.open(if short { feed } else { "" }, caller)
    }

    pub(crate) fn refuse(&self, label: &str, refusal: &Refusal) -> Response {
        self.metrics.count(label, refusal.outcome);
        tracing::debug!(feed = label, outcome = refusal.outcome.as_str(), "message not taken");
        refusal.response()
    }

    /// Counts a message against the rate of its feed: only once the sender is known to be who it says.
    pub(crate) fn pace(&self, feed: &str, door: &Door) -> Result<(), Refusal> {
        let rate = door.max_messages_per_second.unwrap_or(self.limits.max_messages_per_second);
        self.rates.take(feed, rate, Instant::now()).map_err(|wait| {
            let why = format!("feed '{feed}' may send {rate} messages a second");
            Refusal::new(Outcome::RateLimited, why).later(wait)
        })
    }

    /// Reads the body of a sender that was let in, within the limits of its feed.
    pub(crate) async fn take(
        &self,
        feed: &str,
        door: &Door,
        parts: &Parts,
        sent: Body,
    ) -> Result<Taken, Refusal> {
        let retry_after = self.retry_after();
        if (self.paused)(feed) {
            let why =
                format!("feed '{feed}' is paused, for too much of it could not be used; ask the operator");
            return Err(Refusal::new(Outcome::Paused, why).later(retry_after));
        }
        let content_type = body::media_type(&parts.headers, &door.content_types)?;
        let coding = body::coding(&parts.headers)?;
        let limit = door.max_body_bytes.unwrap_or(usize::MAX).min(self.limits.max_body_bytes);
        body::check_length(&parts.headers, limit)?;
        // Taken before the body is read: the memory of all bodies together is bounded.
        let in_flight = InFlight::enter(&self.in_flight, &self.metrics).ok_or_else(|| {
            let why = format!("{} messages are on their way already", self.limits.max_in_flight);
            Refusal::new(Outcome::Busy, why).later(retry_after)
        })?;
        let body = body::read(sent, limit, self.limits.body_timeout_ms).await?;
        Ok(Taken { body, content_type, coding, limit, _in_flight: in_flight })
    }

    /// Stores a message; the answer comes when the broker has it.
    pub(crate) async fn store(
        &self,
        feed: &str,
        parts: &Parts,
        content_type: Option<String>,
        message: Vec<u8>,
        signature: Option<&str>,
    ) -> Result<Stored, Refusal> {
        let bytes = message.len();
        let traceparent = parts.headers.get("traceparent").and_then(|v| v.to_str().ok());
        let timer = self.metrics.ack_seconds.start_timer();
        let incoming = Incoming {
            feed: feed.to_owned(),
            content_type,
            sender: Some(feed.to_owned()),
            path: Some(parts.uri.path().to_owned()),
            signature: signature.map(str::to_owned),
            traceparent: traceparent.filter(|t| is_traceparent(t)).map(str::to_owned),
            body: message,
        };
        let sending = self.intake.begin(incoming).map_err(|e| Refusal::from(&e))?;
        let limit = Duration::from_millis(self.limits.ack_timeout_ms);
        let stored = tokio::time::timeout(limit, sending).await.unwrap_or_else(|_| {
            // It may still arrive; a sender that sends it again does no harm, later stages know it by its digest.
            Err(NotStored::Unavailable(format!("no answer within {} ms", self.limits.ack_timeout_ms)))
        });
        timer.observe_duration();
        let stored = stored.map_err(|error| {
            tracing::warn!(%error, "message not stored");
            let refusal = Refusal::from(&error);
            if refusal.outcome == Outcome::Unavailable { refusal.later(self.retry_after()) } else { refusal }
        })?;
        self.metrics.count_bytes(feed, bytes);
        Ok(stored)
    }

    pub(crate) const fn retry_after(&self) -> Duration {
        Duration::from_secs(self.limits.retry_after_s)
    }
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750).
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// A place among the messages in flight, given back also when the sender goes away.
struct InFlight {
    gauge: prometheus::IntGauge,
    _permit: tokio::sync::OwnedSemaphorePermit,
}

impl InFlight {
    fn enter(places: &Arc<Semaphore>, metrics: &Metrics) -> Option<Self> {
        let permit = Arc::clone(places).try_acquire_owned().ok()?;
        metrics.in_flight.inc();
        Some(Self { gauge: metrics.in_flight.clone(), _permit: permit })
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_bearer_scheme_is_read_in_any_case_and_no_other() {
        assert_eq!(bearer(&headers(header::AUTHORIZATION, "bearer abc")), Some(&b"abc"[..]));
        assert_eq!(bearer(&headers(header::AUTHORIZATION, "Basic abc")), None);
        assert_eq!(bearer(&headers(header::AUTHORIZATION, "Bear")), None);
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
