//! Goal: an instance that was away too long, or whose place another producer took, writes nothing any more, and recovers
//! by rebuilding itself; the agencies read what they would have read.
//!
//! Method: the same messages twice. In the second run, under load, the detector is frozen (SIGSTOP) for longer than its
//! session lasts, a second instance takes its partitions over, and the first is let go on (SIGCONT). Later a foreign
//! producer takes the transactional ids of the screener, which must be fenced, rebuild itself and go on. In the end both
//! runs are compared, alert for alert and revision for revision. That a transaction aborted half-way leaves nothing
//! visible is shown where a transaction can be stopped half-way: `crates/kafka/tests/runtime/guarantees.rs`.

use std::time::Duration;

use anyhow::{Result, ensure};
use quaywatch_kafka::TransactionalBatch;
use quaywatch_tests::broker::Broker;
use quaywatch_tests::port::{Port, SETTLE_LIMIT};
use quaywatch_tests::snapshot::settled;
use quaywatch_tests::traffic::Traffic;
use quaywatch_tests::{list, now_ms, wait_for};

const CONTAINERS: usize = 300;
const TAKE_OVER_LIMIT: Duration = Duration::from_secs(60);

#[test]
fn a_zombie_is_fenced_and_recovers_by_rebuilding() -> Result<()> {
    let broker = Broker::start()?;
    let traffic = Traffic::of(CONTAINERS, 11, now_ms());

    let mut calm = Port::new(broker.brokers(), "calm")?;
    list::load(&calm, &traffic.wanted)?;
    calm.start_all("0")?;
    calm.put(&traffic.messages, |_, _| Ok(()))?;
    let undisturbed = settled(&calm, SETTLE_LIMIT)?;
    drop(calm);
    ensure!(undisturbed.views.len() > 100, "only {} alerts", undisturbed.views.len());

    let mut haunted = Port::new(broker.brokers(), "haunted")?;
    list::load(&haunted, &traffic.wanted)?;
    haunted.start_all("0")?;
    let third = traffic.messages.len() / 3;
    haunted.put(&traffic.messages, |port, place| {
        if place == third {
            freeze_and_replace(port)?;
        }
        if place == 2 * third {
            fence_the_screener(port)?;
        }
        Ok(())
    })?;
    let disturbed = settled(&haunted, SETTLE_LIMIT)?;
    disturbed.must_equal(&undisturbed)?;
    disturbed.revisions_must_count_up()?;
    ensure!(disturbed.dead_letters.is_empty(), "{:?}", disturbed.dead_letters.first());
    wait_for("the fenced screener to have rebuilt itself", TAKE_OVER_LIMIT, || {
        Ok(haunted.service("screener", "0")?.metric("quaywatch_rebuilds_total{")? >= 1.0)
    })?;
    haunted.wait_ready()
}

/// Freezes the detector until another instance has all its partitions.
fn freeze_and_replace(port: &mut Port) -> Result<()> {
    port.service("detector", "0")?.freeze()?;
    port.start("detector", "1")?;
    wait_for("the second detector to take everything over", TAKE_OVER_LIMIT, || {
        Ok(port.service("detector", "1")?.lines("quaywatch_state_keys{").unwrap_or(0) == 4)
    })?;
    port.service("detector", "0")?.thaw()
}

/// Takes both transactional ids of the screener's slot, as a zombie that comes back would.
fn fence_the_screener(port: &Port) -> Result<()> {
    for id in ["screener-0-0", "screener-0-0-b"] {
        drop(TransactionalBatch::connect(&port.kafka, id)?);
    }
    Ok(())
}
