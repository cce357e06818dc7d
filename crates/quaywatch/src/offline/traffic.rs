//! Recorded traffic: every event of the files in order of receipt, and the agencies' answers.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use quaywatch_domain::{Feedback, PortEvent, Timestamp};
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

/// One version of a document as it is held until all files are read: its lines lie apart, ready to be replayed if there is
/// no other version.
struct Version {
    /// The place of its file in the order of events that were received at the same time.
    rank: usize,
    document: Document,
    events: Vec<Arc<PortEvent>>,
}

impl Version {
    fn of(rank: usize, mut document: Document) -> Self {
        let events = document::lone_lines(&mut document).into_iter().map(Arc::new).collect();
        Self { rank, document, events }
    }

    /// The version as it was read.
    fn whole(self) -> Document {
        let mut document = self.document;
        document.events.extend(self.events.into_iter().map(Arc::unwrap_or_clone));
        document
    }
}

/// Events with when they were received and the rank of their file, by which they are put in order without a look at them.
#[derive(Default)]
struct Received(Vec<(Timestamp, usize, Arc<PortEvent>)>);

impl Received {
    fn extend(&mut self, rank: usize, events: impl IntoIterator<Item = Arc<PortEvent>>) {
        self.0.extend(events.into_iter().map(|event| (event.received_at, rank, event)));
    }

    fn in_order(mut self) -> Vec<Arc<PortEvent>> {
        self.0.sort_by_key(|(at, rank, _)| (*at, *rank));
        self.0.into_iter().map(|(_, _, event)| event).collect()
    }
}

/// Every event of the files, documents replaced and cancelled as the normalizer does, in order of receipt, of name and of
/// place in the file.
fn read_events(files: &[PathBuf], reader: &Reader) -> Result<(Vec<Arc<PortEvent>>, usize)> {
    let mut events = Received::default();
    let mut documents: Vec<Vec<Version>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut rejected = 0;
    let mut progress = Progress::new("reading", files.len());
    let mut bytes = Vec::new();
    for ((ordinal, path), rank) in (0_i64..).zip(files).zip(ranks(files)) {
        bytes.clear();
        File::open(path)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let name = input::file_name(path);
        let feed = reader.feeds.claim(name);
        let parsed = reader.parse(&bytes, name, ordinal, Some(feed));
        rejected += parsed.rejects.len();
        for doc in parsed.documents {
            let Some(id) = &doc.id else {
                events.extend(rank, doc.events.into_iter().map(Arc::new));
                continue;
            };
            let at = *known.entry(format!("{feed}/{id}")).or_insert(documents.len());
            let version = Version::of(rank, doc);
            match documents.get_mut(at) {
                Some(versions) => versions.push(version),
                None => documents.push(vec![version]),
            }
        }
        progress.step();
    }
    for mut versions in documents {
        if versions.len() == 1
            && let Some(only) = versions.pop_if(|only| only.document.events.is_empty())
        {
            events.extend(only.rank, only.events);
        }
        let mut state: Option<DocumentState> = None;
        for version in versions {
            let rank = version.rank;
            let applied = document::apply(state.as_ref(), version.whole());
            events.extend(rank, applied.emit.into_iter().map(Arc::new));
            state = Some(applied.state);
        }
    }
    Ok((events.in_order(), rejected))
}

/// The place of each file among all by name, then as given.
fn ranks(files: &[PathBuf]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|at| files.get(*at).map(|path| input::file_name(path)));
    let mut ranks = vec![0; files.len()];
    for (rank, at) in order.into_iter().enumerate() {
        if let Some(place) = ranks.get_mut(at) {
            *place = rank;
        }
    }
    ranks
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
