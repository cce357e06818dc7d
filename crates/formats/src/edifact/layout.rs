//! Where the groups of a message begin: the tables that tell header, containers, bills and goods apart.
//!
//! A segment that opens a group closes the groups of its depth and deeper; any other segment belongs to the innermost open
//! group. So unknown segments, and known ones in an unexpected order, are read where they stand. From the message tables of
//! D.95B and D.00B; later directories open the same groups with the same segments.

use std::ops::Range;

use super::tokens::Segments;

/// What a group is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// What holds for the whole message.
    Header,
    /// A container.
    Equipment,
    /// Goods.
    Goods,
    /// A consignment: one bill of lading, or in CUSRES one document.
    Consignment,
    /// A status that was reached.
    Status,
    /// A leg of a transport.
    Leg,
    /// A cell on board.
    Cell,
    /// Totals at the end.
    Summary,
}

struct Opening {
    tag: &'static [u8; 3],
    /// Value of the first element that it must have.
    qualifier: Option<&'static str>,
    group: Group,
    depth: u8,
}

const fn opens(tag: &'static [u8; 3], group: Group, depth: u8) -> Opening {
    Opening { tag, qualifier: None, group, depth }
}

/// CODECO, COARRI, COPRAR, COREOR, COPINO, COPARN: goods, then equipment with its legs.
const EQUIPMENT: &[Opening] = &[
    opens(b"GID", Group::Goods, 1),
    opens(b"EQD", Group::Equipment, 1),
    opens(b"TDT", Group::Leg, 2),
    opens(b"CNT", Group::Summary, 1),
];
/// COSTCO, COSTOR: equipment, then consignments with the goods that go into it or come out.
const PACKING: &[Opening] = &[
    opens(b"EQD", Group::Equipment, 1),
    opens(b"CNI", Group::Consignment, 1),
    opens(b"GID", Group::Goods, 2),
    opens(b"CNT", Group::Summary, 1),
];
/// VERMAS.
const VERIFIED: &[Opening] = &[opens(b"EQD", Group::Equipment, 1), opens(b"CNT", Group::Summary, 1)];
/// CUSRES: equipment stands amid what holds for all of it; answers on single documents follow, errors come last.
const ANSWER: &[Opening] = &[
    opens(b"EQD", Group::Equipment, 2),
    opens(b"RFF", Group::Header, 1),
    opens(b"TDT", Group::Header, 1),
    opens(b"NAD", Group::Header, 1),
    opens(b"DOC", Group::Consignment, 1),
    opens(b"ERP", Group::Summary, 1),
    opens(b"CNT", Group::Summary, 1),
];
/// BAPLIE 2.x and 3.1: a cell, and what stands in it.
const CELLS: &[Opening] = &[
    Opening { tag: b"LOC", qualifier: Some("147"), group: Group::Cell, depth: 1 },
    opens(b"EQD", Group::Equipment, 2),
];
/// IFTSTA.
const STATUSES: &[Opening] = &[
    opens(b"CNI", Group::Consignment, 1),
    opens(b"STS", Group::Status, 2),
    opens(b"TDT", Group::Leg, 3),
    opens(b"EQD", Group::Equipment, 3),
    opens(b"GID", Group::Goods, 3),
    opens(b"CNT", Group::Summary, 1),
];
/// CUSCAR: equipment first, then bills with their goods.
const BILLS: &[Opening] = &[
    opens(b"EQD", Group::Equipment, 1),
    opens(b"CNI", Group::Consignment, 1),
    opens(b"GID", Group::Goods, 2),
];

fn openings(message: &str) -> Option<&'static [Opening]> {
    Some(match message {
        "CODECO" | "COARRI" | "COPRAR" | "COREOR" | "COPINO" | "COPARN" => EQUIPMENT,
        "COSTCO" | "COSTOR" => PACKING,
        "VERMAS" => VERIFIED,
        "CUSRES" => ANSWER,
        "BAPLIE" => CELLS,
        "IFTSTA" => STATUSES,
        "CUSCAR" => BILLS,
        _ => return None,
    })
}

/// Whether messages of this type are read.
pub(super) fn is_read(message: &str) -> bool {
    openings(message).is_some()
}

/// A group: its own segments, without those of the groups inside of it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) group: Group,
    pub(super) depth: u8,
    pub(super) segments: Range<usize>,
}

/// The groups of a message in order, the header first; a group inside of another follows it with a greater depth.
pub(super) fn groups(message: &str, all: &Segments<'_>, body: Range<usize>) -> Vec<Found> {
    let openings = openings(message).unwrap_or_default();
    let mut found = vec![Found { group: Group::Header, depth: 0, segments: body.start..body.start }];
    for at in body {
        let Some(segment) = all.get(at) else { break };
        let tag = segment.code();
        let opening = openings
            .iter()
            .find(|o| o.tag == tag && o.qualifier.is_none_or(|qualifier| segment.get(1, 0) == qualifier));
        let opening = opening.filter(|o| match o.group {
            // A leg before any status is the header's own.
            Group::Leg => found.len() > 1,
            // What follows a document is the document's.
            Group::Header => !found.iter().any(|f| f.group == Group::Consignment),
            _ => true,
        });
        match opening {
            Some(o) => found.push(Found { group: o.group, depth: o.depth, segments: at..at + 1 }),
            None => {
                if let Some(last) = found.last_mut() {
                    last.segments.end = at + 1;
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_nest_and_strange_segments_stay_where_they_stand() {
        let all =
            Segments::read(b"UNH+1'BGM+1'CNI+1'STS+1+P'RFF+BM:1'TDT+1'LOC+9+X'EQD+CN+A'XYZ+1'STS+2'UNT+1'");
        let found: Vec<_> = groups("IFTSTA", &all, 0..all.len())
            .into_iter()
            .map(|f| (f.group, f.depth, f.segments))
            .collect();
        assert_eq!(
            found,
            [
                (Group::Header, 0, 0..2),
                (Group::Consignment, 1, 2..3),
                (Group::Status, 2, 3..5),
                (Group::Leg, 3, 5..7),
                (Group::Equipment, 3, 7..9),
                (Group::Status, 2, 9..11),
            ]
        );
    }
}
