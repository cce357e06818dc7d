//! Track & Trace 3.0, both published forms.
//!
//! An event overrides any other of the same id with an earlier `eventUpdatedDateTime`; a retracted one takes all of them
//! back, and need not say more than its id. So each event is a document of its own, whose versions the normalizer orders
//! and remembers: a retraction finds the container that the event was about.

use quaywatch_domain::event::{Documents, Laden, PortEvent, Reefer, Seal, Source, Transport, note};
use quaywatch_domain::pseudonym::Kind;
use quaywatch_domain::{DeadLetterCode, EventKind};
use serde_json::Value;

use super::codes::{self, Known};
use super::parts::{MAX_CONTAINERS, Refused, facility, mode, number, owned, place, text};
use crate::document::{Document, Function};
use crate::finish::{blank, equipment, finish, flag};
use crate::{Context, local_time};

/// Which of the published forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// January 2026: short codes.
    Codes,
    /// May 2026: words.
    Words,
}

impl Dialect {
    /// Name of the format in events.
    const fn format(self) -> &'static str {
        match self {
            Self::Codes => "DCSA-TNT-3.0-202601",
            Self::Words => "DCSA-TNT-3.0-202605",
        }
    }
}

/// Reads one event as a version of the document that it is.
pub(super) fn read(
    item: &Value,
    dialect: Dialect,
    context: &Context<'_>,
    path: &str,
) -> Result<Document, Refused> {
    let id = owned(item, "eventID").ok_or_else(|| {
        let sentence = "the event has no eventID, by which it is overridden and retracted".to_owned();
        (DeadLetterCode::MissingField, sentence)
    })?;
    let zone = context.settings.time_zone.as_deref();
    let time = |field: &str| text(item, field).and_then(|t| local_time::iso(t, zone));
    let updated = time("eventUpdatedDateTime").map(|(moment, _)| moment);
    let identity = format!("{}/{id}", party(item));
    let source = Source {
        feed: context.feed.to_owned(),
        format: dialect.format().to_owned(),
        sender: Some(party(item)).filter(|p| !p.is_empty()),
        message_id: Some(id),
        path: path.to_owned(),
        ..context.source.clone()
    };
    let retracted = item.get("isRetracted").and_then(Value::as_bool).unwrap_or_default();
    let happened = time("eventDateTime").map(|(moment, _)| moment);
    let received_at = context.received_at.or(updated).or(happened).unwrap_or_default();
    let mut document = Document {
        id: Some(format!("DCSA/{identity}")),
        function: if retracted { Function::Cancel } else { Function::Replace },
        revision: updated.unwrap_or(received_at).as_millis(),
        source,
        received_at,
        events: Vec::new(),
    };
    if !retracted {
        let (occurred_at, notes) = time("eventDateTime").ok_or_else(|| {
            let sentence =
                "eventDateTime is missing or not an ISO 8601 time, so it is not known when it happened";
            (DeadLetterCode::NoTime, sentence.to_owned())
        })?;
        let (kind, known) = kind_of(item).ok_or_else(|| {
            let sentence =
                "eventClassification names no type (SHIPMENT, TRANSPORT, EQUIPMENT, IOT or REEFER)"
                    .to_owned();
            (DeadLetterCode::MissingField, sentence)
        })?;
        let mut event = blank(context, kind, occurred_at);
        event.created_at = updated;
        event.revision = document.revision;
        event.event_id = format!("{}/{identity}", context.feed);
        *event.source = document.source.clone();
        fill(&mut event, item, context);
        notes.into_iter().chain((!known).then_some(note::UNKNOWN_CODE)).for_each(|n| flag(&mut event, n));
        document.events = for_containers(event, item, context)?;
    }
    Ok(document)
}

/// The first of several names that a field goes by.
fn any<'a>(value: &'a Value, fields: &[&str]) -> Option<&'a str> {
    fields.iter().find_map(|field| text(value, field))
}

/// The originating party: part of an event's identity.
fn party(item: &Value) -> String {
    let routing = item.get("eventRouting");
    let several = routing.and_then(|r| r.get("originatingParties")).and_then(|list| list.get(0));
    let Some(party) = several.or_else(|| routing.and_then(|r| r.get("originatingParty"))) else {
        return String::new();
    };
    let parts =
        ["partyCode", "codeListProvider", "codeListName"].map(|field| text(party, field).unwrap_or_default());
    parts.join(":")
}

fn classification(item: &Value) -> &Value {
    item.get("eventClassification").unwrap_or(item)
}

fn kind_of(item: &Value) -> Option<Known> {
    let c = classification(item);
    let shipment = || any(c, &["shipmentEventTypeCode", "shipmentEventType"]).unwrap_or_default();
    let family = any(c, &["eventTypeCode", "eventType"])?;
    Some(match family {
        "EQUIPMENT" => {
            codes::equipment(any(c, &["equipmentEventTypeCode", "equipmentEventType"]).unwrap_or_default())
        }
        "TRANSPORT" => {
            let by = call(item).and_then(|call| text(call, "modeOfTransport"));
            let by_water = matches!(by, None | Some("VESSEL" | "BARGE"));
            codes::transport(
                any(c, &["transportEventTypeCode", "transportEventType"]).unwrap_or_default(),
                by_water,
            )
        }
        "SHIPMENT" => {
            let details = item.get("shipmentDetails");
            let document = details.and_then(|d| d.get("documentReference"));
            codes::shipment(
                shipment(),
                document.and_then(|d| any(d, &["typeCode", "type"])).unwrap_or_default(),
            )
        }
        "IOT" => {
            // January 2026 has the particulars in the details.
            let details = item.get("iotDetails").and_then(|d| any(d, &["iotEventCode", "iotEvent"]));
            codes::device(
                details.or_else(|| any(c, &["iotEventTypeCode", "iotEventType"])).unwrap_or_default(),
            )
        }
        "REEFER" => codes::reefer(any(c, &["reeferEventTypeCode", "reeferEventType"]).unwrap_or_default()),
        _ => (EventKind::Other, false),
    })
}

fn call(item: &Value) -> Option<&Value> {
    item.get("transportDetails")?.get("transportCall")
}

fn fill(event: &mut PortEvent, item: &Value, context: &Context<'_>) {
    event.classifier =
        codes::classifier(any(classification(item), &["eventClassifierCode", "eventClassifier"]));
    let location = item.get("eventLocation");
    let facility_of = location.and_then(|l| l.get("facility"));
    let code = facility_of.or(location);
    let smdg =
        code.and_then(|c| text(c, "facilityCodeListProvider")).is_none_or(|provider| provider == "SMDG");
    event.place = place(
        location.and_then(|l| owned(l, "UNLocationCode")),
        code.and_then(|c| owned(c, "facilityCode")).filter(|_| smdg),
        location.and_then(|l| any(l, &["facilityTypeCode", "facilityType"])).map(facility),
        location.and_then(|l| l.get("geoCoordinate")),
    )
    .map(Box::new);
    event.transport = call(item).map(|call| Box::new(transport(call, context)));
    event.documents = item.get("shipmentDetails").and_then(documents).map(Box::new);
    let details = item.get("equipmentDetails");
    let seals = details.and_then(|d| d.get("seals")).and_then(Value::as_array);
    event.seals = seals.into_iter().flatten().filter_map(seal).collect();
    event.reefer = item.get("reeferDetails").map(reefer).filter(|r| *r != Reefer::default()).map(Box::new);
}

fn transport(call: &Value, context: &Context<'_>) -> Transport {
    let part = |field: &str| call.get(field).unwrap_or(&Value::Null);
    let (vessel, truck) = (part("vesselTransport"), part("truckTransport"));
    let plate =
        |field: &str| text(truck.get(field)?, "licensePlate").map(|p| context.key.pseudonym(Kind::Plate, p));
    let voyage = |field: &str| {
        any(part(field), &["carrierVoyageNumber", "universalVoyageReference"]).map(str::to_owned)
    };
    Transport {
        mode: mode(text(call, "modeOfTransport")),
        vessel_imo: owned(vessel, "vesselIMONumber"),
        vessel_mmsi: any(vessel, &["vesselMMSINumber", "MMSINumber"]).map(str::to_owned),
        vessel_name: owned(vessel, "vesselName"),
        call_sign: owned(vessel, "vesselCallSign"),
        voyage: voyage("importVoyageNumberOrReference").or_else(|| voyage("exportVoyageNumberOrReference")),
        carrier: owned(vessel, "operatorCarrierCode"),
        service: any(part("serviceCodeOrReference"), &["carrierServiceCode", "universalServiceReference"])
            .map(str::to_owned),
        call_id: any(call, &["portVisitReference", "transportCallReference"]).map(str::to_owned),
        truck: plate("tractorDetails"),
        trailer: plate("trailerDetails"),
        ..Transport::default()
    }
}

fn documents(details: &Value) -> Option<Documents> {
    let mut documents = Documents::default();
    let more = details.get("additionalDocumentReferences").and_then(Value::as_array);
    for reference in details.get("documentReference").into_iter().chain(more.into_iter().flatten()) {
        let (Some(code), Some(value)) = (any(reference, &["typeCode", "type"]), text(reference, "reference"))
        else {
            continue;
        };
        let field = match code {
            "BKG" | "CBR" | "BOOKING" | "CARRIER_BOOKING_REQUEST" => &mut documents.booking,
            "TRD" | "TRANSPORT_DOCUMENT" => {
                // The number of the transport document is that of the bill of lading.
                documents.bill_of_lading.get_or_insert_with(|| value.to_owned());
                &mut documents.transport_document
            }
            "CUC" | "CUSTOMS_CLEARANCE" => &mut documents.customs_declaration,
            "TRO" | "TRANSPORT_ORDER" => &mut documents.order,
            _ => continue,
        };
        field.get_or_insert_with(|| value.to_owned());
    }
    (documents != Documents::default()).then_some(documents)
}

fn seal(value: &Value) -> Option<Seal> {
    Some(Seal {
        number: owned(value, "number")?,
        normalised: None,
        source: codes::sealer(text(value, "source")),
        condition: None,
        seal_type: owned(value, "type"),
    })
}

fn reefer(details: &Value) -> Reefer {
    let fahrenheit = any(details, &["temperatureUnit"]).is_some_and(|unit| unit.starts_with("FAH"));
    let celsius = |value: &Value| number(value).map(|t| if fahrenheit { (t - 32.0) / 1.8 } else { t });
    let air = |field: &str| celsius(details.get(field)?.get("temperatureValue")?);
    Reefer {
        setpoint_c: details.get("internalSetpointTemperature").and_then(celsius),
        supply_c: air("supplyAirTemperatureMeasurement"),
        return_c: air("returnAirTemperatureMeasurement"),
        powered: match text(details, "powerStatus") {
            Some("POWER_ON") => Some(true),
            Some("POWER_OFF" | "INACTIVE") => Some(false),
            _ => None,
        },
        defrosting: None,
    }
}

/// One event for the container it is about, or for each that the shipment names.
fn for_containers(event: PortEvent, item: &Value, context: &Context<'_>) -> Result<Vec<PortEvent>, Refused> {
    let details = item.get("equipmentDetails");
    if let Some(mut found) = details.and_then(|d| text(d, "equipmentReference")).and_then(equipment) {
        let details = details.unwrap_or(&Value::Null);
        found.iso_type = owned(details, "ISOEquipmentCode");
        found.laden = any(details, &["emptyIndicatorCode", "emptyIndicator"]).map(|code| match code {
            "EMPTY" => Laden::Empty,
            "LADEN" => Laden::Laden,
            _ => Laden::Unknown,
        });
        found.status = any(details, &["transportPhase", "movementType"]).and_then(codes::phase);
        return Ok(vec![finish(PortEvent { equipment: Some(found), ..event }, context)]);
    }
    let shipment = item.get("shipmentDetails");
    let references = shipment.and_then(|s| s.get("shipmentReferences")).and_then(Value::as_array);
    let named = references.into_iter().flatten().filter(|r| any(r, &["typeCode", "type"]) == Some("EQ"));
    let named: Vec<_> = named.filter_map(|r| equipment(text(r, "reference")?)).take(MAX_CONTAINERS).collect();
    if named.is_empty() {
        let family = any(classification(item), &["eventTypeCode", "eventType"]);
        if matches!(family, Some("EQUIPMENT" | "IOT" | "REEFER")) {
            let sentence = "the event is about equipment and has no equipmentReference".to_owned();
            return Err((DeadLetterCode::NoSubject, sentence));
        }
        return Ok(vec![finish(event, context)]);
    }
    let several = named.len() > 1;
    let each = named.into_iter().map(|found| {
        let mut own = event.clone();
        if several {
            own.event_id = format!("{}/{}", own.event_id, found.number);
        }
        own.equipment = Some(found);
        finish(own, context)
    });
    Ok(each.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fahrenheit_becomes_celsius() {
        let details = serde_json::json!({"temperatureUnit": "FAH", "internalSetpointTemperature": "14",
            "returnAirTemperatureMeasurement": {"temperatureValue": 32}, "powerStatus": "POWER_OFF"});
        let read = reefer(&details);
        assert_eq!((read.setpoint_c, read.return_c, read.powered), (Some(-10.0), Some(0.0), Some(false)));
    }
}
