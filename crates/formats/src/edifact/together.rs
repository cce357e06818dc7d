//! How what groups say is put together, and becomes an event.

use quaywatch_domain::event::{Cargo, Place, PortEvent, WeightKind};
use quaywatch_domain::identifiers::ContainerNumber;

use super::said::Said;
use crate::finish::flag;

/// Fills what is unknown here with what is known there.
macro_rules! fill {
    ($own:expr, $base:expr, [$($field:ident),+]) => {
        $(if $own.$field.is_none() { $own.$field.clone_from(&$base.$field); })+
    };
}

impl Said {
    /// Takes over what the group around it says where this one is silent. Seals, weights, goods and times are a group's own.
    pub(super) fn fill(&mut self, base: &Self) {
        fill!(
            self.transport,
            base.transport,
            [
                mode,
                vessel_imo,
                vessel_mmsi,
                vessel_name,
                call_sign,
                voyage,
                carrier,
                call_id,
                stow_cell,
                truck,
                driver,
                trailer
            ]
        );
        fill!(
            self.route,
            base.route,
            [port_of_loading, port_of_discharge, place_of_delivery, origin_country]
        );
        self.onward = self.onward.or(base.onward);
        if self.route.transshipment_ports.is_empty() {
            self.route.transshipment_ports.clone_from(&base.route.transshipment_ports);
        }
        fill!(
            self.documents,
            base.documents,
            [booking, bill_of_lading, transport_document, release, customs_declaration, order, appointment]
        );
        fill!(self.customs, base.customs, [office, decision, procedure, reference]);
        if self.place == Place::default() {
            self.place.clone_from(&base.place);
        }
        // Events are many: room for the parties that there are, and no more.
        self.parties.reserve_exact(base.parties.len());
        for party in &base.parties {
            if !self.parties.iter().any(|own| own.role == party.role) {
                self.parties.push(party.clone());
            }
        }
        base.notes.iter().for_each(|n| self.note(n));
    }

    /// Takes over what another group says of the same goods.
    pub(super) fn goods_of(&mut self, other: &Self) {
        if self.cargo.dangerous_goods.is_none() {
            self.cargo.dangerous_goods.clone_from(&other.cargo.dangerous_goods);
            self.dangers.clone_from(&other.dangers);
        }
        fill!(self.cargo, other.cargo, [hs_code, description, packages, origin_country]);
    }

    /// Whether goods are in a container, by their placement.
    pub(super) fn holds(&self, number: &str) -> bool {
        self.containers.iter().any(|c| ContainerNumber::parse(c).is_some_and(|c| c.as_str() == number))
    }

    /// The goods that this group itself speaks of.
    pub(super) fn goods(&mut self) -> impl Iterator<Item = Cargo> + use<> {
        let dangers = std::mem::take(&mut self.dangers).into_iter();
        let more = dangers.map(|danger| Cargo { dangerous_goods: Some(danger.into()), ..Cargo::default() });
        let first = Some(std::mem::take(&mut self.cargo)).filter(|cargo| *cargo != Cargo::default());
        first.into_iter().chain(more)
    }

    /// Puts everything into an event.
    pub(super) fn put(mut self, event: &mut PortEvent) {
        fn some<T: Default + PartialEq>(value: T) -> Option<Box<T>> {
            (value != T::default()).then(|| Box::new(value))
        }
        if let Some(tare) = self.weights.iter().find(|w| w.kind == WeightKind::Tare)
            && let Some(equipment) = event.equipment.as_deref_mut()
        {
            equipment.tare_kg = Some(tare.kg);
        }
        self.transport.mode = self.transport.mode.or(self.onward);
        let goods = self.goods();
        event.cargo.reserve_exact(goods.size_hint().0);
        for goods in goods {
            // A container's line says again which of its goods are dangerous.
            let danger = Cargo { dangerous_goods: goods.dangerous_goods.clone(), ..Cargo::default() };
            let again =
                goods == danger && event.cargo.iter().any(|c| c.dangerous_goods == goods.dangerous_goods);
            if !again {
                event.cargo.push(goods);
            }
        }
        event.transport = some(self.transport);
        event.route = some(self.route);
        event.place = some(self.place);
        event.documents = some(self.documents);
        event.customs = some(self.customs);
        event.reefer = some(self.reefer);
        event.parties = self.parties;
        event.seals = self.seals;
        event.weights = self.weights;
        self.notes.iter().for_each(|n| flag(event, n));
    }
}
