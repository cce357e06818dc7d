//! MO-02, out and back: a truck takes the container, it is emptied somewhere, and it comes back or is missed (convictions of
//! 2023 in Antwerp: intercepted PINs and passes).

use super::{Scene, Story};
use crate::chance::MINUTE_MS;
use crate::letter::IMPORT;
use crate::trades::import::{Announcement, known_as};
use crate::world::{Site, badge};

/// The stories.
pub(super) const ALL: &[Story] = &[brought_back, brought_next_door, already_gone];

pub(super) fn brought_back(scene: &mut Scene<'_, '_>) -> Option<()> {
    back(
        scene,
        Site::Koper,
        "A container is collected and brought back full the same night, as if nothing had happened.",
    )
}

fn brought_next_door(scene: &mut Scene<'_, '_>) -> Option<()> {
    back(
        scene,
        Site::Trieste,
        "A container is collected and turns up, full, at the neighbouring terminal, which expects nothing.",
    )
}

fn back(scene: &mut Scene<'_, '_>, site: Site, story: &str) -> Option<()> {
    let (mut plan, haulier) = scene.import(36)?;
    plan.returned_at = None;
    let out_at = plan.out_at()?;
    let at = out_at.plus_millis(scene.teller.chance.minutes(5 * 60, 15 * 60)).min(scene.time(94));
    plan.tell(scene.teller);
    let plate = plan.exits.first()?.plate.clone();
    let mut gate = scene.teller.passage_at(site, true, at, &plan.unit, &haulier, &plate);
    gate.status = IMPORT;
    gate.kg = plan.declared_kg;
    scene.teller.gate(gate);
    scene.must_find(&plan.unit.number, &["MO-02a"], at, story);
    Some(())
}

fn already_gone(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = scene.import(35)?;
    plan.returned_at = None;
    let thief = scene.other_haulier(&plan)?;
    let plate = thief.plates.first()?.clone();
    let site = plan.site;
    let announcement = plan.announcements.first_mut()?;
    (announcement.haulier, announcement.plate) = (known_as(&thief, site), plate.clone());
    let exit = plan.exits.first_mut()?;
    (exit.haulier, exit.driver, exit.plate) = (thief, badge(&plate), plate);
    let at = exit.at.plus_millis(scene.teller.chance.minutes(150, 900)).min(scene.time(93));
    plan.announcements.push(Announcement {
        haulier: known_as(&haulier, site),
        plate: haulier.plates.first()?.clone(),
        at: at.plus_millis(-20 * MINUTE_MS),
        cancelled_at: None,
        truck_changed: None,
    });
    plan.tell(scene.teller);
    let story = "The haulier that holds the release comes for the container, and it is already gone.";
    scene.must_find(&plan.unit.number, &["MO-01a", "MO-02b"], at, story);
    Some(())
}
