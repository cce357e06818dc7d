//! Containers, seals, bills and secrets: numbers that never repeat.
//!
//! Each visit has its own share of every series, so that a visit can be drawn again at any time without the others.

use quaywatch_domain::event::{Seal, SealSource};
use quaywatch_domain::identifiers::container::check_digit;

use crate::chance::Chance;
use crate::world::wares::tare_kg;
use crate::world::{CARRIERS, Ware};

/// Who put a seal on, with its codes in DCSA 2.2 (`sealSource`) and UN/EDIFACT 9303.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sealer {
    Carrier,
    Shipper,
    Customs,
    Veterinary,
    Phytosanitary,
    Terminal,
    Unsaid,
}

impl Sealer {
    pub(crate) const fn dcsa(self) -> Option<&'static str> {
        match self {
            Self::Carrier => Some("CAR"),
            Self::Shipper => Some("SHI"),
            Self::Customs => Some("CUS"),
            Self::Veterinary => Some("VET"),
            Self::Phytosanitary => Some("PHY"),
            Self::Terminal | Self::Unsaid => None,
        }
    }

    pub(crate) const fn edifact(self) -> &'static str {
        match self {
            Self::Carrier => "CA",
            Self::Shipper => "SH",
            Self::Customs => "CU",
            Self::Veterinary => "AC",
            Self::Terminal => "TO",
            Self::Phytosanitary | Self::Unsaid => "AB",
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Carrier => "CARRIER",
            Self::Shipper => "SHIPPER",
            Self::Customs => "CUSTOMS",
            Self::Veterinary => "VETERINARY",
            Self::Phytosanitary => "PHYTOSANITARY",
            Self::Terminal => "TERMINAL",
            Self::Unsaid => "UNKNOWN",
        }
    }
}

/// A seal as somebody reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealTag {
    pub(crate) number: String,
    pub(crate) sealer: Sealer,
    /// UN/EDIFACT 4517: 1 in order, 2 damaged, 3 missing, 4 broken.
    pub(crate) condition: &'static str,
}

impl SealTag {
    pub(crate) const fn sound(number: String, sealer: Sealer) -> Self {
        Self { number, sealer, condition: "1" }
    }

    /// As it stands in an event.
    pub(crate) fn canonical(&self) -> Seal {
        Seal {
            number: self.number.as_str().into(),
            normalised: None,
            source: match self.sealer {
                Sealer::Carrier => SealSource::Carrier,
                Sealer::Shipper => SealSource::Shipper,
                Sealer::Customs => SealSource::Customs,
                Sealer::Veterinary => SealSource::Veterinary,
                Sealer::Phytosanitary => SealSource::Phytosanitary,
                Sealer::Terminal => SealSource::Terminal,
                Sealer::Unsaid => SealSource::Unknown,
            },
            condition: None,
            seal_type: None,
        }
    }
}

/// A number that the port has put into its lists as a bait: no container bears it.
pub(crate) const DECOY: &str = "KPBU9900179";

/// Size and type of a reefer.
pub(crate) const REEFER: &str = "45R1";

/// A container on its journey.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub(crate) number: String,
    pub(crate) iso_type: &'static str,
    pub(crate) carrier: usize,
    pub(crate) seals: Vec<SealTag>,
    pub(crate) bill: String,
    pub(crate) booking: String,
    /// Container and goods together, truly.
    pub(crate) gross_kg: i64,
}

impl Unit {
    /// Weight of the container itself, kg.
    pub(crate) fn tare_kg(&self) -> i64 {
        tare_kg(self.iso_type)
    }
}

/// What a unit of the series has of each.
const BOXES: u64 = 8;
const SEALS: u64 = 32;
const SECRETS: u64 = 8;
const SERIALS: u64 = 512;

/// Gives out the numbers of one visit.
pub(crate) struct Numbers {
    /// The first unit that is the visit's own, and how many are.
    first: u64,
    units: u64,
    boxes: u64,
    seals: u64,
    secrets: u64,
    serials: u64,
}

impl Numbers {
    /// The numbers of a visit that has so many units of every series, beginning with this one.
    pub(crate) const fn new(first: u64, units: u64) -> Self {
        Self { first, units, boxes: 0, seals: 0, secrets: 0, serials: 0 }
    }

    /// A laden container with a carrier's seal and mostly a shipper's.
    pub(crate) fn laden(&mut self, carrier: usize, ware: &Ware, chance: &mut Chance) -> Unit {
        let mut seals = vec![self.seal(Sealer::Carrier, carrier)];
        if chance.percent(70) {
            seals.push(self.seal(Sealer::Shipper, carrier));
        }
        let goods_kg = chance.between(ware.kg.0, ware.kg.1);
        let iso_type = match ware.setpoint_c {
            Some(_) => REEFER,
            None => chance.pick(&["22G1", "45G1", "42G1"]).copied().unwrap_or("22G1"),
        };
        self.unit(carrier, iso_type, seals, goods_kg)
    }

    /// An empty container.
    pub(crate) fn empty(&mut self, carrier: usize, chance: &mut Chance) -> Unit {
        self.empty_of(carrier, &["22G1", "45G1", "42G1", REEFER], chance)
    }

    /// An empty container in which people can breathe: no reefer.
    pub(crate) fn dry_empty(&mut self, carrier: usize, chance: &mut Chance) -> Unit {
        self.empty_of(carrier, &["22G1", "45G1", "42G1"], chance)
    }

    /// An empty container of one of several sizes and types.
    pub(crate) fn empty_of(&mut self, carrier: usize, types: &[&'static str], chance: &mut Chance) -> Unit {
        let iso_type = chance.pick(types).copied().unwrap_or("22G1");
        self.unit(carrier, iso_type, Vec::new(), 0)
    }

    /// A seal of its own number.
    pub(crate) fn seal(&mut self, sealer: Sealer, carrier: usize) -> SealTag {
        let n = self.first * SEALS + take(&mut self.seals, self.units * SEALS);
        // A number that looks like any other of eight digits, and is never given twice.
        let n = (n * 7_919 + 31_415_926) % 100_000_000;
        let number = match sealer {
            Sealer::Carrier => format!("{}{n:08}", code(carrier)),
            Sealer::Shipper => format!("H{n:08}"),
            Sealer::Customs => format!("SIFU{n:08}"),
            Sealer::Veterinary => format!("UVHV{n:08}"),
            Sealer::Phytosanitary => format!("FITO{n:08}"),
            Sealer::Terminal => format!("LK{n:08}"),
            Sealer::Unsaid => format!("{n:08}"),
        };
        SealTag::sound(number, sealer)
    }

    /// The secret of a release: eight digits.
    pub(crate) fn secret(&mut self) -> String {
        let n = self.first * SECRETS + take(&mut self.secrets, self.units * SECRETS);
        (10_000_000 + (n * 7_654_321) % 89_999_999).to_string()
    }

    /// The next number of a running series.
    pub(crate) fn serial(&mut self) -> u64 {
        self.first * SERIALS + take(&mut self.serials, self.units * SERIALS)
    }

    fn unit(&mut self, carrier: usize, iso_type: &'static str, seals: Vec<SealTag>, goods_kg: i64) -> Unit {
        let serial = self.serial();
        Unit {
            number: self.number(carrier),
            iso_type,
            carrier,
            seals,
            bill: format!("{}KP{serial:09}", code(carrier)),
            booking: format!("{}B{serial:010}", code(carrier)),
            gross_kg: tare_kg(iso_type) + goods_kg,
        }
    }

    /// A container number.
    pub(crate) fn number(&mut self, carrier: usize) -> String {
        let n = self.first * BOXES + take(&mut self.boxes, self.units * BOXES);
        let serial = (n * 611_953 + 271_828) % 1_000_000;
        let letter = |place: u64| char::from(b'A' + u8::try_from(place % 26).unwrap_or(0));
        // A million to an owner's code, of which each carrier has many.
        let owner = match n / 1_000_000 {
            0 => code(carrier).to_owned(),
            more => format!("{}{}", code(carrier).get(..2).unwrap_or("QW"), letter(more)),
        };
        let body = format!("{owner}U{serial:06}");
        let digit = check_digit(body.as_bytes()).unwrap_or_default();
        format!("{body}{digit}")
    }
}

/// The next of a share; a visit that wants more than its share starts it anew, which no visit does.
const fn take(next: &mut u64, share: u64) -> u64 {
    let n = *next % share;
    *next += 1;
    n
}

fn code(carrier: usize) -> &'static str {
    CARRIERS.get(carrier).map(|c| c.code).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use quaywatch_domain::identifiers::{check_digit_ok, normalise_seal};

    use super::*;
    use crate::world::wares::WARES;

    #[test]
    fn numbers_are_valid_and_never_repeat() {
        let mut chance = Chance::new(1, 1);
        let units: Vec<Unit> = (0..20_000_u64)
            .map(|visit| {
                let mut numbers = Numbers::new(visit * 7, 1);
                let carrier = usize::try_from(visit).unwrap() % CARRIERS.len();
                numbers.laden(carrier, &WARES[0], &mut chance)
            })
            .collect();
        assert!(units.iter().all(|unit| check_digit_ok(&unit.number)));
        let numbers: BTreeSet<&str> = units.iter().map(|unit| unit.number.as_str()).collect();
        assert_eq!(numbers.len(), units.len());
        let seals: Vec<String> = units
            .iter()
            .flat_map(|unit| &unit.seals)
            .filter_map(|seal| Some(normalise_seal(&seal.number)?.into_owned()))
            .collect();
        assert_eq!(seals.len(), units.iter().map(|unit| unit.seals.len()).sum::<usize>());
        assert_eq!(seals.iter().collect::<BTreeSet<_>>().len(), seals.len());
    }
}
