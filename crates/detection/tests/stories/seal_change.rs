use quaywatch_domain::EventKind::{
    CustomsInspected, Discharged, DoorOpened, GateIn, GateOut, Loaded, ManifestLine, SealAffixed,
    SealInspected, SealRemoved, SealReplaced, Stripped, WorkOrdered,
};
use quaywatch_domain::event::SealSource::{Carrier, Customs, Phytosanitary, Shipper, Unknown};
use quaywatch_domain::event::{Condition, Laden};
use quaywatch_domain::{PortEvent, Severity};

use crate::common::{BOX, Says, World, at, event};

fn loaded() -> PortEvent {
    event(Loaded, BOX, at(1, "08:00")).feed("carrier").seal("ML1234567", Carrier).seal("SH7654321", Shipper)
}

fn discharged() -> PortEvent {
    event(Discharged, BOX, at(15, "08:00"))
}

fn silent(events: impl IntoIterator<Item = PortEvent>) {
    let world = World::after(events);
    assert!(world.published.is_empty(), "{:#?}", world.published);
}

#[test]
fn a_carriers_seal_lost_between_loading_and_discharge_is_raised_in_the_visit_of_the_discharge() {
    let world = World::after([loaded(), discharged().seal("SH7654321", Shipper)]);
    assert_eq!(world.codes(BOX), ["MO-03a@2"]);
    assert!(world.alert(BOX).title.contains("ML1234567"));
    assert_eq!(world.alert(BOX).evidence.len(), 2);
}

#[test]
fn an_extra_seal_is_medium_and_alone_enough_for_an_alert() {
    let world = World::after([
        loaded(),
        discharged().seal("ML1234567", Carrier).seal("SH7654321", Shipper).seal("ZZ999888", Unknown),
    ]);
    assert_eq!(world.codes(BOX), ["MO-03b@2"]);
    assert_eq!(world.alert(BOX).severity, Severity::Medium);
}

#[test]
fn a_seal_of_unknown_issuer_counts_as_lost_only_when_none_is_left() {
    let unknown =
        || event(ManifestLine, BOX, at(1, "08:00")).seal("A111222", Unknown).seal("B333444", Unknown);
    silent([unknown(), discharged().seal("A111222", Unknown)]);
    let world = World::after([unknown(), discharged().seal("C555666", Unknown)]);
    assert_eq!(world.codes(BOX), ["MO-03a@1", "MO-03b@1"]);
}

#[test]
fn a_damaged_seal_on_a_laden_container_is_raised_once_and_on_an_empty_one_not() {
    let damaged = |event: PortEvent| event.edit(|e| e.seals[0].condition = Some(Condition::Damaged));
    let both = || discharged().seal("ML1234567", Carrier).seal("SH7654321", Shipper);
    let out = event(GateOut, BOX, at(16, "08:00")).seal("ML1234567", Carrier).seal("SH7654321", Shipper);
    let world = World::after([loaded(), damaged(both()).laden(Laden::Laden), damaged(out)]);
    assert_eq!(world.codes(BOX), ["MO-03c@2"]);
    assert_eq!(world.sentence(BOX, "MO-03c"), "Seal ML1234567 is damaged on a laden container.");
    let unknown =
        World::after([loaded().edit(|e| e.equipment.as_mut().unwrap().laden = None), damaged(both())]);
    assert_eq!(unknown.sentence(BOX, "MO-03c"), "Seal ML1234567 is damaged.");
    silent([loaded(), damaged(both()).laden(Laden::Empty)]);
    let removed = event(SealRemoved, BOX, at(15, "09:00")).seal("ML1234567", Carrier);
    silent([loaded(), damaged(removed)]);
}

#[test]
fn reported_work_explains_a_change() {
    let rest = || discharged().seal("SH7654321", Shipper);
    let between = at(14, "08:00");
    silent([loaded(), event(SealRemoved, BOX, between).seal("ML1234567", Carrier), rest()]);
    silent([loaded(), event(CustomsInspected, BOX, between), rest()]);
    silent([loaded(), event(SealInspected, BOX, between), rest()]);
    let one_more = || rest().seal("ML1234567", Carrier).seal("ZZ999888", Unknown);
    silent([loaded(), event(SealAffixed, BOX, between).seal("ZZ999888", Unknown), one_more()]);
    assert_eq!(World::after([loaded(), one_more()]).codes(BOX), ["MO-03b@2"]);
    silent([
        loaded(),
        event(SealReplaced, BOX, between).seal("NEW12345", Carrier),
        rest().seal("NEW12345", Carrier),
    ]);
    silent([loaded(), event(WorkOrdered, BOX, at(14, "07:30")), event(DoorOpened, BOX, between), rest()]);
    let moved = event(WorkOrdered, BOX, at(14, "07:30")).slot("A-01-1-1");
    let opened = World::after([loaded(), moved, event(DoorOpened, BOX, between), rest()]);
    assert_eq!(opened.codes_of(BOX, "MO-03"), ["MO-03a@2"], "an order to a slot only moves it");
    // An authority's new seal tells who opened the container, also when the work was not reported.
    silent([loaded(), rest().seal("CU123456", Customs)]);
}

#[test]
fn a_door_that_nobody_ordered_open_and_work_on_another_seal_explain_nothing() {
    let rest = || discharged().seal("SH7654321", Shipper);
    let door = World::after([loaded(), event(DoorOpened, BOX, at(14, "08:00")), rest()]);
    assert_eq!(door.codes_of(BOX, "MO-03"), ["MO-03a@2"]);
    let other =
        World::after([loaded(), event(SealRemoved, BOX, at(14, "08:00")).seal("XX000111", Carrier), rest()]);
    assert_eq!(other.codes(BOX), ["MO-03a@2"]);
}

#[test]
fn what_explains_a_change_explains_it_in_every_report_of_that_gate_out() {
    let out = |feed: &str| event(GateOut, BOX, at(17, "10:00")).terminal("LUKKP").feed(feed).id(feed);
    let inspected = || event(CustomsInspected, BOX, at(16, "08:00"));
    let carrier_says = || out("carrier").seal("FITO23218704", Phytosanitary);
    let gate_says = |number: &str| out("gate").seal(number, Unknown);
    silent([loaded(), inspected(), carrier_says(), gate_says("FITO23218707")]);
    silent([loaded(), inspected(), gate_says("FITO23218707"), carrier_says()]);
    silent([loaded(), carrier_says(), gate_says("FITO23218707")]);
    // What was opened before it was discharged was not opened for its way out.
    let changed = World::after([
        loaded(),
        event(CustomsInspected, BOX, at(14, "08:00")),
        discharged().terminal("LUKKP").seal("DO7654321", Customs),
        gate_says("ZZ999888"),
    ]);
    assert_eq!(changed.codes(BOX), ["MO-03b@2"]);
}

#[test]
fn a_typing_error_is_a_low_indicator_that_makes_no_alert_alone() {
    silent([loaded(), discharged().seal("ML1234576", Carrier).seal("SH7654321", Shipper)]);
    let world = World::after([
        loaded(),
        discharged().seal("ML1234576", Carrier).seal("SH7654321", Shipper).seal("ZZ999888", Unknown),
    ]);
    assert_eq!(world.codes(BOX), ["MO-03b@2", "MO-03t@2"]);
}

#[test]
fn an_empty_list_placeholders_and_the_next_cargo_are_silent() {
    silent([loaded(), discharged()]);
    silent([loaded(), discharged().seal("SI", Unknown)]);
    silent([loaded(), discharged().seal("000000", Unknown)]);
    silent([
        loaded(),
        event(Stripped, BOX, at(10, "08:00")),
        event(GateIn, BOX, at(11, "08:00")).seal("NX555444", Carrier),
        event(GateOut, BOX, at(12, "08:00")).seal("NX555444", Carrier),
    ]);
    let whole = || discharged().seal("ML1234567", Carrier).seal("SH7654321", Shipper);
    silent([
        loaded(),
        whole(),
        event(GateOut, BOX, at(16, "08:00")).seal("ML1234567", Carrier).seal("SH7654321", Shipper),
        event(GateIn, BOX, at(20, "08:00")).seal("NX555444", Carrier),
        event(GateOut, BOX, at(24, "08:00")).seal("NX555444", Carrier),
    ]);
}

#[test]
fn a_reading_that_says_there_is_no_seal_is_a_list_without_one() {
    for words in ["NO SEAL", "UNSEALED", "none"] {
        let unsealed = || discharged().seal(words, Unknown);
        let world = World::after([loaded(), unsealed()]);
        assert_eq!(world.codes(BOX), ["MO-03a@2"], "{words}");
        assert!(world.alert(BOX).title.contains("ML1234567, SH7654321"));
        // Told once, and not when the seals hang there after all, somebody opened it by report, or it is empty.
        let out = || event(GateOut, BOX, at(16, "08:00"));
        assert_eq!(World::after([loaded(), unsealed(), out().seal(words, Unknown)]).codes(BOX), ["MO-03a@2"]);
        let listed = World::after([loaded(), unsealed(), out().seal("ML1234567", Carrier)]);
        assert_eq!(listed.codes(BOX), [""; 0]);
        silent([loaded(), event(CustomsInspected, BOX, at(14, "08:00")), unsealed()]);
        silent([loaded(), unsealed().laden(Laden::Empty)]);
        silent([loaded().edit(|e| e.seals.clear()), unsealed()]);
    }
}

#[test]
fn a_form_with_room_for_one_seal_names_the_carriers() {
    silent([loaded(), discharged().seal("ML1234567", Carrier)]);
    let gone = World::after([loaded(), discharged().seal("SH7654321", Shipper)]);
    assert_eq!(gone.codes(BOX), ["MO-03a@2"]);
}

#[test]
fn a_seal_that_was_mistyped_at_discharge_and_is_right_at_the_gate_is_silent() {
    let out = |number| event(GateOut, BOX, at(16, "08:00")).seal(number, Carrier).seal("SH7654321", Shipper);
    let mistyped = || discharged().seal("ML1234576", Carrier).seal("SH7654321", Shipper);
    silent([loaded(), mistyped(), out("ML1234567")]);
    silent([loaded(), mistyped(), out("ML1234576")]);
    let other = World::after([loaded(), mistyped(), out("XX999000")]);
    assert_eq!(other.codes_of(BOX, "MO-03a"), ["MO-03a@2"]);
}
