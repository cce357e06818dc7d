//! What the sender of a `POST /events` is told (Track & Trace 3.0, `feedbackElements`).

use serde::Serialize;

use quaywatch_domain::event::note;

use crate::Parsed;

/// Most elements of one answer.
const MAX_ELEMENTS: usize = 100;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// The event cannot be used.
    Error,
    /// The event is used, and something about it is odd.
    Warn,
    /// Something to know.
    Info,
}

/// One remark on a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackElement {
    /// How bad it is.
    pub severity: Severity,
    /// Code of the remark: of a dead letter or of a note.
    pub code: String,
    /// For a person; names no identifier.
    pub message: String,
    /// JSONPath of the event.
    pub property_path: String,
}

/// The remarks on a message that was `{"events": [...]}`: an error for each event that cannot be used, a warning for each
/// oddity; nothing for what is right.
#[must_use]
pub fn feedback(parsed: &Parsed) -> Vec<FeedbackElement> {
    let mut elements: Vec<FeedbackElement> = parsed
        .rejects
        .iter()
        .map(|reject| FeedbackElement {
            severity: Severity::Error,
            code: reject.code.as_str().to_owned(),
            message: reject.sentence.clone(),
            property_path: json_path(reject.position.as_deref()),
        })
        .collect();
    for event in parsed.documents.iter().flat_map(|d| &d.events) {
        elements.extend(event.notes.iter().filter_map(|n| {
            Some(FeedbackElement {
                severity: Severity::Warn,
                code: n.clone().into_owned(),
                message: meaning(n)?.to_owned(),
                property_path: json_path(Some(&event.source.path)),
            })
        }));
    }
    let more = elements.len().saturating_sub(MAX_ELEMENTS);
    if more > 0 {
        elements.truncate(MAX_ELEMENTS);
        elements.push(FeedbackElement {
            severity: Severity::Info,
            code: "MORE".to_owned(),
            message: format!("{more} more remarks are left out"),
            property_path: "$.events".to_owned(),
        });
    }
    elements
}

/// `/3` is the fourth event.
fn json_path(position: Option<&str>) -> String {
    match position.and_then(|p| p.strip_prefix('/')).filter(|at| at.parse::<usize>().is_ok()) {
        Some(at) => format!("$.events[{at}]"),
        None => "$".to_owned(),
    }
}

/// What a sender can do about a note; `None` for what is no concern of his.
fn meaning(note: &str) -> Option<&'static str> {
    Some(match note {
        note::UNKNOWN_CODE => "a code is not in the standard's list; the event is kept as one of kind other",
        note::CHECK_DIGIT_WRONG => "equipmentReference fails its check digit (ISO 6346)",
        note::IMO_CHECK_DIGIT_WRONG => "vesselIMONumber fails its check digit",
        note::MMSI_MALFORMED => "vesselMMSINumber does not have nine digits",
        note::UN_LOCODE_MALFORMED => "UNLocationCode is no UN/LOCODE",
        note::TERMINAL_MALFORMED => "facilityCode is no SMDG terminal code",
        note::CARRIER_MALFORMED => "operatorCarrierCode is neither an SMDG liner code nor a SCAC",
        note::SIZE_TYPE_UNKNOWN => "ISOEquipmentCode is no size and type code of ISO 6346",
        note::SEAL_PLACEHOLDER => "a seal number is a placeholder",
        note::LOCAL_TIME_ASSUMED => "a time has no zone; the feed's was taken",
        note::LOCAL_TIME_AMBIGUOUS => {
            "a time without zone falls into the hour that summer time repeats or leaves out"
        }
        note::VALUE_UNREADABLE => "a time cannot be read and is left out",
        note::CHARSET_ASSUMED => "the message is not UTF-8; Windows-1252 was taken",
        note::MRN_MALFORMED => "the reference of a customs document is no MRN",
        note::VALUE_CUT => "a text was too long and was cut",
        _ => return None,
    })
}
