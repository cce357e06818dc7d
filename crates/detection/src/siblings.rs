//! The containers of one bill, shipper, seal, call or port of loading: which of them are told of a find in another.
//!
//! **Which.** Those that came near the container of the find before the watch ended, the first that are known: those that
//! are known by the time of the find, nearest in time first, then whoever comes, for as long as there is room. So what
//! comes later takes no watch back.
//!
//! **Until when.** A watch is taken back when its find or its own event is. What is remembered here has bounds; a watch
//! whose event was let go can no longer be judged: it stands, and counts. As long as nothing that may matter to a find
//! was let go, who is told follows from the facts alone, in any order of arrival. A find is forgotten, with its watches,
//! when the watch has ended and the days of history are over.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use quaywatch_domain::event::{PartyRole, PortEvent};
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{EventKind, Fact, Id, Indicator, Subject, Text, Timestamp};
use serde::{Deserialize, Serialize};

use crate::contagion::is_source;
use crate::settings::{DAY_MS, HOUR_MS, Rules, SubRule};
use crate::timeline::{self, Versioned, known_at};
use crate::{Changes, Emitted, Engine, Outcome, TimelineState, loops, origin};

/// Most events remembered of one bill or party, and of one call.
const MAX_KIN: usize = 256;
const MAX_KIN_OF_CALL: usize = 32_768;
/// Most finds remembered, those that were taken back included, latest last.
const MAX_FINDS: usize = 64;

/// A container that had to do with a bill, a shipper, a call or a port of loading: one version of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kin {
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
    /// The container; none when it may not be relied on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Text>,
    /// Cell on board (calls).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell: Option<Text>,
    /// When we stored the first of its versions, if that was another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_since: Option<Timestamp>,
}

impl Kin {
    /// When it was first known in any version.
    pub(crate) fn since(&self) -> Timestamp {
        self.known_since.unwrap_or(self.received_at)
    }

    /// Two versions of one event are known since the first of them.
    pub(crate) fn share_since(&mut self, other: &mut Self) {
        let since = self.since().min(other.since());
        for kin in [self, other] {
            kin.known_since = (since != kin.received_at).then_some(since);
        }
    }
}

/// A find as it concerns the others.
struct Find<'a> {
    fact: &'a Fact,
    found: &'a Indicator,
    /// Its container.
    from: &'a str,
    /// When that had to do with the subject.
    when: Timestamp,
    /// Who came between these is near.
    begin: Timestamp,
    end: Timestamp,
    /// Most containers that are told.
    most: usize,
}

impl<'a> Find<'a> {
    fn of(rules: &Rules, kind: SubjectKind, fact: &'a Fact) -> Option<Self> {
        let found = fact.indicator.as_deref().filter(|_| !fact.retracted)?;
        let settings = &rules.contagion;
        let when = found.carried.first().map_or(found.first_held_at, |e| e.occurred_at);
        let reach_ms = settings.reach_days * DAY_MS;
        let before_ms = settings.empties_before_hours * HOUR_MS;
        let (before_ms, most) = match kind {
            SubjectKind::Origin => (before_ms.min(reach_ms), settings.max_empties),
            _ => (reach_ms, settings.max_siblings),
        };
        Some(Self {
            fact,
            found,
            from: found.origin.as_ref().map(|o| &*o.id).unwrap_or_default(),
            when,
            begin: when.plus_millis(-before_ms),
            end: when.plus_millis(reach_ms).min(fact.occurred_at.plus_millis(settings.window_days * DAY_MS)),
            most,
        })
    }

    fn reaches(&self, at: Timestamp) -> bool {
        (self.begin..=self.end).contains(&at)
    }

    /// Which of two finds is shown to a container that both concern: the later.
    fn rank(&self) -> (Timestamp, &str) {
        (self.found.first_held_at, &self.found.sentence)
    }

    fn is_named_by(&self, id: &Id) -> bool {
        // Versions before this one named its evidence.
        *id == self.fact.fact_id || self.found.carried.first().is_some_and(|e| e.fact_id == *id)
    }

    fn is_told_by(&self, told: &Emitted) -> bool {
        !told.retracted && told.rests_on.iter().any(|id| self.is_named_by(id))
    }

    /// Whether everything that may matter to it is still remembered.
    fn is_whole(&self, state: &TimelineState, kind: SubjectKind) -> bool {
        let floor = if kind == SubjectKind::Seal { state.floor } else { state.kin_floor };
        floor.is_none_or(|floor| floor < self.begin)
    }
}

/// Takes in what concerns the contagion of a bill, party, seal, call or port of loading: who had to do with it, and where
/// something was found.
pub(crate) fn apply(
    engine: &Engine,
    state: &mut TimelineState,
    fact: &Fact,
    now: Timestamp,
    changes: &mut Changes,
) {
    let rules = &engine.rules;
    let is_source = is_source(fact);
    let is_watched = is_source || !state.facts.is_empty() || !state.watched.is_empty();
    let may_change = is_watched && (is_source || concerns(rules, state, fact));
    let outcome = if is_source {
        timeline::put(&mut state.facts, fact.clone())
    } else if let Some(kin) = kin(fact) {
        remember(engine, state, kin, fact.subject.kind)
    } else {
        // A sighting of the seal may be a neighbour's.
        Outcome::OutOfScope
    };
    if changes.outcome == Outcome::OutOfScope {
        changes.outcome = outcome;
    }
    if outcome == Outcome::New {
        let keep = now.plus_millis(rules.history.seal_days * DAY_MS);
        state.expires_at = state.expires_at.max(Some(keep));
    }
    if !is_watched {
        return;
    }
    forget_finds(rules, state, fact);
    if may_change {
        let gone = fact.retracted.then_some(&fact.fact_id);
        evaluate(engine, state, gone, &mut changes.facts, &mut changes.shadowed);
    }
}

/// Whether a fact may change who is told: it happened near a find, says where that was, or is another version of one that
/// was known.
fn concerns(rules: &Rules, state: &TimelineState, fact: &Fact) -> bool {
    let container = fact.event.as_deref().and_then(PortEvent::container);
    let mut finds = state.facts.iter().filter_map(|f| Find::of(rules, fact.subject.kind, f));
    fact.retracted
        || finds.any(|find| find.reaches(fact.occurred_at) || container == Some(find.from))
        || is_remembered(state, fact.occurred_at, &fact.fact_id)
}

/// Forgets the finds whose watch has ended and whose history is over, and the oldest beyond the bound, with their watches.
fn forget_finds(rules: &Rules, state: &mut TimelineState, fact: &Fact) {
    let days = rules.contagion.window_days + rules.history.seal_days;
    let kin = state.kin.last().map(known_at);
    let seen = state.sightings.last().map(known_at);
    let latest = kin.max(seen).map_or(known_at(fact), |at| at.max(known_at(fact)));
    let horizon = latest.plus_millis(-days * DAY_MS);
    let excess = state.facts.len().saturating_sub(MAX_FINDS);
    let old = state.facts.iter().filter(|f| f.occurred_at < horizon).count();
    for gone in state.facts.drain(..old.max(excess)) {
        let evidence = gone.indicator.as_deref().and_then(|i| i.carried.first()).map(|e| &e.fact_id);
        state.watched.retain(|e| !e.rests_on.iter().any(|id| *id == gone.fact_id || Some(id) == evidence));
    }
}

fn remember(engine: &Engine, state: &mut TimelineState, kin: Kin, kind: SubjectKind) -> Outcome {
    let days = engine.rules.history.seal_days;
    let all = &mut state.kin;
    let (outcome, gone) = match kind {
        SubjectKind::Origin => origin::put(all, kin, days),
        SubjectKind::Call => {
            let outcome = timeline::put_by_id(all, kin);
            let excess = all.get(MAX_KIN_OF_CALL..).unwrap_or_default();
            let gone = excess.iter().map(known_at).max();
            all.truncate(MAX_KIN_OF_CALL);
            (outcome, gone)
        }
        _ => {
            let outcome = timeline::put(all, kin);
            (outcome, timeline::keep_latest(all, days, MAX_KIN))
        }
    };
    state.kin_floor = state.kin_floor.max(gone);
    outcome
}

/// Whether an event is remembered that was told as of that time.
fn is_remembered(state: &TimelineState, at: Timestamp, id: &Id) -> bool {
    fn is_in<T: Versioned>(all: &[T], at: Timestamp, id: &Id) -> bool {
        all.binary_search_by(|item| (item.occurred_at(), item.id()).cmp(&(at, id))).is_ok()
            || all.iter().any(|item| item.id() == id)
    }
    match state.subject.as_ref().map(|s| s.kind) {
        Some(SubjectKind::Seal) => is_in(&state.sightings, at, id),
        Some(SubjectKind::Call) => state.kin.binary_search_by(|k| k.fact_id.cmp(id)).is_ok(),
        _ => is_in(&state.kin, at, id),
    }
}

fn kin(fact: &Fact) -> Option<Kin> {
    let event = fact.event.as_deref();
    let kind = fact.subject.kind;
    let said = event.filter(|e| !fact.retracted && relates(kind, &fact.subject.id, e));
    let known_kind =
        matches!(kind, SubjectKind::Bill | SubjectKind::Party | SubjectKind::Call | SubjectKind::Origin);
    // A party or call is named by many events: only those that relate it to a container are remembered, and what may
    // take them back.
    if !known_kind || (said.is_none() && !fact.retracted) {
        return None;
    }
    Some(Kin {
        fact_id: fact.fact_id.clone(),
        revision: fact.revision,
        retracted: said.is_none(),
        occurred_at: fact.occurred_at,
        received_at: fact.received_at,
        container: said.and_then(PortEvent::container).map(Text::from),
        cell: said.and_then(cell).filter(|_| kind == SubjectKind::Call).map(Text::from),
        known_since: None,
    })
}

fn relates(kind: SubjectKind, id: &str, event: &PortEvent) -> bool {
    let counts = event.is_actual() || event.kind == EventKind::ManifestLine;
    (counts || kind == SubjectKind::Origin)
        && event.container().is_some()
        && !event.has_doubtful_number()
        && match kind {
            SubjectKind::Call => cell(event).is_some(),
            SubjectKind::Origin => event.is_empty() && event.came_from() == Some(id),
            SubjectKind::Party => {
                event.parties.iter().any(|p| p.role == PartyRole::Shipper && p.key().as_deref() == Some(id))
            }
            _ => true,
        }
}

fn cell(event: &PortEvent) -> Option<&str> {
    event.transport.as_deref()?.stow_cell.as_deref()
}

/// Who is to be told, and which of those that were told can no longer be judged.
#[derive(Default)]
struct Plan {
    /// By container: what is told, and the facts that it rests on: that of the find, and the container's own.
    wanted: BTreeMap<String, (Fact, [Id; 2])>,
    /// Whether each of the watches stays as it was told.
    stays: Vec<bool>,
}

/// Sends the difference between the watches that were opened and those that were known. Who is told knows when a watch
/// ends (`contagion::end`). `gone` is a fact that was just taken back.
pub(crate) fn evaluate(
    engine: &Engine,
    state: &mut TimelineState,
    gone: Option<&Id>,
    out: &mut Vec<Fact>,
    shadowed: &mut Vec<String>,
) {
    if state.facts.is_empty() && state.watched.is_empty() {
        return;
    }
    let Some(origin) = state.subject.clone() else { return };
    let (edge, sub) = edge(&engine.rules, origin.kind);
    let mut plan = plan(&engine.rules, state, &origin, gone);
    if sub.shadow {
        let began: Vec<String> =
            plan.wanted.keys().map(|c| format!("container/{c} CONTAGION-{edge}")).collect();
        let new = began.iter().filter(|one| !state.watch_shadowed.contains(one)).count();
        shadowed.extend(std::iter::repeat_n(format!("CONTAGION-{edge}"), new));
        state.watch_shadowed = began;
        plan = Plan::default();
    } else {
        state.watch_shadowed.clear();
    }
    let (facts, rest_on): (Vec<Fact>, Vec<[Id; 2]>) = plan.wanted.into_values().unzip();
    let told: Vec<Subject> = facts.iter().map(|f| f.subject.clone()).collect();
    loops::emit_watches(state, &plan.stays, facts, out);
    for (subject, ids) in told.iter().zip(rest_on) {
        if let Some(e) = state.watched.iter_mut().find(|e| e.subject == *subject) {
            e.rests_on = ids.into();
        }
    }
}

/// By what the containers of a subject hang together.
fn edge(rules: &Rules, kind: SubjectKind) -> (&'static str, &SubRule) {
    let settings = &rules.contagion;
    match kind {
        SubjectKind::Bill => ("bill", &settings.bill),
        SubjectKind::Party => ("shipper", &settings.shipper),
        SubjectKind::Seal => ("seal", &settings.seal),
        SubjectKind::Origin => ("origin", &settings.origin),
        _ => ("cell", &settings.cell),
    }
}

fn plan(rules: &Rules, state: &TimelineState, origin: &Subject, gone: Option<&Id>) -> Plan {
    let finds: Vec<Find<'_>> =
        state.facts.iter().filter_map(|fact| Find::of(rules, origin.kind, fact)).collect();
    let mut stays = vec![false; state.watched.len()];
    let mut held: BTreeMap<&str, &Find<'_>> = BTreeMap::new();
    for (stays, told) in stays.iter_mut().zip(&state.watched) {
        let find = finds.iter().find(|find| find.is_told_by(told));
        let Some(find) = find.filter(|find| !find.is_whole(state, origin.kind)) else { continue };
        let mut own = told.rests_on.iter().filter(|id| !find.is_named_by(id));
        if !own.any(|id| Some(id) == gone || is_remembered(state, told.occurred_at, id)) {
            *stays = true;
            held.insert(&told.subject.id, find);
        }
    }
    let mut wanted: BTreeMap<String, (Fact, [Id; 2])> = BTreeMap::new();
    for find in &finds {
        let mut all = siblings(state, origin, find);
        all.retain(|s| held.get(s.container).is_none_or(|by| by.rank() < find.rank()));
        let told = told_before(state, origin, find);
        all.sort_by_key(|s| (!told.contains(s.container), s.known, s.apart, s.container));
        let taken = held.values().filter(|by| std::ptr::eq(**by, find)).count();
        for sibling in all.into_iter().take(find.most.saturating_sub(taken)) {
            let fact = tell(rules, origin, find.found, &sibling);
            let ids = [find.fact.fact_id.clone(), sibling.fact_id.clone()];
            let told = (fact, ids);
            match wanted.get_mut(sibling.container) {
                Some(known) if later(&told.0) > later(&known.0) => *known = told,
                Some(_) => {}
                None => _ = wanted.insert(sibling.container.to_owned(), told),
            }
        }
    }
    for (stays, told) in stays.iter_mut().zip(&state.watched) {
        *stays &= !wanted.contains_key(&*told.subject.id);
    }
    Plan { wanted, stays }
}

/// Where something was let go, who was told of a find keeps the place: it is not known any more who came first.
fn told_before<'a>(state: &'a TimelineState, origin: &Subject, find: &Find<'_>) -> BTreeSet<&'a str> {
    if find.is_whole(state, origin.kind) {
        return BTreeSet::new();
    }
    state.watched.iter().filter(|told| find.is_told_by(told)).map(|told| &*told.subject.id).collect()
}

/// Which of two tellings of one edge is shown: that of the later find.
fn later(fact: &Fact) -> (Option<Timestamp>, Option<&str>) {
    let indicator = fact.indicator.as_deref();
    (indicator.map(|i| i.first_held_at), indicator.map(|i| i.sentence.as_str()))
}

/// A container near that of a find.
struct Sibling<'a> {
    container: &'a str,
    /// The nearest of its own events.
    at: Timestamp,
    fact_id: &'a Id,
    apart: i64,
    /// When it was first known to be near, not before the find.
    known: Timestamp,
}

/// Containers that are near the one of `find` and came before the watch ended.
fn siblings<'a>(state: &'a TimelineState, origin: &Subject, find: &Find<'_>) -> Vec<Sibling<'a>> {
    let own = state.kin.iter().filter(|k| !k.retracted && k.container.as_deref() == Some(find.from));
    let cells: Vec<&str> = own.filter_map(|k| k.cell.as_deref()).collect();
    let beside = |k: &Kin| {
        origin.kind != SubjectKind::Call
            || k.cell.as_deref().is_some_and(|cell| cells.iter().any(|of| are_neighbours(of, cell)))
    };
    let kin = state.kin.iter().filter(|k| !k.retracted && find.reaches(k.occurred_at) && beside(k));
    let kin = kin.filter_map(|k| Some((k.container.as_deref()?, k.occurred_at, &k.fact_id, k.since())));
    let seals = state.sightings.iter().filter(|s| !s.retracted && origin.kind == SubjectKind::Seal);
    let seals = seals.filter(|s| find.reaches(s.occurred_at));
    let seals =
        seals.filter_map(|s| Some((s.container.as_deref()?, s.occurred_at, &s.fact_id, s.received_at)));
    let mut near: BTreeMap<&str, Sibling<'_>> = BTreeMap::new();
    for (container, at, fact_id, since) in kin.chain(seals).filter(|(container, ..)| *container != find.from)
    {
        let apart = at.millis_since(find.when).saturating_abs();
        let known = since.max(find.found.first_held_at);
        let mine = Sibling { container, at, fact_id, apart, known };
        let nearest = |s: &Sibling<'_>| (s.apart, Reverse(s.at), s.fact_id.clone());
        match near.get_mut(container) {
            Some(other) => {
                let known = known.min(other.known);
                if nearest(&mine) < nearest(other) {
                    *other = mine;
                }
                other.known = known;
            }
            None => _ = near.insert(container, mine),
        }
    }
    near.into_values().collect()
}

/// Whether two cells, BBBRRTT, touch: bays next to each other (20-foot and 40-foot bays are numbered through), rows next
/// to each other (odd to starboard, even to port, 00 in the middle), tiers next to each other (by twos).
fn are_neighbours(a: &str, b: &str) -> bool {
    let (Some(a), Some(b)) = (position(a), position(b)) else { return false };
    a.0.abs_diff(b.0) <= 2 && a.1.abs_diff(b.1) <= 1 && a.2.abs_diff(b.2) <= 2
}

fn position(cell: &str) -> Option<(i32, i32, i32)> {
    let cell = if cell.len() == 6 { format!("0{cell}") } else { cell.to_owned() };
    if cell.len() != 7 || !cell.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |from, to| cell.get(from..to)?.parse::<i32>().ok();
    let row = number(3, 5)?;
    let row = if row % 2 == 1 { (row + 1) / 2 } else { -row / 2 };
    Some((number(0, 3)?, row, number(5, 7)?))
}

fn tell(rules: &Rules, origin: &Subject, found: &Indicator, sibling: &Sibling<'_>) -> Fact {
    let (edge, sub) = edge(rules, origin.kind);
    let reason = match origin.kind {
        SubjectKind::Bill => format!("On the same bill of lading, {}, as", origin.id),
        SubjectKind::Party => "From the same shipper as".to_owned(),
        SubjectKind::Seal => format!("Its seal {} is numbered close to that of", origin.id),
        SubjectKind::Origin => format!("One of the next empties from {}, the port of loading of", origin.id),
        _ => "Stowed on board beside".to_owned(),
    };
    let mut evidence: Vec<(Timestamp, Id)> =
        found.carried.iter().map(|e| (e.occurred_at, e.fact_id.clone())).collect();
    evidence.push((sibling.at, sibling.fact_id.clone()));
    evidence.sort_unstable();
    evidence.dedup();
    let indicator = Indicator {
        code: format!("CONTAGION-{edge}"),
        severity: sub.severity,
        weight: rules.alert.weights.of(sub.severity),
        sentence: format!("{reason} {}.", found.sentence),
        action: sub.action,
        evidence: evidence.into_iter().map(|(_, id)| id).collect(),
        origin: Some(origin.clone()),
        ..found.clone()
    };
    let fact = loops::indicator_fact(sibling.container, indicator, sibling.at);
    // A later find outdoes what was told of another, also where that is forgotten.
    Fact { received_at: found.first_held_at, revision: found.first_held_at.as_millis(), ..fact }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_touch_across_the_middle_and_along_the_ship() {
        assert!(are_neighbours("0120082", "0120182") && are_neighbours("0120082", "0120282"));
        assert!(are_neighbours("0120182", "0120384") && are_neighbours("0120182", "0130182"));
        assert!(!are_neighbours("0120182", "0120282") && !are_neighbours("0120182", "0120582"));
        assert!(!are_neighbours("0120182", "0160182") && !are_neighbours("x", "0120182"));
        assert!(are_neighbours("120182", "0120182"));
    }
}
