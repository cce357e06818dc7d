//! What can go wrong before a service runs.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::ExitCode;

/// Why a service cannot start, or a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The settings cannot be read or have a value of the wrong type.
    #[error("the settings cannot be used: {0}")]
    Settings(String),
    /// The settings have a key that does not exist.
    #[error("unknown setting '{key}' in {origin}{}", nearest.as_ref().map_or_else(
        || "; `quaywatch settings show` lists all".to_owned(), |n| format!("; did you mean '{n}'?")))]
    UnknownSetting {
        /// Dotted key.
        key: String,
        /// File, environment or command line.
        origin: String,
        /// The existing key that looks most like it.
        nearest: Option<String>,
    },
    /// A setting has a value outside its range.
    #[error("setting '{key}' {why}")]
    InvalidSetting {
        /// Dotted key.
        key: &'static str,
        /// What is wrong and what to do.
        why: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    ReadFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file has content that cannot be used.
    #[error("{} cannot be used: {why}", path.display())]
    BadFile {
        /// Which.
        path: PathBuf,
        /// What is wrong and where.
        why: String,
    },
    /// A port cannot be opened.
    #[error("cannot listen on {address}: {source}; set '{key}' to a free address")]
    Listen {
        /// Address.
        address: SocketAddr,
        /// Setting that names it.
        key: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// Signals cannot be listened to, or logs not be set up.
    #[error("cannot set up {what}: {why}")]
    SetUp {
        /// Signals or logs.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// Work was still going on when the time to stop was over.
    #[error(
        "{what} did not stop within {budget_ms} ms; what was not committed will be done again after the next start"
    )]
    DrainExceeded {
        /// Part of the service.
        what: String,
        /// Time it had.
        budget_ms: u64,
    },
    /// A part of the service broke off.
    #[error("{what} broke off: {why}; this is a bug, please report it")]
    BrokeOff {
        /// Part of the service.
        what: String,
        /// Why.
        why: String,
    },
}

impl Error {
    /// The exit code that a program ends with on this error.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Settings(_)
            | Self::UnknownSetting { .. }
            | Self::InvalidSetting { .. }
            | Self::ReadFile { .. }
            | Self::BadFile { .. } => ExitCode::Usage,
            Self::Listen { .. } | Self::SetUp { .. } => ExitCode::Unavailable,
            Self::DrainExceeded { .. } | Self::BrokeOff { .. } => ExitCode::Bug,
        }
    }
}
