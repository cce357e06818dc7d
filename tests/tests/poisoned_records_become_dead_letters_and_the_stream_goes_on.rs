//! Goal: a record that cannot be used, on whatever topic, becomes a dead letter with its original bytes, and those
//! behind it come through.
//!
//! Method: truncated Avro, a schema that nobody knows, noise up to 2 MB, bytes that are no text, and no value at all, on
//! the input of every stage, in front of traffic that must raise alerts. Every poisoned record must be found among the
//! dead letters, byte for byte and with its coordinates, the alerts must be those of the traffic, and at every stage
//! records in must be the sum of outcomes.

use anyhow::{Context as _, Result, ensure};
use quaywatch_kafka::NewRecord;
use quaywatch_tests::broker::Broker;
use quaywatch_tests::port::{Port, SETTLE_LIMIT, STAGES};
use quaywatch_tests::snapshot::settled;
use quaywatch_tests::traffic::Traffic;
use quaywatch_tests::{list, now_ms};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

const INPUTS: [&str; 5] =
    ["port.raw", "port.events", "port.facts", "port.alerts", "agency.customs-koper.feedback"];
const NOISE_BYTES: usize = 2_000_000;

#[test]
fn poisoned_records_become_dead_letters_and_the_stream_goes_on() -> Result<()> {
    let broker = Broker::start()?;
    let traffic = Traffic::of(160, 4, now_ms());
    let mut port = Port::new(broker.brokers(), "poisoned")?;
    list::load(&port, &traffic.wanted)?;
    port.start_all("0")?;

    let mut poison: Vec<(&str, i32, i64, Option<Vec<u8>>)> = Vec::new();
    for topic in INPUTS {
        for value in poisons(&port, &traffic)? {
            let record = match &value {
                Some(bytes) => NewRecord::new(topic, "k", bytes.clone()),
                None => NewRecord::tombstone(topic, "k"),
            };
            let (partition, offset) = port.send(record)?;
            // No value on port.alerts is what retention leaves; everywhere else it is a mistake.
            if value.is_some() || topic != "port.alerts" {
                poison.push((topic, partition, offset, value));
            }
        }
    }
    port.put(&traffic.messages, |_, _| Ok(()))?;
    let snapshot = settled(&port, SETTLE_LIMIT)?;

    for (topic, partition, offset, value) in &poison {
        let letter = snapshot
            .dead_letters
            .iter()
            .find(|l| l.topic == *topic && l.partition == *partition && l.offset == *offset)
            .with_context(|| format!("{topic}/{partition}/{offset} is not among the dead letters"))?;
        ensure!(letter.value == *value, "{topic}/{partition}/{offset} has other bytes");
        ensure!(letter.key.as_deref() == Some(b"k"), "{topic}/{partition}/{offset} has another key");
        ensure!(
            !letter.code.is_empty() && letter.sentence.len() > 20,
            "{}: {}",
            letter.code,
            letter.sentence
        );
    }
    ensure!(snapshot.dead_letters.len() == poison.len(), "{} dead letters", snapshot.dead_letters.len());
    let of_police = snapshot.views.keys().filter(|(agency, _)| agency == "police-koper").count();
    ensure!(of_police == traffic.suspects, "{of_police} alerts, {} suspects", traffic.suspects);
    for stage in STAGES {
        let service = port.service(stage, "0")?;
        let read = service.metric("quaywatch_records_in_total{")?;
        let outcomes = service.metric("quaywatch_outcomes_total{")?;
        ensure!(read == outcomes && read > 0.0, "{stage}: {read} in, {outcomes} outcomes");
    }
    Ok(())
}

/// What no stage can use.
fn poisons(port: &Port, traffic: &Traffic) -> Result<Vec<Option<Vec<u8>>>> {
    let message = traffic.messages.first().context("no traffic")?;
    let mut truncated = port.codec.encode("port.raw", &message.raw())?;
    truncated.truncate(truncated.len() / 2);
    let mut unknown = vec![0xC3, 0x01];
    unknown.extend(*b"nobody's");
    unknown.extend([0; 40]);
    let mut noise = vec![0; NOISE_BYTES];
    ChaCha8Rng::seed_from_u64(1).fill_bytes(&mut noise);
    Ok(vec![Some(truncated), Some(unknown), Some(noise), Some(b"\xFF\xFE no text \x80".to_vec()), None])
}
