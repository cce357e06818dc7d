//! One complete message: its document, its header, and the lines that its type has.

use std::ops::Range;
use std::sync::Arc;

use quaywatch_domain::event::{PortEvent, Route, Source, SourceMessage, note};
use quaywatch_domain::{DeadLetterCode, EventKind, Timestamp};

use super::codes::{self, Reports};
use super::layout::{self, Found, Group};
use super::said::{Frame, Said};
use super::tokens::{Segment, Segments};
use super::{Envelope, bills, lines, statuses};
use crate::document::{Document, Function};
use crate::{Context, MAX_ITEMS, Parsed, Reject};

/// Reads one complete message.
pub(super) struct Reader<'a> {
    pub(super) all: &'a Segments<'a>,
    /// Where its header (UNH) is.
    pub(super) unh: usize,
    /// Its segments, from UNH or, for a second document under the same UNH, from BGM.
    pub(super) body: Range<usize>,
    pub(super) envelope: &'a Envelope,
    pub(super) ordinal: usize,
    pub(super) notes: Vec<&'static str>,
    pub(super) context: &'a Context<'a>,
}

/// What its parts have in common.
pub(super) struct Message<'a> {
    /// UNH type, such as `CODECO`.
    pub(super) kind: &'a str,
    pub(super) header: Said,
    pub(super) reports: Reports,
    pub(super) groups: Vec<Found>,
    pub(super) frame: Frame<'a>,
}

/// Why a line cannot be used.
pub(super) type Refused = (DeadLetterCode, String);

impl<'a> Reader<'a> {
    pub(super) fn read(mut self, parsed: &mut Parsed) {
        let Some(unh) = self.all.get(self.unh) else { return };
        let (kind, release) = (unh.get(2, 0), unh.get(2, 2));
        let groups = layout::groups(kind, self.all, self.body.clone());
        let lines = groups.iter().filter(|g| g.depth > 0).count();
        if lines > MAX_ITEMS {
            let sentence =
                format!("the message has {lines} lines and the limit is {MAX_ITEMS}; send it in parts");
            return self.reject(parsed, self.body.clone(), DeadLetterCode::TooManyItems, sentence);
        }
        let headers = || groups.iter().filter(|g| g.group == Group::Header).flat_map(|g| g.segments.clone());
        let is_d00 = codes::is_d00(release);
        let frame = Frame { context: self.context, zone: self.zone(headers()), is_d00 };
        let (mut header, mut bgm) = (Said::default(), None);
        for segment in headers().filter_map(|at| self.all.get(at)) {
            if segment.code() == b"BGM" {
                bgm.get_or_insert(segment);
            }
            header.hear(&segment, frame);
        }
        let name = bgm.map_or("", |b| b.get(1, 0));
        let (reports, known) = codes::reports(self.context.settings, kind, release, name);
        if !known {
            self.notes.push(note::UNKNOWN_CODE);
        }
        // Directories of before 1993 have a number for a letter: `1.911`.
        let directory = match unh.get(2, 1) {
            "D" | "" => format!("D{release}"),
            version => format!("{version}.{release}"),
        };
        let document = self.document(bgm.as_ref(), &header, kind, &directory);
        self.check_count(&groups);
        let message = Message { kind, header, reports, groups, frame };
        match kind {
            "IFTSTA" => statuses::reports(&self, &message, &document, parsed),
            "CUSRES" => statuses::answers(&self, &message, &document, parsed),
            "CUSCAR" => bills::read(&self, &message, document, parsed),
            _ => lines::read(&self, &message, document, parsed),
        }
    }

    /// The zone of the terminal that the header names, else of the feed.
    fn zone(&self, mut header: impl Iterator<Item = usize>) -> Option<&'a str> {
        let settings = self.context.settings;
        let terminals = &settings.terminal_zones;
        let named = if terminals.is_empty() {
            None
        } else {
            header.find_map(|at| {
                let segment = self.all.get(at).filter(|s| s.code() == b"LOC")?;
                terminals.get(segment.get(3, 0))
            })
        };
        named.or(settings.time_zone.as_ref()).map(String::as_str)
    }

    fn document(&self, bgm: Option<&Segment<'_>>, header: &Said, message: &str, directory: &str) -> Document {
        let number = bgm.and_then(|b| b.some(2, 0));
        let reference = format!("{}/{}", self.envelope.reference, self.ordinal);
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
        // Times are in minutes: within one, the later message of an interchange is the later version.
        let revision = said.unwrap_or(received_at).as_millis() + self.ordinal.min(60_000) as i64 - 1;
        // Control references begin anew every so often: alone they are no number of a document.
        let id = match number {
            Some(number) => format!("{message}/{number}"),
            None => format!("{message}/{reference}/{revision}"),
        };
        let message = SourceMessage {
            feed: self.context.feed.into(),
            format: format!("EDIFACT-{message}-{directory}").into(),
            sender: self.envelope.sender.clone(),
            message_id: Some(reference.into()),
            stored: Arc::clone(&self.context.source.stored),
        };
        let source = Source::new(message, format!("message {}", self.ordinal));
        Document { id: Some(id), function, revision, source, received_at, events: Vec::new() }
    }

    /// CNT+16 counts the containers.
    fn check_count(&mut self, groups: &[Found]) {
        let containers = groups.iter().filter(|g| g.group == Group::Equipment).count();
        let mut counts =
            self.all.range(self.body.clone()).filter(|s| s.code() == b"CNT" && s.get(1, 0) == "16");
        let stated = counts.next().and_then(|s| s.get(1, 1).parse::<usize>().ok());
        if stated.is_some_and(|count| count != containers) {
            self.notes.push(note::COUNT_MISMATCH);
        }
    }

    /// Sets a part of the message aside.
    pub(super) fn reject(
        &self,
        parsed: &mut Parsed,
        part: Range<usize>,
        code: DeadLetterCode,
        sentence: String,
    ) {
        parsed.rejects.push(Reject {
            code,
            sentence: sentence + &super::quoted(self.all, part.start),
            position: Some(self.position(part.start)),
            bytes: self.all.bytes_of(part).to_vec(),
        });
    }

    /// Where a segment is: for people, who count from 1, and for editors, which go to a byte.
    fn position(&self, at: usize) -> String {
        super::position(self.all, Some((self.ordinal, self.unh)), at)
    }

    /// Where an event of the message is.
    pub(super) fn path(&self, at: usize) -> String {
        format!("message {}, segment {}", self.ordinal, at + 1 - self.unh)
    }

    /// When the sender said it: the time of the document, else of the interchange.
    pub(super) fn said_at(&self, header: &Said) -> Option<Timestamp> {
        header.time("137").or(self.envelope.prepared.as_ref()).map(|(moment, _)| *moment)
    }
}

impl Message<'_> {
    /// The kind of its events; where the name of the document leaves it open, ports and status decide.
    pub(super) fn event_kind(&self, line: &Said, export: Option<bool>, home: Option<&str>) -> EventKind {
        match &self.reports {
            Reports::Kind(kind) => kind.clone(),
            Reports::Packing => match export {
                Some(true) => EventKind::Stuffed,
                Some(false) => EventKind::Stripped,
                None => EventKind::Other,
            },
            Reports::Visit => match export {
                Some(true) => codes::announced_dropoff(),
                _ => EventKind::PickupAnnounced,
            },
            Reports::Quay { order } => {
                let loading = is_loading(&self.header.route, home).or_else(|| is_loading(&line.route, home));
                match (loading, order) {
                    (Some(true), false) => EventKind::Loaded,
                    (Some(false), false) => EventKind::Discharged,
                    (Some(true), true) => EventKind::LoadOrdered,
                    (Some(false), true) => EventKind::DischargeOrdered,
                    (None, _) => EventKind::Other,
                }
            }
        }
    }
}

/// Loading or discharging: by the port that the header names alone, else by the port that the terminal is in.
fn is_loading(route: &Route, home: Option<&str>) -> Option<bool> {
    match (route.port_of_loading.as_deref(), route.port_of_discharge.as_deref()) {
        (Some(_), None) => Some(true),
        (None, Some(_)) => Some(false),
        (Some(loading), _) if Some(loading) == home => Some(true),
        (_, Some(discharge)) if Some(discharge) == home => Some(false),
        _ => None,
    }
}

/// The same happening to the same subject twice in a document: the ordinal tells them apart.
pub(super) fn number_repeated(events: &mut [PortEvent]) {
    let mut seen = std::collections::HashMap::<&str, usize>::with_capacity(events.len());
    let mut ordinal_of = |id| {
        let times = seen.entry(id).or_default();
        *times += 1;
        *times
    };
    let ordinals: Vec<usize> = events.iter().map(|event| ordinal_of(event.event_id.as_str())).collect();
    for (event, ordinal) in events.iter_mut().zip(ordinals).filter(|(_, ordinal)| *ordinal > 1) {
        event.event_id = format!("{}/{ordinal}", event.event_id).into();
    }
}
