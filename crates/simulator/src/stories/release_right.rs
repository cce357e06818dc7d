//! MO-01, the right to collect misused: codes leaked by a corrupt hand, drivers who come "for the client" (Europol and the
//! ports of Antwerp, Hamburg and Rotterdam, "Criminal networks in EU ports", 2023).

use super::{Scene, Story};
use crate::chance::MINUTE_MS;
use crate::trades::import::{Announcement, Handover, known_as};
use crate::trades::yard::LookUp;
use crate::world::{Site, badge, new_haulier};

/// The stories.
pub(super) const ALL: &[Story] = &[
    collected_by_a_stranger,
    handed_to_a_newcomer,
    announced_twice,
    collected_after_revocation,
    handed_over_at_the_last_minute,
    handed_round,
    guessed,
];

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

fn handed_over_at_the_last_minute(scene: &mut Scene<'_, '_>) -> Option<()> {
    let night = scene.night(60);
    let (mut plan, _) = scene.import_at(night, |c| c.home == Site::Koper)?;
    let (from, until) = (night.plus_millis(-24 * MINUTE_MS), night.plus_millis(-21 * MINUTE_MS));
    let other = scene.other_haulier(&plan)?;
    plan.collected_by(&other);
    let last = plan.chain.last_mut()?;
    (last.at, last.accepted_at) = (from, until);
    plan.announcements.first_mut()?.at = night.plus_millis(-18 * MINUTE_MS);
    plan.tell(scene.teller);
    let story = "At night the release changes hands while the truck already stands at the gate.";
    scene.must_find(&plan.unit.number, &["MO-01c"], from, story);
    Some(())
}

fn handed_round(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = scene.import(64)?;
    let world = scene.teller.world;
    let forwarder = plan.chain.first()?.to.clone();
    let out_at = plan.out_at()?;
    let strangers: Vec<_> =
        (0..3).filter_map(|_| scene.teller.chance.pick(&world.forwarders).cloned()).collect();
    let mut holders = vec![forwarder.clone()];
    holders.extend(strangers);
    // Round by round it comes back to where it was, so that nobody remembers who gave it to whom.
    holders.push(forwarder);
    holders.push(haulier.firm);
    let first = plan.chain.first()?.clone();
    plan.chain = vec![first];
    for (n, to) in (1..).zip(holders.into_iter().skip(1)) {
        let at = out_at.plus_millis((n * 50 - 420) * MINUTE_MS);
        plan.chain.push(Handover { to, at, accepted_at: at.plus_millis(8 * MINUTE_MS) });
    }
    let from = plan.chain.last()?.at;
    plan.tell(scene.teller);
    let story =
        "The release is passed from company to company, back to the first, and on, until its trace is lost.";
    scene.must_find(&plan.unit.number, &["MO-01d"], from, story);
    Some(())
}

fn guessed(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import(68)?;
    plan.tell(scene.teller);
    let stranger = scene.other_haulier(&plan)?;
    let begun = plan.out_at()?.plus_millis(-6 * 60 * MINUTE_MS);
    let tries = scene.teller.chance.between(5, 9);
    for n in 0..tries {
        let look = LookUp {
            action: "wrong PIN",
            ..LookUp::by_clerk(&stranger.firm, 9, "DRIVER_APP", begun.plus_millis(n * MINUTE_MS))
        };
        scene.teller.look_up(&plan.unit, &look);
    }
    let story = "Somebody tries one PIN after the other for the container.";
    scene.must_find(&plan.unit.number, &["MO-01f"], begun.plus_millis(tries * MINUTE_MS), story);
    Some(())
}
