//! Tables: topics read whole by every instance, then followed.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::time::Duration;

use rdkafka::message::Message as _;

use crate::engine::Engine;
use crate::error::Error;
use crate::log::{Log, whole_topics};
use crate::shared::{Backoff, Shared};
use crate::stage::{Stage, TableChange};

/// Changes handed over at once.
const CHUNK_CHANGES: usize = 1_000;
/// Chunks that wait for a slot; then the table's reader waits.
pub(crate) const WAITING_CHUNKS: usize = 16;
const POLL: Duration = Duration::from_millis(20);
const FULL_PAUSE: Duration = Duration::from_millis(2);

/// Changes of one table, in order.
#[derive(Debug)]
pub(crate) struct Chunk {
    table: String,
    changes: Vec<TableChange>,
    complete: bool,
}

/// Reads one table and hands its changes to every slot, until the stage stops.
pub(crate) fn follow(shared: &Shared, table: &str, slots: &[SyncSender<Arc<Chunk>>]) {
    let mut next: HashMap<i32, i64> = HashMap::new();
    let mut complete = false;
    let mut backoff = Backoff::default();
    while !shared.stopping() {
        match follow_once(shared, table, slots, &mut next, &mut complete) {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(stage = shared.topology.stage, table, %error, "the table's reader starts again");
                backoff.wait(shared);
            }
        }
    }
}

fn follow_once(
    shared: &Shared,
    table: &str,
    slots: &[SyncSender<Arc<Chunk>>],
    next: &mut HashMap<i32, i64>,
    complete: &mut bool,
) -> Result<(), Error> {
    let settings = &shared.settings;
    let mut partitions = whole_topics(settings, &[table])?;
    for (_, partition, start) in &mut partitions {
        *start = next.get(partition).copied();
    }
    let name = format!("{}-{table}", settings.transactional_id(&shared.topology.stage, 0));
    let mut log = Log::open(settings, &name, &settings.group(&shared.topology.stage), &partitions)?;
    let counter = shared.metrics.table(table);
    while !shared.stopping() {
        let changes = collect(&log, next)?;
        let now_complete = *complete || log.caught_up()?;
        if changes.is_empty() && now_complete == *complete {
            continue;
        }
        *complete = now_complete;
        counter.inc_by(changes.len() as u64);
        hand_over(shared, slots, Chunk { table: table.to_owned(), changes, complete: *complete });
        if *complete {
            shared.host.readiness.set(&shared.table_part(table), true);
        }
    }
    Ok(())
}

fn collect(log: &Log, next: &mut HashMap<i32, i64>) -> Result<Vec<TableChange>, Error> {
    let mut changes = Vec::new();
    while let Some(message) = log.poll(if changes.is_empty() { POLL } else { Duration::ZERO })? {
        next.insert(message.partition(), message.offset() + 1);
        // A table is keyed: what has no key says nothing.
        if let Some(key) = message.key() {
            changes.push(TableChange {
                key: key.to_vec(),
                value: message.payload().map(<[u8]>::to_vec),
                partition: message.partition(),
                offset: message.offset(),
            });
        }
        if changes.len() >= CHUNK_CHANGES {
            break;
        }
    }
    Ok(changes)
}

fn hand_over(shared: &Shared, slots: &[SyncSender<Arc<Chunk>>], chunk: Chunk) {
    let chunk = Arc::new(chunk);
    for slot in slots {
        let mut waiting = Arc::clone(&chunk);
        while let Err(TrySendError::Full(back)) = slot.try_send(waiting) {
            if shared.stopping() {
                return;
            }
            waiting = back;
            std::thread::sleep(FULL_PAUSE);
        }
    }
}

/// A slot's end of its tables.
pub(crate) struct Feed {
    chunks: Receiver<Arc<Chunk>>,
    incomplete: BTreeSet<String>,
}

impl Feed {
    pub(crate) fn new(chunks: Receiver<Arc<Chunk>>, tables: &[String]) -> Self {
        Self { chunks, incomplete: tables.iter().cloned().collect() }
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.incomplete.is_empty()
    }

    /// Hands everything that has come to the stage, waiting so long for the first.
    pub(crate) fn serve<S: Stage>(&mut self, engine: &mut Engine<S>, wait: Duration) {
        let mut chunk = self.chunks.recv_timeout(wait).ok();
        while let Some(next) = chunk {
            engine.table(&next.table, &next.changes, next.complete);
            if next.complete {
                self.incomplete.remove(&next.table);
            }
            chunk = self.chunks.try_recv().ok();
        }
        if self.is_complete() {
            engine.refresh();
        }
    }
}
