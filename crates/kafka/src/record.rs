//! Records as stages and readers see them.

use std::fmt;

use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Headers as _, Message as _};

/// A record of a topic, borrowed from the fetch buffer.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// The topic without the deployment's prefix, e.g. `port.raw`.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
    /// The offset in the partition.
    pub offset: i64,
    /// The record's timestamp in milliseconds since the epoch, 0 when it has none.
    pub timestamp_ms: i64,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// The headers.
    pub headers: Headers<'a>,
}

impl fmt::Debug for Record<'_> {
    // Contents stay out of logs: coordinates and sizes only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{} ({} B)",
            self.topic,
            self.partition,
            self.offset,
            self.value.map_or(0, <[u8]>::len)
        )
    }
}

impl<'a> Record<'a> {
    /// A record made by hand, for tests and tools.
    #[must_use]
    pub fn new(topic: &'a str, partition: i32, offset: i64, key: &'a [u8], value: &'a [u8]) -> Self {
        Self {
            topic,
            partition,
            offset,
            timestamp_ms: 0,
            key: Some(key),
            value: Some(value),
            headers: Headers::default(),
        }
    }

    pub(crate) fn of(message: &'a BorrowedMessage<'_>, topic: &'a str) -> Self {
        Self {
            topic,
            partition: message.partition(),
            offset: message.offset(),
            timestamp_ms: message.timestamp().to_millis().unwrap_or(0),
            key: message.key(),
            value: message.payload(),
            headers: Headers(Source::Kafka(message.headers())),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.key.map_or(0, <[u8]>::len) + self.value.map_or(0, <[u8]>::len)
    }
}

/// The headers of a record, in order.
#[derive(Clone, Copy)]
pub struct Headers<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    Kafka(Option<&'a BorrowedHeaders>),
    Owned(&'a [(String, Vec<u8>)]),
}

impl Default for Headers<'_> {
    fn default() -> Self {
        Self(Source::Owned(&[]))
    }
}

impl<'a> Headers<'a> {
    /// Headers from names and values.
    #[must_use]
    pub fn of(headers: &'a [(String, Vec<u8>)]) -> Self {
        Self(Source::Owned(headers))
    }

    /// The last value under `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.iter().filter(|(n, _)| *n == name).last().map(|(_, value)| value)
    }

    /// All headers; a null value reads as empty.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let (kafka, owned) = match self.0 {
            Source::Kafka(headers) => (headers, &[] as &[(String, Vec<u8>)]),
            Source::Owned(headers) => (None, headers),
        };
        kafka
            .into_iter()
            .flat_map(|headers| {
                (0..headers.count())
                    .filter_map(|at| headers.try_get(at))
                    .map(|header| (header.key, header.value.unwrap_or_default()))
            })
            .chain(owned.iter().map(|(name, value)| (name.as_str(), value.as_slice())))
    }

    /// The headers as owned names and values.
    #[must_use]
    pub fn to_owned(&self) -> Vec<(String, Vec<u8>)> {
        self.iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
    }
}

/// A record that outlives the fetch buffer.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnedRecord {
    /// The topic without the deployment's prefix.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// Milliseconds since the epoch, 0 when the record has none.
    pub timestamp_ms: i64,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The headers in order.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl fmt::Debug for OwnedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_record().fmt(f)
    }
}

impl From<&Record<'_>> for OwnedRecord {
    fn from(record: &Record<'_>) -> Self {
        Self {
            topic: record.topic.to_owned(),
            partition: record.partition,
            offset: record.offset,
            timestamp_ms: record.timestamp_ms,
            key: record.key.map(<[u8]>::to_vec),
            value: record.value.map(<[u8]>::to_vec),
            headers: record.headers.to_owned(),
        }
    }
}

impl OwnedRecord {
    /// The record, borrowed.
    #[must_use]
    pub fn as_record(&self) -> Record<'_> {
        Record {
            topic: &self.topic,
            partition: self.partition,
            offset: self.offset,
            timestamp_ms: self.timestamp_ms,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers: Headers::of(&self.headers),
        }
    }
}

/// A record to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// The topic without the deployment's prefix.
    pub topic: String,
    /// The key; records of one key keep their order. `None` goes to any partition.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Headers in order.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl NewRecord {
    /// A record with key and value.
    #[must_use]
    pub fn new(topic: &str, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        Self {
            topic: topic.to_owned(),
            key: Some(key.into()),
            value: Some(value.into()),
            headers: Vec::new(),
        }
    }

    /// A tombstone: the key is removed from a compacted topic.
    #[must_use]
    pub fn tombstone(topic: &str, key: impl Into<Vec<u8>>) -> Self {
        Self { topic: topic.to_owned(), key: Some(key.into()), value: None, headers: Vec::new() }
    }

    /// The record with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(n, v)| n.len() + v.len()).sum();
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len) + headers
    }
}

impl fmt::Debug for NewRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} B)", self.topic, self.bytes())
    }
}
