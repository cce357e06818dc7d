//! Signed notifications (DCSA Track & Trace 2.2, event subscriptions): HMAC-SHA256 over the body as it was received, and the
//! memory of bodies that came lately. The standard has neither time nor nonce, so a notification can be replayed.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName};
use hmac::{Hmac, KeyInit as _, Mac as _};
use quaywatch_domain::Sha256;

/// Header of the signature: `sha256=<hexadecimal>`.
pub(crate) const SIGNATURE: HeaderName = HeaderName::from_static("notification-signature");
/// Header of the subscription.
pub(crate) const SUBSCRIPTION: HeaderName = HeaderName::from_static("subscription-id");
/// Most bodies that are remembered.
const MAX_REMEMBERED: usize = 50_000;

/// The secret of a subscription; its bytes never appear in logs.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key(Vec<u8>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(***)")
    }
}

impl Key {
    /// A key of 32 to 64 bytes; otherwise how many there were.
    pub(crate) fn new(bytes: Vec<u8>) -> Result<Self, usize> {
        if (32..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(bytes.len()) }
    }

    /// Whether `mac` is that of the body, in a time that does not tell how much of it is right.
    fn verifies(&self, body: &[u8], mac: &[u8]) -> bool {
        Hmac::<sha2::Sha256>::new_from_slice(&self.0).is_ok_and(|mut hmac| {
            hmac.update(body);
            hmac.verify_slice(mac).is_ok()
        })
    }
}

/// Whether the headers carry exactly one signature, of the one method that is taken, and it is that of the body.
pub(crate) fn is_signed(headers: &HeaderMap, body: &[u8], keys: &[Key]) -> bool {
    let mut values = headers.get_all(&SIGNATURE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Some(mac) = value.to_str().ok().and_then(mac_of) else { return false };
    keys.iter().fold(false, |found, key| found | key.verifies(body, &mac))
}

/// The bytes of `sha256=<64 hexadecimal digits>`.
fn mac_of(value: &str) -> Option<[u8; 32]> {
    let (method, hex) = value.trim().split_once('=')?;
    (method == "sha256").then(|| Sha256::parse(hex).map(|digest| digest.0))?
}

/// The subscription that a notification names: a UUID.
pub(crate) fn subscription(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(&SUBSCRIPTION)?.to_str().ok()?.trim();
    let uuid = text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        });
    uuid.then_some(text)
}

/// Bodies that were stored lately.
#[derive(Debug)]
pub(crate) struct Replays {
    window: Duration,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    known: HashSet<Sha256>,
    order: VecDeque<(Instant, Sha256)>,
}

impl Replays {
    pub(crate) fn new(window: Duration) -> Self {
        Self { window, seen: Mutex::default() }
    }

    /// What tells a notification: feed, subscription and body.
    pub(crate) fn digest(feed: &str, subscription: &str, body: &[u8]) -> Sha256 {
        let body = Sha256::of(body);
        Sha256::of(&[feed.as_bytes(), &[0], subscription.as_bytes(), &[0], &body.0].concat())
    }

    /// Whether it was stored within the window before `now`.
    pub(crate) fn knows(&self, digest: &Sha256, now: Instant) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now, self.window);
        seen.known.contains(digest)
    }

    /// Remembers what was stored at `now`.
    pub(crate) fn remember(&self, digest: Sha256, now: Instant) {
        if self.window.is_zero() {
            return;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now, self.window);
        if seen.known.insert(digest) {
            seen.order.push_back((now, digest));
        }
    }
}

impl Seen {
    fn forget(&mut self, now: Instant, window: Duration) {
        while let Some((at, digest)) = self.order.front().copied() {
            if now.saturating_duration_since(at) < window && self.order.len() < MAX_REMEMBERED {
                break;
            }
            self.order.pop_front();
            self.known.remove(&digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// `printf '%s' '[{"a": 1}]' | openssl dgst -sha256 -hmac 01234567890123456789012345678901`
    const BODY: &[u8] = b"[{\"a\": 1}]";
    const MAC: &str = "sha256=a0631f539f5fa9bf0ed6d878487d8484b60a73d33e47dc44bb041f0884d3d72d";

    fn key() -> Key {
        Key::new(b"01234567890123456789012345678901".to_vec()).unwrap()
    }

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|v| (SIGNATURE, HeaderValue::from_str(v).unwrap())).collect()
    }

    #[test]
    fn the_signature_covers_every_byte_and_nothing_else_is_one() {
        let signed = |values: &[&str], body: &[u8]| is_signed(&headers(values), body, &[key()]);
        assert!(signed(&[MAC], BODY));
        assert!(signed(&[&MAC.to_uppercase().replace("SHA256", "sha256")], BODY));
        assert!(!signed(&[MAC], b"[{\"a\":1}]"), "white space counts");
        assert!(!signed(&[MAC, MAC], BODY), "two signatures");
        assert!(!signed(&[], BODY) && !signed(&["plain=abc"], BODY) && !signed(&["sha256=00"], BODY));
        assert!(!is_signed(&headers(&[MAC]), BODY, &[]));
        assert!(Key::new(vec![0; 31]).is_err() && Key::new(vec![0; 65]).is_err());
    }

    #[test]
    fn a_body_is_known_for_the_window_and_no_longer() {
        let (replays, start) = (Replays::new(Duration::from_secs(10)), Instant::now());
        let digest = Replays::digest("feed", "subscription", BODY);
        assert!(!replays.knows(&digest, start));
        replays.remember(digest, start);
        assert!(replays.knows(&digest, start + Duration::from_secs(9)));
        assert!(!replays.knows(&digest, start + Duration::from_secs(10)));
        assert_ne!(digest, Replays::digest("other", "subscription", BODY));
    }
}
