//! Blinded identifiers: an agency publishes keyed digests of what it looks for, and only who holds the key of the period
//! and the identifier itself can tell that they meet.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};

use crate::watchlist::Value;

/// Scheme of a blinded identifier; its value is `PERIOD:DIGEST`, the digest in 64 hexadecimal digits.
pub const SCHEME: &str = "HMAC";
/// Code of a hit on a blinded entry, which nobody but the owner of the entry may see.
pub const CODE: &str = "WL-blinded";
/// Shortest key that is accepted, in bytes.
pub const MIN_KEY_BYTES: usize = 32;
/// Longest name of a period, characters.
pub const MAX_PERIOD_CHARACTERS: usize = 32;
/// Hexadecimal digits of a digest.
const DIGEST_CHARACTERS: usize = 64;
/// Keeps digests apart from those of any other use of a key.
const CONTEXT: &[u8] = b"quaywatch blinded identifier 1";

/// The key that an agency and a port share for a period.
#[derive(Clone, PartialEq, Eq)]
pub struct BlindingKey {
    period: String,
    key: Vec<u8>,
}

/// Why a key is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadKey {
    /// Too short.
    #[error("the key of period '{period}' has {bytes} bytes; use at least {MIN_KEY_BYTES} random ones")]
    Short {
        /// Period.
        period: String,
        /// Its size.
        bytes: usize,
    },
    /// The period cannot be part of a value.
    #[error(
        "'{0}' is no name of a period; use up to {MAX_PERIOD_CHARACTERS} letters, digits, '-' and '.', such as 2026-Q1"
    )]
    Period(String),
}

impl BlindingKey {
    /// The key of a period from secret bytes.
    ///
    /// # Errors
    /// When the key is too short or the period cannot be part of a value.
    pub fn new(period: &str, key: impl Into<Vec<u8>>) -> Result<Self, BadKey> {
        let key = key.into();
        if !is_period(period) {
            return Err(BadKey::Period(period.chars().take(MAX_PERIOD_CHARACTERS).collect()));
        }
        if key.len() < MIN_KEY_BYTES {
            return Err(BadKey::Short { period: period.to_owned(), bytes: key.len() });
        }
        Ok(Self { period: period.to_owned(), key })
    }

    /// The period.
    #[must_use]
    pub fn period(&self) -> &str {
        &self.period
    }

    /// The blinded form of a normalised identifier: HMAC-SHA-256 over its scheme and value.
    #[must_use]
    pub fn blind(&self, value: &Value) -> Value {
        use fmt::Write as _;
        let mut text = format!("{}:", self.period);
        for byte in self.mac(value) {
            // Writing to a text cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Value { scheme: SCHEME.into(), value: text.into() }
    }

    fn mac(&self, value: &Value) -> [u8; 32] {
        // HMAC takes keys of any length, so the error arm cannot be reached; an empty digest would meet nothing.
        let Ok(mut mac) = Hmac::<sha2::Sha256>::new_from_slice(&self.key) else { return [0; 32] };
        for part in [CONTEXT, value.scheme.as_bytes(), value.value.as_bytes()] {
            mac.update(part);
            mac.update(&[0]);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for BlindingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlindingKey({}, ***)", self.period)
    }
}

/// The comparable form of `PERIOD:DIGEST`; `None` when it cannot be one.
#[must_use]
pub fn normalise(text: &str) -> Option<String> {
    let (period, digest) = text.trim().split_once(':')?;
    let is_digest = digest.len() == DIGEST_CHARACTERS && digest.bytes().all(|b| b.is_ascii_hexdigit());
    (is_period(period) && is_digest).then(|| format!("{period}:{}", digest.to_ascii_lowercase()))
}

fn is_period(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    (1..=MAX_PERIOD_CHARACTERS).contains(&text.len()) && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(scheme: &str, value: &str) -> Value {
        Value { scheme: scheme.to_owned().into(), value: value.into() }
    }

    #[test]
    fn key_period_scheme_and_value_all_change_the_digest() {
        let key = BlindingKey::new("2026-Q1", [7; 32]).unwrap();
        let blinded = key.blind(&value("CONTAINER", "CSQU3054383"));
        assert_eq!(blinded, key.blind(&value("CONTAINER", "CSQU3054383")));
        assert_eq!(normalise(&blinded.value.to_uppercase()), Some(blinded.value.to_string()));
        let next = BlindingKey::new("2026-Q2", [7; 32]).unwrap();
        let other = BlindingKey::new("2026-Q1", [8; 32]).unwrap();
        for different in [
            key.blind(&value("SEAL", "CSQU3054383")),
            key.blind(&value("CONTAINER", "CSQU3054384")),
            next.blind(&value("CONTAINER", "CSQU3054383")),
            other.blind(&value("CONTAINER", "CSQU3054383")),
        ] {
            assert_ne!(different, blinded);
        }
        assert_eq!(format!("{key:?}"), "BlindingKey(2026-Q1, ***)");
    }

    #[test]
    fn short_keys_bad_periods_and_other_texts_are_refused() {
        assert!(matches!(BlindingKey::new("2026-Q1", [7; 31]), Err(BadKey::Short { bytes: 31, .. })));
        assert!(matches!(BlindingKey::new("a:b", [7; 32]), Err(BadKey::Period(_))));
        assert_eq!(normalise("2026-Q1:1234"), None);
        assert_eq!(normalise(&format!("2026 Q1:{}", "a".repeat(64))), None);
    }
}
