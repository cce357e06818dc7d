//! MO-02, out and back: a truck takes the container, it is emptied somewhere, and it comes back or is missed (convictions of
//! 2023 in Antwerp: intercepted PINs and passes).

use super::{Scene, Story};
use crate::chance::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::letter::IMPORT;
use crate::trades::import::{Announcement, Import, known_as};
use crate::world::{Site, badge};

/// The stories.
pub(super) const ALL: &[Story] = &[brought_back, brought_next_door, already_gone, never_seen_again, dumped];

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

fn never_seen_again(scene: &mut Scene<'_, '_>) -> Option<()> {
    let at = scene.time(52);
    // A month is over in which every honest haulier brings the empty back.
    let out_at = at.plus_millis(-31 * DAY_MS);
    let consignee = scene.consignee(|c| c.home == Site::Koper)?;
    let mut plan = Import::earlier(scene.teller, &consignee, out_at)?;
    let thief = scene.other_haulier(&plan)?;
    let plate = thief.plates.first()?.clone();
    let announcement = plan.announcements.first_mut()?;
    (announcement.haulier, announcement.plate) = (thief.firm.clone(), plate.clone());
    let exit = plan.exits.first_mut()?;
    (exit.haulier, exit.driver, exit.plate) = (thief, badge(&plate), plate);
    plan.returned_at = None;
    plan.tell_history(scene.teller);
    let story = "A container fetched by a haulier without the right is emptied somewhere and abandoned: a month later nobody has brought it back.";
    scene.must_find(&plan.unit.number, &["MO-01a", "MO-02c"], at, story);
    Some(())
}

fn dumped(scene: &mut Scene<'_, '_>) -> Option<()> {
    scene.leave_room(3);
    let (mut plan, _) = scene.risky_import(45)?;
    plan.returned_at = None;
    (plan.to_the_door, plan.delivered) = (true, false);
    let from = plan.out_at()?.plus_millis(30 * HOUR_MS);
    plan.tell(scene.teller);
    let story = "The truck leaves for the importer and never gets there: the container is opened on the way and left standing.";
    scene.must_find(&plan.unit.number, &["MO-02d"], from, story);
    Some(())
}
