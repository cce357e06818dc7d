//! Drop folders, with a broker that the test plays.

#![expect(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use prometheus::Registry;
use quaywatch_domain::{RawMessage, Timestamp};
use quaywatch_gateway::{Doors, DropMetrics, Dropper, Intake, NotStored, Place, Probing, Sending, Sink};
use quaywatch_kafka::NewRecord;
use quaywatch_service::{Clock, Shutdown, WatchedFile};
use tokio::task::JoinHandle;

const WAIT: Duration = Duration::from_secs(20);

#[derive(Default)]
struct Broker {
    stored: Mutex<Vec<RawMessage>>,
    down: AtomicBool,
}

struct ToBroker(Arc<Broker>);

impl Sink for ToBroker {
    fn send(&self, record: NewRecord) -> Sending {
        if self.0.down.load(Ordering::Acquire) {
            return Box::pin(async { Err(NotStored::Unavailable("no broker".into())) });
        }
        let message = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
        self.0.stored.lock().unwrap().push(message);
        Box::pin(async { Ok(Place { partition: 0, offset: 0 }) })
    }

    fn probe(&self) -> Probing {
        Box::pin(std::future::ready(true))
    }
}

struct World {
    dir: tempfile::TempDir,
    broker: Arc<Broker>,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("in")).unwrap();
        Self { dir, broker: Arc::default() }
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("in")
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.folder().join(name), text).unwrap();
    }

    /// Starts a gateway's drop folders; its work ends with the task.
    fn start(&self, instance: &str) -> (JoinHandle<()>, Shutdown) {
        let folder = self.folder();
        let text = format!(
            "[feeds.gate]\nfiles = [\"gate-*\"]\n[feeds.gate.drop]\nfolder = {folder:?}\nsettle_ms = 50\n[feeds.scale]\nfiles = [\"scale-*\"]\n[feeds.scale.drop]\nfolder = {folder:?}\nsettle_ms = 50\n"
        );
        let encode = Arc::new(|message: &RawMessage| {
            serde_json::to_vec(message).map_err(|e| NotStored::Unencodable(e.to_string()))
        });
        let sink = Arc::new(ToBroker(Arc::clone(&self.broker)));
        let dropper = Dropper {
            doors: WatchedFile::fixed(Doors::parse(&text, Path::new(".")).unwrap()),
            intake: Intake::new(sink, encode, Clock::manual(Timestamp::from_millis(42))),
            metrics: DropMetrics::register(&Registry::new()).unwrap(),
            paused: Arc::new(|_| false),
            instance: instance.to_owned(),
            max_body_bytes: 1_000,
        };
        let shutdown = Shutdown::manual();
        (tokio::spawn(dropper.run(shutdown.clone())), shutdown)
    }

    fn stored(&self) -> Vec<(String, String)> {
        let stored = self.broker.stored.lock().unwrap();
        stored.iter().map(|m| (m.feed.clone(), String::from_utf8_lossy(&m.body).into_owned())).collect()
    }

    fn has(&self, path: &str) -> bool {
        self.folder().join(path).exists()
    }
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + WAIT;
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_to_their_feeds_and_to_done_and_what_is_not_finished_stays() {
    let world = World::new();
    for (name, text) in
        [("gate-1.edi", "UNB+1'"), ("scale-1.csv", "a,b"), ("gate-2.part", "UNB+"), (".gate-3", "x")]
    {
        world.put(name, text);
    }
    std::os::unix::fs::symlink("/etc/hostname", world.folder().join("gate-link")).unwrap();
    let (_task, _shutdown) = world.start("0");
    until("both files", || world.has("done/gate-1.edi") && world.has("done/scale-1.csv")).await;
    let mut stored = world.stored();
    stored.sort();
    assert_eq!(stored, [("gate".into(), "UNB+1'".into()), ("scale".into(), "a,b".into())]);
    assert!(world.has("gate-2.part") && world.has(".gate-3") && world.has("gate-link"));
    // The same name again does not overwrite what was done.
    world.put("gate-1.edi", "UNB+2'");
    until("the second file", || world.has("done/gate-1.edi.1")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_stored_is_set_aside_with_a_reason() {
    let world = World::new();
    world.put("gate-empty.edi", " \n");
    world.put("gate-large.edi", &"x".repeat(1_001));
    let (_task, _shutdown) = world.start("0");
    until("the reasons", || {
        world.has("failed/gate-empty.edi.reason.txt") && world.has("failed/gate-large.edi.reason.txt")
    })
    .await;
    let reason = std::fs::read_to_string(world.folder().join("failed/gate-large.edi.reason.txt")).unwrap();
    assert!(reason.contains("1001 bytes") && reason.contains("split"), "{reason}");
    assert!(world.has("failed/gate-large.edi") && world.stored().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_claimed_before_a_kill_is_taken_by_the_next_start() {
    let world = World::new();
    world.broker.down.store(true, Ordering::Release);
    world.put("gate-1.edi", "UNB+1'");
    let (task, _shutdown) = world.start("0");
    until("the claim", || world.has("work/0/gate-1.edi")).await;
    task.abort();
    let _ = task.await;
    assert!(!world.has("gate-1.edi") && world.stored().is_empty());
    world.broker.down.store(false, Ordering::Release);
    let (_task, _shutdown) = world.start("0");
    until("the file", || world.has("done/gate-1.edi")).await;
    assert_eq!(world.stored().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_take_each_file_once() {
    let world = World::new();
    for n in 0..300 {
        world.put(&format!("gate-{n}.edi"), &format!("UNB+{n}'"));
    }
    let (_a, _b) = (world.start("0"), world.start("1"));
    let done = || std::fs::read_dir(world.folder().join("done")).map(Iterator::count).unwrap_or_default();
    until("all files", || done() == 300).await;
    let mut bodies: Vec<String> = world.stored().into_iter().map(|(_, body)| body).collect();
    bodies.sort();
    bodies.dedup();
    assert_eq!((bodies.len(), world.stored().len()), (300, 300));
}
