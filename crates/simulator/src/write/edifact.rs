//! UN/EDIFACT interchanges: COARRI D.95B, CODECO D.00B and D.95B.
//!
//! Segments follow the directories' message tables in the subset that terminals use; times are local to the terminal
//! (qualifier 203), as they are in practice.

use jiff::tz::TimeZone;
use quaywatch_domain::Timestamp;

use crate::cast::{CARRIERS, Call, Firm, Terminal};
use crate::goods::{SealTag, Unit};
use crate::letter::{Function, GateMove, QuayMove};

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
    /// Begins an interchange of a terminal, prepared at `at`.
    pub(crate) fn new(terminal: Terminal, reference: i64, at: Timestamp) -> Self {
        let zone = TimeZone::get(terminal.zone()).unwrap_or(TimeZone::UTC);
        let reference = format!("{reference:08}");
        let prepared = local(at, &zone, "%y%m%d:%H%M");
        let text = format!("UNA:+.? '\nUNB+UNOC:3+{}+QUAYWATCH+{prepared}+{reference}'\n", terminal.code());
        Self { text, zone, reference, messages: 0 }
    }

    /// The finished interchange.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.text += &format!("UNZ+{}+{}'\n", self.messages, self.reference);
        self.text.into_bytes()
    }

    /// Adds a discharge or load list of a call (COARRI D.95B, document names 44 and 46).
    pub(crate) fn list(
        &mut self,
        call: &Call,
        moves: &[&QuayMove],
        document: (&str, Function),
        told: Timestamp,
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
        message.push(&format!("LOC+{}+SIKOP:139:6+LUKKP:TER:ZZZ", if load { "9" } else { "11" }));
        message.time("178", call.arrival, &self.zone);
        message.push(&format!("NAD+CA+{carrier}:172:306"));
        for quay in moves {
            message.quay_line(quay, &self.zone);
        }
        message.push(&format!("CNT+16:{}", moves.len()));
        self.add(&message, "COARRI:D:95B:UN:ITG13");
    }

    /// Adds a gate document of one container: CODECO D.00B (109 in, 111 out) at the port, D.95B (34, 36) next door.
    pub(crate) fn gate(&mut self, gate: &GateMove, told: Timestamp) {
        let (kind, name) = match (gate.terminal, gate.inbound) {
            (Terminal::Koper, true) => ("CODECO:D:00B:UN:SMDG22", "109"),
            (Terminal::Koper, false) => ("CODECO:D:00B:UN:SMDG22", "111"),
            (Terminal::Trieste, true) => ("CODECO:D:95B:UN:ITG14", "34"),
            (Terminal::Trieste, false) => ("CODECO:D:95B:UN:ITG14", "36"),
        };
        let mut message = Message(Vec::new());
        message.begin(name, (&gate.document, gate.function));
        message.time("137", told, &self.zone);
        if let Some(secret) = &gate.secret {
            message.push(&format!("RFF+TF:{}", escape(secret)));
        }
        let haulier = gate.haulier.as_ref().map(haulier).unwrap_or_default();
        message.push(&format!("TDT+1++3+31+{haulier}+++{}:146", escape(&gate.plate)));
        message.push(&format!(
            "LOC+165+{}:139:6+{}:TER:ZZZ",
            gate.terminal.un_locode(),
            gate.terminal.code()
        ));
        let carrier = CARRIERS.get(gate.unit.carrier).map(|c| c.code).unwrap_or_default();
        message.push(&format!("NAD+CF+{carrier}:172:306"));
        message.equipment(&gate.unit, gate.status, gate.laden);
        message.push(&format!("RFF+BM:{}", escape(&gate.unit.bill)));
        message.time("7", gate.at, &self.zone);
        message.push(&format!("MEA+AAE+G+KGM:{}", if gate.laden { gate.unit.gross_kg } else { 3_700 }));
        message.seals(&gate.seals);
        message.push("CNT+16:1");
        self.add(&message, kind);
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

    fn quay_line(&mut self, quay: &QuayMove, zone: &TimeZone) {
        self.equipment(&quay.unit, quay.status, true);
        let (reference, document) =
            if quay.load { ("BN", &quay.unit.booking) } else { ("BM", &quay.unit.bill) };
        self.push(&format!("RFF+{reference}:{}", escape(document)));
        self.time("203", quay.at, zone);
        let (near, far) = if quay.load { ("9", "11") } else { ("11", "9") };
        self.push(&format!("LOC+{near}+SIKOP:139:6"));
        self.push(&format!("LOC+{far}+{}:139:6", quay.far_port));
        self.push(&format!("MEA+AAE+G+KGM:{}", quay.unit.gross_kg));
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
        let mut interchange = Interchange::new(Terminal::Trieste, 7, Timestamp::from_millis(0));
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
