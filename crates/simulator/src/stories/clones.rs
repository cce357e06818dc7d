//! MO-08, another container dressed with the same number ("switchpartij"; TT Club on identity swaps in transhipment).

use super::{Scene, Story};
use crate::trades::import::Exit;
use crate::world::{Site, badge};

/// The stories.
pub(super) const ALL: &[Story] = &[cloned_at_the_neighbour, left_twice];

pub(super) fn cloned_at_the_neighbour(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (plan, _) = scene.import(88)?;
    plan.tell(scene.teller);
    let driver = scene.other_haulier(&plan)?;
    let at = scene.time(42);
    let gate =
        scene.teller.passage_at(Site::Trieste, true, at, &plan.unit, &driver, driver.plates.first()?);
    scene.teller.gate(gate);
    let story =
        "A cloned container enters the neighbouring terminal while the true one still stands in the yard.";
    scene.must_find(&plan.unit.number, &["MO-08a"], at, story);
    Some(())
}

pub(super) fn left_twice(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = scene.import(43)?;
    let at = scene.time(74);
    let again = Exit { plate: haulier.plates.last()?.clone(), driver: badge(haulier.plates.last()?), at, ..plan.exits.first()?.clone() };
    plan.exits.push(again);
    plan.tell(scene.teller);
    let story =
        "A container leaves through the gate, and hours later a second one with the same number does.";
    scene.must_find(&plan.unit.number, &["MO-08b"], at, story);
    Some(())
}

