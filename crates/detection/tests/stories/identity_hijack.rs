use quaywatch_domain::EventKind::{GateOut, ManifestLine, PickupAnnounced};
use quaywatch_domain::PortEvent;
use quaywatch_domain::event::PartyRole;
use quaywatch_domain::subject::SubjectKind;

use crate::common::{BOX, OTHER_BOX, Says, World, at, event};

/// A manifest line of the importer: its forwarder, its contact, and where the goods go.
fn line(container: &str, day: u32, forwarder: &str, contact: &str, place: &str) -> PortEvent {
    event(ManifestLine, container, at(day, "08:00"))
        .party(PartyRole::Forwarder, "EAN", forwarder)
        .consignee("SI1")
        .contact(contact)
        .delivery(place)
}

/// Containers that the importer had, by its usual partners.
fn habits(containers: u32) -> World {
    World::after((1..=containers).map(|n| line(&format!("MSKU123450{n}"), n, "F1", "ctc:1", "SILJU")))
}

#[test]
fn a_known_importer_with_a_new_forwarder_and_a_new_contact_is_raised() {
    let world = habits(4).and([line(BOX, 10, "F9", "ctc:9", "SILJU")]);
    assert_eq!(world.codes(BOX), ["MO-18a@1"]);
    let indicator = &world.alert(BOX).indicators[0];
    assert_eq!(indicator.sentence, "A known importer has a new forwarder and contact at once.");
    assert_eq!(indicator.origin.as_ref().unwrap().kind, SubjectKind::Party);
    assert!(!indicator.sentence.contains("ctc:9"));
}

#[test]
fn one_new_partner_a_short_history_and_a_new_place_with_its_haulier_are_silent() {
    let silent = |world: World| assert_eq!(world.codes(BOX), [""; 0]);
    silent(habits(4).and([line(BOX, 10, "F9", "ctc:1", "SILJU")]));
    silent(habits(3).and([line(BOX, 10, "F9", "ctc:9", "SILJU")]));
    let by = |container: &str, day, haulier: &str| {
        event(GateOut, container, at(day, "12:00")).haulier(haulier).consignee("SI1")
    };
    let road = (1..=4).map(|n| by(&format!("MSKU123450{n}"), n, "H1"));
    let world = habits(4).and(road).and([line(BOX, 10, "F1", "ctc:1", "SIMBX"), by(BOX, 10, "H9")]);
    silent(world);
}

#[test]
fn what_was_new_once_is_known_afterwards() {
    let mut world =
        habits(4).and([line(BOX, 10, "F9", "ctc:9", "SILJU"), line(OTHER_BOX, 12, "F9", "ctc:9", "SILJU")]);
    assert_eq!(world.codes(OTHER_BOX), [""; 0]);
    // The first is corrected away: the second was the first.
    world.see(&line(BOX, 10, "F1", "ctc:1", "SILJU").revision(2));
    assert_eq!(world.codes(BOX), [""; 0]);
    assert_eq!(world.codes(OTHER_BOX), ["MO-18a@1"]);
}

#[test]
fn containers_of_the_first_day_count_alike_and_later_ones_not() {
    let new = |container: &str, hours: i64| {
        let line = line(container, 10, "F9", "ctc:9", "SILJU");
        line.edit(|e| e.occurred_at = e.occurred_at.plus_millis(hours * 3_600_000))
    };
    let same_day = habits(4).and([new(BOX, 0), new(OTHER_BOX, 20)]);
    assert_eq!((same_day.codes(BOX).len(), same_day.codes(OTHER_BOX).len()), (1, 1));
    let next_day = habits(4).and([new(BOX, 0), new(OTHER_BOX, 25)]);
    assert_eq!((next_day.codes(BOX).len(), next_day.codes(OTHER_BOX).len()), (1, 0));
}

#[test]
fn a_consignee_with_endless_partners_has_no_habits() {
    let many = (0..50).map(|n| {
        line(&format!("MSKU12345{n:02}"), 1, &format!("F{n}"), &format!("ctc:{n}"), "SILJU")
            .id(&format!("many/{n}"))
    });
    let world = World::after(many.chain([line(BOX, 10, "F99", "ctc:99", "SILJU")]));
    assert_eq!(world.codes(BOX), [""; 0]);
}

fn delivered_to(place: &str, day: u32) -> PortEvent {
    event(ManifestLine, BOX, at(day, "08:00")).delivery(place)
}

#[test]
fn a_place_of_delivery_that_changes_shortly_before_the_pick_up_is_raised() {
    let out = event(GateOut, BOX, at(6, "10:00"));
    let world = World::after([delivered_to("SILJU", 1), delivered_to("SIMBX", 5), out]);
    assert_eq!(world.codes(BOX), ["MO-18b@1"]);
    let early = event(PickupAnnounced, BOX, at(6, "10:00")).planned().received(at(5, "09:00"));
    assert_eq!(
        World::after([delivered_to("SILJU", 1), delivered_to("SIMBX", 5), early]).codes(BOX),
        ["MO-18b@1"]
    );
}

#[test]
fn a_correction_another_system_an_early_change_and_one_undone_are_silent() {
    let out = || event(GateOut, BOX, at(6, "10:00"));
    for story in [
        vec![delivered_to("SILJU", 1).id("x"), delivered_to("SIMBX", 1).id("x").revision(2), out()],
        vec![delivered_to("SILJU", 1).feed("carrier"), delivered_to("LJUBLJANA", 5).feed("pcs"), out()],
        vec![delivered_to("SILJU", 1), delivered_to("SIMBX", 3), out()],
        vec![delivered_to("SILJU", 1), delivered_to("SIMBX", 4), delivered_to("SILJU", 5), out()],
        vec![delivered_to("SILJU", 1), delivered_to("SIMBX", 5)],
    ] {
        let world = World::after(story);
        assert!(world.published.is_empty(), "{:#?}", world.published);
    }
}
