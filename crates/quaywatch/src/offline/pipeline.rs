//! Screening, detection and sharing over events in order of receipt. Time is event time.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use quaywatch_detection::{Changes, Engine, TimelineState};
use quaywatch_domain::{AgencyAlert, Alert, EventKind, Fact, Feedback, PortEvent, Subject, Timestamp};
use quaywatch_screening::{Index, SubjectState, facts_without_container, screen};
use quaywatch_sharing::{Agencies, DisclosureState, disclose, feedback_fact, pointer_fact};
use uuid::Uuid;

use super::score::Observed;

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
    first_raised: HashMap<(Subject, String), Timestamp>,
    /// When a shadow code first held, by subject and code.
    first_shadowed: HashMap<(Subject, String), Timestamp>,
    /// Actual gate-outs by container and event; none when taken back.
    gate_outs: HashMap<String, HashMap<String, (i64, Option<Timestamp>)>>,
    /// Visits of timelines that are gone.
    visits_before: u64,
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
            first_shadowed: HashMap::new(),
            gate_outs: HashMap::new(),
            visits_before: 0,
            outcomes: BTreeMap::new(),
        }
    }

    /// Takes one event in; the clock moves to its receipt.
    pub(crate) fn event(&mut self, event: &PortEvent) {
        self.run_to(event.received_at);
        let facts = match event.container() {
            Some(container) => {
                self.note_gate_out(container, event);
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

    /// What the run came to.
    pub(crate) fn observed(&self) -> Observed<'_> {
        let mut seen = Observed {
            alerts: self.alerts.values().collect(),
            first_raised: self.first_raised.clone(),
            visits: self.visits_before,
            ..Observed::default()
        };
        for (subject, timeline) in &self.timelines {
            seen.visits += u64::from(self.engine.visits(timeline));
            for key in shadow_keys(subject, timeline) {
                let at = self.first_shadowed.get(&key).copied().unwrap_or(self.now);
                seen.shadowed.insert(key, at);
            }
        }
        for (container, events) in &self.gate_outs {
            let mut times: Vec<Timestamp> = events.values().filter_map(|(_, at)| *at).collect();
            times.sort_unstable();
            seen.gate_outs.insert(container.clone(), times);
        }
        seen
    }

    fn note_gate_out(&mut self, container: &str, event: &PortEvent) {
        if event.kind != EventKind::GateOut || !event.is_actual() {
            return;
        }
        let said = (event.revision, (!event.retracted).then_some(event.occurred_at));
        let of_container = self.gate_outs.entry(container.to_owned()).or_default();
        let known = of_container.entry(event.event_id.clone()).or_insert(said);
        if said.0 >= known.0 {
            *known = said;
        }
    }

    fn facts(&mut self, facts: impl IntoIterator<Item = Fact>) {
        let mut queue: VecDeque<Fact> = facts.into_iter().collect();
        while let Some(fact) = queue.pop_front() {
            let subject = fact.subject.clone();
            let mut timeline = self.timelines.remove(&subject).unwrap_or_default();
            let due_before = timeline.due_at();
            let changes = self.engine.apply(&mut timeline, fact, self.now);
            if let Some(due) = due_before.filter(|due| timeline.due_at() != Some(*due)) {
                self.timers.remove(&(due, subject.clone()));
            }
            *self.outcomes.entry(outcome_name(changes.outcome)).or_default() += 1;
            let pending = due_before.filter(|due| *due > self.now);
            queue.extend(self.settle(subject, timeline, changes, pending));
        }
    }

    /// Keeps what changed and returns the facts for other subjects. `timer` is the one that the timeline has, or that
    /// just fired: a timer fires once for each version of a timeline.
    fn settle(
        &mut self,
        subject: Subject,
        timeline: TimelineState,
        changes: Changes,
        timer: Option<Timestamp>,
    ) -> Vec<Fact> {
        let mut facts = changes.facts;
        for alert in changes.alerts {
            facts.extend(self.alert(alert));
        }
        for key in shadow_keys(&subject, &timeline) {
            self.first_shadowed.entry(key).or_insert(self.now);
        }
        if changes.expired || timeline.is_empty() {
            self.visits_before += u64::from(self.engine.visits(&timeline));
            return facts;
        }
        if let Some(due) = timeline.due_at().filter(|due| Some(*due) != timer) {
            self.timers.insert((due, subject.clone()));
        }
        self.timelines.insert(subject, timeline);
        facts
    }

    /// Keeps an alert and returns, the first time, the fact that tells where answers to it belong.
    fn alert(&mut self, alert: Alert) -> Option<Fact> {
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
        let pointer = (!self.alerts.contains_key(&alert.alert_id)).then(|| pointer_fact(&alert));
        self.alerts.insert(alert.alert_id, alert);
        pointer
    }
}

/// Subject and code of each shadow indicator that holds: a container keeps them by visit, others by receiver.
fn shadow_keys<'a>(
    subject: &'a Subject,
    timeline: &'a TimelineState,
) -> impl Iterator<Item = (Subject, String)> + 'a {
    timeline
        .shadowed
        .iter()
        .filter_map(|held| held.split_once(' '))
        .map(|(whose, code)| (Subject::parse(whose).unwrap_or_else(|| subject.clone()), code.to_owned()))
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
