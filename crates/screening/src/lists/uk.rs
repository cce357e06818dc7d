//! The lists of the United Kingdom as CSV: the UK Sanctions List of the Foreign Office, and OFSI's consolidated list in its
//! format of 2022. Both have a line with a date, then a header; an entry has a row for each of its names and addresses.
//! <https://www.gov.uk/government/publications/the-uk-sanctions-list>

use std::io::Read;

use quaywatch_domain::WatchlistEntry;
use quaywatch_domain::watchlist::{EntryKind, NameQuality};

use super::draft::{Builder, Draft as _, iso_date};
use super::source::Source;
use super::table::{Header, Row, Table};
use super::{Defaults, Error, ListFile, short};

const EXPECTED: &str =
    "those of the UK Sanctions List (Unique ID, Name 6, Name 1, ..) or of ConList.csv (Group ID, Name 6, ..)";
/// Lines above the header.
const MAX_PREAMBLE_ROWS: usize = 5;

/// Columns by name in either list.
struct Columns {
    id: usize,
    kind: usize,
    /// Given names in their order, the family name or whole name last.
    names: Vec<usize>,
    non_latin: Option<usize>,
    name_type: Option<usize>,
    strength: Option<usize>,
    regime: Option<usize>,
    reasons: Option<usize>,
    other: Option<usize>,
    birth: Option<usize>,
    designated: Option<usize>,
    imo: Option<usize>,
    countries: Vec<usize>,
    links: Vec<usize>,
    documents: Vec<(usize, &'static str)>,
}

impl Columns {
    fn of(header: &Header) -> Result<Self, Error> {
        let find = |names: &[&str]| header.find(names);
        let all = |names: &[&str]| names.iter().filter_map(|name| header.find(&[name])).collect();
        let id = find(&["Unique ID"]).or_else(|| find(&["Group ID"]));
        let kind = find(&["Designation Type", "Individual, Entity, Ship", "Group Type"]);
        let names: Vec<usize> = all(&["Name 1", "Name 2", "Name 3", "Name 4", "Name 5", "Name 6"]);
        header.require("Name 6", EXPECTED)?;
        let documents = [
            ("Passport number", "PASSPORT"),
            ("National Identifier number", "NATIONAL_ID"),
            ("National Identification Number", "NATIONAL_ID"),
            ("NI Number", "NATIONAL_ID"),
            ("Business registration number (s)", "REGISTRATION_NUMBER"),
        ];
        Ok(Self {
            id: id.ok_or(Error::MissingColumn { column: "Unique ID", expected: EXPECTED })?,
            kind: kind.ok_or(Error::MissingColumn { column: "Designation Type", expected: EXPECTED })?,
            names,
            non_latin: find(&["Name non-latin script"]),
            name_type: find(&["Name type", "Alias Type"]),
            strength: find(&["Alias strength", "Alias Quality"]),
            regime: find(&["Regime Name", "Regime"]),
            reasons: find(&["UK Statement of Reasons"]),
            other: find(&["Other Information"]),
            birth: find(&["D.O.B", "DOB"]),
            designated: find(&["Date Designated", "UK Sanctions List Date Designated", "Listed On"]),
            imo: find(&["IMO number"]),
            countries: all(&[
                "Nationality(/ies)",
                "Nationality",
                "Address Country",
                "Country",
                "Current believed flag of ship",
            ]),
            links: all(&["Current owner/operator (s)", "Parent company", "Subsidiaries"]),
            documents: documents
                .iter()
                .filter_map(|(name, scheme)| Some((header.find(&[name])?, *scheme)))
                .collect(),
        })
    }
}

pub(super) fn read<R: Read>(source: Source<R>, defaults: &Defaults<'_>) -> Result<ListFile, Error> {
    let mut table = Table::new(source, b',', 0);
    let header = header(&mut table)?;
    let columns = Columns::of(&header)?;
    table.expect(header.len());
    let mut builder = Builder::new(defaults);
    while let Some((row, wrong)) = table.next()? {
        builder.file.rows += 1;
        let problem = match wrong {
            Some(reason) => Some(reason),
            None => add(&mut builder, &columns, &row)?,
        };
        if let Some(reason) = problem {
            builder.file.reject(row.number, reason);
        }
    }
    builder.finish(table.encoding())
}

fn header<R: Read>(table: &mut Table<R>) -> Result<Header, Error> {
    let mut first = None;
    for _ in 0..MAX_PREAMBLE_ROWS {
        let Some(row) = table.next_any()? else { break };
        let header = Header::of(&row);
        if header.find(&["Name 6"]).is_some() {
            return Ok(header);
        }
        first.get_or_insert(header.excerpt());
    }
    Err(Error::MissingColumn { column: "Name 6", expected: EXPECTED })
}

/// What is wrong with the row, if anything.
fn add(builder: &mut Builder<'_>, columns: &Columns, row: &Row) -> Result<Option<String>, Error> {
    let cell = |column: Option<usize>| column.and_then(|column| row.cell(column));
    let Some(id) = row.cell(columns.id) else { return Ok(Some("has no id".to_owned())) };
    let kind = match row.cell(columns.kind).map(str::to_ascii_lowercase).as_deref() {
        Some("individual") => Some(EntryKind::Person),
        Some("entity") => Some(EntryKind::Company),
        Some("ship") => Some(EntryKind::Vessel),
        // A row that only adds to an entry.
        None if builder.has(id) => None,
        None => return Ok(Some("has no type: individual, entity or ship".to_owned())),
        Some(other) => return Ok(Some(format!("has the unknown type '{}'", short(other)))),
    };
    let legal_basis = builder.defaults.legal_basis.is_none();
    let entry = builder.entry(id, kind.unwrap_or(EntryKind::Company), row.number)?;
    if kind.is_some_and(|kind| kind != entry.kind) {
        return Ok(Some(format!("gives entry '{}' another type than an earlier row", short(id))));
    }
    let parts: Vec<&str> = columns.names.iter().filter_map(|column| row.cell(*column)).collect();
    entry.add_name(&parts.join(" "), quality(cell(columns.name_type), cell(columns.strength)));
    if let Some(name) = cell(columns.non_latin) {
        entry.add_name(name, NameQuality::Alias);
    }
    for column in &columns.countries {
        multiple(row.cell(*column)).for_each(|country| entry.add_country(country));
    }
    multiple(cell(columns.birth)).filter_map(birth_date).for_each(|date| entry.add_birth_date(&date));
    for column in &columns.links {
        multiple(row.cell(*column)).for_each(|party| entry.add_link(party));
    }
    for (column, scheme) in &columns.documents {
        multiple(row.cell(*column)).for_each(|number| entry.add_value(scheme, number));
    }
    multiple(cell(columns.imo)).for_each(|number| entry.add_imo(number));
    let mut reasons = cell(columns.reasons);
    if let Some(other) = cell(columns.other) {
        add_other(entry, other);
        reasons = reasons.or_else(|| labelled(other, "UK Statement of Reasons"));
    }
    let regime = cell(columns.regime).unwrap_or("UK");
    let on = cell(columns.designated).map(|on| format!(", designated on {on}")).unwrap_or_default();
    entry.set_reason(&format!("{regime}{on}. {}", reasons.unwrap_or_default()));
    if legal_basis {
        entry.legal_basis = Some(format!("UK sanctions, {regime}"));
    }
    entry.source_ref = Some(format!("UK {id}"));
    Ok(None)
}

fn quality(name_type: Option<&str>, strength: Option<&str>) -> NameQuality {
    let starts =
        |text: Option<&str>, with: &str| text.is_some_and(|t| t.to_ascii_lowercase().starts_with(with));
    if starts(strength, "low") {
        return NameQuality::Weak;
    }
    let is_primary =
        name_type.is_none() || name_type.is_some_and(|t| t.trim().eq_ignore_ascii_case("primary name"));
    if is_primary { NameQuality::Primary } else { NameQuality::Alias }
}

/// `(1) Iran. (2) Syria`, and values by semicolon or bar.
fn multiple(cell: Option<&str>) -> impl Iterator<Item = &str> {
    let cell = cell.unwrap_or_default();
    let is_mark =
        |part: &str| !part.is_empty() && part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
    let numbered = cell.starts_with('(') && cell.split(['(', ')']).nth(1).is_some_and(is_mark);
    let marks: &[char] = if numbered { &['(', ')', ';', '|'] } else { &[';', '|'] };
    let parts = cell.split(marks).map(|part| part.trim().trim_end_matches('.').trim());
    parts.filter(move |part| !(part.is_empty() || (numbered && is_mark(part))))
}

/// Day, month and year; unknown ones are `00` or `dd`, `mm`.
fn birth_date(text: &str) -> Option<String> {
    let mut parts = text.trim().split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (day, month @ Some(_), year @ Some(_)) => iso_date(year, month, day),
        (year, None, None) => iso_date(year, None, None),
        _ => None,
    }
}

/// OFSI puts what has no column into one text: `(IMO number):9562233. (Current believed flag of ship):Iran.`
fn add_other(entry: &mut WatchlistEntry, text: &str) {
    if let Some(numbers) = labelled(text, "IMO number") {
        entry.add_imo(numbers);
    }
    if let Some(flag) = labelled(text, "Current believed flag of ship") {
        entry.add_country(flag);
    }
    for label in ["Current owner/operator", "Current owners/operators", "Parent company", "Subsidiaries"] {
        multiple(labelled(text, label)).for_each(|party| entry.add_link(party));
    }
    for label in ["Business Reg No", "Business registration number"] {
        multiple(labelled(text, label)).for_each(|number| entry.add_value("REGISTRATION_NUMBER", number));
    }
}

/// What follows `(label):`, up to the next label.
fn labelled<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let mark = format!("({label}):");
    let start = text.find(&mark)? + mark.len();
    let rest = text.get(start..)?;
    let end = rest.match_indices(" (").find(|(at, _)| {
        let after = rest.get(at + 2..).unwrap_or_default();
        after.split_once(')').is_some_and(|(_, after)| after.starts_with(':'))
    });
    let value = rest.get(..end.map_or(rest.len(), |(at, _)| at))?;
    Some(value.trim().trim_end_matches('.').trim()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_values_are_told_apart() {
        let of = |text| multiple(Some(text)).collect::<Vec<_>>();
        assert_eq!(of("(1) Iran. (2) Syria"), ["Iran", "Syria"]);
        assert_eq!(of("Korea (South)"), ["Korea (South)"]);
        assert_eq!(of("A; B|C"), ["A", "B", "C"]);
        assert_eq!(multiple(None).count(), 0);
    }

    #[test]
    fn labels_inside_a_text_are_found() {
        let text = "(UK Sanctions List Ref):RUS1234. (UK Statement of Reasons):Owns ships (some). (IMO number):9562233.";
        assert_eq!(labelled(text, "UK Statement of Reasons"), Some("Owns ships (some)"));
        assert_eq!(labelled(text, "IMO number"), Some("9562233"));
        assert_eq!(labelled(text, "Gender"), None);
    }

    #[test]
    fn dates_of_birth_are_as_exact_as_they_are_known() {
        assert_eq!(birth_date("12/04/1976").as_deref(), Some("1976-04-12"));
        assert_eq!(birth_date("dd/mm/1976").as_deref(), Some("1976"));
        assert_eq!(birth_date("00/00/1976").as_deref(), Some("1976"));
        assert_eq!(birth_date("1976").as_deref(), Some("1976"));
    }
}
