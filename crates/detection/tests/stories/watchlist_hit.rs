use quaywatch_domain::EventKind::{Discharged, GateIn, GateOut, ManifestLine};
use quaywatch_domain::alert::AlertState;
use quaywatch_domain::event::SealSource::Carrier;
use quaywatch_domain::handling::Tlp;
use quaywatch_domain::watchlist::EntryAction;
use quaywatch_domain::{Action, Severity};

use crate::common::{BOX, Says, World, at, event, hit};

#[test]
fn a_hit_says_no_more_than_the_containers_own_messages() {
    let seen = event(GateIn, BOX, at(2, "08:00")).seal("ML1234567", Carrier);
    let mut world = World::after([seen.clone()]);
    world.put(hit(&seen, "SEAL", "ML1234567", EntryAction::Specific, Severity::High));
    let alert = world.alert(BOX);
    assert_eq!(world.codes(BOX), ["WL-identifier@1"]);
    assert_eq!(alert.indicators[0].sentence, "Seal ML1234567 is on a watchlist.");
    assert_eq!((alert.recommended_action, alert.handling.tlp), (Action::Inspect, Tlp::Red));
    assert_eq!(alert.versions.lists, ["police@7"]);
    assert_eq!(alert.indicators[0].owner.as_deref(), Some("police-koper"));
    assert_eq!(alert.evidence.len(), 2);
}

#[test]
fn a_discreet_hit_is_marked_and_advises_to_observe() {
    let seen = event(GateIn, BOX, at(2, "08:00"));
    let mut world = World::after([seen.clone()]);
    world.put(hit(&seen, "CONTAINER", BOX, EntryAction::Discreet, Severity::High));
    let indicator = &world.alert(BOX).indicators[0];
    assert!(indicator.discreet);
    assert_eq!(indicator.action, Action::Observe);
    assert!(!indicator.sentence.contains("DISCREET"));
}

#[test]
fn a_blinded_hit_has_a_code_of_its_own_and_names_nothing_but_the_entry() {
    let seen = event(GateIn, BOX, at(2, "08:00"));
    let mut world = World::after([seen.clone()]);
    let digest = format!("2026-Q1:{}", "a".repeat(64));
    world.put(hit(&seen, "HMAC", &digest, EntryAction::Specific, Severity::High));
    let indicator = &world.alert(BOX).indicators[0];
    assert_eq!((indicator.code.as_str(), indicator.discreet), ("WL-blinded", true));
    assert!(!indicator.sentence.contains("2026-Q1") && indicator.sentence.starts_with("Blinded entry"));
}

#[test]
fn a_hit_belongs_to_the_stays_that_mention_the_identifier() {
    let first = event(ManifestLine, BOX, at(2, "08:00")).imo("9321483");
    let mut world = World::after([
        first.clone(),
        event(Discharged, BOX, at(3, "08:00")),
        event(GateOut, BOX, at(4, "08:00")),
        event(GateIn, BOX, at(12, "08:00")),
    ]);
    world.put(hit(&first, "IMO", "9321483", EntryAction::Stop, Severity::High));
    assert_eq!(world.codes(BOX), ["WL-identifier@1"]);
    world.see(&event(GateOut, BOX, at(13, "08:00")).imo("9321483"));
    assert_eq!(world.codes(BOX), ["WL-identifier@1", "WL-identifier@2"]);
}

#[test]
fn a_hit_that_the_screener_takes_back_is_taken_back() {
    let seen = event(GateIn, BOX, at(2, "08:00"));
    let mut world = World::after([seen.clone()]);
    let fact = hit(&seen, "CONTAINER", BOX, EntryAction::Stop, Severity::High);
    world.put(fact.clone());
    world.put(quaywatch_domain::Fact { revision: 2, retracted: true, hit: None, ..fact });
    assert_eq!(world.alert(BOX).state, AlertState::Retracted);
}

#[test]
fn a_single_low_hit_makes_no_alert() {
    let seen = event(GateIn, BOX, at(2, "08:00"));
    let mut world = World::after([seen.clone()]);
    world.put(hit(&seen, "CONTAINER", BOX, EntryAction::Inform, Severity::Low));
    assert!(world.published.is_empty());
}
