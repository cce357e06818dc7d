//! MO-13, routes that make no sense: one bill on two ships (4 of 22 boxes ten days early), a port that the service does not
//! call at, a change of port when the ship is almost there, goods that do not grow where they come from.

use super::finds::of_one_consignment;
use super::{Scene, Story};
use crate::chance::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::trades::sea::Leg;
use crate::trades::transhipment::Transhipment;
use crate::world::Site;
use crate::world::wares::WARES;

/// The stories.
pub(super) const ALL: &[Story] = &[
    ahead_of_its_bill,
    strange_port,
    long_way_round,
    port_changed_at_sea,
    does_not_grow_there,
    left_in_transhipment,
];

fn ahead_of_its_bill(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (late, _) = scene.risky_import(87)?;
    let (mut early, _) = scene.risky_import(40)?;
    let world = scene.teller.world;
    // Another ship, a week and more before.
    let arrival = world.calls.get(late.call)?.arrival;
    let calls =
        world.calls_between(Site::Koper, arrival.plus_millis(-11 * DAY_MS), arrival.plus_millis(-6 * DAY_MS));
    early.call = *scene.teller.chance.pick(&calls)?;
    early.discharged_at = world.calls.get(early.call)?.arrival.plus_millis(4 * HOUR_MS);
    early.moves.truncate(1);
    early.moves.first_mut()?.at = early.discharged_at.plus_millis(HOUR_MS / 2);
    early.consignee = late.consignee.clone();
    early.notify = late.notify.clone();
    early.unit.bill.clone_from(&late.unit.bill);
    early.loaded_at = late.loaded_at.plus_millis(-8 * DAY_MS);
    early.tell(scene.teller);
    late.tell(scene.teller);
    // The others of the bill come with the last.
    for minutes in [12, 31] {
        let mut other = of_one_consignment(scene, &late);
        for exit in &mut other.exits {
            exit.at = exit.at.plus_millis(minutes * MINUTE_MS);
        }
        other.look_ups.clear();
        other.tell(scene.teller);
    }
    let from = late.discharged_at.max(scene.options.start);
    let story = "Of the containers of one bill one comes on a ship that arrives a week before the others.";
    scene.must_find(&early.unit.number, &["MO-13a"], from, story);
    Some(())
}

fn strange_port(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(74)?;
    plan.via = Some("CVRAI");
    plan.tell(scene.teller);
    let story = "On its way the container changed ships in a port that the service never calls at.";
    scene.must_find_once_here(&plan, &["MO-13b"], story);
    Some(())
}

fn long_way_round(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(78)?;
    // Round Africa, where a container from there has never been seen.
    plan.via = Some("ZADUR");
    plan.loaded_at = plan.loaded_at.plus_millis(-16 * DAY_MS);
    plan.tell(scene.teller);
    let story = "Fruit and coffee from South America come by way of Durban, twice as far as by any service.";
    scene.must_find_once_here(&plan, &["MO-13b", "MO-13c"], story);
    Some(())
}

fn port_changed_at_sea(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(83)?;
    let world = scene.teller.world;
    let call = world.calls.get(plan.call)?;
    let told = call.arrival.plus_millis(-scene.teller.chance.minutes(32 * 60, 60 * 60));
    let first_told = call.arrival.plus_millis(-11 * DAY_MS);
    let before = Leg { to: "BEANR", ..plan.leg() };
    plan.consignee.town = "BEANR";
    scene.teller.manifest(first_told, true, &plan.unit, call, before, &plan.manifested());
    plan.consignee.town = "SILJU";
    scene.teller.manifest(told, true, &plan.unit, call, plan.leg(), &plan.manifested());
    plan.tell(scene.teller);
    let story = "Two days before arrival the port of discharge is changed from Antwerp, where containers of its origin are scanned.";
    scene.must_find(&plan.unit.number, &["MO-13d"], told.max(scene.options.start), story);
    Some(())
}

fn does_not_grow_there(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import_of(77, |c| c.home == Site::Koper && c.ware.setpoint_c.is_none())?;
    let coffee = WARES.iter().find(|w| w.hs == "090111")?;
    plan.ware = *coffee;
    plan.origin = ("TRIST", "TR");
    plan.via = None;
    plan.tell(scene.teller);
    let story = "Green coffee comes from a country that grows none.";
    scene.must_find_once_here(&plan, &["MO-13e"], story);
    Some(())
}

fn left_in_transhipment(scene: &mut Scene<'_, '_>) -> Option<()> {
    scene.leave_room(1);
    let world = scene.teller.world;
    let at = scene.time(30);
    let calls = world.calls_between(Site::Koper, at.plus_millis(-9 * DAY_MS), at.plus_millis(-8 * DAY_MS));
    let call = *scene.teller.chance.pick(&calls)?;
    let discharged_at = world.calls.get(call)?.arrival.plus_millis(5 * HOUR_MS);
    let mut plan = Transhipment::draw(scene.teller, call, discharged_at)?;
    let next = world.calls_between(Site::Koper, at.plus_millis(8 * HOUR_MS), at.plus_millis(30 * HOUR_MS));
    plan.next = *scene.teller.chance.pick(&next)?;
    plan.loaded_at = world.calls.get(plan.next)?.arrival.plus_millis(13 * HOUR_MS);
    plan.from = ("ECGYE", "EC");
    plan.tell(scene.teller)?;
    let story = "A container from Ecuador is left in transhipment for more than a week while ships to its port come and go.";
    scene.must_find(&plan.unit.number, &["MO-13f"], at, story);
    Some(())
}
