//! Samples of every message type and what they become. `samples/TYPE/NAME.EXT` is a message, `NAME.expected` beside it what
//! was reviewed: a line for each document, event and reject; for `function.EXT` also what each version of a document says
//! and takes back. `feeds.toml` and `parties.csv` in the folder are in force; a file belongs to the feed that claims its
//! name. `UPDATE_SAMPLES=1` writes the expectations anew, for review.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use quaywatch_domain::event::Source;
use quaywatch_domain::{PortEvent, PseudonymKey, Timestamp};
use quaywatch_formats::document::{Document, DocumentState, apply, lone_lines};
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
            let mut rest = document.clone();
            let lone = lone_lines(&mut rest);
            let emitted = apply(None, document.clone()).emit;
            assert!(lone == emitted || (lone.is_empty() && rest == *document), "{}", path.display());
        }
        for event in &document.events {
            writeln!(out, "{}", serde_json::to_string(event).unwrap()).unwrap();
        }
    }
    if path.file_stem().is_some_and(|stem| stem == "function") {
        for line in versions(&parsed.documents) {
            writeln!(out, "{line}").unwrap();
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

/// What each version of a document says and takes back, one after the other.
fn versions(documents: &[Document]) -> Vec<String> {
    let mut states = BTreeMap::<&str, DocumentState>::new();
    let mut lines = Vec::new();
    for document in documents {
        let Some(id) = document.id.as_deref() else { continue };
        let applied = apply(states.get(id), document.clone());
        lines.push(format!("version {:?} of {id}: {:?}", document.function, applied.verdict));
        let verb = |event: &PortEvent| if event.retracted { "takes back" } else { "says" };
        lines.extend(
            applied.emit.iter().map(|e| format!("  {} {} as of {}", verb(e), e.event_id, e.revision)),
        );
        states.insert(id, applied.state);
    }
    lines
}

fn is_message(path: &Path) -> bool {
    path.extension().is_some_and(|e| e != "expected")
        && !path.ends_with("feeds.toml")
        && !path.ends_with("parties.csv")
}

#[test]
fn every_sample_becomes_what_was_reviewed() {
    let update = std::env::var_os("UPDATE_SAMPLES").is_some();
    let (mut seen, mut wrong) = (0, Vec::new());
    for kind in folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")) {
        for path in folder(&kind) {
            if !is_message(&path) {
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
    "access-log",
    "customs-status",
    "dcsa-2.2-equipment",
    "dcsa-2.2-shipment",
    "dcsa-2.2-transport",
    "dcsa-3.0-short",
    "dcsa-3.0-words",
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
    "gate-log",
    "jsonl",
    "parties",
    "pre-notification",
    "release-rights",
    "weighbridge",
    "yard-positions",
];

/// A type of message is known well enough when five samples show it: plain, rich, wrong counts, foreign, hostile.
#[test]
fn every_type_has_at_least_five_samples() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    for kind in TYPES {
        let messages = folder(&samples.join(kind)).iter().filter(|path| is_message(path)).count();
        assert!(messages >= 5, "{kind} has {messages} samples; write at least five");
    }
    for kind in folder(&samples) {
        let name = kind.file_name().and_then(|name| name.to_str()).unwrap();
        assert!(TYPES.contains(&name), "{name} is not in the list of types");
    }
}

/// What a person would look for in a sample: nothing of it may be in what it becomes.
#[test]
fn no_secret_is_in_what_a_sample_becomes() {
    const SECRETS: [&str; 14] = [
        "4711",
        "4712",
        "KP AB",
        "AB-123",
        "KP 77",
        "LJ-55",
        "HH-AB",
        "D-1188",
        "jnovak",
        "jmüller",
        "10.1.2.3",
        "Janez",
        "j@x.si",
        "WDB9634031L000001",
    ];
    const EDIFACT_SECRETS: [&str; 14] = [
        "83920175", "77112233", "77112234", "R0099812", "11111111", "33333333", "KP AB", "LJ12ABC",
        "XA212345", "IKP-1234", "NOVAK", "JOHN DOE", "SKRI", "DRV-0042",
    ];
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    for kind in TYPES {
        let secrets = if kind.starts_with("edifact") { EDIFACT_SECRETS } else { SECRETS };
        for path in folder(&samples.join(kind)).iter().filter(|path| is_message(path)) {
            let becomes = read(path);
            for secret in secrets {
                assert!(!becomes.contains(secret), "{secret} is in what {} becomes", path.display());
            }
        }
    }
}
