//! What the ledger of a haulier keeps of exports: those that it took out by gate, and the releases by which it was told to,
//! latest first; `MO-09c` reads them.

use quaywatch_domain::PortEvent;
use quaywatch_domain::event::{Party, PartyRole};

use crate::rules::trojan_box;
use crate::{Sighting, TimelineState, timeline};

/// Exports taken out by the party as haulier, and releases of exports to it, kept latest first.
const MAX_HAULED: usize = 64;

/// Relations of a party to an export that it took out by gate, and to one that it was told to fetch.
const HAULED: &str = "EXPORT=OUT";
const RELEASED: &str = "EXPORT=RELEASED";

pub(crate) fn is_haulage(relation: &str) -> bool {
    relation == HAULED || relation == RELEASED
}

/// Whether it took an export out by gate.
pub(crate) fn has_hauled(sighting: &Sighting) -> bool {
    sighting.relations.iter().any(|r| r == HAULED)
}

/// Whether an export was released to it.
pub(crate) fn was_released(sighting: &Sighting) -> bool {
    sighting.relations.iter().any(|r| r == RELEASED)
}

/// Whether the party with this key takes an export out by gate, or is told to.
pub(crate) fn haulage(event: &PortEvent, key: &str) -> Option<&'static str> {
    let relation = if trojan_box::is_export_taken_out(event) {
        HAULED
    } else if trojan_box::is_export_released(event) {
        RELEASED
    } else {
        return None;
    };
    let may_fetch = |role| role == PartyRole::ReleaseTo && relation == RELEASED;
    let by = |p: &Party| (p.role == PartyRole::Haulier || may_fetch(p.role)) && p.has_key(key);
    let is_told = event.container().is_some() && !event.has_doubtful_number();
    (is_told && event.parties.iter().any(by)).then_some(relation)
}

/// Whether nothing but an export taken out, or released for that, speaks for keeping a sighting.
pub(crate) fn is_only_hauled(s: &Sighting) -> bool {
    s.partners.is_empty() && matches!(s.relations.as_slice(), [only] if is_haulage(only))
}

/// Keeps the latest exports that the party took out by gate or was told to.
pub(crate) fn prune_hauled(state: &mut TimelineState) {
    let mut excess = state.sightings.iter().filter(|s| is_only_hauled(s)).count().saturating_sub(MAX_HAULED);
    let mut floor = state.floor;
    state.sightings.retain(|s| {
        let goes = is_only_hauled(s) && excess > 0;
        if goes {
            excess -= 1;
            floor = floor.max(Some(timeline::known_at(s)));
        }
        !goes
    });
    state.floor = floor;
}
