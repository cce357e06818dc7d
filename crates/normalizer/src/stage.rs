use std::sync::Arc;

use quaywatch_codec::Codec;
use quaywatch_domain::event::{SourceMessage, Stored};
use quaywatch_domain::{DeadLetterCode, FeedStatus, PortEvent, PseudonymKey, RawMessage};
use quaywatch_formats::document::{self, Verdict};
use quaywatch_formats::{Context, Document, FeedSettings, Feeds, Parties, Reject};
use quaywatch_kafka::{Outcome, Outputs, Record, Stage, States, Sweep, TableChange};
use quaywatch_service::stage::{decode, refused};

use crate::health::{Figures, Health, label};
use crate::state::DocumentRecord;

/// Topic of messages as they came.
pub const RAW: &str = "port.raw";
/// Topic of what is said of feeds.
pub const FEEDS: &str = "port.feeds";
/// Topic of canonical events.
pub const EVENTS: &str = "port.events";
/// Topic of the outages of systems as a whole, which concern every container.
pub const OUTAGES: &str = "port.outages";

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
    /// Where feeds are counted.
    pub figures: Option<Figures>,
}

/// The pure step from one raw message to its events.
pub struct Normalizer {
    setup: Setup,
    health: Health,
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
    pub fn new(setup: Setup) -> Self {
        Self { setup, health: Health::default() }
    }

    fn publish(
        &self,
        label: &str,
        events: &[PortEvent],
        out: &mut Outputs,
    ) -> Result<(), quaywatch_codec::Error> {
        for event in events {
            if let Some(figures) = &self.setup.figures {
                figures.event(label, event);
            }
            if event.is_system_outage() {
                out.send(OUTAGES, event.event_id.as_str(), self.setup.codec.encode(OUTAGES, event)?);
            }
            let value = self.setup.codec.encode(EVENTS, event)?;
            out.send(EVENTS, event.partition_key(), value);
        }
        Ok(())
    }

    fn document(
        &self,
        (feed, label): (&str, &str),
        doc: Document,
        states: &mut States<'_, DocumentRecord>,
        out: &mut Outputs,
        tally: &mut Tally,
    ) -> Result<(), quaywatch_codec::Error> {
        let Some(id) = doc.id.clone() else {
            tally.produced |= !doc.events.is_empty();
            return self.publish(label, &doc.events, out);
        };
        let key = format!("{feed}/{id}").into_bytes();
        let applied = document::apply(states.get(&key).map(|record| &record.0), doc);
        self.publish(label, &applied.emit, out)?;
        if let (Some(figures), Some(before)) = (&self.setup.figures, states.get(&key)) {
            let known =
                |event: &&PortEvent| before.0.lines.iter().any(|line| line.event_id == event.event_id);
            let standing = applied.emit.iter().filter(|event| !event.retracted);
            standing.filter(known).for_each(|_| figures.overridden(label));
        }
        match applied.verdict {
            Verdict::New => tally.produced = true,
            Verdict::Duplicate => tally.duplicate = true,
            Verdict::Superseded => tally.superseded = true,
        }
        states.put(&key, DocumentRecord(applied.state));
        Ok(())
    }
}

impl Normalizer {
    /// Reads a message and publishes its events.
    fn read(
        &self,
        label: &str,
        raw: &RawMessage,
        settings: &FeedSettings,
        record: &Record<'_>,
        states: &mut States<'_, DocumentRecord>,
        out: &mut Outputs,
    ) -> Outcome {
        let context = Context {
            feed: &raw.feed,
            settings,
            key: &self.setup.key,
            parties: &(self.setup.parties)(),
            received_at: Some(raw.received_at),
            content_type: raw.content_type.as_deref(),
            source: SourceMessage {
                feed: raw.feed.as_str().into(),
                stored: Arc::new(Stored {
                    topic: record.topic.into(),
                    partition: record.partition,
                    offset: record.offset,
                    sha256: raw.sha256,
                }),
                ..SourceMessage::default()
            }
            .into(),
        };
        let parsed = quaywatch_formats::parse(&raw.body, &context);
        if parsed.documents.is_empty() {
            return nothing_understood(&parsed.rejects);
        }
        let mut tally = Tally::default();
        for doc in parsed.documents {
            if let Err(error) = self.document((&raw.feed, label), doc, states, out, &mut tally) {
                return refused(&error);
            }
        }
        // The rest of the message stands: what could not be read of it is set aside beside it.
        for reject in parsed.rejects {
            if let Some(figures) = &self.setup.figures {
                figures.letter(label, reject.code.as_str());
            }
            out.dead_letter(reject.code.as_str(), sentence(&reject), reject.position, Some(reject.bytes));
        }
        tally.outcome()
    }

    /// Sets a message of a paused feed aside unread, and says so once to everybody.
    fn set_aside(&mut self, label: &str, raw: &RawMessage, sentence: String, out: &mut Outputs) -> Outcome {
        let code = DeadLetterCode::FeedPaused.as_str();
        if let Some(figures) = &self.setup.figures {
            figures.letter(label, code);
        }
        let Some(status) = self.health.announce(&raw.feed) else {
            return Outcome::dead_letter(code, sentence);
        };
        match self.setup.codec.encode(FEEDS, &status) {
            Ok(value) => {
                tracing::warn!(feed = label, reason = status.reason, "the feed is paused");
                out.send(FEEDS, raw.feed.as_str(), value);
                out.dead_letter(code, sentence, None, None);
                Outcome::Produced
            }
            Err(error) => refused(&error),
        }
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
        let label = label(&feeds, &raw.feed);
        self.health.came(label, &raw, self.setup.figures.as_ref());
        if let Some(reason) = self.health.paused(&raw.feed) {
            let sentence =
                format!("feed '{}' is paused: {reason}; mend it, then `quaywatch feeds resume`", raw.feed);
            return self.set_aside(label, &raw, sentence, out);
        }
        let unknown = FeedSettings::default();
        let settings = feeds.get(&raw.feed).unwrap_or(&unknown);
        let outcome = self.read(label, &raw, settings, record, states, out);
        self.health.ended(label, &raw, &outcome, settings.pause, self.setup.figures.as_ref());
        outcome
    }

    fn table(&mut self, _table: &str, changes: &[TableChange], _complete: bool) -> Sweep {
        for change in changes {
            let feed = String::from_utf8_lossy(&change.key).into_owned();
            match change.value.as_deref().map(|value| self.setup.codec.decode::<FeedStatus>(value)) {
                Some(Ok(status)) => self.health.said(&feed, Some(status)),
                Some(Err(error)) => tracing::error!(%error, "the status of a feed cannot be read"),
                None => self.health.said(&feed, None),
            }
        }
        Sweep::No
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
        [only] => Outcome::dead_letter(only.code.as_str(), sentence(only)).at(only.position.clone()),
        [first, rest @ ..] => {
            let sentence = format!("{} (and {} more)", sentence(first), rest.len());
            Outcome::dead_letter(first.code.as_str(), sentence).at(first.position.clone())
        }
    }
}

fn sentence(reject: &Reject) -> String {
    match &reject.position {
        Some(position) => format!("{position}: {}", reject.sentence),
        None => reject.sentence.clone(),
    }
}
