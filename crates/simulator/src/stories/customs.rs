//! MO-25, customs' word disregarded or bent: boxes that are already released are used for switching (Dutch court reports).

use super::{Scene, Story};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::letter::CustomsStep;
use crate::trades::yard::LookUp;
use crate::world::Firm;

/// The stories.
pub(super) const ALL: &[Story] = &[left_before_the_scan, released_in_error, selection_bought, foreign_office];

pub(super) fn left_before_the_scan(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(58)?;
    let out_at = plan.exits.first()?.at;
    plan.customs = vec![("customs_selected_for_scan", out_at.plus_millis(-5 * HOUR_MS))];
    plan.tell(scene.teller);
    let story = "Customs selected the container for a scan; it leaves before the scan took place.";
    scene.must_find(&plan.unit.number, &["MO-25a"], out_at, story);
    Some(())
}

fn released_in_error(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(45)?;
    let out_at = plan.out_at()?;
    plan.customs = vec![("customs_released", out_at.plus_millis(-150 * MINUTE_MS))];
    plan.tell(scene.teller);
    let at = out_at.plus_millis(scene.teller.chance.minutes(70, 240));
    let step = CustomsStep {
        kind: "customs_held",
        at,
        office: plan.office,
        declaration: "",
        seals: &[],
        consignee: None,
    };
    scene.teller.customs(plan.site, &step, &plan.unit);
    let story =
        "The release was made with a stolen log-in; when customs take it back, the container is gone.";
    scene.must_find(&plan.unit.number, &["MO-25b"], at, story);
    Some(())
}

fn selection_bought(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(66)?;
    let out_at = plan.out_at()?;
    let cancelled_at = out_at.plus_millis(-5 * HOUR_MS);
    plan.customs = vec![
        ("customs_selected_for_scan", out_at.plus_millis(-14 * HOUR_MS)),
        ("customs_selection_cancelled", cancelled_at),
    ];
    plan.tell(scene.teller);
    let office = Firm::new(plan.office.to_owned(), "LOCAL", String::new());
    let looked_at = cancelled_at.plus_millis(-scene.teller.chance.minutes(4, 15));
    let look = LookUp::by_clerk(&office, 7, "OFFICER", looked_at);
    scene.teller.look_up(&plan.unit, &look);
    let story =
        "An officer looks the container up, and minutes later its selection for the scan is cancelled.";
    scene.must_find(&plan.unit.number, &["MO-25c"], cancelled_at, story);
    Some(())
}

fn foreign_office(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(53)?;
    plan.office = "BG005100";
    let at = plan.customs.first()?.1;
    plan.tell(scene.teller);
    let story = "The container is released by a customs office that has nothing to do with it.";
    scene.must_find(&plan.unit.number, &["MO-25d"], at.max(scene.options.start), story);
    Some(())
}
