//! Moves that nobody ordered, and boxes that are not where they should be (`MO-10a` to `c`).
//!
//! **Pattern.** A machine driver puts the container where the extraction team can reach it; the yard system knows of no
//! order. Source: Antwerp MPET, the container "disappeared" after discharge and was found twelve days later with its
//! seals tampered; the assignment system showed no order to move it,
//! <https://publicist24.com/correctional-court-of-antwerp-convicted-3-drivers-for-cocaine-trafficking/>.
//!
//! **Sub-rules.** `a` a change of slot without an order. `b` not found at its slot, HIGH when the search takes long.
//! `c` moved by a driver who moves far more than the other drivers of the terminal without orders (people; the
//! baselines know how much that is, and where they do not, the rule file says).
//!
//! **Inputs.** Yard moves and position fixes with slots, work orders, "box not in position" reports; origin of the cargo.
//!
//! **False positives.** Housekeeping on orders; orders that come late or are entered after the move (window and grace,
//! longer where the feed of orders is known for late ones, unless somebody comes for cargo from a watched origin);
//! an order is spent by the move that bears its number.
//! Terminals that share no orders: a timeline or the rule file must show that this one does. Telemetry drift: a fix
//! counts by its slot, and only when a second one agrees. The first placing after arrival. A box that turns up at once;
//! that its own device knows where it is, is no word of the yard.

use std::collections::BTreeMap;

use quaywatch_domain::event::Yard;
use quaywatch_domain::indicator::Expected;
use quaywatch_domain::{EventKind, Fact, Severity, Subject, Timestamp};
use serde::Deserialize;

use crate::golden::Whereabouts;
use crate::loops::{Told, indicator_fact};
use crate::quiet::Trigger;
use crate::settings::{HOUR_MS, MINUTE_MS, SubRule};
use crate::timeline::known_at;
use crate::trust::late_word;
use crate::view::{Absence, Findings, Seen, View};
use crate::{Baselines, Moves, Rules, Sighting, actor};

/// Table `[unordered_move]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) order_before_minutes: i64,
    pub(crate) order_after_minutes: i64,
    pub(crate) grace_minutes: i64,
    pub(crate) placing_minutes: i64,
    pub(crate) terminals_with_orders: Vec<String>,
    pub(crate) severity_a_risky: Severity,
    pub(crate) found_minutes: i64,
    pub(crate) search_hours: i64,
    pub(crate) severity_b_long: Severity,
    pub(crate) moves_least: usize,
    unordered_least: usize,
    pub(crate) usual_unordered_percent: f64,
    usual_unordered_least_percent: f64,
    pub(crate) deviations: f64,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) c: SubRule,
}

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[
    EventKind::YardMove,
    EventKind::PositionReported,
    EventKind::NotInPosition,
    EventKind::WorkOrdered,
]);

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    for (visit, stay) in view.stays().enumerate() {
        let tells = |s: &Seen<'_>| {
            matches!(s.kind(), EventKind::YardMove | EventKind::PositionReported | EventKind::NotInPosition)
        };
        if stay.iter().any(tells) {
            moved(view, visit, stay, findings);
            not_found(view, stay, findings);
        }
    }
}

fn slot<'a>(s: &Seen<'a>) -> Option<&'a Yard> {
    s.event.place.as_deref()?.yard.as_deref().filter(|yard| yard.block.is_some())
}

/// Whether two slots are one stack: the tier changes when others are dug out.
fn same_stack(a: &Yard, b: &Yard) -> bool {
    (&a.block, &a.bay, &a.row) == (&b.block, &b.bay, &b.row)
}

/// MO-10a: one indicator a stay, of its first unordered move.
fn moved(view: &View<'_>, visit: usize, stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.unordered_move;
    if !shares_orders(stay, settings) {
        return;
    }
    // Where it stands by what was confirmed, and a fix elsewhere that a second one has yet to confirm.
    let mut known: Option<(Seen<'_>, &Yard)> = None;
    let mut unconfirmed: Option<(Seen<'_>, &Yard)> = None;
    for s in stay.iter().filter(|s| s.is_actual() && !s.number_is_doubtful()) {
        let is_move = *s.kind() == EventKind::YardMove;
        if !is_move && *s.kind() != EventKind::PositionReported {
            continue;
        }
        let Some(here) = slot(s) else { continue };
        let Some((before, there)) = known else {
            known = Some((*s, here));
            continue;
        };
        if same_stack(there, here) {
            known = Some((*s, here));
            unconfirmed = None;
            continue;
        }
        let first_fix = match unconfirmed {
            _ if is_move => *s,
            Some((first, elsewhere)) if same_stack(elsewhere, here) => first,
            _ => {
                unconfirmed = Some((*s, here));
                continue;
            }
        };
        known = Some((*s, here));
        unconfirmed = None;
        if is_ordered(view, &before, &first_fix, is_move, settings) || was_placed(view, &first_fix, settings)
        {
            continue;
        }
        let risky = view.is_from_watched_origin(visit, findings.rules);
        let by = order_awaited_until(stay, s, risky, findings);
        if findings.passed(by) {
            let severity = if risky { settings.severity_a_risky } else { settings.a.severity };
            let sentence = "Moved in the yard, and there is no order for it.".to_owned();
            let ordered = first_fix.at().plus_millis(-settings.order_before_minutes * MINUTE_MS);
            let within = (ordered, first_fix.at());
            let absence = Absence { event: EventKind::WorkOrdered, within, by, at: s };
            let evidence = vec![before, first_fix, *s];
            findings.add_absent("MO-10a", &settings.a, severity, sentence, evidence, absence);
            return;
        }
    }
}

/// Until when an order that is told late is waited for: as long as orders may come by what is known of their feed, but no
/// longer than the grace when somebody comes for a container from a watched origin, as then there is no time to lose.
fn order_awaited_until(stay: &[Seen<'_>], s: &Seen<'_>, risky: bool, findings: &Findings<'_>) -> Timestamp {
    let settings = &findings.rules.rule.unordered_move;
    let at_once = s.fact.received_at.plus_millis(settings.grace_minutes * MINUTE_MS);
    let late = late_word(findings, &EventKind::WorkOrdered, s);
    let at_last = at_once.max(s.at().plus_millis(late.most_ms));
    if !risky {
        return at_last;
    }
    let comes_for_it = |k: &&Seen<'_>| {
        matches!(
            k.kind(),
            EventKind::PickupAnnounced
                | EventKind::PickupAccepted
                | EventKind::GateOut
                | EventKind::DoorOpened
        )
    };
    let soonest = stay.iter().filter(comes_for_it).map(|k| k.fact.received_at).min();
    soonest.map_or(at_last, |soonest| at_last.min(soonest.max(at_once)))
}

/// Whether the rules name terminals whose orders reach us.
pub(crate) fn names_terminals(rules: &Rules) -> bool {
    !rules.rule.unordered_move.terminals_with_orders.is_empty()
}

/// Whether orders of the terminal reach us.
fn shares_orders(stay: &[Seen<'_>], settings: &Settings) -> bool {
    stay.iter().any(|s| {
        *s.kind() == EventKind::WorkOrdered
            || (*s.kind() == EventKind::YardMove && has_order(s))
            || settings.terminals_with_orders.iter().any(|known| s.event.terminal() == Some(known))
    })
}

pub(crate) fn has_order(s: &Seen<'_>) -> bool {
    order_number(s).is_some()
}

/// Whether an order belongs to the move. A fix tells that it moved since the one before, not when.
fn is_ordered(view: &View<'_>, before: &Seen<'_>, s: &Seen<'_>, is_move: bool, settings: &Settings) -> bool {
    // What was ordered before the last move was carried out by it.
    let from = if is_move {
        s.at().plus_millis(-settings.order_before_minutes * MINUTE_MS)
    } else if *before.kind() == EventKind::YardMove {
        before.at()
    } else {
        before.at().plus_millis(-settings.order_before_minutes * MINUTE_MS)
    };
    let to = s.at().plus_millis(settings.order_after_minutes * MINUTE_MS);
    has_order(s)
        || view.events.iter().any(|k| {
            let ordered = *k.kind() == EventKind::WorkOrdered
                || (*k.kind() == EventKind::YardMove && has_order(k) && k.at() > before.at());
            ordered && (from..=to).contains(&k.at()) && !is_carried_out(view, k, s)
        })
}

/// Whether an earlier move than `s` bears the number of an order.
fn is_carried_out(view: &View<'_>, order: &Seen<'_>, s: &Seen<'_>) -> bool {
    let Some(number) = order_number(order).filter(|_| *order.kind() == EventKind::WorkOrdered) else {
        return false;
    };
    view.events.iter().any(|k| {
        *k.kind() == EventKind::YardMove
            && k.is_actual()
            && k.at() < s.at()
            && order_number(k) == Some(number)
    })
}

fn order_number<'a>(s: &Seen<'a>) -> Option<&'a str> {
    s.event.documents.as_deref()?.order.as_deref()
}

/// Whether it was only put down after it came.
fn was_placed(view: &View<'_>, s: &Seen<'_>, settings: &Settings) -> bool {
    match view.golden.at(s.at()) {
        Whereabouts::Yard(arrival) => {
            s.at().millis_since(arrival.at()) <= settings.placing_minutes * MINUTE_MS
        }
        // On its way through the gate.
        Whereabouts::Outside(_) | Whereabouts::Vessel(_) => true,
        Whereabouts::Unknown => false,
    }
}

/// MO-10b.
fn not_found(view: &View<'_>, stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.unordered_move;
    let mut reports = stay.iter().filter(|s| *s.kind() == EventKind::NotInPosition && s.is_actual());
    let Some(report) = reports.next() else { return };
    let turns_up = |s: &Seen<'_>| {
        let is_fix_of_yard = *s.kind() == EventKind::PositionReported
            && (slot(s).is_some() || s.event.source.feed == report.event.source.feed);
        s.is_actual()
            && (is_fix_of_yard
                || matches!(
                    s.kind(),
                    EventKind::YardMove
                        | EventKind::GateOut
                        | EventKind::Loaded
                        | EventKind::CustomsInspected
                        | EventKind::CustomsScanned
                ))
    };
    let soon = report.at().plus_millis(settings.found_minutes * MINUTE_MS);
    if !findings.missing(view, report, soon, turns_up) {
        return;
    }
    let late = report.at().plus_millis(settings.search_hours * HOUR_MS);
    let (severity, by, sentence) = if findings.missing(view, report, late, turns_up) {
        let sentence = format!("Not in its slot, and not found for {} h.", settings.search_hours);
        (settings.severity_b_long, late, sentence)
    } else {
        (settings.b.severity, soon, "Not in its slot when it was to be picked.".to_owned())
    };
    let expected = Some(Expected { event: EventKind::PositionReported, by });
    findings.add_as("MO-10b", &settings.b, severity, sentence, vec![*report], expected);
}

/// What share of a terminal's moves has no order when its other drivers make them, by the baselines less what this driver
/// has added; `None` where too few are known.
fn usual_among_peers(
    baselines: &Baselines,
    own: &[&Sighting],
    terminal: &str,
    min_count: u32,
) -> Option<f64> {
    let all = baselines.moves.get(terminal)?;
    let (from, to) = baselines.from.zip(baselines.to)?;
    let mut mine = Moves::default();
    let here = own.iter().filter(|s| actor::value(s, "TERMINAL") == Some(terminal));
    for s in here.filter(|s| known_at(**s) >= from && s.received_at < to) {
        mine.add(actor::value(s, "ORDER") == Some("YES"));
    }
    let count = all.count.saturating_sub(mine.count);
    let unordered = all.unordered.saturating_sub(mine.unordered);
    // None in a hundred is not never.
    (count >= min_count).then(|| (f64::from(unordered) + 1.0) / (f64::from(count) + 2.0))
}

/// MO-10c, on the timeline of a machine driver: far more moves without an order than the other drivers of its terminals
/// make. About what a person does, so it belongs to the module for that.
pub(crate) fn tell_rate(
    rules: &Rules,
    baselines: &Baselines,
    origin: &Subject,
    standing: &[&Sighting],
    wanted: &mut Vec<(Fact, bool)>,
) {
    let settings = &rules.rule.unordered_move;
    let moves: Vec<&Sighting> = standing.iter().filter(|s| s.kind == EventKind::YardMove).copied().collect();
    let unordered: Vec<&Sighting> =
        moves.iter().filter(|s| actor::value(s, "ORDER") == Some("NO")).copied().collect();
    let (count, without) = (moves.len(), unordered.len());
    // Where most moves bear no order, orders do not reach us.
    if count < settings.moves_least || without < settings.unordered_least || without * 2 > count {
        return;
    }
    let mut at: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for s in &moves {
        *at.entry(actor::value(s, "TERMINAL")).or_default() += 1;
    }
    let (mut expected, mut variance) = (0.0, 0.0);
    for (terminal, count) in at {
        let min_count = rules.baseline.min_count;
        let peers = terminal.and_then(|t| usual_among_peers(baselines, &moves, t, min_count));
        let usual = peers.map_or(settings.usual_unordered_percent, |peers| {
            (peers * 100.0).max(settings.usual_unordered_least_percent)
        }) / 100.0;
        expected += usual * count as f64;
        variance += usual * (1.0 - usual) * count as f64;
    }
    let deviation = f64::sqrt(variance).max(f64::MIN_POSITIVE);
    if (without as f64 - expected) / deviation <= settings.deviations {
        return;
    }
    for own in &unordered {
        let Some(container) = own.container.as_deref() else { continue };
        if wanted.iter().any(|(f, _)| &*f.subject.id == container && f.fact_id.ends_with("MO-10c")) {
            continue;
        }
        let told = Told {
            origin,
            code: "MO-10c",
            severity: settings.c.severity,
            action: settings.c.action,
            sentence: "Moved without an order by a driver who does so far more often than others.".to_owned(),
            sightings: vec![own],
        };
        wanted.extend(
            told.indicator(rules).map(|i| (indicator_fact(container, i, own.occurred_at), settings.c.shadow)),
        );
    }
}
