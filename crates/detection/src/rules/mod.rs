//! The rules, one file each. A rule reads the whole timeline and says what holds now; it keeps no state of its own.

pub(crate) mod customs_status;
pub(crate) mod door_opened;
pub(crate) mod driver_badge;
pub(crate) mod duplicate_seal;
pub(crate) mod dwell;
pub(crate) mod empty_depot;
pub(crate) mod gate_out_under_hold;
pub(crate) mod ghost_box;
pub(crate) mod identity_hijack;
pub(crate) mod look_ups;
pub(crate) mod message_spoofing;
pub(crate) mod out_and_back;
pub(crate) mod reefer_anomaly;
pub(crate) mod release_right;
pub(crate) mod route;
pub(crate) mod scan_gap;
pub(crate) mod seal_change;
pub(crate) mod seal_sequence;
pub(crate) mod shell_importer;
pub(crate) mod trojan_box;
pub(crate) mod two_places;
pub(crate) mod unordered_move;
pub(crate) mod unplanned_restow;
pub(crate) mod watchlist_hit;
pub(crate) mod weight;

use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{Fact, Indicator, Timestamp};
use serde::Deserialize;

use crate::contagion;
use crate::quiet::{RuleSet, Trigger};
use crate::view::{Findings, Found, View};

/// A rule over the timeline of one container.
pub(crate) type Check = fn(&View<'_>, &mut Findings<'_>);

/// Names each rule once: its module, which is also its table in the rule file. Each has a function for containers, and says
/// with what that begins.
macro_rules! registry {
    ($($module:ident,)+) => {
        /// The tables of the rules in the rule file.
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct Settings { $(pub(crate) $module: $module::Settings,)+ }

        /// The files of the rules by the names of their tables.
        pub(crate) const DOCS: &[(&str, &str)] =
            &[$((stringify!($module), include_str!(concat!(stringify!($module), ".rs"))),)+];

        /// The rules for containers by the names of their tables, in the order in which they run.
        pub(crate) const CHECKS: &[(&str, Check, Trigger)] =
            &[$((stringify!($module), $module::check, $module::TRIGGER),)+];
    };
}

registry! {
    watchlist_hit,
    // MO-01 to MO-14: release, seals, gates, yard, weight, route, dwell
    release_right,
    out_and_back,
    seal_change,
    duplicate_seal,
    seal_sequence,
    door_opened,
    two_places,
    trojan_box,
    unordered_move,
    weight,
    route,
    dwell,
    // MO-15 to MO-26: customs, people, parties, reefers, calls, messages
    scan_gap,
    look_ups,
    shell_importer,
    identity_hijack,
    reefer_anomaly,
    empty_depot,
    ghost_box,
    unplanned_restow,
    message_spoofing,
    driver_badge,
    gate_out_under_hold,
    customs_status,
}

/// Runs every rule for containers but the `resting` ones, which have nothing to say; which of all say nothing.
pub(crate) fn run(view: &View<'_>, findings: &mut Findings<'_>, resting: RuleSet) -> RuleSet {
    told_by_others(view, findings);
    let mut quiet = RuleSet::default();
    for (place, (name, check, _)) in CHECKS.iter().enumerate() {
        let rests = resting.has(place);
        if (rests && !cfg!(debug_assertions)) || is_silent(*check, view, findings) {
            quiet.add(place);
        } else {
            debug_assert!(!rests, "{name} begins with something that its trigger does not tell");
        }
    }
    crate::profiles::run(view, findings);
    crate::trust::weigh(view, findings);
    // These read what all the others say.
    look_ups::unrelated(view, findings);
    crate::combinations::run(view, findings);
    quiet
}

/// Runs a rule; whether it finds nothing and waits for nothing.
fn is_silent(check: Check, view: &View<'_>, findings: &mut Findings<'_>) -> bool {
    let (before, deadline) = (findings.found.len(), findings.deadline.take());
    check(view, findings);
    let is_silent = findings.found.len() == before && findings.deadline.is_none();
    findings.deadline = findings.deadline.into_iter().chain(deadline).min();
    is_silent
}

/// Whether this is the code of an indicator of other subjects that only rules here read; they are never shown.
fn is_auxiliary(code: &str) -> bool {
    matches!(
        code,
        release_right::FIRST_RELATION
            | trojan_box::REPEATED
            | ghost_box::SHORT
            | look_ups::UNUSUAL
            | look_ups::IN_A_ROW
            | driver_badge::FIRST_VISIT
            | driver_badge::CAME_ALONE
            | shell_importer::FIRST_KNOWN
            | unplanned_restow::MANY
            | empty_depot::INTRUDERS
    )
}

/// Takes over the indicators that other subjects addressed to this container, but for those that only rules here read.
fn told_by_others(view: &View<'_>, findings: &mut Findings<'_>) {
    for (fact, indicator) in &view.indicators {
        if is_auxiliary(&indicator.code)
            || is_said_before(view, fact, indicator)
            || door_opened::is_work(view, indicator, findings.rules)
        {
            continue;
        }
        let own = indicator
            .evidence
            .iter()
            .filter_map(|id| view.find(id))
            .max_by_key(|s| (s.at(), &s.fact.fact_id));
        let visit = match own {
            Some(seen) => seen.visit,
            None if is_folded(view, fact.occurred_at) => continue,
            None => view.visit_at(fact.occurred_at),
        };
        let mut found = Found { visit, shadow: false, indicator: (*indicator).clone(), hidden: None };
        let is_over = contagion::end(&mut found.indicator, findings);
        if is_over { &mut findings.ended } else { &mut findings.found }.push(found);
    }
}

/// Whether this moment lies in history that was folded away.
pub(crate) fn is_folded(view: &View<'_>, at: Timestamp) -> bool {
    view.floor.is_some_and(|floor| at <= floor)
}

/// Whether the same was told by another name of the same vessel call.
fn is_said_before(view: &View<'_>, fact: &Fact, indicator: &Indicator) -> bool {
    let is_of_call = |i: &Indicator| i.origin.as_ref().is_some_and(|o| o.kind == SubjectKind::Call);
    is_of_call(indicator)
        && view.indicators.iter().any(|(other, i)| {
            is_of_call(i)
                && i.code == indicator.code
                && i.evidence.iter().any(|id| indicator.evidence.contains(id))
                && other.fact_id < fact.fact_id
        })
}
