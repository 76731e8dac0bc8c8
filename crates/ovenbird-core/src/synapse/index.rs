//! From a source's global id to its row, at about one bit per node.

/// A set of ids with ranks: each id in it has a row number, in the order of the ids.
#[derive(Clone, Debug, Default)]
pub struct SourceIndex {
    bits: Vec<u64>,
    /// Ids in the set before each word.
    before: Vec<u32>,
}

impl SourceIndex {
    /// The index of a set of ids, in any order, with repetitions.
    pub fn new(ids: impl Iterator<Item = u32>) -> Self {
        let mut bits: Vec<u64> = Vec::new();
        for id in ids {
            let word = id as usize / 64;
            if word >= bits.len() {
                bits.resize(word + 1, 0);
            }
            bits[word] |= 1 << (id % 64);
        }
        let mut sum = 0;
        let before = bits
            .iter()
            .map(|w| {
                let b = sum;
                sum += w.count_ones();
                b
            })
            .collect();
        SourceIndex { bits, before }
    }

    /// The row of `id`, if it is in the set.
    #[inline]
    pub fn row(&self, id: u32) -> Option<usize> {
        let (word, bit) = (id as usize / 64, id % 64);
        let bits = *self.bits.get(word)?;
        if bits >> bit & 1 == 0 {
            return None;
        }
        let below = bits & ((1 << bit) - 1);
        Some((self.before[word] + below.count_ones()) as usize)
    }

    /// The number of ids in the set.
    pub fn len(&self) -> usize {
        self.bits.last().map_or(0, |w| {
            (self.before[self.bits.len() - 1] + w.count_ones()) as usize
        })
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    /// The ids in order.
    pub fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.bits.iter().enumerate().flat_map(|(w, &bits)| {
            (0..64)
                .filter(move |b| bits >> b & 1 == 1)
                .map(move |b| w as u32 * 64 + b)
        })
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bits.capacity() * 8 + self.before.capacity() * 4
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
