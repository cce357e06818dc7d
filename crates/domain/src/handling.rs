//! Handling labels: who may see something and what they may do with it. The strictest of several wins.

use serde::{Deserialize, Serialize};

use crate::codes::codes;

codes! {
    /// Traffic Light Protocol 2.0 (FIRST), from open to closed; the order is the strictness.
    Tlp {
        /// No limit.
        Clear = "CLEAR",
        /// Within the community.
        Green = "GREEN",
        /// Within the organisation and its clients.
        Amber = "AMBER",
        /// Within the organisation.
        AmberStrict = "AMBER+STRICT",
        /// Named recipients only.
        Red = "RED",
    }
}

codes! {
    /// Europol handling codes, by strictness.
    EuropolCode {
        /// Only to prevent and combat crime.
        H0 = "H0",
        /// Not in judicial proceedings without the provider's permission.
        H1 = "H1",
        /// Not to be disseminated without the provider's permission.
        H2 = "H2",
        /// Other restriction, in the text.
        H3 = "H3",
    }
}

/// A handling label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Flat", into = "Flat")]
pub struct Handling {
    /// Traffic light.
    pub tlp: Tlp,
    /// Europol handling code.
    pub code: EuropolCode,
    /// What few labels have; every fact has a label.
    details: Option<Box<Details>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
struct Details {
    text: Option<String>,
    source_grade: Option<String>,
    information_grade: Option<String>,
    scale: Option<String>,
}

/// A label on the wire.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Handling")]
struct Flat {
    /// Text in Avro too, because `AMBER+STRICT` is no legal Avro symbol.
    #[serde(with = "tlp_text")]
    tlp: Tlp,
    code: EuropolCode,
    /// Restriction text that belongs to H3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Grade of the source (A, B, C, X).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_grade: Option<String>,
    /// Grade of the information (1–4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    information_grade: Option<String>,
    /// Name of the grading scale: `4x4`, `ADMIRALTY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scale: Option<String>,
}

impl From<Flat> for Handling {
    fn from(flat: Flat) -> Self {
        let Flat { tlp, code, text, source_grade, information_grade, scale } = flat;
        Self::new(tlp, code).with(Details { text, source_grade, information_grade, scale })
    }
}

impl From<Handling> for Flat {
    fn from(label: Handling) -> Self {
        let Details { text, source_grade, information_grade, scale } =
            label.details.map(|details| *details).unwrap_or_default();
        Self { tlp: label.tlp, code: label.code, text, source_grade, information_grade, scale }
    }
}

mod tlp_text {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::Tlp;

    pub(super) fn serialize<S: Serializer>(tlp: &Tlp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(tlp.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tlp, D::Error> {
        let text = String::deserialize(deserializer)?;
        Tlp::parse(&text).ok_or_else(|| {
            de::Error::custom(format_args!("'{text}' is not one of CLEAR, GREEN, AMBER, AMBER+STRICT, RED"))
        })
    }
}

impl Handling {
    /// A label without grades.
    #[must_use]
    pub const fn new(tlp: Tlp, code: EuropolCode) -> Self {
        Self { tlp, code, details: None }
    }

    fn with(self, details: Details) -> Self {
        Self { details: (details != Details::default()).then(|| Box::new(details)), ..self }
    }

    /// Restriction text that belongs to H3.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.details.as_deref()?.text.as_deref()
    }

    /// Ordinary port traffic: AMBER, H0.
    #[must_use]
    pub const fn port_traffic() -> Self {
        Self::new(Tlp::Amber, EuropolCode::H0)
    }

    /// Reads `AMBER/H1`, `RED` (then H0), optionally with the H3 text after a second slash.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/').map(str::trim);
        let tlp = parts.next()?.to_ascii_uppercase();
        let tlp = Tlp::parse(tlp.strip_prefix("TLP:").unwrap_or(&tlp))?;
        let code =
            parts.next().map_or(Some(EuropolCode::H0), |c| EuropolCode::parse(&c.to_ascii_uppercase()))?;
        let text = parts.next().filter(|t| !t.is_empty()).map(str::to_owned);
        Some(Self::new(tlp, code).with(Details { text, ..Details::default() }))
    }

    /// The label that satisfies both: the stricter light, the stricter code, both restriction texts, the weaker grades.
    #[must_use]
    pub fn strictest(&self, other: &Self) -> Self {
        let strictest = Self::new(self.tlp.max(other.tlp), self.code.max(other.code));
        if self.details.is_none() && other.details.is_none() {
            return strictest;
        }
        let mut texts: Vec<&str> =
            [self, other].into_iter().filter_map(Self::text).flat_map(|t| t.split("; ")).collect();
        texts.sort_unstable();
        texts.dedup();
        let none = Details::default();
        let (a, b) = (self.details.as_deref().unwrap_or(&none), other.details.as_deref().unwrap_or(&none));
        let same_scale = a.scale == b.scale;
        let weaker =
            |a: &Option<String>, b: &Option<String>| if same_scale { a.clone().max(b.clone()) } else { None };
        strictest.with(Details {
            text: (!texts.is_empty()).then(|| texts.join("; ")),
            source_grade: weaker(&a.source_grade, &b.source_grade),
            information_grade: weaker(&a.information_grade, &b.information_grade),
            scale: if same_scale { a.scale.clone() } else { None },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_label_wins_in_each_part() {
        let a = Handling::parse("AMBER/H2").unwrap();
        let b = Handling::parse("tlp:red/h0").unwrap();
        assert_eq!(a.strictest(&b), Handling::new(Tlp::Red, EuropolCode::H2));
        assert_eq!(a.strictest(&b), b.strictest(&a));
        let c = Handling::parse("GREEN/H3/unit X only").unwrap();
        assert_eq!(a.strictest(&c).text(), Some("unit X only"));
        assert_eq!(Handling::parse("PURPLE"), None);
    }
}
