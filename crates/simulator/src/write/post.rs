//! The post: puts letters of one sender that go out together into one message.

use std::collections::BTreeMap;

use quaywatch_domain::Timestamp;
use serde_json::Value;

use crate::cast::{CARRIERS, Cast, Terminal};
use crate::chance::{Chance, DAY_MS, MINUTE_MS};
use crate::letter::{Body, Function, GateMove, Letter, QUAY_FEED, QuayMove};
use crate::lookalikes::one_digit_off;
use crate::write::edifact::Interchange;
use crate::write::json;
use crate::{Message, Options};

/// Most letters in one message of each kind.
const MAX_CARRIER_EVENTS: usize = 40;
const MAX_QUAY_LINES: usize = 50;
const MAX_GATE_DOCUMENTS: usize = 2;
const MAX_LINES: usize = 25;
/// One list of the quay in so many first goes out with a typing error, and is replaced.
const LIST_REPLACED_ONE_IN: i64 = 10;

/// Letters that may share a message: sender, subject, and time.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Bag {
    Carrier(usize),
    Quay(usize, bool),
    Gate(Terminal),
    Line(&'static str),
}

impl Bag {
    fn of(letter: &Letter) -> Self {
        match &letter.body {
            Body::Carrier(carrier, _) => Self::Carrier(*carrier),
            Body::Quay(quay) => Self::Quay(quay.call, quay.load),
            Body::Gate(gate) => Self::Gate(gate.terminal),
            Body::Line(feed, _) => Self::Line(feed),
        }
    }

    /// How many letters make a message, and how long they are gathered, in minutes.
    const fn limits(&self) -> (usize, i64) {
        match self {
            Self::Carrier(_) => (MAX_CARRIER_EVENTS, 20),
            Self::Quay(..) => (MAX_QUAY_LINES, 60),
            Self::Gate(_) => (MAX_GATE_DOCUMENTS, 5),
            Self::Line(_) => (MAX_LINES, 5),
        }
    }
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
    cast: &'a Cast,
    chance: Chance,
    references: i64,
    sent: Vec<Parcel>,
}

impl<'a> Post<'a> {
    pub(crate) const fn new(options: &'a Options, cast: &'a Cast, chance: Chance) -> Self {
        Self { options, cast, chance, references: 0, sent: Vec::new() }
    }

    /// Makes messages of the letters that are told before the day ends.
    pub(crate) fn deliver(mut self, mut letters: Vec<Letter>) -> Vec<Parcel> {
        letters.retain(|letter| letter.told <= self.options.end());
        letters.sort_by_key(|letter| letter.told);
        let mut bags: BTreeMap<(Bag, i64), Vec<Letter>> = BTreeMap::new();
        for letter in letters {
            let bag = Bag::of(&letter);
            let window = if letter.told < self.options.start { DAY_MS } else { bag.limits().1 * MINUTE_MS };
            let slot = letter.told.as_millis().div_euclid(window) * window;
            bags.entry((bag, slot)).or_default().push(letter);
        }
        for ((bag, _), letters) in bags {
            for batch in letters.chunks(bag.limits().0) {
                self.send(&bag, batch);
            }
        }
        self.sent
    }

    fn send(&mut self, bag: &Bag, batch: &[Letter]) {
        let Some(told) = batch.iter().map(|letter| letter.told).max() else { return };
        let solid = batch.iter().any(|letter| letter.solid);
        match bag {
            Bag::Carrier(carrier) => {
                let feed = CARRIERS.get(*carrier).map(|c| c.feed).unwrap_or_default();
                self.put(feed, "json", told, json::dcsa(&values(batch)), solid);
            }
            Bag::Line(feed) => self.put(feed, "ndjson", told, json::lines(&values(batch)), solid),
            Bag::Gate(terminal) => {
                let mut interchange = Interchange::new(*terminal, self.reference(), told);
                for (letter, gate) in batch.iter().filter_map(|l| Some((l, gate(l)?))) {
                    interchange.gate(gate, letter.told);
                }
                self.put(terminal.gate_feed(), "edi", told, interchange.finish(), solid);
            }
            Bag::Quay(call, load) => self.send_list((*call, *load), batch, told, solid),
        }
    }

    /// A discharge or load list; now and then with a typing error first and the right list after an hour or two.
    fn send_list(&mut self, (call, load): (usize, bool), batch: &[Letter], told: Timestamp, solid: bool) {
        let cast = self.cast;
        let Some(call) = cast.calls.get(call) else { return };
        let document = format!("{}{}{:05}", call.id, if load { "L" } else { "D" }, self.references);
        let moves: Vec<&QuayMove> = batch.iter().filter_map(quay).collect();
        let corrected_at = told.plus_millis(self.chance.minutes(45, 130));
        let live = told > self.options.start && corrected_at < self.options.end();
        if live && !solid && self.chance.one_in(LIST_REPLACED_ONE_IN) {
            let mut wrong: Vec<QuayMove> = moves.iter().map(|&m| m.clone()).collect();
            if let Some(last) = wrong.last_mut() {
                last.unit.number = one_digit_off(&last.unit.number);
            }
            let wrong: Vec<&QuayMove> = wrong.iter().collect();
            self.list(call, &wrong, (&document, Function::Original), told, false);
            self.list(call, &moves, (&document, Function::Replace), corrected_at, false);
        } else {
            self.list(call, &moves, (&document, Function::Original), told, solid);
        }
    }

    fn list(
        &mut self,
        call: &crate::cast::Call,
        moves: &[&QuayMove],
        document: (&str, Function),
        told: Timestamp,
        solid: bool,
    ) {
        let mut interchange = Interchange::new(Terminal::Koper, self.reference(), told);
        interchange.list(call, moves, document, told);
        self.put(QUAY_FEED, "edi", told, interchange.finish(), solid);
    }

    const fn reference(&mut self) -> i64 {
        self.references += 1;
        self.references
    }

    fn put(&mut self, feed: &str, extension: &'static str, told: Timestamp, bytes: Vec<u8>, solid: bool) {
        let arrives = told.plus_millis(self.chance.between(4, 70) * 1_000);
        let at = arrives.max(self.options.start).min(self.options.end());
        let content_type = match extension {
            "json" => "application/json",
            "ndjson" => "application/x-ndjson",
            _ => "application/edifact",
        };
        let message = Message {
            at,
            feed: feed.to_owned(),
            // Numbered once everything is in order of arrival.
            file_name: format!("{feed}.{extension}"),
            content_type,
            bytes,
            garbage: false,
        };
        self.sent.push(Parcel { message, told, solid });
    }
}

fn values(batch: &[Letter]) -> Vec<(Timestamp, &Value)> {
    batch.iter().filter_map(|letter| Some((letter.told, value(letter)?))).collect()
}

const fn value(letter: &Letter) -> Option<&Value> {
    match &letter.body {
        Body::Carrier(_, value) | Body::Line(_, value) => Some(value),
        Body::Quay(_) | Body::Gate(_) => None,
    }
}

fn gate(letter: &Letter) -> Option<&GateMove> {
    if let Body::Gate(gate) = &letter.body { Some(gate) } else { None }
}

fn quay(letter: &Letter) -> Option<&QuayMove> {
    if let Body::Quay(quay) = &letter.body { Some(quay) } else { None }
}
