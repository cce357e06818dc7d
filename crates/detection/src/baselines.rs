//! What is usual: quantiles and counts over recorded traffic, built offline and handed to the rules.
//!
//! Immutable while rules run, so that detection stays a function of facts and settings. No visit is judged by its own data:
//! a baseline names its period, and what a visit that lies in it has added (`contribution.rs`) is taken off the counts that
//! it is compared to; a quantile is never set by the outermost value, which may be its own. Where a baseline is missing or
//! too thin, rules use the plain limits of the rule file.

use std::collections::BTreeMap;

use quaywatch_domain::event::{EquipmentStatus, Route};
use quaywatch_domain::identifiers::size_type::{Build, SizeType};
use quaywatch_domain::{Fact, Timestamp};
use serde::{Deserialize, Serialize};

use crate::contribution::{headings, own_part, way};
use crate::rules::two_places::distance_km;
use crate::settings::DAY_MS;
use crate::timeline;
use crate::trust::Places;
use crate::view::Seen;

/// What a quantile is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Measure {
    /// Discharge to gate-out of import containers, minutes without weekends.
    DwellMinutes,
    /// Last of customs release and commercial release to gate-out, minutes by the clock.
    ReleaseToGateOutMinutes,
    /// Discharge to loading of transshipments, minutes.
    TransshipmentDwellMinutes,
    /// Relative difference between two weights of one laden container from different sources, per cent of the greater.
    WeightDifferencePercent,
    /// Gate-out of a laden import container to the return of the empty, minutes.
    EmptyReturnMinutes,
    /// Difference between two scales that weighed one laden container apart within a visit, before it left, kg.
    ScaleDifferenceKg,
    /// Scan by customs to their decision, minutes.
    ScanToDecisionMinutes,
}

/// A group of visits: those of one terminal, trade and size; what is `None` is not told apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Group {
    /// SMDG terminal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// Import, export, transshipment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trade: Option<EquipmentStatus>,
    /// Size and type group as [`Group::size_of`] gives it, such as `40 REEFER`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
}

impl Group {
    /// The size group of an ISO 6346 size and type code: length and build, such as `40 REEFER` of `45R1`.
    #[must_use]
    pub fn size_of(iso_type: &str) -> Option<String> {
        let size = SizeType::parse(iso_type.trim())?;
        let build = match size.build {
            Build::General => "GENERAL",
            Build::Reefer => "REEFER",
            Build::Tank => "TANK",
            Build::OpenTop | Build::Platform => "OPEN",
            Build::Ventilated | Build::Bulk | Build::Other => "OTHER",
        };
        Some(format!("{} {build}", size.length_ft))
    }
}

/// Quantiles of a measure over one group.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantiles {
    /// Number of values.
    pub count: u32,
    /// 1st percentile.
    pub q01: f64,
    /// 5th percentile.
    pub q05: f64,
    /// Median.
    pub q50: f64,
    /// 95th percentile.
    pub q95: f64,
    /// 99th percentile.
    pub q99: f64,
}

/// How containers of one lane travel.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lane {
    /// Containers seen.
    pub count: u32,
    /// Containers by the port where they changed ships, UN/LOCODE.
    pub via: BTreeMap<String, u32>,
    /// Length of the usual way as [`Baselines::distance_km`] gives it, kilometres: by the port where most containers changed
    /// ships, or without one when most did not; 0 when unknown. Files call it `median_km`.
    #[serde(rename = "median_km")]
    pub usual_km: f64,
}

/// Where goods come from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Goods {
    /// Containers seen with the commodity.
    pub count: u32,
    /// Containers by country of origin, ISO 3166 alpha-2.
    pub origins: BTreeMap<String, u32>,
}

/// A form of seal numbers that a carrier uses, digits written `9`, such as `ML9999999`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SealFormat {
    /// Seals seen.
    pub count: u32,
    /// Least of the numbers that the digits spell, of those that lie with others.
    pub least: u64,
    /// Greatest of them.
    pub greatest: u64,
    /// Where the numbers lie, in order, without those that lie alone. Files that were built before this was counted have
    /// none: all lie between `least` and `greatest`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<SealRange>,
}

/// Numbers of seals that lie close to one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealRange {
    /// Seals seen.
    pub count: u32,
    /// Least number.
    pub least: u64,
    /// Greatest number.
    pub greatest: u64,
}

/// Least room that the numbers of a carrier are given on either side.
const SEAL_ROOM: u64 = 1_000;

impl SealFormat {
    /// Whether a number lies further from all that was seen than those spread over; beyond the greatest, `ages` times as far
    /// again when so many periods have passed since: a carrier numbers on.
    fn is_far(&self, number: u64, ages: f64) -> bool {
        let all = [SealRange { count: self.count, least: self.least, greatest: self.greatest }];
        let ranges = if self.ranges.is_empty() { &all[..] } else { &self.ranges };
        let spread = ranges.iter().fold(0_u64, |n, r| n.saturating_add(r.greatest.saturating_sub(r.least)));
        let room = spread.max(SEAL_ROOM);
        let grown = (room as f64 * (1.0 + ages)) as u64;
        ranges
            .iter()
            .all(|r| number > r.greatest.saturating_add(grown) || number < r.least.saturating_sub(room))
    }
}

/// Moves of containers in a yard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moves {
    /// All of them.
    pub count: u32,
    /// Those that name no order.
    pub unordered: u32,
}

impl Moves {
    pub(crate) fn add(&mut self, is_ordered: bool) {
        self.count = self.count.saturating_add(1);
        self.unordered = self.unordered.saturating_add(u32::from(!is_ordered));
    }
}

/// Everything usual. `quaywatch baseline build` writes it; equal content has an equal version.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Baselines {
    /// Version, such as the first digits of the digest of the traffic; empty for none.
    pub version: String,
    /// When the first of what it rests on was known. Files that were built before this was written have none, and are taken
    /// to hold no visit that is judged by them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// When the last of it had come in: what came in later is not in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// When the first of it came in: `from` is earlier when that told of what had happened long before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_from: Option<Timestamp>,
    /// Quantiles by measure and group.
    pub quantiles: BTreeMap<Measure, Vec<(Group, Quantiles)>>,
    /// Lanes by port of loading and port of discharge, `BRSSZ-SIKOP`.
    pub lanes: BTreeMap<String, Lane>,
    /// Ports by UN/LOCODE: degrees north and east, WGS 84.
    pub ports: BTreeMap<String, (f64, f64)>,
    /// Goods by the first four digits of the HS code.
    pub goods: BTreeMap<String, Goods>,
    /// How much of what happened any feed told of. Files that were built before this was counted have none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub places: Places,
    /// How far each feed is to be trusted, by feed id.
    pub feeds: BTreeMap<String, crate::FeedFigures>,
    /// Moves in the yard, by terminal (SMDG code), where somebody is named who made them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub moves: BTreeMap<String, Moves>,
    /// Forms of carriers' seals by carrier (SMDG liner code), then by form.
    pub seals: BTreeMap<String, BTreeMap<String, SealFormat>>,
}

impl Baselines {
    /// Reads what `quaywatch baseline build` wrote.
    ///
    /// # Errors
    /// When it is not such a document; says where.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The quantiles of the narrowest group that has at least `min_count` values: terminal, trade and size; terminal and
    /// trade; trade and size; trade.
    #[must_use]
    pub fn quantiles(&self, measure: Measure, group: &Group, min_count: u32) -> Option<&Quantiles> {
        let all = self.quantiles.get(&measure)?;
        let wider = |terminal: bool, size: bool| Group {
            terminal: group.terminal.clone().filter(|_| terminal),
            trade: group.trade,
            size: group.size.clone().filter(|_| size),
        };
        [wider(true, true), wider(true, false), wider(false, true), wider(false, false)]
            .iter()
            .filter_map(|wanted| all.iter().find(|(known, _)| known == wanted))
            .map(|(_, quantiles)| quantiles)
            .find(|q| q.count >= min_count)
    }

    /// Whether a fact is among what it rests on.
    pub(crate) fn holds(&self, fact: &Fact) -> bool {
        self.from.zip(self.to).is_some_and(|(from, to)| is_recorded(fact, from, to))
    }

    /// The lane between two ports, without this visit, when at least `min_count` others were seen on it.
    pub(crate) fn lane<'a>(
        &self,
        loading: &str,
        discharge: &str,
        beside: &[Seen<'a>],
        min_count: u32,
    ) -> Option<LaneOfOthers<'_, 'a>> {
        if self.lanes.is_empty() {
            return None;
        }
        let lane = self.lanes.get(&Self::lane_key(loading, discharge))?;
        let own = way(&own_part(self, beside)).filter(|(_, from, to)| (*from, *to) == (loading, discharge));
        let of_others = LaneOfOthers { lane, own: own.map(|(route, ..)| route) };
        (of_others.count() >= min_count).then_some(of_others)
    }

    /// The way over these ports along great circles, kilometres; `None` unless every port is known.
    pub fn distance_km<'a>(&self, ports: impl Iterator<Item = &'a str>) -> Option<f64> {
        let places: Vec<(f64, f64)> =
            ports.map(|port| self.ports.get(port).copied()).collect::<Option<_>>()?;
        Some(places.iter().zip(places.iter().skip(1)).map(|(a, b)| distance_km(*a, *b)).sum())
    }

    /// The key of a lane.
    #[must_use]
    pub fn lane_key(loading: &str, discharge: &str) -> String {
        format!("{loading}-{discharge}")
    }

    /// How many containers with goods of an HS code (its first four digits) came from this country, and how many from
    /// anywhere, when those are at least `min_count`.
    pub(crate) fn origin(&self, hs_code: &str, origin: &str, min_count: u32) -> Option<(u32, u32)> {
        let known = self.goods.get(hs_code.get(..4)?).filter(|known| known.count >= min_count)?;
        Some((known.origins.get(origin).copied().unwrap_or(0), known.count))
    }

    /// The same without this visit.
    pub(crate) fn origin_of_others(
        &self,
        hs_code: &str,
        origin: &str,
        beside: &[Seen<'_>],
        min_count: u32,
    ) -> Option<(u32, u32)> {
        let (mut times, mut count) = self.origin(hs_code, origin, min_count)?;
        let own = headings(&own_part(self, beside));
        for (_, from) in own.iter().filter(|(own, _)| hs_code.starts_with(own.as_str())) {
            count = count.saturating_sub(1);
            times = times.saturating_sub(u32::from(from == origin));
        }
        (count >= min_count).then_some((times, count))
    }

    /// Whether a carrier was never seen to use seals like this one: of a form that surely less than `rare_percent` of its
    /// seals have, or far from all numbers of the form. Says nothing before enough other seals of the carrier, and for
    /// numbers of the form, were seen.
    pub(crate) fn is_foreign_seal(
        &self,
        (carrier, number): (&str, &str),
        seen: &Seen<'_>,
        rare_percent: f64,
        least: &SealEvidence,
    ) -> bool {
        let Some(forms) = self.seals.get(carrier) else { return false };
        let period = self.recorded_from.zip(self.to);
        if period.is_some_and(|(from, to)| to.millis_since(from) < least.days * DAY_MS) {
            return false;
        }
        // Its own sighting, if that is among them, is none of another container.
        let own = u32::from(self.holds(seen.fact));
        let all = forms.values().fold(0_u32, |n, f| n.saturating_add(f.count)).saturating_sub(own);
        if all < least.count {
            return false;
        }
        let (form, value) = Self::seal_form(number);
        let Some(known) = forms.get(&form) else { return is_rarer(0, all, rare_percent) };
        let of_form = known.count.saturating_sub(own);
        let ages = period.map_or(0.0, |(from, to)| {
            let since = seen.at().millis_since(to).max(0);
            since as f64 / to.millis_since(from).max(1) as f64
        });
        is_rarer(of_form, all, rare_percent) || (of_form >= least.count && known.is_far(value, ages))
    }

    /// The form of a normalised seal number and the number that its digits spell.
    #[must_use]
    pub fn seal_form(normalised: &str) -> (String, u64) {
        let form = normalised.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
        let digits = normalised.bytes().filter(u8::is_ascii_digit).take(18);
        (form, digits.fold(0, |n, d| n * 10 + u64::from(d - b'0')))
    }
}

/// A lane as all but one visit travel it.
pub(crate) struct LaneOfOthers<'b, 'a> {
    lane: &'b Lane,
    /// The route of that visit, when the lane counts it.
    own: Option<&'a Route>,
}

impl LaneOfOthers<'_, '_> {
    /// Containers seen.
    pub(crate) fn count(&self) -> u32 {
        self.lane.count.saturating_sub(u32::from(self.own.is_some()))
    }

    /// Those that changed ships in a port.
    pub(crate) fn via(&self, port: &str) -> u32 {
        let own = self.own.is_some_and(|route| route.transshipment_ports.iter().any(|own| own == port));
        self.lane.via.get(port).copied().unwrap_or(0).saturating_sub(u32::from(own))
    }

    /// Length of the usual way, kilometres; 0 when unknown.
    pub(crate) const fn usual_km(&self) -> f64 {
        self.lane.usual_km
    }
}

/// How much must be known of a carrier's seals before it can be said that it never used one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealEvidence {
    /// Seals seen.
    pub(crate) count: u32,
    /// Days of recording.
    pub(crate) days: i64,
}

/// Whether what was seen `times` in `count` is rarer than so many per cent, and not only by chance: the upper bound of a
/// count that is seen so often (95 %, Poisson; three for what was never seen).
fn is_rarer(times: u32, count: u32, percent: f64) -> bool {
    let at_most = 2.0_f64.mul_add(f64::from(times).sqrt(), f64::from(times)) + 3.0;
    at_most * 100.0 < percent * f64::from(count)
}

/// Whether a fact was known since `from`, and had come in before `to`.
pub(crate) fn is_recorded(fact: &Fact, from: Timestamp, to: Timestamp) -> bool {
    timeline::known_at(fact) >= from && fact.received_at < to
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(terminal: Option<&str>, size: Option<&str>) -> Group {
        Group {
            terminal: terminal.map(Into::into),
            trade: Some(EquipmentStatus::Import),
            size: size.map(Into::into),
        }
    }

    #[test]
    fn a_thin_group_gives_way_to_a_wider_one() {
        let quantiles = |count, q50| Quantiles { count, q50, ..Quantiles::default() };
        let baselines = Baselines {
            quantiles: BTreeMap::from([(
                Measure::DwellMinutes,
                vec![
                    (group(Some("LUKKP"), Some("20 GENERAL")), quantiles(5, 1.0)),
                    (group(Some("LUKKP"), None), quantiles(50, 2.0)),
                    (group(None, None), quantiles(500, 3.0)),
                ],
            )]),
            ..Baselines::default()
        };
        let median = |g: &Group, min| baselines.quantiles(Measure::DwellMinutes, g, min).map(|q| q.q50);
        let narrow = group(Some("LUKKP"), Some("20 GENERAL"));
        assert_eq!(median(&narrow, 1), Some(1.0));
        assert_eq!(median(&narrow, 30), Some(2.0));
        assert_eq!(median(&group(Some("TRSTE"), None), 30), Some(3.0));
        assert_eq!(median(&narrow, 501), None);
    }

    #[test]
    fn seal_numbers_have_forms() {
        assert_eq!(Baselines::seal_form("ML0012345"), ("ML9999999".to_owned(), 12_345));
        assert_eq!(Group::size_of("22G1").as_deref(), Some("20 GENERAL"));
        assert_eq!(Group::size_of("2?"), None);
    }

    #[test]
    fn files_of_before_are_read_and_others_refused() {
        let old = r#"{"version": "1",
            "seals": {"MSK": {"ML9999999": {"count": 500, "least": 1000000, "greatest": 1400000}}},
            "feeds": {"gate": {"events": 9, "told": 3, "happened": 4, "kinds": {}}}}"#;
        let old = Baselines::parse(old).unwrap();
        assert_eq!((old.from, old.to, old.recorded_from), (None, None, None));
        let format = &old.seals["MSK"]["ML9999999"];
        assert!(format.is_far(1_800_001, 0.0) && !format.is_far(1_800_000, 0.0));
        assert_eq!(old.feeds["gate"].completeness(), 0.75);
        let error = Baselines::parse(r#"{"version": "1", "moods": {}}"#).unwrap_err().to_string();
        assert!(error.contains("moods"), "{error}");
    }

    #[test]
    fn they_are_written_and_read_back() {
        let baselines = Baselines {
            version: "1".into(),
            quantiles: BTreeMap::from([(
                Measure::DwellMinutes,
                vec![(group(None, None), Quantiles::default())],
            )]),
            ..Baselines::default()
        };
        let json = serde_json::to_string(&baselines).unwrap();
        assert_eq!(serde_json::from_str::<Baselines>(&json).unwrap(), baselines);
    }
}
