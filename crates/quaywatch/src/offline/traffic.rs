//! Recorded traffic: every event of the files in order of receipt, and the agencies' answers.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use quaywatch_domain::{Feedback, PortEvent};
use quaywatch_formats::Document;
use quaywatch_formats::document::{self, DocumentState};

use super::input::{self, Folder, Reader};
use super::pipeline::Pipeline;
use super::progress::Progress;

/// What is replayed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traffic {
    /// In order of receipt.
    pub(crate) events: Vec<Arc<PortEvent>>,
    /// In order of time.
    pub(crate) feedback: Vec<Feedback>,
    /// Messages, or parts of them, that could not be used.
    pub(crate) rejected: usize,
}

impl Traffic {
    /// Reads the folder's messages and answers.
    pub(crate) fn read(folder: &Folder, reader: &Reader) -> Result<Self> {
        let (events, rejected) = read_events(&folder.messages, reader)?;
        let mut feedback: Vec<Feedback> = Vec::new();
        for file in &folder.feedback {
            feedback.extend(ndjson::<Feedback>(file)?);
        }
        feedback.sort_by_key(|f| f.at);
        Ok(Self { events, feedback, rejected })
    }

    /// Events and answers through the pipeline, merged by the time at which they came in.
    pub(crate) fn replay(self, pipeline: &mut Pipeline, label: &str) {
        let mut progress = Progress::new(label, self.events.len());
        let mut answers = self.feedback.iter().peekable();
        for event in self.events {
            while let Some(answer) = answers.next_if(|f| f.at <= event.received_at) {
                pipeline.feedback(answer);
            }
            pipeline.event(event);
            progress.step();
        }
        answers.for_each(|answer| pipeline.feedback(answer));
    }
}

/// Every event of the files, documents replaced and cancelled as the normalizer does, in order of receipt.
fn read_events(files: &[PathBuf], reader: &Reader) -> Result<(Vec<Arc<PortEvent>>, usize)> {
    let mut events: Vec<Arc<PortEvent>> = Vec::new();
    let mut documents: HashMap<String, Vec<Document>> = HashMap::new();
    let mut rejected = 0;
    let mut progress = Progress::new("reading", files.len());
    let mut bytes = Vec::new();
    for (ordinal, path) in (0_i64..).zip(files) {
        bytes.clear();
        File::open(path)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let name = input::file_name(path);
        let feed = reader.feeds.claim(name);
        let parsed = reader.parse(&bytes, name, ordinal, Some(feed));
        rejected += parsed.rejects.len();
        for doc in parsed.documents {
            match &doc.id {
                Some(id) => documents.entry(format!("{feed}/{id}")).or_default().push(doc),
                None => events.extend(doc.events.into_iter().map(Arc::new)),
            }
        }
        progress.step();
    }
    for mut versions in documents.into_values() {
        if versions.len() == 1 {
            let only = versions.pop().into_iter().flat_map(document::alone);
            events.extend(only.map(Arc::new));
            continue;
        }
        let mut state: Option<DocumentState> = None;
        for doc in versions {
            let applied = document::apply(state.as_ref(), doc);
            events.extend(applied.emit.into_iter().map(Arc::new));
            state = Some(applied.state);
        }
    }
    events.sort_by(|a, b| {
        (a.received_at, &a.source.topic, a.source.offset, &a.event_id, a.revision).cmp(&(
            b.received_at,
            &b.source.topic,
            b.source.offset,
            &b.event_id,
            b.revision,
        ))
    });
    Ok((events, rejected))
}

/// One JSON document a line; empty lines are skipped.
pub(crate) fn ndjson<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("{} line {number} is not usable", path.display()))
        })
        .collect()
}
