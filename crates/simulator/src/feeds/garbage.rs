//! What goes wrong with whole messages: sent twice, held up on the way, and garbage in between.

use quaywatch_domain::Timestamp;

use crate::chance::{Chance, HOUR_MS};
use crate::letter::RELEASE_FEED;
use crate::world::Site;
use crate::write::post::Parcel;
use crate::{Message, Options};

/// One message in so many is sent twice.
const DUPLICATE_ONE_IN: i64 = 60;
/// One message in so many is held up on the way.
const HELD_UP_ONE_IN: i64 = 90;
/// One piece of garbage for so many messages, and at least [`MIN_GARBAGE`].
const GARBAGE_ONE_IN: usize = 150;
/// Fewest pieces of garbage: two of each kind.
const MIN_GARBAGE: usize = 12;

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
    let mut sent = in_order(sent);
    among(&mut sent, options, chance);
    sent
}

/// Puts garbage among messages.
pub(crate) fn among(sent: &mut Vec<Message>, options: &Options, chance: &mut Chance) {
    let pieces = (sent.len() / GARBAGE_ONE_IN).max(MIN_GARBAGE);
    let kinds = Garbage::ALL.into_iter().cycle().take(pieces);
    let garbage: Vec<Message> = kinds.filter_map(|kind| garbage(kind, options, sent, chance)).collect();
    sent.extend(garbage);
    sent.sort_by_key(|message| message.at);
}

/// Messages in order of arrival; those of one moment in the order in which they were told.
pub(crate) fn in_order(mut sent: Vec<(Timestamp, Message)>) -> Vec<Message> {
    sent.sort_by(|(a_told, a), (b_told, b)| (a.at, a_told, &a.feed).cmp(&(b.at, b_told, &b.feed)));
    sent.into_iter().map(|(_, message)| message).collect()
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
            Self::RandomBytes | Self::CutEdifact => Site::Koper.gate_feed(),
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
    // A broken copy comes after what it is a copy of.
    let of_feed: Vec<&Message> = sent.iter().filter(|m| m.feed == kind.feed() && m.at <= at).collect();
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
