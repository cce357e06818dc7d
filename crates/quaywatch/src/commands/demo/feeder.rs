//! The outside world: posts each message at its time, as the port's systems would.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use quaywatch_domain::Timestamp;
use quaywatch_service::Clock;
use quaywatch_simulator::{Day, Message};

use super::screen::Screen;
use super::watcher::Watcher;
use super::world::World;

/// What was sent.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Messages that the gateway acknowledged.
    pub(super) accepted: u64,
}

/// Which messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What was told before the day begins.
    Past,
    /// The day itself.
    Day,
}

/// Posts messages, each feed in its order, and during the day changes the list when its time comes.
pub(super) async fn send(
    world: &Arc<World>,
    day: &Day,
    (start, part): (Timestamp, Part),
    clock: &Clock,
    watcher: &Watcher,
    screen: &Screen,
) -> Result<Sent> {
    let is_past = |message: &Message| message.at <= start;
    let mut feeds: BTreeMap<&str, Vec<(usize, &Message)>> = BTreeMap::new();
    let messages = day.messages.iter().enumerate();
    for (number, message) in messages.filter(|(_, m)| is_past(m) == (part == Part::Past)) {
        feeds.entry(&message.feed).or_default().push((number, message));
    }
    let posts = feeds.into_values().map(|queue| {
        let queue: Vec<(usize, Message)> = queue.into_iter().map(|(n, m)| (n, m.clone())).collect();
        let (world, clock, sends) = (Arc::clone(world), clock.clone(), watcher.sends());
        tokio::task::spawn_blocking(move || {
            let agent = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .timeout_global(Some(Duration::from_secs(30)))
                .build()
                .new_agent();
            for (number, message) in &queue {
                sleep_until(&clock, message);
                let trace = u128::try_from(*number).unwrap_or_default() + 1;
                sends.note(trace, part == Part::Day);
                post(&agent, &world, message, trace)?;
            }
            Ok::<u64, anyhow::Error>(u64::try_from(queue.len())?)
        })
    });
    let posts: Vec<_> = posts.collect();
    let changes = day.watchlist_csv.get(1..).filter(|_| part == Part::Day).unwrap_or_default();
    let mut lists = changes.iter().peekable();
    while !posts.iter().all(tokio::task::JoinHandle::is_finished) || lists.peek().is_some() {
        if let Some((_, list)) = lists.next_if(|(at, _)| *at <= clock.now()) {
            world.import_list(list).await?;
            screen.say("-- a new version of the police list is published");
        }
        screen.progress(watcher.sends().count(), day.messages.len(), watcher.alerts());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut sent = Sent::default();
    for post in posts {
        sent.accepted += post.await.map_err(|e| anyhow!("a feed broke off: {e}"))??;
    }
    Ok(sent)
}

fn sleep_until(clock: &Clock, message: &Message) {
    while clock.now() < message.at {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn post(agent: &ureq::Agent, world: &World, message: &Message, trace: u128) -> Result<()> {
    let answer = agent
        .post(format!("http://{}/feeds/{}/messages", world.gateway(), message.feed))
        .header("Authorization", format!("Bearer {}", world.token()))
        .header("Content-Type", message.content_type)
        .header("traceparent", format!("00-{trace:032x}-00000000000000a1-01"))
        .send(&message.bytes[..])?;
    if !answer.status().is_success() {
        bail!("the gateway answered {} to {}", answer.status(), message.file_name);
    }
    Ok(())
}
