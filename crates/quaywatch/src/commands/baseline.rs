//! `baseline build`: what is usual, from recorded traffic.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use quaywatch_detection::{BaselineBuilder, Baselines};
use quaywatch_domain::{Fact, PortEvent, Subject, Timestamp};
use quaywatch_service::ExitCode;

use crate::cli::Baseline;
use crate::commands::rules;
use crate::offline::input::{self, Folder};
use crate::offline::traffic::Traffic;

const DAY_MS: i64 = 86_400_000;

/// Writes the baselines of a period.
pub(crate) fn run(command: &Baseline) -> Result<ExitCode> {
    let Baseline::Build { paths, out, rules, ports, to, days } = command;
    let folder = Folder::read(paths)?;
    let feeds = input::feeds(folder.feeds.as_deref())?;
    let rules = rules::load(rules.as_deref())?;
    let ports: BTreeMap<String, (f64, f64)> =
        ports.as_deref().map(read_json).transpose()?.unwrap_or_default();
    let traffic = Traffic::read(&folder, &feeds, &input::fresh_key()?)?;
    let end = traffic.events.iter().map(|e| e.received_at.plus_millis(1)).max();
    let to = to.or(end).unwrap_or_default();
    let from = to.plus_millis(-i64::from(*days) * DAY_MS);

    let mut containers: HashMap<&str, Vec<Fact>> = HashMap::new();
    for event in &traffic.events {
        if let Some(container) = event.container() {
            containers.entry(container).or_default().push(fact(event, container));
        }
    }
    let count = containers.len();
    let mut builder = BaselineBuilder::new(&rules, from, to);
    containers.into_values().for_each(|facts| builder.container(facts));
    let built = builder.finish(ports);
    let mut text = serde_json::to_vec_pretty(&built)?;
    text.push(b'\n');
    std::fs::write(out, text).with_context(|| format!("{} cannot be written", out.display()))?;
    eprintln!(
        "baselines {}: {} events of {count} containers from {from} to {to}; {} groups, {} lanes, {} headings of goods, {} feeds",
        built.version,
        traffic.events.len(),
        built.quantiles.values().map(Vec::len).sum::<usize>(),
        built.lanes.len(),
        built.goods.len(),
        built.feeds.len()
    );
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
        event: Some(Arc::clone(event)),
        hit: None,
        indicator: None,
        feedback: None,
        pointer: None,
    }
}

/// The baselines in a file.
pub(crate) fn load(path: &Path) -> Result<Baselines> {
    read_json(path)
}

/// Baselines from text, for a file that is watched.
pub(crate) fn parse(text: &str) -> Result<Baselines, String> {
    serde_json::from_str(text).map_err(|e| e.to_string())
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not usable", path.display()))
}
