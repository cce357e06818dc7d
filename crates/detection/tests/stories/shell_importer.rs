use quaywatch_detection::Rules;
use quaywatch_domain::EventKind::{CompanyRecorded, GateOut, ManifestLine};
use quaywatch_domain::event::{EquipmentStatus, Party, PartyRole};
use quaywatch_domain::{PortEvent, Severity, Timestamp};

use crate::common::{BOX, Says, World, at, event};

/// Bananas from Ecuador for a consignee.
fn line(container: &str, day: u32, consignee: &str) -> PortEvent {
    event(ManifestLine, container, at(day, "08:00")).consignee(consignee).goods("080390", "EC").route(
        "ECGYE",
        &[],
        "SIKOP",
    )
}

/// A world that has recorded everything for long enough to know a first time, where one trait beside it is enough.
fn after(events: impl IntoIterator<Item = PortEvent>) -> World {
    recorded("[shell_importer]\nmin_traits = 1\n").and(events)
}

fn recorded(more: &str) -> World {
    let rules = format!("[history]\nrecorded_since = \"2025-01-01T00:00:00Z\"\n{more}");
    World::with(Rules::parse(&rules).unwrap())
}

fn days_before(day: u32, days: i64) -> Timestamp {
    at(day, "08:00").plus_millis(-days * 86_400_000)
}

fn founded(days: i64) -> impl Fn(&mut Party) {
    move |party| party.registered_at = Some(days_before(10, days))
}

/// Codes of what the container was told, alert or not.
fn told(world: &World, container: &str) -> Vec<String> {
    let state = &world.states[&quaywatch_domain::Subject::container(container)];
    let standing = state.facts.iter().filter(|f| !f.retracted).filter_map(|f| f.indicator.as_ref());
    let mut codes: Vec<String> = standing.map(|i| i.code.clone()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn a_first_import_of_perishables_by_a_young_company_is_raised_and_names_its_traits() {
    let mut world = after([line(BOX, 10, "SI9").register(founded(40))]);
    assert_eq!(world.codes(BOX), ["MO-17a@1", "MO-17b@1", "MO-17h@1"]);
    assert_eq!(world.alert(BOX).severity, Severity::Medium);
    world.see(&line(BOX, 10, "SI9").register(founded(4000)).revision(2));
    assert_eq!(world.codes(BOX), [""; 0]);
}

#[test]
fn a_group_that_trades_under_a_new_company_is_no_shell() {
    let desk = |party: &mut Party| party.address = Some("Dunajska 5, Ljubljana".into());
    let group = (1..=3).map(|n| {
        line(&format!("MSKU123450{n}"), 2, &format!("SI{n}")).register(founded(4_000)).register(desk)
    });
    // The register dates its first officers by the day on which it was founded, or soon after.
    let new = |days| {
        let officers = move |party: &mut Party| party.officers_changed_at = Some(days_before(10, days));
        line(BOX, 10, "SI9").register(founded(60)).register(desk).register(officers)
    };
    for days in [60, 55] {
        let world = recorded("").and(group.clone()).and([new(days)]);
        assert_eq!(told(&world, BOX), ["MO-17a", "MO-17b"]);
        assert!(world.codes(BOX).is_empty(), "{:?}", world.codes(BOX));
    }
    // Sold when it was a month old: it was founded for that.
    let world = recorded("").and(group).and([new(20)]);
    assert_eq!(world.codes_of(BOX, "MO-17h"), ["MO-17h@1"]);
}

#[test]
fn an_importer_is_called_first_time_only_where_everything_is_recorded_since_long_enough() {
    let line = || [line(BOX, 10, "SI9").register(founded(40))];
    assert_eq!(
        after(line()).sentence(BOX, "MO-17h"),
        "Perishables from a watched origin for a first-time importer that looks like a shell."
    );
    let world = World::with(Rules::parse("[shell_importer]\nmin_traits = 1\n").unwrap()).and(line());
    assert_eq!(
        world.sentence(BOX, "MO-17h"),
        "Perishables from a watched origin, among the first on record for an importer that looks like a shell."
    );
}

#[test]
fn a_first_import_alone_an_old_company_other_goods_and_another_origin_are_no_alert() {
    let never = |events: Vec<PortEvent>| {
        let world = after(events);
        assert!(world.published.is_empty(), "{:#?}", world.published);
        told(&world, BOX)
    };
    assert_eq!(never(vec![line(BOX, 10, "SI9")]), ["MO-17a"]);
    assert_eq!(never(vec![line(BOX, 10, "SI9").register(founded(181))]), ["MO-17a"]);
    let steel =
        line(BOX, 10, "SI9").register(founded(40)).edit(|e| e.cargo[0].hs_code = Some("720851".into()));
    assert_eq!(never(vec![steel]), ["MO-17a", "MO-17b"]);
    let spain = event(ManifestLine, BOX, at(10, "08:00")).consignee("SI9").goods("080390", "ES");
    assert_eq!(never(vec![spain.register(founded(40))]), ["MO-17b"]);
}

#[test]
fn the_second_import_is_no_first_one() {
    let world = after([line("MSKU1234501", 1, "SI9"), line(BOX, 10, "SI9").register(founded(40))]);
    assert_eq!(told(&world, BOX), ["MO-17b"]);
}

#[test]
fn officers_changed_lately_and_a_register_extract_count() {
    let extract = event(CompanyRecorded, "", at(2, "08:00")).without_container().consignee("SI9");
    let changed = |days| extract.clone().register(|p| p.officers_changed_at = Some(days_before(10, days)));
    let world = after([changed(30), line(BOX, 10, "SI9")]);
    assert_eq!(world.codes(BOX), ["MO-17a@1", "MO-17c@1", "MO-17h@1"]);
    assert_eq!(world.alert(BOX).evidence.len(), 2);
    assert_eq!(told(&after([changed(91), line(BOX, 10, "SI9")]), BOX), ["MO-17a"]);
}

#[test]
fn capital_and_goods_that_do_not_fit_count_and_a_branching_out_of_a_fruit_trader_does_not() {
    let poor = |eur| line(BOX, 10, "SI9").register(move |p| p.capital_eur = Some(eur));
    assert_eq!(after([poor(1)]).codes(BOX), ["MO-17a@1", "MO-17d@1", "MO-17h@1"]);
    assert_eq!(told(&after([poor(5000)]), BOX), ["MO-17a"]);
    let textiles = |n: u32, hs: &str| {
        event(ManifestLine, &format!("MSKU123450{n}"), at(n, "08:00")).consignee("SI9").goods(hs, "CN")
    };
    let dealt_in =
        |hs: &str, containers| after((1..=containers).map(|n| textiles(n, hs)).chain([line(BOX, 10, "SI9")]));
    assert_eq!(told(&dealt_in("620342", 3), BOX), ["MO-17a", "MO-17d"]);
    assert_eq!(told(&dealt_in("620342", 2), BOX), ["MO-17a"]);
    assert_eq!(told(&dealt_in("080510", 3), BOX), ["MO-17a"]);
}

fn at_one_desk(n: u32, days: i64) -> PortEvent {
    line(&format!("MSKU123450{n}"), 10, &format!("SI{n}")).register(founded(days)).contact("ctc:1")
}

#[test]
fn young_companies_with_one_telephone_are_told_and_old_ones_or_two_are_not() {
    let world = after((1..=3).map(|n| at_one_desk(n, 40)));
    assert_eq!(told(&world, "MSKU1234501"), ["MO-17a", "MO-17b", "MO-17e"]);
    assert_eq!(world.codes("MSKU1234501").len(), 4);
    let address = |n| {
        at_one_desk(n, 40).register(|p| (p.contact, p.address) = (None, Some("Dunajska 5, Ljubljana".into())))
    };
    assert!(told(&after((1..=3).map(address)), "MSKU1234501").contains(&"MO-17e".to_owned()));
    for world in [
        after((1..=3).map(|n| at_one_desk(n, if n == 3 { 400 } else { 40 }))),
        after((1..=2).map(|n| at_one_desk(n, 40))),
    ] {
        assert!(!told(&world, "MSKU1234501").contains(&"MO-17e".to_owned()));
    }
}

/// Founded years ago, with other officers since so many days before.
fn from_the_shelf(n: u32, days: i64) -> PortEvent {
    at_one_desk(n, 1_500).register(|party| party.officers_changed_at = Some(days_before(10, days)))
}

#[test]
fn companies_from_the_shelf_at_one_desk_are_told_whatever_their_age_and_a_group_of_old_hands_is_not() {
    let world = recorded("").and((1..=3).map(|n| from_the_shelf(n, 40)));
    assert_eq!(told(&world, "MSKU1234501"), ["MO-17a", "MO-17c", "MO-17e"]);
    assert_eq!(world.codes_of("MSKU1234501", "MO-17h"), ["MO-17h@1"]);
    for world in [
        after((1..=3).map(|n| from_the_shelf(n, 400))),
        after((1..=3).map(|n| if n == 3 { from_the_shelf(n, 40) } else { at_one_desk(n, 1_500) })),
    ] {
        assert!(!told(&world, "MSKU1234501").contains(&"MO-17e".to_owned()));
    }
    // A register that says when its officers changed need not say when it was founded.
    let without_age = (1..=3).map(|n| from_the_shelf(n, 40).register(|party| party.registered_at = None));
    assert_eq!(told(&recorded("").and(without_age), "MSKU1234501"), ["MO-17a", "MO-17c", "MO-17e"]);
    // One founded lately and two bought lately are three.
    let mixed = (1..=3).map(|n| if n == 3 { at_one_desk(n, 40) } else { from_the_shelf(n, 40) });
    assert!(told(&after(mixed), "MSKU1234501").contains(&"MO-17e".to_owned()));
}

#[test]
fn a_desk_of_everybody_says_nothing() {
    let many = (10..60).map(|n| {
        line(&format!("MSKU12345{n}"), 10, &format!("SI{n}")).register(founded(40)).contact("ctc:1")
    });
    let world = after(many);
    assert!(!told(&world, "MSKU1234510").contains(&"MO-17e".to_owned()));
}

#[test]
fn a_test_shipment_before_the_volume_counts_and_a_steady_trade_does_not() {
    let volume =
        |first: u32, day: u32| (first..first + 4).map(move |n| line(&format!("MSKU123450{n}"), day, "SI9"));
    let tried = after([line(BOX, 1, "SI9")].into_iter().chain(volume(1, 20)));
    assert!(told(&tried, "MSKU1234501").contains(&"MO-17f".to_owned()));
    assert!(!told(&tried, BOX).contains(&"MO-17f".to_owned()));
    let soon = after([line(BOX, 11, "SI9")].into_iter().chain(volume(1, 20)));
    let few = after([line(BOX, 1, "SI9")].into_iter().chain(volume(1, 20).take(3)));
    let big = after(volume(5, 1).chain(volume(1, 20)));
    for world in [soon, few, big] {
        assert!(!told(&world, "MSKU1234501").contains(&"MO-17f".to_owned()));
    }
}

#[test]
fn a_haulier_that_took_exports_out_tried_nothing() {
    let out = |n: u32, day: u32| {
        event(GateOut, &format!("MSKU123450{n}"), at(day, "08:00"))
            .status(EquipmentStatus::Export)
            .haulier("333")
    };
    let world = after([out(5, 1)].into_iter().chain((1..5).map(|n| out(n, 20))));
    let told = told(&world, "MSKU1234501");
    assert!(!told.contains(&"MO-17f".to_owned()), "{told:?}");
}

#[test]
fn an_honest_company_that_was_just_founded_makes_no_alert() {
    let young = || line(BOX, 10, "SI9").register(founded(40));
    assert_eq!(recorded("").and([young()]).codes(BOX), [""; 0]);
    let two_traits = young().party(PartyRole::Forwarder, "EORI", "SI9").bill("B1");
    assert_eq!(recorded("").and([two_traits]).codes_of(BOX, "MO-17h"), ["MO-17h@1"]);
}

#[test]
fn a_young_company_that_tried_the_way_makes_an_alert() {
    let volume = (1..5).map(|n| {
        line(&format!("MSKU123450{n}"), 20, "SI9")
            .register(|party| party.registered_at = Some(days_before(1, 40)))
    });
    let world = recorded("").and([line(BOX, 1, "SI9")].into_iter().chain(volume));
    assert_eq!(world.codes_of("MSKU1234501", "MO-17f"), ["MO-17f@1"]);
    // An old company tries nothing: it starts anew, or was on holiday.
    let of_old = (1..5).map(|n| line(&format!("MSKU123450{n}"), 20, "SI9").register(founded(4_000)));
    let world = recorded("").and([line(BOX, 1, "SI9")].into_iter().chain(of_old));
    assert!(!told(&world, "MSKU1234501").contains(&"MO-17f".to_owned()));
    // One that was bought for it does, and one whose officers changed long before or only afterwards does not.
    let bought_from = |country: &str, days: i64| {
        let from = |container: &str, day: u32| {
            let goods = event(ManifestLine, container, at(day, "08:00")).goods("080390", country);
            goods.consignee("SI9").register(move |party| {
                party.registered_at = Some(days_before(1, 2_000));
                party.officers_changed_at = Some(days_before(1, days));
            })
        };
        let of_old = (1..5).map(|n| from(&format!("MSKU123450{n}"), 20));
        recorded("").and([from(BOX, 1)].into_iter().chain(of_old))
    };
    let bought = |days: i64| bought_from("EC", days);
    assert_eq!(bought(30).codes_of("MSKU1234501", "MO-17f"), ["MO-17f@1"]);
    for days in [120, -10] {
        assert!(!told(&bought(days), "MSKU1234501").contains(&"MO-17f".to_owned()), "{days}");
    }
    // New officers after a holiday, and goods that nobody hides drugs in.
    let world = bought_from("ES", 30);
    assert!(!told(&world, "MSKU1234501").contains(&"MO-17f".to_owned()));
}

#[test]
fn a_forwarder_as_only_consignee_counts_and_a_consolidator_does_not() {
    let own = || line(BOX, 10, "SI9").party(PartyRole::Forwarder, "EORI", "SI9").bill("B1");
    assert_eq!(after([own()]).codes(BOX), ["MO-17a@1", "MO-17g@1", "MO-17h@1"]);
    let shadow = "[shell_importer]\nmin_traits = 1\n[shell_importer.g]\nshadow = true\n";
    assert_eq!(recorded(shadow).and([own()]).codes(BOX), [""; 0], "a trait in shadow grounds nothing shown");
    let for_another = own().party(PartyRole::Notify, "EORI", "SI5");
    let groupage =
        [own(), line(BOX, 10, "SI9").party(PartyRole::Forwarder, "EORI", "SI9").bill("B2").id("second")];
    for story in [vec![for_another], groupage.to_vec()] {
        assert_eq!(after(story).codes(BOX), [""; 0]);
    }
}

#[test]
fn where_earlier_imports_may_have_gone_unrecorded_a_first_one_counts_only_beside_a_trait() {
    let young = World::with(Rules::parse("[shell_importer]\nmin_traits = 1\n").unwrap())
        .and([line(BOX, 10, "SI9").register(founded(40))]);
    assert_eq!(young.codes(BOX), ["MO-17b@1", "MO-17h@1"]);
    assert!(World::after([line(BOX, 10, "SI9")]).published.is_empty());
    let volume = (1..5).map(|n| line(&format!("MSKU123450{n}"), 20, "SI9"));
    let tried = World::after([line(BOX, 1, "SI9")].into_iter().chain(volume));
    assert!(!told(&tried, "MSKU1234501").contains(&"MO-17f".to_owned()));
    let wrong = Rules::parse("[history]\nrecorded_since = \"last summer\"\n").unwrap_err();
    assert!(wrong.to_string().contains("last summer"), "{wrong}");
}
