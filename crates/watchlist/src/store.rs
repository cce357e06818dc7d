//! The lists as they stand on `port.watchlist`.

use std::collections::BTreeMap;
use std::time::Duration;

use quaywatch_codec::Codec;
use quaywatch_domain::{Sha256, Timestamp, WatchlistEntry};
use quaywatch_kafka::{NewRecord, OwnedRecord, Reader, Settings, TransactionalBatch};

use crate::Error;

/// Topic of the lists.
pub const WATCHLIST: &str = "port.watchlist";
/// Header that names the version of the list that a record came with; tombstones have it too.
pub const VERSION_HEADER: &str = "quaywatch-list-version";
/// Header with the SHA-256 digest of the list that a record came with.
pub const SHA256_HEADER: &str = "quaywatch-list-sha256";
/// Header that says whether the digest was compared with one from elsewhere: `checked` or `recorded`.
pub const DIGEST_HEADER: &str = "quaywatch-list-digest";
/// Longest time to read the whole topic.
pub const READ_TIMEOUT: Duration = Duration::from_secs(120);

/// Where the lists are kept.
pub trait Store: Send + Sync {
    /// Every record of the topic, oldest first within a key. Blocks.
    ///
    /// # Errors
    /// When Kafka cannot be reached.
    fn read(&self) -> Result<Vec<OwnedRecord>, Error>;

    /// Begins an import of `list`: an earlier one of the same list that is still under way cannot publish any more. Blocks.
    ///
    /// # Errors
    /// When Kafka cannot be reached.
    fn begin(&self, list: &str) -> Result<Box<dyn Turn>, Error>;
}

/// An import under way.
pub trait Turn {
    /// Writes all records or none. Blocks.
    ///
    /// # Errors
    /// When Kafka cannot be reached, or a later import of the list has begun.
    fn publish(&mut self, records: &[NewRecord]) -> Result<(), Error>;
}

/// The topic itself.
#[derive(Debug, Clone)]
pub struct KafkaStore {
    settings: Settings,
}

impl KafkaStore {
    /// The topic on these brokers.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone() }
    }
}

impl Store for KafkaStore {
    fn read(&self) -> Result<Vec<OwnedRecord>, Error> {
        Ok(Reader::read_all(&self.settings, &[WATCHLIST], READ_TIMEOUT)?)
    }

    fn begin(&self, list: &str) -> Result<Box<dyn Turn>, Error> {
        Ok(Box::new(TransactionalBatch::connect(&self.settings, &format!("watchlist-{list}"))?))
    }
}

impl Turn for TransactionalBatch {
    fn publish(&mut self, records: &[NewRecord]) -> Result<(), Error> {
        Ok(Self::publish(self, records)?)
    }
}

/// All lists in force.
#[derive(Debug, Default)]
pub struct Lists {
    lists: BTreeMap<String, List>,
}

/// One list in force.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct List {
    /// Entries by key; `None` where the record cannot be read.
    pub(crate) entries: BTreeMap<String, Option<WatchlistEntry>>,
    /// Version of its latest change that is still on the topic.
    pub version: String,
    /// When that change was published.
    pub changed_at: Timestamp,
    /// Digest of the list that it came with.
    pub sha256: Option<Sha256>,
    /// Whether the digest was compared with one from elsewhere.
    pub is_checked: bool,
}

impl List {
    /// The entries that can be read.
    pub fn entries(&self) -> impl Iterator<Item = &WatchlistEntry> {
        self.entries.values().flatten()
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether all entries are gone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Keys whose record cannot be read.
    pub fn unreadable(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|(_, e)| e.is_none()).map(|(k, _)| k.as_str())
    }
}

impl Lists {
    /// The lists that follow from the records of the topic.
    #[must_use]
    pub fn of(records: &[OwnedRecord], codec: &Codec) -> Self {
        let mut all = Self::default();
        for record in records {
            all.apply(record, codec);
        }
        all
    }

    fn apply(&mut self, record: &OwnedRecord, codec: &Codec) {
        // A key that is no `list/entry` belongs to no list that could be imported.
        let Some(key) = record.key.as_deref().and_then(|k| std::str::from_utf8(k).ok()) else { return };
        let Some((list, _)) = key.split_once('/') else { return };
        let list = self.lists.entry(list.to_owned()).or_default();
        let header = |name: &str| {
            let (_, value) = record.headers.iter().find(|(known, _)| known == name)?;
            String::from_utf8(value.clone()).ok()
        };
        let mut version = header(VERSION_HEADER);
        match &record.value {
            None => {
                list.entries.remove(key);
            }
            Some(value) => {
                let entry = codec.decode::<WatchlistEntry>(value).ok();
                if version.is_none() {
                    version = entry.as_ref().map(|e| e.list_version.clone());
                }
                list.entries.insert(key.to_owned(), entry);
            }
        }
        let at = Timestamp::from_millis(record.timestamp_ms);
        let version = version.unwrap_or_default();
        if (at, &version) >= (list.changed_at, &list.version) {
            list.changed_at = at;
            list.version = version;
            list.sha256 = header(SHA256_HEADER).and_then(|text| Sha256::parse(&text));
            list.is_checked = header(DIGEST_HEADER).as_deref() == Some("checked");
        }
    }

    /// One list, empty when there is none.
    #[must_use]
    pub fn list(&self, id: &str) -> List {
        self.lists.get(id).cloned().unwrap_or_default()
    }

    /// Every list that has or had entries.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &List)> {
        self.lists.iter().map(|(id, list)| (id.as_str(), list))
    }
}
