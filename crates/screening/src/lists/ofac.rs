//! The lists of the US Treasury (OFAC) as CSV: `sdn.csv` of Specially Designated Nationals or `cons_prim.csv` of the other
//! lists, joined by entry number with `alt.csv` (aliases), `add.csv` (addresses) and `sdn_comments.csv` (remarks that did
//! not fit). No header; `-0-` is null.
//! <https://ofac.treasury.gov/specially-designated-nationals-list-data-formats-data-schemas>

use std::collections::HashMap;
use std::io::Read;

use quaywatch_domain::WatchlistEntry;
use quaywatch_domain::watchlist::{EntryKind, NameQuality};

use super::draft::{Builder, Draft as _};
use super::format::Parts;
use super::ofac_remarks::{self, Remarks};
use super::source::Source;
use super::table::{Row, Table};
use super::{Defaults, Error, ListFile, MAX_VALUES_PER_ENTRY};

const SDN_COLUMNS: usize = 12;
const ALT_COLUMNS: usize = 5;
const ADD_COLUMNS: usize = 6;
const COMMENTS_COLUMNS: usize = 2;

/// Reads the list. Aircraft are counted as out of scope. Row numbers are those of the file named in the reason, of the main
/// file when none is.
///
/// # Errors
/// When one of the files as a whole cannot be trusted; see [`Error`].
pub fn read_ofac_sdn_csv<R: Read>(files: Parts<R>, defaults: &Defaults<'_>) -> Result<ListFile, Error> {
    let Parts { main, alt, add, comments } = files;
    let parts = [alt, add, comments].into_iter().map(|part| part.map(Source::open).transpose());
    let mut parts = parts.collect::<Result<Vec<_>, _>>()?.into_iter();
    let mut next = || parts.next().flatten();
    let (alt, add, comments) = (next(), next(), next());
    read(Source::open(main)?, alt, add, comments, defaults)
}

pub(super) fn read<R: Read, S: Read>(
    main: Source<R>,
    alt: Option<Source<S>>,
    add: Option<Source<S>>,
    comments: Option<Source<S>>,
    defaults: &Defaults<'_>,
) -> Result<ListFile, Error> {
    let overflow = overflow(comments)?;
    let mut builder = Builder::new(defaults);
    let mut table = Table::new(main, b',', SDN_COLUMNS);
    let mut others = Others::default();
    while let Some((row, wrong)) = table.next()? {
        builder.file.rows += 1;
        if let Some(reason) = wrong {
            builder.file.reject(row.number, reason);
            continue;
        }
        if let Err(problem) = add_entry(&mut builder, &mut others, &row, &overflow) {
            builder.file.reject(row.number, problem?);
        }
    }
    let encoding = table.encoding();
    for (name, source, columns, add) in [
        ("alt.csv", alt, ALT_COLUMNS, add_alias as fn(&mut WatchlistEntry, &Row)),
        ("add.csv", add, ADD_COLUMNS, add_address),
    ] {
        if let Some(source) = source {
            join(&mut builder, &others, name, Table::new(source, b',', columns), add)?;
        }
    }
    builder.finish(encoding)
}

/// Entries that are listed and cannot pass through a port.
#[derive(Debug, Default)]
struct Others(std::collections::HashSet<String>);

/// Remarks by entry number, in the order of the file.
fn overflow<R: Read>(comments: Option<Source<R>>) -> Result<HashMap<String, String>, Error> {
    let mut all: HashMap<String, String> = HashMap::new();
    let Some(comments) = comments else { return Ok(all) };
    let mut table = Table::new(comments, b',', COMMENTS_COLUMNS);
    while let Some((row, _)) = table.next()? {
        if let (Some(id), Some(text)) = (cell(&row, 0), cell(&row, 1)) {
            all.entry(id.to_owned()).or_default().push_str(text);
        }
    }
    Ok(all)
}

/// Adds the rows of a second file to the entries of the first.
fn join<R: Read>(
    builder: &mut Builder<'_>,
    others: &Others,
    name: &str,
    mut table: Table<R>,
    add: fn(&mut WatchlistEntry, &Row),
) -> Result<(), Error> {
    while let Some((row, wrong)) = table.next()? {
        let id = cell(&row, 0).unwrap_or_default();
        if let Some(reason) = wrong {
            builder.file.reject(row.number, format!("of {name} {reason}"));
        } else if let Some(entry) = builder.known(id) {
            add(entry, &row);
        } else if !others.0.contains(id) {
            builder.file.warn(row.number, format!("of {name} belongs to no entry"));
        }
    }
    Ok(())
}

fn cell(row: &Row, column: usize) -> Option<&str> {
    row.cell(column).filter(|cell| *cell != "-0-")
}

/// What is wrong with the row, or with the file.
type Problem = Result<String, Error>;

fn add_entry(
    builder: &mut Builder<'_>,
    others: &mut Others,
    row: &Row,
    overflow: &HashMap<String, String>,
) -> Result<(), Problem> {
    let bad = |reason: &str| Ok(reason.to_owned());
    let id = cell(row, 0).filter(|id| id.bytes().all(|b| b.is_ascii_digit()));
    let id = id.ok_or_else(|| bad("has no entry number in its first column"))?;
    let name = cell(row, 1).ok_or_else(|| bad("has no name in its second column"))?;
    let kind = match cell(row, 2).map(str::to_ascii_lowercase).as_deref() {
        None => EntryKind::Company,
        Some("individual") => EntryKind::Person,
        Some("vessel") => EntryKind::Vessel,
        Some("aircraft") => {
            builder.file.out_of_scope += 1;
            others.0.insert(id.to_owned());
            return Ok(());
        }
        Some(other) => {
            return Err(Ok(format!("has the unknown type '{}' in its third column", super::short(other))));
        }
    };
    if builder.has(id) {
        return Err(bad("repeats the number of an earlier entry"));
    }
    let legal_basis = builder.defaults.legal_basis.is_none();
    let entry = builder.entry(id, kind, row.number).map_err(Err)?;
    let remarks = cell(row, 11).unwrap_or_default();
    let remarks = format!("{remarks}{}", overflow.get(id).map_or("", String::as_str));
    let Remarks { values, weak_names, birth_dates, countries, linked_to } =
        ofac_remarks::read(&remarks, kind);
    entry.values.extend(values.into_iter().take(MAX_VALUES_PER_ENTRY));
    entry.birth_dates = birth_dates;
    entry.countries = countries;
    entry.add_name(name, NameQuality::Primary);
    weak_names.iter().for_each(|name| entry.add_name(name, NameQuality::Weak));
    linked_to.iter().for_each(|party| entry.add_link(party));
    if let Some(call_sign) = cell(row, 5) {
        entry.add_value("CALL_SIGN", call_sign);
    }
    if let Some(flag) = cell(row, 9) {
        entry.add_country(flag);
    }
    if let Some(owner) = cell(row, 10) {
        entry.add_link(owner);
    }
    // `IRGC] [IFSR` with the outer brackets gone.
    if let Some(program) = cell(row, 3).map(|program| program.replace("] [", "; ")) {
        if legal_basis {
            entry.legal_basis = Some(format!("OFAC {program}"));
        }
        entry.set_reason(&format!("Program {program}."));
    }
    entry.source_ref = Some(format!("OFAC SDN {id}"));
    Ok(())
}

fn add_alias(entry: &mut WatchlistEntry, row: &Row) {
    if let Some(name) = cell(row, 3) {
        entry.add_name(name, NameQuality::Alias);
    }
}

fn add_address(entry: &mut WatchlistEntry, row: &Row) {
    if let Some(country) = cell(row, 4) {
        entry.add_country(country);
    }
}
