use quaywatch_domain::EventKind::{
    CustomsReleased, GateOut, PickupAnnounced, PickupCancelled, PinAttempted, ReleaseAccepted,
    ReleaseBlocked, ReleaseDeclined, ReleaseIssued, ReleaseRevoked, ReleaseTransferred, SystemOutageEnded,
    SystemOutageStarted,
};
use quaywatch_domain::PortEvent;
use quaywatch_domain::alert::AlertState;
use quaywatch_domain::event::{PartyRole, PinOutcome};

use crate::common::{BOX, Says, World, at, event};

fn issued_to(holder: &str) -> PortEvent {
    event(ReleaseIssued, BOX, at(2, "08:00")).release("R1").to(holder)
}

fn silent(events: impl IntoIterator<Item = PortEvent>) {
    let world = World::after(events);
    assert!(world.published.is_empty(), "{:#?}", world.published);
}

#[test]
fn a_pick_up_by_a_haulier_that_does_not_hold_the_right_is_raised_at_the_announcement_already() {
    let mut world = World::after([
        issued_to("100"),
        event(ReleaseTransferred, BOX, at(2, "09:00")).release("R1").to("111"),
        event(ReleaseAccepted, BOX, at(2, "09:05")).release("R1").to("111"),
        event(PickupAnnounced, BOX, at(2, "10:00")).haulier("222").truck("T2"),
    ]);
    assert_eq!(world.codes(BOX), ["MO-01a@1"]);
    assert_eq!(world.alert(BOX).detected_at, at(2, "10:00"));
    world.see(&event(GateOut, BOX, at(2, "11:00")).haulier("222"));
    assert_eq!(world.codes(BOX), ["MO-01a@1"]);
    assert!(world.alert(BOX).title.contains("Picked up by a haulier that does not hold the release"));
}

#[test]
fn a_haulier_that_declined_the_right_does_not_hold_it() {
    let world = World::after([
        issued_to("111"),
        event(ReleaseTransferred, BOX, at(2, "09:00")).to("222"),
        event(ReleaseDeclined, BOX, at(2, "09:05")),
        event(GateOut, BOX, at(2, "11:00")).haulier("222"),
    ]);
    assert_eq!(world.codes(BOX), ["MO-01a@1"]);
}

#[test]
fn the_holder_itself_another_scheme_a_subcontractor_and_an_open_offer_are_silent() {
    silent([issued_to("111"), event(GateOut, BOX, at(2, "11:00")).haulier("111")]);
    silent([
        issued_to("111"),
        event(GateOut, BOX, at(2, "11:00")).party(PartyRole::Haulier, "EORI", "SI999"),
    ]);
    silent([issued_to("111").haulier("222"), event(GateOut, BOX, at(2, "11:00")).haulier("222")]);
    silent([
        issued_to("111"),
        event(ReleaseTransferred, BOX, at(2, "09:00")).to("222"),
        event(PickupAnnounced, BOX, at(2, "09:10")).haulier("222"),
        event(ReleaseAccepted, BOX, at(2, "09:20")).to("222"),
        event(GateOut, BOX, at(2, "11:00")).haulier("222"),
    ]);
    // Where acceptance is not reported at all, a transfer takes effect at once.
    silent([
        issued_to("111"),
        event(ReleaseTransferred, BOX, at(2, "09:00")).to("222"),
        event(GateOut, BOX, at(2, "11:00")).haulier("222"),
    ]);
}

#[test]
fn an_announcement_ahead_of_its_right_or_cancelled_is_taken_back() {
    let early = event(PickupAnnounced, BOX, at(2, "09:00")).haulier("222").appointment("A1");
    let mut world = World::after([issued_to("111"), early.clone()]);
    assert_eq!(world.codes(BOX), ["MO-01a@1"]);
    world.see(&event(ReleaseTransferred, BOX, at(2, "09:30")).to("222"));
    assert_eq!(world.alert(BOX).state, AlertState::Retracted);

    let mut world = World::after([issued_to("111"), early]);
    world.see(&event(PickupCancelled, BOX, at(2, "09:30")).appointment("A1"));
    assert_eq!(world.alert(BOX).state, AlertState::Retracted);
}

#[test]
fn manual_work_during_an_outage_is_silent_and_after_it_is_not() {
    let outage = [
        event(SystemOutageStarted, BOX, at(2, "09:00")),
        event(SystemOutageEnded, BOX, at(2, "12:00")),
        issued_to("111"),
    ];
    silent(outage.iter().cloned().chain([event(GateOut, BOX, at(2, "11:00")).haulier("222")]));
    let left = |time: &str| event(GateOut, BOX, at(2, time)).haulier("222");
    let world = World::after(outage.iter().cloned().chain([left("19:00")]));
    assert_eq!(world.codes(BOX), ["MO-01a@1"]);
    // Soon after it the platform has yet to say whom the right was handed to meanwhile.
    let soon_after = || World::after(outage.iter().cloned().chain([left("13:00")]));
    let mut world = soon_after();
    assert_eq!(world.codes(BOX), [""; 0]);
    world.wait_until(at(2, "18:00"));
    assert_eq!(world.codes(BOX), ["MO-01a@1"]);
    let told = |kind, time| event(kind, BOX, at(2, time)).release("R1").to("222").received(at(2, "14:00"));
    let mut handed = soon_after().and([told(ReleaseTransferred, "10:00"), told(ReleaseAccepted, "10:05")]);
    handed.wait_until(at(2, "18:00"));
    assert!(handed.published.is_empty(), "{:?}", handed.published);
}

/// Three containers that the consignee had handled by its usual haulier.
fn habits() -> Vec<PortEvent> {
    (1..=3)
        .map(|n| event(ReleaseIssued, &format!("MSKU123456{n}"), at(n, "08:00")).consignee("SI1").to("111"))
        .collect()
}

fn to_stranger() -> PortEvent {
    event(ReleaseTransferred, BOX, at(10, "09:00")).consignee("SI1").to("999")
}

#[test]
fn a_transfer_to_a_stranger_with_a_quick_announcement_is_raised() {
    let mut world = World::after(habits());
    world.see(&to_stranger());
    assert!(world.published.is_empty(), "the transfer alone says nothing");
    world.see(&event(PickupAnnounced, BOX, at(10, "09:40")).haulier("999"));
    assert_eq!(world.codes(BOX), ["MO-01b@1"]);
    assert_eq!(world.alert(BOX).evidence.len(), 2);
}

#[test]
fn a_slow_announcement_a_known_party_and_a_consignee_without_habits_are_silent() {
    let announced = |time: &str| event(PickupAnnounced, BOX, at(10, time)).haulier("999");
    silent(habits().into_iter().chain([to_stranger(), announced("10:01")]));
    let known = event(ReleaseIssued, "MSKU1234569", at(5, "08:00")).consignee("SI1").to("999");
    silent(habits().into_iter().chain([known, to_stranger(), announced("09:40")]));
    silent(habits().into_iter().skip(1).chain([to_stranger(), announced("09:40")]));
}

#[test]
fn two_hauliers_or_two_trucks_that_announce_one_container_within_a_day_are_raised() {
    let hauliers = World::after([
        event(PickupAnnounced, BOX, at(2, "09:00")).haulier("111"),
        event(PickupAnnounced, BOX, at(2, "20:00")).haulier("222"),
    ]);
    assert_eq!(hauliers.codes(BOX), ["MO-01e@1"]);
    let trucks = World::after([
        event(PickupAnnounced, BOX, at(2, "09:00")).truck("T1"),
        event(PickupAnnounced, BOX, at(2, "20:00")).truck("T2"),
    ]);
    assert_eq!(trucks.codes(BOX), ["MO-01e@1"]);
}

#[test]
fn a_truck_swap_a_cancelled_announcement_another_day_and_a_right_handed_on_are_silent() {
    let first = || event(PickupAnnounced, BOX, at(2, "09:00")).haulier("111").truck("T1");
    silent([first(), event(PickupAnnounced, BOX, at(2, "10:00")).haulier("111").truck("T2")]);
    silent([first(), event(GateOut, BOX, at(2, "11:00")).haulier("111").truck("T2")]);
    silent([
        first(),
        event(PickupCancelled, BOX, at(2, "09:30")).haulier("111"),
        event(PickupAnnounced, BOX, at(2, "10:00")).haulier("222"),
    ]);
    silent([first(), event(PickupAnnounced, BOX, at(3, "09:01")).haulier("222")]);
    silent([
        issued_to("111"),
        first(),
        event(ReleaseTransferred, BOX, at(2, "10:00")).to("222"),
        event(PickupAnnounced, BOX, at(2, "11:00")).haulier("222"),
    ]);
}

#[test]
fn pick_ups_announced_by_hand_during_an_outage_are_no_rivals_and_those_after_it_are() {
    let outage =
        [event(SystemOutageStarted, BOX, at(2, "09:00")), event(SystemOutageEnded, BOX, at(2, "12:00"))];
    let story = |first: &str, second: &str| {
        let announced = |time: &str, haulier: &str| event(PickupAnnounced, BOX, at(2, time)).haulier(haulier);
        outage.clone().into_iter().chain([announced(first, "111"), announced(second, "222")])
    };
    silent(story("09:30", "11:30"));
    silent(story("11:30", "13:00"));
    silent(story("08:30", "11:30"));
    assert_eq!(World::after(story("08:30", "13:00")).codes(BOX), ["MO-01e@1"]);
}

#[test]
fn a_gate_out_after_the_right_was_revoked_or_blocked_is_raised() {
    for stop in [ReleaseRevoked, ReleaseBlocked] {
        let world = World::after([
            issued_to("111"),
            event(stop, BOX, at(2, "09:00")).release("R1"),
            event(GateOut, BOX, at(2, "11:00")).haulier("111"),
        ]);
        assert_eq!(world.codes(BOX), ["MO-01g@1"]);
    }
}

#[test]
fn a_right_issued_anew_a_revoked_old_right_and_a_stop_after_the_gate_out_are_silent() {
    let out = || event(GateOut, BOX, at(2, "11:00")).haulier("111");
    let revoked = |time: &str| event(ReleaseRevoked, BOX, at(2, time)).release("R1");
    silent([
        issued_to("111"),
        revoked("09:00"),
        event(ReleaseIssued, BOX, at(2, "10:00")).release("R1").to("111"),
        out(),
    ]);
    silent([
        issued_to("100"),
        event(ReleaseIssued, BOX, at(2, "08:30")).release("R2").to("111"),
        revoked("09:00"),
        out(),
    ]);
    silent([issued_to("111"), out(), revoked("12:00")]);
    silent([
        issued_to("111"),
        event(CustomsReleased, BOX, at(2, "08:30")),
        revoked("09:00"),
        out().planned(),
    ]);
}

fn handed_to(holder: &str, time: &str) -> PortEvent {
    event(ReleaseTransferred, BOX, at(2, time)).release("R1").to(holder)
}

#[test]
fn a_right_handed_on_just_before_the_container_leaves_by_night_is_raised() {
    let out = |time: &str| event(GateOut, BOX, at(2, time)).haulier("222");
    let world = World::after([issued_to("111"), handed_to("222", "22:40"), out("23:00")]);
    assert_eq!(world.codes(BOX), ["MO-01c@1"]);
    silent([issued_to("111"), handed_to("222", "22:20"), out("23:00")]);
    silent([issued_to("111"), handed_to("222", "11:40"), out("12:00")]);
    silent([event(ReleaseIssued, BOX, at(2, "22:50")).release("R1").to("222"), out("23:00")]);
    silent([
        event(SystemOutageStarted, BOX, at(2, "22:00")),
        issued_to("111"),
        handed_to("222", "22:40"),
        out("23:00"),
    ]);
}

#[test]
fn a_long_chain_of_holders_and_one_that_turns_back_are_raised() {
    let long = ["222", "333", "444", "555"].iter().zip(["09:00", "10:00", "11:00", "12:00"]);
    let long: Vec<PortEvent> = long.map(|(holder, time)| handed_to(holder, time)).collect();
    let world = World::after([issued_to("111")].into_iter().chain(long.clone()));
    assert_eq!(world.codes(BOX), ["MO-01d@1"]);
    assert_eq!(world.alert(BOX).evidence.len(), 5);
    silent([issued_to("111")].into_iter().chain(long.iter().take(3).cloned()));
    let anew = event(ReleaseIssued, BOX, at(2, "11:30")).release("R1").to("444");
    silent(
        [issued_to("111")]
            .into_iter()
            .chain(long.iter().take(3).cloned())
            .chain([anew, handed_to("555", "12:00")]),
    );
    let back = World::after([issued_to("111"), handed_to("222", "09:00"), handed_to("111", "10:00")]);
    assert_eq!(back.codes(BOX), ["MO-01d@1"]);
    silent([issued_to("111"), handed_to("222", "09:00"), handed_to("111", "09:10")]);
    // A circle over more hands, however fast.
    let round = |last: &str, time: &str| {
        [issued_to("111"), handed_to("222", "09:00"), handed_to("333", "09:05"), handed_to(last, time)]
    };
    for time in ["09:10", "12:00"] {
        assert_eq!(World::after(round("111", time)).codes(BOX), ["MO-01d@1"]);
    }
    assert_eq!(World::after(round("222", "12:00")).codes(BOX), ["MO-01d@1"]);
    silent(round("222", "09:10"));
    silent(round("444", "12:00"));
    silent([issued_to("111"), handed_to("222", "09:00"), handed_to("222", "10:00")]);
}

#[test]
fn wrong_pins_in_a_row_are_raised() {
    let tried = |time: &str, outcome| event(PinAttempted, BOX, at(2, time)).pin(outcome);
    let wrong = |time: &str| tried(time, PinOutcome::Wrong);
    let world = World::after([wrong("09:00"), wrong("09:05"), wrong("09:14")]);
    assert_eq!(world.codes(BOX), ["MO-01f@1"]);
    silent([wrong("09:00"), wrong("09:05"), tried("09:06", PinOutcome::Correct)]);
    silent([wrong("09:00"), wrong("09:05"), wrong("09:20")]);
    silent([event(SystemOutageStarted, BOX, at(2, "08:00")), wrong("09:00"), wrong("09:05"), wrong("09:14")]);
}

#[test]
fn a_client_that_tries_many_containers_is_told_to_them_when_people_are_looked_at() {
    let tried = |n: u32, outcome| {
        event(PinAttempted, &format!("MSKU123456{n}"), at(2, &format!("09:{:02}", n * 10)))
            .pin(outcome)
            .edit(|e| e.actor.get_or_insert_default().client = Some("dev:1".into()))
    };
    let all = |outcome| (0..5).map(move |n| tried(n, outcome));
    let world = World::with_people().and(all(PinOutcome::Wrong));
    assert_eq!(world.codes("MSKU1234564"), ["MO-01f@1"]);
    assert!(world.alert("MSKU1234564").indicators[0].discreet);
    assert!(World::with_people().and(all(PinOutcome::Correct)).published.is_empty());
    assert!(World::with_people().and(all(PinOutcome::Wrong).take(4)).published.is_empty());
    assert!(World::after(all(PinOutcome::Wrong)).published.is_empty());
}
