//! What codes mean. The document name (BGM 1001) depends on message type and directory: in D.00B 34 is a cargo status,
//! in D.95B a gate-in report; so the look-up is keyed on both, with the feed's own names first.

use quaywatch_domain::EventKind;
use quaywatch_domain::event::{Condition, EquipmentStatus, Laden, PartyRole, SealSource};

use crate::FeedSettings;

/// What a document reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reports {
    /// Events of this kind.
    Kind(EventKind),
    /// Loaded or discharged, or the order for it; which, the ports tell.
    Quay {
        /// Whether it is an order.
        order: bool,
    },
    /// Stuffed or stripped; which, the direction of trade tells.
    Packing,
    /// A truck will fetch or bring; which, the direction of trade tells.
    Visit,
}

/// Announcements that a container will be brought: a word of the open set.
pub(super) const DROPOFF_ANNOUNCED: &str = "dropoff_announced";

/// Whether the directory is D.00A or later. `95B` comes before `00B`.
pub(super) fn is_d00(release: &str) -> bool {
    release.get(..2).and_then(|year| year.parse::<u8>().ok()).is_some_and(|year| year < 90)
}

/// What a document of this type, directory and name reports, and whether the name is in the code list.
pub(super) fn reports(settings: &FeedSettings, message: &str, release: &str, name: &str) -> (Reports, bool) {
    let own = settings.document_names.get(&format!("{message}:{name}"));
    if let Some(word) = own.or_else(|| settings.document_names.get(name)) {
        return (Reports::Kind(EventKind::from_word(word)), true);
    }
    let known = match (message, is_d00(release), name) {
        ("CODECO", false, "34") | ("CODECO", true, "109") => Reports::Kind(EventKind::GateIn),
        ("CODECO", false, "36") | ("CODECO", true, "111") => Reports::Kind(EventKind::GateOut),
        ("CODECO", true, "116") => Reports::Kind(EventKind::PickedUp),
        ("CODECO", true, "117") => Reports::Kind(EventKind::YardMove),
        ("CODECO", true, "265" | "266") => Reports::Kind(EventKind::PositionReported),
        ("CODECO" | "COREOR", true, "132") => Reports::Kind(EventKind::CustomsReleased),
        ("COARRI", false, "44") | ("COARRI", true, "119" | "181") => Reports::Kind(EventKind::Discharged),
        ("COARRI", false, "46") | ("COARRI", true, "122") => Reports::Kind(EventKind::Loaded),
        ("COARRI", _, "24") => Reports::Kind(EventKind::Restowed),
        // Seen from terminals that use one name for both directions.
        ("COARRI", _, "98" | "270") => Reports::Quay { order: false },
        ("COPRAR", false, "43") | ("COPRAR", true, "118" | "145") => {
            Reports::Kind(EventKind::DischargeOrdered)
        }
        ("COPRAR", false, "45") | ("COPRAR", true, "121" | "146") => Reports::Kind(EventKind::LoadOrdered),
        // D.95B by the guide of the container terminals (ITIGG); 126 and 135 are sent under it too.
        ("COREOR", _, "12" | "129")
        | ("COPARN", false, "12" | "135")
        | ("COPARN", true, "108" | "129" | "135") => Reports::Kind(EventKind::ReleaseOrder),
        ("COPINO", _, "661") => Reports::Visit,
        ("COPINO", _, "116" | "171") => Reports::Kind(EventKind::PickupAnnounced),
        ("COPARN", false, "11" | "27" | "126")
        | ("COPINO", true, "104")
        | ("COPARN", true, "126" | "170") => Reports::Kind(announced_dropoff()),
        ("COSTCO", true, "113") => Reports::Kind(EventKind::Stripped),
        ("COSTOR", true, "112" | "131" | "183" | "184") => Reports::Kind(EventKind::WorkOrdered),
        ("BAPLIE", ..) => Reports::Kind(EventKind::StowPosition),
        ("CUSCAR", ..) => Reports::Kind(EventKind::ManifestLine),
        ("VERMAS", ..) => Reports::Kind(EventKind::Weighed),
        ("IFTSTA" | "CUSRES", ..) => Reports::Kind(EventKind::Other),
        _ => return (usual(message), false),
    };
    (known, true)
}

/// What a message of this type is for, when the name of its document does not say more.
fn usual(message: &str) -> Reports {
    match message {
        "COARRI" => Reports::Quay { order: false },
        "COPRAR" => Reports::Quay { order: true },
        "COREOR" => Reports::Kind(EventKind::ReleaseOrder),
        "COPINO" => Reports::Visit,
        "COSTCO" => Reports::Packing,
        "COSTOR" => Reports::Kind(EventKind::WorkOrdered),
        _ => Reports::Kind(EventKind::Other),
    }
}

pub(super) fn announced_dropoff() -> EventKind {
    EventKind::from_word(DROPOFF_ANNOUNCED)
}

/// Equipment status (8249) that is a happening of its own: the feed's meaning first.
pub(super) fn kind_of_status(settings: &FeedSettings, message: &str, code: &str) -> Option<EventKind> {
    if let Some(word) = settings.equipment_statuses.get(code) {
        return Some(EventKind::from_word(word));
    }
    match (message, code) {
        ("COARRI", "5" | "14") => Some(EventKind::Restowed),
        ("COARRI", "7") => Some(EventKind::Shortlanded),
        ("COARRI", "8") => Some(EventKind::Overlanded),
        _ => None,
    }
}

/// Equipment status (8249).
pub(super) fn status(code: &str) -> Option<EquipmentStatus> {
    match code {
        "1" => Some(EquipmentStatus::Continental),
        "2" => Some(EquipmentStatus::Export),
        "3" => Some(EquipmentStatus::Import),
        "4" => Some(EquipmentStatus::RemainOnBoard),
        "6" => Some(EquipmentStatus::Transshipment),
        _ => None,
    }
}

/// Whether 8249 says that the container is out of service: under repair.
pub(super) fn is_out_of_service(code: &str) -> bool {
    code == "13"
}

/// Whether a code is in the list of equipment statuses (8249), or one of the feed's own.
pub(super) fn is_status(settings: &FeedSettings, code: &str) -> bool {
    code.is_empty()
        || settings.equipment_statuses.contains_key(code)
        || code.parse::<u8>().is_ok_and(|n| (1..=30).contains(&n))
}

/// Full or empty (8169).
pub(super) fn laden(code: &str) -> Option<Laden> {
    match code {
        "4" => Some(Laden::Empty),
        // 1 to 3 say how much room is left, 6 that there is none.
        "1" | "2" | "3" | "5" | "6" | "7" | "8" => Some(Laden::Laden),
        "" => None,
        _ => Some(Laden::Unknown),
    }
}

/// Sealing party (9303).
pub(super) fn sealer(code: &str) -> Option<SealSource> {
    match code {
        "CA" => Some(SealSource::Carrier),
        "CU" => Some(SealSource::Customs),
        "SH" => Some(SealSource::Shipper),
        "TO" => Some(SealSource::Terminal),
        "AA" => Some(SealSource::Consolidator),
        "AC" => Some(SealSource::Veterinary),
        "AB" => Some(SealSource::Unknown),
        _ => None,
    }
}

/// Seal condition (4517).
pub(super) fn condition(code: &str) -> Option<Condition> {
    match code {
        "1" => Some(Condition::Ok),
        "2" => Some(Condition::Damaged),
        "3" => Some(Condition::Missing),
        "4" => Some(Condition::Broken),
        "5" => Some(Condition::Faulty),
        _ => None,
    }
}

/// Party function (3035).
pub(crate) fn role(code: &str) -> Option<PartyRole> {
    Some(match code {
        "CA" | "CF" => PartyRole::Carrier,
        "CN" => PartyRole::Consignee,
        // SPC: answers for the verified gross mass, which SOLAS VI/2 has the shipper do.
        "CZ" | "SH" | "EX" | "SPC" => PartyRole::Shipper,
        "NI" | "N1" | "N2" => PartyRole::Notify,
        "FW" | "FC" | "FF" => PartyRole::Forwarder,
        "TR" => PartyRole::Terminal,
        "OW" | "GO" => PartyRole::Owner,
        "DT" | "AE" | "CB" => PartyRole::Broker,
        "HA" | "CO" | "TK" => PartyRole::Haulier,
        _ => return None,
    })
}

/// Processing indicator (7365) of a customs answer: what it decides, `other` where it decides nothing of ours.
pub(super) fn customs_decision(code: &str) -> Option<EventKind> {
    Some(match code {
        "4" => EventKind::CustomsReleased,
        "5" => EventKind::CustomsSelectedForInspection,
        "7" | "26" => EventKind::CustomsHeld,
        "1" | "2" | "3" | "6" | "8" | "9" | "10" | "11" | "14" | "17" | "22" | "23" | "24" => {
            EventKind::Other
        }
        _ => return None,
    })
}

/// Scheme of a party's code by its code list agency (3055), or EORI by its form; else local to the port.
pub(super) fn scheme(agency: &str, id: &str) -> &'static str {
    match agency {
        "9" => "EAN",
        "306" => "SMDG",
        "166" => "NMFTA",
        "20" => "BIC",
        _ if looks_like_eori(id) => "EORI",
        _ => "LOCAL",
    }
}

/// Two letters and at least eight digits: no local code looks like this.
fn looks_like_eori(id: &str) -> bool {
    quaywatch_domain::identifiers::is_eori(id)
        && id.len() >= 10
        && id.bytes().skip(2).filter(u8::is_ascii_digit).count() >= 8
}
