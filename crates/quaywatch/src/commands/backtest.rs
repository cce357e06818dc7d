//! `backtest`: recorded traffic through formats, screening, detection and sharing, without Kafka.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use quaywatch_detection::{Engine, Rules};
use quaywatch_domain::{AgencyAlert, Alert, PseudonymKey};
use quaywatch_screening::{Exceptions, Index};
use quaywatch_service::ExitCode;
use quaywatch_sharing::Agencies;
use quaywatch_simulator::Truth;
use serde::Serialize;

use crate::cli::{Backtest, Form};
use crate::commands::{baseline, print_line, print_text, rules};
use crate::offline::compare;
use crate::offline::input::Folder;
use crate::offline::lists;
use crate::offline::pipeline::Pipeline;
use crate::offline::score::Score;
use crate::offline::table;
use crate::offline::traffic::{Traffic, ndjson};

/// Name of the built-in rules among several rule files.
const BUILT_IN: &str = "built-in";

/// Runs the traffic, once for each rule file, and prints the final alerts; scores go to stderr.
pub(crate) fn run(args: &Backtest) -> Result<ExitCode> {
    let folder = Folder::read(&args.paths)?;
    let reader = folder.reader()?;
    let agencies = args.agencies.as_deref().map(agencies).transpose()?;
    let rule_sets = rule_sets(&args.rules)?;
    let truth: Option<Vec<Truth>> = args.truth.as_deref().map(ndjson).transpose()?;
    let mut lists = folder.watchlists.clone();
    lists.extend(args.watchlist.iter().cloned());
    let mut index = index(&lists, &reader.key)?;
    decide(&mut index, args)?;
    let baselines = Arc::new(args.baselines.as_deref().map(baseline::load).transpose()?.unwrap_or_default());
    let mut traffic = Traffic::read(&folder, &reader)?;
    eprintln!(
        "{} files, {} events, {} rejected parts",
        folder.messages.len(),
        traffic.events.len(),
        traffic.rejected
    );
    let compared = rule_sets.len() > 1;
    let mut printer = Printer { form: args.format, all: Vec::new() };
    let mut runs: Vec<(String, Score)> = Vec::new();
    for (name, rules) in rule_sets {
        let agencies = agencies.clone().map(|mut agencies| {
            agencies.raise_thresholds(rules.threshold());
            agencies
        });
        let engine = Engine::new(rules, env!("CARGO_PKG_VERSION")).with_baselines(Arc::clone(&baselines));
        let mut pipeline = Pipeline::new(engine, index.clone(), agencies);
        let traffic = if compared { traffic.clone() } else { std::mem::take(&mut traffic) };
        traffic.replay(&mut pipeline, &name);
        match args.now {
            Some(now) => pipeline.run_to(now),
            None => pipeline.run_out(),
        }
        let of = compared.then_some(name.as_str());
        if args.agencies.is_some() {
            pipeline.views.values().try_for_each(|view| printer.view(of, view))?;
        } else {
            pipeline.alerts.values().try_for_each(|alert| printer.alert(of, alert))?;
        }
        let outcomes: Vec<String> = pipeline.outcomes.iter().map(|(name, n)| format!("{n} {name}")).collect();
        eprintln!("{name}: facts: {}; {} alerts", outcomes.join(", "), pipeline.alerts.len());
        runs.push((name, Score::of(&pipeline.observed(), truth.as_deref())));
        if !compared {
            // The process ends soon and its memory with it; to take it apart piece by piece is lost time.
            std::mem::forget(pipeline);
        }
    }
    std::mem::forget(traffic);
    printer.finish()?;
    report(args, &runs, truth.is_some())
}

/// Prints the scores; whether each is above the bar.
fn report(args: &Backtest, runs: &[(String, Score)], judged: bool) -> Result<ExitCode> {
    if let Some(path) = &args.report {
        let scores: std::collections::BTreeMap<&str, &Score> =
            runs.iter().map(|(name, score)| (name.as_str(), score)).collect();
        let mut text = serde_json::to_vec_pretty(&scores)?;
        text.push(b'\n');
        std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    if runs.len() > 1 {
        eprint!("{}", compare::of(runs));
    } else if let Some((_, score)) = runs.first() {
        eprint!("{}", table::of(score));
        for (subject, code) in &score.missed {
            eprintln!("  missed: {code} on {subject}");
        }
    }
    let below = |(_, score): &(String, Score)| {
        score.recall() < args.min_recall || score.precision() < args.min_precision
    };
    Ok(if judged && runs.iter().any(below) { ExitCode::Found } else { ExitCode::Done })
}

fn rule_sets(files: &[PathBuf]) -> Result<Vec<(String, Rules)>> {
    if files.is_empty() {
        return Ok(vec![(BUILT_IN.to_owned(), Rules::default())]);
    }
    files
        .iter()
        .map(|file| {
            let built_in = file.as_os_str() == BUILT_IN;
            Ok((file.display().to_string(), rules::load((!built_in).then_some(file.as_path()))?))
        })
        .collect()
}

/// Alerts on stdout, each with the rule file when several are compared.
struct Printer {
    form: Form,
    all: Vec<serde_json::Value>,
}

#[derive(Serialize)]
struct Line<'a, T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<&'a str>,
    #[serde(flatten)]
    alert: &'a T,
}

impl Printer {
    fn alert(&mut self, rules: Option<&str>, alert: &Alert) -> Result<()> {
        match self.form {
            Form::Table => print_text(&headed(rules, &quaywatch_sharing::alert_text(alert))),
            _ => self.document(rules, alert),
        }
    }

    fn view(&mut self, rules: Option<&str>, view: &AgencyAlert) -> Result<()> {
        match self.form {
            Form::Table => print_text(&headed(rules, &quaywatch_sharing::view_text(view))),
            _ => self.document(rules, view),
        }
    }

    fn document(&mut self, rules: Option<&str>, alert: &impl Serialize) -> Result<()> {
        let line = Line { rules, alert };
        if self.form == Form::Json {
            self.all.push(serde_json::to_value(&line)?);
            return Ok(());
        }
        print_line(&line)
    }

    fn finish(&self) -> Result<()> {
        if self.form == Form::Json { print_line(&self.all) } else { Ok(()) }
    }
}

fn headed(rules: Option<&str>, text: &str) -> String {
    rules.map_or_else(|| text.to_owned(), |name| format!("[{name}] {text}"))
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
