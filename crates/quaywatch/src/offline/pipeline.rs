//! Screening, detection and sharing over events in order of receipt. Time is event time.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use quaywatch_detection::{Changes, Engine, TimelineState};
use quaywatch_domain::{AgencyAlert, Alert, Fact, Feedback, PortEvent, Subject, Timestamp};
use quaywatch_screening::{Index, SubjectState, facts_without_container, screen};
use quaywatch_sharing::{Agencies, DisclosureState, disclose, feedback_fact, pointer_fact};
use uuid::Uuid;

/// The stages behind the normalizer, in memory.
pub(crate) struct Pipeline {
    engine: Engine,
    index: Index,
    agencies: Option<Agencies>,
    containers: HashMap<String, SubjectState>,
    timelines: HashMap<Subject, TimelineState>,
    disclosures: HashMap<Uuid, DisclosureState>,
    timers: BTreeSet<(Timestamp, Subject)>,
    now: Timestamp,
    /// Every alert in its last revision.
    pub(crate) alerts: BTreeMap<Uuid, Alert>,
    /// Every agency's view in its last revision, by agency and alert.
    pub(crate) views: BTreeMap<(String, Uuid), AgencyAlert>,
    /// When an alert with a code was first raised, by subject and code.
    pub(crate) first_raised: HashMap<(Subject, String), Timestamp>,
    /// Outcomes of facts, by name.
    pub(crate) outcomes: BTreeMap<&'static str, u64>,
}

impl Pipeline {
    pub(crate) fn new(engine: Engine, index: Index, agencies: Option<Agencies>) -> Self {
        Self {
            engine,
            index,
            agencies,
            containers: HashMap::new(),
            timelines: HashMap::new(),
            disclosures: HashMap::new(),
            timers: BTreeSet::new(),
            now: Timestamp::from_millis(i64::MIN),
            alerts: BTreeMap::new(),
            views: BTreeMap::new(),
            first_raised: HashMap::new(),
            outcomes: BTreeMap::new(),
        }
    }

    /// Takes one event in; the clock moves to its receipt.
    pub(crate) fn event(&mut self, event: &PortEvent) {
        self.run_to(event.received_at);
        let facts = match event.container() {
            Some(container) => {
                let state = self.containers.entry(container.to_owned()).or_default();
                screen(state, event, &self.index, self.now)
            }
            None => facts_without_container(event),
        };
        self.facts(facts);
    }

    /// Takes an agency's answer in.
    pub(crate) fn feedback(&mut self, feedback: &Feedback) {
        self.run_to(feedback.at);
        self.facts(feedback_fact(feedback));
    }

    /// Moves the clock on, firing what falls due on the way.
    pub(crate) fn run_to(&mut self, now: Timestamp) {
        while let Some((due, subject)) = self.timers.first().cloned() {
            if due > now {
                break;
            }
            self.now = self.now.max(due);
            self.timers.pop_first();
            if let Some(mut timeline) = self.timelines.remove(&subject) {
                let changes = self.engine.due(&mut timeline, self.now);
                let queue = self.settle(subject, timeline, changes, Some(due));
                self.facts(queue);
            }
        }
        self.now = self.now.max(now);
    }

    /// Runs on to the last deadline at which an absence fires.
    pub(crate) fn run_out(&mut self) {
        while let Some(last) = self.timelines.values().filter_map(TimelineState::deadline_at).max() {
            if last <= self.now {
                break;
            }
            self.run_to(last);
        }
    }

    fn facts(&mut self, facts: impl IntoIterator<Item = Fact>) {
        let mut queue: VecDeque<Fact> = facts.into_iter().collect();
        while let Some(fact) = queue.pop_front() {
            let subject = fact.subject.clone();
            let mut timeline = self.timelines.remove(&subject).unwrap_or_default();
            if let Some(due) = timeline.due_at() {
                self.timers.remove(&(due, subject.clone()));
            }
            let changes = self.engine.apply(&mut timeline, fact, self.now);
            *self.outcomes.entry(outcome_name(changes.outcome)).or_default() += 1;
            queue.extend(self.settle(subject, timeline, changes, None));
        }
    }

    /// Keeps what changed and returns the facts for other subjects.
    fn settle(
        &mut self,
        subject: Subject,
        timeline: TimelineState,
        changes: Changes,
        fired: Option<Timestamp>,
    ) -> Vec<Fact> {
        for alert in changes.alerts {
            self.alert(alert);
        }
        // A timer fires once for each version of a timeline.
        if let Some(due) = timeline.due_at().filter(|due| Some(*due) != fired) {
            self.timers.insert((due, subject.clone()));
        }
        if !changes.expired && !timeline.is_empty() {
            self.timelines.insert(subject, timeline);
        }
        changes.facts
    }

    fn alert(&mut self, alert: Alert) {
        for indicator in &alert.indicators {
            let key = (alert.subject.clone(), indicator.code.clone());
            self.first_raised.entry(key).or_insert(self.now);
        }
        if let Some(agencies) = &self.agencies {
            let state = self.disclosures.entry(alert.alert_id).or_default();
            for view in disclose(agencies, &alert, state, self.now) {
                self.views.insert((view.agency.clone(), view.alert_id), view);
            }
        }
        if !self.alerts.contains_key(&alert.alert_id) {
            let pointer = pointer_fact(&alert);
            let timeline = self.timelines.entry(pointer.subject.clone()).or_default();
            self.engine.apply(timeline, pointer, self.now);
        }
        self.alerts.insert(alert.alert_id, alert);
    }
}

const fn outcome_name(outcome: quaywatch_detection::Outcome) -> &'static str {
    use quaywatch_detection::Outcome;
    match outcome {
        Outcome::New => "new",
        Outcome::Duplicate => "duplicate",
        Outcome::Superseded => "superseded",
        Outcome::TooLate => "too_late",
        Outcome::OutOfScope => "out_of_scope",
    }
}
