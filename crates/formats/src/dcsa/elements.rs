//! The elements of an array of events that is not right JSON as a whole: a number that is too large, `NaN`, nesting
//! without end or a cut must cost the element that has it, not those beside it.

/// The texts of the elements of the outer array, or of `"events"` in the outer object; the last may be cut. Looks at
/// brackets and strings alone.
pub(super) fn split(text: &[u8]) -> Vec<&[u8]> {
    let Some(from) = start(text) else { return Vec::new() };
    let mut scan = Scan::default();
    let mut elements = Vec::new();
    let mut begun = from;
    for (at, byte) in text.iter().enumerate().skip(from) {
        let depth = scan.depth;
        scan.take(*byte);
        let ends = depth == 0 && !scan.in_string && matches!(byte, b',' | b']');
        if ends {
            elements.push(text.get(begun..at).unwrap_or_default());
            begun = at + 1;
            if *byte == b']' {
                begun = text.len();
                break;
            }
        }
    }
    elements.push(text.get(begun..).unwrap_or_default());
    elements.retain(|element| !element.trim_ascii().is_empty());
    elements
}

/// Where the array begins: behind its bracket.
fn start(text: &[u8]) -> Option<usize> {
    let first = text.iter().position(|b| !b.is_ascii_whitespace())?;
    match text.get(first)? {
        b'[' => Some(first + 1),
        b'{' => {
            let mut scan = Scan::default();
            for (at, byte) in text.iter().enumerate().skip(first) {
                // A key of the outer object.
                if scan.depth == 1 && !scan.in_string && text.get(at..)?.starts_with(b"\"events\"") {
                    let rest = text.get(at + 8..)?;
                    let colon = rest.iter().position(|b| !b.is_ascii_whitespace())?;
                    let bracket =
                        colon + 1 + rest.get(colon + 1..)?.iter().position(|b| !b.is_ascii_whitespace())?;
                    if rest.get(colon) == Some(&b':') && rest.get(bracket) == Some(&b'[') {
                        return Some(at + 8 + bracket + 1);
                    }
                }
                scan.take(*byte);
            }
            None
        }
        _ => None,
    }
}

/// How deep a reader is in brackets, and whether in a string.
#[derive(Default)]
struct Scan {
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    fn take(&mut self, byte: u8) {
        if self.in_string {
            self.in_string = self.escaped || byte != b'"';
            self.escaped = byte == b'\\' && !self.escaped;
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'[' | b'{' => self.depth = self.depth.saturating_add(1),
            b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(text: &str) -> Vec<&str> {
        split(text.as_bytes()).into_iter().map(|e| std::str::from_utf8(e).unwrap().trim()).collect()
    }

    #[test]
    fn elements_are_told_apart_whatever_is_in_them() {
        assert_eq!(elements(r#"[{"a":1}, {"b":"],\"}"} , NaN]"#), [r#"{"a":1}"#, r#"{"b":"],\"}"}"#, "NaN"]);
        assert_eq!(
            elements(r#"{"x":["events"],"events" : [{"a":[1,2]},{"b":"#),
            [r#"{"a":[1,2]}"#, r#"{"b":"#]
        );
        assert_eq!(elements("[]"), [""; 0]);
        assert_eq!(elements("[1] trailing"), ["1"]);
        assert_eq!(elements(r#"{"events":{}}"#), [""; 0]);
        assert_eq!(elements(r#"["a\\", "b"]"#), [r#""a\\""#, r#""b""#]);
        assert_eq!(elements("no"), [""; 0]);
    }
}
