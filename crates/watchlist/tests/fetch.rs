//! Lists from a server on the loopback address: fetched when they are new, whole or not at all.

#![expect(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use prometheus::Registry;
use quaywatch_codec::Codec;
use quaywatch_domain::{Sha256, Timestamp};
use quaywatch_kafka::{Embedded, Readiness, Topics};
use quaywatch_service::settings::{ListSource, Secret};
use quaywatch_service::{Clock, Shutdown};
use quaywatch_watchlist::{Change, Error, Files, KafkaStore, Metrics, Watcher, fetch};

/// What is answered at a path.
#[derive(Debug, Clone, Default)]
struct Page {
    body: String,
    etag: &'static str,
    /// Bytes that are promised and never come.
    missing: usize,
    status: Option<&'static str>,
}

type Pages = Arc<Mutex<BTreeMap<&'static str, Page>>>;
type Requests = Arc<Mutex<Vec<String>>>;

struct Server {
    address: String,
    pages: Pages,
    requests: Requests,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (pages, requests) = (Pages::default(), Requests::default());
        let (of_pages, of_requests) = (Arc::clone(&pages), Arc::clone(&requests));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &of_pages, &of_requests);
            }
        });
        Self { address, pages, requests }
    }

    fn put(&self, path: &'static str, body: &str, etag: &'static str) {
        self.set(path, Page { body: body.to_owned(), etag, ..Page::default() });
    }

    fn set(&self, path: &'static str, page: Page) {
        self.pages.lock().unwrap().insert(path, page);
    }

    fn source(&self, folder: &Path, paths: &[&str]) -> ListSource {
        ListSource {
            list: "ofac".to_owned(),
            path: folder.to_owned(),
            urls: paths.iter().map(|path| format!("{}{path}", self.address)).collect(),
            ..ListSource::default()
        }
    }
}

fn answer(mut stream: std::net::TcpStream, pages: &Pages, requests: &Requests) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or_default() > 0 {}
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    requests.lock().unwrap().push(head.to_ascii_lowercase());
    let page = pages.lock().unwrap().get(path.as_str()).cloned();
    let text = match page {
        None => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
        Some(Page { status: Some(status), .. }) => {
            format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        Some(page) if head.contains(&format!("\"{}\"", page.etag)) => {
            "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".to_owned()
        }
        Some(Page { body, etag, missing, .. }) => format!(
            "HTTP/1.1 200 OK\r\nETag: \"{etag}\"\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len() + missing
        ),
    };
    // The other side may have gone.
    let _ = stream.write_all(text.as_bytes());
}

fn now() -> Timestamp {
    Timestamp::parse("2026-03-01T06:00:00Z").unwrap()
}

fn held(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn files_are_fetched_together_and_again_only_when_they_are_new() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    server.put("/x/SDN.CSV", "one", "sdn-1");
    server.put("/x/ALT.CSV", "two", "alt-1");
    let source = ListSource {
        authorization: Secret::new("Bearer token-7"),
        ..server.source(dir.path(), &["/x/SDN.CSV", "/x/ALT.CSV"])
    };
    assert_eq!(fetch(&source, now()).unwrap(), Change::New);
    assert_eq!((held(dir.path(), "SDN.CSV"), held(dir.path(), "ALT.CSV")), ("one".into(), "two".into()));
    assert!(server.requests.lock().unwrap().iter().all(|r| r.contains("authorization: bearer token-7")));

    assert_eq!(fetch(&source, now()).unwrap(), Change::None);
    assert!(server.requests.lock().unwrap().last().unwrap().contains("if-none-match: \"alt-1\""));

    server.put("/x/ALT.CSV", "three", "alt-2");
    assert_eq!(fetch(&source, now()).unwrap(), Change::New);
    assert_eq!((held(dir.path(), "SDN.CSV"), held(dir.path(), "ALT.CSV")), ("one".into(), "three".into()));
    std::fs::remove_file(dir.path().join("SDN.CSV")).unwrap();
    assert_eq!(fetch(&source, now()).unwrap(), Change::New, "what is gone is fetched again");
}

#[test]
fn what_cannot_be_had_whole_leaves_the_old_file() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    server.put("/list.csv?token=secret-9", "old", "1");
    let source = ListSource {
        max_bytes: 1_024,
        timeout_s: 5,
        ..server.source(dir.path(), &["/list.csv?token=secret-9"])
    };
    fetch(&source, now()).unwrap();
    let whole = Page { body: "new".to_owned(), etag: "2", ..Page::default() };
    for (page, reason) in [
        (Page { missing: 100, ..whole.clone() }, "is not fetched"),
        (Page { body: "x".repeat(2_000), ..whole.clone() }, "more than 1024 bytes"),
        (Page { status: Some("503 Service Unavailable"), ..whole }, "503"),
    ] {
        server.set("/list.csv?token=secret-9", page);
        let error = fetch(&source, now()).unwrap_err();
        assert!(matches!(error, Error::Fetch { .. }) && error.is_passing());
        assert!(error.to_string().contains(reason) && !error.to_string().contains("secret-9"), "{error}");
        assert_eq!(held(dir.path(), "list.csv"), "old");
    }
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "the list and what is known of it: {left:?}");
    let away = ListSource { urls: vec!["http://127.0.0.1:1/list.csv".into()], ..source };
    assert!(fetch(&away, now()).is_err());
}

#[test]
fn the_digest_of_a_fetched_list_is_compared() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    server.put("/list.csv", "text", "1");
    let digest = format!("{}  list.csv\n", Sha256::of(b"text"));
    server.put("/list.csv.sha256", &digest, "");
    let source = ListSource {
        sha256_url: Some(format!("{}/list.csv.sha256", server.address)),
        ..server.source(dir.path(), &["/list.csv"])
    };
    fetch(&source, now()).unwrap();
    assert!(Files::read(dir.path(), source.format).unwrap().is_checked());
    server.put("/list.csv", "other", "2");
    fetch(&source, now()).unwrap();
    assert!(matches!(Files::read(dir.path(), source.format), Err(Error::Checksum { .. })));
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_fetches_a_list_imports_each_edition_and_says_when_it_is_stale() {
    let broker = Embedded::start(&Topics::built_in(&[])).unwrap();
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let list = |entries: &[&str]| -> String {
        let rows = entries.iter().map(|id| format!("{id},SEAL,ML00{id}\n"));
        "entry_id,scheme,value\n".to_owned() + &rows.collect::<String>()
    };
    server.put("/list.csv", &list(&["100", "101"]), "1");
    // Due at every look.
    let source = ListSource { interval_s: 0, ..server.source(dir.path(), &["/list.csv"]) };
    let (registry, shutdown, clock) = (Registry::new(), Shutdown::manual(), Clock::manual(now()));
    let watcher = Watcher {
        store: Arc::new(KafkaStore::new(&broker.settings())),
        codec: Codec::embedded(),
        sources: vec![source],
        key: None,
        clock: clock.clone(),
        metrics: Metrics::register(&registry).unwrap(),
        readiness: Readiness::default(),
    };
    let task = tokio::spawn(watcher.watch(Duration::from_millis(20), shutdown.clone()));
    let metric = |line: &str| -> Option<i64> {
        let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        text.lines().find_map(|l| l.strip_prefix(line)?.trim().parse().ok())
    };
    let entries = || metric("quaywatch_watchlist_entries{list=\"ofac\"}");
    let stale = || metric("quaywatch_watchlist_stale{list=\"ofac\"}");
    let failed = || metric("quaywatch_watchlist_fetches_total{list=\"ofac\",outcome=\"failed\"}");
    tokio::task::block_in_place(|| {
        until("the first edition", || entries() == Some(2) && stale() == Some(0));
        server.put("/list.csv", &list(&["100", "101", "102"]), "2");
        until("the second edition", || entries() == Some(3));
        server.set("/list.csv", Page { status: Some("503 Service Unavailable"), ..Page::default() });
        until("the failure", || failed() >= Some(1));
        assert_eq!(stale(), Some(0));
        clock.set(now().plus_millis(4 * 24 * 3_600_000));
        until("the age", || stale() == Some(1));
        assert_eq!(entries(), Some(3), "the version in force stays");
    });
    shutdown.request();
    tokio::time::timeout(Duration::from_secs(30), task).await.unwrap().unwrap().unwrap();
}
