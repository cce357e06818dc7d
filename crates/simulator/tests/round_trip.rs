//! What is written comes back: events of every kind, rendered as a message of every type that tells of them, read again.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use quaywatch_domain::event::{
    Cargo, Condition, Customs, Documents, Equipment, EquipmentStatus, Laden, Mode, Party, PartyRole, Place,
    PortEvent, Reefer, Route, Seal, SealSource, Source, Transport, Weight, WeightKind,
};
use quaywatch_domain::identifiers::{ContainerNumber, normalise_seal};
use quaywatch_domain::{EventKind, PseudonymKey, Timestamp};
use quaywatch_formats::{Context, FeedSettings, Parties, parse};
use quaywatch_simulator::wire::{Message, render};

const MINUTE_MS: i64 = 60_000;
const MADE_AT: Timestamp = Timestamp::from_millis(1_772_500_020_000);

fn port() -> impl Strategy<Value = Option<String>> {
    prop::option::of(
        prop::sample::select(vec!["SIKOP", "ECGYE", "PABLB", "MTMAR", "ATVIE"]).prop_map(str::to_owned),
    )
}

/// Text with separators, letters of many alphabets are left out: UNOC is Latin-1.
fn text() -> impl Strategy<Value = String> {
    "[A-Z\u{e4}\u{f6}\u{fc}][A-Za-z0-9 +:?',.*\u{e9}]{0,20}[A-Za-z0-9]"
}

fn seal() -> impl Strategy<Value = Seal> {
    let source = prop::sample::select(vec![
        SealSource::Carrier,
        SealSource::Shipper,
        SealSource::Customs,
        SealSource::Terminal,
        SealSource::Unknown,
    ]);
    let condition =
        prop::option::of(prop::sample::select(vec![Condition::Ok, Condition::Broken, Condition::Missing]));
    ("[A-Z]{0,3}[1-9][0-9]{5,8}", source, condition).prop_map(|(number, source, condition)| Seal {
        normalised: normalise_seal(&number).map(Into::into),
        number: number.into(),
        source,
        condition,
        seal_type: None,
    })
}

fn equipment() -> impl Strategy<Value = Equipment> {
    let status = prop::option::of(prop::sample::select(vec![
        EquipmentStatus::Import,
        EquipmentStatus::Export,
        EquipmentStatus::Transshipment,
        EquipmentStatus::Continental,
    ]));
    let laden = prop::option::of(prop::sample::select(vec![Laden::Empty, Laden::Laden]));
    ("[A-Z]{3}U[0-9]{7}", prop::sample::select(vec!["45R1", "22G1", "4310", "L5G1"]), status, laden).prop_map(
        |(number, iso, status, laden)| Equipment {
            check_digit_ok: ContainerNumber::parse(&number).map(|n| n.check_digit_ok()),
            number: number.into(),
            iso_type: Some(iso.into()),
            status,
            laden,
            ..Equipment::default()
        },
    )
}

/// What a line can say, without kind.
fn line() -> impl Strategy<Value = PortEvent> {
    let documents = ("[A-Z]{3}[0-9]{6}", "[A-Z]{4}[0-9]{9}");
    let route = (port(), port(), port());
    let cargo = ("[A-Z]{3}[A-Za-z +:?']{0,20}[a-z]", "[0-9]{6}");
    let weights = (1_000_u32..30_000, 1_000_u32..5_000);
    (
        equipment(),
        documents,
        route,
        prop::collection::vec(seal(), 0..3),
        weights,
        cargo,
        0_i64..10_000,
        -25_i32..30,
    )
        .prop_map(
            |(
                equipment,
                (booking, bill),
                (from, to, delivery),
                seals,
                (vgm, net),
                cargo,
                minute,
                degrees,
            )| {
                let at = Timestamp::from_millis(1_771_999_980_000 + minute * MINUTE_MS);
                let kg = |kind, kg: u32| Weight { kind, kg: f64::from(kg), method: None };
                let route = Route {
                    port_of_loading: from.map(Into::into),
                    port_of_discharge: to.map(Into::into),
                    place_of_delivery: delivery.map(Into::into),
                    ..Route::default()
                };
                let (description, hs_code) = cargo;
                PortEvent {
                    equipment: Some(Box::new(equipment)),
                    documents: Some(Box::new(Documents {
                        booking: Some(booking.into()),
                        bill_of_lading: Some(bill.into()),
                        ..Documents::default()
                    })),
                    route: (route != Route::default()).then(|| Box::new(route)),
                    seals: seals.into(),
                    weights: vec![kg(WeightKind::Vgm, vgm), kg(WeightKind::Net, net)].into(),
                    reefer: Some(Box::new(Reefer {
                        setpoint_c: Some(f64::from(degrees)),
                        ..Reefer::default()
                    })),
                    cargo: vec![Cargo {
                        description: Some(description.into()),
                        hs_code: Some(hs_code.into()),
                        ..Cargo::default()
                    }]
                    .into(),
                    ..PortEvent::new("", EventKind::Other, at)
                }
            },
        )
}

/// Some lines of one message, with what its header says.
fn lines(message: Message) -> impl Strategy<Value = Vec<PortEvent>> {
    let kind = prop::sample::select(message.kinds().to_vec());
    let vessel = (text(), "[0-9]{3}[EW]");
    let party = (text(), "[0-9]{13}");
    (kind, vessel, party, prop::collection::vec(line(), 1..5)).prop_map(
        move |(kind, (vessel, voyage), (firm, ean), mut lines)| {
            for (n, event) in lines.iter_mut().enumerate() {
                event.kind = kind.clone();
                event.transport = Some(Box::new(Transport {
                    mode: Some(Mode::Sea),
                    vessel_imo: Some("9321483".into()),
                    vessel_name: Some(vessel.as_str().into()),
                    voyage: Some(voyage.as_str().into()),
                    carrier: Some("MSK".into()),
                    stow_cell: matches!(message, Message::Baplie | Message::Coarri)
                        .then(|| format!("014{n:04}").into()),
                    ..Transport::default()
                }));
                event.place = Some(Box::new(Place {
                    un_locode: Some("SIKOP".into()),
                    terminal: Some("LUKKP".into()),
                    ..Place::default()
                }));
                event.parties = vec![Party {
                    id: Some(ean.as_str().into()),
                    id_scheme: Some("EAN".into()),
                    name: Some(firm.as_str().into()),
                    ..Party::new(PartyRole::Consignee)
                }]
                .into();
            }
            expect_of(message, &mut lines);
            lines
        },
    )
}

/// Takes away what a type has no place for, and settles when its events happened.
fn expect_of(message: Message, lines: &mut [PortEvent]) {
    let reports = matches!(message, Message::Codeco | Message::Coarri | Message::Costco | Message::Vermas);
    let first_at = lines.first().map(|e| e.occurred_at);
    let documents = lines.first().and_then(|e| e.documents.clone());
    for event in lines {
        match message {
            Message::Iftsta => {
                (event.route, event.cargo, event.reefer) = (None, Vec::new().into(), None);
            }
            Message::Cusres => {
                (event.route, event.cargo, event.reefer) = (None, Vec::new().into(), None);
                (event.seals, event.weights) = (Vec::new().into(), Vec::new().into());
                event.documents.clone_from(&documents);
                let decision = match event.kind {
                    EventKind::CustomsReleased => "4",
                    EventKind::CustomsSelectedForInspection => "5",
                    _ => "7",
                };
                event.customs =
                    Some(Box::new(Customs { decision: Some(decision.into()), ..Customs::default() }));
                event.occurred_at = first_at.unwrap_or(event.occurred_at);
            }
            Message::Cuscar => {
                event.cargo.iter_mut().for_each(|cargo| cargo.packages = Some(12));
            }
            _ => {}
        }
        if !reports && !matches!(message, Message::Iftsta | Message::Cusres) {
            event.occurred_at = MADE_AT;
        }
    }
}

fn read(bytes: &[u8]) -> Vec<PortEvent> {
    let mut settings = FeedSettings::default();
    settings.status_codes.insert("1:S".to_owned(), "other".to_owned());
    let key = PseudonymKey::new(*b"a key of the test only").expect("long enough");
    let context = Context {
        feed: "gate",
        settings: &settings,
        key: &key,
        parties: &Parties::default(),
        received_at: None,
        content_type: None,
        source: Source::default(),
    };
    let parsed = parse(bytes, &context);
    assert!(parsed.rejects.is_empty(), "{:?} of {}", parsed.rejects, String::from_utf8_lossy(bytes));
    parsed.documents.into_iter().flat_map(|d| d.events).collect()
}

/// What an event says, without where it stands.
fn said(event: &PortEvent) -> String {
    let event = PortEvent {
        event_id: "".into(),
        revision: 0,
        created_at: None,
        received_at: MADE_AT,
        source: Source::default(),
        notes: Vec::new().into(),
        ..event.clone()
    };
    serde_json::to_string_pretty(&event).expect("events are JSON")
}

fn comes_back(message: Message) -> impl Strategy<Value = (Message, Vec<PortEvent>)> {
    lines(message).prop_map(move |lines| (message, lines))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_comes_back(
        (message, lines) in prop::sample::select(Message::ALL.to_vec()).prop_flat_map(comes_back)
    ) {
        let bytes = latin_1(&render(message, "DOC 4711+A", MADE_AT, &lines));
        let (mut written, mut got): (Vec<_>, Vec<_>) =
            (lines.iter().map(said).collect(), read(&bytes).iter().map(said).collect());
        written.sort();
        got.sort();
        prop_assert_eq!(got, written, "{}", String::from_utf8_lossy(&bytes));
    }
}

/// UNOC is ISO 8859-1.
fn latin_1(utf8: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(utf8).chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}
