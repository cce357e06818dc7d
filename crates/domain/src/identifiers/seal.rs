//! Seal numbers: as written they differ by spaces, case and leading zeros; placeholders stand for "no number known".

use std::borrow::Cow;

/// Fewest digits that make a seal number worth comparing across containers; shorter ones repeat by chance.
pub const MIN_DISTINCT_DIGITS: usize = 5;

/// The comparable form of a seal number: upper case, letters and digits only, no leading zeros.
///
/// `None` for placeholders such as `SI`, `NOSEAL`, `.` and `000000`.
#[must_use]
pub fn normalise_seal(number: &str) -> Option<Cow<'_, str>> {
    let compact: Cow<'_, str> = match super::normalise_reference(number) {
        Cow::Borrowed(compact) => compact.trim_start_matches('0').into(),
        Cow::Owned(compact) => compact.trim_start_matches('0').to_owned().into(),
    };
    let placeholder = compact.len() < 3
        || matches!(
            &*compact,
            "NOSEAL"
                | "NOSEALS"
                | "NONE"
                | "NULL"
                | "UNKNOWN"
                | "SEAL"
                | "STRING"
                | "TBA"
                | "TBC"
                | "UNSEALED"
        )
        || compact.bytes().all(|b| Some(&b) == compact.as_bytes().first());
    (!placeholder).then_some(compact)
}

/// Whether a normalised number is long enough to be told apart from others by chance.
#[must_use]
pub fn is_distinct(normalised: &str) -> bool {
    normalised.bytes().filter(u8::is_ascii_digit).count() >= MIN_DISTINCT_DIGITS
}

/// The run of ten consecutive numbers that a normalised number is in: the number without its last digit, such as
/// `ML123456` of `ML1234567`. `None` for numbers that do not end in a digit, or are so short that makers share them.
#[must_use]
pub fn run_of(normalised: &str) -> Option<String> {
    let digits = normalised.bytes().filter(u8::is_ascii_digit).count();
    let is_owned = digits < normalised.len() || digits > MIN_DISTINCT_DIGITS + 1;
    let head = normalised.strip_suffix(|c: char| c.is_ascii_digit())?;
    (is_owned && digits >= MIN_DISTINCT_DIGITS).then(|| head.to_owned())
}

/// Whether two normalised numbers differ by one typing error: one character more, less, other, or two swapped.
#[must_use]
pub fn one_typing_error_apart(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let head = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let (s, l) = (short.get(head..).unwrap_or_default(), long.get(head..).unwrap_or_default());
    match (s, l) {
        ([], [_]) => true,
        ([x, s_rest @ ..], [y, l_rest @ ..]) if short.len() == long.len() => {
            s_rest == l_rest
                || matches!((s_rest, l_rest), ([x2, s2 @ ..], [y2, l2 @ ..]) if x == y2 && y == x2 && s2 == l2)
        }
        (s, [_, l_rest @ ..]) if short.len() + 1 == long.len() => s == l_rest,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_seal_agree_and_placeholders_vanish() {
        assert_eq!(normalise_seal(" ml-00 1234").as_deref(), Some("ML001234"));
        assert_eq!(normalise_seal("0001234567").as_deref(), Some("1234567"));
        for placeholder in ["SI", "NOSEAL", ".", "000000", "no seal", "XXXXXX", ""] {
            assert_eq!(normalise_seal(placeholder), None, "{placeholder}");
        }
        assert!(is_distinct("AFZ50461") && !is_distinct("H5317"));
    }

    #[test]
    fn ten_consecutive_numbers_are_one_run() {
        assert_eq!(run_of("ML1234567").as_deref(), Some("ML123456"));
        assert_eq!(run_of("12345678").as_deref(), Some("1234567"));
        for none in ["123456", "H5317", "ML12345A"] {
            assert_eq!(run_of(none), None, "{none}");
        }
    }

    #[test]
    fn typing_errors_are_single_edits() {
        assert!(one_typing_error_apart("ML1234567", "ML1234568"));
        assert!(one_typing_error_apart("ML1234567", "ML123457"));
        assert!(one_typing_error_apart("ML1234567", "ML1234576"));
        assert!(one_typing_error_apart("ML123456", "ML1234567"));
        assert!(!one_typing_error_apart("ML1234567", "ML1234567"));
        assert!(!one_typing_error_apart("ML1234567", "ML1234689"));
    }
}
