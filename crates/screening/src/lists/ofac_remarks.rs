//! The last column of `sdn.csv`: parts separated by semicolons, each a label and a value. Identifiers, dates of birth,
//! nationalities and weak aliases are taken; the rest is prose.

use quaywatch_domain::identifiers::{imo_check_digit_ok, normalise_reference};
use quaywatch_domain::watchlist::{EntryKind, Value};

use super::MAX_VALUES_PER_ENTRY;
use super::countries::country_code;
use super::draft::IMO_COMPANY;
use crate::{normalise_value, scheme};

/// Label and scheme; the first that fits counts. IMO numbers are apart, because companies have them too.
const LABELS: &[(&str, &str)] = &[
    ("MMSI ", "MMSI"),
    ("D-U-N-S Number ", scheme::DUNS),
    ("Passport ", "PASSPORT"),
    ("Diplomatic Passport ", "PASSPORT"),
    ("Stateless Person Passport ", "PASSPORT"),
    ("National ID No. ", "NATIONAL_ID"),
    ("National Foreign ID Number ", "NATIONAL_ID"),
    ("Personal ID Card ", "NATIONAL_ID"),
    ("Identification Number ", "NATIONAL_ID"),
    ("Cedula No. ", "NATIONAL_ID"),
    ("Cedula de Ciudadania ", "NATIONAL_ID"),
    ("D.N.I. ", "NATIONAL_ID"),
    ("C.U.R.P. ", "NATIONAL_ID"),
    ("SSN ", "NATIONAL_ID"),
    ("C.U.I. ", "NATIONAL_ID"),
    ("Citizen's Card Number ", "NATIONAL_ID"),
    ("Tax ID No. ", "TAX_ID"),
    ("NIT # ", "TAX_ID"),
    ("RUC # ", "TAX_ID"),
    ("RIF # ", "TAX_ID"),
    ("R.F.C. ", "TAX_ID"),
    ("C.R. No. ", "REGISTRATION_NUMBER"),
    ("Registration Number ", "REGISTRATION_NUMBER"),
    ("Registration ID ", "REGISTRATION_NUMBER"),
    ("Company Number ", "REGISTRATION_NUMBER"),
    ("Commercial Registry Number ", "REGISTRATION_NUMBER"),
    ("Business Registration Number ", "REGISTRATION_NUMBER"),
    ("Business Registration Document # ", "REGISTRATION_NUMBER"),
    ("Business Number ", "REGISTRATION_NUMBER"),
    ("Trade License No. ", "REGISTRATION_NUMBER"),
    ("Certificate of Incorporation Number ", "REGISTRATION_NUMBER"),
    ("Folio Mercantil No. ", "REGISTRATION_NUMBER"),
    ("Matricula Mercantil No ", "REGISTRATION_NUMBER"),
    ("Public Registration Number ", "REGISTRATION_NUMBER"),
    ("UK Company Number ", "REGISTRATION_NUMBER"),
    ("Legal Entity Number ", "LEI"),
    ("SWIFT/BIC ", "BIC"),
];

/// What the remarks of one entry hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Remarks {
    pub(super) values: Vec<Value>,
    pub(super) weak_names: Vec<String>,
    pub(super) birth_dates: Vec<String>,
    pub(super) countries: Vec<String>,
    pub(super) linked_to: Vec<String>,
}

/// Reads the remarks of an entry of this kind.
pub(super) fn read(text: &str, kind: EntryKind) -> Remarks {
    let mut remarks = Remarks::default();
    for part in text.trim_end_matches('.').split("; ").take(MAX_VALUES_PER_ENTRY) {
        let part = part.trim();
        let part = part.strip_prefix("alt. ").unwrap_or(part);
        if let Some(value) = imo(part, kind).or_else(|| labelled(part)) {
            remarks.values.push(value);
        } else if let Some(party) = part.strip_prefix("Linked To: ") {
            remarks.linked_to.push(party.to_owned());
        } else if let Some(date) = part.strip_prefix("DOB ") {
            remarks.birth_dates.push(date.to_owned());
        } else if let Some(country) =
            part.strip_prefix("nationality ").or_else(|| part.strip_prefix("citizen "))
        {
            remarks.countries.extend(country_code(country).map(str::to_owned));
        } else if let Some(name) = weak_name(part) {
            remarks.weak_names.push(name.to_owned());
        }
    }
    remarks
}

/// `Vessel Registration Identification IMO 9187629` of a ship (also without `IMO`), `Company Number IMO 5988121` of its
/// owner (also under the label for vessels): two number spaces with the same form.
fn imo(part: &str, kind: EntryKind) -> Option<Value> {
    let bare = part.strip_prefix("Vessel Registration Identification ");
    let number = bare.and_then(|number| normalise_value(scheme::IMO, number));
    if let Some(value) = number.filter(|value| kind == EntryKind::Vessel && imo_check_digit_ok(value)) {
        return Some(Value { scheme: scheme::IMO.into(), value: value.into() });
    }
    let (label, number) = part.split_once("IMO ")?;
    let known = ["Vessel Registration Identification", "Identification Number", "Company Number", ""];
    if !known.contains(&label.trim()) {
        return None;
    }
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    let value = normalise_value(scheme::IMO, &digits)?.into();
    let of_a_ship = kind == EntryKind::Vessel;
    Some(Value { scheme: if of_a_ship { scheme::IMO } else { IMO_COMPANY }.into(), value })
}

fn labelled(part: &str) -> Option<Value> {
    let (rest, scheme) =
        LABELS.iter().find_map(|(label, scheme)| Some((part.strip_prefix(label)?, scheme)))?;
    // What follows is the issuing country in brackets, and dates of issue and expiry.
    let end = [" (", " issued ", " expires ", " exp. "].iter().filter_map(|mark| rest.find(mark)).min();
    let value = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
    let value = normalise_value(scheme, value)
        .filter(|value| value.bytes().any(|b| b.is_ascii_digit()) || *scheme == "BIC")?;
    Some(Value { scheme: (*scheme).into(), value: value.into() })
}

/// Aliases that say little alone are in quotes here, not in `alt.csv`.
fn weak_name(part: &str) -> Option<&str> {
    let rest = ["a.k.a. ", "f.k.a. ", "n.k.a. "].iter().find_map(|label| part.strip_prefix(label))?;
    let name = rest.trim_matches(['\'', '"', '.', ' ']);
    (!normalise_reference(name).is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ships_and_their_companies_have_imo_numbers_of_their_own() {
        let ship = read(
            "Former Vessel Flag Malta; Vessel Registration Identification IMO 9074729; MMSI 572469210; Linked To: X LINE.",
            EntryKind::Vessel,
        );
        let value = |scheme: &'static str, value: &str| Value { scheme: scheme.into(), value: value.into() };
        assert_eq!(ship.values, [value("IMO", "9074729"), value("MMSI", "572469210")]);
        assert_eq!(ship.linked_to, ["X LINE"]);
        let bare = read(
            "Vessel Registration Identification 9074729; Vessel Registration Identification 123.",
            EntryKind::Vessel,
        );
        assert_eq!(bare.values, [value("IMO", "9074729")]);
        let company = read("Company Number IMO 5988121.", EntryKind::Company);
        assert_eq!(company.values, [value("IMO_COMPANY", "5988121")]);
    }

    #[test]
    fn identifiers_dates_countries_and_weak_names_are_taken() {
        let person = read(
            "DOB 04 Oct 1954; alt. DOB 1955; POB Xtown, Syria; nationality Syria; Passport AB 123456 (Syria) issued 01 Jan \
             2001; Gender Male; a.k.a. 'BNC'; Registration Pending.",
            EntryKind::Person,
        );
        assert_eq!(person.birth_dates, ["04 Oct 1954", "1955"]);
        assert_eq!(person.countries, ["SY"]);
        assert_eq!(person.weak_names, ["BNC"]);
        assert_eq!(person.values, [Value { scheme: "PASSPORT".into(), value: "AB123456".into() }]);
    }
}
