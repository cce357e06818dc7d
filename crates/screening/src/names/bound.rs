//! What two names can score at most: cheap, by the letters that occur in their words.

use super::align::{MAX_JOINED, MIN_JOINED, SLOPE, USUAL_EXCHANGE, WEAK_LINK};
use super::dictionary::{Family, MAX_GROUPS};
use super::distance::least_cost;
use super::index::Listed;
use super::neighbours::{MAX_SAME, NONE};
use super::prepare::{NameKind, Prepared};
use super::score::{ONE_NAME_OF_SEVERAL, OTHER_LEGAL_FORM, highest};
use super::sketch::Sketch;

/// What words that sound the same have at least.
const MIN_SOUND: f32 = 0.65;
/// Most words of a side that are looked at; longer names are scored.
const MAX_BRIEFS: usize = 16;
/// Weights from here on are those of a name in full; half, but for what rounding takes.
const HALF: f32 = 0.499;
/// What adding up in another order may take from a score.
const ROUNDING: f32 = 1e-4;

/// What a letter that only one word has costs at least, in tenths of a letter.
const LEAST_GAP: u32 = 4;
/// What exchanging a letter or digit costs at least, in tenths of a letter.
const LEAST_EXCHANGE: u32 = 3;
/// Letters of `abdul`, and one more.
const SERVANT: u64 = 1 | 1 << 1 | 1 << 3 | 1 << 20 | 1 << 11;

/// Most words of a side that are looked at as initials.
const MAX_ACRONYMS: usize = 4;
/// Lengths of words and of what is joined of them, in a set of bits.
const MAX_LEN: usize = 64;

/// A number for each word of a side.
type Each = [f32; MAX_BRIEFS];

/// Which words of the listed name each word of the query may meet, a bit a word.
type Meetings = [u16; MAX_BRIEFS];

/// How alike two words are at most, of each word of the query with each of the listed name that it may meet.
type Table = [Each; MAX_BRIEFS];

/// A name that is compared with many.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    words: Vec<Sketch>,
    groups: Vec<[u16; MAX_GROUPS]>,
    /// The words of the vocabulary that each is.
    same: Vec<[u32; MAX_SAME]>,
    weights: Each,
    families: u16,
    is_cut: bool,
    /// Lengths of what its words may be written for in several.
    lengths: u64,
    table: Table,
}

impl Outline {
    /// Fills it anew; `same` tells which words of the vocabulary a word of the query is.
    pub(crate) fn draw(&mut self, query: &Prepared, same: impl Iterator<Item = (usize, [u32; MAX_SAME])>) {
        self.words.clear();
        self.groups.clear();
        let kind = query.kind();
        self.words.extend((0..).zip(query.iter()).map(|(at, word)| Sketch::new(kind, &word, at)));
        self.groups.extend(query.iter().map(|word| word.traits.groups));
        self.same.clear();
        self.same.resize(self.words.len(), [NONE; MAX_SAME]);
        for (at, same) in same {
            // Of a word that is said twice only one meets that of the other side.
            if let Some(twin) = self.same.iter_mut().find(|other| **other == same) {
                *twin = [NONE; MAX_SAME];
            } else if let Some(slot) = self.same.get_mut(at) {
                *slot = same;
            }
        }
        self.weights = weights(&self.words);
        self.families = self.words.iter().fold(0, |all, word| all | word.family());
        self.is_cut = self.words.iter().any(|word| word.is_cut());
        self.lengths = lengths(&self.words);
    }

    /// Whether the names can reach the threshold: first by which words may meet at all, then by the letters that occur
    /// in them, then by how alike the words are of which `like` knows it (word of the query, word of the vocabulary).
    pub(crate) fn may_agree(
        &mut self,
        kind: NameKind,
        listed: &Listed<'_>,
        threshold: f32,
        mut like: impl FnMut(usize, u32) -> Option<f32>,
    ) -> bool {
        let other = listed.sketches();
        if self.words.len() > MAX_BRIEFS || other.len() > MAX_BRIEFS {
            return true;
        }
        let mut table = std::mem::take(&mut self.table);
        let sides = Sides::new(self, kind, other);
        let may = sides.may_agree(listed, threshold - ROUNDING, &mut table, &mut like);
        self.table = table;
        may
    }
}

fn weights(words: &[Sketch]) -> Each {
    let mut weights = [0.0; MAX_BRIEFS];
    weights.iter_mut().zip(words).for_each(|(weight, word)| *weight = word.weight());
    weights
}

/// Both names, compared word by word in a table.
struct Sides<'a> {
    query: &'a Outline,
    kind: NameKind,
    listed: &'a [Sketch],
    weights: Each,
    families: u16,
    is_cut: bool,
}

impl<'a> Sides<'a> {
    fn new(query: &'a Outline, kind: NameKind, listed: &'a [Sketch]) -> Self {
        let (mut families, mut is_cut) = (0, query.is_cut);
        for word in listed {
            families |= word.family();
            is_cut |= word.is_cut();
        }
        Self { query, kind, listed, weights: weights(listed), families, is_cut }
    }

    fn may_agree(
        &self,
        listed: &Listed<'_>,
        threshold: f32,
        table: &mut Table,
        like: &mut impl FnMut(usize, u32) -> Option<f32>,
    ) -> bool {
        let (mut meetings, [mut query_met, mut listed_met]) = self.meetings();
        let mut otherwise = None;
        let mut may = |sum: f32| {
            sum >= threshold
                || *otherwise.get_or_insert_with(|| self.may_stand_otherwise(&query_met, &listed_met))
        };
        if !may(self.sum(&meetings, |_, _| 1.0)) {
            return false;
        }
        self.fill(listed, &mut meetings, table);
        if !may(self.sum(&meetings, |at, met| value(table, at, met))) {
            return false;
        }
        for (at, meeting) in meetings.iter().enumerate() {
            let open = self.query.words.get(at).is_some_and(|word| word.counts())
                && query_met.get(at).is_some_and(|met| *met < 1.0);
            let mut less = false;
            for met in bits(*meeting).filter(|_| open) {
                if let (Some(word), Some(value)) = (self.listed.get(met), cell(table, at, met))
                    && word.counts()
                    && !word.is_cut()
                    && let Some(known) = like(at, word.word)
                {
                    less |= known < *value;
                    *value = value.min(known);
                }
            }
            if less && !may(self.sum(&meetings, |at, met| value(table, at, met))) {
                return false;
            }
        }
        self.sum(&meetings, |at, met| value(table, at, met)) >= threshold || {
            for ((row, best), meeting) in table.iter().zip(&mut query_met).zip(&meetings) {
                for met in bits(*meeting) {
                    if let (Some(value), Some(other)) = (row.get(met), listed_met.get_mut(met)) {
                        (*best, *other) = (best.max(*value), other.max(*value));
                    }
                }
            }
            self.may_stand_otherwise(&query_met, &listed_met)
        }
    }

    /// Which words may meet, by how long they are and how many letters only one of them has; and which words of either
    /// side are there on the other, as 1: they meet no others.
    fn meetings(&self) -> (Meetings, [Each; 2]) {
        let mut meetings = [0; MAX_BRIEFS];
        let (mut query_met, mut listed_met) = ([0.0; MAX_BRIEFS], [0.0; MAX_BRIEFS]);
        let mut taken = 0;
        let query = self.query.same.iter().zip(&mut query_met).zip(&mut meetings);
        for ((same, query_met), meeting) in query.filter(|((same, _), _)| same.first() != Some(&NONE)) {
            let equal = self.listed.iter().enumerate().filter(|(_, met)| same.contains(&met.word));
            let equal = equal.fold(0_u16, |all, (at, _)| all | 1 << at);
            if equal.is_power_of_two()
                && let Some(listed_met) = listed_met.get_mut(equal.trailing_zeros() as usize)
            {
                (*query_met, *listed_met, *meeting) = (1.0, 1.0, equal);
                taken |= equal;
            }
        }
        let person = self.kind == NameKind::Person;
        let [others, vessels] = &ROOMS;
        let rooms = if self.kind == NameKind::Vessel { vessels } else { others };
        let open = |(word, meeting): &(&Sketch, &mut u16)| word.is_met() && **meeting == 0;
        for (word, meeting) in self.query.words.iter().zip(&mut meetings).filter(open) {
            let room = rooms.get(word.len() as usize).unwrap_or(&NO_ROOM);
            let odd = word.is_odd() || (person && is_servant(*word));
            for (at, met) in self.listed.iter().enumerate() {
                let room = room.get(met.len() as usize).copied().unwrap_or(0);
                let meets = odd
                    || met.is_odd()
                    || (word.mask() ^ met.mask()).count_ones() < u32::from(room)
                    || (word.is_grouped() && met.is_grouped())
                    || (person && is_servant(*met));
                *meeting |= u16::from(meets && met.is_met()) << at;
            }
            *meeting &= !taken;
        }
        (meetings, [query_met, listed_met])
    }

    /// How alike the words that may meet are at most.
    fn fill(&self, listed: &Listed<'_>, meetings: &mut Meetings, table: &mut Table) {
        let query = self.query.words.iter().zip(&self.query.groups).zip(table);
        for (((word, groups), row), meeting) in query.zip(meetings) {
            for at in bits(*meeting) {
                let (Some(met), Some(value)) = (self.listed.get(at), row.get_mut(at)) else { continue };
                let kin = word.is_grouped() && met.is_grouped() && shares(groups, &listed.groups(met.word));
                *value = at_most(self.kind, *word, *met, kin);
                if *value <= 0.0 {
                    *meeting &= !(1 << at);
                }
            }
        }
    }

    fn other_form(&self) -> bool {
        self.kind != NameKind::Person && Family::are_other(self.query.families, self.families)
    }

    /// The most that the sums come to when words that meet are so alike.
    fn sum(&self, meetings: &Meetings, alike: impl Fn(usize, usize) -> f32) -> f32 {
        let mut sums = Sums::default();
        let mut seen = 0;
        for (at, ((word, meeting), own)) in
            self.query.words.iter().zip(meetings).zip(&self.query.weights).enumerate()
        {
            if !word.is_met() {
                sums.beside_query += own;
                continue;
            }
            sums.names_query += u8::from(word.counts());
            let (mut best, mut weight) = (0.0_f32, *own);
            for met in bits(*meeting) {
                let alike = alike(at, met);
                if alike > 0.0 {
                    seen |= 1 << met;
                    best = best.max(alike);
                    weight = weight.max(self.weights.get(met).copied().unwrap_or_default());
                }
            }
            if best > 0.0 {
                sums.met += weight;
                sums.agreed += weight * best;
                sums.shared_query += u8::from(*own >= HALF);
            } else {
                sums.left_query += own;
            }
        }
        for (at, (word, own)) in self.listed.iter().zip(&self.weights).enumerate() {
            if !word.is_met() {
                sums.beside_listed += own;
                continue;
            }
            sums.names_listed += u8::from(word.counts());
            if seen & (1 << at) == 0 {
                sums.left_listed += own;
            } else {
                sums.shared_listed += u8::from(*own >= HALF);
            }
        }
        sums.highest(self.kind, self.is_cut, self.other_form())
    }

    /// Whether words of the one side may stand for several of the other, where both are met no better than so.
    fn may_stand_otherwise(&self, query_met: &Each, listed_met: &Each) -> bool {
        let (query, listed) = (&self.query.words, self.listed);
        if self.kind == NameKind::Company {
            let (a, b) = (Acronym::of(query, query_met), Acronym::of(listed, listed_met));
            if a.may_stand_for(&b, self.families) || b.may_stand_for(&a, self.query.families) {
                return true;
            }
        }
        !self.other_form()
            && (may_join(query, query_met, listed, listed_met, lengths(listed))
                || may_join(listed, listed_met, query, query_met, self.query.lengths))
    }
}

/// The places of the bits that are set.
fn bits(mut set: u16) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(at)
    })
}

fn cell(table: &mut Table, at: usize, met: usize) -> Option<&mut f32> {
    table.get_mut(at)?.get_mut(met)
}

fn value(table: &Table, at: usize, met: usize) -> f32 {
    table.get(at).and_then(|row| row.get(met)).copied().unwrap_or_default()
}

/// The lengths of what these words may be written for in several.
fn lengths(wholes: &[Sketch]) -> u64 {
    let wholes = wholes.iter().filter(|whole| whole.len() >= 4 && whole.counts());
    wholes.fold(0, |all, whole| all | 0b11111 << (whole.len() - 2))
}

/// Whether neighbouring words of the one side may be one word of the other, of which `lengths` are right, where both
/// meet nothing better: their letters are those of the whole, but for what a slip changes.
fn may_join(parts: &[Sketch], met_so: &Each, wholes: &[Sketch], wholes_met_so: &Each, lengths: u64) -> bool {
    let open = |best: &&f32| **best < WEAK_LINK;
    if lengths == 0 || wholes_met_so.iter().take(wholes.len()).filter(open).count() == 0 {
        return false;
    }
    for from in 0..parts.len() {
        let (mut len, mut mask) = (0, 0);
        for (at, (part, best)) in parts.iter().zip(met_so).enumerate().skip(from).take(MAX_JOINED) {
            if part.is_number() || (*best >= WEAK_LINK && part.weight() > 0.1) {
                break;
            }
            (len, mask) = (len + part.len(), mask | part.mask());
            if at > from && len < MAX_LEN as u32 && lengths >> len & 1 == 1 {
                let joined = wholes.iter().zip(wholes_met_so).any(|(whole, best)| {
                    let most = ((1.0 - MIN_JOINED) * 10.0 / SLOPE * len.max(whole.len()) as f32) as u32;
                    let strangest = most / LEAST_EXCHANGE;
                    len.abs_diff(whole.len()) <= 2
                        && whole.len() >= 4
                        && whole.counts()
                        && *best < WEAK_LINK
                        && (mask & !whole.mask()).count_ones() <= strangest
                        && (whole.mask() & !mask).count_ones() <= strangest
                        && u32::from(least_cost(mask, whole.mask())) <= most
                });
                if joined {
                    return true;
                }
            }
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

#[derive(Debug, Default)]
struct Acronym {
    words: u32,
    /// First letters of the words.
    firsts: u64,
    /// Letters of each word that may be the initials of the other side, of three letters and of more.
    short: [u64; MAX_ACRONYMS],
    sure: [u64; MAX_ACRONYMS],
}

impl Acronym {
    fn of(words: &[Sketch], met_so: &Each) -> Self {
        let mut acronym = Self::default();
        words
            .iter()
            .zip(met_so)
            .filter(|(word, _)| word.is_met())
            .for_each(|(word, best)| acronym.add(*word, *best));
        acronym
    }

    fn add(&mut self, word: Sketch, best: f32) {
        self.words += 1;
        if word.counts() {
            self.firsts |= word.first();
        }
        if word.is_name() && best < WEAK_LINK {
            let all = match word.len() {
                3 => &mut self.short,
                4..=6 => &mut self.sure,
                _ => return,
            };
            // With more of them the last counts for any.
            match all.iter_mut().find(|letters| **letters == 0) {
                Some(free) => *free = word.mask(),
                None => all.last_mut().into_iter().for_each(|last| *last &= word.mask()),
            }
        }
    }

    /// Whether a word may be the initials of the other side, which has these families of legal forms.
    fn may_stand_for(&self, other: &Self, families: u16) -> bool {
        let spells = |letters: &&u64| **letters != 0 && **letters & !other.firsts == 0;
        (other.words >= 4 && self.sure.iter().any(|letters| spells(&letters)))
            || (other.words >= 3 && families == 0 && self.short.iter().any(|letters| spells(&letters)))
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

fn shares(a: &[u16; MAX_GROUPS], b: &[u16; MAX_GROUPS]) -> bool {
    a.iter().any(|group| *group != 0 && b.contains(group))
}

/// How alike two words are at most; `kin` when the dictionary has both in a group.
fn at_most(kind: NameKind, a: Sketch, b: Sketch, kin: bool) -> f32 {
    if a.is_initial() != b.is_initial() {
        return if a.mask() & b.mask() == 0 { 0.0 } else { 0.9 };
    }
    if a.mask() == b.mask() || a.is_foreign() != b.is_foreign() {
        return 1.0;
    }
    if kin {
        return 0.97;
    }
    // What is cut off or shortened is the beginning of the other.
    if a.is_cut() || b.is_cut() || (kind == NameKind::Person && (is_servant(a) || is_servant(b))) {
        let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
        if short.mask() & !long.mask() == 0 {
            return 0.95;
        }
    }
    let longest = a.len().max(b.len());
    let limit = limit(matches!(kind, NameKind::Vessel), longest);
    let longer = a.len().abs_diff(b.len()) * LEAST_GAP;
    if longer > limit || (a.mask() ^ b.mask()).count_ones() / 2 * USUAL_EXCHANGE > limit {
        return 0.0;
    }
    let least = longer.max(u32::from(least_cost(a.mask(), b.mask())));
    let by_sound = kind == NameKind::Person && a.sound() == b.sound();
    if least > limit {
        return if by_sound { MIN_SOUND } else { 0.0 };
    }
    let value = 1.0 - 0.2 * least as f32 / longest as f32;
    if by_sound { value.max(MIN_SOUND) } else { value }
}

/// By the lengths of two words: from how many letters on that only one of them has they do not meet.
type Room = [u8; MAX_LEN];

const NO_ROOM: Room = [0; MAX_LEN];

/// For persons and companies, and for vessels.
#[expect(clippy::indexing_slicing, reason = "worked out by the compiler, which checks it")]
static ROOMS: [[Room; MAX_LEN]; 2] = {
    let mut rooms = [[NO_ROOM; MAX_LEN]; 2];
    let mut at = 0;
    while at < 2 * MAX_LEN * MAX_LEN {
        let (vessel, a, b) = (at / (MAX_LEN * MAX_LEN), at / MAX_LEN % MAX_LEN, at % MAX_LEN);
        let (short, long) = if a < b { (a as u32, b as u32) } else { (b as u32, a as u32) };
        let limit = limit(vessel == 1, long);
        if (long - short) * LEAST_GAP <= limit {
            rooms[vessel][a][b] = (limit / USUAL_EXCHANGE * 2 + 2) as u8;
        }
        at += 1;
    }
    rooms
};

/// What two words may differ by, in tenths of a letter.
const fn limit(vessel: bool, longest: u32) -> u32 {
    let limit = if vessel { 10 * (longest / 5) } else { longest * 4 };
    let most = if vessel { 30 } else { 32 };
    if limit < most { limit } else { most }
}

/// `Abdul`, which may be the beginning of a longer name.
const fn is_servant(word: Sketch) -> bool {
    word.len() == 6 && word.mask() & SERVANT == SERVANT
}
