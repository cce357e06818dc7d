//! False positives: what a person decided not to be a hit, for one entry and one party, until a day.
//!
//! An exception holds for the entry as it was when the person looked. When the entry changes, it dies, and the hit is told
//! again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use quaywatch_domain::watchlist::Value;
use quaywatch_domain::{Sha256, Timestamp, WatchlistEntry};
use serde::Deserialize;

use crate::blinded::settled;
use crate::{normalise_value, scheme};

/// Most exceptions of one file.
pub const MAX_EXCEPTIONS: usize = 200_000;

const DAY_MS: i64 = 24 * 3_600_000;

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Digest of the entry that the person looked at.
    pub digest: Sha256,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// Holds before then.
    pub until: Timestamp,
}

/// All decisions.
#[derive(Debug, Default)]
pub struct Exceptions {
    /// By key of the entry (list id, slash, entry id).
    by_entry: HashMap<String, HashMap<Value, Exception>>,
    applied: AtomicU64,
    dead: AtomicU64,
}

/// How often exceptions were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// A hit was not told because of one.
    pub applied: u64,
    /// A hit was told although there is one, because the entry has changed since.
    pub dead: u64,
}

/// What a file with exceptions is refused for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadExceptions {
    /// A row cannot be used.
    #[error("row {row} of the exceptions {reason}")]
    Row {
        /// Row, the header counted.
        row: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Too many.
    #[error("there are more than {MAX_EXCEPTIONS} exceptions; remove those that are over")]
    TooMany,
}

/// One row as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    entry: String,
    party: String,
    digest: String,
    by: String,
    at: String,
    reason: String,
    until: String,
}

impl Exceptions {
    /// Reads CSV with the header row `entry,party,digest,by,at,reason,until`. `entry` is `LIST/ENTRY`; `party` is
    /// `SCHEME:VALUE` such as `EORI:SI12345678`, or a name; `digest` is what `watchlist explain` shows; `at` and `until` are
    /// days, `until` to its end, or times (RFC 3339).
    ///
    /// # Errors
    /// When a row cannot be used: a decision that is not understood must not be half in force.
    pub fn parse(text: &str) -> Result<Self, BadExceptions> {
        let mut all = Self::default();
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        for (row, read) in (2..).zip(reader.deserialize::<Row>()) {
            if all.len() >= MAX_EXCEPTIONS {
                return Err(BadExceptions::TooMany);
            }
            let bad = |reason: String| BadExceptions::Row { row, reason };
            let read = read.map_err(|error| bad(format!("cannot be read: {error}")))?;
            let (entry, party, exception) = decision(&read).map_err(bad)?;
            all.by_entry.entry(entry).or_default().insert(party, exception);
        }
        Ok(all)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_entry.values().map(HashMap::len).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_entry.is_empty()
    }

    /// The decision that this identifier (or name, under `NAME` or `VESSEL_NAME`) is no hit on the entry, if it holds now.
    pub fn get(&self, entry: &WatchlistEntry, party: &Value, now: Timestamp) -> Option<&Exception> {
        if self.by_entry.is_empty() {
            return None;
        }
        let exception = self.by_entry.get(&entry.key())?.get(&settled(party)?).filter(|e| now < e.until)?;
        if exception.digest == digest_of(entry) {
            self.applied.fetch_add(1, Ordering::Relaxed);
            return Some(exception);
        }
        self.dead.fetch_add(1, Ordering::Relaxed);
        None
    }

    /// What was counted since the last call.
    pub fn take_counts(&self) -> Counts {
        Counts {
            applied: self.applied.swap(0, Ordering::Relaxed),
            dead: self.dead.swap(0, Ordering::Relaxed),
        }
    }
}

fn decision(row: &Row) -> Result<(String, Value, Exception), String> {
    if !row.entry.contains('/') {
        return Err("has no entry of the form LIST/ENTRY".to_owned());
    }
    let party = party(&row.party).ok_or("has no party: a name, or SCHEME:VALUE")?;
    let digest = Sha256::parse(&row.digest.to_ascii_lowercase());
    let digest =
        digest.ok_or("has no digest of 64 hexadecimal digits; `quaywatch watchlist explain` shows it")?;
    if row.by.is_empty() || row.reason.is_empty() {
        return Err("does not say who decided and why".to_owned());
    }
    let at = moment(&row.at, 0).ok_or("has no time in 'at', such as 2026-03-01")?;
    let until = moment(&row.until, DAY_MS).ok_or("has no end in 'until', such as 2026-09-01")?;
    if until <= at {
        return Err("ends (until) before it was decided (at)".to_owned());
    }
    let (by, reason) = (row.by.clone(), row.reason.clone());
    Ok((row.entry.clone(), party, Exception { digest, by, at, reason, until }))
}

fn party(text: &str) -> Option<Value> {
    let is_scheme =
        |scheme: &str| !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    if let Some((scheme, value)) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
        let value = normalise_value(scheme, value)?.into();
        return settled(&Value { scheme: scheme.to_owned().into(), value });
    }
    settled(&Value { scheme: scheme::NAME.into(), value: text.into() })
}

fn moment(text: &str, day_ms: i64) -> Option<Timestamp> {
    let day = (text.len() == 10).then(|| Timestamp::parse(&format!("{text}T00:00:00Z")).ok()).flatten();
    day.map(|day| day.plus_millis(day_ms)).or_else(|| Timestamp::parse(text).ok())
}

/// Digest of what an entry says, whatever its version and the place where it was read.
#[must_use]
pub fn digest_of(entry: &WatchlistEntry) -> Sha256 {
    let plain = WatchlistEntry { list_version: String::new(), provenance: None, ..entry.clone() };
    // An entry is plain data, so writing it cannot fail; an empty digest would hold back nothing.
    serde_json::to_vec(&plain).map_or_else(|_| Sha256::default(), |bytes| Sha256::of(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "entry,party,digest,by,at,reason,until\n";

    fn refused(row: &str) -> String {
        Exceptions::parse(&format!("{HEADER}{row}\n")).unwrap_err().to_string()
    }

    #[test]
    fn a_decision_says_who_when_why_and_until() {
        let digest = Sha256::of(b"x").to_string();
        let row = format!("ofac/36,EORI:SI 12345678,{digest},A. Novak,2026-03-01,another company,2026-09-01");
        let all = Exceptions::parse(&format!("{HEADER}{row}\n")).unwrap();
        assert_eq!(all.len(), 1);
        let party = Value { scheme: "EORI".into(), value: "SI12345678".into() };
        let exception = &all.by_entry["ofac/36"][&party];
        assert_eq!(exception.until, Timestamp::parse("2026-09-02T00:00:00Z").unwrap(), "the last day counts");
        assert!(Exceptions::parse(HEADER).unwrap().is_empty() && Exceptions::parse("").unwrap().is_empty());
        assert!(refused(&row.replace("A. Novak", "")).contains("row 2"));
        for (from, to) in
            [("ofac/36", "36"), ("SI 12345678", "x"), ("2026-09-01", "2026-01-01"), (&digest[1..9], "")]
        {
            assert!(Exceptions::parse(&format!("{HEADER}{}\n", row.replace(from, to))).is_err(), "{to}");
        }
        assert!(refused("a,b").contains("row 2"));
    }

    #[test]
    fn names_compare_by_their_words() {
        let name = |text| party(text).unwrap();
        assert_eq!(name("Pier, Line d.o.o."), name("PIER LINE D.O.O."));
        assert_eq!(name("Line: the Pier").scheme, "NAME");
    }
}
