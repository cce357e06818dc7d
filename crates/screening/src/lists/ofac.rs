//! The list of Specially Designated Nationals of the US Treasury (OFAC): `sdn.csv`, with `alt.csv` (aliases) and
//! `add.csv` (addresses) joined by entry number. No header; `-0-` is null.
//! <https://ofac.treasury.gov/specially-designated-nationals-list-data-formats-data-schemas>

use std::collections::HashMap;

use quaywatch_domain::WatchlistEntry;
use quaywatch_domain::watchlist::{EntryKind, Name, NameQuality, Value};

use super::ofac_remarks::{self, Remarks};
use super::text::{Row, check_widths, decode, rows};
use super::{Defaults, Error, ListFile, MAX_CELL_CHARACTERS, MAX_ENTRIES, MAX_VALUES_PER_ENTRY, settle};

const SDN_COLUMNS: usize = 12;
const ALT_COLUMNS: usize = 5;
const ADD_COLUMNS: usize = 6;

/// The files of one publication.
#[derive(Debug, Clone, Copy)]
pub struct OfacFiles<'a> {
    /// `sdn.csv`.
    pub sdn: &'a [u8],
    /// `alt.csv`.
    pub alt: Option<&'a [u8]>,
    /// `add.csv`.
    pub add: Option<&'a [u8]>,
}

/// Reads the list. Aircraft are counted as out of scope. Row numbers are those of the file named in the reason, of
/// `sdn.csv` when none is.
///
/// # Errors
/// When one of the files as a whole cannot be trusted; see [`Error`].
pub fn read_ofac_sdn_csv(files: OfacFiles<'_>, defaults: &Defaults<'_>) -> Result<ListFile, Error> {
    let (text, encoding) = decode(files.sdn)?;
    let mut file = ListFile { encoding, ..ListFile::default() };
    let mut places = HashMap::new();
    for row in table(&text, SDN_COLUMNS)? {
        file.rows += 1;
        match sdn_entry(&row, defaults) {
            Ok(None) => file.out_of_scope += 1,
            Ok(Some(entry)) if places.contains_key(&entry.entry_id) => {
                file.reject(row.number, "repeats the number of an earlier entry");
            }
            Ok(Some(entry)) => {
                if file.entries.len() >= MAX_ENTRIES {
                    return Err(Error::TooManyEntries);
                }
                places.insert(entry.entry_id.clone(), file.entries.len());
                file.entries.push(entry);
            }
            Err(reason) => file.reject(row.number, reason),
        }
    }
    let out_of_scope = file.out_of_scope > 0;
    if let Some(alt) = files.alt {
        join(&mut file, &places, ("alt.csv", alt, ALT_COLUMNS), out_of_scope, add_alias)?;
    }
    if let Some(add) = files.add {
        join(&mut file, &places, ("add.csv", add, ADD_COLUMNS), out_of_scope, add_address)?;
    }
    file.entries.iter_mut().for_each(settle);
    file.finished()
}

fn table(text: &str, columns: usize) -> Result<Vec<Row>, Error> {
    let rows = rows(text, b',')?;
    check_widths(text, &rows, columns)?;
    Ok(rows)
}

/// Adds the rows of a second file to the entries of the first. Rows of aircraft have no entry to go to.
fn join(
    file: &mut ListFile,
    places: &HashMap<String, usize>,
    (name, bytes, columns): (&str, &[u8], usize),
    may_be_orphans: bool,
    add: fn(&mut WatchlistEntry, &Row),
) -> Result<(), Error> {
    let (text, _) = decode(bytes)?;
    for row in table(&text, columns)? {
        let entry = cell(&row, 0).and_then(|id| places.get(id)).and_then(|at| file.entries.get_mut(*at));
        match entry {
            _ if row.cells.len() != columns => {
                let reason = format!("of {name} has {} columns instead of {columns}", row.cells.len());
                file.reject(row.number, reason);
            }
            Some(entry) => add(entry, &row),
            None if may_be_orphans => {}
            None => file.warn(row.number, format!("of {name} belongs to no entry")),
        }
    }
    Ok(())
}

fn cell(row: &Row, column: usize) -> Option<&str> {
    row.cells.get(column).map(|cell| cell.trim()).filter(|cell| !cell.is_empty() && *cell != "-0-")
}

/// `None` for aircraft.
fn sdn_entry(row: &Row, defaults: &Defaults<'_>) -> Result<Option<WatchlistEntry>, String> {
    if row.cells.len() != SDN_COLUMNS {
        return Err(format!("has {} columns instead of {SDN_COLUMNS}", row.cells.len()));
    }
    if row.cells.iter().any(|cell| cell.chars().count() > MAX_CELL_CHARACTERS) {
        return Err(format!("has a cell of more than {MAX_CELL_CHARACTERS} characters"));
    }
    let entry_id = cell(row, 0).filter(|id| id.bytes().all(|b| b.is_ascii_digit()));
    let entry_id = entry_id.ok_or("has no entry number in its first column")?;
    let name = cell(row, 1).ok_or("has no name in its second column")?;
    let kind = match cell(row, 2) {
        None => EntryKind::Company,
        Some("individual") => EntryKind::Person,
        Some("vessel") => EntryKind::Vessel,
        Some("aircraft") => return Ok(None),
        Some(other) => {
            return Err(format!("has the unknown type '{}' in its third column", super::short(other)));
        }
    };
    let Remarks { mut values, weak_names, birth_dates, mut countries } =
        ofac_remarks::read(cell(row, 11).unwrap_or_default(), kind);
    if let Some(call_sign) = cell(row, 5) {
        values.push(Value { scheme: "CALL_SIGN".to_owned(), value: call_sign.to_ascii_uppercase() });
    }
    countries.extend(cell(row, 9).and_then(ofac_remarks::country_code).map(str::to_owned));
    let mut names = vec![Name { name: name.to_owned(), script: None, quality: NameQuality::Primary }];
    names.extend(weak_names.into_iter().map(|name| Name { name, script: None, quality: NameQuality::Weak }));
    let program = cell(row, 3);
    values.truncate(MAX_VALUES_PER_ENTRY);
    Ok(Some(WatchlistEntry {
        entry_id: entry_id.to_owned(),
        list_id: defaults.list_id.to_owned(),
        list_version: defaults.list_version.to_owned(),
        kind,
        values,
        names,
        countries,
        birth_dates,
        action: defaults.action,
        severity: defaults.severity,
        handling: defaults.handling.clone(),
        owner: defaults.owner.map(str::to_owned),
        legal_basis: defaults.legal_basis.map(str::to_owned).or_else(|| Some(format!("OFAC {}", program?))),
        reason: program.map(|program| format!("Program {program}.")),
        source_ref: Some(format!("OFAC SDN {entry_id}")),
        valid_from: None,
        valid_to: None,
        review_on: None,
    }))
}

fn add_alias(entry: &mut WatchlistEntry, row: &Row) {
    if let Some(name) = cell(row, 3).filter(|_| entry.names.len() < MAX_VALUES_PER_ENTRY) {
        let name = name.chars().take(MAX_CELL_CHARACTERS).collect();
        entry.names.push(Name { name, script: None, quality: NameQuality::Alias });
    }
}

fn add_address(entry: &mut WatchlistEntry, row: &Row) {
    let code = cell(row, 4).and_then(ofac_remarks::country_code);
    if let Some(code) = code.filter(|code| !entry.countries.iter().any(|known| known == code)) {
        entry.countries.push(code.to_owned());
    }
}
