//! The first name in a rule file that there is not, where it stands and what was meant.

use toml::{Table, Value};

/// Tables in which names are free, so that a name that is not built in is none the worse for it.
const FREE: [&str; 3] = ["profiles", "combinations", "calendar.terminals"];

/// A name in a rule file that nothing reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// With the tables around it, by dots.
    pub(crate) name: String,
    /// From 1, where it was found.
    pub(crate) line: Option<usize>,
    /// The nearest name that there is.
    pub(crate) near: Option<String>,
}

/// Looks for a name in `top` that `base` lacks.
pub(crate) fn find(text: &str, top: &Table, base: &Table) -> Option<Unknown> {
    within("", text, top, base)
}

fn within(path: &str, text: &str, top: &Table, base: &Table) -> Option<Unknown> {
    top.iter().find_map(|(name, value)| {
        let whole = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match (base.get(name), value) {
            _ if FREE.contains(&whole.as_str()) => None,
            (Some(Value::Table(below)), Value::Table(above)) => within(&whole, text, above, below),
            (Some(_), _) => None,
            (None, _) => {
                let near = base.keys().map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
                let near = near.filter(|(edits, _)| *edits <= name.len() / 3 + 1);
                let near = near.map(|(_, known)| known.clone());
                Some(Unknown { line: line_of(text, name), name: whole, near })
            }
        }
    })
}

/// The first line that sets this name or opens its table.
fn line_of(text: &str, name: &str) -> Option<usize> {
    let names = |line: &str| {
        let head = line.split(['=', '#']).next().unwrap_or_default();
        let parts = head.split(['.', '[', ']']).map(|part| part.trim().trim_matches(['"', '\'']));
        parts.into_iter().any(|part| part == name)
    };
    (1..).zip(text.lines()).find(|(_, line)| names(line)).map(|(number, _)| number)
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        write!(f, "there is no setting {}", self.name)?;
        match &self.near {
            Some(near) => write!(f, ", did you mean '{near}'"),
            None => f.write_str("; `quaywatch rules list` shows all that there are"),
        }
    }
}
