//! What stands on the topics when everything has been handled.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use quaywatch_domain::{AgencyAlert, Alert, DeadLetter, PortEvent};
use quaywatch_kafka::{OwnedRecord, Progress, Reader, progress};
use serde_json::Value;

use crate::port::{AGENCIES, Port, STAGES};

/// Revisions of the views of one alert, oldest first, by agency and alert.
pub type Views = BTreeMap<(String, String), Vec<Value>>;

/// The topics of a port, read with `read_committed` when every stage had handled all of its input.
#[derive(Debug)]
pub struct Snapshot {
    /// Everything that was read.
    pub records: Vec<OwnedRecord>,
    /// What the agencies read, but for the moment of writing.
    pub views: Views,
    /// How often each event (id, revision, taken back) stands on `port.events`.
    pub events: BTreeMap<(String, i64, bool), usize>,
    /// Full alerts, oldest first in each partition.
    pub alerts: Vec<Alert>,
    /// Records that could not be used.
    pub dead_letters: Vec<DeadLetter>,
}

/// Inputs of a stage.
#[must_use]
pub fn inputs(stage: &str) -> Vec<String> {
    match stage {
        "normalizer" => vec!["port.raw".to_owned()],
        "screener" => vec!["port.events".to_owned()],
        "detector" => vec!["port.facts".to_owned()],
        _ => {
            let feedback = AGENCIES.iter().map(|agency| format!("agency.{agency}.feedback"));
            std::iter::once("port.alerts".to_owned()).chain(feedback).collect()
        }
    }
}

/// Waits until every stage has handled all of its input and nothing is under way, and reads everything.
///
/// A stage commits its position in the same transaction as its outputs. So when no partition has an open transaction,
/// every position is behind the last record, and no partition has grown meanwhile, nothing is left to do.
///
/// # Errors
/// When it is not so within `limit`.
pub fn settled(port: &Port, limit: Duration) -> Result<Snapshot> {
    let begun = Instant::now();
    let mut last = Vec::new();
    loop {
        let before = standing(port);
        if begun.elapsed() > limit {
            let (behind, logs) = (behind(&before?), port.ends_of_logs());
            bail!("not settled after {} s: {behind}; the logs end with:\n{logs}", limit.as_secs());
        }
        std::thread::sleep(Duration::from_millis(100));
        // A broker that has just come back may leave a question open.
        let Ok(before) = before else { continue };
        let quiet = ends(&before) == ends(&last) && !before.iter().any(Progress::has_open_transaction);
        last = before;
        if !quiet {
            continue;
        }
        let records = read(port, limit)?;
        let Ok(after) = standing(port) else { continue };
        if ends(&after) == ends(&last) && all_handled(&last, &records) {
            return Snapshot::of(port, records);
        }
        last = after;
    }
}

fn standing(port: &Port) -> Result<Vec<Progress>> {
    let mut all = Vec::new();
    for stage in STAGES {
        let topics = inputs(stage);
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        all.extend(progress(&port.kafka, stage, &topics)?);
    }
    // Nobody's input, but written by the stages.
    let mut outputs: Vec<String> = AGENCIES.iter().map(|agency| format!("agency.{agency}.alerts")).collect();
    outputs.push("port.deadletters".to_owned());
    let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
    all.extend(progress(&port.kafka, "nobody", &outputs)?);
    Ok(all)
}

fn ends(standing: &[Progress]) -> Vec<i64> {
    standing.iter().map(|p| p.end).collect()
}

fn is_input(topic: &str) -> bool {
    STAGES.iter().any(|stage| inputs(stage).iter().any(|input| input == topic))
}

fn all_handled(standing: &[Progress], records: &[OwnedRecord]) -> bool {
    standing.iter().filter(|p| is_input(&p.topic)).all(|p| {
        let of = records.iter().filter(|r| r.topic == p.topic && r.partition == p.partition);
        of.map(|r| r.offset).max().is_none_or(|last| p.committed.is_some_and(|next| next > last))
    })
}

fn behind(standing: &[Progress]) -> String {
    let of = |p: &Progress| {
        format!("{}/{} handled to {:?} of {} ({})", p.topic, p.partition, p.committed, p.stable_end, p.end)
    };
    standing.iter().filter(|p| p.end > 0).map(of).collect::<Vec<_>>().join(", ")
}

fn read(port: &Port, limit: Duration) -> Result<Vec<OwnedRecord>> {
    let mut topics: Vec<String> = STAGES.iter().flat_map(|stage| inputs(stage)).collect();
    topics.extend(AGENCIES.iter().map(|agency| format!("agency.{agency}.alerts")));
    topics.push("port.deadletters".to_owned());
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    Ok(Reader::read_all(&port.kafka, &topics, limit)?)
}

impl Snapshot {
    /// Decodes what was read. Records that the tests themselves made unreadable are left out, but not of what only
    /// Quaywatch writes.
    fn of(port: &Port, mut records: Vec<OwnedRecord>) -> Result<Self> {
        records.sort_by(|a, b| (&a.topic, a.partition, a.offset).cmp(&(&b.topic, b.partition, b.offset)));
        let mut snapshot = Self {
            records: Vec::new(),
            views: Views::new(),
            events: BTreeMap::new(),
            alerts: Vec::new(),
            dead_letters: Vec::new(),
        };
        for record in &records {
            let value = record.value.as_deref().unwrap_or_default();
            match record.topic.as_str() {
                "port.events" => {
                    if let Ok(event) = port.codec.decode::<PortEvent>(value) {
                        *snapshot
                            .events
                            .entry((event.event_id.to_string(), event.revision, event.retracted))
                            .or_default() += 1;
                    }
                }
                "port.alerts" => {
                    if let Ok(alert) = port.codec.decode::<Alert>(value) {
                        snapshot.alerts.push(alert);
                    }
                }
                "port.deadletters" => snapshot.dead_letters.push(port.codec.decode(value)?),
                topic if topic.ends_with(".alerts") => {
                    let view: AgencyAlert = port.codec.decode(value)?;
                    let key = (view.agency.clone(), view.alert_id.to_string());
                    snapshot.views.entry(key).or_default().push(without_moment(&view)?);
                }
                _ => {}
            }
        }
        snapshot.records = records;
        Ok(snapshot)
    }

    /// How many records a topic has.
    #[must_use]
    pub fn count(&self, topic: &str) -> usize {
        self.records.iter().filter(|record| record.topic == topic).count()
    }

    /// Codes of the indicators that some view ever showed.
    #[must_use]
    pub fn codes(&self) -> std::collections::BTreeSet<String> {
        let views = self.views.values().flatten();
        let indicators = views.filter_map(|view| view.get("indicators")?.as_array()).flatten();
        indicators.filter_map(|i| Some(i.get("code")?.as_str()?.to_owned())).collect()
    }

    /// Fails with the first difference of what the agencies read, and of the events, dead letters and alerts behind it.
    ///
    /// # Errors
    /// When there is one.
    pub fn must_equal(&self, undisturbed: &Self) -> Result<()> {
        for (key, expected) in &undisturbed.views {
            let (agency, alert) = key;
            let found = self
                .views
                .get(key)
                .with_context(|| format!("{agency} misses alert {alert}: {expected:#?}"))?;
            for (place, (expected, found)) in expected.iter().zip(found).enumerate() {
                if expected != found {
                    bail!("{agency}, alert {alert}, version {}: {}", place + 1, difference(expected, found));
                }
            }
            if expected.len() != found.len() {
                let revisions = |views: &[Value]| views.iter().map(brief).collect::<Vec<_>>().join("; ");
                bail!(
                    "{agency}, alert {alert}: {} versions instead of {}:\n{}\ninstead of\n{}",
                    found.len(),
                    expected.len(),
                    revisions(found),
                    revisions(expected)
                );
            }
        }
        if let Some(key) = self.views.keys().find(|key| !undisturbed.views.contains_key(*key)) {
            bail!("{} has an alert too many: {}", key.0, key.1);
        }
        if self.events != undisturbed.events {
            bail!(
                "port.events differs: {} different events instead of {}",
                self.events.len(),
                undisturbed.events.len()
            );
        }
        for topic in ["port.raw", "port.facts", "port.alerts", "port.deadletters"] {
            let (found, expected) = (self.count(topic), undisturbed.count(topic));
            if found != expected {
                bail!("{topic} has {found} records instead of {expected}");
            }
        }
        Ok(())
    }

    /// Fails unless the revisions of every view count up from 1 without gap or repetition.
    ///
    /// # Errors
    /// When one does not.
    pub fn revisions_must_count_up(&self) -> Result<()> {
        for ((agency, alert), views) in &self.views {
            let revisions: Vec<i64> =
                views.iter().filter_map(|view| view.get("revision")?.as_i64()).collect();
            if revisions.iter().zip(1..).any(|(revision, expected)| *revision != expected) {
                bail!("{agency}, alert {alert}: revisions {revisions:?}");
            }
        }
        Ok(())
    }
}

/// The view without the moment of writing: a view that is withdrawn holds it in further fields, as it shows nothing of
/// the alert any more.
fn without_moment(view: &AgencyAlert) -> Result<Value> {
    let mut value = serde_json::to_value(view)?;
    if let Some(object) = value.as_object_mut() {
        let moment = object.remove("produced_at");
        if view.withdrawn {
            object.retain(|_, value| moment.as_ref() != Some(value));
        }
    }
    Ok(value)
}

fn brief(view: &Value) -> String {
    let of = |field: &str| view.get(field).map(ToString::to_string).unwrap_or_default();
    format!("{} {} {}", of("revision"), of("state"), of("title"))
}

fn difference(expected: &Value, found: &Value) -> String {
    let (Some(expected), Some(found)) = (expected.as_object(), found.as_object()) else {
        return String::new();
    };
    let differs = |(field, value): (&String, &Value)| {
        let other = found.get(field)?;
        (other != value).then(|| format!("{field} is {other} instead of {value}"))
    };
    expected.iter().filter_map(differs).collect::<Vec<_>>().join("\n")
}
