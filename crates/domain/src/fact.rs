//! Facts: what the timeline of one subject needs to know.

use serde::{Deserialize, Serialize};

use crate::alert::Evidence;
use crate::event::SharedEvent;
use crate::watchlist::EntryAction;
use crate::{Feedback, Handling, Id, Indicator, Severity, Subject, Timestamp};

/// One fact for one subject. Exactly one of `event`, `hit`, `indicator`, `feedback` and `pointer` is set, unless the
/// fact is a retraction that says only which fact is taken back.
///
/// Facts with the same id are versions of one fact: the highest revision stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Id, stable across revisions: the event id, `hit/LIST/ENTRY/SCHEME`, `ind/SUBJECT/CODE`, `fb/ALERT/AGENCY`
    /// (`/found`), `alert/ID`.
    pub fact_id: Id,
    /// Version; higher overrides.
    pub revision: i64,
    /// Whether the fact is taken back.
    #[serde(default)]
    pub retracted: bool,
    /// Whose timeline it belongs to.
    pub subject: Subject,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When the source said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When we stored what it rests on.
    pub received_at: Timestamp,
    /// Who may see what follows from it.
    pub handling: Handling,
    /// An event seen from this subject; one event is many subjects' fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<SharedEvent>,
    /// A watchlist hit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hit: Option<Box<Hit>>,
    /// An indicator from another subject's timeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicator: Option<Box<Indicator>>,
    /// An agency's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Box<Feedback>>,
    /// What the subject stands for, on timelines of alerts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<Box<Pointer>>,
    /// Whether only newer rules, baselines, lists or outages made somebody tell it: it could have been told before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_hindsight: bool,
}

/// Where an alert belongs: tells the alert's timeline which container an agency's feedback is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// Subject of the alert.
    pub subject: Subject,
}

/// A watchlist hit: which entry, by which identifier of the subject. Holds nothing of the list that the subject's own
/// messages do not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// List.
    pub list_id: String,
    /// Version of the list in which the entry got its present form.
    pub list_version: String,
    /// Entry within the list.
    pub entry_id: String,
    /// Scheme of the identifier that matched.
    pub scheme: String,
    /// The identifier that matched, as it stands in the subject's events.
    pub value: String,
    /// What the owner wants done.
    pub action: EntryAction,
    /// How grave it is.
    pub severity: Severity,
    /// Agency that owns the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Legal ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// The earliest event of the subject that holds the identifier, with the way back to its bytes.
    pub evidence: Evidence,
}
