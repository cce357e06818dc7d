//! Indicators: what a rule says about a timeline.

use serde::{Deserialize, Serialize};

use crate::codes::codes;
use crate::{EventKind, Handling, Id, Subject, Timestamp};

codes! {
    /// How grave something is.
    Severity {
        /// Only counts together with other indicators.
        Low = "LOW",
        /// Worth a look.
        Medium = "MEDIUM",
        /// Raises an alert alone.
        High = "HIGH",
        /// Act now.
        Critical = "CRITICAL",
    }
}

codes! {
    /// What an alert advises, by urgency. A person decides.
    Action {
        /// Take note.
        Inform = "INFORM",
        /// Watch without being noticed.
        Observe = "OBSERVE",
        /// Call the party back on a known number.
        VerifyByPhone = "VERIFY_BY_PHONE",
        /// Scan the container.
        Scan = "SCAN",
        /// Open and inspect it.
        Inspect = "INSPECT",
        /// Ask the terminal to hold it.
        HoldRequest = "HOLD_REQUEST",
    }
}

/// An event that is expected by a time; its absence fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// What is expected.
    pub event: EventKind,
    /// By when.
    pub by: Timestamp,
}

/// Code of what is drawn for control: no suspicion, and nobody but its owner may see it.
pub const CONTROL: &str = "CONTROL";

/// What one rule says about one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Indicator {
    /// Rule, such as `MO-04`.
    pub rule: String,
    /// Sub-rule, such as `MO-04a`, `WL-identifier`.
    pub code: String,
    /// Version of the rule.
    pub version: i32,
    /// How grave.
    pub severity: Severity,
    /// Contribution to the score, 0–100.
    pub weight: f64,
    /// One sentence for a duty officer.
    pub sentence: String,
    /// What it advises.
    pub action: Action,
    /// Facts that show it, by id, in order of event time.
    pub evidence: Vec<Id>,
    /// When the evidence was first complete: the latest event time among it, or when what was expected had not come. A wait
    /// for late word of what would explain it does not put it off.
    pub first_held_at: Timestamp,
    /// When it was over, for a watch that ran out or a drawn visit that ended: it was right, and counts for nothing from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What would settle it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// Strictest label of what it rests on.
    pub handling: Handling,
    /// Whether nobody but the list's owner may notice it.
    #[serde(default)]
    pub discreet: bool,
    /// Agency that owns the list entry behind it, or has the control sample drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Legal ground of the list entry behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// List and version behind it, `LIST@VERSION`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// Subject whose timeline yielded it, when that is not the container itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Subject>,
    /// Evidence of facts that lie on another subject's timeline, carried along.
    #[serde(default)]
    pub carried: Vec<crate::alert::Evidence>,
}

impl Indicator {
    /// When what was expected had not come, for an indicator that rests on an absence.
    #[must_use]
    pub fn absent_since(&self) -> Option<Timestamp> {
        self.expected.as_ref().map(|e| e.by)
    }
}

/// Codes of the indicators that have not ended, sorted, each once.
#[must_use]
pub fn standing_codes(indicators: &[Indicator]) -> Vec<String> {
    let standing = indicators.iter().filter(|i| i.ended_at.is_none());
    let mut codes: Vec<String> = standing.map(|i| i.code.clone()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Whether there are codes that were not told before; of what older versions told they are not known, and none is new.
#[must_use]
pub fn adds_codes(codes: &[String], before: &[String]) -> bool {
    !before.is_empty() && codes.iter().any(|code| !before.contains(code))
}
