//! The states a stage sees: the committed ones below, the changes of the open transaction above.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use crate::error::StateError;
use crate::stage::State;
use crate::store::Store;

/// A state was written by a newer or broken version.
pub(crate) const STATE_UNREADABLE: &str = "STATE_UNREADABLE";
/// A stage kept state for an input that has none.
pub(crate) const STATE_UNAVAILABLE: &str = "STATE_UNAVAILABLE";

/// The states of the partition that the current record came from, by key.
///
/// A state that cannot be decoded reads as absent, and the record is dead-lettered whatever the stage makes
/// of it.
pub struct States<'a, S: State> {
    partition: Option<&'a mut Partition<S>>,
    step: &'a mut Step,
}

impl<S: State> fmt::Debug for States<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} states changed", self.step.changed.len())
    }
}

/// The states of one input partition.
pub(crate) struct Partition<S> {
    pub(crate) store: Store,
    overlay: HashMap<Arc<[u8]>, Entry<S>>,
    fired: BTreeSet<(i64, Arc<[u8]>)>,
}

struct Entry<S> {
    state: Option<S>,
    /// The step that changed it first in this transaction.
    changed_in: Option<u64>,
}

/// What the current call has done, so that it can be undone.
#[derive(Default)]
pub(crate) struct Step {
    number: u64,
    changed: Vec<Arc<[u8]>>,
    /// It changed what an earlier step of the transaction had changed already.
    entangled: bool,
    pub(crate) fault: Option<(Cow<'static, str>, String)>,
}

impl Step {
    pub(crate) fn start(&mut self) {
        self.number += 1;
        self.changed.clear();
        self.entangled = false;
        self.fault = None;
    }
}

/// A state's last version in a transaction.
pub(crate) struct Change {
    pub(crate) key: Arc<[u8]>,
    pub(crate) value: Option<Box<[u8]>>,
    pub(crate) due_ms: Option<i64>,
}

impl<S> Default for Partition<S> {
    fn default() -> Self {
        Self { store: Store::default(), overlay: HashMap::new(), fired: BTreeSet::new() }
    }
}

impl<S: State> Partition<S> {
    /// Undoes the step, or says that only the whole transaction can be undone.
    pub(crate) fn undo(&mut self, step: &Step) -> bool {
        if step.entangled {
            return false;
        }
        for key in &step.changed {
            self.overlay.remove(key);
        }
        true
    }

    pub(crate) fn is_changed(&self, key: &[u8]) -> bool {
        self.overlay.get(key).is_some_and(|entry| entry.changed_in.is_some())
    }

    pub(crate) fn fired(&mut self, due_ms: i64, key: Arc<[u8]>) {
        self.fired.insert((due_ms, key));
    }

    pub(crate) fn has_fired(&self, due_ms: i64, key: &Arc<[u8]>) -> bool {
        self.fired.contains(&(due_ms, Arc::clone(key)))
    }

    /// The last versions that differ from the committed ones.
    pub(crate) fn changes(&self) -> Result<Vec<Change>, StateError> {
        let mut changes = Vec::new();
        for (key, entry) in &self.overlay {
            if entry.changed_in.is_some() {
                changes.extend(self.change(key, entry.state.as_ref())?);
            }
        }
        Ok(changes)
    }

    /// Whether everything that the step changed can be written.
    pub(crate) fn writable(&self, step: &Step) -> Result<(), StateError> {
        for key in &step.changed {
            if let Some(entry) = self.overlay.get(key) {
                self.change(key, entry.state.as_ref())?;
            }
        }
        Ok(())
    }

    fn change(&self, key: &Arc<[u8]>, state: Option<&S>) -> Result<Option<Change>, StateError> {
        let old = self.store.get(key);
        let Some(state) = state else {
            return Ok(old.map(|_| Change { key: Arc::clone(key), value: None, due_ms: None }));
        };
        let mut bytes = Vec::with_capacity(old.map_or(256, <[u8]>::len));
        state.encode(&mut bytes)?;
        let size = bytes.len() + key.len();
        if size > crate::settings::MAX_STATE_BYTES {
            return Err(format!("{size} bytes, the limit is {}", crate::settings::MAX_STATE_BYTES).into());
        }
        if old == Some(bytes.as_slice()) {
            return Ok(None);
        }
        let value = Some(bytes.into_boxed_slice());
        Ok(Some(Change { key: Arc::clone(key), value, due_ms: state.due_ms() }))
    }

    pub(crate) fn committed(&mut self, changes: Vec<Change>) {
        for (due_ms, key) in std::mem::take(&mut self.fired) {
            self.store.disarm(due_ms, &key);
        }
        for change in changes {
            self.store.apply(&change.key, change.value, change.due_ms);
        }
        self.overlay.clear();
    }

    pub(crate) fn aborted(&mut self) {
        self.overlay.clear();
        self.fired.clear();
    }
}

impl<'a, S: State> States<'a, S> {
    pub(crate) fn new(partition: Option<&'a mut Partition<S>>, step: &'a mut Step) -> Self {
        Self { partition, step }
    }

    /// The state of `key`.
    pub fn get(&mut self, key: &[u8]) -> Option<&S> {
        self.load(key)?.state.as_ref()
    }

    /// The state of `key`, to be changed. If its bytes turn out to be the same, nothing is written.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut S> {
        self.load(key)?.state.as_ref()?;
        self.mark(key)?.state.as_mut()
    }

    /// The state of `key`, made by `new` when there is none, to be changed.
    pub fn get_or_insert_with(&mut self, key: &[u8], new: impl FnOnce() -> S) -> Option<&mut S> {
        self.load(key)?;
        Some(self.mark(key)?.state.get_or_insert_with(new))
    }

    /// Puts a state in place.
    pub fn put(&mut self, key: &[u8], state: S) {
        self.set(key, Some(state));
    }

    /// Removes a state, here and from the changelog.
    pub fn remove(&mut self, key: &[u8]) {
        self.set(key, None);
    }

    fn set(&mut self, key: &[u8], state: Option<S>) {
        if self.load(key).is_some()
            && let Some(entry) = self.mark(key)
        {
            entry.state = state;
        }
    }

    fn load(&mut self, key: &[u8]) -> Option<&mut Entry<S>> {
        let Some(partition) = self.partition.as_deref_mut() else {
            let sentence = "the stage keeps state for an input without state";
            self.step.fault = Some((STATE_UNAVAILABLE.into(), sentence.to_owned()));
            return None;
        };
        if !partition.overlay.contains_key(key) {
            let state = match partition.store.get(key).map(S::decode) {
                None => None,
                Some(Ok(state)) => Some(state),
                Some(Err(error)) => {
                    self.step.fault = Some((STATE_UNREADABLE.into(), error.to_string()));
                    None
                }
            };
            let entry = Entry { state, changed_in: None };
            // An unreadable state must not be cached as an absent one for the next record.
            if self.step.fault.is_some() {
                self.step.changed.push(key.into());
            }
            partition.overlay.insert(key.into(), entry);
        }
        partition.overlay.get_mut(key)
    }

    fn mark(&mut self, key: &[u8]) -> Option<&mut Entry<S>> {
        let (shared, _) = self.partition.as_deref_mut()?.overlay.get_key_value(key)?;
        let shared = Arc::clone(shared);
        let entry = self.partition.as_deref_mut()?.overlay.get_mut(key)?;
        match entry.changed_in {
            None => {
                entry.changed_in = Some(self.step.number);
                self.step.changed.push(shared);
            }
            Some(number) if number != self.step.number => self.step.entangled = true,
            Some(_) => {}
        }
        Some(entry)
    }
}
