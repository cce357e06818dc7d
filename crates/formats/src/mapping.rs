//! CSV and JSON by a mapping of the feed.

use quaywatch_domain::DeadLetterCode;
use serde::{Deserialize, Serialize};

use crate::{Context, Parsed};

/// How columns of a CSV file, or fields of a JSON document, become the fields of an event.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {}

pub(crate) fn parse_csv(bytes: &[u8], _context: &Context<'_>) -> Parsed {
    Parsed::rejected(DeadLetterCode::UnsupportedMessage, "CSV is not read yet", bytes)
}

pub(crate) fn parse_json(bytes: &[u8], _context: &Context<'_>) -> Parsed {
    Parsed::rejected(DeadLetterCode::UnsupportedMessage, "mapped JSON is not read yet", bytes)
}
