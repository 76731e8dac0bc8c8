//! Where the rows of a block begin.

use super::pending::BLOCK_ROWS;
use std::ops::Range;

type Bits = [u64; BLOCK_ROWS / 64];

/// Where each row of a block begins, and one past the last, among its groups or its entries.
#[derive(Debug, Default)]
pub(super) struct Starts {
    /// The sources that have a row, a bit each; looked at unless all have one.
    present: Bits,
    rows: Box<[u32]>,
}

impl Starts {
    /// The starts of all rows, and the end of the last. Empty rows are left out where at most
    /// `most` are not empty, as where few nodes are held of a network.
    pub fn new(starts: &[u32], most: usize) -> Self {
        let is_empty = |row: usize| starts[row] == starts[row + 1];
        let rows = (0..BLOCK_ROWS).filter(|&row| !is_empty(row));
        let mut present = Bits::default();
        rows.clone()
            .for_each(|row| present[row / 64] |= 1 << (row % 64));
        let rows: Box<[u32]> = if rows.clone().count() > most {
            starts.into()
        } else {
            rows.map(|row| starts[row])
                .chain([starts[BLOCK_ROWS]])
                .collect()
        };
        Starts { present, rows }
    }

    /// The number of the row of a source among those that are not left out, by its number in the
    /// block.
    #[inline(always)]
    pub fn place(&self, source: usize) -> Option<usize> {
        if self.rows.len() == BLOCK_ROWS + 1 {
            Some(source)
        } else {
            rank(&self.present, source)
        }
    }

    /// Where the row with a [place](Starts::place) begins and ends.
    #[inline(always)]
    pub fn at(&self, place: usize) -> Range<usize> {
        self.rows[place] as usize..self.rows[place + 1] as usize
    }

    /// Where the row of a source begins and ends.
    #[inline(always)]
    pub fn row(&self, source: usize) -> Range<usize> {
        self.place(source).map_or(0..0, |place| self.at(place))
    }

    /// The place at which entry `i` is, where rows begin at their first entry.
    pub fn place_of(&self, i: u32) -> usize {
        self.rows.partition_point(|&start| start <= i) - 1
    }

    /// The number of rows that are not left out.
    pub fn len(&self) -> usize {
        self.rows.len().saturating_sub(1)
    }

    /// Bytes held beside the value itself.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.rows)
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
