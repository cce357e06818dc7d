//! Lists from the web: files of a source are fetched into its folder, where the service finds them as it finds any other.
//!
//! A file takes its place only when it is whole, and those of one edition together. Servers are asked whether anything
//! changed (`ETag`, `Last-Modified`) before they send it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use quaywatch_domain::Timestamp;
use quaywatch_service::settings::ListSource;
use serde::{Deserialize, Serialize};
use ureq::Agent;
use ureq::http::{StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use crate::Error;

/// What is known of the last fetch; the dot keeps it from being taken for a list.
const STATE_FILE: &str = ".fetched.json";
/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Most redirections that are followed.
const MAX_REDIRECTS: u32 = 5;
/// Longest file with a digest, bytes.
const MAX_DIGEST_BYTES: u64 = 4_096;

/// What is known of the last fetch of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fetched {
    /// When every file was last fetched or found unchanged.
    pub(crate) at: Timestamp,
    /// What the servers said of each file, by address.
    files: BTreeMap<String, Validators>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Validators {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
}

impl Fetched {
    /// What was fetched into a folder; nothing when that cannot be told.
    pub(crate) fn of(folder: &Path) -> Self {
        let text = std::fs::read(folder.join(STATE_FILE)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }
}

/// Forgets what the servers said of the files, so that they are fetched whole the next time.
pub(crate) fn forget(folder: &Path) {
    let known = Fetched { files: BTreeMap::new(), ..Fetched::of(folder) };
    let text = serde_json::to_vec(&known).unwrap_or_default();
    if let Err(error) = std::fs::write(folder.join(STATE_FILE), text) {
        tracing::warn!(folder = %folder.display(), %error, "what is known of the last fetch cannot be forgotten");
    }
}

/// What a fetch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// At least one file is new.
    New,
    /// The servers have nothing new.
    None,
}

/// Fetches the files of a source into its folder. Blocks.
///
/// # Errors
/// When a file cannot be had; the ones that are there stay.
pub fn fetch(source: &ListSource, now: Timestamp) -> Result<Change, Error> {
    let folder = &source.path;
    let failed = |path: &Path, source| Error::WriteFile { path: path.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
    let agent = agent(source);
    let before = Fetched::of(folder);
    let mut after = Fetched { at: now, files: BTreeMap::new() };
    let mut moves = Vec::new();
    for (number, url) in (1..).zip(&source.urls) {
        let name = file_name(url, number);
        let known = before.files.get(url).filter(|_| folder.join(&name).is_file());
        let part = folder.join(format!(".{name}.part"));
        let (validators, is_new) = get(&agent, source, url, known, &part, source.max_bytes)?;
        after.files.insert(url.clone(), validators);
        if is_new {
            moves.push((part, folder.join(name)));
        }
    }
    let change = if moves.is_empty() { Change::None } else { Change::New };
    if let (Some(url), Some(main)) =
        (&source.sha256_url, source.urls.first().filter(|_| change == Change::New))
    {
        let name = format!("{}.sha256", file_name(main, 1));
        let part = folder.join(format!(".{name}.part"));
        get(&agent, source, url, None, &part, MAX_DIGEST_BYTES)?;
        moves.push((part, folder.join(name)));
    }
    for (part, place) in moves {
        std::fs::rename(&part, &place).map_err(|e| failed(&place, e))?;
    }
    let state = folder.join(STATE_FILE);
    let text = serde_json::to_vec(&after).unwrap_or_default();
    std::fs::write(&state, text).map_err(|e| failed(&state, e))?;
    Ok(change)
}

fn agent(source: &ListSource) -> Agent {
    let tls =
        TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier).build();
    let timeout = Duration::from_secs(source.timeout_s);
    let config = Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(timeout))
        .timeout_connect(Some(timeout.min(CONNECT_TIMEOUT)))
        .http_status_as_error(false)
        .max_redirects(MAX_REDIRECTS)
        .user_agent(concat!("quaywatch/", env!("CARGO_PKG_VERSION")))
        .build();
    config.into()
}

/// Asks for one file; what came is in `part`, when anything did.
fn get(
    agent: &Agent,
    source: &ListSource,
    url: &str,
    known: Option<&Validators>,
    part: &Path,
    max_bytes: u64,
) -> Result<(Validators, bool), Error> {
    let refused = |reason: String| Error::Fetch { url: without_query(url).to_owned(), reason };
    let mut request = agent.get(url);
    if let Some(authorization) = source.authorization.expose() {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    if let Some(etag) = known.and_then(|known| known.etag.as_deref()) {
        request = request.header(header::IF_NONE_MATCH, etag);
    }
    if let Some(since) = known.and_then(|known| known.last_modified.as_deref()) {
        request = request.header(header::IF_MODIFIED_SINCE, since);
    }
    let mut response = request.call().map_err(|e| refused(e.to_string()))?;
    match (response.status(), known) {
        (StatusCode::NOT_MODIFIED, Some(known)) => return Ok((known.clone(), false)),
        (StatusCode::OK, _) => {}
        (status, _) => return Err(refused(format!("the server answers {status}"))),
    }
    let text = |name| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let validators = Validators { etag: text(header::ETAG), last_modified: text(header::LAST_MODIFIED) };
    let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > max_bytes) {
        return Err(refused(format!("it has more than {max_bytes} bytes")));
    }
    let body = response.body_mut().as_reader();
    let written = write(body, part, max_bytes);
    let written = written.inspect_err(|_| drop(std::fs::remove_file(part)));
    let written = written.map_err(|e| refused(e.to_string()))?;
    if written > max_bytes || length.is_some_and(|length| length != written) {
        // What is left of it would only take room.
        drop(std::fs::remove_file(part));
        let why = if written > max_bytes {
            format!("it has more than {max_bytes} bytes")
        } else {
            "it was cut off".to_owned()
        };
        return Err(refused(why));
    }
    Ok((validators, true))
}

/// How many bytes came, one more than the limit at most.
fn write(body: impl io::Read, part: &Path, max_bytes: u64) -> io::Result<u64> {
    let mut file = File::create(part)?;
    let written = io::copy(&mut body.take(max_bytes.saturating_add(1)), &mut file)?;
    file.flush()?;
    file.sync_all()?;
    Ok(written)
}

/// The last part of the path, as far as it can be a file name; several addresses of one source do not collide.
fn file_name(url: &str, number: usize) -> String {
    let path = without_query(url).split("://").last().unwrap_or_default();
    let name = path.split('/').skip(1).last().unwrap_or_default();
    let safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = name.chars().filter(safe).take(100).collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { format!("list-{number}") } else { name.to_owned() }
}

/// Tokens are in the query.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// The folder that the files of a source lie in.
pub(crate) fn folder(source: &ListSource) -> Option<PathBuf> {
    (!source.urls.is_empty()).then(|| source.path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_as_in_their_address() {
        assert_eq!(file_name("https://a.example/exports/SDN.CSV", 1), "SDN.CSV");
        assert_eq!(file_name("https://a.example/files/content?token=x/y", 1), "content");
        assert_eq!(file_name("https://a.example/", 2), "list-2");
        assert_eq!(file_name("https://a.example", 1), "list-1");
        assert_eq!(file_name("https://a.example/..%2f..", 1), "2f..");
    }
}
