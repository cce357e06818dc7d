//! Look-alikes on the container itself: seals, doors, weights, reefers.

use serde_json::json;

use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::letter::{CustomsStep, DcsaPlace, REEFER_FEED};
use crate::numbers::{SealTag, Sealer};
use crate::stories::{Scene, Story};
use crate::trades::{LEFT_IN_KG, WATER_PER_MILLE, empties};
use crate::world::{Consignee, Site};

/// Those that a showcase leaves out.
pub(super) const MORE: &[Story] = &[
    phyto_check_not_messaged,
    seal_list_cut,
    short_seal,
    opening_half_told,
    seal_not_read_at_the_gate,
    terminal_seal_added,
    door_contact_bounces,
    opened_by_customs,
    device_taken_back_at_delivery,
    tare_by_default,
    goods_for_gross,
    weight_copied,
    wet_cargo,
    genset_on_the_scale,
    dunnage_left_in,
    plugged_elsewhere,
    checked_before_the_trip,
    reefer_as_a_dry_box,
];

fn dry(consignee: &Consignee) -> bool {
    consignee.home == Site::Koper && consignee.ware.setpoint_c.is_none()
}

fn cooled(consignee: &Consignee) -> bool {
    consignee.home == Site::Koper && consignee.ware.setpoint_c.is_some()
}

/// The plant inspector opens the container; the seals are told by nobody, only that customs had it inspected.
fn phyto_check_not_messaged(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(70)?;
    let out_at = plan.out_at()?;
    let own = scene.teller.numbers.seal(Sealer::Phytosanitary, plan.unit.carrier);
    plan.exits.first_mut()?.seals = vec![own];
    plan.customs = Vec::new();
    plan.tell(scene.teller);
    let steps = [
        ("customs_selected_for_inspection", 13 * 60),
        ("customs_inspected", 9 * 60),
        ("customs_released", 7 * 60),
    ];
    let declaration = format!("26SI{:013}1", scene.teller.numbers.serial());
    for (kind, minutes) in steps {
        let at = out_at.plus_millis(-minutes * MINUTE_MS);
        let step = CustomsStep {
            kind,
            at,
            office: plan.office,
            declaration: &declaration,
            seals: &[],
            consignee: Some(&plan.consignee.firm),
        };
        scene.teller.customs(plan.site, &step, &plan.unit);
    }
    Some(())
}

/// The gate's form has room for one seal.
fn seal_list_cut(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(64)?;
    scene.with_both_seals(&mut plan);
    plan.exits.first_mut()?.seals.truncate(1);
    plan.tell(scene.teller);
    Some(())
}

/// A shipper numbers its seals from 1, as others do.
fn short_seal(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(73)?;
    let number = scene.teller.chance.between(1_000, 9_999).to_string();
    plan.unit.seals.retain(|seal| seal.sealer == Sealer::Carrier);
    plan.unit.seals.push(SealTag::sound(number, Sealer::Shipper));
    plan.crane_seals.clone_from(&plan.unit.seals);
    plan.exits.first_mut()?.seals.clone_from(&plan.unit.seals);
    plan.tell(scene.teller);
    Some(())
}

/// Customs say that they put a seal on, and forget to say that they took the others off.
fn opening_half_told(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(68)?;
    let out_at = plan.out_at()?;
    let own = scene.teller.numbers.seal(Sealer::Customs, plan.unit.carrier);
    plan.exits.first_mut()?.seals = vec![own.clone()];
    plan.tell(scene.teller);
    let seals = [own];
    let at = out_at.plus_millis(-8 * HOUR_MS);
    let step = CustomsStep {
        kind: "seal_affixed",
        at,
        office: plan.office,
        declaration: "",
        seals: &seals,
        consignee: None,
    };
    scene.teller.customs(plan.site, &step, &plan.unit);
    Some(())
}

/// It rains, and the clerk does not get out of the booth; the crane's checker reads the seals next day.
fn seal_not_read_at_the_gate(scene: &mut Scene<'_, '_>) -> Option<()> {
    let mut plan = scene.export_plan(42)?;
    plan.gate_seals = vec![SealTag::sound(".".to_owned(), Sealer::Unsaid)];
    plan.tell(scene.teller);
    Some(())
}

/// The terminal finds a container without a seal on one door and puts its own on, in due form.
fn terminal_seal_added(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(59)?;
    let own = scene.teller.numbers.seal(Sealer::Terminal, plan.unit.carrier);
    plan.exits.first_mut()?.seals.push(own.clone());
    let at = plan.discharged_at.plus_millis(50 * MINUTE_MS);
    plan.tell(scene.teller);
    let parts = json!({
        "seals": crate::letter::seal_lines(&[own]),
        "actor": {"user": "LUKKP-44", "organisation": plan.site.code(), "role": "TERMINAL"},
    });
    scene.teller.release("seal_affixed", at, &plan.unit, parts);
    Some(())
}

/// The contact of a door is loose: it opens and closes within the minute.
fn door_contact_bounces(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import_of(81, dry)?;
    plan.tracked = true;
    let at = plan.out_at()?.plus_millis(-scene.teller.chance.minutes(3 * 60, 12 * 60));
    plan.tell(scene.teller);
    for _ in 0..scene.teller.chance.between(1, 3) {
        scene.teller.door(plan.site, "DOOR_OPENED", at, &plan.unit);
        scene.teller.door(plan.site, "DOOR_CLOSED", at.plus_millis(20_000), &plan.unit);
    }
    Some(())
}

/// Customs open a container that has a device on it.
fn opened_by_customs(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import_of(77, dry)?;
    plan.tracked = true;
    let out_at = plan.out_at()?;
    let inspected_at = out_at.plus_millis(-10 * HOUR_MS);
    let own = scene.teller.numbers.seal(Sealer::Customs, plan.unit.carrier);
    plan.exits.first_mut()?.seals = vec![own];
    plan.customs = vec![
        ("customs_selected_for_inspection", out_at.plus_millis(-15 * HOUR_MS)),
        ("customs_inspected", inspected_at),
        ("customs_released", out_at.plus_millis(-7 * HOUR_MS)),
    ];
    plan.stack(scene.teller);
    plan.tell(scene.teller);
    scene.teller.door(plan.site, "DOOR_OPENED", inspected_at.plus_millis(-20 * MINUTE_MS), &plan.unit);
    scene.teller.door(plan.site, "DOOR_CLOSED", inspected_at.plus_millis(5 * MINUTE_MS), &plan.unit);
    Some(())
}

/// The device is taken off where the journey ends.
fn device_taken_back_at_delivery(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import_of(60, dry)?;
    plan.tracked = true;
    let at = plan.out_at()?.plus_millis(5 * HOUR_MS);
    plan.tell(scene.teller);
    scene.teller.door(Site::Inland, "UNPAIRING", at, &plan.unit);
    Some(())
}

/// The shipper adds 4,000 kg for every container, whatever its size.
fn tare_by_default(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(66)?;
    plan.declared_kg = plan.unit.gross_kg - plan.unit.tare_kg() + 4_000;
    plan.tell(scene.teller);
    Some(())
}

/// The shipper verifies the weight of the goods and forgets that of the container.
fn goods_for_gross(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(64)?;
    plan.declared_kg = plan.unit.gross_kg - plan.unit.tare_kg();
    plan.tell(scene.teller);
    Some(())
}

/// Everybody copies the weight of the papers.
fn weight_copied(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(62)?;
    plan.crane_kg = plan.declared_kg;
    plan.spreader_kg = plan.spreader_kg.map(|_| plan.declared_kg);
    plan.exits.first_mut()?.scale_kg = Some(plan.declared_kg);
    plan.tell(scene.teller);
    Some(())
}

/// Timber and ore take up water on the way: a percent or so.
fn wet_cargo(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import_of(58, dry)?;
    let water =
        plan.unit.gross_kg * scene.teller.chance.between(WATER_PER_MILLE.0, WATER_PER_MILLE.1) / 1_000;
    plan.crane_kg = plan.declared_kg + water;
    plan.spreader_kg = plan.spreader_kg.map(|_| plan.crane_kg);
    plan.exits.first_mut()?.scale_kg = Some(plan.declared_kg + water);
    plan.tell(scene.teller);
    Some(())
}

/// The truck's generator hangs on the front of the reefer when it is weighed.
fn genset_on_the_scale(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import_of(71, cooled).or_else(|| scene.import(71))?;
    if plan.ware.setpoint_c.is_some() {
        plan.exits.first_mut()?.scale_kg = Some(plan.unit.gross_kg + scene.teller.chance.between(650, 900));
    }
    plan.tell(scene.teller);
    Some(())
}

/// Pallets and dunnage are left in an empty.
fn dunnage_left_in(scene: &mut Scene<'_, '_>) -> Option<()> {
    let world = scene.teller.world;
    let haulier = scene.teller.chance.pick(&world.hauliers)?;
    let unit = scene.teller.numbers.empty(1, &mut scene.teller.chance);
    let kg = unit.tare_kg() + scene.teller.chance.between(LEFT_IN_KG.0, LEFT_IN_KG.1);
    let at = scene.time(52);
    empties::returned(scene.teller, Site::Koper, at, &unit, (haulier, haulier.plates.first()?), Some(kg));
    Some(())
}

/// A reefer is moved to another rack under an order; meanwhile it has no power.
fn plugged_elsewhere(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import_of(83, cooled).or_else(|| scene.import(83))?;
    let at = plan.out_at()?.plus_millis(-scene.teller.chance.minutes(5 * 60, 10 * 60));
    let to = plan.slot_at(at)?.beside();
    plan.tell(scene.teller);
    let step = crate::trades::yard::YardMove { at, to, ordered: crate::trades::yard::Ordered::Before(8) };
    scene.teller.yard_move(plan.site, &plan.unit, &step);
    let rack = (REEFER_FEED, plan.site);
    let off_at = at.plus_millis(-6 * MINUTE_MS);
    let on_at = at.plus_millis(scene.teller.chance.minutes(6, 18));
    scene.teller.canonical(rack, "power_off", off_at, &plan.unit, json!({"reefer": {"powered": false}}));
    scene.teller.canonical(rack, "power_on", on_at, &plan.unit, json!({"reefer": {"powered": true}}));
    Some(())
}

/// The depot opens and runs a reefer before it is let out again.
fn checked_before_the_trip(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import_of(20, cooled).or_else(|| scene.import(20))?;
    let back_at = plan.out_at()?.plus_millis(9 * HOUR_MS);
    (plan.returned_at, plan.returned_to) = (Some(back_at), Site::Depot);
    plan.tell(scene.teller);
    let place = DcsaPlace { un_locode: "SILJU", terminal: None, call: None };
    scene.teller.equipment("STRP", back_at.plus_millis(-3 * HOUR_MS), &plan.unit, place, &[]);
    let to = crate::trades::yard::Slot { block: "PTI", bay: 1, row: 2, tier: 1 };
    let at = back_at.plus_millis(5 * HOUR_MS);
    let step = crate::trades::yard::YardMove { at, to, ordered: crate::trades::yard::Ordered::Before(30) };
    scene.teller.yard_move(Site::Depot, &plan.unit, &step);
    scene.teller.door(Site::Depot, "DOOR_OPENED", at.plus_millis(15 * MINUTE_MS), &plan.unit);
    scene.teller.door(Site::Depot, "DOOR_CLOSED", at.plus_millis(40 * MINUTE_MS), &plan.unit);
    Some(())
}

/// A reefer carries dry goods home because it has to go there anyway.
fn reefer_as_a_dry_box(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import_of(75, dry)?;
    plan.unit.iso_type = "45R1";
    plan.unit.gross_kg += 900;
    plan.declared_kg = plan.unit.gross_kg;
    plan.crane_kg = plan.unit.gross_kg + 40;
    plan.spreader_kg = plan.spreader_kg.map(|_| plan.crane_kg);
    if let Some(exit) = plan.exits.first_mut() {
        exit.scale_kg = exit.scale_kg.map(|_| plan.unit.gross_kg - 20);
    }
    plan.tell(scene.teller);
    Some(())
}
