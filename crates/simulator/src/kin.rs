//! What travelled with a find: the containers that customs look at, whether or not there is more in them.
//!
//! Whoever finds drugs in a container looks at those of the same consignment and sender, at its neighbours on board and at
//! the empties from its port of loading (cases in `stories/finds.rs`). Read from what was really said in the papers.

use std::collections::{BTreeMap, BTreeSet};

use quaywatch_domain::event::PartyRole;
use quaywatch_domain::{EventKind, Feedback, PortEvent, Text, Timestamp, Verdict};

use crate::letter::{Body, Letter, QuayMove};
use crate::world::World;
use crate::{Options, Truth};

/// Why a container is told in the truth though no crime is told of it.
const STORY: &str = "Something was found in it, or in a container that it travelled with: it is looked at.";

/// Containers with a find that nobody took back, and when it was answered.
#[derive(Debug, Default)]
pub(crate) struct Finds(BTreeMap<String, Timestamp>);

/// What the containers with a find share with others; with the time of the first answer.
#[derive(Debug, Default)]
pub(crate) struct Kinship {
    shared: BTreeMap<Trait, Timestamp>,
    cells: BTreeMap<String, Vec<(String, Timestamp)>>,
}

/// What containers may have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Trait {
    Bill(Text),
    Sender(Text),
    Origin(Text),
}

impl Finds {
    /// What was found by the end, of all answers.
    pub(crate) fn of(answers: &[Feedback]) -> Self {
        let is_find = |f: &&Feedback| matches!(f.verdict, Verdict::Confirmed | Verdict::Seizure);
        let stands = |f: &&Feedback| {
            !answers.iter().any(|other| {
                (&other.subject, &other.agency, other.verdict)
                    == (&f.subject, &f.agency, Verdict::FalsePositive)
                    && other.at > f.at
            })
        };
        let mut finds = BTreeMap::new();
        for find in answers.iter().filter(is_find).filter(stands) {
            if let Some(subject) = &find.subject {
                let at = finds.entry(subject.id.to_string()).or_insert(find.at);
                *at = find.at.min(*at);
            }
        }
        Self(finds)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Learns what the containers with a find share, from what is said of them.
    pub(crate) fn kinship(&self, letters: &[Letter], kinship: &mut Kinship) {
        for quay in letters.iter().filter_map(unloaded) {
            if let Some(at) = self.0.get(&quay.unit.number) {
                kinship.shared.entry(Trait::Origin(quay.far_port.into())).or_insert(*at);
            }
        }
        for event in letters.iter().filter_map(papers) {
            let Some(at) = event.container().and_then(|number| self.0.get(number)) else { continue };
            let of_find = traits(event).into_iter().chain(came_from(event));
            for shared in of_find {
                kinship.shared.entry(shared).or_insert(*at);
            }
            if let Some((call, cell)) = cell(event) {
                kinship.cells.entry(call.to_owned()).or_default().push((cell.to_owned(), *at));
            }
        }
    }

    /// The containers with a find, and those of `kin`, as far as no story is told of them.
    pub(crate) fn truth(&self, kin: Kin, told: &[Truth], options: &Options) -> Vec<Truth> {
        let known: BTreeSet<&str> =
            told.iter().filter_map(|truth| truth.subject.strip_prefix("container/")).collect();
        let mut all = kin.0;
        all.extend(self.0.clone());
        all.into_iter()
            .filter(|(number, _)| !known.contains(number.as_str()))
            .map(|(number, from)| Truth {
                subject: format!("container/{number}"),
                codes: Vec::new(),
                from,
                to: options.end(),
                story: STORY.to_owned(),
            })
            .collect()
    }
}

/// Containers that travelled with a find, and when that was answered.
#[derive(Debug, Default)]
pub(crate) struct Kin(BTreeMap<String, Timestamp>);

impl Kin {
    /// Adds those of whom the letters say what a find has too.
    pub(crate) fn add(&mut self, kinship: &Kinship, letters: &[Letter], world: &World) {
        let mut add = |number: &str, at: Timestamp| {
            self.0.entry(number.to_owned()).or_insert(at);
        };
        for event in letters.iter().filter_map(papers) {
            let Some(number) = event.container() else { continue };
            let empties = came_from(event).filter(|_| event.is_empty());
            for shared in traits(event).into_iter().chain(empties) {
                if let Some(at) = kinship.shared.get(&shared) {
                    add(number, *at);
                }
            }
            if let Some(at) = cell(event).and_then(|(call, cell)| kinship.beside(call, cell)) {
                add(number, at);
            }
        }
        for quay in letters.iter().filter_map(unloaded) {
            let from = Trait::Origin(quay.far_port.into());
            let empty = kinship.shared.get(&from).filter(|_| quay.unit.seals.is_empty()).copied();
            let beside = || {
                let call = world.calls.get(quay.call)?;
                kinship.beside(&call.id, quay.cell.as_deref()?)
            };
            if let Some(at) = empty.or_else(beside) {
                add(&quay.unit.number, at);
            }
        }
    }
}

impl Kinship {
    /// When something was found beside a cell of a call.
    fn beside(&self, call: &str, cell: &str) -> Option<Timestamp> {
        self.cells.get(call)?.iter().find(|(of, _)| touch(of, cell)).map(|(_, at)| *at)
    }
}

/// A line of manifest, bay plan or discharge order.
fn papers(letter: &Letter) -> Option<&PortEvent> {
    if let Body::Edi(edi) = &letter.body { Some(&edi.event) } else { None }
}

/// A line of a discharge list: it names the port where the container was put on this ship.
fn unloaded(letter: &Letter) -> Option<&QuayMove> {
    match &letter.body {
        Body::Quay(quay) if !quay.load => Some(quay),
        _ => None,
    }
}

fn traits(event: &PortEvent) -> Vec<Trait> {
    let bill = event.documents.as_deref().and_then(|d| d.bill_of_lading.clone()).map(Trait::Bill);
    let senders = event.parties.iter().filter(|p| p.role == PartyRole::Shipper);
    bill.into_iter().chain(senders.filter_map(|p| p.id.clone()).map(Trait::Sender)).collect()
}

/// The port where what comes by sea was loaded.
fn came_from(event: &PortEvent) -> Option<Trait> {
    let comes =
        matches!(event.kind, EventKind::ManifestLine | EventKind::StowPosition | EventKind::DischargeOrdered);
    let port = event.route.as_deref().filter(|_| comes)?.port_of_loading.clone();
    port.map(Trait::Origin)
}

fn cell(event: &PortEvent) -> Option<(&str, &str)> {
    let transport = event.transport.as_deref()?;
    Some((transport.call_id.as_deref()?, transport.stow_cell.as_deref()?))
}

/// Whether two cells touch: bays, rows and tiers next to each other. Rows are counted from the middle, odd to starboard.
fn touch(a: &str, b: &str) -> bool {
    let place = |cell: &str| {
        let part = |from, to| cell.get(from..to)?.parse::<i32>().ok();
        let row = part(3, 5)?;
        Some((part(0, 3)?, if row % 2 == 1 { (row + 1) / 2 } else { -row / 2 }, part(5, 7)?))
    };
    place(a)
        .zip(place(b))
        .is_some_and(|(a, b)| (a.0 - b.0).abs() <= 2 && (a.1 - b.1).abs() <= 1 && (a.2 - b.2).abs() <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stories::answer;

    #[test]
    fn a_find_that_its_agency_takes_back_is_none() {
        let at = Timestamp::from_millis;
        let answers = [
            answer("CSQU3054383", at(1), Verdict::Confirmed, None),
            answer("MSKU1234565", at(2), Verdict::Seizure, Some(40)),
            answer("CSQU3054383", at(3), Verdict::FalsePositive, None),
            answer("APZU4812090", at(4), Verdict::Closed, None),
        ];
        assert_eq!(Finds::of(&answers).0, BTreeMap::from([("MSKU1234565".to_owned(), at(2))]));
        assert!(!Finds::of(&answers[..1]).is_empty() && Finds::of(&answers[3..]).is_empty());
    }

    #[test]
    fn cells_touch_on_all_sides() {
        assert!(touch("0210206", "0210208") && touch("0210006", "0210106") && touch("0210206", "0230206"));
        assert!(!touch("0210206", "0210210") && !touch("0210206", "0210106") && !touch("0210206", "0250206"));
    }
}
