//! MO-20, fetched from the depot for empties: 67 packs behind the rear wall of an emptied reefer (Maasvlakte, January 2024).

use quaywatch_domain::Timestamp;
use serde_json::json;

use super::{Scene, Story};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::letter::{DcsaPlace, RELEASE_FEED, party};
use crate::trades::import::Import;
use crate::trades::yard::{EMPTY_BLOCKS, LookUp, Ordered, Slot, YardMove};
use crate::world::{Consignee, Site};

/// The stories.
pub(super) const ALL: &[Story] = &[fetched_from_the_depot, asked_for_by_number, intruders];

/// Tells of a reefer from a source country that is stripped inland and brought to the depot so many hours after it left;
/// returns when it comes there.
fn emptied(scene: &mut Scene<'_, '_>, percent: i64, hours: i64) -> Option<(Import, Timestamp)> {
    let reefer = |c: &Consignee| {
        c.home == Site::Koper && c.ware.setpoint_c.is_some() && super::scene::is_source(c.origin.1)
    };
    let mut plan = match scene.import_of(percent, reefer) {
        Some((plan, _)) => plan,
        None => {
            let (mut plan, _) = scene.risky_import(percent)?;
            plan.ware = *crate::world::wares::WARES.iter().find(|w| w.hs == "080390")?;
            plan.unit.iso_type = "45R1";
            plan
        }
    };
    let out_at = plan.out_at()?;
    let back_at = out_at.plus_millis(hours * HOUR_MS);
    (plan.returned_at, plan.returned_to) = (Some(back_at), Site::Depot);
    plan.tell(scene.teller);
    let place = DcsaPlace { un_locode: "SILJU", terminal: None, call: None };
    scene.teller.equipment("STRP", out_at.plus_millis(hours / 2 * HOUR_MS), &plan.unit, place, &[]);
    Some((plan, back_at))
}

fn fetched_from_the_depot(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, back_at) = emptied(scene, 10, 8)?;
    let haulier = plan.exits.first()?.haulier.clone();
    let kg = plan.unit.tare_kg() + scene.teller.chance.between(67, 160);
    scene.teller.weigh(
        Site::Depot,
        back_at.plus_millis(-3 * MINUTE_MS),
        &plan.unit,
        haulier.plates.first()?,
        kg,
    );
    let placed = Slot::draw(EMPTY_BLOCKS, &mut scene.teller.chance);
    let step = YardMove { at: back_at.plus_millis(20 * MINUTE_MS), to: placed, ordered: Ordered::Before(6) };
    scene.teller.yard_move(Site::Depot, &plan.unit, &step);
    let night = scene.night(80).max(back_at.plus_millis(4 * HOUR_MS));
    let to = Slot { tier: 1, row: 1, ..Slot::draw(EMPTY_BLOCKS, &mut scene.teller.chance) };
    scene.teller.yard_move(Site::Depot, &plan.unit, &YardMove { at: night, to, ordered: Ordered::No });
    let story = "The reefer was emptied and stands in the depot, a hundred kilograms too heavy, when it is moved at night and nobody ordered it.";
    scene.must_find(&plan.unit.number, &["MO-20b", "MO-20c"], back_at, story);
    Some(())
}

fn asked_for_by_number(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, back_at) = emptied(scene, 14, 7)?;
    let stranger = scene.other_haulier(&plan)?;
    let asked_at = back_at.plus_millis(scene.teller.chance.minutes(3 * 60, 6 * 60));
    let look = LookUp::by_clerk(&stranger.firm, 5, "CLERK", asked_at);
    scene.teller.look_up(&plan.unit, &look);
    let parts = json!({
        "documents": {"order": format!("RO{:08}", scene.teller.numbers.serial())},
        "equipment": {"number": plan.unit.number, "iso_type": plan.unit.iso_type, "laden": "EMPTY"},
        "parties": [party("HAULIER", &stranger.firm)],
    });
    let ordered_at = asked_at.plus_millis(25 * MINUTE_MS);
    scene.teller.canonical((RELEASE_FEED, Site::Depot), "release_order", ordered_at, &plan.unit, parts);
    let at = asked_at.plus_millis(70 * MINUTE_MS);
    let mut gate =
        scene.teller.passage_at(Site::Depot, false, at, &plan.unit, &stranger, stranger.plates.first()?);
    (gate.laden, gate.kg) = (false, plan.unit.tare_kg());
    gate.seals.clear();
    scene.teller.gate(gate);
    let story = "Hours after the emptied reefer came to the depot a stranger asks for exactly this one and takes it away.";
    scene.must_find(&plan.unit.number, &["MO-20d", "MO-20e"], asked_at, story);
    Some(())
}

fn intruders(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, back_at) = emptied(scene, 12, 8)?;
    let night = scene.night(82).max(back_at.plus_millis(3 * HOUR_MS));
    scene.teller.intruders(Site::Depot, night, &plan.unit);
    let story =
        "At night guards find men with tools in the depot, beside a reefer that was emptied the day before.";
    scene.must_find(&plan.unit.number, &["MO-20a"], night, story);
    Some(())
}
