//! MO-10, moved without an order: discharged on 22 November, "disappeared", found on 4 December with its seals tampered with,
//! and no order in the system (Antwerp, MPET).

use super::scene::is_source;
use super::{Scene, Story};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::trades::yard::{Ordered, Slot, YardMove};
use crate::world::{Consignee, Site};

/// The stories.
pub(super) const ALL: &[Story] = &[moved_without_an_order, lost_and_found, disappeared, one_driver];

pub(super) fn moved_without_an_order(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(81)?;
    let at = plan.out_at()?.plus_millis(-scene.teller.chance.minutes(6 * 60, 11 * 60));
    let to = plan.slot_at(at)?.at_the_edge();
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

fn disappeared(scene: &mut Scene<'_, '_>) -> Option<()> {
    scene.leave_room(4);
    let (mut plan, _) = scene.risky_import(62)?;
    let wanted_at = plan.out_at()?.plus_millis(-HOUR_MS);
    let found_at = wanted_at.plus_millis(scene.teller.chance.minutes(27 * 60, 38 * 60));
    let slot = plan.slot_at(wanted_at.plus_millis(-HOUR_MS))?.clone();
    // What nobody finds, nobody moves under an order.
    plan.moves.retain(|step| step.to.block != "LANE" && step.at < wanted_at.plus_millis(-HOUR_MS));
    plan.look_ups.clear();
    plan.leaving_at(wanted_at.plus_millis(52 * HOUR_MS));
    if let Some(seal) = plan.exits.first_mut()?.seals.first_mut() {
        seal.condition = "2";
    }
    plan.tell(scene.teller);
    scene.teller.position(plan.site, "not found", wanted_at, &plan.unit, &slot, "");
    let elsewhere = Slot { block: "N", bay: 5, row: 1, tier: 1 };
    for minutes in [0, 95] {
        let at = found_at.plus_millis(minutes * MINUTE_MS);
        scene.teller.position(plan.site, "inventory", at, &plan.unit, &elsewhere, "");
    }
    let story = "When it is to be picked the container is not in its slot; after more than a day it is found by the fence, its seal tampered with, and no order had moved it.";
    scene.must_find(&plan.unit.number, &["MO-03c", "MO-10a", "MO-10b"], found_at, story);
    Some(())
}

fn one_driver(scene: &mut Scene<'_, '_>) -> Option<()> {
    scene.leave_room(5);
    let driver = format!("M{}", scene.teller.chance.between(700, 999));
    let mut moved = Vec::new();
    for n in 0..8_i64 {
        let out_at = scene.time(80).plus_millis(n * 11 * HOUR_MS);
        let risky = |c: &Consignee| c.home == Site::Koper && is_source(c.origin.1);
        let plan =
            scene.import_at(out_at, risky).or_else(|| scene.import_at(out_at, |c| c.home == Site::Koper));
        let (mut plan, _) = plan?;
        plan.origin = ("ECGYE", "EC");
        plan.via = Some("ESALG");
        let at = out_at.plus_millis(-scene.teller.chance.minutes(5 * 60, 9 * 60));
        let to = plan.slot_at(at)?.beside();
        plan.moves.push(YardMove { at, to, ordered: Ordered::No });
        plan.moves.sort_by_key(|step| step.at);
        scene.teller.machinist = Some(driver.clone());
        plan.tell(scene.teller);
        scene.teller.machinist = None;
        moved.push((plan.unit.number.clone(), at));
    }
    let last = moved.last()?.1;
    let story = "Night after night one driver of a straddle carrier sets containers from South America down where nobody ordered them.";
    for (number, _) in moved {
        scene.must_find(&number, &["MO-10a", "MO-10c"], last, story);
    }
    Some(())
}
