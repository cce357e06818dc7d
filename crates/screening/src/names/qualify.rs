//! What is known beside the name: country and date of birth.

use quaywatch_domain::WatchlistEntry;

use super::explain::Explanation;

/// What is known of who is asked about, beside the name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Party {
    /// ISO 3166 alpha-2 country.
    pub country: Option<String>,
    /// Date of birth as given: a year, or year-month-day.
    pub birth_date: Option<String>,
}

const OTHER_COUNTRY: f32 = -0.08;
const OTHER_YEAR: f32 = -0.2;
const OTHER_DAY: f32 = -0.08;
const SAME_COUNTRY: f32 = 0.02;
const SAME_YEAR: f32 = 0.03;
/// Dates of birth on lists are often a year off.
const YEARS_OFF: u16 = 1;

/// The score with what is known beside the name; `None` for a weak alias that nothing else confirms.
pub(crate) fn qualify(
    score: f32,
    weak: bool,
    party: &Party,
    entry: &WatchlistEntry,
    mut explanation: Option<&mut Explanation>,
) -> Option<f32> {
    let mut change = 0.0;
    let mut confirmed = false;
    let mut note = |by: f32, what: std::fmt::Arguments<'_>| {
        if let Some(explanation) = &mut explanation {
            explanation.qualified.push(format!("{what} ({by:+.2})"));
        }
        change += by;
    };
    if let Some(country) = party.country.as_deref().filter(|_| !entry.countries.is_empty()) {
        if entry.countries.iter().any(|listed| listed.eq_ignore_ascii_case(country)) {
            note(SAME_COUNTRY, format_args!("same country {country}"));
        } else {
            note(OTHER_COUNTRY, format_args!("country {country}, listed {}", entry.countries.join(" ")));
        }
    }
    if let Some(born) = party.birth_date.as_deref()
        && let Some(closest) = entry.birth_dates.iter().filter_map(|listed| compare(born, listed)).max()
    {
        match closest {
            Birth::Same => {
                confirmed = true;
                note(SAME_YEAR, format_args!("born {born}"));
            }
            Birth::OtherDay => note(OTHER_DAY, format_args!("born {born}, listed another day")),
            Birth::OtherYear => {
                note(OTHER_YEAR, format_args!("born {born}, listed {}", entry.birth_dates.join(" ")));
            }
        }
    }
    if weak {
        if !confirmed {
            return None;
        }
        if let Some(explanation) = &mut explanation {
            explanation.qualified.push("a weak alias, confirmed by the date of birth".to_owned());
        }
    }
    Some((score + change).clamp(0.0, 1.0))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Birth {
    OtherYear,
    OtherDay,
    Same,
}

/// Two dates of birth in whatever form: years count, and days where both are ISO dates.
fn compare(born: &str, listed: &str) -> Option<Birth> {
    let (a, b) = (years(born), years(listed));
    let (from, to) = (*b.iter().min()?, *b.iter().max()?);
    let year = *a.first()?;
    if year + YEARS_OFF < from || year > to + YEARS_OFF {
        return Some(Birth::OtherYear);
    }
    let full = |text: &str| text.len() == 10 && text.as_bytes().get(4) == Some(&b'-');
    if full(born) && full(listed) && born != listed {
        return Some(Birth::OtherDay);
    }
    Some(if a == b || (from..=to).contains(&year) { Birth::Same } else { Birth::OtherDay })
}

/// The years that a text names; a range names two.
fn years(text: &str) -> Vec<u16> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|digits| digits.len() == 4)
        .filter_map(|digits| digits.parse().ok())
        .filter(|year| (1800..2200).contains(year))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_birth_are_compared_as_far_as_they_go() {
        assert_eq!(compare("1970-01-02", "1970-01-02"), Some(Birth::Same));
        assert_eq!(compare("1970-01-02", "1970-02-01"), Some(Birth::OtherDay));
        assert_eq!(compare("1970", "02 Jan 1970"), Some(Birth::Same));
        assert_eq!(compare("1970", "1965 to 1972"), Some(Birth::Same));
        assert_eq!(compare("1970", "circa 1971"), Some(Birth::OtherDay));
        assert_eq!(compare("1970", "1980"), Some(Birth::OtherYear));
        assert_eq!(compare("unknown", "1980"), None);
    }
}
