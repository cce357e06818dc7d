//! MO-25, customs' word disregarded or bent: boxes that are already released are used for switching (Dutch court reports).

use super::{Scene, Story};
use crate::chance::HOUR_MS;

/// The stories.
pub(super) const ALL: &[Story] = &[left_before_the_scan];

pub(super) fn left_before_the_scan(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(58)?;
    let out_at = plan.exits.first()?.at;
    plan.customs = vec![("customs_selected_for_scan", out_at.plus_millis(-5 * HOUR_MS))];
    plan.tell(scene.teller);
    let story = "Customs selected the container for a scan; it leaves before the scan took place.";
    scene.must_find(&plan.unit.number, &["MO-25a"], out_at, story);
    Some(())
}

