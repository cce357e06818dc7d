//! A synthetic port and its messages, with the ground truth of the crimes hidden in them.
//!
//! A day or weeks of two container terminals, a depot and an inland terminal in the wire formats of their senders. The
//! traffic is chance under a seed; the crimes in it are written from published cases, not from rules. Pure: no clock and no
//! I/O; the same [`Options`] give the same bytes. Every time is a whole minute, the resolution of EDIFACT, but for devices and access logs.
//!
//! Feeds, parameters, their sources and the stories: `README.md`.

mod background;
mod chance;
mod feeds;
mod kin;
mod letter;
mod numbers;
mod port;
mod stories;
mod trades;
pub mod wire;
mod world;
mod write;

pub use feeds::list::LIST_ID;
pub use port::{AGENCIES, Port, Told, Written};
use quaywatch_domain::{Feedback, Timestamp};
use serde::{Deserialize, Serialize};

/// Shortest day, in hours; shorter wishes are raised to it.
pub const MIN_HOURS: u32 = 6;
/// Longest day, in hours; longer wishes are cut to it.
pub const MAX_HOURS: u32 = 120 * 24;
/// Fewest containers beside those of the stories; smaller wishes are raised to it.
pub const MIN_CONTAINERS: u32 = 20;
/// Most containers beside those of the stories; larger wishes are cut to it.
pub const MAX_CONTAINERS: u32 = 1_000_000;

/// One container in so many looks like a crime and is none, unless it is said otherwise: far more than in a port, so that
/// each kind is met.
pub const LOOK_ALIKES: u32 = 25;

/// Which crimes are hidden in the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Crimes {
    /// One of each of some well-known ones, within the whole time, and one of each innocent thing that looks like them.
    #[default]
    Showcase,
    /// One container in so many carries one, of all kinds in turn; innocent things that look like crimes are many more.
    OneIn(u32),
    /// No crime at all.
    None,
}

/// What to simulate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Seed of all chance.
    pub seed: u64,
    /// When the day begins. What happened before (loading at origin, discharge of what stands in the yard) arrives as
    /// the backlog of the feeds at this moment.
    pub start: Timestamp,
    /// Length, in hours, between [`MIN_HOURS`] and [`MAX_HOURS`].
    pub hours: u32,
    /// Containers of ordinary traffic, between [`MIN_CONTAINERS`] and [`MAX_CONTAINERS`].
    pub containers: u32,
    /// Crimes.
    pub crimes: Crimes,
    /// One container in so many does something innocent that looks like a crime; 0: none. A showcase has one of each.
    pub look_alikes: u32,
    /// Feeds that nobody sends, by id; [`AGENCIES`] for their answers.
    pub without: Vec<String>,
}

impl Options {
    /// A day of 24 hours with 2,000 containers and a showcase of crimes.
    #[must_use]
    pub const fn day(seed: u64, start: Timestamp) -> Self {
        Self {
            seed,
            start,
            hours: 24,
            containers: 2_000,
            crimes: Crimes::Showcase,
            look_alikes: LOOK_ALIKES,
            without: Vec::new(),
        }
    }

    /// The same with every number within its limits, and the start on a whole minute, the resolution of EDIFACT times.
    #[must_use]
    pub fn limited(self) -> Self {
        let minute_ms = 60_000;
        Self {
            start: Timestamp::from_millis(self.start.as_millis().div_euclid(minute_ms) * minute_ms),
            hours: self.hours.clamp(MIN_HOURS, MAX_HOURS),
            containers: self.containers.clamp(MIN_CONTAINERS, MAX_CONTAINERS),
            ..self
        }
    }

    /// When the day ends.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.start.plus_millis(i64::from(self.hours) * 3_600_000)
    }
}

/// One message as a sender posts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When it reaches the port's door; never before the start of the day.
    pub at: Timestamp,
    /// Feed id, as in [`Day::feeds_toml`].
    pub feed: String,
    /// File name, unique within the day and claimed by the feed's globs.
    pub file_name: String,
    /// Media type.
    pub content_type: &'static str,
    /// The message.
    pub bytes: Vec<u8>,
    /// Whether it is garbage: something in it must be dead-lettered.
    pub garbage: bool,
}

/// What must be found about a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// The subject, such as `container/CSQU3054383`.
    pub subject: String,
    /// Codes of the indicators that must appear; none: no crime is told of it, but something was found in it or in a container
    /// that it travelled with, and it is looked at.
    pub codes: Vec<String>,
    /// When the decisive thing happened.
    pub from: Timestamp,
    /// Until when an alert is of use.
    pub to: Timestamp,
    /// What happened, in a sentence or two.
    pub story: String,
}

/// A simulated day.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// Messages, in order of arrival.
    pub messages: Vec<Message>,
    /// Settings of the feeds.
    pub feeds_toml: String,
    /// The registry of parties.
    pub parties_csv: String,
    /// The agency's list: the time from which each version holds, and the whole list as CSV. The first is in force at
    /// the start; the last one alone gives the same final alerts.
    pub watchlist_csv: Vec<(Timestamp, String)>,
    /// The crimes, and what travelled with a find.
    pub truth: Vec<Truth>,
    /// What agencies answer, in order of time.
    pub answers: Vec<Feedback>,
    /// Number of messages that must be dead-lettered, in whole or in part.
    pub garbage: usize,
}

impl Day {
    /// The day as files: every message, then `feeds.toml`, `parties.csv`, `watchlist.csv` (the last version),
    /// `feedback.ndjson` where agencies answer, and `truth.ndjson`.
    pub fn files(&self) -> impl Iterator<Item = (String, Vec<u8>)> + '_ {
        let messages = self.messages.iter().map(|m| (m.file_name.clone(), m.bytes.clone()));
        let list =
            self.watchlist_csv.last().map(|(_, csv)| ("watchlist.csv".to_owned(), csv.clone().into_bytes()));
        let feedback = (!self.answers.is_empty())
            .then(|| ("feedback.ndjson".to_owned(), ndjson(&self.answers).into_bytes()));
        messages
            .chain([("feeds.toml".to_owned(), self.feeds_toml.clone().into_bytes())])
            .chain([("parties.csv".to_owned(), self.parties_csv.clone().into_bytes())])
            .chain(list)
            .chain(feedback)
            .chain([("truth.ndjson".to_owned(), ndjson(&self.truth).into_bytes())])
    }
}

/// Simulates a day; see [`Options::limited`] for what becomes of wishes out of range. For weeks of traffic, which one does
/// not want in memory, there is [`Port::write`].
#[must_use]
pub fn simulate(options: &Options) -> Day {
    let port = Port::new(options);
    let messages = port.live();
    let Told { truth, lists, answers } = port.truth();
    Day {
        garbage: messages.iter().filter(|m| m.garbage).count(),
        messages,
        feeds_toml: port.feeds_toml(),
        parties_csv: port.parties_csv(),
        watchlist_csv: lists,
        truth,
        answers,
    }
}

/// Ids of the feeds.
#[must_use]
pub fn feed_ids() -> Vec<&'static str> {
    write::feeds::ids()
}

/// Truth or answers, one JSON object a line.
#[must_use]
pub fn ndjson<T: Serialize>(lines: &[T]) -> String {
    lines.iter().filter_map(|line| serde_json::to_string(line).ok()).map(|line| line + "\n").collect()
}
