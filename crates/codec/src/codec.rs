//! Writing and reading values in their framing.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use crate::datum::{Datum, Fingerprint, hex};
use crate::{Error, Record, schemas};

/// Start of Avro single-object encoding.
const SINGLE_OBJECT_MARKER: [u8; 2] = [0xC3, 0x01];
/// Start of Confluent framing.
const CONFLUENT_MARKER: u8 = 0;

/// The schemas that are built in: those of this program and those of all releases.
struct Embedded {
    by_fingerprint: HashMap<Fingerprint, &'static Datum>,
    by_record: HashMap<&'static str, &'static Datum>,
}

static EMBEDDED: LazyLock<Embedded> = LazyLock::new(|| {
    let mut embedded = Embedded { by_fingerprint: HashMap::new(), by_record: HashMap::new() };
    for record in schemas() {
        // A schema that does not parse is reported by the first use of its record, and by the tests before that.
        for released in record.released {
            if let Ok(datum) = Datum::of(record.name, released) {
                embedded.by_fingerprint.insert(datum.fingerprint, datum);
            }
        }
        if let Ok(datum) = Datum::of(record.name, record.schema) {
            embedded.by_fingerprint.insert(datum.fingerprint, datum);
            embedded.by_record.insert(record.name, datum);
        }
    }
    embedded
});

/// Writes and reads records. Cheap to clone; made once.
#[derive(Clone)]
pub struct Codec {
    inner: Arc<Inner>,
}

struct Inner {}

/// A framed value taken apart.
enum Frame<'a> {
    SingleObject(Fingerprint, &'a [u8]),
    Confluent(u32, &'a [u8]),
}

impl Codec {
    /// Writes single-object encoding against the built-in schemas.
    #[must_use]
    pub fn embedded() -> Self {
        Self { inner: Arc::new(Inner {}) }
    }

    /// The value for `topic`, framed.
    ///
    /// # Errors
    /// When the record does not fit its schema.
    pub fn encode<T: Record>(&self, _topic: &str, value: &T) -> Result<Vec<u8>, Error> {
        let _ = &self.inner;
        let datum = datum_of::<T>()?;
        let [a, b] = SINGLE_OBJECT_MARKER;
        let [c, d, e, f, g, h, i, j] = datum.fingerprint;
        datum.write(&[a, b, c, d, e, f, g, h, i, j], value)
    }

    /// Reads a value of either framing.
    ///
    /// # Errors
    /// When the framing, the schema or the datum cannot be read; see [`Error::dead_letter_code`].
    pub fn decode<T: Record>(&self, bytes: &[u8]) -> Result<T, Error> {
        match frame::<T>(bytes)? {
            Frame::SingleObject(fingerprint, datum) => {
                let schema = EMBEDDED.by_fingerprint.get(&fingerprint).ok_or_else(|| {
                    Error::UnknownFingerprint { record: T::NAME, fingerprint: hex(&fingerprint) }
                })?;
                schema.read(datum)
            }
            Frame::Confluent(id, _) => Err(Error::NoRegistry { record: T::NAME, id }),
        }
    }
}

/// The schema that a value names, for people: `fingerprint 1f0c…` or `id 12`; `None` when it names none.
#[must_use]
pub fn schema_of(bytes: &[u8]) -> Option<String> {
    match split(bytes)? {
        Frame::SingleObject(fingerprint, _) => Some(format!("fingerprint {}", hex(&fingerprint))),
        Frame::Confluent(id, _) => Some(format!("id {id}")),
    }
}

fn datum_of<T: Record>() -> Result<&'static Datum, Error> {
    match EMBEDDED.by_record.get(T::NAME) {
        Some(datum) => Ok(datum),
        None => Datum::of(T::NAME, T::SCHEMA),
    }
}

fn split(bytes: &[u8]) -> Option<Frame<'_>> {
    if let Some(rest) = bytes.strip_prefix(&SINGLE_OBJECT_MARKER) {
        let (fingerprint, datum) = rest.split_first_chunk()?;
        Some(Frame::SingleObject(*fingerprint, datum))
    } else {
        let rest = bytes.strip_prefix(&[CONFLUENT_MARKER])?;
        let (id, datum) = rest.split_first_chunk()?;
        Some(Frame::Confluent(u32::from_be_bytes(*id), datum))
    }
}

fn frame<T: Record>(bytes: &[u8]) -> Result<Frame<'_>, Error> {
    if bytes.is_empty() {
        return Err(Error::Empty { record: T::NAME });
    }
    split(bytes).ok_or_else(|| {
        let start = hex(bytes.get(..bytes.len().min(4)).unwrap_or_default());
        Error::UnknownFraming { record: T::NAME, start }
    })
}
