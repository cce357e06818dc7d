//! MO-12, weights that betray what is in the container, or what was taken out of it.

use super::{Scene, Story};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::letter::{IMPORT, QuayMove};
use crate::world::Site;

/// The stories.
pub(super) const ALL: &[Story] =
    &[heavier_than_declared, empty_with_a_load, lighter_at_the_gate, behind_the_goods, ticket_copied];

fn heavier_than_declared(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(71)?;
    // One to two and a half tonnes of cocaine behind the declared goods.
    let hidden = scene.teller.chance.between(1_150, 2_500);
    plan.crane_kg = plan.declared_kg + hidden;
    plan.spreader_kg = Some(plan.crane_kg);
    plan.exits.first_mut()?.scale_kg =
        Some(plan.declared_kg + hidden + scene.teller.chance.between(-4, 4) * 10);
    plan.tell(scene.teller);
    let story =
        "The container weighs a tonne or two more than its papers say: a second load lies behind the first.";
    scene.must_find_once_here(&plan, &["MO-12b"], story);
    Some(())
}

fn empty_with_a_load(scene: &mut Scene<'_, '_>) -> Option<()> {
    let at = scene.time(46);
    let world = scene.teller.world;
    let calls = world.calls_between(Site::Koper, at.plus_millis(-11 * HOUR_MS), at.plus_millis(-HOUR_MS));
    let call = *scene.teller.chance.pick(&calls)?;
    let carrier = world.calls.get(call)?.carrier;
    let unit = scene.teller.numbers.empty(carrier, &mut scene.teller.chance);
    let kg = unit.tare_kg() + scene.teller.chance.between(420, 1_600);
    scene.teller.quay(QuayMove {
        call,
        load: false,
        at,
        seals: Vec::new(),
        unit: unit.clone(),
        status: IMPORT,
        far_port: "ECGYE",
        kg,
        cell: None,
    });
    scene.teller.weigh(Site::Koper, at.plus_millis(MINUTE_MS), &unit, "", kg);
    let story = "An empty container from South America weighs far more than an empty one: its floor is full.";
    scene.must_find(&unit.number, &["MO-12d"], at, story);
    Some(())
}

pub(super) fn lighter_at_the_gate(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(76)?;
    plan.crane_kg = plan.unit.gross_kg;
    plan.declared_kg = plan.unit.gross_kg - scene.teller.chance.between(-6, 6) * 10;
    plan.spreader_kg = Some(plan.crane_kg);
    let taken = scene.teller.chance.between(320, 1_350);
    plan.exits.first_mut()?.scale_kg = Some(plan.crane_kg - taken);
    let from = plan.out_at()?;
    plan.tell(scene.teller);
    let story = "Rip-off: between the crane and the gate the container has lost some hundred kilograms, and nobody opened it.";
    scene.must_find(&plan.unit.number, &["MO-12e"], from, story);
    Some(())
}

fn behind_the_goods(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(69)?;
    let hidden = scene.teller.chance.between(870, 960);
    plan.declared_kg = plan.unit.gross_kg;
    plan.crane_kg = plan.declared_kg + hidden;
    plan.spreader_kg = Some(plan.crane_kg);
    plan.exits.first_mut()?.scale_kg = Some(plan.crane_kg + scene.teller.chance.between(-3, 3) * 10);
    plan.tell(scene.teller);
    let story = "Some nine hundred kilograms lie behind twenty tonnes of declared goods.";
    scene.must_find_once_here(&plan, &["MO-12a"], story);
    Some(())
}

fn ticket_copied(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(82)?;
    plan.tracked = true;
    plan.crane_kg = plan.unit.gross_kg / 100 * 100 + 37;
    plan.declared_kg = plan.crane_kg - 40;
    plan.spreader_kg = Some(plan.crane_kg);
    plan.exits.first_mut()?.scale_kg = Some(plan.crane_kg);
    let out_at = plan.out_at()?;
    scene.opened_in_the_yard(&plan, (5, 9), 22)?;
    let story = "Rip-off: the doors are opened in the yard, and so that nothing is missed the clerk at the weighbridge copies what the crane had weighed, to the kilogram.";
    scene.must_find(&plan.unit.number, &["COMBO-rip-off", "MO-06a", "MO-12c"], out_at, story);
    Some(())
}
