//! MO-22, shifted on board without an order, to where it can be reached.

use quaywatch_domain::Timestamp;
use quaywatch_domain::event::EquipmentStatus;

use super::{Scene, Story};
use crate::chance::{DAY_MS, HOUR_MS};
use crate::letter::{Body, QuayMove};
use crate::numbers::Unit;
use crate::trades::sea::Leg;
use crate::world::{Site, wares::WARES};

/// The stories.
pub(super) const ALL: &[Story] = &[shifted_to_the_deck, shifted_twice];

fn stays_on_board(scene: &mut Scene<'_, '_>, carrier: usize) -> Option<Unit> {
    let bananas = WARES.iter().find(|w| w.hs == "080390")?;
    Some(scene.teller.numbers.laden(carrier, bananas, &mut scene.teller.chance))
}

/// The plan has it below deck, and the list says that it was put on deck.
fn shift(scene: &mut Scene<'_, '_>, unit: &Unit, call: usize, at: Timestamp, cell: &str) -> Option<()> {
    let world = scene.teller.world;
    let leg = Leg { status: EquipmentStatus::RemainOnBoard, from: "ECGYE", via: None, to: "TRIST" };
    scene.teller.stow(unit, world.calls.get(call)?, leg, "0210206", unit.gross_kg);
    let quay = QuayMove {
        call,
        load: false,
        at,
        unit: unit.clone(),
        seals: Vec::new(),
        status: "14",
        far_port: "ECGYE",
        kg: unit.gross_kg,
        cell: Some(cell.to_owned()),
    };
    let told = at.plus_millis(scene.teller.chance.minutes(10, 50));
    scene.teller.tell(told, Body::Quay(Box::new(quay)));
    Some(())
}

fn shifted_to_the_deck(scene: &mut Scene<'_, '_>) -> Option<()> {
    let at = scene.time(56);
    let world = scene.teller.world;
    let calls = world.calls_between(Site::Koper, at.plus_millis(-18 * HOUR_MS), at.plus_millis(-HOUR_MS));
    let call = *scene.teller.chance.pick(&calls)?;
    let unit = stays_on_board(scene, world.calls.get(call)?.carrier)?;
    shift(scene, &unit, call, at, "0210182")?;
    let story = "A container from Ecuador that is to stay on board is moved from the hold to the deck; no order says so.";
    scene.must_find(&unit.number, &["MO-22a"], at, story);
    Some(())
}

fn shifted_twice(scene: &mut Scene<'_, '_>) -> Option<()> {
    let at = scene.time(62);
    let world = scene.teller.world;
    let here = world.calls_between(Site::Koper, at.plus_millis(-18 * HOUR_MS), at.plus_millis(-HOUR_MS));
    let call = *scene.teller.chance.pick(&here)?;
    let unit = stays_on_board(scene, world.calls.get(call)?.carrier)?;
    let there = world.calls_between(Site::Trieste, at.plus_millis(-4 * DAY_MS), at.plus_millis(-2 * DAY_MS));
    let other = *scene.teller.chance.pick(&there)?;
    let before = world.calls.get(other)?.arrival.plus_millis(6 * HOUR_MS);
    shift(scene, &unit, other, before, "0210184")?;
    shift(scene, &unit, call, at, "0210182")?;
    let story = "In two ports one after the other the same container is shifted on board, each time without an order.";
    scene.must_find(&unit.number, &["MO-22b"], at, story);
    Some(())
}
