//! Gate-out under hold (`MO-25a`).
//!
//! **Pattern.** A container that customs hold or have selected leaves the terminal. Containers that are cleared are used
//! for switching, so those that are not are taken out by abuse of their status; our own rule, motive from
//! <https://nltimes.nl/node/66091>.
//!
//! **Inputs.** Customs holds, selections, releases and cancelled selections; actual gate-outs.
//!
//! **False positives.** Customs messages that arrive late: nothing is said before a grace period after the receipt of the
//! gate-out, and a release dated before the gate-out takes the indicator back whenever it comes. A move to the customs
//! site itself. A hold placed after the gate-out.

use quaywatch_domain::EventKind;
use quaywatch_domain::indicator::Expected;
use serde::Deserialize;

use crate::settings::{MINUTE_MS, SubRule};
use crate::view::{Findings, Seen, View};

/// Table `[gate_out_under_hold]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) grace_minutes: i64,
    pub(crate) a: SubRule,
}

/// Facility code of a customs site.
const CUSTOMS_SITE: &str = "CUSTOMS_SITE";

/// What customs want with the container; none when it is free.
#[derive(Default)]
struct Interest<'a> {
    hold: Option<Seen<'a>>,
    selection: Option<Seen<'a>>,
}

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.gate_out_under_hold;
    for stay in view.stays() {
        let mut interest = Interest::default();
        // Several systems may tell of one gate-out: the report that came first sets the time.
        let mut incident: Option<(Seen<'_>, Seen<'_>, &str)> = None;
        for s in stay {
            match s.kind() {
                EventKind::CustomsHeld if s.is_actual() => interest.hold = Some(*s),
                EventKind::CustomsSelectedForScan | EventKind::CustomsSelectedForInspection
                    if s.is_actual() =>
                {
                    interest.selection = Some(*s);
                }
                EventKind::CustomsReleased if s.is_actual() => interest = Interest::default(),
                EventKind::CustomsSelectionCancelled if s.is_actual() => interest.selection = None,
                EventKind::GateOut if s.is_actual() && !to_customs(s) => {
                    let Some(because) = interest.hold.or(interest.selection) else { continue };
                    let what = if interest.hold.is_some() { "a customs hold" } else { "a customs selection" };
                    let receipt = |g: &Seen<'_>| (g.fact.received_at, g.at(), g.fact.fact_id.clone());
                    if incident.as_ref().is_none_or(|(_, known, _)| receipt(s) < receipt(known)) {
                        incident = Some((because, *s, what));
                    }
                }
                _ => {}
            }
        }
        let Some((because, gate_out, what)) = incident else { continue };
        let by = gate_out.fact.received_at.plus_millis(settings.grace_minutes * MINUTE_MS);
        if findings.passed(by) {
            let minutes = settings.grace_minutes;
            let sentence = format!(
                "Left the terminal under {what}, with no release known {minutes} min later (status may lag)."
            );
            let expected = Some(Expected { event: EventKind::CustomsReleased, by });
            let evidence = vec![because, gate_out];
            findings.add_as("MO-25a", &settings.a, settings.a.severity, sentence, evidence, expected);
        }
    }
}

fn to_customs(gate_out: &Seen<'_>) -> bool {
    gate_out.event.place.as_deref().and_then(|p| p.facility.as_deref()) == Some(CUSTOMS_SITE)
}
