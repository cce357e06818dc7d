//! `simulate`: a port day as files.

use anyhow::{Context as _, Result};
use quaywatch_service::ExitCode;
use quaywatch_simulator::{Options, simulate};

use crate::cli::Simulate;

/// Writes every message, the feeds, the list and the truth below `--out`.
pub(crate) fn run(args: &Simulate) -> Result<ExitCode> {
    let day = simulate(&Options {
        seed: args.seed,
        start: args.start,
        hours: args.hours,
        containers: args.containers,
    });
    for (name, bytes) in day.files() {
        let path = args.out.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)
                .with_context(|| format!("{} cannot be made", parent.display()))?;
        }
        std::fs::write(&path, bytes).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    eprintln!(
        "{} messages, {} stories, {} garbage messages in {}",
        day.messages.len(),
        day.truth.len(),
        day.garbage,
        args.out.display()
    );
    Ok(ExitCode::Done)
}
