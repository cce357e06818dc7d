use quaywatch_detection::{Baselines, Group, Measure, Quantiles, Rules};
use quaywatch_domain::EventKind::{
    CustomsHeld, CustomsReleased, Discharged, GateOut, ManifestLine, PickupAnnounced, ReleaseAccepted,
    ReleaseIssued, ReleaseTransferred, StorageExtended,
};
use quaywatch_domain::event::{EquipmentStatus, Mode};
use quaywatch_domain::{PortEvent, Severity};

use crate::common::{BOX, Says, World, at, event};

fn told(events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    World::after(events).codes(BOX).into_iter().filter(|c| c.starts_with("MO-14")).collect()
}

fn silent(events: impl IntoIterator<Item = PortEvent>) {
    assert_eq!(told(events), [""; 0]);
}

/// 2 March 2026 is a Monday.
fn discharged() -> PortEvent {
    event(Discharged, BOX, at(2, "08:00")).terminal("LUKKP").status(EquipmentStatus::Import)
}

fn out(day: u32, time: &str) -> PortEvent {
    event(GateOut, BOX, at(day, time)).terminal("LUKKP")
}

fn released(day: u32, time: &str) -> PortEvent {
    event(CustomsReleased, BOX, at(day, time))
}

#[test]
fn a_container_gone_before_anybody_looks_is_raised() {
    assert_eq!(told([discharged(), out(2, "08:40")]), ["MO-14a@1"]);
    assert_eq!(told([discharged(), released(3, "10:00"), out(3, "10:20")]), ["MO-14a@1"]);
    silent([discharged(), released(3, "10:00"), out(3, "11:00")]);
    // 7 March is a Saturday: a day has passed, though nobody worked.
    let saturday = event(Discharged, BOX, at(7, "08:47")).terminal("LUKKP").status(EquipmentStatus::Import);
    silent([saturday, out(8, "17:07")]);
}

#[test]
fn what_is_usual_here_is_said_only_where_it_is_known() {
    let story = || [discharged(), out(2, "08:40")];
    assert_eq!(World::after(story()).sentence(BOX, "MO-14a"), "Left 40 min after discharge (limit: 60 min).");
    let group =
        Group { terminal: Some("LUKKP".into()), trade: Some(EquipmentStatus::Import), ..Group::default() };
    let quantiles = Quantiles { count: 500, q01: 300.0, q99: 9_000.0, ..Quantiles::default() };
    let usual = Baselines {
        quantiles: [(Measure::DwellMinutes, vec![(group, quantiles)])].into(),
        ..Baselines::default()
    };
    assert_eq!(
        World::knowing(usual).and(story()).sentence(BOX, "MO-14a"),
        "Left 40 min after discharge, sooner than imports do here."
    );
}

#[test]
fn trains_priority_cargo_and_announced_pick_ups_may_go_at_once() {
    silent([discharged(), out(2, "08:40").mode(Mode::Rail)]);
    silent([discharged(), out(2, "08:40").mode(Mode::InlandWater)]);
    silent([discharged().goods("080390", "EC"), out(2, "08:40")]);
    silent([
        discharged(),
        event(PickupAnnounced, BOX, at(3, "08:00")),
        released(3, "10:00"),
        out(3, "10:20"),
    ]);
    silent([discharged().status(EquipmentStatus::Transshipment), out(2, "08:40")]);
    silent([discharged(), released(3, "10:00"), out(3, "10:20").planned()]);
}

#[test]
fn who_waits_for_the_release_drives_off_with_it_where_that_is_usual() {
    let group = Group { trade: Some(EquipmentStatus::Import), ..Group::default() };
    let usual = |q01| {
        let quantiles = Quantiles { count: 500, q01, q99: 4_000.0, ..Quantiles::default() };
        World::knowing(Baselines {
            quantiles: [(Measure::ReleaseToGateOutMinutes, vec![(group.clone(), quantiles)])].into(),
            ..Baselines::default()
        })
    };
    let left = |world: World, time: &str| {
        world.and([discharged(), released(3, "10:00"), out(3, time)]).codes_of(BOX, "MO-14a")
    };
    assert_eq!(left(usual(9.0), "10:20"), [""; 0]);
    assert_eq!(left(usual(9.0), "10:04"), ["MO-14a@1"]);
    // However long others take, half an hour is enough.
    assert_eq!(left(usual(900.0), "10:40"), [""; 0]);
}

#[test]
fn what_is_usual_decides_where_it_is_known() {
    let group = Group { terminal: Some("LUKKP".into()), trade: Some(EquipmentStatus::Import), size: None };
    let quantiles = Quantiles { count: 500, q01: 900.0, q99: 4_000.0, ..Quantiles::default() };
    let knowing = || {
        World::knowing(Baselines {
            quantiles: [(Measure::DwellMinutes, vec![(group.clone(), quantiles)])].into(),
            ..Baselines::default()
        })
    };
    let mut quick = knowing();
    quick.see(&discharged());
    quick.see(&out(2, "16:00"));
    assert_eq!(quick.codes(BOX), ["MO-14a@1"]);
    silent([discharged(), out(2, "16:00")]);
    let waiting = |from: &str| {
        let listed = event(ManifestLine, BOX, at(1, "08:00")).route(from, &[], "SIKOP");
        knowing().and([listed, discharged(), released(3, "08:00")])
    };
    let mut slow = waiting("ECGYE");
    slow.wait_until(at(6, "11:59"));
    assert!(slow.published.is_empty(), "one in a hundred stands for so long");
    slow.wait_until(at(6, "12:00"));
    assert_eq!(slow.codes(BOX), ["MO-14b@1"]);
    // Somebody pays again and again and does not come.
    let mut paid = waiting("CNSHA");
    for day in [7, 8, 9] {
        assert!(paid.published.is_empty());
        paid.see(&event(StorageExtended, BOX, at(day, "08:00")));
    }
    assert_eq!(paid.codes(BOX), ["MO-14b@1", "MO-14d@1"]);
    // An importer on holiday: nothing else is known of it, and it is fetched by day.
    let mut forgotten = waiting("CNSHA");
    forgotten.wait_until(at(9, "10:00"));
    forgotten.see(&out(9, "10:00"));
    assert!(forgotten.published.is_empty(), "{:?}", forgotten.published);
}

#[test]
fn a_released_container_that_nobody_collects_is_raised_and_high_when_it_goes_by_night() {
    let proven = || {
        let mut world = World::with(Rules::parse("[dwell]\nseverity_b_plain = \"MEDIUM\"\n").unwrap());
        world.see(&discharged());
        world.see(&released(3, "08:00"));
        world
    };
    let mut world = proven();
    world.wait_until(at(20, "07:59"));
    assert!(world.published.is_empty(), "two weekends do not count");
    world.wait_until(at(20, "08:00"));
    assert_eq!(world.codes(BOX), ["MO-14b@1"]);
    let mut unproven = World::after([discharged(), released(3, "08:00")]);
    unproven.wait_until(at(21, "00:00"));
    assert!(unproven.published.is_empty(), "without a baseline it makes no alert alone");
    let mut by_day = proven();
    by_day.wait_until(at(21, "00:00"));
    by_day.see(&out(23, "10:00"));
    assert!(by_day.codes(BOX).is_empty());
    world.see(&out(23, "23:00"));
    assert_eq!((world.codes(BOX), world.alert(BOX).severity), (vec!["MO-14c@1".to_owned()], Severity::High));
}

#[test]
fn who_asked_nobody_to_fetch_it_may_be_on_holiday_and_who_was_asked_and_does_not_come_waits() {
    let standing = |right: &[PortEvent]| {
        let mut world = World::with(Rules::parse("[dwell]\nseverity_b_plain = \"MEDIUM\"\n").unwrap());
        world.see(&discharged());
        world.see(&event(ReleaseIssued, BOX, at(2, "10:00")));
        right.iter().for_each(|e| world.see(e));
        world.see(&released(3, "08:00"));
        world
    };
    // The forwarder keeps the right until his customer is back, a week after others come.
    let mut away = standing(&[]);
    away.wait_until(at(25, "20:00"));
    assert!(away.published.is_empty(), "{:?}", away.published);
    away.see(&event(ReleaseTransferred, BOX, at(25, "20:00")));
    away.see(&event(ReleaseAccepted, BOX, at(25, "20:15")));
    away.see(&event(PickupAnnounced, BOX, at(26, "08:00")));
    away.see(&out(26, "10:00"));
    away.wait_until(at(31, "00:00"));
    assert!(away.published.is_empty(), "{:?}", away.published);
    // Nobody is away for so long.
    let mut for_good = standing(&[]);
    for_good.wait_until(at(27, "08:00"));
    assert_eq!(for_good.codes(BOX), ["MO-14b@1"]);
    // A haulier was given the right at once and does not come.
    let given = [event(ReleaseTransferred, BOX, at(2, "12:00")), event(ReleaseAccepted, BOX, at(2, "12:20"))];
    let mut given = standing(&given);
    given.wait_until(at(20, "08:00"));
    assert_eq!(given.codes(BOX), ["MO-14b@1"]);
    // By night a week more makes no difference.
    let mut by_night = standing(&[]);
    by_night.see(&event(ReleaseTransferred, BOX, at(3, "12:00")));
    by_night.see(&out(20, "23:00"));
    assert_eq!(by_night.codes(BOX), ["MO-14c@1"]);
}

#[test]
fn what_may_not_leave_is_not_waiting_and_a_late_release_counts_from_itself() {
    let mut held = World::after([discharged(), event(CustomsHeld, BOX, at(3, "08:00"))]);
    held.wait_until(at(29, "00:00"));
    assert!(held.published.is_empty());
    let mut unreleased = World::after([discharged()]);
    unreleased.wait_until(at(29, "00:00"));
    assert!(unreleased.published.is_empty());
    let again =
        [discharged(), event(ReleaseIssued, BOX, at(3, "08:00")), event(CustomsHeld, BOX, at(4, "08:00"))];
    let mut held_later = World::after(again);
    held_later.wait_until(at(29, "00:00"));
    assert!(held_later.published.is_empty());
    silent([discharged(), released(26, "10:00"), out(26, "23:00")]);
}

#[test]
fn storage_extended_again_and_again_is_a_low_indicator() {
    let extended = |day: u32| event(StorageExtended, BOX, at(day, "08:00"));
    silent([discharged(), extended(3), extended(5), extended(7)]);
    let mut world = World::with(Rules::parse("[dwell.d]\nseverity = \"MEDIUM\"\n").unwrap());
    world.see(&discharged());
    world.see(&extended(3));
    world.see(&extended(5));
    assert!(world.published.is_empty());
    world.see(&extended(7));
    assert_eq!(world.codes(BOX), ["MO-14d@1"]);
}

#[test]
fn what_recorded_traffic_ends_too_early_to_tell_is_not_absent() {
    let rules = || Rules::parse("[dwell]\nseverity_b_plain = \"MEDIUM\"\n").unwrap();
    let ended = |day: u32| {
        let mut world = World::with(rules()).and([discharged(), released(3, "08:00")]);
        world.engine = world.engine.heard_until(at(day, "09:00"));
        world.wait_until(at(28, "00:00"));
        world.codes(BOX)
    };
    assert_eq!(ended(20), ["MO-14b@1"]);
    assert_eq!(ended(19), [""; 0]);
}
