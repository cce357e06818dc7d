//! MO-08, another container dressed with the same number ("switchpartij"; TT Club on identity swaps in transhipment).

use super::{Scene, Story};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::numbers::Unit;
use crate::trades::import::Exit;
use crate::world::{Site, badge};

/// The stories.
pub(super) const ALL: &[Story] =
    &[cloned_at_the_neighbour, left_twice, faster_than_a_truck, another_type, another_number_at_the_gate];

pub(super) fn cloned_at_the_neighbour(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import(88)?;
    plan.tell(scene.teller);
    let driver = scene.other_haulier(&plan)?;
    let at = scene.time(42);
    let gate = scene.teller.passage_at(Site::Trieste, true, at, &plan.unit, &driver, driver.plates.first()?);
    scene.teller.gate(gate);
    let story =
        "A cloned container enters the neighbouring terminal while the true one still stands in the yard.";
    scene.must_find(&plan.unit.number, &["MO-08a"], at, story);
    Some(())
}

pub(super) fn left_twice(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = scene.import(43)?;
    let at = scene.time(74);
    let again = Exit {
        plate: haulier.plates.last()?.clone(),
        driver: badge(haulier.plates.last()?),
        at,
        ..plan.exits.first()?.clone()
    };
    plan.exits.push(again);
    plan.returned_at = None;
    plan.tell(scene.teller);
    let story =
        "A container leaves through the gate, and hours later a second one with the same number does.";
    scene.must_find(&plan.unit.number, &["MO-08b"], at, story);
    Some(())
}

fn faster_than_a_truck(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(48)?;
    plan.returned_at = None;
    let driver = scene.other_haulier(&plan)?;
    let at = plan.out_at()?.plus_millis(scene.teller.chance.minutes(12, 30));
    plan.tell(scene.teller);
    let gate = scene.teller.passage_at(Site::Inland, true, at, &plan.unit, &driver, driver.plates.first()?);
    scene.teller.gate(gate);
    let story = "Less than half an hour after it left the port the container is taken in 110 km away: one of the two is a copy.";
    scene.must_find(&plan.unit.number, &["MO-08c"], at, story);
    Some(())
}

fn another_type(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) =
        scene.import_of(72, |c| c.home == Site::Koper && c.ware.setpoint_c.is_none())?;
    let exit = plan.exits.pop()?;
    plan.returned_at = None;
    plan.tell(scene.teller);
    let other = if plan.unit.iso_type == "22G1" { "45G1" } else { "22G1" };
    let dressed = Unit { iso_type: other, ..plan.unit.clone() };
    let mut gate = scene.teller.passage(false, exit.at, &dressed, &haulier, &exit.plate);
    gate.secret = Some(plan.secret.clone());
    gate.kg = plan.declared_kg;
    scene.teller.gate(gate);
    let story =
        "The container that leaves is of another size than the one that was discharged under its number.";
    scene.must_find(&plan.unit.number, &["MO-08d"], exit.at, story);
    Some(())
}

fn another_number_at_the_gate(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (clean, _) = scene.import(70)?;
    let (mut risky, _) = scene.risky_import(88)?;
    let at = clean.out_at()?;
    // It was dressed as the other in a hurry: the clerk saw what he was to see, the camera did not.
    risky.discharged_at = risky.discharged_at.min(at.plus_millis(-8 * HOUR_MS));
    risky.moves.truncate(1);
    risky.moves.first_mut()?.at = risky.discharged_at.plus_millis(25 * MINUTE_MS);
    risky.announcements.clear();
    risky.exits.clear();
    risky.returned_at = None;
    risky.look_ups.clear();
    risky.tell(scene.teller);
    clean.tell(scene.teller);
    scene.teller.read_at_the_gate(false, at, &clean.unit, &risky.unit.number);
    let story = "The papers are of a released container; the camera over the lane reads the number of one from South America that nobody has released.";
    scene.must_find(&risky.unit.number, &["MO-08e"], at, story);
    Some(())
}
