//! What a word of a query leads to in a list, worked out once a word.

use std::collections::HashMap;

use super::align::likeness;
use super::dictionary::{Role, without};
use super::index::{Partition, alone_key, pair_key, pair_part};
use super::multimap::{key_of, mix};
use super::prepare::{NameKind, Word};
use super::sound::sound;

/// Words that fewer listed names hold are looked up alone.
pub(crate) const RARE: usize = 16;
/// Most listed words that one word is taken for.
const MAX_NEIGHBOURS: usize = 48;
/// Most words of one sound or group that are compared.
const MAX_BUCKET: usize = 64;
/// Listed words must be at least so alike to stand for a word.
const MIN_NEIGHBOUR: f32 = 0.3;
/// Trade words and places stand for such that are at least so alike.
const MIN_COMMON: f32 = 0.6;
/// A rare word that is at least so alike is enough to look at the names that hold it.
const MIN_ALONE: f32 = 0.5;
/// Most sounds by which a word is paired.
const MAX_PARTS: usize = 8;
/// Most names that one word proposes as two.
const MAX_PARTED: usize = 512;
/// Most words that are remembered, of all kinds.
pub(crate) const MAX_REMEMBERED: usize = 200_000;

/// No word of the vocabulary.
pub(crate) const NONE: u32 = u32::MAX;
/// Most kinds of a word that are known to be the same.
pub(crate) const MAX_SAME: usize = 2;

/// What one word leads to.
#[derive(Debug)]
pub(crate) struct Lead {
    /// The sounds by which it is paired, its own first.
    pub(crate) parts: Box<[u32]>,
    /// Whether listed words sound as it does.
    pub(crate) listed: bool,
    /// The word itself where it is listed, of which there may be several kinds; [`NONE`] for none.
    pub(crate) same: [u32; MAX_SAME],
    /// Names with a rare word that it may stand for, and those of which it may be two words.
    pub(crate) names: Box<[u32]>,
}

/// What the words of queries led to.
#[derive(Debug, Default)]
pub(crate) struct Leads {
    known: HashMap<Box<[u8]>, u32, foldhash::fast::RandomState>,
    leads: Vec<Lead>,
    key: Vec<u8>,
    shorter: Vec<u8>,
    likes: Likes,
}

/// How alike words of queries and listed ones are: what was compared last, each in its place.
#[derive(Debug, Default)]
struct Likes(Vec<(u64, f32)>);

impl Likes {
    /// Places; a power of two.
    const PLACES: usize = 1 << 15;

    fn clear(&mut self) {
        self.0.clear();
        self.0.resize(Self::PLACES, (u64::MAX, 0.0));
    }

    fn get_or(&mut self, lead: u32, word: u32, compare: impl FnOnce() -> f32) -> f32 {
        let key = u64::from(lead) << 32 | u64::from(word);
        let Some(place) = self.0.get_mut(mix(key) as usize % Self::PLACES) else { return compare() };
        if place.0 != key {
            *place = (key, compare());
        }
        place.1
    }
}

impl Leads {
    pub(crate) fn clear(&mut self) {
        self.known.clear();
        self.leads.clear();
        self.likes.clear();
    }

    /// How alike a word that leads there is to one of the vocabulary.
    pub(crate) fn like(
        &mut self,
        lead: u32,
        (kind, word): (NameKind, &Word<'_>),
        partition: &Partition,
        listed: u32,
    ) -> f32 {
        self.likes.get_or(lead, listed, || {
            let listed = partition.word(listed);
            listed.and_then(|listed| likeness(kind, word, &listed)).map_or(0.0, |(value, _)| value)
        })
    }

    pub(crate) const fn len(&self) -> usize {
        self.leads.len()
    }

    pub(crate) fn get(&self, at: u32) -> Option<&Lead> {
        self.leads.get(at as usize)
    }

    /// The number of what a word leads to.
    pub(crate) fn of(&mut self, partition: &Partition, kind: NameKind, word: &Word<'_>) -> u32 {
        let (role, cut) = (word.traits.role as u8, u8::from(word.place.is_cut()));
        self.key.clear();
        self.key.extend_from_slice(word.text);
        self.key.extend_from_slice(&[role | cut << 6 | u8::from(word.traits.foreign) << 7]);
        if word.traits.native != 0 {
            self.key.extend_from_slice(&word.traits.native.to_le_bytes());
        }
        if let Some(known) = self.known.get(self.key.as_slice()) {
            return *known;
        }
        let lead = partition.lead(kind, word, &mut self.shorter);
        let at = u32::try_from(self.leads.len()).unwrap_or(u32::MAX);
        self.leads.push(lead);
        self.known.insert(self.key.as_slice().into(), at);
        at
    }
}

impl Partition {
    fn lead(&self, kind: NameKind, word: &Word<'_>, shorter: &mut Vec<u8>) -> Lead {
        let near = self.neighbours(kind, word, shorter);
        let own = pair_part(word.text, word.sound);
        let listed = if word.sound == 0 {
            self.has(word.text)
        } else {
            !self.by_sound.get(mix(u64::from(word.sound))).is_empty()
        };
        let most = if word.place.is_cut() { MAX_NEIGHBOURS } else { MAX_PARTS };
        let mut parts = Vec::with_capacity(MAX_PARTS);
        parts.push(own);
        let mut names = Vec::new();
        for (known, alike) in near {
            let Some(other) = self.word(known) else { continue };
            let part = pair_part(other.text, other.sound);
            let paired = word.traits.role == Role::Name || alike >= MIN_COMMON;
            if paired && parts.len() < most && !parts.contains(&part) {
                parts.push(part);
            }
            let holding = self.names_with(known);
            if word.traits.role == Role::Name && alike >= MIN_ALONE && holding.len() <= RARE {
                names.extend_from_slice(holding);
            }
        }
        self.part(word, &mut names);
        names.sort_unstable();
        names.dedup();
        let mut same = [NONE; MAX_SAME];
        if word.traits.native == 0 {
            let listed = self.by_text.get(key_of(word.text)).iter().map(|(_, id)| *id);
            let equal = listed.filter(|id| self.word(*id).is_some_and(|other| other.text == word.text));
            same.iter_mut().zip(equal).for_each(|(slot, id)| *slot = id);
        }
        Lead { parts: parts.into(), listed, same, names: names.into() }
    }

    /// The listed words that a word may stand for, the most alike first.
    fn neighbours(&self, kind: NameKind, word: &Word<'_>, shorter: &mut Vec<u8>) -> Vec<(u32, f32)> {
        let mut ids: Vec<u32> = Vec::with_capacity(64);
        take(self.by_text.get(key_of(word.text)), &mut ids);
        if word.text.len() >= 4 {
            let mut keys = Vec::with_capacity(word.text.len() + 1);
            for at in 0..word.text.len() {
                without(word.text, at, shorter);
                keys.push(key_of(shorter));
            }
            self.by_text.get_all(&mut keys.clone(), &mut ids);
            keys.push(key_of(word.text));
            self.by_delete.get_all(&mut keys, &mut ids);
        }
        let alike = self.by_sound.get(mix(u64::from(word.sound)));
        take(alike.get(..alike.len().min(MAX_BUCKET)).unwrap_or_default(), &mut ids);
        for group in word.traits.groups.iter().filter(|group| **group != 0) {
            take(self.by_group.get(mix(u64::from(*group))), &mut ids);
        }
        if word.place.is_cut() {
            ids.extend(self.beginning_with(word.text, MAX_BUCKET));
        }
        ids.sort_unstable();
        ids.dedup();
        self.warm_words(&ids);
        let mut near: Vec<(u32, f32)> = ids
            .into_iter()
            .filter_map(|id| {
                let (likeness, _) = likeness(kind, word, &self.word(id)?)?;
                (likeness >= MIN_NEIGHBOUR).then_some((id, likeness))
            })
            .collect();
        near.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        near.truncate(MAX_NEIGHBOURS);
        near
    }

    /// Names that hold an unlisted word as two.
    fn part(&self, word: &Word<'_>, names: &mut Vec<u32>) {
        if word.text.len() < 6 || self.has(word.text) {
            return;
        }
        let most = names.len() + MAX_PARTED;
        for at in 2..word.text.len() - 1 {
            let (front, back) = word.text.split_at(at);
            if !self.has(front) && !self.has(back) {
                continue;
            }
            let parts = [front, back].map(|part| pair_part(part, sound(part)));
            let [one, other] = parts;
            take(self.by_pair.get(pair_key(one, other)), names);
            for (text, part) in [front, back].into_iter().zip(parts) {
                take(self.by_whole.get(alone_key(part)), names);
                for (_, known) in self.by_text.get(key_of(text)) {
                    let listed = self.names_with(*known);
                    if listed.len() <= RARE && text.len() >= 4 {
                        names.extend_from_slice(listed);
                    }
                }
            }
            names.truncate(most);
        }
    }

    pub(crate) fn has(&self, text: &[u8]) -> bool {
        !self.by_text.get(key_of(text)).is_empty()
    }
}

/// Adds the values that were found.
pub(crate) fn take(found: &[(u32, u32)], into: &mut Vec<u32>) {
    into.extend(found.iter().map(|(_, value)| *value));
}
