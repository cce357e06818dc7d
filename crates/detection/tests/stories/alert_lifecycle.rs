use quaywatch_detection::{Outcome, Rules, TimelineState};
use quaywatch_domain::EventKind::{CustomsHeld, Discharged, GateIn, GateOut, ReeferReading, ReleaseRevoked};
use quaywatch_domain::alert::AlertState;
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::watchlist::EntryAction;
use quaywatch_domain::{Alert, Fact, Pointer, Severity, Subject, Verdict};

use crate::common::{BOX, Says, World, at, event, facts_of, feedback, hit};

/// A container that left after its right was revoked: one HIGH indicator.
fn alerted() -> World {
    World::after([
        event(ReleaseRevoked, BOX, at(2, "08:00")).release("R1"),
        event(GateOut, BOX, at(2, "09:00")).terminal("SIKOP1"),
    ])
}

#[test]
fn an_alert_is_raised_updated_and_never_repeated() {
    let mut world = alerted();
    assert_eq!((world.published.len(), world.alert(BOX).revision), (1, 1));
    assert_eq!(world.alert(BOX).state, AlertState::Raised);
    let again = event(GateOut, BOX, at(2, "09:00")).terminal("SIKOP1").received(at(2, "11:00"));
    world.see(&again);
    assert_eq!(world.published.len(), 1, "a message told twice changes nothing");
    let seen = event(GateIn, BOX, at(2, "07:00"));
    world.see(&seen);
    let before = world.published.len();
    world.put(hit(&seen, "CONTAINER", BOX, EntryAction::Stop, Severity::High));
    assert_eq!(world.published.len(), before + 1);
    assert_eq!(world.alert(BOX).state, AlertState::Updated);
    assert_eq!(world.codes(BOX), ["MO-01g@1", "WL-identifier@1"]);
}

#[test]
fn a_settled_alert_is_closed_and_new_evidence_opens_it_again() {
    let mut world = alerted();
    world.put(feedback(BOX, 1, Verdict::Investigating, at(2, "10:00")));
    assert_eq!(world.alert(BOX).state, AlertState::Raised);
    world.put(feedback(BOX, 1, Verdict::FalsePositive, at(2, "11:00")));
    assert_eq!(world.alert(BOX).state, AlertState::Closed);
    let seen = event(GateIn, BOX, at(2, "07:00")).received(at(2, "12:00"));
    world.see(&seen);
    assert_eq!(world.alert(BOX).state, AlertState::Closed, "an event that no rule rests on is no evidence");
    world.put(hit(&seen, "CONTAINER", BOX, EntryAction::Stop, Severity::High));
    assert_eq!(world.alert(BOX).state, AlertState::Updated);
}

#[test]
fn an_answer_on_the_alerts_timeline_reaches_its_container_before_or_after_the_pointer() {
    let subject = Subject::container(BOX);
    let id = Alert::id_for(&subject, 1);
    let about = Subject::new(SubjectKind::Alert, id.to_string());
    let answer = Fact { subject: about, ..feedback(BOX, 1, Verdict::Closed, at(2, "11:00")) };
    let pointer = Fact {
        fact_id: format!("alert/{id}").into(),
        feedback: None,
        pointer: Some(Box::new(Pointer { subject })),
        ..answer.clone()
    };
    for order in [[pointer.clone(), answer.clone()], [answer, pointer]] {
        let mut world = alerted();
        for fact in order {
            world.put(fact);
        }
        assert_eq!(world.alert(BOX).state, AlertState::Closed);
    }
}

#[test]
fn an_alert_ends_by_age_and_its_history_goes_but_its_number_is_never_used_again() {
    let mut world = alerted();
    let state = |world: &World| world.states.get(&Subject::container(BOX)).cloned();
    assert_eq!(state(&world).unwrap().deadline_at(), None);
    world.wait_until(at(16, "08:59"));
    assert_eq!(world.alert(BOX).state, AlertState::Raised);
    world.wait_until(at(16, "09:00"));
    assert_eq!(world.alert(BOX).state, AlertState::Closed);
    let after_history = at(2, "10:00").plus_millis(45 * 86_400_000);
    world.wait_until(after_history);
    let kept = state(&world).unwrap();
    assert!(kept.facts.is_empty() && kept.published.is_empty());
    assert_eq!(kept.visits_before, 1);
    assert_eq!(world.alert(BOX).state, AlertState::Closed, "erasing history takes nothing back");
    world.see(&event(ReleaseRevoked, BOX, after_history));
    world.see(&event(GateOut, BOX, after_history.plus_millis(60_000)));
    assert_eq!(world.codes(BOX), ["MO-01g@2"]);
    world.wait_until(after_history.plus_millis(300 * 86_400_000));
    assert!(state(&world).is_none_or(|s| s.expired(world.now)));
}

#[test]
fn a_container_without_alerts_leaves_nothing_behind() {
    let mut world = World::after([event(GateIn, BOX, at(2, "08:00")), event(GateOut, BOX, at(2, "09:00"))]);
    world.wait_until(at(2, "09:00").plus_millis(45 * 86_400_000));
    assert!(world.states.is_empty());
}

#[test]
fn old_visits_are_dropped_and_later_visits_keep_their_numbers() {
    let mut world = alerted();
    let later = at(2, "09:00").plus_millis(50 * 86_400_000);
    world.see(&event(Discharged, BOX, later));
    world.see(&event(ReleaseRevoked, BOX, later.plus_millis(60_000)));
    world.see(&event(GateOut, BOX, later.plus_millis(120_000)));
    assert_eq!(world.states[&Subject::container(BOX)].visits_before, 1);
    assert!(world.codes(BOX).contains(&"MO-01g@2".to_owned()), "{:?}", world.codes(BOX));
    let late = event(CustomsHeld, BOX, at(2, "08:30")).received(later);
    assert_eq!(world.put(facts_of(&late).remove(0)), Outcome::TooLate);
}

#[test]
fn beyond_the_bound_the_uninformative_go_first_and_the_alert_stays() {
    let mut world = alerted();
    for minute in 0..400 {
        let time = at(2, "09:10").plus_millis(minute * 60_000);
        world.see(&event(ReeferReading, BOX, time));
    }
    assert_eq!(world.states[&Subject::container(BOX)].facts.len(), 256);
    assert_eq!(world.codes(BOX), ["MO-01g@1"]);
    let old = event(ReeferReading, BOX, at(2, "08:59"));
    assert_eq!(world.put(facts_of(&old).remove(0)), Outcome::TooLate);
}

#[test]
fn outcomes_tell_new_duplicate_superseded_and_out_of_scope() {
    let mut world = World::new();
    let fact = |revision| facts_of(&event(GateIn, BOX, at(2, "08:00")).revision(revision)).remove(0);
    assert_eq!(world.put(fact(2)), Outcome::New);
    assert_eq!(world.put(fact(2)), Outcome::Duplicate);
    assert_eq!(world.put(fact(1)), Outcome::Superseded);
    assert_eq!(world.put(fact(3)), Outcome::New);
    let call = Fact { subject: Subject::new(SubjectKind::Call, "KOP-1"), ..fact(1) };
    assert_eq!(world.put(call), Outcome::OutOfScope);
    assert!(world.states[&Subject::new(SubjectKind::Call, "KOP-1")].is_empty());
}

#[test]
fn changed_rules_change_what_stands_and_shadow_rules_are_counted_once() {
    let mut world = alerted();
    world.engine =
        quaywatch_detection::Engine::new(Rules::parse("[release_right.g]\nshadow = true\n").unwrap(), "test");
    let state = world.states.get_mut(&Subject::container(BOX)).unwrap();
    let changes = world.engine.reevaluate(state, at(2, "10:00"));
    assert_eq!(changes.alerts[0].state, AlertState::Retracted);
    assert_eq!(changes.shadowed, ["MO-01g"]);
    let again = world.engine.reevaluate(state, at(2, "11:00"));
    assert!(again.alerts.is_empty() && again.shadowed.is_empty());
}

#[test]
fn a_state_survives_its_wire_form() {
    let world = alerted();
    let state = &world.states[&Subject::container(BOX)];
    let text = serde_json::to_string(state).unwrap();
    assert_eq!(&serde_json::from_str::<TimelineState>(&text).unwrap(), state);
}
