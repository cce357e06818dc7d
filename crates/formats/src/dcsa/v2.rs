//! Track & Trace 2.2: events of type SHIPMENT, TRANSPORT and EQUIPMENT. Codes that the standard does not list are kept as
//! `other` and noted.

use quaywatch_domain::event::{Documents, PortEvent, Seal, Transport, note};
use quaywatch_domain::pseudonym::Kind;
use quaywatch_domain::{DeadLetterCode, EventKind, Sha256};
use serde_json_borrow::Value;

use super::codes;
use super::parts::{
    Fields as _, MAX_CONTAINERS, Refused, facility, id, is_outbound, mode, owned, place, references, text,
};
use crate::Context;
use crate::finish::{blank, equipment, finish, flag};
use crate::local_time;

/// Name of the format in events.
const FORMAT: &str = "DCSA-TNT-2.2";

/// Reads one event: one for each container that it names.
pub(super) fn read(item: &Value, context: &Context<'_>, path: &str) -> Result<Vec<PortEvent>, Refused> {
    let family = family(item).ok_or_else(|| {
        let sentence = "the event has no eventType (SHIPMENT, TRANSPORT or EQUIPMENT)".to_owned();
        (DeadLetterCode::MissingField, sentence)
    })?;
    let zone = Some(context.settings.time_zone.as_deref().unwrap_or("UTC"));
    let time = |field: &str| text(item, field).and_then(|t| local_time::iso(t, zone));
    let (occurred_at, mut notes) = time("eventDateTime").ok_or_else(|| {
        let sentence =
            "eventDateTime is missing or not an ISO 8601 time, so it is not known when it happened"
                .to_owned();
        (DeadLetterCode::NoTime, sentence)
    })?;
    let (kind, known) = kind_of(item, family);
    let mut event = blank(context, kind, occurred_at);
    if let Some((created_at, noted)) = time("eventCreatedDateTime") {
        event.created_at = Some(created_at);
        event.revision = created_at.as_millis();
        noted.into_iter().for_each(|n| notes.push(n));
    } else if item.field("eventCreatedDateTime").is_some() {
        notes.push(note::VALUE_UNREADABLE);
    }
    let (classifier, classified) = codes::classifier(text(item, "eventClassifierCode"));
    event.classifier = classifier;
    let known = fill(&mut event, item, context) && known && classified;
    event.source.format = FORMAT.into();
    event.source.path = path.into();
    let id = id(item, "eventID");
    event.source.message_id = id.as_deref().map(Into::into);
    // Without an id of the sender the content is the identity.
    let id = id.unwrap_or_else(|| Sha256::of(item.to_string().as_bytes()).to_string());
    event.event_id = format!("{}/{id}", context.feed).into();
    notes.into_iter().chain((!known).then_some(note::UNKNOWN_CODE)).for_each(|n| flag(&mut event, n));
    for_containers(event, item, family, context)
}

/// One event for the container it is about, or for each that it names by reference.
fn for_containers(
    event: PortEvent,
    item: &Value,
    family: &str,
    context: &Context<'_>,
) -> Result<Vec<PortEvent>, Refused> {
    if let Some(number) = text(item, "equipmentReference")
        && let Some(mut found) = equipment(number)
    {
        found.iso_type = owned(item, "ISOEquipmentCode");
        let laden = text(item, "emptyIndicatorCode").map(codes::laden);
        found.laden = laden.map(|(laden, _)| laden);
        let mut event = event;
        if laden.is_some_and(|(_, known)| !known) {
            flag(&mut event, note::UNKNOWN_CODE);
        }
        return Ok(vec![finish(PortEvent { equipment: Some(found), ..event }, context)]);
    }
    let named: Vec<_> = references(item, "references", "referenceType", "referenceValue")
        .filter(|(code, _)| *code == "EQ")
        .filter_map(|(_, value)| equipment(value))
        .take(MAX_CONTAINERS)
        .collect();
    if named.is_empty() {
        if family == "EQUIPMENT" {
            let sentence =
                "the equipment event has neither equipmentReference nor a reference of type EQ".to_owned();
            return Err((DeadLetterCode::NoSubject, sentence));
        }
        return Ok(vec![finish(event, context)]);
    }
    let several = named.len() > 1;
    Ok(named
        .into_iter()
        .map(|found| {
            let mut own = event.clone();
            if several {
                own.event_id = format!("{}/{}", own.event_id, found.number).into();
            }
            own.equipment = Some(found);
            finish(own, context)
        })
        .collect())
}

fn family(item: &Value) -> Option<&'static str> {
    match text(item, "eventType") {
        Some("SHIPMENT") => Some("SHIPMENT"),
        Some("TRANSPORT") => Some("TRANSPORT"),
        Some("EQUIPMENT") => Some("EQUIPMENT"),
        _ if item.field("equipmentEventTypeCode").is_some() => Some("EQUIPMENT"),
        _ if item.field("transportEventTypeCode").is_some() => Some("TRANSPORT"),
        _ if item.field("shipmentEventTypeCode").is_some() => Some("SHIPMENT"),
        _ => None,
    }
}

/// The canonical kind, and whether the code is one of the standard's.
fn kind_of(item: &Value, family: &str) -> (EventKind, bool) {
    let field = match family {
        "EQUIPMENT" => "equipmentEventTypeCode",
        "TRANSPORT" => "transportEventTypeCode",
        _ => "shipmentEventTypeCode",
    };
    // `eventTypeCode` is deprecated and still sent.
    let code = text(item, field).or_else(|| text(item, "eventTypeCode")).unwrap_or_default();
    match family {
        "EQUIPMENT" => codes::equipment_2(code),
        "TRANSPORT" => transport_kind(code, item),
        _ => codes::shipment(code, text(item, "documentTypeCode").unwrap_or_default(), false),
    }
}

fn transport_kind(code: &str, item: &Value) -> (EventKind, bool) {
    let mode = item.field("transportCall").and_then(|call| text(call, "modeOfTransport"));
    let by_water = matches!(mode, None | Some("VESSEL" | "BARGE"));
    match code {
        "ARRI" if by_water => (EventKind::VesselArrived, true),
        "DEPA" if by_water => (EventKind::VesselDeparted, true),
        "ARRI" | "DEPA" => (EventKind::Other, true),
        _ => (EventKind::Other, false),
    }
}

/// Fills in all but container and time; whether all codes are of the standard's lists.
fn fill(event: &mut PortEvent, item: &Value, context: &Context<'_>) -> bool {
    let call = item.field("transportCall");
    let location = item.field("eventLocation").or_else(|| call.and_then(|c| c.field("location")));
    let find =
        |field: &str| location.and_then(|l| owned(l, field)).or_else(|| call.and_then(|c| owned(c, field)));
    let smdg = find("facilityCodeListProvider").is_none_or(|provider| provider == "SMDG");
    let terminal = find("facilityCode").filter(|_| smdg);
    let kind = find("facilityTypeCode").map(|code| facility(&code));
    event.place = place(find("UNLocationCode"), terminal, kind, location).map(Box::new);
    let outbound = is_outbound(&event.kind);
    let transport = call.map(|call| transport(call, outbound)).filter(|t| *t != Transport::default());
    event.transport = transport.map(Box::new);
    event.documents = documents(item, context).map(Box::new);
    let seals = item.field("seals").and_then(Value::as_array);
    let seals: Vec<_> = seals.into_iter().flatten().filter_map(seal).collect();
    let known = seals.iter().all(|(_, known)| *known);
    event.seals = seals.into_iter().map(|(seal, _)| seal).collect();
    known
}

fn transport(call: &Value, outbound: bool) -> Transport {
    let vessel = call.field("vessel").unwrap_or(&Value::Null);
    let mode = mode(text(call, "modeOfTransport"));
    let voyages = |outbound| {
        if outbound {
            ["exportVoyageNumber", "importVoyageNumber"]
        } else {
            ["importVoyageNumber", "exportVoyageNumber"]
        }
    };
    Transport {
        mode,
        vessel_imo: owned(vessel, "vesselIMONumber"),
        vessel_name: owned(vessel, "vesselName"),
        call_sign: owned(vessel, "vesselCallSignNumber"),
        voyage: voyages(outbound)
            .into_iter()
            .chain(["carrierVoyageNumber"])
            .find_map(|field| owned(call, field)),
        carrier: owned(vessel, "vesselOperatorCarrierCode"),
        service: owned(call, "carrierServiceCode"),
        call_id: owned(call, "transportCallID"),
        ..Transport::default()
    }
}

fn documents(item: &Value, context: &Context<'_>) -> Option<Documents> {
    let mut documents = Documents::default();
    let own = text(item, "documentTypeCode").zip(text(item, "documentID"));
    let named = references(item, "documentReferences", "documentReferenceType", "documentReferenceValue");
    for (code, value) in own.into_iter().chain(named) {
        let field = match code {
            "BKG" | "CBR" => &mut documents.booking,
            "TRD" => {
                // The number of the transport document is that of the bill of lading.
                documents.bill_of_lading.get_or_insert_with(|| value.into());
                &mut documents.transport_document
            }
            "CUS" => &mut documents.customs_declaration,
            code if codes::is_release(code) => {
                // The number may be all that is asked for at the gate.
                let release = || context.key.pseudonym(Kind::Release, value);
                documents.release.get_or_insert_with(release);
                continue;
            }
            _ => continue,
        };
        field.get_or_insert_with(|| value.into());
    }
    (documents != Documents::default()).then_some(documents)
}

/// A seal, and whether its source is one of the standard's.
fn seal(value: &Value) -> Option<(Seal, bool)> {
    let (source, known) = codes::sealer(text(value, "sealSource"));
    let number = owned(value, "sealNumber")?;
    let seal_type = text(value, "sealType").map(codes::seal_type);
    Some((Seal { number, normalised: None, source, condition: None, seal_type }, known))
}
