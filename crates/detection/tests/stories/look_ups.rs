use quaywatch_detection::Rules;
use quaywatch_domain::EventKind::{
    CustomsHeld, CustomsReleased, CustomsSelectedForScan, CustomsSelectionCancelled, Discharged, GateOut,
    ManifestLine, RecordExported, RecordListed, RecordViewed, ReeferReading, SealAffixed,
};
use quaywatch_domain::event::{Condition, SealSource};
use quaywatch_domain::handling::Tlp;
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::watchlist::EntryAction;
use quaywatch_domain::{PortEvent, Severity, Timestamp};

use crate::common::{BOX, Says, World, at, event, hit};

/// The container's carrier is MSC, its terminal LUKKP.
fn known() -> PortEvent {
    event(ManifestLine, BOX, at(1, "08:00")).carrier("MSC").terminal("LUKKP")
}

fn viewed(container: &str, at: Timestamp, user: &str, organisation: &str) -> PortEvent {
    event(RecordViewed, container, at)
        .user(user, organisation)
        .id(&format!("view/{container}/{user}/{}", at.as_millis()))
}

fn by(user: &str, organisation: &str, time: &str) -> PortEvent {
    viewed(BOX, at(2, time), user, organisation)
}

fn codes(events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    World::with_people().and([known()]).and(events).codes(BOX)
}

#[test]
fn look_ups_without_business_are_told_to_the_restricted_audience_and_name_nobody() {
    let story = || ["08:00", "12:00", "20:00"].map(|time| by("usr:1", "ACME", time));
    let mut world = World::with_people().and([known()]).and(story());
    assert_eq!(world.codes(BOX), ["MO-16a@1"]);
    let alert = world.alert(BOX);
    let indicator = &alert.indicators[0];
    assert!(indicator.discreet && indicator.handling.tlp == Tlp::Red && alert.handling.tlp == Tlp::Red);
    assert_eq!(indicator.evidence.len(), 3);
    assert!(!alert.title.contains("usr:1") && !alert.title.contains("ACME"));
    world.see(&by("usr:1", "ACME", "12:00").revision(2).retracted());
    assert_eq!(world.codes(BOX), [""; 0]);
    assert!(World::after([known()]).and(story()).published.is_empty());
}

#[test]
fn business_desks_programs_customs_tickets_and_two_errors_are_silent() {
    let three = |edit: fn(PortEvent) -> PortEvent| {
        codes(["08:00", "12:00", "20:00"].map(|time| edit(by("usr:1", "ACME", time))))
    };
    assert_eq!(three(|e| e.user("usr:1", "MSC")), [""; 0]);
    assert_eq!(three(|e| e.user("usr:1", "LUKKP")), [""; 0]);
    assert_eq!(three(|e| e.role("customer_service")), [""; 0]);
    assert_eq!(three(|e| e.role("TRACK_AND_TRACE")), [""; 0]);
    assert_eq!(three(|e| e.role("CUSTOMS")), [""; 0]);
    assert_eq!(three(|e| e.order("TICKET7")), [""; 0]);
    assert_eq!(three(|e| e.edit(|e| e.actor.as_mut().unwrap().organisation = None)), [""; 0]);
    assert_eq!(codes(["08:00", "12:00"].map(|time| by("usr:1", "ACME", time))), [""; 0]);
}

#[test]
fn one_look_up_of_an_alerted_container_is_high_and_as_secret_as_the_alert() {
    let broken = event(SealAffixed, BOX, at(1, "10:00"))
        .seal("ML1234567", SealSource::Carrier)
        .edit(|e| e.seals[0].condition = Some(Condition::Broken));
    let world = World::with_people().and([known(), broken, by("usr:1", "ACME", "08:00")]);
    assert!(world.codes(BOX).contains(&"MO-16a@1".to_owned()));
    let mut world = World::with_people().and([known(), by("usr:1", "ACME", "08:00")]);
    assert_eq!(world.codes(BOX), [""; 0]);
    world.put(hit(&known(), "CONTAINER", BOX, EntryAction::Discreet, Severity::High));
    assert_eq!(world.codes(BOX), ["MO-16a@1", "WL-identifier@1"]);
    let looked = world.alert(BOX).indicators.iter().find(|i| i.rule == "MO-16").unwrap();
    assert_eq!(looked.severity, Severity::High);
    assert!(!looked.sentence.contains("watchlist"));
}

#[test]
fn what_stands_by_a_later_rule_makes_an_alerted_container_too() {
    let story = |reaches: &str| {
        let rules = format!("[people]\nenabled = true\n{reaches}");
        let mut world = World::with(Rules::parse(&rules).unwrap()).and([
            known(),
            by("usr:1", "ACME", "07:00"),
            event(CustomsHeld, BOX, at(2, "08:00")),
            event(GateOut, BOX, at(2, "14:00")).terminal("LUKKP"),
        ]);
        world.wait_until(at(3, "00:00"));
        world
    };
    let world = story("");
    assert_eq!(world.codes(BOX), ["MO-16a@1", "MO-25a@1"]);
    let looked = world.alert(BOX).indicators.iter().find(|i| i.rule == "MO-16").unwrap();
    assert_eq!(looked.severity, Severity::High);
    // Not by what only counts in shadow, nor by what holds no longer.
    assert_eq!(story("[gate_out_under_hold.a]\nshadow = true\n").codes(BOX), [""; 0]);
    let mut world = story("");
    world.see(&event(CustomsReleased, BOX, at(2, "13:00")).received(at(3, "08:00")));
    assert_eq!(world.codes(BOX), [""; 0]);
}

#[test]
fn a_look_up_is_no_ground_for_itself() {
    let selected = event(CustomsSelectedForScan, BOX, at(2, "06:00"));
    let cancelled = event(CustomsSelectionCancelled, BOX, at(2, "08:20"));
    assert_eq!(codes([selected, by("usr:1", "ACME", "08:00"), cancelled]), ["MO-15a@1", "MO-25c@1"]);
}

#[test]
fn a_container_viewed_again_and_again_before_its_discharge_is_raised() {
    let views = |days: [u32; 5]| {
        days.map(|day| viewed(BOX, at(day, &format!("1{}:00", day % 10)), &format!("usr:{day}"), "?"))
    };
    let story = |events: [PortEvent; 5]| {
        let unknown = events.map(|e| e.edit(|e| e.actor.as_mut().unwrap().organisation = None));
        let mut n = 0;
        codes(
            unknown
                .map(|e| {
                    n += 1;
                    e.id(&format!("v{n}"))
                })
                .into_iter()
                .chain([event(Discharged, BOX, at(5, "00:00"))]),
        )
    };
    assert_eq!(story(views([3, 3, 4, 4, 4])), ["MO-16b@1"]);
    assert_eq!(story(views([2, 3, 4, 4, 4])), [""; 0]);
    assert_eq!(story(views([3, 3, 4, 4, 6])), [""; 0]);
}

#[test]
fn a_container_viewed_again_and_again_is_raised_before_it_is_discharged_where_its_plan_is_known() {
    let views = |day: u32| {
        (0..5).map(move |n| {
            viewed(BOX, at(day, &format!("1{n}:00")), "usr:1", "?")
                .edit(|e| e.actor.as_mut().unwrap().organisation = None)
        })
    };
    let planned = |day: u32, said: &str| {
        let plan = event(Discharged, BOX, at(day, "00:00")).planned().received(at(2, said));
        plan.id(&format!("plan/{said}"))
    };
    let story = |events: Vec<PortEvent>| World::with_people().and([known()]).and(events);
    let mut world = story([planned(5, "08:00")].into_iter().chain(views(4)).collect());
    assert_eq!(world.codes(BOX), ["MO-16b@1"]);
    assert_eq!(world.sentence(BOX, "MO-16b"), "Looked up 5 times in the 48 h before its planned discharge.");
    world.see(&event(Discharged, BOX, at(5, "02:00")));
    assert_eq!(world.sentence(BOX, "MO-16b"), "Looked up 5 times in the 48 h before its discharge.");
    // Long before it comes; when it is late at last; and where nobody knows when it comes.
    assert_eq!(story([planned(9, "08:00")].into_iter().chain(views(4)).collect()).codes(BOX), [""; 0]);
    let late = [planned(5, "08:00"), planned(9, "09:00")].into_iter().chain(views(4)).collect();
    assert_eq!(story(late).codes(BOX), [""; 0]);
    assert_eq!(story(views(4).collect()).codes(BOX), [""; 0]);
}

#[test]
fn hundreds_of_readings_push_no_look_up_out_of_memory() {
    let views = (0..5).map(|n| viewed(BOX, at(4, &format!("1{n}:00")), "usr:1", "ACME").id(&format!("v{n}")));
    let reading = |n: i64| {
        event(ReeferReading, BOX, at(6, "00:00").plus_millis(n * 1_800_000)).id(&format!("reading{n}"))
    };
    let told = [known()].into_iter().chain(views).chain([event(Discharged, BOX, at(5, "00:00"))]);
    let world = World::with_people().and(told.chain((0..300).map(reading)));
    assert!(world.codes(BOX).contains(&"MO-16b@1".to_owned()), "{:?}", world.codes(BOX));
}

#[test]
fn three_organisations_without_business_within_a_day_are_raised() {
    let story = |organisations: [&str; 3]| {
        codes(
            organisations
                .iter()
                .zip(["08:00", "12:00", "20:00"])
                .map(|(o, time)| by("usr:1", o, time))
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(story(["ACME", "BETA", "GAMMA"]), ["MO-16a@1", "MO-16c@1"]);
    assert_eq!(story(["ACME", "BETA", "BETA"]), ["MO-16a@1"]);
    assert_eq!(story(["ACME", "BETA", "MSC"]), [""; 0]);
}

/// Fifty look-ups from one device, by day, over three weeks: the habits of a user of ACME.
fn habits(count: u32) -> Vec<PortEvent> {
    (0..count)
        .map(|n| {
            let container = format!("MSKU12345{n:02}");
            viewed(&container, at(1 + n * 20 / count, "09:30"), "usr:1", "ACME").edit(client("cli:1"))
        })
        .collect()
}

fn client(pseudonym: &str) -> impl Fn(&mut PortEvent) + use<> {
    let pseudonym = pseudonym.to_owned();
    move |e| e.actor.get_or_insert_default().client = Some(pseudonym.as_str().into())
}

fn odd(time: &str, device: &str, organisation: &str) -> PortEvent {
    viewed(BOX, at(25, time), "usr:1", organisation).edit(client(device))
}

#[test]
fn a_new_device_or_an_odd_hour_of_a_user_with_habits_is_raised() {
    assert_eq!(codes(habits(50).into_iter().chain([odd("09:40", "cli:9", "ACME")])), ["MO-16d@1"]);
    assert_eq!(codes(habits(50).into_iter().chain([odd("03:40", "cli:1", "ACME")])), ["MO-16d@1"]);
}

#[test]
fn business_short_habits_and_a_new_device_at_work_are_silent() {
    assert_eq!(codes(habits(50).into_iter().chain([odd("09:40", "cli:1", "ACME")])), [""; 0]);
    assert_eq!(codes(habits(50).into_iter().chain([odd("09:40", "cli:9", "MSC")])), [""; 0]);
    assert_eq!(codes(habits(40).into_iter().chain([odd("09:40", "cli:9", "ACME")])), [""; 0]);
    let work = (0..10)
        .map(|n| viewed(&format!("TGHU76543{n:02}"), at(25, "09:10"), "usr:1", "ACME").edit(client("cli:9")));
    assert_eq!(codes(habits(50).into_iter().chain(work).chain([odd("09:40", "cli:9", "ACME")])), [""; 0]);
}

#[test]
fn one_user_at_two_terminals_at_once_is_raised() {
    let there = |time: &str, device: &str, terminal: &str| {
        by("usr:1", "ACME", time).edit(client(device)).terminal(terminal)
    };
    let jump = |last: &str| {
        [there("08:00", "cli:1", "TRSTE"), there("08:05", "cli:2", "ITVCE"), there(last, "cli:1", "TRSTE")]
    };
    assert!(codes(jump("08:10")).contains(&"MO-16d@1".to_owned()));
    assert!(!codes(jump("08:20")).contains(&"MO-16d@1".to_owned()));
}

fn row(count: u32, seconds: i64, order: impl Fn(u32) -> u32) -> Vec<PortEvent> {
    (0..count)
        .map(|n| {
            let at = at(2, "03:00").plus_millis(i64::from(n) * seconds * 1000);
            viewed(&format!("CSQU30543{:02}", order(n)), at, "usr:1", "ACME")
        })
        .collect()
}

#[test]
fn number_after_number_is_raised_and_a_list_or_no_order_is_not() {
    let here = || event(Discharged, "CSQU3054305", at(2, "01:00"));
    let told = |events: Vec<PortEvent>| World::with_people().and([here()]).and(events).codes("CSQU3054305");
    assert_eq!(told(row(20, 10, |n| n)), ["MO-16e@1"]);
    assert_eq!(told(row(19, 10, |n| n)), [""; 0]);
    assert_eq!(told(row(20, 20, |n| n)), [""; 0]);
    assert_eq!(told(row(20, 10, |n| n * 7 % 20)), [""; 0]);
    let list = row(20, 10, |n| n).into_iter().map(|e| e.edit(|e| e.kind = RecordListed)).collect();
    assert_eq!(told(list), [""; 0]);
    let program = row(20, 10, |n| n).into_iter().map(|e| e.role("TRACK_AND_TRACE")).collect();
    assert_eq!(told(program), [""; 0]);
    // A number that only he asked for is no container here.
    let world = World::with_people().and([here()]).and(row(20, 10, |n| n));
    assert_eq!(world.codes("CSQU3054306"), [""; 0]);
}

#[test]
fn the_containers_of_a_user_who_takes_the_yard_map_are_raised() {
    let export = |what: &str, day| {
        event(RecordExported, "", at(day, "08:00")).without_container().user("usr:1", "LUKKP").edit(|e| {
            e.actor.as_mut().unwrap().action = Some(what.into());
        })
    };
    let world = World::with_people().and([known(), by("usr:1", "LUKKP", "20:00"), export("YARD_MAP", 3)]);
    assert_eq!(world.codes(BOX), ["MO-16f@1"]);
    let alert = world.alert(BOX);
    assert_eq!(alert.indicators[0].origin.as_ref().unwrap().kind, SubjectKind::Actor);
    assert_eq!((alert.handling.tlp, alert.evidence.len()), (Tlp::Red, 2));
    assert_eq!(codes([by("usr:1", "LUKKP", "20:00"), export("INVOICE", 3)]), [""; 0]);
    assert_eq!(codes([by("usr:1", "LUKKP", "20:00"), export("YARD_MAP", 4)]), [""; 0]);
    assert_eq!(codes([by("usr:2", "LUKKP", "20:00"), export("YARD_MAP", 3)]), [""; 0]);
}

#[test]
fn a_honeytoken_that_is_touched_is_raised() {
    let rules = format!("[people]\nenabled = true\n[look_ups]\nhoneytokens = [\"{BOX}\"]\n");
    let touched = |e: PortEvent| World::with(Rules::parse(&rules).unwrap()).and([e]).codes(BOX);
    assert_eq!(touched(by("usr:1", "ACME", "08:00")), ["MO-16g@1"]);
    assert_eq!(touched(by("usr:1", "ACME", "08:00").role("SYSTEM")), [""; 0]);
    assert_eq!(codes([by("usr:1", "ACME", "08:00")]), [""; 0]);
}

#[test]
fn a_look_up_right_after_customs_selected_it_counts_with_others() {
    let selected = || event(CustomsSelectedForScan, BOX, at(2, "08:00"));
    assert_eq!(codes([selected(), by("usr:1", "ACME", "08:59")]), [""; 0]);
    let codes = |events: [PortEvent; 2]| {
        let rules = "[people]\nenabled = true\n[look_ups.h]\nseverity = \"MEDIUM\"\n";
        World::with(quaywatch_detection::Rules::parse(rules).unwrap()).and([known()]).and(events).codes(BOX)
    };
    assert_eq!(codes([selected(), by("usr:1", "ACME", "08:59")]), ["MO-16h@1"]);
    assert_eq!(codes([selected(), by("usr:1", "ACME", "09:01")]), [""; 0]);
    assert_eq!(codes([selected(), by("usr:1", "ACME", "07:59")]), [""; 0]);
    assert_eq!(codes([selected(), by("usr:1", "LUKKP", "08:30")]), [""; 0]);
    assert_eq!(codes([selected(), by("usr:1", "ACME", "08:30").role("CUSTOMS")]), [""; 0]);
}
