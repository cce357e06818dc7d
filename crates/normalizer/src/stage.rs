use std::sync::Arc;

use quaywatch_codec::Codec;
use quaywatch_domain::event::Source;
use quaywatch_domain::{PortEvent, PseudonymKey, RawMessage};
use quaywatch_formats::document::{self, Verdict};
use quaywatch_formats::{Context, Document, FeedSettings, Feeds, Parties, Reject};
use quaywatch_kafka::{Outcome, Outputs, Record, Stage, States};
use quaywatch_service::stage::{decode, refused};

use crate::state::DocumentRecord;

/// Topic of messages as they came.
pub const RAW: &str = "port.raw";
/// Topic of canonical events.
pub const EVENTS: &str = "port.events";

/// What the normalizer needs to know; shared by all its slots.
#[derive(Clone)]
pub struct Setup {
    /// Encodes and decodes records.
    pub codec: Codec,
    /// The feeds in force; asked again for each message.
    pub feeds: Arc<dyn Fn() -> Arc<Feeds> + Send + Sync>,
    /// The party registry in force.
    pub parties: Arc<dyn Fn() -> Arc<Parties> + Send + Sync>,
    /// Key for secrets and people.
    pub key: PseudonymKey,
}

/// The pure step from one raw message to its events.
pub struct Normalizer {
    setup: Setup,
}

/// What the documents of one message came to; the best one is the outcome of the message.
#[derive(Default)]
struct Tally {
    produced: bool,
    superseded: bool,
    duplicate: bool,
}

impl Normalizer {
    /// A stage with this set-up.
    #[must_use]
    pub const fn new(setup: Setup) -> Self {
        Self { setup }
    }

    fn publish(&self, events: &[PortEvent], out: &mut Outputs) -> Result<(), quaywatch_codec::Error> {
        for event in events {
            let value = self.setup.codec.encode(EVENTS, event)?;
            out.send(EVENTS, event.partition_key(), value);
        }
        Ok(())
    }

    fn document(
        &self,
        feed: &str,
        doc: Document,
        states: &mut States<'_, DocumentRecord>,
        out: &mut Outputs,
        tally: &mut Tally,
    ) -> Result<(), quaywatch_codec::Error> {
        let Some(id) = doc.id.clone() else {
            tally.produced |= !doc.events.is_empty();
            return self.publish(&doc.events, out);
        };
        let key = format!("{feed}/{id}").into_bytes();
        let applied = document::apply(states.get(&key).map(|record| &record.0), doc);
        self.publish(&applied.emit, out)?;
        match applied.verdict {
            Verdict::New => tally.produced = true,
            Verdict::Duplicate => tally.duplicate = true,
            Verdict::Superseded => tally.superseded = true,
        }
        states.put(&key, DocumentRecord(applied.state));
        Ok(())
    }
}

impl Stage for Normalizer {
    type State = DocumentRecord;

    fn handle(
        &mut self,
        record: &Record<'_>,
        states: &mut States<'_, DocumentRecord>,
        out: &mut Outputs,
    ) -> Outcome {
        let raw: RawMessage = match decode(&self.setup.codec, record) {
            Ok(raw) => raw,
            Err(outcome) => return outcome,
        };
        let feeds = (self.setup.feeds)();
        let unknown = FeedSettings::default();
        let settings = feeds.get(&raw.feed).unwrap_or(&unknown);
        let context = Context {
            feed: &raw.feed,
            settings,
            key: &self.setup.key,
            parties: &(self.setup.parties)(),
            received_at: Some(raw.received_at),
            content_type: raw.content_type.as_deref(),
            source: Source {
                topic: record.topic.to_owned(),
                partition: record.partition,
                offset: record.offset,
                sha256: raw.sha256,
                ..Source::default()
            },
        };
        let parsed = quaywatch_formats::parse(&raw.body, &context);
        if parsed.documents.is_empty() {
            return nothing_understood(&parsed.rejects);
        }
        let mut tally = Tally::default();
        for doc in parsed.documents {
            if let Err(error) = self.document(&raw.feed, doc, states, out, &mut tally) {
                return refused(&error);
            }
        }
        // The rest of the message stands: what could not be read of it is set aside beside it.
        for reject in parsed.rejects {
            out.dead_letter(reject.code.as_str(), sentence(&reject), Some(reject.bytes));
        }
        tally.outcome()
    }

    fn due(&mut self, key: &[u8], _now_ms: i64, states: &mut States<'_, DocumentRecord>, _out: &mut Outputs) {
        states.remove(key);
    }
}

impl Tally {
    fn outcome(&self) -> Outcome {
        if self.produced {
            Outcome::Produced
        } else if self.superseded {
            Outcome::Superseded
        } else if self.duplicate {
            Outcome::Duplicate
        } else {
            Outcome::OutOfScope
        }
    }
}

fn nothing_understood(rejects: &[Reject]) -> Outcome {
    match rejects {
        [] => Outcome::OutOfScope,
        [only] => Outcome::dead_letter(only.code.as_str(), sentence(only)),
        [first, rest @ ..] => {
            let more = rest.len();
            Outcome::dead_letter(first.code.as_str(), format!("{} (and {more} more)", sentence(first)))
        }
    }
}

fn sentence(reject: &Reject) -> String {
    match &reject.position {
        Some(position) => format!("{position}: {}", reject.sentence),
        None => reject.sentence.clone(),
    }
}
