//! A container that changes ships in the port.

use quaywatch_domain::Timestamp;
use quaywatch_domain::event::EquipmentStatus;

use super::export::loading_time;
use super::import::cell;
use super::sea::{Leg, MANIFEST_HOURS, Manifested};
use super::yard::{IMPORT_BLOCKS, Ordered, Slot, YardMove};
use super::{during_a_call, terminal};
use crate::Options;
use crate::chance::{DAY_MS, HOUR_MS};
use crate::letter::{DcsaPlace, QuayMove, TRANSHIPMENT, Teller};
use crate::numbers::{SealTag, Unit};
use crate::world::wares::DESTINATIONS;
use crate::world::{Consignee, Origin, registered};

/// The plan of a transhipped container.
#[derive(Debug, Clone)]
pub(crate) struct Transhipment {
    pub(crate) unit: Unit,
    pub(crate) consignee: Consignee,
    pub(crate) from: Origin,
    pub(crate) to: Origin,
    pub(crate) first: usize,
    pub(crate) next: usize,
    pub(crate) discharged_at: Timestamp,
    pub(crate) loaded_at: Timestamp,
    /// Seals as read at the cranes.
    pub(crate) seals_off: Vec<SealTag>,
    pub(crate) seals_on: Vec<SealTag>,
    pub(crate) moves: Vec<YardMove>,
    pub(crate) kg_off: i64,
    pub(crate) kg_on: i64,
}

/// Tells an ordinary one.
pub(crate) fn container(options: &Options, teller: &mut Teller<'_>) -> Option<()> {
    let site = terminal(teller);
    let (call, at) = during_a_call(options, teller, site, 0)?;
    Transhipment::draw(teller, call, at)?.tell(teller)
}

impl Transhipment {
    /// Draws a container that is discharged at a call.
    pub(crate) fn draw(teller: &mut Teller<'_>, call: usize, at: Timestamp) -> Option<Self> {
        let world = teller.world;
        let first = world.calls.get(call)?;
        let consignee = teller.chance.pick(&world.consignees)?.clone();
        let unit = teller.numbers.laden(first.carrier, &consignee.ware, &mut teller.chance);
        let next = world.calls_between(first.site, at.plus_millis(12 * HOUR_MS), at.plus_millis(4 * DAY_MS));
        let next = *teller.chance.pick(&next)?;
        let loaded_at = loading_time(teller, world.calls.get(next)?.arrival);
        let to = *teller.chance.pick(&DESTINATIONS)?;
        let serial = teller.numbers.serial();
        let firm = registered(to.1, format!("{} Overseas Trading {serial}", to.1), &mut teller.chance);
        let consignee = Consignee { firm, town: to.0, ..consignee };
        let slot = Slot::draw(IMPORT_BLOCKS, &mut teller.chance);
        let ordered = Ordered::Before(teller.chance.between(4, 20));
        Some(Self {
            from: consignee.origin,
            to,
            first: call,
            next,
            discharged_at: at,
            loaded_at,
            seals_off: unit.seals.clone(),
            seals_on: unit.seals.clone(),
            moves: vec![YardMove { at: at.plus_millis(teller.chance.minutes(6, 40)), to: slot, ordered }],
            kg_off: unit.gross_kg + teller.chance.between(-12, 12) * 10,
            kg_on: unit.gross_kg + teller.chance.between(-12, 12) * 10,
            consignee,
            unit,
        })
    }

    /// Tells the whole journey.
    pub(crate) fn tell(&self, teller: &mut Teller<'_>) -> Option<()> {
        let world = teller.world;
        let (first, next) = (world.calls.get(self.first)?, world.calls.get(self.next)?);
        let loaded_far = first.arrival.plus_millis(-teller.chance.minutes(14 * 24 * 60, 26 * 24 * 60));
        let place = DcsaPlace { un_locode: self.from.0, terminal: None, call: Some(first) };
        teller.equipment("LOAD", loaded_far, &self.unit, place, &self.unit.seals);
        let status = EquipmentStatus::Transshipment;
        let port = first.site.un_locode();
        let leg = Leg { status, from: self.from.0, via: Some(port), to: self.to.0 };
        let told = first.arrival.plus_millis(-MANIFEST_HOURS * HOUR_MS);
        let goods = Manifested {
            consignee: &self.consignee.firm,
            notify: &self.consignee.firm,
            forwarder: world.forwarders.get(*self.consignee.forwarders.first()?)?,
            shipper: &self.consignee.shipper,
            ware: &self.consignee.ware,
            origin_country: self.from.1,
            delivery: self.to.0,
            kg: self.kg_off,
            goods_kg: self.unit.gross_kg - self.unit.tare_kg(),
        };
        teller.manifest(told, false, &self.unit, first, leg, &goods);
        // Of this ship: it goes no further with it.
        let off = Leg { status, from: self.from.0, via: None, to: port };
        let stowed_in = cell(teller);
        teller.stow(&self.unit, first, off, &stowed_in, self.kg_off);
        teller.order(false, &self.unit, first, off, self.kg_off);
        let mut quay = QuayMove {
            call: self.first,
            load: false,
            at: self.discharged_at,
            seals: self.seals_off.clone(),
            unit: self.unit.clone(),
            status: TRANSHIPMENT,
            far_port: self.from.0,
            kg: self.kg_off,
            cell: None,
        };
        teller.quay(quay.clone());
        for step in &self.moves {
            teller.yard_move(first.site, &self.unit, step);
        }
        let on = Leg { status, from: port, via: None, to: self.to.0 };
        teller.order(true, &self.unit, next, on, self.kg_on);
        (quay.call, quay.load, quay.at, quay.far_port) = (self.next, true, self.loaded_at, self.to.0);
        quay.seals.clone_from(&self.seals_on);
        quay.kg = self.kg_on;
        teller.quay(quay);
        Some(())
    }
}
