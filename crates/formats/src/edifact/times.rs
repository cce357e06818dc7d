//! DTM: a value under a format code (2379). Values whose length contradicts the code are read by their length.

use quaywatch_domain::event::note;

use crate::local_time::{self, Noted};

/// Reads a DTM value; `None` when no moment can be made of it.
pub(crate) fn read(value: &str, format: &str, zone: Option<&str>) -> Option<Noted> {
    let digits_end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (digits, rest) = value.split_at_checked(digits_end)?;
    let two_digit_year = matches!(format, "101" | "201");
    let expected = match format {
        "101" => 6,
        "102" => 8,
        "201" => 10,
        "203" | "303" => 12,
        "204" | "304" => 14,
        _ => digits.len(),
    };
    let short_year = match digits.len() {
        6 => true,
        10 => two_digit_year || !digits.starts_with("20"),
        8 | 12 | 14 => false,
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
    let in_zone = zone_of(rest.trim());
    let (moment, mut notes) = match in_zone {
        Some(offset_minutes) => {
            let (utc, _) = local_time::resolve(local, None)?;
            (utc.plus_millis(-60_000 * i64::from(offset_minutes)), Vec::new())
        }
        None => local_time::resolve(local, zone)?,
    };
    if digits.len() != expected {
        notes.push(note::VALUE_REPAIRED);
    }
    Some((moment, notes))
}

/// Minutes east of Greenwich of a zone text as it follows formats 303 and 304: `UTC`, `Z`, `+01`, `+0130`, `CET`.
fn zone_of(text: &str) -> Option<i32> {
    match text {
        "" => None,
        "UTC" | "GMT" | "Z" => Some(0),
        "CET" => Some(60),
        "CEST" | "EET" => Some(120),
        _ => {
            let sign = if text.starts_with('-') { -1 } else { 1 };
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            let hours: i32 = digits.get(..2)?.parse().ok()?;
            let minutes: i32 = digits.get(2..4).map_or(Some(0), |m| m.parse().ok())?;
            (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
        }
    }
}

/// The preparation time of an interchange (S004): `yymmdd:hhmm`, in syntax version 4 `yyyymmdd:hhmm`.
pub(crate) fn prepared(date: &str, time: &str, zone: Option<&str>) -> Option<Noted> {
    let hhmm = if time.len() == 4 { time } else { "0000" };
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
    }

    #[test]
    fn contradictions_are_repaired_and_nonsense_is_nothing() {
        let (moment, notes) = read("20260301", "203", None).unwrap();
        assert_eq!(
            (moment.to_string().as_str(), notes),
            ("2026-03-01T00:00:00Z", vec![note::VALUE_REPAIRED])
        );
        for nonsense in ["", "x", "20269901", "2026030114059", "99999999999999999999"] {
            assert_eq!(utc(nonsense, "203"), "none", "{nonsense}");
        }
    }
}
