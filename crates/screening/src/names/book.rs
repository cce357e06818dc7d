//! The listed names of all entries while lists change: one large immutable index, a small one for what changed since,
//! and the set of what the large one should no longer tell.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use quaywatch_domain::WatchlistEntry;
use quaywatch_domain::watchlist::{EntryKind, NameQuality};

use super::bands::Bands;
use super::explain::Explanation;
use super::gate::{Candidates, Scratch};
use super::index::{IndexBuilder, ListedName, NameIndex};
use super::memo::Memo;
use super::prepare::{NameKind, Prepared};
use super::qualify::{Party, qualify};
use super::score::explain_words;

/// The small index may hold so many entries, and a tenth of the large one's, before both become one.
const MIN_FRESH: usize = 2_000;
/// Qualifiers may take a name from below the threshold to above it by so much at most.
const MOST_RAISED: f32 = 0.05;
/// Candidates are remembered from this score on.
const FLOOR: f32 = 0.65;
/// Most hits of one name.
pub const MAX_NAME_HITS: usize = 64;

/// An entry whose name a party bears.
#[derive(Debug, Clone)]
pub struct NameHit {
    /// The entry.
    pub entry: Arc<WatchlistEntry>,
    /// The name of it that met, as listed.
    pub matched_name: String,
    /// Kind under which they were compared.
    pub kind: NameKind,
    /// From 0 to 1, qualifiers included.
    pub score: f32,
    /// Whether it is a weak alias.
    pub weak: bool,
}

impl NameHit {
    /// Why this name of this party met the entry.
    #[must_use]
    pub fn explain(&self, name: &str, party: &Party) -> Explanation {
        let (query, listed) = (Prepared::new(self.kind, name), Prepared::new(self.kind, &self.matched_name));
        let (score, mut explanation) = explain_words(self.kind, &query, &listed);
        qualify(score, self.weak, party, &self.entry, Some(&mut explanation));
        explanation.settle();
        explanation
    }
}

#[derive(Debug, Default)]
struct Level {
    index: NameIndex,
    entries: Vec<Arc<WatchlistEntry>>,
}

/// What a searcher keeps between names: buffers for both levels, and what is known of the large one.
#[derive(Debug, Default)]
pub struct Searcher {
    base: Scratch,
    fresh: Scratch,
    /// Candidates of the large index by name.
    pub memo: Memo,
}

impl Searcher {
    /// A searcher that remembers so many names at most.
    #[must_use]
    pub fn with_memo(names: usize) -> Self {
        Self { memo: Memo::new(names), ..Self::default() }
    }
}

/// The names of all entries.
#[derive(Debug, Clone, Default)]
pub struct Book {
    base: Arc<Level>,
    /// Number of each entry in the base.
    places: Arc<HashMap<String, u32>>,
    fresh: Arc<Level>,
    /// What changed since the base was built; `None` is removed.
    changed: BTreeMap<String, Option<Arc<WatchlistEntry>>>,
    dirty: bool,
    version: u64,
}

/// The kind of names that an entry has, if its names are compared.
#[must_use]
pub const fn name_kind(kind: EntryKind) -> Option<NameKind> {
    match kind {
        EntryKind::Person => Some(NameKind::Person),
        EntryKind::Company => Some(NameKind::Company),
        EntryKind::Vessel => Some(NameKind::Vessel),
        _ => None,
    }
}

impl Level {
    fn of(entries: Vec<Arc<WatchlistEntry>>) -> Self {
        let mut builder = IndexBuilder::default();
        for (number, entry) in (0..).zip(&entries) {
            let Some(kind) = name_kind(entry.kind) else { continue };
            for name in &entry.names {
                let weak = name.quality == NameQuality::Weak;
                builder.add(&ListedName { entry: number, kind, name: &name.name, weak });
            }
        }
        Self { index: builder.build(), entries }
    }
}

impl Book {
    /// The names of these entries by key.
    pub fn of(entries: impl IntoIterator<Item = Arc<WatchlistEntry>>) -> Self {
        let mut book = Self::default();
        book.rebuild(entries.into_iter().filter(|entry| has_names(entry)).collect());
        book
    }

    /// Puts an entry in the place of the one with this key; heard of after [`Book::settle`].
    pub fn upsert(&mut self, key: &str, entry: &Arc<WatchlistEntry>) {
        if !has_names(entry) {
            self.remove(key);
            return;
        }
        self.changed.insert(key.to_owned(), Some(Arc::clone(entry)));
        self.dirty = true;
    }

    /// Takes an entry out; heard of after [`Book::settle`].
    pub fn remove(&mut self, key: &str) {
        if self.places.contains_key(key) {
            self.dirty |= self.changed.insert(key.to_owned(), None) != Some(None);
        } else {
            self.dirty |= self.changed.remove(key).is_some();
        }
    }

    /// Makes what changed searchable. Costs what changed, and now and then the whole.
    pub fn settle(&mut self) {
        if !self.dirty {
            return;
        }
        self.dirty = false;
        self.version += 1;
        if self.changed.len() > MIN_FRESH.max(self.base.entries.len() / 10) {
            let kept = self.base.entries.iter().filter(|entry| !self.changed.contains_key(&entry.key()));
            let new = self.changed.values().flatten();
            self.rebuild(kept.chain(new).cloned().collect());
        } else {
            self.fresh = Arc::new(Level::of(self.changed.values().flatten().cloned().collect()));
        }
    }

    fn rebuild(&mut self, entries: Vec<Arc<WatchlistEntry>>) {
        self.places = Arc::new((0..).zip(&entries).map(|(at, entry)| (entry.key(), at)).collect());
        self.base = Arc::new(Level::of(entries));
        self.fresh = Arc::default();
        self.changed.clear();
        self.dirty = false;
        self.version += 1;
    }

    /// Counts up with every change that can be searched.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// How many names can be found.
    #[must_use]
    pub fn len(&self) -> usize {
        self.base.index.len() + self.fresh.index.len()
    }

    /// Whether none can.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the arrays by which names are found.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.base.index.bytes() + self.fresh.index.bytes()
    }

    /// The entries whose name a party bears, best first, at most [`MAX_NAME_HITS`].
    pub fn search(
        &self,
        kinds: &[NameKind],
        name: &str,
        party: &Party,
        bands: &Bands,
        searcher: &mut Searcher,
    ) -> Vec<NameHit> {
        let mut hits = Vec::new();
        for &kind in kinds {
            let floor = bands.lowest(kind) - MOST_RAISED;
            let Searcher { base, fresh, memo } = &mut *searcher;
            let known = memo.get_or(self.base.index.id, kind, name, || {
                self.base.index.search(&Prepared::new(kind, name), FLOOR.min(floor), base)
            });
            for candidate in known.iter().filter(|candidate| candidate.score >= floor) {
                let Some(entry) = self.base.entries.get(candidate.entry as usize) else { continue };
                if self.changed.is_empty() || !self.changed.contains_key(&entry.key()) {
                    hits.extend(hit(&self.base, candidate, party, bands));
                }
            }
            // What changed since is searched anew: a changed list costs its changes.
            if !self.fresh.entries.is_empty() {
                for candidate in self.fresh.index.search(&Prepared::new(kind, name), floor, fresh) {
                    hits.extend(hit(&self.fresh, &candidate, party, bands));
                }
            }
        }
        hits.sort_by(|a: &NameHit, b| {
            b.score
                .total_cmp(&a.score)
                .then_with(|| a.entry.list_id.cmp(&b.entry.list_id))
                .then_with(|| a.entry.entry_id.cmp(&b.entry.entry_id))
        });
        hits.truncate(MAX_NAME_HITS);
        hits
    }
}

fn has_names(entry: &WatchlistEntry) -> bool {
    name_kind(entry.kind).is_some() && !entry.names.is_empty()
}

fn hit(level: &Level, found: &Candidates, party: &Party, bands: &Bands) -> Option<NameHit> {
    let entry = level.entries.get(found.entry as usize)?;
    let score = qualify(found.score, found.weak, party, entry, None)?;
    (score >= bands.threshold(entry, found.kind)).then(|| NameHit {
        entry: Arc::clone(entry),
        matched_name: level.index.name(found).to_owned(),
        kind: found.kind,
        score,
        weak: found.weak,
    })
}
