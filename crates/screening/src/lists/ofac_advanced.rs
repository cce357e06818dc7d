//! The lists of the US Treasury (OFAC) in their advanced form: `SDN_ADVANCED.XML`, `CONS_ADVANCED.XML`.
//! <https://ofac.treasury.gov/sdn-list/sanctions-list-search-tool>, after the UN's Advanced Sanctions Data Model
//!
//! Code tables, places and documents come first and are looked up by id; the parties follow, then how they are linked and
//! under which program they are listed.

use std::collections::HashMap;
use std::io::Read;

use quaywatch_domain::WatchlistEntry;
use quaywatch_domain::watchlist::{EntryKind, NameQuality};

use super::draft::{Builder, Draft as _, iso_date, scheme_of};
use super::source::Source;
use super::xml::{Element, Records};
use super::{Defaults, Error, ListFile};
use crate::scheme;

/// Most rows of a code table, places and documents together.
const MAX_LOOKUPS: usize = 8_000_000;

const RECORDS: &[&str] = &[
    "Country",
    "AreaCode",
    "FeatureType",
    "IDRegDocType",
    "NamePartType",
    "PartyType",
    "PartySubType",
    "DetailReference",
    "Location",
    "IDRegDocument",
    "DistinctParty",
    "ProfileRelationship",
    "SanctionsEntry",
];

/// What the parties refer to, by id.
#[derive(Debug, Default)]
struct Tables {
    codes: HashMap<(&'static str, String), String>,
    /// Country of a place.
    places: HashMap<String, String>,
    /// Type and number of the documents of an identity.
    documents: HashMap<String, Vec<(String, String)>>,
    /// Entry of a profile.
    profiles: HashMap<String, String>,
    size: usize,
}

impl Tables {
    fn code(&self, table: &'static str, id: Option<&str>) -> Option<&str> {
        self.codes.get(&(table, id?.to_owned())).map(String::as_str)
    }

    fn take(&mut self, table: &'static str, record: &Element) -> Result<(), Error> {
        self.size += 1;
        if self.size > MAX_LOOKUPS {
            return Err(Error::TooManyEntries);
        }
        let Some(id) = record.attribute("ID") else { return Ok(()) };
        let text = match table {
            "Country" => record.attribute("ISO2").or_else(|| record.text()),
            // Most types of parties are "Unknown" below their main type.
            "PartySubType" => {
                let own = record.text().filter(|text| !text.eq_ignore_ascii_case("unknown"));
                own.or_else(|| self.code("PartyType", record.attribute("PartyTypeID")))
            }
            _ => record.text(),
        };
        if let Some(text) = text {
            let text = text.to_owned();
            self.codes.insert((table, id.to_owned()), text);
        }
        Ok(())
    }

    fn take_place(&mut self, place: &Element) {
        let by_country =
            place.child("LocationCountry").and_then(|c| self.code("Country", c.attribute("CountryID")));
        let by_area =
            || place.child("LocationAreaCode").and_then(|a| self.code("AreaCode", a.attribute("AreaCodeID")));
        // Of a nationality only the name of the country, as a part without a kind.
        let by_part = || place.below("Value").into_iter().find_map(Element::text);
        let country = by_country.or_else(by_area).or_else(by_part);
        if let (Some(id), Some(country)) = (place.attribute("ID"), country) {
            let country = country.to_owned();
            self.places.insert(id.to_owned(), country);
        }
    }

    fn take_document(&mut self, document: &Element) {
        let label = self.code("IDRegDocType", document.attribute("IDRegDocTypeID"));
        let (Some(identity), Some(label), Some(number)) =
            (document.attribute("IdentityID"), label, document.text_of("IDRegistrationNo"))
        else {
            return;
        };
        let document = (label.to_owned(), number.to_owned());
        self.documents.entry(identity.to_owned()).or_default().push(document);
    }
}

pub(super) fn read<R: Read>(source: Source<R>, defaults: &Defaults<'_>) -> Result<ListFile, Error> {
    let mut records = Records::new(source);
    let mut builder = Builder::new(defaults);
    let mut tables = Tables::default();
    let mut links = Vec::new();
    while let Some(record) = records.next(RECORDS)? {
        match record.name.as_str() {
            "Location" => tables.take_place(&record),
            "IDRegDocument" => tables.take_document(&record),
            "DistinctParty" => {
                builder.file.rows += 1;
                let row = builder.file.rows as u64;
                if let Some(reason) = add(&mut builder, &mut tables, &record, row)? {
                    builder.file.reject(row, reason);
                }
            }
            "ProfileRelationship" => {
                let end = |name| record.attribute(name).map(str::to_owned);
                links.extend(end("From-ProfileID").zip(end("To-ProfileID")));
            }
            "SanctionsEntry" => add_program(&mut builder, &tables, &record),
            name => {
                let table = RECORDS.iter().find(|known| **known == name).copied().unwrap_or_default();
                tables.take(table, &record)?;
            }
        }
    }
    link(&mut builder, &tables, &links);
    builder.finish(records.encoding())
}

/// What is wrong with the party, if anything.
fn add(
    builder: &mut Builder<'_>,
    tables: &mut Tables,
    party: &Element,
    row: u64,
) -> Result<Option<String>, Error> {
    let Some(profile) = party.child("Profile") else { return Ok(Some("has no profile".to_owned())) };
    let Some(id) = party.attribute("FixedRef").or_else(|| profile.attribute("ID")) else {
        return Ok(Some("has no reference".to_owned()));
    };
    let sub_type = profile.attribute("PartySubTypeID");
    let kind = match (tables.code("PartySubType", sub_type).unwrap_or_default(), sub_type) {
        ("Individual", _) | ("", Some("4")) => EntryKind::Person,
        ("Entity", _) | ("", Some("3")) => EntryKind::Company,
        ("Vessel", _) | ("", Some("1")) => EntryKind::Vessel,
        ("Aircraft", _) | ("", Some("2")) => {
            builder.file.out_of_scope += 1;
            return Ok(None);
        }
        (other, _) => return Ok(Some(format!("has the unknown type '{}'", super::short(other)))),
    };
    if builder.has(id) {
        return Ok(Some("repeats the reference of an earlier party".to_owned()));
    }
    if let Some(profile) = profile.attribute("ID") {
        tables.profiles.insert(profile.to_owned(), id.to_owned());
    }
    let entry = builder.entry(id, kind, row)?;
    for identity in profile.all("Identity") {
        add_identity(entry, tables, identity);
    }
    for feature in profile.all("Feature") {
        add_feature(entry, tables, feature);
    }
    entry.source_ref = Some(format!("OFAC SDN {id}"));
    Ok(None)
}

fn add_identity(entry: &mut WatchlistEntry, tables: &Tables, identity: &Element) {
    let groups: HashMap<&str, &str> = identity
        .below("NamePartGroup")
        .into_iter()
        .filter_map(|g| {
            Some((g.attribute("ID")?, tables.code("NamePartType", g.attribute("NamePartTypeID"))?))
        })
        .collect();
    for alias in identity.all("Alias") {
        let is = |name| alias.attribute(name).is_some_and(|v| v.eq_ignore_ascii_case("true"));
        let quality = match (is("LowQuality"), is("Primary")) {
            (true, _) => NameQuality::Weak,
            (false, true) => NameQuality::Primary,
            (false, false) => NameQuality::Alias,
        };
        for name in alias.all("DocumentedName") {
            entry.add_name(&full_name(name, &groups), quality);
        }
    }
    let id = identity.attribute("ID").unwrap_or_default();
    for (label, number) in tables.documents.get(id).into_iter().flatten() {
        match scheme_of(label) {
            // Ships and the companies that run them are registered under one label.
            Some(scheme::IMO) => entry.add_imo(number),
            Some(_) if number.trim_start().starts_with("IMO") => entry.add_imo(number),
            Some(scheme) => entry.add_value(scheme, number),
            None => {}
        }
    }
}

/// `LAST, First Middle` for people, as in `sdn.csv`; other names as they stand.
fn full_name(name: &Element, groups: &HashMap<&str, &str>) -> String {
    let parts = name.below("NamePartValue");
    let kind = |part: &Element| {
        part.attribute("NamePartGroupID").and_then(|id| groups.get(id).copied()).unwrap_or_default()
    };
    let is_last = |part: &&&Element| kind(part).to_lowercase().contains("last");
    let text = |parts: Vec<&&Element>| parts.iter().filter_map(|p| p.text()).collect::<Vec<_>>().join(" ");
    let (last, others): (Vec<&&Element>, Vec<&&Element>) = parts.iter().partition(is_last);
    match (text(last), text(others)) {
        (last, others) if last.is_empty() => others,
        (last, others) if others.is_empty() => last,
        (last, others) => format!("{last}, {others}"),
    }
}

fn add_feature(entry: &mut WatchlistEntry, tables: &Tables, feature: &Element) {
    let label =
        tables.code("FeatureType", feature.attribute("FeatureTypeID")).unwrap_or_default().to_lowercase();
    for version in feature.all("FeatureVersion") {
        let place = version
            .below("VersionLocation")
            .into_iter()
            .find_map(|l| tables.places.get(l.attribute("LocationID")?));
        if let Some(country) = place {
            entry.add_country(country);
        }
        if label.contains("birthdate") {
            version
                .below("DatePeriod")
                .into_iter()
                .filter_map(period)
                .for_each(|date| entry.add_birth_date(&date));
        }
        for detail in version.all("VersionDetail") {
            let coded = || tables.code("DetailReference", detail.attribute("DetailReferenceID"));
            let Some(text) = detail.text().or_else(coded) else { continue };
            match label.as_str() {
                "vessel flag" => entry.add_country(text),
                "vessel owner" => entry.add_link(text),
                "vessel call sign" => entry.add_value("CALL_SIGN", text),
                other => {
                    let scheme =
                        scheme_of(other).filter(|s| ["MMSI", "BIC", "LEI", scheme::DUNS].contains(s));
                    if let Some(scheme) = scheme {
                        entry.add_value(scheme, text);
                    }
                }
            }
        }
    }
}

/// A day, a year, or from one year to another.
fn period(period: &Element) -> Option<String> {
    let point = |side: &str, end: &str| {
        let point = period.child(side)?.child(end)?;
        iso_date(point.text_of("Year"), point.text_of("Month"), point.text_of("Day"))
    };
    let first = point("Start", "From")?;
    let last = point("End", "To").or_else(|| point("End", "From")).or_else(|| point("Start", "To"));
    let Some(last) = last.filter(|last| *last != first) else { return Some(first) };
    let year = |date: &str| date.get(..4).unwrap_or_default().to_owned();
    let whole_years = first.ends_with("-01-01") && last.ends_with("-12-31");
    Some(match (year(&first), year(&last)) {
        (from, to) if whole_years && from == to => from,
        (from, to) if whole_years => format!("{from}/{to}"),
        _ => format!("{first}/{last}"),
    })
}

fn add_program(builder: &mut Builder<'_>, tables: &Tables, record: &Element) {
    let legal_basis = builder.defaults.legal_basis.is_none();
    let id = record.attribute("ProfileID").and_then(|profile| tables.profiles.get(profile));
    let Some(entry) = id.and_then(|id| builder.known(id)) else { return };
    let programs: Vec<&str> =
        record.all("SanctionsMeasure").filter_map(|measure| measure.text_of("Comment")).collect();
    if programs.is_empty() {
        return;
    }
    let programs = programs.join("; ");
    if legal_basis {
        entry.legal_basis = Some(format!("OFAC {programs}"));
    }
    entry.set_reason(&format!("Program {programs}."));
}

fn link(builder: &mut Builder<'_>, tables: &Tables, links: &[(String, String)]) {
    for (from, to) in links {
        let entry_of = |profile: &str| tables.profiles.get(profile);
        let name = entry_of(to)
            .and_then(|id| builder.known(id))
            .and_then(|e| e.names.first().map(|n| n.name.clone()));
        if let (Some(name), Some(entry)) = (name, entry_of(from).and_then(|id| builder.known(id))) {
            entry.add_link(&name);
        }
    }
}
