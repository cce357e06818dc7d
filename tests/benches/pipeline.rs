//! Figures of the whole pipeline on a real Apache Kafka, printed as a table:
//! `cargo bench -p quaywatch-tests [-- CONTAINERS]` (live containers for memory and restart; 200,000 unless said).
//!
//! Throughput is from the first canonical event to the last alert, with a full `port.raw` at the start, beside a plain
//! librdkafka loop (consume, transaction, produce) on the same broker in the same run. Latency is from the sending of a
//! message to the alert on an agency topic, at 200 events a second. Processor time is that of the four stages together.

use std::collections::HashMap;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use quaywatch_kafka::{AckedProducer, NewRecord, Read, Reader};
use quaywatch_tests::broker::Broker;
use quaywatch_tests::port::{Port, STAGES};
use quaywatch_tests::snapshot::settled;
use quaywatch_tests::traffic::{Message, Traffic, container, event, with};
use quaywatch_tests::{list, now_ms};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(900);
const MINUTE_MS: i64 = 60_000;
/// Time between messages at 200 events a second.
const PACE: Duration = Duration::from_millis(5);
const PACED: usize = 3_000;

fn main() -> Result<()> {
    // `cargo bench` passes --bench.
    let live = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(200_000).min(1_000_000);
    let broker = Broker::start()?;
    throughput(&broker)?;
    latency(&broker)?;
    memory_and_restart(&broker, live)
}

fn throughput(broker: &Broker) -> Result<()> {
    let mut rates = Vec::new();
    for round in 1..=3 {
        let traffic = Traffic::of(5_000, round, now_ms());
        let mut port = Port::new(broker.brokers(), &format!("throughput{round}"))?;
        list::load(&port, &traffic.wanted)?;
        port.put_together(&traffic.messages)?;
        port.start_all("0")?;
        let snapshot = settled(&port, LIMIT)?;
        let cpu: f64 = processor_seconds(&mut port)?;
        let times = |topic: fn(&str) -> bool| {
            let of = snapshot.records.iter().filter(move |r| topic(&r.topic));
            of.map(|r| r.timestamp_ms).filter(|ms| *ms > 0)
        };
        let first = times(|t| t == "port.events").min().context("no events")?;
        let last = times(|t| t != "port.raw").max().context("nothing sent")?;
        let events = traffic.events as f64;
        let seconds = (last - first) as f64 / 1_000.0;
        rates.push((events / seconds, cpu / events * 1e6));
        println!(
            "throughput, round {round}: {events} events, {} facts, {} alert versions in {seconds:.1} s",
            snapshot.count("port.facts"),
            snapshot.views.values().map(Vec::len).sum::<usize>()
        );
        commit_times(&mut port)?;
    }
    rates.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (rate, cpu) = rates.get(1).copied().context("no median")?;
    println!("throughput, median: {rate:.0} events/s through four stages, {cpu:.1} CPU-s per million events");
    let plain = plain_loop(broker)?;
    println!("same run, one hop of a plain librdkafka loop: {plain:.0} records/s; ratio {:.3}", rate / plain);
    Ok(())
}

/// Records a second of the plain loop of `crates/kafka/examples/bench.rs`; its whole output is shown.
fn plain_loop(broker: &Broker) -> Result<f64> {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--release", "-p", "quaywatch-kafka", "--example", "bench", "--"])
        .args([broker.brokers(), "300000"])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    print!("{text}");
    let line = text.lines().find(|line| line.starts_with("plain")).context("the plain loop did not run")?;
    let number =
        line.split_whitespace().find_map(|word| word.strip_suffix("/s").or(Some(word))?.parse().ok());
    number.context("the plain loop printed no rate")
}

fn latency(broker: &Broker) -> Result<()> {
    let mut port = Port::new(broker.brokers(), "latency")?;
    port.start_all("0")?;
    let begun = now_ms() - 180 * MINUTE_MS;
    let numbers: Vec<String> = (0..PACED).map(|n| container("LATU", n)).collect();
    let before: Vec<Message> = numbers
        .chunks(100)
        .map(|some| {
            let of =
                |n: &String| [event("discharged", n, begun), event("customs_held", n, begun + MINUTE_MS)];
            Message::lines("gate", begun, &some.iter().flat_map(of).collect::<Vec<_>>())
        })
        .collect();
    port.put(&before, |_, _| Ok(()))?;
    settled(&port, LIMIT)?;

    let sent: Arc<Mutex<HashMap<String, Instant>>> = Arc::default();
    let (reader, of_reader) =
        (Reader::follow(&port.kafka, &["agency.police-koper.alerts"])?, Arc::clone(&sent));
    let codec = port.codec.clone();
    let watch = std::thread::spawn(move || arrivals(reader, &codec, &of_reader));
    let producer = AckedProducer::connect(&port.kafka, "paced")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let start = Instant::now();
    for (n, number) in numbers.iter().enumerate() {
        let gone = with(event("gate_out", number, begun + 60 * MINUTE_MS), &json!({}));
        let feed = format!("gate-{}", n % 8);
        let message = Message::lines(&feed, begun + 90 * MINUTE_MS, &[gone]);
        let value = port.codec.encode("port.raw", &message.raw())?;
        while start.elapsed() < PACE * u32::try_from(n)? {
            std::thread::sleep(Duration::from_micros(200));
        }
        sent.lock().unwrap_or_else(PoisonError::into_inner).insert(number.clone(), Instant::now());
        let (producer, record) = (producer.clone(), NewRecord::new("port.raw", feed, value));
        runtime.spawn(async move { producer.send(record).await });
    }
    let mut all = watch.join().map_err(|_| anyhow::anyhow!("the reader broke off"))??;
    all.sort_by(f64::total_cmp);
    let at = |share: f64| all.get((all.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    println!(
        "latency at 200 events/s, port.raw to the agency topic through four stages: p50 {:.1} ms, p99 {:.1} ms ({} alerts)",
        at(0.5),
        at(0.99),
        all.len()
    );
    commit_times(&mut port)
}

/// Milliseconds from sending to arrival, until every alert has come or none comes any more.
fn arrivals(
    mut reader: Reader,
    codec: &quaywatch_codec::Codec,
    sent: &Mutex<HashMap<String, Instant>>,
) -> Result<Vec<f64>> {
    let (mut all, mut quiet) = (Vec::new(), Instant::now());
    while all.len() < PACED && quiet.elapsed() < Duration::from_secs(60) {
        if let Read::Record(record) = reader.next(Duration::from_millis(100))? {
            let arrived = Instant::now();
            quiet = arrived;
            let view: quaywatch_domain::AgencyAlert =
                codec.decode(record.value.as_deref().unwrap_or_default())?;
            let known = sent.lock().unwrap_or_else(PoisonError::into_inner).remove(&*view.subject.id);
            all.extend(known.map(|at| arrived.duration_since(at).as_secs_f64() * 1_000.0));
        }
    }
    Ok(all)
}

fn memory_and_restart(broker: &Broker, live: usize) -> Result<()> {
    let mut port = Port::new(broker.brokers(), "memory")?;
    let begun = now_ms() - 180 * MINUTE_MS;
    let numbers: Vec<String> = (0..live).map(|n| container("MEAU", n)).collect();
    let messages: Vec<Message> = numbers
        .chunks(200)
        .enumerate()
        .map(|(chunk, some)| {
            let of = |n: &String| {
                let seal = json!({ "seals": [{ "number": format!("S{n}"), "source": "CARRIER" }] });
                let at = |m: i64| begun + m * MINUTE_MS;
                [
                    with(event("loaded", n, at(0)), &seal),
                    with(event("discharged", n, at(5)), &seal),
                    event("yard_move", n, at(9)),
                ]
            };
            Message::lines(
                &format!("feed-{}", chunk % 8),
                begun,
                &some.iter().flat_map(of).collect::<Vec<_>>(),
            )
        })
        .collect();
    port.put_together(&messages)?;
    port.start_all("0")?;
    let began = Instant::now();
    settled(&port, LIMIT)?;
    println!(
        "{live} live containers, 3 events each, worked in within {:.0} s; resident memory:",
        began.elapsed().as_secs_f64()
    );
    for stage in STAGES {
        let service = port.service(stage, "0")?;
        let mib = service.metric("process_resident_memory_bytes ")? / 1_048_576.0;
        let keys = service.metric("quaywatch_state_keys{")?;
        let bytes = service.metric("quaywatch_state_bytes{")? / 1_048_576.0;
        println!("  {stage:<10} {mib:>6.0} MiB ({keys:.0} states, {bytes:.0} MiB of them)");
    }
    for stage in ["screener", "detector"] {
        port.kill(stage, "0")?;
        let began = Instant::now();
        port.start(stage, "0")?;
        port.service(stage, "0")?.wait_ready()?;
        println!(
            "  {stage:<10} killed and started again: ready after {:.1} s",
            began.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

/// Processor seconds of the four stages so far (utime and stime of /proc, ticks of 10 ms).
fn processor_seconds(port: &mut Port) -> Result<f64> {
    let mut ticks = 0;
    for stage in STAGES {
        let pid = port.service(stage, "0")?.pid();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        ticks += fields.iter().skip(11).take(2).filter_map(|f| f.parse::<u64>().ok()).sum::<u64>();
    }
    Ok(ticks as f64 / 100.0)
}

/// Median and 99th percentile of the commits of each stage, from its histogram, as the bucket that holds them.
fn commit_times(port: &mut Port) -> Result<()> {
    for stage in STAGES {
        let buckets = port.service(stage, "0")?.buckets("quaywatch_commit_seconds_bucket{")?;
        let total = buckets.last().map_or(0.0, |(_, count)| *count);
        let at = |share: f64| {
            buckets
                .iter()
                .find(|(_, count)| *count >= total * share)
                .map_or(f64::NAN, |(le, _)| *le * 1_000.0)
        };
        println!("  {stage:<10} {total:>6} commits: p50 below {} ms, p99 below {} ms", at(0.5), at(0.99));
    }
    Ok(())
}
