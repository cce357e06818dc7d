//! Fields of a canonical event that have another type than theirs: a number written as text, a code that is not in its list.
//! The event stands without what cannot be read.

use quaywatch_domain::event::note;

use super::fields::{Holds, holds};
use super::{rows, values};
use crate::draft::{Draft, Fields};

/// Turns fields into what they should be, or takes them away; what was odd.
pub(crate) fn mend(object: &mut Fields<'_>) -> Vec<&'static str> {
    let mut notes = Vec::new();
    let fields = std::mem::take(object);
    for (name, value) in fields {
        if let Some(value) = mended(&name, value, &mut notes) {
            object.insert(name, value);
        }
    }
    if object.get("pin").is_some_and(|pin| !matches!(pin, Draft::Fields(pin) if pin.has("outcome"))) {
        object.remove("pin");
    }
    for section in rows::LISTS {
        if let Some(entries) = object.list(section) {
            let all = std::mem::take(entries);
            *entries = all.into_iter().filter_map(|entry| rows::entry(section, "", entry)).collect();
        }
    }
    notes
}

fn mended<'a>(path: &str, value: Draft<'a>, notes: &mut Vec<&'static str>) -> Option<Draft<'a>> {
    let within = |key: &str| format!("{path}.{key}");
    match (holds(path), value) {
        (_, Draft::Null) => None,
        (None, Draft::Fields(fields)) => {
            let fields = fields.into_iter().filter_map(|(key, value)| {
                let value = mended(&within(&key), value, notes)?;
                Some((key, value))
            });
            Some(Draft::Fields(fields.collect()))
        }
        (None, Draft::List(entries)) => {
            let entries = entries.into_iter().filter_map(|entry| mended(&within("0"), entry, notes));
            Some(Draft::List(entries.collect()))
        }
        (Some(_), Draft::Fields(_) | Draft::List(_)) => {
            notes.push(note::VALUE_UNREADABLE);
            None
        }
        (Some(what), value) => scalar(path, what, value, notes),
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

fn scalar<'a>(path: &str, what: Holds, value: Draft<'a>, notes: &mut Vec<&'static str>) -> Option<Draft<'a>> {
    let text = match &value {
        Draft::Number(number) => number.to_string(),
        Draft::Flag(flag) => flag.to_string(),
        _ => match value.text() {
            Some(text) => text.to_owned(),
            // Read before, with their notes.
            None => return Some(value),
        },
    };
    let read = match what {
        // One that could be read was.
        Holds::Time => None,
        Holds::Text => match values::code(values::list(path).as_deref(), &text) {
            Some(code) => Some(Draft::Own(code)),
            None => {
                notes.push(note::UNKNOWN_CODE);
                return None;
            }
        },
        Holds::Flag => values::flag(&text).map(Draft::Flag),
        Holds::Number => {
            values::number(&text, None).and_then(serde_json::Number::from_f64).map(Draft::Number)
        }
        Holds::Integer => values::number(&text, None).map(|n| Draft::Number((n.round() as i64).into())),
    };
    if read.as_ref() != Some(&value) {
        notes.push(if read.is_some() { note::VALUE_REPAIRED } else { note::VALUE_UNREADABLE });
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Fields<'_> {
        let Ok(Draft::Fields(fields)) = serde_json::from_str(text) else { panic!("no fields: {text}") };
        fields
    }

    #[test]
    fn what_can_be_read_is_and_the_rest_is_taken_away() {
        let mut object = fields(
            r#"{
                "kind": "yard_move", "occurred_at": "soon", "revision": "7",
                "place": {"yard": {"tier": 2, "bay": {"no": 1}}},
                "equipment": {"number": "CSQU3054383", "laden": "full", "status": "import", "tare_kg": "2200"},
                "seals": [{"number": 1234567}, {"source": "CUSTOMS"}, "ML1"],
                "parties": [{"role": "HAULIER", "id": 77}, {"role": "PILOT", "name": "x"}],
                "pin": {"outcome": "MAYBE"}, "reefer": "cold", "extension": 5
            }"#,
        );
        object.insert("created_at", Draft::Time(quaywatch_domain::Timestamp::from_millis(0)));
        let notes = mend(&mut object);
        assert_eq!(
            object.remove("created_at"),
            Some(Draft::Time(quaywatch_domain::Timestamp::from_millis(0)))
        );
        assert_eq!(
            object,
            fields(
                r#"{
                    "kind": "yard_move", "revision": 7,
                    "place": {"yard": {"tier": "2"}},
                    "equipment": {"number": "CSQU3054383", "status": "IMPORT", "tare_kg": 2200.0},
                    "seals": [{"number": "1234567"}],
                    "parties": [{"role": "HAULIER", "id": "77", "id_scheme": "LOCAL"}],
                    "extension": 5
                }"#
            )
        );
        assert!(notes.contains(&note::VALUE_REPAIRED) && notes.contains(&note::UNKNOWN_CODE));
        assert!(notes.contains(&note::VALUE_UNREADABLE));
    }
}
