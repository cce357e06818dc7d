//! Times without a zone: the terminal's local time. In the hour that summer time leaves out the clock is taken to have
//! gone on (forward); in the hour that it repeats the first passage counts. Either is noted.

use std::cell::RefCell;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use quaywatch_domain::Timestamp;
use quaywatch_domain::event::note;

/// A moment with the notes that reading it made.
pub(crate) type Noted = (Timestamp, Notes);

/// The few notes that reading a time makes; times are many.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Notes {
    all: [&'static str; 4],
    len: usize,
}

impl Notes {
    /// Adds a note once.
    pub(crate) fn push(&mut self, note: &'static str) {
        if !self.contains(&note)
            && let Some(free) = self.all.get_mut(self.len)
        {
            (*free, self.len) = (note, self.len + 1);
        }
    }
}

impl IntoIterator for Notes {
    type Item = &'static str;
    type IntoIter = std::iter::Take<std::array::IntoIter<&'static str, 4>>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter().take(self.len)
    }
}

impl std::ops::Deref for Notes {
    type Target = [&'static str];

    fn deref(&self) -> &Self::Target {
        self.all.get(..self.len).unwrap_or_default()
    }
}

/// The moment of a local time in a zone.
pub(crate) fn resolve(local: DateTime, zone: Option<&str>) -> Option<Noted> {
    let tz = zone.map_or(TimeZone::UTC, named);
    let ambiguous = tz.to_ambiguous_timestamp(local);
    let mut notes = Notes::default();
    if zone.is_some() {
        notes.push(note::LOCAL_TIME_ASSUMED);
    }
    if !matches!(ambiguous.offset(), AmbiguousOffset::Unambiguous { .. }) {
        notes.push(note::LOCAL_TIME_AMBIGUOUS);
    }
    let moment = ambiguous.compatible().ok()?;
    Some((Timestamp::from_millis(moment.as_millisecond()), notes))
}

thread_local! {
    /// The zone that was asked for last: the times of a message are in one zone, and finding it takes longer than using it.
    static LAST: RefCell<Option<(String, TimeZone)>> = const { RefCell::new(None) };
}

/// The zone of an IANA name; UTC when there is none of this name.
fn named(name: &str) -> TimeZone {
    LAST.with_borrow_mut(|last| match last {
        Some((known, zone)) if known == name => zone.clone(),
        _ => {
            let zone = TimeZone::get(name).unwrap_or(TimeZone::UTC);
            *last = Some((name.to_owned(), zone.clone()));
            zone
        }
    })
}

/// A local time from its parts.
pub(crate) fn civil(year: i16, month: i8, day: i8, hour: i8, minute: i8, second: i8) -> Option<DateTime> {
    // 24:00 is written for midnight at the end of a day.
    let (hour, next) = if hour == 24 && minute == 0 { (0, true) } else { (hour, false) };
    let date = Date::new(year, month, day).ok()?;
    let date = if next { date.tomorrow().ok()? } else { date };
    Some(DateTime::from_parts(date, Time::new(hour, minute, second, 0).ok()?))
}

/// Reads RFC 3339, or ISO 8601 without zone as local time.
pub(crate) fn iso(text: &str, zone: Option<&str>) -> Option<Noted> {
    // Most texts in another form are told by their first digits, without the work of saying what is wrong with them.
    let year = text.trim_start().as_bytes();
    if year.first()?.is_ascii_digit() && !year.get(..4)?.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if let Ok(moment) = Timestamp::parse(text) {
        return Some((moment, Notes::default()));
    }
    if let Some(midnight) = end_of_day(text) {
        return resolve(midnight.trim().parse::<DateTime>().ok()?.tomorrow().ok()?, zone);
    }
    let local: DateTime = text.trim().parse().ok()?;
    resolve(local, zone)
}

/// A local time that is written as 24:00, with the midnight that begins its day in place of the one that ends it.
pub(crate) fn end_of_day(text: &str) -> Option<String> {
    let (at, sign) = text.match_indices(['T', ' ']).map(|(at, sign)| (at + sign.len(), sign)).next_back()?;
    let time = text.get(at..)?;
    let midnight = ["24:00", "24.00"].iter().any(|all| time.starts_with(all));
    let zeros = time.bytes().skip(2).all(|b| matches!(b, b'0' | b':' | b'.'));
    (midnight && zeros && !sign.is_empty())
        .then(|| format!("{}00{}", text.get(..at).unwrap_or_default(), time.get(2..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Noted {
        iso(text, Some("Europe/Ljubljana")).unwrap()
    }

    #[test]
    fn zones_in_the_text_win_and_local_times_are_noted() {
        assert_eq!(
            read("2026-03-01T10:00:00+02:00"),
            (Timestamp::parse("2026-03-01T08:00:00Z").unwrap(), Notes::default())
        );
        let (moment, notes) = read("2026-03-01T10:00:00");
        assert_eq!(moment.to_string(), "2026-03-01T09:00:00Z");
        assert_eq!(*notes, [note::LOCAL_TIME_ASSUMED]);
    }

    #[test]
    fn summer_time_gaps_go_forward_and_overlaps_take_the_first() {
        let (gap, notes) = read("2026-03-29T02:30:00");
        assert_eq!(gap.to_string(), "2026-03-29T01:30:00Z");
        assert!(notes.contains(&note::LOCAL_TIME_AMBIGUOUS));
        let (fold, _) = read("2026-10-25T02:30:00");
        assert_eq!(fold.to_string(), "2026-10-25T00:30:00Z");
    }

    #[test]
    fn midnight_may_be_written_as_24() {
        assert_eq!(civil(2026, 2, 28, 24, 0, 0).unwrap().to_string(), "2026-03-01T00:00:00");
        assert_eq!(civil(2026, 2, 30, 0, 0, 0), None);
        assert_eq!(read("2026-03-02T24:00:00").0, read("2026-03-03T00:00:00").0);
        assert_eq!(end_of_day("02.03.2026 24:00").as_deref(), Some("02.03.2026 00:00"));
        assert_eq!(end_of_day("02.03.2026 24:01").or(end_of_day("24.00.2026 12:00")), None);
    }
}
