use quaywatch_domain::EventKind::{
    CustomsHeld, CustomsInspected, CustomsSelectedForInspection, Discharged, DoorOpened, GateIn, GateOut,
    SealAffixed, SealInspected, SealRemoved, SealReplaced, Stripped, WorkOrdered,
};
use quaywatch_domain::PortEvent;
use quaywatch_domain::event::SealSource::{Carrier, Customs, Unknown};
use quaywatch_domain::event::{Condition, Laden};

use crate::common::{BOX, Says, World, at, event};

fn told(events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    let mut world = World::after(events);
    world.wait_until(at(9, "00:00"));
    world.codes(BOX).into_iter().filter(|c| c.starts_with("MO-05")).collect()
}

fn silent(events: impl IntoIterator<Item = PortEvent>) {
    assert_eq!(told(events), [""; 0]);
}

fn in_yard() -> PortEvent {
    event(Discharged, BOX, at(2, "08:00")).terminal("LUKKP").laden(Laden::Laden)
}

fn replaced() -> PortEvent {
    event(SealReplaced, BOX, at(3, "08:00")).seal("NEW12345", Carrier)
}

#[test]
fn a_new_seal_without_the_old_one_having_come_off_is_raised_when_no_late_removal_comes() {
    let mut world = World::after(reports_removals().into_iter().chain([in_yard(), replaced()]));
    assert!(world.published.is_empty());
    world.wait_until(at(4, "08:00"));
    assert_eq!(world.codes(BOX), ["MO-05a@2"]);
    world.see(&event(SealRemoved, BOX, at(3, "07:50")).received(at(4, "10:00")));
    assert!(world.codes(BOX).is_empty(), "the removal was only told late");
}

/// The feed of these stories reports removals.
fn reports_removals() -> [PortEvent; 3] {
    [
        event(SealRemoved, BOX, at(1, "07:00")),
        event(SealAffixed, BOX, at(1, "08:00")),
        event(GateOut, BOX, at(1, "09:00")),
    ]
}

fn told_of_known(events: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    told(reports_removals().into_iter().chain([in_yard()]).chain(events))
}

#[test]
fn customs_a_hold_and_a_door_explain_a_new_seal_and_a_look_at_the_old_one_does_not() {
    for kind in [CustomsInspected, CustomsHeld, CustomsSelectedForInspection, DoorOpened, SealRemoved] {
        let before = event(kind.clone(), BOX, at(3, "07:00"));
        assert_eq!(told_of_known([before, replaced()]), [""; 0], "{kind}");
    }
    let looked_at = event(SealInspected, BOX, at(3, "07:00"));
    assert_eq!(told_of_known([looked_at, replaced()]), ["MO-05a@2"]);
}

#[test]
fn removed_inspected_replaced_is_in_order_and_replaced_before_is_not() {
    let removed = |time| event(SealRemoved, BOX, at(3, time)).seal("OLD12345", Carrier);
    let inspected = |time, seal: &str| event(SealInspected, BOX, at(3, time)).seal(seal, Carrier);
    let silent = |events: Vec<PortEvent>| assert_eq!(told_of_known(events), [""; 0]);
    silent(vec![removed("07:00"), inspected("07:30", "OLD12345"), replaced()]);
    silent(vec![removed("07:00"), replaced()]);
    // The new seal is on first; minutes are the clock's.
    let out = || event(GateOut, BOX, at(3, "20:00")).laden(Laden::Laden).seal("NEW12345", Carrier);
    assert_eq!(told_of_known([replaced(), removed("10:00"), out()]), ["MO-05a@2"]);
    silent(vec![replaced(), removed("08:10"), out()]);
    silent(vec![replaced(), removed("08:10"), out().edit(|e| e.seals.clear())]);
    // The old seal is looked at when it is long gone; the new one may be.
    assert_eq!(told_of_known([removed("07:00"), replaced(), inspected("11:00", "OLD12345")]), ["MO-05a@2"]);
    silent(vec![removed("07:00"), replaced(), inspected("11:00", "NEW12345")]);
    silent(vec![removed("07:00"), replaced(), event(SealInspected, BOX, at(3, "11:00"))]);
    silent(vec![
        removed("07:00"),
        inspected("07:30", "OLD12345"),
        replaced(),
        inspected("11:00", "OLD12345"),
    ]);
    silent(vec![removed("07:00"), replaced(), inspected("08:20", "OLD12345")]);
}

#[test]
fn replacements_that_explain_themselves_are_silent() {
    silent([in_yard(), replaced()]); // a feed that was never seen to report a removal
    silent([in_yard(), event(CustomsInspected, BOX, at(3, "07:00")), replaced()]);
    silent([in_yard(), replaced().seal("OLD12345", Carrier)]);
    silent([in_yard(), event(SealReplaced, BOX, at(3, "08:00")).seal("CU999888", Customs)]);
    silent([in_yard(), replaced().edit(|e| e.seals[0].condition = Some(Condition::Damaged))]);
    silent([in_yard(), replaced().planned()]);
}

#[test]
fn a_full_container_that_leaves_with_a_seal_removed_and_none_put_on_is_raised() {
    let removed = || event(SealRemoved, BOX, at(3, "08:00")).seal("OLD12345", Carrier);
    let out = || event(GateOut, BOX, at(3, "12:00")).laden(Laden::Laden);
    assert_eq!(told([in_yard(), removed(), out()]), ["MO-05b@1"]);
    silent([in_yard(), removed(), out().seal("NEW12345", Carrier)]);
    silent([in_yard(), removed(), event(SealAffixed, BOX, at(3, "10:00")), out()]);
    silent([in_yard(), removed(), event(Stripped, BOX, at(3, "09:00")).order("W1"), out()]);
    silent([in_yard(), removed(), out().laden(Laden::Empty)]);
    silent([in_yard(), removed(), out(), event(SealAffixed, BOX, at(3, "11:00")).received(at(4, "09:00"))]);
}

#[test]
fn work_on_a_seal_by_somebody_without_a_mandate_is_raised() {
    let by = |role: &str| {
        event(SealRemoved, BOX, at(3, "08:00"))
            .user("U1", "ORG")
            .edit(|e| e.actor.get_or_insert_default().role = Some(role.into()))
    };
    assert_eq!(told([in_yard(), by("haulier")]), ["MO-05c@1"]);
    silent([in_yard(), by("customs")]);
    silent([in_yard(), event(SealRemoved, BOX, at(3, "08:00")).user("U1", "ORG")]);
}

#[test]
fn a_full_container_expressly_without_a_seal_is_raised() {
    let gate_in = || event(GateIn, BOX, at(2, "08:00")).laden(Laden::Laden);
    assert_eq!(told([gate_in().seal("NO SEAL", Unknown)]), ["MO-05d@1"]);
    silent([gate_in()]);
    silent([gate_in().seal("SI", Carrier)]);
    silent([gate_in().seal("NO SEAL", Unknown).seal("ML123456", Carrier)]);
    silent([gate_in().seal("NO SEAL", Unknown).laden(Laden::Empty)]);
    // A platform, an open top, a tank, a silo: nothing to close with a seal.
    for iso_type in ["22P1", "22U1", "22T1", "22B0"] {
        silent([gate_in().seal("NO SEAL", Unknown).iso_type(iso_type)]);
    }
    assert_eq!(told([gate_in().seal("NO SEAL", Unknown).iso_type("22G1")]), ["MO-05d@1"]);
}

#[test]
fn a_container_emptied_in_the_yard_without_an_order_is_raised() {
    let stripped = || event(Stripped, BOX, at(3, "08:00"));
    assert_eq!(told([in_yard(), stripped()]), ["MO-05e@1"]);
    silent([in_yard(), stripped().order("W1")]);
    // An order that names a slot only moves it, unless to customs.
    let ordered_to = |slot| event(WorkOrdered, BOX, at(3, "06:00")).slot(slot);
    assert_eq!(told([in_yard(), ordered_to("LANE-1-1-1"), stripped()]), ["MO-05e@1"]);
    silent([in_yard(), ordered_to("CUSTOMS-1-1-1"), stripped()]);
    silent([in_yard(), event(WorkOrdered, BOX, at(3, "06:00")), stripped()]);
    silent([in_yard(), stripped().facility("CFS")]);
    silent([in_yard(), event(CustomsInspected, BOX, at(3, "06:00")), stripped()]);
    silent([in_yard(), event(GateOut, BOX, at(2, "20:00")).terminal("LUKKP"), stripped()]);
    silent([
        in_yard(),
        stripped(),
        event(GateOut, BOX, at(2, "20:00")).terminal("LUKKP").received(at(3, "20:00")),
    ]);
}
