//! Goal: a broker that dies or is restarted under load costs time, and nothing else; the services recover by themselves.
//!
//! Method: the same messages twice. In the second run the only broker is killed (SIGKILL) while the messages come in and
//! started again, and later stopped in order and started again. No service is touched. In the end both runs are compared,
//! alert for alert and revision for revision, and every service is ready.

use anyhow::{Result, ensure};
use quaywatch_tests::broker::Broker;
use quaywatch_tests::port::{Port, SETTLE_LIMIT, STAGES};
use quaywatch_tests::snapshot::settled;
use quaywatch_tests::traffic::Traffic;
use quaywatch_tests::{list, now_ms};

const CONTAINERS: usize = 400;

#[test]
fn a_broker_restart_under_load_loses_and_doubles_nothing() -> Result<()> {
    let broker = Broker::start()?;
    let traffic = Traffic::of(CONTAINERS, 7, now_ms());

    let mut calm = Port::new(broker.brokers(), "calm")?;
    list::load(&calm, &traffic.wanted)?;
    calm.start_all("0")?;
    calm.put(&traffic.messages, |_, _| Ok(()))?;
    let undisturbed = settled(&calm, SETTLE_LIMIT)?;
    drop(calm);
    ensure!(undisturbed.views.len() > 100, "only {} alerts", undisturbed.views.len());

    let mut shaken = Port::new(broker.brokers(), "shaken")?;
    list::load(&shaken, &traffic.wanted)?;
    shaken.start_all("0")?;
    let third = traffic.messages.len() / 3;
    shaken.put(&traffic.messages, |_, place| {
        if place == third {
            broker.crash_and_restart()?;
        }
        if place == 2 * third {
            broker.restart()?;
        }
        Ok(())
    })?;
    let disturbed = settled(&shaken, SETTLE_LIMIT)?;
    disturbed.must_equal(&undisturbed)?;
    disturbed.revisions_must_count_up()?;
    ensure!(disturbed.dead_letters.is_empty(), "{:?}", disturbed.dead_letters.first());
    ensure!(shaken.running().len() == STAGES.len(), "a service ended");
    shaken.wait_ready()
}
