//! What a mapping leaves unread of a message: for the person who writes the mapping, never for logs.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use quaywatch_domain::event::note;
use serde_json::Value;

use super::fields::holds;
use super::values::Read;
use crate::charset::utf_8;
use crate::{Context, Format};

/// Most entries of a list.
const MAX_ENTRIES: usize = 200;
/// Longest value that is kept, characters.
const MAX_CHARACTERS: usize = 40;

/// What a mapping leaves unread of a message. Holds values of the message as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Columns or JSON Pointers that no field is read from.
    pub unused: BTreeSet<String>,
    /// Columns that stand there twice: the first is read.
    pub doubled: BTreeSet<String>,
    /// Fields whose columns are not there.
    pub absent: BTreeSet<String>,
    /// Field and value that its table or its list of codes does not have, and how often.
    pub unknown: BTreeMap<(String, String), usize>,
    /// Field and value that cannot be read, and how often.
    pub unreadable: BTreeMap<(String, String), usize>,
}

impl Survey {
    /// Of a message that is read by a mapping, or of canonical events; nothing for other formats.
    #[must_use]
    pub fn of(bytes: &[u8], context: &Context<'_>) -> Self {
        let survey = RefCell::new(Self::default());
        match crate::sniff(bytes, context) {
            Some(Format::Csv) => _ = super::csv::read(bytes, context, Some(&survey)),
            Some(Format::Json) => _ = super::json::read(bytes, context, Some(&survey)),
            Some(Format::Jsonl) => survey.borrow_mut().lines(utf_8(bytes).0.as_bytes()),
            _ => {}
        }
        survey.into_inner()
    }

    /// Adds what another message left unread.
    pub fn merge(&mut self, other: Self) {
        self.unused.extend(other.unused);
        self.doubled.extend(other.doubled);
        self.absent.extend(other.absent);
        for (known, more) in [(&mut self.unknown, other.unknown), (&mut self.unreadable, other.unreadable)] {
            for (key, n) in more {
                *known.entry(key).or_default() += n;
            }
        }
    }

    /// Whether everything was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Fields of canonical events that are none.
    fn lines(&mut self, text: &[u8]) {
        let all = std::iter::once(text).chain(text.split(|b| *b == b'\n'));
        for value in all.filter_map(|line| serde_json::from_slice::<Value>(line).ok()) {
            self.canonical(&value, "");
        }
    }

    fn canonical(&mut self, value: &Value, path: &str) {
        const OURS: [&str; 5] = ["source", "notes", "check_digit_ok", "normalised", "canonical"];
        let within = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match value {
            Value::Object(fields) => {
                let fields = fields.iter().filter(|(key, _)| !OURS.contains(&key.as_str()));
                fields.for_each(|(key, inner)| self.canonical(inner, &within(key)));
            }
            Value::Array(entries) => {
                entries
                    .iter()
                    .enumerate()
                    .for_each(|(at, entry)| self.canonical(entry, &within(&at.to_string())));
            }
            Value::Null => {}
            _ if holds(path).is_none() => self.unused(path),
            _ => {}
        }
    }

    pub(super) fn unused(&mut self, name: &str) {
        if self.unused.len() < MAX_ENTRIES {
            self.unused.insert(name.to_owned());
        }
    }

    /// Looks at what became of a value.
    pub(super) fn value(&mut self, field: &str, text: &str, read: &Read) {
        let list = match read {
            Ok(Some((_, notes))) if notes.contains(&note::UNKNOWN_CODE) => &mut self.unknown,
            Err(_) => &mut self.unreadable,
            _ => return,
        };
        let key = (field.to_owned(), text.trim().chars().take(MAX_CHARACTERS).collect());
        if list.len() < MAX_ENTRIES || list.contains_key(&key) {
            *list.entry(key).or_default() += 1;
        }
    }
}
