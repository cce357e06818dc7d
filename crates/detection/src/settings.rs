//! The rules' thresholds, weights, windows and shadow flags, from `rules.toml`.

use quaywatch_domain::{Action, Severity, Sha256};
use serde::Deserialize;
use toml::{Table, Value};

/// Milliseconds in a minute, an hour and a day.
pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// Longest window that a rule file may set, days.
const MAX_WINDOW_DAYS: i64 = 3_660;

const BUILT_IN: &str = include_str!("../rules.toml");

/// Why a rule file is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not TOML, or has an unknown name or a value of the wrong kind.
    #[error("the rule file cannot be read: {0}; compare it with the built-in rules.toml")]
    Syntax(#[from] toml::de::Error),
    /// A value makes no sense.
    #[error("the rule file sets {name} to {value}; use a value {range}")]
    Range {
        /// Setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        range: &'static str,
    },
}

/// Every threshold of detection.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    #[serde(skip)]
    version: String,
    pub(crate) alert: AlertRules,
    pub(crate) visit: VisitRules,
    pub(crate) history: History,
    pub(crate) watchlist_hit: WatchlistHit,
    pub(crate) release_right: ReleaseRight,
    pub(crate) seal_change: SealChange,
    pub(crate) duplicate_seal: DuplicateSeal,
    pub(crate) two_places: TwoPlaces,
    pub(crate) gate_out_under_hold: GateOutUnderHold,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertRules {
    pub(crate) threshold: f64,
    pub(crate) valid_hours: i64,
    pub(crate) retention_days: i64,
    pub(crate) full_weight_days: i64,
    pub(crate) half_life_days: f64,
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
    pub(crate) seal_days: i64,
    pub(crate) party_days: i64,
    pub(crate) alert_days: i64,
}

/// One sub-rule: how grave, what to advise, whether it only counts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubRule {
    pub(crate) severity: Severity,
    pub(crate) action: Action,
    pub(crate) shadow: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchlistHit {
    pub(crate) identifier: Shadow,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shadow {
    pub(crate) shadow: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseRight {
    pub(crate) quick_announcement_minutes: i64,
    pub(crate) min_other_containers: usize,
    pub(crate) batch_hours: i64,
    pub(crate) several_window_hours: i64,
    pub(crate) outage_max_hours: i64,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) e: SubRule,
    pub(crate) g: SubRule,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealChange {
    pub(crate) door_work_minutes: i64,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) c: SubRule,
    pub(crate) t: SubRule,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DuplicateSeal {
    pub(crate) max_boxes: usize,
    pub(crate) a: DuplicateSealA,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DuplicateSealA {
    pub(crate) severity: Severity,
    pub(crate) severity_issuer_unknown: Severity,
    pub(crate) action: Action,
    pub(crate) shadow: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TwoPlaces {
    pub(crate) same_happening_minutes: i64,
    pub(crate) late_message_grace_minutes: i64,
    pub(crate) yard_days: i64,
    pub(crate) on_vessel_days: i64,
    pub(crate) gate_out_pair_days: i64,
    pub(crate) min_distance_km: f64,
    pub(crate) max_speed_kmh: f64,
    pub(crate) clock_tolerance_minutes: i64,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) c: SubRule,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GateOutUnderHold {
    pub(crate) grace_minutes: i64,
    pub(crate) a: SubRule,
}

impl Rules {
    /// Reads a rule file; what it leaves out is as built in.
    ///
    /// # Errors
    /// When it is not TOML, names something unknown, or sets something out of range.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut all: Table = toml::from_str(BUILT_IN)?;
        overlay(&mut all, toml::from_str(text)?);
        let mut rules: Self = Value::Table(all).try_into()?;
        rules.version = Sha256::of(text.as_bytes()).to_string().chars().take(12).collect();
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

    /// Version: the first twelve digits of the SHA-256 of the file.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    fn check(&self) -> Result<(), Error> {
        let window = |name, value: i64, most: i64, range| {
            if (0..=most).contains(&value) {
                Ok(())
            } else {
                Err(Error::Range { name, value: value as f64, range })
            }
        };
        let days = |name, value| window(name, value, MAX_WINDOW_DAYS, "between 0 and 3660");
        let minutes = |name, value| window(name, value, 1_440 * 31, "between 0 and 44640");
        days("history.container_days", self.history.container_days)?;
        days("history.seal_days", self.history.seal_days)?;
        days("history.party_days", self.history.party_days)?;
        days("history.alert_days", self.history.alert_days)?;
        days("visit.after_window_days", self.visit.after_window_days)?;
        days("alert.retention_days", self.alert.retention_days)?;
        days("alert.full_weight_days", self.alert.full_weight_days)?;
        // An alert must have ended before the history that it rests on goes.
        window(
            "alert.valid_hours",
            self.alert.valid_hours,
            self.history.container_days.saturating_sub(1) * 24,
            "between 0 and 24 x (history.container_days - 1)",
        )?;
        minutes("release_right.quick_announcement_minutes", self.release_right.quick_announcement_minutes)?;
        minutes("seal_change.door_work_minutes", self.seal_change.door_work_minutes)?;
        minutes("two_places.same_happening_minutes", self.two_places.same_happening_minutes)?;
        minutes("two_places.late_message_grace_minutes", self.two_places.late_message_grace_minutes)?;
        minutes("two_places.clock_tolerance_minutes", self.two_places.clock_tolerance_minutes)?;
        minutes("gate_out_under_hold.grace_minutes", self.gate_out_under_hold.grace_minutes)?;
        let hours = |name, value| window(name, value, 24 * MAX_WINDOW_DAYS, "between 0 and 87840");
        hours("release_right.batch_hours", self.release_right.batch_hours)?;
        hours("release_right.several_window_hours", self.release_right.several_window_hours)?;
        hours("release_right.outage_max_hours", self.release_right.outage_max_hours)?;
        days("two_places.yard_days", self.two_places.yard_days)?;
        days("two_places.on_vessel_days", self.two_places.on_vessel_days)?;
        days("two_places.gate_out_pair_days", self.two_places.gate_out_pair_days)?;
        let weights = &self.alert.weights;
        for (name, value) in [
            ("alert.threshold", self.alert.threshold),
            ("alert.weights.low", weights.low),
            ("alert.weights.medium", weights.medium),
            ("alert.weights.high", weights.high),
            ("alert.weights.critical", weights.critical),
        ] {
            if !(0.0..=100.0).contains(&value) {
                return Err(Error::Range { name, value, range: "between 0 and 100" });
            }
        }
        for (name, value) in [
            ("alert.half_life_days", self.alert.half_life_days),
            ("two_places.max_speed_kmh", self.two_places.max_speed_kmh),
            ("two_places.min_distance_km", self.two_places.min_distance_km),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::Range { name, value, range: "above 0" });
            }
        }
        Ok(())
    }
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
        assert!(unknown.to_string().contains("threshhold"), "{unknown}");
        let absurd = Rules::parse("[two_places]\nmax_speed_kmh = 0.0\n").unwrap_err();
        assert!(absurd.to_string().contains("two_places.max_speed_kmh"), "{absurd}");
        assert!(
            Rules::parse("[history]\ncontainer_days = 3\n").unwrap_err().to_string().contains("valid_hours")
        );
    }
}
