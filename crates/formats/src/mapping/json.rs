//! JSON that is neither DCSA nor canonical: documents, arrays and lines, by JSON Pointers (RFC 6901). A pointer that begins
//! with `$` starts at the document, any other at the element.

use std::borrow::Cow;

use quaywatch_domain::DeadLetterCode;
use serde_json::Value;

use super::RuleTable;
use super::rows::{Row, Rows};
use crate::{Context, MAX_ITEMS, Parsed, Reject};

/// Name of the format in events.
const FORMAT: &str = "JSON";

/// Reads each element; a bad one is a reject and the others stand.
pub(crate) fn parse(bytes: &[u8], context: &Context<'_>) -> Parsed {
    let mapping = &context.settings.mapping;
    if mapping.is_empty() {
        let sentence =
            "the feed reads JSON by a mapping and has none; set `profile` or `mapping` in feeds.toml";
        return Parsed::rejected(DeadLetterCode::UnknownFormat, sentence, bytes);
    }
    let rules: Vec<(&str, &RuleTable)> =
        mapping.fields.iter().map(|(f, rule)| (f.as_str(), &rule.0)).collect();
    let rows = Rows { rules, mapping, context, format: FORMAT, notes: Vec::new() };
    let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = Reader { rows, parsed: Parsed::default(), events: Vec::new(), items: 0 };
    match serde_json::from_slice::<Value>(body) {
        Ok(document) => reader.document(&document, ""),
        Err(error) if body.trim_ascii().contains(&b'\n') => reader.lines(body, &error),
        Err(error) => return Parsed::rejected(DeadLetterCode::MalformedMessage, syntax(&error), bytes),
    }
    let Reader { mut parsed, events, .. } = reader;
    parsed.push_events(events);
    parsed
}

/// What is wrong with the syntax, without any of the text.
fn syntax(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    format!("the message is not JSON (line {line}, column {column}); it may have been cut off on the way")
}

struct Reader<'a> {
    rows: Rows<'a>,
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
        let items = match document.pointer(pointer) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(item @ Value::Object(_)) => std::slice::from_ref(item),
            Some(_) | None => {
                let sentence =
                    format!("there is no array or object at '{pointer}'; set `mapping.items` of the feed");
                let bytes = serde_json::to_vec(document).unwrap_or_default();
                return self.reject(DeadLetterCode::MissingField, sentence, place, &bytes);
            }
        };
        for (at, item) in items.iter().enumerate() {
            let path = format!("{place}{}{pointer}/{at}", if place.is_empty() { "" } else { ", " });
            self.item(document, item, &path);
        }
    }

    fn item(&mut self, document: &Value, item: &Value, path: &str) {
        self.items += 1;
        if self.items > MAX_ITEMS {
            if self.items == MAX_ITEMS + 1 {
                let sentence =
                    format!("the message has more than {MAX_ITEMS} elements; send it in smaller parts");
                self.reject(DeadLetterCode::TooManyItems, sentence, path, b"");
            }
            return;
        }
        let bytes = serde_json::to_vec(item).unwrap_or_default();
        match self.rows.read(&Element { document, item }, &bytes, path) {
            Ok(event) => self.events.extend(event),
            Err((code, sentence)) => self.reject(code, sentence, path, &bytes),
        }
    }

    fn reject(&mut self, code: DeadLetterCode, sentence: String, path: &str, bytes: &[u8]) {
        let position = (!path.is_empty()).then(|| path.to_owned());
        self.parsed.rejects.push(Reject { code, sentence, position, bytes: bytes.to_vec() });
    }
}

struct Element<'v> {
    document: &'v Value,
    item: &'v Value,
}

impl Row for Element<'_> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = match name.strip_prefix('$') {
            Some(pointer) => self.document.pointer(pointer)?,
            None => self.item.pointer(name)?,
        };
        match value {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Number(number) => Some(Cow::Owned(number.to_string())),
            Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            _ => None,
        }
    }
}
