//! JSON that is neither DCSA nor canonical: documents, arrays and lines, by JSON Pointers (RFC 6901). A pointer starts at the
//! element; one that begins with `$` at the document, and with `^` at what is around the element, once for each.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;

use quaywatch_domain::event::note;
use quaywatch_domain::{DeadLetterCode, Sha256};
use serde_json::Value;

use super::rows::{Plan, Row, Rows};
use super::{Mapping, RuleTable, Survey};
use crate::charset::utf_8;
use crate::{Context, MAX_ITEMS, Parsed, Reject, jsonl};

/// Name of the format in events.
const FORMAT: &str = "JSON";

/// Reads each element; a bad one is a reject and the others stand.
pub(crate) fn parse(bytes: &[u8], context: &Context<'_>) -> Parsed {
    read(bytes, context, None)
}

pub(super) fn read(bytes: &[u8], context: &Context<'_>, survey: Option<&RefCell<Survey>>) -> Parsed {
    let mapping = &context.settings.mapping;
    if mapping.is_empty() {
        let sentence =
            "the feed reads JSON by a mapping and has none; set `profile` or `mapping` in feeds.toml";
        return Parsed::rejected(DeadLetterCode::UnknownFormat, sentence, bytes);
    }
    let rules: Vec<(&str, &RuleTable)> =
        mapping.fields.iter().map(|(f, rule)| (f.as_str(), &rule.0)).collect();
    let (text, assumed) = utf_8(bytes);
    let body = text.as_bytes();
    let notes = assumed.then_some(note::CHARSET_ASSUMED).into_iter().collect();
    let plan = Plan::of(&rules, mapping, Way::of);
    let source = jsonl::source(context, FORMAT);
    let rows = Rows { plan, mapping, context, source, notes, survey };
    let pointers = Pointers::of(&rows, mapping);
    let mut reader = Reader { rows, pointers, parsed: Parsed::default(), events: Vec::new(), items: 0 };
    match serde_json::from_slice::<Value>(body) {
        Ok(document) => reader.document(&document, ""),
        Err(error) if body.trim_ascii().contains(&b'\n') => reader.lines(body, &error),
        Err(error) => return Parsed::rejected(DeadLetterCode::MalformedMessage, syntax(&error), bytes),
    }
    reader.done()
}

/// What is wrong with the syntax, without any of the text.
fn syntax(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    format!("the message is not JSON (line {line}, column {column}); it may have been cut off on the way")
}

struct Reader<'a> {
    rows: Rows<'a, Way>,
    pointers: Pointers,
    parsed: Parsed,
    events: Vec<quaywatch_domain::PortEvent>,
    items: usize,
}

impl Reader<'_> {
    /// A document a line.
    fn lines(&mut self, body: &[u8], whole: &serde_json::Error) {
        let lines =
            || body.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).enumerate().filter(|(_, l)| !l.is_empty());
        // A document over several lines that is broken is not a file of lines.
        if lines().next().is_some_and(|(_, line)| serde_json::from_slice::<Value>(line).is_err()) {
            return self.reject(DeadLetterCode::MalformedMessage, syntax(whole), "", body);
        }
        for (number, line) in lines() {
            let place = format!("line {}", number + 1);
            match serde_json::from_slice::<Value>(line) {
                Ok(document) => self.document(&document, &place),
                Err(error) => self.reject(DeadLetterCode::MalformedMessage, syntax(&error), &place, line),
            }
        }
    }

    fn document(&mut self, document: &Value, place: &str) {
        let pointer = self.rows.mapping.items.as_deref().unwrap_or_default();
        let parts: Vec<&str> = pointer.split("/*").collect();
        let found = self.items(&mut vec![document], &parts, place, "");
        if !found {
            let sentence = format!(
                "there is no array or object at '{pointer}'; set `mapping.items` of the feed; the document has {}",
                keys(document)
            );
            let bytes = serde_json::to_vec(document).unwrap_or_default();
            self.reject(DeadLetterCode::MissingField, sentence, place, &bytes);
        }
    }

    /// Reads what is at the end of a way through arrays, having come to `path`; whether it leads anywhere.
    fn items<'v>(&mut self, around: &mut Vec<&'v Value>, way: &[&str], place: &str, path: &str) -> bool {
        let Some((first, rest)) = way.split_first() else { return false };
        let within: Option<&'v Value> = around.last().copied();
        let path = format!("{path}{first}");
        let elements = match within.and_then(|value| value.pointer(first)) {
            Some(Value::Array(elements)) => elements.as_slice(),
            Some(item @ Value::Object(_)) if rest.is_empty() => {
                self.item(around, item, &joined(place, &path));
                return true;
            }
            _ => return false,
        };
        for (at, element) in elements.iter().enumerate() {
            let path = format!("{path}/{at}");
            if rest.is_empty() {
                self.item(around, element, &joined(place, &path));
            } else {
                around.push(element);
                // An element may hold none.
                self.items(around, rest, place, &path);
                around.pop();
            }
        }
        true
    }

    fn item(&mut self, around: &[&Value], item: &Value, path: &str) {
        self.items += 1;
        if self.items > MAX_ITEMS {
            if self.items == MAX_ITEMS + 1 {
                let sentence =
                    format!("the message has more than {MAX_ITEMS} elements; send it in smaller parts");
                self.reject(DeadLetterCode::TooManyItems, sentence, path, b"");
            }
            return;
        }
        let bytes = || serde_json::to_vec(item).unwrap_or_default();
        if let Some(survey) = self.rows.survey {
            self.pointers.look(item, &mut String::new(), &mut survey.borrow_mut());
        }
        match self.rows.read(&Element { around, item }, &|| Sha256::of(&bytes()), path) {
            Ok(event) => self.events.extend(event),
            Err((code, sentence)) => self.reject(code, sentence, path, &bytes()),
        }
    }

    fn reject(&mut self, code: DeadLetterCode, sentence: String, path: &str, bytes: &[u8]) {
        let position = (!path.is_empty()).then(|| path.to_owned());
        self.parsed.rejects.push(Reject { code, sentence, position, bytes: bytes.to_vec() });
    }

    fn done(mut self) -> Parsed {
        if let Some(survey) = self.rows.survey {
            let absent = self.pointers.absent(&self.rows);
            survey.borrow_mut().absent.extend(absent);
        }
        self.parsed.push_events(self.events);
        self.parsed
    }
}

/// The keys of a document, as far as they are names and not numbers of something.
fn keys(document: &Value) -> String {
    let Value::Object(fields) = document else { return "no keys".to_owned() };
    let names = fields.keys().filter(|key| key.bytes().filter(u8::is_ascii_digit).count() < 4);
    let names: Vec<String> =
        names.take(20).map(|key| format!("/{}", key.chars().take(40).collect::<String>())).collect();
    names.join(", ")
}

/// Line and pointer as a person reads them.
fn joined(place: &str, path: &str) -> String {
    match (place, path) {
        ("", "") => "/".to_owned(),
        ("", path) => path.to_owned(),
        (place, "") => place.to_owned(),
        (place, path) => format!("{place}, {path}"),
    }
}

/// Which pointers into an element are read, and which were met.
struct Pointers {
    read: BTreeSet<String>,
    met: BTreeSet<String>,
}

impl Pointers {
    fn of(rows: &Rows<'_, Way>, mapping: &Mapping) -> Self {
        let mut read = BTreeSet::new();
        if rows.survey.is_some() {
            let names = rows.plan.fields.iter().flat_map(|(target, _)| &target.rule.from.0);
            let names = names.chain(&mapping.id).chain(mapping.only.keys());
            read.extend(names.flat_map(|names| names.split('|')).map(|name| name.trim().to_owned()));
        }
        Self { read, met: BTreeSet::new() }
    }

    /// Goes through the values of an element; serde_json has limited its depth.
    fn look(&mut self, value: &Value, path: &mut String, survey: &mut Survey) {
        let length = path.len();
        let mut step = |key: &str, inner: &Value, path: &mut String| {
            path.push('/');
            path.push_str(&key.replace('~', "~0").replace('/', "~1"));
            self.look(inner, path, survey);
            path.truncate(length);
        };
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, inner)| step(key, inner, path)),
            Value::Array(elements) => {
                elements.iter().enumerate().for_each(|(at, inner)| step(&at.to_string(), inner, path));
            }
            Value::Null => {}
            _ if self.read.contains(path.as_str()) => _ = self.met.insert(path.clone()),
            _ => survey.unused(path),
        }
    }

    /// Fields that nothing was ever found for; what stands around the elements is not looked at.
    fn absent(&self, rows: &Rows<'_, Way>) -> Vec<String> {
        let never = rows.plan.fields.iter().map(|(target, _)| target).filter(|target| {
            let rule = target.rule;
            let mut names = rule.from.0.iter().flat_map(|names| names.split('|')).map(str::trim);
            !rule.from.0.is_empty() && names.all(|name| name.starts_with('/') && !self.met.contains(name))
        });
        never.map(|target| target.field.to_owned()).collect()
    }
}

/// A JSON Pointer taken apart.
struct Way {
    start: Start,
    tokens: Vec<String>,
}

enum Start {
    Document,
    /// The element, or what is so many steps around it.
    Up(usize),
}

impl Way {
    /// `None` when the name is no pointer.
    fn of(name: &str) -> Option<Self> {
        let (start, pointer) = match name.strip_prefix('$') {
            Some(pointer) => (Start::Document, pointer),
            None => {
                let pointer = name.trim_start_matches('^');
                (Start::Up(name.len() - pointer.len()), pointer)
            }
        };
        let mut tokens = pointer.split('/');
        let is_pointer = tokens.next().is_some_and(str::is_empty);
        let tokens = tokens.map(|token| token.replace("~1", "/").replace("~0", "~")).collect();
        is_pointer.then_some(Self { start, tokens })
    }
}

/// The place in an array that a reference token names.
fn index(token: &str) -> Option<usize> {
    let is_plain = token.bytes().all(|b| b.is_ascii_digit()) && (token.len() == 1 || !token.starts_with('0'));
    token.parse().ok().filter(|_| is_plain)
}

struct Element<'v> {
    /// The document, and the elements of arrays between it and the item.
    around: &'v [&'v Value],
    item: &'v Value,
}

impl Row for Element<'_> {
    type Way = Way;

    fn get(&self, way: &Way) -> Option<Cow<'_, str>> {
        let start = match way.start {
            Start::Document => self.around.first().copied()?,
            Start::Up(0) => self.item,
            Start::Up(up) => self.around.iter().rev().nth(up - 1).copied()?,
        };
        let value = way.tokens.iter().try_fold(start, |value, token| match value {
            Value::Object(fields) => fields.get(token),
            Value::Array(elements) => elements.get(index(token)?),
            _ => None,
        });
        match value? {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Number(number) => Some(Cow::Owned(number.to_string())),
            Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            _ => None,
        }
    }
}
