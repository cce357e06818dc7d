//! Moments: UTC milliseconds, the `timestamp-millis` of Avro, RFC 3339 in text.

use std::fmt;
use std::num::NonZeroU64;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::de;

/// A moment in UTC, in milliseconds since 1970-01-01T00:00:00Z.
///
/// Text forms (JSON) are RFC 3339 with milliseconds only when there are any; binary forms (Avro) are the number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(
    /// Milliseconds since the least of all moments, which takes the next one's place: an optional moment needs no more room.
    NonZeroU64,
);

/// Where the epoch lies.
const EPOCH: u64 = 1 << 63;

/// Why a text is not a moment.
#[derive(Debug, thiserror::Error)]
#[error("'{text}' is not an RFC 3339 time with a zone; write it like 2026-03-01T14:05:00Z")]
pub struct ParseTimestampError {
    text: String,
}

impl Timestamp {
    /// The moment `ms` milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(ms: i64) -> Self {
        match NonZeroU64::new(ms.cast_unsigned() ^ EPOCH) {
            Some(since) => Self(since),
            None => Self(NonZeroU64::MIN),
        }
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        (self.0.get() ^ EPOCH).cast_signed()
    }

    /// The moment `ms` milliseconds later (earlier when negative), saturating at the ends.
    #[must_use]
    pub const fn plus_millis(self, ms: i64) -> Self {
        Self::from_millis(self.as_millis().saturating_add(ms))
    }

    /// Milliseconds from `earlier` to `self`, negative when `self` is the earlier one.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.as_millis().saturating_sub(earlier.as_millis())
    }

    /// Reads RFC 3339 text; the zone is mandatory.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn parse(text: &str) -> Result<Self, ParseTimestampError> {
        text.trim()
            .parse::<jiff::Timestamp>()
            .map(|t| Self::from_millis(t.as_millisecond()))
            .map_err(|_| ParseTimestampError { text: text.chars().take(40).collect() })
    }

    /// The hour of day (0–23) in the zone, UTC when the zone is unknown.
    #[must_use]
    pub fn hour_in(self, zone: &str) -> i8 {
        let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
        jiff::Timestamp::from_millisecond(self.as_millis()).map_or(0, |t| zone.to_datetime(t).hour())
    }
}

impl Default for Timestamp {
    /// The epoch.
    fn default() -> Self {
        Self::from_millis(0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({})", self.as_millis())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.as_millis()) {
            Ok(t) => write!(f, "{t}"),
            Err(_) => write!(f, "{} ms", self.as_millis()),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.as_millis())
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            de::text(deserializer, Self::parse)
        } else {
            i64::deserialize(deserializer).map(Self::from_millis)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_through_json() {
        let t = Timestamp::parse("2026-03-01T14:05:00.250+01:00").unwrap();
        let json = serde_json::to_string(&t).unwrap();
        assert_eq!(json, "\"2026-03-01T13:05:00.25Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), t);
    }

    #[test]
    fn moments_are_ordered_as_their_milliseconds_are() {
        let all = [i64::MIN + 1, -1, 0, 1, 1_772_373_900_250, i64::MAX];
        let moments = all.map(Timestamp::from_millis);
        assert!(moments.is_sorted());
        assert_eq!(moments.map(Timestamp::as_millis), all);
        assert_eq!(Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MIN + 1));
        assert_eq!(Timestamp::default().as_millis(), 0);
        assert_eq!(size_of::<Option<Timestamp>>(), size_of::<i64>());
    }

    #[test]
    fn a_time_without_a_zone_is_refused() {
        let error = Timestamp::parse("2026-03-01T14:05:00").unwrap_err();
        assert!(error.to_string().contains("2026-03-01T14:05:00"));
    }

    #[test]
    fn the_hour_follows_the_zone_and_its_summer_time() {
        let t = Timestamp::parse("2026-07-01T22:30:00Z").unwrap();
        assert_eq!(t.hour_in("Europe/Ljubljana"), 0);
        assert_eq!(t.hour_in("No/Where"), 22);
    }
}
