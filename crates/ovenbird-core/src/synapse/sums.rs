//! Additions to sums of the ring, which is what delivery comes down to.

use super::ahead::Ahead;

/// Entries whose cells are added to together, and how far those of neighbours are apart in time: an
/// entry often has the cell of the one before, or one of the same cache line, and would wait for it.
pub(super) const TILE: usize = 32;
const APART: usize = 8;

/// Lines that are fetched beside a tile of cells: one more than it has itself, so that a row fetches
/// one as long to its end.
const LINES: usize = 3;

/// Adds the same to the sums of some cells, which gives the same bits in any order.
#[inline(always)]
pub(super) fn add_same(sums: &mut [f64], cells: &[u32], w: f64, ahead: &mut Ahead) {
    let (tiles, rest) = cells.as_chunks::<TILE>();
    for tile in tiles {
        ahead.fetch(LINES);
        for first in 0..TILE / APART {
            for i in 0..APART {
                sums[tile[first + i * (TILE / APART)] as usize] += w;
            }
        }
    }
    ahead.fetch(LINES);
    for &cell in rest {
        sums[cell as usize] += w;
    }
}

/// Adds to the sums of some cells their weights times a factor, in their order.
#[inline(always)]
pub(super) fn add_each(sums: &mut [f64], cells: &[u32], weights: &[f64], factor: f64) {
    for (&cell, &w) in cells.iter().zip(weights) {
        sums[cell as usize] += w * factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Any number of entries, neighbours of which have one cell, are all added once.
        #[test]
        fn the_same_is_added_for_each_entry(
            mut cells in prop::collection::vec(0..50u32, 0..200), w in -1e3..1e3f64,
        ) {
            cells.sort_unstable();
            let (mut sums, mut expected) = (vec![0.1; 50], vec![0.1; 50]);
            let next = cells.clone();
            let mut ahead = Ahead::of(&next, &[]);
            add_same(&mut sums, &cells, w, &mut ahead);
            cells.iter().for_each(|&cell| expected[cell as usize] += w);
            prop_assert_eq!(sums, expected);
            prop_assert!(ahead.is_done());
        }
    }
}
