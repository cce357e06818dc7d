//! Readers of list files, and the difference between two versions of a list.
//!
//! A bad row is left out and named; a file that looks cut off or is of another kind is refused as a whole, so that a
//! failed download never empties a list.

mod agency;
mod countries;
mod delta;
mod draft;
mod eu;
mod format;
mod ofac;
mod ofac_advanced;
mod ofac_remarks;
mod open_sanctions;
mod source;
mod table;
mod uk;
mod un;
mod un_vessels;
mod xml;

pub use agency::{read_agency_csv, read_agency_jsonl};
pub use delta::{Delta, HeldBack, Limits, Reason, delta, same_content};
pub use format::{Parts, read_list};
pub use ofac::read_ofac_sdn_csv;

use quaywatch_domain::watchlist::EntryAction;
use quaywatch_domain::{Handling, PseudonymKey, Severity, Sha256, WatchlistEntry};

/// Largest list file, bytes.
pub const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Largest row, line or XML record, bytes.
pub const MAX_RECORD_BYTES: u64 = 16 * 1024 * 1024;
/// Most elements of one XML record.
pub const MAX_XML_NODES_PER_RECORD: usize = 100_000;
/// Most XML elements inside each other.
pub const MAX_XML_DEPTH: usize = 32;
/// Most entries of one file.
pub const MAX_ENTRIES: usize = 2_000_000;
/// Most identifiers, and most names, of one entry.
pub const MAX_VALUES_PER_ENTRY: usize = 1_000;
/// Longest cell, characters.
pub const MAX_CELL_CHARACTERS: usize = 20_000;
/// Most row errors that are kept word for word; all are counted.
pub const MAX_ROW_ERRORS_KEPT: usize = 1_000;
/// Share of rows with a wrong number of columns from which a file is refused, percent.
pub const MAX_WRONG_WIDTH_PERCENT: usize = 5;
/// So many rows with a wrong number of columns are row errors in any file, also a short one.
pub const MIN_WRONG_WIDTH_ROWS: usize = 5;

/// Why a file is refused as a whole.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// Nothing in it.
    #[error("the list file is empty; fetch it again, or remove the list if it is no longer wanted")]
    Empty,
    /// It cannot be read to its end.
    #[error("the list file cannot be read: {0}")]
    Unreadable(String),
    /// Larger than [`MAX_FILE_BYTES`].
    #[error("the list file has more than {MAX_FILE_BYTES} bytes; split it into several lists")]
    TooLarge,
    /// More than [`MAX_ENTRIES`].
    #[error("the list file has more than {MAX_ENTRIES} entries; split it into several lists")]
    TooManyEntries,
    /// A row, line or record is larger than [`MAX_RECORD_BYTES`] or has more than [`MAX_XML_NODES_PER_RECORD`] elements.
    #[error(
        "record {row} of the list file is larger than {MAX_RECORD_BYTES} bytes: it is damaged or no list; fetch it again"
    )]
    RecordTooLong {
        /// Row, line or record, from 1.
        row: u64,
    },
    /// It is no text.
    #[error("the list file is no text but {what}")]
    NotText {
        /// What it is, and what to do.
        what: &'static str,
    },
    /// Some of it is UTF-8, some is not.
    #[error("the list file is in two character sets, which shows in row {row}; save it as UTF-8")]
    MixedEncodings {
        /// Row, from 1.
        row: u64,
    },
    /// It is not in the character set that it says it is in.
    #[error("row {row} of the list file is not {encoding}, as the file says; save it as UTF-8")]
    BadEncoding {
        /// Row or record, from 1.
        row: u64,
        /// What it should be.
        encoding: &'static str,
    },
    /// It declares entities. No authority's list does; a trap may.
    #[error(
        "the list file declares a document type (DTD), which lists do not have; fetch it again from its authority"
    )]
    DocumentType,
    /// Elements are nested deeper than [`MAX_XML_DEPTH`].
    #[error(
        "record {row} of the list file has more than {MAX_XML_DEPTH} elements inside each other; it is no list"
    )]
    TooDeep {
        /// Record, from 1.
        row: u64,
    },
    /// It is no well-formed XML.
    #[error("record {row} of the list file is no XML: {reason}; fetch it again")]
    Xml {
        /// Record, from 1.
        row: u64,
        /// What is wrong.
        reason: String,
    },
    /// Its format cannot be told.
    #[error("the list file is in no known format (it begins '{head}'); name its format, one of {known}")]
    UnknownFormat {
        /// Its beginning.
        head: String,
        /// All formats.
        known: String,
    },
    /// It is another file of the same publication.
    #[error("the list file is {part}, which only adds to another; give {main}, and it is read beside it")]
    WrongPart {
        /// What it is.
        part: &'static str,
        /// What to give.
        main: &'static str,
    },
    /// It ends in the middle of a row.
    #[error("the list file ends in the middle of row {row}: it was cut off; fetch it again")]
    Truncated {
        /// Row, from 1.
        row: u64,
    },
    /// The header row lacks a column.
    #[error("the header row of the list file has no column '{column}'; the columns are {expected}")]
    MissingColumn {
        /// What is missing.
        column: &'static str,
        /// All names.
        expected: &'static str,
    },
    /// The header row names a column that is not known, or one twice.
    #[error(
        "the header row of the list file has the unknown or repeated column '{column}'; the columns are {expected}"
    )]
    UnknownColumn {
        /// What is not known.
        column: String,
        /// All names.
        expected: &'static str,
    },
    /// Too many rows have another number of columns.
    #[error(
        "{wrong} of {rows} rows of the list file do not have {columns} columns; is it another kind of file?"
    )]
    WrongWidth {
        /// Rows with another number.
        wrong: usize,
        /// All rows.
        rows: usize,
        /// How many there should be.
        columns: usize,
    },
    /// No row could be used.
    #[error("none of the {rows} rows of the list file could be used; the first error is: {first}")]
    NoEntries {
        /// Rows.
        rows: usize,
        /// What is wrong with the first.
        first: String,
    },
}

/// What is wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Row (line in JSON lines) from 1, the header counted.
    pub row: u64,
    /// What is wrong with it and what to do.
    pub reason: String,
}

/// What a row does not say.
#[derive(Debug, Clone)]
pub struct Defaults<'a> {
    /// List of rows that name none.
    pub list_id: &'a str,
    /// Whether rows may name another list.
    pub other_lists: bool,
    /// Version that is being read; see [`delta`] for the version that an entry ends up with.
    pub list_version: &'a str,
    /// Action.
    pub action: EntryAction,
    /// Severity.
    pub severity: Severity,
    /// Label.
    pub handling: Handling,
    /// Owning agency.
    pub owner: Option<&'a str>,
    /// Legal ground.
    pub legal_basis: Option<&'a str>,
    /// Turns plates, telephone numbers and mail addresses into pseudonyms; rows with them are errors without it.
    pub key: Option<&'a PseudonymKey>,
    /// Name and digest of the file, for the provenance of its entries; without it they have none.
    pub file: Option<(&'a str, Sha256)>,
}

impl<'a> Defaults<'a> {
    /// Plain defaults: inform, MEDIUM, AMBER/H0, no owner; rows may name other lists.
    #[must_use]
    pub const fn new(list_id: &'a str, list_version: &'a str) -> Self {
        Self {
            list_id,
            other_lists: true,
            list_version,
            action: EntryAction::Inform,
            severity: Severity::Medium,
            handling: Handling::port_traffic(),
            owner: None,
            legal_basis: None,
            key: None,
            file: None,
        }
    }
}

/// A list as read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListFile {
    /// Entries in the order of the file.
    pub entries: Vec<WatchlistEntry>,
    /// Rows (lines, records) of the file without its header.
    pub rows: usize,
    /// Rows that were left out, the first [`MAX_ROW_ERRORS_KEPT`] of them.
    pub row_errors: Vec<RowError>,
    /// How many rows were left out.
    pub rows_left_out: usize,
    /// Rows that were used although something is odd, the first [`MAX_ROW_ERRORS_KEPT`] of them.
    pub warnings: Vec<RowError>,
    /// Rows of things that cannot pass through a port (aircraft).
    pub out_of_scope: usize,
    /// Character set that the file was read in: `UTF-8`, `UTF-16LE`, `UTF-16BE`, `windows-1252`.
    pub encoding: &'static str,
}

impl ListFile {
    fn reject(&mut self, row: u64, reason: impl Into<String>) {
        self.rows_left_out += 1;
        if self.row_errors.len() < MAX_ROW_ERRORS_KEPT {
            self.row_errors.push(RowError { row, reason: reason.into() });
        }
    }

    fn warn(&mut self, row: u64, reason: impl Into<String>) {
        if self.warnings.len() < MAX_ROW_ERRORS_KEPT {
            self.warnings.push(RowError { row, reason: reason.into() });
        }
    }

    /// Refuses a file of which nothing was left.
    fn finished(self) -> Result<Self, Error> {
        match self.row_errors.first() {
            Some(first) if self.entries.is_empty() => {
                let first = format!("row {}: {}", first.row, first.reason);
                Err(Error::NoEntries { rows: self.rows, first })
            }
            _ if self.rows == 0 => Err(Error::Empty),
            _ => Ok(self),
        }
    }
}

/// Sorts the parts of an entry whose order says nothing, so that a reordered file is the same list.
fn settle(entry: &mut WatchlistEntry) {
    entry.values.sort_unstable();
    entry.values.dedup();
    entry.countries.sort_unstable();
    entry.countries.dedup();
    entry.birth_dates.sort_unstable();
    entry.birth_dates.dedup();
    entry.linked_to.sort_unstable();
    entry.linked_to.dedup();
    let mut seen = std::collections::HashSet::new();
    entry.names.retain(|name| seen.insert(name.name.clone()));
}

/// Cuts a text from a file for use in a message.
fn short(text: &str) -> String {
    const MAX_QUOTED_CHARACTERS: usize = 40;
    text.chars().filter(|c| !c.is_control()).take(MAX_QUOTED_CHARACTERS).collect()
}
