use quaywatch_detection::{BaselineBuilder, Rules};
use quaywatch_domain::EventKind::{
    Discharged, GateOut, ManifestLine, NotInPosition, PickupAnnounced, PositionReported, WorkOrdered,
    YardMove,
};
use quaywatch_domain::event::Laden;
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{PortEvent, Severity};

use crate::common::{BOX, Says, World, at, event, facts_of};

fn told(events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    let mut world = World::after(events);
    world.wait_until(at(8, "00:00"));
    world.codes(BOX).into_iter().filter(|c| c.starts_with("MO-10")).collect()
}

fn silent(events: impl IntoIterator<Item = PortEvent>) {
    assert_eq!(told(events), [""; 0]);
}

/// Discharged and put down on an order.
fn placed() -> [PortEvent; 2] {
    [
        event(Discharged, BOX, at(2, "08:00")).terminal("LUKKP").laden(Laden::Laden),
        event(YardMove, BOX, at(2, "08:30")).order("W1").slot("A-01-1-1"),
    ]
}

fn moved() -> PortEvent {
    event(YardMove, BOX, at(3, "02:00")).slot("C-21-6-1")
}

fn after_placing(more: impl IntoIterator<Item = PortEvent>) -> Vec<PortEvent> {
    placed().into_iter().chain(more).collect()
}

#[test]
fn a_move_without_an_order_is_medium_and_high_from_a_watched_origin() {
    let mut world = World::after(after_placing([moved()]));
    assert!(world.published.is_empty(), "the order may come late");
    world.wait_until(at(3, "03:00"));
    assert_eq!(world.codes(BOX), ["MO-10a@1"]);
    assert_eq!(world.alert(BOX).severity, Severity::Medium);
    world.see(&event(ManifestLine, BOX, at(1, "08:00")).route("ECGYE", &[], "SIKOP"));
    assert_eq!(world.alert(BOX).severity, Severity::High);
    world.see(&event(WorkOrdered, BOX, at(3, "01:50")).order("W2").received(at(3, "04:00")));
    assert!(world.codes(BOX).is_empty(), "there was an order");
}

#[test]
fn ordered_moves_drift_and_terminals_without_orders_are_silent() {
    silent(after_placing([moved().order("W2")]));
    silent(after_placing([event(WorkOrdered, BOX, at(3, "01:40")), moved()]));
    silent(after_placing([event(WorkOrdered, BOX, at(3, "02:08")), moved()]));
    silent(after_placing([moved().slot("A-01-1-3")]));
    silent(after_placing([event(YardMove, BOX, at(2, "10:00")).slot("B-05-2-1")]));
    let unshared = placed().map(|e| e.edit(|e| e.documents = None));
    silent(unshared.into_iter().chain([moved()]));
    let fix = |time: &str, slot: &str| event(PositionReported, BOX, at(3, time)).feed("telemetry").slot(slot);
    silent(after_placing([fix("02:00", "C-21-6-1"), fix("02:10", "A-01-1-1")]));
    // The order for its placing was carried out by that.
    let lost = [
        event(WorkOrdered, BOX, at(2, "08:20")).order("W1").slot("A-01-1-1"),
        fix("02:00", "C-21-6-1"),
        fix("03:10", "C-21-6-1"),
    ];
    assert_eq!(told(after_placing(lost)), ["MO-10a@1"]);
    silent(after_placing([moved().wrong_check_digit()]));
    silent(after_placing([moved().planned()]));
}

#[test]
fn an_order_that_another_move_has_carried_out_is_spent() {
    // The same driver moves it again, minutes later.
    let first = [
        event(WorkOrdered, BOX, at(3, "01:40")).order("W2").slot("B-07-2-1"),
        event(YardMove, BOX, at(3, "01:49")).order("W2").slot("B-07-2-1").id("first"),
    ];
    assert_eq!(told(after_placing(first.clone().into_iter().chain([moved()]))), ["MO-10a@1"]);
    let own = event(WorkOrdered, BOX, at(3, "01:55")).order("W3").slot("C-21-6-1").id("second");
    silent(after_placing(first.clone().into_iter().chain([own, moved()])));
    // In two steps under one order.
    silent(after_placing(first.into_iter().chain([moved().order("W2")])));
}

#[test]
fn two_fixes_in_another_stack_are_a_move() {
    let fix = |time: &str| event(PositionReported, BOX, at(3, time)).feed("telemetry").slot("C-21-6-1");
    assert_eq!(told(after_placing([fix("02:00"), fix("02:10")])), ["MO-10a@1"]);
    silent(after_placing([event(WorkOrdered, BOX, at(2, "20:00")), fix("02:00"), fix("02:10")]));
    // Dug out and put back: that order was carried out.
    let back = [
        event(WorkOrdered, BOX, at(2, "20:00")).order("W2").slot("A-01-1-1"),
        event(YardMove, BOX, at(2, "20:20")).order("W2").slot("A-01-1-1").id("back"),
        fix("02:00"),
        fix("02:10"),
    ];
    assert_eq!(told(after_placing(back)), ["MO-10a@1"]);
}

#[test]
fn an_order_too_early_or_too_late_does_not_belong_to_the_move() {
    assert_eq!(told(after_placing([event(WorkOrdered, BOX, at(3, "01:20")), moved()])), ["MO-10a@1"]);
    assert_eq!(told(after_placing([event(WorkOrdered, BOX, at(3, "02:20")), moved()])), ["MO-10a@1"]);
}

#[test]
fn a_box_that_is_not_in_its_slot_is_medium_and_high_when_it_stays_away() {
    let mut world = World::after(after_placing([event(NotInPosition, BOX, at(3, "10:00"))]));
    assert!(world.published.is_empty());
    world.wait_until(at(3, "11:00"));
    assert_eq!(
        (world.codes(BOX), world.alert(BOX).severity),
        (vec!["MO-10b@1".to_owned()], Severity::Medium)
    );
    world.wait_until(at(4, "10:00"));
    assert_eq!(world.alert(BOX).severity, Severity::High);
    assert_eq!(world.alert(BOX).detected_at, at(4, "10:00"));
    silent(after_placing([
        event(NotInPosition, BOX, at(3, "10:00")),
        event(YardMove, BOX, at(3, "10:40")).order("W3").slot("A-02-1-1"),
    ]));
    silent(after_placing([event(NotInPosition, BOX, at(3, "10:00")), event(GateOut, BOX, at(3, "10:30"))]));
}

#[test]
fn a_device_that_knows_where_a_box_is_does_not_find_it_for_the_yard() {
    let missed = || event(NotInPosition, BOX, at(3, "10:00")).feed("yard");
    let hourly = |feed: &str| {
        let fix = |hour: i64| {
            let time = at(3, "10:20").plus_millis(hour * 3_600_000);
            event(PositionReported, BOX, time).feed(feed).id(&format!("{feed}-{hour}"))
        };
        (0..30).map(fix).collect::<Vec<_>>()
    };
    let mut world = World::after(after_placing([missed()]));
    hourly("smart-boxes").iter().for_each(|fix| world.see(fix));
    assert_eq!((world.codes(BOX), world.alert(BOX).severity), (vec!["MO-10b@1".to_owned()], Severity::High));
    // Where the yard itself tells positions without slots, its word counts.
    silent(after_placing([missed()].into_iter().chain(hourly("yard"))));
}

#[test]
fn a_driver_of_many_unordered_moves_is_told_to_the_containers_when_people_are_looked_at() {
    let moves = |without: i64, driver: &str| {
        let one = |n: i64| {
            let time = at(2, "00:00").plus_millis(n * 600_000);
            let moved = event(YardMove, &format!("MSKU{n:07}"), time).driver(driver);
            if n < without { moved } else { moved.order("W1") }
        };
        (0..40).map(one).collect::<Vec<_>>()
    };
    let told = |events: Vec<PortEvent>| World::with_people().and(events).codes_of("MSKU0000000", "MO-10c");
    assert_eq!(told(moves(7, "bdg:1")), ["MO-10c@1"]);
    assert_eq!(told(moves(4, "bdg:1")), [""; 0]);
    assert_eq!(told(moves(30, "bdg:1")), [""; 0]);
    assert_eq!(told(moves(7, "bdg:1").into_iter().take(15).collect()), [""; 0]);
    assert!(World::after(moves(7, "bdg:1")).published.is_empty());
}

#[test]
fn an_order_that_is_told_as_late_as_some_are_is_waited_for_until_somebody_comes() {
    let known = || World::where_late(&WorkOrdered, 90.0).and(after_placing([moved().terminal("LUKKP")]));
    let mut late = known();
    late.wait_until(at(3, "04:50"));
    late.see(&event(WorkOrdered, BOX, at(3, "01:50")).order("W2").received(at(3, "04:50")));
    late.wait_until(at(4, "00:00"));
    assert!(late.published.is_empty(), "{:?}", late.published);
    let mut never = known();
    never.wait_until(at(3, "05:00"));
    assert_eq!(never.codes(BOX), ["MO-10a@1"]);
    // A truck is announced for it: there is no time to lose with cargo from a watched origin.
    let announced = || event(PickupAnnounced, BOX, at(3, "03:40"));
    let cargo = |origin| event(ManifestLine, BOX, at(1, "08:00")).route(origin, &[], "SIKOP");
    let mut fetched = known().and([cargo("ECGYE"), announced()]);
    fetched.wait_until(at(3, "03:40"));
    assert_eq!(fetched.codes(BOX), ["MO-10a@1"]);
    let mut plain = known().and([cargo("INNSA"), announced()]);
    plain.wait_until(at(3, "04:50"));
    assert!(plain.published.is_empty(), "its order is late, and comes");
    plain.wait_until(at(3, "05:00"));
    assert_eq!(plain.codes(BOX), ["MO-10a@1"]);
}

#[test]
fn a_driver_is_compared_to_the_others_of_his_terminal() {
    let moved = |n: i64, driver: &str, without: bool| {
        let time = at(2, "00:00").plus_millis(n * 60_000);
        let moved = event(YardMove, &format!("MSKU{n:07}"), time).driver(driver).terminal("LUKKP");
        if without { moved } else { moved.order("W1") }
    };
    // The others make one move in `every` without an order; ours, of forty, so many.
    let told = |every: i64, without: i64| {
        let others = (1_000..2_000).map(|n| moved(n, "bdg:2", n % every == 0));
        let own: Vec<PortEvent> = (0..40).map(|n| moved(n, "bdg:1", n < without)).collect();
        let rules = Rules::default();
        let mut builder = BaselineBuilder::new(&rules, at(1, "00:00"), at(9, "00:00"));
        for event in others.chain(own.iter().cloned()) {
            let facts = facts_of(&event).into_iter().filter(|f| f.subject.kind == SubjectKind::Container);
            builder.container(facts);
        }
        let baselines = builder.finish(std::collections::BTreeMap::new());
        let mut world = World::with_people();
        world.engine = world.engine.with_baselines(std::sync::Arc::new(baselines));
        world.and(own).codes_of("MSKU0000000", "MO-10c")
    };
    assert_eq!(told(100, 5), ["MO-10c@1"], "five are many where others make hardly any");
    assert_eq!(told(5, 9), [""; 0], "nine are few where everybody does so");
    assert_eq!(told(5, 18), ["MO-10c@1"]);
    assert_eq!(told(1_000, 4), [""; 0], "a few orders may have been lost");
}
