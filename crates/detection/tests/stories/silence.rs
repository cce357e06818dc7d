//! What rests on something that was not told: one story a code, told three times over. It can be known when late word is no
//! longer waited for; an outage takes it its force; and so does a feed that tells of little.

use std::collections::BTreeMap;
use std::sync::Arc;

use quaywatch_detection::{Baselines, Engine, FeedFigures, Outages, Rules, Share};
use quaywatch_domain::EventKind::{
    BookingConfirmed, CustomsHeld, CustomsReleased, Discharged, DoorClosed, DoorOpened, GateIn, GateOut,
    Loaded, ManifestLine, PickupAnnounced, PositionReported, PowerOff, PowerOn, ReeferReading, ReleaseIssued,
    Restowed, SealAffixed, SealRemoved, SealReplaced, Stripped, SystemOutageEnded, SystemOutageStarted,
    VesselDeparted, WorkOrdered, YardMove,
};
use quaywatch_domain::alert::AlertState;
use quaywatch_domain::event::SealSource::Carrier;
use quaywatch_domain::event::{EquipmentStatus, Laden, Reefer};
use quaywatch_domain::{Alert, EventKind, Indicator, PortEvent, Severity, Timestamp};

use crate::common::{BOX, OTHER_BOX, Says, World, at, event};

struct Story {
    code: &'static str,
    events: Vec<PortEvent>,
    /// What was not told.
    untold: EventKind,
    /// When it would have happened, or when its word was awaited.
    then: Timestamp,
    /// Until when its word was waited for.
    by: Timestamp,
}

/// Terminals demand what they can, no message is ever lost, and an alert shows all but what is LOW alone.
const RULES: &str = "
[alert]
threshold = 1.0
[two_places]
severity_a_unproven = \"HIGH\"
severity_b_elsewhere = \"HIGH\"
[two_places.f]
severity = \"HIGH\"
[message_spoofing]
announced_terminals = [\"LUKKP\"]
released_terminals = [\"LUKKP\"]
[message_spoofing.a]
severity = \"HIGH\"
";

fn told(kind: EventKind, day: u32, time: &str) -> PortEvent {
    event(kind, BOX, at(day, time)).terminal("LUKKP").laden(Laden::Laden)
}

fn story(
    code: &'static str,
    untold: EventKind,
    then: Timestamp,
    by: Timestamp,
    events: Vec<PortEvent>,
) -> Story {
    Story { code, events, untold, then, by }
}

fn stories() -> Vec<Story> {
    let import = |e: PortEvent| e.status(EquipmentStatus::Import);
    let off = || told(Discharged, 2, "08:00");
    vec![
        story(
            "MO-02a",
            BookingConfirmed,
            at(4, "21:00"),
            at(4, "22:00"),
            vec![import(told(GateOut, 3, "20:00")).truck("T1"), told(GateIn, 4, "21:00").truck("T2")],
        ),
        story(
            "MO-05a",
            SealRemoved,
            at(3, "08:00"),
            at(4, "08:00"),
            vec![
                told(SealRemoved, 1, "07:00"),
                told(SealAffixed, 1, "08:00"),
                told(GateOut, 1, "09:00"),
                off(),
                told(SealReplaced, 3, "08:00").seal("NEW12345", Carrier),
            ],
        ),
        story(
            "MO-05b",
            SealAffixed,
            at(3, "12:00"),
            at(4, "12:00"),
            vec![off(), told(SealRemoved, 3, "08:00").seal("OLD12345", Carrier), told(GateOut, 3, "12:00")],
        ),
        story("MO-05e", WorkOrdered, at(3, "08:00"), at(4, "08:00"), vec![off(), told(Stripped, 3, "08:00")]),
        story("MO-06c", PositionReported, at(3, "10:00"), at(3, "13:00"), {
            let fix = |h| told(PositionReported, 3, &format!("{h:02}:00")).feed("sensors");
            std::iter::once(off()).chain((0..9).map(fix)).collect()
        }),
        story(
            "MO-08a",
            GateOut,
            at(3, "08:00"),
            at(3, "09:00"),
            vec![told(GateIn, 2, "08:00"), told(GateIn, 3, "08:00").terminal("ITTRS").feed("trieste")],
        ),
        story(
            "MO-08a",
            Discharged,
            at(5, "08:00"),
            at(5, "09:00"),
            vec![told(Loaded, 2, "08:00").terminal("BRSSZ").feed("carrier"), told(GateIn, 5, "08:00")],
        ),
        story(
            "MO-08b",
            GateIn,
            at(3, "12:00"),
            at(3, "17:00"),
            vec![
                told(GateOut, 3, "08:00"),
                told(GateOut, 3, "12:00").terminal("ITTRS").received(at(3, "16:00")),
            ],
        ),
        story(
            "MO-08b",
            GateIn,
            at(3, "12:00"),
            at(3, "12:00"),
            vec![
                told(GateOut, 3, "08:00"),
                told(GateOut, 3, "12:00").feed("camera").received(at(3, "16:00")),
            ],
        ),
        story(
            "MO-08f",
            GateIn,
            at(3, "12:00"),
            at(3, "13:00"),
            vec![told(GateOut, 3, "08:00"), told(Loaded, 3, "12:00").feed("vessel")],
        ),
        story(
            "MO-10a",
            WorkOrdered,
            at(3, "02:00"),
            at(3, "06:30"),
            vec![
                off(),
                told(YardMove, 2, "08:30").order("W1").slot("A-01-1-1"),
                told(YardMove, 3, "02:00").slot("C-21-6-1").received(at(3, "05:30")),
            ],
        ),
        story(
            "MO-19a",
            PowerOn,
            at(3, "02:00"),
            at(3, "03:00"),
            vec![off(), told(PowerOff, 3, "02:00").iso_type("45R1")],
        ),
        story("MO-19a", ReeferReading, at(3, "02:00"), at(3, "03:45"), {
            let reading = |time| {
                let running = Reefer { powered: Some(true), return_c: Some(14.0), ..Reefer::default() };
                told(ReeferReading, 3, time).iso_type("45R1").edit(|e| e.reefer = Some(Box::new(running)))
            };
            let readings = ["01:00", "01:15", "01:30", "01:45", "02:45"].map(reading);
            std::iter::once(off()).chain(readings).collect()
        }),
        story("MO-21a", ManifestLine, at(2, "14:00"), at(3, "08:00"), {
            let of_call = |e: PortEvent| e.call("CALL1").port("SIKOP");
            let line = |n| {
                let container = format!("MSKU12345{n:02}");
                let listed = event(ManifestLine, &container, at(1, "08:00")).route("ECGYE", &[], "SIKOP");
                [of_call(listed), of_call(event(Discharged, &container, at(2, "08:00")))]
            };
            let departed = event(VesselDeparted, "", at(2, "20:00")).call("CALL1").without_container();
            (1..=10).flat_map(line).chain([of_call(off()), departed]).collect()
        }),
        story("MO-21b", Discharged, at(3, "10:00"), at(3, "10:00"), {
            let of_call = |e: PortEvent| e.call("CALL1").port("SIKOP");
            let listed = |container: &str| {
                of_call(event(ManifestLine, container, at(1, "08:00")).route("ECGYE", &[], "SIKOP"))
            };
            let others = (1..=10).map(|n| format!("MSKU12345{n:02}"));
            let both = |c: String| [listed(&c), of_call(event(Discharged, &c, at(2, "08:00")))];
            let departed = event(VesselDeparted, "", at(2, "20:00")).call("CALL1").without_container();
            let own = [listed(BOX), departed, told(GateOut, 3, "10:00")];
            others.flat_map(both).chain(own).collect()
        }),
        story(
            "MO-21c",
            Discharged,
            at(12, "08:00"),
            at(13, "08:00"),
            vec![told(GateIn, 1, "08:00"), told(GateOut, 1, "12:00"), told(GateOut, 12, "08:00")],
        ),
        story(
            "MO-22a",
            WorkOrdered,
            at(2, "08:00"),
            at(2, "10:00"),
            vec![event(Restowed, BOX, at(2, "08:00")).port("ECGYE").cell("0240382").call("CALL2")],
        ),
        story(
            "MO-22b",
            WorkOrdered,
            at(3, "08:00"),
            at(3, "10:00"),
            vec![
                event(Restowed, BOX, at(2, "08:00")).port("ESALG").cell("0240308").call("CALL2"),
                event(Restowed, BOX, at(3, "08:00")).port("MAPTM").cell("0120508").call("CALL2"),
            ],
        ),
        story(
            "MO-23a",
            PickupAnnounced,
            at(4, "14:00"),
            at(4, "20:00"),
            vec![off(), told(ReleaseIssued, 3, "09:00"), told(GateOut, 4, "14:00")],
        ),
        story(
            "MO-23g",
            ReleaseIssued,
            at(4, "14:00"),
            at(4, "20:00"),
            vec![off(), told(PickupAnnounced, 4, "10:00"), told(GateOut, 4, "14:00")],
        ),
        story(
            "MO-25a",
            CustomsReleased,
            at(4, "14:00"),
            at(4, "14:15"),
            vec![off(), told(CustomsHeld, 3, "08:00").feed("customs"), told(GateOut, 4, "14:00")],
        ),
    ]
}

fn world(story: &Story, baselines: Baselines, outages: Outages) -> World {
    let mut world = World::new();
    world.engine = Engine::new(Rules::parse(RULES).unwrap(), "test")
        .with_baselines(Arc::new(baselines))
        .with_outages(Arc::new(outages));
    let mut world = world.and(story.events.iter().cloned());
    // An alert of another code makes it seen, however little it says.
    world.wait_until(at(14, "00:00"));
    world
}

/// What the first alert with this code says, and the alert.
fn first<'w>(world: &'w World, code: &str) -> Option<(&'w Alert, &'w Indicator)> {
    let about = world.published.iter().filter(|a| *a.subject.id == *BOX);
    about.flat_map(|a| a.indicators.iter().map(move |i| (a, i))).find(|(_, i)| i.code == code)
}

/// An outage of six hours around `then`, announced for a terminal or the whole port.
fn outage(then: Timestamp, terminal: Option<&str>) -> Outages {
    let mut outages = Outages::default();
    for (kind, minutes) in [(SystemOutageStarted, -180), (SystemOutageEnded, 180)] {
        let mark = event(kind, "", then.plus_millis(minutes * 60_000)).without_container();
        let mark = terminal.map_or_else(|| mark.clone(), |terminal| mark.clone().terminal(terminal));
        assert!(outages.take(&mark).is_some());
    }
    outages
}

#[test]
fn it_can_be_known_when_late_word_is_no_longer_waited_for() {
    for story in stories() {
        let world = world(&story, Baselines::default(), Outages::default());
        let (alert, indicator) =
            first(&world, story.code).unwrap_or_else(|| panic!("{} is not raised", story.code));
        let expected = indicator.expected.as_ref().unwrap_or_else(|| panic!("{} awaits nothing", story.code));
        assert_eq!((&expected.event, expected.by), (&story.untold, story.by), "{}", story.code);
        assert!(indicator.first_held_at <= story.by, "{}", story.code);
        // It is not told as something that could have been known long before.
        let late_ms = alert.produced_at.millis_since(alert.detected_at);
        assert_eq!(late_ms, 0, "{} at {} for {}", story.code, alert.produced_at, alert.detected_at);
    }
}

#[test]
fn an_outage_takes_it_its_force_wherever_it_rests_on_silence() {
    for story in stories() {
        let grade = |outages| {
            let world = world(&story, Baselines::default(), outages);
            first(&world, story.code).map(|(_, i)| (i.severity, i.weight))
        };
        let full = grade(Outages::default());
        assert!(full.is_some_and(|(severity, _)| severity > Severity::Low), "{}", story.code);
        let hidden = grade(outage(story.then, None));
        assert!(hidden.is_none_or(|(severity, _)| severity == Severity::Low), "{}: {hidden:?}", story.code);
        assert_eq!(grade(outage(story.then, Some("HRRJK"))), full, "{}: another terminal", story.code);
        assert_eq!(grade(outage(at(1, "01:00"), None)), full, "{}: another day", story.code);
    }
}

#[test]
fn an_outage_of_another_system_excuses_nothing_at_a_gate_that_is_heard_meanwhile() {
    let twice = |received: &str, terminal: &str| {
        let second = told(GateOut, 3, "12:00").terminal(terminal).feed("camera").received(at(3, received));
        story(
            "MO-08b",
            GateIn,
            at(3, "12:00"),
            at(3, "12:00"),
            vec![told(GateOut, 3, "07:00").terminal(terminal), second],
        )
    };
    let severity = |story: &Story, outages| {
        let world = world(story, Baselines::default(), outages);
        first(&world, story.code).map(|(_, i)| i.severity)
    };
    // The port system is out from nine to three; the gate says at once who leaves.
    let out = || outage(at(3, "12:00"), Some("LUKKP"));
    assert_eq!(severity(&twice("12:03", "LUKKP"), out()), Some(Severity::High));
    // Told when the outage was over: the gate worked by hand, and nobody wrote the way in down.
    assert!(severity(&twice("15:30", "LUKKP"), out()).is_none_or(|s| s == Severity::Low));
    // Another gate is heard: it says nothing of this one.
    let mut story = twice("15:30", "LUKKP");
    story
        .events
        .insert(1, told(GateIn, 3, "10:00").terminal("ITTRS").feed("trieste").id("x").wrong_check_digit());
    assert!(severity(&story, out()).is_none_or(|s| s == Severity::Low));
}

#[test]
fn an_outage_hides_no_order_of_a_yard_that_is_heard_meanwhile() {
    let moved = |received: &str| {
        let moved = told(YardMove, 3, "12:00").slot("C-21-6-1").received(at(3, received));
        let placed = told(YardMove, 3, "05:30").order("W1").slot("A-01-1-1");
        let events = vec![told(Discharged, 3, "05:00"), placed, moved];
        story("MO-10a", WorkOrdered, at(3, "12:00"), at(3, "17:00"), events)
    };
    let grade = |received: &str| {
        let world = world(&moved(received), Baselines::default(), outage(at(3, "12:00"), Some("LUKKP")));
        first(&world, "MO-10a").map(|(_, i)| i.severity)
    };
    assert_eq!(grade("12:03"), Some(Severity::Medium));
    assert!(grade("15:30").is_none_or(|s| s == Severity::Low));
}

#[test]
fn it_weighs_as_much_as_the_feeds_that_should_have_told() {
    for story in stories() {
        let weight = |told| {
            let share = Share { told, happened: 100 };
            let kinds = BTreeMap::from([(story.untold.as_str().to_owned(), share)]);
            let places = BTreeMap::from([("LUKKP".to_owned(), kinds)]);
            let figures = FeedFigures { places: places.clone(), ..FeedFigures::default() };
            let feeds = BTreeMap::from([("feed".to_owned(), figures)]);
            let baselines = Baselines { version: "b".into(), places, feeds, ..Baselines::default() };
            let world = world(&story, baselines, Outages::default());
            first(&world, story.code).map_or(0.0, |(_, i)| i.weight)
        };
        let (full, most, little) = (weight(100), weight(70), weight(20));
        assert!(
            full > most && most > little && little < full / 2.0,
            "{}: {full} {most} {little}",
            story.code
        );
    }
}

#[test]
fn what_newer_rules_or_outages_raise_is_told_apart_from_what_comes_late() {
    let story = stories().into_iter().find(|story| story.code == "MO-25a").unwrap();
    let last = |world: &World| world.published.last().map(|a| (a.state, a.in_hindsight));
    let raised = |in_hindsight| Some((AlertState::Raised, in_hindsight));
    let shadowed = || {
        let rules = Rules::parse("[gate_out_under_hold.a]\nshadow = true\n").unwrap();
        let mut world = World::with(rules).and(story.events.iter().cloned());
        world.wait_until(at(6, "00:00"));
        world
    };
    let mut world = shadowed();
    assert_eq!(last(&world), None);
    world.engine = Engine::new(Rules::default(), "test");
    world.look_again();
    assert_eq!(last(&world), raised(true), "newer rules");
    world.see(&told(CustomsHeld, 3, "09:00").feed("customs").received(at(6, "01:00")));
    assert_eq!(
        world.published.last().map(|a| a.in_hindsight),
        Some(false),
        "an update is no news of that kind"
    );

    // An outage that was denied.
    let mut world = World::new();
    world.engine = world.engine.with_outages(Arc::new(outage(story.then, None)));
    let mut world = world.and(story.events.iter().cloned());
    world.wait_until(at(6, "00:00"));
    assert_eq!(last(&world), None);
    world.engine = world.engine.with_outages(Arc::default());
    world.look_again();
    assert_eq!(last(&world), raised(true));

    // A release that is taken back two days later.
    let released = told(CustomsReleased, 4, "13:00").feed("customs");
    let mut world = World::after(story.events.iter().cloned().chain([released.clone()]));
    world.wait_until(at(6, "00:00"));
    assert_eq!(last(&world), None);
    world.see(&released.revision(2).retracted().received(at(6, "00:00")));
    assert_eq!(last(&world), raised(false));
    let alert = world.alert(BOX);
    assert!(alert.produced_at.millis_since(alert.detected_at) > 24 * 3_600_000, "late all the same");

    // A deadline that passed while nobody looked.
    let mut world = World::after(story.events.iter().cloned());
    world.now = at(6, "00:00");
    world.look_again();
    assert_eq!(last(&world), raised(false));
}

#[test]
fn what_newer_rules_add_to_an_alert_is_seen_in_hindsight_and_what_they_take_or_weigh_is_not() {
    let story = stories().into_iter().find(|story| story.code == "MO-25a").unwrap();
    let opened = told(DoorOpened, 3, "02:00");
    let closed = told(DoorClosed, 3, "02:10");
    let with = |rules: &str| Engine::new(Rules::parse(rules).unwrap(), "test");
    let shadow = "[door_opened.a]\nshadow = true\n";
    let mut world = World::new();
    world.engine = with(shadow);
    let mut world = world.and(story.events.iter().cloned().chain([opened.clone(), closed]));
    world.wait_until(at(6, "00:00"));
    assert_eq!(world.codes(BOX), ["MO-25a@1"]);
    let mut changed = |rules: &str| {
        world.engine = with(rules);
        let before = world.published.len();
        world.look_again();
        assert_eq!(world.published.len(), before + 1);
        let alert = world.alert(BOX);
        (alert.state, alert.in_hindsight, alert.indicators.len())
    };
    assert_eq!(changed(""), (AlertState::Updated, true, 2), "newer rules see the door");
    assert_eq!(changed("[door_opened.a]\nseverity = \"LOW\"\n"), (AlertState::Updated, false, 2));
    assert_eq!(changed(shadow), (AlertState::Updated, false, 1));

    // Under the rules in force the door is news like any other.
    let mut world = World::after(story.events.iter().cloned());
    world.wait_until(at(6, "00:00"));
    [opened.received(at(6, "01:00"))].iter().for_each(|e| world.see(e));
    world.wait_until(at(8, "00:00"));
    let alert = world.alert(BOX);
    assert!(alert.indicators.len() == 2 && alert.state == AlertState::Updated && !alert.in_hindsight);
}

#[test]
fn what_newer_rules_make_other_subjects_tell_is_seen_in_hindsight_too() {
    let sealed = |container: &str, day: u32, feed: &str| {
        told(SealAffixed, day, "09:00")
            .feed(feed)
            .id(&format!("seal/{container}"))
            .seal("ML1234567", Carrier)
            .edit(|e| e.equipment.as_mut().unwrap().number = container.into())
    };
    let both = || [sealed(BOX, 3, "a"), sealed(OTHER_BOX, 4, "b")];
    let shadow = "[duplicate_seal.a]\nshadow = true\n";
    let mut world = World::with(Rules::parse(shadow).unwrap()).and(both());
    assert!(world.published.is_empty());
    world.engine = Engine::new(Rules::default(), "test");
    world.look_again();
    for container in [BOX, OTHER_BOX] {
        let alert = world.alert(container);
        assert_eq!((alert.state, alert.in_hindsight), (AlertState::Raised, true), "{container}");
        assert_eq!(alert.indicators[0].code, "MO-04a");
    }
    let kept = |world: &World| world.states.values().flat_map(|s| &s.facts).any(|f| f.in_hindsight);
    assert!(!kept(&world), "a reason to look is nothing to remember");

    // What the same rules say of a new sighting is news.
    let world = World::new().and(both());
    assert!(!world.alert(BOX).in_hindsight && !world.alert(OTHER_BOX).in_hindsight);
}
