//! What every event goes through, whatever it was written in: identifiers normalised and checked, lengths limited,
//! defaults of the feed filled in.

use quaywatch_domain::event::{Equipment, Place, PortEvent, Seal, note};
use quaywatch_domain::identifiers::{ContainerNumber, normalise_seal};
use quaywatch_domain::{EventKind, Sha256, Timestamp};

use crate::{Context, checks};

/// Most parties, seals, weights and notes of an event.
const MAX_LIST: usize = 64;
/// Most lines of goods of an event.
const MAX_CARGO: usize = 256;
/// Longest text of a field, characters.
const MAX_TEXT_CHARACTERS: usize = 512;

/// An event with what it always has; the rest is for the parser to fill in.
pub(crate) fn blank(context: &Context<'_>, kind: EventKind, occurred_at: Timestamp) -> PortEvent {
    PortEvent {
        received_at: context.received_at.unwrap_or(occurred_at),
        source: Box::new(context.source.clone()),
        ..PortEvent::new(String::new(), kind, occurred_at)
    }
}

/// Adds a flag once.
pub(crate) fn flag(event: &mut PortEvent, note: &str) {
    if !event.notes.iter().any(|n| n == note) && event.notes.len() < MAX_LIST {
        event.notes.push(note.to_owned());
    }
}

/// A container for an event; `None` when the text holds no number.
pub(crate) fn equipment(text: &str) -> Option<Box<Equipment>> {
    let number = ContainerNumber::parse(text)?;
    let check_digit_ok = Some(number.check_digit_ok());
    Some(Box::new(Equipment { number: number.into_string(), check_digit_ok, ..Equipment::default() }))
}

/// Brings a filled event into canonical form.
pub(crate) fn finish(mut event: PortEvent, context: &Context<'_>) -> PortEvent {
    event.received_at = context.received_at.or(event.created_at).unwrap_or(event.occurred_at);
    event.source.feed = context.feed.to_owned();
    default_place(&mut event, context);
    checks::identifiers(&mut event);
    context.parties.resolve_all(&mut event);
    event.seals.truncate(MAX_LIST);
    let mut seals = std::mem::take(&mut event.seals);
    for seal in &mut seals {
        finish_seal(seal, &mut event);
    }
    event.seals = seals;
    event.parties.truncate(MAX_LIST);
    event.weights.truncate(MAX_LIST);
    event.cargo.truncate(MAX_CARGO);
    limit_texts(&mut event);
    event.notes.truncate(MAX_LIST);
    event
}

fn default_place(event: &mut PortEvent, context: &Context<'_>) {
    let (port, terminal) = (&context.settings.port, &context.settings.terminal);
    if port.is_none() && terminal.is_none() {
        return;
    }
    let place = event.place.get_or_insert_with(|| Box::new(Place::default()));
    if place.un_locode.is_none() {
        place.un_locode.clone_from(port);
    }
    // A terminal belongs to its own port alone.
    if place.terminal.is_none() && place.un_locode == *port {
        place.terminal.clone_from(terminal);
    }
}

fn finish_seal(seal: &mut Seal, event: &mut PortEvent) {
    seal.normalised = normalise_seal(&seal.number);
    if seal.normalised.is_none() {
        flag(event, note::SEAL_PLACEHOLDER);
    }
}

/// An identifier of bounded length that is as distinct as the whole.
pub(crate) fn bounded_id(id: String) -> String {
    if id.len() <= MAX_TEXT_CHARACTERS {
        return id;
    }
    let head: String = id.chars().take(64).collect();
    format!("{head}~{}", Sha256::of(id.as_bytes()))
}

fn some<const N: usize>(fields: [&mut Option<String>; N]) -> impl Iterator<Item = &mut String> {
    fields.into_iter().filter_map(Option::as_mut)
}

/// Cuts the texts that a sender controls; identifiers of that length are not identifiers.
fn limit_texts(event: &mut PortEvent) {
    let id = bounded_id(std::mem::take(&mut event.event_id));
    event.event_id = id;
    let mut texts: Vec<&mut String> = Vec::new();
    let source = &mut *event.source;
    texts.extend([&mut source.sender, &mut source.message_id].into_iter().filter_map(Option::as_mut));
    for party in &mut event.parties {
        texts.extend(some([
            &mut party.id,
            &mut party.id_scheme,
            &mut party.name,
            &mut party.address,
            &mut party.country,
        ]));
    }
    for seal in &mut event.seals {
        texts.push(&mut seal.number);
        texts.extend(some([&mut seal.seal_type]));
    }
    texts.extend(event.weights.iter_mut().filter_map(|weight| weight.method.as_mut()));
    for cargo in &mut event.cargo {
        texts.extend(some([
            &mut cargo.hs_code,
            &mut cargo.description,
            &mut cargo.origin_country,
            &mut cargo.dangerous_goods,
        ]));
    }
    if let Some(p) = event.place.as_deref_mut() {
        texts.extend(some([&mut p.un_locode, &mut p.terminal, &mut p.facility]));
        if let Some(yard) = p.yard.as_mut() {
            texts.extend(some([&mut yard.block, &mut yard.bay, &mut yard.row, &mut yard.tier]));
        }
    }
    if let Some(equipment) = event.equipment.as_deref_mut() {
        texts.extend(some([&mut equipment.iso_type]));
    }
    if let Some(t) = event.transport.as_deref_mut() {
        texts.extend(some([&mut t.vessel_imo, &mut t.vessel_mmsi, &mut t.vessel_name, &mut t.call_sign]));
        texts.extend(some([&mut t.voyage, &mut t.carrier, &mut t.service, &mut t.call_id, &mut t.stow_cell]));
    }
    if let Some(r) = event.route.as_deref_mut() {
        texts.extend(some([
            &mut r.port_of_loading,
            &mut r.port_of_discharge,
            &mut r.place_of_delivery,
            &mut r.origin_country,
        ]));
        texts.extend(&mut r.transshipment_ports);
    }
    if let Some(d) = event.documents.as_deref_mut() {
        texts.extend(some([
            &mut d.booking,
            &mut d.bill_of_lading,
            &mut d.transport_document,
            &mut d.customs_declaration,
        ]));
        texts.extend(some([&mut d.release, &mut d.order, &mut d.appointment]));
    }
    if let Some(c) = event.customs.as_deref_mut() {
        texts.extend(some([&mut c.office, &mut c.decision, &mut c.procedure, &mut c.reference]));
    }
    if let Some(a) = event.actor.as_deref_mut() {
        texts.extend(some([&mut a.organisation, &mut a.role, &mut a.action]));
    }
    let mut cut = false;
    for text in texts {
        if text.len() > MAX_TEXT_CHARACTERS
            && let Some((end, _)) = text.char_indices().nth(MAX_TEXT_CHARACTERS)
        {
            text.truncate(end);
            text.shrink_to_fit();
            cut = true;
        }
    }
    if cut {
        flag(event, note::VALUE_CUT);
    }
}
