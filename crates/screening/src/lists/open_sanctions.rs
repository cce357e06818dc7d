//! Collections of OpenSanctions: `targets.simple.csv`, and `entities.ftm.json` in `FollowTheMoney` JSON lines.
//! <https://www.opensanctions.org/docs/bulk/>, <https://followthemoney.tech/explorer/>
//!
//! The data is free for non-commercial use only; others need a licence of OpenSanctions.

use std::collections::HashMap;
use std::io::Read;

use quaywatch_domain::WatchlistEntry;
use quaywatch_domain::identifiers::imo_check_digit_ok;
use quaywatch_domain::watchlist::{EntryKind, NameQuality};
use serde::Deserialize;

use super::draft::{Builder, Draft as _};
use super::source::Source;
use super::table::{Header, Row, Table};
use super::{Defaults, Error, ListFile, MAX_VALUES_PER_ENTRY};
use crate::scheme;

const EXPECTED: &str = "id, schema, name, aliases, birth_date, countries, addresses, identifiers, sanctions, phones, emails, \
                        dataset, first_seen, last_seen, last_change";

/// Most links and sanctions that are kept until the entities that they belong to are known.
const MAX_LINKS: usize = 4_000_000;

/// `None` for what cannot pass through a port or is no subject.
fn kind_of(schema: &str) -> Option<EntryKind> {
    match schema {
        "Person" => Some(EntryKind::Person),
        "Company" | "Organization" | "LegalEntity" | "PublicBody" => Some(EntryKind::Company),
        "Vessel" => Some(EntryKind::Vessel),
        _ => None,
    }
}

pub(super) fn csv<R: Read>(source: Source<R>, defaults: &Defaults<'_>) -> Result<ListFile, Error> {
    let mut table = Table::new(source, b',', 0);
    let header = table.next_any()?.ok_or(Error::Empty)?;
    let header = Header::of(&header);
    let columns = Columns {
        id: header.require("id", EXPECTED)?,
        schema: header.require("schema", EXPECTED)?,
        name: header.require("name", EXPECTED)?,
        aliases: header.find(&["aliases"]),
        birth_date: header.find(&["birth_date"]),
        countries: header.find(&["countries"]),
        identifiers: header.find(&["identifiers"]),
        sanctions: header.find(&["sanctions"]),
        dataset: header.find(&["dataset"]),
    };
    table.expect(header.len());
    let mut builder = Builder::new(defaults);
    while let Some((row, wrong)) = table.next()? {
        builder.file.rows += 1;
        let problem = match wrong {
            Some(reason) => Some(reason),
            None => add_row(&mut builder, &columns, &row)?,
        };
        if let Some(reason) = problem {
            builder.file.reject(row.number, reason);
        }
    }
    builder.finish(table.encoding())
}

struct Columns {
    id: usize,
    schema: usize,
    name: usize,
    aliases: Option<usize>,
    birth_date: Option<usize>,
    countries: Option<usize>,
    identifiers: Option<usize>,
    sanctions: Option<usize>,
    dataset: Option<usize>,
}

/// What is wrong with the row, if anything.
fn add_row(builder: &mut Builder<'_>, columns: &Columns, row: &Row) -> Result<Option<String>, Error> {
    let cell = |column: Option<usize>| column.and_then(|column| row.cell(column));
    let (Some(id), Some(schema)) = (row.cell(columns.id), row.cell(columns.schema)) else {
        return Ok(Some("has no id or no schema".to_owned()));
    };
    let Some(kind) = kind_of(schema) else {
        builder.file.out_of_scope += 1;
        return Ok(None);
    };
    if builder.has(id) {
        return Ok(Some("repeats the id of an earlier entry".to_owned()));
    }
    let legal_basis = builder.defaults.legal_basis.is_none();
    let entry = builder.entry(id, kind, row.number)?;
    if let Some(name) = row.cell(columns.name) {
        entry.add_name(name, NameQuality::Primary);
    }
    inner(cell(columns.aliases)).iter().for_each(|name| entry.add_name(name, NameQuality::Alias));
    inner(cell(columns.countries)).iter().for_each(|country| entry.add_country(country));
    inner(cell(columns.birth_date)).iter().for_each(|date| entry.add_birth_date(date));
    inner(cell(columns.identifiers)).iter().for_each(|text| guess(entry, text));
    let sanctions = inner(cell(columns.sanctions)).join("; ");
    let dataset = inner(cell(columns.dataset)).join("; ");
    describe(entry, id, legal_basis, &sanctions, &dataset);
    Ok(None)
}

fn describe(entry: &mut WatchlistEntry, id: &str, legal_basis: bool, sanctions: &str, dataset: &str) {
    if legal_basis && !dataset.is_empty() {
        entry.legal_basis = Some(dataset.chars().take(200).collect());
    }
    entry.set_reason(if sanctions.is_empty() { dataset } else { sanctions });
    entry.source_ref = Some(format!("OpenSanctions {id}"));
}

/// The values of a cell, which is a row of its own with semicolons and quotes.
fn inner(cell: Option<&str>) -> Vec<String> {
    let Some(cell) = cell else { return Vec::new() };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(b';')
        .from_reader(cell.as_bytes());
    let rows = reader.records().flatten();
    let values = rows.flat_map(|row| row.iter().map(|value| value.trim().to_owned()).collect::<Vec<_>>());
    values.filter(|value| !value.is_empty()).take(MAX_VALUES_PER_ENTRY).collect()
}

/// Identifiers have lost their kind here; their form tells those that matter.
fn guess(entry: &mut WatchlistEntry, text: &str) {
    let digits = text.strip_prefix("IMO").map(str::trim).unwrap_or(text);
    let is_number = |n: usize| digits.len() == n && digits.bytes().all(|b| b.is_ascii_digit());
    let is_vessel = entry.kind == EntryKind::Vessel;
    // A company's number at the IMO has no check digit, so it is taken with its prefix alone.
    if is_number(7) && (text.starts_with("IMO") || (is_vessel && imo_check_digit_ok(digits))) {
        entry.add_imo(digits);
    } else if is_vessel && is_number(9) && digits.starts_with(['2', '3', '4', '5', '6', '7']) {
        entry.add_value("MMSI", digits);
    } else if text.len() == 20 && is_lei(text) {
        entry.add_value("LEI", text);
    } else {
        entry.add_value("OTHER", text);
    }
}

/// ISO 17442: letters count 10 to 35, and the whole modulo 97 is 1.
fn is_lei(text: &str) -> bool {
    let digits = text.chars().map(|c| c.to_digit(36));
    let rest = digits.map(|digit| digit.map(u64::from)).try_fold(0_u64, |rest, digit| {
        let digit = digit?;
        Some((rest * if digit < 10 { 10 } else { 100 } + digit) % 97)
    });
    rest == Some(1)
}

/// One line of `entities.ftm.json`.
#[derive(Debug, Deserialize)]
struct Entity {
    id: String,
    schema: String,
    #[serde(default)]
    caption: String,
    /// Whether it is listed itself, not only linked to what is.
    #[serde(default = "yes")]
    target: bool,
    #[serde(default)]
    datasets: Vec<String>,
    #[serde(default)]
    properties: HashMap<String, Vec<serde_json::Value>>,
}

const fn yes() -> bool {
    true
}

impl Entity {
    /// The values of a property: texts, or the ids of entities that are written out.
    fn all<'a>(&'a self, property: &str) -> impl Iterator<Item = &'a str> {
        let values = self.properties.get(property).into_iter().flatten();
        values.filter_map(|value| value.as_str().or_else(|| value.get("id")?.as_str()))
    }
}

pub(super) fn ftm<R: Read>(source: Source<R>, defaults: &Defaults<'_>) -> Result<ListFile, Error> {
    let mut lines = source.lines();
    let mut builder = Builder::new(defaults);
    let mut links = Links::default();
    while let Some(line) = lines.next()? {
        builder.file.rows += 1;
        let entity: Entity = match serde_json::from_str(&line.text) {
            Ok(entity) => entity,
            Err(error) if error.is_eof() && line.is_open => {
                return Err(Error::Truncated { row: line.number });
            }
            Err(error) => {
                builder.file.reject(line.number, format!("is no entity: {error}"));
                continue;
            }
        };
        links.take(&entity);
        match kind_of(&entity.schema) {
            Some(kind) if entity.target => add_entity(&mut builder, &entity, kind, line.number)?,
            _ => builder.file.out_of_scope += 1,
        }
    }
    links.tell(&mut builder);
    builder.finish(lines.encoding())
}

/// Property and scheme.
const IDENTIFIERS: &[(&str, &str)] = &[
    ("mmsi", "MMSI"),
    ("callSign", "CALL_SIGN"),
    ("registrationNumber", "REGISTRATION_NUMBER"),
    ("ogrnCode", "REGISTRATION_NUMBER"),
    ("innCode", "TAX_ID"),
    ("taxNumber", "TAX_ID"),
    ("vatCode", "TAX_ID"),
    ("passportNumber", "PASSPORT"),
    ("idNumber", "NATIONAL_ID"),
    ("socialSecurityNumber", "NATIONAL_ID"),
    ("leiCode", "LEI"),
    ("swiftBic", "BIC"),
    ("dunsCode", scheme::DUNS),
    ("eoriCode", scheme::EORI),
];

fn add_entity(builder: &mut Builder<'_>, entity: &Entity, kind: EntryKind, row: u64) -> Result<(), Error> {
    if builder.has(&entity.id) {
        builder.file.reject(row, "repeats the id of an earlier entity");
        return Ok(());
    }
    let legal_basis = builder.defaults.legal_basis.is_none();
    let entry = builder.entry(&entity.id, kind, row)?;
    entry.add_name(&entity.caption, NameQuality::Primary);
    for (property, quality) in [
        ("name", NameQuality::Primary),
        ("alias", NameQuality::Alias),
        ("previousName", NameQuality::Alias),
        ("weakAlias", NameQuality::Weak),
    ] {
        entity.all(property).for_each(|name| entry.add_name(name, quality));
    }
    for property in ["country", "nationality", "citizenship", "jurisdiction", "mainCountry", "flag"] {
        entity.all(property).for_each(|country| entry.add_country(country));
    }
    entity.all("birthDate").for_each(|date| entry.add_birth_date(date));
    entity.all("imoNumber").for_each(|number| entry.add_imo(number));
    for (property, scheme) in IDENTIFIERS {
        entity.all(property).for_each(|number| entry.add_value(scheme, number));
    }
    describe(entry, &entity.id, legal_basis, "", &entity.datasets.join("; "));
    Ok(())
}

/// What the entities between others say: sanctions and who owns what.
#[derive(Debug, Default)]
struct Links {
    captions: HashMap<String, String>,
    programs: Vec<(String, String)>,
    pairs: Vec<(String, String)>,
}

impl Links {
    fn take(&mut self, entity: &Entity) {
        if self.captions.len() + self.programs.len() + self.pairs.len() >= MAX_LINKS {
            return;
        }
        let mut pair = |from: &str, to: &str| self.pairs.push((from.to_owned(), to.to_owned()));
        match entity.schema.as_str() {
            "Sanction" => {
                let program: Vec<&str> =
                    entity.all("program").chain(entity.all("authority")).take(2).collect();
                for subject in entity.all("entity") {
                    self.programs.push((subject.to_owned(), program.join(", ")));
                }
            }
            "Ownership" => entity.all("asset").for_each(|a| entity.all("owner").for_each(|o| pair(a, o))),
            "UnknownLink" => {
                entity.all("object").for_each(|a| entity.all("subject").for_each(|o| pair(a, o)));
            }
            "Vessel" => {
                ["owner", "operator"].iter().flat_map(|p| entity.all(p)).for_each(|o| pair(&entity.id, o));
            }
            _ => {}
        }
        if kind_of(&entity.schema).is_some() {
            self.captions.insert(entity.id.clone(), entity.caption.clone());
        }
    }

    fn tell(self, builder: &mut Builder<'_>) {
        for (id, program) in &self.programs {
            if let Some(entry) = builder.known(id).filter(|_| !program.is_empty()) {
                let known = entry.reason.take().unwrap_or_default();
                // The datasets stand for the reason until a sanction names one.
                let is_program = entry.legal_basis.as_deref() != Some(known.as_str());
                entry.set_reason(&if is_program && !known.is_empty() {
                    format!("{known}; {program}")
                } else {
                    program.clone()
                });
            }
        }
        for (id, other) in &self.pairs {
            // A name as it is when no entity of the file has it as its id.
            let name = self.captions.get(other).unwrap_or(other);
            if let Some(entry) = builder.known(id) {
                entry.add_link(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_unquoted_twice() {
        assert_eq!(inner(Some("A;\"B; C\";\"D \"\"E\"\"\"")), ["A", "B; C", "D \"E\""]);
        assert!(inner(None).is_empty());
    }

    #[test]
    fn the_check_digits_of_a_lei_are_checked() {
        assert!(is_lei("529900T8BM49AURSDO55"));
        assert!(!is_lei("529900T8BM49AURSDO56"));
    }
}
