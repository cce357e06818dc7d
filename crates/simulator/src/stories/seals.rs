//! MO-03, MO-04, MO-05, seals: taken off in transit, copied, put on by nobody (WCO News 102 on operation TIN CAN; GDV Container
//! Handbook, 13.11.3, on the twin-seal trick).

use super::{Scene, Story};
use crate::numbers::{SealTag, Sealer};

/// The stories.
pub(super) const ALL: &[Story] = &[seal_gone, seal_tampered, twin_seals];

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

