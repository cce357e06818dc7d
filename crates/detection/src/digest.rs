//! What tells two versions of a fact apart that one subject told another.

use quaywatch_domain::alert::Evidence;
use quaywatch_domain::indicator::Expected;
use quaywatch_domain::{Fact, Handling, Indicator, Sha256, Timestamp};

/// The digest of everything that a fact says. A call tells hundreds of indicators again and again: theirs is taken of plain
/// bytes, and the digest of a message stands for all that is carried of it.
pub(crate) fn digest(fact: &Fact) -> Sha256 {
    let Some(indicator) = fact.indicator.as_deref() else {
        return Sha256::of(&serde_json::to_vec(fact).unwrap_or_default());
    };
    let mut said = Said(Vec::with_capacity(1_024));
    said.text(&fact.fact_id);
    said.text(fact.subject.kind.as_str());
    said.text(&fact.subject.id);
    said.numbers([fact.revision, fact.retracted.into(), fact.in_hindsight.into()]);
    said.times([Some(fact.occurred_at), fact.created_at, Some(fact.received_at)]);
    said.label(&fact.handling);
    said.indicator(indicator);
    Sha256::of(&said.0)
}

/// What is said, each text with its length before it: no two facts read alike.
struct Said(Vec<u8>);

impl Said {
    fn numbers<const N: usize>(&mut self, numbers: [i64; N]) {
        for number in numbers {
            self.0.extend_from_slice(&number.to_le_bytes());
        }
    }

    fn text(&mut self, text: &str) {
        self.0.extend_from_slice(&text.len().to_le_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn texts<const N: usize>(&mut self, texts: [Option<&str>; N]) {
        for text in texts {
            self.numbers([text.is_some().into()]);
            self.text(text.unwrap_or_default());
        }
    }

    fn times<const N: usize>(&mut self, times: [Option<Timestamp>; N]) {
        for at in times {
            self.numbers([at.is_some().into(), at.unwrap_or_default().as_millis()]);
        }
    }

    fn label(&mut self, handling: &Handling) {
        if *handling != Handling::port_traffic() {
            let label = serde_json::to_string(handling).unwrap_or_default();
            self.text(&label);
        }
        self.text("");
    }

    fn indicator(&mut self, indicator: &Indicator) {
        let Indicator {
            rule,
            code,
            version,
            severity,
            weight,
            sentence,
            action,
            evidence,
            first_held_at,
            ended_at,
            expected,
            handling,
            discreet,
            owner,
            legal_basis,
            list,
            origin,
            carried,
        } = indicator;
        for text in [rule, code, severity.as_str(), action.as_str(), sentence] {
            self.text(text);
        }
        self.texts([owner.as_deref(), legal_basis.as_deref(), list.as_deref()]);
        let (kind, id) = origin.as_ref().map(|o| (o.kind.as_str(), &*o.id)).unzip();
        self.texts([kind, id]);
        let expected = expected.as_ref().map(|Expected { event, by }| (event.as_str(), *by));
        let (event, by) = expected.unzip();
        self.texts([event]);
        self.times([Some(*first_held_at), *ended_at, by]);
        self.numbers([(*version).into(), (*discreet).into()]);
        self.0.extend_from_slice(&weight.to_le_bytes());
        self.label(handling);
        self.0.extend_from_slice(&evidence.len().to_le_bytes());
        for id in evidence {
            self.text(id);
        }
        for one in carried {
            self.carried(one);
        }
    }

    fn carried(&mut self, evidence: &Evidence) {
        let Evidence { fact_id, event_id, topic, partition, offset, sha256, path, occurred_at, received_at } =
            evidence;
        self.texts([Some(fact_id), event_id.as_deref(), Some(topic), Some(path)]);
        self.numbers([(*partition).into(), *offset]);
        self.times([Some(*occurred_at), Some(*received_at)]);
        self.0.extend_from_slice(&sha256.0);
    }
}
