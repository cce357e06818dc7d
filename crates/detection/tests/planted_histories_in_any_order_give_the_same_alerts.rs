//! Goal: detection is a function of the set of facts, also for vessel calls, parties, users and drivers.
//!
//! Method: a port in which every rule from MO-15 to MO-25 and every combination has something to say, and others that
//! other timelines tell or a silence raises. Each of its events may be taken back, corrected to another time, or told
//! twice. One world hears of them as they come in, the clock going on; another hears of them shuffled, at the end. What
//! stands in both must be the same, in everything but revision, RAISED or UPDATED, and the time of writing.

#![expect(clippy::unwrap_used, reason = "the rule file of the test is valid")]

#[cfg(test)]
#[expect(dead_code, reason = "each test file uses its part")]
mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{Says, World, at, event, facts_of};
use proptest::prelude::*;
use quaywatch_detection::Rules;
use quaywatch_domain::event::{EquipmentStatus, Laden, Party, PartyRole, Reefer, Stored, WeightKind};
use quaywatch_domain::{Alert, EventKind as K, Fact, PortEvent, Sha256};

const RULES: &str = r#"
[alert]
further_low_percent = 100
[history]
recorded_since = "2025-01-01T00:00:00Z"
[people]
enabled = true
[look_ups]
honeytokens = ["HONY1234567"]
[message_spoofing]
announced_terminals = ["STRIK"]
released_terminals = ["STRIK"]
counted_messages = 8
[message_spoofing.a]
severity = "MEDIUM"
[message_spoofing.h]
severity = "MEDIUM"
[unordered_move]
moves_least = 16
unordered_least = 4
[look_ups.h]
severity = "MEDIUM"
[reefer_anomaly.c]
severity = "MEDIUM"
[shell_importer]
min_traits = 1
"#;

fn on(kind: K, container: &str, day: u32, time: &str) -> PortEvent {
    event(kind, container, at(day, time))
}

fn viewed(container: &str, day: u32, time: &str, organisation: &str) -> PortEvent {
    on(K::RecordViewed, container, day, time)
        .user("usr:1", organisation)
        .id(&format!("v/{container}/{day}/{time}"))
}

fn customs() -> Vec<PortEvent> {
    vec![
        on(K::Discharged, "SCAN1234567", 1, "20:00"),
        on(K::CustomsSelectedForScan, "SCAN1234567", 2, "00:30"),
        on(K::CustomsScanned, "SCAN1234567", 2, "01:00"),
        on(K::DoorOpened, "SCAN1234567", 2, "03:00"),
        on(K::PickupAnnounced, "SCAN1234567", 2, "04:00").planned().received(at(2, "00:45")),
        on(K::ManifestLine, "CANC1234567", 1, "08:00").carrier("MSC"),
        on(K::CustomsSelectedForScan, "CANC1234567", 2, "08:00"),
        viewed("CANC1234567", 2, "08:50", "ACME"),
        on(K::CustomsSelectionCancelled, "CANC1234567", 2, "09:00").user("usr:2", "X").role("TERMINAL"),
        on(K::CustomsHeld, "HELD1234567", 2, "08:00").office("SI006032"),
        on(K::CustomsReleased, "HELD1234567", 2, "12:00").office("HR030287"),
        on(K::GateOut, "HELD1234567", 2, "13:00"),
        on(K::CustomsHeld, "HELD1234567", 2, "15:00").office("SI006032"),
        on(K::CustomsScanned, "NITE1234567", 2, "01:00"),
        on(K::PickupAnnounced, "NITE1234567", 2, "04:30").planned().received(at(2, "02:00")),
        on(K::CustomsReleased, "NITE1234567", 2, "08:00"),
        on(K::CustomsHeld, "GONE1234567", 2, "08:00"),
        on(K::GateOut, "GONE1234567", 2, "13:00"),
    ]
}

fn users() -> Vec<PortEvent> {
    let mut events = vec![
        on(K::ManifestLine, "LOOK1234567", 1, "08:00").carrier("MSC"),
        on(K::Discharged, "LOOK1234567", 5, "00:00"),
        viewed("HONY1234567", 3, "08:00", "ACME"),
        on(K::RecordExported, "", 4, "20:00").without_container().user("usr:1", "ACME").edit(|e| {
            e.actor.get_or_insert_default().action = Some("YARD_MAP".into());
        }),
    ];
    for (n, organisation) in ["ACME", "BETA", "GAMMA", "ACME", "BETA"].iter().enumerate() {
        events.push(viewed("LOOK1234567", 4, &format!("1{n}:00"), organisation));
    }
    for (n, device) in ["cli:1", "cli:2", "cli:1"].iter().enumerate() {
        let terminal = if *device == "cli:1" { "TRSTE" } else { "ITVCE" };
        events.push(viewed("LOOK1234567", 4, &format!("20:0{n}"), "ACME").terminal(terminal).edit(|e| {
            e.actor.get_or_insert_default().client = Some((*device).into());
        }));
    }
    events.push(on(K::Discharged, "PLAN1234567", 6, "00:00").planned().received(at(4, "00:00")));
    for n in 0..5 {
        events.push(viewed("PLAN1234567", 5, &format!("1{n}:00"), ""));
    }
    events.push(on(K::Discharged, "ROWS0000005", 6, "01:00"));
    for n in 0..20 {
        let at = at(6, "03:00").plus_millis(n * 10_000);
        events.push(event(K::RecordViewed, &format!("ROWS00000{n:02}"), at).user("usr:3", "ACME"));
    }
    events
}

fn line(container: &str, day: u32, consignee: &str) -> PortEvent {
    on(K::ManifestLine, container, day, "08:00").consignee(consignee)
}

fn founded(days: i64) -> impl Fn(&mut Party) {
    move |party| party.registered_at = Some(at(10, "08:00").plus_millis(-days * 86_400_000))
}

fn importers() -> Vec<PortEvent> {
    let bananas = |e: PortEvent| e.goods("080390", "EC").route("ECGYE", &[], "SIKOP");
    let of = |n: u32, day, forwarder: &str, contact: &str| {
        line(&format!("KNOW123450{n}"), day, "SI1").contact(contact).party(
            PartyRole::Forwarder,
            "EAN",
            forwarder,
        )
    };
    let mut events: Vec<PortEvent> = (1..=4).map(|n| of(n, n, "F1", "ctc:1").delivery("SILJU")).collect();
    events.push(of(9, 12, "F9", "ctc:9").delivery("SILJU"));
    events.push(on(K::ManifestLine, "KNOW1234509", 13, "08:00").delivery("SIMBX").id("moved"));
    events.push(on(K::GateOut, "KNOW1234509", 14, "10:00"));
    for n in 1..=3 {
        let young = bananas(line(&format!("SHEL123450{n}"), 10, &format!("SI10{n}")));
        events.push(young.register(founded(40)).contact("ctc:5").register(|p| p.capital_eur = Some(1)));
    }
    events.push(
        line("SHEL1234501", 10, "SI101")
            .id("officers")
            .register(|p| p.officers_changed_at = Some(at(1, "08:00"))),
    );
    events.push(bananas(line("TEST1234509", 1, "SI200")));
    events.extend((1..=4).map(|n| {
        bananas(line(&format!("TEST123450{n}"), 20, "SI200")).register(|p| p.capital_eur = Some(1))
    }));
    events.push(
        bananas(line("FORW1234501", 10, "SI300")).party(PartyRole::Forwarder, "EORI", "SI300").bill("B7"),
    );
    events
}

fn reading(day: u32, time: &str, return_c: f64) -> PortEvent {
    on(K::ReeferReading, "REEF1234567", day, time).iso_type("45R1").edit(|e| {
        let reefer = Reefer {
            setpoint_c: Some(4.0),
            return_c: Some(return_c),
            powered: Some(true),
            ..Reefer::default()
        };
        e.reefer = Some(Box::new(reefer));
    })
}

fn reefers() -> Vec<PortEvent> {
    let reefer = |kind, day, time| on(kind, "REEF1234567", day, time).iso_type("45R1");
    let depot = |kind, day, time| {
        on(kind, "EMPT1234567", day, time).iso_type("45R1").laden(Laden::Empty).terminal("DEPOT1")
    };
    let mut events = vec![
        reefer(K::ManifestLine, 1, "08:00").goods("080390", "EC"),
        reefer(K::PowerOff, 2, "02:00"),
        reading(3, "03:00", 14.0),
        reading(3, "03:25", 18.0),
        viewed("REEF1234567", 3, "02:40", "ACME"),
        on(K::ManifestLine, "NORR1234567", 1, "08:00").iso_type("45R1").goods("690721", "BR"),
        depot(K::ManifestLine, 1, "08:00").laden(Laden::Laden).route("ECGYE", &[], "SIKOP").terminal("LUKKP"),
        depot(K::GateOut, 5, "08:00").laden(Laden::Laden).terminal("LUKKP"),
        on(K::Stripped, "EMPT1234567", 8, "08:00"),
        depot(K::GateIn, 10, "08:00").tare(4650.0),
        depot(K::IntrusionReported, 12, "02:00"),
        depot(K::WorkOrdered, 11, "10:00").order("W1"),
        depot(K::YardMove, 11, "10:10").order("W1").slot("A-01-1-1"),
        depot(K::YardMove, 12, "02:10").slot("B-01-1-1"),
        depot(K::Weighed, 12, "10:00").weight(WeightKind::Scale, 4717.0),
        viewed("EMPT1234567", 12, "23:00", "ACME"),
        depot(K::ReleaseOrder, 13, "10:00").planned(),
    ];
    events.extend(["05:00", "06:00", "07:00"].map(|time| reefer(K::ReeferAlarmReset, 3, time)));
    events
}

fn calls() -> Vec<PortEvent> {
    let listed = |c: &str| on(K::ManifestLine, c, 1, "08:00").call("CALL1").route("ESALG", &[], "SIKOP");
    let discharged = |c: &str| on(K::Discharged, c, 2, "08:00").call("CALL1").port("SIKOP");
    let restow = |c: &str, port: &str| on(K::Restowed, c, 2, "08:00").port(port).cell("0240382").call(port);
    let mut events: Vec<PortEvent> =
        (1..=12).map(|n| format!("MSKU12345{n:02}")).flat_map(|c| [listed(&c), discharged(&c)]).collect();
    events.extend([
        discharged("GHOS1234567"),
        listed("SHOR1234567"),
        on(K::GateOut, "SHOR1234567", 3, "10:00"),
        on(K::VesselDeparted, "", 2, "20:00").without_container().call("CALL1"),
        on(K::GateIn, "CAME1234567", 1, "08:00").terminal("LUKKP"),
        on(K::GateOut, "CAME1234567", 1, "12:00").terminal("LUKKP"),
        on(K::GateOut, "CAME1234567", 14, "12:00").terminal("LUKKP"),
        on(K::ManifestLine, "TWOX1234567", 1, "08:00").iso_type("22G1").message("M1").id("twice/1"),
        on(K::ManifestLine, "TWOX1234567", 1, "09:00").iso_type("45R1").message("M1").id("twice/2"),
        on(K::Discharged, "TRAN1234567", 2, "08:00").port("DOCAU").status(EquipmentStatus::Transshipment),
        restow("REST1234567", "ECGYE"),
        restow("SHIF1234567", "ESALG"),
        restow("SHIF1234567", "MAPTM").id("shifted again"),
        on(K::ManifestLine, "ODDX1234567", 1, "08:00").iso_type("22G1").message("M2").id("odd/2"),
        on(K::ManifestLine, "ODDX1234567", 1, "09:00").iso_type("45R1").message("M2").id("odd/3"),
    ]);
    events
}

fn messages() -> Vec<PortEvent> {
    let release = |container: &str, day, user: &str, sender: &str| {
        on(K::ReleaseIssued, container, day, "09:00")
            .party(PartyRole::ReleaseFrom, "SMDG", "MSC")
            .user(user, "MSC")
            .edit(|e| e.source.sender = Some(sender.into()))
    };
    let numbered = |day, bytes: &'static [u8]| {
        on(K::YardMove, "REFS1234567", day, "09:00").message("REF1").edit(|e| {
            e.source.format = "EDIFACT-CODECO-D95B".into();
            e.source.stored = Arc::new(Stored { sha256: Sha256::of(bytes), ..Stored::default() });
        })
    };
    let mut events: Vec<PortEvent> =
        (1..=8).map(|n| release(&format!("ISSU123450{n}"), n, "usr:7", "MSCEDI")).collect();
    events.extend([
        release("ISSU1234509", 12, "usr:8", "EVIL"),
        numbered(2, b"a"),
        numbered(3, b"b"),
        on(K::ReleaseIssued, "FUTU1234567", 2, "09:00").edit(|e| e.created_at = Some(at(2, "12:00"))),
        on(K::GateOut, "STRI1234567", 2, "14:00").terminal("STRIK"),
    ]);
    // A sender that counts its messages, one of which never came.
    events.extend((1..=12).filter(|n| *n != 10).map(|n| {
        on(K::PickupAnnounced, &format!("COPI12345{n:02}"), 2, &format!("06:{n:02}")).edit(|e| {
            e.source.format = "EDIFACT-COPINO-D95B".into();
            e.source.sender = Some("HAULIER1".into());
            e.source.message_id = Some(format!("HX{n:06}/1").into());
        })
    }));
    events
}

/// Two signs that say more together, for each combination.
fn combinations() -> Vec<PortEvent> {
    let full = |kind, container: &str, day, time| {
        on(kind, container, day, time).laden(Laden::Laden).terminal("LUKKP")
    };
    let moved = |time, slot| full(K::YardMove, "SWIT1234567", 3, time).slot(slot);
    let looked = |time| viewed("HELP1234567", 3, time, "ACME");
    let weighed = |e: PortEvent, feed, kg| e.feed(feed).weight(WeightKind::Scale, kg);
    vec![
        full(K::Discharged, "SWIT1234567", 2, "08:00"),
        moved("00:30", "A-01-1-1").order("W1"),
        moved("02:00", "C-21-1-1"),
        full(K::DoorOpened, "SWIT1234567", 3, "03:00"),
        full(K::Discharged, "HELP1234567", 2, "08:00").carrier("MSC"),
        on(K::ReleaseIssued, "HELP1234567", 2, "09:00").release("R1").to("111"),
        looked("01:00"),
        looked("02:00"),
        looked("03:00"),
        full(K::PickupAnnounced, "HELP1234567", 3, "10:00").haulier("222").truck("T2"),
        weighed(full(K::Discharged, "RIPO1234567", 2, "08:00"), "crane", 20_040.0),
        full(K::DoorOpened, "RIPO1234567", 3, "12:00"),
        weighed(full(K::GateOut, "RIPO1234567", 4, "08:00"), "gate", 19_300.0),
        on(K::GateIn, "TROU1234567", 3, "02:00")
            .terminal("LUKKP")
            .driver("bdg:8")
            .laden(Laden::Empty)
            .tare(3_700.0)
            .weight(WeightKind::Scale, 4_400.0),
        on(K::GateOut, "TROU1234568", 3, "02:08").terminal("TRSTE").driver("bdg:8"),
    ]
}

/// A driver in the yard, of whose moves many bear no order.
fn moves() -> Vec<PortEvent> {
    let moved = |n: u32| {
        let moved = on(K::YardMove, &format!("MOVE12345{n:02}"), 2, &format!("{n:02}:00")).driver("bdg:9");
        if n < 7 { moved } else { moved.order("W1") }
    };
    (0..20).map(moved).collect()
}

fn drivers() -> Vec<PortEvent> {
    let passage = |kind, container: &str, day, time, driver: &str| {
        on(kind, container, day, time).terminal("LUKKP").driver(driver)
    };
    let mut events = vec![
        passage(K::GateOut, "DRIV1234501", 2, "08:00", "bdg:1"),
        passage(K::GateOut, "DRIV1234502", 2, "08:05", "bdg:1").terminal("TRSTE"),
        on(K::PickupAnnounced, "DRIV1234503", 2, "08:00").haulier("111").truck("T1"),
        on(K::PickupAccepted, "DRIV1234503", 2, "09:00").haulier("111").driver("bdg:3"),
        passage(K::GateOut, "DRIV1234503", 2, "14:00", "bdg:4").haulier("111").truck("T2"),
        on(K::PassIssued, "", 2, "01:10").without_container().driver("bdg:5"),
        passage(K::GateOut, "DRIV1234504", 2, "02:00", "bdg:5"),
        on(K::ManifestLine, "DRIV1234504", 1, "08:00").route("ECGYE", &[], "SIKOP"),
        passage(K::GateIn, "DRIV1234505", 5, "02:00", "bdg:6"),
        passage(K::GateOut, "DRIV1234506", 20, "10:00", "bdg:7").haulier("222"),
    ];
    for day in 1..=3 {
        events.push(passage(K::GateIn, &format!("DRIV12346{day:02}"), day, "08:00", "bdg:6"));
        events.push(
            passage(K::GateOut, "", day, "09:00", "bdg:6").without_container().id(&format!("leaves/{day}")),
        );
    }
    events.extend(
        (1..=11).map(|day| {
            passage(K::GateOut, &format!("DRIV12347{day:02}"), day, "10:00", "bdg:7").haulier("111")
        }),
    );
    events
}

/// Who comes for a container and stays; a haulier that takes exports out, once under a release.
fn trucks() -> Vec<PortEvent> {
    let alone = |kind, day, time: &str| {
        on(kind, "", day, time)
            .terminal("LUKKP")
            .driver("bdg:8")
            .without_container()
            .id(&format!("8/{day}/{time}"))
    };
    let mut events =
        vec![on(K::PickupAnnounced, "DRIV1234508", 5, "01:00").driver("bdg:8"), alone(K::GateIn, 5, "02:00")];
    for day in 1..=3 {
        events.push(alone(K::GateIn, day, "08:00"));
        events.push(
            on(K::GateOut, &format!("DRIV12348{day:02}"), day, "09:00").terminal("LUKKP").driver("bdg:8"),
        );
    }
    for (n, container) in ["EXPO1234501", "EXPO1234502", "EXPO1234503"].into_iter().enumerate() {
        let day = 2 + 4 * u32::try_from(n).unwrap();
        let export =
            |kind, day, time| on(kind, container, day, time).status(EquipmentStatus::Export).haulier("H1");
        events.extend([
            export(K::GateIn, day, "08:00").booking(container),
            on(K::BookingCancelled, container, day, "12:00").booking(container),
            export(K::GateOut, day + 2, "20:00"),
        ]);
        if n == 1 {
            events.push(export(K::ReleaseOrder, day + 1, "08:00"));
        }
    }
    events
}

fn port() -> Vec<PortEvent> {
    let first = [customs(), users(), importers(), reefers(), calls()].concat();
    [first, messages(), drivers(), trucks(), moves(), combinations()].concat()
}

/// What may become of an event: nothing, taken back, corrected to another time.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Stands,
    TakenBack,
    Corrected(i64),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        8 => Just(Fate::Stands),
        1 => Just(Fate::TakenBack),
        1 => (-300..300i64).prop_map(Fate::Corrected),
    ]
}

/// Every version of every event, in order of receipt.
fn told(events: &[PortEvent], fates: &[Fate]) -> Vec<PortEvent> {
    let mut all = events.to_vec();
    for (event, fate) in events.iter().zip(fates) {
        let later = event.received_at.plus_millis(7 * 3_600_000);
        let next = event.clone().revision(2).received(later);
        all.extend(match fate {
            Fate::Stands => None,
            Fate::TakenBack => Some(next.retracted()),
            Fate::Corrected(minutes) => {
                Some(next.edit(|e| e.occurred_at = e.occurred_at.plus_millis(minutes * 60_000)))
            }
        });
    }
    all.sort_by_key(|e| (e.received_at, e.event_id.clone(), e.revision));
    all
}

fn world() -> World {
    World::with(Rules::parse(RULES).unwrap())
}

/// What stands at the end of the month, without what may differ.
fn standing(mut world: World) -> BTreeMap<String, Alert> {
    world.wait_until(at(31, "23:00"));
    world.standing()
}

fn shuffled(events: &[PortEvent], order: &[u32]) -> Vec<Fact> {
    let facts: Vec<Fact> = events.iter().flat_map(facts_of).collect();
    let twice: Vec<Fact> = facts.iter().step_by(5).cloned().collect();
    let keys = order.iter().copied().cycle();
    let mut keyed: Vec<(u32, usize, Fact)> =
        facts.into_iter().chain(twice).zip(keys).enumerate().map(|(n, (fact, key))| (key, n, fact)).collect();
    keyed.sort_by_key(|(key, n, _)| (*key, *n));
    keyed.into_iter().map(|(_, _, fact)| fact).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn planted_histories_in_any_order_give_the_same_alerts(
        fates in prop::collection::vec(fate(), 320), order in prop::collection::vec(any::<u32>(), 1_009),
    ) {
        let events = told(&port(), &fates);
        let one = standing(world().and(events.iter().cloned()));
        let mut late = world();
        late.now = at(31, "00:00");
        for fact in shuffled(&events, &order) {
            late.put(fact);
        }
        let other = standing(late);
        prop_assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        for (key, alert) in &one {
            prop_assert_eq!(Some(alert), other.get(key));
        }
    }
}

/// The port must reach what the property is about.
#[test]
fn every_rule_has_something_to_say() {
    let events = port();
    assert!(events.len() <= 320, "{} events need as many fates", events.len());
    let alerts = standing(world().and(told(&events, &[])));
    let mut codes: Vec<String> =
        alerts.values().flat_map(|a| a.indicators.iter().map(|i| i.code.clone())).collect();
    codes.sort_unstable();
    codes.dedup();
    for (rule, letters) in [
        ("MO-09", "bc"),
        ("MO-10", "c"),
        ("MO-13", "f"),
        ("MO-15", "abcd"),
        ("MO-16", "abcdefgh"),
        ("MO-17", "abcdefgh"),
        ("MO-18", "ab"),
        ("MO-19", "abcdef"),
        ("MO-20", "abcde"),
        ("MO-21", "abcde"),
        ("MO-22", "ab"),
        ("MO-23", "abcdefgh"),
        ("MO-24", "abcdef"),
        ("MO-25", "abcd"),
    ] {
        for letter in letters.chars() {
            let code = format!("{rule}{letter}");
            assert!(codes.contains(&code), "no {code} among {codes:?}");
        }
    }
    for code in ["COMBO-switch", "COMBO-inside-help", "COMBO-rip-off", "COMBO-trojan"] {
        assert!(codes.iter().any(|known| known == code), "no {code} among {codes:?}");
    }
}
