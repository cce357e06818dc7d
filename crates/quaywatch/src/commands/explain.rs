//! `explain`: from an alert to the bytes of the messages behind it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, bail};
use quaywatch_codec::Codec;
use quaywatch_domain::alert::Evidence;
use quaywatch_domain::event::Stored;
use quaywatch_domain::{Alert, Fact, Id, RawMessage, Sha256};
use quaywatch_kafka::Reader;
use quaywatch_service::{ExitCode, Settings};

use crate::cli::Explain;
use crate::commands::print_text;

/// Longest time to read a topic.
const LIMIT: Duration = Duration::from_secs(120);

/// Prints the alert in its last revision, its timeline and its evidence.
pub(crate) fn run(args: &Explain, settings: &Settings) -> Result<ExitCode> {
    let codec = settings.codec()?;
    let mut found: Option<Alert> = None;
    for record in Reader::read_all(&settings.kafka, &[quaywatch_detector::ALERTS], LIMIT)? {
        if record.key.as_deref() == Some(args.alert_id.as_bytes())
            && let Some(value) = &record.value
        {
            found = Some(codec.decode(value)?);
        }
    }
    let Some(alert) = found else {
        bail!("there is no alert {}; `quaywatch tail` shows them all", args.alert_id);
    };
    print_text(&quaywatch_sharing::alert_text(&alert))?;
    timeline(&alert, settings, &codec)?;
    print_text("\nEvidence:")?;
    for evidence in &alert.evidence {
        original(evidence, settings, &codec)?;
    }
    Ok(ExitCode::Done)
}

/// Every fact about the alert's subject in its last revision, by event time.
fn timeline(alert: &Alert, settings: &Settings, codec: &Codec) -> Result<()> {
    let subject = alert.subject.to_string();
    let mut facts: BTreeMap<Id, Fact> = BTreeMap::new();
    for record in Reader::read_all(&settings.kafka, &[quaywatch_detector::FACTS], LIMIT)? {
        if record.key.as_deref() == Some(subject.as_bytes())
            && let Some(value) = &record.value
        {
            let fact: Fact = codec.decode(value)?;
            if facts.get(&fact.fact_id).is_none_or(|known| known.revision <= fact.revision) {
                facts.insert(fact.fact_id.clone(), fact);
            }
        }
    }
    let mut facts: Vec<Fact> = facts.into_values().collect();
    facts.sort_by(|a, b| (a.occurred_at, &a.fact_id).cmp(&(b.occurred_at, &b.fact_id)));
    print_text(&format!("\nTimeline of {subject}:"))?;
    for fact in &facts {
        let mark = if alert.evidence.iter().any(|e| e.fact_id == fact.fact_id) { '*' } else { ' ' };
        let back = if fact.retracted { " (taken back)" } else { "" };
        print_text(&format!("{mark} {}  {}{back}", fact.occurred_at, what(fact)))?;
    }
    Ok(())
}

fn what(fact: &Fact) -> String {
    if let Some(event) = &fact.event {
        let place = event.place.as_deref().and_then(|p| p.terminal.as_deref().or(p.un_locode.as_deref()));
        format!("{} {} [{}, {}]", event.kind, place.unwrap_or(""), event.source.feed, event.source.format)
    } else if let Some(hit) = &fact.hit {
        format!("watchlist hit by {} on list {}", hit.scheme, hit.list_id)
    } else if let Some(indicator) = &fact.indicator {
        format!("{} {}", indicator.code, indicator.sentence)
    } else if let Some(feedback) = &fact.feedback {
        format!("{} says {}", feedback.agency, feedback.verdict)
    } else {
        fact.fact_id.to_string()
    }
}

/// Where the original message is and whether its bytes are what they were. The bytes stay where they are: they may hold
/// secrets in plain.
fn original(evidence: &Evidence, settings: &Settings, codec: &Codec) -> Result<()> {
    let Stored { topic, partition, offset, sha256 } = &*evidence.stored;
    print_text(&format!("  {topic}/{partition}/{offset} {} sha256 {sha256}", evidence.path))?;
    let record = Reader::fetch_one(&settings.kafka, topic, *partition, *offset)?;
    let Some(value) = record.and_then(|r| r.value) else {
        print_text("    (retention has removed the message)")?;
        return Ok(());
    };
    let raw: RawMessage = codec.decode(&value)?;
    let intact = if Sha256::of(&raw.body) == *sha256 { "digest agrees" } else { "DIGEST DIFFERS" };
    print_text(&format!("    feed {}, {} bytes, {intact}", raw.feed, raw.body.len()))?;
    Ok(())
}
