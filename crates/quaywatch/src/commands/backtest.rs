//! `backtest`: recorded traffic through formats, screening, detection and sharing, without Kafka.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use quaywatch_detection::Engine;
use quaywatch_domain::{Feedback, PortEvent, PseudonymKey};
use quaywatch_formats::Document;
use quaywatch_formats::document::{self, DocumentState};
use quaywatch_screening::{Exceptions, Index};
use quaywatch_service::ExitCode;
use quaywatch_sharing::Agencies;
use quaywatch_simulator::Truth;

use crate::cli::Backtest;
use crate::commands::{print_line, rules};
use crate::offline::input::{self, Folder, Reader};
use crate::offline::lists;
use crate::offline::pipeline::Pipeline;
use crate::offline::score::Score;

/// Runs the traffic and prints the final alerts; with a truth, the score on stderr.
pub(crate) fn run(args: &Backtest) -> Result<ExitCode> {
    let folder = Folder::read(&args.paths)?;
    let key = input::fresh_key()?;
    let feeds = input::feeds(folder.feeds.as_deref())?;
    let parties = input::parties(folder.parties.as_deref())?;
    let agencies = args.agencies.as_deref().map(agencies).transpose()?;
    let rules = rules::load(args.rules.as_deref())?;
    let agencies = agencies.map(|mut agencies| {
        agencies.raise_thresholds(rules.threshold());
        agencies
    });
    let engine = Engine::new(rules, env!("CARGO_PKG_VERSION"));
    let mut lists = folder.watchlists.clone();
    lists.extend(args.watchlist.iter().cloned());
    let mut index = index(&lists, &key)?;
    decide(&mut index, args)?;
    let mut pipeline = Pipeline::new(engine, index, agencies);

    let (events, rejected) = read_events(&folder.messages, &Reader { feeds, parties, key })?;
    let feedback = folder.feedback.as_deref().map(read_feedback).transpose()?.unwrap_or_default();
    let count = events.len();
    replay(&mut pipeline, &events, feedback);
    match args.now {
        Some(now) => pipeline.run_to(now),
        None => pipeline.run_out(),
    }

    if args.agencies.is_some() {
        pipeline.views.values().try_for_each(print_line)?;
    } else {
        pipeline.alerts.values().try_for_each(print_line)?;
    }
    let outcomes: Vec<String> = pipeline.outcomes.iter().map(|(name, n)| format!("{n} {name}")).collect();
    eprintln!(
        "{} files, {count} events, {rejected} rejected parts; facts: {}; {} alerts",
        folder.messages.len(),
        outcomes.join(", "),
        pipeline.alerts.len()
    );
    match &args.truth {
        Some(path) => report(&pipeline, path),
        None => Ok(ExitCode::Done),
    }
}

fn report(pipeline: &Pipeline, path: &Path) -> Result<ExitCode> {
    let truth: Vec<Truth> = ndjson(path)?;
    let score = Score::of(pipeline.alerts.values(), &pipeline.first_raised, &truth);
    eprint!("{}", score.table());
    for (subject, code) in &score.missed {
        eprintln!("  missed: {code} on {subject}");
    }
    Ok(if score.missed.is_empty() { ExitCode::Done } else { ExitCode::Found })
}

/// Events and answers, merged by the time at which they came in.
fn replay(pipeline: &mut Pipeline, events: &[PortEvent], mut feedback: Vec<Feedback>) {
    feedback.sort_by_key(|f| f.at);
    let mut answers = feedback.into_iter().peekable();
    for event in events {
        while let Some(answer) = answers.next_if(|f| f.at <= event.received_at) {
            pipeline.feedback(&answer);
        }
        pipeline.event(event);
    }
    answers.for_each(|answer| pipeline.feedback(&answer));
}

/// Every event of the files, documents replaced and cancelled as the normalizer does, in order of receipt.
fn read_events(files: &[PathBuf], reader: &Reader) -> Result<(Vec<PortEvent>, usize)> {
    let mut events = Vec::new();
    let mut documents: HashMap<String, Vec<Document>> = HashMap::new();
    let mut rejected = 0;
    for (ordinal, path) in (0_i64..).zip(files) {
        let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let parsed = reader.parse(&bytes, input::file_name(path), ordinal, None);
        rejected += parsed.rejects.len();
        let feed = reader.feeds.claim(input::file_name(path)).to_owned();
        for doc in parsed.documents {
            match &doc.id {
                Some(id) => documents.entry(format!("{feed}/{id}")).or_default().push(doc),
                None => events.extend(doc.events),
            }
        }
    }
    for versions in documents.into_values() {
        let mut state: Option<DocumentState> = None;
        for doc in versions {
            let applied = document::apply(state.as_ref(), doc);
            events.extend(applied.emit);
            state = Some(applied.state);
        }
    }
    events.sort_by(|a, b| {
        (a.received_at, &a.source.topic, a.source.offset, &a.event_id, a.revision).cmp(&(
            b.received_at,
            &b.source.topic,
            b.source.offset,
            &b.event_id,
            b.revision,
        ))
    });
    Ok((events, rejected))
}

fn index(files: &[PathBuf], key: &PseudonymKey) -> Result<Index> {
    let mut entries = Vec::new();
    for path in files {
        entries.extend(lists::read(path, key)?);
    }
    Ok(Index::of(entries))
}

/// Blinded lists and decided false positives.
fn decide(index: &mut Index, args: &Backtest) -> Result<()> {
    let keys = args.blinding.iter().map(|(period, file)| lists::blinding_key(period, file));
    index.set_blinding(keys.collect::<Result<Vec<_>>>()?);
    if let Some(path) = &args.exceptions {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let exceptions =
            Exceptions::parse(&text).with_context(|| format!("{} is not usable", path.display()))?;
        index.set_exceptions(Arc::new(exceptions));
    }
    Ok(())
}

fn agencies(path: &Path) -> Result<Agencies> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Agencies::parse(&text).with_context(|| format!("{} is not usable", path.display()))
}

fn read_feedback(path: &Path) -> Result<Vec<Feedback>> {
    ndjson(path)
}

/// One JSON document a line; empty lines are skipped.
fn ndjson<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("{} line {number} is not usable", path.display()))
        })
        .collect()
}
