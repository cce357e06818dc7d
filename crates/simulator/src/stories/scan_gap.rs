//! MO-15, the scan gap: what customs scans at night is looked at in the morning, and in between it is fetched (De Telegraaf
//! on the port of Rotterdam); what is selected is taken out before it is scanned.

use serde_json::json;

use super::look_ups::{looks, strangers};
use super::{Scene, Story};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::letter::{RELEASE_FEED, party};
use crate::trades::import::Import;
use crate::trades::yard::{Ordered, YardMove};
use crate::world::{Firm, Site};

/// The stories.
pub(super) const ALL: &[Story] = &[
    fetched_before_morning,
    announced_while_selected,
    cancelled_by_a_clerk,
    nobody_reads_the_scan,
    selection_leaked,
];

/// Selected in the evening, scanned at night, decided on in the morning.
fn night_scan(scene: &mut Scene<'_, '_>) -> Option<(Import, quaywatch_domain::Timestamp)> {
    let (mut plan, _) = scene.risky_import(80)?;
    let out_at = plan.out_at()?;
    let scanned_at = out_at.plus_millis(-11 * HOUR_MS);
    plan.customs = vec![
        ("customs_selected_for_scan", scanned_at.plus_millis(-3 * HOUR_MS)),
        ("customs_scanned", scanned_at),
        ("customs_released", scanned_at.plus_millis(6 * HOUR_MS)),
    ];
    plan.stack(scene.teller);
    for step in &mut plan.moves {
        if !matches!(step.ordered, Ordered::Before(_)) {
            step.ordered = Ordered::Before(9);
        }
    }
    Some((plan, scanned_at))
}

pub(super) fn fetched_before_morning(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, scanned_at) = night_scan(scene)?;
    plan.tracked = true;
    let slot = plan.moves.first()?.to.clone();
    let moved_at = scanned_at.plus_millis(scene.teller.chance.minutes(80, 170));
    plan.moves.push(YardMove { at: moved_at, to: slot.beside(), ordered: Ordered::No });
    plan.moves.sort_by_key(|step| step.at);
    plan.tell(scene.teller);
    let opened_at = moved_at.plus_millis(25 * MINUTE_MS);
    scene.teller.door(plan.site, "DOOR_OPENED", opened_at, &plan.unit);
    scene.teller.door(plan.site, "DOOR_CLOSED", opened_at.plus_millis(14 * MINUTE_MS), &plan.unit);
    let story = "Scanned at night, looked at in the morning: in between the container is moved and its doors are opened.";
    scene.must_find(&plan.unit.number, &["MO-15a"], moved_at, story);
    Some(())
}

fn announced_while_selected(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, scanned_at) = night_scan(scene)?;
    let from = scanned_at.plus_millis(-scene.teller.chance.minutes(40, 110));
    plan.announcements.first_mut()?.at = from;
    plan.tell(scene.teller);
    let story = "An hour after it was selected for the scan a truck is announced for the container, ahead of any decision.";
    scene.must_find(&plan.unit.number, &["MO-15c"], from, story);
    Some(())
}

fn cancelled_by_a_clerk(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(73)?;
    let out_at = plan.out_at()?;
    let at = out_at.plus_millis(-6 * HOUR_MS);
    plan.customs = vec![("customs_selected_for_scan", out_at.plus_millis(-12 * HOUR_MS))];
    plan.tell(scene.teller);
    let terminal = Firm::new(Site::Koper.code().to_owned(), "SMDG", "Kontejnerski terminal".to_owned());
    let parts = json!({
        "actor": {"user": "LUKKP-31", "organisation": terminal.id, "role": "TERMINAL_PLANNER", "action": "cancel"},
        "parties": [party("TERMINAL", &terminal)],
    });
    scene.teller.canonical((RELEASE_FEED, Site::Koper), "customs_selection_cancelled", at, &plan.unit, parts);
    let story = "The scan is called off by a planner of the terminal, who has no say in it.";
    scene.must_find(&plan.unit.number, &["MO-15d"], at, story);
    Some(())
}

fn nobody_reads_the_scan(scene: &mut Scene<'_, '_>) -> Option<()> {
    scene.leave_room(2);
    let (mut plan, scanned_at) = night_scan(scene)?;
    plan.tracked = true;
    plan.customs.retain(|(kind, _)| *kind != "customs_released");
    plan.announcements.clear();
    plan.exits.clear();
    plan.returned_at = None;
    plan.look_ups.clear();
    plan.moves.retain(|step| step.to.block != "LANE");
    plan.tell(scene.teller);
    let opened_at = scanned_at.plus_millis(scene.teller.chance.minutes(150, 300));
    scene.teller.door(plan.site, "DOOR_OPENED", opened_at, &plan.unit);
    scene.teller.door(plan.site, "DOOR_CLOSED", opened_at.plus_millis(16 * MINUTE_MS), &plan.unit);
    let story =
        "The picture of a container scanned at night is read by nobody, and its doors are opened meanwhile.";
    scene.must_find(&plan.unit.number, &["MO-06a", "MO-15a", "MO-15b"], opened_at, story);
    Some(())
}

fn selection_leaked(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, scanned_at) = night_scan(scene)?;
    let selected_at = scanned_at.plus_millis(-3 * HOUR_MS);
    let from = scanned_at.plus_millis(-scene.teller.chance.minutes(40, 80));
    plan.announcements.first_mut()?.at = from;
    plan.tell(scene.teller);
    let stranger = strangers(scene, &plan, 1).pop()?;
    let looked_at = selected_at.plus_millis(scene.teller.chance.minutes(6, 35));
    looks(scene, &plan, &stranger, looked_at, 1);
    let story = "Minutes after customs selected it a clerk who has nothing to do with it looks, and a truck is announced ahead of the scan.";
    scene.must_find(&plan.unit.number, &["MO-15c", "MO-16h"], from, story);
    Some(())
}
