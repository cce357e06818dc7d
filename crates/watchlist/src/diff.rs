//! What one version of a list would change in another.

use std::collections::BTreeMap;

use quaywatch_domain::WatchlistEntry;
use quaywatch_screening::lists::same_content;
use serde::Serialize;
use serde_json::Value;

/// One entry that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    /// `added`, `changed` or `removed`.
    pub change: &'static str,
    /// Entry.
    pub entry_id: String,
    /// Its first name, else its first identifier.
    pub label: String,
    /// Fields that differ, with the old and the new content; of changed entries only.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, (Value, Value)>,
}

/// Every entry that is added, changed or removed, by id.
#[must_use]
pub fn diff(old: &[WatchlistEntry], new: &[WatchlistEntry]) -> Vec<Changed> {
    let by_id = |entries: &'_ [WatchlistEntry]| -> BTreeMap<String, WatchlistEntry> {
        entries.iter().map(|entry| (entry.entry_id.clone(), entry.clone())).collect()
    };
    let (old, mut new) = (by_id(old), by_id(new));
    let mut all = Vec::new();
    for (id, before) in old {
        match new.remove(&id) {
            None => all.push(changed("removed", &before, BTreeMap::new())),
            Some(after) if same_content(&before, &after) => {}
            Some(after) => all.push(changed("changed", &after, fields(&before, &after))),
        }
    }
    all.extend(new.values().map(|entry| changed("added", entry, BTreeMap::new())));
    all.sort_by(|a, b| a.entry_id.cmp(&b.entry_id));
    all
}

fn changed(
    change: &'static str,
    entry: &WatchlistEntry,
    fields: BTreeMap<String, (Value, Value)>,
) -> Changed {
    let name = entry.names.first().map(|name| name.name.clone());
    let label = name.or_else(|| entry.values.first().map(|v| format!("{} {}", v.scheme, v.value)));
    Changed { change, entry_id: entry.entry_id.clone(), label: label.unwrap_or_default(), fields }
}

/// The fields in which two entries differ, other than the version and the place where they were read.
pub(crate) fn fields(before: &WatchlistEntry, after: &WatchlistEntry) -> BTreeMap<String, (Value, Value)> {
    // An entry is plain data with text keys, so writing it cannot fail.
    let object = |entry: &WatchlistEntry| match serde_json::to_value(entry) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (before, mut after) = (object(before), object(after));
    let mut fields = BTreeMap::new();
    for (name, old) in before {
        let new = after.remove(&name).unwrap_or_default();
        if old != new {
            fields.insert(name, (old, new));
        }
    }
    fields.extend(after.into_iter().map(|(name, new)| (name, (Value::Null, new))));
    fields.retain(|name, _| name != "list_version" && name != "provenance");
    fields
}
