//! What must hold when something breaks.

use std::sync::atomic::Ordering;
use std::time::Duration;

use prometheus::proto::Metric;
use quaywatch_kafka::Settings;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{BaseProducer, Producer as _};

use crate::cluster::{Cluster, produce, shared};
use crate::counter::{Process, RELEASED, until};
use crate::guarantees::{input, send, total};

fn read(processes: &[&Process]) -> u64 {
    processes.iter().map(|process| process.metric("quaywatch_records_in_total", "")).sum()
}

/// Another process with the same name, as after a partition of the network.
fn fence(settings: &Settings, id: &str) -> BaseProducer {
    let other: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &settings.brokers)
        .set("transactional.id", format!("{}{id}", settings.prefix))
        .create()
        .unwrap();
    other.init_transactions(Duration::from_secs(20)).unwrap();
    other
}

#[test]
fn a_slot_that_was_fenced_is_built_anew_and_nothing_is_lost_or_repeated() {
    let settings = shared().deployment(2);
    let process = Process::ready(&settings);
    send(&settings, &input(200, 10, |_| ""));
    until("all is read", || read(&[&process]) == 200);
    let zombie = fence(&settings, "quaywatch-counter-0-0");
    // Producers take turns: the fenced one's comes with the next transaction but one.
    let mut sent = 200;
    until("the slot is built anew", || {
        send(&settings, &input(10, 10, |_| ""));
        sent += 10;
        process.metric("quaywatch_rebuilds_total", "") >= 1
    });
    until("all is read", || read(&[&process]) == sent as u64);
    process.assert_identity();
    process.wait_ready();
    process.stop().unwrap();
    assert_eq!(total(&settings), sent);
    // The other way round the zombie is the one that is fenced.
    zombie.begin_transaction().unwrap();
    let topic = settings.topic("port.out");
    let record = rdkafka::producer::BaseRecord::<str, str>::to(&topic).key("k0").payload("k0 99 9/9 table=0");
    zombie.send(record).map_err(|(error, _)| error).unwrap();
    assert!(zombie.commit_transaction(Duration::from_secs(10)).is_err());
    assert_eq!(total(&settings), sent);
}

/// The partitions that a process owns.
fn owned(process: &Process) -> Vec<i32> {
    let families = process.registry.gather();
    let family = families.iter().find(|family| family.name() == "quaywatch_state_keys");
    let metrics = family.map(|family| family.get_metric()).unwrap_or_default();
    let label = |metric: &Metric| metric.get_label().iter().find_map(|label| label.value().parse().ok());
    metrics.iter().filter_map(label).collect()
}

#[test]
fn a_slot_that_breaks_while_it_is_given_partitions_keeps_nobody_waiting() {
    let settings = shared().deployment(4);
    let first = Process::ready(&settings);
    let second = Process::ready(&Settings { instance: "second".into(), ..settings.clone() });
    until("both own partitions", || owned(&first).len() == 2 && owned(&second).len() == 2);
    produce(&settings, "port.in", &[(Some(owned(&first)[0]), "k", Some("held"))]);
    // librdkafka rejoins the group for the slot, which is busy and cannot take what it is given.
    second.stop().unwrap();
    let client: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", &settings.brokers).create().unwrap();
    until("the first is alone in its group", || {
        let list = client.fetch_group_list(Some(&settings.group("counter")), Duration::from_secs(20));
        list.is_ok_and(|list| {
            list.groups().iter().any(|group| group.state() == "Stable" && group.members().len() == 1)
        })
    });
    for id in ["quaywatch-counter-0-0", "quaywatch-counter-0-0-b"] {
        drop(fence(&settings, id));
    }
    RELEASED.store(true, Ordering::Relaxed);
    until("the slot is built anew", || first.metric("quaywatch_rebuilds_total", "") >= 1);
    send(&settings, &input(99, 20, |_| ""));
    until("all is read", || read(&[&first]) == 100);
    first.stop().unwrap();
    assert_eq!(total(&settings), 100);
}

#[test]
fn partitions_move_between_processes_and_slots_with_their_states() {
    let settings = shared().deployment(6);
    let named =
        |instance: &str, slots: usize| Settings { instance: instance.to_owned(), slots, ..settings.clone() };
    let first = Process::ready(&named("a", 1));
    send(&settings, &input(600, 60, |_| ""));
    let second = Process::start(&named("b", 2));
    send(&settings, &input(600, 60, |_| ""));
    until("the first half is read", || read(&[&first, &second]) == 1_200);
    second.wait_ready();
    until("both own partitions", || !owned(&first).is_empty() && !owned(&second).is_empty());
    send(&settings, &input(600, 60, |_| ""));
    until("the third part is read", || read(&[&first, &second]) == 1_800);
    let from_first = read(&[&first]);
    first.stop().unwrap();
    send(&settings, &input(600, 60, |_| ""));
    until("the rest is read", || from_first + read(&[&second]) == 2_400);
    second.assert_identity();
    until("the second owns all", || owned(&second).len() == 6);
    second.stop().unwrap();
    assert_eq!(total(&settings), 2_400);
}

#[test]
fn a_process_outlives_its_brokers_and_says_that_it_is_not_ready() {
    let cluster = Cluster::start("outage");
    let settings = cluster.deployment(2);
    let process = Process::ready(&settings);
    send(&settings, &input(100, 10, |_| ""));
    until("all is read", || read(&[&process]) == 100);
    cluster.script(&["kill-node", "1"]);
    until("it is not ready", || !process.readiness.is_ready());
    cluster.script(&["start-node", "1"]);
    send(&settings, &input(100, 10, |_| ""));
    until("all is read", || read(&[&process]) == 200);
    process.wait_ready();
    process.assert_identity();
    process.stop().unwrap();
    assert_eq!(total(&settings), 200);
    cluster.script(&["stop"]);
}

#[test]
fn a_process_that_never_reached_its_brokers_stops_when_it_is_told_to() {
    let process = Process::start(&Settings::for_brokers("127.0.0.1:1"));
    until("it is known to be not ready", || !process.readiness.parts().is_empty());
    assert!(!process.readiness.is_ready());
    process.stop().unwrap();
}
