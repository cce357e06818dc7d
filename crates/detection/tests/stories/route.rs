use std::collections::BTreeMap;

use quaywatch_detection::{Baselines, Goods, Group, Lane, Measure, Quantiles};
use quaywatch_domain::EventKind::{
    BookingConfirmed, Discharged, GateOut, Loaded, ManifestLine, StowPosition, SystemOutageEnded,
    SystemOutageStarted,
};
use quaywatch_domain::event::EquipmentStatus;
use quaywatch_domain::{PortEvent, Severity};

use crate::common::{BOX, OTHER_BOX, Says, World, at, event};

fn told(mut world: World, events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    for event in events {
        world.see(&event);
    }
    world.codes(BOX).into_iter().filter(|c| c.starts_with("MO-13")).collect()
}

fn arrived(container: &str, day: u32, call: &str) -> PortEvent {
    event(Discharged, container, at(day, "08:00")).bill("BL1").call(call).terminal("LUKKP")
}

#[test]
fn a_box_that_arrives_days_before_the_rest_of_its_bill_is_raised() {
    let rest = || (1..=3).map(|n| arrived(&format!("MSKU123456{n}"), 15, "C9"));
    let world = World::after(rest().chain([arrived(BOX, 5, "C7")]));
    assert_eq!(world.codes(BOX), ["MO-13a@1"]);
    assert!(world.alert(BOX).title.contains("10 days before the rest"));
    assert!(world.codes("MSKU1234561").is_empty());
    assert_eq!(told(World::new(), rest().chain([arrived(BOX, 13, "C7")])), [""; 0]);
    assert_eq!(told(World::new(), rest().chain([arrived(BOX, 5, "C9")])), [""; 0]);
    assert_eq!(told(World::new(), rest().chain([arrived(BOX, 5, "C7").bill("BL2")])), [""; 0]);
    assert_eq!(told(World::new(), rest().chain([arrived(BOX, 5, "C7").wrong_check_digit()])), [""; 0]);
    let transshipped = arrived(BOX, 5, "C7").status(EquipmentStatus::Transshipment);
    assert_eq!(told(World::new(), rest().chain([transshipped])), [""; 0]);
}

#[test]
fn a_box_that_was_left_behind_makes_no_alert_alone() {
    let rest = (1..=3).map(|n| arrived(&format!("MSKU123456{n}"), 5, "C7"));
    assert_eq!(told(World::new(), rest.chain([arrived(BOX, 15, "C9")])), [""; 0]);
}

fn ports() -> BTreeMap<String, (f64, f64)> {
    BTreeMap::from([
        ("BRSSZ".to_owned(), (-23.96, -46.33)),
        ("MAPTM".to_owned(), (35.88, -5.50)),
        ("SGSIN".to_owned(), (1.26, 103.84)),
        ("SIKOP".to_owned(), (45.55, 13.73)),
    ])
}

fn knowing() -> World {
    let via = |port: &str, n| (port.to_owned(), n);
    World::knowing(Baselines {
        lanes: BTreeMap::from([(
            Baselines::lane_key("BRSSZ", "SIKOP"),
            Lane { count: 400, via: [via("MAPTM", 380), via("ITGIT", 3)].into(), usual_km: 10_000.0 },
        )]),
        ports: ports(),
        goods: BTreeMap::from([
            (
                "0803".to_owned(),
                Goods {
                    count: 900,
                    origins: [("EC", 700), ("CR", 190), ("CI", 6), ("BE", 3), ("DE", 1)]
                        .map(|(c, n)| (c.to_owned(), n))
                        .into(),
                },
            ),
            (
                "0901".to_owned(),
                Goods {
                    count: 60,
                    origins: [("BR", 57), ("VN", 2), ("PL", 1)].map(|(c, n)| (c.to_owned(), n)).into(),
                },
            ),
        ]),
        quantiles: BTreeMap::from([(
            Measure::TransshipmentDwellMinutes,
            vec![(
                Group {
                    terminal: Some("PTM1".into()),
                    trade: Some(EquipmentStatus::Transshipment),
                    size: None,
                },
                Quantiles { count: 90, q99: 20_000.0, ..Quantiles::default() },
            )],
        )]),
        ..Baselines::default()
    })
}

#[test]
fn a_port_that_hardly_anybody_uses_and_a_long_way_round_are_raised() {
    let line = |via: &[&str]| event(ManifestLine, BOX, at(2, "08:00")).route("BRSSZ", via, "SIKOP");
    assert_eq!(told(knowing(), [line(&["ITGIT"])]), ["MO-13b@1"]);
    assert_eq!(told(knowing(), [line(&["SGSIN"])]), ["MO-13b@1", "MO-13c@1"]);
    assert_eq!(told(knowing(), [line(&["MAPTM"])]), [""; 0]);
    assert_eq!(told(knowing(), [line(&[])]), [""; 0]);
    assert_eq!(told(World::new(), [line(&["SGSIN"])]), [""; 0]);
    let other_lane = event(ManifestLine, BOX, at(2, "08:00")).route("BRPNG", &["SGSIN"], "SIKOP");
    assert_eq!(told(knowing(), [other_lane]), [""; 0]);
}

#[test]
fn a_service_that_is_rerouted_and_a_strike_become_usual_with_the_baseline() {
    let line = event(ManifestLine, BOX, at(2, "08:00")).route("BRSSZ", &["SGSIN"], "SIKOP");
    let lane = |via: u32, usual_km| {
        let mut baselines = Baselines { ports: ports(), ..Baselines::default() };
        let via = [("MAPTM".to_owned(), 400 - via), ("SGSIN".to_owned(), via)].into();
        baselines.lanes.insert(Baselines::lane_key("BRSSZ", "SIKOP"), Lane { count: 400, via, usual_km });
        told(World::knowing(baselines), [line.clone()])
    };
    assert_eq!(lane(2, 10_000.0), ["MO-13b@1", "MO-13c@1"]);
    assert_eq!(lane(300, 24_000.0), [""; 0], "the whole service goes round the Cape");
    // In a strike all wait between two ships.
    let wait = |q99| {
        let of_port = |kind, day, time: &str| {
            event(kind, BOX, at(day, time))
                .terminal("PTM1")
                .edit(|e| e.place.get_or_insert_default().un_locode = Some("MAPTM".into()))
        };
        let group = Group { trade: Some(EquipmentStatus::Transshipment), ..Group::default() };
        let quantiles = Quantiles { count: 90, q99, ..Quantiles::default() };
        let baselines = Baselines {
            quantiles: BTreeMap::from([(Measure::TransshipmentDwellMinutes, vec![(group, quantiles)])]),
            ..Baselines::default()
        };
        told(World::knowing(baselines), [of_port(Discharged, 2, "08:00"), of_port(Loaded, 12, "09:00")])
    };
    assert_eq!(wait(5_000.0), ["MO-13f@1"]);
    assert_eq!(wait(20_000.0), [""; 0]);
}

#[test]
fn goods_from_a_country_that_they_hardly_ever_come_from_are_raised() {
    let line = |hs: &str, origin: &str| event(ManifestLine, BOX, at(2, "08:00")).goods(hs, origin);
    assert_eq!(told(knowing(), [line("080390", "NL")]), ["MO-13e@1"]);
    assert_eq!(told(knowing(), [line("080390", "CR")]), [""; 0]);
    // One container, or a share that tells nothing, makes no origin usual.
    for (hs, origin) in [("080390", "DE"), ("080390", "BE"), ("090111", "PL")] {
        assert_eq!(told(knowing(), [line(hs, origin)]), ["MO-13e@1"], "{origin}");
    }
    for (hs, origin) in [("080390", "CI"), ("090111", "VN")] {
        assert_eq!(told(knowing(), [line(hs, origin)]), [""; 0], "{origin}");
    }
    assert_eq!(told(knowing(), [line("940360", "NL")]), [""; 0]);
}

#[test]
fn a_port_of_discharge_changed_under_way_is_raised() {
    let bound =
        |kind, day, port: &str| event(kind, BOX, at(day, "08:00")).feed("carrier").route("BRSSZ", &[], port);
    let loaded = || event(Loaded, BOX, at(3, "08:00")).feed("carrier");
    let story = || [bound(BookingConfirmed, 1, "SIKOP"), loaded(), bound(ManifestLine, 9, "ITTRS")];
    assert_eq!(told(World::new(), story()), ["MO-13d@2"]);
    let before_departure = [bound(BookingConfirmed, 1, "SIKOP"), bound(ManifestLine, 2, "ITTRS"), loaded()];
    assert_eq!(told(World::new(), before_departure), [""; 0]);
    let back_again = story().into_iter().chain([bound(StowPosition, 10, "SIKOP")]);
    assert_eq!(told(World::new(), back_again), [""; 0]);
    let another_writes = story().map(|e| if e.kind == ManifestLine { e.feed("agent") } else { e });
    assert_eq!(told(World::new(), another_writes), [""; 0]);
    let next_leg =
        [bound(ManifestLine, 1, "SIKOP").call("C1"), loaded(), bound(StowPosition, 5, "ITTRS").call("C2")];
    assert_eq!(told(World::new(), next_leg), [""; 0]);
    let destination = [
        event(ManifestLine, BOX, at(1, "08:00")).delivery("SILJU"),
        event(StowPosition, BOX, at(4, "08:00")).delivery("HUBUD"),
        event(Discharged, BOX, at(6, "08:00")),
    ];
    assert_eq!(told(World::new(), destination.clone()), ["MO-13d@1"]);
    let early = destination
        .map(|e| if e.kind == Discharged { e.edit(|e| e.occurred_at = at(9, "08:00")) } else { e });
    assert_eq!(told(World::new(), early), [""; 0]);
    let next_cargo =
        [arrived(BOX, 2, "C1").route("BRSSZ", &[], "SIKOP"), bound(ManifestLine, 9, "ITTRS"), loaded()];
    assert_eq!(told(World::new(), next_cargo), [""; 0]);
}

#[test]
fn a_long_wait_between_two_ships_in_a_watched_port_is_raised() {
    let change = |port: &str, terminal: &str, days: u32| {
        let at_port = |e: PortEvent| {
            e.terminal(terminal).edit(|e| e.place.get_or_insert_default().un_locode = Some(port.into()))
        };
        [at_port(event(Discharged, BOX, at(2, "08:00"))), at_port(event(Loaded, BOX, at(2 + days, "09:00")))]
    };
    assert_eq!(told(World::new(), change("DOCAU", "CAU1", 8)), ["MO-13f@1"]);
    assert_eq!(told(World::new(), change("DOCAU", "CAU1", 5)), [""; 0]);
    assert_eq!(told(World::new(), change("NLRTM", "RTM1", 8)), [""; 0]);
    assert_eq!(told(knowing(), change("MAPTM", "PTM1", 8)), [""; 0]);
    assert_eq!(told(knowing(), change("MAPTM", "PTM1", 16)), ["MO-13f@1"]);
    let off = |port: &str, status| {
        let [off, _] = change(port, "CAU1", 8);
        off.status(status)
    };
    let stands = |world: World, events: Vec<PortEvent>, day| {
        let mut world = world.and(events);
        world.wait_until(at(day, "12:00"));
        world.codes_of(BOX, "MO-13")
    };
    // While it stands, where it is said to wait for a ship.
    let waits = || off("DOCAU", EquipmentStatus::Transshipment);
    assert_eq!(stands(World::new(), vec![waits()], 9), ["MO-13f@1"]);
    assert_eq!(stands(World::new(), vec![waits()], 8), [""; 0]);
    let loaded = |day, received| {
        let [_, on] = change("DOCAU", "CAU1", day);
        vec![waits(), on.received(at(received, "09:00"))]
    };
    let late = || World::where_late(&Loaded, 300.0);
    assert_eq!(stands(late(), vec![waits().terminal("LUKKP")], 9), [""; 0], "word of it may come late");
    assert_eq!(stands(late(), vec![waits().terminal("LUKKP")], 10), ["MO-13f@1"]);
    let outage = |kind, time: &str| event(kind, BOX, at(9, time));
    let during = || vec![waits(), outage(SystemOutageStarted, "06:00"), outage(SystemOutageEnded, "10:00")];
    assert_eq!(stands(World::new(), during(), 9), [""; 0], "it may be told when the system is back");
    assert_eq!(stands(World::new(), during(), 10), ["MO-13f@1"]);
    assert_eq!(stands(World::new(), loaded(5, 12), 12), [""; 0], "taken back when it is told at last");
    assert_eq!(stands(World::new(), loaded(8, 10), 10), ["MO-13f@1"]);
    assert_eq!(stands(World::new(), vec![off("DOCAU", EquipmentStatus::Import)], 12), [""; 0]);
    assert_eq!(stands(World::new(), vec![off("NLRTM", EquipmentStatus::Transshipment)], 12), [""; 0]);
    let out = event(GateOut, BOX, at(4, "08:00"));
    assert_eq!(stands(World::new(), vec![waits(), out], 12), [""; 0], "it went by road");
    let mut both = World::new();
    for event in change("DOCAU", "CAU1", 8) {
        both.see(&event);
    }
    assert_eq!(both.alert(BOX).severity, Severity::Medium);
    assert!(both.codes(OTHER_BOX).is_empty());
}
