//! Finding keys that do not exist, and the key that was probably meant.

use config::{Value, ValueKind};

use crate::Error;

/// Fails on the first key of `given` that `known` does not have.
pub(super) fn check(given: &Value, known: &toml::Table) -> Result<(), Error> {
    let mut all = Vec::new();
    list(known, "", &mut all);
    walk(given, known, "", &all)
}

fn walk(given: &Value, known: &toml::Table, path: &str, all: &[String]) -> Result<(), Error> {
    let ValueKind::Table(table) = &given.kind else { return Ok(()) };
    // Sorted, so that the same settings always give the same error.
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by(|a, b| a.0.cmp(b.0));
    for (key, value) in entries {
        let dotted = join(path, key);
        match known.get(key) {
            None => {
                let origin = first_origin(value).unwrap_or("the command line");
                return Err(Error::UnknownSetting {
                    nearest: nearest(&dotted, all),
                    key: dotted,
                    origin: origin.to_owned(),
                });
            }
            Some(toml::Value::Table(inner)) => walk(value, inner, &dotted, all)?,
            Some(toml::Value::Array(sample)) => {
                let (ValueKind::Array(items), Some(toml::Value::Table(inner))) =
                    (&value.kind, sample.first())
                else {
                    continue;
                };
                items.iter().try_for_each(|item| walk(item, inner, &dotted, all))?;
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn first_origin(value: &Value) -> Option<&str> {
    value.origin().or_else(|| match &value.kind {
        ValueKind::Table(table) => table.values().find_map(first_origin),
        ValueKind::Array(items) => items.iter().find_map(first_origin),
        _ => None,
    })
}

fn list(known: &toml::Table, path: &str, all: &mut Vec<String>) {
    for (key, value) in known {
        let dotted = join(path, key);
        match value {
            toml::Value::Table(inner) => list(inner, &dotted, all),
            toml::Value::Array(items) => {
                if let Some(toml::Value::Table(inner)) = items.first() {
                    list(inner, &dotted, all);
                }
            }
            _ => {}
        }
        all.push(dotted);
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The candidate that `key` takes the fewest edits to become, when those are few for its length. A candidate with the
/// same last part in another section is nearer than its edits say.
fn nearest(key: &str, candidates: &[String]) -> Option<String> {
    let leaf = |text: &str| text.rsplit('.').next().map(str::to_owned);
    let limit = key.chars().count() / 3 + 1;
    let by_edits = candidates.iter().map(|c| (edits(key, c), c)).min().filter(|(n, _)| *n <= limit);
    by_edits.map(|(_, c)| c.clone()).or_else(|| candidates.iter().find(|c| leaf(c) == leaf(key)).cloned())
}

/// Edit distance (Levenshtein): insertions, deletions and substitutions.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let best = (diagonal + usize::from(x != *y)).min(left + 1).min(*cell + 1);
            diagonal = *cell;
            *cell = best;
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted_as_levenshtein_did() {
        for (a, b, n) in
            [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("flaw", "lawn", 2), ("x", "x", 0)]
        {
            assert_eq!(edits(a, b), n, "{a} {b}");
        }
    }

    #[test]
    fn a_key_in_the_wrong_section_finds_its_own() {
        let all = ["kafka.brokers".to_owned(), "topics.prefix".to_owned()];
        assert_eq!(nearest("kafka.prefix", &all).as_deref(), Some("topics.prefix"));
        assert_eq!(nearest("kafka.broker", &all).as_deref(), Some("kafka.brokers"));
        assert_eq!(nearest("moon.phase", &all), None);
    }
}
