//! Goal: a feed that sends nothing usable is paused while others run on; after its mapping is mended, one command lets it run
//! again, another puts back what failed before, and every event is there once.
//!
//! Method: two feeds on one normalizer and a real Apache Kafka. One sends CSV under headers that nobody mapped, until it is
//! paused and further. Then the mapping is written, and the commands are run, twice.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use quaywatch_domain::{PortEvent, RawMessage, Sha256, Timestamp};
use quaywatch_kafka::{AckedProducer, NewRecord, Reader};
use quaywatch_tests::broker::Broker;
use quaywatch_tests::port::Port;
use quaywatch_tests::services::run;
use quaywatch_tests::{now_ms, wait_for};

const LIMIT: Duration = Duration::from_secs(60);
const PAUSE: &str = "pause = { messages = 5, rejected_percent = 80 }";

#[test]
fn a_mended_feed_is_read_again_without_doubling() -> Result<()> {
    let broker = Broker::start()?;
    let mut port = Port::new(broker.brokers(), "mended")?;
    let feeds = port.dir().join("feeds.toml");
    std::fs::write(&feeds, format!("[feeds.gate]\n[feeds.log]\nformat = \"csv\"\n{PAUSE}\n"))?;
    port.start("normalizer", "0")?;
    port.wait_ready()?;

    for n in 0..8 {
        send(
            &port,
            "log",
            &format!("Richtung;Zeit;Behälter\r\nAusgang;01.03.2026 10:0{n};CSQU305438{n}\r\n"),
        )?;
        // In turn, as they would come.
        wait_for("the message to be handled", LIMIT, || {
            Ok(port.metric("quaywatch_feed_messages_total{feed=\"log\"")? + letters(&port, "FEED_PAUSED")?
                >= f64::from(n + 1))
        })?;
    }
    ensure!(letters(&port, "MISSING_FIELD")? == 5.0 && letters(&port, "FEED_PAUSED")? == 3.0);
    send(
        &port,
        "gate",
        "{\"kind\":\"gate_in\",\"occurred_at\":\"2026-03-01T08:00:00Z\",\"equipment\":{\"number\":\"MSKU0000001\"}}",
    )?;
    wait_for("the other feed", LIMIT, || Ok(events(&port)?.len() == 1))?;
    let settings = port.settings("0");
    let command = |arguments: &[&str]| -> Result<String> {
        let (code, out, err) = run(arguments, &settings)?;
        ensure!(code == 0, "{arguments:?}: {err}");
        Ok(out + &err)
    };
    let status = command(&["feeds", "status"])?;
    ensure!(status.contains("PAUSED") && status.contains("5 could not be used"), "{status}");

    let mapping = "[feeds.log.mapping.fields]\nkind = { from = \"Richtung\", values = { Ausgang = \"gate_out\" } }\n\
                   occurred_at = { from = \"Zeit\", format = \"%d.%m.%Y %H:%M\" }\n\"equipment.number\" = \"Behälter\"\n";
    std::fs::write(&feeds, format!("[feeds.gate]\n[feeds.log]\nformat = \"csv\"\n{PAUSE}\n{mapping}"))?;
    let log = port.dir().join("normalizer-0.log");
    wait_for("the new mapping", LIMIT, || Ok(std::fs::read_to_string(&log)?.contains("file read again")))?;

    let resumed = command(&["feeds", "resume", "log"])?;
    ensure!(resumed.contains("3 messages"), "{resumed}");
    wait_for("what was set aside", LIMIT, || Ok(events(&port)?.len() == 4))?;
    let put_back = command(&["deadletters", "requeue", "--feed", "log", "--code", "MISSING_FIELD"])?;
    ensure!(put_back.contains("5 messages"), "{put_back}");
    wait_for("what had failed", LIMIT, || Ok(events(&port)?.len() == 9))?;

    for again in [&["feeds", "resume", "log"][..], &["deadletters", "requeue", "--feed", "log"]] {
        let again = command(again)?;
        ensure!(again.contains("0 messages"), "{again}");
    }
    send(
        &port,
        "gate",
        "{\"kind\":\"gate_out\",\"occurred_at\":\"2026-03-01T09:00:00Z\",\"equipment\":{\"number\":\"MSKU0000001\"}}",
    )?;
    wait_for("the last message", LIMIT, || Ok(events(&port)?.len() == 10))?;
    let doubled: Vec<_> = events(&port)?.into_iter().filter(|(_, n)| *n > 1).collect();
    ensure!(doubled.is_empty(), "events that came twice: {doubled:?}");
    Ok(())
}

fn send(port: &Port, feed: &str, text: &str) -> Result<()> {
    let raw = RawMessage {
        feed: feed.to_owned(),
        content_type: None,
        received_at: Timestamp::from_millis(now_ms()),
        sha256: Sha256::of(text.as_bytes()),
        body: text.as_bytes().to_vec(),
        sender: None,
        path: None,
        signature: None,
    };
    let record = NewRecord::new("port.raw", feed, port.codec.encode("port.raw", &raw)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { AckedProducer::connect(&port.kafka, "test")?.send(record).await })?;
    Ok(())
}

fn letters(port: &Port, code: &str) -> Result<f64> {
    port.metric(&format!("quaywatch_feed_dead_letters_total{{code=\"{code}\""))
}

/// How often each event was published.
fn events(port: &Port) -> Result<BTreeMap<String, usize>> {
    let mut events = BTreeMap::new();
    for record in Reader::read_all(&port.kafka, &["port.events"], LIMIT)? {
        let event: PortEvent = port.codec.decode(record.value.as_deref().unwrap_or_default())?;
        *events.entry(event.event_id.to_string()).or_default() += 1;
    }
    Ok(events)
}
