//! Goal: neither changed lists, nor changed rules, nor a restart leaves a trace in what stands in the end.
//!
//! Method: worlds of containers, laden and empty, that share bills, calls, shippers, seal runs and origins are generated, with hits that come and go
//! as lists change, and finds that agencies confirm and take back, which open watches through the loop. All facts go in
//! order into one world; shuffled and some of them twice into another that is restarted in the middle (every timeline
//! through its stored form) and whose rules change in the middle to those of the first. Both must end in the same alerts.

#![expect(clippy::indexing_slicing, reason = "generated indices stay below the lengths of their tables")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[cfg(test)]
#[expect(dead_code, reason = "each test file uses its part")]
mod common;

use std::collections::BTreeMap;

use common::{Says, World, at, event, facts_of, feedback, hit};
use proptest::prelude::*;
use quaywatch_detection::{Engine, Rules};
use quaywatch_domain::event::{EquipmentStatus, Laden, PartyRole, SealSource, Transport};
use quaywatch_domain::watchlist::EntryAction;
use quaywatch_domain::{Alert, EventKind, Fact, Severity, Verdict};

const BOXES: [&str; 5] = ["CSQU3054383", "MSKU1234565", "TGHU7654321", "HLXU1111111", "MSCU2222221"];
const KINDS: [EventKind; 6] = [
    EventKind::ManifestLine,
    EventKind::Discharged,
    EventKind::CustomsHeld,
    EventKind::CustomsReleased,
    EventKind::GateOut,
    EventKind::SealAffixed,
];
const CELLS: [&str; 3] = ["0120182", "0120382", "0300582"];
const PORTS: [&str; 2] = ["ECGYE", "COTRB"];
const SEALS: [&str; 3] = ["ML1234567", "ML1234569", "XX9999999"];

/// Other thresholds, a profile, a combination, and a shorter watch.
const NEW_RULES: &str = r#"
[gate_out_under_hold]
grace_minutes = 60
[contagion]
window_days = 12
max_empties = 1
[contagion.shipper]
shadow = true
[profiles.laden-out]
when = "event.kind == 'gate_out' && timeline.exists(e, e.kind == 'customs_held')"
sentence = "Held, and out."
severity = "MEDIUM"
action = "INSPECT"
[combinations.hold-and-list]
parts = ["MO-25", "WL-identifier|PROFILE-laden-out"]
at_least = 2
window_hours = 400
sentence = "Both"
severity = "CRITICAL"
action = "INSPECT"
weight = 90.0
shadow = false
"#;

prop_compose! {
    fn facts_of_one()(
        container in 0..BOXES.len(), kind in 0..KINDS.len(), index in 0..2u32, revision in 1..4i64,
        retracted in prop::bool::weighted(0.15), minutes in 0..14_000i64, late in 0..600i64,
        bill in prop::option::of(0..2usize), shipper in prop::option::weighted(0.3, 0..2usize),
        cell in prop::option::weighted(0.4, 0..CELLS.len()), seal in prop::option::weighted(0.4, 0..SEALS.len()),
        from in prop::option::weighted(0.6, (0..PORTS.len(), prop::bool::weighted(0.4))),
        listed in prop::option::weighted(0.25, (1..4i64, any::<bool>(), 0..2usize)),
        answer in prop::option::weighted(0.25, (0..4usize, 0..25_000i64)),
    ) -> Vec<Fact> {
        let kind = KINDS[kind].clone();
        let time = at(1, "00:00").plus_millis(minutes * 60_000);
        let number = BOXES[container];
        let mut said = event(kind.clone(), number, time)
            .id(&format!("e/{container}/{kind}/{index}"))
            .revision(revision)
            .received(time.plus_millis(late * 60_000))
            .laden(Laden::Laden)
            .status(EquipmentStatus::Import)
            .terminal("LUKKP");
        said = if retracted { said.retracted() } else { said };
        said = bill.map_or_else(|| said.clone(), |n| said.clone().bill(["BL1", "BL2"][n]));
        said = shipper.map_or_else(|| said.clone(), |n| said.clone().party(PartyRole::Shipper, "DUNS", ["S1", "S2"][n]));
        said = seal.map_or_else(|| said.clone(), |n| said.clone().seal(SEALS[n], SealSource::Carrier));
        said = match from {
            Some((port, empty)) => {
                said.route(PORTS[port], &[], "SIKOP").laden(if empty { Laden::Empty } else { Laden::Laden })
            }
            None => said,
        };
        if let Some(n) = cell {
            said.transport = Some(Box::new(Transport {
                call_id: Some("CALL1".into()),
                stow_cell: Some(CELLS[n].into()),
                ..Transport::default()
            }));
        }
        let mut facts = facts_of(&said);
        // The list changes: a hit gets a new version, goes, and comes back.
        if let Some((version, gone, severity)) = listed {
            let severity = [Severity::Medium, Severity::High][severity];
            let mut hit = hit(&said, "CONTAINER", number, EntryAction::Stop, severity);
            hit.occurred_at = at(2, "00:00");
            hit.revision = version;
            hit.retracted = gone;
            facts.push(hit);
        }
        if let Some((verdict, minute)) = answer {
            let verdict = [Verdict::Seizure, Verdict::Confirmed, Verdict::FalsePositive, Verdict::Closed][verdict];
            let mut answer = feedback(number, 1, verdict, at(1, "00:00").plus_millis(minute * 60_000));
            if matches!(verdict, Verdict::Seizure | Verdict::Confirmed) {
                answer.fact_id = format!("{}/found", answer.fact_id).into();
            }
            facts.push(answer);
        }
        facts
    }
}

fn engine(rules: &str) -> Engine {
    Engine::new(Rules::parse(rules).unwrap(), "test")
}

/// Every timeline through its stored form.
fn restart(world: &mut World) {
    for state in world.states.values_mut() {
        let stored = serde_json::to_vec(state).unwrap();
        *state = serde_json::from_slice(&stored).unwrap();
    }
}

fn shuffled(facts: &[Fact], order: &[u32]) -> Vec<Fact> {
    let twice = facts.iter().zip(order).filter(|(_, o)| *o % 4 == 0).map(|(f, _)| f.clone());
    let all: Vec<Fact> = facts.iter().cloned().chain(twice).collect();
    let mut keyed: Vec<(u32, Fact)> = order.iter().copied().cycle().zip(all).collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, fact)| fact).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    #[test]
    fn same_alerts_after_lists_rules_and_restarts_change(
        pieces in prop::collection::vec(facts_of_one(), 1..40),
        order in prop::collection::vec(any::<u32>(), 200),
        now in 12..31u32, cut in any::<prop::sample::Index>(),
    ) {
        let facts: Vec<Fact> = pieces.into_iter().flatten().collect();
        let now = at(now, "23:00");

        let mut one = World::new();
        one.engine = engine(NEW_RULES);
        one.now = now;
        facts.iter().for_each(|fact| { one.put(fact.clone()); });

        let mut other = World::new();
        other.now = now;
        let facts = shuffled(&facts, &order);
        let cut = cut.index(facts.len());
        facts[..cut].iter().for_each(|fact| { other.put(fact.clone()); });
        restart(&mut other);
        other.engine = engine(NEW_RULES);
        other.look_again();
        restart(&mut other);
        facts[cut..].iter().for_each(|fact| { other.put(fact.clone()); });

        // Alerts that did not change keep the version of the rules under which they were written.
        let content = |world: &World| -> BTreeMap<String, Alert> {
            let all = world.standing().into_iter();
            all.map(|(k, a)| (k, Alert { versions: Default::default(), ..a })).collect()
        };
        prop_assert_eq!(content(&one), content(&other));
    }
}

/// The generator must reach what the property is about.
#[test]
fn the_generated_worlds_hold_watches_profiles_and_combinations() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut codes = std::collections::BTreeSet::new();
    for _ in 0..60 {
        let pieces = prop::collection::vec(facts_of_one(), 20..40).new_tree(&mut runner).unwrap().current();
        let mut world = World::new();
        world.engine = engine(NEW_RULES);
        world.now = at(14, "23:00");
        pieces.into_iter().flatten().for_each(|fact| {
            world.put(fact);
        });
        for alert in world.standing().into_values() {
            codes.extend(alert.indicators.into_iter().map(|i| i.code));
        }
    }
    for code in [
        "CONTAGION-bill",
        "CONTAGION-seal",
        "CONTAGION-cell",
        "CONTAGION-origin",
        "PROFILE-laden-out",
        "COMBO-hold-and-list",
        "WL-identifier",
    ] {
        assert!(codes.contains(code), "no {code} among {codes:?}");
    }
}
