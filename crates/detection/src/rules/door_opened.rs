//! Doors that open where they should not (`MO-06a` to `c`).
//!
//! **Pattern.** The drugs are taken out, or moved into another container, between ship and gate; a door sensor or an
//! electronic seal tells of it, unless somebody took the device off. Sources: door events of DCSA Track & Trace 3.0;
//! door sensing, <http://www.google.co.uk/patents/WO2011073972A1?cl=en>; the switch that it shows, `MO-07`:
//! <https://www.brusselstimes.com/all-news/belgium-all-news/justice-belgium/59648/dock-workers-in-antwerp-trap-drugs-dealers-in-container/>.
//!
//! **Sub-rules.** `a` a door opens in the yard or at sea. `b` at night, and that of a neighbour at nearly the same time
//! (told by the timeline of the terminal's yard). `c` the device is taken off in the yard, or falls silent there after it
//! had reported regularly.
//!
//! **Inputs.** Door, device and position events; where the container is; work orders, customs, seals, stripping; slots
//! and positions for `b`.
//!
//! **False positives.** Bounce (a door that closes again within a minute). Inspections, stripping and other work for
//! which a container is opened, done or ordered close by; an order that names a slot only moves it, unless to where
//! customs inspect; word of customs' inspection comes after it, and is waited for while they want one. Pre-trip checks
//! of reefers and everything else about empties. Light and vibration: a device that opens on other stays too without a
//! reason, or opens again and again and never closes, is not believed. An outage of the device's system (what it tells
//! afterwards takes `a` back). A device taken off after the cargo was; one that is silent since its container was moved
//! to the truck announced for it, or that has come in elsewhere since. `b`: two containers that customs open side by side.

use quaywatch_domain::event::{Place, PortEvent};
use quaywatch_domain::indicator::Expected;
use quaywatch_domain::{EventKind, Fact, Indicator, Subject, Text, Timestamp};
use serde::Deserialize;

use crate::golden::Whereabouts;
use crate::loops::{Told, indicator_fact};
use crate::quiet::Trigger;
use crate::rules::two_places::distance_km;
use crate::settings::{HOUR_MS, MINUTE_MS, SubRule};
use crate::trust::late_word;
use crate::view::{Absence, Findings, Seen, View};
use crate::work_orders::opening_is_ordered;
use crate::{Rules, Sighting};

/// Table `[door_opened]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) bounce_seconds: i64,
    /// Until word of that must have come.
    settle_seconds: i64,
    /// Until customs, who wanted to look at it, must have said that they did.
    inspection_told_minutes: i64,
    pub(crate) work_minutes: i64,
    pub(crate) unreliable_openings: usize,
    pub(crate) unreliable_hours: i64,
    pub(crate) neighbour_minutes: i64,
    pub(crate) neighbour_km: f64,
    pub(crate) open_least_minutes: i64,
    pub(crate) open_most_minutes: i64,
    pub(crate) silence_hours: i64,
    pub(crate) regular_reports: usize,
    pub(crate) regular_hours: i64,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) c: SubRule,
}

const CODE_B: &str = "MO-06b";

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[
    EventKind::DoorOpened,
    EventKind::DoorClosed,
    EventKind::DeviceUnpaired,
    EventKind::DeviceSilent,
    EventKind::PositionReported,
    EventKind::ReeferReading,
]);

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    if !view.events.iter().any(|s| is_of_device(s.kind())) {
        return;
    }
    for stay in view.stays() {
        opened(view, stay, findings);
        taken_off(view, stay, findings);
    }
    fell_silent(view, findings);
}

const fn is_of_device(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::DoorOpened
            | EventKind::DoorClosed
            | EventKind::DeviceUnpaired
            | EventKind::DeviceSilent
            | EventKind::PositionReported
            | EventKind::ReeferReading
    )
}

/// MO-06a: one indicator a stay, of its first unexplained opening.
fn opened(view: &View<'_>, stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.door_opened;
    for s in openings(stay) {
        let Some(place) = unexplained(view, s, findings.rules) else { continue };
        if bounced(view, s, settings) || is_faulty(view, s, findings.rules) {
            continue;
        }
        let settle_ms = settings.settle_seconds * 1_000;
        let told_ms =
            if is_customs_business(view, s) { settings.inspection_told_minutes * MINUTE_MS } else { 0 };
        let settled = s.fact.received_at.plus_millis(settle_ms.max(told_ms));
        if findings.passed(settled) {
            let sentence = format!("A door was opened {place}, and nobody had ordered it.");
            findings.add("MO-06a", &settings.a, sentence, vec![*s]);
            return;
        }
    }
}

fn openings<'s, 'a>(stay: &'s [Seen<'a>]) -> impl Iterator<Item = &'s Seen<'a>> {
    stay.iter().filter(|s| *s.kind() == EventKind::DoorOpened && s.is_actual())
}

/// Whether customs wanted to look at it and had not decided: they open it themselves, and say so afterwards.
fn is_customs_business(view: &View<'_>, s: &Seen<'_>) -> bool {
    let mut before = view.stay_of(s.visit).iter().rev().filter(|k| k.is_actual() && k.at() <= s.at());
    let word = before.find_map(|k| match k.kind() {
        EventKind::CustomsSelectedForScan
        | EventKind::CustomsSelectedForInspection
        | EventKind::CustomsScanned
        | EventKind::CustomsHeld => Some(true),
        EventKind::CustomsReleased | EventKind::CustomsSelectionCancelled => Some(false),
        _ => None,
    });
    word == Some(true)
}

/// Where the door of a full container was opened, in the yard or at sea, without work that would explain it.
fn unexplained(view: &View<'_>, s: &Seen<'_>, rules: &Rules) -> Option<&'static str> {
    let place = match view.golden.at(s.at()) {
        Whereabouts::Yard(_) => "in the yard",
        Whereabouts::Vessel(_) => "at sea",
        Whereabouts::Unknown | Whereabouts::Outside(_) => return None,
    };
    (!is_empty_at(view, s) && !is_explained(view, s.at(), rules)).then_some(place)
}

/// Whether the device that tells of the opening is broken: on several nights of other stays it told of openings that
/// nothing explains, or it tells again and again that the door opens and never that it closes. Openings in one stay that
/// are closed again are believed, however many.
fn is_faulty(view: &View<'_>, s: &Seen<'_>, rules: &Rules) -> bool {
    let settings = &rules.rule.door_opened;
    let by_it = |k: &Seen<'_>| k.event.source.feed == s.event.source.feed;
    let window_ms = settings.unreliable_hours * HOUR_MS;
    let elsewhere = openings(&view.events)
        .filter(|k| k.visit != s.visit && by_it(k) && unexplained(view, k, rules).is_some());
    // What one gang does in one night counts once.
    let (mut nights, mut last) = (0, None);
    for at in elsewhere.map(Seen::at) {
        if last.is_none_or(|last| at.millis_since(last) > window_ms) {
            (nights, last) = (nights + 1, Some(at));
        }
    }
    if nights >= settings.unreliable_openings {
        return true;
    }
    let near = |k: &&Seen<'_>| by_it(k) && k.at().millis_since(s.at()).abs() <= window_ms;
    let closes = view.events.iter().filter(near).any(|k| *k.kind() == EventKind::DoorClosed && k.is_actual());
    !closes && openings(view.stay_of(s.visit)).filter(near).count() >= settings.unreliable_openings
}

/// Whether the container was last said to be empty.
fn is_empty_at(view: &View<'_>, s: &Seen<'_>) -> bool {
    let until = view.events.partition_point(|k| k.at() <= s.at());
    let mut before = view.events.get(..until).unwrap_or_default().iter().rev();
    before
        .find(|k| k.is_empty() || k.is_laden() || *k.kind() == EventKind::Stripped)
        .is_some_and(|k| !k.is_laden())
}

fn bounced(view: &View<'_>, s: &Seen<'_>, settings: &Settings) -> bool {
    view.events.iter().any(|k| {
        *k.kind() == EventKind::DoorClosed
            && (0..=settings.bounce_seconds * 1_000).contains(&k.at().millis_since(s.at()))
    })
}

/// Whether the opening of `MO-06b` was work or none at all, which the timeline of the yard cannot know.
pub(crate) fn is_work(view: &View<'_>, indicator: &Indicator, rules: &Rules) -> bool {
    let settings = &rules.rule.door_opened;
    indicator.code == CODE_B
        && indicator.evidence.iter().filter_map(|id| view.find(id)).any(|s| {
            is_empty_at(view, s)
                || is_explained(view, s.at(), rules)
                || bounced(view, s, settings)
                || is_faulty(view, s, rules)
        })
}

/// Whether work that opens doors is known around this time.
fn is_explained(view: &View<'_>, at: Timestamp, rules: &Rules) -> bool {
    let minutes = rules.rule.door_opened.work_minutes;
    let is_work = |k: &Seen<'_>| {
        k.at().millis_since(at).abs() <= minutes * MINUTE_MS
            && matches!(
                k.kind(),
                EventKind::CustomsInspected
                    | EventKind::CustomsSelectedForInspection
                    | EventKind::SealInspected
                    | EventKind::SealReplaced
                    | EventKind::Stripped
                    | EventKind::Stuffed
            )
    };
    view.events.iter().any(is_work) || opening_is_ordered(view, at, minutes, rules)
}

/// MO-06c: taken off, or reported as silent.
fn taken_off(view: &View<'_>, stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.door_opened;
    for s in stay.iter().filter(|s| s.is_actual()) {
        let what = match s.kind() {
            EventKind::DeviceUnpaired => "was taken off",
            EventKind::DeviceSilent => "fell silent",
            _ => continue,
        };
        let in_yard = matches!(view.golden.at(s.at()), Whereabouts::Yard(_));
        if !in_yard || is_empty_at(view, s) || is_explained(view, s.at(), findings.rules) {
            continue;
        }
        let sentence = format!("Its tracking device {what} in the yard.");
        // What is reported as silent may have spoken, and the system behind it did not.
        let (event, by) = (EventKind::PositionReported, s.fact.received_at);
        let absence = Absence { event, within: (s.at(), s.at()), by, at: s };
        let sub = &settings.c;
        findings.add_absent("MO-06c", sub, sub.severity, sentence, vec![*s], absence);
        return;
    }
}

/// MO-06c: a device that reported regularly says nothing more, in the yard.
fn fell_silent(view: &View<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.door_opened;
    let of_device = |s: &&Seen<'_>| {
        s.is_actual()
            && matches!(
                s.kind(),
                EventKind::PositionReported
                    | EventKind::ReeferReading
                    | EventKind::DoorOpened
                    | EventKind::DoorClosed
            )
    };
    let Some(last) = view.events.iter().rev().find(of_device) else { return };
    let feed = &last.event.source.feed;
    let regular_ms = settings.regular_hours * HOUR_MS;
    let recent = view.events.iter().rev().take_while(|s| last.at().millis_since(s.at()) <= regular_ms);
    let reports = recent.filter(of_device).filter(|s| s.event.source.feed == *feed);
    let Some(first) = reports.take(settings.regular_reports).nth(settings.regular_reports.saturating_sub(1))
    else {
        return;
    };
    if is_empty_at(view, last) {
        return;
    }
    if !matches!(view.golden.at(last.at()), Whereabouts::Yard(_)) {
        return;
    }
    let device_ms = late_word(findings, last.kind(), last).usual_ms;
    // It is silent from when its next word was due.
    let steps = i64::try_from(settings.regular_reports.saturating_sub(1)).unwrap_or(1).max(1);
    let interval_ms = last.at().millis_since(first.at()) / steps;
    let silence_ms = settings.silence_hours * HOUR_MS + interval_ms + device_ms;
    // Who is fetched says nothing more from inside; word of the gate may come late.
    let fetched = |s: &&Seen<'_>| {
        matches!(s.kind(), EventKind::PickupAnnounced | EventKind::PickupAccepted)
            && s.at() > last.at().plus_millis(-silence_ms)
            && s.visit == last.visit
    };
    let mut fetches = view.events.iter().filter(fetched).map(|s| s.at());
    let announced = fetches.next();
    let fetched = fetches.next_back().or(announced);
    let silent_by = last.at().plus_millis(silence_ms);
    if announced.is_some_and(|announced_at| was_handed_over(view, last, announced_at, silent_by)) {
        return;
    }
    let by = fetched.map_or(silent_by, |at| {
        let late_ms = late_word(findings, &EventKind::GateOut, last).most_ms;
        silent_by.max(at.plus_millis(silence_ms + late_ms))
    });
    // What ends the stay, or shows that it has ended, explains the silence, or is reported as such.
    let ends = |s: &Seen<'_>| {
        matches!(
            s.kind(),
            EventKind::GateOut
                | EventKind::GateIn
                | EventKind::DroppedOff
                | EventKind::Loaded
                | EventKind::Stripped
                | EventKind::DeviceUnpaired
                | EventKind::DeviceSilent
        )
    };
    if findings.missing(view, last, by, ends) {
        let hours = by.millis_since(last.at()) / HOUR_MS;
        let sentence = match last.kind() {
            EventKind::ReeferReading => {
                format!("Its reefer unit reported regularly and is silent for {hours} h.")
            }
            EventKind::PositionReported => {
                format!("Its position was reported regularly, and has not been for {hours} h.")
            }
            _ => format!("Its door sensor reported regularly and is silent for {hours} h."),
        };
        let expected = Some(Expected { event: last.kind().clone(), by });
        findings.add_as("MO-06c", &settings.c, settings.c.severity, sentence, vec![*last], expected);
    }
}

/// Whether a container for which a truck was announced went to it: it was moved for it in the yard, or is seen beyond the
/// gate afterwards. The device was unplugged, or is out of reach of the yard's readers; that no word of the gate came is
/// another matter.
fn was_handed_over(view: &View<'_>, last: &Seen<'_>, announced_at: Timestamp, silent_by: Timestamp) -> bool {
    let from = view.events.partition_point(|s| s.at() <= last.at());
    view.events.get(from..).unwrap_or_default().iter().filter(|s| s.is_actual()).any(|s| match s.kind() {
        EventKind::YardMove => s.at() >= announced_at && s.at() <= silent_by,
        EventKind::GateIn | EventKind::DroppedOff => s.at() >= announced_at,
        _ => false,
    })
}

/// Whether the timeline of a yard keeps the event.
pub(crate) fn is_of_yard(event: &PortEvent) -> bool {
    event.is_actual() && matches!(event.kind, EventKind::DoorOpened | EventKind::DoorClosed)
}

/// MO-06b: tells two containers that their doors were open by night, near one another and at nearly the same time.
pub(crate) fn tell(rules: &Rules, origin: &Subject, sightings: &[Sighting]) -> Vec<(Fact, bool)> {
    let settings = &rules.rule.door_opened;
    let doors: Vec<&Sighting> =
        sightings.iter().filter(|s| !s.retracted && s.container.is_some() && s.place.is_some()).collect();
    let opened: Vec<&Sighting> = doors.iter().filter(|s| s.kind == EventKind::DoorOpened).copied().collect();
    let terminal = origin.id.split(':').next();
    let by_night = |s: &Sighting| rules.calendar.is_night(terminal, s.occurred_at);
    let mut wanted: Vec<(Fact, bool)> = Vec::new();
    for own in opened.iter().filter(|s| by_night(s) && was_open(s, &doors, settings)) {
        let Some(container) = own.container.as_deref() else { continue };
        let other = opened.iter().find(|s| {
            s.container != own.container
                && s.occurred_at.millis_since(own.occurred_at).abs() <= settings.neighbour_minutes * MINUTE_MS
                && by_night(s)
                && were_neighbours(s, own, settings)
        });
        let Some(other) = other else { continue };
        let told = Told {
            origin,
            code: CODE_B,
            severity: settings.b.severity,
            action: settings.b.action,
            sentence: format!(
                "Its door and that of its neighbour {} were opened in the same night.",
                other.container.as_deref().unwrap_or("?")
            ),
            sightings: vec![own, other],
        };
        if !wanted.iter().any(|(f, _)| &*f.subject.id == container)
            && let Some(indicator) = told.indicator(rules)
        {
            wanted.push((indicator_fact(container, indicator, own.occurred_at), settings.b.shadow));
        }
    }
    wanted
}

/// Whether the door was open long enough to move something and short enough for work in the dark; one that was never
/// reported as closed counts.
fn was_open(s: &Sighting, doors: &[&Sighting], settings: &Settings) -> bool {
    let closed = doors.iter().find(|k| {
        k.kind == EventKind::DoorClosed && k.container == s.container && k.occurred_at >= s.occurred_at
    });
    closed.is_none_or(|closed| {
        let minutes = closed.occurred_at.millis_since(s.occurred_at) / MINUTE_MS;
        (settings.open_least_minutes..=settings.open_most_minutes).contains(&minutes)
    })
}

/// Whether two places are next to one another: adjacent slots of a block, or some metres apart.
fn were_neighbours(a: &Sighting, b: &Sighting, settings: &Settings) -> bool {
    let (Some(a), Some(b)) = (a.place.as_deref(), b.place.as_deref()) else { return false };
    let apart = |a: &Option<Text>, b: &Option<Text>| {
        Some(a.as_deref()?.trim().parse::<i64>().ok()?.abs_diff(b.as_deref()?.trim().parse::<i64>().ok()?))
    };
    if let Some((x, y)) = a.yard.as_ref().zip(b.yard.as_ref()) {
        // Bays of 20 ft bear odd numbers, those of 40 ft the even ones between.
        return x.block.is_some()
            && x.block == y.block
            && apart(&x.bay, &y.bay).is_some_and(|bays| bays <= 2)
            && apart(&x.row, &y.row).is_none_or(|rows| rows <= 2);
    }
    let position = |p: &Place| p.latitude.zip(p.longitude);
    position(a).zip(position(b)).is_some_and(|(x, y)| distance_km(x, y) <= settings.neighbour_km)
}
