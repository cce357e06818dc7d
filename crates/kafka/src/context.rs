//! Callbacks of librdkafka: they note what happened; the slot's loop acts on it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;

/// A change of the partitions that this member owns.
#[derive(Debug)]
pub(crate) enum Event {
    Assign(TopicPartitionList),
    /// `lost`: somebody else may own them already.
    Revoke {
        partitions: TopicPartitionList,
        lost: bool,
    },
}

/// The context of a group member.
#[derive(Default)]
pub(crate) struct Member {
    events: Mutex<VecDeque<Event>>,
    pending: AtomicBool,
    lost: AtomicBool,
    closing: AtomicBool,
}

impl Member {
    /// From now on the callback answers by itself: nobody looks at events any more. One that waits is answered now, or the
    /// consumer waits for it for ever.
    pub(crate) fn close(consumer: &BaseConsumer<Self>) {
        let member = consumer.context();
        member.closing.store(true, Ordering::Release);
        while let Some(event) = member.next() {
            if let Event::Revoke { partitions, .. } = event {
                give_back(consumer, &partitions);
            }
        }
    }

    pub(crate) fn pending(&self) -> bool {
        self.pending.load(Ordering::Acquire)
    }

    /// Partitions of the open transaction may belong to somebody else.
    pub(crate) fn lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    pub(crate) fn next(&self) -> Option<Event> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let event = events.pop_front();
        if events.is_empty() {
            self.pending.store(false, Ordering::Release);
            self.lost.store(false, Ordering::Release);
        }
        event
    }
}

impl ClientContext for Member {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, _: &str) {
        // The end of an input is news for its slot alone.
        let is_end = matches!(error, KafkaError::Global(RDKafkaErrorCode::PartitionEOF));
        if !is_end {
            tracing::warn!(%error, "consumer");
        }
    }
}

impl ConsumerContext for Member {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        code: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let assign = matches!(code, RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS);
        if self.closing.load(Ordering::Acquire) {
            if !assign {
                give_back(consumer, partitions);
            }
            return;
        }
        let event = if assign {
            Event::Assign(partitions.clone())
        } else {
            let lost = consumer.assignment_lost();
            self.lost.fetch_or(lost, Ordering::AcqRel);
            Event::Revoke { partitions: partitions.clone(), lost }
        };
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push_back(event);
        self.pending.store(true, Ordering::Release);
    }
}

/// Gives back what is read of these partitions; the others were never taken.
fn give_back(consumer: &BaseConsumer<Member>, partitions: &TopicPartitionList) {
    let read = consumer.assignment().unwrap_or_default();
    let mut list = TopicPartitionList::new();
    for element in partitions.elements() {
        if read.find_partition(element.topic(), element.partition()).is_some() {
            list.add_partition(element.topic(), element.partition());
        }
    }
    // An unassignment that fails here belongs to a consumer that is going away.
    let _ = consumer.incremental_unassign(&list);
}

/// The context of a client without a group.
#[derive(Default)]
pub(crate) struct Plain;

impl ClientContext for Plain {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, _: &str) {
        tracing::warn!(%error, "client");
    }
}

impl ConsumerContext for Plain {}

/// librdkafka's log, with its levels.
pub(crate) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => tracing::warn!(target: "librdkafka", facility, "{message}"),
        RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice => {
            tracing::info!(target: "librdkafka", facility, "{message}");
        }
        RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
            tracing::debug!(target: "librdkafka", facility, "{message}");
        }
    }
}
