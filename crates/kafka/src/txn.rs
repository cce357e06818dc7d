//! The transactional producer as a type-state: `Producer` begins a `Transaction`, which ends by `commit` or
//! `abort`; one that is dropped poisons its producer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext, PurgeConfig};
use rdkafka::topic_partition_list::TopicPartitionList;

use crate::config;
use crate::error::Error;
use crate::settings::Settings;

/// One attempt of a transactional call.
const CALL: Duration = Duration::from_secs(5);
/// Attempts of a call that may be repeated; then its result is unknown and the client is given up.
const ATTEMPTS: u32 = 4;
/// One attempt of the fencing call: the slot comes back to see whether it is to stop.
const INIT: Duration = Duration::from_secs(5);
/// Pause between looks at the records in flight.
const DRAIN_PAUSE: Duration = Duration::from_micros(100);

/// What an error of a transactional call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The same call again.
    Retriable,
    /// Abort, rewind, go on.
    Abortable,
    /// The client is of no use any more.
    Fatal,
}

/// librdkafka's verdict; what it does not know counts as fatal.
pub(crate) fn classify(error: &KafkaError) -> Class {
    match error {
        KafkaError::Transaction(error) if error.is_fatal() => Class::Fatal,
        KafkaError::Transaction(error) if error.txn_requires_abort() => Class::Abortable,
        KafkaError::Transaction(error) if error.is_retriable() => Class::Retriable,
        KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut) => Class::Retriable,
        KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) => Class::Retriable,
        KafkaError::MessageProduction(
            RDKafkaErrorCode::Fatal | RDKafkaErrorCode::Fenced | RDKafkaErrorCode::State,
        ) => Class::Fatal,
        KafkaError::MessageProduction(_) => Class::Abortable,
        _ => Class::Fatal,
    }
}

/// Why a transaction could not go on.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It must be aborted; the producer lives on.
    Abortable(KafkaError),
    /// The producer must be dropped; whether a commit took effect is for the broker to say.
    Fatal(KafkaError),
}

impl Failure {
    fn of(error: KafkaError) -> Self {
        match classify(&error) {
            Class::Abortable => Self::Abortable(error),
            Class::Retriable | Class::Fatal => Self::Fatal(error),
        }
    }
}

/// Keeps what was not delivered: how much, and why the last one was not.
#[derive(Default)]
pub(crate) struct Deliveries {
    failed: AtomicU64,
    why: Mutex<Option<KafkaError>>,
}

impl ClientContext for Deliveries {
    fn error(&self, error: KafkaError, _: &str) {
        tracing::warn!(%error, "producer");
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.failed.fetch_add(1, Ordering::Relaxed);
            *self.why.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
        }
    }
}

/// A producer that has not fenced its predecessor yet.
pub(crate) struct Connected(BaseProducer<Deliveries>);

/// A producer that is the only live one of its transactional id.
pub(crate) struct Producer {
    client: Arc<BaseProducer<Deliveries>>,
    poisoned: bool,
}

impl Connected {
    pub(crate) fn new(settings: &Settings, transactional_id: &str) -> Result<Self, Error> {
        let config = config::transactional(settings, transactional_id);
        BaseProducer::from_config_and_context(&config, Deliveries::default())
            .map(Self)
            .map_err(Error::client(format!("producer {transactional_id}")))
    }

    /// Ends what a predecessor left open. On a retriable error the same producer may try again.
    pub(crate) fn init(self) -> Result<Producer, (Option<Self>, KafkaError)> {
        match self.0.init_transactions(INIT) {
            Ok(()) => Ok(Producer { client: Arc::new(self.0), poisoned: false }),
            Err(error) if classify(&error) == Class::Retriable => Err((Some(self), error)),
            Err(error) => Err((None, error)),
        }
    }
}

impl Producer {
    /// Opens a transaction.
    pub(crate) fn begin(&mut self) -> Result<Transaction<'_>, Failure> {
        if self.poisoned {
            return Err(Failure::Fatal(KafkaError::Canceled));
        }
        self.client.begin_transaction().map_err(Failure::of)?;
        let failed_before = self.client.context().failed.load(Ordering::Relaxed);
        Ok(Transaction { producer: self, failed_before, done: false })
    }

    /// Serves delivery reports between transactions.
    pub(crate) fn poll(&self) {
        self.client.poll(Duration::ZERO);
    }
}

/// What is sent, with headers that are made once.
pub(crate) struct Send<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: Option<i32>,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: OwnedHeaders,
}

/// Adds a header.
pub(crate) fn with(headers: OwnedHeaders, name: &str, value: &[u8]) -> OwnedHeaders {
    headers.insert(Header { key: name, value: Some(value) })
}

/// An open transaction.
pub(crate) struct Transaction<'p> {
    producer: &'p mut Producer,
    failed_before: u64,
    done: bool,
}

impl Transaction<'_> {
    fn client(&self) -> &BaseProducer<Deliveries> {
        &self.producer.client
    }

    /// Hands a record to the producer, waiting for room; says whether it had to wait.
    pub(crate) fn send(&self, send: Send<'_>, patience: Duration) -> Result<bool, Failure> {
        let mut record = BaseRecord::<[u8], [u8]>::to(send.topic).headers(send.headers);
        record.partition = send.partition;
        record.key = send.key;
        record.payload = send.value;
        let started = Instant::now();
        let mut waited = false;
        loop {
            match self.client().send(record) {
                Ok(()) => return Ok(waited),
                Err((error, back)) => match classify(&error) {
                    Class::Retriable if started.elapsed() < patience => record = back,
                    Class::Fatal => return Err(Failure::Fatal(error)),
                    Class::Retriable | Class::Abortable => return Err(Failure::Abortable(error)),
                },
            }
            waited = true;
            self.client().poll(Duration::from_millis(1));
        }
    }

    /// Serves delivery reports.
    pub(crate) fn poll(&self) {
        self.client().poll(Duration::ZERO);
    }

    /// Waits until nothing is in flight: a commit that finds something waits for 100 ms at a time.
    fn drain(&self, patience: Duration) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            self.client().poll(Duration::ZERO);
            if self.client().in_flight_count() == 0 {
                return Ok(());
            }
            if started.elapsed() > patience {
                return Err(Failure::Abortable(KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut)));
            }
            std::thread::sleep(DRAIN_PAUSE);
        }
    }

    /// Commits outputs and the offsets that come next.
    pub(crate) fn commit(
        mut self,
        offsets: Option<(&TopicPartitionList, &ConsumerGroupMetadata)>,
        patience: Duration,
    ) -> Result<(), (Self, Failure)> {
        match self.try_commit(offsets, patience) {
            Ok(()) => {
                self.done = true;
                Ok(())
            }
            Err(failure) => Err((self, failure)),
        }
    }

    fn try_commit(
        &self,
        offsets: Option<(&TopicPartitionList, &ConsumerGroupMetadata)>,
        patience: Duration,
    ) -> Result<(), Failure> {
        self.drain(patience)?;
        let deliveries = self.client().context();
        if deliveries.failed.load(Ordering::Relaxed) != self.failed_before {
            let why = deliveries.why.lock().unwrap_or_else(PoisonError::into_inner).take();
            return Err(Failure::Abortable(why.unwrap_or(KafkaError::Canceled)));
        }
        if let Some((offsets, group)) = offsets {
            retry(|| self.client().send_offsets_to_transaction(offsets, group, CALL))?;
        }
        retry(|| self.client().commit_transaction(CALL))
    }

    /// Takes back everything that was sent. What is in flight is dropped first: an abort waits for it in vain.
    pub(crate) fn abort(mut self) -> Result<(), Failure> {
        self.client().purge(PurgeConfig::default().queue().inflight());
        self.drain(CALL)?;
        retry(|| self.client().abort_transaction(CALL))?;
        self.done = true;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.producer.poisoned = true;
        }
    }
}

/// The same call again while librdkafka says so, within bounds.
fn retry(mut call: impl FnMut() -> Result<(), KafkaError>) -> Result<(), Failure> {
    let mut attempt = 0;
    loop {
        let Err(error) = call() else { return Ok(()) };
        attempt += 1;
        if classify(&error) != Class::Retriable || attempt >= ATTEMPTS {
            return Err(Failure::of(error));
        }
        tracing::debug!(%error, attempt, "a transactional call is repeated");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_librdkafka_does_not_explain_is_fatal() {
        assert_eq!(classify(&KafkaError::Canceled), Class::Fatal);
        assert_eq!(classify(&KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut)), Class::Retriable);
        let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
        assert_eq!(classify(&full), Class::Retriable);
        let large = KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge);
        assert_eq!(classify(&large), Class::Abortable);
        let fenced = KafkaError::MessageProduction(RDKafkaErrorCode::Fenced);
        assert_eq!(classify(&fenced), Class::Fatal);
    }

    #[test]
    fn a_call_that_stays_retriable_is_given_up_as_fatal_after_its_attempts() {
        let mut calls = 0;
        let result = retry(|| {
            calls += 1;
            Err(KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut))
        });
        assert!(matches!(result, Err(Failure::Fatal(_))));
        assert_eq!(calls, ATTEMPTS);
    }
}
