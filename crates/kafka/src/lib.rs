//! The one door to Kafka.

pub mod admin;
mod assignment;
mod config;
mod context;
mod embedded;
mod engine;
mod error;
mod harness;
mod host;
mod log;
mod metrics;
mod outputs;
mod positions;
mod producer;
mod reader;
mod record;
mod restore;
mod runtime;
mod settings;
mod shared;
mod slot;
mod stage;
mod states;
mod step;
mod store;
mod tables;
mod topology;
mod txn;

pub use admin::{Topic, Topics};
pub use embedded::Embedded;
pub use engine::DEAD_LETTERS;
pub use error::{Error, StateError};
pub use harness::Harness;
pub use host::{Clock, Host, Readiness, wall_clock};
pub use metrics::Metrics;
pub use outputs::Outputs;
pub use positions::Positions;
pub use producer::{AckedProducer, TransactionalBatch};
pub use reader::{Read, Reader};
pub use record::{Headers, NewRecord, OwnedRecord, Record};
pub use runtime::{run, run_blocking};
pub use settings::{
    Compression, MAX_DEAD_LETTER_VALUE_BYTES, MAX_RAW_RECORD_BYTES, MAX_RECORD_BYTES, MAX_STATE_BYTES,
    Mechanism, Protocol, Secret, Security, Settings,
};
pub use stage::{DeadLetter, DeadLetterEncoder, NoState, Outcome, Stage, State, Sweep, TableChange};
pub use states::States;
pub use topology::Topology;
