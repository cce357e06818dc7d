//! Contagion: a confirmed find opens a watch on what travelled with the container, with a reason, and closes itself.

use quaywatch_domain::alert::AlertState;
use quaywatch_domain::event::{EquipmentStatus, Laden, PartyRole, SealSource, Transport};
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{EventKind, Fact, PortEvent, Subject, Verdict};

use crate::common::{BOX, OTHER_BOX, Says as _, World, at, event, feedback};

const FAR: &str = "TGHU7654321";

fn discharged(container: &str, hour: &str, cell: &str) -> PortEvent {
    event(EventKind::Discharged, container, at(10, hour)).terminal("LUKKP").laden(Laden::Laden).edit(|e| {
        e.transport = Some(Box::new(Transport {
            call_id: Some("CALL1".into()),
            stow_cell: Some(cell.into()),
            ..Transport::default()
        }));
    })
}

/// Lets an event come in, as a fact of its bills and call as well.
fn see(world: &mut World, event: &PortEvent) {
    world.see(event);
    let papers = event.documents.as_deref().and_then(|d| d.bill_of_lading.clone());
    let call = event.transport.as_deref().and_then(|t| t.call_id.clone());
    let bill = papers.map(|id| Subject::new(SubjectKind::Bill, id));
    let call = call.map(|id| Subject::new(SubjectKind::Call, id));
    for subject in bill.into_iter().chain(call) {
        world.put(fact_of(event, subject));
    }
}

fn fact_of(event: &PortEvent, subject: Subject) -> Fact {
    let known = crate::common::facts_of(event).remove(0);
    Fact { subject, ..known }
}

fn found(world: &mut World, verdict: Verdict, day: u32) {
    world.now = world.now.max(at(day, "12:00"));
    let answer = feedback(BOX, 1, verdict, at(day, "12:00"));
    let id = format!("{}/{verdict}", answer.fact_id);
    world.put(Fact { fact_id: id.into(), ..answer });
}

fn contagion(world: &World, container: &str) -> Vec<String> {
    world.codes(container).into_iter().filter(|c| c.starts_with("CONTAGION")).collect()
}

#[test]
fn a_seizure_watches_the_bill_and_closes_itself() {
    let mut world = World::new();
    for container in [BOX, OTHER_BOX] {
        see(&mut world, &discharged(container, "08:00", "0120182").bill("BL1").edit(|e| e.transport = None));
    }
    see(&mut world, &discharged(FAR, "08:00", "0120182").bill("BL2").edit(|e| e.transport = None));
    assert!(world.published.is_empty());
    found(&mut world, Verdict::Seizure, 11);
    assert_eq!(contagion(&world, OTHER_BOX), ["CONTAGION-bill@1"]);
    assert!(contagion(&world, FAR).is_empty() && contagion(&world, BOX).is_empty());
    let alert = world.alert(OTHER_BOX);
    let indicator = &alert.indicators[0];
    assert!(indicator.sentence.contains("BL1") && indicator.sentence.contains(BOX), "{}", indicator.sentence);
    assert_eq!(indicator.evidence.len(), 2);
    assert_eq!(indicator.handling.tlp.as_str(), "AMBER+STRICT");

    // A container that comes on the bill later is watched as well; nothing speaks after the window, and what was said was
    // right: it is closed, not taken back.
    see(&mut world, &discharged("HLXU1111111", "20:00", "0120182").bill("BL1").edit(|e| e.transport = None));
    assert_eq!(contagion(&world, "HLXU1111111"), ["CONTAGION-bill@1"]);
    world.wait_until(at(25, "12:00"));
    assert!(contagion(&world, OTHER_BOX).is_empty() && contagion(&world, "HLXU1111111").is_empty());
    for container in [OTHER_BOX, "HLXU1111111"] {
        let alert = world.alert(container);
        assert_eq!(alert.state, AlertState::Closed);
        assert!(alert.title.ends_with("The watch ended after 14 days."), "{}", alert.title);
        assert_eq!(alert.indicators[0].ended_at, Some(at(25, "12:00")));
    }
    // What comes on the bill afterwards was never watched.
    let late = event(EventKind::Discharged, FAR, at(26, "08:00")).terminal("LUKKP").bill("BL1");
    see(&mut world, &late);
    assert!(world.published.iter().all(|alert| *alert.subject.id != *FAR));
    // A find that turns out to be none was never right, also afterwards.
    found(&mut world, Verdict::FalsePositive, 27);
    assert_eq!(world.alert(OTHER_BOX).state, AlertState::Retracted);
}

#[test]
fn beside_a_watch_that_ended_what_else_stands_stays() {
    let mut world = World::new();
    for container in [BOX, OTHER_BOX] {
        see(&mut world, &discharged(container, "08:00", "0120182").bill("BL1").edit(|e| e.transport = None));
    }
    found(&mut world, Verdict::Seizure, 11);
    let opened = event(EventKind::DoorOpened, OTHER_BOX, at(24, "10:00")).terminal("LUKKP");
    let closed = event(EventKind::DoorClosed, OTHER_BOX, at(24, "10:20")).terminal("LUKKP");
    world.see(&opened);
    world.see(&closed);
    world.wait_until(at(24, "12:00"));
    let both = world.alert(OTHER_BOX).clone();
    assert_eq!(world.codes(OTHER_BOX), ["CONTAGION-bill@1", "MO-06a@1"]);
    world.wait_until(at(25, "12:00"));
    let alert = world.alert(OTHER_BOX);
    assert_eq!(alert.state, AlertState::Updated);
    assert!(alert.score < both.score && alert.title.contains("door"), "{alert:?}");
    let ended: Vec<bool> = alert.indicators.iter().map(|i| i.ended_at.is_some()).collect();
    assert_eq!(ended, [false, true]);
}

#[test]
fn at_the_end_of_recorded_traffic_a_watch_stays_open() {
    let mut world = World::new();
    for container in [BOX, OTHER_BOX] {
        see(&mut world, &discharged(container, "08:00", "0120182").bill("BL1").edit(|e| e.transport = None));
    }
    found(&mut world, Verdict::Seizure, 11);
    world.engine = world.engine.clone().heard_until(at(20, "12:00"));
    world.wait_until(at(28, "12:00"));
    let alert = world.alert(OTHER_BOX);
    assert_eq!((alert.state, &*alert.indicators[0].code), (AlertState::Closed, "CONTAGION-bill"));
}

#[test]
fn neighbours_by_seal_number_cell_and_shipper_are_watched_and_others_not() {
    let mut world = World::new();
    let shipper = |e: PortEvent, id: &str| e.party(PartyRole::Shipper, "DUNS", id);
    see(
        &mut world,
        &shipper(discharged(BOX, "08:00", "0120182"), "S1").seal("ML1234567", SealSource::Carrier),
    );
    see(&mut world, &discharged(OTHER_BOX, "09:00", "0120382"));
    see(&mut world, &discharged(FAR, "09:00", "0300582").seal("ML1234570", SealSource::Carrier));
    see(&mut world, &shipper(discharged("HLXU1111111", "09:00", "0340582"), "S1"));
    see(
        &mut world,
        &shipper(discharged("MSCU2222221", "09:00", "0380582"), "S2").seal("ML1234590", SealSource::Carrier),
    );
    found(&mut world, Verdict::Confirmed, 11);
    assert_eq!(contagion(&world, OTHER_BOX), ["CONTAGION-cell@1"]);
    assert_eq!(contagion(&world, FAR), ["CONTAGION-seal@1"]);
    let said = world.sentence(FAR, "CONTAGION-seal");
    assert!(said.starts_with("Its seal ML1234570 is numbered close to that of CSQU3054383"), "{said}");
    assert_eq!(contagion(&world, "HLXU1111111"), ["CONTAGION-shipper@1"]);
    assert!(contagion(&world, "MSCU2222221").is_empty());
}

#[test]
fn a_find_that_is_taken_back_or_only_looked_into_opens_no_watch() {
    let mut world = World::new();
    for container in [BOX, OTHER_BOX] {
        see(&mut world, &discharged(container, "08:00", "0120182").bill("BL1").edit(|e| e.transport = None));
    }
    found(&mut world, Verdict::Investigating, 11);
    assert!(contagion(&world, OTHER_BOX).is_empty());
    found(&mut world, Verdict::Confirmed, 12);
    assert_eq!(contagion(&world, OTHER_BOX), ["CONTAGION-bill@1"]);
    // Closing the case leaves the watch open; calling it false closes it.
    found(&mut world, Verdict::Closed, 13);
    assert_eq!(contagion(&world, OTHER_BOX), ["CONTAGION-bill@1"]);
    found(&mut world, Verdict::FalsePositive, 14);
    assert!(contagion(&world, OTHER_BOX).is_empty());
}

/// A container comes from a port, laden or empty.
fn came(container: &str, from: &str, day: u32, laden: Laden) -> PortEvent {
    event(EventKind::Discharged, container, at(day, "08:00")).terminal("LUKKP").laden(laden).route(
        from,
        &[],
        "SIKOP",
    )
}

fn empties(from: &str, day: u32, count: usize) -> impl Iterator<Item = PortEvent> + use<'_> {
    (0..count).map(move |n| came(&format!("EMPU{day:02}{n:05}"), from, day, Laden::Empty))
}

#[test]
fn the_next_empties_from_its_port_of_loading_are_watched_and_others_not() {
    let mut world = World::new();
    world.see(&came("EMPU0000001", "ECGYE", 3, Laden::Empty));
    world.see(&came("EMPU0000002", "ECGYE", 9, Laden::Empty));
    world.see(&came(BOX, "ECGYE", 10, Laden::Laden));
    // Only the bay plan names the port of this one; it has no bill.
    world.see(&event(EventKind::StowPosition, OTHER_BOX, at(11, "02:00")).laden(Laden::Empty).route(
        "ECGYE",
        &[],
        "SIKOP",
    ));
    world.see(&came(FAR, "COTRB", 11, Laden::Empty));
    world.see(&came("HLXU1111111", "ECGYE", 11, Laden::Laden));
    world.see(&came("EMPU0000003", "ECGYE", 11, Laden::Empty).status(EquipmentStatus::RemainOnBoard));
    world.see(&came("EMPU0000004", "ECGYE", 11, Laden::Empty).wrong_check_digit());
    assert!(world.published.is_empty());
    found(&mut world, Verdict::Seizure, 12);
    assert_eq!(contagion(&world, OTHER_BOX), ["CONTAGION-origin@1"]);
    assert_eq!(contagion(&world, "EMPU0000002"), ["CONTAGION-origin@1"], "of the same ship");
    for other in ["EMPU0000001", FAR, "HLXU1111111", "EMPU0000003", "EMPU0000004", BOX] {
        assert!(contagion(&world, other).is_empty(), "{other}");
    }
    let indicator = &world.alert(OTHER_BOX).indicators[0];
    let sentence = "One of the next empties from ECGYE, the port of loading of CSQU3054383, in which \
                    customs-koper seized goods.";
    assert_eq!(indicator.sentence, sentence);
    assert_eq!(indicator.evidence.len(), 2);
    assert_eq!(indicator.handling.tlp.as_str(), "AMBER+STRICT");

    // One that comes later is watched as well; after the window nothing speaks, and none is added.
    world.see(&came("EMPU0000005", "ECGYE", 20, Laden::Empty));
    assert_eq!(contagion(&world, "EMPU0000005"), ["CONTAGION-origin@1"]);
    world.wait_until(at(26, "12:00"));
    world.see(&came("EMPU0000006", "ECGYE", 27, Laden::Empty));
    for empty in [OTHER_BOX, "EMPU0000002", "EMPU0000005", "EMPU0000006"] {
        assert!(contagion(&world, empty).is_empty(), "{empty}");
    }
}

#[test]
fn what_is_found_in_an_emptied_reefer_in_a_depot_points_to_where_it_was_loaded() {
    let mut world = World::new();
    world.see(&came(BOX, "ECGYE", 2, Laden::Laden));
    world.see(&event(EventKind::GateOut, BOX, at(3, "10:00")).terminal("LUKKP").laden(Laden::Laden));
    world.see(&event(EventKind::GateIn, BOX, at(10, "10:00")).terminal("DEPOT1").laden(Laden::Empty));
    world.see(&came(OTHER_BOX, "ECGYE", 11, Laden::Empty));
    world.now = at(12, "12:00");
    world.put(feedback(BOX, 2, Verdict::Seizure, at(12, "12:00")));
    assert_eq!(contagion(&world, OTHER_BOX), ["CONTAGION-origin@1"]);
}

#[test]
fn a_transhipped_find_points_to_both_its_ports_but_not_to_where_it_goes() {
    let mut world = World::new();
    world.see(&event(EventKind::ManifestLine, BOX, at(9, "08:00")).laden(Laden::Laden).route(
        "ECGYE",
        &["ESALG"],
        "SIKOP",
    ));
    world.see(&came(BOX, "ESALG", 10, Laden::Laden));
    let order = event(EventKind::LoadOrdered, BOX, at(10, "20:00")).laden(Laden::Laden);
    world.see(&order.route("SIKOP", &[], "ITTRS"));
    world.see(&came("EMPU0000001", "ECGYE", 11, Laden::Empty));
    world.see(&came("EMPU0000002", "ESALG", 11, Laden::Empty));
    world.see(&came("EMPU0000003", "SIKOP", 11, Laden::Empty));
    found(&mut world, Verdict::Confirmed, 12);
    assert_eq!(contagion(&world, "EMPU0000001"), ["CONTAGION-origin@1"]);
    assert_eq!(contagion(&world, "EMPU0000002"), ["CONTAGION-origin@1"]);
    assert!(contagion(&world, "EMPU0000003").is_empty());
}

#[test]
fn the_watch_on_empties_keeps_to_the_nearest_however_many_come_and_closes_when_taken_back() {
    let mut world = World::new();
    world.see(&came(BOX, "ECGYE", 10, Laden::Laden));
    found(&mut world, Verdict::Confirmed, 11);
    empties("ECGYE", 12, 20).for_each(|empty| world.see(&empty));
    empties("ECGYE", 13, 20).for_each(|empty| world.see(&empty));
    let watched = |world: &World| -> Vec<String> {
        let alerts = world.last();
        alerts
            .values()
            .filter(|a| matches!(a.state, AlertState::Raised | AlertState::Updated))
            .map(|a| a.subject.id.to_string())
            .collect()
    };
    let first: Vec<String> = watched(&world);
    assert_eq!(first.len(), 24);
    assert_eq!(first.iter().filter(|c| c.starts_with("EMPU12")).count(), 20);
    // A busy lane: what is watched stays, and the state stays bounded.
    (14..20).for_each(|day| empties("ECGYE", day, 60).for_each(|empty| world.see(&empty)));
    assert_eq!(watched(&world), first);
    let origin = &world.states[&Subject::new(SubjectKind::Origin, "ECGYE")];
    assert!(origin.kin.len() <= 8 * 24, "{} events of empties", origin.kin.len());
    found(&mut world, Verdict::FalsePositive, 24);
    assert!(watched(&world).is_empty());
}

#[test]
fn an_empty_that_turns_out_laden_or_was_never_there_is_no_longer_watched() {
    let mut world = World::new();
    world.see(&came(BOX, "ECGYE", 10, Laden::Laden));
    world.see(&came(OTHER_BOX, "ECGYE", 11, Laden::Empty));
    found(&mut world, Verdict::Confirmed, 12);
    assert_eq!(contagion(&world, OTHER_BOX), ["CONTAGION-origin@1"]);
    // The screener tells a subject that an event no longer concerns.
    let laden = came(OTHER_BOX, "ECGYE", 11, Laden::Laden).revision(2);
    world.see(&laden);
    let left =
        Fact { retracted: true, event: None, ..fact_of(&laden, Subject::new(SubjectKind::Origin, "ECGYE")) };
    world.put(left);
    assert!(contagion(&world, OTHER_BOX).is_empty());
    // A shadow counts and is not told.
    let shadow = quaywatch_detection::Rules::parse("[contagion.origin]\nshadow = true\n").unwrap();
    world.engine = quaywatch_detection::Engine::new(shadow, "test");
    world.see(&came(FAR, "ECGYE", 13, Laden::Empty));
    assert!(contagion(&world, FAR).is_empty());
    assert_eq!(world.shadowed, ["CONTAGION-origin"]);
    // Gone and back, it counts anew.
    let laden = came(FAR, "ECGYE", 13, Laden::Laden).revision(2);
    world.see(&laden);
    let origin = Subject::new(SubjectKind::Origin, "ECGYE");
    world.put(Fact { retracted: true, event: None, ..fact_of(&laden, origin) });
    world.see(&came(FAR, "ECGYE", 13, Laden::Empty).revision(3));
    assert_eq!(world.shadowed, ["CONTAGION-origin"; 2]);
}
