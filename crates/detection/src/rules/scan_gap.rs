//! Scan gap (`MO-15a`, `b`, `c`, `d`).
//!
//! **Pattern.** Containers are scanned at night and the pictures read in the morning; the drugs are taken out in
//! between. Source: <https://www.telegraaf.nl/nieuws/10495/drugs-simpel-land-in>.
//!
//! **Inputs.** Customs selections, scans, inspections, decisions; yard moves, positions and work orders; doors, seals,
//! tracking devices; pre-notifications; look-ups (`a`, told to those alone who may know of people's actions).
//!
//! **False positives.** `a`: the move to the customs site and back (at the site, on a work order to it, or on an order
//! from there or soon after the scan); customs' own opening of doors and seals, reported before their inspection, for
//! which it waits a while, or followed by a seal of theirs; what left without a decision is the business of `MO-25a`
//! when nothing else happened to it; an ordinary move on a work order (LOW), which may be lost on its way; a position
//! that differs in row or tier only; a look-up by a stranger is LOW alone, and one that is no sign for MO-16 none here. `b`: a decision that is late by design weighs LOW and says so; one that takes as
//! long as most do there, and whose word is as late as it is for most. `c`: a pre-notification from before the
//! selection, cancelled, for a slot far ahead, for a slot after the decision, on a decision of which word is still on
//! its way, or made for the day while the picture is read, in hope of the release (for the night, when nobody reads
//! pictures, it is MEDIUM). `d`: users of customs; systems that name no role.

use quaywatch_domain::event::{EquipmentStatus, PortEvent, SealSource};
use quaywatch_domain::indicator::Expected;
use quaywatch_domain::{Action, EventKind, Severity, Timestamp};
use serde::Deserialize;

use crate::baselines::{Group, Measure};
use crate::people::{is_by_stranger, role};
use crate::quiet::Trigger;
use crate::settings::{HOUR_MS, MINUTE_MS, Rules, SubRule};
use crate::trust::late_word;
use crate::view::{Findings, Seen, View};

/// Table `[scan_gap]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    scan_hours: i64,
    selection_hours: i64,
    order_hours: i64,
    return_minutes: i64,
    inspection_minutes: i64,
    report_minutes: i64,
    pickup_soon_hours: i64,
    severity_c_scanned: Severity,
    severity_c_by_night: Severity,
    a: Touched,
    b: SubRule,
    c: SubRule,
    d: SubRule,
}

/// Table `[scan_gap.a]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Touched {
    severity: Severity,
    severity_ordered: Severity,
    severity_looked_up: Severity,
    action: Action,
    shadow: bool,
}

/// Most events that one indicator names as what happened in the gap.
const MAX_TOUCHES: usize = 8;

/// The time between selection or scan and decision.
struct Gap<'a> {
    opened: Seen<'a>,
    scanned: Option<Seen<'a>>,
    /// The decision.
    closed: Option<Seen<'a>>,
}

impl Gap<'_> {
    fn holds(&self, at: Timestamp) -> bool {
        self.opened.at() < at && self.closed.is_none_or(|c| at < c.at())
    }

    /// What it begins with.
    fn since(&self) -> &'static str {
        if *self.opened.kind() == EventKind::CustomsScanned { "scan" } else { "customs selection" }
    }
}

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[
    EventKind::CustomsSelectedForScan,
    EventKind::CustomsSelectedForInspection,
    EventKind::CustomsScanned,
    EventKind::CustomsInspected,
    EventKind::CustomsHeld,
    EventKind::CustomsReleased,
    EventKind::CustomsSelectionCancelled,
    EventKind::YardMove,
    EventKind::PositionReported,
    EventKind::DoorOpened,
    EventKind::SealRemoved,
    EventKind::SealReplaced,
    EventKind::SealAffixed,
    EventKind::DeviceUnpaired,
    EventKind::PickupAnnounced,
    EventKind::RecordViewed,
    EventKind::RecordListed,
    EventKind::RecordExported,
]);

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    for stay in view.stays() {
        for gap in gaps(stay) {
            touched(stay, &gap, findings);
            looked_up(stay, &gap, findings);
            overdue(&gap, stay, findings);
            announced(view, stay, &gap, findings);
            cancelled_by_other(&gap, findings);
        }
    }
}

fn gaps<'a>(stay: &[Seen<'a>]) -> Vec<Gap<'a>> {
    let mut gaps: Vec<Gap<'a>> = Vec::new();
    for s in stay.iter().filter(|s| s.is_actual()) {
        let is_open = gaps.last().is_some_and(|g| g.closed.is_none());
        match s.kind() {
            EventKind::CustomsSelectedForScan | EventKind::CustomsSelectedForInspection if !is_open => {
                gaps.push(Gap { opened: *s, scanned: None, closed: None });
            }
            EventKind::CustomsScanned if !is_open => {
                gaps.push(Gap { opened: *s, scanned: Some(*s), closed: None });
            }
            EventKind::CustomsScanned => {
                if let Some(gap) = gaps.last_mut() {
                    gap.scanned = gap.scanned.or(Some(*s));
                }
            }
            kind if decides(kind) && is_open => {
                if let Some(gap) = gaps.last_mut() {
                    gap.closed = Some(*s);
                }
            }
            _ => {}
        }
    }
    gaps
}

/// Whether customs have decided by it, or looked themselves.
pub(crate) const fn decides(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::CustomsReleased
            | EventKind::CustomsInspected
            | EventKind::CustomsHeld
            | EventKind::CustomsSelectionCancelled
    )
}

fn order(event: &PortEvent) -> Option<&str> {
    event.documents.as_deref()?.order.as_deref()
}

fn stack(event: &PortEvent) -> Option<(&str, &str)> {
    let yard = event.place.as_deref()?.yard.as_ref()?;
    Some((yard.block.as_deref()?, yard.bay.as_deref().unwrap_or_default()))
}

/// What a touch was, when it is one.
fn touch(kind: &EventKind) -> Option<&'static str> {
    Some(match kind {
        EventKind::YardMove | EventKind::PositionReported => "moved",
        EventKind::DoorOpened => "opened",
        EventKind::SealRemoved | EventKind::SealReplaced | EventKind::SealAffixed => "resealed",
        EventKind::DeviceUnpaired => "cut off from its tracker",
        _ => return None,
    })
}

/// MO-15a.
fn touched(stay: &[Seen<'_>], gap: &Gap<'_>, findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.scan_gap;
    let mut was_at_site = false;
    let mut last_stack = None;
    let mut words: Vec<&str> = Vec::new();
    let mut evidence = vec![gap.opened];
    let mut severity = settings.a.severity_ordered;
    for s in stay.iter().filter(|s| s.is_actual()) {
        let before = last_stack;
        last_stack = stack(s.event).or(last_stack);
        let came_from_site = was_at_site;
        was_at_site = if stack(s.event).is_some() { rules.customs.is_site(s.event) } else { was_at_site };
        let Some(word) = touch(s.kind()).filter(|_| gap.holds(s.at())) else { continue };
        let only_reported = *s.kind() == EventKind::PositionReported;
        if only_reported && (before.is_none() || stack(s.event).is_none() || before == stack(s.event)) {
            continue;
        }
        if evidence.len() > MAX_TOUCHES || is_for_customs(stay, gap, s, word, came_from_site, rules) {
            continue;
        }
        // Customs may have opened it themselves, and are about to say so.
        let reported_by = s.fact.received_at.plus_millis(settings.report_minutes * MINUTE_MS);
        if matches!(word, "opened" | "resealed") && !findings.passed(reported_by) {
            continue;
        }
        // As for MO-10: a move that names its order has one, though the order itself may not have reached us.
        let is_ordered = word == "moved" && order(s.event).is_some();
        if !is_ordered {
            severity = severity.max(settings.a.severity);
        }
        if !words.contains(&word) {
            words.push(word);
        }
        evidence.push(*s);
    }
    // That it was moved to the gate says nothing more than that it left before the decision.
    let left = || stay.iter().any(|s| s.is_actual() && *s.kind() == EventKind::GateOut && gap.holds(s.at()));
    if words.is_empty() || (severity == settings.a.severity_ordered && left()) {
        return;
    }
    let sentence = format!("Was {} between {} and decision.", words.join(" and "), gap.since());
    let sub = SubRule { severity, action: settings.a.action, shadow: settings.a.shadow };
    findings.add("MO-15a", &sub, sentence, evidence);
}

/// MO-15a: by somebody who has no business with it.
fn looked_up(stay: &[Seen<'_>], gap: &Gap<'_>, findings: &mut Findings<'_>) {
    let rules = findings.rules;
    if !rules.people.enabled {
        return;
    }
    // Right after the selection it shows a leak, which is MO-16h.
    let is_scan = *gap.opened.kind() == EventKind::CustomsScanned;
    let leak_ms = if is_scan { 0 } else { rules.rule.look_ups.leak_minutes * MINUTE_MS };
    let from = gap.opened.at().plus_millis(leak_ms);
    let mut within = stay.iter().filter(|s| s.at() > from && gap.holds(s.at()));
    if let Some(look_up) = within.find(|s| is_by_stranger(stay, s, rules)) {
        let settings = &rules.rule.scan_gap.a;
        let sentence = format!(
            "Looked up between {} and decision, by an organisation that has no business with it.",
            gap.since()
        );
        let severity = settings.severity_looked_up;
        let sub = SubRule { severity, action: settings.action, shadow: settings.shadow };
        findings.add_restricted("MO-15a", &sub, severity, sentence, vec![gap.opened, *look_up]);
    }
}

fn orders<'s, 'a>(stay: &'s [Seen<'a>]) -> impl Iterator<Item = &'s Seen<'a>> {
    stay.iter().filter(|s| *s.kind() == EventKind::WorkOrdered)
}

/// Whether it is part of the control itself.
fn is_for_customs(
    stay: &[Seen<'_>],
    gap: &Gap<'_>,
    s: &Seen<'_>,
    word: &str,
    came_from_site: bool,
    rules: &Rules,
) -> bool {
    let settings = &rules.rule.scan_gap;
    if rules.customs.is_site(s.event) {
        return true;
    }
    if word == "moved" {
        let to_site = orders(stay).filter(|o| rules.customs.is_site(o.event));
        let mut to_site = to_site.filter(|o| {
            let since = s.at().millis_since(o.said_at());
            (0..=settings.order_hours * HOUR_MS).contains(&since)
        });
        let on_order = match order(s.event) {
            Some(id) => to_site.any(|o| order(o.event) == Some(id)),
            None => to_site.next().is_some() && gap.scanned.is_none_or(|scan| s.at() <= scan.at()),
        };
        let soon_after_scan = gap.scanned.is_some_and(|scan| {
            (0..=settings.return_minutes * MINUTE_MS).contains(&s.at().millis_since(scan.at()))
        });
        let is_known = |id: &str| orders(stay).any(|o| order(o.event) == Some(id));
        let is_return = (soon_after_scan || came_from_site) && order(s.event).is_some_and(is_known);
        return on_order || is_return;
    }
    let seals = &s.event.seals;
    let by_customs = !seals.is_empty() && seals.iter().all(|seal| seal.source == SealSource::Customs);
    let inspected = gap.closed.is_some_and(|c| {
        *c.kind() == EventKind::CustomsInspected
            && c.at().millis_since(s.at()) <= settings.inspection_minutes * MINUTE_MS
    });
    inspected
        || (by_customs && *s.kind() != EventKind::SealRemoved)
        || was_sealed_by_customs(stay, s, settings)
}

/// Whether customs put a seal of theirs on what was opened, so that they were there.
fn was_sealed_by_customs(stay: &[Seen<'_>], opened: &Seen<'_>, settings: &Settings) -> bool {
    stay.iter().any(|s| {
        matches!(s.kind(), EventKind::SealAffixed | EventKind::SealReplaced)
            && s.is_actual()
            && (0..=settings.inspection_minutes * MINUTE_MS).contains(&s.at().millis_since(opened.at()))
            && s.event.seals.iter().any(|seal| seal.source == SealSource::Customs)
    })
}

/// MO-15b: a notice while the decision is overdue.
fn overdue(gap: &Gap<'_>, stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.scan_gap;
    let left = stay.iter().any(|s| s.is_actual() && *s.kind() == EventKind::GateOut);
    if gap.closed.is_some() || left {
        return;
    }
    let (from, hours, what, event) = match gap.scanned {
        Some(scan) => {
            let hours = settings.scan_hours.max(usual_hours(&scan, findings));
            (scan, hours, "Scanned, and no decision", EventKind::CustomsReleased)
        }
        None => (
            gap.opened,
            settings.selection_hours,
            "Selected, and neither scan nor decision",
            EventKind::CustomsScanned,
        ),
    };
    let by = from.at().plus_millis(hours * HOUR_MS);
    if !findings.passed(by) {
        return;
    }
    // Decided in time, and told as late as it is for most.
    let by = by.plus_millis(late_word(findings, &event, &from).usual_ms);
    if findings.passed(by) {
        let sentence = format!("{what} for more than {hours} h (status may lag).");
        let expected = Some(Expected { event, by });
        findings.add_as("MO-15b", &settings.b, settings.b.severity, sentence, vec![from], expected);
    }
}

/// In how many hours nineteen in twenty scans are decided on at this terminal; 0 when unknown.
fn usual_hours(scan: &Seen<'_>, findings: &Findings<'_>) -> i64 {
    let terminal = scan.event.terminal().map(str::to_owned);
    let group = Group { terminal, trade: Some(EquipmentStatus::Import), size: None };
    let min_count = findings.rules.baseline.min_count;
    let usual = findings.baselines.quantiles(Measure::ScanToDecisionMinutes, &group, min_count);
    usual.map_or(0, |usual| (usual.q95 / 60.0).ceil() as i64)
}

/// MO-15c: taken back by a decision before the slot.
fn announced(view: &View<'_>, stay: &[Seen<'_>], gap: &Gap<'_>, findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.scan_gap;
    let mut by_night = None;
    let appointment = |e: &'_ PortEvent| e.documents.as_deref().and_then(|d| d.appointment.clone());
    for s in stay.iter().filter(|s| *s.kind() == EventKind::PickupAnnounced && gap.holds(s.said_at())) {
        let is_soon = s.at().millis_since(s.said_at()) <= settings.pickup_soon_hours * HOUR_MS;
        let is_cancelled = stay.iter().any(|c| {
            let same = match (appointment(c.event), appointment(s.event)) {
                (Some(a), Some(b)) => a == b,
                _ => true,
            };
            *c.kind() == EventKind::PickupCancelled && c.said_at() >= s.said_at() && same
        });
        // Decided before the slot that was asked for: nothing was ever ahead of customs.
        let has_slot = s.at() > s.said_at();
        let is_overtaken = has_slot && gap.closed.is_some_and(|c| c.at() <= s.at());
        // Who books while the image is read hopes for the release, unless he comes before anybody reads it; who books before
        // the scan wants to be ahead of it.
        let scan = gap.scanned.filter(|scan| scan.at() <= s.said_at());
        let is_hopeful = scan.is_some() && !rules.calendar.is_night(terminal(view, s), s.at());
        if !is_soon || is_cancelled || is_overtaken || is_hopeful {
            continue;
        }
        // Who books on the release may be told of it before we are.
        let late_ms = late_word(findings, &EventKind::CustomsReleased, &gap.opened).usual_ms;
        if !findings.passed(s.fact.received_at.plus_millis(late_ms)) {
            continue;
        }
        if let Some(scan) = scan {
            by_night = by_night.or(Some((scan, *s)));
            continue;
        }
        let sentence = "Pick-up announced although customs have selected it and not decided.";
        findings.add("MO-15c", &settings.c, sentence.to_owned(), vec![gap.opened, *s]);
        return;
    }
    if let Some((scan, s)) = by_night {
        let (when, severity) = if s.at() > s.said_at() {
            ("announced for the night", settings.severity_c_scanned)
        } else {
            ("announced by night", settings.severity_c_by_night)
        };
        let sentence = format!("Pick-up {when}, between scan and decision.");
        let evidence = vec![gap.opened, scan, s];
        findings.add_as("MO-15c", &settings.c, severity, sentence, evidence, None);
    }
}

/// The terminal of an announcement, or that of the container when it names none.
fn terminal<'a>(view: &View<'a>, s: &Seen<'a>) -> Option<&'a str> {
    let named = || view.stay_of(s.visit).iter().find_map(|k| k.event.terminal());
    s.event.terminal().or_else(named)
}

/// MO-15d.
fn cancelled_by_other(gap: &Gap<'_>, findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let Some(cancel) = gap.closed.filter(|c| *c.kind() == EventKind::CustomsSelectionCancelled) else {
        return;
    };
    let by = cancel.event.actor.as_deref().map(role).filter(|r| !r.is_empty());
    if by.is_some_and(|r| !rules.customs.is_customs(r)) {
        let sentence = "Customs selection cancelled by a user that does not act for customs.";
        let evidence = vec![gap.opened, cancel];
        findings.add("MO-15d", &rules.rule.scan_gap.d, sentence.to_owned(), evidence);
    }
}
