//! What the four stages share: their surroundings, and what becomes of a record that cannot be read.

use prometheus::Registry;
use quaywatch_codec::{Codec, Record as AvroRecord, schema_of};
use quaywatch_domain::message::Header;
use quaywatch_domain::{DeadLetter, DeadLetterCode, Timestamp};
use quaywatch_kafka::{DeadLetterEncoder, Host, Metrics, Outcome, Readiness, Record};

use crate::{Clock, Error, Settings, Shutdown};

/// How long a stage waits for a schema registry that is away before records go to the dead letters, seconds.
const REGISTRY_PATIENCE_S: u32 = 120;

/// What a stage runs in. The stages of one process share all of it.
#[derive(Clone)]
pub struct Environment {
    /// How to reach Kafka.
    pub kafka: quaywatch_kafka::Settings,
    /// Writes and reads records.
    pub codec: Codec,
    /// Where metrics are registered.
    pub registry: Registry,
    /// Metrics of the runtime, registered in `registry`.
    pub metrics: Metrics,
    /// Which parts are ready.
    pub readiness: Readiness,
    /// The time.
    pub clock: Clock,
    /// The request to stop.
    pub shutdown: Shutdown,
}

impl Environment {
    /// Surroundings by the settings, with the wall clock.
    ///
    /// # Errors
    /// When the schema registry cannot be used.
    pub fn new(settings: &Settings, shutdown: Shutdown) -> Result<Self, Error> {
        let registry = Registry::new();
        let metrics = Metrics::register(&registry).map_err(|e| set_up("metrics", &e))?;
        Ok(Self {
            kafka: settings.kafka.clone(),
            codec: settings.codec()?,
            registry,
            metrics,
            readiness: Readiness::default(),
            clock: Clock::wall(),
            shutdown,
        })
    }

    /// The same as the runtime takes it.
    #[must_use]
    pub fn host(&self) -> Host {
        Host {
            shutdown: self.shutdown.receiver(),
            metrics: self.metrics.clone(),
            readiness: self.readiness.clone(),
            clock: self.clock.as_millis(),
        }
    }

    /// Writes records that cannot be used for `port.deadletters`.
    pub fn dead_letters(&self) -> impl DeadLetterEncoder + use<> {
        let codec = self.codec.clone();
        move |letter: &quaywatch_kafka::DeadLetter<'_>| {
            let value = codec.encode(quaywatch_kafka::DEAD_LETTERS, &dead_letter(letter));
            value.unwrap_or_else(|error| {
                // The record itself must not be lost with its envelope.
                tracing::error!(%error, "a dead letter cannot be written; its bytes are kept without envelope");
                letter.record.value.unwrap_or_default().to_vec()
            })
        }
    }
}

fn dead_letter(letter: &quaywatch_kafka::DeadLetter<'_>) -> DeadLetter {
    let record = letter.record;
    let header = |(name, value): (&str, &[u8])| Header { name: name.to_owned(), value: value.to_vec() };
    DeadLetter {
        code: letter.code.to_owned(),
        sentence: letter.sentence.to_owned(),
        position: letter.position.map(str::to_owned),
        stage: letter.stage.to_owned(),
        topic: record.topic.to_owned(),
        partition: record.partition,
        offset: record.offset,
        at: Timestamp::from_millis(letter.now_ms),
        feed: record
            .key
            .filter(|_| record.topic == "port.raw")
            .map(|k| String::from_utf8_lossy(k).into_owned()),
        schema_id: record.value.and_then(schema_of),
        key: record.key.map(<[u8]>::to_vec),
        headers: record.headers.iter().map(header).collect(),
        value: letter.part.or(record.value).map(<[u8]>::to_vec),
    }
}

/// The record's value, or the dead letter that it becomes.
///
/// # Errors
/// The outcome for the record.
pub fn decode<T: AvroRecord>(codec: &Codec, record: &Record<'_>) -> Result<T, Outcome> {
    let Some(value) = record.value else {
        return Err(Outcome::dead_letter(DeadLetterCode::EmptyValue.as_str(), "the record has no value"));
    };
    patiently(|| codec.decode(value))
}

/// What reading or writing a value gives, or the dead letter that the record becomes. The record is not to blame when the
/// schema registry is away: everyone behind it waits with it.
///
/// # Errors
/// The outcome for the record.
pub fn patiently<T>(step: impl Fn() -> Result<T, quaywatch_codec::Error>) -> Result<T, Outcome> {
    for _ in 0..REGISTRY_PATIENCE_S {
        match step() {
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "waiting for the schema registry");
                std::thread::sleep(std::time::Duration::from_secs(1));
            }
            result => return result.map_err(|error| refused(&error)),
        }
    }
    step().map_err(|error| refused(&error))
}

/// The dead letter of a record whose value cannot be read, or whose outputs cannot be written.
#[must_use]
pub fn refused(error: &quaywatch_codec::Error) -> Outcome {
    let code = error.dead_letter_code().unwrap_or(DeadLetterCode::UnknownSchema);
    Outcome::dead_letter(code.as_str(), error.to_string())
}

fn set_up(what: &'static str, error: &impl std::fmt::Display) -> Error {
    Error::SetUp { what, why: error.to_string() }
}
