//! What one agency sees of an alert: the indicators that it may see, and what follows from these alone.

use std::collections::BTreeSet;

use quaywatch_domain::alert::{Evidence, ScorePart, Versions};
use quaywatch_domain::blinding;
use quaywatch_domain::indicator::CONTROL;
use quaywatch_domain::summary::{MAX_SCORE, Summary};
use quaywatch_domain::{AgencyAlert, Alert, AlertState, Id, Indicator};

use crate::agencies::Agency;
use crate::field::Field;
use crate::redact::Redaction;

/// Rule of the indicators that combine others.
const COMBINATION: &str = "COMBO";

/// Whether the agency sees this indicator of the alert. An owner always sees the hits on its own entries, and of blinded
/// entries and of the control sample nobody else does, whatever the clearance.
pub(crate) fn is_visible(agency: &Agency, alert: &Alert, indicator: &Indicator) -> bool {
    if is_own(agency, indicator) {
        return true;
    }
    let released = alert.releasable_to.is_empty() || alert.releasable_to.contains(&agency.id);
    released
        && ![blinding::CODE, CONTROL].contains(&indicator.code.as_str())
        && (!indicator.discreet || agency.discreet)
        && agency.clearance.allows(&indicator.handling)
        && agency.wants(&indicator.code)
        && indicator.severity >= agency.min_severity
        && is_in_scope(agency, alert)
}

fn is_own(agency: &Agency, indicator: &Indicator) -> bool {
    indicator.owner.as_deref() == Some(agency.id.as_str())
}

/// Takes out the combinations of which a part is hidden: those that rest on a fact behind no single indicator that is
/// seen.
fn hide_combinations(alert: &Alert, seen: &mut Vec<(&Indicator, ScorePart)>) {
    if alert.indicators.iter().all(|i| i.rule != COMBINATION) {
        return;
    }
    let shown: BTreeSet<&Id> =
        seen.iter().filter(|(i, _)| i.rule != COMBINATION).flat_map(|(i, _)| &i.evidence).collect();
    seen.retain(|(i, _)| i.rule != COMBINATION || i.evidence.iter().all(|id| shown.contains(id)));
}

/// A container whose terminal is not known is in nobody's limited scope.
fn is_in_scope(agency: &Agency, alert: &Alert) -> bool {
    let Some(terminals) = &agency.terminals else { return true };
    let terminal = alert.visit.terminal.as_ref().or(alert.keys.terminal.as_ref());
    terminal.is_some_and(|terminal| terminals.contains(terminal))
}

/// The view, with revision 0 and state RAISED, or CLOSED where only what has ended is left; `None` when nothing stands
/// that the agency may see.
pub(crate) fn view_of(agency: &Agency, alert: &Alert) -> Option<AgencyAlert> {
    let mut seen: Vec<(&Indicator, ScorePart)> =
        parts(alert).into_iter().filter(|(indicator, _)| is_visible(agency, alert, indicator)).collect();
    hide_combinations(alert, &mut seen);
    let redaction = Redaction::new(agency, alert);
    let indicators: Vec<Indicator> = seen.iter().map(|(i, _)| redaction.indicator(i)).collect();
    let score_parts: Vec<ScorePart> = seen.iter().map(|(_, part)| part.clone()).collect();
    let behind = evidence(alert, &seen);
    let owns_one = seen.iter().any(|(indicator, _)| is_own(agency, indicator));
    let stands = |s: &Summary, of: &[Indicator]| owns_one || s.stands(of, agency.threshold);
    let summary = Summary::of_standing(&alert.subject, &indicators, &score_parts, &behind, stands)?;
    // How long an alert is current and kept counts from what it rests on; here from what is visible of that.
    let known = summary.event_time.max(summary.detected_at);
    let known_in_full = alert.event_time.max(alert.detected_at);
    let from_here = |full: quaywatch_domain::Timestamp| known.plus_millis(full.millis_since(known_in_full));
    Some(AgencyAlert {
        alert_id: alert.alert_id,
        revision: 0,
        state: if summary.is_over { AlertState::Closed } else { AlertState::Raised },
        agency: agency.id.clone(),
        withdrawn: false,
        subject: alert.subject.clone(),
        visit: redaction.visit(&alert.visit),
        severity: summary.severity,
        score: summary.score,
        score_parts,
        title: summary.title,
        keys: redaction.keys(&alert.keys),
        recommended_action: summary.action,
        valid_until: from_here(alert.valid_until),
        handling: summary.handling,
        releasable_to: alert.releasable_to.iter().filter(|id| **id == agency.id).cloned().collect(),
        // Grounds and lists come from the cleaned indicators, so what is withheld there is not here either.
        legal_basis: summary.legal_basis,
        evidence: shown_evidence(agency, &redaction, &seen, &behind),
        detected_at: summary.detected_at,
        event_time: summary.event_time,
        produced_at: alert.produced_at,
        in_hindsight: alert.in_hindsight,
        versions: Versions {
            rules: alert.versions.rules.clone(),
            lists: summary.lists,
            binary: alert.versions.binary.clone(),
        },
        retention_until: from_here(alert.retention_until),
        indicators,
    })
}

/// Whether only what has ended makes it an alert: its score counts that as well.
pub(crate) fn rests_on_ended(alert: &Alert) -> bool {
    let ended = |i: &Indicator| i.ended_at.is_some();
    if !alert.indicators.iter().any(ended) {
        return false;
    }
    let open: f64 = parts(alert).iter().filter(|(i, _)| !ended(i)).map(|(_, part)| part.points).sum();
    open.min(MAX_SCORE) + 0.05 < alert.score
}

/// Each indicator with its points. They stand in the same order; by code where they do not.
fn parts(alert: &Alert) -> Vec<(&Indicator, ScorePart)> {
    let aligned = alert.indicators.len() == alert.score_parts.len()
        && alert.indicators.iter().zip(&alert.score_parts).all(|(i, part)| i.code == part.code);
    let mut rest: Vec<&ScorePart> = alert.score_parts.iter().collect();
    alert
        .indicators
        .iter()
        .enumerate()
        .map(|(n, indicator)| {
            let part = if aligned {
                alert.score_parts.get(n).cloned()
            } else {
                let at = rest.iter().position(|part| part.code == indicator.code);
                at.map(|at| rest.remove(at).clone())
            };
            // Without a part of its own an indicator counts by its weight.
            let part =
                part.unwrap_or_else(|| ScorePart { code: indicator.code.clone(), points: indicator.weight });
            (indicator, part)
        })
        .collect()
}

/// What the visible indicators rest on, by event time; nothing that only a hidden one rests on.
fn evidence(alert: &Alert, seen: &[(&Indicator, ScorePart)]) -> Vec<Evidence> {
    let named = |e: &&Evidence| seen.iter().any(|(i, _)| i.evidence.contains(&e.fact_id));
    let mut behind: Vec<Evidence> = alert.evidence.iter().filter(named).cloned().collect();
    behind.extend(seen.iter().flat_map(|(i, _)| i.carried.iter().cloned()));
    behind.sort_by(|a, b| (a.occurred_at, &a.fact_id).cmp(&(b.occurred_at, &b.fact_id)));
    behind.dedup_by(|a, b| a.fact_id == b.fact_id);
    behind
}

/// The evidence as far as the agency may see it.
fn shown_evidence(
    agency: &Agency,
    redaction: &Redaction<'_>,
    seen: &[(&Indicator, ScorePart)],
    behind: &[Evidence],
) -> Vec<Evidence> {
    if !agency.sees(Field::Evidence) {
        return Vec::new();
    }
    let carried = |e: &Evidence| seen.iter().any(|(i, _)| i.carried.iter().any(|c| c.fact_id == e.fact_id));
    let lists = |e: &Evidence| {
        agency.sees(Field::Lists)
            || seen.iter().any(|(i, _)| is_own(agency, i) && i.evidence.contains(&e.fact_id))
    };
    behind
        .iter()
        .filter(|e| agency.sees(Field::Related) || !carried(e))
        .map(|e| redaction.evidence(e, lists(e)))
        .collect()
}
