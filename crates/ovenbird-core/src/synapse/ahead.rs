//! A row that is delivered next, fetched from memory while another is delivered.

use std::ops::Range;

/// Bytes of a cache line.
const LINE: usize = 64;

/// Has the machine bring what is at an address to the nearest cache, where it has an instruction for
/// that. Nothing is read or written, so that the address may be any.
#[inline(always)]
fn prefetch(address: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        use std::arch::x86_64::_MM_HINT_T0;
        sse._mm_prefetch::<_MM_HINT_T0>(std::ptr::without_provenance(address));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// The addresses of columns that are wanted soon, as far as they are not fetched.
#[derive(Debug)]
pub(super) struct Ahead([Range<usize>; 2]);

impl Ahead {
    /// Entries of a plastic row that are picked between two fetches. A row that goes over its entries
    /// at least twice with so many fetches, as picking and sending do, fetches another of the same
    /// length, 12 bytes per entry.
    pub const STRETCH: usize = 64;
    /// Lines of such a fetch: no more than the machine takes without waiting.
    pub const LINES: usize = 8;

    /// Nothing.
    pub fn none() -> Self {
        Ahead([0..0, 0..0])
    }

    /// Cells and weights.
    pub fn of(cells: &[u32], weights: &[f64]) -> Self {
        let (cells, weights) = (cells.as_ptr_range(), weights.as_ptr_range());
        Ahead([
            cells.start.addr()..cells.end.addr(),
            weights.start.addr()..weights.end.addr(),
        ])
    }

    /// Fetches the next lines, of one column at a time.
    #[inline(always)]
    pub fn fetch(&mut self, lines: usize) {
        let Some(left) = self.0.iter_mut().find(|left| left.start < left.end) else {
            return;
        };
        for i in 0..lines {
            prefetch(left.start + i * LINE);
        }
        left.start += lines * LINE;
    }

    /// Whether all is fetched.
    pub fn is_done(&self) -> bool {
        self.0.iter().all(Range::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_fetches_one_as_long_going_over_its_entries_twice() {
        for entries in [0, 1, 15, 16, 63, 64, 65, 1000, 1800, 5000] {
            let (cells, weights) = (vec![0; entries], vec![0.0; entries]);
            let mut ahead = Ahead::of(&cells, &weights);
            assert_eq!(ahead.is_done(), entries == 0);
            for _ in 0..2 * entries.div_ceil(Ahead::STRETCH) {
                ahead.fetch(Ahead::LINES);
            }
            assert!(ahead.is_done(), "{entries}");
        }
        let mut none = Ahead::none();
        none.fetch(1);
        assert!(none.is_done());
    }
}
