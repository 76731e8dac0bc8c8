//! Which connections of a worker are looked for, and how.

use crate::event::Ring;
use std::ops::Range;

/// Entries of a run in which few cells are searched for instead of comparing all.
pub(super) const LONG: usize = 256;

/// Most cells that are looked for by comparison.
const FEW: usize = 4;

/// Which connections of a worker are wanted.
#[derive(Debug, Default)]
pub struct Wanted {
    pub model: Option<u16>,
    /// The cells of the targets, one bit each.
    cells: Option<Vec<u64>>,
    /// The cells again where they are few, sorted, the last also in place of those that lack.
    few: Option<[u32; FEW]>,
}

impl Wanted {
    /// Connections of a model, or of all, to any target.
    pub fn any(model: Option<u16>) -> Self {
        Wanted {
            model,
            ..Wanted::default()
        }
    }

    /// Connections of a model, or of all, to some of `n` cells.
    pub fn to(model: Option<u16>, cells: &[usize], n: usize) -> Self {
        let mut bits = vec![0u64; n.div_ceil(64)];
        for cell in cells {
            bits[cell / 64] |= 1 << (cell % 64);
        }
        let few = (1..=FEW).contains(&cells.len()).then(|| {
            let cell = |i: usize| cells[i.min(cells.len() - 1)] as u32;
            let mut few = std::array::from_fn(cell);
            few.sort_unstable();
            few
        });
        Wanted {
            model,
            cells: Some(bits),
            few,
        }
    }

    /// Whether any target will do.
    pub(super) fn takes_any_target(&self) -> bool {
        self.cells.is_none()
    }

    #[inline(always)]
    pub(super) fn is_target(&self, cell: u32) -> bool {
        let word = |bits: &Vec<u64>| bits[cell as usize / 64] >> (cell % 64) & 1 == 1;
        self.cells.as_ref().is_none_or(word)
    }

    /// The places of targets in a run, whose cells are sorted, for few targets and a long run.
    /// Where targets are evenly spread, a place follows from the node.
    pub(super) fn places(&self, run: &[u32], ring: &Ring) -> Option<impl Iterator<Item = usize>> {
        let few = self.few.filter(|_| run.len() >= LONG)?;
        let distinct = (0..FEW).filter(move |&i| i == 0 || few[i] != few[i - 1]);
        let ranges = distinct.map(move |i| {
            let (_, first, nodes) = ring.channel_of(few[i] as usize);
            let guess = run.len() * (few[i] as usize - first) / nodes;
            places(run, few[i], guess)
        });
        Some(ranges.flatten())
    }

    /// Whether there may be a target among some cells: `false` if there is none.
    pub(super) fn may_be_in(&self, cells: &[u32]) -> bool {
        let Some([a, b, c, d]) = self.few else {
            return true;
        };
        crate::math::vectorize(
            #[inline(always)]
            || {
                let mut found = 0u32;
                for &x in cells {
                    found |= u32::from((x == a) | (x == b) | (x == c) | (x == d));
                }
                found != 0
            },
        )
    }
}

/// How far from a guess the search looks first.
const NEAR: usize = 16;

/// The places of `cell` in `cells`, which are sorted. The search begins at a guess and is the
/// shorter the better it is.
fn places(cells: &[u32], cell: u32, guess: usize) -> Range<usize> {
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
