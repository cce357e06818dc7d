//! Goal: whatever stage dies, and whenever, the agencies read what they would have read without it.
//!
//! Method: the same messages twice, under two prefixes of one Kafka. The first run is left alone. In the second, stages
//! chosen by lot are killed (SIGKILL) every few hundred milliseconds while the messages come in, and started again. When
//! every stage has handled all of its input, both runs are read with `read_committed` and compared: alert for alert,
//! revision for revision, everything but the moment of writing; the events behind them as a multiset.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use quaywatch_tests::broker::Broker;
use quaywatch_tests::port::{Port, SETTLE_LIMIT, STAGES};
use quaywatch_tests::snapshot::settled;
use quaywatch_tests::traffic::Traffic;
use quaywatch_tests::{list, now_ms};
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

const CONTAINERS: usize = 600;
const SEED: u64 = 20_260_301;
const MIN_KILLS: usize = 12;

#[test]
fn a_stage_killed_at_any_moment_leaves_the_agency_topics_as_undisturbed() -> Result<()> {
    let broker = Broker::start()?;
    let traffic = Traffic::of(CONTAINERS, SEED, now_ms());

    let mut calm = Port::new(broker.brokers(), "calm")?;
    list::load(&calm, &traffic.wanted)?;
    calm.start_all("0")?;
    calm.put(&traffic.messages, |_, _| Ok(()))?;
    let undisturbed = settled(&calm, SETTLE_LIMIT)?;
    drop(calm);
    // The comparison must be about something.
    ensure!(undisturbed.events.len() >= 2_000, "only {} events", undisturbed.events.len());
    let of_police = undisturbed.views.keys().filter(|(agency, _)| agency == "police-koper").count();
    ensure!(of_police == traffic.suspects, "{of_police} alerts, {} suspects", traffic.suspects);
    ensure!(undisturbed.codes().len() >= 7, "{:?}", undisturbed.codes());
    let retracted = undisturbed.views.values().flatten().filter(|view| view["state"] == "RETRACTED").count();
    ensure!(retracted > 0, "no alert was taken back");

    let mut stormy = Port::new(broker.brokers(), "stormy")?;
    list::load(&stormy, &traffic.wanted)?;
    stormy.start_all("0")?;
    let mut lot = ChaCha8Rng::seed_from_u64(SEED);
    let (mut kills, mut next) = (0, Instant::now());
    stormy.put(&traffic.messages, |port, _| {
        if Instant::now() >= next {
            kill_one(port, &mut lot)?;
            kills += 1;
            next = Instant::now() + Duration::from_millis(lot.random_range(100..400));
        }
        Ok(())
    })?;
    // There is a backlog now: go on until enough were killed in the middle of it.
    while kills < MIN_KILLS {
        kill_one(&mut stormy, &mut lot)?;
        kills += 1;
        std::thread::sleep(Duration::from_millis(lot.random_range(100..600)));
    }
    stormy.wait_ready()?;
    let disturbed = settled(&stormy, SETTLE_LIMIT)?;

    disturbed.must_equal(&undisturbed)?;
    disturbed.revisions_must_count_up()?;
    ensure!(disturbed.dead_letters.is_empty(), "{:?}", disturbed.dead_letters.first());
    println!(
        "{kills} kills; {} messages, {} events, {} alerts in {} versions",
        traffic.messages.len(),
        disturbed.events.len(),
        disturbed.views.len(),
        disturbed.views.values().map(Vec::len).sum::<usize>()
    );
    Ok(())
}

fn kill_one(port: &mut Port, lot: &mut ChaCha8Rng) -> Result<()> {
    let stage = STAGES.choose(lot).copied().unwrap_or(STAGES[0]);
    port.kill(stage, "0")?;
    port.start(stage, "0")
}
