//! What is kept of one container: the standing version of its events and the hits that were told.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use quaywatch_domain::alert::Evidence;
use quaywatch_domain::event::Stored;
use quaywatch_domain::watchlist::Value;
use quaywatch_domain::{Handling, Id, PortEvent, Sha256, Subject, Text, Timestamp};
use serde::{Deserialize, Serialize};

use crate::identifiers::{Found, MAX_IDENTIFIERS_PER_EVENT, found_in, normalise_value, scheme};

/// Most events that are remembered of one container. Beyond, those go first whose identifiers others hold as well.
pub const MAX_EVENTS: usize = 96;

/// Most hits, standing or taken back, that are remembered of one container.
pub const MAX_HITS: usize = 256;

/// How many other events must hold an identifier for one event to be redundant, tried from the safest on.
const WITNESSES: [usize; 3] = [4, 2, 1];

/// What is kept of one container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SubjectState {
    /// Standing version of each event, retracted ones included, in order of receipt.
    pub(crate) events: Vec<SeenEvent>,
    #[serde(skip)]
    ids: Ids,
    /// Hits as they were last told.
    pub hits: Vec<HitState>,
    /// When an entry that the container meets begins or ends to be in force.
    pub due_at: Option<Timestamp>,
}

/// Digests of the ids of the events, in their order, to find one without a look at all of them. They follow from the
/// events: two states are the same whether they are at hand or not.
#[derive(Debug, Clone, Default)]
struct Ids(Vec<u64>);

impl PartialEq for Ids {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Ids {}

/// The standing version of one event, as far as screening needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "FlatSeen", into = "FlatSeen")]
pub struct SeenEvent {
    /// The event.
    pub event_id: Id,
    /// Its version.
    pub revision: i64,
    /// Whether it is taken back.
    pub retracted: bool,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When we stored it.
    pub received_at: Timestamp,
    /// The raw message.
    pub stored: Arc<Stored>,
    /// Path into the message.
    pub path: Text,
    /// Identifiers that it holds; none when taken back.
    pub identifiers: Arc<[Value]>,
    /// Countries of its parties; none when taken back.
    pub countries: Arc<[NamedCountry]>,
    /// Whom it was told to; none when taken back.
    pub subjects: Arc<[Subject]>,
}

/// A seen event in the state of a container.
#[derive(Serialize, Deserialize)]
#[serde(rename = "SeenEvent")]
struct FlatSeen {
    event_id: Id,
    revision: i64,
    retracted: bool,
    occurred_at: Timestamp,
    received_at: Timestamp,
    topic: Arc<str>,
    partition: i32,
    offset: i64,
    sha256: Sha256,
    path: Text,
    identifiers: Arc<[Value]>,
    #[serde(default, skip_serializing_if = "is_empty")]
    countries: Arc<[NamedCountry]>,
    subjects: Arc<[Subject]>,
}

impl From<FlatSeen> for SeenEvent {
    fn from(flat: FlatSeen) -> Self {
        let FlatSeen { event_id, revision, retracted, occurred_at, received_at, .. } = flat;
        let FlatSeen { topic, partition, offset, sha256, path, identifiers, countries, subjects, .. } = flat;
        let stored = Arc::new(Stored { topic, partition, offset, sha256 });
        Self {
            event_id,
            revision,
            retracted,
            occurred_at,
            received_at,
            stored,
            path,
            identifiers,
            countries,
            subjects,
        }
    }
}

impl From<SeenEvent> for FlatSeen {
    fn from(seen: SeenEvent) -> Self {
        let SeenEvent { event_id, revision, retracted, occurred_at, received_at, .. } = seen;
        let SeenEvent { stored, path, identifiers, countries, subjects, .. } = seen;
        let Stored { topic, partition, offset, sha256 } = Arc::unwrap_or_clone(stored);
        Self {
            event_id,
            revision,
            retracted,
            occurred_at,
            received_at,
            topic,
            partition,
            offset,
            sha256,
            path,
            identifiers,
            countries,
            subjects,
        }
    }
}

/// The country of a party by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedCountry {
    /// Name as it is compared.
    pub name: String,
    /// ISO 3166 alpha-2.
    pub country: String,
}

/// A hit as it was last told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitState {
    /// The fact, `hit/LIST/ENTRY/SCHEME`.
    pub fact_id: Id,
    /// Version last told.
    pub revision: i64,
    /// Whether it stands.
    pub standing: bool,
    /// Digest of its content without the version.
    pub digest: Sha256,
    /// Event time last told.
    pub occurred_at: Timestamp,
    /// Label last told; taking back is never more open.
    pub handling: Handling,
    /// The event that was its evidence.
    pub event_id: Id,
}

/// How an event stands to what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not known, or a higher version of a known one.
    New,
    /// Known in this version.
    Duplicate,
    /// Known in a higher version.
    Superseded,
}

/// How many of the latest events are looked at for the same list: most say the same of a container again and again.
const ALIKE: usize = 8;

fn is_empty<T>(list: &Arc<[T]>) -> bool {
    list.is_empty()
}

/// The list for which `is` holds, as one of the `known` holds it already, if one does.
fn shared<'k, T: 'k>(
    known: impl Iterator<Item = &'k Arc<[T]>>,
    is: impl Fn(&[T]) -> bool,
) -> Option<Arc<[T]>> {
    let mut last: Option<&Arc<[T]>> = None;
    // Most of the latest hold one list.
    known
        .take(ALIKE)
        .filter(|one| !last.replace(one).is_some_and(|last| Arc::ptr_eq(last, one)))
        .find(|other| is(other))
        .map(Arc::clone)
}

/// The identifiers of these events, each list once, the latest first: most events hold one list.
fn distinct(events: &[SeenEvent]) -> Vec<&Arc<[Value]>> {
    let mut lists: Vec<&Arc<[Value]>> = Vec::with_capacity(ALIKE);
    for seen in events.iter().rev() {
        if !lists.iter().any(|list| Arc::ptr_eq(list, &seen.identifiers)) {
            lists.push(&seen.identifiers);
        }
    }
    lists
}

/// Takes out those `places` of `values` whose identifier is in `list`; both are sorted.
fn keep_others(places: &mut Vec<usize>, values: &[Value], list: &[Value]) {
    let mut rest = list.iter().peekable();
    places.retain(|place| {
        let Some(value) = values.get(*place) else { return false };
        while rest.next_if(|known| *known < value).is_some() {}
        rest.next_if(|known| *known == value).is_none()
    });
}

impl SeenEvent {
    /// The event as it is kept beside the `known` ones of its container.
    fn of(event: &PortEvent, subjects: &[Subject], known: &[Self]) -> Self {
        let live = !event.retracted;
        let found = if live { found_in(event) } else { Vec::new() };
        let countries = if live { countries_of(event) } else { Vec::new() };
        let subjects = if live { subjects } else { &[] };
        let latest = || known.iter().rev();
        let is_found =
            |list: &[Value]| list.len() == found.len() && found.iter().zip(list).all(|(f, v)| f.is(v));
        let identifiers = shared(latest().map(|e| &e.identifiers), is_found);
        let same_countries = shared(latest().map(|e| &e.countries), |list| *list == *countries);
        let same_subjects = shared(latest().map(|e| &e.subjects), |list| *list == *subjects);
        Self {
            event_id: event.event_id.clone(),
            revision: event.revision,
            retracted: event.retracted,
            occurred_at: event.occurred_at,
            received_at: event.received_at,
            stored: Arc::clone(&event.source.stored),
            path: event.source.path.clone(),
            identifiers: identifiers.unwrap_or_else(|| found.into_iter().map(Found::into_value).collect()),
            countries: same_countries.unwrap_or_else(|| countries.into()),
            subjects: same_subjects.unwrap_or_else(|| subjects.into()),
        }
    }

    /// The way back to the bytes of the event, for the fact `fact_id`.
    pub(crate) fn evidence(&self, fact_id: Id) -> Evidence {
        Evidence {
            fact_id,
            event_id: Some(self.event_id.clone()),
            stored: Arc::clone(&self.stored),
            path: self.path.clone(),
            occurred_at: self.occurred_at,
            received_at: self.received_at,
        }
    }

    /// What it calls vessels, and their numbers.
    fn ships(&self) -> impl Iterator<Item = &Value> {
        self.identifiers.iter().filter(|v| matches!(&*v.scheme, scheme::VESSEL_NAME | scheme::IMO))
    }

    /// In order of receipt; ties are settled by what does not depend on arrival.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let by_time = self.received_at.cmp(&other.received_at).then(self.occurred_at.cmp(&other.occurred_at));
        by_time.then_with(|| self.event_id.cmp(&other.event_id))
    }
}

/// What taking an event in changed.
pub(crate) struct Taken {
    /// Whom the version before it was told to.
    pub(crate) before: Arc<[Subject]>,
    /// What it may change on the lists.
    pub(crate) news: News,
}

/// What an event may change of the hits on its container.
pub(crate) enum News {
    /// Which identifiers of the event with this index no earlier one holds, or name a party of whose country it is the first
    /// to tell. What the others meet is the same.
    Fresh(usize, Vec<usize>),
    /// Nothing: it says what others say.
    Nothing,
    /// Any hit may come, go or rest on another event.
    Any,
}

/// The countries of the parties that have a name.
fn countries_of(event: &PortEvent) -> Vec<NamedCountry> {
    let named = event.parties.iter().filter_map(|party| {
        let name = normalise_value(scheme::NAME, party.name.as_deref()?)?.into_owned();
        let country = party.country.as_deref()?.trim();
        let is_code = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_alphabetic());
        is_code.then(|| NamedCountry { name, country: country.to_ascii_uppercase() })
    });
    let mut countries: Vec<NamedCountry> = named.take(MAX_IDENTIFIERS_PER_EVENT).collect();
    countries.dedup();
    countries
}

impl SubjectState {
    /// Standing version of each event, retracted ones included, in order of receipt.
    #[must_use]
    pub fn events(&self) -> &[SeenEvent] {
        &self.events
    }

    /// How an event stands to what is known: only new ones change anything.
    #[must_use]
    pub fn standing(&self, event: &PortEvent) -> Standing {
        self.events.iter().find(|seen| seen.event_id == event.event_id).map_or(Standing::New, |seen| {
            match event.revision.cmp(&seen.revision) {
                Ordering::Greater => Standing::New,
                Ordering::Equal => Standing::Duplicate,
                Ordering::Less => Standing::Superseded,
            }
        })
    }

    /// When to screen again although nothing arrives.
    #[must_use]
    pub const fn due_at(&self) -> Option<Timestamp> {
        self.due_at
    }

    /// Whether there is nothing worth keeping.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.events.is_empty() && self.hits.is_empty()
    }

    /// Takes a new version of an event in, which concerns `subjects`; `None` when it changes nothing.
    pub(crate) fn take(&mut self, event: &PortEvent, subjects: &[Subject]) -> Option<Taken> {
        let known = self.place_of(&event.event_id);
        let standing = known.and_then(|at| self.events.get(at));
        if standing.is_some_and(|seen| event.revision <= seen.revision) {
            return None;
        }
        let before = known.map(|at| self.remove(at));
        let seen = SeenEvent::of(event, subjects, &self.events);
        let comes_before = |other: &SeenEvent| other.order(&seen).is_lt();
        // Most come in order.
        let at = if self.events.last().is_none_or(comes_before) {
            self.events.len()
        } else {
            self.events.partition_point(comes_before)
        };
        let only_adds = before.as_ref().is_none_or(|before| self.gives_nothing_up(before, &seen));
        let is_full = self.events.len() >= MAX_EVENTS;
        let news = if only_adds && !is_full { self.news_of(&seen, at) } else { News::Any };
        self.ids.0.insert(at, seen.event_id.digest());
        self.events.insert(at, seen);
        // What is let go of at once leaves all as it was.
        let changes_nothing = self.limit_events() == Some(at) && before.is_none();
        let news = if changes_nothing { News::Nothing } else { news };
        Some(Taken { before: before.map(|before| before.subjects).unwrap_or_default(), news })
    }

    /// Index of the event with this id.
    fn place_of(&mut self, id: &Id) -> Option<usize> {
        if self.ids.0.len() != self.events.len() {
            self.ids.0 = self.events.iter().map(|seen| seen.event_id.digest()).collect();
        }
        let mut alike = self.ids.0.iter().enumerate().filter(|(_, digest)| **digest == id.digest());
        alike.find_map(|(at, _)| self.events.get(at).filter(|seen| seen.event_id == *id).map(|_| at))
    }

    fn remove(&mut self, at: usize) -> SeenEvent {
        self.ids.0.remove(at);
        self.events.remove(at)
    }

    /// Whether no hit stands, and none begins by itself.
    fn is_quiet(&self) -> bool {
        self.due_at.is_none() && !self.hits.iter().any(|hit| hit.standing)
    }

    /// Whether nothing else comes to be met because the version `before` of an event is replaced by `new`. Names of vessels
    /// may be: ships are told apart by what else the first event says that names them, if not all say the same.
    fn gives_nothing_up(&self, before: &SeenEvent, new: &SeenEvent) -> bool {
        let is_alike = |other: &SeenEvent| {
            Arc::ptr_eq(&other.identifiers, &before.identifiers)
                || other.ships().next().is_none()
                || other.ships().eq(before.ships())
        };
        self.is_quiet()
            && before.countries == new.countries
            && (!before.ships().any(|v| v.scheme == scheme::VESSEL_NAME)
                || self.events.iter().chain([new]).all(is_alike))
    }

    /// What a new event may change that belongs before the one with the index `at`.
    fn news_of(&self, seen: &SeenEvent, at: usize) -> News {
        let earlier = self.events.get(..at).unwrap_or_default();
        let is_alike = |e: &SeenEvent| Arc::ptr_eq(&e.identifiers, &seen.identifiers);
        let mut fresh: Vec<usize> = Vec::new();
        if !earlier.iter().rev().any(is_alike) {
            fresh.extend(0..seen.identifiers.len());
            for list in distinct(earlier) {
                keep_others(&mut fresh, &seen.identifiers, list);
            }
        }
        // Another country of a known party may change what its name meets.
        let same = |e: &SeenEvent| Arc::ptr_eq(&e.countries, &seen.countries);
        let are_known = self.events.iter().rev().any(same);
        let is_known = |c: &NamedCountry| self.events.iter().rev().any(|e| e.countries.contains(c));
        for new in seen.countries.iter().filter(|c| !are_known && !is_known(c)) {
            let is_its = |v: &Value| v.scheme == scheme::NAME && v.value == *new.name;
            let Some(name) = seen.identifiers.iter().position(is_its) else { return News::Any };
            fresh.push(name);
        }
        // What others hold as well a hit may rest on.
        let is_held = |n: &usize| {
            let value = seen.identifiers.get(*n);
            value.is_some_and(|v| self.events.iter().any(|e| e.identifiers.binary_search(v).is_ok()))
        };
        if self.is_quiet() || !fresh.iter().any(is_held) { News::Fresh(at, fresh) } else { News::Any }
    }

    /// Each identifier that a standing event holds, sorted, with the first such event.
    pub(crate) fn identifiers(&self) -> Vec<(&Value, &SeenEvent)> {
        let mut first: HashMap<&Value, &SeenEvent> = HashMap::new();
        for seen in self.events.iter().filter(|seen| !seen.retracted) {
            for value in &*seen.identifiers {
                first.entry(value).or_insert(seen);
            }
        }
        let mut first: Vec<_> = first.into_iter().collect();
        first.sort_unstable_by_key(|(value, _)| *value);
        first
    }

    /// The country of the party of this name, where the standing events agree on one.
    pub(crate) fn country_of(&self, name: &str) -> Option<&str> {
        let named = self.events.iter().flat_map(|seen| &*seen.countries).filter(|named| named.name == name);
        let mut countries = named.map(|named| named.country.as_str());
        let first = countries.next()?;
        countries.all(|other| other == first).then_some(first)
    }

    /// Lets go of one event where there are too many; the place that it had.
    fn limit_events(&mut self) -> Option<usize> {
        let at = (self.events.len() > MAX_EVENTS).then(|| self.least_useful())?;
        self.remove(at);
        Some(at)
    }

    /// The latest event whose identifiers enough others hold, else the oldest retraction, else the oldest event behind
    /// no standing hit.
    fn least_useful(&self) -> usize {
        if let Some(latest) = self.events.len().checked_sub(1).filter(|at| self.is_redundant(*at)) {
            return latest;
        }
        let mut held: BTreeMap<&Value, usize> = BTreeMap::new();
        for value in self.events.iter().flat_map(|seen| &*seen.identifiers) {
            *held.entry(value).or_default() += 1;
        }
        let redundant = |seen: &SeenEvent, witnesses: usize| {
            !seen.retracted
                && seen.identifiers.iter().all(|v| held.get(v).is_some_and(|count| *count > witnesses))
        };
        let is_evidence =
            |seen: &SeenEvent| self.hits.iter().any(|hit| hit.standing && hit.event_id == seen.event_id);
        WITNESSES
            .iter()
            .find_map(|w| self.events.iter().rposition(|seen| redundant(seen, *w)))
            .or_else(|| self.events.iter().position(|seen| seen.retracted))
            .or_else(|| self.events.iter().position(|seen| !is_evidence(seen)))
            .unwrap_or(0)
    }

    /// Whether the safest number of other events holds each identifier of this one.
    fn is_redundant(&self, at: usize) -> bool {
        let [safest, ..] = WITNESSES;
        let is_held = |v| {
            let holding = self.events.iter().filter(|seen| seen.identifiers.binary_search(v).is_ok());
            holding.take(safest + 1).count() > safest
        };
        self.events.get(at).is_some_and(|seen| !seen.retracted && seen.identifiers.iter().all(is_held))
    }

    pub(crate) fn limit_hits(&mut self) {
        while self.hits.len() > MAX_HITS {
            let Some(at) = self.hits.iter().position(|hit| !hit.standing) else { return };
            self.hits.remove(at);
        }
    }
}
