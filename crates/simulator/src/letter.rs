//! What the parties have to say, before it is put into messages; and the teller who writes it down.

use quaywatch_domain::Timestamp;
use serde_json::{Value, json};

use crate::cast::{CARRIERS, Call, Cast, Firm, Haulier, Terminal};
use crate::chance::{Chance, HOUR_MS, MINUTE_MS};
use crate::goods::{SealTag, Store, Unit};
use crate::write::json::extend;

/// Feed of the release platform.
pub(crate) const RELEASE_FEED: &str = "release-platform";
/// Feed of customs.
pub(crate) const CUSTOMS_FEED: &str = "customs";
/// Feed of the terminal's quay.
pub(crate) const QUAY_FEED: &str = "koper-quay";

/// One thing said, by one party, at one time.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    /// When the party says it.
    pub(crate) told: Timestamp,
    /// Whether noise must keep off: part of a story whose times matter.
    pub(crate) solid: bool,
    pub(crate) body: Body,
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// An event of a carrier (by index), as DCSA 2.2 JSON without the creation time.
    Carrier(usize, Value),
    /// A line of a discharge or load list.
    Quay(QuayMove),
    /// A document of a gate.
    Gate(Box<GateMove>),
    /// A line of the release platform or customs, without the creation time.
    Line(&'static str, Value),
}

/// UN/EDIFACT 8249: what a container is in the port for.
pub(crate) const EXPORT: &str = "2";
pub(crate) const IMPORT: &str = "3";
pub(crate) const TRANSHIPMENT: &str = "6";

/// A container over the quay.
#[derive(Debug, Clone)]
pub(crate) struct QuayMove {
    /// Call, by index.
    pub(crate) call: usize,
    /// Onto the ship, or off it.
    pub(crate) load: bool,
    pub(crate) at: Timestamp,
    pub(crate) unit: Unit,
    /// Seals as read at the crane; empty when they were not read.
    pub(crate) seals: Vec<SealTag>,
    /// [`EXPORT`], [`IMPORT`] or [`TRANSHIPMENT`].
    pub(crate) status: &'static str,
    /// The port at the other end of the sea leg.
    pub(crate) far_port: &'static str,
}

/// UN/EDIFACT 1225: what a document does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Original,
    Replace,
    Cancel,
}

impl Function {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Original => "9",
            Self::Replace => "5",
            Self::Cancel => "1",
        }
    }
}

/// A container through a gate.
#[derive(Debug, Clone)]
pub(crate) struct GateMove {
    pub(crate) terminal: Terminal,
    /// Into the terminal, or out of it.
    pub(crate) inbound: bool,
    pub(crate) at: Timestamp,
    /// Document number and function.
    pub(crate) document: String,
    pub(crate) function: Function,
    pub(crate) unit: Unit,
    pub(crate) laden: bool,
    pub(crate) status: &'static str,
    pub(crate) seals: Vec<SealTag>,
    /// Who drives: code (none when known by name alone), name, plate.
    pub(crate) haulier: Option<Firm>,
    pub(crate) plate: String,
    /// The release PIN that was shown.
    pub(crate) secret: Option<String>,
}

/// Writes down what happens.
pub(crate) struct Teller<'a> {
    pub(crate) cast: &'a Cast,
    pub(crate) store: &'a mut Store,
    pub(crate) chance: Chance,
    /// Marks what is told next as [`Letter::solid`].
    pub(crate) solid: bool,
    pub(crate) letters: Vec<Letter>,
}

impl<'a> Teller<'a> {
    pub(crate) const fn new(cast: &'a Cast, store: &'a mut Store, chance: Chance) -> Self {
        Self { cast, store, chance, solid: false, letters: Vec::new() }
    }

    /// Tells something.
    pub(crate) fn tell(&mut self, told: Timestamp, body: Body) {
        self.letters.push(Letter { told, solid: self.solid, body });
    }

    /// A carrier's equipment event at a place, told within hours.
    pub(crate) fn equipment(
        &mut self,
        code: &str,
        at: Timestamp,
        unit: &Unit,
        place: DcsaPlace<'_>,
        seals: &[SealTag],
    ) {
        let told = at.plus_millis(self.chance.minutes(5, 150));
        let mut event = self.dcsa_event("EQUIPMENT", at);
        extend(
            &mut event,
            json!({
                "equipmentEventTypeCode": code,
                "equipmentReference": unit.number,
                "ISOEquipmentCode": unit.iso_type,
                "emptyIndicatorCode": if unit.seals.is_empty() { "EMPTY" } else { "LADEN" },
                "eventLocation": place.json(),
                "documentReferences": [
                    {"documentReferenceType": "BKG", "documentReferenceValue": unit.booking},
                    {"documentReferenceType": "TRD", "documentReferenceValue": unit.bill},
                ],
            }),
        );
        if let Some(call) = place.call {
            extend(&mut event, json!({"transportCall": transport_call(call, place)}));
        }
        if !seals.is_empty() {
            extend(&mut event, json!({"seals": seals.iter().map(dcsa_seal).collect::<Value>()}));
        }
        self.tell(told, Body::Carrier(unit.carrier, event));
    }

    /// A vessel's arrival or departure (`ARRI`, `DEPA`).
    pub(crate) fn vessel(
        &mut self,
        code: &str,
        classifier: &str,
        at: Timestamp,
        told: Timestamp,
        call: &Call,
    ) {
        let mut event = self.dcsa_event("TRANSPORT", at);
        let transport_call = transport_call(call, DcsaPlace::koper());
        extend(
            &mut event,
            json!({
                "eventClassifierCode": classifier,
                "transportEventTypeCode": code,
                "transportCall": transport_call,
            }),
        );
        self.tell(told, Body::Carrier(call.carrier, event));
    }

    /// A shipment event of a document; created when it happens, as DCSA 2.2 requires.
    pub(crate) fn shipment(&mut self, code: &str, (kind, id): (&str, &str), at: Timestamp, unit: &Unit) {
        let mut event = self.dcsa_event("SHIPMENT", at);
        extend(
            &mut event,
            json!({
                "shipmentEventTypeCode": code,
                "documentTypeCode": kind,
                "documentID": id,
                "documentReferences":
                    [{"documentReferenceType": "BKG", "documentReferenceValue": unit.booking}],
            }),
        );
        self.tell(at, Body::Carrier(unit.carrier, event));
    }

    fn dcsa_event(&mut self, kind: &str, at: Timestamp) -> Value {
        json!({
            "eventID": self.chance.uuid(),
            "eventType": kind,
            "eventClassifierCode": "ACT",
            "eventDateTime": at,
        })
    }

    /// A line of the discharge or load list, and mostly the carrier's own word on it.
    pub(crate) fn quay(&mut self, quay: QuayMove) {
        let code = if quay.load { "LOAD" } else { "DISC" };
        let told = quay.at.plus_millis(self.chance.minutes(10, 55));
        if self.chance.percent(60) {
            let cast = self.cast;
            let place = DcsaPlace { call: cast.calls.get(quay.call), ..DcsaPlace::koper() };
            self.equipment(code, quay.at, &quay.unit, place, &quay.seals);
        }
        self.tell(told, Body::Quay(quay));
    }

    /// A document of a gate, and now and then the carrier's own word on it. Returns when the gate told it.
    pub(crate) fn gate(&mut self, gate: GateMove) -> Timestamp {
        let told = gate.at.plus_millis(self.chance.minutes(1, 8));
        // In stories both sides always speak: two independent sightings.
        if gate.terminal == Terminal::Koper && (self.solid || self.chance.percent(35)) {
            let code = if gate.inbound { "GTIN" } else { "GTOT" };
            let seals = if gate.laden { gate.seals.clone() } else { Vec::new() };
            self.equipment(code, gate.at, &gate.unit, DcsaPlace::koper(), &seals);
        }
        self.tell(told, Body::Gate(Box::new(gate)));
        told
    }

    /// A line of the release platform, told within minutes.
    pub(crate) fn release(&mut self, kind: &str, at: Timestamp, unit: &Unit, parts: Value) {
        let told = at.plus_millis(self.chance.minutes(0, 2));
        let line = self.line("PCS", kind, at, unit, parts);
        self.tell(told, Body::Line(RELEASE_FEED, line));
    }

    /// A line of customs, told within minutes.
    pub(crate) fn customs(&mut self, kind: &str, at: Timestamp, unit: &Unit, parts: Value) {
        let told = at.plus_millis(self.chance.minutes(1, 6));
        let line = self.line("FURS", kind, at, unit, parts);
        self.tell(told, Body::Line(CUSTOMS_FEED, line));
    }

    fn line(&mut self, prefix: &str, kind: &str, at: Timestamp, unit: &Unit, parts: Value) -> Value {
        let mut line = json!({
            "event_id": format!("{prefix}-{:08}", self.store.serial()),
            "kind": kind,
            "classifier": "ACTUAL",
            "occurred_at": at,
            "place": {"un_locode": Terminal::Koper.un_locode(), "terminal": Terminal::Koper.code()},
            "equipment": {"number": unit.number, "iso_type": unit.iso_type},
        });
        extend(&mut line, parts);
        line
    }

    /// A new document number of a gate.
    pub(crate) fn gate_document(&mut self, terminal: Terminal) -> String {
        format!("{}G{:07}", terminal.code(), self.store.serial())
    }

    /// A gate passage with ordinary particulars.
    pub(crate) fn passage(
        &mut self,
        inbound: bool,
        at: Timestamp,
        unit: &Unit,
        haulier: &Haulier,
        plate: &str,
    ) -> GateMove {
        let firm = if haulier.nameless_code {
            Firm { id: String::new(), ..haulier.firm.clone() }
        } else {
            haulier.firm.clone()
        };
        GateMove {
            terminal: Terminal::Koper,
            inbound,
            at,
            document: self.gate_document(Terminal::Koper),
            function: Function::Original,
            unit: unit.clone(),
            laden: !unit.seals.is_empty(),
            status: if inbound { EXPORT } else { IMPORT },
            seals: unit.seals.clone(),
            haulier: Some(firm),
            plate: plate.to_owned(),
            secret: None,
        }
    }

    /// Mostly during the day: a moment between 05 and 20 UTC near `at`, where there is one before `latest`.
    pub(crate) fn by_day(&mut self, at: Timestamp, latest: Timestamp) -> Timestamp {
        let hour = at.as_millis().div_euclid(HOUR_MS).rem_euclid(24);
        if (5..20).contains(&hour) || self.chance.percent(35) {
            return at;
        }
        let shifted =
            at.plus_millis(self.chance.between(7, 12) * HOUR_MS + self.chance.between(0, 59) * MINUTE_MS);
        if shifted < latest { shifted } else { at }
    }
}

/// Where a carrier's event is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DcsaPlace<'a> {
    pub(crate) un_locode: &'a str,
    pub(crate) terminal: Option<&'a str>,
    pub(crate) call: Option<&'a Call>,
}

impl DcsaPlace<'_> {
    pub(crate) const fn koper() -> Self {
        Self { un_locode: Terminal::Koper.un_locode(), terminal: Some(Terminal::Koper.code()), call: None }
    }

    fn json(self) -> Value {
        let mut value = json!({"UNLocationCode": self.un_locode});
        if let Some(terminal) = self.terminal {
            extend(&mut value, json!({"facilityCode": terminal, "facilityCodeListProvider": "SMDG"}));
        }
        value
    }
}

fn transport_call(call: &Call, place: DcsaPlace<'_>) -> Value {
    let carrier = CARRIERS.get(call.carrier);
    // A call at another port has another id.
    let id =
        place.terminal.map_or_else(|| format!("{}{}", place.un_locode, call.voyage), |_| call.id.clone());
    let mut value = place.json();
    extend(
        &mut value,
        json!({
            "transportCallID": id,
            "carrierServiceCode": carrier.map(|c| c.service),
            "carrierVoyageNumber": call.voyage,
            "facilityTypeCode": "POTE",
            "modeOfTransport": "VESSEL",
            "vessel": {
                "vesselIMONumber": call.imo,
                "vesselName": call.vessel,
                "vesselCallSignNumber": call.call_sign,
                "vesselOperatorCarrierCode": carrier.map(|c| c.code),
                "vesselOperatorCarrierCodeListProvider": "SMDG",
            },
        }),
    );
    value
}

fn dcsa_seal(seal: &SealTag) -> Value {
    let mut value = json!({"sealNumber": seal.number, "sealType": "BLT"});
    if let Some(source) = seal.sealer.dcsa() {
        extend(&mut value, json!({"sealSource": source}));
    }
    value
}

/// A party as the JSON lines carry it.
pub(crate) fn party(role: &str, firm: &Firm) -> Value {
    json!({"role": role, "id": firm.id, "id_scheme": firm.scheme, "name": firm.name})
}

/// A carrier as a party.
pub(crate) fn carrier_party(role: &str, carrier: usize) -> Value {
    let carrier = CARRIERS.get(carrier);
    json!({"role": role, "id": carrier.map(|c| c.code), "id_scheme": "SMDG", "name": carrier.map(|c| c.name)})
}

/// Seals as the JSON lines carry them.
pub(crate) fn seal_lines(seals: &[SealTag]) -> Value {
    seals.iter().map(|s| json!({"number": s.number, "source": s.sealer.word()})).collect()
}
