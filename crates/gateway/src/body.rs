//! The body of a request: read within its limits of time and size, and inflated within the same limit.

use std::io::Read as _;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use flate2::bufread::MultiGzDecoder;

use crate::answer::Refusal;
use crate::metrics::Outcome;

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

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Plain,
    Gzip,
}

/// The coding that the headers declare.
pub(crate) fn coding(headers: &HeaderMap) -> Result<Coding, Refusal> {
    let declared = headers.get(header::CONTENT_ENCODING).map_or(&b""[..], |v| v.as_bytes().trim_ascii());
    match declared.to_ascii_lowercase().as_slice() {
        b"" | b"identity" => Ok(Coding::Plain),
        b"gzip" | b"x-gzip" => Ok(Coding::Gzip),
        _ => Err(Refusal::new(Outcome::UnsupportedType, "the Content-Encoding is neither gzip nor identity")),
    }
}

/// The declared media type as it stands, when it is one that carries messages and that the feed may declare.
pub(crate) fn media_type(headers: &HeaderMap, allowed: &[String]) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = essence.starts_with("application/") && essence.ends_with("+json");
    let known = json || MEDIA_TYPES.contains(&essence.as_str());
    if known && (allowed.is_empty() || allowed.contains(&essence)) {
        return Ok(Some(text.to_owned()));
    }
    let list = if allowed.is_empty() {
        format!("{} or application/*+json", MEDIA_TYPES.join(", "))
    } else {
        allowed.join(", ")
    };
    Err(Refusal::new(Outcome::UnsupportedType, format!("the media type is not one of {list}")))
}

/// Refuses a body that declares more than the limit, before any of it is read.
pub(crate) fn check_length(headers: &HeaderMap, limit: usize) -> Result<(), Refusal> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    if declared.is_some_and(|bytes| bytes > most) { Err(too_large(limit)) } else { Ok(()) }
}

/// The bytes as they were sent.
pub(crate) async fn read(body: Body, limit: usize, time_ms: u64) -> Result<Vec<u8>, Refusal> {
    // One byte more than the limit tells too large from broken.
    let reading = axum::body::to_bytes(body, limit);
    match tokio::time::timeout(Duration::from_millis(time_ms), reading).await {
        Err(_) => {
            Err(Refusal::new(Outcome::BodyTimeout, format!("the body did not arrive within {time_ms} ms")))
        }
        Ok(Err(error)) if is_length_limit(&error) => Err(too_large(limit)),
        Ok(Err(_)) => Err(Refusal::new(Outcome::BodyBroken, "the body broke off")),
        Ok(Ok(body)) => Ok(body.into()),
    }
}

/// The message in a body: inflated, but never to more than the limit.
pub(crate) fn message(body: Vec<u8>, coding: Coding, limit: usize) -> Result<Vec<u8>, Refusal> {
    let message = match coding {
        Coding::Plain => body,
        Coding::Gzip => {
            let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
            let mut inflated = Vec::new();
            let read = MultiGzDecoder::new(body.as_slice()).take(most).read_to_end(&mut inflated);
            read.map_err(|_| Refusal::new(Outcome::BodyBroken, "the body is not gzip, or was cut off"))?;
            if inflated.len() > limit {
                return Err(too_large(limit));
            }
            inflated
        }
    };
    if message.trim_ascii().is_empty() {
        return Err(Refusal::new(Outcome::Empty, "the message is empty"));
    }
    Ok(message)
}

fn too_large(limit: usize) -> Refusal {
    Refusal::new(Outcome::TooLarge, format!("a message may have {limit} bytes; send less at once"))
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use axum::http::HeaderValue;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn outcome(body: Vec<u8>, limit: usize) -> Result<Vec<u8>, Outcome> {
        message(body, Coding::Gzip, limit).map_err(|refusal| refusal.outcome)
    }

    #[test]
    fn gzip_is_inflated_up_to_the_limit_and_not_a_byte_more() {
        assert_eq!(outcome(gzip(b"UNB+1'"), 6).unwrap(), b"UNB+1'");
        assert_eq!(outcome(gzip(b"UNB+1'"), 5).unwrap_err(), Outcome::TooLarge);
        // A bomb of 100 MB in 100 kB.
        assert_eq!(outcome(gzip(&vec![0; 100_000_000]), 1_000_000).unwrap_err(), Outcome::TooLarge);
        let whole = gzip(&[b'x'; 5_000]);
        let cut = whole.get(..whole.len() - 9).unwrap().to_vec();
        assert_eq!(outcome(cut, 10_000).unwrap_err(), Outcome::BodyBroken);
        assert_eq!(outcome(b"UNB+1'".to_vec(), 10_000).unwrap_err(), Outcome::BodyBroken);
        assert_eq!(outcome(gzip(b" \n"), 10_000).unwrap_err(), Outcome::Empty);
    }

    #[test]
    fn media_types_of_messages_pass_with_parameters_and_others_do_not() {
        let headers = |value: &'static str| {
            HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(value))])
        };
        for ok in ["application/json; charset=utf-8", "Application/EDIFACT", "application/vnd.dcsa+json"] {
            assert_eq!(media_type(&headers(ok), &[]).ok().flatten().as_deref(), Some(ok));
        }
        for bad in ["multipart/form-data; boundary=x", "image/png", "", "text/x+json"] {
            assert!(media_type(&headers(bad), &[]).is_err(), "{bad}");
        }
        assert!(media_type(&headers("text/csv"), &["application/edifact".to_owned()]).is_err());
        assert!(matches!(media_type(&HeaderMap::new(), &[]), Ok(None)));
    }
}
