//! An import container: loaded far away, discharged, released down the chain, through customs, out of the gate, and
//! back empty. Drawn first as a plan, which a story may bend, then told.

use quaywatch_domain::Timestamp;
use serde_json::{Value, json};

use crate::cast::{Consignee, Firm, Haulier, STAY_HOURS, Terminal, origin};
use crate::chance::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::goods::{SealTag, Sealer, Unit};
use crate::letter::{Body, DcsaPlace, IMPORT, Letter, QuayMove, Teller, carrier_party, party, seal_lines};
use crate::write::json::extend;

/// A right to collect, handed on.
#[derive(Debug, Clone)]
pub(crate) struct Handover {
    pub(crate) to: Firm,
    pub(crate) at: Timestamp,
    pub(crate) accepted_at: Timestamp,
}

/// A truck announced for the container.
#[derive(Debug, Clone)]
pub(crate) struct Announcement {
    pub(crate) haulier: Firm,
    pub(crate) plate: String,
    pub(crate) at: Timestamp,
    pub(crate) cancelled_at: Option<Timestamp>,
    /// A later correction of the same announcement: when, and the new plate.
    pub(crate) truck_changed: Option<(Timestamp, String)>,
}

/// A truck that leaves with the container.
#[derive(Debug, Clone)]
pub(crate) struct Exit {
    pub(crate) haulier: Haulier,
    pub(crate) plate: String,
    pub(crate) at: Timestamp,
    pub(crate) seals: Vec<SealTag>,
}

/// The plan of an import container.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) unit: Unit,
    pub(crate) call: usize,
    pub(crate) origin: (&'static str, &'static str),
    pub(crate) loaded_at: Timestamp,
    pub(crate) discharged_at: Timestamp,
    /// Seals as read at the crane.
    pub(crate) crane_seals: Vec<SealTag>,
    pub(crate) consignee: Consignee,
    pub(crate) secret: String,
    /// From the carrier to a forwarder and on to a haulier.
    pub(crate) chain: Vec<Handover>,
    pub(crate) revoked_at: Option<Timestamp>,
    /// Steps at customs, in order: kind and time.
    pub(crate) customs: Vec<(&'static str, Timestamp)>,
    pub(crate) announcements: Vec<Announcement>,
    pub(crate) exits: Vec<Exit>,
    /// When it comes back empty, if it does.
    pub(crate) returned_at: Option<Timestamp>,
    /// When it enters the neighbouring terminal laden, if it does.
    pub(crate) trieste_at: Option<Timestamp>,
}

/// Percentage of imports that customs selects for a scan.
pub(crate) const SELECTED_PERCENT: u32 = 6;
/// Percentage of imports collected by a haulier that is new to the consignee.
const NEW_RELATION_PERCENT: u32 = 2;

impl Import {
    /// Draws a container that leaves through the gate at `out_at`.
    pub(crate) fn leaving(teller: &mut Teller<'_>, consignee: &Consignee, out_at: Timestamp) -> Option<Self> {
        let calls =
            teller.cast.calls_between(out_at.plus_millis(-6 * DAY_MS), out_at.plus_millis(-40 * HOUR_MS));
        let call = *teller.chance.pick(&calls)?;
        let arrival = teller.cast.calls.get(call)?.arrival;
        let discharged_at =
            teller.chance.moment(arrival.plus_millis(HOUR_MS), arrival.plus_millis(STAY_HOURS / 2 * HOUR_MS));
        Self::draw(teller, consignee, (call, discharged_at), out_at)
    }

    /// Draws a container that is discharged at a call at `discharged_at` and leaves hours or days later.
    pub(crate) fn arriving(
        teller: &mut Teller<'_>,
        consignee: &Consignee,
        (call, discharged_at): (usize, Timestamp),
    ) -> Option<Self> {
        let out_at = discharged_at.plus_millis(teller.chance.minutes(20 * 60, 110 * 60));
        let out_at = teller.by_day(out_at, out_at.plus_millis(DAY_MS));
        Self::draw(teller, consignee, (call, discharged_at), out_at)
    }

    fn draw(
        teller: &mut Teller<'_>,
        consignee: &Consignee,
        (call, discharged_at): (usize, Timestamp),
        out_at: Timestamp,
    ) -> Option<Self> {
        let carrier = teller.cast.calls.get(call)?.carrier;
        let arrival = teller.cast.calls.get(call)?.arrival;
        let unit = teller.store.laden(carrier);
        let back = |teller: &mut Teller<'_>, low, high| out_at.plus_millis(-teller.chance.minutes(low, high));
        let forwarder = teller.cast.forwarders.get(*teller.chance.pick(&consignee.forwarders)?)?.clone();
        let usual = !teller.chance.percent(NEW_RELATION_PERCENT);
        let haulier = if usual {
            *teller.chance.pick(&consignee.hauliers)?
        } else {
            teller.chance.index(teller.cast.hauliers.len())
        };
        let haulier = teller.cast.hauliers.get(haulier)?.clone();
        let plate = teller.chance.pick(&haulier.plates)?.clone();
        // A new relation is handed over in good time: nobody hurries with a stranger.
        let (handed_on, announced_at) = if usual {
            let handed_on = back(teller, 4 * 60, 10 * 60);
            (handed_on, back(teller, 45, 3 * 60))
        } else {
            (back(teller, 9 * 60, 14 * 60), back(teller, 60, 4 * 60))
        };
        let issued_at = discharged_at
            .plus_millis(-teller.chance.minutes(60, 40 * 60))
            .min(handed_on.plus_millis(-HOUR_MS));
        let first_accepted = issued_at.plus_millis(teller.chance.minutes(5, 40));
        let accepted_at = handed_on.plus_millis(teller.chance.minutes(3, 35));
        let chain = vec![
            Handover { to: forwarder, at: issued_at, accepted_at: first_accepted },
            Handover { to: haulier.firm.clone(), at: handed_on, accepted_at },
        ];
        let customs = Self::customs_steps(teller, discharged_at, out_at);
        let crane_seals = if teller.chance.percent(5) { Vec::new() } else { unit.seals.clone() };
        let opened = customs.iter().any(|(kind, _)| *kind == "customs_inspected");
        let seals =
            if opened { vec![teller.store.seal(Sealer::Customs, carrier)] } else { unit.seals.clone() };
        let exit = Exit { plate: plate.clone(), at: out_at, seals, haulier: haulier.clone() };
        let to_trieste = teller.chance.percent(3);
        let later = teller.chance.minutes(9 * 60, 90 * 60);
        Some(Self {
            origin: origin(&mut teller.chance),
            loaded_at: arrival.plus_millis(-teller.chance.minutes(14 * 24 * 60, 28 * 24 * 60)),
            call,
            discharged_at,
            crane_seals,
            consignee: consignee.clone(),
            secret: teller.store.secret(),
            chain,
            revoked_at: None,
            customs,
            announcements: vec![Announcement {
                haulier: haulier.firm,
                plate,
                at: announced_at,
                cancelled_at: None,
                truck_changed: None,
            }],
            exits: vec![exit],
            returned_at: (!to_trieste).then(|| out_at.plus_millis(later)),
            trieste_at: to_trieste.then(|| out_at.plus_millis(later / 12)),
            unit,
        })
    }

    /// Draws a collection of long ago, of which only the release platform and the gate remember.
    pub(crate) fn earlier(teller: &mut Teller<'_>, consignee: &Consignee, out_at: Timestamp) -> Option<Self> {
        let plan = Self::draw(teller, consignee, (0, out_at.plus_millis(-3 * DAY_MS)), out_at)?;
        let haulier = teller.cast.hauliers.get(*teller.chance.pick(&consignee.hauliers)?)?;
        Some(plan.plain(haulier))
    }

    /// Released in time; sometimes scanned before, and then now and then held and inspected.
    fn customs_steps(
        teller: &mut Teller<'_>,
        discharged_at: Timestamp,
        out_at: Timestamp,
    ) -> Vec<(&'static str, Timestamp)> {
        let room = out_at.millis_since(discharged_at) / MINUTE_MS;
        let part = |percent: i64| discharged_at.plus_millis(room * percent / 100 * MINUTE_MS);
        if !teller.chance.percent(SELECTED_PERCENT) {
            return vec![("customs_released", part(teller.chance.between(10, 75)))];
        }
        let mut steps = vec![("customs_selected_for_scan", part(8)), ("customs_scanned", part(30))];
        if teller.chance.percent(15) {
            steps.extend([("customs_held", part(34)), ("customs_inspected", part(55))]);
        }
        steps.push(("customs_released", part(70)));
        steps
    }

    /// Replaces whoever collects: the last handover, the announcement and the exit.
    pub(crate) fn collected_by(&mut self, haulier: &Haulier) {
        let plate = haulier.plates.first().cloned().unwrap_or_default();
        if let Some(last) = self.chain.last_mut() {
            last.to = haulier.firm.clone();
        }
        for announcement in &mut self.announcements {
            announcement.haulier = haulier.firm.clone();
            announcement.plate.clone_from(&plate);
        }
        for exit in &mut self.exits {
            exit.haulier = haulier.clone();
            exit.plate.clone_from(&plate);
        }
    }

    /// Makes everything ordinary that chance might have made special, for a story to start from.
    pub(crate) fn plain(mut self, haulier: &Haulier) -> Self {
        self.collected_by(haulier);
        let released = self.customs.last().copied();
        self.customs = released.into_iter().collect();
        self.crane_seals.clone_from(&self.unit.seals);
        for exit in &mut self.exits {
            exit.seals.clone_from(&self.unit.seals);
        }
        self.trieste_at = None;
        self.returned_at = None;
        self
    }

    /// Tells the whole journey.
    pub(crate) fn tell(&self, teller: &mut Teller<'_>) {
        self.tell_sea(teller);
        self.tell_release(teller);
        self.tell_customs(teller);
        self.tell_gate(teller);
        let Some(last) = self.exits.last() else { return };
        if let Some(at) = self.returned_at {
            let mut gate = teller.passage(true, at, &self.unit, &last.haulier, &last.plate);
            gate.unit.seals.clear();
            gate.laden = false;
            gate.status = IMPORT;
            gate.seals.clear();
            teller.gate(gate);
        }
        if let Some(at) = self.trieste_at {
            let document = teller.gate_document(Terminal::Trieste);
            let mut gate = teller.passage(true, at, &self.unit, &last.haulier, &last.plate);
            gate.terminal = Terminal::Trieste;
            gate.status = IMPORT;
            gate.document = document;
            teller.gate(gate);
        }
    }

    /// The announcements, and the gate's word on whoever came.
    pub(crate) fn tell_gate(&self, teller: &mut Teller<'_>) {
        for announcement in &self.announcements {
            self.tell_announcement(teller, announcement);
        }
        for exit in &self.exits {
            self.tell_exit(teller, exit);
        }
    }

    fn tell_sea(&self, teller: &mut Teller<'_>) {
        let cast = teller.cast;
        let place = DcsaPlace { un_locode: self.origin.0, terminal: None, call: cast.calls.get(self.call) };
        teller.equipment("LOAD", self.loaded_at, &self.unit, place, &self.unit.seals);
        teller.shipment(
            "ISSU",
            ("TRD", &self.unit.bill),
            self.loaded_at.plus_millis(6 * HOUR_MS),
            &self.unit,
        );
        teller.quay(QuayMove {
            call: self.call,
            load: false,
            at: self.discharged_at,
            unit: self.unit.clone(),
            seals: self.crane_seals.clone(),
            status: IMPORT,
            far_port: self.origin.0,
        });
    }

    fn documents(&self) -> Value {
        json!({"bill_of_lading": self.unit.bill, "release_secret": self.secret})
    }

    /// The release platform's word on the chain of holders.
    pub(crate) fn tell_release(&self, teller: &mut Teller<'_>) {
        let consignee = party("CONSIGNEE", &self.consignee.firm);
        let mut from = carrier_party("RELEASE_FROM", self.unit.carrier);
        for (n, step) in self.chain.iter().enumerate() {
            let kind = if n == 0 { "release_issued" } else { "release_transferred" };
            let parties = json!([consignee, from, party("RELEASE_TO", &step.to)]);
            let parts = json!({"documents": self.documents(), "parties": parties});
            teller.release(kind, step.at, &self.unit, parts.clone());
            teller.release("release_accepted", step.accepted_at, &self.unit, parts);
            from = party("RELEASE_FROM", &step.to);
        }
        if let Some(at) = self.revoked_at {
            let parties = json!([consignee, carrier_party("RELEASE_FROM", self.unit.carrier)]);
            let parts = json!({"documents": self.documents(), "parties": parties});
            teller.release("release_revoked", at, &self.unit, parts);
        }
    }

    fn tell_customs(&self, teller: &mut Teller<'_>) {
        let declaration = format!("26SI00{:011}{}", teller.store.serial(), 5);
        for (kind, at) in &self.customs {
            let mut parts = json!({
                "documents": {"customs_declaration": declaration, "bill_of_lading": self.unit.bill},
                "customs": {"office": "SI006032", "procedure": "4000"},
            });
            if *kind == "customs_inspected" {
                self.tell_opening(teller, *at, Sealer::Customs);
            }
            if *kind == "customs_released" {
                extend(&mut parts, json!({"parties": [party("CONSIGNEE", &self.consignee.firm)]}));
            }
            teller.customs(kind, *at, &self.unit, parts);
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
        let before = at.plus_millis(-25 * MINUTE_MS);
        teller.customs("seal_removed", before, &self.unit, json!({"seals": seal_lines(&gone)}));
        let after = at.plus_millis(12 * MINUTE_MS);
        teller.customs(
            "seal_affixed",
            after,
            &self.unit,
            json!({"seals": seal_lines(std::slice::from_ref(new))}),
        );
    }

    fn tell_announcement(&self, teller: &mut Teller<'_>, announcement: &Announcement) {
        let appointment = format!("VBS{:07}", teller.store.serial());
        let parts = |plate: &str| {
            json!({
                "documents": {
                    "bill_of_lading": self.unit.bill,
                    "release_secret": self.secret,
                    "appointment": appointment,
                },
                "parties": [party("HAULIER", &announcement.haulier), party("CONSIGNEE", &self.consignee.firm)],
                "transport": {"mode": "ROAD", "truck_plate": plate, "driver_badge": format!("B{}", plate)},
            })
        };
        teller.release("pickup_announced", announcement.at, &self.unit, parts(&announcement.plate));
        if let Some((at, plate)) = &announcement.truck_changed
            && let Some(Letter { body: Body::Line(feed, mut line), .. }) = teller.letters.last().cloned()
        {
            extend(&mut line, parts(plate));
            teller.tell(*at, Body::Line(feed, line));
        }
        if let Some(at) = announcement.cancelled_at {
            teller.release("pickup_cancelled", at, &self.unit, parts(&announcement.plate));
        }
    }

    fn tell_exit(&self, teller: &mut Teller<'_>, exit: &Exit) {
        let mut gate = teller.passage(false, exit.at, &self.unit, &exit.haulier, &exit.plate);
        gate.seals.clone_from(&exit.seals);
        gate.secret = Some(self.secret.clone());
        teller.gate(gate);
    }
}
