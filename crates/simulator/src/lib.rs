//! A synthetic port and its messages, with the ground truth of the crimes hidden in them.
//!
//! One day (or several) of a container port in the wire formats of its parties: a carrier's DCSA Track & Trace 2.2, the
//! terminal's EDIFACT COARRI and CODECO, the release platform's and customs' JSON lines, the neighbouring terminal's
//! gate. The traffic is chance under a seed; the crimes in it are written from published cases, not from rules.
//! Pure: no clock and no I/O; the same [`Options`] give the same bytes.
//!
//! # Where the parameters come from
//!
//! | parameter | value | source |
//! | --- | --- | --- |
//! | containers a day | 2,000 | Koper handled 1.133 million TEU in 2024 (Delo, January 2025): 3,100 TEU or some 1,900 containers a day |
//! | the neighbour | Trieste, by road | Trieste Marine Terminal handled 730,451 TEU in 2024 (ibid.) |
//! | selected by customs | 6 % | Europol and the ports of Antwerp, Hamburg and Rotterdam, "Criminal networks in EU ports" (2023): about 2 % of all containers are inspected, 10 % of those from South America |
//! | misused release codes | MO-01 stories | the same report, and the Belgian and Dutch trials that it rests on |
//! | seals removed, added, copied | MO-03, MO-04 stories | WCO News 102 (2023) on operation TIN CAN; GDV Container Handbook, 13.11.3, on twin seals |
//! | cloned containers | MO-08 stories | Dutch court reports on the "switch" method; TT Club's alert on identity swaps |
//! | collected while selected | MO-25 story | our own reasoning: a scan that the box never reaches |
//! | shares of import, export, transhipment, empties; dwell; noise | constants of `ordinary` and `noise` | working values, for variety; nothing is measured on them |
//!
//! Companies, vessels, plates and numbers are invented. Every time is a whole minute, the resolution of EDIFACT.

mod cast;
mod chance;
mod crimes;
mod goods;
mod import;
mod letter;
mod list;
mod lookalikes;
mod noise;
mod ordinary;
pub mod wire;
mod write;

pub use list::LIST_ID;
use quaywatch_domain::Timestamp;
use serde::{Deserialize, Serialize};

use cast::Cast;
use chance::Chance;
use crimes::Stage;
use goods::Store;
use letter::Teller;
use write::post::Post;

/// Shortest day, in hours; shorter wishes are raised to it.
pub const MIN_HOURS: u32 = 6;
/// Longest day, in hours; longer wishes are cut to it.
pub const MAX_HOURS: u32 = 7 * 24;
/// Fewest containers beside those of the stories; smaller wishes are raised to it.
pub const MIN_CONTAINERS: u32 = 20;
/// Most containers beside those of the stories; larger wishes are cut to it.
pub const MAX_CONTAINERS: u32 = 200_000;

/// What to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

impl Options {
    /// A day of 24 hours with 2,000 containers.
    #[must_use]
    pub const fn day(seed: u64, start: Timestamp) -> Self {
        Self { seed, start, hours: 24, containers: 2_000 }
    }

    /// The same with every number within its limits, and the start on a whole minute, the resolution of EDIFACT times.
    #[must_use]
    pub fn limited(self) -> Self {
        let minute_ms = 60_000;
        Self {
            seed: self.seed,
            start: Timestamp::from_millis(self.start.as_millis().div_euclid(minute_ms) * minute_ms),
            hours: self.hours.clamp(MIN_HOURS, MAX_HOURS),
            containers: self.containers.clamp(MIN_CONTAINERS, MAX_CONTAINERS),
        }
    }

    /// When the day ends.
    #[must_use]
    pub fn end(self) -> Timestamp {
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
    /// Codes of the indicators that must appear.
    pub codes: Vec<String>,
    /// When the decisive thing happened.
    pub from: Timestamp,
    /// Until when an alert is of use.
    pub to: Timestamp,
    /// What happened, in a sentence or two.
    pub story: String,
}

/// A simulated day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Messages, in order of arrival.
    pub messages: Vec<Message>,
    /// Settings of the feeds.
    pub feeds_toml: String,
    /// The agency's list: the time from which each version holds, and the whole list as CSV. The first is in force at
    /// the start; the last one alone gives the same final alerts.
    pub watchlist_csv: Vec<(Timestamp, String)>,
    /// The crimes.
    pub truth: Vec<Truth>,
    /// Number of messages that must be dead-lettered, in whole or in part.
    pub garbage: usize,
}

impl Day {
    /// The day as files: every message, then `feeds.toml`, `watchlist.csv` (the last version) and `truth.ndjson`.
    pub fn files(&self) -> impl Iterator<Item = (String, Vec<u8>)> + '_ {
        let messages = self.messages.iter().map(|m| (m.file_name.clone(), m.bytes.clone()));
        let list =
            self.watchlist_csv.last().map(|(_, csv)| ("watchlist.csv".to_owned(), csv.clone().into_bytes()));
        messages
            .chain([("feeds.toml".to_owned(), self.feeds_toml.clone().into_bytes())])
            .chain(list)
            .chain([("truth.ndjson".to_owned(), self.truth_ndjson().into_bytes())])
    }

    /// The truth, one JSON object a line.
    #[must_use]
    pub fn truth_ndjson(&self) -> String {
        self.truth.iter().filter_map(|t| serde_json::to_string(t).ok()).map(|line| line + "\n").collect()
    }
}

/// Streams of chance, one for each concern, so that one may change without the others.
mod stream {
    pub(crate) const CAST: u64 = 1;
    pub(crate) const GOODS: u64 = 2;
    pub(crate) const TRAFFIC: u64 = 3;
    pub(crate) const STORIES: u64 = 4;
    pub(crate) const NOISE: u64 = 5;
    pub(crate) const POST: u64 = 6;
}

/// Simulates a day; see [`Options::limited`] for what becomes of wishes out of range.
#[must_use]
pub fn simulate(options: &Options) -> Day {
    let options = &options.limited();
    let chance = |stream| Chance::new(options.seed, stream);
    let cast = Cast::draw(options, &mut chance(stream::CAST));
    let mut store = Store::new(chance(stream::GOODS));

    let mut teller = Teller::new(&cast, &mut store, chance(stream::TRAFFIC));
    ordinary::vessels(&mut teller);
    ordinary::history(options, &mut teller);
    ordinary::containers(options, &mut teller);
    (teller.chance, teller.solid) = (chance(stream::STORIES), true);
    let mut stage = Stage { options, teller: &mut teller, rows: Vec::new(), truth: Vec::new() };
    let told = crimes::all(&mut stage).and_then(|()| lookalikes::all(&mut stage));
    debug_assert!(told.is_some(), "the cast is large enough for every story");
    let Stage { rows, truth, .. } = stage;
    let letters = teller.letters;

    let mut disturbing = chance(stream::NOISE);
    let letters = noise::letters(options, letters, &mut store, &mut disturbing);
    let parcels = Post::new(options, &cast, chance(stream::POST)).deliver(letters);
    let mut messages = noise::parcels(options, parcels, &mut disturbing);
    for (n, message) in messages.iter_mut().enumerate() {
        number(message, n);
    }
    Day {
        garbage: messages.iter().filter(|m| m.garbage).count(),
        messages,
        feeds_toml: write::feeds::toml(),
        watchlist_csv: list::versions(&rows, options.start),
        truth,
    }
}

/// Names the file by its place in the order of arrival.
fn number(message: &mut Message, n: usize) {
    let extension = message.file_name.rsplit('.').next().unwrap_or_default();
    message.file_name = format!("{}-{n:06}.{extension}", message.feed);
}
