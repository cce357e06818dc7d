//! `schemas/*.avsc` are assembled from `schemas/types/`: one file per named type, each type defined where it is first used.
//! `UPDATE_SCHEMAS=1 cargo test -p quaywatch-codec --test assembled` writes them anew.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed step fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

fn schemas() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

fn fragments() -> BTreeMap<String, String> {
    let folder = fs::read_dir(schemas().join("types")).unwrap();
    folder
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap().trim_end().to_owned())
        })
        .collect()
}

/// Writes the type out, with each type that it names in place of the first mention.
fn assemble(name: &str, fragments: &BTreeMap<String, String>, seen: &mut BTreeSet<String>) -> String {
    seen.insert(name.to_owned());
    let mut out = String::new();
    let mut key = "";
    let fragment = &fragments[name];
    let mut rest = fragment.as_str();
    while let Some(start) = rest.find('"') {
        let (before, after) = rest.split_at(start);
        let end = 1 + end_of_string(&after[1..]);
        let text = &after[1..end];
        out.push_str(before);
        rest = &after[end + 1..];
        let is_key = rest.starts_with(':');
        let is_type = !is_key && ["type", "items", "values"].contains(&key);
        if is_type && fragments.contains_key(text) && !seen.contains(text) {
            let line = out.rsplit('\n').next().unwrap_or_default();
            let indent = format!("\n{}", " ".repeat(line.len() - line.trim_start().len()));
            out.push_str(&assemble(text, fragments, seen).replace('\n', &indent));
        } else {
            out.push_str(&after[..=end]);
        }
        if is_key {
            key = text;
        }
    }
    out + rest
}

fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    text.find(|c| {
        let end = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        end
    })
    .expect("a string literal ends")
}

#[test]
fn every_schema_is_assembled_from_the_types() {
    let fragments = fragments();
    for record in quaywatch_codec::schemas() {
        let assembled = assemble(record.record, &fragments, &mut BTreeSet::new()) + "\n";
        let path = schemas().join(format!("{}.avsc", record.name));
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::write(&path, &assembled).unwrap();
        }
        let present = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            present == assembled,
            "schemas/{}.avsc is not what schemas/types/ says; run the test with UPDATE_SCHEMAS=1",
            record.name
        );
    }
}

#[test]
fn every_type_is_used_and_every_field_and_type_says_what_it_is() {
    let fragments = fragments();
    let mut used = BTreeSet::new();
    for record in quaywatch_codec::schemas() {
        assemble(record.record, &fragments, &mut used);
    }
    assert_eq!(used, fragments.keys().cloned().collect());
    for (name, text) in &fragments {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(json["name"], **name);
        assert_eq!(json["namespace"], "quaywatch");
        assert!(json["doc"].as_str().is_some_and(|d| d.len() > 3), "{name} has no doc");
        for field in json["fields"].as_array().into_iter().flatten() {
            assert!(
                field["doc"].as_str().is_some_and(|d| d.len() > 3),
                "{name}.{} has no doc",
                field["name"]
            );
        }
    }
}
