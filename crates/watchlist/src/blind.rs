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
    let text = entry.handling.text().into_iter();
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

#[cfg(test)]
mod tests {
    use quaywatch_domain::Handling;
    use quaywatch_screening::is_blinded;
    use quaywatch_screening::lists::{Defaults, read_agency_csv, read_agency_jsonl};

    use super::*;

    const LIST: &str = "list_id,entry_id,kind,scheme,value,name,action,severity,handling,owner,valid_to,reason,source_ref\n\
        police,K-1,CONTAINER,CONTAINER,CSQU3054383,,SPECIFIC,HIGH,AMBER/H1,police-koper,2026-03-31,a tip,77/26\n\
        police,K-1,,SEAL,ML001234,,,,,,,,\n\
        police,K-2,COMPANY,,,\"Pier Line, d.o.o.\",DISCREET,HIGH,,police-koper,,,\n";

    fn lines(rows: &[Map<String, Value>]) -> String {
        rows.iter().map(|row| format!("{}\n", Value::Object(row.clone()))).collect()
    }

    #[test]
    fn what_is_published_is_read_back_and_tells_nothing() {
        let list = read_agency_csv(LIST.as_bytes(), &Defaults::new("police", "v1")).unwrap();
        let key = BlindingKey::new("2026-Q1", [7; 32]).unwrap();
        let (rows, left_out) = blinded_rows(&list.entries, &key, None).unwrap();
        let text = lines(&rows);
        assert_eq!((rows.len(), left_out), (3, 0));
        for secret in ["CSQU3054383", "ML001234", "pier", "a tip", "77/26"] {
            assert!(!text.to_lowercase().contains(&secret.to_lowercase()), "{secret}: {text}");
        }
        let back = read_agency_jsonl(text.as_bytes(), &Defaults::new("police", "v2")).unwrap();
        assert!(back.row_errors.is_empty(), "{:?}", back.row_errors);
        assert!(back.entries.iter().all(is_blinded));
        let (first, entry) = (&list.entries[0], &back.entries[0]);
        assert_eq!(entry.values.len(), 2);
        assert_eq!((entry.kind, entry.action, entry.severity), (first.kind, first.action, first.severity));
        assert_eq!((entry.valid_to, &entry.owner), (first.valid_to, &first.owner));
        assert_eq!(entry.handling, Handling::parse("RED/H2").unwrap());
    }

    #[test]
    fn a_blinded_entry_without_an_owner_or_with_something_in_the_open_is_refused() {
        let list = read_agency_csv(
            LIST.replace("police-koper", "").replace("DISCREET", "").as_bytes(),
            &Defaults::new("police", "v1"),
        );
        let list = list.unwrap();
        let key = BlindingKey::new("2026-Q1", [7; 32]).unwrap();
        assert!(matches!(blinded_rows(&list.entries, &key, None), Err(Error::NoOwner { .. })));
        let (mut rows, _) = blinded_rows(&list.entries, &key, Some("police-koper")).unwrap();
        rows[0].insert("name".to_owned(), Value::String("Pier Line".to_owned()));
        rows[1].remove("owner");
        let read = read_agency_jsonl(lines(&rows).as_bytes(), &Defaults::new("police", "v2")).unwrap();
        let reasons: Vec<&str> = read.row_errors.iter().map(|e| e.reason.as_str()).collect();
        assert!(reasons[0].contains("in the open") && reasons[1].contains("owner"), "{reasons:?}");
    }
}
