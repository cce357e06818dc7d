//! EDIFACT syntax (ISO 9735, versions 1 to 4): bytes to segments.

use encoding_rs::Encoding;

/// Most segments of an interchange.
pub(crate) const MAX_SEGMENTS: usize = 400_000;
/// Most elements and components of a segment together; the rest is dropped.
const MAX_PARTS: usize = 400;

/// The separators: those of the service string advice (UNA), else the usual ones.
#[derive(Debug, Clone, Copy)]
struct Separators {
    component: u8,
    element: u8,
    release: u8,
    terminator: u8,
}

const USUAL: Separators = Separators { component: b':', element: b'+', release: b'?', terminator: b'\'' };

/// A segment: its elements, each a list of components. Element 0 is the tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    elements: Vec<Vec<String>>,
    /// Byte at which it begins.
    pub(crate) start: usize,
    /// Byte behind its terminator.
    pub(crate) end: usize,
    /// Whether its terminator was there.
    pub(crate) complete: bool,
    /// Whether its bytes were not in the declared character set.
    pub(crate) charset_assumed: bool,
}

impl Segment {
    pub(crate) fn tag(&self) -> &str {
        self.get(0, 0)
    }

    /// A component, empty when absent, without the blanks that some senders pad with.
    pub(crate) fn get(&self, element: usize, component: usize) -> &str {
        self.elements.get(element).and_then(|e| e.get(component)).map_or("", |text| text.trim())
    }

    /// A component that is there.
    pub(crate) fn some(&self, element: usize, component: usize) -> Option<&str> {
        Some(self.get(element, component)).filter(|text| !text.is_empty())
    }
}

/// The segments of a message. Line ends between segments are noise; so is text behind the last terminator that does not
/// begin like a segment.
pub(crate) fn segments(bytes: &[u8]) -> Vec<Segment> {
    let mut at = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        at = 3;
    }
    let mut separators = USUAL;
    if let Some([b'U', b'N', b'A', component, element, _decimal, release, _repetition, terminator]) =
        bytes.get(at..at + 9)
    {
        separators = Separators {
            component: *component,
            element: *element,
            release: *release,
            terminator: *terminator,
        };
        at += 9;
    }
    let mut charset = None;
    let mut found = Vec::new();
    while found.len() < MAX_SEGMENTS {
        at += bytes.get(at..).unwrap_or_default().iter().take_while(|b| b.is_ascii_whitespace()).count();
        if at >= bytes.len() {
            break;
        }
        let segment = segment(bytes, at, separators, charset);
        if segment.tag() == "UNB" {
            charset = encoding_of(segment.get(1, 0));
        }
        at = segment.end;
        found.push(segment);
    }
    found
}

/// Character sets of the syntax identifiers that are not a subset of Latin-1 or UTF-8.
fn encoding_of(syntax: &str) -> Option<&'static Encoding> {
    match syntax {
        "UNOD" => Some(encoding_rs::ISO_8859_2),
        "UNOE" => Some(encoding_rs::ISO_8859_5),
        "UNOF" => Some(encoding_rs::ISO_8859_7),
        "UNOG" => Some(encoding_rs::ISO_8859_3),
        "UNOH" => Some(encoding_rs::ISO_8859_4),
        "UNOI" => Some(encoding_rs::ISO_8859_6),
        "UNOJ" => Some(encoding_rs::ISO_8859_8),
        "UNOK" => Some(encoding_rs::WINDOWS_1254),
        "UNOC" => Some(encoding_rs::WINDOWS_1252),
        _ => None,
    }
}

fn segment(
    bytes: &[u8],
    start: usize,
    separators: Separators,
    charset: Option<&'static Encoding>,
) -> Segment {
    let mut elements: Vec<Vec<String>> = vec![Vec::new()];
    let mut part: Vec<u8> = Vec::new();
    let mut parts = 0;
    let (mut at, mut complete, mut assumed) = (start, false, false);
    let mut close = |elements: &mut Vec<Vec<String>>, part: &mut Vec<u8>, assumed: &mut bool| {
        parts += 1;
        if parts <= MAX_PARTS
            && let Some(last) = elements.last_mut()
        {
            last.push(decode(part, charset, assumed));
        }
        part.clear();
    };
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte == separators.terminator {
            complete = true;
            break;
        } else if byte == separators.release && byte != b' ' {
            part.extend(bytes.get(at));
            at += 1;
        } else if byte == separators.component {
            close(&mut elements, &mut part, &mut assumed);
        } else if byte == separators.element {
            close(&mut elements, &mut part, &mut assumed);
            elements.push(Vec::new());
        } else if !matches!(byte, b'\r' | b'\n') {
            part.push(byte);
        }
    }
    close(&mut elements, &mut part, &mut assumed);
    Segment { elements, start, end: at.min(bytes.len()), complete, charset_assumed: assumed }
}

/// Text in its declared character set; bytes outside of it are read as Windows-1252, as most senders mean them.
fn decode(part: &[u8], charset: Option<&'static Encoding>, assumed: &mut bool) -> String {
    if part.is_ascii() {
        return part.iter().map(|b| char::from(*b)).collect();
    }
    if let Some(charset) = charset {
        return charset.decode_without_bom_handling(part).0.into_owned();
    }
    match std::str::from_utf8(part) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            *assumed = true;
            encoding_rs::WINDOWS_1252.decode_without_bom_handling(part).0.into_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> Vec<Vec<Vec<String>>> {
        segments(bytes).into_iter().map(|s| s.elements).collect()
    }

    #[test]
    fn released_separators_are_text_and_line_ends_are_noise() {
        let found = segments(b"FTX+AAA+++it?'s 1 ?+ 1??:b'\r\nCNT+16:2'\n");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].get(4, 0), "it's 1 + 1?");
        assert_eq!(found[0].get(4, 1), "b");
        assert_eq!((found[1].get(1, 0), found[1].get(1, 1)), ("16", "2"));
        assert!(found.iter().all(|s| s.complete));
    }

    #[test]
    fn the_service_string_advice_sets_the_separators() {
        assert_eq!(texts(b"UNA|*,! ~DTM*137|2026|203~"), texts(b"DTM+137:2026:203'"));
    }

    #[test]
    fn a_cut_segment_is_incomplete_and_foreign_bytes_are_read_as_windows_1252() {
        let found = segments(b"NAD+CN+++M\xFCller");
        assert!(!found[0].complete && found[0].charset_assumed);
        assert_eq!(found[0].get(4, 0), "Müller");
        let found = segments(b"UNB+UNOC:3'NAD+CN+++M\xFCller'");
        assert!(!found[1].charset_assumed);
    }
}
