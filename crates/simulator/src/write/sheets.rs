//! Tables as terminals, depots, weighbridges and customs export them, in the columns of the ready mappings.

use quaywatch_domain::Timestamp;

use super::edifact::local;
use crate::letter::{CustomsStep, GateMove};
use crate::numbers::Unit;
use crate::world::Site;

/// A kind of table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sheet {
    Yard,
    Scale,
    GateLog,
    Trucks,
    Access,
    Customs,
    PreNotice,
}

const TIME: &str = "%d.%m.%Y %H:%M";

impl Sheet {
    /// Feed of the table at a site.
    pub(crate) const fn feed(self, site: Site) -> &'static str {
        match self {
            Self::Yard => site.yard_feed(),
            Self::Scale => site.scale_feed(),
            Self::GateLog => site.gate_feed(),
            Self::Trucks => "koper-trucks",
            Self::Access => "access-log",
            Self::Customs => site.customs_feed(),
            Self::PreNotice => "announcements",
        }
    }

    /// Name of the ready mapping that reads it.
    pub(crate) const fn profile(self) -> &'static str {
        match self {
            Self::Yard => "yard-positions",
            Self::Scale => "weighbridge",
            Self::GateLog | Self::Trucks => "gate-log",
            Self::Access => "access-log",
            Self::Customs => "customs-status",
            Self::PreNotice => "pre-notification",
        }
    }

    /// Columns behind the time and the terminal.
    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Yard => &["Container", "Event", "Block", "Bay", "Row", "Tier", "Order", "Machine driver"],
            Self::Scale => &["Ticket", "Container", "Truck", "Gross kg", "Net kg", "Container tare", "Scale"],
            Self::GateLog => &[
                "Direction",
                "Container",
                "ISO type",
                "Full/Empty",
                "Truck",
                "Driver",
                "Haulier code",
                "Haulier",
                "Seal",
                "Gross weight",
                "Booking",
                "Gate",
            ],
            Self::Trucks => &["Direction", "Transaction", "Truck", "Driver", "Haulier code", "Haulier"],
            Self::Access => &["User", "Organisation", "Role", "Action", "Container", "Client", "Report"],
            Self::Customs => &["Container", "Office", "Status", "MRN", "B/L", "Seal"],
            Self::PreNotice => &[
                "Container",
                "Truck",
                "Driver",
                "Haulier code",
                "Haulier",
                "Booking",
                "Appointment",
                "Status",
            ],
        }
    }

    /// A row: when it happened, then the columns.
    pub(crate) fn cells(site: Site, at: Timestamp, cells: &[&str]) -> Vec<String> {
        let mut row = vec![when(at, site), site.code().to_owned()];
        row.extend(cells.iter().map(|cell| (*cell).to_owned()));
        row
    }

    /// Says of a row that it happened at another time.
    pub(crate) fn at(row: &mut [String], site: Site, at: Timestamp) {
        if let Some(time) = row.first_mut() {
            *time = when(at, site);
        }
    }

    /// A row of a gate log.
    pub(crate) fn gate_row(gate: &GateMove) -> Vec<String> {
        let (code, name) = gate.haulier.as_ref().map_or(("", ""), |h| (h.id.as_str(), h.name.as_str()));
        let seal = gate.seals.first().map_or("", |seal| seal.number.as_str());
        Self::cells(
            gate.site,
            gate.at,
            &[
                if gate.inbound { "in" } else { "out" },
                &gate.unit.number,
                gate.unit.iso_type,
                if gate.laden { "full" } else { "empty" },
                &gate.plate,
                &gate.driver,
                code,
                name,
                if gate.laden { seal } else { "" },
                &gate.kg.to_string(),
                if gate.inbound { "" } else { &gate.unit.booking },
                gate.site.facility(),
            ],
        )
    }

    /// A row of the log of trucks without container: that of a passage goes out again, or came before.
    pub(crate) fn truck_row(gate: &GateMove, at: Timestamp) -> Vec<String> {
        let (code, name) = gate.haulier.as_ref().map_or(("", ""), |h| (h.id.as_str(), h.name.as_str()));
        let direction = if gate.inbound { "out" } else { "in" };
        Self::cells(gate.site, at, &[direction, "BOBTAIL", &gate.plate, &gate.driver, code, name])
    }

    /// A row of the neighbour's customs.
    pub(crate) fn customs_row(step: &CustomsStep<'_>, unit: &Unit) -> Vec<String> {
        let status = match step.kind {
            "customs_selected_for_scan" => "scan",
            "customs_selected_for_inspection" => "inspect",
            "customs_scanned" => "scanned",
            "customs_inspected" => "inspected",
            "customs_held" => "hold",
            "customs_selection_cancelled" => "cancelled",
            "seal_removed" => "seal removed",
            "seal_affixed" => "seal affixed",
            _ => "released",
        };
        let seal = step.seals.first().filter(|_| step.kind == "seal_affixed");
        let seal = seal.map_or("", |seal| seal.number.as_str());
        let cells = [&unit.number, step.office, status, step.declaration, &unit.bill, seal];
        Self::cells(Site::Trieste, step.at, &cells)
    }

    /// The table with these rows, each with when it was sent.
    pub(crate) fn table(self, site: Site, rows: &[(Timestamp, &[String])]) -> Vec<u8> {
        let mut text = String::from(if self == Self::PreNotice { "Announced at" } else { "Timestamp" });
        for column in ["Terminal"].iter().chain(self.columns()).chain(&["Sent"]) {
            text.push(';');
            text += column;
        }
        text.push('\n');
        for (told, row) in rows {
            for cell in *row {
                text += cell;
                text.push(';');
            }
            text += &when(*told, site);
            text.push('\n');
        }
        text.into_bytes()
    }
}

fn when(at: Timestamp, site: Site) -> String {
    local(at, site.time_zone(), TIME)
}
