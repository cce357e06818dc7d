//! MO-01, the right to collect misused: codes leaked by a corrupt hand, drivers who come "for the client" (Europol and the
//! ports of Antwerp, Hamburg and Rotterdam, "Criminal networks in EU ports", 2023).

use super::{Scene, Story};
use crate::chance::MINUTE_MS;
use crate::trades::import::{Announcement, known_as};
use crate::world::{badge, new_haulier};

/// The stories.
pub(super) const ALL: &[Story] = &[collected_by_a_stranger, handed_to_a_newcomer, announced_twice, collected_after_revocation];

pub(super) fn collected_by_a_stranger(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(38)?;
    let thief = scene.other_haulier(&plan)?;
    let plate = thief.plates.first()?.clone();
    let site = plan.site;
    let announcement = plan.announcements.first_mut()?;
    (announcement.haulier, announcement.plate) = (known_as(&thief, site), plate.clone());
    let from = announcement.at;
    let exit = plan.exits.first_mut()?;
    (exit.haulier, exit.driver, exit.plate) = (thief, badge(&plate), plate);
    plan.tell(scene.teller);
    let story = "A leaked release code: the haulier that announces and collects the container never held its release.";
    scene.must_find(&plan.unit.number, &["MO-01a"], from, story);
    Some(())
}

pub(super) fn handed_to_a_newcomer(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(62)?;
    let newcomer = new_haulier("Hitri Transport Plus", &mut scene.teller.chance);
    plan.collected_by(&newcomer);
    let out_at = plan.exits.first()?.at;
    let last = plan.chain.last_mut()?;
    last.at = out_at.plus_millis(-80 * MINUTE_MS);
    last.accepted_at = out_at.plus_millis(-76 * MINUTE_MS);
    let from = out_at.plus_millis(-58 * MINUTE_MS);
    plan.announcements.first_mut()?.at = from;
    plan.tell(scene.teller);
    let story = "The release is handed to a haulier nobody has worked with, and its truck is announced 22 minutes later.";
    scene.must_find(&plan.unit.number, &["MO-01b"], from, story);
    Some(())
}

pub(super) fn announced_twice(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(70)?;
    let rival = scene.other_haulier(&plan)?;
    let out_at = plan.exits.first()?.at;
    plan.announcements.first_mut()?.at = out_at.plus_millis(-150 * MINUTE_MS);
    let from = out_at.plus_millis(-70 * MINUTE_MS);
    plan.announcements.push(Announcement {
        plate: rival.plates.first()?.clone(),
        haulier: known_as(&rival, plan.site),
        at: from,
        cancelled_at: None,
        truck_changed: None,
    });
    plan.tell(scene.teller);
    let story = "Two hauliers announce trucks for the same container within two hours: one of them has a copied code.";
    scene.must_find(&plan.unit.number, &["MO-01e"], from, story);
    Some(())
}

pub(super) fn collected_after_revocation(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(47)?;
    let out_at = plan.exits.first()?.at;
    plan.announcements.first_mut()?.at = out_at.plus_millis(-170 * MINUTE_MS);
    plan.revoked_at = Some(out_at.plus_millis(-95 * MINUTE_MS));
    plan.tell(scene.teller);
    let story = "The carrier revokes the release; the truck that was already announced takes the container all the same.";
    scene.must_find(&plan.unit.number, &["MO-01g"], out_at, story);
    Some(())
}

