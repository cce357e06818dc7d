//! What a stage reads.

use std::fmt;
use std::sync::Arc;

use crate::stage::DeadLetterEncoder;

/// What a stage is called and what it reads. Names of topics have no prefix.
#[derive(Clone)]
pub struct Topology {
    pub(crate) stage: String,
    pub(crate) input: String,
    pub(crate) stateful: bool,
    pub(crate) also: Vec<String>,
    pub(crate) tables: Vec<String>,
    pub(crate) version: String,
    pub(crate) letters: Arc<dyn DeadLetterEncoder>,
}

impl fmt::Debug for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topology")
            .field("stage", &self.stage)
            .field("input", &self.input)
            .field("stateful", &self.stateful)
            .field("also", &self.also)
            .field("tables", &self.tables)
            .finish_non_exhaustive()
    }
}

impl Topology {
    /// A stage without state that reads one topic.
    #[must_use]
    pub fn new(stage: &str, input: &str, letters: impl DeadLetterEncoder + 'static) -> Self {
        Self {
            stage: stage.to_owned(),
            input: input.to_owned(),
            stateful: false,
            also: Vec::new(),
            tables: Vec::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            letters: Arc::new(letters),
        }
    }

    /// The stage keeps state for its input in `<stage>.state`, which must have as many partitions.
    #[must_use]
    pub fn stateful(mut self) -> Self {
        self.stateful = true;
        self
    }

    /// The stage reads further topics, without state.
    #[must_use]
    pub fn also<T: Into<String>>(mut self, topics: impl IntoIterator<Item = T>) -> Self {
        self.also.extend(topics.into_iter().map(Into::into));
        self
    }

    /// The stage reads a table: a compacted topic, whole, in every instance.
    #[must_use]
    pub fn table(mut self, topic: &str) -> Self {
        self.tables.push(topic.to_owned());
        self
    }

    /// The version in the header `quaywatch-version` of every output, by default this crate's.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// The name of the state topic.
    #[must_use]
    pub fn changelog(&self) -> String {
        format!("{}.state", self.stage)
    }
}
