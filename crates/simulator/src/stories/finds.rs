//! What is found in one container is in others too: a load in two containers of one consignment (bananas from Ecuador,
//! Rotterdam 2018), 505 kg in the next container of a sender in whose peanuts 361 kg had been found (Rotterdam), neighbours on
//! board that a crew opened at sea (MSC Gayane, Philadelphia 2019), forged seals cut from one roll (WCO News 102), empty reefers
//! with drugs behind their panels (Los Angeles 2012, Rotterdam 2024).
//! <https://www.rijnmond.nl/nieuws/168167/Cocainevondst-in-een-lading-bananen>,
//! <https://taketonews.com/de/hunderte-kilo-kokain-zwischen-erdnuessen-im-rotterdamer-gewerbegebiet>,
//! <https://maritime-executive.com/article/15-tonnes-of-cocaine-seized-aboard-boxship-in-philadelphia>,
//! <http://www.pmmonlinenews.com/2012/03/half-million-dollars-worth-of-cocaine.html>.

use quaywatch_domain::{Timestamp, Verdict};

use super::{Scene, Story};
use crate::chance::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::letter::CustomsStep;
use crate::numbers::{REEFER, SealTag, Sealer, Unit};
use crate::trades::empties;
use crate::trades::import::{Import, cell};
use crate::trades::yard::Ordered;
use crate::world::Site;

/// The stories.
pub(super) const ALL: &[Story] =
    &[one_consignment, same_sender, one_roll_of_seals, neighbour_on_board, next_empties];

/// Customs select, scan, hold and open a container some hours before it would leave; returns when they open it.
pub(crate) fn opened_by_customs(scene: &mut Scene<'_, '_>, plan: &mut Import) -> Option<Timestamp> {
    let opened_at = plan.out_at()?.plus_millis(-4 * HOUR_MS);
    let before = |hours: i64| opened_at.plus_millis(-hours * HOUR_MS);
    plan.customs = vec![
        ("customs_selected_for_scan", plan.discharged_at.plus_millis(HOUR_MS)),
        ("customs_scanned", before(7)),
        ("customs_held", before(6)),
        ("customs_inspected", opened_at),
    ];
    restacked(scene, plan);
    plan.look_ups.clear();
    plan.monitored = false;
    plan.announcements.clear();
    plan.chain.truncate(1);
    Some(opened_at)
}

/// Customs find drugs in the container and keep it; tells of it and returns when they answer.
fn found(scene: &mut Scene<'_, '_>, mut plan: Import) -> Option<Timestamp> {
    let opened_at = opened_by_customs(scene, &mut plan)?;
    plan.moves.retain(|step| step.to.block != "LANE");
    plan.exits.clear();
    plan.returned_at = None;
    plan.tell(scene.teller);
    let cut = CustomsStep {
        kind: "seal_removed",
        at: opened_at.plus_millis(-25 * MINUTE_MS),
        office: plan.office,
        declaration: "",
        seals: &plan.unit.seals,
        consignee: None,
    };
    scene.teller.customs(plan.site, &cut, &plan.unit);
    let answered_at = opened_at.plus_millis(scene.teller.chance.minutes(60, 3 * 60));
    let kg = scene.teller.chance.between(20, 1_200);
    scene.answer(&plan.unit.number, answered_at, Verdict::Seizure, Some(kg));
    Some(answered_at)
}

/// Another container of the same consignment.
pub(crate) fn of_one_consignment(scene: &mut Scene<'_, '_>, plan: &Import) -> Import {
    let teller = &mut *scene.teller;
    let drawn = teller.numbers.laden(plan.unit.carrier, &plan.ware, &mut teller.chance);
    let unit = Unit { bill: plan.unit.bill.clone(), booking: plan.unit.booking.clone(), ..drawn };
    let mut other = Import {
        discharged_at: plan.discharged_at.plus_millis(teller.chance.minutes(4, 40)),
        crane_seals: unit.seals.clone(),
        cell: cell(teller),
        declared_kg: unit.gross_kg,
        crane_kg: unit.gross_kg,
        spreader_kg: None,
        secret: teller.numbers.secret(),
        unit,
        ..plan.clone()
    };
    for exit in &mut other.exits {
        exit.seals.clone_from(&other.unit.seals);
        exit.scale_kg = None;
    }
    restacked(scene, &mut other);
    other
}

/// Puts it into the yard anew, every move on an order.
fn restacked(scene: &mut Scene<'_, '_>, plan: &mut Import) {
    plan.stack(scene.teller);
    for step in &mut plan.moves {
        if !matches!(step.ordered, Ordered::Before(_)) {
            step.ordered = Ordered::Before(9);
        }
    }
}

fn one_consignment(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (first, _) = scene.risky_import(45)?;
    let mut second = of_one_consignment(scene, &first);
    second.leaving_at(first.out_at()?.plus_millis(13 * HOUR_MS));
    let at = found(scene, first)?;
    second.tell(scene.teller);
    let story = "The load of one consignment is divided over two containers: what customs find in one of them is in the other, which is about to be fetched.";
    scene.must_find(&second.unit.number, &["CONTAGION-bill", "CONTAGION-shipper"], at, story);
    Some(())
}

fn same_sender(scene: &mut Scene<'_, '_>) -> Option<()> {
    scene.leave_room(10);
    let (first, haulier) = scene.risky_import(40)?;
    let (consignee, origin, via) = (first.consignee.clone(), first.origin, first.via);
    let at = found(scene, first)?;
    let (call, arrival) = later_call(scene, at, 9)?;
    let discharged_at = arrival.plus_millis(4 * HOUR_MS);
    let mut next = Import::arriving(scene.teller, &consignee, (call, discharged_at))?.plain(&haulier);
    (next.origin, next.via) = (origin, via);
    next.tell(scene.teller);
    let story = "A week after a find the next container of the same sender comes with the same goods for the same importer, and with more.";
    scene.must_find(&next.unit.number, &["CONTAGION-shipper"], at, story);
    Some(())
}

fn one_roll_of_seals(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut first, _) = scene.risky_import(42)?;
    let sender = first.consignee.shipper.id.clone();
    let (mut other, _) = scene.import_of(88, |c| c.home == Site::Koper && c.shipper.id != sender)?;
    let base = scene.teller.chance.between(1_000_000, 8_999_000);
    for (n, plan) in (base..).zip([&mut first, &mut other]) {
        let carriers = scene.teller.numbers.seal(Sealer::Carrier, plan.unit.carrier);
        plan.unit.seals = vec![carriers, SealTag::sound(format!("MX{n}"), Sealer::Shipper)];
        plan.crane_seals.clone_from(&plan.unit.seals);
        for exit in &mut plan.exits {
            exit.seals.clone_from(&plan.unit.seals);
        }
    }
    let at = found(scene, first)?;
    other.tell(scene.teller);
    let story = "Two containers of different senders were opened on their way and closed with seals from one roll: customs find drugs in one of them.";
    scene.must_find(&other.unit.number, &["CONTAGION-seal"], at, story);
    Some(())
}

fn neighbour_on_board(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (first, _) = scene.risky_import(44)?;
    let sender = first.consignee.shipper.id.clone();
    let consignee = scene.consignee(|c| c.home == Site::Koper && c.shipper.id != sender)?;
    let haulier = scene.teller.world.hauliers.get(*consignee.hauliers.first()?)?;
    let discharged_at = first.discharged_at.plus_millis(6 * MINUTE_MS);
    let mut other = Import::arriving(scene.teller, &consignee, (first.call, discharged_at))?.plain(haulier);
    other.customs = vec![("customs_released", discharged_at.plus_millis(9 * HOUR_MS))];
    other.leaving_at(first.out_at()?.plus_millis(13 * HOUR_MS));
    other.cell = next_cell(&first.cell)?;
    let at = found(scene, first)?;
    other.tell(scene.teller);
    let story = "At sea the crew opened two containers that stand one on the other; customs find drugs in one of them, and the other is about to be fetched.";
    scene.must_find(&other.unit.number, &["CONTAGION-cell"], at, story);
    Some(())
}

/// The cell on top of one, or below the topmost.
fn next_cell(cell: &str) -> Option<String> {
    let (stack, tier) = cell.split_at_checked(5)?;
    let tier: i64 = tier.parse().ok()?;
    let next = if matches!(tier, 16 | 94) { tier - 2 } else { tier + 2 };
    Some(format!("{stack}{next:02}"))
}

fn next_empties(scene: &mut Scene<'_, '_>) -> Option<()> {
    scene.leave_room(6);
    let (first, _) = scene.risky_import(40)?;
    let (carrier, from) = (first.unit.carrier, first.origin.0);
    let at = found(scene, first)?;
    let (call, arrival) = later_call(scene, at, 5)?;
    for n in 0..3 {
        let unit = scene.teller.numbers.empty_of(carrier, &[REEFER], &mut scene.teller.chance);
        let discharged_at = arrival.plus_millis(3 * HOUR_MS + n * 7 * MINUTE_MS);
        empties::by_sea(scene.teller, &unit, (call, discharged_at), from)?;
        if n == 0 {
            let story = "Days after a find empty reefers come from the same port of loading; behind the panels of one of them there is more.";
            scene.must_find(&unit.number, &["CONTAGION-origin"], at, story);
        }
    }
    Some(())
}

/// A call a day and more after a moment, within so many days and the recording, else the next one; and its arrival.
fn later_call(scene: &mut Scene<'_, '_>, from: Timestamp, days: i64) -> Option<(usize, Timestamp)> {
    let world = scene.teller.world;
    let latest = from.plus_millis(days * DAY_MS).min(scene.options.end().plus_millis(-14 * HOUR_MS));
    let soon = world.calls_between(Site::Koper, from.plus_millis(DAY_MS), latest);
    let any = world.calls_between(Site::Koper, from, from.plus_millis(DAY_MS));
    let call = scene.teller.chance.pick(&soon).or_else(|| any.first())?;
    Some((*call, world.calls.get(*call)?.arrival))
}
