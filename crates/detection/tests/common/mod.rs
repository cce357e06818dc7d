//! A small world to tell stories in: events go to the timelines of the subjects they concern, as the screener sends
//! them, and what one timeline tells another arrives there.

mod world;

use std::sync::Arc;

use quaywatch_domain::alert::Evidence;
use quaywatch_domain::event::{
    Actor, Cargo, Classifier, Documents, Equipment, EquipmentStatus, Laden, Mode, Party, PartyRole, Pin,
    PinOutcome, Place, Route, Seal, SealSource, SourceMessage, Stored, Transport, Weight, WeightKind, Yard,
};
use quaywatch_domain::identifiers::normalise_seal;
use quaywatch_domain::identifiers::seal::run_of;
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::watchlist::EntryAction;
use quaywatch_domain::{
    Alert, EventKind, Fact, Feedback, Handling, Hit, PortEvent, Severity, Subject, Timestamp, Verdict,
};

pub(crate) use world::World;

pub(crate) const BOX: &str = "CSQU3054383";
pub(crate) const OTHER_BOX: &str = "MSKU1234565";

/// `day` of March 2026 at `hh:mm` UTC, such as `at(3, "14:05")`.
pub(crate) fn at(day: u32, time: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-03-{day:02}T{time}:00Z")).unwrap()
}

/// An actual event of `container`, received when it happened; its id is made of what it says.
pub(crate) fn event(kind: EventKind, container: &str, at: Timestamp) -> PortEvent {
    let id = format!("e/{container}/{kind}/{}", at.as_millis());
    PortEvent {
        revision: 1,
        created_at: Some(at),
        equipment: Some(Box::new(Equipment {
            number: container.into(),
            check_digit_ok: Some(true),
            ..Equipment::default()
        })),
        source: SourceMessage {
            feed: "terminal".into(),
            stored: Arc::new(Stored { topic: "port.raw".into(), ..Stored::default() }),
            ..SourceMessage::default()
        }
        .into(),
        ..PortEvent::new(id, kind, at)
    }
}

/// Sections of an event, one word each.
pub(crate) trait Says: Sized {
    fn id(self, id: &str) -> Self;
    fn revision(self, revision: i64) -> Self;
    fn retracted(self) -> Self;
    fn planned(self) -> Self;
    fn received(self, at: Timestamp) -> Self;
    fn feed(self, feed: &str) -> Self;
    fn terminal(self, code: &str) -> Self;
    fn facility(self, facility: &str) -> Self;
    fn coordinates(self, latitude: f64, longitude: f64) -> Self;
    fn wrong_check_digit(self) -> Self;
    fn laden(self, laden: Laden) -> Self;
    fn status(self, status: EquipmentStatus) -> Self;
    fn truck(self, truck: &str) -> Self;
    fn imo(self, imo: &str) -> Self;
    fn release(self, id: &str) -> Self;
    fn appointment(self, id: &str) -> Self;
    fn bill(self, bill: &str) -> Self;
    fn party(self, role: PartyRole, scheme: &str, id: &str) -> Self;
    fn seal(self, number: &str, source: SealSource) -> Self;
    fn edit(self, change: impl FnOnce(&mut PortEvent)) -> Self;

    /// A slot written `BLOCK-BAY-ROW-TIER`.
    fn slot(self, slot: &str) -> Self {
        self.edit(|e| {
            let mut parts = slot.split('-').map(|part| Some(part.into()));
            let mut next = || parts.next().flatten();
            e.place.get_or_insert_default().yard =
                Some(Box::new(Yard { block: next(), bay: next(), row: next(), tier: next() }));
        })
    }
    fn iso_type(self, code: &str) -> Self {
        self.edit(|e| e.equipment.get_or_insert_default().iso_type = Some(code.into()))
    }
    fn tare(self, kg: f64) -> Self {
        self.edit(|e| e.equipment.get_or_insert_default().tare_kg = Some(kg))
    }
    fn weight(self, kind: WeightKind, kg: f64) -> Self {
        self.edit(|e| e.weights.push(Weight { kind, kg, method: None }))
    }
    fn mode(self, mode: Mode) -> Self {
        self.edit(|e| e.transport.get_or_insert_default().mode = Some(mode))
    }
    fn driver(self, driver: &str) -> Self {
        self.edit(|e| e.transport.get_or_insert_default().driver = Some(driver.into()))
    }
    fn call(self, call: &str) -> Self {
        self.edit(|e| e.transport.get_or_insert_default().call_id = Some(call.into()))
    }
    fn voyage(self, voyage: &str) -> Self {
        self.edit(|e| e.transport.get_or_insert_default().voyage = Some(voyage.into()))
    }
    fn cell(self, cell: &str) -> Self {
        self.edit(|e| e.transport.get_or_insert_default().stow_cell = Some(cell.into()))
    }
    fn port(self, un_locode: &str) -> Self {
        self.edit(|e| e.place.get_or_insert_default().un_locode = Some(un_locode.into()))
    }
    fn message(self, id: &str) -> Self {
        self.edit(|e| e.source.message_id = Some(id.into()))
    }
    /// A telephone or mail pseudonym of the party named last.
    fn contact(self, pseudonym: &str) -> Self {
        self.edit(|e| e.parties.last_mut().unwrap().contact = Some(pseudonym.into()))
    }
    /// What the company register says of the party named last.
    fn register(self, change: impl FnOnce(&mut Party)) -> Self {
        self.edit(|e| change(e.parties.last_mut().unwrap()))
    }
    /// Takes the container away: an event of a vessel, a company or a user.
    fn without_container(self) -> Self {
        self.edit(|e| e.equipment = None)
    }
    fn carrier(self, code: &str) -> Self {
        self.edit(|e| e.transport.get_or_insert_default().carrier = Some(code.into()))
    }
    fn booking(self, booking: &str) -> Self {
        self.edit(|e| e.documents.get_or_insert_default().booking = Some(booking.into()))
    }
    fn order(self, order: &str) -> Self {
        self.edit(|e| e.documents.get_or_insert_default().order = Some(order.into()))
    }
    fn route(self, loading: &str, via: &[&str], discharge: &str) -> Self {
        self.edit(|e| {
            let route: &mut Route = e.route.get_or_insert_default();
            route.port_of_loading = Some(loading.into());
            route.transshipment_ports = via.iter().map(|port| (*port).into()).collect();
            route.port_of_discharge = Some(discharge.into());
        })
    }
    fn delivery(self, place: &str) -> Self {
        self.edit(|e| e.route.get_or_insert_default().place_of_delivery = Some(place.into()))
    }
    fn goods(self, hs_code: &str, origin: &str) -> Self {
        self.edit(|e| {
            e.cargo.push(Cargo {
                hs_code: Some(hs_code.into()),
                origin_country: Some(origin.into()),
                ..Cargo::default()
            });
        })
    }
    fn pin(self, outcome: PinOutcome) -> Self {
        self.edit(|e| e.pin = Some(Pin { outcome }))
    }
    fn user(self, user: &str, organisation: &str) -> Self {
        self.edit(|e| {
            let actor: &mut Actor = e.actor.get_or_insert_default();
            actor.user = Some(user.into());
            actor.organisation = Some(organisation.into());
        })
    }
    fn role(self, role: &str) -> Self {
        self.edit(|e| e.actor.get_or_insert_default().role = Some(role.into()))
    }
    fn office(self, code: &str) -> Self {
        self.edit(|e| e.customs.get_or_insert_default().office = Some(code.into()))
    }
    fn haulier(self, ean: &str) -> Self {
        self.party(PartyRole::Haulier, "EAN", ean)
    }
    fn to(self, ean: &str) -> Self {
        self.party(PartyRole::ReleaseTo, "EAN", ean)
    }
    fn consignee(self, eori: &str) -> Self {
        self.party(PartyRole::Consignee, "EORI", eori)
    }
}

impl Says for PortEvent {
    fn edit(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
    fn id(self, id: &str) -> Self {
        self.edit(|e| e.event_id = id.into())
    }
    fn revision(self, revision: i64) -> Self {
        self.edit(|e| e.revision = revision)
    }
    fn retracted(self) -> Self {
        self.edit(|e| e.retracted = true)
    }
    fn planned(self) -> Self {
        self.edit(|e| e.classifier = Classifier::Planned)
    }
    fn received(self, at: Timestamp) -> Self {
        self.edit(|e| {
            e.received_at = at;
            e.created_at = Some(at);
        })
    }
    fn feed(self, feed: &str) -> Self {
        self.edit(|e| e.source.feed = feed.into())
    }
    fn terminal(self, code: &str) -> Self {
        self.edit(|e| e.place.get_or_insert_default().terminal = Some(code.into()))
    }
    fn facility(self, facility: &str) -> Self {
        self.edit(|e| e.place.get_or_insert_default().facility = Some(facility.into()))
    }
    fn coordinates(self, latitude: f64, longitude: f64) -> Self {
        self.edit(|e| {
            let place: &mut Place = e.place.get_or_insert_default();
            place.latitude = Some(latitude);
            place.longitude = Some(longitude);
        })
    }
    fn wrong_check_digit(self) -> Self {
        self.edit(|e| e.equipment.get_or_insert_default().check_digit_ok = Some(false))
    }
    fn laden(self, laden: Laden) -> Self {
        self.edit(|e| e.equipment.get_or_insert_default().laden = Some(laden))
    }
    fn status(self, status: EquipmentStatus) -> Self {
        self.edit(|e| e.equipment.get_or_insert_default().status = Some(status))
    }
    fn truck(self, truck: &str) -> Self {
        self.edit(|e| {
            let transport: &mut Transport = e.transport.get_or_insert_default();
            transport.truck = Some(truck.into());
        })
    }
    fn imo(self, imo: &str) -> Self {
        self.edit(|e| e.transport.get_or_insert_default().vessel_imo = Some(imo.into()))
    }
    fn release(self, id: &str) -> Self {
        self.edit(|e| {
            let documents: &mut Documents = e.documents.get_or_insert_default();
            documents.release = Some(id.into());
        })
    }
    fn appointment(self, id: &str) -> Self {
        self.edit(|e| e.documents.get_or_insert_default().appointment = Some(id.into()))
    }
    fn bill(self, bill: &str) -> Self {
        self.edit(|e| e.documents.get_or_insert_default().bill_of_lading = Some(bill.into()))
    }
    fn party(self, role: PartyRole, scheme: &str, id: &str) -> Self {
        self.edit(|e| {
            e.parties.push(Party { id: Some(id.into()), id_scheme: Some(scheme.into()), ..Party::new(role) });
        })
    }
    fn seal(self, number: &str, source: SealSource) -> Self {
        self.edit(|e| {
            e.seals.push(Seal {
                number: number.into(),
                normalised: normalise_seal(number).map(Into::into),
                source,
                condition: None,
                seal_type: None,
            });
        })
    }
}

fn fact(subject: Subject, id: String, at: Timestamp) -> Fact {
    Fact {
        fact_id: id.into(),
        revision: 1,
        retracted: false,
        subject,
        occurred_at: at,
        created_at: Some(at),
        received_at: at,
        handling: Handling::port_traffic(),
        event: None,
        hit: None,
        indicator: None,
        feedback: None,
        pointer: None,
        in_hindsight: false,
    }
}

/// The facts of an event: one for each subject that it concerns.
pub(crate) fn facts_of(event: &PortEvent) -> Vec<Fact> {
    let mut subjects: Vec<Subject> = event.container().map(Subject::container).into_iter().collect();
    let mut add = |kind, id: Option<&str>| subjects.extend(id.map(|id| Subject::new(kind, id)));
    for seal in &event.seals {
        add(SubjectKind::Seal, seal.normalised.as_deref());
        if seal.source == SealSource::Shipper && event.party(PartyRole::Shipper).is_some() {
            add(SubjectKind::SealRun, seal.normalised.as_deref().and_then(run_of).as_deref());
        }
    }
    for party in &event.parties {
        add(SubjectKind::Party, party.key().as_deref());
    }
    // What consignees share is followed for those of which the register tells since when they exist or who took them over.
    let is_dated = |c: &Party| c.registered_at.is_some() || c.officers_changed_at.is_some();
    if event.party(PartyRole::Consignee).is_some_and(is_dated) {
        let named = event.parties.iter();
        let named = named.filter(|p| matches!(p.role, PartyRole::Consignee | PartyRole::Notify));
        for shared in named.flat_map(Party::shared_keys) {
            add(SubjectKind::Party, Some(&shared));
        }
    }
    add(SubjectKind::Actor, event.actor.as_deref().and_then(|a| a.user.as_deref()));
    if event.kind == EventKind::PinAttempted {
        add(SubjectKind::Actor, event.actor.as_deref().and_then(|a| a.client.as_deref()));
    }
    if let Some(transport) = event.transport.as_deref() {
        add(SubjectKind::Actor, transport.driver.as_deref());
        for call in event.calls() {
            add(SubjectKind::Call, Some(&call));
        }
    }
    if let Some(documents) = event.documents.as_deref() {
        add(SubjectKind::Bill, documents.bill_of_lading.as_deref());
        add(SubjectKind::Bill, documents.transport_document.as_deref());
    }
    if matches!(event.kind, EventKind::DoorOpened | EventKind::DoorClosed) {
        let place = event.place.as_deref();
        let block = place.and_then(|p| p.yard.as_ref()?.block.clone());
        let block = block.map_or(String::new(), |block| format!(":{block}"));
        let yard = place.and_then(|p| p.terminal.clone()).map(|terminal| format!("{terminal}{block}"));
        subjects.extend(yard.map(|id| Subject::new(SubjectKind::Yard, id)));
    }
    subjects.extend(event.opening_sender().map(|id| Subject::new(SubjectKind::Sender, id)));
    subjects.extend(event.depot().map(|id| Subject::new(SubjectKind::Yard, id.to_owned())));
    if event.is_empty() {
        let origin = event.came_from().map(str::to_owned);
        subjects.extend(origin.map(|id| Subject::new(SubjectKind::Origin, id)));
    }
    subjects.sort_unstable();
    subjects.dedup();
    subjects
        .into_iter()
        .map(|subject| Fact {
            revision: event.revision,
            retracted: event.retracted,
            created_at: event.created_at,
            received_at: event.received_at,
            event: Some(std::sync::Arc::new(event.clone()).into()),
            ..fact(subject, event.event_id.to_string(), event.occurred_at)
        })
        .collect()
}

/// A hit on a container by an identifier that `event` holds.
pub(crate) fn hit(
    event: &PortEvent,
    scheme: &str,
    value: &str,
    action: EntryAction,
    severity: Severity,
) -> Fact {
    let container = event.container().unwrap();
    let evidence = Evidence {
        fact_id: event.event_id.clone(),
        event_id: Some(event.event_id.clone()),
        stored: Arc::new(Stored { topic: "port.raw".into(), ..Stored::default() }),
        path: "".into(),
        occurred_at: event.occurred_at,
        received_at: event.received_at,
    };
    Fact {
        hit: Some(Box::new(Hit {
            list_id: "police".into(),
            list_version: "7".into(),
            entry_id: "e1".into(),
            scheme: scheme.into(),
            value: value.into(),
            action,
            severity,
            owner: Some("police-koper".into()),
            legal_basis: Some("art. 36".into()),
            evidence,
        })),
        handling: Handling::parse("RED/H1").unwrap(),
        ..fact(Subject::container(container), format!("hit/police/e1/{scheme}"), event.received_at)
    }
}

/// An agency's answer about the alert of a visit, straight to the container.
pub(crate) fn feedback(container: &str, visit: i32, verdict: Verdict, at: Timestamp) -> Fact {
    let subject = Subject::container(container);
    let id = Alert::id_for(&subject, visit);
    Fact {
        revision: at.as_millis(),
        feedback: Some(Box::new(Feedback {
            alert_id: Some(id),
            subject: None,
            agency: "customs-koper".into(),
            verdict,
            quantity: None,
            unit: None,
            note: None,
            by: None,
            at,
            alert_revision: None,
        })),
        ..fact(subject, format!("fb/{id}/customs-koper"), at)
    }
}
