//! What the sender of `POST /events` is told: one remark for each oddity, at the path of its event.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use quaywatch_domain::PseudonymKey;
use quaywatch_domain::event::Source;
use quaywatch_formats::{Context, FeedSettings, Parties, Severity, feedback, parse};

fn told(text: &str) -> Vec<(Severity, String, String)> {
    let context = Context {
        feed: "carrier",
        settings: &FeedSettings::default(),
        key: &PseudonymKey::new(*b"a key of sixteen").unwrap(),
        parties: &Parties::default(),
        received_at: None,
        content_type: None,
        source: Source::default(),
    };
    let elements = feedback(&parse(text.as_bytes(), &context));
    assert!(elements.iter().all(|e| !e.message.is_empty() && !e.message.contains("QWTU")));
    elements.into_iter().map(|e| (e.severity, e.code, e.property_path)).collect()
}

#[test]
fn remarks_name_the_event_that_they_are_about() {
    let told = told(include_str!("samples/dcsa-3.0-short/wrong.json"));
    let has = |severity, code: &str, path: &str| {
        told.iter().any(|(s, c, p)| (*s, c.as_str(), p.as_str()) == (severity, code, path))
    };
    assert!(has(Severity::Error, "NO_SUBJECT", "$.events[1]"), "{told:?}");
    assert!(has(Severity::Error, "MISSING_FIELD", "$.events[2]"), "{told:?}");
    assert!(has(Severity::Error, "MISSING_FIELD", "$.events[4]"), "{told:?}");
    assert!(has(Severity::Error, "NO_TIME", "$.events[5]"), "{told:?}");
    for code in ["UNKNOWN_CODE", "CHECK_DIGIT_WRONG", "SEAL_PLACEHOLDER", "LOCAL_TIME_ASSUMED"] {
        assert!(has(Severity::Warn, code, "$.events[0]"), "{code}: {told:?}");
    }
    assert!(has(Severity::Warn, "UN_LOCODE_MALFORMED", "$.events[6]"), "{told:?}");
    assert!(!told.iter().any(|(.., path)| path == "$.events[7]"), "nothing is wrong with it: {told:?}");
}

#[test]
fn right_events_get_no_remark_and_a_broken_message_one_at_the_root() {
    assert_eq!(told(include_str!("samples/dcsa-3.0-words/plain.json")), []);
    let broken = told("{\"eventClassification\": ");
    assert_eq!(broken, [(Severity::Error, "MALFORMED_MESSAGE".to_owned(), "$".to_owned())]);
    let cut = told(include_str!("samples/dcsa-3.0-short/hostile.json"));
    assert!(
        cut.contains(&(Severity::Error, "MALFORMED_MESSAGE".to_owned(), "$.events[4]".to_owned())),
        "{cut:?}"
    );
}
