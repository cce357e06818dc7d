//! Codes of Track & Trace 3.0: the short ones of January 2026 and the words of May 2026 side by side.

use quaywatch_domain::EventKind;
use quaywatch_domain::event::{Classifier, EquipmentStatus, SealSource};

/// A kind, and whether the code is one of the standard's.
pub(super) type Known = (EventKind, bool);

const OTHER: Known = (EventKind::Other, true);

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
        "AVDO" | "AVAILABLE_FOR_DROP_OFF" => EventKind::Unknown("dropoff_announced".to_owned()),
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

pub(super) fn shipment(code: &str, document: &str) -> Known {
    const KNOWN: [&str; 36] = [
        "AMCF", "AMCN", "AMDC", "AMPR", "AMRE", "APPR", "CACF", "CADC", "CANC", "CARE", "CMPL", "CONF",
        "DECL", "DRFT", "HOLD", "ISSU", "PENA", "PENM", "PENU", "PSAM", "PSDL", "RECE", "REJE", "RELS",
        "REQS", "SUAM", "SUBM", "SUDL", "SURR", "UPCF", "UPCN", "UPDC", "UPDT", "UPRE", "VOID", "PENC",
    ];
    // The words of May 2026 are not closed either; these forms are the ones that it names.
    let word = code.len() > 4 && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let booking = matches!(document, "BKG" | "CBR" | "BOOKING" | "CARRIER_BOOKING_REQUEST");
    let customs = matches!(document, "CUC" | "CUS" | "CUSTOMS_CLEARANCE");
    let release = matches!(document, "CRO" | "DEO" | "CONTAINER_RELEASE_ORDER" | "DELIVERY_ORDER");
    let kind = match code {
        "CONF" | "CONFIRMED" if booking => EventKind::BookingConfirmed,
        "CANC" | "CACF" | "VOID" | "CANCELLED" | "CANCELLATION_CONFIRMED" | "VOIDED" if booking => {
            EventKind::BookingCancelled
        }
        "HOLD" | "ON_HOLD" if customs => EventKind::CustomsHeld,
        "RELS" | "CMPL" | "APPR" | "RELEASED" | "COMPLETED" | "APPROVED" if customs => {
            EventKind::CustomsReleased
        }
        "RELS" | "ISSU" | "RELEASED" | "ISSUED" if release => EventKind::ReleaseOrder,
        _ => return (EventKind::Other, word || KNOWN.contains(&code)),
    };
    (kind, true)
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

pub(super) fn classifier(code: Option<&str>) -> Classifier {
    match code {
        Some("PLN" | "PLANNED") => Classifier::Planned,
        Some("EST" | "ESTIMATED") => Classifier::Estimated,
        Some("REQ" | "REQUESTED") => Classifier::Requested,
        _ => Classifier::Actual,
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

pub(super) fn sealer(code: Option<&str>) -> SealSource {
    match code {
        Some("CAR" | "CARRIER") => SealSource::Carrier,
        Some("SHI" | "CST" | "SHIPPER" | "CUSTOMER") => SealSource::Shipper,
        Some("CUS" | "CUSTOMS") => SealSource::Customs,
        Some("TER" | "TERMINAL") => SealSource::Terminal,
        Some("VET" | "VETERINARY") => SealSource::Veterinary,
        Some("PHY" | "PHYTOSANITARY") => SealSource::Phytosanitary,
        Some("CNS" | "CONSOLIDATOR") => SealSource::Consolidator,
        _ => SealSource::Unknown,
    }
}
