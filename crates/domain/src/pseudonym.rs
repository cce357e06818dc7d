//! Keyed pseudonyms: release secrets, plates, badges and users are stored as HMACs and nothing else.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};

use crate::Text;
use crate::sha256::hexadecimal;

/// Shortest key that is accepted, in bytes.
pub const MIN_KEY_BYTES: usize = 16;

/// The key under which secrets and people become pseudonyms, taken in once; its text never appears in logs.
#[derive(Clone)]
pub struct PseudonymKey(Hmac<sha2::Sha256>);

/// Why a key is refused.
#[derive(Debug, thiserror::Error)]
#[error("the pseudonym key has {0} bytes; use at least {MIN_KEY_BYTES} random ones")]
pub struct ShortKey(usize);

/// What a pseudonym stands for; the same text under two kinds gives unrelated pseudonyms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Release PIN or authorisation number (UN/EDIFACT RFF+TF).
    Release,
    /// Licence plate of a truck or trailer.
    Plate,
    /// Badge or card of a driver.
    Badge,
    /// User account.
    User,
    /// Device or network address.
    Client,
    /// Telephone number or mail address.
    Contact,
}

impl Kind {
    const fn tag(self) -> &'static str {
        match self {
            Self::Release => "rel",
            Self::Plate => "plt",
            Self::Badge => "bdg",
            Self::User => "usr",
            Self::Client => "cli",
            Self::Contact => "ctc",
        }
    }
}

impl PseudonymKey {
    /// A key from secret bytes.
    ///
    /// # Errors
    /// When there are fewer than [`MIN_KEY_BYTES`].
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, ShortKey> {
        let bytes = bytes.into();
        match Hmac::new_from_slice(&bytes) {
            Ok(keyed) if bytes.len() >= MIN_KEY_BYTES => Ok(Self(keyed)),
            _ => Err(ShortKey(bytes.len())),
        }
    }

    /// The pseudonym of `text`, such as `plt:1f0c…` (128 bits of HMAC-SHA-256).
    ///
    /// Letters are upper-cased and everything but letters and digits is dropped before hashing, so that `ka-123 ab`
    /// and `KA 123AB` are one truck.
    #[must_use]
    pub fn pseudonym(&self, kind: Kind, text: &str) -> Text {
        let mut plain = String::with_capacity(text.len());
        if text.is_ascii() {
            plain.extend(text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()));
        } else {
            plain.extend(text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase));
        }
        let mut out = Text::with_capacity(36);
        out.push_str(kind.tag());
        out.push(':');
        out.push_str(hexadecimal(&self.mac(kind, plain.as_bytes()), &mut [0; 32]));
        out
    }

    fn mac(&self, kind: Kind, text: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(kind.tag().as_bytes());
        mac.update(&[0]);
        mac.update(text);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_change_the_pseudonym_but_kind_and_key_do() {
        let key = PseudonymKey::new(*b"0123456789abcdef").unwrap();
        let other = PseudonymKey::new(*b"0123456789abcdeX").unwrap();
        let plate = key.pseudonym(Kind::Plate, "ka-123 ab");
        assert_eq!(plate, key.pseudonym(Kind::Plate, "KA 123AB"));
        assert_ne!(plate, key.pseudonym(Kind::Badge, "KA 123AB"));
        assert_ne!(plate, other.pseudonym(Kind::Plate, "KA 123AB"));
        assert!(!plate.to_uppercase().contains("KA123AB"));
        assert_eq!(plate, "plt:84214c8aa2b745ef4c492a4c540c3a50");
    }

    #[test]
    fn a_short_key_is_refused_and_no_key_is_printed() {
        assert!(PseudonymKey::new(*b"short").is_err());
        assert!(!format!("{:?}", PseudonymKey::new(*b"0123456789abcdef").unwrap()).contains("0123"));
    }
}
