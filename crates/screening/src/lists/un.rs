//! The consolidated list of the United Nations Security Council, XML.
//! <https://main.un.org/securitycouncil/en/content/un-sc-consolidated-list>

use std::io::Read;

use quaywatch_domain::watchlist::{EntryKind, NameQuality};

use super::draft::{Builder, Draft as _, iso_date, scheme_of};
use super::source::Source;
use super::xml::{Element, Records};
use super::{Defaults, Error, ListFile};

pub(super) fn read<R: Read>(source: Source<R>, defaults: &Defaults<'_>) -> Result<ListFile, Error> {
    let mut records = Records::new(source);
    let mut builder = Builder::new(defaults);
    while let Some(record) = records.next(&["INDIVIDUAL", "ENTITY"])? {
        builder.file.rows += 1;
        if let Some(reason) = add(&mut builder, &record, records.number())? {
            builder.file.reject(records.number(), reason);
        }
    }
    builder.finish(records.encoding())
}

/// What is wrong with the record, if anything.
fn add(builder: &mut Builder<'_>, record: &Element, row: u64) -> Result<Option<String>, Error> {
    let is_person = record.name == "INDIVIDUAL";
    let kind = if is_person { EntryKind::Person } else { EntryKind::Company };
    let Some(id) = record.text_of("REFERENCE_NUMBER").or_else(|| record.text_of("DATAID")) else {
        return Ok(Some("has no reference number".to_owned()));
    };
    if builder.has(id) {
        return Ok(Some("repeats the reference number of an earlier entry".to_owned()));
    }
    let legal_basis = builder.defaults.legal_basis.is_none();
    let entry = builder.entry(id, kind, row)?;
    let parts = ["FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"];
    let name: Vec<&str> = parts.iter().filter_map(|part| record.text_of(part)).collect();
    entry.add_name(&name.join(" "), NameQuality::Primary);
    if let Some(original) = record.text_of("NAME_ORIGINAL_SCRIPT") {
        entry.add_name(original, NameQuality::Alias);
    }
    for alias in record.all("INDIVIDUAL_ALIAS").chain(record.all("ENTITY_ALIAS")) {
        let is_low = alias.text_of("QUALITY").is_some_and(|q| q.eq_ignore_ascii_case("low"));
        let quality = if is_low { NameQuality::Weak } else { NameQuality::Alias };
        for name in alias.text_of("ALIAS_NAME").into_iter().flat_map(|names| names.split(';')) {
            entry.add_name(name, quality);
        }
    }
    let nationalities = record.all("NATIONALITY").flat_map(|n| n.all("VALUE")).filter_map(Element::text);
    let addresses = record.all("INDIVIDUAL_ADDRESS").chain(record.all("ENTITY_ADDRESS"));
    nationalities.chain(addresses.filter_map(|a| a.text_of("COUNTRY"))).for_each(|c| entry.add_country(c));
    for birth in record.all("INDIVIDUAL_DATE_OF_BIRTH") {
        if let Some(date) = birth_date(birth) {
            entry.add_birth_date(&date);
        }
    }
    for document in record.all("INDIVIDUAL_DOCUMENT") {
        let label = document.text_of("TYPE_OF_DOCUMENT").or_else(|| document.text_of("TYPE_OF_DOCUMENT2"));
        if let (Some(scheme), Some(number)) = (label.and_then(scheme_of), document.text_of("NUMBER")) {
            entry.add_value(scheme, number);
        }
    }
    let comments = record.text_of("COMMENTS1").unwrap_or_default();
    if let Some(number) = company_number(comments).filter(|_| !is_person) {
        entry.add_imo(&number);
    }
    let list = record.text_of("UN_LIST_TYPE").unwrap_or("UN");
    if legal_basis {
        entry.legal_basis = Some(format!("UN Security Council, {list}"));
    }
    let listed = record.text_of("LISTED_ON").map(|on| format!(", listed on {on}")).unwrap_or_default();
    entry.set_reason(&format!("{list}{listed}. {comments}"));
    entry.source_ref = Some(format!("UN {id}"));
    Ok(None)
}

/// The number of a shipping company at the IMO, which only the comments hold: `IMO number: 5571322`. Numbers of ships that
/// they mention begin with 7, 8 or 9.
fn company_number(comments: &str) -> Option<String> {
    const LABEL_CHARACTERS: usize = 12;
    comments.split("IMO").skip(1).find_map(|after| {
        let label = after.chars().take_while(|c| !c.is_ascii_digit()).count();
        let digits: String = after.chars().skip(label).take_while(char::is_ascii_digit).collect();
        let fits = label <= LABEL_CHARACTERS && digits.len() == 7 && digits.as_str() < "7000000";
        fits.then_some(digits)
    })
}

fn birth_date(birth: &Element) -> Option<String> {
    if let Some(date) = birth.text_of("DATE") {
        return Some(date.split('T').next().unwrap_or(date).to_owned());
    }
    let year = |name| birth.text_of(name).and_then(|year| iso_date(Some(year), None, None));
    match (year("YEAR"), year("FROM_YEAR"), year("TO_YEAR")) {
        (Some(year), _, _) => Some(year),
        (None, Some(from), Some(to)) => Some(format!("{from}/{to}")),
        (None, from, to) => from.or(to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_company_is_found_in_the_comments_and_those_of_ships_are_not_taken_for_it() {
        assert_eq!(
            company_number("Owner of QUAY STAR (IMO 9321483). IMO number: 5571322.").as_deref(),
            Some("5571322")
        );
        assert_eq!(
            company_number("International Maritime Organization (IMO) Number: 1790183.").as_deref(),
            Some("1790183")
        );
        assert_eq!(company_number("Company Number IMO 5434358").as_deref(), Some("5434358"));
        assert_eq!(company_number("IMO, in 2017, told of 1234567 tons"), None);
    }
}
