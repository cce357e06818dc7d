//! Codes of Track & Trace: those of 2.2, the short ones of 3.0 of January 2026 and the words of May 2026 side by side.

use quaywatch_domain::event::{Classifier, EquipmentStatus, Laden, SealSource};
use quaywatch_domain::{EventKind, Text};

/// A kind, and whether the code is one of the standard's.
pub(super) type Known = (EventKind, bool);

const OTHER: Known = (EventKind::Other, true);

/// An equipment event of 2.2: types that only 3.0 has are read all the same.
pub(super) fn equipment_2(code: &str) -> Known {
    const LISTED: [&str; 11] =
        ["LOAD", "DISC", "GTIN", "GTOT", "STUF", "STRP", "PICK", "DROP", "INSP", "RSEA", "RMVD"];
    (equipment(code).0, LISTED.contains(&code))
}

pub(super) fn equipment(code: &str) -> Known {
    let kind = match code {
        "LOAD" | "LOADED" => EventKind::Loaded,
        "DISC" | "DISCHARGED" => EventKind::Discharged,
        "GTIN" | "GATED_IN" => EventKind::GateIn,
        "GTOT" | "GATED_OUT" => EventKind::GateOut,
        "STUF" | "STUFFED" => EventKind::Stuffed,
        "STRP" | "STRIPPED" => EventKind::Stripped,
        "PICK" | "PICKED_UP" => EventKind::PickedUp,
        "DROP" | "DROPPED_OFF" => EventKind::DroppedOff,
        // These three are about seals (DCSA Information Model).
        "INSP" | "INSPECTED" => EventKind::SealInspected,
        "RSEA" | "RESEALED" => EventKind::SealReplaced,
        "RMVD" | "REMOVED" => EventKind::SealRemoved,
        "CUSS" | "CUSTOMS_SELECTED_FOR_SCAN" => EventKind::CustomsSelectedForScan,
        "CUSI" | "CUSTOMS_SELECTED_FOR_INSPECTION" => EventKind::CustomsSelectedForInspection,
        "CUSR" | "CUSTOMS_RELEASED" => EventKind::CustomsReleased,
        "AVPU" | "AVAILABLE_FOR_PICKUP" => EventKind::PickupAnnounced,
        "AVDO" | "AVAILABLE_FOR_DROP_OFF" => EventKind::from_word("dropoff_announced"),
        "CROS" | "CROSSED" => return OTHER,
        _ => return (EventKind::Other, false),
    };
    (kind, true)
}

pub(super) fn transport(code: &str, by_water: bool) -> Known {
    match code {
        "ARRI" | "ARRIVED" if by_water => (EventKind::VesselArrived, true),
        "DEPA" | "DEPARTED" if by_water => (EventKind::VesselDeparted, true),
        "ARRI" | "ARRIVED" | "DEPA" | "DEPARTED" | "APPROACHING" => OTHER,
        _ => (EventKind::Other, false),
    }
}

/// Shipment event types of 2.2, with the two that its draft successor adds.
const SHIPMENT_2: [&str; 17] = [
    "RECE", "DRFT", "PENA", "PENU", "REJE", "APPR", "ISSU", "SURR", "SUBM", "VOID", "CONF", "REQS", "CMPL",
    "HOLD", "RELS", "PENC", "CANC",
];

/// Shipment event types that 3.0 has in either form and 2.2 has not.
const SHIPMENT_3: [&str; 54] = [
    "AMCF",
    "AMCN",
    "AMDC",
    "AMPR",
    "AMRE",
    "CACF",
    "CADC",
    "CARE",
    "DECL",
    "PENM",
    "PSAM",
    "PSDL",
    "SUAM",
    "SUDL",
    "UPCF",
    "UPCN",
    "UPDC",
    "UPDT",
    "UPRE",
    "AMENDMENT_CANCELLED",
    "AMENDMENT_CONFIRMED",
    "AMENDMENT_DECLINED",
    "AMENDMENT_IN_PROGRESS",
    "AMENDMENT_RECEIVED",
    "APPROVED",
    "CANCELLATION_CONFIRMED",
    "CANCELLATION_DECLINED",
    "CANCELLATION_RECEIVED",
    "CANCELLED",
    "COMPLETED",
    "CONFIRMED",
    "DECLINED",
    "DRAFTED",
    "ISSUED",
    "ON_HOLD",
    "PENDING_AMENDMENT",
    "PENDING_APPROVAL",
    "PENDING_SURRENDER_FOR_AMENDMENT",
    "PENDING_SURRENDER_FOR_DELIVERY",
    "PENDING_UPDATE",
    "RECEIVED",
    "REJECTED",
    "RELEASED",
    "REQUESTED",
    "SUBMITTED",
    "SURRENDERED",
    "SURRENDERED_FOR_AMENDMENT",
    "SURRENDERED_FOR_DELIVERY",
    "UPDATE_CANCELLED",
    "UPDATE_CONFIRMED",
    "UPDATE_DECLINED",
    "UPDATE_IN_PROGRESS",
    "UPDATE_RECEIVED",
    "VOIDED",
];

/// A shipment event by its type and that of the document it is about; `of_3` when the types of 3.0 are in force.
pub(super) fn shipment(code: &str, document: &str, of_3: bool) -> Known {
    let known = SHIPMENT_2.contains(&code) || (of_3 && SHIPMENT_3.contains(&code));
    let booking = matches!(document, "BKG" | "CBR" | "BOOKING" | "CARRIER_BOOKING_REQUEST");
    let clearance = matches!(document, "CUC" | "CUSTOMS_CLEARANCE");
    // 2.2 has the inspection by customs as a document. CAS is a survey of cargo and none of theirs.
    let customs = clearance || document == "CUS";
    let release = is_release(document);
    let kind = match code {
        "CONF" | "CONFIRMED" if booking => EventKind::BookingConfirmed,
        "CANC" | "CACF" | "VOID" | "CANCELLED" | "CANCELLATION_CONFIRMED" | "VOIDED" if booking => {
            EventKind::BookingCancelled
        }
        "HOLD" | "ON_HOLD" if customs => EventKind::CustomsHeld,
        "RELS" | "RELEASED" if customs => EventKind::CustomsReleased,
        "CMPL" | "APPR" | "COMPLETED" | "APPROVED" if clearance => EventKind::CustomsReleased,
        "RELS" | "ISSU" | "RELEASED" | "ISSUED" if release => EventKind::ReleaseOrder,
        "HOLD" | "ON_HOLD" if release => EventKind::ReleaseBlocked,
        "CANC" | "VOID" | "CANCELLED" | "VOIDED" if release => EventKind::ReleaseRevoked,
        _ => EventKind::Other,
    };
    (kind, known)
}

/// Whether a document is what a container is handed over for.
pub(super) fn is_release(document: &str) -> bool {
    matches!(document, "CRO" | "DEO" | "CONTAINER_RELEASE_ORDER" | "DELIVERY_ORDER")
}

/// What a device on the container saw: the event type of May 2026, or the event code of January 2026.
pub(super) fn device(code: &str) -> Known {
    let kind = match code {
        "DRO" | "DOOR_OPENED" => EventKind::DoorOpened,
        "DRC" | "DOOR_CLOSED" => EventKind::DoorClosed,
        "LOC" | "BREADCRUMB" | "LOCATION_REACHED" | "GEOFENCE_ENTRY" | "GEOFENCE_EXIT" | "MOTION_START"
        | "MOTION_STOP" => EventKind::PositionReported,
        "PAIRING" => EventKind::DevicePaired,
        "UNPAIRING" => EventKind::DeviceUnpaired,
        "DETC" | "TELEMETRY" | "DEVICE_STATUS" => return OTHER,
        _ => return (EventKind::Other, false),
    };
    (kind, true)
}

pub(super) fn reefer(code: &str) -> Known {
    (EventKind::ReeferReading, matches!(code, "MEAS" | "ADJU" | "MEASURED" | "ADJUSTED"))
}

/// The classifier, and whether it is one of the standard's. What is not said to be expected has happened.
pub(super) fn classifier(code: Option<&str>) -> (Classifier, bool) {
    match code {
        Some("PLN" | "PLANNED") => (Classifier::Planned, true),
        Some("EST" | "ESTIMATED") => (Classifier::Estimated, true),
        Some("REQ" | "REQUESTED") => (Classifier::Requested, true),
        Some("ACT" | "ACTUAL") => (Classifier::Actual, true),
        _ => (Classifier::Actual, false),
    }
}

/// Empty or laden, and whether the code is one of the standard's.
pub(super) fn laden(code: &str) -> (Laden, bool) {
    match code {
        "EMPTY" => (Laden::Empty, true),
        "LADEN" => (Laden::Laden, true),
        _ => (Laden::Unknown, false),
    }
}

/// Transport phase (movementType in January 2026).
pub(super) fn phase(code: &str) -> Option<EquipmentStatus> {
    match code {
        "IMPORT" => Some(EquipmentStatus::Import),
        "EXPORT" => Some(EquipmentStatus::Export),
        "TRANSSHIPMENT" => Some(EquipmentStatus::Transshipment),
        _ => None,
    }
}

/// Who put a seal on, and whether the code is one of the standard's; one that is not given is no unknown code.
pub(super) fn sealer(code: Option<&str>) -> (SealSource, bool) {
    let source = match code {
        Some("CAR" | "CARRIER") => SealSource::Carrier,
        Some("SHI" | "CST" | "SHIPPER" | "CUSTOMER") => SealSource::Shipper,
        Some("CUS" | "CUSTOMS") => SealSource::Customs,
        Some("TER" | "TERMINAL") => SealSource::Terminal,
        Some("VET" | "VETERINARY") => SealSource::Veterinary,
        Some("PHY" | "PHYTOSANITARY") => SealSource::Phytosanitary,
        Some("CNS" | "CONSOLIDATOR") => SealSource::Consolidator,
        _ => SealSource::Unknown,
    };
    (source, code.is_none() || source != SealSource::Unknown)
}

/// The make of a seal in the short code.
pub(super) fn seal_type(code: &str) -> Text {
    match code {
        "KEYLESS_PADLOCK" => "KLP",
        "BOLT" => "BLT",
        "WIRE" => "WIR",
        other => other,
    }
    .into()
}

/// Scheme of a party's code by the provider of the list and its name.
pub(super) fn scheme(provider: &str, list: &str) -> &'static str {
    match (provider, list) {
        ("SMDG", _) => "SMDG",
        ("NMFTA", _) => "NMFTA",
        ("BIC", _) => "BIC",
        ("GS1", _) => "EAN",
        (_, "DUNS") | ("DNB", _) => "DUNS",
        (_, "LEI") | ("GLEIF", _) => "LEI",
        (_, "DID") => "DID",
        (_, "EORI") => "EORI",
        _ => "LOCAL",
    }
}
