//! EDIFACT syntax (ISO 9735, versions 1 to 4): bytes to segments, elements, repetitions and components.
//!
//! One pass over the bytes. Text is not copied: a component is a range of the message, or of a side buffer where release
//! characters, line ends inside of it or its character set made another text of it.

use encoding_rs::Encoding;

use super::charset::{decode, encoding_of};

/// Most segments of an interchange.
pub(crate) const MAX_SEGMENTS: usize = 400_000;
/// Most components of a segment; the rest is dropped.
const MAX_PARTS: usize = 400;
/// Set in a part's start: it lies in the side buffer.
const ASIDE: u32 = 1 << 31;
/// Set in a part's end: it begins a repetition.
const AGAIN: u32 = 1 << 31;

/// The separators: those of the service string advice (UNA), else the usual ones.
#[derive(Debug, Clone, Copy)]
struct Separators {
    component: u8,
    element: u8,
    release: u8,
    /// In use from syntax version 4 on.
    repetition: Option<u8>,
    /// What the advice says of it.
    advised: u8,
    terminator: u8,
}

const USUAL: Separators = Separators {
    component: b':',
    element: b'+',
    release: b'?',
    repetition: None,
    advised: b'*',
    terminator: b'\'',
};

#[derive(Debug, Clone, Copy)]
struct Part {
    start: u32,
    end: u32,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    /// First of its elements.
    elements: u32,
    start: u32,
    end: u32,
    complete: bool,
    foreign: bool,
    repeats: bool,
    code: [u8; 3],
}

/// The segments of a message.
#[derive(Debug)]
pub struct Segments<'a> {
    bytes: &'a [u8],
    /// The bytes as text, where all of them are.
    whole: Option<&'a str>,
    aside: String,
    parts: Vec<Part>,
    /// First part of each element, of all segments one after the other.
    elements: Vec<u32>,
    spans: Vec<Span>,
}

/// One segment: its elements, each a list of components. Element 0 is the tag.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'s> {
    all: &'s Segments<'s>,
    span: Span,
    next_element: u32,
}

impl<'s> Segment<'s> {
    /// Its name, such as `EQD`.
    #[must_use]
    pub fn tag(&self) -> &'s str {
        self.get(0, 0)
    }

    /// Its name where it has the three characters of one, else zeros.
    #[must_use]
    pub const fn code(&self) -> &[u8; 3] {
        &self.span.code
    }

    /// Byte at which it begins.
    #[must_use]
    pub const fn start(&self) -> usize {
        self.span.start as usize
    }

    /// Whether its terminator was there.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.span.complete
    }

    /// Whether its bytes were not in the declared character set.
    #[must_use]
    pub const fn is_foreign(&self) -> bool {
        self.span.foreign
    }

    /// Its text for a person, shortened to `most` characters, without what a terminal would not print.
    #[must_use]
    pub fn text(&self, most: usize) -> String {
        let bytes = self.all.bytes.get(self.start()..self.span.end as usize).unwrap_or_default();
        // A character has at most four bytes.
        let bytes = bytes.get(..most.saturating_mul(4)).unwrap_or(bytes);
        let decoded = String::from_utf8_lossy(bytes);
        let mut shown: String = decoded.chars().filter(|c| !c.is_control()).take(most + 1).collect();
        if let Some((end, _)) = shown.char_indices().nth(most) {
            shown.truncate(end);
            shown.push('…');
        }
        shown
    }

    /// A component of the first repetition, empty when absent, without the blanks that some senders pad with.
    #[must_use]
    pub fn get(&self, element: usize, component: usize) -> &'s str {
        let parts = self.parts(element);
        let Some(part) = parts.get(component) else { return "" };
        let first = !self.span.repeats || parts.iter().take(component + 1).all(|p| p.end & AGAIN == 0);
        if first { self.all.text(*part) } else { "" }
    }

    /// A component that is there.
    #[must_use]
    pub fn some(&self, element: usize, component: usize) -> Option<&'s str> {
        Some(self.get(element, component)).filter(|text| !text.is_empty())
    }

    /// Two components of every repetition of an element.
    pub fn pairs(&self, element: usize) -> impl Iterator<Item = (&'s str, &'s str)> {
        let all = self.all;
        let text = move |part: Option<&Part>| part.map_or("", |part| all.text(*part));
        let repetitions = self.parts(element).chunk_by(|_, next| next.end & AGAIN == 0);
        repetitions.map(move |parts| (text(parts.first()), text(parts.get(1))))
    }

    fn parts(&self, element: usize) -> &'s [Part] {
        let at = self.span.elements as usize + element;
        if at >= self.next_element as usize {
            return &[];
        }
        let from = self.all.elements.get(at).copied().unwrap_or_default() as usize;
        let to = self.all.elements.get(at + 1).map_or(self.all.parts.len(), |next| *next as usize);
        self.all.parts.get(from..to).unwrap_or_default()
    }
}

impl<'a> Segments<'a> {
    /// Reads the segments. Line ends between segments are noise.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Self {
        let mut all = Self {
            bytes,
            whole: std::str::from_utf8(bytes).ok(),
            aside: String::new(),
            parts: Vec::with_capacity(bytes.len() / 3),
            elements: Vec::with_capacity(bytes.len() / 8),
            spans: Vec::with_capacity(bytes.len() / 24),
        };
        all.fill();
        all
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Segment<'_>> {
        let span = *self.spans.get(at)?;
        let next_element = self
            .spans
            .get(at + 1)
            .map_or(u32::try_from(self.elements.len()).unwrap_or(u32::MAX), |s| s.elements);
        Some(Segment { all: self, span, next_element })
    }

    /// The segments of a range.
    pub fn range(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = Segment<'_>> {
        range.filter_map(|at| self.get(at))
    }

    /// The bytes of a range of segments.
    #[must_use]
    pub fn bytes_of(&self, range: std::ops::Range<usize>) -> &'a [u8] {
        let start = self.spans.get(range.start).map_or(self.bytes.len(), |s| s.start as usize);
        let end =
            range.end.checked_sub(1).and_then(|last| self.spans.get(last)).map_or(start, |s| s.end as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }

    fn text(&self, part: Part) -> &str {
        let (start, end) = ((part.start & !ASIDE) as usize, (part.end & !AGAIN) as usize);
        let text = match (part.start & ASIDE == 0, self.whole) {
            (true, Some(whole)) => whole.get(start..end).unwrap_or_default(),
            // Parts that are not ASCII lie aside.
            (true, None) => {
                self.bytes.get(start..end).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default()
            }
            (false, _) => self.aside.get(start..end).unwrap_or_default(),
        };
        let padded = |b: Option<&u8>| b.is_some_and(|b| *b <= b' ' || !b.is_ascii());
        let bytes = text.as_bytes();
        if padded(bytes.first()) || padded(bytes.last()) { text.trim() } else { text }
    }

    fn fill(&mut self) {
        let mut at = if self.bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let (mut separators, mut charset) = (USUAL, None);
        let mut does = table(separators);
        while self.spans.len() < MAX_SEGMENTS {
            at += self
                .bytes
                .get(at..)
                .unwrap_or_default()
                .iter()
                .take_while(|b| b.is_ascii_whitespace())
                .count();
            let rest = self.bytes.get(at..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            // Interchanges may follow each other, each with separators of its own.
            if let Some(advice) = advice(rest) {
                (separators, charset) = (advice, None);
                does = table(separators);
                at += 9;
                continue;
            }
            at = Scanner { all: self, table: &does, charset }.segment(at);
            let Some(segment) = self.get(self.spans.len().saturating_sub(1)) else { break };
            if segment.code() == b"UNB" {
                charset = encoding_of(segment.get(1, 0));
                let fourth = segment.get(1, 1) == "4" && separators.advised != b' ';
                separators.repetition = fourth.then_some(separators.advised);
                does = table(separators);
            }
        }
    }
}

/// The service string advice, when the text begins with one.
fn advice(text: &[u8]) -> Option<Separators> {
    let [b'U', b'N', b'A', component, element, _decimal, release, repetition, terminator, ..] = text else {
        return None;
    };
    let (component, element, terminator) = (*component, *element, *terminator);
    // Letters and digits separate nothing: then it is a segment with a strange tag.
    let plain = [component, element, terminator].iter().any(u8::is_ascii_alphanumeric);
    (!plain).then_some(Separators {
        component,
        element,
        release: *release,
        repetition: None,
        advised: *repetition,
        terminator,
    })
}

/// What a byte does, by the separators in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Text,
    Foreign,
    Noise,
    Release,
    Component,
    Element,
    Repetition,
    Terminator,
}

type Table = [Does; 256];

fn table(s: Separators) -> Table {
    std::array::from_fn(|byte| match u8::try_from(byte).unwrap_or_default() {
        b if b == s.terminator => Does::Terminator,
        b if b == s.release && b != b' ' => Does::Release,
        b if b == s.component => Does::Component,
        b if b == s.element => Does::Element,
        b if Some(b) == s.repetition => Does::Repetition,
        b'\r' | b'\n' => Does::Noise,
        b if !b.is_ascii() => Does::Foreign,
        _ => Does::Text,
    })
}

struct Scanner<'s, 'a> {
    all: &'s mut Segments<'a>,
    table: &'s Table,
    charset: Option<&'static Encoding>,
}

/// A component in the making.
#[derive(Clone, Copy)]
struct Making {
    start: usize,
    /// Whether its text differs from its bytes.
    differs: bool,
    again: bool,
}

impl Scanner<'_, '_> {
    /// Reads the segment at `start`; the byte behind it.
    fn segment(&mut self, start: usize) -> usize {
        let (bytes, table) = (self.all.bytes, self.table);
        let mut span = Span {
            elements: narrow(self.all.elements.len()),
            start: narrow(start),
            end: 0,
            complete: false,
            foreign: false,
            repeats: false,
            code: [0; 3],
        };
        let first_part = self.all.parts.len();
        self.all.elements.push(narrow(first_part));
        let mut making = Making { start, differs: false, again: false };
        let mut at = start;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let plain = rest.iter().position(|b| does(table, *b) != Does::Text).unwrap_or(rest.len());
            at += plain;
            let Some(&byte) = rest.get(plain) else { break };
            let what = does(table, byte);
            match what {
                Does::Text => {}
                Does::Foreign | Does::Noise => making.differs = true,
                Does::Release => {
                    making.differs = true;
                    at += 1;
                }
                Does::Component | Does::Element | Does::Repetition | Does::Terminator => {
                    let full = self.all.parts.len() - first_part >= MAX_PARTS;
                    self.close(making, at, full, &mut span);
                    if what == Does::Terminator {
                        span.complete = true;
                        at += 1;
                        break;
                    }
                    if what == Does::Element && !full {
                        self.all.elements.push(narrow(self.all.parts.len()));
                    }
                    making = Making { start: at + 1, differs: false, again: what == Does::Repetition };
                }
            }
            at += 1;
        }
        let at = at.min(bytes.len());
        if !span.complete {
            let full = self.all.parts.len() - first_part >= MAX_PARTS;
            self.close(making, at, full, &mut span);
        }
        span.end = narrow(at);
        let tag = self.all.parts.get(first_part).map_or("", |part| self.all.text(*part));
        span.code = tag.as_bytes().try_into().unwrap_or_default();
        self.all.spans.push(span);
        at
    }

    fn close(&mut self, making: Making, end: usize, full: bool, span: &mut Span) {
        if full {
            return;
        }
        span.repeats |= making.again;
        let again = if making.again { AGAIN } else { 0 };
        let part = if making.differs {
            let text = self.unescape(self.all.bytes.get(making.start..end).unwrap_or_default());
            let start = self.all.aside.len();
            decode(&text, self.charset, &mut span.foreign, &mut self.all.aside);
            Part { start: narrow(start) | ASIDE, end: narrow(self.all.aside.len()) | again }
        } else {
            Part { start: narrow(making.start), end: narrow(end) | again }
        };
        self.all.parts.push(part);
    }

    /// Without release characters and the line ends that some senders break their text with.
    fn unescape(&self, raw: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(raw.len());
        let mut bytes = raw.iter();
        while let Some(byte) = bytes.next() {
            match does(self.table, *byte) {
                Does::Release => text.extend(bytes.next()),
                Does::Noise => {}
                _ => text.push(*byte),
            }
        }
        text
    }
}

#[inline]
fn does(table: &Table, byte: u8) -> Does {
    table.get(usize::from(byte)).copied().unwrap_or(Does::Text)
}

/// A position; messages are far smaller than 2 GiB.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX) & !ASIDE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> Vec<Vec<Vec<String>>> {
        let all = Segments::read(bytes);
        let elements = |s: Segment<'_>| -> Vec<Vec<String>> {
            (0..8).map(|e| (0..s.parts(e).len()).map(|c| s.get(e, c).to_owned()).collect()).collect()
        };
        (0..all.len()).map(|at| elements(all.get(at).unwrap())).collect()
    }

    #[test]
    fn released_separators_are_text_and_line_ends_are_noise() {
        let all = Segments::read(b"FTX+AAA+++it?'s 1 ?+ 1??:b'\r\nCNT+1\r\n6:2'\n");
        assert_eq!(all.len(), 2);
        let (ftx, cnt) = (all.get(0).unwrap(), all.get(1).unwrap());
        assert_eq!((ftx.get(4, 0), ftx.get(4, 1)), ("it's 1 + 1?", "b"));
        assert_eq!((cnt.get(1, 0), cnt.get(1, 1), cnt.get(2, 0)), ("16", "2", ""));
        assert!(ftx.is_complete() && cnt.is_complete());
        assert_eq!(all.bytes_of(1..2), b"CNT+1\r\n6:2'");
    }

    #[test]
    fn the_service_string_advice_sets_the_separators_of_its_interchange() {
        let usual = texts(b"DTM+137:2026:203'");
        assert_eq!(texts(b"UNA|*,! ~DTM*137|2026|203~"), usual);
        assert_eq!(
            texts(b"UNA|*,! ~DTM*137|2026|203~\nUNA:+.? 'DTM+137:2026:203'"),
            [usual.clone(), usual].concat()
        );
    }

    #[test]
    fn repetitions_are_apart_in_syntax_version_4_alone() {
        let all = Segments::read(b"UNB+UNOY:4'RFF+BN:1*BM:2'");
        let rff = all.get(1).unwrap();
        assert_eq!((rff.get(1, 0), rff.get(1, 1), rff.get(1, 2)), ("BN", "1", ""));
        assert_eq!(rff.pairs(1).collect::<Vec<_>>(), [("BN", "1"), ("BM", "2")]);
        let all = Segments::read(b"UNB+UNOC:3'FTX+AAA+++5*5'");
        assert_eq!(all.get(1).unwrap().get(4, 0), "5*5");
    }

    #[test]
    fn a_cut_segment_is_incomplete_and_foreign_bytes_are_read_as_windows_1252() {
        let all = Segments::read(b"NAD+CN+++M\xFCller");
        let nad = all.get(0).unwrap();
        assert!(!nad.is_complete() && nad.is_foreign());
        assert_eq!(nad.get(4, 0), "Müller");
        let all = Segments::read(b"UNB+UNOC:3'NAD+CN+++M\xFCller'");
        assert!(!all.get(1).unwrap().is_foreign());
        let all = Segments::read("UNB+UNOC:3'NAD+CN+++Müller'".as_bytes());
        assert!(all.get(1).unwrap().is_foreign());
        assert_eq!(all.get(1).unwrap().get(4, 0), "Müller");
        let all = Segments::read(b"UNB+UNOE:3'NAD+CN+++\xBC\xBE'");
        assert_eq!(all.get(1).unwrap().get(4, 0), "МО");
    }

    #[test]
    fn a_segment_of_a_million_elements_is_cut_and_the_next_one_is_read() {
        let mut text = b"FTX".to_vec();
        text.extend(b"+:".repeat(500_000));
        text.extend(b"'UNT+1+1'");
        let all = Segments::read(&text);
        assert_eq!((all.len(), all.parts.len()), (2, MAX_PARTS + 3));
        assert_eq!(all.get(1).unwrap().tag(), "UNT");
    }
}
