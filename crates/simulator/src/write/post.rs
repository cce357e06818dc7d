//! The post: puts letters of one sender that go out together into one message, and messages into files.

use std::collections::BTreeMap;

use quaywatch_domain::Timestamp;
use serde_json::Value;

use super::edifact::Interchange;
use super::json;
use super::sheets::Sheet;
use crate::background::one_digit_off;
use crate::chance::{Chance, DAY_MS, MINUTE_MS};
use crate::letter::{
    Body, COPINO_FEED, CUSRES_FEED, Edi, Function, Letter, MANIFEST_FEED, QuayMove, RIGHTS_FEED, SMART_FEED,
    VGM_FEED,
};
use crate::world::{CARRIERS, Site, World};
use crate::{Crimes, Message, Options};

/// Most letters in one message of each kind, as they are posted one by one.
const MAX_CARRIER_EVENTS: usize = 40;
const MAX_QUAY_LINES: usize = 50;
const MAX_GATE_DOCUMENTS: usize = 2;
const MAX_LINES: usize = 25;
/// Most letters in one file of a day.
const MAX_IN_FILE: usize = 2_000;
/// One list of the quay in so many first goes out with a typing error, and is replaced.
const LIST_REPLACED_ONE_IN: i64 = 10;
/// One list of the quay in so many miscounts its lines.
const LIST_MISCOUNTED_ONE_IN: i64 = 25;
/// One interchange of the hauliers in so many never comes.
const INTERCHANGE_LOST_ONE_IN: i64 = 400;

/// How letters are gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Batching {
    /// As the senders post them, minute by minute.
    Live,
    /// A day and feed to a file.
    Daily,
}

/// Letters that may share a message: sender, subject, and time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Bag {
    Carrier(usize),
    Quay(usize, bool),
    Gate(Site),
    Line(&'static str),
    Smart,
    Right,
    Row(Sheet, Site),
    Edi(&'static str, &'static str, String),
    Copino,
    /// An announcement in an interchange of its own, by its control reference and number.
    Alone(i64, String),
}

impl Bag {
    fn of(letter: &Letter) -> Self {
        match &letter.body {
            Body::Carrier(carrier, _) => Self::Carrier(*carrier),
            Body::Quay(quay) => Self::Quay(quay.call, quay.load),
            Body::Gate(gate) => Self::Gate(gate.site),
            Body::Line(feed, _) => Self::Line(feed),
            Body::Smart(_) => Self::Smart,
            Body::Right(_) => Self::Right,
            Body::Row(sheet, site, _) => Self::Row(*sheet, *site),
            Body::Edi(edi) => Self::Edi(edi.feed, edi.message.identifier(), edi.document.clone()),
            Body::Copino(announced) => match announced.reference {
                Some(reference) => Self::Alone(reference, announced.document.clone()),
                None => Self::Copino,
            },
        }
    }

    /// How many letters make a message, and how long they are gathered, in minutes.
    const fn limits(&self) -> (usize, i64) {
        match self {
            Self::Carrier(_) => (MAX_CARRIER_EVENTS, 20),
            Self::Quay(..) => (MAX_QUAY_LINES, 60),
            Self::Gate(_) | Self::Copino => (MAX_GATE_DOCUMENTS, 5),
            Self::Line(_) | Self::Right => (MAX_LINES, 5),
            Self::Row(Sheet::GateLog | Sheet::Trucks | Sheet::Customs, _) => (MAX_LINES, 5),
            Self::Row(..) | Self::Smart => (4 * MAX_LINES, 15),
            // A document is one message, however long.
            Self::Edi(..) => (usize::MAX, 1),
            Self::Alone(..) => (1, 1),
        }
    }

    /// How files of it end.
    const fn extension(&self) -> &'static str {
        match self {
            Self::Carrier(_) | Self::Smart | Self::Right => "json",
            Self::Line(_) => "ndjson",
            Self::Row(..) => "csv",
            Self::Quay(..) | Self::Gate(_) | Self::Edi(..) | Self::Copino | Self::Alone(..) => "edi",
        }
    }

    /// The site whose tables or gate it is about.
    fn site(&self, world: &World) -> Site {
        match self {
            Self::Quay(call, _) => world.calls.get(*call).map_or(Site::Koper, |c| c.site),
            Self::Gate(site) | Self::Row(_, site) => *site,
            Self::Copino | Self::Alone(..) => Site::Trieste,
            _ => Site::Koper,
        }
    }
}

impl Body {
    /// The feed that it belongs to.
    pub(crate) fn feed(&self, world: &World) -> &'static str {
        match self {
            Self::Quay(quay) => world.calls.get(quay.call).map_or(Site::Koper, |c| c.site).quay_feed(),
            Self::Edi(edi) => edi.feed,
            Self::Row(sheet, site, _) => sheet.feed(*site),
            Self::Gate(gate) => gate.site.gate_feed(),
            Self::Line(feed, _) => feed,
            Self::Carrier(carrier, _) => CARRIERS.get(*carrier).map(|c| c.feed).unwrap_or_default(),
            Self::Smart(_) => SMART_FEED,
            Self::Right(_) => RIGHTS_FEED,
            Self::Copino(_) => COPINO_FEED,
        }
    }
}

/// Letters that go out together.
struct Batch {
    bag: Bag,
    /// When the first and the last of them was told.
    first: Timestamp,
    told: Timestamp,
    solid: bool,
    letters: Vec<Letter>,
    feed: &'static str,
    /// Number and function of a list.
    document: Option<(String, Function)>,
}

/// A message on its way.
pub(crate) struct Parcel {
    pub(crate) message: Message,
    /// When its last letter was told.
    pub(crate) told: Timestamp,
    /// Whether a story is in it.
    pub(crate) solid: bool,
}

/// Writes the messages.
pub(crate) struct Post<'a> {
    options: &'a Options,
    world: &'a World,
    batching: Batching,
    chance: Chance,
    /// Last control reference of each sender: each counts its own interchanges to us.
    references: BTreeMap<&'static str, i64>,
    /// Number of the last list.
    lists: i64,
}

impl<'a> Post<'a> {
    pub(crate) const fn new(
        options: &'a Options,
        world: &'a World,
        batching: Batching,
        chance: Chance,
    ) -> Self {
        Self { options, world, batching, chance, references: BTreeMap::new(), lists: 0 }
    }

    /// Makes messages of letters.
    pub(crate) fn deliver(&mut self, mut letters: Vec<Letter>) -> Vec<Parcel> {
        letters.sort_by_key(|letter| letter.told);
        let mut bags: BTreeMap<(Bag, i64), Vec<Letter>> = BTreeMap::new();
        for letter in letters {
            let bag = Bag::of(&letter);
            let window = if letter.told < self.options.start { DAY_MS } else { bag.limits().1 * MINUTE_MS };
            let slot = letter.told.as_millis().div_euclid(window) * window;
            bags.entry((bag, slot)).or_default().push(letter);
        }
        let mut batches = Vec::new();
        for ((bag, _), letters) in bags {
            let mut letters = letters.into_iter().peekable();
            while letters.peek().is_some() {
                let some: Vec<Letter> = letters.by_ref().take(bag.limits().0).collect();
                self.batch(&bag, some, &mut batches);
            }
        }
        match self.batching {
            Batching::Live => batches.into_iter().map(|batch| self.parcel(&[batch])).collect(),
            Batching::Daily => self.daily(batches),
        }
    }

    /// Puts a batch beside the others; a list now and then with a typing error first, and the right one after an hour.
    fn batch(&mut self, bag: &Bag, letters: Vec<Letter>, batches: &mut Vec<Batch>) {
        let times = || letters.iter().map(|letter| letter.told);
        let (Some(first), Some(told)) = (times().min(), times().max()) else { return };
        let solid = letters.iter().any(|letter| letter.solid);
        let feed = letters.first().map_or("", |letter| letter.body.feed(self.world));
        let Bag::Quay(call, load) = bag else {
            batches.push(Batch { bag: bag.clone(), first, told, solid, letters, feed, document: None });
            return;
        };
        let Some(call) = self.world.calls.get(*call) else { return };
        self.lists += 1;
        let number = format!("{}{}{:05}", call.id, if *load { "L" } else { "D" }, self.lists);
        let corrected_at = told.plus_millis(self.chance.minutes(45, 130));
        let live = told > self.options.start && corrected_at < self.options.end();
        let mistyped = live && !solid && self.chance.one_in(LIST_REPLACED_ONE_IN);
        if mistyped {
            let mut wrong = letters.clone();
            if let Some(Letter { body: Body::Quay(last), .. }) = wrong.last_mut() {
                last.unit.number = one_digit_off(&last.unit.number);
            }
            let document = Some((number.clone(), Function::Original));
            batches.push(Batch { bag: bag.clone(), first, told, solid, letters: wrong, feed, document });
        }
        let (first, told, function) = if mistyped {
            (corrected_at, corrected_at, Function::Replace)
        } else {
            (first, told, Function::Original)
        };
        let document = Some((number, function));
        batches.push(Batch { bag: bag.clone(), first, told, solid, letters, feed, document });
    }

    /// A day and feed to a file, in files of a size that people can open.
    fn daily(&mut self, mut batches: Vec<Batch>) -> Vec<Parcel> {
        batches.sort_by_key(|batch| batch.told);
        let mut files: BTreeMap<(&str, i64), Vec<Vec<Batch>>> = BTreeMap::new();
        let (alone, batches): (Vec<_>, Vec<_>) =
            batches.into_iter().partition(|batch| matches!(batch.bag, Bag::Alone(..)));
        for batch in batches {
            let day = batch.told.as_millis().div_euclid(DAY_MS);
            let parts = files.entry((batch.feed, day)).or_default();
            let held: usize = parts.last().map_or(0, |part| part.iter().map(|b| b.letters.len()).sum());
            match parts.last_mut().filter(|_| held + batch.letters.len() <= MAX_IN_FILE) {
                Some(part) => part.push(batch),
                None => parts.push(vec![batch]),
            }
        }
        let alone = alone.into_iter().map(|batch| vec![batch]);
        files.into_values().flatten().chain(alone).map(|part| self.parcel(&part)).collect()
    }

    /// Writes batches of one feed into one message.
    fn parcel(&mut self, batches: &[Batch]) -> Parcel {
        let told = batches.iter().map(|b| b.told).max().unwrap_or(self.options.start);
        let first = batches.iter().map(|b| b.first).min().unwrap_or(told);
        let solid = batches.iter().any(|b| b.solid);
        let letters = || batches.iter().flat_map(|b| &b.letters);
        let bag = batches.first().map_or(Bag::Copino, |b| b.bag.clone());
        let site = bag.site(self.world);
        let bytes = match &bag {
            Bag::Carrier(_) => json::dcsa(&values(letters())),
            Bag::Smart => json::dcsa_3(&values(letters())),
            Bag::Right => json::notifications(&values(letters())),
            Bag::Line(_) => json::lines(&values(letters())),
            Bag::Row(sheet, _) => sheet.table(site, &rows(letters())),
            Bag::Copino => self.announcements(site, batches),
            Bag::Quay(..) | Bag::Gate(_) | Bag::Edi(..) | Bag::Alone(..) => {
                let (zone, sender) = match bag {
                    Bag::Edi(feed, ..) => ("UTC", sender_of(feed)),
                    Bag::Alone(..) => (site.zone(), HAULIERS),
                    _ => (site.zone(), site.code()),
                };
                // Of a single document the interchange is made last, of many a day it is opened first.
                let prepared = if self.batching == Batching::Live { told } else { first };
                let reference = if let Bag::Alone(own, _) = &bag { *own } else { self.reference(sender) };
                let mut interchange = Interchange::new(zone, sender, reference, prepared);
                for batch in batches {
                    self.add(&mut interchange, batch);
                }
                interchange.finish()
            }
        };
        let arrives = told.plus_millis(self.chance.between(4, 70) * 1_000);
        let at = arrives.max(self.options.start).min(self.options.end());
        let (feed, extension) = (batches.first().map_or("", |b| b.feed), bag.extension());
        let message = Message {
            at,
            feed: feed.to_owned(),
            // Numbered once everything is in order of arrival.
            file_name: format!("{feed}.{extension}"),
            content_type: match extension {
                "json" => "application/json",
                "ndjson" => "application/x-ndjson",
                "csv" => "text/csv",
                _ => "application/edifact",
            },
            bytes,
            garbage: false,
        };
        Parcel { message, told, solid }
    }

    /// The announcements of hauliers, each batch in an interchange of its own: they go through one computer, which counts
    /// them. One is lost now and then.
    fn announcements(&mut self, site: Site, batches: &[Batch]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (n, batch) in batches.iter().enumerate() {
            let is_lost = n > 0
                && self.options.crimes != Crimes::Showcase
                && batch.told > self.options.start
                && self.chance.one_in(INTERCHANGE_LOST_ONE_IN);
            let follows_a_gap = |letter: &Letter| matches!(&letter.body, Body::Copino(a) if a.follows_a_gap);
            if is_lost || batch.letters.iter().any(follows_a_gap) {
                self.reference(HAULIERS);
            }
            if !is_lost {
                let reference = self.reference(HAULIERS);
                let mut interchange = Interchange::new(site.zone(), HAULIERS, reference, batch.told);
                self.add(&mut interchange, batch);
                bytes.extend(interchange.finish());
            }
        }
        bytes
    }

    fn add(&mut self, interchange: &mut Interchange, batch: &Batch) {
        match &batch.bag {
            Bag::Quay(call, _) => {
                let world = self.world;
                let Some(call) = world.calls.get(*call) else { return };
                let moves: Vec<&QuayMove> = batch.letters.iter().filter_map(quay).collect();
                let Some((number, function)) = &batch.document else { return };
                let miscounted = !batch.solid && self.chance.one_in(LIST_MISCOUNTED_ONE_IN);
                let count = moves.len() + usize::from(miscounted);
                interchange.list(call, &moves, (number, *function), batch.told, count);
            }
            Bag::Edi(..) => {
                let lines: Vec<&Edi> = batch.letters.iter().filter_map(edi).collect();
                let Some(head) = lines.first() else { return };
                let events: Vec<_> = lines.iter().map(|line| line.event.clone()).collect();
                interchange.rendered(head.message, &head.document, batch.told, &events);
            }
            _ => {
                for letter in &batch.letters {
                    match &letter.body {
                        Body::Gate(gate) => interchange.gate(gate, letter.told),
                        Body::Copino(announced) => interchange.announcement(announced, letter.told),
                        _ => {}
                    }
                }
            }
        }
    }

    /// The next control reference of a sender.
    fn reference(&mut self, sender: &'static str) -> i64 {
        let last = self.references.entry(sender).or_default();
        *last += 1;
        *last
    }
}

/// Sender of the interchanges with announcements of hauliers.
const HAULIERS: &str = "HAULIERS";

/// Sender of the interchanges of a feed with messages of several kinds.
fn sender_of(feed: &str) -> &'static str {
    let sites = [Site::Koper, Site::Trieste];
    match feed {
        MANIFEST_FEED => "AGENTS",
        VGM_FEED => "SHIPPERS",
        CUSRES_FEED => "DOGANA",
        _ => sites.iter().find(|site| site.orders_feed() == feed).map_or("SENDER", |site| site.code()),
    }
}

fn values<'l>(letters: impl Iterator<Item = &'l Letter>) -> Vec<(Timestamp, &'l Value)> {
    let value = |letter: &'l Letter| match &letter.body {
        Body::Carrier(_, value) | Body::Line(_, value) | Body::Smart(value) | Body::Right(value) => {
            Some((letter.told, value))
        }
        _ => None,
    };
    letters.filter_map(value).collect()
}

fn rows<'l>(letters: impl Iterator<Item = &'l Letter>) -> Vec<(Timestamp, &'l [String])> {
    let row = |letter: &'l Letter| match &letter.body {
        Body::Row(_, _, row) => Some((letter.told, row.as_slice())),
        _ => None,
    };
    letters.filter_map(row).collect()
}

fn quay(letter: &Letter) -> Option<&QuayMove> {
    if let Body::Quay(quay) = &letter.body { Some(quay) } else { None }
}

fn edi(letter: &Letter) -> Option<&Edi> {
    if let Body::Edi(edi) = &letter.body { Some(edi) } else { None }
}
