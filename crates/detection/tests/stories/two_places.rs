use quaywatch_detection::Rules;
use quaywatch_domain::EventKind::{
    DischargeOrdered, Discharged, GateIn, GateOut, Loaded, PickedUp, PositionReported,
};
use quaywatch_domain::PortEvent;
use quaywatch_domain::event::{Laden, PartyRole};

use crate::common::{BOX, Says, World, at, event};

fn silent(events: impl IntoIterator<Item = PortEvent>) {
    let mut world = World::after(events);
    world.wait_until(at(31, "00:00"));
    assert!(world.published.is_empty(), "{:#?}", world.published);
}

fn in_koper() -> PortEvent {
    event(GateIn, BOX, at(2, "08:00")).terminal("SIKOP1").feed("koper")
}

fn in_trieste() -> PortEvent {
    event(GateIn, BOX, at(3, "08:00")).terminal("ITTRS1").feed("trieste")
}

/// A port in which no message is ever lost.
fn without_losses() -> World {
    let rules = "[two_places]\nseverity_a_unproven = \"HIGH\"\nseverity_b_elsewhere = \"HIGH\"\n";
    World::with(Rules::parse(rules).unwrap())
}

#[test]
fn a_gate_in_while_in_another_yard_is_raised_when_no_late_gate_out_comes() {
    // One message that was lost explains it.
    silent([in_koper(), in_trieste()]);
    let mut world = without_losses().and([in_koper(), in_trieste()]);
    assert!(world.published.is_empty());
    world.wait_until(at(3, "09:00"));
    assert_eq!(world.codes(BOX), ["MO-08a@1"]);
}

#[test]
fn it_is_raised_at_once_when_the_first_yard_still_has_it() {
    let world = World::after([
        in_koper(),
        in_trieste(),
        event(GateOut, BOX, at(3, "08:45")).terminal("SIKOP1").feed("koper"),
    ]);
    assert_eq!(world.codes(BOX), ["MO-08a@1"]);
}

#[test]
fn a_late_gate_out_clocks_that_differ_and_an_unreported_departure_are_silent() {
    let out = |day, time: &str| event(GateOut, BOX, at(day, time)).terminal("SIKOP1").feed("koper");
    silent([in_koper(), in_trieste(), out(3, "06:00").received(at(3, "08:50"))]);
    silent([in_koper(), in_trieste(), out(3, "08:10")]);
    silent([in_koper(), event(PickedUp, BOX, at(2, "20:00")).feed("haulier"), in_trieste()]);
    silent([in_koper().laden(Laden::Laden), in_trieste().laden(Laden::Empty)]);
    silent([in_koper(), event(GateIn, BOX, at(12, "08:00")).terminal("ITTRS1").feed("trieste")]);
    silent([in_koper(), in_trieste().wrong_check_digit()]);
    silent([in_koper(), event(GateIn, BOX, at(3, "08:00")).feed("trieste")]);
}

#[test]
fn a_gate_in_while_on_board_is_raised() {
    let loaded = || event(Loaded, BOX, at(2, "08:00")).terminal("BRSSZ1").feed("carrier");
    let mut recent = World::after([loaded(), event(GateIn, BOX, at(5, "08:00")).terminal("SIKOP1")]);
    recent.wait_until(at(5, "09:00"));
    assert_eq!(recent.codes(BOX), ["MO-08a@2"]);
    let proven = World::after([
        loaded(),
        event(GateIn, BOX, at(18, "08:00")).terminal("SIKOP1"),
        event(Discharged, BOX, at(19, "08:00")).terminal("SIKOP1").feed("vessel"),
    ]);
    assert_eq!(proven.codes(BOX), ["MO-08a@2"]);
    // Discharged long ago where nobody reports to us, or reported late.
    silent([loaded(), event(GateIn, BOX, at(18, "08:00")).terminal("SIKOP1")]);
    silent([
        loaded(),
        event(GateIn, BOX, at(5, "08:00")).terminal("SIKOP1"),
        event(Discharged, BOX, at(4, "08:00")).terminal("SIKOP1").received(at(5, "08:30")),
    ]);
}

#[test]
fn a_gate_in_before_the_vessel_discharged_it_is_raised() {
    let ordered = || event(DischargeOrdered, BOX, at(2, "08:00")).feed("carrier");
    let gate_in = || event(GateIn, BOX, at(3, "08:00")).terminal("SIKOP1");
    let world = World::after([
        ordered(),
        gate_in(),
        event(Discharged, BOX, at(4, "08:00")).terminal("SIKOP1").feed("vessel"),
    ]);
    assert_eq!(world.codes(BOX), ["MO-08a@1"]);
    silent([ordered(), event(Discharged, BOX, at(2, "20:00")).terminal("SIKOP1"), gate_in()]);
    silent([ordered().feed("terminal"), gate_in()]);
}

#[test]
fn two_gate_outs_without_a_gate_in_are_raised() {
    let out = |day, time: &str, terminal: &str, feed: &str| {
        event(GateOut, BOX, at(day, time)).terminal(terminal).feed(feed)
    };
    let elsewhere = [out(2, "08:00", "SIKOP1", "koper"), out(3, "08:00", "ITTRS1", "trieste")];
    silent(elsewhere.clone());
    let world = without_losses().and(elsewhere);
    assert_eq!(world.codes(BOX), ["MO-08b@1"]);
    let mut one_feed =
        without_losses().and([out(2, "08:00", "SIKOP1", "pcs"), out(3, "08:00", "SIKOP2", "pcs")]);
    assert!(one_feed.published.is_empty());
    one_feed.wait_until(at(3, "09:00"));
    assert_eq!(one_feed.codes(BOX), ["MO-08b@1"]);
}

#[test]
fn two_gate_outs_that_two_systems_both_tell_are_raised_and_stay() {
    let out = |day, time: &str, feed: &str| event(GateOut, BOX, at(day, time)).terminal("SIKOP1").feed(feed);
    let both = |day| [out(day, "08:00", "carrier"), out(day, "08:07", "gate")];
    let world = World::after(both(2).into_iter().chain(both(3)));
    assert_eq!(world.codes(BOX), ["MO-08b@1"]);
}

#[test]
fn one_gate_out_told_twice_one_system_alone_and_old_ones_are_silent() {
    let out = |day, time: &str| event(GateOut, BOX, at(day, time)).terminal("SIKOP1");
    silent([out(2, "08:00").feed("koper"), out(2, "08:07").feed("pcs").truck("T1")]);
    silent([out(2, "08:00").truck("T1").feed("koper"), out(2, "08:07").feed("pcs").truck("T2")]);
    silent([out(2, "08:00"), out(4, "08:00")]);
    silent([out(2, "08:00").feed("koper"), out(12, "08:00").feed("pcs")]);
    silent([out(2, "08:00").feed("koper"), in_trieste(), out(4, "08:00").feed("trieste")]);
}

#[test]
fn travel_that_no_truck_can_make_is_raised() {
    let koper = || event(GateOut, BOX, at(2, "08:00")).terminal("SIKOP1").coordinates(45.55, 13.73);
    let vienna =
        |time: &str| event(PositionReported, BOX, at(2, time)).feed("tracker").coordinates(48.2, 16.37);
    let world = World::after([koper(), vienna("10:00")]);
    assert_eq!(world.codes(BOX), ["MO-08c@1"]);
    silent([koper(), vienna("13:00")]);
    // A truck would do the straight line in four hours, but there is no such road.
    assert_eq!(World::after([koper(), vienna("12:00")]).codes(BOX), ["MO-08c@1"]);
    silent([koper(), vienna("10:00").feed("terminal")]);
    silent([koper(), event(PositionReported, BOX, at(2, "08:01")).feed("tracker").coordinates(0.0, 0.0)]);
    silent([koper(), event(PositionReported, BOX, at(2, "08:01")).feed("tracker").coordinates(45.6, 13.8)]);
}

#[test]
fn another_length_build_tare_or_owner_under_the_number_is_raised() {
    let off = || event(Discharged, BOX, at(2, "08:00")).terminal("SIKOP1").feed("vessel").iso_type("22G1");
    let out = || event(GateOut, BOX, at(3, "08:00")).terminal("SIKOP1").feed("gate");
    let told = |events: [PortEvent; 2]| World::after(events).codes_of(BOX, "MO-08");
    assert_eq!(told([off(), out().iso_type("45G1")]), ["MO-08d@1"]);
    assert_eq!(told([off(), out().iso_type("22R1")]), ["MO-08d@1"]);
    assert_eq!(told([off().tare(2_200.0), out().tare(3_800.0)]), ["MO-08d@1"]);
    let owner = |event: PortEvent, id| event.party(PartyRole::Owner, "BIC", id);
    assert_eq!(told([owner(off(), "MSK"), owner(out(), "HLX")]), ["MO-08d@1"]);
    silent([off(), out().iso_type("2200")]);
    silent([off(), out().iso_type("22V1")]);
    silent([off(), out().iso_type("45G1").feed("vessel")]);
    // A feed that says both has mistyped one of them.
    let back = event(GateIn, BOX, at(5, "08:00")).terminal("SIKOP1").feed("gate").iso_type("22G1");
    let world = World::after([off(), out().iso_type("45G1"), back]);
    assert!(world.codes(BOX).is_empty());
    silent([off().tare(2_200.0), out().tare(2_450.0)]);
    silent([off().tare(2_200.0), out().tare(4_000.0)]);
    silent([owner(off(), "MSK"), owner(out(), "HLX").feed("vessel")]);
    silent([
        owner(event(GateOut, BOX, at(2, "08:00")).feed("gate"), "MSK"),
        owner(event(GateIn, BOX, at(2, "08:00").plus_millis(70 * 86_400_000)).feed("pcs"), "HLX"),
    ]);
}

#[test]
fn another_number_at_the_gate_than_announced_is_raised() {
    let read = |declared: &str| {
        event(GateIn, BOX, at(2, "08:00")).terminal("SIKOP1").edit(|e| {
            let equipment = e.equipment.get_or_insert_default();
            equipment.declared_number = Some(declared.into());
            equipment.read_by_camera = Some(true);
        })
    };
    assert_eq!(World::after([read("MSKU1234565")]).codes(BOX), ["MO-08e@1"]);
    silent([read(BOX)]);
    // One character apart and only one of the two can be: misread.
    silent([read("CSQU3054388")]);
    silent([read("MSKU1234565").planned()]);
    // A number that cannot be, read by a camera alone, only counts with others.
    let wrong = "CSQU3054388";
    let lone = event(GateIn, wrong, at(2, "08:00")).wrong_check_digit().edit(|e| {
        e.equipment.get_or_insert_default().read_by_camera = Some(true);
    });
    silent([lone.clone()]);
    let mut world = World::with(
        quaywatch_detection::Rules::parse("[two_places]\nseverity_e_alone = \"MEDIUM\"\n").unwrap(),
    );
    world.see(&lone);
    assert_eq!(world.codes(wrong), ["MO-08e@1"]);
}

#[test]
fn other_contradictions_are_low_indicators_that_make_no_alert_alone() {
    let out = || event(GateOut, BOX, at(2, "08:00")).terminal("SIKOP1").feed("gate");
    let off = |day| event(Discharged, BOX, at(day, "06:00")).terminal("ITTRS1").feed("vessel");
    let medium = || quaywatch_detection::Rules::parse("[two_places.f]\nseverity = \"MEDIUM\"\n").unwrap();
    silent([out(), off(3)]);
    let told = |events: [PortEvent; 2]| {
        let mut world = World::with(medium());
        events.iter().for_each(|e| world.see(e));
        world.wait_until(at(9, "00:00"));
        world.codes_of(BOX, "MO-08")
    };
    assert_eq!(told([out(), off(3)]), ["MO-08f@2"]);
    assert_eq!(told([out(), off(5)]), [""; 0]);
    assert_eq!(told([out(), off(3).terminal("SIKOP1").feed("gate")]), [""; 0]);
    assert_eq!(told([out(), off(3).wrong_check_digit()]), [""; 0]);
    // A second gate-in; of an empty that left full, or after a truck had fetched it, a gate-out is missing.
    let came = |time: &str, feed: &str| event(GateIn, BOX, at(2, time)).terminal("SIKOP1").feed(feed);
    silent([came("08:00", "gate"), came("14:00", "pcs")]);
    assert_eq!(told([came("08:00", "gate"), came("14:00", "pcs")]), ["MO-08f@1"]);
    assert_eq!(told([came("08:00", "gate"), came("09:30", "pcs")]), [""; 0]);
    assert_eq!(told([came("08:00", "gate"), came("14:00", "gate")]), [""; 0]);
    let full = came("08:00", "gate").laden(Laden::Laden);
    assert_eq!(told([full, came("14:00", "pcs").laden(Laden::Empty)]), [""; 0]);
}
