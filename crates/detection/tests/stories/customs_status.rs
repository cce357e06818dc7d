use quaywatch_detection::Rules;
use quaywatch_domain::EventKind::{
    CustomsHeld, CustomsReleased, CustomsSelectedForInspection, CustomsSelectedForScan,
    CustomsSelectionCancelled, Discharged, GateOut, ManifestLine, RecordViewed,
};
use quaywatch_domain::handling::Tlp;
use quaywatch_domain::{EventKind, PortEvent};

use crate::common::{BOX, Says, World, at, event};

fn on(kind: EventKind, time: &str) -> PortEvent {
    event(kind, BOX, at(2, time))
}

/// What holds two days later.
fn codes_in(mut world: World, events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    world = world.and(events);
    world.wait_until(at(4, "23:00"));
    world.codes(BOX)
}

fn codes(events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    codes_in(World::new(), events)
}

#[test]
fn a_release_that_lasts_as_long_as_the_truck_needs_is_raised() {
    let story = [
        on(CustomsSelectedForScan, "08:00"),
        on(CustomsReleased, "12:00"),
        on(GateOut, "13:00"),
        on(CustomsHeld, "15:00"),
    ];
    let mut world = World::after(story);
    assert_eq!(world.codes(BOX), ["MO-25b@1"]);
    assert_eq!(world.alert(BOX).indicators[0].evidence.len(), 4);
    world.see(&on(CustomsHeld, "15:00").revision(2).retracted());
    assert_eq!(world.codes(BOX), [""; 0]);
}

#[test]
fn a_release_that_nobody_had_waited_for_and_that_a_hold_takes_back_is_raised() {
    assert_eq!(
        codes([on(CustomsReleased, "12:00"), on(GateOut, "13:00"), on(CustomsHeld, "15:00")]),
        ["MO-25b@1"]
    );
}

#[test]
fn an_audit_after_clearance_a_late_hold_and_a_slow_pick_up_are_silent() {
    let held = || on(CustomsHeld, "08:00");
    let audit =
        [on(CustomsReleased, "12:00"), on(GateOut, "13:00"), on(CustomsSelectedForInspection, "15:00")];
    let late = [held(), on(CustomsReleased, "12:00"), on(GateOut, "13:00"), on(CustomsHeld, "19:01")];
    let slow = [held(), on(CustomsReleased, "09:00"), on(GateOut, "13:01"), on(CustomsHeld, "14:00")];
    for story in [&audit[..], &late[..], &slow[..]] {
        assert_eq!(codes(story.to_vec()), [""; 0]);
    }
}

fn looked_up(organisation: &str) -> PortEvent {
    on(RecordViewed, "09:40").user("usr:1", organisation)
}

fn cancelled_after(look_up: PortEvent) -> Vec<PortEvent> {
    vec![
        on(ManifestLine, "07:00").consignee("SI1").terminal("LUKKP").carrier("MSC"),
        on(CustomsSelectedForScan, "08:00"),
        look_up,
        on(CustomsSelectionCancelled, "10:05"),
    ]
}

#[test]
fn a_selection_cancelled_after_a_strangers_look_up_is_told_to_the_restricted_audience() {
    let world = World::with_people().and(cancelled_after(looked_up("ACME")));
    assert_eq!(world.codes(BOX), ["MO-15a@1", "MO-25c@1"]);
    let indicator = &world.alert(BOX).indicators[0];
    assert!(indicator.discreet && indicator.handling.tlp == Tlp::Red);
    assert!(!indicator.sentence.contains("usr:1") && !indicator.sentence.contains("ACME"));
}

#[test]
fn a_look_up_with_business_by_customs_or_long_before_and_the_module_switched_off_are_silent() {
    for look_up in [
        looked_up("LUKKP"),
        looked_up("MSC"),
        looked_up("si-1"),
        looked_up("ACME").role("customs"),
        looked_up("ACME").role("TRACK_AND_TRACE"),
        looked_up("ACME").role("CUSTOMER_SERVICE"),
        looked_up("ACME").order("TICKET7"),
        on(RecordViewed, "09:34").user("usr:1", "ACME"),
        on(RecordViewed, "09:40"),
    ] {
        assert_eq!(codes_in(World::with_people(), cancelled_after(look_up)), [""; 0]);
    }
    assert_eq!(codes(cancelled_after(looked_up("ACME"))), [""; 0]);
}

#[test]
fn a_release_by_a_foreign_office_or_by_a_user_that_is_not_customs_is_raised() {
    let held = || on(CustomsHeld, "08:00").office("SI006032");
    assert_eq!(codes([held(), on(CustomsReleased, "09:00").office("HR030287")]), ["MO-25d@1"]);
    assert_eq!(codes([held(), on(CustomsReleased, "09:00").user("usr:1", "X").role("BROKER")]), ["MO-25d@1"]);
    let landed = || on(Discharged, "07:00").port("SIKOP");
    assert_eq!(codes([landed(), on(CustomsReleased, "09:00").office("BG005100")]), ["MO-25d@1"]);
    assert_eq!(codes([landed(), on(CustomsReleased, "09:00").office("SI001007")]), [""; 0]);
}

#[test]
fn another_office_of_the_country_listed_offices_and_unnamed_users_are_silent() {
    let held = || on(CustomsHeld, "08:00").office("SI006032");
    assert_eq!(codes([held(), on(CustomsReleased, "09:00").office("SI001007")]), [""; 0]);
    assert_eq!(codes([held(), on(CustomsReleased, "09:00").user("usr:1", "X")]), [""; 0]);
    assert_eq!(codes([held(), on(CustomsReleased, "09:00").user("usr:1", "X").role("Customs")]), [""; 0]);
    let rules = || Rules::parse("[customs]\noffices = [\"SI006032\", \"HR030287\"]\n").unwrap();
    let by = |office: &str| [held(), on(CustomsReleased, "09:00").office(office)];
    assert_eq!(codes_in(World::with(rules()), by("HR030287")), [""; 0]);
    assert_eq!(codes_in(World::with(rules()), by("SI001007")), ["MO-25d@1"]);
}
