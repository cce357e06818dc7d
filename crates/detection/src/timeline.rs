//! Which version of a fact stands, in which order facts lie, and which go first when there are too many.

use std::cmp::{Ordering, Reverse};

use foldhash::HashSet;
use quaywatch_domain::{EventKind, Fact, Id, Timestamp};
use serde::Serialize;

use crate::settings::DAY_MS;
use crate::{Kin, Mention, Outcome, Sighting, TimelineState};

/// Most facts on one timeline, tombstones included.
pub(crate) const MAX_FACTS: usize = 256;

/// Something that has versions and a place in time.
pub(crate) trait Versioned: PartialEq + Serialize {
    fn id(&self) -> &Id;
    fn revision(&self) -> i64;
    fn retracted(&self) -> bool;
    fn occurred_at(&self) -> Timestamp;
    fn received_at(&self) -> Timestamp;
    /// Lets two versions share what does not depend on the version.
    fn join(&mut self, _other: &mut Self) {}
}

macro_rules! versioned {
    ($($name:ty $({ $($more:item)+ })?),+) => {$(
        impl Versioned for $name {
            fn id(&self) -> &Id { &self.fact_id }
            fn revision(&self) -> i64 { self.revision }
            fn retracted(&self) -> bool { self.retracted }
            fn occurred_at(&self) -> Timestamp { self.occurred_at }
            fn received_at(&self) -> Timestamp { self.received_at }
            $($($more)+)?
        }
    )+};
}
versioned!(Fact, Sighting, Mention, Kin { fn join(&mut self, other: &mut Self) { self.share_since(other); } });

/// Puts `item` in its place among `all`, which are in order of event time and id, unless a version that wins is there.
pub(crate) fn put<T: Versioned>(all: &mut Vec<T>, item: T) -> Outcome {
    let known = all.iter().position(|other| other.id() == item.id());
    put_over(all, known, item)
}

/// [`put`], with the place of another version of the item, if there is one.
fn put_over<T: Versioned>(all: &mut Vec<T>, known: Option<usize>, mut item: T) -> Outcome {
    if let Some(at) = known {
        let Some(other) = all.get_mut(at) else { return Outcome::Duplicate };
        item.join(other);
        if !wins(&item, other) {
            return if item.revision() < other.revision() { Outcome::Superseded } else { Outcome::Duplicate };
        }
        all.remove(at);
    }
    insert(all, item);
    Outcome::New
}

/// Like [`put`], among thousands: `ids` are theirs.
pub(crate) fn put_among_many<T: Versioned>(all: &mut Vec<T>, ids: &mut Ids, item: T) -> Outcome {
    let digests = ids.of(all);
    let outcome = if digests.seen.insert(item.id().digest()) {
        insert(all, item);
        Outcome::New
    } else {
        let known = place_of(all, item.occurred_at(), item.id());
        put_over(all, known, item)
    };
    digests.count = all.len();
    outcome
}

fn insert<T: Versioned>(all: &mut Vec<T>, item: T) {
    let at = all.partition_point(|other| order(other, &item).is_lt());
    make_room(all);
    all.insert(at, item);
}

/// Where the item with this id is; looked for first where it lies when it was told as of that time.
pub(crate) fn place_of<T: Versioned>(all: &[T], at: Timestamp, id: &Id) -> Option<usize> {
    let there = all.binary_search_by(|item| (item.occurred_at(), item.id()).cmp(&(at, id)));
    there.ok().or_else(|| all.iter().position(|item| item.id() == id))
}

/// By event time and id.
fn order<T: Versioned>(a: &T, b: &T) -> Ordering {
    a.occurred_at().cmp(&b.occurred_at()).then_with(|| a.id().cmp(b.id()))
}

/// The ids in a long list, by which an item is known to be new without a look at the others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ids(Option<Box<Digests>>);

#[derive(Debug, Clone, Default)]
struct Digests {
    /// Of every item, and of some that were let go.
    seen: HashSet<u64>,
    /// How long the list was when they were its.
    count: usize,
}

// They follow from the list: two states are the same whether they are at hand or not.
impl PartialEq for Ids {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Ids {
    fn of<T: Versioned>(&mut self, all: &mut [T]) -> &mut Digests {
        let digests = self.0.get_or_insert_default();
        if digests.count != all.len() || digests.seen.len() > 2 * all.len() {
            // Versions before this one kept the lists of calls in order of their ids.
            all.sort_unstable_by(order);
            digests.seen = all.iter().map(|item| item.id().digest()).collect();
        }
        digests
    }
}

/// Room for one more. Most timelines are short: left to itself a list would begin with room for four.
fn make_room<T>(all: &mut Vec<T>) {
    if all.len() == all.capacity() {
        all.reserve_exact(all.len().max(1));
    }
}

/// Drops those beyond the first `most` of a long list; up to when something was let go.
pub(crate) fn keep_first<T: Versioned>(all: &mut Vec<T>, ids: &mut Ids, most: usize) -> Option<Timestamp> {
    let gone = all.split_off(most.min(all.len()));
    if let Some(digests) = &mut ids.0 {
        digests.count = all.len();
    }
    gone.iter().map(known_at).max()
}

/// Drops what is known for more days than that before the latest, and the oldest beyond `most`; up to when something was
/// let go.
pub(crate) fn keep_latest<T: Versioned>(all: &mut Vec<T>, days: i64, most: usize) -> Option<Timestamp> {
    let mut gone = None;
    if let Some(latest) = all.iter().map(known_at).max() {
        let horizon = latest.plus_millis(-days * DAY_MS);
        gone = all.iter().map(known_at).filter(|at| *at < horizon).max();
        all.retain(|item| known_at(item) >= horizon);
    }
    let excess = all.len().saturating_sub(most);
    all.drain(..excess).map(|item| known_at(&item)).chain(gone).max()
}

/// Takes a sighting into a timeline that keeps the latest ones.
pub(crate) fn take_latest(
    state: &mut TimelineState,
    sighting: Sighting,
    days: i64,
    now: Timestamp,
) -> Outcome {
    take_latest_of(state, sighting, days, MAX_FACTS, now)
}

/// The same, at most so many.
pub(crate) fn take_latest_of(
    state: &mut TimelineState,
    sighting: Sighting,
    days: i64,
    most: usize,
    now: Timestamp,
) -> Outcome {
    let id = sighting.fact_id.clone();
    let outcome = put(&mut state.sightings, sighting);
    if outcome != Outcome::New {
        return outcome;
    }
    state.floor = keep_latest(&mut state.sightings, days, most).max(state.floor);
    state.expires_at = Some(now.plus_millis(days * DAY_MS));
    if state.sightings.iter().any(|s| s.fact_id == id) { outcome } else { Outcome::TooLate }
}

/// What decides between two versions before their content: the revision, then a retraction, then the earlier receipt (a
/// message told twice changes nothing).
pub(crate) const fn rank(
    revision: i64,
    retracted: bool,
    received_at: Timestamp,
) -> (i64, bool, Reverse<Timestamp>) {
    (revision, retracted, Reverse(received_at))
}

/// Whether `new` overrides `old`: by [`rank`], then the bytes. A total order, so that arrival decides nothing.
fn wins<T: Versioned>(new: &T, old: &T) -> bool {
    let key = |v: &T| rank(v.revision(), v.retracted(), v.received_at());
    match key(new).cmp(&key(old)) {
        Ordering::Equal => new != old && bytes(new) > bytes(old),
        other => other == Ordering::Greater,
    }
}

fn bytes<T: Serialize>(item: &T) -> Vec<u8> {
    serde_json::to_vec(item).unwrap_or_default()
}

/// Makes room: removes the least telling fact, then the oldest. Returns it.
///
/// The order is total, so what is left of a set of facts does not depend on their arrival.
pub(crate) fn fold_one(facts: &mut Vec<Fact>) -> Option<Fact> {
    let (at, _) = facts.iter().enumerate().min_by(|(_, a), (_, b)| {
        (worth(a), a.occurred_at, &a.fact_id).cmp(&(worth(b), b.occurred_at, &b.fact_id))
    })?;
    Some(facts.remove(at))
}

/// 0 for what machines tell by the hundred, 1 for look-ups, 2 for what no visit rests on, 4 for what other subjects and
/// agencies say, 3 for the rest.
fn worth(fact: &Fact) -> u8 {
    match fact.event.as_deref().map(|e| &e.kind) {
        None if fact.retracted
            && fact.hit.is_none()
            && fact.indicator.is_none()
            && fact.feedback.is_none() =>
        {
            3
        }
        None => 4,
        Some(
            EventKind::ReeferReading
            | EventKind::PowerOn
            | EventKind::PowerOff
            | EventKind::PositionReported
            | EventKind::Other
            | EventKind::Unknown(_),
        ) => 0,
        Some(EventKind::RecordViewed | EventKind::RecordListed | EventKind::RecordExported) => 1,
        Some(EventKind::StowPosition | EventKind::YardMove | EventKind::Weighed) => 2,
        Some(_) => 3,
    }
}

/// Event time, but not later than the receipt: a plan for next month is known today.
pub(crate) fn known_at<T: Versioned>(item: &T) -> Timestamp {
    item.occurred_at().min(item.received_at())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(id: u8, revision: i64, at: i64) -> Kin {
        Kin {
            fact_id: format!("call/{id}").into(),
            revision,
            retracted: false,
            occurred_at: Timestamp::from_millis(at),
            received_at: Timestamp::from_millis(at),
            container: None,
            cell: None,
            known_since: None,
        }
    }

    fn put_all(versions: &[Kin], most: usize) -> Vec<Kin> {
        let (mut all, mut ids) = (Vec::new(), Ids::default());
        for version in versions {
            put_among_many(&mut all, &mut ids, version.clone());
            keep_first(&mut all, &mut ids, most);
        }
        all
    }

    proptest! {
        #[test]
        fn a_long_list_is_kept_as_a_short_one(told in prop::collection::vec((0..20_u8, 0..3_i64, 0..9_i64), 0..60)) {
            let versions: Vec<Kin> = told.iter().map(|(id, revision, at)| version(*id, *revision, *at)).collect();
            let (mut short, mut long, mut ids) = (Vec::new(), Vec::new(), Ids::default());
            for (n, version) in versions.iter().enumerate() {
                if n % 7 == 3 {
                    // As after a restart, in an order of before.
                    ids = Ids::default();
                    long.sort_by(|a: &Kin, b: &Kin| a.fact_id.cmp(&b.fact_id));
                }
                let outcome = put(&mut short, version.clone());
                prop_assert_eq!(put_among_many(&mut long, &mut ids, version.clone()), outcome);
            }
            prop_assert_eq!(long, short);
        }

        #[test]
        fn the_first_are_kept_in_whatever_order_they_came(order in Just((0..30_u8).collect::<Vec<_>>()).prop_shuffle()) {
            let versions = |ids: &[u8]| -> Vec<Kin> { ids.iter().map(|id| version(*id, 0, i64::from(id % 5))).collect() };
            let sorted: Vec<u8> = (0..30).collect();
            prop_assert_eq!(put_all(&versions(&order), 12), put_all(&versions(&sorted), 12));
        }
    }
}
