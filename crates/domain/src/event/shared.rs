//! An event that many hold, with what is asked of it most often at hand.

use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Classifier, EquipmentStatus, EventKind, Laden, PortEvent, WeightKind};

/// One event in memory, held by every fact that it is. Copies are cheap; it never changes.
#[derive(Debug, Clone)]
pub struct SharedEvent {
    event: Arc<PortEvent>,
    glance: Glance,
}

/// The answers to what is asked of every event of a timeline again and again, without a look at the event itself: a
/// container in the port has dozens, all over the memory.
#[derive(Debug, Clone, Copy)]
pub struct Glance(u32);

/// Bits of a [`Glance`]; below them its kind, above them laden and status, each one more than its place in its list.
mod bit {
    pub(super) const KIND: u32 = 0xFF;
    pub(super) const ACTUAL: u32 = 1 << 8;
    pub(super) const DOUBTFUL: u32 = 1 << 9;
    pub(super) const SEALS: u32 = 1 << 10;
    pub(super) const TARE: u32 = 1 << 11;
    pub(super) const CARGO: u32 = 1 << 12;
    pub(super) const ROUTE: u32 = 1 << 13;
    pub(super) const REEFER: u32 = 1 << 14;
    pub(super) const READING: u32 = 1 << 15;
    pub(super) const REFERENCE: u32 = 1 << 16;
    pub(super) const SCALE: u32 = 1 << 17;
    pub(super) const VGM: u32 = 1 << 18;
    pub(super) const COORDINATES: u32 = 1 << 19;
    pub(super) const AHEAD: u32 = 1 << 20;
    pub(super) const LADEN_AT: u32 = 24;
    pub(super) const STATUS_AT: u32 = 28;
}

// Kinds, the unknown one included, fit below the bits.
const _: () = assert!(EventKind::KNOWN.len() < bit::KIND as usize);

impl Glance {
    fn of(event: &PortEvent) -> Self {
        let equipment = event.equipment.as_deref();
        let source = &event.source;
        let weighs = |kind: WeightKind| event.weights.iter().any(|w| w.kind == kind);
        let flags = [
            (bit::ACTUAL, event.classifier == Classifier::Actual),
            (bit::DOUBTFUL, event.has_doubtful_number()),
            (bit::SEALS, !event.seals.is_empty()),
            (bit::CARGO, !event.cargo.is_empty()),
            (bit::ROUTE, event.route.is_some()),
            (bit::REEFER, event.is_reefer()),
            (bit::READING, event.reefer.is_some()),
            (bit::REFERENCE, source.message_id.is_some() && source.format.starts_with("EDIFACT")),
            (bit::TARE, equipment.is_some_and(|e| e.tare_kg.is_some()) || weighs(WeightKind::Tare)),
            (bit::SCALE, weighs(WeightKind::Scale)),
            (bit::VGM, weighs(WeightKind::Vgm)),
            (bit::AHEAD, event.created_at.is_some_and(|said| said > event.received_at)),
            (bit::COORDINATES, event.place.as_deref().is_some_and(|p| p.latitude.zip(p.longitude).is_some())),
        ];
        let set = flags.into_iter().filter(|(_, holds)| *holds).fold(0, |set, (bit, _)| set | bit);
        let laden = place(Laden::ALL, equipment.and_then(|e| e.laden));
        let status = place(EquipmentStatus::ALL, equipment.and_then(|e| e.status));
        let kind = u32::try_from(event.kind.ordinal()).unwrap_or(bit::KIND);
        Self(set | kind | laden << bit::LADEN_AT | status << bit::STATUS_AT)
    }

    const fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }

    /// Place of the kind among [`EventKind::KNOWN`]; beyond it when it is not known.
    #[must_use]
    pub const fn kind(self) -> usize {
        (self.0 & bit::KIND) as usize
    }

    /// Whether the happening is reported as a fact.
    #[must_use]
    pub const fn is_actual(self) -> bool {
        self.has(bit::ACTUAL)
    }

    /// [`PortEvent::has_doubtful_number`].
    #[must_use]
    pub const fn has_doubtful_number(self) -> bool {
        self.has(bit::DOUBTFUL)
    }

    /// Whether it names seals.
    #[must_use]
    pub const fn has_seals(self) -> bool {
        self.has(bit::SEALS)
    }

    /// Whether it names goods.
    #[must_use]
    pub const fn has_cargo(self) -> bool {
        self.has(bit::CARGO)
    }

    /// Whether it names ports from origin to destination.
    #[must_use]
    pub const fn has_route(self) -> bool {
        self.has(bit::ROUTE)
    }

    /// [`PortEvent::is_reefer`].
    #[must_use]
    pub const fn is_reefer(self) -> bool {
        self.has(bit::REEFER)
    }

    /// Whether it has readings of a reefer.
    #[must_use]
    pub const fn has_reading(self) -> bool {
        self.has(bit::READING)
    }

    /// Whether it comes from an UN/EDIFACT message with a control reference.
    #[must_use]
    pub const fn has_control_reference(self) -> bool {
        self.has(bit::REFERENCE)
    }

    /// Whether it gives the weight of the empty container.
    #[must_use]
    pub const fn has_tare(self) -> bool {
        self.has(bit::TARE)
    }

    /// Whether it gives the reading of a scale.
    #[must_use]
    pub const fn has_scale(self) -> bool {
        self.has(bit::SCALE)
    }

    /// Whether it gives a verified gross mass.
    #[must_use]
    pub const fn has_vgm(self) -> bool {
        self.has(bit::VGM)
    }

    /// Whether it says where on earth it happened.
    #[must_use]
    pub const fn has_coordinates(self) -> bool {
        self.has(bit::COORDINATES)
    }

    /// Whether it is dated later than it came in.
    #[must_use]
    pub const fn is_dated_ahead(self) -> bool {
        self.has(bit::AHEAD)
    }

    /// Empty or laden, where it says so.
    #[must_use]
    pub fn laden(self) -> Option<Laden> {
        at_place(Laden::ALL, self.0 >> bit::LADEN_AT & 0xF)
    }

    /// What the container is in the port for, where it says so.
    #[must_use]
    pub fn status(self) -> Option<EquipmentStatus> {
        at_place(EquipmentStatus::ALL, self.0 >> bit::STATUS_AT)
    }
}

/// One more than the place of a code in its list; 0 for none.
fn place<T: Copy + PartialEq>(all: &[T], code: Option<T>) -> u32 {
    (1..).zip(all).find(|(_, known)| Some(**known) == code).map_or(0, |(place, _)| place)
}

fn at_place<T: Copy>(all: &[T], place: u32) -> Option<T> {
    all.get(usize::try_from(place.checked_sub(1)?).ok()?).copied()
}

impl SharedEvent {
    /// What is asked most often.
    #[must_use]
    pub const fn glance(&self) -> Glance {
        self.glance
    }

    /// The same with a change; copied only where others hold it too.
    #[must_use]
    pub fn changed(self, change: impl FnOnce(&mut PortEvent)) -> Self {
        let mut event = self.event;
        change(Arc::make_mut(&mut event));
        event.into()
    }
}

impl From<Arc<PortEvent>> for SharedEvent {
    fn from(event: Arc<PortEvent>) -> Self {
        Self { glance: Glance::of(&event), event }
    }
}

impl From<PortEvent> for SharedEvent {
    fn from(event: PortEvent) -> Self {
        Arc::new(event).into()
    }
}

impl Deref for SharedEvent {
    type Target = PortEvent;

    fn deref(&self) -> &PortEvent {
        &self.event
    }
}

impl PartialEq for SharedEvent {
    fn eq(&self, other: &Self) -> bool {
        self.event == other.event
    }
}

impl Serialize for SharedEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.event.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SharedEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PortEvent::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::event::{Equipment, Place, Seal, SealSource, Weight};

    #[test]
    fn a_glance_says_what_the_event_says() {
        let mut event = PortEvent::new("gate/1", EventKind::GateOut, Timestamp::from_millis(0));
        let shared = SharedEvent::from(event.clone());
        assert_eq!(EventKind::KNOWN.get(shared.glance().kind()), Some(&EventKind::GateOut));
        assert!(shared.glance().is_actual() && !shared.glance().has_doubtful_number());
        assert_eq!((shared.glance().laden(), shared.glance().status()), (None, None));
        event.kind = EventKind::from_word("levitated");
        event.classifier = Classifier::Planned;
        for (laden, status) in Laden::ALL.iter().zip(EquipmentStatus::ALL) {
            let equipment = Equipment {
                laden: Some(*laden),
                status: Some(*status),
                check_digit_ok: Some(false),
                iso_type: Some("45R1".into()),
                ..Equipment::default()
            };
            event.equipment = Some(Box::new(equipment));
            let glance = SharedEvent::from(event.clone()).glance();
            assert_eq!((glance.laden(), glance.status()), (Some(*laden), Some(*status)));
            assert_eq!(EventKind::KNOWN.get(glance.kind()), None);
            assert!(glance.is_reefer() && glance.has_doubtful_number() && !glance.is_actual());
            assert!(!glance.has_seals() && !glance.has_reading() && !glance.has_control_reference());
        }
        event.seals = vec![Seal {
            number: "ML1".into(),
            normalised: None,
            source: SealSource::Carrier,
            condition: None,
            seal_type: None,
        }]
        .into();
        event.reefer = Some(Box::default());
        event.source.format = "EDIFACT-CODECO-D95B".into();
        event.source.message_id = Some("1".into());
        let glance = SharedEvent::from(event).glance();
        assert!(glance.has_seals() && glance.has_reading() && glance.has_control_reference());
        assert!(!glance.has_cargo() && !glance.has_route());
    }

    #[test]
    fn a_glance_says_what_was_weighed_and_where() {
        let mut event = PortEvent::new("gate/1", EventKind::GateIn, Timestamp::from_millis(0));
        let glance = |event: &PortEvent| {
            let glance = SharedEvent::from(event.clone()).glance();
            [glance.has_tare(), glance.has_scale(), glance.has_vgm(), glance.has_coordinates()]
        };
        assert_eq!(glance(&event), [false; 4]);
        for (place, kind) in [WeightKind::Tare, WeightKind::Scale, WeightKind::Vgm].into_iter().enumerate() {
            event.weights = vec![Weight { kind, kg: 2200.0, method: None }].into();
            let mut wanted = [false; 4];
            wanted[place] = true;
            assert_eq!(glance(&event), wanted, "{kind:?}");
        }
        event.weights.clear();
        event.equipment = Some(Box::new(Equipment { tare_kg: Some(2200.0), ..Equipment::default() }));
        event.place = Some(Box::new(Place { latitude: Some(45.5), ..Place::default() }));
        assert_eq!(glance(&event), [true, false, false, false]);
        event.place =
            Some(Box::new(Place { latitude: Some(45.5), longitude: Some(13.7), ..Place::default() }));
        assert_eq!(glance(&event), [true, false, false, true]);
    }
}
