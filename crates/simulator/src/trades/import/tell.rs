//! What is said of an import container: at sea, in the yard, about the right to collect, by customs, at the gates.

use quaywatch_domain::Timestamp;
use quaywatch_domain::event::EquipmentStatus;
use serde_json::{Value, json};

use super::{Announcement, Exit, Import, Manifest};
use crate::background::one_digit_off;
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::letter::{
    Announced, Body, CustomsStep, DcsaPlace, Function, IMPORT, Letter, QuayMove, RELEASE_FEED, Teller,
    known_consignee, party,
};
use crate::numbers::{SealTag, Sealer, Unit};
use crate::trades::sea::{Leg, MANIFEST_HOURS, Manifested};
use crate::trades::yard::number_of;
use crate::world::vessels::STAY_HOURS;
use crate::world::{CARRIERS, Call, Firm, Site, badge, badge_at};
use crate::write::json::extend;

/// One passage in so many is misread by the camera over the lane.
const MISREAD_ONE_IN: u32 = 150;

impl Import {
    /// Tells the whole journey.
    pub(crate) fn tell(&self, teller: &mut Teller<'_>) {
        self.tell_sea(teller);
        self.tell_yard(teller);
        self.tell_release(teller);
        self.tell_customs(teller);
        self.tell_gate(teller);
        self.tell_delivery(teller);
        self.tell_return(teller);
    }

    /// What is still known of one of long ago: its line on the manifest of a ship that is forgotten, its discharge, release
    /// and gate.
    pub(crate) fn tell_history(&self, teller: &mut Teller<'_>) {
        if let Some(call) = teller.world.calls.get(self.call) {
            let arrival = self.discharged_at.plus_millis(-2 * HOUR_MS);
            let past = Call {
                id: format!("{}P{}", call.id, teller.numbers.serial()),
                arrival,
                departure: arrival.plus_millis(STAY_HOURS * HOUR_MS),
                ..call.clone()
            };
            let told = arrival.plus_millis(-MANIFEST_HOURS * HOUR_MS);
            teller.manifest(told, true, &self.unit, &past, self.leg(), &self.manifested());
            let place = DcsaPlace { call: Some(&past), ..DcsaPlace::at(self.site) };
            teller.equipment("DISC", self.discharged_at, &self.unit, place, &self.crane_seals);
        }
        self.tell_release(teller);
        self.tell_gate(teller);
        self.tell_return(teller);
    }

    fn tell_return(&self, teller: &mut Teller<'_>) {
        let Some(last) = self.exits.last() else { return };
        // By rail it is on its way for longer.
        let underway = if self.rail { 34 * HOUR_MS } else { 6 * HOUR_MS };
        if let Some(at) = self.returned_at.map(|at| at.max(last.at.plus_millis(underway))) {
            let mut gate =
                teller.passage_at(self.returned_to, true, at, &self.unit, &last.haulier, &last.plate);
            gate.laden = false;
            gate.status = IMPORT;
            gate.seals.clear();
            gate.kg = self.unit.tare_kg();
            teller.gate(gate);
            if self.returned_to == Site::Depot && teller.chance.percent(20) {
                let kg = self.unit.tare_kg() + teller.chance.between(-3, 6) * 10;
                teller.weigh(Site::Depot, at.plus_millis(-4 * MINUTE_MS), &self.unit, &last.plate, kg);
            }
        }
        if let Some(at) = self.trieste_at {
            let mut gate = teller.passage_at(Site::Trieste, true, at, &self.unit, &last.haulier, &last.plate);
            gate.status = IMPORT;
            gate.order = Some(self.removal_order());
            gate.seals.clone_from(&last.seals);
            teller.gate(gate);
        }
        if self.rail {
            let at = last.at.plus_millis(9 * HOUR_MS);
            let mut gate = teller.passage_at(Site::Inland, true, at, &self.unit, &last.haulier, &last.plate);
            gate.status = IMPORT;
            gate.seals.clone_from(&last.seals);
            teller.gate(gate.clone());
            let mut gate = crate::letter::GateMove { inbound: false, ..gate };
            gate.at = at.plus_millis(17 * HOUR_MS);
            gate.document = teller.gate_document(Site::Inland);
            teller.gate(gate);
        }
    }

    /// The order under which it goes to the neighbouring terminal in temporary storage.
    fn removal_order(&self) -> String {
        format!("RT{}", self.unit.bill)
    }

    /// The announcements, and the gate's word on whoever came.
    pub(crate) fn tell_gate(&self, teller: &mut Teller<'_>) {
        if !self.rail {
            for announcement in &self.announcements {
                self.tell_announcement(teller, announcement);
            }
        }
        for exit in &self.exits {
            self.tell_exit(teller, exit);
        }
        if let Some(exit) = self.exits.first().filter(|_| !self.rail && self.site == Site::Koper) {
            self.tell_lane(teller, exit);
        }
    }

    /// What the terminal's computer says of a truck that fetches: called forward, and read by the camera.
    fn tell_lane(&self, teller: &mut Teller<'_>, exit: &Exit) {
        let n = number_of(&self.unit.number);
        if self.called_forward && n.is_multiple_of(2) {
            let at = exit.at.plus_millis(-i64::from(7 + n % 15) * MINUTE_MS);
            teller.called_forward(at, &self.unit, &exit.haulier, (&exit.plate, &exit.driver));
        }
        // Cameras misread a digit now and then.
        if n % MISREAD_ONE_IN == 5 && !teller.solid {
            let read = one_digit_off(&self.unit.number);
            teller.read_at_the_gate(false, exit.at, &self.unit, &read);
        }
    }

    /// What the carrier says where it hauls to the door itself.
    fn tell_delivery(&self, teller: &mut Teller<'_>) {
        let Some(exit) = self.exits.last().filter(|_| self.to_the_door && !self.rail) else { return };
        let told = self.discharged_at.plus_millis(3 * HOUR_MS).min(exit.at);
        let at = teller.planned_delivery(told, exit.at, &self.unit, self.consignee.town);
        if self.delivered {
            let place = DcsaPlace { un_locode: self.consignee.town, terminal: None, call: None };
            let late = teller.chance.minutes(-30, 90);
            teller.equipment("DROP", at.plus_millis(late), &self.unit, place, &exit.seals);
        }
    }

    /// The ports of its journey.
    pub(crate) const fn leg(&self) -> Leg {
        Leg { status: EquipmentStatus::Import, from: self.origin.0, via: self.via, to: self.site.un_locode() }
    }

    /// What its manifest line says of the goods.
    pub(crate) fn manifested(&self) -> Manifested<'_> {
        Manifested {
            consignee: &self.consignee.firm,
            notify: &self.notify,
            forwarder: &self.forwarder,
            shipper: &self.consignee.shipper,
            ware: &self.ware,
            origin_country: self.origin.1,
            delivery: self.consignee.town,
            kg: self.declared_kg,
            // The shipper's bill, whatever else is in it.
            goods_kg: self.unit.gross_kg - self.unit.tare_kg(),
        }
    }

    fn tell_sea(&self, teller: &mut Teller<'_>) {
        let world = teller.world;
        let Some(call) = world.calls.get(self.call) else { return };
        let place = DcsaPlace { un_locode: self.origin.0, terminal: None, call: Some(call) };
        teller.equipment("LOAD", self.loaded_at, &self.unit, place, &self.unit.seals);
        let issued_at = self.loaded_at.plus_millis(6 * HOUR_MS);
        teller.shipment("ISSU", ("TRD", &self.unit.bill), issued_at, &self.unit);
        self.tell_papers(teller, call);
        if self.discharged {
            teller.quay(QuayMove {
                call: self.call,
                load: false,
                at: self.discharged_at,
                unit: self.unit.clone(),
                seals: self.crane_seals.clone(),
                status: self.crane_status,
                far_port: self.via.unwrap_or(self.origin.0),
                kg: self.crane_kg,
                cell: None,
            });
            if let Some(kg) = self.spreader_kg {
                teller.weigh(self.site, self.discharged_at.plus_millis(MINUTE_MS), &self.unit, "", kg);
            }
        }
    }

    /// Manifest, bay plan and discharge order.
    fn tell_papers(&self, teller: &mut Teller<'_>, call: &Call) {
        let leg = self.leg();
        let told = call.arrival.plus_millis(-MANIFEST_HOURS * HOUR_MS);
        let lines = match self.manifest {
            Manifest::Missing => 0,
            Manifest::Listed => 1,
            Manifest::Twice => 2,
        };
        for n in 0..lines {
            let unit = Unit {
                bill: if n == 0 { self.unit.bill.clone() } else { format!("{}B", self.unit.bill) },
                ..self.unit.clone()
            };
            // Another load under the same number was put on board elsewhere.
            let from = if n == 0 { leg.from } else { self.via.unwrap_or("MAPTM") };
            teller.manifest(told, false, &unit, call, Leg { from, ..leg }, &self.manifested());
        }
        if self.manifest != Manifest::Missing {
            teller.stow(&self.unit, call, leg, &self.cell, self.declared_kg);
            teller.order(false, &self.unit, call, leg, self.declared_kg);
        }
    }

    fn tell_yard(&self, teller: &mut Teller<'_>) {
        for step in &self.moves {
            teller.yard_move(self.site, &self.unit, step);
        }
        for look in &self.look_ups {
            teller.look_up(&self.unit, look);
        }
        let out_at = self.out_at().unwrap_or(self.discharged_at);
        let racked_at = self.discharged_at.plus_millis(HOUR_MS);
        if let Some(setpoint) = self.ware.setpoint_c.filter(|_| self.monitored) {
            teller.readings(self.site, racked_at, out_at.plus_millis(-HOUR_MS), &self.unit, setpoint);
        }
        if self.tracked {
            teller.breadcrumbs(self.site, racked_at, out_at, &self.unit);
        }
    }

    fn documents(&self) -> Value {
        json!({"bill_of_lading": self.unit.bill, "release_secret": self.secret})
    }

    /// The release platform's word on the chain of holders.
    pub(crate) fn tell_release(&self, teller: &mut Teller<'_>) {
        let carrier = CARRIERS.get(self.unit.carrier);
        let issuer = carrier.map(|c| Firm::new(c.code.to_owned(), "SMDG", c.name.to_owned()));
        let Some(mut from) = issuer.clone() else { return };
        for (n, step) in self.chain.iter().enumerate() {
            let kind = if n == 0 { "release_issued" } else { "release_transferred" };
            self.tell_right(teller, kind, step.at, &from, Some(&step.to));
            if n == 0 {
                self.name_user(teller);
            }
            self.tell_right(teller, "release_accepted", step.accepted_at, &from, Some(&step.to));
            from = step.to.clone();
        }
        if let (Some(at), Some(issuer)) = (self.revoked_at, issuer) {
            self.tell_right(teller, "release_revoked", at, &issuer, None);
        }
    }

    /// Puts the user of the carrier's office who issued the right into what was told last: a clerk, or the carrier's system.
    fn name_user(&self, teller: &mut Teller<'_>) {
        let code = CARRIERS.get(self.unit.carrier).map(|c| c.code).unwrap_or_default();
        let usual = || format!("{code}-release-{}", 1 + number_of(&self.unit.number) % 2);
        let user = self.issued_by.clone().unwrap_or_else(usual);
        // The carrier's own system sends all of them.
        let sender = self.sent_by.clone().unwrap_or_else(|| format!("{code}-EDI"));
        match teller.letters.last_mut().map(|letter| &mut letter.body) {
            Some(Body::Line(_, line)) => {
                extend(line, json!({"actor": {"user": user, "organisation": code, "role": "CARRIER"}}));
                extend(line, json!({"source": {"sender": sender}}));
            }
            Some(Body::Right(right)) => {
                extend(right, json!({"user": {"id": user, "organisation": code}}));
                extend(right, json!({"interchange": {"sender": sender}}));
            }
            _ => {}
        }
    }

    /// One notification about the right to collect: canonical at the port, the platform's own JSON next door.
    pub(crate) fn tell_right(
        &self,
        teller: &mut Teller<'_>,
        kind: &str,
        at: Timestamp,
        from: &Firm,
        to: Option<&Firm>,
    ) {
        if self.site == Site::Trieste {
            let told = at.plus_millis(teller.chance.minutes(0, 2));
            let firm = |f: &Firm| json!({"id": f.id, "scheme": f.scheme, "name": f.name});
            let mut right = json!({"pin": self.secret, "from": firm(from)});
            if let Some(to) = to {
                extend(&mut right, json!({"to": firm(to)}));
            }
            let notification = json!({
                "notificationId": format!("RR-{:010}", teller.numbers.serial()),
                "type": kind.trim_start_matches("release_"),
                "occurredAt": at,
                "equipmentNumber": self.unit.number,
                "terminalCode": self.site.code(),
                "portCode": self.site.un_locode(),
                "billOfLading": self.unit.bill,
                "consignee": {"eori": self.consignee.firm.id, "name": self.consignee.firm.name},
                "releaseRight": right,
            });
            teller.tell(told, Body::Right(notification));
            return;
        }
        let mut parties = vec![known_consignee(&self.consignee.firm), party("RELEASE_FROM", from)];
        parties.extend(to.map(|to| party("RELEASE_TO", to)));
        let parts = json!({"documents": self.documents(), "parties": parties});
        teller.release(kind, at, &self.unit, parts);
    }

    /// Customs' word on it.
    pub(crate) fn tell_customs(&self, teller: &mut Teller<'_>) {
        let declaration =
            format!("26{}{:013}5", self.office.get(..2).unwrap_or("SI"), teller.numbers.serial());
        for (kind, at) in &self.customs {
            if *kind == "customs_inspected" {
                self.tell_opening(teller, *at, Sealer::Customs);
            }
            let step = CustomsStep {
                kind,
                at: *at,
                office: self.office,
                declaration: &declaration,
                seals: &[],
                consignee: Some(&self.consignee.firm),
            };
            teller.customs(self.site, &step, &self.unit);
        }
    }

    /// An authority opens the container: seals off, its own seal on.
    pub(crate) fn tell_opening(&self, teller: &mut Teller<'_>, at: Timestamp, by: Sealer) {
        let Some(new) = self.exits.iter().flat_map(|e| &e.seals).find(|s| s.sealer == by) else { return };
        let gone: Vec<SealTag> = self
            .unit
            .seals
            .iter()
            .filter(|s| self.exits.iter().all(|exit| !exit.seals.contains(s)))
            .cloned()
            .collect();
        let on = std::slice::from_ref(new);
        let steps = [("seal_removed", -25, gone.as_slice()), ("seal_affixed", 12, on)];
        for (kind, minutes, seals) in steps {
            let at = at.plus_millis(minutes * MINUTE_MS);
            let step = CustomsStep { kind, at, office: self.office, declaration: "", seals, consignee: None };
            teller.customs(self.site, &step, &self.unit);
        }
    }

    fn tell_announcement(&self, teller: &mut Teller<'_>, announcement: &Announcement) {
        let appointment = format!("VBS{:010}", teller.numbers.serial());
        if self.site == Site::Trieste {
            return self.tell_copino(teller, announcement, &appointment);
        }
        let parts = |plate: &str| {
            json!({
                "documents": {
                    "bill_of_lading": self.unit.bill,
                    "release_secret": self.secret,
                    "appointment": appointment,
                },
                "parties": [party("HAULIER", &announcement.haulier), party("CONSIGNEE", &self.consignee.firm)],
                "transport": {"mode": "ROAD", "truck_plate": plate, "driver_badge": badge(plate)},
            })
        };
        teller.release("pickup_announced", announcement.at, &self.unit, parts(&announcement.plate));
        if let Some((at, plate)) = &announcement.truck_changed
            && let Some(Letter { body: Body::Line(RELEASE_FEED, line), .. }) = teller.letters.last()
        {
            let mut line = line.clone();
            extend(&mut line, parts(plate));
            teller.tell(*at, Body::Line(RELEASE_FEED, line));
        }
        if let Some(at) = announcement.cancelled_at {
            teller.release("pickup_cancelled", at, &self.unit, parts(&announcement.plate));
        }
    }

    fn tell_copino(&self, teller: &mut Teller<'_>, announcement: &Announcement, appointment: &str) {
        let announced = Announced {
            site: self.site,
            document: appointment.to_owned(),
            function: Function::Original,
            unit: self.unit.clone(),
            haulier: announcement.haulier.clone(),
            plate: announcement.plate.clone(),
            driver: badge_at(&announcement.plate, self.site),
            secret: self.secret.clone(),
            appointment: appointment.to_owned(),
            consignee: self.consignee.firm.clone(),
            reference: None,
            follows_a_gap: false,
        };
        teller.tell(announcement.at, Body::Copino(Box::new(announced.clone())));
        if let Some((at, plate)) = &announcement.truck_changed {
            let (plate, driver) = (plate.clone(), badge_at(plate, self.site));
            let changed = Announced { function: Function::Replace, plate, driver, ..announced.clone() };
            teller.tell(*at, Body::Copino(Box::new(changed)));
        }
        if let Some(at) = announcement.cancelled_at {
            let cancelled = Announced { function: Function::Cancel, ..announced };
            teller.tell(at, Body::Copino(Box::new(cancelled)));
        }
    }

    fn tell_exit(&self, teller: &mut Teller<'_>, exit: &Exit) {
        let mut gate = teller.passage_at(self.site, false, exit.at, &self.unit, &exit.haulier, &exit.plate);
        gate.seals.clone_from(&exit.seals);
        gate.driver.clone_from(&exit.driver);
        gate.secret = (!self.rail).then(|| self.secret.clone());
        gate.rail = self.rail;
        gate.kg = self.declared_kg;
        gate.order = self.trieste_at.map(|_| self.removal_order());
        teller.gate(gate);
        if let Some(kg) = exit.scale_kg.filter(|_| !self.rail) {
            let at = exit.at.plus_millis(-teller.chance.minutes(2, 6));
            teller.weigh(self.site, at, &self.unit, &exit.plate, kg);
        }
    }
}
