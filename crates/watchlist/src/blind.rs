//! A blinded list as an agency publishes it.

use quaywatch_domain::WatchlistEntry;
use quaywatch_domain::blinding::BlindingKey;
use quaywatch_screening::blind;
use serde_json::{Map, Value};

use crate::Error;

/// The rows (JSON lines of an agency's list) that blind these entries under the key of a period, and how many entries
/// hold nothing that can be blinded. Every entry needs an owner: nobody else sees its hits.
///
/// # Errors
/// When an entry has no owner and none is given.
pub fn blinded_rows(
    entries: &[WatchlistEntry],
    key: &BlindingKey,
    owner: Option<&str>,
) -> Result<(Vec<Map<String, Value>>, usize), Error> {
    let (mut rows, mut left_out) = (Vec::new(), 0);
    for entry in entries {
        let Some(blinded) = blind(entry, key) else {
            left_out += 1;
            continue;
        };
        let owner = blinded.owner.as_deref().or(owner);
        let owner = owner.ok_or_else(|| Error::NoOwner { entry: blinded.entry_id.clone() })?;
        rows.extend(blinded.values.iter().map(|value| row(&blinded, owner, &value.value)));
    }
    Ok((rows, left_out))
}

fn row(entry: &WatchlistEntry, owner: &str, value: &str) -> Map<String, Value> {
    let handling = format!("{}/{}", entry.handling.tlp, entry.handling.code);
    let text = entry.handling.text.iter().map(String::as_str);
    let handling = std::iter::once(handling.as_str()).chain(text).collect::<Vec<_>>().join("/");
    let moment = |at: Option<quaywatch_domain::Timestamp>| at.map(|at| at.to_string());
    let cells = [
        ("list_id", Some(entry.list_id.clone())),
        ("entry_id", Some(entry.entry_id.clone())),
        ("kind", Some(entry.kind.to_string())),
        ("scheme", Some(quaywatch_domain::blinding::SCHEME.to_owned())),
        ("value", Some(value.to_owned())),
        ("action", Some(entry.action.to_string())),
        ("severity", Some(entry.severity.to_string())),
        ("handling", Some(handling)),
        ("owner", Some(owner.to_owned())),
        ("valid_from", moment(entry.valid_from)),
        ("valid_to", moment(entry.valid_to)),
        ("review_on", moment(entry.review_on)),
        ("legal_basis", entry.legal_basis.clone()),
    ];
    cells.into_iter().filter_map(|(name, cell)| Some((name.to_owned(), Value::String(cell?)))).collect()
}
