//! Who may send: the table `[feeds.ID.http]` of `feeds.toml`, which concerns the gateway alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quaywatch_domain::Sha256;
use quaywatch_formats::{FeedSettings, Feeds};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use crate::bridge::{self, Bridge};
use crate::drop::{self, Drop};
use crate::signature::Key;

/// Shortest bearer token that a secret file may hold, in bytes.
pub const MIN_TOKEN_BYTES: usize = 16;
/// Longest bearer token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 1_024;

/// What the gateway knows of one feed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Door {
    /// Digest of the feed's bearer token.
    token: Option<Sha256>,
    /// Digests of the clients' certificates that are let in; with any, one must be shown.
    certificates: Vec<Sha256>,
    /// Keys of signed notifications; several while a secret is changed.
    pub(crate) keys: Vec<Key>,
    /// Subscriptions of signed notifications; empty: any.
    pub(crate) subscriptions: Vec<String>,
    /// Media types that it may declare; empty: those of all feeds.
    pub(crate) content_types: Vec<String>,
    /// Largest message, when less than the general limit.
    pub(crate) max_body_bytes: Option<usize>,
    /// Messages that it may send in a second, when other than the general limit.
    pub max_messages_per_second: Option<u32>,
}

/// The feeds, by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Doors {
    doors: BTreeMap<String, Door>,
    drops: BTreeMap<String, Drop>,
    bridges: Vec<(String, Bridge)>,
    feeds: Feeds,
}

/// Who knocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Caller<'a> {
    /// Bearer token.
    pub token: &'a [u8],
    /// Digest of the certificate that it showed and that an authority vouches for.
    pub certificate: Option<Sha256>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Http {
    secret_file: Option<PathBuf>,
    secret_sha256: Option<String>,
    signature_secret_files: Vec<PathBuf>,
    subscription_ids: Vec<String>,
    client_certificate_sha256: Vec<String>,
    content_types: Vec<String>,
    max_body_bytes: Option<usize>,
    max_messages_per_second: Option<u32>,
}

impl Doors {
    /// Reads the text of `feeds.toml`; relative secret files are looked for in `folder`. Their content is read with it: a
    /// changed secret counts from the next SIGHUP or change of `feeds.toml`.
    ///
    /// # Errors
    /// With a sentence that names feed and key.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let feeds = Feeds::parse(text).map_err(|e| e.to_string())?;
        let mut doors = BTreeMap::new();
        for id in feeds.ids() {
            let table = feeds.get(id).and_then(|f| f.http.clone()).unwrap_or_default();
            let http: Http = table.try_into().map_err(|e| format!("feed '{id}', http: {e}"))?;
            let door = http.door(folder).map_err(|why| format!("feed '{id}': {why}"))?;
            doors.insert(id.to_owned(), door);
        }
        Ok(Self { doors, drops: drop::drops(&feeds)?, bridges: bridge::bridges(&feeds)?, feeds })
    }

    /// The feed, when it exists and lets `caller` in by token, certificate, or both where it asks for both. The time that
    /// the answer takes tells nothing of the token, nor whether the feed exists.
    #[must_use]
    pub fn open(&self, feed: &str, caller: Caller<'_>) -> Option<&Door> {
        let given = Sha256::of(caller.token.get(..MAX_TOKEN_BYTES).unwrap_or(caller.token));
        let door = self.doors.get(feed);
        // Compared also when there is nothing to compare with.
        let expected = door.and_then(|d| d.token);
        let same: bool = expected.unwrap_or_default().0.ct_eq(&given.0).into();
        let token_ok = expected.is_none() || same;
        door.filter(|d| {
            token_ok && d.certificate_ok(caller) && (expected.is_some() || !d.certificates.is_empty())
        })
    }

    /// The feed, when it takes signed notifications from this caller; the signature is still to be checked.
    #[must_use]
    pub fn signed(&self, feed: &str, caller: Caller<'_>) -> Option<&Door> {
        self.doors.get(feed).filter(|d| !d.keys.is_empty() && d.certificate_ok(caller))
    }

    /// How the feed's messages are read.
    #[must_use]
    pub fn settings(&self, feed: &str) -> Option<&FeedSettings> {
        self.feeds.get(feed)
    }

    /// The feeds as the formats know them.
    #[must_use]
    pub const fn feeds(&self) -> &Feeds {
        &self.feeds
    }

    /// Feeds with a drop folder.
    pub(crate) fn drops(&self) -> impl Iterator<Item = (&str, &Drop)> {
        self.drops.iter().map(|(feed, drop)| (feed.as_str(), drop))
    }

    /// Feeds with a bridge.
    pub(crate) fn bridges(&self) -> &[(String, Bridge)] {
        &self.bridges
    }

    /// Whether only one feed takes files from this folder: then all of them are its own.
    pub(crate) fn sole_drop(&self, folder: &Path) -> bool {
        self.drops.values().filter(|drop| drop.folder == folder).count() == 1
    }

    /// Ids of the feeds.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.doors.keys().map(String::as_str)
    }
}

impl Door {
    fn certificate_ok(&self, caller: Caller<'_>) -> bool {
        self.certificates.is_empty() || caller.certificate.is_some_and(|c| self.certificates.contains(&c))
    }
}

impl Http {
    fn door(self, folder: &Path) -> Result<Door, String> {
        let token = match (self.secret_file, self.secret_sha256) {
            (Some(_), Some(_)) => return Err("secret_file and secret_sha256 are both set; set one".into()),
            (Some(file), None) => Some(token_of(&folder.join(file))?),
            (None, Some(hex)) => Some(digest("secret_sha256", &hex)?),
            (None, None) => None,
        };
        let keys = self.signature_secret_files.iter().map(|file| key_of(&folder.join(file)));
        let certificates =
            self.client_certificate_sha256.iter().map(|hex| digest("client_certificate_sha256", hex));
        Ok(Door {
            token,
            certificates: certificates.collect::<Result<_, _>>()?,
            keys: keys.collect::<Result<_, _>>()?,
            subscriptions: self.subscription_ids,
            content_types: self.content_types.iter().map(|t| t.to_ascii_lowercase()).collect(),
            max_body_bytes: self.max_body_bytes,
            max_messages_per_second: self.max_messages_per_second,
        })
    }
}

fn digest(key: &str, hex: &str) -> Result<Sha256, String> {
    let plain: String = hex.chars().filter(|c| *c != ':').collect();
    Sha256::parse(&plain).ok_or_else(|| format!("{key} is no SHA-256 digest; write 64 hexadecimal digits"))
}

fn secret(path: &Path, key: &str) -> Result<Vec<u8>, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("cannot read {key} {}: {e}", path.display()))?;
    Ok(bytes.trim_ascii().to_vec())
}

fn token_of(path: &Path) -> Result<Sha256, String> {
    let token = secret(path, "secret_file")?;
    if !(MIN_TOKEN_BYTES..=MAX_TOKEN_BYTES).contains(&token.len()) {
        let n = token.len();
        return Err(format!(
            "secret_file {} holds {n} bytes; use {MIN_TOKEN_BYTES} to {MAX_TOKEN_BYTES} random ones",
            path.display()
        ));
    }
    Ok(Sha256::of(&token))
}

/// The secret of a subscription, base64 as it was given to the sender.
fn key_of(path: &Path) -> Result<Key, String> {
    let text = secret(path, "signature_secret_files")?;
    let bytes = STANDARD.decode(&text).map_err(|_| format!("{} is not base64", path.display()))?;
    Key::new(bytes).map_err(|n| format!("{} holds {n} bytes; the standard wants 32 to 64", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "a-token-of-enough-bytes";

    fn doors(text: &str) -> Result<Doors, String> {
        Doors::parse(text, Path::new("."))
    }

    fn token(token: &str) -> Caller<'_> {
        Caller { token: token.as_bytes(), certificate: None }
    }

    #[test]
    fn only_the_right_token_opens_an_existing_feed() {
        let digest = Sha256::of(TOKEN.as_bytes());
        let text = format!(
            "[feeds.gate]\nformat = \"edifact\"\n[feeds.gate.http]\nsecret_sha256 = \"{digest}\"\nmax_messages_per_second = 3\n[feeds.files]\n"
        );
        let doors = doors(&text).unwrap();
        assert_eq!(doors.open("gate", token(TOKEN)).unwrap().max_messages_per_second, Some(3));
        assert!(doors.open("gate", token("wrong")).is_none());
        assert!(doors.open("other", token(TOKEN)).is_none());
        assert!(doors.open("files", token(TOKEN)).is_none(), "a feed without a secret is closed");
        assert!(doors.open("files", token("")).is_none());
        assert_eq!(doors.ids().collect::<Vec<_>>(), ["files", "gate"]);
    }

    #[test]
    fn a_certificate_opens_alone_or_beside_the_token() {
        let (own, other) = (Sha256::of(b"own"), Sha256::of(b"other"));
        let text = format!(
            "[feeds.one.http]\nclient_certificate_sha256 = [\"{own}\"]\n[feeds.both.http]\nclient_certificate_sha256 = [\"{own}\"]\nsecret_sha256 = \"{}\"\n",
            Sha256::of(TOKEN.as_bytes())
        );
        let doors = doors(&text).unwrap();
        let by = |certificate, token: &'static str| Caller { token: token.as_bytes(), certificate };
        assert!(doors.open("one", by(Some(own), "")).is_some());
        assert!(
            doors.open("one", by(Some(other), "")).is_none() && doors.open("one", by(None, "")).is_none()
        );
        assert!(doors.open("both", by(Some(own), TOKEN)).is_some());
        assert!(
            doors.open("both", by(Some(own), "wrong")).is_none()
                && doors.open("both", by(None, TOKEN)).is_none()
        );
    }

    #[test]
    fn a_secret_file_is_found_beside_the_feeds_and_read_without_its_line_end() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("gate.secret"), format!("{TOKEN}\n")).unwrap();
        let doors = Doors::parse("[feeds.gate.http]\nsecret_file = \"gate.secret\"", dir.path()).unwrap();
        assert!(doors.open("gate", token(TOKEN)).is_some());
        std::fs::write(dir.path().join("gate.secret"), "short\n").unwrap();
        let error = Doors::parse("[feeds.gate.http]\nsecret_file = \"gate.secret\"", dir.path()).unwrap_err();
        assert!(
            error.contains("feed 'gate'") && error.contains("5 bytes") && !error.contains("short"),
            "{error}"
        );
    }

    #[test]
    fn what_is_wrong_names_the_feed() {
        for text in [
            "[feeds.gate.http]\nsecret_sha256 = \"abc\"",
            "[feeds.gate.http]\nsecret_file = \"no-such-file\"",
            "[feeds.gate.http]\nsecret_file = \"x\"\nsecret_sha256 = \"y\"",
            "[feeds.gate.http]\nsecretfile = \"x\"",
        ] {
            assert!(doors(text).unwrap_err().contains("feed 'gate'"), "{text}");
        }
    }
}
