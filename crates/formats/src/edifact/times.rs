//! DTM: a value under a format code (2379). Values whose length contradicts the code are read by their length.

use quaywatch_domain::event::note;

use crate::local_time::{self, Noted, Notes};

/// Years that a message of our time may speak of; others are placeholders such as 0001-01-01.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2099;

/// Reads a DTM value; of a period its beginning. `None` when no moment can be made of it.
pub(crate) fn read(value: &str, format: &str, zone: Option<&str>) -> Option<Noted> {
    let digits_end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (digits, rest) = value.split_at_checked(digits_end)?;
    if (digits.len() == 4 && rest.starts_with('-')) || (digits.len() == 8 && rest.starts_with([' ', 'T'])) {
        return apart(value, format, zone);
    }
    let two_digit_year = matches!(format, "101" | "201" | "202" | "301" | "302" | "713" | "717");
    let expected = match format {
        "101" | "717" => 6,
        "102" | "718" => 8,
        "201" | "301" | "713" => 10,
        "202" | "203" | "205" | "302" | "303" | "719" => 12,
        "204" | "304" => 14,
        _ => digits.len(),
    };
    let short_year = match digits.len() {
        6 => true,
        10 => two_digit_year || !digits.starts_with("20"),
        12 => two_digit_year && !digits.starts_with("20"),
        8 | 14 => false,
        _ => return None,
    };
    let (year, rest_digits) = digits.split_at_checked(if short_year { 2 } else { 4 })?;
    let year: i16 = year.parse().ok()?;
    let year = if short_year { 2000 + year } else { year };
    let mut parts = [1, 1, 0, 0, 0_i8];
    for (part, two) in parts.iter_mut().zip(rest_digits.as_bytes().chunks(2)) {
        *part = std::str::from_utf8(two).ok()?.parse().ok()?;
    }
    let [month, day, hour, minute, second] = parts;
    let local = local_time::civil(year, month, day, hour, minute, second)?;
    YEARS.contains(&year).then_some(())?;
    let rest = rest.trim();
    let in_zone = zone_of(rest);
    let (moment, mut notes) = match in_zone {
        Some(offset_minutes) => {
            let (utc, _) = local_time::resolve(local, None)?;
            (utc.plus_millis(-60_000 * i64::from(offset_minutes)), Notes::default())
        }
        None => local_time::resolve(local, zone)?,
    };
    let unread = in_zone.is_none() && !rest.is_empty() && !format.starts_with('7');
    if digits.len() != expected || unread {
        notes.push(note::VALUE_REPAIRED);
    }
    Some((moment, notes))
}

/// A value with the marks that people put between its parts.
fn apart(value: &str, format: &str, zone: Option<&str>) -> Option<Noted> {
    let (moment, mut notes) = local_time::iso(value, zone).or_else(|| {
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        read(&digits, format, zone)
    })?;
    if !notes.contains(&note::VALUE_REPAIRED) {
        notes.push(note::VALUE_REPAIRED);
    }
    Some((moment, notes))
}

/// Minutes east of Greenwich of a zone text as it follows formats 205, 303 and 304: `UTC`, `Z`, `+1`, `+01`, `+0130`, `CET`.
fn zone_of(text: &str) -> Option<i32> {
    match text {
        "" => None,
        "UTC" | "GMT" | "Z" | "WET" => Some(0),
        "CET" | "MET" | "MEZ" | "WEST" => Some(60),
        "CEST" | "MEST" | "MESZ" | "EET" => Some(120),
        "EEST" => Some(180),
        _ => {
            let sign = if text.starts_with('-') { -1 } else { 1 };
            let digits = text.strip_prefix(['+', '-'])?;
            let (hours, minutes) = digits.split_at_checked(digits.len().min(2))?;
            let hours: i32 = hours.parse().ok()?;
            let minutes: i32 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
            (digits.len() != 3 && hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
        }
    }
}

/// The preparation time of an interchange (S004): `yymmdd:hhmm`, in syntax version 4 `yyyymmdd:hhmm`.
pub(crate) fn prepared(date: &str, time: &str, zone: Option<&str>) -> Option<Noted> {
    let hhmm = time.get(..4).unwrap_or("0000");
    read(&format!("{date}{hhmm}"), if date.len() == 8 { "203" } else { "201" }, zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(value: &str, format: &str) -> String {
        read(value, format, None).map_or("none".to_owned(), |(t, _)| t.to_string())
    }

    #[test]
    fn every_format_is_read() {
        assert_eq!(utc("260301", "101"), "2026-03-01T00:00:00Z");
        assert_eq!(utc("20260301", "102"), "2026-03-01T00:00:00Z");
        assert_eq!(utc("2603011405", "201"), "2026-03-01T14:05:00Z");
        assert_eq!(utc("202603011405", "203"), "2026-03-01T14:05:00Z");
        assert_eq!(utc("20260301140509", "204"), "2026-03-01T14:05:09Z");
        assert_eq!(utc("202603011405+0130", "303"), "2026-03-01T12:35:00Z");
        assert_eq!(utc("202603011405UTC", "303"), "2026-03-01T14:05:00Z");
        assert_eq!(utc("260301140509", "202"), "2026-03-01T14:05:09Z");
        assert_eq!(utc("202603011405-0330", "205"), "2026-03-01T17:35:00Z");
        assert_eq!(utc("2603011405CET", "301"), "2026-03-01T13:05:00Z");
        assert_eq!(utc("202603011405+1", "303"), "2026-03-01T13:05:00Z");
    }

    #[test]
    fn a_period_begins_where_it_begins() {
        assert_eq!(utc("260301-260305", "717"), "2026-03-01T00:00:00Z");
        assert_eq!(utc("20260301-20260305", "718"), "2026-03-01T00:00:00Z");
        assert_eq!(utc("202603011000-202603051200", "719"), "2026-03-01T10:00:00Z");
        assert_eq!(read("20260301-20260305", "718", None).unwrap().1, Notes::default());
    }

    #[test]
    fn marks_between_the_parts_and_strange_zones_are_repaired() {
        for (value, format) in
            [("20260301 1405", "203"), ("2026-03-01 14:05", "203"), ("2026-03-01T1405", "203")]
        {
            let (moment, notes) = read(value, format, None).unwrap();
            assert_eq!(moment.to_string(), "2026-03-01T14:05:00Z", "{value}");
            assert_eq!(*notes, [note::VALUE_REPAIRED], "{value}");
        }
        assert_eq!(*read("202603011405XXX", "303", None).unwrap().1, [note::VALUE_REPAIRED]);
    }

    #[test]
    fn contradictions_are_repaired_and_nonsense_is_nothing() {
        let (moment, notes) = read("20260301", "203", None).unwrap();
        assert_eq!(
            (moment.to_string().as_str(), &*notes),
            ("2026-03-01T00:00:00Z", &[note::VALUE_REPAIRED][..])
        );
        for nonsense in ["", "x", "20269901", "2026030114059", "99999999999999999999", "000101010000"] {
            assert_eq!(utc(nonsense, "203"), "none", "{nonsense}");
        }
    }
}
