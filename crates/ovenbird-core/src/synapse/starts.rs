//! Where the rows of a block begin.

use super::pending::BLOCK_ROWS;
use std::ops::Range;

type Bits = [u64; BLOCK_ROWS / 64];

/// The first group of each row of a block, and one past the last.
#[derive(Debug, Default)]
pub(super) struct Starts {
    /// The sources that have a row, a bit each; where most have one, all do.
    present: Option<Box<Bits>>,
    groups: Vec<u32>,
}

impl Starts {
    /// The starts of all rows, and the end of the last, without empty rows where most are empty, as
    /// they are where few nodes are held of a network.
    pub fn new(starts: &[u32]) -> Self {
        let is_empty = |row: usize| starts[row] == starts[row + 1];
        let rows = (0..BLOCK_ROWS).filter(|&row| !is_empty(row));
        if rows.clone().count() > BLOCK_ROWS / 2 {
            return Starts {
                present: None,
                groups: starts.to_vec(),
            };
        }
        let mut bits = Box::new([0; BLOCK_ROWS / 64]);
        rows.clone()
            .for_each(|row| bits[row / 64] |= 1 << (row % 64));
        let ends = starts[BLOCK_ROWS];
        let mut groups: Vec<u32> = rows.map(|row| starts[row]).chain([ends]).collect();
        groups.shrink_to_fit();
        Starts {
            present: Some(bits),
            groups,
        }
    }

    /// The groups of the row of a source, by its number in the block.
    #[inline(always)]
    pub fn row(&self, source: usize) -> Range<usize> {
        let row = match &self.present {
            None => source,
            Some(bits) => match rank(bits, source) {
                Some(row) => row,
                None => return 0..0,
            },
        };
        match self.groups.get(row..row + 2) {
            Some(ends) => ends[0] as usize..ends[1] as usize,
            None => 0..0,
        }
    }

    /// Bytes held beside the value itself.
    pub fn bytes(&self) -> usize {
        self.present.as_ref().map_or(0, |bits| size_of_val(&**bits)) + self.groups.capacity() * 4
    }
}

/// How many bits are set before bit `i`, if that is set.
#[inline(always)]
fn rank(bits: &Bits, i: usize) -> Option<usize> {
    let (word, bit) = (i / 64, i % 64);
    if bits[word] >> bit & 1 == 0 {
        return None;
    }
    let before: u32 = bits[..word].iter().map(|w| w.count_ones()).sum();
    Some((before + (bits[word] & ((1 << bit) - 1)).count_ones()) as usize)
}
