//! Taking states over from the changelog, in slices between polls.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::context::Member;
use crate::error::Error;
use crate::log::Log;
use crate::record::Record;
use crate::shared::Shared;
use crate::stage::State;
use crate::states::Partition;

/// When a state is due, in the changelog: milliseconds since the epoch, 8 bytes, big endian.
pub(crate) const DUE_HEADER: &str = "due";

/// How long one slice may take.
const SLICE: Duration = Duration::from_millis(20);
const POLL: Duration = Duration::from_millis(1);
/// The previous owner's transaction may still be open: asked again until it is not.
const COMMITTED: Duration = Duration::from_millis(500);

/// Partitions whose states are on their way.
pub(crate) struct Restore<S> {
    partitions: BTreeMap<i32, Partition<S>>,
    /// Where each input partition goes on.
    starts: BTreeMap<i32, i64>,
    log: Option<Log>,
    started: Instant,
}

/// Partitions whose states are there.
pub(crate) struct Restored<S> {
    pub(crate) partitions: BTreeMap<i32, Partition<S>>,
    pub(crate) starts: BTreeMap<i32, i64>,
    pub(crate) seconds: f64,
}

impl<S: State> Restore<S> {
    pub(crate) fn new(partitions: impl IntoIterator<Item = i32>) -> Self {
        Self {
            partitions: partitions.into_iter().map(|number| (number, Partition::default())).collect(),
            starts: BTreeMap::new(),
            log: None,
            started: Instant::now(),
        }
    }

    pub(crate) fn revoke(&mut self, partition: i32) {
        self.partitions.remove(&partition);
    }

    /// Goes on for a slice; true when everything is there.
    pub(crate) fn step(&mut self, shared: &Shared, member: &BaseConsumer<Member>) -> Result<bool, Error> {
        if self.partitions.is_empty() {
            return Ok(true);
        }
        let Some(log) = &mut self.log else {
            // First the offsets, then the changelog's end: the other way round misses the last transaction of
            // the previous owner, which becomes visible in between.
            if self.committed(shared, member)? {
                self.log = Some(self.open(shared)?);
            }
            return Ok(false);
        };
        let until = Instant::now() + SLICE;
        while Instant::now() < until {
            let Some(message) = log.poll(POLL)? else {
                if log.caught_up()? {
                    return Ok(true);
                }
                continue;
            };
            let Some(partition) = self.partitions.get_mut(&message.partition()) else { continue };
            let record = Record::of(&message, "");
            let Some(key) = record.key else { continue };
            let due = record.headers.get(DUE_HEADER).and_then(|due| due.try_into().ok());
            partition.store.apply(key, record.value.map(Box::from), due.map(i64::from_be_bytes));
        }
        Ok(false)
    }

    /// Waits for offsets that no open transaction can change any more.
    fn committed(&mut self, shared: &Shared, member: &BaseConsumer<Member>) -> Result<bool, Error> {
        if shared.settings.is_embedded() {
            return Ok(true);
        }
        let Some(input) = shared.inputs.first() else { return Ok(true) };
        let mut list = TopicPartitionList::new();
        for partition in self.partitions.keys() {
            list.add_partition(input, *partition);
        }
        let offsets = match member.committed_offsets(list, COMMITTED) {
            Ok(offsets) => offsets,
            Err(error) => {
                tracing::debug!(%error, "committed offsets are not there yet");
                return Ok(false);
            }
        };
        for element in offsets.elements() {
            if element.error().is_err() {
                return Ok(false);
            }
            if let Offset::Offset(offset) = element.offset() {
                self.starts.insert(element.partition(), offset);
            }
        }
        Ok(true)
    }

    fn open(&self, shared: &Shared) -> Result<Log, Error> {
        let (settings, topology) = (&shared.settings, &shared.topology);
        let changelog = settings.topic(&topology.changelog());
        let partitions: Vec<_> =
            self.partitions.keys().map(|partition| (changelog.clone(), *partition, None)).collect();
        let name = format!("{}-restore", settings.transactional_id(&topology.stage, 0));
        Log::open(settings, &name, &settings.group(&topology.stage), &partitions)
    }

    pub(crate) fn finish(self) -> Restored<S> {
        Restored {
            partitions: self.partitions,
            starts: self.starts,
            seconds: self.started.elapsed().as_secs_f64(),
        }
    }
}
