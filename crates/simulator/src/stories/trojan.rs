//! MO-09, the container that brings people in: an "empty" with nineteen men in it (Rotterdam, January 2024), a haulier that
//! arranged six of them (Rotterdam, 2024), hotel containers with food and saws.

use super::{Scene, Story};
use crate::chance::{DAY_MS, HOUR_MS};
use crate::letter::EXPORT;
use crate::trades::empties;
use crate::world::{Haulier, Site, badge};

/// The stories.
pub(super) const ALL: &[Story] = &[men_in_an_empty, booked_for_nothing, booked_again, under_repair];

pub(super) fn coded(scene: &mut Scene<'_, '_>) -> Option<Haulier> {
    let world = scene.teller.world;
    let coded: Vec<&Haulier> = world.hauliers.iter().filter(|h| !h.nameless_code).collect();
    scene.teller.chance.pick(&coded).map(|h| (*h).clone())
}

pub(super) fn men_in_an_empty(scene: &mut Scene<'_, '_>) -> Option<()> {
    let at = scene.night(55);
    let haulier = coded(scene)?;
    let plate = haulier.plates.first()?.clone();
    let unit = scene.teller.numbers.dry_empty(0, &mut scene.teller.chance);
    // Up to nineteen men, their food and their tools.
    let men: i64 = (0..scene.teller.chance.between(3, 19)).map(|_| scene.teller.chance.between(65, 95)).sum();
    let kg = unit.tare_kg() + men + scene.teller.chance.between(20, 200);
    empties::returned(scene.teller, Site::Koper, at, &unit, (&haulier, &plate), Some(kg));
    let story = "An empty container weighs as much as an empty container and half a dozen men.";
    scene.must_find(&unit.number, &["MO-09a"], at, story);
    Some(())
}

/// An export that is never meant to sail: brought in, its booking cancelled, taken out again by the same haulier between
/// so many hours later.
fn for_nothing(
    scene: &mut Scene<'_, '_>,
    haulier: &Haulier,
    percent: i64,
    (least, most): (i64, i64),
    codes: &[&str],
) -> Option<()> {
    let mut plan = scene.export_plan(percent)?;
    plan.haulier = haulier.clone();
    plan.plate = haulier.plates.first()?.clone();
    plan.driver = badge(&plan.plate);
    plan.loaded_at = None;
    plan.tell_arrival(scene.teller);
    let cancelled_at = plan.in_at.plus_millis(scene.teller.chance.minutes(60, 7 * 60));
    scene.teller.shipment("CANC", ("BKG", &plan.unit.booking), cancelled_at, &plan.unit);
    let out_at = plan.in_at.plus_millis(scene.teller.chance.minutes(least * 60, most * 60));
    let out_at = out_at.min(scene.options.end().plus_millis(-HOUR_MS));
    let mut gate = scene.teller.passage(false, out_at, &plan.unit, &plan.haulier, &plan.plate);
    gate.status = EXPORT;
    gate.kg = plan.vgm_kg;
    scene.teller.gate(gate);
    let story = "An export container is brought in, its booking is cancelled, and the same haulier takes it out again: it only carried people in.";
    scene.must_find(&plan.unit.number, codes, out_at, story);
    Some(())
}

fn booked_for_nothing(scene: &mut Scene<'_, '_>) -> Option<()> {
    scene.leave_room(3);
    let haulier = coded(scene)?;
    for_nothing(scene, &haulier, 35, (22, 60), &["MO-09b"])
}

fn booked_again(scene: &mut Scene<'_, '_>) -> Option<()> {
    scene.leave_room(5);
    let haulier = coded(scene)?;
    for_nothing(scene, &haulier, 12, (22, 30), &["MO-09b"])?;
    for_nothing(scene, &haulier, 30, (22, 30), &["MO-09b"])?;
    // The last one leaves last: then it is known that he does so again and again.
    for_nothing(scene, &haulier, 48, (30, 60), &["MO-09b", "MO-09c"])
}

fn under_repair(scene: &mut Scene<'_, '_>) -> Option<()> {
    let at = scene.time(58);
    let haulier = coded(scene)?;
    let plate = haulier.plates.first()?.clone();
    let unit = scene.teller.numbers.empty(1, &mut scene.teller.chance);
    let out_at = at.plus_millis(-2 * DAY_MS);
    let mut gate = scene.teller.passage(false, out_at, &unit, &haulier, &plate);
    gate.status = "13";
    scene.teller.gate(gate);
    let mut gate = scene.teller.passage(true, at, &unit, &haulier, &plate);
    gate.status = "13";
    gate.kg = unit.tare_kg();
    scene.teller.gate(gate);
    let story = "A container that is out of service comes through the gate as if it were needed.";
    scene.must_find(&unit.number, &["MO-09d"], at, story);
    Some(())
}
