//! Abuse of the customs status (`MO-25b`, `c`, `d`); a gate-out under hold is `MO-25a`, in `gate_out_under_hold`.
//!
//! **Pattern.** Containers that customs have released are used for switching, because nobody looks at them again; so
//! the status is bent for as long as a truck needs. Our own rule, motive from <https://nltimes.nl/node/66091>.
//!
//! **Inputs.** Customs holds, selections, releases and cancelled selections with office and role of the user; actual
//! gate-outs; for `c` look-ups in the access log.
//!
//! **False positives.** `b`: an audit after clearance (a selection of what nobody had wanted before; or hours after the
//! departure); a container that left long after its release. `c`: a look-up by somebody with business with the container,
//! or one that is no sign for MO-16: by customs, help desks and track-and-trace programs, or for a trouble ticket. `d`: another office of the same administration; centralised
//! clearance, where the offices are listed; a system that names no user.

use quaywatch_domain::EventKind;
use quaywatch_domain::event::{Customs, PortEvent};
use serde::Deserialize;

use crate::people::{is_by_stranger, role};
use crate::quiet::Trigger;
use crate::settings::{HOUR_MS, MINUTE_MS, SubRule};
use crate::view::{Findings, Kinds, Seen, View};
use crate::visits::is_arrival;

/// Table `[customs_status]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    quick_departure_hours: i64,
    withdrawn_hours: i64,
    lookup_minutes: i64,
    b: SubRule,
    c: SubRule,
    d: SubRule,
}

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[
    EventKind::CustomsHeld,
    EventKind::CustomsSelectedForScan,
    EventKind::CustomsSelectedForInspection,
    EventKind::CustomsSelectionCancelled,
    EventKind::CustomsReleased,
    EventKind::GateIn,
    EventKind::Discharged,
    EventKind::Overlanded,
]);

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    if !view.has_any(DECISIONS) {
        return;
    }
    for stay in view.stays() {
        withdrawn(stay, findings);
        cancelled_after_look_up(stay, findings);
        not_competent(stay, findings);
    }
}

/// What customs say that the rules here begin with.
const DECISIONS: Kinds = Kinds::of(&[
    EventKind::CustomsHeld,
    EventKind::CustomsSelectedForScan,
    EventKind::CustomsSelectedForInspection,
    EventKind::CustomsSelectionCancelled,
    EventKind::CustomsReleased,
]);

const fn is_interest(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::CustomsHeld | EventKind::CustomsSelectedForScan | EventKind::CustomsSelectedForInspection
    )
}

/// MO-25b.
fn withdrawn(stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.customs_status;
    let mut interest: Option<Seen<'_>> = None;
    let mut released: Option<Seen<'_>> = None;
    let mut left: Option<(Seen<'_>, Seen<'_>)> = None;
    for s in stay.iter().filter(|s| s.is_actual()) {
        match s.kind() {
            kind if is_interest(kind) => {
                let Some((release, gate_out)) = left else {
                    interest = Some(*s);
                    released = None;
                    continue;
                };
                // An audit selects; only a hold, or what was wanted before, takes a release back.
                let takes_back = interest.is_some() || *kind == EventKind::CustomsHeld;
                let is_soon = s.at().millis_since(gate_out.at()) <= settings.withdrawn_hours * HOUR_MS;
                if takes_back && is_soon {
                    let sentence =
                        "Left right after its customs release, and the release was withdrawn soon after.";
                    let evidence = interest.into_iter().chain([release, gate_out, *s]).collect();
                    findings.add("MO-25b", &settings.b, sentence.to_owned(), evidence);
                }
                return;
            }
            EventKind::CustomsReleased => released = Some(*s),
            EventKind::GateOut if left.is_none() => {
                let quick_ms = settings.quick_departure_hours * HOUR_MS;
                left = released.filter(|r| s.at().millis_since(r.at()) <= quick_ms).map(|r| (r, *s));
            }
            _ => {}
        }
    }
}

/// MO-25c.
fn cancelled_after_look_up(stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.customs_status;
    let cancelled = |s: &&Seen<'_>| s.is_actual() && *s.kind() == EventKind::CustomsSelectionCancelled;
    for cancel in stay.iter().filter(cancelled) {
        let look_up = stay.iter().find(|s| {
            (0..=settings.lookup_minutes * MINUTE_MS).contains(&cancel.at().millis_since(s.at()))
                && is_by_stranger(stay, s, rules)
        });
        if let Some(look_up) = look_up {
            let sentence = format!(
                "Customs selection cancelled within {} min of a look-up by an organisation that has no business with \
                 it.",
                settings.lookup_minutes
            );
            let severity = settings.c.severity;
            findings.add_restricted("MO-25c", &settings.c, severity, sentence, vec![*look_up, *cancel]);
            return;
        }
    }
}

fn office(event: &PortEvent) -> Option<&str> {
    event.customs.as_deref().and_then(|c: &Customs| c.office.as_deref()).filter(|o| o.len() >= 2)
}

/// The port of the stay, whose first two letters are its country, like those of an office.
fn port<'a>(stay: &[Seen<'a>]) -> Option<&'a str> {
    let arrived = stay.iter().filter(|s| s.is_actual() && is_arrival(s.kind()));
    arrived.filter_map(|s| s.event.place.as_deref()?.un_locode.as_deref()).find(|port| port.len() == 5)
}

/// MO-25d.
fn not_competent(stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.customs_status;
    let mut interest: Option<Seen<'_>> = None;
    for s in stay.iter().filter(|s| s.is_actual()) {
        if is_interest(s.kind()) {
            interest = Some(*s);
        }
        if *s.kind() != EventKind::CustomsReleased {
            continue;
        }
        let by_role = s.event.actor.as_deref().map(role).filter(|r| !r.is_empty());
        let sentence = if by_role.is_some_and(|r| !rules.customs.is_customs(r)) {
            "Customs release entered by a user that does not act for customs."
        } else if is_foreign(
            office(s.event),
            interest.and_then(|i| office(i.event)).or_else(|| port(stay)),
            &rules.customs.offices,
        ) {
            "Customs release by an office that is not competent here."
        } else {
            continue;
        };
        let evidence = interest.into_iter().chain([*s]).collect();
        findings.add("MO-25d", &settings.d, sentence.to_owned(), evidence);
        return;
    }
}

/// Whether the releasing office is not among the competent ones; where these are not listed, whether it is of another
/// country than the office that wanted the container, or than the port.
fn is_foreign(releasing: Option<&str>, wanting: Option<&str>, competent: &[String]) -> bool {
    let Some(releasing) = releasing else { return false };
    if !competent.is_empty() {
        return !competent.iter().any(|known| known == releasing);
    }
    wanting.is_some_and(|wanting| wanting.get(..2) != releasing.get(..2))
}
