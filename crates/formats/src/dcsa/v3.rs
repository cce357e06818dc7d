//! Track & Trace 3.0, both published forms.
//!
//! An event overrides any other of the same id with an earlier `eventUpdatedDateTime`; a retracted one takes all of them
//! back, and need not say more than its id. So each event is a document of its own, whose versions the normalizer orders
//! and remembers: a retraction finds the container that the event was about.

use std::sync::Arc;

use quaywatch_domain::event::{
    Documents, Party, PortEvent, Reefer, Route, Seal, Source, SourceMessage, Transport, note,
};
use quaywatch_domain::pseudonym::Kind;
use quaywatch_domain::{DeadLetterCode, EventKind, Text, Timestamp};
use serde_json_borrow::Value;

use super::codes::{self, Known};
use super::parts::{
    Fields as _, MAX_CONTAINERS, Refused, facility, id, is_outbound, mode, number, owned, place, text,
};
use crate::document::{Document, Function};
use crate::edifact::role;
use crate::finish::{blank, equipment, finish, flag};
use crate::{Context, local_time};

/// Most originating parties of an event.
const MAX_PARTIES: usize = 16;
/// After every time that a message may bear: 9999-12-31T23:59:59Z.
const LAST: Timestamp = Timestamp::from_millis(253_402_300_799_000);

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
    let id = id(item, "eventID").ok_or_else(|| {
        let sentence = "the event has no eventID, by which it is overridden and retracted".to_owned();
        (DeadLetterCode::MissingField, sentence)
    })?;
    let zone = Some(context.settings.time_zone.as_deref().unwrap_or("UTC"));
    let time = |field: &str| text(item, field).and_then(|t| local_time::iso(t, zone));
    let updated = time("eventUpdatedDateTime").map(|(moment, _)| moment);
    let sender = sender(item);
    let identity = format!("{sender}/{id}");
    let message = SourceMessage {
        feed: context.feed.into(),
        format: dialect.format().into(),
        sender: (!sender.is_empty()).then(|| sender.into()),
        message_id: Some(id.into()),
        stored: Arc::clone(&context.source.stored),
    };
    let source = Source::new(message, path);
    let retracted = item.field("isRetracted").and_then(Value::as_bool).unwrap_or_default();
    let happened = time("eventDateTime").map(|(moment, _)| moment);
    let received_at = context.received_at.or(updated).or(happened).unwrap_or_default();
    // A retraction need not say more than its id: then it comes after everything that was said before it was received.
    let unsaid = if retracted && context.received_at.is_none() { LAST } else { received_at };
    let mut document = Document {
        id: Some(format!("DCSA/{identity}")),
        function: if retracted { Function::Cancel } else { Function::Replace },
        revision: updated.unwrap_or(unsaid).as_millis(),
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
        if updated.is_none() && item.field("eventUpdatedDateTime").is_some() {
            flag(&mut event, note::VALUE_UNREADABLE);
        }
        event.revision = document.revision;
        event.event_id = format!("{}/{identity}", context.feed).into();
        event.source = document.source.clone();
        let known = fill(&mut event, item, context) && known;
        notes.into_iter().chain((!known).then_some(note::UNKNOWN_CODE)).for_each(|n| flag(&mut event, n));
        document.events = for_containers(event, item, context)?;
    }
    Ok(document)
}

/// The first of several names that a field goes by.
fn any<'a>(value: &'a Value<'_>, fields: &[&str]) -> Option<&'a str> {
    fields.iter().find_map(|field| text(value, field))
}

/// The parties that the event comes from.
fn origins<'a, 'v>(item: &'a Value<'v>) -> impl Iterator<Item = &'a Value<'v>> {
    let routing = item.field("eventRouting");
    let several = routing.and_then(|r| r.field("originatingParties")).and_then(Value::as_array);
    let one = routing.and_then(|r| r.field("originatingParty")).filter(|_| several.is_none());
    several.into_iter().flatten().chain(one).take(MAX_PARTIES)
}

/// The originating parties as part of an event's identity, whatever their order.
fn sender(item: &Value) -> String {
    let name = |party| {
        let field = |field| text(party, field).unwrap_or_default();
        ["partyCode", "codeListProvider", "codeListName"].map(field).join(":")
    };
    let mut names: Vec<String> = origins(item).map(name).collect();
    names.sort();
    names.join("+")
}

/// An originating party, when its function is one that we know.
fn party(origin: &Value) -> Option<Party> {
    let role = role(text(origin, "partyFunction")?)?;
    let list = |field| text(origin, field).unwrap_or_default();
    let scheme = codes::scheme(list("codeListProvider"), list("codeListName"));
    let id = owned(origin, "partyCode")?;
    Some(Party { id: Some(id), id_scheme: Some(scheme.into()), ..Party::new(role) })
}

fn classification<'a, 'v>(item: &'a Value<'v>) -> &'a Value<'v> {
    item.field("eventClassification").unwrap_or(item)
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
            let details = item.field("shipmentDetails");
            let document = details.and_then(|d| d.field("documentReference"));
            codes::shipment(
                shipment(),
                document.and_then(|d| any(d, &["typeCode", "type"])).unwrap_or_default(),
                true,
            )
        }
        "IOT" => {
            // January 2026 has the particulars in the details.
            let details = item.field("iotDetails").and_then(|d| any(d, &["iotEventCode", "iotEvent"]));
            codes::device(
                details.or_else(|| any(c, &["iotEventTypeCode", "iotEventType"])).unwrap_or_default(),
            )
        }
        "REEFER" => codes::reefer(any(c, &["reeferEventTypeCode", "reeferEventType"]).unwrap_or_default()),
        _ => (EventKind::Other, false),
    })
}

fn call<'a, 'v>(item: &'a Value<'v>) -> Option<&'a Value<'v>> {
    item.field("transportDetails")?.field("transportCall")
}

/// Fills in all but container and time; whether all codes are of the standard's lists.
fn fill(event: &mut PortEvent, item: &Value, context: &Context<'_>) -> bool {
    let (classifier, mut known) =
        codes::classifier(any(classification(item), &["eventClassifierCode", "eventClassifier"]));
    event.classifier = classifier;
    let location = item.field("eventLocation");
    let facility_of = location.and_then(|l| l.field("facility"));
    let code = facility_of.or(location);
    let smdg =
        code.and_then(|c| text(c, "facilityCodeListProvider")).is_none_or(|provider| provider == "SMDG");
    event.place = place(
        location.and_then(|l| owned(l, "UNLocationCode")),
        code.and_then(|c| owned(c, "facilityCode")).filter(|_| smdg),
        location.and_then(|l| any(l, &["facilityTypeCode", "facilityType"])).map(facility),
        location.and_then(|l| l.field("geoCoordinate")),
    )
    .map(Box::new);
    let outbound = is_outbound(&event.kind);
    let transport = call(item).map(|call| transport(call, outbound, context));
    event.transport = transport.filter(|t| *t != Transport::default()).map(Box::new);
    let shipment = item.field("shipmentDetails");
    event.documents = shipment.and_then(|s| documents(s, context)).map(Box::new);
    event.route = shipment.and_then(|s| route(s, location?)).map(Box::new);
    event.parties = origins(item).filter_map(party).collect();
    let details = item.field("equipmentDetails");
    let seals = details.and_then(|d| d.field("seals")).and_then(Value::as_array);
    for (seal, listed) in seals.into_iter().flatten().filter_map(seal) {
        known &= listed;
        event.seals.push(seal);
    }
    event.reefer = item.field("reeferDetails").map(reefer).filter(|r| *r != Reefer::default()).map(Box::new);
    known
}

/// What the place of the event is on the way of the goods.
fn route(shipment: &Value, location: &Value) -> Option<Route> {
    let port = owned(location, "UNLocationCode");
    match text(shipment, "shipmentLocationType")? {
        "POL" | "PORT_OF_LOADING" => Some(Route { port_of_loading: Some(port?), ..Route::default() }),
        "POD" | "PORT_OF_DISCHARGE" => Some(Route { port_of_discharge: Some(port?), ..Route::default() }),
        "PDE" | "PLACE_OF_DELIVERY" => Some(Route { place_of_delivery: Some(port?), ..Route::default() }),
        "ORI" | "ORIGIN_OF_GOODS" => {
            let country = port.as_deref().and_then(|port| port.get(..2)).map(Text::from);
            Some(Route { origin_country: Some(country?), ..Route::default() })
        }
        _ => None,
    }
}

fn transport(call: &Value, outbound: bool, context: &Context<'_>) -> Transport {
    let part = |field: &str| call.field(field).unwrap_or(&Value::Null);
    let (vessel, truck) = (part("vesselTransport"), part("truckTransport"));
    let plate = |field: &str| {
        text(truck.field(field)?, "licensePlate").map(|p| context.key.pseudonym(Kind::Plate, p))
    };
    let voyage =
        |field: &str| any(part(field), &["carrierVoyageNumber", "universalVoyageReference"]).map(Text::from);
    let (import, export) = (voyage("importVoyageNumberOrReference"), voyage("exportVoyageNumberOrReference"));
    Transport {
        mode: mode(text(call, "modeOfTransport")),
        vessel_imo: owned(vessel, "vesselIMONumber"),
        vessel_mmsi: any(vessel, &["vesselMMSINumber", "MMSINumber"]).map(Text::from),
        vessel_name: owned(vessel, "vesselName"),
        call_sign: owned(vessel, "vesselCallSign"),
        voyage: if outbound { export.or(import) } else { import.or(export) },
        carrier: owned(vessel, "operatorCarrierCode"),
        service: any(part("serviceCodeOrReference"), &["carrierServiceCode", "universalServiceReference"])
            .map(Text::from),
        call_id: any(call, &["portVisitReference", "transportCallReference"]).map(Text::from),
        truck: plate("tractorDetails"),
        trailer: plate("trailerDetails"),
        ..Transport::default()
    }
}

fn documents(details: &Value, context: &Context<'_>) -> Option<Documents> {
    let mut documents = Documents::default();
    for (code, value) in referenced(details) {
        let field = match code {
            "BKG" | "CBR" | "BOOKING" | "CARRIER_BOOKING_REQUEST" => &mut documents.booking,
            "TRD" | "TRANSPORT_DOCUMENT" => {
                // The number of the transport document is that of the bill of lading.
                documents.bill_of_lading.get_or_insert_with(|| value.into());
                &mut documents.transport_document
            }
            "CUC" | "CUSTOMS_CLEARANCE" => &mut documents.customs_declaration,
            "TRO" | "TRANSPORT_ORDER" => &mut documents.order,
            "ECR"
            | "EMPTY_CONTAINER_RELEASE_REFERENCE"
            | "CRO"
            | "DEO"
            | "CONTAINER_RELEASE_ORDER"
            | "DELIVERY_ORDER" => {
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

/// Type and number of each document and reference that a shipment names, the document that it is about first.
fn referenced<'a>(details: &'a Value<'_>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let list = |field| details.field(field).and_then(Value::as_array).into_iter().flatten();
    let all = details.field("documentReference").into_iter().chain(list("additionalDocumentReferences"));
    let all = all.chain(list("shipmentReferences"));
    all.filter_map(|reference| Some((any(reference, &["typeCode", "type"])?, text(reference, "reference")?)))
}

/// A seal, and whether its source is one of the standard's.
fn seal(value: &Value) -> Option<(Seal, bool)> {
    let (source, known) = codes::sealer(text(value, "source"));
    let seal_type = text(value, "type").map(codes::seal_type);
    Some((
        Seal { number: owned(value, "number")?, normalised: None, source, condition: None, seal_type },
        known,
    ))
}

fn reefer(details: &Value) -> Reefer {
    let fahrenheit = any(details, &["temperatureUnit"]).is_some_and(|unit| unit.starts_with("FAH"));
    let celsius = |value: &Value| number(value).map(|t| if fahrenheit { (t - 32.0) / 1.8 } else { t });
    let air = |field: &str| celsius(details.field(field)?.field("temperatureValue")?);
    Reefer {
        setpoint_c: details.field("internalSetpointTemperature").and_then(celsius),
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
fn for_containers(
    mut event: PortEvent,
    item: &Value,
    context: &Context<'_>,
) -> Result<Vec<PortEvent>, Refused> {
    let details = item.field("equipmentDetails");
    if let Some(mut found) = details.and_then(|d| text(d, "equipmentReference")).and_then(equipment) {
        let details = details.unwrap_or(&Value::Null);
        found.iso_type = owned(details, "ISOEquipmentCode");
        let laden = any(details, &["emptyIndicatorCode", "emptyIndicator"]).map(codes::laden);
        found.laden = laden.map(|(laden, _)| laden);
        if laden.is_some_and(|(_, known)| !known) {
            flag(&mut event, note::UNKNOWN_CODE);
        }
        let phase = any(details, &["transportPhase", "movementType"]);
        found.status = phase.and_then(codes::phase);
        if phase.is_some() && found.status.is_none() {
            flag(&mut event, note::UNKNOWN_CODE);
        }
        return Ok(vec![finish(PortEvent { equipment: Some(found), ..event }, context)]);
    }
    let shipment = item.field("shipmentDetails");
    let named = shipment.into_iter().flat_map(referenced);
    let named = named.filter(|(code, _)| matches!(*code, "EQ" | "EQUIPMENT_REFERENCE"));
    let named: Vec<_> = named.filter_map(|(_, value)| equipment(value)).take(MAX_CONTAINERS).collect();
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
            own.event_id = format!("{}/{}", own.event_id, found.number).into();
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
        let read = reefer(&(&details).into());
        assert_eq!((read.setpoint_c, read.return_c, read.powered), (Some(-10.0), Some(0.0), Some(false)));
    }
}
