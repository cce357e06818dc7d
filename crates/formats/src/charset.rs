//! JSON in other character sets than its own: UTF-16 with a mark, and Windows-1252 that nobody declared.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// The bytes without mark; two-byte text becomes UTF-8, everything else stays as it is.
pub(crate) fn narrow(bytes: &[u8]) -> Cow<'_, [u8]> {
    match Encoding::for_bom(bytes) {
        Some((encoding, _)) if encoding != UTF_8 => match utf_8(bytes).0 {
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        },
        marked => Cow::Borrowed(marked.map_or(bytes, |(_, mark)| bytes.get(mark..).unwrap_or_default())),
    }
}

/// The text in UTF-8 without mark, and whether its character set had to be assumed.
pub(crate) fn utf_8(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    match Encoding::for_bom(bytes) {
        Some((encoding, mark)) if encoding != UTF_8 => {
            let rest = bytes.get(mark..).unwrap_or_default();
            (Cow::Owned(encoding.decode_without_bom_handling(rest).0.into_owned()), false)
        }
        marked => {
            let rest = marked.map_or(bytes, |(_, mark)| bytes.get(mark..).unwrap_or_default());
            match std::str::from_utf8(rest) {
                Ok(text) => (Cow::Borrowed(text), false),
                Err(_) => (Cow::Owned(WINDOWS_1252.decode_without_bom_handling(rest).0.into_owned()), true),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_obeyed_and_bytes_that_are_no_utf_8_are_windows_1252() {
        assert_eq!(utf_8(b"\xEF\xBB\xBF{}"), (Cow::Borrowed("{}"), false));
        assert_eq!(utf_8(b"\xFF\xFE{\0}\0").0, "{}");
        assert_eq!(utf_8(b"\xFE\xFF\0{\0}").0, "{}");
        assert_eq!(utf_8(b"\"M\xFCller\""), (Cow::Borrowed("\"Müller\""), true));
        assert_eq!(utf_8("\"Müller\"".as_bytes()), (Cow::Borrowed("\"Müller\""), false));
    }
}
