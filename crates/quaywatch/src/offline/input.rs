//! Files as the offline commands read them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use quaywatch_domain::event::Source;
use quaywatch_domain::{PseudonymKey, Sha256};
use quaywatch_formats::{Context, Feeds, Parsed};

/// What a folder may hold beside messages.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// Files with messages, in order of their names.
    pub(crate) messages: Vec<PathBuf>,
    /// `watchlist*.csv`, `watchlist*.ndjson`.
    pub(crate) watchlists: Vec<PathBuf>,
    /// `feedback.ndjson`.
    pub(crate) feedback: Option<PathBuf>,
    /// `feeds.toml`.
    pub(crate) feeds: Option<PathBuf>,
    /// `parties.csv`.
    pub(crate) parties: Option<PathBuf>,
}

impl Folder {
    /// Sorts the files under `paths` by what they are for.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self> {
        let mut folder = Self::default();
        for path in paths {
            folder.add(path, true)?;
        }
        Ok(folder)
    }

    fn add(&mut self, path: &Path, named: bool) -> Result<()> {
        if path.is_dir() {
            let entries =
                std::fs::read_dir(path).with_context(|| format!("{} cannot be read", path.display()))?;
            let mut inside: Vec<PathBuf> =
                entries.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
            inside.sort();
            return inside.iter().try_for_each(|p| self.add(p, false));
        }
        let name = file_name(path);
        let list = name.starts_with("watchlist") && (name.ends_with(".csv") || name.ends_with(".ndjson"));
        match name {
            "feeds.toml" => self.feeds = Some(path.to_owned()),
            "parties.csv" if !named => self.parties = Some(path.to_owned()),
            "feedback.ndjson" => self.feedback = Some(path.to_owned()),
            "truth.ndjson" | "rules.toml" | "agencies.toml" if !named => {}
            _ if name.starts_with('.') => {}
            _ if list && !named => self.watchlists.push(path.to_owned()),
            _ => self.messages.push(path.to_owned()),
        }
        Ok(())
    }
}

/// The last part of a path, for feeds and evidence.
pub(crate) fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// The feeds in `file`; without one everything belongs to feed `default` in UTC.
pub(crate) fn feeds(file: Option<&Path>) -> Result<Feeds> {
    let Some(path) = file else { return Ok(Feeds::default()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Feeds::parse(&text).with_context(|| format!("{} is not usable", path.display()))
}

/// A key for runs without Kafka, where pseudonyms need to agree within the run alone: derived from the machine's own
/// randomness, so that nobody can look pseudonyms of one run up in another.
pub(crate) fn fresh_key() -> Result<PseudonymKey> {
    let random = std::fs::read("/proc/sys/kernel/random/uuid").context("no source of randomness")?;
    Ok(PseudonymKey::new(Sha256::of(&random).0)?)
}

/// Parses one file as the normalizer would.
pub(crate) fn parse(
    bytes: &[u8],
    name: &str,
    ordinal: i64,
    feed: Option<&str>,
    feeds: &Feeds,
    key: &PseudonymKey,
) -> Parsed {
    let feed = feed.unwrap_or_else(|| feeds.claim(name));
    let unknown = quaywatch_formats::FeedSettings::default();
    let context = Context {
        feed,
        settings: feeds.get(feed).unwrap_or(&unknown),
        key,
        parties: &quaywatch_formats::Parties::default(),
        received_at: None,
        content_type: None,
        source: Source {
            topic: name.to_owned(),
            offset: ordinal,
            sha256: Sha256::of(bytes),
            ..Source::default()
        },
    };
    quaywatch_formats::parse(bytes, &context)
}
