//! Look-alikes in papers, people and places: handovers, late word, manifests, look-ups, drivers.

use quaywatch_domain::event::EquipmentStatus;

use crate::chance::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::letter::{Body, CustomsStep, IMPORT, QuayMove, party};
use crate::stories::{Scene, Story};
use crate::trades::import::{Handover, Import, Manifest, known_as};
use crate::trades::sea::Leg;
use crate::trades::yard::{LookUp, Ordered, Slot, YardMove};
use crate::world::{Consignee, Firm, Site, badge, founded, new_haulier, registered};

/// Those that a showcase leaves out.
pub(super) const MORE: &[Story] = &[
    subcontracted,
    pin_mistyped,
    fetched_at_night_as_planned,
    wrong_box_taken,
    recalled_by_customs,
    release_told_late,
    discharge_told_late,
    manifest_amended_late,
    empties_on_no_manifest,
    restowed_under_an_order,
    rolled_to_the_next_ship,
    split_by_the_carrier,
    straight_to_rail,
    forgotten_over_the_holidays,
    ordered_by_voice,
    found_one_slot_off,
    customer_service,
    watched_by_a_bot,
    first_import,
    new_forwarder,
    new_connection,
    driver_of_the_pool,
    plate_misread,
    newcomer_in_good_time,
];

/// The haulier gives the trip to another one in good time, as hauliers do.
fn subcontracted(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(66)?;
    let other = scene.other_haulier(&plan)?;
    let out_at = plan.out_at()?;
    let plate = other.plates.first()?.clone();
    let at = out_at.plus_millis(-scene.teller.chance.minutes(190, 230));
    plan.announcements.first_mut()?.haulier = known_as(&other, plan.site);
    let announcement = plan.announcements.first_mut()?;
    announcement.plate.clone_from(&plate);
    announcement.at = out_at.plus_millis(-95 * MINUTE_MS);
    let to = known_as(&other, plan.site);
    plan.chain.push(Handover { to, at, accepted_at: at.plus_millis(9 * MINUTE_MS) });
    let exit = plan.exits.first_mut()?;
    (exit.haulier, exit.driver, exit.plate) = (other, badge(&plate), plate);
    plan.tell(scene.teller);
    Some(())
}

/// The driver hits a wrong key once or twice.
fn pin_mistyped(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, haulier) = scene.import(69)?;
    let at = plan.out_at()?.plus_millis(-14 * MINUTE_MS);
    plan.tell(scene.teller);
    let tries = scene.teller.chance.between(1, 2);
    for n in 0..=tries {
        let action = if n < tries { "wrong PIN" } else { "PIN ok" };
        let look = LookUp {
            action,
            ..LookUp::by_clerk(&haulier.firm, 6, "DRIVER_APP", at.plus_millis(n * MINUTE_MS))
        };
        scene.teller.look_up(&plan.unit, &look);
    }
    Some(())
}

/// Terminals are open at night, and some hauliers like it quiet.
fn fetched_at_night_as_planned(scene: &mut Scene<'_, '_>) -> Option<()> {
    let night = scene.night(58);
    let (plan, _) = scene.import_at(night, |c| c.home == Site::Koper)?;
    plan.tell(scene.teller);
    Some(())
}

/// The driver has taken the wrong container and is back within the hour, and says so.
fn wrong_box_taken(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = scene.import(40)?;
    let out_at = plan.out_at()?;
    let first = plan.exits.first()?.clone();
    let again_at = out_at.plus_millis(26 * HOUR_MS);
    plan.exits.push(crate::trades::import::Exit { at: again_at, ..first.clone() });
    let again = crate::trades::import::Announcement {
        at: again_at.plus_millis(-100 * MINUTE_MS),
        ..plan.announcements.first()?.clone()
    };
    plan.announcements.push(again);
    plan.tell(scene.teller);
    let parts = serde_json::json!({"parties": [party("HAULIER", &haulier.firm)]});
    scene.teller.release("delivery_rejected", out_at.plus_millis(30 * MINUTE_MS), &plan.unit, parts);
    let at = out_at.plus_millis(scene.teller.chance.minutes(45, 100));
    let mut gate = scene.teller.passage(true, at, &plan.unit, &haulier, &first.plate);
    gate.status = IMPORT;
    scene.teller.gate(gate);
    Some(())
}

/// Customs call a container back that has just left; it comes back under their order.
fn recalled_by_customs(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = scene.import(38)?;
    plan.returned_at = None;
    let out_at = plan.out_at()?;
    let plate = plan.exits.first()?.plate.clone();
    plan.tell(scene.teller);
    let parts = serde_json::json!({"parties": [party("CONSIGNEE", &plan.consignee.firm)]});
    scene.teller.release("delivery_rejected", out_at.plus_millis(2 * HOUR_MS), &plan.unit, parts);
    let mut gate = scene.teller.passage(true, out_at.plus_millis(7 * HOUR_MS), &plan.unit, &haulier, &plate);
    gate.status = IMPORT;
    gate.order = Some(format!("RECALL{}", scene.teller.numbers.serial()));
    scene.teller.gate(gate);
    Some(())
}

/// Customs' computer passes its releases on an hour or three late; the paper was in order.
fn release_told_late(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(61)?;
    let out_at = plan.out_at()?;
    let selected_at = out_at.plus_millis(-20 * HOUR_MS);
    plan.customs = Vec::new();
    plan.tell(scene.teller);
    let declaration = format!("26SI{:013}2", scene.teller.numbers.serial());
    let steps = [
        ("customs_selected_for_scan", selected_at),
        ("customs_scanned", selected_at.plus_millis(5 * HOUR_MS)),
        ("customs_released", out_at.plus_millis(-50 * MINUTE_MS)),
    ];
    for (kind, at) in steps {
        let step = CustomsStep {
            kind,
            at,
            office: plan.office,
            declaration: &declaration,
            seals: &[],
            consignee: Some(&plan.consignee.firm),
        };
        scene.teller.customs(plan.site, &step, &plan.unit);
        if kind == "customs_released"
            && let Some(letter) = scene.teller.letters.last_mut()
        {
            letter.told = at.plus_millis(scene.teller.chance.minutes(70, 180));
        }
    }
    Some(())
}

/// The discharge list comes half a day after the ship was worked.
fn discharge_told_late(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import(72)?;
    plan.tell(scene.teller);
    let late = scene.teller.chance.minutes(6 * 60, 14 * 60);
    for letter in &mut scene.teller.letters {
        if matches!(letter.body, Body::Quay(_)) {
            letter.told = letter.told.plus_millis(late);
        }
    }
    Some(())
}

/// The agent adds a forgotten container to the manifest when it stands on the quay already.
fn manifest_amended_late(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(67)?;
    plan.manifest = Manifest::Missing;
    plan.tell(scene.teller);
    let world = scene.teller.world;
    let call = world.calls.get(plan.call)?;
    let told = plan.discharged_at.plus_millis(scene.teller.chance.minutes(60, 7 * 60));
    scene.teller.manifest(told, true, &plan.unit, call, plan.leg(), &plan.manifested());
    scene.teller.order_at(
        call.arrival.plus_millis(-HOUR_MS),
        false,
        &plan.unit,
        call,
        plan.leg(),
        plan.declared_kg,
    );
    Some(())
}

/// Empties are discharged under an order and stand on no manifest.
fn empties_on_no_manifest(scene: &mut Scene<'_, '_>) -> Option<()> {
    let at = scene.time(48);
    let world = scene.teller.world;
    let calls = world.calls_between(Site::Koper, at.plus_millis(-11 * HOUR_MS), at.plus_millis(-HOUR_MS));
    let call = *scene.teller.chance.pick(&calls)?;
    let call_of = world.calls.get(call)?;
    for _ in 0..3 {
        let unit = scene.teller.numbers.empty(call_of.carrier, &mut scene.teller.chance);
        let leg = Leg { status: EquipmentStatus::Import, from: "GRPIR", via: None, to: "SIKOP" };
        scene.teller.order(false, &unit, call_of, leg, unit.tare_kg());
        let kg = unit.tare_kg();
        let (seals, cell) = (Vec::new(), None);
        let quay =
            QuayMove { call, load: false, at, seals, unit, status: IMPORT, far_port: "GRPIR", kg, cell };
        scene.teller.quay(quay);
    }
    Some(())
}

/// The planner has a container on board shifted to get at the hatch below, in due form.
fn restowed_under_an_order(scene: &mut Scene<'_, '_>) -> Option<()> {
    let at = scene.time(54);
    let world = scene.teller.world;
    let calls = world.calls_between(Site::Koper, at.plus_millis(-18 * HOUR_MS), at.plus_millis(-2 * HOUR_MS));
    let call = *scene.teller.chance.pick(&calls)?;
    let call_of = world.calls.get(call)?;
    let ware = &world.consignees.first()?.ware;
    let unit = scene.teller.numbers.laden(call_of.carrier, ware, &mut scene.teller.chance);
    let leg = Leg { status: EquipmentStatus::RemainOnBoard, from: "CNSHA", via: None, to: "TRIST" };
    scene.teller.stow(&unit, call_of, leg, "0130184", unit.gross_kg);
    scene.teller.order_at(at.plus_millis(-5 * HOUR_MS), true, &unit, call_of, leg, unit.gross_kg);
    let kg = unit.gross_kg;
    let (seals, cell) = (Vec::new(), Some("0130284".to_owned()));
    let quay = QuayMove { call, load: false, at, unit, seals, status: "14", far_port: "CNSHA", kg, cell };
    scene.teller.tell(at.plus_millis(30 * MINUTE_MS), Body::Quay(Box::new(quay)));
    Some(())
}

/// No room on the ship: the booking is rolled, twice, and the container sails a week later.
fn rolled_to_the_next_ship(scene: &mut Scene<'_, '_>) -> Option<()> {
    let mut plan = scene.export_plan(16)?;
    let world = scene.teller.world;
    let later = world.calls_between(
        Site::Koper,
        plan.in_at.plus_millis(5 * DAY_MS),
        plan.in_at.plus_millis(8 * DAY_MS),
    );
    plan.tell_arrival(scene.teller);
    let booked = plan.call;
    for n in 0..2 {
        if let Some(call) = world.calls.get(booked + n) {
            scene.teller.order(true, &plan.unit, call, plan.leg(), plan.vgm_kg);
            let at = call.arrival.plus_millis(3 * HOUR_MS);
            scene.teller.release(
                "booking_rolled",
                at,
                &plan.unit,
                serde_json::json!({"documents": {"booking": plan.unit.booking}}),
            );
        }
    }
    plan.call = *later.first()?;
    plan.loaded_at = world.calls.get(plan.call).map(|call| call.arrival.plus_millis(14 * HOUR_MS));
    plan.tell_loading(scene.teller);
    Some(())
}

/// Of two containers of one bill one finds no room and comes with the next ship.
fn split_by_the_carrier(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (first, haulier) = scene.import(62)?;
    first.tell(scene.teller);
    let world = scene.teller.world;
    let arrival = world.calls.get(first.call)?.arrival;
    let calls = world.calls_between(
        Site::Koper,
        arrival.plus_millis(14 * HOUR_MS),
        arrival.plus_millis(40 * HOUR_MS),
    );
    let call = *scene.teller.chance.pick(&calls)?;
    let at = world.calls.get(call)?.arrival.plus_millis(4 * HOUR_MS);
    let mut second = Import::arriving(scene.teller, &first.consignee, (call, at))?.plain(&haulier);
    second.unit.bill.clone_from(&first.unit.bill);
    second.origin = first.origin;
    second.via = first.via;
    second.tell(scene.teller);
    Some(())
}

/// Block trains leave hours after the ship has come.
fn straight_to_rail(scene: &mut Scene<'_, '_>) -> Option<()> {
    let at = scene.time(57);
    let world = scene.teller.world;
    let consignee = scene.consignee(|c| c.home == Site::Koper && c.ware.setpoint_c.is_none())?;
    let haulier = world.hauliers.get(*consignee.hauliers.first()?)?;
    let calls = world.calls_between(Site::Koper, at.plus_millis(-12 * HOUR_MS), at.plus_millis(-3 * HOUR_MS));
    let call = *scene.teller.chance.pick(&calls)?;
    let discharged_at = at.plus_millis(-scene.teller.chance.minutes(80, 150));
    let mut plan = Import::arriving(scene.teller, &consignee, (call, discharged_at))?.plain(haulier);
    plan.leaving_at(at);
    plan.rail = true;
    plan.announcements.clear();
    plan.customs = vec![("customs_released", discharged_at.plus_millis(-20 * HOUR_MS))];
    let issued_at = discharged_at.plus_millis(-30 * HOUR_MS);
    for (n, step) in (0..).zip(&mut plan.chain) {
        step.at = issued_at.plus_millis(n * 4 * HOUR_MS);
        step.accepted_at = step.at.plus_millis(15 * MINUTE_MS);
    }
    plan.tell(scene.teller);
    Some(())
}

/// Nobody is at the importer's over the holidays; it is fetched by day when they are back.
fn forgotten_over_the_holidays(scene: &mut Scene<'_, '_>) -> Option<()> {
    let consignee = scene.consignee(|c| c.home == Site::Koper)?;
    let world = scene.teller.world;
    let haulier = world.hauliers.get(*consignee.hauliers.first()?)?;
    let at = scene.time(44);
    let calls = world.calls_between(Site::Koper, at.plus_millis(-12 * DAY_MS), at.plus_millis(-8 * DAY_MS));
    let call = *scene.teller.chance.pick(&calls)?;
    let discharged_at = world.calls.get(call)?.arrival.plus_millis(3 * HOUR_MS);
    let mut plan = Import::arriving(scene.teller, &consignee, (call, discharged_at))?.plain(haulier);
    let day = at.as_millis().div_euclid(DAY_MS) * DAY_MS;
    let noon = quaywatch_domain::Timestamp::from_millis(day + 10 * HOUR_MS).max(scene.options.start);
    plan.leaving_at(noon);
    plan.tell(scene.teller);
    for days in 1..=scene.teller.chance.between(1, 2) {
        let at = noon.plus_millis(-days * DAY_MS);
        scene.teller.operating("storage_extended", at, &plan.unit, serde_json::json!({}));
    }
    Some(())
}

/// The foreman has a container moved by voice, and the order is written down minutes later.
fn ordered_by_voice(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(78)?;
    let at = plan.out_at()?.plus_millis(-scene.teller.chance.minutes(5 * 60, 12 * 60));
    let to = plan.slot_at(at)?.at_the_edge();
    plan.moves.push(YardMove { at, to, ordered: Ordered::After(scene.teller.chance.between(2, 8)) });
    plan.moves.sort_by_key(|step| step.at);
    plan.tell(scene.teller);
    Some(())
}

/// The tally clerk notes the neighbouring row, and the next round has it right.
fn found_one_slot_off(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import(82)?;
    let at = plan.out_at()?.plus_millis(-9 * HOUR_MS);
    let slot = plan.slot_at(at)?.clone();
    plan.tell(scene.teller);
    let off = Slot { row: slot.row + 1, ..slot };
    scene.teller.position(plan.site, "inventory", at, &plan.unit, &off, "");
    scene.teller.position(plan.site, "inventory", at.plus_millis(2 * HOUR_MS), &plan.unit, &slot, "");
    Some(())
}

/// The carrier has its releases sent by another service, which begins with those of a day.
fn new_connection(scene: &mut Scene<'_, '_>) -> Option<()> {
    let service = format!("CLOUDEDI{}", scene.teller.chance.between(100, 999));
    let (first, haulier) = scene.import(62)?;
    let (call, discharged_at) = (first.call, first.discharged_at);
    let consignee = first.consignee.clone();
    let mut plans = vec![first];
    for n in 1..RELEASES_OF_A_DAY {
        let at = discharged_at.plus_millis(n * 7 * MINUTE_MS);
        plans.push(Import::arriving(scene.teller, &consignee, (call, at))?.plain(&haulier));
    }
    let issued_at = plans.iter().filter_map(|plan| Some(plan.chain.first()?.at)).min()?;
    for mut plan in plans {
        let issue = plan.chain.first_mut()?;
        (issue.at, issue.accepted_at) = (issued_at, issued_at.plus_millis(10 * MINUTE_MS));
        plan.sent_by = Some(service.clone());
        plan.tell(scene.teller);
    }
    Some(())
}

/// Releases of one importer on the day on which its carrier changes the service that sends them.
const RELEASES_OF_A_DAY: i64 = 7;

/// A customer calls again and again, and the desk looks each time.
fn customer_service(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import(76)?;
    let out_at = plan.out_at()?;
    plan.tell(scene.teller);
    let desk = Firm::new(plan.site.code().to_owned(), "SMDG", String::new());
    for n in 0..scene.teller.chance.between(3, 6) {
        let at = out_at.plus_millis(-(n * 75 + 60) * MINUTE_MS);
        let look = LookUp::by_clerk(&desk, 2, "CUSTOMER_SERVICE", at);
        scene.teller.look_up(&plan.unit, &look);
    }
    Some(())
}

/// A track-and-trace service asks after every container every half hour.
fn watched_by_a_bot(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import(79)?;
    let from = plan.discharged_at.plus_millis(-10 * HOUR_MS);
    plan.tell(scene.teller);
    for n in 0..30 {
        let look = LookUp {
            at: from.plus_millis(n * 30 * MINUTE_MS),
            user: "svc-trackntrace".to_owned(),
            organisation: "TRACKNTRACE".to_owned(),
            role: "SYSTEM",
            action: "list",
            client: "185.40.1.9".to_owned(),
        };
        scene.teller.look_up(&plan.unit, &look);
    }
    Some(())
}

/// A real company imports for the first time, with a forwarder and a haulier of the port.
fn first_import(scene: &mut Scene<'_, '_>) -> Option<()> {
    let world = scene.teller.world;
    let known = scene.teller.chance.pick(&world.consignees)?;
    let haulier = world.hauliers.iter().find(|h| !h.nameless_code)?;
    let serial = scene.teller.numbers.serial();
    let firm = registered("SI", format!("Nova Trgovina {serial} d.o.o."), &mut scene.teller.chance);
    let days = scene.teller.chance.between(60, 400);
    let firm = founded(firm, days, scene.options.start);
    let newcomer = Consignee { firm, home: Site::Koper, ..known.clone() };
    let at = scene.time(71);
    let mut plan = Import::leaving(scene.teller, &newcomer, at)?.plain(haulier);
    plan.notify = newcomer.firm;
    plan.tell(scene.teller);
    Some(())
}

/// A known importer has given its business to another forwarder of the port; everything else is as ever.
fn new_forwarder(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(74)?;
    let world = scene.teller.world;
    let forwarder = scene.teller.chance.pick(&world.forwarders)?.clone();
    plan.forwarder = forwarder.clone();
    plan.chain.first_mut()?.to = forwarder;
    plan.look_ups.clear();
    plan.tell(scene.teller);
    Some(())
}

/// A driver of the pool drives for one haulier in the morning and for another in the afternoon.
fn driver_of_the_pool(scene: &mut Scene<'_, '_>) -> Option<()> {
    let pool = format!("BPOOL{}", scene.teller.chance.between(1, 12));
    // He has done so for long.
    let world = scene.teller.world;
    for days in [79, 52, 21] {
        let haulier = scene.teller.chance.pick(&world.hauliers)?;
        let unit = scene.teller.numbers.empty(0, &mut scene.teller.chance);
        let at =
            scene.options.start.plus_millis(-days * DAY_MS + scene.teller.chance.minutes(7 * 60, 15 * 60));
        let mut gate = scene.teller.passage(true, at, &unit, haulier, haulier.plates.first()?);
        gate.driver.clone_from(&pool);
        (gate.laden, gate.status, gate.kg) = (false, IMPORT, unit.tare_kg());
        scene.teller.gate(gate);
    }
    for percent in [38, 70] {
        let (mut plan, _) = scene.import(percent)?;
        plan.exits.first_mut()?.driver.clone_from(&pool);
        plan.tell(scene.teller);
    }
    Some(())
}

/// The camera takes an 8 for a B.
fn plate_misread(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(63)?;
    let exit = plan.exits.first_mut()?;
    exit.plate.pop();
    exit.plate.push('B');
    plan.tell(scene.teller);
    Some(())
}

/// A haulier that is new in the port is handed a trip in good time.
fn newcomer_in_good_time(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(65)?;
    let serial = scene.teller.numbers.serial();
    let newcomer = new_haulier(&format!("Avtoprevoz {serial}"), &mut scene.teller.chance);
    plan.collected_by(&newcomer);
    let out_at = plan.out_at()?;
    let last = plan.chain.last_mut()?;
    last.at = out_at.plus_millis(-26 * HOUR_MS);
    last.accepted_at = last.at.plus_millis(40 * MINUTE_MS);
    plan.announcements.first_mut()?.at = out_at.plus_millis(-4 * HOUR_MS);
    plan.tell(scene.teller);
    Some(())
}
