//! What the editions have in common.

use quaywatch_domain::event::{Mode, Place};
use quaywatch_domain::{DeadLetterCode, EventKind, Text};
use serde_json_borrow::Value;

use crate::finish::bounded_id;

/// Most containers that one event may name by reference.
pub(super) const MAX_CONTAINERS: usize = 200;

/// Why an event cannot be used.
pub(super) type Refused = (DeadLetterCode, String);

/// Longest text that is looked at, characters: what is longer is cut, and an event may be told for many containers.
const MAX_CHARACTERS: usize = 1_024;

/// The fields of an object.
pub(super) trait Fields<'v> {
    /// The value of a field, the last one where the sender wrote several; none when this is no object.
    fn field(&self, name: &str) -> Option<&Value<'v>>;
}

impl<'v> Fields<'v> for Value<'v> {
    fn field(&self, name: &str) -> Option<&Value<'v>> {
        self.as_object()?.as_vec().iter().rev().find(|(key, _)| key.0 == name).map(|(_, value)| value)
    }
}

/// A text without blanks around it; none when it is empty.
pub(super) fn text<'a>(value: &'a Value<'_>, field: &str) -> Option<&'a str> {
    let text = value.field(field)?.as_str().map(str::trim).filter(|t| !t.is_empty())?;
    match text.char_indices().nth(MAX_CHARACTERS).filter(|_| text.len() > MAX_CHARACTERS) {
        Some((end, _)) => text.get(..end),
        None => Some(text),
    }
}

/// A text of one's own; numbers are sometimes written as such.
pub(super) fn owned(value: &Value, field: &str) -> Option<Text> {
    text(value, field).map(Text::from).or_else(|| match value.field(field)? {
        Value::Number(number) => Some(Text::from(number.to_string())),
        _ => None,
    })
}

/// An identifier, of any length as the sender gave it, in bounded length.
pub(super) fn id(value: &Value, field: &str) -> Option<String> {
    let whole = value.field(field).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty());
    whole.map(|text| bounded_id(text.to_owned())).or_else(|| owned(value, field).map(String::from))
}

/// Code and value of each entry of a list of references.
pub(super) fn references<'a>(
    item: &'a Value<'_>,
    list: &str,
    code: &'a str,
    value: &'a str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let items = item.field(list).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(move |reference| Some((text(reference, code)?, text(reference, value)?)))
}

/// The kind of a facility (facilityTypeCode).
pub(super) fn facility(code: &str) -> Text {
    match code {
        "POTE" | "PORT_TERMINAL" => "TERMINAL",
        "DEPO" | "OFFD" | "COFS" | "COYA" | "DEPOT" | "OFF_DOCK_STORAGE" | "CONTAINER_FREIGHT_STATION" => {
            "DEPOT"
        }
        "INTE" | "RAMP" | "INLAND_TERMINAL" => "INLAND",
        "BOCR" | "BORD" => "BORDER",
        "CLOC" => "CUSTOMER_LOCATION",
        "WAYP" => "WAYPOINT",
        other => other,
    }
    .into()
}

/// Means of transport (modeOfTransport).
pub(super) fn mode(code: Option<&str>) -> Option<Mode> {
    match code? {
        "VESSEL" => Some(Mode::Sea),
        "RAIL" => Some(Mode::Rail),
        "TRUCK" => Some(Mode::Road),
        "BARGE" => Some(Mode::InlandWater),
        _ => None,
    }
}

/// Whether an event belongs to the voyage that leaves the port: carriers number it anew there.
pub(super) const fn is_outbound(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Loaded | EventKind::VesselDeparted)
}

/// A place, when anything of it is known; coordinates are those of `coordinates`, as numbers or as text.
pub(super) fn place(
    un_locode: Option<Text>,
    terminal: Option<Text>,
    facility: Option<Text>,
    coordinates: Option<&Value>,
) -> Option<Place> {
    let degrees = |field: &str| number(coordinates?.field(field)?);
    let (latitude, longitude) = (degrees("latitude"), degrees("longitude"));
    let place = Place { un_locode, terminal, facility, yard: None, latitude, longitude };
    (place != Place::default()).then_some(place)
}

/// A number, also one that is written as text.
pub(super) fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|n| n.is_finite())
}
