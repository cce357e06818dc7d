//! Companies and vessels: legal forms, places, trade words, numbers.

use super::dictionary::{Dictionary, Entry, Phrase, Role};
use super::fold::{Folded, Piece};
use super::prepare::{Builder, NameKind, Stored, read_digits_as_letters};

impl Builder {
    pub(super) fn thing(&mut self, folded: &Folded) {
        let pieces = self.joined(folded);
        let mut rest = pieces.as_slice();
        while let Some((first, after)) = rest.split_first() {
            let entry = self.dictionary.get(&first.text);
            if let Some((phrase, length)) = entry
                .and_then(|entry| self.phrase(entry, rest, self.out.words.is_empty()))
                .or_else(|| entry.filter(|_| folded.maybe_cut).and_then(|entry| self.cut_phrase(entry, rest)))
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

    /// A phrase of which a full line left two words or more, the last of them perhaps not whole: ISLAMIC REPUBLI.
    fn cut_phrase<'a>(&self, entry: &'a Entry, here: &[Joined]) -> Option<(&'a Phrase, usize)> {
        let (last, whole) = here.get(1..)?.split_last()?;
        let phrase = entry.phrases.iter().find(|phrase| {
            phrase.rest.len() > whole.len()
                && whole.iter().zip(&phrase.rest).all(|(word, form)| word.text.as_slice() == &**form)
                && phrase.rest.get(whole.len()).is_some_and(|form| form.starts_with(&last.text))
        });
        phrase.filter(|_| self.kind == NameKind::Company).map(|phrase| (phrase, here.len()))
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
