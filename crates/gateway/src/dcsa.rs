//! The two doors that DCSA Track & Trace describes: the notification callback of 2.2, which is signed, and `POST /events` of
//! 3.0, which is answered with remarks on each event.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Extension, Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use quaywatch_domain::event::Source;
use quaywatch_domain::{DeadLetterCode, PseudonymKey};
use quaywatch_formats::{Context, FeedSettings, FeedbackElement, Format, Parties, feedback, parse};

use crate::answer::{Refusal, empty, json};
use crate::door::{Caller, Door};
use crate::http::{Front, Peer, unauthorized};
use crate::metrics::{Outcome, UNKNOWN_FEED};
use crate::signature::{Replays, is_signed, subscription};

/// What is stored with a notification whose signature was right.
const VERDICT: &str = "hmac-sha256 ok";

/// `HEAD`: the path answers, so that a sender can see so before the subscription is known. Unsigned, and says nothing.
pub(crate) async fn probe() -> Response {
    empty()
}

/// `POST /feeds/{feed}/dcsa/v2/notifications`.
pub(crate) async fn notify(
    State(front): State<Arc<Front>>,
    Extension(peer): Extension<Peer>,
    Path(feed): Path<String>,
    request: Request,
) -> Response {
    let doors = front.doors.current();
    let caller = Caller { token: b"", certificate: peer.0 };
    let Some(door) = doors.signed(&feed, caller) else {
        return front.refuse(UNKNOWN_FEED, &unauthorized());
    };
    match notified(&front, &feed, door, request).await {
        Ok(outcome) => {
            front.metrics.count(&feed, outcome);
            empty()
        }
        Err(refusal) => front.refuse(&feed, &refusal),
    }
}

async fn notified(front: &Front, feed: &str, door: &Door, request: Request) -> Result<Outcome, Refusal> {
    let (parts, body) = request.into_parts();
    let subscription = subscription(&parts.headers).ok_or_else(unauthorized)?.to_owned();
    let taken = front.take(feed, door, &parts, body).await?;
    if !is_signed(&parts.headers, &taken.body, &door.keys) {
        return Err(unauthorized());
    }
    if !door.subscriptions.is_empty() && !door.subscriptions.contains(&subscription) {
        // It may just have been made; the sender comes again.
        let why = "the subscription is not known here yet";
        return Err(Refusal::new(Outcome::Unavailable, why).later(front.retry_after()));
    }
    front.pace(feed, door)?;
    let digest = Replays::digest(feed, &subscription, &taken.body);
    if front.replays.knows(&digest, Instant::now()) {
        return Ok(Outcome::Replayed);
    }
    let message = taken.message()?;
    front.store(feed, &parts, taken.content_type, message, Some(VERDICT)).await?;
    front.replays.remember(digest, Instant::now());
    Ok(Outcome::Accepted)
}

/// `POST /feeds/{feed}/dcsa/v3/events`.
pub(crate) async fn events(
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
    let told = async {
        front.pace(&feed, door)?;
        let taken = front.take(&feed, door, &parts, body).await?;
        let message = taken.message()?;
        let remarks = remarks(&feed, doors.settings(&feed), &message)?;
        front.store(&feed, &parts, taken.content_type, message, None).await?;
        Ok(remarks)
    };
    match told.await {
        Ok(remarks) => {
            front.metrics.count(&feed, Outcome::Accepted);
            json(StatusCode::OK, &serde_json::json!({ "feedbackElements": remarks }))
        }
        Err(refusal) => front.refuse(&feed, &refusal),
    }
}

/// What is said of each event. The pseudonyms that are made on the way are thrown away.
fn remarks(
    feed: &str,
    settings: Option<&FeedSettings>,
    message: &[u8],
) -> Result<Vec<FeedbackElement>, Refusal> {
    let malformed = |why: &str| Refusal::new(Outcome::Malformed, why);
    let body: serde_json::Value = serde_json::from_slice(message)
        .map_err(|_| malformed("the body is not JSON; send {\"events\": [...]}"))?;
    if !body.get("events").is_some_and(serde_json::Value::is_array) {
        return Err(malformed("the body has no array 'events'; send {\"events\": [...]}"));
    }
    let settings = FeedSettings { format: Format::Dcsa, ..settings.cloned().unwrap_or_default() };
    let key = PseudonymKey::new([0; 32]).map_err(|_| malformed("the body cannot be read"))?;
    let context = Context {
        feed,
        settings: &settings,
        key: &key,
        parties: &Parties::default(),
        received_at: None,
        content_type: None,
        source: Source::default(),
    };
    let parsed = parse(message, &context);
    if let Some(whole) = parsed.rejects.iter().find(|r| r.position.is_none() && is_of_all(r.code)) {
        return Err(malformed(&whole.sentence));
    }
    Ok(feedback(&parsed))
}

/// Whether a reject with this code speaks of the message and not of one event.
const fn is_of_all(code: DeadLetterCode) -> bool {
    matches!(
        code,
        DeadLetterCode::MalformedMessage | DeadLetterCode::TooManyItems | DeadLetterCode::MessageTooLarge
    )
}
