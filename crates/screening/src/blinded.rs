//! Blinded lists: making them, and meeting them.
//!
//! Names are blinded as their normalised words in alphabetical order, so that word order, case and punctuation do not
//! matter; nothing else of a name is fuzzy once it is blinded.

use quaywatch_domain::blinding::{self, BlindingKey};
use quaywatch_domain::handling::{EuropolCode, Tlp};
use quaywatch_domain::watchlist::{EntryKind, Value};
use quaywatch_domain::{Handling, WatchlistEntry};

use crate::identifiers::comparable;
use crate::names::{NameKind, Prepared};
use crate::scheme;

/// Most periods whose keys are valid at once.
pub const MAX_PERIODS: usize = 12;

/// Whether nothing of the entry is in the open.
#[must_use]
pub fn is_blinded(entry: &WatchlistEntry) -> bool {
    entry.values.iter().any(|value| value.scheme == blinding::SCHEME)
}

/// The label that a blinded entry has at least: for named recipients only, not to be passed on.
#[must_use]
pub fn least_handling() -> Handling {
    Handling::new(Tlp::Red, EuropolCode::H2)
}

/// The identifier, or of a name its words in alphabetical order: what is told apart, whatever the spelling. `None` when a
/// name has no words.
pub(crate) fn settled(value: &Value) -> Option<Value> {
    let kind = match &*value.scheme {
        scheme::NAME => NameKind::Company,
        scheme::VESSEL_NAME => NameKind::Vessel,
        _ => return Some(value.clone()),
    };
    let mut words = Prepared::new(kind, &value.value).words();
    words.sort_unstable();
    let words = Some(words.join(" ")).filter(|words| !words.is_empty())?;
    Some(Value { scheme: value.scheme.clone(), value: words.into() })
}

/// What an entry becomes before it is published: every identifier and name as its digest, and nothing that tells of them.
/// `None` when it holds nothing that can be blinded (plates, telephone numbers and mail addresses are under the port's
/// own key).
#[must_use]
pub fn blind(entry: &WatchlistEntry, key: &BlindingKey) -> Option<WatchlistEntry> {
    const OTHER_KEY: [&str; 3] = [scheme::TRUCK, scheme::PHONE_OR_MAIL, blinding::SCHEME];
    let mut values: Vec<Value> = entry
        .values
        .iter()
        .filter(|value| !OTHER_KEY.contains(&&*value.scheme))
        .filter_map(comparable)
        .collect();
    let scheme = match entry.kind {
        EntryKind::Company | EntryKind::Person => Some(scheme::NAME),
        EntryKind::Vessel => Some(scheme::VESSEL_NAME),
        _ => None,
    };
    let names = entry.names.iter().filter_map(|name| {
        let (scheme, value) = (scheme?.to_owned(), name.name.clone());
        Some(Value { scheme: scheme.into(), value: value.into() })
    });
    values.extend(names);
    let mut values: Vec<Value> = values.iter().filter_map(settled).map(|value| key.blind(&value)).collect();
    // In the order of the digests, which says nothing.
    values.sort_unstable();
    values.dedup();
    if values.is_empty() {
        return None;
    }
    Some(WatchlistEntry {
        values,
        names: Vec::new(),
        countries: Vec::new(),
        birth_dates: Vec::new(),
        linked_to: Vec::new(),
        provenance: None,
        reason: None,
        source_ref: None,
        handling: entry.handling.strictest(&least_handling()),
        ..entry.clone()
    })
}

/// The blinded forms of an identifier under each key.
pub(crate) fn forms<'a>(keys: &'a [BlindingKey], value: &Value) -> impl Iterator<Item = Value> + use<'a> {
    let value = if keys.is_empty() { None } else { settled(value) };
    value.into_iter().flat_map(move |value| keys.iter().map(move |key| key.blind(&value)))
}
