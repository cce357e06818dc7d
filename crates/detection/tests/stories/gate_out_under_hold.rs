use quaywatch_domain::EventKind::{
    CustomsHeld, CustomsReleased, CustomsSelectedForScan, CustomsSelectionCancelled, GateOut,
};
use quaywatch_domain::alert::AlertState;

use crate::common::{BOX, Says, World, at, event};

#[test]
fn a_gate_out_under_hold_is_raised_when_the_grace_is_over() {
    let mut world =
        World::after([event(CustomsHeld, BOX, at(2, "08:00")), event(GateOut, BOX, at(2, "14:05"))]);
    world.wait_until(at(2, "14:19"));
    assert_eq!(world.codes(BOX), [""; 0]);
    world.wait_until(at(2, "14:20"));
    assert_eq!(world.codes(BOX), ["MO-25a@1"]);
    let indicator = &world.alert(BOX).indicators[0];
    assert!(indicator.sentence.contains("status may lag"));
    assert_eq!(indicator.expected.as_ref().unwrap().event, CustomsReleased);
    assert_eq!(indicator.evidence.len(), 2);
}

#[test]
fn a_late_release_dated_before_the_gate_out_takes_it_back_and_one_dated_after_does_not() {
    let mut world = World::after([
        event(CustomsSelectedForScan, BOX, at(2, "08:00")),
        event(GateOut, BOX, at(2, "14:05")),
    ]);
    world.wait_until(at(2, "15:00"));
    world.see(&event(CustomsReleased, BOX, at(2, "14:30")));
    assert_eq!(world.codes(BOX), ["MO-25a@1"]);
    world.see(&event(CustomsReleased, BOX, at(2, "13:00")).received(at(2, "16:00")));
    assert_eq!(world.alert(BOX).state, AlertState::Retracted);
    assert!(world.alert(BOX).indicators.is_empty());
}

#[test]
fn a_release_within_the_grace_a_cancelled_selection_and_the_customs_site_are_silent() {
    let late = World::after([
        event(CustomsHeld, BOX, at(2, "08:00")),
        event(GateOut, BOX, at(2, "14:05")),
        event(CustomsReleased, BOX, at(2, "14:00")).received(at(2, "14:15")),
    ]);
    let cancelled = World::after([
        event(CustomsSelectedForScan, BOX, at(2, "08:00")),
        event(CustomsSelectionCancelled, BOX, at(2, "09:00")),
        event(GateOut, BOX, at(2, "14:05")),
    ]);
    let to_customs = World::after([
        event(CustomsHeld, BOX, at(2, "08:00")),
        event(GateOut, BOX, at(2, "14:05")).facility("CUSTOMS_SITE"),
    ]);
    let planned = World::after([
        event(CustomsHeld, BOX, at(2, "08:00")),
        event(GateOut, BOX, at(2, "14:05")).planned(),
    ]);
    let held_after =
        World::after([event(GateOut, BOX, at(2, "14:05")), event(CustomsHeld, BOX, at(2, "15:00"))]);
    for mut world in [late, cancelled, to_customs, planned, held_after] {
        world.wait_until(at(3, "00:00"));
        assert!(world.published.is_empty(), "{:?}", world.published);
    }
}

#[test]
fn a_hold_placed_while_the_container_is_at_sea_counts_for_the_stay_to_come() {
    use quaywatch_domain::EventKind::{Discharged, Loaded};
    let mut world = World::after([
        event(Loaded, BOX, at(1, "08:00")).feed("carrier"),
        event(CustomsHeld, BOX, at(8, "08:00")),
        event(Discharged, BOX, at(9, "08:00")),
        event(GateOut, BOX, at(10, "14:05")),
    ]);
    world.wait_until(at(10, "15:00"));
    assert_eq!(world.codes(BOX), ["MO-25a@2"]);
}
