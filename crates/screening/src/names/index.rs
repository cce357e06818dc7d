//! Listed names in arrays: a vocabulary, the words of each name, and the keys by which names are found.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::dictionary::{MAX_GROUPS, Role, without};
use super::multimap::{Multimap, key_of, mix};
use super::prepare::{NameKind, Place, Prepared, Traits, Word, Words};
use super::sketch::Sketch;

/// Shortest words that are also found with one letter left out.
const MIN_DELETE: usize = 4;
/// Longest words that are found so; longer ones are found by sound or beside another word.
const MAX_DELETE: usize = 20;
/// Most words of a name that are paired.
const MAX_PAIRED: usize = 10;

/// A name to be found.
#[derive(Debug, Clone, Copy)]
pub struct ListedName<'a> {
    /// Number of its entry; the caller knows what it means.
    pub entry: u32,
    /// What it names.
    pub kind: NameKind,
    /// As listed.
    pub name: &'a str,
    /// A weak alias: never matches alone.
    pub weak: bool,
}

/// Listed names of one version, immutable.
#[derive(Debug, Default)]
pub struct NameIndex {
    /// Tells indexes apart, for what is remembered of them.
    pub(crate) id: u64,
    pub(crate) partitions: [Partition; 3],
}

/// Gathers names for an index.
#[derive(Debug, Default)]
pub struct IndexBuilder {
    partitions: [PartitionBuilder; 3],
}

const fn at(kind: NameKind) -> usize {
    match kind {
        NameKind::Person => 0,
        NameKind::Company => 1,
        NameKind::Vessel => 2,
    }
}

impl IndexBuilder {
    /// Adds a name; what has no letters or digits is not kept.
    pub fn add(&mut self, listed: &ListedName<'_>) {
        if let Some(partition) = self.partitions.get_mut(at(listed.kind)) {
            partition.add(listed);
        }
    }

    /// The index.
    #[must_use]
    pub fn build(self) -> NameIndex {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NameIndex {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            partitions: self.partitions.map(PartitionBuilder::build),
        }
    }
}

impl NameIndex {
    /// An index of these names.
    pub fn of<'a>(names: impl IntoIterator<Item = ListedName<'a>>) -> Self {
        let mut builder = IndexBuilder::default();
        names.into_iter().for_each(|name| builder.add(&name));
        builder.build()
    }

    /// How many names it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.partitions.iter().map(|partition| partition.entries.len()).sum()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.partitions.iter().map(Partition::bytes).sum()
    }

    pub(crate) fn partition(&self, kind: NameKind) -> Option<&Partition> {
        self.partitions.get(at(kind))
    }
}

/// A word of the vocabulary.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    start: u32,
    len: u8,
    traits: Traits,
    pub(crate) sound: u32,
    mask: u64,
}

/// All names of one kind.
#[derive(Debug, Default)]
pub(crate) struct Partition {
    texts: Vec<u8>,
    pub(crate) words: Vec<Known>,
    /// Where the words of each name begin, and the end.
    name_begins: Vec<u32>,
    name_words: Vec<Sketch>,
    pub(crate) entries: Vec<u32>,
    weak: Vec<bool>,
    originals: String,
    original_begins: Vec<u32>,
    pub(crate) by_text: Multimap,
    pub(crate) by_delete: Multimap,
    /// Words that count, by their letters.
    in_order: Vec<u32>,
    pub(crate) by_sound: Multimap,
    pub(crate) by_group: Multimap,
    /// Where the names of each word begin, and the end.
    posting_begins: Vec<u32>,
    postings: Vec<u32>,
    pub(crate) by_pair: Multimap,
    /// Names with one word that counts, by its sound; names of several by their initials.
    pub(crate) by_whole: Multimap,
}

/// A listed name as the scorer reads it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed<'a> {
    partition: &'a Partition,
    begin: usize,
    len: usize,
}

impl Listed<'_> {
    /// Its words without their letters.
    pub(crate) fn sketches(&self) -> &[Sketch] {
        self.partition.name_words.get(self.begin..self.begin + self.len).unwrap_or_default()
    }

    /// The groups of the dictionary that a word of the vocabulary is of.
    pub(crate) fn groups(&self, word: u32) -> [u16; MAX_GROUPS] {
        self.partition.words.get(word as usize).map(|known| known.traits.groups).unwrap_or_default()
    }
}

impl Words for Listed<'_> {
    fn len(&self) -> usize {
        self.len
    }

    fn word(&self, at: usize) -> Option<Word<'_>> {
        let sketch = self.sketches().get(at)?;
        let mut word = self.partition.word(sketch.word)?;
        word.place = sketch.place();
        Some(word)
    }
}

impl Partition {
    pub(crate) fn word(&self, id: u32) -> Option<Word<'_>> {
        let known = self.words.get(id as usize)?;
        let start = known.start as usize;
        Some(Word {
            text: self.texts.get(start..start + usize::from(known.len))?,
            traits: known.traits,
            sound: known.sound,
            mask: known.mask,
            place: Place::default(),
        })
    }

    pub(crate) fn name(&self, id: u32) -> Option<Listed<'_>> {
        let (begin, end) = range(&self.name_begins, id)?;
        Some(Listed { partition: self, begin, len: end - begin })
    }

    /// Reads the ends of each name at once: memory answers many such questions together, and one by one slowly.
    pub(crate) fn warm(&self, names: &[u32]) {
        let ends = |name: &u32| {
            let (begin, end) = range(&self.name_begins, *name)?;
            Some(self.name_words.get(begin)?.word ^ self.name_words.get(end.checked_sub(1)?)?.word)
        };
        std::hint::black_box(names.iter().filter_map(ends).fold(0, |all, word| all ^ word));
    }

    /// Reads words of the vocabulary at once.
    pub(crate) fn warm_words(&self, words: &[u32]) {
        let starts = words.iter().filter_map(|word| self.words.get(*word as usize)).map(|known| known.start);
        let letters = starts.filter_map(|start| self.texts.get(start as usize));
        std::hint::black_box(letters.fold(0, |all, letter| all ^ letter));
    }

    pub(crate) fn original(&self, id: u32) -> &str {
        range(&self.original_begins, id)
            .and_then(|(begin, end)| self.originals.get(begin..end))
            .unwrap_or_default()
    }

    pub(crate) fn is_weak(&self, id: u32) -> bool {
        self.weak.get(id as usize).copied().unwrap_or(false)
    }

    /// Words that begin so, at most so many.
    pub(crate) fn beginning_with<'a>(
        &'a self,
        text: &'a [u8],
        most: usize,
    ) -> impl Iterator<Item = u32> + 'a {
        let letters = |id: &u32| self.word(*id).map(|word| word.text).unwrap_or_default();
        let from = self.in_order.partition_point(|id| letters(id) < text);
        let rest = self.in_order.get(from..).unwrap_or_default().iter().take(most);
        rest.take_while(move |id| letters(id).starts_with(text)).copied()
    }

    /// The names that hold a word.
    pub(crate) fn names_with(&self, word: u32) -> &[u32] {
        range(&self.posting_begins, word)
            .and_then(|(begin, end)| self.postings.get(begin..end))
            .unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        let maps =
            [&self.by_text, &self.by_delete, &self.by_sound, &self.by_group, &self.by_pair, &self.by_whole];
        let numbers = [
            &self.name_begins,
            &self.entries,
            &self.original_begins,
            &self.posting_begins,
            &self.postings,
            &self.in_order,
        ];
        self.texts.capacity()
            + self.words.capacity() * size_of::<Known>()
            + numbers.iter().map(|numbers| numbers.capacity() * size_of::<u32>()).sum::<usize>()
            + self.name_words.capacity() * size_of::<Sketch>()
            + self.weak.capacity()
            + self.originals.capacity()
            + maps.iter().map(|map| map.bytes()).sum::<usize>()
    }
}

fn range(begins: &[u32], at: u32) -> Option<(usize, usize)> {
    let at = at as usize;
    Some((*begins.get(at)? as usize, *begins.get(at + 1)? as usize))
}

/// Whether names are found by this word.
pub(crate) const fn counts(role: Role) -> bool {
    matches!(role, Role::Name | Role::Generic | Role::Place)
}

/// The key of a word in pairs: how it sounds, or its letters when it has no sound.
pub(crate) fn pair_part(text: &[u8], sound: u32) -> u32 {
    if sound == 0 { key_of(text) } else { sound }
}

/// The key of two words in any order.
pub(crate) const fn pair_key(a: u32, b: u32) -> u32 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    mix(((low as u64) << 32) | high as u64)
}

/// The key of a name with one word that counts.
pub(crate) const fn alone_key(part: u32) -> u32 {
    mix(part as u64 ^ (1 << 40))
}

/// The key of the initials of a name.
pub(crate) fn initials_key(initials: &[u8]) -> u32 {
    key_of(initials) ^ 0x5bd1_e995
}

/// What tells words of the vocabulary apart.
type WordKey = (Box<[u8]>, Traits);

#[derive(Debug, Default)]
struct PartitionBuilder {
    out: Partition,
    known: HashMap<WordKey, u32, foldhash::fast::RandomState>,
    pairs: Vec<(u32, u32)>,
    whole: Vec<(u32, u32)>,
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

impl PartitionBuilder {
    fn add(&mut self, listed: &ListedName<'_>) {
        let prepared = Prepared::new(listed.kind, listed.name);
        if prepared.is_empty() {
            return;
        }
        let id = number(self.out.entries.len());
        self.out.entries.push(listed.entry);
        self.out.weak.push(listed.weak);
        self.out.original_begins.push(number(self.out.originals.len()));
        self.out.originals.push_str(listed.name);
        self.out.name_begins.push(number(self.out.name_words.len()));
        for word in prepared.iter() {
            let known = self.known(&word);
            self.out.name_words.push(Sketch::new(listed.kind, &word, known));
        }
        self.add_keys(id, &prepared);
    }

    fn known(&mut self, word: &Word<'_>) -> u32 {
        let key = (word.text.into(), word.traits);
        let next = number(self.out.words.len());
        let id = *self.known.entry(key).or_insert(next);
        if id == next {
            let start = number(self.out.texts.len());
            self.out.texts.extend_from_slice(word.text);
            self.out.words.push(Known {
                start,
                len: u8::try_from(word.text.len()).unwrap_or(u8::MAX),
                traits: word.traits,
                sound: word.sound,
                mask: word.mask,
            });
        }
        id
    }

    fn add_keys(&mut self, id: u32, prepared: &Prepared) {
        let words: Vec<Word<'_>> =
            prepared.iter().filter(|word| counts(word.traits.role)).take(MAX_PAIRED).collect();
        let own = words.iter().any(|word| word.traits.role == Role::Name);
        for (i, a) in words.iter().enumerate() {
            for b in words.iter().skip(i + 1) {
                // Two common words find only names of nothing else.
                if !own || a.traits.role == Role::Name || b.traits.role == Role::Name {
                    self.pairs.push((pair_key(pair_part(a.text, a.sound), pair_part(b.text, b.sound)), id));
                }
            }
        }
        if let [word] = words.as_slice() {
            self.whole.push((alone_key(pair_part(word.text, word.sound)), id));
        }
        if (3..=6).contains(&words.len()) && prepared.kind() == NameKind::Company {
            let initials: Vec<u8> = words.iter().filter_map(|word| word.text.first().copied()).collect();
            self.whole.push((initials_key(&initials), id));
        }
        if words.is_empty() {
            // Nothing but legal forms or numbers: found by all of it.
            self.whole.push((key_of(prepared.words().concat().as_bytes()), id));
        }
    }

    fn build(mut self) -> Partition {
        let out = &mut self.out;
        out.name_begins.push(number(out.name_words.len()));
        out.original_begins.push(number(out.originals.len()));
        let (mut texts, mut deletes, mut sounds, mut groups) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut shorter = Vec::new();
        for id in 0..number(out.words.len()) {
            let Some(word) = out.word(id) else { continue };
            if !counts(word.traits.role) {
                continue;
            }
            texts.push((key_of(word.text), id));
            sounds.push((mix(u64::from(word.sound)), id));
            groups.extend(word.traits.groups.iter().filter(|g| **g != 0).map(|g| (mix(u64::from(*g)), id)));
            if (MIN_DELETE..=MAX_DELETE).contains(&word.text.len()) {
                for at in 0..word.text.len() {
                    without(word.text, at, &mut shorter);
                    deletes.push((key_of(&shorter), id));
                }
            }
        }
        let mut in_order: Vec<u32> = texts.iter().map(|(_, id)| *id).collect();
        let letters = |id: &u32| out.word(*id).map(|word| word.text).unwrap_or_default();
        in_order.sort_unstable_by(|a, b| letters(a).cmp(letters(b)));
        out.in_order = in_order;
        out.by_text = Multimap::build(texts);
        out.by_delete = Multimap::build(deletes);
        out.by_sound = Multimap::build(sounds);
        out.by_group = Multimap::build(groups);
        out.by_pair = Multimap::build(self.pairs);
        out.by_whole = Multimap::build(self.whole);
        self.out.post();
        self.out
    }
}

impl Partition {
    /// Fills the postings: count, sum up, place.
    fn post(&mut self) {
        let mut begins = vec![0_u32; self.words.len() + 1];
        for sketch in &self.name_words {
            if let Some(count) = begins.get_mut(sketch.word as usize) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for begin in &mut begins {
            (*begin, sum) = (sum, sum + *begin);
        }
        let mut next = begins.clone();
        let mut postings = vec![0_u32; self.name_words.len()];
        for name in 0..number(self.entries.len()) {
            let Some((from, to)) = range(&self.name_begins, name) else { continue };
            for sketch in self.name_words.get(from..to).unwrap_or_default() {
                let Some(at) = next.get_mut(sketch.word as usize) else { continue };
                if let Some(slot) = postings.get_mut(*at as usize) {
                    *slot = name;
                }
                *at += 1;
            }
        }
        self.posting_begins = begins;
        self.postings = postings;
    }
}
