//! Track & Trace 2.2: events of type SHIPMENT, TRANSPORT and EQUIPMENT. Codes that the standard does not list are kept as
//! `other` and noted.

use quaywatch_domain::event::{Classifier, Documents, Laden, PortEvent, Seal, SealSource, Transport, note};
use quaywatch_domain::{DeadLetterCode, EventKind, Sha256};
use serde_json::Value;

use super::parts::{MAX_CONTAINERS, Refused, facility, mode, owned, place, references, text};
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
    let zone = context.settings.time_zone.as_deref();
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
        notes.extend(noted);
    }
    event.classifier = match text(item, "eventClassifierCode") {
        Some("PLN") => Classifier::Planned,
        Some("EST") => Classifier::Estimated,
        Some("REQ") => Classifier::Requested,
        _ => Classifier::Actual,
    };
    fill(&mut event, item);
    FORMAT.clone_into(&mut event.source.format);
    path.clone_into(&mut event.source.path);
    let id = owned(item, "eventID");
    event.source.message_id.clone_from(&id);
    // Without an id of the sender the content is the identity.
    let id = id.unwrap_or_else(|| Sha256::of(item.to_string().as_bytes()).to_string());
    event.event_id = format!("{}/{id}", context.feed);
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
        found.laden = text(item, "emptyIndicatorCode").map(|code| match code {
            "EMPTY" => Laden::Empty,
            "LADEN" => Laden::Laden,
            _ => Laden::Unknown,
        });
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
                own.event_id = format!("{}/{}", own.event_id, found.number);
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
        _ if item.get("equipmentEventTypeCode").is_some() => Some("EQUIPMENT"),
        _ if item.get("transportEventTypeCode").is_some() => Some("TRANSPORT"),
        _ if item.get("shipmentEventTypeCode").is_some() => Some("SHIPMENT"),
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
        "EQUIPMENT" => equipment_kind(code),
        "TRANSPORT" => transport_kind(code, item),
        _ => shipment_kind(code, text(item, "documentTypeCode").unwrap_or_default()),
    }
}

fn equipment_kind(code: &str) -> (EventKind, bool) {
    let kind = match code {
        "LOAD" => EventKind::Loaded,
        "DISC" => EventKind::Discharged,
        "GTIN" => EventKind::GateIn,
        "GTOT" => EventKind::GateOut,
        "STUF" => EventKind::Stuffed,
        "STRP" => EventKind::Stripped,
        "PICK" => EventKind::PickedUp,
        "DROP" => EventKind::DroppedOff,
        // These three are about seals (DCSA Information Model, equipmentEventTypeCode).
        "INSP" => EventKind::SealInspected,
        "RSEA" => EventKind::SealReplaced,
        "RMVD" => EventKind::SealRemoved,
        _ => return (EventKind::Other, false),
    };
    (kind, true)
}

fn transport_kind(code: &str, item: &Value) -> (EventKind, bool) {
    let mode = item.get("transportCall").and_then(|call| text(call, "modeOfTransport"));
    let by_water = matches!(mode, None | Some("VESSEL" | "BARGE"));
    match code {
        "ARRI" if by_water => (EventKind::VesselArrived, true),
        "DEPA" if by_water => (EventKind::VesselDeparted, true),
        "ARRI" | "DEPA" => (EventKind::Other, true),
        _ => (EventKind::Other, false),
    }
}

fn shipment_kind(code: &str, document: &str) -> (EventKind, bool) {
    const KNOWN: [&str; 17] = [
        "RECE", "DRFT", "PENA", "PENU", "REJE", "APPR", "ISSU", "SURR", "SUBM", "VOID", "CONF", "REQS",
        "CMPL", "HOLD", "RELS", "PENC", "CANC",
    ];
    let kind = match (code, document) {
        ("CONF", "BKG" | "CBR") => EventKind::BookingConfirmed,
        ("CANC" | "VOID", "BKG" | "CBR") => EventKind::BookingCancelled,
        ("HOLD", "CUS" | "CAS") => EventKind::CustomsHeld,
        ("RELS", "CUS" | "CAS") => EventKind::CustomsReleased,
        _ => EventKind::Other,
    };
    (kind, KNOWN.contains(&code))
}

fn fill(event: &mut PortEvent, item: &Value) {
    let call = item.get("transportCall");
    let location = item.get("eventLocation").or_else(|| call.and_then(|c| c.get("location")));
    let find =
        |field: &str| location.and_then(|l| owned(l, field)).or_else(|| call.and_then(|c| owned(c, field)));
    let smdg = find("facilityCodeListProvider").is_none_or(|provider| provider == "SMDG");
    let terminal = find("facilityCode").filter(|_| smdg);
    let kind = call.and_then(|c| text(c, "facilityTypeCode")).map(facility);
    event.place = place(find("UNLocationCode"), terminal, kind, location).map(Box::new);
    event.transport = call.map(transport).map(Box::new);
    event.documents = documents(item).map(Box::new);
    let seals = item.get("seals").and_then(Value::as_array);
    event.seals = seals.into_iter().flatten().filter_map(seal).collect();
}

fn transport(call: &Value) -> Transport {
    let vessel = call.get("vessel").unwrap_or(&Value::Null);
    let mode = mode(text(call, "modeOfTransport"));
    Transport {
        mode,
        vessel_imo: owned(vessel, "vesselIMONumber"),
        vessel_name: owned(vessel, "vesselName"),
        call_sign: owned(vessel, "vesselCallSignNumber"),
        voyage: owned(call, "importVoyageNumber")
            .or_else(|| owned(call, "exportVoyageNumber"))
            .or_else(|| owned(call, "carrierVoyageNumber")),
        carrier: owned(vessel, "vesselOperatorCarrierCode"),
        service: owned(call, "carrierServiceCode"),
        call_id: owned(call, "transportCallID"),
        ..Transport::default()
    }
}

fn documents(item: &Value) -> Option<Documents> {
    let mut documents = Documents::default();
    let own = text(item, "documentTypeCode").zip(text(item, "documentID"));
    let named = references(item, "documentReferences", "documentReferenceType", "documentReferenceValue");
    for (code, value) in own.into_iter().chain(named) {
        let field = match code {
            "BKG" | "CBR" => &mut documents.booking,
            "TRD" => {
                // The number of the transport document is that of the bill of lading.
                documents.bill_of_lading.get_or_insert_with(|| value.to_owned());
                &mut documents.transport_document
            }
            "CUS" => &mut documents.customs_declaration,
            _ => continue,
        };
        field.get_or_insert_with(|| value.to_owned());
    }
    (documents != Documents::default()).then_some(documents)
}

fn seal(value: &Value) -> Option<Seal> {
    Some(Seal {
        number: owned(value, "sealNumber")?,
        normalised: None,
        source: match text(value, "sealSource") {
            Some("CAR") => SealSource::Carrier,
            Some("SHI") => SealSource::Shipper,
            Some("PHY") => SealSource::Phytosanitary,
            Some("VET") => SealSource::Veterinary,
            Some("CUS") => SealSource::Customs,
            _ => SealSource::Unknown,
        },
        condition: None,
        seal_type: owned(value, "sealType"),
    })
}
