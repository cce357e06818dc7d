//! Identifiers of an event: written in one way, and flagged where their form or check digit is wrong. None is dropped.

use quaywatch_domain::Text;
use std::borrow::Cow;

use quaywatch_domain::event::{Documents, Equipment, Place, PortEvent, Route, Transport, note};
use quaywatch_domain::identifiers::{
    ContainerNumber, SizeType, imo_check_digit_ok, is_carrier_code, is_commodity_code, is_eori, is_mrn,
    is_normal_reference, is_terminal_code, is_un_locode, normalise_imo, normalise_mmsi, normalise_reference,
};

use crate::finish::flag;

/// Brings all identifiers of an event into their usual form.
pub(crate) fn identifiers(event: &mut PortEvent) {
    let mut wrong = Vec::new();
    if let Some(equipment) = event.equipment.as_deref_mut() {
        of_equipment(equipment, &mut wrong);
    }
    if let Some(transport) = event.transport.as_deref_mut() {
        of_transport(transport, &mut wrong);
    }
    if let Some(place) = event.place.as_deref_mut() {
        of_place(place, &mut wrong);
    }
    if let Some(route) = event.route.as_deref_mut() {
        of_route(route, &mut wrong);
    }
    if let Some(documents) = event.documents.as_deref_mut() {
        of_documents(documents, &mut wrong);
    }
    for party in &mut event.parties {
        code(&mut party.id);
        code(&mut party.id_scheme);
        // Numbers that are written in groups.
        if matches!(party.id_scheme.as_deref(), Some("EORI" | "EAN" | "DUNS" | "LEI"))
            && let Some(id) = party.id.as_mut()
        {
            id.retain(|c| !c.is_whitespace());
        }
        let eori = party.id_scheme.as_deref() == Some("EORI");
        if eori && party.id.as_deref().is_some_and(|id| !is_eori(id)) {
            wrong.push(note::EORI_MALFORMED);
        }
    }
    for goods in &mut event.cargo {
        reference(&mut goods.hs_code);
        check(goods.hs_code.as_deref(), is_commodity_code, note::HS_CODE_MALFORMED, &mut wrong);
    }
    wrong.into_iter().for_each(|n| flag(event, n));
}

fn of_equipment(equipment: &mut Equipment, wrong: &mut Vec<&'static str>) {
    if let Some(number) = ContainerNumber::parse(&equipment.number) {
        equipment.check_digit_ok = Some(number.check_digit_ok());
        if let Cow::Owned(number) = number.into_text() {
            equipment.number = number.into();
        }
    }
    if equipment.check_digit_ok == Some(false) {
        wrong.push(note::CHECK_DIGIT_WRONG);
    }
    code(&mut equipment.iso_type);
    check(equipment.iso_type.as_deref(), |t| SizeType::parse(t).is_some(), note::SIZE_TYPE_UNKNOWN, wrong);
}

fn of_transport(transport: &mut Transport, wrong: &mut Vec<&'static str>) {
    if let Some(imo) = transport.vessel_imo.take() {
        let digits = normalise_imo(&imo);
        if digits.is_none_or(|digits| !imo_check_digit_ok(digits)) {
            wrong.push(note::IMO_CHECK_DIGIT_WRONG);
        }
        let digits = digits.map(Text::from);
        transport.vessel_imo = Some(digits.unwrap_or(imo));
    }
    if let Some(mmsi) = transport.vessel_mmsi.take() {
        let digits = normalise_mmsi(&mmsi);
        if digits.is_none() {
            wrong.push(note::MMSI_MALFORMED);
        }
        transport.vessel_mmsi = Some(digits.map_or(mmsi, Text::from));
    }
    code(&mut transport.carrier);
    check(transport.carrier.as_deref(), is_carrier_code, note::CARRIER_MALFORMED, wrong);
}

fn of_place(place: &mut Place, wrong: &mut Vec<&'static str>) {
    code(&mut place.un_locode);
    code(&mut place.terminal);
    check(place.un_locode.as_deref(), is_un_locode, note::UN_LOCODE_MALFORMED, wrong);
    check(place.terminal.as_deref(), is_terminal_code, note::TERMINAL_MALFORMED, wrong);
}

fn of_route(route: &mut Route, wrong: &mut Vec<&'static str>) {
    for port in [&mut route.port_of_loading, &mut route.port_of_discharge, &mut route.place_of_delivery] {
        code(port);
        check(port.as_deref(), is_un_locode, note::UN_LOCODE_MALFORMED, wrong);
    }
    for port in &route.transshipment_ports {
        check(Some(port), is_un_locode, note::UN_LOCODE_MALFORMED, wrong);
    }
}

fn of_documents(documents: &mut Documents, wrong: &mut Vec<&'static str>) {
    for field in [
        &mut documents.booking,
        &mut documents.bill_of_lading,
        &mut documents.transport_document,
        &mut documents.customs_declaration,
    ] {
        reference(field);
    }
    check(documents.customs_declaration.as_deref(), is_mrn, note::MRN_MALFORMED, wrong);
}

/// A code in capitals without blanks around it; an empty one is none.
fn code(field: &mut Option<Text>) {
    if let Some(text) = field {
        let canonical =
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_lowercase());
        if !canonical {
            *field = Some(Text::from(text.trim().to_uppercase())).filter(|text| !text.is_empty());
        }
    }
}

/// A number in the form in which it is compared; an empty one is none.
fn reference(field: &mut Option<Text>) {
    if let Some(text) = field
        && (text.is_empty() || !is_normal_reference(text))
    {
        *field = Some(Text::from(normalise_reference(text))).filter(|text| !text.is_empty());
    }
}

fn check(text: Option<&str>, is: impl Fn(&str) -> bool, note: &'static str, wrong: &mut Vec<&'static str>) {
    if text.is_some_and(|text| !is(text)) {
        wrong.push(note);
    }
}
