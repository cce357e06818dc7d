//! The canonical event: one thing that happened (or is planned, or was taken back) in the port.

pub mod kind;
pub mod note;
mod party;
mod sections;
mod shared;
mod source;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use crate::codes::codes;
use crate::identifiers::size_type::{Build, SizeType};
use crate::{Id, Text, Timestamp, identifiers};
use kind::EventKind;
pub use party::{Party, PartyRole};
pub use sections::{
    Actor, Cargo, Condition, Customs, Documents, Equipment, EquipmentStatus, Laden, Mode, Pin, PinOutcome,
    Place, Reefer, Route, Seal, SealSource, Transport, Weight, WeightKind, Yard,
};
pub use shared::{Glance, SharedEvent};
pub use source::{Source, SourceMessage, Stored};

codes! {
    /// Whether it happened or is expected to (DCSA eventClassifierCode, and REQUESTED).
    Classifier {
        /// Scheduled.
        Planned = "PLANNED",
        /// Expected.
        Estimated = "ESTIMATED",
        /// Happened.
        Actual = "ACTUAL",
        /// Asked for.
        Requested = "REQUESTED",
    }
}

/// One event in canonical form; record `PortEvent` of the contracts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortEvent {
    /// Stable for the same happening; a higher revision under the same id overrides.
    pub event_id: Id,
    /// The sender's update time in ms, or the order of arrival within the document.
    pub revision: i64,
    /// Whether the happening is taken back.
    #[serde(default)]
    pub retracted: bool,
    /// What happened.
    pub kind: EventKind,
    /// Whether it happened or is expected to.
    pub classifier: Classifier,
    /// When it happened or is expected to.
    pub occurred_at: Timestamp,
    /// When the sender said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When we stored the message.
    pub received_at: Timestamp,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Box<Place>>,
    /// The container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equipment: Option<Box<Equipment>>,
    /// Means of transport.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Box<Transport>>,
    /// Ports from origin to destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Box<Route>>,
    /// Document numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<Box<Documents>>,
    /// Parties in their roles.
    #[serde(default, skip_serializing_if = "ThinVec::is_empty")]
    pub parties: ThinVec<Party>,
    /// Seals as sighted.
    #[serde(default, skip_serializing_if = "ThinVec::is_empty")]
    pub seals: ThinVec<Seal>,
    /// Weights.
    #[serde(default, skip_serializing_if = "ThinVec::is_empty")]
    pub weights: ThinVec<Weight>,
    /// Customs particulars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customs: Option<Box<Customs>>,
    /// Outcome of a PIN attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
    /// Who acted in a computer system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Box<Actor>>,
    /// Refrigeration readings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reefer: Option<Box<Reefer>>,
    /// Goods.
    #[serde(default, skip_serializing_if = "ThinVec::is_empty")]
    pub cargo: ThinVec<Cargo>,
    /// Where the event comes from, down to the bytes.
    pub source: Source,
    /// What was odd about the message, as flags such as `CHECK_DIGIT_WRONG`; see [`note`].
    #[serde(default, skip_serializing_if = "ThinVec::is_empty")]
    pub notes: ThinVec<Cow<'static, str>>,
}

impl PortEvent {
    /// An event that says what happened and when, and nothing else: actual, standing, received when it happened.
    #[must_use]
    pub fn new(event_id: impl Into<Id>, kind: EventKind, occurred_at: Timestamp) -> Self {
        Self {
            event_id: event_id.into(),
            revision: 0,
            retracted: false,
            kind,
            classifier: Classifier::Actual,
            occurred_at,
            created_at: None,
            received_at: occurred_at,
            place: None,
            equipment: None,
            transport: None,
            route: None,
            documents: None,
            parties: ThinVec::new(),
            seals: ThinVec::new(),
            weights: ThinVec::new(),
            customs: None,
            pin: None,
            actor: None,
            reefer: None,
            cargo: ThinVec::new(),
            source: Source::default(),
            notes: ThinVec::new(),
        }
    }

    /// Something of every part that is asked for often, of no meaning: whoever reads it has these parts at hand.
    #[must_use]
    pub fn touch(&self) -> u8 {
        let place = self.place.as_deref().is_some_and(|p| p.terminal.is_some());
        let equipment = self.equipment.as_deref().is_some_and(|e| e.iso_type.is_some());
        let transport = self.transport.as_deref().is_some_and(|t| {
            t.vessel_imo.is_some()
                ^ t.carrier.is_some()
                ^ t.call_id.is_some()
                ^ t.truck.is_some()
                ^ t.trailer.is_some()
        });
        let documents = self
            .documents
            .as_deref()
            .is_some_and(|d| d.bill_of_lading.is_some() ^ d.release.is_some() ^ d.appointment.is_some());
        let parties = self.parties.iter().fold(0, |all, p| {
            let named = p.id.is_some() ^ p.name.is_some() ^ p.canonical.is_some();
            all ^ p.role as u8 ^ u8::from(named)
        });
        let seals = self.seals.first().is_some_and(|s| s.normalised.is_some());
        let own = self.retracted ^ self.notes.is_empty();
        parties ^ u8::from(place ^ equipment ^ transport ^ documents ^ seals ^ own)
    }

    /// The compact container number, when there is one.
    #[must_use]
    pub fn container(&self) -> Option<&str> {
        self.equipment.as_deref().map(|e| e.number.as_str()).filter(|n| !n.is_empty())
    }

    /// Whether it tells of the beginning or the end of an outage.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        self.kind.is_outage()
    }

    /// Whether it tells of an outage of a system as a whole, and not of what it means to one container.
    #[must_use]
    pub fn is_system_outage(&self) -> bool {
        self.is_outage() && self.container().is_none()
    }

    /// Whether the container number may not be relied on: it fails its check digit.
    #[must_use]
    pub fn has_doubtful_number(&self) -> bool {
        self.equipment.as_deref().is_some_and(|e| e.check_digit_ok == Some(false))
            || self.notes.iter().any(|n| n == note::CHECK_DIGIT_WRONG)
    }

    /// Whether the happening is reported as a fact (not planned, estimated or requested).
    #[must_use]
    pub fn is_actual(&self) -> bool {
        self.classifier == Classifier::Actual
    }

    /// The terminal's SMDG code, when known.
    #[must_use]
    pub fn terminal(&self) -> Option<&str> {
        self.place.as_deref()?.terminal.as_deref()
    }

    /// The vessel calls that the event is about, as far as it names them: by the call's own number, and by IMO number and
    /// voyage, because not every sender knows the former.
    #[must_use]
    pub fn calls(&self) -> Vec<Text> {
        let Some(transport) = self.transport.as_deref() else { return Vec::new() };
        let voyage = match (transport.vessel_imo.as_deref(), transport.voyage.as_deref()) {
            (Some(imo), Some(voyage)) if !imo.is_empty() => Some(identifiers::normalise_reference(voyage))
                .filter(|voyage| !voyage.is_empty())
                .map(|voyage| Text::from(imo) + "." + &voyage),
            _ => None,
        };
        transport.call_id.clone().filter(|id| !id.is_empty()).into_iter().chain(voyage).collect()
    }

    /// UN/LOCODE of the port where a container that comes here by sea was loaded, as far as this says it.
    #[must_use]
    pub fn came_from(&self) -> Option<&str> {
        let comes = matches!(
            self.kind,
            EventKind::ManifestLine
                | EventKind::StowPosition
                | EventKind::DischargeOrdered
                | EventKind::Discharged
                | EventKind::Overlanded
        );
        let status = self.equipment.as_deref().and_then(|e| e.status);
        let stays = matches!(status, Some(EquipmentStatus::Export | EquipmentStatus::RemainOnBoard));
        let port = self.route.as_deref().filter(|_| comes && !stays)?.port_of_loading.as_deref();
        port.filter(|port| identifiers::is_un_locode(port))
    }

    /// Whether the container is said to be empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.equipment.as_deref().is_some_and(|e| e.laden == Some(Laden::Empty))
    }

    /// Whether its size and type code (ISO 6346) is that of a reefer.
    #[must_use]
    pub fn is_reefer(&self) -> bool {
        let iso_type = self.equipment.as_deref().and_then(|e| e.iso_type.as_deref());
        iso_type.and_then(SizeType::parse).is_some_and(|size| size.build == Build::Reefer)
    }

    /// The terminal or depot to which it says something as a whole: of intruders where no container is named, or of an empty
    /// reefer that came in by gate, at which they may have been.
    #[must_use]
    pub fn depot(&self) -> Option<&str> {
        let tells = match self.kind {
            EventKind::IntrusionReported => self.container().is_none(),
            EventKind::GateIn => self.is_actual() && self.is_empty() && self.is_reefer(),
            _ => false,
        };
        self.terminal().filter(|_| tells)
    }

    /// Whether it is a document of the trade or the pick-up, the sources of what is known of a consignee's relations.
    #[must_use]
    pub const fn tells_trade(&self) -> bool {
        matches!(
            self.kind,
            EventKind::ManifestLine
                | EventKind::BookingConfirmed
                | EventKind::ReleaseIssued
                | EventKind::ReleaseOrder
                | EventKind::PickupAnnounced
                | EventKind::GateOut
                | EventKind::CompanyRecorded
        )
    }

    /// Whether a right to fetch the container begins with it.
    #[must_use]
    pub const fn begins_release(&self) -> bool {
        matches!(self.kind, EventKind::ReleaseIssued | EventKind::ReleaseOrder)
    }

    /// Whether it tells of a full container that is to go by sea.
    #[must_use]
    pub fn is_full_export(&self) -> bool {
        let status = self.equipment.as_deref().and_then(|e| e.status);
        status == Some(EquipmentStatus::Export) && !self.is_empty()
    }

    /// Whether it says something of the dealings of a party that it names: with whom or in what a consignee trades, by whom a
    /// right begins, which exports a haulier takes out or is told to, what a shipper sends. Of all others it says nothing
    /// that is not the container's own.
    #[must_use]
    pub fn tells_of(&self, party: &Party) -> bool {
        let deals = |p: &Party| matches!(p.role, PartyRole::ReleaseTo | PartyRole::Haulier);
        match party.role {
            PartyRole::Consignee => self.tells_trade() || self.parties.iter().any(deals),
            PartyRole::ReleaseFrom | PartyRole::Carrier => self.begins_release(),
            PartyRole::ReleaseTo => self.begins_release() && self.is_full_export(),
            PartyRole::Haulier => {
                (self.begins_release() || self.kind == EventKind::GateOut) && self.is_full_export()
            }
            PartyRole::Shipper => {
                self.container().is_some() && (self.is_actual() || self.kind == EventKind::ManifestLine)
            }
            PartyRole::Notify
            | PartyRole::Forwarder
            | PartyRole::Terminal
            | PartyRole::Broker
            | PartyRole::Owner => false,
        }
    }

    /// Whether it says something of a vessel call that it names: which containers came, went or were listed, where they stand
    /// on board, or that the vessel has left.
    #[must_use]
    pub fn tells_of_call(&self) -> bool {
        let cell = self.transport.as_deref().and_then(|t| t.stow_cell.as_deref());
        self.kind == EventKind::VesselDeparted
            || self.kind.is_of_exchange()
            || (cell.is_some() && self.is_actual() && self.container().is_some())
    }

    /// Whether a truck passed the gate without container, or was to, and its plate or driver is named.
    #[must_use]
    pub fn is_truck_alone(&self) -> bool {
        let passes = matches!(self.kind, EventKind::GateIn | EventKind::GateOut);
        let transport = self.transport.as_deref().filter(|_| passes && self.container().is_none());
        transport.is_some_and(|t| t.truck.is_some() || t.driver.is_some())
    }

    /// Feed and sender of an EDIFACT message that opens the way out: a release order (COREOR) or the announcement of a truck
    /// (COPINO), whatever it says of it.
    #[must_use]
    pub fn opening_sender(&self) -> Option<String> {
        let source = &self.source;
        let opens = ["EDIFACT-COREOR", "EDIFACT-COPINO"].iter().any(|name| source.format.starts_with(name));
        let sender = source.sender.as_deref().filter(|_| opens && source.message_id.is_some())?;
        Some(format!("{}/{sender}", source.feed))
    }

    /// The first party in this role.
    #[must_use]
    pub fn party(&self, role: PartyRole) -> Option<&Party> {
        self.parties.iter().find(|p| p.role == role)
    }

    /// The partition key on `port.events`: container number, else vessel call, else party.
    #[must_use]
    pub fn partition_key(&self) -> &str {
        self.container()
            .or_else(|| {
                self.transport.as_deref().and_then(|t| t.call_id.as_deref().or(t.vessel_imo.as_deref()))
            })
            .or_else(|| self.parties.iter().find_map(|p| p.id.as_deref()))
            .unwrap_or(&self.source.feed)
    }
}
