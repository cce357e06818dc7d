//! One schema with its reader and writer, built once.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use apache_avro::error::Details;
use apache_avro::rabin::Rabin;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::Schema;
use apache_avro::writer::datum::GenericDatumWriter;

use crate::{Error, Record};

/// Most distinct schemas that one process keeps.
const MAX_SCHEMAS: usize = 4096;
/// Largest string or byte field that is read, bytes; a bound against lengths made up by a broken or hostile producer.
const MAX_FIELD_BYTES: usize = 32 * 1024 * 1024;
/// Longest reason that an error carries, characters.
const MAX_REASON_CHARS: usize = 200;

/// CRC-64-AVRO of the parsing canonical form, as single-object encoding writes it: little-endian.
pub(crate) type Fingerprint = [u8; 8];

pub(crate) struct Datum {
    pub(crate) fingerprint: Fingerprint,
    /// Name of the record without name space.
    pub(crate) record: String,
    schema: &'static Schema,
    writer: GenericDatumWriter<'static>,
    reader: GenericDatumReader<'static>,
}

/// Every schema met so far, by its text. They are as few as the registry's versions and live as long as the process.
static KNOWN: LazyLock<RwLock<HashMap<String, &'static Datum>>> = LazyLock::new(RwLock::default);

impl Datum {
    /// The schema in `json`, parsed at its first use; `name` is for errors.
    pub(crate) fn of(name: &str, json: &str) -> Result<&'static Self, Error> {
        if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(json) {
            return Ok(known);
        }
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(datum) = known.get(json) {
            return Ok(datum);
        }
        if known.len() >= MAX_SCHEMAS {
            return Err(bad(name, format!("more than {MAX_SCHEMAS} schemas are in use")));
        }
        let datum: &'static Self = Box::leak(Box::new(Self::parse(name, json)?));
        known.insert(json.to_owned(), datum);
        Ok(datum)
    }

    fn parse(name: &str, json: &str) -> Result<Self, Error> {
        apache_avro::util::max_allocation_bytes(MAX_FIELD_BYTES);
        let schema = Schema::parse_str(json).map_err(|e| bad(name, short(&e.to_string())))?;
        let Schema::Record(record) = &schema else {
            return Err(bad(name, "it is no record".to_owned()));
        };
        let record = record.name.name().to_owned();
        if let Some(reason) = crate::limits::refusal(&schema) {
            return Err(bad(name, reason));
        }
        let fingerprint = fingerprint(name, &schema)?;
        let schema: &'static Schema = Box::leak(Box::new(schema));
        let failed = |e: apache_avro::Error| bad(name, short(&e.to_string()));
        let writer = GenericDatumWriter::builder(schema).human_readable(false).build().map_err(failed)?;
        let reader = GenericDatumReader::builder(schema).human_readable(false).build().map_err(failed)?;
        Ok(Self { fingerprint, record, schema, writer, reader })
    }

    /// Appends the datum to `out`.
    pub(crate) fn write<T: Record>(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
        match self.writer.write_ser(out, value) {
            Ok(_) => Ok(()),
            Err(e) => Err(Error::Unencodable { record: T::NAME, reason: reason(e) }),
        }
    }

    /// Reads a datum that must take up all of `bytes`.
    pub(crate) fn read<T: Record>(&self, mut bytes: &[u8]) -> Result<T, Error> {
        if self.record != T::NAME {
            return Err(Error::WrongRecord { expected: T::NAME, found: self.record.clone() });
        }
        let undecodable =
            |reason| Error::Undecodable { record: T::NAME, schema: hex(&self.fingerprint), reason };
        let value = self.reader.read_deser(&mut bytes).map_err(|e| undecodable(reason(e)))?;
        if bytes.is_empty() {
            Ok(value)
        } else {
            Err(undecodable(format!("{} bytes are left over after it", bytes.len())))
        }
    }
}

impl Datum {
    /// Reads a datum of anybody's schema, which must take up all of `bytes`, as JSON.
    pub(crate) fn read_json(&self, mut bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let undecodable =
            |reason| Error::Undecodable { record: "foreign", schema: hex(&self.fingerprint), reason };
        let value = self.reader.read_value(&mut bytes).map_err(|e| undecodable(reason(e)))?;
        // The library reads a text that is cut off as null.
        if !value.validate(self.schema) {
            return Err(undecodable("it breaks off".to_owned()));
        }
        if !bytes.is_empty() {
            return Err(undecodable(format!("{} bytes are left over after it", bytes.len())));
        }
        let json = serde_json::Value::try_from(value).map_err(|e| undecodable(reason(e)))?;
        serde_json::to_vec(&json).map_err(|e| undecodable(short(&e.to_string())))
    }
}

/// The fingerprint of the parsing canonical form. The library's canonical form keeps `{"type":"long"}` where it has
/// stripped a logical type; the specification, and Java's and Python's libraries, write `"long"`.
fn fingerprint(name: &str, schema: &Schema) -> Result<Fingerprint, Error> {
    const STRIPPED: [(&str, &str); 4] = [
        (r#"{"type":"long"}"#, r#""long""#),
        (r#"{"type":"int"}"#, r#""int""#),
        (r#"{"type":"string"}"#, r#""string""#),
        (r#"{"type":"bytes"}"#, r#""bytes""#),
    ];
    let form = STRIPPED.iter().fold(schema.canonical_form(), |form, (long, short)| form.replace(long, short));
    let schema = Schema::parse_str(&form).map_err(|e| bad(name, short(&e.to_string())))?;
    let bytes = schema.fingerprint::<Rabin>().bytes.try_into();
    bytes.map_err(|_| bad(name, "its fingerprint has not 8 bytes".to_owned()))
}

fn bad(name: &str, reason: String) -> Error {
    Error::BadSchema { name: name.to_owned(), reason }
}

/// What the library says, without the schemas that it prints along.
fn reason(error: apache_avro::Error) -> String {
    match error.into_details() {
        Details::SerializeValueWithSchema { value_type, value, .. }
        | Details::DeserializeSchemaAware { value_type, value, .. } => {
            short(&format!("{value_type}: {value}"))
        }
        Details::SerializeRecordFieldWithSchema { field_name, error, .. } => {
            short(&format!("field {field_name}: {error}"))
        }
        Details::MissingDefaultForSkippedField { field_name, .. } => {
            format!("field {field_name} is left out and has no default")
        }
        Details::ReadBytes(_) | Details::ReadVariableIntegerBytes(_) => "the bytes end too early".to_owned(),
        other => short(&other.to_string()),
    }
}

pub(crate) fn short(text: &str) -> String {
    text.chars().take(MAX_REASON_CHARS).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}
