//! Ghost, over-landed and short-landed containers (`MO-21a` to `e`).
//!
//! **Pattern.** A container that no list names comes off the ship, or one that never came off leaves by the gate: it was
//! slipped in on the way, or another wears its number. Codes: UN/EDIFACT 8249, 7 short-landed, 8 over-landed; our own
//! rule.
//!
//! **Inputs.** Manifest lines against discharge reports of one vessel call, told to the container when the set is closed,
//! some hours after the vessel left (`a`, `b`); the container's own arrivals and gate-outs (`b`, `c`); its number (`d`);
//! its manifest lines (`e`).
//!
//! **False positives.** Late amendments of a manifest (nothing is said before the set is closed; a later line takes it
//! back). A manifest that is incomplete or not sent at all (most of what was discharged must be listed, and of what is
//! listed most discharged). Restows over the quay, empties, what stays on board, what is for another port. A typing
//! error in the number (wrong check digit). `c`: a terminal whose arrivals we do not get (an earlier arrival of the
//! container at this terminal is known, or `history.recorded_since` says that all are), late reports, containers that
//! were there before, empties. `d`: swap bodies (ILU codes). `e`: several bills for one container, another edition of
//! the list.

use std::collections::BTreeSet;

use quaywatch_domain::event::{EquipmentStatus, PortEvent};
use quaywatch_domain::indicator::Expected;
use quaywatch_domain::{EventKind, Fact, Indicator, Text};
use serde::Deserialize;

use crate::call::{Call, OnCall};
use crate::loops::{Told, indicator_fact};
use crate::quiet::Trigger;
use crate::settings::{HOUR_MS, Rules, SubRule};
use crate::view::{Absence, Findings, Seen, View};
use crate::visits::is_arrival;
use crate::{Mention, Sighting};

/// Table `[ghost_box]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) close_hours: i64,
    pub(crate) quiet_hours: i64,
    pub(crate) look_minutes: i64,
    min_boxes: usize,
    complete_percent: f64,
    grace_hours: i64,
    owner_prefixes: Vec<String>,
    a: SubRule,
    b: SubRule,
    c: SubRule,
    d: SubRule,
    e: SubRule,
}

/// Code of the auxiliary indicator "listed and not discharged", read by `b` alone and never shown.
pub(crate) const SHORT: &str = "MO-21b-short";

/// What a closed call tells its containers (`a`, and the ground of `b`), each with whether it is a shadow.
pub(crate) fn tell(rules: &Rules, call: &Call<'_>, wanted: &mut Vec<(Fact, bool)>) {
    let settings = &rules.rule.ghost_box;
    let ports: BTreeSet<&str> =
        call.boxes.values().filter_map(|b| b.discharged.and_then(|m| m.port.as_deref())).collect();
    let is_for_here = |b: &OnCall<'_>| {
        let port = b.listed.and_then(|m| m.port.as_deref());
        port.is_none_or(|port| ports.is_empty() || ports.contains(port))
    };
    let came = |b: &&OnCall<'_>| b.discharged.is_some() && !b.loaded;
    let discharged = call.boxes.values().filter(came).count();
    let listed = call.boxes.values().filter(|b| b.listed.is_some() && is_for_here(b)).count();
    let both = call.boxes.values().filter(came).filter(|b| b.listed.is_some()).count();
    let is_complete = |of: usize| {
        both >= settings.min_boxes && both as f64 * 100.0 >= settings.complete_percent * of as f64
    };
    let first = wanted.len();
    for (container, on_call) in &call.boxes {
        let ghost = on_call.overlanded.or(on_call.discharged).filter(|_| {
            on_call.listed.is_none()
                && !on_call.loaded
                && (on_call.overlanded.is_some() || is_complete(discharged))
        });
        if let Some(mention) = ghost {
            let sentence = "Discharged although no manifest of the vessel call names it.";
            let awaited = EventKind::ManifestLine;
            wanted.extend(say(rules, call, container, ("MO-21a", &settings.a), sentence, (mention, awaited)));
        }
        let missing = on_call.listed.filter(|_| {
            on_call.discharged.is_none()
                && on_call.overlanded.is_none()
                && is_for_here(on_call)
                && (on_call.shortlanded.is_some() || is_complete(listed))
        });
        if let Some(mention) = missing {
            let sentence = "Listed for this call and not discharged.";
            let awaited = EventKind::Discharged;
            wanted.extend(say(rules, call, container, (SHORT, &settings.b), sentence, (mention, awaited)));
        }
    }
    if let Some(told) = wanted.get_mut(first..) {
        told.sort_unstable_by(|(a, _), (b, _)| (&a.subject, &a.fact_id).cmp(&(&b.subject, &b.fact_id)));
    }
}

fn say(
    rules: &Rules,
    call: &Call<'_>,
    container: &str,
    (code, sub): (&str, &SubRule),
    sentence: &str,
    (own, awaited): (&Mention, EventKind),
) -> Option<(Fact, bool)> {
    let behind: Vec<Sighting> =
        [Some(own), call.departure].into_iter().flatten().map(Mention::sighting).collect();
    let told = Told {
        origin: call.origin,
        code,
        severity: sub.severity,
        action: sub.action,
        sentence: sentence.to_owned(),
        sightings: behind.iter().collect(),
    };
    let is_shadow = sub.shadow && code != SHORT;
    let expected = Some(Expected { event: awaited, by: call.closed_at });
    let indicator = Indicator { expected, ..told.indicator(rules)? };
    Some((indicator_fact(container, indicator, own.occurred_at), is_shadow))
}

pub(crate) const TRIGGER: Trigger =
    Trigger::kinds(&[EventKind::GateOut, EventKind::Shortlanded, EventKind::ManifestLine]).or_first();

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    for (visit, stay) in view.stays().enumerate() {
        short_landed(view, visit, stay, findings);
        never_came(view, visit, stay, findings);
        odd_number(stay, findings);
        listed_twice(stay, findings);
    }
}

fn gate_out<'s, 'a>(stay: &'s [Seen<'a>]) -> Option<&'s Seen<'a>> {
    stay.iter().find(|s| s.is_actual() && *s.kind() == EventKind::GateOut)
}

fn arrives(s: &Seen<'_>) -> bool {
    s.is_actual() && (is_arrival(s.kind()) || *s.kind() == EventKind::Stuffed)
}

/// MO-21b.
fn short_landed(view: &View<'_>, visit: usize, stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let Some(left) = gate_out(stay) else { return };
    let told = view.indicators.iter().filter(|(_, i)| i.code == SHORT);
    let mut told = told.flat_map(|(_, i)| {
        let by = i.expected.as_ref().map(|e| e.by);
        i.evidence.iter().filter_map(move |id| Some((view.find(id)?, by)))
    });
    let reported = || {
        let short = |s: &&Seen<'_>| s.is_actual() && *s.kind() == EventKind::Shortlanded;
        stay.iter().find(|s| short(s) && s.at() <= left.at()).map(|s| (s, None))
    };
    let of_visit = |(s, _): &(&Seen<'_>, _)| s.visit == visit && s.at() <= left.at();
    let Some((missing, by)) = told.find(of_visit).or_else(reported) else { return };
    if stay.iter().any(|s| arrives(s) && s.at() <= left.at()) {
        return;
    }
    let sentence =
        "Left by gate although it was never discharged from the vessel that should have brought it.";
    let settings = &findings.rules.rule.ghost_box;
    let (sub, evidence) = (&settings.b, vec![*missing, *left]);
    // That it was left on board is a report, and no silence.
    let Some(by) = by else { return findings.add("MO-21b", sub, sentence.to_owned(), evidence) };
    let (within, by) = ((left.at(), left.at()), by.max(left.at()));
    let absence = Absence { event: EventKind::Discharged, within, by, at: left };
    findings.add_absent("MO-21b", sub, sub.severity, sentence.to_owned(), evidence, absence);
}

/// MO-21c.
fn never_came(view: &View<'_>, visit: usize, stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.ghost_box;
    // Empties stand in depots for longer than anything is kept.
    let Some(left) = gate_out(stay).filter(|s| !s.number_is_doubtful() && !s.is_empty()) else { return };
    if stay.iter().any(|s| arrives(s) || *s.kind() == EventKind::DroppedOff) {
        return;
    }
    let earlier = view.events.iter().find(|s| {
        s.visit < visit
            && arrives(s)
            && s.event.terminal().is_some()
            && s.event.terminal() == left.event.terminal()
    });
    let is_recorded = rules.history.is_recorded(left.at(), rules.history.container_days);
    if earlier.is_none() && !is_recorded {
        return;
    }
    let by = left.fact.received_at.plus_millis(settings.grace_hours * HOUR_MS);
    if findings.passed(by) {
        let sentence = "Left by gate, and nobody reported that it ever came in or off a vessel.";
        let is_export = left.status() == Some(EquipmentStatus::Export);
        let event = if is_export { EventKind::GateIn } else { EventKind::Discharged };
        let absence = Absence { event, within: (left.at(), left.at()), by, at: left };
        let sub = &settings.c;
        findings.add_absent("MO-21c", sub, sub.severity, sentence.to_owned(), vec![*left], absence);
    }
}

/// MO-21d.
fn odd_number(stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.ghost_box;
    let Some(first) = stay.iter().find(|s| s.event.container().is_some()) else { return };
    let number = first.event.container().unwrap_or_default();
    let (Some(owner), Some(category)) = (number.get(..3), number.as_bytes().get(3)) else { return };
    let has_form = number.len() == 11
        && owner.bytes().all(|b| b.is_ascii_uppercase())
        && category.is_ascii_uppercase()
        && number.bytes().skip(4).all(|b| b.is_ascii_digit());
    if !has_form {
        return;
    }
    // ISO 6346: U container, J equipment, Z chassis. EN 13044: A to E and K are swap bodies and trailers.
    let sentence = if !matches!(category, b'U' | b'J' | b'Z' | b'A'..=b'E' | b'K') {
        "Its number is of no category of ISO 6346."
    } else if !settings.owner_prefixes.is_empty()
        && !settings.owner_prefixes.iter().any(|known| number.starts_with(known.as_str()))
    {
        "Its number is of an owner that is not registered."
    } else {
        return;
    };
    findings.add("MO-21d", &settings.d, sentence.to_owned(), vec![*first]);
}

/// MO-21e.
fn listed_twice(stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let lines: Vec<&Seen<'_>> = stay.iter().filter(|s| *s.kind() == EventKind::ManifestLine).collect();
    for (n, b) in lines.iter().enumerate() {
        let twin = lines.iter().take(n).find_map(|a| {
            let same_list = a.event.source.feed == b.event.source.feed
                && a.event.source.message_id.is_some()
                && a.event.source.message_id == b.event.source.message_id;
            same_list.then(|| difference(a.event, b.event).map(|what| (**a, what)))?
        });
        if let Some((a, what)) = twin {
            let sentence = format!("One manifest lists it twice, with different {what}.");
            findings.add("MO-21e", &findings.rules.rule.ghost_box.e, sentence, vec![a, **b]);
            return;
        }
    }
}

/// In what two lines about one container cannot both be right.
fn difference(a: &PortEvent, b: &PortEvent) -> Option<&'static str> {
    let differ = |x: Option<&Text>, y: Option<&Text>| x.zip(y).is_some_and(|(x, y)| x != y);
    let iso = |e: &'_ PortEvent| e.equipment.as_deref().and_then(|q| q.iso_type.clone());
    let loading = |e: &'_ PortEvent| e.route.as_deref().and_then(|r| r.port_of_loading.clone());
    let cell = |e: &'_ PortEvent| e.transport.as_deref().and_then(|t| t.stow_cell.clone());
    if differ(iso(a).as_ref(), iso(b).as_ref()) {
        Some("container types")
    } else if differ(loading(a).as_ref(), loading(b).as_ref()) {
        Some("ports of loading")
    } else if differ(cell(a).as_ref(), cell(b).as_ref()) {
        Some("places on board")
    } else {
        None
    }
}
