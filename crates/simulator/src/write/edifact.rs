//! UN/EDIFACT interchanges: COARRI D.95B, CODECO D.00B and D.95B, COPINO D.95B.
//!
//! Segments follow the directories' message tables in the subset that terminals use; times are local to the terminal
//! (qualifier 203), as they are in practice.

use jiff::tz::TimeZone;
use quaywatch_domain::{PortEvent, Timestamp};

use crate::letter::{Announced, EXPORT, Function, GateMove, IMPORT, QuayMove};
use crate::numbers::{SealTag, Unit};
use crate::wire;
use crate::world::{CARRIERS, Call, Firm, Site};

/// An interchange in the making.
pub(crate) struct Interchange {
    text: String,
    zone: TimeZone,
    reference: String,
    messages: usize,
}

/// A message in the making: its segments.
struct Message(Vec<String>);

impl Interchange {
    /// Begins an interchange of a sender, prepared at `at`; times are in the zone.
    pub(crate) fn new(zone: &str, sender: &str, reference: i64, at: Timestamp) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let reference = format!("{reference:08}");
        let prepared = local(at, &zone, "%y%m%d:%H%M");
        let text = format!("UNA:+.? '\nUNB+UNOC:3+{sender}+QUAYWATCH+{prepared}+{reference}'\n");
        Self { text, zone, reference, messages: 0 }
    }

    /// The finished interchange.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.text += &format!("UNZ+{}+{}'\n", self.messages, self.reference);
        self.text.into_bytes()
    }

    /// Adds a discharge or load list of a call (COARRI D.95B, document names 44 and 46), which says that it has `count`
    /// lines.
    pub(crate) fn list(
        &mut self,
        call: &Call,
        moves: &[&QuayMove],
        document: (&str, Function),
        told: Timestamp,
        count: usize,
    ) {
        let load = moves.first().is_some_and(|m| m.load);
        let mut message = Message(Vec::new());
        message.begin(if load { "46" } else { "44" }, document);
        message.time("137", told, &self.zone);
        let carrier = CARRIERS.get(call.carrier).map(|c| c.code).unwrap_or_default();
        message.push(&format!(
            "TDT+20+{}+1+13+{carrier}:172:306+++{}:146:11:{}",
            escape(&call.voyage),
            call.imo,
            escape(&call.vessel)
        ));
        message.push(&format!("RFF+VON:{}", escape(&call.voyage)));
        message.push(&format!("RFF+ATZ:{}", escape(&call.id)));
        let (port, terminal) = (call.site.un_locode(), call.site.code());
        message.push(&format!("LOC+{}+{port}:139:6+{terminal}:TER:ZZZ", if load { "9" } else { "11" }));
        message.time("178", call.arrival, &self.zone);
        message.push(&format!("NAD+CA+{carrier}:172:306"));
        for quay in moves {
            message.quay_line(quay, port, &self.zone);
        }
        message.push(&format!("CNT+16:{count}"));
        self.add(&message, "COARRI:D:95B:UN:ITG13");
    }

    /// Adds a gate document of one container: CODECO D.00B (109 in, 111 out) at the port, D.95B (34, 36) next door.
    pub(crate) fn gate(&mut self, gate: &GateMove, told: Timestamp) {
        let (kind, name) = match (gate.site, gate.inbound) {
            (Site::Trieste, true) => ("CODECO:D:95B:UN:ITG14", "34"),
            (Site::Trieste, false) => ("CODECO:D:95B:UN:ITG14", "36"),
            (_, true) => ("CODECO:D:00B:UN:SMDG22", "109"),
            (_, false) => ("CODECO:D:00B:UN:SMDG22", "111"),
        };
        let mut message = Message(Vec::new());
        message.begin(name, (&gate.document, gate.function));
        message.time("137", told, &self.zone);
        if let Some(secret) = &gate.secret {
            message.push(&format!("RFF+TF:{}", escape(secret)));
        }
        if let Some(order) = &gate.order {
            message.push(&format!("RFF+AAS:{}", escape(order)));
        }
        if gate.rail {
            message.push("TDT+1++2");
        } else {
            let haulier = gate.haulier.as_ref().map(haulier).unwrap_or_default();
            let (plate, driver) = (escape(&gate.plate), escape(&gate.driver));
            message.push(&format!("TDT+1++3+31+{haulier}+++{plate}:146::{driver}"));
        }
        message.push(&format!("LOC+165+{}:139:6+{}:TER:ZZZ", gate.site.un_locode(), gate.site.code()));
        let carrier = CARRIERS.get(gate.unit.carrier).map(|c| c.code).unwrap_or_default();
        message.push(&format!("NAD+CF+{carrier}:172:306"));
        message.equipment(&gate.unit, gate.status, gate.laden);
        if gate.laden && gate.status == IMPORT {
            message.push(&format!("RFF+BM:{}", escape(&gate.unit.bill)));
        } else if gate.status == EXPORT {
            message.push(&format!("RFF+BN:{}", escape(&gate.unit.booking)));
        }
        message.time("7", gate.at, &self.zone);
        message.push(&format!("MEA+AAE+G+KGM:{}", gate.kg));
        message.seals(&gate.seals);
        message.push("CNT+16:1");
        self.add(&message, kind);
    }

    /// Adds a haulier's announcement that it will fetch a container (COPINO D.95B).
    pub(crate) fn announcement(&mut self, announced: &Announced, told: Timestamp) {
        let mut message = Message(Vec::new());
        message.begin("661", (&announced.document, announced.function));
        message.time("137", told, &self.zone);
        message.push(&format!("RFF+TF:{}", escape(&announced.secret)));
        message.push(&format!("RFF+ACA:{}", escape(&announced.appointment)));
        let (plate, driver) = (escape(&announced.plate), escape(&announced.driver));
        let h = &announced.haulier;
        let agency = if h.scheme == "EAN" { "9" } else { "87" };
        let haulier = format!("{}:172:{agency}:{}", escape(&h.id), escape(&h.name));
        message.push(&format!("TDT+1++3+31+{haulier}+++{plate}:146::{driver}"));
        message.push(&format!(
            "LOC+165+{}:139:6+{}:TER:ZZZ",
            announced.site.un_locode(),
            announced.site.code()
        ));
        let consignee = &announced.consignee;
        message.push(&format!("NAD+CN+{}:160:87++{}", escape(&consignee.id), escape(&consignee.name)));
        message.equipment(&announced.unit, IMPORT, true);
        message.push(&format!("RFF+BM:{}", escape(&announced.unit.bill)));
        message.push("CNT+16:1");
        self.add(&message, "COPINO:D:95B:UN:ITG13");
    }

    /// Adds a message that [`wire::render`] would write.
    pub(crate) fn rendered(
        &mut self,
        kind: wire::Message,
        document: &str,
        told: Timestamp,
        events: &[PortEvent],
    ) {
        self.messages += 1;
        let n = self.messages.to_string();
        self.text += &wire::message(kind, document, told, events, &n);
        self.text.push('\n');
    }

    fn add(&mut self, message: &Message, kind: &str) {
        self.messages += 1;
        let n = self.messages;
        self.text += &format!("UNH+{n}+{kind}'\n");
        for segment in &message.0 {
            self.text += segment;
            self.text += "'\n";
        }
        // UNT counts itself and UNH.
        self.text += &format!("UNT+{}+{n}'\n", message.0.len() + 2);
    }
}

impl Message {
    fn push(&mut self, segment: &str) {
        self.0.push(segment.to_owned());
    }

    fn begin(&mut self, name: &str, (document, function): (&str, Function)) {
        self.push(&format!("BGM+{name}+{}+{}", escape(document), function.code()));
    }

    fn time(&mut self, qualifier: &str, at: Timestamp, zone: &TimeZone) {
        self.push(&format!("DTM+{qualifier}:{}:203", local(at, zone, "%Y%m%d%H%M")));
    }

    fn equipment(&mut self, unit: &Unit, status: &str, laden: bool) {
        let fill = if laden { "5" } else { "4" };
        self.push(&format!("EQD+CN+{}+{}:102:5++{status}+{fill}", unit.number, unit.iso_type));
    }

    fn quay_line(&mut self, quay: &QuayMove, port: &str, zone: &TimeZone) {
        self.equipment(&quay.unit, quay.status, !quay.unit.seals.is_empty());
        let (reference, document) =
            if quay.load { ("BN", &quay.unit.booking) } else { ("BM", &quay.unit.bill) };
        if !quay.unit.seals.is_empty() {
            self.push(&format!("RFF+{reference}:{}", escape(document)));
        }
        self.time("203", quay.at, zone);
        let (near, far) = if quay.load { ("9", "11") } else { ("11", "9") };
        self.push(&format!("LOC+{near}+{port}:139:6"));
        self.push(&format!("LOC+{far}+{}:139:6", quay.far_port));
        if let Some(cell) = &quay.cell {
            self.push(&format!("LOC+147+{cell}::5"));
        }
        self.push(&format!("MEA+AAE+G+KGM:{}", quay.kg));
        self.seals(&quay.seals);
    }

    fn seals(&mut self, seals: &[SealTag]) {
        for seal in seals {
            self.push(&format!("SEL+{}+{}+{}", escape(&seal.number), seal.sealer.edifact(), seal.condition));
        }
    }
}

/// The haulier as carrier of the road leg: the port's own code, or the name alone.
fn haulier(firm: &Firm) -> String {
    if firm.id.is_empty() {
        format!(":::{}", escape(&firm.name))
    } else {
        format!("{}:172:87:{}", escape(&firm.id), escape(&firm.name))
    }
}

/// Puts the release character before every separator.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\'' | '+' | ':' | '?') {
            escaped.push('?');
        }
        escaped.push(c);
    }
    escaped
}

pub(crate) fn local(at: Timestamp, zone: &TimeZone, format: &str) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map(|t| zone.to_datetime(t).strftime(format).to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_released() {
        assert_eq!(escape("Trasporti d'Este + Figli: 1?"), "Trasporti d?'Este ?+ Figli?: 1??");
    }

    #[test]
    fn times_are_local_in_winter_and_summer() {
        let zone = TimeZone::get("Europe/Ljubljana").unwrap();
        let winter = Timestamp::parse("2026-03-01T23:30:00Z").unwrap();
        let summer = Timestamp::parse("2026-07-01T23:30:00Z").unwrap();
        assert_eq!(local(winter, &zone, "%Y%m%d%H%M"), "202603020030");
        assert_eq!(local(summer, &zone, "%Y%m%d%H%M"), "202607020130");
    }

    #[test]
    fn counts_of_segments_and_messages_are_right() {
        let mut interchange = Interchange::new("Europe/Rome", "TMT", 7, Timestamp::from_millis(0));
        let mut message = Message(Vec::new());
        message.begin("34", ("DOC+1", Function::Cancel));
        message.push("CNT+16:1");
        interchange.add(&message, "CODECO:D:95B:UN:ITG14");
        let text = String::from_utf8(interchange.finish()).unwrap();
        assert_eq!(
            text.lines().skip(1).collect::<Vec<_>>(),
            [
                "UNB+UNOC:3+TMT+QUAYWATCH+700101:0100+00000007'",
                "UNH+1+CODECO:D:95B:UN:ITG14'",
                "BGM+34+DOC?+1+1'",
                "CNT+16:1'",
                "UNT+4+1'",
                "UNZ+1+00000007'",
            ]
        );
    }
}
