//! Relations are known for two years each by itself: what was not seen for longer is new, what is in use never is.

use std::collections::BTreeMap;

use quaywatch_domain::EventKind::{ManifestLine, PickupAnnounced, ReleaseIssued, ReleaseTransferred};
use quaywatch_domain::event::PartyRole;
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{Alert, PortEvent, Subject, Timestamp};

use crate::common::{BOX, OTHER_BOX, Says, World, at, event};

fn day(n: i64) -> Timestamp {
    at(1, "08:00").plus_millis(n * 86_400_000)
}

/// A manifest line of the importer by this forwarder, with a contact of his.
fn line(container: &str, on: i64, forwarder: &str) -> PortEvent {
    event(ManifestLine, container, day(on))
        .party(PartyRole::Forwarder, "EAN", forwarder)
        .consignee("SI1")
        .contact(&format!("ctc:{forwarder}"))
        .delivery("SILJU")
        .id(&format!("line/{container}/{on}"))
}

/// What the importer has brought by its usual forwarder, every so many days.
fn usual(from: i64, to: i64, every: usize) -> impl Iterator<Item = PortEvent> {
    (from..to).step_by(every).map(|n| line(&format!("MSKU{:07}", n + 1_000), n, "F1"))
}

/// What is told of the container of a line by `F9`, after another one at day 10 among the usual ones.
fn again(on: i64, by_others: impl IntoIterator<Item = PortEvent>) -> Vec<String> {
    let mut events: Vec<PortEvent> = usual(0, on, 7).collect();
    events.extend([line(OTHER_BOX, 10, "F9"), line(BOX, on, "F9")]);
    events.extend(by_others);
    events.sort_by_key(|e| e.occurred_at);
    World::new().and(events).codes(BOX)
}

#[test]
fn a_relation_used_once_25_months_ago_is_new_again() {
    assert_eq!(again(10 + 760, []), ["MO-18a@1"]);
    assert_eq!(again(10 + 700, []), [""; 0], "23 months ago");
    // Used in between, once: its use was never interrupted for so long.
    let between = || [line("TGHU7654321", 400, "F9")];
    assert_eq!(again(10 + 760, between()), [""; 0]);
    // What was said in between was taken back.
    let denied = line("TGHU7654321", 400, "F9").revision(2).retracted().received(day(401));
    assert_eq!(again(10 + 760, between().into_iter().chain([denied])), ["MO-18a@1"]);
}

#[test]
fn a_relation_in_use_is_never_new_however_long_ago_it_began() {
    let years = 5 * 365;
    let world = World::new().and(usual(0, years, 5)).and([line(BOX, years, "F1")]);
    assert!(world.published.is_empty());
    let seldom: Vec<PortEvent> =
        (0..4).map(|n| line(&format!("TGHU000000{n}"), 10 + n * 600, "F9")).collect();
    let mut events: Vec<PortEvent> = usual(0, 1_900, 5).chain(seldom).collect();
    events.sort_by_key(|e| e.occurred_at);
    let world = World::new().and(events);
    assert!(world.published.is_empty(), "every twenty months");
}

#[test]
fn a_transfer_to_who_was_not_heard_of_for_two_years_is_one_to_a_stranger() {
    let held = |container: &str, on: i64, holder: &str, minutes: i64| {
        let at = day(on).plus_millis(minutes * 60_000);
        event(ReleaseTransferred, container, at)
            .consignee("SI1")
            .to(holder)
            .id(&format!("to/{container}/{on}"))
    };
    let story = |on: i64| {
        let mut events: Vec<PortEvent> = usual(0, on, 7).chain([held(OTHER_BOX, 100, "777", 0)]).collect();
        events.sort_by_key(|e| e.occurred_at);
        let world = World::new().and(events);
        let taken =
            event(PickupAnnounced, BOX, day(on).plus_millis(1_800_000)).haulier("777").id("announced");
        let world = world.and([
            event(ReleaseIssued, BOX, day(on - 2)).consignee("SI1").release("R1").id("issued"),
            held(BOX, on, "777", 0).release("R1"),
            taken.release("R1").consignee("SI1"),
        ]);
        world.codes_of(BOX, "MO-01b")
    };
    assert_eq!(story(100 + 760), ["MO-01b@1"]);
    assert_eq!(story(100 + 600), [""; 0]);
}

#[test]
fn the_ledger_of_a_party_stays_within_bounds_over_the_years() {
    let mut world = World::new();
    let mut sizes = Vec::new();
    for year in 0..8 {
        // Another forwarder and place each year, and one for all time.
        let of_year = (0..365).step_by(3).map(|n| {
            line(&format!("TGHU{:07}", year * 365 + n), year * 365 + n, &format!("F{}", 100 + year))
        });
        let mut events: Vec<PortEvent> = usual(year * 365, (year + 1) * 365, 2).chain(of_year).collect();
        events.sort_by_key(|e| e.occurred_at);
        world = world.and(events);
        let party = world.states.get(&Subject::new(SubjectKind::Party, "EORI:SI1")).or_else(|| {
            world
                .states
                .iter()
                .find(|(s, _)| s.kind == SubjectKind::Party && s.id.contains("SI1"))
                .map(|(_, state)| state)
        });
        let party = party.unwrap();
        let kept = serde_json::to_string(party).unwrap();
        sizes.push((party.sightings.len(), kept.len()));
        for gone in 0..year - 3 {
            assert!(!kept.contains(&format!("F{}", 100 + gone)), "{gone} in year {year}");
        }
        assert!(kept.contains("F1\""));
    }
    let (third, last) = (sizes[3], sizes[7]);
    assert!(last.0 <= third.0 + 8 && last.1 <= third.1 + third.1 / 4, "{sizes:?}");
}

/// The lines in an order in which each comes up to 40 days late.
fn late(events: &[PortEvent], seed: u64) -> Vec<PortEvent> {
    let mut random = seed;
    let mut keyed: Vec<(i64, &PortEvent)> = events
        .iter()
        .map(|e| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (e.received_at.as_millis() + (random >> 33) as i64 % (40 * 86_400_000), e)
        })
        .collect();
    keyed.sort_by_key(|(at, _)| *at);
    keyed.into_iter().map(|(_, e)| e.clone()).collect()
}

#[test]
fn what_is_told_over_three_years_depends_on_no_order_of_arrival() {
    let mut events: Vec<PortEvent> = usual(0, 1_200, 7).collect();
    // F9 comes again after 25 months, F8 after 24 less some days, F7 is denied in between, F6 is in use seldom.
    for (forwarder, days) in
        [("F9", [10, 772]), ("F8", [50, 765]), ("F7", [60, 830]), ("F6", [200, 780]), ("F6", [1_180, 1_190])]
    {
        events.extend(days.map(|on| line(&format!("HLXU{:07}", on + 5_000), on, forwarder)));
    }
    let denied = line("HLXU0000001", 500, "F7");
    events.extend([denied.clone(), denied.revision(2).retracted().received(day(510))]);
    let told = |events: Vec<PortEvent>| -> BTreeMap<String, Alert> {
        let mut world = World::new().and(events);
        world.wait_until(day(1_260));
        world.standing()
    };
    events.sort_by_key(|e| e.received_at);
    let expected = told(events.clone());
    let about: Vec<&str> = expected.values().map(|a| &*a.subject.id).collect();
    assert!(about.contains(&"HLXU0005772") && about.contains(&"HLXU0005830"), "{about:?}");
    assert!(!about.contains(&"HLXU0005765") && !about.contains(&"HLXU0006180"), "{about:?}");
    for seed in 0..12 {
        let mut order = late(&events, seed);
        // Some messages come twice.
        order.extend(events.iter().skip(seed as usize).step_by(17).cloned());
        assert_eq!(told(order), expected, "seed {seed}");
    }
}
