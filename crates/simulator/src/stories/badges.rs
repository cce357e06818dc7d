//! MO-24, badges and drivers that do not belong to what they fetch: stolen passes (convictions of 2023 in Antwerp), the check
//! of card against order at the gates of Rotterdam.

use super::{Scene, Story};
use crate::chance::MINUTE_MS;
use crate::world::{Site, badge};

/// The stories.
pub(super) const ALL: &[Story] = &[in_two_places, borrowed_badge, first_time_at_night];

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
    // The badge has been seen with its own truck before.
    let mut before = scene.export_plan(20)?;
    (before.haulier, before.plate) = (owner.clone(), owner.plates.first()?.clone());
    before.driver = badge(&before.plate);
    before.tell(scene.teller);
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
    plan.discharged_at = plan.discharged_at.min(night.plus_millis(-300 * MINUTE_MS));
    plan.tell(scene.teller);
    let story =
        "A driver whom no gate has ever seen fetches a container from South America in the small hours.";
    scene.must_find(&plan.unit.number, &["MO-24d"], night, story);
    Some(())
}
