//! Files that may change while a service runs: read again on SIGHUP or when they change; a bad new file is refused and
//! the old content stays.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::{Error, Reload, Shutdown};

/// Largest file that is read, in bytes.
pub const MAX_WATCHED_FILE_BYTES: u64 = 16 * 1024 * 1024;

type Parse<T> = dyn Fn(&str) -> Result<T, String> + Send + Sync;

/// The content of a file in its latest usable form. Clones share it.
pub struct WatchedFile<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    path: PathBuf,
    parse: Box<Parse<T>>,
    current: watch::Sender<Arc<T>>,
    seen: std::sync::Mutex<Option<Stamp>>,
}

/// What tells that a file changed, without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
}

impl<T> Clone for WatchedFile<T> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<T: Send + Sync + 'static> WatchedFile<T> {
    /// Reads the file for the first time; `parse` turns its text into what the service works with, or says what is wrong.
    ///
    /// # Errors
    /// When the file cannot be read or used.
    pub fn open(
        path: impl Into<PathBuf>,
        parse: impl Fn(&str) -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let path = path.into();
        let (text, stamp) = read(&path)?;
        let first = parse(&text).map_err(|why| Error::BadFile { path: path.clone(), why })?;
        Ok(Self::build(path, Box::new(parse), first, Some(stamp)))
    }

    /// A value without a file, which never changes by itself.
    #[must_use]
    pub fn fixed(value: T) -> Self {
        Self::build(PathBuf::new(), Box::new(|_| Err("it has no file".to_owned())), value, None)
    }

    fn build(path: PathBuf, parse: Box<Parse<T>>, first: T, stamp: Option<Stamp>) -> Self {
        let current = watch::Sender::new(Arc::new(first));
        Self { inner: Arc::new(Inner { path, parse, current, seen: std::sync::Mutex::new(stamp) }) }
    }

    /// The latest usable content.
    #[must_use]
    pub fn current(&self) -> Arc<T> {
        Arc::clone(&self.inner.current.borrow())
    }

    /// A closure that gives the latest usable content.
    #[must_use]
    pub fn as_fn(&self) -> Arc<dyn Fn() -> Arc<T> + Send + Sync> {
        let file = self.clone();
        Arc::new(move || file.current())
    }

    /// Tells when the content changed.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<T>> {
        self.inner.current.subscribe()
    }

    /// Reads the file now; on an error the old content stays.
    ///
    /// # Errors
    /// When the file cannot be read or used.
    pub fn reload(&self) -> Result<(), Error> {
        let (text, stamp) = read(&self.inner.path)?;
        // Remembered also when the content is bad, so that the same bad file is complained of once.
        self.remember(Some(stamp));
        let new =
            (self.inner.parse)(&text).map_err(|why| Error::BadFile { path: self.inner.path.clone(), why })?;
        self.inner.current.send_replace(Arc::new(new));
        Ok(())
    }

    /// Keeps the content fresh until the service stops: looks every `poll` whether the file changed, and reads it at
    /// every request to reload.
    pub async fn watch(self, poll: Duration, mut reload: Reload, shutdown: Shutdown) {
        if self.inner.path.as_os_str().is_empty() {
            return shutdown.requested().await;
        }
        loop {
            let asked = tokio::select! {
                () = shutdown.requested() => return,
                () = reload.requested() => true,
                () = tokio::time::sleep(poll) => false,
            };
            let stamp = stamp(&self.inner.path).ok();
            if !asked && !self.has_changed(stamp) {
                continue;
            }
            match self.reload() {
                Ok(()) => tracing::info!(file = %self.inner.path.display(), "file read again"),
                Err(error) => {
                    self.remember(stamp);
                    tracing::error!(%error, "new file refused, the old content stays");
                }
            }
        }
    }

    fn has_changed(&self, stamp: Option<Stamp>) -> bool {
        *self.inner.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner) != stamp
    }

    fn remember(&self, stamp: Option<Stamp>) {
        *self.inner.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = stamp;
    }
}

fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let meta = std::fs::metadata(path)?;
    Ok(Stamp { modified: meta.modified().ok(), bytes: meta.len() })
}

fn read(path: &Path) -> Result<(String, Stamp), Error> {
    let failed = |source| Error::ReadFile { path: path.to_owned(), source };
    // The stamp is taken first: a change during the read then shows as a newer stamp and is read again.
    let stamp = stamp(path).map_err(failed)?;
    if stamp.bytes > MAX_WATCHED_FILE_BYTES {
        let why = format!("it has {} bytes, more than {MAX_WATCHED_FILE_BYTES}", stamp.bytes);
        return Err(Error::BadFile { path: path.to_owned(), why });
    }
    Ok((std::fs::read_to_string(path).map_err(failed)?, stamp))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn number(text: &str) -> Result<u32, String> {
        text.trim().parse().map_err(|_| format!("'{}' is no number", text.trim()))
    }

    #[test]
    fn a_bad_first_file_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n.txt");
        let missing = WatchedFile::open(&path, number).err().unwrap();
        assert!(missing.to_string().contains("n.txt"), "{missing}");
        fs::write(&path, "x").unwrap();
        let bad = WatchedFile::open(&path, number).err().unwrap();
        assert!(bad.to_string().contains("'x' is no number"), "{bad}");
    }

    #[tokio::test]
    async fn a_good_change_is_taken_and_a_bad_one_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n.txt");
        fs::write(&path, "1").unwrap();
        let file = WatchedFile::open(&path, number).unwrap();
        let mut changes = file.subscribe();
        let (reload, shutdown) = (Reload::manual(), Shutdown::manual());
        let watching =
            tokio::spawn(file.clone().watch(Duration::from_millis(5), reload.clone(), shutdown.clone()));

        // A length that differs shows the change even where mtime is coarse.
        fs::write(&path, "22").unwrap();
        let wait = Duration::from_secs(10);
        tokio::time::timeout(wait, changes.wait_for(|n| **n == 22)).await.unwrap().unwrap();

        fs::write(&path, "bad").unwrap();
        assert!(file.reload().is_err());
        assert_eq!(*file.current(), 22);

        fs::write(&path, "4444").unwrap();
        reload.request();
        tokio::time::timeout(wait, changes.wait_for(|n| **n == 4444)).await.unwrap().unwrap();
        shutdown.request();
        tokio::time::timeout(wait, watching).await.unwrap().unwrap();
    }
}
