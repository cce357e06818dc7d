use quaywatch_domain::EventKind::{
    CustomsInspected, DeviceUnpaired, Discharged, DoorClosed, DoorOpened, GateOut, Loaded, PositionReported,
    Stripped, SystemOutageStarted, WorkOrdered,
};
use quaywatch_domain::event::Laden;
use quaywatch_domain::{EventKind, PortEvent, Timestamp};

use crate::common::{BOX, OTHER_BOX, Says, World, at, event};

fn told(events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    let mut world = World::after(events);
    world.wait_until(at(8, "00:00"));
    world.codes(BOX).into_iter().filter(|c| c.starts_with("MO-06")).collect()
}

fn silent(events: impl IntoIterator<Item = PortEvent>) {
    assert_eq!(told(events), [""; 0]);
}

fn in_yard(container: &str) -> PortEvent {
    event(Discharged, container, at(2, "08:00")).terminal("LUKKP").laden(Laden::Laden)
}

fn door(kind: EventKind, container: &str, at: Timestamp) -> PortEvent {
    event(kind, container, at).feed("sensors").terminal("LUKKP")
}

fn opened() -> PortEvent {
    door(DoorOpened, BOX, at(3, "12:00"))
}

#[test]
fn a_door_that_opens_in_the_yard_or_at_sea_is_raised_after_it_may_have_bounced() {
    let mut world = World::after([in_yard(BOX), opened()]);
    assert!(world.published.is_empty());
    world.wait_until(at(3, "12:01"));
    assert_eq!(world.codes(BOX), ["MO-06a@1"]);
    assert!(world.alert(BOX).title.contains("in the yard"));
    world.see(&event(WorkOrdered, BOX, at(3, "11:00")).received(at(3, "13:00")));
    assert!(world.codes(BOX).is_empty(), "it was ordered");
    assert_eq!(told([event(Loaded, BOX, at(1, "08:00")), opened()]), ["MO-06a@1"]);
}

#[test]
fn bounce_work_empties_chatter_and_doors_outside_are_silent() {
    silent([in_yard(BOX), opened(), door(DoorClosed, BOX, at(3, "12:00").plus_millis(30_000))]);
    silent([in_yard(BOX), event(CustomsInspected, BOX, at(3, "11:00")), opened()]);
    silent([in_yard(BOX), event(Stripped, BOX, at(3, "13:30")).order("W1"), opened()]);
    silent([in_yard(BOX).laden(Laden::Empty), opened()]);
    silent([in_yard(BOX), event(GateOut, BOX, at(3, "08:00")), opened()]);
    silent([opened()]);
    silent((0..4).map(|n| door(DoorOpened, BOX, at(3, &format!("1{n}:00")))).chain([in_yard(BOX)]));
}

#[test]
fn doors_of_neighbours_in_one_night_are_told_to_both() {
    let night = |container, time: &str, slot: &str| door(DoorOpened, container, at(3, time)).slot(slot);
    let story = || {
        [
            in_yard(BOX),
            in_yard(OTHER_BOX),
            night(BOX, "02:00", "A-01-1-1"),
            door(DoorClosed, BOX, at(3, "02:20")).slot("A-01-1-1"),
            night(OTHER_BOX, "02:10", "A-03-1-1"),
        ]
    };
    assert_eq!(told(story()), ["MO-06a@1", "MO-06b@1"]);
    let world = World::after(story());
    assert!(world.alert(OTHER_BOX).title.contains(BOX) || world.alert(OTHER_BOX).indicators.len() > 1);
    let without = |change: &dyn Fn(PortEvent) -> PortEvent| {
        let events = story()
            .into_iter()
            .map(|e| if e.container() == Some(OTHER_BOX) && e.kind == DoorOpened { change(e) } else { e });
        assert_eq!(told(events), ["MO-06a@1"]);
    };
    without(&|e| e.slot("F-03-1-1"));
    without(&|e| e.slot("A-09-1-1"));
    without(&|e| e.edit(|e| e.occurred_at = at(3, "03:30")));
    without(&|e| e.edit(|e| e.place.get_or_insert_default().terminal = Some("TRSTE".into())));
    let by_day = story().map(|e| e.edit(|e| e.occurred_at = e.occurred_at.plus_millis(10 * 3_600_000)));
    assert_eq!(told(by_day), ["MO-06a@1"]);
    let briefly =
        story().map(|e| if e.kind == DoorClosed { e.edit(|e| e.occurred_at = at(3, "02:02")) } else { e });
    assert_eq!(told(briefly), ["MO-06a@1"]);
}

#[test]
fn neighbours_are_known_by_their_positions_as_well() {
    let night =
        |container, time: &str, east: f64| door(DoorOpened, container, at(3, time)).coordinates(45.55, east);
    let near = [in_yard(BOX), night(BOX, "02:00", 13.7300), night(OTHER_BOX, "02:10", 13.7305)];
    assert_eq!(told(near), ["MO-06a@1", "MO-06b@1"]);
    let far = [in_yard(BOX), night(BOX, "02:00", 13.7300), night(OTHER_BOX, "02:10", 13.7500)];
    assert_eq!(told(far), ["MO-06a@1"]);
}

#[test]
fn a_device_taken_off_in_the_yard_is_raised() {
    let off = || event(DeviceUnpaired, BOX, at(3, "12:00")).feed("sensors");
    assert_eq!(told([in_yard(BOX), off()]), ["MO-06c@1"]);
    silent([in_yard(BOX), event(Stripped, BOX, at(3, "09:00")).order("W1"), off()]);
    silent([in_yard(BOX), event(GateOut, BOX, at(3, "09:00")), off()]);
    silent([in_yard(BOX), event(WorkOrdered, BOX, at(3, "11:00")), off()]);
}

#[test]
fn a_device_that_falls_silent_after_regular_reports_is_raised() {
    let fixes =
        |n: u32| (0..n).map(|h| event(PositionReported, BOX, at(3, &format!("{h:02}:00"))).feed("sensors"));
    let mut world = World::after([in_yard(BOX)].into_iter().chain(fixes(9)));
    world.wait_until(at(3, "11:59"));
    assert!(world.published.is_empty());
    world.wait_until(at(3, "12:00"));
    assert_eq!(world.codes(BOX), ["MO-06c@1"]);
    world.see(&event(PositionReported, BOX, at(3, "13:00")).feed("sensors"));
    assert!(world.codes(BOX).is_empty(), "it speaks again");
    silent([in_yard(BOX)].into_iter().chain(fixes(5)));
    silent([in_yard(BOX), event(GateOut, BOX, at(3, "09:00"))].into_iter().chain(fixes(9)));
    silent([in_yard(BOX), event(SystemOutageStarted, BOX, at(3, "08:30"))].into_iter().chain(fixes(9)));
}
