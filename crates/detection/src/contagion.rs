//! The contagion window: what was found in one container is looked for in those that travelled with it.
//!
//! **Pattern.** Who sends drugs sends them more than once, in one consignment or the next: split consignments, four of 22
//! boxes ten days early, <https://insightcrime.org/investigations/container-shipping-cocaine-hide-and-seek/>; 67 packs in
//! the walls of a reefer that stood emptied in a depot,
//! <https://nieuwsopbeeld.nl/2024/01/11/in-achterwand-van-lege-koelcontainer-67-kilogram-cocaine-aangetroffen>.
//!
//! **Inputs.** Finds and seizures that agencies report; bills, shippers, seals, cells and ports of loading that containers
//! share.
//!
//! **False positives.** A find that the agency takes back (the watch closes with it). Siblings that have nothing to do with
//! it: a groupage bill, a large shipper, a busy port (nearest in time first, and a bound on how many and how far); seal
//! numbers of another form; another voyage's cell; empties that came long before or after. A watch that is not closed
//! (it closes itself).
//!
//! When an agency confirms a find or seizes goods, the container tells what it shares with others: its bills of lading,
//! its shipper (the place of stuffing), the seal numbers next to its own, its vessel call, its port of loading. These tell
//! the containers that they know, each with its reason: `CONTAGION-bill`, `CONTAGION-shipper`, `CONTAGION-seal`,
//! `CONTAGION-cell` (beside it on board), `CONTAGION-origin` (the next empties from the same port, see `origin.rs`). The
//! watch is bounded in time, in reach and in number, and closes itself: an alert of which nothing else is left is CLOSED,
//! not RETRACTED, because it was right. When the agency takes its word back, the watch is taken back at once.
//!
//! This is the one thing that a container tells others. It follows from an agency's answer and the container's own
//! events alone, never from indicators, so the loop still ends.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use quaywatch_domain::event::{PartyRole, PortEvent};
use quaywatch_domain::identifiers::normalise_reference;
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{
    Action, EventKind, Fact, Feedback, Handling, Id, Indicator, Severity, Subject, Timestamp, Verdict,
};
use serde::{Deserialize, Serialize};

use crate::settings::{DAY_MS, HOUR_MS, Rules, SubRule, label};
use crate::timeline;
use crate::view::{Findings, Seen, View, evidence_of};
use crate::{Changes, Engine, Outcome, TimelineState, loops, origin};

/// Rule of the watches.
const RULE: &str = "CONTAGION";
/// Code of what a container tells a bill, a party, a seal, a call or a port of loading; never shown.
const FOUND: &str = "FOUND";
/// Most subjects that one container tells.
const MAX_EDGES: usize = 64;
/// Most events remembered of one bill or party, and of one call.
const MAX_KIN: usize = 256;
const MAX_KIN_OF_CALL: usize = 32_768;

/// Table `[contagion]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// How long the watch stays open.
    window_days: i64,
    /// Containers further apart in time have nothing to do with each other.
    reach_days: i64,
    /// Most containers that one bill, party, seal or call tells, nearest in time first.
    max_siblings: usize,
    /// Seal numbers on either side.
    pub(crate) seal_reach: u64,
    /// Empties that came this long before the container are of the next ones: the same ship.
    empties_before_hours: i64,
    /// Most empties that one port of loading tells, nearest in time first.
    max_empties: usize,
    #[serde(deserialize_with = "label")]
    handling: Handling,
    bill: SubRule,
    shipper: SubRule,
    seal: SubRule,
    cell: SubRule,
    origin: SubRule,
}

/// A container that had to do with a bill, a shipper, a call or a port of loading: one version of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kin {
    /// Fact that it comes from.
    pub fact_id: Id,
    /// Version of the fact.
    pub revision: i64,
    /// Whether the fact is taken back.
    pub retracted: bool,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When we stored it.
    pub received_at: Timestamp,
    /// The container; none when it may not be relied on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Cell on board (calls).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
}

/// What a container with a confirmed find tells, by receiver. Empty as long as nothing was found.
pub(crate) fn sources(engine: &Engine, view: &View<'_>) -> Vec<Fact> {
    let settings = &engine.rules.contagion;
    let mut wanted: BTreeMap<Subject, Fact> = BTreeMap::new();
    for (visit, feedback) in finds(view) {
        let Some(stay) = view.visits.get(visit).map(|range| view.stay(range)) else { continue };
        for (subject, seen) in origin::edges(&view.events, visit).into_iter().chain(edges(settings, stay)) {
            if wanted.len() < MAX_EDGES || wanted.contains_key(&subject) {
                let fact = source(settings, view.subject, &subject, feedback, &seen);
                let known = wanted.entry(subject).or_insert_with(|| fact.clone());
                if (known.occurred_at, &known.fact_id) < (fact.occurred_at, &fact.fact_id) {
                    *known = fact;
                }
            }
        }
    }
    wanted.into_values().collect()
}

/// Confirmed finds and seizures by visit, unless the same agency later called the alert false.
pub(crate) fn finds<'a>(view: &'a View<'_>) -> impl Iterator<Item = (usize, &'a Feedback)> {
    let is_find = |f: &&&Feedback| matches!(f.verdict, Verdict::Confirmed | Verdict::Seizure);
    view.feedback.iter().filter(is_find).filter_map(move |f| {
        let visit = view.visit_of(f)?;
        let denied = view.feedback.iter().any(|other| {
            other.verdict == Verdict::FalsePositive
                && other.agency == f.agency
                && other.at > f.at
                && view.visit_of(other) == Some(visit)
        });
        (!denied).then_some((visit, *f))
    })
}

/// What the container shares with others, each with the first event that says so.
fn edges<'a>(settings: &Settings, stay: &[Seen<'a>]) -> BTreeMap<Subject, Seen<'a>> {
    let mut edges = BTreeMap::new();
    for seen in stay.iter().filter(|s| !s.number_is_doubtful()) {
        let mut add = |kind, id: String| {
            edges.entry(Subject::new(kind, id)).or_insert(*seen);
        };
        if let Some(papers) = seen.event.documents.as_deref() {
            for bill in [&papers.bill_of_lading, &papers.transport_document].into_iter().flatten() {
                add(SubjectKind::Bill, normalise_reference(bill));
            }
        }
        if let Some(transport) = seen.event.transport.as_deref()
            && transport.stow_cell.is_some()
            && let Some(call) = &transport.call_id
        {
            add(SubjectKind::Call, call.clone());
        }
        for party in seen.event.parties.iter().filter(|p| p.role == PartyRole::Shipper) {
            if let Some(key) = party.key() {
                add(SubjectKind::Party, key);
            }
        }
        for number in seen.event.seals.iter().filter_map(|s| s.normalised.as_deref()) {
            for near in neighbours(number, settings.seal_reach) {
                add(SubjectKind::Seal, near);
            }
        }
    }
    edges
}

/// The seal numbers on either side of one that ends in at least five digits.
fn neighbours(number: &str, reach: u64) -> Vec<String> {
    let digits = number.len() - number.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (prefix, run) = number.split_at_checked(digits).unwrap_or((number, ""));
    if !(5..=18).contains(&run.len()) {
        return Vec::new();
    }
    let Ok(value) = run.parse::<u64>() else { return Vec::new() };
    let width = run.len();
    (value.saturating_sub(reach)..=value.saturating_add(reach))
        .filter(|near| *near != value)
        .map(|near| format!("{prefix}{near:0width$}"))
        .filter(|near| near.len() == number.len())
        .collect()
}

fn source(settings: &Settings, of: &Subject, to: &Subject, feedback: &Feedback, seen: &Seen<'_>) -> Fact {
    let what = if feedback.verdict == Verdict::Seizure { "seized goods" } else { "confirmed a find" };
    let indicator = Indicator {
        rule: RULE.to_owned(),
        code: FOUND.to_owned(),
        version: 1,
        severity: Severity::Low,
        weight: 0.0,
        sentence: format!("{}, in which {} {what}", of.id, feedback.agency),
        action: Action::Inform,
        evidence: vec![seen.fact.fact_id.clone()],
        first_held_at: feedback.at,
        ended_at: None,
        expected: None,
        handling: settings.handling.strictest(&seen.fact.handling),
        discreet: false,
        owner: None,
        legal_basis: None,
        list: None,
        origin: Some(of.clone()),
        carried: vec![evidence_of(seen.fact, seen.event)],
    };
    let fact = loops::indicator_fact(&of.id, indicator, feedback.at);
    Fact { subject: to.clone(), received_at: feedback.at, ..fact }
}

/// Takes in what concerns the contagion of a bill, party, seal, call or port of loading: who had to do with it, and where
/// something was found.
pub(crate) fn apply(
    engine: &Engine,
    state: &mut TimelineState,
    fact: &Fact,
    now: Timestamp,
    changes: &mut Changes,
) {
    let outcome = if is_source(fact) {
        timeline::put(&mut state.facts, fact.clone())
    } else if let Some(kin) = kin(fact) {
        remember(engine, &mut state.kin, kin, fact.subject.kind)
    } else {
        // A sighting of the seal may be a neighbour's.
        Outcome::OutOfScope
    };
    if changes.outcome == Outcome::OutOfScope {
        changes.outcome = outcome;
    }
    if outcome == Outcome::New {
        let keep = now.plus_millis(engine.rules.history.seal_days * DAY_MS);
        state.expires_at = state.expires_at.max(Some(keep));
    }
    evaluate(engine, state, &mut changes.facts, &mut changes.shadowed);
}

fn remember(engine: &Engine, all: &mut Vec<Kin>, kin: Kin, kind: SubjectKind) -> Outcome {
    let days = engine.rules.history.seal_days;
    match kind {
        SubjectKind::Origin => origin::put(all, kin, days),
        SubjectKind::Call => {
            let outcome = timeline::put_by_id(all, kin);
            all.truncate(MAX_KIN_OF_CALL);
            outcome
        }
        _ => {
            let outcome = timeline::put(all, kin);
            timeline::keep_latest(all, days, MAX_KIN);
            outcome
        }
    }
}

/// Whether a container tells by this that something was found in it.
pub(crate) fn is_source(fact: &Fact) -> bool {
    fact.subject.kind != SubjectKind::Container
        && fact.fact_id.starts_with("ind/container/")
        && fact.fact_id.ends_with(FOUND)
}

fn kin(fact: &Fact) -> Option<Kin> {
    let event = fact.event.as_deref();
    let kind = fact.subject.kind;
    let said = event.filter(|e| !fact.retracted && relates(kind, &fact.subject.id, e));
    let known_kind =
        matches!(kind, SubjectKind::Bill | SubjectKind::Party | SubjectKind::Call | SubjectKind::Origin);
    // A party or call is named by many events: only those that relate it to a container are remembered, and what may
    // take them back.
    if !known_kind || (said.is_none() && !fact.retracted) {
        return None;
    }
    Some(Kin {
        fact_id: fact.fact_id.clone(),
        revision: fact.revision,
        retracted: said.is_none(),
        occurred_at: fact.occurred_at,
        received_at: fact.received_at,
        container: said.and_then(PortEvent::container).map(str::to_owned),
        cell: said.and_then(cell).filter(|_| kind == SubjectKind::Call).map(str::to_owned),
    })
}

fn relates(kind: SubjectKind, id: &str, event: &PortEvent) -> bool {
    let counts = event.is_actual() || event.kind == EventKind::ManifestLine;
    (counts || kind == SubjectKind::Origin)
        && event.container().is_some()
        && !event.has_doubtful_number()
        && match kind {
            SubjectKind::Call => cell(event).is_some(),
            SubjectKind::Origin => event.is_empty() && event.came_from() == Some(id),
            SubjectKind::Party => {
                event.parties.iter().any(|p| p.role == PartyRole::Shipper && p.key().as_deref() == Some(id))
            }
            _ => true,
        }
}

fn cell(event: &PortEvent) -> Option<&str> {
    event.transport.as_deref()?.stow_cell.as_deref()
}

/// Marks a watch that has run out, where that is recorded: at the end of recorded traffic the clock runs on, but nobody has
/// closed the watch. Whether it has; when not, the timeline is looked at again by then.
pub(crate) fn end(indicator: &mut Indicator, findings: &mut Findings<'_>) -> bool {
    if indicator.rule != RULE {
        return false;
    }
    let days = findings.rules.contagion.window_days;
    let end = indicator.first_held_at.plus_millis(days * DAY_MS);
    let is_over = findings.heard_until.is_none_or(|heard| end <= heard) && findings.passed(end);
    if is_over {
        indicator.ended_at = Some(end);
        indicator.sentence.push_str(&format!(" The watch ended after {days} days."));
    }
    is_over
}

/// Sends the difference between the watches that were opened and those that were known. Who is told knows when a watch ends
/// ([`end`]): it is taken back only when the find is.
pub(crate) fn evaluate(
    engine: &Engine,
    state: &mut TimelineState,
    out: &mut Vec<Fact>,
    shadowed: &mut Vec<String>,
) {
    if state.facts.is_empty() && state.watched.is_empty() {
        return;
    }
    let Some(origin) = state.subject.clone() else { return };
    let rules = &engine.rules;
    let mut wanted: BTreeMap<String, Fact> = BTreeMap::new();
    let (edge, sub) = match origin.kind {
        SubjectKind::Bill => ("bill", &rules.contagion.bill),
        SubjectKind::Party => ("shipper", &rules.contagion.shipper),
        SubjectKind::Seal => ("seal", &rules.contagion.seal),
        SubjectKind::Origin => ("origin", &rules.contagion.origin),
        _ => ("cell", &rules.contagion.cell),
    };
    let found =
        state.facts.iter().filter(|f| !f.retracted).filter_map(|f| Some((f, f.indicator.as_deref()?)));
    for (fact, indicator) in found {
        let end = fact.occurred_at.plus_millis(rules.contagion.window_days * DAY_MS);
        for (container, at, reason) in siblings(rules, state, &origin, indicator, end) {
            let told = tell(rules, &origin, edge, sub, indicator, (container, at, reason));
            let known = wanted.entry(container.to_owned()).or_insert_with(|| told.clone());
            if later(&told) > later(known) {
                *known = told;
            }
        }
    }
    let wanted: Vec<Fact> = wanted.into_values().collect();
    let began: Vec<String> = wanted.iter().map(|f| format!("{} CONTAGION-{edge}", f.subject)).collect();
    if sub.shadow {
        let new = began.iter().filter(|one| !state.watch_shadowed.contains(one)).count();
        shadowed.extend(std::iter::repeat_n(format!("CONTAGION-{edge}"), new));
        state.watch_shadowed = began;
        loops::emit_to(&mut state.watched, Vec::new(), out);
    } else {
        state.watch_shadowed.clear();
        loops::emit_to(&mut state.watched, wanted, out);
    }
}

/// Which of two tellings of one edge is shown: that of the later find.
fn later(fact: &Fact) -> (Option<Timestamp>, Option<&str>) {
    let indicator = fact.indicator.as_deref();
    (indicator.map(|i| i.first_held_at), indicator.map(|i| i.sentence.as_str()))
}

/// Containers that are near the one of `found` and came before the watch ended, each with the time and the fact of its
/// own event, nearest in time first.
fn siblings<'a>(
    rules: &Rules,
    state: &'a TimelineState,
    origin: &Subject,
    found: &Indicator,
    end: Timestamp,
) -> Vec<(&'a str, Timestamp, &'a str)> {
    let from = found.origin.as_ref().map(|o| &*o.id).unwrap_or_default();
    let when = found.carried.first().map_or(found.first_held_at, |e| e.occurred_at);
    let reach_ms = rules.contagion.reach_days * DAY_MS;
    let (begin, most) = match origin.kind {
        SubjectKind::Origin => (
            Some(when.plus_millis(-rules.contagion.empties_before_hours * HOUR_MS)),
            rules.contagion.max_empties,
        ),
        _ => (None, rules.contagion.max_siblings),
    };
    let cells: Vec<&str> = of_container(state, from).filter_map(|k| k.cell.as_deref()).collect();
    let beside = |k: &Kin| {
        origin.kind != SubjectKind::Call
            || k.cell.as_deref().is_some_and(|cell| cells.iter().any(|of| are_neighbours(of, cell)))
    };
    let kin = state.kin.iter().filter(|k| !k.retracted && beside(k));
    let kin = kin.filter_map(|k| Some((k.container.as_deref()?, k.occurred_at, k.fact_id.as_str())));
    let seals = state.sightings.iter().filter(|s| !s.retracted && origin.kind == SubjectKind::Seal);
    let seals = seals.filter_map(|s| Some((s.container.as_deref()?, s.occurred_at, s.fact_id.as_str())));
    let mut nearest: BTreeMap<&str, (i64, Reverse<Timestamp>, &str)> = BTreeMap::new();
    for (container, at, fact_id) in kin.chain(seals).filter(|(container, ..)| *container != from) {
        let apart = at.millis_since(when).saturating_abs();
        if apart <= reach_ms && Some(at) >= begin && at <= end {
            let mine = (apart, Reverse(at), fact_id);
            let known = nearest.entry(container).or_insert(mine);
            *known = mine.min(*known);
        }
    }
    let mut all: Vec<(i64, &str, Timestamp, &str)> = nearest
        .into_iter()
        .map(|(container, (apart, Reverse(at), fact_id))| (apart, container, at, fact_id))
        .collect();
    all.sort_unstable();
    all.truncate(most);
    all.into_iter().map(|(_, container, at, fact_id)| (container, at, fact_id)).collect()
}

fn of_container<'a>(state: &'a TimelineState, container: &'a str) -> impl Iterator<Item = &'a Kin> {
    state.kin.iter().filter(move |k| !k.retracted && k.container.as_deref() == Some(container))
}

/// Whether two cells, BBBRRTT, touch: bays next to each other (20-foot and 40-foot bays are numbered through), rows next
/// to each other (odd to starboard, even to port, 00 in the middle), tiers next to each other (by twos).
fn are_neighbours(a: &str, b: &str) -> bool {
    let (Some(a), Some(b)) = (position(a), position(b)) else { return false };
    a.0.abs_diff(b.0) <= 2 && a.1.abs_diff(b.1) <= 1 && a.2.abs_diff(b.2) <= 2
}

fn position(cell: &str) -> Option<(i32, i32, i32)> {
    let cell = if cell.len() == 6 { format!("0{cell}") } else { cell.to_owned() };
    if cell.len() != 7 || !cell.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |from, to| cell.get(from..to)?.parse::<i32>().ok();
    let row = number(3, 5)?;
    let row = if row % 2 == 1 { (row + 1) / 2 } else { -row / 2 };
    Some((number(0, 3)?, row, number(5, 7)?))
}

fn tell(
    rules: &Rules,
    origin: &Subject,
    edge: &str,
    sub: &SubRule,
    found: &Indicator,
    (container, at, fact_id): (&str, Timestamp, &str),
) -> Fact {
    let reason = match origin.kind {
        SubjectKind::Bill => format!("On the same bill of lading, {}, as", origin.id),
        SubjectKind::Party => "From the same shipper as".to_owned(),
        SubjectKind::Seal => format!("Its seal {} is numbered close to that of", origin.id),
        SubjectKind::Origin => format!("One of the next empties from {}, the port of loading of", origin.id),
        _ => "Stowed on board beside".to_owned(),
    };
    let code = format!("CONTAGION-{edge}");
    let mut evidence: Vec<(Timestamp, Id)> =
        found.carried.iter().map(|e| (e.occurred_at, e.fact_id.clone())).collect();
    evidence.push((at, fact_id.into()));
    evidence.sort_unstable();
    evidence.dedup();
    let indicator = Indicator {
        code,
        severity: sub.severity,
        weight: rules.alert.weights.of(sub.severity),
        sentence: format!("{reason} {}.", found.sentence),
        action: sub.action,
        evidence: evidence.into_iter().map(|(_, id)| id).collect(),
        origin: Some(origin.clone()),
        ..found.clone()
    };
    let fact = loops::indicator_fact(container, indicator, at);
    Fact { received_at: found.first_held_at, ..fact }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seal_numbers_have_neighbours_of_the_same_form() {
        assert_eq!(neighbours("ML0000100", 2), ["ML0000098", "ML0000099", "ML0000101", "ML0000102"]);
        assert_eq!(neighbours("ML99999", 1), ["ML99998"]);
        assert!(neighbours("ML123", 2).is_empty() && neighbours("", 2).is_empty());
    }

    #[test]
    fn cells_touch_across_the_middle_and_along_the_ship() {
        assert!(are_neighbours("0120082", "0120182") && are_neighbours("0120082", "0120282"));
        assert!(are_neighbours("0120182", "0120384") && are_neighbours("0120182", "0130182"));
        assert!(!are_neighbours("0120182", "0120282") && !are_neighbours("0120182", "0120582"));
        assert!(!are_neighbours("0120182", "0160182") && !are_neighbours("x", "0120182"));
        assert!(are_neighbours("120182", "0120182"));
    }
}
