//! Finds that come to nothing: what travelled with them is left alone in the end.

use quaywatch_domain::{Timestamp, Verdict};

use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::numbers::Sealer;
use crate::stories::finds::{of_one_consignment, opened_by_customs};
use crate::stories::{Scene, Story};

/// Those that a showcase leaves out.
pub(super) const MORE: &[Story] = &[find_taken_back, nothing_found];

/// Two containers of one consignment, of which customs open one and let both go; returns the number of the one that is
/// opened, and when.
fn let_go(scene: &mut Scene<'_, '_>) -> Option<(String, Timestamp)> {
    scene.leave_room(2);
    let (mut first, _) = scene.risky_import(35)?;
    let mut second = of_one_consignment(scene, &first);
    second.leaving_at(first.out_at()?.plus_millis(20 * HOUR_MS));
    second.tell(scene.teller);
    let announcements = first.announcements.clone();
    let chain = first.chain.clone();
    let opened_at = opened_by_customs(scene, &mut first)?;
    (first.announcements, first.chain) = (announcements, chain);
    first.customs.push(("customs_released", opened_at.plus_millis(21 * HOUR_MS)));
    let own = scene.teller.numbers.seal(Sealer::Customs, first.unit.carrier);
    first.exits.first_mut()?.seals = vec![own];
    first.leaving_at(opened_at.plus_millis(32 * HOUR_MS));
    first.tell(scene.teller);
    Some((first.unit.number, opened_at))
}

/// A quick test says cocaine, the laboratory says sugar.
fn find_taken_back(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (number, opened_at) = let_go(scene)?;
    scene.answer(&number, opened_at.plus_millis(HOUR_MS), Verdict::Confirmed, None);
    scene.answer(&number, opened_at.plus_millis(20 * HOUR_MS), Verdict::FalsePositive, None);
    Some(())
}

/// An officer looks into it, and there is nothing.
fn nothing_found(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (number, opened_at) = let_go(scene)?;
    scene.answer(&number, opened_at.plus_millis(-30 * MINUTE_MS), Verdict::Investigating, None);
    scene.answer(&number, opened_at.plus_millis(2 * HOUR_MS), Verdict::Closed, None);
    Some(())
}
