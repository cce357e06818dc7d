use quaywatch_detection::{Baselines, Group, Measure, Quantiles};
use quaywatch_domain::EventKind::{
    CustomsHeld, CustomsInspected, CustomsReleased, CustomsScanned, CustomsSelectedForScan,
    CustomsSelectionCancelled, DeviceUnpaired, Discharged, DoorOpened, GateOut, PickupAnnounced,
    PickupCancelled, PositionReported, RecordViewed, SealAffixed, SealRemoved, WorkOrdered, YardMove,
};
use quaywatch_domain::event::WeightKind::Scale;
use quaywatch_domain::event::{EquipmentStatus, SealSource, Yard};
use quaywatch_domain::{EventKind, PortEvent, Severity};

use crate::common::{BOX, Says, World, at, event};

fn on(kind: EventKind, time: &str) -> PortEvent {
    event(kind, BOX, at(2, time))
}

fn slot(time: &str, block: &str, row: &str) -> PortEvent {
    on(PositionReported, time).edit(|e| {
        e.place.get_or_insert_default().yard = Some(Box::new(Yard {
            block: Some(block.into()),
            bay: Some("04".into()),
            row: Some(row.into()),
            tier: Some("1".into()),
        }));
    })
}

/// A container scanned in the night whose picture is read in the morning, with what happens in between.
fn night(between: impl IntoIterator<Item = PortEvent>) -> World {
    let mut events = vec![
        event(Discharged, BOX, at(1, "20:00")),
        on(CustomsSelectedForScan, "00:30"),
        on(CustomsScanned, "01:00"),
    ];
    events.extend(between);
    World::after(events)
}

fn silent(mut world: World) {
    world = world.and([on(CustomsReleased, "08:00")]);
    assert_eq!(world.codes(BOX), [""; 0], "{:#?}", world.alert(BOX).indicators);
}

/// Like `silent`, for worlds that never had an alert.
fn never(world: &World) {
    assert!(world.published.is_empty(), "{:#?}", world.published);
}

#[test]
fn what_happens_between_scan_and_decision_is_raised_and_stays() {
    for touch in [
        on(YardMove, "03:00"),
        on(DoorOpened, "03:00"),
        on(SealRemoved, "03:00").seal("ML1234567", SealSource::Carrier),
        on(DeviceUnpaired, "03:00"),
    ] {
        let is_opening = matches!(touch.kind, DoorOpened | SealRemoved);
        let mut world = night([touch]);
        // Customs open doors and seals too, and say so afterwards.
        assert_eq!(world.codes_of(BOX, "MO-15").is_empty(), is_opening);
        world.wait_until(at(2, "03:45"));
        assert_eq!(world.codes_of(BOX, "MO-15"), ["MO-15a@1"]);
        // Together with an opened door it is graver.
        assert!(world.alert(BOX).severity >= Severity::High);
        world.see(&on(CustomsReleased, "08:00"));
        assert_eq!(world.codes_of(BOX, "MO-15"), ["MO-15a@1"]);
    }
    let moved = night([slot("01:10", "A", "1"), slot("03:00", "B", "1")]);
    assert_eq!(moved.alert(BOX).indicators[0].sentence, "Was moved between customs selection and decision.");
}

#[test]
fn the_move_to_the_customs_site_and_back_is_silent() {
    let to_site = || on(WorkOrdered, "00:40").order("W1").facility("CUSTOMS_SITE");
    let before = |between: Vec<PortEvent>| {
        let mut events = vec![event(Discharged, BOX, at(1, "20:00")), on(CustomsSelectedForScan, "00:30")];
        events.extend(between);
        World::after(events)
    };
    never(&before(vec![to_site(), on(YardMove, "00:50").order("W1")]));
    never(&before(vec![to_site(), on(YardMove, "00:50")]));
    never(&before(vec![on(YardMove, "00:50").facility("CUSTOMS_SITE")]));
    never(&night([on(WorkOrdered, "01:05").order("W2"), on(YardMove, "01:30").order("W2")]));
    // Known by its yard block; the order back counts however late the scan was reported.
    let block = |kind, time: &str, slot: &str| on(kind, time).slot(slot).order("W4");
    never(&before(vec![
        block(WorkOrdered, "00:40", "CUSTOMS-1-1-1"),
        block(YardMove, "00:50", "CUSTOMS-1-1-1"),
    ]));
    never(&before(vec![
        block(WorkOrdered, "00:40", "CUSTOMS-1-1-1"),
        block(YardMove, "00:50", "CUSTOMS-1-1-1"),
        block(WorkOrdered, "05:00", "B-35-5-4"),
        block(YardMove, "05:10", "B-35-5-4"),
    ]));
    // Without an order there is no way back.
    assert_eq!(night([on(YardMove, "01:30")]).codes(BOX), ["MO-15a@1"]);
}

#[test]
fn customs_own_opening_an_ordinary_ordered_move_and_a_shift_within_the_stack_are_silent() {
    let opened = night([on(DoorOpened, "07:00"), on(CustomsInspected, "07:50")]);
    assert_eq!(opened.codes(BOX), [""; 0]);
    never(&night([on(SealAffixed, "03:00").seal("CU7654321", SealSource::Customs)]));
    never(&night([on(WorkOrdered, "04:50").order("W3"), on(YardMove, "05:00").order("W3")]));
    // The order itself is lost.
    never(&night([on(YardMove, "05:00").order("W3")]));
    never(&night([slot("01:10", "A", "1"), slot("03:00", "A", "2")]));
    never(&night([on(CustomsReleased, "02:00"), on(DoorOpened, "03:00")]));
}

#[test]
fn a_touch_that_is_corrected_away_is_taken_back() {
    let mut world = night([on(DoorOpened, "03:00")]);
    world.see(&on(DoorOpened, "03:00").revision(2).retracted());
    silent(world);
}

#[test]
fn an_overdue_decision_is_a_notice_that_counts_only_with_others() {
    let mut world = night([]);
    world.wait_until(at(2, "06:00"));
    never(&world);
    let mut world = night([on(DoorOpened, "03:00")]);
    world.wait_until(at(2, "04:59"));
    assert_eq!(world.codes_of(BOX, "MO-15"), ["MO-15a@1"]);
    world.wait_until(at(2, "05:00"));
    assert_eq!(world.codes_of(BOX, "MO-15"), ["MO-15a@1", "MO-15b@1"]);
    let notice = world.alert(BOX).indicators.iter().find(|i| i.code == "MO-15b").unwrap();
    assert!(notice.sentence.contains("status may lag"));
    assert_eq!(notice.expected.as_ref().unwrap().by, at(2, "05:00"));
    world.see(&on(CustomsHeld, "05:30"));
    assert_eq!(world.codes_of(BOX, "MO-15"), ["MO-15a@1"]);
}

#[test]
fn customs_who_put_their_own_seal_on_it_opened_it_however_late_they_say_so() {
    let opened =
        || [on(SealRemoved, "02:50").seal("ML1234567", SealSource::Carrier), on(DoorOpened, "03:00")];
    let sealed = |by| on(SealAffixed, "03:30").seal("DO7654321", by);
    let mut theirs = night(opened()).and([sealed(SealSource::Customs)]);
    theirs.wait_until(at(2, "04:30"));
    theirs.see(&on(CustomsInspected, "03:20").received(at(2, "04:30")));
    theirs.see(&on(CustomsReleased, "04:50"));
    assert_eq!(theirs.codes_of(BOX, "MO-15"), [""; 0]);
    assert!(!theirs.published.iter().any(|a| a.indicators.iter().any(|i| i.code == "MO-15a")));
    // Who opens it otherwise seals it too, and not with theirs.
    let mut others = night(opened()).and([sealed(SealSource::Carrier)]);
    others.wait_until(at(2, "04:30"));
    assert_eq!(others.codes_of(BOX, "MO-15"), ["MO-15a@1"]);
}

#[test]
fn a_decision_or_its_cancellation_is_told_as_late_as_it_is_for_most() {
    let gap = || {
        World::where_late(&CustomsReleased, 60.0).and([
            event(Discharged, BOX, at(1, "20:00")).terminal("LUKKP"),
            on(CustomsSelectedForScan, "00:30").terminal("LUKKP"),
        ])
    };
    // They called it off at the minute in which the truck was announced.
    let mut freed = gap().and([on(PickupAnnounced, "00:45")]);
    freed.see(&on(CustomsSelectionCancelled, "00:44").received(at(2, "00:54")));
    freed.wait_until(at(2, "03:00"));
    never(&freed);
    let mut wanted = gap().and([on(PickupAnnounced, "00:45")]);
    wanted.wait_until(at(2, "00:54"));
    never(&wanted);
    wanted.wait_until(at(2, "00:55"));
    assert_eq!(wanted.codes_of(BOX, "MO-15"), ["MO-15c@1"]);
    // Four hours for the picture, and ten minutes for the word of it.
    let read = || gap().and([on(CustomsScanned, "01:00").terminal("LUKKP"), on(DoorOpened, "03:00")]);
    let mut late = read();
    late.wait_until(at(2, "05:09"));
    assert_eq!(late.codes_of(BOX, "MO-15"), ["MO-15a@1"]);
    late.wait_until(at(2, "05:10"));
    assert_eq!(late.codes_of(BOX, "MO-15"), ["MO-15a@1", "MO-15b@1"]);
}

#[test]
fn a_selected_container_announced_for_pick_up_soon_is_raised_until_customs_decide() {
    let announced = on(PickupAnnounced, "05:00").planned().edit(|e| e.created_at = Some(at(2, "00:45")));
    let mut world = night([announced.received(at(2, "00:45"))]);
    assert_eq!(world.codes(BOX), ["MO-15c@1"]);
    world.see(&on(CustomsReleased, "04:00"));
    assert_eq!(world.codes(BOX), [""; 0]);
    // Without a slot it was ahead of customs, whatever they decide later.
    let mut world = night([on(PickupAnnounced, "00:45")]);
    world.see(&on(CustomsReleased, "04:00"));
    assert_eq!(world.codes(BOX), ["MO-15c@1"]);
}

#[test]
fn a_pick_up_for_the_night_between_scan_and_decision_is_raised_until_customs_decide_before_it() {
    let slot = |time: &str| on(PickupAnnounced, time).planned().received(at(2, "02:00"));
    let mut world = night([slot("04:30")]);
    assert_eq!(world.codes(BOX), ["MO-15c@1"]);
    assert_eq!(world.alert(BOX).severity, Severity::Medium);
    assert_eq!(world.sentence(BOX, "MO-15c"), "Pick-up announced for the night, between scan and decision.");
    world.see(&on(CustomsReleased, "04:00"));
    assert_eq!(world.codes(BOX), [""; 0], "decided before the truck comes");
    // Told by night without a slot says little by itself: whoever plans by night does it.
    let told = || on(PickupAnnounced, "02:00");
    never(&night([told(), on(CustomsReleased, "08:00")]));
    let mut opened = night([told(), on(DoorOpened, "03:00")]);
    opened.wait_until(at(2, "04:00"));
    assert_eq!(opened.codes_of(BOX, "MO-15"), ["MO-15a@1", "MO-15c@1"]);
    // Cancelled, after the decision, and for the next evening.
    let cancelled = [slot("04:30").appointment("A1"), on(PickupCancelled, "03:00").appointment("A1")];
    assert_eq!(night(cancelled).codes(BOX), [""; 0]);
    never(&night([on(CustomsReleased, "01:40"), slot("04:30")]));
    never(&night([on(PickupAnnounced, "21:00").planned().received(at(2, "02:00"))]));
    // What was ahead of the scan is graver, whatever follows.
    let both = night([on(PickupAnnounced, "00:45"), slot("04:30")]);
    assert_eq!(both.alert(BOX).severity, Severity::High);
}

#[test]
fn a_strangers_look_up_in_the_gap_counts_with_others_and_is_told_to_the_restricted_audience() {
    let story = |look_up: PortEvent, lost_kg: f64| {
        World::with_people().and([
            event(Discharged, BOX, at(1, "20:00")).feed("crane").terminal("LUKKP").weight(Scale, 20_040.0),
            on(CustomsSelectedForScan, "00:30"),
            on(CustomsScanned, "01:00"),
            look_up,
            on(CustomsReleased, "08:00"),
            on(GateOut, "10:00").feed("gate").weight(Scale, 20_040.0 - lost_kg),
        ])
    };
    let by = |organisation: &str| on(RecordViewed, "03:00").user("usr:1", organisation);
    assert!(story(by("ACME"), 0.0).published.is_empty(), "alone it is no alert");
    let world = story(by("ACME"), 740.0);
    assert_eq!(world.codes(BOX), ["COMBO-rip-off@1", "MO-12e@1", "MO-15a@1", "MO-16a@1"]);
    for indicator in &world.alert(BOX).indicators {
        let is_of_people = matches!(indicator.code.as_str(), "MO-15a" | "COMBO-rip-off" | "MO-16a");
        assert_eq!(indicator.discreet, is_of_people, "{}", indicator.code);
    }
    for look_up in [
        by("LUKKP"),
        by("ACME").role("CUSTOMS"),
        by("ACME").role("CUSTOMER_SERVICE"),
        by("ACME").order("TICKET7"),
        by("ACME").edit(|e| e.occurred_at = at(2, "09:00")),
    ] {
        assert_eq!(story(look_up, 740.0).codes_of(BOX, "MO-15"), [""; 0]);
    }
}

#[test]
fn a_pick_up_announced_before_for_days_ahead_after_the_scan_or_cancelled_is_silent() {
    never(&night([on(PickupAnnounced, "06:30")]));
    never(&night([on(PickupAnnounced, "11:00").planned().received(at(2, "02:00"))]));
    never(&night([on(PickupAnnounced, "05:00").planned().received(at(2, "00:10"))]));
    never(&night([event(PickupAnnounced, BOX, at(3, "05:00")).planned().received(at(2, "00:45"))]));
    let cancelled = night([
        on(PickupAnnounced, "05:00").appointment("A1").planned().received(at(2, "00:45")),
        on(PickupCancelled, "02:30").appointment("A1"),
    ]);
    assert_eq!(cancelled.codes(BOX), [""; 0]);
}

#[test]
fn a_selection_cancelled_by_another_than_customs_is_raised() {
    let by = |role: &str| on(CustomsSelectionCancelled, "02:00").user("usr:1", "X").role(role);
    let world = night([by("TERMINAL")]);
    assert_eq!(world.codes(BOX), ["MO-15d@1"]);
    assert!(!world.alert(BOX).indicators[0].sentence.contains("usr:1"));
    never(&night([by("CUSTOMS")]));
    never(&night([on(CustomsSelectionCancelled, "02:00")]));
}

#[test]
fn seals_that_customs_take_off_before_they_report_their_inspection_are_never_raised() {
    let off = on(SealRemoved, "03:00").seal("ML1234567", SealSource::Carrier);
    let mut world = night([off, on(DoorOpened, "03:05")]);
    world.wait_until(at(2, "03:30"));
    world.see(&on(CustomsInspected, "03:25"));
    world.wait_until(at(2, "12:00"));
    never(&world);
}

#[test]
fn a_move_to_the_gate_says_nothing_beside_the_gate_out_without_a_decision() {
    let out = event(GateOut, BOX, at(2, "03:20"));
    let mut world = night([on(YardMove, "03:00").order("W9"), out.clone()]);
    world.wait_until(at(2, "12:00"));
    assert_eq!(world.codes(BOX), ["MO-25a@1"]);
    // A seal that was taken off on the way does.
    let off = on(SealRemoved, "03:05").seal("ML1234567", SealSource::Carrier);
    let mut world = night([on(YardMove, "03:00").order("W9"), off, out]);
    world.wait_until(at(2, "12:00"));
    assert_eq!(world.codes_of(BOX, "MO-15"), ["MO-15a@1"]);
}

#[test]
fn a_decision_that_takes_as_long_as_most_do_there_is_not_overdue() {
    let quantiles = Quantiles { count: 500, q95: 1_170.0, ..Quantiles::default() };
    let everywhere = Group { trade: Some(EquipmentStatus::Import), ..Group::default() };
    let usual = Baselines {
        quantiles: [(Measure::ScanToDecisionMinutes, vec![(everywhere, quantiles)])].into(),
        ..Baselines::default()
    };
    let scanned =
        [event(Discharged, BOX, at(1, "20:00")), on(CustomsScanned, "01:00"), on(DoorOpened, "03:00")];
    let mut world = World::knowing(usual).and(scanned);
    world.wait_until(at(2, "20:59"));
    assert_eq!(world.codes_of(BOX, "MO-15"), ["MO-15a@1"]);
    world.wait_until(at(2, "21:00"));
    assert_eq!(world.codes_of(BOX, "MO-15"), ["MO-15a@1", "MO-15b@1"]);
}
