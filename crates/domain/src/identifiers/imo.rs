//! IMO ship identification numbers (IMO resolution A.1117(30)).

/// The seven digits of an IMO number written as `9321483`, `IMO 9321483` or `IMO9321483`; `None` for anything else.
#[must_use]
pub fn normalise_imo(text: &str) -> Option<&str> {
    let text = text.trim();
    let digits = text.strip_prefix("IMO").or_else(|| text.strip_prefix("imo")).unwrap_or(text).trim();
    (digits.len() == 7 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// Whether the last digit is the check digit of the first six.
#[must_use]
pub fn imo_check_digit_ok(digits: &str) -> bool {
    let values = || digits.chars().filter_map(|c| c.to_digit(10));
    let sum: u32 = values().zip((2..=7).rev()).map(|(value, weight)| value * weight).sum();
    values().count() == 7 && values().next_back() == Some(sum % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_pass_and_the_usual_sample_fails() {
        assert!(
            imo_check_digit_ok("9074729") && imo_check_digit_ok("9321483") && !imo_check_digit_ok("7654321")
        );
        assert_eq!(normalise_imo("IMO 9321483"), Some("9321483"));
        assert_eq!(normalise_imo("932148"), None);
    }
}
