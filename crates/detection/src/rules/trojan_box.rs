//! The container that brings people in (`MO-09a` to `d`).
//!
//! **Pattern.** An "empty" or an export that nobody will ship is prepared to carry an extraction team into the
//! terminal. Sources: nineteen people in an "empty",
//! <https://nieuws.nl/algemeen/20240105/19-uithalers-in-trojaanse-container-opgepakt-in-haven-rotterdam/>; a haulier
//! that arranged six, proven by its trucks' positions,
//! <https://openrijk.nl/en/artikel/celstraf-geeist-tegen-roosendaalse-transportondernemer-voor-hulp-bij-plaatsen-trojaanse-container-in-rotterdamse-haven/prison-sentence-demanded-against-roosendaal-transport-entrepreneur-for-assisting-in-placing-trojan-container-in-rotterdam-port>;
//! hotel containers with tools, <https://darkdotnet.com/may-several-hotel-containers-found-in-rotterdam-port-area/>.
//!
//! **Sub-rules.** `a` an empty comes in some hundred kilograms too heavy. `b` an export that no ship will take comes in
//! and is taken out again by the same haulier. `c` the haulier has done so before. `d` a container that should not be in
//! use, or a stop on the way.
//!
//! **Inputs.** Gate moves with load, weight, haulier and truck; bookings, load orders, vessel calls; release orders; state
//! and owner of the container; positions on the road; for `c` the ledger of the haulier.
//!
//! **False positives.** A single roll-over, or a booking cancelled after it came in and fetched on a release order.
//! Wrong weights, default tares and gensets (as in `MO-12`). Swap bodies (they bear no number of a freight container).
//! Empties that are repositioned or fetched to be stuffed: they have no booking, and are not counted (`c`). Exports that
//! were fetched back under a release order are not counted either. An export that comes some days early. A driver's rest (longer stops count only where no arrival was planned).

use quaywatch_domain::event::{Documents, EquipmentStatus, Glance, PartyRole};
use quaywatch_domain::{EventKind, Fact, PortEvent, Severity, Subject};
use serde::Deserialize;

use crate::golden::Step;
use crate::haulage::{has_hauled, was_released};
use crate::loops::{Told, indicator_fact};
use crate::quiet::Trigger;
use crate::rules::two_places::{coordinates, distance_km};
use crate::rules::weight::{excess_kg, tare};
use crate::settings::{DAY_MS, MINUTE_MS, SubRule};
use crate::view::{Findings, Seen, View, same_party};
use crate::{Rules, Sighting};

/// Table `[trojan_box]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) excess_least_kg: f64,
    pub(crate) excess_most_kg: f64,
    pub(crate) scale_minutes: i64,
    pub(crate) in_and_out_days: i64,
    pub(crate) rolls: usize,
    pub(crate) severity_b_no_call: Severity,
    pub(crate) repeat_days: i64,
    pub(crate) repeats: usize,
    severity_c_plain: Severity,
    pub(crate) call_days: i64,
    pub(crate) stop_km: f64,
    pub(crate) stop_minutes: i64,
    pub(crate) unplanned_stop_minutes: i64,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) c: SubRule,
    pub(crate) d: SubRule,
}

/// Code of the auxiliary indicator "this haulier took exports out before, unreleased", read by `c` alone and never shown.
pub(crate) const REPEATED: &str = "MO-09c-repeated";

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[
    EventKind::GateIn,
    EventKind::GateOut,
    EventKind::BookingConfirmed,
    EventKind::BookingCancelled,
    EventKind::BookingRolled,
    EventKind::VesselArrived,
    EventKind::VesselDeparted,
    EventKind::Loaded,
])
.or(Glance::has_tare);

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    let crossings: Vec<&Step<'_>> = view.golden.crossings().collect();
    for (i, step) in crossings.iter().enumerate() {
        if *step.kind() != EventKind::GateIn {
            continue;
        }
        heavy_empty(view, &step.seen, findings);
        out_of_use(view, &step.seen, findings);
        let before = i.checked_sub(1).and_then(|i| crossings.get(i));
        stopped_on_the_way(view, before.map(|k| &k.seen), &step.seen, findings);
        if let Some(out) = crossings.get(i + 1).filter(|k| *k.kind() == EventKind::GateOut) {
            in_and_out(view, &step.seen, &out.seen, findings);
        }
    }
}

/// MO-09a.
fn heavy_empty(view: &View<'_>, s: &Seen<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.trojan_box;
    if !s.is_empty() || view.subject.id.as_bytes().get(3) != Some(&b'U') {
        return;
    }
    let tare = view.events.iter().rev().find_map(|k| tare(k, findings));
    // The bridge stands before the gate and has a ticket of its own.
    let from = s.at().plus_millis(-settings.scale_minutes * MINUTE_MS);
    let weighed = |k: &&Seen<'_>| {
        *k.kind() == EventKind::Weighed && k.is_actual() && k.at() >= from && k.at() <= s.at()
    };
    let own = std::iter::once(*s).chain(view.events.iter().rev().filter(weighed).copied());
    let heavy = own.filter_map(|k| Some((k, excess_kg(&k, tare?, view.iso_type(), findings)?)));
    let mut heavy = heavy.filter(|(_, kg)| (settings.excess_least_kg..=settings.excess_most_kg).contains(kg));
    if let Some((k, excess)) = heavy.next() {
        let sentence = format!("Came in as an empty and is {excess:.0} kg heavier than its tare.");
        let ticket = (k.fact.fact_id != s.fact.fact_id).then_some(k);
        findings.add("MO-09a", &settings.a, sentence, [Some(*s), ticket].into_iter().flatten().collect());
    }
}

/// MO-09b and c.
fn in_and_out<'a>(view: &View<'a>, gate_in: &Seen<'a>, out: &Seen<'a>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.trojan_box;
    let stay = view.stay_of(gate_in.visit);
    // Gates write down what is brought as an export, a refused import too.
    let is_refused = view.events.iter().any(|s| {
        *s.kind() == EventKind::DeliveryRejected
            && s.at() <= out.at()
            && gate_in.at().millis_since(s.at()) <= settings.in_and_out_days * DAY_MS
    });
    let booking = |s: &Seen<'_>| s.event.documents.as_deref().is_some_and(|d| d.booking.is_some());
    let is_export = gate_in.status() == Some(EquipmentStatus::Export)
        || booking(gate_in)
        || stay.iter().any(|s| *s.kind() == EventKind::BookingConfirmed);
    let in_time = out.at().millis_since(gate_in.at()) <= settings.in_and_out_days * DAY_MS;
    if !is_export || is_refused || !in_time || !same_carrier(view, gate_in, out, findings.rules) {
        return;
    }
    let Some((why, severity, because)) = unshippable(view, gate_in, out, settings) else { return };
    let mut evidence = because;
    evidence.extend([*gate_in, *out]);
    let sentence = format!("Came in for export, {why}, and was taken out by the same haulier, not loaded.");
    findings.add_as("MO-09b", &settings.b, severity, sentence, evidence.clone(), None);
    let reports = view.reports_of(out, findings.rules);
    let repeated = view.indicators.iter().any(|(_, i)| {
        i.code == REPEATED && i.evidence.iter().any(|id| reports.iter().any(|s| s.fact.fact_id == *id))
    });
    if repeated {
        let sentence = format!(
            "Its haulier has taken {} or more full exports out by gate within {} days, this one among them, and neither \
             the gates nor a release order say for what.",
            settings.repeats, settings.repeat_days
        );
        // The others may have been released by an order that names no haulier.
        let is_plain = severity < settings.b.severity;
        let severity = if is_plain { settings.severity_c_plain } else { settings.c.severity };
        findings.add_as("MO-09c", &settings.c, severity, sentence, vec![*gate_in, *out], None);
    }
}

/// Whether one haulier, or one truck, brought and took it.
fn same_carrier<'a>(view: &View<'a>, gate_in: &Seen<'a>, out: &Seen<'a>, rules: &Rules) -> bool {
    let hauliers = same_party(
        &view.keys_of_all(gate_in, PartyRole::Haulier, rules),
        &view.keys_of_all(out, PartyRole::Haulier, rules),
    );
    hauliers.unwrap_or_else(|| gate_in.truck().zip(out.truck()).is_some_and(|(a, b)| a == b))
}

type Why<'a> = (&'static str, Severity, Vec<Seen<'a>>);

/// Why no ship would have taken it.
fn unshippable<'a>(
    view: &View<'a>,
    gate_in: &Seen<'a>,
    out: &Seen<'a>,
    settings: &Settings,
) -> Option<Why<'a>> {
    let until_out = || view.stay_of(gate_in.visit).iter().filter(|s| s.said_at() <= out.at());
    let released = until_out().any(|s| {
        matches!(s.kind(), EventKind::ReleaseOrder | EventKind::ReleaseIssued) && s.at() >= gate_in.at()
    });
    let cancelled = until_out().rfind(|s| *s.kind() == EventKind::BookingCancelled);
    if let Some(cancelled) = cancelled
        && (cancelled.said_at() <= gate_in.at() || !released)
    {
        return Some(("its booking cancelled", settings.b.severity, vec![*cancelled]));
    }
    let rolled: Vec<Seen<'a>> =
        until_out().filter(|s| *s.kind() == EventKind::BookingRolled).copied().collect();
    if rolled.len() >= settings.rolls && !released {
        return Some(("rolled again and again", settings.b.severity, rolled));
    }
    if released || cancelled.is_some() {
        return None;
    }
    no_call_soon(view, gate_in, out, settings).map(|why| (why, settings.severity_b_no_call, Vec::new()))
}

/// Why no vessel would take it soon: none is named, or those whose time is known call later. Who names a vessel and no time
/// proves nothing.
fn no_call_soon(
    view: &View<'_>,
    gate_in: &Seen<'_>,
    out: &Seen<'_>,
    settings: &Settings,
) -> Option<&'static str> {
    let is_dated = |s: &Seen<'_>| {
        matches!(s.kind(), EventKind::VesselArrived | EventKind::VesselDeparted | EventKind::Loaded)
    };
    let latest = gate_in.at().plus_millis(settings.call_days * DAY_MS);
    // A plan for long after it left lies in the next visit.
    let is_own = |s: &Seen<'_>| s.visit == gate_in.visit || (!s.is_actual() && s.said_at() <= out.at());
    let dated = || view.events.iter().filter(|s| is_dated(s) && s.at() >= gate_in.at() && is_own(s));
    if dated().next().is_some() {
        return dated().all(|s| s.at() > latest).then_some("long before its vessel calls");
    }
    let names_call = |s: &Seen<'_>| {
        let transport = s.event.transport.as_deref();
        *s.kind() == EventKind::LoadOrdered
            || is_dated(s)
            || transport.is_some_and(|t| t.call_id.is_some() || t.vessel_imo.is_some() || t.voyage.is_some())
    };
    (!view.stay_of(gate_in.visit).iter().any(names_call)).then_some("for no known vessel call")
}

/// MO-09d: what its owner has taken out of use.
fn out_of_use<'a>(view: &View<'a>, gate_in: &Seen<'a>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.trojan_box;
    // Of several systems that tell of it one may know.
    let known = view.reports_of(gate_in, findings.rules).into_iter().find_map(|s| {
        let equipment = s.event.equipment.as_deref()?;
        let what = if equipment.out_of_service == Some(true) {
            "out of service"
        } else if equipment.lease_expired == Some(true) {
            "no longer leased"
        } else if equipment.shipper_owned == Some(true) && s.is_empty() {
            "a shipper's own, and empty"
        } else {
            return None;
        };
        Some((s, what))
    });
    if let Some((s, what)) = known {
        findings.add("MO-09d", &settings.d, format!("Came in by gate although it is {what}."), vec![s]);
    }
}

/// MO-09d: a stop between pick-up and gate.
fn stopped_on_the_way(
    view: &View<'_>,
    before: Option<&Seen<'_>>,
    gate_in: &Seen<'_>,
    findings: &mut Findings<'_>,
) {
    let settings = &findings.rules.rule.trojan_box;
    let Some(start) = before.filter(|s| *s.kind() == EventKind::GateOut) else { return };
    let between = || view.events.iter().filter(|s| s.at() > start.at() && s.at() < gate_in.at());
    let planned = view.events.iter().find(|s| {
        *s.kind() == EventKind::GateIn && !s.is_actual() && s.visit <= gate_in.visit && s.at() > start.at()
    });
    let least_minutes = match planned {
        Some(plan) if gate_in.at().millis_since(plan.at()) <= settings.stop_minutes * MINUTE_MS => return,
        Some(_) => settings.stop_minutes,
        None => settings.unplanned_stop_minutes,
    };
    let mut stop: Option<(Seen<'_>, (f64, f64))> = None;
    let placed = between().filter(|s| *s.kind() == EventKind::PositionReported && s.is_actual());
    for (s, here) in placed.filter_map(|s| Some((*s, coordinates(s)?))) {
        match stop {
            Some((first, there)) if distance_km(there, here) <= settings.stop_km => {
                let minutes = s.at().millis_since(first.at()) / MINUTE_MS;
                if minutes >= least_minutes {
                    let sentence = format!("Stood still for {minutes} min between pick-up and gate.");
                    findings.add("MO-09d", &settings.d, sentence, vec![first, s, *gate_in]);
                    return;
                }
            }
            _ => stop = Some((s, here)),
        }
    }
}

/// Whether the ledger of a haulier keeps the event: an export that leaves by gate, under no release or order that the gate
/// names. Empties are fetched to be stuffed.
pub(crate) fn is_export_taken_out(event: &PortEvent) -> bool {
    let is_ordered = |d: &Documents| d.release.is_some() || d.order.is_some();
    event.kind == EventKind::GateOut
        && event.is_actual()
        && event.is_full_export()
        && !event.documents.as_deref().is_some_and(is_ordered)
}

/// Whether it may be fetched back by this.
pub(crate) fn is_export_released(event: &PortEvent) -> bool {
    event.begins_release() && event.is_full_export()
}

/// Tells containers that their haulier took several exports out that nobody had released to it.
pub(crate) fn tell_repeated(rules: &Rules, origin: &Subject, sightings: &[Sighting]) -> Vec<Fact> {
    let settings = &rules.rule.trojan_box;
    let window_ms = settings.repeat_days * DAY_MS;
    let standing = || sightings.iter().filter(|s| !s.retracted && s.container.is_some());
    let released_ms = 0..=settings.in_and_out_days * DAY_MS;
    let is_released = |out: &Sighting| {
        let mut orders = standing().filter(|s| was_released(s) && s.container == out.container);
        orders.any(|order| released_ms.contains(&out.occurred_at.millis_since(order.occurred_at)))
    };
    let taken: Vec<&Sighting> = standing().filter(|s| has_hauled(s) && !is_released(s)).collect();
    let mut wanted: Vec<Fact> = Vec::new();
    for own in &taken {
        let Some(container) = own.container.as_deref() else { continue };
        let mut others: Vec<&str> = taken
            .iter()
            .filter(|s| s.occurred_at <= own.occurred_at)
            .filter(|s| own.occurred_at.millis_since(s.occurred_at) <= window_ms)
            .filter_map(|s| s.container.as_deref())
            .collect();
        others.sort_unstable();
        others.dedup();
        if others.len() < settings.repeats {
            continue;
        }
        let told = Told {
            origin,
            code: REPEATED,
            severity: settings.c.severity,
            action: settings.c.action,
            sentence: "Its haulier took several exports out by gate.".to_owned(),
            sightings: vec![own],
        };
        // One indicator a container: of its latest gate-out.
        wanted.retain(|f| &*f.subject.id != container);
        wanted.extend(told.indicator(rules).map(|i| indicator_fact(container, i, own.occurred_at)));
    }
    wanted
}
