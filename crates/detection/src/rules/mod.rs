//! The rules, one file each. A rule reads the whole timeline and says what holds now; it keeps no state of its own.

pub(crate) mod duplicate_seal;
pub(crate) mod gate_out_under_hold;
pub(crate) mod release_right;
pub(crate) mod seal_change;
pub(crate) mod two_places;
pub(crate) mod watchlist_hit;

use quaywatch_domain::Timestamp;

use crate::view::{Findings, Found, View};

/// Runs every rule for containers.
pub(crate) fn run(view: &View<'_>, findings: &mut Findings<'_>) {
    watchlist_hit::check(view, findings);
    told_by_others(view, findings);
    if view.events.is_empty() {
        return;
    }
    release_right::check(view, findings);
    seal_change::check(view, findings);
    two_places::check(view, findings);
    gate_out_under_hold::check(view, findings);
}

/// Takes over the indicators that other subjects addressed to this container, but for those that only rules here read.
fn told_by_others(view: &View<'_>, findings: &mut Findings<'_>) {
    for (fact, indicator) in &view.indicators {
        if indicator.code == release_right::FIRST_RELATION {
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
        findings.found.push(Found { visit, shadow: false, indicator: (*indicator).clone() });
    }
}

/// Whether this moment lies in history that was folded away.
pub(crate) fn is_folded(view: &View<'_>, at: Timestamp) -> bool {
    view.floor.is_some_and(|floor| at <= floor)
}
