//! Events as values of the expression language. What an event does not say is not there: a comparison with it is neither
//! true nor false, and the profile does not hold. Lists and sections are always there, empty when nothing is said.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cel::extractors::This;
use cel::objects::{Key, Map};
use cel::{Context, DeclarationError, ExecutionError, Value};
use quaywatch_domain::event::PortEvent;
use quaywatch_domain::{Severity, Timestamp};

use super::schema::MAX_ITEMS;
use crate::view::{Seen, View};

/// Longest text that an expression sees, bytes.
const MAX_TEXT_BYTES: usize = 1_024;

/// Adds the functions on times that the standard has and the library leaves out without a second time library.
pub(crate) fn add_functions(context: &mut Context<'_, '_>) -> Result<(), DeclarationError> {
    context.add_function("timestamp", |text: Arc<String>| {
        Timestamp::parse(&text).map(Timestamp::as_millis).map_err(|e| refused("timestamp", &e.to_string()))
    })?;
    context.add_function("duration", |text: Arc<String>| {
        duration_ms(&text).ok_or_else(|| refused("duration", "not a duration such as 1h30m"))
    })?;
    context.add_function("getHours", |This(at): This<i64>, zone: Arc<String>| {
        i64::from(Timestamp::from_millis(at).hour_in(&zone))
    })
}

fn refused(function: &str, why: &str) -> ExecutionError {
    ExecutionError::function_error(function, why)
}

/// Milliseconds of `1h30m`, `90s`, `500ms`, `2d`.
pub(crate) fn duration_ms(text: &str) -> Option<i64> {
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut total = 0_i64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(unit)?;
        let unit_ms = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(unit_ms)?)?;
        rest = after;
    }
    Some(sign * total)
}

/// Whether this is the name of a time zone.
pub(crate) fn is_zone(name: &str) -> bool {
    jiff::tz::TimeZone::get(name).is_ok()
}

/// Fields as they are added.
struct Section(HashMap<Key, Value>);

impl Section {
    fn new() -> Self {
        Self(HashMap::new())
    }

    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(Key::String(Arc::new(name.to_owned())), value.into());
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            let mut end = text.len().min(MAX_TEXT_BYTES);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            self.put(name, text.get(..end).unwrap_or_default());
        }
    }

    fn time(&mut self, name: &str, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.put(name, at.as_millis());
        }
    }

    fn some<T: Into<Value>>(&mut self, name: &str, value: Option<T>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn list<T>(&mut self, name: &str, items: &[T], of: impl Fn(&T) -> Value) {
        self.put(name, Value::List(Arc::new(items.iter().take(MAX_ITEMS).map(of).collect())));
    }
}

impl From<Section> for Value {
    fn from(section: Section) -> Self {
        Self::Map(Map { map: Arc::new(section.0) })
    }
}

macro_rules! texts {
    ($section:ident, $of:expr, $($field:ident),+) => { $($section.text(stringify!($field), $of.and_then(|o| o.$field.as_deref()));)+ };
}

/// Builds one section of an event.
type Builder = fn(&mut Section, &PortEvent);

/// The sections of an event; only those that an expression names are built.
const SECTIONS: &[(&str, Builder)] = &[
    ("place", |all, e| {
        let mut out = Section::new();
        let place = e.place.as_deref();
        texts!(out, place, un_locode, terminal, facility);
        let mut yard = Section::new();
        let slot = place.and_then(|p| p.yard.as_ref());
        texts!(yard, slot, block, bay, row, tier);
        out.put("yard", yard);
        out.some("latitude", place.and_then(|p| p.latitude));
        out.some("longitude", place.and_then(|p| p.longitude));
        all.put("place", out);
    }),
    ("equipment", |all, e| {
        let mut out = Section::new();
        if let Some(box_) = e.equipment.as_deref() {
            out.text("number", Some(&box_.number));
            out.text("iso_type", box_.iso_type.as_deref());
            out.text("laden", box_.laden.map(|v| v.as_str()));
            out.text("status", box_.status.map(|v| v.as_str()));
            out.some("check_digit_ok", box_.check_digit_ok);
            out.some("out_of_service", box_.out_of_service);
            out.some("tare_kg", box_.tare_kg);
        }
        all.put("equipment", out);
    }),
    ("transport", |all, e| {
        let mut out = Section::new();
        let by = e.transport.as_deref();
        out.text("mode", by.and_then(|t| t.mode).map(|m| m.as_str()));
        texts!(
            out,
            by,
            vessel_imo,
            vessel_name,
            call_sign,
            voyage,
            carrier,
            service,
            call_id,
            stow_cell,
            truck,
            trailer
        );
        all.put("transport", out);
    }),
    ("route", |all, e| {
        let mut out = Section::new();
        let route = e.route.as_deref();
        texts!(out, route, port_of_loading, port_of_discharge, place_of_delivery, origin_country);
        let via = route.map(|r| r.transshipment_ports.as_slice()).unwrap_or_default();
        out.list("transshipment_ports", via, |port| Value::from(port.as_str()));
        all.put("route", out);
    }),
    ("documents", |all, e| {
        let mut out = Section::new();
        let papers = e.documents.as_deref();
        texts!(
            out,
            papers,
            booking,
            bill_of_lading,
            transport_document,
            customs_declaration,
            release,
            order,
            appointment
        );
        all.put("documents", out);
    }),
    ("parties", |all, e| {
        all.list("parties", &e.parties, |party| {
            let mut out = Section::new();
            out.text("role", Some(party.role.as_str()));
            let party = Some(party);
            texts!(out, party, id, id_scheme, name, address, country, contact);
            out.into()
        });
    }),
    ("seals", |all, e| {
        all.list("seals", &e.seals, |seal| {
            let mut out = Section::new();
            out.text("number", Some(&seal.number));
            out.text("normalised", seal.normalised.as_deref());
            out.text("source", Some(seal.source.as_str()));
            out.text("condition", seal.condition.map(|c| c.as_str()));
            out.text("type", seal.seal_type.as_deref());
            out.into()
        });
    }),
    ("weights", |all, e| {
        all.list("weights", &e.weights, |weight| {
            let mut out = Section::new();
            out.text("kind", Some(weight.kind.as_str()));
            out.put("kg", weight.kg);
            out.text("method", weight.method.as_deref());
            out.into()
        });
    }),
    ("customs", |all, e| {
        let mut out = Section::new();
        let customs = e.customs.as_deref();
        texts!(out, customs, office, decision, procedure, reference);
        all.put("customs", out);
    }),
    ("pin", |all, e| {
        let mut out = Section::new();
        out.text("outcome", e.pin.as_ref().map(|p| p.outcome.as_str()));
        all.put("pin", out);
    }),
    ("reefer", |all, e| {
        let mut out = Section::new();
        if let Some(reefer) = e.reefer.as_deref() {
            out.some("setpoint_c", reefer.setpoint_c);
            out.some("supply_c", reefer.supply_c);
            out.some("return_c", reefer.return_c);
            out.some("powered", reefer.powered);
            out.some("defrosting", reefer.defrosting);
        }
        all.put("reefer", out);
    }),
    ("cargo", |all, e| {
        all.list("cargo", &e.cargo, |goods| {
            let mut out = Section::new();
            out.some("packages", goods.packages);
            let goods = Some(goods);
            texts!(out, goods, hs_code, description, origin_country, dangerous_goods);
            out.into()
        });
    }),
    ("source", |all, e| {
        let mut out = Section::new();
        out.text("feed", Some(&e.source.feed));
        out.text("format", Some(&e.source.format));
        out.text("sender", e.source.sender.as_deref());
        all.put("source", out);
    }),
    ("notes", |all, e| all.list("notes", &e.notes, |note| Value::from(&**note))),
];

/// The event, with those of its sections that are named in `fields`.
pub(crate) fn event(event: &PortEvent, fields: &BTreeSet<String>) -> Value {
    let mut out = Section::new();
    out.text("kind", Some(event.kind.as_str()));
    out.text("classifier", Some(event.classifier.as_str()));
    out.time("occurred_at", Some(event.occurred_at));
    out.time("created_at", event.created_at);
    out.time("received_at", Some(event.received_at));
    for (_, build) in SECTIONS.iter().filter(|(name, _)| fields.contains(*name)) {
        build(&mut out, event);
    }
    out.into()
}

/// The visit whose events these are.
pub(crate) fn visit(view: &View<'_>, stay: &[Seen<'_>]) -> Value {
    let mut out = Section::new();
    out.text("container", Some(&view.subject.id));
    out.put("number", i64::from(stay.first().map_or(0, |s| view.number(s.visit))));
    out.text("terminal", crate::alerts::terminal(stay).as_deref());
    out.time("started_at", stay.first().map(Seen::at));
    out.text("call", crate::alerts::call(stay).as_deref());
    out.into()
}

/// Weight of a profile that sets none.
pub(crate) fn weight_of(weight: Option<f64>, severity: Severity, weights: &crate::settings::Weights) -> f64 {
    weight.unwrap_or_else(|| weights.of(severity))
}
