//! Names and addresses of NAD, which have 35 characters a line.

use super::tokens::Segment;

/// Characters of a line (3036, 3124).
const LINE: usize = 35;

/// The lines of text of an element: C058, C080 and C059 have up to five.
pub(super) fn lines<'s>(segment: &Segment<'s>, element: usize) -> impl Iterator<Item = &'s str> {
    let segment = *segment;
    (0..5).map(move |at| segment.get(element, at)).filter(|line| !line.is_empty())
}

/// A name that goes on in further lines, and the lines that are no longer name. A line goes on in the next one when what
/// that begins with had no room left; one that is full to the last character breaks a word.
pub(super) fn name_and_rest<'s>(lines: impl Iterator<Item = &'s str>) -> (Option<String>, Vec<&'s str>) {
    let (mut name, mut last, mut rest) = (None::<String>, 0, Vec::new());
    for line in lines {
        let word = line.split(' ').next().unwrap_or_default().chars().count();
        match &mut name {
            None => name = Some(line.to_owned()),
            Some(name) if rest.is_empty() && last + 1 + word > LINE => {
                if last < LINE {
                    name.push(' ');
                }
                name.push_str(line);
            }
            Some(_) => rest.push(line),
        }
        last = line.chars().count();
    }
    (name, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_on_where_they_had_no_room() {
        let read = |lines: &[&'static str]| name_and_rest(lines.iter().copied());
        let name = |text: &str| Some(text.to_owned());
        assert_eq!(
            read(&["ADRIA FRUIT IMPORT-EXPORT AND DISTR", "IBUTION D.O.O.", "OBALNA 1"]),
            (name("ADRIA FRUIT IMPORT-EXPORT AND DISTRIBUTION D.O.O."), vec!["OBALNA 1"])
        );
        assert_eq!(
            read(&["TRIGLAV INTERNATIONAL COMMODITY", "TRADING COMPANY D.O.O."]),
            (name("TRIGLAV INTERNATIONAL COMMODITY TRADING COMPANY D.O.O."), vec![])
        );
        assert_eq!(
            read(&["AGRICOLA SA", "KM 5", "GUAYAQUIL"]),
            (name("AGRICOLA SA"), vec!["KM 5", "GUAYAQUIL"])
        );
        assert_eq!(read(&[]), (None, vec![]));
    }
}
