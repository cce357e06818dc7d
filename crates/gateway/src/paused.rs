//! Which feeds are paused, as `port.feeds` says: followed by a thread of its own. While the brokers are away the last known
//! view stays.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use quaywatch_codec::Codec;
use quaywatch_domain::{FeedState, FeedStatus};
use quaywatch_kafka::{OwnedRecord, Read, Reader, Settings};
use quaywatch_service::Shutdown;

use crate::http::Paused;

/// Topic of what is said of feeds.
const FEEDS: &str = "port.feeds";
/// Longest wait for a record before looking whether to stop.
const POLL: Duration = Duration::from_millis(500);
/// Pause after the brokers refused.
const BACK_OFF: Duration = Duration::from_secs(5);

/// Follows the topic until the service stops.
#[must_use]
pub fn follow(settings: Settings, codec: Codec, shutdown: Shutdown) -> Paused {
    let known: Arc<RwLock<HashSet<String>>> = Arc::default();
    let paused = Arc::clone(&known);
    std::thread::spawn(move || {
        while !shutdown.is_requested() {
            let gone = match Reader::follow(&settings, &[FEEDS]) {
                Ok(reader) => listen(reader, &codec, &known, &shutdown),
                Err(error) => Some(error),
            };
            if let Some(error) = gone {
                tracing::warn!(%error, "it is not known which feeds are paused; the last view stays");
                std::thread::sleep(BACK_OFF);
            }
        }
    });
    Arc::new(move |feed| paused.read().unwrap_or_else(PoisonError::into_inner).contains(feed))
}

fn listen(
    mut reader: Reader,
    codec: &Codec,
    known: &RwLock<HashSet<String>>,
    shutdown: &Shutdown,
) -> Option<quaywatch_kafka::Error> {
    while !shutdown.is_requested() {
        match reader.next(POLL) {
            Ok(Read::Record(record)) => take_in(&record, codec, known),
            Ok(Read::Idle | Read::End) => {}
            Err(error) => return Some(error),
        }
    }
    None
}

fn take_in(record: &OwnedRecord, codec: &Codec, known: &RwLock<HashSet<String>>) {
    let feed = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
    let status = record.value.as_deref().map(|value| codec.decode::<FeedStatus>(value));
    let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
    match status {
        Some(Ok(status)) if status.state == FeedState::Paused => _ = known.insert(feed),
        Some(Err(error)) => tracing::error!(%error, "the status of a feed cannot be read"),
        _ => _ = known.remove(&feed),
    }
}
