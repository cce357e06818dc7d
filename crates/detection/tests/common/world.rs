//! The world itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use quaywatch_detection::{
    Baselines, Engine, FeedFigures, Inspected, Lateness, Outcome, Places, Rules, Share, TimelineState,
};
use quaywatch_domain::alert::AlertState;
use quaywatch_domain::event::Party;
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{Alert, EventKind, Fact, PortEvent, Subject, Timestamp};

use super::{at, facts_of};

/// Whether a subject gets the event, where screening sends only what tells of it.
fn is_routed(event: &PortEvent, subject: &Subject) -> bool {
    let is_its = |p: &&Party| p.key().as_deref() == Some(&subject.id);
    event.retracted
        || match subject.kind {
            SubjectKind::Party if Party::is_shared_key(&subject.id) => true,
            SubjectKind::Party => event.parties.iter().filter(is_its).any(|party| event.tells_of(party)),
            SubjectKind::Call => event.tells_of_call(),
            _ => true,
        }
}

/// Whether a version of the fact is there.
fn holds(state: &TimelineState, fact: &Fact) -> bool {
    state.sightings.iter().any(|s| s.fact_id == fact.fact_id)
        || state.mentions.iter().any(|m| m.fact_id == fact.fact_id)
        || state.kin.iter().any(|k| k.fact_id == fact.fact_id)
}

/// Timelines of many subjects and the alerts that came out.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) states: BTreeMap<Subject, TimelineState>,
    /// Every alert version, in order of writing.
    pub(crate) published: Vec<Alert>,
    pub(crate) shadowed: Vec<String>,
    pub(crate) inspected: Vec<Inspected>,
    pub(crate) now: Timestamp,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Rules::default())
    }

    /// A world that knows what is usual.
    pub(crate) fn knowing(baselines: Baselines) -> Self {
        let mut world = Self::new();
        world.engine = world.engine.with_baselines(Arc::new(baselines));
        world
    }

    /// Where at LUKKP one event in a hundred of a kind is told later than so many minutes, and nineteen in twenty within
    /// ten.
    pub(crate) fn where_late(kind: &EventKind, q99_minutes: f64) -> Self {
        let kind = kind.as_str().to_owned();
        let lateness = Lateness { count: 500, q50_minutes: 3.0, q95_minutes: 10.0, q99_minutes };
        let share = Share { told: 500, happened: 500 };
        let places = Places::from([("LUKKP".to_owned(), [(kind.clone(), share)].into())]);
        let kinds = [(kind, lateness)].into();
        let feed = FeedFigures { events: 500, places: places.clone(), kinds, ..FeedFigures::default() };
        Self::knowing(Baselines {
            places,
            feeds: [("theirs".to_owned(), feed)].into(),
            ..Baselines::default()
        })
    }

    pub(crate) fn with(rules: Rules) -> Self {
        Self {
            engine: Engine::new(rules, "test"),
            states: BTreeMap::new(),
            published: Vec::new(),
            shadowed: Vec::new(),
            inspected: Vec::new(),
            now: at(1, "00:00"),
        }
    }

    /// A world in which the rules about people's actions are switched on.
    pub(crate) fn with_people() -> Self {
        Self::with(Rules::parse("[people]\nenabled = true\n").unwrap())
    }

    /// Lets these events come in.
    pub(crate) fn and(mut self, events: impl IntoIterator<Item = PortEvent>) -> Self {
        for event in events {
            self.see(&event);
        }
        self
    }

    /// The world after these events, each received in turn.
    pub(crate) fn after(events: impl IntoIterator<Item = PortEvent>) -> Self {
        let mut world = Self::new();
        for event in events {
            world.see(&event);
        }
        world
    }

    /// Lets an event come in; the clock moves on to its receipt.
    pub(crate) fn see(&mut self, event: &PortEvent) {
        self.now = self.now.max(event.received_at);
        for fact in facts_of(event) {
            let is_left_out = !is_routed(event, &fact.subject);
            let is_known = self.states.get(&fact.subject).is_some_and(|state| holds(state, &fact));
            let outcome = self.put(fact);
            assert!(
                !is_left_out || is_known || outcome == Outcome::OutOfScope,
                "left out, but it says something"
            );
        }
    }

    /// Lets a fact come in, and what it makes timelines tell others.
    pub(crate) fn put(&mut self, fact: Fact) -> Outcome {
        let state = self.states.entry(fact.subject.clone()).or_default();
        let changes = self.engine.apply(state, fact, self.now);
        self.inspected.extend(&changes.inspected);
        self.take(changes.alerts, changes.shadowed);
        for told in changes.facts {
            self.put(told);
        }
        changes.outcome
    }

    fn take(&mut self, alerts: Vec<Alert>, shadowed: Vec<String>) {
        self.published.extend(alerts);
        self.shadowed.extend(shadowed);
    }

    /// Looks at every timeline again, as for changed rules.
    pub(crate) fn look_again(&mut self) {
        let subjects: Vec<Subject> = self.states.keys().cloned().collect();
        for subject in subjects {
            let Some(state) = self.states.get_mut(&subject) else { continue };
            let changes = self.engine.reevaluate(state, self.now);
            self.inspected.extend(&changes.inspected);
            self.take(changes.alerts, changes.shadowed);
            for told in changes.facts {
                self.put(told);
            }
        }
    }

    /// Runs the clock to `now`; what is due by then happens in order.
    pub(crate) fn wait_until(&mut self, now: Timestamp) {
        while let Some(due) =
            self.states.values().filter_map(TimelineState::due_at).min().filter(|d| *d <= now)
        {
            self.now = self.now.max(due);
            let subjects: Vec<Subject> = self.states.keys().cloned().collect();
            for subject in subjects {
                let Some(state) = self.states.get_mut(&subject) else { continue };
                if state.due_at().is_none_or(|d| d > self.now) {
                    continue;
                }
                let changes = self.engine.due(state, self.now);
                if changes.expired {
                    self.states.remove(&subject);
                }
                self.inspected.extend(&changes.inspected);
                self.take(changes.alerts, changes.shadowed);
                for told in changes.facts {
                    self.put(told);
                }
            }
        }
        self.now = self.now.max(now);
    }

    /// The last version of each alert.
    pub(crate) fn last(&self) -> BTreeMap<String, &Alert> {
        self.published.iter().map(|a| (format!("{}#{}", a.subject, a.visit.number), a)).collect()
    }

    /// What stands, without what may differ from one order of arrival to another.
    pub(crate) fn standing(&self) -> BTreeMap<String, Alert> {
        let last = self.last().into_iter().filter(|(_, a)| a.state != AlertState::Retracted);
        last.map(|(key, alert)| {
            let state = if alert.state == AlertState::Updated { AlertState::Raised } else { alert.state };
            let produced_at = Timestamp::default();
            (key, Alert { revision: 0, produced_at, in_hindsight: false, state, ..alert.clone() })
        })
        .collect()
    }

    /// The last version of the only alert about a container.
    pub(crate) fn alert(&self, container: &str) -> &Alert {
        let all = self.last();
        let mut about = all.into_values().filter(|a| *a.subject.id == *container);
        let alert = about.next().unwrap_or_else(|| panic!("no alert about {container}"));
        assert!(about.next().is_none(), "more than one alert about {container}");
        alert
    }

    /// What the alert about a container says for a code.
    pub(crate) fn sentence(&self, container: &str, code: &str) -> &str {
        let said = self.alert(container).indicators.iter().find(|i| i.code == code);
        &said.unwrap_or_else(|| panic!("{code} does not hold of {container}")).sentence
    }

    /// `CODE@VISIT` of what holds now for a container.
    pub(crate) fn codes(&self, container: &str) -> Vec<String> {
        let all = self.last();
        let standing = all.values().filter(|a| {
            *a.subject.id == *container && matches!(a.state, AlertState::Raised | AlertState::Updated)
        });
        let mut codes: Vec<String> = standing
            .flat_map(|a| a.indicators.iter().map(|i| format!("{}@{}", i.code, a.visit.number)))
            .collect();
        codes.sort_unstable();
        codes
    }

    /// [`World::codes`] of one rule.
    pub(crate) fn codes_of(&self, container: &str, rule: &str) -> Vec<String> {
        self.codes(container).into_iter().filter(|c| c.starts_with(rule)).collect()
    }
}
