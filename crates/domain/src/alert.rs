//! Alerts: the indicators of one subject and visit together.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::codes::codes;
use crate::event::Stored;
use crate::{Action, Handling, Id, Indicator, Severity, Sha256, Subject, Text, Timestamp};

codes! {
    /// Where an alert stands.
    AlertState {
        /// New.
        Raised = "RAISED",
        /// Changed since.
        Updated = "UPDATED",
        /// No longer holds.
        Retracted = "RETRACTED",
        /// Settled by feedback, or expired.
        Closed = "CLOSED",
    }
}

/// A stay of a container in the port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Ordinal of the stay, from 1.
    pub number: i32,
    /// Terminal, SMDG code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// First event of the stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// Vessel call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
}

/// What a system can look the container up by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Keys {
    /// Container number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Release right (id or HMAC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Bills of lading.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bills: Vec<String>,
    /// Seals.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seals: Vec<String>,
    /// Vessel, IMO number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vessel: Option<String>,
    /// Vessel call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// Terminal, SMDG code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
}

/// A fact with the way back to the original bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "FlatEvidence", into = "FlatEvidence")]
pub struct Evidence {
    /// The fact.
    pub fact_id: Id,
    /// The event behind it.
    pub event_id: Option<Id>,
    /// The raw message.
    pub stored: Arc<Stored>,
    /// Path into the message.
    pub path: Text,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When we stored it.
    pub received_at: Timestamp,
}

/// Evidence on the wire.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Evidence")]
struct FlatEvidence {
    fact_id: Id,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_id: Option<Id>,
    topic: Arc<str>,
    partition: i32,
    offset: i64,
    sha256: Sha256,
    path: Text,
    occurred_at: Timestamp,
    received_at: Timestamp,
}

impl From<FlatEvidence> for Evidence {
    fn from(flat: FlatEvidence) -> Self {
        let FlatEvidence {
            fact_id,
            event_id,
            topic,
            partition,
            offset,
            sha256,
            path,
            occurred_at,
            received_at,
        } = flat;
        let stored = Arc::new(Stored { topic, partition, offset, sha256 });
        Self { fact_id, event_id, stored, path, occurred_at, received_at }
    }
}

impl From<Evidence> for FlatEvidence {
    fn from(evidence: Evidence) -> Self {
        let Evidence { fact_id, event_id, stored, path, occurred_at, received_at } = evidence;
        let Stored { topic, partition, offset, sha256 } = Arc::unwrap_or_clone(stored);
        Self { fact_id, event_id, topic, partition, offset, sha256, path, occurred_at, received_at }
    }
}

/// One part of a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScorePart {
    /// Indicator code.
    pub code: String,
    /// Points that it gives after decay.
    pub points: f64,
}

/// What produced an alert.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Versions {
    /// Version of the rule file.
    pub rules: String,
    /// Versions of the lists behind the hits, `LIST@VERSION`.
    pub lists: Vec<String>,
    /// Version of the program.
    pub binary: String,
}

/// An alert, full content. Everything but `produced_at` and `in_hindsight` follows from the facts alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// UUIDv5 over subject and visit.
    pub alert_id: Uuid,
    /// Counts up from 1.
    pub revision: i32,
    /// Where it stands.
    pub state: AlertState,
    /// What it is about.
    pub subject: Subject,
    /// Which stay.
    pub visit: Visit,
    /// How grave.
    pub severity: Severity,
    /// 0–100.
    pub score: f64,
    /// How the score comes about.
    pub score_parts: Vec<ScorePart>,
    /// One line that a duty officer understands.
    pub title: String,
    /// What holds, gravest first; empty when retracted.
    pub indicators: Vec<Indicator>,
    /// Look-up keys.
    pub keys: Keys,
    /// Advice.
    pub recommended_action: Action,
    /// When it stops being current.
    pub valid_until: Timestamp,
    /// Strictest label of its indicators.
    pub handling: Handling,
    /// Agencies that the owners allow; empty means by clearance.
    pub releasable_to: Vec<String>,
    /// Legal grounds of the entries behind it.
    pub legal_basis: Vec<String>,
    /// Evidence of all indicators.
    pub evidence: Vec<Evidence>,
    /// When we could first know: the latest receipt among the evidence at this revision.
    pub detected_at: Timestamp,
    /// When it happened: the latest event time among the evidence.
    pub event_time: Timestamp,
    /// When this revision was written.
    pub produced_at: Timestamp,
    /// Whether rules, baselines or announced outages that are newer than what it rests on raised it, or what is new in it:
    /// with them that would have been raised at `detected_at`.
    #[serde(default)]
    pub in_hindsight: bool,
    /// What produced it.
    pub versions: Versions,
    /// When it must be erased.
    pub retention_until: Timestamp,
}

/// Name space of alert ids.
const ALERT_NAMESPACE: Uuid = Uuid::from_u128(0x3f0c_8a5e_9c7b_4d5c_8b1e_7154_7a79_7761);

impl Alert {
    /// The id of the alert about `subject` in its `visit`-th stay.
    #[must_use]
    pub fn id_for(subject: &Subject, visit: i32) -> Uuid {
        Uuid::new_v5(&ALERT_NAMESPACE, format!("{subject}#{visit}").as_bytes())
    }
}

/// What one agency may see of an alert: the shape of [`Alert`], with absent what it may not see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgencyAlert {
    /// As in the alert.
    pub alert_id: Uuid,
    /// Counts the versions of this agency's view, from 1.
    pub revision: i32,
    /// As in the alert, for this view.
    pub state: AlertState,
    /// Agency whose view it is.
    pub agency: String,
    /// Whether it no longer stands for this agency.
    pub withdrawn: bool,
    /// What it is about.
    pub subject: Subject,
    /// Which stay.
    pub visit: Visit,
    /// Gravest visible indicator.
    pub severity: Severity,
    /// From the visible indicators alone.
    pub score: f64,
    /// How the score comes about.
    pub score_parts: Vec<ScorePart>,
    /// One line that a duty officer understands.
    pub title: String,
    /// Visible indicators.
    pub indicators: Vec<Indicator>,
    /// Visible look-up keys.
    pub keys: Keys,
    /// Advice from the visible indicators.
    pub recommended_action: Action,
    /// When it stops being current.
    pub valid_until: Timestamp,
    /// Strictest label of what is visible.
    pub handling: Handling,
    /// As far as visible.
    pub releasable_to: Vec<String>,
    /// As far as visible.
    pub legal_basis: Vec<String>,
    /// Evidence of the visible indicators.
    pub evidence: Vec<Evidence>,
    /// From the visible evidence.
    pub detected_at: Timestamp,
    /// From the visible evidence.
    pub event_time: Timestamp,
    /// When this version was written.
    pub produced_at: Timestamp,
    /// As in the alert.
    #[serde(default)]
    pub in_hindsight: bool,
    /// What produced it.
    pub versions: Versions,
    /// When it must be erased.
    pub retention_until: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_depends_on_subject_and_visit_alone() {
        let subject = Subject::container("CSQU3054383");
        assert_eq!(Alert::id_for(&subject, 1), Alert::id_for(&subject, 1));
        assert_ne!(Alert::id_for(&subject, 1), Alert::id_for(&subject, 2));
        assert_eq!(Alert::id_for(&subject, 1).get_version_num(), 5);
    }
}
