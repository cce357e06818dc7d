//! The difference between the hits that should stand and those that were told.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use quaywatch_domain::watchlist::Value;
use quaywatch_domain::{Fact, Handling, Hit, PortEvent, Sha256, Subject, Timestamp, WatchlistEntry};

use crate::index::Index;
use crate::routing::{event_fact, facts_of_shared, left_behind_fact, subjects_of};
use crate::state::{HitState, MAX_HITS, SeenEvent, SubjectState};

/// A hit that should stand.
struct Wanted<'a> {
    entry: &'a WatchlistEntry,
    value: Cow<'a, Value>,
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
    let Some(before) = state.take(event) else { return Vec::new() };
    let subjects = subjects_of(event);
    let left: Vec<Subject> = before.into_iter().filter(|subject| !subjects.contains(subject)).collect();
    let mut facts: Vec<Fact> = subjects.into_iter().map(|subject| event_fact(event, subject)).collect();
    facts.extend(left.into_iter().map(|subject| left_behind_fact(event, subject)));
    facts.extend(rescreen(state, container, index, now));
    facts
}

/// Compares the hits on a container with the lists as they stand `now`: only what changed comes out. To be called when
/// a list changed and when [`SubjectState::due_at`] has come.
pub fn rescreen(state: &mut SubjectState, container: &str, index: &Index, now: Timestamp) -> Vec<Fact> {
    let subject = Subject::container(container);
    let (told, due_at) = {
        let (wanted, due_at) = wanted(state, index, now);
        let told: BTreeMap<String, Fact> =
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
) -> (BTreeMap<String, Wanted<'a>>, Option<Timestamp>) {
    let mut wanted: BTreeMap<String, Wanted<'a>> = BTreeMap::new();
    let mut due_at: Option<Timestamp> = None;
    for (value, seen) in state.identifiers() {
        let blinded = index.blinded_forms(value).map(Cow::Owned);
        for value in std::iter::once(Cow::Borrowed(value)).chain(blinded) {
            for entry in index.holding(&value) {
                let turns = [entry.valid_from, entry.expires_at()];
                let next = turns.into_iter().flatten().filter(|at| *at > now).min();
                due_at = due_at.into_iter().chain(next).min();
                if !entry.is_in_force(now) {
                    continue;
                }
                if let Some(exception) = index.exceptions().get(entry, &value, now) {
                    due_at = due_at.into_iter().chain([exception.until]).min();
                    continue;
                }
                let fact_id = format!("hit/{}/{}/{}", entry.list_id, entry.entry_id, value.scheme);
                let new = Wanted { entry, value: value.clone(), seen };
                // An entry may list several numbers of one scheme: the one that was seen first stands for all.
                match wanted.get_mut(&fact_id) {
                    Some(known) if known.seen.order(seen).is_le() => {}
                    Some(known) => *known = new,
                    None => drop(wanted.insert(fact_id, new)),
                }
            }
        }
    }
    if wanted.len() > MAX_HITS {
        let mut ranked: Vec<_> = wanted.into_iter().collect();
        ranked.sort_by(|(a_id, a), (b_id, b)| b.entry.severity.cmp(&a.entry.severity).then(a_id.cmp(b_id)));
        ranked.truncate(MAX_HITS);
        wanted = ranked.into_iter().collect();
    }
    (wanted, due_at)
}

/// Versions go up also when a container was forgotten in between: never below the clock.
fn next_revision(last: Option<i64>, now: Timestamp) -> i64 {
    last.map_or(1, |revision| revision.saturating_add(1)).max(now.as_millis())
}

fn hit_fact(fact_id: String, subject: &Subject, wanted: &Wanted<'_>) -> Fact {
    let Wanted { entry, value, seen } = wanted;
    // Known from the day on which both the event and the entry were there.
    let at = entry.valid_from.map_or(seen.received_at, |from| from.max(seen.received_at));
    let hit = Hit {
        list_id: entry.list_id.clone(),
        list_version: entry.list_version.clone(),
        entry_id: entry.entry_id.clone(),
        scheme: value.scheme.clone(),
        value: value.value.clone(),
        action: entry.action,
        severity: entry.severity,
        owner: entry.owner.clone(),
        legal_basis: entry.legal_basis.clone(),
        evidence: seen.evidence(&fact_id),
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
    }
}

/// The digest of a fact that has no revision yet.
fn digest_of(fact: &Fact) -> Sha256 {
    // A fact is plain data, so writing it cannot fail; an empty digest would tell the hit once more and lose nothing.
    serde_json::to_vec(fact).map_or_else(|_| Sha256::default(), |bytes| Sha256::of(&bytes))
}
