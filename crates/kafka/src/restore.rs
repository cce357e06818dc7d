//! Taking partitions over, in slices between polls: where each goes on, then its states from the changelog.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::assignment::Place;
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
/// Other partitions are read meanwhile.
const COMMITTED_PAUSE: Duration = Duration::from_millis(100);

/// Partitions that are not read yet.
pub(crate) struct Restore<S> {
    places: Vec<Place>,
    /// Where they go on: `None` before it is known.
    starts: Option<BTreeMap<Place, i64>>,
    /// The states of those that have some.
    states: BTreeMap<i32, Partition<S>>,
    /// When the brokers were last asked for the starts.
    asked: Option<Instant>,
    log: Option<Log>,
    started: Instant,
}

/// Partitions that can be read.
pub(crate) struct Restored<S> {
    /// Where each goes on; `None` where its group never was.
    pub(crate) starts: Vec<(Place, Option<i64>)>,
    pub(crate) states: BTreeMap<i32, Partition<S>>,
    pub(crate) seconds: f64,
}

impl<S: State> Restore<S> {
    pub(crate) fn new(places: Vec<Place>, shared: &Shared) -> Self {
        let stateful = places.iter().filter(|place| shared.is_stateful(place.0));
        let states = stateful.map(|place| (place.1, Partition::default())).collect();
        Self { places, starts: None, states, asked: None, log: None, started: Instant::now() }
    }

    pub(crate) fn revoke(&mut self, place: Place, shared: &Shared) {
        self.places.retain(|other| *other != place);
        if shared.is_stateful(place.0) {
            self.states.remove(&place.1);
        }
    }

    /// Goes on for a slice; true when everything is there.
    pub(crate) fn step(&mut self, shared: &Shared, member: &BaseConsumer<Member>) -> Result<bool, Error> {
        if self.places.is_empty() {
            return Ok(true);
        }
        if self.starts.is_none() {
            if self.asked.is_some_and(|at| at.elapsed() < COMMITTED_PAUSE) {
                return Ok(false);
            }
            // First the offsets, then the changelog's end: the other way round misses the last transaction of
            // the previous owner, which becomes visible in between.
            self.starts = self.committed(shared, member);
            self.asked = Some(Instant::now());
            return Ok(self.starts.is_some() && self.states.is_empty());
        }
        if self.states.is_empty() {
            return Ok(true);
        }
        let Some(log) = &mut self.log else {
            self.log = Some(self.open(shared)?);
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
            let Some(partition) = self.states.get_mut(&message.partition()) else { continue };
            let record = Record::of(&message, "");
            let Some(key) = record.key else { continue };
            let due = record.headers.get(DUE_HEADER).and_then(|due| due.try_into().ok());
            partition.store.apply(key, record.value.map(Box::from), due.map(i64::from_be_bytes));
        }
        Ok(false)
    }

    /// Where the group has come to, once no open transaction can change it any more. librdkafka would ask by itself, but
    /// gives a partition up, or begins it anew, when the next rebalance overtakes its question.
    fn committed(&self, shared: &Shared, member: &BaseConsumer<Member>) -> Option<BTreeMap<Place, i64>> {
        let topics = self.places.iter().filter_map(|place| Some((*place, shared.inputs.get(place.0)?)));
        if let Some(positions) = &shared.settings.positions {
            let group = shared.settings.group(&shared.topology.stage);
            let start = |(place, topic): (Place, &String)| {
                (place, positions.get(&group, topic, place.1).unwrap_or(0))
            };
            return Some(topics.map(start).collect());
        }
        let mut list = TopicPartitionList::new();
        for (place, topic) in topics {
            list.add_partition(topic, place.1);
        }
        let known = member.committed_offsets(list, COMMITTED).and_then(|offsets| {
            let mut starts = BTreeMap::new();
            for element in offsets.elements() {
                element.error()?;
                if let (Offset::Offset(offset), Some(place)) =
                    (element.offset(), shared.place(element.topic(), element.partition()))
                {
                    starts.insert(place, offset);
                }
            }
            Ok(starts)
        });
        let stage = &shared.topology.stage;
        known.inspect_err(|error| tracing::info!(stage, %error, "the group's offsets are not there yet")).ok()
    }

    fn open(&self, shared: &Shared) -> Result<Log, Error> {
        let (settings, topology) = (&shared.settings, &shared.topology);
        let changelog = settings.topic(&topology.changelog());
        let partitions: Vec<_> =
            self.states.keys().map(|partition| (changelog.clone(), *partition, None)).collect();
        let name = format!("{}-restore", settings.transactional_id(&topology.stage, 0));
        Log::open(settings, &name, &settings.group(&topology.stage), &partitions)
    }

    pub(crate) fn finish(self) -> Restored<S> {
        let starts = self.starts.unwrap_or_default();
        Restored {
            starts: self.places.into_iter().map(|place| (place, starts.get(&place).copied())).collect(),
            states: self.states,
            seconds: self.started.elapsed().as_secs_f64(),
        }
    }
}
