use quaywatch_detection::Rules;
use quaywatch_domain::EventKind::{
    Discharged, ManifestLine, PowerOff, PowerOn, RecordViewed, ReeferAlarmReset, ReeferReading, WorkOrdered,
    YardMove,
};
use quaywatch_domain::alert::AlertState;
use quaywatch_domain::event::{Reefer, Yard};
use quaywatch_domain::{Alert, EventKind, PortEvent, Severity, Timestamp};

use crate::common::{BOX, Says, World, at, event};

fn on(kind: EventKind, time: &str) -> PortEvent {
    event(kind, BOX, at(2, time)).iso_type("45R1")
}

fn reading(time: &str, return_c: f64) -> PortEvent {
    on(ReeferReading, time).edit(|e| {
        e.reefer = Some(Box::new(Reefer {
            setpoint_c: Some(13.5),
            return_c: Some(return_c),
            powered: Some(true),
            ..Reefer::default()
        }));
    })
}

fn codes(events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    codes_in(World::new(), events)
}

fn codes_in(mut world: World, events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    world = world.and([event(Discharged, BOX, at(1, "08:00")).terminal("LUKKP")]).and(events);
    world.wait_until(at(4, "00:00"));
    world.codes(BOX)
}

#[test]
fn a_power_cut_that_nobody_explains_is_raised_when_it_lasts() {
    let mut world = World::after([event(Discharged, BOX, at(1, "08:00")), on(PowerOff, "02:00")]);
    world.wait_until(at(2, "02:59"));
    assert!(world.published.is_empty());
    world.wait_until(at(2, "03:00"));
    assert_eq!(world.codes(BOX), ["MO-19a@1"]);
    world.see(&on(PowerOn, "02:30").received(at(2, "05:00")));
    assert_eq!(world.codes(BOX), [""; 0]);
}

#[test]
fn a_short_cut_and_one_for_a_move_or_a_vessel_are_silent() {
    assert_eq!(codes([on(PowerOff, "02:00"), on(PowerOn, "02:45")]), [""; 0]);
    assert_eq!(codes([on(PowerOff, "02:00"), on(PowerOn, "02:46")]), ["MO-19a@1"]);
    assert_eq!(codes([on(PowerOff, "02:00"), on(YardMove, "02:50")]), [""; 0]);
    assert_eq!(codes([on(PowerOff, "02:00"), on(EventKind::Loaded, "03:00")]), [""; 0]);
    // The truck's generator takes over, at the stack or by the gate.
    for handed_over in [EventKind::PickedUp, EventKind::GateOut] {
        assert_eq!(codes([on(PowerOff, "02:00"), on(handed_over, "02:55")]), [""; 0]);
    }
    assert_eq!(codes([on(PowerOff, "02:00"), on(EventKind::PickedUp, "05:00")]), ["MO-19a@1"]);
}

fn regular() -> Vec<PortEvent> {
    ["01:00", "01:15", "01:30", "01:45"].map(|time| reading(time, 14.0)).to_vec()
}

#[test]
fn a_unit_that_reported_regularly_and_falls_silent_is_raised() {
    assert_eq!(codes(regular().into_iter().chain([reading("02:45", 14.0)])), ["MO-19a@1"]);
}

#[test]
fn a_late_reading_a_move_and_a_unit_that_never_was_regular_are_silent() {
    let late = reading("02:15", 14.0).received(at(2, "03:40"));
    assert_eq!(codes(regular().into_iter().chain([reading("02:45", 14.0), late])), [""; 0]);
    let moved = [on(YardMove, "02:00"), reading("02:45", 14.0)];
    assert_eq!(codes(regular().into_iter().chain(moved)), [""; 0]);
    assert_eq!(codes(["01:00", "01:50", "02:40", "03:50"].map(|time| reading(time, 14.0))), [""; 0]);
}

#[test]
fn return_air_that_rises_without_defrosting_is_raised() {
    assert_eq!(codes([reading("03:00", 14.0), reading("03:25", 17.5)]), ["MO-19b@1"]);
    let landed = event(Discharged, BOX, at(1, "08:00"));
    assert_eq!(
        World::after([landed, reading("03:00", 14.0), reading("03:25", 17.5)]).sentence(BOX, "MO-19b"),
        "Return air rose by more than 3 K within 30 min, with no defrosting reported."
    );
    let before = reading("02:30", 18.0).edit(|e| e.reefer.as_mut().unwrap().defrosting = Some(true));
    assert_eq!(codes([before, reading("03:00", 14.0), reading("03:25", 17.5)]), ["MO-19b@1"]);
    assert_eq!(codes([reading("03:00", 14.0), reading("03:25", 17.0)]), [""; 0]);
    assert_eq!(codes([reading("03:00", 14.0), reading("03:31", 17.5)]), [""; 0]);
}

#[test]
fn defrosting_a_new_setpoint_and_a_reported_power_cut_explain_a_rise() {
    let rise = || [reading("03:00", 14.0), reading("03:25", 17.5)];
    let defrosting = reading("03:10", 14.0).edit(|e| e.reefer.as_mut().unwrap().defrosting = Some(true));
    assert_eq!(codes(rise().into_iter().chain([defrosting])), [""; 0]);
    let set = reading("03:25", 17.5).edit(|e| e.reefer.as_mut().unwrap().setpoint_c = Some(18.0));
    assert_eq!(codes([reading("03:00", 14.0), set]), [""; 0]);
    assert_eq!(codes(rise().into_iter().chain([on(PowerOff, "03:05"), on(PowerOn, "03:20")])), [""; 0]);
}

fn slot(time: &str, block: &str) -> PortEvent {
    on(YardMove, time).edit(|e| {
        e.place.get_or_insert_default().yard =
            Some(Box::new(Yard { block: Some(block.into()), bay: Some("1".into()), ..Yard::default() }));
    })
}

/// What is told of a unit that was moved without an order while its return air rose.
fn moved_and_warmed(rules: &str) -> World {
    let story = [
        on(WorkOrdered, "00:10"),
        slot("00:20", "A"),
        reading("03:00", 14.0),
        slot("03:10", "B"),
        reading("03:25", 17.5),
    ];
    let world = World::with(quaywatch_detection::Rules::parse(rules).unwrap());
    let mut world = world.and([event(Discharged, BOX, at(1, "08:00"))]).and(story);
    world.wait_until(at(3, "00:00"));
    world
}

#[test]
fn a_rise_with_an_unordered_move_is_high() {
    let world = moved_and_warmed("");
    assert_eq!(world.codes(BOX), ["MO-10a@1", "MO-19b@1"]);
    let rise = world.alert(BOX).indicators.iter().find(|i| i.code == "MO-19b").unwrap();
    assert_eq!(rise.severity, Severity::High);
}

#[test]
fn a_move_in_shadow_makes_a_rise_no_graver() {
    let world = moved_and_warmed("[unordered_move.a]\nshadow = true\n");
    assert_eq!(world.codes(BOX), ["MO-19b@1"]);
    let rise = &world.alert(BOX).indicators[0];
    assert_eq!(rise.severity, Severity::Medium);
    assert!(!rise.sentence.contains("moved"), "{}", rise.sentence);
}

#[test]
fn a_rise_around_a_strangers_look_up_is_told_to_the_restricted_audience() {
    let story = |organisation: &str| {
        [
            reading("03:00", 14.0),
            on(RecordViewed, "02:30").user("usr:1", organisation),
            reading("03:25", 17.5),
        ]
    };
    assert_eq!(codes_in(World::with_people(), story("ACME")), ["MO-19b@1", "MO-19f@1"]);
    assert_eq!(codes_in(World::with_people(), story("LUKKP")), ["MO-19b@1"]);
    assert_eq!(codes(story("ACME")), ["MO-19b@1"]);
}

#[test]
fn a_rise_around_a_look_up_by_customs_a_help_desk_or_a_program_or_for_a_ticket_says_no_more() {
    let story = |look_up: PortEvent| [reading("03:00", 14.0), look_up, reading("03:25", 17.5)];
    let by_stranger = || on(RecordViewed, "02:30").user("usr:1", "ACME");
    for role in ["CUSTOMS", "TRACK_AND_TRACE", "CUSTOMER_SERVICE", "SYSTEM"] {
        assert_eq!(codes_in(World::with_people(), story(by_stranger().role(role))), ["MO-19b@1"], "{role}");
    }
    assert_eq!(codes_in(World::with_people(), story(by_stranger().order("TICKET7"))), ["MO-19b@1"]);
    let planner = by_stranger().role("PLANNER");
    assert_eq!(codes_in(World::with_people(), story(planner)), ["MO-19b@1", "MO-19f@1"]);
}

fn cargo(hs: &str, origin: &str) -> PortEvent {
    event(ManifestLine, BOX, at(1, "07:00")).iso_type("45R1").goods(hs, origin)
}

#[test]
fn a_reefer_that_does_not_run_with_dry_cargo_from_a_watched_origin_counts_with_others() {
    assert_eq!(codes([cargo("690721", "BR")]), [""; 0]);
    let codes = |events: [PortEvent; 1]| {
        let rules = quaywatch_detection::Rules::parse("[reefer_anomaly.c]\nseverity = \"MEDIUM\"\n").unwrap();
        codes_in(World::with(rules), events)
    };
    assert_eq!(codes([cargo("690721", "BR")]), ["MO-19c@1"]);
    let set = cargo("180631", "EC").edit(|e| {
        e.reefer = Some(Box::new(Reefer { setpoint_c: Some(16.0), ..Reefer::default() }));
    });
    for silent in [cargo("690721", "ES"), cargo("080390", "EC"), cargo("690721", "BR").iso_type("45G1"), set]
    {
        assert_eq!(codes([silent]), [""; 0]);
    }
    // Readings show that it runs, whatever they say of power; those of a unit that is switched off do not.
    let codes_with = |reefer: Reefer| {
        let rules = quaywatch_detection::Rules::parse("[reefer_anomaly.c]\nseverity = \"MEDIUM\"\n").unwrap();
        let reading = on(ReeferReading, "03:00").edit(|e| e.reefer = Some(Box::new(reefer)));
        codes_in(World::with(rules), [cargo("690721", "BR"), reading])
    };
    assert_eq!(codes_with(Reefer { powered: Some(true), ..Reefer::default() }), [""; 0]);
    assert_eq!(codes_with(Reefer { return_c: Some(14.0), ..Reefer::default() }), [""; 0]);
    let off = Reefer { powered: Some(false), return_c: Some(24.0), ..Reefer::default() };
    assert_eq!(codes_with(off), ["MO-19c@1"]);
}

#[test]
fn a_setpoint_that_does_not_fit_the_goods_is_low() {
    let seen = |hs: &[&str], setpoint: f64| {
        let mut line = cargo(hs[0], "ES").edit(|e| {
            e.reefer = Some(Box::new(Reefer { setpoint_c: Some(setpoint), ..Reefer::default() }));
        });
        for more in &hs[1..] {
            line = line.goods(more, "ES");
        }
        // With another indicator it is part of an alert.
        codes([line, on(PowerOff, "02:00")])
    };
    assert_eq!(seen(&["080390"], 4.0), ["MO-19a@1", "MO-19d@1"]);
    assert_eq!(seen(&["080390"], 13.3), ["MO-19a@1"]);
    assert_eq!(seen(&["080390", "080610"], 4.0), ["MO-19a@1"]);
    assert_eq!(seen(&["060311"], 4.0), ["MO-19a@1"]);
}

#[test]
fn alarms_that_are_reset_again_and_again_are_low() {
    let resets = |times: &[&str]| {
        let resets = times.iter().map(|time| on(ReeferAlarmReset, time));
        codes(resets.chain([on(PowerOff, "02:00")]).collect::<Vec<_>>())
    };
    assert_eq!(resets(&["03:00", "04:00", "05:00"]), ["MO-19a@1", "MO-19e@1"]);
    assert_eq!(resets(&["03:00", "05:00"]), ["MO-19a@1"]);
}

#[test]
fn a_reading_like_the_one_before_may_wait_for_its_look_and_nothing_is_told_later_for_it() {
    let all_day: Vec<PortEvent> = (4..36)
        .map(|quarter| reading(&format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15), 14.0))
        .collect();
    let story = |then: Vec<PortEvent>| {
        let told = |look_minutes: i64| {
            let rules = format!("[reefer_anomaly]\nlook_minutes = {look_minutes}");
            let mut world = World::with(Rules::parse(&rules).unwrap());
            world.see(&event(Discharged, BOX, at(1, "08:00")).terminal("LUKKP"));
            for event in all_day.iter().chain(&then) {
                world.wait_until(event.received_at);
                world.see(event);
            }
            world.wait_until(at(4, "00:00"));
            let codes = |alert: &Alert| alert.indicators.iter().map(|i| i.code.clone()).collect::<Vec<_>>();
            world.published.iter().map(|a| (a.produced_at, a.state, codes(a))).collect::<Vec<_>>()
        };
        let waited = told(180);
        assert_eq!(waited, told(0));
        waited
    };
    let codes =
        |story: &[(Timestamp, AlertState, Vec<String>)]| story.first().map(|(.., codes)| codes.join(" "));
    let silent = story(vec![]);
    assert_eq!(codes(&silent).as_deref(), Some("MO-06c"));
    let warm = story(vec![reading("09:00", 17.5)]);
    assert_eq!(codes(&warm).as_deref(), Some("MO-19b"));
    assert_eq!(warm.first().map(|(at, ..)| *at), Some(at(2, "09:00")));
    assert_eq!(codes(&story(vec![on(PowerOff, "08:50")])).as_deref(), Some("MO-19a"));
    assert_eq!(codes(&story(vec![reading("11:00", 14.0)])).as_deref(), Some("MO-19a"));
}
