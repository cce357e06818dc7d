//! What two names can score at most: cheap, by the letters that occur in their words.

use super::align::{USUAL_EXCHANGE, WEAK_LINK, weigh};
use super::dictionary::{Family, MAX_GROUPS, Role};
use super::index::{Listed, counts};
use super::prepare::{NameKind, Place, Prepared, Traits, Words as _};
use super::score::{ONE_NAME_OF_SEVERAL, OTHER_LEGAL_FORM, highest};

/// What words that sound the same have at least.
const MIN_SOUND: f32 = 0.65;
/// Most words of a side that are looked at; longer names are scored.
const MAX_BRIEFS: usize = 16;
/// Most neighbouring words that are read as one.
const MAX_JOINED: usize = 4;

/// A word without its letters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Brief {
    mask: u64,
    sound: u32,
    weight: f32,
    role: Role,
    len: u8,
    place: Place,
    foreign: bool,
    family: u16,
    groups: [u16; MAX_GROUPS],
    /// `Abdul`, which may be the beginning of a longer name.
    servant: bool,
}

/// What a letter that only one word has costs at least, in tenths of a letter.
const LEAST_GAP: u32 = 4;
/// Where the digits begin in masks.
const DIGITS: u32 = 26;
/// Letters of `abdul`, and one more.
const SERVANT: u64 = 1 | 1 << 1 | 1 << 3 | 1 << 20 | 1 << 11;

impl Brief {
    pub(crate) fn new(
        kind: NameKind,
        traits: &Traits,
        len: usize,
        (mask, sound): (u64, u32),
        place: Place,
    ) -> Self {
        Self {
            mask,
            sound,
            weight: weigh(kind, traits.role, len, place),
            role: traits.role,
            len: u8::try_from(len).unwrap_or(u8::MAX),
            place,
            foreign: traits.foreign,
            family: traits.family,
            groups: traits.groups,
            servant: len == 6 && mask & SERVANT == SERVANT,
        }
    }

    fn is_met_by_words(&self) -> bool {
        counts(self.role) || self.role == Role::Initial
    }
}

/// A name that is compared with many.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    words: Vec<Brief>,
    families: u16,
    is_cut: bool,
}

impl Outline {
    /// Fills it anew.
    pub(crate) fn draw(&mut self, query: &Prepared) {
        self.words.clear();
        let kind = query.kind();
        self.words.extend(query.iter().map(|word| {
            Brief::new(kind, &word.traits, word.text.len(), (word.mask, word.sound), word.place)
        }));
        self.families = self.words.iter().fold(0, |all, word| all | word.family);
        self.is_cut = self.words.iter().any(|word| word.place.is_cut());
    }

    /// Whether the names can reach the threshold.
    pub(crate) fn may_agree(&self, kind: NameKind, listed: &Listed<'_>, threshold: f32) -> bool {
        if self.words.len() > MAX_BRIEFS || listed.len() > MAX_BRIEFS {
            return true;
        }
        let mut room = [None; MAX_BRIEFS];
        for (slot, at) in room.iter_mut().zip(0..listed.len()) {
            *slot = listed.brief(kind, at);
        }
        let other = room.get(..listed.len()).unwrap_or_default();
        let mut sums = Sums::default();
        let (mut seen, mut acronyms) = (0_u32, Acronyms::default());
        let mut met_so = [0.0_f32; MAX_BRIEFS];
        for word in &self.words {
            if !word.is_met_by_words() {
                sums.beside_query += word.weight;
                continue;
            }
            let (mut best, mut weight) = (0.0_f32, word.weight);
            for (at, (listed, met)) in other.iter().zip(&mut met_so).enumerate() {
                let Some(listed) = listed.as_ref().filter(|listed| listed.is_met_by_words()) else {
                    continue;
                };
                let value = at_most(kind, word, listed);
                if value > 0.0 {
                    seen |= 1 << at;
                    best = best.max(value);
                    *met = met.max(value);
                    weight = weight.max(listed.weight);
                }
            }
            if best > 0.0 {
                sums.met += weight;
                sums.agreed += weight * best;
                sums.shared_query += u8::from(word.weight >= 0.5);
            } else {
                sums.left_query += word.weight;
            }
            acronyms.query.add(word, best);
            sums.names_query += u8::from(counts(word.role));
        }
        let (mut families, mut is_cut) = (0, self.is_cut);
        for (at, (word, best)) in other.iter().zip(met_so).enumerate() {
            let Some(word) = word else { continue };
            families |= word.family;
            is_cut |= word.place.is_cut();
            if !word.is_met_by_words() {
                sums.beside_listed += word.weight;
                continue;
            }
            sums.names_listed += u8::from(counts(word.role));
            acronyms.listed.add(word, best);
            if seen & (1 << at) == 0 {
                sums.left_listed += word.weight;
            } else {
                sums.shared_listed += u8::from(word.weight >= 0.5);
            }
        }
        let other_form = kind != NameKind::Person && Family::are_other(self.families, families);
        sums.highest(kind, is_cut, other_form) >= threshold
            || (kind == NameKind::Company
                && (acronyms.query.may_stand_for(acronyms.listed.words, families)
                    || acronyms.listed.may_stand_for(acronyms.query.words, self.families)))
            || (!other_form && (self.may_join(other) || self.may_part(other)))
    }

    /// Whether words of this side may be one word of the other.
    fn may_join(&self, other: &[Option<Brief>]) -> bool {
        other.iter().flatten().any(|whole| joins(&self.words, whole))
    }

    /// Whether words of the other side may be one word of this.
    fn may_part(&self, other: &[Option<Brief>]) -> bool {
        self.words.iter().any(|whole| {
            let parts = (0..other.len()).map(|from| other.iter().skip(from).map_while(Option::as_ref));
            whole.len >= 4 && counts(whole.role) && parts.into_iter().any(|run| makes_up(run, whole))
        })
    }
}

fn joins(parts: &[Brief], whole: &Brief) -> bool {
    whole.len >= 4
        && counts(whole.role)
        && (0..parts.len()).any(|from| makes_up(parts.iter().skip(from), whole))
}

/// Whether the first two or more of these words have the letters of the whole.
fn makes_up<'a>(parts: impl Iterator<Item = &'a Brief>, whole: &Brief) -> bool {
    let (mut len, mut mask) = (0_usize, 0_u64);
    for (count, part) in parts.take(MAX_JOINED).enumerate() {
        len += usize::from(part.len);
        mask |= part.mask;
        if part.role == Role::Number || len > usize::from(whole.len) + 2 {
            return false;
        }
        if count > 0 && len + 2 >= usize::from(whole.len) && (mask ^ whole.mask).count_ones() <= 3 {
            return true;
        }
    }
    false
}

#[derive(Debug, Default)]
struct Sums {
    met: f32,
    agreed: f32,
    left_query: f32,
    left_listed: f32,
    beside_query: f32,
    beside_listed: f32,
    shared_query: u8,
    shared_listed: u8,
    names_query: u8,
    names_listed: u8,
}

/// Words of each side that may stand for many of the other.
#[derive(Debug, Default)]
struct Acronyms {
    query: Acronym,
    listed: Acronym,
}

#[derive(Debug, Default)]
struct Acronym {
    words: u8,
    shortest_sure: Option<u8>,
    short: bool,
}

impl Acronym {
    fn add(&mut self, word: &Brief, best: f32) {
        self.words += 1;
        if word.role == Role::Name && best < WEAK_LINK {
            match word.len {
                3 => self.short = true,
                4..=6 => {
                    self.shortest_sure = Some(self.shortest_sure.map_or(word.len, |len| len.min(word.len)));
                }
                _ => {}
            }
        }
    }

    fn may_stand_for(&self, words: u8, families: u16) -> bool {
        self.shortest_sure.is_some_and(|len| words >= len) || (self.short && words >= 3 && families == 0)
    }
}

impl Sums {
    fn highest(&self, kind: NameKind, is_cut: bool, other_form: bool) -> f32 {
        // Particles and numbers agree as far as both sides have them.
        let beside = self.beside_query.min(self.beside_listed);
        if self.met + beside == 0.0 {
            return 1.0;
        }
        let left = (self.left_query, self.left_listed);
        let mut score = highest(kind, self.agreed + beside, self.met + beside, left, is_cut);
        let one_of_several =
            self.shared_query.max(self.shared_listed) < 2 && self.names_query.max(self.names_listed) > 1;
        if kind == NameKind::Person && one_of_several {
            score = score.min(ONE_NAME_OF_SEVERAL);
        }
        if other_form { score.min(1.0) * OTHER_LEGAL_FORM } else { score }
    }
}

/// How alike two words are at most.
fn at_most(kind: NameKind, a: &Brief, b: &Brief) -> f32 {
    if (a.role == Role::Initial) != (b.role == Role::Initial) {
        let (letter, word) = if a.role == Role::Initial { (a, b) } else { (b, a) };
        return if letter.mask & word.mask == 0 { 0.0 } else { 0.9 };
    }
    if a.mask == b.mask || a.foreign != b.foreign {
        return 1.0;
    }
    if a.groups.iter().any(|group| *group != 0 && b.groups.contains(group)) {
        return 0.97;
    }
    // What is cut off or shortened is the beginning of the other.
    if a.place.is_cut() || b.place.is_cut() || (kind == NameKind::Person && (a.servant || b.servant)) {
        let (short, long) = if a.len < b.len { (a, b) } else { (b, a) };
        if short.mask & !long.mask == 0 {
            return 0.95;
        }
    }
    let longest = a.len.max(b.len);
    let limit = match kind {
        NameKind::Vessel => 10 * (u32::from(longest) / 5).min(3),
        _ => (u32::from(longest) * 4).min(32),
    };
    let different = (a.mask ^ b.mask).count_ones() / 2;
    let longer = u32::from(a.len.abs_diff(b.len)) * LEAST_GAP;
    if different * USUAL_EXCHANGE > limit || longer > limit {
        return 0.0;
    }
    let exchange = if (a.mask | b.mask) >> DIGITS == 0 { 4 } else { 3 };
    let least = longer.max(different * exchange);
    let value = 1.0 - 0.2 * least as f32 / f32::from(longest);
    if kind == NameKind::Person && a.sound == b.sound { value.max(MIN_SOUND) } else { value }
}
