//! The pipeline in one process without Kafka: the same crates, the same results, over files.

pub(crate) mod compare;
pub(crate) mod history;
pub(crate) mod input;
pub(crate) mod lists;
pub(crate) mod pipeline;
pub(crate) mod progress;
pub(crate) mod score;
pub(crate) mod table;
pub(crate) mod traffic;
