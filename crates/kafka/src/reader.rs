//! Reads topics outside any group: whole up to now, onwards, or a single record. Committed records only. Every call
//! blocks: use a thread that may.

use std::time::{Duration, Instant};

use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::message::Message as _;

use crate::config;
use crate::error::Error;
use crate::log::{Log, is_transient, new_consumer, partition_count, whole_topics};
use crate::record::{OwnedRecord, Record};
use crate::settings::Settings;

const NAME: &str = "reader";
/// Longest single poll: control records move the position, and no record tells of it.
const POLL: Duration = Duration::from_millis(20);
/// On a busy topic the end is looked for after so many records.
const RECORDS_PER_LOOK: usize = 256;
const FETCH_ONE_LIMIT: Duration = Duration::from_secs(15);
/// How long partitions without leader are waited for, as after the restart of a broker.
const OPEN_LIMIT: Duration = Duration::from_secs(15);
const OPEN_PAUSE: Duration = Duration::from_millis(100);

/// What [`Reader::next`] brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// A record.
    Record(OwnedRecord),
    /// None came in time.
    Idle,
    /// The end, as it was when the reader was made; never when following.
    End,
}

/// Reads all partitions of some topics from their beginning. Partitions come in no particular order.
pub struct Reader {
    log: Log,
    settings: Settings,
    follow: bool,
    since_look: usize,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("follow", &self.follow).finish_non_exhaustive()
    }
}

impl Reader {
    /// A reader that comes to an end where the topics end now. It waits for the outcome of transactions that are open
    /// now. On a busy topic some later records may come, too.
    ///
    /// # Errors
    /// [`Error::MissingTopic`], or [`Error::Client`] if the brokers cannot be reached or refuse.
    pub fn to_end(settings: &Settings, topics: &[&str]) -> Result<Self, Error> {
        Self::new(settings, topics, false)
    }

    /// A reader that goes on for ever.
    ///
    /// # Errors
    /// As [`Self::to_end`].
    pub fn follow(settings: &Settings, topics: &[&str]) -> Result<Self, Error> {
        Self::new(settings, topics, true)
    }

    fn new(settings: &Settings, topics: &[&str], follow: bool) -> Result<Self, Error> {
        let partitions = whole_topics(settings, topics)?;
        let log = open(settings, &partitions)?;
        Ok(Self { log, settings: settings.clone(), follow, since_look: 0 })
    }

    /// The next record of any partition, waiting for at most `timeout`. Brokers that are away are waited for.
    ///
    /// # Errors
    /// [`Error::Client`] if the brokers refuse.
    pub fn next(&mut self, timeout: Duration) -> Result<Read, Error> {
        let deadline = Instant::now() + timeout;
        if !self.follow && self.since_look >= RECORDS_PER_LOOK && self.at_end()? {
            return Ok(Read::End);
        }
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Some(message) = self.log.poll(left.min(POLL))? {
                self.since_look += 1;
                return Ok(Read::Record(owned(&self.settings, &message)));
            }
            if !self.follow && self.at_end()? {
                return Ok(Read::End);
            }
            if Instant::now() >= deadline {
                return Ok(Read::Idle);
            }
        }
    }

    fn at_end(&mut self) -> Result<bool, Error> {
        self.since_look = 0;
        self.log.caught_up()
    }

    /// All records of some topics, up to where they end now.
    ///
    /// # Errors
    /// [`Error::Timeout`] if the end is not reached within `limit`, and as [`Self::to_end`].
    pub fn read_all(
        settings: &Settings,
        topics: &[&str],
        limit: Duration,
    ) -> Result<Vec<OwnedRecord>, Error> {
        let deadline = Instant::now() + limit;
        let mut reader = Self::to_end(settings, topics)?;
        let mut records = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match reader.next(left)? {
                Read::End => return Ok(records),
                Read::Record(record) if !left.is_zero() => records.push(record),
                Read::Record(_) | Read::Idle => {
                    return Err(timed_out(format!("reading {} to the end", topics.join(", ")), limit));
                }
            }
        }
    }

    /// The record at this place; `None` if there is none: never written, deleted, compacted away, aborted, or a
    /// control record. `topic` is without prefix.
    ///
    /// # Errors
    /// [`Error::MissingTopic`]; [`Error::Timeout`]; [`Error::Client`] if the brokers cannot be reached or refuse.
    pub fn fetch_one(
        settings: &Settings,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> Result<Option<OwnedRecord>, Error> {
        let topic = settings.topic(topic);
        let client = new_consumer(&config::admin(settings), NAME)?;
        let Some(count) = partition_count(&client, &topic)? else {
            return Err(Error::MissingTopic { topic });
        };
        if offset < 0 || !usize::try_from(partition).is_ok_and(|partition| partition < count) {
            return Ok(None);
        }
        let place = (topic.clone(), partition, Some(offset));
        let mut log = open(settings, &[place])?;
        let deadline = Instant::now() + FETCH_ONE_LIMIT;
        while Instant::now() < deadline {
            if log.caught_up()? {
                return Ok(None);
            }
            if let Some(message) = log.poll(POLL)? {
                return Ok((message.offset() == offset).then(|| owned(settings, &message)));
            }
        }
        Err(timed_out(format!("reading {topic}/{partition}/{offset}"), FETCH_ONE_LIMIT))
    }
}

fn open(settings: &Settings, partitions: &[(String, i32, Option<i64>)]) -> Result<Log, Error> {
    let deadline = Instant::now() + OPEN_LIMIT;
    loop {
        match Log::open(settings, NAME, &settings.group(NAME), partitions) {
            Err(Error::Client { source: KafkaError::MetadataFetch(code), .. })
                if is_transient(&KafkaError::Global(code)) && Instant::now() < deadline =>
            {
                std::thread::sleep(OPEN_PAUSE);
            }
            other => return other,
        }
    }
}

fn owned(settings: &Settings, message: &BorrowedMessage<'_>) -> OwnedRecord {
    OwnedRecord::from(&Record::of(message, settings.logical(message.topic())))
}

fn timed_out(what: String, limit: Duration) -> Error {
    Error::Timeout { what, budget_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX) }
}
