//! The agencies: follow their topics, say what arrives, and measure how long it took.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::screen::Screen;
use super::world::World;
use anyhow::{Result, anyhow};
use quaywatch_codec::Codec;
use quaywatch_domain::AgencyAlert;
use quaywatch_domain::alert::AlertState;
use quaywatch_kafka::{Read, Reader};

/// How long a line waits for the same word to the other agencies.
const GATHER: Duration = Duration::from_millis(150);

/// When each message was sent, by the trace id that its records carry.
#[derive(Debug, Clone, Default)]
pub(super) struct Sends {
    times: Arc<Mutex<HashMap<u128, Instant>>>,
    count: Arc<AtomicUsize>,
}

impl Sends {
    /// A message is sent now. Those of the backlog queue behind each other, so that they tell nothing of latency.
    pub(super) fn note(&self, trace: u128, live: bool) {
        self.count.fetch_add(1, Ordering::Relaxed);
        if live {
            self.times.lock().unwrap_or_else(PoisonError::into_inner).insert(trace, Instant::now());
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    fn get(&self, trace: u128) -> Option<Instant> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).get(&trace).copied()
    }
}

/// What the agencies saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Records, by agency and kind.
    pub(super) counts: BTreeMap<(String, &'static str), u64>,
    /// Updates that were said.
    said: BTreeSet<String>,
    /// Milliseconds from the sending of a message to the alert that it caused, for every agency.
    pub(super) latencies_ms: Vec<f64>,
}

/// Follows the agency topics in a thread of its own.
pub(super) struct Watcher {
    sends: Sends,
    alerts: Arc<AtomicU64>,
    looks: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<Seen>>>,
}

impl Watcher {
    pub(super) fn start(world: &World, screen: Screen) -> Result<Self> {
        let topics = world.agency_topics();
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        let reader = Reader::follow(world.kafka(), &topics)?;
        let (sends, stop) = (Sends::default(), Arc::new(AtomicBool::new(false)));
        let looks = Arc::new(AtomicBool::new(false));
        let alerts = Arc::new(AtomicU64::new(0));
        let follow = Follow {
            sends: sends.clone(),
            alerts: Arc::clone(&alerts),
            looks: Arc::clone(&looks),
            screen,
            codec: world.codec(),
            seen: Seen::default(),
            waiting: Vec::new(),
        };
        let until = Arc::clone(&stop);
        let thread =
            std::thread::Builder::new().name("agencies".into()).spawn(move || follow.run(reader, &until))?;
        Ok(Self { sends, alerts, looks, stop, thread: Some(thread) })
    }

    pub(super) fn sends(&self) -> Sends {
        self.sends.clone()
    }

    /// From now on what arrives is said and counted.
    pub(super) fn look(&self) {
        self.looks.store(true, Ordering::Release);
    }

    /// Alerts raised so far, for any agency.
    pub(super) fn alerts(&self) -> u64 {
        self.alerts.load(Ordering::Relaxed)
    }

    /// Reads what is left and returns what was seen.
    pub(super) fn finish(mut self) -> Result<Seen> {
        self.stop.store(true, Ordering::Release);
        let thread = self.thread.take().ok_or_else(|| anyhow!("already finished"))?;
        thread.join().map_err(|_| anyhow!("the reader of the agency topics broke off"))?
    }
}

struct Follow {
    sends: Sends,
    alerts: Arc<AtomicU64>,
    looks: Arc<AtomicBool>,
    screen: Screen,
    codec: Codec,
    seen: Seen,
    waiting: Vec<Line>,
}

/// What is to be said, once for all agencies that see the same.
struct Line {
    since: Instant,
    word: &'static str,
    text: String,
    agencies: Vec<String>,
}

impl Follow {
    fn run(mut self, mut reader: Reader, stop: &AtomicBool) -> Result<Seen> {
        loop {
            match reader.next(Duration::from_millis(50))? {
                Read::Record(record) => {
                    let arrived = Instant::now();
                    let header = record.headers.iter().find(|(name, _)| name == "traceparent");
                    let trace = header.and_then(|(_, value)| trace_id(value));
                    if let Some(sent) = trace.and_then(|id| self.sends.get(id)) {
                        self.seen.latencies_ms.push(arrived.duration_since(sent).as_secs_f64() * 1000.0);
                    }
                    if let Some(value) = record.value.as_ref().filter(|_| self.looks.load(Ordering::Acquire))
                    {
                        self.hear(&self.codec.decode(value)?);
                    }
                }
                Read::Idle if stop.load(Ordering::Acquire) => break,
                Read::Idle => {}
                Read::End => break,
            }
            self.say(GATHER);
        }
        self.say(Duration::ZERO);
        Ok(self.seen)
    }

    fn hear(&mut self, view: &AgencyAlert) {
        let word = word(view);
        let count = self.seen.counts.entry((view.agency.clone(), word)).or_default();
        *count += 1;
        if word == "RAISED" {
            self.alerts.fetch_max(*count, Ordering::Relaxed);
        }
        let severity = if view.withdrawn { "" } else { view.severity.as_str() };
        let text = format!("{word:<10} {severity:<8} {}", view.title);
        match self.waiting.iter_mut().find(|line| line.text == text && !line.agencies.contains(&view.agency))
        {
            Some(line) => line.agencies.push(view.agency.clone()),
            None => {
                let agencies = vec![view.agency.clone()];
                self.waiting.push(Line { since: Instant::now(), word, text, agencies });
            }
        }
    }

    /// Says what has waited long enough. Updates that change nothing a person reads are counted, not said.
    fn say(&mut self, patience: Duration) {
        let (ripe, waiting): (Vec<Line>, Vec<Line>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|line| line.since.elapsed() >= patience);
        self.waiting = waiting;
        for mut line in ripe {
            line.agencies.sort();
            let text = format!("{}  [{}]", line.text, line.agencies.join(", "));
            if line.word != "updated" || self.seen.said.insert(text.clone()) {
                self.screen.say(&text);
            }
        }
    }
}

/// What happened to the alert, for a person.
pub(super) const fn word(view: &AgencyAlert) -> &'static str {
    match view.state {
        _ if view.withdrawn => "taken back",
        AlertState::Raised => "RAISED",
        AlertState::Updated => "updated",
        AlertState::Retracted => "taken back",
        AlertState::Closed => "closed",
    }
}

/// The trace id of a `traceparent` header (W3C Trace Context).
fn trace_id(header: &[u8]) -> Option<u128> {
    let text = std::str::from_utf8(header).ok()?;
    u128::from_str_radix(text.split('-').nth(1)?, 16).ok()
}
