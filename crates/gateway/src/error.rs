//! What can go wrong at the gateway.

use std::path::PathBuf;

use quaywatch_service::ExitCode;

/// Why the gateway cannot run, or a file was not stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The service around the gateway failed.
    #[error(transparent)]
    Service(#[from] quaywatch_service::Error),
    /// The client of the brokers cannot be set up.
    #[error(transparent)]
    Kafka(#[from] quaywatch_kafka::Error),
    /// The metrics cannot be registered.
    #[error("cannot register metrics: {0}; register a gateway once in a registry")]
    Metrics(#[from] prometheus::Error),
    /// Certificate, key or authorities cannot be used.
    #[error("TLS: {0}; check gateway.tls_certificate_file, tls_key_file and tls_client_ca_file")]
    Tls(String),
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    ReadFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is larger than a message may be and cannot be cut.
    #[error("{} has {bytes} bytes, more than the {limit} of a message; raise 'gateway.max_body_bytes' or split it", path.display())]
    FileTooLarge {
        /// Which.
        path: PathBuf,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A file is empty.
    #[error("{} is empty; there is nothing to store", path.display())]
    EmptyFile {
        /// Which.
        path: PathBuf,
    },
    /// A message was not stored.
    #[error("{} was not stored: {source}", path.display())]
    NotStored {
        /// File.
        path: PathBuf,
        /// Why.
        source: crate::NotStored,
    },
}

impl Error {
    /// The exit code that a program ends with on this error.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Service(error) => error.exit_code(),
            Self::Kafka(_)
            | Self::Tls(_)
            | Self::ReadFile { .. }
            | Self::FileTooLarge { .. }
            | Self::EmptyFile { .. } => ExitCode::Usage,
            Self::NotStored { source, .. } => match source {
                crate::NotStored::Unavailable(_) => ExitCode::Unavailable,
                crate::NotStored::TooLarge(_) => ExitCode::Usage,
                crate::NotStored::Unencodable(_) => ExitCode::Bug,
            },
            Self::Metrics(_) => ExitCode::Bug,
        }
    }
}
