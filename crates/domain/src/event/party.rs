//! The parties of an event, and what they may share.

use serde::{Deserialize, Serialize};

use crate::codes::codes;
use crate::identifiers::normalise_reference;
use crate::{Sha256, Text, Timestamp};

/// Shortest address, letters and digits, that tells companies apart: a street and a place.
const MIN_ADDRESS_CHARACTERS: usize = 12;

codes! {
    /// What a party does in the trade.
    PartyRole {
        /// Receives the goods.
        Consignee = "CONSIGNEE",
        /// Sends the goods.
        Shipper = "SHIPPER",
        /// To be told of the arrival.
        Notify = "NOTIFY",
        /// Freight forwarder.
        Forwarder = "FORWARDER",
        /// Ocean carrier.
        Carrier = "CARRIER",
        /// Road haulier.
        Haulier = "HAULIER",
        /// Gives a release right.
        ReleaseFrom = "RELEASE_FROM",
        /// Gets a release right.
        ReleaseTo = "RELEASE_TO",
        /// Terminal operator.
        Terminal = "TERMINAL",
        /// Customs broker.
        Broker = "BROKER",
        /// Owner of the container.
        Owner = "OWNER",
    }
}

/// A party in a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Role.
    pub role: PartyRole,
    /// Identifier, upper case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Text>,
    /// Scheme of the identifier: EORI, SMDG, EAN, DUNS, LOCAL, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_scheme: Option<Text>,
    /// Name as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Address as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Text>,
    /// ISO 3166 alpha-2 country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Text>,
    /// Pseudonym of telephone or mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Text>,
    /// Id in the party registry, when the party is known there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical: Option<Text>,
    /// When the company was entered in the company register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_at: Option<Timestamp>,
    /// When its officers last changed, by the company register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officers_changed_at: Option<Timestamp>,
    /// Its paid-up capital by the company register, whole euros.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capital_eur: Option<i64>,
}

/// Beginnings of the keys that parties may share.
const CONTACT: &str = "CONTACT:";
const ADDRESS: &str = "ADDRESS:";

impl Party {
    /// A party known by role only.
    #[must_use]
    pub const fn new(role: PartyRole) -> Self {
        Self {
            role,
            id: None,
            id_scheme: None,
            name: None,
            address: None,
            country: None,
            contact: None,
            canonical: None,
            registered_at: None,
            officers_changed_at: None,
            capital_eur: None,
        }
    }

    /// Whether a key may be one of [`Self::shared_keys`].
    #[must_use]
    pub fn is_shared_key(key: &str) -> bool {
        key.starts_with(CONTACT) || key.starts_with(ADDRESS)
    }

    /// What it may share with other parties that pretend to be independent, as keys: `CONTACT:` and the pseudonym of its
    /// telephone or mail, `ADDRESS:` and a digest of its address.
    #[must_use]
    pub fn shared_keys(&self) -> Vec<String> {
        let contact = self.contact.as_deref().filter(|c| !c.is_empty()).map(|c| format!("{CONTACT}{c}"));
        let address =
            self.address.as_deref().map(normalise_reference).filter(|a| a.len() >= MIN_ADDRESS_CHARACTERS);
        let address = address.map(|a| {
            let digest = Sha256::of(a.as_bytes()).to_string();
            format!("{ADDRESS}{}", digest.get(..24).unwrap_or(&digest))
        });
        contact.into_iter().chain(address).collect()
    }

    /// Whether [`Self::key`] is this one.
    #[must_use]
    pub fn has_key(&self, key: &str) -> bool {
        self.id_scheme.as_deref().zip(self.id.as_deref()).is_some_and(|(scheme, id)| {
            key.strip_prefix(scheme).and_then(|rest| rest.strip_prefix(':')) == Some(id)
        })
    }

    /// Scheme and identifier as one key, such as `EORI:SI12345678`; `None` when either is missing. Two parties may be
    /// compared only when both have a key of the same scheme.
    #[must_use]
    pub fn key(&self) -> Option<Text> {
        let mut key = self.id_scheme.clone()?;
        key.push(':');
        key.push_str(self.id.as_deref()?);
        Some(key)
    }
}
