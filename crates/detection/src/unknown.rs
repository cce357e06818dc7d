//! The first name in a rule file that there is not, where it stands and what was meant.

use toml::{Table, Value};

/// Tables in which names are free, so that a name that is not built in is none the worse for it.
const FREE: [&str; 3] = ["profiles", "combinations", "calendar.terminals"];

/// Looks for a name in `top` that `base` lacks, and says so.
pub(crate) fn find(text: &str, top: &Table, base: &Table) -> Option<String> {
    within("", text, top, base)
}

fn within(path: &str, text: &str, top: &Table, base: &Table) -> Option<String> {
    top.iter().find_map(|(name, value)| {
        let whole = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match (base.get(name), value) {
            _ if FREE.contains(&whole.as_str()) => None,
            (Some(Value::Table(below)), Value::Table(above)) => within(&whole, text, above, below),
            (Some(_), _) => None,
            (None, _) => {
                let line = line_of(text, name).map(|line| format!("line {line}: ")).unwrap_or_default();
                let near = suggestion(name, base.keys().map(String::as_str));
                let list =
                    if near.is_empty() { "; `quaywatch rules list` shows all that there are" } else { "" };
                Some(format!("{line}there is no setting {whole}{near}{list}"))
            }
        }
    })
}

/// The first line that sets this name or opens its table.
fn line_of(text: &str, name: &str) -> Option<usize> {
    let names = |line: &str| {
        let head = line.split(['=', '#']).next().unwrap_or_default();
        let mut parts = head.split(['.', '[', ']']).map(|part| part.trim().trim_matches(['"', '\'']));
        parts.any(|part| part == name)
    };
    (1..).zip(text.lines()).find(|(_, line)| names(line)).map(|(number, _)| number)
}

/// `, did you mean 'x'`, when one of the names is near.
pub(crate) fn suggestion<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let near = known.map(|k| (strsim::damerau_levenshtein(name, k), k)).min();
    near.filter(|(edits, _)| *edits <= name.len() / 3 + 1)
        .map_or_else(String::new, |(_, k)| format!(", did you mean '{k}'"))
}
