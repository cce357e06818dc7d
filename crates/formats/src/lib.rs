//! Messages as ports send them, and the canonical events that they become.
//!
//! Pure. [`parse`] never fails as a whole and never panics: what cannot be read becomes a [`Reject`] with its bytes, a
//! code and a sentence, and the rest stands. What is merely odd becomes a note on the event. Release secrets, plates,
//! badges, users and contacts leave as keyed pseudonyms; no plain value is in an event or a sentence.
//!
//! | question | file |
//! | --- | --- |
//! | how is a DCSA event read? | `dcsa/` |
//! | how is an EDIFACT message read? | `edifact/` |
//! | how is a JSON line read? | `jsonl.rs` |
//! | how are CSV and foreign JSON read? | `mapping/` |
//! | which codes are one party? | `parties.rs` |
//! | which character set is JSON in? | `charset.rs` |
//! | which identifiers are wrong? | `checks.rs` |
//! | how are documents replaced and cancelled? | `document.rs` |
//! | what may a feed set? | `feeds.rs` |
//! | what is a time without zone? | `local_time.rs` |

mod charset;
mod checks;
mod dcsa;
pub mod document;
mod draft;
mod edifact;
mod feeds;
mod finish;
mod jsonl;
mod local_time;
mod mapping;
mod parties;

use std::borrow::Cow;

use quaywatch_domain::event::Source;
use quaywatch_domain::{DeadLetterCode, PortEvent, PseudonymKey, Timestamp};

pub use dcsa::{FeedbackElement, Severity, feedback};
pub use document::{Document, Function};
pub use edifact::{Segment, Segments};
pub use feeds::{DEFAULT_FEED, Error, FeedSettings, Feeds, Format, Pause};
pub use mapping::{Mapping, Survey};
pub use parties::{Parties, PartiesError};

/// Largest message, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// Most events or lines in a message.
pub const MAX_ITEMS: usize = 20_000;
/// Most rejects of one message; one more says how many were left out.
pub const MAX_REJECTS: usize = 100;

/// What is known about a message beside its bytes.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// Feed id.
    pub feed: &'a str,
    /// Settings of the feed.
    pub settings: &'a FeedSettings,
    /// Key for secrets and people.
    pub key: &'a PseudonymKey,
    /// The party registry.
    pub parties: &'a Parties,
    /// When we stored it; none for files without receipt times.
    pub received_at: Option<Timestamp>,
    /// Media type as declared by the sender.
    pub content_type: Option<&'a str>,
    /// Topic, partition, offset and digest; the parser fills in the rest.
    pub source: Source,
}

/// A part of a message that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Why, as a code.
    pub code: DeadLetterCode,
    /// Why, for a person, without secrets or identifiers of people.
    pub sentence: String,
    /// Where in the message: `line 3`, a JSON Pointer, `message 2, segment 7`.
    pub position: Option<String>,
    /// The bytes of the part.
    pub bytes: Vec<u8>,
}

/// What a message came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    /// Documents with their events.
    pub documents: Vec<Document>,
    /// Parts that cannot be used.
    pub rejects: Vec<Reject>,
}

impl Parsed {
    fn rejected(code: DeadLetterCode, sentence: impl Into<String>, bytes: &[u8]) -> Self {
        let reject = Reject { code, sentence: sentence.into(), position: None, bytes: bytes.to_vec() };
        Self { documents: Vec::new(), rejects: vec![reject] }
    }

    /// Adds events that stand alone.
    fn push_events(&mut self, events: Vec<PortEvent>) {
        if events.is_empty() {
            return;
        }
        match self.documents.iter_mut().find(|d| d.id.is_none()) {
            Some(document) => document.events.extend(events),
            None => self.documents.push(Document::standalone(events)),
        }
    }

    fn limit_rejects(&mut self) {
        let more = self.rejects.len().saturating_sub(MAX_REJECTS);
        if more > 0 {
            self.rejects.truncate(MAX_REJECTS);
            self.rejects.push(Reject {
                code: DeadLetterCode::TooManyItems,
                sentence: format!(
                    "{more} more parts of the message cannot be used; correct the first {MAX_REJECTS}"
                ),
                position: None,
                bytes: Vec::new(),
            });
        }
    }
}

/// Parses one message.
#[must_use]
pub fn parse(bytes: &[u8], context: &Context<'_>) -> Parsed {
    if bytes.len() > MAX_MESSAGE_BYTES {
        let size = bytes.len();
        let sentence = format!(
            "the message has {size} bytes and the limit is {MAX_MESSAGE_BYTES}; send it in smaller parts"
        );
        return Parsed::rejected(DeadLetterCode::MessageTooLarge, sentence, bytes);
    }
    if bytes.trim_ascii().is_empty() {
        return Parsed::rejected(DeadLetterCode::EmptyValue, "the message is empty", bytes);
    }
    let mut parsed = match sniff(bytes, context) {
        Some(Format::Dcsa) => dcsa::parse(bytes, context),
        Some(Format::Edifact) => edifact::parse(bytes, context),
        Some(Format::Jsonl) => jsonl::parse(bytes, context),
        Some(Format::Csv) => mapping::parse_csv(bytes, context),
        Some(Format::Json) => mapping::parse_json(bytes, context),
        Some(Format::Auto) | None => {
            Parsed::rejected(DeadLetterCode::UnknownFormat, unknown_format(bytes), bytes)
        }
    };
    parsed.limit_rejects();
    parsed
}

fn unknown_format(bytes: &[u8]) -> String {
    let why = "the content is neither DCSA JSON, EDIFACT, JSON lines nor CSV with known headers";
    match mapping::fitting_profile(bytes) {
        Some(profile) => {
            format!("{why}; it looks like CSV that `profile = \"{profile}\"` reads: set it for the feed")
        }
        None => {
            format!("{why}; check what the sender sent, or give the feed a `format`, `profile` or `mapping`")
        }
    }
}

/// Tells the format by the content, unless the feed says it.
fn sniff(bytes: &[u8], context: &Context<'_>) -> Option<Format> {
    if context.settings.format != Format::Auto {
        return Some(context.settings.format);
    }
    // Two-byte text with a mark: exports of office programs.
    let text = charset::narrow(bytes);
    let wide = matches!(text, Cow::Owned(_));
    let start = text.trim_ascii_start();
    if [b"UNA".as_slice(), b"UNB", b"UNH"].iter().any(|tag| start.starts_with(tag)) {
        return Some(Format::Edifact);
    }
    let mapping = &context.settings.mapping;
    match start.first()? {
        b'[' | b'{' if dcsa::is_likely(start) => Some(Format::Dcsa),
        b'[' | b'{' if mapping.reads_json() => Some(Format::Json),
        b'[' => Some(Format::Dcsa),
        b'{' => Some(Format::Jsonl),
        _ if !mapping.is_empty() || mapping::has_known_header(start) => Some(Format::Csv),
        _ if wide || context.content_type.is_some_and(|t| t.starts_with("text/csv")) => Some(Format::Csv),
        _ => None,
    }
}
