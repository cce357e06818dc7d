//! Chance under a seed, and spans of time.

use quaywatch_domain::Timestamp;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// One minute, in milliseconds: the resolution of every time in the day, as in EDIFACT.
pub(crate) const MINUTE_MS: i64 = 60_000;
/// One hour, in milliseconds.
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
/// One day, in milliseconds.
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// A stream of chance.
pub(crate) struct Chance(ChaCha12Rng);

impl Chance {
    /// The stream number `stream` of a seed; streams do not disturb one another.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high.max(low))
    }

    /// Whether something of this probability (in percent) happens.
    pub(crate) fn percent(&mut self, percent: u32) -> bool {
        self.between(1, 100) <= i64::from(percent)
    }

    /// Whether something happens that does once in `n` times.
    pub(crate) fn one_in(&mut self, n: i64) -> bool {
        self.between(1, n) == 1
    }

    /// A place in a list of `len` things.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.between(0, i64::try_from(len).unwrap_or(i64::MAX).saturating_sub(1)))
            .unwrap_or(0)
    }

    /// One of several things; `None` of nothing.
    pub(crate) fn pick<'a, T>(&mut self, things: &'a [T]) -> Option<&'a T> {
        things.get(self.index(things.len()))
    }

    /// A moment from `from` to `to`, on a whole minute after `from`.
    pub(crate) fn moment(&mut self, from: Timestamp, to: Timestamp) -> Timestamp {
        from.plus_millis(self.between(0, to.millis_since(from).max(0) / MINUTE_MS) * MINUTE_MS)
    }

    /// A span between two numbers of minutes, in milliseconds.
    pub(crate) fn minutes(&mut self, low: i64, high: i64) -> i64 {
        self.between(low, high) * MINUTE_MS
    }

    /// Random bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| u8::try_from(self.between(0, 255)).unwrap_or(0)).collect()
    }

    /// A random UUID (version 4) as text.
    pub(crate) fn uuid(&mut self) -> String {
        let bits: u128 = self.0.random();
        let bits = bits & !(0xF << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
    }
}
