//! A gateway on loopback, with a broker that the test plays.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use prometheus::Registry;
use quaywatch_domain::{RawMessage, Sha256, Timestamp};
use quaywatch_gateway::{Doors, Gateway, Intake, Metrics, NotStored, Place, Probing, Sending, Sink};
use quaywatch_kafka::{NewRecord, Readiness};
use quaywatch_service::{Clock, Shutdown, WatchedFile, settings};
use tokio::sync::Semaphore;

pub(crate) const TOKEN: &str = "gate-token-0123456789";
pub(crate) const WAIT: Duration = Duration::from_secs(10);

/// Acknowledges as the test lets it.
pub(crate) struct Broker {
    pub(crate) stored: Mutex<Vec<NewRecord>>,
    pub(crate) acks: Arc<Semaphore>,
    pub(crate) down: AtomicBool,
}

impl Broker {
    pub(crate) fn new(acks: usize) -> Arc<Self> {
        Arc::new(Self {
            stored: Mutex::default(),
            acks: Arc::new(Semaphore::new(acks)),
            down: AtomicBool::new(false),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.stored.lock().unwrap().len()
    }
}

pub(crate) struct ToBroker(Arc<Broker>);

impl Sink for ToBroker {
    fn send(&self, record: NewRecord) -> Sending {
        if self.0.down.load(Ordering::Acquire) {
            return Box::pin(async { Err(NotStored::Unavailable("no broker".into())) });
        }
        let mut stored = self.0.stored.lock().unwrap();
        stored.push(record);
        let offset = i64::try_from(stored.len()).unwrap() - 1;
        let acks = Arc::clone(&self.0.acks);
        Box::pin(async move {
            acks.acquire().await.unwrap().forget();
            Ok(Place { partition: 2, offset })
        })
    }

    fn probe(&self) -> Probing {
        Box::pin(std::future::ready(!self.0.down.load(Ordering::Acquire)))
    }
}

pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    pub(crate) broker: Arc<Broker>,
    pub(crate) registry: Registry,
    pub(crate) readiness: Readiness,
    pub(crate) shutdown: Shutdown,
    pub(crate) task: tokio::task::JoinHandle<()>,
}

pub(crate) fn intake(broker: &Arc<Broker>) -> Intake {
    let encode = Arc::new(|message: &RawMessage| {
        serde_json::to_vec(message).map_err(|e| NotStored::Unencodable(e.to_string()))
    });
    Intake::new(Arc::new(ToBroker(Arc::clone(broker))), encode, Clock::manual(Timestamp::from_millis(42)))
}

pub(crate) async fn open(acks: usize, change: impl FnOnce(&mut settings::Gateway)) -> Door {
    let token = Sha256::of(TOKEN.as_bytes());
    let text =
        format!("[feeds.gate]\nterminal = \"LUKKP\"\n[feeds.gate.http]\nsecret_sha256 = \"{token}\"\n");
    open_with(acks, Doors::parse(&text, Path::new(".")).unwrap(), change).await
}

pub(crate) async fn open_with(
    acks: usize,
    doors: Doors,
    change: impl FnOnce(&mut settings::Gateway),
) -> Door {
    let mut limits =
        settings::Gateway { listen: "127.0.0.1:0".parse().unwrap(), ..settings::Gateway::default() };
    change(&mut limits);
    let doors = WatchedFile::fixed(doors);
    let (registry, shutdown, broker) = (Registry::new(), Shutdown::manual(), Broker::new(acks));
    let metrics = Metrics::register(&registry).unwrap();
    let readiness = Readiness::default();
    let gateway = Gateway::new(limits, doors, intake(&broker), metrics).report_to(readiness.clone());
    let (address, task) = gateway.serve(shutdown.clone()).await.unwrap();
    Door { address, broker, registry, readiness, shutdown, task }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: serde_json::Value,
}

pub(crate) fn post(address: SocketAddr, feed: &str, token: &str, content_type: &str, body: &[u8]) -> Answer {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(WAIT))
        .build()
        .new_agent();
    let request = agent
        .post(format!("http://{address}/feeds/{feed}/messages"))
        .header("Authorization", format!("Bearer {token}"))
        .header("Content-Type", content_type);
    let mut response = request.send(body).unwrap();
    let retry_after = response.headers().get("Retry-After").map(|v| v.to_str().unwrap().to_owned());
    let text = response.body_mut().read_to_string().unwrap();
    Answer { status: response.status().as_u16(), retry_after, body: serde_json::from_str(&text).unwrap() }
}

pub(crate) async fn post_async(
    address: SocketAddr,
    feed: &'static str,
    token: &'static str,
    body: Vec<u8>,
) -> Answer {
    tokio::task::spawn_blocking(move || post(address, feed, token, "application/edifact", &body))
        .await
        .unwrap()
}

pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + WAIT;
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(crate) fn metric(registry: &Registry, line: &str) -> Option<String> {
    let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    text.lines().find_map(|l| l.strip_prefix(line).map(|rest| rest.trim().to_owned()))
}

/// Sends a request as it is written and reads the status.
pub(crate) async fn raw(address: SocketAddr, head: String, body: Vec<u8>) -> (u16, String) {
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(WAIT)).unwrap();
        write!(stream, "{head}Host: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len())
            .unwrap();
        stream.write_all(&body).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        (text.split(' ').nth(1).unwrap().parse().unwrap(), text)
    })
    .await
    .unwrap()
}
