//! The settings of the feeds, `feeds.toml`.

use crate::cast::{CARRIERS, Terminal};
use crate::letter::{CUSTOMS_FEED, QUAY_FEED, RELEASE_FEED};

/// The file.
pub(crate) fn toml() -> String {
    let mut text = String::from("# Feeds of the simulated port.\n");
    for carrier in &CARRIERS {
        text += &feed(carrier.feed, "dcsa", "UTC", None, "json");
    }
    let (koper, trieste) = (Terminal::Koper, Terminal::Trieste);
    text += &feed(QUAY_FEED, "edifact", koper.zone(), Some(koper), "edi");
    text += &feed(koper.gate_feed(), "edifact", koper.zone(), Some(koper), "edi");
    text += &feed(trieste.gate_feed(), "edifact", trieste.zone(), Some(trieste), "edi");
    text += &feed(RELEASE_FEED, "jsonl", koper.zone(), Some(koper), "ndjson");
    text += &feed(CUSTOMS_FEED, "jsonl", koper.zone(), Some(koper), "ndjson");
    text
}

fn feed(id: &str, format: &str, zone: &str, terminal: Option<Terminal>, extension: &str) -> String {
    let place = terminal
        .map(|t| format!("terminal = \"{}\"\nport = \"{}\"\n", t.code(), t.un_locode()))
        .unwrap_or_default();
    format!(
        "\n[feeds.{id}]\nformat = \"{format}\"\ntime_zone = \"{zone}\"\n{place}files = [\"{id}-*.{extension}\"]\n"
    )
}
