//! One container of a message: the segments from its EQD on.

use quaywatch_domain::event::{
    Documents, Place, PortEvent, Route, Seal, SealSource, Transport, Weight, WeightKind, note,
};
use quaywatch_domain::{DeadLetterCode, EventKind};

use super::codes;
use super::message::{Reader, Said, event_time};
use super::tokens::Segment;
use crate::document::Document;
use crate::finish::{blank, equipment, finish, flag};

/// Kilograms in an avoirdupois pound.
const KG_PER_POUND: f64 = 0.453_592_37;

/// Reads one group; `None` when it is about a trailer, a chassis or another thing that is not a container.
pub(super) fn read(
    reader: &Reader<'_>,
    document: &Document,
    header: &Said,
    kind: &EventKind,
    group: &[Segment],
    at: usize,
) -> Result<Option<PortEvent>, (DeadLetterCode, String)> {
    let Some(eqd) = group.first() else { return Ok(None) };
    if !matches!(eqd.get(1, 0), "CN" | "") {
        return Ok(None);
    }
    let Some(mut found) = equipment(eqd.get(2, 0)) else {
        let sentence = "the line (EQD) has no container number, so nobody knows what it is about".to_owned();
        return Err((DeadLetterCode::NoSubject, sentence));
    };
    found.iso_type = eqd.some(3, 0).map(str::to_owned);
    found.status = codes::status(eqd.get(5, 0));
    found.laden = codes::laden(eqd.get(6, 0));
    let mut said = Said::default();
    group.iter().for_each(|segment| said.hear(segment, reader.context));
    let Some((occurred_at, notes)) = event_time(&said, header, reader.envelope) else {
        let sentence = "neither the line nor the message has a time that can be read".to_owned();
        return Err((DeadLetterCode::NoTime, sentence));
    };
    let kind = codes::kind_of_status(eqd.get(5, 0)).unwrap_or_else(|| kind.clone());
    let mut event = blank(reader.context, kind, occurred_at);
    event.event_id = format!(
        "{}/{}/{}/{}",
        reader.context.feed,
        document.id.as_deref().unwrap_or_default(),
        found.number,
        event.kind
    );
    event.revision = document.revision;
    event.created_at = header.time("137").or(reader.envelope.prepared.as_ref()).map(|(moment, _)| *moment);
    *event.source = document.source.clone();
    event.source.path = format!("message {}, segment {}", reader.ordinal, at + 1);
    for segment in group {
        match segment.tag() {
            "SEL" => event.seals.extend(seal(segment)),
            "MEA" => weigh(segment, &mut event),
            _ => {}
        }
    }
    event.equipment = Some(found);
    merge(&mut event, header, said);
    let all = reader.notes.iter().chain(&notes).chain(&header.notes);
    all.for_each(|n| flag(&mut event, n));
    Ok(Some(finish(event, reader.context)))
}

/// What the line says, and where it is silent the header.
fn merge(event: &mut PortEvent, header: &Said, line: Said) {
    line.notes.iter().for_each(|n| flag(event, n));
    let (h, l) = (&header.transport, line.transport);
    let transport = Transport {
        mode: l.mode.or(h.mode),
        vessel_imo: l.vessel_imo.or_else(|| h.vessel_imo.clone()),
        vessel_name: l.vessel_name.or_else(|| h.vessel_name.clone()),
        call_sign: l.call_sign.or_else(|| h.call_sign.clone()),
        voyage: l.voyage.or_else(|| h.voyage.clone()),
        carrier: l.carrier.or_else(|| h.carrier.clone()),
        call_id: l.call_id.or_else(|| h.call_id.clone()),
        stow_cell: l.stow_cell,
        truck: l.truck.or_else(|| h.truck.clone()),
        driver: l.driver.or_else(|| h.driver.clone()),
        ..Transport::default()
    };
    let (h, l) = (&header.route, line.route);
    let route = Route {
        port_of_loading: l.port_of_loading.or_else(|| h.port_of_loading.clone()),
        port_of_discharge: l.port_of_discharge.or_else(|| h.port_of_discharge.clone()),
        place_of_delivery: l.place_of_delivery.or_else(|| h.place_of_delivery.clone()),
        transshipment_ports: l.transshipment_ports,
        origin_country: None,
    };
    let (h, l) = (&header.documents, line.documents);
    let documents = Documents {
        booking: l.booking.or_else(|| h.booking.clone()),
        bill_of_lading: l.bill_of_lading.or_else(|| h.bill_of_lading.clone()),
        release: l.release.or_else(|| h.release.clone()),
        customs_declaration: l.customs_declaration.or_else(|| h.customs_declaration.clone()),
        order: l.order.or_else(|| h.order.clone()),
        ..Documents::default()
    };
    let place = if line.place == Place::default() { header.place.clone() } else { line.place };
    event.transport = (transport != Transport::default()).then(|| Box::new(transport));
    event.route = (route != Route::default()).then(|| Box::new(route));
    event.documents = (documents != Documents::default()).then(|| Box::new(documents));
    event.place = (place != Place::default()).then(|| Box::new(place));
    event.parties = line.parties;
    for party in &header.parties {
        if !event.parties.iter().any(|own| own.role == party.role) {
            event.parties.push(party.clone());
        }
    }
}

/// SEL, with the issuer as an element or, in some dialects, as a component of the number.
fn seal(segment: &Segment) -> Option<Seal> {
    let number = segment.some(1, 0)?.to_owned();
    let issuer = segment.some(2, 0).or_else(|| segment.some(1, 1)).unwrap_or_default();
    Some(Seal {
        number,
        normalised: None,
        source: codes::sealer(issuer).unwrap_or(SealSource::Unknown),
        condition: codes::condition(segment.get(3, 0)),
        seal_type: None,
    })
}

/// MEA: weights in kilograms. Other measurements are not ours.
fn weigh(segment: &Segment, event: &mut PortEvent) {
    let purpose = segment.get(1, 0);
    let kind = match (purpose, segment.get(2, 0)) {
        ("VGM", _) | (_, "VGM") => WeightKind::Vgm,
        (_, "T") => WeightKind::Tare,
        (_, "G" | "EGW" | "AET" | "AAD") | ("WT", "") => WeightKind::Gross,
        (_, "AAL" | "N") => WeightKind::Net,
        _ => return,
    };
    let text = segment.get(3, 1).replace(',', ".");
    let Ok(value) = text.parse::<f64>() else {
        flag(event, note::VALUE_REPAIRED);
        return;
    };
    let kg = match segment.get(3, 0) {
        "KGM" => value,
        "LBR" => value * KG_PER_POUND,
        "TNE" => value * 1000.0,
        // AAM and KGS are written for KGM.
        _ => {
            flag(event, note::VALUE_REPAIRED);
            value
        }
    };
    if !kg.is_finite() || kg < 0.0 {
        flag(event, note::VALUE_REPAIRED);
        return;
    }
    if kind == WeightKind::Tare
        && let Some(equipment) = event.equipment.as_deref_mut()
    {
        equipment.tare_kg = Some(kg);
    }
    event.weights.push(Weight { kind, kg, method: None });
}
