//! Gate-out under hold (`MO-25a`).
//!
//! **Pattern.** A container that customs hold or have selected leaves the terminal. Containers that are cleared are used
//! for switching, so those that are not are taken out by abuse of their status; our own rule, motive from
//! <https://nltimes.nl/node/66091>.
//!
//! **Inputs.** Customs holds, selections, releases and cancelled selections; actual gate-outs.
//!
//! **False positives.** Customs messages that arrive late: nothing is said before a grace period after the receipt of the
//! gate-out, and a release dated before the gate-out takes the indicator back whenever it comes. What customs have looked at
//! since lacks nothing but the decision, and one late message explains that: it is LOW until hardly any release comes later
//! by what is known of the feed. A move to the customs site itself. A hold placed after the gate-out.

use quaywatch_domain::indicator::Expected;
use quaywatch_domain::{EventKind, Severity};
use serde::Deserialize;

use crate::quiet::Trigger;
use crate::settings::{MINUTE_MS, SubRule};
use crate::trust::late_word;
use crate::view::{Findings, Seen, View};

/// Table `[gate_out_under_hold]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) grace_minutes: i64,
    severity_looked_at: Severity,
    pub(crate) a: SubRule,
}

/// Facility code of a customs site.
const CUSTOMS_SITE: &str = "CUSTOMS_SITE";

/// What customs want with the container; none when it is free.
#[derive(Default)]
struct Interest<'a> {
    hold: Option<Seen<'a>>,
    selection: Option<Seen<'a>>,
    /// Whether they have scanned or inspected it since: all that lacks is what they decided.
    looked_at: bool,
}

/// What left while customs wanted something with it.
struct Incident<'a> {
    because: Seen<'a>,
    gate_out: Seen<'a>,
    what: &'static str,
    looked_at: bool,
}

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[EventKind::GateOut]);

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.gate_out_under_hold;
    for stay in view.stays() {
        let Some(Incident { because, gate_out, what, looked_at }) = incident(stay) else { continue };
        let late = late_word(findings, &EventKind::CustomsReleased, &gate_out);
        let at_once = gate_out.fact.received_at.plus_millis(settings.grace_minutes * MINUTE_MS);
        let at_once = at_once.max(gate_out.at().plus_millis(late.usual_ms));
        let at_last = at_once.max(gate_out.at().plus_millis(late.most_ms));
        let (by, severity) = if looked_at && !findings.passed(at_last) {
            (at_once, settings.severity_looked_at)
        } else if looked_at {
            (at_last, settings.a.severity)
        } else {
            (at_once, settings.a.severity)
        };
        if findings.passed(by) {
            let minutes = by.millis_since(gate_out.fact.received_at) / MINUTE_MS;
            let sentence = format!(
                "Left the terminal under {what}, with no release known {minutes} min later (status may lag)."
            );
            let expected = Some(Expected { event: EventKind::CustomsReleased, by });
            findings.add_as("MO-25a", &settings.a, severity, sentence, vec![because, gate_out], expected);
        }
    }
}

/// Several systems may tell of one gate-out: the report that came first sets the time.
fn incident<'a>(stay: &[Seen<'a>]) -> Option<Incident<'a>> {
    let mut interest = Interest::default();
    let mut incident: Option<Incident<'a>> = None;
    for s in stay.iter().filter(|s| s.is_actual()) {
        match s.kind() {
            EventKind::CustomsHeld => (interest.hold, interest.looked_at) = (Some(*s), false),
            EventKind::CustomsSelectedForScan | EventKind::CustomsSelectedForInspection => {
                (interest.selection, interest.looked_at) = (Some(*s), false);
            }
            EventKind::CustomsScanned | EventKind::CustomsInspected => interest.looked_at = true,
            EventKind::CustomsReleased => interest = Interest::default(),
            EventKind::CustomsSelectionCancelled => interest.selection = None,
            EventKind::GateOut if !to_customs(s) => {
                let Some(because) = interest.hold.or(interest.selection) else { continue };
                let what = if interest.hold.is_some() { "a customs hold" } else { "a customs selection" };
                let receipt = |g: &Seen<'_>| (g.fact.received_at, g.at(), g.fact.fact_id.clone());
                if incident.as_ref().is_none_or(|known| receipt(s) < receipt(&known.gate_out)) {
                    let looked_at = interest.looked_at;
                    incident = Some(Incident { because, gate_out: *s, what, looked_at });
                }
            }
            _ => {}
        }
    }
    incident
}

fn to_customs(gate_out: &Seen<'_>) -> bool {
    gate_out.event.place.as_deref().and_then(|p| p.facility.as_deref()) == Some(CUSTOMS_SITE)
}
