//! A word in sixteen bytes: what bounds a score without its letters, side by side for all words of a name.

use super::align::weigh;
use super::dictionary::Role;
use super::index::counts;
use super::prepare::{NameKind, Place, Word};

/// What is known of a word in its name, packed. From the lowest bit: 36 letters and digits that occur, 7 bits of length,
/// 7 of weight in hundredths, 4 of place, the flags below.
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
const WEIGHT: u32 = 43;
const PLACE: u32 = 50;
const SEVEN_BITS: u64 = 0x7f;
/// Names, trade words, places and initials: met by such of the other side.
const MET: u64 = 1 << 54;
const INITIAL: u64 = 1 << 55;
const NAME: u64 = 1 << 56;
const NUMBER: u64 = 1 << 57;
const FOREIGN: u64 = 1 << 58;
const GROUPED: u64 = 1 << 59;
const LEGAL: u64 = 1 << 60;
const CUT: u64 = 1 << 61;

impl Sketch {
    pub(crate) fn new(kind: NameKind, word: &Word<'_>, number: u32) -> Self {
        let role = word.traits.role;
        let len = word.text.len().min(SEVEN_BITS as usize);
        // Weights are hundredths, so this is exact.
        let weight = (weigh(kind, role, word.text.len(), word.place) * 100.0).round() as u64;
        let flags = [
            (counts(role) || role == Role::Initial, MET),
            (role == Role::Initial, INITIAL),
            (role == Role::Name, NAME),
            (role == Role::Number, NUMBER),
            (word.traits.foreign, FOREIGN),
            (word.traits.groups.first().is_some_and(|group| *group != 0), GROUPED),
            (role == Role::Legal, LEGAL),
            (word.place.is_cut(), CUT),
        ];
        let bits = flags.iter().filter(|(holds, _)| *holds).fold(0, |bits, (_, flag)| bits | flag);
        Self {
            bits: bits
                | (word.mask & LETTERS)
                | (len as u64) << LEN
                | weight << WEIGHT
                | u64::from(word.place.bits()) << PLACE,
            sound: if role == Role::Legal { u32::from(word.traits.family) } else { word.sound },
            word: number,
        }
    }

    pub(crate) const fn mask(self) -> u64 {
        self.bits & LETTERS
    }

    pub(crate) const fn len(self) -> u32 {
        (self.bits >> LEN & SEVEN_BITS) as u32
    }

    pub(crate) const fn weight(self) -> f32 {
        (self.bits >> WEIGHT & SEVEN_BITS) as f32 * 0.01
    }

    pub(crate) const fn place(self) -> Place {
        Place::of_bits((self.bits >> PLACE & 0xf) as u8)
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
        self.bits & CUT != 0
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
                assert!((sketch.weight() - weigh(kind, word.traits.role, word.text.len(), word.place)).abs() < 1e-6);
                assert_eq!((sketch.place(), sketch.is_cut()), (word.place, word.place.is_cut()));
                assert_eq!(sketch.counts(), counts(word.traits.role));
                assert_eq!(sketch.is_initial(), word.traits.role == Role::Initial);
                assert_eq!(sketch.family(), word.traits.family);
                assert_eq!(sketch.word, 7);
            }
        }
    }
}
