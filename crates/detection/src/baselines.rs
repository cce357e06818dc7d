//! What is usual: quantiles and counts over recorded traffic, built offline and handed to the rules.
//!
//! Immutable while rules run, so that detection stays a function of facts and settings. The builder leaves out, or is
//! given none of, the visits that are judged by it. Where a baseline is missing or too thin, rules use the plain limits
//! of the rule file.

use std::collections::BTreeMap;

use quaywatch_domain::event::EquipmentStatus;
use quaywatch_domain::identifiers::size_type::{Build, SizeType};
use serde::{Deserialize, Serialize};

use crate::rules::two_places::distance_km;

/// What a quantile is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Measure {
    /// Discharge to gate-out of import containers, minutes without weekends.
    DwellMinutes,
    /// Last of customs release and commercial release to gate-out, minutes without weekends.
    ReleaseToGateOutMinutes,
    /// Discharge to loading of transshipments, minutes.
    TransshipmentDwellMinutes,
    /// Relative difference between two weights of one laden container from different sources, per cent of the greater.
    WeightDifferencePercent,
    /// Gate-out of a laden import container to the return of the empty, minutes.
    EmptyReturnMinutes,
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
    /// Median of the way from port to port as [`Baselines::distance_km`] gives it, kilometres; 0 when unknown.
    pub median_km: f64,
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
    /// Least of the numbers that the digits spell.
    pub least: u64,
    /// Greatest of them.
    pub greatest: u64,
}

/// Everything usual. `quaywatch baseline build` writes it; equal content has an equal version.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Baselines {
    /// Version, such as the first digits of the digest of the traffic; empty for none.
    pub version: String,
    /// Quantiles by measure and group.
    pub quantiles: BTreeMap<Measure, Vec<(Group, Quantiles)>>,
    /// Lanes by port of loading and port of discharge, `BRSSZ-SIKOP`.
    pub lanes: BTreeMap<String, Lane>,
    /// Ports by UN/LOCODE: degrees north and east, WGS 84.
    pub ports: BTreeMap<String, (f64, f64)>,
    /// Goods by the first four digits of the HS code.
    pub goods: BTreeMap<String, Goods>,
    /// How far each feed is to be trusted, by feed id.
    pub feeds: BTreeMap<String, crate::FeedFigures>,
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

    /// The lane between two ports, when at least `min_count` containers were seen on it.
    #[must_use]
    pub fn lane(&self, loading: &str, discharge: &str, min_count: u32) -> Option<&Lane> {
        self.lanes.get(&Self::lane_key(loading, discharge)).filter(|l| l.count >= min_count)
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

    /// The origins of goods by HS code (its first four digits), when at least `min_count` containers held them.
    #[must_use]
    pub fn goods(&self, hs_code: &str, min_count: u32) -> Option<&Goods> {
        self.goods.get(hs_code.get(..4)?).filter(|g| g.count >= min_count)
    }

    /// The form of a normalised seal number and the number that its digits spell.
    #[must_use]
    pub fn seal_form(normalised: &str) -> (String, u64) {
        let form = normalised.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
        let digits = normalised.bytes().filter(u8::is_ascii_digit).take(18);
        (form, digits.fold(0, |n, d| n * 10 + u64::from(d - b'0')))
    }
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
