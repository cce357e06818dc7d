//! Drop folders: files that senders put there (SFTP, a share) become messages.
//!
//! A file is taken when neither size nor time of change has moved for a while. It is claimed by renaming it into
//! `work/INSTANCE/`, so that two gateways never take the same one; stored; and moved to `done/`, or to `failed/` with a
//! `.reason.txt` beside it. Folders are looked at, not listened to: notifications do not cross network file systems.
//!
//! After a kill the file is either where it was, or in `work/INSTANCE/`, where the next start of that instance goes on. A file
//! that was stored and not yet moved is stored again: the normalizer knows its documents and events by their ids, so nothing
//! doubles. While the broker is away the file waits and those behind it too: the order of a feed stays that of its files.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};
use quaywatch_formats::Feeds;
use quaywatch_service::{Shutdown, WatchedFile};
use serde::Deserialize;

use crate::http::Paused;
use crate::ingest::{media_type_of, parts};
use crate::{Doors, Error, Incoming, Intake, NotStored};

/// Most files of a feed in one round, so that no feed holds up the others.
const MAX_ROUND: usize = 200;
/// Most files that are looked at in a folder.
const MAX_LISTED: usize = 50_000;
/// How often folders are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long to wait for a broker that is away.
const BACK_OFF: Duration = Duration::from_secs(5);
/// Endings of files that somebody is still writing.
const UNFINISHED: [&str; 6] = [".part", ".tmp", ".temp", ".filepart", ".partial", ".crdownload"];

/// The table `[feeds.ID.drop]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drop {
    /// The folder. Several feeds may share one when their `files` tell the files apart.
    pub folder: PathBuf,
    /// How long a file must be left alone before it is taken, ms.
    #[serde(default = "settle_ms")]
    pub settle_ms: u64,
    /// Media type, when file names do not tell.
    pub content_type: Option<String>,
}

const fn settle_ms() -> u64 {
    3_000
}

/// The drop folders of all feeds that have one.
pub(crate) fn drops(feeds: &Feeds) -> Result<BTreeMap<String, Drop>, String> {
    let tables = feeds.ids().filter_map(|id| Some((id, feeds.get(id)?.drop.clone()?)));
    tables
        .map(|(id, table)| match table.try_into() {
            Ok(drop) => Ok((id.to_owned(), drop)),
            Err(error) => Err(format!("feed '{id}', drop: {error}")),
        })
        .collect()
}

/// What the drop folders count.
#[derive(Debug, Clone)]
pub struct DropMetrics {
    files: IntCounterVec,
    waiting: IntGaugeVec,
    oldest: IntGaugeVec,
}

impl DropMetrics {
    /// Registers the metrics.
    ///
    /// # Errors
    /// When the registry already has them.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let gauge = |name: &str, help: &str| IntGaugeVec::new(Opts::new(name, help), &["feed"]);
        let metrics = Self {
            files: IntCounterVec::new(
                Opts::new(
                    "quaywatch_gateway_dropped_files_total",
                    "Files of drop folders, by feed and outcome.",
                ),
                &["feed", "outcome"],
            )?,
            waiting: gauge("quaywatch_gateway_waiting_files", "Files in the drop folder, by feed.")?,
            oldest: gauge(
                "quaywatch_gateway_oldest_waiting_seconds",
                "How long the first of them has waited.",
            )?,
        };
        registry.register(Box::new(metrics.files.clone()))?;
        registry.register(Box::new(metrics.waiting.clone()))?;
        registry.register(Box::new(metrics.oldest.clone()))?;
        Ok(metrics)
    }
}

/// Takes files out of drop folders.
pub struct Dropper {
    /// The feeds with their folders; they may change.
    pub doors: WatchedFile<Doors>,
    /// Where the messages go.
    pub intake: Intake,
    /// Figures.
    pub metrics: DropMetrics,
    /// Whose files are left alone.
    pub paused: Paused,
    /// This process among those that share the folders: the same after a restart.
    pub instance: String,
    /// Largest message, bytes.
    pub max_body_bytes: usize,
}

/// A file as it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    bytes: u64,
    modified: Option<SystemTime>,
    since: Instant,
}

/// What became of a file.
enum Taken {
    Stored,
    Failed(String),
    /// The broker is away.
    Later,
}

impl Dropper {
    /// Works until the service stops.
    pub async fn run(self, shutdown: Shutdown) {
        let mut seen: HashMap<PathBuf, Seen> = HashMap::new();
        while shutdown.sleep(LOOK_EVERY).await {
            let doors = self.doors.current();
            let mut present = HashMap::new();
            for (feed, drop) in doors.drops() {
                if (self.paused)(feed) {
                    continue;
                }
                if let Err(error) = self.round(&doors, feed, drop, &seen, &mut present, &shutdown).await {
                    self.metrics.files.with_label_values(&[feed, "folder_unusable"]).inc();
                    tracing::warn!(feed, %error, "the drop folder cannot be used");
                }
            }
            seen = present;
        }
    }

    async fn round(
        &self,
        doors: &Doors,
        feed: &str,
        drop: &Drop,
        seen: &HashMap<PathBuf, Seen>,
        present: &mut HashMap<PathBuf, Seen>,
        shutdown: &Shutdown,
    ) -> io::Result<()> {
        let work = drop.folder.join("work").join(&self.instance);
        for folder in [&work, &drop.folder.join("done"), &drop.folder.join("failed")] {
            fs::create_dir_all(folder)?;
        }
        // First what an earlier run had claimed.
        let mut claimed: Vec<PathBuf> = listed(&work)?.into_iter().map(|(path, ..)| path).collect();
        claimed.retain(|path| doors.feeds().claim(&name_of(path)) == feed || doors.sole_drop(&drop.folder));
        let waiting: Vec<(PathBuf, Seen)> = listed(&drop.folder)?
            .into_iter()
            .filter(|(path, ..)| doors.feeds().claim(&name_of(path)) == feed || doors.sole_drop(&drop.folder))
            .map(|(path, bytes, modified)| {
                let known = seen.get(&path).filter(|s| s.bytes == bytes && s.modified == modified);
                let since = known.map_or_else(Instant::now, |s| s.since);
                (path, Seen { bytes, modified, since })
            })
            .collect();
        present.extend(waiting.iter().cloned());
        let oldest = waiting.iter().map(|(_, s)| s.since.elapsed().as_secs()).max().unwrap_or_default();
        self.metrics.waiting.with_label_values(&[feed]).set(i64::try_from(waiting.len()).unwrap_or(i64::MAX));
        self.metrics.oldest.with_label_values(&[feed]).set(i64::try_from(oldest).unwrap_or(i64::MAX));
        let settled = Duration::from_millis(drop.settle_ms);
        let mut ready: Vec<(PathBuf, Seen)> =
            waiting.into_iter().filter(|(_, s)| s.since.elapsed() >= settled).collect();
        ready.sort_by(|(a, x), (b, y)| (x.modified, a).cmp(&(y.modified, b)));
        for path in claimed {
            if !self.one(feed, drop, &path, shutdown).await? {
                return Ok(());
            }
        }
        for (path, _) in ready.into_iter().take(MAX_ROUND) {
            let own = work.join(path.file_name().unwrap_or_default());
            match fs::rename(&path, &own) {
                Ok(()) => {}
                // Another gateway was faster.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            }
            if !self.one(feed, drop, &own, shutdown).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Stores one claimed file and moves it; false when the service is to stop.
    async fn one(&self, feed: &str, drop: &Drop, path: &Path, shutdown: &Shutdown) -> io::Result<bool> {
        loop {
            match self.store(feed, drop, path).await {
                Taken::Stored => {
                    move_into(path, &drop.folder.join("done"))?;
                    self.metrics.files.with_label_values(&[feed, "stored"]).inc();
                    return Ok(true);
                }
                Taken::Failed(why) => {
                    let moved = move_into(path, &drop.folder.join("failed"))?;
                    let mut beside = moved.into_os_string();
                    beside.push(".reason.txt");
                    fs::write(beside, format!("{why}\n"))?;
                    self.metrics.files.with_label_values(&[feed, "failed"]).inc();
                    return Ok(true);
                }
                Taken::Later => {
                    self.metrics.files.with_label_values(&[feed, "retried"]).inc();
                    if !shutdown.sleep(BACK_OFF).await {
                        return Ok(false);
                    }
                }
            }
        }
    }

    async fn store(&self, feed: &str, drop: &Drop, path: &Path) -> Taken {
        let declared = drop.content_type.as_deref().or_else(|| media_type_of(path));
        let parts = match parts(path, declared, self.max_body_bytes) {
            Ok(parts) => parts,
            Err(error @ Error::ReadFile { .. }) => {
                tracing::warn!(feed, %error, "a dropped file cannot be read");
                return Taken::Failed(
                    "the file cannot be read; check its permissions and drop it again".to_owned(),
                );
            }
            Err(Error::EmptyFile { .. }) => {
                return Taken::Failed("the file is empty; drop it again with its content".to_owned());
            }
            Err(error) => return Taken::Failed(format!("{}", NameLess(&error))),
        };
        for body in parts {
            let incoming = Incoming {
                feed: feed.to_owned(),
                content_type: declared.map(str::to_owned),
                sender: Some(feed.to_owned()),
                path: Some(name_of(path)),
                signature: None,
                traceparent: None,
                body,
            };
            let stored = match self.intake.begin(incoming) {
                Ok(sending) => sending.await.map(drop_place),
                Err(error) => Err(error),
            };
            match stored {
                Ok(()) => {}
                Err(NotStored::Unavailable(_)) => return Taken::Later,
                Err(error) => return Taken::Failed(error.to_string()),
            }
        }
        Taken::Stored
    }
}

fn drop_place(_: crate::Stored) {}

/// An error of a file without its path, which the reason file has in its name.
struct NameLess<'a>(&'a Error);

impl std::fmt::Display for NameLess<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Error::FileTooLarge { bytes, limit, .. } => write!(
                f,
                "the file has {bytes} bytes, more than the {limit} of a message, and cannot be cut between lines; split it and drop the parts"
            ),
            other => write!(f, "{other}"),
        }
    }
}

/// Regular files with their sizes and times; neither hidden ones, links, folders nor what somebody still writes.
fn listed(folder: &Path) -> io::Result<Vec<(PathBuf, u64, Option<SystemTime>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)?.take(MAX_LISTED) {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let unfinished = name.starts_with('.') || UNFINISHED.iter().any(|ending| name.ends_with(ending));
        // Does not follow links.
        if unfinished || !entry.file_type()?.is_file() {
            continue;
        }
        // It may have gone since.
        if let Ok(meta) = entry.metadata() {
            files.push((entry.path(), meta.len(), meta.modified().ok()));
        }
    }
    files.sort_by(|a, b| (a.2, &a.0).cmp(&(b.2, &b.0)));
    Ok(files)
}

/// Moves a file into a folder under its name, or that name with a number when it is taken.
fn move_into(path: &Path, folder: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_os_string();
    let mut target = folder.join(&name);
    for number in 1.. {
        if !target.try_exists()? {
            break;
        }
        let mut other = name.clone();
        other.push(format!(".{number}"));
        target = folder.join(other);
    }
    fs::rename(path, &target)?;
    Ok(target)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
