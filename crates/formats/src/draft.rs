//! What a message says of an event before it is one: fields by name, as JSON has them.
//!
//! A tree of [`serde_json`] would copy every name, and every time would be written and read again; most of what ports send
//! comes this way.

use std::borrow::Cow;
use std::fmt;

use quaywatch_domain::{Text, Timestamp};
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserialize, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Number;

/// A value, its texts borrowed from the message where they stand there as they are (`Text`).
#[derive(Debug, Clone)]
pub(crate) enum Draft<'a> {
    Null,
    Flag(bool),
    Number(Number),
    /// Never in a message: a text that was read as one.
    Time(Timestamp),
    Text(&'a str),
    Own(Text),
    List(Vec<Self>),
    Fields(Fields<'a>),
}

impl Draft<'_> {
    pub(crate) const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, of a text.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Own(text) => Some(text),
            _ => None,
        }
    }
}

/// A text is the same whoever owns it.
impl PartialEq for Draft<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Flag(a), Self::Flag(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Fields(a), Self::Fields(b)) => a == b,
            _ => self.text().is_some() && self.text() == other.text(),
        }
    }
}

impl From<String> for Draft<'_> {
    fn from(text: String) -> Self {
        Self::Own(text.into())
    }
}

impl From<Text> for Draft<'_> {
    fn from(text: Text) -> Self {
        Self::Own(text)
    }
}

impl<'a> From<&'a str> for Draft<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

/// So many names are looked at one after the other.
const FEW: usize = 16;

/// Values by name, in the order of the names; of equal names the last counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, Draft<'a>)>);

impl<'a> Fields<'a> {
    /// None yet, with room for those of an event.
    pub(crate) fn of_event() -> Self {
        Self(Vec::with_capacity(FEW))
    }

    /// Of a few names, those of another length need no comparison.
    fn find(&self, name: &str) -> Option<usize> {
        if self.0.len() <= FEW {
            return self.0.iter().position(|(known, _)| known == name);
        }
        self.place(name).ok()
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_ref().cmp(name))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Draft<'a>> {
        self.find(name).and_then(|at| self.0.get(at)).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Draft<'a>> {
        self.find(name).and_then(|at| self.0.get_mut(at)).map(|(_, value)| value)
    }

    /// The fields of a section.
    pub(crate) fn section(&mut self, name: &str) -> Option<&mut Self> {
        match self.get_mut(name)? {
            Draft::Fields(fields) => Some(fields),
            _ => None,
        }
    }

    /// The entries of a list.
    pub(crate) fn list(&mut self, name: &str) -> Option<&mut Vec<Draft<'a>>> {
        match self.get_mut(name)? {
            Draft::List(entries) => Some(entries),
            _ => None,
        }
    }

    /// Sets a value; what was there before.
    pub(crate) fn insert(&mut self, name: impl Into<Cow<'a, str>>, value: Draft<'a>) -> Option<Draft<'a>> {
        let name = name.into();
        match self.place(&name) {
            Ok(at) => self.0.get_mut(at).map(|(_, known)| std::mem::replace(known, value)),
            Err(at) => {
                self.0.insert(at, (name, value));
                None
            }
        }
    }

    /// Sets a value unless there is one.
    pub(crate) fn insert_new(&mut self, name: impl Into<Cow<'a, str>>, value: Draft<'a>) {
        let name = name.into();
        if !self.has(&name) {
            self.insert(name, value);
        }
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Draft<'a>> {
        self.find(name).map(|at| self.0.remove(at).1)
    }
}

impl<'a> IntoIterator for Fields<'a> {
    type Item = (Cow<'a, str>, Draft<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Draft<'a>)> for Fields<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Draft<'a>)>>(all: I) -> Self {
        let mut fields: Vec<_> = all.into_iter().collect();
        fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        fields.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                std::mem::swap(later, kept);
            }
            is_same
        });
        Self(fields)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Draft<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

/// Takes whatever JSON has.
struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Draft<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Draft::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Draft::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Draft::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Draft::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(number).map_or(Draft::Null, Draft::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Draft::Text(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Draft::Own(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element()? {
            list.push(entry);
        }
        Ok(Draft::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(8);
        while let Some(Name(name)) = entries.next_key()? {
            fields.push((name, entries.next_value()?));
        }
        Ok(Draft::Fields(fields.into_iter().collect()))
    }
}

/// A name, borrowed where it can be: `Cow` alone always copies.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserializer<'de> for Draft<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Flag(flag) => visitor.visit_bool(flag),
            Self::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (.., number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
            },
            Self::Time(moment) => visitor.visit_i64(moment.as_millis()),
            Self::Text(text) => visitor.visit_borrowed_str(text),
            Self::Own(text) if text.is_heap_allocated() => visitor.visit_string(text.into()),
            Self::Own(text) => visitor.visit_str(&text),
            Self::List(entries) => visitor.visit_seq(SeqDeserializer::new(entries.into_iter())),
            Self::Fields(fields) => visitor.visit_map(MapDeserializer::new(fields.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Self::Text(code) => visitor.visit_enum(code.into_deserializer()),
            Self::Own(code) => visitor.visit_enum(code.as_str().into_deserializer()),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// Times are numbers here.
    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Draft<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_of_equal_names_the_last_counts() {
        let text =
            r#"{"b": 1, "a": "x", "b": 2, "c": {"d": [null, true, -1.5, "\n"]}, "b": 18446744073709551615}"#;
        let Draft::Fields(mut fields) = serde_json::from_str(text).unwrap() else { panic!("no fields") };
        assert_eq!(fields.get("b"), Some(&Draft::Number(u64::MAX.into())));
        assert_eq!(fields.get("a"), Some(&Draft::Text("x")));
        let entries = fields.section("c").and_then(|c| c.list("d")).unwrap();
        let read =
            [Draft::Null, Draft::Flag(true), Draft::Number(Number::from_f64(-1.5).unwrap()), "\n".into()];
        assert_eq!(*entries, read);
        assert_eq!(fields.insert("b", Draft::Null), Some(Draft::Number(u64::MAX.into())));
        fields.insert_new("b", Draft::Flag(true));
        assert_eq!(fields.remove("b"), Some(Draft::Null));
        assert!(!fields.has("b") && fields.get("e").is_none() && !fields.is_empty());
    }

    #[test]
    fn texts_and_names_are_borrowed_where_they_stand_as_they_are() {
        let Draft::Fields(fields) = serde_json::from_str(r#"{"a": "x", "\u0062": "y\n"}"#).unwrap() else {
            panic!("no fields")
        };
        let borrowed = |text: &Cow<'_, str>| matches!(text, Cow::Borrowed(_));
        let [(a, Draft::Text(_)), (b, Draft::Own(_))] = fields.0.as_slice() else { panic!("{fields:?}") };
        assert!(borrowed(a) && !borrowed(b));
    }
}
