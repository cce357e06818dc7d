//! MO-12, weights that betray what is in the container, or what was taken out of it: of what is seized (`loads.rs`), so much
//! as scales can tell at all. A lighter load is told by its seal or its doors.

use super::loads::seized_kg;
use super::scene::is_source;
use super::{Scene, Story};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::letter::{IMPORT, QuayMove};
use crate::trades::{LEFT_IN_KG, SCALE_ERROR_KG, WATER_PER_MILLE};
use crate::world::{Consignee, Site};

/// More than any seizure weighed, kg.
const MOST_KG: i64 = 4_200;

/// What a team carries away in a night at most, kg.
const TAKEN_MOST_KG: i64 = 2_500;

/// From where on the catalogue calls a difference great, kg and per cent.
const GREAT: (i64, i64) = (1_000, 5);

/// An error of a scale, kg.
fn error(scene: &mut Scene<'_, '_>) -> i64 {
    scene.teller.chance.between(-SCALE_ERROR_KG / 10, SCALE_ERROR_KG / 10) * 10
}

/// The stories.
pub(super) const ALL: &[Story] =
    &[heavier_than_declared, empty_with_a_load, lighter_at_the_gate, behind_the_goods, ticket_copied];

fn heavier_than_declared(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(71)?;
    let hidden = seized_kg(GREAT.0 + 2 * SCALE_ERROR_KG, MOST_KG, &mut scene.teller.chance);
    plan.crane_kg = plan.declared_kg + hidden + error(scene);
    plan.spreader_kg = Some(plan.crane_kg);
    plan.exits.first_mut()?.scale_kg = Some(plan.declared_kg + hidden + error(scene));
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
    // More than what people leave behind in an empty.
    let load = seized_kg(LEFT_IN_KG.1 + 2 * SCALE_ERROR_KG, MOST_KG, &mut scene.teller.chance);
    let kg = unit.tare_kg() + load + error(scene);
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
    plan.crane_kg = plan.unit.gross_kg + error(scene);
    plan.declared_kg = plan.unit.gross_kg - scene.teller.chance.between(-6, 6) * 10;
    plan.spreader_kg = Some(plan.crane_kg);
    // Two scales never differ by so much, even when both err against it.
    let taken = seized_kg(4 * SCALE_ERROR_KG, TAKEN_MOST_KG, &mut scene.teller.chance);
    plan.exits.first_mut()?.scale_kg = Some(plan.unit.gross_kg - taken + error(scene));
    let from = plan.out_at()?;
    plan.tell(scene.teller);
    let story = "Rip-off: between the crane and the gate the container has lost some hundred kilograms, and nobody opened it.";
    scene.must_find(&plan.unit.number, &["MO-12e"], from, story);
    Some(())
}

fn behind_the_goods(scene: &mut Scene<'_, '_>) -> Option<()> {
    // Not in a reefer: when a shipper writes a made-up tare, those are as much too heavy.
    let dry = |c: &Consignee| c.home == Site::Koper && is_source(c.origin.1) && c.ware.setpoint_c.is_none();
    let (mut plan, _) = scene.import_of(69, dry).or_else(|| scene.risky_import(69))?;
    // More than water in the goods and the scales make of it.
    let least = plan.unit.gross_kg * WATER_PER_MILLE.1 / 1_000 + 2 * SCALE_ERROR_KG;
    let hidden = seized_kg(least, GREAT.0, &mut scene.teller.chance);
    plan.declared_kg = plan.unit.gross_kg;
    plan.crane_kg = plan.declared_kg + hidden + error(scene);
    plan.spreader_kg = Some(plan.crane_kg);
    plan.exits.first_mut()?.scale_kg = Some(plan.declared_kg + hidden + error(scene));
    plan.tell(scene.teller);
    let shown = plan.crane_kg - plan.declared_kg;
    let is_great = shown > GREAT.0 || shown * 100 > plan.crane_kg * GREAT.1;
    let code = if is_great { "MO-12b" } else { "MO-12a" };
    let story = "Some hundred kilograms lie behind twenty tonnes of declared goods.";
    scene.must_find_once_here(&plan, &[code], story);
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
