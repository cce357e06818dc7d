//! `screen` and `screen pairs`: names in a stream of JSON lines, answers in the same order.

use std::io::{BufRead, BufReader, BufWriter, Write as _};
use std::num::NonZero;

use anyhow::Result;
use quaywatch_domain::watchlist::Value;
use quaywatch_screening::names::{Bands, Explanation, NameKind, Party, Searcher, explain_pair, score_pair};
use quaywatch_screening::{Index, identifier_values};
use quaywatch_service::{Clock, ExitCode, Settings};
use quaywatch_watchlist::{KafkaStore, Lists, Store as _};
use serde::{Deserialize, Serialize};

use crate::cli::{Screen, ScreenCommand};
use crate::offline::progress::Progress;
use crate::offline::{input, lists};

/// Lines that one worker takes at a time.
const LINES_A_WORKER: usize = 2_048;
/// Bytes that are read and written at a time.
const BUFFER_BYTES: usize = 256 * 1024;
/// Longest line, bytes; longer ones are left out and named.
const MAX_LINE_BYTES: usize = 1024 * 1024;
/// Most bytes of lines that are held at once.
const MAX_BATCH_BYTES: usize = 64 * 1024 * 1024;

/// Screens stdin; exit 1 when lines could not be read.
pub(crate) fn run(args: &Screen, settings: &Settings) -> Result<ExitCode> {
    match &args.command {
        Some(ScreenCommand::Pairs { threshold, explain }) => {
            let bands = threshold.map_or_else(|| settings.screening.clone(), Bands::all);
            stream(|| (), |line, ()| pair(line, &bands, *explain))
        }
        None => {
            let bands = args.threshold.map_or_else(|| settings.screening.clone(), Bands::all);
            let index = index(args, settings)?;
            stream(Searcher::default, |line, searcher| party(line, &index, &bands, searcher))
        }
    }
}

/// The lists of the files, or those in force.
fn index(args: &Screen, settings: &Settings) -> Result<Index> {
    let mut entries = Vec::new();
    if args.list.is_empty() {
        let now = Clock::wall().now();
        let records = KafkaStore::new(&settings.kafka).read()?;
        let lists = Lists::of(&records, &settings.codec()?);
        for (id, list) in lists.iter() {
            eprintln!("{id} version {}", list.version);
            entries.extend(list.entries().filter(|entry| entry.is_in_force(now)).cloned());
        }
        if entries.is_empty() {
            let none = "screen: no list is in force; import one with `quaywatch watchlist import`, or name files with --list";
            return Err(crate::Usage(none.to_owned()).into());
        }
    } else {
        let key = input::fresh_key()?;
        for path in &args.list {
            entries.extend(lists::read(path, &key)?);
        }
    }
    let index = Index::of(entries);
    eprintln!("{} entries, {} names", index.len(), index.names().len());
    Ok(index)
}

#[derive(Debug, Deserialize)]
struct Pair {
    id: serde_json::Value,
    #[serde(default)]
    kind: Option<String>,
    query: String,
    listed: String,
}

#[derive(Debug, Serialize)]
struct PairScore {
    id: serde_json::Value,
    score: f32,
    r#match: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
}

fn pair(line: &str, bands: &Bands, explain: bool) -> Result<Vec<u8>, String> {
    let pair: Pair = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let kind = kinds(pair.kind.as_deref())?;
    let one = match kind {
        [kind] => Some(*kind),
        _ => None,
    };
    let (score, explanation) = if explain {
        let (score, explanation) = explain_pair(one, &pair.query, &pair.listed);
        (score, Some(explanation))
    } else {
        (score_pair(one, &pair.query, &pair.listed), None)
    };
    let threshold = kind.iter().map(|kind| bands.common(*kind)).fold(1.0, f32::min);
    json(&PairScore { id: pair.id, score: rounded(score), r#match: score >= threshold, explanation })
}

#[derive(Debug, Deserialize)]
struct Asked {
    id: serde_json::Value,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    country: Option<String>,
    #[serde(default)]
    birth_date: Option<String>,
    #[serde(default)]
    identifiers: serde_json::Value,
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    id: serde_json::Value,
    matches: Vec<Match<'a>>,
}

#[derive(Debug, Serialize)]
struct Match<'a> {
    entry_id: &'a str,
    list_id: &'a str,
    score: f32,
    matched_name: &'a str,
    explanation: Explanation,
}

fn party(line: &str, index: &Index, bands: &Bands, searcher: &mut Searcher) -> Result<Vec<u8>, String> {
    let asked: Asked = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let kinds = kinds(asked.kind.as_deref())?;
    let values = identifiers(&asked.identifiers)?;
    if asked.name.trim().is_empty() && values.is_empty() {
        return Err("has neither a name nor identifiers".to_owned());
    }
    let party = Party { country: asked.country, birth_date: asked.birth_date };
    let hits = index.names().search(kinds, &asked.name, &party, bands, searcher);
    let mut matches: Vec<Match<'_>> = Vec::new();
    for value in &values {
        for entry in index.holding(value) {
            if !matches.iter().any(|m| m.entry_id == entry.entry_id && m.list_id == entry.list_id) {
                matches.push(Match {
                    entry_id: &entry.entry_id,
                    list_id: &entry.list_id,
                    score: 1.0,
                    matched_name: entry.names.first().map_or("", |name| &name.name),
                    explanation: Explanation::of_identifier(&value.scheme, &value.value),
                });
            }
        }
    }
    for hit in &hits {
        if !matches.iter().any(|m| m.entry_id == hit.entry.entry_id && m.list_id == hit.entry.list_id) {
            matches.push(Match {
                entry_id: &hit.entry.entry_id,
                list_id: &hit.entry.list_id,
                score: rounded(hit.score),
                matched_name: &hit.matched_name,
                explanation: hit.explain(&asked.name, &party),
            });
        }
    }
    json(&Answer { id: asked.id, matches })
}

/// The kinds under which a name is looked for: those of its kind, or persons and companies when it has none.
fn kinds(kind: Option<&str>) -> Result<&'static [NameKind], String> {
    const OPEN: [NameKind; 2] = [NameKind::Person, NameKind::Company];
    let Some(kind) = kind else { return Ok(&OPEN) };
    match NameKind::parse(kind) {
        Some(NameKind::Person) => Ok(&[NameKind::Person]),
        Some(NameKind::Company) => Ok(&[NameKind::Company]),
        Some(NameKind::Vessel) => Ok(&[NameKind::Vessel]),
        None if matches!(
            kind.to_ascii_lowercase().as_str(),
            "party" | "unknown" | "legalentity" | "legal_entity"
        ) =>
        {
            Ok(&OPEN)
        }
        None => Err(format!("has the kind '{kind}'; known are person, company, organization, vessel")),
    }
}

/// Identifiers as `{"IMO": "9321483"}`, `[{"scheme": .., "value": ..}]`, or plain texts that are tried under every scheme.
fn identifiers(given: &serde_json::Value) -> Result<Vec<Value>, String> {
    let mut values = Vec::new();
    let mut add = |scheme: Option<&str>, value: &serde_json::Value| match (scheme, value) {
        (_, serde_json::Value::String(text)) => values.extend(identifier_values(scheme, text)),
        (_, serde_json::Value::Number(number)) => {
            values.extend(identifier_values(scheme, &number.to_string()));
        }
        _ => {}
    };
    match given {
        serde_json::Value::Null => {}
        serde_json::Value::Object(by_scheme) => {
            for (scheme, value) in by_scheme {
                match value {
                    serde_json::Value::Array(several) => {
                        several.iter().for_each(|value| add(Some(scheme), value));
                    }
                    one => add(Some(scheme), one),
                }
            }
        }
        serde_json::Value::Array(list) => {
            for item in list {
                match item {
                    serde_json::Value::Object(pair) => {
                        let scheme = pair.get("scheme").and_then(|scheme| scheme.as_str());
                        add(scheme, pair.get("value").unwrap_or(&serde_json::Value::Null));
                    }
                    plain => add(None, plain),
                }
            }
        }
        plain => add(None, plain),
    }
    Ok(values)
}

fn rounded(score: f32) -> f32 {
    (score * 1e4).round() / 1e4
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, String> {
    let mut line = serde_json::to_vec(value).map_err(|e| e.to_string())?;
    line.push(b'\n');
    Ok(line)
}

/// Reads lines, answers them on all cores and writes the answers in order. Lines that cannot be answered go to stderr.
fn stream<T>(
    worker: impl Fn() -> T + Sync,
    answer: impl Fn(&str, &mut T) -> Result<Vec<u8>, String> + Sync,
) -> Result<ExitCode>
where
    T: Send,
{
    let count = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut workers: Vec<T> = (0..count).map(|_| worker()).collect();
    let mut input = BufReader::with_capacity(BUFFER_BYTES, std::io::stdin().lock());
    // Standard output is written line by line; whole batches are not.
    let mut output = BufWriter::with_capacity(BUFFER_BYTES, std::io::stdout().lock());
    let mut progress = Progress::unbounded("lines");
    let mut bad = 0_u64;
    let mut first_number = 1_u64;
    loop {
        let lines = batch(&mut input, count * LINES_A_WORKER)?;
        if lines.is_empty() {
            break;
        }
        let share = lines.len().div_ceil(count);
        let answers: Vec<Vec<Result<Vec<u8>, String>>> = std::thread::scope(|scope| {
            let answer = &answer;
            let running: Vec<_> = lines
                .chunks(share)
                .zip(&mut workers)
                .map(|(lines, worker)| {
                    scope.spawn(move || lines.iter().map(|line| one(line, worker, answer)).collect())
                })
                .collect();
            running.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
        });
        for (number, answer) in (first_number..).zip(answers.into_iter().flatten()) {
            match answer {
                Ok(line) => output.write_all(&line)?,
                Err(reason) => {
                    bad += 1;
                    eprintln!("line {number}: {reason}");
                }
            }
        }
        first_number += lines.len() as u64;
        progress.advance(lines.len());
    }
    output.flush()?;
    drop(progress);
    if bad > 0 {
        eprintln!("{bad} of {} lines could not be read", first_number - 1);
    }
    Ok(if bad > 0 { ExitCode::Found } else { ExitCode::Done })
}

fn one<T>(
    line: &[u8],
    worker: &mut T,
    answer: &(impl Fn(&str, &mut T) -> Result<Vec<u8>, String> + Sync),
) -> Result<Vec<u8>, String> {
    if line.len() > MAX_LINE_BYTES {
        return Err(format!("has more than {MAX_LINE_BYTES} bytes"));
    }
    let text = std::str::from_utf8(line).map_err(|error| format!("is not UTF-8: {error}"))?;
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    answer(text, worker)
}

/// The next lines, without their ends; of a line that is too long only its beginning.
fn batch(input: &mut impl BufRead, most: usize) -> std::io::Result<Vec<Vec<u8>>> {
    let mut lines = Vec::new();
    let mut bytes = 0;
    while lines.len() < most && bytes < MAX_BATCH_BYTES {
        let Some(line) = read_line(input)? else { break };
        bytes += line.len();
        lines.push(line);
    }
    Ok(lines)
}

fn read_line(input: &mut impl BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut any = false;
    loop {
        let available = input.fill_buf()?;
        if available.is_empty() {
            return Ok(any.then_some(line));
        }
        any = true;
        let end = available.iter().position(|byte| *byte == b'\n');
        let take = end.unwrap_or(available.len());
        let room = (MAX_LINE_BYTES + 1).saturating_sub(line.len());
        line.extend_from_slice(available.get(..take.min(room)).unwrap_or_default());
        input.consume(end.map_or(take, |end| end + 1));
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}
