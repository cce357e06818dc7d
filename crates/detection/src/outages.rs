//! Outages of systems. They are announced for a terminal or the whole port and name no container, so that every timeline
//! has to know of them: what was not told during one is not absent, and what was done by hand is no fraud.

use std::collections::BTreeMap;

use quaywatch_domain::event::PortEvent;
use quaywatch_domain::{EventKind, Id, Sha256, Timestamp};

use crate::TimelineState;
use crate::people::is_look_up;
use crate::settings::HOUR_MS;
use crate::timeline::rank;
use crate::view::{Kinds, View};

/// Most announcements that are remembered, latest first.
const MAX_ANNOUNCED: usize = 512;

/// What was announced of systems as a whole, in its latest versions.
#[derive(Debug, Clone, Default)]
pub struct Outages {
    announced: BTreeMap<Id, Announced>,
}

/// The version of one announcement that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Announced {
    revision: i64,
    received_at: Timestamp,
    said: Said,
}

/// What an announcement says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    retracted: bool,
    begins: bool,
    at: Timestamp,
    /// SMDG terminal code; none: the whole port.
    terminal: Option<String>,
}

/// The terminals of which an announcement says something else than before; none: the whole port.
#[derive(Debug)]
pub struct Concerned(Vec<Option<String>>);

impl Concerned {
    /// Whether a container was there, and its timeline is to be looked at again.
    #[must_use]
    pub fn has(&self, timeline: &TimelineState) -> bool {
        let events = || timeline.facts.iter().filter(|f| !f.retracted).filter_map(|f| f.event.as_deref());
        self.0.iter().any(|of| of.as_deref().is_none_or(|of| events().any(|e| was_at(e, of))))
    }
}

/// The beginning or the end of an outage, as one timeline sees it; in order of where, then of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    /// Number of the terminal; 0: no terminal is named.
    place: usize,
    at: Timestamp,
    ends: bool,
}

/// Announcements of one place that are of one outage, or of several at once.
struct Run {
    from: Timestamp,
    /// When the last of them began.
    last: Timestamp,
    begun: usize,
    ended: usize,
    to: Option<Timestamp>,
}

impl Outages {
    /// Takes an announcement in; whom it concerns, if it changed anything. Of two versions the one stands that would stand
    /// on a timeline, whichever came first.
    pub fn take(&mut self, event: &PortEvent) -> Option<Concerned> {
        if !event.is_system_outage() {
            return None;
        }
        let new = Announced {
            revision: event.revision,
            received_at: event.received_at,
            said: Said {
                retracted: event.retracted,
                begins: event.kind == EventKind::SystemOutageStarted,
                at: event.occurred_at,
                terminal: event.terminal().map(str::to_owned),
            },
        };
        if self.announced.get(&event.event_id).is_some_and(|known| new.order() <= known.order()) {
            return None;
        }
        let said = new.said.clone();
        let before = self.announced.insert(event.event_id.clone(), new);
        if before.as_ref().is_some_and(|before| before.said == said) {
            return None;
        }
        let gone = before.or_else(|| self.limit());
        Some(Concerned(gone.map(|gone| gone.said.terminal).into_iter().chain([said.terminal]).collect()))
    }

    /// Forgets the oldest announcement when there are too many.
    fn limit(&mut self) -> Option<Announced> {
        let oldest = self.announced.iter().min_by_key(|(id, a)| (a.said.at, *id));
        let oldest = oldest.filter(|_| self.announced.len() > MAX_ANNOUNCED).map(|(id, _)| id.clone());
        self.announced.remove(&oldest?)
    }

    /// Forgets an announcement whose time is over; whether it was known.
    pub fn forget(&mut self, event_id: &str) -> bool {
        self.announced.remove(&Id::from(event_id)).is_some()
    }

    /// The first digits of a digest of what was announced; empty for nothing.
    #[must_use]
    pub fn version(&self) -> String {
        if self.announced.is_empty() {
            return String::new();
        }
        let said: Vec<(&Id, &Said)> = self.announced.iter().map(|(id, a)| (id, &a.said)).collect();
        let mut digits = Sha256::of(format!("{said:?}").as_bytes()).to_string();
        digits.truncate(12);
        digits
    }

    /// The beginnings and ends that concern a container, by place and time: those of its own messages, and the announced
    /// ones of the port and of the terminals that it was at.
    pub(crate) fn marks(&self, view: &View<'_>) -> Vec<Mark> {
        const OUTAGES: Kinds = Kinds::of(&[EventKind::SystemOutageStarted, EventKind::SystemOutageEnded]);
        if self.announced.is_empty() && !view.has_any(OUTAGES) {
            return Vec::new();
        }
        let events = &view.events;
        let own = events.iter().filter(|s| s.kind().is_outage());
        let own = own.map(|s| (s.event.terminal(), s.at(), *s.kind() == EventKind::SystemOutageEnded));
        let concerns = |terminal: &Option<String>| {
            terminal.as_deref().is_none_or(|terminal| events.iter().any(|s| was_at(s.event, terminal)))
        };
        let announced = self.announced.values().map(|a| &a.said);
        let announced = announced.filter(|a| !a.retracted && concerns(&a.terminal));
        let announced = announced.map(|a| (a.terminal.as_deref(), a.at, !a.begins));
        let mut all: Vec<(Option<&str>, Timestamp, bool)> = own.chain(announced).collect();
        all.sort_unstable();
        let mut marks: Vec<Mark> = Vec::with_capacity(all.len());
        let mut last = None;
        let mut place = 0;
        for (terminal, at, ends) in all {
            place += usize::from(terminal != last);
            last = terminal;
            marks.push(Mark { place, at, ends });
        }
        marks
    }
}

/// Whether an event tells that the container was at a terminal: who looks at it from another port's system does not bring
/// it there.
fn was_at(event: &PortEvent, terminal: &str) -> bool {
    event.terminal() == Some(terminal) && !is_look_up(&event.kind)
}

impl Announced {
    /// What decides on which of two versions stands: that of timelines, at last what it says.
    fn order(&self) -> impl Ord + '_ {
        (rank(self.revision, self.said.retracted, self.received_at), &self.said)
    }
}

/// From when to when systems were out, place by place; an outage whose end nobody told has lasted `max_hours`. What begins
/// again before it has ended is as well another system as the same one told twice: it lasts until the last of as many ends.
pub(crate) fn spans(marks: &[Mark], max_hours: i64) -> Vec<(Timestamp, Timestamp)> {
    let longest = |run: &Run| run.last.plus_millis(max_hours * HOUR_MS);
    let mut spans = Vec::new();
    for there in marks.chunk_by(|a, b| a.place == b.place) {
        let mut runs: Vec<Run> = Vec::new();
        for mark in there {
            let open = runs.last_mut();
            if mark.ends {
                if let Some(run) = open.filter(|run| run.ended < run.begun) {
                    run.ended += 1;
                    run.to = Some(mark.at);
                }
            } else if let Some(run) = open.filter(|run| run.to.is_none() && mark.at <= longest(run)) {
                run.begun += 1;
                run.last = mark.at;
            } else {
                runs.push(Run { from: mark.at, last: mark.at, begun: 1, ended: 0, to: None });
            }
        }
        spans.extend(
            runs.iter().map(|run| (run.from, run.to.map_or(longest(run), |to| to.min(longest(run))))),
        );
    }
    spans
}

/// The same time, what overlaps taken together.
pub(crate) fn merged(mut spans: Vec<(Timestamp, Timestamp)>) -> Vec<(Timestamp, Timestamp)> {
    spans.sort_unstable();
    let mut all: Vec<(Timestamp, Timestamp)> = Vec::with_capacity(spans.len());
    for (from, to) in spans {
        match all.last_mut().filter(|(_, end)| from <= *end) {
            Some((_, end)) => *end = to.max(*end),
            None => all.push((from, to)),
        }
    }
    all
}

/// Whether a moment lies in one of them.
pub(crate) fn within(spans: &[(Timestamp, Timestamp)], at: Timestamp) -> bool {
    spans.iter().any(|(from, to)| (*from..=*to).contains(&at))
}
