//! What codes mean. The document name (BGM 1001) depends on message type and directory: in D.00B 34 is a cargo status,
//! in D.95B a gate-in report; so the look-up is keyed on both, with the feed's own names first.

use quaywatch_domain::EventKind;
use quaywatch_domain::event::{Condition, EquipmentStatus, Laden, SealSource};

use crate::FeedSettings;

/// What a document reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reports {
    /// Events of this kind.
    Kind(EventKind),
    /// Loaded or discharged; which, the ports tell.
    Quay,
    /// The code is not in the list of its directory.
    Unknown,
}

/// Whether the directory is D.00A or later. `95B` comes before `00B`.
fn is_d00(release: &str) -> bool {
    release.get(..2).and_then(|year| year.parse::<u8>().ok()).is_some_and(|year| year < 90)
}

/// What a document of this type, directory and name reports.
pub(crate) fn reports(settings: &FeedSettings, message: &str, release: &str, name: &str) -> Reports {
    let own = settings
        .document_names
        .get(&format!("{message}:{name}"))
        .or_else(|| settings.document_names.get(name));
    if let Some(word) = own {
        return Reports::Kind(EventKind::from_word(word));
    }
    let kind = match (message, is_d00(release), name) {
        ("CODECO", false, "34") | ("CODECO", true, "109") => EventKind::GateIn,
        ("CODECO", false, "36") | ("CODECO", true, "111") => EventKind::GateOut,
        ("CODECO", true, "117") => EventKind::YardMove,
        ("CODECO", true, "265" | "266") => EventKind::PositionReported,
        ("COARRI", false, "44") | ("COARRI", true, "119") => EventKind::Discharged,
        ("COARRI", false, "46") | ("COARRI", true, "122") => EventKind::Loaded,
        ("COARRI", _, "24") => EventKind::Restowed,
        // Seen from terminals that use one name for both directions.
        ("COARRI", _, "98" | "270") => return Reports::Quay,
        _ => return Reports::Unknown,
    };
    Reports::Kind(kind)
}

/// Equipment status (8249) that is a happening of its own.
pub(crate) fn kind_of_status(code: &str) -> Option<EventKind> {
    match code {
        "5" | "14" => Some(EventKind::Restowed),
        "7" => Some(EventKind::Shortlanded),
        "8" => Some(EventKind::Overlanded),
        _ => None,
    }
}

/// Equipment status (8249).
pub(crate) fn status(code: &str) -> Option<EquipmentStatus> {
    match code {
        "1" => Some(EquipmentStatus::Continental),
        "2" => Some(EquipmentStatus::Export),
        "3" => Some(EquipmentStatus::Import),
        "4" => Some(EquipmentStatus::RemainOnBoard),
        "6" => Some(EquipmentStatus::Transshipment),
        _ => None,
    }
}

/// Full or empty (8169).
pub(crate) fn laden(code: &str) -> Option<Laden> {
    match code {
        "4" => Some(Laden::Empty),
        "5" | "7" | "8" => Some(Laden::Laden),
        "" => None,
        _ => Some(Laden::Unknown),
    }
}

/// Sealing party (9303).
pub(crate) fn sealer(code: &str) -> Option<SealSource> {
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
pub(crate) fn condition(code: &str) -> Option<Condition> {
    match code {
        "1" => Some(Condition::Ok),
        "2" => Some(Condition::Damaged),
        "3" => Some(Condition::Missing),
        "4" => Some(Condition::Broken),
        "5" => Some(Condition::Faulty),
        _ => None,
    }
}

/// Scheme of a party's code by its code list agency (3055), or EORI by its form; else local to the port.
pub(crate) fn scheme(agency: &str, id: &str) -> &'static str {
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
