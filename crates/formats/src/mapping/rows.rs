//! One row of a file, or element of a document, by the rules of a mapping.

use std::borrow::Cow;
use std::cell::RefCell;

use quaywatch_domain::event::{Documents, PartyRole, PortEvent, note};
use quaywatch_domain::{DeadLetterCode, EventKind};
use serde_json::{Map, Value};

use super::values::{self, Habits};
use super::{Mapping, RuleTable, Survey};
use crate::finish::flag;
use crate::{Context, jsonl};

/// Sections of an event that are lists.
pub(super) const LISTS: [&str; 4] = ["parties", "seals", "weights", "cargo"];
/// Longest text that is looked at, in characters.
const MAX_CHARACTERS: usize = 4_096;

/// Why a row cannot be used.
pub(super) type Refused = (DeadLetterCode, String);

/// What a row has under the names that rules use.
pub(super) trait Row {
    /// The text under a name; `None` when there is no such column or field.
    fn get(&self, name: &str) -> Option<Cow<'_, str>>;
}

/// Reads rows.
pub(super) struct Rows<'a> {
    pub(super) rules: Vec<(&'a str, &'a RuleTable)>,
    pub(super) mapping: &'a Mapping,
    pub(super) context: &'a Context<'a>,
    /// Name of the format in events.
    pub(super) format: &'static str,
    /// What is odd about the whole message.
    pub(super) notes: Vec<&'static str>,
    /// What is left unread, when somebody asks.
    pub(super) survey: Option<&'a RefCell<Survey>>,
}

impl Rows<'_> {
    /// The event of a row; `None` when the mapping leaves such rows out.
    pub(super) fn read(&self, row: &dyn Row, bytes: &[u8], path: &str) -> Result<Option<PortEvent>, Refused> {
        if !self.is_wanted(row) {
            return Ok(None);
        }
        let decimal = self.mapping.decimal.as_ref().and_then(|text| text.chars().next());
        let habits = Habits { zone: self.zone(row).or(Some("UTC")), decimal };
        let (mut object, mut notes) = (Map::new(), self.notes.clone());
        for (field, rule) in &self.rules {
            let text = text_of(row, rule);
            let read = values::read(field, &text, rule, habits);
            if let Some(survey) = self.survey {
                survey.borrow_mut().value(field, &text, &read);
            }
            match read {
                Ok(Some((value, noted))) => {
                    notes.extend(noted);
                    if !value.is_null() {
                        put(&mut object, field, value);
                    }
                }
                Ok(None) => {}
                Err((DeadLetterCode::NoTime, why)) => {
                    let (source, shape) = (named(row, rule), values::shape(&text));
                    return Err((
                        DeadLetterCode::NoTime,
                        format!("{source} ({field}) reads like {shape} and {why}"),
                    ));
                }
                Err(_) => notes.push(note::VALUE_UNREADABLE),
            }
        }
        self.identify(row, &mut object);
        // A movement that nobody named is one all the same.
        if !object.contains_key("kind") && self.rules.iter().any(|(field, _)| *field == "kind") {
            object.insert("kind".to_owned(), Value::from(EventKind::Other.as_str()));
            notes.push(note::UNKNOWN_CODE);
        }
        tidy(&mut object);
        let mut event = jsonl::event(object, bytes, self.context, path, self.format)
            .map_err(|(code, sentence)| (code, self.source_of(row, code, sentence)))?;
        if !has_subject(&event) {
            let sentence =
                "the row names neither container, document, vessel nor user: nobody knows what it is about";
            return Err((DeadLetterCode::NoSubject, sentence.to_owned()));
        }
        notes.into_iter().for_each(|n| flag(&mut event, n));
        Ok(Some(event))
    }

    /// Where the mapping looks for what is missing.
    fn source_of(&self, row: &dyn Row, code: DeadLetterCode, sentence: String) -> String {
        let field = match code {
            DeadLetterCode::NoTime => "occurred_at",
            DeadLetterCode::MissingField => "kind",
            _ => return sentence,
        };
        match self.rules.iter().find(|(known, _)| *known == field) {
            Some((_, rule)) if !rule.from.0.is_empty() => {
                format!("{} ({field}) is empty or not there, and every event needs it", named(row, rule))
            }
            _ => format!(
                "the mapping has no field {field}, and every event needs it; set mapping.fields.{field}"
            ),
        }
    }

    fn is_wanted(&self, row: &dyn Row) -> bool {
        self.mapping.only.iter().all(|(name, values)| {
            let text = find(row, name).unwrap_or_default();
            values.iter().any(|value| value.eq_ignore_ascii_case(text.trim()))
        })
    }

    /// The zone of the row's terminal, else of the feed.
    fn zone(&self, row: &dyn Row) -> Option<&str> {
        let settings = self.context.settings;
        let terminals = &settings.terminal_zones;
        let rule =
            self.rules.iter().find(|(field, _)| *field == "place.terminal").filter(|_| !terminals.is_empty());
        let own = rule.and_then(|(_, rule)| match text_of(row, rule).trim() {
            "" => terminals.get(rule.value.as_ref().or(settings.terminal.as_ref())?),
            code => terminals.get(code),
        });
        own.or(settings.time_zone.as_ref()).map(String::as_str)
    }

    fn identify(&self, row: &dyn Row, object: &mut Map<String, Value>) {
        let parts: Vec<Cow<'_, str>> = self.mapping.id.iter().filter_map(|name| find(row, name)).collect();
        let id = parts
            .iter()
            .map(|part| part.trim())
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("/");
        if !id.is_empty() {
            object.insert("event_id".to_owned(), Value::String(id));
        }
    }
}

/// Whether an event is about anything that a timeline is kept of, or about the system as a whole.
fn has_subject(event: &PortEvent) -> bool {
    let documents = event.documents.as_deref().is_some_and(|d| *d != Documents::default());
    let vessel = event.transport.as_deref().is_some_and(|t| {
        t.vessel_imo.is_some() || t.vessel_mmsi.is_some() || t.vessel_name.is_some() || t.call_id.is_some()
    });
    let system = matches!(event.kind, EventKind::SystemOutageStarted | EventKind::SystemOutageEnded);
    event.container().is_some() || documents || vessel || event.actor.is_some() || system || event.retracted
}

/// What a rule finds in a row: its sources joined with a blank.
fn text_of(row: &dyn Row, rule: &RuleTable) -> String {
    let parts: Vec<Cow<'_, str>> = rule.from.0.iter().filter_map(|name| find(row, name)).collect();
    let text =
        parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
        None => text,
    }
}

/// The first of some alternatives (`A|B`) that the row has and that is not empty.
fn find<'r>(row: &'r dyn Row, names: &str) -> Option<Cow<'r, str>> {
    let mut found = None;
    for name in names.split('|') {
        match row.get(name.trim()) {
            Some(text) if !text.trim().is_empty() => return Some(text),
            Some(text) => found = Some(text),
            None => {}
        }
    }
    found
}

/// How a person finds the source of a rule: by the names that the row has, else by the first that is looked for.
fn named(row: &dyn Row, rule: &RuleTable) -> String {
    let one = |names: &String| {
        let there = names.split('|').map(str::trim).find(|name| row.get(name).is_some());
        there.or_else(|| names.split('|').next()).unwrap_or_default().to_owned()
    };
    match rule.from.0.iter().map(one).collect::<Vec<_>>() {
        names if names.is_empty() => "the constant".to_owned(),
        names => format!("'{}'", names.join("' and '")),
    }
}

/// Puts a value at a dotted path; places of lists are names for now.
fn put(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => _ = object.insert(path.to_owned(), value),
        Some((head, rest)) => {
            let inner = object.entry(head).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// Makes lists of what was collected by place, and leaves out entries that say nothing.
fn tidy(object: &mut Map<String, Value>) {
    for section in LISTS {
        let Some(Value::Object(entries)) = object.remove(section) else { continue };
        let list: Vec<Value> =
            in_order(entries).into_iter().filter_map(|(key, e)| entry(section, &key, e)).collect();
        if !list.is_empty() {
            object.insert(section.to_owned(), Value::Array(list));
        }
    }
    if let Some(Value::Object(route)) = object.get_mut("route")
        && let Some(Value::Object(ports)) = route.remove("transshipment_ports")
    {
        let ports = in_order(ports).into_iter().map(|(_, port)| port).collect();
        route.insert("transshipment_ports".to_owned(), Value::Array(ports));
    }
}

/// Entries in the order of their places; those named otherwise come last.
fn in_order(entries: Map<String, Value>) -> Vec<(String, Value)> {
    let mut entries: Vec<(String, Value)> = entries.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.parse::<usize>().unwrap_or(usize::MAX));
    entries
}

/// An entry of a list; `None` when what it is about is missing.
pub(super) fn entry(section: &str, key: &str, entry: Value) -> Option<Value> {
    let Value::Object(mut entry) = entry else { return None };
    let has = |entry: &Map<String, Value>, field: &str| entry.contains_key(field);
    match section {
        "seals" => has(&entry, "number").then_some(Value::Object(entry)),
        "weights" => {
            entry.entry("kind").or_insert_with(|| Value::from("GROSS"));
            has(&entry, "kg").then_some(Value::Object(entry))
        }
        "parties" => {
            if PartyRole::parse(key).is_some() {
                entry.entry("role").or_insert_with(|| Value::from(key));
            }
            if has(&entry, "id") {
                entry.entry("id_scheme").or_insert_with(|| Value::from("LOCAL"));
            }
            let says = has(&entry, "id") || has(&entry, "name");
            (says && has(&entry, "role")).then_some(Value::Object(entry))
        }
        _ => Some(Value::Object(entry)),
    }
}
