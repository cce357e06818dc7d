//! MO-03, MO-04, MO-05, seals: taken off in transit, copied, put on by nobody (WCO News 102 on operation TIN CAN; GDV Container
//! Handbook, 13.11.3, on the twin-seal trick).

use serde_json::json;

use super::{Scene, Story};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::letter::DcsaPlace;
use crate::numbers::{SealTag, Sealer};
use crate::world::Site;

/// The stories.
pub(super) const ALL: &[Story] = &[
    seal_gone,
    seal_tampered,
    twin_seals,
    removed_seal_comes_back,
    seals_of_one_run,
    resealed_by_nobody,
    sealed_before_opened,
    entered_without_a_seal,
    emptied_in_the_yard,
    opened_and_left_open,
    sealed_by_the_driver,
];

pub(super) fn seal_gone(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(52)?;
    scene.with_both_seals(&mut plan);
    let exit = plan.exits.first_mut()?;
    exit.seals.retain(|seal| seal.sealer != Sealer::Carrier);
    let from = exit.at;
    plan.tell(scene.teller);
    let story = "Rip-off: somebody opened the container in the yard; the carrier's seal of the ship is no longer on it.";
    scene.must_find(&plan.unit.number, &["MO-03a"], from, story);
    Some(())
}

pub(super) fn seal_tampered(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(66)?;
    scene.with_both_seals(&mut plan);
    let extra = scene.teller.numbers.seal(Sealer::Unsaid, plan.unit.carrier);
    let exit = plan.exits.first_mut()?;
    if let Some(seal) = exit.seals.first_mut() {
        seal.condition = "2";
    }
    exit.seals.push(extra);
    let from = exit.at;
    plan.tell(scene.teller);
    let story = "The doors were opened: the carrier's seal is damaged and one more seal, which nobody announced, hangs beside it.";
    scene.must_find(&plan.unit.number, &["MO-03b", "MO-03c"], from, story);
    Some(())
}

pub(super) fn twin_seals(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import(84)?;
    plan.tell(scene.teller);
    let copied: SealTag = plan.unit.seals.first()?.clone();
    let unit = scene.export(34, Some(copied))?;
    let from = scene.time(34);
    let story = "Twin seals: a carrier's seal that closes one container turns up on another.";
    scene.must_find(&plan.unit.number, &["MO-04a"], from, story);
    scene.must_find(&unit.number, &["MO-04a"], from, story);
    Some(())
}

fn removed_seal_comes_back(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(74)?;
    scene.with_both_seals(&mut plan);
    let out_at = plan.out_at()?;
    let inspected_at = out_at.plus_millis(-9 * HOUR_MS);
    let own = scene.teller.numbers.seal(Sealer::Customs, plan.unit.carrier);
    let old = plan.unit.seals.first()?.clone();
    plan.exits.first_mut()?.seals = vec![own.clone()];
    plan.customs = vec![
        ("customs_selected_for_inspection", out_at.plus_millis(-12 * HOUR_MS)),
        ("customs_inspected", inspected_at),
        ("customs_released", out_at.plus_millis(-7 * HOUR_MS)),
    ];
    let mut told = plan.clone();
    told.exits.clear();
    let mut announced = plan.clone();
    announced.exits.first_mut()?.seals = vec![own, old];
    told.customs.clear();
    told.tell(scene.teller);
    plan.tell_customs(scene.teller);
    announced.announcements.clear();
    announced.tell_gate(scene.teller);
    let story = "Customs cut the carrier's seal; when the container leaves, a seal with that number hangs on it again.";
    scene.must_find(&plan.unit.number, &["MO-04b"], out_at, story);
    Some(())
}

fn seals_of_one_run(scene: &mut Scene<'_, '_>) -> Option<()> {
    // Both seals were cut at the origin; the forger sells his own by the roll.
    let base = scene.teller.chance.between(10_000, 89_900) * 10;
    let mut shippers: Vec<String> = Vec::new();
    for n in 0..3_i64 {
        let (mut plan, _) =
            scene.import_of(52 + 6 * n, |c| c.home == Site::Koper && !shippers.contains(&c.shipper.id))?;
        shippers.push(plan.consignee.shipper.id.clone());
        let forged = SealTag::sound(format!("ZS{:07}", base + n), Sealer::Carrier);
        let shipper = SealTag::sound(format!("QH{:07}", base + 3 + n), Sealer::Shipper);
        plan.unit.seals = vec![forged, shipper];
        plan.crane_seals.clone_from(&plan.unit.seals);
        plan.exits.first_mut()?.seals.clone_from(&plan.unit.seals);
        plan.tell(scene.teller);
        let story = "Seals of one forged run, of no form that the carrier uses, and of one roll in place of the seals of different shippers.";
        scene.must_find(
            &plan.unit.number,
            &["MO-04c", "MO-04d"],
            plan.discharged_at.max(scene.options.start),
            story,
        );
    }
    Some(())
}

fn resealed_by_nobody(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(69)?;
    scene.with_both_seals(&mut plan);
    let own = scene.teller.numbers.seal(Sealer::Carrier, plan.unit.carrier);
    let at = plan.out_at()?.plus_millis(-8 * HOUR_MS);
    plan.exits.first_mut()?.seals.push(own.clone());
    plan.tell(scene.teller);
    let place = DcsaPlace::at(plan.site);
    scene.teller.equipment("RSEA", at, &plan.unit, place, &[own]);
    let story = "A new seal is put on although nobody took one off.";
    scene.must_find(&plan.unit.number, &["MO-05a"], at, story);
    Some(())
}

fn sealed_before_opened(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(61)?;
    scene.with_both_seals(&mut plan);
    let old = plan.unit.seals.clone();
    let own = scene.teller.numbers.seal(Sealer::Carrier, plan.unit.carrier);
    let at = plan.out_at()?.plus_millis(-6 * HOUR_MS);
    plan.exits.first_mut()?.seals = vec![own.clone()];
    plan.tell(scene.teller);
    let place = DcsaPlace::at(plan.site);
    scene.teller.equipment("RSEA", at, &plan.unit, place, &[own]);
    scene.teller.equipment("INSP", at.plus_millis(50 * MINUTE_MS), &plan.unit, place, &[]);
    scene.teller.equipment("RMVD", at.plus_millis(95 * MINUTE_MS), &plan.unit, place, &old);
    let story = "On paper the container is sealed anew, then inspected, and only then opened: the papers were made up afterwards.";
    scene.must_find(&plan.unit.number, &["MO-05a"], at, story);
    Some(())
}

fn entered_without_a_seal(scene: &mut Scene<'_, '_>) -> Option<()> {
    let mut plan = scene.export_plan(33)?;
    // What the clerk at the gate writes where there is none.
    plan.gate_seals = vec![SealTag::sound("NO SEAL".to_owned(), Sealer::Unsaid)];
    plan.tell(scene.teller);
    let story = "A laden export container comes to the gate without any seal: it was filled again after it was closed.";
    scene.must_find(&plan.unit.number, &["MO-05d"], plan.in_at, story);
    Some(())
}

fn emptied_in_the_yard(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import(79)?;
    let at = plan.out_at()?.plus_millis(-10 * HOUR_MS);
    plan.tell(scene.teller);
    scene.teller.equipment("STRP", at, &plan.unit, DcsaPlace::at(plan.site), &[]);
    let story = "The container is reported as stripped while it still stands in the yard.";
    scene.must_find(&plan.unit.number, &["MO-05e"], at, story);
    Some(())
}

fn opened_and_left_open(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(72)?;
    scene.with_both_seals(&mut plan);
    let old = plan.unit.seals.clone();
    let at = plan.out_at()?.plus_millis(-9 * HOUR_MS);
    plan.exits.first_mut()?.seals.clear();
    plan.tell(scene.teller);
    scene.teller.equipment("RMVD", at, &plan.unit, DcsaPlace::at(plan.site), &old);
    let story = "The carrier's checker finds the seals cut in the yard; hours later the container leaves full and without any.";
    scene.must_find(&plan.unit.number, &["MO-05b"], plan.out_at()?, story);
    Some(())
}

fn sealed_by_the_driver(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = scene.import(67)?;
    scene.with_both_seals(&mut plan);
    let own = scene.teller.numbers.seal(Sealer::Unsaid, plan.unit.carrier);
    let at = plan.out_at()?.plus_millis(-25 * MINUTE_MS);
    plan.exits.first_mut()?.seals.push(own.clone());
    plan.tell(scene.teller);
    let parts = json!({
        "seals": crate::letter::seal_lines(&[own]),
        "actor": {"user": format!("{}-app", haulier.firm.id), "organisation": haulier.firm.id, "role": "HAULIER"},
    });
    scene.teller.release("seal_affixed", at, &plan.unit, parts);
    let story = "Before he drives out, the driver himself puts a seal on, in place of those that he cut, and books it in his app.";
    scene.must_find(&plan.unit.number, &["MO-05c"], at, story);
    Some(())
}
