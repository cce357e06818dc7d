//! How each feed does: figures for the operator, and when a feed is paused.
//!
//! Kept in memory by each slot: a feed has one partition of `port.raw`, so one slot sees all of it. After a restart the
//! counting begins anew. A message whose transaction was aborted is counted again when it comes again.
//!
//! | alert on | expression |
//! | --- | --- |
//! | silence | `time() - quaywatch_feed_last_message_seconds > 3 * quaywatch_feed_usual_gap_seconds` |
//! | rubbish | `rate(quaywatch_feed_dead_letters_total[15m]) > 0`, `quaywatch_feed_paused == 1` |
//! | late messages | the 0.9 quantile of `quaywatch_feed_delay_seconds` |

use std::collections::{HashMap, VecDeque};

use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry};
use quaywatch_domain::{FeedState, FeedStatus, PortEvent, RawMessage, Timestamp};
use quaywatch_formats::{DEFAULT_FEED, Feeds, Pause};
use quaywatch_kafka::Outcome;

/// Label of feeds that `feeds.toml` does not know: what a stranger writes never becomes a label.
const UNKNOWN: &str = "unknown";
/// Gaps between messages that are remembered.
const GAPS: usize = 100;
/// When a feed is paused unless it says otherwise.
const USUAL_PAUSE: Pause = Pause { messages: 200, rejected_percent: 95 };
/// Seconds: a minute, an hour, a day, a week.
const DELAYS: [f64; 10] = [1.0, 10.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 43_200.0, 86_400.0, 604_800.0];

/// The figures of all feeds. Clones share them.
#[derive(Debug, Clone)]
pub struct Figures {
    messages: IntCounterVec,
    events: IntCounterVec,
    corrections: IntCounterVec,
    notes: IntCounterVec,
    letters: IntCounterVec,
    delay: HistogramVec,
    last: GaugeVec,
    gap: GaugeVec,
    paused: IntGaugeVec,
}

impl Figures {
    /// Registers the figures.
    ///
    /// # Errors
    /// When the registry already has them.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter =
            |name: &str, help: &str, labels: &[&str]| IntCounterVec::new(Opts::new(name, help), labels);
        let gauge = |name: &str, help: &str| GaugeVec::new(Opts::new(name, help), &["feed"]);
        let delay = HistogramOpts::new(
            "quaywatch_feed_delay_seconds",
            "From the happening to the receipt of its message, by feed; what happened, not what is planned.",
        );
        let figures = Self {
            messages: counter(
                "quaywatch_feed_messages_total",
                "Messages by feed and outcome.",
                &["feed", "outcome"],
            )?,
            events: counter(
                "quaywatch_feed_events_total",
                "Events by feed and format.",
                &["feed", "format"],
            )?,
            corrections: counter(
                "quaywatch_feed_corrections_total",
                "Events that took back or overrode an earlier one, by feed.",
                &["feed"],
            )?,
            notes: counter(
                "quaywatch_feed_notes_total",
                "Oddities noted on events, by feed and note.",
                &["feed", "note"],
            )?,
            letters: counter(
                "quaywatch_feed_dead_letters_total",
                "Dead letters by feed and code.",
                &["feed", "code"],
            )?,
            delay: HistogramVec::new(delay.buckets(DELAYS.to_vec()), &["feed"])?,
            last: gauge(
                "quaywatch_feed_last_message_seconds",
                "When the last message of a feed was received.",
            )?,
            gap: gauge(
                "quaywatch_feed_usual_gap_seconds",
                "The gap between messages that 95 % of a feed's keep.",
            )?,
            paused: IntGaugeVec::new(
                Opts::new("quaywatch_feed_paused", "1 when the feed is paused."),
                &["feed"],
            )?,
        };
        registry.register(Box::new(figures.messages.clone()))?;
        registry.register(Box::new(figures.events.clone()))?;
        registry.register(Box::new(figures.corrections.clone()))?;
        registry.register(Box::new(figures.notes.clone()))?;
        registry.register(Box::new(figures.letters.clone()))?;
        registry.register(Box::new(figures.delay.clone()))?;
        registry.register(Box::new(figures.last.clone()))?;
        registry.register(Box::new(figures.gap.clone()))?;
        registry.register(Box::new(figures.paused.clone()))?;
        Ok(figures)
    }

    /// Counts an event that is published.
    pub(crate) fn event(&self, label: &str, event: &PortEvent) {
        self.events.with_label_values(&[label, family(&event.source.format)]).inc();
        if event.retracted {
            self.corrections.with_label_values(&[label]).inc();
            return;
        }
        for note in &event.notes {
            self.notes.with_label_values(&[label, note]).inc();
        }
        if event.is_actual() {
            let seconds = event.received_at.millis_since(event.occurred_at) as f64 / 1_000.0;
            self.delay.with_label_values(&[label]).observe(seconds.max(0.0));
        }
    }

    /// Counts an event that overrides an earlier one.
    pub(crate) fn overridden(&self, label: &str) {
        self.corrections.with_label_values(&[label]).inc();
    }

    /// Counts a dead letter.
    pub(crate) fn letter(&self, label: &str, code: &str) {
        self.letters.with_label_values(&[label, code]).inc();
    }
}

/// The part of a format's name that is one of a few: `EDIFACT-CODECO`, `DCSA-TNT`, `CSV`.
fn family(format: &str) -> &str {
    match format.match_indices('-').nth(1) {
        Some((end, _)) => format.get(..end).unwrap_or(format),
        None => format,
    }
}

/// What a slot knows of its feeds.
#[derive(Debug, Default)]
pub(crate) struct Health {
    feeds: HashMap<String, Feed>,
    /// What was said of feeds, by the normalizers and the operators.
    statuses: HashMap<String, FeedStatus>,
}

#[derive(Debug, Default)]
struct Feed {
    /// Whether nothing could be used of each of the last messages.
    useless: VecDeque<bool>,
    last: Option<Timestamp>,
    gaps: VecDeque<i64>,
    /// Set when the limit is passed, until the operator lets the feed run again.
    tripped: Option<Tripped>,
}

#[derive(Debug, Clone)]
struct Tripped {
    status: FeedStatus,
    announced: bool,
}

/// The label of a feed.
pub(crate) fn label<'f>(feeds: &Feeds, feed: &'f str) -> &'f str {
    if feeds.get(feed).is_some() || feed == DEFAULT_FEED { feed } else { UNKNOWN }
}

impl Health {
    /// Takes in what was said of a feed.
    pub(crate) fn said(&mut self, feed: &str, status: Option<FeedStatus>) {
        let running = status.as_ref().is_none_or(|s| s.state == FeedState::Running);
        if running && let Some(known) = self.feeds.get_mut(feed) {
            let since = status.as_ref().map(|s| s.since);
            let later =
                known.tripped.as_ref().is_none_or(|t| since.is_none_or(|since| since >= t.status.since));
            if later {
                known.tripped = None;
                known.useless.clear();
            }
        }
        match status {
            Some(status) => self.statuses.insert(feed.to_owned(), status),
            None => self.statuses.remove(feed),
        };
    }

    /// Why a feed is paused, when it is.
    pub(crate) fn paused(&self, feed: &str) -> Option<&str> {
        let own = self.feeds.get(feed).and_then(|f| f.tripped.as_ref()).map(|t| &t.status);
        let said = self.statuses.get(feed).filter(|s| s.state == FeedState::Paused);
        own.or(said).map(|status| status.reason.as_str())
    }

    /// The status that is still to be published.
    pub(crate) fn announce(&mut self, feed: &str) -> Option<FeedStatus> {
        let tripped = self.feeds.get_mut(feed)?.tripped.as_mut().filter(|t| !t.announced)?;
        tripped.announced = true;
        Some(tripped.status.clone())
    }

    /// Counts a message that came.
    pub(crate) fn came(&mut self, label: &str, raw: &RawMessage, figures: Option<&Figures>) {
        let feed = self.feeds.entry(raw.feed.clone()).or_default();
        if let Some(last) = feed.last {
            feed.gaps.push_back(raw.received_at.millis_since(last).max(0));
            if feed.gaps.len() > GAPS {
                feed.gaps.pop_front();
            }
        }
        feed.last = feed.last.max(Some(raw.received_at));
        if let Some(figures) = figures {
            figures.last.with_label_values(&[label]).set(raw.received_at.as_millis() as f64 / 1_000.0);
            figures.gap.with_label_values(&[label]).set(feed.usual_gap_s());
        }
    }

    /// Counts what became of a message, and pauses a feed of which nothing can be used any more.
    pub(crate) fn ended(
        &mut self,
        label: &str,
        raw: &RawMessage,
        outcome: &Outcome,
        pause: Pause,
        figures: Option<&Figures>,
    ) {
        let feed = self.feeds.entry(raw.feed.clone()).or_default();
        let useless = matches!(outcome, Outcome::DeadLettered { .. });
        feed.count(&raw.feed, useless, pause, raw.received_at);
        if let Some(figures) = figures {
            figures.messages.with_label_values(&[label, outcome.label()]).inc();
            if let Outcome::DeadLettered { code, .. } = outcome {
                figures.letter(label, code);
            }
            let paused = self.paused(&raw.feed).is_some();
            figures.paused.with_label_values(&[label]).set(i64::from(paused));
        }
    }
}

impl Feed {
    fn count(&mut self, feed: &str, useless: bool, pause: Pause, at: Timestamp) {
        let pause = if pause == Pause::default() { USUAL_PAUSE } else { pause };
        let messages = usize::try_from(pause.messages).unwrap_or(usize::MAX);
        self.useless.push_back(useless);
        while self.useless.len() > messages.min(100_000) {
            self.useless.pop_front();
        }
        let bad = self.useless.iter().filter(|useless| **useless).count();
        let full = messages > 0 && self.useless.len() >= messages;
        // A limit above 100 % is never passed: so a feed is never paused.
        if full && self.tripped.is_none() && bad * 100 >= messages * pause.rejected_percent as usize {
            let reason = format!("of the last {messages} messages {bad} could not be used at all");
            let status = FeedStatus {
                feed: feed.to_owned(),
                state: FeedState::Paused,
                since: at,
                reason,
                by: "normalizer".to_owned(),
            };
            self.tripped = Some(Tripped { status, announced: false });
        }
    }

    /// The gap that 95 % of the last ones keep, seconds.
    fn usual_gap_s(&self) -> f64 {
        let mut gaps: Vec<i64> = self.gaps.iter().copied().collect();
        gaps.sort_unstable();
        gaps.get(gaps.len() * 95 / 100).map_or(0.0, |ms| *ms as f64 / 1_000.0)
    }
}
