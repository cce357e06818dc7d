//! Alerts as the detector makes them.

use std::sync::Arc;

use quaywatch_domain::alert::{AlertState, Evidence, Keys, ScorePart, Versions, Visit};
use quaywatch_domain::event::Stored;
use quaywatch_domain::summary::Summary;
use quaywatch_domain::{Action, Alert, Handling, Indicator, Severity, Sha256, Subject, Timestamp};

pub(crate) const SEAL: &str = "ML001234";
pub(crate) const POLICE_HIT: &str = "Seal ML001234 is on a watchlist.";
const START_MS: i64 = 1_772_000_000_000;
const HOUR_MS: i64 = 3_600_000;
const VALID_MS: i64 = 336 * HOUR_MS;
const RETENTION_MS: i64 = 180 * 24 * HOUR_MS;

pub(crate) const AGENCIES: &str = r#"
[agencies.police]
name = "Police"
role = "police"
clearance = { tlp = "RED", code = "H3" }
discreet = true

[agencies.customs]
name = "Customs"
role = "customs"
clearance = { tlp = "AMBER+STRICT", code = "H2" }

[agencies.terminal]
name = "Terminal"
role = "terminal"
clearance = { tlp = "AMBER", code = "H0" }
terminals = ["LUKKP"]
threshold = 50

[agencies.port]
name = "Port authority"
role = "port"
clearance = { tlp = "AMBER", code = "H1" }
terminals = ["LUKKP"]
fields = ["vessel", "evidence"]
"#;

pub(crate) fn at(hours: i64) -> Timestamp {
    Timestamp::from_millis(START_MS + hours * HOUR_MS)
}

pub(crate) fn evidence(fact_id: &str, hour: i64) -> Evidence {
    Evidence {
        fact_id: fact_id.into(),
        event_id: None,
        stored: Arc::new(Stored {
            topic: "port.raw".into(),
            partition: 0,
            offset: hour,
            sha256: Sha256::of(fact_id.as_bytes()),
        }),
        path: "line 1".into(),
        occurred_at: at(hour),
        received_at: at(hour),
    }
}

pub(crate) fn indicator(code: &str, severity: Severity, sentence: &str) -> Indicator {
    let weight = match severity {
        Severity::Low => 15.0,
        Severity::Medium => 50.0,
        Severity::High => 75.0,
        Severity::Critical => 95.0,
    };
    Indicator {
        rule: code.split_at(2).0.to_owned(),
        code: code.to_owned(),
        version: 1,
        severity,
        weight,
        sentence: sentence.to_owned(),
        action: Action::Scan,
        evidence: vec![format!("fact-{code}").into()],
        first_held_at: at(1),
        ended_at: None,
        expected: None,
        handling: Handling::port_traffic(),
        discreet: false,
        owner: None,
        legal_basis: None,
        list: None,
        origin: None,
        carried: Vec::new(),
    }
}

pub(crate) fn seal_change() -> Indicator {
    let sentence = format!("Seal {SEAL} of the journey's start is gone at discharge, unexplained.");
    indicator("MO-03a", Severity::High, &sentence)
}

pub(crate) fn watchlist_hit(code: &str, handling: &str, owner: Option<&str>) -> Indicator {
    Indicator {
        action: Action::Inspect,
        handling: Handling::parse(handling).unwrap().strictest(&Handling::port_traffic()),
        owner: owner.map(str::to_owned),
        legal_basis: Some("Art. 149".into()),
        list: Some("police@v1".into()),
        evidence: vec!["hit/police/W-1/SEAL".into()],
        ..indicator(code, Severity::High, POLICE_HIT)
    }
}

/// The alert over these indicators with one piece of evidence each, an hour apart.
pub(crate) fn alert(indicators: Vec<Indicator>, produced_at: Timestamp) -> Alert {
    alert_with(indicators, produced_at, &[])
}

/// The same, with the hours at which some facts lie.
pub(crate) fn alert_with(
    mut indicators: Vec<Indicator>,
    produced_at: Timestamp,
    hours: &[(&str, i64)],
) -> Alert {
    indicators.sort_by(|a, b| {
        (b.severity, &a.code, &a.sentence, &a.list).cmp(&(a.severity, &b.code, &b.sentence, &b.list))
    });
    let subject = Subject::container("CSQU3054383");
    let score_parts: Vec<ScorePart> =
        indicators.iter().map(|i| ScorePart { code: i.code.clone(), points: i.weight }).collect();
    let hour = |id: &str| hours.iter().find(|(known, _)| *known == id).map_or(2, |(_, hour)| *hour);
    let mut behind: Vec<Evidence> =
        indicators.iter().flat_map(|i| &i.evidence).map(|id| evidence(id, hour(id))).collect();
    behind.sort_by(|a, b| (a.occurred_at, &a.fact_id).cmp(&(b.occurred_at, &b.fact_id)));
    behind.dedup_by(|a, b| a.fact_id == b.fact_id);
    let summary = Summary::of(&subject, &indicators, &score_parts, &behind);
    let known = summary.as_ref().map_or(at(2), |s| s.event_time.max(s.detected_at));
    let visit = Visit {
        number: 1,
        terminal: Some("LUKKP".into()),
        started_at: Some(at(0)),
        call: Some("CALL-12345".into()),
    };
    Alert {
        alert_id: Alert::id_for(&subject, 1),
        revision: 1,
        state: AlertState::Raised,
        severity: summary.as_ref().map_or(Severity::Low, |s| s.severity),
        score: summary.as_ref().map_or(0.0, |s| s.score),
        score_parts,
        title: summary.as_ref().map(|s| s.title.clone()).unwrap_or_default(),
        keys: Keys {
            container: Some(subject.id.to_string()),
            release: Some("RELEASE-1".into()),
            bills: vec!["MAEU777888".into()],
            seals: vec![SEAL.into()],
            vessel: Some("9321483".into()),
            call: visit.call.clone(),
            terminal: visit.terminal.clone(),
        },
        recommended_action: summary.as_ref().map_or(Action::Inform, |s| s.action),
        valid_until: known.plus_millis(VALID_MS),
        handling: summary.as_ref().map_or_else(Handling::port_traffic, |s| s.handling.clone()),
        releasable_to: Vec::new(),
        legal_basis: summary.as_ref().map(|s| s.legal_basis.clone()).unwrap_or_default(),
        detected_at: summary.as_ref().map_or(at(2), |s| s.detected_at),
        event_time: summary.as_ref().map_or(at(2), |s| s.event_time),
        produced_at,
        in_hindsight: false,
        versions: Versions {
            rules: "r1".into(),
            lists: summary.map(|s| s.lists).unwrap_or_default(),
            binary: "0.1.0".into(),
        },
        retention_until: known.plus_millis(RETENTION_MS),
        subject,
        visit,
        indicators,
        evidence: behind,
    }
}
