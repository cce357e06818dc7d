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
}

impl Trigger {
    /// Whatever it is.
    pub(crate) const ANYTHING: Self = Self { kinds: Kinds::of(&[]), parts: |_| true, begins: true };

    /// An event of one of these kinds.
    pub(crate) const fn kinds(kinds: &[EventKind]) -> Self {
        Self { kinds: Kinds::of(kinds), parts: |_| false, begins: false }
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
        if self.by != engine.mark {
            return RuleSet::default();
        }
        let place = news.place_if_ordinary(view, &engine.rules);
        place.map(|place| self.unless_met(news.glance, place == Place::First)).unwrap_or_default()
    }

    /// What is left of it when an event comes that is looked at with the next one.
    pub(crate) fn before(self, glance: Glance) -> Self {
        Self { rules: self.unless_met(glance, false), ..self }
    }

    fn unless_met(self, glance: Glance, begins: bool) -> RuleSet {
        let mut still = RuleSet::default();
        for (rule, (_, _, trigger)) in CHECKS.iter().enumerate() {
            if self.rules.has(rule) && !trigger.is_met_by(glance, begins) {
                still.add(rule);
            }
        }
        still
    }
}

/// An event that has come to a timeline, and nothing else has.
#[derive(Debug, Clone)]
pub(crate) struct News {
    pub(crate) fact_id: Id,
    pub(crate) glance: Glance,
}

/// Where an event lies in its stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    First,
    Later,
}

impl News {
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
