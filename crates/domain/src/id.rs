//! Ids of events and facts: compared often, copied often, changed never.

use std::cmp::Ordering;
use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher as _, Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use foldhash::fast::FixedState;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Text, de};

/// An id as text. Copies share the text, and what differs is told apart without looking at it.
#[derive(Clone)]
pub struct Id {
    text: Arc<str>,
    digest: u64,
}

impl Id {
    /// A digest of the text: ids that differ in it are not the same.
    #[must_use]
    pub const fn digest(&self) -> u64 {
        self.digest
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<Arc<str>> for Id {
    fn from(text: Arc<str>) -> Self {
        let digest = FixedState::default().hash_one(&*text);
        Self { text, digest }
    }
}

impl From<String> for Id {
    fn from(text: String) -> Self {
        Arc::<str>::from(text).into()
    }
}

impl From<Text> for Id {
    fn from(text: Text) -> Self {
        text.as_str().into()
    }
}

impl From<&str> for Id {
    fn from(text: &str) -> Self {
        Arc::<str>::from(text).into()
    }
}

impl Default for Id {
    fn default() -> Self {
        "".into()
    }
}

impl Deref for Id {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest && (Arc::ptr_eq(&self.text, &other.text) || self.text == other.text)
    }
}

impl Eq for Id {}

impl PartialEq<str> for Id {
    fn eq(&self, other: &str) -> bool {
        *self.text == *other
    }
}

impl PartialEq<&str> for Id {
    fn eq(&self, other: &&str) -> bool {
        *self.text == **other
    }
}

impl PartialEq<String> for Id {
    fn eq(&self, other: &String) -> bool {
        *self.text == **other
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

// Not the digest: its seed is known, and who knows it can write ids that fill one bucket.
impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        de::text(deserializer, |text| Ok::<_, Infallible>(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ordered_and_told_apart_by_their_text() {
        let (a, b) = (Id::from("gate/1"), Id::from("gate/2".to_owned()));
        assert!(a < b && a != b);
        assert_eq!(a, Id::from("gate/1"));
        assert_eq!(a, "gate/1");
        assert_eq!(serde_json::to_string(&a).unwrap(), "\"gate/1\"");
        assert_eq!(serde_json::from_str::<Id>("\"gate/1\"").unwrap(), a);
    }
}
