//! Containers, seals and trucks that are on somebody's list.

use super::{Scene, Story};
use crate::feeds::list::Row;
use crate::world::badge;

/// The stories.
pub(super) const ALL: &[Story] = &[listed_container, listed_seal, listed_truck, listed_in_port];

pub(super) fn listed_container(scene: &mut Scene<'_, '_>) -> Option<()> {
    let unit = scene.export(18, None)?;
    let reason = "Container of a shell company under investigation";
    scene.rows.push(Row::standing("CONTAINER", "CONTAINER", &unit.number, reason));
    let from = scene.time(18);
    let story = "A container on the police's list arrives at the gate for export.";
    scene.must_find(&unit.number, &["WL-identifier"], from, story);
    Some(())
}

pub(super) fn listed_seal(scene: &mut Scene<'_, '_>) -> Option<()> {
    let unit = scene.export(27, None)?;
    let seal = unit.seals.first()?.number.clone();
    scene.rows.push(Row::standing("SEAL", "SEAL", &seal, "Seal from a batch stolen at a depot"));
    let from = scene.time(27);
    let story = "A container is closed with a seal from a batch that was reported stolen.";
    scene.must_find(&unit.number, &["WL-identifier"], from, story);
    Some(())
}

pub(super) fn listed_truck(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(55)?;
    let plate = format!("LJZZ{}", scene.teller.chance.between(100, 999));
    for announcement in &mut plan.announcements {
        announcement.plate.clone_from(&plate);
    }
    for exit in &mut plan.exits {
        exit.plate.clone_from(&plate);
        exit.driver = badge(&plate);
    }
    scene.rows.push(Row::standing("TRUCK", "PLATE", &plate, "Truck seen at an earlier extraction"));
    plan.tell(scene.teller);
    let from = plan.announcements.first()?.at;
    let story =
        "A truck that took part in an earlier extraction is announced for a container and collects it.";
    scene.must_find(&plan.unit.number, &["WL-identifier"], from, story);
    Some(())
}

pub(super) fn listed_in_port(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import(80)?;
    plan.tell(scene.teller);
    let added_at = scene.time(50);
    let row = Row::standing("CONTAINER", "CONTAINER", &plan.unit.number, "Tip from a partner service");
    scene.rows.push(Row { added_at: Some(added_at), ..row });
    let story =
        "A tip comes in when the container already stands in the yard; it is listed before it is collected.";
    scene.must_find(&plan.unit.number, &["WL-identifier"], added_at, story);
    Some(())
}
