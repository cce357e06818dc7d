//! The timeline of a vessel call: which containers its lists name and which came, and what the difference tells them.
//!
//! A call has thousands of containers, so it keeps a short mention of each fact and speaks only when the set is closed.

use foldhash::{HashMap, HashMapExt as _};
use quaywatch_domain::event::{Classifier, EquipmentStatus, Laden, PortEvent};
use quaywatch_domain::{EventKind, Fact, Handling, Subject, Text, Timestamp};

use crate::rules::{ghost_box, unplanned_restow};
use crate::settings::{DAY_MS, HOUR_MS, MINUTE_MS, Rules};
use crate::timeline::{self, Ids};
use crate::view::evidence_of;
use crate::{Changes, Engine, Mention, Outcome, Sighting, TimelineState, loops};

/// Most mentions of one call, tombstones included: four for each container of the largest exchange. A call with more is
/// no call but a default that a sender writes, and says nothing.
const MAX_MENTIONS: usize = 32_768;

/// Mentions of an ordinary call; of one with a multiple of these later reports wait for a look as many times as long.
const MANY_MENTIONS: usize = 4_096;

pub(crate) fn apply(engine: &Engine, state: &mut TimelineState, fact: &Fact, now: Timestamp) -> Changes {
    let Some(mention) = mention(fact) else { return Changes::none(Outcome::OutOfScope) };
    let is_urgent = mention.retracted || mention.kind == EventKind::Restowed;
    let departed_at = (mention.kind == EventKind::VesselDeparted).then_some(mention.occurred_at);
    state.expires_at = Some(now.plus_millis(engine.rules.history.call_days * DAY_MS));
    if state.saturated {
        return Changes::none(Outcome::New);
    }
    let outcome = timeline::put_among_many(&mut state.mentions, &mut state.mention_ids, mention);
    if outcome != Outcome::New {
        return Changes::none(outcome);
    }
    if state.mentions.len() > MAX_MENTIONS {
        state.saturated = true;
        state.mentions.clear();
        state.mention_ids = Ids::default();
    }
    let mut changes = Changes::none(Outcome::New);
    if is_urgent {
        evaluate(engine, state, now, &mut changes);
        return changes;
    }
    // What thousands of reports say together is looked at when no more are awaited, and later ones once in a while.
    let settings = &engine.rules.rule.ghost_box;
    let next = match state.deadline_at {
        Some(deadline) => {
            departed_at.map_or(deadline, |at| at.plus_millis(settings.close_hours * HOUR_MS).min(deadline))
        }
        None if !may_tell(state) => return changes,
        None => now.plus_millis(look_minutes(settings.look_minutes, state) * MINUTE_MS),
    };
    state.deadline_at = Some(next);
    changes
}

/// How long later reports wait for a look: the longer, the more there is to read.
fn look_minutes(least: i64, state: &TimelineState) -> i64 {
    least.saturating_mul(i64::try_from(1 + state.mentions.len() / MANY_MENTIONS).unwrap_or(i64::MAX))
}

/// Whether a look may come to something: no set is closed before a departure or a discharge is known.
fn may_tell(state: &TimelineState) -> bool {
    let closes = |m: &Mention| matches!(m.kind, EventKind::VesselDeparted | EventKind::Discharged);
    !state.emitted.is_empty() || state.mentions.iter().any(|m| !m.retracted && closes(m))
}

pub(crate) fn evaluate(engine: &Engine, state: &mut TimelineState, now: Timestamp, changes: &mut Changes) {
    state.deadline_at = None;
    let Some(origin) = state.subject.clone() else { return };
    let mut wanted = Vec::new();
    let gist = Gist::of(&state.mentions);
    match gist.closing(&engine.rules) {
        Some((at, departure)) if at <= now => {
            let call = Call::read(&origin, &state.mentions, departure, at);
            ghost_box::tell(&engine.rules, &call, &mut wanted);
        }
        Some((at, _)) => state.deadline_at = Some(at),
        None => {}
    }
    unplanned_restow::tell(&engine.rules, &origin, &gist.restows, &mut wanted);
    loops::tell(state, wanted, &mut changes.facts, &mut changes.shadowed);
}

/// What standing mentions of a call say of it as a whole.
#[derive(Default)]
struct Gist<'a> {
    departure: Option<&'a Mention>,
    /// The last one.
    discharged: Option<&'a Mention>,
    restows: Vec<&'a Mention>,
}

impl<'a> Gist<'a> {
    fn of(mentions: &'a [Mention]) -> Self {
        let mut gist = Self::default();
        for m in mentions.iter().filter(|m| !m.retracted) {
            let last = match m.kind {
                EventKind::VesselDeparted => &mut gist.departure,
                EventKind::Discharged => &mut gist.discharged,
                EventKind::Restowed => {
                    gist.restows.push(m);
                    continue;
                }
                _ => continue,
            };
            let order = |m: &'a Mention| (m.occurred_at, &m.fact_id);
            if last.is_none_or(|last| order(last) < order(m)) {
                *last = Some(m);
            }
        }
        gist
    }

    /// When no more reports are to be expected, and the departure that says so.
    fn closing(&self, rules: &Rules) -> Option<(Timestamp, Option<&'a Mention>)> {
        let settings = &rules.rule.ghost_box;
        let after = |m: &Mention, hours| m.occurred_at.plus_millis(hours * HOUR_MS);
        match (self.departure, self.discharged) {
            (Some(departure), _) => Some((after(departure, settings.close_hours), Some(departure))),
            (None, last) => last.map(|m| (after(m, settings.quiet_hours), None)),
        }
    }
}

/// The mention that a fact of a call is; `None` for what no rule about calls reads. A retraction may be of anything.
fn mention(fact: &Fact) -> Option<Mention> {
    let event = fact.event.as_deref();
    let kind = event.map_or(EventKind::Other, |e| e.kind.clone());
    let of_vessel = kind == EventKind::VesselDeparted;
    if !fact.retracted && !of_vessel && !kind.is_of_exchange() {
        return None;
    }
    let standing = event.filter(|_| !fact.retracted);
    let of_box = standing.filter(|e| !of_vessel && counts(e));
    Some(Mention {
        fact_id: fact.fact_id.clone(),
        revision: fact.revision,
        retracted: fact.retracted || (of_vessel && !standing.is_some_and(PortEvent::is_actual)),
        occurred_at: fact.occurred_at,
        received_at: fact.received_at,
        container: of_box.and_then(PortEvent::container).map(Text::from),
        port: of_box.and_then(port).map(Text::from),
        handling: Some(&fact.handling).filter(|h| **h != Handling::port_traffic()).cloned().map(Box::new),
        evidence: standing.filter(|_| of_vessel).map(|e| evidence_of(fact, e)),
        kind,
    })
}

/// Whether the event says something about a laden container that may be relied on.
fn counts(event: &PortEvent) -> bool {
    let equipment = event.equipment.as_deref();
    let said = event.is_actual()
        || (event.kind == EventKind::ManifestLine && event.classifier != Classifier::Requested);
    said && !event.has_doubtful_number()
        && equipment.and_then(|e| e.laden) != Some(Laden::Empty)
        && equipment.and_then(|e| e.status) != Some(EquipmentStatus::RemainOnBoard)
}

fn port(event: &PortEvent) -> Option<&str> {
    if event.kind == EventKind::ManifestLine {
        event.route.as_deref()?.port_of_discharge.as_deref()
    } else {
        event.place.as_deref()?.un_locode.as_deref()
    }
}

/// What is known of one container on a call: the first mention of each kind.
#[derive(Default)]
pub(crate) struct OnCall<'a> {
    pub(crate) listed: Option<&'a Mention>,
    pub(crate) discharged: Option<&'a Mention>,
    pub(crate) overlanded: Option<&'a Mention>,
    pub(crate) shortlanded: Option<&'a Mention>,
    /// Whether it went on board as well: a restow by way of the quay.
    pub(crate) loaded: bool,
}

/// A call whose set is closed.
pub(crate) struct Call<'a> {
    pub(crate) origin: &'a Subject,
    pub(crate) boxes: HashMap<&'a str, OnCall<'a>>,
    pub(crate) departure: Option<&'a Mention>,
    /// Since when no more reports are awaited.
    pub(crate) closed_at: Timestamp,
}

impl<'a> Call<'a> {
    fn read(
        origin: &'a Subject,
        mentions: &'a [Mention],
        departure: Option<&'a Mention>,
        closed_at: Timestamp,
    ) -> Self {
        let mut boxes: HashMap<&str, OnCall<'a>> = HashMap::with_capacity(mentions.len() / 2);
        for m in mentions.iter().filter(|m| !m.retracted) {
            let Some(container) = m.container.as_deref() else { continue };
            let known = boxes.entry(container).or_default();
            let slot = match m.kind {
                EventKind::ManifestLine => &mut known.listed,
                EventKind::Discharged => &mut known.discharged,
                EventKind::Overlanded => &mut known.overlanded,
                EventKind::Shortlanded => &mut known.shortlanded,
                _ => {
                    known.loaded |= matches!(m.kind, EventKind::Loaded | EventKind::Restowed);
                    continue;
                }
            };
            *slot = match slot.take() {
                Some(first) if (first.occurred_at, &first.fact_id) <= (m.occurred_at, &m.fact_id) => {
                    Some(first)
                }
                _ => Some(m),
            };
        }
        Self { origin, boxes, departure, closed_at }
    }
}

impl Mention {
    /// The mention as evidence for another subject.
    pub(crate) fn sighting(&self) -> Sighting {
        Sighting {
            fact_id: self.fact_id.clone(),
            revision: self.revision,
            retracted: self.retracted,
            occurred_at: self.occurred_at,
            received_at: self.received_at,
            kind: self.kind.clone(),
            container: self.container.clone(),
            issuer: None,
            partners: Vec::new(),
            place: None,
            relations: Vec::new(),
            handling: self.handling.as_deref().cloned().unwrap_or_else(Handling::port_traffic),
            evidence: self.evidence.clone(),
        }
    }
}
