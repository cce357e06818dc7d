//! Identifiers of ships' radio, customs and trade, by form. The form of a registered number says nothing on registration.

/// The nine digits of an MMSI (ITU-R M.585) written with or without spaces; `None` for anything else.
#[must_use]
pub fn normalise_mmsi(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    (digits.len() == 9 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// Whether `text` has the form of a movement reference number: year, country, 13 letters or digits, a check character.
#[must_use]
pub fn is_mrn(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 18
        && bytes.iter().take(2).all(u8::is_ascii_digit)
        && bytes.iter().skip(2).take(2).all(u8::is_ascii_uppercase)
        && bytes.iter().skip(4).all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        && bytes.last().is_some_and(u8::is_ascii_digit)
}

/// Whether `text` has the form of a commodity code: HS (4 or 6 digits), CN (8) or TARIC (10).
#[must_use]
pub fn is_commodity_code(text: &str) -> bool {
    matches!(text.len(), 4 | 6 | 8 | 10) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether `text` has the form of an SMDG terminal code: two to six letters and digits.
#[must_use]
pub fn is_terminal_code(text: &str) -> bool {
    (2..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether `text` has the form of an SMDG liner code (three letters or digits) or of a SCAC (two to four letters).
#[must_use]
pub fn is_carrier_code(text: &str) -> bool {
    let letters = text.bytes().all(|b| b.is_ascii_uppercase());
    let mixed = text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    (text.len() == 3 && mixed) || ((2..=4).contains(&text.len()) && letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_recognised() {
        assert_eq!(normalise_mmsi("219 018 000").as_deref(), Some("219018000"));
        assert_eq!(normalise_mmsi("21901800"), None);
        assert!(
            is_mrn("26SI00600110A1B2C3") && !is_mrn("26SI00600110A1B2CX") && !is_mrn("SI2600600110A1B2C3")
        );
        assert!(
            is_commodity_code("080390") && is_commodity_code("0803901000") && !is_commodity_code("08039")
        );
        assert!(is_terminal_code("LUKKP") && !is_terminal_code("lukkp") && !is_terminal_code("TERMINAL"));
        assert!(is_carrier_code("MSK") && is_carrier_code("MAEU") && is_carrier_code("3AB"));
        assert!(!is_carrier_code("MAERSK") && !is_carrier_code("M1"));
    }
}
