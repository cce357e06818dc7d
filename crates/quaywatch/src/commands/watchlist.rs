//! `watchlist import` and `watchlist status`.

use anyhow::{Result, anyhow};
use quaywatch_service::settings::ListFormat;
use quaywatch_service::{Clock, ExitCode, Settings};
use quaywatch_watchlist::{Files, Import, KafkaStore, status};

use crate::cli::WatchlistCommand;
use crate::commands::print_line;

/// Publishes a list as a new version, or tells which lists are in force.
pub(crate) fn run(command: &WatchlistCommand, settings: &Settings) -> Result<ExitCode> {
    let (codec, now) = (settings.codec()?, Clock::wall().now());
    match command {
        WatchlistCommand::Import { file, list, format, owner, confirm } => {
            let format = ListFormat::parse(format).ok_or_else(|| {
                let known: Vec<&str> = ListFormat::ALL.iter().map(|f| f.as_str()).collect();
                crate::Usage(format!("--format {format}: known are {}", known.join(", ")))
            })?;
            let files = Files::read(file, format)?;
            // Lists without plates or telephone numbers need no key.
            let key = settings.pseudonym_key().ok();
            let mut import = Import::new(list, format);
            if let Some(owner) = owner {
                import = import.owner(owner);
            }
            if let Some(key) = &key {
                import = import.key(key);
            }
            if *confirm {
                import = import.confirmed();
            }
            let done = match import.publish_to(&KafkaStore::new(&settings.kafka), &files, now, &codec) {
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
        }
        WatchlistCommand::Status => {
            status(&settings.kafka, &codec, now)?.iter().try_for_each(print_line)?;
        }
    }
    Ok(ExitCode::Done)
}
