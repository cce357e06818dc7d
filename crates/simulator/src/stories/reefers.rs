//! MO-19, reefers: drugs behind the hatches of the cooling unit (Rotterdam, 783 kg; 65 kg in the motor).

use quaywatch_domain::Timestamp;
use serde_json::json;

use super::look_ups::{looks, strangers};
use super::{Scene, Story};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::letter::REEFER_FEED;
use crate::trades::import::Import;
use crate::trades::yard::{Ordered, Reading, YardMove};
use crate::world::Site;
use crate::world::wares::WARES;

/// The stories.
pub(super) const ALL: &[Story] =
    &[unplugged, hatch_opened, opened_on_a_call, set_for_other_goods, alarms_silenced, not_running];

fn reefer(scene: &mut Scene<'_, '_>, percent: i64) -> Option<Import> {
    let (mut plan, _) = scene.risky_import(percent)?;
    plan.ware = *WARES.iter().find(|w| w.hs == "080390")?;
    plan.unit.iso_type = "45R1";
    plan.monitored = false;
    Some(plan)
}

fn unplugged(scene: &mut Scene<'_, '_>) -> Option<()> {
    let plan = reefer(scene, 83)?;
    let off_at = off_the_rack(scene, &plan, (7, 10), (80, 200), &[])?;
    let story = "On the rack a reefer is unplugged for two hours: somebody works on its cooling unit.";
    scene.must_find(&plan.unit.number, &["MO-19a"], off_at, story);
    Some(())
}

/// Tells of a reefer that is unplugged between so many hours before it leaves, for so many minutes, and whose alarm is reset
/// so many minutes after; returns when.
fn off_the_rack(
    scene: &mut Scene<'_, '_>,
    plan: &Import,
    hours: (i64, i64),
    minutes: (i64, i64),
    resets: &[i64],
) -> Option<Timestamp> {
    let out_at = plan.out_at()?;
    let off_at = out_at.plus_millis(-scene.teller.chance.minutes(hours.0 * 60, hours.1 * 60));
    let on_at = off_at.plus_millis(scene.teller.chance.minutes(minutes.0, minutes.1));
    plan.tell(scene.teller);
    let racked_at = plan.discharged_at.plus_millis(HOUR_MS);
    let (rack, unit) = ((REEFER_FEED, plan.site), &plan.unit);
    scene.teller.readings(plan.site, racked_at, off_at, unit, 13.2);
    scene.teller.canonical(rack, "power_off", off_at, unit, json!({"reefer": {"powered": false}}));
    for minutes in resets {
        let at = off_at.plus_millis(minutes * MINUTE_MS);
        scene.teller.canonical(rack, "reefer_alarm_reset", at, unit, json!({}));
    }
    scene.teller.canonical(rack, "power_on", on_at, unit, json!({"reefer": {"powered": true}}));
    scene.teller.readings(plan.site, on_at, out_at.plus_millis(-HOUR_MS), unit, 13.2);
    Some(off_at)
}

/// The return air warms by six degrees; returns when.
fn opened(scene: &mut Scene<'_, '_>, plan: &Import) -> Option<Timestamp> {
    let setpoint = plan.ware.setpoint_c?;
    let out_at = plan.out_at()?;
    let at = out_at.plus_millis(-scene.teller.chance.minutes(5 * 60, 8 * 60));
    plan.tell(scene.teller);
    let racked_at = plan.discharged_at.plus_millis(HOUR_MS);
    let unit = plan.unit.clone();
    scene.teller.readings(plan.site, racked_at, at.plus_millis(-8 * MINUTE_MS), &unit, setpoint);
    for (minutes, warmer) in [(-4, 0.0), (9, 3.1), (22, 6.4), (38, 5.0), (55, 1.8)] {
        let mut reading = Reading::steady(setpoint, &mut scene.teller.chance);
        reading.return_c += warmer;
        scene.teller.reading(Site::Koper, at.plus_millis(minutes * MINUTE_MS), &unit, reading);
    }
    scene.teller.readings(plan.site, at.plus_millis(HOUR_MS), out_at.plus_millis(-HOUR_MS), &unit, setpoint);
    Some(at)
}

fn hatch_opened(scene: &mut Scene<'_, '_>) -> Option<()> {
    let plan = reefer(scene, 86)?;
    let at = opened(scene, &plan)?;
    let story = "The return air of a reefer warms by six degrees within half an hour, and it is not defrosting: a hatch stands open.";
    scene.must_find(&plan.unit.number, &["MO-19b"], at.plus_millis(22 * MINUTE_MS), story);
    Some(())
}

fn opened_on_a_call(scene: &mut Scene<'_, '_>) -> Option<()> {
    let plan = reefer(scene, 84)?;
    let at = opened(scene, &plan)?;
    let stranger = strangers(scene, &plan, 1).pop()?;
    let looked_at = at.plus_millis(-scene.teller.chance.minutes(8, 30));
    looks(scene, &plan, &stranger, looked_at, 1);
    let story = "A clerk who has nothing to do with it looks where a reefer stands; minutes later a hatch of its unit is opened.";
    let from = at.plus_millis(22 * MINUTE_MS);
    scene.must_find(&plan.unit.number, &["MO-19b", "MO-19f"], from, story);
    Some(())
}

fn set_for_other_goods(scene: &mut Scene<'_, '_>) -> Option<()> {
    let mut plan = reefer(scene, 81)?;
    // Bananas that are frozen are no bananas, or nobody wants them.
    plan.ware.setpoint_c = Some(-18.0);
    let at = opened(scene, &plan)?;
    let story = "A reefer with bananas is set to eighteen degrees below zero, and in the yard a hatch of its unit is opened.";
    let from = at.plus_millis(22 * MINUTE_MS);
    scene.must_find(&plan.unit.number, &["MO-19b", "MO-19d"], from, story);
    Some(())
}

fn alarms_silenced(scene: &mut Scene<'_, '_>) -> Option<()> {
    let plan = reefer(scene, 85)?;
    let off_at = off_the_rack(scene, &plan, (8, 11), (100, 180), &[12, 37, 61, 88])?;
    let story = "A reefer is unplugged, and whoever works on it resets its alarm again and again.";
    scene.must_find(&plan.unit.number, &["MO-19a", "MO-19e"], off_at.plus_millis(90 * MINUTE_MS), story);
    Some(())
}

fn not_running(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(83)?;
    plan.ware = *WARES.iter().find(|w| w.hs == "090111")?;
    plan.unit.iso_type = "45R1";
    plan.monitored = false;
    let at = plan.out_at()?.plus_millis(-scene.teller.chance.minutes(6 * 60, 10 * 60));
    let to = plan.slot_at(at)?.at_the_edge();
    plan.moves.push(YardMove { at, to, ordered: Ordered::No });
    plan.moves.sort_by_key(|step| step.at);
    plan.tell(scene.teller);
    let story = "Coffee comes in a reefer that does not run; at night it is set down, unordered, where its cooling unit can be reached.";
    scene.must_find(&plan.unit.number, &["MO-10a", "MO-19c"], at, story);
    Some(())
}
