//! Who is told of a find stays told, however many come later; how many are told, and what is remembered, has bounds.

use quaywatch_domain::alert::AlertState;
use quaywatch_domain::event::{Laden, PartyRole};
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{EventKind, Fact, PortEvent, Subject, Timestamp, Verdict};

use crate::common::{BOX, OTHER_BOX, Says as _, World, at, event, facts_of, feedback};

/// The time on a day after the first of March, counted on.
fn after(days: i64, minutes: i64) -> Timestamp {
    at(1, "08:00").plus_millis((days * 1_440 + minutes) * 60_000)
}

fn numbered(n: i64) -> String {
    format!("MSKU{:07}", 2_000_000 + n)
}

/// A manifest line of the shipper.
fn line(container: &str, at: Timestamp) -> PortEvent {
    let line = event(EventKind::ManifestLine, container, at).id(&format!("line/{container}"));
    line.party(PartyRole::Shipper, "EORI", "SHIP1")
}

fn empty(n: i64, at: Timestamp) -> PortEvent {
    let came = event(EventKind::Discharged, &numbered(n), at).id(&format!("empty/{n}")).terminal("LUKKP");
    came.laden(Laden::Empty).route("ECGYE", &[], "SIKOP")
}

/// What customs says of the container of the find.
fn answer(world: &mut World, verdict: Verdict, at: Timestamp) {
    world.wait_until(at);
    let answer = feedback(BOX, 1, verdict, at);
    let id = format!("{}/{verdict}", answer.fact_id);
    world.put(Fact { fact_id: id.into(), ..answer });
}

/// Lets events come in; what is due meanwhile happens, once a day.
fn see(world: &mut World, events: impl IntoIterator<Item = PortEvent>) {
    let mut looked_at = world.now;
    for event in events {
        if event.received_at.millis_since(looked_at) >= 86_400_000 {
            looked_at = event.received_at;
            world.wait_until(looked_at);
        }
        world.see(&event);
    }
}

/// How many alerts are in this state by the last that was said; those that were updated are raised.
fn count(world: &World, state: AlertState) -> usize {
    let is_so = |of: AlertState| of == state || (of == AlertState::Updated && state == AlertState::Raised);
    world.last().values().filter(|a| is_so(a.state)).count()
}

fn is_watched(world: &World, container: &str) -> bool {
    world.codes(container).iter().any(|code| code.starts_with("CONTAGION"))
}

fn was_ever(world: &World, state: AlertState) -> bool {
    world.published.iter().any(|a| a.state == state)
}

/// A find in the first container of a shipper, whose second came on the same day.
fn seized() -> World {
    let mut world = World::after([line(BOX, after(0, 0)), line(OTHER_BOX, after(0, 60))]);
    answer(&mut world, Verdict::Seizure, after(1, 0));
    world
}

#[test]
fn what_a_busy_shipper_sends_later_takes_no_watch_back_and_few_are_told() {
    let mut world = seized();
    see(&mut world, (0..300).map(|n| line(&numbered(n), after(2, n * 10))));
    assert!(!was_ever(&world, AlertState::Retracted));
    assert_eq!(count(&world, AlertState::Raised), 48);
    assert!(is_watched(&world, OTHER_BOX), "it came on the day of the find");
    // Whatever else is told of those that are watched, they stay.
    see(&mut world, [line(OTHER_BOX, after(0, 60)).revision(2).received(after(5, 0))]);
    assert!(is_watched(&world, OTHER_BOX) && count(&world, AlertState::Raised) == 48);
    world.wait_until(after(16, 0));
    assert!(!was_ever(&world, AlertState::Retracted));
    assert_eq!(count(&world, AlertState::Closed), 48);
}

#[test]
fn a_watch_that_is_no_longer_remembered_goes_with_its_find_and_with_its_own_event() {
    let mut world = seized();
    see(&mut world, (0..300).map(|n| line(&numbered(n), after(2, n * 10))));
    let shipper = &world.states[&Subject::new(SubjectKind::Party, "EORI:SHIP1")];
    assert!(shipper.kin.iter().all(|k| k.container.as_deref() != Some(OTHER_BOX)), "it was let go");
    see(&mut world, [line(OTHER_BOX, after(0, 60)).revision(2).received(after(5, 0)).retracted()]);
    assert!(!is_watched(&world, OTHER_BOX));
    assert_eq!(count(&world, AlertState::Retracted), 1);
    answer(&mut world, Verdict::FalsePositive, after(6, 0));
    assert_eq!(count(&world, AlertState::Raised), 0);
}

#[test]
fn a_manifest_that_is_sent_again_and_lines_that_come_late_take_no_watch_back() {
    let mut world = seized();
    see(&mut world, (0..60).map(|n| line(&numbered(n), after(2, n))));
    assert_eq!(count(&world, AlertState::Raised), 48);
    let watched =
        |world: &World| -> Vec<i64> { (0..60).filter(|n| is_watched(world, &numbered(*n))).collect() };
    let before = watched(&world);
    see(&mut world, (0..60).map(|n| line(&numbered(n), after(2, n)).revision(2).received(after(3, n))));
    // Nearer in time than all others, but told last.
    see(&mut world, (60..80).map(|n| line(&numbered(n), after(0, n)).received(after(4, n))));
    assert_eq!(watched(&world), before);
    assert!(!was_ever(&world, AlertState::Retracted));
}

#[test]
fn beyond_the_bound_too_the_order_of_arrival_decides_nothing() {
    let lines = || (0..60).map(|n| line(&numbered(n), after(2, n)));
    let late = || lines().step_by(3).map(|e| e.revision(2).received(after(3, 0)));
    let mut facts: Vec<Fact> = lines().chain(late()).flat_map(|e| facts_of(&e)).collect();
    facts.extend(facts_of(&line(BOX, after(0, 0))));
    facts.push(feedback(BOX, 1, Verdict::Seizure, after(1, 0)));
    let told = |facts: &[Fact]| {
        let mut world = World::new();
        world.now = after(4, 0);
        facts.iter().for_each(|fact| _ = world.put(fact.clone()));
        assert_eq!(world.standing().len(), 48);
        world.standing()
    };
    let known = told(&facts);
    facts.rotate_left(101);
    assert_eq!(told(&facts), known);
    facts.reverse();
    assert_eq!(told(&facts), known);
}

#[test]
fn a_busy_lane_has_the_next_empties_watched_and_no_others_however_long_it_goes_on() {
    let mut world = World::new();
    let came = event(EventKind::Discharged, BOX, after(0, 0)).terminal("LUKKP").laden(Laden::Laden);
    world.see(&came.route("ECGYE", &[], "SIKOP"));
    answer(&mut world, Verdict::Seizure, after(1, 0));
    let day = |day: i64| (0..24).map(move |n| empty(day * 24 + n, after(day, 60 + n * 30)));
    see(&mut world, (0..17).flat_map(day));
    (17..60).flat_map(day).for_each(|empty| world.see(&empty));
    assert!(!was_ever(&world, AlertState::Retracted));
    assert_eq!((world.last().len(), count(&world, AlertState::Closed)), (24, 24));
    let origin = &world.states[&Subject::new(SubjectKind::Origin, "ECGYE")];
    assert_eq!((origin.facts.len(), origin.watched.len()), (1, 24));
    // The find and its watches are forgotten when the days of history are over, and nothing is taken back.
    world.see(&empty(5_000, after(200, 0)));
    let origin = &world.states[&Subject::new(SubjectKind::Origin, "ECGYE")];
    assert!(origin.facts.is_empty() && origin.watched.is_empty());
    assert!(!was_ever(&world, AlertState::Retracted));
}

#[test]
fn the_container_of_a_find_may_come_again_or_be_forgotten_without_taking_its_word_back() {
    for days in [40, 50, 120] {
        let mut world = seized();
        let gone = event(EventKind::GateOut, BOX, after(1, 60)).terminal("LUKKP");
        let again = event(EventKind::Discharged, BOX, after(days, 0)).terminal("LUKKP");
        see(&mut world, [gone, again.clone(), again.id("again").party(PartyRole::Shipper, "EORI", "SHIP2")]);
        assert!(!was_ever(&world, AlertState::Retracted), "after {days} days");
        assert_eq!(world.alert(OTHER_BOX).state, AlertState::Closed);
    }
    // As long as it is remembered, what an agency takes back is.
    let mut world = seized();
    let readings = (0..400).map(|n| event(EventKind::CustomsHeld, BOX, after(2, n)));
    see(&mut world, readings);
    let facts = &world.states[&Subject::container(BOX)].facts;
    assert!(facts.iter().all(|f| !f.fact_id.starts_with("line/")), "its own line was let go");
    assert!(is_watched(&world, OTHER_BOX));
    answer(&mut world, Verdict::FalsePositive, after(3, 0));
    assert!(!is_watched(&world, OTHER_BOX));
}
