//! From which score on a name is told, by kind and by whose list it is on.

use quaywatch_domain::WatchlistEntry;
use serde::{Deserialize, Serialize};

use super::prepare::NameKind;
use super::score::DEFAULT_THRESHOLD;

/// Score from which a name is as good as the listed one.
const DEFAULT_STRONG: f64 = 0.9;

/// Scores from which on names are told: the common ones, and those of lists and owners that have their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bands {
    /// Persons.
    pub person: f64,
    /// Companies and organisations.
    pub company: f64,
    /// Vessels.
    pub vessel: f64,
    /// From here on a hit has the severity of its entry; below it is one step lower.
    pub strong: f64,
    /// Lists and owners with scores of their own.
    pub lists: Vec<ListBands>,
}

/// The scores of one list, or of all lists of one agency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListBands {
    /// Id of the list, or of the agency that owns it.
    pub list: String,
    /// Persons.
    pub person: f64,
    /// Companies and organisations.
    pub company: f64,
    /// Vessels.
    pub vessel: f64,
    /// From here on a hit has the severity of its entry; below it is one step lower.
    pub strong: f64,
}

impl Default for Bands {
    fn default() -> Self {
        Self::all(DEFAULT_THRESHOLD)
    }
}

impl Default for ListBands {
    fn default() -> Self {
        let each = DEFAULT_THRESHOLD;
        Self { list: String::new(), person: each, company: each, vessel: each, strong: DEFAULT_STRONG }
    }
}

impl Bands {
    /// One score for every kind and list.
    #[must_use]
    pub const fn all(score: f64) -> Self {
        Self { person: score, company: score, vessel: score, strong: DEFAULT_STRONG, lists: Vec::new() }
    }

    /// The score of a kind on lists without their own.
    #[must_use]
    pub const fn common(&self, kind: NameKind) -> f32 {
        of_kind(kind, self.person, self.company, self.vessel)
    }

    /// The score from which a name of an entry is told.
    #[must_use]
    pub fn threshold(&self, entry: &WatchlistEntry, kind: NameKind) -> f32 {
        self.own(entry)
            .map_or_else(|| self.common(kind), |own| of_kind(kind, own.person, own.company, own.vessel))
    }

    /// The score from which on a hit has the severity of its entry.
    #[must_use]
    pub fn strong(&self, entry: &WatchlistEntry) -> f64 {
        self.own(entry).map_or(self.strong, |own| own.strong)
    }

    /// The lowest score of a kind that is told on any list.
    #[must_use]
    pub fn lowest(&self, kind: NameKind) -> f32 {
        let own = self.lists.iter().map(|own| of_kind(kind, own.person, own.company, own.vessel));
        own.fold(self.common(kind), f32::min)
    }

    /// The bands of the list, else of the owner.
    fn own(&self, entry: &WatchlistEntry) -> Option<&ListBands> {
        let of = |id: &str| self.lists.iter().find(|own| own.list == id);
        of(&entry.list_id).or_else(|| entry.owner.as_deref().and_then(of))
    }
}

const fn of_kind(kind: NameKind, person: f64, company: f64, vessel: f64) -> f32 {
    // Settings have more digits than scores.
    (match kind {
        NameKind::Person => person,
        NameKind::Company => company,
        NameKind::Vessel => vessel,
    }) as f32
}
