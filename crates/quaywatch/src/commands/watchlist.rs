//! `watchlist import`, `status`, `diff`, `blind` and `explain`.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use quaywatch_domain::WatchlistEntry;
use quaywatch_screening::digest_of;
use quaywatch_screening::lists::Defaults;
use quaywatch_service::settings::ListFormat;
use quaywatch_service::{Clock, ExitCode, Settings};
use quaywatch_watchlist::{
    Changed, Explanation, Files, Import, KafkaStore, blinded_rows, diff, explain, status,
};

use crate::cli::WatchlistCommand;
use crate::commands::print_line;
use crate::offline::lists;

/// Publishes a list as a new version, or tells what is in force, what a file would change, and what is known of an entry.
pub(crate) fn run(command: &WatchlistCommand, settings: &Settings) -> Result<ExitCode> {
    match command {
        WatchlistCommand::Import { file, list, format, owner, confirm } => {
            let import = Import::new(list, parse(format)?);
            let import = owner.iter().fold(import, |import, owner| import.owner(owner));
            import_file(if *confirm { import.confirmed() } else { import }, file, parse(format)?, settings)
        }
        WatchlistCommand::Status => {
            let lists = status(&settings.kafka, &settings.codec()?, Clock::wall().now())?;
            lists.iter().try_for_each(print_line)?;
            Ok(ExitCode::Done)
        }
        WatchlistCommand::Diff { files, list, format } => {
            compare(files, list.as_deref(), parse(format)?, settings)
        }
        WatchlistCommand::Blind { file, key_file, period, list, owner } => {
            let key = lists::blinding_key(period, key_file)?;
            // Whatever list the rows name: they are not imported here.
            let defaults = Defaults::new(list, "blinded");
            let read = Files::read(file, ListFormat::Auto)?.list(ListFormat::Auto, &defaults)?;
            let (rows, left_out) = blinded_rows(&read.entries, &key, owner.as_deref())?;
            rows.iter().try_for_each(print_line)?;
            let left_out = left_out + read.rows_left_out;
            eprintln!("{} digests of {} entries; {left_out} left out", rows.len(), read.entries.len());
            Ok(ExitCode::Done)
        }
        WatchlistCommand::Explain { entry, file } => {
            let found = match file {
                Some(file) => in_file(entry, file, settings)?,
                None => {
                    let store = KafkaStore::new(&settings.kafka);
                    explain(&store, &settings.codec()?, entry, Clock::wall().now())?
                }
            };
            found.iter().try_for_each(print_line)?;
            if found.is_empty() {
                eprintln!("quaywatch: no list has or had an entry '{entry}'");
                return Ok(ExitCode::Found);
            }
            Ok(ExitCode::Done)
        }
    }
}

fn parse(format: &str) -> Result<ListFormat> {
    ListFormat::parse(format).ok_or_else(|| {
        let known: Vec<&str> = ListFormat::ALL.iter().map(|f| f.as_str()).collect();
        crate::Usage(format!("--format {format}: known are {}", known.join(", "))).into()
    })
}

/// Lists without plates or telephone numbers need no key.
fn with_key(import: Import, settings: &Settings) -> Import {
    settings.pseudonym_key().ok().iter().fold(import, |import, key| import.key(key))
}

fn import_file(import: Import, file: &Path, format: ListFormat, settings: &Settings) -> Result<ExitCode> {
    let files = Files::read(file, format)?;
    let (store, now) = (KafkaStore::new(&settings.kafka), Clock::wall().now());
    let done = match with_key(import, settings).publish_to(&store, &files, now, &settings.codec()?) {
        Ok(done) => done,
        Err(error) if error.exit_code() == ExitCode::Found => {
            eprintln!("quaywatch: {error}");
            return Ok(ExitCode::Found);
        }
        Err(error) => return Err(anyhow!(error)),
    };
    eprintln!(
        "{} version {}: {} entries; {} added, {} changed, {} removed; {} rows out of scope, {} left out",
        done.list,
        done.version,
        done.entries,
        done.added,
        done.changed,
        done.removed,
        done.out_of_scope,
        done.rows_left_out
    );
    Ok(ExitCode::Done)
}

fn compare(
    files: &[PathBuf],
    list: Option<&str>,
    format: ListFormat,
    settings: &Settings,
) -> Result<ExitCode> {
    let changes = match (files, list) {
        ([new], Some(list)) => {
            let import = with_key(Import::new(list, format), settings);
            let store = KafkaStore::new(&settings.kafka);
            let preview = import.preview(&store, &Files::read(new, format)?, &settings.codec()?)?;
            if let Some(why) = &preview.held_back {
                eprintln!("quaywatch: {why}");
            }
            preview.changes
        }
        ([old, new], list) => {
            let of = Defaults { other_lists: list.is_none(), ..Defaults::new(list.unwrap_or("list"), "new") };
            let read = |path: &Path| entries_of(path, format, of.clone(), settings);
            diff(&read(old)?, &read(new)?)
        }
        _ => {
            return Err(
                crate::Usage("name the list with --list, or a second file to compare with".into()).into()
            );
        }
    };
    changes.iter().try_for_each(print_line)?;
    let count = |change: &str| changes.iter().filter(|c: &&Changed| c.change == change).count();
    eprintln!("{} added, {} changed, {} removed", count("added"), count("changed"), count("removed"));
    Ok(ExitCode::Done)
}

/// The entries of a file by itself, without the list in force.
fn entries_of(
    path: &Path,
    format: ListFormat,
    defaults: Defaults<'_>,
    settings: &Settings,
) -> Result<Vec<WatchlistEntry>> {
    let key = settings.pseudonym_key().ok();
    let defaults = Defaults { key: key.as_ref(), ..defaults };
    Ok(Files::read(path, format)?.list(format, &defaults)?.entries)
}

/// The entry as a file has it.
fn in_file(entry: &str, file: &Path, settings: &Settings) -> Result<Vec<Explanation>> {
    let id = entry.split_once('/').map_or(entry, |(_, id)| id);
    let list = file.file_stem().and_then(|name| name.to_str()).unwrap_or("list");
    let entries = entries_of(file, ListFormat::Auto, Defaults::new(list, "new"), settings)?;
    let now = Clock::wall().now();
    let found = entries.into_iter().filter(|known| known.entry_id == id).map(|known| Explanation {
        key: known.key(),
        in_force: known.is_in_force(now),
        digest: Some(digest_of(&known)),
        entry: Some(known),
        history: Vec::new(),
    });
    Ok(found.collect())
}
