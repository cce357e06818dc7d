//! Errors of each class, injected into a mock broker. What they must not break is proved on real brokers; here it is
//! that each class is met with its answer.

use std::sync::Arc;

use quaywatch_kafka::{Positions, Settings};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use crate::counter::{Process, until};
use crate::guarantees::{input, send, total};

/// A mock broker with the topics of the counter.
fn mock() -> (BaseProducer, Settings) {
    let owner: BaseProducer = ClientConfig::new().set("test.mock.num.brokers", "1").create().unwrap();
    let cluster = owner.client().mock_cluster().unwrap();
    for topic in ["port.in", "port.side", "port.out", "port.deadletters", "counter.state"] {
        cluster.create_topic(topic, 1, 1).unwrap();
    }
    let mut settings = Settings::for_brokers(cluster.bootstrap_servers());
    settings.positions = Some(Arc::new(Positions::default()));
    drop(cluster);
    (owner, settings)
}

/// Aborted transactions and rebuilds that an error of this request leads to.
fn answer_to(request: RDKafkaApiKey, error: RDKafkaRespErr, times: usize) -> (u64, u64) {
    let (owner, settings) = mock();
    send(&settings, &input(20, 2, |_| ""));
    let process = Process::ready(&settings);
    let read = || process.metric("quaywatch_records_in_total", "");
    until("the first records are read", || read() == 20);
    owner.client().mock_cluster().unwrap().request_errors(request, &vec![error; times]);
    send(&settings, &input(20, 2, |_| ""));
    until("all records are read", || read() == 40);
    process.assert_identity();
    let aborted = process.metric("quaywatch_transactions_total", "aborted");
    let rebuilds = process.metric("quaywatch_rebuilds_total", "");
    process.wait_ready();
    process.stop().unwrap();
    (aborted, rebuilds)
}

#[test]
fn a_retriable_error_is_repeated_and_nobody_notices() {
    let busy = RDKafkaRespErr::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
    assert_eq!(answer_to(RDKafkaApiKey::EndTxn, busy, 3), (0, 0));
    let concurrent = RDKafkaRespErr::RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS;
    assert_eq!(answer_to(RDKafkaApiKey::AddOffsetsToTxn, concurrent, 3), (0, 0));
}

#[test]
fn an_abortable_error_aborts_and_the_records_come_again() {
    let generation = RDKafkaRespErr::RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    let (aborted, rebuilds) = answer_to(RDKafkaApiKey::TxnOffsetCommit, generation, 1);
    assert!(aborted >= 1 && rebuilds == 0, "{aborted} aborted, {rebuilds} rebuilds");
}

#[test]
fn a_fatal_error_builds_the_slot_anew() {
    let fenced = RDKafkaRespErr::RD_KAFKA_RESP_ERR_PRODUCER_FENCED;
    let (_, rebuilds) = answer_to(RDKafkaApiKey::EndTxn, fenced, 1);
    assert!(rebuilds >= 1);
    let (_, rebuilds) = answer_to(RDKafkaApiKey::AddPartitionsToTxn, fenced, 1);
    assert!(rebuilds >= 1);
}

#[test]
fn partitions_whose_offsets_are_refused_are_asked_for_again() {
    let (owner, mut settings) = mock();
    // As on brokers that keep the offsets.
    settings.positions = None;
    let refusal = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN; 5];
    owner.client().mock_cluster().unwrap().request_errors(RDKafkaApiKey::OffsetFetch, &refusal);
    send(&settings, &input(20, 2, |_| ""));
    let process = Process::start(&settings);
    until("all is read", || process.metric("quaywatch_records_in_total", "") == 20);
    process.stop().unwrap();
}

#[test]
fn records_that_the_mock_dropped_unread_are_counted_as_lost() {
    let (_owner, settings) = mock();
    // The mock keeps 5 MiB of a partition.
    let long: &'static str = Box::leak("x".repeat(1_000).into_boxed_str());
    let records = input(10_000, 20, |_| long);
    send(&settings, &records);
    let process = Process::ready(&settings);
    let metric = |name| process.metric(name, "");
    let all = || metric("quaywatch_records_lost_total") + metric("quaywatch_records_in_total");
    until("every record is read or counted as lost", || all() == 10_000);
    assert!(metric("quaywatch_records_lost_total") > 1_000);
    process.stop().unwrap();
}

#[test]
fn a_second_start_on_the_same_mock_goes_on_where_the_first_one_stopped() {
    let (_owner, settings) = mock();
    send(&settings, &input(20, 2, |_| ""));
    let first = Process::ready(&settings);
    until("all is read", || first.metric("quaywatch_records_in_total", "") == 20);
    first.stop().unwrap();
    send(&settings, &input(5, 2, |_| ""));
    let second = Process::ready(&settings);
    until("the rest is read", || second.metric("quaywatch_records_in_total", "") == 5);
    assert_eq!(second.metric("quaywatch_records_lost_total", ""), 0);
    second.stop().unwrap();
    assert_eq!(total(&settings), 25);
}
