//! MO-21, containers that are on no list, or on a list and nowhere else.

use quaywatch_domain::identifiers::container::check_digit;

use super::{Scene, Story};
use crate::letter::QuayMove;
use crate::trades::import::Manifest;

/// The stories.
pub(super) const ALL: &[Story] = &[on_no_manifest, never_discharged, from_nowhere, on_two_bills, of_no_owner];

fn on_no_manifest(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(63)?;
    plan.manifest = Manifest::Missing;
    plan.tell(scene.teller);
    let story = "A container comes off the ship that no manifest, bay plan or discharge order speaks of.";
    scene.must_find_once_here(&plan, &["MO-21a"], story);
    Some(())
}

fn never_discharged(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(67)?;
    plan.discharged = false;
    plan.moves.clear();
    plan.look_ups.clear();
    plan.monitored = false;
    plan.tracked = false;
    let out_at = plan.out_at()?;
    plan.tell(scene.teller);
    scene.teller.solid = true;
    let seals = plan.unit.seals.clone();
    let (unit, kg) = (plan.unit.clone(), plan.declared_kg);
    let (call, at, far_port) = (plan.call, plan.discharged_at, plan.origin.0);
    let quay = QuayMove { call, load: false, at, unit, seals, status: "7", far_port, kg, cell: None };
    let told = at.plus_millis(scene.teller.chance.minutes(30, 240));
    scene.teller.tell(told, crate::letter::Body::Quay(Box::new(quay)));
    let story = "The ship did not bring the container, and yet one with its number leaves through the gate.";
    scene.must_find(&plan.unit.number, &["MO-21b"], out_at, story);
    Some(())
}

fn from_nowhere(scene: &mut Scene<'_, '_>) -> Option<()> {
    let at = scene.time(59);
    let world = scene.teller.world;
    let haulier = world.hauliers.iter().find(|h| !h.nameless_code)?;
    let ware = &world.consignees.first()?.ware;
    let unit = scene.teller.numbers.laden(2, ware, &mut scene.teller.chance);
    let gate = scene.teller.passage(false, at, &unit, haulier, haulier.plates.first()?);
    scene.teller.gate(gate);
    let story = "A container leaves that never came in.";
    scene.must_find(&unit.number, &["MO-21c"], at, story);
    Some(())
}

fn on_two_bills(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(57)?;
    plan.manifest = Manifest::Twice;
    plan.tell(scene.teller);
    let story =
        "One container stands twice in one manifest, under two bills: two loads travel under one number.";
    scene.must_find_once_here(&plan, &["MO-21e"], story);
    Some(())
}

fn of_no_owner(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(64)?;
    plan.manifest = Manifest::Missing;
    // An owner's code that no register has.
    let body = format!("QZXU{}", plan.unit.number.get(4..10)?);
    let digit = check_digit(body.as_bytes())?;
    plan.unit.number = format!("{body}{digit}");
    plan.tell(scene.teller);
    let story = "Off the ship comes a container that no list speaks of, under a number that no register can have given.";
    scene.must_find_once_here(&plan, &["MO-21a", "MO-21d"], story);
    Some(())
}
