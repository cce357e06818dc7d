//! Fields of a canonical event that have another type than theirs: a number written as text, a code that is not in its list.
//! The event stands without what cannot be read.

use quaywatch_domain::event::note;
use serde_json::{Map, Value};

use super::fields::{Holds, holds};
use super::{rows, values};

/// Turns fields into what they should be, or takes them away; what was odd.
pub(crate) fn mend(object: &mut Map<String, Value>) -> Vec<&'static str> {
    let mut notes = Vec::new();
    let fields = std::mem::take(object);
    for (name, value) in fields {
        if let Some(value) = mended(&name, value, &mut notes) {
            object.insert(name, value);
        }
    }
    if object.get("pin").is_some_and(|pin| pin.get("outcome").is_none()) {
        object.remove("pin");
    }
    for section in rows::LISTS {
        if let Some(Value::Array(entries)) = object.get_mut(section) {
            let all = std::mem::take(entries);
            *entries = all.into_iter().filter_map(|entry| rows::entry(section, "", entry)).collect();
        }
    }
    notes
}

fn mended(path: &str, value: Value, notes: &mut Vec<&'static str>) -> Option<Value> {
    let within = |key: &str| format!("{path}.{key}");
    match (holds(path), value) {
        (_, Value::Null) => None,
        (Some(what), value @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) => {
            scalar(path, what, &value, notes)
        }
        (None, Value::Object(fields)) => {
            let fields = fields.into_iter().filter_map(|(key, value)| {
                let value = mended(&within(&key), value, notes)?;
                Some((key, value))
            });
            Some(Value::Object(fields.collect()))
        }
        (None, Value::Array(entries)) => {
            let entries = entries.into_iter().filter_map(|entry| mended(&within("0"), entry, notes));
            Some(Value::Array(entries.collect()))
        }
        (Some(_), Value::Object(_) | Value::Array(_)) => {
            notes.push(note::VALUE_UNREADABLE);
            None
        }
        // Fields that are none of ours, and sections that hold a plain value.
        (None, value) if path.contains('.') || !is_section(path) => Some(value),
        (None, _) => {
            notes.push(note::VALUE_UNREADABLE);
            None
        }
    }
}

/// Whether fields stand within it.
fn is_section(name: &str) -> bool {
    const SECTIONS: [&str; 13] = [
        "place",
        "equipment",
        "transport",
        "route",
        "documents",
        "parties",
        "seals",
        "weights",
        "customs",
        "pin",
        "actor",
        "reefer",
        "cargo",
    ];
    SECTIONS.contains(&name)
}

fn scalar(path: &str, what: Holds, value: &Value, notes: &mut Vec<&'static str>) -> Option<Value> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let read = match what {
        // Read before, with their notes.
        Holds::Time => Some(value.clone()),
        Holds::Text => match values::code(values::list(path).as_deref(), &text) {
            Some(code) => Some(Value::String(code)),
            None => {
                notes.push(note::UNKNOWN_CODE);
                return None;
            }
        },
        Holds::Flag => values::flag(&text).map(Value::Bool),
        Holds::Number => {
            values::number(&text, None).and_then(serde_json::Number::from_f64).map(Value::Number)
        }
        Holds::Integer => values::number(&text, None).map(|n| Value::from(n.round() as i64)),
    };
    if read.as_ref() != Some(value) {
        notes.push(if read.is_some() { note::VALUE_REPAIRED } else { note::VALUE_UNREADABLE });
    }
    read
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_can_be_read_is_and_the_rest_is_taken_away() {
        let Value::Object(mut object) = json!({
            "kind": "yard_move", "occurred_at": "2026-03-01T00:00:00Z", "revision": "7",
            "place": {"yard": {"tier": 2, "bay": {"no": 1}}},
            "equipment": {"number": "CSQU3054383", "laden": "full", "status": "import", "tare_kg": "2200"},
            "seals": [{"number": 1234567}, {"source": "CUSTOMS"}, "ML1"],
            "parties": [{"role": "HAULIER", "id": 77}, {"role": "PILOT", "name": "x"}],
            "pin": {"outcome": "MAYBE"}, "reefer": "cold", "extension": 5
        }) else {
            unreachable!()
        };
        let notes = mend(&mut object);
        assert_eq!(
            Value::Object(object),
            json!({
                "kind": "yard_move", "occurred_at": "2026-03-01T00:00:00Z", "revision": 7,
                "place": {"yard": {"tier": "2"}},
                "equipment": {"number": "CSQU3054383", "status": "IMPORT", "tare_kg": 2200.0},
                "seals": [{"number": "1234567"}],
                "parties": [{"role": "HAULIER", "id": "77", "id_scheme": "LOCAL"}],
                "extension": 5
            })
        );
        assert!(notes.contains(&note::VALUE_REPAIRED) && notes.contains(&note::UNKNOWN_CODE));
    }
}
