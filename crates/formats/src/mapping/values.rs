//! From a text of the sender to the value of a field.

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::civil::DateTime;
use jiff::fmt::strtime;
use quaywatch_domain::event::{
    Classifier, Condition, EquipmentStatus, Laden, Mode, PartyRole, PinOutcome, SealSource, WeightKind, note,
};
use quaywatch_domain::{DeadLetterCode, EventKind, Text, Timestamp};

use super::fields::{Holds, edits, holds, nearest};
use super::{Mistake, RuleTable};
use crate::draft::Draft;
use crate::local_time::{self, Noted, Notes};

/// Kilograms in an avoirdupois pound.
const KG_PER_POUND: f64 = 0.453_592_37;

/// A value with the notes that reading it made; `None` when there is nothing.
pub(super) type Read = Result<Option<(Draft<'static>, Vec<&'static str>)>, (DeadLetterCode, &'static str)>;

/// What the texts of a feed have in common.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Habits<'a> {
    /// Zone of times without one.
    pub(super) zone: Option<&'a str>,
    /// Decimal sign, when the feed says it.
    pub(super) decimal: Option<char>,
}

/// A field and the rule that fills it, with what every value looks up in them.
pub(super) struct Target<'a> {
    pub(super) field: &'a str,
    pub(super) rule: &'a RuleTable,
    holds: Option<Holds>,
    /// The codes of a closed list.
    codes: Option<Vec<&'static str>>,
    /// The rule's table by the sender's values in lower case; the first of equals counts.
    lower: HashMap<String, &'a str>,
}

impl<'a> Target<'a> {
    pub(super) fn of(field: &'a str, rule: &'a RuleTable) -> Self {
        let mut lower = HashMap::new();
        for (from, to) in &rule.values {
            lower.entry(from.to_lowercase()).or_insert(to.as_str());
        }
        Self { field, rule, holds: holds(field), codes: list(field), lower }
    }
}

/// Turns a text into the value of a field.
pub(super) fn read(target: &Target<'_>, text: &str, habits: Habits<'_>) -> Read {
    let Target { field, rule, .. } = *target;
    let (text, unknown) = match text.trim() {
        // What the mapping itself gives is in our words already.
        "" => (rule.value.as_deref().or(rule.default.as_deref()).unwrap_or_default(), false),
        text => translate(text, target),
    };
    if text.is_empty() {
        return Ok(unknown.then(|| (Draft::Null, vec![note::UNKNOWN_CODE])));
    }
    let mut notes: Vec<&'static str> = unknown.then_some(note::UNKNOWN_CODE).into_iter().collect();
    let value = match target.holds {
        Some(Holds::Time) => {
            let (moment, noted) =
                time(text, rule, rule.zone.as_deref().or(habits.zone)).ok_or_else(|| time_error(field))?;
            notes.extend(noted);
            Draft::Time(moment)
        }
        Some(Holds::Number) => {
            let mut read =
                number(text, habits.decimal).ok_or((DeadLetterCode::BadField, "is not a number"))?;
            // No scale tells grams: 24.880 kg are tons with a separator of thousands.
            if habits.decimal.is_none() && is_mass(field, rule) && in_thousands(text) {
                read *= 1_000.0;
                notes.push(note::VALUE_REPAIRED);
            }
            serde_json::Number::from_f64(in_unit(read, rule.unit.as_deref()))
                .map_or(Draft::Null, Draft::Number)
        }
        Some(Holds::Integer) => {
            let number = number(text, habits.decimal).ok_or((DeadLetterCode::BadField, "is not a number"))?;
            // Counts far below 2^53 are exact.
            Draft::Number((number.round() as i64).into())
        }
        Some(Holds::Flag) => Draft::Flag(flag(text).ok_or((
            DeadLetterCode::BadField,
            "is neither yes nor no; give its values a table in the mapping",
        ))?),
        Some(Holds::Text) | None => match code(target.codes.as_deref(), text) {
            Some(code) => code.into(),
            None => return Ok(Some((Draft::Null, vec![note::UNKNOWN_CODE]))),
        },
    };
    Ok(Some((value, notes)))
}

/// Entry of a table that stands for every value that it does not have.
const ANY: &str = "*";

/// What the sender's value means, and whether the table does not know it.
fn translate<'t>(text: &'t str, target: &'t Target<'_>) -> (&'t str, bool) {
    let rule = target.rule;
    if rule.values.is_empty() || text.is_empty() {
        return (text, false);
    }
    let exact = rule.values.get(text).map(String::as_str);
    let known = exact.or_else(|| target.lower.get(&text.to_lowercase()).or(target.lower.get(ANY)).copied());
    match known {
        Some(meaning) => (meaning, false),
        None if target.field == "kind" => ("other", true),
        None => (rule.default.as_deref().unwrap_or_default(), true),
    }
}

fn time_error(field: &str) -> (DeadLetterCode, &'static str) {
    let code = if field == "occurred_at" { DeadLetterCode::NoTime } else { DeadLetterCode::BadField };
    (code, "is no time, or none of a form that the mapping gives; set `format` of the field")
}

/// The shape of a text, which tells nobody what it says: `02.03.2026` is `99.99.9999`.
pub(super) fn shape(text: &str) -> String {
    let one = |c: char| match c {
        _ if c.is_ascii_digit() => '9',
        _ if c.is_alphabetic() => 'a',
        _ if c.is_control() => '?',
        _ => c,
    };
    text.chars().take(32).map(one).collect()
}

fn time(text: &str, rule: &RuleTable, zone: Option<&str>) -> Option<Noted> {
    if rule.format.0.is_empty() {
        return local_time::iso(text, zone);
    }
    rule.format.0.iter().find_map(|format| by_format(text, format, zone).filter(is_of_our_days))
}

/// Years 1980 to 2199: a year of two digits that is read as one of four is none of these.
fn is_of_our_days((moment, _): &Noted) -> bool {
    (315_532_800_000..7_258_118_400_000).contains(&moment.as_millis())
}

fn by_format(text: &str, format: &str, zone: Option<&str>) -> Option<Noted> {
    let epoch = |factor: f64| Some((text.parse::<f64>().ok().filter(|n| n.abs() < 1e15)? * factor) as i64);
    match format {
        "epoch_s" => return epoch(1_000.0).map(|ms| (Timestamp::from_millis(ms), Notes::default())),
        "epoch_ms" => return epoch(1.0).map(|ms| (Timestamp::from_millis(ms), Notes::default())),
        "iso" => return local_time::iso(text, zone),
        _ => {}
    }
    let (text, next_day) = match local_time::end_of_day(text) {
        Some(midnight) => (Cow::Owned(midnight), true),
        None => (Cow::Borrowed(text), false),
    };
    let parts = strtime::parse(format, text.as_ref()).ok()?;
    let has_zone = parts.offset().is_some() || parts.timestamp().is_some();
    if has_zone && let Ok(moment) = parts.to_timestamp() {
        return Some((Timestamp::from_millis(moment.as_millisecond()), Notes::default()));
    }
    let local = parts.to_datetime().or_else(|_| parts.to_date().map(DateTime::from)).ok()?;
    let local = if next_day { local.tomorrow().ok()? } else { local };
    local_time::resolve(local, zone)
}

/// Whether a field is a weight in kilograms or pounds at the sender.
fn is_mass(field: &str, rule: &RuleTable) -> bool {
    field.ends_with("kg") && rule.unit.as_deref().is_none_or(|unit| unit != "t")
}

/// Whether a number has one separator with three digits behind it and one to three before: 24.880 or 24,880.
fn in_thousands(text: &str) -> bool {
    let parts: Vec<&str> = text.trim_start_matches('-').split([',', '.']).collect();
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    match parts.as_slice() {
        [head, tail] => {
            tail.len() == 3 && (1..=3).contains(&head.len()) && *head != "0" && digits(head) && digits(tail)
        }
        _ => false,
    }
}

/// A number with a decimal point or comma, and with or without separators of thousands. Without a decimal sign that the
/// feed says, the last of two different separators is it, and one that is repeated is not.
pub(super) fn number(text: &str, decimal: Option<char>) -> Option<f64> {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '\'' | '’')).collect();
    let decimal = decimal.or_else(|| match (text.rfind(','), text.rfind('.')) {
        (Some(comma), Some(point)) => Some(if comma > point { ',' } else { '.' }),
        (Some(_), None) => Some(',').filter(|_| text.matches(',').count() == 1),
        (None, Some(_)) => Some('.').filter(|_| text.matches('.').count() == 1),
        (None, None) => None,
    });
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, ',' | '.') || Some(*c) == decimal)
        .map(|c| if Some(c) == decimal { '.' } else { c })
        .collect();
    plain.parse::<f64>().ok().filter(|n| n.is_finite())
}

fn in_unit(number: f64, unit: Option<&str>) -> f64 {
    match unit {
        Some("t") => number * 1_000.0,
        Some("lb") => number * KG_PER_POUND,
        Some("F") => (number - 32.0) / 1.8,
        _ => number,
    }
}

pub(crate) fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "x" | "ja" | "j" | "da" | "oui" | "si" | "sì" => Some(true),
        "false" | "no" | "n" | "0" | "-" | "nein" | "nee" | "ne" | "non" => Some(false),
        _ => None,
    }
}

/// The codes of a closed list.
pub(super) fn list(field: &str) -> Option<Vec<&'static str>> {
    macro_rules! all {
        ($list:ident) => {
            Some($list::ALL.iter().map(|code| code.as_str()).collect())
        };
    }
    match field.rsplit_once('.').unwrap_or(("", field)) {
        ("", "classifier") => all!(Classifier),
        ("equipment", "laden") => all!(Laden),
        ("equipment", "status") => all!(EquipmentStatus),
        ("transport", "mode") => all!(Mode),
        ("pin", "outcome") => all!(PinOutcome),
        (section, "role") if section.starts_with("parties.") => all!(PartyRole),
        (section, "source") if section.starts_with("seals.") => all!(SealSource),
        (section, "condition") if section.starts_with("seals.") => all!(Condition),
        (section, "kind") if section.starts_with("weights.") => all!(WeightKind),
        _ => None,
    }
}

/// Codes of closed lists in capitals; `None` for one that the list does not have.
pub(super) fn code(list: Option<&[&'static str]>, text: &str) -> Option<Text> {
    let Some(list) = list else { return Some(text.into()) };
    let upper = text.to_uppercase();
    list.contains(&upper.as_str()).then(|| upper.into())
}

/// What is wrong with a value that the mapping itself gives.
fn constant(field: &str, value: &str) -> Option<String> {
    if value.is_empty() {
        return None;
    }
    if field == "kind" {
        if EventKind::KNOWN.contains(&EventKind::from_word(value)) {
            return None;
        }
        // The kinds are an open set: only what looks like a slip of the pen is refused.
        let near = nearest(value, EventKind::KNOWN.iter().map(EventKind::as_str));
        let near = near.filter(|near| edits(near, value) <= 2);
        return near.map(|near| format!("is no kind; the nearest is {near}"));
    }
    let list = list(field)?;
    let upper = value.to_uppercase();
    (!list.contains(&upper.as_str())).then(|| format!("is no {field}; there are {}", list.join(", ")))
}

/// What is wrong with how a field is to be read.
pub(super) fn mistake(field: &str, rule: &RuleTable) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut wrong =
        |key, value: &str, why: &str| mistakes.push((key, format!("{field}: {value}"), why.to_owned()));
    if rule.from.0.is_empty() && rule.value.is_none() && rule.default.is_none() {
        wrong("mapping.fields", "", "has neither `from` nor `value`");
    }
    for value in rule.value.iter().chain(&rule.default).chain(rule.values.values()) {
        if let Some(why) = constant(field, value) {
            wrong("mapping.fields", value, &why);
        }
    }
    let now = jiff::Timestamp::UNIX_EPOCH.to_zoned_datetime(jiff::tz::TimeZone::UTC);
    for format in rule.format.0.iter().filter(|f| !matches!(f.as_str(), "epoch_s" | "epoch_ms" | "iso")) {
        let written = strtime::format(format, &now).ok();
        if written.is_none_or(|text| strtime::parse(format, text).is_err()) {
            wrong("mapping.fields", format, "is no pattern of a time; write it like %d.%m.%Y %H:%M");
        }
    }
    if let Some(zone) = rule.zone.as_deref().filter(|zone| jiff::tz::TimeZone::get(zone).is_err()) {
        wrong("mapping.fields", zone, "is not an IANA time zone; write it like Europe/Ljubljana");
    }
    if let Some(unit) = rule.unit.as_deref().filter(|unit| !matches!(*unit, "kg" | "t" | "lb" | "C" | "F")) {
        wrong("mapping.fields", unit, "is no unit; there are kg, t, lb, C and F");
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &Draft<'_>) -> String {
        match value {
            Draft::Null => "null".to_owned(),
            Draft::Flag(flag) => flag.to_string(),
            Draft::Number(number) => number.to_string(),
            Draft::Time(moment) => format!("\"{moment}\""),
            other => format!("\"{}\"", other.text().expect("a field")),
        }
    }

    fn value(field: &str, text: &str, rule: &str) -> String {
        let rule: super::super::Rule =
            toml::from_str::<std::collections::BTreeMap<String, super::super::Rule>>(&format!(
                "rule = {{ from = \"x\"{rule} }}"
            ))
            .unwrap()
            .remove("rule")
            .unwrap();
        let habits = Habits { zone: Some("Europe/Ljubljana"), decimal: None };
        match read(&Target::of(field, &rule.0), text, habits) {
            Ok(Some((value, notes))) => {
                format!("{} {}", written(&value), notes.join(" ")).trim_end().to_owned()
            }
            Ok(None) => "nothing".to_owned(),
            Err((code, why)) => format!("{code} {why}"),
        }
    }

    #[test]
    fn numbers_are_read_with_commas_points_thousands_and_units() {
        assert_eq!(value("weights.0.kg", "24.880,5", ""), "24880.5");
        assert_eq!(value("weights.0.kg", "24,880.5", ""), "24880.5");
        assert_eq!(value("weights.0.kg", "24 880", ""), "24880.0");
        assert_eq!(value("weights.0.kg", "24,88", ", unit = \"t\""), "24880.0");
        assert_eq!(value("reefer.setpoint_c", "-0,4", ", unit = \"F\""), "-18.0");
        assert_eq!(value("weights.0.kg", "24.880", ""), "24880.0 VALUE_REPAIRED");
        assert_eq!(value("weights.0.kg", "24,880", ""), "24880.0 VALUE_REPAIRED");
        assert_eq!(value("weights.0.kg", "24.880", ", unit = \"t\""), "24880.0");
        assert_eq!(value("weights.0.kg", "1.024.880", ""), "1024880.0");
        assert_eq!(value("place.latitude", "45.548", ""), "45.548");
        assert_eq!(number("24.880", Some(',')), Some(24_880.0));
        assert_eq!(number("24,88", Some(',')), Some(24.88));
        assert!(value("weights.0.kg", "heavy", "").starts_with("BAD_FIELD"));
        assert!(value("weights.0.kg", "NaN", "").starts_with("BAD_FIELD"));
    }

    #[test]
    fn times_are_read_by_their_patterns_in_the_zone_of_the_feed() {
        let pattern = ", format = [\"%d.%m.%Y %H:%M\", \"%d.%m.%Y\"]";
        assert_eq!(
            value("occurred_at", "01.07.2026 14:05", pattern),
            "\"2026-07-01T12:05:00Z\" LOCAL_TIME_ASSUMED"
        );
        assert_eq!(
            value("occurred_at", "01.07.2026", pattern),
            "\"2026-06-30T22:00:00Z\" LOCAL_TIME_ASSUMED"
        );
        assert_eq!(value("occurred_at", "1772374800", ", format = \"epoch_s\""), "\"2026-03-01T14:20:00Z\"");
        assert_eq!(
            value("occurred_at", "2026-03-01 14:05 +0100", ", format = \"%Y-%m-%d %H:%M %z\""),
            "\"2026-03-01T13:05:00Z\""
        );
        let years = ", format = [\"%d.%m.%Y %H:%M\", \"%d.%m.%y %H:%M\"]";
        assert_eq!(
            value("occurred_at", "01.07.26 14:05", years),
            "\"2026-07-01T12:05:00Z\" LOCAL_TIME_ASSUMED"
        );
        assert!(value("occurred_at", "01.07.26 14:05", pattern).starts_with("NO_TIME"));
        assert!(value("occurred_at", "soon", pattern).starts_with("NO_TIME"));
        assert!(value("created_at", "soon", pattern).starts_with("BAD_FIELD"));
    }

    #[test]
    fn tables_translate_and_what_they_do_not_know_is_noted() {
        let table = ", values = { Ausgang = \"gate_out\" }";
        assert_eq!(value("kind", "AUSGANG ", table), "\"gate_out\"");
        assert_eq!(value("kind", "Umfuhr", table), "\"other\" UNKNOWN_CODE");
        assert_eq!(value("equipment.laden", "laden", ""), "\"LADEN\"");
        assert_eq!(value("equipment.laden", "voll", ""), "null UNKNOWN_CODE");
        assert_eq!(value("retracted", "Ja", ""), "true");
        let both = ", values = { Abholung = \"pickup_announced\" }, default = \"pickup_announced\"";
        assert_eq!(value("kind", "", both), "\"pickup_announced\"");
        assert_eq!(value("pin.outcome", "view", ", values = { \"*\" = \"\" }"), "nothing");
        assert_eq!(value("documents.order", "  ", ""), "nothing");
    }
}
