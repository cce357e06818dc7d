//! MO-16, insiders who look: clerks paid to say which container stands where and what customs want with it.

use quaywatch_domain::Timestamp;

use super::{Scene, Story};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::trades::import::Import;
use crate::trades::yard::LookUp;
use crate::world::Firm;

/// The stories.
pub(super) const ALL: &[Story] = &[none_of_his_business, watched_at_sea, everybody_looks];

/// Companies of the port that have nothing to do with the container.
fn strangers(scene: &mut Scene<'_, '_>, plan: &Import, count: usize) -> Vec<Firm> {
    let world = scene.teller.world;
    let mut firms: Vec<Firm> =
        world.forwarders.iter().filter(|f| f.id != plan.forwarder.id).cloned().collect();
    let start = scene.teller.chance.index(firms.len());
    firms.rotate_left(start);
    firms.truncate(count);
    firms
}

pub(super) fn looks(scene: &mut Scene<'_, '_>, plan: &Import, firm: &Firm, from: Timestamp, times: i64) {
    for n in 0..times {
        let at = from.plus_millis(n * scene.teller.chance.minutes(35, 110));
        let look = LookUp::by_clerk(firm, 3, "CLERK", at);
        scene.teller.look_up(&plan.unit, &look);
    }
}

pub(super) fn none_of_his_business(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.risky_import(80)?;
    plan.tell(scene.teller);
    let from = plan.out_at()?.plus_millis(-16 * HOUR_MS);
    let stranger = strangers(scene, &plan, 1).pop()?;
    let times = scene.teller.chance.between(5, 8);
    looks(scene, &plan, &stranger, from, times);
    let story = "Over a night a clerk of a company that has nothing to do with the container looks it up again and again.";
    scene.must_find(&plan.unit.number, &["MO-16a"], from.plus_millis(3 * HOUR_MS), story);
    Some(())
}

fn watched_at_sea(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.risky_import(88)?;
    plan.tell(scene.teller);
    let stranger = strangers(scene, &plan, 1).pop()?;
    let from = plan.discharged_at.plus_millis(-15 * HOUR_MS);
    looks(scene, &plan, &stranger, from, 8);
    let story = "While the ship is still at sea somebody looks every hour or two whether one container on it has been selected.";
    let from = from.plus_millis(6 * HOUR_MS).max(scene.options.start);
    scene.must_find(&plan.unit.number, &["MO-16b"], from, story);
    Some(())
}

fn everybody_looks(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.risky_import(78)?;
    plan.tell(scene.teller);
    let from = plan.out_at()?.plus_millis(-14 * HOUR_MS);
    for (n, firm) in (0..).zip(strangers(scene, &plan, 4)) {
        let at = from.plus_millis(n * 170 * MINUTE_MS);
        looks(scene, &plan, &firm, at, 1);
    }
    let story =
        "Within a day people of four companies, none of which has to do with it, look at one container.";
    scene.must_find(&plan.unit.number, &["MO-16c"], from.plus_millis(6 * HOUR_MS), story);
    Some(())
}
