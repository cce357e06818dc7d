//! The difference between the hits that should stand and those that were told.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use quaywatch_domain::watchlist::{EntryKind, Value};
use quaywatch_domain::{
    Fact, Handling, Hit, Id, PortEvent, Severity, Sha256, Subject, Timestamp, WatchlistEntry,
};

use crate::index::Index;
use crate::names::Party;
use crate::routing::{event_facts, facts_of_shared, left_behind_fact, subjects_of};
use crate::state::{HitState, MAX_HITS, News, SeenEvent, SubjectState};
use crate::{normalise_value, scheme};

/// A hit that should stand.
struct Wanted<'a> {
    entry: &'a WatchlistEntry,
    /// By what, when it is not the value itself.
    scheme: Option<&'static str>,
    value: Cow<'a, Value>,
    severity: Severity,
    seen: &'a SeenEvent,
}

/// Takes an event in: its facts for everyone whom it concerns (and a retraction for those whom its version before
/// concerned and this one does not), and the hits on its container that changed. Known and superseded versions give
/// nothing. `state` is that of the event's container.
pub fn screen(state: &mut SubjectState, event: &PortEvent, index: &Index, now: Timestamp) -> Vec<Fact> {
    screen_shared(state, &Arc::new(event.clone()), index, now)
}

/// [`screen`] for an event that its facts may share instead of copying it.
pub fn screen_shared(
    state: &mut SubjectState,
    event: &Arc<PortEvent>,
    index: &Index,
    now: Timestamp,
) -> Vec<Fact> {
    let Some(container) = event.container() else { return facts_of_shared(event) };
    let subjects = subjects_of(event);
    let Some(taken) = state.take(event, &subjects) else { return Vec::new() };
    let left: Vec<Subject> =
        taken.before.iter().filter(|subject| !subjects.contains(subject)).cloned().collect();
    let mut facts: Vec<Fact> = event_facts(event, subjects).collect();
    facts.extend(left.into_iter().map(|subject| left_behind_fact(event, subject)));
    let is_same = match taken.news {
        News::Fresh(at, identifiers) => meet_nothing(state, at, &identifiers, index),
        News::Nothing => true,
        News::Any => false,
    };
    if !is_same || state.due_at.is_some_and(|at| at <= now) {
        facts.extend(rescreen(state, container, index, now));
    }
    facts
}

/// Whether these identifiers of the event with the index `at` are on no list.
fn meet_nothing(state: &SubjectState, at: usize, identifiers: &[usize], index: &Index) -> bool {
    let Some(seen) = state.events.get(at) else { return true };
    let mut values = identifiers.iter().filter_map(|at| seen.identifiers.get(*at));
    values.all(|value| meetings(value, seen, &party(state, value), index).is_empty())
}

/// What is known of the party whose name an identifier is.
fn party(state: &SubjectState, value: &Value) -> Party {
    let country = (value.scheme == scheme::NAME).then(|| state.country_of(&value.value)).flatten();
    Party { country: country.map(str::to_owned), birth_date: None }
}

/// Compares the hits on a container with the lists as they stand `now`: only what changed comes out. To be called when
/// a list changed and when [`SubjectState::due_at`] has come.
pub fn rescreen(state: &mut SubjectState, container: &str, index: &Index, now: Timestamp) -> Vec<Fact> {
    let subject = Subject::container(container);
    let (told, due_at) = {
        let (wanted, due_at) = wanted(state, index, now);
        let told: BTreeMap<Id, Fact> =
            wanted.into_iter().map(|(id, w)| (id.clone(), hit_fact(id, &subject, &w))).collect();
        (told, due_at)
    };
    state.due_at = due_at;
    let mut facts = Vec::new();
    for hit in &mut state.hits {
        if hit.standing && !told.contains_key(&hit.fact_id) {
            hit.revision = next_revision(Some(hit.revision), now);
            hit.standing = false;
            hit.digest = Sha256::default();
            facts.push(taken_back(hit, &subject, now));
        }
    }
    for (fact_id, mut fact) in told {
        let digest = digest_of(&fact);
        let known = state.hits.iter_mut().find(|hit| hit.fact_id == fact_id);
        if known.as_ref().is_some_and(|hit| hit.standing && hit.digest == digest) {
            continue;
        }
        fact.revision = next_revision(known.as_ref().map(|hit| hit.revision), now);
        let new = HitState {
            fact_id,
            revision: fact.revision,
            standing: true,
            digest,
            occurred_at: fact.occurred_at,
            handling: fact.handling.clone(),
            event_id: fact.hit.as_ref().and_then(|h| h.evidence.event_id.clone()).unwrap_or_default(),
        };
        match known {
            Some(hit) => *hit = new,
            None => state.hits.push(new),
        }
        facts.push(fact);
    }
    state.limit_hits();
    facts
}

/// The hits that should stand now, by fact id, and when that changes without an event or a new list.
fn wanted<'a>(
    state: &'a SubjectState,
    index: &'a Index,
    now: Timestamp,
) -> (BTreeMap<Id, Wanted<'a>>, Option<Timestamp>) {
    let mut wanted: BTreeMap<Id, Wanted<'a>> = BTreeMap::new();
    let mut due_at: Option<Timestamp> = None;
    for (value, seen) in state.identifiers() {
        for met in meetings(value, seen, &party(state, value), index) {
            let entry = met.entry;
            let turns = [entry.valid_from, entry.expires_at()];
            let next = turns.into_iter().flatten().filter(|at| *at > now).min();
            due_at = due_at.into_iter().chain(next).min();
            if !entry.is_in_force(now) {
                continue;
            }
            if let Some(exception) = index.exceptions().get(entry, &met.value, now) {
                due_at = due_at.into_iter().chain([exception.until]).min();
                continue;
            }
            let scheme = met.scheme.unwrap_or(&met.value.scheme);
            let fact_id = format!("hit/{}/{}/{scheme}", entry.list_id, entry.entry_id).into();
            // An entry may list several numbers of one scheme: the one that was seen first stands for all.
            match wanted.get_mut(&fact_id) {
                Some(known) if known.seen.order(seen).is_le() => {}
                Some(known) => *known = met,
                None => drop(wanted.insert(fact_id, met)),
            }
        }
    }
    if wanted.len() > MAX_HITS {
        let mut ranked: Vec<_> = wanted.into_iter().collect();
        ranked.sort_by(|(a_id, a), (b_id, b)| b.severity.cmp(&a.severity).then(a_id.cmp(b_id)));
        ranked.truncate(MAX_HITS);
        wanted = ranked.into_iter().collect();
    }
    (wanted, due_at)
}

/// The entries that an identifier or a name of an event meets.
fn meetings<'a>(value: &'a Value, seen: &'a SeenEvent, party: &Party, index: &'a Index) -> Vec<Wanted<'a>> {
    let mut met = open_meetings(value, seen, party, index);
    for blinded in index.blinded_forms(value) {
        met.extend(index.holding(&blinded).map(|entry| {
            let value = Cow::Owned(blinded.clone());
            Wanted { entry, scheme: None, value, severity: entry.severity, seen }
        }));
    }
    met
}

/// Those that are listed in the open.
fn open_meetings<'a>(
    value: &'a Value,
    seen: &'a SeenEvent,
    party: &Party,
    index: &'a Index,
) -> Vec<Wanted<'a>> {
    let open = value;
    let value = || Cow::Borrowed(open);
    if matches!(&*open.scheme, scheme::NAME | scheme::VESSEL_NAME) {
        let hits = index.named(&open.scheme, &open.value, party);
        let met = hits.iter().filter_map(|hit| {
            let entry = index.get(&hit.entry.key())?;
            let strong = f64::from(hit.score) >= index.bands().strong(entry);
            let severity = if strong { entry.severity } else { one_lower(entry.severity) };
            (!is_another_ship(seen, entry)).then_some(Wanted {
                entry,
                scheme: None,
                value: value(),
                severity,
                seen,
            })
        });
        return met.collect();
    }
    let whole = index.holding(open);
    let mut met: Vec<_> = whole
        .map(|entry| Wanted { entry, scheme: None, value: value(), severity: entry.severity, seen })
        .collect();
    if open.scheme == scheme::CONTAINER {
        met.extend(index.near_containers(&open.value).map(|(_, entry)| Wanted {
            entry,
            scheme: Some(scheme::CONTAINER_NEAR),
            value: value(),
            severity: Severity::Low,
            seen,
        }));
    }
    met
}

const fn one_lower(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium | Severity::Low => Severity::Low,
    }
}

/// Ships are told apart by their IMO number, whatever they are called.
fn is_another_ship(seen: &SeenEvent, entry: &WatchlistEntry) -> bool {
    fn numbers(values: &[Value]) -> Vec<Cow<'_, str>> {
        let numbers = values.iter().filter(|value| value.scheme == scheme::IMO);
        numbers.filter_map(|value| normalise_value(&value.scheme, &value.value)).collect()
    }
    let (ours, listed) = (numbers(&seen.identifiers), numbers(&entry.values));
    entry.kind == EntryKind::Vessel
        && !ours.is_empty()
        && !listed.is_empty()
        && !ours.iter().any(|number| listed.contains(number))
}

/// Versions go up also when a container was forgotten in between: never below the clock.
fn next_revision(last: Option<i64>, now: Timestamp) -> i64 {
    last.map_or(1, |revision| revision.saturating_add(1)).max(now.as_millis())
}

fn hit_fact(fact_id: Id, subject: &Subject, wanted: &Wanted<'_>) -> Fact {
    let Wanted { entry, value, seen, scheme, severity } = wanted;
    // Known from the day on which both the event and the entry were there.
    let at = entry.valid_from.map_or(seen.received_at, |from| from.max(seen.received_at));
    let hit = Hit {
        list_id: entry.list_id.clone(),
        list_version: entry.list_version.clone(),
        entry_id: entry.entry_id.clone(),
        scheme: scheme.unwrap_or(&value.scheme).to_owned(),
        value: value.value.to_string(),
        action: entry.action,
        severity: *severity,
        owner: entry.owner.clone(),
        legal_basis: entry.legal_basis.clone(),
        evidence: seen.evidence(fact_id.clone()),
    };
    Fact {
        fact_id,
        revision: 0,
        retracted: false,
        subject: subject.clone(),
        occurred_at: at,
        created_at: None,
        received_at: at,
        handling: entry.handling.strictest(&Handling::port_traffic()),
        event: None,
        hit: Some(Box::new(hit)),
        indicator: None,
        feedback: None,
        pointer: None,
        in_hindsight: false,
    }
}

fn taken_back(hit: &HitState, subject: &Subject, now: Timestamp) -> Fact {
    Fact {
        fact_id: hit.fact_id.clone(),
        revision: hit.revision,
        retracted: true,
        subject: subject.clone(),
        occurred_at: hit.occurred_at,
        created_at: None,
        received_at: now.max(hit.occurred_at),
        handling: hit.handling.clone(),
        event: None,
        hit: None,
        indicator: None,
        feedback: None,
        pointer: None,
        in_hindsight: false,
    }
}

/// The digest of a fact that has no revision yet.
fn digest_of(fact: &Fact) -> Sha256 {
    // A fact is plain data, so writing it cannot fail; an empty digest would tell the hit once more and lose nothing.
    serde_json::to_vec(fact).map_or_else(|_| Sha256::default(), |bytes| Sha256::of(&bytes))
}
