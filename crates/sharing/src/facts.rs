//! Facts that come from the agencies' side: what an alert id stands for, and the answers.

use quaywatch_domain::handling::{EuropolCode, Tlp};
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{Alert, Fact, Feedback, Handling, Pointer, Subject, Verdict};

/// Tells the timeline of the alert which container it is about, so that answers by alert id find their way.
#[must_use]
pub fn pointer_fact(alert: &Alert) -> Fact {
    let subject = Subject::new(SubjectKind::Alert, alert.alert_id.to_string());
    Fact {
        fact_id: subject.to_string().into(),
        revision: 1,
        retracted: false,
        subject,
        occurred_at: alert.event_time,
        created_at: None,
        received_at: alert.detected_at,
        handling: alert.handling.clone(),
        event: None,
        hit: None,
        indicator: None,
        feedback: None,
        pointer: Some(Box::new(Pointer { subject: alert.subject.clone() })),
        in_hindsight: false,
    }
}

/// The answer as a fact of the alert, or of its subject when no alert is named; `None` when neither is. A later answer
/// of the same agency takes the place of an earlier one, but that something was found stays said when the case is closed.
#[must_use]
pub fn feedback_fact(feedback: &Feedback) -> Option<Fact> {
    let (about, subject) = match (&feedback.alert_id, &feedback.subject) {
        (Some(id), _) => (id.to_string(), Subject::new(SubjectKind::Alert, id.to_string())),
        (None, Some(subject)) => (subject.to_string(), subject.clone()),
        (None, None) => return None,
    };
    let found = matches!(feedback.verdict, Verdict::Confirmed | Verdict::Seizure);
    let kind = if found { "/found" } else { "" };
    Some(Fact {
        fact_id: format!("fb/{about}/{}{kind}", feedback.agency).into(),
        revision: feedback.at.as_millis(),
        retracted: false,
        subject,
        occurred_at: feedback.at,
        created_at: Some(feedback.at),
        received_at: feedback.at,
        // What an authority answers stays among the authorities.
        handling: Handling::new(Tlp::AmberStrict, EuropolCode::H0),
        event: None,
        hit: None,
        indicator: None,
        feedback: Some(Box::new(feedback.clone())),
        pointer: None,
        in_hindsight: false,
    })
}
