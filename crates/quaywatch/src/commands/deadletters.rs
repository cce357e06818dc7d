//! `deadletters list` and `deadletters show`.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Result, bail};
use quaywatch_domain::DeadLetter;
use quaywatch_kafka::{DEAD_LETTERS, Reader};
use quaywatch_service::{ExitCode, Settings};

use crate::cli::Deadletters;
use crate::commands::print_text;

/// Longest time to read the topic.
const LIMIT: Duration = Duration::from_secs(60);

/// Lists them, or writes the bytes of one to stdout with its story on stderr.
pub(crate) fn run(args: &Deadletters, settings: &Settings) -> Result<ExitCode> {
    let codec = settings.codec()?;
    let records = Reader::read_all(&settings.kafka, &[DEAD_LETTERS], LIMIT)?;
    let mut letters: Vec<DeadLetter> = Vec::new();
    for value in records.iter().filter_map(|record| record.value.as_deref()) {
        letters.push(codec.decode(value)?);
    }
    letters.sort_by_key(|letter| letter.at);
    match args {
        Deadletters::List { code } => {
            for letter in letters.iter().filter(|l| code.as_ref().is_none_or(|c| *c == l.code)) {
                print_text(&format!(
                    "{}  {}  {:<18} {}",
                    letter.at,
                    coordinates(letter),
                    letter.code,
                    letter.sentence
                ))?;
            }
        }
        Deadletters::Show { coordinates: wanted } => {
            let mut found = false;
            for letter in letters.iter().filter(|l| coordinates(l) == *wanted) {
                found = true;
                eprintln!("{}: {} ({} gave up at {})", letter.code, letter.sentence, letter.stage, letter.at);
                std::io::stdout().write_all(letter.value.as_deref().unwrap_or_default())?;
            }
            if !found {
                bail!("there is no dead letter {wanted}; `quaywatch deadletters list` shows them all");
            }
        }
    }
    Ok(ExitCode::Done)
}

fn coordinates(letter: &DeadLetter) -> String {
    format!("{}/{}/{}", letter.topic, letter.partition, letter.offset)
}
