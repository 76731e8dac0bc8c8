//! Looking for a cell among the sorted cells of a run.

use std::ops::Range;

/// How far from a guess the search looks first.
const NEAR: usize = 16;

/// The places of `cell` in `cells`, which are sorted. The search begins at a guess and is the shorter
/// the better it is.
pub(super) fn places(cells: &[u32], cell: u32, guess: usize) -> Range<usize> {
    let (Some(&first), Some(&last)) = (cells.first(), cells.last()) else {
        return 0..0;
    };
    if cell < first || cell > last {
        return 0..0;
    }
    let from = lower_bound(cells, cell, guess.min(cells.len() - 1));
    let same = cells[from..].iter().take_while(|&&c| c == cell);
    from..from + same.count()
}

/// The first place whose cell is not below `cell`, found in steps that double.
fn lower_bound(cells: &[u32], cell: u32, guess: usize) -> usize {
    let (mut low, mut high, mut step) = (guess, guess, NEAR);
    if cells[guess] < cell {
        loop {
            high = (low + step).min(cells.len());
            if high == cells.len() || cells[high] >= cell {
                break;
            }
            (low, step) = (high, 2 * step);
        }
    } else {
        loop {
            low = high.saturating_sub(step);
            if low == 0 || cells[low] < cell {
                break;
            }
            (high, step) = (low, 2 * step);
        }
    }
    low + cells[low..high].partition_point(|&c| c < cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_all_places_from_any_guess(
            mut cells in prop::collection::vec(0u32..200, 0..300),
            cell in 0u32..210, guess in 0usize..400,
        ) {
            cells.sort_unstable();
            let from = cells.partition_point(|&c| c < cell);
            let to = cells.partition_point(|&c| c <= cell);
            let found = places(&cells, cell, guess);
            prop_assert_eq!(found.len(), to - from);
            prop_assert!(found.is_empty() || found == (from..to));
        }
    }
}
