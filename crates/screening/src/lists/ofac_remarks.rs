//! The last column of `sdn.csv`: parts separated by semicolons, each a label and a value. Identifiers, dates of birth,
//! nationalities and weak aliases are taken; the rest is prose.

use quaywatch_domain::identifiers::normalise_reference;
use quaywatch_domain::watchlist::{EntryKind, Value};

use super::MAX_VALUES_PER_ENTRY;
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
}

/// Reads the remarks of an entry of this kind.
pub(super) fn read(text: &str, kind: EntryKind) -> Remarks {
    let mut remarks = Remarks::default();
    for part in text.trim_end_matches('.').split("; ").take(MAX_VALUES_PER_ENTRY) {
        let part = part.trim();
        let part = part.strip_prefix("alt. ").unwrap_or(part);
        if let Some(value) = imo(part, kind).or_else(|| labelled(part)) {
            remarks.values.push(value);
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

/// `Vessel Registration Identification IMO 9187629` of a ship, `Company Number IMO 5988121` of its owner (also under the
/// label for vessels): two number
/// spaces with the same form.
fn imo(part: &str, kind: EntryKind) -> Option<Value> {
    let (label, number) = part.split_once("IMO ")?;
    let known = ["Vessel Registration Identification", "Identification Number", "Company Number", ""];
    if !known.contains(&label.trim()) {
        return None;
    }
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    let value = normalise_value(scheme::IMO, &digits)?;
    let of_a_ship = kind == EntryKind::Vessel;
    Some(Value { scheme: if of_a_ship { scheme::IMO } else { "IMO_COMPANY" }.to_owned(), value })
}

fn labelled(part: &str) -> Option<Value> {
    let (rest, scheme) =
        LABELS.iter().find_map(|(label, scheme)| Some((part.strip_prefix(label)?, scheme)))?;
    // What follows is the issuing country in brackets, and dates of issue and expiry.
    let end = [" (", " issued ", " expires ", " exp. "].iter().filter_map(|mark| rest.find(mark)).min();
    let value = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
    let value = normalise_value(scheme, value)
        .filter(|value| value.bytes().any(|b| b.is_ascii_digit()) || *scheme == "BIC")?;
    Some(Value { scheme: (*scheme).to_owned(), value })
}

/// Aliases that say little alone are in quotes here, not in `alt.csv`.
fn weak_name(part: &str) -> Option<&str> {
    let rest = ["a.k.a. ", "f.k.a. ", "n.k.a. "].iter().find_map(|label| part.strip_prefix(label))?;
    let name = rest.trim_matches(['\'', '"', '.', ' ']);
    (!normalise_reference(name).is_empty()).then_some(name)
}

/// The ISO 3166 code of a country as OFAC writes it; `None` for regions and what is undetermined.
pub(super) fn country_code(name: &str) -> Option<&'static str> {
    let name = name.trim().trim_end_matches('.');
    let at = COUNTRIES.binary_search_by(|(known, _)| known.cmp(&name)).ok()?;
    COUNTRIES.get(at).map(|(_, code)| *code)
}

/// By name as OFAC writes it, sorted.
#[rustfmt::skip]
const COUNTRIES: &[(&str, &str)] = &[
    ("Afghanistan", "AF"), ("Albania", "AL"), ("Algeria", "DZ"), ("Andorra", "AD"), ("Angola", "AO"),
    ("Antigua and Barbuda", "AG"), ("Argentina", "AR"), ("Armenia", "AM"), ("Aruba", "AW"), ("Australia", "AU"),
    ("Austria", "AT"), ("Azerbaijan", "AZ"), ("Bahamas, The", "BS"), ("Bahrain", "BH"), ("Bangladesh", "BD"),
    ("Barbados", "BB"), ("Belarus", "BY"), ("Belgium", "BE"), ("Belize", "BZ"), ("Benin", "BJ"), ("Bermuda", "BM"),
    ("Bolivia", "BO"), ("Bosnia and Herzegovina", "BA"), ("Botswana", "BW"), ("Brazil", "BR"), ("Brunei", "BN"),
    ("Bulgaria", "BG"), ("Burkina Faso", "BF"), ("Burma", "MM"), ("Burundi", "BI"), ("Cabo Verde", "CV"),
    ("Cambodia", "KH"), ("Cameroon", "CM"), ("Canada", "CA"), ("Cayman Islands", "KY"),
    ("Central African Republic", "CF"), ("Chad", "TD"), ("Chile", "CL"), ("China", "CN"), ("Colombia", "CO"),
    ("Comoros", "KM"), ("Congo, Democratic Republic of the", "CD"), ("Congo, Republic of the", "CG"),
    ("Cook Islands", "CK"), ("Costa Rica", "CR"), ("Cote d Ivoire", "CI"), ("Croatia", "HR"), ("Cuba", "CU"),
    ("Curacao", "CW"), ("Cyprus", "CY"), ("Czech Republic", "CZ"), ("Democratic People's Republic of Korea", "KP"),
    ("Denmark", "DK"), ("Djibouti", "DJ"), ("Dominica", "DM"), ("Dominican Republic", "DO"), ("Ecuador", "EC"),
    ("Egypt", "EG"), ("El Salvador", "SV"), ("Equatorial Guinea", "GQ"), ("Eritrea", "ER"), ("Estonia", "EE"),
    ("Ethiopia", "ET"), ("Fiji", "FJ"), ("Finland", "FI"), ("France", "FR"), ("Gabon", "GA"), ("Georgia", "GE"),
    ("Germany", "DE"), ("Ghana", "GH"), ("Gibraltar", "GI"), ("Greece", "GR"), ("Grenada", "GD"),
    ("Guatemala", "GT"), ("Guernsey", "GG"), ("Guinea", "GN"), ("Guinea-Bissau", "GW"), ("Guyana", "GY"),
    ("Haiti", "HT"), ("Honduras", "HN"), ("Hong Kong", "HK"), ("Hungary", "HU"), ("Iceland", "IS"), ("India", "IN"),
    ("Indonesia", "ID"), ("Iran", "IR"), ("Iraq", "IQ"), ("Ireland", "IE"), ("Israel", "IL"), ("Italy", "IT"),
    ("Jamaica", "JM"), ("Japan", "JP"), ("Jersey", "JE"), ("Jordan", "JO"), ("Kazakhstan", "KZ"), ("Kenya", "KE"),
    ("Kiribati", "KI"), ("Korea, North", "KP"), ("Korea, South", "KR"), ("Kosovo", "XK"), ("Kuwait", "KW"),
    ("Kyrgyzstan", "KG"), ("Laos", "LA"), ("Latvia", "LV"), ("Lebanon", "LB"), ("Lesotho", "LS"), ("Liberia", "LR"),
    ("Libya", "LY"), ("Liechtenstein", "LI"), ("Lithuania", "LT"), ("Luxembourg", "LU"), ("Macau", "MO"),
    ("Macedonia, The Former Yugoslav Republic of", "MK"), ("Madagascar", "MG"), ("Malawi", "MW"),
    ("Malaysia", "MY"), ("Maldives", "MV"), ("Mali", "ML"), ("Malta", "MT"), ("Man, Isle of", "IM"),
    ("Marshall Islands", "MH"), ("Mauritania", "MR"), ("Mauritius", "MU"), ("Mexico", "MX"),
    ("Moldova", "MD"), ("Monaco", "MC"), ("Mongolia", "MN"), ("Montenegro", "ME"), ("Morocco", "MA"),
    ("Mozambique", "MZ"), ("Namibia", "NA"), ("Nepal", "NP"), ("Netherlands", "NL"),
    ("Netherlands Antilles", "AN"), ("New Zealand", "NZ"), ("Nicaragua", "NI"), ("Niger", "NE"), ("Nigeria", "NG"),
    ("North Macedonia, The Republic of", "MK"), ("Norway", "NO"), ("Oman", "OM"), ("Pakistan", "PK"),
    ("Palau", "PW"), ("Palestinian", "PS"), ("Panama", "PA"), ("Papua New Guinea", "PG"), ("Paraguay", "PY"),
    ("Peru", "PE"), ("Philippines", "PH"), ("Poland", "PL"), ("Portugal", "PT"), ("Qatar", "QA"), ("Romania", "RO"),
    ("Russia", "RU"), ("Rwanda", "RW"), ("Saint Kitts and Nevis", "KN"), ("Saint Lucia", "LC"),
    ("Saint Vincent and the Grenadines", "VC"), ("Samoa", "WS"), ("San Marino", "SM"),
    ("Sao Tome and Principe", "ST"), ("Saudi Arabia", "SA"), ("Senegal", "SN"), ("Serbia", "RS"),
    ("Seychelles", "SC"), ("Sierra Leone", "SL"), ("Singapore", "SG"), ("Slovakia", "SK"), ("Slovenia", "SI"),
    ("Solomon Islands", "SB"), ("Somalia", "SO"), ("South Africa", "ZA"), ("South Sudan", "SS"), ("Spain", "ES"),
    ("Sri Lanka", "LK"), ("Sudan", "SD"), ("Suriname", "SR"), ("Swaziland", "SZ"), ("Sweden", "SE"),
    ("Switzerland", "CH"), ("Syria", "SY"), ("Taiwan", "TW"), ("Tajikistan", "TJ"), ("Tanzania", "TZ"),
    ("Thailand", "TH"), ("The Gambia", "GM"), ("Timor-Leste", "TL"), ("Togo", "TG"), ("Tonga", "TO"),
    ("Trinidad and Tobago", "TT"), ("Tunisia", "TN"), ("Turkey", "TR"), ("Turkmenistan", "TM"), ("Tuvalu", "TV"),
    ("Uganda", "UG"), ("Ukraine", "UA"), ("United Arab Emirates", "AE"), ("United Kingdom", "GB"),
    ("United States", "US"), ("Uruguay", "UY"), ("Uzbekistan", "UZ"), ("Vanuatu", "VU"), ("Venezuela", "VE"),
    ("Vietnam", "VN"), ("Virgin Islands, British", "VG"), ("Virgin Islands, U.S.", "VI"), ("West Bank", "PS"),
    ("Yemen", "YE"), ("Zambia", "ZM"), ("Zimbabwe", "ZW"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_countries_is_sorted() {
        assert!(COUNTRIES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(country_code("Korea, North."), Some("KP"));
        assert_eq!(country_code("Region: Crimea"), None);
    }

    #[test]
    fn ships_and_their_companies_have_imo_numbers_of_their_own() {
        let ship = read(
            "Former Vessel Flag Malta; Vessel Registration Identification IMO 9074729; MMSI 572469210; Linked To: X LINE.",
            EntryKind::Vessel,
        );
        let value = |scheme: &str, value: &str| Value { scheme: scheme.to_owned(), value: value.to_owned() };
        assert_eq!(ship.values, [value("IMO", "9074729"), value("MMSI", "572469210")]);
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
