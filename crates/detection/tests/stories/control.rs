//! The control sample: drawn at the arrival by a key, told to one agency or to nobody, and counted by what is found.

use quaywatch_detection::{Inspected, Rules, Sample};
use quaywatch_domain::alert::AlertState;
use quaywatch_domain::{Action, EventKind, PortEvent, Severity, Verdict};

use crate::common::{BOX, OTHER_BOX, Says, World, at, event, feedback};

const TOLD: &str = "agency = \"customs-si\"\nkey = \"0123456789abcdef0123\"\n";

fn world(control: &str) -> World {
    World::with(Rules::parse(&format!("[control]\n{control}")).unwrap())
}

fn arrived(container: &str) -> PortEvent {
    event(EventKind::Discharged, container, at(2, "08:00")).terminal("LUKKP")
}

fn left(container: &str) -> PortEvent {
    event(EventKind::GateOut, container, at(4, "08:00")).terminal("LUKKP")
}

fn held(container: &str) -> PortEvent {
    event(EventKind::CustomsHeld, container, at(2, "09:00"))
}

/// The marks that stand.
fn marks(world: &World) -> usize {
    world.states.values().flat_map(|s| &s.shadowed).filter(|held| held.ends_with("CONTROL")).count()
}

#[test]
fn visits_are_drawn_when_they_begin_by_a_key_and_told_to_nobody() {
    let drawn = |per_10000: u32, key: &str| {
        let mut world = world(&format!("per_10000 = {per_10000}\nkey = \"{key}\"\n"));
        for n in 0..200 {
            let container = format!("CSQU{:07}", 1_000_000 + n);
            let before = marks(&world);
            world.see(&event(EventKind::ManifestLine, &container, at(1, "08:00")).terminal("LUKKP"));
            assert_eq!(marks(&world), before, "not before it is there");
            world.see(&arrived(&container));
        }
        world
    };
    let all = drawn(10_000, "a");
    assert_eq!((marks(&all), all.shadowed.len(), all.published.len()), (200, 200, 0), "at the arrival");
    let some = drawn(2_000, "a");
    assert!((15..70).contains(&marks(&some)), "{}", marks(&some));
    assert_ne!(some.states, drawn(2_000, "b").states);
    assert_eq!(some.states, drawn(2_000, "a").states);
    assert_eq!(marks(&drawn(0, "a")), 0);
}

#[test]
fn a_drawn_visit_with_an_alert_is_not_uneventful_and_one_whose_alert_is_taken_back_is() {
    let mut world = world("per_10000 = 10000\n").and([arrived(BOX), held(BOX)]);
    assert_eq!(marks(&world), 1);
    world.see(&left(BOX));
    world.wait_until(at(4, "12:00"));
    assert_eq!((world.codes(BOX), marks(&world)), (vec!["MO-25a@1".to_owned()], 0));
    world.see(&event(EventKind::CustomsReleased, BOX, at(3, "08:00")).received(at(4, "13:00")));
    assert_eq!((world.alert(BOX).state, marks(&world)), (AlertState::Retracted, 1));
}

#[test]
fn the_agency_is_told_while_the_container_is_there_and_of_no_suspicion() {
    let mut world = world(&format!("per_10000 = 10000\n{TOLD}")).and([arrived(BOX)]);
    let alert = world.alert(BOX);
    let drawn = &alert.indicators[0];
    assert_eq!((&*drawn.code, drawn.owner.as_deref(), drawn.discreet), ("CONTROL", Some("customs-si"), true));
    assert_eq!((alert.state, alert.severity, alert.score), (AlertState::Raised, Severity::Low, 0.0));
    assert_eq!(alert.recommended_action, Action::Inspect);
    assert!(alert.title.ends_with("there is no suspicion."), "{}", alert.title);
    // When it has left nobody can look any more.
    world.see(&left(BOX));
    let alert = world.alert(BOX);
    assert_eq!((alert.state, alert.indicators[0].ended_at), (AlertState::Closed, Some(at(4, "08:00"))));
    assert!(alert.title.ends_with("It has left."), "{}", alert.title);
}

#[test]
fn the_alert_of_a_rule_takes_the_place_of_the_draw() {
    let mut world = world(&format!("per_10000 = 10000\n{TOLD}"));
    world = world.and([arrived(BOX), held(BOX), left(BOX)]);
    world.wait_until(at(4, "12:00"));
    assert_eq!(world.codes(BOX), ["MO-25a@1"]);
    assert_eq!(world.alert(BOX).severity, Severity::High);
}

#[test]
fn a_key_that_can_be_guessed_is_refused_where_the_draw_is_told() {
    let error = Rules::parse("[control]\nagency = \"customs-si\"\n").unwrap_err().to_string();
    assert!(error.contains("control.key") && error.contains("customs-si"), "{error}");
}

#[test]
fn what_is_found_counts_for_what_they_looked_by() {
    let control = |found| Inspected { sample: Sample::Control, found };
    let told = |control: &str, verdict: Verdict| {
        let mut world = world(control).and([arrived(BOX)]);
        let mut answer = feedback(BOX, 1, verdict, at(3, "08:00"));
        answer.fact_id = format!("{}/{verdict}", answer.fact_id).into();
        world.now = at(3, "08:00");
        world.put(answer.clone());
        world.put(answer);
        world
    };
    let all = format!("per_10000 = 10000\n{TOLD}");
    let sampled = |verdict| told(&all, verdict).inspected;
    assert_eq!(sampled(Verdict::Seizure), [control(true)]);
    assert_eq!(sampled(Verdict::Confirmed), [control(true)]);
    assert_eq!(sampled(Verdict::FalsePositive), [control(false)]);
    assert_eq!(sampled(Verdict::Closed), [control(false)]);
    assert_eq!(sampled(Verdict::Investigating), []);
    assert_eq!(told("per_10000 = 0\n", Verdict::Seizure).inspected, [], "neither drawn nor alerted");
    assert_eq!(told(&all, Verdict::Closed).alert(BOX).state, AlertState::Closed);

    // An alert that stood before is why they looked; one that came after it is not.
    let mut world = world(&all).and([arrived(OTHER_BOX), held(OTHER_BOX), left(OTHER_BOX)]);
    world.wait_until(at(4, "12:00"));
    world.put(feedback(OTHER_BOX, 1, Verdict::Seizure, at(4, "13:00")));
    assert_eq!(world.inspected, [Inspected { sample: Sample::Alert, found: true }]);
    let mut world = told(&all, Verdict::Seizure).and([held(BOX), left(BOX)]);
    world.wait_until(at(4, "12:00"));
    assert_eq!((world.codes_of(BOX, "MO-25a").len(), world.inspected), (1, vec![control(true)]));
}

#[test]
fn the_draw_is_the_same_in_any_order() {
    let all = format!("per_10000 = 10000\n{TOLD}");
    let answer = || feedback(BOX, 1, Verdict::FalsePositive, at(3, "08:00"));
    let in_order = |first: Vec<PortEvent>, answered_first: bool, second: Vec<PortEvent>| {
        let mut world = world(&all).and(first);
        if answered_first {
            world.put(answer());
        }
        world = world.and(second);
        if !answered_first {
            world.put(answer());
        }
        world.wait_until(at(5, "08:00"));
        (world.standing(), world.inspected.clone(), marks(&world))
    };
    let expected = in_order(vec![arrived(BOX), left(BOX)], false, vec![]);
    assert_eq!(in_order(vec![left(BOX)], true, vec![arrived(BOX)]), expected);
    assert_eq!(in_order(vec![], true, vec![left(BOX), arrived(BOX), left(BOX)]), expected);
}
