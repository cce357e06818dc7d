//! Container numbers (ISO 6346).

use std::borrow::Cow;

/// A container number in its compact form, such as `CSQU3054383`: upper case, no spaces, at most 15 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerNumber<'a>(Cow<'a, str>);

/// Longest equipment reference that DCSA allows, in characters.
pub const MAX_CHARACTERS: usize = 15;

impl<'a> ContainerNumber<'a> {
    /// Reads an equipment number in any usual spelling (`CSQU 305438-3`, `csqu3054383`); `None` when nothing that could
    /// be one is left: fewer than 4 or more than [`MAX_CHARACTERS`] letters and digits.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let compact = super::normalise_reference(text);
        (4..=MAX_CHARACTERS).contains(&compact.len()).then_some(Self(compact))
    }

    /// The compact form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The compact form; copied only when `text` was not in it.
    #[must_use]
    pub fn into_text(self) -> Cow<'a, str> {
        self.0
    }

    /// Whether form and check digit agree with ISO 6346.
    #[must_use]
    pub fn check_digit_ok(&self) -> bool {
        check_digit_ok(&self.0)
    }
}

/// Whether `number` has four letters of which the last is U, J or Z, six digits, and the check digit of ISO 6346.
#[must_use]
pub fn check_digit_ok(number: &str) -> bool {
    let bytes = number.as_bytes();
    let Some((&[a, b, c, category], digits)) = bytes.split_first_chunk::<4>() else { return false };
    let letters_ok = [a, b, c].iter().all(u8::is_ascii_uppercase) && matches!(category, b'U' | b'J' | b'Z');
    if !letters_ok || digits.len() != 7 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    bytes.get(..10).and_then(check_digit) == digits.last().map(|d| d - b'0')
}

/// The check digit for the first ten characters; `None` when one is neither a capital letter nor a digit.
#[must_use]
pub fn check_digit(first_ten: &[u8]) -> Option<u8> {
    let mut sum = 0_u32;
    for (i, &byte) in first_ten.iter().take(10).enumerate() {
        sum += letter_value(byte)? << i;
    }
    u8::try_from(sum % 11 % 10).ok()
}

/// A = 10 and so on, leaving out the multiples of 11.
fn letter_value(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'Z' => {
            let ordinal = u32::from(byte - b'A');
            Some(10 + ordinal + ordinal.div_ceil(10))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_pass_and_broken_ones_do_not() {
        for good in ["CSQU3054383", "APZU4812090", "OOLU4293959", "SUDU1910806", "MAGU5591240"] {
            assert!(check_digit_ok(good), "{good}");
        }
        for bad in ["TRHU4561222", "CBHU1234567", "TESI1120274", "CSQU305438", "CSQU30543831", "csqu3054383"]
        {
            assert!(!check_digit_ok(bad), "{bad}");
        }
    }

    #[test]
    fn letters_have_the_values_of_the_standard() {
        let values: Vec<_> = (b'A'..=b'Z').filter_map(letter_value).collect();
        assert_eq!(values.first(), Some(&10));
        assert_eq!(letter_value(b'B'), Some(12));
        assert_eq!(letter_value(b'K'), Some(21));
        assert_eq!(letter_value(b'L'), Some(23));
        assert_eq!(letter_value(b'U'), Some(32));
        assert_eq!(letter_value(b'V'), Some(34));
        assert_eq!(values.last(), Some(&38));
        assert!(values.iter().all(|v| v % 11 != 0));
    }

    #[test]
    fn spelling_is_forgiven() {
        assert_eq!(ContainerNumber::parse(" csqu 305438-3").unwrap().as_str(), "CSQU3054383");
        assert_eq!(ContainerNumber::parse("--"), None);
        assert_eq!(ContainerNumber::parse("A2345678901234567"), None);
    }
}
