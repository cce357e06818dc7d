//! List files on disk: which counts, what it holds, and whether it changed.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use quaywatch_domain::Sha256;
use quaywatch_domain::sha256::Hasher;
use quaywatch_domain::watchlist::ListFormat;
use quaywatch_screening::lists::{Defaults, ListFile, MAX_FILE_BYTES, Parts, read_list};

use crate::Error;

/// Ending of a file that holds the SHA-256 digest of the one beside it, as `sha256sum` writes it.
const DIGEST_ENDING: &str = ".sha256";

/// The files of one edition of a list.
#[derive(Debug, Clone)]
pub struct Files {
    name: String,
    parts: Parts<Content>,
    sha256: Sha256,
    is_checked: bool,
}

#[derive(Debug, Clone)]
enum Content {
    Bytes(Vec<u8>),
    File(PathBuf),
}

impl Content {
    fn open(&self) -> Result<Box<dyn Read + '_>, Error> {
        match self {
            Self::Bytes(bytes) => Ok(Box::new(Cursor::new(bytes))),
            Self::File(path) => Ok(Box::new(open(path)?)),
        }
    }
}

/// What tells that files changed, without reading them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp(Vec<(PathBuf, Option<SystemTime>, u64)>);

impl Files {
    /// A list whose bytes are at hand.
    #[must_use]
    pub fn of_bytes(bytes: Vec<u8>) -> Self {
        let sha256 = Sha256::of(&bytes);
        let parts = Parts::one(Content::Bytes(bytes));
        Self { name: "the list".to_owned(), parts, sha256, is_checked: false }
    }

    /// The file at `path`, or the newest in the folder. Beside OFAC's `sdn.csv` or `cons_prim.csv` the files of aliases,
    /// addresses and remarks are read when they are there. A file of the same name with `.sha256` behind it must hold the
    /// digest.
    ///
    /// # Errors
    /// When a file cannot be read, is too large, or is not the one that its digest is of.
    pub fn read(path: &Path, format: ListFormat) -> Result<Self, Error> {
        let main = newest(path)?;
        let beside = |part| sibling(&main, format, part);
        let parts = Parts {
            alt: beside("alt"),
            add: beside("add"),
            comments: beside("comments"),
            main: main.clone(),
        };
        let mut digests = Vec::new();
        let mut is_checked = false;
        for file in [Some(&parts.main), parts.alt.as_ref(), parts.add.as_ref(), parts.comments.as_ref()] {
            let Some(file) = file else { continue };
            let digest = digest(file)?;
            is_checked |= check_beside(file, digest)?;
            digests.push(digest);
        }
        let sha256 = match digests.as_slice() {
            [one] => *one,
            several => Sha256::of(several.iter().map(ToString::to_string).collect::<String>().as_bytes()),
        };
        let parts = Parts {
            main: Content::File(parts.main),
            alt: parts.alt.map(Content::File),
            add: parts.add.map(Content::File),
            comments: parts.comments.map(Content::File),
        };
        Ok(Self { name: main.display().to_string(), parts, sha256, is_checked })
    }

    /// The file must be the one with this digest.
    ///
    /// # Errors
    /// When it is another.
    pub fn expect(mut self, sha256: Sha256) -> Result<Self, Error> {
        if self.sha256 != sha256 {
            return Err(Error::Checksum { file: self.name, expected: sha256, found: self.sha256 });
        }
        self.is_checked = true;
        Ok(self)
    }

    /// Where the list was read.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Digest of the file or, of several, of their digests in hexadecimal.
    #[must_use]
    pub const fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// Whether somebody else said what the digest should be, and it is.
    #[must_use]
    pub const fn is_checked(&self) -> bool {
        self.is_checked
    }

    /// Reads the list; its entries name the file they come from.
    ///
    /// # Errors
    /// When a file cannot be read, or is no list in this format.
    pub fn list(&self, format: ListFormat, defaults: &Defaults<'_>) -> Result<ListFile, Error> {
        let name = self.name.rsplit('/').next().unwrap_or_default();
        let parts = Parts {
            main: self.parts.main.open()?,
            alt: self.parts.alt.as_ref().map(Content::open).transpose()?,
            add: self.parts.add.as_ref().map(Content::open).transpose()?,
            comments: self.parts.comments.as_ref().map(Content::open).transpose()?,
        };
        let defaults = Defaults { file: Some((name, self.sha256)), ..defaults.clone() };
        let read = read_list(format, name, parts, &defaults);
        read.map_err(|source| Error::Malformed { file: self.name.clone(), source })
    }
}

impl Stamp {
    /// The stamp of what [`Files::read`] would read now.
    pub(crate) fn of(path: &Path, format: ListFormat) -> Result<Self, Error> {
        let main = newest(path)?;
        let beside = ["alt", "add", "comments"].into_iter().filter_map(|part| sibling(&main, format, part));
        let mut all = Vec::new();
        for path in beside.chain([main.clone()]) {
            let meta = std::fs::metadata(&path);
            let meta = meta.map_err(|source| Error::ReadFile { path: path.clone(), source })?;
            all.push((path, meta.modified().ok(), meta.len()));
        }
        Ok(Self(all))
    }

    /// When the newest of the files was written.
    pub(crate) fn modified(&self) -> Option<SystemTime> {
        self.0.iter().filter_map(|(_, modified, _)| *modified).max()
    }
}

fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|source| Error::ReadFile { path: path.to_owned(), source })
}

fn digest(path: &Path) -> Result<Sha256, Error> {
    const CHUNK: usize = 64 * 1024;
    let failed = |source| Error::ReadFile { path: path.to_owned(), source };
    let about = path.metadata().map_err(failed)?;
    if !about.is_file() {
        // A list is read twice, and its size is known beforehand.
        let why = "it is a pipe or device; put the list into a file";
        return Err(failed(std::io::Error::new(std::io::ErrorKind::InvalidInput, why)));
    }
    let bytes = about.len();
    if bytes > MAX_FILE_BYTES {
        return Err(Error::FileTooLarge { path: path.to_owned(), bytes, limit: MAX_FILE_BYTES });
    }
    let mut file = open(path)?;
    let (mut hasher, mut chunk) = (Hasher::default(), vec![0; CHUNK]);
    loop {
        match file.read(&mut chunk).map_err(failed)? {
            0 => return Ok(hasher.finish()),
            n => hasher.update(chunk.get(..n).unwrap_or_default()),
        }
    }
}

/// Whether a digest lies beside the file; an error when it is another.
fn check_beside(path: &Path, found: Sha256) -> Result<bool, Error> {
    const MAX_DIGEST_BYTES: u64 = 4_096;
    let mut beside = path.as_os_str().to_owned();
    beside.push(DIGEST_ENDING);
    let beside = PathBuf::from(beside);
    if !beside.is_file() {
        return Ok(false);
    }
    let mut text = String::new();
    let read = open(&beside)?.take(MAX_DIGEST_BYTES).read_to_string(&mut text);
    read.map_err(|source| Error::ReadFile { path: beside.clone(), source })?;
    let expected = text.split_whitespace().next().and_then(|hex| Sha256::parse(&hex.to_ascii_lowercase()));
    match expected {
        Some(expected) if expected == found => Ok(true),
        Some(expected) => Err(Error::Checksum { file: path.display().to_string(), expected, found }),
        None => Err(Error::BadChecksumFile { path: beside }),
    }
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
        let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
        let is_beside = name.ends_with(DIGEST_ENDING) || is_companion(&name);
        // A file may vanish between the two calls.
        let Ok(meta) = entry.metadata() else { continue };
        if meta.is_file() && !name.starts_with('.') && !is_beside {
            files.push((meta.modified().ok(), entry.path()));
        }
    }
    files.sort();
    files.pop().map(|(_, path)| path).ok_or_else(|| Error::EmptyFolder { path: path.to_owned() })
}

/// Whether a file only adds to one of OFAC's lists.
fn is_companion(name: &str) -> bool {
    let stem = name.strip_suffix(".csv").unwrap_or_default();
    ["alt", "add", "comments"].iter().any(|part| {
        stem.strip_suffix(part).is_some_and(|front| front.is_empty() || front.ends_with(['-', '_']))
    })
}

/// `alt.csv` beside `sdn.csv`, `ofac-alt.csv` beside `ofac-sdn.csv`, `cons_alt.csv` beside `cons_prim.csv`, when it exists.
fn sibling(main: &Path, format: ListFormat, part: &str) -> Option<PathBuf> {
    let fits = matches!(format, ListFormat::OfacSdn | ListFormat::Auto);
    let name = main.file_name().and_then(|n| n.to_str()).filter(|_| fits)?;
    let lower = name.to_ascii_lowercase();
    let stem = lower.strip_suffix(".csv")?;
    let (own, part) = match part {
        "comments" if stem.ends_with("sdn") => ("sdn", "sdn_comments"),
        part if stem.ends_with("sdn") => ("sdn", part),
        part if stem.ends_with("prim") => ("prim", part),
        _ => return None,
    };
    let at = stem.len() - own.len();
    let (front, own, back) = (name.get(..at)?, name.get(at..stem.len())?, name.get(stem.len()..)?);
    let upper = own.chars().all(|c| c.is_ascii_uppercase());
    let part = if upper { part.to_ascii_uppercase() } else { part.to_owned() };
    Some(main.with_file_name(format!("{front}{part}{back}"))).filter(|p| p.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_beside_an_ofac_list_are_found_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let names = [
            "ofac-sdn.csv",
            "ofac-alt.csv",
            "ofac-sdn_comments.csv",
            "SDN.CSV",
            "ADD.CSV",
            "cons_prim.csv",
            "cons_add.csv",
        ];
        for name in names {
            std::fs::write(dir.path().join(name), name).unwrap();
        }
        let beside = |name: &str, format, part: &str| {
            let found = sibling(&dir.path().join(name), format, part)?;
            Some(found.file_name().unwrap().to_str().unwrap().to_owned())
        };
        let format = ListFormat::OfacSdn;
        assert_eq!(beside("ofac-sdn.csv", format, "alt").as_deref(), Some("ofac-alt.csv"));
        assert_eq!(beside("ofac-sdn.csv", format, "add"), None);
        assert_eq!(beside("ofac-sdn.csv", format, "comments").as_deref(), Some("ofac-sdn_comments.csv"));
        assert_eq!(beside("SDN.CSV", ListFormat::Auto, "add").as_deref(), Some("ADD.CSV"));
        assert_eq!(beside("cons_prim.csv", format, "add").as_deref(), Some("cons_add.csv"));
        assert_eq!(beside("ofac-sdn.csv", ListFormat::AgencyCsv, "alt"), None);
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
        write("cons_alt.csv", "aliases", 300);
        assert_eq!(Files::read(dir.path(), format).unwrap().sha256(), Sha256::of(b"new"));
        let before = Stamp::of(dir.path(), format).unwrap();
        assert_eq!(Stamp::of(dir.path(), format).unwrap(), before);
        write("b.csv", "newer", 300);
        assert_ne!(Stamp::of(dir.path(), format).unwrap(), before);
        assert_eq!(Files::read(dir.path(), format).unwrap().sha256(), Sha256::of(b"newer"));
    }

    #[test]
    fn a_digest_beside_the_file_must_be_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("list.csv");
        std::fs::write(&path, "text").unwrap();
        let read = || Files::read(dir.path(), ListFormat::AgencyCsv);
        assert!(!read().unwrap().is_checked());
        let beside = dir.path().join("list.csv.sha256");
        std::fs::write(&beside, format!("{}  list.csv\n", Sha256::of(b"text"))).unwrap();
        assert!(read().unwrap().is_checked());
        std::fs::write(&path, "other").unwrap();
        assert!(matches!(read(), Err(Error::Checksum { .. })));
        std::fs::write(&beside, "nonsense").unwrap();
        assert!(matches!(read(), Err(Error::BadChecksumFile { .. })));
        assert!(Files::of_bytes(b"text".to_vec()).expect(Sha256::of(b"text")).unwrap().is_checked());
        assert!(Files::of_bytes(b"text".to_vec()).expect(Sha256::of(b"x")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_no_list() {
        let error = Files::read(Path::new("/dev/zero"), ListFormat::Auto).unwrap_err();
        assert!(error.to_string().contains("put the list into a file"), "{error}");
    }
}
