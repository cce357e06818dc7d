//! List files as the offline commands read them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use quaywatch_domain::{PseudonymKey, WatchlistEntry};
use quaywatch_screening::lists::{
    Defaults, ListFile, OfacFiles, read_agency_csv, read_agency_jsonl, read_ofac_sdn_csv,
};

use crate::offline::input::file_name;

/// Reads a list of any known format. The list is called like its file; what is odd about it goes to stderr.
pub(crate) fn read(path: &Path, key: &PseudonymKey) -> Result<Vec<WatchlistEntry>> {
    let bytes = bytes_of(path)?;
    let id = path.file_stem().and_then(|name| name.to_str()).unwrap_or("list");
    let defaults = Defaults { key: Some(key), ..Defaults::new(id, "file") };
    let list =
        parse(path, &bytes, &defaults)?.with_context(|| format!("{} is not usable", path.display()))?;
    for error in &list.row_errors {
        eprintln!("{} row {}: {}", path.display(), error.row, error.reason);
    }
    Ok(list.entries)
}

fn parse(
    path: &Path,
    bytes: &[u8],
    defaults: &Defaults<'_>,
) -> Result<Result<ListFile, quaywatch_screening::lists::Error>> {
    let start = bytes.trim_ascii_start();
    if start.first() == Some(&b'{') {
        return Ok(read_agency_jsonl(bytes, defaults));
    }
    // OFAC's list has no header: its first cell is a number.
    if start.first().is_some_and(u8::is_ascii_digit) {
        let alt = beside(path, "alt").map(|path| bytes_of(&path)).transpose()?;
        let add = beside(path, "add").map(|path| bytes_of(&path)).transpose()?;
        let files = OfacFiles { sdn: bytes, alt: alt.as_deref(), add: add.as_deref() };
        return Ok(read_ofac_sdn_csv(files, defaults));
    }
    Ok(read_agency_csv(bytes, defaults))
}

fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// The part of OFAC's list that lies beside `sdn.csv`.
fn beside(path: &Path, part: &str) -> Option<PathBuf> {
    let name = file_name(path);
    let at = name.to_ascii_lowercase().rfind("sdn")?;
    let part = format!("{}{part}{}", name.get(..at)?, name.get(at + 3..)?);
    [part.clone(), part.to_ascii_uppercase()]
        .into_iter()
        .map(|name| path.with_file_name(name))
        .find(|path| path.is_file())
}
