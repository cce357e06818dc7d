//! Size and type codes of containers: ISO 6346:1995 (`45R1`) and the older ISO 6346:1984 (`4532`), which terminals still
//! send.

/// Type groups of the 1995 edition, which stand for any of their types (`22GP`).
const GROUPS: [&[u8]; 19] = [
    b"GP", b"VH", b"BU", b"BK", b"SN", b"RE", b"RT", b"RS", b"HR", b"HI", b"UT", b"PL", b"PF", b"PC", b"PS",
    b"TN", b"TD", b"TG", b"AS",
];

/// What a container is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// General purpose.
    General,
    /// Ventilated.
    Ventilated,
    /// Dry bulk.
    Bulk,
    /// Refrigerated or heated.
    Reefer,
    /// Open top.
    OpenTop,
    /// Platform or flat rack.
    Platform,
    /// Tank.
    Tank,
    /// Anything else, such as livestock carriers.
    Other,
}

/// What a size and type code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeType {
    /// Outer length in feet: 20, 40 or 45; 0 when the code names another one.
    pub length_ft: u8,
    /// Whether it is 9 ft 6 in high.
    pub high_cube: bool,
    /// What it is built for.
    pub build: Build,
}

impl SizeType {
    /// Reads a code of either edition; `None` when it is of neither.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let bytes = code.as_bytes();
        let &[length, height, kind, detail] = bytes else { return None };
        let group = bytes.get(2..).is_some_and(|group| GROUPS.contains(&group));
        if !(detail.is_ascii_digit() || group) || !(height.is_ascii_uppercase() || height.is_ascii_digit()) {
            return None;
        }
        let length_ft = match length {
            b'2' => 20,
            b'4' => 40,
            b'L' | b'9' => 45,
            b'1' | b'3' | b'A'..=b'P' => 0,
            _ => return None,
        };
        if kind.is_ascii_uppercase() {
            let build = build_1995(kind)?;
            return Some(Self { length_ft, high_cube: matches!(height, b'5' | b'6' | b'E' | b'F'), build });
        }
        let all_digits = length.is_ascii_digit() && height.is_ascii_digit();
        let build = all_digits.then(|| build_1984(kind))??;
        Some(Self { length_ft, high_cube: matches!(height, b'4' | b'5'), build })
    }
}

fn build_1995(kind: u8) -> Option<Build> {
    Some(match kind {
        b'G' => Build::General,
        b'V' => Build::Ventilated,
        b'B' => Build::Bulk,
        b'R' | b'H' => Build::Reefer,
        b'U' => Build::OpenTop,
        b'P' => Build::Platform,
        b'T' | b'K' => Build::Tank,
        b'S' | b'A' | b'N' => Build::Other,
        _ => return None,
    })
}

fn build_1984(kind: u8) -> Option<Build> {
    Some(match kind {
        b'0' => Build::General,
        b'1' => Build::Ventilated,
        b'2' | b'8' => Build::Other,
        b'3' | b'4' => Build::Reefer,
        b'5' => Build::OpenTop,
        b'6' => Build::Platform,
        b'7' => Build::Tank,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_editions_are_read_and_nothing_else() {
        let read = |code| SizeType::parse(code).unwrap();
        assert_eq!(read("45R1"), SizeType { length_ft: 40, high_cube: true, build: Build::Reefer });
        assert_eq!(read("22G1"), SizeType { length_ft: 20, high_cube: false, build: Build::General });
        assert_eq!(read("L5G1").length_ft, 45);
        assert_eq!(read("22GP"), read("22G1"));
        assert_eq!(read("4532"), SizeType { length_ft: 40, high_cube: true, build: Build::Reefer });
        assert_eq!(read("4200").build, Build::General);
        for neither in ["", "45", "40HC", "45r1", "4X32", "20DV", "99999"] {
            assert_eq!(SizeType::parse(neither), None, "{neither}");
        }
    }
}
