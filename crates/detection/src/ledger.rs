//! What the ledger of a party says to rules: its sightings, and its relations by class.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashMapExt as _};
use quaywatch_domain::{Subject, Timestamp};

use crate::haulage::is_only_hauled;
use crate::{Sighting, aging};

/// The classes of relations that rules read.
const CLASSES: [&str; 13] = [
    "CAPITAL",
    "COMPANY",
    "CONTACT",
    "DELIVERY",
    "FORWARDER",
    "GOODS",
    "HAULIER",
    "OFFICERS",
    "ORIGIN",
    "REGISTERED",
    "SENDER",
    "TAKEN_OVER",
    "USER",
];

/// What a party was seen to do, sorted.
pub(crate) struct Ledger<'a> {
    pub(crate) origin: &'a Subject,
    /// Standing sightings of containers in which it did more than haul, in order of time.
    pub(crate) sightings: Vec<&'a Sighting>,
    /// By class, the value of each relation with its standing sighting, in order of time.
    relations: [Vec<(&'a str, &'a Sighting)>; CLASSES.len()],
}

/// The values of one class of relations, each with its standing sightings in order of time.
pub(crate) type Values<'a> = BTreeMap<&'a str, Vec<&'a Sighting>>;

impl<'a> Ledger<'a> {
    pub(crate) fn read(origin: &'a Subject, sightings: &'a [Sighting]) -> Self {
        let mut relations = [const { Vec::new() }; CLASSES.len()];
        let standing = || sightings.iter().filter(|s| !s.retracted && !aging::is_mark(s));
        for s in standing() {
            for (at, value) in s.relations.iter().filter_map(|r| classified(r)) {
                if let Some(of_class) = relations.get_mut(at) {
                    of_class.push((value, s));
                }
            }
        }
        let sightings = standing().filter(|s| s.container.is_some() && !is_only_hauled(s)).collect();
        Self { origin, sightings, relations }
    }

    fn of_class(&self, class: &str) -> &[(&'a str, &'a Sighting)] {
        let at = CLASSES.iter().position(|known| *known == class);
        at.and_then(|at| self.relations.get(at)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The values of a class.
    pub(crate) fn class(&self, class: &str) -> Values<'a> {
        let mut values = Values::new();
        for (value, s) in self.of_class(class) {
            values.entry(*value).or_default().push(*s);
        }
        values
    }

    /// Whether a class has more than one value.
    pub(crate) fn has_several(&self, class: &str) -> bool {
        let mut values = self.of_class(class).iter().map(|(value, _)| *value);
        let first = values.next();
        values.any(|other| Some(other) != first)
    }
}

/// Place of its class among [`CLASSES`], and value of a relation.
fn classified(relation: &str) -> Option<(usize, &str)> {
    let first = relation.bytes().next();
    let mut alike = CLASSES.iter().enumerate().filter(|(_, class)| class.bytes().next() == first);
    alike.find_map(|(at, class)| Some((at, value_of(relation, class)?)))
}

/// The value of a relation of this class.
pub(crate) fn value_of<'a>(relation: &'a str, class: &str) -> Option<&'a str> {
    relation.strip_prefix(class)?.strip_prefix('=')
}

/// Class and value of a relation.
pub(crate) fn split(relation: &str) -> Option<(&str, &str)> {
    // Classes are short: looking for the sign in general takes longer.
    let at = relation.bytes().position(|byte| byte == b'=')?;
    relation.get(..at).zip(relation.get(at + 1..))
}

/// The containers of these sightings, each once.
pub(crate) fn containers<'a>(sightings: impl IntoIterator<Item = &'a Sighting>) -> BTreeSet<&'a str> {
    sightings.into_iter().filter_map(|s| s.container.as_deref()).collect()
}

/// When each container is first seen among these sightings.
pub(crate) fn beginnings<'a>(
    sightings: impl IntoIterator<Item = &'a Sighting>,
) -> HashMap<&'a str, Timestamp> {
    let mut begun: HashMap<&str, Timestamp> = HashMap::new();
    for s in sightings {
        if let Some(container) = s.container.as_deref() {
            let at = begun.entry(container).or_insert(s.occurred_at);
            *at = s.occurred_at.min(*at);
        }
    }
    begun
}
