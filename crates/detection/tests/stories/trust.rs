//! Feed trust, and the baselines that it rests on.

use std::collections::BTreeMap;
use std::sync::Arc;

use quaywatch_detection::{BaselineBuilder, Baselines, Engine, Measure, Outages, Rules, Share};
use quaywatch_domain::alert::AlertState;
use quaywatch_domain::event::{EquipmentStatus, note};
use quaywatch_domain::{EventKind, Fact, PortEvent, Severity, Subject};

use crate::common::{BOX, Says as _, World, at, event, facts_of};

/// Held by customs, and out of the gate without a release.
fn held_and_out() -> Vec<PortEvent> {
    vec![
        event(EventKind::Discharged, BOX, at(2, "08:00")).terminal("LUKKP"),
        event(EventKind::CustomsHeld, BOX, at(2, "09:00")).feed("customs"),
        event(EventKind::GateOut, BOX, at(3, "10:00")).terminal("LUKKP"),
    ]
}

/// Recorded traffic, container by container.
type Recorded = Vec<Vec<PortEvent>>;

/// What the builder makes of it.
fn built(recorded: &Recorded) -> Baselines {
    let rules = Rules::default();
    let mut builder = BaselineBuilder::new(&rules, at(1, "00:00"), at(20, "00:00"));
    for events in recorded {
        builder.container(events.iter().filter_map(|e| facts_of(e).into_iter().next()));
    }
    builder.finish(BTreeMap::new())
}

/// `count` imports that left `terminal`, numbered from `first`.
fn imports(first: usize, count: usize, terminal: &str) -> Recorded {
    let import = |kind, n: usize, at| {
        let container = format!("CSQU{:07}", 1_000_000 + first + n);
        event(kind, &container, at).terminal(terminal).status(EquipmentStatus::Import)
    };
    let both = |n| {
        let (off, out) = (at(4, "08:00"), at(4, "09:00").plus_millis((n as i64 % 50) * 3_600_000));
        vec![import(EventKind::Discharged, n, off), import(EventKind::GateOut, n, out)]
    };
    (0..count).map(both).collect()
}

/// The same with releases of a customs feed for the first `told`, so late; the first `errors` of them bear a wrong code.
fn released(mut recorded: Recorded, feed: &str, told: usize, errors: usize, late_minutes: i64) -> Recorded {
    for (n, events) in recorded.iter_mut().take(told).enumerate() {
        let container = events[0].container().unwrap().to_owned();
        let release = event(EventKind::CustomsReleased, &container, at(4, "08:30")).feed(feed);
        let release = release.received(at(4, "08:30").plus_millis(late_minutes * 60_000));
        let notes = if n < errors { vec![note::UNKNOWN_CODE.into()] } else { Vec::new() };
        events.push(release.edit(|e| e.notes = notes.into()));
    }
    recorded
}

/// The baselines of 100 imports of which customs released so many by the word of their feed.
fn customs(told: usize, errors: usize, late_minutes: i64) -> Baselines {
    built(&released(imports(0, 100, "LUKKP"), "customs", told, errors, late_minutes))
}

fn world(baselines: Baselines, extra: &[PortEvent]) -> World {
    let mut world = World::new();
    world.engine = Engine::new(Rules::default(), "test").with_baselines(Arc::new(baselines));
    let mut events = held_and_out();
    events.extend(extra.iter().cloned());
    events.sort_by_key(|e| e.received_at);
    events.iter().for_each(|e| world.see(e));
    world.wait_until(at(3, "18:00"));
    world
}

#[test]
fn an_absence_weighs_as_much_as_the_feed_that_should_have_told() {
    let indicator = |world: &World| {
        let alert = world.last().into_values().next().map(|a| a.indicators[0].clone());
        alert.map(|i| (i.severity, i.weight, i.sentence))
    };
    let (severity, full, plain) = indicator(&world(Baselines::default(), &[])).unwrap();
    assert_eq!(severity, Severity::High);
    assert!(!plain.contains("Status lag likely"));

    let (severity, weight, sentence) = indicator(&world(customs(99, 0, 10), &[])).unwrap();
    assert_eq!((severity, sentence), (Severity::High, plain.clone()));
    assert!((weight - full * 0.99).abs() < 0.1, "{weight}");

    // It tells in time, but not of everything.
    let (severity, _, sentence) = indicator(&world(customs(70, 0, 10), &[])).unwrap();
    assert_eq!((severity, sentence), (Severity::High, format!("{plain} Status lag likely.")));
    // It tells of everything, but late.
    let (_, _, sentence) = indicator(&world(customs(100, 0, 300), &[])).unwrap();
    assert!(sentence.ends_with("Status lag likely."));
    // Nobody would believe its silence: it raises nothing alone.
    assert_eq!(indicator(&world(customs(30, 3, 10), &[])), None);
}

#[test]
fn the_feeds_of_the_terminal_speak_for_it_and_others_where_none_is_known() {
    let weight = |recorded: &Recorded| {
        let world = world(built(recorded), &[]);
        let alert = world.last().into_values().next();
        alert.map(|a| (a.indicators[0].severity, a.indicators[0].weight))
    };
    let full = weight(&Vec::new());
    let koper = || released(imports(0, 100, "LUKKP"), "customs-si", 20, 0, 1);
    let trieste = |told| released(imports(500, 100, "ITTRS"), "customs-it", told, 0, 1);
    assert_eq!(weight(&koper()), None, "nobody believes the silence of Koper's feed");
    let both: Recorded = koper().into_iter().chain(trieste(100)).collect();
    assert_eq!(weight(&both), None, "whatever that of Trieste is worth");
    assert_eq!(weight(&trieste(100)), full);
    let half = weight(&trieste(60)).unwrap();
    assert!(half.1 < full.unwrap().1, "nothing else is known: {half:?}");
    // It is held against what it tells there, not elsewhere.
    let elsewhere: Recorded =
        koper().into_iter().chain(released(imports(500, 900, "ITTRS"), "customs-si", 900, 0, 1)).collect();
    assert_eq!(weight(&elsewhere), None);
}

#[test]
fn the_feeds_of_the_port_speak_for_a_terminal_of_which_nothing_is_known() {
    let in_port = |recorded: Recorded, port: &str| -> Recorded {
        let named = |e: PortEvent| if e.place.is_some() { e.port(port) } else { e };
        recorded.into_iter().map(|events| events.into_iter().map(named).collect()).collect()
    };
    let pier = in_port(released(imports(0, 100, "PIER2"), "customs-si", 20, 0, 1), "SIKOP");
    let trieste = in_port(released(imports(500, 100, "ITTRS"), "customs-it", 100, 0, 1), "ITTRS");
    let baselines = built(&pier.into_iter().chain(trieste).collect());
    let told = |port: &str| {
        let events = in_port(vec![held_and_out()], port).into_iter().flatten();
        let mut world = World::knowing(baselines.clone()).and(events);
        world.wait_until(at(3, "12:00"));
        world.codes(BOX)
    };
    assert_eq!(told("SIKOP"), [""; 0]);
    assert_eq!(told("ITTRS"), ["MO-25a@1"]);
}

#[test]
fn two_feeds_that_share_the_work_are_trusted_together() {
    let recorded = released(imports(0, 100, "LUKKP"), "customs-a", 50, 0, 1);
    let mut recorded = recorded.into_iter().rev().collect();
    recorded = released(recorded, "customs-b", 50, 0, 1);
    let built = built(&recorded);
    let half = Some(Share { told: 50, happened: 100 });
    for feed in ["customs-a", "customs-b"] {
        assert_eq!(built.feeds[feed].share("LUKKP", &EventKind::CustomsReleased), half);
    }
    assert_eq!(built.places["LUKKP"]["customs_released"], Share { told: 100, happened: 100 });
    let weighed = |baselines| {
        let world = world(baselines, &[]);
        world.last().into_values().next().map(|a| a.indicators[0].clone())
    };
    assert_eq!(weighed(built), weighed(Baselines::default()), "nothing is missing");
}

#[test]
fn a_feed_is_held_against_all_that_happened_at_its_terminals() {
    let koper = |built: &Baselines, feed: &str, kind| built.feeds[feed].share("LUKKP", &kind);
    let share = |told, happened| Some(Share { told, happened });

    // Of 100 that left, the gate tells of 50; the empties come back to a depot, or the load is delivered.
    let mut gate = imports(0, 100, "LUKKP");
    for (n, events) in gate.iter_mut().enumerate() {
        let container = events[0].container().unwrap().to_owned();
        let kind = if n % 4 == 1 { EventKind::DroppedOff } else { EventKind::GateIn };
        let proof = event(kind.clone(), &container, at(8, "08:00")).feed("depot");
        let proof = if kind == EventKind::GateIn { proof.terminal("DEPOT") } else { proof };
        if n % 2 == 1 {
            events.pop();
        }
        events.push(proof);
    }
    assert_eq!(koper(&built(&gate), "terminal", EventKind::GateOut), share(50, 100));
    assert_eq!(koper(&built(&gate), "terminal", EventKind::Discharged), share(100, 100));

    // Another feed's report, and that of a container it never told of.
    let mut camera = imports(0, 100, "LUKKP");
    for (n, events) in camera.iter_mut().enumerate() {
        let seen = events[1].clone().id(&format!("camera/{n}")).feed("camera");
        events.push(seen);
        if n >= 30 {
            events.remove(1);
        }
    }
    assert_eq!(koper(&built(&camera), "terminal", EventKind::GateOut), share(30, 100));
    assert_eq!(koper(&built(&camera), "camera", EventKind::GateOut), share(100, 100));

    // Discharges that nobody told: a ship's list announced them, and they left.
    let mut ship = imports(0, 100, "LUKKP");
    for events in ship.iter_mut().take(40) {
        let listed = event(EventKind::ManifestLine, events[0].container().unwrap(), at(3, "08:00"));
        events[0] = listed.feed("carrier").port("SIKOP");
    }
    let built_of_ship = built(&ship);
    assert_eq!(koper(&built_of_ship, "terminal", EventKind::Discharged), share(60, 100));

    // What accompanies a visit: its usual share.
    assert_eq!(koper(&customs(80, 0, 1), "customs", EventKind::CustomsReleased), share(80, 100));
    assert_eq!(koper(&customs(20, 0, 1), "customs", EventKind::CustomsReleased), share(20, 100));
    // Those that customs held must have been released, however many others need no release.
    let mut held = released(imports(0, 200, "LUKKP"), "customs", 54, 0, 1);
    for events in held.iter_mut().take(60) {
        let hold = event(EventKind::CustomsHeld, events[0].container().unwrap(), at(4, "09:00"));
        events.push(hold.feed("customs"));
    }
    assert_eq!(koper(&built(&held), "customs", EventKind::CustomsReleased), share(54, 60));
}

#[test]
fn an_announced_outage_takes_the_absence_its_force() {
    let out = |kind, time: &str| event(kind, BOX, at(3, time)).feed("customs");
    let during = [out(EventKind::SystemOutageStarted, "09:30"), out(EventKind::SystemOutageEnded, "11:00")];
    assert!(world(Baselines::default(), &during).codes(BOX).is_empty());
    let before = [out(EventKind::SystemOutageStarted, "01:00"), out(EventKind::SystemOutageEnded, "02:00")];
    assert_eq!(world(Baselines::default(), &before).codes(BOX), ["MO-25a@1"]);
}

/// What is left of a delivery due on the fourth at 22:00 that is never told, with outages on that day.
fn undelivered(outages: &[(&str, &str, &str)], now: &str) -> Vec<String> {
    let out = |kind, time: &str, terminal: &str| {
        let event = event(kind, BOX, at(4, time)).feed("pcs-status");
        if terminal.is_empty() { event } else { event.terminal(terminal).id(&format!("{terminal}/{time}")) }
    };
    let plan = event(EventKind::DroppedOff, BOX, at(3, "22:00")).planned();
    let mut told = vec![
        event(EventKind::ManifestLine, BOX, at(1, "08:00")).route("ECGYE", &[], "SIKOP"),
        event(EventKind::Discharged, BOX, at(2, "08:00")).terminal("LUKKP").received(at(2, "08:10")),
        event(EventKind::GateOut, BOX, at(3, "10:00")).terminal("LUKKP").received(at(3, "10:10")),
        plan.received(at(3, "10:10")),
    ];
    for (from, to, terminal) in outages {
        told.push(out(EventKind::SystemOutageStarted, from, terminal));
        told.push(out(EventKind::SystemOutageEnded, to, terminal));
    }
    let mut world = World::after(told);
    world.wait_until(at(5, now));
    world.codes(BOX)
}

#[test]
fn an_outage_explains_no_silence_that_lasts_long_after_it() {
    let codes = |from, to, now| undelivered(&[(from, to, "")], now);
    assert!(codes("18:00", "20:00", "01:00").is_empty(), "the word of it may be on its way");
    assert_eq!(codes("18:00", "20:00", "03:00"), ["MO-02d@1"], "it has been told since, if ever");
    assert_eq!(codes("08:00", "12:00", "01:00"), ["MO-02d@1"]);
    assert!(codes("08:00", "20:00", "12:00").is_empty(), "most of the day nobody could tell anything");
}

#[test]
fn hours_in_which_two_systems_were_out_count_once() {
    let both = [("08:00", "12:00", "LUKKP"), ("08:00", "12:00", "")];
    assert_eq!(undelivered(&both, "01:00"), ["MO-02d@1"]);
    let one_after_the_other = [("08:00", "12:00", "LUKKP"), ("12:00", "16:00", "")];
    assert!(undelivered(&one_after_the_other, "12:00").is_empty());
}

/// What a system says of itself on the third, of a terminal or of the whole port.
fn outage(from: &str, to: &str, terminal: &str) -> [PortEvent; 2] {
    [(EventKind::SystemOutageStarted, from), (EventKind::SystemOutageEnded, to)].map(|(kind, time)| {
        let id = format!("pcs/{terminal}/{kind}/{time}");
        let event = event(kind, "", at(3, time)).feed("pcs-status").id(&id).without_container();
        if terminal.is_empty() { event } else { event.terminal(terminal) }
    })
}

/// What is left of the gate-out at 10:00 under a hold.
fn despite(announced: &[[PortEvent; 2]]) -> Vec<String> {
    let mut outages = Outages::default();
    announced.iter().flatten().for_each(|event| assert!(outages.take(event).is_some()));
    let mut world = World::new();
    world.engine = world.engine.with_outages(Arc::new(outages));
    let mut world = world.and(held_and_out());
    world.wait_until(at(3, "16:00"));
    world.codes(BOX)
}

#[test]
fn outages_that_overlap_last_each_to_its_own_end() {
    let long = outage("06:00", "14:00", "LUKKP");
    assert!(despite(std::slice::from_ref(&long)).is_empty());
    assert!(despite(&[long.clone(), outage("07:00", "08:00", "")]).is_empty(), "of the whole port");
    assert!(despite(&[long.clone(), outage("07:00", "08:00", "LUKKP")]).is_empty(), "of another system");
    assert!(despite(&[long, outage("05:00", "07:00", "LUKKP")]).is_empty());
    // One outage told twice has one end, and one that is over explains nothing, whatever else is over.
    let [start, _] = outage("07:00", "08:00", "LUKKP");
    let [known, end] = outage("06:30", "08:00", "LUKKP");
    assert_eq!(despite(&[[start, known], [end.clone(), end.id("again")]]), ["MO-25a@1"]);
    assert_eq!(despite(&[outage("06:00", "09:00", "LUKKP"), outage("07:00", "08:00", "")]), ["MO-25a@1"]);
    // Its end is told by another than its beginning.
    let [start, _] = outage("07:00", "08:00", "");
    let [_, end] = outage("07:00", "08:00", "");
    assert_eq!(despite(&[[start, end.feed("duty-officer")]]), ["MO-25a@1"]);
}

#[test]
fn an_outage_of_a_whole_system_counts_for_every_container_that_it_concerns() {
    let out = |kind, time: &str, terminal: &str| {
        let mut event = event(kind, "", at(3, time)).feed("pcs-status");
        event.event_id = format!("pcs/{time}").into();
        event.equipment = None;
        if terminal.is_empty() { event } else { event.terminal(terminal) }
    };
    let during = |terminal: &str| {
        [
            out(EventKind::SystemOutageStarted, "09:30", terminal),
            out(EventKind::SystemOutageEnded, "11:00", terminal),
        ]
    };
    let codes = |announced: &[PortEvent]| {
        let mut outages = Outages::default();
        announced.iter().for_each(|event| assert!(outages.take(event).is_some()));
        let mut world = World::new();
        world.engine = world.engine.with_outages(Arc::new(outages));
        let mut world = world.and(held_and_out());
        world.wait_until(at(3, "12:00"));
        world.codes(BOX)
    };
    assert!(codes(&during("")).is_empty(), "the whole port");
    assert!(codes(&during("LUKKP")).is_empty(), "its terminal");
    assert_eq!(codes(&during("TRIESTE")), ["MO-25a@1"], "another terminal");
    assert_eq!(codes(&[]), ["MO-25a@1"]);
    let [start, end] = during("");
    let denied = [start.clone(), end, start.clone().revision(2).retracted()];
    assert_eq!(codes(&denied), ["MO-25a@1"], "it was taken back");
    // Nobody says when it ends: it is taken to last for a while only.
    let mut long_ago = start;
    long_ago.occurred_at = at(1, "00:00");
    assert_eq!(codes(&[long_ago]), ["MO-25a@1"]);
}

#[test]
fn an_outage_of_another_port_whose_system_only_looked_at_a_container_excuses_nothing() {
    let out = |kind, time: &str| {
        let mut event = event(kind, "", at(3, time)).feed("pcs-status").terminal("LUKKP");
        event.equipment = None;
        event
    };
    let codes = |at_koper: PortEvent| {
        let mut outages = Outages::default();
        let announced =
            [out(EventKind::SystemOutageStarted, "09:30"), out(EventKind::SystemOutageEnded, "11:00")];
        announced.iter().for_each(|event| assert!(outages.take(event).is_some()));
        let mut world = World::with_people();
        world.engine = world.engine.with_outages(Arc::new(outages));
        let mut events = held_and_out().into_iter().map(|e| e.terminal("ITTRS")).collect::<Vec<_>>();
        events.insert(1, at_koper.terminal("LUKKP"));
        let mut world = world.and(events);
        world.wait_until(at(3, "12:00"));
        world.codes(BOX).contains(&"MO-25a@1".to_owned())
    };
    let seen = |kind| event(kind, BOX, at(2, "08:30")).feed("koper").user("usr:1", "A").role("CLERK");
    assert!(codes(seen(EventKind::RecordViewed)));
    assert!(!codes(seen(EventKind::CustomsScanned)), "it was there");
}

#[test]
fn an_outage_that_begins_after_the_deed_only_delays_what_is_told_of_it() {
    // An order to shift it would have been told the night before the outage; nobody writes it by hand now.
    let told = |from: &str, now: &str| {
        let out = |kind, time: &str| event(kind, BOX, at(3, time)).feed("pcs-status");
        let restowed = event(EventKind::Restowed, BOX, at(3, "03:00")).port("ECGYE").cell("0240382");
        let mut world = World::after([
            restowed.received(at(3, "03:40")),
            out(EventKind::SystemOutageStarted, from),
            out(EventKind::SystemOutageEnded, "06:00"),
        ]);
        world.wait_until(at(3, now));
        world.codes(BOX)
    };
    assert!(told("04:20", "11:50").is_empty(), "its word may be on its way");
    assert_eq!(told("04:20", "12:00"), ["MO-22a@1"]);
    assert!(told("02:30", "23:00").is_empty(), "things were done by hand");
}

#[test]
fn an_outage_that_is_announced_late_takes_back_what_its_silence_had_raised() {
    let mut world = World::new().and(held_and_out());
    world.wait_until(at(3, "12:00"));
    assert_eq!(world.codes(BOX), ["MO-25a@1"]);
    let mut outages = Outages::default();
    let mut start = event(EventKind::SystemOutageStarted, "", at(3, "09:30"));
    start.equipment = None;
    assert!(outages.take(&start).is_some() && outages.take(&start).is_none(), "told twice, it is known");
    let before = world.engine.version();
    world.engine = world.engine.clone().with_outages(Arc::new(outages));
    assert_ne!(world.engine.version(), before, "every timeline has to be looked at again");
    world.look_again();
    assert!(world.codes(BOX).is_empty());
    assert_eq!(world.published.last().map(|a| a.state), Some(AlertState::Retracted));
}

#[test]
fn an_outage_concerns_the_containers_that_were_at_its_terminal() {
    let world = World::new().and(held_and_out());
    let state = &world.states[&Subject::container(BOX)];
    let mut outages = Outages::default();
    let mut concerns = |revision, terminal: Option<&str>| {
        let start = event(EventKind::SystemOutageStarted, "", at(3, "09:30")).id("pcs/1");
        let start = start.revision(revision).without_container();
        let start = terminal.map_or_else(|| start.clone(), |terminal| start.clone().terminal(terminal));
        outages.take(&start).is_some_and(|concerned| concerned.has(state))
    };
    assert!(concerns(1, Some("LUKKP")));
    assert!(concerns(2, Some("HRRJK")), "it was said to be here");
    assert!(!concerns(3, Some("NLRTM")));
    assert!(concerns(4, None), "the whole port");
}

#[test]
fn of_two_versions_of_an_announcement_the_same_stands_whichever_came_first() {
    let start = {
        let mut start = event(EventKind::SystemOutageStarted, "", at(3, "09:30")).id("pcs/1");
        start.equipment = None;
        start
    };
    let later = start.clone().received(at(3, "12:00")).edit(|e| e.occurred_at = at(3, "10:30"));
    let pairs = [
        (start.clone(), start.clone().retracted()),
        (start.clone(), start.clone().received(at(3, "12:00")).retracted()),
        (later, start.clone()),
        (start.clone().edit(|e| e.occurred_at = at(3, "08:00")), start),
    ];
    for (a, b) in pairs {
        let version = |events: [&PortEvent; 2]| {
            let mut outages = Outages::default();
            events.iter().for_each(|event| _ = outages.take(event));
            outages.version()
        };
        let only = |event: &PortEvent| version([event, event]);
        assert_eq!(version([&a, &b]), version([&b, &a]));
        assert_eq!(version([&a, &b]), only(&b), "the second of each pair wins");
    }
}

/// Import containers that stand for `hours` each, told by the terminal 30 minutes late.
fn stays(hours: std::ops::Range<i64>) -> Vec<Vec<Fact>> {
    let import = |kind, container: &str, at: quaywatch_domain::Timestamp| {
        event(kind, container, at)
            .terminal("LUKKP")
            .status(EquipmentStatus::Import)
            .received(at.plus_millis(1_800_000))
    };
    hours
        .map(|n| {
            let container = format!("CSQU{:07}", 1_000_000 + n);
            let off = at(2, "00:00");
            let out = off.plus_millis(n * 3_600_000);
            let wrong = import(EventKind::GateOut, &container, out).edit(|e| {
                e.notes = if n == 1 { vec![note::COUNT_MISMATCH.into()] } else { Vec::new() }.into();
            });
            [import(EventKind::Discharged, &container, off), wrong]
                .iter()
                .filter_map(|e| facts_of(e).into_iter().next())
                .collect()
        })
        .collect()
}

#[test]
fn baselines_hold_quantiles_of_visits_within_the_period_in_any_order() {
    let rules = Rules::default();
    let build = |mut all: Vec<Vec<Fact>>, to: u32| {
        let mut builder = BaselineBuilder::new(&rules, at(1, "00:00"), at(to, "00:00"));
        all.iter_mut().for_each(|facts| facts.reverse());
        all.into_iter().for_each(|facts| builder.container(facts));
        builder.finish(BTreeMap::new())
    };
    let built = build(stays(1..101), 20);
    let widest = built.quantiles[&Measure::DwellMinutes].iter().find(|(g, _)| g.terminal.is_none()).unwrap();
    assert_eq!((widest.1.count, widest.1.q01, widest.1.q50), (100, 2.0 * 60.0, 50.0 * 60.0));
    let mut shuffled = stays(1..101);
    shuffled.rotate_left(37);
    assert_eq!(build(shuffled, 20), built);

    let feed = &built.feeds["terminal"];
    assert_eq!((feed.events, feed.errors, feed.told, feed.happened), (200, 1, 200, 200));
    let all = Some(Share { told: 100, happened: 100 });
    assert_eq!(feed.share("LUKKP", &EventKind::GateOut), all);
    let lateness = feed.kinds["gate_out"];
    assert_eq!((lateness.count, lateness.q50_minutes), (100, 30.0));

    // A visit that goes on beyond the period is not in it.
    let early = build(stays(1..101), 3);
    assert!(early.quantiles[&Measure::DwellMinutes][0].1.count < 25);
    assert_ne!(early.version, built.version);
}
