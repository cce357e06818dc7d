//! In the yard: positions, moves and the orders for them, weighing, who looks a container up, reefers on the rack.

use quaywatch_domain::Timestamp;
use serde_json::{Value, json};

use crate::chance::{Chance, HOUR_MS, MINUTE_MS};
use crate::letter::{REEFER_FEED, Teller};
use crate::numbers::Unit;
use crate::world::{Firm, Site};
use crate::write::edifact::local;
use crate::write::sheets::Sheet;

/// A slot of the yard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) block: &'static str,
    pub(crate) bay: i64,
    pub(crate) row: i64,
    pub(crate) tier: i64,
}

impl Slot {
    /// A slot in one of the blocks for imports, exports or reefers.
    pub(crate) fn draw(blocks: &'static [&'static str], chance: &mut Chance) -> Self {
        Self {
            block: chance.pick(blocks).copied().unwrap_or("A"),
            bay: chance.between(1, 30) * 2 - 1,
            row: chance.between(1, 8),
            tier: chance.between(1, 4),
        }
    }

    /// The lane in which trucks are loaded.
    pub(crate) fn lane(chance: &mut Chance) -> Self {
        Self { block: "LANE", bay: chance.between(1, 12), row: 1, tier: 1 }
    }

    /// Where customs scans or opens containers.
    pub(crate) const fn customs() -> Self {
        Self { block: "CUSTOMS", bay: 1, row: 1, tier: 1 }
    }

    /// On the ground at the edge of the block, in another stack than this.
    pub(crate) fn at_the_edge(&self) -> Self {
        let bay = if self.row == 1 { (self.bay + 2) % 60 } else { self.bay };
        Self { bay, row: 1, tier: 1, ..self.clone() }
    }

    /// The slot beside it at ground level.
    pub(crate) fn beside(&self) -> Self {
        Self { row: if self.row > 1 { self.row - 1 } else { 2 }, tier: 1, ..self.clone() }
    }
}

/// Where a device says that it is, in degrees north and east as text: blocks of 80 by 60 m beside one another, without a
/// slot anywhere in the yard.
pub(crate) fn position(site: Site, unit: &Unit, slot: Option<&Slot>) -> Value {
    let (north, east) = site.degrees();
    let (east_m, north_m) = match slot {
        Some(slot) => (i64::from(number_of(slot.block) % 12) * 80 + slot.bay * 6, slot.row * 3),
        None => (i64::from(number_of(&unit.number) % 900), i64::from(number_of(&unit.number) / 7 % 500)),
    };
    // A degree of latitude is 111 km, one of longitude 78 km here.
    let degrees = |base: f64, metres: i64, of_degree: f64| {
        format!("{:.6}", base + f64::from(i32::try_from(metres).unwrap_or(0)) / of_degree)
    };
    json!({
        "latitude": degrees(north, north_m, 111_000.0),
        "longitude": degrees(east, east_m, 78_000.0),
    })
}

/// Blocks by what stands in them.
pub(crate) const IMPORT_BLOCKS: &[&str] = &["A", "B", "C", "D", "E", "F"];
pub(crate) const EXPORT_BLOCKS: &[&str] = &["X", "Y", "Z"];
pub(crate) const REEFER_BLOCKS: &[&str] = &["R1", "R2"];
pub(crate) const EMPTY_BLOCKS: &[&str] = &["M1", "M2"];

/// When the order for a move is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ordered {
    /// Minutes before the move.
    Before(i64),
    /// Minutes after it: given by voice.
    After(i64),
    /// Never.
    No,
}

/// A container is put somewhere.
#[derive(Debug, Clone)]
pub(crate) struct YardMove {
    pub(crate) at: Timestamp,
    pub(crate) to: Slot,
    pub(crate) ordered: Ordered,
}

/// Somebody looks at the record of a container.
#[derive(Debug, Clone)]
pub(crate) struct LookUp {
    pub(crate) at: Timestamp,
    pub(crate) user: String,
    pub(crate) organisation: String,
    pub(crate) role: &'static str,
    pub(crate) action: &'static str,
    pub(crate) client: String,
}

impl LookUp {
    /// A clerk of a firm at the desk where he always sits.
    pub(crate) fn by_clerk(firm: &Firm, desk: i64, role: &'static str, at: Timestamp) -> Self {
        let user = format!("{}-{desk}", firm.id);
        let client = format!("10.{}.{}.{desk}", desk % 200, number_of(&firm.id) % 250);
        Self { at, user, organisation: firm.id.clone(), role, action: "view", client }
    }
}

/// Drivers of the machines that ask for a badge.
const MACHINISTS: u32 = 30;

/// The time of a row to the second, in an access log.
const SECONDS: &str = "%d.%m.%Y %H:%M:%S";

/// What is taken out of a system as a list or a map, as its log calls it.
pub(crate) const YARD_MAP: &str = "YARD_MAP";

/// A number that belongs to a text.
pub(crate) fn number_of(text: &str) -> u32 {
    text.bytes().fold(7, |sum, byte| (sum * 31 + u32::from(byte)) % 1_000_003)
}

/// A reading of a reefer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) setpoint_c: f64,
    pub(crate) supply_c: f64,
    pub(crate) return_c: f64,
    pub(crate) powered: bool,
    pub(crate) defrosting: bool,
}

impl Reading {
    /// A reading of a unit that works.
    pub(crate) fn steady(setpoint_c: f64, chance: &mut Chance) -> Self {
        let tenths = |low, high, chance: &mut Chance| {
            f64::from(i32::try_from(chance.between(low, high)).unwrap_or(0)) / 10.0
        };
        let supply_c = setpoint_c + tenths(-4, 4, chance);
        let return_c = supply_c + tenths(3, 14, chance);
        Self { setpoint_c, supply_c, return_c, powered: true, defrosting: false }
    }
}

fn round(celsius: f64) -> f64 {
    (celsius * 10.0).round() / 10.0
}

impl Teller<'_> {
    /// A move with its order; the order's number stands in the report of the move unless it comes later.
    pub(crate) fn yard_move(&mut self, site: Site, unit: &Unit, step: &YardMove) {
        let order = match step.ordered {
            Ordered::No => String::new(),
            Ordered::Before(_) | Ordered::After(_) => format!("WO{:010}", self.numbers.serial()),
        };
        let offset = match step.ordered {
            Ordered::Before(minutes) => Some(-minutes),
            Ordered::After(minutes) => Some(minutes),
            Ordered::No => None,
        };
        if let Some(minutes) = offset {
            let at = step.at.plus_millis(minutes * MINUTE_MS);
            self.position(site, "order", at, unit, &step.to, &order);
        }
        let known = if matches!(step.ordered, Ordered::Before(_)) { order } else { String::new() };
        self.position(site, "move", step.at, unit, &step.to, &known);
    }

    /// A row of the yard: an order, a move, or where a container was found.
    pub(crate) fn position(
        &mut self,
        site: Site,
        event: &str,
        at: Timestamp,
        unit: &Unit,
        slot: &Slot,
        order: &str,
    ) {
        let (bay, row, tier) = (slot.bay.to_string(), slot.row.to_string(), slot.tier.to_string());
        let driver = self.machinist_of(site, event, at, unit);
        let cells = [&unit.number, event, slot.block, &bay, &row, &tier, order, &driver];
        let row = Sheet::cells(site, at, &cells);
        self.row(Sheet::Yard, site, at, row);
    }

    /// Badge of whoever drove the machine: only the newer ones of the port ask for it.
    fn machinist_of(&self, site: Site, event: &str, at: Timestamp, unit: &Unit) -> String {
        if site != Site::Koper || event != "move" {
            return String::new();
        }
        let n =
            number_of(&unit.number).wrapping_add(u32::try_from(at.as_millis() / HOUR_MS % 97).unwrap_or(0));
        let ordinary = n.is_multiple_of(3).then(|| format!("M{:03}", 100 + n / 3 % MACHINISTS));
        self.machinist.clone().or(ordinary).unwrap_or_default()
    }

    /// A ticket of the weighbridge for a container.
    pub(crate) fn weigh(&mut self, site: Site, at: Timestamp, unit: &Unit, plate: &str, kg: i64) {
        let ticket = format!("T{:010}", self.numbers.serial());
        let (gross, net) = (kg.to_string(), (kg - unit.tare_kg()).max(0).to_string());
        let tare = unit.tare_kg().to_string();
        let cells = [&ticket, &unit.number, plate, &gross, &net, &tare, "W1"];
        let row = Sheet::cells(site, at, &cells);
        self.row(Sheet::Scale, site, at, row);
    }

    /// A line of the log of who looked at what.
    pub(crate) fn look_up(&mut self, unit: &Unit, look: &LookUp) {
        self.log(look, &unit.number, "CONTAINER");
    }

    /// A line of the log about somebody who takes out a list or a map.
    pub(crate) fn taken_out(&mut self, look: &LookUp, report: &str) {
        self.log(look, "", report);
    }

    fn log(&mut self, look: &LookUp, number: &str, report: &str) {
        let cells = [&look.user, &look.organisation, look.role, look.action, number, &look.client, report];
        let mut row = Sheet::cells(Site::Koper, look.at, &cells);
        if let Some(time) = row.first_mut() {
            *time = local(look.at, Site::Koper.time_zone(), SECONDS);
        }
        self.row(Sheet::Access, Site::Koper, look.at, row);
    }

    /// A reading of a reefer on the rack.
    pub(crate) fn reading(&mut self, site: Site, at: Timestamp, unit: &Unit, reading: Reading) {
        let parts = json!({"reefer": {
            "setpoint_c": round(reading.setpoint_c),
            "supply_c": round(reading.supply_c),
            "return_c": round(reading.return_c),
            "powered": reading.powered,
            "defrosting": reading.defrosting,
        }});
        self.canonical((REEFER_FEED, site), "reefer_reading", at, unit, parts);
    }

    /// Half-hourly readings of a reefer that is looked after, with two defrosts a day.
    pub(crate) fn readings(
        &mut self,
        site: Site,
        from: Timestamp,
        to: Timestamp,
        unit: &Unit,
        setpoint_c: f64,
    ) {
        let count = (to.millis_since(from) / HOUR_MS * 2).clamp(0, 1_500);
        for n in 0..count {
            let at = from.plus_millis((n * 30 + 7) * MINUTE_MS);
            let mut reading = Reading::steady(setpoint_c, &mut self.chance);
            if n % 24 == 11 {
                // The return air warms up while the coil is defrosted.
                reading.defrosting = true;
                reading.return_c += 4.5;
            }
            self.reading(site, at, unit, reading);
        }
    }

    /// A door opens or closes, as a device on the container tells (`DOOR_OPENED`, `DOOR_CLOSED`).
    pub(crate) fn door(&mut self, site: Site, code: &str, at: Timestamp, unit: &Unit) {
        self.smart(("IOT", "iotEventType", code), site, at, unit, None);
    }

    /// The same of a container in a slot.
    pub(crate) fn door_in(&mut self, slot: (Site, &Slot), code: &str, at: Timestamp, unit: &Unit) {
        self.smart(("IOT", "iotEventType", code), slot.0, at, unit, Some(slot.1));
    }

    /// A device tells where it is, hour by hour.
    pub(crate) fn breadcrumbs(&mut self, site: Site, from: Timestamp, to: Timestamp, unit: &Unit) {
        let hours = (to.millis_since(from) / HOUR_MS).clamp(0, 750);
        for hour in 0..hours {
            let at = from.plus_millis(hour * HOUR_MS + 23 * MINUTE_MS);
            self.smart(("IOT", "iotEventType", "BREADCRUMB"), site, at, unit, None);
        }
    }
}
