//! MO-06, doors that open where nobody has any business: in the yard at night, and two side by side when the load changes
//! from one container to the other (dock workers caught in Antwerp).

use super::{Scene, Story};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::trades::yard::{Ordered, YardMove};

/// The stories.
pub(super) const ALL: &[Story] = &[opened_in_the_yard, opened_side_by_side, device_taken_off];

pub(super) fn opened_in_the_yard(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(84)?;
    plan.tracked = true;
    let at = scene.opened_in_the_yard(&plan, (4, 9), 17)?;
    let story = "In the yard, with no work ordered, the doors of a container are opened and closed a quarter of an hour later.";
    scene.must_find(&plan.unit.number, &["MO-06a"], at, story);
    Some(())
}

fn opened_side_by_side(scene: &mut Scene<'_, '_>) -> Option<()> {
    let night = scene.night(55);
    let (mut risky, _) = scene.risky_import(82)?;
    let (mut clean, _) = scene.import(78)?;
    let slot = risky.moves.first()?.to.clone();
    for plan in [&mut risky, &mut clean] {
        if plan.out_at()? < night.plus_millis(2 * HOUR_MS) {
            plan.leaving_at(night.plus_millis(6 * HOUR_MS));
        }
        plan.tracked = true;
        plan.moves.truncate(1);
    }
    risky.moves.first_mut()?.to.tier = 1;
    let at = night.plus_millis(-5 * HOUR_MS);
    clean.moves.push(YardMove { at, to: slot.beside(), ordered: Ordered::Before(8) });
    for plan in [&mut risky, &mut clean] {
        plan.discharged_at = plan.discharged_at.min(at.plus_millis(-3 * HOUR_MS));
        plan.moves.first_mut()?.at = plan.discharged_at.plus_millis(20 * MINUTE_MS);
    }
    risky.tell(scene.teller);
    clean.tell(scene.teller);
    for (plan, offset) in [(&risky, 0), (&clean, 6)] {
        let opened_at = night.plus_millis(offset * MINUTE_MS);
        let here = (plan.site, &plan.moves.get(1).or_else(|| plan.moves.first())?.to);
        scene.teller.door_in(here, "DOOR_OPENED", opened_at, &plan.unit);
        scene.teller.door_in(here, "DOOR_CLOSED", opened_at.plus_millis(21 * MINUTE_MS), &plan.unit);
    }
    let story =
        "At night the doors of two neighbours stand open together: the load goes from one into the other.";
    for plan in [&risky, &clean] {
        scene.must_find(&plan.unit.number, &["MO-06a", "MO-06b"], night, story);
    }
    Some(())
}

fn device_taken_off(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(86)?;
    plan.tracked = false;
    let out_at = plan.out_at()?;
    let at = out_at.plus_millis(-scene.teller.chance.minutes(8 * 60, 12 * 60));
    plan.tell(scene.teller);
    scene.teller.breadcrumbs(plan.site, plan.discharged_at, at, &plan.unit);
    scene.teller.door(plan.site, "UNPAIRING", at, &plan.unit);
    let story =
        "The device that reported every hour is taken off the container in the yard and falls silent.";
    scene.must_find(&plan.unit.number, &["MO-06c"], at, story);
    Some(())
}
