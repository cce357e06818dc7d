//! Messages a second, by feed: a token bucket that holds one second's worth.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Buckets of the feeds. Only feeds that were let in get one, so there are no more than feeds.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<HashMap<String, Bucket>>);

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Rates {
    /// Takes one message of the feed at `now`; how long to wait when the feed is over `per_second`. 0 is no limit.
    pub(crate) fn take(&self, feed: &str, per_second: u32, now: Instant) -> Result<(), Duration> {
        if per_second == 0 {
            return Ok(());
        }
        let rate = f64::from(per_second);
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !buckets.contains_key(feed) {
            buckets.insert(feed.to_owned(), Bucket { tokens: rate, at: now });
        }
        let Some(bucket) = buckets.get_mut(feed) else { return Ok(()) };
        let refill = now.saturating_duration_since(bucket.at).as_secs_f64() * rate;
        bucket.tokens = (bucket.tokens + refill).min(rate);
        bucket.at = bucket.at.max(now);
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - bucket.tokens) / rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_gets_its_messages_a_second_and_no_more_and_others_are_not_touched() {
        let (rates, start) = (Rates::default(), Instant::now());
        let taken = (0..50).filter(|_| rates.take("a", 10, start).is_ok()).count();
        assert_eq!(taken, 10);
        assert_eq!(rates.take("a", 10, start).unwrap_err(), Duration::from_millis(100));
        assert!(rates.take("b", 10, start).is_ok());
        let later = start + Duration::from_millis(500);
        assert_eq!((0..50).filter(|_| rates.take("a", 10, later).is_ok()).count(), 5);
        assert!((0..5_000).all(|_| rates.take("a", 0, later).is_ok()), "0 is no limit");
    }
}
