use quaywatch_detection::Rules;
use quaywatch_domain::EventKind::{Discharged, GateIn, GateOut, Loaded};
use quaywatch_domain::Severity;
use quaywatch_domain::alert::AlertState;
use quaywatch_domain::event::SealSource::{Carrier, Customs, Unknown};

use crate::common::{BOX, OTHER_BOX, Says, World, at, event};

#[test]
fn one_seal_on_two_containers_is_told_to_both_with_the_evidence_of_both() {
    let world = World::after([
        event(GateIn, BOX, at(2, "08:00")).seal("ML-1234567", Carrier),
        event(Discharged, OTHER_BOX, at(9, "10:00")).seal("ML 1234567", Carrier),
    ]);
    for (one, other) in [(BOX, OTHER_BOX), (OTHER_BOX, BOX)] {
        assert_eq!(world.codes(one), ["MO-04a@1"]);
        let alert = world.alert(one);
        assert_eq!(alert.severity, Severity::High);
        assert!(alert.title.contains(other), "{}", alert.title);
        assert_eq!(alert.evidence.len(), 2);
        assert_eq!(alert.detected_at, at(9, "10:00"));
    }
}

#[test]
fn with_an_unknown_issuer_it_is_medium_and_with_different_issuers_nothing() {
    let unknown = World::after([
        event(GateIn, BOX, at(2, "08:00")).seal("ML1234567", Carrier),
        event(GateIn, OTHER_BOX, at(9, "10:00")).seal("ML1234567", Unknown),
    ]);
    assert_eq!(unknown.alert(BOX).severity, Severity::Medium);
    let different = World::after([
        event(GateIn, BOX, at(2, "08:00")).seal("ML1234567", Carrier),
        event(GateIn, OTHER_BOX, at(9, "10:00")).seal("ML1234567", Customs),
    ]);
    assert!(different.published.is_empty());
}

#[test]
fn short_numbers_placeholders_wrong_check_digits_and_plans_are_silent() {
    for number in ["H5317", "NOSEAL", "000000"] {
        let world = World::after([
            event(GateIn, BOX, at(2, "08:00")).seal(number, Carrier),
            event(GateIn, OTHER_BOX, at(9, "10:00")).seal(number, Carrier),
        ]);
        assert!(world.published.is_empty(), "{number}");
    }
    let typed_wrong = World::after([
        event(GateIn, BOX, at(2, "08:00")).seal("ML1234567", Carrier),
        event(GateIn, "CSQU3054338", at(2, "09:00")).seal("ML1234567", Carrier).wrong_check_digit(),
    ]);
    let planned = World::after([
        event(GateIn, BOX, at(2, "08:00")).seal("ML1234567", Carrier),
        event(GateIn, OTHER_BOX, at(9, "09:00")).seal("ML1234567", Carrier).planned(),
    ]);
    assert!(typed_wrong.published.is_empty() && planned.published.is_empty());
}

#[test]
fn a_default_written_on_many_containers_is_no_seal_number() {
    let mut world = World::new();
    for n in 0..7 {
        world.see(&event(GateIn, &format!("MSKU123456{n}"), at(2 + n, "08:00")).seal("ML1234567", Carrier));
    }
    assert_eq!(world.codes("MSKU1234560"), [""; 0]);
    assert_eq!(world.alert("MSKU1234560").state, AlertState::Retracted);
}

#[test]
fn a_correction_of_one_sighting_takes_it_back_from_both() {
    let wrong = event(GateIn, OTHER_BOX, at(9, "10:00")).seal("ML1234567", Carrier);
    let mut world =
        World::after([event(GateIn, BOX, at(2, "08:00")).seal("ML1234567", Carrier), wrong.clone()]);
    world.see(&wrong.revision(2).retracted().received(at(9, "12:00")));
    for one in [BOX, OTHER_BOX] {
        assert_eq!(world.alert(one).state, AlertState::Retracted);
    }
}

#[test]
fn sightings_further_apart_than_half_a_year_are_silent() {
    let late = at(2, "10:00").plus_millis(181 * 86_400_000);
    let world = World::after([
        event(GateIn, BOX, at(2, "08:00")).seal("ML1234567", Carrier),
        event(GateIn, OTHER_BOX, late).seal("ML1234567", Carrier),
    ]);
    assert!(world.published.is_empty());
}

#[test]
fn the_alert_belongs_to_the_stay_in_which_the_seal_was_last_seen() {
    let world = World::after([
        event(Loaded, BOX, at(2, "08:00")).feed("carrier").seal("ML1234567", Carrier),
        event(GateIn, OTHER_BOX, at(9, "10:00")).seal("ML1234567", Carrier),
        event(Discharged, BOX, at(20, "08:00")).seal("ML1234567", Carrier),
        event(GateOut, BOX, at(21, "08:00")).seal("ML1234567", Carrier),
    ]);
    assert_eq!(world.codes(BOX), ["MO-04a@2"]);
    assert_eq!(world.last().values().filter(|a| a.state == AlertState::Retracted).count(), 1);
}

#[test]
fn as_a_shadow_rule_it_is_counted_and_never_shown() {
    let mut world = World::with(Rules::parse("[duplicate_seal.a]\nshadow = true\n").unwrap());
    world.see(&event(GateIn, BOX, at(2, "08:00")).seal("ML1234567", Carrier));
    world.see(&event(GateIn, OTHER_BOX, at(9, "10:00")).seal("ML1234567", Carrier));
    assert!(world.published.is_empty());
    assert_eq!(world.shadowed, ["MO-04a", "MO-04a"]);
}
