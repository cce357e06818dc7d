//! The world of the port: sites, carriers, vessels and their calls, importers with their usual partners.
//!
//! Names, codes and numbers are invented. Relations follow how import works in the ports of the published cases: a
//! consignee keeps to one or two forwarders and one to three hauliers, buys the same goods from the same shippers, and so a
//! new party is rare and means something.

pub(crate) mod sites;
pub(crate) mod vessels;
pub(crate) mod wares;

use quaywatch_domain::Timestamp;
pub(crate) use sites::Site;
pub(crate) use vessels::Call;
pub(crate) use wares::{Origin, Ware};

use crate::Options;
use crate::chance::{Chance, DAY_MS};
use wares::WARES;

/// An ocean carrier.
#[derive(Debug, Clone)]
pub(crate) struct Carrier {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) feed: &'static str,
    pub(crate) service: &'static str,
}

/// The carriers; invented.
pub(crate) const CARRIERS: [Carrier; 3] = [
    Carrier { code: "ADL", name: "Adria Line", feed: "carrier-adl", service: "AE7" },
    Carrier { code: "NVS", name: "Nova Sea Container", feed: "carrier-nvs", service: "MEDX" },
    Carrier { code: "LVT", name: "Levant Shipping", feed: "carrier-lvt", service: "LEV2" },
];

/// A company as it is written in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Firm {
    pub(crate) id: String,
    pub(crate) scheme: &'static str,
    pub(crate) name: String,
    /// Street and town, where messages give it.
    pub(crate) address: String,
    /// Mail address of the contact, where messages give it.
    pub(crate) contact: String,
    /// When the company register took it in, where the port community system asked there.
    pub(crate) registered_at: Option<Timestamp>,
    /// When its officers changed last, by the same register.
    pub(crate) officers_changed_at: Option<Timestamp>,
    /// Its paid-up capital, euros.
    pub(crate) capital_eur: Option<i64>,
}

impl Firm {
    /// A company of which no more than code and name is written.
    pub(crate) const fn new(id: String, scheme: &'static str, name: String) -> Self {
        Self {
            id,
            scheme,
            name,
            address: String::new(),
            contact: String::new(),
            registered_at: None,
            officers_changed_at: None,
            capital_eur: None,
        }
    }
}

/// A haulier, its trucks and drivers.
#[derive(Debug, Clone)]
pub(crate) struct Haulier {
    pub(crate) firm: Firm,
    /// Its global location number, by which the neighbour's release platform knows it.
    pub(crate) ean: String,
    pub(crate) plates: Vec<String>,
    /// Whether the gate knows it by its name alone.
    pub(crate) nameless_code: bool,
}

impl Haulier {
    /// The haulier under its global number.
    pub(crate) fn by_ean(&self) -> Firm {
        Firm { id: self.ean.clone(), scheme: "EAN", ..self.firm.clone() }
    }
}

/// A consignee, what it buys, and whom it usually works with.
#[derive(Debug, Clone)]
pub(crate) struct Consignee {
    pub(crate) firm: Firm,
    pub(crate) forwarders: Vec<usize>,
    pub(crate) hauliers: Vec<usize>,
    pub(crate) shipper: Firm,
    pub(crate) ware: Ware,
    pub(crate) origin: Origin,
    /// Town that the goods go to.
    pub(crate) town: &'static str,
    /// The terminal that it imports through.
    pub(crate) home: Site,
}

/// Everybody.
pub(crate) struct World {
    pub(crate) forwarders: Vec<Firm>,
    pub(crate) hauliers: Vec<Haulier>,
    pub(crate) consignees: Vec<Consignee>,
    pub(crate) calls: Vec<Call>,
}

const FIRST_WORDS: [&str; 16] = [
    "Kras", "Istra", "Soca", "Triglav", "Panon", "Drava", "Nanos", "Furlan", "Carnia", "Tauern", "Balaton",
    "Zala", "Morava", "Tatra", "Donau", "Sava",
];
const TRADE_WORDS: [&str; 8] =
    ["Trade", "Import", "Furniture", "Electronics", "Tools", "Foods", "Textile", "Automotive"];
/// Places that goods go to, as UN/LOCODE.
const TOWNS: [&str; 8] = ["SILJU", "ATVIE", "HUBUD", "CZPRG", "SKBTS", "ATGRZ", "DEMUC", "ITPDA"];

impl World {
    /// Draws the world for the options.
    pub(crate) fn draw(options: &Options, chance: &mut Chance) -> Self {
        let containers = usize::try_from(options.containers).unwrap_or(usize::MAX);
        let forwarders: Vec<Firm> =
            (0..(containers / 60).clamp(6, 60)).map(|n| forwarder(n, chance)).collect();
        let hauliers: Vec<Haulier> =
            (0..(containers / 30).clamp(10, 160)).map(|n| haulier(n, chance)).collect();
        let shippers: Vec<Firm> = (0..(containers / 10).clamp(12, 600)).map(|n| shipper(n, chance)).collect();
        let consignees = (0..(containers / 6).clamp(12, 1_500))
            .map(|n| {
                let (firm, town) = consignee(n, chance);
                // Some honest companies are young, some have new officers.
                let firm = match i64::try_from(n) {
                    Ok(n) if n % 40 == 7 => founded(firm, 90 + n % 160, options.start),
                    Ok(n) if n % 90 == 11 => taken_over(firm, 20 + n % 60, options.start),
                    _ => firm,
                };
                let ware = chance.pick(&WARES).copied().unwrap_or(WARES[0]);
                let country = origin_of(&ware, chance);
                Consignee {
                    firm,
                    forwarders: some_of(forwarders.len(), 2, chance),
                    hauliers: some_of(hauliers.len(), 3, chance),
                    shipper: shippers.get(chance.index(shippers.len())).cloned().unwrap_or_else(nobody),
                    ware,
                    origin: country,
                    town,
                    home: if n % 4 == 3 { Site::Trieste } else { Site::Koper },
                }
            })
            .collect();
        let calls = vessels::calls(options, chance);
        Self { forwarders, hauliers, consignees, calls }
    }

    /// The calls at a terminal that arrive between two moments.
    pub(crate) fn calls_between(&self, site: Site, from: Timestamp, to: Timestamp) -> Vec<usize> {
        let inside = |call: &Call| call.site == site && call.arrival >= from && call.arrival <= to;
        self.calls.iter().enumerate().filter(|(_, call)| inside(call)).map(|(n, _)| n).collect()
    }
}

const fn nobody() -> Firm {
    Firm::new(String::new(), "LOCAL", String::new())
}

/// A port that goods come from.
pub(crate) fn origin_of(ware: &Ware, chance: &mut Chance) -> Origin {
    chance.pick(ware.origins).copied().unwrap_or(("CNSHA", "CN"))
}

/// A company registered with customs.
pub(crate) fn registered(country: &str, name: String, chance: &mut Chance) -> Firm {
    let id = format!("{country}{}", chance.between(10_000_000, 99_999_999));
    let domain: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    let contact = format!("office@{domain}.{}", country.to_lowercase());
    let address = format!("{} Industry Road {}", country, chance.between(1, 180));
    // From 1990 to 2021, by their numbers.
    let digits =
        id.bytes().filter(u8::is_ascii_digit).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    let registered_at = Some(Timestamp::from_millis((20 * 365 + digits % 11_680) * DAY_MS));
    // Most have what a company of some years has; one in 200 was founded with the least that the law wants.
    let capital_eur = Some(if digits % 200 == 3 { 1_000 } else { 7_500 + digits % 400 * 5_000 });
    Firm { address, contact, registered_at, capital_eur, ..Firm::new(id, "EORI", name) }
}

/// The same company, founded so many days before `at`.
pub(crate) fn founded(firm: Firm, days: i64, at: Timestamp) -> Firm {
    Firm { registered_at: Some(at.plus_millis(-days * DAY_MS)), ..firm }
}

/// The same company, with other officers since so many days before `at`.
pub(crate) fn taken_over(firm: Firm, days: i64, at: Timestamp) -> Firm {
    Firm { officers_changed_at: Some(at.plus_millis(-days * DAY_MS)), ..firm }
}

/// A haulier that nobody has met before.
pub(crate) fn new_haulier(name: &str, chance: &mut Chance) -> Haulier {
    let firm = Firm::new(chance.between(60_000, 69_999).to_string(), "LOCAL", name.to_owned());
    let ean = ean(chance.between(600_000, 699_999));
    Haulier { firm, ean, plates: (0..3).map(|_| plate(chance)).collect(), nameless_code: false }
}

/// The badge of the driver of a truck.
pub(crate) fn badge(plate: &str) -> String {
    format!("B{plate}")
}

/// The badge of the driver who goes to a place with a truck: nobody is in two places at once.
pub(crate) fn badge_at(plate: &str, site: Site) -> String {
    match site {
        Site::Koper => badge(plate),
        Site::Trieste => format!("{}I", badge(plate)),
        Site::Depot => format!("{}D", badge(plate)),
        Site::Inland => format!("{}L", badge(plate)),
    }
}

fn forwarder(n: usize, chance: &mut Chance) -> Firm {
    let word = FIRST_WORDS.get(n % FIRST_WORDS.len()).copied().unwrap_or_default();
    registered("SI", format!("{word} Spedicija {n} d.o.o."), chance)
}

fn shipper(n: usize, chance: &mut Chance) -> Firm {
    let (country, form) = chance
        .pick(&[
            ("CN", "Co Ltd"),
            ("EC", "SA"),
            ("BR", "Ltda"),
            ("IN", "Pvt Ltd"),
            ("TR", "AS"),
            ("KR", "Corp"),
        ])
        .copied()
        .unwrap_or_default();
    let word = TRADE_WORDS.get(n * 3 % TRADE_WORDS.len()).copied().unwrap_or_default();
    Firm {
        address: format!("Port Zone {n}"),
        ..Firm::new(format!("S{n:05}"), "LOCAL", format!("{country} {word} Exports {n} {form}"))
    }
}

fn haulier(n: usize, chance: &mut Chance) -> Haulier {
    let word = FIRST_WORDS.get((n * 5 + 3) % FIRST_WORDS.len()).copied().unwrap_or_default();
    // Codes of the port's own register are numbers, so that none can be taken for an EORI.
    let name =
        if n % 9 == 4 { format!("Trasporti d'{word} + Figli {n}") } else { format!("Prevozi {word} {n}") };
    let firm = Firm::new((40_000 + n).to_string(), "LOCAL", name);
    let trucks = chance.between(3, 8);
    let number = 400_000 + i64::try_from(n).unwrap_or(0);
    Haulier {
        firm,
        ean: ean(number),
        plates: (0..trucks).map(|_| plate(chance)).collect(),
        nameless_code: chance.percent(8),
    }
}

/// A global location number of 13 digits with its check digit.
fn ean(number: i64) -> String {
    let body = format!("383{number:09}");
    let sum: u32 =
        body.chars().filter_map(|c| c.to_digit(10)).zip([1, 3].into_iter().cycle()).map(|(d, w)| d * w).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

fn consignee(n: usize, chance: &mut Chance) -> (Firm, &'static str) {
    let word = FIRST_WORDS.get(n % FIRST_WORDS.len()).copied().unwrap_or_default();
    let trade = TRADE_WORDS.get(n / FIRST_WORDS.len() % TRADE_WORDS.len()).copied().unwrap_or_default();
    let (country, form) = chance
        .pick(&[("SI", "d.o.o."), ("AT", "GmbH"), ("HU", "Kft."), ("CZ", "s.r.o.")])
        .copied()
        .unwrap_or_default();
    let town = chance.pick(&TOWNS).copied().unwrap_or("SILJU");
    (registered(country, format!("{word} {trade} {n} {form}"), chance), town)
}

pub(crate) fn plate(chance: &mut Chance) -> String {
    let letter = |chance: &mut Chance| char::from(b'A' + u8::try_from(chance.between(0, 25)).unwrap_or(0));
    let (a, b) = (letter(chance), letter(chance));
    let region = chance.pick(&["KP", "LJ", "GO", "NM", "CE"]).copied().unwrap_or_default();
    format!("{region}{a}{b}{}", chance.between(100, 999))
}

fn some_of(len: usize, most: i64, chance: &mut Chance) -> Vec<usize> {
    let mut some: Vec<usize> = (0..chance.between(1, most)).map(|_| chance.index(len)).collect();
    some.sort_unstable();
    some.dedup();
    some
}
