//! The consolidated list of persons, groups and entities subject to EU financial sanctions: XML 1.1 and CSV.
//! <https://data.europa.eu/data/datasets/consolidated-list-of-persons-groups-and-entities-subject-to-eu-financial-sanctions>
//!
//! A ship is an enterprise with an identification of type `imo` and counts as a vessel here.

use std::io::Read;

use quaywatch_domain::WatchlistEntry;
use quaywatch_domain::identifiers::normalise_imo;
use quaywatch_domain::watchlist::{EntryKind, NameQuality};

use super::draft::{Builder, Draft as _, IMO_COMPANY, iso_date, scheme_of};
use super::source::Source;
use super::table::{Header, Row, Table};
use super::xml::{Element, Records};
use super::{Defaults, Error, ListFile, short};
use crate::scheme;

pub(super) fn xml<R: Read>(source: Source<R>, defaults: &Defaults<'_>) -> Result<ListFile, Error> {
    let mut records = Records::new(source);
    let mut builder = Builder::new(defaults);
    while let Some(record) = records.next(&["sanctionEntity"])? {
        builder.file.rows += 1;
        if let Some(reason) = add_record(&mut builder, &record, records.number())? {
            builder.file.reject(records.number(), reason);
        }
    }
    finish(builder, records.encoding())
}

/// What is wrong with the record, if anything.
fn add_record(builder: &mut Builder<'_>, record: &Element, row: u64) -> Result<Option<String>, Error> {
    let Some(id) = record.attribute("euReferenceNumber").or_else(|| record.attribute("logicalId")) else {
        return Ok(Some("has neither an EU reference number nor a logical id".to_owned()));
    };
    let subject = record.child("subjectType");
    let subject = subject.and_then(|s| s.attribute("code").or_else(|| s.attribute("classificationCode")));
    let Some(kind) = subject.and_then(kind_of) else {
        return Ok(Some(format!("has the unknown subject type '{}'", short(subject.unwrap_or_default()))));
    };
    let legal_basis = builder.defaults.legal_basis.is_none();
    let entry = builder.entry(id, kind, row)?;
    for alias in record.all("nameAlias") {
        let is_weak = alias.attribute("strong") == Some("false")
            || alias.text_of("remark").is_some_and(|remark| remark.to_lowercase().contains("low quality"));
        let parts =
            ["firstName", "middleName", "lastName"].map(|part| alias.attribute(part).unwrap_or_default());
        let name = alias.attribute("wholeName").map_or_else(|| parts.join(" "), str::to_owned);
        entry.add_name(&name, if is_weak { NameQuality::Weak } else { NameQuality::Primary });
    }
    for place in ["citizenship", "address"].iter().flat_map(|name| record.all(name)) {
        add_country(entry, place.attribute("countryIso2Code"), place.attribute("countryDescription"));
    }
    for birth in record.all("birthdate") {
        let parts = || {
            iso_date(birth.attribute("year"), birth.attribute("monthOfYear"), birth.attribute("dayOfMonth"))
        };
        if let Some(date) = birth.attribute("birthdate").map(str::to_owned).or_else(parts) {
            entry.add_birth_date(&date);
        }
    }
    for document in record.all("identification") {
        let code = document.attribute("identificationTypeCode");
        let number = document.attribute("latinNumber").or_else(|| document.attribute("number"));
        add_document(entry, code, document.attribute("identificationTypeDescription"), number);
    }
    let regulation = record.child("regulation");
    let of_regulation = |name| regulation.and_then(|r| r.attribute(name));
    let remark = record.text_of("remark");
    describe(entry, id, legal_basis, of_regulation("programme"), of_regulation("numberTitle"), remark);
    Ok(None)
}

fn kind_of(subject: &str) -> Option<EntryKind> {
    match subject.to_ascii_lowercase().as_str() {
        "person" | "p" => Some(EntryKind::Person),
        "enterprise" | "entity" | "e" => Some(EntryKind::Company),
        "vessel" | "v" => Some(EntryKind::Vessel),
        _ => None,
    }
}

fn add_country(entry: &mut WatchlistEntry, code: Option<&str>, name: Option<&str>) {
    let code = code.filter(|code| *code != "00").map(|code| if code == "CS" { "RS" } else { code });
    if let Some(country) = code.or(name) {
        entry.add_country(country);
    }
}

fn add_document(entry: &mut WatchlistEntry, code: Option<&str>, label: Option<&str>, number: Option<&str>) {
    let scheme = code.and_then(scheme_of).or_else(|| label.and_then(scheme_of));
    match (scheme, number) {
        (Some(scheme::IMO), Some(number)) => entry.add_imo(number),
        (Some(scheme), Some(number)) => entry.add_value(scheme, number),
        _ => {}
    }
}

fn describe(
    entry: &mut WatchlistEntry,
    id: &str,
    legal_basis: bool,
    programme: Option<&str>,
    title: Option<&str>,
    remark: Option<&str>,
) {
    if let Some(title) = title.or(programme).filter(|_| legal_basis && entry.legal_basis.is_none()) {
        entry.legal_basis = Some(format!("EU {title}"));
    }
    if let Some(programme) = programme {
        entry.set_reason(&format!("{programme}. {}", remark.unwrap_or_default()));
    }
    entry.source_ref = Some(id.to_owned());
}

/// Enterprises with a ship's number are ships.
fn finish(mut builder: Builder<'_>, encoding: &'static str) -> Result<ListFile, Error> {
    for entry in builder.file.entries.iter_mut().filter(|entry| entry.kind == EntryKind::Company) {
        for value in
            entry.values.iter_mut().filter(|v| v.scheme == IMO_COMPANY && normalise_imo(&v.value).is_some())
        {
            value.scheme = scheme::IMO.into();
            entry.kind = EntryKind::Vessel;
        }
    }
    builder.finish(encoding)
}

/// Columns of the CSV. The file has a header; where a name is another, the place in the published 118 columns counts.
struct Columns {
    id: usize,
    reference: Option<usize>,
    remark: Option<usize>,
    subject: [Option<usize>; 2],
    title: Option<usize>,
    programme: Option<usize>,
    whole_name: Option<usize>,
    name_parts: [Option<usize>; 3],
    name_remark: Option<usize>,
    countries: [(Option<usize>, Option<usize>); 2],
    birth: Option<usize>,
    birth_year: Option<usize>,
    number: [Option<usize>; 2],
    document: [Option<usize>; 2],
}

const CSV_COLUMNS: usize = 118;
const EXPECTED: &str =
    "the 118 columns from fileGenerationDate and Entity_LogicalId to Citizenship_Regulation_PublicationUrl";

impl Columns {
    fn of(header: &Header) -> Result<Self, Error> {
        let at = |name: &str, place: usize| {
            header.find(&[name]).or((header.len() == CSV_COLUMNS).then_some(place))
        };
        Ok(Self {
            id: header.require("Entity_LogicalId", EXPECTED)?,
            reference: at("Entity_EU_ReferenceNumber", 2),
            remark: at("Entity_Remark", 6),
            subject: [at("Entity_SubjectType_ClassificationCode", 8), at("Entity_SubjectType", 7)],
            title: at("Entity_Regulation_NumberTitle", 13),
            programme: at("Entity_Regulation_Programme", 14),
            whole_name: at("NameAlias_WholeName", 19),
            name_parts: [
                at("NameAlias_FirstName", 17),
                at("NameAlias_MiddleName", 18),
                at("NameAlias_LastName", 16),
            ],
            name_remark: at("NameAlias_Remark", 26),
            countries: [
                (at("Address_CountryIso2Code", 42), at("Address_CountryDescription", 43)),
                (at("Citizenship_CountryIso2Code", 106), at("Citizenship_CountryDescription", 107)),
            ],
            birth: at("BirthDate_BirthDate", 54),
            birth_year: at("BirthDate_Year", 57),
            number: [at("Identification_LatinNumber", 88), at("Identification_Number", 78)],
            document: [at("Identification_TypeCode", 90), at("Identification_TypeDescription", 91)],
        })
    }
}

pub(super) fn csv<R: Read>(source: Source<R>, defaults: &Defaults<'_>) -> Result<ListFile, Error> {
    let delimiter = super::table::delimiter_of(source.head.trim_start().lines().next().unwrap_or_default());
    let mut table = Table::new(source, delimiter, 0);
    let header = table.next_any()?.ok_or(Error::Empty)?;
    let header = Header::of(&header);
    let columns = Columns::of(&header)?;
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
    finish(builder, table.encoding())
}

/// What is wrong with the row, if anything.
fn add_row(builder: &mut Builder<'_>, columns: &Columns, row: &Row) -> Result<Option<String>, Error> {
    let cell = |column: Option<usize>| column.and_then(|column| row.cell(column));
    let Some(logical) = row.cell(columns.id) else { return Ok(Some("has no Entity_LogicalId".to_owned())) };
    let id = cell(columns.reference).unwrap_or(logical).to_owned();
    let [code, subject] = columns.subject;
    let subject = cell(code).or_else(|| cell(subject));
    let kind = match subject.and_then(kind_of) {
        Some(kind) => kind,
        None if subject.is_none() && builder.has(&id) => EntryKind::Company,
        None => {
            return Ok(Some(format!(
                "has the unknown subject type '{}'",
                short(subject.unwrap_or_default())
            )));
        }
    };
    let legal_basis = builder.defaults.legal_basis.is_none();
    let entry = builder.entry(&id, kind, row.number)?;
    let parts = columns.name_parts.map(|part| cell(part).unwrap_or_default());
    let name = cell(columns.whole_name).map_or_else(|| parts.join(" "), str::to_owned);
    let is_weak =
        cell(columns.name_remark).is_some_and(|remark| remark.to_lowercase().contains("low quality"));
    entry.add_name(&name, if is_weak { NameQuality::Weak } else { NameQuality::Primary });
    for (code, name) in columns.countries {
        add_country(entry, cell(code), cell(name));
    }
    if let Some(date) = cell(columns.birth).or_else(|| cell(columns.birth_year)) {
        entry.add_birth_date(date);
    }
    let [latin, number] = columns.number;
    let [code, label] = columns.document;
    add_document(entry, cell(code), cell(label), cell(latin).or_else(|| cell(number)));
    describe(entry, &id, legal_basis, cell(columns.programme), cell(columns.title), cell(columns.remark));
    Ok(None)
}
