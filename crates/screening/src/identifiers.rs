//! Identifiers by scheme: what an event holds and how two spellings compare.

use std::borrow::Cow;

use quaywatch_domain::PortEvent;
use quaywatch_domain::blinding;
use quaywatch_domain::identifiers::{
    ContainerNumber, is_eori, normalise_imo, normalise_reference, normalise_seal,
};
use quaywatch_domain::watchlist::Value;

/// The schemes that events are screened by.
pub mod scheme {
    /// Container number (ISO 6346), compact.
    pub const CONTAINER: &str = "CONTAINER";
    /// Seal number, normalised.
    pub const SEAL: &str = "SEAL";
    /// Ship identification number (IMO resolution A.1117(30)), seven digits.
    pub const IMO: &str = "IMO";
    /// Call sign of a ship (ITU Radio Regulations, article 19).
    pub const CALL_SIGN: &str = "CALL_SIGN";
    /// Bill of lading or other transport document.
    pub const BILL_OF_LADING: &str = "BILL_OF_LADING";
    /// Carrier's booking.
    pub const BOOKING: &str = "BOOKING";
    /// Economic operator in the customs union.
    pub const EORI: &str = "EORI";
    /// D-U-N-S number of a company.
    pub const DUNS: &str = "DUNS";
    /// Global location number (EAN) of a company.
    pub const EAN: &str = "EAN";
    /// Digest of an identifier under a key; see [`quaywatch_domain::blinding`].
    pub const HMAC: &str = quaywatch_domain::blinding::SCHEME;
    /// Pseudonym of the plate of a truck or trailer.
    pub const TRUCK: &str = "TRUCK";
    /// Name of a party, as written.
    pub const NAME: &str = "NAME";
    /// Name of a vessel, as written.
    pub const VESSEL_NAME: &str = "VESSEL_NAME";
    /// A container number one digit off the listed one.
    pub const CONTAINER_NEAR: &str = "CONTAINER_NEAR";
    /// Pseudonym of a telephone number or mail address.
    pub const PHONE_OR_MAIL: &str = "PHONE_OR_MAIL";
}

/// Most identifiers that are taken from one event; a vessel's event has few, a container's fewer.
pub const MAX_IDENTIFIERS_PER_EVENT: usize = 64;

/// Longest identifier that is compared, in characters.
pub const MAX_VALUE_CHARACTERS: usize = 100;

/// Characters of a pseudonym: tag, colon, 128 bits in hexadecimal.
const PSEUDONYM_CHARACTERS: usize = 36;

/// The comparable form of an identifier under a scheme; `None` when it cannot be one (wrong form, placeholder, empty).
/// Schemes that are not listed in [`scheme`] compare by letters and digits. A wrong check digit does not matter here.
#[must_use]
pub fn normalise_value<'a>(scheme: &str, text: &'a str) -> Option<Cow<'a, str>> {
    let text = text.trim();
    if matches!(scheme, scheme::NAME | scheme::VESSEL_NAME) {
        let end = text.char_indices().nth(MAX_VALUE_CHARACTERS).map(|(end, _)| end);
        let name = end.map_or(text, |end| text.get(..end).unwrap_or_default());
        return text.chars().any(char::is_alphanumeric).then(|| name.into());
    }
    if text.is_empty() || text.len() > MAX_VALUE_CHARACTERS {
        return None;
    }
    match scheme {
        scheme::CONTAINER => ContainerNumber::parse(text).map(ContainerNumber::into_text),
        scheme::SEAL => normalise_seal(text),
        scheme::IMO => normalise_imo(text).map(Cow::Borrowed),
        scheme::EORI => {
            let compact: String =
                text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
            is_eori(&compact).then(|| compact.into())
        }
        scheme::CALL_SIGN => Some(normalise_reference(text)).filter(|sign| is_call_sign(sign)),
        scheme::HMAC => blinding::normalise(text).map(Cow::Owned),
        scheme::TRUCK => is_pseudonym(text, "plt:").then(|| text.into()),
        scheme::PHONE_OR_MAIL => is_pseudonym(text, "ctc:").then(|| text.into()),
        _ => Some(normalise_reference(text)).filter(|reference| !reference.is_empty()),
    }
}

/// An identifier in its comparable form.
pub(crate) fn comparable(value: &Value) -> Option<Value> {
    let Value { scheme, value } = value;
    Some(Value { scheme: scheme.clone(), value: normalise_value(scheme, value)?.into() })
}

/// What a text may be under a scheme, or without one under each of the schemes.
#[must_use]
pub fn identifier_values(scheme: Option<&str>, text: &str) -> Vec<Value> {
    const ALL: [&str; 10] = [
        scheme::CONTAINER,
        scheme::SEAL,
        scheme::IMO,
        scheme::BILL_OF_LADING,
        scheme::BOOKING,
        scheme::EORI,
        scheme::DUNS,
        scheme::EAN,
        scheme::TRUCK,
        scheme::PHONE_OR_MAIL,
    ];
    let one = scheme.map(str::to_ascii_uppercase);
    let schemes = one.as_deref().map_or_else(|| ALL.to_vec(), |one| vec![one]);
    let value = |scheme: &str| {
        let value = normalise_value(scheme, text)?.into();
        Some(Value { scheme: scheme.to_owned().into(), value })
    };
    schemes.into_iter().filter_map(value).collect()
}

/// Four letters, or letters and digits; not what stands for none.
fn is_call_sign(text: &str) -> bool {
    const PLACEHOLDERS: [&str; 4] = ["NONE", "NULL", "TEST", "XXXX"];
    let is_written = text.is_ascii() && !PLACEHOLDERS.contains(&text);
    let has_letter = text.bytes().any(|b| b.is_ascii_alphabetic());
    let has_digit = text.bytes().any(|b| b.is_ascii_digit());
    is_written && has_letter && (text.len() == 4 || ((4..=8).contains(&text.len()) && has_digit))
}

fn is_pseudonym(text: &str, tag: &str) -> bool {
    text.len() == PSEUDONYM_CHARACTERS
        && text
            .strip_prefix(tag)
            .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
}

/// Every identifier that the event holds, normalised, and every name as written; sorted, each once.
#[must_use]
pub fn identifiers_of(event: &PortEvent) -> Vec<Value> {
    found_in(event).into_iter().map(Found::into_value).collect()
}

/// An identifier of an event, as [`Value`] orders it: most are in their comparable form, and nothing new.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found<'a> {
    scheme: &'static str,
    value: Cow<'a, str>,
}

impl Found<'_> {
    pub(crate) fn into_value(self) -> Value {
        Value { scheme: self.scheme.into(), value: self.value.into() }
    }

    /// Whether it is the same identifier.
    pub(crate) fn is(&self, known: &Value) -> bool {
        known.value == *self.value && known.scheme == self.scheme
    }
}

/// [`identifiers_of`] without copies.
pub(crate) fn found_in(event: &PortEvent) -> Vec<Found<'_>> {
    let mut all: Vec<(&'static str, Option<&str>)> = Vec::with_capacity(16);
    let mut add = |scheme, text| all.push((scheme, text));
    // In about the order in which they are sorted.
    if let Some(documents) = event.documents.as_deref() {
        add(scheme::BILL_OF_LADING, documents.bill_of_lading.as_deref());
        add(scheme::BILL_OF_LADING, documents.transport_document.as_deref());
        add(scheme::BOOKING, documents.booking.as_deref());
    }
    let transport = event.transport.as_deref();
    add(scheme::CALL_SIGN, transport.and_then(|t| t.call_sign.as_deref()));
    add(scheme::CONTAINER, event.container());
    for party in &event.parties {
        // Codes that only one sender understands (LOCAL) mean nothing on a list.
        let known = [scheme::EORI, scheme::DUNS, scheme::EAN];
        let scheme = party.id_scheme.as_deref();
        if let Some(scheme) = known.into_iter().find(|known| scheme == Some(*known)) {
            add(scheme, party.id.as_deref());
        }
        add(scheme::PHONE_OR_MAIL, party.contact.as_deref());
        add(scheme::NAME, party.name.as_deref());
    }
    for seal in &event.seals {
        add(scheme::SEAL, seal.normalised.as_deref());
    }
    if let Some(transport) = transport {
        add(scheme::IMO, transport.vessel_imo.as_deref());
        add(scheme::TRUCK, transport.truck.as_deref());
        add(scheme::TRUCK, transport.trailer.as_deref());
        add(scheme::VESSEL_NAME, transport.vessel_name.as_deref());
    }
    let mut found: Vec<Found<'_>> = all
        .into_iter()
        .filter_map(|(scheme, text)| Some(Found { scheme, value: normalise_value(scheme, text?)? }))
        .collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(MAX_IDENTIFIERS_PER_EVENT);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_identifier_agree() {
        let same = |scheme, a, b| {
            assert_eq!(normalise_value(scheme, a), normalise_value(scheme, b), "{scheme} {a} {b}");
            assert!(normalise_value(scheme, a).is_some(), "{scheme} {a}");
        };
        same(scheme::CONTAINER, "csqu 305438-3", "CSQU3054383");
        same(scheme::SEAL, "00 ml-1234", "ML1234");
        same(scheme::IMO, "IMO 9321483", "9321483");
        same(scheme::EORI, "si 12345678", "SI12345678");
        same(scheme::BILL_OF_LADING, "mae-12/34", "MAE1234");
    }

    #[test]
    fn what_cannot_be_an_identifier_is_none() {
        assert_eq!(normalise_value(scheme::SEAL, "NOSEAL"), None);
        assert_eq!(normalise_value(scheme::CALL_SIGN, "UNKNOWN"), None);
        assert_eq!(normalise_value(scheme::CALL_SIGN, "none"), None);
        assert_eq!(normalise_value(scheme::CALL_SIGN, "EQKF").as_deref(), Some("EQKF"));
        assert_eq!(normalise_value(scheme::CALL_SIGN, "5b-ab 3").as_deref(), Some("5BAB3"));
        assert_eq!(normalise_value(scheme::TRUCK, "KP AB-123"), None);
        assert_eq!(normalise_value(scheme::TRUCK, "plt:0123456789abcdef0123456789abcdeg"), None);
        assert!(normalise_value(scheme::TRUCK, "plt:0123456789abcdef0123456789abcdef").is_some());
        assert_eq!(normalise_value(scheme::BOOKING, " - "), None);
        assert_eq!(normalise_value(scheme::BOOKING, &"9".repeat(MAX_VALUE_CHARACTERS + 1)), None);
    }
}
