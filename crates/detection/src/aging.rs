//! Aging of a party's ledger: a relation that was not seen for as long as relations are kept is new when it comes again, and
//! the others of the same party stay.
//!
//! The ledger keeps the earliest sightings of a relation, by which a rule knows that it is not new. That it is still in use,
//! later ones show, as marks: what they say, without container and evidence, only as many as prove that there was never a
//! gap of that length. Time is counted in periods of ten days. Marks are no ground for any rule.
//!
//! What was told while something was known that has aged since cannot be judged anew: it stands, and nothing is told any
//! more of the time before. Who comes in many months late may find that what it would have joined is gone.

use std::hash::Hash;

use foldhash::{HashMap, HashSet};
use quaywatch_domain::{Text, Timestamp};

use crate::haulage::is_only_hauled;
use crate::party::{MAX_HISTORY_CONTAINERS, is_attribute, is_tombstone};
use crate::settings::{DAY_MS, Rules};
use crate::timeline::known_at;
use crate::{Sighting, TimelineState};

/// Length of a period, days.
const PERIOD_DAYS: i64 = 10;

/// Latest marks kept of each relation: enough that corrections of the last ones leave one.
const LATEST_MARKS: usize = 3;

/// How long a relation may be out of use, in periods, before it is new again.
pub(crate) const fn limit(rules: &Rules) -> i64 {
    periods(rules.history.party_days)
}

const fn periods(days: i64) -> i64 {
    (days + PERIOD_DAYS - 1) / PERIOD_DAYS
}

fn period(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(PERIOD_DAYS * DAY_MS)
}

/// Whether a sighting only shows that its relations are still in use.
pub(crate) fn is_mark(s: &Sighting) -> bool {
    s.evidence.is_none() && !is_tombstone(s)
}

fn make_mark(s: &mut Sighting) {
    s.evidence = None;
    s.container = None;
    s.relations.retain(|r| !is_attribute(r));
}

/// What is in use or out of it by itself: the party as a whole, a partner, another relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Use<'a> {
    Party,
    Partner(&'a str),
    Relation(&'a str),
}

fn uses(s: &Sighting) -> impl Iterator<Item = Use<'_>> {
    let partners = s.partners.iter().map(|p| Use::Partner(p));
    let relations = s.relations.iter().filter(|r| !is_attribute(r)).map(|r| Use::Relation(r));
    partners.chain(relations)
}

/// Whether every relation of a new sighting, the last one, was seen in its period already.
pub(crate) fn is_marked(state: &TimelineState, new: &Sighting) -> bool {
    let this = period(known_at(new));
    let later = || state.sightings.iter().rev().take_while(|s| period(s.occurred_at) >= this);
    let same = || later().filter(|s| !s.retracted && period(known_at(*s)) == this);
    new.partners.iter().all(|partner| same().any(|s| s.partners.contains(partner)))
        && new.relations.iter().all(|r| is_attribute(r) || same().any(|s| s.relations.contains(r)))
}

/// Whether a ledger goes so far back that something in it may have aged.
pub(crate) fn may_age(rules: &Rules, state: &TimelineState) -> bool {
    let ends = state.sightings.first().zip(state.sightings.last());
    ends.is_some_and(|(first, last)| period(last.occurred_at) - period(known_at(first)) > limit(rules))
}

/// Takes out what has aged; whether something had.
pub(crate) fn age(rules: &Rules, state: &mut TimelineState) -> bool {
    if !may_age(rules, state) {
        return false;
    }
    let telling = || state.sightings.iter().filter(|s| !is_tombstone(s));
    let Some(now) = telling().map(known_at).max() else { return false };
    let (latest, limit) = (period(now), limit(rules));
    let mut seen: HashMap<Use<'_>, Vec<i64>> = HashMap::default();
    for s in telling() {
        for used in std::iter::once(Use::Party).chain(uses(s)) {
            seen.entry(used).or_default().push(period(known_at(s)));
        }
    }
    let forgotten = latest - limit - periods(rules.history.container_days);
    seen.retain(|_, periods| {
        periods.sort_unstable();
        let before_a_gap = periods.windows(2).rev().find_map(|w| match w {
            [a, b] if b - a > limit => Some(*a),
            _ => None,
        });
        let last = periods.last().copied().filter(|last| *last < forgotten);
        // The last period of what has aged.
        let aged = last.or(before_a_gap);
        periods.clear();
        periods.extend(aged);
        aged.is_some()
    });
    let aged = |used: Use<'_>, at: i64| seen.get(&used).is_some_and(|p| p.first() >= Some(&at));
    let is_old = |s: &Sighting| is_only_hauled(s) && latest - period(known_at(s)) > limit;
    let mut goes = Vec::with_capacity(state.sightings.len());
    let mut drops: Vec<(usize, Sighting)> = Vec::new();
    for (n, s) in state.sightings.iter().enumerate() {
        let at = period(known_at(s));
        goes.push(!is_tombstone(s) && (aged(Use::Party, at) || is_old(s)));
        if !is_tombstone(s) && uses(s).any(|used| aged(used, at)) {
            let mut left = s.clone();
            left.partners.retain(|p| !aged(Use::Partner(p), at));
            left.relations.retain(|r| !aged(Use::Relation(r), at));
            drops.push((n, left));
        }
    }
    if drops.is_empty() && !goes.contains(&true) {
        return false;
    }
    for (n, left) in drops {
        if let Some(s) = state.sightings.get_mut(n) {
            *s = left;
        }
    }
    drop_empty(state, goes);
    state.aged_to = state.aged_to.max(Some(now.plus_millis(-rules.history.container_days * DAY_MS)));
    true
}

/// Drops what goes, and what says nothing any more unless it is the party's history.
fn drop_empty(state: &mut TimelineState, goes: Vec<bool>) {
    let mut goes = goes.into_iter();
    let mut containers: HashSet<Text> = HashSet::default();
    state.sightings.retain(|s| {
        if goes.next().unwrap_or_default() {
            return false;
        }
        let is_history = !s.retracted
            && containers.len() < MAX_HISTORY_CONTAINERS
            && s.container.as_ref().is_some_and(|c| containers.insert(c.clone()));
        let says_nothing = !s.retracted && s.partners.is_empty() && s.relations.is_empty();
        is_history || !says_nothing || (s.container.is_none() && s.evidence.is_none())
    });
}

/// Makes marks of those sightings beyond the earliest (`keep`) that show what is in use, and keeps them.
pub(crate) fn mark(rules: &Rules, sightings: &mut [Sighting], keep: &mut [bool]) {
    if keep.iter().all(|kept| *kept) {
        return;
    }
    let limit = limit(rules);
    let mut needed = vec![false; keep.len()];
    let mut seen: HashMap<Use<'_>, Vec<(i64, usize)>> = HashMap::default();
    for (n, s) in sightings.iter().enumerate().filter(|(_, s)| !is_tombstone(s) && !is_only_hauled(s)) {
        for used in uses(s) {
            seen.entry(used).or_default().push((period(known_at(s)), n));
        }
    }
    for with in seen.values_mut() {
        with.sort_unstable();
        let mut last: Option<i64> = None;
        for (nth, (at, n)) in with.iter().enumerate() {
            let is_late = nth + LATEST_MARKS >= with.len();
            let leaves_gap = || {
                let next = with.get(nth + 1).map_or(*at, |(next, _)| *next);
                last.is_none_or(|last| next - last > limit)
            };
            if keep.get(*n).copied().unwrap_or_default() {
                last = Some(*at);
            } else if is_late || leaves_gap() {
                last = Some(*at);
                if let Some(needed) = needed.get_mut(*n) {
                    *needed = true;
                }
            }
        }
    }
    for ((s, keep), needed) in sightings.iter_mut().zip(keep).zip(needed) {
        if needed && !*keep {
            make_mark(s);
            *keep = true;
        }
    }
}
