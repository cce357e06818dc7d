//! What the end-to-end tests share: a real Apache Kafka, the binary's services as processes that can be killed, traffic
//! written for the purpose, and snapshots of what the agencies read.

pub mod broker;
pub mod port;
pub mod services;
pub mod snapshot;
pub mod traffic;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Waits until `condition` holds; looks every 50 ms and gives up after `limit`.
///
/// # Errors
/// When the time is over, with what was waited for; and what the condition itself fails with.
pub fn wait_for(what: &str, limit: Duration, mut condition: impl FnMut() -> Result<bool>) -> Result<()> {
    let begun = Instant::now();
    while !condition()? {
        if begun.elapsed() > limit {
            bail!("waited {} s in vain for {what}", limit.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
