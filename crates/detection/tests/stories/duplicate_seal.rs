use quaywatch_detection::{Baselines, Rules, SealFormat};
use quaywatch_domain::EventKind::{Discharged, GateIn, GateOut, Loaded, SealAffixed, SealRemoved, Stripped};
use quaywatch_domain::alert::AlertState;
use quaywatch_domain::event::SealSource::{Carrier, Customs, Shipper, Unknown};
use quaywatch_domain::event::{Condition, PartyRole};
use quaywatch_domain::{PortEvent, Severity};

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

fn told(world: &mut World, events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    for event in events {
        world.see(&event);
    }
    world.codes_of(BOX, "MO-04")
}

#[test]
fn a_seal_that_is_on_again_after_it_came_off_or_the_box_was_stripped_is_raised() {
    let removed = || event(SealRemoved, BOX, at(3, "08:00")).seal("ML1234567", Carrier);
    let out = |day| event(GateOut, BOX, at(day, "12:00")).seal("ML1234567", Carrier);
    assert_eq!(told(&mut World::new(), [removed(), out(5)]), ["MO-04b@1"]);
    let before = || event(GateIn, BOX, at(2, "08:00")).seal("ML1234567", Carrier);
    assert_eq!(
        told(&mut World::new(), [before(), event(Stripped, BOX, at(3, "08:00")), out(5)]),
        ["MO-04b@1"]
    );
    let silent = |events: Vec<PortEvent>| assert_eq!(told(&mut World::new(), events), [""; 0]);
    silent(vec![removed(), out(3)]);
    // A list that names what was put on after the removal is no copy of an old one.
    let own = || event(SealAffixed, BOX, at(3, "08:30")).seal("SIFU4455667", Customs);
    let both = out(3).seal("SIFU4455667", Customs);
    assert_eq!(told(&mut World::new(), [removed(), own(), both]), ["MO-04b@1"]);
    silent(vec![removed(), out(5).seal("NEW12345", Carrier)]);
    silent(vec![removed(), out(5).edit(|e| e.seals[0].condition = Some(Condition::Missing))]);
    silent(vec![removed(), event(GateOut, BOX, at(5, "12:00")).seal("ML1234999", Carrier)]);
    silent(vec![
        removed().edit(|e| e.seals[0].normalised = Some("H5317".into())),
        out(5).edit(|e| e.seals[0].normalised = Some("H5317".into())),
    ]);
    silent(vec![removed(), out(5).planned()]);
}

#[test]
fn a_seal_of_no_form_or_range_of_its_carrier_is_raised() {
    let known = |count, least, greatest| SealFormat { count, least, greatest, ..SealFormat::default() };
    let knowing = || {
        World::knowing(Baselines {
            seals: [("MSK".to_owned(), [("ML9999999".to_owned(), known(700, 1_000_000, 1_400_000))].into())]
                .into(),
            ..Baselines::default()
        })
    };
    let seal = |number: &str| event(GateIn, BOX, at(2, "08:00")).carrier("MSK").seal(number, Carrier);
    assert_eq!(told(&mut knowing(), [seal("ZZ12345678")]), ["MO-04c@1"]);
    assert_eq!(told(&mut knowing(), [seal("ML9200000")]), ["MO-04c@1"]);
    // What was seen at the port of loading is told of the stay here too.
    let loaded =
        event(Loaded, BOX, at(1, "08:00")).terminal("ECCON").carrier("MSK").seal("ZZ12345678", Carrier);
    let here =
        event(Discharged, BOX, at(20, "08:00")).terminal("LUKKP").carrier("MSK").seal("ZZ12345678", Carrier);
    let mut world = knowing();
    world.see(&loaded);
    world.see(&here);
    assert_eq!(world.last().len(), 2);
    let silent = |mut world: World, events: Vec<PortEvent>| assert_eq!(told(&mut world, events), [""; 0]);
    silent(knowing(), vec![seal("ML1234567")]);
    silent(knowing(), vec![seal("ML1500000")]);
    silent(knowing(), vec![seal("ZZ12345678").carrier("HLC")]);
    silent(knowing(), vec![event(GateIn, BOX, at(2, "08:00")).carrier("MSK").seal("ZZ12345678", Customs)]);
    silent(
        knowing(),
        vec![seal("ML12345678"), event(GateOut, BOX, at(3, "08:00")).seal("ML1234567", Carrier)],
    );
    silent(World::new(), vec![seal("ZZ12345678")]);
}

#[test]
fn one_roll_of_seals_on_boxes_of_different_shippers_is_told_to_both() {
    let sealed = |container: &str, number: &str, shipper: &str| {
        event(GateIn, container, at(2, "08:00")).seal(number, Shipper).party(
            PartyRole::Shipper,
            "EORI",
            shipper,
        )
    };
    let roll = || [sealed(BOX, "SH7654321", "SI1"), sealed(OTHER_BOX, "SH7654324", "SI2")];
    assert!(World::after(roll()).published.is_empty(), "numbers lie side by side by chance too");
    let rules = "[duplicate_seal.d]\nseverity = \"MEDIUM\"\n";
    let medium = || World::with(quaywatch_detection::Rules::parse(rules).unwrap());
    let world = medium().and(roll());
    assert_eq!(
        (world.codes(BOX), world.codes(OTHER_BOX)),
        (vec!["MO-04d@1".into()], vec!["MO-04d@1".into()])
    );
    let silent = |a: PortEvent, b: PortEvent| assert!(medium().and([a, b]).published.is_empty());
    let own = || sealed(BOX, "SH7654321", "SI1");
    silent(own(), sealed(OTHER_BOX, "SH7654324", "SI1"));
    silent(own(), sealed(OTHER_BOX, "SH7654394", "SI2"));
    silent(
        own(),
        event(GateIn, OTHER_BOX, at(2, "08:00")).seal("SH7654324", Shipper).party(
            PartyRole::Shipper,
            "DUNS",
            "77",
        ),
    );
    silent(
        own(),
        event(GateIn, OTHER_BOX, at(2, "08:00")).seal("SH7654324", Carrier).party(
            PartyRole::Shipper,
            "EORI",
            "SI2",
        ),
    );
    silent(sealed(BOX, "654321", "SI1"), sealed(OTHER_BOX, "654324", "SI2"));
}
