use super::*;

#[test]
fn nine_in_ten_reach_the_p90_lead() {
    let leads: Vec<f64> = (1..=10).map(f64::from).collect();
    assert_eq!(reached_by(&leads, 0.9), Some(2.0));
    assert_eq!(reached_by(&leads, 0.5), Some(6.0));
    assert_eq!(reached_by(&[-5.0], 0.9), Some(-5.0));
    assert_eq!(reached_by(&[], 0.9), None);
}

fn alert(number: &str, codes: &[&str]) -> Alert {
    let handling = serde_json::json!({"tlp": "AMBER", "code": "H0"});
    let indicator = |code: &&str| {
        serde_json::json!({
            "rule": "", "code": code, "version": 1, "severity": "HIGH", "weight": 75.0, "sentence": "",
            "action": "SCAN", "evidence": [], "first_held_at": "2026-03-02T00:00:00Z", "handling": handling,
        })
    };
    let at = "2026-03-02T00:00:00Z";
    serde_json::from_value(serde_json::json!({
        "alert_id": "00000000-0000-0000-0000-000000000000", "revision": 1, "state": "RAISED",
        "subject": format!("container/{number}"), "visit": {"number": 1}, "severity": "HIGH", "score": 75.0,
        "score_parts": [], "title": "", "indicators": codes.iter().map(indicator).collect::<Vec<_>>(),
        "keys": {}, "recommended_action": "SCAN", "valid_until": at, "handling": handling,
        "releasable_to": [], "legal_basis": [], "evidence": [], "detected_at": at, "event_time": at,
        "produced_at": at, "versions": {}, "retention_until": at,
    }))
    .unwrap()
}

#[test]
fn an_alert_about_what_travelled_with_a_find_is_a_watch_and_any_other_there_is_false() {
    let told = |number: &str, codes: &[&str]| Truth {
        subject: format!("container/{number}"),
        codes: codes.iter().map(|&code| code.to_owned()).collect(),
        from: Timestamp::from_millis(0),
        to: Timestamp::from_millis(1),
        story: String::new(),
    };
    let truth =
        [told("ABCU1", &["CONTAGION-bill"]), told("ABCU2", &[]), told("ABCU3", &[]), told("ABCU5", &[])];
    let alerts = [
        alert("ABCU1", &["CONTAGION-bill"]),
        alert("ABCU2", &["CONTAGION-bill"]),
        alert("ABCU3", &["MO-06a"]),
        alert("ABCU4", &["CONTAGION-bill"]),
        alert("ABCU5", &["CONTAGION-bill", "MO-06a"]),
    ];
    let seen = Observed { alerts: alerts.iter().collect(), ..Observed::default() };
    let score = Score::of(&seen, Some(&truth));
    assert_eq!((score.true_alerts, score.watches, score.false_alerts), (1, 1, 3));
    let rule = &score.rules["CONTAGION-bill"];
    assert_eq!((rule.expected, rule.found, rule.raised, rule.on_stories, rule.watches), (1, 1, 3, 1, 1));
    assert_eq!(score.stories.len(), 1);
}

#[test]
fn who_is_drawn_for_control_is_neither_a_true_nor_a_false_alert() {
    let alerts = [alert("ABCU1", &["CONTROL"]), alert("ABCU2", &["MO-06a"])];
    let mut inspected = Inspections::default();
    for found in [true, false, false, false] {
        inspected.count(found);
    }
    let at = Timestamp::from_millis(0);
    let mark = |number| (Subject::container(number), CONTROL.to_owned());
    let seen = Observed {
        alerts: alerts.iter().collect(),
        shadowed: BTreeMap::from([(mark("ABCU1"), at), (mark("ABCU3"), at)]),
        inspections: BTreeMap::from([(Sample::Control, inspected)]),
        ..Observed::default()
    };
    let story = Truth {
        subject: "container/ABCU3".to_owned(),
        codes: vec!["MO-06a".to_owned()],
        from: at,
        to: at,
        story: String::new(),
    };
    let score = Score::of(&seen, Some(&[story]));
    assert_eq!((score.true_alerts, score.false_alerts), (0, 1));
    assert_eq!((score.control.len(), score.control_stories), (2, 1));
    assert_eq!(score.inspections["control"].hit_rate(), Some(0.25));
}

#[test]
fn what_was_raised_and_taken_back_counts_against_what_was_raised() {
    let at = |minute: i64| Timestamp::from_millis(minute * 60_000);
    let told = |subject: &str| Truth {
        subject: subject.to_owned(),
        codes: vec!["MO-02a".to_owned()],
        from: at(0),
        to: at(100),
        story: String::new(),
    };
    let mut history = History::default();
    let raised = |n: u128, number: &str, codes: &[&str]| Alert {
        alert_id: uuid::Uuid::from_u128(n),
        ..alert(number, codes)
    };
    let taken_back = |n, number| Alert { state: AlertState::Retracted, ..raised(n, number, &[]) };
    let revisions = [
        (raised(1, "ABCU1", &["MO-02a"]), at(10)),
        (taken_back(1, "ABCU1"), at(20)),
        (raised(1, "ABCU1", &["MO-02a"]), at(30)),
        (raised(2, "ABCU2", &["MO-02a"]), at(40)),
        (taken_back(2, "ABCU2"), at(50)),
        // A find that its agency takes back.
        (raised(3, "ABCU3", &["CONTAGION-bill"]), at(40)),
        (taken_back(3, "ABCU3"), at(50)),
    ];
    for (alert, at) in &revisions {
        history.take(alert, *at);
    }
    let last = [&revisions[2].0, &revisions[4].0, &revisions[6].0];
    assert_eq!(history.since(&last[0].subject, "MO-02a"), Some(at(30)), "what stands began again");
    let seen = Observed { alerts: last.to_vec(), history, ..Observed::default() };
    let score = Score::of(&seen, Some(&[told("container/ABCU1")]));
    assert_eq!((score.true_alerts, score.false_alerts, score.false_withdrawn), (1, 0, 1));
    assert_eq!((score.false_withdrawn_grave, score.rules["MO-02a"].withdrawn), (1, 1));
    assert!((score.precision() - 1.0).abs() < 1e-9 && (score.precision_as_raised() - 0.5).abs() < 1e-9);
    assert_eq!(score.rules["MO-02a"].delays, [30.0]);
}

#[test]
fn the_lead_is_to_the_gate_out_that_follows_and_negative_when_late() {
    let at = |minute: i64| Timestamp::from_millis(minute * 60_000);
    let seen = Observed {
        gate_outs: HashMap::from([("CSQU3054383".to_owned(), vec![at(10), at(100)])]),
        ..Observed::default()
    };
    let lead = |from, raised| lead(&seen, "container/CSQU3054383", at(from), at(raised));
    assert_eq!(lead(20, 40), Some(60.0));
    assert_eq!(lead(100, 115), Some(-15.0));
    assert_eq!(lead(200, 230), Some(-130.0));
    assert_eq!(super::lead(&seen, "container/OTHER", at(0), at(1)), None);
}

#[test]
fn an_alert_with_several_codes_of_a_story_counts_once_for_it() {
    let alerts =
        [alert("ABCU1", &["MO-06a", "MO-12c"]), alert("ABCU2", &["MO-12c"]), alert("ABCU3", &["MO-13a"])];
    let seen = Observed { alerts: alerts.iter().collect(), ..Observed::default() };
    let codes = ["MO-06a".to_owned(), "MO-12c".to_owned()];
    let story = Truth {
        subject: "container/ABCU1".to_owned(),
        codes: codes.to_vec(),
        from: Timestamp::from_millis(0),
        to: Timestamp::from_millis(1),
        story: String::new(),
    };
    assert_eq!(Score::of(&seen, Some(&[story])).raised_with(&codes), (2, 1));
}
