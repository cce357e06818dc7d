//! List files on disk: which counts, and whether it changed.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use quaywatch_screening::lists::MAX_FILE_BYTES;
use quaywatch_service::settings::ListFormat;

use crate::Error;

/// The content of the files of one list.
#[derive(Debug, Clone, Default)]
pub struct Files {
    name: String,
    main: Vec<u8>,
    alt: Option<Vec<u8>>,
    add: Option<Vec<u8>>,
}

/// What tells that files changed, without reading them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp(Vec<(PathBuf, Option<SystemTime>, u64)>);

impl Files {
    /// A list whose bytes are at hand.
    #[must_use]
    pub fn of_bytes(bytes: Vec<u8>) -> Self {
        Self { name: "the list".to_owned(), main: bytes, alt: None, add: None }
    }

    /// Reads the file at `path`, or the newest in the folder. Beside OFAC's `sdn.csv` its `alt.csv` and `add.csv` are read
    /// when they are there.
    ///
    /// # Errors
    /// When a file cannot be read or is too large.
    pub fn read(path: &Path, format: ListFormat) -> Result<Self, Error> {
        let main = newest(path)?;
        let beside = |part| sibling(&main, format, part).map(|p| read(&p)).transpose();
        Ok(Self {
            name: main.display().to_string(),
            alt: beside("alt")?,
            add: beside("add")?,
            main: read(&main)?,
        })
    }

    pub(crate) fn name(&self) -> String {
        self.name.clone()
    }

    pub(crate) fn main(&self) -> &[u8] {
        &self.main
    }

    pub(crate) fn alt(&self) -> Option<&[u8]> {
        self.alt.as_deref()
    }

    pub(crate) fn add(&self) -> Option<&[u8]> {
        self.add.as_deref()
    }
}

impl Stamp {
    /// The stamp of what [`Files::read`] would read now.
    pub(crate) fn of(path: &Path, format: ListFormat) -> Result<Self, Error> {
        let main = newest(path)?;
        let beside = ["alt", "add"].into_iter().filter_map(|part| sibling(&main, format, part));
        let mut all = Vec::new();
        for path in beside.chain([main.clone()]) {
            let meta = std::fs::metadata(&path);
            let meta = meta.map_err(|source| Error::ReadFile { path: path.clone(), source })?;
            all.push((path, meta.modified().ok(), meta.len()));
        }
        Ok(Self(all))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::ReadFile { path: path.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    let limit = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX);
    if bytes > limit {
        return Err(Error::FileTooLarge { path: path.to_owned(), bytes, limit });
    }
    std::fs::read(path).map_err(failed)
}

/// The file itself, or the newest file of a folder; files whose name begins with a dot are still being written.
fn newest(path: &Path) -> Result<PathBuf, Error> {
    let failed = |source| Error::ReadFile { path: path.to_owned(), source };
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(path.to_owned());
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        // A file may vanish between the two calls.
        let Ok(meta) = entry.metadata() else { continue };
        if meta.is_file() && !hidden {
            files.push((meta.modified().ok(), entry.path()));
        }
    }
    files.sort();
    files.pop().map(|(_, path)| path).ok_or_else(|| Error::EmptyFolder { path: path.to_owned() })
}

/// `alt.csv` beside `sdn.csv`, `ofac-alt.csv` beside `ofac-sdn.csv`, when it exists.
fn sibling(main: &Path, format: ListFormat, part: &str) -> Option<PathBuf> {
    let name = main.file_name().and_then(|n| n.to_str()).filter(|_| format == ListFormat::OfacSdn)?;
    let at = name.to_ascii_lowercase().rfind("sdn")?;
    let (front, back) = (name.get(..at)?, name.get(at + 3..)?);
    let upper = name.get(at..at + 3)?.chars().all(|c| c.is_ascii_uppercase());
    let part = if upper { part.to_ascii_uppercase() } else { part.to_owned() };
    Some(main.with_file_name(format!("{front}{part}{back}"))).filter(|p| p.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_beside_an_ofac_list_are_found_by_name() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["ofac-sdn.csv", "ofac-alt.csv", "SDN.CSV", "ADD.CSV"] {
            std::fs::write(dir.path().join(name), name).unwrap();
        }
        let read = |name: &str, format| Files::read(&dir.path().join(name), format).unwrap();
        let files = read("ofac-sdn.csv", ListFormat::OfacSdn);
        assert_eq!((files.alt(), files.add()), (Some(&b"ofac-alt.csv"[..]), None));
        assert_eq!(read("SDN.CSV", ListFormat::OfacSdn).add(), Some(&b"ADD.CSV"[..]));
        assert_eq!(read("ofac-sdn.csv", ListFormat::AgencyCsv).alt(), None);
    }

    #[test]
    fn the_newest_file_of_a_folder_counts_and_changes_show() {
        let dir = tempfile::tempdir().unwrap();
        let format = ListFormat::AgencyCsv;
        let empty = Files::read(dir.path(), format).unwrap_err();
        assert!(empty.to_string().contains("holds no file"), "{empty}");
        let write = |name: &str, text: &str, at: u64| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(at);
            std::fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        };
        write("b.csv", "old", 100);
        write("a.csv", "new", 200);
        write(".c.csv.part", "half", 300);
        assert_eq!(Files::read(dir.path(), format).unwrap().main(), b"new");
        let before = Stamp::of(dir.path(), format).unwrap();
        assert_eq!(Stamp::of(dir.path(), format).unwrap(), before);
        write("b.csv", "newer", 300);
        assert_ne!(Stamp::of(dir.path(), format).unwrap(), before);
        assert_eq!(Files::read(dir.path(), format).unwrap().main(), b"newer");
    }
}
