use quaywatch_detection::Rules;
use quaywatch_domain::EventKind::{
    GateIn, GateOut, ManifestLine, PassIssued, PickupAccepted, PickupAnnounced,
};
use quaywatch_domain::event::Laden;
use quaywatch_domain::handling::Tlp;
use quaywatch_domain::watchlist::EntryAction;
use quaywatch_domain::{EventKind, PortEvent, Severity, Timestamp};

use crate::common::{BOX, OTHER_BOX, Says, World, at, event, hit};

fn passage(kind: EventKind, container: &str, at: Timestamp, terminal: &str) -> PortEvent {
    event(kind, container, at).terminal(terminal).driver("bdg:1")
}

fn codes(events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    World::with_people().and(events).codes(BOX)
}

#[test]
fn a_badge_at_two_terminals_at_once_is_told_to_both_containers() {
    let out =
        |container: &str, time: &str, terminal: &str| passage(GateOut, container, at(2, time), terminal);
    let story = |time: &str, terminal: &str| [out(OTHER_BOX, "08:00", "LUKKP"), out(BOX, time, terminal)];
    let world = World::with_people().and(story("08:08", "TRSTE"));
    assert_eq!(world.codes(BOX), ["MO-24a@1"]);
    assert_eq!(world.codes(OTHER_BOX), ["MO-24a@1"]);
    let alert = world.alert(BOX);
    assert!(alert.indicators[0].discreet && alert.handling.tlp == Tlp::Red);
    assert!(!alert.title.contains("bdg:1"));
    assert_eq!(codes(story("08:08", "LUKKP")), [""; 0]);
    assert_eq!(codes(story("08:10", "TRSTE")), [""; 0]);
    assert!(World::after(story("08:08", "TRSTE")).published.is_empty());
}

fn announced(truck: &str, driver: &str) -> PortEvent {
    event(PickupAnnounced, BOX, at(2, "08:00"))
        .haulier("111")
        .truck(truck)
        .driver(driver)
        .id(&format!("a/{truck}/{driver}"))
}

fn collected(truck: &str, driver: &str) -> PortEvent {
    event(GateOut, BOX, at(2, "14:00")).haulier("111").truck(truck).driver(driver)
}

#[test]
fn another_truck_than_announced_is_raised_and_a_swap_by_the_same_driver_or_haulier_is_low() {
    let unnamed = || collected("T2", "bdg:2").edit(|e| e.parties.clear());
    assert_eq!(codes([announced("T1", "bdg:1"), unnamed()]), ["MO-24b@1"]);
    assert_eq!(codes([announced("T1", "bdg:1"), collected("T2", "bdg:2")]), [""; 0]);
    assert_eq!(codes([announced("T1", "bdg:1"), collected("T1", "bdg:1")]), [""; 0]);
    assert_eq!(
        codes([announced("T1", "bdg:1"), announced("T2", "bdg:1"), collected("T2", "bdg:1")]),
        [""; 0]
    );
    // By the same driver it is LOW: no alert alone, part of one beside another indicator.
    let swap = || [announced("T1", "bdg:1"), collected("T2", "bdg:1")];
    assert_eq!(codes(swap()), [""; 0]);
    let other = event(PassIssued, "", at(2, "13:30")).without_container().driver("bdg:1");
    let world = World::with_people().and([other]).and(swap().map(|e| e.terminal("LUKKP")));
    assert_eq!(world.codes(BOX), ["MO-23b@1", "MO-24b@1"]);
    let low = world.alert(BOX).indicators.iter().find(|i| i.code == "MO-24b").unwrap();
    assert_eq!(low.severity, Severity::Low);
    let other_haulier = announced("T1", "bdg:1").edit(|e| e.parties[0].id = Some("999".into()));
    assert_eq!(codes([other_haulier, collected("T2", "bdg:2")]), [""; 0]);
}

#[test]
fn another_driver_than_called_forward_is_raised_unless_announced() {
    let called = || event(PickupAccepted, BOX, at(2, "13:00")).haulier("111").truck("T1").driver("bdg:1");
    assert_eq!(codes([called(), collected("T1", "bdg:2")]), ["MO-24e@1"]);
    // The carrier reports the passage too, and names nobody.
    let carrier = event(GateOut, BOX, at(2, "14:00")).feed("carrier").id("a-carrier");
    assert_eq!(codes([called(), carrier, collected("T1", "bdg:2")]), ["MO-24e@1"]);
    assert_eq!(codes([called(), collected("T1", "bdg:1")]), [""; 0]);
    assert_eq!(codes([called(), announced("T1", "bdg:2"), collected("T1", "bdg:2")]), [""; 0]);
    assert_eq!(codes([announced("T1", "bdg:1"), collected("T1", "bdg:2")]), [""; 0]);
}

/// Visits of the driver for a haulier, one a day.
fn visits(haulier: &str, from: u32, count: u32) -> impl Iterator<Item = PortEvent> {
    (from..from + count).map(move |day| {
        passage(GateOut, &format!("MSKU12345{day:02}"), at(day, "10:00"), "LUKKP").haulier(haulier)
    })
}

#[test]
fn a_driver_of_another_haulier_is_raised_and_pool_drivers_and_new_employees_are_not() {
    let last = |haulier: &str, day| passage(GateOut, BOX, at(day, "10:00"), "LUKKP").haulier(haulier);
    assert_eq!(codes(visits("111", 1, 10).chain([last("222", 20)])), ["MO-24c@1"]);
    assert_eq!(codes(visits("111", 1, 10).chain([last("111", 20)])), [""; 0]);
    assert_eq!(codes(visits("111", 1, 9).chain([last("222", 20)])), [""; 0]);
    let pool = visits("111", 1, 10).chain(visits("333", 12, 1));
    assert_eq!(codes(pool.chain([last("222", 20)])), [""; 0]);
    let employee = visits("111", 1, 10).chain(visits("222", 15, 1));
    assert_eq!(codes(employee.chain([last("222", 20)])), [""; 0]);
}

#[test]
fn a_first_visit_by_night_with_cargo_from_a_watched_origin_is_raised_where_all_visits_are_recorded() {
    let rules = "[people]\nenabled = true\n[history]\nrecorded_since = \"2025-06-01T00:00:00Z\"\n";
    let line = |port: &str| event(ManifestLine, BOX, at(1, "08:00")).route(port, &[], "SIKOP");
    let at_gate = |time: &str| passage(GateOut, BOX, at(2, time), "LUKKP");
    let recorded = |events: Vec<PortEvent>| World::with(Rules::parse(rules).unwrap()).and(events).codes(BOX);
    assert_eq!(recorded(vec![line("ECGYE"), at_gate("02:00")]), ["MO-24d@1"]);
    assert_eq!(recorded(vec![line("ECGYE"), at_gate("12:00")]), [""; 0]);
    assert_eq!(recorded(vec![line("ESALG"), at_gate("02:00")]), [""; 0]);
    let before = passage(GateOut, OTHER_BOX, at(1, "12:00"), "LUKKP");
    assert_eq!(recorded(vec![line("ECGYE"), before, at_gate("02:00")]), [""; 0]);
    // Nor what his haulier announced under his badge, nor an empty.
    let named = event(PickupAnnounced, BOX, at(1, "20:00")).driver("bdg:1");
    assert_eq!(recorded(vec![line("ECGYE"), named, at_gate("02:00")]), [""; 0]);
    assert_eq!(recorded(vec![line("ECGYE"), at_gate("02:00").laden(Laden::Empty)]), [""; 0]);
    // Where earlier visits may have gone unrecorded it is LOW, and alone no alert.
    assert_eq!(codes([line("ECGYE"), at_gate("02:00")]), [""; 0]);
}

/// A driver who was seen to bring a container and to leave without one, on three days.
fn in_and_out() -> Vec<PortEvent> {
    let day = |day| {
        let inward = passage(GateIn, &format!("MSKU12345{day:02}"), at(day, "08:00"), "LUKKP");
        let leaves = passage(GateOut, "", at(day, "09:00"), "LUKKP").without_container();
        [inward, leaves.id(&format!("leaves/{day}"))]
    };
    (1..=3).flat_map(day).collect()
}

fn later(events: impl IntoIterator<Item = PortEvent>, day: u32, time: &str) -> Vec<String> {
    let mut world = World::with_people().and(events);
    world.wait_until(at(day, time));
    world.codes(BOX)
}

#[test]
fn a_driver_who_comes_in_and_does_not_leave_is_raised_when_the_time_is_over() {
    let inward = || passage(GateIn, BOX, at(5, "02:00"), "LUKKP");
    let story = || in_and_out().into_iter().chain([inward()]);
    // It counts from three hours on, and makes an alert alone when the driver's shift is over.
    assert_eq!(later(story(), 5, "14:59"), [""; 0]);
    assert_eq!(later(story(), 5, "15:00"), ["MO-24f@1"]);
    let on_a_list = |time: &str| {
        let mut world = World::with_people().and(story());
        world.put(hit(&inward(), "CONTAINER", BOX, EntryAction::Stop, Severity::High));
        world.wait_until(at(5, time));
        world.codes(BOX)
    };
    assert_eq!(on_a_list("04:59"), ["WL-identifier@1"]);
    assert_eq!(on_a_list("05:00"), ["MO-24f@1", "WL-identifier@1"]);
    let leaves = |time: &str| passage(GateOut, "", at(5, time), "LUKKP").without_container().id("leaves");
    assert_eq!(later(story().chain([leaves("03:00")]), 5, "16:00"), [""; 0]);
    assert_eq!(later(story().chain([leaves("03:00").received(at(5, "11:00"))]), 5, "16:00"), [""; 0]);
    // The mechanic came in the forenoon.
    assert_eq!(later(story().chain([leaves("13:30")]), 5, "16:00"), [""; 0]);
    // A breakdown: he leaves at last. A lost report: he comes again. By day, both are usual.
    let mut broken_down = World::with_people().and(story());
    broken_down.wait_until(at(5, "15:10"));
    assert_eq!(broken_down.codes(BOX), ["MO-24f@1"]);
    assert_eq!(broken_down.and([leaves("15:30")]).codes(BOX), [""; 0]);
    let again = || passage(GateIn, "MSKU1234599", at(5, "12:00"), "LUKKP");
    assert_eq!(later(story().chain([again()]), 5, "16:00"), [""; 0]);
    let by_day = passage(GateIn, BOX, at(5, "08:00"), "LUKKP");
    assert_eq!(later(in_and_out().into_iter().chain([by_day]), 5, "23:00"), [""; 0]);
    // Nobody reports drivers that leave without a container.
    assert_eq!(later([inward()], 5, "16:00"), [""; 0]);
}

#[test]
fn a_driver_who_comes_for_a_container_and_does_not_leave_is_told_to_it() {
    let alone = |kind: EventKind, day, time: &str, id: &str| {
        passage(kind, "", at(day, time), "LUKKP").without_container().id(id)
    };
    // On three days he fetched a container and left with it.
    let history = || {
        (1..=3).flat_map(move |day| {
            let fetched = passage(GateOut, &format!("MSKU12345{day:02}"), at(day, "09:00"), "LUKKP");
            [alone(GateIn, day, "08:00", &format!("came/{day}")), fetched]
        })
    };
    let named = || event(PickupAnnounced, BOX, at(5, "01:00")).driver("bdg:1");
    let came = || alone(GateIn, 5, "02:00", "came/5");
    let story = || history().chain([named(), came()]);
    assert_eq!(later(story(), 5, "14:59"), [""; 0]);
    assert_eq!(later(story(), 5, "15:00"), ["MO-24f@1"]);
    let mut world = World::with_people().and(story());
    world.wait_until(at(5, "15:10"));
    let alert = world.alert(BOX);
    assert_eq!((alert.severity, alert.handling.tlp), (Severity::Medium, Tlp::Red));
    assert!(alert.indicators[0].discreet && !alert.title.contains("bdg:1"), "{}", alert.title);
    assert_eq!(alert.evidence.len(), 2);
    // He leaves at last, with it or without; word of it comes late; or another took it, so that there is nothing to wait for.
    let leaves = |container: &str, time: &str| {
        let out = passage(GateOut, container, at(5, time), "LUKKP").id("leaves");
        if container.is_empty() { out.without_container() } else { out }
    };
    for out in [leaves(BOX, "04:00"), leaves("", "04:00"), leaves("MSKU1234599", "04:00")] {
        assert_eq!(later(story().chain([out]), 5, "16:00"), [""; 0]);
    }
    assert_eq!(world.and([leaves("", "15:30")]).codes(BOX), [""; 0]);
    let unnamed = event(GateOut, BOX, at(5, "03:00")).terminal("LUKKP").feed("carrier");
    assert_eq!(later(story().chain([unnamed]), 5, "16:00"), [""; 0]);
    // The recording ends while he is inside.
    let recorded = |until: &str| {
        let mut world = World::with_people();
        world.engine = world.engine.heard_until(at(5, until));
        let mut world = world.and(story());
        world.wait_until(at(7, "00:00"));
        world.codes(BOX)
    };
    assert_eq!(recorded("04:59"), [""; 0]);
    assert_eq!(recorded("14:59"), [""; 0], "that he is still there when his shift is over was not recorded");
    assert_eq!(recorded("15:00"), ["MO-24f@1"]);
    // By day he waits for what is not let go yet; where nobody reports who leaves, nothing follows.
    let by_day = [named(), alone(GateIn, 5, "08:00", "came/5")];
    assert_eq!(later(history().chain(by_day), 5, "23:00"), [""; 0]);
    assert_eq!(later([named(), came()], 5, "16:00"), [""; 0]);
    // Announced for another day, at another terminal, or for what he fetched before.
    let another_day = event(PickupAnnounced, BOX, at(4, "10:00")).driver("bdg:1");
    assert_eq!(later(history().chain([another_day, came()]), 5, "16:00"), [""; 0]);
    assert_eq!(later(history().chain([named().terminal("TRSTE"), came()]), 5, "16:00"), [""; 0]);
    let fetched = passage(GateOut, BOX, at(5, "01:30"), "LUKKP");
    assert_eq!(later(history().chain([named(), fetched, came()]), 5, "16:00"), [""; 0]);
}

#[test]
fn a_pass_issued_right_before_its_first_use_is_raised() {
    let pass = |time: &str| event(PassIssued, "", at(2, time)).without_container().driver("bdg:1");
    let used = || passage(GateOut, BOX, at(2, "02:00"), "LUKKP");
    assert_eq!(codes([pass("01:10"), used()]), ["MO-23b@1"]);
    assert_eq!(codes([pass("00:59"), used()]), [""; 0]);
    assert_eq!(codes([pass("02:10"), used()]), [""; 0]);
    let other = pass("01:10").edit(|e| e.transport.as_mut().unwrap().driver = Some("bdg:2".into()));
    assert_eq!(codes([other, used()]), [""; 0]);
}
