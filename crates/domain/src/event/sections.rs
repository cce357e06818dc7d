//! The sections of an event. Field names are those of the contracts; units are in the names.

use serde::{Deserialize, Serialize};

use crate::Text;
use crate::codes::codes;

/// Where something happened.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// UN/LOCODE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub un_locode: Option<Text>,
    /// SMDG terminal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Text>,
    /// Kind of facility: TERMINAL, DEPOT, INLAND, CUSTOMS_SITE, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facility: Option<Text>,
    /// Slot in the yard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yard: Option<Box<Yard>>,
    /// Degrees north, WGS 84.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Degrees east, WGS 84.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
}

/// A slot in the yard.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Yard {
    /// Block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<Text>,
    /// Bay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bay: Option<Text>,
    /// Row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<Text>,
    /// Tier, 1 is on the ground.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<Text>,
}

codes! {
    /// Whether a container carries cargo.
    Laden {
        /// Empty.
        Empty = "EMPTY",
        /// With cargo.
        Laden = "LADEN",
        /// Not said.
        Unknown = "UNKNOWN",
    }
}

codes! {
    /// What a container is in the port for (UN/EDIFACT 8249).
    EquipmentStatus {
        /// Inbound by sea.
        Import = "IMPORT",
        /// Outbound by sea.
        Export = "EXPORT",
        /// From ship to ship.
        Transshipment = "TRANSSHIPMENT",
        /// By land on both sides.
        Continental = "CONTINENTAL",
        /// Stays on the ship.
        RemainOnBoard = "REMAIN_ON_BOARD",
    }
}

/// The container of an event.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Equipment {
    /// Compact ISO 6346 number.
    pub number: Text,
    /// ISO 6346 size and type code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iso_type: Option<Text>,
    /// Whether the check digit agrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_digit_ok: Option<bool>,
    /// Empty or laden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub laden: Option<Laden>,
    /// Import, export and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<EquipmentStatus>,
    /// Whether the owner has taken it out of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_service: Option<bool>,
    /// Weight of the empty container, kg.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tare_kg: Option<f64>,
    /// Number that the papers or the announcement gave, when another one was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_number: Option<Text>,
    /// Whether a camera read the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_by_camera: Option<bool>,
    /// Whether it belongs to the shipper and not to the carrier or a lessor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipper_owned: Option<bool>,
    /// Whether the owner's lease of it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_expired: Option<bool>,
}

codes! {
    /// Mode of transport.
    Mode {
        /// Ship at sea.
        Sea = "SEA",
        /// Truck.
        Road = "ROAD",
        /// Train.
        Rail = "RAIL",
        /// Barge.
        InlandWater = "INLAND_WATER",
    }
}

/// Means of transport.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Transport {
    /// Mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// IMO number, seven digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vessel_imo: Option<Text>,
    /// MMSI of the vessel, nine digits (ITU-R M.585).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vessel_mmsi: Option<Text>,
    /// Name of the vessel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vessel_name: Option<Text>,
    /// Radio call sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_sign: Option<Text>,
    /// Carrier's voyage number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voyage: Option<Text>,
    /// Carrier, SMDG liner code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Text>,
    /// Carrier's service code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Text>,
    /// Vessel call (DCSA transportCallID, or port stay number).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<Text>,
    /// Cell on board, BBBRRTT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stow_cell: Option<Text>,
    /// Pseudonym of the truck's plate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truck: Option<Text>,
    /// Pseudonym of the driver's badge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<Text>,
    /// Pseudonym of the trailer's plate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trailer: Option<Text>,
}

/// Ports from origin to destination, UN/LOCODE.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Route {
    /// Where it was loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_of_loading: Option<Text>,
    /// Where it changed ships.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transshipment_ports: Vec<Text>,
    /// Where it is discharged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_of_discharge: Option<Text>,
    /// Final place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place_of_delivery: Option<Text>,
    /// ISO 3166 country of origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin_country: Option<Text>,
}

/// Document numbers, in the form that [`crate::identifiers::normalise_reference`] gives, except `release`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Documents {
    /// Carrier's booking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booking: Option<Text>,
    /// Bill of lading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bill_of_lading: Option<Text>,
    /// Transport document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport_document: Option<Text>,
    /// Movement reference number of the declaration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customs_declaration: Option<Text>,
    /// Id, or HMAC of the secret, of the release right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<Text>,
    /// Work or transport order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Text>,
    /// Truck appointment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appointment: Option<Text>,
}

codes! {
    /// Who put a seal on (UN/EDIFACT 9303, DCSA sealSource).
    SealSource {
        /// Carrier.
        Carrier = "CARRIER",
        /// Shipper.
        Shipper = "SHIPPER",
        /// Customs.
        Customs = "CUSTOMS",
        /// Terminal.
        Terminal = "TERMINAL",
        /// Veterinary authority.
        Veterinary = "VETERINARY",
        /// Plant health authority.
        Phytosanitary = "PHYTOSANITARY",
        /// Consolidator.
        Consolidator = "CONSOLIDATOR",
        /// Not said.
        Unknown = "UNKNOWN",
    }
}

codes! {
    /// State of a seal (UN/EDIFACT 4517).
    Condition {
        /// In order.
        Ok = "OK",
        /// Damaged.
        Damaged = "DAMAGED",
        /// Missing.
        Missing = "MISSING",
        /// Broken.
        Broken = "BROKEN",
        /// Electronic seal out of order.
        Faulty = "FAULTY",
    }
}

/// A seal as sighted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Number as written.
    pub number: Text,
    /// Comparable number; `None` for placeholders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalised: Option<Text>,
    /// Who put it on.
    #[serde(default = "unknown_source")]
    pub source: SealSource,
    /// Its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// Its make: KLP keyless padlock, BLT bolt, WIR wire.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub seal_type: Option<Text>,
}

const fn unknown_source() -> SealSource {
    SealSource::Unknown
}

codes! {
    /// What a weight is of.
    WeightKind {
        /// Verified gross mass (SOLAS VI/2).
        Vgm = "VGM",
        /// Goods, packing and container.
        Gross = "GROSS",
        /// Goods.
        Net = "NET",
        /// Empty container.
        Tare = "TARE",
        /// Reading of a scale.
        Scale = "SCALE",
    }
}

/// A weight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// Of what.
    pub kind: WeightKind,
    /// Kilograms.
    pub kg: f64,
    /// How it was found: SM1 weighed, SM2 calculated, or the instrument.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Text>,
}

/// Customs particulars.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Customs {
    /// Office code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<Text>,
    /// Decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Text>,
    /// Customs procedure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub procedure: Option<Text>,
    /// Reference of the act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Text>,
}

codes! {
    /// How a PIN attempt ended.
    PinOutcome {
        /// Right PIN.
        Correct = "CORRECT",
        /// Wrong PIN.
        Wrong = "WRONG",
    }
}

/// A PIN attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// How it ended.
    pub outcome: PinOutcome,
}

/// Who acted in a computer system; people and devices as pseudonyms.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Actor {
    /// Pseudonym of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Text>,
    /// Organisation of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Text>,
    /// Role in the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Text>,
    /// What was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Text>,
    /// Pseudonym of device or address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Text>,
}

/// Refrigeration readings, degrees Celsius.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reefer {
    /// Wanted temperature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setpoint_c: Option<f64>,
    /// Air into the load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supply_c: Option<f64>,
    /// Air back from the load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_c: Option<f64>,
    /// Whether it has power.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub powered: Option<bool>,
    /// Whether it defrosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defrosting: Option<bool>,
}

/// Goods.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cargo {
    /// Harmonized System code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hs_code: Option<Text>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// Number of packages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packages: Option<i64>,
    /// ISO 3166 country of origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin_country: Option<Text>,
    /// UN number or class of dangerous goods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dangerous_goods: Option<Text>,
}
