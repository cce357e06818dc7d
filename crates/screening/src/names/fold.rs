//! Characters to words: case, dots inside words, apostrophes, brackets, commas.

use super::scripts::{Latin, to_latin};

/// Longest name that is read, bytes; trade documents end at 35 characters a line, lists at a few hundred.
pub(crate) const MAX_NAME_BYTES: usize = 1024;

/// Length of a name line in EDIFACT (C080) and most paper forms, characters: what is as long may be cut off.
pub(crate) const CUT_AT_CHARACTERS: usize = 35;

/// One word as written: where it stands in the text, and how it stood there.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Piece {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) native: u32,
    pub(crate) foreign: bool,
    /// In brackets.
    pub(crate) aside: bool,
    /// Single letters with dots: `J.C.`
    pub(crate) dotted: bool,
}

/// A name as words of lower-case ASCII.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    pub(crate) text: Vec<u8>,
    pub(crate) pieces: Vec<Piece>,
    /// Words before the first comma, when there is one.
    pub(crate) before_comma: Option<usize>,
    pub(crate) maybe_cut: bool,
}

/// Folds a name.
pub(crate) fn fold(name: &str) -> Folded {
    let name = name.get(..name.floor_char_boundary(MAX_NAME_BYTES)).unwrap_or_default();
    let mut folded = if name.is_ascii() {
        split(name.as_bytes(), &Latin::default())
    } else {
        let latin = to_latin(name);
        split(latin.text.as_bytes(), &latin)
    };
    folded.maybe_cut = [name, name.trim_end()].iter().any(|name| name.chars().count() == CUT_AT_CHARACTERS);
    folded
}

/// What the reader of a name is in the middle of.
struct Reader<'a> {
    latin: &'a Latin,
    out: Folded,
    open: Option<Piece>,
    /// Letters since the word began or since its last dot.
    segment: usize,
    depth: usize,
}

fn split(bytes: &[u8], latin: &Latin) -> Folded {
    let out = Folded { text: Vec::with_capacity(bytes.len() + 8), ..Folded::default() };
    let mut reader = Reader { latin, out, open: None, segment: 0, depth: 0 };
    for (i, &byte) in bytes.iter().enumerate() {
        let next = |n: usize| bytes.get(i + n).copied().unwrap_or(b' ');
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => reader.letter(i, byte),
            b'\'' | b'`' => {}
            // Dots and slashes between single letters make one word: A.B.C., A/S, s/o.
            b'.' | b'/'
                if reader.segment == 1
                    && reader.open.is_some()
                    && next(1).is_ascii_alphabetic()
                    && !next(2).is_ascii_alphanumeric() =>
            {
                reader.segment = 0;
                if let Some(open) = &mut reader.open {
                    open.dotted = byte == b'.';
                }
            }
            b'&' | b'+' => {
                reader.close();
                let start = reader.out.text.len();
                reader.out.text.extend_from_slice(b"and");
                let end = reader.out.text.len();
                reader.out.pieces.push(Piece { start, end, ..Piece::default() });
            }
            b'(' | b'[' | b'{' => {
                reader.close();
                reader.depth += 1;
            }
            b')' | b']' | b'}' => {
                reader.close();
                reader.depth = reader.depth.saturating_sub(1);
            }
            b',' => {
                reader.close();
                if reader.out.before_comma.is_none() && !reader.out.pieces.is_empty() {
                    reader.out.before_comma = Some(reader.out.pieces.len());
                }
            }
            _ => reader.close(),
        }
    }
    reader.close();
    reader.out
}

impl Reader<'_> {
    fn letter(&mut self, at: usize, byte: u8) {
        let native =
            self.latin.native.iter().find(|(position, _)| *position == at).map(|(_, digest)| *digest);
        if native.is_some() {
            self.close();
        }
        if self.open.is_none() {
            self.segment = 0;
            self.open = Some(Piece {
                start: self.out.text.len(),
                native: native.unwrap_or(0),
                foreign: self.latin.foreign.iter().any(|(from, to)| (*from..*to).contains(&at)),
                aside: self.depth > 0,
                ..Piece::default()
            });
        }
        self.segment += 1;
        self.out.text.push(byte.to_ascii_lowercase());
    }

    fn close(&mut self) {
        if let Some(mut piece) = self.open.take() {
            piece.end = self.out.text.len();
            self.out.pieces.push(piece);
        }
        self.segment = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(name: &str) -> Vec<String> {
        let folded = fold(name);
        let text = String::from_utf8(folded.text).unwrap();
        folded.pieces.iter().map(|p| text[p.start..p.end].to_owned()).collect()
    }

    #[test]
    fn dots_and_apostrophes_are_deleted_inside_words() {
        assert_eq!(words("A.B.C. Company"), ["abc", "company"]);
        assert_eq!(words("U.S. Department"), ["us", "department"]);
        assert_eq!(words("J.Smith"), ["j", "smith"]);
        assert_eq!(words("O'Brien A/S"), ["obrien", "as"]);
        assert_eq!(words("Co.,Ltd."), ["co", "ltd"]);
        assert_eq!(words("H&M"), ["h", "and", "m"]);
        assert_eq!(words("S.p.A."), ["spa"]);
        assert_eq!(words("M/V Ocean-Star"), ["mv", "ocean", "star"]);
    }

    #[test]
    fn brackets_commas_and_cuts_are_noted() {
        let folded = fold("Deutsche Bank (Schweiz) AG");
        assert_eq!(folded.pieces.iter().map(|p| p.aside).collect::<Vec<_>>(), [false, false, true, false]);
        assert_eq!(fold("AL BEN ALI, Isa").before_comma, Some(3));
        assert!(fold(&"X".repeat(CUT_AT_CHARACTERS)).maybe_cut);
        assert!(!fold("SHANGHAI").maybe_cut);
    }
}
