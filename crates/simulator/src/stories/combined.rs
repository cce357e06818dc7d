//! Crimes that leave several traces, each of them weak: the switch (MO-07), the stolen right, the rip-off, the trojan.

use super::{Scene, Story, badges, look_ups};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::letter::Body;
use crate::trades::empties;
use crate::trades::import::known_as;
use crate::trades::yard::{Ordered, YardMove};
use crate::world::{Haulier, Site, badge};

/// The stories.
pub(super) const ALL: &[Story] = &[switched, right_stolen, ripped_off, trojan_by_night];

/// Drugs go from a container from South America to one that customs have already let go, and leave with that.
fn switched(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut risky, _) = scene.risky_import(88)?;
    let (mut clean, _) = scene.import(74)?;
    let out_at = clean.out_at()?;
    let moved_at = out_at.plus_millis(-7 * HOUR_MS);
    clean.customs = vec![("customs_released", moved_at.plus_millis(-4 * HOUR_MS))];
    (clean.tracked, risky.tracked) = (true, true);
    let slot = clean.slot_at(moved_at)?.clone();
    // Both are opened where they stand.
    clean.moves.retain(|step| step.at < moved_at || step.to.block == "LANE");
    let step = YardMove { at: moved_at, to: slot.beside(), ordered: Ordered::No };
    risky.discharged_at = risky.discharged_at.min(moved_at.plus_millis(-6 * HOUR_MS));
    risky.moves.truncate(1);
    risky.moves.first_mut()?.at = risky.discharged_at.plus_millis(25 * MINUTE_MS);
    risky.moves.push(step);
    risky.tell(scene.teller);
    clean.tell(scene.teller);
    let opened_at = moved_at.plus_millis(40 * MINUTE_MS);
    for (plan, offset) in [(&risky, 0), (&clean, 5)] {
        let at = opened_at.plus_millis(offset * MINUTE_MS);
        let here = (Site::Koper, &slot);
        scene.teller.door_in(here, "DOOR_OPENED", at, &plan.unit);
        scene.teller.door_in(here, "DOOR_CLOSED", at.plus_millis(24 * MINUTE_MS), &plan.unit);
    }
    let story = "Switch: a container from South America is set down, unordered, beside one that is released; both are opened, and the released one leaves.";
    scene.must_find(&risky.unit.number, &["COMBO-switch", "MO-06a", "MO-10a"], opened_at, story);
    scene.must_find(&clean.unit.number, &["MO-06a"], opened_at, story);
    Some(())
}

fn right_stolen(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(76)?;
    let world = scene.teller.world;
    let insider = world.forwarders.iter().find(|f| f.id != plan.forwarder.id)?.clone();
    let thief = scene.other_haulier(&plan)?;
    let plate = thief.plates.first()?.clone();
    let site = plan.site;
    let announcement = plan.announcements.first_mut()?;
    (announcement.haulier, announcement.plate) = (known_as(&thief, site), plate.clone());
    let from = announcement.at;
    let exit = plan.exits.first_mut()?;
    (exit.haulier, exit.plate) = (thief, plate);
    exit.driver = badge(plan.consignee.firm.id.as_str());
    plan.tell(scene.teller);
    look_ups::looks(scene, &plan, &insider, from.plus_millis(-9 * HOUR_MS), 5);
    let story = "An insider looks up the container and its code; a haulier without the right announces itself and fetches it.";
    scene.must_find(&plan.unit.number, &["COMBO-inside-help", "MO-01a", "MO-16a"], from, story);
    Some(())
}

fn ripped_off(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(85)?;
    plan.tracked = true;
    plan.crane_kg = plan.unit.gross_kg;
    plan.declared_kg = plan.unit.gross_kg;
    plan.spreader_kg = Some(plan.crane_kg);
    let taken = scene.teller.chance.between(320, 1_200);
    plan.exits.first_mut()?.scale_kg = Some(plan.crane_kg - taken);
    let at = scene.opened_in_the_yard(&plan, (4, 8), 19)?;
    let story = "Rip-off: doors open in the yard, and at the gate some hundred kilograms are missing.";
    scene.must_find(&plan.unit.number, &["COMBO-rip-off", "MO-06a", "MO-12e"], at, story);
    Some(())
}

fn trojan_by_night(scene: &mut Scene<'_, '_>) -> Option<()> {
    let at = scene.night(50);
    let world = scene.teller.world;
    let known: Vec<&Haulier> = world.hauliers.iter().filter(|h| !h.nameless_code).collect();
    let haulier = (*scene.teller.chance.pick(&known)?).clone();
    let plate = crate::world::plate(&mut scene.teller.chance);
    // The badge is that of a driver who has only ever driven for another haulier.
    let others: Vec<&Haulier> = known.into_iter().filter(|h| h.firm != haulier.firm).collect();
    let other = (*scene.teller.chance.pick(&others)?).clone();
    badges::drove_before(scene, &other, other.plates.last()?, badges::DAYS_BEFORE);
    let unit = scene.teller.numbers.dry_empty(2, &mut scene.teller.chance);
    let kg = unit.tare_kg() + scene.teller.chance.between(500, 1_500);
    let told = scene.teller.letters.len();
    empties::returned(scene.teller, Site::Koper, at, &unit, (&haulier, &plate), Some(kg));
    for letter in scene.teller.letters.iter_mut().skip(told) {
        if let Body::Gate(gate) = &mut letter.body {
            gate.driver = badge(other.plates.last()?);
        }
    }
    let story = "In the small hours a truck that no gate has ever seen brings an empty that is too heavy, its driver under the badge of another haulier's man.";
    scene.must_find(&unit.number, &["COMBO-trojan", "MO-09a", "MO-24c"], at, story);
    Some(())
}
