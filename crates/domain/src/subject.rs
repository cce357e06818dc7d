//! Subjects: what a timeline is about.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Text;
use crate::codes::codes;

codes! {
    /// The kinds of subject that have timelines.
    SubjectKind {
        /// One container, wherever it is.
        Container = "container",
        /// One seal number.
        Seal = "seal",
        /// Ten consecutive seal numbers, by what they have in common.
        SealRun = "seal-run",
        /// One resolved party.
        Party = "party",
        /// One user or driver pseudonym.
        Actor = "actor",
        /// One bill of lading.
        Bill = "bill",
        /// One vessel call.
        Call = "call",
        /// One block of a terminal's yard, `LUKKP:A`; the terminal or depot alone where blocks are not named.
        Yard = "yard",
        /// One port of loading, UN/LOCODE, by the empties that come from there.
        Origin = "origin",
        /// One sender of EDIFACT messages that open the way out, `FEED/SENDER`.
        Sender = "sender",
        /// One alert: forwards an agency's feedback to the container that the alert is about.
        Alert = "alert",
    }
}

/// A subject: kind and identifier, written `container/CSQU3054383`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// What kind of thing it is.
    pub kind: SubjectKind,
    /// Its normalised identifier.
    pub id: Text,
}

impl Subject {
    /// A subject of `kind` with a normalised identifier.
    #[must_use]
    pub fn new(kind: SubjectKind, id: impl Into<Text>) -> Self {
        Self { kind, id: id.into() }
    }

    /// The container with this compact number.
    #[must_use]
    pub fn container(number: impl Into<Text>) -> Self {
        Self::new(SubjectKind::Container, number)
    }

    /// Reads `kind/id`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once('/')?;
        (!id.is_empty()).then_some(Self { kind: SubjectKind::parse(kind)?, id: id.into() })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            de::Error::custom(format_args!("'{text}' is not a subject such as container/CSQU3054383"))
        })
    }
}
