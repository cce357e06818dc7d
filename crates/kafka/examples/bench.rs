//! Figures of the runtime on brokers that run already:
//! `cargo run --release -p quaywatch-kafka --example bench -- HOST:PORT [RECORDS]`.
//!
//! Prints the latency of one hop at 200 records a second, and throughput and processor time of a stage that passes
//! records on, beside a plain librdkafka loop that does the same with the same settings.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use prometheus::Registry;
use quaywatch_kafka::{
    DeadLetter, Host, Metrics, NoState, Outcome, Outputs, Record, Settings, Stage, State, StateError, States,
    Topology, run_blocking, wall_clock,
};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tokio::sync::watch;

type Failure = Box<dyn std::error::Error>;

const WAIT: Duration = Duration::from_secs(60);
const PARTITIONS: i32 = 4;
const VALUE_BYTES: usize = 300;
const PACED: u64 = 2_000;
const PACE: Duration = Duration::from_millis(5);

/// Passes every record on.
struct Pass;

impl Stage for Pass {
    type State = NoState;

    fn handle(&mut self, record: &Record<'_>, _: &mut States<'_, NoState>, out: &mut Outputs) -> Outcome {
        out.send("out", record.key.unwrap_or_default(), record.value.unwrap_or_default());
        Outcome::Produced
    }
}

/// Passes every record on and keeps the last one of each key.
struct Keep;

struct Last(Vec<u8>);

impl State for Last {
    fn encode(&self, into: &mut Vec<u8>) -> Result<(), StateError> {
        into.extend(&self.0);
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        Ok(Self(bytes.to_vec()))
    }

    fn due_ms(&self) -> Option<i64> {
        None
    }
}

impl Stage for Keep {
    type State = Last;

    fn handle(&mut self, record: &Record<'_>, states: &mut States<'_, Last>, out: &mut Outputs) -> Outcome {
        let value = record.value.unwrap_or_default();
        states.put(record.key.unwrap_or_default(), Last(value.to_vec()));
        out.send("out", record.key.unwrap_or_default(), value);
        Outcome::Produced
    }
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let brokers = arguments.next().ok_or("give HOST:PORT of a broker")?;
    let records: u64 = arguments.next().map_or(Ok(400_000), |text| text.parse())?;
    latency(&brokers)?;
    throughput(&brokers, records, "pass", false)?;
    throughput(&brokers, records, "keep", true)?;
    plain(&brokers, records)?;
    Ok(())
}

fn deployment(brokers: &str) -> Result<Settings, Failure> {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now_ms = wall_clock()().max(LAST.load(Ordering::Relaxed) + 1);
    LAST.store(now_ms, Ordering::Relaxed);
    let settings = Settings { prefix: format!("bench{now_ms}."), ..Settings::for_brokers(brokers) };
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", brokers).create()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for topic in ["in", "out", "pass.state", "keep.state", "port.deadletters"] {
        let name = settings.topic(topic);
        let new = NewTopic::new(&name, PARTITIONS, TopicReplication::Fixed(1));
        runtime.block_on(admin.create_topics(&[new], &AdminOptions::new()))?;
    }
    Ok(settings)
}

fn producer(settings: &Settings) -> Result<BaseProducer, Failure> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.brokers)
        .set("linger.ms", "0")
        .set("enable.idempotence", "true");
    Ok(config.create()?)
}

fn fill(settings: &Settings, records: u64) -> Result<(), Failure> {
    let (producer, topic) = (producer(settings)?, settings.topic("in"));
    let value = vec![b'x'; VALUE_BYTES];
    for n in 0..records {
        let key = (n % 10_000).to_string();
        loop {
            match producer.send(BaseRecord::<str, [u8]>::to(&topic).key(&key).payload(&value)) {
                Ok(()) => break,
                Err(_) => producer.poll(Duration::from_millis(10)),
            }
        }
    }
    producer.flush(WAIT)?;
    Ok(())
}

/// How to stop a stage, and the thread it runs on.
type Running = (watch::Sender<bool>, std::thread::JoinHandle<Result<(), quaywatch_kafka::Error>>);

/// A stage that runs beside the measurement.
fn start<S: Stage + 'static>(
    settings: &Settings,
    topology: Topology,
    registry: &Registry,
    stage: impl Fn() -> S + Send + Sync + 'static,
) -> Result<Running, Failure> {
    let (shutdown, receiver) = watch::channel(false);
    let host = Host::new(receiver, Metrics::register(registry)?);
    let readiness = host.readiness.clone();
    let settings = settings.clone();
    let started = Instant::now();
    let thread = std::thread::spawn(move || run_blocking(&topology, &settings, stage, host));
    while !readiness.is_ready() {
        std::thread::sleep(Duration::from_millis(1));
    }
    println!("ready after {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
    Ok((shutdown, thread))
}

fn no_letters(_: &DeadLetter<'_>) -> Vec<u8> {
    Vec::new()
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into a short list"
    )]
    let at = (sorted.len().saturating_sub(1) as f64 * share) as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// From the send to the sight of a reader of committed records, one record every 5 ms.
fn latency(brokers: &str) -> Result<(), Failure> {
    let settings = deployment(brokers)?;
    let reader: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "bench")
        .set("enable.auto.commit", "false")
        .create()?;
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset(&settings.topic("out"), partition, Offset::Beginning)?;
    }
    reader.assign(&list)?;
    let (producer, topic) = (producer(&settings)?, settings.topic("in"));
    let registry = Registry::new();
    let topology = Topology::new("keep", "in", no_letters).stateful();
    let (shutdown, thread) = start(&settings, topology, &registry, || Keep)?;
    let epoch = Instant::now();
    let micros = move || u64::try_from(epoch.elapsed().as_micros()).unwrap_or(u64::MAX);
    let sender = std::thread::spawn(move || {
        for n in 0..PACED {
            let value = micros().to_be_bytes();
            let key = n.to_string();
            let record = BaseRecord::<str, [u8]>::to(&topic).key(&key).payload(&value);
            // A record that does not fit in an idle queue would be missed below.
            let _ = producer.send(record);
            producer.poll(PACE);
        }
        producer.flush(WAIT)
    });
    let mut millis = Vec::new();
    while (millis.len() as u64) < PACED {
        if let Some(message) = reader.poll(Duration::from_millis(100)) {
            let sent = u64::from_be_bytes(message?.payload().unwrap_or_default().try_into()?);
            #[expect(clippy::cast_precision_loss, reason = "microseconds of one run")]
            millis.push((micros() - sent) as f64 / 1e3);
        }
    }
    sender.join().map_err(|_| "the sender died")??;
    shutdown.send(true)?;
    thread.join().map_err(|_| "the stage died")??;
    let mut warm = millis.split_off(200);
    warm.sort_by(f64::total_cmp);
    println!(
        "one hop with state at 200/s: p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
        percentile(&warm, 0.5),
        percentile(&warm, 0.9),
        percentile(&warm, 0.99),
        percentile(&warm, 1.0)
    );
    commits(&registry);
    Ok(())
}

/// Bounds between which commits took, from the metric.
fn commits(registry: &Registry) {
    let families = registry.gather();
    for family in families.iter().filter(|family| family.name() == "quaywatch_commit_seconds") {
        for metric in family.get_metric() {
            let histogram = metric.get_histogram();
            let bound = |share: f64| {
                #[expect(clippy::cast_precision_loss, reason = "a count of commits")]
                let rank = histogram.get_sample_count() as f64 * share;
                #[expect(clippy::cast_precision_loss, reason = "a count of commits")]
                let found = histogram.get_bucket().iter().find(|b| b.cumulative_count() as f64 >= rank);
                found.map_or(f64::INFINITY, |bucket| bucket.upper_bound() * 1e3)
            };
            println!(
                "commits: {}, p50 below {} ms, p99 below {} ms",
                histogram.get_sample_count(),
                bound(0.5),
                bound(0.99)
            );
        }
    }
}

/// Processor time of this process in seconds.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: f64 = stat.split(' ').skip(13).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn figures(what: &str, records: u64, seconds: f64, processor: f64) {
    #[expect(clippy::cast_precision_loss, reason = "a count of records")]
    let count = records as f64;
    println!(
        "{what}: {:.0} records/s, {:.2} processor seconds per million",
        count / seconds,
        processor / count * 1e6
    );
}

fn throughput(brokers: &str, records: u64, name: &str, stateful: bool) -> Result<(), Failure> {
    let settings = deployment(brokers)?;
    fill(&settings, records)?;
    let registry = Registry::new();
    let topology = Topology::new(name, "in", no_letters);
    let (processor, started) = (processor_seconds(), Instant::now());
    let (shutdown, thread) = if stateful {
        start(&settings, topology.stateful(), &registry, || Keep)?
    } else {
        start(&settings, topology, &registry, || Pass)?
    };
    let done = || {
        let families = registry.gather();
        let family = families.iter().find(|family| family.name() == "quaywatch_records_in_total");
        let metrics = family.map(|family| family.get_metric()).unwrap_or_default();
        metrics.iter().map(|metric| metric.get_counter().get_value()).sum::<f64>()
    };
    #[expect(clippy::cast_precision_loss, reason = "a count of records")]
    while done() < records as f64 {
        std::thread::sleep(Duration::from_millis(5));
    }
    figures(name, records, started.elapsed().as_secs_f64(), processor_seconds() - processor);
    shutdown.send(true)?;
    thread.join().map_err(|_| "the stage died")??;
    commits(&registry);
    if stateful {
        println!("restart, with the states of {records} changes:");
        let topology = Topology::new(name, "in", no_letters).stateful();
        let (shutdown, thread) = start(&settings, topology, &Registry::new(), || Keep)?;
        shutdown.send(true)?;
        thread.join().map_err(|_| "the stage died")??;
    }
    Ok(())
}

/// The same bytes through librdkafka alone, by the same settings.
fn plain(brokers: &str, records: u64) -> Result<(), Failure> {
    let settings = deployment(brokers)?;
    fill(&settings, records)?;
    let (processor, started) = (processor_seconds(), Instant::now());
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", settings.group("plain"))
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "earliest")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("queued.max.messages.kbytes", settings.fetch_queue_kib.to_string())
        .create()?;
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("transactional.id", settings.transactional_id("plain", 0))
        .set("linger.ms", settings.linger_ms.to_string())
        .set("compression.type", "lz4")
        .set("partitioner", "murmur2_random")
        .set("queue.buffering.max.messages", "200000")
        .set("retry.backoff.ms", "10")
        .create()?;
    producer.init_transactions(WAIT)?;
    consumer.subscribe(&[&settings.topic("in")])?;
    let out = settings.topic("out");
    let mut count = 0;
    while count < records {
        let Some(first) = consumer.poll(Duration::from_millis(50)) else { continue };
        producer.begin_transaction()?;
        let (opened, mut batch, mut next) = (Instant::now(), 0, Some(first));
        let mut offsets = std::collections::HashMap::new();
        while let Some(message) = next {
            let message = message?;
            let record = BaseRecord::<[u8], [u8]>::to(&out)
                .key(message.key().unwrap_or_default())
                .payload(message.payload().unwrap_or_default());
            producer.send(record).map_err(|(error, _)| error)?;
            offsets.insert(message.partition(), message.offset() + 1);
            batch += 1;
            let full = batch >= settings.batch_records || opened.elapsed() >= Duration::from_millis(100);
            next = if full { None } else { consumer.poll(Duration::ZERO) };
            if batch % 64 == 0 {
                producer.poll(Duration::ZERO);
            }
        }
        while producer.in_flight_count() > 0 {
            producer.poll(Duration::ZERO);
            std::thread::sleep(Duration::from_micros(100));
        }
        let mut list = TopicPartitionList::new();
        for (partition, offset) in offsets {
            list.add_partition_offset(&settings.topic("in"), partition, Offset::Offset(offset))?;
        }
        let group = consumer.group_metadata().ok_or("no group")?;
        producer.send_offsets_to_transaction(&list, &group, WAIT)?;
        producer.commit_transaction(WAIT)?;
        count += batch as u64;
    }
    figures("plain librdkafka", records, started.elapsed().as_secs_f64(), processor_seconds() - processor);
    Ok(())
}
