//! MO-23, gates opened by a computer: forged orders and mails of the hacker of the ports of Rotterdam and Antwerp.

use super::{Scene, Story};
use crate::world::badge;

/// The stories.
pub(super) const ALL: &[Story] = &[out_unannounced];

fn out_unannounced(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = scene.import(54)?;
    plan.announcements.clear();
    let exit = plan.exits.first_mut()?;
    exit.plate = crate::world::plate(&mut scene.teller.chance);
    exit.driver = badge(&exit.plate);
    exit.haulier = haulier;
    let at = exit.at;
    plan.tell(scene.teller);
    let story = "The gate opens for a truck that nobody announced: the entry was written into the gate's own computer.";
    scene.must_find(&plan.unit.number, &["MO-23a"], at, story);
    Some(())
}
