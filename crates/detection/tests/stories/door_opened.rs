use quaywatch_domain::EventKind::{
    CustomsInspected, CustomsSelectedForScan, DeviceSilent, DeviceUnpaired, Discharged, DoorClosed,
    DoorOpened, GateIn, GateOut, Loaded, PickupAccepted, PickupAnnounced, PositionReported, ReeferReading,
    Stripped, SystemOutageEnded, SystemOutageStarted, WorkOrdered, YardMove,
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
    world.wait_until(at(3, "12:04"));
    assert!(world.published.is_empty(), "word of the closing may be on its way");
    world.wait_until(at(3, "12:05"));
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
fn an_order_that_only_moves_the_container_explains_no_open_door() {
    let ordered_to = |slot| event(WorkOrdered, BOX, at(3, "13:00")).order("W7").slot(slot);
    assert_eq!(told([in_yard(BOX), opened(), ordered_to("A-01-1-1")]), ["MO-06a@1"]);
    silent([in_yard(BOX), opened(), ordered_to("CUSTOMS-1-1-1")]);
    let to_site = event(WorkOrdered, BOX, at(3, "13:00")).facility("CUSTOMS_SITE").slot("K-01-1-1");
    silent([in_yard(BOX), opened(), to_site]);
    // An order to strip or stuff names no slot.
    silent([in_yard(BOX), opened(), event(WorkOrdered, BOX, at(3, "13:00")).order("W7")]);
    let off = event(DeviceUnpaired, BOX, at(3, "12:00")).feed("sensors");
    assert_eq!(told([in_yard(BOX), off, ordered_to("A-01-1-1")]), ["MO-06c@1"]);
}

#[test]
fn a_door_opened_often_in_one_stay_is_believed_unless_it_never_closes() {
    let openings = || (0..4).map(|n| door(DoorOpened, BOX, at(3, &format!("1{n}:00"))));
    let closings = || (0..3).map(|n| door(DoorClosed, BOX, at(3, &format!("1{n}:20"))));
    let closed = [in_yard(BOX)].into_iter().chain(openings()).chain(closings());
    assert_eq!(told(closed), ["MO-06a@1"]);
    silent([in_yard(BOX)].into_iter().chain(openings()));
    let three = [in_yard(BOX)].into_iter().chain(openings().take(3));
    assert_eq!(told(three), ["MO-06a@1"]);
}

#[test]
fn a_device_that_opens_on_other_stays_too_is_broken() {
    let arrives = |day| event(GateIn, BOX, at(day, "08:00")).terminal("LUKKP").laden(Laden::Laden);
    let leaves = |day| event(GateOut, BOX, at(day, "20:00")).terminal("LUKKP").laden(Laden::Laden);
    let opens = |day: u32, hour: u32| {
        let at = at(day, &format!("{hour}:00"));
        [door(DoorOpened, BOX, at), door(DoorClosed, BOX, at.plus_millis(600_000))]
    };
    let story = |before: &[(u32, u32)]| {
        let mut events = vec![arrives(1)];
        events.extend(before.iter().flat_map(|(day, hour)| opens(*day, *hour)));
        events.extend([leaves(8), arrives(9)]);
        events.extend(opens(9, 12));
        let mut world = World::after(events);
        world.wait_until(at(10, "00:00"));
        world.codes_of(BOX, "MO-06a")
    };
    let days = [(2, 10), (4, 10), (6, 10), (8, 10)];
    assert_eq!(story(&days), ["MO-06a@1"], "what opened again and again before is not believed now");
    assert_eq!(story(&days[..3]), ["MO-06a@1", "MO-06a@2"]);
    // Four times in one night is the work of one gang, which may come again.
    assert_eq!(story(&[(2, 10), (2, 11), (2, 12), (2, 13)]), ["MO-06a@1", "MO-06a@2"]);
}

#[test]
fn two_containers_that_customs_open_side_by_side_are_silent() {
    let night = |container, time: &str, slot: &str| door(DoorOpened, container, at(3, time)).slot(slot);
    let inspected = |container| event(CustomsInspected, container, at(3, "02:30"));
    let story = || {
        [
            in_yard(BOX),
            in_yard(OTHER_BOX),
            night(BOX, "02:00", "CUSTOMS-01-1-1"),
            night(OTHER_BOX, "02:10", "CUSTOMS-03-1-1"),
        ]
    };
    silent(story().into_iter().chain([inspected(BOX), inspected(OTHER_BOX)]));
    assert_eq!(told(story()), ["MO-06a@1", "MO-06b@1"]);
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
    // Its next word was due at nine.
    world.wait_until(at(3, "12:59"));
    assert!(world.published.is_empty());
    world.wait_until(at(3, "13:00"));
    assert_eq!(world.codes(BOX), ["MO-06c@1"]);
    world.see(&event(PositionReported, BOX, at(3, "13:00")).feed("sensors"));
    assert!(world.codes(BOX).is_empty(), "it speaks again");
    silent([in_yard(BOX)].into_iter().chain(fixes(5)));
    silent([in_yard(BOX), event(GateOut, BOX, at(3, "09:00"))].into_iter().chain(fixes(9)));
    silent([in_yard(BOX), event(SystemOutageStarted, BOX, at(3, "08:30"))].into_iter().chain(fixes(9)));
    // It came in elsewhere: it had left, and no word of the gate came.
    let elsewhere = event(GateIn, BOX, at(3, "12:20")).terminal("LJINL").laden(Laden::Laden);
    let told = World::after([in_yard(BOX)].into_iter().chain(fixes(9)).chain([elsewhere]));
    assert_eq!(told.codes_of(BOX, "MO-06"), [""; 0]);
}

#[test]
fn a_device_that_is_reported_as_silent_in_the_yard_is_raised_unless_something_explains_it() {
    let quiet = || event(DeviceSilent, BOX, at(3, "12:00")).feed("sensors");
    assert_eq!(told([in_yard(BOX), quiet()]), ["MO-06c@1"]);
    assert_eq!(
        World::after([in_yard(BOX), quiet()]).sentence(BOX, "MO-06c"),
        "Its tracking device fell silent in the yard."
    );
    silent([in_yard(BOX), quiet(), quiet().revision(2).retracted()]);
    silent([in_yard(BOX).laden(Laden::Empty), quiet()]);
    silent([in_yard(BOX), event(GateOut, BOX, at(3, "09:00")), quiet()]);
    silent([in_yard(BOX), event(Stripped, BOX, at(3, "11:00")).order("W1"), quiet()]);
    silent([in_yard(BOX), event(WorkOrdered, BOX, at(3, "11:00")), quiet()]);
    silent([in_yard(BOX), event(SystemOutageStarted, BOX, at(3, "11:30")), quiet()]);
}

#[test]
fn what_the_system_of_a_device_could_not_tell_during_an_outage_takes_an_opening_back() {
    let outage = |kind, time: &str| event(kind, BOX, at(3, time));
    let bounced = door(DoorClosed, BOX, at(3, "12:00").plus_millis(30_000)).received(at(3, "15:00"));
    let during = [
        in_yard(BOX),
        outage(SystemOutageStarted, "11:00"),
        outage(SystemOutageEnded, "15:00"),
        opened(),
        bounced,
    ];
    silent(during.clone());
    // The opening itself is told when the outage is over.
    silent(during.map(|e| if e.kind == DoorOpened { e.received(at(3, "15:00")) } else { e }));
    // No closing explains it: the crime is told at once, outage or not.
    let mut world = World::after([in_yard(BOX), outage(SystemOutageStarted, "11:00"), opened()]);
    world.wait_until(at(3, "12:05"));
    assert_eq!(world.codes_of(BOX, "MO-06"), ["MO-06a@1"]);
}

#[test]
fn the_sentence_names_what_fell_silent() {
    let silent = |kind: EventKind| {
        let reports = (0..9).map(|h| event(kind.clone(), BOX, at(3, &format!("{h:02}:00"))).feed("rack"));
        let mut world = World::after([in_yard(BOX)].into_iter().chain(reports));
        world.wait_until(at(3, "14:00"));
        world.sentence(BOX, "MO-06c").to_owned()
    };
    assert_eq!(silent(ReeferReading), "Its reefer unit reported regularly and is silent for 5 h.");
    assert_eq!(silent(PositionReported), "Its position was reported regularly, and has not been for 5 h.");
    assert_eq!(silent(DoorClosed), "Its door sensor reported regularly and is silent for 5 h.");
}

#[test]
fn a_device_that_falls_silent_while_its_container_is_fetched_waits_for_word_of_the_gate() {
    let fixes = || (0..9).map(|h| event(PositionReported, BOX, at(3, &format!("{h:02}:00"))).feed("sensors"));
    let fetched = || [event(PickupAnnounced, BOX, at(3, "08:30"))];
    let known = || World::where_late(&GateOut, 60.0).and([in_yard(BOX)].into_iter().chain(fixes()));
    // Word of the gate comes hours late, as it does now and then.
    let mut late = known().and(fetched());
    late.wait_until(at(3, "13:55"));
    late.see(&event(GateOut, BOX, at(3, "09:10")).received(at(3, "13:55")));
    late.wait_until(at(5, "00:00"));
    assert!(late.published.is_empty(), "{:?}", late.published);
    // It never comes: nobody fetched it, and the device is off.
    let mut off = known().and(fetched());
    off.wait_until(at(3, "15:30"));
    assert_eq!(off.codes(BOX), ["MO-06c@1"]);
    // Nobody comes: there is nothing to wait for.
    let mut alone = known();
    alone.wait_until(at(3, "13:00"));
    assert_eq!(alone.codes(BOX), ["MO-06c@1"]);
}

#[test]
fn a_device_that_falls_silent_when_its_container_was_handed_to_the_truck_is_not_off() {
    let fixes = || (0..9).map(|h| event(PositionReported, BOX, at(3, &format!("{h:02}:00"))).feed("sensors"));
    let told = |more: Vec<PortEvent>| {
        let mut world = World::where_late(&GateOut, 60.0).and([in_yard(BOX)].into_iter().chain(fixes()));
        more.iter().for_each(|e| world.see(e));
        world.wait_until(at(4, "00:00"));
        world
    };
    let announced = || event(PickupAnnounced, BOX, at(3, "08:30"));
    // It is moved to the lane, and word of the gate comes hours later than the latest does, or never.
    let moved = |time| event(YardMove, BOX, at(3, time));
    assert!(told(vec![announced(), moved("09:05")]).published.is_empty());
    let at_the_gate = || event(PickupAccepted, BOX, at(3, "09:10"));
    assert!(told(vec![announced(), moved("09:05"), at_the_gate()]).published.is_empty());
    // Moved before anybody came for it, or when it had been silent for long.
    assert_eq!(told(vec![moved("08:10"), announced()]).codes_of(BOX, "MO-06"), ["MO-06c@1"]);
    assert_eq!(told(vec![announced(), moved("13:30")]).codes_of(BOX, "MO-06"), ["MO-06c@1"]);
    // Nobody was to come.
    assert_eq!(told(vec![moved("09:05")]).codes_of(BOX, "MO-06"), ["MO-06c@1"]);
    // No word of its yard: the empty that comes back has left.
    let mut back = told(vec![announced()]);
    assert_eq!(back.codes_of(BOX, "MO-06"), ["MO-06c@1"]);
    back.see(&event(GateIn, BOX, at(4, "09:00")).terminal("KPDEP").laden(Laden::Empty));
    assert_eq!(back.codes_of(BOX, "MO-06"), [""; 0]);
}

#[test]
fn a_door_that_customs_open_is_never_raised_and_one_that_they_did_not_is() {
    let wanted =
        || World::after([in_yard(BOX), event(CustomsSelectedForScan, BOX, at(2, "20:00")), opened()]);
    let mut theirs = wanted();
    theirs.wait_until(at(3, "12:30"));
    theirs.see(&event(CustomsInspected, BOX, at(3, "12:25")).received(at(3, "12:30")));
    theirs.wait_until(at(4, "00:00"));
    assert!(theirs.published.is_empty(), "{:?}", theirs.published);
    let mut nobodys = wanted();
    nobodys.wait_until(at(3, "12:45"));
    assert_eq!(nobodys.codes_of(BOX, "MO-06"), ["MO-06a@1"]);
}

#[test]
fn a_device_whose_word_is_often_late_falls_silent_later() {
    let fixes = (0..9).map(|h| event(PositionReported, BOX, at(3, &format!("{h:02}:00"))).feed("theirs"));
    let mut world = World::where_late(&PositionReported, 60.0).and([in_yard(BOX)].into_iter().chain(fixes));
    // Nineteen in twenty come within ten minutes.
    world.wait_until(at(3, "13:09"));
    assert!(world.published.is_empty());
    world.see(&event(PositionReported, BOX, at(3, "12:00")).feed("theirs").received(at(3, "13:09")));
    // Its last eight reports came 86 minutes apart.
    world.wait_until(at(3, "17:35"));
    assert!(world.published.is_empty());
    world.wait_until(at(3, "17:36"));
    assert_eq!(world.codes(BOX), ["MO-06c@1"]);
}
