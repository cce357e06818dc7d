//! A name as the index and the scorer see it: words with their roles.

use super::dictionary::{Dictionary, Entry, Family, MAX_GROUPS, Role, dictionary};
use super::fold::{Folded, Piece, fold};
use super::sound::sound;

/// Most words of a name that count.
pub const MAX_WORDS: usize = 24;

/// Longest word that is kept whole, bytes.
const MAX_WORD_BYTES: usize = 64;

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameKind {
    /// A human being.
    Person,
    /// A company, organisation, authority.
    Company,
    /// A ship.
    Vessel,
}

impl NameKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Person, Self::Company, Self::Vessel];

    /// The kind by its name in requests: `person`, `company`, `organization`, `vessel`; any letter case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "person" | "individual" => Some(Self::Person),
            "company" | "organization" | "organisation" | "entity" => Some(Self::Company),
            "vessel" | "ship" => Some(Self::Vessel),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Company => "company",
            Self::Vessel => "vessel",
        }
    }
}

/// What is known of a word apart from its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Traits {
    pub(crate) role: Role,
    /// Digest of the characters of a Chinese, Japanese or Korean word; zero for others.
    pub(crate) native: u32,
    /// From a script that does not write vowels, or is spelt by ear.
    pub(crate) foreign: bool,
    /// Families of a legal form.
    pub(crate) family: u16,
    pub(crate) groups: [u16; MAX_GROUPS],
}

/// A word and how it stands in its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) traits: Traits,
    pub(crate) sound: u32,
    /// One bit a letter or digit that occurs.
    pub(crate) mask: u64,
    pub(crate) place: Place,
}

/// How a word stands in its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place(pub(super) u8);

impl Place {
    const ASIDE: u8 = 1;
    pub(super) const FAMILY: u8 = 2;
    pub(super) const FATHER: u8 = 4;
    pub(super) const CUT: u8 = 8;

    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    pub(crate) const fn of_bits(bits: u8) -> Self {
        Self(bits)
    }

    pub(crate) const fn is_aside(self) -> bool {
        self.0 & Self::ASIDE != 0
    }

    /// Before a comma, or the last word of a name without one.
    pub(crate) const fn is_family(self) -> bool {
        self.0 & Self::FAMILY != 0
    }

    /// After bin, ibn, bint: the father of the one before.
    pub(crate) const fn is_father(self) -> bool {
        self.0 & Self::FATHER != 0
    }

    /// The last word of a name that fills its line: it may go on.
    pub(crate) const fn is_cut(self) -> bool {
        self.0 & Self::CUT != 0
    }
}

/// A word in the text of its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored {
    pub(super) start: u32,
    pub(super) len: u8,
    pub(super) traits: Traits,
    pub(super) sound: u32,
    mask: u64,
    pub(super) place: Place,
}

/// A name, normalised: the same for a listed name and for one that is asked about.
#[derive(Debug, Clone)]
pub struct Prepared {
    kind: NameKind,
    pub(super) text: Vec<u8>,
    pub(super) words: Vec<Stored>,
    families: u16,
}

/// What the scorer reads a name by.
pub(crate) trait Words {
    fn len(&self) -> usize;
    fn word(&self, at: usize) -> Option<Word<'_>>;
}

impl Words for Prepared {
    fn len(&self) -> usize {
        self.words.len()
    }

    fn word(&self, at: usize) -> Option<Word<'_>> {
        let stored = self.words.get(at)?;
        let start = stored.start as usize;
        Some(Word {
            text: self.text.get(start..start + usize::from(stored.len))?,
            traits: stored.traits,
            sound: stored.sound,
            mask: stored.mask,
            place: stored.place,
        })
    }
}

impl Prepared {
    /// Normalises a name; never fails, whatever the bytes.
    #[must_use]
    pub fn new(kind: NameKind, name: &str) -> Self {
        let folded = fold(name);
        let mut builder = Builder {
            dictionary: dictionary(),
            kind,
            out: Self {
                kind,
                text: Vec::with_capacity(folded.text.len() + 16),
                words: Vec::new(),
                families: 0,
            },
        };
        builder.out.words.reserve(folded.pieces.len());
        match kind {
            NameKind::Person => builder.person(&folded),
            NameKind::Company => builder.thing(&folded),
            NameKind::Vessel => builder.thing(&folded),
        }
        builder.finish(&folded)
    }

    /// What it names.
    #[must_use]
    pub const fn kind(&self) -> NameKind {
        self.kind
    }

    /// Whether nothing in it can be compared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Its words as they are compared, in order.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        self.iter().map(|word| String::from_utf8_lossy(word.text).into_owned()).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Word<'_>> {
        (0..self.words.len()).filter_map(|at| self.word(at))
    }

    /// Whether it says that it is a company: a legal form.
    #[must_use]
    pub const fn has_legal_form(&self) -> bool {
        self.families != 0
    }
}

/// The mask of the letters and digits of a word.
pub(crate) fn mask_of(text: &[u8]) -> u64 {
    text.iter().fold(0, |mask, byte| match byte {
        b'a'..=b'z' => mask | 1 << (byte - b'a'),
        b'0'..=b'9' => mask | 1 << (26 + byte - b'0'),
        _ => mask,
    })
}

/// A name as it is put together.
pub(super) struct Builder {
    pub(super) dictionary: &'static Dictionary,
    pub(super) kind: NameKind,
    pub(super) out: Prepared,
}

impl Builder {
    pub(super) fn push(&mut self, text: &[u8], role: Role, piece: &Piece, entry: Option<&Entry>) {
        if self.out.words.len() >= MAX_WORDS || text.is_empty() {
            return;
        }
        let text = text.get(..MAX_WORD_BYTES.min(text.len())).unwrap_or_default();
        let start = u32::try_from(self.out.text.len()).unwrap_or(u32::MAX);
        self.out.text.extend_from_slice(text);
        let names_someone = matches!(role, Role::Name | Role::Generic | Role::Place);
        self.out.words.push(Stored {
            start,
            len: u8::try_from(text.len()).unwrap_or(u8::MAX),
            traits: Traits {
                role,
                native: piece.native,
                foreign: piece.foreign,
                family: 0,
                groups: entry.filter(|_| names_someone).map_or([0; MAX_GROUPS], |entry| entry.groups),
            },
            sound: if names_someone { sound(text) } else { 0 },
            mask: mask_of(text),
            place: Place(if piece.aside { Place::ASIDE } else { 0 }),
        });
    }

    pub(super) fn legal(&mut self, text: &[u8], family: Family, piece: &Piece) {
        let before = self.out.words.len();
        self.push(text, Role::Legal, piece, None);
        if let Some(word) = self.out.words.get_mut(before) {
            word.traits.family = family.0;
            self.out.families |= family.0;
        }
    }

    /// After roles changed.
    pub(super) fn rename(&mut self) {
        for word in self.out.words.iter_mut().filter(|word| word.traits.role == Role::Name && word.sound == 0)
        {
            let start = word.start as usize;
            let text = self.out.text.get(start..start + usize::from(word.len)).unwrap_or_default();
            word.sound = sound(text);
            if let Some(entry) = self.dictionary.get(text) {
                word.traits.groups = entry.groups;
            }
        }
    }

    fn finish(mut self, folded: &Folded) -> Prepared {
        // A line with LAST, First ends with First, which stands before the family name here.
        let comma = self.kind == NameKind::Person
            && folded.before_comma.is_some_and(|until| until < folded.pieces.len());
        let is_last = |word: &&mut Stored| !comma || word.place.0 & Place::FAMILY == 0;
        if folded.maybe_cut
            && let Some(last) = self.out.words.iter_mut().rev().find(is_last)
        {
            last.place.0 |= Place::CUT;
        }
        self.out
    }
}

/// I9or, Sech1n: digits between letters of a person's name are letters that were misread.
pub(super) fn read_digits_as_letters(word: &mut [u8]) {
    if word.iter().filter(|byte| byte.is_ascii_alphabetic()).count() < 2 {
        return;
    }
    for byte in word {
        *byte = match *byte {
            b'0' => b'o',
            b'1' => b'i',
            b'3' => b'e',
            b'4' => b'a',
            b'5' => b's',
            b'6' | b'9' => b'g',
            b'7' => b't',
            b'8' => b'b',
            other => other,
        };
    }
}
