//! MO-23, gates opened by a computer: forged orders and mails of the hacker of the ports of Rotterdam and Antwerp, who could
//! give out passes and write into the gate's own system.

use quaywatch_domain::Timestamp;
use serde_json::json;

use super::{Scene, Story};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::letter::{Announced, Body, Function, Letter, RELEASE_FEED};
use crate::trades::import::{Announcement, Import, known_as};
use crate::world::{Haulier, Site, badge, badge_at, new_haulier, plate};
use crate::write::json::extend;

/// The stories.
pub(super) const ALL: &[Story] = &[
    opened_at_night,
    out_without_a_release,
    pass_made_for_the_day,
    issued_by_a_stranger,
    sent_from_elsewhere,
    reference_used_again,
    held_back,
    clock_of_another_zone,
];

fn opened_at_night(scene: &mut Scene<'_, '_>) -> Option<()> {
    let night = scene.night(54);
    let (mut plan, haulier) = scene.risky_import(54)?;
    plan.leaving_at(night);
    plan.called_forward = false;
    plan.returned_at = None;
    let thief = new_haulier("Nocni Prevoz", &mut scene.teller.chance);
    let exit = plan.exits.first_mut()?;
    exit.plate = thief.plates.first()?.clone();
    exit.driver = badge(&exit.plate);
    exit.haulier = thief;
    plan.discharged_at = plan.discharged_at.min(night.plus_millis(-8 * HOUR_MS));
    // Who has the right comes in the morning.
    let wanted_at = night.plus_millis(scene.teller.chance.minutes(5 * 60, 8 * 60));
    plan.announcements = vec![Announcement {
        haulier: known_as(&haulier, plan.site),
        plate: haulier.plates.first()?.clone(),
        at: wanted_at,
        cancelled_at: None,
        truck_changed: None,
    }];
    plan.tell(scene.teller);
    let story = "At night the gate opens for a truck that nobody announced: the entry was written into the gate's own computer. In the morning the rightful haulier finds nothing.";
    scene.must_find(&plan.unit.number, &["MO-01a", "MO-02b", "MO-23a"], wanted_at, story);
    Some(())
}

fn out_without_a_release(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = scene.risky_import(57)?;
    plan.chain.clear();
    plan.announcements.clear();
    plan.called_forward = false;
    let exit = plan.exits.first_mut()?;
    exit.plate = plate(&mut scene.teller.chance);
    exit.driver = badge(&exit.plate);
    exit.haulier = haulier;
    let at = exit.at;
    plan.tell(scene.teller);
    let story = "A forged transport order stands in the terminal's system alone: the container leaves, and neither carrier nor platform has ever released it.";
    scene.must_find(&plan.unit.number, &["MO-23a", "MO-23g"], at, story);
    Some(())
}

fn pass_made_for_the_day(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(66)?;
    let driver = format!("BDAY{}", scene.teller.chance.between(10_000, 99_999));
    let exit = plan.exits.first_mut()?;
    exit.driver.clone_from(&driver);
    let at = exit.at;
    plan.tell(scene.teller);
    let issued_at = at.plus_millis(-scene.teller.chance.minutes(14, 45));
    scene.teller.pass(issued_at, &driver);
    let story = "Half an hour before the truck comes somebody gives its driver a pass in the system.";
    scene.must_find(&plan.unit.number, &["MO-23b"], at, story);
    Some(())
}

fn issued_by_a_stranger(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(71)?;
    plan.issued_by = Some(format!("svc-integration-{}", scene.teller.chance.between(100, 999)));
    let from = plan.chain.first()?.at.max(scene.options.start);
    plan.tell(scene.teller);
    let story =
        "The release is made under an account for system integration that never made one for this carrier.";
    scene.must_find(&plan.unit.number, &["MO-23c"], from, story);
    Some(())
}

fn sent_from_elsewhere(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.risky_import(73)?;
    plan.sent_by = Some(format!("EDIGATE{}", scene.teller.chance.between(100, 999)));
    let from = plan.chain.first()?.at.max(scene.options.start);
    plan.tell(scene.teller);
    let story = "The release is forged: it bears the name of one of the carrier's clerks, and comes over a connection by which this carrier never sent one.";
    scene.must_find(&plan.unit.number, &["MO-23d"], from, story);
    Some(())
}

fn reference_used_again(scene: &mut Scene<'_, '_>) -> Option<()> {
    let next_door = |c: &crate::world::Consignee| c.home == Site::Trieste;
    let (mut plan, haulier) = scene.import_of(74, next_door)?;
    let out_at = plan.out_at()?;
    let site = plan.site;
    let forged_plate = plate(&mut scene.teller.chance);
    let true_plate = plan.exits.first()?.plate.clone();
    plan.announcements.clear();
    let exit = plan.exits.first_mut()?;
    exit.driver = badge_at(&forged_plate, site);
    exit.plate.clone_from(&forged_plate);
    plan.tell(scene.teller);
    let reference = 70_000_000 + i64::try_from(scene.teller.numbers.serial()).ok()? % 20_000_000;
    let times = [
        (true_plate, out_at.plus_millis(-9 * HOUR_MS)),
        (forged_plate, out_at.plus_millis(-100 * MINUTE_MS)),
    ];
    for (plate, at) in times {
        let announced =
            Announced { reference: Some(reference), ..announcement(scene, &plan, &haulier, plate) };
        scene.teller.tell(at, Body::Copino(Box::new(announced)));
    }
    let from = out_at.plus_millis(-100 * MINUTE_MS);
    let story = "A haulier's announcement was intercepted: it comes once more, under the same control reference, with another truck.";
    scene.must_find(&plan.unit.number, &["MO-23e"], from, story);
    Some(())
}

/// The announcement of a truck by a message that goes with others.
fn announcement(scene: &mut Scene<'_, '_>, plan: &Import, haulier: &Haulier, plate: String) -> Announced {
    let site = plan.site;
    let appointment = format!("VBS{:010}", scene.teller.numbers.serial());
    Announced {
        site,
        document: appointment.clone(),
        function: Function::Original,
        unit: plan.unit.clone(),
        haulier: known_as(haulier, site),
        driver: badge_at(&plate, site),
        plate,
        secret: plan.secret.clone(),
        appointment,
        consignee: plan.consignee.firm.clone(),
        reference: None,
        follows_a_gap: false,
    }
}

fn held_back(scene: &mut Scene<'_, '_>) -> Option<()> {
    let next_door = |c: &crate::world::Consignee| c.home == Site::Trieste;
    let (mut plan, _) = scene.import_of(75, next_door)?;
    let (out_at, site) = (plan.out_at()?, plan.site);
    let hired = scene.other_haulier(&plan)?;
    let plate = hired.plates.first()?.clone();
    let at = out_at.plus_millis(-100 * MINUTE_MS);
    plan.announcements.clear();
    let exit = plan.exits.first_mut()?;
    (exit.driver, exit.plate, exit.haulier) = (badge_at(&plate, site), plate.clone(), hired.clone());
    plan.tell(scene.teller);
    let announced = Announced { follows_a_gap: true, ..announcement(scene, &plan, &hired, plate) };
    scene.teller.tell(at, Body::Copino(Box::new(announced)));
    let story = "The rightful haulier's announcement is held back on its way; the message that comes next announces the truck of another.";
    scene.must_find(&plan.unit.number, &["MO-01a", "MO-23h"], at, story);
    Some(())
}

fn clock_of_another_zone(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.risky_import(76)?;
    let at = plan.announcements.first()?.at;
    plan.tell(scene.teller);
    let hours = scene.teller.chance.between(4, 9);
    date_ahead(scene, &plan, at, at.plus_millis(hours * HOUR_MS));
    let story = "The truck is announced by a message whose clock is hours ahead: it was written on another continent.";
    scene.must_find(&plan.unit.number, &["MO-23f"], at, story);
    Some(())
}

/// The announcement made at `at` says that it was written at `ahead`; the platform writes down when it came in.
fn date_ahead(scene: &mut Scene<'_, '_>, plan: &Import, at: Timestamp, ahead: Timestamp) {
    for Letter { told, body, .. } in &mut scene.teller.letters {
        if let Body::Line(RELEASE_FEED, line) = body
            && line.get("kind").is_some_and(|kind| kind == "pickup_announced")
            && line.pointer("/equipment/number").is_some_and(|number| *number == plan.unit.number)
            && *told >= at
        {
            extend(line, json!({"created_at": ahead, "received_at": *told}));
        }
    }
}
