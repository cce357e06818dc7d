//! Vessels and their calls.

use quaywatch_domain::Timestamp;

use super::{CARRIERS, Site};
use crate::Options;
use crate::chance::{Chance, DAY_MS, HOUR_MS};

/// A vessel's call at a terminal.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) site: Site,
    pub(crate) id: String,
    pub(crate) carrier: usize,
    pub(crate) imo: String,
    pub(crate) vessel: String,
    pub(crate) call_sign: String,
    pub(crate) voyage: String,
    pub(crate) arrival: Timestamp,
    pub(crate) departure: Timestamp,
}

/// Hours between two arrivals at the port and next door.
const CALL_EVERY_HOURS: [(Site, i64); 2] = [(Site::Koper, 6), (Site::Trieste, 8)];
/// Hours that a vessel stays alongside.
pub(crate) const STAY_HOURS: i64 = 22;
/// Days before the start at which the first of the calls arrives: what has stood for weeks came with a ship too.
const CALLS_BEFORE_DAYS: i64 = 26;
/// Days after the end at which the last one arrives.
const CALLS_AFTER_DAYS: i64 = 12;

/// The calls around the days of the options.
pub(crate) fn calls(options: &Options, chance: &mut Chance) -> Vec<Call> {
    CALL_EVERY_HOURS.into_iter().flat_map(|(site, every)| calls_at(site, every, options, chance)).collect()
}

fn calls_at(site: Site, every_hours: i64, options: &Options, chance: &mut Chance) -> Vec<Call> {
    let first = options.start.plus_millis(-CALLS_BEFORE_DAYS * DAY_MS);
    let count = ((CALLS_BEFORE_DAYS + CALLS_AFTER_DAYS) * 24 + i64::from(options.hours)) / every_hours;
    let names = ["Aurora", "Bora", "Corsa", "Delfin", "Estrella", "Fortuna", "Galeb", "Horizon"];
    (0..count)
        .map(|n| {
            let index = usize::try_from(n).unwrap_or(0);
            let carrier = index % CARRIERS.len();
            let name = names.get(index / CARRIERS.len() % names.len()).copied().unwrap_or_default();
            let code = CARRIERS.get(carrier).map(|c| c.code).unwrap_or_default();
            let arrival = first.plus_millis(n * every_hours * HOUR_MS + chance.minutes(0, 90));
            Call {
                site,
                id: format!("{}{code}{n:04}", site.un_locode()),
                carrier,
                imo: imo(ship_number(site, index)),
                vessel: if site == Site::Koper {
                    format!("{code} {name}")
                } else {
                    format!("{code} {name} II")
                },
                call_sign: format!("S5{code}{}", n % 10),
                voyage: format!("{:03}{}", 100 + n, if site == Site::Koper { "W" } else { "N" }),
                arrival,
                departure: arrival.plus_millis(STAY_HOURS * HOUR_MS),
            }
        })
        .collect()
}

/// Ships sail in turn: the same name has the same number.
fn ship_number(site: Site, index: usize) -> i64 {
    let ship = i64::try_from(index % (CARRIERS.len() * 8)).unwrap_or(0);
    910_000 + ship * 1_709 + if site == Site::Koper { 0 } else { 47_000 }
}

/// Completes six digits to an IMO number.
fn imo(six: i64) -> String {
    let digits = six.to_string();
    let sum: u32 = digits.chars().filter_map(|c| c.to_digit(10)).zip((2..=7).rev()).map(|(d, w)| d * w).sum();
    format!("{digits}{}", sum % 10)
}
