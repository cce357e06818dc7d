//! What can go wrong with a list.

use std::path::PathBuf;

use quaywatch_domain::Sha256;
use quaywatch_screening::lists::ListFile;
use quaywatch_service::ExitCode;

/// Most rows that an error tells of.
const MAX_ROWS_TOLD: usize = 5;

/// Why a list was not published, or the lists cannot be read. The version in force stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The service around it failed.
    #[error(transparent)]
    Service(#[from] quaywatch_service::Error),
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    ReadFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder holds no list file.
    #[error("{} holds no file; put the list there", path.display())]
    EmptyFolder {
        /// Which.
        path: PathBuf,
    },
    /// The file is too large to be a list.
    #[error("{} has {bytes} bytes, more than the {limit} of a list", path.display())]
    FileTooLarge {
        /// Which.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// A fetched file cannot be kept.
    #[error("cannot write {}: {source}", path.display())]
    WriteFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be fetched.
    #[error("{url} is not fetched, the version in force stays: {reason}")]
    Fetch {
        /// Address without its query, which may hold a token.
        url: String,
        /// Why.
        reason: String,
    },
    /// The file is not the one that was meant.
    #[error(
        "{file} is not imported, the version in force stays: its SHA-256 digest is {found} instead of {expected}; fetch it again"
    )]
    Checksum {
        /// Which.
        file: String,
        /// What was said.
        expected: Sha256,
        /// What it is.
        found: Sha256,
    },
    /// The file with the digest holds none.
    #[error("{} holds no SHA-256 digest of 64 hexadecimal digits; fetch it again or remove it", path.display())]
    BadChecksumFile {
        /// Which.
        path: PathBuf,
    },
    /// The file is not a list in its format.
    #[error("{file} is not imported, the version in force stays: {source}")]
    Malformed {
        /// Which.
        file: String,
        /// What is wrong.
        source: quaywatch_screening::lists::Error,
    },
    /// Rows of the file cannot be used.
    #[error(
        "{file} is not imported, the version in force stays: {left_out} of {rows} rows cannot be used ({reasons}); \
             correct them, or import with --confirm to leave them out"
    )]
    BadRows {
        /// Which.
        file: String,
        /// Rows in all.
        rows: usize,
        /// Rows that cannot be used.
        left_out: usize,
        /// Numbers of the first of them.
        numbers: Vec<u64>,
        /// What is wrong with them; may quote the rows.
        reasons: String,
    },
    /// The change is larger than its limit.
    #[error("list '{list}': {why}: import it with --confirm")]
    HeldBack {
        /// List.
        list: String,
        /// How much would change.
        why: String,
    },
    /// A blinded entry would have no owner.
    #[error("entry '{entry}' has no owner, so nobody could see its hits; name the agency with --owner")]
    NoOwner {
        /// Entry.
        entry: String,
    },
    /// An id cannot be part of a key.
    #[error("'{0}' is no list id; use letters, digits, '-', '_' and '.'")]
    BadListId(String),
    /// Kafka cannot be reached or refuses.
    #[error(transparent)]
    Kafka(#[from] quaywatch_kafka::Error),
    /// An entry cannot be written.
    #[error("an entry of list '{list}' cannot be encoded: {source}")]
    Encode {
        /// List.
        list: String,
        /// Why.
        source: quaywatch_codec::Error,
    },
    /// The metrics cannot be registered.
    #[error("cannot register metrics: {0}; register a watchlist service once in a registry")]
    Metrics(#[from] prometheus::Error),
}

impl Error {
    /// The exit code that a program ends with on this error.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Service(error) => error.exit_code(),
            Self::HeldBack { .. } => ExitCode::Found,
            Self::ReadFile { .. }
            | Self::EmptyFolder { .. }
            | Self::FileTooLarge { .. }
            | Self::Checksum { .. }
            | Self::BadChecksumFile { .. }
            | Self::Malformed { .. }
            | Self::BadRows { .. }
            | Self::NoOwner { .. }
            | Self::BadListId(_) => ExitCode::Usage,
            Self::Encode { source: quaywatch_codec::Error::Unencodable { .. }, .. } | Self::Metrics(_) => {
                ExitCode::Bug
            }
            // Otherwise it is the schema registry that did not answer or refused.
            Self::Kafka(_) | Self::Encode { .. } | Self::Fetch { .. } | Self::WriteFile { .. } => {
                ExitCode::Unavailable
            }
        }
    }

    /// Whether the same again may succeed without a person changing anything.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Kafka(_)
                | Self::Encode { .. }
                | Self::ReadFile { .. }
                | Self::WriteFile { .. }
                | Self::Fetch { .. }
        )
    }

    /// The error as it may stand in a log: without anything that a row says.
    #[must_use]
    pub fn for_log(&self) -> String {
        match self {
            Self::BadRows { file, rows, left_out, numbers, .. } => {
                let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
                format!(
                    "{file} is not imported, the version in force stays: {left_out} of {rows} rows cannot be used, \
                     beginning with {}; `quaywatch watchlist import` says what is wrong with them",
                    numbers.join(", ")
                )
            }
            Self::Malformed { file, source: quaywatch_screening::lists::Error::NoEntries { rows, .. } } => {
                format!(
                    "{file} is not imported, the version in force stays: none of its {rows} rows can be used"
                )
            }
            other => other.to_string(),
        }
    }

    pub(crate) fn bad_rows(file: String, list: &ListFile) -> Self {
        let first = list.row_errors.iter().take(MAX_ROWS_TOLD);
        let reasons: Vec<String> = first.clone().map(|r| format!("row {}: {}", r.row, r.reason)).collect();
        Self::BadRows {
            file,
            rows: list.rows,
            left_out: list.rows_left_out,
            numbers: first.map(|r| r.row).collect(),
            reasons: reasons.join("; "),
        }
    }
}
