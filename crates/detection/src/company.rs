//! The containers of one subject: which of them are near the one of a find, in time and on board.

use std::cmp::Reverse;

use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{Id, Timestamp};

use crate::TimelineState;
use crate::siblings::Find;

/// A container near that of a find.
pub(crate) struct Sibling<'a> {
    pub(crate) container: &'a str,
    /// The nearest of its own events.
    pub(crate) at: Timestamp,
    pub(crate) fact_id: &'a Id,
    pub(crate) apart: i64,
    /// When it was first known to be near, not before the find.
    pub(crate) known: Timestamp,
}

/// A standing event of a container of the subject.
#[derive(Clone, Copy)]
struct Met<'a> {
    container: &'a str,
    at: Timestamp,
    fact_id: &'a Id,
    since: Timestamp,
    cell: Option<Cell>,
}

/// All of them, by container.
pub(crate) struct Company<'a> {
    is_on_board: bool,
    met: Vec<Met<'a>>,
}

impl<'a> Company<'a> {
    pub(crate) fn of(state: &'a TimelineState, kind: SubjectKind) -> Self {
        let is_on_board = kind == SubjectKind::Call;
        let kin = state.kin.iter().filter(|k| !k.retracted).filter_map(|k| {
            Some(Met {
                container: k.container.as_deref()?,
                at: k.occurred_at,
                fact_id: &k.fact_id,
                since: k.since(),
                cell: k.cell.as_deref().filter(|_| is_on_board).and_then(Cell::parse),
            })
        });
        let seals = state.sightings.iter().filter(|s| !s.retracted && kind == SubjectKind::Seal);
        let seals = seals.filter_map(|s| {
            Some(Met {
                container: s.container.as_deref()?,
                at: s.occurred_at,
                fact_id: &s.fact_id,
                since: s.received_at,
                cell: None,
            })
        });
        let mut met: Vec<Met<'a>> = kin.chain(seals).collect();
        met.sort_by_key(|m| m.container);
        Self { is_on_board, met }
    }

    /// Containers that are near the one of `find` and came before the watch ended, in order of their numbers.
    pub(crate) fn near(&self, find: &Find<'_>) -> impl Iterator<Item = Sibling<'a>> {
        let begin = self.met.partition_point(|m| m.container < find.from);
        let own = self.met.get(begin..).unwrap_or_default().iter().take_while(|m| m.container == find.from);
        let cells: Vec<Cell> = own.filter_map(|m| m.cell).collect();
        let is_beside = move |m: &Met<'_>| m.cell.is_some_and(|cell| cells.iter().any(|of| of.touches(cell)));
        let containers = self.met.chunk_by(|a, b| a.container == b.container);
        containers.filter_map(move |all| {
            let is_near = |m: &&Met<'_>| {
                m.container != find.from && find.reaches(m.at) && (!self.is_on_board || is_beside(m))
            };
            let apart = |m: &Met<'_>| m.at.millis_since(find.when).saturating_abs();
            let near = || all.iter().filter(is_near);
            let nearest = near().min_by_key(|m| (apart(m), Reverse(m.at), m.fact_id))?;
            Some(Sibling {
                container: nearest.container,
                at: nearest.at,
                fact_id: nearest.fact_id,
                apart: apart(nearest),
                known: near().map(|m| m.since).min()?.max(find.found.first_held_at),
            })
        })
    }
}

/// A cell on board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    bay: i32,
    /// Odd ones count up to starboard, even ones down to port, 00 is in the middle.
    row: i32,
    tier: i32,
}

impl Cell {
    /// Reads BBBRRTT or BBRRTT.
    fn parse(cell: &str) -> Option<Self> {
        if !matches!(cell.len(), 6 | 7) || !cell.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (bay, rest) = cell.split_at_checked(cell.len() - 4)?;
        let (row, tier) = rest.split_at_checked(2)?;
        let row: i32 = row.parse().ok()?;
        let row = if row % 2 == 1 { (row + 1) / 2 } else { -row / 2 };
        Some(Self { bay: bay.parse().ok()?, row, tier: tier.parse().ok()? })
    }

    /// Whether two cells touch: bays next to each other (20-foot and 40-foot bays are numbered through), rows next to each
    /// other, tiers next to each other (by twos).
    const fn touches(self, other: Self) -> bool {
        self.bay.abs_diff(other.bay) <= 2
            && self.row.abs_diff(other.row) <= 1
            && self.tier.abs_diff(other.tier) <= 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_touch_across_the_middle_and_along_the_ship() {
        let touch = |a, b| Cell::parse(a).zip(Cell::parse(b)).is_some_and(|(a, b)| a.touches(b));
        assert!(touch("0120082", "0120182") && touch("0120082", "0120282"));
        assert!(touch("0120182", "0120384") && touch("0120182", "0130182"));
        assert!(!touch("0120182", "0120282") && !touch("0120182", "0120582"));
        assert!(!touch("0120182", "0160182") && !touch("x", "0120182"));
        assert!(touch("120182", "0120182"));
    }
}
