//! What every event goes through, whatever it was written in: identifiers normalised and checked, lengths limited,
//! defaults of the feed filled in.

use std::borrow::Cow;
use std::sync::Arc;

use quaywatch_domain::event::{Equipment, Place, PortEvent, Seal, SourceMessage, note};
use quaywatch_domain::identifiers::{ContainerNumber, normalise_seal};
use quaywatch_domain::{EventKind, Sha256, Text, Timestamp};
use thin_vec::ThinVec;

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
        source: context.source.clone(),
        ..PortEvent::new(String::new(), kind, occurred_at)
    }
}

/// Adds a flag once.
pub(crate) fn flag(event: &mut PortEvent, note: &'static str) {
    if !event.notes.iter().any(|n| n == note) && event.notes.len() < MAX_LIST {
        event.notes.push(Cow::Borrowed(note));
    }
}

/// A container for an event; `None` when the text holds no number.
pub(crate) fn equipment(text: &str) -> Option<Box<Equipment>> {
    let number = ContainerNumber::parse(text)?;
    let check_digit_ok = Some(number.check_digit_ok());
    Some(Box::new(Equipment { number: number.into_text().into(), check_digit_ok, ..Equipment::default() }))
}

/// Brings a filled event into canonical form.
pub(crate) fn finish(mut event: PortEvent, context: &Context<'_>) -> PortEvent {
    event.received_at = context.received_at.or(event.created_at).unwrap_or(event.occurred_at);
    if *event.source.feed != *context.feed {
        event.source.feed = context.feed.into();
    }
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
    tighten(&mut event.parties);
    tighten(&mut event.seals);
    tighten(&mut event.cargo);
    event
}

/// Gives back the room that a list grew for: events are kept for weeks, and most have one or two of these.
fn tighten<T>(list: &mut ThinVec<T>) {
    if list.capacity() > list.len() {
        let mut tight = ThinVec::with_capacity(list.len());
        tight.append(list);
        *list = tight;
    }
}

fn default_place(event: &mut PortEvent, context: &Context<'_>) {
    let (port, terminal) = (&context.settings.port, &context.settings.terminal);
    if port.is_none() && terminal.is_none() {
        return;
    }
    let place = event.place.get_or_insert_with(|| Box::new(Place::default()));
    if place.un_locode.is_none() {
        place.un_locode = port.as_deref().map(Text::from);
    }
    // A terminal belongs to its own port alone.
    if place.terminal.is_none() && place.un_locode.as_deref() == port.as_deref() {
        place.terminal = terminal.as_deref().map(Text::from);
    }
}

fn finish_seal(seal: &mut Seal, event: &mut PortEvent) {
    seal.normalised = normalise_seal(&seal.number).map(Text::from);
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

/// Cuts the texts that a sender controls; identifiers of that length are not identifiers.
fn limit_texts(event: &mut PortEvent) {
    if event.event_id.len() > MAX_TEXT_CHARACTERS {
        event.event_id = bounded_id(event.event_id.to_string()).into();
    }
    let mut is_cut = false;
    macro_rules! limit {
        ($section:expr, [$($field:ident),+]) => {
            $(is_cut |= $section.$field.as_mut().is_some_and(cut);)+
        };
    }
    let is_long = |name: &Option<Arc<str>>| name.as_ref().is_some_and(|n| n.len() > MAX_TEXT_CHARACTERS);
    // All events of the message hold these: they are touched only where they are cut.
    if is_long(&event.source.sender) || is_long(&event.source.message_id) {
        let SourceMessage { sender, message_id, .. } = &mut *event.source;
        for name in [sender, message_id].into_iter().flatten() {
            let mut text = Text::from(&**name);
            is_cut |= cut(&mut text);
            *name = text.as_str().into();
        }
    }
    for party in &mut event.parties {
        limit!(party, [id, id_scheme, name, address, country]);
    }
    for seal in &mut event.seals {
        is_cut |= cut(&mut seal.number);
        limit!(seal, [normalised, seal_type]);
    }
    for cargo in &mut event.cargo {
        limit!(cargo, [hs_code, description, origin_country, dangerous_goods]);
    }
    for weight in &mut event.weights {
        limit!(weight, [method]);
    }
    if let Some(equipment) = event.equipment.as_deref_mut() {
        limit!(equipment, [iso_type]);
    }
    if let Some(place) = event.place.as_deref_mut() {
        limit!(place, [un_locode, terminal, facility]);
        if let Some(yard) = place.yard.as_mut() {
            limit!(yard, [block, bay, row, tier]);
        }
    }
    if let Some(transport) = event.transport.as_deref_mut() {
        limit!(transport, [vessel_imo, vessel_mmsi, vessel_name, call_sign, voyage, carrier]);
        limit!(transport, [service, call_id, stow_cell]);
    }
    if let Some(route) = event.route.as_deref_mut() {
        limit!(route, [port_of_loading, port_of_discharge, place_of_delivery, origin_country]);
        is_cut |= route.transshipment_ports.iter_mut().fold(false, |any, port| cut(port) | any);
    }
    if let Some(documents) = event.documents.as_deref_mut() {
        limit!(documents, [booking, bill_of_lading, transport_document, customs_declaration]);
        limit!(documents, [release, order, appointment]);
    }
    if let Some(customs) = event.customs.as_deref_mut() {
        limit!(customs, [office, decision, procedure, reference]);
    }
    if let Some(actor) = event.actor.as_deref_mut() {
        limit!(actor, [organisation, role, action]);
    }
    if is_cut {
        flag(event, note::VALUE_CUT);
    }
}

/// Cuts a text to the longest that a field may have; whether it was longer.
fn cut(text: &mut Text) -> bool {
    // Bytes are cheaper to count than characters, and never fewer.
    if text.len() <= MAX_TEXT_CHARACTERS {
        return false;
    }
    match text.char_indices().nth(MAX_TEXT_CHARACTERS) {
        Some((end, _)) => {
            text.truncate(end);
            true
        }
        None => false,
    }
}
