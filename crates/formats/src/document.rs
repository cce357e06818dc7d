//! Documents that are replaced, changed and cancelled.
//!
//! Versions are ordered by revision; a version that states the whole document (replacement, cancellation) is a floor: lines
//! below it that it does not state are taken back. Versions that state single lines (original, addition, change, deletion)
//! touch those alone: senders use the number of an original for other containers again, and that takes nothing back. So the
//! lines that stand in the end do not depend on the order of arrival.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashSet, HashSetExt as _};
use quaywatch_domain::event::{Equipment, Source};
use quaywatch_domain::{EventKind, Id, PortEvent, Sha256, Timestamp};
use serde::{Deserialize, Serialize};

/// What a version does (UN/EDIFACT 1225).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// 9: states lines for the first time.
    Original,
    /// 2: adds lines.
    Add,
    /// 4: changes lines.
    Change,
    /// 3: deletes lines.
    Delete,
    /// 5: states the document anew.
    Replace,
    /// 1: takes all of it back.
    Cancel,
}

/// One version of a document, or events that stand alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Key of the document within the feed; none when the events stand alone.
    pub id: Option<String>,
    /// What the version does.
    pub function: Function,
    /// Order among the versions: the sender's time in ms.
    pub revision: i64,
    /// Where the version itself is.
    pub source: Source,
    /// When we stored it.
    pub received_at: Timestamp,
    /// Its lines.
    pub events: Vec<PortEvent>,
}

impl Document {
    pub(crate) fn standalone(events: Vec<PortEvent>) -> Self {
        Self {
            id: None,
            function: Function::Original,
            revision: 0,
            source: Source::default(),
            received_at: Timestamp::default(),
            events,
        }
    }
}

/// What is known of a document.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DocumentState {
    /// Revision of the last version that stated the whole document.
    pub floor: i64,
    /// Digest of that version; settles ties.
    pub floor_digest: Sha256,
    /// Whether there was such a version.
    pub stated: bool,
    /// When we last heard of the document.
    pub touched_at: Timestamp,
    /// Lines that stand or were taken back, by event id.
    pub lines: Vec<LineState>,
}

/// The last version of one line: enough to take it back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineState {
    /// Event id.
    pub event_id: Id,
    /// Version of the event as published; counts on where two versions of the document bear the same time.
    pub revision: i64,
    /// Revision of the version of the document that said so last.
    pub stated_at: i64,
    /// Digest of that version; settles ties.
    pub digest: Sha256,
    /// Whether it was taken back.
    pub retracted: bool,
    /// Container.
    pub container: String,
    /// What it said.
    pub kind: EventKind,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The event itself when it names no container: whom it concerned is in it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Box<PortEvent>>,
}

/// What a version came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It changed something, or could have.
    New,
    /// The same version was there already.
    Duplicate,
    /// A later version was there already.
    Superseded,
}

/// The result of [`apply`].
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// Events to publish, retractions included.
    pub emit: Vec<PortEvent>,
    /// The document afterwards.
    pub state: DocumentState,
    /// What the version came to.
    pub verdict: Verdict,
}

/// Applies a version to what is known of its document.
#[must_use]
pub fn apply(previous: Option<&DocumentState>, document: Document) -> Applied {
    let state = previous.cloned().unwrap_or_default();
    let digest = digest_of(&document);
    let whole = matches!(document.function, Function::Replace | Function::Cancel);
    let version = (document.revision, digest);
    let floor = (state.floor, state.floor_digest);
    if state.stated && whole && version == floor {
        return Applied { emit: Vec::new(), state, verdict: Verdict::Duplicate };
    }
    if state.stated && version < floor {
        return Applied { emit: Vec::new(), state, verdict: Verdict::Superseded };
    }
    let mut step = Step::new(state, version);
    step.state.touched_at = step.state.touched_at.max(document.received_at);
    if whole {
        (step.state.stated, step.state.floor, step.state.floor_digest) = (true, document.revision, digest);
        let stated = if document.function == Function::Cancel { &[] } else { document.events.as_slice() };
        step.take_back_missing(stated, &document.source, document.received_at);
    }
    for event in document.events {
        match document.function {
            Function::Cancel => {}
            Function::Delete => step.set(event, true),
            _ => step.set(event, false),
        }
    }
    step.finish(whole)
}

/// Takes out the lines of a version, as [`apply`] emits them where there is no other version of the document, without the
/// state that later ones would need. Leaves them in the version where that does not come to the same: it takes lines back,
/// or says one twice.
#[must_use]
pub fn lone_lines(document: &mut Document) -> Vec<PortEvent> {
    let mut stated = HashSet::new();
    let takes_back = matches!(document.function, Function::Cancel | Function::Delete);
    let is_one = document.events.len() == 1;
    if takes_back || !(is_one || document.events.iter().all(|event| stated.insert(&event.event_id))) {
        return Vec::new();
    }
    let mut events = std::mem::take(&mut document.events);
    for event in &mut events {
        (event.revision, event.retracted) = (document.revision, false);
    }
    events
}

struct Step {
    state: DocumentState,
    lines: BTreeMap<Id, LineState>,
    version: (i64, Sha256),
    emit: Vec<PortEvent>,
    /// Whether a later version spoke of one of its lines already.
    late: bool,
}

impl Step {
    fn new(mut state: DocumentState, version: (i64, Sha256)) -> Self {
        let lines = std::mem::take(&mut state.lines).into_iter().map(|l| (l.event_id.clone(), l)).collect();
        Self { state, lines, version, emit: Vec::new(), late: false }
    }

    /// Takes back the lines of earlier versions that `stated` does not have.
    fn take_back_missing(&mut self, stated: &[PortEvent], source: &Source, received_at: Timestamp) {
        let stated: BTreeSet<&str> = stated.iter().map(|event| event.event_id.as_str()).collect();
        for line in self.lines.values_mut() {
            let earlier = (line.stated_at, line.digest) < self.version;
            if earlier && !line.retracted && !stated.contains(line.event_id.as_str()) {
                line.revision = self.version.0.max(line.revision + 1);
                line.retracted = true;
                (line.stated_at, line.digest) = self.version;
                self.emit.push(retraction(line, source, received_at));
            }
        }
    }

    /// Puts a line in place, or takes it back, unless a later version spoke of it already.
    fn set(&mut self, mut event: PortEvent, retracted: bool) {
        let known = self.lines.get(&event.event_id);
        if let Some(line) = known.filter(|line| (line.stated_at, line.digest) >= self.version) {
            self.late |= (line.stated_at, line.digest) > self.version;
            return;
        }
        event.revision = known.map_or(self.version.0, |line| self.version.0.max(line.revision + 1));
        event.retracted = retracted;
        if let Some(line) = known.filter(|line| !line.retracted && !is_routed_alike(line, &event)) {
            // Whoever keeps the former one does not see the new version.
            let mut left = line.clone();
            left.revision = event.revision;
            event.revision += 1;
            self.emit.push(retraction(&left, &event.source, event.received_at));
        }
        let (stated_at, digest) = self.version;
        let line = LineState {
            event_id: event.event_id.clone(),
            revision: event.revision,
            stated_at,
            digest,
            retracted,
            container: event.container().unwrap_or_default().to_owned(),
            kind: event.kind.clone(),
            occurred_at: event.occurred_at,
            event: event.container().is_none().then(|| Box::new(event.clone())),
        };
        self.lines.insert(event.event_id.clone(), line);
        self.emit.push(event);
    }

    fn finish(mut self, whole: bool) -> Applied {
        self.state.lines = self.lines.into_values().collect();
        let verdict = match (whole || !self.emit.is_empty(), self.late) {
            (true, _) => Verdict::New,
            (false, true) => Verdict::Superseded,
            (false, false) => Verdict::Duplicate,
        };
        Applied { emit: self.emit, state: self.state, verdict }
    }
}

/// The event that takes a line back: what routes it, and where that was said.
fn retraction(line: &LineState, source: &Source, received_at: Timestamp) -> PortEvent {
    let said = match &line.event {
        Some(event) => event.as_ref().clone(),
        None => PortEvent {
            equipment: (!line.container.is_empty()).then(|| {
                Box::new(Equipment { number: line.container.as_str().into(), ..Equipment::default() })
            }),
            ..PortEvent::new(line.event_id.clone(), line.kind.clone(), line.occurred_at)
        },
    };
    PortEvent { revision: line.revision, retracted: true, received_at, source: source.clone(), ..said }
}

/// Whether a new version of a line reaches those whom the former one reached.
fn is_routed_alike(line: &LineState, event: &PortEvent) -> bool {
    match &line.event {
        Some(former) => event.container().is_none() && former.partition_key() == event.partition_key(),
        None => event.container().unwrap_or_default() == line.container,
    }
}

/// Digest of what a line says, without where and when we got it.
fn content(event: &PortEvent) -> Sha256 {
    let said = (&event.kind, event.occurred_at, &event.place, &event.equipment, &event.transport);
    let more = (&event.route, &event.documents, &event.parties, &event.seals, &event.weights);
    // These types always serialise; an empty text would only make ties equal.
    Sha256::of(&serde_json::to_vec(&(said, more)).unwrap_or_default())
}

fn digest_of(document: &Document) -> Sha256 {
    let lines: Vec<(&str, String)> =
        document.events.iter().map(|e| (e.event_id.as_str(), content(e).to_string())).collect();
    let mut bytes = serde_json::to_vec(&lines).unwrap_or_default();
    bytes.push(document.function as u8);
    let mut digest = Sha256::of(&bytes);
    // The function decides ties first: a cancellation in the same minute as the original comes after it.
    if let Some(first) = digest.0.first_mut() {
        *first = document.function as u8;
    }
    digest
}
