//! Screening, detection and sharing over events in order of receipt. Time is event time.

use std::collections::hash_map::{Entry, OccupiedEntry};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use quaywatch_detection::{Changes, Engine, Outages, Outcome, Sample, TimelineState};
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{
    AgencyAlert, Alert, EventKind, Fact, Feedback, Id, PortEvent, Subject, Text, Timestamp,
};
use quaywatch_screening::{Index, SubjectState, facts_without_container, screen_shared};
use quaywatch_sharing::{Agencies, DisclosureState, disclose, feedback_fact, pointer_fact};
use uuid::Uuid;

use super::history::History;
use super::score::{Inspections, Observed};

/// A timeline and its timer.
#[derive(Default)]
struct Slot {
    timeline: TimelineState,
    /// When the timeline is looked at next: not later than it is due, earlier when that was put off meanwhile.
    timer: Option<Timestamp>,
    /// What it was due at when that last came: a timer fires once for each version of a timeline.
    fired: Option<Timestamp>,
}

impl Slot {
    fn take(&mut self, engine: &Engine, fact: Fact, now: Timestamp) -> Changes {
        let changes = engine.apply(&mut self.timeline, fact, now);
        self.fired = self.fired.filter(|_| changes.outcome != Outcome::New);
        changes
    }

    /// When it is due, unless that came already.
    fn next_look(&self) -> Option<Timestamp> {
        self.timeline.due_at().filter(|due| Some(*due) != self.fired)
    }
}

/// What is noted of timelines beside them.
#[derive(Default)]
struct Notes {
    timers: BTreeSet<(Timestamp, Subject)>,
    /// When a shadow code first held, by subject and code.
    first_shadowed: HashMap<(Subject, String), Timestamp>,
    /// Visits of timelines that are gone.
    visits_before: u64,
}

impl Notes {
    /// Notes what changed on a timeline, and lets go of it when it has ended.
    fn settle(
        &mut self,
        mut known: OccupiedEntry<'_, Subject, Box<Slot>>,
        changes: &Changes,
        engine: &Engine,
        now: Timestamp,
    ) {
        for key in shadow_keys(known.key(), &known.get().timeline) {
            self.first_shadowed.entry(key).or_insert(now);
        }
        if changes.expired || known.get().timeline.is_empty() {
            self.visits_before += u64::from(engine.visits(&known.get().timeline));
            known.remove();
            return;
        }
        let due = known.get().next_look();
        if due.is_some_and(|due| known.get().timer.is_none_or(|timer| due < timer)) {
            let subject = known.key().clone();
            self.set_timer(known.get_mut(), subject, due);
        }
    }

    fn set_timer(&mut self, slot: &mut Slot, subject: Subject, due: Option<Timestamp>) {
        slot.timer = due;
        self.timers.extend(due.map(|due| (due, subject)));
    }
}

/// The stages behind the normalizer, in memory.
pub(crate) struct Pipeline {
    engine: Engine,
    outages: Outages,
    index: Index,
    agencies: Option<Agencies>,
    containers: foldhash::HashMap<Text, SubjectState>,
    timelines: foldhash::HashMap<Subject, Box<Slot>>,
    disclosures: HashMap<Uuid, DisclosureState>,
    notes: Notes,
    now: Timestamp,
    /// Every alert in its last revision.
    pub(crate) alerts: BTreeMap<Uuid, Alert>,
    /// Every agency's view in its last revision, by agency and alert.
    pub(crate) views: BTreeMap<(String, Uuid), AgencyAlert>,
    /// What was told of them before.
    history: History,
    /// Visits in which agencies found something and nothing, by why they looked.
    inspections: BTreeMap<Sample, Inspections>,
    /// Actual gate-outs by container and event; none when taken back.
    gate_outs: HashMap<String, HashMap<Id, (i64, Option<Timestamp>)>>,
    /// Outcomes of facts, by name.
    pub(crate) outcomes: BTreeMap<&'static str, u64>,
}

impl Pipeline {
    pub(crate) fn new(engine: Engine, index: Index, agencies: Option<Agencies>) -> Self {
        Self {
            engine,
            outages: Outages::default(),
            index,
            agencies,
            containers: foldhash::HashMap::default(),
            timelines: foldhash::HashMap::default(),
            disclosures: HashMap::new(),
            notes: Notes::default(),
            now: Timestamp::from_millis(i64::MIN),
            alerts: BTreeMap::new(),
            views: BTreeMap::new(),
            history: History::default(),
            inspections: BTreeMap::new(),
            gate_outs: HashMap::new(),
            outcomes: BTreeMap::new(),
        }
    }

    /// Takes one event in; the clock moves to its receipt.
    pub(crate) fn event(&mut self, mut event: Arc<PortEvent>) {
        self.run_to(event.received_at);
        self.engine.forget_people(&mut event);
        let facts = match event.container() {
            Some(container) => {
                self.note_gate_out(container, &event);
                let state = self.containers.entry(container.into()).or_default();
                screen_shared(state, &event, &self.index, self.now)
            }
            None => {
                self.outage(&event);
                facts_without_container(&event)
            }
        };
        self.facts(facts);
    }

    /// An outage concerns the timelines of the containers that were there, and no others: they are looked at again.
    fn outage(&mut self, event: &PortEvent) {
        let Some(concerned) = self.outages.take(event) else { return };
        self.engine = self.engine.clone().with_outages(Arc::new(self.outages.clone()));
        let containers = self.timelines.iter().filter(|(s, _)| s.kind == SubjectKind::Container);
        let there = containers.filter(|(_, slot)| concerned.has(&slot.timeline));
        let mut subjects: Vec<Subject> = there.map(|(subject, _)| subject.clone()).collect();
        subjects.sort_unstable();
        for subject in subjects {
            let Entry::Occupied(mut known) = self.timelines.entry(subject) else { continue };
            let changes = self.engine.reevaluate(&mut known.get_mut().timeline, self.now);
            self.notes.settle(known, &changes, &self.engine, self.now);
            let facts = self.publish(changes);
            self.facts(facts);
        }
    }

    /// Takes an agency's answer in.
    pub(crate) fn feedback(&mut self, feedback: &Feedback) {
        self.run_to(feedback.at);
        self.facts(feedback_fact(feedback).into_iter().collect());
    }

    /// Moves the clock on, firing what falls due on the way.
    pub(crate) fn run_to(&mut self, now: Timestamp) {
        while let Some((at, _)) = self.notes.timers.first()
            && *at <= now
            && let Some((at, subject)) = self.notes.timers.pop_first()
        {
            self.fire(at, subject);
        }
        self.now = self.now.max(now);
    }

    /// Looks at a timeline whose timer has come, unless it was put off or set anew meanwhile.
    fn fire(&mut self, at: Timestamp, subject: Subject) {
        let Entry::Occupied(mut known) = self.timelines.entry(subject) else { return };
        if known.get().timer != Some(at) {
            return;
        }
        known.get_mut().timer = None;
        let due = known.get().next_look();
        if due.is_none_or(|due| due > at) {
            let subject = known.key().clone();
            self.notes.set_timer(known.get_mut(), subject, due);
            return;
        }
        self.now = self.now.max(at);
        let changes = self.engine.due(&mut known.get_mut().timeline, self.now);
        known.get_mut().fired = due;
        self.notes.settle(known, &changes, &self.engine, self.now);
        let facts = self.publish(changes);
        self.facts(facts);
    }

    /// Runs on to the last deadline: late messages are waited for in vain, but what was awaited for longer than the traffic
    /// was recorded is not absent.
    pub(crate) fn run_out(&mut self) {
        self.engine = self.engine.clone().heard_until(self.now);
        while let Some(last) = self.timelines.values().filter_map(|slot| slot.timeline.deadline_at()).max() {
            if last <= self.now {
                break;
            }
            self.run_to(last);
        }
    }

    /// Everything that is remembered of subjects.
    pub(crate) fn timelines(&self) -> impl Iterator<Item = (&Subject, &TimelineState)> {
        self.timelines.iter().map(|(subject, slot)| (subject, &slot.timeline))
    }

    /// What the run came to.
    pub(crate) fn observed(&self) -> Observed<'_> {
        let mut seen = Observed {
            alerts: self.alerts.values().collect(),
            history: self.history.clone(),
            visits: self.notes.visits_before,
            inspections: self.inspections.clone(),
            ..Observed::default()
        };
        for (subject, slot) in &self.timelines {
            seen.visits += u64::from(self.engine.visits(&slot.timeline));
            for key in shadow_keys(subject, &slot.timeline) {
                let at = self.notes.first_shadowed.get(&key).copied().unwrap_or(self.now);
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

    fn facts(&mut self, facts: Vec<Fact>) {
        let mut told = VecDeque::new();
        for fact in facts {
            told.extend(self.fact(fact));
        }
        while let Some(fact) = told.pop_front() {
            told.extend(self.fact(fact));
        }
    }

    /// Takes a fact into the timeline of its subject; what others are told of it.
    fn fact(&mut self, fact: Fact) -> Vec<Fact> {
        let (engine, now) = (&self.engine, self.now);
        let changes = match self.timelines.entry(fact.subject.clone()) {
            Entry::Occupied(mut known) => {
                let changes = known.get_mut().take(engine, fact, now);
                self.notes.settle(known, &changes, engine, now);
                changes
            }
            Entry::Vacant(place) => {
                let mut new = Box::<Slot>::default();
                let changes = new.take(engine, fact, now);
                if !new.timeline.is_empty() {
                    self.notes.settle(place.insert_entry(new), &changes, engine, now);
                }
                changes
            }
        };
        *self.outcomes.entry(outcome_name(changes.outcome)).or_default() += 1;
        self.publish(changes)
    }

    /// Keeps what changed and returns the facts for other subjects.
    fn publish(&mut self, changes: Changes) -> Vec<Fact> {
        let mut facts = changes.facts;
        for alert in changes.alerts {
            facts.extend(self.alert(alert));
        }
        for inspected in changes.inspected {
            self.inspections.entry(inspected.sample).or_default().count(inspected.found);
        }
        facts
    }

    /// Keeps an alert and returns, the first time, the fact that tells where answers to it belong.
    fn alert(&mut self, alert: Alert) -> Option<Fact> {
        self.history.take(&alert, self.now);
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

const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::New => "new",
        Outcome::Duplicate => "duplicate",
        Outcome::Superseded => "superseded",
        Outcome::TooLate => "too_late",
        Outcome::OutOfScope => "out_of_scope",
    }
}
