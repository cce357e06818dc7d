//! `topics ensure` and `topics verify`.

use anyhow::Result;
use quaywatch_kafka::{Topics, admin};
use quaywatch_service::{ExitCode, Settings};

use crate::cli::Topics as Args;
use crate::commands::{print_text, serve};

/// Creates what is missing, or reports what differs.
pub(crate) fn run(args: &Args, settings: &Settings) -> Result<ExitCode> {
    let agencies = serve::agencies(settings)?;
    let ids: Vec<&str> = agencies.ids().collect();
    let topics = Topics::built_in(&ids);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let lines = match args {
        Args::Ensure => runtime.block_on(admin::ensure(&settings.kafka, &topics))?,
        Args::Verify => runtime.block_on(admin::verify(&settings.kafka, &topics))?,
    };
    for line in &lines {
        print_text(line)?;
    }
    match args {
        Args::Ensure => {
            eprintln!("{} topics created", lines.len());
            Ok(ExitCode::Done)
        }
        Args::Verify => Ok(if lines.is_empty() { ExitCode::Done } else { ExitCode::Found }),
    }
}
