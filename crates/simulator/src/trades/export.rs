//! An export container: booked, stuffed inland in an empty from the depot, weighed, brought, stacked, loaded.

use quaywatch_domain::Timestamp;
use quaywatch_domain::event::EquipmentStatus;

use super::import::known_as;
use super::sea::Leg;
use super::yard::{EXPORT_BLOCKS, Ordered, Slot, YardMove};
use super::{SCALE_ERROR_KG, terminal};
use crate::chance::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::letter::{CustomsStep, EXPORT, QuayMove, Teller};
use crate::numbers::{SealTag, Unit};
use crate::world::vessels::STAY_HOURS;
use crate::world::wares::{DESTINATIONS, WARES};
use crate::world::{Haulier, Origin, Site, badge_at};
use crate::write::sheets::Sheet;

/// The plan of an export container.
#[derive(Debug, Clone)]
pub(crate) struct Export {
    pub(crate) site: Site,
    pub(crate) unit: Unit,
    pub(crate) call: usize,
    pub(crate) to: Origin,
    pub(crate) haulier: Haulier,
    pub(crate) plate: String,
    pub(crate) driver: String,
    /// When the empty leaves the depot.
    pub(crate) picked_up_at: Timestamp,
    pub(crate) in_at: Timestamp,
    pub(crate) announced: bool,
    /// Seals as read at the gate.
    pub(crate) gate_seals: Vec<SealTag>,
    /// Gross mass as verified by the shipper, kg.
    pub(crate) vgm_kg: i64,
    /// Weight at the weighbridge on the way in, when it goes over it.
    pub(crate) scale_kg: Option<i64>,
    pub(crate) moves: Vec<YardMove>,
    pub(crate) cleared_at: Option<Timestamp>,
    /// When it goes on board, if it does.
    pub(crate) loaded_at: Option<Timestamp>,
    /// Seals as read at the crane.
    pub(crate) crane_seals: Vec<SealTag>,
}

impl Export {
    /// Draws a container that comes in at `in_at` and is loaded at one of the next calls.
    pub(crate) fn entering(teller: &mut Teller<'_>, in_at: Timestamp) -> Option<Self> {
        let site = terminal(teller);
        Self::entering_at(teller, site, in_at)
    }

    /// The same at a terminal.
    pub(crate) fn entering_at(teller: &mut Teller<'_>, site: Site, in_at: Timestamp) -> Option<Self> {
        let calls =
            teller.world.calls_between(site, in_at.plus_millis(12 * HOUR_MS), in_at.plus_millis(5 * DAY_MS));
        let call = *teller.chance.pick(&calls)?;
        let arrival = teller.world.calls.get(call)?.arrival;
        let loaded_at = loading_time(teller, arrival);
        Self::loaded(teller, call, loaded_at, in_at)
    }

    /// Draws a container that is loaded at `loaded_at`.
    pub(crate) fn loaded(
        teller: &mut Teller<'_>,
        call: usize,
        loaded_at: Timestamp,
        in_at: Timestamp,
    ) -> Option<Self> {
        let world = teller.world;
        let (carrier, site) = world.calls.get(call).map(|c| (c.carrier, c.site))?;
        let ware = teller.chance.pick(&WARES).copied()?;
        let unit = teller.numbers.laden(carrier, &ware, &mut teller.chance);
        let haulier = teller.chance.pick(&world.hauliers)?.clone();
        let plate = teller.chance.pick(&haulier.plates)?.clone();
        let ordered = Ordered::Before(teller.chance.between(4, 20));
        let slot = Slot::draw(EXPORT_BLOCKS, &mut teller.chance);
        Some(Self {
            site,
            call,
            to: *teller.chance.pick(&DESTINATIONS)?,
            driver: badge_at(&plate, site),
            plate,
            haulier,
            picked_up_at: in_at.plus_millis(-teller.chance.minutes(20 * 60, 60 * 60)),
            in_at,
            announced: true,
            gate_seals: unit.seals.clone(),
            crane_seals: unit.seals.clone(),
            vgm_kg: unit.gross_kg + teller.chance.between(-10, 10) * 10,
            scale_kg: teller.chance.percent(35).then(|| {
                unit.gross_kg + teller.chance.between(-SCALE_ERROR_KG / 10, SCALE_ERROR_KG / 10) * 10
            }),
            moves: vec![YardMove { at: in_at.plus_millis(teller.chance.minutes(8, 35)), to: slot, ordered }],
            cleared_at: Some(in_at.plus_millis(-teller.chance.minutes(30, 600))),
            loaded_at: Some(loaded_at),
            unit,
        })
    }

    /// The same with everything ordinary that chance might have made special.
    pub(crate) fn plain(mut self, teller: &Teller<'_>) -> Option<Self> {
        if self.haulier.nameless_code {
            self.haulier = teller.world.hauliers.iter().find(|h| !h.nameless_code)?.clone();
            self.plate = self.haulier.plates.first()?.clone();
            self.driver = badge_at(&self.plate, self.site);
        }
        Some(self)
    }

    /// The ports of its journey.
    pub(crate) const fn leg(&self) -> Leg {
        Leg { status: EquipmentStatus::Export, from: self.site.un_locode(), via: None, to: self.to.0 }
    }

    /// Tells the whole journey.
    pub(crate) fn tell(&self, teller: &mut Teller<'_>) {
        self.tell_arrival(teller);
        self.tell_loading(teller);
    }

    /// From the booking to the yard.
    pub(crate) fn tell_arrival(&self, teller: &mut Teller<'_>) {
        let booked_at = self.in_at.plus_millis(-6 * DAY_MS);
        teller.shipment("CONF", ("BKG", &self.unit.booking), booked_at, &self.unit);
        let empty = Unit { seals: Vec::new(), ..self.unit.clone() };
        let mut gate =
            teller.passage_at(Site::Depot, false, self.picked_up_at, &empty, &self.haulier, &self.plate);
        gate.status = EXPORT;
        teller.gate(gate);
        let weighed_at = self.in_at.plus_millis(-teller.chance.minutes(90, 600));
        teller.verified_mass(weighed_at, &self.unit, self.vgm_kg);
        self.tell_entry(teller);
        for step in &self.moves {
            teller.yard_move(self.site, &self.unit, step);
        }
        if let Some(at) = self.cleared_at {
            let declaration = format!(
                "26{}{:013}3",
                self.site.customs_office().get(..2).unwrap_or("SI"),
                teller.numbers.serial()
            );
            let step = CustomsStep {
                kind: "customs_released",
                at,
                office: self.site.customs_office(),
                declaration: &declaration,
                seals: &[],
                consignee: None,
            };
            teller.customs(self.site, &step, &self.unit);
        }
    }

    /// The announcement, the weighbridge and the gate.
    pub(crate) fn tell_entry(&self, teller: &mut Teller<'_>) {
        if self.announced {
            let at = self.in_at.plus_millis(-teller.chance.minutes(60, 400));
            let appointment = format!("VBS{:010}", teller.numbers.serial());
            let firm = known_as(&self.haulier, Site::Koper);
            let cells = [
                &self.unit.number,
                self.plate.as_str(),
                &self.driver,
                &firm.id,
                &firm.name,
                &self.unit.booking,
                &appointment,
                "delivery",
            ];
            let row = Sheet::cells(self.site, at, &cells);
            teller.row(Sheet::PreNotice, self.site, at, row);
        }
        let mut gate = teller.passage_at(self.site, true, self.in_at, &self.unit, &self.haulier, &self.plate);
        gate.seals.clone_from(&self.gate_seals);
        gate.driver.clone_from(&self.driver);
        gate.laden = true;
        gate.kg = self.vgm_kg;
        teller.gate(gate);
        if let Some(kg) = self.scale_kg {
            let at = self.in_at.plus_millis(-teller.chance.minutes(2, 6));
            teller.weigh(self.site, at, &self.unit, &self.plate, kg);
        }
    }

    /// The order to load and the crane's word.
    pub(crate) fn tell_loading(&self, teller: &mut Teller<'_>) {
        let world = teller.world;
        let (Some(at), Some(call)) = (self.loaded_at, world.calls.get(self.call)) else { return };
        // Ordered anew for boxes that come after the list was drawn up.
        let usual_at = call.arrival.plus_millis(-18 * HOUR_MS);
        if self.in_at < usual_at {
            teller.order(true, &self.unit, call, self.leg(), self.vgm_kg);
        } else {
            let told = self.in_at.plus_millis(20 * MINUTE_MS);
            teller.order_at(told, true, &self.unit, call, self.leg(), self.vgm_kg);
        }
        teller.quay(QuayMove {
            call: self.call,
            load: true,
            at,
            unit: self.unit.clone(),
            seals: self.crane_seals.clone(),
            status: EXPORT,
            far_port: self.to.0,
            kg: self.vgm_kg,
            cell: None,
        });
    }
}

/// When a box is loaded at a call: in the second half of the stay.
pub(crate) fn loading_time(teller: &mut Teller<'_>, arrival: Timestamp) -> Timestamp {
    let half = STAY_HOURS / 2;
    teller.chance.moment(arrival.plus_millis(half * HOUR_MS), arrival.plus_millis((STAY_HOURS - 1) * HOUR_MS))
}
