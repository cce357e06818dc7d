//! The dispatcher's step, without Kafka: each agency gets its view, feedback becomes a fact, and nobody signs for another.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use quaywatch_codec::Codec;
use quaywatch_dispatcher::{ALERTS, Dispatcher};
use quaywatch_domain::alert::{Keys, ScorePart, Versions};
use quaywatch_domain::handling::{EuropolCode, Tlp};
use quaywatch_domain::{
    Action, AgencyAlert, Alert, AlertState, Fact, Feedback, Handling, Indicator, Severity, Subject,
    Timestamp, Verdict, Visit,
};
use quaywatch_kafka::{Harness, NewRecord, Outcome, Record};
use quaywatch_sharing::Agencies;

const AGENCIES: &str = include_str!("../../../deploy/agencies.toml");
const NOW: i64 = 1_772_500_000_000;

fn indicator(discreet: bool) -> Indicator {
    Indicator {
        rule: if discreet { "WL" } else { "MO-25" }.into(),
        code: if discreet { "WL-identifier" } else { "MO-25a" }.into(),
        version: 1,
        severity: Severity::High,
        weight: 75.0,
        sentence: "Left the terminal under a customs hold.".into(),
        action: Action::Inspect,
        evidence: vec!["f".into()],
        first_held_at: Timestamp::from_millis(NOW),
        ended_at: None,
        expected: None,
        handling: Handling::new(Tlp::Amber, EuropolCode::H0),
        discreet,
        owner: discreet.then(|| "police-koper".into()),
        legal_basis: None,
        list: None,
        origin: None,
        carried: Vec::new(),
    }
}

fn alert(revision: i32, discreet: bool) -> Alert {
    let subject = Subject::container("CSQU3054383");
    let at = Timestamp::from_millis(NOW);
    let later = at.plus_millis(86_400_000);
    Alert {
        alert_id: Alert::id_for(&subject, 1),
        revision,
        state: if revision == 1 { AlertState::Raised } else { AlertState::Updated },
        subject,
        visit: Visit { number: 1, terminal: Some("LUKKP".into()), started_at: None, call: None },
        severity: Severity::High,
        score: 75.0,
        score_parts: vec![ScorePart { code: "x".into(), points: 75.0 }],
        title: "CSQU3054383: Left the terminal under a customs hold.".into(),
        indicators: vec![indicator(discreet)],
        keys: Keys { container: Some("CSQU3054383".into()), ..Keys::default() },
        recommended_action: Action::Inspect,
        valid_until: later,
        handling: Handling::new(Tlp::Amber, EuropolCode::H0),
        releasable_to: Vec::new(),
        legal_basis: Vec::new(),
        evidence: Vec::new(),
        detected_at: at,
        event_time: at,
        produced_at: at,
        in_hindsight: false,
        versions: Versions::default(),
        retention_until: later,
    }
}

fn harness(codec: &Codec) -> Harness<Dispatcher> {
    let agencies = Arc::new(Agencies::parse(AGENCIES).unwrap());
    Harness::new(Dispatcher::new(codec.clone(), Arc::new(move || Arc::clone(&agencies))), ALERTS)
}

fn send(harness: &mut Harness<Dispatcher>, codec: &Codec, alert: &Alert) -> (Outcome, Vec<NewRecord>) {
    let (key, value) = (alert.alert_id.to_string(), codec.encode(ALERTS, alert).unwrap());
    harness.handle(&Record::new(ALERTS, 0, 1, key.as_bytes(), &value), NOW)
}

fn topics(sent: &[NewRecord]) -> Vec<&str> {
    let mut topics: Vec<&str> = sent.iter().map(|r| r.topic.as_str()).collect();
    topics.sort_unstable();
    topics
}

#[test]
fn every_cleared_agency_is_told_once_with_cloud_event_headers() {
    let codec = Codec::embedded();
    let mut harness = harness(&codec);
    let (outcome, sent) = send(&mut harness, &codec, &alert(1, false));
    assert_eq!(outcome, Outcome::Produced);
    let agencies =
        ["agency.customs-koper.alerts", "agency.police-koper.alerts", "agency.terminal-koper.alerts"];
    assert_eq!(topics(&sent), [agencies.as_slice(), &["port.facts"]].concat());
    let view = sent.iter().find(|r| r.topic == "agency.police-koper.alerts").unwrap();
    let decoded: AgencyAlert = codec.decode(view.value.as_deref().unwrap()).unwrap();
    assert_eq!((decoded.agency.as_str(), decoded.revision, decoded.withdrawn), ("police-koper", 1, false));
    assert!(view.headers.iter().any(|(name, _)| name == "ce_id"));
    let (_, again) = send(&mut harness, &codec, &alert(2, false));
    assert!(again.is_empty(), "{:?}", topics(&again));
}

#[test]
fn a_discreet_hit_reaches_its_owner_and_never_a_terminal() {
    let codec = Codec::embedded();
    let mut harness = harness(&codec);
    let (_, sent) = send(&mut harness, &codec, &alert(1, true));
    assert!(topics(&sent).contains(&"agency.police-koper.alerts"));
    assert!(!topics(&sent).contains(&"agency.terminal-koper.alerts"));
}

#[test]
fn feedback_becomes_a_fact_and_an_agency_cannot_sign_for_another() {
    let codec = Codec::embedded();
    let mut harness = harness(&codec);
    let feedback = Feedback {
        alert_id: Some(alert(1, false).alert_id),
        subject: None,
        agency: "customs-koper".into(),
        verdict: Verdict::FalsePositive,
        quantity: None,
        unit: None,
        note: None,
        by: None,
        at: Timestamp::from_millis(NOW),
        alert_revision: Some(1),
    };
    let topic = "agency.customs-koper.feedback";
    let value = codec.encode(topic, &feedback).unwrap();
    let (outcome, sent) = harness.handle(&Record::new(topic, 0, 1, b"k", &value), NOW);
    assert_eq!((outcome, topics(&sent)), (Outcome::Produced, vec!["port.facts"]));
    let fact: Fact = codec.decode(sent[0].value.as_deref().unwrap()).unwrap();
    assert_eq!(fact.subject.to_string(), format!("alert/{}", feedback.alert_id.unwrap()));

    let (outcome, sent) =
        harness.handle(&Record::new("agency.police-koper.feedback", 0, 1, b"k", &value), NOW);
    assert!(
        matches!(outcome, Outcome::DeadLettered { ref code, .. } if code == "FOREIGN_AGENCY"),
        "{outcome:?}"
    );
    assert_eq!(topics(&sent), ["port.deadletters"]);
}
