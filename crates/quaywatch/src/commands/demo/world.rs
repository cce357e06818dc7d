//! Every service in one process.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use prometheus::Registry;
use quaywatch_codec::Codec;
use quaywatch_detection::{Engine, Rules};
use quaywatch_domain::{Alert, PseudonymKey, Sha256};
use quaywatch_formats::{Feeds, Parties};
use quaywatch_kafka::{Embedded, Metrics, Reader, Readiness, Topics};
use quaywatch_service::stage::Environment;
use quaywatch_service::{Clock, Shutdown, WatchedFile};
use quaywatch_sharing::Agencies;
use quaywatch_simulator::Day;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// The agencies of the demo, the same as the ones that deployments start from.
const AGENCIES: &str = include_str!("../../../../../deploy/agencies.toml");
/// The list of the demo.
const LIST: &str = quaywatch_simulator::LIST_ID;

/// The first line: what stands behind the demo.
pub(super) fn broker_line(brokers: Option<&str>) -> String {
    match brokers {
        Some(brokers) => format!("On Apache Kafka at {brokers}: all guarantees hold."),
        None => {
            "On an embedded mock broker, for demonstration only: it keeps no transactions, offsets or data; \
                 --brokers HOST:PORT runs the same on Apache Kafka."
                .to_owned()
        }
    }
}

/// A service and its task.
type Running = (&'static str, JoinHandle<Result<()>>);

/// The running services.
pub(super) struct World {
    environment: Environment,
    agencies: Arc<Agencies>,
    key: PseudonymKey,
    gateway: SocketAddr,
    token: String,
    services: Mutex<Vec<Running>>,
    // Dropped last: the broker of all the above.
    _broker: Option<Embedded>,
}

impl World {
    pub(super) async fn start(brokers: Option<&str>, day: &Day, clock: Clock) -> Result<Self> {
        let mut agencies = Agencies::parse(AGENCIES).context("deploy/agencies.toml")?;
        agencies.raise_thresholds(Rules::default().threshold());
        let agencies = Arc::new(agencies);
        let ids: Vec<&str> = agencies.ids().collect();
        let topics = Topics::built_in(&ids);
        let random = random_bytes()?;
        let (broker, kafka) = match brokers {
            None => {
                let broker = Embedded::start(&topics)?;
                let settings = broker.settings();
                (Some(broker), settings)
            }
            Some(brokers) => {
                let mut settings = quaywatch_kafka::Settings::for_brokers(brokers);
                // Topics of its own, so that a demo never mixes with anything else on the cluster.
                settings.prefix = format!("demo-{}.", random.to_string().get(..8).unwrap_or_default());
                quaywatch_kafka::admin::ensure(&settings, &topics).await?;
                println!("Topics: {}*", settings.prefix);
                (None, settings)
            }
        };
        let registry = Registry::new();
        let environment = Environment {
            kafka,
            codec: Codec::embedded(),
            metrics: Metrics::register(&registry)?,
            registry,
            readiness: Readiness::default(),
            clock,
            shutdown: Shutdown::manual(),
        };
        let key = PseudonymKey::new(random.0)?;
        let token = Sha256::of(&random.0).to_string();
        let mut services = spawn_stages(&environment, &agencies, &key, &day.feeds_toml)?;
        let (gateway, task) = open_gateway(&environment, &day.feeds_toml, &token).await?;
        services.push(("gateway", tokio::spawn(async move { Ok(task.await?) })));
        Ok(Self {
            environment,
            agencies,
            key,
            gateway,
            token,
            services: Mutex::new(services),
            _broker: broker,
        })
    }

    /// Publishes a version of the agency list, as `watchlist import` does.
    pub(super) async fn import_list(&self, csv: &str) -> Result<()> {
        let (kafka, codec) = (self.environment.kafka.clone(), self.environment.codec.clone());
        let (key, now, csv) = (self.key.clone(), self.environment.clock.now(), csv.to_owned());
        tokio::task::spawn_blocking(move || {
            let import = quaywatch_watchlist::Import::agency_csv(LIST, &key).confirmed();
            import.publish(csv.as_bytes(), now, &kafka, &codec)
        })
        .await??;
        Ok(())
    }

    pub(super) fn is_ready(&self) -> bool {
        self.environment.readiness.is_ready()
    }

    pub(super) const fn registry(&self) -> &Registry {
        &self.environment.registry
    }

    pub(super) const fn kafka(&self) -> &quaywatch_kafka::Settings {
        &self.environment.kafka
    }

    pub(super) fn codec(&self) -> Codec {
        self.environment.codec.clone()
    }

    pub(super) const fn gateway(&self) -> SocketAddr {
        self.gateway
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn agency_topics(&self) -> Vec<String> {
        self.agencies.ids().map(quaywatch_dispatcher::alerts_topic).collect()
    }

    /// Every revision of every alert, in order.
    pub(super) fn alerts(&self) -> Result<Vec<Alert>> {
        let records = Reader::read_all(self.kafka(), &[quaywatch_detector::ALERTS], Duration::from_secs(30))?;
        let values = records.iter().filter_map(|record| record.value.as_deref());
        values.map(|value| self.environment.codec.decode(value).map_err(Into::into)).collect()
    }

    /// Messages, by coordinates in `port.raw`, of which something was dead-lettered.
    pub(super) fn dead_lettered(&self) -> Result<usize> {
        let records =
            Reader::read_all(self.kafka(), &[quaywatch_kafka::DEAD_LETTERS], Duration::from_secs(30))?;
        let mut sources = std::collections::BTreeSet::new();
        for value in records.iter().filter_map(|record| record.value.as_deref()) {
            let letter: quaywatch_domain::DeadLetter = self.environment.codec.decode(value)?;
            sources.insert((letter.topic, letter.partition, letter.offset));
        }
        Ok(sources.len())
    }

    /// Stops every service as SIGTERM would.
    pub(super) async fn stop(&self) -> Result<()> {
        self.environment.shutdown.request();
        for (name, task) in self.services.lock().await.drain(..) {
            task.await
                .map_err(|e| anyhow!("{name} broke off: {e}"))?
                .with_context(|| format!("{name} failed"))?;
        }
        Ok(())
    }
}

fn spawn_stages(
    environment: &Environment,
    agencies: &Arc<Agencies>,
    key: &PseudonymKey,
    feeds_toml: &str,
) -> Result<Vec<Running>> {
    let feeds = WatchedFile::fixed(Feeds::parse(feeds_toml)?);
    let setup = quaywatch_normalizer::Setup {
        codec: environment.codec.clone(),
        feeds: feeds.as_fn(),
        parties: WatchedFile::fixed(Parties::default()).as_fn(),
        key: key.clone(),
        figures: Some(quaywatch_normalizer::Figures::register(&environment.registry)?),
    };
    let engine = WatchedFile::fixed(Engine::new(Rules::default(), env!("CARGO_PKG_VERSION"))).as_fn();
    let e = || environment.clone();
    let (normalizer, screener, detector, dispatcher) = (e(), e(), e(), e());
    let agencies = Arc::clone(agencies);
    let clearances: quaywatch_dispatcher::Clearances = Arc::new(move || Arc::clone(&agencies));
    Ok(vec![
        ("normalizer", tokio::spawn(async move { Ok(quaywatch_normalizer::run(setup, &normalizer).await?) })),
        (
            "screener",
            tokio::spawn(async move {
                Ok(quaywatch_screener::run(quaywatch_screener::Setup::default(), &screener).await?)
            }),
        ),
        ("detector", tokio::spawn(async move { Ok(quaywatch_detector::run(engine, &detector).await?) })),
        (
            "dispatcher",
            tokio::spawn(async move { Ok(quaywatch_dispatcher::run(clearances, &dispatcher).await?) }),
        ),
    ])
}

async fn open_gateway(
    environment: &Environment,
    feeds_toml: &str,
    token: &str,
) -> Result<(SocketAddr, JoinHandle<()>)> {
    let text = with_token(feeds_toml, token);
    let doors = quaywatch_gateway::Doors::parse(&text, Path::new(".")).map_err(|why| anyhow!(why))?;
    let limits = quaywatch_service::settings::Gateway {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        max_messages_per_second: 0,
        ..Default::default()
    };
    let (clock, codec) = (environment.clock.clone(), environment.codec.clone());
    let intake = quaywatch_gateway::connect(&environment.kafka, codec, clock, "gateway")?;
    let metrics = quaywatch_gateway::Metrics::register(&environment.registry)?;
    let gateway = quaywatch_gateway::Gateway::new(limits, WatchedFile::fixed(doors), intake, metrics)
        .report_to(environment.readiness.clone());
    Ok(gateway.serve(environment.shutdown.clone()).await?)
}

/// The feeds, each with the token that its sender shows.
fn with_token(feeds_toml: &str, token: &str) -> String {
    let hash = Sha256::of(token.as_bytes());
    // A table of a feed's mapping begins alike.
    let is_feed = |line: &str| line.strip_prefix("[feeds.").is_some_and(|id| !id.contains('.'));
    let lines = feeds_toml.lines();
    let lines = lines.map(|line| match is_feed(line) {
        true => format!("{line}\nhttp.secret_sha256 = \"{hash}\"\n"),
        false => format!("{line}\n"),
    });
    lines.collect()
}

/// Fresh random bytes from the operating system.
fn random_bytes() -> Result<Sha256> {
    let text = std::fs::read("/proc/sys/kernel/random/uuid").context("no source of randomness")?;
    if text.len() < 32 {
        bail!("no source of randomness");
    }
    Ok(Sha256::of(&text))
}

#[cfg(test)]
mod tests {
    use quaywatch_domain::Timestamp;
    use quaywatch_simulator::{Options, Port};

    use super::*;

    #[test]
    fn every_feed_of_a_simulated_port_has_a_door_with_the_token() {
        let port = Port::new(&Options {
            hours: 4,
            containers: 20,
            ..Options::day(1, Timestamp::from_millis(1_772_409_600_000))
        });
        let text = with_token(&port.feeds_toml(), "token");
        let feeds = Feeds::parse(&text).map(|feeds| feeds.ids().count());
        assert_eq!(feeds.unwrap_or_default(), text.matches("http.secret_sha256").count(), "{text}");
        assert!(quaywatch_gateway::Doors::parse(&text, Path::new(".")).is_ok());
    }
}
