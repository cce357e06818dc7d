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
use crate::view::{Findings, Found, View};

/// A rule over the timeline of one container.
pub(crate) type Check = fn(&View<'_>, &mut Findings<'_>);

/// Names each rule once: its module, which is also its table in the rule file, and its function for containers; a rule
/// that has none speaks from the timelines of other subjects alone.
macro_rules! registry {
    ($($module:ident $(=> $check:ident)?,)+) => {
        /// The tables of the rules in the rule file.
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct Settings { $(pub(crate) $module: $module::Settings,)+ }

        /// The files of the rules by the names of their tables.
        pub(crate) const DOCS: &[(&str, &str)] =
            &[$((stringify!($module), include_str!(concat!(stringify!($module), ".rs"))),)+];

        /// The rules for containers by the names of their tables, in the order in which they run.
        pub(crate) const CHECKS: &[(&str, Check)] = &[$($((stringify!($module), $module::$check),)?)+];
    };
}

registry! {
    watchlist_hit => check,
    // MO-01 to MO-14: release, seals, gates, yard, weight, route, dwell
    release_right => check,
    out_and_back => check,
    seal_change => check,
    duplicate_seal => check,
    seal_sequence => check,
    door_opened => check,
    two_places => check,
    trojan_box => check,
    unordered_move => check,
    weight => check,
    route => check,
    dwell => check,
    // MO-15 to MO-26: customs, people, parties, reefers, calls, messages
    scan_gap => check,
    look_ups => check,
    shell_importer => check,
    identity_hijack => check,
    reefer_anomaly => check,
    empty_depot => check,
    ghost_box => check,
    unplanned_restow => check,
    message_spoofing => check,
    driver_badge => check,
    gate_out_under_hold => check,
    customs_status => check,
}

/// Runs every rule for containers.
pub(crate) fn run(view: &View<'_>, findings: &mut Findings<'_>) {
    told_by_others(view, findings);
    for (_, check) in CHECKS {
        check(view, findings);
    }
    crate::profiles::run(view, findings);
    crate::trust::weigh(view, findings);
    // These read what all the others say.
    look_ups::unrelated(view, findings);
    crate::combinations::run(view, findings);
}

/// Indicators of other subjects that only rules here read; they are never shown.
const AUXILIARY: &[&str] = &[
    release_right::FIRST_RELATION,
    trojan_box::REPEATED,
    ghost_box::SHORT,
    look_ups::UNUSUAL,
    look_ups::IN_A_ROW,
    driver_badge::FIRST_VISIT,
    driver_badge::CAME_ALONE,
    shell_importer::FIRST_KNOWN,
    unplanned_restow::MANY,
    empty_depot::INTRUDERS,
];

/// Takes over the indicators that other subjects addressed to this container, but for those that only rules here read.
fn told_by_others(view: &View<'_>, findings: &mut Findings<'_>) {
    for (fact, indicator) in &view.indicators {
        if AUXILIARY.contains(&indicator.code.as_str())
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
