//! Which lists are in force.

use quaywatch_codec::Codec;
use quaywatch_domain::{Sha256, Timestamp};
use serde::Serialize;

use crate::Error;
use crate::store::{KafkaStore, Lists, Store};

/// A list in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// List.
    pub list: String,
    /// Version of its latest change.
    pub version: String,
    /// When that was published.
    pub changed_at: Timestamp,
    /// Time since, in seconds.
    pub age_s: i64,
    /// Entries on the topic.
    pub entries: usize,
    /// Entries that match now: within their validity and review date.
    pub in_force: usize,
    /// SHA-256 digest of the list that the latest change came with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// Whether the digest was compared with one from elsewhere.
    pub is_checked: bool,
    /// Records that cannot be read; the next import removes them.
    pub unreadable: usize,
}

/// Every list on the topic, by id. Blocks.
///
/// # Errors
/// When Kafka cannot be reached.
pub fn status(
    kafka: &quaywatch_kafka::Settings,
    codec: &Codec,
    now: Timestamp,
) -> Result<Vec<Status>, Error> {
    status_of(&KafkaStore::new(kafka), codec, now)
}

pub(crate) fn status_of(store: &dyn Store, codec: &Codec, now: Timestamp) -> Result<Vec<Status>, Error> {
    const MS_PER_S: i64 = 1_000;
    let lists = Lists::of(&store.read()?, codec);
    let all = lists.iter().map(|(id, list)| Status {
        list: id.to_owned(),
        version: list.version.clone(),
        changed_at: list.changed_at,
        age_s: now.millis_since(list.changed_at).max(0) / MS_PER_S,
        entries: list.len(),
        in_force: list.entries().filter(|entry| entry.is_in_force(now)).count(),
        sha256: list.sha256,
        is_checked: list.is_checked,
        unreadable: list.unreadable().count(),
    });
    Ok(all.collect())
}
