//! What can go wrong with a value, and what that means for the record that holds it.

use quaywatch_domain::DeadLetterCode;

/// Why a value could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are no bytes.
    #[error("the value is empty where a {record} is needed; a tombstone is for the caller to recognise")]
    Empty {
        /// Record that was wanted.
        record: &'static str,
    },
    /// Neither framing.
    #[error(
        "the value starts with {start} where a {record} is needed, which is neither Avro single-object encoding (c301) \
         nor Confluent framing (00); have the producer use one of them"
    )]
    UnknownFraming {
        /// Record that was wanted.
        record: &'static str,
        /// The first bytes, hexadecimal.
        start: String,
    },
    /// A single-object fingerprint that is none of ours.
    #[error(
        "no schema with fingerprint {fingerprint} is built into this program, so the {record} cannot be read; \
         upgrade this program, or have the producer write a released schema"
    )]
    UnknownFingerprint {
        /// Record that was wanted.
        record: &'static str,
        /// CRC-64-AVRO as on the wire, hexadecimal.
        fingerprint: String,
    },
    /// Confluent framing without a registry.
    #[error(
        "the {record} names schema id {id} of a schema registry and none is configured; set schema_registry.url, \
         or have the producer use single-object encoding"
    )]
    NoRegistry {
        /// Record that was wanted.
        record: &'static str,
        /// Id in the value.
        id: u32,
    },
    /// The schema is of another record.
    #[error("the value is a {found} where a {expected} is needed; the producer writes to the wrong topic")]
    WrongRecord {
        /// Record that was wanted.
        expected: &'static str,
        /// Name in the schema of the value.
        found: String,
    },
    /// The bytes do not follow the schema, or the schema does not fit the record.
    #[error("the {record} does not follow its schema {schema}: {reason}; have the producer send it again")]
    Undecodable {
        /// Record that was wanted.
        record: &'static str,
        /// Fingerprint of the writer's schema, hexadecimal.
        schema: String,
        /// What was met.
        reason: String,
    },
    /// The record does not fit its own schema.
    #[error("the {record} cannot be written: {reason}; this is a bug in the program that made the record")]
    Unencodable {
        /// Record.
        record: &'static str,
        /// What was met.
        reason: String,
    },
    /// A schema that cannot be used.
    #[error("the schema {name} cannot be used: {reason}; correct the schema")]
    BadSchema {
        /// Name, id or subject.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// A schema that cannot read what older ones wrote.
    #[error("the schema {name} cannot read what an earlier version wrote: {reason}; see schemas/README.md")]
    Incompatible {
        /// Record or subject.
        name: String,
        /// Each difference that breaks.
        reason: String,
    },
    /// The registry has no schema under this id.
    #[error("the schema registry at {url} has no schema with id {id}; the producer uses another registry")]
    UnknownId {
        /// Id in the value.
        id: u32,
        /// Registry that was asked.
        url: String,
    },
    /// The registry does not know the subject or version.
    #[error("the schema registry at {url} has no {what}; run `quaywatch schema register`")]
    NotRegistered {
        /// Subject and version.
        what: String,
        /// Registry that was asked.
        url: String,
    },
    /// The registry refused the request.
    #[error(
        "the schema registry at {url} refused to {what}: HTTP {status} {message}; check address and credentials"
    )]
    Refused {
        /// What was asked.
        what: String,
        /// Registry that was asked.
        url: String,
        /// HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// The registry could not be reached or answered nonsense, after retries.
    #[error("the schema registry at {url} could not {what}: {reason}; check that it runs and is reachable")]
    Unreachable {
        /// What was asked.
        what: String,
        /// Registry that was asked.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The settings of the registry are wrong.
    #[error("the schema registry address '{url}' cannot be used: {reason}")]
    BadAddress {
        /// The address, without credentials.
        url: String,
        /// What is wrong and what to write.
        reason: String,
    },
}

impl Error {
    /// The code under which the record goes to the dead letters; `None` when the fault is not the record's, so that the
    /// record must be tried again (or the program stopped) instead.
    #[must_use]
    pub const fn dead_letter_code(&self) -> Option<DeadLetterCode> {
        match self {
            Self::Empty { .. } => Some(DeadLetterCode::EmptyValue),
            Self::UnknownFraming { .. } => Some(DeadLetterCode::UnknownFraming),
            Self::UnknownFingerprint { .. }
            | Self::NoRegistry { .. }
            | Self::UnknownId { .. }
            | Self::BadSchema { .. } => Some(DeadLetterCode::UnknownSchema),
            Self::WrongRecord { .. } | Self::Undecodable { .. } => Some(DeadLetterCode::UndecodableValue),
            Self::Unencodable { .. }
            | Self::Incompatible { .. }
            | Self::NotRegistered { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::BadAddress { .. } => None,
        }
    }

    /// Whether the same call may succeed later without anybody's doing.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}
