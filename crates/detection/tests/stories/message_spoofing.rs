use std::sync::Arc;

use quaywatch_detection::Rules;
use quaywatch_domain::EventKind::{
    GateIn, GateOut, PickupAnnounced, PositionReported, ReleaseIssued, ReleaseOrder, SystemOutageStarted,
    YardMove,
};
use quaywatch_domain::event::{Laden, Mode, PartyRole, Stored, note};
use quaywatch_domain::{PortEvent, Sha256};

use crate::common::{BOX, Says, World, at, event};

fn strict(events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    let rules = "[message_spoofing]\nannounced_terminals = [\"LUKKP\"]\nreleased_terminals = [\"*\"]\n";
    let mut world = World::with(Rules::parse(rules).unwrap()).and(events);
    world.wait_until(at(4, "00:00"));
    world.codes(BOX)
}

fn out() -> PortEvent {
    event(GateOut, BOX, at(2, "14:00")).terminal("LUKKP").haulier("111")
}

fn announced() -> PortEvent {
    event(PickupAnnounced, BOX, at(2, "10:00")).haulier("111")
}

fn issued() -> PortEvent {
    event(ReleaseIssued, BOX, at(2, "09:00")).to("111")
}

#[test]
fn a_gate_out_without_what_the_terminal_demands_is_raised_when_no_late_message_comes() {
    // A lost message is no crime: the pre-notification that is missing alone counts with others.
    assert_eq!(strict([out(), issued()]), [""; 0]);
    assert_eq!(strict([out()]), ["MO-23a@1", "MO-23g@1"]);
    let rules = "[message_spoofing]\nreleased_terminals = [\"*\"]\n";
    let mut world = World::with(Rules::parse(rules).unwrap()).and([out()]);
    world.wait_until(at(4, "00:00"));
    assert!(world.sentence(BOX, "MO-23g").starts_with("Left by gate without any release"));
    assert_eq!(strict([out(), announced()]), ["MO-23g@1"]);
    assert_eq!(strict([out(), announced().received(at(2, "19:59")), issued()]), [""; 0]);
    assert_eq!(strict([announced(), issued(), out()]), [""; 0]);
    // A number that the gate misread, and a delivery that was refused and leaves again under its release.
    assert_eq!(strict([out().wrong_check_digit()]), [""; 0]);
    let back = event(GateIn, BOX, at(2, "20:00")).terminal("LUKKP").laden(Laden::Laden);
    let again = event(GateOut, BOX, at(3, "10:00")).terminal("LUKKP").id("again");
    let anew = event(PickupAnnounced, BOX, at(3, "08:00")).id("anew");
    assert_eq!(strict([announced(), issued(), out(), back.clone(), anew, again.clone()]), [""; 0]);
    // What came back empty needs a new one.
    let strange = strict([announced(), issued(), out(), back.laden(Laden::Empty), again]);
    assert!(strange.iter().any(|code| code.starts_with("MO-23g")), "{strange:?}");
}

#[test]
fn other_terminals_rail_empties_customs_an_outage_and_the_built_in_rules_are_silent() {
    let by_rail = out().mode(Mode::Rail);
    let by_barge = out().mode(Mode::InlandWater);
    let empty = out().laden(Laden::Empty);
    let to_customs = out().facility("CUSTOMS_SITE");
    for gate_out in [by_rail, by_barge, empty, to_customs] {
        assert_eq!(strict([gate_out]), [""; 0]);
    }
    assert_eq!(strict([issued(), out().terminal("TRSTE")]), [""; 0]);
    assert_eq!(strict([event(SystemOutageStarted, BOX, at(2, "13:00")), out()]), [""; 0]);
    let mut world = World::after([out()]);
    world.wait_until(at(4, "00:00"));
    assert!(world.published.is_empty());
}

/// A release of the carrier's agent, entered by a user and sent by a system.
fn release(container: &str, day: u32, user: &str, sender: &str) -> PortEvent {
    event(ReleaseIssued, container, at(day, "09:00"))
        .party(PartyRole::ReleaseFrom, "SMDG", "MSC")
        .user(user, "MSC")
        .edit(|e| e.source.sender = Some(sender.into()))
}

/// Codes of the container of interest once no more can come with it.
fn waited(mut world: World) -> Vec<String> {
    world.wait_until(at(12, "10:00"));
    world.codes(BOX)
}

fn history(containers: u32) -> World {
    World::with_people()
        .and((1..=containers).map(|n| release(&format!("MSKU123450{n}"), n, "usr:1", "MSCEDI")))
}

#[test]
fn a_release_by_a_new_user_or_from_a_new_sender_of_an_issuer_with_a_history_is_raised() {
    assert_eq!(waited(history(8).and([release(BOX, 12, "usr:9", "MSCEDI")])), ["MO-23c@1"]);
    let mut early = history(8).and([release(BOX, 12, "usr:9", "MSCEDI")]);
    early.wait_until(at(12, "09:59"));
    assert_eq!(early.codes(BOX), [""; 0], "more may come");
    let off = World::after((1..=8).map(|n| release(&format!("MSKU123450{n}"), n, "usr:1", "MSCEDI")));
    assert_eq!(waited(off.and([release(BOX, 12, "usr:9", "MSCEDI")])), [""; 0], "users are not looked at");
    let mut world = history(8).and([release(BOX, 12, "usr:1", "EVIL")]);
    world.wait_until(at(12, "10:00"));
    assert_eq!(world.codes(BOX), ["MO-23d@1"]);
    assert!(!world.alert(BOX).indicators[0].sentence.contains("EVIL"));
}

#[test]
fn a_release_order_from_a_new_sender_is_raised_too() {
    let order = |container: &str, day: u32, sender: &str| {
        let party = (PartyRole::Carrier, "SMDG", "MSC");
        event(ReleaseOrder, container, at(day, "09:00")).party(party.0, party.1, party.2).edit(|e| {
            e.source.format = "EDIFACT-COREOR-D00B".into();
            e.source.sender = Some(sender.into());
        })
    };
    let usual = || World::after((1..=8).map(|n| order(&format!("MSKU123450{n}"), n, "MSCEDI")));
    assert_eq!(waited(usual().and([order(BOX, 12, "EVIL")])), ["MO-23d@1"]);
    assert_eq!(waited(usual().and([order(BOX, 12, "MSCEDI")])), [""; 0]);
}

#[test]
fn a_known_user_a_short_history_and_an_onboarding_are_silent() {
    assert_eq!(waited(history(8).and([release(BOX, 12, "usr:1", "MSCEDI")])), [""; 0]);
    assert_eq!(waited(history(7).and([release(BOX, 12, "usr:9", "NEW")])), [""; 0]);
    let elsewhere = release(BOX, 12, "usr:1", "MSCEDI").edit(|e| e.source.feed = "platform-2".into());
    assert_eq!(waited(history(8).and([elsewhere])), [""; 0], "the same sender by another feed");
    let onboarding = (1..=5).map(|n| release(&format!("TGHU765430{n}"), 12, "usr:9", "NEW"));
    assert_eq!(waited(history(8).and(onboarding).and([release(BOX, 12, "usr:9", "NEW")])), [""; 0]);
}

fn numbered(day: u32, bytes: &[u8]) -> PortEvent {
    event(YardMove, BOX, at(day, "09:00")).message("REF1").edit(|e| {
        e.source.format = "EDIFACT-CODECO-D95B".into();
        e.source.stored = Arc::new(Stored { sha256: Sha256::of(bytes), ..Stored::default() });
    })
}

#[test]
fn one_control_reference_on_two_messages_is_raised() {
    assert_eq!(World::after([numbered(2, b"a"), numbered(3, b"b")]).codes(BOX), ["MO-23e@1"]);
}

#[test]
fn a_message_sent_twice_a_counter_come_round_and_a_sender_that_does_not_count_are_silent() {
    let other_sender = numbered(3, b"b").edit(|e| e.source.sender = Some("X".into()));
    let json = |e: PortEvent| e.edit(|e| e.source.format = "JSONL".into());
    for story in [
        vec![numbered(2, b"a"), numbered(3, b"a")],
        vec![numbered(2, b"a"), numbered(10, b"b")],
        vec![numbered(2, b"a"), numbered(3, b"b"), numbered(4, b"c")],
        vec![numbered(2, b"a"), other_sender],
        vec![json(numbered(2, b"a")), json(numbered(3, b"b"))],
    ] {
        let world = World::after(story);
        assert_eq!(world.codes(BOX), [""; 0]);
    }
}

#[test]
fn a_release_dated_in_the_future_is_raised_and_late_or_zoneless_ones_are_not() {
    let said = |time: &str| issued().received(at(2, "09:00")).edit(|e| e.created_at = Some(at(2, time)));
    assert_eq!(World::after([said("11:01")]).codes(BOX), ["MO-23f@1"]);
    let without_zone = said("11:01").edit(|e| e.notes.push(note::LOCAL_TIME_ASSUMED.into()));
    let position = event(PositionReported, BOX, at(2, "09:00")).edit(|e| e.created_at = Some(at(2, "12:00")));
    for event in [said("11:00"), said("05:00"), without_zone, position] {
        assert!(World::after([event]).published.is_empty());
    }
}

/// The announcement of a truck in an interchange of its own, so many minutes after the first.
fn copino(reference: u64, container: &str, minutes: i64) -> PortEvent {
    let time = at(2, "06:00").plus_millis(minutes * 60_000);
    event(PickupAnnounced, container, time).id(&format!("copino/{reference}")).edit(|e| {
        e.source.format = "EDIFACT-COPINO-D95B".into();
        e.source.sender = Some("HAULIER1".into());
        e.source.message_id = Some(format!("HX{reference:06}/1").into());
    })
}

/// `count` announcements with these references, ten minutes apart, and that of the container of interest as the last.
fn counted(references: impl IntoIterator<Item = u64>) -> Vec<PortEvent> {
    let mut events: Vec<PortEvent> = references
        .into_iter()
        .zip(0..)
        .map(|(n, place)| copino(n, &format!("MSKU{n:07}"), place * 10))
        .collect();
    if let Some(last) = events.last_mut() {
        last.equipment.get_or_insert_default().number = BOX.into();
    }
    events
}

/// What is told of the last container's message, LOW or not.
fn gap_told(events: Vec<PortEvent>) -> Vec<String> {
    let rules = Rules::parse("[message_spoofing.h]\nseverity = \"MEDIUM\"\n").unwrap();
    let mut world = World::with(rules).and(events);
    world.wait_until(at(3, "20:00"));
    world.codes_of(BOX, "MO-23h")
}

#[test]
fn a_gap_in_the_references_of_a_sender_that_counts_is_told_to_who_follows_it() {
    let events = || counted((1..=30).chain([32]));
    assert_eq!(gap_told(events()), ["MO-23h@1"]);
    // It alone, and LOW makes no alert.
    let rules = Rules::parse("[message_spoofing.h]\nseverity = \"MEDIUM\"\n").unwrap();
    let mut world = World::with(rules).and(events());
    assert!(world.published.is_empty(), "a message may come late");
    world.wait_until(at(3, "20:00"));
    assert_eq!(world.published.len(), 1);
    let alert = world.alert(BOX);
    assert_eq!(alert.evidence.len(), 2);
    assert!(!alert.title.contains("HAULIER1"), "{}", alert.title);
    let mut world = World::new().and(events());
    world.wait_until(at(3, "20:00"));
    assert!(world.published.is_empty());
    // In any order.
    let mut turned = events();
    turned.reverse();
    assert_eq!(gap_told(turned), ["MO-23h@1"]);
}

#[test]
fn what_explains_a_gap_in_the_references_is_silent() {
    let late = || copino(31, "MSKU0000031", 600);
    assert_eq!(
        gap_told(counted((1..=30).chain([32])).into_iter().chain([late()]).collect()),
        [""; 0],
        "late"
    );
    assert_eq!(gap_told(counted(1..=31)), [""; 0]);
    assert_eq!(gap_told(counted((1..=15).chain([17]))), [""; 0], "a short history");
    assert_eq!(gap_told(counted((1..=60).step_by(2))), [""; 0], "counts for others too");
    assert_eq!(gap_told(counted((1..=30).chain([90]))), [""; 0], "a jump");
    assert_eq!(gap_told(counted((999_970..=999_999).chain([2]))), [""; 0], "a counter that has come round");
    // One reference in two messages of one interchange, and a correction under a later one.
    let again = copino(29, "MSKU0000029", 290).edit(|e| {
        e.revision = 2;
        e.source.message_id = Some("HX000031/1".into());
    });
    let corrected = counted((1..=30).chain([32])).into_iter().chain([again]).collect();
    assert_eq!(gap_told(corrected), [""; 0], "it was the correction");
    let other_format =
        counted((1..=30).chain([32])).into_iter().map(|e| e.edit(|e| e.source.format = "JSONL".into()));
    assert_eq!(gap_told(other_format.collect()), [""; 0]);
}
