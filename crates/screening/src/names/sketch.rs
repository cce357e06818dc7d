//! A word in sixteen bytes: what bounds a score without its letters, side by side for all words of a name.

use super::align::weigh;
use super::dictionary::Role;
use super::index::counts;
use super::prepare::{NameKind, Place, Word, mask_of};

/// What is known of a word in its name, packed. From the lowest bit: 36 letters and digits that occur, 6 bits of length,
/// 4 of weight, 6 of the first letter, 4 of place, the flags below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sketch {
    bits: u64,
    /// How it sounds; of a legal form its families.
    sound: u32,
    /// Its number in the vocabulary.
    pub(crate) word: u32,
}

const LETTERS: u64 = (1 << 36) - 1;
const LEN: u32 = 36;
const WEIGHT: u32 = 42;
const FIRST: u32 = 46;
const PLACE: u32 = 52;
const FOUR_BITS: u64 = 0xf;
const SIX_BITS: u64 = 0x3f;
/// The weights that words have.
const WEIGHTS: [f32; 9] = [0.0, 0.1, 0.45, 0.5, 0.6, 0.75, 0.8, 1.0, 1.1];
/// Names, trade words, places and initials: met by such of the other side.
const MET: u64 = 1 << 56;
const INITIAL: u64 = 1 << 57;
const NAME: u64 = 1 << 58;
const NUMBER: u64 = 1 << 59;
const FOREIGN: u64 = 1 << 60;
const GROUPED: u64 = 1 << 61;
const LEGAL: u64 = 1 << 62;
const CUT: u64 = (Place::CUT as u64) << PLACE;

impl Sketch {
    pub(crate) fn new(kind: NameKind, word: &Word<'_>, number: u32) -> Self {
        let role = word.traits.role;
        let len = word.text.len().min(SIX_BITS as usize);
        let weight = weigh(kind, role, word.text.len(), word.place);
        let weight = WEIGHTS.iter().position(|known| *known >= weight).unwrap_or(WEIGHTS.len() - 1);
        let first = word.text.first().map_or(0, |letter| mask_of(&[*letter]).trailing_zeros());
        let flags = [
            (counts(role) || role == Role::Initial, MET),
            (role == Role::Initial, INITIAL),
            (role == Role::Name, NAME),
            (role == Role::Number, NUMBER),
            (word.traits.foreign, FOREIGN),
            (word.traits.groups.first().is_some_and(|group| *group != 0), GROUPED),
            (role == Role::Legal, LEGAL),
        ];
        let bits = flags.iter().filter(|(holds, _)| *holds).fold(0, |bits, (_, flag)| bits | flag);
        Self {
            bits: bits
                | (word.mask & LETTERS)
                | (len as u64) << LEN
                | (weight as u64) << WEIGHT
                | (u64::from(first) & SIX_BITS) << FIRST
                | u64::from(word.place.bits()) << PLACE,
            sound: if role == Role::Legal { u32::from(word.traits.family) } else { word.sound },
            word: number,
        }
    }

    pub(crate) const fn mask(self) -> u64 {
        self.bits & LETTERS
    }

    pub(crate) const fn len(self) -> u32 {
        (self.bits >> LEN & SIX_BITS) as u32
    }

    pub(crate) fn weight(self) -> f32 {
        WEIGHTS.get((self.bits >> WEIGHT & FOUR_BITS) as usize).copied().unwrap_or_default()
    }

    /// Its first letter, as in masks.
    pub(crate) const fn first(self) -> u64 {
        1 << (self.bits >> FIRST & SIX_BITS)
    }

    pub(crate) const fn place(self) -> Place {
        Place::of_bits((self.bits >> PLACE & FOUR_BITS) as u8)
    }

    pub(crate) const fn sound(self) -> u32 {
        self.sound
    }

    /// Families of a legal form; none for other words.
    pub(crate) const fn family(self) -> u16 {
        if self.bits & LEGAL == 0 { 0 } else { self.sound as u16 }
    }

    /// Whether words of the other side may meet it.
    pub(crate) const fn is_met(self) -> bool {
        self.bits & MET != 0
    }

    pub(crate) const fn is_initial(self) -> bool {
        self.bits & INITIAL != 0
    }

    /// Whether it is more than the first letter of a name.
    pub(crate) const fn counts(self) -> bool {
        self.bits & (MET | INITIAL) == MET
    }

    pub(crate) const fn is_name(self) -> bool {
        self.bits & NAME != 0
    }

    pub(crate) const fn is_number(self) -> bool {
        self.bits & NUMBER != 0
    }

    pub(crate) const fn is_foreign(self) -> bool {
        self.bits & FOREIGN != 0
    }

    pub(crate) const fn is_cut(self) -> bool {
        self.place().is_cut()
    }

    /// Whether it may meet words of other letters: an initial, of another script, or cut off.
    pub(crate) const fn is_odd(self) -> bool {
        self.bits & (INITIAL | FOREIGN | CUT) != 0
    }

    /// Whether it is of a group of the dictionary.
    pub(crate) const fn is_grouped(self) -> bool {
        self.bits & GROUPED != 0
    }
}

#[cfg(test)]
mod tests {
    use super::super::prepare::{Prepared, Words as _};
    use super::*;

    #[test]
    fn a_sketch_holds_what_the_word_says() {
        for (kind, name) in [
            (NameKind::Person, "AL-TIKRITI, Saddam H. Jr."),
            (NameKind::Company, "Shanghai 3 Ocean Trading (Koper) Co., Ltd."),
            (NameKind::Vessel, "M/V OCEAN STAR 12"),
            (NameKind::Company, &"X".repeat(35)),
        ] {
            let prepared = Prepared::new(kind, name);
            for word in (0..prepared.len()).filter_map(|at| prepared.word(at)) {
                let sketch = Sketch::new(kind, &word, 7);
                assert_eq!((sketch.mask(), sketch.len()), (word.mask, word.text.len() as u32));
                let weight = weigh(kind, word.traits.role, word.text.len(), word.place);
                assert!((sketch.weight() - weight).abs() < 1e-6);
                assert_eq!(sketch.first(), mask_of(&word.text[..1]));
                assert_eq!((sketch.place(), sketch.is_cut()), (word.place, word.place.is_cut()));
                assert_eq!(sketch.counts(), counts(word.traits.role));
                assert_eq!(sketch.is_initial(), word.traits.role == Role::Initial);
                assert_eq!(sketch.family(), word.traits.family);
                assert_eq!(sketch.word, 7);
            }
        }
    }
}
