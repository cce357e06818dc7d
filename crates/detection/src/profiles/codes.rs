//! Words that a field can hold: who compares it with another one has mistyped it, and the profile would never hold.

use quaywatch_domain::EventKind;
use quaywatch_domain::event::{
    Classifier, Condition, EquipmentStatus, Laden, Mode, PartyRole, PinOutcome, SealSource, WeightKind,
};

use crate::unknown::suggestion;

/// A list of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codes {
    /// What happened: an open set, in which senders may have words of their own.
    Kind,
    Classifier,
    Laden,
    Status,
    Mode,
    Role,
    SealSource,
    Condition,
    WeightKind,
    PinOutcome,
}

impl Codes {
    fn words(self) -> Vec<&'static str> {
        match self {
            Self::Kind => EventKind::KNOWN.iter().map(EventKind::as_str).collect(),
            Self::Classifier => Classifier::ALL.iter().map(|c| c.as_str()).collect(),
            Self::Laden => Laden::ALL.iter().map(|c| c.as_str()).collect(),
            Self::Status => EquipmentStatus::ALL.iter().map(|c| c.as_str()).collect(),
            Self::Mode => Mode::ALL.iter().map(|c| c.as_str()).collect(),
            Self::Role => PartyRole::ALL.iter().map(|c| c.as_str()).collect(),
            Self::SealSource => SealSource::ALL.iter().map(|c| c.as_str()).collect(),
            Self::Condition => Condition::ALL.iter().map(|c| c.as_str()).collect(),
            Self::WeightKind => WeightKind::ALL.iter().map(|c| c.as_str()).collect(),
            Self::PinOutcome => PinOutcome::ALL.iter().map(|c| c.as_str()).collect(),
        }
    }

    /// What is wrong with a comparison with `word`, when it can never hold. A kind that nobody knows may be a sender's own,
    /// unless it looks like one that is known.
    pub(crate) fn fault(self, word: &str) -> Option<String> {
        let words = self.words();
        if words.contains(&word) {
            return None;
        }
        let near = suggestion(word, words.iter().copied());
        match self {
            Self::Kind if near.is_empty() => None,
            Self::Kind => Some(format!("no event is of kind '{word}'{near}")),
            _ => Some(format!("it is never '{word}'{near}; it may be {}", words.join(", "))),
        }
    }
}
