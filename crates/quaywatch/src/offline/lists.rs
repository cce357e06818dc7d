//! List files as the offline commands read them.

use std::path::Path;

use anyhow::{Context as _, Result};
use quaywatch_domain::blinding::BlindingKey;
use quaywatch_domain::watchlist::ListFormat;
use quaywatch_domain::{PseudonymKey, WatchlistEntry};
use quaywatch_screening::lists::Defaults;
use quaywatch_watchlist::Files;

/// Reads a list of any known format, with the files that lie beside OFAC's. A list that does not name itself is called
/// like its file; what is odd about it goes to stderr.
pub(crate) fn read(path: &Path, key: &PseudonymKey) -> Result<Vec<WatchlistEntry>> {
    let id = path.file_stem().and_then(|name| name.to_str()).unwrap_or("list");
    let defaults = Defaults { key: Some(key), ..Defaults::new(id, "file") };
    let list = Files::read(path, ListFormat::Auto)?.list(ListFormat::Auto, &defaults)?;
    for error in &list.row_errors {
        eprintln!("{} row {}: {}", path.display(), error.row, error.reason);
    }
    Ok(list.entries)
}

/// The key of a period of blinded lists.
pub(crate) fn blinding_key(period: &str, file: &Path) -> Result<BlindingKey> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    BlindingKey::new(period, bytes.trim_ascii()).map_err(|e| crate::Usage(e.to_string()).into())
}
