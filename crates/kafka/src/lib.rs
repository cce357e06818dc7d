//! The one door to Kafka: the only crate that knows rdkafka. It moves bytes and knows nothing of what they mean.
//!
//! # Stages
//! A [`Stage`] is a pure step from records to records with a [`State`] per key; [`run`] does the rest. Outputs, the
//! last version of each changed state and the input's offsets commit in one transaction; after any crash a reader of
//! committed records sees each input handled exactly once. Every record ends in one [`Outcome`].
//!
//! ```no_run
//! use quaywatch_kafka::{
//!     DeadLetter, Error, Host, Outcome, Outputs, Record, Settings, Stage, State, StateError, States, Topology,
//! };
//!
//! struct Counter;
//!
//! struct Count(u64);
//!
//! impl State for Count {
//!     fn encode(&self, into: &mut Vec<u8>) -> Result<(), StateError> {
//!         into.extend(self.0.to_be_bytes());
//!         Ok(())
//!     }
//!
//!     fn decode(bytes: &[u8]) -> Result<Self, StateError> {
//!         Ok(Self(u64::from_be_bytes(bytes.try_into()?)))
//!     }
//!
//!     fn due_ms(&self) -> Option<i64> {
//!         None
//!     }
//! }
//!
//! impl Stage for Counter {
//!     type State = Count;
//!
//!     fn handle(&mut self, record: &Record<'_>, states: &mut States<'_, Count>, out: &mut Outputs) -> Outcome {
//!         let Some(key) = record.key else { return Outcome::dead_letter("NO_KEY", "the record has no key") };
//!         let Some(count) = states.get_or_insert_with(key, || Count(0)) else { return Outcome::OutOfScope };
//!         count.0 += 1;
//!         out.send("port.counts", key, count.0.to_string());
//!         Outcome::Produced
//!     }
//! }
//!
//! # async fn service(host: Host) -> Result<(), Error> {
//! let letters = |letter: &DeadLetter<'_>| letter.sentence.as_bytes().to_vec();
//! let topology = Topology::new("counter", "port.raw", letters).stateful().table("port.watchlist");
//! quaywatch_kafka::run(&topology, &Settings::default(), || Counter, host).await
//! # }
//! ```
//!
//! [`Harness`] runs a stage without Kafka, for its tests.
//!
//! # How it runs
//! - Each slot is a thread with a consumer, a transactional producer and the states of its partitions, in memory.
//!   Adding slots or processes moves partitions, and their states follow through the changelog `<stage>.state`. A
//!   partition is read once it is known where its group goes on, and its states are there.
//! - A transaction commits as soon as the input is drained, under backlog after [`Settings::commit_interval_ms`] or a
//!   full batch.
//! - A record that cannot be handled goes to [`DEAD_LETTERS`] in the transaction that passes over it, and nothing
//!   else of it remains. If it changed what others of the transaction had changed, the transaction is aborted and
//!   repeated without it.
//! - Tables are read whole before the first record; when one changes, every state may be compared to it.
//! - Errors of Kafka are repeated, answered by an abort, or by building the slot anew, whichever they ask for. Brokers
//!   that are away are waited for; [`Readiness`] says so meanwhile.
//!
//! # Other clients
//! [`AckedProducer`] for what must be stored before it is answered, [`TransactionalBatch`] for what must appear at
//! once, [`Reader`] for whole topics, [`admin`] for topics as `schemas/topics.toml` wants them, and [`Embedded`], a
//! broker inside the process for the demo.

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
mod progress;
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
pub use engine::{DEAD_LETTERS, RUNTIME_CODES};
pub use error::{Error, StateError};
pub use harness::Harness;
pub use host::{Clock, Host, Readiness, wall_clock};
pub use metrics::Metrics;
pub use outputs::Outputs;
pub use positions::Positions;
pub use producer::{AckedProducer, TransactionalBatch};
pub use progress::{Progress, progress};
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
