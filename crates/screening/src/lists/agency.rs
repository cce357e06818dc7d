//! Agencies' own lists: CSV with a header row, or JSON lines with the same names.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;

use quaywatch_domain::identifiers::{check_digit_ok, imo_check_digit_ok};
use quaywatch_domain::pseudonym::Kind;
use quaywatch_domain::watchlist::{EntryAction, EntryKind, Name, NameQuality, Value};
use quaywatch_domain::{Handling, Severity, Timestamp, WatchlistEntry};
use serde::Deserialize;

use super::draft::blank;
use super::source::Source;
use super::table::{Table, delimiter_of};
use super::{
    Defaults, Error, ListFile, MAX_CELL_CHARACTERS, MAX_ENTRIES, MAX_VALUES_PER_ENTRY, settle, short,
};
use crate::{is_blinded, least_handling, normalise_value, scheme};

const COLUMNS: &str = "list_id,entry_id,kind,scheme,value,name,action,severity,handling,owner,valid_from,valid_to,\
                       review_on,reason,source_ref,legal_basis,country,birth_date";

const DAY_MS: i64 = 24 * 3_600_000;

/// One row, as written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Row {
    list_id: Option<String>,
    entry_id: Option<String>,
    kind: Option<String>,
    scheme: Option<String>,
    value: Option<String>,
    name: Option<String>,
    action: Option<String>,
    severity: Option<String>,
    handling: Option<String>,
    owner: Option<String>,
    valid_from: Option<String>,
    valid_to: Option<String>,
    review_on: Option<String>,
    reason: Option<String>,
    source_ref: Option<String>,
    legal_basis: Option<String>,
    country: Option<String>,
    birth_date: Option<String>,
}

impl Row {
    fn cell(&mut self, column: &str) -> Option<&mut Option<String>> {
        Some(match column {
            "list_id" => &mut self.list_id,
            "entry_id" => &mut self.entry_id,
            "kind" => &mut self.kind,
            "scheme" => &mut self.scheme,
            "value" => &mut self.value,
            "name" => &mut self.name,
            "action" => &mut self.action,
            "severity" => &mut self.severity,
            "handling" => &mut self.handling,
            "owner" => &mut self.owner,
            "valid_from" => &mut self.valid_from,
            "valid_to" => &mut self.valid_to,
            "review_on" => &mut self.review_on,
            "reason" => &mut self.reason,
            "source_ref" => &mut self.source_ref,
            "legal_basis" => &mut self.legal_basis,
            "country" => &mut self.country,
            "birth_date" => &mut self.birth_date,
            _ => return None,
        })
    }
}

/// Reads an agency's list with the header row of the contracts, in any order of columns, separated by commas or
/// semicolons. Rows with one entry id are one entry: they add identifiers and names.
///
/// Dates without a time are days in UTC: `valid_from` from their beginning, `valid_to` and `review_on` to their end.
/// The schemes `PLATE`, `PHONE` and `MAIL` hold plain text, which becomes a pseudonym here.
///
/// # Errors
/// When the file as a whole cannot be trusted; see [`Error`].
pub fn read_agency_csv(bytes: &[u8], defaults: &Defaults<'_>) -> Result<ListFile, Error> {
    csv(Source::open(bytes)?, defaults)
}

/// Reads an agency's list as JSON lines: one object a line with the names of the CSV columns, all values text.
///
/// # Errors
/// When the file as a whole cannot be trusted; see [`Error`].
pub fn read_agency_jsonl(bytes: &[u8], defaults: &Defaults<'_>) -> Result<ListFile, Error> {
    jsonl(Source::open(bytes)?, defaults)
}

pub(super) fn csv<R: Read>(source: Source<R>, defaults: &Defaults<'_>) -> Result<ListFile, Error> {
    let delimiter = delimiter_of(source.head.trim_start().lines().next().unwrap_or_default());
    let mut table = Table::new(source, delimiter, 0);
    let header = table.next_any()?.map(|row| row.cells).unwrap_or_default();
    let header: Vec<String> = header.iter().map(|c| c.to_ascii_lowercase()).collect();
    check_header(&header)?;
    table.expect(header.len());
    let mut builder = Builder::new(defaults);
    while let Some((row, wrong)) = table.next()? {
        builder.file.rows += 1;
        if let Some(reason) = wrong {
            builder.file.reject(row.number, reason);
            continue;
        }
        let mut fields = Row::default();
        for (column, cell) in header.iter().zip(row.cells) {
            if let Some(slot) = fields.cell(column).filter(|_| !cell.is_empty()) {
                *slot = Some(cell);
            }
        }
        builder.add(row.number, &fields)?;
    }
    builder.finish(table.encoding())
}

pub(super) fn jsonl<R: Read>(source: Source<R>, defaults: &Defaults<'_>) -> Result<ListFile, Error> {
    let mut lines = source.lines();
    let mut builder = Builder::new(defaults);
    while let Some(line) = lines.next()? {
        builder.file.rows += 1;
        match serde_json::from_str::<Row>(&line.text) {
            Ok(fields) => builder.add(line.number, &fields)?,
            Err(error) if error.is_eof() && line.is_open => {
                return Err(Error::Truncated { row: line.number });
            }
            Err(error) => builder.file.reject(line.number, format!("is no entry: {error}")),
        }
    }
    builder.finish(lines.encoding())
}

fn check_header(header: &[String]) -> Result<(), Error> {
    for (i, column) in header.iter().enumerate() {
        let known = Row::default().cell(column).is_some();
        if !known || header.iter().take(i).any(|other| other == column) {
            return Err(Error::UnknownColumn { column: short(column), expected: COLUMNS });
        }
    }
    for column in ["entry_id", "scheme", "value"] {
        if !header.iter().any(|c| c == column) {
            return Err(Error::MissingColumn { column, expected: COLUMNS });
        }
    }
    Ok(())
}

struct Builder<'a> {
    defaults: &'a Defaults<'a>,
    file: ListFile,
    places: HashMap<(String, String), usize>,
}

impl<'a> Builder<'a> {
    fn new(defaults: &'a Defaults<'a>) -> Self {
        Self { defaults, file: ListFile::default(), places: HashMap::new() }
    }

    fn add(&mut self, number: u64, row: &Row) -> Result<(), Error> {
        match entry_of(row, number, self.defaults) {
            Ok((entry, warning)) => {
                if let Some(warning) = warning {
                    self.file.warn(number, warning);
                }
                self.merge(number, row, entry)
            }
            Err(reason) => {
                self.file.reject(number, reason);
                Ok(())
            }
        }
    }

    fn merge(&mut self, number: u64, row: &Row, new: WatchlistEntry) -> Result<(), Error> {
        let key = (new.list_id.clone(), new.entry_id.clone());
        let Some(known) = self.places.get(&key).and_then(|at| self.file.entries.get_mut(*at)) else {
            if self.file.entries.len() >= MAX_ENTRIES {
                return Err(Error::TooManyEntries);
            }
            self.places.insert(key, self.file.entries.len());
            self.file.entries.push(new);
            return Ok(());
        };
        if let Some(column) = disagreement(row, known, &new) {
            let reason = format!(
                "gives entry '{}' another {column} than an earlier row; use one entry id for each case",
                short(&known.entry_id)
            );
            self.file.reject(number, reason);
            return Ok(());
        }
        if known.values.len() + known.names.len() >= MAX_VALUES_PER_ENTRY {
            let reason = format!("is beyond {MAX_VALUES_PER_ENTRY} identifiers and names of one entry");
            self.file.reject(number, reason);
            return Ok(());
        }
        known.values.extend(new.values);
        known.names.extend(new.names);
        known.countries.extend(new.countries);
        known.birth_dates.extend(new.birth_dates);
        Ok(())
    }

    fn finish(mut self, encoding: &'static str) -> Result<ListFile, Error> {
        self.file.encoding = encoding;
        self.file.entries.iter_mut().for_each(settle);
        self.file.finished()
    }
}

/// The column in which a later row of an entry contradicts the first; what it leaves empty contradicts nothing.
fn disagreement(row: &Row, known: &WatchlistEntry, new: &WatchlistEntry) -> Option<&'static str> {
    if is_blinded(known) != is_blinded(new) {
        return Some("scheme (blinded and open rows)");
    }
    let checks = [
        ("kind", row.kind.is_some() && known.kind != new.kind),
        ("action", row.action.is_some() && known.action != new.action),
        ("severity", row.severity.is_some() && known.severity != new.severity),
        ("handling", row.handling.is_some() && known.handling != new.handling),
        ("owner", row.owner.is_some() && known.owner != new.owner),
        ("valid_from", row.valid_from.is_some() && known.valid_from != new.valid_from),
        ("valid_to", row.valid_to.is_some() && known.valid_to != new.valid_to),
        ("review_on", row.review_on.is_some() && known.review_on != new.review_on),
    ];
    checks.into_iter().find_map(|(column, differs)| differs.then_some(column))
}

/// The entry of one row, or why there is none; and what is odd about it.
fn entry_of(
    row: &Row,
    number: u64,
    defaults: &Defaults<'_>,
) -> Result<(WatchlistEntry, Option<String>), String> {
    let list_id = row.list_id.as_deref().unwrap_or(defaults.list_id);
    if !defaults.other_lists && list_id != defaults.list_id {
        return Err(format!("belongs to list '{}', not to '{}'", short(list_id), defaults.list_id));
    }
    let entry_id = id("entry_id", row.entry_id.as_deref().unwrap_or_default())?;
    let list_id = id("list_id", list_id)?;
    let (value, warning) = match (row.scheme.as_deref(), row.value.as_deref()) {
        (Some(scheme), Some(value)) => {
            let value = value_of(&scheme.to_ascii_uppercase(), value, defaults)?;
            let warning = oddness(&value);
            (Some(value), warning)
        }
        (None, None) => (None, None),
        (Some(_), None) => return Err("has a scheme but no value".to_owned()),
        (None, Some(_)) => return Err("has a value but no scheme, such as CONTAINER or SEAL".to_owned()),
    };
    if value.is_none() && row.name.is_none() {
        return Err("has neither an identifier (scheme and value) nor a name".to_owned());
    }
    let kind = match (&row.kind, &value) {
        (Some(text), _) => code("kind", text, EntryKind::parse)?,
        (None, Some(value)) => kind_of(&value.scheme).ok_or("has no kind, such as CONTAINER or COMPANY")?,
        (None, None) => return Err("has no kind, such as COMPANY or VESSEL".to_owned()),
    };
    let mut entry = blank(defaults, entry_id, kind, number);
    entry.provenance = entry.provenance.filter(|_| defaults.file.is_some());
    entry.list_id = list_id;
    entry.values = value.into_iter().collect();
    entry.names = row.name.as_deref().map(primary).into_iter().collect();
    entry.countries = row.country.as_deref().map(country).transpose()?.into_iter().collect();
    entry.birth_dates = row.birth_date.clone().into_iter().collect();
    if let Some(text) = row.action.as_deref() {
        entry.action = code("action", text, EntryAction::parse)?;
    }
    if let Some(text) = row.severity.as_deref() {
        entry.severity = code("severity", text, Severity::parse)?;
    }
    if let Some(text) = row.handling.as_deref() {
        let handling = Handling::parse(text);
        entry.handling =
            handling.ok_or_else(|| format!("has the handling '{}'; write it like AMBER/H1", short(text)))?;
    }
    entry.owner = row.owner.clone().or(entry.owner);
    entry.legal_basis = row.legal_basis.clone().or(entry.legal_basis);
    entry.reason.clone_from(&row.reason);
    entry.source_ref.clone_from(&row.source_ref);
    entry.valid_from = row.valid_from.as_deref().map(|t| moment("valid_from", t, 0)).transpose()?;
    entry.valid_to = row.valid_to.as_deref().map(|t| moment("valid_to", t, DAY_MS)).transpose()?;
    entry.review_on = row.review_on.as_deref().map(|t| moment("review_on", t, DAY_MS)).transpose()?;
    if entry.valid_from.zip(entry.valid_to).is_some_and(|(from, to)| to <= from) {
        return Err("ends (valid_to) before it begins (valid_from)".to_owned());
    }
    if is_blinded(&entry) {
        if entry.owner.is_none() {
            return Err(
                "is blinded (HMAC) without an owner: nobody could see its hits; name the owning agency"
                    .to_owned(),
            );
        }
        if !entry.names.is_empty() {
            return Err(
                "is blinded (HMAC) and has a name in the open; blind the name or leave it out".to_owned()
            );
        }
        entry.handling = entry.handling.strictest(&least_handling());
    }
    if entry.action == EntryAction::Discreet && entry.owner.is_none() {
        return Err(
            "is DISCREET without an owner: nobody could see its hits; name the owning agency".to_owned()
        );
    }
    Ok((entry, warning))
}

fn id(column: &str, text: &str) -> Result<String, String> {
    const MAX_ID_CHARACTERS: usize = 100;
    match text.len() {
        0 => Err(format!("has no {column}")),
        n if n > MAX_ID_CHARACTERS => {
            Err(format!("has a {column} of more than {MAX_ID_CHARACTERS} characters"))
        }
        _ if text.contains(['/', '@']) || text.contains(char::is_control) => Err(format!(
            "has a {column} with '/', '@' or control characters; use letters, digits, '-' and '.'"
        )),
        _ => Ok(text.to_owned()),
    }
}

fn code<T>(column: &str, text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, String> {
    parse(&text.to_ascii_uppercase()).ok_or_else(|| format!("has the unknown {column} '{}'", short(text)))
}

fn value_of(scheme: &str, text: &str, defaults: &Defaults<'_>) -> Result<Value, String> {
    if text.chars().count() > MAX_CELL_CHARACTERS {
        return Err(format!("has a value of more than {MAX_CELL_CHARACTERS} characters"));
    }
    // What is to become a pseudonym is never repeated in a message.
    let (scheme, value) = match scheme {
        "PLATE" => (scheme::TRUCK, Some(pseudonym(Kind::Plate, text, defaults)?)),
        "PHONE" | "MAIL" => (scheme::PHONE_OR_MAIL, Some(pseudonym(Kind::Contact, text, defaults)?)),
        scheme::TRUCK | scheme::PHONE_OR_MAIL => {
            let value = normalise_value(scheme, text);
            let hint =
                "holds no pseudonym under TRUCK or PHONE_OR_MAIL; use PLATE, PHONE or MAIL for plain text";
            (scheme, Some(value.ok_or(hint)?.into_owned()))
        }
        _ => (scheme, normalise_value(scheme, text).map(Cow::into_owned)),
    };
    let value = value.ok_or_else(|| format!("holds '{}', which cannot be a {scheme}", short(text)))?;
    Ok(Value { scheme: scheme.to_owned().into(), value: value.into() })
}

fn pseudonym(kind: Kind, text: &str, defaults: &Defaults<'_>) -> Result<String, String> {
    if !text.chars().any(char::is_alphanumeric) {
        return Err("holds no letters or digits to make a pseudonym of".to_owned());
    }
    let key =
        defaults.key.ok_or("holds personal data, but no pseudonym key is set; set the key of the port")?;
    Ok(key.pseudonym(kind, text).into())
}

fn oddness(value: &Value) -> Option<String> {
    let wrong = match &*value.scheme {
        scheme::CONTAINER => !check_digit_ok(&value.value),
        scheme::IMO => !imo_check_digit_ok(&value.value),
        _ => false,
    };
    wrong.then(|| format!("holds the {} '{}', whose check digit is wrong", value.scheme, short(&value.value)))
}

fn kind_of(scheme: &str) -> Option<EntryKind> {
    Some(match scheme {
        scheme::CONTAINER => EntryKind::Container,
        scheme::SEAL => EntryKind::Seal,
        scheme::IMO => EntryKind::Vessel,
        scheme::BILL_OF_LADING => EntryKind::BillOfLading,
        scheme::BOOKING => EntryKind::Booking,
        scheme::EORI | scheme::DUNS | scheme::EAN => EntryKind::Company,
        scheme::TRUCK => EntryKind::Truck,
        scheme::PHONE_OR_MAIL => EntryKind::PhoneOrMail,
        _ => return None,
    })
}

fn primary(name: &str) -> Name {
    Name {
        name: name.chars().take(MAX_CELL_CHARACTERS).collect(),
        script: None,
        quality: NameQuality::Primary,
    }
}

fn country(text: &str) -> Result<String, String> {
    let code = text.to_ascii_uppercase();
    let ok = code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    ok.then_some(code)
        .ok_or_else(|| format!("has the country '{}'; write two letters of ISO 3166", short(text)))
}

/// RFC 3339, or a day, to which `day_ms` is added.
fn moment(column: &str, text: &str, day_ms: i64) -> Result<Timestamp, String> {
    let day = (text.len() == 10).then(|| Timestamp::parse(&format!("{text}T00:00:00Z")).ok()).flatten();
    match day {
        Some(day) => Ok(day.plus_millis(day_ms)),
        None => Timestamp::parse(text).map_err(|_| {
            format!("has the {column} '{}'; write 2026-03-01 or 2026-03-01T14:05:00Z", short(text))
        }),
    }
}
