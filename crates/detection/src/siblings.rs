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

use std::collections::{BTreeMap, BTreeSet};

use quaywatch_domain::event::{PartyRole, PortEvent};
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{EventKind, Fact, Id, Indicator, Subject, Text, Timestamp};
use serde::{Deserialize, Serialize};

use crate::company::{Company, Sibling};
use crate::contagion::is_source;
use crate::settings::{DAY_MS, HOUR_MS, Rules, SubRule};
use crate::timeline::{self, known_at};
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
pub(crate) struct Find<'a> {
    fact: &'a Fact,
    pub(crate) found: &'a Indicator,
    /// Its container.
    pub(crate) from: &'a str,
    /// When that had to do with the subject.
    pub(crate) when: Timestamp,
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

    pub(crate) fn reaches(&self, at: Timestamp) -> bool {
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
        let why = if is_source { Why::Anything } else { Why::Kin { gone } };
        evaluate(engine, state, why, &mut changes.facts, &mut changes.shadowed);
    }
}

/// Why it is looked at who is to be told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Why<'a> {
    /// A find came or went, or the rules changed.
    Anything,
    /// A container came near, or the fact `gone` was taken back: what was told of a find says the same as before.
    Kin { gone: Option<&'a Id> },
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
            let ids = &mut state.kin_ids;
            let outcome = timeline::put_among_many(all, ids, kin);
            (outcome, timeline::keep_first(all, ids, MAX_KIN_OF_CALL))
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
    let place = match state.subject.as_ref().map(|s| s.kind) {
        Some(SubjectKind::Seal) => timeline::place_of(&state.sightings, at, id),
        _ => timeline::place_of(&state.kin, at, id),
    };
    place.is_some()
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
struct Plan<'a> {
    /// By container: of which find, and its own event.
    wanted: BTreeMap<&'a str, (&'a Find<'a>, Sibling<'a>)>,
    /// Whether each of the watches stays as it was told.
    stays: Vec<bool>,
}

impl Plan<'_> {
    /// Whether all that is wanted was told, and no more.
    fn is_told(&self, watched: &[Emitted]) -> bool {
        let standing = watched.iter().zip(&self.stays).filter(|(told, stays)| !told.retracted && !**stays);
        let mut count = 0;
        let all = standing.map(|(told, _)| told).all(|told| {
            count += 1;
            self.wanted.get(&*told.subject.id).is_some_and(|(find, sibling)| {
                told.rests_on.iter().eq([&find.fact.fact_id, sibling.fact_id])
                    && told.occurred_at == sibling.at
            })
        });
        all && count == self.wanted.len()
    }
}

/// Sends the difference between the watches that were opened and those that were known. Who is told knows when a watch
/// ends (`contagion::end`).
pub(crate) fn evaluate(
    engine: &Engine,
    state: &mut TimelineState,
    why: Why<'_>,
    out: &mut Vec<Fact>,
    shadowed: &mut Vec<String>,
) {
    if state.facts.is_empty() && state.watched.is_empty() {
        return;
    }
    let Some(origin) = state.subject.clone() else { return };
    let rules = &engine.rules;
    let (edge, sub) = edge(rules, origin.kind);
    let finds: Vec<Find<'_>> =
        state.facts.iter().filter_map(|fact| Find::of(rules, origin.kind, fact)).collect();
    let plan = plan(&finds, state, &origin, why);
    if sub.shadow {
        let began: Vec<String> =
            plan.wanted.keys().map(|c| format!("container/{c} CONTAGION-{edge}")).collect();
        let new = began.iter().filter(|one| !state.watch_shadowed.contains(one)).count();
        shadowed.extend(std::iter::repeat_n(format!("CONTAGION-{edge}"), new));
        state.watch_shadowed = began;
        loops::emit_watches(state, &[], Vec::new(), out);
        return;
    }
    if matches!(why, Why::Kin { .. }) && plan.is_told(&state.watched) {
        return;
    }
    let told = plan.wanted.values().map(|(find, sibling)| {
        let ids = [find.fact.fact_id.clone(), sibling.fact_id.clone()];
        (tell(rules, &origin, find.found, sibling), ids)
    });
    let (facts, rest_on): (Vec<Fact>, Vec<[Id; 2]>) = told.unzip();
    let told: Vec<Subject> = facts.iter().map(|f| f.subject.clone()).collect();
    let stays = plan.stays;
    state.watch_shadowed.clear();
    loops::emit_watches(state, &stays, facts, out);
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

fn plan<'a>(finds: &'a [Find<'a>], state: &'a TimelineState, origin: &Subject, why: Why<'_>) -> Plan<'a> {
    let gone = match why {
        Why::Kin { gone } => gone,
        Why::Anything => None,
    };
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
    let company = Company::of(state, origin.kind);
    let mut wanted: BTreeMap<&str, (&Find<'_>, Sibling<'_>)> = BTreeMap::new();
    for find in finds {
        let told = told_before(state, origin, find);
        let mut all: Vec<Sibling<'_>> = company.near(find).collect();
        all.retain(|s| held.get(s.container).is_none_or(|by| by.rank() < find.rank()));
        all.sort_by_cached_key(|s| (!told.contains(s.container), s.known, s.apart));
        let taken = held.values().filter(|by| std::ptr::eq(**by, find)).count();
        for sibling in all.into_iter().take(find.most.saturating_sub(taken)) {
            match wanted.get_mut(sibling.container) {
                Some(known) if find.rank() > known.0.rank() => *known = (find, sibling),
                Some(_) => {}
                None => _ = wanted.insert(sibling.container, (find, sibling)),
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
