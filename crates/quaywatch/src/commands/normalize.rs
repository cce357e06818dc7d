//! `normalize`: what we make of a message.

use anyhow::{Context as _, Result};
use quaywatch_service::ExitCode;

use crate::cli::Normalize;
use crate::commands::print_line;
use crate::offline::input;

/// Prints the canonical events of each file; exit 1 if anything was not understood.
pub(crate) fn run(args: &Normalize) -> Result<ExitCode> {
    let key = input::fresh_key()?;
    let mut understood = true;
    for (ordinal, path) in (0_i64..).zip(&args.files) {
        let beside = path.with_file_name("feeds.toml");
        let feeds = args.feeds.clone().or_else(|| beside.exists().then_some(beside));
        let feeds = input::feeds(feeds.as_deref())?;
        let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let parsed =
            input::parse(&bytes, input::file_name(path), ordinal, args.feed.as_deref(), &feeds, &key);
        for event in parsed.documents.iter().flat_map(|document| &document.events) {
            print_line(event)?;
        }
        for reject in &parsed.rejects {
            understood = false;
            let position = reject.position.as_deref().unwrap_or("whole message");
            eprintln!("{}: {position}: {}: {}", path.display(), reject.code, reject.sentence);
        }
    }
    Ok(if understood { ExitCode::Done } else { ExitCode::Found })
}
