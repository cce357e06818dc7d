//! A map from mixed 32-bit keys to many values that never changes: two arrays and no pointers.

/// Keys must be well mixed (see [`mix`]): they are found by their upper bits.
#[derive(Debug, Default)]
pub(crate) struct Multimap {
    shift: u32,
    /// Where each bucket begins, and the end.
    begins: Vec<u32>,
    entries: Vec<(u32, u32)>,
    /// Three bits a key: most keys that are not held are known by them, in one look.
    filter: Vec<u64>,
}

/// Keys of one word of the filter.
const KEYS_A_WORD: usize = 6;

/// The word of a filter of so many, and the bits in it.
const fn filtered(key: u32, words: usize) -> (usize, u64) {
    let hash = (key as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let at = ((hash >> 32).wrapping_mul(words as u64)) >> 32;
    (at as usize, 1 << (hash & 63) | 1 << ((hash >> 6) & 63) | 1 << ((hash >> 12) & 63))
}

impl Multimap {
    /// Takes pairs of key and value in any order; equal pairs become one.
    pub(crate) fn build(mut pairs: Vec<(u32, u32)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        pairs.shrink_to_fit();
        let bits = pairs.len().max(2).ilog2();
        let shift = 32 - bits;
        let mut begins = Vec::with_capacity((1 << bits) + 1);
        let mut at = 0_usize;
        for bucket in 0..1_u32 << bits {
            while pairs.get(at).is_some_and(|(key, _)| key >> shift < bucket) {
                at += 1;
            }
            begins.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        begins.push(u32::try_from(pairs.len()).unwrap_or(u32::MAX));
        let mut filter = vec![0_u64; pairs.len() / KEYS_A_WORD + 1];
        for (key, _) in &pairs {
            let (at, bits) = filtered(*key, filter.len());
            if let Some(word) = filter.get_mut(at) {
                *word |= bits;
            }
        }
        Self { shift, begins, entries: pairs, filter }
    }

    /// Whether there may be a value of this key; false is sure.
    pub(crate) fn may_hold(&self, key: u32) -> bool {
        let (at, bits) = filtered(key, self.filter.len());
        self.filter.get(at).is_some_and(|word| word & bits == bits)
    }

    /// The values of a key, ascending.
    pub(crate) fn get(&self, key: u32) -> &[(u32, u32)] {
        if self.may_hold(key) { self.run(key) } else { &[] }
    }

    fn run(&self, key: u32) -> &[(u32, u32)] {
        let bucket = self.bucket(key);
        let Some(&[from, to]) =
            self.begins.get(bucket..bucket + 2).and_then(|slice| slice.first_chunk::<2>())
        else {
            return &[];
        };
        let bucket = self.entries.get(from as usize..to as usize).unwrap_or_default();
        let before = bucket.iter().take_while(|(other, _)| *other < key).count();
        let rest = bucket.get(before..).unwrap_or_default();
        // Long runs of one key fill their bucket alone.
        let same = if rest.last().is_some_and(|(other, _)| *other == key) {
            rest.len()
        } else {
            rest.partition_point(|(other, _)| *other == key)
        };
        rest.get(..same).unwrap_or_default()
    }

    /// Adds the values of many keys, which are few of those asked: memory is asked for all of them at each step.
    pub(crate) fn get_all(&self, keys: &mut Vec<u32>, into: &mut Vec<u32>) {
        keys.retain(|key| self.may_hold(*key));
        let begins = keys.iter().filter_map(|key| self.begins.get(self.bucket(*key))).copied();
        let first = begins.filter_map(|begin| self.entries.get(begin as usize));
        std::hint::black_box(first.fold(0, |all, (key, _)| all ^ key));
        for key in keys {
            into.extend(self.run(*key).iter().map(|(_, value)| *value));
        }
    }

    fn bucket(&self, key: u32) -> usize {
        key.checked_shr(self.shift).unwrap_or(0) as usize
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.begins.capacity() * size_of::<u32>()
            + self.entries.capacity() * size_of::<(u32, u32)>()
            + self.filter.capacity() * size_of::<u64>()
    }
}

/// A key from a number.
pub(crate) const fn mix(value: u64) -> u32 {
    let mut x = value ^ 0x9e37_79b9_7f4a_7c15;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) as u32
}

/// A key from letters.
pub(crate) fn key_of(text: &[u8]) -> u32 {
    let mut hash = text.len() as u64;
    for chunk in text.chunks(8) {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(chunk) {
            *to = *from;
        }
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(bytes)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    mix(hash)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_map_holds_nothing() {
        assert!(Multimap::build(Vec::new()).get(7).is_empty());
        assert!(Multimap::default().get(7).is_empty());
        assert_eq!(Multimap::build(vec![(u32::MAX, 1)]).get(u32::MAX), [(u32::MAX, 1)]);
    }

    proptest! {
        #[test]
        fn holds_what_was_put_in(pairs in proptest::collection::vec((0..50_u32, 0..20_u32), 0..300)) {
            let pairs: Vec<(u32, u32)> = pairs.into_iter().map(|(key, value)| (mix(u64::from(key)), value)).collect();
            let map = Multimap::build(pairs.clone());
            for key in (0..60).map(mix) {
                let mut expected: Vec<(u32, u32)> = pairs.iter().filter(|(k, _)| *k == key).copied().collect();
                expected.sort_unstable();
                expected.dedup();
                prop_assert_eq!(map.get(key), expected.as_slice());
            }
        }
    }
}
