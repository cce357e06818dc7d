//! What is kept of people: nothing, while the module that looks at them is off.

use quaywatch_detection::{Engine, Rules};
use quaywatch_domain::event::{PartyRole, PinOutcome};
use quaywatch_domain::{EventKind, PortEvent, Subject};

use crate::common::{BOX, Says, World, at, event};

fn viewed(container: &str, day: u32, time: &str, user: &str) -> PortEvent {
    event(EventKind::RecordViewed, container, at(day, time)).user(user, "ACME")
}

/// What people do to a container in every way that feeds tell of, with other things beside it.
fn done_by_people() -> Vec<PortEvent> {
    let client = |e: PortEvent| e.edit(|e| e.actor.get_or_insert_default().client = Some("dev:7".into()));
    let mut events = vec![
        event(EventKind::ManifestLine, BOX, at(1, "08:00")).carrier("MSC").terminal("LUKKP"),
        event(EventKind::RecordExported, BOX, at(2, "07:00")).user("usr:3", "ACME"),
        event(EventKind::RecordListed, BOX, at(2, "07:30")).user("usr:3", "ACME"),
        event(EventKind::ReleaseIssued, BOX, at(2, "08:00"))
            .party(PartyRole::ReleaseFrom, "SMDG", "MSC")
            .user("usr:4", "MSC"),
        client(event(EventKind::PinAttempted, BOX, at(2, "09:00")).user("usr:5", "ACME"))
            .pin(PinOutcome::Wrong),
        event(EventKind::CustomsSelectedForScan, BOX, at(2, "10:00")),
        event(EventKind::CustomsSelectionCancelled, BOX, at(2, "12:00")).user("usr:6", "ACME").role("CLERK"),
        event(EventKind::PassIssued, BOX, at(2, "13:00")).driver("drv:1"),
        event(EventKind::YardMove, BOX, at(2, "14:00")).slot("A-1-1-1").driver("drv:2"),
        event(EventKind::GateOut, BOX, at(2, "15:00")).terminal("LUKKP").truck("plate:1").driver("drv:3"),
    ];
    events.extend(["08:30", "12:30", "16:30", "20:30"].map(|time| viewed(BOX, 2, time, "usr:1")));
    events.extend((0..20).map(|n| {
        let number = format!("CSQU30544{n:02}");
        viewed(&number, 3, &format!("08:{n:02}"), "usr:2")
    }));
    events
}

/// Which traces of people the states hold.
fn traces(world: &World) -> Vec<&'static str> {
    let kept: String = world.states.values().map(|state| serde_json::to_string(state).unwrap()).collect();
    ["usr:", "dev:", "drv:", "record_viewed", "record_listed", "record_exported"]
        .into_iter()
        .filter(|trace| kept.contains(trace))
        .collect()
}

#[test]
fn nothing_is_kept_of_people_while_the_module_is_off() {
    let mut world = World::after(done_by_people());
    world.wait_until(at(4, "00:00"));
    assert_eq!(traces(&world), [""; 0]);
    // What is no action of a person's works as with the module.
    assert_eq!(world.codes_of(BOX, "MO-15d"), ["MO-15d@1"]);
    let kept = serde_json::to_string(&world.states[&Subject::container(BOX)]).unwrap();
    assert!(kept.contains("plate:1") && kept.contains("pin_attempted"));
    assert!(world.published.iter().flat_map(|a| &a.indicators).all(|i| !i.discreet));
}

#[test]
fn what_was_kept_of_people_goes_when_the_module_is_switched_off() {
    let mut world = World::with_people().and(done_by_people());
    assert_eq!(traces(&world).len(), 6);
    assert!(!world.codes_of(BOX, "MO-16").is_empty());
    world.engine = Engine::new(Rules::default(), "test");
    world.look_again();
    assert_eq!(traces(&world), [""; 0]);
    assert!(world.codes_of(BOX, "MO-16").is_empty());
    assert_eq!(world.codes_of(BOX, "MO-15d"), ["MO-15d@1"]);
    // Switched on again, it begins anew.
    world.engine = Engine::new(Rules::parse("[people]\nenabled = true\n").unwrap(), "test");
    world.look_again();
    let world = world.and(["05:00", "06:00", "07:00"].map(|time| viewed(BOX, 4, time, "usr:1")));
    assert!(!world.codes_of(BOX, "MO-16a").is_empty());
}
