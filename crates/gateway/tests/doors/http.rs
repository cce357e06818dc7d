//! Messages of any format.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::Ordering;

use quaywatch_domain::{RawMessage, Sha256, Timestamp};
use quaywatch_gateway::{Doors, ingest};

use crate::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_accepted_only_after_the_broker_has_it() {
    let door = open(0, |_| {}).await;
    let address = door.address;
    let sending = tokio::spawn(post_async(address, "gate", TOKEN, b"UNB+UNOA:1'".to_vec()));
    until("the record", || door.broker.len() == 1).await;
    assert!(!sending.is_finished(), "answered before the acknowledgement");
    door.broker.acks.add_permits(1);
    let answer = tokio::time::timeout(WAIT, sending).await.unwrap().unwrap();
    assert_eq!(answer.status, 202);
    let digest = Sha256::of(b"UNB+UNOA:1'").to_string();
    assert_eq!(answer.body, serde_json::json!({"sha256": digest, "partition": 2, "offset": 0}));

    let record = door.broker.stored.lock().unwrap()[0].clone();
    assert_eq!((record.topic.as_str(), record.key.as_deref()), ("port.raw", Some(&b"gate"[..])));
    assert!(record.headers.iter().any(|(n, v)| n == "quaywatch-stage" && v == b"gateway"));
    let message: RawMessage = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
    assert_eq!(message.body, b"UNB+UNOA:1'");
    assert_eq!(
        (message.feed.as_str(), message.content_type.as_deref()),
        ("gate", Some("application/edifact"))
    );
    assert_eq!(
        (message.received_at, message.sha256),
        (Timestamp::from_millis(42), Sha256::of(b"UNB+UNOA:1'"))
    );
    let accepted = "quaywatch_gateway_requests_total{feed=\"gate\",outcome=\"accepted\"}";
    assert_eq!(metric(&door.registry, accepted).as_deref(), Some("1"));
    let bytes = metric(&door.registry, "quaywatch_gateway_stored_bytes_total{feed=\"gate\"}");
    assert_eq!(bytes.as_deref(), Some("11"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_feed_and_a_wrong_token_give_the_same_answer_and_store_nothing() {
    let door = open(9, |_| {}).await;
    let unknown = post_async(door.address, "nobody", TOKEN, b"x".to_vec()).await;
    let wrong = post_async(door.address, "gate", "wrong", b"x".to_vec()).await;
    assert_eq!((unknown.status, wrong.status), (401, 401));
    assert_eq!(unknown.body, wrong.body);
    assert_eq!(door.broker.len(), 0);
    let unauthorized = "quaywatch_gateway_requests_total{feed=\"unknown\",outcome=\"unauthorized\"}";
    assert_eq!(metric(&door.registry, unauthorized).as_deref(), Some("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_over_the_limit_are_refused_declared_or_not() {
    let door = open(9, |limits| limits.max_body_bytes = 1_024).await;
    let address = door.address;
    assert_eq!(post_async(address, "gate", TOKEN, vec![b'x'; 1_024]).await.status, 202);
    assert_eq!(post_async(address, "gate", TOKEN, vec![b'x'; 1_025]).await.status, 413);
    // Chunked: the length is known only when the limit is passed.
    let status = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(WAIT)).unwrap();
        let head = format!(
            "POST /feeds/gate/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        for _ in 0..3 {
            stream.write_all(b"200\r\n").unwrap();
            stream.write_all(&[b'x'; 512]).unwrap();
            stream.write_all(b"\r\n").unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        String::from_utf8(status.to_vec()).unwrap()
    });
    assert_eq!(status.await.unwrap(), "HTTP/1.1 413");
    assert_eq!(door.broker.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_arrive_is_given_up() {
    let door = open(9, |limits| limits.body_timeout_ms = 50).await;
    let address = door.address;
    let status = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(WAIT)).unwrap();
        let head = format!(
            "POST /feeds/gate/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 10\r\n\r\nabc"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        String::from_utf8(status.to_vec()).unwrap()
    });
    assert_eq!(status.await.unwrap(), "HTTP/1.1 408");
    assert_eq!(door.broker.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_the_sender_is_told_when_to_come_back() {
    let door = open(9, |limits| limits.retry_after_s = 7).await;
    door.broker.down.store(true, Ordering::Release);
    let answer = post_async(door.address, "gate", TOKEN, b"x".to_vec()).await;
    assert_eq!((answer.status, answer.retry_after.as_deref()), (503, Some("7")));
    assert_eq!(answer.body["error"], "unavailable");
    door.broker.down.store(false, Ordering::Release);
    assert_eq!(post_async(door.address, "gate", TOKEN, b"x".to_vec()).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_tells_whether_the_broker_answers() {
    let door = open(0, |_| {}).await;
    until("readiness", || door.readiness.is_ready()).await;
    assert_eq!(metric(&door.registry, "quaywatch_gateway_broker_up").as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_does_not_answer_in_time_is_one_that_is_away() {
    let door = open(0, |limits| limits.ack_timeout_ms = 100).await;
    let answer = post_async(door.address, "gate", TOKEN, b"x".to_vec()).await;
    assert_eq!((answer.status, answer.retry_after.as_deref()), (503, Some("5")));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_messages_in_flight_than_allowed_are_refused_at_once() {
    let door = open(0, |limits| limits.max_in_flight = 2).await;
    let address = door.address;
    let first: Vec<_> =
        (0..2).map(|_| tokio::spawn(post_async(address, "gate", TOKEN, b"x".to_vec()))).collect();
    until("two messages in flight", || door.broker.len() == 2).await;
    assert_eq!(metric(&door.registry, "quaywatch_gateway_in_flight").as_deref(), Some("2"));
    let answer = post_async(address, "gate", TOKEN, b"x".to_vec()).await;
    assert_eq!((answer.status, answer.body["error"].as_str()), (503, Some("busy")));
    assert!(answer.retry_after.is_some());
    door.broker.acks.add_permits(2);
    for sending in first {
        assert_eq!(sending.await.unwrap().status, 202);
    }
    assert_eq!(metric(&door.registry, "quaywatch_gateway_in_flight").as_deref(), Some("0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_over_its_rate_is_told_to_wait() {
    let door = open(99, |limits| limits.max_messages_per_second = 1).await;
    assert_eq!(post_async(door.address, "gate", TOKEN, b"x".to_vec()).await.status, 202);
    let answer = post_async(door.address, "gate", TOKEN, b"x".to_vec()).await;
    assert_eq!((answer.status, answer.retry_after.as_deref()), (429, Some("1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_messages_and_foreign_media_types_are_refused() {
    let door = open(9, |_| {}).await;
    let address = door.address;
    assert_eq!(post_async(address, "gate", TOKEN, b" \r\n".to_vec()).await.status, 400);
    let image = tokio::task::spawn_blocking(move || post(address, "gate", TOKEN, "image/png", b"x"));
    assert_eq!(image.await.unwrap().status, 415);
    assert_eq!(door.broker.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_is_under_way_and_takes_nothing_new() {
    let door = open(0, |_| {}).await;
    let address = door.address;
    let sending = tokio::spawn(post_async(address, "gate", TOKEN, b"x".to_vec()));
    until("the record", || door.broker.len() == 1).await;
    door.shutdown.request();
    until("the closed port", || TcpStream::connect(address).is_err()).await;
    assert!(!door.task.is_finished(), "stopped with a message under way");
    door.broker.acks.add_permits(1);
    assert_eq!(sending.await.unwrap().status, 202);
    tokio::time::timeout(WAIT, door.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn files_are_stored_in_their_order_as_messages_of_the_feed() {
    let broker = Broker::new(usize::MAX >> 4);
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..300)
        .map(|i| {
            let path = dir.path().join(format!("{i:03}.edi"));
            std::fs::write(&path, format!("UNB+{i}'")).unwrap();
            path
        })
        .collect();
    let mut done = Vec::new();
    ingest(&intake(&broker), "gate", &files, None, 1_000, |one| done.push(one)).await.unwrap();
    assert_eq!(done.iter().map(|d| &d.path).collect::<Vec<_>>(), files.iter().collect::<Vec<_>>());
    assert_eq!(done[299].stored.place.offset, 299);
    let record = broker.stored.lock().unwrap()[7].clone();
    let message: RawMessage = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
    assert_eq!((message.body.as_slice(), message.path.as_deref()), (&b"UNB+7'"[..], Some("007.edi")));
    assert_eq!(message.content_type.as_deref(), Some("application/edifact"));

    broker.down.store(true, Ordering::Release);
    let error = ingest(&intake(&broker), "gate", &files[..1], None, 1_000, |_| {}).await.unwrap_err();
    assert_eq!(error.exit_code(), quaywatch_service::ExitCode::Unavailable);
    assert!(error.to_string().contains("000.edi"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gzip_is_inflated_before_it_is_stored() {
    use std::io::Write as _;
    let door = open(99, |limits| limits.max_body_bytes = 2_000).await;
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let head = |coding: &str| {
        format!(
            "POST /feeds/gate/messages HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Encoding: {coding}\r\n"
        )
    };
    assert_eq!(raw(door.address, head("gzip"), gzip(b"UNB+UNOA:1'")).await.0, 202);
    let record = door.broker.stored.lock().unwrap()[0].clone();
    let message: RawMessage = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
    assert_eq!(message.body, b"UNB+UNOA:1'");
    assert_eq!(raw(door.address, head("gzip"), gzip(&[b'x'; 2_001])).await.0, 413);
    assert_eq!(raw(door.address, head("gzip"), b"UNB+UNOA:1'".to_vec()).await.0, 400);
    assert_eq!(raw(door.address, head("br"), b"UNB+UNOA:1'".to_vec()).await.0, 415);
    assert_eq!(door.broker.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_a_feed_go_before_the_general_ones() {
    let text = format!(
        "[feeds.gate.http]\nsecret_sha256 = \"{}\"\nmax_body_bytes = 10\ncontent_types = [\"application/edifact\"]\n",
        Sha256::of(TOKEN.as_bytes())
    );
    let door = open_with(9, Doors::parse(&text, Path::new(".")).unwrap(), |_| {}).await;
    assert_eq!(post_async(door.address, "gate", TOKEN, vec![b'x'; 11]).await.status, 413);
    assert_eq!(post_async(door.address, "gate", TOKEN, vec![b'x'; 10]).await.status, 202);
    let address = door.address;
    let csv = tokio::task::spawn_blocking(move || post(address, "gate", TOKEN, "text/csv", b"x"));
    assert_eq!(csv.await.unwrap().status, 415);
}

#[test]
fn every_path_and_answer_is_described() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let paths: Vec<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "/feeds/{feed}/dcsa/v2/notifications",
            "/feeds/{feed}/dcsa/v3/events",
            "/feeds/{feed}/messages",
            "/openapi.json"
        ]
    );
    for (path, success) in [(paths[0], "204"), (paths[1], "200"), (paths[2], "202")] {
        let answers = document["paths"][path]["post"]["responses"].as_object().unwrap();
        for status in [success, "400", "401", "408", "413", "415", "429", "500", "503"] {
            assert!(answers.contains_key(status), "{path} {status}");
        }
    }
}
