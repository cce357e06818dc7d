//! Vessels that the United Nations designated under resolution 1718 (2006): CSV, or the table copied as text.
//! <https://main.un.org/securitycouncil/en/sanctions/1718/materials/1718-Designated-Vessels-List>
//!
//! The list is published for people to read. Here a row is a vessel when one of its cells holds an IMO number; the header
//! says which cell is the name, and without a header it is the first cell with letters.

use std::io::Read;

use quaywatch_domain::identifiers::imo_check_digit_ok;
use quaywatch_domain::watchlist::{EntryKind, NameQuality};

use super::draft::{Builder, Draft as _};
use super::source::{Line, Source};
use super::table::delimiter_of;
use super::{Defaults, Error, ListFile, MAX_CELL_CHARACTERS};
use crate::scheme;

/// Where what stands.
#[derive(Debug, Default)]
struct Columns {
    name: Option<usize>,
    measure: Option<usize>,
    date: Option<usize>,
}

/// Whether a text has a header with an IMO number and a name, or rows with IMO numbers.
pub(super) fn looks_like(head: &str) -> bool {
    let lines = || head.lines().filter(|line| !line.trim().is_empty()).take(20);
    let header = lines().any(|line| columns(&cells(line)).is_some());
    header || lines().filter(|line| number_of(&cells(line)).is_some()).count() >= 2
}

pub(super) fn read<R: Read>(source: Source<R>, defaults: &Defaults<'_>) -> Result<ListFile, Error> {
    let mut lines = source.lines();
    let mut builder = Builder::new(defaults);
    let mut header: Option<Columns> = None;
    while let Some(line) = lines.next()? {
        let cells = cells(&line.text);
        if let Some(found) = columns(&cells).filter(|_| number_of(&cells).is_none()) {
            header = Some(found);
            continue;
        }
        let Some((at, number)) = number_of(&cells) else {
            // Titles, footnotes and page numbers are no rows; what names an IMO number should be one.
            if line.text.contains("IMO") {
                builder.file.rows += 1;
                builder.file.reject(line.number, "names an IMO number but holds none of seven digits");
            }
            continue;
        };
        builder.file.rows += 1;
        add(&mut builder, &line, &cells, (at, &number), header.as_ref())?;
    }
    if builder.file.rows == 0 {
        return Err(Error::NoEntries { rows: 0, first: "there is no row with an IMO number".to_owned() });
    }
    builder.finish(lines.encoding())
}

fn add(
    builder: &mut Builder<'_>,
    line: &Line,
    cells: &[String],
    (at, number): (usize, &str),
    header: Option<&Columns>,
) -> Result<(), Error> {
    let cell =
        |column: Option<usize>| column.and_then(|c| cells.get(c)).map(|c| c.trim()).filter(|c| !c.is_empty());
    let guess = || cells.iter().enumerate().find(|(i, c)| *i != at && c.chars().any(char::is_alphabetic));
    let name = cell(header.and_then(|h| h.name)).or_else(|| guess().map(|(_, cell)| cell.trim()));
    if !imo_check_digit_ok(number) {
        builder.file.warn(line.number, format!("holds the IMO '{number}', whose check digit is wrong"));
    }
    let legal_basis = builder.defaults.legal_basis.is_none();
    let entry = builder.entry(&format!("IMO{number}"), EntryKind::Vessel, line.number)?;
    entry.add_value(scheme::IMO, number);
    for name in name.into_iter().flat_map(|name| name.split(['(', ')', ';'])) {
        // "PETREL 8 (formerly known as X)"
        let former = ["formerly known as", "formerly", "f.k.a.", "a.k.a.", "aka", "previously"];
        let lower = name.trim().to_ascii_lowercase();
        let prefix = former.iter().find(|prefix| lower.starts_with(*prefix)).map_or(0, |prefix| prefix.len());
        let name = name.trim().get(prefix..).unwrap_or_default();
        entry.add_name(name, if prefix > 0 { NameQuality::Alias } else { NameQuality::Primary });
    }
    let measure: String = cell(header.and_then(|h| h.measure)).unwrap_or_default().to_owned();
    let date =
        cell(header.and_then(|h| h.date)).map(|on| format!(", designated on {on}")).unwrap_or_default();
    entry.set_reason(&format!("Resolution 1718{date}. {measure}"));
    if legal_basis {
        entry.legal_basis = Some("UN Security Council resolution 1718 (2006)".to_owned());
    }
    entry.source_ref = Some(format!("UN 1718 IMO {number}"));
    Ok(())
}

/// The columns that a header names; `None` when it is none.
fn columns(cells: &[String]) -> Option<Columns> {
    let lower: Vec<String> = cells.iter().map(|cell| cell.to_lowercase()).collect();
    let find = |parts: &[&str]| lower.iter().position(|cell| parts.iter().any(|part| cell.contains(part)));
    let imo = lower.iter().position(|cell| cell.contains("imo"))?;
    let name = lower.iter().position(|cell| cell.contains("name"));
    let name = name.or_else(|| find(&["vessel", "ship"])).filter(|name| *name != imo)?;
    let date = find(&["date"]);
    let measure =
        find(&["measure", "restriction"]).or_else(|| find(&["designation"]).filter(|m| Some(*m) != date));
    Some(Columns { name: Some(name), measure, date })
}

/// The first cell that is an IMO number, alone or with its label.
fn number_of(cells: &[String]) -> Option<(usize, String)> {
    cells.iter().enumerate().find_map(|(at, cell)| {
        let digits: String = cell.chars().filter(char::is_ascii_digit).collect();
        let letters: String = cell.chars().filter(|c| c.is_alphabetic()).collect();
        let is_label = ["", "IMO", "IMONO", "IMONUMBER"].contains(&letters.to_uppercase().as_str());
        (digits.len() == 7 && is_label).then_some((at, digits))
    })
}

/// The cells of a line: by delimiter where there is one, else by tabs or wide gaps; an IMO number inside is a cell.
fn cells(line: &str) -> Vec<String> {
    let line: String = line.chars().take(MAX_CELL_CHARACTERS).collect();
    let mark = delimiter_of(&line);
    if line.as_bytes().contains(&mark) {
        let row = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(mark)
            .from_reader(line.as_bytes())
            .records()
            .next()
            .and_then(Result::ok);
        let found: Vec<String> =
            row.iter().flat_map(|row| row.iter().map(|cell| cell.trim().to_owned())).collect();
        if number_of(&found).is_some() || columns(&found).is_some() {
            return found;
        }
    }
    let found: Vec<String> =
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect();
    if number_of(&found).is_some() || columns(&found).is_some() {
        return found;
    }
    // "12. PETREL 8 IMO 9562233 Asset freeze": before, the number, after.
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_number = |word: &&str| word.len() == 7 && imo_check_digit_ok(word);
    let Some(at) = words.iter().position(is_number) else { return found };
    let (before, after) = words.split_at(at);
    let before: Vec<&str> = before
        .iter()
        .copied()
        .filter(|w| !w.trim_matches([':', '.']).eq_ignore_ascii_case("imo"))
        .skip_while(|w| w.trim_end_matches(['.', ')']).bytes().all(|b| b.is_ascii_digit()))
        .collect();
    let number = after.first().copied().unwrap_or_default().to_owned();
    vec![before.join(" "), number, after.get(1..).unwrap_or_default().join(" ")]
}
