//! Flags on an event that say what was odd about its message. They warn; they never reject.

/// The container number fails ISO 6346.
pub const CHECK_DIGIT_WRONG: &str = "CHECK_DIGIT_WRONG";
/// The vessel's IMO number fails its check digit.
pub const IMO_CHECK_DIGIT_WRONG: &str = "IMO_CHECK_DIGIT_WRONG";
/// A count in the message (UNT, CNT) differs from what it holds.
pub const COUNT_MISMATCH: &str = "COUNT_MISMATCH";
/// A reference (UNH) that should tell the messages of an interchange apart stands on several of them.
pub const REFERENCE_REPEATED: &str = "REFERENCE_REPEATED";
/// A time without zone was taken as the terminal's local time.
pub const LOCAL_TIME_ASSUMED: &str = "LOCAL_TIME_ASSUMED";
/// A local time falls into the hour that summer time repeats or leaves out.
pub const LOCAL_TIME_AMBIGUOUS: &str = "LOCAL_TIME_AMBIGUOUS";
/// A code of the message is not in its code list.
pub const UNKNOWN_CODE: &str = "UNKNOWN_CODE";
/// A value had a different form than its qualifier promises and was read all the same.
pub const VALUE_REPAIRED: &str = "VALUE_REPAIRED";
/// A value could not be read and was left out; container and time are never among these.
pub const VALUE_UNREADABLE: &str = "VALUE_UNREADABLE";
/// The text was not in its declared character set and was read as Windows-1252.
pub const CHARSET_ASSUMED: &str = "CHARSET_ASSUMED";
/// The time of the message stands in for a missing event time.
pub const EVENT_TIME_ASSUMED: &str = "EVENT_TIME_ASSUMED";
/// A seal number is a placeholder.
pub const SEAL_PLACEHOLDER: &str = "SEAL_PLACEHOLDER";
/// The envelope (UNB, UNZ) is missing.
pub const ENVELOPE_MISSING: &str = "ENVELOPE_MISSING";
/// A value was too long and was cut.
pub const VALUE_CUT: &str = "VALUE_CUT";
/// A place is no UN/LOCODE.
pub const UN_LOCODE_MALFORMED: &str = "UN_LOCODE_MALFORMED";
/// A terminal is no SMDG terminal code.
pub const TERMINAL_MALFORMED: &str = "TERMINAL_MALFORMED";
/// A carrier is neither an SMDG liner code nor a SCAC.
pub const CARRIER_MALFORMED: &str = "CARRIER_MALFORMED";
/// A vessel's MMSI does not have nine digits.
pub const MMSI_MALFORMED: &str = "MMSI_MALFORMED";
/// An identifier under scheme EORI is none.
pub const EORI_MALFORMED: &str = "EORI_MALFORMED";
/// A customs declaration has not the form of an MRN.
pub const MRN_MALFORMED: &str = "MRN_MALFORMED";
/// A commodity code has not the form of an HS, CN or TARIC code.
pub const HS_CODE_MALFORMED: &str = "HS_CODE_MALFORMED";
/// A size and type code is of neither edition of ISO 6346.
pub const SIZE_TYPE_UNKNOWN: &str = "SIZE_TYPE_UNKNOWN";
