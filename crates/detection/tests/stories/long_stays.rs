//! A container that stands for months is remembered for as long as it may be in the port, and no longer.

use quaywatch_detection::Rules;
use quaywatch_domain::EventKind::{
    CustomsHeld, CustomsReleased, Discharged, GateIn, GateOut, ManifestLine, ReleaseIssued,
};
use quaywatch_domain::event::{EquipmentStatus, Laden};
use quaywatch_domain::{EventKind, PortEvent, Subject, Timestamp};

use crate::common::{BOX, Says as _, World, at, event};

/// The time on a day after the first of March, counted on.
fn after(days: i64, time: &str) -> Timestamp {
    at(1, time).plus_millis(days * 86_400_000)
}

fn told(kind: EventKind, days: i64, time: &str) -> PortEvent {
    event(kind, BOX, after(days, time)).terminal("LUKKP").status(EquipmentStatus::Import).laden(Laden::Laden)
}

/// The world on a later day, all deadlines passed one by one.
fn later(events: &[PortEvent], days: i64) -> World {
    let rules = Rules::parse("[history]\nrecorded_since = \"2024-01-01T00:00:00Z\"\n").unwrap();
    let mut world = World::with(rules);
    for event in events {
        world.wait_until(event.received_at);
        world.see(event);
    }
    world.wait_until(after(days, "23:59"));
    world
}

fn is_known(world: &World) -> bool {
    world.states.get(&Subject::container(BOX)).is_some_and(|state| !state.facts.is_empty())
}

#[test]
fn what_was_held_and_stood_for_two_months_is_missed_when_it_leaves() {
    let events = [told(Discharged, 0, "08:00"), told(CustomsHeld, 0, "12:00"), told(GateOut, 55, "08:00")];
    assert_eq!(later(&events, 57).codes(BOX), ["MO-25a@1"]);
    // Nobody told that it came, but customs held it.
    assert!(later(&events[1..], 57).codes(BOX).contains(&"MO-25a@1".to_owned()));
    // Released meanwhile it leaves in silence: that it came is known.
    let released = [&events[..2], &[told(CustomsReleased, 54, "12:00")], &events[2..]].concat();
    assert!(later(&released, 57).published.is_empty());
}

#[test]
fn what_was_left_standing_and_is_collected_by_night_is_seen_after_two_months() {
    let events =
        |time| [told(Discharged, 0, "08:00"), told(CustomsReleased, 1, "12:00"), told(GateOut, 54, time)];
    assert_eq!(later(&events("23:30"), 56).codes(BOX), ["MO-14c@1"]);
    assert!(!later(&events("10:00"), 56).codes(BOX).contains(&"MO-14c@1".to_owned()), "by day");
}

#[test]
fn what_has_left_or_never_came_is_forgotten_as_before_and_the_rest_at_its_bound() {
    let left = [told(Discharged, 0, "08:00"), told(GateOut, 2, "08:00")];
    let listed = [told(ManifestLine, 0, "08:00")];
    for events in [&left[..], &listed[..]] {
        assert!(is_known(&later(events, 40)) && !is_known(&later(events, 48)), "{events:?}");
    }
    let export = [told(GateIn, 0, "08:00").status(EquipmentStatus::Export)];
    let released = [told(ReleaseIssued, 0, "08:00")];
    for events in [&left[..1], &export[..], &released[..]] {
        assert!(is_known(&later(events, 179)) && !is_known(&later(events, 181)), "{events:?}");
    }
    // A sign of life begins it anew.
    let events = [told(Discharged, 0, "08:00"), told(CustomsReleased, 100, "08:00")];
    assert!(is_known(&later(&events, 279)) && !is_known(&later(&events, 281)));
}
