use quaywatch_domain::EventKind::{
    Discharged, GateIn, GateOut, IntrusionReported, ManifestLine, RecordViewed, ReleaseOrder, Stripped,
    Weighed, WorkOrdered, YardMove,
};
use quaywatch_domain::event::{Laden, PartyRole, WeightKind, Yard};
use quaywatch_domain::{EventKind, PortEvent, Severity, Timestamp};

use crate::common::{BOX, Says, World, at, event};

fn on(kind: EventKind, at: Timestamp) -> PortEvent {
    event(kind, BOX, at).iso_type("45R1").laden(Laden::Empty).terminal("DEPOT1")
}

/// A reefer with bananas of this port of loading, emptied inland and brought to the depot on the 10th.
fn from(port: &str, iso_type: &str) -> Vec<PortEvent> {
    let laden = |kind, day| event(kind, BOX, at(day, "08:00")).iso_type(iso_type).laden(Laden::Laden);
    vec![
        laden(ManifestLine, 1)
            .route(port, &[], "SIKOP")
            .goods("080390", port.get(..2).unwrap())
            .carrier("MSC"),
        laden(Discharged, 3).terminal("LUKKP"),
        laden(GateOut, 5).terminal("LUKKP"),
        event(Stripped, BOX, at(8, "08:00")),
        on(GateIn, at(10, "08:00")).iso_type(iso_type).facility("DEPOT").tare(4650.0),
    ]
}

fn codes_in(mut world: World, port: &str, iso_type: &str, then: Vec<PortEvent>) -> Vec<String> {
    world = world.and(from(port, iso_type)).and(then);
    world.wait_until(at(24, "07:00"));
    let mut codes = world.codes(BOX);
    codes.retain(|code| code.starts_with("MO-20"));
    codes
}

fn codes(then: Vec<PortEvent>) -> Vec<String> {
    codes_in(World::new(), "ECGYE", "45R1", then)
}

#[test]
fn intruders_by_an_emptied_reefer_from_a_watched_origin_are_raised() {
    let intruders = |day| vec![on(IntrusionReported, at(day, "02:00"))];
    assert_eq!(codes(intruders(12)), ["MO-20a@2"]);
    // Another origin, a dry box, and a watch that is over.
    assert_eq!(codes_in(World::new(), "ESALG", "45R1", intruders(12)), [""; 0]);
    assert_eq!(
        codes_in(
            World::new(),
            "ECGYE",
            "45G1",
            intruders(12).into_iter().map(|e| e.iso_type("45G1")).collect()
        ),
        [""; 0]
    );
    assert_eq!(codes(intruders(25)), [""; 0]);
    assert_eq!(codes(vec![on(GateOut, at(11, "08:00")), on(IntrusionReported, at(12, "02:00"))]), [""; 0]);
}

fn slot(day: u32, time: &str, block: &str) -> PortEvent {
    on(YardMove, at(day, time)).edit(|e| {
        e.place.get_or_insert_default().yard =
            Some(Box::new(Yard { block: Some(block.into()), bay: Some("1".into()), ..Yard::default() }));
    })
}

#[test]
fn a_move_without_an_order_is_raised_and_depot_work_is_not() {
    let ordered = || vec![on(WorkOrdered, at(11, "10:00")).order("W1"), slot(11, "10:10", "A").order("W1")];
    assert_eq!(codes(ordered().into_iter().chain([slot(12, "02:00", "B")]).collect()), ["MO-20b@2"]);
    let shadow = quaywatch_detection::Rules::parse("[unordered_move.a]\nshadow = true\n").unwrap();
    let moved = ordered().into_iter().chain([slot(12, "02:00", "B")]).collect();
    assert_eq!(codes_in(World::with(shadow), "ECGYE", "45R1", moved), [""; 0], "its ground is in shadow");
    let inspection = [on(WorkOrdered, at(12, "01:50")).order("PTI7"), slot(12, "02:00", "B").order("PTI7")];
    assert_eq!(codes(ordered().into_iter().chain(inspection).collect()), [""; 0]);
}

#[test]
fn an_emptied_reefer_that_is_heavier_than_its_tare_is_raised() {
    let weighed = |kg| vec![on(Weighed, at(12, "10:00")).weight(WeightKind::Scale, kg)];
    assert_eq!(codes(weighed(4717.0)), ["MO-20c@2"]);
    let before_the_gate = vec![on(Weighed, at(10, "07:57")).weight(WeightKind::Scale, 4717.0)];
    assert_eq!(codes(before_the_gate), ["MO-20c@2"]);
    for kg in [4670.0, 4700.0, 5450.0] {
        assert_eq!(codes(weighed(kg)), [""; 0]);
    }
    let declared = vec![on(Weighed, at(12, "10:00")).weight(WeightKind::Vgm, 4717.0)];
    assert_eq!(codes(declared), [""; 0]);
}

#[test]
fn a_look_up_by_a_stranger_is_told_to_the_restricted_audience() {
    let by = |organisation: &str| vec![on(RecordViewed, at(12, "23:00")).user("usr:1", organisation)];
    let restricted = |then| codes_in(World::with_people(), "ECGYE", "45R1", then);
    assert_eq!(restricted(by("ACME")), ["MO-20d@2"]);
    assert_eq!(restricted(by("MSC")), [""; 0]);
    assert_eq!(restricted(by("DEPOT1")), [""; 0]);
    let owned = on(Weighed, at(11, "08:00")).party(PartyRole::Owner, "BIC", "TRITON");
    assert_eq!(restricted([vec![owned.clone()], by("TRITON")].concat()), [""; 0]);
    assert_eq!(restricted([vec![owned], by("ACME")].concat()), ["MO-20d@2"]);
    assert_eq!(codes(by("ACME")), [""; 0]);
}

#[test]
fn look_ups_by_customs_help_desks_and_programs_and_for_a_ticket_are_silent() {
    let by_stranger = || on(RecordViewed, at(12, "23:00")).user("usr:1", "ACME");
    let restricted = |look_up| codes_in(World::with_people(), "ECGYE", "45R1", vec![look_up]);
    for role in ["CUSTOMS", "TRACK_AND_TRACE", "CUSTOMER_SERVICE", "SYSTEM"] {
        assert_eq!(restricted(by_stranger().role(role)), [""; 0], "{role}");
    }
    assert_eq!(restricted(by_stranger().order("TICKET7")), [""; 0]);
    assert_eq!(restricted(by_stranger().role("PLANNER")), ["MO-20d@2"]);
    // Nor do they hide the look-up that counts.
    let desk = on(RecordViewed, at(11, "10:00")).user("usr:2", "ACME").role("CUSTOMER_SERVICE");
    let then = vec![desk, by_stranger()];
    assert_eq!(codes_in(World::with_people(), "ECGYE", "45R1", then), ["MO-20d@2"]);
}

#[test]
fn an_order_for_exactly_this_box_is_raised_and_a_late_one_is_not() {
    let asked = |day| vec![on(ReleaseOrder, at(day, "10:00")).planned()];
    assert_eq!(codes(asked(12)), ["MO-20e@2"]);
    assert_eq!(codes(asked(26)), [""; 0]);
}

#[test]
fn intruders_in_the_depot_are_told_to_every_emptied_reefer_that_stands_there() {
    let guard = |depot: &str, day, id: &str| {
        event(IntrusionReported, "", at(day, "02:00")).terminal(depot).without_container().id(id)
    };
    let told = |world: World| {
        let mut world = world;
        world.wait_until(at(26, "00:00"));
        let alert = world.last().into_values().find(|a| a.indicators.iter().any(|i| i.code == "MO-20a"));
        alert.cloned()
    };
    let stands = || World::new().and(from("ECGYE", "45R1"));
    let alert = told(stands().and([guard("DEPOT1", 12, "guard")])).unwrap();
    assert_eq!((alert.severity, alert.detected_at), (Severity::Medium, at(12, "02:00")));
    assert!(alert.evidence.iter().any(|e| &*e.fact_id == "guard"), "{:?}", alert.evidence);
    // Told in another order, and taken back.
    let early = World::new().and([guard("DEPOT1", 12, "guard")]).and(from("ECGYE", "45R1"));
    assert_eq!(told(early).map(|a| a.indicators), Some(alert.indicators));
    let denied = guard("DEPOT1", 12, "guard").revision(2).retracted();
    assert!(
        told(stands().and([guard("DEPOT1", 12, "guard"), denied])).is_none_or(|a| a.indicators.is_empty())
    );
    // Another depot, before it came, after it left, when it is no longer watched; another origin, a dry box.
    assert!(told(stands().and([guard("DEPOT2", 12, "guard")])).is_none());
    assert!(told(stands().and([guard("DEPOT1", 9, "guard")])).is_none());
    assert!(told(stands().and([on(GateOut, at(11, "08:00")), guard("DEPOT1", 12, "guard")])).is_none());
    assert!(told(stands().and([guard("DEPOT1", 25, "guard")])).is_none());
    assert!(told(World::new().and(from("ESALG", "45R1")).and([guard("DEPOT1", 12, "guard")])).is_none());
    assert!(told(World::new().and(from("ECGYE", "45G1")).and([guard("DEPOT1", 12, "guard")])).is_none());
    // Who names the container says more.
    let named = stands().and([on(IntrusionReported, at(12, "02:10")), guard("DEPOT1", 12, "guard")]);
    assert_eq!(told(named).map(|a| a.severity), Some(Severity::High));
}
