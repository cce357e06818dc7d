//! What the rules see: the standing facts of one container, sorted by what they are, cut into visits.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use quaywatch_domain::alert::Evidence;
use quaywatch_domain::event::{EquipmentStatus, Glance, Laden, PartyRole, PortEvent};
use quaywatch_domain::identifiers::size_type::{Build, SizeType};
use quaywatch_domain::indicator::Expected;
use quaywatch_domain::{Alert, EventKind, Fact, Feedback, Hit, Id, Indicator, Severity, Subject, Timestamp};

use crate::completeness::port_of;
use crate::golden::{Golden, same_happening};
use crate::outages::Mark;
use crate::settings::SubRule;
use crate::visits::Cutter;
use crate::{Baselines, Engine, Outages, Rules, TimelineState};

/// A set of kinds of events.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Kinds(u128);

impl Kinds {
    pub(crate) const fn of(kinds: &[EventKind]) -> Self {
        let mut set = Self(0);
        let mut rest = kinds;
        while let [kind, more @ ..] = rest {
            set = set.with(kind);
            rest = more;
        }
        set
    }

    const fn with(self, kind: &EventKind) -> Self {
        self.with_place(kind.ordinal())
    }

    const fn with_place(self, place: usize) -> Self {
        Self(self.0 | 1 << place)
    }

    /// The kind at this place of [`EventKind::KNOWN`].
    pub(crate) const fn at_place(place: usize) -> Self {
        Self(1 << place)
    }

    pub(crate) const fn have_any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }
}

// Each kind has its bit.
const _: () = assert!(EventKind::KNOWN.len() < 128);

/// One standing event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) fact: &'a Fact,
    pub(crate) event: &'a PortEvent,
    pub(crate) glance: Glance,
    /// Index of its visit.
    pub(crate) visit: usize,
}

impl<'a> Seen<'a> {
    /// What happened.
    pub(crate) fn kind(&self) -> &'a EventKind {
        EventKind::KNOWN.get(self.glance.kind()).unwrap_or(&self.event.kind)
    }

    /// Whether it is reported as a fact.
    pub(crate) const fn is_actual(&self) -> bool {
        self.glance.is_actual()
    }

    pub(crate) const fn at(&self) -> Timestamp {
        self.fact.occurred_at
    }

    /// Whether the container number may not be relied on.
    pub(crate) const fn number_is_doubtful(&self) -> bool {
        self.glance.has_doubtful_number()
    }

    /// When it was said: for plans and requests that is not the time they are about.
    pub(crate) fn said_at(&self) -> Timestamp {
        if self.is_actual() {
            self.fact.occurred_at
        } else {
            self.fact.created_at.unwrap_or(self.fact.received_at).min(self.fact.received_at)
        }
    }

    /// Whether it is said to be empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.laden() == Some(Laden::Empty)
    }

    /// Whether it is said to carry cargo.
    pub(crate) fn is_laden(&self) -> bool {
        self.laden() == Some(Laden::Laden)
    }

    /// Empty or laden, where it is said.
    pub(crate) fn laden(&self) -> Option<Laden> {
        self.glance.laden()
    }

    /// What it is in the port for.
    pub(crate) fn status(&self) -> Option<EquipmentStatus> {
        self.glance.status()
    }

    pub(crate) fn truck(&self) -> Option<&str> {
        self.event.transport.as_deref()?.truck.as_deref()
    }
}

/// Whether a size and type code of ISO 6346 is that of a reefer.
pub(crate) fn is_reefer_type(iso_type: &str) -> bool {
    SizeType::parse(iso_type).is_some_and(|size| size.build == Build::Reefer)
}

/// The way back from an event fact to the original bytes.
pub(crate) fn evidence_of(fact: &Fact, event: &PortEvent) -> Box<Evidence> {
    Box::new(Evidence {
        fact_id: fact.fact_id.clone(),
        event_id: Some(event.event_id.clone()),
        stored: Arc::clone(&event.source.stored),
        path: event.source.path.clone(),
        occurred_at: fact.occurred_at,
        received_at: fact.received_at,
    })
}

/// The timeline of one container.
pub(crate) struct View<'a> {
    pub(crate) subject: &'a Subject,
    /// Standing events by time.
    pub(crate) events: Vec<Seen<'a>>,
    pub(crate) hits: Vec<(&'a Fact, &'a Hit)>,
    pub(crate) indicators: Vec<(&'a Fact, &'a Indicator)>,
    pub(crate) feedback: Vec<&'a Feedback>,
    /// Where it is, over time.
    pub(crate) golden: Golden<'a>,
    /// Ranges of `events`; at least one.
    pub(crate) visits: Vec<Range<usize>>,
    /// Number of the first of `visits`.
    pub(crate) first_number: i32,
    /// Event time up to which history was folded away.
    pub(crate) floor: Option<Timestamp>,
    /// Whether any report calls it a reefer.
    pub(crate) is_reefer: bool,
    /// Kinds of its events, those that did not happen included.
    pub(crate) kinds: Kinds,
    known_outages: Option<&'a Outages>,
    outages: OnceCell<Vec<Mark>>,
}

impl<'a> View<'a> {
    /// The timeline as the rules of an engine see it.
    pub(crate) fn of(engine: &'a Engine, state: &'a TimelineState, subject: &'a Subject) -> Self {
        Self { known_outages: Some(&engine.outages), ..Self::new(state, subject, &engine.rules) }
    }

    /// Beginnings and ends of outages that concern it, by place and time. Few rules ask for them, and not often.
    pub(crate) fn outages(&self) -> &[Mark] {
        let marks = || self.known_outages.map(|outages| outages.marks(self)).unwrap_or_default();
        self.outages.get_or_init(marks)
    }

    /// The timeline by itself, without what concerns all.
    pub(crate) fn new(state: &'a TimelineState, subject: &'a Subject, rules: &Rules) -> Self {
        let mut view = Self {
            subject,
            events: Vec::with_capacity(state.facts.len()),
            hits: Vec::new(),
            indicators: Vec::new(),
            feedback: Vec::new(),
            golden: Golden::default(),
            visits: Vec::with_capacity(2),
            first_number: state.visits_before + 1,
            floor: state.floor,
            is_reefer: false,
            kinds: Kinds::default(),
            known_outages: None,
            outages: OnceCell::new(),
        };
        let mut cutter = Cutter::new(&rules.visit);
        let mut start = 0;
        for fact in state.facts.iter().filter(|f| !f.retracted) {
            if let Some(event) = &fact.event {
                let glance = event.glance();
                let mut seen = Seen { fact, event, glance, visit: 0 };
                let stay = view.events.get(start..).unwrap_or_default();
                if cutter.begins(&seen, stay) && !view.events.is_empty() {
                    view.visits.push(start..view.events.len());
                    start = view.events.len();
                }
                seen.visit = view.visits.len();
                view.is_reefer |= glance.is_reefer();
                view.kinds = view.kinds.with_place(glance.kind());
                view.events.push(seen);
            } else if let Some(hit) = fact.hit.as_deref() {
                view.hits.push((fact, hit));
            } else if let Some(indicator) = fact.indicator.as_deref() {
                view.indicators.push((fact, indicator));
            } else if let Some(feedback) = fact.feedback.as_deref() {
                view.feedback.push(feedback);
            }
        }
        view.visits.push(start..view.events.len());
        view.golden = Golden::of(&view.events, rules);
        view
    }

    /// ISO 6346 size and type code, as last reported.
    pub(crate) fn iso_type(&self) -> Option<&'a str> {
        self.events.iter().rev().find_map(|s| s.event.equipment.as_deref()?.iso_type.as_deref())
    }

    /// Whether the cargo of a visit comes from a watched origin, by country, port of loading or goods.
    pub(crate) fn is_from_watched_origin(&self, visit: usize, rules: &Rules) -> bool {
        self.stay_of(visit).iter().any(|s| {
            let route = s.event.route.as_deref();
            let places = route.into_iter().flat_map(|r| [&r.origin_country, &r.port_of_loading]);
            let goods = s.event.cargo.iter().map(|c| &c.origin_country);
            places.chain(goods).flatten().any(|place| rules.risk.is_watched(place))
        })
    }

    /// Whether there is an event of one of these kinds.
    pub(crate) const fn has_any(&self, kinds: Kinds) -> bool {
        self.kinds.have_any(kinds)
    }

    /// The events of the visit with this index.
    pub(crate) fn stay_of(&self, visit: usize) -> &[Seen<'a>] {
        self.visits.get(visit).map(|range| self.stay(range)).unwrap_or_default()
    }

    /// The events of each visit.
    pub(crate) fn stays(&self) -> impl Iterator<Item = &[Seen<'a>]> {
        self.visits.iter().map(|range| self.stay(range))
    }

    pub(crate) fn stay(&self, range: &Range<usize>) -> &[Seen<'a>] {
        self.events.get(range.clone()).unwrap_or_default()
    }

    /// Number of the visit with this index.
    pub(crate) fn number(&self, visit: usize) -> i32 {
        self.first_number.saturating_add(i32::try_from(visit).unwrap_or(i32::MAX))
    }

    /// The event with this fact id.
    pub(crate) fn find(&self, fact_id: &Id) -> Option<&Seen<'a>> {
        self.events.iter().find(|s| s.fact.fact_id == *fact_id)
    }

    /// Every report of the happening that `of` tells of, itself included.
    pub(crate) fn reports_of(&self, of: &Seen<'a>, rules: &Rules) -> Vec<Seen<'a>> {
        let all = self.events.iter().filter(|s| s.is_actual());
        all.filter(|s| same_happening(of, s, rules)).copied().collect()
    }

    /// Keys of the parties in a role by every report of a happening: one system names them, another does not.
    pub(crate) fn keys_of_all(&self, of: &Seen<'a>, role: PartyRole, rules: &Rules) -> Vec<Key<'a>> {
        self.reports_of(of, rules).iter().flat_map(|s| keys_of(s.event, role)).collect()
    }

    /// Index of the visit that an answer is about; one that names no alert is about the visit that was going on.
    pub(crate) fn visit_of(&self, answer: &Feedback) -> Option<usize> {
        match answer.alert_id {
            Some(id) => (0..self.visits.len()).find(|v| Alert::id_for(self.subject, self.number(*v)) == id),
            None => Some(self.visit_at(answer.at)),
        }
    }

    /// Index of the visit that was going on at `at`; the first one for times before it.
    pub(crate) fn visit_at(&self, at: Timestamp) -> usize {
        let begun =
            self.visits.iter().filter(|r| self.events.get(r.start).is_some_and(|s| s.at() <= at)).count();
        begun.saturating_sub(1)
    }
}

/// Reads a little of all that rules ask of the events. Events lie all over the memory: asked for at once they come
/// together, one by one the rules would wait for each.
pub(crate) fn fetch(facts: &[Fact]) {
    let read = facts.iter().filter_map(|f| f.event.as_deref()).fold(0, |all, event| all ^ event.touch());
    std::hint::black_box(read);
}

/// An indicator in the visit that it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) visit: usize,
    pub(crate) shadow: bool,
    pub(crate) indicator: Indicator,
    /// When and where what is absent should have been told, when its evidence does not say it.
    pub(crate) hidden: Option<Hidden>,
}

/// When and where something would have happened that was not told.
#[derive(Debug, Clone)]
pub(crate) struct Hidden {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// SMDG terminal code, UN/LOCODE: what is known of them.
    pub(crate) places: Vec<String>,
}

/// What was not told although something that did happen asks for it.
#[derive(Debug)]
pub(crate) struct Absence<'s, 'a> {
    pub(crate) event: EventKind,
    /// From when to when it would have happened; an outage of a system then hides it.
    pub(crate) within: (Timestamp, Timestamp),
    /// Until when late word of it is waited for.
    pub(crate) by: Timestamp,
    /// A report from where it would have happened.
    pub(crate) at: &'s Seen<'a>,
}

/// What the rules say about one timeline.
pub(crate) struct Findings<'r> {
    pub(crate) rules: &'r Rules,
    pub(crate) baselines: &'r Baselines,
    pub(crate) now: Timestamp,
    pub(crate) heard_until: Option<Timestamp>,
    pub(crate) found: Vec<Found>,
    /// Watches that ran out: no ground for anything else.
    pub(crate) ended: Vec<Found>,
    /// Earliest time at which an absence will fire.
    pub(crate) deadline: Option<Timestamp>,
}

impl<'r> Findings<'r> {
    pub(crate) fn new(engine: &'r Engine, now: Timestamp) -> Self {
        Self {
            rules: &engine.rules,
            baselines: &engine.baselines,
            now,
            heard_until: engine.heard_until,
            found: Vec::new(),
            ended: Vec::new(),
            deadline: None,
        }
    }

    /// Whether `deadline` has passed; when not, the timeline is looked at again by then.
    pub(crate) fn passed(&mut self, deadline: Timestamp) -> bool {
        if deadline <= self.now {
            return true;
        }
        self.deadline = Some(self.deadline.map_or(deadline, |d| d.min(deadline)));
        false
    }

    /// Whether an event that should have followed `after` by `by` did not: none such is known, and the time has passed. One
    /// that is dated in time and told late takes the absence back.
    pub(crate) fn missing<'a>(
        &mut self,
        view: &View<'a>,
        after: &Seen<'a>,
        by: Timestamp,
        is_awaited: impl Fn(&Seen<'a>) -> bool,
    ) -> bool {
        let from = view.events.partition_point(|s| s.at() <= after.at());
        let later = view.events.get(from..).unwrap_or_default();
        !later.iter().take_while(|s| s.at() <= by).any(is_awaited) && self.passed(by)
    }

    /// What rules that may speak have found in a visit so far: what is in shadow is no ground for anything that is shown.
    pub(crate) fn shown(&self, visit: usize) -> impl Iterator<Item = &Indicator> {
        self.found.iter().filter(move |f| f.visit == visit && !f.shadow).map(|f| &f.indicator)
    }

    /// Adds an indicator that rests on events of this timeline; it belongs to the visit of the last of them.
    #[cold]
    pub(crate) fn add(&mut self, code: &str, sub: &SubRule, sentence: String, evidence: Vec<Seen<'_>>) {
        self.add_as(code, sub, sub.severity, sentence, evidence, None);
    }

    /// Adds an indicator about what happened while something that would explain it was not told: it can be known when late
    /// word of that is no longer waited for, and weighs as much as the silence does (`trust.rs`). That wait ends with the
    /// recording too, but what may happen after its end is not absent.
    #[cold]
    pub(crate) fn add_absent(
        &mut self,
        code: &str,
        sub: &SubRule,
        severity: Severity,
        sentence: String,
        evidence: Vec<Seen<'_>>,
        absence: Absence<'_, '_>,
    ) {
        let Absence { event, within: (from, to), by, at } = absence;
        if self.heard_until.is_some_and(|heard| to > heard) {
            return;
        }
        let before = self.found.len();
        self.add_as(code, sub, severity, sentence, evidence, None);
        if let Some(found) = self.found.get_mut(before) {
            let named = at.event.terminal().into_iter().chain(port_of(at.event));
            found.hidden = Some(Hidden { from, to, places: named.map(str::to_owned).collect() });
            found.indicator.expected = Some(Expected { event, by });
        }
    }

    #[cold]
    pub(crate) fn add_as(
        &mut self,
        code: &str,
        sub: &SubRule,
        severity: Severity,
        sentence: String,
        mut evidence: Vec<Seen<'_>>,
        expected: Option<Expected>,
    ) {
        if expected.as_ref().zip(self.heard_until).is_some_and(|(e, heard)| e.by > heard) {
            return;
        }
        evidence.sort_by(|a, b| (a.at(), &a.fact.fact_id).cmp(&(b.at(), &b.fact.fact_id)));
        evidence.dedup_by(|a, b| a.fact.fact_id == b.fact.fact_id);
        let Some((first, last)) = evidence.first().zip(evidence.last()) else { return };
        // An absence is there from its deadline on.
        let absent_from = expected.as_ref().map(|e| e.by).filter(|by| *by <= self.now);
        let handling = evidence
            .iter()
            .skip(1)
            .fold(first.fact.handling.clone(), |label, s| label.strictest(&s.fact.handling));
        self.found.push(Found {
            visit: last.visit,
            shadow: sub.shadow,
            hidden: None,
            indicator: Indicator {
                rule: code.trim_end_matches(|c: char| c.is_ascii_lowercase()).to_owned(),
                code: code.to_owned(),
                version: 1,
                severity,
                weight: self.rules.alert.weights.of(severity),
                sentence,
                action: sub.action,
                evidence: evidence.iter().map(|s| s.fact.fact_id.clone()).collect(),
                first_held_at: absent_from.map_or(last.at(), |by| by.max(last.at())),
                ended_at: None,
                expected,
                handling,
                discreet: false,
                owner: None,
                legal_basis: None,
                list: None,
                origin: None,
                carried: Vec::new(),
            },
        });
    }
}

/// Scheme of the names that the party registry gives.
const REGISTRY: &str = "registry";

/// Scheme and identifier of a party.
pub(crate) type Key<'a> = (&'a str, &'a str);

/// Keys of the parties in a role; a party may be named under several schemes, or by a name that the registry knows.
pub(crate) fn keys_of(event: &PortEvent, role: PartyRole) -> Vec<Key<'_>> {
    event
        .parties
        .iter()
        .filter(|p| p.role == role)
        .flat_map(|p| {
            let named = p.id_scheme.as_deref().zip(p.id.as_deref());
            named.into_iter().chain(p.canonical.as_deref().map(|id| (REGISTRY, id)))
        })
        .collect()
}

/// Whether two parties are one, as far as keys of a common scheme tell; `None` when there is no common scheme.
pub(crate) fn same_party(a: &[Key<'_>], b: &[Key<'_>]) -> Option<bool> {
    let mut comparable = false;
    for (scheme, id) in a {
        for (other_scheme, other_id) in b {
            if scheme == other_scheme {
                if id == other_id {
                    return Some(true);
                }
                comparable = true;
            }
        }
    }
    comparable.then_some(false)
}
