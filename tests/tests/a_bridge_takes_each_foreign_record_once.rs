//! Goal: what a foreign topic holds becomes messages, each once, whatever happens to the gateway.
//!
//! Method: a foreign topic on a real Apache Kafka, bridged as a feed. While records come in, the gateway is killed (SIGKILL)
//! three times and started again. In the end `port.raw` holds each record once, and those without value are dead letters.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use quaywatch_domain::RawMessage;
use quaywatch_kafka::{NewRecord, Reader, Topics, admin};
use quaywatch_tests::broker::Broker;
use quaywatch_tests::port::{Port, SETTLE_LIMIT, tail};
use quaywatch_tests::wait_for;

const LIMIT: Duration = Duration::from_secs(90);
const RECORDS: usize = 6_000;
const FOREIGN: &str = r#"
[defaults.configs]

[[topic]]
name = "pcs.gate"
key = "any"
value = "foreign"
partitions = 3
cleanup = "delete"
retention_ms = 86400000
owner = "pcs"
"#;

#[test]
fn a_bridge_takes_each_foreign_record_once() -> Result<()> {
    let broker = Broker::start()?;
    let mut port = Port::new(broker.brokers(), "bridged")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(admin::ensure(&port.kafka, &Topics::parse(FOREIGN, &[])?))?;
    std::fs::write(port.dir().join("feeds.toml"), "[feeds.pcs.bridge]\ntopic = \"pcs.gate\"\n")?;
    port.overrides.push(("gateway.listen".to_owned(), "127.0.0.1:0".to_owned()));
    port.start("gateway", "0")?;
    port.wait_ready()?;
    for part in 0..6 {
        let numbers = (part * RECORDS / 6)..((part + 1) * RECORDS / 6);
        let records: Vec<NewRecord> = numbers
            .map(|n| NewRecord::new("pcs.gate", format!("key-{n}"), format!("{{\"n\":{n}}}")))
            .collect();
        port.send_together(&records)?;
        if part % 2 == 0 {
            port.kill("gateway", "0")?;
            port.start("gateway", "0")?;
        }
    }
    port.send(NewRecord::tombstone("pcs.gate", "gone"))?;
    port.wait_ready()?;
    wait_for("all records", SETTLE_LIMIT, || Ok(bodies(&port)?.len() == RECORDS)).with_context(|| {
        let log = tail(&port.log("gateway", "0"));
        format!("{:?} of {RECORDS} came; the gateway's log ends with:\n{log}", bodies(&port).map(|b| b.len()))
    })?;
    wait_for("the dead letter", LIMIT, || {
        Ok(Reader::read_all(&port.kafka, &["port.deadletters"], LIMIT)?.len() == 1)
    })?;
    let doubled = bodies(&port)?.into_iter().filter(|(_, n)| *n > 1).count();
    ensure!(doubled == 0, "{doubled} records came twice");
    Ok(())
}

fn bodies(port: &Port) -> Result<BTreeMap<Vec<u8>, usize>> {
    let mut bodies = BTreeMap::new();
    for record in Reader::read_all(&port.kafka, &["port.raw"], LIMIT)? {
        let message: RawMessage = port.codec.decode(record.value.as_deref().unwrap_or_default())?;
        ensure!(message.feed == "pcs" && message.path.is_some(), "{message:?}");
        *bodies.entry(message.body).or_default() += 1;
    }
    Ok(bodies)
}
