//! What carriers say, as DCSA Track & Trace 2.2 has it.

use quaywatch_domain::Timestamp;
use serde_json::{Value, json};

use super::{Body, Teller};
use crate::numbers::{SealTag, Unit};
use crate::world::{CARRIERS, Call, Site};
use crate::write::json::extend;

impl Teller<'_> {
    /// A carrier's equipment event at a place, told within hours.
    pub(crate) fn equipment(
        &mut self,
        code: &str,
        at: Timestamp,
        unit: &Unit,
        place: DcsaPlace<'_>,
        seals: &[SealTag],
    ) {
        let told = at.plus_millis(self.chance.minutes(5, 150));
        let mut event = self.equipment_event(code, at, unit, place);
        if !seals.is_empty() {
            extend(&mut event, json!({"seals": seals.iter().map(dcsa_seal).collect::<Value>()}));
        }
        self.tell(told, Body::Carrier(unit.carrier, event));
    }

    /// A carrier's plan for a container.
    pub(crate) fn planned(
        &mut self,
        code: &str,
        at: Timestamp,
        told: Timestamp,
        unit: &Unit,
        place: DcsaPlace<'_>,
    ) {
        let mut event = self.equipment_event(code, at, unit, place);
        extend(&mut event, json!({"eventClassifierCode": "PLN"}));
        self.tell(told, Body::Carrier(unit.carrier, event));
    }

    fn equipment_event(&mut self, code: &str, at: Timestamp, unit: &Unit, place: DcsaPlace<'_>) -> Value {
        let mut event = self.dcsa_event("EQUIPMENT", at);
        extend(
            &mut event,
            json!({
                "equipmentEventTypeCode": code,
                "equipmentReference": unit.number,
                "ISOEquipmentCode": unit.iso_type,
                "emptyIndicatorCode": if unit.seals.is_empty() { "EMPTY" } else { "LADEN" },
                "eventLocation": place.json(),
                "documentReferences": [
                    {"documentReferenceType": "BKG", "documentReferenceValue": unit.booking},
                    {"documentReferenceType": "TRD", "documentReferenceValue": unit.bill},
                ],
            }),
        );
        if let Some(call) = place.call {
            extend(&mut event, json!({"transportCall": transport_call(call, place)}));
        }
        event
    }

    /// A vessel's arrival or departure (`ARRI`, `DEPA`).
    pub(crate) fn vessel(
        &mut self,
        code: &str,
        classifier: &str,
        at: Timestamp,
        told: Timestamp,
        call: &Call,
    ) {
        let mut event = self.dcsa_event("TRANSPORT", at);
        let transport_call = transport_call(call, DcsaPlace::at(call.site));
        extend(
            &mut event,
            json!({
                "eventClassifierCode": classifier,
                "transportEventTypeCode": code,
                "transportCall": transport_call,
            }),
        );
        self.tell(told, Body::Carrier(call.carrier, event));
    }

    /// A shipment event of a document; created when it happens, as DCSA 2.2 requires.
    pub(crate) fn shipment(&mut self, code: &str, (kind, id): (&str, &str), at: Timestamp, unit: &Unit) {
        let mut event = self.dcsa_event("SHIPMENT", at);
        extend(
            &mut event,
            json!({
                "shipmentEventTypeCode": code,
                "documentTypeCode": kind,
                "documentID": id,
                "documentReferences":
                    [{"documentReferenceType": "BKG", "documentReferenceValue": unit.booking}],
            }),
        );
        // Which container it became is known of a booking.
        if kind == "BKG" {
            extend(
                &mut event,
                json!({"references": [{"referenceType": "EQ", "referenceValue": unit.number}]}),
            );
        }
        self.tell(at, Body::Carrier(unit.carrier, event));
    }

    fn dcsa_event(&mut self, kind: &str, at: Timestamp) -> Value {
        json!({
            "eventID": self.chance.uuid(),
            "eventType": kind,
            "eventClassifierCode": "ACT",
            "eventDateTime": at,
        })
    }
}

/// Where a carrier's event is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DcsaPlace<'a> {
    pub(crate) un_locode: &'a str,
    pub(crate) terminal: Option<&'a str>,
    pub(crate) call: Option<&'a Call>,
}

impl DcsaPlace<'_> {
    pub(crate) const fn at(site: Site) -> Self {
        Self { un_locode: site.un_locode(), terminal: Some(site.code()), call: None }
    }

    fn json(self) -> Value {
        let mut value = json!({"UNLocationCode": self.un_locode});
        if let Some(terminal) = self.terminal {
            extend(&mut value, json!({"facilityCode": terminal, "facilityCodeListProvider": "SMDG"}));
        }
        value
    }
}

fn transport_call(call: &Call, place: DcsaPlace<'_>) -> Value {
    let carrier = CARRIERS.get(call.carrier);
    // A call at another port has another id.
    let id =
        place.terminal.map_or_else(|| format!("{}{}", place.un_locode, call.voyage), |_| call.id.clone());
    let mut value = place.json();
    extend(
        &mut value,
        json!({
            "transportCallID": id,
            "carrierServiceCode": carrier.map(|c| c.service),
            "carrierVoyageNumber": call.voyage,
            "facilityTypeCode": "POTE",
            "modeOfTransport": "VESSEL",
            "vessel": {
                "vesselIMONumber": call.imo,
                "vesselName": call.vessel,
                "vesselCallSignNumber": call.call_sign,
                "vesselOperatorCarrierCode": carrier.map(|c| c.code),
                "vesselOperatorCarrierCodeListProvider": "SMDG",
            },
        }),
    );
    value
}

fn dcsa_seal(seal: &SealTag) -> Value {
    let mut value = json!({"sealNumber": seal.number, "sealType": "BLT"});
    if let Some(source) = seal.sealer.dcsa() {
        extend(&mut value, json!({"sealSource": source}));
    }
    value
}
