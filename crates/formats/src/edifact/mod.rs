//! UN/EDIFACT interchanges: messages are found, checked for completeness, and read one by one. A message that is cut off
//! or of a type that is not read is a reject; the others stand.

mod codes;
mod line;
mod message;
mod times;
mod tokens;

use quaywatch_domain::event::note;
use quaywatch_domain::{DeadLetterCode, Timestamp};

use crate::{Context, Parsed, Reject};
use tokens::{MAX_SEGMENTS, Segment, segments};

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
    let all = segments(bytes);
    let mut parsed = Parsed::default();
    let mut envelope = Envelope::default();
    let mut open: Option<usize> = None;
    let mut ordinal = 0;
    for (at, segment) in all.iter().enumerate() {
        match segment.tag() {
            "UNB" => {
                cut_off(&mut parsed, &all, open.take(), at, ordinal, bytes);
                envelope = read_envelope(segment, context);
            }
            "UNH" => {
                cut_off(&mut parsed, &all, open.replace(at), at, ordinal, bytes);
                ordinal += 1;
            }
            "UNT" if segment.complete => {
                if let Some(from) = open.take() {
                    let body = all.get(from..=at).unwrap_or_default();
                    one(&mut parsed, body, &envelope, ordinal, bytes, context);
                }
            }
            _ => {}
        }
    }
    cut_off(&mut parsed, &all, open, all.len(), ordinal, bytes);
    if all.len() >= MAX_SEGMENTS {
        let sentence =
            format!("the interchange has more than {MAX_SEGMENTS} segments; what follows was not read");
        parsed.rejects.push(reject(DeadLetterCode::TooManyItems, sentence, None, bytes));
    }
    if ordinal == 0 {
        let sentence = "there is no message (UNH) in the interchange; it may have been cut off on the way";
        parsed.rejects.push(reject(DeadLetterCode::MalformedMessage, sentence.to_owned(), None, bytes));
    }
    parsed
}

fn reject(code: DeadLetterCode, sentence: String, position: Option<String>, bytes: &[u8]) -> Reject {
    Reject { code, sentence, position, bytes: bytes.to_vec() }
}

fn read_envelope(segment: &Segment, context: &Context<'_>) -> Envelope {
    let zone = context.settings.time_zone.as_deref();
    Envelope {
        sender: segment.some(2, 0).map(str::to_owned),
        reference: segment.get(5, 0).to_owned(),
        prepared: times::prepared(segment.get(4, 0), segment.get(4, 1), zone),
        present: true,
    }
}

/// Rejects a message that began and never ended: half of it may be missing, so none of it is used.
fn cut_off(
    parsed: &mut Parsed,
    all: &[Segment],
    open: Option<usize>,
    until: usize,
    ordinal: usize,
    bytes: &[u8],
) {
    let Some(from) = open else { return };
    let part = all.get(from..until).unwrap_or_default();
    let sentence =
        format!("message {ordinal} has no end (UNT) after {} segments; it was cut off", part.len());
    let position = Some(format!("message {ordinal}"));
    parsed.rejects.push(reject(DeadLetterCode::MalformedMessage, sentence, position, bytes_of(part, bytes)));
}

fn bytes_of<'a>(part: &[Segment], bytes: &'a [u8]) -> &'a [u8] {
    let (start, end) = (part.first().map_or(0, |s| s.start), part.last().map_or(0, |s| s.end));
    bytes.get(start..end).unwrap_or_default()
}

fn one(
    parsed: &mut Parsed,
    body: &[Segment],
    envelope: &Envelope,
    ordinal: usize,
    bytes: &[u8],
    context: &Context<'_>,
) {
    let Some(head) = body.first() else { return };
    let kind = head.get(2, 0);
    if !matches!(kind, "CODECO" | "COARRI") {
        let kind: String = kind.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
        let sentence = format!("messages of type {kind} are not read yet; CODECO and COARRI are");
        let position = Some(format!("message {ordinal}"));
        parsed.rejects.push(reject(
            DeadLetterCode::UnsupportedMessage,
            sentence,
            position,
            bytes_of(body, bytes),
        ));
        return;
    }
    let mut notes = Vec::new();
    if !envelope.present {
        notes.push(note::ENVELOPE_MISSING);
    }
    // UNT counts itself and UNH.
    if body.last().and_then(|s| s.get(1, 0).parse::<usize>().ok()).is_some_and(|count| count != body.len()) {
        notes.push(note::COUNT_MISMATCH);
    }
    if body.iter().any(|s| s.charset_assumed) {
        notes.push(note::CHARSET_ASSUMED);
    }
    let reader = message::Reader { envelope, ordinal, notes, context, bytes };
    reader.read(body, parsed);
}
