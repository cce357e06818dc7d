//! Feed trust, the control sample, and the baselines that both rest on.

use std::collections::BTreeMap;
use std::sync::Arc;

use quaywatch_detection::{
    BaselineBuilder, Baselines, Engine, FeedFigures, Lateness, Measure, Outages, Rules,
};
use quaywatch_domain::alert::AlertState;
use quaywatch_domain::event::{EquipmentStatus, note};
use quaywatch_domain::{EventKind, Fact, PortEvent, Severity};

use crate::common::{BOX, Says as _, World, at, event, facts_of};

/// Held by customs, and out of the gate without a release.
fn held_and_out() -> Vec<PortEvent> {
    vec![
        event(EventKind::Discharged, BOX, at(2, "08:00")).terminal("LUKKP"),
        event(EventKind::CustomsHeld, BOX, at(2, "09:00")).feed("customs"),
        event(EventKind::GateOut, BOX, at(3, "10:00")).terminal("LUKKP"),
    ]
}

fn customs(told: u32, happened: u32, errors: u32, q95_minutes: f64) -> Baselines {
    let lateness = Lateness { count: 500, q50_minutes: 1.0, q95_minutes };
    let figures = FeedFigures {
        events: 1_000,
        errors,
        told,
        happened,
        kinds: BTreeMap::from([("customs_released".to_owned(), lateness)]),
        ..FeedFigures::default()
    };
    Baselines {
        version: "b".into(),
        feeds: BTreeMap::from([("customs".to_owned(), figures)]),
        ..Baselines::default()
    }
}

fn world(baselines: Baselines, extra: &[PortEvent]) -> World {
    let mut world = World::new();
    world.engine = Engine::new(Rules::default(), "test").with_baselines(Arc::new(baselines));
    let mut events = held_and_out();
    events.extend(extra.iter().cloned());
    events.sort_by_key(|e| e.received_at);
    events.iter().for_each(|e| world.see(e));
    world.wait_until(at(3, "12:00"));
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

    let (severity, weight, sentence) = indicator(&world(customs(990, 1_000, 0, 10.0), &[])).unwrap();
    assert_eq!((severity, sentence), (Severity::High, plain.clone()));
    assert!((weight - full * 0.99).abs() < 0.1, "{weight}");

    // It tells in time, but not of everything.
    let (severity, _, sentence) = indicator(&world(customs(700, 1_000, 0, 10.0), &[])).unwrap();
    assert_eq!((severity, sentence), (Severity::High, format!("{plain} Status lag likely.")));
    // It tells of everything, but late.
    let (_, _, sentence) = indicator(&world(customs(1_000, 1_000, 0, 300.0), &[])).unwrap();
    assert!(sentence.ends_with("Status lag likely."));
    // Nobody would believe its silence: it raises nothing alone.
    assert_eq!(indicator(&world(customs(300, 1_000, 100, 10.0), &[])), None);
}

#[test]
fn an_announced_outage_takes_the_absence_its_force() {
    let out = |kind, time: &str| event(kind, BOX, at(3, time)).feed("customs");
    let during = [out(EventKind::SystemOutageStarted, "09:30"), out(EventKind::SystemOutageEnded, "11:00")];
    assert!(world(Baselines::default(), &during).codes(BOX).is_empty());
    let before = [out(EventKind::SystemOutageStarted, "01:00"), out(EventKind::SystemOutageEnded, "02:00")];
    assert_eq!(world(Baselines::default(), &before).codes(BOX), ["MO-25a@1"]);
}

#[test]
fn an_outage_explains_no_silence_that_lasts_long_after_it() {
    let codes = |from: &str, to: &str, now: &str| {
        let out = |kind, time: &str| event(kind, BOX, at(4, time)).feed("pcs-status");
        let plan = event(EventKind::DroppedOff, BOX, at(3, "22:00")).planned();
        let told = [
            event(EventKind::Discharged, BOX, at(2, "08:00")).terminal("LUKKP").received(at(2, "08:10")),
            event(EventKind::GateOut, BOX, at(3, "10:00")).terminal("LUKKP").received(at(3, "10:10")),
            plan.received(at(3, "10:10")),
            out(EventKind::SystemOutageStarted, from),
            out(EventKind::SystemOutageEnded, to),
        ];
        let mut world = World::after(told);
        world.wait_until(at(5, now));
        world.codes(BOX)
    };
    // It is due on the fourth at 22:00.
    assert!(codes("18:00", "20:00", "01:00").is_empty(), "the word of it may be on its way");
    assert_eq!(codes("18:00", "20:00", "03:00"), ["MO-02d@1"], "it has been told since, if ever");
    assert_eq!(codes("08:00", "12:00", "01:00"), ["MO-02d@1"]);
    assert!(codes("08:00", "20:00", "12:00").is_empty(), "most of the day nobody could tell anything");
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
        announced.iter().for_each(|event| assert!(outages.take(event)));
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
fn an_outage_that_is_announced_late_takes_back_what_its_silence_had_raised() {
    let mut world = World::new().and(held_and_out());
    world.wait_until(at(3, "12:00"));
    assert_eq!(world.codes(BOX), ["MO-25a@1"]);
    let mut outages = Outages::default();
    let mut start = event(EventKind::SystemOutageStarted, "", at(3, "09:30"));
    start.equipment = None;
    assert!(outages.take(&start) && !outages.take(&start), "told twice, it is known");
    let before = world.engine.version();
    world.engine = world.engine.clone().with_outages(Arc::new(outages));
    assert_ne!(world.engine.version(), before, "every timeline has to be looked at again");
    world.look_again();
    assert!(world.codes(BOX).is_empty());
    assert_eq!(world.published.last().map(|a| a.state), Some(AlertState::Retracted));
}

#[test]
fn uneventful_visits_are_drawn_by_a_key_and_told_to_nobody() {
    let drawn = |per_10000: u32, key: &str, eventful: bool| {
        let rules = format!("[control]\nper_10000 = {per_10000}\nkey = \"{key}\"\n");
        let mut world = World::with(Rules::parse(&rules).unwrap());
        for n in 0..200 {
            let container = format!("CSQU{:07}", 1_000_000 + n);
            world.see(&event(EventKind::Discharged, &container, at(2, "08:00")).terminal("LUKKP"));
            if eventful {
                world.see(&event(EventKind::CustomsHeld, &container, at(2, "09:00")));
            }
            world.see(&event(EventKind::GateOut, &container, at(4, "08:00")).terminal("LUKKP"));
        }
        world.wait_until(at(4, "12:00"));
        (world.shadowed.iter().filter(|c| *c == "CONTROL").count(), world)
    };
    let (all, world) = drawn(10_000, "a", false);
    assert_eq!(all, 200);
    assert!(world.published.is_empty());
    let (some, _) = drawn(2_000, "a", false);
    assert!((15..70).contains(&some), "{some}");
    assert_ne!(drawn(2_000, "a", false).1.states, drawn(2_000, "b", false).1.states);
    assert_eq!(drawn(0, "a", false).0, 0);
    // What turns out to be eventful is no control.
    let (_, world) = drawn(10_000, "a", true);
    assert!(world.states.values().all(|s| s.shadowed.iter().all(|held| !held.ends_with("CONTROL"))));
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
            let wrong = import(EventKind::GateOut, &container, out)
                .edit(|e| e.notes = if n == 1 { vec![note::COUNT_MISMATCH.into()] } else { Vec::new() });
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
    assert_eq!((widest.1.count, widest.1.q01, widest.1.q50), (100, 60.0, 50.0 * 60.0));
    let mut shuffled = stays(1..101);
    shuffled.rotate_left(37);
    assert_eq!(build(shuffled, 20), built);

    let feed = &built.feeds["terminal"];
    assert_eq!((feed.events, feed.errors, feed.told, feed.happened), (200, 1, 200, 200));
    let lateness = feed.kinds["gate_out"];
    assert_eq!((lateness.count, lateness.q50_minutes), (100, 30.0));

    // A visit that goes on beyond the period is not in it.
    let early = build(stays(1..101), 3);
    assert!(early.quantiles[&Measure::DwellMinutes][0].1.count < 25);
    assert_ne!(early.version, built.version);
}
