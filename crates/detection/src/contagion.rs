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
//! it: a groupage bill, a large shipper, a busy port (a bound on how far and how many, see `siblings.rs`); seal
//! numbers of another form; another voyage's cell; empties that came long before or after. A watch that is not closed
//! (it closes itself).
//!
//! When an agency confirms a find or seizes goods, the container tells what it shares with others: its bills of lading,
//! its shipper (the place of stuffing), the seal numbers next to its own, its vessel call, its port of loading. These tell
//! the containers that they know, each with its reason: `CONTAGION-bill`, `CONTAGION-shipper`, `CONTAGION-seal`,
//! `CONTAGION-cell` (beside it on board), `CONTAGION-origin` (the next empties from the same port, see `origin.rs`). The
//! watch is bounded in time, in reach and in number, and closes itself: an alert of which nothing else is left is CLOSED,
//! not RETRACTED, because it was right. When the agency takes its word back, the watch is taken back at once; what the
//! container forgets of itself takes nothing back.
//!
//! This is the one thing that a container tells others. It follows from an agency's answer and the container's own
//! events alone, never from indicators, so the loop still ends.

use std::collections::BTreeMap;

use quaywatch_domain::event::PartyRole;
use quaywatch_domain::identifiers::normalise_reference;
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{Action, Fact, Feedback, Handling, Indicator, Severity, Subject, Verdict};
use serde::Deserialize;

use crate::settings::{DAY_MS, SubRule, label};
use crate::view::{Findings, Seen, View, evidence_of};
use crate::{Emitted, Engine, TimelineState, loops, origin};

/// Rule of the watches.
const RULE: &str = "CONTAGION";
/// Code of what a container tells a bill, a party, a seal, a call or a port of loading; never shown.
const FOUND: &str = "FOUND";
/// Most subjects that one container tells.
const MAX_EDGES: usize = 64;

/// Table `[contagion]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// How long the watch stays open.
    pub(crate) window_days: i64,
    /// Containers further apart in time have nothing to do with each other.
    pub(crate) reach_days: i64,
    /// Most containers that one bill, party, seal or call tells, nearest in time first.
    pub(crate) max_siblings: usize,
    /// Seal numbers on either side.
    pub(crate) seal_reach: u64,
    /// Empties that came this long before the container are of the next ones: the same ship.
    pub(crate) empties_before_hours: i64,
    /// Most empties that one port of loading tells, nearest in time first.
    pub(crate) max_empties: usize,
    #[serde(deserialize_with = "label")]
    handling: Handling,
    pub(crate) bill: SubRule,
    pub(crate) shipper: SubRule,
    pub(crate) seal: SubRule,
    pub(crate) cell: SubRule,
    pub(crate) origin: SubRule,
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
    view.feedback.iter().filter(|f| is_find(f)).filter_map(move |f| {
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

/// Whether each find that was told stays told though nothing asks for it any more: only the event that it was told for is
/// forgotten, or the whole visit, and the agency has not taken its word back.
pub(crate) fn stays(view: &View<'_>, state: &TimelineState, wanted: &[Fact]) -> Vec<bool> {
    let is_denied = |find: &Feedback| {
        view.feedback.iter().any(|other| {
            other.verdict == Verdict::FalsePositive
                && other.agency == find.agency
                && other.at > find.at
                && other.alert_id == find.alert_id
        })
    };
    let stands = |told: &Emitted| {
        view.feedback.iter().any(|f| is_find(f) && f.at == told.occurred_at && !is_denied(f))
    };
    let is_remembered = |told: &Emitted| state.facts.iter().any(|f| told.rests_on.contains(&f.fact_id));
    let stays = |told: &Emitted| {
        !told.retracted
            && wanted.iter().all(|f| f.subject != told.subject)
            && !is_remembered(told)
            && stands(told)
    };
    state.watched.iter().map(stays).collect()
}

const fn is_find(feedback: &Feedback) -> bool {
    matches!(feedback.verdict, Verdict::Confirmed | Verdict::Seizure)
}

/// What the container shares with others, each with the first event that says so.
fn edges<'a>(settings: &Settings, stay: &[Seen<'a>]) -> BTreeMap<Subject, Seen<'a>> {
    let mut edges = BTreeMap::new();
    for seen in stay.iter().filter(|s| !s.number_is_doubtful()) {
        let mut add = |kind, id: &str| {
            edges.entry(Subject::new(kind, id)).or_insert(*seen);
        };
        if let Some(papers) = seen.event.documents.as_deref() {
            for bill in [&papers.bill_of_lading, &papers.transport_document].into_iter().flatten() {
                add(SubjectKind::Bill, &normalise_reference(bill));
            }
        }
        if let Some(transport) = seen.event.transport.as_deref()
            && transport.stow_cell.is_some()
            && let Some(call) = &transport.call_id
        {
            add(SubjectKind::Call, call);
        }
        for party in seen.event.parties.iter().filter(|p| p.role == PartyRole::Shipper) {
            if let Some(key) = party.key() {
                add(SubjectKind::Party, &key);
            }
        }
        for number in seen.event.seals.iter().filter_map(|s| s.normalised.as_deref()) {
            for near in neighbours(number, settings.seal_reach) {
                add(SubjectKind::Seal, &near);
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
        carried: vec![*evidence_of(seen.fact, seen.event)],
    };
    let fact = loops::indicator_fact(&of.id, indicator, feedback.at);
    // A later find outdoes an earlier one, also where that is forgotten.
    Fact { subject: to.clone(), received_at: feedback.at, revision: feedback.at.as_millis(), ..fact }
}

/// Whether a container tells by this that something was found in it.
pub(crate) fn is_source(fact: &Fact) -> bool {
    fact.subject.kind != SubjectKind::Container
        && fact.fact_id.starts_with("ind/container/")
        && fact.fact_id.ends_with(FOUND)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seal_numbers_have_neighbours_of_the_same_form() {
        assert_eq!(neighbours("ML0000100", 2), ["ML0000098", "ML0000099", "ML0000101", "ML0000102"]);
        assert_eq!(neighbours("ML99999", 1), ["ML99998"]);
        assert!(neighbours("ML123", 2).is_empty() && neighbours("", 2).is_empty());
    }
}
