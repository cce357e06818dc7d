//! Watchlist entries: what to look for, for whom, on which ground, until when.

use serde::{Deserialize, Serialize};

use crate::codes::codes;
use crate::{Handling, Severity, Timestamp};

codes! {
    /// What an entry describes.
    EntryKind {
        /// Container.
        Container = "CONTAINER",
        /// Seal.
        Seal = "SEAL",
        /// Vessel.
        Vessel = "VESSEL",
        /// Company.
        Company = "COMPANY",
        /// Person.
        Person = "PERSON",
        /// Bill of lading.
        BillOfLading = "BILL_OF_LADING",
        /// Booking.
        Booking = "BOOKING",
        /// Truck, by the pseudonym of its plate.
        Truck = "TRUCK",
        /// Route.
        Route = "ROUTE",
        /// Goods from an origin.
        HsOrigin = "HS_ORIGIN",
        /// Pseudonym of a telephone or mail address.
        PhoneOrMail = "PHONE_OR_MAIL",
    }
}

codes! {
    /// What the owner wants done on a hit.
    EntryAction {
        /// Tell the owner; nobody else may notice.
        Discreet = "DISCREET",
        /// Ask questions.
        Inquiry = "INQUIRY",
        /// Search the container.
        Specific = "SPECIFIC",
        /// Stop it.
        Stop = "STOP",
        /// Take note.
        Inform = "INFORM",
    }
}

codes! {
    /// How good a name is as evidence.
    NameQuality {
        /// The main name.
        Primary = "PRIMARY",
        /// A good alias.
        Alias = "ALIAS",
        /// An alias that says little alone.
        Weak = "WEAK",
    }
}

/// An identifier under a scheme, such as `IMO` `9321483`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Value {
    /// Scheme in upper case: CONTAINER, SEAL, IMO, BILL_OF_LADING, BOOKING, EORI, TRUCK, ...
    pub scheme: String,
    /// The identifier, normalised for its scheme.
    pub value: String,
}

/// A name of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// The name as listed.
    pub name: String,
    /// ISO 15924 script, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// How good it is as evidence.
    pub quality: NameQuality,
}

/// One entry of a watchlist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchlistEntry {
    /// Id within the list.
    pub entry_id: String,
    /// Id of the list.
    pub list_id: String,
    /// Version of the list in which this form of the entry first stood.
    pub list_version: String,
    /// What it describes.
    pub kind: EntryKind,
    /// Identifiers.
    #[serde(default)]
    pub values: Vec<Value>,
    /// Names.
    #[serde(default)]
    pub names: Vec<Name>,
    /// ISO 3166 alpha-2 countries.
    #[serde(default)]
    pub countries: Vec<String>,
    /// Dates of birth, as listed.
    #[serde(default)]
    pub birth_dates: Vec<String>,
    /// What the owner wants done.
    pub action: EntryAction,
    /// How grave a hit is.
    pub severity: Severity,
    /// Who may see a hit.
    pub handling: Handling,
    /// Agency that owns the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Legal ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// Why it is listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The owner's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<String>,
    /// Matches from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Matches before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Timestamp>,
    /// Matches before then unless a person renews it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_on: Option<Timestamp>,
}

impl WatchlistEntry {
    /// The key on `port.watchlist`: list id, slash, entry id.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.list_id, self.entry_id)
    }

    /// Whether the entry matches at this moment.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= now) && self.expires_at().is_none_or(|end| now < end)
    }

    /// The earlier of end of validity and review date.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        [self.valid_to, self.review_on].into_iter().flatten().min()
    }
}
