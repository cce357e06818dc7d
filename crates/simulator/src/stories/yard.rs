//! MO-10, moved without an order: discharged on 22 November, "disappeared", found on 4 December with its seals tampered with,
//! and no order in the system (Antwerp, MPET).

use super::{Scene, Story};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::trades::yard::{Ordered, Slot, YardMove};

/// The stories.
pub(super) const ALL: &[Story] = &[moved_without_an_order, lost_and_found];

pub(super) fn moved_without_an_order(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(81)?;
    let at = plan.out_at()?.plus_millis(-scene.teller.chance.minutes(6 * 60, 11 * 60));
    let to = Slot { tier: 1, row: 1, ..plan.moves.first()?.to.clone() };
    plan.moves.push(YardMove { at, to, ordered: Ordered::No });
    plan.moves.sort_by_key(|step| step.at);
    plan.tell(scene.teller);
    let story = "A straddle carrier puts a container from South America on the ground at the edge of the block; nobody ordered it.";
    scene.must_find(&plan.unit.number, &["MO-10a"], at, story);
    Some(())
}

fn lost_and_found(scene: &mut Scene<'_, '_>) -> Option<()> {
    scene.leave_room(2);
    let (plan, _) = scene.risky_import(88)?;
    let found_at = plan.out_at()?.plus_millis(-4 * HOUR_MS);
    plan.tell(scene.teller);
    let elsewhere = Slot { block: "N", bay: 3, row: 1, tier: 1 };
    // Who found it reports it, and so does the round that goes to look.
    for minutes in [0, 70] {
        let at = found_at.plus_millis(minutes * MINUTE_MS);
        scene.teller.position(plan.site, "inventory", at, &plan.unit, &elsewhere, "");
    }
    let story =
        "A container is not where the system has it; it is found by the fence, and nobody ordered it there.";
    scene.must_find(&plan.unit.number, &["MO-10a"], found_at, story);
    Some(())
}
