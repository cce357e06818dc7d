//! One row of a file, or element of a document, by the rules of a mapping.

use std::borrow::Cow;
use std::cell::RefCell;

use quaywatch_domain::event::{self, Documents, PartyRole, PortEvent, note};
use quaywatch_domain::{DeadLetterCode, EventKind, Sha256};

use super::values::{self, Habits, Target};
use super::{Mapping, RuleTable, Survey};
use crate::draft::{Draft, Fields};
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
    /// Where a name leads.
    type Way;

    /// The text at the end of a way; `None` when there is no such column or field.
    fn get(&self, way: &Self::Way) -> Option<Cow<'_, str>>;
}

/// Alternatives (`A|B`) with where each leads; those that lead nowhere are not among them.
type Source<'a, W> = Vec<(&'a str, W)>;

/// What rows are read by, worked out once for all of them.
pub(super) struct Plan<'a, W> {
    pub(super) fields: Vec<(Target<'a>, Vec<Source<'a, W>>)>,
    id: Vec<Source<'a, W>>,
    only: Vec<(Source<'a, W>, &'a [String])>,
}

impl<'a, W> Plan<'a, W> {
    /// `way` tells where a name leads, in any row.
    pub(super) fn of(
        rules: &[(&'a str, &'a RuleTable)],
        mapping: &'a Mapping,
        way: impl Fn(&str) -> Option<W>,
    ) -> Self {
        let source = |names: &'a String| {
            let names = names.split('|').map(str::trim);
            names.filter_map(|name| Some((name, way(name)?))).collect()
        };
        let field = |(field, rule): &(&'a str, &'a RuleTable)| {
            (Target::of(field, rule), rule.from.0.iter().map(source).collect())
        };
        Self {
            fields: rules.iter().map(field).collect(),
            id: mapping.id.iter().map(source).collect(),
            only: mapping.only.iter().map(|(name, values)| (source(name), values.as_slice())).collect(),
        }
    }
}

/// Reads rows.
pub(super) struct Rows<'a, W> {
    pub(super) plan: Plan<'a, W>,
    pub(super) mapping: &'a Mapping,
    pub(super) context: &'a Context<'a>,
    /// That of the message as a whole.
    pub(super) source: event::Source,
    /// What is odd about the whole message.
    pub(super) notes: Vec<&'static str>,
    /// What is left unread, when somebody asks.
    pub(super) survey: Option<&'a RefCell<Survey>>,
}

impl<'a, W> Rows<'a, W> {
    /// The event of a row; `None` when the mapping leaves such rows out.
    pub(super) fn read(
        &self,
        row: &impl Row<Way = W>,
        digest: &dyn Fn() -> Sha256,
        path: &str,
    ) -> Result<Option<PortEvent>, Refused> {
        if !self.is_wanted(row) {
            return Ok(None);
        }
        let (object, notes) = self.fields_of(row)?;
        // A survey counts what it reads once.
        let kept = self.survey.map(|_| object.clone());
        let reread = || self.fields_of(row).map(|(object, _)| object).unwrap_or_default();
        let again = || kept.clone().unwrap_or_else(reread);
        let mut event = jsonl::event(object, &again, digest, self.context, &self.source, path)
            .map_err(|(code, sentence)| (code, self.source_of(row, code, sentence)))?;
        if !has_subject(&event) {
            let sentence =
                "the row names neither container, document, vessel nor user: nobody knows what it is about";
            return Err((DeadLetterCode::NoSubject, sentence.to_owned()));
        }
        notes.into_iter().for_each(|n| flag(&mut event, n));
        Ok(Some(event))
    }

    /// What a row says, in the form of a line, and what is odd about it.
    fn fields_of(&self, row: &impl Row<Way = W>) -> Result<(Fields<'a>, Vec<&'static str>), Refused> {
        let decimal = self.mapping.decimal.as_ref().and_then(|text| text.chars().next());
        let habits = Habits { zone: self.zone(row).or(Some("UTC")), decimal };
        let (mut object, mut notes) = (Fields::of_event(), self.notes.clone());
        for (target, sources) in &self.plan.fields {
            let (field, text) = (target.field, text_of(row, sources));
            let read = values::read(target, &text, habits);
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
                    let (source, shape) = (named(row, target.rule, sources), values::shape(&text));
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
        if !object.has("kind") && self.field("kind").is_some() {
            object.insert("kind", EventKind::Other.as_str().to_owned().into());
            notes.push(note::UNKNOWN_CODE);
        }
        tidy(&mut object);
        Ok((object, notes))
    }

    fn field(&self, name: &str) -> Option<&(Target<'_>, Vec<Source<'_, W>>)> {
        self.plan.fields.iter().find(|(target, _)| target.field == name)
    }

    /// Where the mapping looks for what is missing.
    fn source_of(&self, row: &impl Row<Way = W>, code: DeadLetterCode, sentence: String) -> String {
        let field = match code {
            DeadLetterCode::NoTime => "occurred_at",
            DeadLetterCode::MissingField => "kind",
            _ => return sentence,
        };
        match self.field(field) {
            Some((target, sources)) if !sources.is_empty() => {
                let named = named(row, target.rule, sources);
                format!("{named} ({field}) is empty or not there, and every event needs it")
            }
            _ => format!(
                "the mapping has no field {field}, and every event needs it; set mapping.fields.{field}"
            ),
        }
    }

    fn is_wanted(&self, row: &impl Row<Way = W>) -> bool {
        self.plan.only.iter().all(|(source, values)| {
            let text = find(row, source).unwrap_or_default();
            values.iter().any(|value| value.eq_ignore_ascii_case(text.trim()))
        })
    }

    /// The zone of the row's terminal, else of the feed.
    fn zone(&self, row: &impl Row<Way = W>) -> Option<&str> {
        let settings = self.context.settings;
        let terminals = &settings.terminal_zones;
        let named = self.field("place.terminal").filter(|_| !terminals.is_empty());
        let own = named.and_then(|(target, sources)| match text_of(row, sources).trim() {
            "" => terminals.get(target.rule.value.as_ref().or(settings.terminal.as_ref())?),
            code => terminals.get(code),
        });
        own.or(settings.time_zone.as_ref()).map(String::as_str)
    }

    fn identify(&self, row: &impl Row<Way = W>, object: &mut Fields<'_>) {
        let id = joined(row, &self.plan.id, '/');
        if !id.is_empty() {
            object.insert("event_id", id.into_owned().into());
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
    let is_named = event.container().is_some() || documents || vessel || event.actor.is_some();
    is_named || system || event.depot().is_some() || event.is_truck_alone() || event.retracted
}

/// What a rule finds in a row: its sources joined with a blank.
fn text_of<'r, R: Row>(row: &'r R, sources: &[Source<'_, R::Way>]) -> Cow<'r, str> {
    let text = joined(row, sources, ' ');
    // No text has more characters than bytes.
    let end = if text.len() > MAX_CHARACTERS { text.char_indices().nth(MAX_CHARACTERS) } else { None };
    match end {
        Some((end, _)) => Cow::Owned(text.get(..end).unwrap_or_default().to_owned()),
        None => text,
    }
}

/// The texts of sources that say something, without the blanks around them.
fn joined<'r, R: Row>(row: &'r R, sources: &[Source<'_, R::Way>], between: char) -> Cow<'r, str> {
    let mut text = Cow::Borrowed("");
    for part in sources.iter().filter_map(|source| find(row, source)) {
        let part = match part {
            Cow::Borrowed(part) => Cow::Borrowed(part.trim()),
            Cow::Owned(part) => Cow::Owned(part.trim().to_owned()),
        };
        if text.is_empty() {
            text = part;
        } else if !part.is_empty() {
            let text = text.to_mut();
            text.push(between);
            text.push_str(&part);
        }
    }
    text
}

/// The first of some alternatives that the row has and that is not empty.
fn find<'r, R: Row>(row: &'r R, source: &[(&str, R::Way)]) -> Option<Cow<'r, str>> {
    let mut found = None;
    for (_, way) in source {
        match row.get(way) {
            Some(text) if !text.trim().is_empty() => return Some(text),
            Some(text) => found = Some(text),
            None => {}
        }
    }
    found
}

/// How a person finds the source of a rule: by the names that the row has, else by the first that is looked for.
fn named<R: Row>(row: &R, rule: &RuleTable, sources: &[Source<'_, R::Way>]) -> String {
    let one = |(names, source): (&String, &Source<'_, R::Way>)| {
        let there = source.iter().find(|(_, way)| row.get(way).is_some()).map(|(name, _)| *name);
        there.or_else(|| names.split('|').next()).unwrap_or_default().to_owned()
    };
    match rule.from.0.iter().zip(sources).map(one).collect::<Vec<_>>() {
        names if names.is_empty() => "the constant".to_owned(),
        names => format!("'{}'", names.join("' and '")),
    }
}

/// Puts a value at a dotted path; places of lists are names for now.
fn put<'a>(object: &mut Fields<'a>, path: &'a str, value: Draft<'a>) {
    match path.split_once('.') {
        None => _ = object.insert(path, value),
        Some((head, rest)) => {
            object.insert_new(head, Draft::Fields(Fields::default()));
            if let Some(inner) = object.section(head) {
                put(inner, rest, value);
            }
        }
    }
}

/// Makes lists of what was collected by place, and leaves out entries that say nothing.
fn tidy(object: &mut Fields<'_>) {
    for section in LISTS {
        let Some(Draft::Fields(entries)) = object.remove(section) else { continue };
        let list: Vec<Draft<'_>> =
            in_order(entries).into_iter().filter_map(|(key, e)| entry(section, &key, e)).collect();
        if !list.is_empty() {
            object.insert(section, Draft::List(list));
        }
    }
    if let Some(route) = object.section("route")
        && let Some(Draft::Fields(ports)) = route.remove("transshipment_ports")
    {
        let ports = in_order(ports).into_iter().map(|(_, port)| port).collect();
        route.insert("transshipment_ports", Draft::List(ports));
    }
}

/// Entries in the order of their places; those named otherwise come last.
fn in_order(entries: Fields<'_>) -> Vec<(Cow<'_, str>, Draft<'_>)> {
    let mut entries: Vec<_> = entries.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.parse::<usize>().unwrap_or(usize::MAX));
    entries
}

/// An entry of a list; `None` when what it is about is missing.
pub(super) fn entry<'a>(section: &str, key: &str, entry: Draft<'a>) -> Option<Draft<'a>> {
    let Draft::Fields(mut entry) = entry else { return None };
    match section {
        "seals" => entry.has("number").then_some(Draft::Fields(entry)),
        "weights" => {
            entry.insert_new("kind", "GROSS".into());
            entry.has("kg").then_some(Draft::Fields(entry))
        }
        "parties" => {
            if PartyRole::parse(key).is_some() {
                entry.insert_new("role", key.to_owned().into());
            }
            if entry.has("id") {
                entry.insert_new("id_scheme", "LOCAL".into());
            }
            let says = entry.has("id") || entry.has("name");
            (says && entry.has("role")).then_some(Draft::Fields(entry))
        }
        _ => Some(Draft::Fields(entry)),
    }
}
