//! The guarantees of the runtime on a real Apache Kafka.

mod cluster;
mod counter;
mod faults;
mod guarantees;
mod troubles;
