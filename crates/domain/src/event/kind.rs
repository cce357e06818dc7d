//! What happened: an open set of snake_case words.

use std::convert::Infallible;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Text, de};

macro_rules! kinds {
    ($($variant:ident = $text:literal),+ $(,)?) => {
        /// What happened. Words that this version does not know are kept as they are.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each variant is its own word; the contract lists them")]
        pub enum EventKind {
            $($variant,)+
            Unknown(Box<Text>),
        }

        impl EventKind {
            /// Every kind that this version knows.
            pub const KNOWN: &[Self] = &[$(Self::$variant),+];

            /// The word on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self { $(Self::$variant => $text,)+ Self::Unknown(word) => word }
            }

            /// Its place among [`Self::KNOWN`]; unknown ones all come after them.
            #[must_use]
            pub const fn ordinal(&self) -> usize {
                enum Place { $($variant,)+ Unknown }
                match self { $(Self::$variant => Place::$variant as usize,)+ Self::Unknown(_) => Place::Unknown as usize }
            }

            /// The kind for a word; unknown ones are kept.
            #[must_use]
            pub fn from_word(word: &str) -> Self {
                match word { $($text => Self::$variant,)+ other => Self::Unknown(Box::new(other.into())) }
            }
        }
    };
}

kinds! {
    GateIn = "gate_in", GateOut = "gate_out", Loaded = "loaded", Discharged = "discharged", Restowed = "restowed",
    Overlanded = "overlanded", Shortlanded = "shortlanded", YardMove = "yard_move",
    PositionReported = "position_reported", NotInPosition = "not_in_position", PickedUp = "picked_up", DroppedOff = "dropped_off", Stuffed = "stuffed",
    Stripped = "stripped", DeliveryRejected = "delivery_rejected",
    ReleaseIssued = "release_issued", ReleaseTransferred = "release_transferred",
    ReleaseAccepted = "release_accepted", ReleaseDeclined = "release_declined", ReleaseRevoked = "release_revoked",
    ReleaseBlocked = "release_blocked", ReleaseUsed = "release_used", PinAttempted = "pin_attempted",
    PickupAnnounced = "pickup_announced", PickupAccepted = "pickup_accepted", PickupCancelled = "pickup_cancelled",
    CustomsSelectedForScan = "customs_selected_for_scan",
    CustomsSelectedForInspection = "customs_selected_for_inspection", CustomsScanned = "customs_scanned",
    CustomsInspected = "customs_inspected", CustomsHeld = "customs_held", CustomsReleased = "customs_released",
    CustomsSelectionCancelled = "customs_selection_cancelled",
    SealAffixed = "seal_affixed", SealRemoved = "seal_removed", SealInspected = "seal_inspected",
    SealReplaced = "seal_replaced", DoorOpened = "door_opened", DoorClosed = "door_closed",
    DevicePaired = "device_paired", DeviceUnpaired = "device_unpaired", DeviceSilent = "device_silent",
    ReeferReading = "reefer_reading", PowerOff = "power_off", PowerOn = "power_on", Weighed = "weighed",
    ManifestLine = "manifest_line", StowPosition = "stow_position", LoadOrdered = "load_ordered",
    DischargeOrdered = "discharge_ordered", ReleaseOrder = "release_order", StorageExtended = "storage_extended", WorkOrdered = "work_ordered",
    BookingConfirmed = "booking_confirmed", BookingCancelled = "booking_cancelled", BookingRolled = "booking_rolled",
    VesselArrived = "vessel_arrived", VesselDeparted = "vessel_departed", RecordViewed = "record_viewed",
    RecordListed = "record_listed", RecordExported = "record_exported",
    PassIssued = "pass_issued", IntrusionReported = "intrusion_reported", ReeferAlarmReset = "reefer_alarm_reset",
    CompanyRecorded = "company_recorded", SystemOutageStarted = "system_outage_started", SystemOutageEnded = "system_outage_ended", Other = "other",
}

impl EventKind {
    /// Whether it belongs to the exchange of containers between a vessel and the port: what its lists name, and what came, went
    /// or was moved on board.
    #[must_use]
    pub const fn is_of_exchange(&self) -> bool {
        matches!(
            self,
            Self::ManifestLine
                | Self::Discharged
                | Self::Loaded
                | Self::Overlanded
                | Self::Shortlanded
                | Self::Restowed
        )
    }

    /// Whether it is the beginning or the end of an outage.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        matches!(self, Self::SystemOutageStarted | Self::SystemOutageEnded)
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        de::text(deserializer, |word| Ok::<_, Infallible>(Self::from_word(word)))
    }
}

impl std::fmt::Display for EventKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_round_trip_and_unknown_ones_are_kept() {
        for kind in EventKind::KNOWN {
            assert_eq!(&EventKind::from_word(kind.as_str()), kind);
        }
        assert_eq!(EventKind::from_word("teleported").as_str(), "teleported");
    }
}
