//! `baseline build`, `publish` and `status`: what is usual, from recorded traffic to every detector.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use quaywatch_detection::{BaselineBuilder, Baselines};
use quaywatch_detector::BASELINES;
use quaywatch_domain::{Fact, PortEvent, PublishedBaselines, Subject, Timestamp};
use quaywatch_kafka::{NewRecord, Read, Reader, TransactionalBatch};
use quaywatch_normalizer::EVENTS;
use quaywatch_service::{Clock, ExitCode, Settings};

use crate::cli::Baseline;
use crate::commands::{print_text, rules};
use crate::offline::input::Folder;
use crate::offline::traffic::Traffic;

const DAY_MS: i64 = 86_400_000;
/// Visits that began earlier before the period are read without their beginning.
const LONGEST_VISIT_DAYS: i64 = 60;

/// Key of the one record of the topic.
const KEY: &str = "baselines";
/// Longest time to read the topic.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs one of the commands; only those that speak to Kafka ask for settings.
pub(crate) fn run(command: &Baseline, settings: impl Fn() -> Result<Settings>) -> Result<ExitCode> {
    match command {
        Baseline::Build { paths, recorded, out, rules, ports, to, days } => {
            let events =
                if *recorded { read_recorded(&settings()?, *to, *days)? } else { read_files(paths)? };
            build(&events, out, rules.as_deref(), ports.as_deref(), *to, *days)
        }
        Baseline::Publish { file } => publish(file, &settings()?),
        Baseline::Status => status(&settings()?),
    }
}

/// Puts a file's baselines on the topic that every detector reads.
fn publish(file: &Path, settings: &Settings) -> Result<ExitCode> {
    let content =
        std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let baselines =
        Baselines::parse(&content).with_context(|| format!("{} is not usable", file.display()))?;
    if baselines.version.is_empty() {
        bail!("{} names no version: build it with `quaywatch baseline build`", file.display());
    }
    // As small as it can be: a record has its limit.
    let content = serde_json::to_string(&baselines)?;
    let version = baselines.version.clone();
    let published = PublishedBaselines { version, published_at: Clock::wall().now(), content };
    let value = settings.codec()?.encode(BASELINES, &published)?;
    let record = NewRecord::new(BASELINES, KEY, value);
    TransactionalBatch::connect(&settings.kafka, "baselines")?.publish(&[record])?;
    eprintln!("published {}", summary(&baselines));
    Ok(ExitCode::Done)
}

/// Tells what the detectors take for usual.
fn status(settings: &Settings) -> Result<ExitCode> {
    let codec = settings.codec()?;
    let records = Reader::read_all(&settings.kafka, &[BASELINES], LIMIT)?;
    let Some(value) = records.last().and_then(|record| record.value.as_deref()) else {
        print_text("no baselines are published: rules use their plain limits")?;
        return Ok(ExitCode::Done);
    };
    let published: PublishedBaselines = codec.decode(value)?;
    let baselines = Baselines::parse(&published.content)?;
    print_text(&format!("published {}: {}", published.published_at, summary(&baselines)))?;
    Ok(ExitCode::Done)
}

fn summary(baselines: &Baselines) -> String {
    format!(
        "baselines {}: {} groups, {} lanes, {} headings of goods, {} feeds",
        baselines.version,
        baselines.quantiles.values().map(Vec::len).sum::<usize>(),
        baselines.lanes.len(),
        baselines.goods.len(),
        baselines.feeds.len()
    )
}

fn read_files(paths: &[PathBuf]) -> Result<Vec<Arc<PortEvent>>> {
    let folder = Folder::read(paths)?;
    Ok(Traffic::read(&folder, &folder.reader()?)?.events)
}

/// The events that the running system has recorded, as long as its topic keeps them, as far as they may belong to a visit of
/// the period.
fn read_recorded(settings: &Settings, to: Option<Timestamp>, days: u32) -> Result<Vec<Arc<PortEvent>>> {
    let codec = settings.codec()?;
    let end = to.unwrap_or_else(|| Clock::wall().now());
    let begin = end.plus_millis(-(i64::from(days) + LONGEST_VISIT_DAYS) * DAY_MS);
    let mut events = Vec::new();
    let mut reader = Reader::to_end(&settings.kafka, &[EVENTS])?;
    loop {
        match reader.next(LIMIT)? {
            Read::Record(record) => {
                let event: Option<PortEvent> = record.value.map(|value| codec.decode(&value)).transpose()?;
                events.extend(event.filter(|e| (begin..end).contains(&e.received_at)).map(Arc::new));
            }
            Read::Idle => {
                bail!("{EVENTS} brings nothing more, and its end is not reached: look at the brokers")
            }
            Read::End => return Ok(events),
        }
    }
}

/// Writes the baselines of a period.
fn build(
    events: &[Arc<PortEvent>],
    out: &Path,
    rules: Option<&Path>,
    ports: Option<&Path>,
    to: Option<Timestamp>,
    days: u32,
) -> Result<ExitCode> {
    let rules = rules::load(rules)?;
    let ports: BTreeMap<String, (f64, f64)> = ports.map(read_json).transpose()?.unwrap_or_default();
    let end = events.iter().map(|e| e.received_at.plus_millis(1)).max();
    let to = to.or(end).unwrap_or_default();
    let from = to.plus_millis(-i64::from(days) * DAY_MS);

    let mut containers: HashMap<&str, Vec<Fact>> = HashMap::new();
    for event in events {
        if let Some(container) = event.container() {
            containers.entry(container).or_default().push(fact(event, container));
        }
    }
    let count = containers.len();
    let mut builder = BaselineBuilder::new(&rules, from, to);
    containers.into_values().for_each(|facts| builder.container(facts));
    let built = builder.finish(ports);
    if built.to.is_none() {
        bail!(
            "nothing came in from {from} to {to}, and baselines of nothing say nothing; nothing is written"
        );
    }
    let mut text = serde_json::to_vec_pretty(&built)?;
    text.push(b'\n');
    std::fs::write(out, text).with_context(|| format!("{} cannot be written", out.display()))?;
    eprintln!("{}; from {} events of {count} containers, {from} to {to}", summary(&built), events.len());
    Ok(ExitCode::Done)
}

fn fact(event: &Arc<PortEvent>, container: &str) -> Fact {
    Fact {
        fact_id: event.event_id.clone(),
        revision: event.revision,
        retracted: event.retracted,
        subject: Subject::container(container),
        occurred_at: event.occurred_at,
        created_at: event.created_at,
        received_at: event.received_at,
        handling: quaywatch_domain::Handling::port_traffic(),
        event: Some(Arc::clone(event).into()),
        hit: None,
        indicator: None,
        feedback: None,
        pointer: None,
        in_hindsight: false,
    }
}

/// The baselines in a file.
pub(crate) fn load(path: &Path) -> Result<Baselines> {
    read_json(path)
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not usable", path.display()))
}
