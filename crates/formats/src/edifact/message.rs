//! CODECO and COARRI: header, one group for each container, trailer. Groups are found by EQD alone; segments in an
//! unexpected order or place are read where they stand.

use quaywatch_domain::event::{
    Documents, Mode, Party, PartyRole, Place, PortEvent, Route, Source, Transport, note,
};
use quaywatch_domain::identifiers::normalise_imo;
use quaywatch_domain::pseudonym::Kind;
use quaywatch_domain::{DeadLetterCode, EventKind, Timestamp};

use super::codes::{self, Reports};
use super::tokens::Segment;
use super::{Envelope, bytes_of, line, reject, times};
use crate::document::{Document, Function};
use crate::local_time::Noted;
use crate::{Context, MAX_ITEMS, Parsed};

/// Reads one complete message.
pub(super) struct Reader<'a> {
    pub(super) envelope: &'a Envelope,
    pub(super) ordinal: usize,
    pub(super) notes: Vec<&'static str>,
    pub(super) context: &'a Context<'a>,
    pub(super) bytes: &'a [u8],
}

/// What segments say, in the header for all containers or in a group for one.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) transport: Transport,
    pub(super) route: Route,
    pub(super) place: Place,
    pub(super) documents: Documents,
    pub(super) parties: Vec<Party>,
    pub(super) times: Vec<(String, Noted)>,
    pub(super) notes: Vec<&'static str>,
}

impl Reader<'_> {
    pub(super) fn read(mut self, body: &[Segment], parsed: &mut Parsed) {
        let (message, release) = body.first().map_or(("", ""), |unh| (unh.get(2, 0), unh.get(2, 2)));
        let first_group = body.iter().position(|s| s.tag() == "EQD").unwrap_or(body.len());
        let head = body.get(..first_group).unwrap_or_default();
        let mut header = Said::default();
        let mut bgm = None;
        for segment in head {
            if segment.tag() == "BGM" {
                bgm.get_or_insert(segment);
            }
            header.hear(segment, self.context);
        }
        let reports =
            codes::reports(self.context.settings, message, release, bgm.map_or("", |b| b.get(1, 0)));
        if reports == Reports::Unknown {
            self.notes.push(note::UNKNOWN_CODE);
        }
        let kind = kind_of(&reports, &header.route, self.context.settings.port.as_deref());
        let mut document = self.document(bgm, &header, message, release);
        let groups: Vec<&[Segment]> = groups(body.get(first_group..).unwrap_or_default());
        self.check_count(body, groups.len());
        if groups.len() > MAX_ITEMS {
            let sentence =
                format!("the message lists {} containers and the limit is {MAX_ITEMS}", groups.len());
            let position = Some(format!("message {}", self.ordinal));
            parsed.rejects.push(reject(
                DeadLetterCode::TooManyItems,
                sentence,
                position,
                bytes_of(body, self.bytes),
            ));
            return;
        }
        let mut at = first_group;
        for group in groups {
            match line::read(&self, &document, &header, &kind, group, at) {
                Ok(Some(event)) => document.events.push(event),
                Ok(None) => {}
                Err((code, sentence)) => {
                    let position = Some(format!("message {}, segment {}", self.ordinal, at + 1));
                    parsed.rejects.push(reject(code, sentence, position, bytes_of(group, self.bytes)));
                }
            }
            at += group.len();
        }
        number_repeated(&mut document.events);
        // A cancellation may name no container; anything else without one says nothing.
        if !document.events.is_empty() || document.function == Function::Cancel {
            parsed.documents.push(document);
        }
    }

    fn document(&self, bgm: Option<&Segment>, header: &Said, message: &str, release: &str) -> Document {
        let number = bgm.and_then(|b| b.some(2, 0));
        let reference = self.reference();
        let id =
            number.map_or_else(|| format!("{message}/{reference}"), |number| format!("{message}/{number}"));
        let function = match bgm.map_or("", |b| b.get(3, 0)) {
            "1" => Function::Cancel,
            "2" => Function::Add,
            "3" => Function::Delete,
            "4" => Function::Change,
            "5" => Function::Replace,
            _ => Function::Original,
        };
        // A document may be sent anew within the minute of its own time; the interchange then is later.
        let said = [header.time("137"), self.envelope.prepared.as_ref()]
            .into_iter()
            .flatten()
            .map(|(t, _)| *t)
            .max();
        let received_at = self.context.received_at.or(said).unwrap_or_default();
        let revision = said.unwrap_or(received_at).as_millis();
        let source = Source {
            feed: self.context.feed.to_owned(),
            format: format!("EDIFACT-{message}-D{release}"),
            sender: self.envelope.sender.clone(),
            message_id: Some(reference),
            path: format!("message {}", self.ordinal),
            ..self.context.source.clone()
        };
        Document { id: Some(id), function, revision, source, received_at, events: Vec::new() }
    }

    /// Identity of the message: control reference of the interchange and reference of the message.
    fn reference(&self) -> String {
        format!("{}/{}", self.envelope.reference, self.ordinal)
    }

    fn check_count(&mut self, body: &[Segment], containers: usize) {
        let stated = body.iter().find(|s| s.tag() == "CNT" && s.get(1, 0) == "16");
        if stated.and_then(|s| s.get(1, 1).parse::<usize>().ok()).is_some_and(|count| count != containers) {
            self.notes.push(note::COUNT_MISMATCH);
        }
    }
}

/// One slice for each EQD, up to the next one or the trailer.
fn groups(segments: &[Segment]) -> Vec<&[Segment]> {
    let starts: Vec<usize> =
        segments.iter().enumerate().filter(|(_, s)| s.tag() == "EQD").map(|(at, _)| at).collect();
    let end = segments.iter().position(|s| matches!(s.tag(), "CNT" | "UNT")).unwrap_or(segments.len());
    let ends = starts.iter().skip(1).copied().chain([end.max(starts.last().copied().unwrap_or(0))]);
    starts.iter().zip(ends).filter_map(|(from, to)| segments.get(*from..to)).collect()
}

/// Loaded or discharged, where the document's name does not tell: by the port that the terminal is in.
fn kind_of(reports: &Reports, route: &Route, port: Option<&str>) -> EventKind {
    match reports {
        Reports::Kind(kind) => kind.clone(),
        Reports::Quay if route.port_of_loading.is_some() && route.port_of_discharge.is_none() => {
            EventKind::Loaded
        }
        Reports::Quay if route.port_of_discharge.is_some() && route.port_of_loading.is_none() => {
            EventKind::Discharged
        }
        Reports::Quay if port.is_some() && route.port_of_loading.as_deref() == port => EventKind::Loaded,
        Reports::Quay if port.is_some() && route.port_of_discharge.as_deref() == port => {
            EventKind::Discharged
        }
        Reports::Quay | Reports::Unknown => EventKind::Other,
    }
}

/// The same happening to the same container twice in a document: the ordinal tells them apart.
fn number_repeated(events: &mut [PortEvent]) {
    let mut seen = std::collections::HashMap::<String, usize>::new();
    for event in events {
        let ordinal = seen.entry(event.event_id.clone()).or_insert(0);
        *ordinal += 1;
        if *ordinal > 1 {
            event.event_id = format!("{}/{ordinal}", event.event_id);
        }
    }
}

impl Said {
    /// The first time under a qualifier.
    pub(super) fn time(&self, qualifier: &str) -> Option<&Noted> {
        self.times.iter().find(|(q, _)| q == qualifier).map(|(_, noted)| noted)
    }

    /// The first of several qualifiers.
    pub(super) fn first_time(&self, qualifiers: &[&str]) -> Option<&Noted> {
        qualifiers.iter().find_map(|qualifier| self.time(qualifier))
    }

    pub(super) fn hear(&mut self, segment: &Segment, context: &Context<'_>) {
        match segment.tag() {
            "DTM" => self.dtm(segment, context.settings.time_zone.as_deref()),
            "TDT" => self.tdt(segment, context),
            "LOC" => self.loc(segment),
            "NAD" => self.nad(segment),
            "RFF" => self.rff(segment, context),
            _ => {}
        }
    }

    fn dtm(&mut self, segment: &Segment, zone: Option<&str>) {
        let Some(value) = segment.some(1, 1) else { return };
        match times::read(value, segment.get(1, 2), zone) {
            Some(noted) => self.times.push((segment.get(1, 0).to_owned(), noted)),
            None => self.notes.push(note::VALUE_REPAIRED),
        }
    }

    /// TDT: means of transport. Plates and drivers stand in the transport identification (C222) of the road leg.
    fn tdt(&mut self, segment: &Segment, context: &Context<'_>) {
        let road = segment.get(3, 0) == "3" || (segment.get(1, 0) == "1" && segment.get(4, 0) == "31");
        let (id, qualifier) = (segment.some(8, 0), segment.get(8, 1));
        let t = &mut self.transport;
        if road {
            t.mode = Some(Mode::Road);
            t.truck = id.map(|plate| context.key.pseudonym(Kind::Plate, plate));
            t.driver = segment.some(8, 3).map(|name| context.key.pseudonym(Kind::Badge, name));
            let (code, name) = (segment.some(5, 0), segment.some(5, 3));
            if code.is_some() || name.is_some() {
                self.parties.push(Party {
                    id: code.map(str::to_owned),
                    id_scheme: code.map(|code| codes::scheme(segment.get(5, 2), code).to_owned()),
                    name: name.map(str::to_owned),
                    ..Party::new(PartyRole::Haulier)
                });
            }
            return;
        }
        if segment.get(1, 0) != "20" {
            // Legs before and after the main one only tell how the container goes on.
            if t.mode.is_none() {
                t.mode = mode(segment.get(3, 0));
            }
            return;
        }
        t.mode = mode(segment.get(3, 0)).or(Some(Mode::Sea));
        t.voyage = segment.some(2, 0).map(str::to_owned);
        t.carrier = segment.some(5, 0).map(str::to_owned);
        t.vessel_name = segment.some(8, 3).map(str::to_owned);
        match id {
            Some(imo) if normalise_imo(imo).is_some() && qualifier != "103" => {
                t.vessel_imo = Some(imo.to_owned());
            }
            Some(sign) if qualifier == "103" => t.call_sign = Some(sign.to_owned()),
            Some(name) if t.vessel_name.is_none() => t.vessel_name = Some(name.to_owned()),
            _ => {}
        }
    }

    /// LOC: ports of the route, the terminal, the cell on board.
    fn loc(&mut self, segment: &Segment) {
        let code = segment.some(2, 0).map(str::to_owned);
        let terminal = segment.some(3, 0).map(str::to_owned);
        let r = &mut self.route;
        match segment.get(1, 0) {
            "9" => r.port_of_loading.clone_from(&code),
            "76" if r.port_of_loading.is_none() => r.port_of_loading.clone_from(&code),
            "11" | "12" => r.port_of_discharge.clone_from(&code),
            "7" | "83" => r.place_of_delivery.clone_from(&code),
            "13" => r.transshipment_ports.extend(code.clone()),
            "147" => self.transport.stow_cell.clone_from(&code),
            "165" | "164" => {
                (self.place.un_locode, self.place.terminal) = (code, terminal);
                return;
            }
            _ => return,
        }
        // The port that is named with its terminal is the one where it happens.
        if terminal.is_some() && self.place.terminal.is_none() {
            (self.place.un_locode, self.place.terminal) = (code, terminal);
        }
    }

    fn nad(&mut self, segment: &Segment) {
        let role = match segment.get(1, 0) {
            "CA" | "CF" => PartyRole::Carrier,
            "CN" => PartyRole::Consignee,
            "CZ" | "SH" => PartyRole::Shipper,
            "NI" | "N1" => PartyRole::Notify,
            "FW" | "FC" => PartyRole::Forwarder,
            "TR" => PartyRole::Terminal,
            "OW" => PartyRole::Owner,
            _ => return,
        };
        let (code, name) = (segment.some(2, 0), segment.some(4, 0).or_else(|| segment.some(3, 0)));
        if code.is_some() || name.is_some() {
            self.parties.push(Party {
                id: code.map(str::to_owned),
                id_scheme: code.map(|code| codes::scheme(segment.get(2, 2), code).to_owned()),
                name: name.map(str::to_owned),
                ..Party::new(role)
            });
        }
    }

    /// RFF. The authorisation to get a container released (TF) is the PIN: a pseudonym takes its place at once.
    fn rff(&mut self, segment: &Segment, context: &Context<'_>) {
        let Some(value) = segment.some(1, 1) else { return };
        let d = &mut self.documents;
        match segment.get(1, 0) {
            "BN" => d.booking = Some(value.to_owned()),
            "BM" => d.bill_of_lading = Some(value.to_owned()),
            "TF" => d.release = Some(context.key.pseudonym(Kind::Release, value)),
            "REO" | "RE" => {
                // A release order's number may serve as the right itself, so it is kept as a pseudonym too.
                d.release.get_or_insert_with(|| context.key.pseudonym(Kind::Release, value));
            }
            "ABT" => d.customs_declaration = Some(value.to_owned()),
            "AAS" => d.order = Some(value.to_owned()),
            "VON" => self.transport.voyage = Some(value.to_owned()),
            "ATZ" => self.transport.call_id = Some(value.to_owned()),
            _ => {}
        }
    }
}

fn mode(code: &str) -> Option<Mode> {
    match code {
        "1" => Some(Mode::Sea),
        "2" => Some(Mode::Rail),
        "3" => Some(Mode::Road),
        "8" => Some(Mode::InlandWater),
        _ => None,
    }
}

/// Times in the order in which they tell when something happened to a container.
pub(super) const EVENT_TIMES: [&str; 6] = ["7", "203", "178", "133", "132", "136"];

/// The time of an event: that of the line, of the header, or as a last resort of the message.
pub(super) fn event_time(
    line: &Said,
    header: &Said,
    envelope: &Envelope,
) -> Option<(Timestamp, Vec<&'static str>)> {
    if let Some((moment, notes)) = line.first_time(&EVENT_TIMES).or_else(|| header.first_time(&["7", "203"]))
    {
        return Some((*moment, notes.clone()));
    }
    let assumed = header.first_time(&["178", "133", "132", "136", "137"]).or(envelope.prepared.as_ref());
    assumed.map(|(moment, notes)| {
        let mut notes = notes.clone();
        notes.push(note::EVENT_TIME_ASSUMED);
        (*moment, notes)
    })
}
