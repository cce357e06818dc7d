//! How the readers of authorities' lists put entries together.

use std::collections::HashMap;

use quaywatch_domain::WatchlistEntry;
use quaywatch_domain::identifiers::normalise_reference;
use quaywatch_domain::watchlist::{EntryKind, Name, NameQuality, Provenance, Value};

use super::countries::country_code;
use super::{
    Defaults, Error, ListFile, MAX_CELL_CHARACTERS, MAX_ENTRIES, MAX_VALUES_PER_ENTRY, settle, short,
};
use crate::{normalise_value, scheme};

/// Number of a company or registered owner at the IMO: the same form as a ship's, another number space.
pub(super) const IMO_COMPANY: &str = "IMO_COMPANY";

/// Longest reason, characters.
const MAX_REASON_CHARACTERS: usize = 1_000;
/// Longest id, characters.
const MAX_ID_CHARACTERS: usize = 100;

/// A list while it is read: entries by id.
pub(super) struct Builder<'a> {
    pub(super) defaults: &'a Defaults<'a>,
    pub(super) file: ListFile,
    places: HashMap<String, usize>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(defaults: &'a Defaults<'a>) -> Self {
        Self { defaults, file: ListFile::default(), places: HashMap::new() }
    }

    /// The entry with this id, made when there is none.
    pub(super) fn entry(
        &mut self,
        id: &str,
        kind: EntryKind,
        row: u64,
    ) -> Result<&mut WatchlistEntry, Error> {
        let id = entry_id(id);
        let at = match self.places.get(&id) {
            Some(at) => *at,
            None if self.file.entries.len() >= MAX_ENTRIES => return Err(Error::TooManyEntries),
            None => {
                self.places.insert(id.clone(), self.file.entries.len());
                self.file.entries.push(blank(self.defaults, id, kind, row));
                self.file.entries.len() - 1
            }
        };
        // The place was just looked up.
        self.file.entries.get_mut(at).ok_or(Error::TooManyEntries)
    }

    /// The entry with this id.
    pub(super) fn known(&mut self, id: &str) -> Option<&mut WatchlistEntry> {
        let at = self.places.get(&entry_id(id))?;
        self.file.entries.get_mut(*at)
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.places.contains_key(&entry_id(id))
    }

    /// The list, without entries that nothing could ever match.
    pub(super) fn finish(mut self, encoding: &'static str) -> Result<ListFile, Error> {
        self.file.encoding = encoding;
        let mut empty = Vec::new();
        self.file.entries.retain_mut(|entry| {
            settle(entry);
            let useful = !entry.names.is_empty() || !entry.values.is_empty();
            if !useful {
                let row = entry.provenance.as_ref().map_or(0, |p| p.row);
                empty.push((u64::try_from(row).unwrap_or_default(), short(&entry.entry_id)));
            }
            useful
        });
        for (row, id) in empty {
            self.file.reject(row, format!("is entry '{id}', which has neither a name nor an identifier"));
        }
        if self.defaults.file.is_none() {
            self.file.entries.iter_mut().for_each(|entry| entry.provenance = None);
        }
        self.file.finished()
    }
}

/// Ids become keys, in which `/` and `@` have a meaning.
fn entry_id(text: &str) -> String {
    let safe = |c: char| if matches!(c, '/' | '@') || c.is_control() || c.is_whitespace() { '-' } else { c };
    text.trim().chars().take(MAX_ID_CHARACTERS).map(safe).collect()
}

/// An entry with nothing but what the list says of all of them.
pub(super) fn blank(defaults: &Defaults<'_>, entry_id: String, kind: EntryKind, row: u64) -> WatchlistEntry {
    let (file, sha256) = defaults.file.unwrap_or_default();
    let row = i64::try_from(row).unwrap_or(i64::MAX);
    WatchlistEntry {
        action: defaults.action,
        severity: defaults.severity,
        handling: defaults.handling.clone(),
        owner: defaults.owner.map(str::to_owned),
        legal_basis: defaults.legal_basis.map(str::to_owned),
        provenance: Some(Box::new(Provenance { file: file.to_owned(), sha256, row })),
        ..WatchlistEntry::new(defaults.list_id, defaults.list_version, entry_id, kind)
    }
}

/// Puts parts of an entry in, each under its limit.
pub(super) trait Draft {
    fn add_name(&mut self, name: &str, quality: NameQuality);
    fn add_value(&mut self, scheme: &str, text: &str);
    fn add_imo(&mut self, text: &str);
    fn add_country(&mut self, name: &str);
    fn add_birth_date(&mut self, date: &str);
    fn add_link(&mut self, party: &str);
    fn set_reason(&mut self, reason: &str);
}

impl Draft for WatchlistEntry {
    /// The first name that may be primary is; the next ones are aliases.
    fn add_name(&mut self, name: &str, quality: NameQuality) {
        let name: String = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let name: String = name.chars().take(MAX_CELL_CHARACTERS).collect();
        if !name.chars().any(char::is_alphanumeric) || self.names.len() >= MAX_VALUES_PER_ENTRY {
            return;
        }
        let taken = self.names.iter().any(|n| n.quality == NameQuality::Primary);
        let quality = if quality == NameQuality::Primary && taken { NameQuality::Alias } else { quality };
        let script = script_of(&name).map(str::to_owned);
        let name = Name { name, script, quality };
        let known = self.names.iter().position(|n| n.name == name.name);
        match (quality, known) {
            (NameQuality::Primary, Some(at)) => {
                self.names.remove(at);
                self.names.insert(0, name);
            }
            (NameQuality::Primary, None) => self.names.insert(0, name),
            (NameQuality::Alias, Some(at)) => {
                if let Some(n) = self.names.get_mut(at).filter(|n| n.quality == NameQuality::Weak) {
                    n.quality = NameQuality::Alias;
                }
            }
            (NameQuality::Weak, Some(_)) => {}
            (_, None) => self.names.push(name),
        }
    }

    fn add_value(&mut self, scheme: &str, text: &str) {
        let value = normalise_value(scheme, text).filter(|_| self.values.len() < MAX_VALUES_PER_ENTRY);
        if let Some(value) = value {
            self.values.push(Value { scheme: scheme.to_owned().into(), value: value.into() });
        }
    }

    /// Of a ship when the entry is one, else of a company. `IMO 9187629`, `IMO9187629`, `9187629`.
    fn add_imo(&mut self, text: &str) {
        let scheme = if self.kind == EntryKind::Vessel { scheme::IMO } else { IMO_COMPANY };
        let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() == 7);
        for number in numbers {
            self.add_value(scheme, number);
        }
    }

    fn add_country(&mut self, name: &str) {
        if let Some(code) = country_code(name).filter(|_| self.countries.len() < MAX_VALUES_PER_ENTRY) {
            self.countries.push(code.to_owned());
        }
    }

    fn add_birth_date(&mut self, date: &str) {
        let date = date.trim();
        let fits = date.len() <= 60 && date.bytes().any(|b| b.is_ascii_digit());
        if fits && self.birth_dates.len() < MAX_VALUES_PER_ENTRY {
            self.birth_dates.push(date.to_owned());
        }
    }

    fn add_link(&mut self, party: &str) {
        let party = party.trim();
        if !normalise_reference(party).is_empty() && self.linked_to.len() < MAX_VALUES_PER_ENTRY {
            self.linked_to.push(party.chars().take(MAX_CELL_CHARACTERS).collect());
        }
    }

    fn set_reason(&mut self, reason: &str) {
        let reason: String = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.reason.is_none() && !reason.is_empty() {
            self.reason = Some(reason.chars().take(MAX_REASON_CHARACTERS).collect());
        }
    }
}

/// The scheme of an identity document, by what the authorities call it; `None` for what is no identifier.
pub(super) fn scheme_of(label: &str) -> Option<&'static str> {
    const LABELS: &[(&str, &str)] = &[
        ("imo", scheme::IMO),
        ("vessel registration identification", scheme::IMO),
        ("mmsi", "MMSI"),
        ("call sign", "CALL_SIGN"),
        ("callsign", "CALL_SIGN"),
        ("passport", "PASSPORT"),
        ("passeport", "PASSPORT"),
        ("pasaporte", "PASSPORT"),
        ("swift", "BIC"),
        ("bic", "BIC"),
        ("legal entity", "LEI"),
        ("lei", "LEI"),
        ("d-u-n-s", scheme::DUNS),
        ("duns", scheme::DUNS),
        ("eori", scheme::EORI),
        ("tax", "TAX_ID"),
        ("fiscal", "TAX_ID"),
        ("vat", "TAX_ID"),
        ("nit #", "TAX_ID"),
        ("ruc #", "TAX_ID"),
        ("rif #", "TAX_ID"),
        ("r.f.c", "TAX_ID"),
        ("inn", "TAX_ID"),
        ("registration", "REGISTRATION_NUMBER"),
        ("registry", "REGISTRATION_NUMBER"),
        ("regnumber", "REGISTRATION_NUMBER"),
        ("company number", "REGISTRATION_NUMBER"),
        ("business number", "REGISTRATION_NUMBER"),
        ("trade license", "REGISTRATION_NUMBER"),
        ("incorporation", "REGISTRATION_NUMBER"),
        ("folio mercantil", "REGISTRATION_NUMBER"),
        ("matricula mercantil", "REGISTRATION_NUMBER"),
        ("c.r. no", "REGISTRATION_NUMBER"),
        ("ogrn", "REGISTRATION_NUMBER"),
        ("national", "NATIONAL_ID"),
        ("identification", "NATIONAL_ID"),
        ("identity", "NATIONAL_ID"),
        ("cedula", "NATIONAL_ID"),
        ("personal id", "NATIONAL_ID"),
        ("d.n.i", "NATIONAL_ID"),
        ("c.u.r.p", "NATIONAL_ID"),
        ("ssn", "NATIONAL_ID"),
        ("citizen's card", "NATIONAL_ID"),
    ];
    let label = label.to_lowercase();
    if label == "id" {
        return Some("NATIONAL_ID");
    }
    let found = |part: &str| match part.len() {
        // Short ones only as words of their own.
        0..=4 => {
            label.split(|c: char| !c.is_alphanumeric()).any(|word| word == part)
                || (part.contains('.') && label.contains(part))
        }
        _ => label.contains(part),
    };
    LABELS.iter().find(|(part, _)| found(part)).map(|(_, scheme)| *scheme)
}

/// Year, month and day as ISO 8601, as far as they are known.
pub(super) fn iso_date(year: Option<&str>, month: Option<&str>, day: Option<&str>) -> Option<String> {
    let number = |text: Option<&str>| text.and_then(|t| t.trim().parse::<u32>().ok()).filter(|n| *n > 0);
    let year = number(year).filter(|y| (1000..=9999).contains(y))?;
    Some(match (number(month), number(day)) {
        (Some(month @ 1..=12), Some(day @ 1..=31)) => format!("{year}-{month:02}-{day:02}"),
        (Some(month @ 1..=12), None) => format!("{year}-{month:02}"),
        _ => year.to_string(),
    })
}

/// ISO 15924 script of the first letter that is in none but one of those that lists are written in; `None` for Latin.
fn script_of(name: &str) -> Option<&'static str> {
    name.chars().filter(|c| c.is_alphabetic()).find_map(|c| match c {
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some("Grek"),
        '\u{400}'..='\u{52f}' => Some("Cyrl"),
        '\u{530}'..='\u{58f}' => Some("Armn"),
        '\u{590}'..='\u{5ff}' => Some("Hebr"),
        '\u{600}'..='\u{77f}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' => Some("Arab"),
        '\u{900}'..='\u{97f}' => Some("Deva"),
        '\u{980}'..='\u{9ff}' => Some("Beng"),
        '\u{e00}'..='\u{e7f}' => Some("Thai"),
        '\u{1000}'..='\u{109f}' => Some("Mymr"),
        '\u{10a0}'..='\u{10ff}' => Some("Geor"),
        '\u{3040}'..='\u{30ff}' => Some("Jpan"),
        '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7af}' => Some("Kore"),
        '\u{3400}'..='\u{9fff}' => Some("Hani"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_apart_by_their_labels() {
        for (label, expected) in [
            ("Passport", Some("PASSPORT")),
            ("Numéro de passeport ", Some("PASSPORT")),
            ("National Identification Number", Some("NATIONAL_ID")),
            ("id", Some("NATIONAL_ID")),
            ("regnumber", Some("REGISTRATION_NUMBER")),
            ("fiscalcode", Some("TAX_ID")),
            ("swiftbic", Some("BIC")),
            ("imo", Some("IMO")),
            ("IMO number", Some("IMO")),
            ("Driver's License No.", None),
            ("Gender", None),
        ] {
            assert_eq!(scheme_of(label), expected, "{label}");
        }
    }

    #[test]
    fn names_keep_their_best_quality_and_the_primary_one_stands_first() {
        let defaults = Defaults::new("l", "v");
        let mut entry = blank(&defaults, "1".to_owned(), EntryKind::Company, 1);
        entry.add_name("Weak  Name", NameQuality::Weak);
        entry.add_name("Иванов", NameQuality::Alias);
        entry.add_name("Main", NameQuality::Primary);
        entry.add_name("Second", NameQuality::Primary);
        entry.add_name("Weak Name", NameQuality::Alias);
        entry.add_name(" - ", NameQuality::Alias);
        let names: Vec<_> =
            entry.names.iter().map(|n| (n.name.as_str(), n.quality, n.script.as_deref())).collect();
        assert_eq!(
            names,
            [
                ("Main", NameQuality::Primary, None),
                ("Weak Name", NameQuality::Alias, None),
                ("Иванов", NameQuality::Alias, Some("Cyrl")),
                ("Second", NameQuality::Alias, None)
            ]
        );
    }

    #[test]
    fn dates_are_as_exact_as_they_are_known() {
        assert_eq!(iso_date(Some("1971"), None, None).as_deref(), Some("1971"));
        assert_eq!(iso_date(Some("1971"), Some("2"), Some("9")).as_deref(), Some("1971-02-09"));
        assert_eq!(iso_date(Some("1971"), Some("00"), Some("00")).as_deref(), Some("1971"));
        assert_eq!(iso_date(None, Some("2"), None), None);
    }
}
