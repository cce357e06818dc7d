//! Stays that are too short or too long (`MO-14a` to `d`).
//!
//! **Pattern.** Who has a leaked release collects before anybody looks; who waits for an extraction team leaves the
//! container standing, pays for storage and comes by night. Source: our own rule, after the case in `MO-10`.
//!
//! **Sub-rules.** `a` gone sooner after discharge, or after its last green light, than others ever are. `b` released and
//! not collected for longer than others ever are. `c` then collected by night. `d` storage extended again and again.
//!
//! **Inputs.** Discharge, customs and commercial releases, gate-out, storage extensions; baselines of dwell by terminal,
//! trade and size, else the plain limits of the rule file.
//!
//! **False positives.** Trains and barges wait for nobody. Priority cargo: a pick-up announced before the release, or
//! goods that perish, may go at once. Weekends do not count as waiting (`b`), but they do as time stood (`a`).
//! Containers without a release, under a hold, or for transshipment. One that nobody was asked to fetch: while the right
//! still lies with whom the carrier gave it to, its importer is not ready for it, and a holiday of his is waited for; who
//! then hands it on, or announces a truck, is about to come (`b`). Late releases (a release that is told later moves the
//! count). Unpaid bills, a gate-out that nobody reported: without a baseline that says what is usual, and for cargo from
//! where no drugs are shipped and for which nobody keeps paying, `b` is LOW and only counts with others. One in a hundred
//! lies beyond a quantile of one in a hundred: only what is far beyond counts. Who waits for the release drives off with it.

use quaywatch_domain::event::{EquipmentStatus, Mode};
use quaywatch_domain::indicator::Expected;
use quaywatch_domain::{EventKind, Severity, Timestamp};
use serde::Deserialize;

use crate::baselines::{Group, Measure};
use crate::quiet::Trigger;
use crate::settings::{DAY_MS, MINUTE_MS, SubRule};
use crate::view::{Findings, Seen, View};

/// Table `[dwell]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) short_minutes: i64,
    pub(crate) quick_minutes: i64,
    pub(crate) announced_before_minutes: i64,
    pub(crate) long_days: i64,
    pub(crate) after_release_days: i64,
    pub(crate) uncalled_days: i64,
    pub(crate) beyond_usual: f64,
    pub(crate) severity_b_plain: Severity,
    pub(crate) extensions: usize,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) c: SubRule,
    pub(crate) d: SubRule,
}

/// What decides on one import stay.
struct Stay<'a> {
    arrival: Seen<'a>,
    /// The last release before it left, when nothing forbids to take it.
    green: Option<Seen<'a>>,
    /// Whether a right to fetch it is known.
    is_issued: bool,
    /// When that was first handed on to who drives, or a truck first announced.
    called_at: Option<Timestamp>,
    out: Option<Seen<'a>>,
}

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[
    EventKind::Discharged,
    EventKind::GateOut,
    EventKind::CustomsReleased,
    EventKind::ReleaseIssued,
    EventKind::ReleaseAccepted,
    EventKind::StorageExtended,
]);

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    for events in view.stays() {
        extended(events, findings);
        let Some(stay) = Stay::read(events) else { continue };
        if let Some(out) = stay.out {
            too_soon(view, events, &stay, &out, findings);
        }
        too_long(view, &stay, findings);
    }
}

impl<'a> Stay<'a> {
    fn read(events: &[Seen<'a>]) -> Option<Self> {
        let actual = || events.iter().filter(|s| s.is_actual());
        let arrival = *actual().find(|s| *s.kind() == EventKind::Discharged)?;
        let is_other_trade =
            |s: &Seen<'_>| s.status().is_some_and(|status| status != EquipmentStatus::Import);
        if is_other_trade(&arrival) || actual().any(|s| *s.kind() == EventKind::Loaded || s.is_empty()) {
            return None;
        }
        let out = actual().find(|s| *s.kind() == EventKind::GateOut && s.at() > arrival.at()).copied();
        let mut stay = Self { arrival, green: None, is_issued: false, called_at: None, out };
        for s in actual().take_while(|s| out.is_none_or(|out| s.at() <= out.at())) {
            match s.kind() {
                EventKind::ReleaseIssued => stay.is_issued = true,
                EventKind::ReleaseTransferred | EventKind::PickupAnnounced | EventKind::PickupAccepted => {
                    stay.called_at = stay.called_at.or(Some(s.at()));
                }
                _ => {}
            }
            match s.kind() {
                EventKind::CustomsReleased | EventKind::ReleaseIssued | EventKind::ReleaseAccepted => {
                    stay.green = Some(*s);
                }
                EventKind::CustomsHeld
                | EventKind::CustomsSelectedForScan
                | EventKind::CustomsSelectedForInspection
                | EventKind::ReleaseRevoked
                | EventKind::ReleaseBlocked => stay.green = None,
                _ => {}
            }
        }
        Some(stay)
    }
}

fn limit(
    view: &View<'_>,
    stay: &Stay<'_>,
    measure: Measure,
    findings: &Findings<'_>,
    is_upper: bool,
) -> Option<i64> {
    if !findings.baselines.quantiles.contains_key(&measure) {
        return None;
    }
    let group = Group {
        terminal: stay.arrival.event.terminal().map(str::to_owned),
        trade: Some(EquipmentStatus::Import),
        size: view.iso_type().and_then(Group::size_of),
    };
    let quantiles = findings.baselines.quantiles(measure, &group, findings.rules.baseline.min_count)?;
    // One in a hundred lies beyond the quantile by what it is. One of 0 says that the baseline cannot tell.
    let factor = findings.rules.rule.dwell.beyond_usual;
    let least = Some(quantiles.q01 / factor).filter(|minutes| *minutes > 0.0);
    if is_upper { Some((quantiles.q99 * factor) as i64) } else { least.map(|minutes| minutes as i64) }
}

fn is_by_road(s: &Seen<'_>) -> bool {
    s.event.transport.as_deref().and_then(|t| t.mode).is_none_or(|mode| mode == Mode::Road)
}

/// MO-14a.
fn too_soon(
    view: &View<'_>,
    events: &[Seen<'_>],
    stay: &Stay<'_>,
    out: &Seen<'_>,
    findings: &mut Findings<'_>,
) {
    let rules = findings.rules;
    let settings = &rules.rule.dwell;
    let perishes = events
        .iter()
        .flat_map(|s| &s.event.cargo)
        .any(|c| c.hs_code.as_deref().is_some_and(|code| rules.risk.is_perishable(code)));
    if !is_by_road(out) || perishes {
        return;
    }
    let usual = limit(view, stay, Measure::DwellMinutes, findings, false);
    let least = usual.unwrap_or(settings.short_minutes);
    // By the clock: who comes on Saturday and leaves on Sunday has stood for a day, though nobody worked.
    let stood = out.at().millis_since(stay.arrival.at()) / MINUTE_MS;
    if stood < least && !crate::golden::other_terminal(&stay.arrival, out) {
        let sentence = match usual {
            Some(_) => format!("Left {stood} min after discharge, sooner than imports do here."),
            None => format!("Left {stood} min after discharge (limit: {least} min)."),
        };
        findings.add("MO-14a", &settings.a, sentence, vec![stay.arrival, *out]);
        return;
    }
    let Some(green) = stay.green else { return };
    // Who waits for the release drives off with it: only what nobody can have waited for counts.
    let least = limit(view, stay, Measure::ReleaseToGateOutMinutes, findings, false)
        .map_or(settings.quick_minutes, |usual| usual.min(settings.quick_minutes));
    let waited = out.at().millis_since(green.at()) / MINUTE_MS;
    let announced_ms = settings.announced_before_minutes * MINUTE_MS;
    let was_announced = events.iter().any(|s| {
        *s.kind() == EventKind::PickupAnnounced && green.at().millis_since(s.said_at()) >= announced_ms
    });
    if waited < least && !was_announced {
        let sentence = format!("Left {waited} min after its last release.");
        findings.add("MO-14a", &settings.a, sentence, vec![green, *out]);
    }
}

/// MO-14b and c.
fn too_long(view: &View<'_>, stay: &Stay<'_>, findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.dwell;
    let Some(green) = stay.green else { return };
    let terminal = stay.arrival.event.terminal();
    let is_by_night = |out: &Seen<'_>| is_by_road(out) && rules.calendar.is_night(terminal, out.at());
    if stay.out.is_some_and(|out| !is_by_night(&out)) {
        return;
    }
    let known = limit(view, stay, Measure::DwellMinutes, findings, true);
    // Who has not asked anybody to fetch it may be away, and who has just asked is back.
    let is_uncalled = stay.is_issued && stay.called_at.is_none();
    let away_days = if is_uncalled && stay.out.is_none() { settings.uncalled_days } else { 0 };
    let ready = stay.called_at.filter(|_| stay.out.is_none()).map_or(green.at(), |at| at.max(green.at()));
    let usual_ms = known.map_or(settings.long_days * DAY_MS, |minutes| minutes * MINUTE_MS);
    let most_ms = usual_ms + away_days * DAY_MS;
    let ready_ms = settings.after_release_days * DAY_MS;
    // Days off only put it off; they are counted when it may have come.
    let least = stay.arrival.at().plus_millis(most_ms).max(ready.plus_millis(ready_ms));
    if !stay.out.map_or_else(|| findings.passed(least), |out| out.at() > least) {
        return;
    }
    let by = rules
        .calendar
        .plus_working(terminal, stay.arrival.at(), most_ms)
        .max(rules.calendar.plus_working(terminal, ready, ready_ms));
    match stay.out {
        Some(out) if out.at() > by => {
            let sentence = "Released, left standing for long, and then collected by night.".to_owned();
            findings.add("MO-14c", &settings.c, sentence, vec![stay.arrival, green, out]);
        }
        Some(_) => {}
        None => {
            if findings.passed(by) {
                let days = by.millis_since(stay.arrival.at()) / DAY_MS;
                let sentence = format!("Released, and not collected {days} days after discharge.");
                let expected = Some(Expected { event: EventKind::GateOut, by });
                let evidence = vec![stay.arrival, green];
                // Who pays again and again for what he does not fetch has his reasons.
                let events = view.stay_of(stay.arrival.visit);
                let paid = events.iter().filter(|s| *s.kind() == EventKind::StorageExtended).count();
                let risky =
                    view.is_from_watched_origin(stay.arrival.visit, rules) || paid >= settings.extensions;
                let severity =
                    if known.is_some() && risky { settings.b.severity } else { settings.severity_b_plain };
                findings.add_as("MO-14b", &settings.b, severity, sentence, evidence, expected);
            }
        }
    }
}

/// MO-14d.
fn extended(events: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.dwell;
    let extensions: Vec<Seen<'_>> =
        events.iter().filter(|s| *s.kind() == EventKind::StorageExtended).copied().collect();
    if extensions.len() >= settings.extensions {
        let sentence = format!("Its storage was extended {} times.", extensions.len());
        findings.add("MO-14d", &settings.d, sentence, extensions);
    }
}
