//! Local time at terminals: night, weekend, and time without weekends.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use quaywatch_domain::Timestamp;
use serde::Deserialize;

use crate::Error;
use crate::settings::DAY_MS;

/// Longest stretch whose weekends are counted, days.
const MAX_STRETCH_DAYS: i64 = 400;

/// Table `[calendar]` of the rule file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Calendar {
    time_zone: String,
    pub(crate) day_from_hour: i8,
    pub(crate) day_to_hour: i8,
    weekend: Vec<i8>,
    terminals: BTreeMap<String, String>,
}

impl Calendar {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if let Some(day) = self.weekend.iter().find(|day| !(1..=7).contains(*day)) {
            let (name, range) =
                ("calendar.weekend".to_owned(), "between 1, Monday, and 7, Sunday".to_owned());
            return Err(Error::Range { name, value: f64::from(*day), range });
        }
        for name in self.terminals.values().chain([&self.time_zone]) {
            TimeZone::get(name).map_err(|_| Error::TimeZone(name.clone()))?;
        }
        Ok(())
    }

    fn zone(&self, terminal: Option<&str>) -> TimeZone {
        let name = terminal.and_then(|t| self.terminals.get(t)).unwrap_or(&self.time_zone);
        TimeZone::get(name).unwrap_or(TimeZone::UTC)
    }

    /// The hour of the day at the terminal, 0–23.
    pub(crate) fn hour(&self, terminal: Option<&str>, at: Timestamp) -> Option<i8> {
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
        Some(self.zone(terminal).to_datetime(at).hour())
    }

    /// Whether it is night at the terminal.
    pub(crate) fn is_night(&self, terminal: Option<&str>, at: Timestamp) -> bool {
        self.hour(terminal, at).is_some_and(|hour| !(self.day_from_hour..self.day_to_hour).contains(&hour))
    }

    /// The moment at which so many milliseconds without weekends of the terminal have passed.
    pub(crate) fn plus_working(&self, terminal: Option<&str>, from: Timestamp, ms: i64) -> Timestamp {
        let mut at = from.plus_millis(ms);
        // Each weekend that the stretch grows into makes it longer; it settles after as many rounds as there are weeks.
        for _ in 0..MAX_STRETCH_DAYS {
            let missing = ms - self.working_ms(terminal, from, at);
            if missing <= 0 {
                break;
            }
            at = at.plus_millis(missing);
        }
        at
    }

    /// Milliseconds between two moments without the weekends of the terminal; negative when `to` is the earlier one.
    pub(crate) fn working_ms(&self, terminal: Option<&str>, from: Timestamp, to: Timestamp) -> i64 {
        let all = to.millis_since(from);
        if all <= 0 || all > MAX_STRETCH_DAYS * DAY_MS {
            return all;
        }
        let zone = self.zone(terminal);
        let (Ok(from), Ok(to)) = (
            jiff::Timestamp::from_millisecond(from.as_millis()),
            jiff::Timestamp::from_millisecond(to.as_millis()),
        ) else {
            return all;
        };
        let mut free = 0;
        let mut day = zone.to_datetime(from).date();
        let last = zone.to_datetime(to).date();
        while day <= last {
            let Ok(next) = day.tomorrow() else { break };
            if self.weekend.contains(&day.weekday().to_monday_one_offset())
                && let (Ok(begin), Ok(end)) = (zone.to_timestamp(day.into()), zone.to_timestamp(next.into()))
            {
                let begin = begin.max(from).as_millisecond();
                free += (end.min(to).as_millisecond() - begin).max(0);
            }
            day = next;
        }
        all - free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        Calendar {
            time_zone: "UTC".into(),
            day_from_hour: 6,
            day_to_hour: 20,
            weekend: vec![6, 7],
            terminals: BTreeMap::from([("LUKKP".into(), "Europe/Ljubljana".into())]),
        }
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn night_follows_the_zone_of_the_terminal() {
        let evening = at("2026-07-01T18:30:00Z");
        assert!(!calendar().is_night(None, evening));
        assert!(calendar().is_night(Some("LUKKP"), evening));
        assert!(!calendar().is_night(Some("LUKKP"), at("2026-07-01T04:00:00Z")));
    }

    #[test]
    fn weekends_do_not_count() {
        // 2026-03-06 is a Friday.
        let hours = |from, to| calendar().working_ms(None, at(from), at(to)) / 3_600_000;
        assert_eq!(hours("2026-03-06T20:00:00Z", "2026-03-09T04:00:00Z"), 8);
        assert_eq!(hours("2026-03-07T08:00:00Z", "2026-03-07T12:00:00Z"), 0);
        assert_eq!(hours("2026-03-02T08:00:00Z", "2026-03-03T08:00:00Z"), 24);
        assert_eq!(hours("2026-03-03T08:00:00Z", "2026-03-02T08:00:00Z"), -24);
    }

    #[test]
    fn a_stretch_of_working_time_ends_after_the_weekends_in_it() {
        let end = |from, hours: i64| calendar().plus_working(None, at(from), hours * 3_600_000).to_string();
        assert_eq!(end("2026-03-06T20:00:00Z", 8), "2026-03-09T04:00:00Z");
        assert_eq!(end("2026-03-02T20:00:00Z", 8), "2026-03-03T04:00:00Z");
        assert_eq!(end("2026-03-06T20:00:00Z", 24 * 6), "2026-03-16T20:00:00Z");
    }

    #[test]
    fn an_unknown_zone_is_refused() {
        let wrong = Calendar { time_zone: "Europe/Nowhere".into(), ..calendar() };
        assert!(wrong.check().unwrap_err().to_string().contains("Europe/Nowhere"));
    }
}
