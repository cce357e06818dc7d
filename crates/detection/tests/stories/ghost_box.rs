use quaywatch_detection::Rules;
use quaywatch_domain::EventKind::{
    BookingConfirmed, Discharged, DroppedOff, GateIn, GateOut, Loaded, ManifestLine, Overlanded, Shortlanded,
    VesselDeparted,
};
use quaywatch_domain::event::{EquipmentStatus, Laden};
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{EventKind, PortEvent, Severity};

use crate::common::{BOX, Says, World, at, event};

const CALL: &str = "CALL1";

fn listed(container: &str) -> PortEvent {
    event(ManifestLine, container, at(1, "08:00")).call(CALL).feed("carrier").route("ECGYE", &[], "SIKOP")
}

fn discharged(container: &str) -> PortEvent {
    event(Discharged, container, at(2, "08:00")).call(CALL).port("SIKOP").terminal("LUKKP")
}

fn departed() -> PortEvent {
    event(VesselDeparted, "", at(2, "20:00")).call(CALL).without_container()
}

fn others() -> impl Iterator<Item = String> {
    (1..=10).map(|n| format!("MSKU12345{n:02}"))
}

/// A call of ten containers that were listed and discharged, with `events` among them; the vessel leaves at 20:00.
fn call(events: impl IntoIterator<Item = PortEvent>) -> World {
    let mut world = World::new();
    for container in others() {
        world = world.and([listed(&container), discharged(&container)]);
    }
    world.and(events).and([departed()])
}

fn later(mut world: World) -> Vec<String> {
    world.wait_until(at(4, "00:00"));
    world.codes(BOX)
}

#[test]
fn a_container_that_no_manifest_names_is_raised_when_the_set_is_closed() {
    let mut world = call([discharged(BOX)]);
    world.wait_until(at(3, "07:59"));
    assert!(world.published.is_empty());
    world.wait_until(at(3, "08:00"));
    assert_eq!(world.codes(BOX), ["MO-21a@1"]);
    let alert = world.alert(BOX);
    let indicator = &alert.indicators[0];
    assert_eq!(indicator.origin.as_ref().unwrap().kind, SubjectKind::Call);
    assert_eq!((indicator.evidence.len(), alert.evidence.len()), (2, 2));
    for container in others() {
        assert_eq!(world.codes(&container), [""; 0]);
    }
    world.see(&listed(BOX).received(at(3, "12:00")));
    world.wait_until(at(3, "12:30"));
    assert_eq!(world.codes(BOX), [""; 0]);
}

#[test]
fn it_is_said_once_when_the_call_has_two_names_and_an_overlanded_one_needs_no_others() {
    let named = |e: PortEvent| e.imo("9321483").voyage("017W");
    let mut world = World::new();
    for container in others() {
        world = world.and([named(listed(&container)), named(discharged(&container))]);
    }
    world = world.and([named(discharged(BOX)), named(departed())]);
    assert_eq!(later(world), ["MO-21a@1"]);
    let alone =
        World::after([discharged(BOX), event(Overlanded, BOX, at(2, "09:00")).call(CALL), departed()]);
    assert_eq!(later(alone), ["MO-21a@1"]);
}

#[test]
fn late_manifests_incomplete_ones_empties_restows_and_typing_errors_are_silent() {
    assert_eq!(later(call([discharged(BOX), listed(BOX).received(at(3, "07:00"))])), [""; 0]);
    assert_eq!(later(call([discharged(BOX).laden(Laden::Empty)])), [""; 0]);
    assert_eq!(later(call([discharged(BOX).status(EquipmentStatus::RemainOnBoard)])), [""; 0]);
    assert_eq!(later(call([discharged(BOX), event(Loaded, BOX, at(2, "12:00")).call(CALL)])), [""; 0]);
    assert_eq!(later(call([discharged(BOX).wrong_check_digit()])), [""; 0]);
    let unlisted = (1..=9).map(|n| discharged(&format!("TGHU76543{n:02}")));
    assert_eq!(later(call(unlisted.chain([discharged(BOX)]))), [""; 0]);
    assert_eq!(later(World::after([listed("MSKU1234501"), discharged(BOX), departed()])), [""; 0]);
}

fn out(time: &str) -> PortEvent {
    event(GateOut, BOX, at(3, time)).terminal("LUKKP")
}

#[test]
fn a_container_that_never_came_off_the_ship_and_leaves_by_the_gate_is_raised() {
    assert_eq!(later(call([listed(BOX), out("10:00")])), ["MO-21b@1"]);
    let reported =
        World::after([listed(BOX), event(Shortlanded, BOX, at(2, "12:00")).call(CALL), out("10:00")]);
    assert_eq!(reported.codes(BOX), ["MO-21b@1"]);
    assert_eq!(reported.alert(BOX).severity, Severity::High);
}

#[test]
fn a_late_discharge_a_later_vessel_another_port_and_a_container_that_stays_away_are_silent() {
    assert_eq!(later(call([listed(BOX), out("10:00"), discharged(BOX).received(at(3, "12:00"))])), [""; 0]);
    let later_vessel = event(Discharged, BOX, at(3, "02:00")).call("CALL2").port("SIKOP");
    assert_eq!(later(call([listed(BOX), later_vessel, out("10:00")])), [""; 0]);
    assert_eq!(later(call([listed(BOX).route("ECGYE", &[], "ITTRS"), out("10:00")])), [""; 0]);
    assert_eq!(later(call([listed(BOX)])), [""; 0]);
    // Where hardly any discharge is reported, a missing one says nothing.
    let unreported = (1..=9).map(|n| listed(&format!("TGHU76543{n:02}")));
    assert_eq!(later(call(unreported.chain([listed(BOX), out("10:00")]))), [""; 0]);
}

#[test]
fn a_gate_out_of_a_container_that_never_came_in_is_raised() {
    let before = || {
        World::after([
            event(GateIn, BOX, at(1, "08:00")).terminal("LUKKP"),
            event(GateOut, BOX, at(1, "12:00")).terminal("LUKKP"),
            event(BookingConfirmed, BOX, at(13, "00:00")),
        ])
    };
    let out = |terminal: &str| event(GateOut, BOX, at(14, "10:00")).terminal(terminal);
    let wait = |mut world: World| {
        world.wait_until(at(16, "00:00"));
        world.codes(BOX)
    };
    assert_eq!(wait(before().and([out("LUKKP")])), ["MO-21c@2"]);
    assert_eq!(wait(before().and([out("TRSTE")])), [""; 0]);
    assert_eq!(wait(before().and([out("LUKKP").laden(Laden::Empty)])), [""; 0]);
    let late = event(GateIn, BOX, at(13, "10:00")).terminal("LUKKP").received(at(15, "09:00"));
    assert_eq!(wait(before().and([out("LUKKP"), late])), [""; 0]);
    assert_eq!(wait(before().and([event(DroppedOff, BOX, at(13, "10:00")), out("LUKKP")])), [""; 0]);
}

#[test]
fn where_all_arrivals_are_recorded_long_enough_the_first_gate_out_tells() {
    let world = |since: &str| {
        let rules = Rules::parse(&format!("[history]\nrecorded_since = \"{since}\"\n")).unwrap();
        let mut world = World::with(rules).and([out("10:00")]);
        world.wait_until(at(5, "00:00"));
        world.codes(BOX)
    };
    assert_eq!(world("2026-01-01T00:00:00Z"), ["MO-21c@1"]);
    assert_eq!(world("2026-02-20T00:00:00Z"), [""; 0]);
    assert_eq!(world(""), [""; 0]);
}

#[test]
fn an_odd_number_is_a_low_indicator_and_swap_bodies_are_none() {
    let low = |number: &str| {
        let mut world = World::after([event(GateIn, number, at(2, "08:00"))]);
        assert!(world.published.is_empty());
        // With another LOW and a MEDIUM one it is part of an alert.
        for (kind, n) in [(ManifestLine, "22G1"), (ManifestLine, "45R1")] {
            let line: EventKind = kind;
            world.see(&event(line, number, at(1, "08:00")).id(n).iso_type(n).message("M1"));
        }
        world.codes(number)
    };
    assert_eq!(low("CSQX3054383"), ["MO-21d@1", "MO-21e@1"]);
    assert_eq!(low("CSQU3054383"), ["MO-21e@1"]);
    assert_eq!(low("CSQK3054383"), ["MO-21e@1"]);
}

#[test]
fn a_container_listed_twice_with_contradicting_particulars_is_raised() {
    let line = |id: &str| listed(BOX).id(id).message("M1").bill("B1");
    let codes = |lines: [PortEvent; 2]| World::after(lines).codes(BOX);
    assert_eq!(codes([line("1").iso_type("22G1"), line("2").iso_type("45R1")]), ["MO-21e@1"]);
    assert_eq!(codes([line("1"), line("2").route("COCTG", &[], "SIKOP")]), ["MO-21e@1"]);
    assert_eq!(codes([line("1"), line("2").bill("B2")]), [""; 0]);
    assert_eq!(codes([line("1").iso_type("22G1"), line("2").iso_type("45R1").message("M2")]), [""; 0]);
    assert_eq!(codes([line("1").iso_type("22G1"), line("1").iso_type("45R1").revision(2)]), [""; 0]);
}
