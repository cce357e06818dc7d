//! The cast of the port: carriers, vessels and their calls, consignees with their usual forwarders and hauliers.
//!
//! Names, codes and numbers are invented. Relations follow how import works in the ports of the published cases: a
//! consignee keeps to one or two forwarders and one to three hauliers, so that a new party is rare and means something.

use quaywatch_domain::Timestamp;

use crate::Options;
use crate::chance::{Chance, DAY_MS, HOUR_MS};

/// A terminal of the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Terminal {
    /// The port itself.
    Koper,
    /// The neighbour, 20 km away by road.
    Trieste,
}

impl Terminal {
    pub(crate) const fn un_locode(self) -> &'static str {
        match self {
            Self::Koper => "SIKOP",
            Self::Trieste => "ITTRS",
        }
    }

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Koper => "LUKKP",
            Self::Trieste => "TMT",
        }
    }

    pub(crate) const fn zone(self) -> &'static str {
        match self {
            Self::Koper => "Europe/Ljubljana",
            Self::Trieste => "Europe/Rome",
        }
    }

    pub(crate) const fn gate_feed(self) -> &'static str {
        match self {
            Self::Koper => "koper-gate",
            Self::Trieste => "trieste-gate",
        }
    }
}

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

/// Origins: port and country; half of them in the Far East, as in the northern Adriatic's trade.
const ORIGINS: [(&str, &str); 10] = [
    ("CNSHA", "CN"),
    ("CNNGB", "CN"),
    ("KRPUS", "KR"),
    ("INNSA", "IN"),
    ("SGSIN", "SG"),
    ("TRIST", "TR"),
    ("EGPSD", "EG"),
    ("ECGYE", "EC"),
    ("BRSSZ", "BR"),
    ("COCTG", "CO"),
];

/// A company as it is written in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Firm {
    pub(crate) id: String,
    pub(crate) scheme: &'static str,
    pub(crate) name: String,
}

/// A haulier and its trucks.
#[derive(Debug, Clone)]
pub(crate) struct Haulier {
    pub(crate) firm: Firm,
    pub(crate) plates: Vec<String>,
    /// Whether the gate knows it by its name alone.
    pub(crate) nameless_code: bool,
}

/// A consignee and whom it usually works with.
#[derive(Debug, Clone)]
pub(crate) struct Consignee {
    pub(crate) firm: Firm,
    pub(crate) forwarders: Vec<usize>,
    pub(crate) hauliers: Vec<usize>,
}

/// A vessel's call at the port.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) carrier: usize,
    pub(crate) imo: String,
    pub(crate) vessel: String,
    pub(crate) call_sign: String,
    pub(crate) voyage: String,
    pub(crate) arrival: Timestamp,
    pub(crate) departure: Timestamp,
}

/// Everybody.
pub(crate) struct Cast {
    pub(crate) forwarders: Vec<Firm>,
    pub(crate) hauliers: Vec<Haulier>,
    pub(crate) consignees: Vec<Consignee>,
    pub(crate) calls: Vec<Call>,
}

/// Hours between two arrivals.
const CALL_EVERY_HOURS: i64 = 6;
/// Hours that a vessel stays alongside.
pub(crate) const STAY_HOURS: i64 = 22;
/// Days before the start at which the first of the calls arrives, and days after the end of the last.
const CALLS_AROUND_DAYS: i64 = 7;

const FIRST_WORDS: [&str; 16] = [
    "Kras", "Istra", "Soca", "Triglav", "Panon", "Drava", "Nanos", "Furlan", "Carnia", "Tauern", "Balaton",
    "Zala", "Morava", "Tatra", "Donau", "Sava",
];
const TRADE_WORDS: [&str; 8] =
    ["Trade", "Import", "Furniture", "Electronics", "Tools", "Foods", "Textile", "Automotive"];

impl Cast {
    /// Draws the cast for the options.
    pub(crate) fn draw(options: &Options, chance: &mut Chance) -> Self {
        let containers = usize::try_from(options.containers).unwrap_or(usize::MAX);
        let forwarders: Vec<Firm> =
            (0..(containers / 60).clamp(6, 60)).map(|n| forwarder(n, chance)).collect();
        let hauliers: Vec<Haulier> =
            (0..(containers / 30).clamp(10, 120)).map(|n| haulier(n, chance)).collect();
        let consignees = (0..(containers / 6).clamp(12, 800))
            .map(|n| Consignee {
                firm: consignee(n, chance),
                forwarders: some_of(forwarders.len(), 2, chance),
                hauliers: some_of(hauliers.len(), 3, chance),
            })
            .collect();
        Self { forwarders, hauliers, consignees, calls: calls(options, chance) }
    }

    /// The calls that arrive between two moments.
    pub(crate) fn calls_between(&self, from: Timestamp, to: Timestamp) -> Vec<usize> {
        let inside = |call: &Call| call.arrival >= from && call.arrival <= to;
        self.calls.iter().enumerate().filter(|(_, call)| inside(call)).map(|(n, _)| n).collect()
    }
}

/// A port of origin and its country.
pub(crate) fn origin(chance: &mut Chance) -> (&'static str, &'static str) {
    chance.pick(&ORIGINS).copied().unwrap_or(("CNSHA", "CN"))
}

/// A company registered with customs.
pub(crate) fn registered(country: &str, name: String, chance: &mut Chance) -> Firm {
    Firm { id: format!("{country}{}", chance.between(10_000_000, 99_999_999)), scheme: "EORI", name }
}

/// A haulier that nobody has met before.
pub(crate) fn new_haulier(name: &str, chance: &mut Chance) -> Haulier {
    let firm =
        Firm { id: chance.between(60_000, 69_999).to_string(), scheme: "LOCAL", name: name.to_owned() };
    Haulier { firm, plates: (0..3).map(|_| plate(chance)).collect(), nameless_code: false }
}

fn forwarder(n: usize, chance: &mut Chance) -> Firm {
    let word = FIRST_WORDS.get(n % FIRST_WORDS.len()).copied().unwrap_or_default();
    registered("SI", format!("{word} Spedicija {n} d.o.o."), chance)
}

fn haulier(n: usize, chance: &mut Chance) -> Haulier {
    let word = FIRST_WORDS.get((n * 5 + 3) % FIRST_WORDS.len()).copied().unwrap_or_default();
    // Codes of the port's own register are numbers, so that none can be taken for an EORI.
    let name =
        if n % 9 == 4 { format!("Trasporti d'{word} + Figli {n}") } else { format!("Prevozi {word} {n}") };
    let firm = Firm { id: (40_000 + n).to_string(), scheme: "LOCAL", name };
    let trucks = chance.between(3, 8);
    Haulier { firm, plates: (0..trucks).map(|_| plate(chance)).collect(), nameless_code: chance.percent(8) }
}

fn consignee(n: usize, chance: &mut Chance) -> Firm {
    let word = FIRST_WORDS.get(n % FIRST_WORDS.len()).copied().unwrap_or_default();
    let trade = TRADE_WORDS.get(n / FIRST_WORDS.len() % TRADE_WORDS.len()).copied().unwrap_or_default();
    let (country, form) = chance
        .pick(&[("SI", "d.o.o."), ("AT", "GmbH"), ("HU", "Kft."), ("CZ", "s.r.o.")])
        .copied()
        .unwrap_or_default();
    registered(country, format!("{word} {trade} {n} {form}"), chance)
}

fn plate(chance: &mut Chance) -> String {
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

fn calls(options: &Options, chance: &mut Chance) -> Vec<Call> {
    let first = options.start.plus_millis(-CALLS_AROUND_DAYS * DAY_MS);
    let count = (2 * CALLS_AROUND_DAYS * 24 + i64::from(options.hours)) / CALL_EVERY_HOURS;
    let names = ["Aurora", "Bora", "Corsa", "Delfin", "Estrella", "Fortuna", "Galeb", "Horizon"];
    (0..count)
        .map(|n| {
            let index = usize::try_from(n).unwrap_or(0);
            let carrier = index % CARRIERS.len();
            let name = names.get(index / CARRIERS.len() % names.len()).copied().unwrap_or_default();
            let code = CARRIERS.get(carrier).map(|c| c.code).unwrap_or_default();
            let arrival = first.plus_millis(n * CALL_EVERY_HOURS * HOUR_MS + chance.minutes(0, 90));
            Call {
                id: format!("SIKOP{code}{n:04}"),
                carrier,
                imo: imo(chance.between(910_000, 989_999)),
                vessel: format!("{code} {name}"),
                call_sign: format!("S5{code}{}", n % 10),
                voyage: format!("{:03}W", 100 + n),
                arrival,
                departure: arrival.plus_millis(STAY_HOURS * HOUR_MS),
            }
        })
        .collect()
}

/// Completes six digits to an IMO number.
fn imo(six: i64) -> String {
    let digits = six.to_string();
    let sum: u32 = digits.chars().filter_map(|c| c.to_digit(10)).zip((2..=7).rev()).map(|(d, w)| d * w).sum();
    format!("{digits}{}", sum % 10)
}
