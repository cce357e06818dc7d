//! `POST /feeds/{feed}/messages`.
//!
//! Checks come cheapest first, and nothing of the body is read before the sender is known. A feed that does not exist
//! and a wrong token give the same answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use quaywatch_service::WatchedFile;
use quaywatch_service::settings;
use tokio::sync::Semaphore;

use crate::door::Doors;
use crate::intake::{Incoming, Intake, Stored, is_traceparent};
use crate::metrics::{Metrics, Outcome, UNKNOWN_FEED};
use crate::rate::Rates;
use crate::sink::NotStored;

/// Media types that a message may declare; none is fine too. Only the content decides how it is read.
pub const MEDIA_TYPES: [&str; 8] = [
    "application/json",
    "application/x-ndjson",
    "application/jsonl",
    "application/edifact",
    "application/octet-stream",
    "text/plain",
    "text/csv",
    "text/json",
];

/// Longest feed id that is looked up, in bytes.
const MAX_FEED_BYTES: usize = 128;

/// What the routes share.
pub(crate) struct Front {
    pub(crate) limits: settings::Gateway,
    pub(crate) doors: WatchedFile<Doors>,
    pub(crate) intake: Intake,
    pub(crate) metrics: Metrics,
    pub(crate) rates: Rates,
    pub(crate) in_flight: Arc<Semaphore>,
}

/// The routes.
pub(crate) fn router(front: Arc<Front>) -> Router {
    Router::new().route("/feeds/{feed}/messages", post(receive)).with_state(front)
}

/// Why a message was not taken.
struct Refusal {
    outcome: Outcome,
    why: String,
    retry_after: Option<Duration>,
}

impl Refusal {
    fn new(outcome: Outcome, why: impl Into<String>) -> Self {
        Self { outcome, why: why.into(), retry_after: None }
    }

    fn later(self, after: Duration) -> Self {
        Self { retry_after: Some(after), ..self }
    }

    fn status(&self) -> StatusCode {
        match self.outcome {
            Outcome::Accepted => StatusCode::ACCEPTED,
            Outcome::Unauthorized => StatusCode::UNAUTHORIZED,
            Outcome::Empty | Outcome::BodyBroken => StatusCode::BAD_REQUEST,
            Outcome::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Outcome::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Outcome::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Outcome::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Outcome::Busy | Outcome::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Outcome::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

async fn receive(State(front): State<Arc<Front>>, Path(feed): Path<String>, request: Request) -> Response {
    let (known, result) = front.take(&feed, request).await;
    let label = if known { feed.as_str() } else { UNKNOWN_FEED };
    match result {
        Ok(stored) => {
            front.metrics.count(label, Outcome::Accepted);
            accepted(&stored)
        }
        Err(refusal) => {
            front.metrics.count(label, refusal.outcome);
            tracing::debug!(feed = label, outcome = refusal.outcome.as_str(), "message not taken");
            refused(&refusal)
        }
    }
}

impl Front {
    /// Whether the sender was let in, and what became of the message.
    async fn take(&self, feed: &str, request: Request) -> (bool, Result<Stored, Refusal>) {
        let doors = self.doors.current();
        let token = bearer(request.headers()).unwrap_or_default();
        let short = feed.len() <= MAX_FEED_BYTES;
        let Some(door) = doors.open(if short { feed } else { "" }, token) else {
            let why = "no feed of this name takes this token; check the path and the Authorization header";
            return (false, Err(Refusal::new(Outcome::Unauthorized, why)));
        };
        let rate = door.max_messages_per_second.unwrap_or(self.limits.max_messages_per_second);
        (true, self.take_known(feed, rate, request).await)
    }

    async fn take_known(&self, feed: &str, rate: u32, request: Request) -> Result<Stored, Refusal> {
        self.rates.take(feed, rate, Instant::now()).map_err(|wait| {
            let why = format!("feed '{feed}' may send {rate} messages a second");
            Refusal::new(Outcome::RateLimited, why).later(wait)
        })?;
        let (parts, body) = request.into_parts();
        let content_type = media_type(&parts.headers)?;
        self.check_length(&parts.headers)?;
        let retry_after = Duration::from_secs(self.limits.retry_after_s);
        // Taken before the body is read: the memory of all bodies together is bounded.
        let Ok(_permit) = self.in_flight.try_acquire() else {
            let why = format!("{} messages are on their way already", self.limits.max_in_flight);
            return Err(Refusal::new(Outcome::Busy, why).later(retry_after));
        };
        let _gauge = InFlight::enter(&self.metrics);
        let body = self.read(body).await?;
        let bytes = body.len();
        let traceparent = parts.headers.get("traceparent").and_then(|v| v.to_str().ok());
        let stored = self.store(Incoming {
            feed: feed.to_owned(),
            content_type,
            sender: Some(feed.to_owned()),
            path: Some(parts.uri.path().to_owned()),
            traceparent: traceparent.filter(|t| is_traceparent(t)).map(str::to_owned),
            body: body.into(),
        });
        let stored = stored.await.map_err(|refusal| match refusal.outcome {
            Outcome::Unavailable => refusal.later(retry_after),
            _ => refusal,
        })?;
        self.metrics.count_bytes(feed, bytes);
        Ok(stored)
    }

    fn check_length(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let declared = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
        let limit = u64::try_from(self.limits.max_body_bytes).unwrap_or(u64::MAX);
        if declared.is_some_and(|bytes| bytes > limit) { Err(self.too_large()) } else { Ok(()) }
    }

    fn too_large(&self) -> Refusal {
        let why = format!("a message may have {} bytes; send less at once", self.limits.max_body_bytes);
        Refusal::new(Outcome::TooLarge, why)
    }

    async fn read(&self, body: Body) -> Result<Bytes, Refusal> {
        // One byte more than the limit tells too large from broken.
        let reading = axum::body::to_bytes(body, self.limits.max_body_bytes);
        let limit = Duration::from_millis(self.limits.body_timeout_ms);
        let body = match tokio::time::timeout(limit, reading).await {
            Err(_) => {
                let why = format!("the body did not arrive within {} ms", self.limits.body_timeout_ms);
                return Err(Refusal::new(Outcome::BodyTimeout, why));
            }
            Ok(Err(error)) if is_length_limit(&error) => return Err(self.too_large()),
            Ok(Err(_)) => return Err(Refusal::new(Outcome::BodyBroken, "the body broke off")),
            Ok(Ok(body)) => body,
        };
        if body.trim_ascii().is_empty() {
            return Err(Refusal::new(Outcome::Empty, "the message is empty"));
        }
        Ok(body)
    }

    async fn store(&self, incoming: Incoming) -> Result<Stored, Refusal> {
        let timer = self.metrics.ack_seconds.start_timer();
        let sending = self.intake.begin(incoming).map_err(|e| not_stored(&e))?;
        let limit = Duration::from_millis(self.limits.ack_timeout_ms);
        let stored = tokio::time::timeout(limit, sending).await.unwrap_or_else(|_| {
            // It may still arrive; a sender that sends it again does no harm, later stages know it by its digest.
            Err(NotStored::Unavailable(format!("no answer within {} ms", self.limits.ack_timeout_ms)))
        });
        timer.observe_duration();
        stored.map_err(|error| {
            tracing::warn!(%error, "message not stored");
            not_stored(&error)
        })
    }
}

fn not_stored(error: &NotStored) -> Refusal {
    match error {
        NotStored::Unavailable(_) => {
            Refusal::new(Outcome::Unavailable, "the message could not be stored; send it again later")
        }
        NotStored::TooLarge(_) => {
            Refusal::new(Outcome::TooLarge, "the message is too large to be stored; send less at once")
        }
        NotStored::Unencodable(_) => Refusal::new(Outcome::Failed, "the message could not be stored"),
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(e) = cause {
        if e.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = e.source();
    }
    false
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750).
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// The declared media type as it stands, when it is one that carries messages.
fn media_type(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let encoding = headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    if encoding.is_some_and(|e| !e.eq_ignore_ascii_case(b"identity")) {
        let why = "the body is compressed; send it without Content-Encoding";
        return Err(Refusal::new(Outcome::UnsupportedType, why));
    }
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = essence.starts_with("application/") && essence.ends_with("+json");
    if json || MEDIA_TYPES.contains(&essence.as_str()) {
        return Ok(Some(text.to_owned()));
    }
    let why = format!("the media type is not one of {} or application/*+json", MEDIA_TYPES.join(", "));
    Err(Refusal::new(Outcome::UnsupportedType, why))
}

fn accepted(stored: &Stored) -> Response {
    let text = format!(
        "{{\"sha256\":\"{}\",\"partition\":{},\"offset\":{}}}\n",
        stored.sha256, stored.place.partition, stored.place.offset
    );
    answer(StatusCode::ACCEPTED, text)
}

fn refused(refusal: &Refusal) -> Response {
    let body = serde_json::json!({ "error": refusal.outcome.as_str(), "why": refusal.why });
    let mut response = answer(refusal.status(), format!("{body}\n"));
    let headers = response.headers_mut();
    if let Some(after) = refusal.retry_after {
        // Whole seconds, never 0: the sender is to wait.
        let seconds = after.as_millis().div_ceil(1_000).max(1);
        if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
            headers.insert(header::RETRY_AFTER, value);
        }
    }
    if refusal.outcome == Outcome::Unauthorized {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn answer(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Counts a message in flight as long as it lives, also when the sender goes away.
struct InFlight(prometheus::IntGauge);

impl InFlight {
    fn enter(metrics: &Metrics) -> Self {
        metrics.in_flight.inc();
        Self(metrics.in_flight.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
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

    #[test]
    fn media_types_of_messages_pass_with_parameters_and_others_do_not() {
        for ok in ["application/json; charset=utf-8", "Application/EDIFACT", "application/vnd.dcsa+json"] {
            assert_eq!(media_type(&headers(header::CONTENT_TYPE, ok)).ok().flatten().as_deref(), Some(ok));
        }
        for bad in ["multipart/form-data; boundary=x", "image/png", "", "text/x+json"] {
            assert!(media_type(&headers(header::CONTENT_TYPE, bad)).is_err(), "{bad}");
        }
        assert!(media_type(&headers(header::CONTENT_ENCODING, "gzip")).is_err());
        assert!(matches!(media_type(&HeaderMap::new()), Ok(None)));
    }
}
