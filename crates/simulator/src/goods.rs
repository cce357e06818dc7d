//! Containers, seals, bills and secrets: numbers that never repeat within a day.

use std::collections::BTreeSet;

use quaywatch_domain::identifiers::container::check_digit;

use crate::cast::CARRIERS;
use crate::chance::Chance;

/// Who put a seal on, with its codes in DCSA 2.2 (`sealSource`) and UN/EDIFACT 9303.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sealer {
    Carrier,
    Shipper,
    Customs,
    Veterinary,
    Unsaid,
}

impl Sealer {
    pub(crate) const fn dcsa(self) -> Option<&'static str> {
        match self {
            Self::Carrier => Some("CAR"),
            Self::Shipper => Some("SHI"),
            Self::Customs => Some("CUS"),
            Self::Veterinary => Some("VET"),
            Self::Unsaid => None,
        }
    }

    pub(crate) const fn edifact(self) -> &'static str {
        match self {
            Self::Carrier => "CA",
            Self::Shipper => "SH",
            Self::Customs => "CU",
            Self::Veterinary => "AC",
            Self::Unsaid => "",
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Carrier => "CARRIER",
            Self::Shipper => "SHIPPER",
            Self::Customs => "CUSTOMS",
            Self::Veterinary => "VETERINARY",
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
}

/// A container on its journey.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub(crate) number: String,
    pub(crate) iso_type: &'static str,
    pub(crate) carrier: usize,
    pub(crate) seals: Vec<SealTag>,
    pub(crate) bill: String,
    pub(crate) booking: String,
    pub(crate) gross_kg: i64,
}

/// Gives out numbers.
pub(crate) struct Store {
    chance: Chance,
    boxes: BTreeSet<String>,
    seal: i64,
    serial: i64,
    secrets: BTreeSet<i64>,
}

impl Store {
    pub(crate) fn new(chance: Chance) -> Self {
        Self { chance, boxes: BTreeSet::new(), seal: 1_000_000, serial: 0, secrets: BTreeSet::new() }
    }

    /// A laden container with a carrier's seal and mostly a shipper's.
    pub(crate) fn laden(&mut self, carrier: usize) -> Unit {
        let mut seals = vec![self.seal(Sealer::Carrier, carrier)];
        if self.chance.percent(70) {
            seals.push(self.seal(Sealer::Shipper, carrier));
        }
        let gross_kg = self.chance.between(7_000, 28_500);
        self.unit(carrier, seals, gross_kg)
    }

    /// An empty container.
    pub(crate) fn empty(&mut self, carrier: usize) -> Unit {
        self.unit(carrier, Vec::new(), 3_700)
    }

    /// A seal of its own number.
    pub(crate) fn seal(&mut self, sealer: Sealer, carrier: usize) -> SealTag {
        self.seal += self.chance.between(3, 97);
        let n = self.seal;
        let number = match sealer {
            Sealer::Carrier => format!("{}{n:08}", code(carrier)),
            Sealer::Shipper => format!("H{n}"),
            Sealer::Customs => format!("SIFU{n:08}"),
            Sealer::Veterinary => format!("UVHV{n}"),
            Sealer::Unsaid => format!("{n}"),
        };
        SealTag::sound(number, sealer)
    }

    /// The secret of a release: eight digits.
    pub(crate) fn secret(&mut self) -> String {
        loop {
            let secret = self.chance.between(10_000_000, 99_999_999);
            if self.secrets.insert(secret) {
                return secret.to_string();
            }
        }
    }

    /// The next number of a running series.
    pub(crate) const fn serial(&mut self) -> i64 {
        self.serial += 1;
        self.serial
    }

    fn unit(&mut self, carrier: usize, seals: Vec<SealTag>, gross_kg: i64) -> Unit {
        let serial = self.serial();
        let iso_type = self.chance.pick(&["22G1", "45G1", "42G1", "45R1"]).copied().unwrap_or("22G1");
        Unit {
            number: self.number(carrier),
            iso_type,
            carrier,
            seals,
            bill: format!("{}KP{serial:07}", code(carrier)),
            booking: format!("{}B{serial:08}", code(carrier)),
            gross_kg,
        }
    }

    fn number(&mut self, carrier: usize) -> String {
        loop {
            let body = format!("{}U{:06}", code(carrier), self.chance.between(100_000, 999_999));
            if let Some(digit) = check_digit(body.as_bytes())
                && self.boxes.insert(body.clone())
            {
                return format!("{body}{digit}");
            }
        }
    }
}

fn code(carrier: usize) -> &'static str {
    CARRIERS.get(carrier).map(|c| c.code).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use quaywatch_domain::identifiers::{check_digit_ok, normalise_seal};

    use super::*;

    #[test]
    fn numbers_are_valid_and_never_repeat() {
        let mut store = Store::new(Chance::new(1, 1));
        let units: Vec<Unit> = (0..2_000).map(|n| store.laden(n % CARRIERS.len())).collect();
        assert!(units.iter().all(|unit| check_digit_ok(&unit.number)));
        let numbers: BTreeSet<&str> = units.iter().map(|unit| unit.number.as_str()).collect();
        assert_eq!(numbers.len(), units.len());
        let seals: Vec<String> = units
            .iter()
            .flat_map(|unit| &unit.seals)
            .filter_map(|seal| normalise_seal(&seal.number))
            .collect();
        assert_eq!(seals.len(), units.iter().map(|unit| unit.seals.len()).sum::<usize>());
        assert_eq!(seals.iter().collect::<BTreeSet<_>>().len(), seals.len());
    }
}
