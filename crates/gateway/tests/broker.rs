//! The gateway's way into Kafka, on the embedded broker.

use std::time::Duration;

use quaywatch_codec::Codec;
use quaywatch_domain::{RawMessage, Timestamp};
use quaywatch_gateway::{connect, ingest};
use quaywatch_kafka::{Embedded, Reader, Topics};
use quaywatch_service::Clock;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_ingested_is_on_the_topic_in_order_and_decodes() {
    let broker = Embedded::start(&Topics::built_in(&[])).unwrap();
    let settings = broker.settings();
    let clock = Clock::manual(Timestamp::from_millis(1_234));
    let intake = connect(&settings, Codec::embedded(), clock, "test").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..500)
        .map(|i| {
            let path = dir.path().join(format!("{i:03}.json"));
            std::fs::write(&path, format!("[{i}]")).unwrap();
            path
        })
        .collect();
    let mut places = Vec::new();
    ingest(&intake, "terminal", &files, None, 1_000, |done| places.push(done.stored.place)).await.unwrap();
    assert!(
        places.is_sorted_by(|a, b| a.partition == b.partition && a.offset < b.offset),
        "one key, one order"
    );

    let records = tokio::task::spawn_blocking(move || {
        Reader::read_all(&settings, &["port.raw"], Duration::from_secs(30)).unwrap()
    });
    let records = records.await.unwrap();
    let bodies: Vec<_> = records
        .iter()
        .map(|record| {
            assert_eq!(record.key.as_deref(), Some(&b"terminal"[..]));
            let message: RawMessage = Codec::embedded().decode(record.value.as_deref().unwrap()).unwrap();
            assert_eq!(message.received_at, Timestamp::from_millis(1_234));
            String::from_utf8(message.body).unwrap()
        })
        .collect();
    assert_eq!(bodies, (0..500).map(|i| format!("[{i}]")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_nothing_is_said_to_be_stored() {
    let settings = quaywatch_kafka::Settings::for_brokers("127.0.0.1:1");
    let intake = connect(&settings, Codec::embedded(), Clock::wall(), "test").unwrap();
    let incoming = quaywatch_gateway::Incoming {
        feed: "gate".into(),
        content_type: None,
        sender: None,
        path: None,
        signature: None,
        traceparent: None,
        body: b"x".to_vec(),
    };
    let sending = intake.begin(incoming).unwrap();
    let waited = tokio::time::timeout(Duration::from_millis(300), sending).await;
    assert!(!matches!(waited, Ok(Ok(_))), "stored without a broker");
}
