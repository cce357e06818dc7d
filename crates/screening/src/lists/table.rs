//! The rows of a CSV file (RFC 4180), one at a time.

use std::io::Read;
use std::rc::Rc;

use csv::ByteRecord;

use super::source::{DOS_END, Meter, Metered, Source, Text, io_error};
use super::{Error, MAX_CELL_CHARACTERS, MAX_WRONG_WIDTH_PERCENT, MIN_WRONG_WIDTH_ROWS, short};

/// A row with its number in the file, from 1.
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) cells: Vec<String>,
}

impl Row {
    /// The cell in a column, `None` when it is empty.
    pub(super) fn cell(&self, column: usize) -> Option<&str> {
        self.cells.get(column).map(String::as_str).filter(|cell| !cell.is_empty())
    }
}

/// The rows of a file, blank ones left out, cells trimmed.
pub(super) struct Table<R: Read> {
    csv: csv::Reader<Metered<R>>,
    meter: Rc<Meter>,
    text: Text,
    record: ByteRecord,
    columns: usize,
    number: u64,
    rows: usize,
    wrong: usize,
    last: Last,
}

/// What tells whether the last row is whole.
#[derive(Debug, Default)]
struct Last {
    number: u64,
    width: usize,
    breaks_off: bool,
}

impl<R: Read> Table<R> {
    /// The rows of a file; every row should have so many columns, 0 when the width is not known yet.
    pub(super) fn new(source: Source<R>, delimiter: u8, columns: usize) -> Self {
        let meter = source.input.meter();
        let text = Text::new(source.encoding);
        let csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(source.input);
        let (record, last) = (ByteRecord::new(), Last::default());
        Self { csv, meter, text, record, columns, number: 0, rows: 0, wrong: 0, last }
    }

    /// From now on every row should have so many columns.
    pub(super) const fn expect(&mut self, columns: usize) {
        self.columns = columns;
        self.rows = 0;
        self.wrong = 0;
    }

    /// Whatever its width.
    pub(super) fn next_any(&mut self) -> Result<Option<Row>, Error> {
        loop {
            self.number += 1;
            let more = self.csv.read_byte_record(&mut self.record).map_err(|error| match error.kind() {
                csv::ErrorKind::Io(error) => io_error(error, self.number),
                _ => Error::Unreadable(error.to_string()),
            })?;
            if !more {
                self.finish()?;
                return Ok(None);
            }
            self.meter.next_record();
            let mut cells = Vec::with_capacity(self.record.len());
            for cell in &self.record {
                let cell = self.text.read(cell, self.number)?;
                cells.push(cell.trim_matches(|c: char| c.is_whitespace() || c == DOS_END).to_owned());
            }
            let breaks_off = self.record.iter().next_back().is_some_and(|cell| cell.contains(&b'\n'));
            if cells.iter().any(|cell| !cell.is_empty()) {
                self.last = Last { number: self.number, width: cells.len(), breaks_off };
                self.rows += 1;
                self.wrong += usize::from(self.columns > 0 && cells.len() != self.columns);
                return Ok(Some(Row { number: self.number, cells }));
            }
        }
    }

    /// The next row: whole, or with what is wrong with it.
    pub(super) fn next(&mut self) -> Result<Option<(Row, Option<String>)>, Error> {
        let Some(row) = self.next_any()? else { return Ok(None) };
        let too_long = row.cells.iter().any(|cell| cell.len() > MAX_CELL_CHARACTERS && is_long(cell));
        let wrong = if row.cells.len() != self.columns {
            Some(format!("has {} columns instead of {}", row.cells.len(), self.columns))
        } else {
            too_long.then(|| format!("has a cell of more than {MAX_CELL_CHARACTERS} characters"))
        };
        Ok(Some((row, wrong)))
    }

    pub(super) fn encoding(&self) -> &'static str {
        self.text.encoding()
    }

    /// Refuses a file that was cut off, or of which too many rows have another number of columns.
    fn finish(&self) -> Result<(), Error> {
        let Last { number, width, breaks_off } = self.last;
        let whole_end = self.meter.is_at_line_end();
        let is_short = width < self.columns;
        let open_quote = self.meter.has_open_quote() && (is_short || !whole_end || breaks_off);
        if open_quote || (is_short && !whole_end) {
            return Err(Error::Truncated { row: number });
        }
        let (wrong, rows, columns) = (self.wrong, self.rows, self.columns);
        if wrong > MIN_WRONG_WIDTH_ROWS && wrong * 100 > rows * MAX_WRONG_WIDTH_PERCENT {
            return Err(Error::WrongWidth { wrong, rows, columns });
        }
        Ok(())
    }
}

fn is_long(cell: &str) -> bool {
    cell.chars().count() > MAX_CELL_CHARACTERS
}

/// Comma, semicolon, tab or bar: whichever the line has most of.
pub(super) fn delimiter_of(line: &str) -> u8 {
    let count = |mark: &u8| line.bytes().filter(|b| b == mark).count();
    [b',', b';', b'\t', b'|'].into_iter().rev().max_by_key(count).unwrap_or(b',')
}

/// A header row: columns by name, whatever case and spaces.
pub(super) struct Header {
    names: Vec<String>,
}

impl Header {
    pub(super) fn of(row: &Row) -> Self {
        Self { names: row.cells.iter().map(|name| plain(name)).collect() }
    }

    pub(super) const fn len(&self) -> usize {
        self.names.len()
    }

    /// The first column that has one of these names.
    pub(super) fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| {
            let name = plain(name);
            self.names.iter().position(|known| *known == name)
        })
    }

    /// A column that the file cannot do without.
    pub(super) fn require(&self, column: &'static str, expected: &'static str) -> Result<usize, Error> {
        self.find(&[column]).ok_or(Error::MissingColumn { column, expected })
    }

    /// The beginning of the header, for messages.
    pub(super) fn excerpt(&self) -> String {
        short(&self.names.join(","))
    }
}

/// Letters and digits in lower case: `Nationality(/ies)` and `nationality ies` are one name.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(text: &str, columns: usize) -> Result<Vec<usize>, Error> {
        let mut table = Table::new(Source::open(text.as_bytes())?, b',', columns);
        let mut widths = Vec::new();
        while let Some(row) = table.next_any()? {
            widths.push(row.cells.len());
        }
        Ok(widths)
    }

    #[test]
    fn a_text_that_ends_inside_quotes_or_inside_a_row_is_cut_off() {
        assert_eq!(widths("a,b\nc,\"d", 2), Err(Error::Truncated { row: 2 }));
        assert_eq!(widths("a,b,c\nd,\"e\n", 3), Err(Error::Truncated { row: 2 }));
        assert_eq!(widths("a,b\nc", 2), Err(Error::Truncated { row: 2 }));
        assert_eq!(widths("a,b\nc\n", 2), Ok(vec![2, 1]));
        assert_eq!(widths("a,b\nc,5\" pipe\n", 2), Ok(vec![2, 2]), "a stray quote cuts nothing off");
    }

    #[test]
    fn a_file_of_another_width_is_refused() {
        let refused = widths(&"a,b,c\n".repeat(20), 2);
        assert_eq!(refused, Err(Error::WrongWidth { wrong: 20, rows: 20, columns: 2 }));
    }

    #[test]
    fn an_endless_quoted_cell_stops_at_the_limit() {
        let endless = b"a,b\nc,\"".chain(std::io::repeat(b'\n'));
        let mut table = Table::new(Source::open(endless).unwrap(), b',', 2);
        assert!(table.next_any().unwrap().is_some());
        assert_eq!(table.next_any().map(|_| ()), Err(Error::RecordTooLong { row: 2 }));
    }

    #[test]
    fn the_delimiter_is_the_mark_that_is_there_most() {
        assert_eq!(delimiter_of("a;b;c,d"), b';');
        assert_eq!(delimiter_of("a\tb"), b'\t');
        assert_eq!(delimiter_of("a"), b',');
    }
}
