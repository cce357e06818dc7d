//! Watchlist entries: what to look for, for whom, on which ground, until when.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::codes::codes;
use crate::{Handling, Severity, Sha256, Text, Timestamp};

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

codes! {
    /// How a list file is written.
    ListFormat {
        /// Found out from the name and the content.
        Auto = "auto",
        /// Agency list, CSV with a header row.
        AgencyCsv = "agency-csv",
        /// Agency list, JSON lines.
        Jsonl = "jsonl",
        /// OFAC, CSV: `sdn.csv` or `cons_prim.csv` with the files beside it.
        OfacSdn = "ofac-sdn",
        /// OFAC, `SDN_ADVANCED.XML` or `CONS_ADVANCED.XML`.
        OfacAdvanced = "ofac-advanced",
        /// European Union, consolidated list of financial sanctions, XML 1.1.
        EuXml = "eu-xml",
        /// The same, CSV.
        EuCsv = "eu-csv",
        /// United Nations Security Council, consolidated list, XML.
        UnXml = "un-xml",
        /// United Nations, vessels designated under resolution 1718: CSV or a table as text.
        UnVessels = "un-vessels",
        /// United Kingdom, UK Sanctions List or OFSI's consolidated list, CSV.
        UkCsv = "uk-csv",
        /// OpenSanctions, `targets.simple.csv`.
        OpenSanctionsCsv = "opensanctions-csv",
        /// OpenSanctions, `entities.ftm.json`: `FollowTheMoney` JSON lines.
        OpenSanctionsFtm = "opensanctions-ftm",
    }
}

/// An identifier under a scheme, such as `IMO` `9321483`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Value {
    /// Scheme in upper case: CONTAINER, SEAL, IMO, BILL_OF_LADING, BOOKING, EORI, TRUCK, ...
    pub scheme: Cow<'static, str>,
    /// The identifier, normalised for its scheme.
    pub value: Text,
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

/// Where an entry stands in the file that it was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Name of the file.
    pub file: String,
    /// Digest of the file or, of a list of several files, of their digests.
    pub sha256: Sha256,
    /// Row, line or record of it, from 1; of an entry in several rows the first.
    pub row: i64,
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
    /// Names of the parties that the list links it to, such as the owner of a vessel.
    #[serde(default)]
    pub linked_to: Vec<String>,
    /// Where it was read. A new place alone does not make the entry another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Box<Provenance>>,
}

impl WatchlistEntry {
    /// An entry that says nothing yet but what and where it is: told at medium severity, to whoever sees port traffic.
    #[must_use]
    pub fn new(
        list_id: impl Into<String>,
        list_version: impl Into<String>,
        entry_id: impl Into<String>,
        kind: EntryKind,
    ) -> Self {
        Self {
            entry_id: entry_id.into(),
            list_id: list_id.into(),
            list_version: list_version.into(),
            kind,
            values: Vec::new(),
            names: Vec::new(),
            countries: Vec::new(),
            birth_dates: Vec::new(),
            action: EntryAction::Inform,
            severity: Severity::Medium,
            handling: Handling::port_traffic(),
            owner: None,
            legal_basis: None,
            reason: None,
            source_ref: None,
            valid_from: None,
            valid_to: None,
            review_on: None,
            linked_to: Vec::new(),
            provenance: None,
        }
    }

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
