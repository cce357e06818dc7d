//! `feeds status`, `pause` and `resume`.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use quaywatch_domain::{DeadLetterCode, FeedState, FeedStatus};
use quaywatch_kafka::{NewRecord, Reader, TransactionalBatch};
use quaywatch_service::{Clock, ExitCode, Settings};

use crate::cli::Feeds;
use crate::commands::deadletters::{Letters, requeue};
use crate::commands::print_text;

/// Topic of what is said of feeds.
const FEEDS: &str = "port.feeds";
/// Longest time to read it.
const LIMIT: Duration = Duration::from_secs(60);

/// Tells which feeds run, or says so.
pub(crate) fn run(command: &Feeds, settings: &Settings) -> Result<ExitCode> {
    match command {
        Feeds::Status => {
            for status in statuses(settings)?.values() {
                let FeedStatus { feed, state, since, reason, by } = status;
                print_text(&format!("{feed:<24} {state:<8} since {since} by {by}: {reason}"))?;
            }
        }
        Feeds::Pause { feed, reason } => say(settings, feed, FeedState::Paused, reason)?,
        Feeds::Resume { feed, no_requeue } => {
            say(settings, feed, FeedState::Running, "resumed")?;
            if !no_requeue {
                let code = DeadLetterCode::FeedPaused.as_str();
                let letters = Letters::read(settings)?;
                let own =
                    |l: &quaywatch_domain::DeadLetter| l.code == code && l.feed.as_deref() == Some(feed);
                let n = requeue(&letters, own, settings, false)?;
                eprintln!("{n} messages that were set aside were put back");
            }
        }
    }
    Ok(ExitCode::Done)
}

fn statuses(settings: &Settings) -> Result<BTreeMap<String, FeedStatus>> {
    let codec = settings.codec()?;
    let mut statuses = BTreeMap::new();
    for record in Reader::read_all(&settings.kafka, &[FEEDS], LIMIT)? {
        let feed = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
        match record.value.as_deref() {
            Some(value) => _ = statuses.insert(feed, codec.decode(value)?),
            None => _ = statuses.remove(&feed),
        }
    }
    Ok(statuses)
}

fn say(settings: &Settings, feed: &str, state: FeedState, reason: &str) -> Result<()> {
    let status = FeedStatus {
        feed: feed.to_owned(),
        state,
        since: Clock::wall().now(),
        reason: reason.to_owned(),
        by: "operator".to_owned(),
    };
    let value = settings.codec()?.encode(FEEDS, &status)?;
    TransactionalBatch::connect(&settings.kafka, "feeds")?.publish(&[NewRecord::new(FEEDS, feed, value)])?;
    eprintln!("feed '{feed}' is {}", state.as_str());
    Ok(())
}
