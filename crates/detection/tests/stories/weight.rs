use quaywatch_detection::{Baselines, Group, Measure, Quantiles};
use quaywatch_domain::EventKind::{
    CustomsInspected, Discharged, DoorOpened, GateIn, GateOut, ManifestLine, SealAffixed, SealRemoved,
    StowPosition, Stripped, Weighed,
};
use quaywatch_domain::event::WeightKind::{Gross, Net, Scale, Vgm};
use quaywatch_domain::event::{EquipmentStatus, Laden, SealSource};
use quaywatch_domain::{EventKind, PortEvent};

use crate::common::{BOX, OTHER_BOX, Says, World, at, event};

fn told(events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    World::after(events).codes(BOX)
}

fn silent(events: impl IntoIterator<Item = PortEvent>) {
    assert_eq!(told(events), [""; 0]);
}

fn plan(kg: f64) -> PortEvent {
    event(StowPosition, BOX, at(1, "08:00")).feed("carrier").weight(Vgm, kg)
}

fn scale(kind: EventKind, day: u32, feed: &str, kg: f64) -> PortEvent {
    event(kind, BOX, at(day, "08:00")).feed(feed).laden(Laden::Laden).weight(Scale, kg)
}

#[test]
fn calibrated_weights_that_differ_are_medium_and_high_when_much() {
    assert_eq!(told([plan(20_000.0), scale(Discharged, 3, "crane", 20_800.0)]), ["MO-12a@1"]);
    assert_eq!(told([plan(20_000.0), scale(Discharged, 3, "crane", 21_300.0)]), ["MO-12b@1"]);
    assert_eq!(told([plan(8_000.0), scale(Discharged, 3, "crane", 8_600.0)]), ["MO-12b@1"]);
}

#[test]
fn a_bare_container_that_another_terminal_weighs_was_emptied_and_one_that_the_same_weighs_was_robbed() {
    let weighed =
        |day, terminal: &str, kg| scale(Weighed, day, terminal, kg).terminal(terminal).tare(3_900.0);
    silent([weighed(3, "LUKKP", 24_500.0), weighed(5, "KPDEP", 3_950.0)]);
    assert_eq!(told([weighed(3, "LUKKP", 24_500.0), weighed(5, "KPDEP", 9_000.0)]), ["MO-12b@1"]);
    assert_eq!(told([weighed(3, "LUKKP", 24_500.0), weighed(5, "LUKKP", 3_950.0)]), ["MO-12b@1"]);
}

#[test]
fn sums_declared_weights_units_net_weights_and_ordinary_scales_are_silent() {
    let sum = plan(20_000.0).edit(|e| e.weights[0].method = Some("SM2".into()));
    silent([sum, scale(Discharged, 3, "crane", 22_000.0)]);
    silent([plan(20_000.0).edit(|e| e.weights[0].kind = Gross), scale(Discharged, 3, "crane", 22_000.0)]);
    silent([plan(20_000.0 / 2.204_62), scale(Discharged, 3, "crane", 20_000.0)]);
    silent([plan(20.0), scale(Discharged, 3, "crane", 20_000.0)]);
    silent([plan(16_300.0).tare(3_700.0), scale(Discharged, 3, "crane", 20_000.0)]);
    silent([plan(20_000.0), scale(Discharged, 3, "crane", 20_450.0)]);
    // The shipper added the goods to a tare of 4,000 kg; the container has 2,230.
    silent([plan(21_770.0), scale(Discharged, 3, "crane", 20_000.0).tare(2_230.0)]);
    let heavier = told([plan(20_000.0), scale(Discharged, 3, "crane", 21_770.0).tare(2_230.0)]);
    assert_eq!(heavier, ["MO-12b@1"]);
    // The truck's generator hangs on the reefer.
    let reefer = |kg| scale(GateOut, 3, "gate", kg).iso_type("45R1");
    silent([plan(20_000.0), reefer(20_900.0)]);
    assert_eq!(told([plan(20_000.0), reefer(21_300.0)]), ["MO-12b@1"]);
    silent([plan(20_000.0), scale(Discharged, 3, "crane", 22_000.0).wrong_check_digit()]);
    silent([plan(20_000.0), scale(Discharged, 3, "crane", 22_000.0).edit(|e| e.weights[0].kg = -5.0)]);
}

#[test]
fn a_load_as_heavy_as_the_container_is_told_where_the_bill_has_the_goods_alone() {
    let bill = |kind, kg| event(ManifestLine, BOX, at(1, "04:00")).feed("agents").weight(kind, kg);
    let papers_and_scale = |goods: PortEvent| {
        let crane = scale(Discharged, 3, "crane", 25_570.0).tare(2_230.0);
        [goods, plan(23_260.0), crane]
    };
    assert_eq!(told(papers_and_scale(bill(Net, 21_030.0))), ["MO-12b@1"]);
    assert_eq!(told(papers_and_scale(bill(Gross, 21_080.0))), ["MO-12b@1"]);
    // The shipper verified the weight of the goods and forgot that of the container.
    silent(papers_and_scale(bill(Net, 23_260.0)));
    silent(papers_and_scale(bill(Gross, 23_260.0)));
}

#[test]
fn what_is_taken_may_weigh_as_much_as_the_container_where_the_ticket_tells_goods_and_tare() {
    let ticket = |kind, day, kg, net| scale(kind, day, "pcs", kg).tare(2_230.0).weight(Net, net);
    let off = || ticket(Discharged, 3, 24_610.0, 22_380.0);
    assert_eq!(told([off(), ticket(GateOut, 4, 22_380.0, 20_150.0)]), ["MO-12e@1"]);
    // The gate told the goods alone.
    silent([off(), scale(GateOut, 4, "pcs", 22_380.0).tare(2_230.0)]);
}

#[test]
fn the_next_cargo_and_one_weighing_told_twice_are_not_compared() {
    silent([plan(20_000.0), event(Stripped, BOX, at(2, "08:00")), scale(GateIn, 3, "gate", 12_000.0)]);
    silent([
        scale(GateOut, 2, "gate", 20_000.0),
        scale(GateIn, 4, "gate", 12_000.0).status(EquipmentStatus::Export).booking("B1"),
    ]);
    // The bridge before the depot's gate, where it comes back empty.
    silent([
        scale(GateOut, 2, "gate", 20_000.0),
        event(Weighed, BOX, at(4, "07:56")).feed("depot").weight(Scale, 3_900.0),
        event(GateIn, BOX, at(4, "08:00")).laden(Laden::Empty),
    ]);
    let again = scale(Weighed, 3, "pcs", 21_500.0).edit(|e| e.occurred_at = at(3, "08:10"));
    silent([scale(Discharged, 3, "crane", 20_000.0), again]);
}

#[test]
fn a_generator_explains_a_reefer_at_the_gate_and_not_under_the_crane() {
    let reefer = |e: PortEvent| e.iso_type("45R1").tare(4_640.0);
    silent([plan(20_000.0), scale(GateOut, 4, "gate", 20_800.0)].map(reefer));
    assert_eq!(told([plan(20_000.0), scale(Discharged, 3, "crane", 20_800.0)].map(reefer)), ["MO-12a@1"]);
}

#[test]
fn the_default_tare_of_a_small_container_explains_no_large_one() {
    let large = |e: PortEvent| e.iso_type("45G1").tare(3_890.0);
    let small = |e: PortEvent| e.iso_type("22G1").tare(2_230.0);
    assert_eq!(told([plan(20_000.0), scale(Discharged, 3, "crane", 21_890.0)].map(large)), ["MO-12b@1"]);
    silent([plan(21_770.0), scale(Discharged, 3, "crane", 20_000.0)].map(small));
}

#[test]
fn what_is_usual_widens_the_tolerance() {
    let quantiles = Quantiles { count: 500, q99: 8.0, ..Quantiles::default() };
    let group = Group { trade: Some(EquipmentStatus::Import), ..Group::default() };
    let mut world = World::knowing(Baselines {
        quantiles: [(Measure::WeightDifferencePercent, vec![(group, quantiles)])].into(),
        ..Baselines::default()
    });
    world.see(&plan(20_000.0));
    world.see(&scale(Discharged, 3, "crane", 21_300.0).status(EquipmentStatus::Import));
    assert!(world.published.is_empty());
}

#[test]
fn independent_scales_that_agree_to_the_kilogram_are_a_low_indicator() {
    let heavy = scale(Discharged, 3, "crane", 20_437.0);
    let same = scale(GateOut, 4, "gate", 20_437.0);
    silent([heavy.clone(), same.clone()]);
    // One system that repeats what it knows is no second scale, unless the crane is one, or another terminal.
    let medium = || quaywatch_detection::Rules::parse("[weight.c]\nseverity = \"MEDIUM\"\n").unwrap();
    let of_one_feed =
        |first: EventKind| [scale(first, 3, "pcs", 20_437.0), scale(GateOut, 4, "pcs", 20_437.0)];
    assert_eq!(World::with(medium()).and(of_one_feed(Weighed)).codes(BOX), [""; 0]);
    assert_eq!(World::with(medium()).and(of_one_feed(Discharged)).codes(BOX), ["MO-12c@1"]);
    let mut terminals = ["LUKKP", "TRSTE"].into_iter();
    let elsewhere = of_one_feed(Weighed).map(|e| e.terminal(terminals.next().unwrap()));
    assert_eq!(World::with(medium()).and(elsewhere).codes(BOX), ["MO-12c@1"]);
    let mut world =
        World::with(quaywatch_detection::Rules::parse("[weight.c]\nseverity = \"MEDIUM\"\n").unwrap());
    world.see(&heavy);
    world.see(&same);
    assert_eq!(world.codes(BOX), ["MO-12c@1"]);
    let reefer = [heavy, same].map(|e| e.iso_type("45R1"));
    let rules = quaywatch_detection::Rules::parse("[weight.c]\nseverity = \"MEDIUM\"\n").unwrap();
    assert_eq!(World::with(rules).and(reefer).codes(BOX), ["MO-12c@1"]);
    let mut round =
        World::with(quaywatch_detection::Rules::parse("[weight.c]\nseverity = \"MEDIUM\"\n").unwrap());
    round.see(&scale(Discharged, 3, "crane", 20_400.0));
    round.see(&scale(GateOut, 4, "gate", 20_400.0));
    assert!(round.published.is_empty(), "scales that round agree often");
}

#[test]
fn an_empty_that_is_no_empty_is_raised() {
    let empty =
        |kg: f64| event(Weighed, BOX, at(3, "08:00")).laden(Laden::Empty).tare(3_700.0).weight(Scale, kg);
    assert_eq!(told([empty(4_150.0)]), ["MO-12d@1"]);
    assert_eq!(told([empty(3_980.0)]), ["MO-12d@1"]);
    silent([empty(3_950.0)]);
    silent([empty(4_400.0).iso_type("45R1")]);
    silent([empty(4_500.0).tare(4_000.0)]);
    // No truck has hung a generator on what comes off the ship.
    let off = event(Discharged, BOX, at(3, "08:00")).laden(Laden::Empty).iso_type("45R1");
    assert_eq!(told([off, empty(4_400.0).iso_type("45R1")]), ["MO-12d@1"]);
    let full = event(GateIn, BOX, at(3, "08:00")).laden(Laden::Empty).tare(3_700.0).weight(Scale, 18_000.0);
    assert_eq!(told([full]), ["MO-12d@1"]);
}

#[test]
fn a_container_that_lost_weight_in_the_yard_is_raised() {
    let off = || scale(Discharged, 3, "crane", 20_040.0);
    let out = |kg| scale(GateOut, 4, "gate", kg);
    assert_eq!(told([off(), out(19_300.0)]), ["MO-12e@1"]);
    silent([off(), out(19_900.0)]);
    silent([off(), event(CustomsInspected, BOX, at(3, "12:00")), out(19_600.0)]);
    silent([off(), event(Stripped, BOX, at(3, "12:00")), out(19_300.0)]);
    // What customs took out before the ship came is not what is missing since.
    let at_loading = || event(CustomsInspected, BOX, at(1, "08:00"));
    assert_eq!(told([at_loading(), off(), out(19_300.0)]), ["MO-12e@1"]);
    let bridge = || scale(Weighed, 4, "bridge", 19_900.0).edit(|e| e.occurred_at = at(3, "18:00"));
    let inspected = |time: &str| event(CustomsInspected, BOX, at(3, time));
    assert_eq!(told([off(), inspected("12:00"), bridge(), out(19_300.0)]), ["MO-12e@1"]);
    silent([off(), bridge(), inspected("20:00"), out(19_300.0)]);
    // Lighter than the papers said is no loss in the yard.
    silent([event(ManifestLine, OTHER_BOX, at(1, "08:00")), plan(20_400.0), out(20_000.0)]);
}

#[test]
fn a_seal_that_anybody_took_off_explains_no_lost_weight_and_that_of_an_authority_does() {
    let sealed = |kind: EventKind, time: &str| event(kind, BOX, at(3, time));
    let told_in = |work: Vec<PortEvent>| {
        let off = scale(Discharged, 2, "crane", 20_040.0);
        let mut world = World::after([off]).and(work).and([scale(GateOut, 4, "gate", 19_300.0)]);
        world.wait_until(at(6, "00:00"));
        let codes = world.codes(BOX);
        codes.into_iter().filter(|c| c.starts_with("MO-12") || c.starts_with("COMBO")).collect::<Vec<_>>()
    };
    let removed = || sealed(SealRemoved, "02:00").seal("ML1234567", SealSource::Carrier);
    assert_eq!(told_in(vec![removed()]), ["MO-12e@1"]);
    assert_eq!(told_in(vec![removed(), sealed(DoorOpened, "02:05")]), ["COMBO-rip-off@1", "MO-12e@1"]);
    // Nor does a new seal of the carrier's, or of the thief's.
    let new = |source| sealed(SealAffixed, "03:00").seal("XX7654321", source);
    for source in [SealSource::Carrier, SealSource::Unknown, SealSource::Terminal] {
        assert_eq!(told_in(vec![removed(), new(source)]), ["MO-12e@1"]);
    }
    for source in [SealSource::Customs, SealSource::Veterinary, SealSource::Phytosanitary] {
        assert_eq!(told_in(vec![removed(), new(source)]), [""; 0]);
    }
    assert_eq!(told_in(vec![removed().user("usr:1", "FURS").role("CUSTOMS")]), [""; 0]);
    assert_eq!(told_in(vec![removed().user("usr:1", "LUKKP").role("TERMINAL")]), ["MO-12e@1"]);
}

#[test]
fn the_seal_of_an_authority_that_hung_before_explains_nothing_and_one_that_the_gate_sees_first_does() {
    let off = || scale(Discharged, 3, "crane", 20_040.0);
    let out = || scale(GateOut, 4, "gate", 19_300.0).seal("SI0012345", SealSource::Customs);
    assert_eq!(told([off().seal("SI0012345", SealSource::Customs), out()]), ["MO-12e@1"]);
    let codes = told([off(), out()]);
    assert!(!codes.contains(&"MO-12e@1".to_owned()), "{codes:?}");
}

#[test]
fn scales_that_are_known_to_agree_tell_of_less_and_those_that_do_not_of_more() {
    let group = Group { trade: Some(EquipmentStatus::Import), ..Group::default() };
    let lost = |q99: f64, kg: f64| {
        let quantiles = Quantiles { count: 500, q99, ..Quantiles::default() };
        let mut world = World::knowing(Baselines {
            quantiles: [(Measure::ScaleDifferenceKg, vec![(group.clone(), quantiles)])].into(),
            ..Baselines::default()
        });
        world.see(&scale(Discharged, 3, "crane", 20_000.0).status(EquipmentStatus::Import));
        world.see(&scale(GateOut, 4, "gate", 20_000.0 - kg).status(EquipmentStatus::Import));
        world.codes(BOX)
    };
    // Less than the plain limit of a quarter of a tonne, and than a hundredth of the weight.
    assert_eq!(lost(120.0, 190.0), ["MO-12e@1"]);
    assert_eq!(lost(120.0, 180.0), [""; 0]);
    assert_eq!(lost(280.0, 410.0), [""; 0]);
    assert_eq!(lost(280.0, 450.0), ["MO-12e@1"]);
    // Two and a half tonnes, as two scales see them.
    assert_eq!(lost(120.0, 2_560.0), ["MO-12e@1"]);
    assert_eq!(lost(120.0, 2_630.0), ["MO-12b@1"]);
}

#[test]
fn what_is_usual_narrows_the_tolerance_too() {
    let quantiles = Quantiles { count: 500, q99: 1.4, ..Quantiles::default() };
    let group = Group { trade: Some(EquipmentStatus::Import), ..Group::default() };
    let usual = Baselines {
        quantiles: [(Measure::WeightDifferencePercent, vec![(group, quantiles)])].into(),
        ..Baselines::default()
    };
    let weighed = |kg| scale(Discharged, 3, "crane", kg).status(EquipmentStatus::Import);
    let told = |baselines: &Baselines, declared, kg| {
        World::knowing(baselines.clone()).and([plan(declared), weighed(kg)]).codes(BOX)
    };
    assert_eq!(told(&usual, 25_000.0, 25_560.0), ["MO-12a@1"]);
    assert_eq!(told(&usual, 25_000.0, 25_510.0), [""; 0]);
    assert_eq!(told(&usual, 14_000.0, 14_310.0), ["MO-12a@1"]);
    assert_eq!(told(&usual, 8_000.0, 8_290.0), [""; 0], "a light container, and scales err");
    // Two scales that agree do not err.
    let at_the_gate = |kg| scale(GateOut, 4, "gate", kg).status(EquipmentStatus::Import);
    let by_two = |crane, gate| {
        let seen = [plan(25_000.0), weighed(crane), at_the_gate(gate)];
        World::knowing(usual.clone()).and(seen).codes(BOX)
    };
    assert_eq!(by_two(25_460.0, 25_500.0), ["MO-12a@1"]);
    assert_eq!(by_two(25_460.0, 25_410.0), [""; 0], "hardly more than usual");
    assert_eq!(by_two(25_470.0, 25_470.0), ["MO-12a@1", "MO-12c@1"], "one may have copied the other");
    assert_eq!(by_two(25_100.0, 25_500.0), [""; 0], "one of them errs");
    let unknown = Baselines::default();
    assert_eq!(told(&unknown, 25_000.0, 25_560.0), [""; 0], "three in a hundred, where nothing is known");
}
