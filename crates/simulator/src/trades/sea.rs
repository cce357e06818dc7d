//! What is said of a container before it arrives and after it leaves by sea: bay plan, orders, manifest.

use quaywatch_domain::event::{
    Cargo, Documents, Equipment, EquipmentStatus, Laden, Mode, Party, PartyRole, Place, Reefer, Route,
    Transport, Weight, WeightKind,
};
use quaywatch_domain::{EventKind, PortEvent, Text, Timestamp};

use crate::chance::HOUR_MS;
use crate::letter::{MANIFEST_FEED, Teller, VGM_FEED};
use crate::numbers::Unit;
use crate::wire::Message;
use crate::world::{CARRIERS, Call, Firm, Ware};

/// Hours before the arrival at which the manifest, the bay plan and the orders are sent.
pub(crate) const MANIFEST_HOURS: i64 = 30;
const PLAN_HOURS: i64 = 24;
const ORDER_HOURS: i64 = 18;

/// What a container is in the port for, with its ports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leg {
    pub(crate) status: EquipmentStatus,
    pub(crate) from: &'static str,
    pub(crate) via: Option<&'static str>,
    pub(crate) to: &'static str,
}

/// A party of a manifest line.
pub(crate) fn party(role: PartyRole, firm: &Firm) -> Party {
    let some = |text: &str| (!text.is_empty()).then(|| Text::from(text));
    Party {
        id: some(&firm.id),
        id_scheme: some(&firm.id).map(|_| firm.scheme.into()),
        name: some(&firm.name),
        address: some(&firm.address),
        contact: some(&firm.contact),
        ..Party::new(role)
    }
}

/// A line about a container of a call.
pub(crate) fn line(kind: EventKind, at: Timestamp, unit: &Unit, call: &Call, leg: Leg) -> PortEvent {
    let laden = if unit.seals.is_empty() { Laden::Empty } else { Laden::Laden };
    PortEvent {
        equipment: Some(Box::new(Equipment {
            number: unit.number.as_str().into(),
            iso_type: Some(unit.iso_type.into()),
            laden: Some(laden),
            status: Some(leg.status),
            ..Equipment::default()
        })),
        transport: Some(Box::new(Transport {
            mode: Some(Mode::Sea),
            vessel_imo: Some(call.imo.as_str().into()),
            vessel_name: Some(call.vessel.as_str().into()),
            voyage: Some(call.voyage.as_str().into()),
            carrier: CARRIERS.get(call.carrier).map(|c| c.code.into()),
            call_id: Some(call.id.as_str().into()),
            ..Transport::default()
        })),
        place: Some(Box::new(Place {
            un_locode: Some(call.site.un_locode().into()),
            terminal: Some(call.site.code().into()),
            ..Place::default()
        })),
        route: Some(Box::new(Route {
            port_of_loading: Some(leg.from.into()),
            transshipment_ports: leg.via.into_iter().map(Text::from).collect(),
            port_of_discharge: Some(leg.to.into()),
            ..Route::default()
        })),
        ..PortEvent::new("", kind, at)
    }
}

fn kilograms(kind: WeightKind, kg: i64) -> Weight {
    #[expect(clippy::cast_precision_loss, reason = "weights of containers are small")]
    Weight { kind, kg: kg as f64, method: None }
}

/// A line of a manifest.
#[derive(Debug, Clone)]
pub(crate) struct Manifested<'a> {
    pub(crate) consignee: &'a Firm,
    pub(crate) notify: &'a Firm,
    pub(crate) forwarder: &'a Firm,
    pub(crate) shipper: &'a Firm,
    pub(crate) ware: &'a Ware,
    pub(crate) origin_country: &'a str,
    pub(crate) delivery: &'a str,
    pub(crate) kg: i64,
    /// Goods and packing without the container, as bills of lading have it.
    pub(crate) goods_kg: i64,
}

impl Teller<'_> {
    /// The bay plan, before arrival.
    pub(crate) fn stow(&mut self, unit: &Unit, call: &Call, leg: Leg, cell: &str, kg: i64) {
        let told = call.arrival.plus_millis(-PLAN_HOURS * HOUR_MS);
        let mut event = line(EventKind::StowPosition, told, unit, call, leg);
        if let Some(transport) = event.transport.as_deref_mut() {
            transport.stow_cell = Some(cell.into());
        }
        event.weights = vec![kilograms(WeightKind::Vgm, kg)].into();
        self.edi(told, call.site.orders_feed(), Message::Baplie, format!("BAP{}", call.id), event);
    }

    /// The order to discharge, or to load.
    pub(crate) fn order(&mut self, load: bool, unit: &Unit, call: &Call, leg: Leg, kg: i64) {
        let told = call.arrival.plus_millis(-ORDER_HOURS * HOUR_MS);
        self.order_at(told, load, unit, call, leg, kg);
    }

    /// The order at another time than usual, in a document of its own.
    pub(crate) fn order_at(
        &mut self,
        told: Timestamp,
        load: bool,
        unit: &Unit,
        call: &Call,
        leg: Leg,
        kg: i64,
    ) {
        let kind = if load { EventKind::LoadOrdered } else { EventKind::DischargeOrdered };
        let mut event = line(kind, told, unit, call, leg);
        event.weights = vec![kilograms(WeightKind::Gross, kg)].into();
        let usual = told == call.arrival.plus_millis(-ORDER_HOURS * HOUR_MS);
        let more = if usual { String::new() } else { format!("-{}", self.numbers.serial()) };
        let document = format!("COP{}{}{more}", call.id, if load { "L" } else { "D" });
        self.edi(told, call.site.orders_feed(), Message::Coprar, document, event);
    }

    /// The manifest of a call at its usual time, or in a document of its own when `amended`.
    pub(crate) fn manifest(
        &mut self,
        told: Timestamp,
        amended: bool,
        unit: &Unit,
        call: &Call,
        leg: Leg,
        goods: &Manifested<'_>,
    ) {
        let mut event = line(EventKind::ManifestLine, told, unit, call, leg);
        event.documents = Some(Box::new(Documents {
            bill_of_lading: Some(unit.bill.as_str().into()),
            booking: Some(unit.booking.as_str().into()),
            ..Documents::default()
        }));
        if let Some(route) = event.route.as_deref_mut() {
            route.place_of_delivery = Some(goods.delivery.into());
        }
        event.parties = vec![
            party(PartyRole::Shipper, goods.shipper),
            party(PartyRole::Consignee, goods.consignee),
            party(PartyRole::Notify, goods.notify),
            party(PartyRole::Forwarder, goods.forwarder),
        ]
        .into();
        event.weights =
            vec![kilograms(WeightKind::Gross, goods.kg), kilograms(WeightKind::Net, goods.goods_kg)].into();
        event.seals = unit.seals.iter().map(crate::numbers::SealTag::canonical).collect();
        event.reefer =
            goods.ware.setpoint_c.map(|c| Box::new(Reefer { setpoint_c: Some(c), ..Reefer::default() }));
        event.cargo = vec![Cargo {
            hs_code: Some(goods.ware.hs.into()),
            description: Some(goods.ware.text.into()),
            packages: Some(goods.kg / 24),
            origin_country: Some(goods.origin_country.into()),
            ..Cargo::default()
        }]
        .into();
        let more = if amended { format!("-{}", self.numbers.serial()) } else { String::new() };
        self.edi(told, MANIFEST_FEED, Message::Cuscar, format!("MAN{}{more}", call.id), event);
    }

    /// The verified gross mass of an export.
    pub(crate) fn verified_mass(&mut self, at: Timestamp, unit: &Unit, kg: i64) {
        let mut event = PortEvent {
            equipment: Some(Box::new(Equipment {
                number: unit.number.as_str().into(),
                ..Equipment::default()
            })),
            documents: Some(Box::new(Documents {
                booking: Some(unit.booking.as_str().into()),
                ..Documents::default()
            })),
            ..PortEvent::new("", EventKind::Weighed, at)
        };
        event.weights = vec![kilograms(WeightKind::Vgm, kg)].into();
        let told = at.plus_millis(self.chance.minutes(5, 60));
        let document = format!("VGM{:010}", self.numbers.serial());
        self.edi(told, VGM_FEED, Message::Vermas, document, event);
    }
}
