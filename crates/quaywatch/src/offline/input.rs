//! Files as the offline commands read them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use quaywatch_domain::event::{SourceMessage, Stored};
use quaywatch_domain::{PseudonymKey, Sha256};
use quaywatch_formats::{Context, FeedSettings, Feeds, Parsed, Parties, Survey};

/// What a folder may hold beside messages.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// Files with messages, in order of their names.
    pub(crate) messages: Vec<PathBuf>,
    /// `watchlist*.csv`, `watchlist*.ndjson`.
    pub(crate) watchlists: Vec<PathBuf>,
    /// `feedback.ndjson`, one a folder.
    pub(crate) feedback: Vec<PathBuf>,
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

    /// Reads its messages by its own feeds and parties, under a key of the run.
    pub(crate) fn reader(&self) -> Result<Reader> {
        let (feeds, parties) = (feeds(self.feeds.as_deref())?, parties(self.parties.as_deref())?);
        Ok(Reader { feeds, parties, key: fresh_key()? })
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
            "feeds.toml" => only(&mut self.feeds, path)?,
            "parties.csv" => only(&mut self.parties, path)?,
            "feedback.ndjson" => self.feedback.push(path.to_owned()),
            "truth.ndjson" if !named => {}
            _ if name.starts_with('.') || (name.ends_with(".toml") && !named) => {}
            _ if list && !named => self.watchlists.push(path.to_owned()),
            _ => self.messages.push(path.to_owned()),
        }
        Ok(())
    }
}

/// Takes a file that says how all others are read; a second one must say the same.
fn only(known: &mut Option<PathBuf>, path: &Path) -> Result<()> {
    let read =
        |path: &Path| std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()));
    match known {
        Some(first) if read(first)? != read(path)? => bail!(
            "{} and {} differ, and what is read together is read by one of them; read the folders one after the other",
            first.display(),
            path.display()
        ),
        Some(_) => {}
        None => *known = Some(path.to_owned()),
    }
    Ok(())
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

/// The party registry in `file`; without one no party is resolved.
pub(crate) fn parties(file: Option<&Path>) -> Result<Parties> {
    let Some(path) = file else { return Ok(Parties::default()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Parties::parse(&text).with_context(|| format!("{} is not usable", path.display()))
}

/// What files are read by.
#[derive(Debug)]
pub(crate) struct Reader {
    /// Feeds.
    pub(crate) feeds: Feeds,
    /// Party registry.
    pub(crate) parties: Parties,
    /// Key of the run.
    pub(crate) key: PseudonymKey,
}

impl Reader {
    /// Parses one file as the normalizer would; `feed` when the file does not choose its own.
    pub(crate) fn parse(&self, bytes: &[u8], name: &str, ordinal: i64, feed: Option<&str>) -> Parsed {
        self.with(bytes, name, ordinal, feed, |context| quaywatch_formats::parse(bytes, context))
    }

    /// What the feed's mapping leaves unread of a file.
    pub(crate) fn survey(&self, bytes: &[u8], name: &str, feed: Option<&str>) -> Survey {
        self.with(bytes, name, 0, feed, |context| Survey::of(bytes, context))
    }

    fn with<T>(
        &self,
        bytes: &[u8],
        name: &str,
        ordinal: i64,
        feed: Option<&str>,
        then: impl FnOnce(&Context<'_>) -> T,
    ) -> T {
        let feed = feed.unwrap_or_else(|| self.feeds.claim(name));
        let unknown = FeedSettings::default();
        then(&Context {
            feed,
            settings: self.feeds.get(feed).unwrap_or(&unknown),
            key: &self.key,
            parties: &self.parties,
            received_at: None,
            content_type: None,
            source: SourceMessage {
                feed: feed.into(),
                stored: Arc::new(Stored {
                    topic: name.into(),
                    partition: 0,
                    offset: ordinal,
                    sha256: Sha256::of(bytes),
                }),
                ..SourceMessage::default()
            }
            .into(),
        })
    }
}
