//! What is known of one entry: where it comes from, what it holds, and how it came to be so.

use quaywatch_codec::Codec;
use quaywatch_domain::{Sha256, Timestamp, WatchlistEntry};
use quaywatch_screening::digest_of;
use serde::Serialize;

use crate::Error;
use crate::diff::fields;
use crate::store::{Store, VERSION_HEADER};

/// One version of an entry, as far as the topic still has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When it was published.
    pub at: Timestamp,
    /// Version of the list.
    pub version: String,
    /// `added`, `changed`, `removed` or `unreadable`. The oldest version that the topic has may have been a change.
    pub change: &'static str,
    /// Fields that differ from the version before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// What is known of one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// List id, slash, entry id.
    pub key: String,
    /// Whether it matches now; `false` for what is removed, expired or not yet valid.
    pub in_force: bool,
    /// Its latest form, also of one that is removed, while the topic has it.
    pub entry: Option<WatchlistEntry>,
    /// Digest of what it says now, for exceptions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Sha256>,
    /// Its versions, oldest first.
    pub history: Vec<Event>,
}

/// The entries with this id (`ENTRY` in any list, or `LIST/ENTRY`). Blocks.
///
/// # Errors
/// When Kafka cannot be reached.
pub fn explain(
    store: &dyn Store,
    codec: &Codec,
    id: &str,
    now: Timestamp,
) -> Result<Vec<Explanation>, Error> {
    let mut found: Vec<Explanation> = Vec::new();
    for record in store.read()? {
        let Some(key) = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok()) else { continue };
        let entry_id = key.split_once('/').map(|(_, entry)| entry);
        if key != id && entry_id != Some(id) {
            continue;
        }
        let at = found.iter().position(|known| known.key == key).unwrap_or_else(|| {
            found.push(Explanation {
                digest: None,
                key: key.to_owned(),
                in_force: false,
                entry: None,
                history: Vec::new(),
            });
            found.len() - 1
        });
        let Some(known) = found.get_mut(at) else { continue };
        let entry = record.value.as_deref().map(|value| codec.decode::<WatchlistEntry>(value));
        let was_there = known.history.last().is_some_and(|event| event.change != "removed");
        let (change, differs) = match (&entry, &known.entry) {
            (None, _) => ("removed", Vec::new()),
            (Some(Err(_)), _) => ("unreadable", Vec::new()),
            (Some(Ok(new)), Some(old)) if was_there => ("changed", fields(old, new).into_keys().collect()),
            (Some(Ok(_)), _) => ("added", Vec::new()),
        };
        let header = record.headers.iter().find(|(name, _)| name == VERSION_HEADER);
        let version = header.and_then(|(_, version)| String::from_utf8(version.clone()).ok());
        let version = version.or_else(|| Some(entry.as_ref()?.as_ref().ok()?.list_version.clone()));
        known.history.push(Event {
            at: Timestamp::from_millis(record.timestamp_ms),
            version: version.unwrap_or_default(),
            change,
            fields: differs,
        });
        known.in_force = matches!(&entry, Some(Ok(entry)) if entry.is_in_force(now));
        if let Some(Ok(entry)) = entry {
            known.digest = Some(digest_of(&entry));
            known.entry = Some(entry);
        }
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}
