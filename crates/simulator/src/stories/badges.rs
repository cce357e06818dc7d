//! MO-24, badges and drivers that do not belong to what they fetch: stolen passes (convictions of 2023 in Antwerp), the check
//! of card against order at the gates of Rotterdam.

use super::{Scene, Story};
use crate::chance::{DAY_MS, MINUTE_MS};
use crate::letter::{IMPORT, Inside};
use crate::trades::empties;
use crate::world::{CARRIERS, Haulier, Site, badge, plate};

/// The stories.
pub(super) const ALL: &[Story] =
    &[in_two_places, borrowed_badge, first_time_at_night, changed_in_the_queue, brought_men_in];

fn in_two_places(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import(62)?;
    let exit = plan.exits.first()?.clone();
    plan.tell(scene.teller);
    let mut other = scene.export_plan(62)?;
    other.site = Site::Trieste;
    let at = exit.at.plus_millis(scene.teller.chance.minutes(3, 7));
    let mut gate = scene.teller.passage_at(
        Site::Trieste,
        true,
        at,
        &other.unit,
        &exit.haulier,
        exit.haulier.plates.last()?,
    );
    gate.driver.clone_from(&exit.driver);
    scene.teller.gate(gate);
    let story = "One badge opens two gates twenty kilometres apart within minutes: one of the two is a copy.";
    for number in [&plan.unit.number, &other.unit.number] {
        scene.must_find(number, &["MO-24a"], at, story);
    }
    Some(())
}

fn borrowed_badge(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(65)?;
    let owner = scene.other_haulier(&plan)?;
    let exit = plan.exits.first_mut()?;
    exit.driver = badge(owner.plates.first()?);
    let at = exit.at;
    drove_before(scene, &owner, owner.plates.first()?, DAYS_BEFORE);
    plan.tell(scene.teller);
    let story = "The driver who fetches the container shows the badge of a driver of another haulier.";
    scene.must_find(&plan.unit.number, &["MO-24c"], at, story);
    Some(())
}

fn first_time_at_night(scene: &mut Scene<'_, '_>) -> Option<()> {
    let night = scene.night(68);
    let (mut plan, _) = scene.risky_import(68)?;
    plan.leaving_at(night);
    let exit = plan.exits.first_mut()?;
    exit.driver = format!("BNEW{}", scene.teller.chance.between(10_000, 99_999));
    exit.plate = plate(&mut scene.teller.chance);
    plan.discharged_at = plan.discharged_at.min(night.plus_millis(-300 * MINUTE_MS));
    plan.tell(scene.teller);
    let story = "A driver whom no gate has ever seen, in a truck that nobody announced, fetches a container from South America in the small hours.";
    scene.must_find(&plan.unit.number, &["MO-24b", "MO-24d"], night, story);
    Some(())
}

fn changed_in_the_queue(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = scene.import(69)?;
    plan.called_forward = false;
    let exit = plan.exits.first_mut()?;
    let (announced, at) = (exit.driver.clone(), exit.at);
    exit.driver = badge(haulier.plates.last()?);
    if exit.driver == announced {
        exit.driver = format!("{announced}2");
    }
    let truck = exit.plate.clone();
    plan.tell(scene.teller);
    let called_at = at.plus_millis(-scene.teller.chance.minutes(9, 20));
    scene.teller.called_forward(called_at, &plan.unit, &haulier, (&truck, &announced));
    let story = "One driver is called forward, and another drives out: they changed places in the queue.";
    scene.must_find(&plan.unit.number, &["MO-24e"], at, story);
    Some(())
}

fn brought_men_in(scene: &mut Scene<'_, '_>) -> Option<()> {
    scene.leave_room(1);
    let at = scene.night(63);
    let haulier = super::trojan::coded(scene)?;
    // He is not of those who come several times a day.
    let plate = plate(&mut scene.teller.chance);
    drove_before(scene, &haulier, &plate, 6);
    let unit = scene.teller.numbers.dry_empty(0, &mut scene.teller.chance);
    scene.teller.inside = Inside::Never;
    empties::returned(scene.teller, Site::Koper, at, &unit, (&haulier, &plate), None);
    let story = "At night a driver brings an empty, with men in his cabin and in the container. None of them comes out by the gate.";
    scene.must_find(&unit.number, &["MO-24f"], at, story);
    Some(())
}

/// Earlier days on which the driver of a truck came for his own haulier.
pub(super) const DAYS_BEFORE: i64 = 14;

/// A driver who is known: for weeks he has brought empties for his own haulier.
pub(crate) fn drove_before(scene: &mut Scene<'_, '_>, haulier: &Haulier, plate: &str, days: i64) {
    for n in 0..days {
        let carrier = scene.teller.chance.index(CARRIERS.len());
        let unit = scene.teller.numbers.empty(carrier, &mut scene.teller.chance);
        let day = scene.options.start.plus_millis((2 * n - 36) * DAY_MS);
        let at = day.plus_millis(scene.teller.chance.minutes(6 * 60, 16 * 60));
        let mut gate = scene.teller.passage(true, at, &unit, haulier, plate);
        (gate.laden, gate.kg) = (false, unit.tare_kg());
        gate.status = IMPORT;
        scene.teller.gate(gate);
    }
}
