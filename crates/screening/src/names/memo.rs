//! Names whose candidates are known, bounded in number.

use std::collections::HashMap;
use std::sync::Arc;

use super::gate::Candidates;
use super::prepare::NameKind;

/// Candidates by kind, where they are known.
type Known = [Option<Arc<[Candidates]>>; 3];

/// What was found for a name, for as long as the index is the same: two generations, of which the older goes when the
/// younger is full, so that names in use stay.
#[derive(Debug)]
pub struct Memo {
    index: u64,
    half: usize,
    young: HashMap<Box<str>, Known, foldhash::fast::RandomState>,
    old: HashMap<Box<str>, Known, foldhash::fast::RandomState>,
    /// Answers that were known.
    pub hits: u64,
    /// Answers that were not.
    pub misses: u64,
}

impl Memo {
    /// Names that a memo holds by default.
    pub const DEFAULT_NAMES: usize = 200_000;

    /// A memo of at most so many names; zero remembers nothing.
    #[must_use]
    pub fn new(names: usize) -> Self {
        let (young, old) = (HashMap::default(), HashMap::default());
        Self { index: 0, half: names / 2, young, old, hits: 0, misses: 0 }
    }

    /// How many names it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was found in the index with this id for a name, or what `find` finds.
    pub(crate) fn get_or(
        &mut self,
        index: u64,
        kind: NameKind,
        name: &str,
        find: impl FnOnce() -> Vec<Candidates>,
    ) -> Arc<[Candidates]> {
        if self.index != index {
            self.index = index;
            self.young.clear();
            self.old.clear();
        }
        let at = kind as usize;
        let known =
            |names: &HashMap<Box<str>, Known, _>| names.get(name).and_then(|known| known.get(at)?.clone());
        if let Some(found) = known(&self.young) {
            self.hits += 1;
            return found;
        }
        let from_old = known(&self.old);
        let (found, count) = match from_old {
            Some(found) => (found, &mut self.hits),
            None => (find().into(), &mut self.misses),
        };
        *count += 1;
        if self.half > 0 {
            if self.young.len() >= self.half && !self.young.contains_key(name) {
                self.old = std::mem::take(&mut self.young);
            }
            if let Some(slot) = self.young.entry(name.into()).or_default().get_mut(at) {
                *slot = Some(Arc::clone(&found));
            }
        }
        found
    }
}

impl Default for Memo {
    fn default() -> Self {
        Self::new(Self::DEFAULT_NAMES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_forgets_with_the_index() {
        let mut memo = Memo::new(10);
        let mut asked = 0;
        for name in 0..1_000 {
            for _ in 0..2 {
                memo.get_or(1, NameKind::Person, &name.to_string(), || {
                    asked += 1;
                    Vec::new()
                });
            }
        }
        assert_eq!((asked, memo.hits), (1_000, 1_000));
        assert!(memo.len() <= 10, "{}", memo.len());
        memo.get_or(1, NameKind::Company, "999", || {
            asked += 1;
            Vec::new()
        });
        memo.get_or(2, NameKind::Person, "999", || {
            asked += 1;
            Vec::new()
        });
        assert_eq!(asked, 1_002);
    }
}
