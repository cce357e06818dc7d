use quaywatch_domain::EventKind::{
    BookingCancelled, BookingConfirmed, BookingRolled, DeliveryRejected, GateIn, GateOut, LoadOrdered,
    Loaded, PositionReported, ReleaseOrder, VesselArrived, Weighed,
};
use quaywatch_domain::event::WeightKind::Scale;
use quaywatch_domain::event::{EquipmentStatus, Laden};
use quaywatch_domain::{PortEvent, Severity};

use crate::common::{BOX, OTHER_BOX, Says, World, at, event};

fn told(events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    let mut world = World::after(events);
    world.wait_until(at(14, "00:00"));
    world.codes(BOX).into_iter().filter(|c| c.starts_with("MO-09")).collect()
}

fn silent(events: impl IntoIterator<Item = PortEvent>) {
    assert_eq!(told(events), [""; 0]);
}

fn empty_in(kg: f64) -> PortEvent {
    event(GateIn, BOX, at(3, "20:00")).laden(Laden::Empty).tare(3_700.0).weight(Scale, kg)
}

#[test]
fn an_empty_some_hundred_kilograms_too_heavy_is_raised() {
    assert_eq!(told([empty_in(4_400.0)]), ["MO-09a@1"]);
    // The bridge before the gate has a ticket of its own; one of the day before is of another load.
    let ticket = |day, time: &str| event(Weighed, BOX, at(day, time)).tare(3_700.0).weight(Scale, 4_400.0);
    let gate_in = || event(GateIn, BOX, at(3, "20:00")).laden(Laden::Empty);
    assert_eq!(told([ticket(3, "19:55"), gate_in()]), ["MO-09a@1"]);
    silent([ticket(2, "19:55"), gate_in()]);
    silent([empty_in(3_820.0)]);
    silent([empty_in(4_400.0).iso_type("45R1")]);
    silent([empty_in(4_400.0).tare(4_000.0)]);
    silent([empty_in(4_400.0).laden(Laden::Laden)]);
    silent([empty_in(8_400.0)]);
    let swap_body = "CSQK3054383";
    let mut world = World::new();
    world.see(
        &event(GateIn, swap_body, at(3, "20:00")).laden(Laden::Empty).tare(3_700.0).weight(Scale, 4_400.0),
    );
    assert!(world.codes(swap_body).iter().all(|c| !c.starts_with("MO-09")));
}

fn export_in() -> PortEvent {
    event(GateIn, BOX, at(3, "08:00"))
        .status(EquipmentStatus::Export)
        .laden(Laden::Laden)
        .haulier("333")
        .booking("B1")
}

fn export_out(container: &str, day: u32) -> PortEvent {
    event(GateOut, container, at(day, "20:00")).status(EquipmentStatus::Export).haulier("333")
}

#[test]
fn an_export_of_a_cancelled_booking_that_its_haulier_takes_out_again_is_raised() {
    let cancelled = |time| event(BookingCancelled, BOX, time).booking("B1");
    assert_eq!(told([cancelled(at(2, "08:00")), export_in(), export_out(BOX, 5)]), ["MO-09b@1"]);
    assert_eq!(told([export_in(), cancelled(at(4, "08:00")), export_out(BOX, 5)]), ["MO-09b@1"]);
    let rolled = |day: u32| event(BookingRolled, BOX, at(day, "08:00")).booking("B1");
    assert_eq!(told([export_in(), rolled(4), rolled(5), export_out(BOX, 6)]), ["MO-09b@1"]);
    silent([export_in(), event(LoadOrdered, BOX, at(3, "09:00")), rolled(4), export_out(BOX, 6)]);
    silent([
        export_in(),
        cancelled(at(4, "08:00")),
        event(ReleaseOrder, BOX, at(4, "10:00")).booking("B1"),
        export_out(BOX, 5),
    ]);
    silent([export_in(), cancelled(at(4, "08:00")), export_out(BOX, 5).edit(|e| e.parties.clear())]);
    silent([export_in(), cancelled(at(4, "08:00")), export_out(BOX, 12)]);
    // A refused import that the gate wrote down as an export.
    silent([
        event(DeliveryRejected, BOX, at(2, "20:00")),
        export_in(),
        cancelled(at(4, "08:00")),
        export_out(BOX, 5),
    ]);
    silent([export_in(), event(Loaded, BOX, at(5, "08:00")), cancelled(at(5, "09:00"))]);
}

#[test]
fn an_export_for_no_known_call_is_medium_and_an_empty_without_booking_nothing() {
    let world = World::after([export_in(), export_out(BOX, 5)]);
    assert_eq!(world.codes(BOX), ["MO-09b@1"]);
    assert_eq!(world.alert(BOX).severity, Severity::Medium);
    silent([export_in().call("C7"), export_out(BOX, 5)]);
    // Its vessel calls two weeks later; in time, or in time at last, it may just have come early.
    let arrives = |day| event(VesselArrived, BOX, at(day, "08:00")).planned().received(at(2, "08:00"));
    let early = World::after([export_in().call("C7"), arrives(17), export_out(BOX, 5)]);
    assert_eq!(early.codes(BOX), ["MO-09b@1"]);
    assert!(early.alert(BOX).title.contains("long before its vessel calls"));
    silent([export_in().call("C7"), arrives(12), export_out(BOX, 5)]);
    silent([export_in().call("C7"), arrives(17), arrives(11), export_out(BOX, 5)]);
    silent([
        event(GateIn, BOX, at(3, "08:00")).laden(Laden::Empty).haulier("333"),
        event(GateOut, BOX, at(5, "08:00")).laden(Laden::Empty).haulier("333"),
    ]);
}

/// The same haulier brought another export and took it out again.
fn another_time() -> [PortEvent; 2] {
    [
        event(GateIn, OTHER_BOX, at(1, "08:00")).status(EquipmentStatus::Export).haulier("333").call("C1"),
        export_out(OTHER_BOX, 2),
    ]
}

/// Its booking cancelled, and out again.
fn for_nothing() -> [PortEvent; 3] {
    [export_in(), event(BookingCancelled, BOX, at(4, "08:00")).booking("B1"), export_out(BOX, 5)]
}

#[test]
fn a_haulier_that_took_another_export_out_is_told_with_the_visit() {
    let world = World::after(another_time().into_iter().chain(for_nothing()));
    assert_eq!(world.codes(BOX), ["MO-09b@1", "MO-09c@1"]);
    assert!(world.alert(BOX).indicators.iter().all(|i| i.severity == Severity::High));
    assert!(world.codes(OTHER_BOX).is_empty(), "an export that was fetched back is no crime alone");
    // An empty that is fetched to be stuffed is no export brought in vain.
    let stuffed = another_time().map(|e| e.laden(Laden::Empty));
    assert_eq!(told(stuffed.into_iter().chain(for_nothing())), ["MO-09b@1"]);
    // The same for a container that has a call, or another haulier: nothing to repeat.
    silent(another_time().into_iter().chain([export_in().call("C7"), export_out(BOX, 5)]));
    let by_another = another_time().map(|e| e.edit(|e| e.parties.clear()).haulier("444"));
    assert_eq!(told(by_another.into_iter().chain(for_nothing())), ["MO-09b@1"]);
}

#[test]
fn an_export_fetched_back_under_a_release_is_none_that_was_brought_in_vain() {
    let [brought, taken] = another_time();
    let order = event(ReleaseOrder, OTHER_BOX, at(1, "20:00")).status(EquipmentStatus::Export).haulier("333");
    let long_ago = order.clone().edit(|e| e.occurred_at = at(1, "07:00").plus_millis(-7 * 86_400_000));
    let story = |events: Vec<PortEvent>| told(events.into_iter().chain(for_nothing()));
    assert_eq!(story(vec![brought.clone(), order.clone(), taken.clone()]), ["MO-09b@1"]);
    // Told after the gate, and taken back.
    assert_eq!(story(vec![brought.clone(), taken.clone(), order.clone()]), ["MO-09b@1"]);
    let denied = order.clone().revision(2).retracted();
    assert_eq!(story(vec![brought.clone(), order, taken.clone(), denied]), ["MO-09b@1", "MO-09c@1"]);
    assert_eq!(story(vec![long_ago, brought.clone(), taken.clone()]), ["MO-09b@1", "MO-09c@1"]);
    // The gate itself says under what it left.
    assert_eq!(story(vec![brought.clone(), taken.clone().release("R7")]), ["MO-09b@1"]);
    assert_eq!(story(vec![brought, taken.order("O7")]), ["MO-09b@1"]);
}

#[test]
fn a_round_trip_of_which_no_release_is_known_lifts_no_visit_that_is_medium_by_itself() {
    let no_call = [export_in(), export_out(BOX, 5)];
    let world = World::after(another_time().into_iter().chain(no_call));
    assert_eq!(world.codes(BOX), ["MO-09b@1", "MO-09c@1"]);
    assert_eq!(world.alert(BOX).severity, Severity::Medium);
    let order = event(ReleaseOrder, OTHER_BOX, at(1, "20:00")).status(EquipmentStatus::Export).haulier("333");
    let [brought, taken] = another_time();
    let released = World::after([brought, order, taken, export_in(), export_out(BOX, 5)]);
    assert_eq!(released.codes(BOX), ["MO-09b@1"]);
    let alone = World::after([export_in(), export_out(BOX, 5)]);
    assert_eq!(released.alert(BOX).score, alone.alert(BOX).score);
}

#[test]
fn a_container_out_of_use_that_comes_in_is_raised() {
    let gate_in = || event(GateIn, BOX, at(3, "08:00")).laden(Laden::Empty);
    let with = |change: fn(&mut quaywatch_domain::event::Equipment)| {
        gate_in().edit(|e| change(e.equipment.get_or_insert_default()))
    };
    assert_eq!(told([with(|e| e.out_of_service = Some(true))]), ["MO-09d@1"]);
    assert_eq!(told([with(|e| e.lease_expired = Some(true))]), ["MO-09d@1"]);
    assert_eq!(told([with(|e| e.shipper_owned = Some(true))]), ["MO-09d@1"]);
    silent([with(|e| e.shipper_owned = Some(true)).laden(Laden::Laden)]);
    silent([with(|e| e.out_of_service = Some(false))]);
}

#[test]
fn a_stop_on_the_way_is_raised_unless_it_is_a_rest_or_as_planned() {
    let picked = || event(GateOut, BOX, at(3, "08:00")).laden(Laden::Empty).facility("DEPOT");
    let arrived = |time: &str| event(GateIn, BOX, at(3, time)).status(EquipmentStatus::Export).call("C7");
    let fix = |time: &str| event(PositionReported, BOX, at(3, time)).feed("tracker").coordinates(45.6, 13.9);
    let planned = |time: &str| event(GateIn, BOX, at(3, time)).planned().received(at(3, "07:00")).id("plan");
    assert_eq!(told([picked(), fix("09:00"), fix("11:10"), arrived("12:00")]), ["MO-09d@2"]);
    silent([picked(), fix("09:00"), fix("09:50"), arrived("12:00")]);
    assert_eq!(
        told([picked(), planned("10:00"), fix("09:00"), fix("09:50"), arrived("12:00")]),
        ["MO-09d@2"]
    );
    silent([picked(), planned("11:30"), fix("09:00"), fix("11:10"), arrived("12:00")]);
    let moved = fix("11:10").coordinates(45.7, 13.9);
    silent([picked(), fix("09:00"), moved, arrived("12:00")]);
    silent([event(BookingConfirmed, BOX, at(2, "08:00")), fix("09:00"), fix("11:10"), arrived("12:00")]);
}
