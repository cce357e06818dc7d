//! `seal`: where a number was seen, from the ledger that detection keeps.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use quaywatch_detection::{Engine, Rules, Sighting};
use quaywatch_detector::{STATE, Timeline};
use quaywatch_domain::event::Stored;
use quaywatch_domain::identifiers::normalise_seal;
use quaywatch_domain::identifiers::seal::{is_distinct, one_typing_error_apart};
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{EventKind, Subject, Timestamp};
use quaywatch_kafka::{Read, Reader, State as _};
use quaywatch_screening::Index;
use quaywatch_service::{ExitCode, Settings};
use serde::Serialize;

use crate::cli::{Form, Seal};
use crate::commands::{print_line, print_text, rules};
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
    /// SMDG terminal code, else UN/LOCODE.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    /// File, or topic, partition and offset, and the place in it.
    source: String,
}

/// Longest time for the next record of the ledger to come.
const LIMIT: Duration = Duration::from_secs(120);

/// What the ledger knows of a number.
#[derive(Default)]
struct Known {
    sightings: Vec<Sighting>,
    /// Numbers one character apart.
    alike: BTreeSet<String>,
}

/// Prints the sightings of the number, and on stderr what follows from them.
pub(crate) fn run(args: &Seal, settings: impl FnOnce() -> Result<Settings>) -> Result<ExitCode> {
    let Some(number) = normalise_seal(&args.number) else {
        bail!(crate::Usage(format!("'{}' is a placeholder and no seal number", args.number)));
    };
    let rules = rules::load(args.rules.as_deref())?;
    let most = rules.seal_max_boxes();
    let is_recorded = !args.paths.is_empty();
    let mut known = if is_recorded {
        from_files(&number, &args.paths, rules)?
    } else {
        from_ledger(&number, &settings()?)?
    };
    known.sightings.retain(|s| !s.retracted);
    let seen: Vec<Seen<'_>> = known.sightings.iter().map(|s| seen(&number, s, is_recorded)).collect();
    print(args.format, &seen)?;
    let boxes: BTreeSet<&str> = seen.iter().filter_map(|s| s.container).collect();
    eprintln!("{}", verdict(&number, boxes.len(), most));
    if !known.alike.is_empty() {
        let alike: Vec<&str> = known.alike.iter().map(String::as_str).collect();
        eprintln!("one character apart: {}", alike.join(", "));
    }
    Ok(ExitCode::Done)
}

/// What the files tell.
fn from_files(number: &str, paths: &[PathBuf], rules: Rules) -> Result<Known> {
    let folder = Folder::read(paths)?;
    let traffic = Traffic::read(&folder, &folder.reader()?)?;
    let engine = Engine::new(rules, env!("CARGO_PKG_VERSION"));
    let mut pipeline = Pipeline::new(engine, Index::default(), None);
    traffic.replay(&mut pipeline, "reading");
    let mut known = Known::default();
    for (subject, timeline) in pipeline.timelines().filter(|(subject, _)| subject.kind == SubjectKind::Seal) {
        if *subject.id == *number {
            known.sightings.clone_from(&timeline.sightings);
        } else if one_typing_error_apart(&subject.id, number) {
            known.alike.insert(subject.id.to_string());
        }
    }
    Ok(known)
}

/// What the detectors of the running system remember.
fn from_ledger(number: &str, settings: &Settings) -> Result<Known> {
    let mut known = Known::default();
    let mut reader = Reader::to_end(&settings.kafka, &[STATE])?;
    loop {
        let record = match reader.next(LIMIT)? {
            Read::Record(record) => record,
            Read::Idle => bail!("the topic {STATE} was not read to its end within {} s", LIMIT.as_secs()),
            Read::End => return Ok(known),
        };
        let subject = record.key.as_deref().and_then(|key| Subject::parse(std::str::from_utf8(key).ok()?));
        let Some(subject) = subject.filter(|subject| subject.kind == SubjectKind::Seal) else { continue };
        if *subject.id == *number {
            known.sightings = match &record.value {
                Some(value) => Timeline::decode(value).map_err(anyhow::Error::from_boxed)?.0.sightings,
                None => Vec::new(),
            };
        } else if one_typing_error_apart(&subject.id, number) {
            if record.value.is_some() {
                known.alike.insert(subject.id.to_string());
            } else {
                known.alike.remove(&*subject.id);
            }
        }
    }
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

fn print(form: Form, seen: &[Seen<'_>]) -> Result<()> {
    match form {
        Form::Json => print_line(&seen),
        Form::Ndjson => seen.iter().try_for_each(print_line),
        Form::Table => seen.iter().try_for_each(|s| {
            print_text(&format!(
                "{}  {:<12}  {:<6}  {:<16}  {:<12}  {}",
                s.at,
                s.container.unwrap_or("-"),
                s.place.unwrap_or("-"),
                s.kind.as_str(),
                s.issuer.as_deref().unwrap_or("-"),
                s.source
            ))
        }),
    }
}

fn seen<'a>(number: &'a str, s: &'a Sighting, is_recorded: bool) -> Seen<'a> {
    let source = s.evidence.as_ref().map(|e| {
        let Stored { topic, partition, offset, .. } = &*e.stored;
        match is_recorded {
            true => format!("{topic} {}", e.path).trim_end().to_owned(),
            false => format!("{topic}-{partition}@{offset} {}", e.path).trim_end().to_owned(),
        }
    });
    let place = s.place.as_deref();
    Seen {
        seal: number,
        at: s.occurred_at,
        kind: &s.kind,
        container: s.container.as_deref(),
        place: place.and_then(|p| p.terminal.as_deref().or(p.un_locode.as_deref())),
        issuer: s.issuer.map(|issuer| issuer.as_str().to_owned()),
        source: source.unwrap_or_default(),
    }
}
