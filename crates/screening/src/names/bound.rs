//! What two names can score at most: cheap, by the letters that occur in their words.

use super::align::{MAX_JOINED, MIN_JOINED, SLOPE, USUAL_EXCHANGE, WEAK_LINK};
use super::dictionary::{Family, MAX_GROUPS};
use super::distance::least_cost;
use super::index::Listed;
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

/// How alike two words are at most, of each word of the query with each of the listed name.
type Table = [[f32; MAX_BRIEFS]; MAX_BRIEFS];

/// How alike each word of a side is at most to the best of the other.
type Bests = [f32; MAX_BRIEFS];

/// A name that is compared with many.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    words: Vec<Sketch>,
    groups: Vec<[u16; MAX_GROUPS]>,
    families: u16,
    is_cut: bool,
}

impl Outline {
    /// Fills it anew.
    pub(crate) fn draw(&mut self, query: &Prepared) {
        self.words.clear();
        self.groups.clear();
        let kind = query.kind();
        self.words.extend((0..).zip(query.iter()).map(|(at, word)| Sketch::new(kind, &word, at)));
        self.groups.extend(query.iter().map(|word| word.traits.groups));
        self.families = self.words.iter().fold(0, |all, word| all | word.family());
        self.is_cut = self.words.iter().any(|word| word.is_cut());
    }

    /// Whether the names can reach the threshold: first by the letters that occur in their words, then by how alike the
    /// words are of which `like` knows it (word of the query, word of the vocabulary).
    pub(crate) fn may_agree(
        &self,
        kind: NameKind,
        listed: &Listed<'_>,
        threshold: f32,
        mut like: impl FnMut(usize, u32) -> Option<f32>,
    ) -> bool {
        let other = listed.sketches();
        if self.words.len() > MAX_BRIEFS || other.len() > MAX_BRIEFS {
            return true;
        }
        let mut table: Table = [[0.0; MAX_BRIEFS]; MAX_BRIEFS];
        for ((word, groups), row) in self.words.iter().zip(&self.groups).zip(&mut table) {
            for (met, value) in other.iter().zip(row).filter(|(met, _)| word.is_met() && met.is_met()) {
                *value = if word.is_grouped() && met.is_grouped() {
                    at_most(kind, *word, *met, shares(groups, &listed.groups(met.word)))
                } else {
                    at_most(kind, *word, *met, false)
                };
            }
        }
        if !self.reaches(kind, &table, other, threshold, false) {
            return false;
        }
        for ((at, word), row) in self.words.iter().enumerate().zip(&mut table) {
            for (met, value) in other.iter().zip(row) {
                if *value > 0.0
                    && word.counts()
                    && met.counts()
                    && !met.is_cut()
                    && let Some(known) = like(at, met.word)
                {
                    *value = value.min(known);
                }
            }
        }
        self.reaches(kind, &table, other, threshold, true)
    }

    /// Whether the sums over the table reach the threshold, or words may stand for several of the other side. In a table
    /// that is not `sure` no word is known to be met well.
    fn reaches(&self, kind: NameKind, table: &Table, other: &[Sketch], threshold: f32, sure: bool) -> bool {
        let known = |best: f32| if sure { best } else { 0.0 };
        let mut sums = Sums::default();
        let (mut seen, mut acronyms) = (0_u32, Acronyms::default());
        let (mut best_of, mut met_so) = ([0.0_f32; MAX_BRIEFS], [0.0_f32; MAX_BRIEFS]);
        for ((word, best_of), row) in self.words.iter().zip(&mut best_of).zip(table) {
            if !word.is_met() {
                sums.beside_query += word.weight();
                continue;
            }
            let (mut best, mut weight) = (0.0_f32, word.weight());
            for (at, ((listed, value), met)) in other.iter().zip(row).zip(&mut met_so).enumerate() {
                if *value > 0.0 {
                    seen |= 1 << at;
                    best = best.max(*value);
                    *met = met.max(*value);
                    weight = weight.max(listed.weight());
                }
            }
            if best > 0.0 {
                sums.met += weight;
                sums.agreed += weight * best;
                sums.shared_query += u8::from(word.weight() >= HALF);
            } else {
                sums.left_query += word.weight();
            }
            *best_of = known(best);
            acronyms.query.add(*word, known(best));
            sums.names_query += u8::from(word.counts());
        }
        let (mut families, mut is_cut) = (0, self.is_cut);
        for (at, (word, best)) in other.iter().zip(&mut met_so).enumerate() {
            *best = known(*best);
            families |= word.family();
            is_cut |= word.is_cut();
            if !word.is_met() {
                sums.beside_listed += word.weight();
                continue;
            }
            sums.names_listed += u8::from(word.counts());
            acronyms.listed.add(*word, *best);
            if seen & (1 << at) == 0 {
                sums.left_listed += word.weight();
            } else {
                sums.shared_listed += u8::from(word.weight() >= HALF);
            }
        }
        let other_form = kind != NameKind::Person && Family::are_other(self.families, families);
        sums.highest(kind, is_cut, other_form) >= threshold - ROUNDING
            || (kind == NameKind::Company
                && (acronyms.query.may_stand_for(&acronyms.listed, families)
                    || acronyms.listed.may_stand_for(&acronyms.query, self.families)))
            || (!other_form && {
                may_join(&self.words, &best_of, other, &met_so)
                    || may_join(other, &met_so, &self.words, &best_of)
            })
    }
}

/// Whether neighbouring words of the one side may be one word of the other, where both meet nothing better: their
/// letters are those of the whole, but for what a slip changes.
fn may_join(parts: &[Sketch], met_so: &Bests, wholes: &[Sketch], wholes_met_so: &Bests) -> bool {
    wholes.iter().zip(wholes_met_so).any(|(whole, best)| {
        if whole.len() < 4 || !whole.counts() || *best >= WEAK_LINK {
            return false;
        }
        let most = |longest: u32| ((1.0 - MIN_JOINED) * 10.0 / SLOPE * longest as f32) as u32;
        let strangest = most(whole.len() + 2) / LEAST_EXCHANGE;
        let fits = |(part, best): &(&Sketch, &f32)| {
            part.len() < whole.len() + 2
                && (part.mask() & !whole.mask()).count_ones() <= strangest
                && !part.is_number()
                && (**best < WEAK_LINK || part.weight() <= 0.1)
        };
        let mut run = [(0, 0_u64); MAX_JOINED - 1];
        for (part, best) in parts.iter().zip(met_so) {
            if !fits(&(part, best)) {
                run = Default::default();
                continue;
            }
            // What ends here: with one word before it, with two, with three.
            for (len, mask) in run.iter_mut().filter(|(len, _)| *len > 0) {
                (*len, *mask) = (*len + part.len(), *mask | part.mask());
                if *len <= whole.len() + 2
                    && *len + 2 >= whole.len()
                    && u32::from(least_cost(*mask, whole.mask())) <= most((*len).max(whole.len()))
                {
                    return true;
                }
            }
            run.rotate_right(1);
            if let Some(first) = run.first_mut() {
                *first = (part.len(), part.mask());
            }
        }
        false
    })
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
    words: u32,
    /// First letters of the words.
    firsts: u64,
    /// Letters of each word that may be the initials of the other side, of three letters and of more.
    short: [u64; MAX_ACRONYMS],
    sure: [u64; MAX_ACRONYMS],
}

impl Acronym {
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
    let limit = match kind {
        NameKind::Vessel => 10 * (longest / 5).min(3),
        _ => (longest * 4).min(32),
    };
    let longer = a.len().abs_diff(b.len()) * LEAST_GAP;
    let different = (a.mask() ^ b.mask()).count_ones() / 2;
    if different * USUAL_EXCHANGE > limit || longer > limit {
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

/// `Abdul`, which may be the beginning of a longer name.
const fn is_servant(word: Sketch) -> bool {
    word.len() == 6 && word.mask() & SERVANT == SERVANT
}
