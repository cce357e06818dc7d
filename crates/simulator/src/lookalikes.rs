//! Innocent things that look like the crimes: no alert may stand on them at the end of the day.

use serde_json::json;

use crate::cast::Haulier;
use crate::chance::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::crimes::{Stage, hand_on, with_both_seals};
use crate::goods::Sealer;
use crate::import::{Announcement, Exit, Import};
use crate::letter::{DcsaPlace, Function, party};
use crate::list::Row;

/// Entries on the list for containers and seals that never come.
const STRANGERS_ON_LIST: usize = 40;

/// Tells every look-alike. `None` when the cast is too small for one, which the limits of the options exclude.
pub(crate) fn all(stage: &mut Stage<'_, '_>) -> Option<()> {
    truck_swapped_at_the_gate(stage)?;
    truck_corrected(stage)?;
    resealed_by_the_veterinarian(stage)?;
    seal_mistyped(stage)?;
    delivery_refused(stage)?;
    selection_cancelled(stage)?;
    handed_to_another_haulier(stage)?;
    entry_expired(stage)?;
    entry_removed(stage)?;
    strangers_on_the_list(stage);
    Some(())
}

/// The announced truck broke down; another of the same haulier comes.
fn truck_swapped_at_the_gate(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = stage.import(31)?;
    plan.exits.first_mut()?.plate = haulier.plates.last()?.clone();
    plan.tell(stage.teller);
    Some(())
}

/// The haulier corrects the plate in its announcement.
fn truck_corrected(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = stage.import(57)?;
    let plate = haulier.plates.last()?.clone();
    let announcement = plan.announcements.first_mut()?;
    announcement.truck_changed = Some((announcement.at.plus_millis(20 * MINUTE_MS), plate.clone()));
    plan.exits.first_mut()?.plate = plate;
    plan.tell(stage.teller);
    Some(())
}

/// The veterinarian opens the container and closes it with a seal of his own, and both he and the carrier say so.
fn resealed_by_the_veterinarian(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, _) = stage.import(77)?;
    with_both_seals(stage, &mut plan);
    let own = stage.teller.store.seal(Sealer::Veterinary, plan.unit.carrier);
    let exit = plan.exits.first_mut()?;
    let removed = exit.seals.clone();
    exit.seals = vec![own.clone()];
    let at = exit.at.plus_millis(-7 * HOUR_MS);
    plan.tell(stage.teller);
    plan.tell_opening(stage.teller, at, Sealer::Veterinary);
    let place = DcsaPlace::koper();
    stage.teller.equipment("RMVD", at.plus_millis(-25 * MINUTE_MS), &plan.unit, place, &removed);
    stage.teller.equipment("RSEA", at.plus_millis(12 * MINUTE_MS), &plan.unit, place, &[own]);
    Some(())
}

/// The gate clerk swaps two digits of the seal and sends the document again half an hour later.
fn seal_mistyped(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = stage.import(36)?;
    let exit = plan.exits.pop()?;
    plan.tell(stage.teller);
    let mut gate = stage.teller.passage(false, exit.at, &plan.unit, &haulier, &exit.plate);
    gate.secret = Some(plan.secret.clone());
    let right = gate.clone();
    let seal = gate.seals.first_mut()?;
    seal.number = one_digit_off(&seal.number);
    // The carrier copies the gate's first word; only the gate's own document is corrected.
    let told = gate.at.plus_millis(4 * MINUTE_MS);
    stage.teller.tell(told, crate::letter::Body::Gate(Box::new(gate)));
    let corrected = crate::letter::GateMove { function: Function::Replace, ..right };
    stage.teller.tell(told.plus_millis(31 * MINUTE_MS), crate::letter::Body::Gate(Box::new(corrected)));
    Some(())
}

/// The consignee refuses the goods; the truck brings them back and takes them again later.
fn delivery_refused(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = stage.import(26)?;
    let first = plan.exits.first()?.clone();
    let (refused_at, back_at, again_at) = (stage.time(39), stage.time(51), stage.time(86));
    plan.announcements.push(Announcement {
        haulier: haulier.firm.clone(),
        plate: first.plate.clone(),
        at: stage.time(80),
        cancelled_at: None,
        truck_changed: None,
    });
    plan.exits.push(Exit { at: again_at, ..first.clone() });
    plan.tell(stage.teller);
    let parts =
        json!({"parties": [party("CONSIGNEE", &plan.consignee.firm), party("HAULIER", &haulier.firm)]});
    stage.teller.release("delivery_rejected", refused_at, &plan.unit, parts);
    let gate = stage.teller.passage(true, back_at, &plan.unit, &haulier, &first.plate);
    stage.teller.gate(gate);
    Some(())
}

/// Customs changes its mind, then the container leaves.
fn selection_cancelled(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, _) = stage.import(64)?;
    let out_at = plan.exits.first()?.at;
    plan.customs = vec![
        ("customs_selected_for_scan", out_at.plus_millis(-9 * HOUR_MS)),
        ("customs_selection_cancelled", out_at.plus_millis(-3 * HOUR_MS)),
    ];
    plan.tell(stage.teller);
    Some(())
}

/// One haulier cancels; the release is handed on in due form to another that the consignee also works with.
fn handed_to_another_haulier(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, _) = stage.import(81)?;
    let other = other_usual(stage, &plan)?;
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
    (exit.haulier, exit.plate) = (other, plate);
    plan.tell(stage.teller);
    Some(())
}

/// A haulier that has collected for the plan's consignee before, made so if need be.
fn other_usual(stage: &mut Stage<'_, '_>, plan: &Import) -> Option<Haulier> {
    let other = stage.other_haulier(plan)?;
    let index = stage.teller.cast.hauliers.iter().position(|h| h.firm == other.firm)?;
    let mut consignee = plan.consignee.clone();
    consignee.hauliers = vec![index];
    for _ in 0..3 {
        crate::ordinary::earlier_collection(stage.options, stage.teller, &consignee);
    }
    Some(other)
}

/// A container that was listed until last week.
fn entry_expired(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (plan, _) = stage.import(46)?;
    plan.tell(stage.teller);
    let row = Row::standing("CONTAINER", "CONTAINER", &plan.unit.number, "Inquiry of last month");
    // Before anything was said of the container, in whichever order the day is read.
    let ended = plan.loaded_at.plus_millis(-DAY_MS);
    stage.rows.push(Row { valid_to: Some(ended), ..row });
    Some(())
}

/// A container that its owner takes off the list during the day.
fn entry_removed(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (plan, _) = stage.import(90)?;
    plan.tell(stage.teller);
    let row = Row::standing("CONTAINER", "CONTAINER", &plan.unit.number, "Listed in error");
    stage.rows.push(Row { removed_at: Some(stage.time(68)), ..row });
    Some(())
}

fn strangers_on_the_list(stage: &mut Stage<'_, '_>) {
    for n in 0..STRANGERS_ON_LIST {
        let unit = stage.teller.store.laden(n % 3);
        let row = match unit.seals.first() {
            Some(seal) if n % 4 == 0 => Row::standing("SEAL", "SEAL", &seal.number, "Seal reported stolen"),
            _ => Row::standing("CONTAINER", "CONTAINER", &unit.number, "Inquiry of a partner service"),
        };
        stage.rows.push(row);
    }
}

/// The same number with its last digit changed.
pub(crate) fn one_digit_off(number: &str) -> String {
    let mut changed = number.to_owned();
    let last = changed.pop().and_then(|c| c.to_digit(10)).unwrap_or(0);
    format!("{changed}{}", (last + 3) % 10)
}

#[cfg(test)]
mod tests {
    use quaywatch_domain::identifiers::check_digit_ok;

    use super::one_digit_off;

    #[test]
    fn a_digit_off_breaks_the_check_digit() {
        assert_eq!(one_digit_off("CSQU3054383"), "CSQU3054386");
        assert!(!check_digit_ok(&one_digit_off("CSQU3054383")));
    }
}
