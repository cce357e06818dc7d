//! Contagion: a confirmed find opens a watch on what travelled with the container, with a reason, and closes itself.

use quaywatch_domain::event::{Laden, PartyRole, SealSource, Transport};
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

    // A container that comes on the bill later is watched as well; nothing speaks after the window.
    see(&mut world, &discharged("HLXU1111111", "20:00", "0120182").bill("BL1").edit(|e| e.transport = None));
    assert_eq!(contagion(&world, "HLXU1111111"), ["CONTAGION-bill@1"]);
    world.wait_until(at(25, "12:00"));
    assert!(contagion(&world, OTHER_BOX).is_empty() && contagion(&world, "HLXU1111111").is_empty());
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
