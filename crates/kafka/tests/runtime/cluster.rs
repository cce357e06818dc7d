//! One Apache Kafka for all tests of this binary, started by `deploy/local/kafka.sh`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use quaywatch_kafka::Settings;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{Offset, TopicPartitionList};

const WAIT: Duration = Duration::from_secs(30);

/// Brokers that stop when this process ends.
pub(crate) struct Cluster {
    dir: PathBuf,
    pub(crate) brokers: String,
}

impl Cluster {
    pub(crate) fn start(name: &str) -> Self {
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        forget_dead(parent, name);
        let dir = parent.join(format!("{name}-{}", std::process::id()));
        let cluster = Self { dir, brokers: String::new() };
        let owner = std::process::id().to_string();
        let brokers = cluster.script(&["start", "--owner", &owner]);
        Self { brokers: brokers.trim().to_owned(), ..cluster }
    }

    pub(crate) fn script(&self, arguments: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/local/kafka.sh");
        let output = Command::new(script).args(arguments).arg("--dir").arg(&self.dir).output().unwrap();
        assert!(output.status.success(), "kafka.sh: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A deployment of its own on these brokers: input, output, table, dead letters and state.
    pub(crate) fn deployment(&self, partitions: i32) -> Settings {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let settings = Settings {
            prefix: format!("t{}.", NEXT.fetch_add(1, Ordering::Relaxed)),
            session_timeout_ms: 6_000,
            ..Settings::for_brokers(&self.brokers)
        };
        for (topic, count) in [
            ("port.in", partitions),
            ("port.side", 1),
            ("port.out", 3),
            ("port.table", 1),
            ("port.deadletters", 1),
            ("counter.state", partitions),
        ] {
            create_topic(&settings, topic, count);
        }
        settings
    }
}

/// The brokers that all tests share.
pub(crate) fn shared() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start("runtime"))
}

/// Removes the data of runs whose process is gone.
fn forget_dead(parent: &Path, name: &str) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let file = entry.file_name().into_string().unwrap_or_default();
        let pid = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

pub(crate) fn create_topic(settings: &Settings, topic: &str, partitions: i32) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", &settings.brokers).create().unwrap();
    let name = settings.topic(topic);
    let new = NewTopic::new(&name, partitions, TopicReplication::Fixed(1));
    let new = if topic.ends_with(".state") { new.set("cleanup.policy", "compact") } else { new };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let results = runtime.block_on(admin.create_topics(&[new], &AdminOptions::new())).unwrap();
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

/// Sends records to a partition, or by key, and waits until they are stored.
pub(crate) fn produce(settings: &Settings, topic: &str, records: &[(Option<i32>, &str, Option<&str>)]) {
    produce_at(settings, topic, records, None);
}

/// [`produce`] with the time of the records, in milliseconds since the epoch.
pub(crate) fn produce_at(
    settings: &Settings,
    topic: &str,
    records: &[(Option<i32>, &str, Option<&str>)],
    timestamp_ms: Option<i64>,
) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &settings.brokers)
        .set("enable.idempotence", "true")
        .set("partitioner", "murmur2_random")
        .create()
        .unwrap();
    let topic = settings.topic(topic);
    for (partition, key, value) in records {
        let mut record = BaseRecord::<str, str>::to(&topic).key(key);
        record.partition = *partition;
        record.payload = *value;
        record.timestamp = timestamp_ms;
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(WAIT).unwrap();
}

/// A record as the tests look at it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) partition: i32,
    pub(crate) key: String,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

impl Seen {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.value.clone().unwrap()).unwrap()
    }
}

/// Everything in a topic that a reader of committed records sees, up to its end now.
pub(crate) fn committed(settings: &Settings, topic: &str) -> Vec<Seen> {
    let topic = settings.topic(topic);
    let config = |isolation: &str| -> BaseConsumer {
        ClientConfig::new()
            .set("bootstrap.servers", &settings.brokers)
            .set("group.id", "tests")
            .set("enable.auto.commit", "false")
            .set("isolation.level", isolation)
            .create()
            .unwrap()
    };
    let (reader, ends) = (config("read_committed"), config("read_uncommitted"));
    let metadata = ends.fetch_metadata(Some(&topic), WAIT).unwrap();
    let mut list = TopicPartitionList::new();
    let mut open = Vec::new();
    for partition in metadata.topics()[0].partitions() {
        let (low, high) = ends.fetch_watermarks(&topic, partition.id(), WAIT).unwrap();
        list.add_partition_offset(&topic, partition.id(), Offset::Beginning).unwrap();
        if low < high {
            open.push((partition.id(), high));
        }
    }
    reader.assign(&list).unwrap();
    let deadline = Instant::now() + WAIT;
    let mut seen = Vec::new();
    while !open.is_empty() {
        assert!(Instant::now() < deadline, "{topic} cannot be read to its end");
        if let Some(Ok(message)) = reader.poll(Duration::from_millis(10)) {
            let headers = message.headers().into_iter().flat_map(|h| h.iter().collect::<Vec<_>>());
            seen.push(Seen {
                partition: message.partition(),
                key: String::from_utf8(message.key().unwrap_or_default().to_vec()).unwrap(),
                value: message.payload().map(<[u8]>::to_vec),
                headers: headers
                    .map(|header| (header.key.to_owned(), header.value.unwrap_or_default().to_vec()))
                    .collect(),
            });
            continue;
        }
        let positions = reader.position().unwrap();
        open.retain(|(partition, end)| {
            !matches!(
                positions.find_partition(&topic, *partition).map(|found| found.offset()),
                Some(Offset::Offset(at)) if at >= *end
            )
        });
    }
    seen
}
