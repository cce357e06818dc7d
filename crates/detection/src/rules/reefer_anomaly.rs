//! Reefer anomaly (`MO-19a` to `f`).
//!
//! **Pattern.** Drugs lie behind the inspection hatches of the cooling unit; who takes them out cuts the power or opens
//! the unit. Sources:
//! <https://www.blikopnieuws.nl/nieuws/307933/douane-onderschept-783-kilo-verdovende-middelen-in-rotterdamse-haven.html>,
//! <https://www.blikopnieuws.nl/nieuws/269303/koelmotor-container-bevat-65-kilo-cocaine.html>.
//!
//! **Inputs.** Readings, power and resets of alarms of reefers in the port; moves and vessel operations; goods, origin;
//! for `f` the access log.
//!
//! **False positives.** Power cut for a move, a vessel operation or the hand-over to a genset (handling close by); a unit
//! that never reported regularly, and readings that come late. A rise by defrosting, by a new setpoint or after a power
//! cut that is reported as such. Dry goods that want a temperature (a setpoint or readings say that it runs, `c`). Goods
//! without a range in the settings (`d`). Alarms reset now and then (`e`). A look-up by somebody with business, or one that
//! is no sign for MO-16: by customs, help desks and track-and-trace programs, or for a trouble ticket (`f`).

use quaywatch_domain::event::{PortEvent, Reefer};
use quaywatch_domain::{EventKind, Fact, Severity, Text, Timestamp};
use serde::Deserialize;

use crate::people::is_by_stranger;
use crate::quiet::Trigger;
use crate::settings::{HOUR_MS, MINUTE_MS, Rules, SubRule};
use crate::view::{Absence, Findings, Seen, View};

/// Table `[reefer_anomaly]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    gap_minutes: i64,
    regular_minutes: i64,
    regular_readings: usize,
    handling_minutes: i64,
    grace_minutes: i64,
    rise_c: f64,
    rise_minutes: i64,
    around_minutes: i64,
    look_minutes: i64,
    severity_b_moved: Severity,
    alarm_resets: usize,
    alarm_hours: i64,
    ranges: Vec<Range>,
    a: SubRule,
    b: SubRule,
    c: SubRule,
    d: SubRule,
    e: SubRule,
    f: SubRule,
}

/// Setpoints that goods want.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    /// Beginning of HS codes.
    hs: String,
    least_c: f64,
    most_c: f64,
}

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[
    EventKind::PowerOff,
    EventKind::PowerOn,
    EventKind::ReeferAlarmReset,
    EventKind::ManifestLine,
])
.or(|g| g.has_reading() || g.has_route() || g.has_cargo());

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    if !view.is_reefer && !view.events.iter().any(|s| s.glance.has_reading()) {
        return;
    }
    for (visit, stay) in view.stays().enumerate() {
        if !stay.iter().any(|s| s.glance.is_reefer() || s.glance.has_reading()) {
            continue;
        }
        without_power(stay, findings);
        silent(stay, findings);
        warmed(visit, stay, findings);
        not_operating(view, visit, stay, findings);
        odd_setpoint(stay, findings);
        alarms(stay, findings);
    }
}

/// How long a new reading may wait for a look, milliseconds: a unit says the same all day, and nothing follows at once from a
/// reading in time that says what the one before it said, when nothing happened in between.
pub(crate) fn may_wait_ms(rules: &Rules, known: &[Fact], new: &Fact) -> Option<i64> {
    let settings = &rules.rule.reefer_anomaly;
    let (event, reefer) = told(new)?;
    // What is planned lies behind it.
    let (known, ahead) =
        known.split_at_checked(known.partition_point(|f| f.occurred_at <= new.occurred_at))?;
    let last = known.last()?;
    let (before, reefer_before) = told(last)?;
    let minutes_between = |a: Timestamp, b: Timestamp| b.millis_since(a) / MINUTE_MS;
    let is_regular = (0..=settings.gap_minutes).contains(&minutes_between(last.occurred_at, new.occurred_at))
        && (0..=settings.grace_minutes).contains(&minutes_between(new.occurred_at, new.received_at))
        && last.occurred_at < new.occurred_at
        && ahead.iter().all(|f| f.occurred_at > new.received_at);
    let state = |r: &Reefer| (r.powered, r.setpoint_c, r.defrosting);
    let oldest = new.occurred_at.plus_millis(-settings.rise_minutes * MINUTE_MS);
    let mut recent = known.iter().rev().take_while(|f| f.occurred_at >= oldest).filter_map(told);
    let is_routine = is_regular
        && state(reefer) == state(reefer_before)
        && event.source.feed == before.source.feed
        && is_alike(event, before)
        && !recent.any(|(_, cold)| rises(cold, reefer, settings))
        // What profiles make of it is theirs to say.
        && rules.profiles.is_empty();
    is_routine.then_some(settings.look_minutes * MINUTE_MS)
}

/// The reading that a standing fact is.
fn told(fact: &Fact) -> Option<(&PortEvent, &Reefer)> {
    let event = fact.event.as_ref().filter(|_| !fact.retracted)?;
    let glance = event.glance();
    let is_told =
        glance.is_actual() && !glance.has_doubtful_number() && event.kind == EventKind::ReeferReading;
    let event: &PortEvent = event;
    Some((event, event.reefer.as_deref().filter(|_| is_told)?))
}

/// Whether two events say the same but for what a unit measures.
fn is_alike(a: &PortEvent, b: &PortEvent) -> bool {
    (&a.place, &a.equipment, &a.transport, &a.route, &a.documents, &a.customs, &a.actor)
        == (&b.place, &b.equipment, &b.transport, &b.route, &b.documents, &b.customs, &b.actor)
        && (&a.parties, &a.seals, &a.weights, &a.cargo, &a.notes, &a.pin)
            == (&b.parties, &b.seals, &b.weights, &b.cargo, &b.notes, &b.pin)
}

fn reading<'a>(s: &Seen<'a>) -> Option<&'a Reefer> {
    if s.is_actual() && s.glance.has_reading() { s.event.reefer.as_deref() } else { None }
}

/// Whether the container was handled within `minutes` of the time from `from` to `to`.
fn was_handled(stay: &[Seen<'_>], from: Timestamp, to: Timestamp, minutes: i64) -> bool {
    let around = from.plus_millis(-minutes * MINUTE_MS)..=to.plus_millis(minutes * MINUTE_MS);
    stay.iter().any(|s| {
        let handles = matches!(
            s.kind(),
            EventKind::GateIn
                | EventKind::GateOut
                | EventKind::Loaded
                | EventKind::Discharged
                | EventKind::Restowed
                | EventKind::YardMove
                | EventKind::PickedUp
                | EventKind::DroppedOff
        );
        handles && s.is_actual() && around.contains(&s.at())
    })
}

/// MO-19a: switched off.
fn without_power(stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.reefer_anomaly;
    let gap_ms = settings.gap_minutes * MINUTE_MS;
    let off = |s: &&Seen<'_>| s.is_actual() && *s.kind() == EventKind::PowerOff;
    for s in stay.iter().filter(off) {
        let on = stay.iter().find(|o| {
            let runs = *o.kind() == EventKind::PowerOn || reading(o).is_some_and(|r| r.powered == Some(true));
            runs && o.is_actual() && o.at() > s.at()
        });
        let left = stay.iter().find(|o| {
            o.is_actual() && o.at() > s.at() && matches!(o.kind(), EventKind::GateOut | EventKind::Loaded)
        });
        let due = s.at().plus_millis(gap_ms);
        if [on, left].into_iter().flatten().any(|e| e.at() <= due)
            || was_handled(stay, s.at(), s.at(), settings.handling_minutes)
        {
            continue;
        }
        let by = due.max(s.fact.received_at.plus_millis(settings.grace_minutes * MINUTE_MS));
        if findings.passed(by) {
            let sentence = format!("Reefer without power for more than {} min.", settings.gap_minutes);
            let Some(on) = on else {
                let absence = Absence { event: EventKind::PowerOn, within: (s.at(), due), by, at: s };
                let (sub, evidence) = (&settings.a, vec![*s]);
                findings.add_absent("MO-19a", sub, sub.severity, sentence, evidence, absence);
                return;
            };
            findings.add("MO-19a", &settings.a, sentence, vec![*s, *on]);
            return;
        }
    }
}

/// MO-19a: a unit that reported regularly is silent for a while, and reports again.
fn silent(stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.reefer_anomaly;
    let readings: Vec<&Seen<'_>> = stay.iter().filter(|s| reading(s).is_some()).collect();
    let apart = |pair: &[&Seen<'_>]| match pair {
        [a, b] => b.at().millis_since(a.at()),
        _ => i64::MAX,
    };
    let needed = settings.regular_readings.max(2);
    for (n, pair) in readings.windows(2).enumerate() {
        let before = readings.get((n + 1).saturating_sub(needed)..=n).unwrap_or_default();
        let was_regular = before.len() >= needed
            && before.windows(2).all(|p| apart(p) <= settings.regular_minutes * MINUTE_MS);
        let [last, next] = pair else { continue };
        let gap_ms = apart(pair);
        if was_regular
            && gap_ms > settings.gap_minutes * MINUTE_MS
            && !was_handled(stay, last.at(), next.at(), settings.handling_minutes)
            && let by = next.fact.received_at.plus_millis(settings.grace_minutes * MINUTE_MS)
            && findings.passed(by)
        {
            let sentence = format!(
                "Reefer that reported regularly was silent for {} min while nobody handled it.",
                gap_ms / MINUTE_MS
            );
            let within = (last.at(), next.at());
            let absence = Absence { event: EventKind::ReeferReading, within, by, at: next };
            let (sub, evidence) = (&settings.a, vec![**last, **next]);
            findings.add_absent("MO-19a", sub, sub.severity, sentence, evidence, absence);
            return;
        }
    }
}

/// Whether the return air became warmer than it may though nobody wanted it so.
fn rises(cold: &Reefer, warm: &Reefer, settings: &Settings) -> bool {
    warm.return_c.zip(cold.return_c).is_some_and(|(warm, cold)| warm - cold > settings.rise_c)
        && (warm.setpoint_c.is_none() || cold.setpoint_c.is_none() || warm.setpoint_c == cold.setpoint_c)
}

/// MO-19b, and f where somebody without business looked it up.
fn warmed(visit: usize, stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.reefer_anomaly;
    let readings: Vec<(&Seen<'_>, &Reefer)> = stay.iter().filter_map(|s| Some((s, reading(s)?))).collect();
    // Most units vary by less.
    let returned = || readings.iter().filter_map(|(_, reefer)| reefer.return_c);
    if returned().fold(f64::MIN, f64::max) - returned().fold(f64::MAX, f64::min) <= settings.rise_c {
        return;
    }
    let around_ms = settings.around_minutes * MINUTE_MS;
    let rise = readings.iter().enumerate().find_map(|(n, (b, warm))| {
        let oldest = b.at().plus_millis(-settings.rise_minutes * MINUTE_MS);
        let mut recent =
            readings.get(readings.partition_point(|(a, _)| a.at() < oldest)..n).unwrap_or_default().iter();
        let (a, _) = recent.find(|(_, cold)| rises(cold, warm, settings))?;
        let explained = stay.iter().filter(|s| s.at() >= a.at() && s.at() <= b.at()).any(|s| {
            let state = reading(s);
            *s.kind() == EventKind::PowerOff
                || state.is_some_and(|r| r.defrosting == Some(true) || r.powered == Some(false))
        });
        (!explained).then_some((**a, **b))
    });
    let Some((a, b)) = rise else { return };
    let near = |at: Timestamp| at >= a.at().plus_millis(-around_ms) && at <= b.at().plus_millis(around_ms);
    let moved = findings.shown(visit).any(|i| i.code == "MO-10a" && near(i.first_held_at));
    let severity = if moved { settings.severity_b_moved } else { settings.b.severity };
    let minutes = settings.rise_minutes;
    let but = if moved { ", and it was moved without an order" } else { "" };
    let sentence = format!(
        "Return air rose by more than {} K within {minutes} min, with no defrosting reported{but}.",
        settings.rise_c
    );
    findings.add_as("MO-19b", &settings.b, severity, sentence, vec![a, b], None);
    let look_up = stay.iter().find(|s| near(s.at()) && is_by_stranger(stay, s, findings.rules));
    if let Some(look_up) = look_up {
        let sentence =
            "Its return air rose around a look-up by an organisation that has no business with it.";
        let evidence = vec![*look_up, a, b];
        findings.add_restricted("MO-19f", &settings.f, settings.f.severity, sentence.to_owned(), evidence);
    }
}

/// MO-19c.
fn not_operating(view: &View<'_>, visit: usize, stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.reefer_anomaly;
    let measures = |r: &Reefer| r.powered != Some(false) && (r.supply_c.is_some() || r.return_c.is_some());
    let runs = stay.iter().any(|s| {
        *s.kind() == EventKind::PowerOn
            || s.event
                .reefer
                .as_deref()
                .is_some_and(|r| r.powered == Some(true) || r.setpoint_c.is_some() || measures(r))
    });
    if runs || !stay.iter().any(|s| s.glance.is_reefer()) || !view.is_from_watched_origin(visit, rules) {
        return;
    }
    let dry = stay.iter().find(|s| {
        let codes: Vec<&Text> = s.event.cargo.iter().filter_map(|c| c.hs_code.as_ref()).collect();
        *s.kind() == EventKind::ManifestLine
            && !codes.is_empty()
            && !codes.iter().any(|hs| rules.risk.is_perishable(hs) || range(settings, hs).is_some())
    });
    if let Some(line) = dry {
        let sentence = "Reefer that does not run, with dry cargo from a watched origin.";
        findings.add("MO-19c", &settings.c, sentence.to_owned(), vec![*line]);
    }
}

/// The range of the longest beginning that fits.
fn range<'r>(settings: &'r Settings, hs_code: &str) -> Option<&'r Range> {
    let fits = settings.ranges.iter().filter(|r| hs_code.starts_with(r.hs.as_str()));
    fits.max_by_key(|r| r.hs.len())
}

/// MO-19d.
fn odd_setpoint(stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.reefer_anomaly;
    let goods = stay.iter().find_map(|s| {
        let mut ranges = s.event.cargo.iter().filter_map(|c| range(settings, c.hs_code.as_deref()?));
        let first = ranges.next()?;
        // Several goods together want a compromise.
        ranges.all(|other| other == first).then_some((*s, first))
    });
    let Some((line, range)) = goods else { return };
    let set = stay.iter().rev().find_map(|s| Some((*s, s.event.reefer.as_deref()?.setpoint_c?)));
    if let Some((s, setpoint)) = set.filter(|(_, c)| !(range.least_c..=range.most_c).contains(c)) {
        let sentence = format!(
            "Set to {setpoint:.1} °C, but its goods want {:.0} to {:.0} °C.",
            range.least_c, range.most_c
        );
        findings.add("MO-19d", &settings.d, sentence, vec![line, s]);
    }
}

/// MO-19e.
fn alarms(stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.reefer_anomaly;
    let reset = |s: &&Seen<'_>| s.is_actual() && *s.kind() == EventKind::ReeferAlarmReset;
    let resets: Vec<Seen<'_>> = stay.iter().filter(reset).copied().collect();
    let many = resets.windows(settings.alarm_resets.max(2)).find(|some| {
        some.first()
            .zip(some.last())
            .is_some_and(|(first, last)| last.at().millis_since(first.at()) <= settings.alarm_hours * HOUR_MS)
    });
    if let Some(many) = many {
        let sentence = format!(
            "Alarms of the reefer were reset {} times within {} h.",
            many.len(),
            settings.alarm_hours
        );
        findings.add("MO-19e", &settings.e, sentence, many.to_vec());
    }
}
