//! The difference between two versions of a list, and when it is too large to be believed.

use std::collections::BTreeMap;
use std::fmt;

use quaywatch_domain::WatchlistEntry;

/// How much a list may change at once without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Share of the old entries that may vanish, percent.
    pub max_removed_percent: usize,
    /// New entries, as a share of the old ones, percent.
    pub max_added_percent: usize,
    /// Share of the old entries that may change, percent.
    pub max_changed_percent: usize,
    /// So many removals, additions or changes are always allowed: shares say nothing of short lists.
    pub always_allowed_entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_removed_percent: 10,
            max_added_percent: 25,
            max_changed_percent: 50,
            always_allowed_entries: 20,
        }
    }
}

/// What turns the old version into the new one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delta {
    /// Entries that are new or have changed, by key.
    pub upserts: Vec<WatchlistEntry>,
    /// Keys of entries that vanished, sorted.
    pub removals: Vec<String>,
    /// How many of the upserts are new.
    pub added: usize,
    /// How many of the upserts have changed.
    pub changed: usize,
    /// How many entries stay as they are.
    pub unchanged: usize,
}

/// Which limit was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Too many entries vanished.
    Removed,
    /// Too many entries are new.
    Added,
    /// Too many entries have changed.
    Changed,
}

/// A difference that waits for a person to confirm it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct HeldBack {
    /// Which limit was passed.
    pub reason: Reason,
    /// Entries of the old version.
    pub old_entries: usize,
    /// The limit, percent.
    pub limit_percent: usize,
    /// What would be done; to be used as it is once it is confirmed.
    pub delta: Delta,
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, verb) = match self.reason {
            Reason::Removed => (self.delta.removals.len(), "vanished"),
            Reason::Added => (self.delta.added, "are new"),
            Reason::Changed => (self.delta.changed, "have changed"),
        };
        write!(
            f,
            "the new version of the list is held back: {count} entries {verb}, the list had {} and the limit is {} percent; \
             check the file, then confirm it",
            self.old_entries, self.limit_percent
        )
    }
}

/// Compares two versions of one list. What differs in nothing but the version is no change and keeps its old version,
/// so a hit quotes the version in which its entry got its present form.
///
/// # Errors
/// [`HeldBack`] when more changed than `limits` allow; the first version of a list (no old entries) is never held back.
pub fn delta(
    old: &[WatchlistEntry],
    new: impl IntoIterator<Item = WatchlistEntry>,
    limits: &Limits,
) -> Result<Delta, Box<HeldBack>> {
    let old: BTreeMap<String, &WatchlistEntry> = old.iter().map(|entry| (entry.key(), entry)).collect();
    let new: BTreeMap<String, WatchlistEntry> = new.into_iter().map(|entry| (entry.key(), entry)).collect();
    let mut delta = Delta {
        removals: old.keys().filter(|key| !new.contains_key(*key)).cloned().collect(),
        ..Delta::default()
    };
    for (key, entry) in new {
        match old.get(&key) {
            Some(before) if same_content(before, &entry) => {
                delta.unchanged += 1;
                continue;
            }
            Some(_) => delta.changed += 1,
            None => delta.added += 1,
        }
        delta.upserts.push(entry);
    }
    let checks = [
        (Reason::Removed, delta.removals.len(), limits.max_removed_percent),
        (Reason::Added, delta.added, limits.max_added_percent),
        (Reason::Changed, delta.changed, limits.max_changed_percent),
    ];
    let passed = checks.into_iter().find(|(_, count, percent)| {
        *count > limits.always_allowed_entries
            && count.saturating_mul(100) > percent.saturating_mul(old.len())
    });
    // A list that loses its last entries is suspicious however short it is.
    let emptied = !old.is_empty() && delta.removals.len() == old.len() && delta.upserts.is_empty();
    let passed = passed
        .or_else(|| emptied.then_some((Reason::Removed, delta.removals.len(), limits.max_removed_percent)));
    match passed {
        Some((reason, _, limit_percent)) if !old.is_empty() => {
            Err(Box::new(HeldBack { reason, old_entries: old.len(), limit_percent, delta }))
        }
        _ => Ok(delta),
    }
}

/// Whether two entries differ in nothing but their version and the place where they were read.
#[must_use]
pub fn same_content(a: &WatchlistEntry, b: &WatchlistEntry) -> bool {
    let (version, provenance) = (a.list_version.clone(), a.provenance.clone());
    *a == WatchlistEntry { list_version: version, provenance, ..b.clone() }
}
