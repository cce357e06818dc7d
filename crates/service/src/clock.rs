//! The clock: the one place that asks the machine for the time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use quaywatch_domain::Timestamp;

/// Where a service takes its `now` from. Clones tell the same time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    Wall,
    Accelerated { start: Timestamp, since: Arc<OnceLock<Instant>>, speed: f64 },
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn wall() -> Self {
        Self(Source::Wall)
    }

    /// A clock that stands at `start` until [`Clock::begin`] and then runs `speed` times as fast as real time.
    #[must_use]
    pub fn accelerated(start: Timestamp, speed: f64) -> Self {
        Self(Source::Accelerated { start, since: Arc::default(), speed })
    }

    /// Starts an accelerated clock, clones included; others are not affected.
    pub fn begin(&self) {
        if let Source::Accelerated { since, .. } = &self.0 {
            since.get_or_init(Instant::now);
        }
    }

    /// A clock that stands at `at` until [`Clock::set`] moves it.
    #[must_use]
    pub fn manual(at: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(at.as_millis()))))
    }

    /// What time it is.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Wall => {
                // A machine whose clock is before 1970 is taken to be at the epoch.
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            #[expect(clippy::cast_possible_truncation, reason = "float to integer casts saturate")]
            Source::Accelerated { start, since, speed } => {
                let elapsed = since.get().map(Instant::elapsed).unwrap_or_default();
                start.plus_millis((elapsed.as_secs_f64() * 1000.0 * speed) as i64)
            }
            Source::Manual(at) => Timestamp::from_millis(at.load(Ordering::Acquire)),
        }
    }

    /// Moves a manual clock, clones included; others are not affected.
    pub fn set(&self, at: Timestamp) {
        if let Source::Manual(cell) = &self.0 {
            cell.store(at.as_millis(), Ordering::Release);
        }
    }

    /// The clock as the runtime of the stages takes it: milliseconds since the epoch.
    #[must_use]
    pub fn as_millis(&self) -> quaywatch_kafka::Clock {
        let clock = self.clone();
        Arc::new(move || clock.now().as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_wall_clock_is_past_the_day_this_was_written() {
        assert!(Clock::wall().now() > Timestamp::parse("2026-01-01T00:00:00Z").unwrap());
    }

    #[test]
    fn an_accelerated_clock_runs_faster_from_its_start() {
        let start = Timestamp::parse("2026-03-01T06:00:00Z").unwrap();
        let clock = Clock::accelerated(start, 3600.0);
        assert_eq!(clock.now(), start);
        clock.begin();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(5) {
            std::hint::spin_loop();
        }
        let passed = clock.now().millis_since(start);
        assert!(passed >= 5 * 3600, "{passed} ms after 5 ms at 3600 times");
    }

    #[test]
    fn clones_of_a_manual_clock_tell_the_same_time() {
        let clock = Clock::manual(Timestamp::from_millis(1));
        let other = clock.as_millis();
        clock.set(Timestamp::from_millis(7));
        assert_eq!(other(), 7);
    }
}
