//! The ledger of a party: with whom and what it has traded, as first-seen relations over two years; each of them ages by
//! itself (`aging.rs`).
//!
//! The haulier also has the exports that it took out by gate (`haulage.rs`).
//!
//! Three kinds of party have one: consignees (from events that name them so), issuers of releases (from the events that
//! issue rights or order the release), and shared contacts and addresses (from events that name consignees by them).
//! Bounded, earliest sightings first, because only these decide whether a relation is new.
//!
//! A class with too many values is given up for good, also when some of these are taken back later: a retraction that comes
//! before what it takes back names no value, so the two orders differ for a party at that bound, and there alone.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use quaywatch_domain::event::{Party, PartyRole, PortEvent};
use quaywatch_domain::{EventKind, Fact, Id, Text, Timestamp};

use crate::haulage::{haulage, is_haulage, is_only_hauled, prune_hauled};
use crate::ledger::{Ledger, split, value_of};
use crate::rules::{identity_hijack, message_spoofing, release_right, shell_importer, trojan_box};
use crate::settings::DAY_MS;
use crate::timeline;
use crate::view::evidence_of;
use crate::{Changes, Engine, Outcome, Rules, Sighting, TimelineState, aging, loops};

/// Most values of one class of relations; a party with more is a trade platform and has no habits to break.
const MAX_VALUES: usize = 48;

/// Earliest sightings kept of each partner: enough that corrections of the first ones leave a first one. Beyond it what
/// was let go cannot come back when all that was kept is taken back.
pub(crate) const MAX_SIGHTINGS_PER_PARTNER: usize = 24;

/// Containers kept of each other relation, and sightings of each of them.
const MAX_CONTAINERS_PER_RELATION: usize = 8;
const MAX_SIGHTINGS_PER_CONTAINER: usize = 8;

/// Containers of the party kept as its history.
pub(crate) const MAX_HISTORY_CONTAINERS: usize = 8;

/// How many of the latest sightings are looked at for the same texts.
const ALIKE: usize = 16;

/// Tombstones kept, latest first.
const MAX_TOMBSTONES: usize = 32;

/// Beginning of the relation of an issuer to a user who entered its release; kept while people are looked at.
pub(crate) const USER: &str = "USER=";

/// Class of the parties that handle a consignee's containers, kept in [`Sighting::partners`].
const PARTNER: &str = "PARTNER";

pub(crate) fn apply(engine: &Engine, state: &mut TimelineState, fact: &Fact, now: Timestamp) -> Changes {
    let is_known = is_kept(state, fact);
    let Some(mut sighting) = sighting(engine, fact, state, is_known) else {
        return Changes::none(Outcome::OutOfScope);
    };
    share_texts(&state.sightings, &mut sighting);
    state.expires_at = Some(now.plus_millis(engine.rules.history.party_days * DAY_MS));
    if state.saturated {
        return Changes::none(Outcome::New);
    }
    let comes_last =
        !is_known && !is_tombstone(&sighting) && !is_only_hauled(&sighting) && is_last(state, &sighting);
    let is_surplus = comes_last && is_surplus(state, &sighting);
    if is_surplus && aging::is_marked(state, &sighting) {
        return Changes::none(Outcome::New);
    }
    let says_nothing_new = is_surplus || (comes_last && repeats(state, &sighting));
    let adds_value = !comes_last || (!says_nothing_new && adds_value(state, &sighting));
    let is_due = state.deadline_at.is_some_and(|deadline| deadline <= now);
    let says_nothing_new =
        says_nothing_new || (comes_last && !is_due && !may_tell(&engine.rules, &state.sightings, &sighting));
    let outcome = timeline::put(&mut state.sightings, sighting);
    if outcome != Outcome::New {
        return Changes::none(outcome);
    }
    // What comes last and is no surplus stays, and makes nothing before it go unless that has aged.
    let rules = &engine.rules;
    let may_saturate = adds_value && may_saturate(state);
    let is_same = if !comes_last || is_surplus || may_saturate || aging::may_age(rules, state) {
        prune_hauled(state);
        let changed = prune(rules, state);
        !changed && !is_known && (says_nothing_new || !is_kept(state, fact))
    } else {
        says_nothing_new
    };
    if is_same {
        debug_assert!(
            is_due || tells_nothing(engine, state, now),
            "a ledger tells what nothing was to begin"
        );
        return Changes::none(Outcome::New);
    }
    let mut changes = Changes::none(Outcome::New);
    evaluate(engine, state, now, &mut changes);
    changes
}

/// Makes a new sighting share the texts that late ones hold already: the same few are compared again and again.
fn share_texts(known: &[Sighting], new: &mut Sighting) {
    fn share<'k>(text: &mut Id, mut known: impl Iterator<Item = &'k Id>) {
        if let Some(same) = known.find(|one| **one == *text) {
            text.clone_from(same);
        }
    }
    let late = || known.iter().rev().take(ALIKE);
    for partner in &mut new.partners {
        share(partner, late().flat_map(|s| &s.partners));
    }
    for relation in &mut new.relations {
        share(relation, late().flat_map(|s| &s.relations));
    }
}

fn is_kept(state: &TimelineState, fact: &Fact) -> bool {
    state.sightings.iter().any(|s| s.fact_id == fact.fact_id)
}

pub(crate) fn evaluate(engine: &Engine, state: &mut TimelineState, now: Timestamp, changes: &mut Changes) {
    let Some(origin) = state.subject.clone() else { return };
    let rules = &engine.rules;
    let mut wanted = Vec::new();
    state.deadline_at = None;
    if !state.saturated {
        let first = release_right::tell_new_relations(rules, &origin, &state.sightings);
        wanted.extend(first.into_iter().map(|fact| (fact, false)));
        let ledger = Ledger::read(&origin, &state.sightings);
        identity_hijack::tell(rules, &ledger, &mut wanted);
        shell_importer::tell(rules, &ledger, &mut wanted);
        state.deadline_at = message_spoofing::tell(rules, &ledger, now, &mut wanted);
        wanted.retain(|(fact, _)| Some(fact.occurred_at) > state.aged_to);
    }
    let hauled = trojan_box::tell_repeated(rules, &origin, &state.sightings);
    wanted.extend(hauled.into_iter().map(|fact| (fact, false)));
    loops::tell(state, wanted, &mut changes.facts, &mut changes.shadowed);
}

/// The sighting that a fact is; a retraction of anything is one.
fn sighting(engine: &Engine, fact: &Fact, state: &TimelineState, is_known: bool) -> Option<Sighting> {
    let event = fact.event.as_deref();
    let seen = event.filter(|_| !fact.retracted);
    let seen = seen.and_then(|e| Some((e, told_of(e, &fact.subject.id)?)));
    let hauled = event.filter(|_| !fact.retracted);
    let hauled = hauled.and_then(|e| Some((e, haulage(e, &fact.subject.id)?)));
    if seen.is_none() && hauled.is_none() && !is_known && !fact.retracted {
        return None;
    }
    let standing = seen.as_ref().map(|(e, _)| *e).or(hauled.map(|(e, _)| e));
    let (mut partners, mut relations) = seen.map(|(_, told)| told).unwrap_or_default();
    relations.extend(hauled.map(|(_, relation)| Id::from(relation)));
    if !engine.rules.people.enabled {
        relations.retain(|r| !r.starts_with(USER));
    }
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
        container: standing.and_then(PortEvent::container).map(Text::from),
        issuer: None,
        partners,
        relations,
        place: None,
        handling: fact.handling.clone(),
        evidence: standing.map(|e| evidence_of(fact, e)),
    })
}

/// Whether a relation says what the party is or does, and not with whom or what it deals: it ages with the party alone.
pub(crate) fn is_attribute(relation: &str) -> bool {
    is_haulage(relation)
        || ["REGISTERED", "OFFICERS", "CAPITAL"].iter().any(|class| value_of(relation, class).is_some())
}

/// Partners and relations that an event tells of the party with this key; `None` when it says nothing for a ledger.
fn told_of(event: &PortEvent, key: &str) -> Option<(Vec<Id>, Vec<Id>)> {
    let named_as = |role: PartyRole| event.parties.iter().find(|p| p.role == role && p.has_key(key));
    let mut partners = Vec::new();
    let mut relations = Vec::new();
    let mut add = |class: &str, value: Option<&str>| {
        relations.extend(value.filter(|v| !v.is_empty()).map(|value| [class, "=", value].concat().into()));
    };
    if let Some(consignee) = named_as(PartyRole::Consignee) {
        if event.container().is_none() && event.kind != EventKind::CompanyRecorded {
            return None;
        }
        let named = keys(event, &[PartyRole::ReleaseTo, PartyRole::Haulier]).into_iter();
        partners = named.filter(|partner| partner != key).map(Id::from).collect();
        if !event.tells_trade() {
            return Some((partners, relations)).filter(|(partners, _)| !partners.is_empty());
        }
        for partner in keys(event, &[PartyRole::Haulier]) {
            add("HAULIER", Some(&partner));
        }
        for partner in keys(event, &[PartyRole::Forwarder]) {
            add("FORWARDER", Some(&partner));
        }
        add("CONTACT", event.party(PartyRole::Notify).unwrap_or(consignee).contact.as_deref());
        let route = event.route.as_deref();
        add("DELIVERY", route.and_then(|r| r.place_of_delivery.as_deref()));
        add("ORIGIN", shell_importer::origin(event));
        for goods in &event.cargo {
            add("GOODS", goods.hs_code.as_deref().and_then(|hs| hs.get(..2)));
        }
        register(consignee, &mut add);
    } else if named_as(PartyRole::ReleaseFrom).or_else(|| named_as(PartyRole::Carrier)).is_some() {
        if !event.begins_release() {
            return None;
        }
        add("USER", event.actor.as_deref().and_then(|a| a.user.as_deref()));
        // Whichever feed it comes by: a carrier begins to send to a second platform, too.
        add("SENDER", event.source.sender.as_deref());
    } else {
        if !event.tells_trade() || !Party::is_shared_key(key) {
            return None;
        }
        let by = |p: &&Party| {
            matches!(p.role, PartyRole::Consignee | PartyRole::Notify)
                && p.shared_keys().iter().any(|k| k == key)
        };
        event.parties.iter().find(by)?;
        let company = event.party(PartyRole::Consignee)?;
        for (class, at) in [("COMPANY", company.registered_at), ("TAKEN_OVER", company.officers_changed_at)] {
            let entry = company.key().zip(at).map(|(key, at)| format!("{key}@{}", at.as_millis()));
            add(class, entry.as_deref());
        }
    }
    for list in [&mut partners, &mut relations] {
        list.sort_unstable();
        list.dedup();
    }
    Some((partners, relations))
}

/// What the company register says.
fn register(company: &Party, add: &mut impl FnMut(&str, Option<&str>)) {
    add("REGISTERED", company.registered_at.map(|at| at.as_millis().to_string()).as_deref());
    add("OFFICERS", company.officers_changed_at.map(|at| at.as_millis().to_string()).as_deref());
    add("CAPITAL", company.capital_eur.map(|eur| eur.to_string()).as_deref());
}

fn keys(event: &PortEvent, roles: &[PartyRole]) -> Vec<Text> {
    event.parties.iter().filter(|p| roles.contains(&p.role)).filter_map(Party::key).collect()
}

/// Whether a sighting comes after all that are known.
fn is_last(state: &TimelineState, new: &Sighting) -> bool {
    state.sightings.last().is_none_or(|s| (s.occurred_at, &s.fact_id) < (new.occurred_at, &new.fact_id))
}

/// Whether [`prune`] would let go of this new sighting, the last one, at once, because enough earlier ones say all that
/// it says.
fn is_surplus(state: &TimelineState, new: &Sighting) -> bool {
    let mut containers: Vec<&str> = Vec::with_capacity(MAX_HISTORY_CONTAINERS);
    let standing = state.sightings.iter().filter(|s| !s.retracted && !is_only_hauled(s));
    for container in standing.filter_map(|s| s.container.as_deref()) {
        if !containers.contains(&container) {
            containers.push(container);
        }
        if containers.len() == MAX_HISTORY_CONTAINERS {
            break;
        }
    }
    if containers.len() < MAX_HISTORY_CONTAINERS {
        return false;
    }
    let mut partners = vec![0_usize; new.partners.len()];
    let mut relations: Vec<Seen<'_>> = vec![Vec::new(); new.relations.len()];
    let mut telling =
        state.sightings.iter().filter(|s| !is_tombstone(s) && !is_only_hauled(s) && !aging::is_mark(s));
    // What says enough says so whatever comes later.
    telling.any(|s| {
        for (count, _) in partners.iter_mut().zip(&new.partners).filter(|(_, p)| s.partners.contains(p)) {
            *count += 1;
        }
        for (seen, _) in relations.iter_mut().zip(&new.relations).filter(|(_, r)| s.relations.contains(r)) {
            count(seen, s.container.as_deref());
        }
        partners.iter().all(|count| *count >= MAX_SIGHTINGS_PER_PARTNER)
            && relations.iter().all(|seen| is_full(seen, new.container.as_deref()))
    })
}

/// Whether a new sighting, the last one, says nothing that changes what is told: its container was seen with each of its
/// relations before, and the rules tell a container by its first sighting.
fn repeats(state: &TimelineState, new: &Sighting) -> bool {
    let Some(container) = new.container.as_deref() else { return false };
    // Transfers may be first relations; who enters and sends a release, and exports taken out, are counted one by one.
    let counts = |r: &Id| is_haulage(r) || [USER, "SENDER="].iter().any(|class| r.starts_with(class));
    if new.kind == EventKind::ReleaseTransferred || new.relations.iter().any(counts) {
        return false;
    }
    let standing = || state.sightings.iter().filter(|s| !s.retracted);
    let with_it = || standing().filter(|s| s.container.as_deref() == Some(container) && !is_only_hauled(s));
    let Some(latest) = with_it().map(|s| s.occurred_at).next_back() else { return false };
    // What the register says counts from its day on.
    let day = |r: &Id| value_of(r, "REGISTERED").or_else(|| value_of(r, "OFFICERS"))?.parse().ok();
    let mut days = standing().flat_map(|s| &s.relations).filter_map(day).map(Timestamp::from_millis);
    new.relations.iter().all(|relation| with_it().any(|s| s.relations.contains(relation)))
        && !days.any(|day| latest < day && day <= new.occurred_at)
}

/// Whether a rule may tell something else because of a new sighting, the last one, when the earlier ones stay as they are.
fn may_tell(rules: &Rules, earlier: &[Sighting], new: &Sighting) -> bool {
    // Of these each counts, or the number of values.
    let counts = |r: &Id| {
        is_haulage(r) || [USER, "SENDER=", "COMPANY=", "TAKEN_OVER="].iter().any(|class| r.starts_with(class))
    };
    new.kind == EventKind::ReleaseTransferred
        || new.relations.iter().any(counts)
        || identity_hijack::may_tell(rules, earlier, new)
        || shell_importer::may_tell(rules, earlier, new)
}

/// Whether a look at the ledger would change nothing.
fn tells_nothing(engine: &Engine, state: &TimelineState, now: Timestamp) -> bool {
    let (mut looked, mut changes) = (state.clone(), Changes::none(Outcome::New));
    evaluate(engine, &mut looked, now, &mut changes);
    changes.facts.is_empty() && changes.shadowed.is_empty() && looked.deadline_at == state.deadline_at
}

/// Containers with which a relation was seen, and how often.
type Seen<'a> = Vec<(Option<&'a str>, usize)>;

/// Whether one more sighting of a relation with a container would not be among those that are kept.
fn is_full(seen: &Seen<'_>, container: Option<&str>) -> bool {
    match seen.iter().find(|(known, _)| *known == container) {
        Some((_, count)) => *count >= MAX_SIGHTINGS_PER_CONTAINER,
        None => seen.len() >= MAX_CONTAINERS_PER_RELATION,
    }
}

/// Counts a sighting of a relation with a container; whether it is among those that are kept.
fn count<'a>(seen: &mut Seen<'a>, container: Option<&'a str>) -> bool {
    if let Some((_, count)) = seen.iter_mut().find(|(known, _)| *known == container) {
        *count += 1;
        return *count <= MAX_SIGHTINGS_PER_CONTAINER;
    }
    let has_room = seen.len() < MAX_CONTAINERS_PER_RELATION;
    if has_room {
        seen.push((container, 1));
    }
    has_room
}

/// Whether a sighting says nothing. It stays for a while as well: an older version that says something may still come.
pub(crate) fn is_tombstone(s: &Sighting) -> bool {
    s.retracted || (s.partners.is_empty() && s.relations.is_empty())
}

/// Keeps the earliest sightings of each partner, of each relation and of the first containers; what is kept of a set of
/// sightings does not depend on their arrival. Of later ones stays what shows that relations are in use. Whether something
/// has aged, or a class of relations was given up.
fn prune(rules: &Rules, state: &mut TimelineState) -> bool {
    let has_aged = aging::age(rules, state);
    let is_given_up = saturate(state);
    let mut partners: HashMap<&str, usize> = HashMap::new();
    let mut relations: HashMap<&str, Seen<'_>> = HashMap::new();
    let mut containers: HashSet<&str> = HashSet::with_capacity(MAX_HISTORY_CONTAINERS);
    let mut tombstones = state.sightings.iter().filter(|s| is_tombstone(s)).count();
    let mut keep = Vec::with_capacity(state.sightings.len());
    for s in &state.sightings {
        if is_tombstone(s) {
            let is_history = !s.retracted
                && s.container.as_deref().is_some_and(|container| {
                    containers.len() < MAX_HISTORY_CONTAINERS && containers.insert(container)
                });
            keep.push(is_history || tombstones <= MAX_TOMBSTONES);
            tombstones = tombstones.saturating_sub(1);
            continue;
        }
        if is_only_hauled(s) || aging::is_mark(s) {
            keep.push(is_only_hauled(s));
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
            kept |= count(relations.entry(relation).or_default(), container);
        }
        keep.push(kept);
    }
    aging::mark(rules, &mut state.sightings, &mut keep);
    let mut keep = keep.into_iter();
    state.sightings.retain(|_| keep.next().unwrap_or(true));
    has_aged || is_given_up
}

/// Whether a new sighting names a partner or a value of a relation that no other one names.
fn adds_value(state: &TimelineState, new: &Sighting) -> bool {
    let is_named = |p: &Id| state.sightings.iter().any(|s| s.partners.contains(p));
    let is_related = |r: &Id| state.sightings.iter().any(|s| s.relations.contains(r));
    !new.partners.iter().all(is_named) || !new.relations.iter().all(is_related)
}

/// Whether a class of relations may have too many values: an upper bound, by the first letters of what is told.
fn may_saturate(state: &TimelineState) -> bool {
    let mut partners = 0_usize;
    let mut relations = [0_usize; 32];
    for s in state.sightings.iter().filter(|s| !aging::is_mark(s)) {
        partners += s.partners.len();
        for first in s.relations.iter().filter_map(|r| r.bytes().next()) {
            if let Some(count) = relations.get_mut(usize::from(first % 32)) {
                *count += 1;
            }
        }
    }
    partners > MAX_VALUES || relations.iter().any(|count| *count > MAX_VALUES)
}

/// Gives up classes of relations with too many values; whether there was one.
fn saturate(state: &mut TimelineState) -> bool {
    let mut values: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
    for s in &state.sightings {
        values.entry(PARTNER).or_default().extend(s.partners.iter().map(Id::as_str));
        for (class, value) in s.relations.iter().filter_map(|r| split(r)) {
            values.entry(class).or_default().insert(value);
        }
    }
    let full = values.into_iter().filter(|(_, values)| values.len() > MAX_VALUES);
    let full: Vec<String> = full.map(|(class, _)| class.to_owned()).collect();
    let is_given_up = !full.is_empty();
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
    is_given_up
}
