//! The stage under test, and a process that runs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use prometheus::Registry;
use quaywatch_kafka::{
    DeadLetter, Error, Host, Metrics, Outcome, Outputs, Readiness, Record, Settings, Stage, State,
    StateError, States, Sweep, TableChange, Topology, run_blocking,
};
use tokio::sync::watch;

pub(crate) const WAIT: Duration = Duration::from_secs(40);

/// Until it is set, a record of the value `held` is being handled.
pub(crate) static RELEASED: AtomicBool = AtomicBool::new(false);

/// How often a key was counted, and until when it wants to hear.
pub(crate) struct Count {
    pub(crate) count: u64,
    pub(crate) due_ms: Option<i64>,
}

impl State for Count {
    fn encode(&self, into: &mut Vec<u8>) -> Result<(), StateError> {
        if self.count >= 666 {
            return Err("this number cannot be written".into());
        }
        into.extend(self.count.to_be_bytes());
        into.extend(self.due_ms.unwrap_or(-1).to_be_bytes());
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        let (count, due_ms) = bytes.split_at_checked(8).ok_or("too short")?;
        let due_ms = i64::from_be_bytes(due_ms.try_into()?);
        let count = u64::from_be_bytes(count.try_into()?);
        Ok(Self { count, due_ms: (due_ms >= 0).then_some(due_ms) })
    }

    fn due_ms(&self) -> Option<i64> {
        self.due_ms
    }
}

/// Counts records by key and sends `KEY COUNT PARTITION/OFFSET`; some values ask for trouble.
#[derive(Default)]
pub(crate) struct Counter {
    table: u64,
}

impl Stage for Counter {
    type State = Count;

    fn handle(&mut self, record: &Record<'_>, states: &mut States<'_, Count>, out: &mut Outputs) -> Outcome {
        let key = record.key.unwrap_or_default();
        let text = String::from_utf8_lossy(key).into_owned();
        let origin = format!("{}/{}", record.partition, record.offset);
        let value = record.value.unwrap_or_default();
        if record.topic == "port.side" {
            out.send("port.out", key, format!("side {text} {origin}"));
            return Outcome::Produced;
        }
        let Some(count) = states.get_or_insert_with(key, || Count { count: 0, due_ms: None }) else {
            return Outcome::OutOfScope;
        };
        count.count += 1;
        out.send("port.out", key, format!("{text} {} {origin} table={}", count.count, self.table));
        match value {
            b"bad" => Outcome::dead_letter("BAD", "asked for"),
            b"panic" => panic!("asked for"),
            b"held" => {
                until("the record is released", || RELEASED.load(Ordering::Relaxed));
                Outcome::Produced
            }
            b"unwritable" => {
                count.count = 666;
                Outcome::Produced
            }
            b"part" => {
                out.dead_letter("PART", "one line of it", Some("line 1".to_owned()), Some(b"line".to_vec()));
                Outcome::Produced
            }
            _ => {
                if let Some(due) = value.strip_prefix(b"due ") {
                    count.due_ms = std::str::from_utf8(due).ok().and_then(|due| due.parse().ok());
                }
                Outcome::Produced
            }
        }
    }

    fn due(&mut self, key: &[u8], now_ms: i64, states: &mut States<'_, Count>, out: &mut Outputs) {
        if let Some(count) = states.get_mut(key) {
            count.due_ms = None;
            out.send("port.out", key, format!("due {} {now_ms}", String::from_utf8_lossy(key)));
        }
    }

    fn table(&mut self, _: &str, changes: &[TableChange], complete: bool) -> Sweep {
        self.table += changes.len() as u64;
        if complete && !changes.is_empty() { Sweep::All } else { Sweep::No }
    }

    fn sweep(&mut self, key: &[u8], _: i64, states: &mut States<'_, Count>, out: &mut Outputs) {
        if let Some(count) = states.get(key) {
            let (key, count) = (String::from_utf8_lossy(key).into_owned(), count.count);
            out.send("port.out", key.clone(), format!("sweep {key} {count} table={}", self.table));
        }
    }
}

pub(crate) fn topology() -> Topology {
    one_input().also(["port.side"])
}

pub(crate) fn one_input() -> Topology {
    let letters = |letter: &DeadLetter<'_>| {
        let part = letter.part.map(String::from_utf8_lossy).unwrap_or_default();
        format!(
            "{} {} {} {} [{part}]",
            letter.stage,
            letter.code,
            letter.sentence,
            letter.position.unwrap_or("-")
        )
        .into_bytes()
    };
    Topology::new("counter", "port.in", letters).stateful()
}

/// A running process of the stage.
pub(crate) struct Process {
    shutdown: watch::Sender<bool>,
    pub(crate) readiness: Readiness,
    pub(crate) registry: Registry,
    pub(crate) now_ms: Arc<AtomicI64>,
    thread: JoinHandle<Result<(), Error>>,
}

impl Process {
    pub(crate) fn start(settings: &Settings) -> Self {
        Self::start_with(settings, topology())
    }

    pub(crate) fn start_with(settings: &Settings, topology: Topology) -> Self {
        let (shutdown, receiver) = watch::channel(false);
        let registry = Registry::new();
        let now_ms = Arc::new(AtomicI64::new(1_000));
        let clock = Arc::clone(&now_ms);
        let host = Host {
            clock: Arc::new(move || clock.load(Ordering::Relaxed)),
            ..Host::new(receiver, Metrics::register(&registry).unwrap())
        };
        let readiness = host.readiness.clone();
        let settings = settings.clone();
        let thread = std::thread::spawn(move || run_blocking(&topology, &settings, Counter::default, host));
        Self { shutdown, readiness, registry, now_ms, thread }
    }

    pub(crate) fn ready(settings: &Settings) -> Self {
        let process = Self::start(settings);
        process.wait_ready();
        process
    }

    pub(crate) fn wait_ready(&self) {
        until("the process is ready", || self.readiness.is_ready());
    }

    pub(crate) fn stop(self) -> Result<(), Error> {
        self.shutdown.send(true).unwrap();
        self.thread.join().unwrap()
    }

    /// Ends without leaving the group, as a process does that is killed: its threads go on, unseen.
    pub(crate) fn result(self) -> Result<(), Error> {
        self.thread.join().unwrap()
    }

    /// The sum of a metric over its labels that contain `label`.
    pub(crate) fn metric(&self, name: &str, label: &str) -> u64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name);
        let metrics = family.map(|family| family.get_metric()).unwrap_or_default();
        let of_label = metrics
            .iter()
            .filter(|metric| label.is_empty() || metric.get_label().iter().any(|l| l.value() == label));
        of_label
            .map(|metric| metric.get_counter().get_value() as u64 + metric.get_gauge().get_value() as u64)
            .sum()
    }

    /// Records in equals the sum of outcomes.
    pub(crate) fn assert_identity(&self) {
        let outcomes = self.metric("quaywatch_outcomes_total", "");
        assert_eq!(self.metric("quaywatch_records_in_total", ""), outcomes);
    }
}

/// Waits for a condition, with a deadline.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + WAIT;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {WAIT:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
