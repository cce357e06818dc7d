//! Names of countries as the authorities write them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The ISO 3166 code of a country, by name or code; `None` for regions, former states and what is undetermined.
pub(super) fn country_code(name: &str) -> Option<&'static str> {
    let key = plain(name);
    KNOWN.by_name.get(&key).or_else(|| KNOWN.by_code.get(&key)).copied()
}

struct Known {
    by_name: HashMap<String, &'static str>,
    by_code: HashMap<String, &'static str>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| Known {
    by_name: COUNTRIES.iter().map(|(name, code)| (plain(name), *code)).collect(),
    by_code: COUNTRIES.iter().map(|(_, code)| (plain(code), *code)).collect(),
});

/// Case, spaces and punctuation differ from list to list.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[rustfmt::skip]
const COUNTRIES: &[(&str, &str)] = &[
    ("Afghanistan", "AF"), ("Aland Islands", "AX"), ("Albania", "AL"), ("Algeria", "DZ"), ("American Samoa", "AS"),
    ("Andorra", "AD"), ("Angola", "AO"), ("Anguilla", "AI"), ("Antigua and Barbuda", "AG"), ("Argentina", "AR"),
    ("Armenia", "AM"), ("Aruba", "AW"), ("Australia", "AU"), ("Austria", "AT"), ("Azerbaijan", "AZ"),
    ("Azerbaijan, Republic of", "AZ"), ("Bahamas", "BS"), ("Bahamas, The", "BS"), ("Bahrain", "BH"),
    ("Bangladesh", "BD"), ("Barbados", "BB"), ("Belarus", "BY"), ("Belgium", "BE"), ("Belize", "BZ"), ("Benin", "BJ"),
    ("Bermuda", "BM"), ("Bhutan", "BT"), ("Bolivia", "BO"), ("Bolivia (Plurinational State of)", "BO"),
    ("Bolivia, Plurinational State of", "BO"), ("Bosnia and Herzegovina", "BA"), ("Botswana", "BW"), ("Brazil", "BR"),
    ("British Virgin Islands", "VG"), ("Brunei", "BN"), ("Brunei Darussalam", "BN"), ("Bulgaria", "BG"),
    ("Burkina Faso", "BF"), ("Burma", "MM"), ("Burma (Myanmar)", "MM"), ("Burundi", "BI"), ("Byelorussia", "BY"),
    ("Cabo Verde", "CV"), ("Cambodia", "KH"), ("Cameroon", "CM"), ("Canada", "CA"), ("Cape Verde", "CV"),
    ("Cayman Islands", "KY"), ("Central African Republic", "CF"), ("Central African Republic (the)", "CF"),
    ("Chad", "TD"), ("Chile", "CL"), ("China", "CN"), ("China, Hong Kong Special Administrative Region", "HK"),
    ("China, Macao Special Administrative Region", "MO"), ("China, People's Republic of", "CN"), ("Colombia", "CO"),
    ("Comoros", "KM"), ("Congo", "CG"), ("Congo (Democratic Republic)", "CD"), ("Congo (Republic)", "CG"),
    ("Congo, Democratic Republic of the", "CD"), ("Congo, Republic of the", "CG"),
    ("Congo, The Democratic Republic of the", "CD"), ("Cook Islands", "CK"), ("Cook Islands, The", "CK"),
    ("Costa Rica", "CR"), ("Cote d Ivoire", "CI"), ("Cote d'Ivoire", "CI"), ("Croatia", "HR"), ("Cuba", "CU"),
    ("Curacao", "CW"), ("Curaçao", "CW"), ("Cyprus", "CY"), ("Czech Republic", "CZ"), ("Czechia", "CZ"),
    ("Côte d'Ivoire", "CI"), ("DPRK", "KP"), ("DR Congo", "CD"), ("Democratic People's Republic of Korea", "KP"),
    ("Democratic People’s Republic of Korea", "KP"), ("Democratic Republic of Congo", "CD"),
    ("Democratic Republic of the Congo", "CD"), ("Denmark", "DK"), ("Djibouti", "DJ"), ("Dominica", "DM"),
    ("Dominican Republic", "DO"), ("East Timor", "TL"), ("Ecuador", "EC"), ("Egypt", "EG"), ("El Salvador", "SV"),
    ("Equatorial Guinea", "GQ"), ("Eritrea", "ER"), ("Estonia", "EE"), ("Eswatini", "SZ"), ("Ethiopia", "ET"),
    ("Falkland Islands", "FK"), ("Faroe Islands", "FO"), ("Fiji", "FJ"), ("Finland", "FI"), ("France", "FR"),
    ("French Guiana", "GF"), ("French Polynesia", "PF"), ("Gabon", "GA"), ("Gambia", "GM"), ("Gambia, The", "GM"),
    ("Gaza", "PS"), ("Georgia", "GE"), ("Germany", "DE"), ("Ghana", "GH"), ("Gibraltar", "GI"),
    ("Great Britain", "GB"), ("Greece", "GR"), ("Greenland", "GL"), ("Grenada", "GD"), ("Guadeloupe", "GP"),
    ("Guam", "GU"), ("Guatemala", "GT"), ("Guernsey", "GG"), ("Guinea", "GN"), ("Guinea-Bissau", "GW"),
    ("Guyana", "GY"), ("Haiti", "HT"), ("Holy See", "VA"), ("Holy See (Vatican City State)", "VA"),
    ("Honduras", "HN"), ("Hong Kong", "HK"), ("Hong Kong (China)", "HK"), ("Hong Kong SAR", "HK"),
    ("Hong Kong, China", "HK"), ("Hungary", "HU"), ("Iceland", "IS"), ("India", "IN"), ("Indonesia", "ID"),
    ("Iran", "IR"), ("Iran (Islamic Republic of)", "IR"), ("Iran, Islamic Republic of", "IR"), ("Iraq", "IQ"),
    ("Ireland", "IE"), ("Islamic Republic of Iran", "IR"), ("Isle of Man", "IM"), ("Israel", "IL"), ("Italy", "IT"),
    ("Ivory Coast", "CI"), ("Jamaica", "JM"), ("Japan", "JP"), ("Jersey", "JE"), ("Jordan", "JO"),
    ("Kazakhstan", "KZ"), ("Kenya", "KE"), ("Kingdom of the Netherlands", "NL"), ("Kiribati", "KI"),
    ("Korea, Democratic People's Republic of", "KP"), ("Korea, Democratic Peoples Republic of", "KP"),
    ("Korea, North", "KP"), ("Korea, Republic of", "KR"), ("Korea, South", "KR"), ("Kosovo", "XK"), ("Kuwait", "KW"),
    ("Kyrgyzstan", "KG"), ("Lao People's Democratic Republic", "LA"), ("Laos", "LA"), ("Latvia", "LV"),
    ("Lebanon", "LB"), ("Lesotho", "LS"), ("Liberia", "LR"), ("Libya", "LY"), ("Libyan Arab Jamahiriya", "LY"),
    ("Liechtenstein", "LI"), ("Lithuania", "LT"), ("Luxembourg", "LU"), ("Macao", "MO"), ("Macau", "MO"),
    ("Macedonia", "MK"), ("Macedonia, The Former Yugoslav Republic of", "MK"), ("Madagascar", "MG"), ("Malawi", "MW"),
    ("Malaysia", "MY"), ("Maldives", "MV"), ("Mali", "ML"), ("Malta", "MT"), ("Man, Isle of", "IM"),
    ("Marshall Islands", "MH"), ("Martinique", "MQ"), ("Mauritania", "MR"), ("Mauritius", "MU"), ("Mayotte", "YT"),
    ("Mexico", "MX"), ("Micronesia", "FM"), ("Micronesia, Federated States of", "FM"), ("Moldova", "MD"),
    ("Moldova, Republic of", "MD"), ("Monaco", "MC"), ("Mongolia", "MN"), ("Montenegro", "ME"), ("Montserrat", "MS"),
    ("Morocco", "MA"), ("Mozambique", "MZ"), ("Myanmar", "MM"), ("Myanmar (Burma)", "MM"), ("Namibia", "NA"),
    ("Nauru", "NR"), ("Nepal", "NP"), ("Netherlands", "NL"), ("Netherlands (Kingdom of the)", "NL"),
    ("Netherlands Antilles", "AN"), ("Netherlands, The", "NL"), ("New Caledonia", "NC"), ("New Zealand", "NZ"),
    ("Nicaragua", "NI"), ("Niger", "NE"), ("Nigeria", "NG"), ("Niue", "NU"), ("North Korea", "KP"),
    ("North Macedonia", "MK"), ("North Macedonia, The Republic of", "MK"), ("Norway", "NO"),
    ("Occupied Palestinian Territories", "PS"), ("Oman", "OM"), ("Pakistan", "PK"), ("Palau", "PW"),
    ("Palestine", "PS"), ("Palestine, State of", "PS"), ("Palestinian", "PS"),
    ("Palestinian Territory, occupied", "PS"), ("Panama", "PA"), ("Papua New Guinea", "PG"), ("Paraguay", "PY"),
    ("People's Republic of China", "CN"), ("Peru", "PE"), ("Philippines", "PH"), ("Poland", "PL"), ("Portugal", "PT"),
    ("Puerto Rico", "PR"), ("Qatar", "QA"), ("Republic of Korea", "KR"), ("Republic of Moldova", "MD"),
    ("Republic of South Sudan", "SS"), ("Republic of the Congo", "CG"), ("Reunion", "RE"), ("Romania", "RO"),
    ("Russia", "RU"), ("Russian Federation", "RU"), ("Rwanda", "RW"), ("Réunion", "RE"), ("Saint Helena", "SH"),
    ("Saint Kitts and Nevis", "KN"), ("Saint Lucia", "LC"), ("Saint Vincent and the Grenadines", "VC"),
    ("Samoa", "WS"), ("San Marino", "SM"), ("Sao Tome and Principe", "ST"), ("Saudi Arabia", "SA"), ("Senegal", "SN"),
    ("Serbia", "RS"), ("Serbia and Montenegro", "RS"), ("Seychelles", "SC"), ("Sierra Leone", "SL"),
    ("Singapore", "SG"), ("Sint Maarten", "SX"), ("Slovak Republic", "SK"), ("Slovakia", "SK"), ("Slovenia", "SI"),
    ("Solomon Islands", "SB"), ("Somalia", "SO"), ("South Africa", "ZA"), ("South Korea", "KR"),
    ("South Sudan", "SS"), ("Spain", "ES"), ("Spain (Kingdom of)", "ES"), ("Sri Lanka", "LK"),
    ("State of Libya", "LY"), ("State of Palestine", "PS"), ("Sudan", "SD"), ("Sudan, The", "SD"), ("Suriname", "SR"),
    ("Swaziland", "SZ"), ("Sweden", "SE"), ("Switzerland", "CH"), ("Syria", "SY"), ("Syrian Arab Republic", "SY"),
    ("Taiwan", "TW"), ("Taiwan (Province of China)", "TW"), ("Taiwan, Province of China", "TW"), ("Tajikistan", "TJ"),
    ("Tanzania", "TZ"), ("Tanzania, United Republic of", "TZ"), ("Thailand", "TH"), ("The Bahamas", "BS"),
    ("The Gambia", "GM"), ("The Netherlands", "NL"), ("Timor Leste", "TL"), ("Timor-Leste", "TL"), ("Togo", "TG"),
    ("Tokelau", "TK"), ("Tonga", "TO"), ("Trinidad and Tobago", "TT"), ("Tunisia", "TN"), ("Turkey", "TR"),
    ("Turkey (Türkiye)", "TR"), ("Turkiye", "TR"), ("Turkmenistan", "TM"), ("Turks and Caicos Islands", "TC"),
    ("Tuvalu", "TV"), ("Türkiye", "TR"), ("UAE", "AE"), ("UK", "GB"), ("USA", "US"), ("Uganda", "UG"),
    ("Ukraine", "UA"), ("United Arab Emirates", "AE"), ("United Kingdom", "GB"),
    ("United Kingdom of Great Britain and Northern Ireland", "GB"), ("United Republic of Tanzania", "TZ"),
    ("United States", "US"), ("United States of America", "US"), ("Uruguay", "UY"), ("Uzbekistan", "UZ"),
    ("Vanuatu", "VU"), ("Vatican City", "VA"), ("Venezuela", "VE"), ("Venezuela (Bolivarian Republic of)", "VE"),
    ("Venezuela, Bolivarian Republic of", "VE"), ("Viet Nam", "VN"), ("Vietnam", "VN"),
    ("Virgin Islands (British)", "VG"), ("Virgin Islands, British", "VG"), ("Virgin Islands, U.S.", "VI"),
    ("Wallis and Futuna", "WF"), ("West Bank", "PS"), ("Western Sahara", "EH"), ("Yemen", "YE"),
    ("Yugoslavia, Federal Republic of", "RS"), ("Zambia", "ZM"), ("Zimbabwe", "ZW"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_known_by_the_names_of_each_list_and_by_code() {
        for name in ["Iran", "Iran (Islamic Republic of)", "IRAN, Islamic Republic of", "ir", "IR"] {
            assert_eq!(country_code(name), Some("IR"), "{name}");
        }
        assert_eq!(country_code("Korea, North."), Some("KP"));
        assert_eq!(country_code("Côte d’Ivoire"), Some("CI"));
        for name in ["Region: Crimea", "former Soviet Union", "na ", "suhh", ""] {
            assert_ne!(country_code(name), Some("RU"), "{name}");
        }
        assert_eq!(country_code("Region: Crimea"), None);
    }

    #[test]
    fn no_name_stands_for_two_countries() {
        let mut by_name: HashMap<String, &str> = HashMap::new();
        for (name, code) in COUNTRIES {
            assert_eq!(*by_name.entry(plain(name)).or_insert(code), *code, "{name}");
        }
    }
}
