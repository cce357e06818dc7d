//! How much of what happens each feed tells of, counted over recorded traffic by place and kind of event.
//!
//! Two things are measured. **Crossings** (gate, ship): what happened at a terminal is what any feed told of, and what must
//! have been because of what was told later: who comes in by gate elsewhere, or was delivered, has left the yard; who leaves
//! twice has come in between; who leaves after a ship announced it was discharged. What happens beyond the port, of which
//! no feed here can tell, is not counted. **What accompanies a visit** (customs, releases, manifests, pick-ups, orders,
//! seals): nothing proves that a message is missing, so it is the share of the visits of the kind that has one that had it.
//! Where not all need one, that is less than the feed's completeness, but its usual share all the same: when it falls, silence
//! says less.
//!
//! A feed is measured where it tells of a kind at all; it is held against all that happened there, not against what it told
//! of. How much a silence says is counted of all feeds together: where two share the work, what neither told is what is
//! missing. Places are terminals and, for what names none, ports.

use std::collections::{BTreeMap, BTreeSet};

use quaywatch_domain::event::{EquipmentStatus, Mode, PortEvent};
use quaywatch_domain::{EventKind, Fact};

use crate::Rules;
use crate::golden::{Contradiction, Step};
use crate::settings::DAY_MS;
use crate::trust::{FeedFigures, Places, Share, alike};
use crate::view::{Seen, View};

/// From so many visits on, those of which more is known stand for all.
const ENOUGH: u32 = 50;

/// Told and happened.
#[derive(Debug, Default)]
pub(crate) struct Completeness {
    all: Tallies,
    /// Of visits that must have had one.
    certain: Tallies,
}

/// By place and kind.
#[derive(Debug, Default)]
struct Tallies {
    /// By terminal; what names none lies under no name.
    terminals: BTreeMap<(String, &'static str), Tally>,
    /// By port, where it is named, whatever the terminal.
    ports: BTreeMap<(String, &'static str), Tally>,
}

impl Tallies {
    /// Something that happened, and the feeds that told of it.
    fn add(&mut self, place: &PortEvent, kind: &EventKind, feeds: &BTreeSet<&str>) {
        let Some(kind) = EventKind::KNOWN.get(kind.ordinal()).map(EventKind::as_str) else { return };
        let terminal = place.terminal().unwrap_or_default();
        self.terminals.entry((terminal.to_owned(), kind)).or_default().add(feeds);
        if let Some(port) = port_of(place) {
            self.ports.entry((port.to_owned(), kind)).or_default().add(feeds);
        }
    }
}

#[derive(Debug, Default)]
struct Tally {
    happened: u32,
    /// What any feed told of.
    by_any: u32,
    told: BTreeMap<String, u32>,
}

impl Tally {
    fn add(&mut self, feeds: &BTreeSet<&str>) {
        self.happened = self.happened.saturating_add(1);
        self.by_any = self.by_any.saturating_add(u32::from(!feeds.is_empty()));
        for feed in feeds {
            let told = self.told.entry((*feed).to_owned()).or_default();
            *told = told.saturating_add(1);
        }
    }
}

impl Completeness {
    /// Counts the crossings and visits of one container.
    pub(crate) fn count(&mut self, view: &View<'_>, rules: &Rules, is_within: impl Fn(&Fact) -> bool) {
        let crossings: Vec<&Step<'_>> = view.golden.crossings().collect();
        for step in crossings.iter().filter(|step| is_within(step.seen.fact)) {
            let reports = view.reports_of(&step.seen, rules);
            let feeds = reports.iter().map(|s| s.event.source.feed.as_ref()).collect();
            self.all.add(step.seen.event, step.kind(), &feeds);
            if step.before.seen().is_none_or(|known| is_within(known.fact)) {
                for (place, kind) in lost(view, step) {
                    self.all.add(place.event, &kind, &BTreeSet::new());
                }
            }
        }
        let yard = crossings.last().filter(|step| is_within(step.seen.fact)).map(|step| step.seen);
        let yard = yard.filter(|s| matches!(s.kind(), EventKind::GateIn | EventKind::Discharged));
        let delivered = |yard: &Seen<'_>| {
            let of_later = |s: &&Seen<'_>| *s.kind() == EventKind::DroppedOff && s.is_actual();
            view.events.iter().filter(of_later).any(|s| s.at() > yard.at() && is_within(s.fact))
        };
        if let Some(yard) = yard.filter(delivered) {
            self.all.add(yard.event, &EventKind::GateOut, &BTreeSet::new());
        }
        for stay in view.stays() {
            if !stay.is_empty() && stay.iter().all(|s| is_within(s.fact)) {
                self.visit(stay);
            }
        }
    }

    /// What accompanied one visit.
    fn visit(&mut self, stay: &[Seen<'_>]) {
        for awaited in &AWAITED {
            let Some(place) = (awaited.visit)(stay) else { continue };
            let feeds: BTreeSet<&str> = stay
                .iter()
                .filter(|s| alike(&awaited.kind).contains(s.kind()))
                .filter(|s| s.is_actual() || *s.kind() != EventKind::DroppedOff)
                .map(|s| s.event.source.feed.as_ref())
                .collect();
            self.all.add(place.event, &awaited.kind, &feeds);
            if (awaited.must_have)(stay) {
                self.certain.add(place.event, &awaited.kind, &feeds);
            }
        }
    }

    /// Puts what was counted into the figures of the feeds; gives what any of them told of.
    pub(crate) fn finish(mut self, feeds: &mut BTreeMap<String, FeedFigures>) -> Places {
        let mut places = Places::new();
        let pairs =
            [(&mut self.all.terminals, self.certain.terminals), (&mut self.all.ports, self.certain.ports)];
        for (all, certain) in pairs {
            for (place, tally) in certain.into_iter().filter(|(_, tally)| tally.happened >= ENOUGH) {
                // Whoever tells of the others there is silent on these.
                let others = all.remove(&place).map(|all| all.told).unwrap_or_default();
                let silent = others.into_keys().map(|feed| (feed, 0));
                let told = silent.chain(tally.told).collect();
                all.insert(place, Tally { told, ..tally });
            }
        }
        for ((terminal, kind), tally) in self.all.terminals {
            let share = Share { told: tally.by_any, happened: tally.happened };
            places.entry(terminal.clone()).or_default().insert(kind.to_owned(), share);
            for (feed, told) in tally.told {
                let figures = feeds.entry(feed).or_default();
                figures.told = figures.told.saturating_add(told);
                figures.happened = figures.happened.saturating_add(tally.happened);
                let share = Share { told, happened: tally.happened };
                figures.places.entry(terminal.clone()).or_default().insert(kind.to_owned(), share);
            }
        }
        for ((port, kind), tally) in self.all.ports {
            let share = Share { told: tally.by_any, happened: tally.happened };
            places.entry(port.clone()).or_default().entry(kind.to_owned()).or_insert(share);
            for (feed, told) in tally.told {
                let kinds = feeds.entry(feed).or_default().places.entry(port.clone()).or_default();
                kinds.entry(kind.to_owned()).or_insert(Share { told, happened: tally.happened });
            }
        }
        places
    }
}

/// The port where it happened, UN/LOCODE.
pub(crate) fn port_of(event: &PortEvent) -> Option<&str> {
    event.place.as_deref()?.un_locode.as_deref()
}

/// What must have happened before this step and nobody told: a report from the same place, and what.
fn lost<'a>(view: &View<'a>, step: &Step<'a>) -> Vec<(Seen<'a>, EventKind)> {
    let (here, before) = (step.seen, step.before.seen().copied());
    // One happening told twice, hours apart, is no second one.
    let is_apart = before.is_some_and(|known| here.at().millis_since(known.at()) >= DAY_MS);
    match (step.contradiction, before) {
        (Some(Contradiction::InWhileInOtherYard), Some(known)) => vec![(known, EventKind::GateOut)],
        (Some(Contradiction::InTwice), Some(known)) if is_apart => vec![(known, EventKind::GateOut)],
        (Some(Contradiction::OutOfOtherYard), Some(known)) => {
            vec![(known, EventKind::GateOut), (here, EventKind::GateIn)]
        }
        (Some(Contradiction::DischargedWhileInYard), Some(known)) if is_apart => {
            let by_sea = known.status().is_some_and(|status| status != EquipmentStatus::Import);
            vec![(known, if by_sea { EventKind::Loaded } else { EventKind::GateOut })]
        }
        (Some(Contradiction::OutTwice | Contradiction::OutWhileOnVessel | Contradiction::LoadedTwice), _)
            if is_apart =>
        {
            vec![(here, arrival(view, &here))]
        }
        (Some(Contradiction::LoadedWhileOutside), _) => vec![(here, EventKind::GateIn)],
        (Some(Contradiction::OutUnseen), _) if is_announced_by_ship(view, &here) => {
            vec![(here, EventKind::Discharged)]
        }
        // Where it was discharged or loaded is not known.
        _ => Vec::new(),
    }
}

/// How it must have come to where it left.
fn arrival(view: &View<'_>, here: &Seen<'_>) -> EventKind {
    let by_sea = here.status() == Some(EquipmentStatus::Import) || is_announced_by_ship(view, here);
    if by_sea { EventKind::Discharged } else { EventKind::GateIn }
}

/// Whether a list of a ship named it in this stay: what followed lies in the recording.
fn is_announced_by_ship(view: &View<'_>, here: &Seen<'_>) -> bool {
    let lists = |s: &&Seen<'_>| matches!(s.kind(), EventKind::ManifestLine | EventKind::DischargeOrdered);
    view.stay_of(here.visit).iter().filter(lists).any(|s| s.said_at() < here.at())
}

/// What accompanies visits of a kind.
struct Awaited {
    kind: EventKind,
    /// Where the visit was, when it is one that has such an event.
    visit: for<'s, 'a> fn(&'s [Seen<'a>]) -> Option<&'s Seen<'a>>,
    /// Whether it must have had one, whatever is usual.
    must_have: fn(&[Seen<'_>]) -> bool,
}

/// No visit is known to need one.
const NONE: fn(&[Seen<'_>]) -> bool = |_| false;

static AWAITED: [Awaited; 10] = [
    Awaited { kind: EventKind::CustomsReleased, visit: import_out, must_have: is_held },
    Awaited { kind: EventKind::CustomsScanned, visit: selected, must_have: NONE },
    Awaited { kind: EventKind::ReleaseIssued, visit: import_out, must_have: NONE },
    Awaited { kind: EventKind::PickupAnnounced, visit: import_out, must_have: NONE },
    Awaited { kind: EventKind::DroppedOff, visit: to_be_delivered, must_have: NONE },
    Awaited { kind: EventKind::ManifestLine, visit: laden_off, must_have: NONE },
    Awaited { kind: EventKind::BookingConfirmed, visit: export_on, must_have: NONE },
    Awaited { kind: EventKind::WorkOrdered, visit: moved, must_have: NONE },
    Awaited { kind: EventKind::SealRemoved, visit: resealed, must_have: NONE },
    Awaited { kind: EventKind::SealAffixed, visit: unsealed, must_have: NONE },
];

fn actual<'s, 'a>(stay: &'s [Seen<'a>], kind: &EventKind) -> Option<&'s Seen<'a>> {
    stay.iter().find(|s| s.is_actual() && s.kind() == kind)
}

/// A laden import left by truck.
fn import_out<'s, 'a>(stay: &'s [Seen<'a>]) -> Option<&'s Seen<'a>> {
    let out = actual(stay, &EventKind::GateOut).filter(|out| !out.is_empty())?;
    let is_import = match out.status() {
        Some(status) => status == EquipmentStatus::Import,
        None => actual(stay, &EventKind::Discharged).is_some(),
    };
    let mode = out.event.transport.as_deref().and_then(|t| t.mode);
    (is_import && mode.is_none_or(|mode| mode == Mode::Road)).then_some(out)
}

/// A laden import left by truck, and its delivery was planned.
fn to_be_delivered<'s, 'a>(stay: &'s [Seen<'a>]) -> Option<&'s Seen<'a>> {
    let is_planned = |s: &Seen<'_>| *s.kind() == EventKind::DroppedOff && !s.is_actual();
    import_out(stay).filter(|_| stay.iter().any(is_planned))
}

/// Customs wanted something of it, and it left.
fn is_held(stay: &[Seen<'_>]) -> bool {
    let kinds =
        [EventKind::CustomsHeld, EventKind::CustomsSelectedForScan, EventKind::CustomsSelectedForInspection];
    kinds.iter().any(|kind| actual(stay, kind).is_some())
}

/// Selected for a scan, and gone.
fn selected<'s, 'a>(stay: &'s [Seen<'a>]) -> Option<&'s Seen<'a>> {
    actual(stay, &EventKind::CustomsSelectedForScan)?;
    actual(stay, &EventKind::GateOut)
}

/// A laden container came off a ship.
fn laden_off<'s, 'a>(stay: &'s [Seen<'a>]) -> Option<&'s Seen<'a>> {
    actual(stay, &EventKind::Discharged).filter(|off| !off.is_empty())
}

/// A laden container came by gate and went on board.
fn export_on<'s, 'a>(stay: &'s [Seen<'a>]) -> Option<&'s Seen<'a>> {
    actual(stay, &EventKind::GateIn)?;
    actual(stay, &EventKind::Loaded).filter(|on| !on.is_empty())
}

/// It was moved in the yard.
fn moved<'s, 'a>(stay: &'s [Seen<'a>]) -> Option<&'s Seen<'a>> {
    actual(stay, &EventKind::YardMove).filter(|s| s.event.terminal().is_some())
}

/// A seal was replaced.
fn resealed<'s, 'a>(stay: &'s [Seen<'a>]) -> Option<&'s Seen<'a>> {
    actual(stay, &EventKind::SealReplaced)?;
    where_it_was(stay)
}

/// A seal came off, and it left laden.
fn unsealed<'s, 'a>(stay: &'s [Seen<'a>]) -> Option<&'s Seen<'a>> {
    actual(stay, &EventKind::SealRemoved)?;
    actual(stay, &EventKind::GateOut).filter(|out| !out.is_empty())
}

fn where_it_was<'s, 'a>(stay: &'s [Seen<'a>]) -> Option<&'s Seen<'a>> {
    stay.iter().find(|s| s.is_actual() && s.event.terminal().is_some())
}
