//! What the parties have to say, before it is put into messages; and the teller who writes it down.

mod dcsa;
mod terminal;

pub(crate) use dcsa::DcsaPlace;
use quaywatch_domain::event::{Documents, Equipment, Place};
use quaywatch_domain::{EventKind, PortEvent, Timestamp};
use serde_json::{Value, json};

use crate::chance::{Chance, HOUR_MS, MINUTE_MS};
use crate::numbers::{Numbers, SealTag, Unit};
use crate::trades::yard::{Slot, position};
use crate::wire;
use crate::world::{Firm, Haulier, Site, World, badge_at};
use crate::write::json::extend;
use crate::write::sheets::Sheet;

/// Feed of the port's release platform.
pub(crate) const RELEASE_FEED: &str = "release-platform";
/// Feed of the neighbour's release platform.
pub(crate) const RIGHTS_FEED: &str = "diritti";
/// Feed of the port's customs.
pub(crate) const CUSTOMS_FEED: &str = "customs";
/// Feed of devices on containers.
pub(crate) const SMART_FEED: &str = "smart-boxes";
/// Feed of the reefer racks.
pub(crate) const REEFER_FEED: &str = "reefer-racks";
/// Feed of the port community system about itself.
pub(crate) const STATUS_FEED: &str = "pcs-status";
/// Feed of manifests.
pub(crate) const MANIFEST_FEED: &str = "manifests";
/// Feed of verified gross masses.
pub(crate) const VGM_FEED: &str = "vgm";
/// Feed of the terminal's operating system.
pub(crate) const TOS_FEED: &str = "koper-tos";
/// Feed of guards and pass office.
pub(crate) const SECURITY_FEED: &str = "koper-security";
/// Feed of hauliers' announcements next door.
pub(crate) const COPINO_FEED: &str = "hauliers";

/// Feed of the answers of the neighbour's customs.
pub(crate) const CUSRES_FEED: &str = "risposte";

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
    Quay(Box<QuayMove>),
    /// A document of a terminal's gate.
    Gate(Box<GateMove>),
    /// A canonical event without the creation time.
    Line(&'static str, Value),
    /// An event of a device, as DCSA 3.0 JSON (May 2026) without the time of the update.
    Smart(Value),
    /// A notification of the neighbour's release platform, without the time at which it was sent.
    Right(Value),
    /// A row of a table, without the time at which it was sent.
    Row(Sheet, Site, Vec<String>),
    /// A line of a message that [`wire::render`] writes.
    Edi(Box<Edi>),
    /// An announcement of a haulier (COPINO).
    Copino(Box<Announced>),
}

/// A line of an EDIFACT message.
#[derive(Debug, Clone)]
pub(crate) struct Edi {
    pub(crate) feed: &'static str,
    pub(crate) message: wire::Message,
    /// Number of the document; lines of one document that are told together make one message.
    pub(crate) document: String,
    pub(crate) event: PortEvent,
}

/// A haulier announces that it will fetch a container.
#[derive(Debug, Clone)]
pub(crate) struct Announced {
    pub(crate) site: Site,
    pub(crate) document: String,
    pub(crate) function: Function,
    pub(crate) unit: Unit,
    pub(crate) haulier: Firm,
    pub(crate) plate: String,
    pub(crate) driver: String,
    pub(crate) secret: String,
    pub(crate) appointment: String,
    pub(crate) consignee: Firm,
    /// Control reference of an interchange of its own; none: it goes with others.
    pub(crate) reference: Option<i64>,
    /// Whether the interchange before it was held back on its way.
    pub(crate) follows_a_gap: bool,
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
    /// UN/EDIFACT 8249.
    pub(crate) status: &'static str,
    /// The port at the other end of the sea leg.
    pub(crate) far_port: &'static str,
    /// Weight on the list, kg.
    pub(crate) kg: i64,
    /// Cell on board, when the list gives it.
    pub(crate) cell: Option<String>,
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
    pub(crate) site: Site,
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
    /// Badge of the driver.
    pub(crate) driver: String,
    /// The release PIN that was shown.
    pub(crate) secret: Option<String>,
    /// Weight on the document, kg.
    pub(crate) kg: i64,
    /// Whether it goes by rail.
    pub(crate) rail: bool,
    /// The order under which it is moved between terminals.
    pub(crate) order: Option<String>,
}

/// How long the truck that brings a container stays inside, or the one that fetches it was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inside {
    /// As long as it takes.
    Usual,
    /// So many minutes.
    Minutes(i64),
    /// It does not pass the gate without container.
    Never,
}

/// Writes down what happens.
pub(crate) struct Teller<'a> {
    pub(crate) world: &'a World,
    pub(crate) numbers: Numbers,
    pub(crate) chance: Chance,
    /// Marks what is told next as [`Letter::solid`].
    pub(crate) solid: bool,
    /// How long trucks without container stay behind the gate.
    pub(crate) inside: Inside,
    /// Badge of the driver of the yard machine, where a story wants a certain one.
    pub(crate) machinist: Option<String>,
    pub(crate) letters: Vec<Letter>,
}

impl<'a> Teller<'a> {
    pub(crate) const fn new(world: &'a World, numbers: Numbers, chance: Chance) -> Self {
        Self {
            world,
            numbers,
            chance,
            solid: false,
            inside: Inside::Usual,
            machinist: None,
            letters: Vec::new(),
        }
    }

    /// Tells something.
    pub(crate) fn tell(&mut self, told: Timestamp, body: Body) {
        self.letters.push(Letter { told, solid: self.solid, body });
    }

    /// A line of the discharge or load list, and mostly the carrier's own word on it.
    pub(crate) fn quay(&mut self, quay: QuayMove) {
        let code = if quay.load { "LOAD" } else { "DISC" };
        let told = quay.at.plus_millis(self.chance.minutes(10, 55));
        if self.chance.percent(60) {
            let world = self.world;
            let site = world.calls.get(quay.call).map_or(Site::Koper, |call| call.site);
            let place = DcsaPlace { call: world.calls.get(quay.call), ..DcsaPlace::at(site) };
            self.equipment(code, quay.at, &quay.unit, place, &quay.seals);
        }
        self.tell(told, Body::Quay(Box::new(quay)));
    }

    /// A document of a gate, and now and then the carrier's own word on it. Returns when the gate told it.
    pub(crate) fn gate(&mut self, gate: GateMove) -> Timestamp {
        let told = gate.at.plus_millis(self.chance.minutes(1, 8));
        if !matches!(gate.site, Site::Koper | Site::Trieste) {
            let row = Sheet::gate_row(&gate);
            self.tell(told, Body::Row(Sheet::GateLog, gate.site, row));
            return told;
        }
        if gate.site == Site::Koper && !gate.rail {
            self.truck_alone(&gate);
        }
        // In stories both sides always speak: two independent sightings.
        if gate.site == Site::Koper && !gate.rail && (self.solid || self.chance.percent(35)) {
            let code = if gate.inbound { "GTIN" } else { "GTOT" };
            let seals = if gate.laden { gate.seals.clone() } else { Vec::new() };
            // The carrier knows what is in it at the gate, not what it left its shipper with.
            let unit =
                if gate.laden { gate.unit.clone() } else { Unit { seals: Vec::new(), ..gate.unit.clone() } };
            self.equipment(code, gate.at, &unit, DcsaPlace::at(gate.site), &seals);
        }
        self.tell(told, Body::Gate(Box::new(gate)));
        told
    }

    /// The same truck without the container: out after it brought it, in before it fetched it.
    fn truck_alone(&mut self, gate: &GateMove) {
        let minutes = match self.inside {
            Inside::Usual => self.chance.minutes(16, 65) / MINUTE_MS,
            Inside::Minutes(minutes) => minutes,
            Inside::Never => return,
        };
        let at = gate.at.plus_millis(if gate.inbound { minutes } else { -minutes } * MINUTE_MS);
        let told = at.plus_millis(self.chance.minutes(0, 2));
        self.tell(told, Body::Row(Sheet::Trucks, gate.site, Sheet::truck_row(gate, at)));
    }

    /// A canonical event about a container, told within minutes.
    pub(crate) fn canonical(
        &mut self,
        (feed, site): (&'static str, Site),
        kind: &str,
        at: Timestamp,
        unit: &Unit,
        parts: Value,
    ) {
        let told = at.plus_millis(self.chance.minutes(0, 2));
        let mut line = self.bare_line(feed, kind, at, site);
        extend(&mut line, json!({"equipment": {"number": unit.number, "iso_type": unit.iso_type}}));
        extend(&mut line, parts);
        self.tell(told, Body::Line(feed, line));
    }

    /// A line of the port's release platform, told within minutes.
    pub(crate) fn release(&mut self, kind: &str, at: Timestamp, unit: &Unit, parts: Value) {
        self.canonical((RELEASE_FEED, Site::Koper), kind, at, unit, parts);
    }

    /// A canonical event that names no container yet.
    pub(crate) fn bare_line(&mut self, feed: &str, kind: &str, at: Timestamp, site: Site) -> Value {
        let prefix = match feed {
            RELEASE_FEED => "PCS",
            CUSTOMS_FEED => "FURS",
            _ => feed,
        };
        json!({
            "event_id": format!("{prefix}-{:010}", self.numbers.serial()),
            "kind": kind,
            "classifier": "ACTUAL",
            "occurred_at": at,
            "place": {"un_locode": site.un_locode(), "terminal": site.code()},
        })
    }

    /// A decision of customs, told within minutes: a canonical event at the port, a row next door.
    pub(crate) fn customs(&mut self, site: Site, step: &CustomsStep<'_>, unit: &Unit) {
        let told = step.at.plus_millis(self.chance.minutes(1, 6));
        if site == Site::Trieste && step.kind == "customs_released" && step.office == site.customs_office() {
            return self.customs_answer(told, step, unit);
        }
        if site == Site::Trieste {
            let row = Sheet::customs_row(step, unit);
            self.tell(told, Body::Row(Sheet::Customs, site, row));
            return;
        }
        let mut line = self.bare_line(CUSTOMS_FEED, step.kind, step.at, site);
        extend(
            &mut line,
            json!({
                "equipment": {"number": unit.number, "iso_type": unit.iso_type},
                "documents": {"bill_of_lading": unit.bill},
                "customs": {"office": step.office, "procedure": "4000"},
            }),
        );
        if !step.declaration.is_empty() {
            let documents = json!({"customs_declaration": step.declaration, "bill_of_lading": unit.bill});
            extend(&mut line, json!({"documents": documents}));
        }
        if !step.seals.is_empty() {
            extend(&mut line, json!({"seals": seal_lines(step.seals)}));
        }
        if let Some(firm) = step.consignee.filter(|_| step.kind == "customs_released") {
            extend(&mut line, json!({"parties": [party("CONSIGNEE", firm)]}));
        }
        self.tell(told, Body::Line(CUSTOMS_FEED, line));
    }

    /// The release of a declaration (CUSRES).
    fn customs_answer(&mut self, told: Timestamp, step: &CustomsStep<'_>, unit: &Unit) {
        let event = PortEvent {
            equipment: Some(Box::new(Equipment {
                number: unit.number.as_str().into(),
                iso_type: Some(unit.iso_type.into()),
                ..Equipment::default()
            })),
            documents: Some(Box::new(Documents {
                customs_declaration: Some(step.declaration.into()),
                bill_of_lading: Some(unit.bill.as_str().into()),
                ..Documents::default()
            })),
            place: Some(Box::new(Place {
                un_locode: Some(Site::Trieste.un_locode().into()),
                terminal: Some(Site::Trieste.code().into()),
                ..Place::default()
            })),
            ..PortEvent::new("", EventKind::CustomsReleased, step.at)
        };
        let document = format!("CR{:010}", self.numbers.serial());
        self.edi(told, CUSRES_FEED, wire::Message::Cusres, document, event);
    }

    /// A row of a table, told within minutes of `at`.
    pub(crate) fn row(&mut self, sheet: Sheet, site: Site, at: Timestamp, row: Vec<String>) {
        let told = at.plus_millis(self.chance.minutes(0, 4));
        self.tell(told, Body::Row(sheet, site, row));
    }

    /// An event of a device on a container, in a slot or wherever it stands.
    pub(crate) fn smart(
        &mut self,
        family: (&str, &str, &str),
        site: Site,
        at: Timestamp,
        unit: &Unit,
        slot: Option<&Slot>,
    ) {
        let told = at.plus_millis(self.chance.minutes(0, 3));
        let event = json!({
            "eventID": self.chance.uuid(),
            "eventRouting": {"originatingParties":
                [{"partyCode": "SMB", "codeListProvider": "SMDG", "codeListName": "LCL"}]},
            "eventDateTime": at,
            "eventClassification":
                {"eventType": family.0, "eventClassifier": "ACTUAL", (family.1): family.2},
            "eventLocation": {"UNLocationCode": site.un_locode(),
                "facility": {"facilityCode": site.code(), "facilityCodeListProvider": "SMDG"},
                "geoCoordinate": position(site, unit, slot)},
            "equipmentDetails": {"equipmentReference": unit.number, "ISOEquipmentCode": unit.iso_type},
        });
        self.tell(told, Body::Smart(event));
    }

    /// A line of an EDIFACT message about a container.
    pub(crate) fn edi(
        &mut self,
        told: Timestamp,
        feed: &'static str,
        message: wire::Message,
        document: String,
        event: PortEvent,
    ) {
        self.tell(told, Body::Edi(Box::new(Edi { feed, message, document, event })));
    }

    /// A new document number of a gate.
    pub(crate) fn gate_document(&mut self, site: Site) -> String {
        format!("{}G{:010}", site.code(), self.numbers.serial())
    }

    /// A gate passage at the port with ordinary particulars.
    pub(crate) fn passage(
        &mut self,
        inbound: bool,
        at: Timestamp,
        unit: &Unit,
        haulier: &Haulier,
        plate: &str,
    ) -> GateMove {
        self.passage_at(Site::Koper, inbound, at, unit, haulier, plate)
    }

    /// A gate passage with ordinary particulars.
    pub(crate) fn passage_at(
        &mut self,
        site: Site,
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
            site,
            inbound,
            at,
            document: self.gate_document(site),
            function: Function::Original,
            unit: unit.clone(),
            laden: !unit.seals.is_empty(),
            status: if inbound { EXPORT } else { IMPORT },
            seals: unit.seals.clone(),
            haulier: Some(firm),
            plate: plate.to_owned(),
            driver: badge_at(plate, site),
            secret: None,
            kg: if unit.seals.is_empty() { unit.tare_kg() } else { unit.gross_kg },
            rail: false,
            order: None,
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

/// A step at customs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CustomsStep<'a> {
    pub(crate) kind: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) office: &'a str,
    pub(crate) declaration: &'a str,
    pub(crate) seals: &'a [SealTag],
    pub(crate) consignee: Option<&'a Firm>,
}

/// A party as the JSON lines carry it.
pub(crate) fn party(role: &str, firm: &Firm) -> Value {
    json!({"role": role, "id": firm.id, "id_scheme": firm.scheme, "name": firm.name})
}

/// A consignee as the release platform knows it, with what it found in the company register.
pub(crate) fn known_consignee(firm: &Firm) -> Value {
    let mut value = party("CONSIGNEE", firm);
    extend(&mut value, json!({"address": firm.address, "contact": firm.contact}));
    if let Some(at) = firm.registered_at {
        extend(&mut value, json!({"registered_at": at}));
    }
    if let Some(at) = firm.officers_changed_at {
        extend(&mut value, json!({"officers_changed_at": at}));
    }
    if let Some(eur) = firm.capital_eur {
        extend(&mut value, json!({"capital_eur": eur}));
    }
    value
}

/// Seals as the JSON lines carry them.
pub(crate) fn seal_lines(seals: &[SealTag]) -> Value {
    seals.iter().map(|s| json!({"number": s.number, "source": s.sealer.word()})).collect()
}
