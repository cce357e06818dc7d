//! Rules that have nothing to say: which of them need not look when one more event is told.
//!
//! Most events are told of containers about which no rule says anything, and most rules begin with few kinds of event. A
//! rule that found nothing at the last look, and waits for nothing, says nothing now either when all that is new is an
//! ordinary event that does not begin anything for it. Debug builds let such rules look all the same, and hold them to that.

use quaywatch_domain::event::Glance;
use quaywatch_domain::{EventKind, Id};

use crate::golden;
use crate::rules::{CHECKS, unordered_move};
use crate::view::{Kinds, Seen, View};
use crate::{Engine, Rules};

/// What an event must be for a rule that says nothing to say something because of it. What only explains is not among it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trigger {
    kinds: Kinds,
    parts: fn(Glance) -> bool,
    begins: bool,
    always: bool,
}

impl Trigger {
    /// Whatever it is, and whatever another rule finds.
    pub(crate) const ANYTHING: Self = Self { always: true, ..Self::kinds(&[]) };

    /// An event of one of these kinds.
    pub(crate) const fn kinds(kinds: &[EventKind]) -> Self {
        Self::any(Kinds::of(kinds))
    }

    /// The same, of a set that has a name.
    pub(crate) const fn any(kinds: Kinds) -> Self {
        Self { kinds, parts: |_| false, begins: false, always: false }
    }

    /// Or one for which `parts` holds.
    pub(crate) const fn or(self, parts: fn(Glance) -> bool) -> Self {
        Self { parts, ..self }
    }

    /// Or the first of a stay.
    pub(crate) const fn or_first(self) -> Self {
        Self { begins: true, ..self }
    }

    fn is_met_by(&self, glance: Glance, begins: bool) -> bool {
        self.kinds.have_any(Kinds::at_place(glance.kind())) || (self.parts)(glance) || (begins && self.begins)
    }
}

/// A set of rules for containers, by their places in [`CHECKS`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RuleSet(u32);

// Each rule has its bit.
const _: () = assert!(CHECKS.len() <= 32);

impl RuleSet {
    pub(crate) const fn has(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }

    pub(crate) const fn add(&mut self, place: usize) {
        self.0 |= 1 << place;
    }

    pub(crate) const fn len(self) -> u32 {
        self.0.count_ones()
    }
}

/// The rules that said nothing about a container when it was last looked at, by the engine with this mark.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Quiet {
    rules: RuleSet,
    by: u64,
}

// It follows from the facts: two states are the same whether it is at hand or not.
impl PartialEq for Quiet {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Quiet {
    pub(crate) const fn of(rules: RuleSet, by: u64) -> Self {
        Self { rules, by }
    }

    /// About what nothing is known no rule says anything.
    pub(crate) const fn all(by: u64) -> Self {
        Self { rules: RuleSet(u32::MAX), by }
    }

    /// Those of them to which what is new gives nothing to say.
    pub(crate) fn despite(self, news: &News, view: &View<'_>, engine: &Engine) -> RuleSet {
        match news {
            _ if self.by != engine.mark => RuleSet::default(),
            News::Nothing => self.unless(|_| false),
            News::Event(told) => {
                let place = told.place_if_ordinary(view, &engine.rules);
                place.map(|place| self.unless_met(told.glance, place == Place::First)).unwrap_or_default()
            }
            News::Anything => RuleSet::default(),
        }
    }

    /// What is left of it when an event comes that is looked at with the next one.
    pub(crate) fn before(self, glance: Glance) -> Self {
        Self { rules: self.unless_met(glance, false), ..self }
    }

    fn unless_met(self, glance: Glance, begins: bool) -> RuleSet {
        self.unless(|trigger| trigger.is_met_by(glance, begins))
    }

    fn unless(self, is_met: impl Fn(&Trigger) -> bool) -> RuleSet {
        let mut still = RuleSet::default();
        for (rule, (_, _, trigger)) in CHECKS.iter().enumerate() {
            if self.rules.has(rule) && !trigger.always && !is_met(trigger) {
                still.add(rule);
            }
        }
        still
    }
}

/// What has come to a timeline since it was last looked at.
#[derive(Debug, Clone)]
pub(crate) enum News {
    /// Nothing but time.
    Nothing,
    /// One event.
    Event(Told),
    /// Something else.
    Anything,
}

/// An event that is new on a timeline.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) fact_id: Id,
    pub(crate) glance: Glance,
}

/// Where an event lies in its stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    First,
    Later,
}

impl Told {
    /// Its place, if it says nothing of the container as such that was not said before: it is the latest, but for plans, and
    /// of no other type, trade or, where that tells something, terminal.
    fn place_if_ordinary(&self, view: &View<'_>, rules: &Rules) -> Option<Place> {
        let at = view.events.iter().rposition(|s| s.fact.fact_id == self.fact_id)?;
        let (before, rest) = view.events.split_at(at);
        let (new, ahead) = rest.split_first()?;
        let is_later = before.last().is_none_or(|last| last.at() < new.at());
        let has_type = self.is_type_known(before, new);
        if !is_later || !has_type || new.number_is_doubtful() || new.event.is_outage() {
            return None;
        }
        let from = view.visits.get(new.visit)?.start;
        let stay = before.get(from..).unwrap_or_default();
        if stay.is_empty() {
            return ahead.is_empty().then_some(Place::First);
        }
        let are_plans = ahead.iter().all(|plan| !plan.is_actual() && plan.at() > new.at());
        let is_last = ahead.is_empty() || (are_plans && !golden::crosses(new.kind()));
        let told = || stay.iter().rev();
        let has_status = new.status().is_none_or(|status| told().find_map(Seen::status) == Some(status));
        let is_reefer = !self.glance.is_reefer() || told().any(|s| s.glance.is_reefer());
        let has_terminal = !unordered_move::names_terminals(rules)
            || new.event.terminal().is_none_or(|here| told().any(|s| s.event.terminal() == Some(here)));
        (is_last && has_status && is_reefer && has_terminal).then_some(Place::Later)
    }

    fn is_type_known(&self, before: &[Seen<'_>], new: &Seen<'_>) -> bool {
        fn iso_type<'a>(s: &Seen<'a>) -> Option<&'a str> {
            s.event.equipment.as_deref()?.iso_type.as_deref()
        }
        let last = || before.iter().rev().find_map(iso_type);
        before.is_empty() || iso_type(new).is_none_or(|new| last() == Some(new))
    }
}

#[cfg(test)]
mod tests {
    use quaywatch_domain::event::{Equipment, Place};
    use quaywatch_domain::{Fact, Handling, PortEvent, Subject, Timestamp};

    use super::*;
    use crate::TimelineState;

    const BOX: &str = "CSQU3054383";

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_millis(hour * 3_600_000)
    }

    fn event(kind: EventKind, hour: i64) -> PortEvent {
        let mut event = PortEvent::new(format!("tos/{hour}"), kind, at(hour));
        let iso_type = Some("22G1".into());
        event.equipment = Some(Box::new(Equipment { number: BOX.into(), iso_type, ..Equipment::default() }));
        event.place = Some(Box::new(Place { terminal: Some("LUKKP".into()), ..Place::default() }));
        event
    }

    fn fact(event: PortEvent) -> Fact {
        Fact {
            fact_id: event.event_id.clone(),
            revision: event.revision,
            retracted: false,
            subject: Subject::container(BOX),
            occurred_at: event.occurred_at,
            created_at: None,
            received_at: event.received_at,
            handling: Handling::port_traffic(),
            event: Some(event.into()),
            hit: None,
            indicator: None,
            feedback: None,
            pointer: None,
            in_hindsight: false,
        }
    }

    /// The names of the rules that rest when an event comes after a discharge and an order.
    fn resting(engine: &Engine, event: PortEvent) -> Vec<&'static str> {
        let mut state = TimelineState::default();
        for known in [self::event(EventKind::Discharged, 1), self::event(EventKind::WorkOrdered, 3)] {
            let now = known.received_at;
            engine.apply(&mut state, fact(known), now);
        }
        let quiet = state.quiet;
        let fact = fact(event);
        let glance = fact.event.as_ref().unwrap().glance();
        let news = News::Event(Told { fact_id: fact.fact_id.clone(), glance });
        crate::timeline::put(&mut state.facts, fact);
        let subject = Subject::container(BOX);
        let set = quiet.despite(&news, &View::of(engine, &state, &subject), engine);
        CHECKS.iter().enumerate().filter(|(n, _)| set.has(*n)).map(|(_, (name, ..))| *name).collect()
    }

    #[test]
    fn rules_rest_until_what_they_begin_with() {
        let engine = Engine::new(Rules::default(), "test");
        let ordered = resting(&engine, event(EventKind::WorkOrdered, 5));
        assert!(["seal_change", "two_places", "release_right", "route"].iter().all(|r| ordered.contains(r)));
        assert!(["unordered_move", "watchlist_hit"].iter().all(|r| !ordered.contains(r)), "{ordered:?}");
        let left = resting(&engine, event(EventKind::GateOut, 5));
        assert!(left.len() < ordered.len());
        assert!(!left.contains(&"two_places") && left.contains(&"unplanned_restow"), "{left:?}");
    }

    #[test]
    fn no_rule_rests_when_more_is_new_than_one_event() {
        let engine = Engine::new(Rules::default(), "test");
        let rests = |event: PortEvent| !resting(&engine, event).is_empty();
        assert!(rests(event(EventKind::WorkOrdered, 5)));
        // Told late, in time before what is known.
        assert!(!rests(event(EventKind::WorkOrdered, 2)));
        let mut other_type = event(EventKind::WorkOrdered, 5);
        other_type.equipment.as_deref_mut().unwrap().iso_type = Some("45R1".into());
        assert!(!rests(other_type));
        let mut doubtful = event(EventKind::WorkOrdered, 5);
        doubtful.equipment.as_deref_mut().unwrap().check_digit_ok = Some(false);
        assert!(!rests(doubtful));
        // Another engine may see something else in the same facts.
        let newer = Engine::new(Rules::default(), "newer");
        let mut state = TimelineState::default();
        engine.apply(&mut state, fact(event(EventKind::Discharged, 1)), at(1));
        let subject = Subject::container(BOX);
        let view = View::of(&newer, &state, &subject);
        assert_ne!(state.quiet.despite(&News::Nothing, &view, &engine).len(), 0);
        assert_eq!(state.quiet.despite(&News::Nothing, &view, &newer).len(), 0);
        assert_eq!(state.quiet.despite(&News::Anything, &view, &engine).len(), 0);
    }
}
