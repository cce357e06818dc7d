//! Persons: family and given names, titles, particles, servants of God, initials.

use super::dictionary::{Entry, Role};
use super::fold::{Folded, Piece};
use super::prepare::{Builder, Place, Stored, read_digits_as_letters};

impl Builder {
    pub(super) fn person(&mut self, folded: &Folded) {
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
