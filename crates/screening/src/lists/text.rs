//! Bytes of a list file to text and rows.

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{Error, MAX_FILE_BYTES, MAX_WRONG_WIDTH_PERCENT, MIN_WRONG_WIDTH_ROWS};

/// End-of-file mark of DOS, at the end of OFAC's files.
const DOS_END: char = '\u{1a}';

/// The text of a file and the character set that it was read in. A byte order mark decides, else UTF-8 when it is valid,
/// else Windows-1252. A trailing DOS end-of-file mark is dropped.
pub(super) fn decode(bytes: &[u8]) -> Result<(String, &'static str), Error> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Error::TooLarge { bytes: bytes.len() });
    }
    let (encoding, body) = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => (UTF_8, rest),
        [0xff, 0xfe, rest @ ..] => (UTF_16LE, rest),
        [0xfe, 0xff, rest @ ..] => (UTF_16BE, rest),
        _ if std::str::from_utf8(bytes).is_ok() => (UTF_8, bytes),
        _ => (WINDOWS_1252, bytes),
    };
    let (text, _) = encoding.decode_without_bom_handling(body);
    let text = text.trim_end_matches(DOS_END);
    if text.trim().is_empty() {
        return Err(Error::Empty);
    }
    Ok((text.to_owned(), encoding.name()))
}

/// A row with its number in the file, from 1.
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) cells: Vec<String>,
}

/// The rows of a CSV text (RFC 4180, any width, blank lines left out). Refuses a text that ends inside quotes.
pub(super) fn rows(text: &str, delimiter: u8) -> Result<Vec<Row>, Error> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    // Text is valid UTF-8 and rows may have any width, so no row is an error.
    for (number, record) in (1..).zip(reader.records().flatten()) {
        let cells: Vec<String> = record.iter().map(|cell| cell.trim().to_owned()).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            rows.push(Row { number, cells });
        }
    }
    // Quotes inside quoted cells are doubled, so their number is even in every whole file.
    if text.bytes().filter(|b| *b == b'"').count() % 2 == 1 {
        return Err(Error::Truncated { row: rows.last().map_or(1, |row| row.number) });
    }
    Ok(rows)
}

/// Refuses a file whose last row was cut off, or of which too many rows have another number of columns.
pub(super) fn check_widths(text: &str, rows: &[Row], columns: usize) -> Result<(), Error> {
    let last_is_whole = text.ends_with(['\n', '\r']);
    if let Some(last) = rows.last().filter(|last| last.cells.len() < columns && !last_is_whole) {
        return Err(Error::Truncated { row: last.number });
    }
    let wrong = rows.iter().filter(|row| row.cells.len() != columns).count();
    if wrong > MIN_WRONG_WIDTH_ROWS && wrong * 100 > rows.len() * MAX_WRONG_WIDTH_PERCENT {
        return Err(Error::WrongWidth { wrong, rows: rows.len(), columns });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_order_mark_decides_then_utf_8_then_windows_1252() {
        assert_eq!(decode(b"\xef\xbb\xbfa").unwrap(), ("a".to_owned(), "UTF-8"));
        assert_eq!(decode("é".as_bytes()).unwrap(), ("é".to_owned(), "UTF-8"));
        assert_eq!(decode(b"caf\xe9").unwrap(), ("café".to_owned(), "windows-1252"));
        assert_eq!(decode(b"\xff\xfea\0b\0").unwrap(), ("ab".to_owned(), "UTF-16LE"));
        assert_eq!(decode(b"\xfe\xff\0a\0b").unwrap(), ("ab".to_owned(), "UTF-16BE"));
        assert_eq!(decode(b"a\r\n\x1a").unwrap().0, "a\r\n");
        assert_eq!(decode(b" \r\n\x1a"), Err(Error::Empty));
        assert_eq!(decode(b""), Err(Error::Empty));
    }

    #[test]
    fn a_text_that_ends_inside_quotes_or_inside_a_row_is_cut_off() {
        assert!(matches!(rows("a,b\nc,\"d", b','), Err(Error::Truncated { row: 2 })));
        let text = "a,b\nc";
        let cut = rows(text, b',').unwrap();
        assert_eq!(check_widths(text, &cut, 2), Err(Error::Truncated { row: 2 }));
        let text = "a,b\nc\n";
        let whole = rows(text, b',').unwrap();
        assert_eq!(check_widths(text, &whole, 2), Ok(()));
    }

    #[test]
    fn a_file_of_another_width_is_refused() {
        let text = "a,b,c\n".repeat(20);
        let all = rows(&text, b',').unwrap();
        let refused = check_widths(&text, &all, 2);
        assert_eq!(refused, Err(Error::WrongWidth { wrong: 20, rows: 20, columns: 2 }));
    }
}
