//! What `serde_json` alone does with a page of DCSA 2.2: the fields that we map, as owned texts, unchecked.

#![expect(dead_code, clippy::unwrap_used, reason = "read by serde alone; a bench that cannot go on fails")]

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    #[serde(rename = "eventID")]
    event_id: String,
    event_created_date_time: String,
    event_type: String,
    event_classifier_code: String,
    event_date_time: String,
    equipment_event_type_code: Option<String>,
    equipment_reference: Option<String>,
    #[serde(rename = "ISOEquipmentCode")]
    iso_equipment_code: Option<String>,
    empty_indicator_code: Option<String>,
    transport_call: Option<TransportCall>,
    #[serde(default)]
    document_references: Vec<Reference>,
    #[serde(default)]
    seals: Vec<Seal>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TransportCall {
    #[serde(rename = "transportCallID")]
    transport_call_id: Option<String>,
    carrier_service_code: Option<String>,
    carrier_voyage_number: Option<String>,
    #[serde(rename = "UNLocationCode")]
    un_location_code: Option<String>,
    facility_code: Option<String>,
    facility_code_list_provider: Option<String>,
    facility_type_code: Option<String>,
    mode_of_transport: Option<String>,
    vessel: Option<Vessel>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vessel {
    #[serde(rename = "vesselIMONumber")]
    vessel_imo_number: Option<String>,
    vessel_name: Option<String>,
    vessel_flag: Option<String>,
    vessel_call_sign_number: Option<String>,
    vessel_operator_carrier_code: Option<String>,
    vessel_operator_carrier_code_list_provider: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    document_reference_type: String,
    document_reference_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seal {
    seal_number: String,
    seal_source: Option<String>,
    seal_type: Option<String>,
}

pub(crate) fn read(bytes: &[u8]) -> Vec<Event> {
    serde_json::from_slice(bytes).unwrap()
}
