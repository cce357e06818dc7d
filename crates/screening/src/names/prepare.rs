//! A name as the index and the scorer see it: words with their roles.

use super::dictionary::{Dictionary, Entry, Family, MAX_GROUPS, Phrase, Role, dictionary};
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
pub(crate) struct Place(u8);

impl Place {
    const ASIDE: u8 = 1;
    const FAMILY: u8 = 2;
    const FATHER: u8 = 4;
    const CUT: u8 = 8;

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

#[derive(Debug, Clone, Copy)]
struct Stored {
    start: u32,
    len: u8,
    traits: Traits,
    sound: u32,
    mask: u64,
    place: Place,
}

/// A name, normalised: the same for a listed name and for one that is asked about.
#[derive(Debug, Clone)]
pub struct Prepared {
    kind: NameKind,
    text: Vec<u8>,
    words: Vec<Stored>,
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

struct Builder {
    dictionary: &'static Dictionary,
    kind: NameKind,
    out: Prepared,
}

impl Builder {
    fn push(&mut self, text: &[u8], role: Role, piece: &Piece, entry: Option<&Entry>) {
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

    fn legal(&mut self, text: &[u8], family: Family, piece: &Piece) {
        let before = self.out.words.len();
        self.push(text, Role::Legal, piece, None);
        if let Some(word) = self.out.words.get_mut(before) {
            word.traits.family = family.0;
            self.out.families |= family.0;
        }
    }

    // --- persons ---

    fn person(&mut self, folded: &Folded) {
        let text = |piece: &Piece| folded.text.get(piece.start..piece.end).unwrap_or_default();
        let family_until = folded.before_comma.filter(|at| *at < folded.pieces.len());
        // LAST, First is First LAST.
        let (before, after) = folded.pieces.split_at(family_until.unwrap_or(0));
        let from = before.len();
        let natural = (from..).zip(after).chain((0..).zip(before));
        let mut pieces = natural.peekable();
        let mut read = 0;
        let mut father_next = false;
        let mut letters = Vec::new();
        while let Some((at, piece)) = pieces.next() {
            read += 1;
            let before = self.out.words.len();
            letters.clear();
            letters.extend_from_slice(text(piece));
            // Servant of ...: one name, however it is spaced.
            if is_servant(&letters) && at + 1 < folded.pieces.len() {
                let article =
                    pieces.next_if(|(at, next)| is_article(text(next)) && at + 1 < folded.pieces.len());
                let _ = article;
                if let Some((_, whom)) = pieces.next() {
                    letters.clear();
                    letters.extend_from_slice(b"abdul");
                    letters.extend_from_slice(text(whom));
                }
            } else if let Some(rest) = servant_of(&letters) {
                let rest = rest.to_vec();
                letters.clear();
                letters.extend_from_slice(b"abdul");
                letters.extend_from_slice(&rest);
            }
            // ... of the faith: the suffix belongs to the name before it.
            if matches!(letters.as_slice(), b"din" | b"deen" | b"dine") && self.join_faith() {
                continue;
            }
            if piece.dotted && letters.len() <= 4 {
                for letter in &letters {
                    self.push(&[*letter], Role::Initial, piece, None);
                }
            } else {
                read_digits_as_letters(&mut letters);
                let entry = self.dictionary.get(&letters);
                let role = self.person_role(&letters, read, folded.pieces.len(), entry);
                father_next |= entry.is_some_and(|entry| entry.patronymic);
                self.push(&letters, role, piece, entry);
                if let Some(word) =
                    self.out.words.get_mut(before).filter(|word| word.traits.role == Role::Name)
                {
                    if father_next && before > 0 {
                        word.place.0 |= Place::FATHER;
                    }
                    father_next = false;
                }
            }
            if family_until.is_some_and(|until| at < until) {
                for word in self.out.words.iter_mut().skip(before) {
                    word.place.0 |= Place::FAMILY;
                }
            }
        }
        self.settle_person(family_until.is_some());
    }

    fn person_role(&self, letters: &[u8], read: usize, count: usize, entry: Option<&Entry>) -> Role {
        /// Forms that no one is called by.
        const FORMS: [&[u8]; 16] = [
            b"llc", b"ltd", b"inc", b"sa", b"gmbh", b"ag", b"ooo", b"oao", b"zao", b"pao", b"corp", b"plc",
            b"srl", b"limited", b"co", b"company",
        ];
        if read == count && count > 2 && FORMS.contains(&letters) {
            return Role::Legal;
        }
        match entry.and_then(|entry| entry.person) {
            Some(role) => role,
            None if letters.len() == 1 && letters.iter().all(u8::is_ascii_alphabetic) => Role::Initial,
            None if letters.iter().all(u8::is_ascii_digit) => Role::Number,
            None => Role::Name,
        }
    }

    /// `saif al din` as one word.
    fn join_faith(&mut self) -> bool {
        let article = self.out.words.last().is_some_and(|word| word.traits.role == Role::Particle);
        let name = self.out.words.iter().rev().nth(usize::from(article));
        if !article || name.is_none_or(|name| name.traits.role != Role::Name) {
            return false;
        }
        self.out.words.pop();
        let Some(name) = self.out.words.pop() else { return false };
        let start = name.start as usize;
        let mut letters =
            self.out.text.get(start..start + usize::from(name.len)).unwrap_or_default().to_vec();
        letters.extend_from_slice(b"uddin");
        let before = self.out.words.len();
        let entry = self.dictionary.get(&letters);
        self.push(&letters, Role::Name, &Piece::default(), entry);
        if let Some(word) = self.out.words.get_mut(before) {
            word.place = name.place;
        }
        true
    }

    /// Marks the family name, and gives a name of nothing but titles and particles its words back.
    fn settle_person(&mut self, marked: bool) {
        let is_name = |word: &Stored| matches!(word.traits.role, Role::Name);
        if !self.out.words.iter().any(is_name) {
            for word in self.out.words.iter_mut().filter(|w| w.len > 1 && w.traits.role != Role::Number) {
                word.traits.role = Role::Name;
            }
        }
        if !marked && let Some(last) = self.out.words.iter_mut().rev().find(|word| is_name(word)) {
            last.place.0 |= Place::FAMILY;
        }
        self.rename();
    }

    // --- companies and vessels ---

    fn thing(&mut self, folded: &Folded) {
        let pieces = self.joined(folded);
        let mut rest = pieces.as_slice();
        while let Some((first, after)) = rest.split_first() {
            let entry = self.dictionary.get(&first.text);
            if let Some((phrase, length)) =
                entry.and_then(|entry| self.phrase(entry, rest, self.out.words.is_empty()))
            {
                match phrase.family {
                    Some(family) => self.legal(&phrase.text, family, &first.piece),
                    None => {
                        let entry = self.dictionary.get(&phrase.text);
                        self.push(&phrase.text, Role::Place, &first.piece, entry);
                    }
                }
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            rest = after;
            if self.kind == NameKind::Company
                && entry.is_none()
                && let Some(form) = self.dictionary.misspelt(&first.text)
            {
                // The right word may begin a phrase: JOYNT STOCK COMPANY.
                let mut mended = vec![Joined { text: form.to_vec(), piece: first.piece }];
                mended.extend(rest.iter().take(5).cloned());
                let found = self
                    .dictionary
                    .get(form)
                    .and_then(|entry| self.phrase(entry, &mended, self.out.words.is_empty()));
                if let Some((phrase, length)) = found
                    && let Some(family) = phrase.family
                {
                    self.legal(&phrase.text, family, &first.piece);
                    rest = rest.get(length - 1..).unwrap_or_default();
                    continue;
                }
            }
            // What is left of a word where a line ends is no numeral.
            let cut = folded.maybe_cut && rest.is_empty();
            let number = entry.and_then(|entry| entry.number);
            if let Some(number) =
                number.or_else(|| roman(&first.text, cut || self.out.words.is_empty(), rest, self.dictionary))
            {
                rest = self.number(number, rest, &first.piece);
                continue;
            }
            if first.text.iter().all(u8::is_ascii_digit) {
                let zeros =
                    first.text.iter().take_while(|digit| **digit == b'0').count().min(first.text.len() - 1);
                self.push(first.text.get(zeros..).unwrap_or_default(), Role::Number, &first.piece, None);
                continue;
            }
            let role = match self.kind {
                NameKind::Vessel => {
                    let edge = self.out.words.is_empty() || rest.is_empty();
                    entry.and_then(|entry| entry.vessel).filter(|_| edge || first.text.len() > 2)
                }
                _ => entry.and_then(|entry| entry.company),
            };
            self.push(&first.text, role.unwrap_or(Role::Name), &first.piece, entry);
        }
        self.settle_thing();
    }

    /// The pieces with neighbouring single letters as one, and letters parted from digits.
    fn joined(&self, folded: &Folded) -> Vec<Joined> {
        let mut joined: Vec<Joined> = Vec::with_capacity(folded.pieces.len() + 2);
        let mut open = false;
        for piece in &folded.pieces {
            let text = folded.text.get(piece.start..piece.end).unwrap_or_default();
            let single = text.len() == 1 && text.iter().all(u8::is_ascii_alphabetic) && piece.native == 0;
            if single
                && open
                && let Some(last) = joined.last_mut()
            {
                last.text.extend_from_slice(text);
                continue;
            }
            open = single;
            if let Some(letters) = misread(text) {
                joined.push(Joined { text: letters, piece: *piece });
                continue;
            }
            let known = self.dictionary.get(text).is_some_and(|entry| entry.number.is_some());
            let parts = text.chunk_by(|a, b| known || a.is_ascii_digit() == b.is_ascii_digit());
            joined.extend(parts.map(|part| Joined { text: part.to_vec(), piece: *piece }));
        }
        joined
    }

    /// The longest phrase that begins here, and how many words it has. Short legal forms count only where such forms
    /// stand: in front, or with nothing but forms behind them.
    fn phrase<'a>(&self, entry: &'a Entry, here: &[Joined], first: bool) -> Option<(&'a Phrase, usize)> {
        entry.phrases.iter().find_map(|phrase| {
            let length = phrase.rest.len() + 1;
            let after = here.get(1..length)?;
            let same = after.iter().zip(&phrase.rest).all(|(word, form)| word.text.as_slice() == &**form);
            let allowed = match phrase.family {
                None => self.kind == NameKind::Company,
                Some(_) if self.kind != NameKind::Company => false,
                Some(_)
                    if length > 1
                        || here.first().is_some_and(|word| {
                            word.piece.dotted || word.text.len() > 3 || is_sure_form(&word.text)
                        }) =>
                {
                    true
                }
                Some(_) => first || self.only_forms(here.get(length..).unwrap_or_default()),
            };
            (same && allowed).then_some((phrase, length))
        })
    }

    fn only_forms(&self, rest: &[Joined]) -> bool {
        rest.iter().all(|word| {
            word.piece.aside
                || self.dictionary.get(&word.text).is_some_and(|entry| {
                    entry.company == Some(Role::Stop)
                        || entry.company == Some(Role::Place)
                        || entry.phrases.iter().any(|phrase| phrase.family.is_some())
                })
        })
    }

    /// A number in words or Roman numerals, with the units that follow tens: forty four.
    fn number<'a>(&mut self, number: u32, rest: &'a [Joined], piece: &Piece) -> &'a [Joined] {
        let unit = rest
            .first()
            .filter(|_| number >= 20 && number.is_multiple_of(10) && number < 100)
            .and_then(|next| {
                let digits = std::str::from_utf8(&next.text).ok().and_then(|text| text.parse::<u32>().ok());
                self.dictionary
                    .get(&next.text)
                    .and_then(|entry| entry.number)
                    .or(digits)
                    .filter(|n| (1..10).contains(n))
            });
        self.push((number + unit.unwrap_or(0)).to_string().as_bytes(), Role::Number, piece, None);
        if unit.is_some() { rest.get(1..).unwrap_or_default() } else { rest }
    }

    /// A name of nothing but common words is its common words; stopwords count when there is nothing else.
    fn settle_thing(&mut self) {
        let says_something =
            |word: &Stored| !matches!(word.traits.role, Role::Stop | Role::Legal | Role::Number);
        if !self.out.words.iter().any(says_something) {
            for word in self.out.words.iter_mut().filter(|word| word.traits.role == Role::Stop) {
                word.traits.role = Role::Name;
            }
            self.rename();
        }
    }

    /// After roles changed.
    fn rename(&mut self) {
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

#[derive(Debug, Clone)]
struct Joined {
    text: Vec<u8>,
    piece: Piece,
}

/// Short legal forms that are nothing else, wherever they stand.
fn is_sure_form(word: &[u8]) -> bool {
    matches!(
        word,
        b"ltd"
            | b"inc"
            | b"llc"
            | b"plc"
            | b"jsc"
            | b"ooo"
            | b"oao"
            | b"zao"
            | b"pao"
            | b"srl"
            | b"sro"
            | b"scs"
            | b"vzw"
            | b"cia"
            | b"kft"
            | b"aps"
            | b"co"
            | b"ojsc"
    )
}

fn is_servant(word: &[u8]) -> bool {
    matches!(
        word,
        b"abd"
            | b"abdul"
            | b"abdel"
            | b"abdal"
            | b"abdol"
            | b"abdoul"
            | b"abdur"
            | b"abdus"
            | b"abdu"
            | b"abdi"
    )
}

fn is_article(word: &[u8]) -> bool {
    matches!(
        word,
        b"al"
            | b"el"
            | b"ul"
            | b"ol"
            | b"ar"
            | b"as"
            | b"az"
            | b"ur"
            | b"us"
            | b"er"
            | b"es"
            | b"an"
            | b"ash"
    )
}

/// What follows servant of in one word: `abdelaziz`, `abdurrahman`.
fn servant_of(word: &[u8]) -> Option<&[u8]> {
    for prefix in [b"abdoul".as_slice(), b"abdel", b"abdol", b"abdal", b"abdil", b"abdul"] {
        if let Some(rest) =
            word.strip_prefix(prefix).filter(|rest| rest.len() >= 4 && !rest.starts_with(b"la"))
        {
            return Some(rest);
        }
    }
    // The article takes on the sound of the letter after it: abdur-rahman.
    let (stem, rest) = word.split_at_checked(4)?;
    let doubled =
        rest.first() == rest.get(1) && matches!(rest.first(), Some(b'r' | b's' | b'n' | b't' | b'z' | b'd'));
    (matches!(stem, b"abdu" | b"abde" | b"abda") && doubled && rest.len() >= 5)
        .then(|| rest.get(1..).unwrap_or_default())
}

/// Letters with digits between them: a machine read AIRL1NES.
fn misread(word: &[u8]) -> Option<Vec<u8>> {
    let inside = word.windows(3).any(|three| {
        matches!(three, [before, digit, after]
            if before.is_ascii_alphabetic() && digit.is_ascii_digit() && after.is_ascii_alphabetic())
    });
    let zero = word.len() > 3 && word.ends_with(b"0") && !word.iter().rev().skip(1).any(u8::is_ascii_digit);
    if !inside && !zero {
        return None;
    }
    let mut letters = word.to_vec();
    read_digits_as_letters(&mut letters);
    Some(letters)
}

/// I9or, Sech1n: digits between letters of a person's name are letters that were misread.
fn read_digits_as_letters(word: &mut [u8]) {
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

/// Roman numerals up to 39 that stand for a number: not in front, single letters only at the end.
fn roman(word: &[u8], first: bool, rest: &[Joined], dictionary: &Dictionary) -> Option<u32> {
    if first || word.is_empty() || word.len() > 6 {
        return None;
    }
    let at_end = || {
        rest.iter().all(|next| {
            next.piece.aside
                || dictionary
                    .get(&next.text)
                    .is_some_and(|entry| entry.phrases.iter().any(|phrase| phrase.family.is_some()))
        })
    };
    if word.len() == 1 && !at_end() {
        return None;
    }
    let tens = word.iter().take_while(|letter| **letter == b'x').count();
    let units = word.get(tens..).unwrap_or_default();
    let units = match units {
        b"" => 0,
        b"i" => 1,
        b"ii" => 2,
        b"iii" => 3,
        b"iv" => 4,
        b"v" => 5,
        b"vi" => 6,
        b"vii" => 7,
        b"viii" => 8,
        b"ix" => 9,
        _ => return None,
    };
    (tens <= 3).then(|| u32::try_from(tens).unwrap_or(0) * 10 + units).filter(|number| *number > 0)
}
