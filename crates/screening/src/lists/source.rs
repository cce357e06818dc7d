//! A list file as a stream of text: its character set, and limits that hold however it is made.
//!
//! Every reader gets its bytes through [`Metered`], which counts what one row, line or element takes, so that a file of one
//! endless line costs no more memory than the limit of a record.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::rc::Rc;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};

use super::{Error, MAX_FILE_BYTES, MAX_RECORD_BYTES};

/// So much of a file is looked at to find out what it is.
const HEAD_BYTES: usize = 64 * 1024;

/// End-of-file mark of DOS, at the end of OFAC's files.
pub(super) const DOS_END: char = '\u{1a}';

/// An opened file.
pub(super) struct Source<R: Read> {
    /// The beginning of the text, as far as it can be read.
    pub(super) head: String,
    /// Set by a byte order mark, by the XML declaration or by the position of zero bytes; else UTF-8 until a row is not.
    pub(super) encoding: &'static Encoding,
    pub(super) input: Metered<R>,
}

type Decoded<R> = DecodeReaderBytes<io::Chain<Cursor<Vec<u8>>, R>, Vec<u8>>;

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Meter {
    record: Cell<u64>,
    total: Cell<u64>,
    quotes: Cell<u64>,
    last: Cell<u8>,
}

impl Meter {
    /// A record is complete.
    pub(super) fn next_record(&self) {
        self.record.set(0);
    }

    /// Whether the text so far ends at the end of a line.
    pub(super) fn is_at_line_end(&self) -> bool {
        matches!(self.last.get(), b'\n' | b'\r' | 0x1a)
    }

    /// Quotes inside quoted cells are doubled, so their number is even in a whole file.
    pub(super) fn has_open_quote(&self) -> bool {
        !self.quotes.get().is_multiple_of(2)
    }
}

/// Bytes of UTF-8, or of what is neither UTF-8 nor UTF-16, under the limits.
pub(super) struct Metered<R: Read> {
    inner: Decoded<R>,
    meter: Rc<Meter>,
}

impl<R: Read> Metered<R> {
    pub(super) fn meter(&self) -> Rc<Meter> {
        Rc::clone(&self.meter)
    }
}

/// A limit that was reached, on its way through a reader of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Breach {
    #[error("record too long")]
    Record,
    #[error("file too large")]
    File,
    #[error("zero bytes")]
    NotText,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        let bytes = buf.get(..n).unwrap_or_default();
        let meter = &self.meter;
        let size = n as u64;
        meter.total.set(meter.total.get().saturating_add(size));
        meter.record.set(meter.record.get().saturating_add(size));
        meter.quotes.set(meter.quotes.get() + bytes.iter().filter(|b| **b == b'"').count() as u64);
        if let Some(last) = bytes.last() {
            meter.last.set(*last);
        }
        // What is buffered ahead counts as well: far less than a record may have.
        if meter.record.get() > MAX_RECORD_BYTES {
            return Err(io::Error::other(Breach::Record));
        }
        if meter.total.get() > MAX_FILE_BYTES {
            return Err(io::Error::other(Breach::File));
        }
        if bytes.contains(&0) {
            return Err(io::Error::other(Breach::NotText));
        }
        Ok(n)
    }
}

/// What an error while reading means; `row` is the record that was being read.
pub(super) fn io_error(error: &io::Error, row: u64) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Breach>()) {
        Some(Breach::Record) => Error::RecordTooLong { row },
        Some(Breach::File) => Error::TooLarge,
        Some(Breach::NotText) => Error::NotText { what: "bytes of zero" },
        None => Error::Unreadable(error.to_string()),
    }
}

impl<R: Read> Source<R> {
    /// Looks at the beginning and finds out the character set.
    pub(super) fn open(mut reader: R) -> Result<Self, Error> {
        let mut head = Vec::new();
        let limit = HEAD_BYTES as u64;
        reader.by_ref().take(limit).read_to_end(&mut head).map_err(|e| io_error(&e, 1))?;
        if let Some(what) = no_text(&head) {
            return Err(Error::NotText { what });
        }
        let known = encoding_of(&head);
        let (text, _, _) = known.unwrap_or(UTF_8).decode(&head);
        let text = text.trim_end_matches(DOS_END);
        if text.trim().is_empty() && head.len() < HEAD_BYTES {
            return Err(Error::Empty);
        }
        let text = text.to_owned();
        let inner = DecodeReaderBytesBuilder::new()
            .encoding(known.filter(|e| *e != UTF_8))
            .utf8_passthru(true)
            .strip_bom(true)
            .bom_override(true)
            .build(Cursor::new(head).chain(reader));
        let input = Metered { inner, meter: Rc::default() };
        Ok(Self { head: text, encoding: known.unwrap_or(UTF_8), input })
    }

    /// The lines of the text.
    pub(super) fn lines(self) -> Lines<R> {
        let meter = self.input.meter();
        let text = Text::new(self.encoding);
        Lines { input: BufReader::new(self.input), meter, text, number: 0, buffer: Vec::new() }
    }
}

/// What is surely no list, by its first bytes.
fn no_text(head: &[u8]) -> Option<&'static str> {
    let magic: [(&[u8], &str); 5] = [
        (b"PK\x03\x04", "a ZIP archive or spreadsheet; unpack it, or save it as CSV"),
        (b"\x1f\x8b", "a gzip archive; unpack it"),
        (b"%PDF", "a PDF; take the list in a format for machines"),
        (b"\xd0\xcf\x11\xe0", "an old spreadsheet; save it as CSV"),
        (b"\x7fELF", "a program"),
    ];
    let by_magic = magic.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what);
    by_magic.or_else(|| {
        let start = head.get(..head.len().min(512)).unwrap_or_default();
        let start =
            String::from_utf8_lossy(start).trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
        let page = start.starts_with("<!doctype html") || start.starts_with("<html");
        page.then_some("a web page; the address may have moved or asks for a login")
    })
}

/// Byte order mark, else zero bytes in every other place, else the XML declaration.
fn encoding_of(head: &[u8]) -> Option<&'static Encoding> {
    const SAMPLE: usize = 256;
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Some(encoding);
    }
    let sample = head.get(..head.len().min(SAMPLE)).unwrap_or_default();
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let half = sample.len() / 4;
    if sample.len() >= 4 && zeros(1) > half && zeros(0) == 0 {
        return Some(UTF_16LE);
    }
    if sample.len() >= 4 && zeros(0) > half && zeros(1) == 0 {
        return Some(UTF_16BE);
    }
    let declaration = String::from_utf8_lossy(sample);
    let declaration = declaration.trim_start().strip_prefix("<?xml")?.split("?>").next()?;
    let label = declaration.split("encoding").nth(1)?.split(['"', '\'']).nth(1)?;
    // Who can read the declaration reads no UTF-16.
    Encoding::for_label(label.as_bytes()).filter(|e| ![UTF_16LE, UTF_16BE].contains(e))
}

/// Turns cells into text. A file is UTF-8, or Windows-1252, but not both.
#[derive(Debug)]
pub(super) struct Text {
    encoding: &'static Encoding,
    utf_8: Option<u64>,
    other: Option<u64>,
}

impl Text {
    pub(super) const fn new(encoding: &'static Encoding) -> Self {
        Self { encoding, utf_8: None, other: None }
    }

    /// The character set as it turned out.
    pub(super) fn encoding(&self) -> &'static str {
        if self.other.is_some() { WINDOWS_1252.name() } else { self.encoding.name() }
    }

    pub(super) fn read(&mut self, bytes: &[u8], row: u64) -> Result<String, Error> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => {
                if self.utf_8.is_none() && !text.is_ascii() {
                    self.utf_8 = Some(row);
                }
                text.to_owned()
            }
            Err(_) => {
                self.other.get_or_insert(row);
                WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
            }
        };
        let broken = self.encoding != UTF_8 && text.contains('\u{fffd}');
        match (self.utf_8, self.other) {
            (Some(utf_8), Some(other)) => Err(Error::MixedEncodings { row: utf_8.max(other) }),
            _ if broken => Err(Error::BadEncoding { row, encoding: self.encoding.name() }),
            _ => Ok(text),
        }
    }
}

/// A text line by line.
pub(super) struct Lines<R: Read> {
    input: BufReader<Metered<R>>,
    meter: Rc<Meter>,
    text: Text,
    number: u64,
    buffer: Vec<u8>,
}

/// A line with its number, from 1.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) text: String,
    /// Whether it is the last and has no end.
    pub(super) is_open: bool,
}

impl<R: Read> Lines<R> {
    /// The next line that is not blank.
    pub(super) fn next(&mut self) -> Result<Option<Line>, Error> {
        loop {
            self.buffer.clear();
            self.number += 1;
            let read = self.input.read_until(b'\n', &mut self.buffer);
            if read.map_err(|e| io_error(&e, self.number))? == 0 {
                return Ok(None);
            }
            self.meter.next_record();
            let text = self.text.read(&self.buffer, self.number)?;
            let is_open = !text.ends_with('\n');
            let text = text.trim_matches(|c: char| c.is_whitespace() || c == DOS_END);
            if !text.is_empty() {
                return Ok(Some(Line { number: self.number, text: text.to_owned(), is_open }));
            }
        }
    }

    pub(super) fn encoding(&self) -> &'static str {
        self.text.encoding()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<(String, &'static str), Error> {
        let mut lines = Source::open(bytes)?.lines();
        let mut all = Vec::new();
        while let Some(line) = lines.next()? {
            all.push(line.text);
        }
        Ok((all.join("|"), lines.encoding()))
    }

    fn is(text: &str, encoding: &'static str) -> Result<(String, &'static str), Error> {
        Ok((text.to_owned(), encoding))
    }

    #[test]
    fn the_byte_order_mark_decides_then_zero_bytes_then_utf_8_then_windows_1252() {
        assert_eq!(read(b"\xef\xbb\xbfa"), is("a", "UTF-8"));
        assert_eq!(read("é".as_bytes()), is("é", "UTF-8"));
        assert_eq!(read(b"caf\xe9"), is("café", "windows-1252"));
        assert_eq!(read(b"\xff\xfea\0\n\0b\0"), is("a|b", "UTF-16LE"));
        assert_eq!(read(b"\xfe\xff\0a\0b"), is("ab", "UTF-16BE"));
        assert_eq!(read(b"a\0b\0c\0"), is("abc", "UTF-16LE"));
        assert_eq!(read(b"\0a\0b\0c"), is("abc", "UTF-16BE"));
        assert_eq!(read(b"a\r\n\x1a"), is("a", "UTF-8"));
        assert_eq!(read(b" \r\n\x1a"), Err(Error::Empty));
        assert_eq!(read(b""), Err(Error::Empty));
    }

    #[test]
    fn two_character_sets_in_one_file_are_an_error() {
        assert_eq!(read("a\né\n".as_bytes()).map(|_| ()), Ok(()));
        assert_eq!(read(b"a\n\xc3\xa9\ncaf\xe9\n"), Err(Error::MixedEncodings { row: 3 }));
        assert_eq!(read(b"\xff\xfea\0\x00\xdcb\0"), Err(Error::BadEncoding { row: 1, encoding: "UTF-16LE" }));
    }

    #[test]
    fn what_is_no_text_is_named() {
        assert!(matches!(read(b"PK\x03\x04abc"), Err(Error::NotText { what }) if what.contains("ZIP")));
        assert!(
            matches!(read(b"<!DOCTYPE html><html>"), Err(Error::NotText { what }) if what.contains("web page"))
        );
        assert!(matches!(read(b"ab,cd\nef\0gh"), Err(Error::NotText { .. })));
    }

    #[test]
    fn an_endless_line_stops_at_the_limit() {
        // Ten gigabytes of one line, of which no more is read than the limit.
        let endless = io::repeat(b'x').take(10 << 30);
        let mut lines = Source::open(endless).unwrap().lines();
        assert_eq!(lines.next().map(|_| ()), Err(Error::RecordTooLong { row: 1 }));
        assert!(lines.buffer.len() as u64 <= MAX_RECORD_BYTES);
    }

    #[test]
    fn the_xml_declaration_names_the_character_set() {
        let of = |text: &str| encoding_of(text.as_bytes()).map(Encoding::name);
        assert_eq!(of("<?xml version='1.0' encoding='iso-8859-1'?><a/>"), Some("windows-1252"));
        assert_eq!(of("<?xml version=\"1.0\" encoding=\"utf-8\"?>"), Some("UTF-8"));
        assert_eq!(of("<?xml version=\"1.0\" encoding=\"utf-16\"?>"), None);
        assert_eq!(of("a,b"), None);
    }
}
