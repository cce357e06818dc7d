//! Which listed names a name may be: by rare words, by pairs of words, by names of one word, never by walking the list.

use std::collections::HashMap;
use std::sync::Arc;

use super::align::{likeness, weight_of};
use super::dictionary::{Role, without};
use super::index::{Listed, NameIndex, Partition, alone_key, counts, initials_key, pair_key, pair_part};
use super::multimap::{key_of, mix};
use super::prepare::{NameKind, Prepared, Word, Words as _};
use super::score::{highest, score_words};
use super::sound::sound;

/// Words that fewer listed names hold are looked up alone.
const RARE: usize = 16;
/// Most listed words that one word is taken for.
const MAX_NEIGHBOURS: usize = 48;
/// Most words of one sound or group that are compared.
const MAX_BUCKET: usize = 64;
/// Listed words must be at least so alike to stand for a word.
const MIN_NEIGHBOUR: f32 = 0.3;
/// Most sounds by which a word is paired.
const MAX_PARTS: usize = 8;
/// Most words of a name that look for listed ones.
const MAX_ASKING: usize = 10;
/// Most names that are scored for one query.
const MAX_SCORED: usize = 4_000;
/// Most words whose neighbours are remembered.
const MAX_REMEMBERED: usize = 200_000;

/// A listed name that a query may be, and how well it agrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidates {
    /// The entry.
    pub entry: u32,
    /// The name within its kind.
    pub name: u32,
    /// Kind of the partition.
    pub kind: NameKind,
    /// From 0 to 1.
    pub score: f32,
    /// Whether only a weak alias met.
    pub weak: bool,
}

/// What a searcher keeps between queries: buffers, and which listed words a word is taken for.
#[derive(Debug, Default)]
pub struct Scratch {
    index: u64,
    remembered: [Remembered; 3],
    names: Vec<u32>,
    /// Names scored for the last query.
    pub scored: usize,
}

/// Listed words by the word that is taken for them.
type Remembered = HashMap<Box<[u8]>, Arc<[Neighbour]>, foldhash::fast::RandomState>;

#[derive(Debug, Clone, Copy)]
struct Neighbour {
    word: u32,
    part: u32,
    likeness: f32,
}

impl NameIndex {
    /// The listed names that a prepared name agrees with at `threshold` or better, best first, one an entry.
    pub fn search(&self, query: &Prepared, threshold: f32, scratch: &mut Scratch) -> Vec<Candidates> {
        let mut found = Vec::new();
        self.search_into(query, threshold, scratch, &mut found);
        found
    }

    fn search_into(
        &self,
        query: &Prepared,
        threshold: f32,
        scratch: &mut Scratch,
        found: &mut Vec<Candidates>,
    ) {
        let kind = query.kind();
        let Some(partition) = self.partition(kind) else { return };
        if scratch.index != self.id || scratch.remembered.iter().any(|words| words.len() > MAX_REMEMBERED) {
            scratch.index = self.id;
            scratch.remembered.iter_mut().for_each(HashMap::clear);
        }
        let mut names = std::mem::take(&mut scratch.names);
        names.clear();
        partition.propose(query, scratch, &mut names);
        names.sort_unstable();
        names.dedup();
        names.truncate(MAX_SCORED);
        scratch.scored = names.len();
        let own: Vec<(Word<'_>, f32)> = query.iter().map(|word| (word, weight_of(kind, &word))).collect();
        for &name in &names {
            let Some(listed) = partition.name(name) else { continue };
            if !may_agree(kind, &own, &listed, threshold) {
                continue;
            }
            let score = score_words(kind, query, &listed);
            if score >= threshold {
                let entry = partition.entries.get(name as usize).copied().unwrap_or_default();
                found.push(Candidates { entry, name, kind, score, weak: partition.is_weak(name) });
            }
        }
        scratch.names = names;
        // A good name of an entry goes before a weak one, whatever their scores.
        found.sort_by(|a, b| {
            a.entry
                .cmp(&b.entry)
                .then(a.weak.cmp(&b.weak))
                .then(b.score.total_cmp(&a.score))
                .then(a.name.cmp(&b.name))
        });
        found.dedup_by_key(|candidate| candidate.entry);
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.entry.cmp(&b.entry)));
    }

    /// A listed name as listed.
    #[must_use]
    pub fn name(&self, candidate: &Candidates) -> &str {
        self.partition(candidate.kind).map(|partition| partition.original(candidate.name)).unwrap_or_default()
    }
}

/// A word that stands for longer ones.
fn is_short(word: &Word<'_>) -> bool {
    word.traits.role == Role::Initial
        || word.place.is_cut()
        || (word.text.len() == 6 && word.text.starts_with(b"abdul"))
}

/// Whether two names can reach the threshold at all, by the letters that occur in their words. Cheap, and never wrong
/// about names whose words stand one for one.
fn may_agree(kind: NameKind, query: &[(Word<'_>, f32)], listed: &Listed<'_>, threshold: f32) -> bool {
    const SOME_LETTERS: u32 = 6;
    let (mut met, mut left_query, mut left_listed) = (0.0, 0.0, 0.0);
    let (mut query_letters, mut listed_letters) = (0_u64, 0_u64);
    let mut seen = 0_u32;
    for (word, weight) in query.iter().filter(|(word, weight)| counts(word.traits.role) && *weight > 0.0) {
        let mut found = false;
        for at in 0..listed.len() {
            let Some(other) = listed.word(at).filter(|other| counts(other.traits.role)) else { continue };
            let known = word.traits.groups.first() != Some(&0) && other.traits.groups.first() != Some(&0);
            let foreign = word.traits.foreign != other.traits.foreign;
            if known
                || foreign
                || word.place.is_cut()
                || (word.mask ^ other.mask).count_ones() <= SOME_LETTERS
            {
                seen |= 1 << at;
                found = true;
            }
        }
        if found {
            met += weight;
        } else {
            left_query += weight;
            query_letters |= word.mask;
        }
    }
    for at in (0..listed.len()).filter(|at| seen & (1 << at) == 0) {
        let Some(other) = listed.word(at) else { continue };
        if is_short(&other) {
            return true;
        }
        if counts(other.traits.role) {
            left_listed += weight_of(kind, &other);
            listed_letters |= other.mask;
        }
    }
    let initials = query.iter().any(|(word, _)| is_short(word));
    let joined = left_query > 0.0
        && left_listed > 0.0
        && (query_letters ^ listed_letters).count_ones() <= SOME_LETTERS + 2;
    initials || joined || met == 0.0 || highest(kind, met, left_query, left_listed) >= threshold
}

impl Partition {
    fn propose(&self, query: &Prepared, scratch: &mut Scratch, names: &mut Vec<u32>) {
        let words: Vec<Word<'_>> =
            query.iter().filter(|word| counts(word.traits.role)).take(MAX_ASKING).collect();
        let neighbours: Vec<Arc<[Neighbour]>> =
            words.iter().map(|word| self.remembered(query.kind(), word, scratch)).collect();
        for (word, near) in words.iter().zip(&neighbours) {
            if word.traits.role == Role::Name {
                self.propose_rare(near, names);
            }
        }
        let parts: Vec<Vec<u32>> =
            words.iter().zip(&neighbours).map(|(word, near)| parts(word, near)).collect();
        for (i, a) in parts.iter().enumerate() {
            for b in parts.iter().skip(i + 1) {
                self.propose_pairs(a, b, names);
            }
        }
        let alone = parts.len() == 1;
        for (word, parts) in words.iter().zip(&parts) {
            // A person of one name is not a person of two.
            if alone || (query.kind() != NameKind::Person && word.traits.role == Role::Name) {
                let most = if alone { parts.len() } else { 1 };
                for part in parts.iter().take(most) {
                    take(self.by_whole.get(alone_key(*part)), names);
                }
            }
        }
        if words.is_empty() {
            take(self.by_whole.get(key_of(query.words().concat().as_bytes())), names);
        }
        self.propose_joined(query, names);
        if query.kind() == NameKind::Company {
            self.propose_initials(&words, names);
        }
    }

    fn propose_rare(&self, near: &[Neighbour], names: &mut Vec<u32>) {
        for neighbour in near {
            let listed = self.names_with(neighbour.word);
            if listed.len() <= RARE {
                names.extend_from_slice(listed);
            }
        }
    }

    /// One side of a pair is as asked; the other may be mistaken.
    fn propose_pairs(&self, a: &[u32], b: &[u32], names: &mut Vec<u32>) {
        for (i, one) in a.iter().enumerate() {
            for (j, other) in b.iter().enumerate() {
                if i == 0 || j == 0 {
                    take(self.by_pair.get(pair_key(*one, *other)), names);
                }
            }
        }
    }

    /// Words that are listed as one, and one that is listed as two.
    fn propose_joined(&self, query: &Prepared, names: &mut Vec<u32>) {
        let words: Vec<Word<'_>> =
            query.iter().filter(|word| !matches!(word.traits.role, Role::Number | Role::Title)).collect();
        let mut joined = Vec::with_capacity(64);
        for from in 0..words.len().min(MAX_ASKING) {
            joined.clear();
            for (count, word) in words.iter().skip(from).take(4).enumerate() {
                joined.extend_from_slice(word.text);
                if count == 0 || joined.len() < 4 {
                    continue;
                }
                // As listed, or with a letter less than is listed.
                let key = key_of(&joined);
                for (_, known) in self.by_text.get(key).iter().chain(self.by_delete.get(key)) {
                    let listed = self.names_with(*known);
                    names.extend(listed.iter().take(RARE));
                    if let Some(word) = self.word(*known).filter(|_| listed.len() > RARE) {
                        take(self.by_whole.get(alone_key(pair_part(word.text, word.sound))), names);
                    }
                }
            }
        }
        for word in words.iter().filter(|word| counts(word.traits.role) && word.text.len() >= 6) {
            if self.has(word.text) {
                continue;
            }
            for at in 2..word.text.len() - 1 {
                let (front, back) = word.text.split_at(at);
                if self.has(front) || self.has(back) {
                    let pair = pair_key(pair_part(front, sound(front)), pair_part(back, sound(back)));
                    take(self.by_pair.get(pair), names);
                    for part in [front, back] {
                        take(self.by_whole.get(alone_key(pair_part(part, sound(part)))), names);
                        for (_, known) in self.by_text.get(key_of(part)) {
                            let listed = self.names_with(*known);
                            if listed.len() <= RARE && part.len() >= 4 {
                                names.extend_from_slice(listed);
                            }
                        }
                    }
                }
            }
        }
    }

    fn has(&self, text: &[u8]) -> bool {
        !self.by_text.get(key_of(text)).is_empty()
    }

    fn propose_initials(&self, words: &[Word<'_>], names: &mut Vec<u32>) {
        for word in
            words.iter().filter(|word| (3..=6).contains(&word.text.len()) && word.traits.role == Role::Name)
        {
            take(self.by_whole.get(initials_key(word.text)), names);
        }
        if (3..=6).contains(&words.len()) {
            let initials: Vec<u8> = words.iter().filter_map(|word| word.text.first().copied()).collect();
            for (_, known) in self.by_text.get(key_of(&initials)) {
                names.extend(self.names_with(*known).iter().take(RARE));
            }
        }
    }

    fn remembered(&self, kind: NameKind, word: &Word<'_>, scratch: &mut Scratch) -> Arc<[Neighbour]> {
        let Some(remembered) = scratch.remembered.get_mut(kind as usize) else { return Arc::default() };
        if let Some(known) = remembered.get(word.text) {
            return Arc::clone(known);
        }
        let near = self.neighbours(kind, word);
        remembered.insert(word.text.into(), Arc::clone(&near));
        near
    }

    /// The listed words that a word may stand for, the most alike first.
    fn neighbours(&self, kind: NameKind, word: &Word<'_>) -> Arc<[Neighbour]> {
        let mut ids: Vec<u32> = Vec::with_capacity(32);
        take(self.by_text.get(key_of(word.text)), &mut ids);
        if word.text.len() >= 4 {
            take(self.by_delete.get(key_of(word.text)), &mut ids);
            let mut shorter = Vec::with_capacity(word.text.len());
            for at in 0..word.text.len() {
                without(word.text, at, &mut shorter);
                let key = key_of(&shorter);
                take(self.by_text.get(key), &mut ids);
                take(self.by_delete.get(key), &mut ids);
            }
        }
        let alike = self.by_sound.get(mix(u64::from(word.sound)));
        take(alike.get(..alike.len().min(MAX_BUCKET)).unwrap_or_default(), &mut ids);
        for group in word.traits.groups.iter().filter(|group| **group != 0) {
            take(self.by_group.get(mix(u64::from(*group))), &mut ids);
        }
        ids.sort_unstable();
        ids.dedup();
        let mut near: Vec<Neighbour> = ids
            .into_iter()
            .filter_map(|id| {
                let listed = self.word(id)?;
                let (likeness, _) = likeness(kind, word, &listed)?;
                let part = pair_part(listed.text, listed.sound);
                (likeness >= MIN_NEIGHBOUR).then_some(Neighbour { word: id, part, likeness })
            })
            .collect();
        near.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then(a.word.cmp(&b.word)));
        near.truncate(MAX_NEIGHBOURS);
        near.into()
    }
}

/// The sounds by which a word is paired, its own first.
fn parts(word: &Word<'_>, near: &[Neighbour]) -> Vec<u32> {
    let mut parts = Vec::with_capacity(MAX_PARTS);
    parts.push(pair_part(word.text, word.sound));
    for neighbour in near {
        if parts.len() < MAX_PARTS && !parts.contains(&neighbour.part) {
            parts.push(neighbour.part);
        }
    }
    parts
}

fn take(found: &[(u32, u32)], into: &mut Vec<u32>) {
    into.extend(found.iter().map(|(_, value)| *value));
}
