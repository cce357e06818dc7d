//! MO-16, insiders who look: clerks paid to say which container stands where and what customs want with it.

use quaywatch_domain::Timestamp;

use super::{Scene, Story};
use crate::chance::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::numbers::{DECOY, Unit};
use crate::trades::import::Import;
use crate::trades::yard::{LookUp, YARD_MAP};
use crate::trades::{USUAL_DAYS, earlier_collection};
use crate::world::{Firm, Site};

/// The stories.
pub(super) const ALL: &[Story] = &[
    none_of_his_business,
    watched_at_sea,
    everybody_looks,
    from_another_computer,
    number_after_number,
    yard_map,
    decoy,
];

/// Companies of the port that have nothing to do with the container, nor with its importer.
pub(super) fn strangers(scene: &mut Scene<'_, '_>, plan: &Import, count: usize) -> Vec<Firm> {
    strangers_to(scene, &[plan], count)
}

/// The same of several containers. In a small world some have to do with an importer at other times.
fn strangers_to(scene: &mut Scene<'_, '_>, plans: &[&Import], count: usize) -> Vec<Firm> {
    let forwarders = scene.teller.world.forwarders.iter().enumerate();
    let others = forwarders.filter(|(_, firm)| plans.iter().all(|plan| firm.id != plan.forwarder.id));
    let (mut firms, known): (Vec<_>, Vec<_>) =
        others.partition(|(n, _)| plans.iter().all(|plan| !plan.consignee.forwarders.contains(n)));
    if !firms.is_empty() {
        let start = scene.teller.chance.index(firms.len());
        firms.rotate_left(start);
    }
    firms.into_iter().chain(known).take(count).map(|(_, firm)| firm.clone()).collect()
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

/// Days of work of a clerk before the start that the log remembers.
const WORK_DAYS: i64 = 28;

fn from_another_computer(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.risky_import(84)?;
    plan.tell(scene.teller);
    let stranger = strangers(scene, &plan, 1).pop()?;
    // For weeks he has looked at what his own company has to do with, in the hours of the office.
    let world = scene.teller.world;
    let index = world.forwarders.iter().position(|f| f.id == stranger.id)?;
    let mut consignee = scene.consignee(|c| c.home == Site::Koper)?;
    consignee.forwarders = vec![index];
    let own: Vec<Unit> = (0..3)
        .filter_map(|_| earlier_collection(scene.options, scene.teller, &consignee, USUAL_DAYS))
        .collect();
    for n in 0..WORK_DAYS * 2 {
        let day = scene.options.start.plus_millis((n / 2 - WORK_DAYS) * DAY_MS);
        let at = day.plus_millis((7 * 60 + n % 2 * 240) * MINUTE_MS + scene.teller.chance.minutes(0, 200));
        let look = LookUp::by_clerk(&stranger, 9, "CLERK", at);
        let unit = own.get(usize::try_from(n).unwrap_or(0) % own.len().max(1))?;
        scene.teller.look_up(unit, &look);
    }
    let at = scene.night(80);
    let client = "91.240.17.5".to_owned();
    let look = LookUp { client, ..LookUp::by_clerk(&stranger, 9, "CLERK", at) };
    scene.teller.look_up(&plan.unit, &look);
    let story = "At night, from a computer that he never used, a clerk looks up a container of which his company knows nothing.";
    scene.must_find(&plan.unit.number, &["MO-16d"], at, story);
    Some(())
}

fn number_after_number(scene: &mut Scene<'_, '_>) -> Option<()> {
    let mut real = Vec::new();
    for percent in [74, 80, 86] {
        let (plan, _) = scene.risky_import(percent)?;
        plan.tell(scene.teller);
        real.push(plan);
    }
    let stranger = strangers_to(scene, &real.iter().collect::<Vec<_>>(), 1).pop()?;
    let carrier = real.first()?.unit.carrier;
    let template = real.first()?.unit.clone();
    // What the list of the ship may hold: he tries the numbers one after the other, and most are of no use to him.
    let mut units: Vec<Unit> = real.iter().map(|plan| plan.unit.clone()).collect();
    for _ in 0..29 {
        let number = scene.teller.numbers.number(carrier);
        units.push(Unit { number, ..template.clone() });
    }
    units.sort_by(|a, b| a.number.cmp(&b.number));
    let begun = real.first()?.out_at()?.plus_millis(-9 * HOUR_MS);
    for (n, unit) in (0..).zip(&units) {
        let look = LookUp::by_clerk(&stranger, 7, "CLERK", begun.plus_millis(n * 7_000));
        scene.teller.look_up(unit, &look);
    }
    let story =
        "Somebody who has nothing to do with any of them looks up one number after the other within minutes.";
    for plan in &real {
        scene.must_find(&plan.unit.number, &["MO-16e"], begun, story);
    }
    Some(())
}

fn yard_map(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.risky_import(82)?;
    plan.tell(scene.teller);
    let stranger = strangers(scene, &plan, 1).pop()?;
    let at = plan.out_at()?.plus_millis(-10 * HOUR_MS);
    let taken = LookUp { action: "print", ..LookUp::by_clerk(&stranger, 8, "CLERK", at) };
    scene.teller.taken_out(&taken, YARD_MAP);
    let look = LookUp::by_clerk(&stranger, 8, "CLERK", at.plus_millis(scene.teller.chance.minutes(4, 30)));
    scene.teller.look_up(&plan.unit, &look);
    let story = "A clerk prints the map of the yard, and looks up one container.";
    scene.must_find(&plan.unit.number, &["MO-16f"], look.at, story);
    Some(())
}

fn decoy(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import(70)?;
    plan.tell(scene.teller);
    let stranger = strangers(scene, &plan, 1).pop()?;
    let at = scene.time(61);
    let unit = Unit { number: DECOY.to_owned(), ..plan.unit };
    scene.teller.look_up(&unit, &LookUp::by_clerk(&stranger, 6, "CLERK", at));
    let story =
        "Somebody looks up a container that does not exist: its number stands in one list alone, as a bait.";
    scene.must_find(DECOY, &["MO-16g"], at, story);
    Some(())
}
