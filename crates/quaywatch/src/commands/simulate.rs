//! `simulate`: port traffic as files.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use quaywatch_service::ExitCode;
use quaywatch_simulator::{AGENCIES, Crimes, Options, Port, feed_ids, ndjson};

use crate::cli::Simulate;

/// Writes every message, the feeds, the parties, the list, the agencies' answers and the truth below `--out`.
pub(crate) fn run(args: &Simulate) -> Result<ExitCode> {
    let known: Vec<&str> = feed_ids().into_iter().chain([AGENCIES]).collect();
    if let Some(unknown) = args.without.iter().find(|id| !known.contains(&id.as_str())) {
        bail!("there is no feed '{unknown}'; the feeds are {}", known.join(", "));
    }
    let crimes = match args.crime_rate {
        None => Crimes::Showcase,
        Some(0) => Crimes::None,
        Some(n) => Crimes::OneIn(n),
    };
    let port = Port::new(&Options {
        seed: args.seed,
        start: args.start,
        hours: args.hours,
        containers: args.containers,
        crimes,
        look_alikes: args.look_alikes,
        without: args.without.clone(),
    });
    std::fs::create_dir_all(&args.out).with_context(|| format!("{} cannot be made", args.out.display()))?;
    let mut inside =
        std::fs::read_dir(&args.out).with_context(|| format!("{} cannot be read", args.out.display()))?;
    if inside.next().is_some() {
        bail!(
            "{} is not empty, and what lies there would be read as part of the port; name another folder or empty it",
            args.out.display()
        );
    }
    let written = port.write(|message| put(&args.out, &message.file_name, &message.bytes))?;
    let told = port.truth();
    put(&args.out, "feeds.toml", port.feeds_toml().as_bytes())?;
    put(&args.out, "parties.csv", port.parties_csv().as_bytes())?;
    if let Some((_, list)) = told.lists.last() {
        put(&args.out, "watchlist.csv", list.as_bytes())?;
    }
    if !told.answers.is_empty() {
        put(&args.out, "feedback.ndjson", ndjson(&told.answers).as_bytes())?;
    }
    put(&args.out, "truth.ndjson", ndjson(&told.truth).as_bytes())?;
    eprintln!(
        "{} files, {} stories, {} garbage files in {}",
        written.messages,
        told.truth.iter().filter(|truth| !truth.codes.is_empty()).count(),
        written.garbage,
        args.out.display()
    );
    Ok(ExitCode::Done)
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name);
    std::fs::write(&path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}
