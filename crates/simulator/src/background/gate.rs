//! Look-alikes at the gate, in the chain of releases and on the list.

use quaywatch_domain::Timestamp;
use serde_json::json;

use super::one_digit_off;
use crate::chance::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::feeds::list::Row;
use crate::letter::{DcsaPlace, Function, Inside, party};
use crate::numbers::Sealer;
use crate::stories::badges::drove_before;
use crate::stories::{Scene, Story};
use crate::trades::empties;
use crate::trades::import::{Announcement, Exit, Handover, Import, known_as};
use crate::world::{Haulier, Site, badge, plate};

/// Those of a showcase too.
pub(super) const SHOWN: &[Story] = &[
    truck_swapped_at_the_gate,
    truck_corrected,
    resealed_by_the_veterinarian,
    seal_mistyped,
    delivery_refused,
    selection_cancelled,
    handed_to_another_haulier,
    entry_expired,
    entry_removed,
];

/// Those that a showcase leaves out.
pub(super) const MORE: &[Story] = &[broken_down_in_the_yard, waits_for_the_next];

/// The truck that brought an empty does not start again; it leaves when the mechanic has been there.
fn broken_down_in_the_yard(scene: &mut Scene<'_, '_>) -> Option<()> {
    let at = scene.teller.by_day(scene.time(44), scene.options.end());
    let (haulier, plate) = known_driver(scene)?;
    let unit = scene.teller.numbers.dry_empty(0, &mut scene.teller.chance);
    scene.teller.inside = Inside::Minutes(scene.teller.chance.between(4 * 60, 11 * 60));
    empties::returned(scene.teller, Site::Koper, at, &unit, (&haulier, &plate), None);
    scene.teller.inside = Inside::Usual;
    Some(())
}

/// The driver has brought an empty and waits for hours until the import that he is to fetch is let go.
fn waits_for_the_next(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(67)?;
    let (haulier, plate) = known_driver(scene)?;
    plan.collected_by(&haulier);
    plan.returned_at = None;
    for announcement in &mut plan.announcements {
        announcement.plate.clone_from(&plate);
    }
    comes_with(&mut plan, &plate)?;
    let waits = scene.teller.chance.minutes(4 * 60, 8 * 60);
    let latest = scene.options.end().plus_millis(-waits);
    let at = scene.teller.by_day(plan.out_at()?.plus_millis(-waits), latest);
    plan.leaving_at(at.plus_millis(waits));
    let unit = scene.teller.numbers.dry_empty(0, &mut scene.teller.chance);
    scene.teller.inside = Inside::Never;
    plan.tell(scene.teller);
    empties::returned(scene.teller, Site::Koper, at, &unit, (&haulier, &plate), None);
    scene.teller.inside = Inside::Usual;
    Some(())
}

/// A haulier and the truck of a driver of his whom the gate knows and who comes but now and then.
fn known_driver(scene: &mut Scene<'_, '_>) -> Option<(Haulier, String)> {
    let haulier = scene.teller.world.hauliers.iter().find(|h| !h.nameless_code)?.clone();
    let plate = plate(&mut scene.teller.chance);
    drove_before(scene, &haulier, &plate, 6);
    Some((haulier, plate))
}

/// The announced truck broke down; another of the same haulier comes.
fn truck_swapped_at_the_gate(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = scene.import(31)?;
    comes_with(&mut plan, haulier.plates.last()?)?;
    plan.tell(scene.teller);
    Some(())
}

/// The haulier corrects the plate in its announcement.
fn truck_corrected(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = scene.import(57)?;
    let plate = haulier.plates.last()?.clone();
    let announcement = plan.announcements.first_mut()?;
    announcement.truck_changed = Some((announcement.at.plus_millis(20 * MINUTE_MS), plate.clone()));
    comes_with(&mut plan, &plate)?;
    plan.tell(scene.teller);
    Some(())
}

/// The veterinarian opens the container and closes it with a seal of his own, and both he and the carrier say so.
fn resealed_by_the_veterinarian(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(77)?;
    scene.with_both_seals(&mut plan);
    let own = scene.teller.numbers.seal(Sealer::Veterinary, plan.unit.carrier);
    let exit = plan.exits.first_mut()?;
    let removed = exit.seals.clone();
    exit.seals = vec![own.clone()];
    let at = exit.at.plus_millis(-7 * HOUR_MS);
    plan.tell(scene.teller);
    plan.tell_opening(scene.teller, at, Sealer::Veterinary);
    let place = DcsaPlace::at(plan.site);
    scene.teller.equipment("RMVD", at.plus_millis(-25 * MINUTE_MS), &plan.unit, place, &removed);
    scene.teller.equipment("RSEA", at.plus_millis(12 * MINUTE_MS), &plan.unit, place, &[own]);
    Some(())
}

/// The gate clerk swaps two digits of the seal and sends the document again half an hour later.
fn seal_mistyped(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = scene.import(36)?;
    let exit = plan.exits.pop()?;
    plan.tell(scene.teller);
    let mut gate = scene.teller.passage(false, exit.at, &plan.unit, &haulier, &exit.plate);
    gate.secret = Some(plan.secret.clone());
    let right = gate.clone();
    let seal = gate.seals.first_mut()?;
    seal.number = one_digit_off(&seal.number);
    // The carrier copies the gate's first word; only the gate's own document is corrected.
    let told = gate.at.plus_millis(4 * MINUTE_MS);
    scene.teller.tell(told, crate::letter::Body::Gate(Box::new(gate)));
    let corrected = crate::letter::GateMove { function: Function::Replace, ..right };
    scene.teller.tell(told.plus_millis(31 * MINUTE_MS), crate::letter::Body::Gate(Box::new(corrected)));
    Some(())
}

/// The consignee refuses the goods; the truck brings them back and takes them again later.
fn delivery_refused(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = scene.import(26)?;
    let first = plan.exits.first()?.clone();
    let (refused_at, back_at, again_at) = (scene.time(39), scene.time(51), scene.time(86));
    plan.announcements.push(Announcement {
        haulier: haulier.firm.clone(),
        plate: first.plate.clone(),
        at: scene.time(80),
        cancelled_at: None,
        truck_changed: None,
    });
    plan.exits.push(Exit { at: again_at, ..first.clone() });
    plan.tell(scene.teller);
    let parts =
        json!({"parties": [party("CONSIGNEE", &plan.consignee.firm), party("HAULIER", &haulier.firm)]});
    scene.teller.release("delivery_rejected", refused_at, &plan.unit, parts);
    let gate = scene.teller.passage(true, back_at, &plan.unit, &haulier, &first.plate);
    scene.teller.gate(gate);
    Some(())
}

/// Customs changes its mind, then the container leaves.
fn selection_cancelled(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(64)?;
    let out_at = plan.exits.first()?.at;
    plan.customs = vec![
        ("customs_selected_for_scan", out_at.plus_millis(-9 * HOUR_MS)),
        ("customs_selection_cancelled", out_at.plus_millis(-3 * HOUR_MS)),
    ];
    plan.tell(scene.teller);
    Some(())
}

/// One haulier cancels; the release is handed on in due form to another that the consignee also works with.
fn handed_to_another_haulier(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(81)?;
    let other = other_usual(scene, &plan)?;
    let out_at = plan.exits.first()?.at;
    let first = plan.announcements.first_mut()?;
    first.at = out_at.plus_millis(-4 * HOUR_MS);
    first.cancelled_at = Some(out_at.plus_millis(-210 * MINUTE_MS));
    hand_on(&mut plan, &other, out_at.plus_millis(-190 * MINUTE_MS));
    let plate = other.plates.first()?.clone();
    plan.announcements.push(Announcement {
        haulier: other.firm.clone(),
        plate: plate.clone(),
        at: out_at.plus_millis(-70 * MINUTE_MS),
        cancelled_at: None,
        truck_changed: None,
    });
    let exit = plan.exits.first_mut()?;
    (exit.haulier, exit.driver, exit.plate) = (other, badge(&plate), plate);
    plan.tell(scene.teller);
    Some(())
}

/// A haulier that has collected for the plan's consignee before, made so if need be.
fn other_usual(scene: &mut Scene<'_, '_>, plan: &Import) -> Option<Haulier> {
    let other = scene.other_haulier(plan)?;
    let index = scene.teller.world.hauliers.iter().position(|h| h.firm == other.firm)?;
    let mut consignee = plan.consignee.clone();
    consignee.hauliers = vec![index];
    for _ in 0..3 {
        crate::trades::earlier_collection(scene.options, scene.teller, &consignee, crate::trades::USUAL_DAYS);
    }
    Some(other)
}

/// A container that was listed until last week.
fn entry_expired(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import(46)?;
    plan.tell(scene.teller);
    let row = Row::standing("CONTAINER", "CONTAINER", &plan.unit.number, "Inquiry of last month");
    // Before anything was said of the container, in whichever order the day is read.
    let ended = plan.loaded_at.plus_millis(-DAY_MS);
    scene.rows.push(Row { valid_to: Some(ended), ..row });
    Some(())
}

/// A container that its owner takes off the list during the day.
fn entry_removed(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import(90)?;
    plan.tell(scene.teller);
    let row = Row::standing("CONTAINER", "CONTAINER", &plan.unit.number, "Listed in error");
    scene.rows.push(Row { removed_at: Some(scene.time(68)), ..row });
    Some(())
}

/// Another truck of the same haulier comes.
fn comes_with(plan: &mut Import, plate: &str) -> Option<()> {
    let exit = plan.exits.first_mut()?;
    plate.clone_into(&mut exit.plate);
    exit.driver = badge(plate);
    Some(())
}

/// A further handover at the end of the chain.
pub(crate) fn hand_on(plan: &mut Import, to: &Haulier, at: Timestamp) {
    let to = known_as(to, plan.site);
    plan.chain.push(Handover { to, at, accepted_at: at.plus_millis(9 * MINUTE_MS) });
}
