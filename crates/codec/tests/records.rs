//! Each record with its hand-written example: JSON to Rust to Avro and back.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::{AvroResult, Schema};
use quaywatch_codec::{Codec, Record, schemas};
use quaywatch_detection::TimelineState;
use quaywatch_domain::{
    AgencyAlert, Alert, DeadLetter, Fact, Feedback, PortEvent, RawMessage, WatchlistEntry,
};
use quaywatch_formats::document::DocumentState;
use quaywatch_screening::SubjectState;
use quaywatch_sharing::DisclosureState;
use serde_json::Value as Json;

/// The text of `schemas/examples/SCHEMA.json`, by the name of the record.
fn example(record: &str) -> String {
    let file = schemas().iter().find(|s| s.record == record).unwrap().name;
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../schemas/examples/{file}.json"));
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn round_trips<T: Record + PartialEq + std::fmt::Debug>() {
    let record: T = serde_json::from_str(&example(T::NAME)).unwrap();
    let codec = Codec::embedded();
    let bytes = codec.encode("some.topic", &record).unwrap();
    assert_eq!(codec.decode::<T>(&bytes).unwrap(), record);
    let mut state = Vec::new();
    quaywatch_codec::state::encode(&record, &mut state).unwrap();
    assert_eq!(state, bytes);
    assert_eq!(quaywatch_codec::state::decode::<T>(&state).unwrap(), record);
    read_by_any_tool::<T>(&bytes[10..]).unwrap();
    // A record with everything absent that may be absent.
    let json: Json = serde_json::from_str(&example(T::NAME)).unwrap();
    let bare: T = serde_json::from_value(without_optional(&json, T::SCHEMA)).unwrap();
    let bytes = codec.encode("some.topic", &bare).unwrap();
    assert_eq!(codec.decode::<T>(&bytes).unwrap(), bare);
    defaults_of_schema_and_program_agree::<T>(&bare);
}

/// Reads the datum as a tool would that knows the schema alone, checks it, and writes it again to the same bytes.
fn read_by_any_tool<T: Record>(datum: &[u8]) -> AvroResult<()> {
    let schema = Schema::parse_str(T::SCHEMA)?;
    let mut rest = datum;
    let value = GenericDatumReader::builder(&schema).build()?.read_value(&mut rest)?;
    assert!(rest.is_empty());
    assert!(value.validate(&schema));
    let writer = apache_avro::writer::datum::GenericDatumWriter::builder(&schema).build()?;
    assert_eq!(writer.write_value_to_vec(value)?, datum);
    Ok(())
}

/// The object without the fields that have a default in the schema.
fn without_optional(json: &Json, schema: &str) -> Json {
    let schema: Json = serde_json::from_str(schema).unwrap();
    let mut json = json.clone();
    for field in schema["fields"].as_array().unwrap() {
        if field.get("default").is_some() {
            json.as_object_mut().unwrap().remove(field["name"].as_str().unwrap());
        }
    }
    json
}

/// Writes with a schema that lacks every field that has a default, as an older program would; what this program makes of
/// it must be what a tool makes of it that resolves by the schema.
fn defaults_of_schema_and_program_agree<T: Record + PartialEq + std::fmt::Debug>(bare: &T) {
    let ours = Schema::parse_str(T::SCHEMA).unwrap();
    let mut older: Json = serde_json::from_str(T::SCHEMA).unwrap();
    let fields = older["fields"].as_array_mut().unwrap();
    // A field that others refer to by its type stays: the type would be gone with it.
    let all: Vec<Json> = std::mem::take(fields);
    let kept: Vec<Json> = all.iter().filter(|f| f.get("default").is_none()).cloned().collect();
    *fields = kept;
    let Ok(older) = Schema::parse_str(&older.to_string()) else {
        panic!("{}: a required field refers to a type that an optional field before it defines", T::NAME);
    };
    let ours_datum = &Codec::embedded().encode("t", bare).unwrap()[10..];
    let value = GenericDatumReader::builder(&ours).build().unwrap().read_value(&mut &ours_datum[..]).unwrap();
    let apache_avro::types::Value::Record(fields) = value else { panic!("no record") };
    let Schema::Record(record) = &older else { panic!("no record") };
    let kept = fields.into_iter().filter(|(n, _)| record.fields.iter().any(|f| &f.name == n)).collect();
    let writer = apache_avro::writer::datum::GenericDatumWriter::builder(&older).build().unwrap();
    let datum = writer.write_value_to_vec(apache_avro::types::Value::Record(kept)).unwrap();
    let reader = GenericDatumReader::builder(&older).human_readable(false).build().unwrap();
    let by_serde: T = reader.read_deser(&mut &datum[..]).unwrap();
    assert_eq!(&by_serde, bare);
    let resolving = GenericDatumReader::builder(&older).reader_schema(&ours).build().unwrap();
    let by_schema = resolving.read_value(&mut &datum[..]).unwrap();
    let writer = apache_avro::writer::datum::GenericDatumWriter::builder(&ours).build().unwrap();
    assert_eq!(writer.write_value_to_vec(by_schema).unwrap(), ours_datum);
}

#[test]
fn every_record_goes_to_avro_and_back() {
    round_trips::<RawMessage>();
    round_trips::<PortEvent>();
    round_trips::<Fact>();
    round_trips::<WatchlistEntry>();
    round_trips::<Alert>();
    round_trips::<AgencyAlert>();
    round_trips::<Feedback>();
    round_trips::<DeadLetter>();
    round_trips::<SubjectState>();
    round_trips::<DocumentState>();
    round_trips::<DisclosureState>();
    round_trips::<TimelineState>();
}

#[test]
fn the_examples_set_every_field_of_every_type() {
    let mut set = BTreeSet::new();
    let mut all = BTreeSet::new();
    for record in schemas() {
        let schema = Schema::parse_str(record.schema).unwrap();
        let json: Json = serde_json::from_str(&example(record.record)).unwrap();
        mark(&schema, &schema, &json, &mut set);
        fields(&schema, &mut all);
    }
    let missing: Vec<_> = all.difference(&set).collect();
    assert!(missing.is_empty(), "no example sets {missing:?}");
}

fn fields(schema: &Schema, all: &mut BTreeSet<String>) {
    match schema {
        Schema::Record(record) => {
            for field in &record.fields {
                all.insert(format!("{}.{}", record.name.name(), field.name));
                fields(&field.schema, all);
            }
        }
        Schema::Array(array) => fields(&array.items, all),
        Schema::Union(union) => union.variants().iter().for_each(|v| fields(v, all)),
        _ => {}
    }
}

fn mark(root: &Schema, schema: &Schema, json: &Json, set: &mut BTreeSet<String>) {
    match (schema, json) {
        (Schema::Record(record), Json::Object(object)) => {
            for field in &record.fields {
                let empty = |v: &Json| v.is_null() || v.as_array().is_some_and(Vec::is_empty);
                if let Some(value) = object.get(&field.name).filter(|v| !empty(v)) {
                    set.insert(format!("{}.{}", record.name.name(), field.name));
                    mark(root, &field.schema, value, set);
                }
            }
        }
        (Schema::Array(array), Json::Array(items)) => {
            items.iter().for_each(|i| mark(root, &array.items, i, set));
        }
        (Schema::Union(union), json) => {
            let value = union.variants().iter().find(|v| !matches!(v, Schema::Null)).unwrap();
            mark(root, value, json, set);
        }
        (Schema::Ref { name }, json) => mark(root, definition(root, name.name()).unwrap(), json, set),
        _ => {}
    }
}

fn definition<'a>(schema: &'a Schema, wanted: &str) -> Option<&'a Schema> {
    match schema {
        Schema::Record(record) if record.name.name() == wanted => Some(schema),
        Schema::Record(record) => record.fields.iter().find_map(|f| definition(&f.schema, wanted)),
        Schema::Array(array) => definition(&array.items, wanted),
        Schema::Union(union) => union.variants().iter().find_map(|v| definition(v, wanted)),
        Schema::Enum(inner) if inner.name.name() == wanted => Some(schema),
        Schema::Fixed(inner) if inner.name.name() == wanted => Some(schema),
        Schema::Uuid(_) if wanted == "Uuid" => Some(schema),
        _ => None,
    }
}

/// CRC-64-AVRO bit by bit, as the specification defines it.
fn crc_64_avro(bytes: &[u8]) -> u64 {
    const EMPTY: u64 = 0xc15d_213a_a4d7_a795;
    bytes.iter().fold(EMPTY, |crc, byte| {
        let mut step = (crc ^ u64::from(*byte)) & 0xff;
        for _ in 0..8 {
            step = (step >> 1) ^ (EMPTY & (step & 1).wrapping_neg());
        }
        (crc >> 8) ^ step
    })
}

#[test]
fn the_header_is_the_little_endian_crc_64_of_the_canonical_form() {
    const RAW_MESSAGE: &str = concat!(
        r#"{"name":"quaywatch.RawMessage","type":"record","fields":[{"name":"feed","type":"string"},"#,
        r#"{"name":"content_type","type":["null","string"]},{"name":"received_at","type":"long"},"#,
        r#"{"name":"sha256","type":{"name":"quaywatch.Sha256","type":"fixed","size":32}},"#,
        r#"{"name":"body","type":"bytes"},{"name":"sender","type":["null","string"]},"#,
        r#"{"name":"path","type":["null","string"]},{"name":"signature","type":["null","string"]}]}"#,
    );
    // The specification's own figure: the fingerprint of "null" is 63dd24e7cc258f8a.
    assert_eq!(crc_64_avro(b"\"null\""), 0x63dd_24e7_cc25_8f8a);
    let mut bytes = vec![0xC3, 0x01];
    bytes.extend(crc_64_avro(RAW_MESSAGE.as_bytes()).to_le_bytes());
    // As Java's library has it for schemas/released/RawMessage/1.avsc.
    assert_eq!(bytes[2..], [0xDC, 0x64, 0x7A, 0x78, 0xD4, 0xB6, 0xD2, 0x68]);
    bytes.extend(b"\x02f\x00\x02");
    bytes.extend([7; 32]);
    bytes.extend(b"\x02\xFF\x00\x02\x02p\x00");
    let read: RawMessage = Codec::embedded().decode(&bytes).unwrap();
    assert_eq!((read.feed.as_str(), read.received_at.as_millis(), read.sha256.0), ("f", 1, [7; 32]));
    assert_eq!((read.body.as_slice(), read.path.as_deref(), read.sender), (&[0xFF][..], Some("p"), None));
}
