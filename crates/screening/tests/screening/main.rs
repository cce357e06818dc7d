//! Hits follow from the standing events and the lists as they are, whatever came first.

mod histories;

use std::collections::BTreeSet;
use std::sync::Arc;

use quaywatch_domain::event::{
    Documents, Equipment, EquipmentStatus, Laden, Party, PartyRole, Route, Seal, SealSource, Source,
    SourceMessage, Stored, Transport,
};
use quaywatch_domain::handling::{EuropolCode, Tlp};
use quaywatch_domain::identifiers::normalise_seal;
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::watchlist::{EntryAction, EntryKind, Name, NameQuality, Value};
use quaywatch_domain::{
    EventKind, Fact, Handling, PortEvent, Severity, Sha256, Subject, Text, Timestamp, WatchlistEntry,
};
use quaywatch_screening::names::Bands;
use quaywatch_screening::{
    Index, MAX_EVENTS, Standing, SubjectState, facts_without_container, identifiers_of, rescreen, screen,
};

const BOX: &str = "CSQU3054383";
const START_MS: i64 = 1_772_000_000_000;
const HOUR_MS: i64 = 3_600_000;

fn at(hours: i64) -> Timestamp {
    Timestamp::from_millis(START_MS + hours * HOUR_MS)
}

fn event(id: &str, revision: i64, hour: i64) -> PortEvent {
    PortEvent {
        revision,
        equipment: Some(Box::new(Equipment { number: BOX.into(), ..Equipment::default() })),
        source: Source::new(
            SourceMessage {
                feed: "gate".into(),
                format: "JSONL".into(),
                stored: Arc::new(Stored {
                    topic: "port.raw".into(),
                    partition: 0,
                    offset: hour,
                    sha256: Sha256::of(id.as_bytes()),
                }),
                ..SourceMessage::default()
            },
            format!("line {revision}"),
        ),
        ..PortEvent::new(id, EventKind::GateIn, at(hour))
    }
}

fn seal(number: &str) -> Seal {
    Seal {
        number: number.into(),
        normalised: normalise_seal(number).map(Into::into),
        source: SealSource::Carrier,
        condition: None,
        seal_type: None,
    }
}

fn with_seals(mut event: PortEvent, numbers: &[&str]) -> PortEvent {
    event.seals = numbers.iter().map(|number| seal(number)).collect();
    event
}

fn entry(id: &str, values: &[(&'static str, &str)]) -> WatchlistEntry {
    WatchlistEntry {
        values: values.iter().map(|(s, v)| Value { scheme: (*s).into(), value: (*v).into() }).collect(),
        action: EntryAction::Specific,
        severity: Severity::High,
        handling: Handling::new(Tlp::Green, EuropolCode::H1),
        owner: Some("police-koper".to_owned()),
        ..WatchlistEntry::new("police", "v1", id, EntryKind::Seal)
    }
}

fn named(id: &str, kind: EntryKind, name: &str) -> WatchlistEntry {
    let names = vec![Name { name: name.to_owned(), script: None, quality: NameQuality::Primary }];
    WatchlistEntry { kind, names, ..entry(id, &[]) }
}

fn with_party(mut event: PortEvent, name: &str) -> PortEvent {
    event.parties = vec![Party { name: Some(name.into()), ..party() }].into();
    event
}

fn with_vessel(mut event: PortEvent, name: &str, imo: Option<&str>) -> PortEvent {
    let transport =
        Transport { vessel_name: Some(name.into()), vessel_imo: imo.map(Text::from), ..Transport::default() };
    event.transport = Some(Box::new(transport));
    event
}

fn party() -> Party {
    Party {
        role: PartyRole::Shipper,
        id: None,
        canonical: None,
        id_scheme: None,
        name: None,
        address: None,
        country: None,
        contact: None,
        registered_at: None,
        officers_changed_at: None,
        capital_eur: None,
    }
}

fn hits(facts: &[Fact]) -> Vec<&Fact> {
    facts.iter().filter(|fact| fact.fact_id.starts_with("hit/")).collect()
}

#[test]
fn a_listed_seal_gives_a_hit_on_the_container_with_the_way_back_to_the_message() {
    let index = Index::of([entry("s-1", &[("SEAL", "ml 001234")])]);
    let mut state = SubjectState::default();
    let facts = screen(&mut state, &with_seals(event("e1", 1, 2), &["ML-001234"]), &index, at(3));
    let [hit] = hits(&facts)[..] else { panic!("one hit expected") };
    assert_eq!(hit.fact_id, "hit/police/s-1/SEAL");
    assert_eq!(hit.subject, Subject::container(BOX));
    assert_eq!((hit.occurred_at, hit.received_at), (at(2), at(2)));
    assert_eq!(hit.handling, Handling::parse("AMBER/H1").unwrap());
    let body = hit.hit.as_deref().unwrap();
    assert_eq!((body.value.as_str(), body.evidence.event_id.as_deref()), ("ML001234", Some("e1")));
    assert_eq!((&*body.evidence.stored.topic, body.evidence.stored.offset), ("port.raw", 2));
    assert_eq!(body.evidence.stored.sha256, Sha256::of(b"e1"));
    let again = screen(&mut state, &with_seals(event("e2", 1, 4), &["ML-001234"]), &index, at(5));
    assert!(hits(&again).is_empty(), "a hit that stands is told once");
}

#[test]
fn an_entry_that_appears_finds_the_container_and_takes_its_hit_back_when_it_vanishes() {
    let mut index = Index::default();
    let mut state = SubjectState::default();
    assert!(hits(&screen(&mut state, &event("e1", 1, 0), &index, at(0))).is_empty());
    index.upsert("police/c-1", entry("c-1", &[("CONTAINER", BOX)]));
    let raised = rescreen(&mut state, BOX, &index, at(1));
    assert_eq!((raised.len(), raised[0].retracted), (1, false));
    assert!(rescreen(&mut state, BOX, &index, at(2)).is_empty());
    index.remove("police/c-1");
    let gone = rescreen(&mut state, BOX, &index, at(3));
    assert_eq!((gone.len(), gone[0].retracted, gone[0].hit.is_none()), (1, true, true));
    assert!(gone[0].revision > raised[0].revision);
    assert_eq!(gone[0].handling, raised[0].handling);
    index.upsert("police/c-1", entry("c-1", &[("CONTAINER", BOX)]));
    let back = rescreen(&mut state, BOX, &index, at(4));
    assert!(back[0].revision > gone[0].revision && !back[0].retracted);
}

#[test]
fn validity_is_a_deadline_of_the_state() {
    let mut limited = entry("c-1", &[("CONTAINER", BOX)]);
    limited.valid_from = Some(at(10));
    limited.valid_to = Some(at(30));
    limited.review_on = Some(at(20));
    let index = Index::of([limited]);
    let mut state = SubjectState::default();
    assert!(hits(&screen(&mut state, &event("e1", 1, 0), &index, at(0))).is_empty());
    assert_eq!(state.due_at(), Some(at(10)));
    let raised = rescreen(&mut state, BOX, &index, at(10));
    assert_eq!((raised[0].retracted, raised[0].occurred_at), (false, at(10)), "not before it was in force");
    assert_eq!(state.due_at(), Some(at(20)));
    let gone = rescreen(&mut state, BOX, &index, at(20));
    assert!(gone[0].retracted);
    assert_eq!(state.due_at(), None);
}

#[test]
fn an_identifier_that_only_a_retracted_event_holds_is_withdrawn() {
    let index = Index::of([entry("s-1", &[("SEAL", "ML001234")])]);
    let mut state = SubjectState::default();
    screen(&mut state, &with_seals(event("e1", 1, 0), &["ML001234"]), &index, at(0));
    screen(&mut state, &with_seals(event("e2", 1, 1), &["ML001234"]), &index, at(1));
    let mut taken_back = event("e1", 2, 2);
    taken_back.retracted = true;
    let facts = screen(&mut state, &taken_back, &index, at(2));
    let [moved] = hits(&facts)[..] else { panic!("the other event becomes the evidence") };
    assert_eq!(moved.hit.as_deref().unwrap().evidence.event_id.as_deref(), Some("e2"));
    let corrected = with_seals(event("e2", 5, 3), &["ML009999"]);
    let facts = screen(&mut state, &corrected, &index, at(3));
    let [gone] = hits(&facts)[..] else { panic!("the hit goes with the last event that held it") };
    assert!(gone.retracted);
}

#[test]
fn whom_a_correction_leaves_behind_is_told_so() {
    let index = Index::default();
    let mut state = SubjectState::default();
    screen(&mut state, &with_seals(event("e1", 1, 0), &["ML001234"]), &index, at(0));
    let facts = screen(&mut state, &with_seals(event("e1", 2, 1), &["ML009999"]), &index, at(1));
    let of = |id: &str| facts.iter().find(|f| f.subject == Subject::new(SubjectKind::Seal, id)).unwrap();
    assert!(of("ML001234").retracted && of("ML001234").event.is_none());
    assert!(!of("ML009999").retracted && of("ML009999").event.is_some());
    assert!(facts.iter().all(|fact| fact.fact_id == "e1" && fact.revision == 2));
}

#[test]
fn a_retraction_that_names_no_seals_reaches_everyone_who_was_told() {
    let mut state = SubjectState::default();
    let index = Index::default();
    screen(&mut state, &with_seals(event("e1", 1, 0), &["ML001234"]), &index, at(0));
    let mut bare = event("e1", 2, 1);
    bare.retracted = true;
    let facts = screen(&mut state, &bare, &index, at(1));
    let told: Vec<String> = facts.iter().map(|f| format!("{} {}", f.subject, f.retracted)).collect();
    assert_eq!(told, ["container/CSQU3054383 true", "seal/ML001234 true"]);
}

#[test]
fn known_and_superseded_versions_change_nothing() {
    let index = Index::default();
    let mut state = SubjectState::default();
    screen(&mut state, &event("e1", 5, 0), &index, at(0));
    assert_eq!(state.standing(&event("e1", 5, 0)), Standing::Duplicate);
    assert_eq!(state.standing(&event("e1", 4, 0)), Standing::Superseded);
    let before = state.clone();
    assert!(screen(&mut state, &event("e1", 5, 0), &index, at(1)).is_empty());
    assert!(screen(&mut state, &with_seals(event("e1", 4, 0), &["ML001234"]), &index, at(1)).is_empty());
    assert_eq!(state, before);
}

#[test]
fn an_empty_goes_to_the_port_where_it_was_loaded_until_it_turns_out_laden_or_to_leave() {
    let said = |revision, laden, status| {
        let mut event = event("e1", revision, revision);
        event.kind = EventKind::DischargeOrdered;
        let equipment = event.equipment.as_deref_mut().unwrap();
        (equipment.laden, equipment.status) = (Some(laden), Some(status));
        let route = Route { port_of_loading: Some("ECGYE".into()), ..Route::default() };
        event.route = Some(Box::new(route));
        event
    };
    let (mut state, index) = (SubjectState::default(), Index::default());
    let mut told = |event: &PortEvent| -> Vec<String> {
        let facts = screen(&mut state, event, &index, at(9));
        facts.iter().map(|f| format!("{} {}", f.subject, f.retracted)).collect()
    };
    let empty = ["container/CSQU3054383 false", "origin/ECGYE false"];
    let other = ["container/CSQU3054383 false", "origin/ECGYE true"];
    assert_eq!(told(&said(1, Laden::Empty, EquipmentStatus::Import)), empty);
    assert_eq!(told(&said(2, Laden::Laden, EquipmentStatus::Import)), other);
    assert_eq!(told(&said(3, Laden::Empty, EquipmentStatus::Import)), empty);
    assert_eq!(told(&said(4, Laden::Empty, EquipmentStatus::Export)), other);
    let mut malformed = said(5, Laden::Empty, EquipmentStatus::Import);
    malformed.route.as_deref_mut().unwrap().port_of_loading = Some("GUAYAQUIL".into());
    assert_eq!(told(&malformed), ["container/CSQU3054383 false"]);
}

#[test]
fn an_event_goes_to_everyone_whom_it_concerns() {
    let mut full = with_seals(event("e1", 1, 0), &["ML001234", "NOSEAL"]);
    full.kind = EventKind::ManifestLine;
    full.transport = Some(Box::new(Transport {
        vessel_imo: Some("9321483".into()),
        call_id: Some("CALL-7".into()),
        driver: Some("bdg:1".into()),
        truck: Some("plt:0123456789abcdef0123456789abcdef".into()),
        ..Transport::default()
    }));
    full.documents =
        Some(Box::new(Documents { bill_of_lading: Some("MAEU1".into()), ..Documents::default() }));
    full.parties = vec![
        Party {
            id: Some("SI12345678".into()),
            id_scheme: Some("EORI".into()),
            ..Party::new(PartyRole::Consignee)
        },
        Party { id: Some("77".into()), id_scheme: None, ..Party::new(PartyRole::Haulier) },
    ]
    .into();
    let facts = screen(&mut SubjectState::default(), &full, &Index::default(), at(0));
    let told: BTreeSet<String> = facts.iter().map(|fact| fact.subject.to_string()).collect();
    let expected = [
        "actor/bdg:1",
        "bill/MAEU1",
        "call/CALL-7",
        "container/CSQU3054383",
        "party/EORI:SI12345678",
        "seal/ML001234",
    ];
    assert_eq!(told, expected.map(str::to_owned).into());
    let schemes: Vec<_> = identifiers_of(&full).into_iter().map(|v| v.scheme).collect();
    assert_eq!(schemes, ["BILL_OF_LADING", "CONTAINER", "EORI", "IMO", "SEAL", "TRUCK"]);
    full.equipment = None;
    assert_eq!(facts_without_container(&full).len(), 5);
}

#[test]
fn a_party_or_call_gets_what_tells_of_its_dealings() {
    let party =
        |role, id: &str| Party { id: Some(id.into()), id_scheme: Some("EORI".into()), ..Party::new(role) };
    let mut state = SubjectState::default();
    let mut told = |revision, kind: EventKind, status, edit: &dyn Fn(&mut PortEvent)| -> Vec<String> {
        let mut event = event("e1", revision, 0);
        event.kind = kind;
        event.equipment.as_deref_mut().unwrap().status = Some(status);
        event.transport = Some(Box::new(Transport { call_id: Some("C7".into()), ..Transport::default() }));
        event.parties = vec![
            party(PartyRole::Consignee, "CNEE"),
            party(PartyRole::Notify, "NOTIFY"),
            party(PartyRole::Carrier, "LINE"),
            party(PartyRole::Forwarder, "FWD"),
        ]
        .into();
        edit(&mut event);
        let facts = screen(&mut state, &event, &Index::default(), at(9));
        let others = facts.iter().filter(|f| f.subject.kind != SubjectKind::Container);
        others.map(|f| format!("{} {}", f.subject, f.retracted)).collect()
    };
    let as_is = |_: &mut PortEvent| {};
    let (import, export) = (EquipmentStatus::Import, EquipmentStatus::Export);
    // A listed import is dealings of its consignee and the call; what it was told is taken back where it does not hold.
    assert_eq!(told(1, EventKind::ManifestLine, import, &as_is), ["party/EORI:CNEE false", "call/C7 false"]);
    assert_eq!(told(2, EventKind::YardMove, import, &as_is), ["party/EORI:CNEE true", "call/C7 true"]);
    let right = told(3, EventKind::ReleaseIssued, import, &as_is);
    assert_eq!(right, ["party/EORI:CNEE false", "party/EORI:LINE false"]);
    let fetched = |event: &mut PortEvent| event.parties.push(party(PartyRole::Haulier, "ROAD"));
    let moved = told(4, EventKind::YardMove, import, &fetched);
    assert_eq!(moved, ["party/EORI:CNEE false", "party/EORI:LINE true"]);
    let taken_out = told(5, EventKind::GateOut, export, &fetched);
    assert_eq!(taken_out, ["party/EORI:CNEE false", "party/EORI:ROAD false"]);
    let stowed = |event: &mut PortEvent| {
        event.parties = vec![party(PartyRole::Shipper, "SHIP")].into();
        event.transport.as_deref_mut().unwrap().stow_cell = Some("0120304".into());
    };
    let on_board = told(6, EventKind::StowPosition, export, &stowed);
    let expected = ["party/EORI:SHIP false", "call/C7 false", "party/EORI:CNEE true", "party/EORI:ROAD true"];
    assert_eq!(on_board, expected);
    // Whatever was told of it is taken back with the happening.
    let taken_back = told(7, EventKind::StowPosition, export, &|event| event.retracted = true);
    let all = ["CNEE", "FWD", "LINE", "NOTIFY"].map(|id| format!("party/EORI:{id} true"));
    assert!(all.iter().all(|one| taken_back.contains(one)), "{taken_back:?}");
}

#[test]
fn a_call_is_known_by_its_number_and_by_its_voyage_and_young_companies_by_what_they_share() {
    let mut line = event("e1", 1, 0);
    line.kind = EventKind::ManifestLine;
    line.transport = Some(Box::new(Transport {
        vessel_imo: Some("9321483".into()),
        voyage: Some("017 w".into()),
        call_id: Some("CALL-7".into()),
        ..Transport::default()
    }));
    let mut company = Party {
        id: Some("SI12345678".into()),
        id_scheme: Some("EORI".into()),
        contact: Some("ctc:1".into()),
        address: Some("Dunajska cesta 5, Ljubljana".into()),
        ..Party::new(PartyRole::Consignee)
    };
    let told = |line: &PortEvent| -> Vec<String> {
        let facts = screen(&mut SubjectState::default(), line, &Index::default(), at(0));
        let mut told: Vec<String> = facts.iter().map(|fact| fact.subject.to_string()).collect();
        told.retain(|subject| !subject.starts_with("container"));
        told.sort();
        told
    };
    line.parties = vec![company.clone()].into();
    assert_eq!(told(&line), ["call/9321483.017W", "call/CALL-7", "party/EORI:SI12345678"]);
    company.registered_at = Some(at(0));
    line.parties = vec![company.clone()].into();
    let shared: Vec<String> = told(&line).into_iter().filter(|s| s.starts_with("party")).collect();
    // Taken over, of whatever age.
    let taken_over = Party { registered_at: None, officers_changed_at: Some(at(0)), ..company.clone() };
    line.parties = vec![taken_over].into();
    assert!(shared.iter().all(|s| told(&line).contains(s)));
    assert_eq!(shared.len(), 3);
    assert!(shared.contains(&"party/CONTACT:ctc:1".to_owned()), "{shared:?}");
    assert!(!shared.iter().any(|s| s.contains("DUNAJSKA")), "{shared:?}");
    company.address = Some("dunajska cesta 5 LJUBLJANA".into());
    company.contact = None;
    line.parties = vec![company].into();
    assert!(told(&line).iter().filter(|s| s.contains("ADDRESS")).all(|s| shared.contains(s)));
}

#[test]
fn many_readings_of_one_container_forget_no_identifier() {
    let index = Index::of([entry("s-1", &[("SEAL", "ML001234")])]);
    let mut state = SubjectState::default();
    screen(&mut state, &with_seals(event("first", 1, 0), &["ML001234"]), &index, at(0));
    for n in 1..400 {
        let facts = screen(&mut state, &event(&format!("reading-{n}"), 1, n), &index, at(n));
        assert!(hits(&facts).is_empty());
    }
    assert_eq!(state.events().len(), MAX_EVENTS);
    assert!(state.hits.iter().all(|hit| hit.standing) && state.hits.len() == 1);
}

#[test]
fn a_party_that_bears_a_listed_name_gives_a_hit_with_its_name_as_written() {
    let index = Index::of([named("c-1", EntryKind::Company, "Voltana International Trading Co., Ltd.")]);
    let facts = screen(
        &mut SubjectState::default(),
        &with_party(event("e1", 1, 2), "VOLTANA INTL TRADING"),
        &index,
        at(3),
    );
    let [hit] = hits(&facts)[..] else { panic!("one hit expected") };
    assert_eq!(hit.fact_id, "hit/police/c-1/NAME");
    let body = hit.hit.as_deref().unwrap();
    assert_eq!((body.scheme.as_str(), body.value.as_str()), ("NAME", "VOLTANA INTL TRADING"));
    assert_eq!(body.severity, Severity::High);
    let doubtful =
        screen(&mut SubjectState::default(), &with_party(event("e1", 1, 2), "VOLTANX INTL"), &index, at(3));
    assert!(hits(&doubtful).iter().all(|hit| hit.hit.as_deref().unwrap().severity == Severity::Medium));
}

#[test]
fn the_country_of_a_party_supports_or_lowers_what_its_name_says() {
    let mut listed = named("c-1", EntryKind::Company, "Voltana International Trading Co., Ltd.");
    listed.countries = vec!["RS".to_owned()];
    let index = Index::of([listed]).with_bands(Bands::all(0.95));
    let in_country = |id: &str, country: Option<&str>| {
        let mut event = with_party(event(id, 1, 2), "VOLTANA INTERNATIONAL TRADING CO LTD");
        event.parties[0].country = country.map(Text::from);
        event
    };
    for (country, told) in [(None, 1), (Some("rs"), 1), (Some("SI"), 0), (Some("Serbia"), 1)] {
        let facts = screen(&mut SubjectState::default(), &in_country("e1", country), &index, at(3));
        assert_eq!(hits(&facts).len(), told, "{country:?}");
    }
    // A later message that tells the country takes the hit back, a contradicting one does not count.
    let mut state = SubjectState::default();
    assert_eq!(hits(&screen(&mut state, &in_country("e1", None), &index, at(3))).len(), 1);
    let facts = screen(&mut state, &in_country("e2", Some("SI")), &index, at(4));
    assert!(hits(&facts).iter().all(|hit| hit.retracted) && hits(&facts).len() == 1);
    let facts = screen(&mut state, &in_country("e3", Some("RS")), &index, at(5));
    assert!(hits(&facts).iter().all(|hit| !hit.retracted) && hits(&facts).len() == 1);
}

#[test]
fn a_changed_list_finds_the_names_in_the_port_and_takes_them_back() {
    let mut index = Index::of([named("c-1", EntryKind::Company, "Kestrelia Foods")]);
    let mut state = SubjectState::default();
    assert!(
        hits(&screen(&mut state, &with_party(event("e1", 1, 2), "Darko Novakovic"), &index, at(3)))
            .is_empty()
    );
    index.upsert("police/p-1", named("p-1", EntryKind::Person, "NOVAKOVIC, Darko"));
    index.settle();
    let raised = rescreen(&mut state, BOX, &index, at(4));
    assert_eq!(hits(&raised).len(), 1);
    assert!(rescreen(&mut state, BOX, &index, at(5)).is_empty());
    index.remove("police/p-1");
    index.settle();
    let gone = rescreen(&mut state, BOX, &index, at(6));
    assert!(gone.len() == 1 && gone[0].retracted && gone[0].fact_id == raised[0].fact_id);
}

#[test]
fn a_vessel_of_a_listed_name_with_another_imo_number_is_another_ship() {
    let mut listed = named("v-1", EntryKind::Vessel, "OCEAN TRAVELLER");
    listed.values = vec![Value { scheme: "IMO".into(), value: "9321483".into() }];
    let index = Index::of([listed]);
    let schemes = |imo: Option<&str>| -> Vec<String> {
        let facts = screen(
            &mut SubjectState::default(),
            &with_vessel(event("e1", 1, 2), "M/V Ocean Traveller", imo),
            &index,
            at(3),
        );
        hits(&facts).iter().map(|hit| hit.hit.as_deref().unwrap().scheme.clone()).collect()
    };
    assert_eq!(schemes(None), ["VESSEL_NAME"]);
    assert_eq!(schemes(Some("9321483")), ["IMO", "VESSEL_NAME"]);
    assert!(schemes(Some("9074729")).is_empty());
}

#[test]
fn a_container_number_one_digit_off_a_listed_one_is_a_low_hit_of_its_own() {
    let listed = |number: &str| Index::of([entry("b-1", &[("CONTAINER", number)])]);
    let hit = |index: &Index| {
        let facts = screen(&mut SubjectState::default(), &event("e1", 1, 2), index, at(3));
        hits(&facts).first().map(|hit| (hit.fact_id.clone(), hit.hit.as_deref().unwrap().severity))
    };
    assert_eq!(hit(&listed(BOX)), Some(("hit/police/b-1/CONTAINER".into(), Severity::High)));
    assert_eq!(hit(&listed("CSQU3054333")), Some(("hit/police/b-1/CONTAINER_NEAR".into(), Severity::Low)));
    assert_eq!(hit(&listed("CSQU3054322")), None);
    assert_eq!(hit(&listed("CSKU3054383")), None);
}
