//! JSON in other character sets than its own: UTF-16 with a mark, and Windows-1252 that nobody declared.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// The text in UTF-8 without mark, and whether its character set had to be assumed.
pub(crate) fn utf_8(bytes: &[u8]) -> (Cow<'_, [u8]>, bool) {
    match Encoding::for_bom(bytes) {
        Some((encoding, mark)) if encoding != UTF_8 => {
            let rest = bytes.get(mark..).unwrap_or_default();
            (Cow::Owned(encoding.decode_without_bom_handling(rest).0.into_owned().into_bytes()), false)
        }
        marked => {
            let rest = marked.map_or(bytes, |(_, mark)| bytes.get(mark..).unwrap_or_default());
            if std::str::from_utf8(rest).is_ok() {
                return (Cow::Borrowed(rest), false);
            }
            let text = WINDOWS_1252.decode_without_bom_handling(rest).0.into_owned();
            (Cow::Owned(text.into_bytes()), true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_obeyed_and_bytes_that_are_no_utf_8_are_windows_1252() {
        assert_eq!(utf_8(b"\xEF\xBB\xBF{}"), (Cow::Borrowed(b"{}".as_slice()), false));
        assert_eq!(utf_8(b"\xFF\xFE{\0}\0").0.as_ref(), b"{}");
        assert_eq!(utf_8(b"\xFE\xFF\0{\0}").0.as_ref(), b"{}");
        assert_eq!(utf_8(b"\"M\xFCller\""), (Cow::Borrowed("\"Müller\"".as_bytes()), true));
        assert_eq!(utf_8("\"Müller\"".as_bytes()), (Cow::Borrowed("\"Müller\"".as_bytes()), false));
    }
}
