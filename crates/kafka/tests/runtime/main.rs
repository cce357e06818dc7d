//! The guarantees of the runtime on a real Apache Kafka.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as tests do"
)]

mod cluster;
mod counter;
mod faults;
mod guarantees;
mod troubles;
