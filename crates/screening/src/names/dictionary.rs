//! What is known of words: legal forms, trade words, places, titles, particles, numbers, spellings of one name.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

const LEGAL_FORMS: &str = include_str!("data/legal_forms.txt");
const NAME_VARIANTS: &str = include_str!("data/name_variants.txt");
const WORDS: &str = include_str!("data/words.txt");

/// Most groups of one word that count.
pub(crate) const MAX_GROUPS: usize = 4;
/// Shortest words of legal forms that are known by a misspelling.
const MIN_MISSPELT: usize = 5;

/// What a word is in a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Says who it is.
    Name,
    /// What many companies call themselves by.
    Generic,
    /// Country or town.
    Place,
    /// Number, as digits.
    Number,
    /// First letter of a name.
    Initial,
    /// al, bin, von, de.
    Particle,
    /// Junior, III.
    Suffix,
    /// Mr, Dr, President.
    Title,
    /// Legal form.
    Legal,
    /// the, and, M/V.
    Stop,
}

/// How two words of one group belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kinship {
    Cousin,
    Abbreviation,
    Spelling,
}

/// Family of legal forms; the bit that stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Family(pub(crate) u16);

const FAMILIES: [&str; 11] = [
    "limited",
    "stock",
    "partnership",
    "nonprofit",
    "state",
    "cooperative",
    "sole",
    "corporation",
    "branch",
    "company",
    "group",
];

impl Family {
    pub(crate) const GROUP: u16 = 1 << 10;
    /// Limited, stock, partnership, nonprofit, state, cooperative, sole: a company is one of them.
    const HARD: u16 = (1 << 7) - 1;

    /// Whether two sets of families say that the companies are not the same.
    pub(crate) const fn are_other(a: u16, b: u16) -> bool {
        a & Self::HARD != 0 && b & Self::HARD != 0 && a & b & Self::HARD == 0
    }

    fn parse(name: &str) -> Option<Self> {
        FAMILIES.iter().position(|family| *family == name).map(|at| Self(1 << at))
    }
}

/// Words that together are a legal form, or one place.
#[derive(Debug)]
pub(crate) struct Phrase {
    /// Words after the first.
    pub(crate) rest: Vec<Box<[u8]>>,
    /// What it is written as: the place, or the alias without spaces.
    pub(crate) text: Box<[u8]>,
    /// Family of a legal form; `None` for a place.
    pub(crate) family: Option<Family>,
}

/// What is known of one word.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) person: Option<Role>,
    pub(crate) company: Option<Role>,
    pub(crate) vessel: Option<Role>,
    pub(crate) number: Option<u32>,
    /// Groups of names and of abbreviations; zero is none.
    pub(crate) groups: [u16; MAX_GROUPS],
    /// What it begins, longest first.
    pub(crate) phrases: Vec<Phrase>,
    /// Stands for child of.
    pub(crate) patronymic: bool,
}

/// All that is known of words.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    words: HashMap<Box<[u8]>, Entry, foldhash::fast::FixedState>,
    misspelt: HashMap<Box<[u8]>, Box<[u8]>, foldhash::fast::FixedState>,
    first_cousin: u16,
    first_abbreviation: u16,
}

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(Dictionary::load);

/// The dictionary that the program carries.
pub(crate) fn dictionary() -> &'static Dictionary {
    &DICTIONARY
}

impl Dictionary {
    pub(crate) fn get(&self, word: &[u8]) -> Option<&Entry> {
        self.words.get(word)
    }

    /// The word of a legal form that this one misspells by one letter.
    pub(crate) fn misspelt(&self, word: &[u8]) -> Option<&[u8]> {
        if word.len() < MIN_MISSPELT {
            return None;
        }
        let check = |form: &[u8]| super::distance::cost(word, form, 10).is_some();
        if let Some(form) = self.misspelt.get(word) {
            return check(form).then_some(form);
        }
        let mut shorter = Vec::with_capacity(word.len());
        (0..word.len()).find_map(|at| {
            without(word, at, &mut shorter);
            self.misspelt.get(shorter.as_slice()).map(AsRef::as_ref).filter(|form: &&[u8]| check(form))
        })
    }

    /// How two words with these groups belong together, if they do.
    pub(crate) fn kinship(&self, a: [u16; MAX_GROUPS], b: [u16; MAX_GROUPS]) -> Option<Kinship> {
        let shared = a.into_iter().take_while(|group| *group != 0).filter(|group| b.contains(group));
        shared
            .map(|group| match group {
                _ if group >= self.first_abbreviation => Kinship::Abbreviation,
                _ if group >= self.first_cousin => Kinship::Cousin,
                _ => Kinship::Spelling,
            })
            .max()
    }

    /// Whether two words are known to be different names.
    pub(crate) fn are_strangers(&self, a: [u16; MAX_GROUPS], b: [u16; MAX_GROUPS]) -> bool {
        let known = |groups: [u16; MAX_GROUPS]| {
            groups.first().is_some_and(|g| *g != 0 && *g < self.first_abbreviation)
        };
        known(a) && known(b) && self.kinship(a, b).is_none()
    }

    /// How many groups there are.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        self.words.len()
    }

    fn load() -> Self {
        let mut dictionary = Self::default();
        let mut groups = 1;
        dictionary.load_words(WORDS);
        dictionary.load_variants(&mut groups);
        dictionary.first_abbreviation = groups;
        dictionary.load_abbreviations(&mut groups);
        dictionary.load_legal_forms();
        for entry in dictionary.words.values_mut() {
            entry.phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.rest.len()));
        }
        for word in ["bin", "ben", "ibn", "bint", "binti", "ibnu"] {
            dictionary.entry(word).patronymic = true;
        }
        dictionary
    }

    fn entry(&mut self, word: &str) -> &mut Entry {
        self.words.entry(word.as_bytes().into()).or_default()
    }

    fn load_words(&mut self, text: &str) {
        for (section, line) in sections(text) {
            let (head, words) = line.split_once(':').unwrap_or(("", line));
            for word in words.split_whitespace() {
                match section {
                    "stop" => {
                        let entry = self.entry(word);
                        entry.company.get_or_insert(Role::Stop);
                        entry.vessel.get_or_insert(Role::Stop);
                    }
                    "person stop" => drop(self.entry(word).person.get_or_insert(Role::Stop)),
                    "person title" => drop(self.entry(word).person.get_or_insert(Role::Title)),
                    "person suffix" => drop(self.entry(word).person.get_or_insert(Role::Suffix)),
                    "person particle" => self.entry(word).person = Some(Role::Particle),
                    "company generic" => drop(self.entry(word).company.get_or_insert(Role::Generic)),
                    "vessel stop" => self.entry(word).vessel = Some(Role::Stop),
                    "place" => drop(self.entry(word).company.replace(Role::Place)),
                    "number" => self.entry(word).number = head.parse().ok(),
                    _ => {}
                }
            }
            if section == "place phrase" {
                self.entry(head).company = Some(Role::Place);
                for alias in words.split(';') {
                    self.phrase(alias, Some(head), None);
                }
            }
        }
    }

    fn load_variants(&mut self, next: &mut u16) {
        for (section, line) in sections(NAME_VARIANTS) {
            if section == "cousins" && self.first_cousin == 0 {
                self.first_cousin = *next;
            }
            self.group(line.split_whitespace(), next);
        }
    }

    fn load_abbreviations(&mut self, next: &mut u16) {
        for (section, line) in sections(WORDS) {
            if section == "company abbreviation" {
                let (word, short) = line.split_once(':').unwrap_or((line, ""));
                for word in std::iter::once(word).chain(short.split_whitespace()) {
                    self.entry(word).company.get_or_insert(Role::Generic);
                }
                self.group(std::iter::once(word).chain(short.split_whitespace()), next);
            }
        }
    }

    fn group<'a>(&mut self, words: impl Iterator<Item = &'a str>, next: &mut u16) {
        for word in words {
            if let Some(free) =
                self.entry(word).groups.iter_mut().find(|group| **group == 0 || **group == *next)
            {
                *free = *next;
            }
        }
        *next += 1;
    }

    fn load_legal_forms(&mut self) {
        let mut long = BTreeSet::new();
        for (_, line) in sections(LEGAL_FORMS) {
            let (family, aliases) = line.split_once(':').unwrap_or((line, ""));
            let family = Family::parse(family);
            for alias in aliases.split(';').filter(|_| family.is_some()) {
                long.extend(alias.split_whitespace().filter(|w| w.len() >= MIN_MISSPELT).map(str::as_bytes));
                self.phrase(alias, None, family);
            }
        }
        let mut shorter = Vec::new();
        for form in long {
            self.misspelt.insert(form.into(), form.into());
            for at in 0..form.len() {
                without(form, at, &mut shorter);
                self.misspelt.entry(shorter.as_slice().into()).or_insert_with(|| form.into());
            }
        }
    }

    fn phrase(&mut self, alias: &str, text: Option<&str>, family: Option<Family>) {
        let words = joined_initials(alias);
        let Some((first, rest)) = words.split_first() else { return };
        let text = text.map_or_else(|| words.concat(), str::to_owned);
        let rest: Vec<Box<[u8]>> = rest.iter().map(|word| word.as_bytes().into()).collect();
        let phrases = &mut self.entry(first).phrases;
        match phrases
            .iter_mut()
            .find(|phrase| phrase.rest == rest && phrase.family.is_some() == family.is_some())
        {
            Some(known) => {
                known.family = known.family.zip(family).map(|(a, b)| Family(a.0 | b.0));
            }
            None => phrases.push(Phrase { rest, text: text.as_bytes().into(), family }),
        }
    }
}

/// The lines of a data file with the section that they stand in.
fn sections(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .scan("", |section, line| match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(name) => {
                *section = name;
                Some(None)
            }
            None => Some(Some((*section, line))),
        })
        .flatten()
}

/// The words of an alias as the normaliser leaves them: neighbouring single letters are one word.
fn joined_initials(alias: &str) -> Vec<String> {
    let mut words: Vec<(String, bool)> = Vec::new();
    for word in alias.split_whitespace() {
        match words.last_mut() {
            Some((last, true)) if word.len() == 1 => last.push_str(word),
            _ => words.push((word.to_owned(), word.len() == 1)),
        }
    }
    words.into_iter().map(|(word, _)| word).collect()
}

/// The word without its letter `at`.
pub(crate) fn without(word: &[u8], at: usize, out: &mut Vec<u8>) {
    out.clear();
    out.extend(word.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, letter)| *letter));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_belong_together() {
        let dictionary = dictionary();
        let groups = |word: &str| dictionary.get(word.as_bytes()).unwrap().groups;
        assert_eq!(dictionary.kinship(groups("mohamed"), groups("muhammad")), Some(Kinship::Spelling));
        assert_eq!(dictionary.kinship(groups("bill"), groups("william")), Some(Kinship::Cousin));
        assert_eq!(dictionary.kinship(groups("intl"), groups("international")), Some(Kinship::Abbreviation));
        assert_eq!(dictionary.kinship(groups("comm"), groups("communications")), Some(Kinship::Abbreviation));
        assert!(dictionary.are_strangers(groups("mohamed"), groups("ahmed")));
        assert!(dictionary.size() > 2_000);
    }

    #[test]
    fn misspelt_legal_forms_are_known() {
        assert_eq!(dictionary().misspelt(b"limitted"), Some(b"limited".as_slice()));
        assert_eq!(dictionary().misspelt(b"corporatiom"), Some(b"corporation".as_slice()));
        assert_eq!(dictionary().misspelt(b"cosco"), None);
    }

    #[test]
    fn the_data_is_folded_and_no_word_has_too_many_groups() {
        for (section, line) in sections(NAME_VARIANTS).chain(sections(WORDS)).chain(sections(LEGAL_FORMS)) {
            assert!(
                line.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b" :;".contains(&b)),
                "{section}: {line}"
            );
        }
    }
}
