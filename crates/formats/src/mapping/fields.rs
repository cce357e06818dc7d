//! The fields of an event that a mapping may fill, by their dotted names.

use super::Mistake;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Text,
    Number,
    Integer,
    Flag,
    Time,
}

/// Every field, `N` for the place in a list. A party may be named by its role instead: `parties.HAULIER.id`.
const FIELDS: &[(&str, Holds)] = {
    use Holds::{Flag, Integer, Number, Text, Time};
    &[
        ("event_id", Text),
        ("revision", Integer),
        ("retracted", Flag),
        ("kind", Text),
        ("classifier", Text),
        ("occurred_at", Time),
        ("created_at", Time),
        ("received_at", Time),
        ("place.un_locode", Text),
        ("place.terminal", Text),
        ("place.facility", Text),
        ("place.latitude", Number),
        ("place.longitude", Number),
        ("place.yard.block", Text),
        ("place.yard.bay", Text),
        ("place.yard.row", Text),
        ("place.yard.tier", Text),
        ("equipment.number", Text),
        ("equipment.iso_type", Text),
        ("equipment.laden", Text),
        ("equipment.status", Text),
        ("equipment.out_of_service", Flag),
        ("equipment.tare_kg", Number),
        ("equipment.declared_number", Text),
        ("equipment.read_by_camera", Flag),
        ("equipment.shipper_owned", Flag),
        ("equipment.lease_expired", Flag),
        ("transport.mode", Text),
        ("transport.vessel_imo", Text),
        ("transport.vessel_mmsi", Text),
        ("transport.vessel_name", Text),
        ("transport.call_sign", Text),
        ("transport.voyage", Text),
        ("transport.carrier", Text),
        ("transport.service", Text),
        ("transport.call_id", Text),
        ("transport.stow_cell", Text),
        ("transport.truck_plate", Text),
        ("transport.driver_badge", Text),
        ("transport.trailer_plate", Text),
        ("transport.truck", Text),
        ("transport.driver", Text),
        ("transport.trailer", Text),
        ("transport.without_container", Flag),
        ("route.port_of_loading", Text),
        ("route.port_of_discharge", Text),
        ("route.place_of_delivery", Text),
        ("route.origin_country", Text),
        ("route.transshipment_ports.N", Text),
        ("documents.booking", Text),
        ("documents.bill_of_lading", Text),
        ("documents.transport_document", Text),
        ("documents.customs_declaration", Text),
        ("documents.release_secret", Text),
        ("documents.release", Text),
        ("documents.order", Text),
        ("documents.appointment", Text),
        ("parties.N.role", Text),
        ("parties.N.id", Text),
        ("parties.N.id_scheme", Text),
        ("parties.N.name", Text),
        ("parties.N.address", Text),
        ("parties.N.country", Text),
        ("parties.N.contact", Text),
        ("parties.N.registered_at", Time),
        ("parties.N.officers_changed_at", Time),
        ("parties.N.capital_eur", Integer),
        ("seals.N.number", Text),
        ("seals.N.source", Text),
        ("seals.N.condition", Text),
        ("seals.N.type", Text),
        ("weights.N.kind", Text),
        ("weights.N.kg", Number),
        ("weights.N.method", Text),
        ("customs.office", Text),
        ("customs.decision", Text),
        ("customs.procedure", Text),
        ("customs.reference", Text),
        ("pin.outcome", Text),
        ("actor.user", Text),
        ("actor.organisation", Text),
        ("actor.role", Text),
        ("actor.action", Text),
        ("actor.client", Text),
        ("reefer.setpoint_c", Number),
        ("reefer.supply_c", Number),
        ("reefer.return_c", Number),
        ("reefer.powered", Flag),
        ("reefer.defrosting", Flag),
        ("cargo.N.hs_code", Text),
        ("cargo.N.description", Text),
        ("cargo.N.packages", Integer),
        ("cargo.N.origin_country", Text),
        ("cargo.N.dangerous_goods", Text),
        ("source.sender", Text),
    ]
};

/// Largest place in a list.
const MAX_PLACE: usize = 63;

/// What a field holds; `None` when there is no such field.
pub(super) fn holds(field: &str) -> Option<Holds> {
    let pattern = pattern(field)?;
    FIELDS.iter().find(|(known, _)| *known == pattern).map(|(_, holds)| *holds)
}

/// The field with `N` in place of a number, or of a party's role.
fn pattern(field: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in field.split('.') {
        let listed = match part.parse::<usize>() {
            Ok(place) if place <= MAX_PLACE => true,
            Ok(_) => return None,
            Err(_) => {
                parts.last() == Some(&"parties") && quaywatch_domain::event::PartyRole::parse(part).is_some()
            }
        };
        parts.push(if listed { "N" } else { part });
    }
    Some(parts.join("."))
}

/// Whether a word is a part of a field's name.
pub(crate) fn is_part_of_a_field(word: &str) -> bool {
    FIELDS.iter().any(|(field, _)| field.split('.').any(|part| part == word))
}

/// What is wrong with the name of a field.
pub(super) fn mistake(field: &str) -> Option<Mistake> {
    if holds(field).is_some() {
        return None;
    }
    let known = FIELDS.iter().map(|(known, _)| *known);
    let nearest = nearest(field, known).unwrap_or("equipment.number");
    Some(("mapping.fields", field.to_owned(), format!("is no field of an event; the nearest is {nearest}")))
}

/// The name that is the fewest edits away.
pub(crate) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names.min_by_key(|known| edits(&known.to_lowercase(), &name.to_lowercase()))
}

/// Levenshtein distance of the first 64 characters.
pub(super) fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut before = i;
        let mut next = vec![i + 1];
        for (y, above) in b.iter().zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or_default();
            next.push((before + usize::from(x != *y)).min(above + 1).min(left + 1));
            before = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_roles_are_fields() {
        assert_eq!(holds("seals.3.number"), Some(Holds::Text));
        assert_eq!(holds("parties.HAULIER.id"), Some(Holds::Text));
        assert_eq!(holds("weights.0.kg"), Some(Holds::Number));
        for none in ["parties.DRIVER.id", "seals.900.number", "seal.0.number", "", "kind.x"] {
            assert_eq!(holds(none), None, "{none}");
        }
        assert!(mistake("equipment.no").unwrap().2.contains("equipment."));
    }
}
