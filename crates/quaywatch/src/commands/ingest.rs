//! `ingest`: files to `port.raw`, as the gateway would.

use anyhow::Result;
use quaywatch_gateway::ingest;
use quaywatch_service::{Clock, ExitCode, Settings};

use crate::cli::Ingest;
use crate::commands::print_line;

/// Stores the files in their order and prints where each message is.
pub(crate) fn run(args: &Ingest, settings: &Settings) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let intake = quaywatch_gateway::connect(&settings.kafka, settings.codec()?, Clock::wall(), "ingest")?;
        let mut failed = Ok(());
        let limit = settings.gateway.max_body_bytes;
        ingest(&intake, &args.feed, &args.files, args.content_type.as_deref(), limit, |done| {
            let line = serde_json::json!({
                "file": done.path,
                "part": done.part,
                "sha256": done.stored.sha256,
                "partition": done.stored.place.partition,
                "offset": done.stored.place.offset,
            });
            if failed.is_ok() {
                failed = print_line(&line);
            }
        })
        .await?;
        failed.map(|()| ExitCode::Done)
    })
}
