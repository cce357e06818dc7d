//! What the end-to-end tests share: a real Apache Kafka, the binary's services as processes that can be killed, traffic
//! written for the purpose, and snapshots of what the agencies read.

pub mod broker;
pub mod list;
pub mod load;
pub mod port;
pub mod services;
pub mod snapshot;
pub mod traffic;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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

/// The time of day, milliseconds since 1970.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the messages of a test must have happened lately")]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
