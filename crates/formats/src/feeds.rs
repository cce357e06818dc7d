//! `feeds.toml`: what the messages of a feed do not say themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::mapping::{Mapping, nearest};

/// The feed of files that no feed claims, in UTC.
pub const DEFAULT_FEED: &str = "default";

/// Why `feeds.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not TOML, or an unknown key.
    #[error("feeds.toml: {0}")]
    Syntax(String),
    /// A value that cannot be.
    #[error("feed '{feed}': {key} = '{value}' {problem}")]
    Value {
        /// Feed.
        feed: String,
        /// Key.
        key: &'static str,
        /// Value.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// How a feed writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// By content.
    #[default]
    Auto,
    /// DCSA Track & Trace 2.2 and 3.0.
    Dcsa,
    /// UN/EDIFACT.
    Edifact,
    /// CSV, read by the feed's mapping.
    Csv,
    /// JSON that is neither DCSA nor canonical, read by the feed's mapping.
    Json,
    /// Canonical events, one a line.
    Jsonl,
}

/// Settings of one feed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedSettings {
    /// How it writes.
    pub format: Format,
    /// IANA name of the zone of times without one; absent: UTC.
    pub time_zone: Option<String>,
    /// Default terminal, SMDG code.
    pub terminal: Option<String>,
    /// Default port, UN/LOCODE.
    pub port: Option<String>,
    /// Offline: names of the files that are this feed's, with `*` and `?`.
    pub files: Vec<String>,
    /// Zones of terminals that differ from `time_zone`, by SMDG code.
    pub terminal_zones: BTreeMap<String, String>,
    /// Ready mapping for CSV or JSON, by name; `mapping` adds to it.
    pub profile: Option<String>,
    /// How CSV columns or JSON fields become the event.
    pub mapping: Mapping,
    /// EDIFACT document names (BGM 1001) of this sender that differ from the directory's: `"CODECO:270" = "gate_in"`.
    pub document_names: BTreeMap<String, String>,
    /// EDIFACT equipment statuses (EQD 8249) of this sender: `"9" = "restowed"`.
    pub equipment_statuses: BTreeMap<String, String>,
    /// EDIFACT status events (STS 9015:4405 or 4405 or the text of 4404, and GIS 7365 in CUSRES) of this sender:
    /// `"1:P" = "gate_out"`.
    pub status_codes: BTreeMap<String, String>,
    /// The normalizer's: when the feed is paused.
    pub pause: Pause,
    /// The gateway's: who may send by HTTP.
    pub http: Option<toml::Table>,
    /// The gateway's: the folder whose files are messages.
    pub drop: Option<toml::Table>,
    /// The gateway's: the foreign topic whose records are messages.
    pub bridge: Option<toml::Table>,
}

/// When a feed that sends only rubbish is paused. All zero: when of 200 messages 95 % gave nothing; a limit of 101 %: never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pause {
    /// Messages that are looked at together.
    pub messages: u32,
    /// Share of them, in percent, of which nothing could be used.
    pub rejected_percent: u32,
}

/// All feeds, by id.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Feeds {
    feeds: BTreeMap<String, FeedSettings>,
}

impl FeedSettings {
    /// Puts the ready mapping below the feed's own, and checks both.
    fn lay_over_profile(&mut self, feed: &str) -> Result<(), Error> {
        let wrong = |key, value: String, problem| Error::Value { feed: feed.to_owned(), key, value, problem };
        let base = match &self.profile {
            Some(name) => Mapping::profile(name).map_err(|why| wrong("profile", name.clone(), why))?,
            None => Mapping::default(),
        };
        self.mapping = base.overlaid(&self.mapping);
        match self.mapping.mistakes().into_iter().next() {
            Some((key, value, problem)) => Err(wrong(key, value, problem)),
            None => Ok(()),
        }
    }
}

impl Feeds {
    /// Reads the text of `feeds.toml`.
    ///
    /// # Errors
    /// When it is not TOML, has unknown keys, or names a time zone, field, pattern or ready mapping that does not exist.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut feeds: Self =
            toml::from_str(text).map_err(|e| Error::Syntax(with_nearest(&e.to_string())))?;
        for (feed, settings) in &mut feeds.feeds {
            settings.lay_over_profile(feed)?;
        }
        for (feed, settings) in &feeds.feeds {
            let wrong = |key, value: &str, problem: &str| {
                Err(Error::Value {
                    feed: feed.clone(),
                    key,
                    value: value.to_owned(),
                    problem: String::from(problem),
                })
            };
            if let Some(zone) = &settings.time_zone
                && jiff::tz::TimeZone::get(zone).is_err()
            {
                return wrong("time_zone", zone, "is not an IANA time zone; write it like Europe/Ljubljana");
            }
            for zone in settings.terminal_zones.values() {
                if jiff::tz::TimeZone::get(zone).is_err() {
                    return wrong(
                        "terminal_zones",
                        zone,
                        "is not an IANA time zone; write it like Europe/Ljubljana",
                    );
                }
            }
            if let Some(port) = &settings.port
                && !quaywatch_domain::identifiers::is_un_locode(port)
            {
                return wrong("port", port, "is not a UN/LOCODE; write it like SIKOP");
            }
        }
        Ok(feeds)
    }

    /// The settings of a feed.
    #[must_use]
    pub fn get(&self, feed: &str) -> Option<&FeedSettings> {
        self.feeds.get(feed)
    }

    /// Ids of the feeds.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.feeds.keys().map(String::as_str)
    }

    /// The id that is the fewest letters away from one that does not exist.
    #[must_use]
    pub fn nearest(&self, feed: &str) -> Option<&str> {
        nearest(feed, self.ids())
    }

    /// The feed whose globs match the file's name, else [`DEFAULT_FEED`].
    #[must_use]
    pub fn claim(&self, file_name: &str) -> &str {
        let name = file_name.rsplit('/').next().unwrap_or(file_name);
        let claims = |(_, s): &(&String, &FeedSettings)| {
            s.files.iter().any(|glob| {
                matches(glob.as_bytes(), name.as_bytes()) || matches(glob.as_bytes(), file_name.as_bytes())
            })
        };
        self.feeds.iter().find(claims).map_or(DEFAULT_FEED, |(id, _)| id)
    }
}

/// Says which of the expected keys an unknown one was meant to be.
fn with_nearest(error: &str) -> String {
    let error = error.trim_end();
    let mut quoted =
        error.split_once("unknown field").map_or("", |(_, rest)| rest).split('`').skip(1).step_by(2);
    let Some(unknown) = quoted.next() else { return error.to_owned() };
    match nearest(unknown, quoted) {
        Some(near) => format!("{error}\nthe nearest to '{unknown}' is '{near}'"),
        None => error.to_owned(),
    }
}

/// Glob match: `*` any characters, `?` one. Linear: goes back to the last star only.
fn matches(glob: &[u8], name: &[u8]) -> bool {
    let (mut g, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match glob.get(g) {
            Some(b'*') => {
                star = Some((g, n));
                g += 1;
            }
            Some(b'?') => (g, n) = (g + 1, n + 1),
            Some(c) if name.get(n) == Some(c) => (g, n) = (g + 1, n + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (g, n) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    glob.get(g..).is_some_and(|rest| rest.iter().all(|c| *c == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_find_their_feed() {
        let feeds = Feeds::parse(
            "[feeds.gate]\nfiles = [\"gate-*.edi\", \"?.txt\"]\ntime_zone = \"Europe/Ljubljana\"",
        )
        .unwrap();
        assert_eq!(feeds.claim("in/gate-2026-03-01.edi"), "gate");
        assert_eq!(feeds.claim("a.txt"), "gate");
        assert_eq!(feeds.claim("ab.txt"), DEFAULT_FEED);
        assert!(matches(b"*a*b*", b"xxaxxbxx") && !matches(b"*a*b", b"xxaxxbx"));
    }

    #[test]
    fn mistakes_are_named() {
        let error = Feeds::parse("[feeds.x]\ntime_zone = \"Europe/Koper\"").unwrap_err().to_string();
        assert!(error.contains("Europe/Koper") && error.contains("'x'"), "{error}");
        for (text, near) in [
            ("[feeds.x]\ntimezone = \"UTC\"", "'timezone' is 'time_zone'"),
            ("[feeds.x.mapping]\ndelimeter = \";\"", "'delimeter' is 'delimiter'"),
            ("[feeds.x.mapping.fields]\nkind = { form = \"A\" }", "'form' is 'from'"),
            ("[feed.x]", "'feed' is 'feeds'"),
        ] {
            let error = Feeds::parse(text).unwrap_err().to_string();
            assert!(error.contains(near), "{error}");
        }
    }
}
