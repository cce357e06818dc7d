//! `deadletters list`, `show` and `requeue`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::time::Duration;

use anyhow::{Result, bail};
use quaywatch_codec::Codec;
use quaywatch_domain::{DeadLetter, RawMessage, Sha256};
use quaywatch_kafka::{DEAD_LETTERS, NewRecord, Reader, TransactionalBatch};
use quaywatch_service::{ExitCode, Settings};

use crate::cli::{Deadletters, Form, LetterFilter};
use crate::commands::{print_line, print_text};

/// Topic of messages as they came.
const RAW: &str = "port.raw";
/// Header of a message that was put back: the coordinates of the dead letter's record.
const REQUEUED: &str = "quaywatch-requeued";
/// Longest time to read the topic.
const LIMIT: Duration = Duration::from_secs(60);
/// Messages that are put back in one transaction.
const BATCH: usize = 500;

/// Lists them, writes the bytes of one to stdout with its story on stderr, or puts messages back.
pub(crate) fn run(args: &Deadletters, settings: &Settings) -> Result<ExitCode> {
    let letters = Letters::read(settings)?;
    match args {
        Deadletters::List { filter, summary: true, .. } => {
            for ((feed, code), n) in letters.summary(filter) {
                print_text(&format!("{n:>8}  {feed:<24} {code}"))?;
            }
        }
        Deadletters::List { filter, format, .. } => {
            for letter in letters.all.iter().filter(|l| wanted(filter, l)) {
                let back = letters.requeued.contains(&coordinates(letter));
                print(letter, back, *format)?;
            }
        }
        Deadletters::Show { coordinates: wanted } => show(&letters, wanted)?,
        Deadletters::Requeue { coordinates, filter, dry_run } => {
            if coordinates.is_empty() && filter.is_empty() {
                bail!(crate::Usage("say which: TOPIC/PARTITION/OFFSET, --feed or --code".to_owned()));
            }
            let chosen = |l: &DeadLetter| {
                wanted(filter, l) && (coordinates.is_empty() || coordinates.contains(&self::coordinates(l)))
            };
            let n = requeue(&letters, chosen, settings, *dry_run)?;
            let what = if *dry_run { "would be put back" } else { "were put back" };
            eprintln!("{n} messages {what} into {RAW}");
        }
    }
    Ok(ExitCode::Done)
}

/// What the topic holds.
pub(crate) struct Letters {
    all: Vec<DeadLetter>,
    /// Coordinates of records that were put back already.
    requeued: BTreeSet<String>,
}

impl Letters {
    /// Reads the topic whole. A record without value marks the letter of the same key as put back.
    pub(crate) fn read(settings: &Settings) -> Result<Self> {
        let codec = settings.codec()?;
        let (mut all, mut requeued) = (Vec::new(), BTreeSet::new());
        for record in Reader::read_all(&settings.kafka, &[DEAD_LETTERS], LIMIT)? {
            match record.value.as_deref() {
                Some(value) => all.push(codec.decode::<DeadLetter>(value)?),
                None => {
                    let key = record.key.as_deref().unwrap_or_default();
                    requeued.insert(String::from_utf8_lossy(key).into_owned());
                }
            }
        }
        all.sort_by_key(|letter| letter.at);
        Ok(Self { all, requeued })
    }

    fn summary(&self, filter: &LetterFilter) -> BTreeMap<(String, String), usize> {
        let mut counts = BTreeMap::new();
        for letter in self.all.iter().filter(|l| wanted(filter, l)) {
            let feed = letter.feed.clone().unwrap_or_else(|| letter.topic.clone());
            *counts.entry((feed, letter.code.clone())).or_default() += 1;
        }
        counts
    }
}

/// Puts the original messages of the chosen letters back, each once for all time: message and mark go in one transaction.
///
/// The whole message goes back, as it was received and when; the events that could be read before have the same ids, so
/// nothing doubles. Where `port.raw` has forgotten the message, what the letter holds goes back in its place.
pub(crate) fn requeue(
    letters: &Letters,
    chosen: impl Fn(&DeadLetter) -> bool,
    settings: &Settings,
    dry_run: bool,
) -> Result<usize> {
    let codec = settings.codec()?;
    let mut seen = letters.requeued.clone();
    let mut records = Vec::new();
    let mut foreign = 0;
    for letter in letters.all.iter().filter(|l| chosen(l)) {
        if letter.topic != RAW {
            foreign += 1;
            continue;
        }
        let from = coordinates(letter);
        if !seen.insert(from.clone()) {
            continue;
        }
        let Some(message) = message(letter, &codec, settings)? else { continue };
        let feed = letter.feed.clone().unwrap_or_default();
        records.push([
            NewRecord::new(RAW, feed, message).header(REQUEUED, from.clone()),
            NewRecord::tombstone(DEAD_LETTERS, from).header(REQUEUED, "operator"),
        ]);
    }
    if foreign > 0 {
        eprintln!(
            "{foreign} letters are of other topics than {RAW}: their stage has to be mended, not their message"
        );
    }
    if !dry_run && !records.is_empty() {
        let mut batch = TransactionalBatch::connect(&settings.kafka, "requeue")?;
        for some in records.chunks(BATCH) {
            batch.publish(&some.concat())?;
        }
    }
    Ok(records.len())
}

/// The value of the record that a letter speaks of.
fn message(letter: &DeadLetter, codec: &Codec, settings: &Settings) -> Result<Option<Vec<u8>>> {
    let Some(value) = &letter.value else { return Ok(None) };
    if codec.decode::<RawMessage>(value).is_ok() {
        return Ok(Some(value.clone()));
    }
    // The letter holds a part alone.
    if let Some(record) = Reader::fetch_one(&settings.kafka, &letter.topic, letter.partition, letter.offset)?
    {
        return Ok(record.value);
    }
    let part = RawMessage {
        feed: letter.feed.clone().unwrap_or_default(),
        content_type: None,
        received_at: letter.at,
        sha256: Sha256::of(value),
        body: value.clone(),
        sender: letter.feed.clone(),
        path: None,
        signature: None,
    };
    Ok(Some(codec.encode(RAW, &part)?))
}

fn wanted(filter: &LetterFilter, letter: &DeadLetter) -> bool {
    filter.code.as_ref().is_none_or(|code| *code == letter.code)
        && filter.feed.as_ref().is_none_or(|feed| letter.feed.as_ref() == Some(feed))
        && filter.since.is_none_or(|since| letter.at >= since)
}

fn print(letter: &DeadLetter, requeued: bool, format: Form) -> Result<()> {
    if format != Form::Table {
        return print_line(&serde_json::json!({
            "at": letter.at, "coordinates": coordinates(letter), "code": letter.code, "feed": letter.feed,
            "stage": letter.stage, "sentence": letter.sentence, "requeued": requeued,
        }));
    }
    let (at, from, code) = (letter.at, coordinates(letter), &letter.code);
    let mark = if requeued { "requeued " } else { "" };
    print_text(&format!("{at}  {from}  {code:<18} {mark}{}", letter.sentence))
}

fn show(letters: &Letters, wanted: &str) -> Result<()> {
    let mut found = false;
    for letter in letters.all.iter().filter(|l| coordinates(l) == *wanted) {
        found = true;
        eprintln!("{}: {} ({} gave up at {})", letter.code, letter.sentence, letter.stage, letter.at);
        eprintln!("see deploy/runbooks/{}", page(&letter.code));
        std::io::stdout().write_all(letter.value.as_deref().unwrap_or_default())?;
    }
    if !found {
        bail!("there is no dead letter {wanted}; `quaywatch deadletters list` shows them all");
    }
    Ok(())
}

/// The page of a code.
fn page(code: &str) -> String {
    format!("{}.md", code.to_lowercase().replace('_', "-"))
}

fn coordinates(letter: &DeadLetter) -> String {
    format!("{}/{}/{}", letter.topic, letter.partition, letter.offset)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use quaywatch_domain::DeadLetterCode;
    use quaywatch_kafka::RUNTIME_CODES;

    use super::page;

    #[test]
    fn every_code_has_a_page_and_every_page_a_code() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/runbooks");
        let codes: BTreeSet<&str> = DeadLetterCode::ALL.iter().map(|code| code.as_str()).collect();
        assert!(RUNTIME_CODES.iter().all(|code| codes.contains(code)), "{codes:?}");
        let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
        for code in &codes {
            let text = std::fs::read_to_string(folder.join(page(code))).unwrap_or_default();
            assert!(text.starts_with(&format!("# {code}\n")), "deploy/runbooks/{} is missing", page(code));
            assert!(index.contains(&format!("[{code}]({})", page(code))), "the index lacks {code}");
        }
        let pages: BTreeSet<String> = codes.iter().map(|code| page(code)).collect();
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(name == "README.md" || pages.contains(&name), "{name} is the page of no code");
        }
    }
}
