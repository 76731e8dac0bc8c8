//! Additions to sums of the ring, which is what delivery comes down to.

use super::ahead::Ahead;

/// Entries whose cells are added to together, and how far those of neighbours are apart in time: an
/// entry often has the cell of the one before, or one of the same cache line, and would wait for it.
const TILE: usize = 32;
const APART: usize = 8;

/// Lines that are fetched beside a tile, of cells alone and with weights: more than it has itself,
/// so that a row of several tiles fetches one as long to its end.
const LINES_OF_CELLS: usize = 3;
const LINES_WITH_WEIGHTS: usize = 8;
/// Lines that are fetched beside less than a tile with weights, as the entries of one delay are.
const LINES_WITH_FEW_WEIGHTS: usize = 4;

/// Adds the same to the sums of some cells, which gives the same bits in any order.
#[inline(always)]
pub(super) fn add_same(sums: &mut [f64], cells: &[u32], w: f64, ahead: &mut Ahead) {
    let (tiles, rest) = cells.as_chunks::<TILE>();
    for tile in tiles {
        ahead.fetch(LINES_OF_CELLS);
        for first in 0..TILE / APART {
            for i in 0..APART {
                sums[tile[first + i * (TILE / APART)] as usize] += w;
            }
        }
    }
    ahead.fetch(LINES_OF_CELLS);
    for &cell in rest {
        sums[cell as usize] += w;
    }
}

/// Adds to the sums of some cells their weights times a factor, in their order.
#[inline(always)]
pub(super) fn add_each(
    sums: &mut [f64],
    cells: &[u32],
    weights: &[f64],
    factor: f64,
    ahead: &mut Ahead,
) {
    if cells.len() < TILE {
        ahead.fetch(LINES_WITH_FEW_WEIGHTS);
        add_in_order(sums, cells, weights, factor);
        return;
    }
    for (cells, weights) in cells.chunks(TILE).zip(weights.chunks(TILE)) {
        ahead.fetch(LINES_WITH_WEIGHTS);
        add_in_order(sums, cells, weights, factor);
    }
}

#[inline(always)]
fn add_in_order(sums: &mut [f64], cells: &[u32], weights: &[f64], factor: f64) {
    for (&cell, &w) in cells.iter().zip(weights) {
        sums[cell as usize] += w * factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Any number of entries, neighbours of which have one cell, are all added once, and a row
        /// as long is fetched meanwhile.
        #[test]
        fn all_entries_are_added_and_as_many_fetched(
            mut cells in prop::collection::vec(0..50u32, 0..400), w in -1e3..1e3f64,
        ) {
            cells.sort_unstable();
            let weights: Vec<f64> = (1..).map(f64::from).take(cells.len()).collect();
            let next = cells.clone();
            let start = [0.1; 50];

            let (mut sums, mut expected) = (start, start);
            let mut ahead = Ahead::of(&next, &[]);
            add_same(&mut sums, &cells, w, &mut ahead);
            cells.iter().for_each(|&cell| expected[cell as usize] += w);
            prop_assert_eq!(sums, expected);
            prop_assert!(ahead.is_done());

            let (mut sums, mut expected) = (start, start);
            let mut ahead = Ahead::of(&next, &weights);
            add_each(&mut sums, &cells, &weights, w, &mut ahead);
            let entries = cells.iter().zip(&weights);
            entries.for_each(|(&cell, own)| expected[cell as usize] += own * w);
            prop_assert_eq!(sums, expected);
            prop_assert!(ahead.is_done() || cells.len() <= TILE);
        }
    }
}
