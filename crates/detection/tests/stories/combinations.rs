//! Combinations: parts that hold together within the window weigh more than their sum.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use quaywatch_detection::Rules;
use quaywatch_domain::event::{EquipmentStatus, Laden, SealSource};
use quaywatch_domain::{EventKind, PortEvent, Severity};

use crate::common::{BOX, Says as _, World, at, event};

const SEAL_AND_HOLD: &str = r#"
[combinations.seal-and-hold]
parts = ["MO-03", "MO-25|MO-08"]
at_least = 2
after = "discharged"
window_hours = 48
sentence = "Seal changed, and out under a hold"
severity = "CRITICAL"
action = "HOLD_REQUEST"
weight = 95.0
shadow = false
"#;

/// Discharged with a seal that nobody announced, held, and out `days` later.
fn events(days: u32) -> Vec<PortEvent> {
    let sealed = |kind, day, time: &str, seal: &str| {
        event(kind, BOX, at(day, time))
            .terminal("LUKKP")
            .status(EquipmentStatus::Import)
            .laden(Laden::Laden)
            .seal(seal, SealSource::Carrier)
    };
    vec![
        sealed(EventKind::Loaded, 1, "08:00", "ML1234567").terminal("BRSSZ"),
        sealed(EventKind::Discharged, 10, "08:00", "ML1234567").seal("XX7654321", SealSource::Unknown),
        event(EventKind::CustomsHeld, BOX, at(10, "12:00")),
        sealed(EventKind::GateOut, 10 + days, "14:00", "ML1234567").seal("XX7654321", SealSource::Unknown),
    ]
}

fn world(rules: &str, days: u32) -> World {
    let mut world = World::with(Rules::parse(rules).unwrap());
    for event in events(days) {
        world.see(&event);
    }
    world.wait_until(at(10 + days, "23:00"));
    world
}

#[test]
fn two_parts_within_the_window_are_graver_than_their_sum() {
    let alone = world("", 1);
    let both = world(SEAL_AND_HOLD, 1);
    let codes = both.codes(BOX);
    assert!(codes.iter().any(|c| c.starts_with("MO-25a")), "{codes:?}");
    assert!(codes.iter().any(|c| c.starts_with("COMBO-seal-and-hold")), "{codes:?}");
    let alert = both.alert(BOX);
    assert_eq!(alert.severity, Severity::Critical);
    assert!(alert.score >= alone.alert(BOX).score);
    let combined = alert.indicators.iter().find(|i| i.code == "COMBO-seal-and-hold").unwrap();
    for part in alert.indicators.iter().filter(|i| i.code != combined.code && i.code.starts_with("MO-25")) {
        assert!(part.evidence.iter().all(|id| combined.evidence.contains(id)));
    }
    assert!(combined.sentence.contains("MO-25a"), "{}", combined.sentence);
}

#[test]
fn parts_too_far_apart_or_taken_back_do_not_combine() {
    let far = world(SEAL_AND_HOLD, 5);
    assert!(far.codes(BOX).iter().all(|c| !c.starts_with("COMBO")), "{:?}", far.codes(BOX));

    let mut back = world(SEAL_AND_HOLD, 1);
    back.see(&event(EventKind::CustomsReleased, BOX, at(10, "20:00")).received(at(12, "00:00")));
    assert!(back.codes(BOX).iter().all(|c| !c.starts_with("COMBO") && !c.starts_with("MO-25")));
}

#[test]
fn a_combination_that_can_never_hold_is_refused() {
    for (from, to, says) in [
        ("at_least = 2", "at_least = 3", "at_least is 3"),
        ("\"MO-03\"", "\"\"", "a part is empty"),
        ("weight = 95.0", "weight = 120.0", "weight is 120"),
    ] {
        let error = Rules::parse(&SEAL_AND_HOLD.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains("seal-and-hold") && error.contains(says), "{error}");
    }
}
