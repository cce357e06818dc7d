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
pub struct Handling {
    /// Traffic light; text in Avro too, because `AMBER+STRICT` is no legal Avro symbol.
    #[serde(with = "tlp_text")]
    pub tlp: Tlp,
    /// Europol handling code.
    pub code: EuropolCode,
    /// Restriction text that belongs to H3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Grade of the source (A, B, C, X).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_grade: Option<String>,
    /// Grade of the information (1–4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub information_grade: Option<String>,
    /// Name of the grading scale: `4x4`, `ADMIRALTY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
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
        Self { tlp, code, text: None, source_grade: None, information_grade: None, scale: None }
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
        Some(Self { text: parts.next().filter(|t| !t.is_empty()).map(str::to_owned), ..Self::new(tlp, code) })
    }

    /// The label that satisfies both: the stricter light, the stricter code, both restriction texts, the weaker grades.
    #[must_use]
    pub fn strictest(&self, other: &Self) -> Self {
        let mut texts: Vec<&str> =
            [self, other].into_iter().filter_map(|h| h.text.as_deref()).flat_map(|t| t.split("; ")).collect();
        texts.sort_unstable();
        texts.dedup();
        let same_scale = self.scale == other.scale;
        let weaker =
            |a: &Option<String>, b: &Option<String>| if same_scale { a.clone().max(b.clone()) } else { None };
        Self {
            tlp: self.tlp.max(other.tlp),
            code: self.code.max(other.code),
            text: (!texts.is_empty()).then(|| texts.join("; ")),
            source_grade: weaker(&self.source_grade, &other.source_grade),
            information_grade: weaker(&self.information_grade, &other.information_grade),
            scale: if same_scale { self.scale.clone() } else { None },
        }
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
        assert_eq!(a.strictest(&c).text.as_deref(), Some("unit X only"));
        assert_eq!(Handling::parse("PURPLE"), None);
    }
}
