//! May a schema follow another? BACKWARD_TRANSITIVE, and stricter than Avro where our reader is: it reads with the
//! writer's schema and resolves nothing, so a type never changes in place, not even `int` to `long` or to a nullable.

use std::collections::BTreeSet;

use apache_avro::schema::{RecordSchema, Schema, UnionSchema};
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};

use crate::Error;
use crate::datum::short;

/// Checks that `newer` can read whatever each of `older` wrote, and keeps the meaning of what they had.
///
/// # Errors
/// When a schema does not parse, or with every difference that breaks.
pub fn check(name: &str, newer: &str, older: &[&str]) -> Result<(), Error> {
    let reader = parse(name, newer)?;
    for (version, json) in (1..).zip(older) {
        let writer = parse(name, json)?;
        let mut differences = Vec::new();
        Walk::new(&writer, &reader, &mut differences).compare(&writer, &reader, name);
        match SchemaCompatibility::can_read(&writer, &reader) {
            Ok(Compatibility::Full) => {}
            Ok(Compatibility::Partial) if differences.is_empty() => {
                differences.push("some values of the old schema have no place in the new one".to_owned());
            }
            Err(error) if differences.is_empty() => differences.push(short(&error.to_string())),
            Ok(Compatibility::Partial) | Err(_) => {}
        }
        if !differences.is_empty() {
            let reason = format!("version {version}: {}", differences.join("; "));
            return Err(Error::Incompatible { name: name.to_owned(), reason });
        }
    }
    Ok(())
}

fn parse(name: &str, json: &str) -> Result<Schema, Error> {
    Schema::parse_str(json)
        .map_err(|e| Error::BadSchema { name: name.to_owned(), reason: short(&e.to_string()) })
}

/// Finds a named type where it is defined.
fn definition<'a>(root: &'a Schema, wanted: &str) -> Option<&'a Schema> {
    if root.name().is_some_and(|n| n.to_string() == wanted) && !matches!(root, Schema::Ref { .. }) {
        return Some(root);
    }
    match root {
        Schema::Array(array) => definition(&array.items, wanted),
        Schema::Map(map) => definition(&map.types, wanted),
        Schema::Union(union) => union.variants().iter().find_map(|v| definition(v, wanted)),
        Schema::Record(record) => record.fields.iter().find_map(|f| definition(&f.schema, wanted)),
        _ => None,
    }
}

struct Walk<'a, 'd> {
    writer_root: &'a Schema,
    reader_root: &'a Schema,
    /// Pairs of types that are compared already.
    seen: BTreeSet<(String, String)>,
    differences: &'d mut Vec<String>,
}

impl<'a, 'd> Walk<'a, 'd> {
    fn new(writer_root: &'a Schema, reader_root: &'a Schema, differences: &'d mut Vec<String>) -> Self {
        Self { writer_root, reader_root, seen: BTreeSet::new(), differences }
    }

    fn compare(&mut self, writer: &'a Schema, reader: &'a Schema, path: &str) {
        let (writer, reader) = (resolve(self.writer_root, writer), resolve(self.reader_root, reader));
        if let (Some(w), Some(r)) = (writer.name(), reader.name()) {
            if !self.seen.insert((w.to_string(), r.to_string())) {
                return;
            }
            if w != r {
                self.differences.push(format!("{path} was a {w} and is a {r}"));
            }
        }
        match (writer, reader) {
            (Schema::Record(w), Schema::Record(r)) => self.records(w, r, path),
            (Schema::Enum(w), Schema::Enum(r)) => {
                for symbol in w.symbols.iter().filter(|s| !r.symbols.contains(s)) {
                    self.differences.push(format!("{path} no longer has {symbol}"));
                }
            }
            (Schema::Array(w), Schema::Array(r)) => self.compare(&w.items, &r.items, path),
            (Schema::Map(w), Schema::Map(r)) => self.compare(&w.types, &r.types, path),
            (Schema::Union(w), Schema::Union(r)) => self.unions(w, r, path),
            (Schema::Fixed(w), Schema::Fixed(r)) if w.size == r.size => {}
            // Equal kinds of the library are equal types and equal logical types.
            _ if kind(writer) == kind(reader) && !matches!(writer, Schema::Fixed(_)) => {}
            _ => self.differences.push(format!("{path} was {} and is {}", kind(writer), kind(reader))),
        }
    }

    fn records(&mut self, writer: &'a RecordSchema, reader: &'a RecordSchema, path: &str) {
        for field in &reader.fields {
            let path = format!("{path}.{}", field.name);
            let Some(old) = writer.fields.iter().find(|f| f.name == field.name) else {
                if field.default.is_none() {
                    self.differences.push(format!("{path} is new and has no default"));
                }
                continue;
            };
            if old.default.is_some() && old.default != field.default {
                self.differences.push(format!("{path} lost or changed its default"));
            }
            self.compare(&old.schema, &field.schema, &path);
        }
        for field in writer.fields.iter().filter(|f| f.default.is_none()) {
            if !reader.fields.iter().any(|r| r.name == field.name) {
                self.differences.push(format!("{path}.{} is gone and had no default", field.name));
            }
        }
    }

    fn unions(&mut self, writer: &'a UnionSchema, reader: &'a UnionSchema, path: &str) {
        for old in writer.variants() {
            let old = resolve(self.writer_root, old);
            let same = reader.variants().iter().map(|new| resolve(self.reader_root, new));
            match same.into_iter().find(|new| kind(new) == kind(old) && new.name() == old.name()) {
                Some(new) => self.compare(old, new, path),
                None => self.differences.push(format!("{path} can no longer be {}", kind(old))),
            }
        }
    }
}

fn resolve<'a>(root: &'a Schema, schema: &'a Schema) -> &'a Schema {
    match schema {
        Schema::Ref { name } => definition(root, name.as_ref()).unwrap_or(schema),
        other => other,
    }
}

/// Type and logical type, in Avro's words as far as the library has them.
fn kind(schema: &Schema) -> String {
    match schema {
        Schema::Fixed(fixed) => format!("fixed of {} bytes", fixed.size),
        other => format!("{:?}", apache_avro::schema::SchemaKind::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = r#"{"type": "record", "name": "R", "fields": [
        {"name": "a", "type": "string"},
        {"name": "n", "type": "int", "default": 0},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["X", "Y"]}},
        {"name": "o", "type": ["null", {"type": "record", "name": "I", "fields": [
            {"name": "x", "type": "string"}, {"name": "h", "type": {"type": "fixed", "name": "H", "size": 4}}]}],
         "default": null},
        {"name": "u", "type": ["string", "null"], "default": "s"},
        {"name": "l", "type": {"type": "array", "items": "I"}, "default": []}
    ]}"#;

    fn changed(from: &str, to: &str) -> Result<(), Error> {
        let newer = BASE.replace(from, to);
        assert_ne!(newer, BASE, "{from} is not in the schema");
        check("R", &newer, &[BASE])
    }

    #[test]
    fn what_may_change_is_let_through() {
        check("R", BASE, &[BASE]).unwrap();
        changed(
            r#"{"name": "a","#,
            r#"{"name": "z", "type": ["null", "string"], "default": null}, {"name": "a","#,
        )
        .unwrap();
        changed(r#"["X", "Y"]"#, r#"["X", "Y", "Z"]"#).unwrap();
        changed(r#"{"name": "n", "type": "int", "default": 0},"#, "").unwrap();
        changed(r#"{"name": "a", "type": "string"}"#, r#"{"name": "a", "type": "string", "doc": "A."}"#)
            .unwrap();
        changed(
            r#""string"}, {"name": "h""#,
            r#""string"}, {"name": "y", "type": "long", "default": 1}, {"name": "h""#,
        )
        .unwrap();
    }

    #[test]
    fn every_breaking_change_is_caught() {
        let breaking = [
            ("a default removed", r#", "default": 0"#, ""),
            ("a default changed", r#""default": 0"#, r#""default": 1"#),
            (
                "a new field without default",
                r#"{"name": "a","#,
                r#"{"name": "z", "type": "string"}, {"name": "a","#,
            ),
            ("a mandatory field removed", r#"{"name": "a", "type": "string"},"#, ""),
            ("a type changed", r#"{"name": "a", "type": "string"}"#, r#"{"name": "a", "type": "bytes"}"#),
            ("a type widened", r#""int", "default": 0"#, r#""long", "default": 0"#),
            (
                "a type made nullable",
                r#"{"name": "a", "type": "string"}"#,
                r#"{"name": "a", "type": ["null", "string"]}"#,
            ),
            ("an enum that shrinks", r#"["X", "Y"]"#, r#"["X"]"#),
            ("an enum that renames a symbol", r#"["X", "Y"]"#, r#"["X", "W"]"#),
            ("another logical type", "timestamp-millis", "timestamp-micros"),
            ("a logical type dropped", r#"{"type": "long", "logicalType": "timestamp-millis"}"#, r#""long""#),
            ("another fixed size", r#""size": 4"#, r#""size": 8"#),
            (
                "a nested type changed",
                r#"{"name": "x", "type": "string"}"#,
                r#"{"name": "x", "type": "double"}"#,
            ),
            ("a record renamed", r#""name": "R""#, r#""name": "S""#),
            ("a union that shrinks", r#"["string", "null"]"#, r#"["string"]"#),
        ];
        for (what, from, to) in breaking {
            assert!(matches!(changed(from, to), Err(Error::Incompatible { .. })), "{what} passes");
        }
    }

    #[test]
    fn each_earlier_version_counts_and_not_the_latest_alone() {
        let second = BASE.replace(r#"["X", "Y"]"#, r#"["X", "Y", "Z"]"#);
        let third = BASE.replace(r#"["X", "Y"]"#, r#"["Y", "Z"]"#);
        check("R", &second, &[BASE]).unwrap();
        let error = check("R", &third, &[&BASE.replace(r#"["X", "Y"]"#, r#"["Y"]"#), BASE]).unwrap_err();
        assert!(error.to_string().contains("version 2: R.e no longer has X"), "{error}");
    }
}
