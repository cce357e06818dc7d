//! The ledger of a party: with whom and what it has traded, as first-seen relations over two years.
//!
//! Three kinds of party have one: consignees (from events that name them so), issuers of release rights (from the events
//! that issue rights), and shared contacts and addresses (from events that name consignees by them). Bounded, earliest
//! sightings first, because only these decide whether a relation is new.

use std::collections::{BTreeMap, BTreeSet};

use quaywatch_domain::event::{Party, PartyRole, PortEvent};
use quaywatch_domain::{EventKind, Fact, Timestamp};

use crate::rules::{identity_hijack, message_spoofing, release_right, shell_importer};
use crate::settings::DAY_MS;
use crate::timeline;
use crate::view::evidence_of;
use crate::{Changes, Engine, Outcome, Sighting, TimelineState, loops};

/// Most values of one class of relations; a party with more is a trade platform and has no habits to break.
const MAX_VALUES: usize = 48;

/// Earliest sightings kept of each partner: enough that corrections of the first ones leave a first one. Beyond it what
/// was let go cannot come back when all that was kept is taken back.
pub(crate) const MAX_SIGHTINGS_PER_PARTNER: usize = 24;

/// Containers kept of each other relation, and sightings of each of them.
const MAX_CONTAINERS_PER_RELATION: usize = 8;
const MAX_SIGHTINGS_PER_CONTAINER: usize = 2;

/// Containers of the party kept as its history.
const MAX_HISTORY_CONTAINERS: usize = 8;

/// Tombstones kept, latest first.
const MAX_TOMBSTONES: usize = 32;

/// Class of the parties that handle a consignee's containers, kept in [`Sighting::partners`].
const PARTNER: &str = "PARTNER";

pub(crate) fn apply(engine: &Engine, state: &mut TimelineState, fact: &Fact, now: Timestamp) -> Changes {
    let Some(sighting) = sighting(fact, state) else { return Changes::none(Outcome::OutOfScope) };
    state.expires_at = Some(now.plus_millis(engine.rules.history.party_days * DAY_MS));
    if state.saturated {
        return Changes::none(Outcome::New);
    }
    let is_known = state.sightings.iter().any(|s| s.fact_id == fact.fact_id);
    let outcome = timeline::put(&mut state.sightings, sighting);
    if outcome != Outcome::New {
        return Changes::none(outcome);
    }
    prune(state);
    if !is_known && !state.sightings.iter().any(|s| s.fact_id == fact.fact_id) {
        return Changes::none(Outcome::New);
    }
    let mut changes = Changes::none(Outcome::New);
    evaluate(engine, state, &mut changes);
    changes
}

pub(crate) fn evaluate(engine: &Engine, state: &mut TimelineState, changes: &mut Changes) {
    let Some(origin) = state.subject.clone() else { return };
    let rules = &engine.rules;
    let mut wanted = Vec::new();
    if !state.saturated {
        let first = release_right::tell_new_relations(rules, &origin, &state.sightings);
        wanted.extend(first.into_iter().map(|fact| (fact, false)));
        identity_hijack::tell(rules, &origin, &state.sightings, &mut wanted);
        shell_importer::tell(rules, &origin, &state.sightings, &mut wanted);
        message_spoofing::tell(rules, &origin, &state.sightings, &mut wanted);
    }
    loops::tell(state, wanted, &mut changes.facts, &mut changes.shadowed);
}

/// The values that sightings give for a class, each with its standing sightings in order of time.
pub(crate) fn relations<'a>(sightings: &'a [Sighting], class: &str) -> BTreeMap<&'a str, Vec<&'a Sighting>> {
    let mut values: BTreeMap<&str, Vec<&Sighting>> = BTreeMap::new();
    for s in sightings.iter().filter(|s| !s.retracted) {
        for value in s.relations.iter().filter_map(|r| value_of(r, class)) {
            values.entry(value).or_default().push(s);
        }
    }
    values
}

fn value_of<'a>(relation: &'a str, class: &str) -> Option<&'a str> {
    relation.strip_prefix(class)?.strip_prefix('=')
}

/// The containers of these sightings, each once.
pub(crate) fn containers<'a>(sightings: impl IntoIterator<Item = &'a Sighting>) -> BTreeSet<&'a str> {
    sightings.into_iter().filter_map(|s| s.container.as_deref()).collect()
}

/// The sighting that a fact is; a retraction of anything is one.
fn sighting(fact: &Fact, state: &TimelineState) -> Option<Sighting> {
    let event = fact.event.as_deref();
    let seen = event.filter(|_| !fact.retracted).and_then(|e| Some((e, told_of(e, &fact.subject.id)?)));
    let is_known = state.sightings.iter().any(|s| s.fact_id == fact.fact_id);
    if seen.is_none() && !is_known && !fact.retracted {
        return None;
    }
    let (mut partners, mut relations) = seen.as_ref().map(|(_, told)| told.clone()).unwrap_or_default();
    for class in &state.saturated_classes {
        relations.retain(|r| value_of(r, class).is_none());
        if class == PARTNER {
            partners.clear();
        }
    }
    Some(Sighting {
        fact_id: fact.fact_id.clone(),
        revision: fact.revision,
        retracted: fact.retracted,
        occurred_at: fact.occurred_at,
        received_at: fact.received_at,
        kind: event.map_or(EventKind::Other, |e| e.kind.clone()),
        container: seen.as_ref().and_then(|(e, _)| e.container()).map(str::to_owned),
        issuer: None,
        partners,
        relations,
        handling: fact.handling.clone(),
        evidence: seen.map(|(e, _)| evidence_of(fact, e)),
    })
}

/// Partners and relations that an event tells of the party with this key; `None` when it says nothing for a ledger.
fn told_of(event: &PortEvent, key: &str) -> Option<(Vec<String>, Vec<String>)> {
    let named_as =
        |role: PartyRole| event.parties.iter().find(|p| p.role == role && p.key().as_deref() == Some(key));
    let mut partners = Vec::new();
    let mut relations = Vec::new();
    let mut add = |class: &str, value: Option<String>| {
        relations.extend(value.filter(|v| !v.is_empty()).map(|value| format!("{class}={value}")));
    };
    if let Some(consignee) = named_as(PartyRole::Consignee) {
        if event.container().is_none() && event.kind != EventKind::CompanyRecorded {
            return None;
        }
        partners = keys(event, &[PartyRole::ReleaseTo, PartyRole::Haulier]);
        partners.retain(|partner| partner != key);
        for partner in keys(event, &[PartyRole::Haulier]) {
            add("HAULIER", Some(partner));
        }
        for partner in keys(event, &[PartyRole::Forwarder]) {
            add("FORWARDER", Some(partner));
        }
        add("CONTACT", event.party(PartyRole::Notify).unwrap_or(consignee).contact.clone());
        let route = event.route.as_deref();
        add("DELIVERY", route.and_then(|r| r.place_of_delivery.clone()));
        add("ORIGIN", shell_importer::origin(event).map(str::to_owned));
        for goods in &event.cargo {
            add("GOODS", goods.hs_code.as_deref().and_then(|hs| hs.get(..2)).map(str::to_owned));
        }
        register(consignee, &mut add);
    } else if named_as(PartyRole::ReleaseFrom).or_else(|| named_as(PartyRole::Carrier)).is_some() {
        if event.kind != EventKind::ReleaseIssued {
            return None;
        }
        add("USER", event.actor.as_deref().and_then(|a| a.user.clone()));
        add("SENDER", event.source.sender.as_ref().map(|sender| format!("{}/{sender}", event.source.feed)));
    } else {
        let by = |p: &&Party| {
            matches!(p.role, PartyRole::Consignee | PartyRole::Notify)
                && p.shared_keys().iter().any(|k| k == key)
        };
        event.parties.iter().find(by)?;
        let company = event.party(PartyRole::Consignee)?;
        add(
            "COMPANY",
            company.key().zip(company.registered_at).map(|(k, at)| format!("{k}@{}", at.as_millis())),
        );
    }
    for list in [&mut partners, &mut relations] {
        list.sort_unstable();
        list.dedup();
    }
    Some((partners, relations))
}

/// What the company register says.
fn register(company: &Party, add: &mut impl FnMut(&str, Option<String>)) {
    add("REGISTERED", company.registered_at.map(|at| at.as_millis().to_string()));
    add("OFFICERS", company.officers_changed_at.map(|at| at.as_millis().to_string()));
    add("CAPITAL", company.capital_eur.map(|eur| eur.to_string()));
}

fn keys(event: &PortEvent, roles: &[PartyRole]) -> Vec<String> {
    event.parties.iter().filter(|p| roles.contains(&p.role)).filter_map(Party::key).collect()
}

/// Keeps the earliest sightings of each partner, of each relation and of the first containers; what is kept of a set of
/// sightings does not depend on their arrival.
fn prune(state: &mut TimelineState) {
    saturate(state);
    let mut partners: BTreeMap<&str, usize> = BTreeMap::new();
    let mut relations: BTreeMap<&str, Vec<(Option<&str>, usize)>> = BTreeMap::new();
    let mut containers: BTreeSet<&str> = BTreeSet::new();
    let is_tombstone = |s: &Sighting| s.retracted || (s.container.is_none() && s.relations.is_empty());
    let mut tombstones = state.sightings.iter().filter(|s| is_tombstone(s)).count();
    let mut keep = Vec::with_capacity(state.sightings.len());
    for s in &state.sightings {
        if is_tombstone(s) {
            keep.push(tombstones <= MAX_TOMBSTONES);
            tombstones = tombstones.saturating_sub(1);
            continue;
        }
        let container = s.container.as_deref();
        let mut kept = container.is_some_and(|container| {
            containers.len() < MAX_HISTORY_CONTAINERS && containers.insert(container)
        });
        for partner in &s.partners {
            let count = partners.entry(partner).or_default();
            kept |= *count < MAX_SIGHTINGS_PER_PARTNER;
            *count += 1;
        }
        for relation in &s.relations {
            let seen = relations.entry(relation).or_default();
            let has_room = seen.len() < MAX_CONTAINERS_PER_RELATION;
            if let Some((_, count)) = seen.iter_mut().find(|(known, _)| *known == container) {
                kept |= *count < MAX_SIGHTINGS_PER_CONTAINER;
                *count += 1;
            } else if has_room {
                seen.push((container, 1));
                kept = true;
            }
        }
        keep.push(kept);
    }
    let mut keep = keep.into_iter();
    state.sightings.retain(|_| keep.next().unwrap_or(true));
}

/// Gives up classes of relations with too many values.
fn saturate(state: &mut TimelineState) {
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for s in &state.sightings {
        values.entry(PARTNER).or_default().extend(s.partners.iter().map(String::as_str));
        for (class, value) in s.relations.iter().filter_map(|r| r.split_once('=')) {
            values.entry(class).or_default().insert(value);
        }
    }
    let full = values.into_iter().filter(|(_, values)| values.len() > MAX_VALUES);
    let full: Vec<String> = full.map(|(class, _)| class.to_owned()).collect();
    for class in full {
        for s in &mut state.sightings {
            s.relations.retain(|r| value_of(r, &class).is_none());
            if class == PARTNER {
                s.partners.clear();
            }
        }
        state.saturated_classes.push(class);
        state.saturated_classes.sort_unstable();
    }
}
