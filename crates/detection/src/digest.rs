//! What tells two versions of a fact apart that one subject told another.

use quaywatch_domain::alert::Evidence;
use quaywatch_domain::event::Stored;
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

    fn length(&mut self, length: usize) {
        self.0.extend_from_slice(&(length as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
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
        self.length(evidence.len());
        for id in evidence {
            self.text(id);
        }
        for one in carried {
            self.carried(one);
        }
    }

    fn carried(&mut self, evidence: &Evidence) {
        let Evidence { fact_id, event_id, stored, path, occurred_at, received_at } = evidence;
        let Stored { topic, partition, offset, sha256 } = &**stored;
        self.texts([Some(fact_id), event_id.as_deref(), Some(topic), Some(path)]);
        self.numbers([(*partition).into(), *offset]);
        self.times([Some(*occurred_at), Some(*received_at)]);
        self.0.extend_from_slice(&sha256.0);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use quaywatch_domain::handling::{EuropolCode, Tlp};
    use quaywatch_domain::{Action, EventKind, Severity, Subject};

    use super::*;
    use crate::loops::indicator_fact;

    fn fact() -> Fact {
        let evidence = Evidence {
            fact_id: "a".into(),
            event_id: None,
            stored: Arc::default(),
            path: "line 1".into(),
            occurred_at: Timestamp::from_millis(1),
            received_at: Timestamp::from_millis(2),
        };
        let indicator = Indicator {
            rule: "MO-01".into(),
            code: "MO-01a".into(),
            version: 1,
            severity: Severity::Low,
            weight: 15.0,
            sentence: "So.".into(),
            action: Action::Inform,
            evidence: vec!["a".into()],
            first_held_at: Timestamp::from_millis(3),
            ended_at: None,
            expected: None,
            handling: Handling::port_traffic(),
            discreet: false,
            owner: None,
            legal_basis: None,
            list: None,
            origin: Some(Subject::new(quaywatch_domain::subject::SubjectKind::Seal, "S1")),
            carried: vec![evidence],
        };
        indicator_fact("CSQU3054383", indicator, Timestamp::from_millis(4))
    }

    type Edit = Box<dyn Fn(&mut Fact)>;

    /// One edit for each field.
    fn edits() -> Vec<(&'static str, Edit)> {
        let mut edits: Vec<(&'static str, Edit)> = Vec::new();
        macro_rules! fact { ($($field:ident = $new:expr;)+) => {
            $(edits.push((stringify!($field), Box::new(move |f| f.$field = $new)));)+
        }; }
        macro_rules! indicator { ($($field:ident = $new:expr;)+) => {
            $(edits.push((concat!("indicator.", stringify!($field)), Box::new(move |f| {
                if let Some(i) = f.indicator.as_deref_mut() { i.$field = $new }
            })));)+
        }; }
        macro_rules! carried { ($($field:ident = $new:expr;)+) => {
            $(edits.push((concat!("carried.", stringify!($field)), Box::new(move |f| {
                f.indicator.iter_mut().flat_map(|i| &mut i.carried).for_each(|e| e.$field = $new);
            })));)+
        }; }
        macro_rules! stored { ($($field:ident = $new:expr;)+) => {
            $(edits.push((concat!("stored.", stringify!($field)), Box::new(move |f| {
                let carried = f.indicator.iter_mut().flat_map(|i| &mut i.carried);
                carried.for_each(|e| Arc::make_mut(&mut e.stored).$field = $new);
            })));)+
        }; }
        let label = || Handling::new(Tlp::Red, EuropolCode::H2);
        let at = |ms| Timestamp::from_millis(ms);
        fact! {
            fact_id = "b".into();
            revision = 7;
            retracted = true;
            subject = Subject::container("MSKU1234565");
            occurred_at = at(9);
            created_at = Some(at(0));
            received_at = at(9);
            handling = label();
            in_hindsight = true;
        }
        indicator! {
            rule = "MO-02".into();
            code = "MO-01b".into();
            version = 2;
            severity = Severity::High;
            weight = 16.0;
            sentence = "Or so.".into();
            action = Action::Scan;
            evidence = vec!["a".into(), "b".into()];
            first_held_at = at(9);
            ended_at = Some(at(0));
            expected = Some(Expected { event: EventKind::GateOut, by: at(0) });
            handling = label();
            discreet = true;
            owner = Some(String::new());
            legal_basis = Some(String::new());
            list = Some(String::new());
            origin = None;
            carried = Vec::new();
        }
        carried! {
            fact_id = "b".into();
            event_id = Some("".into());
            path = "line 2".into();
            occurred_at = at(9);
            received_at = at(9);
        }
        stored! {
            topic = "port.raw".into();
            partition = 1;
            offset = 1;
            sha256 = Sha256::of(b"");
        }
        edits
    }

    #[test]
    fn each_field_tells_two_versions_apart() {
        let mut known = BTreeMap::from([(digest(&fact()), "nothing")]);
        for (field, edit) in edits() {
            let mut edited = fact();
            edit(&mut edited);
            assert_ne!(edited, fact(), "{field} is the same");
            assert_eq!(known.insert(digest(&edited), field), None, "{field}");
        }
    }
}
