//! MO-14, containers that leave too soon, or that nobody fetches until a night weeks later (the case of MO-10: discharged on
//! 22 November, found on 4 December).

use serde_json::json;

use super::scene::is_source;
use super::{Scene, Story};
use crate::chance::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::trades::import::Import;
use crate::world::vessels::STAY_HOURS;
use crate::world::{Consignee, Site};
use quaywatch_domain::Timestamp;

/// The stories.
pub(super) const ALL: &[Story] = &[out_within_the_hour, left_to_wait, nobody_comes];

fn out_within_the_hour(scene: &mut Scene<'_, '_>) -> Option<()> {
    // Goods that can wait: nobody is surprised when fruit goes at once.
    let (mut plan, _) = scene.import_of(70, |c| c.home == Site::Koper && c.ware.setpoint_c.is_none())?;
    // It is discharged as late as this, so that it leaves at its hour.
    let out_at = plan.out_at()?;
    let world = scene.teller.world;
    let calls =
        world.calls_between(Site::Koper, out_at.plus_millis(-9 * HOUR_MS), out_at.plus_millis(-2 * HOUR_MS));
    plan.call = *scene.teller.chance.pick(&calls)?;
    plan.unit.carrier = world.calls.get(plan.call)?.carrier;
    plan.discharged_at = out_at.plus_millis(-scene.teller.chance.minutes(45, 100));
    plan.look_ups.clear();
    plan.moves.retain(|step| step.to.block == "LANE");
    plan.customs = vec![("customs_released", plan.discharged_at.plus_millis(6 * MINUTE_MS))];
    let issued_at = plan.discharged_at.plus_millis(-5 * HOUR_MS);
    for (n, step) in (0..).zip(&mut plan.chain) {
        step.at = issued_at.plus_millis(n * 2 * HOUR_MS);
        step.accepted_at = step.at.plus_millis(12 * MINUTE_MS);
    }
    plan.tell(scene.teller);
    let story = "Within the hour in which it came off the ship the container is out of the gate, ahead of all others.";
    scene.must_find(&plan.unit.number, &["MO-14a"], out_at, story);
    Some(())
}

/// Days from the discharge to the extraction, and to what is as long again: in the case of MPET it took twelve.
const WAITS_DAYS: (i64, i64) = (12, 24);

/// An import that was discharged so long before `until`.
fn long_discharged(
    scene: &mut Scene<'_, '_>,
    until: Timestamp,
    sort: fn(&Consignee) -> bool,
) -> Option<Import> {
    let consignee = scene.consignee(|c| c.home == Site::Koper && sort(c))?;
    let world = scene.teller.world;
    let haulier = world.hauliers.get(*consignee.hauliers.first()?)?;
    let days_before = |days: i64| until.plus_millis(-days * DAY_MS);
    let calls = world.calls_between(
        Site::Koper,
        days_before(WAITS_DAYS.1),
        days_before(WAITS_DAYS.0).plus_millis(-STAY_HOURS * HOUR_MS),
    );
    let call = *scene.teller.chance.pick(&calls)?;
    let discharged_at = world.calls.get(call)?.arrival.plus_millis(3 * HOUR_MS);
    Some(Import::arriving(scene.teller, &consignee, (call, discharged_at))?.plain(haulier))
}

fn left_to_wait(scene: &mut Scene<'_, '_>) -> Option<()> {
    let night = scene.night(75);
    let mut plan = long_discharged(scene, night, |_| true)?;
    let (first, released_at) = (plan.chain.first()?.accepted_at, plan.customs.first()?.1);
    plan.leaving_at(night);
    if let Some(last) = plan.chain.last_mut() {
        last.at = first.plus_millis(3 * HOUR_MS).max(released_at);
        last.accepted_at = last.at.plus_millis(20 * MINUTE_MS);
    }
    plan.announcements.first_mut()?.at = night.plus_millis(-50 * MINUTE_MS);
    plan.tell(scene.teller);
    // Rent is paid for it again and again.
    for days in [6, 4, 2] {
        let at = night.plus_millis(-days * DAY_MS);
        scene.teller.operating("storage_extended", at, &plan.unit, json!({}));
    }
    let story = "Released and paid for, its storage extended three times, the container waits for weeks until a truck comes for it in the small hours.";
    scene.must_find(&plan.unit.number, &["MO-14c", "MO-14d"], night, story);
    Some(())
}

fn nobody_comes(scene: &mut Scene<'_, '_>) -> Option<()> {
    let end = scene.options.end();
    // From where drugs are shipped, as in the case.
    let mut plan = match long_discharged(scene, end, |c| is_source(c.origin.1) && c.ware.setpoint_c.is_none())
    {
        None => {
            let mut plan = long_discharged(scene, end, |c| c.ware.setpoint_c.is_none())?;
            (plan.origin, plan.via) = (("ECGYE", "EC"), Some("ESALG"));
            plan
        }
        Some(plan) => plan,
    };
    let first = plan.chain.first()?.accepted_at;
    if let Some(last) = plan.chain.last_mut() {
        last.at = last.at.min(first.plus_millis(20 * HOUR_MS)).max(first.plus_millis(HOUR_MS));
        last.accepted_at = last.at.plus_millis(20 * MINUTE_MS);
    }
    plan.moves.truncate(1);
    plan.look_ups.clear();
    plan.announcements.clear();
    plan.exits.clear();
    plan.returned_at = None;
    plan.tell(scene.teller);
    let from = end.plus_millis(-HOUR_MS);
    let story = "Released weeks ago, it stands in the yard and nobody fetches it: the team waits until it is forgotten.";
    scene.must_find(&plan.unit.number, &["MO-14b"], from, story);
    Some(())
}
