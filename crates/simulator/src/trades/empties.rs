//! Containers that move empty: back from a consignee, out to a shipper, by sea to where they are wanted and from there.

use quaywatch_domain::Timestamp;
use quaywatch_domain::event::EquipmentStatus;

use super::import::cell;
use super::sea::Leg;
use super::yard::{EMPTY_BLOCKS, Ordered, Slot, YardMove};
use super::{during_a_call, terminal};
use crate::Options;
use crate::chance::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::letter::{EXPORT, IMPORT, QuayMove, Teller};
use crate::numbers::Unit;
use crate::world::wares::DESTINATIONS;
use crate::world::{Haulier, Site};

/// Percentage of empties that leave by sea, and of those that leave or come by sea.
const OUT_BY_SEA_PERCENT: i64 = 25;
const BY_SEA_PERCENT: i64 = 40;
/// Ports from which empties are brought.
const BROUGHT_FROM: [&str; 6] = ["TRIST", "EGPSD", "ILHFA", "ESALG", "MAPTM", "ECGYE"];

/// Tells an ordinary one.
pub(crate) fn container(options: &Options, teller: &mut Teller<'_>) -> Option<()> {
    let world = teller.world;
    let carrier = teller.chance.pick(&world.calls)?.carrier;
    let share = teller.chance.between(1, 100);
    if share <= OUT_BY_SEA_PERCENT {
        return repositioned(options, teller);
    } else if share <= BY_SEA_PERCENT {
        return brought(options, teller);
    }
    let unit = teller.numbers.empty(carrier, &mut teller.chance);
    let haulier = teller.chance.pick(&world.hauliers)?;
    let plate = teller.chance.pick(&haulier.plates)?.clone();
    let at = teller.chance.moment(options.start, options.end());
    let at = teller.by_day(at, options.end());
    let site = if teller.chance.percent(40) { Site::Depot } else { terminal(teller) };
    // Either it comes back from a consignee, or it goes out to a shipper to be stuffed.
    if teller.chance.percent(60) {
        let kg = unit.tare_kg() + teller.chance.between(-3, 7) * 10;
        returned(teller, site, at, &unit, (haulier, &plate), Some(kg));
    } else {
        let mut gate = teller.passage_at(site, false, at, &unit, haulier, &plate);
        gate.status = EXPORT;
        teller.gate(gate);
    }
    Some(())
}

/// An empty comes back and is weighed now and then.
pub(crate) fn returned(
    teller: &mut Teller<'_>,
    site: Site,
    at: Timestamp,
    unit: &Unit,
    (haulier, plate): (&Haulier, &str),
    scale_kg: Option<i64>,
) {
    let mut gate = teller.passage_at(site, true, at, unit, haulier, plate);
    gate.status = IMPORT;
    gate.laden = false;
    gate.seals.clear();
    gate.kg = unit.tare_kg();
    teller.gate(gate);
    if let Some(kg) = scale_kg.filter(|_| teller.solid || teller.chance.percent(40)) {
        let weighed_at = at.plus_millis(-teller.chance.minutes(2, 6));
        teller.weigh(site, weighed_at, unit, plate, kg);
    }
    let ordered = Ordered::Before(teller.chance.between(2, 12));
    let to = Slot::draw(EMPTY_BLOCKS, &mut teller.chance);
    teller.yard_move(site, unit, &YardMove { at: at.plus_millis(12 * MINUTE_MS), to, ordered });
}

/// Empties go where exports need them.
fn repositioned(options: &Options, teller: &mut Teller<'_>) -> Option<()> {
    let world = teller.world;
    let site = terminal(teller);
    let (call, at) = during_a_call(options, teller, site, 1)?;
    let call_of = world.calls.get(call)?;
    let unit = teller.numbers.empty(call_of.carrier, &mut teller.chance);
    let haulier = teller.chance.pick(&world.hauliers)?;
    let plate = teller.chance.pick(&haulier.plates)?.clone();
    let in_at = at.plus_millis(-teller.chance.minutes(30 * 60, 90 * 60));
    let kg = unit.tare_kg() + teller.chance.between(-3, 7) * 10;
    returned(teller, site, in_at, &unit, (haulier, &plate), Some(kg));
    let to = *teller.chance.pick(&DESTINATIONS)?;
    let leg = Leg { status: EquipmentStatus::Export, from: site.un_locode(), via: None, to: to.0 };
    if in_at < call_of.arrival.plus_millis(-18 * HOUR_MS) {
        teller.order(true, &unit, call_of, leg, unit.tare_kg());
    } else {
        teller.order_at(in_at.plus_millis(20 * MINUTE_MS), true, &unit, call_of, leg, unit.tare_kg());
    }
    let kg = unit.tare_kg();
    teller.quay(QuayMove {
        call,
        load: true,
        at,
        seals: Vec::new(),
        unit,
        status: EXPORT,
        far_port: to.0,
        kg,
        cell: None,
    });
    Some(())
}

/// Empties come from where imports are more than exports, reefers from everywhere.
fn brought(options: &Options, teller: &mut Teller<'_>) -> Option<()> {
    let site = terminal(teller);
    let (call, at) = during_a_call(options, teller, site, 0)?;
    let carrier = teller.world.calls.get(call)?.carrier;
    let unit = teller.numbers.empty(carrier, &mut teller.chance);
    let from = *teller.chance.pick(&BROUGHT_FROM)?;
    by_sea(teller, &unit, (call, at), from)
}

/// An empty is discharged, stacked, and goes out to a shipper days later.
pub(crate) fn by_sea(
    teller: &mut Teller<'_>,
    unit: &Unit,
    (call, at): (usize, Timestamp),
    from: &'static str,
) -> Option<()> {
    let world = teller.world;
    let call_of = world.calls.get(call)?;
    let site = call_of.site;
    let leg = Leg { status: EquipmentStatus::Import, from, via: None, to: site.un_locode() };
    let (cell, kg) = (cell(teller), unit.tare_kg());
    teller.stow(unit, call_of, leg, &cell, kg);
    teller.order(false, unit, call_of, leg, kg);
    teller.quay(QuayMove {
        call,
        load: false,
        at,
        seals: Vec::new(),
        unit: unit.clone(),
        status: IMPORT,
        far_port: from,
        kg,
        cell: None,
    });
    let ordered = Ordered::Before(teller.chance.between(2, 12));
    let to = Slot::draw(EMPTY_BLOCKS, &mut teller.chance);
    let stacked_at = at.plus_millis(teller.chance.minutes(6, 40));
    teller.yard_move(site, unit, &YardMove { at: stacked_at, to, ordered });
    let haulier = teller.chance.pick(&world.hauliers)?;
    let plate = teller.chance.pick(&haulier.plates)?.clone();
    let out_at = at.plus_millis(teller.chance.minutes(2 * 24 * 60, 9 * 24 * 60));
    let out_at = teller.by_day(out_at, out_at.plus_millis(DAY_MS));
    let mut gate = teller.passage_at(site, false, out_at, unit, haulier, &plate);
    gate.status = EXPORT;
    teller.gate(gate);
    Some(())
}
