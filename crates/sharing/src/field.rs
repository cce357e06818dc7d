//! The parts of an alert that can be withheld from an agency that may see the alert itself.

use crate::agencies::Role;

/// A part of an alert. The container, the visit's number and times, severity, score and advice are in every view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The release right (id or HMAC).
    Release,
    /// Bills of lading and bookings.
    Bills,
    /// Seal numbers.
    Seals,
    /// The vessel.
    Vessel,
    /// The vessel call.
    Call,
    /// Terminals.
    Terminal,
    /// Parties in the trade.
    Parties,
    /// Other containers and subjects that an indicator speaks of.
    Related,
    /// Which list and owner stand behind a hit.
    Lists,
    /// Legal grounds.
    LegalBasis,
    /// The way back to the original messages.
    Evidence,
}

impl Field {
    /// Every field.
    pub const ALL: &[Self] = &[
        Self::Release,
        Self::Bills,
        Self::Seals,
        Self::Vessel,
        Self::Call,
        Self::Terminal,
        Self::Parties,
        Self::Related,
        Self::Lists,
        Self::LegalBasis,
        Self::Evidence,
    ];

    /// The name in `agencies.toml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Bills => "bills",
            Self::Seals => "seals",
            Self::Vessel => "vessel",
            Self::Call => "call",
            Self::Terminal => "terminal",
            Self::Parties => "parties",
            Self::Related => "related",
            Self::Lists => "lists",
            Self::LegalBasis => "legal_basis",
            Self::Evidence => "evidence",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.as_str() == text)
    }

    /// What an agency in this role sees unless its settings say otherwise.
    #[must_use]
    pub const fn defaults(role: Role) -> &'static [Self] {
        match role {
            Role::Police | Role::Customs => Self::ALL,
            Role::Terminal => &[Self::Seals, Self::Vessel, Self::Call, Self::Terminal],
            Role::Carrier => &[Self::Bills, Self::Seals, Self::Vessel, Self::Call, Self::Terminal],
            Role::Port => &[Self::Vessel, Self::Call, Self::Terminal],
        }
    }
}
