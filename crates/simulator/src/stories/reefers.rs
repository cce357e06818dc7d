//! MO-19, reefers: drugs behind the hatches of the cooling unit (Rotterdam, 783 kg; 65 kg in the motor).

use serde_json::json;

use super::{Scene, Story};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::letter::REEFER_FEED;
use crate::trades::import::Import;
use crate::trades::yard::Reading;
use crate::world::Site;
use crate::world::wares::WARES;

/// The stories.
pub(super) const ALL: &[Story] = &[unplugged, hatch_opened];

fn reefer(scene: &mut Scene<'_, '_>, percent: i64) -> Option<Import> {
    let (mut plan, _) = scene.risky_import(percent)?;
    plan.ware = *WARES.iter().find(|w| w.hs == "080390")?;
    plan.unit.iso_type = "45R1";
    plan.monitored = false;
    Some(plan)
}

fn unplugged(scene: &mut Scene<'_, '_>) -> Option<()> {
    let plan = reefer(scene, 83)?;
    let out_at = plan.out_at()?;
    let off_at = out_at.plus_millis(-scene.teller.chance.minutes(7 * 60, 10 * 60));
    let on_at = off_at.plus_millis(scene.teller.chance.minutes(80, 200));
    plan.tell(scene.teller);
    let racked_at = plan.discharged_at.plus_millis(HOUR_MS);
    let unit = plan.unit.clone();
    scene.teller.readings(plan.site, racked_at, off_at, &unit, 13.2);
    let rack = (REEFER_FEED, plan.site);
    scene.teller.canonical(rack, "power_off", off_at, &unit, json!({"reefer": {"powered": false}}));
    scene.teller.canonical(rack, "power_on", on_at, &unit, json!({"reefer": {"powered": true}}));
    scene.teller.readings(plan.site, on_at, out_at.plus_millis(-HOUR_MS), &unit, 13.2);
    let story = "On the rack a reefer is unplugged for two hours: somebody works on its cooling unit.";
    scene.must_find(&unit.number, &["MO-19a"], off_at, story);
    Some(())
}

fn hatch_opened(scene: &mut Scene<'_, '_>) -> Option<()> {
    let plan = reefer(scene, 86)?;
    let out_at = plan.out_at()?;
    let at = out_at.plus_millis(-scene.teller.chance.minutes(5 * 60, 8 * 60));
    plan.tell(scene.teller);
    let racked_at = plan.discharged_at.plus_millis(HOUR_MS);
    let unit = plan.unit.clone();
    scene.teller.readings(plan.site, racked_at, at.plus_millis(-8 * MINUTE_MS), &unit, 13.2);
    for (minutes, warmer) in [(-4, 0.0), (9, 3.1), (22, 6.4), (38, 5.0), (55, 1.8)] {
        let mut reading = Reading::steady(13.2, &mut scene.teller.chance);
        reading.return_c += warmer;
        scene.teller.reading(Site::Koper, at.plus_millis(minutes * MINUTE_MS), &unit, reading);
    }
    scene.teller.readings(plan.site, at.plus_millis(HOUR_MS), out_at.plus_millis(-HOUR_MS), &unit, 13.2);
    let story = "The return air of a reefer warms by six degrees within half an hour, and it is not defrosting: a hatch stands open.";
    scene.must_find(&unit.number, &["MO-19b"], at.plus_millis(22 * MINUTE_MS), story);
    Some(())
}
