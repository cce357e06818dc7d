//! UN/EDIFACT interchanges: messages are found, checked for completeness, and read one by one. A message that is cut off
//! or of a type that is not read is a reject; the others stand.
//!
//! | question | file |
//! | --- | --- |
//! | what separates what? | `tokens.rs` |
//! | which bytes are which letters? | `charset.rs` |
//! | where do the groups of a message begin? | `layout.rs` |
//! | what does a segment say? | `said.rs`; names and addresses: `names.rs` |
//! | what does a code mean? | `codes.rs` |
//! | how much is a weight or a temperature? | `measures.rs` |
//! | what does a document report, and when did it happen? | `message.rs`, `lines.rs` |
//! | manifests, statuses? | `bills.rs`, `statuses.rs` |

mod bills;
mod charset;
mod codes;
mod layout;
mod lines;
mod measures;
mod message;
mod names;
mod said;
mod statuses;
mod times;
mod together;
mod tokens;

pub(crate) use codes::role;
pub use tokens::{Segment, Segments};

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use quaywatch_domain::DeadLetterCode;
use quaywatch_domain::event::note;

use crate::local_time::Noted;
use crate::{Context, Parsed, Reject};
use tokens::MAX_SEGMENTS;

/// Longest text of a segment that a sentence quotes, in characters.
const MAX_QUOTED: usize = 80;

/// What the interchange header says.
#[derive(Debug, Clone, Default)]
struct Envelope {
    /// Sender (S002).
    sender: Option<Arc<str>>,
    /// Control reference.
    reference: String,
    /// Preparation time, with the notes that reading it made.
    prepared: Option<Noted>,
    /// Whether there was a header.
    present: bool,
}

/// Reads an interchange, several of them, or bare messages.
pub(crate) fn parse(bytes: &[u8], context: &Context<'_>) -> Parsed {
    let bytes = eight_bits(bytes);
    let all = Segments::read(&bytes);
    let mut interchange = Interchange {
        all: &all,
        context,
        envelope: Envelope::default(),
        open: None,
        documents: Vec::new(),
        stray: None,
        ordinal: 0,
        references: HashSet::new(),
        parsed: Parsed::default(),
    };
    for at in 0..all.len() {
        interchange.segment(at);
    }
    interchange.finish()
}

/// Two-byte text with a byte order mark as UTF-8; the syntax knows one-byte separators alone.
fn eight_bits(bytes: &[u8]) -> Cow<'_, [u8]> {
    match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, _)) if encoding != encoding_rs::UTF_8 => {
            Cow::Owned(encoding.decode(bytes).0.into_owned().into_bytes())
        }
        _ => Cow::Borrowed(bytes),
    }
}

struct Interchange<'a> {
    all: &'a Segments<'a>,
    context: &'a Context<'a>,
    envelope: Envelope,
    /// Where the message began that is not yet complete.
    open: Option<usize>,
    /// Where its documents begin (BGM).
    documents: Vec<usize>,
    /// Where segments began that belong to no message.
    stray: Option<usize>,
    /// Messages so far.
    ordinal: usize,
    /// References (UNH) of the interchange's messages so far.
    references: HashSet<String>,
    parsed: Parsed,
}

impl Interchange<'_> {
    fn segment(&mut self, at: usize) {
        let Some(segment) = self.all.get(at) else { return };
        match segment.code() {
            b"UNB" => {
                self.close(at);
                self.envelope = read_envelope(&segment, self.context);
                self.references.clear();
            }
            b"UNH" => {
                self.close(at);
                self.open = Some(at);
                self.documents.clear();
                self.ordinal += 1;
            }
            b"UNT" if segment.is_complete() && self.open.is_some() => {
                if let Some(from) = self.open.take() {
                    self.message(from..at + 1);
                }
            }
            b"UNZ" => {
                self.close(at);
                self.envelope = Envelope::default();
            }
            b"BGM" if self.open.is_some() => self.documents.push(at),
            b"UNG" | b"UNE" if self.open.is_none() => self.close(at),
            _ if self.open.is_none() => _ = self.stray.get_or_insert(at),
            _ => {}
        }
    }

    /// Rejects what was begun and never ended: half of it may be missing, so none of it is used.
    fn close(&mut self, until: usize) {
        if let Some(from) = self.open.take() {
            let n = until - from;
            let sentence =
                format!("message {} has no end (UNT) after {n} segments; it was cut off", self.ordinal);
            self.reject(DeadLetterCode::MalformedMessage, sentence, Some(from), until - 1, from..until);
        }
        if let Some(from) = self.stray.take() {
            // Text behind the last segment is noise, as long as it does not look like one.
            let noise = |s: Segment<'_>| !is_tag(s.tag());
            if self.all.range(from..until).all(noise) && self.ordinal > 0 {
                return;
            }
            let sentence =
                "there are segments without a message (UNH) around them; its beginning was cut off";
            self.reject(DeadLetterCode::MalformedMessage, sentence.to_owned(), None, from, from..until);
        }
    }

    fn finish(mut self) -> Parsed {
        self.close(self.all.len());
        if self.all.len() >= MAX_SEGMENTS {
            let sentence =
                format!("the interchange has more than {MAX_SEGMENTS} segments; what follows was not read");
            let last = self.all.len() - 1;
            self.reject(DeadLetterCode::TooManyItems, sentence, None, last, 0..self.all.len());
        }
        if self.ordinal == 0 && self.parsed.rejects.is_empty() {
            let sentence =
                "there is no message (UNH) in the interchange; it may have been cut off on the way";
            self.reject(DeadLetterCode::MalformedMessage, sentence.to_owned(), None, 0, 0..self.all.len());
        }
        self.parsed
    }

    fn message(&mut self, body: Range<usize>) {
        let kind = self.all.get(body.start).map_or("", |unh| unh.get(2, 0));
        if !layout::is_read(kind) {
            let kind: String = kind.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
            let kind = if kind.is_empty() { "(none stated)" } else { &kind };
            let sentence = format!(
                "messages of type {kind} are not read; CODECO, COARRI, COPRAR, COREOR, COPINO, COPARN, COSTCO, COSTOR, \
                 BAPLIE, IFTSTA, CUSCAR, CUSRES and VERMAS are"
            );
            return self.reject(
                DeadLetterCode::UnsupportedMessage,
                sentence,
                Some(body.start),
                body.start,
                body,
            );
        }
        let mut notes = self.oddities(&body);
        // Some put a second document under the same UNH: each begins with its BGM.
        let mut begins: Vec<usize> = self.documents.drain(..).skip(1).collect();
        if !begins.is_empty() && !notes.contains(&note::COUNT_MISMATCH) {
            notes.push(note::COUNT_MISMATCH);
        }
        begins.push(body.end);
        let mut from = body.start;
        for until in begins {
            let reader = message::Reader {
                all: self.all,
                notes: notes.clone(),
                unh: body.start,
                body: from..until,
                envelope: &self.envelope,
                ordinal: self.ordinal,
                context: self.context,
            };
            reader.read(&mut self.parsed);
            from = until;
        }
    }

    /// What is odd about a message as a whole.
    fn oddities(&mut self, body: &Range<usize>) -> Vec<&'static str> {
        let mut notes = Vec::new();
        if !self.envelope.present {
            notes.push(note::ENVELOPE_MISSING);
        }
        // UNT counts itself and UNH, and repeats the reference of UNH.
        let (unh, unt) = (self.all.get(body.start), self.all.get(body.end.saturating_sub(1)));
        let stated = unt.and_then(|s| s.get(1, 0).parse::<usize>().ok());
        let reference =
            |s: Option<Segment<'_>>, at: usize| s.map(|s| s.get(at, 0).to_owned()).unwrap_or_default();
        if self.envelope.present && !self.references.insert(reference(unh, 1)) {
            notes.push(note::REFERENCE_REPEATED);
        }
        if stated.is_some_and(|count| count != body.len()) || reference(unh, 1) != reference(unt, 2) {
            notes.push(note::COUNT_MISMATCH);
        }
        if self.all.range(body.clone()).any(|s| s.is_foreign()) {
            notes.push(note::CHARSET_ASSUMED);
        }
        notes
    }

    /// Sets a part aside for the segment at `at`, which is of the message that begins at `unh` or of none.
    fn reject(
        &mut self,
        code: DeadLetterCode,
        sentence: String,
        unh: Option<usize>,
        at: usize,
        part: Range<usize>,
    ) {
        let message = unh.map(|unh| (self.ordinal, unh));
        self.parsed.rejects.push(Reject {
            code,
            sentence: sentence + &quoted(self.all, at),
            position: Some(position(self.all, message, at)),
            bytes: self.all.bytes_of(part).to_vec(),
        });
    }
}

/// Where a segment is: for people, who count from 1, and for editors, which go to a byte. `message` is the ordinal and the
/// first segment of its message.
fn position(all: &Segments<'_>, message: Option<(usize, usize)>, at: usize) -> String {
    let (tag, byte) = all.get(at).map_or(("", 0), |s| (s.tag(), s.start()));
    let tag: String = tag.chars().filter(char::is_ascii_alphanumeric).take(3).collect();
    match message {
        Some((ordinal, unh)) => format!("message {ordinal}, segment {} ({tag}), byte {byte}", at + 1 - unh),
        None => format!("segment {} ({tag}), byte {byte}", at + 1),
    }
}

/// The text of a segment, to end a sentence with. Those that name people, firms or secrets show their tag alone.
fn quoted(all: &Segments<'_>, at: usize) -> String {
    let Some(segment) = all.get(at) else { return String::new() };
    match segment.tag() {
        "UNH" | "UNT" | "BGM" | "EQD" | "CNI" | "STS" | "DTM" | "LOC" | "MEA" | "DIM" | "GIS" | "TMP"
        | "CNT" | "GID" | "SGP" | "DOC" | "DGS" | "PIA" | "DAM" | "HAN" | "TSR" | "EQN" => {
            format!(": {}", segment.text(MAX_QUOTED))
        }
        tag if is_tag(tag) => format!(": {tag}+…"),
        _ => String::new(),
    }
}

/// Whether a text has the form of a segment's tag.
fn is_tag(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn read_envelope(segment: &Segment<'_>, context: &Context<'_>) -> Envelope {
    let zone = context.settings.time_zone.as_deref();
    Envelope {
        sender: segment.some(2, 0).map(Arc::from),
        reference: segment.get(5, 0).to_owned(),
        prepared: times::prepared(segment.get(4, 0), segment.get(4, 1), zone),
        present: true,
    }
}
