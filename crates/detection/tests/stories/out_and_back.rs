use quaywatch_domain::EventKind::{
    BookingConfirmed, CustomsHeld, DeliveryRejected, Discharged, DroppedOff, GateIn, GateOut, ManifestLine,
    PickupAnnounced, ReleaseIssued, Stripped, WorkOrdered,
};
use quaywatch_domain::event::{EquipmentStatus, Laden, PartyRole};
use quaywatch_domain::{PortEvent, Timestamp};

use crate::common::{BOX, Says, World, at, event};

fn out() -> PortEvent {
    event(GateOut, BOX, at(3, "20:00"))
        .terminal("LUKKP")
        .status(EquipmentStatus::Import)
        .laden(Laden::Laden)
        .truck("T1")
        .haulier("222")
}

fn back(at: Timestamp) -> PortEvent {
    event(GateIn, BOX, at).terminal("LUKKP").laden(Laden::Laden).truck("T2")
}

/// What stands after these events and some hours.
fn told(events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    let mut world = World::after(events);
    world.wait_until(at(8, "00:00"));
    world.codes(BOX)
}

#[test]
fn an_import_that_comes_back_full_within_days_is_raised_after_a_grace() {
    let mut world = World::after([out(), back(at(4, "21:00"))]);
    assert!(world.published.is_empty(), "a rejection may still be on its way");
    world.wait_until(at(4, "22:00"));
    assert_eq!(world.codes(BOX), ["MO-02a@2"]);
    assert!(world.alert(BOX).title.contains("after 25 h"));
    let elsewhere = back(at(5, "08:00")).terminal("TRSTE");
    assert_eq!(told([out(), elsewhere]), ["MO-02a@2"]);
}

#[test]
fn it_is_taken_back_when_a_refused_delivery_is_told_late() {
    let mut world = World::after([out(), back(at(4, "21:00"))]);
    world.wait_until(at(4, "23:00"));
    world.see(&event(DeliveryRejected, BOX, at(4, "15:00")).received(at(5, "09:00")));
    assert!(world.codes(BOX).is_empty());
}

#[test]
fn returns_that_have_a_reason_are_silent() {
    let silent = |events: Vec<PortEvent>| assert_eq!(told(events), [""; 0]);
    silent(vec![out(), event(DeliveryRejected, BOX, at(4, "15:00")), back(at(4, "21:00"))]);
    silent(vec![out(), back(at(3, "21:30")).truck("T1")]);
    silent(vec![out(), event(CustomsHeld, BOX, at(4, "09:00")), back(at(4, "21:00"))]);
    silent(vec![out().facility("CUSTOMS_SITE"), back(at(4, "21:00"))]);
    silent(vec![out().order("W7"), back(at(4, "21:00")).order("W7")]);
    let removed = |event: PortEvent, id: &str| {
        event.bill("BL1").edit(|e| {
            e.documents.get_or_insert_default().transport_document = Some(id.into());
        })
    };
    let transferred = |id| {
        let event = back(at(4, "21:00")).terminal("TRSTE").status(EquipmentStatus::Import).haulier("222");
        removed(event, id)
    };
    silent(vec![removed(out(), "RT1"), transferred("RT1")]);
    let carrier_says =
        || event(GateOut, BOX, at(3, "20:00")).terminal("LUKKP").feed("carrier").bill("BL1").id("a");
    silent(vec![carrier_says(), removed(out(), "RT1"), transferred("RT1")]);
    assert_eq!(told([removed(out(), "RT1"), transferred("RT2")]), ["MO-02a@2"]);
    // Its bill is known to whoever stole it.
    assert_eq!(told([removed(out(), "BL1"), transferred("BL1")]), ["MO-02a@2"]);
    silent(vec![out(), event(WorkOrdered, BOX, at(4, "09:00")), back(at(4, "21:00"))]);
    // Where it is to be put down on its way back in was ordered before it came.
    let slot = event(WorkOrdered, BOX, at(4, "20:50")).slot("A-01-1-1");
    assert_eq!(told([out(), slot, back(at(4, "21:00"))]), ["MO-02a@2"]);
    silent(vec![out(), event(BookingConfirmed, BOX, at(4, "09:00")), back(at(4, "21:00"))]);
    silent(vec![out(), back(at(4, "21:00")).booking("B1")]);
    // The booking under which it came is none for an export.
    assert_eq!(told([out().booking("B1"), back(at(4, "21:00")).booking("B1")]), ["MO-02a@2"]);
    silent(vec![out(), back(at(4, "21:00")).laden(Laden::Empty)]);
    silent(vec![out(), back(at(7, "20:30"))]);
    silent(vec![out().status(EquipmentStatus::Export), back(at(4, "21:00"))]);
}

#[test]
fn word_of_the_gate_about_a_removal_is_waited_for_where_the_document_is_known() {
    let removed = |event: PortEvent, id: &str| {
        event.bill("BL1").edit(|e| {
            e.documents.get_or_insert_default().transport_document = Some(id.into());
        })
    };
    let on_to_the_other = |id| {
        let there = back(at(3, "21:00")).terminal("TRSTE").status(EquipmentStatus::Import);
        removed(there.haulier("222").truck("T1"), id)
    };
    // The carrier alone has said that it left.
    let carrier_says = || {
        let left = event(GateOut, BOX, at(3, "20:00")).terminal("LUKKP").feed("carrier").id("a");
        left.status(EquipmentStatus::Import).laden(Laden::Laden).bill("BL1")
    };
    let mut late = World::after([carrier_says(), on_to_the_other("RT1")]);
    late.wait_until(at(4, "00:30"));
    late.see(&removed(out(), "RT1").received(at(4, "00:30")));
    late.wait_until(at(8, "00:00"));
    assert!(late.published.is_empty(), "{:?}", late.published);
    // The gate knows of no removal, or of another haulier.
    let mut forged = World::after([carrier_says(), on_to_the_other("RT1")]);
    forged.see(&out().received(at(3, "22:30")));
    assert_eq!(forged.codes_of(BOX, "MO-02"), ["MO-02a@2"]);
    // Nor does it speak half a day later.
    let mut untold = World::after([carrier_says(), on_to_the_other("RT1")]);
    untold.wait_until(at(4, "08:00"));
    assert_eq!(untold.codes_of(BOX, "MO-02"), ["MO-02a@2"]);
    // Without a document there is nothing to wait for.
    let there = back(at(3, "21:00")).terminal("TRSTE").status(EquipmentStatus::Import);
    let mut plain = World::after([carrier_says(), there]);
    plain.wait_until(at(3, "22:00"));
    assert_eq!(plain.codes_of(BOX, "MO-02"), ["MO-02a@2"]);
}

#[test]
fn a_rightful_haulier_that_comes_when_it_is_gone_is_raised() {
    let world = World::after([
        event(ReleaseIssued, BOX, at(2, "08:00")).release("R1").to("111").haulier("222"),
        out(),
        event(PickupAnnounced, BOX, at(4, "08:00")).haulier("111"),
    ]);
    assert!(world.codes(BOX).contains(&"MO-02b@1".to_owned()), "{:?}", world.codes(BOX));
    assert_eq!(
        world.sentence(BOX, "MO-02b"),
        "Its rightful haulier is to collect it, and it is already gone."
    );
}

#[test]
fn who_comes_when_it_is_gone_is_called_rightful_only_where_a_release_says_so() {
    let story = |gone: PortEvent, comes: PortEvent| {
        let world = World::after([gone, comes]);
        world.sentence(BOX, "MO-02b").to_owned()
    };
    let comes = || event(PickupAnnounced, BOX, at(4, "08:00"));
    assert_eq!(
        story(out(), comes().haulier("111")),
        "Another haulier than the one that took it is to collect it, and it is already gone."
    );
    let nameless = out().edit(|e| e.parties.clear()).truck("KP AA-001");
    assert_eq!(
        story(nameless, comes().truck("KP BB-002")),
        "Another truck than the one that took it is to collect it, and it is already gone."
    );
}

#[test]
fn how_long_it_was_away_is_said_in_minutes_below_an_hour() {
    let away = |at| {
        let mut world = World::after([out(), back(at).truck("KP BB-002").terminal("TRSTE")]);
        world.wait_until(at.plus_millis(24 * 3_600_000));
        world.sentence(BOX, "MO-02a").to_owned()
    };
    assert!(away(at(3, "20:40")).contains(" after 40 min,"), "{}", away(at(3, "20:40")));
    assert!(away(at(3, "22:30")).contains(" after 2 h,"));
}

#[test]
fn late_messages_the_same_haulier_the_empty_and_strangers_did_not_come_in_vain() {
    let announced = || event(PickupAnnounced, BOX, at(4, "08:00")).haulier("111");
    let silent = |events: Vec<PortEvent>| {
        let codes = told(events);
        assert!(!codes.iter().any(|c| c.starts_with("MO-02b")), "{codes:?}");
    };
    silent(vec![out(), announced().haulier("222")]);
    silent(vec![out(), event(PickupAnnounced, BOX, at(3, "20:30")).haulier("111")]);
    silent(vec![
        out(),
        announced().planned().edit(|e| {
            e.created_at = Some(at(3, "10:00"));
            e.received_at = at(4, "08:00");
        }),
    ]);
    silent(vec![out(), announced().laden(Laden::Empty)]);
    silent(vec![out(), announced().status(EquipmentStatus::Export)]);
    silent(vec![event(ReleaseIssued, BOX, at(2, "08:00")).to("222"), out(), announced()]);
}

#[test]
fn a_missing_empty_return_is_a_low_indicator_and_makes_no_alert_alone() {
    let month = at(3, "20:00").plus_millis(31 * 86_400_000);
    let mut world = World::after([event(CustomsHeld, BOX, at(3, "08:00")), out()]);
    world.wait_until(at(4, "00:00"));
    assert_eq!(world.codes(BOX), ["MO-25a@1"]);
    world.wait_until(at(3, "20:00").plus_millis(13 * 86_400_000));
    assert_eq!(world.codes(BOX), ["MO-25a@1"]);
    let mut quiet = World::after([out()]);
    quiet.wait_until(month);
    assert!(quiet.published.is_empty());
}

#[test]
fn a_missing_empty_return_adds_to_what_else_there_is() {
    let mut world =
        World::with(quaywatch_detection::Rules::parse("[out_and_back.c]\nseverity = \"MEDIUM\"\n").unwrap());
    world.see(&out());
    world.wait_until(at(3, "20:00").plus_millis(30 * 86_400_000));
    assert_eq!(world.codes(BOX), ["MO-02c@1"]);
    assert_eq!(world.alert(BOX).indicators[0].expected.as_ref().map(|e| &e.event), Some(&GateIn));
    world.see(&back(at(20, "08:00")).laden(Laden::Empty).received(world.now));
    assert!(world.codes(BOX).is_empty(), "the return was only told late");
    let mut own =
        World::with(quaywatch_detection::Rules::parse("[out_and_back.c]\nseverity = \"MEDIUM\"\n").unwrap());
    own.see(&out().consignee("SI1").party(PartyRole::Owner, "EORI", "SI1"));
    own.wait_until(at(3, "20:00").plus_millis(31 * 86_400_000));
    assert!(own.published.is_empty());
}

#[test]
fn a_drop_off_that_was_planned_and_does_not_happen_is_raised() {
    let from = |port: &str| event(ManifestLine, BOX, at(1, "08:00")).route(port, &[], "SIKOP");
    let off = || event(Discharged, BOX, at(2, "08:00"));
    let told = |events: Vec<PortEvent>| told([from("ECGYE"), off()].into_iter().chain(events));
    let planned = || event(DroppedOff, BOX, at(4, "08:00")).planned();
    assert_eq!(told(vec![out(), planned()]), ["MO-02d@1"]);
    assert_eq!(told(vec![out(), planned(), event(DroppedOff, BOX, at(4, "12:00")).id("actual")]), [""; 0]);
    assert_eq!(told(vec![out(), planned(), event(DeliveryRejected, BOX, at(4, "12:00"))]), [""; 0]);
    assert_eq!(told(vec![out(), event(DroppedOff, BOX, at(7, "12:00")).planned()]), [""; 0]);
    // Days late, and there; what comes back full to a terminal was never delivered.
    for late in [DroppedOff, Stripped] {
        assert_eq!(told(vec![out(), planned(), event(late, BOX, at(7, "12:00")).id("actual")]), [""; 0]);
    }
    assert_eq!(told(vec![out(), planned(), back(at(7, "12:00"))]), ["MO-02d@1"]);
    // The empty came back: it was delivered, and the word of it was lost.
    let empty = back(at(6, "12:00")).laden(Laden::Empty);
    assert_eq!(told(vec![out(), planned(), empty]), [""; 0]);
    // Ordinary goods are often late, or word of them is lost.
    let mut ordinary = World::after([from("CNSHA"), off(), out(), planned()]);
    ordinary.wait_until(at(8, "00:00"));
    assert!(ordinary.published.is_empty(), "{:?}", ordinary.published);
}
