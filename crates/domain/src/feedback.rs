//! Feedback: what an agency answers to an alert.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::codes::codes;
use crate::{Subject, Timestamp};

codes! {
    /// What the agency says.
    Verdict {
        /// Read.
        Seen = "SEEN",
        /// At work.
        Investigating = "INVESTIGATING",
        /// Nothing in it; settles the alert.
        FalsePositive = "FALSE_POSITIVE",
        /// True.
        Confirmed = "CONFIRMED",
        /// Goods were seized.
        Seizure = "SEIZURE",
        /// Settled.
        Closed = "CLOSED",
    }
}

impl Verdict {
    /// Whether the verdict settles the alert.
    #[must_use]
    pub const fn settles(self) -> bool {
        matches!(self, Self::FalsePositive | Self::Seizure | Self::Closed)
    }
}

/// An agency's answer to an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feedback {
    /// The alert; in files `subject` may stand in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_id: Option<Uuid>,
    /// The alert's subject, when the alert id is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// Who answers.
    pub agency: String,
    /// What it says.
    pub verdict: Verdict,
    /// How much was seized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<f64>,
    /// Unit of the quantity, such as `kg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Pseudonym of the officer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The alert revision that it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_revision: Option<i32>,
}
