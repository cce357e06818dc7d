//! Who may send: the part of `feeds.toml` that concerns the gateway alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quaywatch_domain::Sha256;
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

/// Shortest bearer token that a secret file may hold, in bytes.
pub const MIN_TOKEN_BYTES: usize = 16;
/// Longest bearer token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 1_024;

/// What the gateway knows of one feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// Digest of the feed's bearer token; none: the feed does not send by HTTP.
    token: Option<Sha256>,
    /// Messages that it may send in a second, when other than the general limit.
    pub max_messages_per_second: Option<u32>,
}

/// The feeds, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doors(BTreeMap<String, Door>);

// Other keys belong to those who read the messages, and are checked there.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    feeds: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    http: Http,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Http {
    secret_file: Option<PathBuf>,
    secret_sha256: Option<String>,
    max_messages_per_second: Option<u32>,
}

impl Doors {
    /// Reads the text of `feeds.toml`; relative secret files are looked for in `folder`. Their content is read with it: a
    /// changed secret counts from the next SIGHUP or change of `feeds.toml`.
    ///
    /// # Errors
    /// With a sentence that names feed and key.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut doors = BTreeMap::new();
        for (feed, entry) in file.feeds {
            let door = entry.http.door(folder).map_err(|why| format!("feed '{feed}': {why}"))?;
            doors.insert(feed, door);
        }
        Ok(Self(doors))
    }

    /// The feed, when it exists and `token` is its token. The time that the answer takes tells nothing of the token, nor
    /// whether the feed exists.
    #[must_use]
    pub fn open(&self, feed: &str, token: &[u8]) -> Option<&Door> {
        let given = Sha256::of(token.get(..MAX_TOKEN_BYTES).unwrap_or(token));
        let door = self.0.get(feed);
        // Compared also when there is nothing to compare with.
        let expected = door.and_then(|d| d.token);
        let same: bool = expected.unwrap_or_default().0.ct_eq(&given.0).into();
        door.filter(|_| same && expected.is_some())
    }

    /// Ids of the feeds.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether the feed exists.
    #[must_use]
    pub fn contains(&self, feed: &str) -> bool {
        self.0.contains_key(feed)
    }
}

impl Http {
    fn door(self, folder: &Path) -> Result<Door, String> {
        let token = match (self.secret_file, self.secret_sha256) {
            (Some(_), Some(_)) => return Err("secret_file and secret_sha256 are both set; set one".into()),
            (Some(file), None) => Some(token_of(&folder.join(file))?),
            (None, Some(hex)) => {
                let digest = Sha256::parse(&hex);
                Some(digest.ok_or("secret_sha256 is no SHA-256 digest; write 64 hexadecimal digits")?)
            }
            (None, None) => None,
        };
        Ok(Door { token, max_messages_per_second: self.max_messages_per_second })
    }
}

fn token_of(path: &Path) -> Result<Sha256, String> {
    let bytes =
        std::fs::read(path).map_err(|e| format!("cannot read secret_file {}: {e}", path.display()))?;
    let token = bytes.trim_ascii();
    if !(MIN_TOKEN_BYTES..=MAX_TOKEN_BYTES).contains(&token.len()) {
        let n = token.len();
        return Err(format!(
            "secret_file {} holds {n} bytes; use {MIN_TOKEN_BYTES} to {MAX_TOKEN_BYTES} random ones",
            path.display()
        ));
    }
    Ok(Sha256::of(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "a-token-of-enough-bytes";

    fn doors(text: &str) -> Result<Doors, String> {
        Doors::parse(text, Path::new("."))
    }

    #[test]
    fn only_the_right_token_opens_an_existing_feed() {
        let digest = Sha256::of(TOKEN.as_bytes());
        let text = format!(
            "[feeds.gate]\nformat = \"edifact\"\n[feeds.gate.http]\nsecret_sha256 = \"{digest}\"\nmax_messages_per_second = 3\n[feeds.files]\n"
        );
        let doors = doors(&text).unwrap();
        assert_eq!(doors.open("gate", TOKEN.as_bytes()).unwrap().max_messages_per_second, Some(3));
        assert!(doors.open("gate", b"wrong").is_none());
        assert!(doors.open("other", TOKEN.as_bytes()).is_none());
        assert!(doors.open("files", TOKEN.as_bytes()).is_none(), "a feed without a secret is closed");
        assert!(doors.open("files", b"").is_none());
        assert_eq!(doors.ids().collect::<Vec<_>>(), ["files", "gate"]);
    }

    #[test]
    fn a_secret_file_is_found_beside_the_feeds_and_read_without_its_line_end() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("gate.secret"), format!("{TOKEN}\n")).unwrap();
        let doors = Doors::parse("[feeds.gate.http]\nsecret_file = \"gate.secret\"", dir.path()).unwrap();
        assert!(doors.open("gate", TOKEN.as_bytes()).is_some());
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
        ] {
            assert!(doors(text).unwrap_err().contains("feed 'gate'"), "{text}");
        }
    }
}
