//! What is usual, built from recorded traffic that holds the visits that are judged by it, and what is forged among it.

use std::collections::BTreeMap;

use quaywatch_detection::{BaselineBuilder, Baselines, Lane, Measure, Rules};
use quaywatch_domain::EventKind::{Discharged, GateIn, GateOut, ManifestLine};
use quaywatch_domain::event::{EquipmentStatus, SealSource};
use quaywatch_domain::{PortEvent, Timestamp};

use crate::common::{BOX, Says, World, at, event, facts_of};

const HOUR_MS: i64 = 3_600_000;

fn built(recorded: impl IntoIterator<Item = PortEvent>) -> Baselines {
    let rules = Rules::default();
    let mut containers: BTreeMap<String, Vec<PortEvent>> = BTreeMap::new();
    for e in recorded {
        containers.entry(e.container().unwrap().to_owned()).or_default().push(e);
    }
    let mut builder = BaselineBuilder::new(&rules, at(1, "00:00"), at(20, "00:00"));
    for events in containers.into_values() {
        builder.container(events.iter().filter_map(|e| facts_of(e).into_iter().next()));
    }
    builder.finish(BTreeMap::new())
}

fn container(n: usize) -> String {
    format!("MSKU{:07}", 1_000_000 + n)
}

/// A manifest line on one of 18 days.
fn listed(container: &str, n: usize) -> PortEvent {
    event(ManifestLine, container, at(1 + u32::try_from(n % 18).unwrap(), "08:00"))
}

fn codes(baselines: &Baselines, events: &[PortEvent]) -> Vec<String> {
    let mut world = World::knowing(baselines.clone()).and(events.iter().cloned());
    world.wait_until(at(20, "00:00"));
    world.codes(BOX)
}

#[test]
fn a_visit_is_not_judged_by_its_own_data() {
    let bananas = |container: &str, n, origin| listed(container, n).goods("080390", origin);
    let others = || (0..40).map(|n| bananas(&container(n), n, "EC"));
    let own = bananas(BOX, 10, "NO");
    for baselines in [built(others()), built(others().chain([own.clone()]))] {
        assert_eq!(codes(&baselines, std::slice::from_ref(&own)), ["MO-13e@1"]);
    }
    let more = |count| {
        let more = (0..count).map(|n| bananas(&container(50 + n), n, "NO"));
        codes(&built(others().chain([own.clone()]).chain(more)), std::slice::from_ref(&own))
    };
    assert_eq!(more(1), ["MO-13e@1"], "with its own it would be the second");
    assert_eq!(more(2), [""; 0], "two others came from there");
    // Without its own there are too few to say anything.
    let few = (0..29).map(|n| bananas(&container(n), n, "EC"));
    let own = bananas(BOX, 10, "NO");
    assert_eq!(codes(&built(few.chain([own.clone()])), &[own]), [""; 0]);

    let shipped = |container: &str, n, via| listed(container, n).route("BRSSZ", &[via], "SIKOP");
    let others = || (0..80).map(|n| shipped(&container(n), n, "MAPTM"));
    let own = shipped(BOX, 10, "TRIST");
    for baselines in [built(others()), built(others().chain([own.clone()]))] {
        assert_eq!(codes(&baselines, std::slice::from_ref(&own)), ["MO-13b@1"]);
    }
}

#[test]
fn one_stay_alone_sets_no_limit() {
    let stay = |n: usize, hours: i64| {
        let import = |kind, at: Timestamp| {
            event(kind, &container(n), at).terminal("LUKKP").status(EquipmentStatus::Import)
        };
        let off = at(2, "00:00");
        [import(Discharged, off), import(GateOut, off.plus_millis(hours * HOUR_MS))]
    };
    let usual = || (0..30).flat_map(|n| stay(n, 20 + n as i64 % 3));
    let limits = |baselines: &Baselines| {
        let all = &baselines.quantiles[&Measure::DwellMinutes];
        let widest = all.iter().find(|(g, _)| g.terminal.is_none()).unwrap().1;
        (widest.q01, widest.q99)
    };
    assert_eq!(limits(&built(usual())), (20.0 * 60.0, 22.0 * 60.0));
    let odd = usual().chain(stay(40, 300)).chain(stay(41, 1));
    assert_eq!(limits(&built(odd)), (20.0 * 60.0, 22.0 * 60.0));
}

fn sealed(container: &str, at: Timestamp, number: u64) -> PortEvent {
    event(GateIn, container, at).carrier("MSK").seal(&format!("ML{number:07}"), SealSource::Carrier)
}

/// So many containers over so many days, whose seals the carrier numbered on.
fn numbered(count: usize, days: usize) -> impl Iterator<Item = PortEvent> {
    (0..count).map(move |n| {
        let hours = i64::try_from(n * days * 24 / count).unwrap();
        sealed(&container(n), at(1, "00:00").plus_millis(hours * HOUR_MS), 1_000_000 + n as u64 * 100)
    })
}

#[test]
fn a_forged_seal_widens_no_range() {
    let forged = sealed(BOX, at(9, "08:00"), 9_200_000);
    let between = sealed(BOX, at(9, "08:00"), 5_000_000);
    let recorded = built(numbered(300, 18).chain([forged.clone()]));
    let format = &recorded.seals["MSK"]["ML9999999"];
    assert_eq!((format.count, format.least, format.greatest), (301, 1_000_000, 1_029_900));
    for story in [forged, between] {
        assert_eq!(codes(&recorded, &[story]), ["MO-04c@1"]);
    }
    // Two series of one carrier, and nothing between.
    let second = (300..600).map(|n| sealed(&container(n), at(5, "08:00"), 7_000_000 + n as u64 * 100));
    let two = built(numbered(300, 18).chain(second));
    assert_eq!(two.seals["MSK"]["ML9999999"].ranges.len(), 2);
    let seal = |number| codes(&two, &[sealed(BOX, at(9, "08:00"), number)]);
    assert_eq!((seal(1_020_050), seal(7_040_050)), (Vec::new(), Vec::new()));
    assert_eq!(seal(4_000_000), ["MO-04c@1"]);
}

#[test]
fn a_form_that_is_seldom_seen_may_be_missing_by_chance() {
    let of_other = |n: usize| {
        let other = event(GateIn, &container(5_000 + n), at(6, "08:00")).carrier("MSK");
        other.seal(&format!("HL{n:08}"), SealSource::Carrier)
    };
    let codes_among = |count, others| {
        let story = event(GateIn, BOX, at(9, "08:00")).carrier("MSK").seal("HL99887766", SealSource::Carrier);
        codes(&built(numbered(count, 18).chain((0..others).map(of_other))), &[story])
    };
    assert_eq!(codes_among(400, 0), [""; 0], "one in a hundred would often be missing among 400");
    assert_eq!(codes_among(700, 0), ["MO-04c@1"]);
    assert_eq!(codes_among(700, 2), [""; 0]);
    assert_eq!(codes_among(2_000, 2), ["MO-04c@1"]);
}

#[test]
fn few_seals_few_days_and_a_baseline_that_has_aged_say_less() {
    let far = |day| sealed(BOX, at(day, "08:00"), 1_070_000);
    let at_the_end = |baselines: &Baselines, day| {
        let mut world = World::knowing(baselines.clone()).and([far(day)]);
        world.wait_until(at(30, "00:00"));
        world.codes(BOX)
    };
    let recorded = built(numbered(300, 17));
    assert_eq!(at_the_end(&recorded, 18), ["MO-04c@1"]);
    // The carrier has numbered on for half as long again.
    assert_eq!(at_the_end(&recorded, 29), [""; 0]);
    let within = |days| numbered(300, days).map(|e| e.clone().received(e.occurred_at.max(at(14, "00:00"))));
    assert_eq!(at_the_end(&built(numbered(300, 3)), 18), [""; 0], "three days");
    assert_eq!(at_the_end(&built(within(17)), 18), [""; 0], "of days, told within four");
    assert_eq!(at_the_end(&built(numbered(150, 17)), 18), [""; 0], "150 seals");
}

#[test]
fn the_usual_length_of_a_lane_keeps_its_name_in_files() {
    let lane = Lane { count: 400, usual_km: 10_000.0, ..Lane::default() };
    let written = serde_json::to_value(&lane).unwrap();
    assert_eq!(written["median_km"], 10_000.0);
    assert_eq!(serde_json::from_value::<Lane>(written).unwrap(), lane);
}
