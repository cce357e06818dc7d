//! Writing and reading values in their framing.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use crate::datum::{Datum, Fingerprint, hex};
use crate::registry::{Registry, RegistrySettings};
use crate::{Error, Record, schemas};

/// Start of Avro single-object encoding.
const SINGLE_OBJECT_MARKER: [u8; 2] = [0xC3, 0x01];
/// Start of Confluent framing.
const CONFLUENT_MARKER: u8 = 0;
/// Room for an ordinary record, bytes.
const USUAL_RECORD_BYTES: usize = 512;

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
            embedded.by_record.insert(record.record, datum);
        }
    }
    embedded
});

/// Writes and reads records. Cheap to clone; made once.
#[derive(Clone)]
pub struct Codec {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Option<Registry>,
}

/// A framed value taken apart.
enum Frame<'a> {
    SingleObject(Fingerprint, &'a [u8]),
    Confluent(u32, &'a [u8]),
}

impl Codec {
    /// Writes single-object encoding against the built-in schemas.
    #[must_use]
    pub fn embedded() -> Self {
        Self { inner: Arc::new(Inner { registry: None }) }
    }

    /// Writes Confluent framing; ids come from the registry when first needed.
    ///
    /// # Errors
    /// When the address of the registry cannot be used.
    pub fn with_registry(settings: &RegistrySettings) -> Result<Self, Error> {
        Ok(Self { inner: Arc::new(Inner { registry: Some(Registry::new(settings)?) }) })
    }

    /// The registry, when there is one.
    #[must_use]
    pub fn registry(&self) -> Option<&Registry> {
        self.inner.registry.as_ref()
    }

    /// The value for `topic`, framed.
    ///
    /// # Errors
    /// When the record does not fit its schema, or the registry gives no id for it.
    pub fn encode<T: Record>(&self, topic: &str, value: &T) -> Result<Vec<u8>, Error> {
        let datum = datum_of::<T>()?;
        let mut out = Vec::with_capacity(USUAL_RECORD_BYTES);
        match &self.inner.registry {
            Some(registry) => {
                out.push(CONFLUENT_MARKER);
                out.extend(registry.id_for::<T>(topic)?.to_be_bytes());
            }
            None => single_object_header(datum, &mut out),
        }
        datum.write(value, &mut out)?;
        Ok(out)
    }

    /// Reads a value of either framing.
    ///
    /// # Errors
    /// When the framing, the schema or the datum cannot be read; see [`Error::dead_letter_code`].
    pub fn decode<T: Record>(&self, bytes: &[u8]) -> Result<T, Error> {
        match frame::<T>(bytes)? {
            Frame::SingleObject(fingerprint, datum) => read_single_object(&fingerprint, datum),
            Frame::Confluent(id, datum) => match &self.inner.registry {
                Some(registry) => registry.datum(id)?.read(datum),
                None => Err(Error::NoRegistry { record: T::NAME, id }),
            },
        }
    }
}

impl Codec {
    /// A value in Confluent framing under a schema that is not ours, as JSON; the schema comes from the registry.
    ///
    /// # Errors
    /// When there is no registry, or framing, schema or datum cannot be read.
    pub fn foreign_json(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        match split(bytes) {
            Some(Frame::Confluent(id, datum)) => match &self.inner.registry {
                Some(registry) => registry.datum(id)?.read_json(datum),
                None => Err(Error::NoRegistry { record: "foreign", id }),
            },
            _ => {
                Err(Error::UnknownFraming { record: "foreign", start: hex(bytes.get(..8).unwrap_or(bytes)) })
            }
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

/// States of the stages: single-object encoding against the built-in schemas, whatever the topics carry, because nobody
/// else reads them.
pub mod state {
    use super::{Frame, datum_of, frame, read_single_object, single_object_header};
    use crate::{Error, Record};

    /// Appends the state to `into`.
    ///
    /// # Errors
    /// When the state does not fit its schema.
    pub fn encode<T: Record>(state: &T, into: &mut Vec<u8>) -> Result<(), Error> {
        let datum = datum_of::<T>()?;
        single_object_header(datum, into);
        datum.write(state, into)
    }

    /// Reads what [`encode`] of this or an earlier release wrote.
    ///
    /// # Errors
    /// When the framing, the schema or the datum cannot be read.
    pub fn decode<T: Record>(bytes: &[u8]) -> Result<T, Error> {
        match frame::<T>(bytes)? {
            Frame::SingleObject(fingerprint, datum) => read_single_object(&fingerprint, datum),
            Frame::Confluent(id, _) => Err(Error::NoRegistry { record: T::NAME, id }),
        }
    }
}

fn single_object_header(datum: &Datum, out: &mut Vec<u8>) {
    out.extend(SINGLE_OBJECT_MARKER);
    out.extend(datum.fingerprint);
}

fn read_single_object<T: Record>(fingerprint: &Fingerprint, datum: &[u8]) -> Result<T, Error> {
    let unknown = || Error::UnknownFingerprint { record: T::NAME, fingerprint: hex(fingerprint) };
    EMBEDDED.by_fingerprint.get(fingerprint).ok_or_else(unknown)?.read(datum)
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
