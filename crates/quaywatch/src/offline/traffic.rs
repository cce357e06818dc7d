//! Recorded traffic: every event of the files in order of receipt, and the agencies' answers.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use quaywatch_domain::{Feedback, Id, PortEvent, Timestamp};
use quaywatch_formats::Document;
use quaywatch_formats::document::{self, DocumentState};

use super::input::{self, Folder, Reader};
use super::pipeline::Pipeline;
use super::progress::Progress;

/// How many events ahead one is made ready.
const AHEAD: usize = 2;

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
        let mut events = VecDeque::from(self.events);
        while let Some(event) = events.pop_front() {
            // It was read long ago: by the time that its turn comes it is at hand again.
            std::hint::black_box(events.get(AHEAD).map_or(0, |later| later.touch()));
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
    // With the receipt beside each event, most are put in order without looking at it.
    let mut events: Vec<(Timestamp, Arc<PortEvent>)> = Vec::new();
    let received = |event: PortEvent| (event.received_at, Arc::new(event));
    // In the order of the files, in which most events lie already.
    let mut documents: Vec<Vec<Document>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
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
                Some(id) => {
                    let at = *known.entry(format!("{feed}/{id}")).or_insert(documents.len());
                    match documents.get_mut(at) {
                        Some(versions) => versions.push(doc),
                        None => documents.push(vec![doc]),
                    }
                }
                None => events.extend(doc.events.into_iter().map(received)),
            }
        }
        progress.step();
    }
    for mut versions in documents {
        if versions.len() == 1 {
            let only = versions.pop().into_iter().flat_map(document::alone);
            events.extend(only.map(received));
            continue;
        }
        let mut state: Option<DocumentState> = None;
        for doc in versions {
            let applied = document::apply(state.as_ref(), doc);
            events.extend(applied.emit.into_iter().map(received));
            state = Some(applied.state);
        }
    }
    events.sort_by(|(a_at, a), (b_at, b)| a_at.cmp(b_at).then_with(|| place_of(a).cmp(&place_of(b))));
    Ok((events.into_iter().map(|(_, event)| event).collect(), rejected))
}

/// The order of events that were received together.
fn place_of(event: &PortEvent) -> (&str, i64, &Id, i64) {
    (&event.source.topic, event.source.offset, &event.event_id, event.revision)
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
