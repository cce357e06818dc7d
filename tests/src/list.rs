//! Watchlists.

use anyhow::Result;
use quaywatch_domain::handling::{EuropolCode, Tlp};
use quaywatch_domain::watchlist::{EntryAction, EntryKind, Value};
use quaywatch_domain::{Handling, Severity, WatchlistEntry};
use quaywatch_kafka::NewRecord;

use crate::port::Port;

/// Puts containers on a list of the police, at a version that is the same each time.
///
/// # Errors
/// When it is not stored.
pub fn load(port: &Port, containers: &[String]) -> Result<()> {
    let mut records = Vec::new();
    for container in containers {
        let entry = WatchlistEntry {
            values: vec![Value { scheme: "CONTAINER".into(), value: container.as_str().into() }],
            action: EntryAction::Specific,
            severity: Severity::High,
            handling: Handling::new(Tlp::AmberStrict, EuropolCode::H1),
            owner: Some("police-koper".to_owned()),
            ..WatchlistEntry::new("wanted", "1", format!("e-{container}"), EntryKind::Container)
        };
        let value = port.codec.encode("port.watchlist", &entry)?;
        records.push(NewRecord::new("port.watchlist", entry.key(), value));
    }
    port.send_together(&records)
}
