//! Generated histories of one container and its list.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quaywatch_domain::event::Party;
use quaywatch_domain::watchlist::{EntryKind, Value};
use quaywatch_domain::{Fact, Id, PortEvent, Severity, Text};
use quaywatch_screening::names::Bands;
use quaywatch_screening::{Index, SubjectState, rescreen, screen};

use crate::{BOX, at, entry, event, named, party, with_seals, with_vessel};

/// What may happen to a container and its list.
#[derive(Debug, Clone)]
enum Change {
    Event { id: u8, revision: i64, retracted: bool, seals: Vec<u8> },
    Upsert { id: u8, seals: Vec<u8>, grave: bool, to: Option<i64> },
    Remove { id: u8 },
}

const SEALS: [&str; 4] = ["ML000011", "ML000022", "ML000033", "ML000044"];

fn change() -> impl Strategy<Value = Change> {
    let seals = || prop::collection::vec(0..4_u8, 0..3);
    prop_oneof![
        3 => (0..4_u8, 0..6_i64, prop::bool::weighted(0.2), seals())
            .prop_map(|(id, revision, retracted, seals)| Change::Event { id, revision, retracted, seals }),
        2 => (0..3_u8, seals(), any::<bool>(), prop::option::of(10..200_i64))
            .prop_map(|(id, seals, grave, to)| Change::Upsert { id, seals, grave, to }),
        1 => (0..3_u8).prop_map(|id| Change::Remove { id }),
    ]
}

/// Equal versions of an event must have equal content, so that content follows from id and revision.
fn unambiguous(changes: Vec<Change>) -> Vec<Change> {
    let mut seen = BTreeSet::new();
    changes
        .into_iter()
        .filter(|c| match c {
            Change::Event { id, revision, .. } => seen.insert((*id, *revision)),
            _ => true,
        })
        .collect()
}

fn numbers(seals: &[u8]) -> Vec<&'static str> {
    seals.iter().filter_map(|n| SEALS.get(usize::from(*n)).copied()).collect()
}

/// The hits that stand after all of it, as a reader of the facts sees them.
fn standing_after(changes: &[Change], end: i64) -> BTreeMap<Id, Fact> {
    let (mut state, mut index) = (SubjectState::default(), Index::default());
    let mut facts = Vec::new();
    for (now, change) in (0..).zip(changes) {
        match change {
            Change::Event { id, revision, retracted, seals } => {
                let hour = i64::from(*id) * 3 + revision % 3;
                let mut e = with_seals(event(&format!("e{id}"), *revision, hour), &numbers(seals));
                e.retracted = *retracted;
                facts.extend(screen(&mut state, &e, &index, at(now)));
            }
            Change::Upsert { id, seals, grave, to } => {
                let values: Vec<_> = numbers(seals).into_iter().map(|n| ("SEAL", n)).collect();
                let mut listed = entry(&format!("w{id}"), &values);
                listed.severity = if *grave { Severity::Critical } else { Severity::Low };
                listed.valid_to = to.map(at);
                index.upsert(&listed.key(), listed.clone());
                facts.extend(rescreen(&mut state, BOX, &index, at(now)));
            }
            Change::Remove { id } => {
                index.remove(&format!("police/w{id}"));
                facts.extend(rescreen(&mut state, BOX, &index, at(now)));
            }
        }
    }
    facts.extend(rescreen(&mut state, BOX, &index, at(end)));
    let mut latest: BTreeMap<Id, Fact> = BTreeMap::new();
    for fact in facts.into_iter().filter(|fact| fact.fact_id.starts_with("hit/")) {
        if let Some(known) = latest.get(&fact.fact_id) {
            assert!(fact.revision > known.revision, "each version of a hit is higher than the one before");
        }
        latest.insert(fact.fact_id.clone(), fact);
    }
    latest.retain(|_, fact| !fact.retracted);
    latest.values_mut().for_each(|fact| fact.revision = 0);
    latest
}

/// The same, worked out without any state.
fn expected(changes: &[Change], end: i64) -> BTreeSet<Id> {
    let mut events: BTreeMap<u8, (i64, bool, Vec<u8>)> = BTreeMap::new();
    let mut list: BTreeMap<u8, (Vec<u8>, Option<i64>)> = BTreeMap::new();
    for change in changes {
        match change {
            Change::Event { id, revision, retracted, seals } => {
                let slot = events.entry(*id).or_insert((i64::MIN, true, Vec::new()));
                if *revision > slot.0 {
                    *slot = (*revision, *retracted, seals.clone());
                }
            }
            Change::Upsert { id, seals, to, .. } => drop(list.insert(*id, (seals.clone(), *to))),
            Change::Remove { id } => drop(list.remove(id)),
        }
    }
    let held: BTreeSet<u8> = events.values().filter(|e| !e.1).flat_map(|e| e.2.clone()).collect();
    list.iter()
        .filter(|(_, (seals, to))| to.is_none_or(|to| end < to) && seals.iter().any(|s| held.contains(s)))
        .map(|(id, _)| format!("hit/police/w{id}/SEAL").into())
        .collect()
}

proptest! {
    #[test]
    fn the_order_of_list_changes_and_events_does_not_matter(
        changes in prop::collection::vec(change(), 0..40).prop_map(unambiguous),
        keys in prop::collection::vec(any::<u32>(), 40),
    ) {
        let end = 100;
        let first = standing_after(&changes, end);
        let ids: BTreeSet<Id> = first.keys().cloned().collect();
        prop_assert_eq!(&ids, &expected(&changes, end));
        // Events in any order, between list changes that keep theirs.
        let (mut events, list): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|c| matches!(c, Change::Event { .. }));
        let mut keyed: Vec<_> = keys.iter().zip(events.drain(..)).collect();
        keyed.sort_by_key(|(key, _)| **key);
        let shuffled: Vec<Change> = keyed.into_iter().map(|(_, event)| event).collect();
        let list_first: Vec<Change> = list.iter().chain(&shuffled).cloned().collect();
        prop_assert_eq!(&standing_after(&list_first, end), &first);
        let list_last: Vec<Change> = shuffled.iter().chain(&list).cloned().collect();
        prop_assert_eq!(&standing_after(&list_last, end), &first);
    }
}

/// What an event says: whom it names and where they are, its ship and the number of that, seals.
#[derive(Debug, Clone)]
struct Said {
    parties: Vec<(&'static str, Option<&'static str>)>,
    ship: Option<(&'static str, Option<&'static str>)>,
    seals: Vec<u8>,
}

fn said() -> impl Strategy<Value = Said> {
    let name =
        || prop::sample::select(vec!["VOLTANA INTERNATIONAL TRADING", "ADRIATICA FRUIT", "KOPER LINES"]);
    let country = || prop::sample::select(vec![None, Some("RS"), Some("SI")]);
    let ship = prop::sample::select(vec!["NORDIC GRACE", "EVER MIGHTY"]);
    let number = prop::sample::select(vec![None, Some("9321483"), Some("9074729")]);
    let parties = prop::collection::vec((name(), country()), 0..3);
    (parties, prop::option::of((ship, number)), prop::collection::vec(0..4_u8, 0..3))
        .prop_map(|(parties, ship, seals)| Said { parties, ship, seals })
}

fn saying(id: u8, revision: i64, retracted: bool, said: &Said) -> PortEvent {
    let hour = i64::from(id) * 3 + revision % 4;
    let mut event = with_seals(event(&format!("e{id}"), revision, hour), &numbers(&said.seals));
    event.retracted = retracted;
    let named = |(name, country): &(&str, Option<&str>)| Party {
        name: Some((*name).into()),
        country: country.map(Text::from),
        ..party()
    };
    event.parties = said.parties.iter().map(named).collect();
    match said.ship {
        Some((ship, number)) => with_vessel(event, ship, number),
        None => event,
    }
}

proptest! {
    // What an event cannot have changed is not looked at again; a look at all of it must agree.
    #[test]
    fn after_any_event_screening_again_changes_nothing(
        told in prop::collection::vec((0..5_u8, 0..6_i64, prop::bool::weighted(0.15), said()), 0..16),
        begins in prop::option::of(0..20_i64),
    ) {
        let mut company = named("c-1", EntryKind::Company, "Voltana International Trading Co., Ltd.");
        company.countries = vec!["RS".to_owned()];
        let mut ship = named("v-1", EntryKind::Vessel, "NORDIC GRACE");
        ship.values = vec![Value { scheme: "IMO".into(), value: "9321483".into() }];
        let mut sealed = entry("s-1", &[("SEAL", "ML000011")]);
        sealed.valid_from = begins.map(at);
        let index = Index::of([company, ship, sealed]).with_bands(Bands::all(0.95));
        let mut state = SubjectState::default();
        let mut seen = BTreeSet::new();
        for (now, (id, revision, retracted, said)) in (0..).zip(&told) {
            if !seen.insert((*id, *revision)) {
                continue;
            }
            if state.due_at().is_some_and(|due| due <= at(now)) {
                rescreen(&mut state, BOX, &index, at(now));
            }
            screen(&mut state, &saying(*id, *revision, *retracted, said), &index, at(now));
            prop_assert_eq!(rescreen(&mut state.clone(), BOX, &index, at(now)), Vec::new());
        }
    }
}
