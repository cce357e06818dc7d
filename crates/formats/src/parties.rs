//! The party registry: which codes and names are one party.

/// The registry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parties {}

/// Why a registry cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("parties.csv: {0}")]
pub struct PartiesError(String);

impl Parties {
    /// Reads the text of `parties.csv`.
    ///
    /// # Errors
    /// When it is not CSV or lacks a column.
    pub fn parse(_text: &str) -> Result<Self, PartiesError> {
        Ok(Self::default())
    }
}
