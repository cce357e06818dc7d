//! `seal`: where a number was seen, from the ledger that detection keeps.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use quaywatch_detection::{Engine, Rules, Sighting};
use quaywatch_domain::identifiers::normalise_seal;
use quaywatch_domain::identifiers::seal::{is_distinct, one_typing_error_apart};
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{EventKind, Timestamp};
use quaywatch_screening::Index;
use quaywatch_service::ExitCode;
use serde::Serialize;

use crate::cli::{Form, Seal};
use crate::commands::{print_line, print_text};
use crate::offline::input::Folder;
use crate::offline::pipeline::Pipeline;
use crate::offline::traffic::Traffic;

/// One sighting, as it is printed.
#[derive(Serialize)]
struct Seen<'a> {
    seal: &'a str,
    at: Timestamp,
    kind: &'a EventKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    /// File and place in it.
    source: String,
}

/// Prints the sightings of the number, and on stderr what follows from them.
pub(crate) fn run(args: &Seal) -> Result<ExitCode> {
    let Some(number) = normalise_seal(&args.number) else {
        bail!(crate::Usage(format!("'{}' is a placeholder and no seal number", args.number)));
    };
    let folder = Folder::read(&args.paths)?;
    let traffic = Traffic::read(&folder, &folder.reader()?)?;
    let rules = Rules::default();
    let most = rules.seal_max_boxes();
    let mut pipeline = Pipeline::new(Engine::new(rules, env!("CARGO_PKG_VERSION")), Index::default(), None);
    traffic.replay(&mut pipeline, "reading");
    let seals = || pipeline.timelines().filter(|(subject, _)| subject.kind == SubjectKind::Seal);
    let ledger = seals().find(|(subject, _)| *subject.id == *number).map(|(_, timeline)| timeline);
    let standing: Vec<&Sighting> =
        ledger.into_iter().flat_map(|t| &t.sightings).filter(|s| !s.retracted).collect();
    print(args.format, &number, &standing)?;
    let boxes: BTreeSet<&str> = standing.iter().filter_map(|s| s.container.as_deref()).collect();
    eprintln!("{}", verdict(&number, boxes.len(), most));
    let mut alike: Vec<&str> = seals()
        .map(|(subject, _)| &*subject.id)
        .filter(|other| one_typing_error_apart(other, &number))
        .collect();
    alike.sort_unstable();
    if !alike.is_empty() {
        eprintln!("one character apart: {}", alike.join(", "));
    }
    Ok(ExitCode::Done)
}

fn verdict(number: &str, boxes: usize, most: usize) -> String {
    match boxes {
        0 => format!("{number} was not seen"),
        1 => format!("{number} was seen on one container"),
        n if n > most => {
            format!("{number} was seen on {n} containers: a mark or a placeholder, and not compared")
        }
        n if !is_distinct(number) => {
            format!("{number} was seen on {n} containers; it is so short that makers share it")
        }
        n => format!("{number} was seen on {n} containers"),
    }
}

fn print(form: Form, number: &str, sightings: &[&Sighting]) -> Result<()> {
    let seen: Vec<Seen<'_>> = sightings.iter().map(|s| seen(number, s)).collect();
    match form {
        Form::Json => print_line(&seen),
        Form::Ndjson => seen.iter().try_for_each(print_line),
        Form::Table => seen.iter().try_for_each(|s| {
            print_text(&format!(
                "{}  {:<12}  {:<16}  {:<12}  {}",
                s.at,
                s.container.unwrap_or("-"),
                s.kind,
                s.issuer.as_deref().unwrap_or("-"),
                s.source
            ))
        }),
    }
}

fn seen<'a>(number: &'a str, s: &'a Sighting) -> Seen<'a> {
    let source = s.evidence.as_ref().map(|e| format!("{} {}", e.topic, e.path).trim_end().to_owned());
    Seen {
        seal: number,
        at: s.occurred_at,
        kind: &s.kind,
        container: s.container.as_deref(),
        issuer: s.issuer.map(|issuer| issuer.as_str().to_owned()),
        source: source.unwrap_or_default(),
    }
}
