//! The same as HTTP, from files.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use crate::{Error, Incoming, Intake, NotStored, Stored};

/// Largest file, which is read whole.
const MAX_FILE_BYTES: u64 = 512 * 1024 * 1024;
/// Messages that wait for the broker at a time.
const MAX_WAITING: usize = 256;

/// A message that was stored from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    /// The file.
    pub path: PathBuf,
    /// Which part of the file, from 1; files of lines larger than a message are cut between lines.
    pub part: usize,
    /// Where it is.
    pub stored: Stored,
}

/// Stores files as messages of `feed`, in this order, and calls `done` for each that the broker has.
///
/// A file is a message. A file of lines (`.jsonl`, `.ndjson`, or declared so) that is larger than a message may be is cut
/// between lines.
///
/// # Errors
/// At the first file that cannot be read or stored; those before it are stored.
pub async fn ingest(
    intake: &Intake,
    feed: &str,
    files: &[PathBuf],
    content_type: Option<&str>,
    max_body_bytes: usize,
    mut done: impl FnMut(Ingested) + Send,
) -> Result<(), Error> {
    let mut waiting = VecDeque::new();
    for path in files {
        let declared = content_type.or_else(|| media_type_of(path));
        for (at, body) in parts(path, declared, max_body_bytes)?.into_iter().enumerate() {
            let incoming = Incoming {
                feed: feed.to_owned(),
                content_type: declared.map(str::to_owned),
                sender: Some(feed.to_owned()),
                path: path.file_name().map(|n| n.to_string_lossy().into_owned()),
                signature: None,
                traceparent: None,
                body,
            };
            let failed = |source| Error::NotStored { path: path.clone(), source };
            let sending = intake.begin(incoming).map_err(failed)?;
            waiting.push_back((path, at + 1, sending));
            if waiting.len() >= MAX_WAITING
                && let Some((path, part, sending)) = waiting.pop_front()
            {
                done(finish(path, part, sending).await?);
            }
        }
    }
    for (path, part, sending) in waiting {
        done(finish(path, part, sending).await?);
    }
    Ok(())
}

async fn finish(
    path: &Path,
    part: usize,
    sending: impl Future<Output = Result<Stored, NotStored>>,
) -> Result<Ingested, Error> {
    let stored = sending.await.map_err(|source| Error::NotStored { path: path.to_owned(), source })?;
    Ok(Ingested { path: path.to_owned(), part, stored })
}

/// The media type that a file name suggests.
#[must_use]
pub fn media_type_of(path: &Path) -> Option<&'static str> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "json" => Some("application/json"),
        "jsonl" | "ndjson" => Some("application/x-ndjson"),
        "edi" | "edifact" => Some("application/edifact"),
        "csv" => Some("text/csv"),
        "txt" => Some("text/plain"),
        _ => None,
    }
}

/// The messages in a file: the file itself, or when it is too large and consists of lines, pieces of it. CSV keeps its
/// header in each piece.
pub(crate) fn parts(path: &Path, content_type: Option<&str>, limit: usize) -> Result<Vec<Vec<u8>>, Error> {
    let unreadable = |source| Error::ReadFile { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_FILE_BYTES {
        let bytes = usize::try_from(size).unwrap_or(usize::MAX);
        return Err(Error::FileTooLarge { path: path.to_owned(), bytes, limit: MAX_FILE_BYTES as usize });
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    if bytes.trim_ascii().is_empty() {
        return Err(Error::EmptyFile { path: path.to_owned() });
    }
    if bytes.len() <= limit {
        return Ok(vec![bytes]);
    }
    let too_large = |bytes| Error::FileTooLarge { path: path.to_owned(), bytes, limit };
    let header = match content_type {
        Some("application/x-ndjson" | "application/jsonl") => &[][..],
        Some("text/csv") => bytes.split_inclusive(|b| *b == b'\n').next().unwrap_or_default(),
        _ => return Err(too_large(bytes.len())),
    };
    let rows = bytes.get(header.len()..).unwrap_or_default();
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for line in rows.split_inclusive(|b| *b == b'\n') {
        if header.len() + line.len() > limit {
            return Err(too_large(line.len()));
        }
        match parts.last_mut() {
            Some(last) if last.len() + line.len() <= limit => last.extend_from_slice(line),
            _ => parts.push([header, line].concat()),
        }
    }
    parts.retain(|part| !part.get(header.len()..).unwrap_or_default().trim_ascii().is_empty());
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_lines_are_cut_between_lines_and_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jsonl");
        let text: String = (0..100).map(|i| format!("{{\"n\":{i}}}\n")).collect();
        std::fs::write(&path, &text).unwrap();
        let cut = parts(&path, media_type_of(&path), 64).unwrap();
        assert!(cut.len() > 10 && cut.iter().all(|p| p.len() <= 64 && p.ends_with(b"\n")));
        assert_eq!(cut.concat(), text.as_bytes());
        let csv = dir.path().join("a.csv");
        std::fs::write(&csv, format!("kind,n\n{}", "gate_in,12345\n".repeat(50))).unwrap();
        let cut = parts(&csv, media_type_of(&csv), 100).unwrap();
        assert!(cut.len() > 5 && cut.iter().all(|p| p.len() <= 100 && p.starts_with(b"kind,n\ngate_in")));
        assert!(matches!(parts(&path, Some("application/json"), 64), Err(Error::FileTooLarge { .. })));
        assert!(matches!(parts(&path, media_type_of(&path), 5), Err(Error::FileTooLarge { .. })));
    }
}
