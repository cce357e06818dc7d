//! Schemas as released stay readable: `schemas/released/RECORD/VERSION.avsc` are what the program has written so far.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use quaywatch_codec::{compatibility, schemas};

#[test]
fn every_schema_reads_what_every_release_wrote() {
    for record in schemas() {
        assert!(!record.released.is_empty(), "{} has no released schema", record.name);
        if let Err(error) = compatibility::check(record.name, record.schema, record.released) {
            panic!("{error}");
        }
    }
}

#[test]
fn every_released_schema_is_built_into_the_program() {
    let released = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas/released");
    let mut found = BTreeMap::new();
    for folder in fs::read_dir(released).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let versions = fs::read_dir(&folder).unwrap().count();
        let texts: Vec<_> =
            (1..=versions).map(|v| fs::read_to_string(folder.join(format!("{v}.avsc"))).unwrap()).collect();
        found.insert(name, texts);
    }
    let built_in: BTreeMap<_, Vec<_>> = schemas()
        .iter()
        .map(|r| (r.name.to_owned(), r.released.iter().map(|s| (*s).to_owned()).collect()))
        .collect();
    assert_eq!(found.keys().collect::<Vec<_>>(), built_in.keys().collect::<Vec<_>>());
    for (name, texts) in found {
        assert!(texts == built_in[&name], "schemas/released/{name} is not what the program has");
    }
}
