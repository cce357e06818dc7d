//! Canonical events as UN/EDIFACT messages of every type that ports send: what a sender would write who knew them.
//!
//! Segments follow the message tables of D.95B and D.00B. Times are UTC to the minute (qualifier 203), as the resolution of
//! most senders is. Secrets and people do not come back from their pseudonyms, so trucks, drivers and releases are not
//! written; the contact of a party is written as it stands, so that who wants one read gives it in plain.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use quaywatch_domain::event::{
    Cargo, Condition, Documents, EquipmentStatus, Laden, Party, PartyRole, PortEvent, SealSource, WeightKind,
};
use quaywatch_domain::{EventKind, Text, Timestamp};

use crate::write::edifact::{escape, local};

/// Types of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// Gate-in and gate-out report.
    Codeco,
    /// Discharge and loading report.
    Coarri,
    /// Discharge and loading order.
    Coprar,
    /// Release order.
    Coreor,
    /// Announcement of a pick-up.
    Copino,
    /// Order to release empties.
    Coparn,
    /// Stripping report.
    Costco,
    /// Stuffing order.
    Costor,
    /// Bay plan.
    Baplie,
    /// Status report.
    Iftsta,
    /// Cargo report to customs.
    Cuscar,
    /// Customs response.
    Cusres,
    /// Verified gross mass.
    Vermas,
}

impl Message {
    /// Every type.
    pub const ALL: [Self; 13] = [
        Self::Codeco,
        Self::Coarri,
        Self::Coprar,
        Self::Coreor,
        Self::Copino,
        Self::Coparn,
        Self::Costco,
        Self::Costor,
        Self::Baplie,
        Self::Iftsta,
        Self::Cuscar,
        Self::Cusres,
        Self::Vermas,
    ];

    /// Type, version and release of UNH.
    #[must_use]
    pub const fn identifier(self) -> &'static str {
        match self {
            Self::Codeco => "CODECO:D:95B:UN:ITG14",
            Self::Coarri => "COARRI:D:95B:UN:ITG13",
            Self::Coprar => "COPRAR:D:00B:UN:SMDG21",
            Self::Coreor => "COREOR:D:00B:UN:SMDG20",
            Self::Copino => "COPINO:D:00B:UN:SMDG15",
            Self::Coparn => "COPARN:D:00B:UN:SMDG20",
            Self::Costco => "COSTCO:D:00B:UN",
            Self::Costor => "COSTOR:D:00B:UN",
            Self::Baplie => "BAPLIE:D:95B:UN:SMDG22",
            Self::Iftsta => "IFTSTA:D:00B:UN",
            Self::Cuscar => "CUSCAR:D:95B:UN",
            Self::Cusres => "CUSRES:D:00B:UN",
            Self::Vermas => "VERMAS:D:16A:UN:SMDG10",
        }
    }

    /// The kinds of events that it can tell of.
    #[must_use]
    pub const fn kinds(self) -> &'static [EventKind] {
        match self {
            Self::Codeco => &[EventKind::GateIn, EventKind::GateOut],
            Self::Coarri => &[EventKind::Discharged, EventKind::Loaded],
            Self::Coprar => &[EventKind::DischargeOrdered, EventKind::LoadOrdered],
            Self::Coreor | Self::Coparn => &[EventKind::ReleaseOrder],
            Self::Copino => &[EventKind::PickupAnnounced],
            Self::Costco => &[EventKind::Stripped],
            Self::Costor => &[EventKind::WorkOrdered],
            Self::Baplie => &[EventKind::StowPosition],
            Self::Iftsta => &[EventKind::Other],
            Self::Cuscar => &[EventKind::ManifestLine],
            Self::Cusres => {
                &[EventKind::CustomsReleased, EventKind::CustomsSelectedForInspection, EventKind::CustomsHeld]
            }
            Self::Vermas => &[EventKind::Weighed],
        }
    }

    fn document_name(self, kind: &EventKind) -> &'static str {
        match (self, kind) {
            (Self::Codeco, EventKind::GateIn) => "34",
            (Self::Codeco, _) => "36",
            (Self::Coarri, EventKind::Discharged) => "44",
            (Self::Coarri, _) => "46",
            (Self::Coprar, EventKind::DischargeOrdered) => "145",
            (Self::Coprar, _) => "146",
            (Self::Coreor, _) => "129",
            (Self::Copino, _) => "171",
            (Self::Coparn, _) => "108",
            (Self::Costco, _) => "113",
            (Self::Costor, _) => "131",
            (Self::Cuscar, _) => "785",
            (Self::Cusres, _) => "963",
            (Self::Vermas, _) => "749",
            (Self::Baplie, _) => "",
            (Self::Iftsta, _) => "23",
        }
    }
}

/// Writes an interchange with one message about these events, which are all of one kind and, where they name a vessel or a
/// terminal, of the same. `document` is its number, `at` when it was made.
#[must_use]
pub fn render(message: Message, document: &str, at: Timestamp, events: &[PortEvent]) -> Vec<u8> {
    let prepared = utc(at, "%y%m%d:%H%M");
    let text = self::message(message, document, at, events, "1");
    format!("UNB+UNOC:3+SENDER+QUAYWATCH+{prepared}+1'{text}UNZ+1+1'").into_bytes()
}

/// The message without its interchange, under a reference.
pub(crate) fn message(
    message: Message,
    document: &str,
    at: Timestamp,
    events: &[PortEvent],
    reference: &str,
) -> String {
    let mut writer = Writer { segments: Vec::new() };
    let kind = events.first().map_or(EventKind::Other, |e| e.kind.clone());
    let name = message.document_name(&kind);
    writer.push(format!("BGM+{name}+{}+9", escape(document)));
    writer.time("137", at);
    if let Some(first) = events.first() {
        writer.header(message, first);
    }
    match message {
        Message::Cuscar => writer.manifest(events),
        Message::Iftsta => writer.statuses(events),
        Message::Cusres => writer.answer(events),
        _ => events.iter().for_each(|event| writer.line(message, event)),
    }
    if !matches!(message, Message::Cuscar | Message::Baplie) {
        writer.push(format!("CNT+16:{}", events.len()));
    }
    let mut text = format!("UNH+{reference}+{}'", message.identifier());
    for segment in &writer.segments {
        text.push_str(segment);
        text.push('\'');
    }
    let _ = write!(text, "UNT+{}+{reference}'", writer.segments.len() + 2);
    text
}

fn utc(at: Timestamp, format: &str) -> String {
    local(at, &TimeZone::UTC, format)
}

struct Writer {
    segments: Vec<String>,
}

impl Writer {
    fn push(&mut self, segment: String) {
        self.segments.push(segment);
    }

    fn time(&mut self, qualifier: &str, at: Timestamp) {
        self.push(format!("DTM+{qualifier}:{}:203", utc(at, "%Y%m%d%H%M")));
    }

    fn header(&mut self, message: Message, event: &PortEvent) {
        if let Some(t) = event.transport.as_deref() {
            let field = |text: &Option<Text>| escape(text.as_deref().unwrap_or_default());
            self.push(format!(
                "TDT+20+{}+1+13+{}:172:306+++{}:146:11:{}",
                field(&t.voyage),
                field(&t.carrier),
                field(&t.vessel_imo),
                field(&t.vessel_name)
            ));
            if let Some(call) = &t.call_id {
                self.push(format!("RFF+ATZ:{}", escape(call)));
            }
        }
        if let Some(place) = event.place.as_deref()
            && let (Some(port), Some(terminal)) = (&place.un_locode, &place.terminal)
        {
            self.push(format!("LOC+165+{port}:139:6+{terminal}:TER:ZZZ"));
        }
        if !matches!(message, Message::Cuscar) {
            event.parties.iter().for_each(|party| self.party(party));
        }
    }

    fn party(&mut self, party: &Party) {
        let role = match party.role {
            PartyRole::Carrier => "CA",
            PartyRole::Consignee => "CN",
            PartyRole::Shipper => "CZ",
            PartyRole::Notify => "NI",
            PartyRole::Forwarder => "FW",
            _ => return,
        };
        let agency = match party.id_scheme.as_deref() {
            Some("EAN") => "9",
            Some("SMDG") => "306",
            _ => "87",
        };
        let id = escape(party.id.as_deref().unwrap_or_default());
        let name = escape(party.name.as_deref().unwrap_or_default());
        let address = party.address.as_deref().map(|text| format!("+{}", escape(text))).unwrap_or_default();
        self.push(format!("NAD+{role}+{id}:160:{agency}++{name}{address}"));
        if let Some(contact) = &party.contact {
            self.push(format!("COM+{}:EM", escape(contact)));
        }
    }

    fn references(&mut self, documents: Option<&Documents>) {
        let Some(d) = documents else { return };
        for (qualifier, value) in
            [("BN", &d.booking), ("BM", &d.bill_of_lading), ("ABT", &d.customs_declaration)]
        {
            if let Some(value) = value {
                self.push(format!("RFF+{qualifier}:{}", escape(value)));
            }
        }
    }

    fn equipment(&mut self, event: &PortEvent) {
        let Some(e) = event.equipment.as_deref() else { return };
        let status = match e.status {
            Some(EquipmentStatus::Continental) => "1",
            Some(EquipmentStatus::Export) => "2",
            Some(EquipmentStatus::Import) => "3",
            Some(EquipmentStatus::RemainOnBoard) => "4",
            Some(EquipmentStatus::Transshipment) => "6",
            None => "",
        };
        let fill = match e.laden {
            Some(Laden::Empty) => "4",
            Some(Laden::Laden) => "5",
            _ => "",
        };
        let iso = e.iso_type.as_deref().unwrap_or_default();
        self.push(format!("EQD+CN+{}+{iso}:102:5++{status}+{fill}", escape(&e.number)));
    }

    /// One container with everything that is known of it.
    fn line(&mut self, message: Message, event: &PortEvent) {
        if message == Message::Baplie {
            let cell = event.transport.as_deref().and_then(|t| t.stow_cell.as_deref()).unwrap_or_default();
            self.push(format!("LOC+147+{cell}::5"));
        }
        self.equipment(event);
        self.references(event.documents.as_deref());
        match message {
            Message::Codeco | Message::Costco => self.time("7", event.occurred_at),
            Message::Coarri => self.time("203", event.occurred_at),
            Message::Vermas => self.time("WAT", event.occurred_at),
            _ => {}
        }
        self.ports(event);
        if message != Message::Baplie
            && let Some(cell) = event.transport.as_deref().and_then(|t| t.stow_cell.as_deref())
        {
            self.push(format!("LOC+147+{cell}::5"));
        }
        self.measures(event);
        event.cargo.iter().for_each(|cargo| self.description(cargo));
    }

    fn ports(&mut self, event: &PortEvent) {
        let Some(route) = event.route.as_deref() else { return };
        let places = [
            ("9", &route.port_of_loading),
            ("11", &route.port_of_discharge),
            ("7", &route.place_of_delivery),
        ];
        for (qualifier, port) in places {
            if let Some(port) = port {
                self.push(format!("LOC+{qualifier}+{port}:139:6"));
            }
        }
        for port in &route.transshipment_ports {
            self.push(format!("LOC+13+{port}:139:6"));
        }
    }

    fn measures(&mut self, event: &PortEvent) {
        for weight in &event.weights {
            let purpose = match weight.kind {
                WeightKind::Vgm => "VGM",
                WeightKind::Gross => "G",
                WeightKind::Net => "AAL",
                WeightKind::Tare => "T",
                WeightKind::Scale => continue,
            };
            self.push(format!("MEA+AAE+{purpose}+KGM:{}", weight.kg));
        }
        if let Some(setpoint) = event.reefer.as_deref().and_then(|r| r.setpoint_c) {
            self.push(format!("TMP+2+{setpoint}:CEL"));
        }
        for seal in &event.seals {
            let sealer = match seal.source {
                SealSource::Carrier => "CA",
                SealSource::Shipper => "SH",
                SealSource::Customs => "CU",
                SealSource::Terminal => "TO",
                SealSource::Consolidator => "AA",
                SealSource::Veterinary => "AC",
                SealSource::Phytosanitary | SealSource::Unknown => "AB",
            };
            let condition = match seal.condition {
                Some(Condition::Ok) => "1",
                Some(Condition::Damaged) => "2",
                Some(Condition::Missing) => "3",
                Some(Condition::Broken) => "4",
                Some(Condition::Faulty) => "5",
                None => "",
            };
            self.push(format!("SEL+{}+{sealer}+{condition}", escape(&seal.number)));
        }
    }

    fn description(&mut self, cargo: &Cargo) {
        if let Some(text) = &cargo.description {
            self.push(format!("FTX+AAA+++{}", escape(text)));
        }
        if let Some(code) = &cargo.hs_code {
            self.push(format!("PIA+5+{code}:HS"));
        }
    }

    /// CUSCAR: containers first, then a bill for each with its goods.
    fn manifest(&mut self, events: &[PortEvent]) {
        for event in events {
            self.equipment(event);
            self.measures(event);
        }
        for (n, event) in events.iter().enumerate() {
            let bill =
                event.documents.as_deref().and_then(|d| d.bill_of_lading.as_deref()).unwrap_or_default();
            self.push(format!("CNI+{}+{}", n + 1, escape(bill)));
            self.references(event.documents.as_deref());
            self.ports(event);
            event.parties.iter().for_each(|party| self.party(party));
            for cargo in &event.cargo {
                self.push(format!("GID+1+{}:CT", cargo.packages.unwrap_or_default()));
                self.description(cargo);
                if let Some(country) = &cargo.origin_country {
                    self.push(format!("LOC+27+{country}"));
                }
                self.push(format!("SGP+{}", event.container().unwrap_or_default()));
            }
        }
    }

    /// IFTSTA: a consignment and a status for each; the sender's code is `1:S`.
    fn statuses(&mut self, events: &[PortEvent]) {
        for (n, event) in events.iter().enumerate() {
            self.push(format!("CNI+{}", n + 1));
            self.push("STS+1+S".to_owned());
            self.references(event.documents.as_deref());
            self.time("334", event.occurred_at);
            self.equipment(event);
            self.measures(event);
        }
    }

    /// CUSRES: one decision on some containers under one declaration.
    fn answer(&mut self, events: &[PortEvent]) {
        let Some(first) = events.first() else { return };
        let indicator = match first.kind {
            EventKind::CustomsReleased => "4",
            EventKind::CustomsSelectedForInspection => "5",
            _ => "7",
        };
        self.time("148", first.occurred_at);
        self.push(format!("GIS+{indicator}"));
        events.iter().for_each(|event| self.equipment(event));
        self.references(first.documents.as_deref());
    }
}
