//! Character sets of the syntax (ISO 9735, data element 0001).

use encoding_rs::Encoding;

/// The character set of a syntax identifier (ISO 9735, 0001); none: UTF-8, of which ASCII is a part.
pub(super) fn encoding_of(syntax: &str) -> Option<&'static Encoding> {
    match syntax {
        "UNOC" => Some(encoding_rs::WINDOWS_1252),
        "UNOD" => Some(encoding_rs::ISO_8859_2),
        "UNOE" => Some(encoding_rs::ISO_8859_5),
        "UNOF" => Some(encoding_rs::ISO_8859_7),
        "UNOG" => Some(encoding_rs::ISO_8859_3),
        "UNOH" => Some(encoding_rs::ISO_8859_4),
        "UNOI" => Some(encoding_rs::ISO_8859_6),
        "UNOJ" => Some(encoding_rs::ISO_8859_8),
        "UNOK" => Some(encoding_rs::WINDOWS_1254),
        "UNOL" => Some(encoding_rs::ISO_8859_15),
        "UNOX" => Some(encoding_rs::ISO_2022_JP),
        _ => None,
    }
}

/// Text in its declared character set; bytes outside of it are read as Windows-1252, as most senders mean them.
pub(super) fn decode(part: &[u8], charset: Option<&'static Encoding>, foreign: &mut bool, into: &mut String) {
    if let Some(charset) = charset {
        // Many a sender declares Latin 1 (UNOC) and writes UTF-8; no word of Latin 1 looks like it.
        if charset == encoding_rs::WINDOWS_1252
            && !part.is_ascii()
            && let Ok(text) = std::str::from_utf8(part)
        {
            *foreign = true;
            into.push_str(text);
            return;
        }
        into.push_str(&charset.decode_without_bom_handling(part).0);
        return;
    }
    match std::str::from_utf8(part) {
        Ok(text) => into.push_str(text),
        Err(_) => {
            *foreign = true;
            into.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(part).0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_syntax_identifier_has_its_character_set() {
        let read = |syntax: &str, bytes: &[u8]| {
            let (mut foreign, mut text) = (false, String::new());
            decode(bytes, encoding_of(syntax), &mut foreign, &mut text);
            (text, foreign)
        };
        for (syntax, bytes, text) in [
            ("UNOC", b"M\xFCller".as_slice(), "Müller"),
            ("UNOD", b"\xA9ibenik", "Šibenik"),
            ("UNOE", b"\xBC\xDE\xE0\xD5", "Море"),
            ("UNOF", b"\xD0\xE5\xE9\xF1\xE1\xE9\xDC\xF2", "Πειραιάς"),
            ("UNOG", b"\xD8", "Ĝ"),
            ("UNOH", b"R\xEEga", "Rîga"),
            ("UNOI", b"\xC8", "ب"),
            ("UNOJ", b"\xE7\xE9\xF4\xE4", "חיפה"),
            ("UNOK", b"\xDDzmir", "İzmir"),
            ("UNOL", b"\xA4", "€"),
            ("UNOW", "長榮".as_bytes(), "長榮"),
            ("UNOY", "Łódź".as_bytes(), "Łódź"),
        ] {
            assert_eq!(read(syntax, bytes), (text.to_owned(), false), "{syntax}");
        }
        assert_eq!(read("UNOA", b"M\xFCller"), ("Müller".to_owned(), true));
        assert_eq!(read("UNOC", "Müller".as_bytes()), ("Müller".to_owned(), true));
    }
}
