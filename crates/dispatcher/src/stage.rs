use std::sync::Arc;

use quaywatch_codec::Codec;
use quaywatch_domain::{Alert, DeadLetterCode, Feedback, Timestamp};
use quaywatch_kafka::{Outcome, Outputs, Record, Stage, States};
use quaywatch_service::stage::{decode, refused};
use quaywatch_sharing::{Agencies, disclose, feedback_fact, pointer_fact};

use crate::state::Disclosures;

/// Topic of alerts with full content.
pub const ALERTS: &str = "port.alerts";
/// Topic of facts, where feedback goes.
pub const FACTS: &str = "port.facts";

/// The topic of an agency's alerts.
#[must_use]
pub fn alerts_topic(agency: &str) -> String {
    format!("agency.{agency}.alerts")
}

/// The topic of an agency's feedback.
#[must_use]
pub fn feedback_topic(agency: &str) -> String {
    format!("agency.{agency}.feedback")
}

/// Gives the agencies in force; asked again for each alert, so that a changed file takes effect.
pub type Clearances = Arc<dyn Fn() -> Arc<Agencies> + Send + Sync>;

/// The pure step from one alert to what each agency may see of it, and from feedback to facts.
pub struct Dispatcher {
    codec: Codec,
    agencies: Clearances,
}

impl Dispatcher {
    /// A stage for these agencies.
    #[must_use]
    pub const fn new(codec: Codec, agencies: Clearances) -> Self {
        Self { codec, agencies }
    }

    fn alert(
        &self,
        alert: &Alert,
        states: &mut States<'_, Disclosures>,
        out: &mut Outputs,
    ) -> Result<Outcome, quaywatch_codec::Error> {
        let key = alert.alert_id.to_string().into_bytes();
        if states.get(&key).is_none() {
            // Tells the alert's own timeline where feedback belongs.
            let fact = pointer_fact(alert);
            out.send(FACTS, fact.subject.to_string(), self.codec.encode(FACTS, &fact)?);
        }
        let now = Timestamp::from_millis(out.now_ms());
        let Some(state) = states.get_or_insert_with(&key, Disclosures::default) else {
            return Ok(Outcome::OutOfScope);
        };
        let views = disclose(&(self.agencies)(), alert, &mut state.0, now);
        if state.0.is_empty() {
            states.remove(&key);
        }
        for view in &views {
            let topic = alerts_topic(&view.agency);
            let value = self.codec.encode(&topic, view)?;
            out.send_with(&topic, key.clone(), value, quaywatch_sharing::cloud_event_headers(view));
        }
        Ok(if views.is_empty() { Outcome::OutOfScope } else { Outcome::Produced })
    }

    fn feedback(
        &self,
        agency: &str,
        feedback: &Feedback,
        out: &mut Outputs,
    ) -> Result<Outcome, quaywatch_codec::Error> {
        if feedback.agency != agency {
            let sentence = format!(
                "feedback on the topic of {agency} is signed by another agency; send it on its own topic"
            );
            return Ok(Outcome::dead_letter(DeadLetterCode::ForeignAgency.as_str(), sentence));
        }
        let Some(fact) = feedback_fact(feedback) else {
            let sentence = "feedback names neither an alert nor a subject; set alert_id";
            return Ok(Outcome::dead_letter(DeadLetterCode::MissingField.as_str(), sentence));
        };
        out.send(FACTS, fact.subject.to_string(), self.codec.encode(FACTS, &fact)?);
        Ok(Outcome::Produced)
    }
}

impl Stage for Dispatcher {
    type State = Disclosures;

    fn handle(
        &mut self,
        record: &Record<'_>,
        states: &mut States<'_, Disclosures>,
        out: &mut Outputs,
    ) -> Outcome {
        if record.value.is_none() && record.topic == ALERTS {
            // Retention removed the alert.
            return Outcome::OutOfScope;
        }
        let agency = record.topic.strip_prefix("agency.").and_then(|rest| rest.strip_suffix(".feedback"));
        let done = match agency {
            Some(agency) => match decode::<Feedback>(&self.codec, record) {
                Ok(feedback) => self.feedback(agency, &feedback, out),
                Err(outcome) => return outcome,
            },
            None => match decode::<Alert>(&self.codec, record) {
                Ok(alert) => self.alert(&alert, states, out),
                Err(outcome) => return outcome,
            },
        };
        done.unwrap_or_else(|error| refused(&error))
    }

    /// The retention of an agency's view is over: its topic forgets the alert.
    fn due(&mut self, key: &[u8], now_ms: i64, states: &mut States<'_, Disclosures>, out: &mut Outputs) {
        let Some(state) = states.get_mut(key) else { return };
        state.0.views.retain(|view| {
            let over = view.retention_until.as_millis() <= now_ms;
            if over {
                out.tombstone(&alerts_topic(&view.agency), key);
            }
            !over
        });
        if state.0.is_empty() {
            states.remove(key);
        }
    }
}
