//! The golden state: where the container is, from every source, as one state machine over event time.
//!
//! Each happening that moves the container is one step, told once or many times. A step that cannot follow from the state
//! before it is a [`Contradiction`]. Contradictions are candidates: whether one is an indicator, after what grace and with
//! whose word, the rules decide (`MO-02`, `MO-08`, `MO-21`).

use quaywatch_domain::event::Mode;
use quaywatch_domain::{EventKind, Timestamp};

use crate::Rules;
use crate::settings::MINUTE_MS;
use crate::view::Seen;

/// Where the container is, as far as its happenings tell, and which of them tells it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whereabouts<'a> {
    /// Nobody has said yet.
    Unknown,
    /// In the yard of a terminal.
    Yard(Seen<'a>),
    /// On a vessel.
    Vessel(Seen<'a>),
    /// Beyond the gate.
    Outside(Seen<'a>),
}

impl<'a> Whereabouts<'a> {
    /// The happening that tells it.
    pub(crate) const fn seen(&self) -> Option<&Seen<'a>> {
        match self {
            Self::Unknown => None,
            Self::Yard(seen) | Self::Vessel(seen) | Self::Outside(seen) => Some(seen),
        }
    }
}

/// What cannot be, given where the container was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contradiction {
    /// Came in by gate at one terminal while in the yard of another.
    InWhileInOtherYard,
    /// Came in by gate while in this yard already.
    InTwice,
    /// Came in by gate while on a vessel.
    InWhileOnVessel,
    /// Left by gate while outside.
    OutTwice,
    /// Left by gate while on a vessel.
    OutWhileOnVessel,
    /// Left the gate of one terminal while in the yard of another.
    OutOfOtherYard,
    /// Left by gate, and nobody had said that it was there.
    OutUnseen,
    /// Discharged while in a yard.
    DischargedWhileInYard,
    /// Discharged while beyond the gate.
    DischargedWhileOutside,
    /// Loaded while on a vessel.
    LoadedTwice,
    /// Loaded while beyond the gate.
    LoadedWhileOutside,
}

/// One happening and the state before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step<'a> {
    /// Its first report.
    pub(crate) seen: Seen<'a>,
    pub(crate) before: Whereabouts<'a>,
    pub(crate) contradiction: Option<Contradiction>,
}

impl Contradiction {
    /// What would explain it, had it been told.
    pub(crate) const fn untold(self) -> EventKind {
        match self {
            Self::InWhileInOtherYard | Self::InTwice | Self::DischargedWhileInYard => EventKind::GateOut,
            Self::InWhileOnVessel | Self::OutWhileOnVessel | Self::LoadedTwice | Self::OutUnseen => {
                EventKind::Discharged
            }
            Self::OutTwice | Self::LoadedWhileOutside | Self::OutOfOtherYard => EventKind::GateIn,
            Self::DischargedWhileOutside => EventKind::Loaded,
        }
    }

    /// What cannot be, in words.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::InWhileInOtherYard => "Came in by gate while in the yard of another terminal.",
            Self::InTwice => "Came in by gate while in this yard already.",
            Self::InWhileOnVessel => "Came in by gate while on a vessel.",
            Self::OutTwice => "Left by gate twice.",
            Self::OutWhileOnVessel => "Left by gate while on a vessel.",
            Self::OutOfOtherYard => "Left the gate of one terminal while in the yard of another.",
            Self::OutUnseen => "Left by gate, and nobody had seen it come.",
            Self::DischargedWhileInYard => "Discharged from a vessel while in a yard.",
            Self::DischargedWhileOutside => "Discharged from a vessel while beyond the gate.",
            Self::LoadedTwice => "Loaded while on a vessel.",
            Self::LoadedWhileOutside => "Loaded while beyond the gate.",
        }
    }
}

impl<'a> Step<'a> {
    pub(crate) fn kind(&self) -> &'a EventKind {
        self.seen.kind()
    }

    pub(crate) const fn at(&self) -> Timestamp {
        self.seen.at()
    }
}

/// The steps of the whole timeline, in order.
#[derive(Debug, Default)]
pub(crate) struct Golden<'a> {
    pub(crate) steps: Vec<Step<'a>>,
}

impl<'a> Golden<'a> {
    pub(crate) fn of(events: &[Seen<'a>], rules: &Rules) -> Self {
        let mut golden = Self { steps: Vec::with_capacity(events.len().min(16)) };
        let mut now = Whereabouts::Unknown;
        for s in events {
            if !places(s.kind()) || !s.is_actual() || s.number_is_doubtful() {
                continue;
            }
            if golden.tells(s, rules).is_some() {
                continue;
            }
            golden.steps.push(Step { seen: *s, before: now, contradiction: contradiction(&now, s) });
            now = after(now, s);
        }
        golden
    }

    /// The step that a report tells of, when another report told it before.
    fn tells(&self, s: &Seen<'a>, rules: &Rules) -> Option<&Step<'a>> {
        let longest_ms =
            rules.rule.two_places.same_happening_minutes.max(rules.rule.two_places.clock_tolerance_minutes)
                * MINUTE_MS;
        let recent = self.steps.iter().rev().take_while(|k| s.at().millis_since(k.at()) <= longest_ms);
        let mut recent = recent;
        recent.find(|k| same_happening(&k.seen, s, rules))
    }

    /// Where the container is after the last step up to `at`.
    pub(crate) fn at(&self, at: Timestamp) -> Whereabouts<'a> {
        let n = self.steps.partition_point(|k| k.at() <= at);
        n.checked_sub(1)
            .and_then(|last| self.steps.get(last))
            .map_or(Whereabouts::Unknown, |k| after(k.before, &k.seen))
    }

    /// The steps of gates, loading and discharge, without positions and moves within the yard.
    pub(crate) fn crossings(&self) -> impl Iterator<Item = &Step<'a>> {
        self.steps.iter().filter(|k| crosses(k.kind()))
    }
}

/// Whether a happening of this kind says where the container is.
const fn places(kind: &EventKind) -> bool {
    crosses(kind) || matches!(kind, EventKind::YardMove | EventKind::PositionReported)
}

/// Whether the container crosses the border of a terminal by this.
pub(crate) const fn crosses(kind: &EventKind) -> bool {
    matches!(kind, EventKind::GateIn | EventKind::GateOut | EventKind::Loaded | EventKind::Discharged)
}

fn after<'a>(before: Whereabouts<'a>, s: &Seen<'a>) -> Whereabouts<'a> {
    match s.kind() {
        EventKind::GateIn | EventKind::Discharged => Whereabouts::Yard(*s),
        EventKind::GateOut => Whereabouts::Outside(*s),
        EventKind::Loaded if is_by_land(s) => Whereabouts::Outside(*s),
        EventKind::Loaded => Whereabouts::Vessel(*s),
        _ => before,
    }
}

fn is_by_land(s: &Seen<'_>) -> bool {
    s.event.transport.as_deref().and_then(|t| t.mode).is_some_and(|m| m != Mode::Sea)
}

fn contradiction(now: &Whereabouts<'_>, s: &Seen<'_>) -> Option<Contradiction> {
    use Contradiction as C;
    match (s.kind(), now) {
        (EventKind::GateIn, Whereabouts::Yard(known)) if other_terminal(known, s) => {
            Some(C::InWhileInOtherYard)
        }
        (EventKind::GateIn, Whereabouts::Yard(_)) => Some(C::InTwice),
        (EventKind::GateIn, Whereabouts::Vessel(_)) => Some(C::InWhileOnVessel),
        (EventKind::GateOut, Whereabouts::Outside(_)) => Some(C::OutTwice),
        (EventKind::GateOut, Whereabouts::Vessel(_)) => Some(C::OutWhileOnVessel),
        (EventKind::GateOut, Whereabouts::Yard(known)) if other_terminal(known, s) => Some(C::OutOfOtherYard),
        (EventKind::GateOut, Whereabouts::Unknown) => Some(C::OutUnseen),
        (EventKind::Discharged, Whereabouts::Yard(_)) => Some(C::DischargedWhileInYard),
        (EventKind::Discharged, Whereabouts::Outside(_)) => Some(C::DischargedWhileOutside),
        (EventKind::Loaded, Whereabouts::Vessel(_)) => Some(C::LoadedTwice),
        (EventKind::Loaded, Whereabouts::Outside(_)) if !is_by_land(s) => Some(C::LoadedWhileOutside),
        _ => None,
    }
}

/// Whether two reports are of one happening: same kind, no other place, close in time; with different trucks, closer yet,
/// because two systems may read one plate differently.
pub(crate) fn same_happening(a: &Seen<'_>, b: &Seen<'_>, rules: &Rules) -> bool {
    let settings = &rules.rule.two_places;
    if a.kind() != b.kind() || !crosses(a.kind()) {
        return false;
    }
    let differ = |x: Option<&str>, y: Option<&str>| x.zip(y).is_some_and(|(x, y)| x != y);
    let minutes = if differ(a.truck(), b.truck()) {
        settings.clock_tolerance_minutes
    } else {
        settings.same_happening_minutes
    };
    b.at().millis_since(a.at()).abs() <= minutes * MINUTE_MS
        && !differ(a.event.terminal(), b.event.terminal())
}

/// Whether two reports do not come from one source about one terminal.
pub(crate) fn independent(a: &Seen<'_>, b: &Seen<'_>) -> bool {
    a.event.source.feed != b.event.source.feed || other_terminal(a, b)
}

/// Whether both name a terminal, and not the same.
pub(crate) fn other_terminal(a: &Seen<'_>, b: &Seen<'_>) -> bool {
    a.event.terminal().zip(b.event.terminal()).is_some_and(|(a, b)| a != b)
}
