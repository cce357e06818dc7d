//! What is kept of one subject between facts.

use quaywatch_domain::alert::{AlertState, Evidence};
use quaywatch_domain::event::{Place, SealSource};
use quaywatch_domain::{EventKind, Fact, Handling, Id, Severity, Sha256, Subject, Text, Timestamp};
use serde::{Deserialize, Serialize};

use crate::quiet::Quiet;
use crate::timeline::Ids;
use crate::{Changes, Kin, Outcome};

/// Everything known about one subject, and what was published about it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TimelineState {
    /// Whose timeline it is; none before the first fact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// Standing versions, tombstones included, by event time and id (containers and alerts; of others the finds that
    /// containers told).
    pub facts: Vec<Fact>,
    /// Standing sightings, tombstones included, by event time and id (seals, parties, bills, yards).
    pub sightings: Vec<Sighting>,
    /// Standing mentions, tombstones included, by event time and id (vessel calls, depots).
    pub mentions: Vec<Mention>,
    /// Alerts as they were last published, by visit (containers).
    pub published: Vec<Published>,
    /// Facts as they were last sent to other subjects (seals, parties, alerts).
    pub emitted: Vec<Emitted>,
    /// Containers that had to do with it, tombstones included, by event time and id (bills, parties, calls, ports of
    /// loading).
    pub kin: Vec<Kin>,
    /// Event time up to which something was let go of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kin_floor: Option<Timestamp>,
    /// Watches as they were last opened or closed on other subjects (bills, parties, seals, calls, ports of
    /// loading), and what a container last told of a find.
    pub watched: Vec<Emitted>,
    /// Watches that only count, as `subject code`.
    pub watch_shadowed: Vec<String>,
    /// Shadow indicators that hold, as `visit code`, so that each is counted once.
    pub shadowed: Vec<String>,
    /// Numbers of the visits of which it was counted what agencies found (containers).
    pub inspected: Vec<i32>,
    /// Visits that were folded away; the next one has this number plus one.
    pub visits_before: i32,
    /// Event time up to which facts or sightings were let go; of containers, older ones come too late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<Timestamp>,
    /// Event time up to which a ledger tells nothing any more, because relations have aged out of it (parties).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aged_to: Option<Timestamp>,
    /// Highest version of what was sent to other subjects and is no longer remembered in `emitted`.
    pub emitted_before: i64,
    /// When it was last looked at with a result: an input that is read again does not turn its time back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// Earliest time at which the absence of something fires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_at: Option<Timestamp>,
    /// Earliest time at which an open alert stops being current.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<Timestamp>,
    /// When its history is over unless something new comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Until when alerts of folded visits are kept somewhere, so that their ids may not be used again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_until: Option<Timestamp>,
    /// Whether a ledger has outgrown its bound and says nothing any more (parties).
    pub saturated: bool,
    /// Classes of relations that have outgrown their bound, sorted (parties and actors).
    pub saturated_classes: Vec<String>,
    /// Rules that said nothing at the last look (containers).
    #[serde(skip)]
    pub(crate) quiet: Quiet,
    /// Ids of the mentions (vessel calls).
    #[serde(skip)]
    pub(crate) mention_ids: Ids,
    /// Ids of the kin (vessel calls).
    #[serde(skip)]
    pub(crate) kin_ids: Ids,
}

/// A short form of an event on the timeline of a seal or a party.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    /// Fact that it comes from.
    pub fact_id: Id,
    /// Version of the fact.
    pub revision: i64,
    /// Whether the fact is taken back.
    pub retracted: bool,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When we stored it.
    pub received_at: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// Container of the event; none when it may not be compared (wrong check digit, tombstone).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Text>,
    /// Issuer of the seal (seals).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<SealSource>,
    /// Parties that the event relates to the consignee: right holders and hauliers (parties).
    #[serde(default)]
    pub partners: Vec<Id>,
    /// Where it happened (yards).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Box<Place>>,
    /// What else the event relates the subject to, as `CLASS=value`.
    #[serde(default)]
    pub relations: Vec<Id>,
    /// Who may see what follows from it.
    pub handling: Handling,
    /// The way back to the bytes; none on tombstones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<Evidence>>,
}

/// A short form of an event on the timeline of a vessel call. Its own evidence is left out where the container that it is
/// told to holds the same fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mention {
    /// Fact that it comes from.
    pub fact_id: Id,
    /// Version of the fact.
    pub revision: i64,
    /// Whether the fact is taken back.
    pub retracted: bool,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When we stored it.
    pub received_at: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// Container of the event; none when it counts for nothing (tombstone, empty, wrong check digit).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Text>,
    /// UN/LOCODE where it happened; of manifest lines the port of discharge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<Text>,
    /// Who may see what follows from it; none: as ordinary port traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<Box<Handling>>,
    /// The way back to the bytes, of what no container's timeline holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<Evidence>>,
}

/// An alert as it was last published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Visit that it is about.
    pub visit: i32,
    /// Its revision.
    pub revision: i32,
    /// Its state.
    pub state: AlertState,
    /// Digest of its content, without revision and time of writing.
    pub digest: Sha256,
    /// Its severity.
    pub severity: Severity,
    /// Its label; a retraction is never more open than what it takes back.
    pub handling: Handling,
    /// When it stops being current.
    pub valid_until: Timestamp,
    /// When it must be erased.
    pub retention_until: Timestamp,
    /// When it happened.
    pub event_time: Timestamp,
    /// When it could first be known.
    pub detected_at: Timestamp,
    /// Codes of its indicators, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
}

/// A fact as it was last sent to another subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emitted {
    /// Receiver.
    pub subject: Subject,
    /// The fact.
    pub fact_id: Id,
    /// Version last sent.
    pub revision: i64,
    /// Whether it was last taken back.
    pub retracted: bool,
    /// Digest of its content, without the version.
    pub digest: Sha256,
    /// Event time last sent.
    pub occurred_at: Timestamp,
    /// The first and the last fact that it rests on; of a watch that of the find, and the own one of who is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rests_on: Vec<Id>,
    /// When the first of them happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Label last sent.
    pub handling: Handling,
}

impl TimelineState {
    /// Whether there is nothing worth keeping.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
            && self.sightings.is_empty()
            && self.mentions.is_empty()
            && self.published.is_empty()
            && self.emitted.is_empty()
            && self.kin.is_empty()
            && self.watched.is_empty()
            && self.visits_before == 0
            && !self.saturated
    }

    /// `now`, but not before what was last told.
    pub(crate) fn not_before(&self, now: Timestamp) -> Timestamp {
        self.as_of.map_or(now, |at| at.max(now))
    }

    /// Remembers a look that had a result; one that had none leaves the state as it is.
    pub(crate) fn looked_at(&mut self, now: Timestamp, changes: &Changes) {
        let is_told = !changes.alerts.is_empty() || !changes.facts.is_empty();
        if changes.outcome == Outcome::New || is_told {
            self.as_of = Some(now);
        }
    }

    /// When [`crate::Engine::due`] next has something to do: a deadline, the end of an alert or of the state itself.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        [self.deadline_at, self.closes_at, self.expires_at].into_iter().flatten().min()
    }

    /// When the absence of an expected event next fires. An offline run ends after the last of these; running on to
    /// [`Self::due_at`] would also close and erase everything by age.
    #[must_use]
    pub const fn deadline_at(&self) -> Option<Timestamp> {
        self.deadline_at
    }

    /// Whether the state may be dropped.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> bool {
        self.is_empty()
            || (self.expires_at.is_some_and(|at| at <= now) && self.keep_until.is_none_or(|at| at <= now))
    }
}
