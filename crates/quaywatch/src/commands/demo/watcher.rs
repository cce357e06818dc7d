//! The agencies: follow their topics, say what arrives, and measure how long it took.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use quaywatch_codec::Codec;
use quaywatch_domain::AgencyAlert;
use quaywatch_domain::alert::AlertState;
use quaywatch_kafka::{Read, Reader};
use quaywatch_service::Clock;

use super::world::World;

/// When each message was sent, by the trace id that its records carry.
#[derive(Debug, Clone, Default)]
pub(super) struct Sends(Arc<Mutex<HashMap<u128, Instant>>>);

impl Sends {
    pub(super) fn note(&self, trace: u128, at: Instant) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(trace, at);
    }

    fn get(&self, trace: u128) -> Option<Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&trace).copied()
    }
}

/// What the agencies saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Records, by agency and kind.
    pub(super) counts: BTreeMap<(String, &'static str), u64>,
    /// Milliseconds from the sending of a message to the alert that it caused, for every agency.
    pub(super) latencies_ms: Vec<f64>,
}

/// Follows the agency topics in a thread of its own.
pub(super) struct Watcher {
    sends: Sends,
    clock: Clock,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<Seen>>>,
}

impl Watcher {
    pub(super) fn start(world: &World, clock: Clock) -> Result<Self> {
        let topics = world.agency_topics();
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        let reader = Reader::follow(world.kafka(), &topics)?;
        let (sends, stop) = (Sends::default(), Arc::new(AtomicBool::new(false)));
        let follow = Follow { sends: sends.clone(), clock: clock.clone(), codec: world.codec(), seen: Seen::default() };
        let until = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("agencies".into()).spawn(move || follow.run(reader, &until))?;
        Ok(Self { sends, clock, stop, thread: Some(thread) })
    }

    pub(super) fn sends(&self) -> Sends {
        self.sends.clone()
    }

    /// Says what happened outside.
    pub(super) fn say(&self, what: &str) {
        println!("{}  -- {what}", hour(&self.clock));
    }

    /// Reads what is left and returns what was seen.
    pub(super) fn finish(mut self, _world: &World) -> Result<Seen> {
        self.stop.store(true, Ordering::Release);
        let thread = self.thread.take().ok_or_else(|| anyhow!("already finished"))?;
        thread.join().map_err(|_| anyhow!("the reader of the agency topics broke off"))?
    }
}

struct Follow {
    sends: Sends,
    clock: Clock,
    codec: Codec,
    seen: Seen,
}

impl Follow {
    fn run(mut self, mut reader: Reader, stop: &AtomicBool) -> Result<Seen> {
        loop {
            match reader.next(Duration::from_millis(50))? {
                Read::Record(record) => {
                    let arrived = Instant::now();
                    let trace = record.headers.iter().find(|(name, _)| name == "traceparent").and_then(|(_, v)| trace_id(v));
                    if let Some(sent) = trace.and_then(|id| self.sends.get(id)) {
                        self.seen.latencies_ms.push(arrived.duration_since(sent).as_secs_f64() * 1000.0);
                    }
                    if let Some(value) = &record.value {
                        self.show(&self.codec.decode(value)?);
                    }
                }
                Read::Idle if stop.load(Ordering::Acquire) => return Ok(self.seen),
                Read::Idle => {}
                Read::End => return Ok(self.seen),
            }
        }
    }

    fn show(&mut self, view: &AgencyAlert) {
        let word = word(view);
        *self.seen.counts.entry((view.agency.clone(), word)).or_default() += 1;
        println!(
            "{}  {word:<9} {:<8} {:<14} {}",
            hour(&self.clock),
            view.severity,
            view.agency,
            view.title
        );
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

fn hour(clock: &Clock) -> String {
    let text = clock.now().to_string();
    text.get(11..16).unwrap_or("--:--").to_owned()
}

/// The trace id of a `traceparent` header (W3C Trace Context).
fn trace_id(header: &[u8]) -> Option<u128> {
    let text = std::str::from_utf8(header).ok()?;
    u128::from_str_radix(text.split('-').nth(1)?, 16).ok()
}
