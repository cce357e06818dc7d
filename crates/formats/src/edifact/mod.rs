//! UN/EDIFACT interchanges: messages are found, checked for completeness, and read one by one. A message that is cut off
//! or of a type that is not read is a reject; the others stand.
//!
//! | question | file |
//! | --- | --- |
//! | what separates what? | `tokens.rs` |
//! | where do the groups of a message begin? | `layout.rs` |
//! | what does a segment say? | `said.rs` |
//! | what does a code mean? | `codes.rs` |
//! | what does a document report, and when did it happen? | `message.rs`, `lines.rs` |
//! | manifests, statuses? | `bills.rs`, `statuses.rs` |

mod bills;
mod codes;
mod layout;
mod lines;
mod message;
mod said;
mod statuses;
mod times;
mod tokens;

pub(crate) use codes::role;
pub use tokens::{Segment, Segments};

use std::borrow::Cow;
use std::ops::Range;

use quaywatch_domain::event::note;
use quaywatch_domain::{DeadLetterCode, Timestamp};

use crate::{Context, Parsed, Reject};
use tokens::MAX_SEGMENTS;

/// What the interchange header says.
#[derive(Debug, Clone, Default)]
struct Envelope {
    /// Sender (S002).
    sender: Option<String>,
    /// Control reference.
    reference: String,
    /// Preparation time, with the notes that reading it made.
    prepared: Option<(Timestamp, Vec<&'static str>)>,
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
        stray: None,
        ordinal: 0,
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
    /// Where segments began that belong to no message.
    stray: Option<usize>,
    /// Messages so far.
    ordinal: usize,
    parsed: Parsed,
}

impl Interchange<'_> {
    fn segment(&mut self, at: usize) {
        let Some(segment) = self.all.get(at) else { return };
        match segment.tag() {
            "UNB" => {
                self.close(at);
                self.envelope = read_envelope(&segment, self.context);
            }
            "UNH" => {
                self.close(at);
                self.open = Some(at);
                self.ordinal += 1;
            }
            "UNT" if segment.is_complete() && self.open.is_some() => {
                if let Some(from) = self.open.take() {
                    self.message(from..at + 1);
                }
            }
            "UNZ" if self.open.is_none() => {
                self.close(at);
                self.envelope = Envelope::default();
            }
            "UNG" | "UNE" if self.open.is_none() => self.close(at),
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
            self.reject(DeadLetterCode::MalformedMessage, sentence, from..until);
        }
        if let Some(from) = self.stray.take() {
            // Text behind the last segment is noise, as long as it does not look like one.
            let noise = |s: Segment<'_>| !is_tag(s.tag());
            if self.all.range(from..until).all(noise) && self.ordinal > 0 {
                return;
            }
            let sentence =
                "there are segments without a message (UNH) around them; its beginning was cut off";
            self.reject(DeadLetterCode::MalformedMessage, sentence.to_owned(), from..until);
        }
    }

    fn finish(mut self) -> Parsed {
        self.close(self.all.len());
        if self.all.len() >= MAX_SEGMENTS {
            let sentence =
                format!("the interchange has more than {MAX_SEGMENTS} segments; what follows was not read");
            self.reject(DeadLetterCode::TooManyItems, sentence, 0..self.all.len());
        }
        if self.ordinal == 0 && self.parsed.rejects.is_empty() {
            let sentence =
                "there is no message (UNH) in the interchange; it may have been cut off on the way";
            self.reject(DeadLetterCode::MalformedMessage, sentence.to_owned(), 0..self.all.len());
        }
        self.parsed
    }

    fn message(&mut self, body: Range<usize>) {
        let kind = self.all.get(body.start).map_or("", |unh| unh.get(2, 0));
        if !layout::is_read(kind) {
            let kind: String = kind.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
            let sentence = format!(
                "messages of type {kind} are not read; CODECO, COARRI, COPRAR, COREOR, COPINO, COPARN, COSTCO, COSTOR, \
                 BAPLIE, IFTSTA, CUSCAR, CUSRES and VERMAS are"
            );
            return self.reject(DeadLetterCode::UnsupportedMessage, sentence, body);
        }
        let reader = message::Reader {
            all: self.all,
            notes: self.oddities(&body),
            body,
            envelope: &self.envelope,
            ordinal: self.ordinal,
            context: self.context,
        };
        reader.read(&mut self.parsed);
    }

    /// What is odd about a message as a whole.
    fn oddities(&self, body: &Range<usize>) -> Vec<&'static str> {
        let mut notes = Vec::new();
        if !self.envelope.present {
            notes.push(note::ENVELOPE_MISSING);
        }
        // UNT counts itself and UNH, and repeats the reference of UNH.
        let (unh, unt) = (self.all.get(body.start), self.all.get(body.end.saturating_sub(1)));
        let stated = unt.and_then(|s| s.get(1, 0).parse::<usize>().ok());
        let reference =
            |s: Option<Segment<'_>>, at: usize| s.map(|s| s.get(at, 0).to_owned()).unwrap_or_default();
        if stated.is_some_and(|count| count != body.len()) || reference(unh, 1) != reference(unt, 2) {
            notes.push(note::COUNT_MISMATCH);
        }
        if self.all.range(body.clone()).any(|s| s.is_foreign()) {
            notes.push(note::CHARSET_ASSUMED);
        }
        notes
    }

    fn reject(&mut self, code: DeadLetterCode, sentence: String, part: Range<usize>) {
        let byte = self.all.get(part.start).map_or(0, |s| s.start());
        let position = match self.ordinal {
            0 => format!("segment {}, byte {byte}", part.start + 1),
            n => format!("message {n}, byte {byte}"),
        };
        let bytes = self.all.bytes_of(part).to_vec();
        self.parsed.rejects.push(Reject { code, sentence, position: Some(position), bytes });
    }
}

/// Whether a text has the form of a segment's tag.
fn is_tag(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn read_envelope(segment: &Segment<'_>, context: &Context<'_>) -> Envelope {
    let zone = context.settings.time_zone.as_deref();
    Envelope {
        sender: segment.some(2, 0).map(str::to_owned),
        reference: segment.get(5, 0).to_owned(),
        prepared: times::prepared(segment.get(4, 0), segment.get(4, 1), zone),
        present: true,
    }
}
