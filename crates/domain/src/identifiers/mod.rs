//! Identifiers of the trade: how each is written, checked and compared. A wrong check digit is flagged, never dropped.

pub mod container;
pub mod imo;
pub mod seal;
pub mod size_type;
pub mod trade;

use std::borrow::Cow;

pub use container::{ContainerNumber, check_digit_ok};
pub use imo::{imo_check_digit_ok, normalise_imo};
pub use seal::normalise_seal;
pub use size_type::SizeType;
pub use trade::{is_carrier_code, is_commodity_code, is_mrn, is_terminal_code, normalise_mmsi};

/// Upper-cases and keeps letters and digits only; how bills, bookings, declarations and registration numbers compare.
#[must_use]
pub fn normalise_reference(text: &str) -> Cow<'_, str> {
    if is_normal_reference(text) {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    plain.extend(text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()));
    plain.into()
}

/// Whether `text` is in the form that [`normalise_reference`] gives.
#[must_use]
pub fn is_normal_reference(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether `text` is a UN/LOCODE by form: ISO country, then three of `A–Z2–9`.
#[must_use]
pub fn is_un_locode(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 5
        && bytes.iter().take(2).all(u8::is_ascii_uppercase)
        && bytes.iter().skip(2).all(|b| b.is_ascii_uppercase() || (b'2'..=b'9').contains(b))
}

/// Whether `text` is an EORI number by form: ISO country and up to 15 visible characters. Says nothing on registration.
#[must_use]
pub fn is_eori(text: &str) -> bool {
    let bytes = text.as_bytes();
    (3..=17).contains(&bytes.len())
        && bytes.iter().take(2).all(u8::is_ascii_uppercase)
        && bytes.iter().skip(2).all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_recognised() {
        assert!(
            is_un_locode("SIKOP")
                && is_un_locode("USNY2")
                && !is_un_locode("SIKO1")
                && !is_un_locode("sikop")
        );
        assert!(is_eori("SI12345678") && !is_eori("S112345678") && !is_eori("SI"));
        assert_eq!(normalise_reference(" mae/123-45 b"), "MAE12345B");
    }
}
