//! The index of all lists: by exact identifier, and by name.

use foldhash::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use quaywatch_domain::blinding::BlindingKey;
use quaywatch_domain::watchlist::Value;
use quaywatch_domain::{Timestamp, WatchlistEntry};

use crate::blinded::{forms, is_blinded};
use crate::exceptions::Exceptions;
use crate::identifiers::comparable;
use crate::names::{Bands, Book, NameHit, NameKind, Party, Prepared, Searcher};
use crate::scheme;

/// All entries of all lists by identifier. One entry changes at a time, at the cost of its own identifiers; changed names
/// are found after [`Index::settle`].
#[derive(Debug, Default)]
pub struct Index {
    entries: HashMap<String, Arc<WatchlistEntry>>,
    by_value: HashMap<Value, Vec<Arc<WatchlistEntry>>>,
    /// How many listed containers there are by number with one digit left out: most containers are near to none.
    near: HashMap<Masked, usize>,
    names: Book,
    blinding: Arc<[BlindingKey]>,
    blinded: usize,
    exceptions: Arc<Exceptions>,
    bands: Bands,
    /// What is known of names; nothing that an answer depends on.
    searcher: Mutex<Searcher>,
}

impl Clone for Index {
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
            by_value: self.by_value.clone(),
            near: self.near.clone(),
            names: self.names.clone(),
            blinding: Arc::clone(&self.blinding),
            blinded: self.blinded,
            exceptions: Arc::clone(&self.exceptions),
            bands: self.bands.clone(),
            searcher: Mutex::default(),
        }
    }
}

impl Index {
    /// An index of these entries.
    #[must_use]
    pub fn of(entries: impl IntoIterator<Item = WatchlistEntry>) -> Self {
        let mut index = Self::default();
        for entry in entries {
            index.upsert(&entry.key(), entry);
        }
        index.settle();
        index
    }

    /// Puts the entry in the place of the one with this key (list id, slash, entry id), if any.
    pub fn upsert(&mut self, key: &str, entry: WatchlistEntry) {
        self.forget(key);
        self.blinded += usize::from(is_blinded(&entry));
        let entry = Arc::new(entry);
        self.names.upsert(key, &entry);
        for value in comparable_values(&entry) {
            for mask in masks_of(&value) {
                *self.near.entry(mask).or_default() += 1;
            }
            let slot = self.by_value.entry(value).or_default();
            let at = slot.partition_point(|e| order(e) < order(&entry));
            slot.insert(at, Arc::clone(&entry));
        }
        self.entries.insert(key.to_owned(), entry);
    }

    /// Takes the entry with this key out, if it is there.
    pub fn remove(&mut self, key: &str) {
        self.names.remove(key);
        self.forget(key);
    }

    /// Tells names from these scores on.
    #[must_use]
    pub fn with_bands(mut self, bands: Bands) -> Self {
        self.bands = bands;
        self
    }

    /// The scores from which names are told.
    #[must_use]
    pub const fn bands(&self) -> &Bands {
        &self.bands
    }

    /// The entries whose name a party or vessel in an event bears, best first. Parties are looked for as companies when
    /// their name says so, else as persons too; what is known of the party qualifies them.
    pub fn named(&self, scheme: &str, name: &str, party: &Party) -> Vec<NameHit> {
        let mut searcher = self.searcher.lock().unwrap_or_else(PoisonError::into_inner);
        let mut search =
            |kinds: &[NameKind]| self.names.search(kinds, name, party, &self.bands, &mut searcher);
        if scheme == scheme::VESSEL_NAME {
            return search(&[NameKind::Vessel]);
        }
        // What meets no person is remembered; whether a name is a company's has to be worked out.
        if search(&[NameKind::Person]).is_empty() || Prepared::new(NameKind::Company, name).has_legal_form() {
            return search(&[NameKind::Company]);
        }
        search(&[NameKind::Person, NameKind::Company])
    }

    /// Listed containers that differ from this one by a digit.
    pub fn near_containers(&self, number: &str) -> impl Iterator<Item = (Value, &WatchlistEntry)> {
        masks(number)
            .filter(|(_, mask)| self.near.contains_key(mask))
            .flat_map(|(at, _)| one_digit_off(number, at))
            .map(|value| Value { scheme: scheme::CONTAINER.into(), value: value.into() })
            .filter_map(|value| Some((value.clone(), self.by_value.get(&value)?)))
            .flat_map(|(value, entries)| entries.iter().map(move |entry| (value.clone(), entry.as_ref())))
    }

    /// Makes changed names searchable: to be called after a batch of changes.
    pub fn settle(&mut self) {
        self.names.settle();
    }

    /// The names of the entries.
    #[must_use]
    pub const fn names(&self) -> &Book {
        &self.names
    }

    fn forget(&mut self, key: &str) {
        let Some(entry) = self.entries.remove(key) else { return };
        self.blinded -= usize::from(is_blinded(&entry));
        for value in comparable_values(&entry) {
            for mask in masks_of(&value) {
                if let Entry::Occupied(mut count) = self.near.entry(mask) {
                    *count.get_mut() -= 1;
                    if *count.get() == 0 {
                        count.remove();
                    }
                }
            }
            if let Some(slot) = self.by_value.get_mut(&value) {
                slot.retain(|other| !Arc::ptr_eq(other, &entry));
                if slot.is_empty() {
                    self.by_value.remove(&value);
                }
            }
        }
    }

    /// Sets what people decided not to be hits.
    pub fn set_exceptions(&mut self, exceptions: Arc<Exceptions>) {
        self.exceptions = exceptions;
    }

    /// What people decided not to be hits.
    #[must_use]
    pub fn exceptions(&self) -> &Arc<Exceptions> {
        &self.exceptions
    }

    /// Sets the keys under which blinded entries are met.
    pub fn set_blinding(&mut self, keys: impl Into<Arc<[BlindingKey]>>) {
        self.blinding = keys.into();
    }

    /// The blinded forms of an identifier, under each key; none while no list is blinded.
    pub(crate) fn blinded_forms<'a>(&'a self, value: &Value) -> impl Iterator<Item = Value> + use<'a> {
        let keys: &[BlindingKey] = if self.blinded > 0 { &self.blinding } else { &[] };
        forms(keys, value)
    }

    /// The entries in force that hold this (normalised) identifier, by list and entry id.
    pub fn lookup(&self, value: &Value, now: Timestamp) -> impl Iterator<Item = &WatchlistEntry> {
        self.holding(value).filter(move |entry| entry.is_in_force(now))
    }

    /// The entries that hold this (normalised) identifier, whether or not they are in force.
    pub fn holding(&self, value: &Value) -> impl Iterator<Item = &WatchlistEntry> {
        self.by_value.get(value).into_iter().flatten().map(Arc::as_ref)
    }

    /// The entry with this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&WatchlistEntry> {
        self.entries.get(key).map(Arc::as_ref)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// A container number with a blank for one of its digits.
type Masked = [u8; 11];

/// The number with each of its digits blanked in turn, and where; none for what is no number (ISO 6346).
fn masks(number: &str) -> impl Iterator<Item = (usize, Masked)> + use<> {
    let number: Option<Masked> = number.as_bytes().try_into().ok();
    number.into_iter().flat_map(|number| {
        number.into_iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()).map(move |(at, _)| {
            let mut mask = number;
            mask.iter_mut().skip(at).take(1).for_each(|byte| *byte = b' ');
            (at, mask)
        })
    })
}

fn masks_of(value: &Value) -> impl Iterator<Item = Masked> + use<> {
    let number = if value.scheme == scheme::CONTAINER { value.value.as_str() } else { "" };
    masks(number).map(|(_, mask)| mask)
}

/// The numbers that a slip in the digit at `at` makes of a container number.
fn one_digit_off(number: &str, at: usize) -> impl Iterator<Item = String> {
    let (front, back) = (number.get(..at).unwrap_or_default(), number.get(at + 1..).unwrap_or_default());
    let old = number.as_bytes().get(at).copied();
    (b'0'..=b'9')
        .filter(move |new| Some(*new) != old)
        .map(move |new| format!("{front}{}{back}", char::from(new)))
}

fn order(entry: &WatchlistEntry) -> (&str, &str) {
    (&entry.list_id, &entry.entry_id)
}

/// Sorted, each once: an entry that lists one number in two spellings stands once.
fn comparable_values(entry: &WatchlistEntry) -> Vec<Value> {
    let mut values: Vec<Value> = entry.values.iter().filter_map(comparable).collect();
    values.sort_unstable();
    values.dedup();
    values
}
