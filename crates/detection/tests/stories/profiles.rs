//! Profiles: an analyst's own criteria hold for what they say, and a wrong one is refused with its place.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use quaywatch_detection::Rules;
use quaywatch_domain::EventKind;
use quaywatch_domain::event::{Cargo, EquipmentStatus, Route, SealSource};

use crate::common::{BOX, OTHER_BOX, Says as _, World, at, event};

const BANANAS: &str = r#"
[profiles.bananas-resealed]
when = '''
event.kind == "manifest_line" && event.route.origin_country == "EC"
  && event.cargo.exists(c, c.hs_code.startsWith("0803"))
  && timeline.exists(e, e.kind == "seal_replaced" && e.occurred_at - event.occurred_at < duration("3d"))
'''
sentence = "Bananas from Ecuador, resealed within three days."
severity = "HIGH"
action = "SCAN"
weight = 80.0
owner = "customs-koper"
handling = "AMBER/H1"
legal_basis = "UCC art. 46"
from = "2026-03-01T00:00:00Z"
to = "2026-04-01T00:00:00Z"
"#;

fn bananas(container: &str, origin: &str) -> quaywatch_domain::PortEvent {
    event(EventKind::ManifestLine, container, at(2, "08:00")).status(EquipmentStatus::Import).edit(|e| {
        e.route = Some(Box::new(Route { origin_country: Some(origin.into()), ..Route::default() }));
        e.cargo = vec![Cargo { hs_code: Some("080390".into()), ..Cargo::default() }].into();
    })
}

fn resealed(container: &str, day: u32) -> quaywatch_domain::PortEvent {
    event(EventKind::SealReplaced, container, at(day, "10:00"))
        .seal(&format!("CU{}", &container[4..]), SealSource::Customs)
}

fn world(rules: &str) -> World {
    World::with(Rules::parse(rules).unwrap())
}

#[test]
fn a_profile_holds_for_what_it_says_and_is_taken_back_with_it() {
    let mut world = world(BANANAS);
    world.see(&bananas(BOX, "EC"));
    assert!(world.published.is_empty());
    world.see(&resealed(BOX, 3));
    let alert = world.alert(BOX);
    let indicator = &alert.indicators[0];
    assert_eq!((indicator.code.as_str(), indicator.rule.as_str()), ("PROFILE-bananas-resealed", "PROFILE"));
    assert_eq!((indicator.weight, indicator.owner.as_deref()), (80.0, Some("customs-koper")));
    assert_eq!(indicator.handling.code.as_str(), "H1");
    assert_eq!(indicator.evidence.len(), 1);
    world.see(&resealed(BOX, 3).revision(2).retracted());
    assert!(world.codes(BOX).is_empty());
}

#[test]
fn another_origin_a_late_reseal_another_period_and_shadow_stay_silent() {
    let mut quiet = world(BANANAS);
    quiet.see(&bananas(BOX, "CR"));
    quiet.see(&resealed(BOX, 3));
    quiet.see(&bananas(OTHER_BOX, "EC"));
    quiet.see(&resealed(OTHER_BOX, 9));
    // Nothing is known of the origin: neither true nor false.
    quiet.see(&event(EventKind::ManifestLine, "TGHU7654321", at(2, "08:00")));
    assert!(quiet.published.is_empty());

    let mut early = world(&BANANAS.replace("2026-03-01T00", "2026-03-02T09"));
    let mut shadow = world(&format!("{BANANAS}shadow = true\n"));
    for world in [&mut early, &mut shadow] {
        world.see(&bananas(BOX, "EC"));
        world.see(&resealed(BOX, 3));
        assert!(world.published.is_empty());
    }
    assert_eq!(shadow.shadowed, ["PROFILE-bananas-resealed"]);
}

#[test]
fn times_texts_and_numbers_compare_as_the_language_says() {
    let holds = |when: &str| {
        let mut world = world(&profile(when));
        world.see(
            &event(EventKind::GateIn, BOX, at(2, "22:30"))
                .terminal("LUKKP")
                .seal("ML1234567", SealSource::Carrier),
        );
        !world.published.is_empty()
    };
    for when in [
        r#"event.occurred_at.getHours("Europe/Ljubljana") == 23"#,
        r#"event.occurred_at > timestamp("2026-03-02T22:00:00Z")"#,
        r#"event.occurred_at - duration("1h") < timestamp("2026-03-02T22:00:00Z")"#,
        r#"event.seals.exists_one(s, s.source in ["CARRIER", "SHIPPER"])"#,
        r#"event.seals.filter(s, s.number.endsWith("567")).size() == 1 && visit.container == "CSQU3054383""#,
        r#"event.seals.all(s, size(s.normalised) > 4) && !has(event.transport.truck)"#,
        r#"event.weights.size() == 0 && event.place.terminal == "LUKKP""#,
        r#"timeline.map(e, e.kind).exists(k, k == "gate_in") && event.kind != "gate_out""#,
        r#"event.transport.truck == "x" || event.kind == "gate_in""#,
    ] {
        assert!(holds(when), "{when}");
    }
    for when in [
        r#"event.transport.truck != "x""#,
        r#"event.reefer.setpoint_c < 5.0"#,
        "event.seals.exists(s, s.type == 'BLT')",
    ] {
        assert!(!holds(when), "{when}");
    }
}

#[test]
fn a_wrong_profile_is_refused_with_its_place_and_the_nearest_name() {
    let refused = |when: &str| Rules::parse(&profile(when)).unwrap_err().to_string();
    for (when, says) in [
        (
            "event.equipmnt.number == 'x'",
            "line 1, column 7: 'event' has no field 'equipmnt', did you mean 'equipment'",
        ),
        ("evnt.kind == 'x'", "column 1: 'evnt' is not known, did you mean 'event'"),
        (
            "event.kind == 'x' &&\n  event.seals.exists(s, s.numbr == 'x')",
            "line 2, column 27: 'seals' has no field 'numbr'",
        ),
        ("event.kind == 3", "does not fit a text and a whole number"),
        ("event.kind", "the whole must be true or false"),
        ("event.kind ==", "cannot be read"),
        ("event.kind.startWith('x')", "no function 'startWith', did you mean 'startsWith'"),
        ("event.occurred_at > 'x'", "does not fit a time and a text"),
        ("event.occurred_at > timestamp('yesterday')", "timestamp takes a text such as"),
        ("event.occurred_at - visit.started_at < duration('soon')", "duration takes a text such as"),
        ("visit.terminal == 'LUKKP'", "never speaks of `event`"),
        ("event.kind.exists(k, k == 'x')", "is no list"),
        ("event.seals.exists(s, s.number)", "does not fit"),
        (
            "timeline.exists(a, timeline.exists(b, a.kind == b.kind && event.kind == a.kind))",
            "steps over one visit",
        ),
        ("timeline == timeline && event.kind == 'x'", "does not fit a list of 'event'"),
        ("event in timeline", "does not fit"),
        (
            "event.kind == 'gate_uot'",
            "line 1, column 15: no event is of kind 'gate_uot', did you mean 'gate_out'",
        ),
        ("'FULL' != event.equipment.laden", "it is never 'FULL'; it may be EMPTY, LADEN, UNKNOWN"),
        ("event.classifier in ['ACTUAL', 'PLANED']", "it is never 'PLANED', did you mean 'PLANNED'"),
        ("event.parties.exists(p, p.role == 'SHIPER')", "did you mean 'SHIPPER'"),
        ("event.seals.all(s, ['CUSTOM'] == [s.number] || s.source in ['CUSTOM'])", "did you mean 'CUSTOMS'"),
    ] {
        let error = refused(when);
        assert!(error.contains(says), "{when}: {error}");
    }
    assert!(
        refused(&format!("{}event.kind == 'x'{}", "(".repeat(200), ")".repeat(200))).contains("nest deeper")
    );
    assert!(refused(&"event.kind == 'x' && ".repeat(400)).contains("bytes"));
    let own = ["event.kind == 'weighed_by_drone'", "event.equipment.laden == event.parties[0].role"];
    assert!(
        own.iter().all(|when| Rules::parse(&profile(when)).is_ok()),
        "a sender may have words of its own"
    );
    let silent = profile("event.kind == 'gate_out'").replace("It holds.", " ");
    assert!(Rules::parse(&silent).unwrap_err().to_string().contains("`sentence` is empty"));
    let unknown = Rules::parse(&format!("{BANANAS}wieght = 3\n")).unwrap_err().to_string();
    assert!(unknown.contains("wieght"), "{unknown}");
}

fn profile(when: &str) -> String {
    format!(
        "[profiles.p]\nwhen = '''{when}'''\nsentence = \"It holds.\"\nseverity = \"HIGH\"\naction = \"SCAN\"\n"
    )
}

#[test]
fn profiles_take_no_more_than_their_steps_and_what_is_left_out_is_counted() {
    let named = |n: usize, when: &str| profile(when).replace("[profiles.p]", &format!("[profiles.p{n:02}]"));
    let long: String = (0..40)
        .map(|n| named(n, "timeline.map(e, e.kind).exists(k, k == 'zz') && event.kind != 'other'"))
        .collect();
    let last = named(99, "event.kind == 'gate_out'");
    let seen = |moves: u32| {
        let mut world = world(&format!("{long}{last}"));
        for hour in 0..moves {
            world.see(&event(EventKind::YardMove, BOX, at(2, &format!("{hour:02}:00"))));
        }
        world.see(&event(EventKind::GateOut, BOX, at(3, "00:00")));
        (
            world.codes(BOX).contains(&"PROFILE-p99@1".to_owned()),
            world.shadowed.contains(&"PROFILE-LIMIT".to_owned()),
        )
    };
    assert_eq!(seen(3), (true, false));
    assert_eq!(seen(22), (false, true));
}
