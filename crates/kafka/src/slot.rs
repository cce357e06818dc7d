//! A slot: one thread with a consumer, a transactional producer and the states of its partitions.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList, TopicPartitionListElem};

use crate::assignment::{Assignment, Place};
use crate::config;
use crate::context::{Event, Member};
use crate::engine::Engine;
use crate::error::Error;
use crate::log::{REQUEST, is_transient};
use crate::restore::Restore;
use crate::shared::{Backoff, Shared};
use crate::stage::Stage;
use crate::step::times;
use crate::tables::Feed;
use crate::txn::{Connected, Producer};

/// The longest wait for a record: rebalances, tables and deadlines are looked at in between.
const IDLE_WAIT: Duration = Duration::from_millis(50);
/// The same while partitions are taken over.
const RESTORE_WAIT: Duration = Duration::from_millis(1);
/// How often gauges are set.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// A session that lasted so long had no lasting trouble.
const HEALTHY: Duration = Duration::from_secs(30);

/// Why a session cannot go on: its clients are dropped and made anew.
#[derive(Debug)]
pub(crate) struct Broken(pub(crate) String);

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

/// The clients of a slot, and what they own.
pub(crate) struct Session<S: Stage> {
    pub(crate) consumer: BaseConsumer<Member>,
    pub(crate) producer: Producer,
    /// The brokers finish a transaction after they have confirmed it, and meanwhile put off the next one of the same
    /// producer by 20 ms: so two take turns.
    resting: Producer,
    pub(crate) assignment: Assignment,
    restores: Vec<Restore<S::State>>,
    joined: bool,
    reported: Option<Instant>,
}

pub(crate) struct Slot<S: Stage> {
    pub(crate) shared: Arc<Shared>,
    number: usize,
    part: String,
    pub(crate) engine: Engine<S>,
    tables: Feed,
    /// Full names of output topics.
    pub(crate) topics: HashMap<Arc<str>, String>,
    /// So many records get a transaction of their own, to find the one that spoils it.
    pub(crate) isolate: usize,
    pub(crate) aborts_in_a_row: u32,
    /// No broker answers: looked at again with each report.
    pub(crate) outage: bool,
}

impl<S: Stage> Slot<S> {
    pub(crate) fn new(shared: Arc<Shared>, number: usize, stage: S, tables: Feed) -> Self {
        let topology = &shared.topology;
        let letters = Arc::clone(&topology.letters);
        let engine = Engine::new(stage, &topology.stage, &topology.input, letters);
        let part = shared.slot_part(number);
        let topics = HashMap::new();
        Self { shared, number, part, engine, tables, topics, isolate: 0, aborts_in_a_row: 0, outage: false }
    }

    /// Runs until the stage stops; trouble with Kafka never ends it.
    pub(crate) fn run(&mut self) -> Result<(), Error> {
        while !self.tables.is_complete() && !self.shared.stopping() {
            self.tables.serve(&mut self.engine, IDLE_WAIT);
        }
        let mut backoff = Backoff::default();
        while !self.shared.stopping() {
            let broken = match self.connect() {
                Ok(Some(mut session)) => {
                    let started = Instant::now();
                    let end = self.serve(&mut session);
                    self.set_ready(false);
                    let Err(broken) = end else { return self.close(session) };
                    self.shared.metrics.rebuilds.inc();
                    self.give_up(session);
                    if started.elapsed() > HEALTHY {
                        backoff.reset();
                    }
                    broken
                }
                Ok(None) => continue,
                Err(error) => Broken::from(error),
            };
            let stage = &self.shared.topology.stage;
            tracing::warn!(stage, slot = self.number, reason = broken.0, "the slot is built anew");
            backoff.wait(&self.shared);
            self.tables.serve(&mut self.engine, Duration::ZERO);
        }
        Ok(())
    }

    pub(crate) fn set_ready(&self, ready: bool) {
        self.shared.host.readiness.set(&self.part, ready);
    }

    /// Fences the predecessor, then joins the group. `None`: the stage stops.
    fn connect(&mut self) -> Result<Option<Session<S>>, Error> {
        let shared = Arc::clone(&self.shared);
        let (settings, stage) = (&shared.settings, &shared.topology.stage);
        let id = settings.transactional_id(stage, self.number);
        let Some(producer) = self.fence(&id)? else { return Ok(None) };
        let Some(resting) = self.fence(&format!("{id}-b"))? else { return Ok(None) };
        let config = config::member(settings, stage, self.number);
        let consumer = BaseConsumer::from_config_and_context(&config, Member::default())
            .map_err(Error::client(format!("consumer {id}")))?;
        let topics: Vec<&str> = shared.inputs.iter().map(String::as_str).collect();
        consumer.subscribe(&topics).map_err(Error::client(format!("subscription of {id}")))?;
        Ok(Some(Session {
            consumer,
            producer,
            resting,
            assignment: Assignment::default(),
            restores: Vec::new(),
            joined: false,
            reported: None,
        }))
    }

    /// A producer whose predecessor has been fenced. `None`: the stage stops.
    fn fence(&mut self, id: &str) -> Result<Option<Producer>, Error> {
        let shared = Arc::clone(&self.shared);
        let mut connected = Connected::new(&shared.settings, id)?;
        loop {
            match connected.init() {
                Ok(producer) => return Ok(Some(producer)),
                Err((Some(again), error)) if !shared.stopping() => {
                    tracing::warn!(stage = shared.topology.stage, slot = self.number, %error, "waiting for the brokers");
                    connected = again;
                    self.tables.serve(&mut self.engine, Duration::ZERO);
                }
                Err((Some(_), _)) => return Ok(None),
                Err((None, source)) => {
                    return Err(Error::Client { what: format!("fencing of {id}"), source });
                }
            }
        }
    }

    fn serve(&mut self, session: &mut Session<S>) -> Result<(), Broken> {
        while !self.shared.stopping() {
            while let Some(event) = session.consumer.context().next() {
                self.rebalance(session, event)?;
            }
            self.tables.serve(&mut self.engine, Duration::ZERO);
            self.restore(session)?;
            self.report(session);
            let now_ms = (self.shared.host.clock)();
            let times = |partition| times(&session.assignment, partition, now_ms);
            let due_in = self.engine.idle_ms(times).unwrap_or(i64::MAX);
            let timers = due_in <= 0;
            let wait = if timers {
                Duration::ZERO
            } else if !session.restores.is_empty() {
                RESTORE_WAIT
            } else {
                IDLE_WAIT.min(Duration::from_millis(u64::try_from(due_in).unwrap_or(u64::MAX)))
            };
            match session.consumer.poll(wait) {
                Some(Ok(message)) if !self.wants(&mut session.assignment, &message)? => {}
                Some(Ok(message)) => {
                    let (consumer, producer) = (&session.consumer, &mut session.producer);
                    self.transact(consumer, producer, &mut session.assignment, Some(message))?;
                    std::mem::swap(&mut session.producer, &mut session.resting);
                }
                Some(Err(error)) => self.weigh(&error, &mut session.assignment)?,
                None if timers => {
                    let (consumer, producer) = (&session.consumer, &mut session.producer);
                    self.transact(consumer, producer, &mut session.assignment, None)?;
                    std::mem::swap(&mut session.producer, &mut session.resting);
                }
                None => {}
            }
            session.producer.poll();
            session.resting.poll();
        }
        Ok(())
    }

    /// Tells a consumer's errors that pass from those that do not, and takes note of the end of an input.
    pub(crate) fn weigh(&mut self, error: &KafkaError, assignment: &mut Assignment) -> Result<(), Broken> {
        match error {
            // It does not say of which topic: stages that rest on it have one input.
            KafkaError::PartitionEOF(partition) => {
                assignment.at_end((0, *partition));
                Ok(())
            }
            KafkaError::MessageConsumptionFatal(_) => Err(Broken(error.to_string())),
            KafkaError::MessageConsumption(RDKafkaErrorCode::AllBrokersDown)
            | KafkaError::Global(RDKafkaErrorCode::AllBrokersDown) => {
                self.outage = true;
                self.set_ready(false);
                Ok(())
            }
            error => {
                if !is_transient(error) {
                    tracing::warn!(stage = self.shared.topology.stage, %error, "consumer");
                }
                Ok(())
            }
        }
    }

    pub(crate) fn place_of(&self, message: &impl rdkafka::Message) -> Option<Place> {
        self.shared.place(message.topic(), message.partition())
    }

    fn rebalance(&mut self, session: &mut Session<S>, event: Event) -> Result<(), Broken> {
        match event {
            Event::Assign(list) => self.assign(session, &list),
            Event::Revoke { partitions, lost } => {
                let stage = &self.shared.topology.stage;
                tracing::info!(stage, slot = self.number, partitions = partitions.count(), lost, "revoked");
                let mut read = TopicPartitionList::new();
                for element in partitions.elements() {
                    let (topic, number) = (element.topic(), element.partition());
                    let Some(place) = self.shared.place(topic, number) else { continue };
                    if session.assignment.revoke(place) {
                        read.add_partition(topic, number);
                    }
                    session.restores.iter_mut().for_each(|restore| restore.revoke(place, &self.shared));
                    self.shared.metrics.forget_lag(self.shared.settings.logical(topic), number);
                    if self.shared.is_stateful(place.0) {
                        self.engine.disown(number);
                        self.shared.metrics.forget_state(number);
                    }
                }
                unless(session.consumer.incremental_unassign(&read), "unassignment")
            }
        }
    }

    /// Takes partitions over. They are read once it is known where they go on, and their states are there; the group need
    /// not wait for that.
    fn assign(&mut self, session: &mut Session<S>, list: &TopicPartitionList) -> Result<(), Broken> {
        let (stage, partitions) = (&self.shared.topology.stage, list.count());
        tracing::info!(stage, slot = self.number, partitions, "assigned");
        let place =
            |element: &TopicPartitionListElem<'_>| self.shared.place(element.topic(), element.partition());
        let places: Vec<Place> = list.elements().iter().filter_map(place).collect();
        for place in &places {
            session.assignment.assign(*place);
        }
        unless(session.consumer.incremental_assign(&TopicPartitionList::new()), "assignment")?;
        if !places.is_empty() {
            session.restores.push(Restore::new(places, &self.shared));
        }
        session.joined = true;
        Ok(())
    }

    fn restore(&mut self, session: &mut Session<S>) -> Result<(), Broken> {
        let mut waiting = Vec::new();
        for mut restore in std::mem::take(&mut session.restores) {
            match restore.step(&self.shared, &session.consumer) {
                Ok(false) => waiting.push(restore),
                Ok(true) => self.restored(session, restore)?,
                // The brokers are away or the changelog cannot be read: from the start, with a pause.
                Err(error) => return Err(Broken::from(error)),
            }
        }
        session.restores.extend(waiting);
        Ok(())
    }

    fn restored(&mut self, session: &mut Session<S>, restore: Restore<S::State>) -> Result<(), Broken> {
        let shared = Arc::clone(&self.shared);
        let restored = restore.finish();
        let mut list = TopicPartitionList::new();
        for (place, start) in restored.starts {
            let Some(topic) = shared.inputs.get(place.0) else { continue };
            let offset = start.map_or(Offset::Beginning, Offset::Offset);
            unless(list.add_partition_offset(topic, place.1, offset), "assignment")?;
            session.assignment.start(place, start);
        }
        if !restored.states.is_empty() {
            let (partitions, seconds) = (restored.states.len(), restored.seconds);
            shared.metrics.restore_seconds.set(seconds);
            let stage = &shared.topology.stage;
            tracing::info!(stage, slot = self.number, partitions, seconds, "states are restored");
        }
        for (number, states) in restored.states {
            self.engine.own(number, states, !shared.topology.tables.is_empty());
        }
        unless(session.consumer.incremental_assign(&list), "assignment")
    }

    /// Goes back to where a partition's records are still to be handled.
    pub(crate) fn rewind(
        &self,
        consumer: &BaseConsumer<Member>,
        back: &[(Place, i64)],
    ) -> Result<(), Broken> {
        if back.is_empty() {
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        for ((input, number), offset) in back {
            let Some(topic) = self.shared.inputs.get(*input) else { continue };
            unless(list.add_partition_offset(topic, *number, Offset::Offset(*offset)), "rewind")?;
        }
        let list = consumer.seek_partitions(list, REQUEST).map_err(|error| Broken(error.to_string()))?;
        for element in list.elements() {
            unless(element.error(), "rewind")?;
        }
        Ok(())
    }

    fn report(&mut self, session: &mut Session<S>) {
        let ready = session.joined && session.assignment.is_started() && !self.outage;
        self.set_ready(ready);
        if session.reported.is_some_and(|at| at.elapsed() < REPORT_EVERY) {
            return;
        }
        session.reported = Some(Instant::now());
        if self.outage {
            let topic = self.shared.inputs.first().map(String::as_str);
            self.outage = session.consumer.fetch_metadata(topic, REPORT_EVERY).is_err();
        }
        for (number, partition) in self.engine.partitions() {
            self.shared.metrics.state(number, partition.store.len(), partition.store.bytes());
        }
        let Ok(positions) = session.consumer.position() else { return };
        for (input, number) in session.assignment.places() {
            let Some(topic) = self.shared.inputs.get(input) else { continue };
            let position = match positions.find_partition(topic, number).map(|found| found.offset()) {
                Some(Offset::Offset(position)) => Some(position),
                _ => session.assignment.expected((input, number)),
            };
            if let (Some(end), Some(position)) = (end_offset(&session.consumer, topic, number), position) {
                let logical = self.shared.settings.logical(topic);
                self.shared.metrics.lag(logical, number).set((end - position).max(0));
            }
        }
    }

    /// Drops clients that are of no use. Dropping may wait for a coordinator that is gone, so nobody waits for it.
    fn give_up(&mut self, session: Session<S>) {
        for (number, _) in self.engine.partitions() {
            self.shared.metrics.forget_state(number);
        }
        self.engine.aborted();
        self.engine.disown_all();
        Member::close(&session.consumer);
        let name = format!("{}-drop", self.part);
        let clients = (session.consumer, session.producer, session.resting);
        if let Err(error) = std::thread::Builder::new().name(name).spawn(move || drop(clients)) {
            tracing::error!(%error, "no thread to drop clients on");
        }
    }

    /// Leaves the group, so that the others take over at once.
    fn close(&mut self, session: Session<S>) -> Result<(), Error> {
        Member::close(&session.consumer);
        self.engine.disown_all();
        drop(session.restores);
        drop(session.consumer);
        drop((session.producer, session.resting));
        Ok(())
    }
}

/// The end of a partition as far as the consumer has heard.
fn end_offset(consumer: &BaseConsumer<Member>, topic: &str, partition: i32) -> Option<i64> {
    let topic = std::ffi::CString::new(topic).ok()?;
    let (mut low, mut high) = (-1, -1);
    #[expect(unsafe_code, reason = "rdkafka does not wrap the cached watermarks")]
    // SAFETY: the client outlives the call, the name is a C string and the numbers are written before it returns.
    let code = unsafe {
        rdkafka::bindings::rd_kafka_get_watermark_offsets(
            consumer.client().native_ptr(),
            topic.as_ptr(),
            partition,
            &raw mut low,
            &raw mut high,
        )
    };
    let known = matches!(code, rdkafka::types::RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR) && high >= 0;
    known.then_some(high)
}

pub(crate) fn unless<T>(result: Result<T, KafkaError>, what: &str) -> Result<(), Broken> {
    result.map(|_| ()).map_err(|error| Broken(format!("{what}: {error}")))
}
