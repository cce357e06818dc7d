//! What one subject tells another: indicators to containers, an agency's feedback to the container of its alert.
//!
//! The loop has depth one: seals, parties and alerts speak to containers, containers to nobody. The only exception, and
//! why it ends, is in `contagion.rs`.

use foldhash::{HashMap, HashSet};
use quaywatch_domain::alert::Evidence;
use quaywatch_domain::{Fact, Id, Indicator, Sha256, Subject, Timestamp};

use crate::digest::digest;
use crate::settings::Rules;
use crate::timeline::{self, MAX_FACTS};
use crate::{Changes, Emitted, Engine, Outcome, TimelineState};

/// Facts that were taken back and are remembered, latest last.
const MAX_TAKEN_BACK: usize = 64;

/// The timeline of an alert: remembers the container that it is about and forwards the agencies' answers there.
pub(crate) fn apply(engine: &Engine, state: &mut TimelineState, fact: Fact, now: Timestamp) -> Changes {
    let id = fact.fact_id.clone();
    let outcome = timeline::put(&mut state.facts, fact);
    if outcome != Outcome::New {
        return Changes::none(outcome);
    }
    if state.facts.len() > MAX_FACTS {
        let gone = timeline::fold_one(&mut state.facts);
        if gone.is_some_and(|g| g.fact_id == id) {
            return Changes::none(Outcome::TooLate);
        }
    }
    state.expires_at = Some(now.plus_millis(engine.rules.history.alert_days * crate::settings::DAY_MS));
    let mut changes = Changes::none(Outcome::New);
    forward(state, &mut changes.facts);
    changes
}

/// Sends on what the container does not know yet; the answers keep their ids and versions.
pub(crate) fn forward(state: &mut TimelineState, out: &mut Vec<Fact>) {
    let standing = state.facts.iter().filter(|f| !f.retracted);
    let Some(subject) = standing.rev().find_map(|f| f.pointer.as_ref()).map(|p| p.subject.clone()) else {
        return;
    };
    for fact in state.facts.iter_mut().filter(|f| f.fact_id.starts_with("fb/")) {
        let digest = digest(fact);
        let known = state.emitted.iter_mut().find(|e| e.fact_id == fact.fact_id && e.subject == subject);
        if known.as_ref().is_some_and(|e| e.digest == digest && e.revision == fact.revision) {
            continue;
        }
        let emitted = Emitted {
            subject: subject.clone(),
            fact_id: fact.fact_id.clone(),
            revision: fact.revision,
            retracted: fact.retracted,
            digest,
            occurred_at: fact.occurred_at,
            rests_on: Vec::new(),
            since: None,
            handling: fact.handling.clone(),
        };
        match known {
            Some(slot) => *slot = emitted,
            None => state.emitted.push(emitted),
        }
        out.push(Fact { subject: subject.clone(), ..fact.clone() });
    }
}

/// An indicator fact for a container. `indicator` has its evidence carried along; `own_at` is when the container itself
/// took part, which decides on the visit that it belongs to.
pub(crate) fn indicator_fact(target: &str, indicator: Indicator, own_at: Timestamp) -> Fact {
    let origin = indicator.origin.as_ref().map(ToString::to_string).unwrap_or_default();
    let received_at =
        indicator.carried.iter().map(|e| e.received_at).max().unwrap_or(indicator.first_held_at);
    Fact {
        fact_id: format!("ind/{origin}/{}", indicator.code).into(),
        revision: 0,
        retracted: false,
        subject: Subject::container(target),
        occurred_at: own_at,
        created_at: None,
        received_at,
        handling: indicator.handling.clone(),
        event: None,
        hit: None,
        indicator: Some(Box::new(indicator)),
        feedback: None,
        pointer: None,
        in_hindsight: false,
    }
}

/// Like [`emit`], for indicators each with whether it is a shadow: those are counted when they begin to hold, and not
/// sent.
pub(crate) fn tell(
    state: &mut TimelineState,
    wanted: Vec<(Fact, bool)>,
    out: &mut Vec<Fact>,
    shadowed: &mut Vec<String>,
) {
    let (shadows, wanted): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(_, is_shadow)| *is_shadow);
    let held: Vec<String> = shadows
        .iter()
        .filter_map(|(f, _)| Some(format!("{} {}", f.subject, f.indicator.as_ref()?.code)))
        .collect();
    let new = held.iter().filter(|one| !state.shadowed.contains(one));
    shadowed.extend(new.filter_map(|one| one.split_once(' ').map(|(_, code)| code.to_owned())));
    state.shadowed = held;
    emit(state, wanted.into_iter().map(|(fact, _)| fact).collect(), out);
}

/// Sends the difference between the indicators that hold now and those that were sent. What rests on sightings that were
/// let go meanwhile can no longer be judged: it stands.
pub(crate) fn emit(state: &mut TimelineState, wanted: Vec<Fact>, out: &mut Vec<Fact>) {
    let is_corrected =
        |e: &Emitted| state.sightings.iter().any(|s| s.retracted && e.rests_on.contains(&s.fact_id));
    let floor = state.floor.max(state.aged_to);
    let is_settled = |e: &Emitted| {
        !e.retracted
            && e.since.is_some_and(|since| Some(since) <= floor)
            && !wanted.iter().any(|f| f.fact_id == e.fact_id && f.subject == e.subject)
            && !is_corrected(e)
    };
    if floor.is_some() {
        let settled: Vec<bool> = state.emitted.iter().map(is_settled).collect();
        let mut settled = settled.into_iter();
        forget(&mut state.emitted, &mut state.emitted_before, |_| settled.next().unwrap_or(false));
    }
    emit_after(&mut state.emitted, state.emitted_before, wanted, out);
    forget_taken_back(&mut state.emitted, &mut state.emitted_before);
}

/// Sends the difference between the watches that are open now and those that were opened. Of those that are not wanted
/// the ones marked in `stays` are left as they were sent.
pub(crate) fn emit_watches(
    state: &mut TimelineState,
    stays: &[bool],
    wanted: Vec<Fact>,
    out: &mut Vec<Fact>,
) {
    if state.watched.is_empty() && wanted.is_empty() {
        return;
    }
    let mut stays = stays.iter().copied();
    let (kept, mut judged): (Vec<_>, Vec<_>) =
        std::mem::take(&mut state.watched).into_iter().partition(|_| stays.next().unwrap_or(false));
    emit_after(&mut judged, state.emitted_before, wanted, out);
    judged.extend(kept);
    state.watched = judged;
    forget_taken_back(&mut state.watched, &mut state.emitted_before);
}

/// Forgets the first of those that were taken back, beyond the bound.
fn forget_taken_back(all: &mut Vec<Emitted>, before: &mut i64) {
    let taken_back = all.iter().filter(|e| e.retracted).count();
    let mut excess = taken_back.saturating_sub(MAX_TAKEN_BACK);
    if excess > 0 {
        forget(all, before, |e| {
            let goes = e.retracted && excess > 0;
            excess -= usize::from(goes);
            goes
        });
    }
}

/// Forgets that something was sent, but not up to which version.
fn forget(all: &mut Vec<Emitted>, before: &mut i64, mut goes: impl FnMut(&Emitted) -> bool) {
    all.retain(|e| {
        let goes = goes(e);
        if goes {
            *before = e.revision.max(*before);
        }
        !goes
    });
}

/// What `all` does not remember was sent up to the version `before`; a fact begins after the version that it bears.
fn emit_after(all: &mut Vec<Emitted>, before: i64, wanted: Vec<Fact>, out: &mut Vec<Fact>) {
    if all.is_empty() && wanted.is_empty() {
        return;
    }
    // A call may tell hundreds of containers.
    let held: HashSet<(&Subject, &Id)> = wanted.iter().map(|f| (&f.subject, &f.fact_id)).collect();
    for emitted in all.iter_mut().filter(|e| !e.retracted) {
        if held.contains(&(&emitted.subject, &emitted.fact_id)) {
            continue;
        }
        emitted.revision = emitted.revision.saturating_add(1);
        emitted.retracted = true;
        emitted.digest = Sha256::default();
        out.push(Fact {
            fact_id: emitted.fact_id.clone(),
            revision: emitted.revision,
            retracted: true,
            subject: emitted.subject.clone(),
            occurred_at: emitted.occurred_at,
            created_at: None,
            received_at: emitted.occurred_at,
            handling: emitted.handling.clone(),
            event: None,
            hit: None,
            indicator: None,
            feedback: None,
            pointer: None,
            in_hindsight: false,
        });
    }
    let places = places(all, &wanted);
    for (mut fact, place) in wanted.into_iter().zip(places) {
        let digest = digest(&fact);
        let known = all.get_mut(place);
        if known.as_ref().is_some_and(|e| e.digest == digest) {
            continue;
        }
        let last = known.as_ref().map_or(before, |e| e.revision);
        fact.revision = fact.revision.max(last).saturating_add(1);
        let emitted = Emitted {
            subject: fact.subject.clone(),
            fact_id: fact.fact_id.clone(),
            revision: fact.revision,
            retracted: false,
            digest,
            occurred_at: fact.occurred_at,
            rests_on: ends_of(&fact),
            since: fact.indicator.iter().flat_map(|i| &i.carried).map(|e| e.occurred_at).min(),
            handling: fact.handling.clone(),
        };
        match known {
            Some(slot) => *slot = emitted,
            None => all.push(emitted),
        }
        out.push(fact);
    }
}

/// Where each of the wanted facts is in `all`, or will be once those before it are.
fn places(all: &[Emitted], wanted: &[Fact]) -> Vec<usize> {
    let known = all.iter().enumerate().map(|(place, e)| ((&e.subject, &e.fact_id), place));
    let mut known: HashMap<(&Subject, &Id), usize> = known.collect();
    let mut next = all.len();
    let mut places = Vec::with_capacity(wanted.len());
    for fact in wanted {
        let place = *known.entry((&fact.subject, &fact.fact_id)).or_insert(next);
        next += usize::from(place == next);
        places.push(place);
    }
    places
}

/// The first and the last of the facts that an indicator rests on.
fn ends_of(fact: &Fact) -> Vec<Id> {
    let Some(evidence) = fact.indicator.as_deref().map(|i| i.evidence.as_slice()) else { return Vec::new() };
    let last = evidence.last().filter(|_| evidence.len() > 1);
    evidence.first().into_iter().chain(last).cloned().collect()
}

/// An indicator for another subject, resting on sightings of this one.
pub(crate) struct Told<'a> {
    pub(crate) origin: &'a Subject,
    pub(crate) code: &'a str,
    pub(crate) severity: quaywatch_domain::Severity,
    pub(crate) action: quaywatch_domain::Action,
    pub(crate) sentence: String,
    pub(crate) sightings: Vec<&'a crate::Sighting>,
}

impl Told<'_> {
    /// The indicator, evidence in order of event time and carried along.
    pub(crate) fn indicator(mut self, rules: &Rules) -> Option<Indicator> {
        self.sightings.sort_by(|a, b| (a.occurred_at, &a.fact_id).cmp(&(b.occurred_at, &b.fact_id)));
        self.sightings.dedup_by(|a, b| a.fact_id == b.fact_id);
        let (first, last) = self.sightings.first().zip(self.sightings.last())?;
        let handling =
            self.sightings.iter().skip(1).fold(first.handling.clone(), |h, s| h.strictest(&s.handling));
        let carried: Vec<Evidence> =
            self.sightings.iter().filter_map(|s| s.evidence.as_deref().cloned()).collect();
        let rule = self.code.get(..5).unwrap_or(self.code);
        Some(Indicator {
            rule: rule.to_owned(),
            code: self.code.to_owned(),
            version: 1,
            severity: self.severity,
            weight: rules.alert.weights.of(self.severity),
            sentence: self.sentence,
            action: self.action,
            evidence: self.sightings.iter().map(|s| s.fact_id.clone()).collect(),
            first_held_at: last.occurred_at,
            ended_at: None,
            expected: None,
            handling,
            discreet: false,
            owner: None,
            legal_basis: None,
            list: None,
            origin: Some(self.origin.clone()),
            carried,
        })
    }
}
