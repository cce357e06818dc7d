//! The committed states of one input partition, and the queue of what is due.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

pub(crate) const NEVER: i64 = i64::MAX;

pub(crate) struct Stored {
    pub(crate) value: Box<[u8]>,
    due_ms: i64,
}

/// Encoded states only: a decoded one lives as long as the transaction that looks at it.
#[derive(Default)]
pub(crate) struct Store {
    entries: HashMap<Arc<[u8]>, Stored>,
    due: BTreeSet<(i64, Arc<[u8]>)>,
    bytes: usize,
}

impl Store {
    pub(crate) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.entries.get(key).map(|stored| &*stored.value)
    }

    /// Puts the last version of a state in place; `None` removes it.
    pub(crate) fn apply(&mut self, key: &[u8], value: Option<Box<[u8]>>, due_ms: Option<i64>) {
        let shared = match self.entries.remove_entry(key) {
            Some((shared, old)) => {
                self.bytes -= shared.len() + old.value.len();
                self.due.remove(&(old.due_ms, Arc::clone(&shared)));
                shared
            }
            None => Arc::from(key),
        };
        let Some(value) = value else { return };
        let due_ms = due_ms.unwrap_or(NEVER);
        if due_ms != NEVER {
            self.due.insert((due_ms, Arc::clone(&shared)));
        }
        self.bytes += shared.len() + value.len();
        self.entries.insert(shared, Stored { value, due_ms });
    }

    /// The state has been told that it is due; it is not told again before it changes.
    pub(crate) fn disarm(&mut self, due_ms: i64, key: &Arc<[u8]>) {
        self.due.remove(&(due_ms, Arc::clone(key)));
    }

    pub(crate) fn next_due_ms(&self) -> Option<i64> {
        self.due.first().map(|(due, _)| *due)
    }

    /// What is due at `now_ms`, the longest overdue first.
    pub(crate) fn due(&self, now_ms: i64) -> impl Iterator<Item = &(i64, Arc<[u8]>)> {
        self.due.iter().take_while(move |(due, _)| *due <= now_ms)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Arc<[u8]>> {
        self.entries.keys()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(bytes: &[u8]) -> Option<Box<[u8]>> {
        Some(bytes.into())
    }

    #[test]
    fn the_due_queue_follows_the_last_version_of_a_state() {
        let mut store = Store::default();
        store.apply(b"a", boxed(b"1"), Some(50));
        store.apply(b"b", boxed(b"1"), Some(10));
        store.apply(b"a", boxed(b"22"), Some(5));
        assert_eq!(store.next_due_ms(), Some(5));
        let due: Vec<_> = store.due(10).map(|(due, key)| (*due, key.to_vec())).collect();
        assert_eq!(due, [(5, b"a".to_vec()), (10, b"b".to_vec())]);
        store.apply(b"a", boxed(b"333"), None);
        assert_eq!(store.due(i64::MAX - 1).count(), 1);
        store.apply(b"b", None, None);
        assert_eq!((store.next_due_ms(), store.len(), store.bytes()), (None, 1, 4));
    }

    #[test]
    fn a_disarmed_state_stays_quiet_until_it_changes() {
        let mut store = Store::default();
        store.apply(b"a", boxed(b"1"), Some(5));
        let fired = store.due(9).cloned().collect::<Vec<_>>();
        for (due, key) in &fired {
            store.disarm(*due, key);
        }
        assert_eq!(store.due(9).count(), 0);
        store.apply(b"a", boxed(b"2"), Some(7));
        assert_eq!(store.due(9).count(), 1);
    }
}
