//! The party registry, `parties.csv`: which codes and names are one party, and since when.
//!
//! A haulier appears as a local code at the gate, as EAN in the release chain and by name on the bill. Only what resolves to
//! a canonical id can be compared.

use std::borrow::Cow;

use foldhash::HashMap;
use quaywatch_domain::event::Party;
use quaywatch_domain::{PortEvent, Text, Timestamp};

/// Most rows of a registry.
const MAX_ROWS: usize = 1_000_000;
/// Columns of the file.
const COLUMNS: [&str; 6] = ["canonical", "scheme", "id", "name", "valid_from", "valid_to"];
/// Longest legal form, without points.
const MAX_LEGAL_FORM: usize = 7;

/// Why a registry cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartiesError {
    /// Not CSV.
    #[error("parties.csv, line {line}: {why}; write canonical,scheme,id,name,valid_from,valid_to")]
    Row {
        /// Where.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// A column is not there.
    #[error("parties.csv has no column '{0}'; its header is canonical,scheme,id,name,valid_from,valid_to")]
    Column(&'static str),
    /// More rows than fit.
    #[error("parties.csv has more than {MAX_ROWS} rows; leave out parties that are no longer valid")]
    TooLarge,
}

/// The registry: canonical ids by code and by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parties {
    /// By scheme and code.
    codes: HashMap<String, HashMap<String, Vec<Entry>>>,
    names: HashMap<String, Vec<Entry>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    canonical: String,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Parties {
    /// Reads the text of `parties.csv`.
    ///
    /// # Errors
    /// When it is not CSV, lacks a column, or a row has no canonical id, neither code nor name, or a bad time.
    pub fn parse(text: &str) -> Result<Self, PartiesError> {
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|e| PartiesError::Row { line: 1, why: e.to_string() })?.clone();
        let place = |name: &'static str| header.iter().position(|h| h.eq_ignore_ascii_case(name));
        for column in COLUMNS {
            place(column).ok_or(PartiesError::Column(column))?;
        }
        let mut parties = Self::default();
        for (at, record) in reader.records().enumerate() {
            if at >= MAX_ROWS {
                return Err(PartiesError::TooLarge);
            }
            let line = u64::try_from(at).unwrap_or(u64::MAX) + 2;
            let row = |why: String| PartiesError::Row { line, why };
            let record = record.map_err(|e| row(e.to_string()))?;
            let field = |name| place(name).and_then(|at| record.get(at)).unwrap_or_default();
            let time = |name| match field(name) {
                "" => Ok(None),
                text => {
                    moment(text).map(Some).ok_or_else(|| row(format!("{name} is neither a date nor a time")))
                }
            };
            let entry = Entry {
                canonical: field("canonical").to_owned(),
                from: time("valid_from")?,
                to: time("valid_to")?,
            };
            parties.add(entry, field("scheme"), field("id"), field("name")).map_err(row)?;
        }
        Ok(parties)
    }

    fn add(&mut self, entry: Entry, scheme: &str, id: &str, name: &str) -> Result<(), String> {
        let name = normalise_name(name);
        if entry.canonical.is_empty() {
            return Err("there is no canonical id".to_owned());
        }
        if id.is_empty() && name.is_empty() {
            return Err("there is neither a code nor a name".to_owned());
        }
        if !id.is_empty() {
            if scheme.is_empty() {
                return Err("there is a code without its scheme (EORI, SMDG, EAN, DUNS, LOCAL)".to_owned());
            }
            let codes = self.codes.entry(scheme.to_uppercase()).or_default();
            codes.entry(normalise_code(id).into_owned()).or_default().push(entry.clone());
        }
        if !name.is_empty() {
            self.names.entry(name).or_default().push(entry);
        }
        Ok(())
    }

    /// Whether there is no party at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty() && self.names.is_empty()
    }

    /// The canonical id of a party at a moment: by its code, else by its name when only one party has that name.
    #[must_use]
    pub fn resolve(&self, party: &Party, at: Timestamp) -> Option<&str> {
        if let (Some(scheme), Some(id)) = (&party.id_scheme, &party.id)
            && let Some(codes) = self.codes.get(&*upper(scheme))
            && let Some(entries) = codes.get(&*normalise_code(id))
        {
            return only(entries, at);
        }
        only(self.names.get(&normalise_name(party.name.as_deref()?))?, at)
    }

    /// Gives every party of an event its canonical id.
    pub(crate) fn resolve_all(&self, event: &mut PortEvent) {
        if self.is_empty() {
            return;
        }
        let at = event.occurred_at;
        for party in &mut event.parties {
            party.canonical = self.resolve(party, at).map(Text::from);
        }
    }
}

/// The one party that entries name at a moment; `None` when there are several.
fn only(entries: &[Entry], at: Timestamp) -> Option<&str> {
    let mut valid = entries
        .iter()
        .filter(|e| e.from.is_none_or(|from| from <= at) && e.to.is_none_or(|to| at < to))
        .map(|e| e.canonical.as_str());
    let first = valid.next()?;
    valid.all(|other| other == first).then_some(first)
}

fn moment(text: &str) -> Option<Timestamp> {
    crate::local_time::iso(text, None)
        .or_else(|| crate::local_time::iso(&format!("{text}T00:00:00"), None))
        .map(|(t, _)| t)
}

/// Most texts of messages are in capitals already.
fn upper(text: &str) -> Cow<'_, str> {
    let is_upper = text.bytes().all(|b| b.is_ascii() && !b.is_ascii_lowercase());
    if is_upper { Cow::Borrowed(text) } else { Cow::Owned(text.to_uppercase()) }
}

fn normalise_code(id: &str) -> Cow<'_, str> {
    if id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return Cow::Borrowed(id);
    }
    Cow::Owned(id.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect())
}

/// Words in capitals without punctuation and legal forms.
fn normalise_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for word in name.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '"')) {
        let before = plain.len();
        if before > 0 {
            plain.push(' ');
        }
        let start = plain.len();
        plain.extend(word.chars().flat_map(char::to_uppercase).filter(|c| c.is_alphanumeric()));
        if plain.len() == start || is_legal_form(word) {
            plain.truncate(before);
        }
    }
    plain
}

/// Whether a word is a legal form, with points or without: one writer sets it and another leaves it out.
fn is_legal_form(word: &str) -> bool {
    let mut bare = [0_u8; MAX_LEGAL_FORM];
    let mut places = bare.iter_mut();
    let mut length = 0;
    for byte in word.bytes().filter(|byte| *byte != b'.') {
        let Some(place) = places.next() else { return false };
        *place = byte.to_ascii_uppercase();
        length += 1;
    }
    matches!(
        bare.get(..length).unwrap_or_default(),
        b"AB"
            | b"AG"
            | b"AS"
            | b"A/S"
            | b"APS"
            | b"BV"
            | b"BVBA"
            | b"CO"
            | b"COMPANY"
            | b"CORP"
            | b"DD"
            | b"DOO"
            | b"EOOD"
            | b"GMBH"
            | b"INC"
            | b"KFT"
            | b"KG"
            | b"LIMITED"
            | b"LLC"
            | b"LTD"
            | b"NV"
            | b"OOD"
            | b"OY"
            | b"PLC"
            | b"SA"
            | b"SARL"
            | b"SL"
            | b"SP"
            | b"SPA"
            | b"SRL"
            | b"SRO"
            | b"ZOO"
    )
}

#[cfg(test)]
mod tests {
    use quaywatch_domain::event::PartyRole;

    use super::*;

    const FILE: &str = "canonical,scheme,id,name,valid_from,valid_to\n\
        spedit,LOCAL,H77,Spedit d.o.o.,,\n\
        spedit,EAN,3831234567892,,,\n\
        oldhaul,LOCAL,H12,Alt Transport GmbH,,2026-01-01\n\
        newhaul,LOCAL,H12,Neu Transport GmbH,2026-01-01,\n\
        twin-a,EORI,SI11111111,Twin,,\n\
        twin-b,EORI,SI22222222,Twin Ltd,,\n";

    fn party(scheme: &str, id: &str, name: &str) -> Party {
        let some = |text: &str| Some(text.into()).filter(|text: &Text| !text.is_empty());
        Party { id: some(id), id_scheme: some(scheme), name: some(name), ..Party::new(PartyRole::Haulier) }
    }

    #[test]
    fn codes_and_names_of_one_party_resolve_to_it() {
        let parties = Parties::parse(FILE).unwrap();
        let at = Timestamp::parse("2026-03-01T00:00:00Z").unwrap();
        let id = |scheme, id, name| parties.resolve(&party(scheme, id, name), at).map(str::to_owned);
        assert_eq!(id("LOCAL", "h-77", "").as_deref(), Some("spedit"));
        assert_eq!(id("EAN", "3831234567892", "").as_deref(), Some("spedit"));
        assert_eq!(id("", "", "SPEDIT DOO").as_deref(), Some("spedit"));
        assert_eq!(id("LOCAL", "H12", "").as_deref(), Some("newhaul"));
        assert_eq!(id("", "", "Twin"), None, "two parties have this name");
        assert_eq!(id("LOCAL", "H99", "Nobody"), None);
        let before = Timestamp::parse("2025-12-31T23:59:00Z").unwrap();
        assert_eq!(parties.resolve(&party("LOCAL", "H12", ""), before), Some("oldhaul"));
    }

    #[test]
    fn mistakes_name_the_line() {
        let error = |text: &str| Parties::parse(text).unwrap_err().to_string();
        assert!(error("canonical,id,name\n").contains("scheme"));
        let header = "canonical,scheme,id,name,valid_from,valid_to\n";
        assert!(error(&format!("{header}a,LOCAL,1,,,\n,LOCAL,2,,,\n")).contains("line 3"));
        assert!(error(&format!("{header}a,,1,,,\n")).contains("scheme"));
        assert!(error(&format!("{header}a,LOCAL,1,,soon,\n")).contains("valid_from"));
    }
}
