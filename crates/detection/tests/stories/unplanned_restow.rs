use quaywatch_domain::EventKind::{DischargeOrdered, Restowed};
use quaywatch_domain::PortEvent;

use crate::common::{BOX, Says, World, at, event};

fn restowed(container: &str, port: &str, cell: &str) -> PortEvent {
    event(Restowed, container, at(2, "08:00")).port(port).cell(cell).call(&format!("CALL-{port}"))
}

fn codes(events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    let mut world = World::after(events);
    world.wait_until(at(9, "00:00"));
    world.codes(BOX)
}

#[test]
fn a_container_shifted_to_where_its_doors_can_be_reached_is_raised_when_it_stays_the_only_one() {
    let mut world = World::after([restowed(BOX, "ECGYE", "0240382")]);
    world.wait_until(at(2, "09:59"));
    assert!(world.published.is_empty());
    world.wait_until(at(2, "10:00"));
    assert_eq!(world.codes(BOX), ["MO-22a@1"]);
    world.see(&restowed(BOX, "ECGYE", "0240382").revision(2).retracted());
    assert_eq!(world.codes(BOX), [""; 0]);
}

#[test]
fn hatch_work_orders_high_tiers_and_ports_that_are_not_watched_are_silent() {
    let many = (1..=4).map(|n| restowed(&format!("MSKU123450{n}"), "ECGYE", "0240382"));
    assert_eq!(codes(many.chain([restowed(BOX, "ECGYE", "0240382")])), [""; 0]);
    let few = (1..=3).map(|n| restowed(&format!("MSKU123450{n}"), "ECGYE", "0240382"));
    assert_eq!(codes(few.chain([restowed(BOX, "ECGYE", "0240382")])), ["MO-22a@1"]);
    let ordered = event(DischargeOrdered, BOX, at(1, "08:00")).planned();
    assert_eq!(codes([ordered, restowed(BOX, "ECGYE", "0240382")]), [""; 0]);
    assert_eq!(codes([restowed(BOX, "ECGYE", "0240388")]), [""; 0]);
    assert_eq!(codes([restowed(BOX, "ECGYE", "0240308")]), [""; 0]);
    assert_eq!(codes([restowed(BOX, "ESALG", "0240382")]), [""; 0]);
    let from = |port: &str| restowed(BOX, "SIKOP", "0240382").route(port, &[], "ITTRS");
    assert_eq!(codes([from("ECGYE")]), ["MO-22a@1"]);
    assert_eq!(codes([from("ESALG")]), [""; 0]);
}

#[test]
fn a_container_shifted_in_two_ports_is_raised_and_one_shift_told_twice_is_not() {
    let second = |port: &str| restowed(BOX, port, "0120508").id("second");
    assert_eq!(codes([restowed(BOX, "ESALG", "0240308"), second("MAPTM")]), ["MO-22b@1"]);
    assert_eq!(codes([restowed(BOX, "ESALG", "0240308"), second("ESALG")]), [""; 0]);
}
