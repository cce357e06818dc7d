//! Goal: detection is a function of the set of facts.
//!
//! Method: worlds of a few containers that share seals, hauliers and a consignee are generated, with scripted stories, corrections,
//! retractions, hits and agencies' answers; all their facts are put in order of generation into one world and, shuffled
//! and some of them twice, into another. What seals and parties tell containers flows through both. In the end both
//! worlds must have the same alerts standing, in everything but revision, RAISED or UPDATED, and the time of writing.

#![expect(clippy::indexing_slicing, reason = "generated indices stay below the lengths of their tables")]

#[cfg(test)]
#[expect(dead_code, reason = "each test file uses its part")]
mod common;

use std::collections::BTreeMap;

use common::{Says, World, at, event, facts_of, feedback, hit};
use proptest::prelude::*;
use quaywatch_detection::{Baselines, Goods, Lane, SealFormat};
use quaywatch_domain::event::{
    Condition, EquipmentStatus, Laden, PartyRole, PinOutcome, SealSource, WeightKind,
};
use quaywatch_domain::watchlist::EntryAction;
use quaywatch_domain::{Alert, EventKind, Fact, PortEvent, Severity, Timestamp, Verdict};

const BOXES: [&str; 4] = ["CSQU3054383", "MSKU1234565", "TGHU7654321", "HLXU1111111"];
const SEALS: [&str; 3] = ["ML1234567", "ML1234568", "CU7654321"];
const HAULIERS: [&str; 3] = ["111", "222", "333"];

const KINDS: [EventKind; 41] = [
    EventKind::GateIn,
    EventKind::GateOut,
    EventKind::GateOut,
    EventKind::Loaded,
    EventKind::Discharged,
    EventKind::ManifestLine,
    EventKind::DischargeOrdered,
    EventKind::ReleaseIssued,
    EventKind::ReleaseTransferred,
    EventKind::ReleaseTransferred,
    EventKind::ReleaseAccepted,
    EventKind::ReleaseDeclined,
    EventKind::ReleaseRevoked,
    EventKind::PickupAnnounced,
    EventKind::PickupAnnounced,
    EventKind::PickupCancelled,
    EventKind::CustomsHeld,
    EventKind::CustomsSelectedForScan,
    EventKind::CustomsReleased,
    EventKind::CustomsInspected,
    EventKind::SealRemoved,
    EventKind::SealAffixed,
    EventKind::PositionReported,
    EventKind::SystemOutageStarted,
    EventKind::Stripped,
    EventKind::ReeferReading,
    EventKind::SealReplaced,
    EventKind::BookingConfirmed,
    EventKind::BookingCancelled,
    EventKind::BookingRolled,
    EventKind::DroppedOff,
    EventKind::WorkOrdered,
    EventKind::YardMove,
    EventKind::NotInPosition,
    EventKind::DoorOpened,
    EventKind::DoorClosed,
    EventKind::DeviceUnpaired,
    EventKind::Weighed,
    EventKind::PinAttempted,
    EventKind::StorageExtended,
    EventKind::DeliveryRejected,
];

/// What stands beside seals and parties in a generated event.
#[derive(Debug, Clone)]
struct Particulars {
    kg: Option<(bool, f64)>,
    slot: Option<usize>,
    order: bool,
    booking: bool,
    export: bool,
    lane: Option<(usize, usize)>,
    role: Option<usize>,
    wrong_pin: bool,
    conveyance: Option<usize>,
}

prop_compose! {
    fn particulars()(
        kg in prop::option::weighted(0.4, (any::<bool>(), 0..6usize)),
        slot in prop::option::weighted(0.5, 0..3usize), order in prop::bool::weighted(0.3),
        booking in prop::bool::weighted(0.2), export in prop::bool::weighted(0.3),
        lane in prop::option::weighted(0.4, (0..3usize, 0..3usize)), role in prop::option::weighted(0.2, 0..2usize),
        wrong_pin in any::<bool>(), conveyance in prop::option::weighted(0.3, 0..2usize),
    ) -> Particulars {
        let kg = kg.map(|(scale, n)| (scale, [3_900.0, 4_500.0, 20_000.0, 20_437.0, 19_500.0, 23_000.0][n]));
        Particulars { kg, slot, order, booking, export, lane, role, wrong_pin, conveyance }
    }
}

impl Particulars {
    fn put(&self, mut event: PortEvent) -> PortEvent {
        if let Some((scale, kg)) = self.kg {
            event = event.weight(if scale { WeightKind::Scale } else { WeightKind::Vgm }, kg).tare(3_700.0);
        }
        event = match self.slot {
            Some(slot) => event.slot(["A-01-1-1", "A-02-1-1", "B-01-1-1"][slot]),
            None => event,
        };
        event = if self.order { event.order("W1") } else { event };
        event = if self.booking { event.booking("B1") } else { event };
        event = if self.export { event.status(EquipmentStatus::Export) } else { event };
        if let Some((via, discharge)) = self.lane {
            let discharge = ["SIKOP", "ITTRS", "HRRJK"][discharge];
            event = event
                .route("BRSSZ", &[["ESALG", "DOCAU", "MAPTM"][via]], discharge)
                .goods("080390", "BR")
                .bill("BL1");
        }
        if let Some(role) = self.role {
            event = event.user("U1", "ORG");
            event.actor.get_or_insert_default().role = Some(["HAULIER", "CUSTOMS"][role].into());
        }
        let outcome = if self.wrong_pin { PinOutcome::Wrong } else { PinOutcome::Correct };
        event = if event.kind == EventKind::PinAttempted { event.pin(outcome) } else { event };
        match self.conveyance {
            Some(n) => event.call(["C1", "C2"][n]),
            None => event,
        }
    }
}

/// One generated fact source: an event and what is attached to it.
#[derive(Debug, Clone)]
struct Piece {
    event: PortEvent,
    hit: Option<(&'static str, EntryAction, Severity)>,
    answer: Option<(i32, Verdict, i64)>,
}

prop_compose! {
    fn piece()(
        index in 0..2u32, revision in 1..3i64, retracted in prop::bool::weighted(0.1),
        container in 0..BOXES.len(), kind in 0..KINDS.len(), day in 0..6i64, minutes in 0..900i64, late in 0..600i64,
        planned in prop::bool::weighted(0.1), feed in 0..2usize, terminal in 0..3usize,
        seal in prop::option::of((0..SEALS.len(), 0..3usize, prop::bool::weighted(0.1))),
        haulier in prop::option::of(0..HAULIERS.len()), to in prop::option::of(0..HAULIERS.len()),
        laden in 0..3usize, import in any::<bool>(), place in prop::option::weighted(0.9, 0..2usize),
        hit in prop::option::weighted(0.15, (0..3usize, 0..3usize, 0..3usize)),
        answer in prop::option::weighted(0.15, (1..3i32, 0..3usize, 0..60_000i64)), more in particulars(),
    ) -> Piece {
        let kind = KINDS[kind].clone();
        let time = at(1, "00:00").plus_millis((day * 5 * 1440 + minutes) * 60_000);
        let mut event = event(kind.clone(), BOXES[container], time)
            .id(&format!("e/{container}/{kind}/{index}"))
            .revision(revision)
            .received(time.plus_millis(late * 60_000))
            .feed(["terminal", "carrier"][feed])
            .laden([Laden::Laden, Laden::Empty, Laden::Unknown][laden])
            .consignee("SI1");
        event = if terminal < 2 { event.terminal(["LUKKP", "TRSTE"][terminal]) } else { event };
        event = if retracted { event.retracted() } else { event };
        event = if planned { event.planned() } else { event };
        event = if import { event.status(EquipmentStatus::Import) } else { event };
        if let Some((number, source, broken)) = seal {
            let source = [SealSource::Carrier, SealSource::Unknown, SealSource::Customs][source];
            event = event.seal(SEALS[number], source);
            event.seals[0].condition = broken.then_some(Condition::Broken);
        }
        event = match haulier { Some(h) => event.haulier(HAULIERS[h]).truck(HAULIERS[h]), None => event };
        event = match to { Some(t) => event.to(HAULIERS[t]), None => event };
        event = match place { Some(p) => event.coordinates([45.5, 48.1][p], [13.7, 16.3][p]), None => event };
        Piece {
            event: more.put(event),
            hit: hit.map(|(scheme, action, severity)| (
                ["CONTAINER", "SEAL", "IMO"][scheme],
                [EntryAction::Discreet, EntryAction::Stop, EntryAction::Inform][action],
                [Severity::Low, Severity::Medium, Severity::High][severity],
            )),
            answer: answer.map(|(visit, verdict, minute)| (
                visit,
                [Verdict::FalsePositive, Verdict::Investigating, Verdict::Closed][verdict],
                minute,
            )),
        }
    }
}

/// A consignee with habits gives its release to a stranger, who announces a pick-up within the hour.
fn stranger(minutes: i64) -> Vec<PortEvent> {
    let start = at(1, "00:00").plus_millis(minutes * 60_000);
    let days = |n: i64| start.plus_millis(n * 86_400_000);
    let mut events: Vec<PortEvent> = BOXES
        .iter()
        .zip(0..)
        .skip(1)
        .map(|(container, n)| event(EventKind::ReleaseIssued, container, days(n)).consignee("SI1").to("111"))
        .collect();
    events.push(event(EventKind::ReleaseTransferred, BOXES[0], days(5)).consignee("SI1").to("999"));
    events.push(event(EventKind::PickupAnnounced, BOXES[0], days(5).plus_millis(600_000)).haulier("999"));
    events
}

/// Stories that chance does not tell: each on its own days, over the same containers.
#[expect(clippy::too_many_lines, reason = "a list of stories")]
fn scripted(script: usize, first_day: i64) -> Vec<PortEvent> {
    let on = |kind: EventKind, container: &str, day: i64, hour: i64| {
        event(kind, container, at(1, "00:00").plus_millis(((first_day + day) * 24 + hour) * 3_600_000))
            .id(&format!("script/{container}/{script}/{day}/{hour}"))
            .terminal("LUKKP")
    };
    let [a, b, c, d] = BOXES;
    match script {
        // Out and back; a drop-off that does not happen.
        0 => vec![
            on(EventKind::ReleaseIssued, a, 0, 8).to("111"),
            on(EventKind::GateOut, a, 1, 8)
                .status(EquipmentStatus::Import)
                .laden(Laden::Laden)
                .haulier("222"),
            on(EventKind::PickupAnnounced, a, 2, 8).haulier("111"),
            on(EventKind::DroppedOff, a, 1, 16).planned(),
            on(EventKind::GateIn, a, 3, 9).laden(Laden::Laden),
        ],
        // Exports in and out by one haulier, their booking cancelled.
        1 => [a, b]
            .iter()
            .flat_map(|container| {
                [
                    on(EventKind::BookingCancelled, container, 0, 8),
                    on(EventKind::GateIn, container, 1, 8).status(EquipmentStatus::Export).haulier("333"),
                    on(EventKind::GateOut, container, 2, 8).status(EquipmentStatus::Export).haulier("333"),
                ]
            })
            .collect(),
        // Lighter at the gate; a lost box; an unordered move.
        2 => vec![
            on(EventKind::Discharged, a, 0, 8)
                .feed("crane")
                .laden(Laden::Laden)
                .weight(WeightKind::Scale, 20_040.0),
            on(EventKind::YardMove, a, 0, 9).order("W1").slot("A-01-1-1"),
            on(EventKind::YardMove, a, 1, 2).slot("C-21-6-1"),
            on(EventKind::NotInPosition, a, 1, 8),
            on(EventKind::GateOut, a, 3, 8).feed("gate").weight(WeightKind::Scale, 19_300.0),
            on(EventKind::Discharged, b, 0, 8).feed("crane").weight(WeightKind::Scale, 20_437.0),
            on(EventKind::DoorOpened, b, 1, 8),
            on(EventKind::GateOut, b, 3, 8).feed("gate").weight(WeightKind::Scale, 20_437.0),
        ],
        // Doors of neighbours by night.
        3 => [a, b]
            .iter()
            .flat_map(|container| {
                [
                    on(EventKind::Discharged, container, 0, 8).laden(Laden::Laden),
                    on(EventKind::DoorOpened, container, 1, 2).slot("A-01-1-1"),
                    on(EventKind::DeviceUnpaired, container, 1, 3),
                ]
            })
            .collect(),
        // One box of a bill ahead of the others, by a port that nobody uses, bound elsewhere on the way.
        4 => [(a, 0), (b, 9), (c, 9)]
            .iter()
            .flat_map(|(container, day)| {
                [
                    on(EventKind::BookingConfirmed, container, -4, 8).route("BRSSZ", &[], "SIKOP"),
                    on(EventKind::Loaded, container, -3, 8),
                    on(EventKind::ManifestLine, container, -1, 8)
                        .route("BRSSZ", &["SGSIN"], "ITTRS")
                        .goods("080390", "NL"),
                    on(EventKind::Discharged, container, *day, 8).bill("BL9"),
                ]
            })
            .collect(),
        // Quick from the quay, and long in a watched port between two ships.
        5 => vec![
            on(EventKind::Discharged, a, 0, 8).status(EquipmentStatus::Import),
            on(EventKind::GateOut, a, 0, 9).edit(|e| e.occurred_at = e.occurred_at.plus_millis(-1_800_000)),
            on(EventKind::Discharged, b, 0, 8)
                .edit(|e| e.place.get_or_insert_default().un_locode = Some("DOCAU".into())),
            on(EventKind::Loaded, b, 9, 8)
                .edit(|e| e.place.get_or_insert_default().un_locode = Some("DOCAU".into())),
        ],
        // Left standing, collected by night; storage extended.
        6 => vec![
            on(EventKind::Discharged, a, 0, 8).status(EquipmentStatus::Import),
            on(EventKind::CustomsReleased, a, 1, 8),
            on(EventKind::StorageExtended, a, 4, 8),
            on(EventKind::StorageExtended, a, 8, 8),
            on(EventKind::StorageExtended, a, 12, 8),
            on(EventKind::GateOut, a, 28, 23),
            on(EventKind::Discharged, b, 0, 8).status(EquipmentStatus::Import),
            on(EventKind::CustomsReleased, b, 1, 8),
        ],
        // Seals that are on again, of one roll, of a foreign form; full and unsealed.
        7 => vec![
            on(EventKind::SealRemoved, a, 0, 8).seal("ML7777777", SealSource::Carrier),
            on(EventKind::GateOut, a, 2, 8).carrier("MSK").seal("ML7777777", SealSource::Carrier),
            on(EventKind::GateIn, b, 0, 8).seal("SH7654321", SealSource::Shipper).party(
                PartyRole::Shipper,
                "EORI",
                "SI1",
            ),
            on(EventKind::GateIn, c, 0, 8).seal("SH7654324", SealSource::Shipper).party(
                PartyRole::Shipper,
                "EORI",
                "SI2",
            ),
            on(EventKind::GateOut, b, 3, 8).laden(Laden::Laden).seal("NO SEAL", SealSource::Unknown),
            on(EventKind::GateOut, c, 3, 8).carrier("MSK").seal("ZZ12345678", SealSource::Carrier),
            on(EventKind::ManifestLine, d, 0, 8).seal("ML5234567", SealSource::Carrier),
            on(EventKind::Discharged, d, 3, 8)
                .seal("ML5234568", SealSource::Carrier)
                .seal("ZZ999888", SealSource::Unknown),
        ],
        // Another build, another number, a discharge while beyond the gate; an empty too heavy, and one out of service.
        8 => vec![
            on(EventKind::GateOut, a, 0, 8).feed("gate").iso_type("22G1").edit(|e| {
                e.equipment.get_or_insert_default().declared_number = Some("HLXU1111111".into());
            }),
            on(EventKind::Discharged, a, 0, 20).feed("vessel").iso_type("45R1"),
            on(EventKind::GateIn, b, 0, 8)
                .laden(Laden::Empty)
                .tare(3_700.0)
                .weight(WeightKind::Scale, 4_400.0),
            on(EventKind::GateIn, c, 0, 8)
                .edit(|e| e.equipment.get_or_insert_default().out_of_service = Some(true)),
        ],
        // A release handed on in circles, at the last minute, after wrong PINs.
        _ => vec![
            on(EventKind::ReleaseIssued, a, 0, 8).release("R9").to("100"),
            on(EventKind::ReleaseTransferred, a, 0, 12).release("R9").to("200"),
            on(EventKind::PinAttempted, a, 0, 13).id("script/pin1").pin(PinOutcome::Wrong),
            on(EventKind::PinAttempted, a, 0, 13).id("script/pin2").pin(PinOutcome::Wrong),
            on(EventKind::PinAttempted, a, 0, 13).id("script/pin3").pin(PinOutcome::Wrong),
            on(EventKind::ReleaseTransferred, a, 0, 23).release("R9").to("100"),
            on(EventKind::GateOut, a, 0, 23).id("script/out").haulier("100"),
        ],
    }
}

/// Stories of [`scripted`].
const SCRIPTS: usize = 10;

/// What is usual in the generated worlds.
fn usual() -> Baselines {
    Baselines {
        lanes: BTreeMap::from([(
            Baselines::lane_key("BRSSZ", "ITTRS"),
            Lane { count: 400, via: [("MAPTM".to_owned(), 390)].into(), usual_km: 10_000.0 },
        )]),
        ports: BTreeMap::from([
            ("BRSSZ".to_owned(), (-23.96, -46.33)),
            ("SGSIN".to_owned(), (1.26, 103.84)),
            ("ITTRS".to_owned(), (45.65, 13.77)),
        ]),
        goods: BTreeMap::from([(
            "0803".to_owned(),
            Goods { count: 900, origins: [("EC".to_owned(), 700), ("BR".to_owned(), 200)].into() },
        )]),
        seals: BTreeMap::from([(
            "MSK".to_owned(),
            [(
                "ML9999999".to_owned(),
                SealFormat { count: 5_000, least: 1_000_000, greatest: 9_000_000, ..SealFormat::default() },
            )]
            .into(),
        )]),
        ..Baselines::default()
    }
}

fn facts(pieces: &[Piece], strange_at: i64, script: usize, first_day: i64) -> Vec<Fact> {
    let mut all: Vec<Fact> = stranger(strange_at).iter().flat_map(facts_of).collect();
    all.extend(scripted(script, first_day).iter().flat_map(facts_of));
    for piece in pieces {
        let container = piece.event.container().unwrap_or_default();
        all.extend(facts_of(&piece.event));
        if let Some((scheme, action, severity)) = piece.hit {
            let value = match scheme {
                "CONTAINER" => container,
                "SEAL" => SEALS[0],
                _ => "9321483",
            };
            let mut hit = hit(&piece.event, scheme, value, action, severity);
            hit.revision = piece.event.revision;
            hit.retracted = piece.event.retracted;
            all.push(hit);
        }
        if let Some((visit, verdict, minute)) = piece.answer {
            all.push(feedback(container, visit, verdict, at(1, "00:00").plus_millis(minute * 60_000)));
        }
    }
    all
}

/// The ledger of a consignee keeps the earliest 24 sightings of a partner, 3 of which are those of `stranger`.
fn is_within_the_ledger(pieces: &[Piece]) -> bool {
    HAULIERS.iter().all(|haulier| {
        let names = |p: &&Piece| p.event.parties.iter().any(|party| party.id.as_deref() == Some(haulier));
        pieces.iter().filter(names).count() <= 21
    })
}

/// The alerts that stand after these facts and after every deadline, without what may differ.
fn standing(facts: Vec<Fact>, now: Timestamp) -> BTreeMap<String, Alert> {
    let mut world = World::knowing(usual());
    world.now = now;
    for fact in facts {
        world.put(fact);
    }
    world.standing()
}

fn shuffled(mut facts: Vec<Fact>, order: &[u32]) -> Vec<Fact> {
    let twice: Vec<Fact> =
        facts.iter().zip(order).filter(|(_, o)| *o % 5 == 0).map(|(f, _)| f.clone()).collect();
    facts.extend(twice);
    let keys: Vec<u32> = order.iter().copied().cycle().take(facts.len()).collect();
    let mut keyed: Vec<(u32, Fact)> = keys.into_iter().zip(facts).collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, fact)| fact).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn same_facts_in_any_order_give_the_same_alerts(
        pieces in prop::collection::vec(piece(), 1..48),
        order in prop::collection::vec(any::<u32>(), 300),
        early in any::<bool>(), strange_at in 0..30_000i64, script in 0..SCRIPTS, first_day in 0..12i64,
    ) {
        prop_assume!(is_within_the_ledger(&pieces));
        let now = at(if early { 20 } else { 31 }, "23:00");
        let facts = facts(&pieces, strange_at, script, first_day);
        let one = standing(facts.clone(), now);
        let other = standing(shuffled(facts, &order), now);
        prop_assert_eq!(one, other);
    }
}

/// The generator must reach what the property is about.
#[test]
fn the_generated_worlds_hold_alerts_of_every_rule() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut codes = std::collections::BTreeSet::new();
    for n in 0..40 {
        let pieces = prop::collection::vec(piece(), 30..60).new_tree(&mut runner).unwrap().current();
        for alert in standing(facts(&pieces, 0, n % SCRIPTS, 0), at(31, "23:00")).into_values() {
            codes.extend(alert.indicators.into_iter().map(|i| i.code));
        }
    }
    for script in 0..SCRIPTS {
        for alert in standing(facts(&[], 0, script, 0), at(31, "23:00")).into_values() {
            codes.extend(alert.indicators.into_iter().map(|i| i.code));
        }
    }
    let wanted = concat!(
        "WL-identifier ",
        "MO-01a MO-01b MO-01c MO-01d MO-01e MO-01f MO-01g ",
        "MO-02a MO-02b MO-02c MO-02d ",
        "MO-03a MO-03b MO-03c MO-03t ",
        "MO-04a MO-04b MO-04c MO-04d ",
        "MO-05a MO-05b MO-05c MO-05d MO-05e ",
        "MO-06a MO-06b MO-06c ",
        "MO-08a MO-08b MO-08c MO-08d MO-08e MO-08f ",
        "MO-09a MO-09b MO-09c MO-09d ",
        "MO-10a MO-10b ",
        "MO-12a MO-12b MO-12c MO-12d MO-12e ",
        "MO-13a MO-13b MO-13c MO-13d MO-13e MO-13f ",
        "MO-14a MO-14b MO-14c MO-14d ",
        "MO-25a ",
    );
    for code in wanted.split_whitespace() {
        assert!(codes.contains(code), "no {code} among {codes:?}");
    }
}
