use quaywatch_domain::EventKind::{
    CustomsHeld, CustomsReleased, CustomsScanned, CustomsSelectedForScan, CustomsSelectionCancelled, GateOut,
    YardMove,
};
use quaywatch_domain::Severity;
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

/// Selected in the morning, out at 14:05, at a terminal where one release in a hundred is told more than 80 minutes late.
fn selected_and_out() -> World {
    World::where_late(&CustomsReleased, 80.0)
        .and([event(CustomsSelectedForScan, BOX, at(2, "08:00")).terminal("LUKKP")])
}

fn out() -> quaywatch_domain::PortEvent {
    event(GateOut, BOX, at(2, "14:05")).terminal("LUKKP")
}

#[test]
fn a_release_after_the_scan_that_is_told_as_late_as_some_are_is_silent() {
    let scanned = || event(CustomsScanned, BOX, at(2, "11:00")).terminal("LUKKP");
    let to_the_lane = || event(YardMove, BOX, at(2, "13:50")).order("W1").terminal("LUKKP");
    let mut late = selected_and_out().and([scanned(), to_the_lane(), out()]);
    late.wait_until(at(2, "16:30"));
    late.see(&event(CustomsReleased, BOX, at(2, "13:15")).received(at(2, "16:30")));
    late.wait_until(at(3, "14:00"));
    assert!(late.published.is_empty(), "{:?}", late.published);
    // It never comes.
    let mut never = selected_and_out().and([scanned(), to_the_lane(), out()]);
    never.wait_until(at(2, "16:45"));
    assert_eq!(never.codes(BOX), ["MO-25a@1"], "and the move to the gate counts for nothing beside it");
    assert_eq!(never.alert(BOX).severity, Severity::High);
}

#[test]
fn what_left_before_customs_looked_at_it_is_raised_at_once() {
    let mut world = selected_and_out().and([out()]);
    world.wait_until(at(2, "14:20"));
    assert_eq!(world.codes(BOX), ["MO-25a@1"]);
    // Held after the scan: they wanted to look once more.
    let held = [
        event(CustomsScanned, BOX, at(2, "11:00")).terminal("LUKKP"),
        event(CustomsHeld, BOX, at(2, "12:00")).terminal("LUKKP"),
        out(),
    ];
    let mut world = selected_and_out().and(held);
    world.wait_until(at(2, "14:20"));
    assert_eq!(world.codes(BOX), ["MO-25a@1"]);
}
