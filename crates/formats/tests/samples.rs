//! Samples of every message type and what they become. `samples/TYPE/NAME.EXT` is a message, `NAME.expected` beside it what
//! was reviewed: a line for each document, event and reject. `feeds.toml` and `parties.csv` in the folder are in force; a file
//! belongs to the feed that claims its name. `UPDATE_SAMPLES=1` writes the expectations anew, for review.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use quaywatch_domain::event::Source;
use quaywatch_domain::{PseudonymKey, Timestamp};
use quaywatch_formats::{Context, FeedSettings, Feeds, Parties, parse};

/// When the samples are taken to have come in: after everything that they tell of.
const RECEIVED: Timestamp = Timestamp::from_millis(1_780_000_000_000);

fn folder(path: &Path) -> Vec<PathBuf> {
    let mut inside: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
    inside.sort();
    inside
}

/// What a message becomes, as text.
fn read(path: &Path) -> String {
    let beside = path.parent().unwrap();
    let text = |name: &str| fs::read_to_string(beside.join(name)).unwrap_or_default();
    let feeds = Feeds::parse(&text("feeds.toml")).unwrap();
    let parties = match text("parties.csv").as_str() {
        "" => Parties::default(),
        text => Parties::parse(text).unwrap(),
    };
    let feed = feeds.claim(path.file_name().unwrap().to_str().unwrap());
    let unknown = FeedSettings::default();
    let key = PseudonymKey::new(*b"a key for the samples").unwrap();
    let bytes = fs::read(path).unwrap();
    let context = Context {
        feed,
        settings: feeds.get(feed).unwrap_or(&unknown),
        key: &key,
        parties: &parties,
        received_at: Some(RECEIVED),
        content_type: None,
        source: Source::default(),
    };
    let parsed = parse(&bytes, &context);
    let mut out = String::new();
    for document in &parsed.documents {
        if let Some(id) = &document.id {
            writeln!(out, "document {id} {:?} revision {}", document.function, document.revision).unwrap();
        }
        for event in &document.events {
            writeln!(out, "{}", serde_json::to_string(event).unwrap()).unwrap();
        }
    }
    for reject in &parsed.rejects {
        let position = reject.position.as_deref().unwrap_or("whole message");
        writeln!(
            out,
            "reject {} at {position}: {} ({} bytes)",
            reject.code,
            reject.sentence,
            reject.bytes.len()
        )
        .unwrap();
    }
    out
}

#[test]
fn every_sample_becomes_what_was_reviewed() {
    let update = std::env::var_os("UPDATE_SAMPLES").is_some();
    let (mut seen, mut wrong) = (0, Vec::new());
    for kind in folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")) {
        for path in folder(&kind) {
            let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
            if extension == "expected" || path.ends_with("feeds.toml") || path.ends_with("parties.csv") {
                continue;
            }
            seen += 1;
            let (expected, got) = (path.with_extension("expected"), read(&path));
            if update {
                fs::write(&expected, &got).unwrap();
            } else if fs::read_to_string(&expected).unwrap_or_default() != got {
                wrong.push(format!("{} becomes\n{got}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 0, "there are samples");
}

/// Folders that must be there, one a type of message.
const TYPES: &[&str] = &[
    "edifact-baplie-2",
    "edifact-baplie-3.1",
    "edifact-coarri",
    "edifact-codeco",
    "edifact-coparn",
    "edifact-copino",
    "edifact-coprar",
    "edifact-coreor",
    "edifact-costco",
    "edifact-costor",
    "edifact-cuscar",
    "edifact-cusres",
    "edifact-iftsta",
    "edifact-vermas",
];

/// A type of message is known well enough when five samples show it: plain, rich, wrong counts, foreign, hostile.
#[test]
fn every_type_has_at_least_five_samples() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let count = |kind: &&str| {
        let files = fs::read_dir(samples.join(kind)).map(|_| folder(&samples.join(kind))).unwrap_or_default();
        files.iter().filter(|p| p.extension().is_some_and(|e| e == "expected")).count()
    };
    let wanting: Vec<_> = TYPES.iter().map(|kind| (kind, count(kind))).filter(|(_, n)| *n < 5).collect();
    assert!(wanting.is_empty(), "write at least five samples for {wanting:?}");
}
