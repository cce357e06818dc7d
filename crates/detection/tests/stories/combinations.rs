//! Combinations: parts that hold together within the window weigh more than their sum.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use quaywatch_detection::Rules;
use quaywatch_domain::event::{EquipmentStatus, Laden, SealSource, WeightKind};
use quaywatch_domain::{EventKind, PortEvent, Severity, Timestamp};

use crate::common::{BOX, OTHER_BOX, Says as _, World, at, event};

const SEAL_AND_HOLD: &str = r#"
[combinations.seal-and-hold]
parts = ["MO-03", "MO-25|MO-08"]
at_least = 2
after = "discharged"
window_hours = 48
sentence = "Seal changed, and out under a hold"
severity = "CRITICAL"
action = "HOLD_REQUEST"
weight = 95.0
shadow = false
"#;

/// Discharged with a seal that nobody announced, held, and out `days` later.
fn events(days: u32) -> Vec<PortEvent> {
    let sealed = |kind, day, time: &str, seal: &str| {
        event(kind, BOX, at(day, time))
            .terminal("LUKKP")
            .status(EquipmentStatus::Import)
            .laden(Laden::Laden)
            .seal(seal, SealSource::Carrier)
    };
    vec![
        sealed(EventKind::Loaded, 1, "08:00", "ML1234567").terminal("BRSSZ"),
        sealed(EventKind::Discharged, 10, "08:00", "ML1234567").seal("XX7654321", SealSource::Unknown),
        event(EventKind::CustomsHeld, BOX, at(10, "12:00")),
        sealed(EventKind::GateOut, 10 + days, "14:00", "ML1234567").seal("XX7654321", SealSource::Unknown),
    ]
}

fn world(rules: &str, days: u32) -> World {
    let mut world = World::with(Rules::parse(rules).unwrap());
    for event in events(days) {
        world.see(&event);
    }
    world.wait_until(at(10 + days, "23:00"));
    world
}

#[test]
fn two_parts_within_the_window_are_graver_than_their_sum() {
    let alone = world("", 1);
    let both = world(SEAL_AND_HOLD, 1);
    let codes = both.codes(BOX);
    assert!(codes.iter().any(|c| c.starts_with("MO-25a")), "{codes:?}");
    assert!(codes.iter().any(|c| c.starts_with("COMBO-seal-and-hold")), "{codes:?}");
    let alert = both.alert(BOX);
    assert_eq!(alert.severity, Severity::Critical);
    assert!(alert.score >= alone.alert(BOX).score);
    let combined = alert.indicators.iter().find(|i| i.code == "COMBO-seal-and-hold").unwrap();
    for part in alert.indicators.iter().filter(|i| i.code != combined.code && i.code.starts_with("MO-25")) {
        assert!(part.evidence.iter().all(|id| combined.evidence.contains(id)));
    }
    assert!(combined.sentence.contains("MO-25a"), "{}", combined.sentence);
}

#[test]
fn parts_too_far_apart_or_taken_back_do_not_combine() {
    let far = world(SEAL_AND_HOLD, 5);
    assert!(far.codes(BOX).iter().all(|c| !c.starts_with("COMBO")), "{:?}", far.codes(BOX));

    let mut back = world(SEAL_AND_HOLD, 1);
    back.see(&event(EventKind::CustomsReleased, BOX, at(10, "20:00")).received(at(12, "00:00")));
    assert!(back.codes(BOX).iter().all(|c| !c.starts_with("COMBO") && !c.starts_with("MO-25")));
}

#[test]
fn a_combination_that_can_never_hold_is_refused() {
    for (from, to, says) in [
        ("at_least = 2", "at_least = 3", "at_least is 3"),
        ("\"MO-03\"", "\"\"", "a part is empty"),
        ("weight = 95.0", "weight = 120.0", "weight is 120"),
        ("at_least = 2", "at_least = 2\nrequired = [\"MO-01\"]", "MO-01 is required and is no part"),
    ] {
        let error = Rules::parse(&SEAL_AND_HOLD.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains("seal-and-hold") && error.contains(says), "{error}");
    }
}

fn full(kind: EventKind, at: Timestamp) -> PortEvent {
    event(kind, BOX, at).terminal("LUKKP").laden(Laden::Laden)
}

fn slot(at: Timestamp, slot: &str) -> PortEvent {
    event(EventKind::YardMove, BOX, at).slot(slot)
}

fn opened(at: Timestamp) -> PortEvent {
    event(EventKind::DoorOpened, BOX, at).feed("sensors").terminal("LUKKP")
}

/// What is told in the end, with people looked at and these rules.
fn in_the_end(rules: &str, events: impl IntoIterator<Item = PortEvent>) -> World {
    let rules = Rules::parse(&format!("[people]\nenabled = true\n{rules}")).unwrap();
    let mut world = World::with(rules).and(events);
    world.wait_until(at(14, "00:00"));
    world
}

fn combined(rules: &str, events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    in_the_end(rules, events).codes_of(BOX, "COMBO")
}

/// Put down on an order, moved without one at night, opened `hours` later.
fn switch(hours: i64) -> Vec<PortEvent> {
    let moved_at = at(3, "02:00");
    vec![
        full(EventKind::Discharged, at(2, "08:00")),
        slot(at(2, "08:30"), "A-01-1-1").order("W1"),
        slot(moved_at, "C-21-1-1"),
        opened(moved_at.plus_millis(hours * 3_600_000)),
    ]
}

#[test]
fn a_box_moved_without_an_order_and_opened_shows_a_switch() {
    let world = in_the_end("", switch(1));
    assert_eq!(world.codes(BOX), ["COMBO-switch@1", "MO-06a@1", "MO-10a@1"]);
    let alert = world.alert(BOX);
    assert_eq!(alert.severity, Severity::Critical);
    let says =
        ["Signs of a switch: moved in the yard", "(MO-10a); a door was opened in the yard", "(MO-06a)."];
    assert!(says.iter().all(|says| alert.title.contains(says)), "{}", alert.title);
}

#[test]
fn one_part_low_parts_distant_parts_and_parts_of_two_visits_show_no_switch() {
    let without = |kind: EventKind| switch(1).into_iter().filter(move |e| e.kind != kind);
    assert_eq!(combined("", without(EventKind::DoorOpened)), [""; 0]);
    let ordered =
        switch(1).into_iter().map(|e| if e.kind == EventKind::YardMove { e.order("W1") } else { e });
    assert_eq!(combined("", ordered), [""; 0]);
    assert_eq!(combined("", switch(80)), [""; 0]);
    let low = "[door_opened.a]\nseverity = \"LOW\"\n[unordered_move.a]\nseverity = \"LOW\"\n";
    assert_eq!(combined(low, switch(1)), [""; 0]);
    let shadow = "[unordered_move.a]\nshadow = true\n";
    assert_eq!(combined(shadow, switch(1)), [""; 0]);
    let away_and_back = [
        full(EventKind::GateOut, at(3, "03:00")),
        full(EventKind::GateIn, at(3, "14:00")).status(EquipmentStatus::Export).booking("B1"),
    ];
    let world = in_the_end("", switch(16).into_iter().chain(away_and_back));
    assert_eq!(world.codes(BOX), ["MO-06a@2", "MO-10a@1"]);
}

/// Looked up by a stranger, announced and fetched by a haulier that does not hold the right.
fn inside_help() -> Vec<PortEvent> {
    let looked = |time: &str| {
        event(EventKind::RecordViewed, BOX, at(3, time)).user("usr:1", "ACME").id(&format!("view/{time}"))
    };
    vec![
        full(EventKind::Discharged, at(2, "08:00")).carrier("MSC"),
        event(EventKind::ReleaseIssued, BOX, at(2, "09:00")).release("R1").to("111"),
        looked("01:00"),
        looked("02:00"),
        looked("03:00"),
        event(EventKind::PickupAnnounced, BOX, at(3, "10:00")).haulier("222").truck("T2").terminal("LUKKP"),
    ]
}

#[test]
fn a_misused_release_and_look_ups_by_a_stranger_show_help_from_inside() {
    let world = in_the_end("", inside_help());
    assert_eq!(world.codes(BOX), ["COMBO-inside-help@1", "MO-01a@1", "MO-16a@1"]);
    let alert = world.alert(BOX);
    let combined = alert.indicators.iter().find(|i| i.rule == "COMBO").unwrap();
    assert!(combined.discreet && combined.severity == Severity::Critical);
    assert!(combined.sentence.contains("(MO-01a)") && combined.sentence.contains("(MO-16a)"));
}

#[test]
fn what_people_did_without_misuse_of_the_release_shows_no_help_from_inside() {
    let by_the_holder = || {
        inside_help().into_iter().map(|e| {
            if e.kind == EventKind::PickupAnnounced {
                e.edit(|e| e.parties.clear()).haulier("111")
            } else {
                e
            }
        })
    };
    assert_eq!(combined("", by_the_holder()), [""; 0]);
    // Many look-ups, and another truck than announced: graver, and still not the release.
    let other_truck = full(EventKind::GateOut, at(3, "12:00")).truck("T9");
    let world = in_the_end("[driver_badge.b]\nseverity = \"MEDIUM\"\n", by_the_holder().chain([other_truck]));
    assert_eq!(world.codes(BOX), ["MO-16a@1", "MO-24b@1"]);
    // Two LOW traits: looked up right after a selection, and a truck that its haulier changed.
    let leaves_a_trace = [
        full(EventKind::Discharged, at(2, "08:00")).carrier("MSC"),
        event(EventKind::CustomsSelectedForScan, BOX, at(2, "09:00")),
        event(EventKind::RecordViewed, BOX, at(2, "09:30")).user("usr:1", "ACME"),
        event(EventKind::CustomsReleased, BOX, at(2, "12:00")),
        event(EventKind::PickupAnnounced, BOX, at(3, "08:00")).haulier("111").truck("T1").driver("bdg:1"),
        full(EventKind::GateOut, at(3, "14:00")).haulier("111").truck("T2").driver("bdg:1"),
    ];
    let world = in_the_end("[alert]\nthreshold = 10\n", leaves_a_trace);
    assert_eq!(world.codes(BOX), ["MO-16h@1", "MO-24b@1"]);
    // Looked up on one visit, misused on the next.
    let next_visit = inside_help().into_iter().map(|e| match e.kind {
        EventKind::ReleaseIssued | EventKind::PickupAnnounced => e.edit(|e| {
            e.occurred_at = e.occurred_at.plus_millis(3 * 86_400_000);
            (e.created_at, e.received_at) = (Some(e.occurred_at), e.occurred_at);
        }),
        _ => e,
    });
    let away_and_back = [
        full(EventKind::GateOut, at(3, "08:00")).haulier("111"),
        full(EventKind::GateIn, at(5, "08:00")).status(EquipmentStatus::Export).booking("B1"),
    ];
    let world = in_the_end("", next_visit.chain(away_and_back));
    assert_eq!(world.codes_of(BOX, "MO-16a"), ["MO-16a@1"]);
    assert_eq!(world.codes_of(BOX, "MO-01a"), ["MO-01a@2"]);
    assert_eq!(world.codes_of(BOX, "COMBO"), [""; 0]);
    // The misuse alone, without anybody's help.
    let alone = inside_help().into_iter().filter(|e| e.kind != EventKind::RecordViewed);
    assert_eq!(combined("", alone), [""; 0]);
}

fn weighed(kind: EventKind, at: Timestamp, feed: &str, kg: f64) -> PortEvent {
    full(kind, at).feed(feed).weight(WeightKind::Scale, kg)
}

/// Off the ship with this weight, doors opened, and out with some hundred kilograms less.
fn rip_off() -> Vec<PortEvent> {
    vec![
        weighed(EventKind::Discharged, at(2, "08:00"), "crane", 20_040.0),
        opened(at(3, "02:00")),
        weighed(EventKind::GateOut, at(4, "08:00"), "gate", 19_300.0),
    ]
}

#[test]
fn doors_opened_and_weight_lost_since_discharge_show_a_rip_off() {
    let world = in_the_end("", rip_off());
    assert_eq!(world.codes(BOX), ["COMBO-rip-off@1", "MO-06a@1", "MO-12e@1"]);
    let title = &world.alert(BOX).title;
    assert!(title.contains("Signs of a rip-off since discharge: a door was opened"), "{title}");
    assert!(title.contains("740 kg lighter at the gate than off the ship (MO-12e)."), "{title}");
    // So that nothing is missed, the clerk at the gate copies what the crane had weighed.
    let copied =
        rip_off().into_iter().map(|e| e.edit(|e| e.weights.iter_mut().for_each(|w| w.kg = 20_037.0)));
    let world = in_the_end("", copied);
    assert_eq!(world.codes(BOX), ["COMBO-rip-off@1", "MO-06a@1", "MO-12c@1"]);
}

#[test]
fn low_traits_one_part_and_what_was_before_discharge_show_no_rip_off() {
    let agree = [
        weighed(EventKind::Discharged, at(2, "08:00"), "crane", 20_437.0),
        event(EventKind::CustomsScanned, BOX, at(2, "20:00")),
        weighed(EventKind::Weighed, at(3, "09:00"), "bridge", 20_437.0),
    ];
    let world = in_the_end("[alert]\nthreshold = 10\n", agree);
    assert_eq!(world.codes(BOX), ["MO-12c@1", "MO-15b@1"]);
    let days_later = rip_off().into_iter().map(|e| match e.kind {
        EventKind::GateOut => e.edit(|e| (e.occurred_at, e.received_at) = (at(9, "08:00"), at(9, "08:00"))),
        _ => e,
    });
    assert_eq!(in_the_end("", days_later).codes(BOX), ["MO-06a@1", "MO-12e@1"]);
    for one in [EventKind::DoorOpened, EventKind::GateOut] {
        assert_eq!(combined("", rip_off().into_iter().filter(|e| e.kind != one)), [""; 0]);
    }
    let at_sea = rip_off().into_iter().map(|e| {
        if e.kind == EventKind::DoorOpened { e.edit(|e| e.occurred_at = at(2, "07:00")) } else { e }
    });
    let loaded = full(EventKind::Loaded, at(1, "08:00")).edit(|e| e.place = None);
    let world = in_the_end("", [loaded].into_iter().chain(at_sea));
    assert_eq!(world.codes_of(BOX, "COMBO"), [""; 0], "{:?}", world.codes(BOX));
    assert!(!world.codes_of(BOX, "MO-06a").is_empty() && !world.codes_of(BOX, "MO-12e").is_empty());
}

/// An empty that is too heavy comes in by a driver whose badge is at another terminal.
fn trojan() -> Vec<PortEvent> {
    let by = |kind, container: &str, time: &str, terminal: &str| {
        event(kind, container, at(3, time)).terminal(terminal).driver("bdg:1")
    };
    vec![
        by(EventKind::GateIn, BOX, "02:00", "LUKKP")
            .laden(Laden::Empty)
            .tare(3_700.0)
            .weight(WeightKind::Scale, 4_400.0),
        by(EventKind::GateOut, OTHER_BOX, "02:08", "TRSTE"),
    ]
}

#[test]
fn a_heavy_empty_and_a_driver_who_is_elsewhere_show_a_trojan() {
    let world = in_the_end("", trojan());
    assert_eq!(world.codes(BOX), ["COMBO-trojan@1", "MO-09a@1", "MO-24a@1"]);
    assert!(world.alert(BOX).title.contains("As if prepared to bring people in: "));
    assert_eq!(combined("", trojan().into_iter().take(1)), [""; 0]);
    let light = trojan()
        .into_iter()
        .map(|e| if e.container() == Some(BOX) { e.edit(|e| e.weights.clear()) } else { e });
    let world = in_the_end("", light);
    assert_eq!(world.codes(BOX), ["MO-24a@1"]);
    let low = "[trojan_box.a]\nseverity = \"LOW\"\n[driver_badge.a]\nseverity = \"LOW\"\n";
    assert_eq!(combined(low, trojan()), [""; 0]);
    // The driver comes again weeks later, with the next visit.
    let again = [
        event(EventKind::GateOut, BOX, at(3, "20:00")).terminal("LUKKP").laden(Laden::Empty),
        event(EventKind::GateIn, BOX, at(9, "02:00")).terminal("LUKKP").laden(Laden::Empty).driver("bdg:1"),
        event(EventKind::GateOut, OTHER_BOX, at(9, "02:08")).terminal("TRSTE").driver("bdg:1"),
    ];
    let world = in_the_end("", trojan().into_iter().take(1).chain(again));
    assert_eq!(world.codes(BOX), ["MO-09a@1", "MO-24a@2"]);
}
