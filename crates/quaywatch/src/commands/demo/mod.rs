//! `demo`: a simulated port day in wire formats through every service, with live alerts.

mod feeder;
mod report;
mod screen;
mod tally;
mod watcher;
mod world;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use quaywatch_domain::Timestamp;
use quaywatch_service::{Clock, ExitCode};
use quaywatch_simulator::{Options, simulate};
use uuid::Uuid;

use crate::cli::Demo;
use feeder::Part;
use screen::Screen;
use tally::Tally;
use watcher::Watcher;
use world::World;

/// First moment of the simulated day.
const START: &str = "2026-03-02T00:00:00Z";
/// Simulated time after the last message in which deadlines may still fire, ms.
const AFTERMATH_MS: i64 = 45 * 60_000;
/// Longest wait for the services to start.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Longest wait for the last message to come through.
const DRAIN_LIMIT: Duration = Duration::from_secs(120);

/// Runs the day; exit 1 if the accounting does not add up or a crime was missed.
pub(crate) fn run(args: &Demo) -> Result<ExitCode> {
    quaywatch_service::telemetry::init(&quaywatch_service::settings::Logging {
        level: "error".into(),
        ..Default::default()
    })?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(day(args))
}

async fn day(args: &Demo) -> Result<ExitCode> {
    let start = Timestamp::parse(START)?;
    let day = simulate(&Options {
        hours: args.hours,
        containers: args.containers,
        ..Options::day(args.seed, start)
    });
    let speed = f64::from(args.hours) * 3600.0 / f64::from(args.seconds);
    let clock = Clock::accelerated(start, speed);
    println!(
        "{}\nA simulated day at the port of Koper: {} messages about some {} containers, {} crimes and {} garbage \
         messages among them; {} hours in {} seconds.\n",
        world::broker_line(args.brokers.as_deref()),
        day.messages.len(),
        args.containers,
        day.truth.len(),
        day.garbage,
        args.hours,
        args.seconds
    );
    let world = Arc::new(World::start(args.brokers.as_deref(), &day, clock.clone()).await?);
    if let Some((_, first)) = day.watchlist_csv.first() {
        world.import_list(first).await?;
    }
    wait(START_LIMIT, "the services to be ready", || world.is_ready())?;

    let screen = Screen::new(clock.clone());
    let watcher = Watcher::start(&world, screen.clone())?;
    // Weeks that come in at once look as if everything had been missing: the agencies begin to look when they are read.
    let past = feeder::send(&world, &day, (start, Part::Past), &clock, &watcher, &screen).await?;
    wait(DRAIN_LIMIT, "the past to come through", || Tally::of(&world).is_settled(past.accepted))?;
    let of_the_past: HashSet<Uuid> = world.alerts()?.iter().map(|alert| alert.alert_id).collect();
    watcher.look();
    clock.begin();
    let begun = Instant::now();
    let mut sent = feeder::send(&world, &day, (start, Part::Day), &clock, &watcher, &screen).await?;
    sent.accepted += past.accepted;
    let end = day.messages.last().map_or(start, |m| m.at).plus_millis(AFTERMATH_MS);
    while clock.now() < end {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    wait(DRAIN_LIMIT, "the last message to come through", || Tally::of(&world).is_settled(sent.accepted))?;
    let seen = watcher.finish()?;
    screen.end();
    let tally = Tally::of(&world);
    let verdict = report::print((&day, &of_the_past), &sent, &tally, &seen, &world, begun.elapsed())?;
    world.stop().await?;
    Ok(if verdict { ExitCode::Done } else { ExitCode::Found })
}

/// Waits until `done`, twice in a row so that nothing in between is overlooked.
fn wait(limit: Duration, what: &str, mut done: impl FnMut() -> bool) -> Result<()> {
    let deadline = Instant::now().checked_add(limit).context("no such time")?;
    let mut times = 0;
    while times < 3 {
        times = if done() { times + 1 } else { 0 };
        if Instant::now() > deadline {
            bail!("waited {} s in vain for {what}", limit.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
