//! Offsets of consumer groups for a broker that does not keep those of transactions.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Offsets by group, topic and partition, kept in this process.
#[derive(Debug, Default)]
pub struct Positions(Mutex<HashMap<(String, String, i32), i64>>);

impl Positions {
    pub(crate) fn get(&self, group: &str, topic: &str, partition: i32) -> Option<i64> {
        let positions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        positions.get(&(group.to_owned(), topic.to_owned(), partition)).copied()
    }

    pub(crate) fn set(&self, group: &str, topic: &str, partition: i32, next: i64) {
        let mut positions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        positions.insert((group.to_owned(), topic.to_owned(), partition), next);
    }
}
