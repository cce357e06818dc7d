//! Topics, producers and readers on a real Apache Kafka.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

mod common;

use std::time::{Duration, Instant};

use common::Broker;
use quaywatch_kafka::{
    AckedProducer, NewRecord, Read, Reader, Settings, Topic, Topics, TransactionalBatch, admin,
};

const LIMIT: Duration = Duration::from_secs(30);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

fn ensure(settings: &Settings, topics: &Topics) -> Vec<String> {
    runtime().block_on(admin::ensure(settings, topics)).unwrap()
}

fn verify(settings: &Settings, topics: &Topics) -> Vec<String> {
    runtime().block_on(admin::verify(settings, topics)).unwrap()
}

fn record(topic: &str, number: usize) -> NewRecord {
    NewRecord::new(topic, number.to_string(), format!("value {number}"))
}

fn values(settings: &Settings, topic: &str) -> Vec<String> {
    let mut values: Vec<String> = Reader::read_all(settings, &[topic], LIMIT)
        .unwrap()
        .into_iter()
        .map(|record| String::from_utf8(record.value.unwrap_or_default()).unwrap())
        .collect();
    values.sort();
    values
}

/// Bytes that do not compress: the brokers' limit counts what is sent.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

/// Everything that needs a broker which stays up shares one.
#[test]
fn topics_batches_and_readers_on_one_broker() {
    let broker = Broker::start();
    ensured_topics_have_no_difference_and_changed_ones_are_reported(&broker.settings("topics."));
    a_batch_is_there_whole_or_not_at_all(&broker.settings("batch."));
    a_reader_ends_behind_control_records_and_follows_from_there(&broker.settings("reader."));
    a_second_batch_of_the_same_id_fences_the_first(&broker.settings("fence."));
    the_largest_record_passes_and_a_larger_one_is_refused(&broker.settings("large."));
}

fn ensured_topics_have_no_difference_and_changed_ones_are_reported(settings: &Settings) {
    let topics = Topics::built_in(&["police", "customs"]);
    let missing = verify(settings, &topics);
    assert_eq!(missing.len(), topics.iter().count());
    assert!(missing[0].contains("topics.port.raw does not exist"), "{}", missing[0]);

    let created = ensure(settings, &topics);
    assert_eq!(created.len(), topics.iter().count());
    assert!(created.contains(&"topics.agency.customs.alerts".to_owned()));
    assert_eq!(verify(settings, &topics), Vec::<String>::new());
    assert_eq!(ensure(settings, &topics), Vec::<String>::new());

    // The same cluster against another file: one setting, one number of partitions, one setting that is unknown.
    let changed: Topics = topics
        .iter()
        .cloned()
        .map(|mut topic: Topic| {
            match topic.name.as_str() {
                "port.raw" => drop(topic.configs.insert("retention.ms".into(), "60000".into())),
                "port.watchlist" => topic.partitions = 3,
                "port.facts" => drop(topic.configs.insert("no.such.setting".into(), "1".into())),
                _ => {}
            }
            topic
        })
        .collect();
    let differences = verify(settings, &changed);
    assert_eq!(differences.len(), 3, "{differences:?}");
    for expected in [
        "topic topics.port.raw has retention.ms=2592000000 and must have 60000",
        "topic topics.port.watchlist has 1 partitions and must have 3",
        "topic topics.port.facts must have no.such.setting=1",
    ] {
        assert!(differences.iter().any(|found| found.starts_with(expected)), "{expected}: {differences:?}");
    }
}

fn a_batch_is_there_whole_or_not_at_all(settings: &Settings) {
    ensure(settings, &Topics::built_in(&[]));
    let mut batch = TransactionalBatch::connect(settings, "import").unwrap();
    let whole: Vec<NewRecord> = (0..2_000).map(|number| record("port.watchlist", number)).collect();
    batch.publish(&whole).unwrap();
    assert_eq!(values(settings, "port.watchlist").len(), 2_000);

    let missing = [record("port.watchlist", 9_000), record("port.no-such-topic", 9_001)];
    let refused = batch.publish(&missing).unwrap_err().to_string();
    assert!(refused.contains("batch.port.no-such-topic does not exist"), "{refused}");

    // The brokers refuse the last record: those before it must not appear.
    let mut narrow = Topics::built_in(&[]).iter().find(|topic| topic.name == "port.audit").unwrap().clone();
    narrow.name = "port.narrow".to_owned();
    narrow.configs.insert("max.message.bytes".to_owned(), "500".to_owned());
    ensure(settings, &[narrow].into_iter().collect());
    let mut broken: Vec<NewRecord> = (9_000..9_500).map(|number| record("port.watchlist", number)).collect();
    broken.push(NewRecord::new("port.narrow", "k", noise(2_000)));
    let refused = batch.publish(&broken).unwrap_err().to_string();
    assert!(refused.contains("batch.quaywatch-import"), "{refused}");
    assert_eq!(values(settings, "port.watchlist").len(), 2_000);

    // And the producer lives on.
    batch.publish(&[record("port.watchlist", 2_000), NewRecord::tombstone("port.watchlist", "7")]).unwrap();
    let all = Reader::read_all(settings, &["port.watchlist"], LIMIT).unwrap();
    assert_eq!(all.len(), 2_002);
    let tombstone = all.iter().find(|record| record.value.is_none()).unwrap();
    assert_eq!(tombstone.key.as_deref(), Some(&b"7"[..]));
}

fn a_reader_ends_behind_control_records_and_follows_from_there(settings: &Settings) {
    ensure(settings, &Topics::built_in(&[]));
    let mut batch = TransactionalBatch::connect(settings, "batch").unwrap();
    // Each batch leaves a control record behind its last record, so the end is never a record.
    for number in 0..5 {
        batch.publish(&[record("port.watchlist", number)]).unwrap();
    }
    let started = Instant::now();
    let records = Reader::read_all(settings, &["port.watchlist", "port.audit"], LIMIT).unwrap();
    assert!(started.elapsed() < LIMIT / 3, "the end was not noticed: {:?}", started.elapsed());
    assert_eq!(records.len(), 5);
    assert_eq!(records[0].topic, "port.watchlist");

    let last = records.iter().map(|record| record.offset).max().unwrap();
    let found = Reader::fetch_one(settings, "port.watchlist", 0, last).unwrap().unwrap();
    assert_eq!(found.value.as_deref(), Some(&b"value 4"[..]));
    // A control record, an offset that is not there yet, and a partition that does not exist.
    for (partition, offset) in [(0, last + 1), (0, last + 100), (9, 0)] {
        assert_eq!(Reader::fetch_one(settings, "port.watchlist", partition, offset).unwrap(), None);
    }
    assert!(Reader::fetch_one(settings, "port.no-such-topic", 0, 0).is_err());

    let mut following = Reader::follow(settings, &["port.watchlist"]).unwrap();
    for number in 0..5 {
        assert!(
            matches!(following.next(LIMIT).unwrap(), Read::Record(r) if r.key == Some(number.to_string().into()))
        );
    }
    assert_eq!(following.next(Duration::from_millis(200)).unwrap(), Read::Idle);
    batch.publish(&[record("port.watchlist", 5).header("traceparent", "00-1")]).unwrap();
    let Read::Record(fresh) = following.next(LIMIT).unwrap() else { panic!("the new record does not come") };
    assert_eq!(fresh.headers, [("traceparent".to_owned(), b"00-1".to_vec())]);
}

fn a_second_batch_of_the_same_id_fences_the_first(settings: &Settings) {
    ensure(settings, &Topics::built_in(&[]));
    let mut first = TransactionalBatch::connect(settings, "import").unwrap();
    first.publish(&[record("port.watchlist", 1)]).unwrap();
    let mut second = TransactionalBatch::connect(settings, "import").unwrap();
    assert!(first.publish(&[record("port.watchlist", 2)]).is_err());
    second.publish(&[record("port.watchlist", 3)]).unwrap();
    assert_eq!(values(settings, "port.watchlist"), ["value 1", "value 3"]);
}

fn the_largest_record_passes_and_a_larger_one_is_refused(settings: &Settings) {
    ensure(settings, &Topics::built_in(&[]));
    let producer = AckedProducer::connect(settings, "test").unwrap();
    let value = noise(quaywatch_kafka::MAX_RECORD_BYTES - 1);
    let largest = NewRecord::new("port.deadletters", "k", value.clone());
    runtime().block_on(producer.send(largest)).unwrap();
    let mut larger = NewRecord::new("port.deadletters", "k", value);
    larger.value.as_mut().unwrap().push(0);
    let refused = runtime().block_on(producer.send(larger)).unwrap_err().to_string();
    assert!(refused.contains("the limit is"), "{refused}");
    assert_eq!(Reader::read_all(settings, &["port.deadletters"], LIMIT).unwrap().len(), 1);
}

#[test]
fn a_record_is_acknowledged_only_if_it_is_stored() {
    let broker = Broker::start();
    let settings = broker.settings("");
    let topics = Topics::built_in(&[]);
    ensure(&settings, &topics);
    let runtime = runtime();
    let producer = AckedProducer::connect_with_timeout(&settings, "test", Duration::from_secs(3)).unwrap();
    let (partition, offset) = runtime.block_on(producer.send(record("port.raw", 1))).unwrap();
    let stored = Reader::fetch_one(&settings, "port.raw", partition, offset).unwrap().unwrap();
    assert_eq!(stored.value.as_deref(), Some(&b"value 1"[..]));

    broker.kill(1);
    let started = Instant::now();
    let error = runtime.block_on(producer.send(record("port.raw", 2))).unwrap_err();
    assert!(!error.is_busy());
    assert!(started.elapsed() < Duration::from_secs(10), "the answer took {:?}", started.elapsed());

    broker.restart(1);
    let deadline = Instant::now() + LIMIT;
    while runtime.block_on(producer.send(record("port.raw", 3))).is_err() {
        assert!(Instant::now() < deadline, "the producer does not recover");
    }
    // What was acknowledged survived the kill; what was not may be there or not.
    let values = values(&settings, "port.raw");
    assert!(values.contains(&"value 1".to_owned()) && values.contains(&"value 3".to_owned()), "{values:?}");
}
