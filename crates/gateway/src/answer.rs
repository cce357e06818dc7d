//! What a sender is told when its message is not taken.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::metrics::Outcome;
use crate::sink::NotStored;

/// Why a message was not taken.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) outcome: Outcome,
    why: String,
    retry_after: Option<Duration>,
}

impl Refusal {
    pub(crate) fn new(outcome: Outcome, why: impl Into<String>) -> Self {
        Self { outcome, why: why.into(), retry_after: None }
    }

    pub(crate) fn later(self, after: Duration) -> Self {
        Self { retry_after: Some(after), ..self }
    }

    const fn status(&self) -> StatusCode {
        match self.outcome {
            Outcome::Accepted | Outcome::Replayed => StatusCode::ACCEPTED,
            Outcome::Unauthorized => StatusCode::UNAUTHORIZED,
            Outcome::Empty | Outcome::BodyBroken | Outcome::Malformed => StatusCode::BAD_REQUEST,
            Outcome::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Outcome::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Outcome::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Outcome::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Outcome::Busy | Outcome::Unavailable | Outcome::Paused => StatusCode::SERVICE_UNAVAILABLE,
            Outcome::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer.
    pub(crate) fn response(&self) -> Response {
        let body = serde_json::json!({ "error": self.outcome.as_str(), "why": self.why });
        let mut response = json(self.status(), &body);
        let headers = response.headers_mut();
        if let Some(after) = self.retry_after {
            // Whole seconds, never 0: the sender is to wait.
            let seconds = after.as_millis().div_ceil(1_000).max(1);
            if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
                headers.insert(header::RETRY_AFTER, value);
            }
        }
        if self.outcome == Outcome::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<&NotStored> for Refusal {
    fn from(error: &NotStored) -> Self {
        match error {
            NotStored::Unavailable(_) => {
                Self::new(Outcome::Unavailable, "the message could not be stored; send it again later")
            }
            NotStored::TooLarge(_) => {
                Self::new(Outcome::TooLarge, "the message is too large to be stored; send less at once")
            }
            NotStored::Unencodable(_) => Self::new(Outcome::Failed, "the message could not be stored"),
        }
    }
}

/// An answer in JSON.
pub(crate) fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(format!("{body}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An answer without content.
pub(crate) fn empty() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
