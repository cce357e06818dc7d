//! Out and back (`MO-02a` to `d`).
//!
//! **Pattern.** A truck takes the container out under a stolen release, the load is emptied of what was hidden in it, and
//! the container is brought back the next day or left somewhere. Source: VRT on the Antwerp convictions of 2023,
//! intercepted PINs and port passes,
//! <https://www.vrt.be/vrtnws/nl/2023/02/10/celstraffen-tot-10-jaar-voor-frauduleus-afhalen-containers-uit-a/>.
//!
//! **Sub-rules.** `a` an import that left full comes back full within days. `b` after it left, the party with the right,
//! or another than took it where no right is known, announces its pick-up: it is already gone. `c` no empty return. `d` announced for a place and not arrived there.
//!
//! **Inputs.** Gate moves with load and trade, bookings and load orders, release rights, pre-notifications, rejected
//! deliveries, customs events, work orders, planned and actual drop-offs.
//!
//! **False positives.** A refused delivery (reported before or after the return). The wrong box picked: back at its
//! terminal by the same truck within hours. A recall by customs, or a trip to their site. A temporary storage move (on an
//! order, but not the one for its slot on the way back in; or to another terminal by the same haulier under the same
//! removal document: where the gate that let it out has not said so, its late word is waited for). A return for export
//! (booked, and not as it came). A pre-notification that only arrived late, of the haulier that took it, or for the empty. A
//! shipper's own container, which need not come back. Bookings and rejections that come late (grace). A delivery that nobody
//! reported: the empty that comes back, or a late arrival, takes `d` back, and for cargo from where no drugs are shipped it
//! is LOW.

use quaywatch_domain::event::{EquipmentStatus, Mode, PartyRole};
use quaywatch_domain::indicator::Expected;
use quaywatch_domain::{EventKind, Severity};
use serde::Deserialize;

use crate::Rules;
use crate::golden::{Step, other_terminal};
use crate::quiet::Trigger;
use crate::settings::{DAY_MS, HOUR_MS, MINUTE_MS, SubRule};
use crate::view::{Absence, Findings, Seen, View, keys_of, same_party};
use crate::work_orders::only_moves;

/// Table `[out_and_back]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) return_hours: i64,
    pub(crate) wrong_box_minutes: i64,
    pub(crate) grace_minutes: i64,
    pub(crate) empty_return_days: i64,
    pub(crate) arrival_grace_hours: i64,
    severity_d_plain: Severity,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) c: SubRule,
    pub(crate) d: SubRule,
}

/// Facility code of a customs site.
const CUSTOMS_SITE: &str = "CUSTOMS_SITE";

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[
    EventKind::GateOut,
    EventKind::GateIn,
    EventKind::Discharged,
    EventKind::Loaded,
    EventKind::DroppedOff,
    EventKind::PickupAnnounced,
    EventKind::PickupAccepted,
    EventKind::PinAttempted,
    EventKind::ReleaseIssued,
    EventKind::ReleaseTransferred,
    EventKind::ReleaseAccepted,
]);

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    let crossings: Vec<&Step<'_>> = view.golden.crossings().collect();
    for (i, out) in crossings.iter().enumerate() {
        if *out.kind() != EventKind::GateOut || !is_full_import(view, &out.seen) {
            continue;
        }
        let next = crossings.get(i + 1).map(|k| &k.seen);
        if let Some(back) = next.filter(|s| *s.kind() == EventKind::GateIn) {
            came_back(view, &out.seen, back, findings);
        }
        already_gone(view, &out.seen, next, findings);
        never_returned(view, &out.seen, findings);
        did_not_arrive(view, &out.seen, findings);
    }
}

/// Whether an import leaves with its cargo by road.
fn is_full_import(view: &View<'_>, out: &Seen<'_>) -> bool {
    let stay = view.stay_of(out.visit);
    let is_import = match out.status() {
        Some(status) => status == EquipmentStatus::Import,
        None => stay.iter().any(|s| *s.kind() == EventKind::Discharged && s.is_actual()),
    };
    let by_road = out.event.transport.as_deref().and_then(|t| t.mode).is_none_or(|mode| mode == Mode::Road);
    is_import && by_road && !out.is_empty() && !stay.iter().any(|s| s.is_empty() || emptied(s))
}

fn emptied(s: &Seen<'_>) -> bool {
    *s.kind() == EventKind::Stripped && s.is_actual()
}

/// MO-02a.
fn came_back<'a>(view: &View<'a>, out: &Seen<'a>, back: &Seen<'a>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.out_and_back;
    let away_ms = back.at().millis_since(out.at());
    if !back.is_laden()
        || away_ms > settings.return_hours * HOUR_MS
        || is_explained(view, out, back, findings.rules)
    {
        return;
    }
    let same_truck = out.truck().zip(back.truck()).is_none_or(|(a, b)| a == b);
    let wrong_box = away_ms <= settings.wrong_box_minutes * MINUTE_MS;
    if wrong_box && same_truck && !other_terminal(out, back) {
        return;
    }
    let mut by = back.fact.received_at.plus_millis(settings.grace_minutes * MINUTE_MS);
    if may_be_transferred(view, out, back, findings.rules) {
        by = by.max(out.at().plus_millis(findings.rules.trust.late_word_most_hours * HOUR_MS));
    }
    if findings.passed(by) {
        let away = match away_ms / HOUR_MS {
            0 => format!("{} min", away_ms / MINUTE_MS),
            hours => format!("{hours} h"),
        };
        let sentence = format!(
            "Left full and came back full after {away}, with no export booking and no refused delivery."
        );
        let absence =
            Absence { event: EventKind::BookingConfirmed, within: (back.at(), back.at()), by, at: back };
        let evidence = vec![*out, *back];
        findings.add_absent("MO-02a", &settings.a, settings.a.severity, sentence, evidence, absence);
    }
}

/// The document under which it goes on to another place: one beside its bill of lading.
fn removal<'a>(s: &Seen<'a>) -> Option<&'a str> {
    let documents = s.event.documents.as_deref()?;
    let is_bill = |id: &&str| documents.bill_of_lading.as_deref() == Some(*id);
    documents.transport_document.as_deref().filter(|id| !is_bill(id))
}

/// Whether it came to another terminal under a removal document, and the gate that let it out has not yet said whom it let
/// go with it, and under what.
fn may_be_transferred<'a>(view: &View<'a>, out: &Seen<'a>, back: &Seen<'a>, rules: &Rules) -> bool {
    other_terminal(out, back)
        && back.status() == Some(EquipmentStatus::Import)
        && removal(back).is_some()
        && view.keys_of_all(out, PartyRole::Haulier, rules).is_empty()
}

/// Whether something says why it came back.
fn is_explained<'a>(view: &View<'a>, out: &Seen<'a>, back: &Seen<'a>, rules: &Rules) -> bool {
    let booking = |s: &Seen<'a>| s.event.documents.as_deref().and_then(|d| d.booking.as_deref());
    // The booking under which it came says nothing of an export.
    let came_under = |id: &str| {
        view.events.iter().any(|s| s.at() <= out.at() && booking(s).is_some_and(|known| known == id))
    };
    let is_booked = booking(back).is_some_and(|id| !came_under(id));
    let order =
        |s: &Seen<'_>| s.event.documents.as_deref().and_then(|d| d.order.as_deref().map(str::to_owned));
    let facility =
        |s: &Seen<'_>| s.event.place.as_deref().and_then(|p| p.facility.as_deref()) == Some(CUSTOMS_SITE);
    // On to another terminal, by who took it and under one removal document; its bill is known to whoever stole it.
    let hauliers = same_party(
        &view.keys_of_all(out, PartyRole::Haulier, rules),
        &view.keys_of_all(back, PartyRole::Haulier, rules),
    );
    let transferred = other_terminal(out, back)
        && back.status() == Some(EquipmentStatus::Import)
        && hauliers != Some(false)
        && removal(back).is_some()
        && view.reports_of(out, rules).iter().any(|s| removal(s) == removal(back));
    let ordered_trip = order(out).is_some() && order(out) == order(back);
    is_booked
        || transferred
        || ordered_trip
        || facility(out)
        || back.status() == Some(EquipmentStatus::Continental)
        || view.events.iter().any(|s| {
            let between = s.at() > out.at() && s.at() <= back.at();
            match s.kind() {
                EventKind::DeliveryRejected => s.at() >= out.at() && s.visit <= back.visit,
                EventKind::BookingConfirmed | EventKind::LoadOrdered => {
                    s.visit >= out.visit && s.visit <= back.visit && s.at() >= out.at()
                }
                EventKind::WorkOrdered => between && !only_moves(s, rules),
                EventKind::CustomsHeld
                | EventKind::CustomsSelectedForScan
                | EventKind::CustomsSelectedForInspection
                | EventKind::CustomsInspected
                | EventKind::CustomsScanned => between,
                _ => false,
            }
        })
}

/// MO-02b.
fn already_gone<'a>(view: &View<'a>, out: &Seen<'a>, next: Option<&Seen<'a>>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.out_and_back;
    let earliest = out.at().plus_millis(settings.grace_minutes * MINUTE_MS);
    let stay = view.stay_of(out.visit);
    let is_late =
        |s: &&Seen<'_>| is_attempt(s) && s.said_at() > earliest && next.is_none_or(|n| s.said_at() < n.at());
    if !stay.iter().any(|s| is_late(&s)) {
        return;
    }
    let took = view.keys_of_all(out, PartyRole::Haulier, findings.rules);
    let holders: Vec<_> = stay
        .iter()
        .filter(|s| is_grant(s.kind()))
        .flat_map(|s| keys_of(s.event, PartyRole::ReleaseTo))
        .collect();
    let attempt = stay.iter().filter(is_late).find_map(|s| {
        let who = keys_of(s.event, PartyRole::Haulier);
        let other = match same_party(&took, &who) {
            Some(same) => (!same).then_some("Another haulier than the one that took it"),
            None => {
                let differ = out.truck().zip(s.truck()).is_some_and(|(a, b)| a != b);
                differ.then_some("Another truck than the one that took it")
            }
        };
        // Who holds the release is known where one was told.
        match same_party(&holders, &who) {
            Some(true) => other.map(|_| (s, "Its rightful haulier")),
            Some(false) => None,
            None => other.map(|other| (s, other)),
        }
    });
    if let Some((attempt, who)) = attempt {
        let sentence = format!("{who} is to collect it, and it is already gone.");
        findings.add("MO-02b", &settings.b, sentence, vec![*out, *attempt]);
    }
}

const fn is_grant(kind: &EventKind) -> bool {
    matches!(kind, EventKind::ReleaseIssued | EventKind::ReleaseTransferred | EventKind::ReleaseAccepted)
}

/// Whether somebody tries to collect the laden import.
fn is_attempt(s: &Seen<'_>) -> bool {
    matches!(s.kind(), EventKind::PickupAnnounced | EventKind::PickupAccepted | EventKind::PinAttempted)
        && !s.is_empty()
        && s.status().is_none_or(|status| status == EquipmentStatus::Import)
}

/// MO-02c.
fn never_returned(view: &View<'_>, out: &Seen<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.out_and_back;
    let names_owner = |s: &&Seen<'_>| s.event.parties.iter().any(|p| p.role == PartyRole::Owner);
    let owned_by_cargo = view.events.iter().filter(names_owner).any(|s| {
        let owners = keys_of(s.event, PartyRole::Owner);
        [PartyRole::Shipper, PartyRole::Consignee]
            .iter()
            .any(|role| same_party(&owners, &keys_of(s.event, *role)) == Some(true))
    });
    let by = out.at().plus_millis(settings.empty_return_days * DAY_MS);
    let is_life = |s: &Seen<'_>| {
        s.is_actual()
            && matches!(
                s.kind(),
                EventKind::GateIn | EventKind::Loaded | EventKind::Discharged | EventKind::DroppedOff
            )
    };
    if !owned_by_cargo && findings.missing(view, out, by, is_life) {
        let sentence = format!("No empty return within {} days.", settings.empty_return_days);
        let expected = Some(Expected { event: EventKind::GateIn, by });
        findings.add_as("MO-02c", &settings.c, settings.c.severity, sentence, vec![*out], expected);
    }
}

/// MO-02d.
fn did_not_arrive(view: &View<'_>, out: &Seen<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.out_and_back;
    let plan = view.events.iter().filter(|s| s.visit == out.visit && s.at() > out.at());
    let mut plan = plan.filter(|s| *s.kind() == EventKind::DroppedOff && !s.is_actual());
    let Some(plan) = plan.next_back() else { return };
    let by = plan.at().plus_millis(settings.arrival_grace_hours * HOUR_MS);
    let is_arrival = |s: &Seen<'_>| {
        s.is_actual()
            && matches!(
                s.kind(),
                EventKind::DroppedOff | EventKind::Stripped | EventKind::GateIn | EventKind::DeliveryRejected
            )
    };
    // It came back empty: it was delivered, and the word of it was lost.
    let turned_up = view
        .events
        .iter()
        .any(|s| s.at() > by && is_arrival(s) && (s.is_empty() || *s.kind() != EventKind::GateIn));
    if !turned_up && findings.missing(view, out, by, is_arrival) {
        let sentence = "Left the terminal and did not arrive where it was expected.".to_owned();
        let expected = Some(Expected { event: EventKind::DroppedOff, by });
        let risky = view.is_from_watched_origin(out.visit, findings.rules);
        let severity = if risky { settings.d.severity } else { settings.severity_d_plain };
        findings.add_as("MO-02d", &settings.d, severity, sentence, vec![*out, *plan], expected);
    }
}
