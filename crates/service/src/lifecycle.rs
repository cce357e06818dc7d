//! How a service starts to stop, and how it is told to read its files again.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Error;

/// Tells every part of a service that it is to finish what it has begun and stop. Clones share one request.
#[derive(Debug, Clone)]
pub struct Shutdown {
    requested: watch::Receiver<bool>,
    // Held so that the channel stays open; whoever has a clone may also ask for the stop.
    trigger: Arc<watch::Sender<bool>>,
}

impl Shutdown {
    /// One that only [`Shutdown::request`] sets off.
    #[must_use]
    pub fn manual() -> Self {
        let (trigger, requested) = watch::channel(false);
        Self { requested, trigger: Arc::new(trigger) }
    }

    /// One that SIGTERM and SIGINT set off. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// When the signals cannot be listened to.
    pub fn on_signals() -> Result<Self, Error> {
        let shutdown = Self::manual();
        let mut term = listen(SignalKind::terminate())?;
        let mut int = listen(SignalKind::interrupt())?;
        let asked = shutdown.clone();
        tokio::spawn(async move {
            let name = tokio::select! { _ = term.recv() => "SIGTERM", _ = int.recv() => "SIGINT" };
            tracing::info!(signal = name, "stopping");
            asked.request();
        });
        Ok(shutdown)
    }

    /// Asks everyone to stop.
    pub fn request(&self) {
        self.trigger.send_replace(true);
    }

    /// The request as a channel; a closed one means the same as a request.
    #[must_use]
    pub fn receiver(&self) -> watch::Receiver<bool> {
        self.requested.clone()
    }

    /// Whether the stop was asked for; for threads that look now and then.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.requested.borrow()
    }

    /// Waits until the stop is asked for.
    pub async fn requested(&self) {
        // The sender lives as long as `self`, so the error arm cannot be reached.
        let _ = self.requested.clone().wait_for(|stop| *stop).await;
    }

    /// Waits `duration`, or less when the stop is asked for; whether the service is to go on.
    pub async fn sleep(&self, duration: Duration) -> bool {
        tokio::select! {
            () = self.requested() => false,
            () = tokio::time::sleep(duration) => true,
        }
    }

    /// Waits for `task` to end, but after the stop was asked for no longer than `budget`.
    ///
    /// # Errors
    /// [`Error::DrainExceeded`] when the budget is spent, [`Error::BrokeOff`] when the task panicked.
    pub async fn drain<T>(&self, what: &str, mut task: JoinHandle<T>, budget: Duration) -> Result<T, Error> {
        let over = async {
            self.requested().await;
            tokio::time::sleep(budget).await;
        };
        let joined = tokio::select! {
            joined = &mut task => joined,
            () = over => {
                task.abort();
                let budget_ms = u64::try_from(budget.as_millis()).unwrap_or(u64::MAX);
                return Err(Error::DrainExceeded { what: what.to_owned(), budget_ms });
            }
        };
        joined.map_err(|e| Error::BrokeOff { what: what.to_owned(), why: e.to_string() })
    }
}

/// Counts the requests to read files again.
#[derive(Debug, Clone)]
pub struct Reload {
    count: watch::Receiver<u64>,
    trigger: Arc<watch::Sender<u64>>,
}

impl Reload {
    /// One that only [`Reload::request`] sets off.
    #[must_use]
    pub fn manual() -> Self {
        let (trigger, count) = watch::channel(0);
        Self { count, trigger: Arc::new(trigger) }
    }

    /// One that SIGHUP sets off. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// When the signal cannot be listened to.
    pub fn on_signal() -> Result<Self, Error> {
        let reload = Self::manual();
        let mut hup = listen(SignalKind::hangup())?;
        let asked = reload.clone();
        tokio::spawn(async move {
            while hup.recv().await.is_some() {
                tracing::info!("SIGHUP: reading files again");
                asked.request();
            }
        });
        Ok(reload)
    }

    /// Asks for all watched files to be read again.
    pub fn request(&self) {
        self.trigger.send_modify(|n| *n += 1);
    }

    /// Waits for the next request since the last call on this clone.
    pub async fn requested(&mut self) {
        // The sender lives as long as `self`, so the error arm cannot be reached.
        let _ = self.count.changed().await;
    }
}

fn listen(kind: SignalKind) -> Result<tokio::signal::unix::Signal, Error> {
    signal(kind).map_err(|e| Error::SetUp { what: "signals", why: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_clone_sees_the_request_to_stop() {
        let shutdown = Shutdown::manual();
        let other = shutdown.clone();
        let waiting = tokio::spawn(async move { other.requested().await });
        assert!(!shutdown.is_requested());
        shutdown.clone().request();
        waiting.await.unwrap();
        assert!(shutdown.is_requested());
        assert!(!shutdown.sleep(Duration::from_secs(60)).await);
    }

    #[tokio::test]
    async fn a_task_that_ends_in_time_is_drained() {
        let shutdown = Shutdown::manual();
        let stop = shutdown.clone();
        let task = tokio::spawn(async move {
            stop.requested().await;
            7
        });
        shutdown.request();
        assert_eq!(shutdown.drain("seven", task, Duration::from_secs(5)).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_task_that_does_not_end_is_given_up_after_the_budget() {
        let shutdown = Shutdown::manual();
        let task = tokio::spawn(std::future::pending::<()>());
        shutdown.request();
        let error = shutdown.drain("the slot", task, Duration::from_millis(20)).await.unwrap_err();
        assert_eq!(error.exit_code(), crate::ExitCode::Bug);
        assert!(error.to_string().contains("the slot did not stop within 20 ms"), "{error}");
    }

    #[tokio::test]
    async fn sigterm_asks_everyone_to_stop() {
        let shutdown = Shutdown::on_signals().unwrap();
        let pid = std::process::id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        tokio::time::timeout(Duration::from_secs(10), shutdown.requested()).await.unwrap();
    }

    #[tokio::test]
    async fn sighup_asks_for_files_to_be_read_again() {
        let mut reload = Reload::on_signal().unwrap();
        let pid = std::process::id().to_string();
        assert!(std::process::Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
        tokio::time::timeout(Duration::from_secs(10), reload.requested()).await.unwrap();
    }
}
