//! What the terminal's own systems say: who is called forward, longer storage, what cameras at the gate read, intruders,
//! passes.

use quaywatch_domain::Timestamp;
use serde_json::{Value, json};

use super::{Body, DcsaPlace, Teller, party};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::letter::{SECURITY_FEED, TOS_FEED};
use crate::numbers::Unit;
use crate::trades::yard::number_of;
use crate::world::{Haulier, Site};
use crate::write::json::extend;

/// Places that a carrier delivers to are reached within so many hours.
const DELIVERY_HOURS: i64 = 5;

impl Teller<'_> {
    /// A line of the terminal's operating system about a container.
    pub(crate) fn operating(&mut self, kind: &str, at: Timestamp, unit: &Unit, parts: Value) {
        self.canonical((TOS_FEED, Site::Koper), kind, at, unit, parts);
    }

    /// A driver is called forward to the lane.
    pub(crate) fn called_forward(
        &mut self,
        at: Timestamp,
        unit: &Unit,
        haulier: &Haulier,
        (plate, driver): (&str, &str),
    ) {
        let parts = json!({
            "parties": [party("HAULIER", &haulier.firm)],
            "transport": {"mode": "ROAD", "truck_plate": plate, "driver_badge": driver},
        });
        self.operating("pickup_accepted", at, unit, parts);
    }

    /// A camera over the lane reads another number than the one that the truck was announced for.
    pub(crate) fn read_at_the_gate(&mut self, inbound: bool, at: Timestamp, unit: &Unit, read: &str) {
        let kind = if inbound { "gate_in" } else { "gate_out" };
        let read = json!({
            "equipment": {"number": read, "declared_number": unit.number, "read_by_camera": true},
            "transport": {"mode": "ROAD"},
        });
        self.operating(kind, at, unit, read);
    }

    /// Guards report intruders beside a container.
    pub(crate) fn intruders(&mut self, site: Site, at: Timestamp, unit: &Unit) {
        self.canonical((SECURITY_FEED, site), "intrusion_reported", at, unit, json!({}));
    }

    /// The pass office gives a driver a pass.
    pub(crate) fn pass(&mut self, at: Timestamp, driver: &str) {
        let told = at.plus_millis(self.chance.minutes(0, 2));
        let mut line = self.bare_line(SECURITY_FEED, "pass_issued", at, Site::Koper);
        extend(&mut line, json!({"transport": {"driver_badge": driver}}));
        self.tell(told, Body::Line(SECURITY_FEED, line));
    }

    /// The carrier plans to set the container down in a town; says when. `told` is when it says so.
    pub(crate) fn planned_delivery(
        &mut self,
        told: Timestamp,
        out_at: Timestamp,
        unit: &Unit,
        town: &str,
    ) -> Timestamp {
        let at = out_at
            .plus_millis(DELIVERY_HOURS * HOUR_MS + i64::from(number_of(&unit.number) % 90) * MINUTE_MS);
        let place = DcsaPlace { un_locode: town, terminal: None, call: None };
        self.planned("DROP", at, told, unit, place);
        at
    }
}
