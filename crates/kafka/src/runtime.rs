//! Starting and stopping a stage.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::assignment::check_copartitioned;
use crate::config;
use crate::error::Error;
use crate::host::Host;
use crate::log::{new_consumer, partition_count};
use crate::settings::Settings;
use crate::shared::{Backoff, Shared};
use crate::slot::Slot;
use crate::stage::Stage;
use crate::tables::{self, Feed, WAITING_CHUNKS};
use crate::topology::Topology;

/// How often the supervisor looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(20);

/// Runs a stage until [`Host::shutdown`], on threads of its own; `factory` makes the stage of each slot there.
/// Brokers that are away are waited for, however long.
///
/// # Errors
/// [`Error::Setting`], [`Error::MissingTopic`], [`Error::PartitionMismatch`] when it refuses to start,
/// [`Error::DrainExceeded`] when it could not stop in time.
pub async fn run<S: Stage + 'static>(
    topology: &Topology,
    settings: &Settings,
    factory: impl Fn() -> S + Send + Sync + 'static,
    host: Host,
) -> Result<(), Error> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let (topology, settings) = (topology.clone(), settings.clone());
    let thread = format!("{}-run", topology.stage);
    let failed = |reason: String| Error::Thread { thread: thread.clone(), reason };
    std::thread::Builder::new()
        .name(thread.clone())
        .spawn(move || {
            let result = run_blocking(&topology, &settings, factory, host);
            // The caller may have gone away.
            let _ = sender.send(result);
        })
        .map_err(|error| failed(error.to_string()))?;
    receiver.await.unwrap_or_else(|_| Err(failed("it ended without a result".to_owned())))
}

/// [`run`] on the calling thread.
///
/// # Errors
/// As for [`run`].
pub fn run_blocking<S: Stage + 'static>(
    topology: &Topology,
    settings: &Settings,
    factory: impl Fn() -> S + Send + Sync + 'static,
    host: Host,
) -> Result<(), Error> {
    settings.validate()?;
    let mut inputs = vec![settings.topic(&topology.input)];
    inputs.extend(topology.also.iter().map(|topic| settings.topic(topic)));
    let shared = Arc::new(Shared {
        metrics: host.metrics.stage(&topology.stage),
        topology: topology.clone(),
        settings: settings.clone(),
        host,
        inputs,
        failed: AtomicBool::new(false),
    });
    let parts: Vec<String> = (0..settings.slots)
        .map(|slot| shared.slot_part(slot))
        .chain(topology.tables.iter().map(|table| shared.table_part(table)))
        .collect();
    for part in &parts {
        shared.host.readiness.set(part, false);
    }
    let result = if check_topics(&shared)? { supervise(&shared, factory) } else { Ok(()) };
    for part in &parts {
        shared.host.readiness.remove(part);
    }
    result
}

/// Waits for the brokers and refuses topics that do not fit. False: the stage is to stop already.
fn check_topics(shared: &Shared) -> Result<bool, Error> {
    let client = new_consumer(&config::admin(&shared.settings), "topics")?;
    let mut backoff = Backoff::default();
    while !shared.stopping() {
        match check_once(shared, &client) {
            Err(error @ Error::Client { .. }) => {
                tracing::warn!(stage = shared.topology.stage, %error, "waiting for the brokers");
                backoff.wait(shared);
            }
            result => return result.map(|()| true),
        }
    }
    Ok(false)
}

fn check_once(
    shared: &Shared,
    client: &rdkafka::consumer::BaseConsumer<crate::context::Plain>,
) -> Result<(), Error> {
    let partitions = |topic: &str| {
        partition_count(client, topic)?.ok_or_else(|| Error::MissingTopic { topic: topic.to_owned() })
    };
    let tables = shared.topology.tables.iter().map(|table| shared.settings.topic(table));
    for topic in shared.inputs.iter().cloned().chain(tables) {
        partitions(&topic)?;
    }
    if shared.topology.stateful
        && let Some(input) = shared.inputs.first()
    {
        let changelog = shared.settings.topic(&shared.topology.changelog());
        check_copartitioned(&changelog, partitions(&changelog)?, input, partitions(input)?)?;
    }
    Ok(())
}

fn supervise<S: Stage + 'static>(
    shared: &Arc<Shared>,
    factory: impl Fn() -> S + Send + Sync + 'static,
) -> Result<(), Error> {
    let factory = Arc::new(factory);
    let (done, results) = mpsc::channel();
    let mut feeds = Vec::new();
    for number in 0..shared.settings.slots {
        let (chunks, feed) = mpsc::sync_channel(WAITING_CHUNKS);
        feeds.push(chunks);
        let (of_slot, factory) = (Arc::clone(shared), Arc::clone(&factory));
        let feed = Feed::new(feed, &shared.topology.tables);
        start(shared, &shared.slot_part(number), &done, move || {
            Slot::new(of_slot, number, factory(), feed).run()
        })?;
    }
    for table in &shared.topology.tables {
        let (of_table, table, feeds) = (Arc::clone(shared), table.clone(), feeds.clone());
        start(shared, &shared.table_part(&table), &done, move || {
            tables::follow(&of_table, &table, &feeds);
            Ok(())
        })?;
    }
    drop((done, feeds));
    wait(shared, &results)
}

fn start(
    shared: &Arc<Shared>,
    name: &str,
    done: &mpsc::Sender<Result<(), Error>>,
    body: impl FnOnce() -> Result<(), Error> + Send + 'static,
) -> Result<(), Error> {
    let (done, thread) = (done.clone(), name.to_owned());
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(body))
            .unwrap_or_else(|_| Err(Error::Thread { thread, reason: "it panicked".to_owned() }));
        // The supervisor may have given up waiting.
        let _ = done.send(result);
    });
    spawned.map(|_| ()).map_err(|error| {
        shared.failed.store(true, Ordering::Relaxed);
        Error::Thread { thread: name.to_owned(), reason: error.to_string() }
    })
}

/// Waits for the threads; once the stage is to stop, no longer than its drain budget.
fn wait(shared: &Shared, results: &mpsc::Receiver<Result<(), Error>>) -> Result<(), Error> {
    let budget_ms = u64::from(shared.settings.drain_ms);
    let mut deadline = None;
    let mut first_error = Ok(());
    loop {
        match results.recv_timeout(LOOK) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                shared.failed.store(true, Ordering::Relaxed);
                first_error = first_error.and(Err(error));
            }
            Err(RecvTimeoutError::Disconnected) => return first_error,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if shared.stopping() {
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + Duration::from_millis(budget_ms));
            if Instant::now() > deadline {
                let stage = shared.topology.stage.clone();
                return first_error.and(Err(Error::DrainExceeded { stage, budget_ms }));
            }
        }
    }
}
