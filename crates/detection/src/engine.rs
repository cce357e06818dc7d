//! The door of the crate: one fact in, what changed out.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::fast::FixedState;
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{Alert, Fact, Timestamp};

use crate::alerts::Look;
use crate::quiet::{News, Quiet};
use crate::rules::CHECKS;
use crate::view::{Findings, View};
use crate::{
    Baselines, Inspected, Outages, Rules, TimelineState, actor, bill, call, contagion, container, loops,
    party, people, seal, seal_run, sender, siblings, yard,
};

/// What became of a fact. Each fact ends in exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It stands now.
    New,
    /// The same version was there already.
    Duplicate,
    /// A later version was there already.
    Superseded,
    /// It is older than what the timeline still holds.
    TooLate,
    /// No rule looks at it on this subject's timeline.
    OutOfScope,
}

/// What changed by a fact, a deadline or new rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// What became of the fact; [`Outcome::Duplicate`] for deadlines and re-evaluations, which bring no fact.
    pub outcome: Outcome,
    /// Alerts that changed (containers).
    pub alerts: Vec<Alert>,
    /// Facts for other subjects (seals, parties, alerts).
    pub facts: Vec<Fact>,
    /// Codes of shadow rules that began to hold; to be counted, never shown.
    pub shadowed: Vec<String>,
    /// Visits of which an agency has said what it found, each told once; to be counted.
    pub inspected: Vec<Inspected>,
    /// Whether the state may be dropped now.
    pub expired: bool,
}

impl Changes {
    /// Nothing changed.
    #[must_use]
    pub const fn none(outcome: Outcome) -> Self {
        Self {
            outcome,
            alerts: Vec::new(),
            facts: Vec::new(),
            shadowed: Vec::new(),
            inspected: Vec::new(),
            expired: false,
        }
    }
}

/// The rules, ready to be applied to any timeline.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) rules: Rules,
    pub(crate) baselines: Arc<Baselines>,
    pub(crate) outages: Arc<Outages>,
    pub(crate) binary_version: String,
    /// When the last word of any feed came, where none follows.
    pub(crate) heard_until: Option<Timestamp>,
    /// Tells it from engines that may see something else in the same facts.
    pub(crate) mark: u64,
}

impl Engine {
    /// An engine with these rules; alerts name `binary_version`.
    #[must_use]
    pub fn new(rules: Rules, binary_version: impl Into<String>) -> Self {
        let engine = Self {
            rules,
            baselines: Arc::default(),
            outages: Arc::default(),
            binary_version: binary_version.into(),
            heard_until: None,
            mark: 0,
        };
        engine.marked()
    }

    fn marked(mut self) -> Self {
        self.mark =
            FixedState::default().hash_one((self.version(), self.heard_until.map(Timestamp::as_millis)));
        self
    }

    /// The same engine with these baselines.
    #[must_use]
    pub fn with_baselines(mut self, baselines: Arc<Baselines>) -> Self {
        self.baselines = baselines;
        self.marked()
    }

    /// The same engine that knows of these outages.
    #[must_use]
    pub fn with_outages(mut self, outages: Arc<Outages>) -> Self {
        self.outages = outages;
        self.marked()
    }

    /// The same engine at the end of recorded traffic: what was awaited by a later time than `at` is not absent, it is not
    /// recorded. Short waits for late messages still end.
    #[must_use]
    pub fn heard_until(mut self, at: Timestamp) -> Self {
        self.heard_until = Some(at);
        self.marked()
    }

    /// The rules in force.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Version of everything but the facts that the outcome depends on.
    #[must_use]
    pub fn version(&self) -> String {
        let (rules, outages) = (self.rules.version(), self.outages.version());
        format!("{rules} {} {outages} {}", self.baselines.version, self.binary_version)
    }

    /// Takes one fact into the timeline of its subject. `state` is that subject's, or a default one.
    pub fn apply(&self, state: &mut TimelineState, fact: Fact, now: Timestamp) -> Changes {
        let now = state.not_before(now);
        let changes = self.take(state, fact, now);
        state.looked_at(now, &changes);
        changes
    }

    fn take(&self, state: &mut TimelineState, fact: Fact, now: Timestamp) -> Changes {
        let kind = fact.subject.kind;
        if state.subject.is_none() && self.has_timeline(kind) {
            state.subject = Some(fact.subject.clone());
        }
        match kind {
            SubjectKind::Container => container::apply(self, state, fact, now),
            SubjectKind::SealRun => seal_run::apply(self, state, &fact, now),
            SubjectKind::Alert => loops::apply(self, state, fact, now),
            SubjectKind::Seal
            | SubjectKind::Party
            | SubjectKind::Call
            | SubjectKind::Bill
            | SubjectKind::Origin => {
                let mut changes = match kind {
                    _ if contagion::is_source(&fact) => Changes::none(Outcome::OutOfScope),
                    SubjectKind::Seal => seal::apply(self, state, &fact, now),
                    SubjectKind::Party => party::apply(self, state, &fact, now),
                    SubjectKind::Call => call::apply(self, state, &fact, now),
                    SubjectKind::Bill => bill::apply(self, state, &fact, now),
                    _ => Changes::none(Outcome::OutOfScope),
                };
                siblings::apply(self, state, &fact, now, &mut changes);
                changes
            }
            SubjectKind::Yard => yard::apply(self, state, &fact, now),
            SubjectKind::Sender => sender::apply(self, state, &fact, now),
            SubjectKind::Actor => actor::apply(self, state, &fact, now),
        }
    }

    /// Looks at a timeline when [`TimelineState::due_at`] has come: absences fire, alerts end, history goes.
    pub fn due(&self, state: &mut TimelineState, now: Timestamp) -> Changes {
        let now = state.not_before(now);
        let mut changes = self.look(state, Look { now, is_for_newer: false });
        container::expire(self, state, now);
        changes.expired = state.expired(now);
        changes
    }

    /// Looks at a timeline again, for changed rules, baselines or outages; what only they raise is marked so.
    pub fn reevaluate(&self, state: &mut TimelineState, now: Timestamp) -> Changes {
        let now = state.not_before(now);
        // A deadline that passed unseen raises what the former would have raised too.
        let is_due = state.deadline_at().is_some_and(|deadline| deadline <= now);
        if !self.rules.people.enabled {
            people::forget(state);
        }
        state.quiet = Quiet::default();
        let mut changes = self.look(state, Look { now, is_for_newer: !is_due });
        for told in &mut changes.facts {
            told.in_hindsight = !is_due && !told.retracted;
        }
        changes.expired = state.is_empty();
        changes
    }

    fn look(&self, state: &mut TimelineState, look: Look) -> Changes {
        let now = look.now;
        let mut changes = Changes::none(Outcome::Duplicate);
        match state.subject.as_ref().map(|s| s.kind) {
            Some(SubjectKind::Container) => {
                container::evaluate(self, state, look, News::Nothing, &mut changes);
            }
            Some(SubjectKind::Seal) => seal::evaluate(self, state, &mut changes),
            Some(SubjectKind::SealRun) => seal_run::evaluate(self, state, &mut changes),
            Some(SubjectKind::Party) => party::evaluate(self, state, now, &mut changes),
            Some(SubjectKind::Actor) => actor::evaluate(self, state, now, &mut changes),
            Some(SubjectKind::Bill) => bill::evaluate(self, state, &mut changes),
            Some(SubjectKind::Sender) => sender::evaluate(self, state, now, &mut changes),
            Some(SubjectKind::Yard) => yard::evaluate(self, state, &mut changes),
            Some(SubjectKind::Call) => call::evaluate(self, state, now, &mut changes),
            _ => {}
        }
        if state.subject.as_ref().is_some_and(|s| s.kind != SubjectKind::Container) {
            siblings::evaluate(
                self,
                state,
                siblings::Why::Anything,
                &mut changes.facts,
                &mut changes.shadowed,
            );
        }
        state.looked_at(now, &changes);
        changes
    }

    /// How many visits of the container the timeline has seen; 0 for other subjects.
    #[must_use]
    pub fn visits(&self, state: &TimelineState) -> u32 {
        match state.subject.as_ref().map(|s| s.kind) {
            Some(SubjectKind::Container) => container::visits(self, state),
            _ => 0,
        }
    }

    /// The rules for containers, by the names of their tables in the rule file.
    pub fn rule_names() -> impl Iterator<Item = &'static str> {
        CHECKS.iter().map(|(name, ..)| *name)
    }

    /// Runs one rule alone over a container's timeline and gives the codes that it yields, to measure or explain it.
    #[must_use]
    pub fn run_rule(&self, name: &str, state: &TimelineState, now: Timestamp) -> Vec<String> {
        let (Some(subject), Some((_, check, _))) =
            (&state.subject, CHECKS.iter().find(|(known, ..)| *known == name))
        else {
            return Vec::new();
        };
        let view = View::of(self, state, subject);
        let mut findings = Findings::new(self, now);
        check(&view, &mut findings);
        findings.found.into_iter().map(|f| f.indicator.code).collect()
    }

    const fn has_timeline(&self, kind: SubjectKind) -> bool {
        self.rules.people.enabled || !matches!(kind, SubjectKind::Actor)
    }
}
