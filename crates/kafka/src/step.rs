//! One transaction of a slot: from its first record to the commit or the abort.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, OwnedHeaders};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::assignment::{Assignment, Verdict};
use crate::context::Member;
use crate::engine::{Entangled, Tally};
use crate::outputs::{Output, Times};
use crate::record::Record;
use crate::restore::DUE_HEADER;
use crate::slot::{Broken, Slot, unless};
use crate::stage::Stage;
use crate::states::Change;
use crate::txn::{Failure, Producer, Send, Transaction, with};

/// Deadlines and sweeps in one transaction: the input must not wait long.
const TIMERS: usize = 500;
const TIMERS_TIME: Duration = Duration::from_millis(50);
/// Records between two looks at the delivery reports.
const SERVE_EVERY: usize = 64;
/// Longest pause after aborts in a row.
const ABORT_PAUSE_MAX_MS: u64 = 2_000;

/// Why a transaction does not commit.
enum Trouble {
    /// It is aborted and its records come again.
    Abort(String),
    /// The clients are dropped.
    Break(Broken),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Abortable(error) => Self::Abort(error.to_string()),
            Failure::Fatal(error) => Self::Break(Broken(error.to_string())),
        }
    }
}

impl From<Entangled> for Trouble {
    fn from(_: Entangled) -> Self {
        Self::Abort("a record has to be undone together with others".to_owned())
    }
}

impl From<Broken> for Trouble {
    fn from(broken: Broken) -> Self {
        Self::Break(broken)
    }
}

/// What a transaction holds.
struct Batch {
    started: Instant,
    records: usize,
    timers: usize,
    bytes: usize,
}

/// When the states of a partition are looked at; none before anything of it was read.
pub(crate) fn times(assignment: &Assignment, partition: i32, now_ms: i64) -> Option<Times> {
    let read_to_ms = assignment.read_to_ms((0, partition), now_ms)?;
    Some(Times { now_ms, read_to_ms })
}

impl<S: Stage> Slot<S> {
    /// Whether a record is to be handled at all.
    pub(crate) fn wants(
        &self,
        assignment: &mut Assignment,
        message: &BorrowedMessage<'_>,
    ) -> Result<bool, Broken> {
        let Some(place) = self.place_of(message) else { return Ok(false) };
        match assignment.look(place, rdkafka::Message::offset(message)) {
            Verdict::Take => Ok(true),
            Verdict::Drop => Ok(false),
            Verdict::Astray => Err(Broken("the consumer did not go back to where it was told".to_owned())),
        }
    }

    /// Handles what is there, in one transaction.
    pub(crate) fn transact(
        &mut self,
        consumer: &BaseConsumer<Member>,
        producer: &mut Producer,
        assignment: &mut Assignment,
        first: Option<BorrowedMessage<'_>>,
    ) -> Result<(), Broken> {
        let txn = match producer.begin() {
            Ok(txn) => txn,
            Err(Failure::Abortable(error) | Failure::Fatal(error)) => return Err(Broken(error.to_string())),
        };
        let mut batch = Batch { started: Instant::now(), records: 0, timers: 0, bytes: 0 };
        let filled = self
            .fill(consumer, &txn, assignment, first, &mut batch)
            .and_then(|()| self.changes(&txn, &batch));
        let (txn, trouble) = match filled {
            Ok(changes) => match self.commit(consumer, txn, assignment) {
                Ok(seconds) => {
                    self.committed(assignment, changes, seconds);
                    self.isolate = self.isolate.saturating_sub(batch.records.max(batch.timers));
                    return Ok(());
                }
                Err((txn, trouble)) => (txn, trouble),
            },
            Err(trouble) => (txn, trouble),
        };
        match trouble {
            Trouble::Break(broken) => Err(broken),
            Trouble::Abort(reason) => self.abort(consumer, txn, assignment, &reason),
        }
    }

    fn fill(
        &mut self,
        consumer: &BaseConsumer<Member>,
        txn: &Transaction<'_>,
        assignment: &mut Assignment,
        first: Option<BorrowedMessage<'_>>,
        batch: &mut Batch,
    ) -> Result<(), Trouble> {
        if let Some(message) = first {
            self.take(txn, assignment, &message, batch)?;
        }
        self.timers(txn, assignment, batch)?;
        while !consumer.context().pending() && !self.shared.stopping() && !self.is_full(batch) {
            match consumer.poll(Duration::ZERO) {
                // The input is drained: what there is becomes visible now.
                None => break,
                Some(Ok(message)) => {
                    if self.wants(assignment, &message)? {
                        self.take(txn, assignment, &message, batch)?;
                    }
                }
                Some(Err(error)) => self.weigh(&error, assignment)?,
            }
            if batch.records.is_multiple_of(SERVE_EVERY) {
                txn.poll();
            }
        }
        Ok(())
    }

    fn is_full(&self, batch: &Batch) -> bool {
        let (settings, metrics) = (&self.shared.settings, &self.shared.metrics);
        let interval = Duration::from_millis(u64::from(settings.commit_interval_ms));
        let limit = if batch.records >= settings.batch_records {
            "batch_records"
        } else if batch.bytes >= settings.batch_bytes {
            "batch_bytes"
        } else if batch.started.elapsed() >= interval {
            "commit_interval"
        } else {
            return self.isolate > 0 && batch.records + batch.timers > 0;
        };
        metrics.limit(limit);
        true
    }

    fn take(
        &mut self,
        txn: &Transaction<'_>,
        assignment: &mut Assignment,
        message: &BorrowedMessage<'_>,
        batch: &mut Batch,
    ) -> Result<(), Trouble> {
        let Some(place) = self.place_of(message) else { return Ok(()) };
        let shared = Arc::clone(&self.shared);
        let topic = if place.0 == 0 {
            shared.topology.input.as_str()
        } else {
            shared.topology.also.get(place.0 - 1).map_or("", String::as_str)
        };
        let record = Record::of(message, topic);
        if shared.settings.is_embedded()
            && let Some(gone) = assignment.gap(place, record.offset)
        {
            tracing::error!(topic, partition = place.1, gone, "the embedded broker dropped unread records");
            shared.metrics.lost.inc_by(u64::try_from(gone).unwrap_or(0));
        }
        batch.records += 1;
        batch.bytes += record.bytes();
        // First of all: whatever happens to the record, an abort must bring it back.
        let now_ms = (shared.host.clock)();
        let timestamp_ms = if record.timestamp_ms > 0 { record.timestamp_ms } else { now_ms };
        assignment.handled(place, record.offset, timestamp_ms);
        let times = Times { now_ms, read_to_ms: assignment.read_to_ms(place, now_ms).unwrap_or(now_ms) };
        self.engine.handle(&record, times)?;
        self.send_outputs(txn, batch)
    }

    fn timers(
        &mut self,
        txn: &Transaction<'_>,
        assignment: &Assignment,
        batch: &mut Batch,
    ) -> Result<(), Trouble> {
        let limit = if self.isolate > 0 { 1 } else { TIMERS };
        let until = Instant::now() + TIMERS_TIME;
        let clock = Arc::clone(&self.shared.host.clock);
        while batch.timers < limit && Instant::now() < until {
            let now_ms = clock();
            let times = |partition| times(assignment, partition, now_ms);
            if !self.engine.due(times)? && !self.engine.sweep(times)? {
                break;
            }
            batch.timers += 1;
            self.send_outputs(txn, batch)?;
        }
        Ok(())
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(u64::from(self.shared.settings.transaction_timeout_ms))
    }

    fn send_outputs(&mut self, txn: &Transaction<'_>, batch: &mut Batch) -> Result<(), Trouble> {
        let patience = self.patience();
        let (outputs, trace) = self.engine.outputs();
        let topology = &self.shared.topology;
        for output in outputs {
            let topic = self
                .topics
                .entry(Arc::clone(&output.topic))
                .or_insert_with(|| self.shared.settings.topic(&output.topic));
            batch.bytes += output.bytes();
            let send = Send {
                topic,
                partition: None,
                key: output.key.as_deref(),
                value: output.value.as_deref(),
                headers: headers(output, &topology.stage, &topology.version, trace),
            };
            if txn.send(send, patience)? {
                self.shared.metrics.limit("send_queue");
            }
        }
        Ok(())
    }

    /// Writes the last version of each changed state to the changelog, in the partition of its input.
    fn changes(&mut self, txn: &Transaction<'_>, batch: &Batch) -> Result<Vec<(i32, Vec<Change>)>, Trouble> {
        let changes = match self.engine.changes() {
            Ok(changes) => changes,
            Err(error) if batch.records == 1 => {
                self.engine.condemn_last(error.to_string());
                return Err(Trouble::Abort("a state cannot be written".to_owned()));
            }
            Err(_) => {
                self.isolate = batch.records.max(batch.timers);
                return Err(Trouble::Abort("one of the states cannot be written".to_owned()));
            }
        };
        let patience = self.patience();
        let changelog = self.shared.settings.topic(&self.shared.topology.changelog());
        for (number, changes) in &changes {
            for change in changes {
                let mut headers = OwnedHeaders::new();
                if let Some(due_ms) = change.due_ms {
                    headers = with(headers, DUE_HEADER, &due_ms.to_be_bytes());
                }
                let send = Send {
                    topic: &changelog,
                    partition: Some(*number),
                    key: Some(&change.key),
                    value: change.value.as_deref(),
                    headers,
                };
                txn.send(send, patience)?;
            }
        }
        Ok(changes)
    }

    /// Commits; returns how long it took in seconds.
    fn commit<'t>(
        &self,
        consumer: &BaseConsumer<Member>,
        txn: Transaction<'t>,
        assignment: &Assignment,
    ) -> Result<f64, (Transaction<'t>, Trouble)> {
        if consumer.context().lost() {
            return Err((txn, Trouble::Abort("the partitions were lost".to_owned())));
        }
        let mut offsets = TopicPartitionList::new();
        for (place, next) in assignment.next() {
            if let Some(topic) = self.shared.inputs.get(place.0).filter(|_| assignment.owns(*place)) {
                let added = offsets.add_partition_offset(topic, place.1, Offset::Offset(*next));
                if let Err(broken) = unless(added, "offsets") {
                    return Err((txn, Trouble::Break(broken)));
                }
            }
        }
        // The member's generation changes with each rebalance.
        let Some(group) = consumer.group_metadata() else {
            return Err((txn, Trouble::Break(Broken("the consumer has no group".to_owned()))));
        };
        let started = Instant::now();
        let offsets = (offsets.count() > 0).then_some((&offsets, &group));
        match txn.commit(offsets, self.patience()) {
            Ok(()) => Ok(started.elapsed().as_secs_f64()),
            Err((txn, failure)) => Err((txn, failure.into())),
        }
    }

    fn committed(&mut self, assignment: &mut Assignment, changes: Vec<(i32, Vec<Change>)>, seconds: f64) {
        let shared = Arc::clone(&self.shared);
        self.aborts_in_a_row = 0;
        if let Some(positions) = &shared.settings.positions {
            let group = shared.settings.group(&shared.topology.stage);
            for ((input, number), next) in assignment.next() {
                if let Some(topic) = shared.inputs.get(*input) {
                    positions.set(&group, topic, *number, *next);
                }
            }
        }
        assignment.committed();
        let tally = self.engine.committed(changes);
        self.count(&tally, seconds);
    }

    fn count(&self, tally: &Tally, seconds: f64) {
        let metrics = &self.shared.metrics;
        metrics.committed.inc();
        metrics.commit_seconds.observe(seconds);
        metrics.records_in.inc_by(tally.records);
        for (counter, count) in metrics.outcomes.iter().zip(tally.outcomes) {
            counter.inc_by(count);
        }
        metrics.dead_letters.inc_by(tally.dead_letters);
        metrics.faults.inc_by(tally.faults);
        for _ in 0..tally.cut_letters {
            metrics.limit("dead_letter_bytes");
        }
        for (topic, count) in &tally.outputs {
            metrics.output(topic).inc_by(*count);
        }
        let now_ms = (self.shared.host.clock)();
        for timestamp_ms in &tally.timestamps_ms {
            #[expect(clippy::cast_precision_loss, reason = "ages are far below 2^52 ms")]
            metrics.record_age_seconds.observe((now_ms - timestamp_ms).max(0) as f64 / 1e3);
        }
    }

    fn abort(
        &mut self,
        consumer: &BaseConsumer<Member>,
        txn: Transaction<'_>,
        assignment: &mut Assignment,
        reason: &str,
    ) -> Result<(), Broken> {
        let stage = &self.shared.topology.stage;
        tracing::warn!(stage, reason, "a transaction is aborted and its records are handled again");
        self.set_ready(false);
        if let Err(Failure::Abortable(error) | Failure::Fatal(error)) = txn.abort() {
            return Err(Broken(format!("abort: {error}")));
        }
        self.shared.metrics.aborted.inc();
        self.engine.aborted();
        let back = assignment.aborted();
        // Partitions that are about to be revoked are the next owner's.
        if !consumer.context().lost() {
            self.rewind(consumer, &back)?;
        }
        self.aborts_in_a_row = self.aborts_in_a_row.saturating_add(1);
        if self.aborts_in_a_row > 2 {
            let pause = 10_u64.saturating_mul(1 << self.aborts_in_a_row.min(10));
            std::thread::sleep(Duration::from_millis(pause.min(ABORT_PAUSE_MAX_MS)));
        }
        Ok(())
    }
}

/// The headers of an output: the stage's own, then the runtime's.
fn headers(output: &Output, stage: &str, version: &str, trace: &str) -> OwnedHeaders {
    let mut headers = OwnedHeaders::new_with_capacity(output.headers.len() + 3);
    for (name, value) in &output.headers {
        headers = with(headers, name, value);
    }
    headers = with(headers, "quaywatch-stage", stage.as_bytes());
    headers = with(headers, "quaywatch-version", version.as_bytes());
    if output.headers.iter().any(|(name, _)| name == "traceparent") {
        return headers;
    }
    with(headers, "traceparent", trace.as_bytes())
}
