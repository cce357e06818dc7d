//! An alert as a duty officer reads it: a short block of plain text.

use std::fmt::Write as _;

use quaywatch_domain::alert::Visit;
use quaywatch_domain::handling::EuropolCode;
use quaywatch_domain::{
    Action, AgencyAlert, Alert, AlertState, Handling, Indicator, Severity, Subject, Timestamp,
};

/// Most indicators that are written out.
const MAX_LINES: usize = 12;

/// What newer rules raise so soon after it happened needs no remark.
const IN_HINDSIGHT_MS: i64 = 3_600_000;

struct Block<'a> {
    state: &'static str,
    severity: Severity,
    score: f64,
    subject: &'a Subject,
    visit: &'a Visit,
    agency: Option<&'a str>,
    stands: bool,
    indicators: &'a [Indicator],
    action: Action,
    evidence: usize,
    event_time: Timestamp,
    /// When it would have been raised by the rules that raise it now, when that is long before.
    in_hindsight: Option<Timestamp>,
    valid_until: Timestamp,
    handling: &'a Handling,
    alert_id: String,
    revision: i32,
}

/// The text of an alert with full content.
#[must_use]
pub fn alert_text(alert: &Alert) -> String {
    text(&Block {
        state: state_word(alert.state, false),
        severity: alert.severity,
        score: alert.score,
        subject: &alert.subject,
        visit: &alert.visit,
        agency: None,
        stands: alert.state != AlertState::Retracted,
        indicators: &alert.indicators,
        action: alert.recommended_action,
        evidence: alert.evidence.len(),
        event_time: alert.event_time,
        in_hindsight: in_hindsight(alert.in_hindsight, alert.state, alert.detected_at, alert.produced_at),
        valid_until: alert.valid_until,
        handling: &alert.handling,
        alert_id: alert.alert_id.to_string(),
        revision: alert.revision,
    })
}

/// The text of an agency's view.
#[must_use]
pub fn view_text(view: &AgencyAlert) -> String {
    text(&Block {
        state: state_word(view.state, view.withdrawn),
        severity: view.severity,
        score: view.score,
        subject: &view.subject,
        visit: &view.visit,
        agency: Some(&view.agency),
        stands: !view.withdrawn,
        indicators: &view.indicators,
        action: view.recommended_action,
        evidence: view.evidence.len(),
        event_time: view.event_time,
        in_hindsight: in_hindsight(view.in_hindsight, view.state, view.detected_at, view.produced_at),
        valid_until: view.valid_until,
        handling: &view.handling,
        alert_id: view.alert_id.to_string(),
        revision: view.revision,
    })
}

fn text(block: &Block<'_>) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write_block(&mut out, block);
    out
}

fn write_block(out: &mut String, block: &Block<'_>) -> std::fmt::Result {
    write!(out, "{}  ", block.state)?;
    if block.stands {
        write!(out, "{}  ", block.severity)?;
    }
    write!(out, "{} {}", block.subject.kind, block.subject.id)?;
    if let Some(terminal) = &block.visit.terminal {
        write!(out, "  at {terminal}")?;
    }
    if let Some(agency) = block.agency {
        write!(out, "  for {agency}")?;
    }
    out.push('\n');
    if block.stands {
        for indicator in block.indicators.iter().take(MAX_LINES) {
            let discreet = if indicator.discreet { " DISCREET: leave no trace." } else { "" };
            writeln!(out, "  {:<13}  {}{discreet}", indicator.code, indicator.sentence)?;
            if let Some(expected) = &indicator.expected {
                writeln!(out, "  {:<13}  expected: {} by {}", "", expected.event, expected.by)?;
            }
        }
        if let Some(more) = block.indicators.len().checked_sub(MAX_LINES).filter(|more| *more > 0) {
            writeln!(out, "  and {more} more")?;
        }
        if let Some(at) = block.in_hindsight {
            writeln!(
                out,
                "  by rules, baselines, lists or outages newer than the traffic; would have been raised at {at}"
            )?;
        }
        writeln!(out, "  advice: {}", advice(block.action))?;
        write!(out, "  score {:.0} of 100, {}", block.score, messages(block.evidence))?;
        writeln!(out, ", happened {}, current until {}", block.event_time, block.valid_until)?;
    } else {
        writeln!(out, "  what was reported no longer stands")?;
    }
    writeln!(out, "  {}  alert {}, revision {}", label(block.handling), block.alert_id, block.revision)
}

fn in_hindsight(
    by_newer_rules: bool,
    state: AlertState,
    detected_at: Timestamp,
    produced_at: Timestamp,
) -> Option<Timestamp> {
    let is_new = by_newer_rules && matches!(state, AlertState::Raised | AlertState::Updated);
    (is_new && produced_at.millis_since(detected_at) > IN_HINDSIGHT_MS).then_some(detected_at)
}

const fn state_word(state: AlertState, withdrawn: bool) -> &'static str {
    match state {
        _ if withdrawn => "WITHDRAWN",
        AlertState::Raised => "NEW",
        AlertState::Updated => "UPDATED",
        AlertState::Retracted => "RETRACTED",
        AlertState::Closed => "CLOSED",
    }
}

const fn advice(action: Action) -> &'static str {
    match action {
        Action::Inform => "take note",
        Action::Observe => "watch it, unnoticed",
        Action::VerifyByPhone => "call the party back on a known number",
        Action::Scan => "scan the container",
        Action::Inspect => "open and inspect the container",
        Action::HoldRequest => "ask the terminal to hold the container",
    }
}

fn messages(count: usize) -> String {
    match count {
        0 => "evidence not shown".to_owned(),
        1 => "1 piece of evidence".to_owned(),
        n => format!("{n} pieces of evidence"),
    }
}

fn label(handling: &Handling) -> String {
    let mut label = format!("TLP:{}", handling.tlp);
    if handling.code != EuropolCode::H0 {
        label.push('/');
        label.push_str(handling.code.as_str());
    }
    if let Some(text) = handling.text() {
        label.push_str(" (");
        label.push_str(text);
        label.push(')');
    }
    label
}
