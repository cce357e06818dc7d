//! Producers outside a stage: one record with an honest answer, and a batch that is there whole or not at all.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};

use crate::config;
use crate::context::Plain;
use crate::error::Error;
use crate::log::{new_consumer, partition_count};
use crate::record::NewRecord;
use crate::settings::{MAX_RECORD_BYTES, Settings};
use crate::txn::{self, Connected, Failure, Send, Transaction};

/// Most records of one producer that wait for the brokers; beyond, senders hear that it is busy.
const MAX_WAITING_RECORDS: usize = 20_000;
/// A batch may be large: its transaction lasts longer than those of the stages, milliseconds.
const BATCH_TIMEOUT_MS: u32 = 60_000;
/// Longest wait for the queue, or for the brokers to have all records of a batch.
const BATCH_PATIENCE: Duration = Duration::from_secs(45);
/// Attempts to end what a predecessor of the same id left open, of 5 s each.
const INIT_ATTEMPTS: u32 = 6;
/// Delivery reports are served after so many records.
const RECORDS_PER_POLL: usize = 256;

impl Error {
    /// The queue of a producer is full: the record was not taken, and may be sent again after a while.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(
            self,
            Self::Client { source: KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), .. }
        )
    }
}

/// Sends single records and says where each is stored, only after all in-sync replicas have it. Clones share one
/// client.
#[derive(Clone)]
pub struct AckedProducer(Arc<Acked>);

struct Acked {
    settings: Settings,
    name: String,
    timeout: Option<Duration>,
    client: Mutex<FutureProducer<Plain>>,
}

impl std::fmt::Debug for AckedProducer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AckedProducer").field("name", &self.0.name).finish_non_exhaustive()
    }
}

impl AckedProducer {
    /// A producer whose records are acknowledged within 30 s or reported as not.
    ///
    /// # Errors
    /// [`Error::Client`] if the settings are refused. Brokers that are away are reported by [`Self::send`].
    pub fn connect(settings: &Settings, name: &str) -> Result<Self, Error> {
        Self::new(settings, name, None)
    }

    /// The same with another limit than 30 s.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn connect_with_timeout(settings: &Settings, name: &str, timeout: Duration) -> Result<Self, Error> {
        Self::new(settings, name, Some(timeout))
    }

    fn new(settings: &Settings, name: &str, timeout: Option<Duration>) -> Result<Self, Error> {
        let client = Mutex::new(client(settings, name, timeout)?);
        Ok(Self(Arc::new(Acked { settings: settings.clone(), name: name.to_owned(), timeout, client })))
    }

    /// Sends a record and waits until it is stored; `Ok` is its partition and offset.
    ///
    /// # Errors
    /// [`Error::RecordTooLarge`]; [`Error::Client`] if the record was not taken ([`Error::is_busy`]), or if the brokers
    /// did not acknowledge it: then it may be there nevertheless.
    pub async fn send(&self, record: NewRecord) -> Result<(i32, i64), Error> {
        let topic = self.0.settings.topic(&record.topic);
        check_size(&topic, &record)?;
        let mut message: FutureRecord<'_, [u8], [u8]> = FutureRecord::to(&topic).headers(headers_of(&record));
        message.key = record.key.as_deref();
        message.payload = record.value.as_deref();
        let client = self.client().clone();
        let source = match client.send_result(message).map_err(|(error, _)| error) {
            Ok(delivery) => match delivery.await {
                Ok(Ok(delivery)) => return Ok((delivery.partition, delivery.offset)),
                Ok(Err((source, _))) => source,
                Err(_) => KafkaError::Canceled,
            },
            Err(source) => source,
        };
        if client.client().fatal_error().is_some() {
            self.renew(client);
        }
        Err(Error::Client { what: format!("sending a record to {topic}"), source })
    }

    /// Waits until no record is under way.
    ///
    /// # Errors
    /// [`Error::Client`] if some are still under way after `timeout`; they may or may not be stored.
    pub async fn flush(&self, timeout: Duration) -> Result<(), Error> {
        let client = self.client().clone();
        tokio::task::spawn_blocking(move || client.flush(timeout))
            .await
            .unwrap_or(Err(KafkaError::Canceled))
            .map_err(Error::client(format!("flushing the producer {}", self.0.name)))
    }

    fn client(&self) -> MutexGuard<'_, FutureProducer<Plain>> {
        self.0.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client with a fatal error refuses all further records: the next one gets a new client.
    fn renew(&self, broken: FutureProducer<Plain>) {
        let mut current = self.client();
        let mut old = None;
        if current.client().native_ptr() == broken.client().native_ptr() {
            match client(&self.0.settings, &self.0.name, self.0.timeout) {
                Ok(new) => {
                    tracing::warn!(producer = self.0.name, "replaced after a fatal error");
                    old = Some(std::mem::replace(&mut *current, new));
                }
                Err(error) => tracing::error!(producer = self.0.name, %error, "cannot be replaced"),
            }
        }
        drop(current);
        // Dropping the last clone waits for the client's threads.
        tokio::task::spawn_blocking(move || drop((old, broken)));
    }
}

fn client(
    settings: &Settings,
    name: &str,
    timeout: Option<Duration>,
) -> Result<FutureProducer<Plain>, Error> {
    let mut config = config::acked(settings, name);
    config.set("queue.buffering.max.messages", MAX_WAITING_RECORDS.to_string());
    if let Some(timeout) = timeout {
        config.set("message.timeout.ms", timeout.as_millis().to_string());
    }
    FutureProducer::from_config_and_context(&config, Plain).map_err(Error::client(format!("producer {name}")))
}

fn check_size(topic: &str, record: &NewRecord) -> Result<(), Error> {
    if record.bytes() <= MAX_RECORD_BYTES {
        return Ok(());
    }
    Err(Error::RecordTooLarge {
        topic: topic.to_owned(),
        bytes: record.bytes(),
        limit_bytes: MAX_RECORD_BYTES,
    })
}

fn headers_of(record: &NewRecord) -> OwnedHeaders {
    record.headers.iter().fold(OwnedHeaders::new(), |all, (name, value)| txn::with(all, name, value))
}

/// Publishes many records as one: readers of committed records see all of them or none. Blocks: use a thread that may.
pub struct TransactionalBatch {
    settings: Settings,
    id: String,
    /// None after an error that the client does not survive.
    producer: Option<txn::Producer>,
    /// Full names of topics that were there.
    known: BTreeSet<String>,
}

impl std::fmt::Debug for TransactionalBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TransactionalBatch").field("id", &self.id).finish_non_exhaustive()
    }
}

impl TransactionalBatch {
    /// A producer of batches. It fences an earlier one of the same id, and ends the batch that one left open.
    ///
    /// # Errors
    /// [`Error::Client`] if the brokers cannot be reached or refuse.
    pub fn connect(settings: &Settings, id: &str) -> Result<Self, Error> {
        let settings = Settings { transaction_timeout_ms: BATCH_TIMEOUT_MS, ..settings.clone() };
        let id = format!("{}{}-{id}", settings.prefix, settings.application);
        let producer = Some(fence(&settings, &id)?);
        Ok(Self { settings, id, producer, known: BTreeSet::new() })
    }

    /// Publishes the records in one transaction.
    ///
    /// # Errors
    /// [`Error::MissingTopic`], [`Error::RecordTooLarge`] and [`Error::Client`]: nothing is published then, unless the text says that the
    /// outcome is unknown.
    pub fn publish(&mut self, records: &[NewRecord]) -> Result<(), Error> {
        for record in records {
            let topic = self.settings.topic(&record.topic);
            check_size(&topic, record)?;
            self.check_topic(topic)?;
        }
        let mut producer = match self.producer.take() {
            Some(producer) => producer,
            None => fence(&self.settings, &self.id)?,
        };
        let (usable, result) = publish(&mut producer, &self.settings, &self.id, records);
        if usable {
            self.producer = Some(producer);
        }
        result
    }

    /// librdkafka would wait for a topic that is missing until the transaction times out.
    fn check_topic(&mut self, topic: String) -> Result<(), Error> {
        if self.known.contains(&topic) {
            return Ok(());
        }
        let client = new_consumer(&config::admin(&self.settings), &self.id)?;
        if partition_count(&client, &topic)?.is_none() {
            return Err(Error::MissingTopic { topic });
        }
        self.known.insert(topic);
        Ok(())
    }
}

/// The result, and whether the producer is usable after it. One that is not is dropped, and with it what is open.
fn publish(
    producer: &mut txn::Producer,
    settings: &Settings,
    id: &str,
    records: &[NewRecord],
) -> (bool, Result<(), Error>) {
    let transaction = match producer.begin() {
        Ok(transaction) => transaction,
        Err(failure) => return (false, Err(describe(failure, id, "beginning"))),
    };
    let (transaction, error) = match send_all(&transaction, settings, records) {
        Err(failure) => (transaction, describe(failure, id, "writing")),
        Ok(()) => match transaction.commit(None, BATCH_PATIENCE) {
            Ok(()) => return (true, Ok(())),
            Err((open, failure @ Failure::Abortable(_))) => (open, describe(failure, id, "committing")),
            Err((_, failure)) => {
                let doing = "its outcome is unknown, publish it again: committing";
                return (false, Err(describe(failure, id, doing)));
            }
        },
    };
    let aborted = transaction.abort();
    if let Err(failure) = &aborted {
        tracing::warn!(id, ?failure, "a batch could not be aborted and will time out");
    }
    (aborted.is_ok(), Err(error))
}

fn send_all(
    transaction: &Transaction<'_>,
    settings: &Settings,
    records: &[NewRecord],
) -> Result<(), Failure> {
    for (at, record) in records.iter().enumerate() {
        let send = Send {
            topic: &settings.topic(&record.topic),
            partition: None,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: headers_of(record),
        };
        transaction.send(send, BATCH_PATIENCE)?;
        if at.is_multiple_of(RECORDS_PER_POLL) {
            transaction.poll();
        }
    }
    Ok(())
}

fn fence(settings: &Settings, id: &str) -> Result<txn::Producer, Error> {
    let mut connected = Connected::new(settings, id)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match connected.init() {
            Ok(producer) => return Ok(producer),
            Err((Some(again), error)) if attempt < INIT_ATTEMPTS => {
                tracing::debug!(id, %error, attempt, "fencing is repeated");
                connected = again;
            }
            Err((_, source)) => {
                return Err(describe(Failure::Fatal(source), id, "fencing the predecessor of"));
            }
        }
    }
}

fn describe(failure: Failure, id: &str, doing: &str) -> Error {
    let (Failure::Abortable(source) | Failure::Fatal(source)) = failure;
    Error::Client { what: format!("{doing} the batch of {id}"), source }
}
