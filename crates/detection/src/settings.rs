//! The rules' thresholds, weights, windows and shadow flags, from `rules.toml`.

use std::collections::BTreeMap;

use quaywatch_domain::event::PortEvent;
use quaywatch_domain::{Action, Handling, Severity, Sha256, Timestamp};
use serde::{Deserialize, Deserializer, de};
use toml::{Table, Value};

use crate::baselines::SealEvidence;
use crate::calendar::Calendar;
use crate::profiles::{self, Profiles};
use crate::{combinations, contagion, control, trust, unknown};

/// Milliseconds in a minute, an hour and a day.
pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// Longest window that a rule file may set, days.
const MAX_WINDOW_DAYS: f64 = 3_660.0;

const BUILT_IN: &str = include_str!("../rules.toml");

/// Why a rule file is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not TOML, or has an unknown name or a value of the wrong kind.
    #[error("the rule file cannot be read: {0}; compare it with the built-in rules.toml")]
    Syntax(#[from] toml::de::Error),
    /// It sets what there is not.
    #[error("the rule file cannot be read: {0}")]
    Unknown(String),
    /// A time zone is unknown.
    #[error(
        "the rule file names the time zone '{0}', which is unknown; use a name of the IANA database such as Europe/Ljubljana"
    )]
    TimeZone(String),
    /// A combination cannot be used.
    #[error("combination {name}: {what}")]
    Combination {
        /// Its name.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// A profile cannot be used.
    #[error("profile {name}: {what}")]
    Profile {
        /// Its name.
        name: String,
        /// What is wrong, and where.
        what: String,
    },
    /// The control sample cannot be told.
    #[error(
        "the rule file tells the control sample to {agency} under a short key, so that others could guess it; set control.key \
         to a secret of at least {} characters",
        control::MIN_KEY_CHARACTERS
    )]
    Control {
        /// Who is to be told.
        agency: String,
    },
    /// A value makes no sense.
    #[error("the rule file sets {name} to {value}; use a value {range}")]
    Range {
        /// Setting.
        name: String,
        /// Its value.
        value: f64,
        /// What is allowed.
        range: String,
    },
}

/// Tables of the rule file that are not about one rule.
const GENERAL: [&str; 13] = [
    "alert",
    "visit",
    "history",
    "calendar",
    "baseline",
    "risk",
    "customs",
    "people",
    "profiles",
    "combinations",
    "contagion",
    "trust",
    "control",
];

/// Every threshold of detection.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    version: String,
    pub(crate) alert: AlertRules,
    pub(crate) visit: VisitRules,
    pub(crate) history: History,
    pub(crate) calendar: Calendar,
    pub(crate) baseline: BaselineRules,
    pub(crate) risk: Risk,
    pub(crate) customs: CustomsRules,
    pub(crate) people: People,
    pub(crate) profiles: Profiles,
    pub(crate) combinations: BTreeMap<String, combinations::Settings>,
    pub(crate) contagion: contagion::Settings,
    pub(crate) trust: trust::Settings,
    pub(crate) control: control::Settings,
    /// One table a rule.
    pub(crate) rule: crate::rules::Settings,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct General {
    alert: AlertRules,
    visit: VisitRules,
    history: History,
    calendar: Calendar,
    baseline: BaselineRules,
    risk: Risk,
    customs: CustomsRules,
    people: People,
    #[serde(default)]
    profiles: BTreeMap<String, profiles::Settings>,
    combinations: BTreeMap<String, combinations::Settings>,
    contagion: contagion::Settings,
    trust: trust::Settings,
    control: control::Settings,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertRules {
    pub(crate) threshold: f64,
    pub(crate) valid_hours: i64,
    pub(crate) retention_days: i64,
    pub(crate) full_weight_days: i64,
    pub(crate) half_life_days: f64,
    /// What a LOW indicator counts beside another of its rule, per cent.
    pub(crate) further_low_percent: f64,
    pub(crate) weights: Weights,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Weights {
    low: f64,
    medium: f64,
    high: f64,
    critical: f64,
}

impl Weights {
    pub(crate) const fn of(&self, severity: Severity) -> f64 {
        match severity {
            Severity::Low => self.low,
            Severity::Medium => self.medium,
            Severity::High => self.high,
            Severity::Critical => self.critical,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VisitRules {
    pub(crate) after_window_days: i64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct History {
    pub(crate) container_days: i64,
    pub(crate) open_days: i64,
    pub(crate) seal_days: i64,
    pub(crate) party_days: i64,
    pub(crate) call_days: i64,
    pub(crate) alert_days: i64,
    /// From when on everything is recorded, where that is known.
    #[serde(deserialize_with = "moment")]
    recorded_since: Option<Timestamp>,
}

impl History {
    /// Whether everything was recorded for so many days before `at`, so that a first time is one.
    pub(crate) fn is_recorded(&self, at: Timestamp, days: i64) -> bool {
        self.recorded_since.is_some_and(|since| at.millis_since(since) >= days * DAY_MS)
    }
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    Timestamp::parse(&text)
        .map(Some)
        .map_err(|_| de::Error::custom(format_args!("'{text}' is not a time such as 2026-03-01T00:00:00Z")))
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaselineRules {
    pub(crate) min_count: u32,
    pub(crate) seals: SealEvidence,
}

/// Where drugs come from and in what they travel; the countries and goods that rules about risk look at.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Risk {
    /// ISO 3166 alpha-2 countries.
    pub(crate) origins: Vec<String>,
    /// Beginnings of HS codes.
    pub(crate) perishable_goods: Vec<String>,
}

impl Risk {
    /// Whether a country, or the UN/LOCODE of a port in one, is a watched origin.
    pub(crate) fn is_watched(&self, country_or_port: &str) -> bool {
        country_or_port.get(..2).is_some_and(|country| self.origins.iter().any(|known| known == country))
    }

    /// Whether the goods perish.
    pub(crate) fn is_perishable(&self, hs_code: &str) -> bool {
        self.perishable_goods.iter().any(|chapter| hs_code.starts_with(chapter.as_str()))
    }
}

/// Facility code of a customs site.
const CUSTOMS_SITE: &str = "CUSTOMS_SITE";

/// Who may act for customs, and where.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomsRules {
    /// Roles of users that act for customs.
    pub(crate) roles: Vec<String>,
    /// Yard blocks of the customs site.
    pub(crate) blocks: Vec<String>,
    /// Offices that may release here; empty: not known.
    pub(crate) offices: Vec<String>,
}

impl CustomsRules {
    /// Whether something happens, or is to happen, at the site where customs scan and inspect.
    pub(crate) fn is_site(&self, event: &PortEvent) -> bool {
        let Some(place) = event.place.as_deref() else { return false };
        let block = place.yard.as_ref().and_then(|y| y.block.as_deref());
        place.facility.as_deref() == Some(CUSTOMS_SITE)
            || block.is_some_and(|block| self.blocks.iter().any(|known| known.eq_ignore_ascii_case(block)))
    }

    /// Whether a role is one of customs.
    pub(crate) fn is_customs(&self, role: &str) -> bool {
        self.roles.iter().any(|known| known.eq_ignore_ascii_case(role))
    }
}

/// The module that looks at what people do: off unless switched on, and then for a restricted audience.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct People {
    pub(crate) enabled: bool,
    pub(crate) actor_days: i64,
    #[serde(deserialize_with = "label")]
    pub(crate) handling: Handling,
}

pub(crate) fn label<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Handling, D::Error> {
    let text = String::deserialize(deserializer)?;
    Handling::parse(&text)
        .ok_or_else(|| de::Error::custom(format_args!("'{text}' is not a label such as RED/H1")))
}

/// One sub-rule: how grave, what to advise, whether it only counts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubRule {
    pub(crate) severity: Severity,
    pub(crate) action: Action,
    pub(crate) shadow: bool,
}

impl Rules {
    /// Reads a rule file; what it leaves out is as built in.
    ///
    /// # Errors
    /// When it is not TOML, names something unknown, or sets something out of range.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (base, top): (Table, Table) = (toml::from_str(BUILT_IN)?, toml::from_str(text)?);
        match Self::overlaid(text, base.clone(), top.clone()) {
            Err(Error::Syntax(error)) => {
                Err(unknown::find(text, &top, &base).map_or(Error::Syntax(error), Error::Unknown))
            }
            other => other,
        }
    }

    fn overlaid(text: &str, mut all: Table, top: Table) -> Result<Self, Error> {
        overlay(&mut all, top);
        check_units("", &all)?;
        let general: Table = GENERAL.iter().filter_map(|name| all.remove_entry(*name)).collect();
        let general: General = Value::Table(general).try_into()?;
        let has_profile = |name: &str| general.profiles.contains_key(name);
        general.combinations.iter().try_for_each(|(name, c)| c.check(name, &has_profile))?;
        let rules = Self {
            version: Sha256::of(text.as_bytes()).to_string().chars().take(12).collect(),
            profiles: Profiles::compile(general.profiles, &general.alert.weights)?,
            alert: general.alert,
            visit: general.visit,
            history: general.history,
            calendar: general.calendar,
            baseline: general.baseline,
            risk: general.risk,
            customs: general.customs,
            people: general.people,
            combinations: general.combinations,
            contagion: general.contagion,
            trust: general.trust,
            control: general.control,
            rule: Value::Table(all).try_into()?,
        };
        rules.check()?;
        Ok(rules)
    }

    /// The text of the built-in rule file.
    #[must_use]
    pub const fn built_in() -> &'static str {
        BUILT_IN
    }

    /// Score from which an alert is raised, 0–100.
    #[must_use]
    pub const fn threshold(&self) -> f64 {
        self.alert.threshold
    }

    /// Most containers on which one seal number is still taken for a seal number, not for a mark or a placeholder.
    #[must_use]
    pub const fn seal_max_boxes(&self) -> usize {
        self.rule.duplicate_seal.max_boxes
    }

    /// Version: the first twelve digits of the SHA-256 of the file.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What the units of the names do not tell.
    fn check(&self) -> Result<(), Error> {
        let within = |name: &str, value: f64, least: f64, most: f64| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(Error::Range { name: name.to_owned(), value, range: format!("between {least} and {most}") })
        };
        // An alert must have ended before the history that it rests on goes.
        let most = self.history.container_days.saturating_sub(1) * 24;
        within("alert.valid_hours", self.alert.valid_hours as f64, 0.0, most as f64)?;
        let weights = &self.alert.weights;
        within("alert.threshold", self.alert.threshold, 0.0, 100.0)?;
        within("alert.weights.low", weights.low, 0.0, 100.0)?;
        within("alert.weights.medium", weights.medium, 0.0, 100.0)?;
        within("alert.weights.high", weights.high, 0.0, 100.0)?;
        within("alert.weights.critical", weights.critical, 0.0, 100.0)?;
        within("alert.further_low_percent", self.alert.further_low_percent, 0.0, 100.0)?;
        within("alert.half_life_days", self.alert.half_life_days, 0.1, MAX_WINDOW_DAYS)?;
        within("control.per_10000", self.control.per_10000 as f64, 0.0, 10_000.0)?;
        within("contagion.seal_reach", self.contagion.seal_reach as f64, 0.0, 100.0)?;
        let day_from = f64::from(self.calendar.day_from_hour);
        within("calendar.day_from_hour", day_from, 0.0, 24.0)?;
        within("calendar.day_to_hour", f64::from(self.calendar.day_to_hour), day_from, 24.0)?;
        if !self.control.agency.is_empty() && !self.control.has_own_key() {
            return Err(Error::Control { agency: self.control.agency.clone() });
        }
        self.calendar.check()
    }
}

/// Checks every number by the unit at the end of its name; what has no unit must not be negative.
fn check_units(path: &str, table: &Table) -> Result<(), Error> {
    for (name, value) in table {
        let name = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let value = match value {
            Value::Table(inner) => {
                check_units(&name, inner)?;
                continue;
            }
            Value::Integer(value) => *value as f64,
            Value::Float(value) => *value,
            _ => continue,
        };
        let (least, most) = match name.rsplit(['_', '.']).next() {
            Some("seconds") => (0.0, 86_400.0),
            Some("minutes") => (0.0, 44_640.0),
            Some("hours") => (0.0, 24.0 * MAX_WINDOW_DAYS),
            Some("days") => (0.0, MAX_WINDOW_DAYS),
            Some("percent") => (0.0, 100.0),
            Some("km" | "kmh") => (0.1, 20_000.0),
            Some("kg") => (0.0, 100_000.0),
            _ => (0.0, f64::from(i32::MAX)),
        };
        if !(least..=most).contains(&value) {
            return Err(Error::Range { name, value, range: format!("between {least} and {most}") });
        }
    }
    Ok(())
}

impl Default for Rules {
    /// The built-in rules.
    #[expect(clippy::expect_used, reason = "the built-in file is part of the program; a test reads it")]
    fn default() -> Self {
        Self::parse(BUILT_IN).expect("the built-in rules.toml is valid")
    }
}

fn overlay(base: &mut Table, top: Table) {
    for (name, value) in top {
        match (base.get_mut(&name), value) {
            (Some(Value::Table(below)), Value::Table(above)) => overlay(below, above),
            (_, value) => {
                base.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_rules_are_valid_and_their_version_follows_the_text() {
        let built_in = Rules::default();
        assert_eq!(built_in.version().len(), 12);
        let other = Rules::parse("[alert]\nthreshold = 55.0\n").unwrap();
        assert_ne!(other.version(), built_in.version());
        assert_eq!((other.alert.threshold, other.alert.valid_hours), (55.0, built_in.alert.valid_hours));
    }

    #[test]
    fn unknown_names_and_absurd_values_are_refused() {
        let unknown = Rules::parse("[alert]\nthreshhold = 55.0\n").unwrap_err();
        assert!(
            unknown.to_string().contains("line 2") && unknown.to_string().contains("'threshold'"),
            "{unknown}"
        );
        let table = Rules::parse("# own\n[two_placs.a]\nshadow = true\n").unwrap_err().to_string();
        assert!(
            table.contains("line 2: there is no setting two_placs, did you mean 'two_places'"),
            "{table}"
        );
        for (file, what) in [
            ("[calendar]\nday_from_hour = 20\nday_to_hour = 6\n", "calendar.day_to_hour"),
            ("[calendar]\nweekend = [8, 0]\n", "calendar.weekend"),
            ("[control]\nper_10000 = 50000\n", "control.per_10000"),
            ("[contagion]\nseal_reach = 100000000\n", "contagion.seal_reach"),
            ("[combinations.switch]\nparts = [\"MO-99\", \"MO-06\"]\n", "nothing raises MO-99"),
            ("[combinations.switch]\nparts = [\"MO-06\", \"PROFILE-none\"]\n", "nothing raises PROFILE-none"),
        ] {
            let refused = Rules::parse(file).unwrap_err().to_string();
            assert!(refused.contains(what), "{file}: {refused}");
        }
        let absurd = Rules::parse("[two_places]\nmax_speed_kmh = 0.0\n").unwrap_err();
        assert!(absurd.to_string().contains("two_places.max_speed_kmh"), "{absurd}");
        assert!(
            Rules::parse("[history]\ncontainer_days = 3\n").unwrap_err().to_string().contains("valid_hours")
        );
    }
}
