//! Driver, truck and badge (`MO-24a` to `f`, `MO-23b`). About people: off unless switched on, and for a restricted
//! audience.
//!
//! **Pattern.** Stolen or lent badges and hired drivers: a badge at two terminals at once, a driver of another haulier, a
//! driver who brings people in and does not come out, with a container or announced for one. Sources: the check of haulier against card at ECT,
//! <https://vertrouwensketen.nl/ect-terminals-controleren-aan-de-poort-op-uitvoerende-vervoerder>; stolen Alfapasses,
//! <https://www.vrt.be/vrtnws/nl/2023/02/10/celstraffen-tot-10-jaar-voor-frauduleus-afhalen-containers-uit-a/>.
//!
//! **Inputs.** Gate passages with badge, plate and haulier as pseudonyms, also of trucks without container (`f`);
//! pre-notifications; passes issued; the timeline of the driver (`a`, `c`, `d`, `f`, `MO-23b`).
//!
//! **False positives.** `a`: one passage that two systems report, clocks that differ. `b`: plates read wrongly or a
//! truck changed by the same driver or haulier (LOW); a plate that another pre-notification names. `c`: pool drivers,
//! who drive for several; a driver who has changed the employer (only his first day); short histories. `d`: drivers
//! whose earlier visits we may not have (LOW), new ones whom their haulier announced (LOW), day, ordinary cargo,
//! empties. `e`: a swap that was announced. `f`: terminals where drivers that leave without a container are not
//! reported (the driver was seen to leave so before), late reports, lost ones (he comes in again); breakdowns and waiting
//! for a container that is not let go yet, by day or for no longer than a shift, or any other reason to stay of who leaves
//! at last (LOW); a container that he came to fetch and that has left since, with whomever.

use std::collections::BTreeSet;

use quaywatch_domain::indicator::Expected;
use quaywatch_domain::{EventKind, Fact, Id, Indicator, Severity, Subject, Timestamp};
use serde::Deserialize;

use crate::actor::{ALONE, value};
use crate::loops::{Told, indicator_fact};
use crate::quiet::Trigger;
use crate::settings::{HOUR_MS, MINUTE_MS, Rules, SubRule};
use crate::view::{Findings, Seen, View, keys_of, same_party};
use crate::{Engine, Sighting};
use quaywatch_domain::event::PartyRole;

/// Table `[driver_badge]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    least_travel_minutes: i64,
    clock_tolerance_minutes: i64,
    severity_b_expected: Severity,
    min_visits: usize,
    batch_hours: i64,
    recorded_days: i64,
    severity_d_unproven: Severity,
    severity_d_announced: Severity,
    inside_hours: i64,
    shift_hours: i64,
    announced_hours: i64,
    seen_to_leave: usize,
    grace_minutes: i64,
    severity_f_innocent: Severity,
    pass_minutes: i64,
    a: SubRule,
    b: SubRule,
    c: SubRule,
    d: SubRule,
    e: SubRule,
    f: SubRule,
    /// MO-23b.
    pass: SubRule,
}

/// Code of the auxiliary indicator "first visit of this driver", read by `d` alone and never shown.
pub(crate) const FIRST_VISIT: &str = "MO-24d-first";

/// Code of the auxiliary indicator "its driver came in without a container and did not leave", read by `f` alone and never
/// shown.
pub(crate) const CAME_ALONE: &str = "MO-24f-alone";

pub(crate) const TRIGGER: Trigger = Trigger::ANYTHING;

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    if !findings.rules.people.enabled {
        return;
    }
    came_for_it(view, findings);
    for (visit, stay) in view.stays().enumerate() {
        let outs = || stay.iter().filter(|s| s.is_actual() && *s.kind() == EventKind::GateOut);
        // The carrier reports the same passage and names neither truck nor driver.
        let gate_out = outs().find(|s| s.truck().is_some() || driver(s).is_some()).or_else(|| outs().next());
        if let Some(gate_out) = gate_out {
            other_plate(stay, gate_out, findings);
            swapped(stay, gate_out, findings);
        }
        first_by_night(view, visit, stay, findings);
    }
}

fn driver<'a>(s: &Seen<'a>) -> Option<&'a str> {
    s.event.transport.as_deref()?.driver.as_deref()
}

fn announcements<'s, 'a>(stay: &'s [Seen<'a>], before: Timestamp) -> impl Iterator<Item = &'s Seen<'a>> {
    stay.iter().filter(move |s| *s.kind() == EventKind::PickupAnnounced && s.said_at() <= before)
}

/// MO-24b.
fn other_plate(stay: &[Seen<'_>], gate_out: &Seen<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.driver_badge;
    let Some(truck) = gate_out.truck() else { return };
    let named: Vec<&Seen<'_>> = announcements(stay, gate_out.at()).filter(|s| s.truck().is_some()).collect();
    let haulier = keys_of(gate_out.event, PartyRole::Haulier);
    let of_haulier = named
        .iter()
        .rev()
        .find(|s| same_party(&keys_of(s.event, PartyRole::Haulier), &haulier) != Some(false));
    let Some(announced) = of_haulier.filter(|_| !named.iter().any(|s| s.truck() == Some(truck))) else {
        return;
    };
    // A breakdown, or a plate that the camera misread: the haulier that was announced came, or its driver.
    let same_driver = driver(announced).is_some() && driver(announced) == driver(gate_out);
    let same_haulier = same_party(&keys_of(announced.event, PartyRole::Haulier), &haulier) == Some(true);
    let severity =
        if same_driver || same_haulier { settings.severity_b_expected } else { settings.b.severity };
    let sentence = "Collected by another truck than the one announced.".to_owned();
    findings.add_restricted("MO-24b", &settings.b, severity, sentence, vec![**announced, *gate_out]);
}

/// MO-24e.
fn swapped(stay: &[Seen<'_>], gate_out: &Seen<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.driver_badge;
    let called = stay.iter().rev().find(|s| {
        *s.kind() == EventKind::PickupAccepted && s.said_at() <= gate_out.at() && driver(s).is_some()
    });
    let Some((called, now)) = called.zip(driver(gate_out)) else { return };
    let announced = announcements(stay, gate_out.at()).any(|s| driver(s) == Some(now));
    if driver(called) != Some(now) && !announced {
        let sentence = "Collected by another driver than the one called forward.".to_owned();
        findings.add_restricted(
            "MO-24e",
            &settings.e,
            settings.e.severity,
            sentence,
            vec![*called, *gate_out],
        );
    }
}

/// MO-24d.
fn first_by_night(view: &View<'_>, visit: usize, stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.driver_badge;
    let told = view.indicators.iter().filter(|(_, i)| i.code == FIRST_VISIT);
    let told: BTreeSet<&str> = told.flat_map(|(_, i)| i.evidence.iter().map(Id::as_str)).collect();
    let first = stay.iter().find(|s| {
        told.contains(s.fact.fact_id.as_str())
            && !s.is_empty()
            && rules.calendar.is_night(s.event.terminal(), s.at())
    });
    let Some(first) = first.filter(|_| view.is_from_watched_origin(visit, rules)) else { return };
    let is_recorded = rules.history.is_recorded(first.at(), settings.recorded_days);
    let is_announced =
        announcements(stay, first.at()).any(|s| driver(s).is_some() && driver(s) == driver(first));
    let severity = match (is_recorded, is_announced) {
        (false, _) => settings.severity_d_unproven,
        (true, true) => settings.severity_d_announced,
        (true, false) => settings.d.severity,
    };
    let sentence =
        "Handled by night on a driver's first known visit, with cargo from a watched origin.".to_owned();
    findings.add_restricted("MO-24d", &settings.d, severity, sentence, vec![*first]);
}

/// MO-24f of who came to fetch this container and is still inside; not when it has left since.
fn came_for_it(view: &View<'_>, findings: &mut Findings<'_>) {
    for (_, told) in view.indicators.iter().filter(|(_, i)| i.code == CAME_ALONE) {
        let Some(own) = told.evidence.iter().find_map(|id| view.find(id)) else { continue };
        let entry = told.carried.iter().filter(|e| e.fact_id != own.fact.fact_id);
        let Some(entered) = entry.map(|e| e.occurred_at).max() else { continue };
        let is_gone = |s: &Seen<'_>| s.is_actual() && *s.kind() == EventKind::GateOut && s.at() >= entered;
        if view.events.iter().any(is_gone) {
            continue;
        }
        let before = findings.found.len();
        let sub = &findings.rules.rule.driver_badge.f;
        findings.add_restricted("MO-24f", sub, told.severity, told.sentence.clone(), vec![*own]);
        if let Some(found) = findings.found.get_mut(before) {
            let handling = found.indicator.handling.strictest(&told.handling);
            let (code, discreet) = (found.indicator.code.clone(), true);
            found.indicator = Indicator { code, handling, discreet, ..(*told).clone() };
        }
        return;
    }
}

const fn is_gate(kind: &EventKind) -> bool {
    matches!(kind, EventKind::GateIn | EventKind::GateOut)
}

/// What the timeline of a driver tells containers (`a`, `c`, `f`, `MO-23b`, the ground of `d`); when `f` has to look again.
pub(crate) fn tell(
    engine: &Engine,
    origin: &Subject,
    standing: &[&Sighting],
    now: Timestamp,
    wanted: &mut Vec<(Fact, bool)>,
) -> Option<Timestamp> {
    let passages: Vec<&Sighting> = standing.iter().filter(|s| is_gate(&s.kind)).copied().collect();
    let mut teller = Teller { rules: &engine.rules, origin, wanted };
    two_terminals(&mut teller, &passages);
    other_haulier(&mut teller, &passages);
    first_visit(&mut teller, &passages);
    fresh_pass(&mut teller, standing, &passages);
    still_inside(&mut teller, standing, &passages, (now, engine.heard_until))
}

struct Teller<'a> {
    rules: &'a Rules,
    origin: &'a Subject,
    wanted: &'a mut Vec<(Fact, bool)>,
}

impl Teller<'_> {
    /// Tells the container of `own`, unless it was told the same of an earlier passage.
    fn tell(&mut self, code: &str, sub: &SubRule, sentence: &str, own: &Sighting, ground: Option<&Sighting>) {
        self.expect(code, (sub, sub.severity), sentence, own, ground, None);
    }

    fn expect(
        &mut self,
        code: &str,
        (sub, severity): (&SubRule, Severity),
        sentence: &str,
        own: &Sighting,
        ground: Option<&Sighting>,
        expected: Option<Expected>,
    ) {
        let Some(container) = own.container.as_deref() else { return };
        let subject = Subject::container(container);
        let is_told = |f: &Fact| f.subject == subject && f.indicator.as_ref().is_some_and(|i| i.code == code);
        if self.wanted.iter().any(|(f, _)| is_told(f)) {
            return;
        }
        let told = Told {
            origin: self.origin,
            code,
            severity,
            action: sub.action,
            sentence: sentence.to_owned(),
            sightings: [Some(own), ground].into_iter().flatten().collect(),
        };
        if let Some(mut indicator) = told.indicator(self.rules) {
            indicator.expected = expected;
            let fact = indicator_fact(container, indicator, own.occurred_at);
            let is_ground = matches!(code, FIRST_VISIT | CAME_ALONE);
            self.wanted.push((fact, sub.shadow && !is_ground));
        }
    }
}

/// MO-24a.
fn two_terminals(teller: &mut Teller<'_>, passages: &[&Sighting]) {
    let settings = &teller.rules.rule.driver_badge;
    let least_ms = (settings.least_travel_minutes - settings.clock_tolerance_minutes).max(0) * MINUTE_MS;
    for pair in passages.windows(2) {
        let [a, b] = pair else { continue };
        let places = value(a, "TERMINAL").zip(value(b, "TERMINAL"));
        let too_soon = b.occurred_at.millis_since(a.occurred_at) < least_ms;
        if too_soon && places.is_some_and(|(x, y)| x != y) {
            let sentence = "The badge was used at two terminals sooner than anybody can drive.";
            teller.tell("MO-24a", &settings.a, sentence, a, Some(b));
            teller.tell("MO-24a", &settings.a, sentence, b, Some(a));
        }
    }
}

/// MO-24c.
fn other_haulier(teller: &mut Teller<'_>, passages: &[&Sighting]) {
    let settings = &teller.rules.rule.driver_badge;
    let named: Vec<(&Sighting, &str)> =
        passages.iter().filter_map(|s| Some((*s, value(s, "HAULIER")?))).collect();
    let hauliers: BTreeSet<&str> = named.iter().map(|(_, h)| *h).collect();
    for haulier in hauliers {
        let Some(first) = named.iter().find(|(_, h)| *h == haulier).map(|(s, _)| s.occurred_at) else {
            continue;
        };
        let before: Vec<&str> =
            named.iter().filter(|(s, _)| s.occurred_at < first).map(|(_, h)| *h).collect();
        let others: BTreeSet<&&str> = before.iter().collect();
        if before.len() < settings.min_visits || others.len() != 1 {
            continue;
        }
        let ends = first.plus_millis(settings.batch_hours * HOUR_MS);
        for (s, _) in named.iter().filter(|(s, h)| *h == haulier && s.occurred_at <= ends) {
            let sentence = "The driver has only ever driven for another haulier.";
            teller.tell("MO-24c", &settings.c, sentence, s, None);
        }
    }
}

/// The ground of MO-24d.
fn first_visit(teller: &mut Teller<'_>, passages: &[&Sighting]) {
    let settings = &teller.rules.rule.driver_badge;
    let Some(first) = passages.first() else { return };
    let ends = first.occurred_at.plus_millis(settings.inside_hours * HOUR_MS);
    for s in passages.iter().filter(|s| s.occurred_at <= ends) {
        teller.tell(FIRST_VISIT, &settings.d, "First visit of this driver.", s, None);
    }
}

/// MO-23b.
fn fresh_pass(teller: &mut Teller<'_>, standing: &[&Sighting], passages: &[&Sighting]) {
    let settings = &teller.rules.rule.driver_badge;
    let pass_ms = settings.pass_minutes * MINUTE_MS;
    for pass in standing.iter().filter(|s| s.kind == EventKind::PassIssued) {
        let first = passages.iter().find(|s| s.occurred_at >= pass.occurred_at);
        let Some(first) = first.filter(|s| s.occurred_at.millis_since(pass.occurred_at) <= pass_ms) else {
            continue;
        };
        for s in
            passages.iter().filter(|s| (0..=pass_ms).contains(&s.occurred_at.millis_since(first.occurred_at)))
        {
            let sentence = format!(
                "Handled by a driver whose pass had been issued less than {} min before its first use.",
                settings.pass_minutes
            );
            teller.tell("MO-23b", &settings.pass, &sentence, s, Some(pass));
        }
    }
}

/// MO-24f: the time at which it has to be looked at again. What may have happened after the end of the recording is not
/// absent.
fn still_inside(
    teller: &mut Teller<'_>,
    standing: &[&Sighting],
    passages: &[&Sighting],
    (now, heard_until): (Timestamp, Option<Timestamp>),
) -> Option<Timestamp> {
    let settings = &teller.rules.rule.driver_badge;
    let is_recorded = |at: Timestamp| heard_until.is_none_or(|heard| at <= heard);
    let inside_ms = settings.inside_hours * HOUR_MS;
    let outs = || passages.iter().filter(|s| s.kind == EventKind::GateOut);
    // A driver that brings a container leaves without one, and one that fetches a container leaves; where nobody reports
    // that, nothing follows from its absence.
    let leaves_empty = outs().filter(|s| value(s, ALONE).is_some()).count() >= settings.seen_to_leave;
    let leaves = outs().count() >= settings.seen_to_leave;
    let mut deadline = None;
    for (n, s) in passages.iter().enumerate().filter(|(_, s)| s.kind == EventKind::GateIn) {
        let is_alone = value(s, ALONE).is_some();
        if !(if is_alone { leaves } else { leaves_empty }) {
            continue;
        }
        let due = s.occurred_at.plus_millis(inside_ms);
        let next = passages.get(n + 1);
        // Who comes in again has left meanwhile, and nobody said so.
        if next.is_some_and(|next| next.occurred_at <= due || next.kind == EventKind::GateIn) {
            continue;
        }
        let by = due.max(s.received_at.plus_millis(settings.grace_minutes * MINUTE_MS));
        if !is_recorded(by) {
            continue;
        }
        if by > now {
            deadline = Some(deadline.map_or(by, |d: Timestamp| d.min(by)));
            continue;
        }
        let hours = settings.inside_hours;
        let expected = Some(Expected { event: EventKind::GateOut, by });
        // Trucks break down and wait for what is not let go yet, by night for no longer than a shift.
        let is_night = teller.rules.calendar.is_night(value(s, "TERMINAL"), s.occurred_at);
        let shift_over = by.max(s.occurred_at.plus_millis(settings.shift_hours * HOUR_MS));
        let stays = is_night && next.is_none() && is_recorded(shift_over);
        if stays && shift_over > now {
            deadline = Some(deadline.map_or(shift_over, |d: Timestamp| d.min(shift_over)));
        }
        let is_grave = stays && shift_over <= now;
        let severity = if is_grave { settings.f.severity } else { settings.severity_f_innocent };
        if is_alone {
            let Some(announced) = announced_for(standing, s, settings) else { continue };
            let sentence = format!(
                "The driver announced for it came in without a container and did not leave within {hours} h."
            );
            teller.expect(CAME_ALONE, (&settings.f, severity), &sentence, announced, Some(s), expected);
        } else {
            let sentence = format!("The driver who brought it did not leave within {hours} h.");
            teller.expect("MO-24f", (&settings.f, severity), &sentence, s, None, expected);
        }
    }
    deadline
}

/// The announcement, nearest in time, of the container that a driver came in for.
fn announced_for<'s>(
    standing: &[&'s Sighting],
    entry: &Sighting,
    settings: &Settings,
) -> Option<&'s Sighting> {
    let apart = |s: &Sighting| s.occurred_at.millis_since(entry.occurred_at).abs();
    let elsewhere = |s: &Sighting| {
        value(s, "TERMINAL").zip(value(entry, "TERMINAL")).is_some_and(|(named, here)| named != here)
    };
    let fetched = |s: &Sighting| {
        let outs =
            standing.iter().filter(|k| k.kind == EventKind::GateOut && k.occurred_at <= entry.occurred_at);
        outs.filter(|k| k.occurred_at >= s.received_at).any(|k| k.container == s.container)
    };
    let announced = standing.iter().copied().filter(|s| {
        s.kind == EventKind::PickupAnnounced
            && s.container.is_some()
            && apart(s) <= settings.announced_hours * HOUR_MS
            && !elsewhere(s)
            && !fetched(s)
    });
    announced.min_by_key(|s| (apart(s), &s.fact_id))
}
