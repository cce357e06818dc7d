//! What goes wrong on the way: corrections, typing errors, late word, duplicates and garbage.
//!
//! Rates are working values, chosen so that a day has some of each; stories are kept free of them.

use quaywatch_domain::Timestamp;
use serde_json::json;

use crate::cast::Terminal;
use crate::chance::{Chance, HOUR_MS, MINUTE_MS};
use crate::goods::{SealTag, Sealer, Store};
use crate::letter::{Body, Function, GateMove, Letter, RELEASE_FEED};
use crate::lookalikes::one_digit_off;
use crate::write::json::extend;
use crate::write::post::Parcel;
use crate::{Message, Options};

/// One gate document in so many has a mistyped container number, and is cancelled and written anew.
const MISTYPED_ONE_IN: i64 = 150;
/// One gate document in so many is replaced by a corrected one.
const REPLACED_ONE_IN: i64 = 90;
/// One JSON event in so many is sent again with the same id and a later creation time.
const UPDATED_ONE_IN: i64 = 60;
/// One reading of seals in so many is spelt in the clerk's own way, or has a placeholder in it.
const RESPELT_ONE_IN: i64 = 30;
/// One letter in so many is told late.
const LATE_ONE_IN: i64 = 80;
/// One message in so many is sent twice.
const DUPLICATE_ONE_IN: i64 = 60;
/// One message in so many is held up on the way.
const HELD_UP_ONE_IN: i64 = 90;
/// One piece of garbage for so many messages, and at least [`MIN_GARBAGE`].
const GARBAGE_ONE_IN: usize = 150;
/// Fewest pieces of garbage: two of each kind.
const MIN_GARBAGE: usize = 12;

/// Disturbs letters of the day; what is before its start, and what belongs to stories, stays.
pub(crate) fn letters(
    options: &Options,
    letters: Vec<Letter>,
    store: &mut Store,
    chance: &mut Chance,
) -> Vec<Letter> {
    let mut disturbed = Vec::with_capacity(letters.len());
    for mut letter in letters {
        let correction = letter.told.plus_millis(chance.minutes(15, 90));
        if letter.solid || letter.told < options.start || correction > options.end() {
            disturbed.push(letter);
            continue;
        }
        match &mut letter.body {
            Body::Quay(quay) => respell(&mut quay.seals, chance),
            Body::Gate(gate) => respell(&mut gate.seals, chance),
            Body::Carrier(..) | Body::Line(..) => {}
        }
        if chance.one_in(LATE_ONE_IN) {
            letter.told = letter.told.plus_millis(chance.minutes(20, 300)).min(options.end());
            disturbed.push(letter);
            continue;
        }
        match &letter.body {
            Body::Gate(gate) if chance.one_in(MISTYPED_ONE_IN) => {
                let wrong = mistyped(gate);
                let document = format!("{}G{:07}", gate.terminal.code(), store.serial());
                let anew = GateMove { document, ..(**gate).clone() };
                let cancel = GateMove { function: Function::Cancel, ..wrong.clone() };
                disturbed.push(said(letter.told, wrong));
                disturbed.push(said(correction, cancel));
                disturbed.push(said(correction.plus_millis(MINUTE_MS), anew));
                continue;
            }
            Body::Gate(gate) if chance.one_in(REPLACED_ONE_IN) => {
                let mut corrected = (**gate).clone();
                corrected.function = Function::Replace;
                corrected.unit.gross_kg += 10;
                disturbed.push(said(correction, corrected));
            }
            Body::Carrier(carrier, event) if chance.one_in(UPDATED_ONE_IN) => {
                let mut event = event.clone();
                if event.get("transportCall").is_some() {
                    if let Some(call) = event.get_mut("transportCall") {
                        extend(call, json!({"carrierServiceCode": "EXTRA"}));
                    }
                    disturbed.push(Letter {
                        told: correction,
                        solid: false,
                        body: Body::Carrier(*carrier, event),
                    });
                }
            }
            Body::Line(feed, line) if chance.one_in(UPDATED_ONE_IN) => {
                disturbed.push(Letter {
                    told: correction,
                    solid: false,
                    body: Body::Line(feed, line.clone()),
                });
            }
            _ => {}
        }
        disturbed.push(letter);
    }
    disturbed
}

/// Now and then writes a seal with a space and in lower case, or puts a placeholder beside it.
fn respell(seals: &mut Vec<SealTag>, chance: &mut Chance) {
    if seals.is_empty() || !chance.one_in(RESPELT_ONE_IN) {
        return;
    }
    if chance.one_in(4) {
        seals.push(SealTag::sound("NOSEAL".to_owned(), Sealer::Unsaid));
    } else if let Some(seal) = seals.first_mut() {
        let (letters, digits) =
            seal.number.split_at(seal.number.find(|c: char| c.is_ascii_digit()).unwrap_or(0));
        seal.number = format!("{} {digits}", letters.to_ascii_lowercase());
    }
}

fn said(told: Timestamp, gate: GateMove) -> Letter {
    Letter { told, solid: false, body: Body::Gate(Box::new(gate)) }
}

/// The same passage under a number whose check digit is wrong.
fn mistyped(gate: &GateMove) -> GateMove {
    let mut wrong = gate.clone();
    wrong.unit.number = one_digit_off(&gate.unit.number);
    wrong
}

/// Sends some messages twice, holds up some (not those of stories), adds garbage, and puts everything in order of
/// arrival; the backlog in the order in which it was told.
pub(crate) fn parcels(options: &Options, parcels: Vec<Parcel>, chance: &mut Chance) -> Vec<Message> {
    let end = options.end();
    let mut sent = Vec::with_capacity(parcels.len());
    for Parcel { mut message, told, solid } in parcels {
        let live = message.at > options.start;
        if live && chance.one_in(DUPLICATE_ONE_IN) {
            let again = message.at.plus_millis(chance.minutes(1, 180)).min(end);
            sent.push((told, Message { at: again, ..message.clone() }));
        }
        let held_up = message.at.plus_millis(chance.minutes(5, 240));
        if live && !solid && held_up < end && chance.one_in(HELD_UP_ONE_IN) {
            message.at = held_up;
        }
        sent.push((told, message));
    }
    sent.sort_by(|(a_told, a), (b_told, b)| (a.at, a_told, &a.feed).cmp(&(b.at, b_told, &b.feed)));
    let mut sent: Vec<Message> = sent.into_iter().map(|(_, message)| message).collect();
    let pieces = (sent.len() / GARBAGE_ONE_IN).max(MIN_GARBAGE);
    let kinds = Garbage::ALL.into_iter().cycle().take(pieces);
    let garbage: Vec<Message> = kinds.filter_map(|kind| garbage(kind, options, &sent, chance)).collect();
    sent.extend(garbage);
    sent.sort_by_key(|message| message.at);
    sent
}

/// Kinds of garbage: noise, broken copies of real messages, an error page.
#[derive(Debug, Clone, Copy)]
enum Garbage {
    RandomBytes,
    CutJson,
    CutEdifact,
    CutLine,
    ErrorPage,
    InvalidUtf8,
}

impl Garbage {
    const ALL: [Self; 6] = [
        Self::RandomBytes,
        Self::CutJson,
        Self::CutEdifact,
        Self::CutLine,
        Self::ErrorPage,
        Self::InvalidUtf8,
    ];

    const fn feed(self) -> &'static str {
        match self {
            Self::CutJson => "carrier-adl",
            Self::RandomBytes | Self::CutEdifact => Terminal::Koper.gate_feed(),
            Self::CutLine | Self::ErrorPage | Self::InvalidUtf8 => RELEASE_FEED,
        }
    }

    /// What becomes of a real message.
    fn spoil(self, bytes: &[u8], chance: &mut Chance) -> Vec<u8> {
        match self {
            Self::RandomBytes => [vec![0x07], chance.bytes(160)].concat(),
            Self::CutJson => cut_at(bytes, bytes.len() / 2),
            Self::CutEdifact => cut_at(bytes, interchange_head(bytes)),
            Self::CutLine => cut_at(bytes, bytes.len().saturating_sub(40)),
            Self::ErrorPage => ERROR_PAGE.as_bytes().to_vec(),
            Self::InvalidUtf8 => [b"{\"kind\": \xff\xfe", bytes].concat(),
        }
    }
}

/// A piece of garbage in place of a copy of a real message.
fn garbage(kind: Garbage, options: &Options, sent: &[Message], chance: &mut Chance) -> Option<Message> {
    let earliest = options.start.plus_millis(HOUR_MS);
    let at = chance.moment(earliest, options.end().plus_millis(-HOUR_MS));
    let of_feed: Vec<&Message> = sent.iter().filter(|m| m.feed == kind.feed()).collect();
    let real = (*chance.pick(&of_feed)?).clone();
    Some(Message { at, garbage: true, bytes: kind.spoil(&real.bytes, chance), ..real })
}

const ERROR_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body><h1>502 Bad Gateway</h1><p>The upstream server did not answer.</p></body></html>\n";

fn cut_at(bytes: &[u8], at: usize) -> Vec<u8> {
    bytes.iter().take(at).copied().collect()
}

/// Just into the first message of an interchange, before it names a container.
fn interchange_head(bytes: &[u8]) -> usize {
    bytes.windows(4).position(|w| w == b"BGM+").map_or(40, |p| p + 8)
}
