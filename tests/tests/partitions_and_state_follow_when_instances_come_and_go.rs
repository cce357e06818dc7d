//! Goal: partitions move between the instances of a stage, and their state follows: nothing is lost or doubled.
//!
//! Method: the same messages twice. The first run has one instance of each stage and is left alone. The second begins
//! with two instances of each; under load the first of each is killed (SIGKILL), and later a third is added, which must
//! come to hold states. In the end both runs are compared, alert for alert and revision for revision.

use std::time::Duration;

use anyhow::{Result, ensure};
use quaywatch_tests::broker::Broker;
use quaywatch_tests::port::{Port, SETTLE_LIMIT, STAGES};
use quaywatch_tests::snapshot::settled;
use quaywatch_tests::traffic::Traffic;
use quaywatch_tests::{list, now_ms, wait_for};

const CONTAINERS: usize = 400;
/// The dispatcher also reads the feedback topics: one instance may get those and another all alerts.
const SHARES_OUT: &str = "dispatcher";
const MOVE_LIMIT: Duration = Duration::from_secs(60);

#[test]
fn partitions_and_state_follow_when_instances_come_and_go() -> Result<()> {
    let broker = Broker::start()?;
    let traffic = Traffic::of(CONTAINERS, 2, now_ms());

    let mut alone = Port::new(broker.brokers(), "alone")?;
    list::load(&alone, &traffic.wanted)?;
    alone.start_all("0")?;
    alone.put(&traffic.messages, |_, _| Ok(()))?;
    let undisturbed = settled(&alone, SETTLE_LIMIT)?;
    drop(alone);
    ensure!(undisturbed.views.len() > 100, "only {} alerts", undisturbed.views.len());

    let mut many = Port::new(broker.brokers(), "many")?;
    list::load(&many, &traffic.wanted)?;
    for stage in STAGES {
        many.start(stage, "a")?;
        many.start(stage, "b")?;
    }
    many.wait_ready()?;
    for stage in STAGES {
        for instance in ["a", "b"] {
            let what = format!("{stage} {instance} to have partitions");
            wait_for(&what, MOVE_LIMIT, || {
                Ok(stage == SHARES_OUT || partitions(&mut many, stage, instance)? > 0)
            })?;
        }
    }
    let third = traffic.messages.len() / 3;
    many.put(&traffic.messages, |port, place| {
        if place == third {
            for stage in STAGES {
                port.kill(stage, "a")?;
            }
        }
        if place == 2 * third {
            for stage in STAGES {
                port.start(stage, "c")?;
            }
        }
        Ok(())
    })?;
    many.wait_ready()?;
    for stage in STAGES {
        let what = format!("every partition of {stage} to be taken, and some by the new instance");
        wait_for(&what, MOVE_LIMIT, || {
            let (b, c) = (partitions(&mut many, stage, "b")?, partitions(&mut many, stage, "c")?);
            Ok((b > 0 && c > 0 || stage == SHARES_OUT) && b + c == 4)
        })?;
    }
    let disturbed = settled(&many, SETTLE_LIMIT)?;
    for stage in ["screener", "detector"] {
        for instance in ["b", "c"] {
            let keys = many.service(stage, instance)?.metric("quaywatch_state_keys")?;
            ensure!(keys > 0.0, "{stage} {instance} holds no state");
        }
    }

    disturbed.must_equal(&undisturbed)?;
    disturbed.revisions_must_count_up()?;
    ensure!(disturbed.dead_letters.is_empty(), "{:?}", disturbed.dead_letters.first());
    Ok(())
}

/// How many partitions of its main input an instance works on.
fn partitions(port: &mut Port, stage: &str, instance: &str) -> Result<usize> {
    port.service(stage, instance)?.lines("quaywatch_state_keys{")
}
