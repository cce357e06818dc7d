//! The agencies and what they may see, from `agencies.toml`.

use std::collections::{BTreeMap, BTreeSet};

use quaywatch_domain::handling::{EuropolCode, Tlp};
use quaywatch_domain::{Handling, Severity};
use serde::Deserialize;

use crate::field::Field;

/// Score from which an agency is told, unless its settings say otherwise; the threshold of the built-in rules.
pub const DEFAULT_THRESHOLD: f64 = 40.0;

/// Most agencies.
const MAX_AGENCIES: usize = 200;
/// Longest id, characters: it is part of topic names.
const MAX_ID_CHARACTERS: usize = 60;

/// Why a file of agencies is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not TOML, or has an unknown name or a value of the wrong kind.
    #[error("the file of agencies cannot be read: {0}")]
    Syntax(#[from] toml::de::Error),
    /// It names no agency.
    #[error("the file of agencies names none; add a table such as [agencies.customs-koper]")]
    None,
    /// More than [`MAX_AGENCIES`].
    #[error("the file names {0} agencies, more than {MAX_AGENCIES}; run a second dispatcher for the others")]
    TooMany(usize),
    /// An id that cannot be part of a topic name.
    #[error(
        "agency id '{0}' is not made of lower-case letters, digits and '-', at most {MAX_ID_CHARACTERS}; rename it"
    )]
    Id(String),
    /// A setting that makes no sense.
    #[error("agency '{agency}' has {setting} '{value}'; {hint}")]
    Setting {
        /// Whose.
        agency: String,
        /// Setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        hint: &'static str,
    },
    /// A role that DISCREET hits must not reach.
    #[error("agency '{0}' has discreet = true, but only police and customs may; remove it")]
    Discreet(String),
}

/// What an agency is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Police.
    Police,
    /// Customs.
    Customs,
    /// Terminal operator.
    Terminal,
    /// Ocean carrier.
    Carrier,
    /// Port authority or port community system.
    Port,
}

/// Up to which labels an agency may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clearance {
    /// Strictest light.
    pub tlp: Tlp,
    /// Strictest Europol code.
    pub code: EuropolCode,
}

impl Clearance {
    /// Whether something with this label may be seen.
    #[must_use]
    pub fn allows(self, handling: &Handling) -> bool {
        handling.tlp <= self.tlp && handling.code <= self.code
    }
}

/// One agency.
#[derive(Debug, Clone, PartialEq)]
pub struct Agency {
    /// Id, part of its topic names.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// Up to which labels it may see.
    pub clearance: Clearance,
    /// Terminals (SMDG codes) whose containers concern it; `None`: all.
    pub terminals: Option<BTreeSet<String>>,
    /// Codes that it sees, as written: `*`, `MO-03*`, `MO-25a`.
    pub indicators: Vec<String>,
    /// Indicators below are left out.
    pub min_severity: Severity,
    /// Parts that it sees.
    pub fields: BTreeSet<Field>,
    /// Whether it sees DISCREET hits of other owners.
    pub discreet: bool,
    /// Score from which it is told.
    pub threshold: f64,
}

impl Agency {
    /// Whether it may see this part.
    #[must_use]
    pub fn sees(&self, field: Field) -> bool {
        self.fields.contains(&field)
    }

    /// Whether the code is one that it is to see.
    #[must_use]
    pub fn wants(&self, code: &str) -> bool {
        self.indicators.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => code.starts_with(prefix),
            None => code == pattern,
        })
    }
}

/// All agencies.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Agencies {
    by_id: BTreeMap<String, Agency>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    agencies: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    role: Role,
    clearance: ClearanceEntry,
    terminals: Option<Vec<String>>,
    #[serde(default = "everything")]
    indicators: Vec<String>,
    #[serde(default = "low")]
    min_severity: Severity,
    fields: Option<Vec<String>>,
    #[serde(default)]
    discreet: bool,
    #[serde(default = "default_threshold")]
    threshold: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClearanceEntry {
    tlp: String,
    code: EuropolCode,
}

fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}

const fn low() -> Severity {
    Severity::Low
}

const fn default_threshold() -> f64 {
    DEFAULT_THRESHOLD
}

impl Agencies {
    /// Reads `agencies.toml`.
    ///
    /// # Errors
    /// When it is not TOML, has an unknown name, or a setting makes no sense; see [`Error`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let file: File = toml::from_str(text)?;
        match file.agencies.len() {
            0 => return Err(Error::None),
            n if n > MAX_AGENCIES => return Err(Error::TooMany(n)),
            _ => {}
        }
        let agencies = file.agencies.into_iter().map(|(id, entry)| Ok((id.clone(), agency(id, entry)?)));
        Ok(Self { by_id: agencies.collect::<Result<_, Error>>()? })
    }

    /// Lifts every threshold to at least this one, that of the rules. A view must never stand where no alert would have
    /// stood without the indicators that it does not show.
    pub fn raise_thresholds(&mut self, at_least: f64) {
        for agency in self.by_id.values_mut() {
            agency.threshold = agency.threshold.max(at_least);
        }
    }

    /// The ids, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.by_id.keys().map(String::as_str)
    }

    /// The agencies, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Agency> {
        self.by_id.values()
    }

    /// The agency with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Agency> {
        self.by_id.get(id)
    }
}

fn agency(id: String, entry: Entry) -> Result<Agency, Error> {
    let wrong = |setting, value: &str, hint| Error::Setting {
        agency: id.clone(),
        setting,
        value: value.chars().take(40).collect(),
        hint,
    };
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || id.len() > MAX_ID_CHARACTERS || !id.chars().all(legal) {
        return Err(Error::Id(id.chars().take(MAX_ID_CHARACTERS).collect()));
    }
    if entry.name.trim().is_empty() {
        return Err(wrong("name", &entry.name, "write the name that people know it by"));
    }
    let tlp = Tlp::parse(&entry.clearance.tlp).ok_or_else(|| {
        wrong("clearance.tlp", &entry.clearance.tlp, "use CLEAR, GREEN, AMBER, AMBER+STRICT or RED")
    })?;
    for pattern in &entry.indicators {
        let stem = pattern.strip_suffix('*').unwrap_or(pattern);
        if pattern.is_empty() || stem.contains('*') {
            return Err(wrong(
                "indicators",
                pattern,
                "use codes such as MO-25a, or a beginning and '*' as in MO-03*",
            ));
        }
    }
    let smdg =
        |code: &str| !code.is_empty() && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if let Some(code) = entry.terminals.iter().flatten().find(|code| !smdg(code)) {
        return Err(wrong(
            "terminals",
            code,
            "use SMDG codes in capitals such as LUKKP, or leave it out for all",
        ));
    }
    if entry.terminals.as_ref().is_some_and(Vec::is_empty) {
        return Err(wrong("terminals", "[]", "name at least one, or leave it out for all"));
    }
    if !(0.0..=100.0).contains(&entry.threshold) {
        return Err(wrong("threshold", &entry.threshold.to_string(), "use points between 0 and 100"));
    }
    if entry.discreet && !matches!(entry.role, Role::Police | Role::Customs) {
        return Err(Error::Discreet(id));
    }
    let fields = match &entry.fields {
        None => Field::defaults(entry.role).iter().copied().collect(),
        Some(names) if names.iter().any(|name| name == "*") => Field::ALL.iter().copied().collect(),
        Some(names) => names
            .iter()
            .map(|name| Field::parse(name).ok_or_else(|| wrong("fields", name, FIELDS_HINT)))
            .collect::<Result<_, Error>>()?,
    };
    Ok(Agency {
        name: entry.name,
        role: entry.role,
        clearance: Clearance { tlp, code: entry.clearance.code },
        terminals: entry.terminals.map(|codes| codes.into_iter().collect()),
        indicators: entry.indicators,
        min_severity: entry.min_severity,
        fields,
        discreet: entry.discreet,
        threshold: entry.threshold,
        id,
    })
}

const FIELDS_HINT: &str = "use *, release, bills, seals, vessel, call, terminal, parties, related, lists, legal_basis, \
                           evidence";
