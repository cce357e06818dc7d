//! Reading what is a text on the wire without a copy of the text.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// What `read` makes of a text; its error is the deserializer's.
pub(crate) fn text<'de, D: Deserializer<'de>, T, W: fmt::Display>(
    deserializer: D,
    read: impl FnOnce(&str) -> Result<T, W>,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(Reader { read, kind: PhantomData })
}

struct Reader<F, T, W> {
    read: F,
    kind: PhantomData<(T, W)>,
}

impl<T, W: fmt::Display, F: FnOnce(&str) -> Result<T, W>> Visitor<'_> for Reader<F, T, W> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).map_err(E::custom)
    }
}
