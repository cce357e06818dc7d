//! CSV and JSON by a mapping of the feed: columns or JSON Pointers become the fields of canonical events.
//!
//! A mapping builds the same object that a JSON line holds, and hands it to the reader of JSON lines: there is one way from
//! fields to an event. A plain CSV file whose headers are field names needs no mapping at all.
//!
//! | question | file |
//! | --- | --- |
//! | which fields are there? | `fields.rs` |
//! | how is a text turned into a value? | `values.rs` |
//! | how is a row read? | `rows.rs` |
//! | how are CSV and JSON taken apart? | `csv.rs`, `json.rs` |
//! | what does a mapping leave unread? | `survey.rs` |
//! | which fields of JSON lines can be mended? | `mend.rs` |
//! | which mappings are ready? | `../../profiles/` |

mod csv;
mod fields;
mod json;
mod mend;
mod rows;
mod survey;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

pub(crate) use csv::{fitting_profile, has_known_header, parse as parse_csv};
pub(crate) use fields::{is_part_of_a_field, nearest};
pub(crate) use json::parse as parse_json;
pub(crate) use mend::mend;
pub use survey::Survey;
pub(crate) use values::flag;

/// The ready mappings: name and text.
const PROFILES: [(&str, &str); 7] = [
    ("access-log", include_str!("../../profiles/access-log.toml")),
    ("customs-status", include_str!("../../profiles/customs-status.toml")),
    ("gate-log", include_str!("../../profiles/gate-log.toml")),
    ("pre-notification", include_str!("../../profiles/pre-notification.toml")),
    ("release-rights", include_str!("../../profiles/release-rights.toml")),
    ("weighbridge", include_str!("../../profiles/weighbridge.toml")),
    ("yard-positions", include_str!("../../profiles/yard-positions.toml")),
];

/// The ready mappings, read once.
fn profiles() -> &'static [(&'static str, Mapping)] {
    static READ: OnceLock<Vec<(&str, Mapping)>> = OnceLock::new();
    READ.get_or_init(|| {
        PROFILES.iter().filter_map(|(name, _)| Some((*name, Mapping::profile(name).ok()?))).collect()
    })
}

/// How columns of a CSV file, or fields of a JSON document, become the fields of an event.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// CSV: what separates columns; absent: found out among `;`, `,`, tab and `|`.
    pub delimiter: Option<String>,
    /// CSV: whether the first row names the columns. Without it they are `#1`, `#2` and so on.
    pub header: Option<bool>,
    /// Character set by its WHATWG label (`windows-1250`); absent: UTF-8 or UTF-16 by their marks and form, else
    /// Windows-1252.
    pub charset: Option<String>,
    /// Decimal sign, `,` or `.`: the other one separates thousands. Absent: found out number by number.
    pub decimal: Option<String>,
    /// JSON: pointer to the array whose elements are events; absent: the document itself. `*` stands for every element of
    /// an array on the way.
    pub items: Option<String>,
    /// What identifies an event at the sender; absent: its content.
    pub id: Vec<String>,
    /// Rows to read: column and its values; others are out of scope.
    pub only: BTreeMap<String, Vec<String>>,
    /// Field of the event, and where it comes from.
    pub fields: BTreeMap<String, Rule>,
    /// Fields that the feed maps itself: their columns must be there. Those of a ready mapping may be missing.
    #[serde(skip)]
    pub(crate) required: Vec<String>,
}

/// Where a field comes from. A text alone is `from`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Rule(pub(crate) RuleTable);

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RuleTable {
    /// Column or JSON Pointer, alternatives separated by `|`; several are joined with a blank. A pointer begins at the
    /// element, after `^` at the one around it, after `$` at the document.
    pub(crate) from: From,
    /// A constant.
    pub(crate) value: Option<String>,
    /// What stands in when there is nothing.
    pub(crate) default: Option<String>,
    /// What the sender's values mean; upper and lower case alike. `*` is every other value.
    pub(crate) values: BTreeMap<String, String>,
    /// How a time is written (strptime, `epoch_s`, `epoch_ms`); several are tried in order.
    pub(crate) format: From,
    /// Zone of a time without one, when not the feed's.
    pub(crate) zone: Option<String>,
    /// Unit of a number: `kg`, `t`, `lb`, `C`, `F`.
    pub(crate) unit: Option<String>,
}

impl RuleTable {
    /// What a feed says of a field over what its ready mapping says: a column of another name keeps the table of values.
    fn overlaid(mut self, own: Self) -> Self {
        if !own.from.0.is_empty() || own.value.is_some() {
            (self.from, self.value) = (own.from, own.value);
        }
        if !own.format.0.is_empty() {
            self.format = own.format;
        }
        self.default = own.default.or(self.default);
        self.zone = own.zone.or(self.zone);
        self.unit = own.unit.or(self.unit);
        self.values.extend(own.values);
        self
    }
}

/// One text or several.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "OneOrMany")]
pub(crate) struct From(pub(crate) Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl std::convert::From<OneOrMany> for From {
    fn from(texts: OneOrMany) -> Self {
        match texts {
            OneOrMany::One(text) => Self(vec![text]),
            OneOrMany::Many(texts) => Self(texts),
        }
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrTable;
        impl<'de> Visitor<'de> for TextOrTable {
            type Value = Rule;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a column, a JSON Pointer, or a table with `from` or `value`")
            }

            fn visit_str<E>(self, text: &str) -> Result<Rule, E> {
                Ok(Rule(RuleTable { from: From(vec![text.to_owned()]), ..RuleTable::default() }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Rule, A::Error> {
                RuleTable::deserialize(MapAccessDeserializer::new(map)).map(Rule)
            }
        }
        deserializer.deserialize_any(TextOrTable)
    }
}

/// What is wrong with a mapping: the key, its value, and a sentence.
pub(crate) type Mistake = (&'static str, String, String);

impl Mapping {
    /// Whether there is nothing to map by.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether it reads JSON rather than CSV.
    pub(crate) fn reads_json(&self) -> bool {
        let pointer =
            |text: &String| text.starts_with('/') || text.starts_with("$/") || text.starts_with("^");
        self.items.is_some() || self.fields.values().any(|rule| rule.0.from.0.iter().any(pointer))
    }

    /// The ready mapping of this name.
    pub(crate) fn profile(name: &str) -> Result<Self, String> {
        let Some((_, text)) = PROFILES.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = PROFILES.iter().map(|(name, _)| *name).collect();
            return Err(format!("is no ready mapping; there are {}", names.join(", ")));
        };
        toml::from_str(text).map_err(|e| format!("is broken: {e}"))
    }

    /// This mapping with what a feed says of its own laid over it.
    pub(crate) fn overlaid(mut self, own: &Self) -> Self {
        let Self { delimiter, header, charset, decimal, items, id, only, fields, .. } = own.clone();
        self.required =
            fields.iter().filter(|(_, rule)| !rule.0.from.0.is_empty()).map(|(f, _)| f.clone()).collect();
        self.delimiter = delimiter.or(self.delimiter);
        self.header = header.or(self.header);
        self.charset = charset.or(self.charset);
        self.decimal = decimal.or(self.decimal);
        self.items = items.or(self.items);
        if !id.is_empty() {
            self.id = id;
        }
        self.only.extend(only);
        for (field, rule) in fields {
            let below = self.fields.remove(&field).unwrap_or_default();
            self.fields.insert(field, Rule(below.0.overlaid(rule.0)));
        }
        self
    }

    /// What a reader of `feeds.toml` should be told.
    pub(crate) fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if let Some(text) = self.delimiter.as_ref().filter(|text| text.len() != 1) {
            mistakes.push(("mapping.delimiter", text.clone(), "is not one character".to_owned()));
        }
        if let Some(text) = self.decimal.as_ref().filter(|text| !matches!(text.as_str(), "," | ".")) {
            mistakes.push(("mapping.decimal", text.clone(), "is neither , nor .".to_owned()));
        }
        if let Some(label) = &self.charset
            && encoding_rs::Encoding::for_label(label.as_bytes()).is_none()
        {
            let why = "is no character set; write it like windows-1252 or iso-8859-2".to_owned();
            mistakes.push(("mapping.charset", label.clone(), why));
        }
        for (field, rule) in &self.fields {
            mistakes.extend(fields::mistake(field));
            mistakes.extend(values::mistake(field, &rule.0));
        }
        mistakes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_right_and_says_what_and_when() {
        for (name, _) in PROFILES {
            let profile = Mapping::profile(name).unwrap();
            assert_eq!(profile.mistakes(), [], "{name}");
            assert!(
                profile.fields.contains_key("kind") && profile.fields.contains_key("occurred_at"),
                "{name}"
            );
        }
        assert!(Mapping::profile("gatelog").unwrap_err().contains("gate-log"));
    }

    #[test]
    fn mistakes_name_the_nearest_field_and_the_pattern() {
        let mapping: Mapping = toml::from_str(
            "charset = \"utf-77\"\ndecimal = \";\"\n[fields]\n\"equipment.laden\" = { from = \"L\", values = { voll = \"FULL\" } }\nkind = { from = \"K\", values = { aus = \"gateout\" } }\n\"equipment.numbr\" = \"Ctr\"\noccurred_at = { from = \"T\", format = \"%!\" }\n",
        )
        .unwrap();
        let texts: Vec<String> =
            mapping.mistakes().into_iter().map(|(_, what, why)| format!("{what} {why}")).collect();
        assert!(texts.iter().any(|t| t.contains("equipment.number")), "{texts:?}");
        assert!(
            texts.iter().any(|t| t.contains("%!")) && texts.iter().any(|t| t.contains("utf-77")),
            "{texts:?}"
        );
        assert!(texts.iter().any(|t| t.contains("FULL") && t.contains("EMPTY, LADEN")), "{texts:?}");
        assert!(texts.iter().any(|t| t.contains("gateout") && t.contains("gate_out")), "{texts:?}");
        assert!(texts.iter().any(|t| t.contains("neither , nor .")), "{texts:?}");
        let error = toml::from_str::<Mapping>("[fields]\nkind = { form = \"x\" }").unwrap_err().to_string();
        assert!(error.contains("form"), "{error}");
    }
}
