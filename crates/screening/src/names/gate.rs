//! Which listed names a name may be: by rare words, by pairs of words, by names of one word, never by walking the list.

use super::bound::Outline;
use super::dictionary::Role;
use super::index::{NameIndex, Partition, alone_key, counts, initials_key, pair_key, pair_part};
use super::multimap::key_of;
use super::neighbours::{Lead, Leads, MAX_REMEMBERED, RARE, take};
use super::prepare::{NameKind, Prepared, Word, Words as _};
use super::score::score_words;

/// Most words of a name that look for listed ones.
const MAX_ASKING: usize = 10;
/// Most names that are scored for one query.
const MAX_SCORED: usize = 4_000;

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

/// What a searcher keeps between queries: buffers, and what words led to.
#[derive(Debug, Default)]
pub struct Scratch {
    index: u64,
    leads: [Leads; 3],
    names: Vec<u32>,
    /// Place in the query and lead of the words that look for listed ones.
    asked: Vec<(usize, u32)>,
    /// Keys of pairs of words.
    pairs: Vec<u32>,
    outline: Outline,
    /// Names that the gate proposed for the last query.
    pub proposed: usize,
    /// Names scored for the last query.
    pub scored: usize,
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
        let remembered: usize = scratch.leads.iter().map(Leads::len).sum();
        if scratch.index != self.id || remembered > MAX_REMEMBERED {
            scratch.index = self.id;
            scratch.leads.iter_mut().for_each(Leads::clear);
        }
        let mut names = std::mem::take(&mut scratch.names);
        names.clear();
        partition.propose(query, scratch, &mut names);
        names.sort_unstable();
        names.dedup();
        names.truncate(MAX_SCORED);
        let mut scored = 0;
        let Scratch { outline, leads, asked, .. } = &mut *scratch;
        let Some(leads) = leads.get_mut(kind as usize) else { return };
        outline.draw(query, asked.iter().filter_map(|(at, lead)| Some((*at, leads.get(*lead)?.same))));
        partition.warm(&names);
        for &name in &names {
            let Some(listed) = partition.name(name) else { continue };
            let like = |at: usize, word: u32| {
                let lead = asked.iter().find(|(place, _)| *place == at)?.1;
                Some(leads.like(lead, (kind, &query.word(at)?), partition, word))
            };
            if !outline.may_agree(kind, &listed, threshold, like) {
                continue;
            }
            scored += 1;
            let score = score_words(kind, query, &listed);
            if score >= threshold {
                let entry = partition.entries.get(name as usize).copied().unwrap_or_default();
                found.push(Candidates { entry, name, kind, score, weak: partition.is_weak(name) });
            }
        }
        (scratch.proposed, scratch.scored) = (names.len(), scored);
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

impl Partition {
    fn propose(&self, query: &Prepared, scratch: &mut Scratch, names: &mut Vec<u32>) {
        let kind = query.kind();
        let places = query.iter().enumerate().filter(|(_, word)| counts(word.traits.role)).take(MAX_ASKING);
        let (places, words): (Vec<usize>, Vec<Word<'_>>) = places.unzip();
        let Some(leads) = scratch.leads.get_mut(kind as usize) else { return };
        scratch.asked.clear();
        scratch.pairs.clear();
        let asked = places.into_iter().zip(&words).map(|(at, word)| (at, leads.of(self, kind, word)));
        scratch.asked.extend(asked);
        let found = || scratch.asked.iter().filter_map(|(_, lead)| leads.get(*lead));
        for (i, lead) in found().enumerate() {
            names.extend_from_slice(&lead.names);
            found().skip(i + 1).for_each(|other| pair_keys(lead, other, &mut scratch.pairs));
        }
        self.by_pair.get_all(&mut scratch.pairs, names);
        let alone = words.len() == 1;
        for (word, lead) in words.iter().zip(found()) {
            // A person of one name is not a person of two.
            if alone || (kind != NameKind::Person && word.traits.role == Role::Name) {
                let most = if alone { lead.parts.len() } else { 1 };
                for part in lead.parts.iter().take(most) {
                    take(self.by_whole.get(alone_key(*part)), names);
                }
            }
        }
        if words.is_empty() {
            take(self.by_whole.get(key_of(query.words().concat().as_bytes())), names);
        }
        self.propose_joined(query, names);
        if kind == NameKind::Company {
            self.propose_initials(&words, names);
        }
    }

    /// Words that are listed as one.
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
    }

    fn propose_initials(&self, words: &[Word<'_>], names: &mut Vec<u32>) {
        for word in
            words.iter().filter(|word| (3..=6).contains(&word.text.len()) && word.traits.role == Role::Name)
        {
            take(self.by_whole.get(initials_key(word.text)), names);
        }
        let initials: Vec<u8> = words.iter().filter_map(|word| word.text.first().copied()).collect();
        for window in (3..=6).flat_map(|len| initials.windows(len)) {
            for (_, known) in self.by_text.get(key_of(window)) {
                names.extend(self.names_with(*known).iter().take(RARE));
            }
        }
    }
}

/// The keys of two words: one is as asked, the other may be mistaken.
fn pair_keys(a: &Lead, b: &Lead, keys: &mut Vec<u32>) {
    let (Some((own_a, near_a)), Some((own_b, near_b))) = (a.parts.split_first(), b.parts.split_first())
    else {
        return;
    };
    // What sounds like no listed word is part of no pair.
    let mut pairs =
        |one: &u32, others: &[u32]| keys.extend(others.iter().map(|other| pair_key(*one, *other)));
    if a.listed && b.listed {
        pairs(own_a, &[*own_b]);
    }
    if a.listed {
        pairs(own_a, near_b);
    }
    if b.listed {
        pairs(own_b, near_a);
    }
}
