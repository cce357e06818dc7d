//! The topics: what they must be (`schemas/topics.toml`), creating what is missing and reporting what differs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use serde::Deserialize;

use crate::config;
use crate::context::Plain;
use crate::error::Error;
use crate::settings::Settings;

const BUILT_IN: &str = include_str!("../../../schemas/topics.toml");
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// How often new topics are looked for until every broker's answer has them.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// What a template's name holds where the agency goes.
const AGENCY: &str = "{id}";

/// A topic as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Name without the deployment's prefix.
    pub name: String,
    /// What the key is, for a person.
    pub key: String,
    /// Name of the value's Avro schema in `schemas/`.
    pub value: String,
    /// Number of partitions.
    pub partitions: i32,
    /// The only writer.
    pub owner: String,
    /// Kafka's topic settings, such as `cleanup.policy` and `retention.ms`.
    pub configs: BTreeMap<String, String>,
}

/// The topics of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics(Vec<Topic>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    defaults: Defaults,
    topic: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    configs: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    key: String,
    value: String,
    partitions: i32,
    partitions_of: Option<String>,
    cleanup: String,
    retention_ms: Option<i64>,
    owner: String,
    #[serde(default)]
    configs: BTreeMap<String, String>,
}

impl Topics {
    /// The topics of `schemas/topics.toml`, with those of each agency.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
    pub fn built_in(agencies: &[&str]) -> Self {
        Self::parse(BUILT_IN, agencies).expect("schemas/topics.toml is read by a test")
    }

    /// Topics from a text like `schemas/topics.toml`.
    ///
    /// # Errors
    /// [`Error::Topology`] says which topic is wrong and how.
    pub fn parse(text: &str, agencies: &[&str]) -> Result<Self, Error> {
        let file: File = toml::from_str(text).map_err(|e| Error::Topology(e.to_string()))?;
        let partitions: BTreeMap<&str, i32> =
            file.topic.iter().map(|entry| (entry.name.as_str(), entry.partitions)).collect();
        if partitions.len() != file.topic.len() {
            return Err(Error::Topology("a topic is listed twice".to_owned()));
        }
        for entry in &file.topic {
            entry
                .check(&partitions)
                .map_err(|problem| Error::Topology(format!("{}: {problem}", entry.name)))?;
        }
        let defaults = file.defaults.configs;
        let templates = file.topic.into_iter().map(|entry| entry.into_topic(&defaults));
        Ok(Self(templates.flat_map(|template| expand(template, agencies)).collect()))
    }

    /// The topics.
    pub fn iter(&self) -> std::slice::Iter<'_, Topic> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Topics {
    type Item = &'a Topic;
    type IntoIter = std::slice::Iter<'a, Topic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Topic> for Topics {
    fn from_iter<I: IntoIterator<Item = Topic>>(topics: I) -> Self {
        Self(topics.into_iter().collect())
    }
}

fn expand(template: Topic, agencies: &[&str]) -> Vec<Topic> {
    if !template.name.contains(AGENCY) {
        return vec![template];
    }
    let named = |agency: &&str| Topic { name: template.name.replace(AGENCY, agency), ..template.clone() };
    agencies.iter().map(named).collect()
}

impl Entry {
    fn check(&self, partitions: &BTreeMap<&str, i32>) -> Result<(), String> {
        if self.partitions < 1 {
            return Err("partitions must be 1 or more".to_owned());
        }
        if let Some(input) = &self.partitions_of
            && partitions.get(input.as_str()) != Some(&self.partitions)
        {
            return Err(format!("partitions must equal those of {input}"));
        }
        match (self.cleanup.as_str(), self.retention_ms) {
            ("delete" | "compact,delete", Some(ms)) if ms == -1 || ms > 0 => Ok(()),
            ("compact", None) => Ok(()),
            ("delete" | "compact,delete", _) => {
                Err("retention_ms must be given: milliseconds, or -1 for ever".to_owned())
            }
            ("compact", Some(_)) => Err("retention_ms has no effect without delete in cleanup".to_owned()),
            (other, _) => Err(format!("cleanup is delete, compact or compact,delete, not {other}")),
        }
    }

    fn into_topic(self, defaults: &BTreeMap<String, String>) -> Topic {
        let mut configs = defaults.clone();
        configs.insert("cleanup.policy".to_owned(), self.cleanup);
        if let Some(ms) = self.retention_ms {
            configs.insert("retention.ms".to_owned(), ms.to_string());
        }
        configs.extend(self.configs);
        Topic {
            name: self.name,
            key: self.key,
            value: self.value,
            partitions: self.partitions,
            owner: self.owner,
            configs,
        }
    }
}

/// How a cluster differs from what it must be; its text says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Difference {
    /// The topic does not exist.
    Missing {
        /// Full name.
        topic: String,
    },
    /// It has another number of partitions.
    Partitions {
        /// Full name.
        topic: String,
        /// As it must be.
        expected: i32,
        /// As it is.
        actual: i32,
    },
    /// A setting has another value.
    Config {
        /// Full name of the topic.
        topic: String,
        /// The setting.
        name: String,
        /// As it must be.
        expected: String,
        /// As it is; `None` if the brokers do not know the setting.
        actual: Option<String>,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { topic } => {
                write!(f, "topic {topic} does not exist: run `quaywatch topics ensure`")
            }
            Self::Partitions { topic, expected, actual } => write!(
                f,
                "topic {topic} has {actual} partitions and must have {expected}: create it anew, \
                 because keys and states stay in the partition where they are"
            ),
            Self::Config { topic, name, expected, actual: Some(actual) } => write!(
                f,
                "topic {topic} has {name}={actual} and must have {expected}: \
                 kafka-configs --alter --topic {topic} --add-config '{name}=[{expected}]'"
            ),
            Self::Config { topic, name, expected, actual: None } => write!(
                f,
                "topic {topic} must have {name}={expected}, a setting that these brokers do not have: \
                 upgrade Apache Kafka"
            ),
        }
    }
}

/// Creates the topics that are missing, waits until the brokers show them and returns their full names. What exists
/// is left as it is: see [`verify`].
///
/// # Errors
/// [`Error::Client`] if the brokers cannot be reached or refuse; [`Error::MissingTopic`] on the embedded broker,
/// whose topics come with its start.
pub async fn ensure(settings: &Settings, topics: &Topics) -> Result<Vec<String>, Error> {
    let admin = Admin::new(settings)?;
    let existing = admin.topics().await?;
    let missing: Vec<(String, &Topic)> = topics
        .iter()
        .map(|spec| (settings.topic(&spec.name), spec))
        .filter(|(name, _)| !existing.contains_key(name))
        .collect();
    if settings.is_embedded()
        && let Some((topic, _)) = missing.first()
    {
        return Err(Error::MissingTopic { topic: topic.clone() });
    }
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let created = admin.create(&missing, i32::from(settings.replication)).await?;
    admin.wait_for(missing.iter().map(|(name, _)| name)).await?;
    Ok(created)
}

/// Every difference between the topics of a cluster and these, each as a sentence that says what to do. On the embedded broker, which has no settings,
/// names and partitions only.
///
/// # Errors
/// [`Error::Client`] if the brokers cannot be reached or refuse.
pub async fn verify(settings: &Settings, topics: &Topics) -> Result<Vec<String>, Error> {
    let admin = Admin::new(settings)?;
    let existing = admin.topics().await?;
    let mut differences = Vec::new();
    let mut present = Vec::new();
    for spec in topics {
        let topic = settings.topic(&spec.name);
        match existing.get(&topic) {
            None => differences.push(Difference::Missing { topic }),
            Some(&actual) => {
                if actual != spec.partitions {
                    let topic = topic.clone();
                    differences.push(Difference::Partitions { topic, expected: spec.partitions, actual });
                }
                present.push((topic, spec));
            }
        }
    }
    if !settings.is_embedded() && !present.is_empty() {
        let names: Vec<&str> = present.iter().map(|(name, _)| name.as_str()).collect();
        let actual = admin.configs(&names).await?;
        for ((topic, spec), actual) in present.iter().zip(&actual) {
            differences.extend(config_differences(topic, &spec.configs, actual));
        }
    }
    Ok(differences.iter().map(ToString::to_string).collect())
}

fn config_differences(
    topic: &str,
    expected: &BTreeMap<String, String>,
    actual: &BTreeMap<String, Option<String>>,
) -> Vec<Difference> {
    expected
        .iter()
        .filter_map(|(name, expected)| {
            let actual = actual.get(name).cloned().flatten();
            let same = actual.as_deref().is_some_and(|actual| same_value(name, expected, actual));
            (!same).then(|| Difference::Config {
                topic: topic.to_owned(),
                name: name.clone(),
                expected: expected.clone(),
                actual,
            })
        })
        .collect()
}

/// `cleanup.policy` is a set, and numbers may be written in several ways.
fn same_value(name: &str, expected: &str, actual: &str) -> bool {
    if name == "cleanup.policy" {
        let set = |text| -> BTreeSet<&str> { str::split(text, ',').map(str::trim).collect() };
        return set(expected) == set(actual);
    }
    expected == actual
        || matches!((expected.parse::<f64>(), actual.parse::<f64>()), (Ok(e), Ok(a)) if e.to_bits() == a.to_bits())
}

struct Admin {
    client: Arc<AdminClient<Plain>>,
    brokers: String,
}

impl Admin {
    fn new(settings: &Settings) -> Result<Self, Error> {
        let client = AdminClient::from_config_and_context(&config::admin(settings), Plain)
            .map_err(Error::client(format!("making an administration client for {}", settings.brokers)))?;
        Ok(Self { client: Arc::new(client), brokers: settings.brokers.clone() })
    }

    fn options() -> AdminOptions {
        AdminOptions::new().request_timeout(Some(REQUEST_TIMEOUT)).operation_timeout(Some(REQUEST_TIMEOUT))
    }

    /// Full names and numbers of partitions; a topic without a leader for some partition is left out.
    async fn topics(&self) -> Result<BTreeMap<String, i32>, Error> {
        let client = Arc::clone(&self.client);
        let fetched = tokio::task::spawn_blocking(move || {
            client.inner().fetch_metadata(None, REQUEST_TIMEOUT).map(|metadata| {
                metadata
                    .topics()
                    .iter()
                    .filter(|topic| topic.error().is_none() && !topic.partitions().is_empty())
                    .map(|topic| {
                        let count = i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX);
                        (topic.name().to_owned(), count)
                    })
                    .collect()
            })
        });
        fetched
            .await
            .unwrap_or(Err(KafkaError::Canceled))
            .map_err(Error::client(format!("listing the topics of {}", self.brokers)))
    }

    async fn create(&self, missing: &[(String, &Topic)], replication: i32) -> Result<Vec<String>, Error> {
        let topics: Vec<NewTopic<'_>> = missing
            .iter()
            .map(|(name, spec)| NewTopic {
                name,
                num_partitions: spec.partitions,
                replication: TopicReplication::Fixed(replication),
                config: spec.configs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            })
            .collect();
        let results = self
            .client
            .create_topics(&topics, &Self::options())
            .await
            .map_err(Error::client(format!("creating topics on {}", self.brokers)))?;
        let mut created = Vec::new();
        for result in results {
            match result {
                Ok(name) => created.push(name),
                // Created by someone else in the meantime.
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => {
                    return Err(Error::Client {
                        what: format!("creating topic {name} with replication {replication}"),
                        source: KafkaError::AdminOp(code),
                    });
                }
            }
        }
        Ok(created)
    }

    /// A broker shows a new topic only after the controller's word has reached it.
    async fn wait_for<'a>(&self, names: impl Iterator<Item = &'a String>) -> Result<(), Error> {
        let mut names: Vec<&String> = names.collect();
        let deadline = Instant::now() + REQUEST_TIMEOUT;
        loop {
            let shown = self.topics().await?;
            names.retain(|name| !shown.contains_key(*name));
            let Some(name) = names.first() else { return Ok(()) };
            if Instant::now() >= deadline {
                return Err(Error::Timeout {
                    what: format!("creating topic {name}"),
                    budget_ms: u64::try_from(REQUEST_TIMEOUT.as_millis()).unwrap_or(u64::MAX),
                });
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// The settings of each topic, in the order asked for.
    async fn configs(&self, topics: &[&str]) -> Result<Vec<BTreeMap<String, Option<String>>>, Error> {
        let resources: Vec<ResourceSpecifier<'_>> =
            topics.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
        let what = || format!("reading the topic settings of {}", self.brokers);
        let answers = self
            .client
            .describe_configs(&resources, &Self::options())
            .await
            .map_err(Error::client(what()))?;
        answers
            .into_iter()
            .map(|answer| match answer {
                Ok(resource) => Ok(resource.entries.into_iter().map(|e| (e.name, e.value)).collect()),
                Err(code) => Err(Error::Client { what: what(), source: KafkaError::AdminOp(code) }),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
