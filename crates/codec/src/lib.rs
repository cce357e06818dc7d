//! Records as Avro: the schemas, the framing on the wire, the schema registry and the rules by which schemas may change.
//!
//! Values are read with the schema that wrote them; a field that the writer did not have takes its serde default, which
//! a test keeps equal to the schema's default. There is no schema resolution beyond that, so types never change in place:
//! see [`compatibility`].

mod codec;
pub mod compatibility;
mod datum;
mod error;
mod limits;
mod record;
mod registry;

pub use codec::{Codec, schema_of, state};
pub use error::Error;
pub use record::{Record, RecordSchema, schemas};
pub use registry::{Registered, Registry, RegistrySettings};
