//! From a source's global id to its row.

/// Words of a part of the set.
const WORDS: usize = 16;

/// The ids of a set among `64 * WORDS` consecutive ones.
#[derive(Clone, Debug)]
struct Part {
    bits: [u64; WORDS],
    /// Ids in the set before each word.
    before: [u32; WORDS],
}

/// A set of ids with ranks: each id in it has a row number, in the order of the ids. Stretches of
/// ids none of which is in the set cost next to nothing.
#[derive(Clone, Debug, Default)]
pub struct SourceIndex {
    parts: Vec<Option<Box<Part>>>,
    len: u32,
}

impl SourceIndex {
    /// The index of a set of ids, in any order, with repetitions.
    pub fn new(ids: impl Iterator<Item = u32>) -> Self {
        let mut parts: Vec<Option<Box<Part>>> = Vec::new();
        for id in ids {
            let (word, at) = (id as usize / 64 % WORDS, id as usize / 64 / WORDS);
            if at >= parts.len() {
                parts.resize_with(at + 1, || None);
            }
            let empty = || {
                Box::new(Part {
                    bits: [0; WORDS],
                    before: [0; WORDS],
                })
            };
            parts[at].get_or_insert_with(empty).bits[word] |= 1 << (id % 64);
        }
        let mut len = 0;
        for part in parts.iter_mut().flatten() {
            for (before, bits) in part.before.iter_mut().zip(part.bits) {
                *before = len;
                len += bits.count_ones();
            }
        }
        SourceIndex { parts, len }
    }

    /// The row of `id`, if it is in the set.
    #[inline]
    pub fn row(&self, id: u32) -> Option<usize> {
        let (word, bit) = (id as usize / 64, id % 64);
        let part = self.parts.get(word / WORDS)?.as_ref()?;
        let bits = part.bits[word % WORDS];
        if bits >> bit & 1 == 0 {
            return None;
        }
        let below = bits & ((1 << bit) - 1);
        Some((part.before[word % WORDS] + below.count_ones()) as usize)
    }

    /// The number of ids in the set.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The ids in order.
    pub fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        let parts = (0u32..).zip(&self.parts);
        let words = parts.filter_map(|(at, part)| Some((at, part.as_ref()?.bits)));
        words.flat_map(|(at, bits)| {
            (0..64 * WORDS as u32)
                .filter(move |id| bits[(id / 64) as usize] >> (id % 64) & 1 == 1)
                .map(move |id| at * 64 * WORDS as u32 + id)
        })
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.parts.capacity() * size_of::<Option<Box<Part>>>()
            + self.parts.iter().flatten().count() * size_of::<Part>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_are_ranks(ids in proptest::collection::btree_set(0u32..5000, 0..200)) {
            let index = SourceIndex::new(ids.iter().copied());
            prop_assert_eq!(index.len(), ids.len());
            prop_assert_eq!(index.ids().collect::<Vec<_>>(), ids.iter().copied().collect::<Vec<_>>());
            for (row, &id) in ids.iter().enumerate() {
                prop_assert_eq!(index.row(id), Some(row));
            }
            for id in (0..5100).filter(|id| !ids.contains(id)) {
                prop_assert_eq!(index.row(id), None);
            }
        }
    }
}
