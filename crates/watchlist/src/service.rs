//! The service: imports list files when they change.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use quaywatch_codec::Codec;
use quaywatch_domain::{PseudonymKey, Timestamp};
use quaywatch_kafka::Readiness;
use quaywatch_service::settings::ListSource;
use quaywatch_service::stage::Environment;
use quaywatch_service::{Clock, Settings, Shutdown};

use crate::fetch::{self, Change, Fetched};
use crate::files::{Files, Stamp};
use crate::metrics::{Metrics, Outcome};
use crate::status::status_of;
use crate::store::{KafkaStore, Store};
use crate::{Error, Import};

/// How often the lists are read although nothing was imported here.
const REFRESH: Duration = Duration::from_secs(60);
/// Wait after a failed fetch, unless the interval is shorter.
const RETRY: Duration = Duration::from_secs(300);
/// Name of the condition in `/readyz`.
pub const LISTS: &str = "watchlist/lists";

/// Watches the sources of the settings until the service stops.
///
/// # Errors
/// When the settings cannot be used. List files that cannot be used are logged and counted.
pub async fn run(settings: &Settings, environment: &Environment) -> Result<(), Error> {
    let secrets = &settings.secrets;
    let has_key = secrets.pseudonym_key.expose().is_some() || secrets.pseudonym_key_file.get().is_some();
    let watcher = Watcher {
        store: Arc::new(KafkaStore::new(&environment.kafka)),
        codec: environment.codec.clone(),
        sources: settings.watchlist.sources.clone(),
        key: if has_key { Some(settings.pseudonym_key()?) } else { None },
        clock: environment.clock.clone(),
        metrics: Metrics::register(&environment.registry)?,
        readiness: environment.readiness.clone(),
    };
    let poll = Duration::from_millis(settings.watchlist.poll_interval_ms);
    watcher.watch(poll, environment.shutdown.clone()).await
}

/// Imports list files when they change.
pub struct Watcher {
    /// Where the lists are kept.
    pub store: Arc<dyn Store>,
    /// Writes and reads entries.
    pub codec: Codec,
    /// The list files.
    pub sources: Vec<ListSource>,
    /// Key of the pseudonyms; without it rows with plates are errors.
    pub key: Option<PseudonymKey>,
    /// Time.
    pub clock: Clock,
    /// Where it counts.
    pub metrics: Metrics,
    /// Where it says that the lists were read.
    pub readiness: Readiness,
}

fn broke_off(error: &tokio::task::JoinError) -> Error {
    quaywatch_service::Error::BrokeOff { what: "the watchlist service".to_owned(), why: error.to_string() }
        .into()
}

/// What was seen of one source.
#[derive(Debug, Default)]
struct Seen {
    /// Stamp at the last look.
    last: Option<Stamp>,
    /// Stamp of the files that were imported or refused.
    settled: Option<Stamp>,
    /// Whether it was complained of a file that is not there.
    missing: bool,
}

impl Watcher {
    /// Looks at all sources every `poll` until the service stops. A file counts when it looks the same twice, so that
    /// none is read half-written.
    ///
    /// # Errors
    /// When a part of it breaks off, which is a bug.
    pub async fn watch(self, poll: Duration, shutdown: Shutdown) -> Result<(), Error> {
        self.readiness.set(LISTS, false);
        for source in &self.sources {
            self.metrics.show(&source.list);
        }
        let watcher = Arc::new(self);
        let fetchers: Vec<_> = watcher
            .sources
            .iter()
            .filter(|source| fetch::folder(source).is_some())
            .map(|source| {
                tokio::spawn(Arc::clone(&watcher).keep_fetching(source.clone(), poll, shutdown.clone()))
            })
            .collect();
        let watched = watcher.keep_looking(poll, &shutdown).await;
        for fetcher in fetchers {
            fetcher.await.map_err(|error| broke_off(&error))?;
        }
        watched
    }

    /// Fetches the files of a source when it is time, until the service stops. What fails is tried again after a while.
    async fn keep_fetching(self: Arc<Self>, source: ListSource, poll: Duration, shutdown: Shutdown) {
        let mut failed: Option<Instant> = None;
        loop {
            let interval = Duration::from_secs(source.interval_s);
            let waited = failed.is_none_or(|at| at.elapsed() >= interval.min(RETRY));
            let age_ms = self.clock.now().millis_since(Fetched::of(&source.path).at);
            let is_due = u64::try_from(age_ms).is_ok_and(|age| Duration::from_millis(age) >= interval);
            if is_due && waited {
                let (work, source) = (Arc::clone(&self), source.clone());
                let (told, done) = tokio::sync::oneshot::channel();
                // A thread of its own: a slow server does not hold up the end of the service.
                std::thread::spawn(move || {
                    // Nobody listens when the service ends meanwhile.
                    let _ = told.send(work.fetch(&source));
                });
                let is_ok = tokio::select! {
                    is_ok = done => is_ok.unwrap_or(false),
                    () = shutdown.requested() => return,
                };
                failed = (!is_ok).then(Instant::now);
            }
            if !shutdown.sleep(poll).await {
                return;
            }
        }
    }

    /// Whether the servers answered.
    fn fetch(&self, source: &ListSource) -> bool {
        let done = fetch::fetch(source, self.clock.now());
        self.metrics.count_fetch(&source.list, done.as_ref().ok().copied());
        match &done {
            Ok(Change::New) => tracing::info!(list = source.list, "list fetched"),
            Ok(Change::None) => {}
            Err(error) => tracing::error!(list = source.list, error = error.for_log(), "list not fetched"),
        }
        done.is_ok()
    }

    async fn keep_looking(self: &Arc<Self>, poll: Duration, shutdown: &Shutdown) -> Result<(), Error> {
        let watcher = self;
        let mut seen: Vec<Seen> = watcher.sources.iter().map(|_| Seen::default()).collect();
        let mut refreshed: Option<Instant> = None;
        loop {
            let (work, due) = (Arc::clone(watcher), refreshed.is_none_or(|at| at.elapsed() >= REFRESH));
            let looked = tokio::task::spawn_blocking(move || {
                let changed = work.look(&mut seen);
                let read = (changed || due).then(|| work.refresh());
                (seen, read)
            });
            let (back, read) = looked.await.map_err(|error| broke_off(&error))?;
            seen = back;
            match read {
                Some(true) => refreshed = Some(Instant::now()),
                Some(false) => refreshed = None,
                None => {}
            }
            if !shutdown.sleep(poll).await {
                return Ok(());
            }
        }
    }

    /// Whether anything was published.
    fn look(&self, seen: &mut [Seen]) -> bool {
        let mut changed = false;
        for (source, seen) in self.sources.iter().zip(seen) {
            let stamp = match Stamp::of(&source.path, source.format) {
                Ok(stamp) => stamp,
                // Nothing was fetched yet, which is told where it failed.
                Err(Error::EmptyFolder { .. } | Error::ReadFile { .. })
                    if fetch::folder(source).is_some()
                        && Fetched::of(&source.path).at == Timestamp::default() =>
                {
                    self.tell_age(source, None);
                    continue;
                }
                Err(error) => {
                    self.tell_age(source, None);
                    if !std::mem::replace(&mut seen.missing, true) {
                        self.count(&source.list, Outcome::Failed);
                        tracing::error!(list = source.list, error = error.for_log(), "list file not found");
                    }
                    continue;
                }
            };
            seen.missing = false;
            self.tell_age(source, Some(&stamp));
            let quiet = seen.last.as_ref() == Some(&stamp);
            seen.last = Some(stamp.clone());
            if !quiet || seen.settled.as_ref() == Some(&stamp) {
                continue;
            }
            let outcome = self.import(source);
            changed |= outcome == Outcome::Published;
            if outcome != Outcome::Failed {
                seen.settled = Some(stamp);
            }
        }
        changed
    }

    fn import(&self, source: &ListSource) -> Outcome {
        let import = Import::of_source(source);
        let import = self.key.iter().fold(import, |import, key| import.key(key));
        let now = self.clock.now();
        let result = Files::read(&source.path, source.format)
            .and_then(|files| {
                source.sha256.map_or_else(|| Ok(files.clone()), |sha256| files.clone().expect(sha256))
            })
            .and_then(|files| import.publish_to(&*self.store, &files, now, &self.codec));
        let outcome = match result {
            Ok(done) if done.is_new_version() => {
                let (added, changed, removed) = (done.added, done.changed, done.removed);
                let (list, version) = (done.list, done.version);
                tracing::info!(
                    list,
                    version,
                    entries = done.entries,
                    added,
                    changed,
                    removed,
                    "list published"
                );
                Outcome::Published
            }
            Ok(_) => Outcome::Unchanged,
            Err(error) => {
                tracing::error!(list = source.list, error = error.for_log(), "list not imported");
                if let (Some(folder), Error::Checksum { .. } | Error::Malformed { .. }) =
                    (fetch::folder(source), &error)
                {
                    fetch::forget(&folder);
                }
                match error {
                    Error::HeldBack { .. } => Outcome::HeldBack,
                    error if error.is_passing() => Outcome::Failed,
                    _ => Outcome::Refused,
                }
            }
        };
        self.count(&source.list, outcome);
        outcome
    }

    /// How old the edition of a source is: since it was last fetched or found unchanged, else since its file was written.
    fn tell_age(&self, source: &ListSource, stamp: Option<&Stamp>) {
        const MS_PER_S: i64 = 1_000;
        let fetched = fetch::folder(source)
            .map(|folder| Fetched::of(&folder).at)
            .filter(|at| *at != Timestamp::default());
        let written = || {
            let since = stamp?.modified()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            Some(Timestamp::from_millis(i64::try_from(since.as_millis()).ok()?))
        };
        let at = if source.urls.is_empty() { written() } else { fetched };
        let age_s = at.map(|at| self.clock.now().millis_since(at).max(0) / MS_PER_S);
        self.metrics.set_age(&source.list, age_s, source.max_age_s);
    }

    fn count(&self, list: &str, outcome: Outcome) {
        const MS_PER_S: i64 = 1_000;
        self.metrics.count(list, outcome, self.clock.now().as_millis() / MS_PER_S);
    }

    /// Whether the lists could be read.
    fn refresh(&self) -> bool {
        match status_of(&*self.store, &self.codec, self.clock.now()) {
            Ok(lists) => {
                self.metrics.set(&lists);
                self.readiness.set(LISTS, true);
                true
            }
            Err(error) => {
                tracing::warn!(error = error.for_log(), "the lists cannot be read");
                self.readiness.set(LISTS, false);
                false
            }
        }
    }
}
