//! Visits: where one stay of a container ends and the next begins.
//!
//! After a departure (gate-out, loading) an arrival begins the next visit, and so does what clearly precedes one
//! (manifest, discharge order, a new release right) unless it speaks of the bill, call or release of the visit that
//! just ended; while the container is at sea, customs and release messages can only be about its next stay. Everything
//! else belongs to the departed visit until its after-window is over. A container reported at two places without having
//! departed stays in one visit, so that twins are seen together.

use quaywatch_domain::event::{EquipmentStatus, PortEvent};
use quaywatch_domain::{EventKind, Timestamp};

use crate::settings::{DAY_MS, VisitRules};
use crate::view::Seen;

/// Whether the container comes to a terminal by this.
pub(crate) const fn is_arrival(kind: &EventKind) -> bool {
    matches!(kind, EventKind::GateIn | EventKind::Discharged | EventKind::Overlanded)
}

/// Whether the container leaves a terminal by this.
pub(crate) const fn is_departure(kind: &EventKind) -> bool {
    matches!(kind, EventKind::GateOut | EventKind::Loaded)
}

/// Whether this precedes an arrival.
const fn announces_arrival(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::ManifestLine
            | EventKind::DischargeOrdered
            | EventKind::ReleaseIssued
            | EventKind::ReleaseOrder
            | EventKind::BookingConfirmed
            | EventKind::LoadOrdered
    )
}

/// Whether this is about the stay to come, once the container is at sea.
const fn is_ahead_at_sea(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::CustomsHeld
            | EventKind::CustomsSelectedForScan
            | EventKind::CustomsSelectedForInspection
            | EventKind::CustomsReleased
            | EventKind::ReleaseTransferred
            | EventKind::ReleaseAccepted
            | EventKind::ReleaseDeclined
            | EventKind::ReleaseRevoked
            | EventKind::ReleaseBlocked
            | EventKind::PickupAnnounced
    )
}

/// Cuts a timeline, one event after the other in order of time.
pub(crate) struct Cutter {
    after_window_ms: i64,
    /// Departure that the current visit has seen, and whether it was by sea.
    departed: Option<(Timestamp, bool)>,
    started: bool,
}

impl Cutter {
    pub(crate) const fn new(rules: &VisitRules) -> Self {
        Self { after_window_ms: rules.after_window_days * DAY_MS, departed: None, started: false }
    }

    /// Whether this event begins a visit; `stay` is the current one up to here.
    pub(crate) fn begins(&mut self, seen: &Seen<'_>, stay: &[Seen<'_>]) -> bool {
        let begins = !self.started
            || self.departed.is_some_and(|(at, by_sea)| {
                (seen.is_actual() && is_arrival(seen.kind()))
                    || (by_sea && is_ahead_at_sea(seen.kind()))
                    || (announces_arrival(seen.kind())
                        && seen.status() != Some(EquipmentStatus::Export)
                        && (by_sea || !speaks_of(stay, seen.event)))
                    || seen.at().millis_since(at) > self.after_window_ms
            });
        if begins {
            self.started = true;
            self.departed = None;
        }
        if seen.is_actual() && is_departure(seen.kind()) {
            self.departed = Some((seen.at(), *seen.kind() == EventKind::Loaded));
        }
        begins
    }
}

/// Whether an event names a bill, call or release of this stay.
fn speaks_of(stay: &[Seen<'_>], event: &PortEvent) -> bool {
    stay.iter().map(|s| s.event).any(|known| {
        let same_call = match (known.transport.as_deref(), event.transport.as_deref()) {
            (Some(a), Some(b)) => a.call_id.is_some() && a.call_id == b.call_id,
            _ => false,
        };
        same_call
            || match (known.documents.as_deref(), event.documents.as_deref()) {
                (Some(a), Some(b)) => {
                    (a.bill_of_lading.is_some() && a.bill_of_lading == b.bill_of_lading)
                        || (a.release.is_some() && a.release == b.release)
                        || (a.booking.is_some() && a.booking == b.booking)
                }
                _ => false,
            }
    })
}
